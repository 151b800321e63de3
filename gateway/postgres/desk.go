package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/recado/recado/gateway"
)

// The two halves of a conversation as rows of one shape, each listed by when the
// gateway took the message on. An echo has been sent by whoever wrote it.
const (
	inColumns = `e.id, e.provider_id, case e.kind when 'echo' then 'out' else 'in' end as direction,
		case e.kind when 'echo' then 'agent' else 'customer' end as author, '' as agent,
		e.message, '' as body, null::json as content, e.received_at as taken_at,
		case e.kind when 'echo' then 'sent' else 'received' end as status,
		null::json as error, e.digest, e.conversation_id, e.about_digest, e.quoted_id,
		case when e.body_to is null then e.raw else substring(e.raw from e.body_from + 1 for e.body_to - e.body_from) end as payload,
		e.webhook, e.body_from, e.body_to`
	outColumns = `o.id, o.provider_id, 'out' as direction, o.author, o.agent,
		null::json as message, o.body, o.content, o.created_at as taken_at, o.state as status,
		o.error, null::bytea as digest, o.conversation_id, null::bytea as about_digest, o.quote_id as quoted_id,
		o.payload, null::bigint as webhook, null::integer as body_from, null::integer as body_to`
	// viewColumns are what scanMessage reads before the payload, of rows of that shape.
	viewColumns = `e.id, e.provider_id, e.direction, e.author, e.agent, e.body, e.content, e.taken_at, e.status, e.error, ` + toldColumns
)

func scanMessage(row pgx.CollectableRow) (gateway.MessageView, error) {
	var m gateway.MessageView
	var t told
	places := append([]any{
		scan(&m.ID), scan(&m.ProviderID), scan(&m.Direction), scan(&m.Author), scan(&m.Agent),
		scan(&m.Text), &m.Content, when(&m.At), scan(&m.Status), &m.Error,
	}, t.places()...)
	err := row.Scan(append(places, (*[]byte)(&m.Payload))...)
	if m.Message = t.whole(); m.Message != nil {
		m.Type, m.Text = m.Message.Type, m.Message.Text
		return m, err
	}
	m.Type, m.Quoted = kindOf(m.Content), t.quote.known()
	return m, err
}

// historyQuery looks back from a lease: the newest messages but those that wait,
// without the bodies that went over the wire. Signals are not what anybody said.
const historyQuery = `
with c as materialized (select id from gateway_conversations where lease = $1), newest as (
	(select ` + inColumns + ` from gateway_events e
		where e.conversation_id = (select id from c) and e.state = 'done' and e.kind <> 'signal'
		order by e.received_at desc, e.id desc limit $2)
	union all
	(select ` + outColumns + ` from gateway_outgoing o
		where o.conversation_id = (select id from c)
		order by o.created_at desc, o.id desc limit $2)
	order by taken_at desc, id desc limit $2
)
select ` + viewColumns + `, null::bytea from newest e` + toldJoins + ` order by e.taken_at, e.id`

// messagesQuery gives one page of both halves.
const messagesQuery = `
with page as materialized (
	(select ` + inColumns + ` from gateway_events e
		where e.conversation_id = $1 and ($2::timestamptz is null or (e.received_at, e.id) > ($2, $3))
		order by e.received_at, e.id limit $4)
	union all
	(select ` + outColumns + ` from gateway_outgoing o
		where o.conversation_id = $1 and ($2::timestamptz is null or (o.created_at, o.id) > ($2, $3))
		order by o.created_at, o.id limit $4)
	order by taken_at, id limit $4
)
select ` + viewColumns + `, coalesce(e.payload, (
	select substring(w.body from e.body_from + 1 for e.body_to - e.body_from) from gateway_webhooks w where w.id = e.webhook))
from page e` + toldJoins + ` order by e.taken_at, e.id`

// Messages implements gateway.Desk.
func (s *Store) Messages(ctx context.Context, conversationID string, p gateway.Page) ([]gateway.MessageView, string, error) {
	list, err := pageOf(ctx, s, listMessages, p, conversationID, messagesQuery, scanMessage)
	if err != nil {
		return nil, "", fmt.Errorf("list messages: %w", err)
	}
	list, next := cut(list, p, listMessages, func(m gateway.MessageView) cursor { return cursor{m.At, m.ID} })
	return list, next, nil
}

// pageOf reads a page and one row more of what belongs to a conversation that has
// to exist.
func pageOf[T any](ctx context.Context, s *Store, kind rune, p gateway.Page, conversationID, query string,
	row func(pgx.CollectableRow) (T, error),
) (list []T, err error) {
	c, err := cursorOf(kind, p.After)
	if err != nil {
		return nil, err
	}
	at, id := c.args()
	var exists bool
	batch := &pgx.Batch{}
	batch.Queue(`select exists (select from gateway_conversations where id = $1)`, escape(conversationID)).
		QueryRow(func(row pgx.Row) error { return row.Scan(&exists) })
	batch.Queue(query, escape(conversationID), at, id, rows(p)+1).Query(func(rows pgx.Rows) (err error) {
		list, err = pgx.CollectRows(rows, row)
		return err
	})
	if err := send(ctx, s.pool, batch); err != nil {
		return nil, err
	}
	if !exists {
		return nil, gateway.ErrNotFound
	}
	return list, nil
}

