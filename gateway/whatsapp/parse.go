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
	body     []byte
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
	p := &parser{received: received, body: body}
	if object := top.str("object"); object != "" && object != "whatsapp_business_account" {
		p.unknown = append(p.unknown, "field")
		p.notice(place{}, piece{{raw: body}})
		return p, nil
	}
	p.each(place{}, top.get("entry"), p.entry)
	p.others(place{}, top, "object", "entry")
	if len(p.events) == 0 {
		p.notice(place{}, piece{{raw: body}})
	}
	return p, nil
}

// each hands on the items of a list; what should be a list and is none is kept.
func (p *parser) each(at place, raw piece, item func(place, piece)) {
	list, ok := openList(raw)
	if !ok {
		p.unreadable(at, raw)
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
		p.unreadable(place{}, raw)
		return
	}
	at := place{account: entry.str("id"), time: entry.str("time")}
	p.each(at, entry.get("changes"), p.change)
	p.others(at, entry, "id", "time", "changes", "uid")
}

// change reads one change. Fields that look alike are left alone on purpose:
// "standby" repeats messages that another program is answering, "history" old ones,
// and the statuses of "calls" are not those of messages.
func (p *parser) change(at place, raw piece) {
	change, ok := open(raw)
	if !ok {
		p.unreadable(at, raw)
		return
	}
	at.field = change.str("field")
	switch at.field {
	case "", "messages", "smb_message_echoes":
		p.values(at, raw, change, p.items)
	case "user_preferences":
		p.values(at, raw, change, p.list(p.preference))
	case "user_id_update":
		p.values(at, raw, change, p.list(p.renamed))
	default:
		p.told(at, raw, change)
	}
}

// values reads the value of a change whose items are acted on one by one.
func (p *parser) values(at place, raw piece, change object, items func(place, object) bool) {
	value, ok := open(change.get("value"))
	if !ok {
		p.unreadable(at, raw)
		return
	}
	at = at.in(value)
	if !items(at, value) {
		p.notice(at, raw)
	}
	p.others(at, change, "field", "value")
}

// told keeps a change that is one event as a whole: an alert or a notice.
func (p *parser) told(at place, raw piece, change object) {
	value := change.obj("value")
	at = at.in(value)
	read, alerts := alertFields[at.field]
	if alerts && p.alert(at, raw, read(value)) {
		return
	}
	if !alerts && !knownFields[at.field] {
		p.unknown = append(p.unknown, "field")
	}
	p.notice(at, raw)
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
	if m := p.emptied(before); m != nil {
		// The channel lost what the one message said, and tells so beside it.
		if failures := value.objects("errors"); len(failures) > 0 {
			m.Problem = sendError(failures[0])
		}
	}
	p.each(at, value.get("message_echoes"), p.echo)
	p.each(at, value.get("statuses"), p.status)
	p.each(at, value.get("errors"), p.problem(len(p.events) == before))
	p.others(at, value, "messaging_product", "metadata", "contacts", "messages", "message_echoes", "statuses", "errors")
	return len(p.events) > before
}

// list reads the items of a value that has them under the name of the field.
func (p *parser) list(item func(place, piece)) func(place, object) bool {
	return func(at place, value object) bool {
		before := len(p.events)
		p.each(at, value.get(at.field), item)
		p.others(at, value, "messaging_product", "metadata", "contacts", at.field)
		return len(p.events) > before
	}
}

// others keeps the members that are not known, each as a notice of its own.
func (p *parser) others(at place, o object, known ...string) {
	for name, raw := range o.others(known...) {
		p.unknown = append(p.unknown, "key")
		kept, err := json.Marshal(map[string]json.RawMessage{name: raw.bytes()})
		if err != nil {
			p.notice(at, raw)
			continue
		}
		p.notice(at, piece{{raw: kept, at: made}})
	}
}

// message reads one message of a customer. Groups are not served: an answer there
// would be read by everybody.
func (p *parser) message(at place, raw piece) {
	m, ok := open(raw)
	if !ok {
		p.unreadable(at, raw)
		return
	}
	kind := messageType(m)
	e := p.event(at, gateway.EventMessage, raw, m)
	e.Key = itemKey("message", raw.bytes(), m.str("id"))
	who, was, name := at.sender(kind, m)
	switch {
	case m.str("group_id") != "" || at.isOwn(who) || at.isOwn(was), who.IsZero() && signals[kind] && kind != "edit":
		e.Kind = gateway.EventNotice
	case who.IsZero():
		// Nobody could be answered. It is kept for people to see.
		p.unknown = append(p.unknown, "item")
		e.Kind = gateway.EventUnreadable
	default:
		e.From, e.Name, e.Message = who, name, p.content(kind, m)
		e.About = about(e.Message.QuotedID)
		if signals[kind] {
			e.Kind = gateway.EventSignal
		}
		if !was.IsZero() {
			e.Message.Was = &was
		}
	}
	p.keep(at, raw, e)
}

func (at place) isOwn(who gateway.Identity) bool { return at.own != "" && who.Phone == at.own }

// about is the key that the customer's message with an id has, or empty.
func about(id string) string {
	if id == "" {
		return ""
	}
	return key("message", id)
}

