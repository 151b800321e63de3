package web_test

import (
	"errors"
	"html/template"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/recado/recado/internal/web"
)

func newTestPages(t *testing.T) *web.Pages {
	t.Helper()
	p, err := web.NewPages(web.PagesConfig{
		Files: fstest.MapFS{
			"templates/hello.html":  {Data: []byte(`<p>{{t}} {{.}}</p>`)},
			"templates/broken.html": {Data: []byte(`<p>half{{.Missing.Field}}</p>`)},
			"static/site.css":       {Data: []byte(`p { color: red }`)},
		},
		Functions: func(language string) template.FuncMap {
			return template.FuncMap{"t": func() string { return map[string]string{"es": "Hola", "en": "Hello"}[language] }}
		},
		Cookie: "language", Path: "/desk/",
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPagesShow(t *testing.T) {
	t.Parallel()
	p := newTestPages(t)
	w := httptest.NewRecorder()
	if err := p.Show(w, http.StatusTeapot, "en", "hello", "<Ana>"); err != nil {
		t.Fatal(err)
	}
	if w.Code != http.StatusTeapot || w.Body.String() != "<p>Hello &lt;Ana&gt;</p>" || w.Header().Get("Content-Language") != "en" {
		t.Errorf("%d %q %v", w.Code, w.Body, w.Header())
	}
	w = httptest.NewRecorder()
	if err := p.Show(w, http.StatusOK, "es", "broken", 7); err == nil || w.Body.Len() != 0 {
		t.Errorf("a broken page: %v, %q was written", err, w.Body)
	}
}

func TestPagesStatic(t *testing.T) {
	t.Parallel()
	p := newTestPages(t)
	// All sites have the same colours, which they don't hold themselves.
	colours := httptest.NewRecorder()
	if err := p.Static(colours, httptest.NewRequest(http.MethodGet, "/desk/static/colours.css?v="+p.Version, nil), "colours.css"); err != nil ||
		!strings.Contains(colours.Body.String(), "prefers-color-scheme: dark") || !strings.Contains(colours.Header().Get("Content-Type"), "text/css") {
		t.Errorf("%v, %v: %.200s", err, colours.Header(), colours.Body)
	}
	for target, cache := range map[string]string{
		"/desk/static/site.css?v=" + p.Version: "public, max-age=31536000, immutable", "/desk/static/site.css?v=old": "no-cache",
	} {
		w := httptest.NewRecorder()
		if err := p.Static(w, httptest.NewRequest(http.MethodGet, target, nil), "site.css"); err != nil {
			t.Fatal(err)
		}
		if w.Header().Get("Cache-Control") != cache || !strings.Contains(w.Body.String(), "red") {
			t.Errorf("%s: %v", target, w.Header())
		}
	}
	if err := p.Static(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil), "../templates/hello.html"); !errors.Is(err, web.ErrNoFile) {
		t.Errorf("a file outside: %v", err)
	}
}

func TestPagesLanguage(t *testing.T) {
	t.Parallel()
	p := newTestPages(t)
	var heard string
	site := p.Choose(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { heard = p.Language(r) }))
	w := httptest.NewRecorder()
	site.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/desk/x?lang=en&page=2", nil))
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/desk/x?page=2" || len(w.Result().Cookies()) != 1 {
		t.Fatalf("%d %v", w.Code, w.Header())
	}
	r := httptest.NewRequest(http.MethodGet, "/desk/x", nil)
	r.AddCookie(w.Result().Cookies()[0])
	site.ServeHTTP(httptest.NewRecorder(), r)
	if heard != "en" {
		t.Errorf("the chosen language is %q", heard)
	}
	r = httptest.NewRequest(http.MethodPost, "/desk/x?lang=en", nil)
	r.Header.Set("Accept-Language", "de, en;q=0.5")
	site.ServeHTTP(httptest.NewRecorder(), r)
	if heard != "en" {
		t.Errorf("without a choice it is %q", heard)
	}
	site.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/desk/x?lang=fr", nil))
	if heard != "es" {
		t.Errorf("a language nobody has: %q", heard)
	}
}
