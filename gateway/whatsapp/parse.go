package whatsapp

import (
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/recado/recado/gateway"
)

// ErrUnreadable says that a body is no JSON object. It says nothing more, because
// the body is personal data.
var ErrUnreadable = errors.New("whatsapp: the body is not a JSON object")

// Parse reads the body of a webhook into events, in the order in which they stand
// there. It fails only for a body that is no JSON object; every part of one that
// can't be read, or isn't known, becomes an event that keeps it raw. There is at
// least one event for every body.
//
// The same body always gives the same keys.
func Parse(body []byte, receivedAt time.Time) ([]gateway.Event, error) {
	p, err := parse(body, receivedAt)
	if err != nil {
		return nil, err
	}
	return p.events, nil
}

// parser collects what is found on the way through a body.
type parser struct {
	received time.Time
	events   []gateway.Event
	// unknown are the kinds of what was kept without being understood, and
	// problems the errors of the account; both are for counting.
	unknown  []string
	problems []gateway.SendError
}

// place is where in the body the parser is: what its items have in common.
type place struct {
	account, time, field string
	// channel is the business phone number id, own the number itself.
	channel, own string
	contacts     []contact
	// strange tells that the channel's name is too long to be one.
	strange bool
}

func parse(body []byte, received time.Time) (*parser, error) {
	top, ok := decode(body)
	if !ok {
		return nil, ErrUnreadable
	}
	p := &parser{received: received}
	if object := top.str("object"); object != "" && object != "whatsapp_business_account" {
		p.unknown = append(p.unknown, "field")
		p.notice(place{}, body)
		return p, nil
	}
	p.each(place{}, top.get("entry"), p.entry)
	p.others(place{}, top, "object", "entry")
	if len(p.events) == 0 {
		p.notice(place{}, body)
	}
	return p, nil
}

// each hands on the items of a list; what should be a list and is none is kept.
func (p *parser) each(at place, raw piece, item func(place, piece)) {
	list, ok := openList(raw)
	if !ok {
		p.unreadable(at, raw.bytes())
		return
	}
	p.events = slices.Grow(p.events, len(list))
	for _, element := range list {
		item(at, element)
	}
}

func (p *parser) entry(_ place, raw piece) {
	entry, ok := open(raw)
	if !ok {
		p.unreadable(place{}, raw.bytes())
		return
	}
	at := place{account: entry.str("id"), time: entry.str("time")}
	p.each(at, entry.get("changes"), p.change)
	p.others(at, entry, "id", "time", "changes", "uid")
}

// change reads one change. Only two fields hold items that are acted on one by
// one; the others are one notice each. Fields that look alike are left alone on
// purpose: "standby" repeats messages that another program is answering,
// "history" old ones, and the statuses of "calls" are not those of messages.
func (p *parser) change(at place, raw piece) {
	change, ok := open(raw)
	if !ok {
		p.unreadable(at, raw.bytes())
		return
	}
	at.field = change.str("field")
	switch at.field {
	case "", "messages", "smb_message_echoes":
	default:
		if !knownFields[at.field] {
			p.unknown = append(p.unknown, "field")
		}
		p.notice(at.in(change.obj("value")), raw.bytes())
		return
	}
	value, ok := open(change.get("value"))
	if !ok {
		p.unreadable(at, raw.bytes())
		return
	}
	if !p.items(at.in(value), value) {
		p.notice(at.in(value), raw.bytes())
	}
	p.others(at, change, "field", "value")
}

// in is the place inside a value.
func (at place) in(value object) place {
	metadata := value.obj("metadata")
	if at.channel = metadata.str("phone_number_id"); len(at.channel) > maxChannel {
		at.channel, at.strange = "", true
	}
	at.own = digitsOf(metadata.str("display_phone_number"))
	at.contacts = contacts(value)
	return at
}

// items reads the lists of a value and tells whether there was anything.
func (p *parser) items(at place, value object) bool {
	before := len(p.events)
	p.each(at, value.get("messages"), p.message)
	p.each(at, value.get("message_echoes"), p.echo)
	p.each(at, value.get("statuses"), p.status)
	p.each(at, value.get("errors"), p.problem)
	p.others(at, value, "messaging_product", "metadata", "contacts", "messages", "message_echoes", "statuses", "errors")
	return len(p.events) > before
}

