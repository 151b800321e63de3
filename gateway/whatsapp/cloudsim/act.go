package cloudsim

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// Action is something that a customer does, as POST /control/act takes it. Type
// decides which of the fields are looked at:
//
//	text                                     text
//	image video audio document sticker       data, mime_type, filename, text (the caption), voice, animated; with a
//	                                         code such as 131052 the platform could not take the file
//	location                                 latitude, longitude, name, address, url
//	contacts                                 contacts, or name and phone
//	share_contact                            the customer's own number, in answer to a request for it
//	reaction                                 message_id, emoji (empty removes it)
//	tap                                      message_id, option: a button, a row of a list, or a template's button
//	flow                                     message_id, response
//	order                                    order
//	edit                                     message_id, text
//	revoke                                   message_id
//	unsupported                              value (what it was), code (131051 by default)
//	request_welcome
//	change_number                            phone
//	change_user_id                           user_id, or empty for a new one
//	change_identity                          a new installation on the customer's phone
//	preferences                              value: stop, resume or signup
//	forward                                  message_id: a text or a file is passed on
//	play                                     message_id: a voice note of the shop
//	block unblock                            the shop; who blocks it can't write to it
//
// Every message can also have reply_to, forwarded, frequently_forwarded, referral
// and referred_product.
type Action struct {
	// Customer is the phone or the user id of who does it. An unknown phone joins.
	Customer string `json:"customer"`
	Type     string `json:"type"`

	Text      string  `json:"text"`
	Data      []byte  `json:"data"`
	MIMEType  string  `json:"mime_type"`
	Filename  string  `json:"filename"`
	Voice     bool    `json:"voice"`
	Animated  bool    `json:"animated"`
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
	Name      string  `json:"name"`
	Address   string  `json:"address"`
	URL       string  `json:"url"`
	Contacts  []any   `json:"contacts"`
	Order     any     `json:"order"`
	MessageID string  `json:"message_id"`
	Emoji     string  `json:"emoji"`
	Option    string  `json:"option"`
	Response  any     `json:"response"`
	Value     string  `json:"value"`
	Code      int     `json:"code"`
	Phone     string  `json:"phone"`
	UserID    string  `json:"user_id"`

	ReplyTo             string `json:"reply_to"`
	Forwarded           bool   `json:"forwarded"`
	FrequentlyForwarded bool   `json:"frequently_forwarded"`
	Referral            any    `json:"referral"`
	ReferredProduct     any    `json:"referred_product"`

	// errors come with a message that the platform could not take.
	errors []any
}

var (
	errNothingSaid = errors.New("a message needs a text")
	errSaidTooMuch = fmt.Errorf("a message has at most %d characters", maxText)
	errNoPhone     = errors.New("a customer needs a phone")
	errNoCustomer  = errors.New("there is no such customer")
	errNoOption    = errors.New("there is no such button")
	errNoMessage   = errors.New("there is no such message")
	errNoAction    = errors.New("there is no such type of action")
	errBlocking    = errors.New("the customer has blocked the shop")
	errTaken       = errors.New("another customer has this phone or user id")
)

