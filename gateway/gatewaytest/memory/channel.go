package memory

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/recado/recado/gateway"
)

// seenFor is how long an alert that somebody has seen may repeat itself unseen.
const seenFor = 24 * time.Hour

// purgeBatch is how many webhooks one Purge drops.
const purgeBatch = 1000

// Raise implements gateway.Channel.
func (s *Store) Raise(ctx context.Context, a gateway.Alert) error {
	return s.with(ctx, "raise an alert", func(p *Place) error {
		p.raise(a)
		p.show()
		return nil
	})
}

func alertKey(a *gateway.Alert) string { return stamp(a.At, a.ID) }

// raise keeps an alert, or what it repeats of the newest of its matter, and takes over
// what it says of a template. What is older than the newest says nothing of how the
// matter stands.
func (p *Place) raise(a gateway.Alert) {
	var before *gateway.Alert
	for _, other := range p.alerts {
		if other.Kind == a.Kind && other.Subject == a.Subject && (before == nil || alertKey(other) > alertKey(before)) {
			before = other
		}
	}
	stands := before == nil || !a.At.Before(before.At)
	if before != nil && before.State == a.State && before.Level == a.Level {
		if !before.SeenAt.IsZero() && a.At.Sub(before.SeenAt) > seenFor {
			before.SeenBy, before.SeenAt = "", time.Time{}
		}
		before.At = later(before.At, a.At)
	} else {
		kept := a
		kept.ID, kept.Template = cmp.Or(a.ID, gateway.NewID()), copied(a.Template)
		p.alerts = append(p.alerts, &kept)
	}
	if a.Template != nil && stands {
		p.changeTemplates(*a.Template)
	}
}

// fileAlert raises the alert that an event brought.
func (p *Place) fileAlert(e *event) {
	a := *e.Alert
	if a.At.IsZero() {
		a.At = e.At
	}
	p.raise(a)
}

// changeTemplates takes over what an alert says of templates that there are.
func (p *Place) changeTemplates(change gateway.Template) {
	for key, v := range p.templates {
		if v.Name == change.Name && (change.Language == "" || v.Language == change.Language) {
			v.Status, v.Quality = cmp.Or(change.Status, v.Status), cmp.Or(change.Quality, v.Quality)
			v.Category = cmp.Or(change.Category, v.Category)
			p.templates[key] = v
		}
	}
}

// Alerts implements gateway.Channel.
func (s *Store) Alerts(ctx context.Context, pg gateway.Page) (list []gateway.Alert, next string, err error) {
	err = s.with(ctx, "list alerts", func(p *Place) error {
		all, after, err := page("alerts", newest(slices.Clone(p.alerts), alertKey), pg, alertKey, falling(alertKey))
		for _, a := range all {
			given := *a
			given.Template = copied(a.Template)
			list = append(list, given)
		}
		next = after
		return err
	})
	return list, next, err
}

// SeeAlert implements gateway.Channel.
func (s *Store) SeeAlert(ctx context.Context, id, agent string, at time.Time) error {
	return s.with(ctx, "see an alert", func(p *Place) error {
		i := slices.IndexFunc(p.alerts, func(a *gateway.Alert) bool { return a.ID == id })
		if i < 0 {
			return gateway.ErrNotFound
		}
		if a := p.alerts[i]; a.SeenBy == "" && a.SeenAt.IsZero() {
			a.SeenBy, a.SeenAt = agent, at
			p.show()
		}
		return nil
	})
}

// PutTemplates implements gateway.Channel.
func (s *Store) PutTemplates(ctx context.Context, list []gateway.Template) error {
	return s.with(ctx, "put templates", func(p *Place) error {
		clear(p.templates)
		for _, v := range list {
			p.templates[[2]string{v.Name, v.Language}] = *copied(&v)
		}
		p.show()
		return nil
	})
}

// Templates implements gateway.Channel.
func (s *Store) Templates(ctx context.Context) (list []gateway.Template, err error) {
	err = s.with(ctx, "list templates", func(p *Place) error {
		for _, v := range p.templates {
			list = append(list, *copied(&v))
		}
		slices.SortFunc(list, func(a, b gateway.Template) int {
			return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Language, b.Language))
		})
		return nil
	})
	return list, err
}

