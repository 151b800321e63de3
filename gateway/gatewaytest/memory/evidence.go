package memory

import (
	"context"
	"slices"
	"time"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/rag"
)

// Rested implements gateway.Evidence.
func (s *Store) Rested(ctx context.Context, on []gateway.Basis, pg gateway.Page) (list []gateway.RestedAnswer, next string, err error) {
	key := func(t *turn) string { return number(t.n) }
	err = s.with(ctx, "list answers", func(p *Place) (err error) {
		var all []*turn
		for _, t := range p.turns {
			if len(t.rests(on)) > 0 {
				all = append(all, t)
			}
		}
		all, next, err = page("rested", newest(all, key), pg, key, falling(key))
		for _, t := range all {
			list = append(list, gateway.RestedAnswer{
				TurnID: t.ID, ConversationID: t.conversation.ID, Contact: t.conversation.Contact, Name: t.conversation.Name,
				At: t.At, Question: t.Asked(), Reply: t.Reply, Passages: t.rests(on),
			})
		}
		return err
	})
	return list, next, err
}

// rests gives the passages in question that the turn cites.
func (t *turn) rests(on []gateway.Basis) (ids []string) {
	for _, passage := range t.Cited() {
		if slices.ContainsFunc(on, func(b gateway.Basis) bool { return about(b, passage) }) && !slices.Contains(ids, passage.ID) {
			ids = append(ids, passage.ID)
		}
	}
	slices.Sort(ids)
	return ids
}

// about tells whether a basis names a passage.
func about(b gateway.Basis, passage rag.Passage) bool {
	switch {
	case b.TextHash != "" && b.TextHash == passage.TextHash():
		return true
	case b.DocumentID != passage.DocumentID:
		return false
	case passage.Hash == "":
		return b.Hash == "" || b.ChunkID == passage.ID
	}
	return b.Hash == passage.Hash
}

// Unanswered implements gateway.Evidence.
func (s *Store) Unanswered(ctx context.Context, since time.Time, pg gateway.Page) (list []gateway.Unanswered, next string, err error) {
	key := func(t *turn) string { return number(t.n) }
	err = s.with(ctx, "list unanswered questions", func(p *Place) (err error) {
		var all []*turn
		for _, t := range p.turns {
			if t.Open() && !t.At.Before(since) {
				all = append(all, t)
			}
		}
		all, next, err = page("unanswered", newest(all, key), pg, key, falling(key))
		for _, t := range all {
			r := t.given()
			list = append(list, r.Unanswered())
		}
		return err
	})
	return list, next, err
}

// audit is a turn that was picked for a look, with that turn.
type audit struct {
	gateway.Audit
	turn *turn
}

// given is an audit as callers get it.
func (a *audit) given() gateway.Audit {
	own := a.Audit
	own.TurnID, own.ConversationID, own.At, own.Record = a.turn.ID, a.turn.conversation.ID, a.turn.At, a.turn.given()
	return own
}

// Audits implements gateway.Audits.
func (s *Store) Audits(ctx context.Context, done bool, pg gateway.Page) (list []gateway.Audit, next string, err error) {
	name, key := "audits", func(a *audit) string { return stamp(a.turn.At, number(a.turn.n)) }
	if done {
		name = "labelled"
	}
	err = s.with(ctx, "list audits", func(p *Place) (err error) {
		var all []*audit
		for _, a := range p.audits {
			if a.Labelled == done {
				all = append(all, a)
			}
		}
		all, next, err = page(name, sorted(all, key), pg, key, rising(key))
		for _, a := range all {
			list = append(list, a.given())
		}
		return err
	})
	return list, next, err
}

// Label implements gateway.Audits.
func (s *Store) Label(ctx context.Context, turnID, agent string, right bool, at time.Time) error {
	return s.with(ctx, "label a turn", func(p *Place) error {
		for _, a := range p.audits {
			if a.turn.ID == turnID {
				a.Labelled, a.Right, a.Agent, a.LabelledAt = true, right, agent, at
				p.putLabel(gateway.AuditLabel(a.given(), agent, right, at))
				p.show()
				return nil
			}
		}
		return gateway.ErrNotFound
	})
}
