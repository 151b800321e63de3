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
	lease = case when not next.late then $2 end, due_at = case when not next.late then $3::timestamptz end,
	tried_at = case when next.late then o.tried_at else $1 end
from next where o.id = next.id
returning o.id, o.conversation_id, o.channel, o.user_id, o.phone, o.author, o.agent, o.body, o.turn_id,
	o.created_at, o.expires_at, o.content, o.quote_id, o.attempt, o.before = 'unknown', o.lease`

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
			scan(&o.Agent), scan(&o.Text), scan(&o.TurnID), when(&o.CreatedAt), when(&o.ExpiresAt), &o.Content, scan(&o.QuoteID),
			&o.Attempt, &o.Doubtful, scan(&o.Lease))
	})
}

// Sent implements gateway.Outbox.
func (s *Store) Sent(ctx context.Context, id string) (gateway.Outgoing, error) {
	const query = `select o.id, o.conversation_id, o.channel, o.user_id, o.phone, o.author, o.agent, o.body, o.turn_id,
		o.created_at, o.expires_at, o.content, o.quote_id from gateway_outgoing o where o.id = $1`
	var o gateway.Outgoing
	err := s.pool.QueryRow(ctx, query, escape(id)).Scan(
		scan(&o.ID), scan(&o.ConversationID), scan(&o.Channel), scan(&o.To.UserID), scan(&o.To.Phone), scan(&o.Author),
		scan(&o.Agent), scan(&o.Text), scan(&o.TurnID), when(&o.CreatedAt), when(&o.ExpiresAt), &o.Content, scan(&o.QuoteID))
	if err != nil {
		return gateway.Outgoing{}, fmt.Errorf("read a message: %w", missing(err))
	}
	return o, nil
}

// Follow implements gateway.Outbox.
func (s *Store) Follow(ctx context.Context, o gateway.Outgoing) error {
	batch := &pgx.Batch{}
	if err := queueFollow(batch, o.ConversationID, o); err != nil {
		return fmt.Errorf("queue a message: %w", err)
	}
	batch.Queue(bump)
	err := s.transact(ctx, func(tx pgx.Tx) error { return send(ctx, tx, batch) })
	if err != nil {
		return fmt.Errorf("queue a message: %w", err)
	}
	return nil
}

// queueCancel adds to a batch that the bot does not send any more what still waits
// in a conversation that an agent has from now on.
func queueCancel(batch *pgx.Batch, conversationID string) {
	batch.Queue(`update gateway_outgoing set state = 'canceled', due_at = null
		where conversation_id = $1 and open and state = 'queued' and author = 'bot'`, escape(conversationID))
}

// withhold cancels what the bot still has to send in conversations, and says in which
// there was something.
func withhold(ctx context.Context, tx pgx.Tx, conversations []string) ([]string, error) {
	if len(conversations) == 0 {
		return nil, nil
	}
	found, err := tx.Query(ctx, `with canceled as (
			update gateway_outgoing set state = 'canceled', due_at = null
			where conversation_id = any($1) and open and state = 'queued' and author = 'bot' returning conversation_id
		) select distinct conversation_id from canceled order by 1`, conversations)
	if err != nil {
		return nil, fmt.Errorf("withhold messages: %w", err)
	}
	list, err := pgx.CollectRows(found, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("withhold messages: %w", err)
	}
	return list, nil
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

// settle writes the result of an attempt, with the statuses that were filed before it,
// and what it means for the conversation. Of an attempt whose lease is lost only what
// the provider accepted is noted: the lease is another's.
func settle(ctx context.Context, tx pgx.Tx, m *sent, r gateway.SendResult, lost bool) error {
	if lost {
		m.provider, m.state = r.ProviderID, atLeast(m.state, gateway.DeliverySent)
	} else {
		m.settle(r)
	}
	if err := m.cancelOwned(ctx, tx); err != nil {
		return err
	}
	e := effect{now: m.attempted(r)}
	if err := e.mergeFiled(ctx, tx, m); err != nil {
		return err
	}
	if err := saveSent(ctx, tx, []*sent{m}); err != nil {
		return err
	}
	if m.state == gateway.DeliveryFailed && !lost && (r.Outcome == gateway.SendRejected || r.Handoff != nil) {
		e.handoff, e.follow, e.failed = r.Handoff, r.Follow, true
	}
	if err := e.take(ctx, tx, m); err != nil {
		return err
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

// effect is what the end of an attempt means for the conversation.
type effect struct {
	// now is about when the attempt ended.
	now time.Time
	// failed: the message never reached the customer. reached: one did.
	failed, reached bool
	// bounced is when the status was received that said so, if one did.
	bounced time.Time
	// handoff is to be opened and follow to be sent instead, or nil.
	handoff *gateway.Handoff
	follow  *gateway.Outgoing
	// withheld are the conversations with answers that a doubt stopped.
	withheld []string
}

// attempted is about when the attempt ended.
func (m *sent) attempted(r gateway.SendResult) time.Time {
	switch {
	case r.Handoff != nil && !r.Handoff.CreatedAt.IsZero():
		return r.Handoff.CreatedAt
	case r.Follow != nil && !r.Follow.CreatedAt.IsZero():
		return r.Follow.CreatedAt
	case !m.tried.IsZero():
		return m.tried
	}
	return m.created
}

// mergeFiled merges the statuses that came before the provider's id was known.
func (e *effect) mergeFiled(ctx context.Context, tx pgx.Tx, m *sent) error {
	if m.provider == "" {
		return nil
	}
	found, err := tx.Query(ctx, `select status, happened_at, received_at from gateway_events
		where kind = 'status' and provider_id = $1 and state <> 'accepted' order by no`, escape(m.provider))
	if err != nil {
		return fmt.Errorf("read statuses: %w", err)
	}
	var status *gateway.Status
	var at, received time.Time
	_, err = pgx.ForEachRow(found, []any{&status, when(&at), when(&received)}, func() error {
		if status == nil {
			return nil
		}
		before := m.state
		if m.merge(*status) && m.state != before {
			e.reached = arrived(m.state)
			if e.failed = m.state == gateway.DeliveryFailed; e.failed {
				e.bounced, e.now = received, at
			}
		}
		status = nil
		return nil
	})
	if err != nil {
		return fmt.Errorf("read statuses: %w", err)
	}
	return nil
}

// take writes what the end of an attempt means. Most attempts mean nothing.
func (e *effect) take(ctx context.Context, tx pgx.Tx, m *sent) error {
	if !e.failed && !e.reached {
		return nil
	}
	var bounced, reached []string
	if e.failed {
		bounced = []string{escape(m.conversation)}
	} else {
		reached = []string{escape(m.conversation)}
	}
	list, err := lockConversations(ctx, tx, nil, bounced, reached)
	if err != nil {
		return err
	}
	if e.failed && m.err != nil && m.err.Class == gateway.ErrorIdentity {
		if err := e.doubt(ctx, tx, list); err != nil {
			return err
		}
	}
	batch := &pgx.Batch{}
	for _, c := range list {
		if err := e.tell(batch, m, c); err != nil {
			return err
		}
	}
	if e.follow != nil {
		if err := queueFollow(batch, m.conversation, *e.follow); err != nil {
			return err
		}
	}
	if err := send(ctx, tx, batch); err != nil {
		return fmt.Errorf("note what an attempt means: %w", err)
	}
	return nil
}

// doubt doubts the conversations with the customer, and withholds what the bot has
// made without knowing of it.
func (e *effect) doubt(ctx context.Context, tx pgx.Tx, list []*conversation) (err error) {
	ids := make([]string, 0, len(list))
	for _, c := range list {
		c.doubt(e.now)
		c.withhold()
		ids = append(ids, c.ID)
	}
	e.withheld, err = withhold(ctx, tx, ids)
	return err
}

// tell notes the effect on a conversation with the customer of the message.
func (e *effect) tell(batch *pgx.Batch, m *sent, c *conversation) error {
	if c.ID == m.conversation {
		if err := e.own(batch, m, c); err != nil {
			return err
		}
	}
	if slices.Contains(e.withheld, c.ID) && !c.withPerson() {
		h := gateway.IdentityDoubt(c.Conversation, e.now)
		c.queue(h)
		if err := queueHandoff(batch, c.ID, h); err != nil {
			return err
		}
	}
	return queueOwner(batch, c.Conversation)
}

// own notes the effect on the conversation of the message, and hands it off when the
// customer is left without an answer: by the given handoff or by one of its own, unless
// a person has the conversation.
func (e *effect) own(batch *pgx.Batch, m *sent, c *conversation) error {
	if !e.failed {
		c.reached(e.now)
		return nil
	}
	c.mark(m.err, e.now)
	h := e.handoff
	if h == nil && !e.bounced.IsZero() {
		h = new(gateway.SendFailure(c.Conversation, m.body, m.err, e.bounced))
	}
	if h == nil || c.withPerson() {
		return nil
	}
	c.queue(*h)
	return queueHandoff(batch, c.ID, *h)
}

// queueFollow adds what is sent instead of a message that was rejected to a batch,
// unless it is there already.
func queueFollow(batch *pgx.Batch, conversationID string, o gateway.Outgoing) error {
	if o.ID == "" {
		o.ID = gateway.NewID()
	}
	args, err := outgoingArgs(conversationID, o)
	if err != nil {
		return err
	}
	batch.Queue(insertOutgoing+` on conflict (id) do nothing`, args...)
	return nil
}

// queueOwner adds to a batch who answers a conversation whose row is locked, and what
// is known of who and how the customer is.
func queueOwner(batch *pgx.Batch, c gateway.Conversation) error {
	unreachable, err := document(c.Unreachable)
	if err != nil {
		return fmt.Errorf("encode a send error: %w", err)
	}
	memory, err := document(&c.Memory)
	if err != nil {
		return fmt.Errorf("encode a memory: %w", err)
	}
	batch.Queue(`update gateway_conversations set mode = $2, agent = $3, epoch = $4, updated_at = greatest(updated_at, $5),
			doubted_at = $6, unreachable_at = $7, unreachable = $8::text::json, marketing = $9, memory = $10::text::json
		where id = $1`, escape(c.ID), escape(string(c.Mode)), escape(c.Agent), c.Epoch, present(c.UpdatedAt),
		stamp(c.DoubtedAt), stamp(c.UnreachableAt), unreachable, escape(c.Marketing), memory)
	return nil
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
