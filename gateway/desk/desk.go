// Package desk is what the people see who answer customers: pages with what
// waits, the conversation, everything known about it, and the reasons of each
// answer.
//
// Pages are rendered on the server from gateway.Desk and work without a script. A
// script of under 300 lines makes them live: /desk/events says over server-sent
// events that something changed, and the script fetches the page it is on again
// and swaps the parts that differ. What an agent does is a form that becomes one
// gateway.Action; whether it may be done is decided by gateway.Apply alone, and
// every refusal is told as a sentence that says what to do.
//
// Files, that customers sent or that agents attach, are in a gateway.Vault and are
// served to agents alone, in a way that lets them do nothing in a browser. What the
// channel tells of the account is on a page of its own, and so are the answers that were
// picked for a look. Cards, passwords and codes that customers write are covered until
// somebody asks to see them.
//
// Agents sign in with a password (argon2id) and keep a session in gateway.Agents.
// All of the interface is in Spanish and English (texts.go). The package keeps no
// state of its own but failed sign-ins, where long lists end and, for a second, the
// open handoffs and alerts.
package desk

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/internal/web"
	"github.com/recado/recado/rag"
)

// Config is what the desk is made of. Desk and Agents are needed.
type Config struct {
	Desk   gateway.Desk
	Agents gateway.Agents
	// Files and Vault are the customers' files and their content. Without a Vault no
	// file is shown or can be attached.
	Files gateway.Files
	Vault gateway.Vault
	// Channel is what is known of the business account. Without it there is no page
	// about it, and no template can be sent.
	Channel gateway.Channel
	// Commands has what customers had done in the shop's system. Without it nothing is
	// said of that.
	Commands Commands
	// Agreements has which customers let what they wrote be used to try changes. Without it
	// nothing is said of that.
	Agreements gateway.Agreements
	// Audits are the answers that were picked for a look. Without it there is no page of
	// them.
	Audits gateway.Audits
	// Labels keeps what agents say of handoffs and drafts. Without it nobody is asked.
	Labels gateway.Labels
	// Revoke takes back a passage that answers rest on. Without it that can't be done here.
	Revoke func(ctx context.Context, p rag.Passage, by, reason string, at time.Time) error
	// MaxUpload is the largest file that can be attached, in bytes; 16 MB by default.
	MaxUpload int64
	// Changes gives a channel that is closed at the next change; gateway.Gateway's
	// Changes is one. Without it pages learn of changes by Poll alone.
	Changes func() <-chan struct{}
	// Changed is called after an action has changed something, so that workers
	// look for work at once. By default nothing is called.
	Changed func()
	// GuestAgent is the agent as whom every visitor acts without signing in. It is
	// for a demo on loopback; empty means that agents sign in.
	GuestAgent string
	// Secure marks cookies for HTTPS alone and ties them to the host. It must be
	// set wherever the desk is reached over HTTPS.
	Secure bool
	// SessionLife is how long a sign-in lasts; 12 hours by default.
	SessionLife time.Duration
	// Poll is how often an open page asks the store for changes that nobody
	// announced, such as those of another replica; 2 s by default.
	Poll time.Duration
	// Now is the clock, time.Now by default. Its location is that of the times on
	// pages for browsers without scripts.
	Now func() time.Time
	// Logger defaults to discarding everything.
	Logger *slog.Logger
}

// Desk answers requests under /desk/.
type Desk struct {
	config   Config
	pages    *web.Pages
	attempts *attempts
	hashing  chan struct{}
	messages *ends
	turns    *ends
	recent   recent
	alerts   alerts
	handler  http.Handler

	endOnce sync.Once
	ended   chan struct{}
}

