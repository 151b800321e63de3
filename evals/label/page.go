package label

import (
	"context"
	"embed"
	"errors"
	"html/template"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/internal/web"
)

// files are the templates and what pages load.
//
//go:embed templates/*.html static/*
var files embed.FS

// PageConfig is what the labelling page is made of. Cases, of which there is at least one,
// and Keeper are needed.
type PageConfig struct {
	Cases  []Case
	Keeper Keeper
	// AnyHost answers also those who call this computer by another name than localhost or
	// one of its own addresses, for a page that a network may see. It shows what customers
	// wrote, and nobody has to sign in.
	AnyHost bool
	// Now is the clock, time.Now by default.
	Now func() time.Time
	// Logger hears of what went wrong; by default nobody does.
	Logger *slog.Logger
}

// Page shows one case after another and keeps what is said of it. It is for one person: it
// remembers what was said last, and what was passed over.
type Page struct {
	config PageConfig
	pages  *web.Pages

	mu sync.Mutex
	// said are the places of the cases in the order in which something was said of them,
	// for taking it back, and passed those that were passed over.
	said   []int
	passed map[int]bool
}

// NewPage makes the handler of the labelling page.
func NewPage(c PageConfig) (http.Handler, error) {
	if len(c.Cases) == 0 || c.Keeper == nil {
		return nil, errors.New("label: Cases and Keeper are needed")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	pages, err := web.NewPages(web.PagesConfig{
		Files: files, Cookie: "recado_label_language", Path: "/",
		Functions: func(language string) template.FuncMap {
			return template.FuncMap{"t": func(key string) string { return phrase(language, key) }, "add": func(a, b int) int { return a + b }}
		},
	})
	if err != nil {
		return nil, err //nolint:wrapcheck // a mistake in the program
	}
	p := &Page{config: c, pages: pages, passed: map[int]bool{}}
	mux := http.NewServeMux()
	handle := func(pattern string, h web.HandlerFunc) { mux.Handle(pattern, web.Handle(h, p.fail)) }
	handle("GET /{$}", p.next)
	handle("GET /cases/{n}", p.one)
	handle("POST /cases/{n}", p.say)
	handle("POST /undo", p.undo)
	handle("POST /again", p.again)
	handle("GET /static/{file}", func(w http.ResponseWriter, r *http.Request) error { return pages.Static(w, r, r.PathValue("file")) })
	handle("/", func(http.ResponseWriter, *http.Request) error { return gateway.ErrNotFound })
	// A form that another site's page sends is refused by the browser's own word on where
	// it comes from.
	protect := http.NewCrossOriginProtection()
	protect.SetDenyHandler(web.Handle(func(http.ResponseWriter, *http.Request) error { return errElsewhere }, p.fail))
	return web.SecurityHeaders(web.PagePolicy, p.local(pages.Choose(protect.Handler(mux)))), nil
}

var (
	errElsewhere = errors.New("the request came from another site")
	errHost      = errors.New("the request names another host")
)

// local refuses who calls this computer by another name: a page from elsewhere could point
// its name here and read what customers wrote.
func (p *Page) local(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if ip := net.ParseIP(strings.Trim(host, "[]")); !p.config.AnyHost && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			p.fail(w, r, errHost)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// view is what a page shows: a case, that all is done, or a problem.
type view struct {
	Language, Other, Version string
	// N is the place of the case, and Word what was said of it before.
	N     int
	Case  *Case
	Word  Word
	Total int
	// Done counts the cases with a word, Right and Wrong those of them, and Passed those
	// that were passed over.
	Done, Right, Wrong, Unsure, Passed int
	// Back tells that there is a word to take back.
	Back    bool
	Problem string
	Notice  string
}

// state reads what was said.
func (p *Page) state(ctx context.Context) (view, map[string]Word, error) {
	words, err := p.config.Keeper.Words(ctx, p.config.Cases)
	if err != nil {
		return view{}, nil, err //nolint:wrapcheck // it says what it is about
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	v := view{Total: len(p.config.Cases), Back: len(p.said) > 0, N: -1}
	for i, c := range p.config.Cases {
		w, said := words[c.ID]
		switch {
		case said:
			v.Done++
			v.Right += int(indicator(w.Verdict == gateway.VerdictRight))
			v.Wrong += int(indicator(w.Verdict == gateway.VerdictWrong))
			v.Unsure += int(indicator(w.Verdict == gateway.VerdictUnsure))
		case p.passed[i]:
			v.Passed++
		case v.N < 0:
			v.N = i
		}
	}
	return v, words, nil
}

// next shows the first case of which nothing was said, or that there is none.
func (p *Page) next(w http.ResponseWriter, r *http.Request) error {
	v, _, err := p.state(r.Context())
	if err != nil {
		return err
	}
	if v.N >= 0 {
		v.Case = &p.config.Cases[v.N]
	}
	v.Notice = map[string]string{"undo": "undone"}[r.URL.Query().Get("done")]
	return p.show(w, r, http.StatusOK, v)
}

// place is the case that an address names.
func (p *Page) place(r *http.Request) (int, error) {
	n, err := strconv.Atoi(r.PathValue("n"))
	if err != nil || n < 1 || n > len(p.config.Cases) {
		return 0, gateway.ErrNotFound
	}
	return n - 1, nil
}

// one shows a case that somebody goes back to.
func (p *Page) one(w http.ResponseWriter, r *http.Request) error {
	n, err := p.place(r)
	if err != nil {
		return err
	}
	v, words, err := p.state(r.Context())
	if err != nil {
		return err
	}
	v.N, v.Case = n, &p.config.Cases[n]
	v.Word = words[v.Case.ID]
	return p.show(w, r, http.StatusOK, v)
}

// maxForm is the largest form in bytes.
const maxForm = 16 << 10

// say keeps what is said of a case, and goes on.
func (p *Page) say(w http.ResponseWriter, r *http.Request) error {
	n, err := p.place(r)
	if err != nil {
		return err
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return errors.Join(gateway.ErrInvalid, err)
	}
	word := Word{Verdict: gateway.Verdict(r.PostForm.Get("verdict")), Note: strings.TrimSpace(r.PostForm.Get("note"))}
	switch {
	case len([]rune(word.Note)) > maxNote:
		return gateway.ErrInvalid
	case word.Verdict == "skip":
		p.mu.Lock()
		p.passed[n] = true
		p.mu.Unlock()
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return nil
	case word.Verdict != gateway.VerdictRight && word.Verdict != gateway.VerdictWrong && word.Verdict != gateway.VerdictUnsure:
		return gateway.ErrInvalid
	}
	if err := p.config.Keeper.Say(r.Context(), p.config.Cases[n], word, p.config.Now()); err != nil {
		return err //nolint:wrapcheck // it says what it is about
	}
	p.mu.Lock()
	p.said = append(p.said, n)
	delete(p.passed, n)
	p.mu.Unlock()
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}

// undo takes the last word back and shows its case again.
func (p *Page) undo(w http.ResponseWriter, r *http.Request) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.said) == 0 {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return nil
	}
	last := p.said[len(p.said)-1]
	if err := p.config.Keeper.Say(r.Context(), p.config.Cases[last], Word{}, p.config.Now()); err != nil {
		return err //nolint:wrapcheck // it says what it is about
	}
	p.said = p.said[:len(p.said)-1]
	http.Redirect(w, r, "/cases/"+strconv.Itoa(last+1), http.StatusSeeOther)
	return nil
}

// again shows once more what was passed over.
func (p *Page) again(w http.ResponseWriter, r *http.Request) error {
	p.mu.Lock()
	clear(p.passed)
	p.mu.Unlock()
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}

// show writes a page.
func (p *Page) show(w http.ResponseWriter, r *http.Request, status int, v view) error {
	v.Language, v.Version = p.pages.Language(r), p.pages.Version
	path := "/"
	if r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, "/cases/") && v.Problem == "" {
		path = r.URL.Path
	}
	v.Other = path + "?lang=" + map[string]string{"es": "en", "en": "es"}[v.Language]
	return p.pages.Show(w, status, v.Language, "case", v) //nolint:wrapcheck // it says what it is about
}

// fail shows what went wrong as a sentence, and logs what is our own fault.
func (p *Page) fail(w http.ResponseWriter, r *http.Request, err error) {
	status, problem := http.StatusInternalServerError, "problem_internal"
	switch {
	case errors.Is(err, errElsewhere):
		status, problem = http.StatusForbidden, "problem_elsewhere"
	case errors.Is(err, errHost):
		status, problem = http.StatusForbidden, "problem_host"
	case errors.Is(err, gateway.ErrNotFound), errors.Is(err, web.ErrNoFile):
		status, problem = http.StatusNotFound, "problem_not_found"
	case errors.Is(err, gateway.ErrInvalid):
		status, problem = http.StatusBadRequest, "problem_invalid"
	default:
		p.config.Logger.ErrorContext(r.Context(), "labelling page failed", "route", r.Pattern, "error", err)
	}
	if err := p.show(w, r, status, view{Problem: problem, N: -1}); err != nil {
		p.config.Logger.ErrorContext(r.Context(), "labelling page could not be shown", "error", err)
	}
}
