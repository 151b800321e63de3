// Package api is the JSON API under /api/v1, for the programs of a shop: they
// read conversations, messages, files, decision records, commands and handoffs, act on
// handoffs as an agent would, say which answers were right, see what the channel tells of the account, bring orders, and take back what answers rest on.
//
// Each route is a row in one table (routes.go) with a handler that reads its
// parameters, asks the Desk, the OrderBook or another part, and gives a value or the
// bytes of a file; views.go and content.go have the shapes on the wire and errors.go
// the one table from errors to status codes.
// docs/api.md and docs/openapi.yaml describe it, and a test holds them together.
//
// Who has the token may do everything here. The package keeps no state and
// decides nothing: what an action may do is decided by gateway.Apply, what a message
// may hold by gateway.CheckContent, and what a template takes by gateway.CheckTemplate.
package api

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/internal/web"
)

const (
	// maxBody is the largest body of a request in bytes, except for files.
	maxBody = 5 << 20
	// defaultUpload is the largest file that is taken by default.
	defaultUpload = 16 << 20
)

// OrderBook keeps the shop's orders; gateway/orders is one.
type OrderBook interface {
	// Put adds or replaces orders, all of them or, with an error, none. An error
	// that is Config.ErrOrder says which document is wrong and why; its text is
	// shown to the caller.
	Put(ctx context.Context, docs []json.RawMessage) (int, error)
	// Find gives the orders of a phone number or a user id, newest first, as they
	// came.
	Find(ctx context.Context, contact string) ([]json.RawMessage, error)
}

// Config is what the API is made of. Desk and Orders are needed.
type Config struct {
	Desk   gateway.Desk
	Orders OrderBook
	// Files and Vault have what customers sent, and Vault keeps what callers bring to
	// be sent. Channel has the templates and the alerts, and Archive the webhooks.
	// What stands on one that is nil is answered with 404 and a sentence.
	Files   gateway.Files
	Vault   gateway.Vault
	Channel gateway.Channel
	Archive gateway.Archive
	// Library has the documents that answers rest on, and Evidence which answers do.
	Library  Library
	Evidence gateway.Evidence
	// Agreements has which customers let what they wrote be used to try changes.
	Agreements gateway.Agreements
	// Commands has what was done in the shop's system, and Audits the answers that were
	// picked for a look.
	Commands Commands
	Audits   gateway.Audits
	// Labels keeps what people say of answers, handoffs and drafts.
	Labels gateway.Labels
	// MaxUpload is the largest file that is taken to be sent, in bytes; 16 MB by
	// default.
	MaxUpload int64
	// Token is what callers send as "Authorization: Bearer <token>". Without one
	// every call is answered with 403.
	Token string
	// ErrOrder is what OrderBook.Put's errors are (by errors.Is) when a document is
	// wrong; gateway.ErrInvalid by default.
	ErrOrder error
	// Now is the clock, time.Now by default.
	Now func() time.Time
	// Logger defaults to discarding everything.
	Logger *slog.Logger
	// Changed is called after an action has changed something, so that workers
	// look for work at once. By default nothing is called.
	Changed func()
}

// API answers requests under /api/v1/.
type API struct {
	Config
	handler http.Handler
}

// New checks the configuration and fills the defaults.
func New(c Config) (*API, error) {
	switch {
	case c.Desk == nil:
		return nil, errors.New("api: Desk is needed")
	case c.Orders == nil:
		return nil, errors.New("api: Orders is needed")
	case c.MaxUpload < 0:
		return nil, errors.New("api: MaxUpload is negative")
	}
	if c.MaxUpload == 0 {
		c.MaxUpload = defaultUpload
	}
	if c.ErrOrder == nil {
		c.ErrOrder = gateway.ErrInvalid
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Changed == nil {
		c.Changed = func() {}
	}
	a := &API{Config: c}
	a.handler = web.SecurityHeaders("", a.admit(a.mux()))
	return a, nil
}

// ServeHTTP answers one request. Mount it at "/api/v1/" without stripping the
// prefix.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.handler.ServeHTTP(w, r) }

// admit lets only callers with the token through, and keeps answers out of
// caches. It comes before the routes, so that without a token nothing is learned
// about them.
func (a *API) admit(next http.Handler) http.Handler {
	want := sha256.Sum256([]byte(a.Token))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		if a.Token == "" {
			a.fail(w, r, errNoToken)
			return
		}
		scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		// Hashes are compared, so that the time tells nothing of the token's length.
		got := sha256.Sum256([]byte(strings.TrimSpace(token)))
		if !strings.EqualFold(scheme, "Bearer") || subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
			w.Header().Set("WWW-Authenticate", `Bearer realm="recado"`)
			a.fail(w, r, errUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}
