package cloudsim

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"time"

	"github.com/recado/recado/internal/web"
)

//go:embed templates/*.html
var templateFiles embed.FS

//go:embed static/*
var staticFiles embed.FS

// pages are the parsed templates by language, and the version of the static
// files.
type pages struct {
	byLanguage map[string]*template.Template
	version    string
}

// newPages parses the templates once for each language. They are part of the
// program, so an error is a mistake in it.
func newPages() (pages, error) {
	p := pages{byLanguage: map[string]*template.Template{}}
	for _, language := range []string{"es", "en"} {
		functions := template.FuncMap{
			"t":     func(key string) string { return phrase(language, key) },
			"emoji": func() []string { return []string{"👍", "❤️", "😂", "😮", "😢", "🙏"} },
			"stamp": func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		}
		t, err := template.New("").Funcs(functions).ParseFS(templateFiles, "templates/*.html")
		if err != nil {
			return p, fmt.Errorf("cloudsim: parse templates: %w", err)
		}
		p.byLanguage[language] = t
	}
	sum := sha256.New()
	err := fs.WalkDir(staticFiles, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		content, err := staticFiles.ReadFile(name)
		sum.Write(content)
		return err
	})
	p.version = hex.EncodeToString(sum.Sum(nil)[:6])
	return p, err
}

// show writes a page. It is rendered in full before anything is written, so that
// a mistake gives an error page and not half of one.
func (s *Simulator) show(w http.ResponseWriter, r *http.Request, status int, p page) error {
	p.Language, p.Version, p.Shop = languageOf(r), s.pages.version, s.config.ShopName
	var b bytes.Buffer
	if err := s.pages.byLanguage[p.Language].ExecuteTemplate(&b, p.Name+".html", p); err != nil {
		return fmt.Errorf("render %s: %w", p.Name, err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Language", p.Language)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	//nolint:errcheck // the browser is gone, and nobody is left to tell
	w.Write(b.Bytes())
	return nil
}

const languageCookie = "recado_phone_language"

// language remembers ?lang= in a cookie and takes it out of the address.
func (s *Simulator) language(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		choice := query.Get("lang")
		if r.Method != http.MethodGet || choice != "es" && choice != "en" {
			next.ServeHTTP(w, r)
			return
		}
		http.SetCookie(w, &http.Cookie{
			Name: languageCookie, Value: choice, Path: "/phone/", MaxAge: int((365 * 24 * time.Hour).Seconds()),
			HttpOnly: true, SameSite: http.SameSiteLaxMode,
		})
		query.Del("lang")
		http.Redirect(w, r, (&url.URL{Path: r.URL.Path, RawQuery: query.Encode()}).String(), http.StatusSeeOther)
	})
}

// languageOf is the language of the page for this browser: what was chosen, or
// what it asks for.
func languageOf(r *http.Request) string {
	if c, err := r.Cookie(languageCookie); err == nil && (c.Value == "es" || c.Value == "en") {
		return c.Value
	}
	return web.Language(r, "es")
}

var (
	errCrossOrigin = errors.New("the request came from another site")
	errNoPage      = errors.New("there is no such page")
	errForm        = errors.New("the form can't be used")
)

// failPage shows what went wrong as a page with a sentence, and logs what is our
// own fault.
func (s *Simulator) failPage(w http.ResponseWriter, r *http.Request, err error) {
	status, problem := http.StatusInternalServerError, "problem_internal"
	switch {
	case errors.Is(err, errNoPage):
		status, problem = http.StatusNotFound, "problem_not_found"
	case errors.Is(err, errForm), errors.Is(err, errNoOption), errors.Is(err, errNoMessage):
		status, problem = http.StatusBadRequest, "problem_request"
	case errors.Is(err, errCrossOrigin):
		status, problem = http.StatusForbidden, "problem_cross_origin"
	case r.Context().Err() != nil:
		return // the browser is gone
	default:
		s.config.Logger.ErrorContext(r.Context(), "phone page failed", "route", r.Pattern, "error", err)
	}
	if err := s.show(w, r, status, page{Name: "problem", Problem: problem}); err != nil {
		s.config.Logger.ErrorContext(r.Context(), "problem page failed", "error", err)
	}
}

// static serves the style sheet and the script. Their addresses carry a version,
// so browsers may keep them.
func (s *Simulator) static(w http.ResponseWriter, r *http.Request) error {
	name := "static/" + r.PathValue("file")
	if _, err := fs.Stat(staticFiles, name); err != nil {
		return errNoPage
	}
	cache := "no-cache"
	if r.URL.Query().Get("v") == s.pages.version {
		cache = "public, max-age=31536000, immutable"
	}
	w.Header().Set("Cache-Control", cache)
	http.ServeFileFS(w, r, staticFiles, name)
	return nil
}
