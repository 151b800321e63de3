package whatsapp

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/recado/recado/gateway"
)

// inbox keeps what is accepted, as a gateway would.
type inbox struct {
	mu     sync.Mutex
	err    error
	events []gateway.Event
}

func (b *inbox) accept(_ context.Context, events []gateway.Event) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err != nil {
		return b.err
	}
	b.events = append(b.events, events...)
	return nil
}

func webhook(t testing.TB, b *inbox, c WebhookConfig) *Webhook {
	t.Helper()
	c.Accept, c.VerifyToken, c.Now = b.accept, "the token", func() time.Time { return noon }
	h, err := NewWebhook(c)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// count reads a counter.
func count(t testing.TB, c prometheus.Metric) float64 {
	t.Helper()
	var m dto.Metric
	if err := c.Write(&m); err != nil {
		t.Fatal(err)
	}
	return m.GetCounter().GetValue()
}

// post sends a body with that signature, or none, and gives the status.
func post(h http.Handler, body []byte, signature string) int {
	r := httptest.NewRequest(http.MethodPost, "/webhooks/whatsapp", bytes.NewReader(body))
	if signature != "" {
		r.Header.Set(SignatureHeader, signature)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}

func TestNewWebhook(t *testing.T) {
	t.Parallel()
	accept := (&inbox{}).accept
	for name, c := range map[string]WebhookConfig{
		"no accept":    {VerifyToken: "x"},
		"empty secret": {Accept: accept, VerifyToken: "x", AppSecrets: []string{"a", " "}},
	} {
		if h, err := NewWebhook(c); err == nil || h != nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestHandshake(t *testing.T) {
	t.Parallel()
	h := webhook(t, &inbox{}, WebhookConfig{AppSecrets: []string{"secret"}})
	for name, c := range map[string]struct {
		mode, token string
		status      int
		body        string
	}{
		"right":       {"subscribe", "the token", 200, "1158201444"},
		"wrong token": {"subscribe", "the  token", 403, "forbidden\n"},
		"no token":    {"subscribe", "", 403, "forbidden\n"},
		"longer":      {"subscribe", "the token and more", 403, "forbidden\n"},
		"other mode":  {"unsubscribe", "the token", 403, "forbidden\n"},
		"no mode":     {"", "the token", 403, "forbidden\n"},
	} {
		query := url.Values{"hub.mode": {c.mode}, "hub.verify_token": {c.token}, "hub.challenge": {"1158201444"}}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/webhooks/whatsapp?"+query.Encode(), http.NoBody))
		if w.Code != c.status || w.Body.String() != c.body {
			t.Errorf("%s: %d %q", name, w.Code, w.Body)
		}
		if !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") {
			t.Errorf("%s: the challenge could be taken for a page", name)
		}
	}
}

// Without a token nobody can claim the address, not even with an empty one.
func TestHandshakeWithoutToken(t *testing.T) {
	t.Parallel()
	h := webhook(t, &inbox{}, WebhookConfig{})
	h.config.VerifyToken = ""
	for _, query := range []string{"", "&hub.verify_token="} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/?hub.mode=subscribe&hub.challenge=1"+query, http.NoBody))
		if w.Code != http.StatusForbidden {
			t.Errorf("%q: %d", query, w.Code)
		}
	}
}

func TestMethods(t *testing.T) {
	t.Parallel()
	h := webhook(t, &inbox{}, WebhookConfig{})
	for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodHead, "BREW"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(method, "/webhooks/whatsapp", http.NoBody))
		if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") == "" {
			t.Errorf("%s: %d", method, w.Code)
		}
	}
}

func TestSignatures(t *testing.T) {
	t.Parallel()
	body := wire(t, value2(""))
	right := Sign("new", body)
	for name, c := range map[string]struct {
		secrets   []string
		signature string
		status    int
	}{
		"signed":           {[]string{"new"}, right, 200},
		"rotating, first":  {[]string{"new", "old"}, right, 200},
		"rotating, second": {[]string{"old", "new"}, right, 200},
		"upper case":       {[]string{"new"}, "sha256=" + strings.ToUpper(right[7:]), 200},
		"no secrets":       {nil, "", 200},
		"no secrets, any":  {nil, "sha256=00", 200},
		"missing":          {[]string{"new"}, "", 401},
		"other secret":     {[]string{"old"}, right, 401},
		"cut":              {[]string{"new"}, right[:len(right)-2], 401},
		"longer":           {[]string{"new"}, right + "00", 401},
		"odd":              {[]string{"new"}, right[:len(right)-1], 401},
		"no prefix":        {[]string{"new"}, right[7:], 401},
		"sha1":             {[]string{"new"}, "sha1=" + right[7:], 401},
		"empty":            {[]string{"new"}, "sha256=", 401},
		"no hex":           {[]string{"new"}, "sha256=zz" + right[9:], 401},
		"other body":       {[]string{"new"}, Sign("new", append([]byte(" "), body...)), 401},
		"empty key":        {[]string{"new"}, Sign("", body), 401},
	} {
		b := &inbox{}
		h := webhook(t, b, WebhookConfig{AppSecrets: c.secrets})
		if status := post(h, body, c.signature); status != c.status {
			t.Errorf("%s: %d", name, status)
		}
		kept, refused := 1, 0.0
		if c.status == 401 {
			kept, refused = 0, 1
		}
		if len(b.events) != kept || count(t, h.config.Metrics.BadSignatures) != refused {
			t.Errorf("%s: %d kept", name, len(b.events))
		}
	}
}

