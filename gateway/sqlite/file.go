package sqlite

import (
	"errors"
	"fmt"
	"maps"
	"time"

	driver "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"

	"github.com/recado/recado/gateway"
)

// fileBatch is how many events one transaction files, so that accepting never
// waits long for a backlog.
const fileBatch = 256

// filing is an accepted event with its place in the order.
type filing struct {
	gateway.Event
	seq int64
	// broken is why what the event says can't be read, or nil.
	broken error
}

// errBroken says that an event holds something that can't be read.
var errBroken = errors.New("an event can't be read")

// filed is what one transaction filed.
type filed struct {
	more bool
	// aside are the numbers of events that can't be filed and are only kept.
	aside []int64
}

// file takes the next accepted events to where they belong and says whether there
// may be more. Statuses go to the messages they are about; messages and echoes to
// their conversation, which is scheduled then. With apart, an event that can't be
// filed is put aside; without, which is faster, it fails them all.
func (t *tx) file(now time.Time, apart bool) (done filed, err error) {
	const query = `select ` + readColumns + ` from events
		where seq > (select filed from meta where id = 1) order by seq limit ?`
	events, err := list(t, scanEvent, query, fileBatch)
	if err != nil || len(events) == 0 {
		return done, err
	}
	touched := map[string]bool{}
	for _, e := range events {
		ok := true
		if apart {
			ok, err = t.fileApart(e, now, touched)
		} else {
			err = t.fileOne(e, now, touched)
		}
		if err != nil {
			return done, fmt.Errorf("file an event: %w", err)
		}
		if !ok {
			done.aside = append(done.aside, e.seq)
		}
	}
	for id := range touched {
		if err := t.schedule(id); err != nil {
			return done, fmt.Errorf("schedule a conversation: %w", err)
		}
	}
	const mark = `update meta set filed = ?, revision = revision + 1 where id = 1`
	if err := t.exec(mark, events[len(events)-1].seq); err != nil {
		return done, fmt.Errorf("note what is filed: %w", err)
	}
	done.more = len(events) == fileBatch
	return done, nil
}

// fileApart files an event so that it can be undone alone, and says whether it could
// be filed.
func (t *tx) fileApart(e filing, now time.Time, touched map[string]bool) (ok bool, err error) {
	if err := t.exec(`savepoint apart`); err != nil {
		return false, err
	}
	mine := map[string]bool{}
	switch err := t.fileOne(e, now, mine); {
	case err == nil:
		maps.Copy(touched, mine)
		return true, t.exec(`release apart`)
	case !refused(err):
		return false, err
	}
	if err := t.exec(`rollback to apart`); err != nil {
		return false, err
	}
	if err := t.exec(`release apart`); err != nil {
		return false, err
	}
	return false, t.exec(`insert or ignore into aside (seq) values (?)`, e.seq)
}

// refused tells whether an event itself can't be filed, now or ever: what it says
// can't be read, or a rule of the schema or a limit of the file is against it.
func refused(err error) bool {
	if errors.Is(err, errBroken) {
		return true
	}
	known, ok := errors.AsType[*driver.Error](err)
	if !ok {
		return false
	}
	switch known.Code() & 0xff {
	case codes.SQLITE_CONSTRAINT, codes.SQLITE_MISMATCH, codes.SQLITE_TOOBIG:
		return true
	}
	return false
}

func (t *tx) fileOne(e filing, now time.Time, touched map[string]bool) error {
	switch {
	case e.broken != nil:
		return errBroken // its own text may quote what was said
	case e.Kind == gateway.EventStatus && e.Status != nil:
		return t.fileStatus(e.Event, now)
	case e.Kind == gateway.EventAlert && e.Alert != nil:
		return t.fileAlert(e.Event)
	case !e.belongs():
		return nil // nobody to answer, or nothing to act on; the row is kept
	}
	c, err := t.conversationFor(e, now)
	if err != nil {
		return err
	}
	touched[c.ID] = true
	switch e.Kind {
	case gateway.EventPreference:
		return t.prefer(c, e.Event)
	case gateway.EventSignal:
		return t.fileSignal(c, e)
	default:
		return t.fileMessage(c, e, now)
	}
}

