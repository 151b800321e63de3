package whatsapp

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/recado/recado/gateway"
)

// MaxBody is the largest webhook that is read; the channel promises to stay below.
const MaxBody = 3 << 20

// WebhookConfig is what a Webhook is made of. Only Accept is needed.
type WebhookConfig struct {
	// AppSecrets are the app secrets that sign webhooks, several while one is
	// being replaced. Without any, unsigned webhooks are accepted: for tests and
	// for a program that only its own machine can reach.
	AppSecrets []string
	// VerifyToken is the word that the app's settings and this program share.
	// Without one the channel's question is always answered with no.
	VerifyToken string
	// Accept keeps all events durably or, with an error, none. It is
	// gateway.Gateway's Accept.
	Accept func(context.Context, []gateway.Event) error

	// Now is the clock, by default time.Now.
	Now func() time.Time
	// Logger defaults to discarding everything.
	Logger *slog.Logger
	// Metrics defaults to counters that nobody reads.
	Metrics *Metrics
}

// LogValue keeps the secrets out of logs.
func (WebhookConfig) LogValue() slog.Value { return slog.StringValue("[whatsapp webhook]") }

// Webhook takes in what the channel tells. It is safe for concurrent use.
type Webhook struct {
	config WebhookConfig
	// noted is set once an unreadable body has been logged: one line tells people
	// that something is wrong, the counter tells them how often.
	noted atomic.Bool
}

// NewWebhook checks the configuration and fills the defaults.
func NewWebhook(c WebhookConfig) (*Webhook, error) {
	if c.Accept == nil {
		return nil, errors.New("whatsapp: Accept is needed")
	}
	for _, secret := range c.AppSecrets {
		// Anybody can sign with an empty secret.
		if strings.TrimSpace(secret) == "" {
			return nil, errors.New("whatsapp: an app secret is empty")
		}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Metrics == nil {
		c.Metrics = NewMetrics()
	}
	return &Webhook{config: c}, nil
}

// ServeHTTP answers the channel: GET is its question whether this address is
// meant to get webhooks, POST is a webhook.
func (h *Webhook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	switch r.Method {
	case http.MethodGet:
		h.handshake(w, r)
	case http.MethodPost:
		h.receive(w, r)
	default:
		w.Header().Set("Allow", "GET, POST")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
	}
}

// handshake repeats the challenge when the token is ours. The channel does not
// sign this request.
func (h *Webhook) handshake(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	ours := sameSecret(query.Get("hub.verify_token"), h.config.VerifyToken)
	if query.Get("hub.mode") != "subscribe" || !ours || h.config.VerifyToken == "" {
		http.Error(w, "forbidden", http.StatusForbidden)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, query.Get("hub.challenge"))
}

// receive keeps a webhook. Only three things are refused: what is too large, what
// is not signed by us, and what could not be kept, so that it is sent again.
func (h *Webhook) receive(w http.ResponseWriter, r *http.Request) {
	body, status := h.read(w, r)
	if status != http.StatusOK {
		http.Error(w, http.StatusText(status), status)
		return
	}
	if len(h.config.AppSecrets) > 0 && !verify(h.config.AppSecrets, r.Header.Get(SignatureHeader), body) {
		h.config.Metrics.BadSignatures.Inc()
		http.Error(w, "bad signature", http.StatusUnauthorized)
		return
	}
	events := h.events(r.Context(), body)
	if err := h.config.Accept(r.Context(), events); err != nil {
		h.config.Logger.ErrorContext(r.Context(), "webhook could not be kept; the channel sends it again",
			"events", len(events), "error", err)
		http.Error(w, "try again", http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusOK)
}

// read gives the body, or the status that refuses it.
func (h *Webhook) read(w http.ResponseWriter, r *http.Request) ([]byte, int) {
	body, err := io.ReadAll(io.LimitReader(r.Body, MaxBody+1))
	switch {
	case len(body) > MaxBody:
		// Many clients hear the answer only after all was sent; what is far too large
		// is cut off with the connection.
		_, _ = io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, 4*MaxBody))
		return nil, http.StatusRequestEntityTooLarge
	case err != nil:
		return nil, http.StatusBadRequest
	}
	return body, http.StatusOK
}

// events reads the body and counts what was not understood.
func (h *Webhook) events(ctx context.Context, body []byte) []gateway.Event {
	now := h.config.Now()
	p, err := parse(body, now)
	if err != nil {
		h.config.Metrics.Unreadable.Inc()
		if h.noted.CompareAndSwap(false, true) {
			h.config.Logger.ErrorContext(ctx, "signed webhook is no JSON object; kept raw, further ones are only counted",
				"bytes", len(body))
		}
		return []gateway.Event{unreadableBody(body, now)}
	}
	for _, kind := range p.unknown {
		h.config.Metrics.Unknown.WithLabelValues(kind).Inc()
	}
	for _, problem := range p.problems {
		h.config.Metrics.Problems.Inc()
		h.config.Logger.WarnContext(ctx, "the channel reports a problem with the account",
			"code", problem.Code, "title", problem.Title)
	}
	return p.events
}
