package whatsapp

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/recado/recado/gateway"
)

// shelf is a channel with one file.
type shelf struct {
	*httptest.Server
	// file answers for the content, info is what is told of it; %s in it is the
	// server's own address.
	info           string
	file           http.HandlerFunc
	asked, fetched atomic.Int32
}

func newShelf(t *testing.T, content string) *shelf {
	t.Helper()
	sum := sha256.Sum256([]byte(content))
	s := &shelf{
		info: fmt.Sprintf(`{"url":"%%s/content?ext=1","mime_type":"image/png","sha256":"%x","file_size":"%d","id":"77"}`, sum, len(content)),
		file: answer(200, content),
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v25.0/77", func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		if r.Header.Get("Authorization") != "Bearer "+token || r.URL.Query().Get("phone_number_id") != "100" {
			t.Errorf("asked with %q %q", r.Header.Get("Authorization"), r.URL)
		}
		_, _ = io.WriteString(w, strings.ReplaceAll(s.info, "%s", s.URL))
	})
	mux.HandleFunc("GET /content", func(w http.ResponseWriter, r *http.Request) {
		s.fetched.Add(1)
		if r.Header.Get("Authorization") != "Bearer "+token {
			t.Error("fetched without the token")
		}
		s.file(w, r)
	})
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func (s *shelf) fetch(t *testing.T, f *gateway.File, w io.Writer, limit int64, hosts ...string) error {
	t.Helper()
	c, err := NewClient(ClientConfig{BaseURL: s.URL + "/v25.0", Token: token, MediaHosts: hosts})
	if err != nil {
		t.Fatal(err)
	}
	err = c.Fetch(t.Context(), f, w, limit)
	for _, secret := range []string{token, "77", "/content", "127.0.0.1"} {
		if err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("%q is told: %v", secret, err)
		}
	}
	return err
}

func photoFile(hash string) *gateway.File {
	return &gateway.File{ID: "f", Channel: "100", Media: gateway.Media{ProviderID: "77", SHA256: hash}}
}

func TestFetch(t *testing.T) {
	t.Parallel()
	const content = "the bytes of a photo"
	sum := sha256.Sum256([]byte(content))
	for name, hash := range map[string]string{"hash": hex.EncodeToString(sum[:]), "base64": base64.StdEncoding.EncodeToString(sum[:]), "none": ""} {
		s := newShelf(t, content)
		var got bytes.Buffer
		if err := s.fetch(t, photoFile(hash), &got, int64(len(content))); err != nil || got.String() != content || s.asked.Load() != 1 {
			t.Errorf("%s: %q %v", name, got.String(), err)
		}
	}
}

func TestFetchFails(t *testing.T) {
	t.Parallel()
	const content = "the bytes of a photo"
	other := errors.New("any other error")
	wrong := strings.Repeat("0", 64)
	for name, c := range map[string]struct {
		change  func(*shelf)
		hash    string
		limit   int64
		want    error
		fetched int32
	}{
		"larger by what is told":   {nil, "", 19, gateway.ErrFileTooLarge, 0},
		"larger by its header":     {func(s *shelf) { s.info = `{"url":"%s/content"}` }, "", 19, gateway.ErrFileTooLarge, 1},
		"another than the webhook": {nil, wrong, 100, gateway.ErrFileDamaged, 1},
		"another than is told":     {func(s *shelf) { s.info = `{"url":"%s/content","sha256":"` + wrong + `"}` }, "", 100, gateway.ErrFileDamaged, 1},
		"larger than it says": {func(s *shelf) {
			s.info = `{"url":"%s/content","file_size":1}`
			s.file = func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, content)
				_ = http.NewResponseController(w).Flush()
				_, _ = io.WriteString(w, content)
			}
		}, "", 25, gateway.ErrFileTooLarge, 1},
		"cut off":            {func(s *shelf) { s.file = hangUp(t, "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhalf") }, "", 100, other, 1},
		"gone twice":         {func(s *shelf) { s.file = answer(404, "") }, "", 100, gateway.ErrFileGone, 2},
		"gone for good":      {func(s *shelf) { s.file = answer(410, "") }, "", 100, gateway.ErrFileGone, 2},
		"forbidden twice":    {func(s *shelf) { s.file = answer(403, "") }, "", 100, other, 2},
		"the server's fault": {func(s *shelf) { s.file = answer(500, "") }, "", 100, other, 1},
		"no address":         {func(s *shelf) { s.info = `{"id":"77"}` }, "", 100, other, 0},
		"nonsense":           {func(s *shelf) { s.info = `<html>` }, "", 100, other, 0},
		"a bad address":      {func(s *shelf) { s.info = `{"url":"http://\u0000"}` }, "", 100, other, 0},
		"somebody else's":    {func(s *shelf) { s.info = `{"url":"http://127.0.0.1:1/content"}` }, "", 100, other, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShelf(t, content)
			if c.change != nil {
				c.change(s)
			}
			err := s.fetch(t, photoFile(c.hash), io.Discard, c.limit)
			final := errors.Is(err, gateway.ErrFileGone) || errors.Is(err, gateway.ErrFileTooLarge) || errors.Is(err, gateway.ErrFileDamaged)
			passing := errors.Is(c.want, other)
			if err == nil || passing == final || !passing && !errors.Is(err, c.want) || s.fetched.Load() != c.fetched {
				t.Errorf("%v, fetched %d times", err, s.fetched.Load())
			}
		})
	}
}

