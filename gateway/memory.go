package gateway

import (
	"time"

	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/action"
	"github.com/recado/recado/rag/assure"
)

// Memory is what a conversation knows between two turns beside its state. Stores keep it
// as one JSON value and look into none of it.
type Memory struct {
	// Level is what the customer has shown of themselves beyond their number, until
	// LevelUntil, or for as long as nothing comes into doubt when that is zero.
	Level      assure.Level `json:"level,omitempty"`
	LevelUntil time.Time    `json:"level_until,omitzero"`
	// Pending is the write that waits for the customer's yes.
	Pending *Pending `json:"pending,omitempty"`
	// CodeUntil is set while a one-time code is expected.
	CodeUntil time.Time `json:"code_until,omitzero"`
	// Awaiting counts the commands without a receipt.
	Awaiting int `json:"awaiting,omitempty"`
	// AskedHash identifies the latest question, AskedAt is when it came, and Repeats
	// counts how often it came in a row.
	AskedHash string    `json:"asked_hash,omitempty"`
	AskedAt   time.Time `json:"asked_at,omitzero"`
	Repeats   int       `json:"repeats,omitempty"`
	// OffTopic counts the questions in a row that had nothing to do with the shop.
	OffTopic int `json:"off_topic,omitempty"`
	// LanguageFixed is true after the customer chose a language.
	LanguageFixed bool `json:"language_fixed,omitempty"`
	// WarnedSecret is true after the customer was told not to send passwords and cards.
	WarnedSecret bool `json:"warned_secret,omitempty"`
}

// Pending is a proposal that the customer has been asked about. ID is what the buttons
// of that message carry.
type Pending struct {
	ID        string       `json:"id"`
	Proposal  rag.Proposal `json:"proposal"`
	ExpiresAt time.Time    `json:"expires_at"`
	// NeedsCode is true while the customer's code has to come first.
	NeedsCode bool `json:"needs_code,omitempty"`
}

// Pass is what the customer has reached at that moment: nothing while it is in doubt who
// they are, otherwise the level of their number or what they have shown beyond it.
func (c Conversation) Pass(now time.Time) assure.Pass {
	switch {
	case !c.DoubtedAt.IsZero():
		return assure.Grant(assure.Unknown)
	case c.Memory.Level > assure.Number && (c.Memory.LevelUntil.IsZero() || now.Before(c.Memory.LevelUntil)):
		return assure.Grant(c.Memory.Level)
	}
	return assure.Grant(assure.Number)
}

// Command is a write on its way to the shop's system. A turn makes it, the outbox of
// commands carries it, and a receipt ends it.
type Command struct {
	// ID is the idempotency key: the same id twice is one command.
	ID             string
	ConversationID string
	Channel        string
	Customer       Identity
	Call           action.Call
	// Version is that of the order for which the customer said yes.
	Version string
	// Level is what the customer had reached.
	Level assure.Level
	// Secret is the one-time code to deliver, for action.SendCode alone.
	Secret    string
	TurnID    string
	CreatedAt time.Time
	// Deadline is when its receipt is overdue.
	Deadline time.Time
	// Overdue is true when it was published and its deadline is over.
	Overdue bool
	// Attempt counts the tries to publish it, from 1.
	Attempt int
	// Lease is the fencing token.
	Lease string
}

// Effect is what a receipt, or its absence, changes in a conversation: one value that a
// store applies in one step.
type Effect struct {
	Memory   Memory
	Outgoing []Outgoing
	// Handoff is opened unless one is open already, or nil.
	Handoff *Handoff
	// Record says what was decided and why; it joins the conversation's turns.
	Record *Record
}
