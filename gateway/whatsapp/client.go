package whatsapp

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/recado/recado/gateway"
)

// DefaultBaseURL is the Graph API with the version this package was written for.
const DefaultBaseURL = "https://graph.facebook.com/v25.0"

// maxResponse is how much of a response is read; the real ones have a few hundred
// bytes.
const maxResponse = 1 << 20

// ClientConfig is what a Client is made of. Only Token is needed.
type ClientConfig struct {
	// BaseURL is the Graph API with its version, DefaultBaseURL by default.
	BaseURL string
	// Token is the access token of the system user.
	Token string
	// PhoneNumberID is the business number that sends messages without a channel
	// of their own.
	PhoneNumberID string
	// Files opens our own files, by id, for messages that send one. Without it such
	// messages are rejected. gateway.ErrNotFound says that there is no such file.
	Files func(ctx context.Context, id string) (io.ReadCloser, error)
	// MediaHosts are further hosts that customers' files are fetched from, beside
	// Meta's own: a domain, which stands for those below it too and is reached by
	// https, or a whole origin such as http://127.0.0.1:8090. The access token goes
	// there.
	MediaHosts []string

	// HTTP defaults to a client with a timeout of 20 s. Redirects are never
	// followed, whatever it says: they would carry the token elsewhere.
	HTTP *http.Client
	// Now is the clock, by default time.Now.
	Now func() time.Time
	// Logger defaults to discarding everything.
	Logger *slog.Logger
}

// LogValue keeps the token out of logs.
func (ClientConfig) LogValue() slog.Value { return slog.StringValue("[whatsapp client]") }

// Client sends messages, fetches customers' files and shows that somebody is typing.
// It is safe for concurrent use.
type Client struct {
	config ClientConfig
	base   *url.URL
	// transfer is for files, which take as long as their context lets them.
	transfer *http.Client
	uploads  uploads
}

var (
	_ gateway.Sender     = (*Client)(nil)
	_ gateway.FileSource = (*Client)(nil)
	_ gateway.Presence   = (*Client)(nil)
)

