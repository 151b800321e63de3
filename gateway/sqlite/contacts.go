package sqlite

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/recado/recado/gateway"
)

// contact finds or makes the contact that an identity names. Its keys become the
// contact's, so that either finds it next time. When they name two contacts, those
// are one person and are merged, unless both have a user id: then the phone number
// has a new owner, who must not get the conversation of the one before. taken tells that
// a key was another's until now, or had been.
func (t *tx) contact(who gateway.Identity) (id string, taken bool, err error) {
	byUser, err := t.contactOf("user:", who.UserID)
	if err != nil {
		return "", false, err
	}
	byPhone, err := t.contactOf("phone:", who.Phone)
	if err != nil {
		return "", false, err
	}
	if id, err = t.samePerson(byUser, byPhone, who); err != nil {
		return "", false, err
	}
	for _, key := range who.Keys() {
		another, err := t.claimKey(key, id)
		if err != nil {
			return "", false, err
		}
		taken = taken || another
	}
	return id, taken, nil
}

// claimKey makes a key the contact's and tells whether it was another's, who can't be
// written to by it any more.
func (t *tx) claimKey(key, id string) (another bool, err error) {
	var owner string
	found, err := t.one(`select contact_id from identities where key = ?`, []any{key}, &owner)
	if err != nil {
		return false, fmt.Errorf("find the owner of a key: %w", err)
	}
	if found && owner == id {
		return false, nil
	}
	const note = `insert into identities (key, contact_id) values (?, ?)
		on conflict (key) do update set contact_id = excluded.contact_id`
	if err := t.exec(note, key, id); err != nil {
		return false, fmt.Errorf("note an identity: %w", err)
	}
	return found, t.vacate(owner, key)
}

