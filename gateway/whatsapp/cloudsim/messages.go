package cloudsim

import (
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/recado/recado/internal/web"
)

// maxBody is how large a request to the messages endpoint may be.
const maxBody = 1 << 20

// accepted is the answer to a message that was taken.
type accepted struct {
	Product  string            `json:"messaging_product"`
	Contacts []acceptedContact `json:"contacts"`
	Messages []acceptedMessage `json:"messages"`
}

type acceptedContact struct {
	Input  string  `json:"input"`
	WaID   *string `json:"wa_id,omitempty"`
	UserID string  `json:"user_id"`
}

type acceptedMessage struct {
	ID     string `json:"id"`
	Status string `json:"message_status,omitempty"`
}

// messages is the endpoint that everything goes through which a shop does in a
// chat: messages, receipts and typing indicators.
func (s *Simulator) messages(w http.ResponseWriter, r *http.Request) error {
	var q request
	err := web.ReadJSON(w, r, maxBody, &q)
	if errors.Is(err, web.ErrNotJSON) || errors.Is(err, web.ErrTooLarge) || errors.Is(err, io.EOF) {
		return errNotJSON
	}
	if err != nil {
		return err
	}
	if q.Product != "whatsapp" {
		return missing("messaging_product")
	}
	if q.Status != "" {
		return s.receipt(w, q)
	}
	answer, silent, err := s.accept(q)
	if err != nil {
		return err
	}
	if silent {
		select {
		case <-r.Context().Done():
		case <-s.ended:
		}
		panic(http.ErrAbortHandler) // the connection ends without an answer
	}
	return web.WriteJSON(w, http.StatusOK, answer)
}

// receipt marks a customer's message, and those before it, as read and may show
// that the shop is typing.
func (s *Simulator) receipt(w http.ResponseWriter, q request) error {
	switch {
	case q.Status != "read":
		return refusal(131009, "status must be one of {read}")
	case q.MessageID == "":
		return missing("message_id")
	case q.Typing != nil && q.Typing.Type != "text":
		return refusal(131009, "typing_indicator.type must be one of {text}")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.chats {
		m := c.find(q.MessageID)
		if m == nil || !m.mine {
			continue
		}
		c.readUntil(m)
		if q.Typing != nil {
			c.typing = s.config.Now().Add(typingLife)
			c.revision++
		}
		s.announce()
		return web.WriteJSON(w, http.StatusOK, map[string]bool{"success": true})
	}
	return refusal(131009, "message_id is not the id of a message that was received")
}

// accept checks a message and puts it into the customer's chat. Silent tells that
// the answer must not be given.
func (s *Simulator) accept(q request) (answer accepted, silent bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	shown, err := s.read(q)
	if err != nil {
		return accepted{}, false, err
	}
	if err := s.sendable(); err != nil {
		return accepted{}, false, err
	}
	refused, silent := s.strikeSend()
	if refused != nil && !refused.AfterAccept {
		return accepted{}, false, refused.graph()
	}
	c := s.chatOf(digits(q.To), q.Recipient)
	if err := s.reaches(c, q); err != nil {
		return accepted{}, false, err
	}
	now := s.config.Now()
	if err := s.admit(c, now); err != nil {
		return accepted{}, false, err
	}
	if shown.kind != "template" && !c.open(now) && !s.faults.LateErrors {
		return accepted{}, false, refusal(131047, "")
	}
	shown.id, shown.at, shown.callback = wamid(c.wamidKey(), false), now, q.Callback
	if code := s.fate(c, shown); code != 0 {
		s.enqueue(c, s.failedOf(c, shown, code))
	} else {
		s.arrive(c, shown, q)
	}
	if refused != nil {
		return accepted{}, false, refused.graph()
	}
	return accepted{
		Product:  "whatsapp",
		Contacts: []acceptedContact{{Input: q.input(), WaID: s.shown(c), UserID: c.userID}},
		Messages: []acceptedMessage{{ID: shown.id, Status: q.acceptance()}},
	}, silent, nil
}

// fate is the code with which a message fails after it was taken, or 0. The lock
// is held.
func (s *Simulator) fate(c *chat, m *message) int {
	switch {
	case m.kind != "template" && !c.open(m.at):
		return 131047
	case c.blocks || !s.faults.reaches(c):
		return 131026
	case m.kind == "reaction" && !s.config.Lenient && !c.reactable(m):
		return 131009
	case m.file != nil && m.file.Link != "" && s.faults.DeadLinks:
		return 131053
	case m.category == "marketing" && c.stopped:
		return 131050
	case m.file != nil && m.file.ID != "":
		if u := s.media.find(m.file.ID, m.at); u != nil && !u.fits(m.file.Kind) {
			return 131053
		}
	}
	return s.strikeStatus()
}

// reactable tells whether there is something to react to: a message that is not
// too old, not deleted and no reaction itself.
func (c *chat) reactable(m *message) bool {
	target := c.find(m.target)
	return target != nil && !target.revoked && m.at.Sub(target.at) <= reactionLife
}

// reaches says why a message can't be addressed to a customer. The lock is held.
func (s *Simulator) reaches(c *chat, q request) error {
	switch {
	case c == nil && digits(q.To) == digits(s.config.DisplayPhone):
		return refusal(131021, "")
	case c == nil:
		return unknownRecipient(q)
	case c.blocked:
		return refusal(131026, "The business has blocked this user.")
	case q.Identity != "" && q.Identity != c.identity():
		return refusal(137000, "")
	}
	return nil
}

// unknownRecipient is the error for somebody who isn't one of the customers: a
// test number's list lacks the phone, or a user id leads nowhere.
func unknownRecipient(q request) error {
	if digits(q.To) != "" {
		e := refusal(131030, "")
		e.subcode = 2655007
		return e
	}
	return refusal(131026, "")
}

// arrive shows a message on the customer's phone and reports sent and delivered.
// Whether it is read is up to the page. The lock is held.
func (s *Simulator) arrive(c *chat, m *message, q request) {
	c.typing = time.Time{}
	if c.came && c.open(m.at) {
		c.came, c.entry = false, m.at.Add(freeEntry)
	}
	s.enqueue(c, s.statusOf(c, m, stepSent, m.at))
	if q.Reaction != nil {
		if target := c.find(q.Reaction.MessageID); target != nil {
			target.reaction = *q.Reaction.Emoji
			c.revision++
		}
		s.announce()
		return // reactions are neither delivered nor read
	}
	c.add(m)
	c.advance(m, stepDelivered)
	s.enqueue(c, s.statusOf(c, m, stepDelivered, m.at))
	s.announce()
}

// seen marks the shop's messages as read, because a page shows them.
func (s *Simulator) seen(c *chat) {
	now := s.config.Now()
	for _, m := range c.messages {
		if !m.mine && m.step == stepDelivered {
			m.step = stepRead // nothing that the customer sees
			s.enqueue(c, s.statusOf(c, m, stepRead, now))
		}
	}
}
