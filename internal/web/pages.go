package web

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
)

// PagesConfig is what the pages of a site are made of. Files, Functions, Cookie and
// Path are needed.
type PagesConfig struct {
	// Files holds the templates as templates/*.html and what they load as static/*. Beside
	// these every site has static/colours.css, which is the same for all.
	Files fs.FS
	// Functions are those that templates call, in that language.
	Functions func(language string) template.FuncMap
	// Cookie is the name of the cookie that keeps the chosen language, and Path the
	// path that it is sent to, such as "/desk/".
	Cookie, Path string
	// Secure marks the cookie for HTTPS alone.
	Secure bool
}

// Pages are the server-rendered pages of one site in Spanish and English: templates
// parsed once for each language, their static files, and the language that a browser
// chose.
type Pages struct {
	config     PagesConfig
	byLanguage map[string]*template.Template
	// Version is a hash of the static files, for their addresses.
	Version string
}

// shared holds what all sites load.
//
//go:embed static/colours.css
var shared embed.FS

const coloursName = "static/colours.css"

// ErrNoFile says that there is no static file of that name.
var ErrNoFile = errors.New("there is no such file")

// NewPages parses the templates. They are part of the program, so an error is a
// mistake in it.
func NewPages(c PagesConfig) (*Pages, error) {
	if c.Files == nil || c.Functions == nil || c.Cookie == "" || c.Path == "" {
		return nil, errors.New("web: Files, Functions, Cookie and Path are needed")
	}
	p := &Pages{config: c, byLanguage: map[string]*template.Template{}}
	for _, language := range []string{"es", "en"} {
		t, err := template.New("").Funcs(c.Functions(language)).ParseFS(c.Files, "templates/*.html")
		if err != nil {
			return nil, fmt.Errorf("web: parse templates: %w", err)
		}
		p.byLanguage[language] = t
	}
	sum := sha256.New()
	colours, err := shared.ReadFile(coloursName)
	if err != nil {
		return nil, fmt.Errorf("web: read static files: %w", err)
	}
	sum.Write(colours) // a hash never fails to write
	err = fs.WalkDir(c.Files, "static", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		content, err := fs.ReadFile(c.Files, name)
		sum.Write(content)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("web: read static files: %w", err)
	}
	p.Version = hex.EncodeToString(sum.Sum(nil)[:6])
	return p, nil
}

// Show writes the page with that name. It is rendered in full before anything is
// written, so that a mistake gives an error page and not half of one.
func (p *Pages) Show(w http.ResponseWriter, status int, language, name string, data any) error {
	var b bytes.Buffer
	if err := p.byLanguage[language].ExecuteTemplate(&b, name+".html", data); err != nil {
		return fmt.Errorf("render %s: %w", name, err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Language", language)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	//nolint:errcheck // the browser is gone, and nobody is left to tell
	w.Write(b.Bytes())
	return nil
}

// Static serves a static file, or gives ErrNoFile. An address with ?v= and the
// version may be kept for ever.
func (p *Pages) Static(w http.ResponseWriter, r *http.Request, name string) error {
	name = "static/" + name
	files := p.config.Files
	if name == coloursName {
		files = shared
	}
	if _, err := fs.Stat(files, name); err != nil {
		return ErrNoFile
	}
	cache := "no-cache"
	if r.URL.Query().Get("v") == p.Version {
		cache = "public, max-age=31536000, immutable"
	}
	w.Header().Set("Cache-Control", cache)
	http.ServeFileFS(w, r, files, name)
	return nil
}

// Choose remembers ?lang= in a cookie and takes it out of the address.
func (p *Pages) Choose(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		choice := query.Get("lang")
		if r.Method != http.MethodGet || choice != "es" && choice != "en" {
			next.ServeHTTP(w, r)
			return
		}
		http.SetCookie(w, &http.Cookie{
			Name: p.config.Cookie, Value: choice, Path: p.config.Path, MaxAge: int((365 * 24 * time.Hour).Seconds()),
			Secure: p.config.Secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
		})
		query.Del("lang")
		http.Redirect(w, r, (&url.URL{Path: r.URL.Path, RawQuery: query.Encode()}).String(), http.StatusSeeOther)
	})
}

// Language is the language of the pages for this browser: what was chosen, or what it
// asks for, and Spanish otherwise.
func (p *Pages) Language(r *http.Request) string {
	if c, err := r.Cookie(p.config.Cookie); err == nil && (c.Value == "es" || c.Value == "en") {
		return c.Value
	}
	return Language(r, "es")
}
