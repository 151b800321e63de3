package sqlite

import (
	"errors"
	"fmt"
	"time"

	"github.com/recado/recado/gateway"
)

// contact finds or makes the contact that an identity names. Its keys become the
// contact's, so that either finds it next time. When they name two contacts, those
// are one person and are merged, unless both have a user id: then the phone number
// has a new owner, who must not get the conversation of the one before.
func (t *tx) contact(who gateway.Identity) (string, error) {
	byUser, err := t.contactOf("user:", who.UserID)
	if err != nil {
		return "", err
	}
	byPhone, err := t.contactOf("phone:", who.Phone)
	if err != nil {
		return "", err
	}
	id, err := t.samePerson(byUser, byPhone, who)
	if err != nil {
		return "", err
	}
	for _, key := range who.Keys() {
		const note = `insert into identities (key, contact_id) values (?, ?)
			on conflict (key) do update set contact_id = excluded.contact_id where contact_id <> excluded.contact_id`
		if err := t.exec(note, key, id); err != nil {
			return "", fmt.Errorf("note an identity: %w", err)
		}
	}
	return id, nil
}

// samePerson chooses the contact out of those that the two keys of an identity
// have, either of which may be "".
func (t *tx) samePerson(byUser, byPhone string, who gateway.Identity) (string, error) {
	switch {
	case byUser == "" && byPhone == "":
		return gateway.NewID(), nil
	case byPhone == "" || byPhone == byUser:
		return byUser, nil
	case who.UserID == "":
		return byPhone, nil
	}
	var other bool
	const query = `select exists (select 1 from identities where contact_id = ? and key like 'user:%')`
	if _, err := t.one(query, []any{byPhone}, &other); err != nil {
		return "", fmt.Errorf("look for a user id: %w", err)
	}
	switch {
	case other && byUser == "":
		return gateway.NewID(), nil
	case other:
		return byUser, nil
	case byUser == "":
		return byPhone, nil
	}
	if err := t.mergeContacts(byPhone, byUser); err != nil {
		return "", fmt.Errorf("merge contacts: %w", err)
	}
	return byUser, nil
}

// contactOf finds the contact of one key, or gives "".
func (t *tx) contactOf(prefix, name string) (id string, err error) {
	if name == "" {
		return "", nil
	}
	if _, err := t.one(`select contact_id from identities where key = ?`, []any{prefix + name}, &id); err != nil {
		return "", fmt.Errorf("find a contact: %w", err)
	}
	return id, nil
}

// mergeContacts gives everything of one contact to another. Where both have a
// conversation on a channel, those become one.
func (t *tx) mergeContacts(from, into string) error {
	if err := t.exec(`update identities set contact_id = ? where contact_id = ?`, into, from); err != nil {
		return err
	}
	theirs, err := list(t, scanConversation, selectConversation+` where contact_id = ?`, from)
	if err != nil {
		return err
	}
	for _, lost := range theirs {
		const query = selectConversation + ` where contact_id = ? and channel = ?`
		mine, err := list(t, scanConversation, query, into, lost.Channel)
		if err != nil {
			return err
		}
		if len(mine) == 0 {
			err = t.exec(`update conversations set contact_id = ? where id = ?`, into, lost.ID)
		} else {
			err = t.mergeConversations(lost, mine[0])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// mergeConversations moves everything of one conversation into another, which
// loses its lease: a turn under way was made without the other's messages. A
// person who owns either keeps it; of two open handoffs that of the owner stays.
func (t *tx) mergeConversations(lost, kept gateway.Conversation) error {
	closes := lost.ID
	if ownership(lost.Mode) > ownership(kept.Mode) {
		kept.Mode, kept.Agent, closes = lost.Mode, lost.Agent, kept.ID
	}
	if kept.Mode == gateway.ModeQueued || kept.Mode == gateway.ModeAgent {
		const end = `update handoffs set state = 'resolved' where conversation_id = ? and state in ('queued', 'claimed')`
		if err := t.exec(end, closes); err != nil {
			return err
		}
	}
	for _, table := range []string{"events", "outgoing", "turns", "handoffs"} {
		if err := t.exec(`update `+table+` set conversation_id = ? where conversation_id = ?`, kept.ID, lost.ID); err != nil {
			return fmt.Errorf("move %s: %w", table, err)
		}
	}
	const merge = `update conversations set mode = ?, agent = ?, epoch = max(epoch, ?) + 1,
		last_customer_at = max(last_customer_at, ?), created_at = min(created_at, ?),
		lease = '', leased_until = 0 where id = ?`
	err := t.exec(merge, string(kept.Mode), kept.Agent, lost.Epoch, nanos(lost.LastCustomerAt), nanos(lost.CreatedAt), kept.ID)
	if err != nil {
		return err
	}
	if err := t.exec(`delete from conversations where id = ?`, lost.ID); err != nil {
		return err
	}
	return errors.Join(t.cancelOwned(kept.ID), t.schedule(kept.ID))
}

// ownership orders the modes by how much a person has to do with them.
func ownership(m gateway.Mode) int {
	switch m {
	case gateway.ModeAgent:
		return 3
	case gateway.ModeQueued:
		return 2
	case gateway.ModeBot:
		return 1
	case gateway.ModeClosed:
	}
	return 0
}

// conversationFor finds or makes the conversation of a contact on a channel.
func (t *tx) conversationFor(e gateway.Event, now time.Time) (gateway.Conversation, error) {
	contact, err := t.contact(e.From)
	if err != nil {
		return gateway.Conversation{}, err
	}
	found, err := list(t, scanConversation, selectConversation+` where contact_id = ? and channel = ?`, contact, e.Channel)
	if err != nil {
		return gateway.Conversation{}, fmt.Errorf("find a conversation: %w", err)
	}
	if len(found) > 0 {
		return found[0], nil
	}
	c := gateway.Conversation{
		ID: gateway.NewID(), ContactID: contact, Channel: e.Channel, Contact: e.From, Mode: gateway.ModeBot,
		CreatedAt: now, UpdatedAt: now,
	}
	const query = `insert into conversations (` + conversationColumns + `) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	err = t.exec(query, c.ID, c.ContactID, c.Channel, c.Contact.UserID, c.Contact.Phone, c.Name, string(c.Mode), c.Epoch,
		c.Language, nanos(c.LastCustomerAt), c.Agent, c.Fallbacks, c.Clarified, nanos(c.CreatedAt), nanos(c.UpdatedAt))
	if err != nil {
		return gateway.Conversation{}, fmt.Errorf("make a conversation: %w", err)
	}
	return c, nil
}

const conversationColumns = `id, contact_id, channel, user_id, phone, name, mode, epoch, language, last_customer_at,
	agent, fallbacks, clarified, created_at, updated_at`

const selectConversation = `select ` + conversationColumns + ` from conversations`

func scanConversation(r row) (c gateway.Conversation, err error) {
	err = r.Scan(&c.ID, &c.ContactID, &c.Channel, &c.Contact.UserID, &c.Contact.Phone, &c.Name, &c.Mode, &c.Epoch,
		&c.Language, moment{&c.LastCustomerAt}, &c.Agent, &c.Fallbacks, &c.Clarified,
		moment{&c.CreatedAt}, moment{&c.UpdatedAt})
	return c, err
}