// A known answer, so that Sign and verify can't be wrong together: from RFC 4231,
// test case 2.
func TestSignatureByTheBook(t *testing.T) {
	t.Parallel()
	const known = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
	body := []byte("what do ya want for nothing?")
	if Sign("Jefe", body) != known || !verify([]string{"Jefe"}, known, body) {
		t.Errorf("signed as %s", Sign("Jefe", body))
	}
}

func TestSizes(t *testing.T) {
	t.Parallel()
	body := func(size int) []byte {
		b := value2("")
		return append(b, bytes.Repeat([]byte(" "), size-len(b))...)
	}
	for name, c := range map[string]struct {
		size    int
		chunked bool
		status  int
	}{
		"full":                  {MaxBody, false, 200},
		"full, of no length":    {MaxBody, true, 200},
		"too much":              {MaxBody + 1, false, 413},
		"too much of no length": {MaxBody + 1, true, 413},
		"far too much":          {4 * MaxBody, true, 413},
	} {
		b := &inbox{}
		h := webhook(t, b, WebhookConfig{AppSecrets: []string{"s"}})
		content := body(c.size)
		r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(content))
		if c.chunked {
			r.ContentLength = -1
		}
		r.Header.Set(SignatureHeader, Sign("s", content))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != c.status || (len(b.events) > 0) != (c.status == 200) {
			t.Errorf("%s: %d, %d kept", name, w.Code, len(b.events))
		}
	}
}

// broken fails in the middle, as a lost connection does.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestHalfABody(t *testing.T) {
	t.Parallel()
	b := &inbox{}
	w := httptest.NewRecorder()
	webhook(t, b, WebhookConfig{}).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", broken{}))
	if w.Code != http.StatusBadRequest || len(b.events) != 0 {
		t.Errorf("%d, %d kept", w.Code, len(b.events))
	}
}

// When nothing was kept, the channel must send again; then all of it is kept.
func TestStoreDown(t *testing.T) {
	t.Parallel()
	b := &inbox{err: errors.New("down")}
	h := webhook(t, b, WebhookConfig{AppSecrets: []string{"s"}})
	body := batch(5)
	if status := post(h, body, Sign("s", body)); status != http.StatusServiceUnavailable {
		t.Errorf("%d", status)
	}
	b.err = nil
	if status := post(h, body, Sign("s", body)); status != http.StatusOK || len(b.events) != 10 {
		t.Errorf("%d, %d kept", status, len(b.events))
	}
}

// A signed body that is no JSON is kept and never sent again; the log gets one
// line and none of the content.
func TestUnreadableIsKept(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	b := &inbox{}
	h := webhook(t, b, WebhookConfig{AppSecrets: []string{"s"}, Logger: slog.New(slog.NewJSONHandler(&log, nil))})
	for _, body := range []string{`{"from":"34600111222"`, `["34600111222"]`, `{"from":"34600111222"`} {
		if status := post(h, []byte(body), Sign("s", []byte(body))); status != http.StatusOK {
			t.Errorf("%d", status)
		}
	}
	if len(b.events) != 3 || b.events[0].Kind != gateway.EventUnreadable || b.events[0].Key != b.events[2].Key ||
		b.events[0].Key == b.events[1].Key || unkeep(t, b.events[1].Raw) != `["34600111222"]` {
		t.Errorf("%+v", b.events)
	}
	if n := count(t, h.config.Metrics.Unreadable); n != 3 {
		t.Errorf("counted %v", n)
	}
	if strings.Count(log.String(), "\n") != 1 || strings.Contains(log.String(), "34600111222") {
		t.Errorf("log: %s", &log)
	}
}

