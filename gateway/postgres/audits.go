package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/recado/recado/gateway"
)

// queueAudit notes in a batch that a turn, whose record goes before, is to be looked at.
func queueAudit(batch *pgx.Batch, a gateway.Audit, r gateway.Record) {
	batch.Queue(`insert into gateway_audits (turn_id, chance, calibration, at)
		select id, $2, $3, at from gateway_turns where id = $1 on conflict do nothing`, escape(r.ID), a.Chance, escape(a.Calibration))
}

const selectAudit = `
select a.turn_id, t.conversation_id, a.chance, a.calibration, a.at, a.labelled_at, a.is_right, a.agent, t.record
from gateway_audits a join gateway_turns t on t.id = a.turn_id
where ($1::timestamptz is null or (a.at, a.turn_id) > ($1, $2)) and a.labelled_at `

// The two lists of audits, by the index of each.
const (
	auditsOpen = selectAudit + `is null order by a.at, a.turn_id limit $3`
	auditsDone = selectAudit + `is not null order by a.at, a.turn_id limit $3`
)

func scanAudit(row pgx.CollectableRow) (gateway.Audit, error) {
	var a gateway.Audit
	err := row.Scan(scan(&a.TurnID), scan(&a.ConversationID), &a.Chance, scan(&a.Calibration), when(&a.At), when(&a.LabelledAt), &a.Right,
		scan(&a.Agent), &a.Record)
	a.Labelled = !a.LabelledAt.IsZero()
	a.Record.ConversationID = a.ConversationID // contacts that were merged since have another
	return a, err
}

// Audits implements gateway.Audits.
func (s *Store) Audits(ctx context.Context, done bool, p gateway.Page) ([]gateway.Audit, string, error) {
	query, kind := auditsOpen, listAudits
	if done {
		query, kind = auditsDone, listLabelled
	}
	after, err := cursorOf(kind, p.After)
	if err != nil {
		return nil, "", fmt.Errorf("list audits: %w", err)
	}
	at, id := after.args()
	found, err := s.pool.Query(ctx, query, at, id, rows(p)+1)
	if err != nil {
		return nil, "", fmt.Errorf("list audits: %w", err)
	}
	list, err := pgx.CollectRows(found, scanAudit)
	if err != nil {
		return nil, "", fmt.Errorf("list audits: %w", err)
	}
	list, next := cut(list, p, kind, func(a gateway.Audit) cursor { return cursor{a.At, a.TurnID} })
	return list, next, nil
}

// Label implements gateway.Audits.
func (s *Store) Label(ctx context.Context, turnID, agent string, right bool, at time.Time) error {
	const query = `update gateway_audits a set labelled_at = $2, is_right = $3, agent = $4 from gateway_turns t
		where a.turn_id = $1 and t.id = a.turn_id returning t.conversation_id`
	err := s.transact(ctx, func(tx pgx.Tx) error {
		a := gateway.Audit{TurnID: turnID}
		if err := tx.QueryRow(ctx, query, escape(turnID), present(at), right, escape(agent)).Scan(scan(&a.ConversationID)); err != nil {
			return missing(err)
		}
		if _, err := tx.Exec(ctx, putLabel, labelArgs(gateway.AuditLabel(a, agent, right, at))...); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, bump)
		return err
	})
	if err != nil {
		return fmt.Errorf("label a turn: %w", err)
	}
	return nil
}
