package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/recado/recado/gateway"
)

// nextQuery leases the message that may be sent and has been due longest. An attempt
// that is never settled makes the message due again when its status had time to come.
// One of the bot's in a conversation that an agent has is canceled instead, and has
// no lease. With nothing to send nothing is written.
const nextQuery = `
with next as materialized (
	select o.id, o.author = 'bot' and exists (
		select from gateway_conversations c where c.id = o.conversation_id and c.mode = 'agent') as late
	from gateway_outgoing o
	where o.open and o.due_at <= $1 and not exists (
		select from gateway_outgoing p
		where p.conversation_id = o.conversation_id and p.open and (p.created_at, p.id) < (o.created_at, o.id))
	order by o.due_at, o.created_at, o.id limit 1 for no key update of o skip locked
), seen as (
	update gateway_revision set n = n + 1 where shard = pg_backend_pid() % 64 and exists (select from next)
)
update gateway_outgoing o set
	before = case when o.state = 'sending' then 'unknown' else o.state end,
	state = case when next.late then 'canceled' else 'sending' end, attempt = o.attempt + (not next.late)::int,
	lease = case when not next.late then $2 end, due_at = case when not next.late then $3::timestamptz end
from next where o.id = next.id
returning o.id, o.conversation_id, o.channel, o.user_id, o.phone, o.author, o.agent, o.body, o.turn_id,
	o.created_at, o.expires_at, o.attempt, o.lease`

// NextOutgoing implements gateway.Outbox. The lease is on disk before the message
// is handed out: a send that was forgotten would be made again.
func (s *Store) NextOutgoing(ctx context.Context, now time.Time, lease time.Duration) (*gateway.Outgoing, error) {
	for {
		o, err := s.next(ctx, now, lease)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil, gateway.ErrNoWork
		}
		if err != nil {
			return nil, fmt.Errorf("lease a message: %w", err)
		}
		if o.Lease != "" {
			return o, nil
		}
	}
}

func (s *Store) next(ctx context.Context, now time.Time, lease time.Duration) (*gateway.Outgoing, error) {
	o := &gateway.Outgoing{}
	again := now.Add(lease).Add(gateway.ReconcileAfter)
	return o, persist(func() error {
		return s.pool.QueryRow(ctx, nextQuery, stamp(now), gateway.NewID(), stamp(again)).Scan(
			scan(&o.ID), scan(&o.ConversationID), scan(&o.Channel), scan(&o.To.UserID), scan(&o.To.Phone), scan(&o.Author),
			scan(&o.Agent), scan(&o.Text), scan(&o.TurnID), when(&o.CreatedAt), when(&o.ExpiresAt), &o.Attempt, scan(&o.Lease))
	})
}

// queueCancel adds to a batch that the bot does not send any more what still waits
// in a conversation that an agent has from now on.
func queueCancel(batch *pgx.Batch, conversationID string) {
	batch.Queue(`update gateway_outgoing set state = 'canceled', due_at = null
		where conversation_id = $1 and open and state = 'queued' and author = 'bot'`, escape(conversationID))
}

// Settle implements gateway.Outbox.
func (s *Store) Settle(ctx context.Context, o *gateway.Outgoing, r gateway.SendResult) error {
	var lost bool
	err := s.transact(ctx, func(tx pgx.Tx) error {
		list, err := lockSent(ctx, tx, []string{escape(o.ID)}, []string{escape(r.ProviderID)})
		if err != nil {
			return err
		}
		i := slices.IndexFunc(list, func(m *sent) bool { return m.id == o.ID })
		lost = i < 0 || list[i].lease == "" || list[i].lease != o.Lease
		if i < 0 || lost && r.Outcome != gateway.SendAccepted {
			return nil
		}
		return settle(ctx, tx, list[i], r, lost)
	})
	if err != nil {
		return fmt.Errorf("settle a message: %w", err)
	}
	if lost {
		return gateway.ErrLeaseLost
	}
	return nil
}

// settle writes the result of an attempt, with the statuses that were filed
// before it, and hands off what was never delivered. Of an attempt whose lease is
// lost only what the provider accepted is noted: the lease is another's.
func settle(ctx context.Context, tx pgx.Tx, m *sent, r gateway.SendResult, lost bool) error {
	if lost {
		m.provider, m.state = r.ProviderID, atLeast(m.state, gateway.DeliverySent)
	} else {
		m.settle(r)
	}
	if err := m.cancelOwned(ctx, tx); err != nil {
		return err
	}
	handoff := r.Handoff
	if m.state != gateway.DeliveryFailed {
		handoff = nil // a status says that the customer has it
	}
	bounced, err := m.mergeFiled(ctx, tx)
	if err != nil {
		return err
	}
	if err := saveSent(ctx, tx, []*sent{m}); err != nil {
		return err
	}
	if handoff != nil || !bounced.IsZero() {
		if err := m.handOff(ctx, tx, handoff, bounced); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, bump); err != nil {
		return fmt.Errorf("raise the revision: %w", err)
	}
	return nil
}

