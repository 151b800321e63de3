package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/recado/recado/gateway"
)

// pastQuery goes through conversations in the order of their changes, by the index of that
// order.
const pastQuery = `
select ` + conversationColumns + `, coalesce(a.consent, ''), coalesce(a.by, ''), a.at
from gateway_conversations c left join gateway_agreements a on a.contact_id = c.contact_id
where c.updated_at >= $1 and ($2::timestamptz is null or (c.updated_at, c.id) > ($2, $3))
order by c.updated_at, c.id limit $4`

func agreementPlaces(a *gateway.Agreement) []any {
	return []any{scan(&a.Consent), scan(&a.By), when(&a.At)}
}

// Past implements gateway.History.
func (s *Store) Past(ctx context.Context, since time.Time, p gateway.Page) ([]gateway.PastConversation, string, error) {
	after, err := cursorOf(listPast, p.After)
	if err != nil {
		return nil, "", fmt.Errorf("list past conversations: %w", err)
	}
	at, id := after.args()
	found, err := s.pool.Query(ctx, pastQuery, present(since), at, id, rows(p)+1)
	if err != nil {
		return nil, "", fmt.Errorf("list past conversations: %w", err)
	}
	list, err := pgx.CollectRows(found, func(row pgx.CollectableRow) (gateway.PastConversation, error) {
		var c conversation
		var a gateway.Agreement
		err := row.Scan(append(c.places(), agreementPlaces(&a)...)...)
		return gateway.PastConversation{Conversation: c.Conversation, Agreement: a}, err
	})
	if err != nil {
		return nil, "", fmt.Errorf("list past conversations: %w", err)
	}
	list, next := cut(list, p, listPast, func(c gateway.PastConversation) cursor { return cursor{c.UpdatedAt, c.ID} })
	return list, next, nil
}

// heardQuery gives one page of what came in, by the index of the conversation.
const heardQuery = `select ` + headColumns + `, ` + toldColumns + `, e.id from gateway_events e` + toldJoins + `
where e.conversation_id = $1 and e.kind in ('message', 'echo')
	and ($2::timestamptz is null or (e.received_at, e.id) > ($2, $3))
order by e.received_at, e.id limit $4`

// Heard implements gateway.History.
func (s *Store) Heard(ctx context.Context, conversationID string, p gateway.Page) ([]gateway.Event, string, error) {
	type heard struct {
		gateway.Event
		id string
	}
	list, err := pageOf(ctx, s, listHeard, p, conversationID, heardQuery, func(row pgx.CollectableRow) (heard, error) {
		var e entry
		var t told
		var id string
		err := row.Scan(append(append(e.head(), t.places()...), scan(&id))...)
		e.Message = t.whole()
		return heard{e.Event, id}, err
	})
	if err != nil {
		return nil, "", fmt.Errorf("list what was heard: %w", err)
	}
	list, next := cut(list, p, listHeard, func(e heard) cursor { return cursor{e.ReceivedAt, e.id} })
	events := make([]gateway.Event, len(list))
	for i, e := range list {
		events[i] = e.Event
	}
	return events, next, nil
}

// TurnsNamed implements gateway.History.
func (s *Store) TurnsNamed(ctx context.Context, ids []string) ([]gateway.Record, error) {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = escape(id)
	}
	found, err := s.pool.Query(ctx, `select record, conversation_id from gateway_turns where id = any($1)`, names)
	if err != nil {
		return nil, fmt.Errorf("look for turns: %w", err)
	}
	list, err := pgx.CollectRows(found, func(row pgx.CollectableRow) (r gateway.Record, err error) {
		var conversation string
		err = row.Scan(&r, scan(&conversation))
		r.ConversationID = conversation // contacts that were merged since have another
		return r, err
	})
	if err != nil {
		return nil, fmt.Errorf("look for turns: %w", err)
	}
	return list, nil
}

// Agreement implements gateway.Agreements.
func (s *Store) Agreement(ctx context.Context, conversationID string) (a gateway.Agreement, err error) {
	const query = `select coalesce(a.consent, ''), coalesce(a.by, ''), a.at
		from gateway_conversations c left join gateway_agreements a on a.contact_id = c.contact_id where c.id = $1`
	if err := s.pool.QueryRow(ctx, query, escape(conversationID)).Scan(agreementPlaces(&a)...); err != nil {
		return a, fmt.Errorf("read an agreement: %w", missing(err))
	}
	return a, nil
}

// Agree implements gateway.Agreements. The conversation is locked, so that its contact
// doesn't become another's meanwhile.
func (s *Store) Agree(ctx context.Context, conversationID string, a gateway.Agreement) error {
	if !a.Consent.Valid() {
		return fmt.Errorf("note an agreement: %w: unknown consent", gateway.ErrInvalid)
	}
	err := s.transact(ctx, func(tx pgx.Tx) error {
		var contact string
		const query = `select contact_id from gateway_conversations where id = $1 for no key update`
		if err := tx.QueryRow(ctx, query, escape(conversationID)).Scan(&contact); err != nil {
			return missing(err)
		}
		batch := &pgx.Batch{}
		batch.Queue(`insert into gateway_agreements (contact_id, consent, by, at) values ($1, $2, $3, $4)
			on conflict (contact_id) do update set consent = excluded.consent, by = excluded.by, at = excluded.at`,
			contact, escape(string(a.Consent)), escape(a.By), stamp(a.At))
		batch.Queue(bump)
		return send(ctx, tx, batch)
	})
	if err != nil {
		return fmt.Errorf("note an agreement: %w", err)
	}
	return nil
}

// joinAgreements gives what one contact agreed to to the one that they became.
func joinAgreements(ctx context.Context, tx pgx.Tx, kept, gone string) error {
	found, err := tx.Query(ctx, `select contact_id, consent, by, at from gateway_agreements where contact_id in ($1, $2) for no key update`,
		escape(kept), escape(gone))
	if err != nil {
		return fmt.Errorf("read agreements: %w", err)
	}
	of := map[string]gateway.Agreement{}
	var contact string
	var a gateway.Agreement
	_, err = pgx.ForEachRow(found, append([]any{scan(&contact)}, agreementPlaces(&a)...), func() error {
		of[contact] = a
		return nil
	})
	if err != nil {
		return fmt.Errorf("read agreements: %w", err)
	}
	theirs, noted := of[gone]
	if !noted {
		return nil
	}
	both := theirs.Stricter(of[kept])
	batch := &pgx.Batch{}
	batch.Queue(`insert into gateway_agreements (contact_id, consent, by, at) values ($1, $2, $3, $4)
		on conflict (contact_id) do update set consent = excluded.consent, by = excluded.by, at = excluded.at`,
		escape(kept), escape(string(both.Consent)), escape(both.By), stamp(both.At))
	batch.Queue(`delete from gateway_agreements where contact_id = $1`, escape(gone))
	return send(ctx, tx, batch)
}
