package whatsapp

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/recado/recado/gateway"
)

// readers read the content of a message by its type, from the member of that name.
// A type that is not here is kept without its content.
var readers = map[string]func(m *gateway.Message, raw piece){
	"text":            textOf("body"),
	"image":           readFile,
	"video":           readFile,
	"document":        readFile,
	"audio":           readFile,
	"voice":           readFile,
	"sticker":         readFile,
	"reaction":        readReaction,
	"button":          readButton,
	"interactive":     readInteractive,
	callPermission:    readCallPermission,
	"location":        readLocation,
	"contacts":        readCards,
	"order":           readCart,
	"system":          textOf("body"),
	"revoke":          readRevoke,
	"request_welcome": nothing,
	"unsupported":     nothing,
}

// content reads what a message says. It always gives a message: one whose content
// is broken or unknown has no text, and the customer is told that it could not
// be read.
func (p *parser) content(kind string, m object) *gateway.Message {
	message := &gateway.Message{ProviderID: m.str("id"), Type: kind}
	origin(message, m)
	within := m
	if kind == "edit" {
		edit := m.obj("edit")
		message.QuotedID = edit.str("original_message_id")
		within = edit.obj("message")
		kind = messageType(within)
	}
	if read, known := readers[kind]; known {
		read(message, within.get(member(kind)))
		message.Text = strings.TrimSpace(message.Text)
	} else {
		p.unknown = append(p.unknown, "message")
	}
	return message
}

// member is the name of the member that holds the content of a type.
func member(kind string) string {
	if kind == callPermission {
		return "interactive"
	}
	return kind
}

// messageType is the type of a message, or the one whose content it has when it
// doesn't say.
func messageType(m object) string {
	kind := m.str("type")
	if kind == "" {
		kind = untold(m)
	}
	if kind == "interactive" && m.obj("interactive").str("type") == callPermission {
		return callPermission
	}
	return kind
}

func untold(m object) string {
	for _, kind := range append(slices.Sorted(maps.Keys(readers)), "edit") {
		if len(m.get(kind)) > 0 {
			return kind
		}
	}
	return "unknown"
}

// emptied is the message of the one event since before, if it has nothing in it and
// does not tell why.
func (p *parser) emptied(before int) *gateway.Message {
	if len(p.events) != before+1 || p.events[before].Kind != gateway.EventMessage {
		return nil
	}
	m := p.events[before].Message
	if m.Text != "" || m.Media != nil || m.Choice != nil || m.Form != nil || m.Problem != nil || m.Type != "interactive" {
		return nil
	}
	return m
}

// textOf reads one member of an object as the message's text.
func textOf(name string) func(*gateway.Message, piece) {
	return func(m *gateway.Message, raw piece) {
		o, _ := open(raw)
		m.Text = o.str(name)
	}
}

// nothing is for types that have no content.
func nothing(*gateway.Message, piece) {}

func readReaction(m *gateway.Message, raw piece) {
	o, _ := open(raw)
	m.QuotedID, m.Text = o.str("message_id"), o.str("emoji")
}

func readRevoke(m *gateway.Message, raw piece) {
	o, _ := open(raw)
	m.QuotedID = o.str("original_message_id")
}

// readCallPermission reads whether the customer may be called: "accept" or "reject".
func readCallPermission(m *gateway.Message, raw piece) {
	o, _ := open(raw)
	m.Text = o.obj(callPermission).str("response")
}

// readButton reads the tap on a button of a template.
func readButton(m *gateway.Message, raw piece) {
	o, _ := open(raw)
	m.Choice = choice(o.str("payload"), o.str("text"), "")
	m.Text = cmp.Or(o.str("text"), o.str("payload"))
}

// readInteractive reads what the customer chose or filled in.
func readInteractive(m *gateway.Message, raw piece) {
	o, _ := open(raw)
	kind := o.str("type")
	reply := o.obj(kind)
	switch kind {
	case "button_reply", "list_reply":
		m.Choice = choice(reply.str("id"), reply.str("title"), reply.str("description"))
		m.Text = lines(cmp.Or(reply.str("title"), reply.str("id")), reply.str("description"))
	case "nfm_reply":
		readForm(m, reply)
	default:
		// Such as what became of a payment.
		m.Text = listing(reply)
	}
}

func choice(id, title, description string) *gateway.Choice {
	c := gateway.Choice{ID: id, Title: title, Description: description}
	if c == (gateway.Choice{}) {
		return nil
	}
	return &c
}

// listing has a line for each member.
func listing(o object, without ...string) string {
	var all []string
	for name, v := range o.others(without...) {
		text := scalar(v)
		if text == "" {
			text = string(v.bytes())
		}
		all = append(all, name+": "+text)
	}
	return lines(all...)
}

func lines(parts ...string) string { return strings.Join(filled(parts), "\n") }

func words(parts ...string) string { return strings.Join(filled(parts), " ") }

// filled leaves out what is empty.
func filled(parts []string) []string {
	return slices.DeleteFunc(slices.Clone(parts), func(s string) bool { return strings.TrimSpace(s) == "" })
}