// cancelOwned cancels a message of the bot that is queued again after an agent took
// over. Whoever is about to take over waits until this is known.
func (m *sent) cancelOwned(ctx context.Context, tx pgx.Tx) error {
	if m.state != gateway.DeliveryQueued || m.author != gateway.AuthorBot {
		return nil
	}
	var mode gateway.Mode
	err := tx.QueryRow(ctx, `select mode from gateway_conversations where id = $1 for share`, escape(m.conversation)).Scan(scan(&mode))
	if err != nil {
		return fmt.Errorf("look who has the conversation: %w", err)
	}
	if mode == gateway.ModeAgent {
		m.state, m.due = gateway.DeliveryCanceled, time.Time{}
	}
	return nil
}

// mergeFiled merges the statuses that came before the provider's id was known,
// and gives the time of the one that says that the message failed.
func (m *sent) mergeFiled(ctx context.Context, tx pgx.Tx) (bounced time.Time, err error) {
	if m.provider == "" {
		return bounced, nil
	}
	found, err := tx.Query(ctx, `select status, received_at from gateway_events
		where kind = 'status' and provider_id = $1 and state <> 'accepted' order by no`, escape(m.provider))
	if err != nil {
		return bounced, fmt.Errorf("read statuses: %w", err)
	}
	var status *gateway.Status
	var at time.Time
	_, err = pgx.ForEachRow(found, []any{&status, when(&at)}, func() error {
		if status != nil && m.merge(*status) && m.state == gateway.DeliveryFailed {
			bounced = at
		}
		return nil
	})
	if err != nil {
		return bounced, fmt.Errorf("read statuses: %w", err)
	}
	if m.state != gateway.DeliveryFailed {
		return time.Time{}, nil
	}
	return bounced, nil
}

// handOff opens the handoff for a message that never reached the customer, the
// given one or else one of its own, unless a person has the conversation.
func (m *sent) handOff(ctx context.Context, tx pgx.Tx, h *gateway.Handoff, at time.Time) error {
	list, err := lockConversations(ctx, tx, nil, []string{escape(m.conversation)})
	if err != nil {
		return err
	}
	if len(list) == 0 || list[0].withPerson() {
		return nil
	}
	c := list[0]
	if h == nil {
		h = new(gateway.SendFailure(c.Conversation, m.body, at))
	}
	c.queue(*h)
	batch := &pgx.Batch{}
	if err := queueHandoff(batch, c.ID, *h); err != nil {
		return err
	}
	queueOwner(batch, c.Conversation)
	if err := send(ctx, tx, batch); err != nil {
		return fmt.Errorf("hand off an undelivered message: %w", err)
	}
	return nil
}

// queueOwner adds to a batch who answers a conversation whose row is locked.
func queueOwner(batch *pgx.Batch, c gateway.Conversation) {
	batch.Queue(`update gateway_conversations set mode = $2, agent = $3, epoch = $4, updated_at = greatest(updated_at, $5)
		where id = $1`, escape(c.ID), escape(string(c.Mode)), escape(c.Agent), c.Epoch, present(c.UpdatedAt))
}

// postponeQuery gives a lease back. A message that a status settled meanwhile only
// loses its lease, and the bot's is canceled when an agent has taken over.
const postponeQuery = `
with owner as materialized (
	select mode from gateway_conversations
	where id = (select conversation_id from gateway_outgoing where id = $1) for share
), back as (
	update gateway_outgoing o set lease = null, attempt = o.attempt - 1,
		due_at = case when i.state <> 'canceled' then $3::timestamptz end, state = i.state
	from (
		select q.id, case
			when q.state <> 'sending' then q.state
			when q.before = 'queued' and q.author = 'bot' and owner.mode = 'agent' then 'canceled'
			else q.before
		end as state
		from gateway_outgoing q, owner where q.id = $1
	) i
	where o.id = i.id and o.lease = $2 returning o.id
), seen as (
	update gateway_revision set n = n + 1 where shard = pg_backend_pid() % 64 and exists (select from back)
)
select count(*) from back`

// Postpone implements gateway.Outbox.
func (s *Store) Postpone(ctx context.Context, o *gateway.Outgoing, until time.Time) error {
	var held int
	err := persist(func() error {
		return s.pool.QueryRow(ctx, postponeQuery, escape(o.ID), escape(o.Lease), stamp(until)).Scan(&held)
	})
	if err != nil {
		return fmt.Errorf("postpone a message: %w", err)
	}
	if held == 0 {
		return gateway.ErrLeaseLost
	}
	return nil
}
