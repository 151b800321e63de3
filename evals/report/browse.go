package report

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"slices"

	"github.com/recado/recado/evals/runs"
	"github.com/recado/recado/evals/stats"
	"github.com/recado/recado/internal/web"
)

// Store is where runs are kept.
type Store interface {
	// List gives the runs that are kept, newest first. Their results are not looked at.
	// With an error, those that could be read are shown.
	List() ([]runs.Run, error)
	// Open gives a run by its ID; the error wraps fs.ErrNotExist where there is none.
	Open(id string) (runs.Run, error)
}

// interrupted is a Store that also has the runs that came to no end, newest first, with the
// results that they have.
type interrupted interface {
	Unfinished() ([]runs.Run, error)
}

// folder is a store of files, as runs.Keep writes them.
type folder string

func (f folder) List() ([]runs.Run, error) { return runs.List(string(f)) }

func (f folder) Open(id string) (runs.Run, error) { return runs.Open(string(f), id) }

func (f folder) Unfinished() ([]runs.Run, error) { return runs.Unfinished(string(f)) }

// BrowseConfig is what the pages of past runs are made of. Dir or Store is needed.
type BrowseConfig struct {
	// Dir is the folder of the runs.
	Dir string
	// Store is where runs are kept instead.
	Store Store
	// Logger hears of what could not be read; by default nobody does.
	Logger *slog.Logger
	// AnyHost answers also those who call this computer by another name than localhost or
	// one of its own addresses, for pages that a network may see. The pages hold what
	// customers wrote, and nobody has to sign in.
	AnyHost bool
}

// Browse makes the pages of past runs: a list with the trend of each suite, one run as
// WriteHTML has it, and two beside each other.
func Browse(c BrowseConfig) (http.Handler, error) {
	if c.Store == nil && c.Dir == "" {
		return nil, errors.New("report: Dir or Store is needed")
	}
	if c.Store == nil {
		c.Store = folder(c.Dir)
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	top, err := newShell("en", "")
	if err != nil {
		return nil, err
	}
	b := &browser{config: c}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", b.handle(b.list))
	mux.HandleFunc("GET /runs/{id}", b.handle(b.open))
	mux.HandleFunc("GET /unfinished/{id}", b.handle(b.partial))
	mux.HandleFunc("GET /compare", b.handle(b.compare))
	return web.SecurityHeaders(top.Policy+"; frame-ancestors 'none'", b.local(mux)), nil
}

type browser struct{ config BrowseConfig }

// local refuses who calls this computer by another name: a page from elsewhere could
// point its name here and read what customers wrote.
func (b *browser) local(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if ip := net.ParseIP(host); !b.config.AnyHost && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			b.show(w, r, http.StatusForbidden, overview{Problem: "browse_host"})
			return
		}
		next.ServeHTTP(w, r)
	})
}