// others keeps the members that are not known, each as a notice of its own.
func (p *parser) others(at place, o object, known ...string) {
	for name, raw := range o.others(known...) {
		p.unknown = append(p.unknown, "key")
		kept, err := json.Marshal(map[string]json.RawMessage{name: raw.bytes()})
		if err != nil {
			kept = raw.bytes()
		}
		p.notice(at, kept)
	}
}

// message reads one message of a customer.
func (p *parser) message(at place, raw piece) {
	m, ok := open(raw)
	if !ok {
		p.unreadable(at, raw.bytes())
		return
	}
	e := p.event(at, gateway.EventMessage, raw, m)
	e.Key = itemKey("message", raw.bytes(), m.str("id"))
	who, name := at.person(m.str("from"), m.str("from_user_id"))
	switch {
	case !wantsTurn(m) || at.own != "" && who.Phone == at.own:
		e.Kind = gateway.EventNotice
	case who.IsZero():
		// Nobody could be answered. It is kept for people to see.
		p.unknown = append(p.unknown, "item")
		e.Kind = gateway.EventUnreadable
	default:
		e.From, e.Name, e.Message = who, name, p.content(m)
	}
	p.keep(at, raw, e)
}

// wantsTurn tells whether a message says something to the shop. The others only
// tell that something happened: a number changed, a message was withdrawn, the
// chat was opened, calls were allowed. Groups are not served: an answer there
// would be read by everybody.
func wantsTurn(m object) bool {
	if m.str("group_id") != "" {
		return false
	}
	switch m.str("type") {
	case "system", "revoke", "request_welcome":
		return false
	case "interactive":
		return m.obj("interactive").str("type") != "call_permission_reply"
	}
	return true
}

// echo reads a message that a person of the shop wrote in the phone app. The
// customer is the one it went to.
func (p *parser) echo(at place, raw piece) {
	m, ok := open(raw)
	if !ok {
		p.unreadable(at, raw.bytes())
		return
	}
	e := p.event(at, gateway.EventEcho, raw, m)
	e.Key = itemKey("echo", raw.bytes(), m.str("id"))
	e.From, e.Name = at.person(m.str("to"), m.str("to_user_id"))
	if e.From.IsZero() {
		p.unknown = append(p.unknown, "item")
		e.Kind, e.Name = gateway.EventUnreadable, ""
	} else {
		e.Message = p.content(m)
	}
	p.keep(at, raw, e)
}

// person finds who is meant, and their name, with the help of the contacts beside
// the items. Contacts are matched by what they are called and never by position;
// a single one stands in for an item that names nobody.
func (at place) person(phone, userID string) (gateway.Identity, string) {
	who := identity(phone, userID)
	if who.IsZero() && len(at.contacts) == 1 {
		return at.contacts[0].who, at.contacts[0].name
	}
	for _, c := range at.contacts {
		if samePerson(c.who, who) {
			return join(who, c.who), c.name
		}
	}
	return who, ""
}

// status reads what became of a message that was sent.
func (p *parser) status(at place, raw piece) {
	s, ok := open(raw)
	if !ok {
		p.unreadable(at, raw.bytes())
		return
	}
	e := p.event(at, gateway.EventStatus, raw, s)
	e.From = identity(s.str("recipient_id"), s.str("recipient_user_id"))
	if s.str("recipient_type") == "group" {
		e.From = gateway.Identity{}
	}
	e.Status = &gateway.Status{
		ProviderID: s.str("id"), OutgoingID: s.str("biz_opaque_callback_data"), State: deliveryStates[s.str("status")],
	}
	if e.Status.State == "" {
		p.unknown = append(p.unknown, "status")
	}
	parts := append(make([]string, 0, 5), s.str("status"), s.str("timestamp"),
		s.str("recipient_participant_id"), s.str("recipient_participant_user_id"))
	for i, failure := range s.objects("errors") {
		parts = append(parts, failure.str("code"))
		if i == 0 {
			e.Status.Error = sendError(failure)
		}
	}
	e.Key = itemKey("status", raw.bytes(), s.str("id"), parts...)
	p.keep(at, raw, e)
}