// belongs tells whether an event is of a conversation.
func (f *filing) belongs() bool {
	switch f.Kind {
	case gateway.EventMessage, gateway.EventEcho, gateway.EventSignal:
		return !f.From.IsZero() && f.Message != nil
	case gateway.EventPreference:
		return !f.From.IsZero() && f.Preference != nil
	default:
		return false
	}
}

// fileMessage makes a message or an echo wait for its turn.
func (t *tx) fileMessage(c gateway.Conversation, e filing, now time.Time) error {
	const wait = `update events set conversation_id = ?, waiting = 1, provider_id = nullif(?, '') where seq = ?`
	if err := t.exec(wait, c.ID, e.Message.ProviderID, e.seq); err != nil {
		return err
	}
	if e.Message.Media != nil {
		if err := t.addFile(e, now); err != nil {
			return err
		}
	}
	if e.Kind == gateway.EventEcho {
		return t.changedAt(c.ID, e.ReceivedAt)
	}
	return errors.Join(t.changeLate(c, e), t.heard(c, e.Event))
}

// changedAt notes when something of a conversation changed.
func (t *tx) changedAt(conversationID string, at time.Time) error {
	return t.exec(`update conversations set updated_at = max(updated_at, ?) where id = ?`, nanos(at), conversationID)
}

// heard notes what a message tells of its conversation: who wrote and when, and that
// they can be reached. One that comes late doesn't make an older name or identity the newest. A conversation that
// was closed is open again, with the bot answering.
func (t *tx) heard(c gateway.Conversation, e gateway.Event) error {
	newest := !e.At.Before(c.LastCustomerAt)
	if newest || c.Contact.IsZero() {
		who, err := t.whole(c, e.From)
		if err != nil {
			return err
		}
		c.Contact, c.LastCustomerAt = who, later(c.LastCustomerAt, e.At)
	}
	if e.Name != "" && (newest || c.Name == "") {
		c.Name = e.Name
	}
	const query = `update conversations set user_id = ?, phone = ?, name = ?,
		last_customer_at = ?, updated_at = max(updated_at, ?), unreachable_at = 0, unreachable = null,
		epoch = epoch + (mode = 'closed'), mode = iif(mode = 'closed', 'bot', mode) where id = ?`
	return t.exec(query, c.Contact.UserID, c.Contact.Phone, c.Name, nanos(c.LastCustomerAt), nanos(e.ReceivedAt), c.ID)
}

// whole is an identity with the key that the message left out, as far as the contact
// has one: the one that they wrote from last, if it is still theirs.
func (t *tx) whole(c gateway.Conversation, who gateway.Identity) (gateway.Identity, error) {
	const query = `select substr(key, length(?2) + 1) from identities
		where contact_id = ?1 and key >= ?2 and key < ?3 order by key = ?2 || ?4 desc, key limit 1`
	for _, missing := range []struct {
		prefix, end, last string
		part              *string
	}{
		{"user:", "user;", c.Contact.UserID, &who.UserID}, {"phone:", "phone;", c.Contact.Phone, &who.Phone},
	} {
		if *missing.part != "" {
			continue
		}
		args := []any{c.ContactID, missing.prefix, missing.end, missing.last}
		if _, err := t.one(query, args, missing.part); err != nil {
			return who, fmt.Errorf("complete an identity: %w", err)
		}
	}
	return who, nil
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// burst are the waiting events of a conversation with those of their files that are
// still to be had, and burstEnd is when its messages want their turn: at the end of the
// quiet period, but not without their files before it has waited for these.
const (
	burst = `events e left join files f on f.event = e.seq and f.state = 'waiting'
		where e.conversation_id = conversations.id and e.waiting = 1`
	burstEnd = `max(min(max(e.answer_after), min(e.answer_by)), coalesce(max(f.wait_until), 0))`
)

// schedule sets when a conversation's waiting events want a turn: an echo at once,
// messages at the end of the burst, and after an abandoned turn not before its
// time. Where nothing waits any more, the next burst begins anew.
func (t *tx) schedule(id string) error {
	const query = `update conversations set (due_at, attempt) = (
			select case
				when count(*) = 0 then null
				when max(e.kind = 'echo') then min(iif(e.kind = 'echo', e.received_at, null))
				else max(conversations.retry_at, ` + burstEnd + `)
			end, iif(count(*) = 0, 0, conversations.attempt)
			from ` + burst + `
		) where id = ?`
	return t.exec(query, id)
}
