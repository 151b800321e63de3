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
	failed map[string]*sent
	// targets are the messages that signals change, by the digest of their key.
	targets map[digest]*target
	// early are the signals that came before the messages that they are about, by the
	// same.
	early map[digest][]early
	// freed are the conversations whose turn under way was made with what a signal has
	// changed.
	freed []string
	// rewrites are what is to be written over events, by the same.
	rewrites map[digest]rewrite
	// conversations are all those of the customers that the events are of or about.
	conversations map[place]*conversation
	byID          map[string]*conversation
	// changed are those of them that are to be written.
	changed map[string]*conversation
	// doubted are those that a doubt was told of, and withheld those of them with
	// answers of the bot that are not sent for it.
	doubted  map[string]bool
	withheld []string
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
			failed: map[string]*sent{}, targets: map[digest]*target{}, rewrites: map[digest]rewrite{},
			conversations: map[place]*conversation{},
			byID:          map[string]*conversation{}, changed: map[string]*conversation{},
			doubted: map[string]bool{}, early: map[digest][]early{},
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
	for _, step := range []func(context.Context) error{
		f.findContacts, f.mergeStatuses, f.findConversations, f.findTargets, f.apply, f.readdress, f.withhold, f.save, f.raiseAlerts,
	} {
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
	batch.Queue(`select `+filingColumns+` from gateway_events e where e.state = 'accepted' order by e.no limit $1`, f.limit).
		Query(func(rows pgx.Rows) (err error) {
			f.events, err = pgx.CollectRows(rows, scanEntry)
			return err
		})
	if err := send(ctx, f.tx, batch); err != nil {
		return fmt.Errorf("read what was accepted: %w", err)
	}
	return nil
}

// belongs tells whether an event belongs to a customer. A message of nobody can't be
// answered and is only kept.
func (e *entry) belongs() bool {
	return (e.waits() || e.Kind == gateway.EventSignal || e.Kind == gateway.EventPreference) && !e.From.IsZero()
}

// waits tells whether an event wants a turn.
func (e *entry) waits() bool {
	return e.Kind == gateway.EventMessage || e.Kind == gateway.EventEcho
}

// visible tells whether an event is shown among the messages of its conversation.
func (e *entry) visible() bool {
	return e.waits() || e.Kind == gateway.EventSignal
}

