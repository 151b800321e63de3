package desktest

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/recado/recado/gateway"
)

// Order adds a command to its conversation, as it is then.
func (s *Store) Order(v gateway.CommandView) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := v.Command.ConversationID
	s.commands[id] = append(s.commands[id], v)
	s.bump()
}

// Commands gives the commands of a conversation, oldest first, as gateway.Commands does.
func (s *Store) Commands(_ context.Context, conversationID string) ([]gateway.CommandView, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.conversations[conversationID]; !ok {
		return nil, cmp.Or(s.failure, gateway.ErrNotFound)
	}
	return slices.Clone(s.commands[conversationID]), s.failure
}

// Pick adds an answered turn that is to be looked at.
func (s *Store) Pick(a gateway.Audit) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.audits = append(s.audits, a)
	s.bump()
}

// Audits implements gateway.Audits.
func (s *Store) Audits(_ context.Context, done bool, p gateway.Page) ([]gateway.Audit, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := slices.DeleteFunc(slices.Clone(s.audits), func(a gateway.Audit) bool { return a.Labelled != done })
	return page(list, p, s.failure)
}

// Label implements gateway.Audits.
func (s *Store) Label(_ context.Context, turnID, agent string, right bool, at time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.audits, func(a gateway.Audit) bool { return a.TurnID == turnID })
	if i < 0 || s.failure != nil {
		return cmp.Or(s.failure, gateway.ErrNotFound)
	}
	a := &s.audits[i]
	a.Labelled, a.Right, a.Agent, a.LabelledAt = true, right, agent, at
	s.bump()
	return nil
}

// Agreement implements gateway.Agreements.
func (s *Store) Agreement(_ context.Context, conversationID string) (gateway.Agreement, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.conversations[conversationID]
	if !ok {
		return gateway.Agreement{}, cmp.Or(s.failure, gateway.ErrNotFound)
	}
	return s.agreements[c.ContactID], s.failure
}

// Agree implements gateway.Agreements.
func (s *Store) Agree(_ context.Context, conversationID string, a gateway.Agreement) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.conversations[conversationID]
	switch {
	case s.failure != nil:
		return s.failure
	case !a.Consent.Valid():
		return gateway.ErrInvalid
	case !ok:
		return gateway.ErrNotFound
	}
	s.agreements[c.ContactID] = a
	s.bump()
	return nil
}
