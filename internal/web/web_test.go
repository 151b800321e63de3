package web_test

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/internal/web"
)

func TestHandlePassesErrorsOn(t *testing.T) {
	t.Parallel()
	cause := errors.New("no")
	for _, want := range []error{nil, cause} {
		var got error
		h := web.Handle(
			func(http.ResponseWriter, *http.Request) error { return want },
			func(_ http.ResponseWriter, _ *http.Request, err error) { got = err },
		)
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
		if !errors.Is(got, want) {
			t.Errorf("fail got %v, want %v", got, want)
		}
	}
}

func TestWriteJSON(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	if err := web.WriteJSON(w, http.StatusConflict, map[string]int{"n": 1}); err != nil {
		t.Fatal(err)
	}
	if w.Code != http.StatusConflict || w.Body.String() != "{\"n\":1}\n" {
		t.Errorf("%d %q", w.Code, w.Body)
	}
	if got := w.Header().Get("Content-Type"); got != "application/json; charset=utf-8" {
		t.Errorf("Content-Type %q", got)
	}
	w = httptest.NewRecorder()
	if err := web.WriteJSON(w, http.StatusOK, func() {}); err == nil || w.Body.Len() > 0 {
		t.Errorf("a function was encoded: %v, %q", err, w.Body)
	}
}

func TestReadJSON(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, body string
		want       int
		err        error
	}{
		{"value", `{"n":3,"other":true}`, 3, nil},
		{"empty", ``, 0, io.EOF},
		{"at the limit", `{"n":` + strings.Repeat(" ", 33) + `5}`, 5, nil},
		{"over the limit", `{"n":` + strings.Repeat(" ", 34) + `5}`, 0, web.ErrTooLarge},
		{"broken", `{"n":`, 0, web.ErrNotJSON},
		{"two values", `{"n":1}{"n":2}`, 0, web.ErrNotJSON},
		{"wrong type", `{"n":"x"}`, 0, web.ErrNotJSON},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var v struct{ N int }
			r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(test.body))
			err := web.ReadJSON(httptest.NewRecorder(), r, 40, &v)
			if !errors.Is(err, test.err) || v.N != test.want {
				t.Errorf("got %d, %v", v.N, err)
			}
		})
	}
}

