package cloudsim

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"time"
)

// maxText is how many characters a text message may have, in both directions.
const maxText = 4096

// Say sends a text to the shop as the customer who has this phone, and gives the
// message's id. A phone that is not known yet becomes one: anybody may write to a
// shop. The webhook is delivered by Run.
func (s *Simulator) Say(ctx context.Context, phone, text string) (messageID string, err error) {
	return s.Act(ctx, Action{Customer: digits(phone), Type: "text", Text: text})
}

// send puts a customer's message into the chat and on its way. The lock is held.
func (s *Simulator) send(c *chat, a Action, m message, content any) string {
	now := s.config.Now()
	m.mine, m.at, m.id, m.content, m.quotes = true, now, wamid(c.wamidKey(), true), content, a.ReplyTo
	in := s.inbound(c, m.id, m.kind, content, now)
	if context := a.context(c, digits(s.config.DisplayPhone)); len(context) > 0 {
		in["context"] = context
	}
	if a.Referral != nil {
		in["referral"] = a.Referral
	}
	if a.errors != nil {
		in["errors"] = a.errors
	}
	m.forwarded = a.Forwarded || a.FrequentlyForwarded
	if m.unseen {
		c.revision++
	} else {
		c.add(&m)
	}
	if c.blocked {
		s.announce()
		return m.id // it never arrives, and the window stays as it is
	}
	c.wrote, c.came = now, c.came || a.Referral != nil
	s.enqueue(c, webhook{value: s.about(c, "messages", in), message: &m})
	return m.id
}

// inbound is what every message of a customer has.
func (s *Simulator) inbound(c *chat, id, kind string, content any, now time.Time) map[string]any {
	in := map[string]any{"from_user_id": c.userID, "id": id, "timestamp": stamp(now), "type": kind}
	if phone := s.shown(c); phone != nil {
		in["from"] = *phone
	}
	if content != nil {
		in[kind] = content
	}
	return in
}

// context says what a message belongs to.
func (a Action) context(c *chat, shop string) map[string]any {
	context := map[string]any{}
	if a.ReplyTo != "" {
		context["id"], context["from"] = a.ReplyTo, shop
		if m := c.find(a.ReplyTo); m != nil && m.mine && c.phoneShown() {
			context["from"] = c.customer.Phone
		}
	}
	if a.Forwarded {
		context["forwarded"] = true
	}
	if a.FrequentlyForwarded {
		context["frequently_forwarded"] = true
	}
	if a.ReferredProduct != nil {
		context["referred_product"] = a.ReferredProduct
	}
	return context
}

// about wraps items in the value of a webhook about a customer.
func (s *Simulator) about(c *chat, kind string, items ...any) map[string]any {
	return map[string]any{
		"messaging_product": "whatsapp", "metadata": s.metadata(), "contacts": []contact{s.contactOf(c)}, kind: items,
	}
}

// mine finds a message that the customer wrote.
func (c *chat) own(id string) (*message, error) {
	m := c.find(id)
	if m == nil || !m.mine || m.revoked {
		return nil, errNoMessage
	}
	return m, nil
}

// actEdit changes what the customer wrote, as numbers hear of it that are used by
// an app too.
func (s *Simulator) actEdit(c *chat, a Action) (string, error) {
	m, err := c.own(a.MessageID)
	if err != nil {
		return "", err
	}
	text, err := cleaned(a.Text)
	if err != nil || text == "" {
		return "", errNothingSaid
	}
	content := map[string]any{}
	if old, ok := m.content.(map[string]any); ok {
		content = maps.Clone(old)
	}
	if m.kind == "text" {
		content["body"] = text
	} else {
		content["caption"] = text
	}
	m.text, m.edited, m.content = text, true, content
	c.revision++
	edit := map[string]any{"original_message_id": m.id, "message": map[string]any{"type": m.kind, m.kind: content}}
	return s.send(c, a, message{kind: "edit", unseen: true}, edit), nil
}

// actRevoke deletes what the customer wrote, for everybody.
func (s *Simulator) actRevoke(c *chat, a Action) (string, error) {
	m, err := c.own(a.MessageID)
	if err != nil {
		return "", err
	}
	m.text, m.file, m.revoked = "", nil, true
	c.revision++
	return s.send(c, a, message{kind: "revoke", unseen: true}, map[string]any{"original_message_id": m.id}), nil
}

// actNumber moves the customer to another phone. The user id changes with it.
func (s *Simulator) actNumber(c *chat, a Action) (string, error) {
	phone := digits(a.Phone)
	switch {
	case phone == "" || c.customer.Phone == "":
		return "", errNoPhone
	case s.chatOf(phone, "") != nil:
		return "", errTaken
	}
	old := c.customer.Phone
	body := fmt.Sprintf("User %s changed from %s to %s", c.customer.Name, old, phone)
	system := map[string]any{"body": body, "wa_id": phone, "type": "user_changed_number"}
	return s.moved(c, system, phone, userID(s.config.PhoneNumberID, phone)), nil
}

