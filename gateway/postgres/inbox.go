package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/recado/recado/gateway"
)

// dueCondition says that a conversation may be claimed at $1.
const dueCondition = `due_at <= $1 and (leased_until is null or leased_until <= $1)`

// lookQuery says whether there is anything to file and anything to lease. It
// writes nothing: an idle gateway asks again and again. It asks for the first of
// each and not whether one exists: the order makes the planner take the small
// index, however many rows it believes there are.
const lookQuery = `select
	(select no from gateway_events where state = 'accepted' order by no limit 1) is not null,
	(select id from gateway_conversations where ` + dueCondition + ` order by due_at, id limit 1) is not null`

// leaseQuery leases the conversation that has been due longest. With $4 it does so only if
// there is nothing to file, as it asks by lookQuery's way.
const leaseQuery = `
with due as (
	select id from gateway_conversations where ` + dueCondition + `
		and not ($4 and (select no from gateway_events where state = 'accepted' order by no limit 1) is not null)
	order by due_at, id limit 1 for no key update skip locked
)
update gateway_conversations c set lease = $2, leased_until = $3, attempt = attempt + 1
from due where c.id = due.id
returning ` + conversationColumns + `, c.attempt`

// leaseSettings are withoutDisk, and one plan for all values, or planning would take a third
// of a claim.
const leaseSettings = `select set_config('synchronous_commit', 'off', true), set_config('plan_cache_mode', 'force_generic_plan', true)`

const waitingQuery = `select ` + headColumns + `, ` + toldColumns + ` from gateway_events e` + toldJoins + `
where e.state = 'waiting' and e.conversation_id = (select id from gateway_conversations where lease = $1)
order by e.happened_at, e.no`

// historyLength is how many messages a claim looks back.
const historyLength = 20

// Claim implements gateway.Inbox. While there is work it takes one round trip: who has just
// leased one conversation tries to lease the next, and looks first only once there was none.
func (s *Store) Claim(ctx context.Context, now time.Time, lease time.Duration) (*gateway.Claim, error) {
	if s.busy.Load() {
		switch c, err := s.lease(ctx, now, lease, true); {
		case c != nil:
			return c, nil
		case err != nil && !cannotWrite(err):
			return nil, fmt.Errorf("lease a conversation: %w", err)
		}
	}
	c, err := s.lookAndLease(ctx, now, lease)
	s.busy.Store(c != nil)
	return c, err
}

// cannotWrite says that a server refuses to write. It may still be looked at.
func cannotWrite(err error) bool {
	refused, ok := errors.AsType[*pgconn.PgError](err)
	return ok && refused.Code == "25006"
}

// lookAndLease files what was accepted and leases what is due, if a look finds any of it.
func (s *Store) lookAndLease(ctx context.Context, now time.Time, lease time.Duration) (*gateway.Claim, error) {
	var accepted, due bool
	if err := s.pool.QueryRow(ctx, lookQuery, stamp(now)).Scan(&accepted, &due); err != nil {
		return nil, fmt.Errorf("look for work: %w", err)
	}
	if accepted {
		if err := s.file(ctx, now); err != nil {
			return nil, err
		}
	}
	if !accepted && !due {
		return nil, gateway.ErrNoWork
	}
	c, err := s.lease(ctx, now, lease, false)
	if err != nil {
		return nil, fmt.Errorf("lease a conversation: %w", err)
	}
	if c == nil {
		return nil, gateway.ErrNoWork
	}
	return c, nil
}

