package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/recado/recado/gateway"
)

// The types of signals that mean something to the store.
const (
	signalSystem = "system"
	signalRevoke = "revoke"
	signalEdit   = "edit"
)

// was is the identity before a change that a signal tells of, zero when it tells of
// none.
func (e *entry) was() gateway.Identity {
	if e.Kind != gateway.EventSignal || e.Message == nil || e.Message.Was == nil {
		return gateway.Identity{}
	}
	return *e.Message.Was
}

// doubts tells whether a signal says that the person may be another.
func (e *entry) doubts() bool {
	return e.Kind == gateway.EventSignal && e.Message != nil && (e.Message.Type == signalSystem || !e.was().IsZero())
}

// changes tells whether a signal changes a message that was there before.
func (e *entry) changes() bool {
	return e.Kind == gateway.EventSignal && e.About != "" && e.Message != nil &&
		(e.Message.Type == signalRevoke || e.Message.Type == signalEdit)
}

// target is a customer's message that a signal is about.
type target struct {
	no           int64
	conversation string
	message      *gateway.Message
	// waits tells that it may be part of a turn that is under way.
	waits bool
	// edits are the signals that changed its text.
	edits []edit
}

type edit struct {
	digest  digest
	message *gateway.Message
}

// early is a signal that came before the message that it is about.
type early struct {
	edit
	conversation string
}

// rewrite is what is to be written over a message or an edit of one.
type rewrite struct {
	message   *gateway.Message
	withdrawn bool
}

// findTargets reads the messages that signals change. Those of the same filing have no
// conversation yet.
func (f *filing) findTargets(ctx context.Context) error {
	var wanted [][]byte
	for i := range f.events {
		if e := &f.events[i]; e.changes() {
			d := digestOf(e.About)
			wanted = append(wanted, d[:])
		}
	}
	if len(wanted) == 0 {
		return f.findEarly(ctx)
	}
	found, err := f.tx.Query(ctx, `select digest, no, conversation_id, message, state = 'waiting' from gateway_events
		where digest = any($1) and kind = 'message' and message is not null`, wanted)
	if err != nil {
		return fmt.Errorf("read what signals are about: %w", err)
	}
	var d []byte
	var t target
	_, err = pgx.ForEachRow(found, []any{&d, &t.no, scan(&t.conversation), &t.message, &t.waits}, func() error {
		f.targets[digest(d)] = &target{no: t.no, conversation: t.conversation, message: t.message, waits: t.waits}
		t.message = nil
		return nil
	})
	if err != nil {
		return fmt.Errorf("read what signals are about: %w", err)
	}
	if err := f.findEdits(ctx); err != nil {
		return err
	}
	return f.findEarly(ctx)
}

// findEarly reads the signals that were filed before the messages that they are about.
func (f *filing) findEarly(ctx context.Context) error {
	var messages [][]byte
	for i := range f.events {
		if e := &f.events[i]; e.Kind == gateway.EventMessage && e.contact != "" {
			d := digestOf(e.Key)
			messages = append(messages, d[:])
		}
	}
	if len(messages) == 0 {
		return nil
	}
	found, err := f.tx.Query(ctx, `select s.digest, s.about_digest, s.conversation_id, s.message, m.no, m.message
		from gateway_events s join gateway_events m on m.digest = s.about_digest and m.message is not null
		where s.about_digest = any($1) and s.kind = 'signal' and s.state = 'done' and s.conversation_id is not null
			and s.message is not null
		order by s.no`, messages)
	if err != nil {
		return fmt.Errorf("read what came before its message: %w", err)
	}
	var d, about []byte
	var t target
	var s early
	_, err = pgx.ForEachRow(found, []any{&d, &about, scan(&s.conversation), &s.message, &t.no, &t.message}, func() error {
		if s.message.Type == signalRevoke || s.message.Type == signalEdit {
			key := digest(about)
			if f.targets[key] == nil {
				f.targets[key] = &target{no: t.no, message: t.message}
			}
			f.early[key] = append(f.early[key], early{edit{digest(d), s.message}, s.conversation})
		}
		s.message, t.message = nil, nil
		return nil
	})
	if err != nil {
		return fmt.Errorf("read what came before its message: %w", err)
	}
	return nil
}