var (
	errAddress = errors.New("the address names no run")
	// runID is how the name of a run looks: never a path.
	runID = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z_+.-]{0,99}$`)
)

// handle shows what went wrong as a page with a sentence, and logs what is our own fault.
func (b *browser) handle(serve func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		err := serve(w, r)
		switch {
		case err == nil:
		case errors.Is(err, errAddress):
			b.show(w, r, http.StatusBadRequest, overview{Problem: "browse_address"})
		case errors.Is(err, fs.ErrNotExist):
			b.show(w, r, http.StatusNotFound, overview{Problem: "browse_not_found"})
		default:
			b.config.Logger.ErrorContext(r.Context(), "page of past runs failed", "route", r.Pattern, "error", err)
			b.show(w, r, http.StatusInternalServerError, overview{Problem: "browse_failed"})
		}
	}
}

// overview is the page of past runs.
type overview struct {
	Language string
	// Problem and Notice are phrases: why nothing is shown, and what is not.
	Problem, Notice string
	Runs            []runs.Run
	// Unfinished are the runs that came to no end.
	Unfinished []runs.Run
	Trends     []suiteTrend
}

// Before is the run that the newest one is best compared with: the last of the same suite that had
// about as many cases, or else the one before it.
func (o overview) Before() string {
	if len(o.Runs) < 2 {
		return ""
	}
	now := o.Runs[0]
	for _, r := range o.Runs[1:] {
		if r.Suite == now.Suite && r.Complete && 2*r.Cases >= now.Cases && r.Cases <= 2*now.Cases {
			return r.ID
		}
	}
	return o.Runs[1].ID
}

// suiteTrend is how the runs of one suite went, oldest first.
type suiteTrend struct {
	Suite   string
	Runs    int
	Picture template.HTML
}

// mostTrend is how many runs a trend shows.
const mostTrend = 60

func (b *browser) list(w http.ResponseWriter, r *http.Request) error {
	list, err := b.config.Store.List()
	if err != nil && len(list) == 0 {
		return fmt.Errorf("list past runs: %w", err)
	}
	o := overview{Runs: list}
	var broken error
	if o.Unfinished, broken = b.unfinished(); broken != nil {
		err = errors.Join(err, broken)
	}
	if err != nil {
		b.config.Logger.WarnContext(r.Context(), "some past runs could not be read", "error", err)
		o.Notice = "browse_some"
	}
	b.show(w, r, http.StatusOK, o)
	return nil
}

// trends has a picture for each suite that ran more than once. Runs that were broken off
// are no part of it, nor are those of a few of its cases, which say something else.
func trends(language string, list []runs.Run) []suiteTrend {
	var names []string
	bySuite, most := map[string][]runs.Run{}, map[string]int{}
	for _, r := range list {
		most[r.Suite] = max(most[r.Suite], r.Cases/max(1, r.Repeat))
	}
	for _, r := range list {
		if !r.Complete || r.Cases == 0 || 2*r.Cases/max(1, r.Repeat) < most[r.Suite] {
			continue
		}
		if bySuite[r.Suite] == nil {
			names = append(names, r.Suite)
		}
		bySuite[r.Suite] = append(bySuite[r.Suite], r)
	}
	var all []suiteTrend
	for _, name := range names {
		some := bySuite[name][:min(mostTrend, len(bySuite[name]))]
		if len(some) < 2 {
			continue
		}
		slices.Reverse(some)
		picture := trend(language, phrase(language, "trend")+": "+name, some)
		all = append(all, suiteTrend{Suite: name, Runs: len(some), Picture: picture})
	}
	return all
}

// rate is the share of cases that passed.
func rate(r runs.Run) stats.Estimate {
	if e, ok := r.Metrics[runs.Passed]; ok {
		return e
	}
	return stats.Estimate{Value: float64(r.Passed) / float64(max(1, r.Cases))}
}

func (b *browser) open(w http.ResponseWriter, r *http.Request) error {
	run, err := b.read(r.PathValue("id"))
	if err != nil {
		return err
	}
	return b.report(w, r, View{Run: run})
}

// unfinished are the runs that came to no end, with how far they came.
func (b *browser) unfinished() ([]runs.Run, error) {
	store, ok := b.config.Store.(interrupted)
	if !ok {
		return nil, nil
	}
	list, err := store.Unfinished()
	if err != nil {
		return nil, fmt.Errorf("list interrupted runs: %w", err)
	}
	for i := range list {
		r := &list[i]
		judged := runs.Judged(r.Results)
		r.Complete, r.Cases, r.Passed = false, len(judged), 0
		for _, one := range judged {
			if one.Passed {
				r.Passed++
			}
		}
		r.Failed = r.Cases - r.Passed
	}
	return list, nil
}

// partial shows what an interrupted run found until then.
func (b *browser) partial(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	if !runID.MatchString(id) {
		return errAddress
	}
	list, err := b.unfinished()
	if err != nil {
		return err
	}
	at := slices.IndexFunc(list, func(one runs.Run) bool { return one.ID == id })
	if at < 0 {
		return fmt.Errorf("open an interrupted run: %w", fs.ErrNotExist)
	}
	run := list[at]
	run.Metrics, run.Slices = runs.Measure(run.Results, run.Costs), runs.Slices(run.Results, run.Costs)
	return b.report(w, r, View{Run: run})
}

// resume is what goes on with an interrupted run. The demo shop's suite needs no name.
func resume(r runs.Run) string {
	command := "recado eval run"
	if r.Suite != "demo-shop" {
		command += " SUITE.yaml"
	}
	if r.System != "" && r.System != "gateway" {
		command += " --system " + r.System
	}
	if r.Repeat > 1 {
		command += fmt.Sprintf(" --repeat %d", r.Repeat)
	}
	return command + " --resume"
}

func (b *browser) compare(w http.ResponseWriter, r *http.Request) error {
	run, err := b.read(r.URL.Query().Get("run"))
	if err != nil {
		return err
	}
	base, err := b.read(r.URL.Query().Get("base"))
	if err != nil {
		return err
	}
	return b.report(w, r, View{Run: run, Base: &base})
}

func (b *browser) read(id string) (runs.Run, error) {
	if !runID.MatchString(id) {
		return runs.Run{}, errAddress
	}
	run, err := b.config.Store.Open(id)
	if err != nil {
		return runs.Run{}, fmt.Errorf("open a past run: %w", err)
	}
	return run, nil
}

func (b *browser) report(w http.ResponseWriter, r *http.Request, v View) error {
	v.Language, v.Home = web.Language(r, "en"), "/"
	var page bytes.Buffer
	if err := WriteHTML(&page, v); err != nil {
		return err
	}
	answer(w, http.StatusOK, page.Bytes())
	return nil
}

// show writes a page of the list, in both languages.
func (b *browser) show(w http.ResponseWriter, r *http.Request, status int, o overview) {
	page, err := listPage(web.Language(r, "en"), o)
	if err != nil {
		b.config.Logger.ErrorContext(r.Context(), "page of past runs failed", "error", err)
		http.Error(w, phrase("en", "browse_failed"), http.StatusInternalServerError)
		return
	}
	answer(w, status, page)
}

func listPage(language string, o overview) ([]byte, error) {
	top, err := newShell(language, phrase(language, "runs_title"))
	if err != nil {
		return nil, err
	}
	p := page{shell: top, Titles: map[string]string{}}
	var last *template.Template
	for _, one := range []string{"es", "en"} {
		if last, err = templates(one); err != nil {
			return nil, err
		}
		var b bytes.Buffer
		p.Titles[one] = phrase(one, "runs_title")
		o.Language, o.Trends = one, trends(one, o.Runs)
		if err := last.ExecuteTemplate(&b, "overview", o); err != nil {
			return nil, fmt.Errorf("write the list of past runs: %w", err)
		}
		p.Bodies = append(p.Bodies, template.HTML(b.String()))
	}
	var b bytes.Buffer
	if err := last.ExecuteTemplate(&b, "runs.html", p); err != nil {
		return nil, fmt.Errorf("write the list of past runs: %w", err)
	}
	return b.Bytes(), nil
}

func answer(w http.ResponseWriter, status int, page []byte) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	//nolint:errcheck // the browser is gone, and nobody is left to tell
	w.Write(page)
}
