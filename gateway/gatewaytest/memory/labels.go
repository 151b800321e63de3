package memory

import (
	"context"

	"github.com/recado/recado/gateway"
)

// PutLabels implements gateway.Labels.
func (s *Store) PutLabels(ctx context.Context, list []gateway.Label) error {
	return s.with(ctx, "keep labels", func(p *Place) error {
		for i, l := range list {
			if err := l.Check(); err != nil {
				return err
			}
			if !p.labelled(l) {
				return &gateway.UnknownLabelError{Place: i}
			}
		}
		for _, l := range list {
			p.putLabel(l)
		}
		if len(list) > 0 {
			p.show()
		}
		return nil
	})
}

// labelled tells whether what a label is about is there.
func (p *Place) labelled(l gateway.Label) bool {
	if l.Kind == gateway.LabelAnswer {
		return p.turnOf(l) != nil
	}
	return p.handoff(func(h *gateway.Handoff) bool { return h.ID == l.HandoffID && h.ConversationID == l.ConversationID }) != nil
}

// turnOf is the turn that a label is about, or nil.
func (p *Place) turnOf(l gateway.Label) *turn {
	for _, t := range p.turns {
		if t.ID == l.TurnID && t.conversation.ID == l.ConversationID {
			return t
		}
	}
	return nil
}

// putLabel writes a label in the place of an older one.
func (p *Place) putLabel(l gateway.Label) {
	before := p.labels[l.Key()]
	if before != nil {
		chance := l.Chance
		if before.At.After(l.At) {
			l = *before
		}
		if l.Chance = before.Chance; chance > 0 {
			l.Chance = chance
		}
	}
	p.labels[l.Key()] = &l
}

// putDraftLabel keeps what the first reply to a draft says of it.
func (p *Place) putDraftLabel(l *gateway.Label) {
	if l == nil {
		return
	}
	for _, other := range p.labels {
		if other.Kind == gateway.LabelDraft && other.HandoffID == l.HandoffID {
			return
		}
	}
	p.putLabel(*l)
}

// DropLabel implements gateway.Labels.
func (s *Store) DropLabel(ctx context.Context, key string) error {
	return s.with(ctx, "take a label back", func(p *Place) error {
		if p.labels[key] == nil {
			return gateway.ErrNotFound
		}
		delete(p.labels, key)
		p.show()
		return nil
	})
}

// Labels implements gateway.Labels.
func (s *Store) Labels(ctx context.Context, f gateway.LabelFilter, pg gateway.Page) (list []gateway.LabelView, next string, err error) {
	key := func(l *gateway.Label) string { return stamp(l.At, l.Key()) }
	err = s.with(ctx, "list labels", func(p *Place) (err error) {
		var all []*gateway.Label
		for _, l := range p.labels {
			if !l.At.Before(f.Since) && (f.HandoffID == "" || f.HandoffID == l.HandoffID) {
				all = append(all, l)
			}
		}
		all, next, err = page("labels", sorted(all, key), pg, key, rising(key))
		for _, l := range all {
			v := gateway.LabelView{Label: *l}
			if t := p.turnOf(*l); t != nil {
				v.Record = t.given()
			}
			list = append(list, v)
		}
		return err
	})
	return list, next, err
}
