package postgres

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/recado/recado/gateway"
)

// filingBatch is how many events one transaction files.
const filingBatch = 512

// withoutDisk lets a transaction commit before it is on disk. What it wrote is
// never seen by a later commit that is: they go to disk in order.
const withoutDisk = `select set_config('synchronous_commit', 'off', true)`

// filing is one transaction that files accepted events.
type filing struct {
	tx     pgx.Tx
	now    time.Time
	limit  int
	events []entry
	// contacts are those of the events, as they are after them.
	contacts *contacts
	// failed are the messages that a status said were never delivered, by
	// conversation.
	failed map[string]string
	// conversations are those that the events belong to, and those of failed.
	conversations map[place]*conversation
}

// place is what a conversation is found by.
type place struct{ contact, channel string }

// file files everything that was accepted before it was called.
func (s *Store) file(ctx context.Context, now time.Time) error {
	for {
		f, err := s.fileSome(ctx, now, filingBatch)
		if refused(err) {
			err = s.fileEach(ctx, now, f.events)
		}
		if err != nil {
			return fmt.Errorf("file events: %w", err)
		}
		if len(f.events) < filingBatch {
			return nil
		}
	}
}

// fileSome files the next events in one transaction.
func (s *Store) fileSome(ctx context.Context, now time.Time, limit int) (*filing, error) {
	f := &filing{}
	return f, s.transact(ctx, func(tx pgx.Tx) error {
		*f = filing{
			tx: tx, now: now, limit: limit, contacts: newContacts(),
			failed: map[string]string{}, conversations: map[place]*conversation{},
		}
		return f.run(ctx)
	})
}

