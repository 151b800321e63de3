package cloudsim

import (
	"crypto/subtle"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/recado/recado/internal/web"
)

// maxBody is how large a request to the messages endpoint may be.
const maxBody = 1 << 20

// authorized lets requests in that carry the token and name the shop's number and
// the API's version.
func (s *Simulator) authorized(next web.HandlerFunc) web.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		token, found := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !found || subtle.ConstantTimeCompare([]byte(token), []byte(s.config.AccessToken)) != 1 {
			return errToken
		}
		if r.PathValue("version") != s.config.Version {
			return unknownPath(w, r)
		}
		if r.PathValue("id") != s.config.PhoneNumberID {
			return unknownObject(r.Method)
		}
		return next(w, r)
	}
}

// phoneNumber is what the Graph API tells about the shop's number.
type phoneNumber struct {
	VerifiedName string     `json:"verified_name"`
	Status       string     `json:"status"`
	DisplayPhone string     `json:"display_phone_number"`
	Quality      string     `json:"quality_rating"`
	Platform     string     `json:"platform_type"`
	Throughput   throughput `json:"throughput"`
	ID           string     `json:"id"`
}

type throughput struct {
	Level string `json:"level"`
}

func (s *Simulator) number(w http.ResponseWriter, _ *http.Request) error {
	return web.WriteJSON(w, http.StatusOK, phoneNumber{
		VerifiedName: s.config.ShopName, Status: "CONNECTED", DisplayPhone: s.config.DisplayPhone,
		Quality: "GREEN", Platform: "CLOUD_API", Throughput: throughput{"STANDARD"}, ID: s.config.PhoneNumberID,
	})
}

// accepted is the answer to a message that was taken.
type accepted struct {
	Product  string            `json:"messaging_product"`
	Contacts []acceptedContact `json:"contacts"`
	Messages []acceptedMessage `json:"messages"`
}

type acceptedContact struct {
	Input  string `json:"input"`
	WaID   string `json:"wa_id"`
	UserID string `json:"user_id"`
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
	shown, refused := q.read()
	if refused != nil {
		return accepted{}, false, refused
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.faults.SendError; e != nil {
		return accepted{}, false, e.graph()
	}
	c := s.chatOf(digits(q.To), q.Recipient)
	if c == nil {
		return accepted{}, false, unknownRecipient(q)
	}
	now := s.config.Now()
	closed := q.Type != "template" && !c.open(now)
	if closed && !s.faults.LateErrors {
		return accepted{}, false, refusal(131047, "")
	}
	shown.id, shown.at, shown.callback = wamid(c.customer.Phone, false), now, q.Callback
	switch {
	case closed:
		s.bounce(c, shown, 131047)
	case !s.faults.reaches(c):
		s.bounce(c, shown, 131026)
	default:
		s.arrive(c, shown, q)
	}
	return accepted{
		Product:  "whatsapp",
		Contacts: []acceptedContact{{Input: q.input(), WaID: c.customer.Phone, UserID: c.userID}},
		Messages: []acceptedMessage{{ID: shown.id, Status: q.acceptance()}},
	}, s.faults.SendTimeoutAfterAccept, nil
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
	now := m.at
	c.typing = time.Time{}
	s.report(c, m, stepSent, now)
	if q.Reaction != nil {
		if target := c.find(q.Reaction.MessageID); target != nil {
			target.reaction = q.Reaction.Emoji
			c.revision++
		}
		s.announce()
		return // reactions are neither delivered nor read
	}
	c.add(m)
	c.advance(m, stepDelivered)
	s.report(c, m, stepDelivered, now)
	s.announce()
}

// bounce takes a message that then fails. The lock is held.
func (s *Simulator) bounce(c *chat, m *message, code int) {
	if s.faults.DropStatus {
		return
	}
	v := s.statusOf(c, m, stepFailed, m.at)
	v.Statuses[0].Errors = failure(code)
	s.enqueue(c, webhook{value: v})
}

// report queues a status. The lock is held.
func (s *Simulator) report(c *chat, m *message, step progress, now time.Time) {
	if !s.faults.DropStatus {
		s.enqueue(c, webhook{value: s.statusOf(c, m, step, now)})
	}
}

// seen marks the shop's messages as read, because a page shows them.
func (s *Simulator) seen(c *chat) {
	now := s.config.Now()
	for _, m := range c.messages {
		if !m.mine && m.step == stepDelivered {
			m.step = stepRead // nothing that the customer sees
			s.report(c, m, stepRead, now)
		}
	}
}