// vacate takes a phone away from the addresses of a contact that has it no more: the
// conversations that can go on with a user id do, and so does what they still have to
// send. A contact that nothing else names keeps it.
func (t *tx) vacate(contact, key string) error {
	phone, is := strings.CutPrefix(key, "phone:")
	if !is || contact == "" {
		return nil
	}
	const queued = `update outgoing set phone = '', user_id = (select user_id from conversations c where c.id = conversation_id)
		where phone = ?2 and due_at is not null
		and conversation_id in (select id from conversations where contact_id = ?1 and user_id <> '')`
	const address = `update conversations set phone = '' where contact_id = ?1 and phone = ?2 and user_id <> ''`
	for _, query := range []string{queued, address} {
		if err := t.exec(query, contact, phone); err != nil {
			return fmt.Errorf("take an address away: %w", err)
		}
	}
	return nil
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

// contactOfEvent finds or makes the contact that an event is of. A signal that tells
// who they were before brings what that identity had with it.
func (t *tx) contactOfEvent(e filing) (id string, taken bool, err error) {
	was := e.was()
	if !was.IsZero() {
		if err := t.move(e.From, was); err != nil {
			return "", false, err
		}
	}
	id, taken, err = t.contact(e.From)
	if err != nil || was.IsZero() {
		return id, taken, err
	}
	return id, taken, t.rename(id, e.From, was)
}

// move frees the phone that somebody changed to from a contact with a user id of its
// own: that one is another person, whose number it was.
func (t *tx) move(is, was gateway.Identity) error {
	owner, err := t.contactOf("phone:", is.Phone)
	if err != nil || owner == "" {
		return err
	}
	for _, key := range was.Keys() {
		var same bool
		if _, err := t.one(`select contact_id = ? from identities where key = ?`, []any{owner, key}, &same); err != nil || same {
			return err
		}
	}
	var other bool
	const query = `select exists (select 1 from identities where contact_id = ? and key like 'user:%' and key <> ?)
		and not exists (select 1 from identities where contact_id = ?1 and key = ?2)`
	if _, err := t.one(query, []any{owner, "user:" + is.UserID}, &other); err != nil || !other {
		return err
	}
	key := "phone:" + is.Phone
	return errors.Join(t.exec(`delete from identities where key = ?`, key), t.vacate(owner, key))
}

// rename gives a contact all that names the contact that was named was. Those of its
// keys that the contact has not any more are nobody's then, and that is kept: whoever
// writes with one is somebody new, and in doubt.
func (t *tx) rename(contact string, is, was gateway.Identity) error {
	byUser, err := t.contactOf("user:", was.UserID)
	if err != nil {
		return err
	}
	byPhone, err := t.contactOf("phone:", was.Phone)
	if err != nil {
		return err
	}
	before, err := t.samePerson(byUser, byPhone, was)
	if err != nil {
		return err
	}
	if before != contact {
		if err := t.mergeContacts(before, contact); err != nil {
			return fmt.Errorf("merge contacts: %w", err)
		}
	}
	for _, key := range was.Keys() {
		if slices.Contains(is.Keys(), key) {
			continue
		}
		if err := t.exec(`update identities set contact_id = '' where key = ? and contact_id = ?`, key, contact); err != nil {
			return fmt.Errorf("forget an identity: %w", err)
		}
	}
	return nil
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
	const doubt = `update conversations set doubted_at = (select max(doubted_at) from conversations where contact_id = ?1)
		where contact_id = ?1`
	return errors.Join(t.exec(doubt, into), t.distrust(into), t.joinAgreements(from, into))
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
	for _, table := range []string{"events", "outgoing", "turns", "handoffs", "commands", "labels"} {
		if err := t.exec(`update `+table+` set conversation_id = ? where conversation_id = ?`, kept.ID, lost.ID); err != nil {
			return fmt.Errorf("move %s: %w", table, err)
		}
	}
	if err := t.inherit(lost, kept); err != nil {
		return err
	}
	if err := t.exec(`delete from conversations where id = ?`, lost.ID); err != nil {
		return err
	}
	return errors.Join(t.cancelOwned(kept.ID), t.schedule(kept.ID))
}

// inherit writes what a conversation is after another became part of it: what is newer
// of the two holds. Whoever made a turn of it has lost it.
func (t *tx) inherit(lost, kept gateway.Conversation) error {
	newer, older := kept.Memory, lost.Memory
	if lost.LastCustomerAt.After(kept.LastCustomerAt) {
		newer, older = older, newer
		kept.Contact, kept.LastCustomerAt = lost.Contact, lost.LastCustomerAt
		kept.Name, kept.Language = cmp.Or(lost.Name, kept.Name), cmp.Or(lost.Language, kept.Language)
		kept.Fallbacks, kept.Clarified = lost.Fallbacks, lost.Clarified
	}
	if lost.UnreachableAt.After(kept.UnreachableAt) {
		kept.UnreachableAt, kept.Unreachable = lost.UnreachableAt, lost.Unreachable
	}
	unreachable, err := encode(kept.Unreachable)
	if err != nil {
		return err
	}
	memory, err := encode(new(newer.Join(older)))
	if err != nil {
		return err
	}
	const query = `update conversations as kept set mode = ?, agent = ?, epoch = max(kept.epoch, lost.epoch) + 1,
		user_id = ?, phone = ?, name = ?, language = ?, last_customer_at = ?, fallbacks = ?, clarified = ?,
		created_at = min(kept.created_at, lost.created_at), updated_at = max(kept.updated_at, lost.updated_at),
		doubted_at = max(kept.doubted_at, lost.doubted_at), unreachable_at = ?, unreachable = ?, memory = ?,
		marketing = iif(lost.marketing_at > kept.marketing_at or kept.marketing = '', lost.marketing, kept.marketing),
		marketing_at = max(kept.marketing_at, lost.marketing_at), lease = '', leased_until = 0
		from conversations as lost where kept.id = ? and lost.id = ?`
	return t.exec(query, string(kept.Mode), kept.Agent, kept.Contact.UserID, kept.Contact.Phone, kept.Name, kept.Language,
		nanos(kept.LastCustomerAt), kept.Fallbacks, kept.Clarified, nanos(kept.UnreachableAt), unreachable, memory, kept.ID, lost.ID)
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
func (t *tx) conversationFor(e filing, now time.Time) (gateway.Conversation, error) {
	contact, taken, err := t.contactOfEvent(e)
	if err != nil {
		return gateway.Conversation{}, err
	}
	c, err := t.conversationOf(contact, e, now)
	if err == nil && taken {
		err = t.doubt(contact, e.At, e.ReceivedAt)
	}
	return c, err
}

// conversationOf finds or makes the conversation of a contact. The doubt about who they
// are is the contact's: a new one begins with it.
func (t *tx) conversationOf(contact string, e filing, now time.Time) (gateway.Conversation, error) {
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
	const query = `insert into conversations (` + conversationColumns + `) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,
		(select coalesce(max(doubted_at), 0) from conversations where contact_id = ?2), 0, null, '', null)`
	err = t.exec(query, c.ID, c.ContactID, c.Channel, c.Contact.UserID, c.Contact.Phone, c.Name, string(c.Mode), c.Epoch,
		c.Language, nanos(c.LastCustomerAt), c.Agent, c.Fallbacks, c.Clarified, nanos(c.CreatedAt), nanos(c.UpdatedAt))
	if err != nil {
		return gateway.Conversation{}, fmt.Errorf("make a conversation: %w", err)
	}
	return c, nil
}

const conversationColumns = `id, contact_id, channel, user_id, phone, name, mode, epoch, language, last_customer_at,
	agent, fallbacks, clarified, created_at, updated_at, doubted_at, unreachable_at, unreachable, marketing, memory`

const selectConversation = `select ` + conversationColumns + ` from conversations`

func scanConversation(r row) (c gateway.Conversation, err error) {
	err = r.Scan(&c.ID, &c.ContactID, &c.Channel, &c.Contact.UserID, &c.Contact.Phone, &c.Name, &c.Mode, &c.Epoch,
		&c.Language, moment{&c.LastCustomerAt}, &c.Agent, &c.Fallbacks, &c.Clarified,
		moment{&c.CreatedAt}, moment{&c.UpdatedAt}, moment{&c.DoubtedAt}, moment{&c.UnreachableAt},
		document{&c.Unreachable}, &c.Marketing, document{&c.Memory})
	return c, err
}
