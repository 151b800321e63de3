// Package desktest is a gateway.Desk, Agents, Files, Channel and Vault in memory, for
// the tests of what stands on them: the pages and the API.
//
// Actions go through gateway.Apply, so its rules are the real ones; lists page by
// a cursor that is a number of rows. Nothing is durable, nothing is fast, and
// nothing runs by itself: a test says what happens with Put, Say, Decided and
// Open.
package desktest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/recado/recado/gateway"
)

// Store is the fake. It is safe for concurrent use. Make it with New.
type Store struct {
	mu            sync.Mutex
	conversations map[string]gateway.Conversation
	messages      map[string][]gateway.MessageView
	turns         map[string][]gateway.Record
	handoffs      []gateway.Handoff
	agents        map[string]gateway.Agent
	sessions      map[string]gateway.Session
	files         map[string]gateway.File
	commands      map[string][]gateway.CommandView
	audits        []gateway.Audit
	labels        []gateway.LabelView
	alerts        []gateway.Alert
	templates     []gateway.Template
	revision      int64
	changed       chan struct{}
	agreements    map[string]gateway.Agreement
	failure       error
	listed        int
}

var (
	_ gateway.Desk    = (*Store)(nil)
	_ gateway.Agents  = (*Store)(nil)
	_ gateway.Files   = (*Store)(nil)
	_ gateway.Channel = (*Store)(nil)
	_ gateway.Audits  = (*Store)(nil)
	_ gateway.Labels  = (*Store)(nil)

	_ gateway.Agreements = (*Store)(nil)
)

// New makes an empty store.
func New() *Store {
	return &Store{
		conversations: map[string]gateway.Conversation{}, messages: map[string][]gateway.MessageView{},
		turns: map[string][]gateway.Record{}, agents: map[string]gateway.Agent{},
		sessions: map[string]gateway.Session{}, files: map[string]gateway.File{},
		commands: map[string][]gateway.CommandView{}, agreements: map[string]gateway.Agreement{}, changed: make(chan struct{}),
	}
}

// Fail makes every later call give the error, until it is called with nil.
func (s *Store) Fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failure = err
}

// Listed counts the pages of handoffs that were read.
func (s *Store) Listed() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.listed
}

// Changes gives a channel that is closed by the next change.
func (s *Store) Changes() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// bump notes a change; the lock is held.
func (s *Store) bump() {
	s.revision++
	close(s.changed)
	s.changed = make(chan struct{})
}

// Put adds or replaces a conversation.
func (s *Store) Put(c gateway.Conversation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conversations[c.ID] = c
	s.bump()
}

// Say appends a message to a conversation.
func (s *Store) Say(conversationID string, m gateway.MessageView) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages[conversationID] = append(s.messages[conversationID], m)
	s.bump()
}

// Decided appends a decision record.
func (s *Store) Decided(r gateway.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turns[r.ConversationID] = append(s.turns[r.ConversationID], r)
	s.bump()
}

// Open opens a handoff and queues its conversation.
func (s *Store) Open(h gateway.Handoff) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.handoffs = append(s.handoffs, h)
	c := s.conversations[h.ConversationID]
	c.Mode = gateway.ModeQueued
	s.conversations[c.ID] = c
	s.bump()
}

// Conversations implements gateway.Desk.
func (s *Store) Conversations(
	_ context.Context, f gateway.ConversationFilter, p gateway.Page,
) ([]gateway.Conversation, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := slices.Collect(maps.Values(s.conversations))
	list = slices.DeleteFunc(list, func(c gateway.Conversation) bool {
		who := strings.TrimPrefix(f.Contact, "+")
		return who != "" && who != c.Contact.Phone && who != c.Contact.UserID
	})
	slices.SortFunc(list, func(a, b gateway.Conversation) int {
		return cmp.Or(b.UpdatedAt.Compare(a.UpdatedAt), cmp.Compare(a.ID, b.ID))
	})
	return page(list, p, s.failure)
}

// Conversation implements gateway.Desk.
func (s *Store) Conversation(_ context.Context, id string) (gateway.Conversation, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.conversations[id]
	if !ok {
		return c, cmp.Or(s.failure, gateway.ErrNotFound)
	}
	return c, s.failure
}

// Messages implements gateway.Desk.
func (s *Store) Messages(_ context.Context, id string, p gateway.Page) ([]gateway.MessageView, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.conversations[id]; !ok {
		return nil, "", cmp.Or(s.failure, gateway.ErrNotFound)
	}
	return page(s.messages[id], p, s.failure)
}

// Turns implements gateway.Desk.
func (s *Store) Turns(_ context.Context, id string, p gateway.Page) ([]gateway.Record, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.conversations[id]; !ok {
		return nil, "", cmp.Or(s.failure, gateway.ErrNotFound)
	}
	return page(s.turns[id], p, s.failure)
}

// Handoffs implements gateway.Desk.
func (s *Store) Handoffs(
	_ context.Context, state gateway.HandoffState, p gateway.Page,
) ([]gateway.Handoff, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listed++
	list := slices.DeleteFunc(slices.Clone(s.handoffs), func(h gateway.Handoff) bool {
		return state != "" && h.State != state
	})
	slices.SortStableFunc(list, func(a, b gateway.Handoff) int { return a.CreatedAt.Compare(b.CreatedAt) })
	return page(list, p, s.failure)
}

// Handoff implements gateway.Desk.
func (s *Store) Handoff(_ context.Context, id string) (gateway.Handoff, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.find(id)
	if i < 0 {
		return gateway.Handoff{}, cmp.Or(s.failure, gateway.ErrNotFound)
	}
	return s.handoffs[i], s.failure
}

