package llm

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/sashabaranov/go-openai"
)

// failure is why an attempt gave nothing. Its text is made of fixed words and the
// status, never of what the server or the network said.
type failure struct {
	what   string
	status int
	// retry is true when the same request may succeed later; after is the least
	// time until then, if the server gave one.
	retry bool
	after time.Duration
	// sent is true when the server may have read the request, and will be paid for it.
	sent bool
	// server is what the failure says about the server.
	server health
	// parameter is the one that was refused.
	parameter string
	// cause is a context's error, for callers that branch on it.
	cause error
}

func (f *failure) Error() string {
	if f.status != 0 {
		return fmt.Sprintf("%s %d", f.what, f.status)
	}
	return f.what
}

func (f *failure) Unwrap() error { return f.cause }

// doer does requests for go-openai. It reads every body to its end or its cap, so
// that a cut connection is told from nonsense, and makes failures of everything
// but a success, so that no body gets into an error.
type doer struct {
	client *http.Client
	limit  int64
	now    func() time.Time
	// check looks at the body of a success, nil at none.
	check func(body []byte) *failure
}

// maxErrorBody is how much of a refusal is searched for the name of a parameter.
const maxErrorBody = 64 << 10

// Do implements openai.HTTPDoer.
func (d doer) Do(request *http.Request) (*http.Response, error) {
	response, err := d.client.Do(request)
	if err != nil {
		return nil, unreachable(err)
	}
	if streams(request, response) {
		response.Body = &streamBody{body: response.Body, left: d.limit}
		return response, nil
	}
	defer response.Body.Close()
	if response.StatusCode < 200 || response.StatusCode > 299 {
		// A refusal that can't be read to its end is a refusal all the same.
		body, _ := io.ReadAll(io.LimitReader(response.Body, maxErrorBody))
		return nil, refusal(response, body, d.now())
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, d.limit+1))
	if err != nil {
		return nil, unreachable(err)
	}
	if int64(len(body)) > d.limit {
		return nil, &failure{what: "the response is too large", server: alive, sent: true}
	}
	if f := d.checked(request, body); f != nil {
		return nil, f
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	return response, nil
}

// checked looks at the body of a success.
func (d doer) checked(request *http.Request, body []byte) *failure {
	switch {
	case wantsStream(request) && bytes.HasPrefix(bytes.TrimSpace(body), []byte("data:")):
		return nil // a stream under another name
	case wantsStream(request) && whole(body):
		return &failure{what: "the server does not stream", server: alive, parameter: paramStream}
	case wantsStream(request):
		return &failure{what: "the response can't be read", server: alive, sent: true}
	case d.check != nil:
		return d.check(body)
	}
	return nil
}

// unreachable names what went wrong on the way in fixed words: the errors of the
// network hold addresses, and those of a URL everything that is in it.
func unreachable(err error) *failure {
	f := &failure{what: "the connection failed", retry: true, server: down, sent: true}
	var (
		name    *net.DNSError
		trouble net.Error
		trust   *tls.CertificateVerificationError
	)
	switch {
	case errors.As(err, &trust):
		f.what, f.retry, f.sent = "the server's certificate is not trusted", false, false
	case errors.As(err, &trouble) && trouble.Timeout(), errors.Is(err, context.DeadlineExceeded):
		f.what = "the server did not answer in time"
	case errors.As(err, &name):
		f.what, f.sent = "the server's name can't be resolved", false
	case errors.Is(err, syscall.ECONNREFUSED):
		f.what, f.sent = "the connection was refused", false
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET):
		f.what = "the connection was cut"
	}
	return f
}

// refusal is a response that is no success.
func refusal(response *http.Response, body []byte, now time.Time) *failure {
	status := response.StatusCode
	f := &failure{what: "the server answered", status: status, server: alive}
	switch {
	case status == http.StatusBadRequest, status == http.StatusUnprocessableEntity:
		f.parameter = parameter(body)
	case status == http.StatusTooManyRequests:
		f.retry, f.after = true, retryAfter(response.Header, now)
	case status >= 500:
		f.retry, f.after, f.server = true, retryAfter(response.Header, now), down
	}
	return f
}