func TestUnknownIsCounted(t *testing.T) {
	t.Parallel()
	b := &inbox{}
	h := webhook(t, b, WebhookConfig{})
	post(h, []byte(`{"new":1,"entry":[{"changes":[{"field":"telepathy","value":{}},{"field":"messages","value":{`+
		`"messages":[7,{"from":"1","id":"a","type":"hologram"},{"from":"1","id":"b","type":"text","text":{"body":"x"}}],`+
		`"statuses":[{"id":"s","status":"warning"}],"errors":[{"code":130429,"title":"34600111222"}]}}]}]}`), "")
	for kind, want := range map[string]float64{"item": 1, "message": 1, "status": 1, "field": 1, "key": 1} {
		if got := count(t, h.config.Metrics.Unknown.WithLabelValues(kind)); got != want {
			t.Errorf("%s: %v", kind, got)
		}
	}
	if count(t, h.config.Metrics.Problems) != 1 || len(b.events) != 7 {
		t.Errorf("%d kept", len(b.events))
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(h.config.Metrics.Collectors()...)
	if families, err := registry.Gather(); err != nil || len(families) != 4 {
		t.Errorf("%d families, %v", len(families), err)
	}
}

// TestProblemsAreAlerts: what the channel reports about the account alone is counted
// and raised, and the log has our words for it only.
func TestProblemsAreAlerts(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	b := &inbox{}
	h := webhook(t, b, WebhookConfig{Logger: slog.New(slog.NewJSONHandler(&log, nil))})
	status := post(h, []byte(`{"entry":[{"changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"100"},`+
		`"errors":[{"code":131031,"title":"34600111222","message":"34600111222","error_data":{"details":"34600111222"}}]}}]}]}`), "")
	if status != http.StatusOK || count(t, h.config.Metrics.Problems) != 1 || len(b.events) != 1 {
		t.Fatalf("%d, %d kept", status, len(b.events))
	}
	e := b.events[0]
	if e.Kind != gateway.EventAlert || e.Alert.Kind != "problem" || strings.Contains(e.Alert.Detail, "34600111222") {
		t.Errorf("%s %+v", e.Kind, e.Alert)
	}
	if !strings.Contains(log.String(), "131031") || strings.Contains(log.String(), "34600111222") {
		t.Errorf("log: %s", &log)
	}
}

// The whole corpus as the channel sends it: signed, twice, at once.
func TestCorpusThroughTheWebhook(t *testing.T) {
	t.Parallel()
	b := &inbox{}
	server := httptest.NewServer(webhook(t, b, WebhookConfig{AppSecrets: []string{"s"}}))
	t.Cleanup(server.Close)
	var group sync.WaitGroup
	posts := 0
	for name, raw := range corpus(t) {
		for _, body := range [][]byte{raw, wire(t, raw)} {
			posts++
			group.Go(func() {
				r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, bytes.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				r.Header.Set(SignatureHeader, Sign("s", body))
				response, err := server.Client().Do(r)
				if err != nil {
					t.Error(err)
					return
				}
				defer response.Body.Close()
				if response.StatusCode != http.StatusOK {
					t.Errorf("%s: %s", name, response.Status)
				}
			})
		}
	}
	group.Wait()
	if len(b.events) < posts {
		t.Errorf("%d events from %d webhooks", len(b.events), posts)
	}
}

func TestSecretsStayOutOfLogs(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	logger.Info("x", "config", WebhookConfig{AppSecrets: []string{"hush"}, VerifyToken: "hush"})
	logger.Info("x", "config", ClientConfig{Token: "hush"})
	if strings.Contains(log.String(), "hush") {
		t.Error(log.String())
	}
}

func FuzzSignature(f *testing.F) {
	f.Add("secret", []byte(`{"a":"\u00e9\/"}`), "sha256=00", 3)
	f.Add("", []byte{}, "", 0)
	f.Fuzz(func(t *testing.T, secret string, body []byte, header string, at int) {
		signed := Sign(secret, body)
		if !verify([]string{"other", secret}, signed, body) {
			t.Error("the right signature is refused")
		}
		if !strings.EqualFold(header, signed) && verify([]string{secret}, header, body) {
			t.Errorf("%q is taken", header)
		}
		if verify(nil, signed, body) {
			t.Error("taken without a secret")
		}
		if len(body) > 0 {
			changed := bytes.Clone(body)
			changed[uint(at)%uint(len(body))] ^= 1
			if verify([]string{secret}, signed, changed) {
				t.Error("a changed body is taken")
			}
		}
	})
}

func BenchmarkWebhook(b *testing.B) {
	h := webhook(b, &inbox{}, WebhookConfig{AppSecrets: []string{"a", "b"}})
	h.config.Accept = func(context.Context, []gateway.Event) error { return nil }
	body := wire(b, value2(`"timestamp":"1764072000",`))
	signature := Sign("b", body)
	b.ReportAllocs()
	for b.Loop() {
		if post(h, body, signature) != http.StatusOK {
			b.Fatal("refused")
		}
	}
}
