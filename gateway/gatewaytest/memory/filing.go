package memory

import (
	"slices"
	"strings"
	"time"

	"github.com/recado/recado/gateway"
)

// conversation is a conversation with when it is due and who is at it.
type conversation struct {
	gateway.Conversation
	due            due
	retryAt        time.Time
	lease          string
	leasedUntil    time.Time
	attempt        int
	marketingSince time.Time
}

// given is a conversation that its reader may change.
func (c *conversation) given() gateway.Conversation {
	own := c.Conversation
	own.Memory.Pending, own.Unreachable = copied(c.Memory.Pending), copied(c.Unreachable)
	return own
}

// changedAt notes when something of a conversation changed.
func (c *conversation) changedAt(at time.Time) { c.UpdatedAt = later(c.UpdatedAt, at) }

// fileAll takes what was accepted to where it belongs.
func (p *Place) fileAll(now time.Time) {
	if p.filed == len(p.events) {
		return
	}
	touched := map[*conversation]bool{}
	for ; p.filed < len(p.events); p.filed++ {
		p.file(p.events[p.filed], now, touched)
	}
	for c := range touched {
		if p.conversations[c.ID] == c {
			p.schedule(c)
		}
	}
	p.show()
}

func (p *Place) file(e *event, now time.Time, touched map[*conversation]bool) {
	switch {
	case e.Kind == gateway.EventStatus && e.Status != nil:
		p.fileStatus(e, now)
		return
	case e.Kind == gateway.EventAlert && e.Alert != nil:
		p.fileAlert(e)
		return
	case !e.belongs():
		return // nobody to answer, or nothing to act on
	}
	c := p.conversationFor(e, now)
	touched[c] = true
	switch e.Kind {
	case gateway.EventPreference:
		p.prefer(c, e)
	case gateway.EventSignal:
		p.fileSignal(c, e)
	default:
		p.fileMessage(c, e, now)
	}
}

// belongs tells whether an event is of a conversation.
func (e *event) belongs() bool {
	switch e.Kind {
	case gateway.EventMessage, gateway.EventEcho, gateway.EventSignal:
		return !e.From.IsZero() && e.Message != nil
	case gateway.EventPreference:
		return !e.From.IsZero() && e.Preference != nil
	default:
		return false
	}
}

// fileMessage makes a message or an echo wait for its turn.
func (p *Place) fileMessage(c *conversation, e *event, now time.Time) {
	e.conversation, e.waiting, e.providerID = c, true, e.Message.ProviderID
	if e.Message.Media != nil {
		p.addFile(e, now)
	}
	if e.Kind == gateway.EventEcho {
		c.changedAt(e.ReceivedAt)
		return
	}
	p.changeLate(c, e)
	p.heard(c, e)
}

// heard notes what a message tells of its conversation. One that comes late doesn't make
// an older name or identity the newest.
func (p *Place) heard(c *conversation, e *event) {
	newest := !e.At.Before(c.LastCustomerAt)
	if newest || c.Contact.IsZero() {
		c.Contact, c.LastCustomerAt = p.whole(c, e.From), later(c.LastCustomerAt, e.At)
	}
	if e.Name != "" && (newest || c.Name == "") {
		c.Name = e.Name
	}
	c.UnreachableAt, c.Unreachable = time.Time{}, nil
	c.changedAt(e.ReceivedAt)
	if c.Mode == gateway.ModeClosed {
		c.Mode = gateway.ModeBot
		c.Epoch++
	}
}

// whole is an identity with the key that the message left out, as far as the contact
// has one: the one that they wrote from last, if it is still theirs.
func (p *Place) whole(c *conversation, who gateway.Identity) gateway.Identity {
	if who.UserID == "" {
		who.UserID = p.known(c.ContactID, "user:", c.Contact.UserID)
	}
	if who.Phone == "" {
		who.Phone = p.known(c.ContactID, "phone:", c.Contact.Phone)
	}
	return who
}

func (p *Place) known(contact, prefix, last string) string {
	var names []string
	for key, owner := range p.contacts {
		if name, is := strings.CutPrefix(key, prefix); is && owner == contact {
			names = append(names, name)
		}
	}
	switch {
	case len(names) == 0:
		return ""
	case slices.Contains(names, last):
		return last
	}
	return slices.Min(names)
}

// conversationFor finds or makes the conversation of an event.
func (p *Place) conversationFor(e *event, now time.Time) *conversation {
	contact, taken := p.contactOfEvent(e)
	c := p.conversationOf(contact, e.Channel)
	if c == nil {
		c = &conversation{Conversation: gateway.Conversation{
			ID: gateway.NewID(), ContactID: contact, Channel: e.Channel, Contact: e.From, Mode: gateway.ModeBot,
			CreatedAt: now, UpdatedAt: now,
		}}
		for _, other := range p.of(contact) {
			c.DoubtedAt = later(c.DoubtedAt, other.DoubtedAt)
		}
		p.conversations[c.ID] = c
	}
	if taken {
		p.doubt(contact, e.At, e.ReceivedAt)
	}
	return c
}

func (p *Place) conversationOf(contact, channel string) *conversation {
	for _, c := range p.conversations {
		if c.ContactID == contact && c.Channel == channel {
			return c
		}
	}
	return nil
}

// of are the conversations of a contact.
func (p *Place) of(contact string) (all []*conversation) {
	for _, c := range p.conversations {
		if c.ContactID == contact {
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(a, b *conversation) int { return strings.Compare(a.ID, b.ID) })
	return all
}
