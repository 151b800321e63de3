package whatsapp

import (
	"cmp"
	"strings"

	"github.com/recado/recado/gateway"
)

// signals are the types of messages that want no answer: they only tell that
// something happened. A number changed, a message was edited or withdrawn, the chat
// was opened, calls were allowed.
var signals = map[string]bool{
	"system": true, "edit": true, "revoke": true, "request_welcome": true, callPermission: true,
}

// callPermission is an interactive message that has the meaning of a signal.
const callPermission = "call_permission_reply"

// sender finds who a message is from. For a change of number or user id that is who
// they are now, and was who they were before.
func (at place) sender(kind string, m object) (who, was gateway.Identity, name string) {
	if kind == "system" {
		return at.moved(m)
	}
	who, name = at.person(m.str("from"), m.str("from_user_id"))
	return who, gateway.Identity{}, name
}

// moved reads the two identities of a change. Only members made for them count: the
// text names both as well, and the customer's own name beside them, which can be
// anything.
func (at place) moved(m object) (who, was gateway.Identity, name string) {
	s := m.obj("system")
	newPhone, oldPhone := s.str("wa_id"), ""
	if phone := s.str("new_wa_id"); phone != "" {
		newPhone, oldPhone = phone, newPhone
	}
	now := identity(newPhone, s.str("user_id"))
	was = identity(cmp.Or(s.str("customer"), m.str("from"), oldPhone), cmp.Or(s.str("previous_user_id"), m.str("from_user_id")))
	switch s.str("type") {
	case "user_changed_number", "customer_changed_number":
		// The user id changes with the number: an old one is not carried over.
	case "user_changed_user_id":
		// The id changes when the number does: one that is not named now is not theirs
		// any more.
	case "customer_identity_changed":
		now = join(now, was)
	default:
		now = gateway.Identity{}
	}
	if now.IsZero() || was.IsZero() || !brings(now, was) {
		who, name = at.person(cmp.Or(was.Phone, newPhone), cmp.Or(was.UserID, s.str("user_id")))
		return who, gateway.Identity{}, name
	}
	who, name = at.known(now)
	return who, was, name
}

// brings tells whether an identity has something new beside another one.
func brings(now, was gateway.Identity) bool {
	return now.UserID != "" && now.UserID != was.UserID || now.Phone != "" && now.Phone != was.Phone
}

// renamed reads a change of user id. It has no message and says the same as one.
func (p *parser) renamed(at place, raw piece) {
	item, ok := open(raw)
	if !ok {
		p.unreadable(at, raw)
		return
	}
	ids := item.obj("user_id")
	current, previous := strings.TrimSpace(ids.str("current")), strings.TrimSpace(ids.str("previous"))
	e := p.occurrence(at, gateway.EventSignal, raw, item)
	e.From, e.Name = at.known(identity(item.str("wa_id"), cmp.Or(current, previous)))
	e.Message = &gateway.Message{Type: "system", Text: strings.TrimSpace(item.str("detail"))}
	if current != "" && previous != "" && current != previous {
		e.Message.Was = &gateway.Identity{UserID: previous}
	}
	if e.From.IsZero() {
		e.Kind, e.Message = gateway.EventNotice, nil
	}
	p.keep(at, raw, e)
}

// marketing are the answers to being asked about marketing, in our words. Who signs
// up wants it again.
var marketing = map[string]string{"stop": "stop", "resume": "resume", "signup": "resume"}

// preference reads what a customer wants to get.
func (p *parser) preference(at place, raw piece) {
	item, ok := open(raw)
	if !ok {
		p.unreadable(at, raw)
		return
	}
	e := p.occurrence(at, gateway.EventPreference, raw, item)
	e.From, e.Name = at.person(item.str("wa_id"), item.str("user_id"))
	wish := marketing[item.str("value")]
	if wish == "" || item.str("category") != "marketing_messages" || e.From.IsZero() {
		e.Kind, e.From, e.Name = gateway.EventNotice, gateway.Identity{}, ""
	} else {
		e.Preference = &gateway.Preference{Marketing: wish, At: e.At}
	}
	p.keep(at, raw, e)
}

// occurrence starts an event for an item without an id. It is known by its bytes; one
// without a time of its own by that of its webhook too.
func (p *parser) occurrence(at place, kind gateway.EventKind, raw piece, item object) gateway.Event {
	e := p.event(at, kind, raw, item)
	when := ""
	if item.str("timestamp") == "" {
		when = at.time
		e.At = timestamp(at.time, p.received)
	}
	e.Key = hashKey(string(kind), raw.bytes(), at.account, when, at.field, at.channel)
	return e
}
