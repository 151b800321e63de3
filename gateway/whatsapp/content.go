package whatsapp

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/recado/recado/gateway"
)

// readers give the text of a message by its type, from the member of that name.
// A type that is not here is kept without a text.
var readers = map[string]func(raw piece) string{
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
	"unsupported": func(piece) string { return "" },
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
		if len(m.get(kind)) > 0 {
			return kind
		}
	}
	return "unknown"
}

// field reads one member of an object.
func field(name string) func(piece) string {
	return func(raw piece) string {
		o, _ := open(raw)
		return o.str(name)
	}
}

// buttonText is the title of a tapped template button.
func buttonText(raw piece) string {
	o, _ := open(raw)
	return cmp.Or(o.str("text"), o.str("payload"))
}

// interactiveText is what the customer chose or filled in.
func interactiveText(raw piece) string {
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
	form, ok := decode([]byte(answers))
	if !ok {
		return answers
	}
	var all []string
	for name, answer := range form.others("flow_token") {
		text := scalar(answer)
		if text == "" {
			text = string(answer.bytes())
		}
		all = append(all, name+": "+text)
	}
	return cmp.Or(lines(all...), reply.str("body"))
}

// locationText is the name and address of a place, or where it is on the map.
func locationText(raw piece) string {
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
func contactsText(raw piece) string {
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
func orderText(raw piece) string {
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