// Turns implements gateway.Desk.
func (s *Store) Turns(ctx context.Context, conversationID string, p gateway.Page) ([]gateway.Record, string, error) {
	const query = `select record, conversation_id, at from gateway_turns
		where conversation_id = $1 and ($2::timestamptz is null or (at, id) > ($2, $3)) order by at, id limit $4`
	type turn struct {
		gateway.Record
		at time.Time
	}
	list, err := pageOf(ctx, s, listTurns, p, conversationID, query, func(row pgx.CollectableRow) (turn, error) {
		var t turn
		var conversation string
		err := row.Scan(&t.Record, scan(&conversation), when(&t.at))
		// Contacts that were merged since have another conversation.
		t.ConversationID = conversation
		return t, err
	})
	if err != nil {
		return nil, "", fmt.Errorf("list turns: %w", err)
	}
	list, next := cut(list, p, listTurns, func(t turn) cursor { return cursor{t.at, t.ID} })
	records := make([]gateway.Record, len(list))
	for i, t := range list {
		records[i] = t.Record
	}
	return records, next, nil
}

// Conversations implements gateway.Desk.
func (s *Store) Conversations(ctx context.Context, f gateway.ConversationFilter, p gateway.Page) ([]gateway.Conversation, string, error) {
	after, err := cursorOf(listConversations, p.After)
	if err != nil {
		return nil, "", fmt.Errorf("list conversations: %w", err)
	}
	at, id := after.args()
	query := `select ` + conversationColumns + ` from gateway_conversations c
		where ($1::timestamptz is null or (c.updated_at, c.id) < ($1, $2))`
	args := []any{at, id, rows(p) + 1}
	if f.Contact != "" {
		query += ` and c.contact_id in (select contact_id from gateway_identities where key = any($4))`
		args = append(args, []string{escape("user:" + f.Contact), escape("phone:" + strings.TrimPrefix(f.Contact, "+"))})
	}
	found, err := s.pool.Query(ctx, query+` order by c.updated_at desc, c.id desc limit $3`, args...)
	if err != nil {
		return nil, "", fmt.Errorf("list conversations: %w", err)
	}
	list, err := pgx.CollectRows(found, func(row pgx.CollectableRow) (gateway.Conversation, error) {
		c, err := scanConversation(row)
		return c.Conversation, err
	})
	if err != nil {
		return nil, "", fmt.Errorf("list conversations: %w", err)
	}
	list, next := cut(list, p, listConversations, func(c gateway.Conversation) cursor { return cursor{c.UpdatedAt, c.ID} })
	return list, next, nil
}

// Conversation implements gateway.Desk.
func (s *Store) Conversation(ctx context.Context, id string) (gateway.Conversation, error) {
	var c conversation
	query := `select ` + conversationColumns + ` from gateway_conversations c where c.id = $1`
	if err := s.pool.QueryRow(ctx, query, escape(id)).Scan(c.places()...); err != nil {
		return gateway.Conversation{}, fmt.Errorf("read a conversation: %w", missing(err))
	}
	return c.Conversation, nil
}

// missing turns the absence of a row into the gateway's error.
func missing(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return gateway.ErrNotFound
	}
	return err
}

const handoffColumns = `id, conversation_id, user_id, phone, name, reason, state, agent, packet, created_at, updated_at`

func scanHandoff(row pgx.CollectableRow) (gateway.Handoff, error) {
	var h gateway.Handoff
	err := row.Scan(scan(&h.ID), scan(&h.ConversationID), scan(&h.Contact.UserID), scan(&h.Contact.Phone), scan(&h.Name),
		scan(&h.Reason), scan(&h.State), scan(&h.Agent), &h.Packet, when(&h.CreatedAt), when(&h.UpdatedAt))
	return h, err
}

// Handoffs implements gateway.Desk.
func (s *Store) Handoffs(ctx context.Context, state gateway.HandoffState, p gateway.Page) ([]gateway.Handoff, string, error) {
	after, err := cursorOf(listHandoffs, p.After)
	if err != nil {
		return nil, "", fmt.Errorf("list handoffs: %w", err)
	}
	at, id := after.args()
	query := `select ` + handoffColumns + ` from gateway_handoffs
		where ($1::timestamptz is null or (created_at, id) > ($1, $2))`
	args := []any{at, id, rows(p) + 1}
	if state != "" {
		query += ` and state = $4`
		args = append(args, escape(string(state)))
	}
	found, err := s.pool.Query(ctx, query+` order by created_at, id limit $3`, args...)
	if err != nil {
		return nil, "", fmt.Errorf("list handoffs: %w", err)
	}
	list, err := pgx.CollectRows(found, scanHandoff)
	if err != nil {
		return nil, "", fmt.Errorf("list handoffs: %w", err)
	}
	list, next := cut(list, p, listHandoffs, func(h gateway.Handoff) cursor { return cursor{h.CreatedAt, h.ID} })
	return list, next, nil
}

// Handoff implements gateway.Desk.
func (s *Store) Handoff(ctx context.Context, id string) (gateway.Handoff, error) {
	found, err := s.pool.Query(ctx, `select `+handoffColumns+` from gateway_handoffs where id = $1`, escape(id))
	if err != nil {
		return gateway.Handoff{}, fmt.Errorf("read a handoff: %w", err)
	}
	h, err := pgx.CollectExactlyOneRow(found, scanHandoff)
	if err != nil {
		return gateway.Handoff{}, fmt.Errorf("read a handoff: %w", missing(err))
	}
	return h, nil
}

// Revision implements gateway.Desk.
func (s *Store) Revision(ctx context.Context) (int64, error) {
	var n int64
	if err := s.pool.QueryRow(ctx, `select sum(n)::bigint from gateway_revision`).Scan(&n); err != nil {
		return 0, fmt.Errorf("read the revision: %w", err)
	}
	return n, nil
}
