package cloudsim

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

const (
	// window is how long a shop may write freely after the customer's last
	// message.
	window = 24 * time.Hour
	// freeEntry is how long messages are free after the shop's first answer to a
	// customer who came from an ad.
	freeEntry = 72 * time.Hour
	// typingLife is how long a typing indicator is shown at most.
	typingLife = 25 * time.Second
	// reactionLife is how old a message may be that is reacted to.
	reactionLife = 30 * 24 * time.Hour
	// keptMessages is how many messages of a chat are remembered, so that a demo
	// that runs for weeks does not grow.
	keptMessages = 500
)

// progress is how far a message has come.
type progress int

// The steps of a message. A customer's message is sent until the webhook is taken
// and read when the shop says so; a shop's message is read when a page shows it,
// and a voice note is played there.
const (
	stepSent progress = iota
	stepDelivered
	stepRead
	stepPlayed
	stepFailed
)

// status is the step as webhooks name it.
func (p progress) status() string {
	return [...]string{"sent", "delivered", "read", "played", "failed"}[p]
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
	// raw is the message's part of a shop's request, and content that of a
	// customer's message.
	raw     any
	content any
	// file is what is shown above the text, or nil.
	file *attachment
	// quotes is the id of the message that this one answers.
	quotes string
	// options are what can be tapped below it, list the button that opens them.
	options []option
	list    string
	// asks is what the shop wants: "location", "contact" or "flow".
	asks, flowToken string
	// reaction is the shop's, theirs the customer's.
	reaction, theirs string
	// unseen tells that there is no bubble for it.
	unseen, edited, revoked, forwarded bool
	step                               progress
	// target is what a reaction is to.
	target string
	// callback is what the shop wants to have echoed in statuses.
	callback string
	category string
}

// option is something to tap below a shop's message.
type option struct {
	ID          string `json:"id"`
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
	// Kind is "button_reply", "list_reply", "button" (of a template), "flow",
	// "link", or "note" for what can't be tapped here.
	Kind string `json:"kind"`
	// URL is where a link goes.
	URL string `json:"url,omitempty"`
	// Section is the title above the first row of a section.
	Section string `json:"section,omitempty"`
}

// chat is the conversation of one customer with the shop, as the customer's phone
// knows it. It is guarded by the simulator's lock.
type chat struct {
	customer Customer // the phone is digits alone
	userID   string
	messages []*message
	// wrote is when the customer wrote last.
	wrote time.Time
	// entry is until when messages are free, because the customer came from an
	// ad or a page.
	entry time.Time
	// came tells that such an answer is still to be given.
	came bool
	// typing is until when the shop is shown as typing.
	typing time.Time
	// stopped tells that the customer wants no marketing.
	stopped bool
	// blocks tells that the customer has blocked the shop, blocked that the shop
	// has blocked the customer.
	blocks, blocked bool
	// installed counts the phones that the customer has had.
	installed int
	gate      gate
	// revision counts what a page can see.
	revision int
}

// phoneShown tells whether the shop gets to see the phone.
func (c *chat) phoneShown() bool { return c.customer.Phone != "" && !c.customer.PhoneHidden }

// shownPhone is the phone as the shop sees it: empty when it doesn't.
func (c *chat) shownPhone() string {
	if c.phoneShown() {
		return c.customer.Phone
	}
	return ""
}

// wamidKey is what message ids are made of.
func (c *chat) wamidKey() string { return cmp.Or(c.shownPhone(), c.userID) }

// forget empties the chat.
func (c *chat) forget() {
	c.messages, c.wrote, c.typing, c.gate = nil, time.Time{}, time.Time{}, gate{}
	c.stopped, c.blocks, c.blocked, c.came, c.entry = false, false, false, false, time.Time{}
	c.revision++
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
	joined := &chat{customer: c, userID: cmp.Or(c.UserID, userID(s.config.PhoneNumberID, c.Phone))}
	s.chats = append(s.chats, joined)
	return joined
}

// chatOf finds a customer by phone or by business-scoped user id, or nil. The
// phone wins when both are given. The lock is held.
func (s *Simulator) chatOf(phone, user string) *chat {
	for _, c := range s.chats {
		if phone != "" && c.customer.Phone == phone || phone == "" && user != "" && c.userID == user {
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
