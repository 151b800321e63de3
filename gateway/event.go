package gateway

import (
	"encoding/json"
	"log/slog"
	"time"
)

// Identity is how the channel names a person: a business-scoped user id, a
// phone number, or both. Since 2026 the phone can be missing, and before that
// the user id was. At least one is set for everything that can be answered.
type Identity struct {
	// UserID is the business-scoped user id, opaque and case-sensitive.
	UserID string `json:"user_id,omitempty"`
	// Phone is the number in digits with the country code and without a plus.
	Phone string `json:"phone,omitempty"`
}

// IsZero tells whether the identity names nobody.
func (id Identity) IsZero() bool { return id.UserID == "" && id.Phone == "" }

// Key is the part of the identity that a conversation is found by: the user id
// if there is one, and the phone otherwise, each with a prefix that keeps the two
// apart. The zero identity has the key "".
func (id Identity) Key() string {
	switch {
	case id.UserID != "":
		return "user:" + id.UserID
	case id.Phone != "":
		return "phone:" + id.Phone
	}
	return ""
}

// Keys are all keys that name the same person, the preferred one first.
func (id Identity) Keys() []string {
	var keys []string
	if id.UserID != "" {
		keys = append(keys, "user:"+id.UserID)
	}
	if id.Phone != "" {
		keys = append(keys, "phone:"+id.Phone)
	}
	return keys
}

// LogValue keeps phone numbers and user ids out of logs.
func (id Identity) LogValue() slog.Value { return slog.StringValue("[identity]") }

// EventKind tells what an event is about.
type EventKind string

// The kinds of events.
const (
	// EventMessage is something the customer sent; it wants a turn.
	EventMessage EventKind = "message"
	// EventStatus is what became of something that was sent to the customer.
	EventStatus EventKind = "status"
	// EventEcho is a message that a person of the shop sent from the phone app.
	EventEcho EventKind = "echo"
	// EventNotice is anything else the channel tells; it is kept and not acted
	// on, such as a template's new state or an unknown field.
	EventNotice EventKind = "notice"
	// EventUnreadable is a body with a good signature that can't be read. It is
	// kept raw.
	EventUnreadable EventKind = "unreadable"
)

// Event is one item of a webhook, in the gateway's own words.
type Event struct {
	// Key makes accepting idempotent: two events with the same key are one. For a
	// message it is made of the provider's message id, for a status of the id,
	// the status and its time.
	Key  string
	Kind EventKind
	// Channel is the business phone number id that the event came to.
	Channel string
	// From is the customer. It is zero for notices.
	From Identity
	// Name is the customer's profile name as they wrote it, or empty. It is
	// untrusted text.
	Name string
	// At is the provider's own time of the item; the service window counts from
	// it. It is never zero: without one it is ReceivedAt.
	At time.Time
	// ReceivedAt is when the webhook came in.
	ReceivedAt time.Time
	// AnswerAfter is the end of the quiet period if nothing else comes, and
	// AnswerBy the moment at which a burst is answered even if it goes on. Accept
	// sets both; they matter for messages only.
	AnswerAfter, AnswerBy time.Time
	// Message is set for messages and echoes, Status for statuses.
	Message *Message
	Status  *Status
	// Raw is the item exactly as it came, for people and for later readers.
	Raw json.RawMessage
}

// Message is what was said, by the customer or from the phone app.
type Message struct {
	// ProviderID is the channel's message id. It contains the phone number in
	// disguise, so it is personal data.
	ProviderID string `json:"provider_id"`
	// Type is the provider's type, such as "text", "image" or "interactive".
	// "unsupported" and types nobody knows are kept as they are.
	Type string `json:"type"`
	// Text is all the text a reader needs: the body, a caption, the title of a
	// tapped button. Empty for media without a caption.
	Text string `json:"text,omitempty"`
	// QuotedID is the provider id of the message that this one answers.
	QuotedID string `json:"quoted_id,omitempty"`
}

// Readable tells whether the message says something in words.
func (m *Message) Readable() bool { return m != nil && m.Text != "" && m.Type != "reaction" }

// DeliveryState is what is known of an outgoing message. The states up to
// DeliveryRead are ordered: a later one replaces an earlier one and never the
// reverse.
type DeliveryState string

// The delivery states.
const (
	DeliveryQueued  DeliveryState = "queued"
	DeliverySending DeliveryState = "sending"
	DeliveryUnknown DeliveryState = "unknown"
	// DeliveryCanceled: the bot's message still waited when a person took the
	// conversation over, and is not sent any more. An attempt before may have got
	// through after all; then a status says so and wins.
	DeliveryCanceled  DeliveryState = "canceled"
	DeliverySent      DeliveryState = "sent"
	DeliveryDelivered DeliveryState = "delivered"
	DeliveryRead      DeliveryState = "read"
	DeliveryFailed    DeliveryState = "failed"
)

// Rank orders the states for merging statuses that come in any order: queued 0,
// sending 1, unknown 2, canceled 3, sent 4, failed 5, delivered 6, read 7. Failed wins over
// everything that was only accepted, and loses against a delivery to another
// device of the same customer. A state that is not known has rank -1.
func (s DeliveryState) Rank() int {
	switch s {
	case DeliveryQueued:
		return 0
	case DeliverySending:
		return 1
	case DeliveryUnknown:
		return 2
	case DeliveryCanceled:
		return 3
	case DeliverySent:
		return 4
	case DeliveryFailed:
		return 5
	case DeliveryDelivered:
		return 6
	case DeliveryRead:
		return 7
	}
	return -1
}

// Status is what became of a message that was sent.
type Status struct {
	// ProviderID is the channel's id of the message it is about.
	ProviderID string `json:"provider_id"`
	// OutgoingID is our own id, which the channel carries back, or empty.
	OutgoingID string `json:"outgoing_id,omitempty"`
	// State is the state in our words; a status nobody knows is empty and only
	// kept.
	State DeliveryState `json:"state,omitempty"`
	// Error is the provider's reason of a failure, as it came.
	Error *SendError `json:"error,omitempty"`
}

// SendError is why a message was not sent or not delivered.
type SendError struct {
	// Code is the provider's error code, 0 when it gave none.
	Code int `json:"code"`
	// Title is the provider's own short text. It holds no personal data.
	Title string `json:"title"`
}

// Error implements error.
func (e *SendError) Error() string { return "send refused: " + e.Title }