// lease leases the conversation that is due longest, or gives nil, with afterFiling also if something is to
// be filed before. One round trip leases it and reads its events and its history.
func (s *Store) lease(ctx context.Context, now time.Time, lease time.Duration, afterFiling bool) (*gateway.Claim, error) {
	c := &gateway.Claim{Lease: gateway.NewID(), LeasedUntil: micro(now.Add(lease))}
	var leased []*conversation
	batch := &pgx.Batch{}
	batch.Queue(leaseSettings)
	batch.Queue(leaseQuery, stamp(now), c.Lease, stamp(c.LeasedUntil), afterFiling).Query(func(rows pgx.Rows) (err error) {
		leased, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (*conversation, error) {
			one := &conversation{}
			return one, row.Scan(append(one.places(), &c.Attempt)...)
		})
		return err
	})
	batch.Queue(waitingQuery, c.Lease).Query(func(rows pgx.Rows) (err error) {
		c.Events, err = pgx.CollectRows(rows, scanWaiting)
		return err
	})
	batch.Queue(historyQuery, c.Lease, historyLength).Query(func(rows pgx.Rows) (err error) {
		c.History, err = pgx.CollectRows(rows, scanMessage)
		return err
	})
	if err := send(ctx, s.pool, batch); err != nil {
		return nil, err
	}
	if len(leased) == 0 {
		return nil, nil
	}
	c.Conversation, c.Through = leased[0].Conversation, leased[0].filed
	return c, nil
}

// micro is a time as precise as the database keeps it.
func micro(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// commitQuery changes the conversation and its events: those that came during an
// overdue turn still wait. A doubt that came meanwhile takes from its memory what it
// takes from all, and what the customer has said of marketing since then stays.
const commitQuery = `
with done as (
	update gateway_events set state = 'done' where conversation_id = $1 and state = 'waiting' and seq <= $12
)
update gateway_conversations c set
	epoch = epoch + (mode <> $2 or agent <> $3)::int, mode = $2, agent = $3,
	language = $4, fallbacks = $5, clarified = $6, updated_at = greatest(updated_at, $7),
	memory = case when doubted_at is null then $8::text::json else $9::text::json end,
	marketing = case when $11 and coalesce(marketing_at <= $7, true) then $10 else marketing end,
	marketing_at = case when $11 then greatest(marketing_at, $7) else marketing_at end,
	lease = null, leased_until = null, attempt = 0, due_at = (` + burstDue + ` and e.conversation_id = c.id and e.seq > $12)
where c.id = $1`

// Commit implements gateway.Inbox: one round trip, one transaction. The first
// statement refuses, and undoes the rest by that.
func (s *Store) Commit(ctx context.Context, c *gateway.Claim, t gateway.Turn) error {
	id, after := c.Conversation.ID, t.Conversation
	batch := &pgx.Batch{}
	batch.Queue(`select gateway_hold($1, $2, $3, $4, $5)`, escape(id), escape(c.Lease), c.Conversation.Epoch, c.Through, t.Overdue)
	if err := queueState(batch, c, after, t.Record.At); err != nil {
		return fmt.Errorf("commit a turn: %w", err)
	}
	if after.Mode == gateway.ModeAgent {
		queueCancel(batch, id)
	}
	for _, o := range t.Outgoing {
		if err := queueOutgoing(batch, id, o); err != nil {
			return fmt.Errorf("commit a turn: %w", err)
		}
	}
	for _, command := range t.Commands {
		if err := queueCommand(batch, id, command); err != nil {
			return fmt.Errorf("commit a turn: %w", err)
		}
	}
	if t.Handoff != nil {
		if err := queueHandoff(batch, id, *t.Handoff); err != nil {
			return fmt.Errorf("commit a turn: %w", err)
		}
	}
	if err := queueRecord(batch, id, t.Record); err != nil {
		return fmt.Errorf("commit a turn: %w", err)
	}
	if t.Audit != nil {
		queueAudit(batch, *t.Audit, t.Record)
	}
	batch.Queue(bump)
	if err := persist(func() error { return send(ctx, s.pool, batch) }); err != nil {
		return fmt.Errorf("commit a turn: %w", refusal(err))
	}
	return nil
}

// queueState adds to a batch what a conversation is after a turn.
func queueState(batch *pgx.Batch, c *gateway.Claim, after gateway.Conversation, at time.Time) error {
	before := c.Conversation
	memory, err := document(&after.Memory)
	if err != nil {
		return fmt.Errorf("encode a memory: %w", err)
	}
	doubted, err := document(new(after.Memory.Doubted()))
	if err != nil {
		return fmt.Errorf("encode a memory: %w", err)
	}
	batch.Queue(commitQuery, escape(before.ID), escape(string(after.Mode)), escape(after.Agent),
		escape(after.Language), after.Fallbacks, after.Clarified, stamp(at),
		memory, doubted, escape(after.Marketing), after.Marketing != before.Marketing, c.Through)
	return nil
}

// refusal names what gateway_hold refused by.
func refusal(err error) error {
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch refused.Code {
		case "RG001":
			return gateway.ErrLeaseLost
		case "RG002":
			return gateway.ErrHumanOwns
		case "RG003":
			return gateway.ErrSuperseded
		}
	}
	return err
}

