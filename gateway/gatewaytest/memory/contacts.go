package memory

import (
	"cmp"
	"slices"
	"strings"

	"github.com/recado/recado/gateway"
)

// contactOfEvent finds or makes the contact that an event is of. A signal that tells
// who they were before brings what that identity had with it. taken tells that a key was
// another's until now, or had been.
func (p *Place) contactOfEvent(e *event) (id string, taken bool) {
	was := e.was()
	if !was.IsZero() {
		p.move(e.From, was)
	}
	id, taken = p.contact(e.From)
	if !was.IsZero() {
		p.rename(id, e.From, was)
	}
	return id, taken
}

// contact finds or makes the contact that an identity names. Its keys become the
// contact's, so that either finds it next time.
func (p *Place) contact(who gateway.Identity) (id string, taken bool) {
	id = p.samePerson(p.contactOf("user:", who.UserID), p.contactOf("phone:", who.Phone), who)
	for _, key := range who.Keys() {
		if p.claimKey(key, id) {
			taken = true
		}
	}
	return id, taken
}

func (p *Place) contactOf(prefix, name string) string {
	if name == "" {
		return ""
	}
	return p.contacts[prefix+name]
}

// claimKey makes a key the contact's and tells whether it was another's, who can't be
// written to by it any more.
func (p *Place) claimKey(key, id string) (another bool) {
	owner, found := p.contacts[key]
	if found && owner == id {
		return false
	}
	p.contacts[key] = id
	if found {
		p.vacate(owner, key)
	}
	return found
}

// vacate takes a phone away from the addresses of a contact that has it no more and can
// be written to by user id.
func (p *Place) vacate(contact, key string) {
	phone, is := strings.CutPrefix(key, "phone:")
	if !is || contact == "" {
		return
	}
	for _, c := range p.of(contact) {
		if c.Contact.UserID == "" {
			continue
		}
		for _, o := range p.outgoing {
			if o.conversation == c && o.due.is && o.To.Phone == phone {
				o.To = gateway.Identity{UserID: c.Contact.UserID}
			}
		}
		if c.Contact.Phone == phone {
			c.Contact.Phone = ""
		}
	}
}

// samePerson chooses the contact out of those that the two keys of an identity have,
// either of which may be "". Two are one person and are merged, unless both have a user
// id: then the phone number has a new owner.
func (p *Place) samePerson(byUser, byPhone string, who gateway.Identity) string {
	switch {
	case byUser == "" && byPhone == "":
		return gateway.NewID()
	case byPhone == "" || byPhone == byUser:
		return byUser
	case who.UserID == "":
		return byPhone
	}
	switch other := len(p.userIDs(byPhone)) > 0; {
	case other && byUser == "":
		return gateway.NewID()
	case other:
		return byUser
	case byUser == "":
		return byPhone
	}
	p.mergeContacts(byPhone, byUser)
	return byUser
}

// userIDs are the keys of a contact that are user ids.
func (p *Place) userIDs(contact string) (keys []string) {
	for key, owner := range p.contacts {
		if owner == contact && strings.HasPrefix(key, "user:") {
			keys = append(keys, key)
		}
	}
	return keys
}

// move frees the phone that somebody changed to from a contact with a user id of its
// own: that one is another person, whose number it was.
func (p *Place) move(is, was gateway.Identity) {
	owner := p.contactOf("phone:", is.Phone)
	if owner == "" {
		return
	}
	for _, key := range was.Keys() {
		if p.contacts[key] == owner {
			return
		}
	}
	theirs := p.userIDs(owner)
	mine := slices.Contains(theirs, "user:"+is.UserID)
	if len(theirs) == 0 || mine {
		return
	}
	key := "phone:" + is.Phone
	delete(p.contacts, key)
	p.vacate(owner, key)
}

// rename gives a contact all that names the contact that was named was. Those of its
// keys that the contact has not any more are nobody's then, and that is kept.
func (p *Place) rename(contact string, is, was gateway.Identity) {
	before := p.samePerson(p.contactOf("user:", was.UserID), p.contactOf("phone:", was.Phone), was)
	if before != contact {
		p.mergeContacts(before, contact)
	}
	for _, key := range was.Keys() {
		if !slices.Contains(is.Keys(), key) && p.contacts[key] == contact {
			p.contacts[key] = ""
		}
	}
}

