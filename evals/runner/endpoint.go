package runner

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/recado/recado/evals/runs"
	"github.com/recado/recado/evals/suite"
	"github.com/recado/recado/gateway"
	"github.com/recado/recado/rag"
)

// EndpointConfig is what an Endpoint is made of. URL is needed.
type EndpointConfig struct {
	URL string
	// Token is sent as a bearer token where there is one.
	Token string
	// HTTP defaults to a client with a timeout of a minute.
	HTTP *http.Client
}

// Endpoint is any system that answers over HTTP. Each step of a customer is a POST of
//
//	{"conversation":"refund-card/es#…","case":"refund-card/es","language":"es","customer":"34600111222","messages":["…"],"tap":"…"}
//
// and the answer is
//
//	{"replies":[{"text":"…","buttons":["…"]}],"decision":"reply","reason":"…","confidence":0.9,"threshold":0.8,
//	 "sources":["09-refunds"],"found":["09-refunds","10-returns"],"actions":[{"kind":"cancel_order","order":"#1042","outcome":"proposed"}]}
//
// of which only replies is needed, [] where nothing is said: what is not there is not checked. 5xx, 408, 429 and
// no answer at all are outages. 401, 403, 404 and 405 end the run, because every other case would get the same.
// Another status, or an answer in another form, fails the case: a customer would get nothing.
type Endpoint struct{ config EndpointConfig }

// maxAnswer bounds an endpoint's answer.
const maxAnswer = 1 << 20

// NewEndpoint checks the configuration.
func NewEndpoint(c EndpointConfig) (*Endpoint, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, errors.New("the system is neither rag nor gateway nor an address such as https://bot.example.com/answer")
	}
	if c.HTTP == nil {
		c.HTTP = &http.Client{Timeout: time.Minute}
	}
	return &Endpoint{c}, nil
}

// Name implements System.
func (e *Endpoint) Name() string { return e.config.URL }

// Model implements System.
func (*Endpoint) Model() string { return "" }

// Fingerprint implements System.
func (e *Endpoint) Fingerprint() string { return e.config.URL }

// endpointTalk is a conversation with an endpoint.
type endpointTalk struct {
	*Endpoint
	c  suite.Case
	id string
}

// Begin implements System.
func (e *Endpoint) Begin(_ context.Context, c suite.Case) (Talk, error) {
	return &endpointTalk{Endpoint: e, c: c, id: c.ID + "#" + gateway.NewID()}, nil
}

// Order implements Talk.
func (*endpointTalk) Order(context.Context, string) (map[string]string, bool, error) {
	return nil, false, ErrCannot
}

// End implements Talk.
func (*endpointTalk) End() error { return nil }

// asked is what an endpoint is sent, and answered what it gives.
type (
	asked struct {
		Conversation string   `json:"conversation"`
		Case         string   `json:"case"`
		Language     string   `json:"language"`
		Customer     string   `json:"customer,omitempty"`
		Messages     []string `json:"messages,omitempty"`
		Tap          string   `json:"tap,omitempty"`
	}
	answered struct {
		Replies    []runs.Reply  `json:"replies"`
		Decision   string        `json:"decision"`
		Reason     string        `json:"reason"`
		Confidence float64       `json:"confidence"`
		Threshold  float64       `json:"threshold"`
		Sources    []string      `json:"sources"`
		Found      []string      `json:"found"`
		Actions    []runs.Action `json:"actions"`
	}
)

// Do implements Talk.
func (t *endpointTalk) Do(ctx context.Context, s suite.Step) (Outcome, error) {
	if len(s.Say) == 0 && s.Tap == "" {
		return Outcome{}, fmt.Errorf("%w: an endpoint is sent what customers write and tap, and knows nothing of a step with `%s`", ErrCannot, happening(s))
	}
	began := time.Now()
	a, fault, err := t.post(ctx, asked{
		Conversation: t.id, Case: t.c.ID, Language: t.c.Language, Customer: t.c.Customer.Phone, Messages: s.Say, Tap: s.Tap,
	})
	if err != nil || fault != "" {
		return Outcome{Fault: fault, Untold: []string{"found"}}, err
	}
	return Outcome{Replies: a.Replies, Actions: a.Actions, Records: a.records(), Took: time.Since(began), Untold: a.untold()}, nil
}

// happening is the key of a step that no customer does.
func happening(s suite.Step) string {
	switch {
	case s.Wait > 0:
		return "wait"
	case s.Agent != "":
		return "agent"
	case s.Again > 0:
		return "again"
	case s.Order != "":
		return "order"
	}
	return "down"
}

