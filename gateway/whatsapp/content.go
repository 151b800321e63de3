package whatsapp

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/recado/recado/gateway"
)

// readers give the text of a message by its type, from the member of that name.
// A type that is not here is kept without a text.
var readers = map[string]func(raw json.RawMessage) string{
	"text":        field("body"),
	"image":       field("caption"),
	"video":       field("caption"),
	"document":    field("caption"),
	"audio":       field("caption"),
	"voice":       field("caption"),
	"sticker":     field("caption"),
	"reaction":    field("emoji"),
	"button":      buttonText,
	"interactive": interactiveText,
	"location":    locationText,
	"contacts":    contactsText,
	"order":       orderText,
	"unsupported": func(json.RawMessage) string { return "" },
}

// content reads what a message says. It always gives a message: one whose content
// is broken or unknown has no text, and the customer is told that it could not
// be read.
func (p *parser) content(m object) *gateway.Message {
	kind := messageType(m)
	message := &gateway.Message{ProviderID: m.str("id"), Type: kind, QuotedID: m.obj("context").str("id")}
	switch kind {
	case "reaction":
		message.QuotedID = m.obj("reaction").str("message_id")
	case "edit":
		edit := m.obj("edit")
		message.QuotedID = edit.str("original_message_id")
		m = edit.obj("message")
		kind = messageType(m)
	}
	read, known := readers[kind]
	switch {
	case known:
		message.Text = strings.TrimSpace(read(m.get(kind)))
	case message.Type != "revoke":
		p.unknown = append(p.unknown, "message")
	}
	return message
}

// messageType is the type of a message, or the one whose content it has when it
// doesn't say.
func messageType(m object) string {
	if kind := m.str("type"); kind != "" {
		return kind
	}
	for _, kind := range slices.Sorted(maps.Keys(readers)) {
		if m.get(kind) != nil {
			return kind
		}
	}
	return "unknown"
}

// field reads one member of an object.
func field(name string) func(json.RawMessage) string {
	return func(raw json.RawMessage) string {
		o, _ := open(raw)
		return o.str(name)
	}
}

// buttonText is the title of a tapped template button.
func buttonText(raw json.RawMessage) string {
	o, _ := open(raw)
	return cmp.Or(o.str("text"), o.str("payload"))
}

// interactiveText is what the customer chose or filled in.
func interactiveText(raw json.RawMessage) string {
	o, _ := open(raw)
	switch o.str("type") {
	case "button_reply":
		reply := o.obj("button_reply")
		return cmp.Or(reply.str("title"), reply.str("id"))
	case "list_reply":
		reply := o.obj("list_reply")
		return lines(cmp.Or(reply.str("title"), reply.str("id")), reply.str("description"))
	case "nfm_reply":
		return formText(o.obj("nfm_reply"))
	}
	return ""
}

// formText lists what was filled in, one answer a line. The token that the form
// carries for programs is left out. The answers are JSON inside a string.
func formText(reply object) string {
	answers := reply.str("response_json")
	if answers == "" {
		return reply.str("body")
	}
	form, ok := decode(json.RawMessage(answers))
	if !ok {
		return answers
	}
	var all []string
	for name, value := range form.others("flow_token") {
		text := scalar(value)
		if text == "" {
			text = string(value)
		}
		all = append(all, name+": "+text)
	}
	return cmp.Or(lines(all...), reply.str("body"))
}

// locationText is the name and address of a place, or where it is on the map.
func locationText(raw json.RawMessage) string {
	o, _ := open(raw)
	if text := lines(o.str("name"), o.str("address")); text != "" {
		return text
	}
	if o.str("latitude") == "" || o.str("longitude") == "" {
		return ""
	}
	return o.str("latitude") + ", " + o.str("longitude")
}

// contactsText is a line for each shared contact: name, company, numbers and
// addresses.
func contactsText(raw json.RawMessage) string {
	all := objects(raw)
	cards := make([]string, 0, len(all))
	for _, c := range all {
		name := c.obj("name")
		parts := []string{
			cmp.Or(name.str("formatted_name"), words(name.str("first_name"), name.str("last_name"))),
			c.obj("org").str("company"),
		}
		for _, phone := range c.objects("phones") {
			parts = append(parts, cmp.Or(phone.str("phone"), phone.str("wa_id")))
		}
		for _, email := range c.objects("emails") {
			parts = append(parts, email.str("email"))
		}
		cards = append(cards, strings.Join(filled(parts), ", "))
	}
	return lines(cards...)
}

// orderText is the note to an order and a line for each product. The multiplication
// sign needs no translation.
func orderText(raw json.RawMessage) string {
	o, _ := open(raw)
	all := []string{o.str("text")}
	for _, item := range o.objects("product_items") {
		line := fmt.Sprintf("%s × %s", cmp.Or(item.str("quantity"), "1"), item.str("product_retailer_id"))
		if price := words(item.str("item_price"), item.str("currency")); price != "" {
			line += " (" + price + ")"
		}
		all = append(all, line)
	}
	return lines(all...)
}

func lines(parts ...string) string { return strings.Join(filled(parts), "\n") }

func words(parts ...string) string { return strings.Join(filled(parts), " ") }

// filled leaves out what is empty.
func filled(parts []string) []string {
	return slices.DeleteFunc(slices.Clone(parts), func(s string) bool { return strings.TrimSpace(s) == "" })
}
