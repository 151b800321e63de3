// Package llmtest is an OpenAI-compatible server for tests that follows a script: one
// Step for each request. Steps answer well, late, cut off, in pieces, with a refusal or
// with nonsense, whether the client asked for a stream or for a whole body. What was
// asked is kept and can be looked at.
//
// The server is reached over pipes within the process (Client, Base), so that it runs in
// a bubble where time is not real, and over loopback (URL) for whoever wants an address.
//
// The package also holds the contract that every llm.Ledger keeps (Ledger).
package llmtest

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Base is the base URL under which Client reaches a Server.
const Base = "http://model.test/v1"

// maxKept is how many requests are kept; a benchmark sends more than memory holds.
const maxKept = 10000

// Request is one request as it came.
type Request struct {
	Path   string
	Header http.Header
	// Body is the JSON that was sent, or the fields of a form; the name and the type of
	// a form's file are file_name and file_type.
	Body map[string]any
	At   time.Time
}

// Streams tells whether the client wants the answer in pieces.
func (r Request) Streams() bool { return r.Body["stream"] == true }

// Server is a scripted server. It is safe for concurrent use.
type Server struct {
	tb     testing.TB
	client *http.Client
	conns  *pipes

	mu     sync.Mutex
	steps  []Step
	count  int
	asked  []Request
	direct *httptest.Server
}

// New starts a server that takes one step for each request, and the last one for all
// that follow. It ends with the test.
func New(tb testing.TB, steps ...Step) *Server {
	tb.Helper()
	s := &Server{tb: tb, steps: steps, conns: &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}}
	web := &http.Server{Handler: s, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := web.Serve(s.conns); !errors.Is(err, http.ErrServerClosed) {
			tb.Error(err)
		}
	}()
	transport := &http.Transport{DialContext: s.conns.dial, MaxIdleConnsPerHost: 64}
	s.client = &http.Client{Transport: transport}
	tb.Cleanup(func() {
		transport.CloseIdleConnections()
		if err := web.Close(); err != nil {
			tb.Error(err)
		}
		<-done
	})
	return s
}

// Client reaches the server over pipes, whatever the host it is asked for.
func (s *Server) Client() *http.Client { return s.client }

// URL is a base URL on loopback, where a real listener runs from the first call on.
func (s *Server) URL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.direct == nil {
		s.direct = httptest.NewUnstartedServer(s)
		s.direct.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
		s.direct.Start()
		s.tb.Cleanup(s.direct.Close)
	}
	return s.direct.URL + "/v1"
}

// Then replaces what is left of the script.
func (s *Server) Then(steps ...Step) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.steps = steps
}

// Asked is how many requests came.
func (s *Server) Asked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count
}

// Requests are the requests as they came, at most the first 10,000.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

// Request is the i-th request, counted from 0. It fails the test when there is none.
func (s *Server) Request(i int) Request {
	s.tb.Helper()
	list := s.Requests()
	if i < 0 || i >= len(list) {
		s.tb.Fatalf("request %d was not sent: %d came", i, len(list))
	}
	return list[i]
}

// Last is the newest request.
func (s *Server) Last() Request {
	s.tb.Helper()
	return s.Request(s.Asked() - 1)
}

// ServeHTTP takes the next step of the script.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := readBody(r)
	if err != nil {
		http.Error(w, "neither JSON nor a form came", http.StatusTeapot)
		return
	}
	request := Request{Path: r.URL.Path, Header: r.Header.Clone(), Body: body, At: time.Now()}
	s.next(request)(w, r.WithContext(context.WithValue(r.Context(), asked{}, request)))
}

// next keeps the request and gives its step.
func (s *Server) next(r Request) Step {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count++
	if len(s.asked) < maxKept {
		s.asked = append(s.asked, r)
	}
	if len(s.steps) == 0 {
		return Raw(http.StatusNotImplemented, "the script has no steps")
	}
	step := s.steps[0]
	if len(s.steps) > 1 {
		s.steps = s.steps[1:]
	}
	return step
}

// asked is the key under which a step finds the request that was read.
type asked struct{}

// Read gives a step the request with its body.
func Read(r *http.Request) Request {
	request, _ := r.Context().Value(asked{}).(Request)
	return request
}

// readBody reads JSON, or a form with a file.
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

// pipes is a net.Listener of connections within the process.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

// Accept implements net.Listener.
func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

// Addr implements net.Listener.
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

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