func TestReadBodySaysWhenTheClientBreaksOff(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest(http.MethodPost, "/", io.MultiReader(strings.NewReader("abc"), brokenReader{}))
	_, err := web.ReadBody(httptest.NewRecorder(), r, 100)
	if !errors.Is(err, io.ErrClosedPipe) || errors.Is(err, web.ErrTooLarge) {
		t.Errorf("got %v", err)
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestSecurityHeaders(t *testing.T) {
	t.Parallel()
	for policy, want := range map[string]string{
		"":             "default-src 'none'; frame-ancestors 'none'",
		web.PagePolicy: web.PagePolicy,
	} {
		w := httptest.NewRecorder()
		web.SecurityHeaders(policy, http.NotFoundHandler()).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		if got := w.Header().Get("Content-Security-Policy"); got != want {
			t.Errorf("policy %q", got)
		}
		if w.Header().Get("X-Content-Type-Options") != "nosniff" || w.Header().Get("X-Frame-Options") != "DENY" {
			t.Errorf("headers %v", w.Header())
		}
	}
	if strings.Contains(web.PagePolicy, "unsafe") {
		t.Error("the page policy allows inline content")
	}
}

func TestLanguage(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"":                               "es",
		"fr-FR,fr;q=0.9":                 "es",
		"en":                             "en",
		"EN-us":                          "en",
		"es-MX,es;q=0.9,en;q=0.8":        "es",
		"fr, en;q=0.4, es;q=0.5":         "es",
		"fr, es;q=0.4, en;q=0.5":         "en",
		"en;q=0, es;q=0.1":               "es",
		"en;q=0":                         "es",
		"en;q=junk":                      "es",
		"en;q=NaN":                       "es",
		"en;q=2":                         "es",
		"english":                        "es",
		"en;q=0.8,es;q=0.8":              "en",
		strings.Repeat("x,", 500) + "en": "en",
	}
	for header, want := range tests {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Accept-Language", header)
		if got := web.Language(r, "es"); got != want {
			t.Errorf("%.40q gives %s, want %s", header, got, want)
		}
	}
}

func FuzzLanguage(f *testing.F) {
	f.Add("es-MX,es;q=0.9,en;q=0.8")
	f.Add("en;q=;,;;q=1")
	f.Fuzz(func(t *testing.T, header string) {
		r := &http.Request{Header: http.Header{"Accept-Language": {header}}}
		if got := web.Language(r, "es"); got != "es" && got != "en" {
			t.Errorf("%q gives %q", header, got)
		}
	})
}

func TestStream(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Last-Event-ID", "41")
	w := httptest.NewRecorder()
	s, err := web.NewStream(w, r)
	if err != nil {
		t.Fatal(err)
	}
	if s.LastID != "41" {
		t.Errorf("LastID %q", s.LastID)
	}
	if err := s.Send("42", "change", "one\r\ntwo"); err != nil {
		t.Fatal(err)
	}
	if err := s.KeepAlive(); err != nil {
		t.Fatal(err)
	}
	want := "retry: 2000\n: open\n\nid: 42\nevent: change\ndata: one\ndata: two\n\n: still here\n\n"
	if diff := cmp.Diff(want, w.Body.String()); diff != "" || !w.Flushed {
		t.Errorf("flushed %v\n%s", w.Flushed, diff)
	}
	if err := s.Send("4\n3", "change", ""); err == nil {
		t.Error("an id with a line break was sent")
	}
	if got := w.Header().Get("Content-Type"); got != "text/event-stream; charset=utf-8" {
		t.Errorf("Content-Type %q", got)
	}
}

// plainWriter can't be flushed.
type plainWriter struct{ header http.Header }

func (p plainWriter) Header() http.Header       { return p.header }
func (plainWriter) Write(b []byte) (int, error) { return len(b), nil }
func (plainWriter) WriteHeader(int)             {}

func TestStreamNeedsFlushing(t *testing.T) {
	t.Parallel()
	_, err := web.NewStream(plainWriter{http.Header{}}, httptest.NewRequest(http.MethodGet, "/", nil))
	if !errors.Is(err, http.ErrNotSupported) {
		t.Errorf("got %v", err)
	}
}

// steps is a clock that advances by 5 ms each time it is read.
func steps() func() time.Time {
	at := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	return func() time.Time { at = at.Add(5 * time.Millisecond); return at }
}

func TestAccessLogHoldsNoPersonalData(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	}))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /orders/{contact}", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusTeapot)
		if _, err := w.Write([]byte("hello")); err != nil {
			t.Error(err)
		}
	})
	mux.HandleFunc("GET /quiet", func(http.ResponseWriter, *http.Request) {})
	h := web.AccessLog(log, steps(), mux)
	for _, target := range []string{"GET /orders/34600550101?name=Luc%C3%ADa", "GET /quiet", "BREW /34600550101"} {
		m, path, _ := strings.Cut(target, " ")
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(m, path, nil))
	}
	want := `level=INFO msg=request method=GET route="GET /orders/{contact}" status=418 bytes=5 took_ms=5
level=INFO msg=request method=GET route="GET /quiet" status=200 bytes=0 took_ms=5
level=INFO msg=request method=other route=unmatched status=404 bytes=19 took_ms=5
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

// Streams work through the access log, over a real connection, and end when the
// client leaves.
func TestStreamThroughAccessLog(t *testing.T) {
	t.Parallel()
	ended := make(chan error, 1)
	h := web.AccessLog(slog.New(slog.DiscardHandler), time.Now, web.Handle(
		func(w http.ResponseWriter, r *http.Request) error {
			s, err := web.NewStream(w, r)
			if err != nil {
				return err
			}
			if err := s.Send("1", "change", "x"); err != nil {
				return err
			}
			<-r.Context().Done()
			ended <- nil
			return nil
		},
		func(_ http.ResponseWriter, _ *http.Request, err error) { ended <- err },
	))
	server := httptest.NewServer(h)
	defer server.Close()
	response, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 200)
	for text := ""; !strings.Contains(text, "data: x"); {
		n, err := response.Body.Read(got)
		if err != nil {
			t.Fatal(err)
		}
		text += string(got[:n])
	}
	if err := response.Body.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestStreamOutlivesTheServersTimeouts: they are for ordinary requests.
func TestStreamOutlivesTheServersTimeouts(t *testing.T) {
	t.Parallel()
	const timeout, life = 100 * time.Millisecond, 600 * time.Millisecond
	ended := make(chan error, 1)
	server := httptest.NewUnstartedServer(web.AccessLog(slog.New(slog.DiscardHandler), time.Now,
		http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { ended <- streamFor(w, r, life) })))
	server.Config.WriteTimeout, server.Config.ReadTimeout = timeout, timeout
	server.Start()
	t.Cleanup(server.Close)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || !strings.HasSuffix(string(body), "event: last\ndata: \n\n") {
		t.Errorf("the stream ended with %v: %s", err, body)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// streamFor sends events for that long, with pauses, and one last.
func streamFor(w http.ResponseWriter, r *http.Request, life time.Duration) error {
	s, err := web.NewStream(w, r)
	if err != nil {
		return err
	}
	tick := time.NewTicker(life / 3)
	defer tick.Stop()
	for range 3 {
		select {
		case <-r.Context().Done():
			return r.Context().Err()
		case <-tick.C:
		}
		if err := s.KeepAlive(); err != nil {
			return err
		}
	}
	return s.Send("", "last", "")
}

// TestPanicsAreAnswered with 500 when nothing was written, and told by their place
// in the code alone.
func TestPanicsAreAnswered(t *testing.T) {
	t.Parallel()
	secret := "34600550101"
	mux := http.NewServeMux()
	mux.HandleFunc("GET /early/{contact}", func(w http.ResponseWriter, _ *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "x"})
		panic("no customer " + secret)
	})
	mux.HandleFunc("GET /late/{contact}", func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.WriteString(w, "half"); err != nil {
			t.Error(err)
		}
		panic(errors.New(r.URL.Path))
	})
	mux.HandleFunc("GET /flushed/{contact}", func(w http.ResponseWriter, _ *http.Request) {
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Error(err)
		}
		panic(http.ErrBodyNotAllowed)
	})
	mux.HandleFunc("GET /abort/{contact}", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	for name, tt := range map[string]struct {
		status, panics int
		whole          bool
	}{
		"early":   {http.StatusInternalServerError, 1, true},
		"late":    {http.StatusOK, 1, false},
		"flushed": {http.StatusOK, 1, false},
		"abort":   {http.StatusOK, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			w, whole := httptest.NewRecorder(), true
			func() {
				defer func() {
					if cause := recover(); cause != nil {
						whole = false
						if err, ok := cause.(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
							t.Errorf("it panics with %v", cause)
						}
					}
				}()
				h := web.AccessLog(slog.New(slog.NewJSONHandler(&out, nil)), time.Now, mux)
				h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/"+name+"/"+secret, nil))
			}()
			text := out.String()
			if w.Code != tt.status || whole != tt.whole || strings.Count(text, `"handler panicked"`) != tt.panics {
				t.Errorf("status %d, whole %v, log %s", w.Code, whole, text)
			}
			if strings.Contains(text, secret) || strings.Contains(text, "192.0.2.1") || strings.Contains(w.Body.String(), secret) {
				t.Errorf("the log is %s", text)
			}
			if !strings.Contains(text, `"msg":"request","method":"GET","route":"GET /`+name+`/{contact}"`) {
				t.Errorf("no line for the request: %s", text)
			}
			if tt.panics > 0 && !strings.Contains(text, `"stack":["github.com/recado/recado/internal/web_test.TestPanics`) {
				t.Errorf("the stack does not begin where it broke: %s", text)
			}
			if len(w.Result().Cookies()) > 0 {
				t.Error("a cookie was given")
			}
		})
	}
}