// find gives the place of a handoff, or -1; the lock is held.
func (s *Store) find(id string) int {
	return slices.IndexFunc(s.handoffs, func(h gateway.Handoff) bool { return h.ID == id })
}

// Act implements gateway.Desk. A reply shows up as a queued message.
func (s *Store) Act(_ context.Context, a gateway.Action) (gateway.Handoff, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failure != nil {
		return gateway.Handoff{}, s.failure
	}
	done, err := s.apply(a)
	if err != nil {
		return gateway.Handoff{}, fmt.Errorf("act on a handoff: %w", err)
	}
	if o := done.Outgoing; o != nil && slices.ContainsFunc(s.messages[o.ConversationID],
		func(m gateway.MessageView) bool { return m.ID == o.ID }) {
		return gateway.Handoff{}, errors.New("act on a handoff: a message of this id exists")
	}
	if i := s.find(done.Handoff.ID); i >= 0 {
		s.handoffs[i] = done.Handoff
	} else {
		s.handoffs = append(s.handoffs, done.Handoff)
	}
	s.conversations[done.Conversation.ID] = done.Conversation
	if o := done.Outgoing; o != nil {
		s.messages[o.ConversationID] = append(s.messages[o.ConversationID], s.view(o))
	}
	if l := done.Label; l != nil && !slices.ContainsFunc(s.labels, func(v gateway.LabelView) bool { return v.Kind == l.Kind && v.HandoffID == l.HandoffID }) {
		s.putLabel(*l)
	}
	s.bump()
	return done.Handoff, nil
}

// apply decides what an action does; the lock is held.
func (s *Store) apply(a gateway.Action) (gateway.Applied, error) {
	i := s.find(a.HandoffID)
	if a.Kind == gateway.ActionTake && a.ConversationID != "" {
		c, ok := s.conversations[a.ConversationID]
		if !ok {
			return gateway.Applied{}, gateway.ErrNotFound
		}
		i = slices.IndexFunc(s.handoffs, func(h gateway.Handoff) bool {
			return h.ConversationID == a.ConversationID && h.State.Open()
		})
		if i < 0 {
			//nolint:wrapcheck // Act wraps it
			return gateway.Take(c, a)
		}
	}
	if i < 0 {
		return gateway.Applied{}, gateway.ErrNotFound
	}
	//nolint:wrapcheck // Act wraps it
	return gateway.Apply(s.handoffs[i], s.conversations[s.handoffs[i].ConversationID], a)
}

// view is a message to a customer as people see it; the lock is held.
func (s *Store) view(o *gateway.Outgoing) gateway.MessageView {
	m := gateway.MessageView{
		ID: o.ID, Direction: "out", Author: o.Author, Agent: o.Agent, Type: string(o.Kind()), Text: o.Text,
		At: o.CreatedAt, Status: string(gateway.DeliveryQueued), Content: o.Content,
	}
	for _, other := range s.messages[o.ConversationID] {
		if o.QuoteID != "" && other.ProviderID == o.QuoteID {
			m.Quoted = &gateway.Quote{Author: other.Author, Type: other.Type, Text: other.Text}
		}
	}
	return m
}

// Revision implements gateway.Desk.
func (s *Store) Revision(context.Context) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.revision, s.failure
}

// PutAgent implements gateway.Agents.
func (s *Store) PutAgent(_ context.Context, a gateway.Agent) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.agents[a.Name] = a
	s.signOut(a.Name)
	return s.failure
}

// RemoveAgent implements gateway.Agents.
func (s *Store) RemoveAgent(_ context.Context, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.agents[name]; !ok {
		return cmp.Or(s.failure, gateway.ErrNotFound)
	}
	delete(s.agents, name)
	s.signOut(name)
	return s.failure
}

// signOut ends the sessions of an agent; the lock is held.
func (s *Store) signOut(name string) {
	maps.DeleteFunc(s.sessions, func(_ string, session gateway.Session) bool { return session.Agent == name })
}

// Agent implements gateway.Agents.
func (s *Store) Agent(_ context.Context, name string) (gateway.Agent, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.agents[name]
	if !ok {
		return a, cmp.Or(s.failure, gateway.ErrNotFound)
	}
	return a, s.failure
}

// PutSession implements gateway.Agents.
func (s *Store) PutSession(_ context.Context, session gateway.Session, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.sessions, func(_ string, old gateway.Session) bool { return !now.Before(old.ExpiresAt) })
	s.sessions[session.TokenHash] = session
	return s.failure
}

// Session implements gateway.Agents.
func (s *Store) Session(_ context.Context, hash string, now time.Time) (gateway.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	session, ok := s.sessions[hash]
	if !ok || !now.Before(session.ExpiresAt) {
		return gateway.Session{}, cmp.Or(s.failure, gateway.ErrNotFound)
	}
	return session, s.failure
}

// DropSession implements gateway.Agents.
func (s *Store) DropSession(_ context.Context, hash string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, hash)
	return s.failure
}

// page cuts one page out of a list.
func page[T any](list []T, p gateway.Page, failure error) ([]T, string, error) {
	if failure != nil {
		return nil, "", failure
	}
	from := 0
	if p.After != "" {
		n, err := strconv.Atoi(p.After)
		if err != nil || n < 0 || n > len(list) {
			return nil, "", fmt.Errorf("%w: not a cursor", gateway.ErrInvalid)
		}
		from = n
	}
	to := min(from+min(cmp.Or(p.Limit, 50), 200), len(list))
	next := ""
	if to < len(list) {
		next = strconv.Itoa(to)
	}
	return slices.Clone(list[from:to]), next, nil
}
