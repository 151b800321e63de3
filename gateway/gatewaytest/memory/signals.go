package memory

import (
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
func (e *event) was() gateway.Identity {
	if e.Kind != gateway.EventSignal || e.Message == nil || e.Message.Was == nil {
		return gateway.Identity{}
	}
	return *e.Message.Was
}

// fileSignal has a signal take effect. It is seen among the messages and wants no turn.
func (p *Place) fileSignal(c *conversation, e *event) {
	c.changedAt(e.ReceivedAt)
	if was := e.was(); !was.IsZero() || e.Message.Type == signalSystem {
		p.suspect(c.ContactID, e.At, e.ReceivedAt)
		if !was.IsZero() {
			p.readdress(c.ContactID, e.From)
		}
	}
	e.conversation = c
	p.change(c, e)
}

// doubt doubts all conversations of a contact: the person may be another since then.
func (p *Place) doubt(contact string, since, changed time.Time) {
	for _, c := range p.of(contact) {
		c.DoubtedAt = later(c.DoubtedAt, since)
		c.changedAt(changed)
	}
	p.distrust(contact)
}

// distrust has the conversations of a contact who is doubted forget what the customer
// had shown and been asked.
func (p *Place) distrust(contact string) {
	for _, c := range p.of(contact) {
		if !c.DoubtedAt.IsZero() {
			c.Memory = c.Memory.Doubted()
		}
	}
}

// suspect doubts a contact whom the channel tells a change of. A turn under way is made
// again, and what still had to be sent goes to a person.
func (p *Place) suspect(contact string, since, changed time.Time) {
	p.doubt(contact, since, changed)
	for _, c := range p.of(contact) {
		if c.lease != "" {
			c.Epoch++
		}
		if p.cancel(c) {
			p.fallTo(c, func(c gateway.Conversation) gateway.Handoff { return gateway.IdentityDoubt(c, changed) })
		}
	}
}

// readdress has all conversations of a contact go on with an identity.
func (p *Place) readdress(contact string, who gateway.Identity) {
	for _, c := range p.of(contact) {
		c.Contact = p.whole(c, who)
		for _, o := range p.outgoing {
			if o.conversation == c && o.due.is {
				o.To = c.Contact
			}
		}
	}
}

// change has a signal change the message that it is about, if there is one: a
// customer's message of the same conversation.
func (p *Place) change(c *conversation, e *event) {
	kind := e.Message.Type
	if kind != signalRevoke && kind != signalEdit || e.About == "" {
		return
	}
	m := p.byKey[e.About]
	switch {
	case m == nil || m.conversation != c || m.Kind != gateway.EventMessage:
	case kind == signalRevoke:
		p.withdraw(c, m)
	case m.Message.Deleted:
		e.forget() // it tells what was withdrawn
	default:
		c.interrupt(m)
		m.Message.Text, m.Message.Edited = e.Message.Text, true
	}
}

// interrupt takes the lease of a turn that a message still waits for: it was made of
// what the message said before.
func (c *conversation) interrupt(m *event) {
	if m.waiting {
		c.release()
	}
}

// changeLate applies to a message what was filed about it before it came.
func (p *Place) changeLate(c *conversation, m *event) {
	for _, s := range p.about(c, m) {
		p.change(c, s)
	}
}

// about are the signals of a conversation about a message.
func (p *Place) about(c *conversation, m *event) (all []*event) {
	for _, e := range p.events {
		if e.Kind == gateway.EventSignal && e.conversation == c && e.About == m.Key && e.About != "" {
			all = append(all, e)
		}
	}
	return all
}

// withdraw takes a message away, with its file and all earlier and later versions of it.
func (p *Place) withdraw(c *conversation, m *event) {
	for _, s := range p.about(c, m) {
		if s.Message.Type == signalEdit {
			s.forget()
		}
	}
	c.interrupt(m)
	m.forget()
	if m.file != nil {
		m.file.withdraw()
	}
}

// forget leaves of a message that it was there. It waits for no turn any more, and
// nothing leads from it to how it came.
func (e *event) forget() {
	e.Message = &gateway.Message{
		ProviderID: e.Message.ProviderID, Type: e.Message.Type, QuotedID: e.Message.QuotedID, Deleted: true,
	}
	e.waiting, e.Raw, e.hook = false, nil, nil
}

// prefer notes what a customer wants, unless they have said something newer.
func (p *Place) prefer(c *conversation, e *event) {
	at := e.Preference.At
	if at.IsZero() {
		at = e.At
	}
	c.wants(e.Preference.Marketing, at)
	c.changedAt(e.ReceivedAt)
}

func (c *conversation) wants(marketing string, at time.Time) {
	if !c.marketingSince.After(at) {
		c.Marketing, c.marketingSince = marketing, at
	}
}

// reached notes that the customer of a conversation can be reached.
func (c *conversation) reached(at time.Time) {
	if !c.UnreachableAt.IsZero() {
		c.UnreachableAt, c.Unreachable = time.Time{}, nil
		c.changedAt(at)
	}
}

// mark notes what the error of a message says of the customer, if anything.
func (p *Place) mark(c *conversation, e *gateway.SendError, at time.Time) {
	if e == nil {
		return
	}
	switch e.Class {
	case gateway.ErrorUnreachable:
		c.UnreachableAt, c.Unreachable = later(c.UnreachableAt, at), copied(e)
		c.changedAt(at)
	case gateway.ErrorOptedOut:
		c.Marketing = "stop"
		c.changedAt(at)
	case gateway.ErrorIdentity:
		p.doubt(c.ContactID, at, at)
	default:
	}
}