// echo reads a message that a person of the shop wrote in the phone app. The
// customer is the one it went to. When that person edits or withdraws one, it is an
// echo too and no signal: signals tell of the customer.
func (p *parser) echo(at place, raw piece) {
	m, ok := open(raw)
	if !ok {
		p.unreadable(at, raw)
		return
	}
	kind := messageType(m)
	e := p.event(at, gateway.EventEcho, raw, m)
	e.Key = itemKey("echo", raw.bytes(), m.str("id"))
	who, name := at.person(m.str("to"), m.str("to_user_id"))
	switch {
	case m.str("group_id") != "" || m.str("recipient_type") == "group":
		e.Kind = gateway.EventNotice
	case who.IsZero():
		p.unknown = append(p.unknown, "item")
		e.Kind = gateway.EventUnreadable
	default:
		e.From, e.Name, e.Message = who, name, p.content(kind, m)
		if !signals[kind] {
			e.About = about(e.Message.QuotedID)
		}
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
	return at.known(who)
}

// known adds what the contacts say of somebody.
func (at place) known(who gateway.Identity) (gateway.Identity, string) {
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
		p.unreadable(at, raw)
		return
	}
	e := p.event(at, gateway.EventStatus, raw, s)
	e.From = identity(s.str("recipient_id"), s.str("recipient_user_id"))
	if s.str("recipient_type") == "group" {
		e.From = gateway.Identity{}
	}
	state := s.str("status")
	e.Status = &gateway.Status{
		ProviderID: s.str("id"), OutgoingID: s.str("biz_opaque_callback_data"), State: deliveryStates[state],
	}
	if e.Status.State == "" {
		p.unknown = append(p.unknown, "status")
	}
	parts := append(make([]string, 0, 5), state, s.str("timestamp"),
		s.str("recipient_participant_id"), s.str("recipient_participant_user_id"))
	for i, failure := range s.objects("errors") {
		parts = append(parts, failure.str("code"))
		if i == 0 {
			e.Status.Error, e.Status.Errors = sendError(failure), keepList(s.get("errors").bytes())
		}
	}
	e.Key = itemKey("status", raw.bytes(), e.Status.ProviderID, parts...)
	p.keep(at, raw, e)
}

// deliveryStates are the channel's states in our words. A voice message that was
// played was read.
var deliveryStates = map[string]gateway.DeliveryState{
	"sent": gateway.DeliverySent, "delivered": gateway.DeliveryDelivered,
	"read": gateway.DeliveryRead, "played": gateway.DeliveryRead, "failed": gateway.DeliveryFailed,
}

// problem reads errors that belong to no message. Alone in their value they are about
// the account, and somebody should look at it.
func (p *parser) problem(alone bool) func(place, piece) {
	return func(at place, raw piece) {
		failure, ok := open(raw)
		if !ok {
			p.unreadable(at, raw)
			return
		}
		e := sendError(failure)
		p.problems = append(p.problems, *e)
		if !alone || !p.alert(at, raw, problemAlert(at, e)) {
			p.notice(at, raw)
		}
	}
}

// event starts an event for an item.
func (p *parser) event(at place, kind gateway.EventKind, raw piece, item object) gateway.Event {
	e := gateway.Event{
		Kind: kind, Channel: at.channel, At: timestamp(item.str("timestamp"), p.received), ReceivedAt: p.received,
	}
	p.stands(&e, raw)
	return e
}

// stands notes what an event was made of, and where that is in the body.
func (p *parser) stands(e *gateway.Event, raw piece) {
	kept, asItCame := keepItem(raw.bytes())
	e.Raw, e.Body = kept, p.body
	if asItCame && raw[0].at != made {
		e.BodyFrom = int(raw[0].at)
		e.BodyTo = e.BodyFrom + len(kept)
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

func tooLong(id gateway.Identity) bool { return len(id.UserID) > maxUserID || len(id.Phone) > maxPhone }

// keep adds an event. One whose names or ids are too long to be any can't be acted
// on, and is kept for people to see.
func (p *parser) keep(at place, raw piece, e gateway.Event) {
	long := at.strange || tooLong(e.From)
	if m := e.Message; m != nil {
		long = long || len(m.ProviderID) > maxProviderID || len(m.QuotedID) > maxProviderID || m.Was != nil && tooLong(*m.Was)
	}
	if s := e.Status; s != nil {
		long = long || len(s.ProviderID) > maxProviderID || len(s.OutgoingID) > maxProviderID
	}
	if long {
		p.unreadable(at, raw)
		return
	}
	p.events = append(p.events, e)
}

// notice keeps something that is not acted on.
func (p *parser) notice(at place, raw piece) {
	p.events = append(p.events, p.placed(at, gateway.EventNotice, raw))
}

// unreadable keeps an item that can't be read.
func (p *parser) unreadable(at place, raw piece) {
	p.unknown = append(p.unknown, "item")
	p.events = append(p.events, p.placed(at, gateway.EventUnreadable, raw))
}

// placed makes an event of something that has no id or time of its own. What it says
// can come again with the same words, so that its key has the place and the time too.
func (p *parser) placed(at place, kind gateway.EventKind, raw piece) gateway.Event {
	e := gateway.Event{
		Key: hashKey(string(kind), raw.bytes(), at.account, at.time, at.field, at.channel), Kind: kind,
		Channel: at.channel, At: timestamp(at.time, p.received), ReceivedAt: p.received,
	}
	p.stands(&e, raw)
	return e
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
	"automatic_events": true, "business_username_update": true, "business_username_updates": true, "calls": true,
	"group_lifecycle_update": true, "group_participants_update": true, "group_settings_update": true,
	"group_status_update": true, "history": true, "messaging_handovers": true, "smb_app_state_sync": true,
	"standby": true,
}