// deliveryStates are the channel's states in our words. A voice message that was
// played was read.
var deliveryStates = map[string]gateway.DeliveryState{
	"sent": gateway.DeliverySent, "delivered": gateway.DeliveryDelivered,
	"read": gateway.DeliveryRead, "played": gateway.DeliveryRead, "failed": gateway.DeliveryFailed,
}

// problem keeps an error that belongs to no message: the account's own.
func (p *parser) problem(at place, raw piece) {
	failure, ok := open(raw)
	if !ok {
		p.unreadable(at, raw.bytes())
		return
	}
	p.problems = append(p.problems, *sendError(failure))
	p.notice(at, raw.bytes())
}

// event starts an event for an item.
func (p *parser) event(at place, kind gateway.EventKind, raw piece, item object) gateway.Event {
	return gateway.Event{
		Kind: kind, Channel: at.channel, Raw: keepItem(raw.bytes()),
		At: timestamp(item.str("timestamp"), p.received), ReceivedAt: p.received,
	}
}

// The longest that names and ids are, in bytes, with much room. Indexes have limits,
// and what is beyond them would make its webhook fail for ever.
const (
	maxUserID     = 256
	maxPhone      = 32
	maxProviderID = 512
	maxChannel    = 128
)

// keep adds an event. One whose names or ids are too long to be any can't be acted
// on, and is kept for people to see.
func (p *parser) keep(at place, raw piece, e gateway.Event) {
	long := at.strange || len(e.From.UserID) > maxUserID || len(e.From.Phone) > maxPhone
	if m := e.Message; m != nil {
		long = long || len(m.ProviderID) > maxProviderID || len(m.QuotedID) > maxProviderID
	}
	if s := e.Status; s != nil {
		long = long || len(s.ProviderID) > maxProviderID || len(s.OutgoingID) > maxProviderID
	}
	if long {
		p.unreadable(at, raw.bytes())
		return
	}
	p.events = append(p.events, e)
}

// notice keeps something that is not acted on. What it says can come again with
// the same words, so that its key has the place and the time too.
func (p *parser) notice(at place, raw json.RawMessage) {
	p.events = append(p.events, gateway.Event{
		Key: hashKey("notice", raw, at.account, at.time, at.field, at.channel), Kind: gateway.EventNotice,
		Channel: at.channel, At: timestamp(at.time, p.received), ReceivedAt: p.received, Raw: keepItem(raw),
	})
}

// unreadable keeps an item that can't be read.
func (p *parser) unreadable(at place, raw json.RawMessage) {
	p.unknown = append(p.unknown, "item")
	p.events = append(p.events, gateway.Event{
		Key: hashKey("unreadable", raw, at.account, at.time, at.field, at.channel), Kind: gateway.EventUnreadable,
		Channel: at.channel, At: timestamp(at.time, p.received), ReceivedAt: p.received, Raw: keepItem(raw),
	})
}

// itemKey is the key of an item with an id, or, without one, of its bytes.
func itemKey(kind string, raw []byte, id string, parts ...string) string {
	if id == "" {
		return hashKey(kind, raw)
	}
	return key(append([]string{kind, id}, parts...)...)
}

// knownFields are the webhook fields that are kept as notices on purpose; any
// other is counted as unknown, and kept as well.
var knownFields = map[string]bool{
	"account_alerts": true, "account_review_update": true, "account_settings_update": true, "account_update": true,
	"automatic_events": true, "business_capability_update": true, "business_username_update": true,
	"business_username_updates": true, "calls": true, "flows": true, "group_lifecycle_update": true,
	"group_participants_update": true, "group_settings_update": true, "group_status_update": true, "history": true,
	"message_template_components_update": true, "message_template_quality_update": true,
	"message_template_status_update": true, "messaging_handovers": true, "partner_solutions": true,
	"payment_configuration_update": true, "phone_number_name_update": true, "phone_number_quality_update": true,
	"security": true, "smb_app_state_sync": true, "standby": true, "template_category_update": true,
	"user_id_update": true, "user_preferences": true,
}
