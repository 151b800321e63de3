package llm_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/llm"
	"github.com/recado/recado/rag/llm/llmtest"
)

// The texts that no error and no log may hold.
const (
	secretKey    = "sk-secret-key-0001"
	secretPrompt = "Where is the parcel of Lucía Herrera?"
	secretBody   = "stack trace of the provider with your data"
)

func request() rag.Request {
	return rag.Request{Locale: "en", Question: secretPrompt, Messages: []rag.PromptMessage{
		{Role: "system", Content: "Reply with one JSON object."},
		{Role: "user", Content: secretPrompt},
	}}
}

// model is a model of the server, with what it logged.
func model(t testing.TB, s *llmtest.Server, change ...func(*llm.Config)) (*llm.Model, *bytes.Buffer) {
	t.Helper()
	logged := &bytes.Buffer{}
	c := llm.Config{
		APIKey: secretKey, BaseURL: llmtest.Base + "/", Model: "small-chat", HTTP: s.Client(),
		Logger: slog.New(slog.NewJSONHandler(logged, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, f := range change {
		f(&c)
	}
	m, err := llm.NewModel(c)
	if err != nil {
		t.Fatal(err)
	}
	return m, logged
}

// discreet fails when a text holds what it may not.
func discreet(t testing.TB, texts ...any) {
	t.Helper()
	for _, v := range texts {
		text := fmt.Sprint(v)
		for _, secret := range []string{secretKey, secretPrompt, secretBody, "Lucía", "stack trace", "model.test"} {
			if strings.Contains(text, secret) {
				t.Errorf("%q is told in: %s", secret, text)
			}
		}
	}
}

// contextFor is one that is cancelled after a time, as that of a turn that a newer
// message supersedes.
func contextFor(t testing.TB, d time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(d, cancel)
	return ctx, cancel
}

// counter counts connections.
type counter struct{ dials atomic.Int64 }

func (c *counter) client() *http.Client {
	var dialer net.Dialer
	return &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		c.dials.Add(1)
		return dialer.DialContext(ctx, network, address)
	}}}
}

// failing is a server that gives nothing that can be used: how often it is asked, and
// what the error says.
type failing struct {
	name  string
	steps []llmtest.Step
	asked int
	says  string
}
