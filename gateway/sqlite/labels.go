package sqlite

import (
	"context"
	"fmt"

	"github.com/recado/recado/gateway"
)

// PutLabels implements gateway.Labels.
func (s *Store) PutLabels(ctx context.Context, list []gateway.Label) error {
	err := s.write(ctx, func(t *tx) error {
		for i, l := range list {
			if err := l.Check(); err != nil {
				return err
			}
			found, turn, err := t.labelled(l)
			if err != nil {
				return err
			}
			if !found {
				return &gateway.UnknownLabelError{Place: i}
			}
			if err := t.putLabel(l, turn); err != nil {
				return err
			}
		}
		if len(list) == 0 {
			return nil
		}
		return t.show()
	})
	if err != nil {
		return fmt.Errorf("keep labels: %w", err)
	}
	return nil
}

// labelled finds what a label is about: found tells that it is there. The turn of a handoff
// may be missing, and is nil then.
func (t *tx) labelled(l gateway.Label) (found bool, turn any, err error) {
	if l.Kind != gateway.LabelAnswer {
		const query = `select 1 from handoffs where id = ? and conversation_id = ?`
		var one int
		if found, err = t.one(query, []any{l.HandoffID, l.ConversationID}, &one); err != nil || !found {
			return false, nil, err
		}
	}
	if l.TurnID == "" {
		return found, nil, nil
	}
	const query = `select n from turns where conversation_id = ? and json_extract(record, '$.id') = ?`
	var n int64
	known, err := t.one(query, []any{l.ConversationID, l.TurnID}, &n)
	if err != nil || !known {
		return found, nil, err
	}
	return true, n, nil
}

// putLabel writes a label in the place of an older one.
func (t *tx) putLabel(l gateway.Label, turn any) error {
	const query = `insert into labels (key, kind, turn, turn_id, handoff_id, conversation_id, agent, source, verdict, edited, flaw, chance, note, at)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		on conflict (key) do update set turn = excluded.turn, turn_id = excluded.turn_id,
			chance = iif(excluded.chance > 0, excluded.chance, chance),
			(source, verdict, edited, flaw, note, at) = (select source, verdict, edited, flaw, note, at where labels.at > excluded.at
				union all select excluded.source, excluded.verdict, excluded.edited, excluded.flaw, excluded.note, excluded.at limit 1)`
	err := t.exec(query, l.Key(), string(l.Kind), turn, l.TurnID, l.HandoffID, l.ConversationID, l.By, string(l.Source), string(l.Verdict),
		l.Edited, string(l.Flaw), l.Chance, l.Note, nanos(l.At))
	if err != nil {
		return fmt.Errorf("write a label: %w", err)
	}
	return nil
}

// putDraftLabel keeps what the first reply to a draft says of it.
func (t *tx) putDraftLabel(l *gateway.Label) error {
	if l == nil {
		return nil
	}
	var one int
	known, err := t.one(`select 1 from labels where handoff_id = ?1 and handoff_id <> '' and kind = 'draft' limit 1`, []any{l.HandoffID}, &one)
	if err != nil || known {
		return err
	}
	_, turn, err := t.labelled(*l)
	if err != nil {
		return err
	}
	return t.putLabel(*l, turn)
}

// DropLabel implements gateway.Labels.
func (s *Store) DropLabel(ctx context.Context, key string) error {
	err := s.write(ctx, func(t *tx) error {
		dropped, err := t.changed(`delete from labels where key = ?`, key)
		if err != nil {
			return err
		}
		if !dropped {
			return gateway.ErrNotFound
		}
		return t.show()
	})
	if err != nil {
		return fmt.Errorf("take a label back: %w", err)
	}
	return nil
}

// The lists of labels, by the index of each.
const (
	selectLabel = `select l.key, l.kind, l.turn_id, l.handoff_id, l.conversation_id, l.agent, l.source, l.verdict, l.edited, l.flaw, l.chance, l.note, l.at,
		t.record from labels l left join turns t on t.n = l.turn`
	labelsAll     = selectLabel + ` where (l.at, l.key) > (?1, ?2) and l.at >= ?3 order by l.at, l.key limit ?4`
	labelsHandoff = selectLabel + ` where l.handoff_id = ?5 and l.handoff_id <> '' and (l.at, l.key) > (?1, ?2) and l.at >= ?3 order by l.at, l.key limit ?4`
)

func scanLabel(r row) (l gateway.LabelView, err error) {
	var key string
	err = r.Scan(&key, &l.Kind, &l.TurnID, &l.HandoffID, &l.ConversationID, &l.By, &l.Source, &l.Verdict, &l.Edited, &l.Flaw, &l.Chance, &l.Note,
		moment{&l.At}, document{&l.Record})
	if l.Record.ID != "" {
		l.Record.ConversationID = l.ConversationID // the row moves when contacts are merged
	}
	return l, err
}

// Labels implements gateway.Labels.
func (s *Store) Labels(ctx context.Context, f gateway.LabelFilter, p gateway.Page) ([]gateway.LabelView, string, error) {
	name, query := "labels", labelsAll
	after := cursor{at: -1 << 62}
	if p.After != "" {
		var err error
		if after, err = parseCursor(name, p.After); err != nil {
			return nil, "", err
		}
	}
	since := int64(-1 << 62)
	if !f.Since.IsZero() {
		since = nanos(f.Since)
	}
	args := []any{after.at, after.id, since, limit(p) + 1}
	if f.HandoffID != "" {
		query, args = labelsHandoff, append(args, f.HandoffID)
	}
	var all []gateway.LabelView
	err := s.read(ctx, func(t *tx) (err error) {
		all, err = list(t, scanLabel, query, args...)
		return err
	})
	if err != nil {
		return nil, "", fmt.Errorf("list labels: %w", err)
	}
	all, next := page(name, all, limit(p), func(l gateway.LabelView) cursor { return cursor{at: nanos(l.At), id: l.Key()} })
	return all, next, nil
}