// actUserID gives the customer another business-scoped user id.
func (s *Simulator) actUserID(c *chat, a Action) (string, error) {
	id := a.UserID
	if id == "" {
		id = userID(s.config.PhoneNumberID, c.userID)
	}
	if s.chatOf("", id) != nil {
		return "", errTaken
	}
	system := map[string]any{"body": "User " + c.customer.Name + " changed their user id", "type": "user_changed_user_id"}
	return s.moved(c, system, c.customer.Phone, id), nil
}

// moved tells the shop of a customer's other identity: a system message from the
// old one, and a webhook with both.
func (s *Simulator) moved(c *chat, system map[string]any, phone, user string) string {
	now, id := s.config.Now(), wamid(c.wamidKey(), true)
	system["user_id"] = user
	in := s.inbound(c, id, "system", system, now)
	previous := c.userID
	c.customer.Phone, c.userID = phone, user
	c.revision++
	value := s.about(c, "messages", in)
	delete(value, "contacts")
	s.enqueue(c, webhook{value: value})
	update := map[string]any{
		"detail": "The user id of a customer has changed", "timestamp": stamp(now),
		"user_id": map[string]string{"previous": previous, "current": user},
	}
	if c.phoneShown() {
		update["wa_id"] = phone
	}
	s.enqueue(c, webhook{field: "user_id_update", value: s.about(c, "user_id_update", update)})
	return id
}

// actIdentity is a new installation of WhatsApp: the key that the customer is
// known by is another one.
func (s *Simulator) actIdentity(c *chat, _ Action) (string, error) {
	c.installed++
	now, id := s.config.Now(), wamid(c.wamidKey(), true)
	system := map[string]any{
		"body": "User " + c.customer.Name + " may have changed their phone", "type": "customer_identity_changed",
		"identity": c.identity(), "customer": cmp.Or(c.shownPhone(), c.userID),
	}
	in := s.inbound(c, id, "system", system, now)
	in["identity"] = map[string]any{"acknowledged": false, "created_timestamp": stamp(now), "hash": c.identity()}
	value := s.about(c, "messages", in)
	delete(value, "contacts")
	s.enqueue(c, webhook{value: value})
	return id, nil
}

// actForward passes on a text or a file of the chat, from whomever it is.
func (s *Simulator) actForward(c *chat, a Action) (string, error) {
	m := c.find(a.MessageID)
	if m == nil || m.revoked {
		return "", errNoMessage
	}
	copied := Action{Type: "text", Text: m.text, Forwarded: true, FrequentlyForwarded: a.FrequentlyForwarded}
	if m.file == nil {
		return s.actText(c, copied)
	}
	u := s.media.find(m.file.ID, s.config.Now())
	if u == nil {
		return "", errNoFile
	}
	copied.Type, copied.Data, copied.MIMEType, copied.Filename, copied.Voice = m.file.Kind, u.data, u.mime, m.file.Name, m.file.Voice
	return s.actMedia(c, copied)
}

// actPlay listens to a voice note of the shop.
func (s *Simulator) actPlay(c *chat, a Action) (string, error) {
	m := c.find(a.MessageID)
	if m == nil || m.mine || m.file == nil || !m.file.Voice {
		return "", errNoMessage
	}
	s.seen(c)
	if m.step < stepPlayed {
		m.step = stepPlayed // nothing that the customer sees
		s.enqueue(c, s.statusOf(c, m, stepPlayed, s.config.Now()))
	}
	return "", nil
}

// actBlock blocks the shop, or lets it write again. The shop isn't told.
func (s *Simulator) actBlock(c *chat, a Action) (string, error) {
	c.blocks = a.Type == "block"
	c.revision++
	s.announce()
	return "", nil
}

// actPreferences stops or resumes marketing messages.
func (s *Simulator) actPreferences(c *chat, a Action) (string, error) {
	detail, known := map[string]string{
		"stop":   "User requested to stop marketing messages",
		"resume": "User requested to resume marketing messages",
		"signup": "User signed up for marketing messages",
	}[a.Value]
	if !known {
		return "", fmt.Errorf("%w: value is stop, resume or signup", errControl)
	}
	c.stopped = a.Value == "stop"
	c.revision++
	preference := map[string]any{
		"user_id": c.userID, "detail": detail, "category": "marketing_messages", "value": a.Value,
		"timestamp": s.config.Now().Unix(),
	}
	if c.phoneShown() {
		preference["wa_id"] = c.customer.Phone
	}
	s.enqueue(c, webhook{field: "user_preferences", value: s.about(c, "user_preferences", preference)})
	return "", nil
}
