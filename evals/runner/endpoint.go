package runner

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
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
// of which only replies is needed: what is not there is not measured. 5xx and 429 are
// outages, everything else but 200 is the failure of a configuration.
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
		return Outcome{}, fmt.Errorf("%w: %s is nothing that an endpoint is told of", ErrCannot, did(s))
	}
	began := time.Now()
	a, err := t.post(ctx, asked{
		Conversation: t.id, Case: t.c.ID, Language: t.c.Language, Customer: t.c.Customer.Phone, Messages: s.Say, Tap: s.Tap,
	})
	if err != nil {
		return Outcome{}, err
	}
	return Outcome{Replies: a.Replies, Actions: a.Actions, Records: a.records(), Took: time.Since(began)}, nil
}

func (t *endpointTalk) post(ctx context.Context, q asked) (a answered, err error) {
	body, err := json.Marshal(q)
	if err != nil {
		return a, fmt.Errorf("ask the endpoint: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, t.config.URL, bytes.NewReader(body))
	if err != nil {
		return a, fmt.Errorf("ask the endpoint: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")
	if t.config.Token != "" {
		r.Header.Set("Authorization", "Bearer "+t.config.Token)
	}
	response, err := t.config.HTTP.Do(r)
	if err != nil {
		return a, fmt.Errorf("%w: the endpoint can't be reached", ErrOutage)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return a, fmt.Errorf("%w: the endpoint answered with status %d", ErrOutage, response.StatusCode)
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, maxAnswer)).Decode(&a); err != nil {
		return a, fmt.Errorf("%w: the endpoint's answer is not the JSON that is asked for", ErrOutage)
	}
	return a, nil
}

// records are what the answer says of how it was made; nil where it says nothing.
func (a answered) records() []gateway.Record {
	if a.Decision == "" {
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
