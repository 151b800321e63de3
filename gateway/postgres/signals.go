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
	// changed and withdrawn are what is to be written.
	changed, withdrawn bool
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
		return nil
	}
	found, err := f.tx.Query(ctx, `select digest, no, conversation_id, message from gateway_events
		where digest = any($1) and kind = 'message' and message is not null`, wanted)
	if err != nil {
		return fmt.Errorf("read what signals are about: %w", err)
	}
	var d []byte
	var t target
	_, err = pgx.ForEachRow(found, []any{&d, &t.no, scan(&t.conversation), &t.message}, func() error {
		f.targets[digest(d)] = &target{no: t.no, conversation: t.conversation, message: t.message}
		t.message = nil
		return nil
	})
	if err != nil {
		return fmt.Errorf("read what signals are about: %w", err)
	}
	return nil
}

// change makes a signal change the message that it is about, and says whether there is
// one: a message of the same conversation that was accepted before.
func (f *filing) change(e *entry, c *conversation) {
	t := f.targets[digestOf(e.About)]
	if t == nil || t.conversation != c.ID || t.no > e.no {
		return
	}
	e.absorbed, t.changed, c.timed = true, true, true
	m := t.message
	switch {
	case e.Message.Type == signalRevoke:
		t.withdrawn = true
		t.message = &gateway.Message{ProviderID: m.ProviderID, Type: m.Type, QuotedID: m.QuotedID, Deleted: true}
	case !m.Deleted:
		m.Text, m.Edited = e.Message.Text, true
	}
}

// queueChanges adds to a batch what signals changed. A message that was withdrawn
// waits no more, and nothing leads from it to how it came.
func (f *filing) queueChanges(batch *pgx.Batch) error {
	var digests, gone [][]byte
	var messages []string
	var withdrawn []bool
	for d, t := range f.targets {
		if !t.changed {
			continue
		}
		message, err := document(t.message)
		if err != nil {
			return fmt.Errorf("encode a message: %w", err)
		}
		digests, messages, withdrawn = append(digests, d[:]), append(messages, *message), append(withdrawn, t.withdrawn)
		if t.withdrawn {
			gone = append(gone, d[:])
		}
	}
	if len(digests) == 0 {
		return nil
	}
	batch.Queue(`update gateway_events e set message = i.message::json,
			state = case when i.withdrawn and e.state = 'waiting' then 'done' else e.state end,
			raw = case when not i.withdrawn then e.raw end, webhook = case when not i.withdrawn then e.webhook end
		from unnest($1::bytea[], $2::text[], $3::bool[]) as i (digest, message, withdrawn)
		where e.digest = i.digest`, digests, messages, withdrawn)
	reason, err := document(&gateway.SendError{Title: fileWithdrawn})
	if err != nil {
		return fmt.Errorf("encode why a file is gone: %w", err)
	}
	batch.Queue(`update gateway_files set state = 'failed', due_at = null, type = '', size = 0, sha256 = '', words = '',
			error = $2::text::json
		where event = any($1)`, gone, reason)
	return nil
}
