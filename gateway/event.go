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
	// EventSignal is something that happened in the chat and wants no turn: a number
	// or user id that changed, an edited or withdrawn message, the first opening of
	// the chat, a permission to call. It is part of the conversation, and it does not
	// renew the service window.
	EventSignal EventKind = "signal"
	// EventPreference is what a customer does or doesn't want to get.
	EventPreference EventKind = "preference"
	// EventAlert is what the channel tells of the account, its number or templates.
	EventAlert EventKind = "alert"
	// EventNotice is anything else the channel tells; it is kept and not acted
	// on, such as an unknown field.
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
	// About is the Key of the customer's message that this one answers, reacts to,
	// edits or withdraws, or empty. It need not exist.
	About string
	// Message is set for messages, echoes and signals, Status for statuses, and the
	// others for their kinds.
	Message    *Message
	Status     *Status
	Preference *Preference
	Alert      *Alert
	// Raw is the item exactly as it came, for people and for later readers.
	Raw json.RawMessage
	// Body is the whole webhook that the item came in, or nil. All events of a
	// webhook share it. It is kept once, when at least one of them is fresh.
	Body []byte
	// BodyFrom and BodyTo tell where Raw stands in Body: Body[BodyFrom:BodyTo] is
	// Raw, or both are 0 when Raw is not a part of Body as it is.
	BodyFrom, BodyTo int
}

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
	// Error is the provider's first reason of a failure.
	Error *SendError `json:"error,omitempty"`
	// Errors are all reasons exactly as they came, a JSON list, or nil. They may hold
	// phone numbers.
	Errors json.RawMessage `json:"errors,omitempty"`
}

// ErrorClass tells what an error of the channel asks for. It is what decides, not the
// channel's text.
type ErrorClass string

// The classes of errors.
const (
	// ErrorOther asks for nothing but a person.
	ErrorOther ErrorClass = ""
	// ErrorTransient and ErrorRate pass: the message is tried again later.
	ErrorTransient ErrorClass = "transient"
	ErrorRate      ErrorClass = "rate"
	// ErrorQuality is the channel protecting its customers: not again soon.
	ErrorQuality ErrorClass = "quality"
	// ErrorWindow means that the service window is closed: only a template goes.
	ErrorWindow ErrorClass = "window"
	// ErrorUnreachable means that this customer can't be reached on the channel.
	ErrorUnreachable ErrorClass = "unreachable"
	// ErrorOptedOut means that the customer wants no marketing.
	ErrorOptedOut ErrorClass = "opted_out"
	// ErrorIdentity means that the customer has to be verified again.
	ErrorIdentity ErrorClass = "identity"
	// ErrorRequest means that our request is wrong: somebody who knows the program or
	// the template has to look at it.
	ErrorRequest ErrorClass = "request"
	// ErrorTemplate means that the template may not be used now.
	ErrorTemplate ErrorClass = "template"
	// ErrorFile means that a file of the customer is lost on its way: they can send it
	// again.
	ErrorFile ErrorClass = "file"
	// ErrorElsewhere means that a message can be seen in the shop's phone app only, such
	// as the first one after an ad on a number that both use.
	ErrorElsewhere ErrorClass = "elsewhere"
	// ErrorAccount means that nothing can be sent from this number until somebody
	// acts: the circuit opens.
	ErrorAccount ErrorClass = "account"
)

// SendError is why a message was not sent or not delivered.
type SendError struct {
	// Code is the provider's error code, 0 when it gave none.
	Code int `json:"code"`
	// Title says it in our words. It holds no personal data.
	Title string `json:"title"`
	// Class tells what the error asks for.
	Class ErrorClass `json:"class,omitempty"`
	// Detail is the provider's own text as it came, for people to see. It may hold a
	// phone number and never reaches a log.
	Detail string `json:"detail,omitempty"`
}

// LogValue keeps the provider's own text out of logs.
func (e *SendError) LogValue() slog.Value {
	if e == nil {
		return slog.Value{}
	}
	return slog.GroupValue(slog.Int("code", e.Code), slog.String("title", e.Title), slog.String("class", string(e.Class)))
}

// Error implements error.
func (e *SendError) Error() string { return "send refused: " + e.Title }