// webhook is the body that events came in.
type webhook struct {
	body     []byte
	received time.Time
}

// keep keeps the webhook of an event, once for all of its events.
func (p *Place) keep(e gateway.Event, kept map[string]*webhook) *webhook {
	if len(e.Body) == 0 {
		return nil
	}
	hook := kept[string(e.Body)]
	if hook == nil {
		hook = &webhook{slices.Clone(e.Body), e.ReceivedAt}
		kept[string(e.Body)] = hook
		p.webhooks = append(p.webhooks, hook)
	}
	return hook
}

// Webhook implements gateway.Archive.
func (s *Store) Webhook(ctx context.Context, messageID string) (body []byte, err error) {
	err = s.with(ctx, "read a webhook", func(p *Place) error {
		digits, is := strings.CutPrefix(messageID, "in-")
		n, failed := strconv.Atoi(digits)
		if !is || failed != nil || strconv.Itoa(n) != digits || n < 1 || n > len(p.events) {
			return gateway.ErrNotFound
		}
		e := p.events[n-1]
		if e.conversation == nil || e.hook == nil {
			return gateway.ErrNotFound
		}
		body = slices.Clone(e.hook.body)
		return nil
	})
	return body, err
}

// Purge implements gateway.Archive. It drops bodies first, and when there are no more of
// them all Raw.
func (s *Store) Purge(ctx context.Context, before time.Time) (n int, err error) {
	err = s.with(ctx, "purge webhooks", func(p *Place) error {
		dropped := map[*webhook]bool{}
		p.webhooks = slices.DeleteFunc(p.webhooks, func(w *webhook) bool {
			drop := w.received.Before(before) && len(dropped) < purgeBatch
			if drop {
				dropped[w] = true
			}
			return drop
		})
		n = len(dropped)
		for _, e := range p.events {
			if dropped[e.hook] {
				e.hook, e.Raw = nil, nil
			}
			if n < purgeBatch && e.ReceivedAt.Before(before) {
				e.Raw = nil
			}
		}
		p.show()
		return nil
	})
	return n, err
}

// PutAgent implements gateway.Agents.
func (s *Store) PutAgent(ctx context.Context, a gateway.Agent) error {
	return s.with(ctx, "put an agent", func(p *Place) error {
		p.agents[a.Name] = a
		p.signOut(a.Name)
		return nil
	})
}

// RemoveAgent implements gateway.Agents.
func (s *Store) RemoveAgent(ctx context.Context, name string) error {
	return s.with(ctx, "remove an agent", func(p *Place) error {
		if _, found := p.agents[name]; !found {
			return gateway.ErrNotFound
		}
		delete(p.agents, name)
		p.signOut(name)
		return nil
	})
}

// signOut ends the sessions of an agent.
func (p *Place) signOut(name string) {
	for hash, session := range p.sessions {
		if session.Agent == name {
			delete(p.sessions, hash)
		}
	}
}

// Agent implements gateway.Agents.
func (s *Store) Agent(ctx context.Context, name string) (a gateway.Agent, err error) {
	err = s.with(ctx, "read an agent", func(p *Place) error {
		var found bool
		if a, found = p.agents[name]; !found {
			return gateway.ErrNotFound
		}
		return nil
	})
	return a, err
}

// PutSession implements gateway.Agents.
func (s *Store) PutSession(ctx context.Context, session gateway.Session, now time.Time) error {
	return s.with(ctx, "put a session", func(p *Place) error {
		for hash, old := range p.sessions {
			if !old.ExpiresAt.After(now) {
				delete(p.sessions, hash)
			}
		}
		p.sessions[session.TokenHash] = session
		return nil
	})
}

// Session implements gateway.Agents.
func (s *Store) Session(ctx context.Context, tokenHash string, now time.Time) (session gateway.Session, err error) {
	err = s.with(ctx, "read a session", func(p *Place) error {
		kept, found := p.sessions[tokenHash]
		if !found || !kept.ExpiresAt.After(now) {
			return gateway.ErrNotFound
		}
		session = kept
		return nil
	})
	return session, err
}

// DropSession implements gateway.Agents.
func (s *Store) DropSession(ctx context.Context, tokenHash string) error {
	return s.with(ctx, "drop a session", func(p *Place) error {
		delete(p.sessions, tokenHash)
		return nil
	})
}
