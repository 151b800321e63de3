package sqlite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/recado/recado/gateway"
)

// historyLength is how many messages before the burst a claim gives.
const historyLength = 20

// Claim implements gateway.Inbox. With nothing to do it only reads.
func (s *Store) Claim(ctx context.Context, now time.Time, lease time.Duration) (*gateway.Claim, error) {
	c, err := s.claim(ctx, now, lease)
	if err != nil && !errors.Is(err, gateway.ErrNoWork) {
		return nil, fmt.Errorf("claim: %w", err)
	}
	return c, err
}

func (s *Store) claim(ctx context.Context, now time.Time, lease time.Duration) (*gateway.Claim, error) {
	var work bool
	err := s.read(ctx, func(t *tx) error {
		const query = `select (select coalesce(max(seq), 0) from events) > (select filed from meta where id = 1)
			or exists (select 1 from conversations where due_at <= ?1 and leased_until <= ?1)`
		_, err := t.one(query, []any{nanos(now)}, &work)
		return err
	})
	if err != nil {
		return nil, err
	}
	if !work {
		return nil, gateway.ErrNoWork
	}
	for apart := false; ; {
		c, done, err := s.fileAndLease(ctx, now, lease, apart)
		switch {
		case err != nil && (apart || !refused(err)):
			return nil, err
		case err != nil || done.more:
			apart = err != nil
		case c == nil:
			return nil, gateway.ErrNoWork
		default:
			return c, nil
		}
	}
}

// fileAndLease files what was accepted, a part of it when there is much, and leases
// when all is filed.
func (s *Store) fileAndLease(ctx context.Context, now time.Time, lease time.Duration, apart bool) (c *gateway.Claim, done filed, err error) {
	err = s.write(ctx, func(t *tx) (err error) {
		if done, err = t.file(now, apart); err != nil || done.more {
			return err
		}
		c, err = t.lease(now, lease)
		return err
	})
	if err == nil && len(done.aside) > 0 {
		s.log.ErrorContext(ctx, "events could not be filed and are only kept", "numbers", done.aside)
	}
	return c, done, err
}

// lease takes the conversation that has been due longest, or gives nil. What was
// filed before is kept either way.
func (t *tx) lease(now time.Time, lease time.Duration) (*gateway.Claim, error) {
	c := &gateway.Claim{Lease: gateway.NewID(), LeasedUntil: now.Add(lease)}
	const take = `update conversations set lease = ?1, leased_until = ?2, attempt = attempt + 1 where id = (
			select id from conversations where due_at <= ?3 and leased_until <= ?3 order by due_at, id limit 1
		) returning id, attempt`
	var id string
	found, err := t.one(take, []any{c.Lease, nanos(c.LeasedUntil), nanos(now)}, &id, &c.Attempt)
	if err != nil || !found {
		return nil, err
	}
	if c.Conversation, err = get(t, scanConversation, selectConversation+` where id = ?`, id); err != nil {
		return nil, err
	}
	const waiting = `select ` + readColumns + ` from events where conversation_id = ? and waiting = 1 order by seq`
	events, err := list(t, scanEvent, waiting, id)
	if err != nil {
		return nil, err
	}
	for _, e := range events {
		if err := t.complete(e.Message, e.seq, id, e.About); err != nil {
			return nil, err
		}
		c.Events = append(c.Events, e.Event)
		c.Through = max(c.Through, e.seq)
	}
	slices.SortStableFunc(c.Events, func(a, b gateway.Event) int { return a.At.Compare(b.At) })
	if c.History, err = t.history(id); err != nil {
		return nil, err
	}
	return c, nil
}

// history reads the last messages that don't wait for a turn, without the bodies that
// went over the wire and without signals: those are nothing that somebody said.
func (t *tx) history(id string) ([]gateway.MessageView, error) {
	const query = `select * from (` + incomingHead + `, null as payload` + incomingFrom + incomingOf + ` and e.waiting is null and e.kind <> 'signal' order by e.received_at desc, e.seq desc limit ?2)
		union all select * from (` + outgoingHead + `, null as payload` + outgoingFrom + ` order by o.created_at desc, o.n desc limit ?2)
		order by taken desc, side desc, n desc limit ?2`
	views, err := t.views(id, query, historyLength)
	if err != nil {
		return nil, fmt.Errorf("read the history: %w", err)
	}
	slices.Reverse(views)
	return bare(views), nil
}