// findEdits reads what changed the messages before: it is withdrawn with them.
func (f *filing) findEdits(ctx context.Context) error {
	var messages [][]byte
	var conversations []string
	for i := range f.events {
		e := &f.events[i]
		d := digestOf(e.About)
		if t := f.targets[d]; t != nil && t.conversation != "" && e.changes() && e.Message.Type == signalRevoke {
			messages, conversations = append(messages, d[:]), append(conversations, escape(t.conversation))
		}
	}
	if len(messages) == 0 {
		return nil
	}
	found, err := f.tx.Query(ctx, `select digest, about_digest, conversation_id, message from gateway_events
		where conversation_id = any($1) and about_digest = any($2) and kind = 'signal' and message is not null`, conversations, messages)
	if err != nil {
		return fmt.Errorf("read what changed messages: %w", err)
	}
	var d, about []byte
	var conversation string
	var m *gateway.Message
	_, err = pgx.ForEachRow(found, []any{&d, &about, scan(&conversation), &m}, func() error {
		if t := f.targets[digest(about)]; t.conversation == conversation && m.Type == signalEdit {
			t.edits = append(t.edits, edit{digest(d), m})
		}
		m = nil
		return nil
	})
	if err != nil {
		return fmt.Errorf("read what changed messages: %w", err)
	}
	return nil
}

// change makes a signal change the message that it is about, if there is one in the
// same conversation. What comes before its message changes it when it is there.
func (f *filing) change(e *entry, c *conversation) {
	about := digestOf(e.About)
	t := f.targets[about]
	if t == nil {
		return
	}
	signal := edit{digestOf(e.Key), e.Message}
	if t.no > e.no {
		f.early[about] = append(f.early[about], early{signal, c.ID})
	} else if t.conversation == c.ID {
		f.amend(about, t, signal, c)
	}
}

// arrive notes which conversation a message has come to, and makes the signals change
// it that came before.
func (f *filing) arrive(e *entry, c *conversation) {
	d := digestOf(e.Key)
	t := f.targets[d]
	if t == nil {
		return
	}
	t.conversation = c.ID
	for _, signal := range f.early[d] {
		if signal.conversation == c.ID {
			f.amend(d, t, signal.edit, c)
		}
	}
}

// amend makes a signal change a message. A turn that was made with what the message
// said is not wanted any more.
func (f *filing) amend(about digest, t *target, signal edit, c *conversation) {
	c.timed = true
	if t.waits {
		f.freed = append(f.freed, escape(c.ID))
	}
	switch {
	case signal.message.Type == signalRevoke:
		t.message = f.withdraw(about, t.message)
		for _, version := range t.edits {
			f.withdraw(version.digest, version.message)
		}
	case t.message.Deleted:
		f.withdraw(signal.digest, signal.message) // it tells what was withdrawn
	default:
		t.message.Text, t.message.Edited = signal.message.Text, true
		t.edits = append(t.edits, signal)
		f.rewrites[about] = rewrite{message: t.message}
	}
}

// withdraw leaves of a message that it was there, and gives what is left.
func (f *filing) withdraw(d digest, m *gateway.Message) *gateway.Message {
	left := &gateway.Message{ProviderID: m.ProviderID, Type: m.Type, QuotedID: m.QuotedID, Deleted: true}
	f.rewrites[d] = rewrite{left, true}
	return left
}

// queueRewrites adds to a batch what signals changed. A message that was withdrawn
// waits no more, its file is not wanted, and nothing leads from it to how it came.
func (f *filing) queueRewrites(batch *pgx.Batch) error {
	var digests [][]byte
	var messages []string
	var withdrawn []bool
	for d, r := range f.rewrites {
		message, err := document(r.message)
		if err != nil {
			return fmt.Errorf("encode a message: %w", err)
		}
		digests, messages, withdrawn = append(digests, d[:]), append(messages, *message), append(withdrawn, r.withdrawn)
	}
	if len(digests) == 0 {
		return nil
	}
	if len(f.freed) > 0 {
		batch.Queue(`update gateway_conversations set lease = null, leased_until = null where id = any($1)`, f.freed)
	}
	reason, err := document(&gateway.SendError{Title: fileWithdrawn})
	if err != nil {
		return fmt.Errorf("encode why a file is gone: %w", err)
	}
	batch.Queue(`update gateway_events e set message = i.message::json,
			state = case when i.withdrawn and e.state = 'waiting' then 'done' else e.state end,
			raw = case when not i.withdrawn then e.raw end, webhook = case when not i.withdrawn then e.webhook end
		from unnest($1::bytea[], $2::text[], $3::bool[]) as i (digest, message, withdrawn)
		where e.digest = i.digest`, digests, messages, withdrawn)
	batch.Queue(`update gateway_files f set state = 'failed',
			due_at = case when f.state = 'failed' or f.lease is not null then f.due_at else timestamptz 'epoch' end, type = '', size = 0, sha256 = '', words = '',
			error = $3::text::json
		from unnest($1::bytea[], $2::bool[]) as i (digest, withdrawn)
		where f.event = i.digest and i.withdrawn`, digests, withdrawn, reason)
	return nil
}
