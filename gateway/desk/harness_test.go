package desk_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/desk"
	"github.com/recado/recado/gateway/desk/desktest"
)

var morning = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

const password = "correct horse"

// clock is a clock that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// bundle is a desk over the example shop, behind a server, with one browser.
type bundle struct {
	t       *testing.T
	store   *desktest.Store
	vault   *desktest.Vault
	clock   *clock
	desk    *desk.Desk
	server  *httptest.Server
	browser *http.Client
	changed atomic.Int64
}

// setup starts a desk without files and without a channel. The browser is nobody yet;
// guest names the guest agent.
func setup(t *testing.T, guest string) *bundle {
	t.Helper()
	return start(t, guest, func(*bundle, *desk.Config) {})
}

// gallery starts a desk that shows and does everything.
func gallery(t *testing.T, guest string) *bundle {
	t.Helper()
	return start(t, guest, func(b *bundle, c *desk.Config) {
		desktest.Gallery(b.store, b.vault, morning)
		c.Files, c.Vault, c.Channel = b.store, b.vault, b.store
	})
}

func start(t *testing.T, guest string, adapt func(*bundle, *desk.Config)) *bundle {
	t.Helper()
	b := &bundle{t: t, store: desktest.Shop(morning), vault: desktest.NewVault(), clock: &clock{now: morning}}
	c := desk.Config{
		Desk: b.store, Agents: b.store, Changes: b.store.Changes, Now: b.clock.Now, GuestAgent: guest,
		Changed: func() { b.changed.Add(1) },
	}
	adapt(b, &c)
	var err error
	b.desk, err = desk.New(c)
	if err != nil {
		t.Fatal(err)
	}
	b.server = httptest.NewServer(b.desk)
	t.Cleanup(b.server.Close)
	t.Cleanup(b.desk.EndStreams)
	b.browser = b.newBrowser()
	return b
}

// newBrowser makes a client with its own cookies that shows redirects instead of
// following them.
func (b *bundle) newBrowser() *http.Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		b.t.Fatal(err)
	}
	c := *b.server.Client()
	c.Jar = jar
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &c
}

// addAgent puts an agent with the password into the store.
func (b *bundle) addAgent(name string) {
	b.t.Helper()
	hash, err := desk.HashPassword(password)
	if err != nil {
		b.t.Fatal(err)
	}
	err = b.store.PutAgent(b.t.Context(), gateway.Agent{Name: name, PasswordHash: hash, CreatedAt: morning})
	if err != nil {
		b.t.Fatal(err)
	}
}

// answer is what came back.
type answer struct {
	status int
	body   string
	header http.Header
}

func (b *bundle) do(r *http.Request) answer {
	b.t.Helper()
	if r.Header.Get("Accept-Language") == "" {
		r.Header.Set("Accept-Language", "es")
	}
	response, err := b.browser.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer response.Body.Close()
	var body strings.Builder
	if _, err := io.Copy(&body, response.Body); err != nil {
		b.t.Fatal(err)
	}
	return answer{response.StatusCode, body.String(), response.Header}
}

// get asks for a page in a language.
func (b *bundle) get(path, language string) answer {
	b.t.Helper()
	r := b.request("GET", path, nil)
	r.Header.Set("Accept-Language", language)
	return b.do(r)
}

// post sends a form as the page's own form would.
func (b *bundle) post(path string, form url.Values) answer {
	b.t.Helper()
	return b.do(b.request("POST", path, form))
}

func (b *bundle) request(method, path string, form url.Values) *http.Request {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.server.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	if method == "POST" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", b.server.URL)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	return r
}

// upload is a file for a form.
type upload struct{ name, content string }

// send sends a form with a file, as browsers do.
func (b *bundle) send(path string, form url.Values, file upload) answer {
	b.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, values := range form {
		for _, value := range values {
			if err := w.WriteField(name, value); err != nil {
				b.t.Fatal(err)
			}
		}
	}
	part, err := w.CreateFormFile("file", file.name)
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := io.WriteString(part, file.content); err != nil {
		b.t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		b.t.Fatal(err)
	}
	r := b.request("POST", path, nil)
	r.Body, r.ContentLength = io.NopCloser(&body), int64(body.Len())
	r.Header.Set("Content-Type", w.FormDataContentType())
	return b.do(r)
}

// says fails unless the answer has the status and every text.
func (a answer) says(t *testing.T, status int, texts ...string) {
	t.Helper()
	if a.status != status {
		t.Errorf("status %d, want %d", a.status, status)
	}
	for _, text := range texts {
		if !strings.Contains(a.body, text) {
			t.Errorf("the page does not say %q:\n%s", text, a.body)
		}
	}
}

// lacks fails if the answer has one of the texts.
func (a answer) lacks(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(a.body, text) {
			t.Errorf("the page says %q", text)
		}
	}
}

// leads fails unless the answer sends the browser to that address.
func (a answer) leads(t *testing.T, to string) {
	t.Helper()
	if a.status != http.StatusSeeOther || a.header.Get("Location") != to {
		t.Errorf("status %d, Location %q, want %q", a.status, a.header.Get("Location"), to)
	}
}

func digits(n int64) string { return strconv.FormatInt(n, 10) }