// Commit implements gateway.Inbox.
func (s *Store) Commit(ctx context.Context, c *gateway.Claim, turn gateway.Turn) error {
	err := s.write(ctx, func(t *tx) error {
		if err := t.committable(c, turn.Overdue); err != nil {
			return err
		}
		return t.apply(c, turn)
	})
	if err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// committable tells why a turn may not take effect, or nil. One that is overdue is
// superseded by an echo alone.
func (t *tx) committable(c *gateway.Claim, overdue bool) error {
	var epoch int64
	var contact string
	id := c.Conversation.ID
	const leased = `select epoch, contact_id from conversations where id = ? and lease = ?`
	found, err := t.one(leased, []any{id, c.Lease}, &epoch, &contact)
	switch {
	case err != nil:
		return err
	case !found || c.Lease == "":
		return gateway.ErrLeaseLost
	case epoch != c.Conversation.Epoch:
		return gateway.ErrHumanOwns
	}
	// Filed ones wait in the conversation; others are recognised by any key of the
	// contact.
	const newer = `select exists (
			select 1 from events where conversation_id = ?1 and waiting = 1 and seq > ?2 and (kind = 'echo' or not ?5)
		) or exists (
			select 1 from events e where e.seq > (select filed from meta where id = 1)
			and (e.kind in ('echo', 'signal') or e.kind = 'message' and not ?5) and e.channel = ?3 and exists (
				select 1 from identities i where i.contact_id = ?4
				and i.key in ('user:' || e.user_id, 'phone:' || e.phone,
					iif(e.kind = 'signal', 'user:' || json_extract(e.body, '$.was.user_id'), null),
					iif(e.kind = 'signal', 'phone:' || json_extract(e.body, '$.was.phone'), null))))`
	var superseded bool
	args := []any{id, c.Through, c.Conversation.Channel, contact, overdue}
	if _, err := t.one(newer, args, &superseded); err != nil {
		return err
	}
	if superseded {
		return gateway.ErrSuperseded
	}
	return nil
}

// apply writes all that a turn changes.
func (t *tx) apply(c *gateway.Claim, turn gateway.Turn) error {
	after := turn.Conversation
	if err := t.become(c.Conversation, after, turn.Record.At); err != nil {
		return err
	}
	const done = `update events set waiting = null where conversation_id = ? and waiting = 1 and seq <= ?`
	if err := t.exec(done, c.Conversation.ID, c.Through); err != nil {
		return fmt.Errorf("be done with the events: %w", err)
	}
	if after.Mode == gateway.ModeAgent {
		if err := t.cancel(c.Conversation.ID); err != nil {
			return err
		}
	}
	for _, o := range turn.Outgoing {
		if err := t.enqueue(o); err != nil {
			return err
		}
	}
	for _, command := range turn.Commands {
		if err := t.order(c.Conversation.ID, command); err != nil {
			return err
		}
	}
	if turn.Handoff != nil {
		if err := t.openHandoff(*turn.Handoff); err != nil {
			return err
		}
	}
	if err := t.keep(c.Conversation.ID, turn.Record); err != nil {
		return err
	}
	if turn.Audit != nil {
		if err := t.pick(*turn.Audit, turn.Record); err != nil {
			return err
		}
	}
	return errors.Join(t.schedule(c.Conversation.ID), t.show())
}

// become writes what a conversation is after a turn. A doubt that came meanwhile takes
// from its memory what it takes from all.
func (t *tx) become(before, after gateway.Conversation, at time.Time) error {
	memory, err := encode(&after.Memory)
	if err != nil {
		return err
	}
	doubted, err := encode(new(after.Memory.Doubted()))
	if err != nil {
		return err
	}
	const state = `update conversations set epoch = epoch + (mode <> ?1 or agent <> ?2), mode = ?1, agent = ?2,
		language = ?3, fallbacks = ?4, clarified = ?5, updated_at = max(updated_at, ?6), memory = iif(doubted_at = 0, ?8, ?9),
		lease = '', leased_until = 0, attempt = 0, retry_at = 0 where id = ?7`
	err = t.exec(state, string(after.Mode), after.Agent, after.Language, after.Fallbacks, after.Clarified,
		nanos(at), before.ID, memory, doubted)
	if err == nil && after.Marketing != before.Marketing {
		err = t.wants(before.ID, after.Marketing, at)
	}
	if err != nil {
		return fmt.Errorf("write the conversation: %w", err)
	}
	return nil
}

// keep appends a decision record.
func (t *tx) keep(conversationID string, r gateway.Record) error {
	record, err := encode(&r)
	if err != nil {
		return err
	}
	if err := t.exec(`insert into turns (conversation_id, record) values (?, ?)`, conversationID, record); err != nil {
		return fmt.Errorf("keep the record: %w", err)
	}
	return t.cite(r)
}

// Abandon implements gateway.Inbox.
func (s *Store) Abandon(ctx context.Context, c *gateway.Claim, r gateway.Record, retryAt time.Time) error {
	err := s.write(ctx, func(t *tx) error {
		// What came in meanwhile still has its quiet period, but for an echo. Of what
		// was withdrawn nothing is left to try.
		const query = `update conversations set lease = '', leased_until = 0, retry_at = ?1, (due_at, attempt) = (
				select iif(max(e.kind = 'echo'), ?1, max(?1, ` + burstEnd + `)), iif(count(*) = 0, 0, conversations.attempt)
				from ` + burst + `
			) where id = ?2 and lease = ?3 and lease <> ''`
		held, err := t.changed(query, nanos(retryAt), c.Conversation.ID, c.Lease)
		if err != nil || !held {
			return err
		}
		return t.keep(c.Conversation.ID, r)
	})
	if err != nil {
		return fmt.Errorf("abandon: %w", err)
	}
	return nil
}
