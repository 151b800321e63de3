package cloudsim

import (
	"slices"
	"strings"
	"time"
)

const (
	// window is how long a shop may write freely after the customer's last
	// message.
	window = 24 * time.Hour
	// typingLife is how long a typing indicator is shown at most.
	typingLife = 25 * time.Second
	// keptMessages is how many messages of a chat are remembered, so that a demo
	// that runs for weeks does not grow.
	keptMessages = 500
)

// progress is how far a message has come.
type progress int

// The steps of a message. A customer's message is sent until the webhook is taken
// and read when the shop says so; a shop's message is read when a page shows it.
const (
	stepSent progress = iota
	stepDelivered
	stepRead
	stepFailed
)

// status is the step as webhooks name it.
func (p progress) status() string {
	return [...]string{"sent", "delivered", "read", "failed"}[p]
}

// message is one bubble.
type message struct {
	id string
	// mine tells that the customer wrote it.
	mine bool
	at   time.Time
	// kind is the type on the wire.
	kind string
	text string
	// options are what can be tapped below it.
	options  []option
	reaction string
	step     progress
	// callback is what the shop wants to have echoed in statuses.
	callback string
	category string
}

// option is something to tap below a shop's message: a reply button, a row of a
// list, or a link.
type option struct {
	ID, Title, Description string
	// Kind is "button_reply", "list_reply" or "link".
	Kind string
	// URL is where a link goes.
	URL string
}

// chat is the conversation of one customer with the shop, as the customer's phone
// knows it. It is guarded by the simulator's lock.
type chat struct {
	customer Customer // the phone is digits alone
	userID   string
	messages []*message
	// wrote is when the customer wrote last.
	wrote time.Time
	// typing is until when the shop is shown as typing.
	typing time.Time
	// revision counts what a page can see.
	revision int
}

func (c *chat) add(m *message) {
	c.messages = append(c.messages, m)
	if over := len(c.messages) - keptMessages; over > 0 {
		c.messages = slices.Delete(c.messages, 0, over)
	}
	c.revision++
}

func (c *chat) find(id string) *message {
	for _, m := range slices.Backward(c.messages) {
		if m.id == id {
			return m
		}
	}
	return nil
}

// open tells whether the shop may write freely.
func (c *chat) open(now time.Time) bool { return now.Sub(c.wrote) < window }

// advance moves a message forward; a step back is no step.
func (c *chat) advance(m *message, step progress) bool {
	if m.step >= step {
		return false
	}
	m.step = step
	c.revision++
	return true
}

// isTyping ends a typing indicator that is over.
func (c *chat) isTyping(now time.Time) bool {
	if !c.typing.IsZero() && !now.Before(c.typing) {
		c.typing = time.Time{}
		c.revision++
	}
	return !c.typing.IsZero()
}

// readUntil marks the customer's messages up to and with m as read by the shop.
func (c *chat) readUntil(m *message) {
	for _, each := range c.messages {
		if each.mine {
			c.advance(each, stepRead)
		}
		if each == m {
			return
		}
	}
}

// join adds a customer. The lock is held, or nobody else is there yet.
func (s *Simulator) join(c Customer) *chat {
	c.Phone, c.Name = digits(c.Phone), strings.TrimSpace(c.Name)
	joined := &chat{customer: c, userID: userID(s.config.PhoneNumberID, c.Phone)}
	s.chats = append(s.chats, joined)
	return joined
}

// chatOf finds a customer by phone or by business-scoped user id, or nil. The
// lock is held.
func (s *Simulator) chatOf(phone, user string) *chat {
	for _, c := range s.chats {
		if phone != "" && c.customer.Phone == phone || phone == "" && c.userID == user {
			return c
		}
	}
	return nil
}

// announce wakes everything that waits for a change. The lock is held.
func (s *Simulator) announce() {
	close(s.changed)
	s.changed = make(chan struct{})
}
