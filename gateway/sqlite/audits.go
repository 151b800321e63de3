package sqlite

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/recado/recado/gateway"
)

// pick notes that the turn whose record was kept last is to be looked at.
func (t *tx) pick(a gateway.Audit, r gateway.Record) error {
	const query = `insert into audits (turn, turn_id, chance, calibration, at) select max(n), ?, ?, ?, ? from turns`
	if err := t.exec(query, r.ID, a.Chance, a.Calibration, nanos(r.At)); err != nil {
		return fmt.Errorf("pick a turn for an audit: %w", err)
	}
	return nil
}

// looked is an audit with its place in the list.
type looked struct {
	gateway.Audit
	turn int64
}

func scanAudit(r row) (a looked, err error) {
	err = r.Scan(&a.turn, &a.TurnID, &a.ConversationID, &a.Chance, &a.Calibration, moment{&a.At}, moment{&a.LabelledAt}, &a.Right, &a.Agent,
		document{&a.Record})
	a.Labelled = !a.LabelledAt.IsZero()
	a.Record.ConversationID = a.ConversationID // the row moves when contacts are merged
	return a, err
}

const selectAudit = `select a.turn, a.turn_id, t.conversation_id, a.chance, a.calibration, a.at, a.labelled_at, a.is_right, a.agent,
	t.record from audits a join turns t on t.n = a.turn`

// The two lists of audits, by the index of each.
const (
	auditsOpen = selectAudit + ` where a.labelled_at = 0 and (a.at, a.turn) > (?1, ?2) order by a.at, a.turn limit ?3`
	auditsDone = selectAudit + ` where a.labelled_at <> 0 and (a.at, a.turn) > (?1, ?2) order by a.at, a.turn limit ?3`
)

// Audits implements gateway.Audits.
func (s *Store) Audits(ctx context.Context, done bool, p gateway.Page) ([]gateway.Audit, string, error) {
	name, query := "audits", auditsOpen
	if done {
		name, query = "labelled", auditsDone
	}
	after := cursor{at: -1 << 62, id: "0"}
	if p.After != "" {
		var err error
		if after, err = parseCursor(name, p.After); err != nil {
			return nil, "", err
		}
	}
	last, err := strconv.ParseInt(after.id, 10, 64)
	if err != nil {
		return nil, "", fmt.Errorf("%w: not a cursor of this list", gateway.ErrInvalid)
	}
	n := limit(p)
	var all []looked
	err = s.read(ctx, func(t *tx) (err error) {
		all, err = list(t, scanAudit, query, after.at, last, n+1)
		return err
	})
	if err != nil {
		return nil, "", fmt.Errorf("list audits: %w", err)
	}
	all, next := page(name, all, n, func(a looked) cursor {
		return cursor{at: nanos(a.At), id: strconv.FormatInt(a.turn, 10)}
	})
	audits := make([]gateway.Audit, len(all))
	for i, a := range all {
		audits[i] = a.Audit
	}
	return audits, next, nil
}

// Label implements gateway.Audits.
func (s *Store) Label(ctx context.Context, turnID, agent string, right bool, at time.Time) error {
	err := s.write(ctx, func(t *tx) error {
		const query = `update audits set labelled_at = ?, is_right = ?, agent = ? where turn_id = ?`
		if err := t.exec(query, nanos(at), right, agent, turnID); err != nil {
			return err
		}
		a, err := get(t, scanAudit, selectAudit+` where a.turn_id = ?`, turnID)
		if err != nil {
			return err
		}
		return errors.Join(t.putLabel(gateway.AuditLabel(a.Audit, agent, right, at), a.turn), t.show())
	})
	if err != nil {
		return fmt.Errorf("label a turn: %w", err)
	}
	return nil
}
