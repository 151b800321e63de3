package gateway

import (
	"encoding/json"
	"time"
)

// Author tells who wrote a message.
type Author string

// The authors of messages.
const (
	AuthorCustomer Author = "customer"
	AuthorBot      Author = "bot"
	AuthorAgent    Author = "agent"
)

// Outgoing is one message to a customer, from the moment it is decided.
type Outgoing struct {
	// ID is ours (a UUIDv7). The channel carries it back in statuses, which is how
	// a send with an unknown outcome is settled.
	ID             string
	ConversationID string
	Channel        string
	To             Identity
	Author         Author
	// Agent is the agent who wrote it, for AuthorAgent.
	Agent string
	Text  string
	// Content is what the message holds beside its text, or nil for text alone.
	Content *Content
	// QuoteID is the provider id of the message that this one answers, or empty.
	QuoteID string
	// TurnID is the turn whose decision this is, for AuthorBot.
	TurnID string
	// CreatedAt orders the messages of a conversation, together with ID.
	CreatedAt time.Time
	// ExpiresAt is when sending it stops making sense: the end of the service
	// window. Zero means never: so for templates.
	ExpiresAt time.Time

	// The rest is filled by NextOutgoing.

	// Attempt counts the attempts including this one, from 1.
	Attempt int
	// Doubtful tells that nobody knows what became of the attempt before this one: the
	// customer may have the message.
	Doubtful bool
	// Lease is the fencing token of this attempt; Settle refuses another one.
	Lease string
}

// SendOutcome is how one attempt to send ended.
type SendOutcome string

// The outcomes of an attempt.
const (
	// SendAccepted: the channel took it; ProviderID is set.
	SendAccepted SendOutcome = "accepted"
	// SendRetry: it was surely not taken, try again at RetryAt.
	SendRetry SendOutcome = "retry"
	// SendUnknown: it may have been taken. It is not sent again before RetryAt,
	// and never if a status for it comes in until then.
	SendUnknown SendOutcome = "unknown"
	// SendRejected: it was not taken and never will be.
	SendRejected SendOutcome = "rejected"
)

// SendResult is what one attempt to send gave.
type SendResult struct {
	Outcome    SendOutcome
	ProviderID string
	// RetryAt is set for SendRetry and SendUnknown.
	RetryAt time.Time
	// Error says why, for all outcomes but SendAccepted.
	Error *SendError
	// Payload is the body that was sent, for people to see.
	Payload json.RawMessage
	// Handoff is opened together with the result when a rejected message leaves
	// the customer without an answer. Nil otherwise, and nil when the
	// conversation already is with a person.
	Handoff *Handoff
	// Follow is sent instead of a message that was rejected, or nil: the template
	// that asks the customer to write again, for instance. It is queued in the same
	// step, whoever has the conversation; one with an ID that is there already is not
	// queued again.
	Follow *Outgoing
}

// Kind is the form of the message.
func (o *Outgoing) Kind() ContentKind {
	if o.Content == nil || o.Content.Kind == "" {
		return ContentText
	}
	return o.Content.Kind
}

// MessageView is one message of a conversation as people see it, in or out.
type MessageView struct {
	ID         string
	ProviderID string
	// Direction is "in" or "out".
	Direction string
	Author    Author
	Agent     string
	Type      string
	Text      string
	At        time.Time
	// Status is the delivery state for outgoing messages and "received" for
	// incoming ones.
	Status  string
	Error   *SendError
	Payload json.RawMessage
	// Message is all that an incoming message holds, with its file and what it quotes;
	// Type and Text are the same as there.
	Message *Message
	// Content and Quoted are those of an outgoing message.
	Content *Content
	Quoted  *Quote
}