// fileEach files one event after the other, as many as these, so that one that
// Postgres refuses costs nobody their turn: it is put aside.
func (s *Store) fileEach(ctx context.Context, now time.Time, events []entry) error {
	for range events {
		f, err := s.fileSome(ctx, now, 1)
		if refused(err) {
			err = s.putAside(ctx, f.events[0], err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// putAside keeps an event without acting on it. The log says so without what is in it.
func (s *Store) putAside(ctx context.Context, e entry, cause error) error {
	done, err := s.pool.Exec(ctx, `update gateway_events set state = 'failed' where no = $1 and state = 'accepted'`, e.no)
	if err != nil {
		return fmt.Errorf("put an event aside: %w", err)
	}
	if known, ok := errors.AsType[*pgconn.PgError](cause); ok && done.RowsAffected() > 0 {
		s.log.ErrorContext(ctx, "an event could not be filed and is only kept", "number", e.no, "sqlstate", known.Code)
	}
	return nil
}

// refused tells whether Postgres refuses what is to be written, and always will: by
// its value (22), by a constraint (23) or by its size (54).
func refused(err error) bool {
	known, ok := errors.AsType[*pgconn.PgError](err)
	return ok && slices.Contains([]string{"22", "23", "54"}, known.Code[:2])
}

func (f *filing) run(ctx context.Context) error {
	if err := f.begin(ctx); err != nil || len(f.events) == 0 {
		return err
	}
	for _, step := range []func(context.Context) error{f.findContacts, f.mergeStatuses, f.findConversations, f.save} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// begin waits for its turn and reads what is accepted by then, in the order of
// acceptance. An event whose transaction is still open is left for the next
// filing, also when its number is lower than others'.
func (f *filing) begin(ctx context.Context) error {
	batch := &pgx.Batch{}
	batch.Queue(withoutDisk)
	batch.Queue(`select pg_advisory_xact_lock($1)`, int64(filingLock))
	batch.Queue(`select `+filingColumns+` from gateway_events where state = 'accepted' order by no limit $1`, f.limit).
		Query(func(rows pgx.Rows) (err error) {
			f.events, err = pgx.CollectRows(rows, scanEntry)
			return err
		})
	if err := send(ctx, f.tx, batch); err != nil {
		return fmt.Errorf("read what was accepted: %w", err)
	}
	return nil
}

// belongs tells whether an event becomes part of a conversation. A message of
// nobody can't be answered and is only kept.
func (e *entry) belongs() bool {
	return (e.Kind == gateway.EventMessage || e.Kind == gateway.EventEcho) && !e.From.IsZero()
}

func (f *filing) findContacts(ctx context.Context) error {
	var keys []string
	for i := range f.events {
		if e := &f.events[i]; e.belongs() {
			for _, key := range e.From.Keys() {
				keys = append(keys, escape(key))
			}
		}
	}
	if len(keys) == 0 {
		return nil
	}
	c := f.contacts
	if err := c.load(ctx, f.tx, keys); err != nil {
		return fmt.Errorf("read contacts: %w", err)
	}
	for i := range f.events {
		if e := &f.events[i]; e.belongs() {
			e.contact = c.find(e.From, e.ReceivedAt)
		}
	}
	for i := range f.events {
		f.events[i].contact = c.final(f.events[i].contact)
	}
	return c.save(ctx, f.tx, f.now)
}

// mergeStatuses merges what became of messages into them.
func (f *filing) mergeStatuses(ctx context.Context) error {
	var ids, providers []string
	for _, e := range f.events {
		if e.Status != nil && e.Status.State.Rank() > 0 {
			ids = append(ids, escape(e.Status.OutgoingID))
			providers = append(providers, escape(e.Status.ProviderID))
		}
	}
	if len(ids) == 0 {
		return nil
	}
	messages, err := lockSent(ctx, f.tx, ids, providers)
	if err != nil {
		return err
	}
	var changed []*sent
	for _, e := range f.events {
		if e.Status == nil {
			continue
		}
		if m := find(messages, *e.Status); m != nil && m.merge(*e.Status) && !slices.Contains(changed, m) {
			changed = append(changed, m)
		}
	}
	for _, m := range changed {
		if m.state == gateway.DeliveryFailed {
			f.failed[m.conversation] = m.body
		}
	}
	return saveSent(ctx, f.tx, changed)
}

// findConversations locks the conversations of the events and makes those that
// there are not.
func (f *filing) findConversations(ctx context.Context) error {
	contacts := map[string]bool{}
	for _, e := range f.events {
		if e.contact != "" {
			contacts[e.contact] = true
		}
	}
	list, err := lockConversations(ctx, f.tx, slices.Sorted(maps.Keys(contacts)), slices.Sorted(maps.Keys(f.failed)))
	if err != nil {
		return err
	}
	for _, c := range list {
		f.conversations[place{c.ContactID, c.Channel}] = c
	}
	for _, e := range f.events {
		at := place{e.contact, e.Channel}
		if e.contact != "" && f.conversations[at] == nil {
			f.conversations[at] = &conversation{Conversation: gateway.Conversation{
				ID: gateway.NewID(), ContactID: e.contact, Channel: e.Channel, Mode: gateway.ModeBot,
				CreatedAt: e.ReceivedAt, UpdatedAt: e.ReceivedAt,
			}}
		}
	}
	return nil
}

// save puts the events into their conversations, opens the handoffs of failed
// messages and writes it all.
func (f *filing) save(ctx context.Context) error {
	changed := map[string]*conversation{}
	batch := &pgx.Batch{}
	for i := range f.events {
		e := &f.events[i]
		if c := f.conversations[place{e.contact, e.Channel}]; e.contact != "" {
			c.take(e, f.contacts.whole(e.contact, e.From, c.Contact))
			changed[c.ID] = c
		}
	}
	for _, c := range f.conversations {
		body, failed := f.failed[c.ID]
		if failed && !c.withPerson() {
			h := gateway.SendFailure(c.Conversation, body, f.now)
			c.queue(h)
			changed[c.ID] = c
			if err := queueHandoff(batch, c.ID, h); err != nil {
				return err
			}
		}
	}
	f.queueEvents(batch)
	visible := len(changed) > 0 || len(f.failed) > 0 || f.anyStatus()
	if visible {
		batch.Queue(bump)
	}
	// The events first: the bursts are timed by them. Handoffs need a conversation
	// that is there, and failed messages have one.
	if err := send(ctx, f.tx, batch); err != nil {
		return fmt.Errorf("file into conversations: %w", err)
	}
	if len(changed) == 0 {
		return nil
	}
	return save(ctx, f.tx, slices.SortedFunc(maps.Values(changed), byID))
}

func (f *filing) anyStatus() bool {
	return slices.ContainsFunc(f.events, func(e entry) bool { return e.Status != nil })
}

// queueEvents marks the events as waiting in their conversation, or as done with.
func (f *filing) queueEvents(batch *pgx.Batch) {
	n := len(f.events)
	numbers, conversations, seqs := make([]int64, n), make([]string, n), make([]int64, n)
	for i, e := range f.events {
		numbers[i], conversations[i], seqs[i] = e.no, e.conversation, e.seq
	}
	batch.Queue(`update gateway_events e set
			state = case when i.conversation_id = '' then 'done' else 'waiting' end,
			conversation_id = nullif(i.conversation_id, ''), seq = nullif(i.seq, 0)
		from unnest($1::bigint[], $2::text[], $3::bigint[]) as i (no, conversation_id, seq)
		where e.state = 'accepted' and e.no = i.no`, numbers, conversations, seqs)
}
