package whatsapp

import (
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/recado/recado/gateway"
)

// The longest that a file's id, type and name are; its sender can write anything.
const (
	maxMIME     = 256
	maxFilename = 512
)

// readFile reads a file and its caption. One without an id can't be fetched, and is
// none: the channel says beside it what went wrong.
func readFile(m *gateway.Message, raw piece) {
	o, _ := open(raw)
	m.Text = o.str("caption")
	id := o.str("id")
	if id == "" || len(id) > maxProviderID {
		return
	}
	m.Media = &gateway.Media{
		ProviderID: id, MIME: cut(o.str("mime_type"), maxMIME), SHA256: hexHash(o.str("sha256")),
		Filename: cut(o.str("filename"), maxFilename),
		Voice:    o.str("voice") == "true" || m.Type == "voice", Animated: o.str("animated") == "true",
	}
}

// hexHash reads a SHA-256 in base64 or hex. Anything else is none.
func hexHash(s string) string {
	const size = 32
	if sum, err := hex.DecodeString(s); err == nil && len(sum) == size {
		return strings.ToLower(s)
	}
	s = strings.TrimRight(s, "=")
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if sum, err := encoding.DecodeString(s); err == nil && len(sum) == size {
			return hex.EncodeToString(sum)
		}
	}
	return ""
}

// readForm reads what was filled in, one answer a line. The token that the form
// carries for programs is left out of the text. The answers are JSON inside a string.
func readForm(m *gateway.Message, reply object) {
	answers := reply.str("response_json")
	form, ok := open(reply.get("response_json"))
	if ok {
		answers = string(reply.get("response_json").bytes())
	} else {
		form, ok = decode([]byte(answers))
	}
	switch {
	case answers == "":
		m.Text = reply.str("body")
	case !ok:
		m.Form, m.Text = keepBody([]byte(answers)), answers
	default:
		m.Form, _ = keepItem(json.RawMessage(answers))
		m.Text = cmp.Or(listing(form, "flow_token"), reply.str("body"))
	}
}

// readLocation reads a place. The text is its name and address, or where it is on the
// map.
func readLocation(m *gateway.Message, raw piece) {
	o, _ := open(raw)
	latitude, longitude := o.str("latitude"), o.str("longitude")
	m.Text = lines(o.str("name"), o.str("address"))
	if m.Text == "" && latitude != "" && longitude != "" {
		m.Text = latitude + ", " + longitude
	}
	north, ok := degrees(latitude, 90)
	east, fine := degrees(longitude, 180)
	if ok && fine {
		m.Location = &gateway.Location{
			Latitude: north, Longitude: east, Name: o.str("name"), Address: o.str("address"), URL: o.str("url"),
		}
	}
}

func degrees(s string, most float64) (float64, bool) {
	n, err := strconv.ParseFloat(s, 64)
	return n, err == nil && n >= -most && n <= most
}

// readCards reads contact cards. The text has a line for each: name, company, numbers
// and addresses.
func readCards(m *gateway.Message, raw piece) {
	all := objects(raw)
	texts := make([]string, 0, len(all))
	for _, o := range all {
		card := readCard(o)
		parts := []string{card.Name, o.obj("org").str("company")}
		for _, phone := range card.Phones {
			parts = append(parts, cmp.Or(phone.Phone, phone.WhatsApp))
		}
		texts = append(texts, strings.Join(filled(append(parts, card.Emails...)), ", "))
		m.Cards = append(m.Cards, card)
	}
	m.Text = lines(texts...)
}

func readCard(o object) gateway.Card {
	name, org := o.obj("name"), o.obj("org")
	card := gateway.Card{
		Name:         cmp.Or(name.str("formatted_name"), words(name.str("first_name"), name.str("last_name"))),
		Organization: strings.Join(filled([]string{org.str("company"), org.str("department"), org.str("title")}), ", "),
		Requested:    o.str("origin") == "contact_request",
	}
	for _, phone := range o.objects("phones") {
		p := gateway.CardPhone{Phone: phone.str("phone"), WhatsApp: phone.str("wa_id")}
		if p != (gateway.CardPhone{}) {
			card.Phones = append(card.Phones, p)
		}
	}
	for _, email := range o.objects("emails") {
		if address := email.str("email"); address != "" {
			card.Emails = append(card.Emails, address)
		}
	}
	return card
}

// readCart reads an order from the catalog. The text is the note to it and a line for
// each product. The multiplication sign needs no translation.
func readCart(m *gateway.Message, raw piece) {
	o, ok := open(raw)
	if !ok {
		return
	}
	m.Cart = &gateway.Cart{CatalogID: o.str("catalog_id"), Note: o.str("text")}
	all := []string{m.Cart.Note}
	for _, line := range o.objects("product_items") {
		item := gateway.CartItem{
			ProductID: line.str("product_retailer_id"), Quantity: line.str("quantity"),
			Price: line.str("item_price"), Currency: line.str("currency"),
		}
		m.Cart.Items = append(m.Cart.Items, item)
		all = append(all, itemText(item))
	}
	m.Text = lines(all...)
}

func itemText(item gateway.CartItem) string {
	text := fmt.Sprintf("%s × %s", cmp.Or(item.Quantity, "1"), item.ProductID)
	if price := words(item.Price, item.Currency); price != "" {
		text += " (" + price + ")"
	}
	return text
}

// cut shortens a text to so many bytes at most, between two characters.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}