// namesStream finds the parameter in a text, and not an upstream that is down.
var namesStream = regexp.MustCompile(`(?i)(^|[^a-z_-])stream(ing)?([^a-z_-]|$)`)

// namesSeed finds the parameter as a word of its own.
var namesSeed = regexp.MustCompile(`(?i)(^|[^a-z_-])seed([^a-z_-]|$)`)

// parameter finds out which of the parameters that can be done without a server
// objects to: by the field that OpenAI gives, or the first that the text names.
func parameter(body []byte) string {
	var reply struct {
		Error struct {
			Param string `json:"param"`
		} `json:"error"`
	}
	// A text that is no such JSON has no field, and is searched below.
	named := ""
	if json.Unmarshal(body, &reply) == nil {
		named = reply.Error.Param
	}
	for _, text := range []string{named, string(body)} {
		switch {
		case strings.Contains(text, paramFormat), strings.Contains(text, "json_schema"), strings.Contains(text, "json_object"):
			return paramFormat
		case strings.Contains(text, paramMaxTokens):
			return paramMaxTokens
		case strings.Contains(text, paramTemperature):
			return paramTemperature
		case strings.Contains(text, paramLogProbs):
			return paramLogProbs
		case strings.Contains(text, paramStreamUsage):
			return paramStreamUsage
		case namesStream.MatchString(text):
			return paramStream
		case namesSeed.MatchString(text):
			return paramSeed
		}
	}
	return ""
}

// retryAfter is how long the server asks to be left alone: seconds, a date, or
// milliseconds in a field of its own. Anything else counts as nothing.
func retryAfter(header http.Header, now time.Time) time.Duration {
	if ms, err := strconv.ParseFloat(header.Get("Retry-After-Ms"), 64); err == nil {
		return seconds(ms / 1000)
	}
	value := header.Get("Retry-After")
	if s, err := strconv.ParseFloat(value, 64); err == nil {
		return seconds(s)
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}

// seconds is a time between nothing and a day.
func seconds(s float64) time.Duration {
	const day = 24 * 60 * 60
	if !(s > 0) { // also for what is no number
		return 0
	}
	return time.Duration(min(s, day) * float64(time.Second))
}

// told tells an error that came as an event of a stream.
func told(err error) bool {
	_, ok := errors.AsType[*openai.APIError](err)
	return ok
}

// explain makes a failure of every error that an attempt can end with. When the
// caller's time is over, that is the reason, whatever broke because of it.
func explain(ctx context.Context, err error) *failure {
	var f *failure
	switch {
	case errors.As(err, &f) && f.status != 0:
		return f
	case errors.Is(ctx.Err(), context.Canceled):
		return &failure{what: "the caller gave up", cause: ctx.Err(), sent: true}
	case ctx.Err() != nil:
		return &failure{what: "there was no time left", server: down, cause: ctx.Err(), sent: true}
	case errors.As(err, &f):
		return f
	case told(err):
		return &failure{what: "the server failed while it answered", retry: true, server: down, sent: true}
	case errors.Is(err, openai.ErrReasoningModelMaxTokensDeprecated):
		return &failure{what: "max_tokens is not for this model", parameter: paramMaxTokens}
	case errors.Is(err, openai.ErrReasoningModelLimitationsOther), errors.Is(err, openai.ErrReasoningSamplingUnsupported):
		return &failure{what: "temperature is not for this model", parameter: paramTemperature}
	case errors.Is(err, openai.ErrReasoningModelLimitationsLogprobs):
		return &failure{what: "logprobs are not for this model", parameter: paramLogProbs}
	case errors.Is(err, openai.ErrChatCompletionInvalidModel):
		return &failure{what: "this model does not chat"}
	}
	// What is left is a body that go-openai could not read.
	return &failure{what: "the response can't be read", server: alive, sent: true}
}