// A file that the channel doesn't know is gone; a token that it doesn't know is not
// the file's fault.
func TestFetchUnknown(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status  int
		body    string
		attempt int
		gone    bool
	}{
		"no such file": {400, refused("100"), 3, true},
		// Without a permission, or too early, the channel says the same.
		"not seen yet": {400, refused("100"), 2, false},
		"nothing":      {404, "", 1, true},
		"token":        {401, refused("190"), 9, false},
		"too many":     {400, refused("4"), 9, false},
		"broken":       {500, "", 9, false},
	} {
		server := httptest.NewServer(answer(c.status, c.body))
		t.Cleanup(server.Close)
		s := &shelf{Server: server}
		f := photoFile("")
		f.Attempt = c.attempt
		if err := s.fetch(t, f, io.Discard, 10); err == nil || errors.Is(err, gateway.ErrFileGone) != c.gone {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := newShelf(t, "").fetch(t, &gateway.File{}, io.Discard, 10); !errors.Is(err, gateway.ErrFileGone) {
		t.Errorf("without an id: %v", err)
	}
}

// An address that has run out is asked for once more.
func TestFetchStale(t *testing.T) {
	t.Parallel()
	for _, status := range []int{401, 403, 404, 410} {
		s := newShelf(t, "content")
		good := s.file
		s.file = func(w http.ResponseWriter, r *http.Request) {
			if s.fetched.Load() == 1 {
				w.WriteHeader(status)
				return
			}
			good(w, r)
		}
		var got bytes.Buffer
		if err := s.fetch(t, photoFile(""), &got, 100); err != nil || got.String() != "content" || s.asked.Load() != 2 {
			t.Errorf("%d: %q %v", status, got.String(), err)
		}
	}
}

// A redirect is followed to hosts that may have the token, and to no others.
func TestFetchRedirects(t *testing.T) {
	t.Parallel()
	var token atomic.Bool
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token.Store(r.Header.Get("Authorization") != "")
		_, _ = io.WriteString(w, "content")
	}))
	t.Cleanup(elsewhere.Close)
	send := func(to string) *shelf {
		s := newShelf(t, "content")
		s.file = func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }
		return s
	}
	if err := send(elsewhere.URL).fetch(t, photoFile(""), io.Discard, 100); !errors.Is(err, errForeign) || token.Load() {
		t.Errorf("%v, the token was carried elsewhere: %t", err, token.Load())
	}
	if err := send(elsewhere.URL).fetch(t, photoFile(""), io.Discard, 100, elsewhere.URL); err != nil || !token.Load() {
		t.Errorf("to a host that was named: %v", err)
	}
	round := send("/content")
	if err := round.fetch(t, photoFile(""), io.Discard, 100); !errors.Is(err, errForeign) || round.fetched.Load() != maxHops+1 {
		t.Errorf("in a circle: %v after %d", err, round.fetched.Load())
	}
}

func TestMayFetch(t *testing.T) {
	t.Parallel()
	own, err := NewClient(ClientConfig{BaseURL: "http://127.0.0.1:8090/v25.0", Token: "a", MediaHosts: []string{"Files.Example", "http://other.example:81/", ""}})
	if err != nil {
		t.Fatal(err)
	}
	meta, err := NewClient(ClientConfig{Token: "a"})
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string][2]bool{
		"https://lookaside.fbsbx.com/whatsapp_business/?mid=1": {true, true},
		"https://FBSBX.com/x":                        {true, true},
		"https://mmg.whatsapp.net:443/x":             {true, true},
		"https://scontent.xx.fbcdn.net/x":            {true, true},
		"https://graph.facebook.com/x":               {true, true},
		"http://lookaside.fbsbx.com/x":               {false, false},
		"https://lookaside.fbsbx.com:8443/x":         {false, false},
		"https://evilfbsbx.com/x":                    {false, false},
		"https://fbsbx.com.evil.example/x":           {false, false},
		"https://evil.example/fbsbx.com":             {false, false},
		"https://a:b@lookaside.fbsbx.com/x":          {false, false},
		"https://lookaside.fbsbx.com@evil.example/x": {false, false},
		"https:lookaside.fbsbx.com":                  {false, false},
		"file:///etc/passwd":                         {false, false},
		"http://127.0.0.1:8090/x":                    {true, false},
		"http://127.0.0.1:8091/x":                    {false, false},
		"https://127.0.0.1:8090/x":                   {false, false},
		"https://files.example/x":                    {true, false},
		"https://eu.files.example/x":                 {true, false},
		"http://files.example/x":                     {false, false},
		"http://other.example:81/x":                  {true, false},
		"http://other.example/x":                     {false, false},
		"https://a.other.example/x":                  {false, false},
	} {
		to, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if got := [2]bool{own.mayFetch(to), meta.mayFetch(to)}; got != want {
			t.Errorf("%s: %v", address, got)
		}
	}
}

// A writer that fails, and a context that ends, are errors like any other.
func TestFetchInterrupted(t *testing.T) {
	t.Parallel()
	s := newShelf(t, "content")
	full := errors.New("the disk is full")
	if err := s.fetch(t, photoFile(""), writer(func([]byte) (int, error) { return 0, full }), 100); !errors.Is(err, full) {
		t.Errorf("%v", err)
	}
	c, err := NewClient(ClientConfig{BaseURL: s.URL + "/v25.0", Token: token})
	if err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Fetch(ended, photoFile(""), io.Discard, 100); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }
