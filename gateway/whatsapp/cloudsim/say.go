package cloudsim

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxText is how many characters a text message may have, in both directions.
const maxText = 4096

var (
	errNothingSaid = errors.New("a message needs a text")
	errSaidTooMuch = fmt.Errorf("a message has at most %d characters", maxText)
	errNoPhone     = errors.New("a customer needs a phone")
	errNoOption    = errors.New("there is no such button")
)

// Say sends a text to the shop as the customer who has this phone, and gives the
// message's id. A phone that is not known yet becomes one: anybody may write to a
// shop. The webhook is delivered by Run.
func (s *Simulator) Say(ctx context.Context, phone, text string) (messageID string, err error) {
	if err := ctx.Err(); err != nil {
		return "", fmt.Errorf("say: %w", err)
	}
	text = strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\r\n", "\n"))
	switch phone = digits(phone); {
	case phone == "":
		return "", errNoPhone
	case text == "":
		return "", errNothingSaid
	case utf8.RuneCountInString(text) > maxText:
		return "", errSaidTooMuch
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.chatOf(phone, "")
	if c == nil {
		c = s.join(Customer{Phone: phone})
	}
	return s.send(c, message{kind: "text", text: text}, inbound{Text: &inboundText{text}}), nil
}

// sendPhoto sends an image whose content nobody can fetch: enough to see what the
// shop makes of one.
func (s *Simulator) sendPhoto(c *chat) {
	id := wamid(c.customer.Phone, true)
	sum := sha256.Sum256([]byte(id))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.send(c, message{id: id, kind: "image"}, inbound{Image: &inboundImage{
		MimeType: "image/jpeg", SHA256: base64.StdEncoding.EncodeToString(sum[:]), ID: number("media", id),
	}})
}

// tap answers a shop's message with one of its options.
func (s *Simulator) tap(c *chat, messageID, optionID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := c.find(messageID)
	if m == nil {
		return errNoOption
	}
	for _, o := range m.options {
		if o.ID != optionID || o.Kind == "link" {
			continue
		}
		reply := map[string]string{"id": o.ID, "title": o.Title}
		if o.Description != "" {
			reply["description"] = o.Description
		}
		body, err := json.Marshal(map[string]any{"type": o.Kind, o.Kind: reply})
		if err != nil {
			return fmt.Errorf("encode a reply: %w", err)
		}
		s.send(c, message{kind: "interactive", text: o.Title}, inbound{
			Interactive: body, Context: &quoted{From: digits(s.config.DisplayPhone), ID: m.id},
		})
		return nil
	}
	return errNoOption
}

// send puts a customer's message into the chat and on its way. The lock is held.
func (s *Simulator) send(c *chat, m message, in inbound) string {
	now := s.config.Now()
	m.mine, m.at = true, now
	if m.id == "" {
		m.id = wamid(c.customer.Phone, true)
	}
	in.From, in.FromUserID, in.ID = c.customer.Phone, c.userID, m.id
	in.Timestamp, in.Type = stamp(now), m.kind
	c.wrote = now
	c.add(&m)
	s.enqueue(c, webhook{
		value:   value{Contacts: []contact{contactOf(c)}, Messages: []inbound{in}},
		message: &m,
	})
	return m.id
}
