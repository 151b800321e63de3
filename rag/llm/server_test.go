package llm_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/llm"
)

// The texts that no error and no log may hold.
const (
	secretKey    = "sk-secret-key-0001"
	secretPrompt = "Where is the parcel of Lucía Herrera?"
	secretBody   = "stack trace of the provider with your data"
)

// step is what the server does with one request.
type step func(w http.ResponseWriter, r *http.Request)

// server is an OpenAI-compatible server that follows a script: one step for each
// request, the last one for all that follow. It is reached over pipes, so that it
// runs in a bubble where time is not real.
type server struct {
	client *http.Client

	mu     sync.Mutex
	steps  []step
	bodies []map[string]any
	times  []time.Time
	heads  []http.Header
	paths  []string
}

func serve(t testing.TB, steps ...step) *server {
	t.Helper()
	s := &server{steps: steps}
	conns := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
	web := &http.Server{Handler: s, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := web.Serve(conns); err != http.ErrServerClosed {
			t.Error(err)
		}
	}()
	transport := &http.Transport{DialContext: conns.dial, MaxIdleConnsPerHost: 64}
	s.client = &http.Client{Transport: transport}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		if err := web.Close(); err != nil {
			t.Error(err)
		}
		<-done
	})
	return s
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := readBody(r)
	if err != nil {
		http.Error(w, "neither JSON nor a form came", http.StatusTeapot)
		return
	}
	s.mu.Lock()
	s.bodies, s.times = append(s.bodies, body), append(s.times, time.Now())
	s.heads, s.paths = append(s.heads, r.Header.Clone()), append(s.paths, r.URL.Path)
	do := s.steps[0]
	if len(s.steps) > 1 {
		s.steps = s.steps[1:]
	}
	s.mu.Unlock()
	do(w, r)
}

// readBody reads JSON, or a form with a file, whose name, type and content are put down
// as fields.
func readBody(r *http.Request) (map[string]any, error) {
	body := map[string]any{}
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
		return body, json.NewDecoder(r.Body).Decode(&body)
	}
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, err
	}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return body, nil
		}
		if err != nil {
			return nil, err
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return nil, err
		}
		body[part.FormName()] = string(content)
		if name := part.FileName(); name != "" {
			body["file_name"], body["file_type"] = name, part.Header.Get("Content-Type")
		}
	}
}

// asked is how many requests came.
func (s *server) asked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.bodies)
}

// pipes is a net.Listener of connections within the process.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

// dial gives the other end of a new connection.
func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case p.conns <- theirs:
		return ours, nil
	case <-p.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

// The steps of a script.

// say answers with this content of the assistant's message.
func say(text string) step {
	return message(map[string]any{"role": "assistant", "content": text}, "stop")
}

func message(m map[string]any, finish string) step {
	return reply(map[string]any{
		"id": "c1", "object": "chat.completion", "model": "served-model-2026",
		"choices": []any{map[string]any{"index": 0, "message": m, "finish_reason": finish}},
		"usage":   map[string]any{"prompt_tokens": 321, "completion_tokens": 45, "total_tokens": 366},
	})
}

func reply(v any) step {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(v); err != nil {
			panic(err)
		}
	}
}

func raw(status int, body string, header ...string) step {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		write(w, body)
	}
}

// write sends a text to a client that may have gone.
func write(w io.Writer, text string) {
	if _, err := io.WriteString(w, text); err != nil {
		panic(http.ErrAbortHandler)
	}
}

func refuse(status int, message, param string) step {
	body, err := json.Marshal(map[string]any{"error": map[string]any{
		"message": message, "type": "invalid_request_error", "param": param, "code": nil,
	}})
	if err != nil {
		panic(err)
	}
	return raw(status, string(body))
}

// hang answers never, until the client gives up.
func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// cut sends the beginning of a good answer and breaks the connection.
func cut(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "5000")
	write(w, `{"choices":[{"message":{"content":"`)
	http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// drop breaks the connection before any answer.
func drop(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

const goodDraft = `{"answer":"Refunds take 5 days.","citations":["refunds#0001"],"orders":[],"language":"en",` +
	`"needs_human":false,"missing":"","small_talk":false}`

func request() rag.Request {
	return rag.Request{Locale: "en", Question: secretPrompt, Messages: []rag.PromptMessage{
		{Role: "system", Content: "Reply with one JSON object."},
		{Role: "user", Content: secretPrompt},
	}}
}

// model is a model of the server, with what it logged.
func model(t testing.TB, s *server, change ...func(*llm.Config)) (*llm.Model, *bytes.Buffer) {
	t.Helper()
	logged := &bytes.Buffer{}
	c := llm.Config{
		APIKey: secretKey, BaseURL: "http://model.test/v1/", Model: "small-chat", HTTP: s.client,
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
