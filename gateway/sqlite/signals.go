package sqlite

import (
	"cmp"
	"errors"
	"fmt"
	"time"

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
func (f *filing) was() gateway.Identity {
	if f.Kind != gateway.EventSignal || f.Message == nil || f.Message.Was == nil {
		return gateway.Identity{}
	}
	return *f.Message.Was
}

// fileSignal has a signal take effect. It is seen among the messages and wants no turn.
func (t *tx) fileSignal(c gateway.Conversation, e filing) error {
	if err := t.changedAt(c.ID, e.ReceivedAt); err != nil {
		return err
	}
	if was := e.was(); !was.IsZero() || e.Message.Type == signalSystem {
		if err := t.suspect(c.ContactID, e.At, e.ReceivedAt); err != nil {
			return err
		}
		if !was.IsZero() {
			if err := t.readdress(c.ContactID, e.From); err != nil {
				return err
			}
		}
	}
	if err := t.exec(`update events set conversation_id = ? where seq = ?`, c.ID, e.seq); err != nil {
		return err
	}
	return t.change(c, e)
}

// doubt doubts all conversations of a contact: the person may be another since then.
func (t *tx) doubt(contactID string, since, changed time.Time) error {
	const query = `update conversations set doubted_at = max(doubted_at, ?), updated_at = max(updated_at, ?)
		where contact_id = ?`
	if err := t.exec(query, nanos(since), nanos(changed), contactID); err != nil {
		return fmt.Errorf("doubt who a contact is: %w", err)
	}
	return t.distrust(contactID)
}

// distrust has the conversations of a contact who is doubted forget what the customer
// had shown and been asked.
func (t *tx) distrust(contactID string) error {
	all, err := list(t, scanConversation, selectConversation+` where contact_id = ? and doubted_at <> 0`, contactID)
	if err != nil {
		return fmt.Errorf("read the conversations of a contact: %w", err)
	}
	for _, c := range all {
		doubted := c.Memory.Doubted()
		if doubted == c.Memory {
			continue
		}
		memory, err := encode(&doubted)
		if err != nil {
			return err
		}
		if err := t.exec(`update conversations set memory = ? where id = ?`, memory, c.ID); err != nil {
			return fmt.Errorf("doubt who a contact is: %w", err)
		}
	}
	return nil
}

// suspect doubts a contact whom the channel tells a change of. What the bot has made for
// them is withheld: a turn under way is made again, and what still had to be sent goes
// to a person.
func (t *tx) suspect(contactID string, since, changed time.Time) error {
	if err := t.doubt(contactID, since, changed); err != nil {
		return err
	}
	const again = `update conversations set epoch = epoch + 1 where contact_id = ? and lease <> ''`
	if err := t.exec(again, contactID); err != nil {
		return fmt.Errorf("have a turn made again: %w", err)
	}
	const withhold = `update outgoing set state = 'canceled', due_at = null where due_at is not null and state = 'queued'
		and author = 'bot' and conversation_id in (select id from conversations where contact_id = ?)
		returning conversation_id`
	withheld, err := list(t, scanText, withhold, contactID)
	if err != nil {
		return fmt.Errorf("withhold what waits to be sent: %w", err)
	}
	for _, id := range withheld {
		err := t.fallTo(id, func(c gateway.Conversation) gateway.Handoff { return gateway.IdentityDoubt(c, changed) })
		if err != nil {
			return err
		}
	}
	return nil
}

// readdress has all conversations of a contact go on with an identity.
func (t *tx) readdress(contactID string, who gateway.Identity) error {
	all, err := list(t, scanConversation, selectConversation+` where contact_id = ?`, contactID)
	if err != nil {
		return fmt.Errorf("read the conversations of a contact: %w", err)
	}
	for _, c := range all {
		now, err := t.whole(c, who)
		if err != nil {
			return err
		}
		if err := t.exec(`update conversations set user_id = ?, phone = ? where id = ?`, now.UserID, now.Phone, c.ID); err != nil {
			return fmt.Errorf("readdress a conversation: %w", err)
		}
		const queued = `update outgoing set user_id = ?, phone = ? where conversation_id = ? and due_at is not null`
		if err := t.exec(queued, now.UserID, now.Phone, c.ID); err != nil {
			return fmt.Errorf("readdress what waits to be sent: %w", err)
		}
	}
	return nil
}

// target is a message, or a signal, that is changed.
type target struct {
	seq     int64
	message gateway.Message
}

func scanTarget(r row) (m target, err error) {
	err = r.Scan(&m.seq, document{&m.message})
	return m, err
}

// change has a signal change the message that it is about, if there is one: a
// customer's message of the same conversation.
func (t *tx) change(c gateway.Conversation, e filing) error {
	kind := e.Message.Type
	if kind != signalRevoke && kind != signalEdit || e.About == "" {
		return nil
	}
	const query = `select seq, body from events where key = ? and conversation_id = ? and kind = 'message'`
	m, err := get(t, scanTarget, query, e.About, c.ID)
	switch {
	case err != nil:
		return ignore(err, gateway.ErrNotFound)
	case kind == signalRevoke:
		return t.withdraw(c, m, e.About)
	case m.message.Deleted:
		return t.forget(target{e.seq, *e.Message}) // it tells what was withdrawn
	}
	m.message.Text, m.message.Edited = e.Message.Text, true
	return errors.Join(t.interrupt(c.ID, m.seq), t.rewrite(m))
}

// interrupt takes the lease of a turn that a message still waits for: it was made of
// what the message said before.
func (t *tx) interrupt(conversationID string, seq int64) error {
	const query = `update conversations set lease = '', leased_until = 0 where id = ? and lease <> ''
		and exists (select 1 from events where seq = ? and waiting = 1)`
	if err := t.exec(query, conversationID, seq); err != nil {
		return fmt.Errorf("have a turn made again: %w", err)
	}
	return nil
}

// changeLate applies to a message what was filed about it before it came.
func (t *tx) changeLate(c gateway.Conversation, e filing) error {
	signals, err := list(t, scanTarget, selectEdits, e.Key, c.ID)
	if err != nil {
		return fmt.Errorf("read what changes a message: %w", err)
	}
	for _, s := range signals {
		change := filing{Event: gateway.Event{Kind: gateway.EventSignal, About: e.Key, Message: &s.message}, seq: s.seq}
		if err := t.change(c, change); err != nil {
			return err
		}
	}
	return nil
}

// selectEdits finds the signals about a message.
const selectEdits = `select seq, body from events where about = ? and about <> '' and kind = 'signal' and +conversation_id = ?`

// withdraw takes a message away, with its file and all earlier and later versions of
// it.
func (t *tx) withdraw(c gateway.Conversation, m target, key string) error {
	signals, err := list(t, scanTarget, selectEdits, key, c.ID)
	if err != nil {
		return fmt.Errorf("read what changed a message: %w", err)
	}
	for _, s := range signals {
		if s.message.Type != signalEdit {
			continue
		}
		if err := t.forget(s); err != nil {
			return err
		}
	}
	return errors.Join(t.interrupt(c.ID, m.seq), t.forget(m), t.withdrawFile(m.seq))
}

// rewrite writes what a message says now.
func (t *tx) rewrite(m target) error {
	body, err := encode(&m.message)
	if err != nil {
		return err
	}
	if err := t.exec(`update events set body = ? where seq = ?`, body, m.seq); err != nil {
		return fmt.Errorf("rewrite a message: %w", err)
	}
	return nil
}

// forget leaves of a message that it was there. It waits for no turn any more, and
// nothing leads from it to how it came.
func (t *tx) forget(m target) error {
	m.message = gateway.Message{
		ProviderID: m.message.ProviderID, Type: m.message.Type, QuotedID: m.message.QuotedID, Deleted: true,
	}
	const query = `update events set waiting = null, raw = null, webhook = null, body_from = null, body_to = null where seq = ?`
	if err := t.exec(query, m.seq); err != nil {
		return fmt.Errorf("forget a message: %w", err)
	}
	return t.rewrite(m)
}

// prefer notes what a customer wants, unless they have said something newer.
func (t *tx) prefer(c gateway.Conversation, e gateway.Event) error {
	at := e.Preference.At
	if at.IsZero() {
		at = e.At
	}
	if err := t.wants(c.ID, e.Preference.Marketing, at); err != nil {
		return err
	}
	return t.changedAt(c.ID, e.ReceivedAt)
}

// wants notes what the customer of a conversation wanted at a time.
func (t *tx) wants(conversationID, marketing string, at time.Time) error {
	const query = `update conversations set marketing = ?1, marketing_at = ?2 where id = ?3 and marketing_at <= ?2`
	if err := t.exec(query, marketing, nanos(at), conversationID); err != nil {
		return fmt.Errorf("note what a customer wants: %w", err)
	}
	return nil
}

// reached notes that the customer of a conversation can be reached.
func (t *tx) reached(conversationID string, at time.Time) error {
	const query = `update conversations set unreachable_at = 0, unreachable = null, updated_at = max(updated_at, ?)
		where id = ? and unreachable_at <> 0`
	if err := t.exec(query, nanos(at), conversationID); err != nil {
		return fmt.Errorf("note that a customer can be reached: %w", err)
	}
	return nil
}

// mark notes what the error of a message says of the customer, if anything.
func (t *tx) mark(conversationID string, e *gateway.SendError, at time.Time) error {
	if e == nil {
		return nil
	}
	switch e.Class {
	case gateway.ErrorUnreachable:
		return t.markUnreachable(conversationID, e, at)
	case gateway.ErrorOptedOut:
		const query = `update conversations set marketing = 'stop', updated_at = max(updated_at, ?) where id = ?`
		return t.exec(query, nanos(at), conversationID)
	case gateway.ErrorIdentity:
		c, err := get(t, scanConversation, selectConversation+` where id = ?`, conversationID)
		if err != nil {
			return err
		}
		return t.doubt(c.ContactID, at, at)
	default:
		return nil
	}
}

func (t *tx) markUnreachable(conversationID string, e *gateway.SendError, at time.Time) error {
	reason, err := encode(e)
	if err != nil {
		return err
	}
	const query = `update conversations set unreachable_at = max(unreachable_at, ?1), unreachable = ?2,
		updated_at = max(updated_at, ?1) where id = ?3`
	return t.exec(query, nanos(at), reason, conversationID)
}

// fileAlert raises the alert that an event brought.
func (t *tx) fileAlert(e gateway.Event) error {
	a := *e.Alert
	if a.At.IsZero() {
		a.At = e.At
	}
	a.ID = cmp.Or(a.ID, gateway.NewID())
	return t.raise(a)
}
