package cloudsim

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/recado/recado/internal/web"
)

// byHand is what the shop does in its own phone app, as numbers can that are used
// by both. Type is a text by default, a file, "edit" or "revoke".
type byHand struct {
	Customer  string `json:"customer"`
	Type      string `json:"type"`
	Text      string `json:"text"`
	MessageID string `json:"message_id"`
	Data      []byte `json:"data"`
	MIMEType  string `json:"mime_type"`
	Filename  string `json:"filename"`
}

// controlEcho lets the shop answer by hand.
func (s *Simulator) controlEcho(w http.ResponseWriter, r *http.Request) error {
	var did byHand
	if err := web.ReadJSON(w, r, actBody, &did); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.actor(did.Customer)
	if err != nil {
		return fmt.Errorf("%w: %w", errControl, err)
	}
	now := s.config.Now()
	m := &message{id: wamid(c.wamidKey(), false), at: now, kind: "text", step: stepRead}
	content, err := s.echoed(c, m, did)
	if err != nil {
		return fmt.Errorf("%w: %w", errControl, err)
	}
	if !m.unseen {
		c.add(m)
	}
	c.revision++
	echo := map[string]any{
		"from": digits(s.config.DisplayPhone), "to_user_id": c.userID, "id": m.id, "timestamp": stamp(now),
		"type": m.kind, m.kind: content,
	}
	if phone := s.shown(c); phone != nil {
		echo["to"] = *phone
	}
	s.enqueue(c, webhook{field: "smb_message_echoes", value: s.about(c, "message_echoes", echo)})
	s.announce()
	return web.WriteJSON(w, http.StatusOK, map[string]string{"id": m.id})
}

// echoed makes the bubble and what the webhook says of it. The lock is held.
func (s *Simulator) echoed(c *chat, m *message, did byHand) (content any, err error) {
	text, err := cleaned(did.Text)
	switch {
	case err != nil:
		return nil, err
	case did.Type == "edit" || did.Type == "revoke":
		return c.corrected(m, did.Type, did.MessageID, text)
	case slices.Contains(mediaKinds, did.Type):
		a := Action{Type: did.Type, Data: did.Data, MIMEType: did.MIMEType, Filename: did.Filename}
		file, content, err := s.filed(a, text)
		m.kind, m.text, m.file = did.Type, text, file
		return content, err
	case did.Type != "" && did.Type != "text":
		return nil, errNoAction
	case text == "":
		return nil, errNothingSaid
	}
	m.text = text
	return map[string]string{"body": text}, nil
}

// corrected changes or deletes a text of the shop's.
func (c *chat) corrected(m *message, kind, id, text string) (content any, err error) {
	old := c.find(id)
	switch {
	case old == nil || old.mine || old.revoked:
		return nil, errNoMessage
	case kind == "edit" && (text == "" || old.kind != "text"):
		return nil, errors.New("an edit needs a text in place of another")
	}
	m.kind, m.unseen = kind, true
	if kind == "revoke" {
		old.text, old.file, old.options, old.revoked = "", nil, nil, true
		return map[string]any{"original_message_id": id}, nil
	}
	old.text, old.edited = text, true
	return map[string]any{
		"original_message_id": id, "message": map[string]any{"type": "text", "text": map[string]string{"body": text}},
	}, nil
}
