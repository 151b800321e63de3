package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/recado/recado/gateway"
)

// putLabel writes a label in the place of an older one, where what it is about is there.
const putLabel = `
insert into gateway_labels (key, kind, turn_id, handoff_id, conversation_id, agent, source, verdict, edited, flaw, chance, note, at)
select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13
where exists (select from gateway_turns where id = $3 and conversation_id = $5 and $2 = 'answer'
	union all select from gateway_handoffs where id = $4 and conversation_id = $5 and $2 <> 'answer')
on conflict (key) do update set turn_id = excluded.turn_id,
	chance = case when excluded.chance > 0 then excluded.chance else gateway_labels.chance end,
	(source, verdict, edited, flaw, note, at) = (select n.source, n.verdict, n.edited, n.flaw, n.note, n.at from (values
		(excluded.source, excluded.verdict, excluded.edited, excluded.flaw, excluded.note, excluded.at, 1),
		(gateway_labels.source, gateway_labels.verdict, gateway_labels.edited, gateway_labels.flaw, gateway_labels.note, gateway_labels.at, 0)
	) n (source, verdict, edited, flaw, note, at, newer) order by n.at desc, n.newer desc limit 1)`

func labelArgs(l gateway.Label) []any {
	return []any{
		l.Key(), string(l.Kind), escape(l.TurnID), escape(l.HandoffID), escape(l.ConversationID), escape(l.By), string(l.Source),
		string(l.Verdict), l.Edited, string(l.Flaw), l.Chance, escape(l.Note), present(l.At),
	}
}

// PutLabels implements gateway.Labels.
func (s *Store) PutLabels(ctx context.Context, list []gateway.Label) error {
	err := s.transact(ctx, func(tx pgx.Tx) error {
		for i, l := range list {
			if err := l.Check(); err != nil {
				return err
			}
			done, err := tx.Exec(ctx, putLabel, labelArgs(l)...)
			if err != nil {
				return err
			}
			if done.RowsAffected() == 0 {
				return &gateway.UnknownLabelError{Place: i}
			}
		}
		if len(list) == 0 {
			return nil
		}
		_, err := tx.Exec(ctx, bump)
		return err
	})
	if err != nil {
		return fmt.Errorf("keep labels: %w", err)
	}
	return nil
}

// queueDraftLabel keeps what the first reply to a draft says of it.
func queueDraftLabel(batch *pgx.Batch, l *gateway.Label) {
	if l == nil {
		return
	}
	batch.Queue(`
insert into gateway_labels (key, kind, turn_id, handoff_id, conversation_id, agent, source, verdict, edited, flaw, chance, note, at)
select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13
where not exists (select from gateway_labels where handoff_id = $4 and handoff_id <> '' and kind = 'draft')
on conflict do nothing`, labelArgs(*l)...)
}

// DropLabel implements gateway.Labels.
func (s *Store) DropLabel(ctx context.Context, key string) error {
	var dropped bool
	const query = `
with gone as (
	delete from gateway_labels where key = $1 returning key
), seen as (
	update gateway_revision set n = n + 1 where shard = pg_backend_pid() % 64 and exists (select from gone)
)
select exists (select from gone)`
	err := persist(func() error { return s.pool.QueryRow(ctx, query, escape(key)).Scan(&dropped) })
	if err == nil && !dropped {
		err = gateway.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("take a label back: %w", err)
	}
	return nil
}

const selectLabel = `
select l.kind, l.turn_id, l.handoff_id, l.conversation_id, l.agent, l.source, l.verdict, l.edited, l.flaw, l.chance, l.note, l.at, t.record
from gateway_labels l left join gateway_turns t on t.id = l.turn_id and t.conversation_id = l.conversation_id
where ($1::timestamptz is null or (l.at, l.key) > ($1, $2)) and ($3::timestamptz is null or l.at >= $3)`

// The lists of labels, by the index of each.
const (
	labelsAll     = selectLabel + ` order by l.at, l.key limit $4`
	labelsHandoff = selectLabel + ` and l.handoff_id = $5 and l.handoff_id <> '' order by l.at, l.key limit $4`
)

func scanLabel(row pgx.CollectableRow) (l gateway.LabelView, err error) {
	var record *gateway.Record
	err = row.Scan(scan(&l.Kind), scan(&l.TurnID), scan(&l.HandoffID), scan(&l.ConversationID), scan(&l.By), scan(&l.Source), scan(&l.Verdict),
		&l.Edited, scan(&l.Flaw), &l.Chance, scan(&l.Note), when(&l.At), &record)
	if record != nil {
		l.Record = *record
		l.Record.ConversationID = l.ConversationID // contacts that were merged since have another
	}
	return l, err
}

// Labels implements gateway.Labels.
func (s *Store) Labels(ctx context.Context, f gateway.LabelFilter, p gateway.Page) ([]gateway.LabelView, string, error) {
	after, err := cursorOf(listLabels, p.After)
	if err != nil {
		return nil, "", fmt.Errorf("list labels: %w", err)
	}
	at, key := after.args()
	query, args := labelsAll, []any{at, key, stamp(f.Since), rows(p) + 1}
	if f.HandoffID != "" {
		query, args = labelsHandoff, append(args, escape(f.HandoffID))
	}
	found, err := s.pool.Query(ctx, query, args...)
	if err != nil {
		return nil, "", fmt.Errorf("list labels: %w", err)
	}
	list, err := pgx.CollectRows(found, scanLabel)
	if err != nil {
		return nil, "", fmt.Errorf("list labels: %w", err)
	}
	list, next := cut(list, p, listLabels, func(l gateway.LabelView) cursor { return cursor{l.At, l.Key()} })
	return list, next, nil
}
