package memory

import (
	"context"
	"slices"
	"time"

	"github.com/recado/recado/gateway"
)

// Past implements gateway.History.
func (s *Store) Past(ctx context.Context, since time.Time, pg gateway.Page) (list []gateway.PastConversation, next string, err error) {
	key := func(c gateway.PastConversation) string { return stamp(c.UpdatedAt, c.ID) }
	err = s.with(ctx, "list past conversations", func(p *Place) (err error) {
		for _, c := range p.conversations {
			if !c.UpdatedAt.Before(since) {
				list = append(list, gateway.PastConversation{Conversation: c.given(), Agreement: p.agreements[c.ContactID]})
			}
		}
		list, next, err = page("past", sorted(list, key), pg, key, rising(key))
		return err
	})
	return list, next, err
}

// Heard implements gateway.History.
func (s *Store) Heard(ctx context.Context, conversationID string, pg gateway.Page) (list []gateway.Event, next string, err error) {
	key := func(e *event) string { return stamp(e.ReceivedAt, number(e.seq)) }
	err = s.with(ctx, "list what was heard", func(p *Place) error {
		c, err := p.find(conversationID)
		if err != nil {
			return err
		}
		var all []*event
		for _, e := range p.events {
			if e.conversation == c && (e.Kind == gateway.EventMessage || e.Kind == gateway.EventEcho) {
				all = append(all, e)
			}
		}
		all, next, err = page("heard", sorted(all, key), pg, key, rising(key))
		for _, e := range all {
			heard := e.Event
			heard.Message, heard.Raw = p.complete(e), nil
			list = append(list, heard)
		}
		return err
	})
	return list, next, err
}

// TurnsNamed implements gateway.History.
func (s *Store) TurnsNamed(ctx context.Context, ids []string) (list []gateway.Record, err error) {
	err = s.with(ctx, "look for turns", func(p *Place) error {
		for _, t := range p.turns {
			if slices.Contains(ids, t.ID) {
				list = append(list, t.given())
			}
		}
		return nil
	})
	return list, err
}

// Agreement implements gateway.Agreements.
func (s *Store) Agreement(ctx context.Context, conversationID string) (a gateway.Agreement, err error) {
	err = s.with(ctx, "read an agreement", func(p *Place) error {
		c, err := p.find(conversationID)
		if err == nil {
			a = p.agreements[c.ContactID]
		}
		return err
	})
	return a, err
}

// Agree implements gateway.Agreements.
func (s *Store) Agree(ctx context.Context, conversationID string, a gateway.Agreement) error {
	return s.with(ctx, "note an agreement", func(p *Place) error {
		if !a.Consent.Valid() {
			return gateway.ErrInvalid
		}
		c, err := p.find(conversationID)
		if err != nil {
			return err
		}
		p.agreements[c.ContactID] = a
		p.show()
		return nil
	})
}

// joinAgreements gives what one contact agreed to to the one that they became.
func (p *Place) joinAgreements(from, into string) {
	if given, noted := p.agreements[from]; noted {
		p.agreements[into] = given.Stricter(p.agreements[into])
		delete(p.agreements, from)
	}
}