// queueOutgoing adds a message to send to a batch.
func queueOutgoing(batch *pgx.Batch, conversationID string, o gateway.Outgoing) error {
	args, err := outgoingArgs(conversationID, o)
	if err != nil {
		return err
	}
	batch.Queue(insertOutgoing, args...)
	return nil
}

const insertOutgoing = `insert into gateway_outgoing (id, conversation_id, channel, user_id, phone, author, agent, body,
		turn_id, created_at, expires_at, content, quote_id, state, due_at)
	values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::text::json, $13, 'queued', $10)`

func outgoingArgs(conversationID string, o gateway.Outgoing) ([]any, error) {
	content, err := document(o.Content)
	if err != nil {
		return nil, fmt.Errorf("encode a message's content: %w", err)
	}
	return []any{
		escape(o.ID), escape(conversationID), escape(o.Channel), escape(o.To.UserID), escape(o.To.Phone),
		escape(string(o.Author)), escape(o.Agent), escape(o.Text), escape(o.TurnID), present(o.CreatedAt), stamp(o.ExpiresAt),
		content, optional(o.QuoteID),
	}, nil
}

// queueHandoff adds an open handoff to a batch. When the conversation has one
// already, that one stays, and is claimed if the new one is.
func queueHandoff(batch *pgx.Batch, conversationID string, h gateway.Handoff) error {
	packet, err := document(&h.Packet)
	if err != nil {
		return fmt.Errorf("encode a handoff: %w", err)
	}
	batch.Queue(`insert into gateway_handoffs (id, conversation_id, user_id, phone, name, reason, state, agent, packet,
			created_at, updated_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9::text::json, $10, $11)
		on conflict (conversation_id) where state in ('queued', 'claimed') do update
		set state = excluded.state, agent = excluded.agent, updated_at = excluded.updated_at
		where excluded.state = 'claimed'`,
		escape(h.ID), escape(conversationID), escape(h.Contact.UserID), escape(h.Contact.Phone), escape(h.Name),
		escape(string(h.Reason)), escape(string(h.State)), escape(h.Agent), packet, present(h.CreatedAt), present(h.UpdatedAt))
	return nil
}

// abandonQuery makes what still waits due again. What was withdrawn meanwhile is not.
const abandonQuery = `update gateway_conversations c set lease = null, leased_until = null,
	attempt = case when w.waits then attempt else 0 end, due_at = case when w.waits then $3::timestamptz end
from (select exists (select from gateway_events e where e.state = 'waiting' and e.conversation_id = $1) as waits) w
where c.id = $1 and c.lease = $2`

// Abandon implements gateway.Inbox. The record is kept even when the lease was
// lost: the attempt was made.
func (s *Store) Abandon(ctx context.Context, c *gateway.Claim, r gateway.Record, retryAt time.Time) error {
	batch := &pgx.Batch{}
	batch.Queue(abandonQuery, escape(c.Conversation.ID), escape(c.Lease), stamp(retryAt))
	if err := queueRecord(batch, c.Conversation.ID, r); err != nil {
		return fmt.Errorf("abandon a turn: %w", err)
	}
	if err := persist(func() error { return send(ctx, s.pool, batch) }); err != nil {
		return fmt.Errorf("abandon a turn: %w", err)
	}
	return nil
}
