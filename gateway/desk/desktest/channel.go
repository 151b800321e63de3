package desktest

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/recado/recado/gateway"
)

// Raise implements gateway.Channel. An alert without an id gets one.
func (s *Store) Raise(_ context.Context, a gateway.Alert) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failure != nil {
		return s.failure
	}
	for i, old := range slices.Backward(s.alerts) {
		if old.Kind != a.Kind || old.Subject != a.Subject {
			continue
		}
		if old.State != a.State || old.Level != a.Level {
			break
		}
		old.At = a.At
		if a.At.Sub(old.SeenAt) > 24*time.Hour {
			old.SeenBy, old.SeenAt = "", time.Time{}
		}
		s.alerts = append(slices.Delete(s.alerts, i, i+1), old)
		return nil
	}
	a.ID = cmp.Or(a.ID, gateway.NewID())
	s.alerts = append(s.alerts, a)
	return nil
}

// Alerts implements gateway.Channel.
func (s *Store) Alerts(_ context.Context, p gateway.Page) ([]gateway.Alert, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := slices.Clone(s.alerts)
	slices.Reverse(list)
	slices.SortStableFunc(list, func(a, b gateway.Alert) int { return b.At.Compare(a.At) })
	return page(list, p, s.failure)
}

// SeeAlert implements gateway.Channel.
func (s *Store) SeeAlert(_ context.Context, id, agent string, at time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.alerts, func(a gateway.Alert) bool { return a.ID == id })
	if i < 0 || s.failure != nil {
		return cmp.Or(s.failure, gateway.ErrNotFound)
	}
	if s.alerts[i].SeenBy == "" {
		s.alerts[i].SeenBy, s.alerts[i].SeenAt = agent, at
	}
	return nil
}

// PutTemplates implements gateway.Channel.
func (s *Store) PutTemplates(_ context.Context, list []gateway.Template) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.templates = slices.Clone(list)
	return s.failure
}

// Templates implements gateway.Channel.
func (s *Store) Templates(context.Context) ([]gateway.Template, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := slices.Clone(s.templates)
	slices.SortFunc(list, func(a, b gateway.Template) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Language, b.Language))
	})
	return list, s.failure
}
