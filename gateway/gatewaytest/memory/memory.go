// Package memory is a store of the gateway without a database: the contract of
// gateway.Store in its plainest form, for tests that play far more than a database
// would take.
//
// A Place stands for the file or the server: it outlives the stores that are opened on
// it, as what was committed outlives a process that was killed. One lock is held during
// each call, so that a call takes effect as a whole. Nothing that goes in or comes out
// is shared with the caller where the caller could change it.
package memory

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/recado/recado/gateway"
)

// Place is where stores keep what they know. Its zero value is not ready: see New.
type Place struct {
	mu       sync.Mutex
	revision int64
	// events are all that were accepted, in order; filed counts those that were filed.
	events   []*event
	byKey    map[string]*event
	filed    int
	webhooks []*webhook
	// contacts are those that identities lead to, "" where they are nobody's any more.
	contacts      map[string]string
	agreements    map[string]gateway.Agreement
	conversations map[string]*conversation
	outgoing      []*outgoing
	early         map[string]early
	handoffs      []*gateway.Handoff
	turns         []*turn
	audits        []*audit
	labels        map[string]*gateway.Label
	commands      []*command
	files         []*file
	alerts        []*gateway.Alert
	templates     map[[2]string]gateway.Template
	agents        map[string]gateway.Agent
	sessions      map[string]gateway.Session
}

// New makes an empty place.
func New() *Place {
	return &Place{
		labels: map[string]*gateway.Label{},
		byKey:  map[string]*event{}, contacts: map[string]string{}, agreements: map[string]gateway.Agreement{}, conversations: map[string]*conversation{},
		early: map[string]early{}, templates: map[[2]string]gateway.Template{},
		agents: map[string]gateway.Agent{}, sessions: map[string]gateway.Session{},
	}
}

// Open opens a store on the place. Several may be open at once.
func (p *Place) Open() (gateway.Store, error) { return &Store{p: p}, nil }

// Store implements gateway.Store on a Place.
type Store struct {
	p      *Place
	closed atomic.Bool
}

var _ gateway.Store = (*Store)(nil)

// errClosed says that the store was closed.
var errClosed = errors.New("the store is closed")

// with runs a function that has the place for itself, and says what failed.
func (s *Store) with(ctx context.Context, what string, do func(*Place) error) error {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	err := ctx.Err()
	if err == nil && s.closed.Load() {
		err = errClosed
	}
	if err == nil {
		err = do(s.p)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// Ping implements gateway.Store.
func (s *Store) Ping(ctx context.Context) error {
	return s.with(ctx, "ping", func(*Place) error { return nil })
}

// Close implements gateway.Store. The place stays.
func (s *Store) Close() error {
	s.closed.Store(true)
	return nil
}

// show raises the revision: something changed that people can see.
func (p *Place) show() { p.revision++ }

// copied is a value of its own with all that a store keeps of another.
func copied[T any](v *T) *T {
	if v == nil {
		return nil
	}
	b, err := json.Marshal(v)
	if err != nil {
		return v // unreachable: all values of the gateway marshal
	}
	own := new(T)
	if err := json.Unmarshal(b, own); err != nil {
		return v // unreachable: what was marshaled is read again
	}
	return own
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// due is a moment at which something wants to be done, or none.
type due struct {
	is bool
	at time.Time
}

func dueAt(at time.Time) due { return due{true, at} }

// by tells whether the moment has come.
func (d due) by(now time.Time) bool { return d.is && !d.at.After(now) }

// before orders two moments.
func (d due) before(other due) bool { return d.at.Before(other.at) }
