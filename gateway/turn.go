package gateway

import (
	"time"

	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/action"
	"github.com/recado/recado/rag/confidence"
)

// DecisionKind is what a turn decided.
type DecisionKind string

// The decisions.
const (
	DecideReply   DecisionKind = "reply"
	DecideClarify DecisionKind = "clarify"
	DecideHandoff DecisionKind = "handoff"
	DecideQuiet   DecisionKind = "quiet"
	// DecidePropose puts a write before the customer, who says yes or no.
	DecidePropose DecisionKind = "propose"
	// DecideNotify tells the customer what became of a write.
	DecideNotify DecisionKind = "notify"
)

// Decision is the outcome of a turn and the rule that led to it.
type Decision struct {
	Kind DecisionKind `json:"kind"`
	// Reason is set for handoffs.
	Reason Reason `json:"reason,omitempty"`
	// Rule names the rule that decided, such as "triage", "model_error",
	// "confidence" or "human_owns".
	Rule string `json:"rule"`
}

// Outcome is what became of a turn.
type Outcome string

// The outcomes of turns.
const (
	// OutcomeCommitted: the turn took effect.
	OutcomeCommitted Outcome = "committed"
	// OutcomeSuperseded: a newer message came while the answer was being made.
	OutcomeSuperseded Outcome = "superseded"
	// OutcomeHumanOwns: a person took over while the answer was being made.
	OutcomeHumanOwns Outcome = "human_owns"
	// OutcomeFailed: the turn could not be finished and will be tried again.
	OutcomeFailed Outcome = "failed"
)

// Record is the decision record of one turn: everything needed to see why it
// went as it did and to replay it.
type Record struct {
	ID             string    `json:"id"`
	ConversationID string    `json:"conversation_id"`
	At             time.Time `json:"at"`
	Attempt        int       `json:"attempt"`
	Outcome        Outcome   `json:"outcome"`
	Decision       Decision  `json:"decision"`
	// EventKeys are hashes of the keys of the events that the turn joined.
	EventKeys []string `json:"event_keys"`
	// Messages are the joined texts of the burst, in order.
	Messages []string `json:"messages"`
	Language string   `json:"language"`
	// Query is the question as it was searched for, after rewriting, and Parts are the
	// questions of a burst that holds several. Slips are the words that were read as others.
	Query      string          `json:"query,omitempty"`
	Slips      []rag.Slip      `json:"slips,omitempty"`
	Parts      []rag.Part      `json:"parts,omitempty"`
	Candidates []rag.Candidate `json:"candidates,omitempty"`
	Passages   []rag.Passage   `json:"passages,omitempty"`
	Orders     rag.OrderFacts  `json:"orders"`
	// Receipts are the shop's system's words that could back the draft, and what was read
	// for it.
	Receipts []action.Receipt `json:"receipts,omitempty"`
	Draft    rag.Draft        `json:"draft"`
	// AskBack is what the customer would be asked. Repaired tells that Draft is a second
	// one, because the first one's checks failed.
	AskBack  string `json:"ask_back,omitempty"`
	Repaired bool   `json:"repaired,omitempty"`
	// Sentences are those of the draft, each with its class and what backs it.
	Sentences []rag.Sentence `json:"sentences,omitempty"`
	Checks    []rag.Check    `json:"checks,omitempty"`
	// Proposal is the write that was put before the customer or that they confirmed, and
	// Refusal says why one is not possible.
	Proposal *rag.Proposal `json:"proposal,omitempty"`
	Refusal  *rag.Refusal  `json:"refusal,omitempty"`
	OffTopic bool          `json:"off_topic,omitempty"`
	// Masked counts the pieces of personal data that no model saw, by kind.
	Masked     map[string]int `json:"masked,omitempty"`
	Confidence float64        `json:"confidence"`
	Threshold  float64        `json:"threshold"`
	// Clarify is the least confidence at which asking back made sense; 0 means never.
	Clarify     float64            `json:"clarify,omitempty"`
	Features    map[string]float64 `json:"features,omitempty"`
	Calibration string             `json:"calibration,omitempty"`
	// Promise is what Threshold promised, empty for nothing. Suggest tells that no answer
	// went out without a person, and Stale says why.
	Promise confidence.Promise `json:"promise,omitempty"`
	Suggest bool               `json:"suggest,omitempty"`
	Stale   []string           `json:"stale,omitempty"`
	Model   string             `json:"model,omitempty"`
	Usage   rag.Usage          `json:"usage"`
	// Reply is what the customer was told, empty for a quiet turn.
	Reply string `json:"reply,omitempty"`
	// Error is the kind of failure in plain words, without personal data.
	Error  string      `json:"error,omitempty"`
	Stages []rag.Stage `json:"stages"`
	// Config is the hash of the configuration that was in force.
	Config string `json:"config"`
}

// Claim is the lease of one conversation with everything a turn needs.
type Claim struct {
	// Conversation is the state before the turn.
	Conversation Conversation
	// Events are the waiting messages and echoes in the order they happened, at
	// least one. They come without Raw.
	Events []Event
	// History are the messages before those, oldest first, at most 20. They come
	// without Payload. Signals are no part of it.
	History []MessageView
	// Through is the store's own mark of the last event in Events. A newer one
	// supersedes the turn.
	Through int64
	// Lease is the fencing token.
	Lease string
	// LeasedUntil is when another worker may claim the conversation.
	LeasedUntil time.Time
	// Attempt counts the claims of these events, from 1.
	Attempt int
}

// Turn is everything that one turn changes: one value, committed in one step.
type Turn struct {
	// Conversation is the state after the turn. Commit stores its Mode, Language,
	// Agent, Fallbacks, Clarified, Marketing and Memory, and raises the epoch when Mode or Agent
	// changed.
	Conversation Conversation
	// Outgoing are the messages to send, in order; empty for a quiet turn.
	Outgoing []Outgoing
	// Handoff is opened with the turn, or nil.
	Handoff *Handoff
	// Commands are the writes that the turn sends to the shop's system.
	Commands []Command
	// Audit is set when the turn was picked for a look, or nil.
	Audit *Audit
	// Overdue is true when the AnswerBy of the first claimed message is over: Commit
	// is then not refused by newer messages, which stay waiting for the next turn. A
	// newer echo still refuses it, because a person has taken over by it.
	Overdue bool
	Record  Record
}