// New checks the configuration, fills the defaults and reads the templates.
func New(c Config) (*Desk, error) {
	switch {
	case c.Desk == nil:
		return nil, errors.New("desk: Desk is needed")
	case c.Agents == nil:
		return nil, errors.New("desk: Agents is needed")
	case c.SessionLife < 0 || c.Poll < 0 || c.MaxUpload < 0:
		return nil, errors.New("desk: SessionLife, Poll and MaxUpload can't be negative")
	}
	c.MaxUpload = cmp.Or(c.MaxUpload, 16<<20)
	c.SessionLife = cmp.Or(c.SessionLife, 12*time.Hour)
	c.Poll = cmp.Or(c.Poll, 2*time.Second)
	if c.Changes == nil {
		c.Changes = func() <-chan struct{} { return nil }
	}
	if c.Changed == nil {
		c.Changed = func() {}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	p, err := newPages(c.Secure)
	if err != nil {
		return nil, err
	}
	d := &Desk{
		config: c, pages: p, attempts: newAttempts(), hashing: make(chan struct{}, maxHashing),
		messages: newEnds(), turns: newEnds(), ended: make(chan struct{}),
	}
	d.handler = d.routes()
	return d, nil
}

// ServeHTTP answers one request. Mount it at "/desk/" without stripping the
// prefix.
func (d *Desk) ServeHTTP(w http.ResponseWriter, r *http.Request) { d.handler.ServeHTTP(w, r) }

// EndStreams ends the live streams of all open pages, now and from now on. They
// would keep http.Server.Shutdown waiting; hand this to RegisterOnShutdown.
func (d *Desk) EndStreams() { d.endOnce.Do(func() { close(d.ended) }) }

// routes is the desk at a glance.
func (d *Desk) routes() http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, h web.HandlerFunc) { mux.Handle(pattern, web.Handle(h, d.fail)) }
	handle("GET /desk/sign-in", d.signInPage)
	handle("POST /desk/sign-in", d.signIn)
	handle("POST /desk/sign-out", d.signOut)
	handle("GET /desk/{$}", d.signed(d.inbox))
	handle("GET /desk/handoffs/{id}", d.signed(d.handoffPage))
	handle("POST /desk/handoffs/{id}/{action}", d.signed(d.act))
	handle("GET /desk/handoffs/{id}/{action}", d.signed(d.backToHandoff))
	handle("POST /desk/handoffs/{id}/label", d.signed(d.say))
	handle("POST /desk/handoffs/{id}/react", d.signed(d.react))
	handle("GET /desk/handoffs/{id}/template", d.signed(d.templatePage))
	handle("POST /desk/handoffs/{id}/template", d.signed(d.sendTemplate))
	handle("GET /desk/conversations/{id}", d.signed(d.conversationPage))
	handle("POST /desk/conversations/{id}/take", d.signed(d.take))
	handle("POST /desk/conversations/{id}/agreement", d.signed(d.agree))
	handle("GET /desk/conversations/{id}/history", d.signed(d.historyPage))
	handle("POST /desk/conversations/{id}/messages/{message}/reveal", d.signed(d.reveal))
	handle("GET /desk/conversations/{id}/why", d.signed(d.whyPage))
	handle("POST /desk/conversations/{id}/why/revoke", d.signed(d.revoke))
	handle("GET /desk/audits", d.signed(d.auditsPage))
	handle("POST /desk/audits/{id}/label", d.signed(d.label))
	handle("GET /desk/channel", d.signed(d.channelPage))
	handle("POST /desk/channel/alerts/{id}/seen", d.signed(d.see))
	handle("GET /desk/files/{id}", d.signed(d.file))
	handle("GET /desk/events", d.signed(d.events))
	handle("GET /desk/static/{file}", d.static)
	handle("/desk/", func(http.ResponseWriter, *http.Request) error { return gateway.ErrNotFound })
	// A form that another site's page sends is refused by the browser's own word
	// on where it comes from; no token is needed.
	protect := http.NewCrossOriginProtection()
	protect.SetDenyHandler(web.Handle(
		func(http.ResponseWriter, *http.Request) error { return errCrossOrigin }, d.fail,
	))
	return web.SecurityHeaders(web.PagePolicy+"; media-src 'self'", d.pages.Choose(protect.Handler(mux)))
}
