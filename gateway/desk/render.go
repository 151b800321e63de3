package desk

import (
	"bytes"
	"cmp"
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

	"github.com/recado/recado/gateway"
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

// newPages parses all templates once for each language. They are part of the
// program, so an error is a mistake in it.
func newPages() (pages, error) {
	p := pages{byLanguage: map[string]*template.Template{}}
	for _, language := range []string{"es", "en"} {
		t, err := template.New("").Funcs(functions(language)).ParseFS(templateFiles, "templates/*.html")
		if err != nil {
			return p, fmt.Errorf("desk: parse templates: %w", err)
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

// page is what every template is given.
type page struct {
	// Name is the template's and Title the phrase of the page's title.
	Name, Title string
	// Who is the customer whose page it is, instead of a title. It is untrusted
	// text, and may be the same as the name of a phrase.
	Who string
	// Self is the address that shows this page again with GET; by default that of
	// the request.
	Self string
	// Agent is who is signed in, or empty; Guest tells that nobody had to.
	Agent string
	Guest bool
	// Waiting and Mine count open handoffs.
	Waiting, Mine int
	// MoreWaiting and MoreMine tell that there are more than were counted.
	MoreWaiting, MoreMine bool
	// Newest is when the newest of those who wait came, in microseconds, so that
	// the script sees that another one came even when one left.
	Newest int64
	// Notice and Problem are phrases: what was done, and why something was not.
	Notice, Problem string
	Content         any

	// The rest is set by show.

	Language string
	Version  string
	Now      time.Time
	// Revision is that of the store before the page was read, for live updates.
	Revision int64
	// Other is this page in the other language.
	Other string
}

// show writes a page. It is rendered in full before anything is written, so that
// a mistake gives an error page and not half of one.
func (d *Desk) show(w http.ResponseWriter, r *http.Request, status int, p page) error {
	p.Language, p.Version, p.Now = languageOf(r), d.pages.version, d.config.Now()
	p.Guest = d.config.GuestAgent != ""
	query := r.URL.Query()
	query.Set("lang", map[string]string{"es": "en", "en": "es"}[p.Language])
	self := r.URL.Path
	if p.Self != "" {
		self, query = p.Self, url.Values{"lang": query["lang"]}
	}
	p.Self = cmp.Or(p.Self, r.URL.RequestURI())
	p.Other = (&url.URL{Path: self, RawQuery: query.Encode()}).String()
	var b bytes.Buffer
	if err := d.pages.byLanguage[p.Language].ExecuteTemplate(&b, p.Name+".html", p); err != nil {
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

// frame starts a page of a signed-in agent: the counts in its head, and the
// revision that it shows at the least.
func (d *Desk) frame(r *http.Request, agent string) (page, inboxLists, error) {
	revision, err := d.config.Desk.Revision(r.Context())
	if err != nil {
		return page{}, inboxLists{}, fmt.Errorf("read the revision: %w", err)
	}
	lists, err := d.open(r.Context(), agent, revision)
	p := page{
		Agent: agent, Waiting: len(lists.Queued), Mine: len(lists.Mine), Revision: revision,
		MoreWaiting: lists.MoreQueued, MoreMine: lists.MoreMine,
		Notice: notices[r.URL.Query().Get("done")],
	}
	if n := len(lists.Queued); n > 0 {
		p.Newest = lists.Queued[n-1].CreatedAt.UnixMicro()
	}
	return p, lists, err
}

// notices are the phrases for ?done=, which says what the page before did.
var notices = map[string]string{
	"reply": "done_reply", "claim": "done_claim", "return": "done_return", "resolve": "done_resolve",
}

const languageCookie = "recado_language"

// language remembers ?lang= in a cookie and takes it out of the address.
func (d *Desk) language(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		choice := query.Get("lang")
		if r.Method != http.MethodGet || choice != "es" && choice != "en" {
			next.ServeHTTP(w, r)
			return
		}
		http.SetCookie(w, &http.Cookie{
			Name: languageCookie, Value: choice, Path: "/desk/", MaxAge: int((365 * 24 * time.Hour).Seconds()),
			Secure: d.config.Secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
		})
		query.Del("lang")
		http.Redirect(w, r, (&url.URL{Path: r.URL.Path, RawQuery: query.Encode()}).String(), http.StatusSeeOther)
	})
}

// languageOf is the language of the pages for this browser: what was chosen, or
// what it asks for.
func languageOf(r *http.Request) string {
	if c, err := r.Cookie(languageCookie); err == nil && (c.Value == "es" || c.Value == "en") {
		return c.Value
	}
	return web.Language(r, "es")
}

var errCrossOrigin = errors.New("the request came from another site")

// fail shows what went wrong as a page with a sentence, and logs what is our own
// fault.
func (d *Desk) fail(w http.ResponseWriter, r *http.Request, err error) {
	status, problem := http.StatusInternalServerError, "problem_internal"
	tooLarge := (*http.MaxBytesError)(nil)
	switch {
	case errors.As(err, &tooLarge):
		status, problem = http.StatusRequestEntityTooLarge, "problem_too_large"
	case errors.Is(err, gateway.ErrNotFound):
		status, problem = http.StatusNotFound, "problem_not_found"
	case errors.Is(err, gateway.ErrInvalid):
		status, problem = http.StatusBadRequest, "problem_address"
	case errors.Is(err, errCrossOrigin):
		status, problem = http.StatusForbidden, "problem_cross_origin"
	case r.Context().Err() != nil:
		return // the browser is gone
	default:
		d.config.Logger.ErrorContext(r.Context(), "desk page failed", "route", r.Pattern, "error", err)
	}
	p := page{Name: "problem", Title: "problem_title", Self: "/desk/", Problem: problem}
	if err := d.show(w, r, status, p); err != nil {
		d.config.Logger.ErrorContext(r.Context(), "problem page failed", "error", err)
	}
}

// static serves the style sheet and the script. Their addresses carry a version,
// so browsers may keep them.
func (d *Desk) static(w http.ResponseWriter, r *http.Request) error {
	name := "static/" + r.PathValue("file")
	if _, err := fs.Stat(staticFiles, name); err != nil {
		return gateway.ErrNotFound
	}
	cache := "no-cache"
	if r.URL.Query().Get("v") == d.pages.version {
		cache = "public, max-age=31536000, immutable"
	}
	w.Header().Set("Cache-Control", cache)
	http.ServeFileFS(w, r, staticFiles, name)
	return nil
}