// NewClient checks the configuration and fills the defaults.
func NewClient(c ClientConfig) (*Client, error) {
	c.Token = strings.TrimSpace(c.Token)
	if c.Token == "" {
		return nil, errors.New("whatsapp: Token is needed")
	}
	if strings.ContainsAny(c.Token, " \t\r\n") {
		return nil, errors.New("whatsapp: Token holds a space")
	}
	base, err := url.Parse(strings.TrimRight(cmp.Or(c.BaseURL, DefaultBaseURL), "/"))
	switch {
	case err != nil || base.Host == "" || base.Scheme != "https" && base.Scheme != "http":
		return nil, errors.New("whatsapp: BaseURL must be an address such as " + DefaultBaseURL)
	case base.User != nil || base.RawQuery != "" || base.Fragment != "":
		return nil, errors.New("whatsapp: BaseURL must have neither user, query nor fragment")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	client := http.Client{Timeout: 20 * time.Second}
	if c.HTTP != nil {
		client = *c.HTTP
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.HTTP = &client
	transfer := client
	transfer.Timeout = 0
	return &Client{config: c, base: base, transfer: &transfer}, nil
}

// Send makes one attempt to send a message and says what is known of it. The
// error is always nil: every end has an outcome.
func (c *Client) Send(ctx context.Context, o *gateway.Outgoing) (gateway.SendResult, error) {
	channel := cmp.Or(o.Channel, c.config.PhoneNumberID)
	body, err := payload(o)
	if err == nil && channel == "" {
		err = errNoNumber
	}
	if err != nil {
		return gateway.SendResult{Outcome: gateway.SendRejected, Error: refusedHere(err)}, nil
	}
	return c.sendFrom(ctx, o, channel, body), nil
}

// sendFrom uploads what the message needs and sends it.
func (c *Client) sendFrom(ctx context.Context, o *gateway.Outgoing, channel string, body []byte) gateway.SendResult {
	complete, remembered, failed := c.uploaded(ctx, o, channel)
	if failed != nil {
		failed.Payload = body
		return *failed
	}
	if complete != o {
		var err error
		if body, err = payload(complete); err != nil {
			return gateway.SendResult{Outcome: gateway.SendRejected, Error: refusedHere(err)}
		}
	}
	result := c.attempt(ctx, o, channel, body)
	result.Payload = body
	if remembered && result.Outcome == gateway.SendRejected && result.Error.Class == gateway.ErrorRequest {
		// Perhaps the channel has dropped the file: it is uploaded once more.
		c.forget(channel, o)
		result.Outcome, result.RetryAt = gateway.SendRetry, c.config.Now().Add(backOff("").wait(o.ID, o.Attempt))
	}
	return result
}

var errNoNumber = errors.New("the message has no number to be sent from")

// refusedHere is the reason for not even trying.
func refusedHere(err error) *gateway.SendError {
	class := gateway.ErrorRequest
	switch {
	case errors.Is(err, errNoPhone):
		class = gateway.ErrorOther
	case errors.Is(err, errNobody):
		class = gateway.ErrorUnreachable
	}
	return &gateway.SendError{Title: sentence(err), Class: class}
}

// sentence makes a title of one of our own errors.
func sentence(err error) string {
	s := strings.TrimPrefix(err.Error(), gateway.ErrInvalid.Error()+": ")
	return strings.ToUpper(s[:1]) + s[1:]
}

func (c *Client) attempt(ctx context.Context, o *gateway.Outgoing, channel string, body []byte) gateway.SendResult {
	if err := ctx.Err(); err != nil {
		return c.unsent(ctx, o, true, err)
	}
	began, progress := c.config.Now(), &progress{}
	response, err := c.post(progress.watch(ctx), channel, body)
	if err != nil {
		return c.unsent(ctx, o, progress.nothingWritten(err), err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxResponse))
	if response.StatusCode >= 200 && response.StatusCode <= 299 {
		if id := providerID(answer); id != "" {
			return gateway.SendResult{Outcome: gateway.SendAccepted, ProviderID: id}
		}
	}
	r := readRefusal(response.StatusCode, response.Header, answer, c.config.Now())
	result := r.result(o, c.config.Now())
	// Half a refusal may hide what it says, and half an acceptance was one.
	if !r.known && (err != nil || r.status <= 299) {
		result = c.unknown("The channel's answer can't be read")
	}
	c.config.Logger.WarnContext(ctx, "a send was not accepted", "outgoing", o.ID, "outcome", string(result.Outcome),
		"http_status", r.status, "code", r.code, "title", result.Error.Title, "fbtrace_id", clipTrace(r.trace),
		"took_ms", c.config.Now().Sub(began).Milliseconds())
	return result
}

func (c *Client) post(ctx context.Context, channel string, body []byte) (*http.Response, error) {
	to := c.base.JoinPath(url.PathEscape(channel), "messages")
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, to.String(), bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("make a request: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+c.config.Token)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json")
	return c.config.HTTP.Do(request)
}

// unsent judges a request that got no response: trying again is free when nothing
// was written, and may say the same thing twice otherwise.
func (c *Client) unsent(ctx context.Context, o *gateway.Outgoing, free bool, err error) gateway.SendResult {
	result := c.unknown("The channel did not answer")
	if free {
		title := "No connection to the channel"
		result = gateway.SendResult{
			Outcome: gateway.SendRetry, RetryAt: c.config.Now().Add(backOff(title).wait(o.ID, o.Attempt)),
			Error: &gateway.SendError{Title: title, Class: gateway.ErrorTransient},
		}
	}
	c.config.Logger.WarnContext(ctx, "a send got no answer", "outgoing", o.ID, "outcome", string(result.Outcome), "error", unaddressed(err))
	return result
}

// unaddressed takes the address out of an error: it is known, and the ids in it are
// nobody's business.
func unaddressed(err error) error {
	if request, ok := errors.AsType[*url.Error](err); ok {
		return request.Err
	}
	return err
}

func (c *Client) unknown(title string) gateway.SendResult {
	return gateway.SendResult{
		Outcome: gateway.SendUnknown, RetryAt: c.config.Now().Add(gateway.ReconcileAfter),
		Error: &gateway.SendError{Title: title, Class: gateway.ErrorTransient},
	}
}

// providerID reads the message id out of an acceptance.
func providerID(answer []byte) string {
	top, _ := decode(answer)
	for _, message := range top.objects("messages") {
		if id := message.str("id"); id != "" {
			return id
		}
	}
	return ""
}

// clipTrace bounds what another program wrote into our log.
func clipTrace(s string) string { return s[:min(len(s), 40)] }

// progress watches how far a request got. The hooks run on other goroutines.
type progress struct{ asked, connected atomic.Bool }

func (p *progress) watch(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { p.asked.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { p.connected.Store(true) },
	})
}

// nothingWritten tells whether the request surely never left: the transport asked
// for a connection and got none, or the error itself says that there was none. A
// transport that doesn't tell is given no benefit of the doubt.
func (p *progress) nothingWritten(err error) bool {
	if p.connected.Load() {
		return false
	}
	if p.asked.Load() {
		return true
	}
	var operation *net.OpError
	var name *net.DNSError
	var certificate *tls.CertificateVerificationError
	return errors.As(err, &operation) && operation.Op == "dial" || errors.As(err, &name) || errors.As(err, &certificate)
}