func (f *filing) findContacts(ctx context.Context) error {
	var keys []string
	for i := range f.events {
		if e := &f.events[i]; e.belongs() {
			for _, key := range slices.Concat(e.From.Keys(), e.was().Keys()) {
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
			was := e.was()
			c.succeed(e.From, was)
			e.contact = c.find(e.From, e.ReceivedAt)
			e.takes = c.took
			if !was.IsZero() {
				e.contact = c.rename(e.contact, e.From, was)
			}
		}
	}
	for i := range f.events {
		f.events[i].contact = c.final(f.events[i].contact)
	}
	for i := range c.lost {
		c.lost[i].contact = c.final(c.lost[i].contact)
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
	for i := range f.events {
		if e := &f.events[i]; e.Status != nil {
			if m := find(messages, *e.Status); m != nil && e.merge(m) && !slices.Contains(changed, m) {
				changed = append(changed, m)
			}
		}
	}
	for _, m := range changed {
		if m.state == gateway.DeliveryFailed {
			f.failed[m.conversation] = m
		}
	}
	return saveSent(ctx, f.tx, changed)
}

// merge merges a status into its message and notes what it says of the customer.
func (e *entry) merge(m *sent) (changed bool) {
	before := m.state
	changed = m.merge(*e.Status)
	e.sentIn = m.conversation
	e.bounced = m.state == gateway.DeliveryFailed && before != gateway.DeliveryFailed
	e.reached = arrived(e.Status.State)
	return changed
}

// findConversations locks the conversations of the events and makes those that
// there are not.
func (f *filing) findConversations(ctx context.Context) error {
	var contacts, bounced, reached []string
	for _, e := range f.events {
		switch {
		case e.contact != "":
			contacts = append(contacts, e.contact)
		case e.bounced:
			bounced = append(bounced, e.sentIn)
		case e.reached:
			reached = append(reached, e.sentIn)
		}
	}
	for _, gone := range f.contacts.lost {
		contacts = append(contacts, gone.contact)
	}
	list, err := lockConversations(ctx, f.tx, distinct(contacts), distinct(bounced), distinct(reached))
	if err != nil {
		return err
	}
	for _, c := range list {
		f.add(c)
	}
	for _, e := range f.events {
		if e.contact != "" && f.conversations[place{e.contact, e.Channel}] == nil {
			f.add(&conversation{Conversation: gateway.Conversation{
				ID: gateway.NewID(), ContactID: e.contact, Channel: e.Channel, Mode: gateway.ModeBot,
				CreatedAt: e.ReceivedAt, UpdatedAt: e.ReceivedAt, DoubtedAt: f.doubtedAt(e.contact),
			}})
		}
	}
	return nil
}

// doubtedAt is since when it is doubted who a contact is, by the newest doubt.
func (f *filing) doubtedAt(contact string) (at time.Time) {
	for _, c := range f.byID {
		if c.ContactID == contact {
			at = later(at, c.DoubtedAt)
		}
	}
	return at
}

// distinct gives each of the strings once.
func distinct(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

func (f *filing) add(c *conversation) {
	f.conversations[place{c.ContactID, c.Channel}], f.byID[c.ID] = c, c
}

// apply brings the conversations up to date with the events, in their order.
func (f *filing) apply(context.Context) error {
	for i := range f.events {
		e := &f.events[i]
		if e.contact != "" {
			f.join(e, f.conversations[place{e.contact, e.Channel}])
		} else if c := f.byID[e.sentIn]; c != nil {
			f.tell(e, c)
		}
	}
	return nil
}

// join puts an event into its conversation.
func (f *filing) join(e *entry, c *conversation) {
	f.changed[c.ID] = c
	if e.changes() {
		f.change(e, c)
	}
	c.take(e, f.contacts.whole(e.contact, e.From, c.Contact))
	if e.Kind == gateway.EventPreference && e.Preference != nil {
		c.prefer(*e.Preference, e.At)
	}
	if e.takes || e.doubts() {
		f.doubt(e, e.contact, e.doubts())
	}
	if e.Kind == gateway.EventMessage && len(f.targets) > 0 {
		f.arrive(e, c)
	}
}

// doubt doubts all conversations of a contact. After a change of identity they go on
// with the new one. When the channel has told of the doubt, what the bot has made
// without knowing of it is withheld.
func (f *filing) doubt(e *entry, contact string, told bool) {
	for _, c := range f.conversations {
		if c.ContactID != contact {
			continue
		}
		c.doubt(e.At)
		if told && !f.doubted[c.ID] {
			f.doubted[c.ID] = true
			c.withhold()
		}
		if !e.was().IsZero() {
			c.Contact = f.contacts.whole(contact, e.From, c.Contact)
		}
		f.changed[c.ID] = c
	}
}

// tell notes what a status says of the customer.
func (f *filing) tell(e *entry, c *conversation) {
	if e.reached && !c.UnreachableAt.IsZero() {
		c.reached(e.ReceivedAt)
		f.changed[c.ID] = c
	}
	if !e.bounced || e.Status.Error == nil {
		return
	}
	if c.mark(e.Status.Error, e.At) {
		f.changed[c.ID] = c
	}
	if e.Status.Error.Class == gateway.ErrorIdentity {
		f.doubt(e, c.ContactID, true)
	}
}

// readdress makes what goes to a number that the customer has left go to their user
// id. Who has no user id has only the number.
func (f *filing) readdress(ctx context.Context) error {
	var ids, users, phones []string
	for _, gone := range f.contacts.lost {
		if f.contacts.owner["phone:"+gone.phone] == gone.contact {
			continue // they have it again
		}
		for _, c := range f.byID {
			if c.ContactID != gone.contact || c.Contact.UserID == "" {
				continue
			}
			if c.Contact.Phone == gone.phone {
				c.Contact.Phone = ""
				f.changed[c.ID] = c
			}
			ids, users, phones = append(ids, c.ID), append(users, escape(c.Contact.UserID)), append(phones, escape(gone.phone))
		}
	}
	if len(ids) == 0 {
		return nil
	}
	_, err := f.tx.Exec(ctx, `update gateway_outgoing o set phone = '', user_id = coalesce(nullif(o.user_id, ''), i.user_id)
		from unnest($1::text[], $2::text[], $3::text[]) as i (id, user_id, phone)
		where o.conversation_id = i.id and o.open and o.phone = i.phone`, ids, users, phones)
	if err != nil {
		return fmt.Errorf("readdress what is to be sent: %w", err)
	}
	return nil
}

// withhold cancels what the bot still had to say in conversations that a doubt was
// told of.
func (f *filing) withhold(ctx context.Context) (err error) {
	f.withheld, err = withhold(ctx, f.tx, slices.Sorted(maps.Keys(f.doubted)))
	return err
}

// handOff opens the handoffs of messages that were never delivered, and of those that
// are withheld.
func (f *filing) handOff(batch *pgx.Batch) error {
	open := func(id string, handoff func(gateway.Conversation) gateway.Handoff) error {
		c := f.byID[id]
		if c == nil || c.withPerson() {
			return nil
		}
		h := handoff(c.Conversation)
		c.queue(h)
		f.changed[c.ID] = c
		return queueHandoff(batch, c.ID, h)
	}
	for id, m := range f.failed {
		err := open(id, func(c gateway.Conversation) gateway.Handoff { return gateway.SendFailure(c, m.body, m.err, f.now) })
		if err != nil {
			return err
		}
	}
	for _, id := range f.withheld {
		err := open(id, func(c gateway.Conversation) gateway.Handoff { return gateway.IdentityDoubt(c, f.now) })
		if err != nil {
			return err
		}
	}
	return nil
}

// save writes it all.
func (f *filing) save(ctx context.Context) error {
	batch := &pgx.Batch{}
	if err := f.handOff(batch); err != nil {
		return err
	}
	f.queueEvents(batch)
	if err := f.queueFiles(batch); err != nil {
		return err
	}
	if err := f.queueRewrites(batch); err != nil {
		return err
	}
	if len(f.changed) > 0 || f.anyStatus() {
		batch.Queue(bump)
	}
	// The events first: the bursts are timed by them. Handoffs need a conversation
	// that is there, and failed messages have one.
	if err := send(ctx, f.tx, batch); err != nil {
		return fmt.Errorf("file into conversations: %w", err)
	}
	if len(f.changed) == 0 {
		return nil
	}
	return save(ctx, f.tx, slices.SortedFunc(maps.Values(f.changed), byID))
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
			state = case when i.seq = 0 then 'done' else 'waiting' end,
			conversation_id = nullif(i.conversation_id, ''), seq = nullif(i.seq, 0)
		from unnest($1::bigint[], $2::text[], $3::bigint[]) as i (no, conversation_id, seq)
		where e.state = 'accepted' and e.no = i.no`, numbers, conversations, seqs)
}