// Act does what a customer does, and gives the id of the message that the shop
// gets. The webhook is delivered by Run.
func (s *Simulator) Act(ctx context.Context, a Action) (messageID string, err error) {
	if err := ctx.Err(); err != nil {
		return "", fmt.Errorf("act: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	do := s.deed(a.Type)
	if do == nil {
		return "", errNoAction
	}
	c, err := s.actor(a.Customer)
	if err != nil {
		return "", err
	}
	if c.blocks && a.Type != "unblock" {
		return "", errBlocking
	}
	return do(c, a)
}

// deed is what happens for a type of action.
func (s *Simulator) deed(kind string) func(*chat, Action) (string, error) {
	if slices.Contains(mediaKinds, kind) {
		return s.actMedia
	}
	return map[string]func(*chat, Action) (string, error){
		"text": s.actText, "location": s.actLocation, "contacts": s.actContacts, "share_contact": s.actShare,
		"reaction": s.actReaction, "tap": s.actTap, "flow": s.actFlow, "order": s.actOrder, "edit": s.actEdit,
		"revoke": s.actRevoke, "unsupported": s.actUnsupported, "request_welcome": s.actWelcome,
		"change_number": s.actNumber, "change_user_id": s.actUserID, "preferences": s.actPreferences,
		"change_identity": s.actIdentity, "forward": s.actForward, "play": s.actPlay, "block": s.actBlock, "unblock": s.actBlock,
	}[kind]
}

// actor finds who does something; a phone that isn't known yet joins, since
// anybody may write to a shop. The lock is held.
func (s *Simulator) actor(customer string) (*chat, error) {
	if c := s.chatOf(digits(customer), ""); c != nil && !strings.Contains(customer, ".") {
		return c, nil
	}
	if c := s.chatOf("", customer); c != nil && customer != "" {
		return c, nil
	}
	switch {
	case strings.Contains(customer, "."):
		return nil, errNoCustomer
	case digits(customer) == "":
		return nil, errNoPhone
	}
	return s.join(Customer{Phone: customer}), nil
}

// cleaned is a text as phones send it.
func cleaned(text string) (string, error) {
	text = strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\r\n", "\n"))
	if utf8.RuneCountInString(text) > maxText {
		return "", errSaidTooMuch
	}
	return text, nil
}

func (s *Simulator) actText(c *chat, a Action) (string, error) {
	text, err := cleaned(a.Text)
	if err == nil && text == "" {
		err = errNothingSaid
	}
	if err != nil {
		return "", err
	}
	return s.send(c, a, message{kind: "text", text: text}, map[string]any{"body": text}), nil
}

func (s *Simulator) actMedia(c *chat, a Action) (string, error) {
	caption, err := cleaned(a.Text)
	if err != nil {
		return "", err
	}
	if a.Code != 0 {
		a.errors = trouble(a.Code)
		return s.send(c, a, message{kind: a.Type, text: caption}, map[string]any{"mime_type": a.MIMEType}), nil
	}
	file, content, err := s.filed(a, caption)
	if err != nil {
		return "", err
	}
	if content["caption"] == nil {
		caption = ""
	}
	return s.send(c, a, message{kind: a.Type, text: caption, file: file}, content), nil
}

// filed keeps a file and describes it as webhooks do. The lock is held.
func (s *Simulator) filed(a Action, caption string) (*attachment, map[string]any, error) {
	u, err := s.received(a)
	if err != nil {
		return nil, nil, err
	}
	content := map[string]any{"id": u.id, "mime_type": u.mime, "sha256": base64.StdEncoding.EncodeToString(u.sum[:])}
	if s.config.PublicURL != "" {
		content["url"] = s.mediaURL(strings.TrimRight(s.config.PublicURL, "/"), u)
	}
	switch a.Type {
	case "audio":
		content["voice"], caption = a.Voice, ""
	case "sticker":
		content["animated"], caption = a.Animated, ""
	case "document":
		content["filename"] = cmp.Or(a.Filename, "document")
	}
	if caption != "" {
		content["caption"] = caption
	}
	return &attachment{Kind: a.Type, ID: u.id, Name: a.Filename, Voice: a.Voice}, content, nil
}

// trouble is an error in a customer's message, of which something could not be
// taken.
func trouble(code int) []any {
	title, details := titles[code][0], titles[code][1]
	if code == 131051 {
		title = "Message type unknown"
	}
	return []any{map[string]any{
		"code": code, "title": title, "message": title, "error_data": map[string]string{"details": details},
	}}
}

// drawing is a picture to send when there is none at hand.
func drawing() ([]byte, error) {
	picture := image.NewRGBA(image.Rect(0, 0, 320, 240))
	for y := range 240 {
		for x := range 320 {
			light := uint8(90 + (x/32+y/24)%2*60 + y/4)
			picture.Set(x, y, color.RGBA{light, light - 30, 70, 255})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		return nil, fmt.Errorf("draw a picture: %w", err)
	}
	return b.Bytes(), nil
}

func (s *Simulator) actLocation(c *chat, a Action) (string, error) {
	content := map[string]any{"latitude": a.Latitude, "longitude": a.Longitude}
	for key, value := range map[string]string{"name": a.Name, "address": a.Address, "url": a.URL} {
		if value != "" {
			content[key] = value
		}
	}
	text := lines(a.Name, a.Address, place(a.Latitude, a.Longitude))
	return s.send(c, a, message{kind: "location", text: text}, content), nil
}

func (s *Simulator) actContacts(c *chat, a Action) (string, error) {
	if len(a.Contacts) == 0 {
		name := cmp.Or(a.Name, "+"+digits(a.Phone))
		a.Contacts = []any{map[string]any{
			"name":   map[string]string{"formatted_name": name, "first_name": name},
			"phones": []any{map[string]string{"phone": "+" + digits(a.Phone), "wa_id": digits(a.Phone), "type": "CELL"}},
		}}
	}
	var shown []contactPart
	raw, err := json.Marshal(a.Contacts)
	if err == nil {
		err = json.Unmarshal(raw, &shown)
	}
	if err != nil {
		return "", fmt.Errorf("read the contacts: %w", err)
	}
	m := message{kind: "contacts"}
	for _, each := range shown {
		m.text = lines(m.text, contactLine(each))
	}
	return s.send(c, a, m, a.Contacts), nil
}

// actShare gives the customer's own number to the shop, which knows it from then
// on.
func (s *Simulator) actShare(c *chat, a Action) (string, error) {
	if c.customer.Phone == "" {
		return "", errNoPhone
	}
	c.customer.PhoneHidden = false
	name := cmp.Or(c.customer.Name, "+"+c.customer.Phone)
	a.Contacts = []any{map[string]any{
		"name": map[string]string{"formatted_name": name, "first_name": name}, "origin": "contact_request",
		"phones": []any{map[string]string{"phone": "+" + c.customer.Phone, "wa_id": c.customer.Phone, "type": "CELL"}},
	}}
	return s.actContacts(c, a)
}

func (s *Simulator) actReaction(c *chat, a Action) (string, error) {
	m := c.find(a.MessageID)
	if m == nil {
		return "", errNoMessage
	}
	m.theirs = a.Emoji
	c.revision++
	content := map[string]any{"message_id": m.id, "emoji": a.Emoji}
	return s.send(c, a, message{kind: "reaction", unseen: true}, content), nil
}

// actTap answers a shop's message with one of its options.
func (s *Simulator) actTap(c *chat, a Action) (string, error) {
	m := c.find(a.MessageID)
	if m == nil {
		return "", errNoOption
	}
	for _, o := range m.options {
		if o.ID != a.Option && o.Title != a.Option {
			continue
		}
		a.ReplyTo = m.id
		switch o.Kind {
		case "flow":
			return s.actFlow(c, a)
		case "button":
			return s.send(c, a, message{kind: "button", text: o.Title}, map[string]any{"payload": o.ID, "text": o.Title}), nil
		case "button_reply", "list_reply":
			reply := map[string]any{"id": o.ID, "title": o.Title}
			if o.Description != "" {
				reply["description"] = o.Description
			}
			return s.send(c, a, message{kind: "interactive", text: o.Title}, map[string]any{"type": o.Kind, o.Kind: reply}), nil
		}
	}
	return "", errNoOption
}

// actFlow sends a filled form back.
func (s *Simulator) actFlow(c *chat, a Action) (string, error) {
	m := c.find(a.MessageID)
	if m == nil || m.asks != "flow" {
		return "", errNoMessage
	}
	answers, ok := a.Response.(map[string]any)
	if !ok && a.Response != nil {
		return "", errors.New("the response of a flow is an object")
	}
	answers = maps.Clone(answers)
	if answers == nil {
		answers = map[string]any{}
	}
	if m.flowToken != "" {
		answers["flow_token"] = m.flowToken
	}
	written, err := json.Marshal(answers)
	if err != nil {
		return "", fmt.Errorf("write the response: %w", err)
	}
	a.ReplyTo = m.id
	return s.send(c, a, message{kind: "interactive", text: "✔ " + m.options[0].Title}, map[string]any{
		"type": "nfm_reply", "nfm_reply": map[string]any{"name": "flow", "body": "Sent", "response_json": string(written)},
	}), nil
}

func (s *Simulator) actOrder(c *chat, a Action) (string, error) {
	if a.Order == nil {
		a.Order = map[string]any{"catalog_id": number("catalog", s.config.PhoneNumberID), "text": a.Text, "product_items": []any{
			map[string]any{"product_retailer_id": "SKU-1", "quantity": 1, "item_price": 24.9, "currency": "EUR"},
		}}
	}
	if _, ok := a.Order.(map[string]any); !ok {
		return "", errors.New("an order is an object")
	}
	return s.send(c, a, message{kind: "order", text: a.Text}, a.Order), nil
}

func (s *Simulator) actWelcome(c *chat, a Action) (string, error) {
	return s.send(c, a, message{kind: "request_welcome", unseen: true}, nil), nil
}

func (s *Simulator) actUnsupported(c *chat, a Action) (string, error) {
	a.errors = trouble(cmp.Or(a.Code, 131051))
	return s.send(c, a, message{kind: "unsupported"}, map[string]any{"type": cmp.Or(a.Value, "unknown")}), nil
}
