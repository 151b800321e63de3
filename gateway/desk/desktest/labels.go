package desktest

import (
	"cmp"
	"context"
	"slices"

	"github.com/recado/recado/gateway"
)

// PutLabels implements gateway.Labels.
func (s *Store) PutLabels(_ context.Context, list []gateway.Label) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, l := range list {
		if err := l.Check(); err != nil {
			return cmp.Or(s.failure, err) //nolint:wrapcheck // callers wrap it
		}
		known := s.record(l) != nil
		if l.Kind != gateway.LabelAnswer {
			h := s.find(l.HandoffID)
			known = h >= 0 && s.handoffs[h].ConversationID == l.ConversationID
		}
		if !known || s.failure != nil {
			return cmp.Or(s.failure, error(&gateway.UnknownLabelError{Place: i}))
		}
	}
	for _, l := range list {
		s.putLabel(l)
	}
	s.bump()
	return nil
}

// record is the one of the turn that a label is about, or nil; the lock is held.
func (s *Store) record(l gateway.Label) *gateway.Record {
	turns := s.turns[l.ConversationID]
	if i := slices.IndexFunc(turns, func(r gateway.Record) bool { return r.ID == l.TurnID }); i >= 0 {
		return &turns[i]
	}
	return nil
}

// putLabel writes a label in the place of the one before; the lock is held.
func (s *Store) putLabel(l gateway.Label) {
	s.labels = slices.DeleteFunc(s.labels, func(v gateway.LabelView) bool { return v.Key() == l.Key() })
	v := gateway.LabelView{Label: l}
	if r := s.record(l); r != nil {
		v.Record = *r
	}
	s.labels = append(s.labels, v)
}

// DropLabel implements gateway.Labels.
func (s *Store) DropLabel(_ context.Context, key string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.labels, func(v gateway.LabelView) bool { return v.Key() == key })
	if i < 0 || s.failure != nil {
		return cmp.Or(s.failure, gateway.ErrNotFound)
	}
	s.labels = slices.Delete(s.labels, i, i+1)
	s.bump()
	return nil
}

// Labels implements gateway.Labels.
func (s *Store) Labels(_ context.Context, f gateway.LabelFilter, p gateway.Page) ([]gateway.LabelView, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := slices.DeleteFunc(slices.Clone(s.labels), func(v gateway.LabelView) bool {
		return v.At.Before(f.Since) || f.HandoffID != "" && v.HandoffID != f.HandoffID
	})
	slices.SortStableFunc(list, func(a, b gateway.LabelView) int { return a.At.Compare(b.At) })
	return page(list, p, s.failure)
}