// post asks. The fault says what is wrong with an answer that a customer could not have got.
func (t *endpointTalk) post(ctx context.Context, q asked) (a answered, fault string, err error) {
	body, err := json.Marshal(q)
	if err != nil {
		return a, "", fmt.Errorf("ask the endpoint: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, t.config.URL, bytes.NewReader(body))
	if err != nil {
		return a, "", fmt.Errorf("ask the endpoint: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")
	if t.config.Token != "" {
		r.Header.Set("Authorization", "Bearer "+t.config.Token)
	}
	response, err := t.config.HTTP.Do(r)
	if err != nil {
		return a, "", fmt.Errorf("%w: %s", ErrOutage, unreached(err))
	}
	defer response.Body.Close()
	if fault, err = refused(response.StatusCode); fault != "" || err != nil {
		return a, fault, err
	}
	content, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return a, "", fmt.Errorf("%w: %s", ErrOutage, unreached(err))
	}
	fault = a.read(content)
	return a, fault, nil
}

// unreached says why there is no answer.
func unreached(err error) string {
	var late net.Error
	if errors.As(err, &late) && late.Timeout() {
		return "the endpoint did not answer in time"
	}
	return "the endpoint can't be reached, or broke off its answer"
}

// refused tells what a status is: an outage, a mistake in how it is asked, or the endpoint's failure.
func refused(status int) (fault string, err error) {
	switch {
	case status == http.StatusOK:
		return "", nil
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return "", fmt.Errorf("%w: it answered with status %d; look at --token", ErrRefused, status)
	case status == http.StatusNotFound || status == http.StatusMethodNotAllowed:
		return "", fmt.Errorf("%w: it answered with status %d; look at the address, which is sent a POST", ErrRefused, status)
	case status >= http.StatusInternalServerError || status == http.StatusTooManyRequests || status == http.StatusRequestTimeout:
		return "", fmt.Errorf("%w: the endpoint answered with status %d", ErrOutage, status)
	}
	return fmt.Sprintf("status %d", status), nil
}

// read takes an answer apart, and says what is wrong with it.
func (a *answered) read(content []byte) (fault string) {
	var wrong *json.UnmarshalTypeError
	switch err := json.Unmarshal(content, a); {
	case errors.As(err, &wrong) && wrong.Field != "":
		return fmt.Sprintf("`%s` can't be a %s", wrong.Field, wrong.Value)
	case errors.As(err, &wrong):
		return "a JSON " + wrong.Value + " in place of an object"
	case err != nil:
		return "no JSON"
	case a.Replies == nil:
		return "no `replies`; where nothing is said they are []"
	case a.Decision != "" && !slices.Contains(suite.Decisions(), a.Decision):
		return fmt.Sprintf("the decision `%s`, which is none of %s", a.Decision, strings.Join(suite.Decisions(), ", "))
	}
	return ""
}

// untold are the checks for which the answer says nothing.
func (a *answered) untold() []string {
	var list []string
	if a.Decision == "" {
		list = append(list, "decision", "reason")
	}
	if a.Reason == "" {
		list = append(list, "reason")
	}
	if a.Sources == nil {
		list = append(list, "sources")
	}
	if a.Found == nil {
		list = append(list, "found")
	}
	if a.Actions == nil {
		list = append(list, "actions")
	}
	return list
}

// records are what the answer says of how it was made; nil where it says nothing.
func (a *answered) records() []gateway.Record {
	if a.Decision == "" && a.Sources == nil && a.Found == nil {
		return nil
	}
	r := gateway.Record{
		Outcome:    gateway.OutcomeCommitted,
		Decision:   gateway.Decision{Kind: gateway.DecisionKind(a.Decision), Reason: gateway.Reason(a.Reason), Rule: "confidence"},
		Confidence: a.Confidence, Threshold: a.Threshold,
	}
	if len(a.Replies) > 0 {
		r.Draft.Answer = texts(a.Replies)
	}
	if a.Confidence > 0 {
		r.Calibration = "endpoint"
	}
	for _, name := range a.Found {
		r.Candidates = append(r.Candidates, rag.Candidate{DocumentID: name})
	}
	for _, name := range a.Sources {
		r.Passages = append(r.Passages, rag.Passage{ID: name, DocumentID: name})
		r.Draft.Citations = append(r.Draft.Citations, name)
	}
	return []gateway.Record{r}
}
