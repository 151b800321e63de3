package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/recado/recado/gateway"
)

// sent is what is known of the delivery of one outgoing message.
type sent struct {
	id, conversation, body, provider, lease string
	state, before                           gateway.DeliveryState
	author                                  gateway.Author
	due, created, tried                     time.Time
	err                                     *gateway.SendError
	payload                                 json.RawMessage
}

const sentColumns = `id, conversation_id, body, provider_id, lease, state, before, author, due_at, created_at, tried_at, error, payload`

func scanSent(row pgx.CollectableRow) (*sent, error) {
	m := &sent{}
	err := row.Scan(scan(&m.id), scan(&m.conversation), scan(&m.body), scan(&m.provider), scan(&m.lease), scan(&m.state), scan(&m.before),
		scan(&m.author), when(&m.due), when(&m.created), when(&m.tried), &m.err, (*[]byte)(&m.payload))
	return m, err
}

// lockProviders keeps filing and settling from missing each other: the one brings
// a status, the other the id that the status is about. Both take this lock before
// they look for what the other wrote.
const lockProviders = `select pg_advisory_xact_lock($1, p.hash)
	from (select distinct hashtext(id) as hash from unnest($2::text[]) as u (id) where id <> '' order by 1) p`

// lockSent locks the messages with any of the ids, ours or the provider's.
func lockSent(ctx context.Context, tx pgx.Tx, ids, providers []string) (list []*sent, err error) {
	batch := &pgx.Batch{}
	batch.Queue(lockProviders, int32(providerLock), providers)
	batch.Queue(`select `+sentColumns+` from gateway_outgoing
		where id = any($1) or provider_id = any($2) order by id for no key update`, ids, providers).
		Query(func(rows pgx.Rows) (err error) {
			list, err = pgx.CollectRows(rows, scanSent)
			return err
		})
	if err := send(ctx, tx, batch); err != nil {
		return nil, fmt.Errorf("lock outgoing messages: %w", err)
	}
	return list, nil
}

// find gives the message that a status is about: by our id, which the channel
// carries back, or by its own.
func find(list []*sent, s gateway.Status) *sent {
	var byProvider *sent
	for _, m := range list {
		switch {
		case s.OutgoingID != "" && m.id == s.OutgoingID:
			return m
		case s.ProviderID != "" && m.provider == s.ProviderID:
			byProvider = m
		}
	}
	return byProvider
}

// merge takes a status in and tells whether it said anything new. States only go
// up in rank; the provider's id is noted where there was none, because that is
// how a send with an unknown outcome gets it.
func (m *sent) merge(s gateway.Status) (changed bool) {
	if s.State.Rank() <= gateway.DeliveryUnknown.Rank() {
		return false
	}
	if m.provider == "" && s.ProviderID != "" {
		m.provider, changed = s.ProviderID, true
	}
	if s.State.Rank() <= m.state.Rank() {
		return changed
	}
	m.state, m.err = s.State, s.Error
	return true
}

// arrived tells whether a message in that state reached the customer.
func arrived(s gateway.DeliveryState) bool {
	return s == gateway.DeliveryDelivered || s == gateway.DeliveryRead
}

// settle takes the result of an attempt in. What a status said already stands.
func (m *sent) settle(r gateway.SendResult) {
	m.lease, m.payload = "", r.Payload
	if r.ProviderID != "" {
		m.provider = r.ProviderID
	}
	open := m.state == gateway.DeliverySending
	if open {
		m.err = r.Error
	}
	switch r.Outcome {
	case gateway.SendAccepted:
		m.state = atLeast(m.state, gateway.DeliverySent)
	case gateway.SendRejected:
		m.state = atLeast(m.state, gateway.DeliveryFailed)
		if m.state == gateway.DeliveryFailed {
			m.err = r.Error
		}
	case gateway.SendRetry:
		if open {
			m.state, m.due = gateway.DeliveryQueued, r.RetryAt
		}
	case gateway.SendUnknown:
		if open {
			m.state, m.due = gateway.DeliveryUnknown, r.RetryAt
		}
	}
}

// saveSent writes messages whose rows are locked.
func saveSent(ctx context.Context, tx pgx.Tx, list []*sent) error {
	if len(list) == 0 {
		return nil
	}
	n := len(list)
	ids, states, providers, leases := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	dues, errs, payloads := make([]pgtype.Timestamptz, n), make([]*string, n), make([][]byte, n)
	for i, m := range list {
		var err error
		if errs[i], err = document(m.err); err != nil {
			return fmt.Errorf("encode a send error: %w", err)
		}
		ids[i], states[i], providers[i] = escape(m.id), escape(string(m.state)), escape(m.provider)
		leases[i], dues[i], payloads[i] = escape(m.lease), stamp(m.due), m.payload
	}
	const query = `update gateway_outgoing o set state = i.state, provider_id = nullif(i.provider_id, ''),
			lease = nullif(i.lease, ''), due_at = i.due_at, error = i.error::json, payload = i.payload
		from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::text[], $7::bytea[])
			as i (id, state, provider_id, lease, due_at, error, payload)
		where o.id = i.id`
	if _, err := tx.Exec(ctx, query, ids, states, providers, leases, dues, errs, payloads); err != nil {
		return fmt.Errorf("save outgoing messages: %w", err)
	}
	return nil
}
