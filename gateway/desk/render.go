package desk

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/internal/web"
)

// files are the templates and what pages load.
//
//go:embed templates/*.html static/*
var files embed.FS

func newPages(secure bool) (*web.Pages, error) {
	return web.NewPages(web.PagesConfig{
		Files: files, Functions: functions, Cookie: "recado_language", Path: "/desk/", Secure: secure,
	})
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
	// Channel tells that there is a page about the channel, Unseen how many alerts
	// there want to be seen, and Critical is the newest of the most urgent ones.
	Channel bool
	// Audits tells that there is a page of answers to look at.
	Audits   bool
	Unseen   int
	Critical *gateway.Alert
	// Notice and Problem are phrases: what was done, and why something was not.
	Notice, Problem string
	// Ask is what may be said of the handoff that was just ended, or nil.
	Ask     *saying
	Content any
	// revision is that of the store alone.
	revision int64

	// The rest is set by show.

	Language string
	Version  string
	Now      time.Time
	// Revision is the state of the store before the page was read, for live updates.
	Revision string
	// Other is this page in the other language.
	Other string
}

// show writes a page.
func (d *Desk) show(w http.ResponseWriter, r *http.Request, status int, p page) error {
	p.Language, p.Version, p.Now = d.pages.Language(r), d.pages.Version, d.config.Now()
	p.Guest = d.config.GuestAgent != ""
	query := r.URL.Query()
	query.Set("lang", map[string]string{"es": "en", "en": "es"}[p.Language])
	other := url.URL{Path: r.URL.Path}
	if self, err := url.Parse(p.Self); p.Self != "" && err == nil {
		lang := query.Get("lang")
		other, query = url.URL{Path: self.Path}, self.Query()
		query.Set("lang", lang)
	}
	p.Self, other.RawQuery = cmp.Or(p.Self, r.URL.RequestURI()), query.Encode()
	p.Other = other.String()
	return d.pages.Show(w, status, p.Language, p.Name, p)
}

// frame starts a page of a signed-in agent: the counts in its head, and the
// revision that it shows at the least.
func (d *Desk) frame(r *http.Request, agent string) (page, inboxLists, error) {
	revision, err := d.config.Desk.Revision(r.Context())
	if err != nil {
		return page{}, inboxLists{}, fmt.Errorf("read the revision: %w", err)
	}
	state, err := d.state(r.Context(), revision)
	if err != nil {
		return page{}, inboxLists{}, err
	}
	channel, err := d.standing(r.Context())
	if err != nil {
		return page{}, inboxLists{}, err
	}
	lists, err := d.open(r.Context(), agent, revision)
	p := page{
		Agent: agent, Waiting: len(lists.Queued), Mine: len(lists.Mine), Revision: state, revision: revision,
		Audits:  d.config.Audits != nil,
		Channel: d.config.Channel != nil, Unseen: channel.Unseen, Critical: channel.Critical,
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
	"take": "done_claim", "verify": "done_verify", "react": "done_react", "template": "done_template", "seen": "done_seen",
	"agree": "done_agree", "label": "done_label", "said": "done_said", "revoke": "done_revoke",
}

var errCrossOrigin = errors.New("the request came from another site")

// fail shows what went wrong as a page with a sentence, and logs what is our own
// fault.
func (d *Desk) fail(w http.ResponseWriter, r *http.Request, err error) {
	status, problem := http.StatusInternalServerError, "problem_internal"
	tooLarge := (*http.MaxBytesError)(nil)
	switch {
	case errors.As(err, &tooLarge) && tooLarge.Limit > maxForm:
		status, problem = http.StatusRequestEntityTooLarge, "refused_file_size"
	case errors.As(err, &tooLarge):
		status, problem = http.StatusRequestEntityTooLarge, "problem_too_large"
	case errors.Is(err, gateway.ErrNotFound), errors.Is(err, web.ErrNoFile):
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

// static serves the style sheet and the script.
func (d *Desk) static(w http.ResponseWriter, r *http.Request) error {
	return d.pages.Static(w, r, r.PathValue("file"))
}