// mergeContacts gives everything of one contact to another. Where both have a
// conversation on a channel, those become one.
func (p *Place) mergeContacts(from, into string) {
	for key, owner := range p.contacts {
		if owner == from {
			p.contacts[key] = into
		}
	}
	for _, lost := range p.of(from) {
		if kept := p.conversationOf(into, lost.Channel); kept != nil {
			p.mergeConversations(lost, kept)
		} else {
			lost.ContactID = into
		}
	}
	all := p.of(into)
	doubted := conversation{}
	for _, c := range all {
		doubted.DoubtedAt = later(doubted.DoubtedAt, c.DoubtedAt)
	}
	for _, c := range all {
		c.DoubtedAt = doubted.DoubtedAt
	}
	p.distrust(into)
	p.joinAgreements(from, into)
}

// mergeConversations moves everything of one conversation into another, which loses its
// lease. A person who owns either keeps it; of two open handoffs that of the owner stays.
func (p *Place) mergeConversations(lost, kept *conversation) {
	closes := lost
	if ownership(lost.Mode) > ownership(kept.Mode) {
		kept.Mode, kept.Agent, closes = lost.Mode, lost.Agent, kept
	}
	if kept.Mode == gateway.ModeQueued || kept.Mode == gateway.ModeAgent {
		for _, h := range p.handoffs {
			if h.ConversationID == closes.ID && h.State.Open() {
				h.State = gateway.HandoffResolved
			}
		}
	}
	p.moveAll(lost, kept)
	kept.inherit(lost)
	delete(p.conversations, lost.ID)
	p.cancelOwned(kept)
	p.schedule(kept)
}

// moveAll gives all rows of a conversation to another.
func (p *Place) moveAll(lost, kept *conversation) {
	for _, e := range p.events {
		if e.conversation == lost {
			e.conversation = kept
		}
	}
	for _, o := range p.outgoing {
		if o.conversation == lost {
			o.conversation = kept
		}
	}
	for _, t := range p.turns {
		if t.conversation == lost {
			t.conversation = kept
		}
	}
	for _, h := range p.handoffs {
		if h.ConversationID == lost.ID {
			h.ConversationID = kept.ID
		}
	}
	for _, c := range p.commands {
		if c.conversation == lost {
			c.conversation = kept
		}
	}
	for _, l := range p.labels {
		if l.ConversationID == lost.ID {
			l.ConversationID = kept.ID
		}
	}
}

// inherit makes a conversation what it is after another became part of it: what is newer
// of the two holds. Whoever made a turn of it has lost it.
func (c *conversation) inherit(lost *conversation) {
	newer, older := c.Memory, lost.Memory
	if lost.LastCustomerAt.After(c.LastCustomerAt) {
		newer, older = older, newer
		c.Contact, c.LastCustomerAt = lost.Contact, lost.LastCustomerAt
		c.Name, c.Language = cmp.Or(lost.Name, c.Name), cmp.Or(lost.Language, c.Language)
		c.Fallbacks, c.Clarified = lost.Fallbacks, lost.Clarified
	}
	if lost.UnreachableAt.After(c.UnreachableAt) {
		c.UnreachableAt, c.Unreachable = lost.UnreachableAt, lost.Unreachable
	}
	if lost.marketingSince.After(c.marketingSince) || c.Marketing == "" {
		c.Marketing = lost.Marketing
	}
	c.marketingSince = later(c.marketingSince, lost.marketingSince)
	c.Memory, c.Epoch = newer.Join(older), max(c.Epoch, lost.Epoch)+1
	if lost.CreatedAt.Before(c.CreatedAt) {
		c.CreatedAt = lost.CreatedAt
	}
	c.changedAt(lost.UpdatedAt)
	c.DoubtedAt = later(c.DoubtedAt, lost.DoubtedAt)
	c.release()
}

// ownership orders the modes by how much a person has to do with them.
func ownership(m gateway.Mode) int {
	return slices.Index([]gateway.Mode{gateway.ModeClosed, gateway.ModeBot, gateway.ModeQueued, gateway.ModeAgent}, m)
}
