package gateway

import (
	"encoding/json"
	"time"
)

// HandoffState is how far a handoff has come.
type HandoffState string

// The states of a handoff.
const (
	HandoffQueued   HandoffState = "queued"
	HandoffClaimed  HandoffState = "claimed"
	HandoffReturned HandoffState = "returned"
	HandoffResolved HandoffState = "resolved"
)

// Open tells whether somebody still has to do something.
func (s HandoffState) Open() bool { return s == HandoffQueued || s == HandoffClaimed }

// Reason says why a person is wanted. The customer-facing and agent-facing
// texts are chosen by it.
type Reason string

// The reasons of a handoff.
const (
	ReasonAskedForHuman Reason = "asked_for_human"
	ReasonLegal         Reason = "legal"
	ReasonSafety        Reason = "safety"
	ReasonFraud         Reason = "fraud"
	ReasonLowConfidence Reason = "low_confidence"
	ReasonNotCovered    Reason = "not_covered"
	ReasonUnsupported   Reason = "unsupported_claim"
	ReasonModelError    Reason = "model_unavailable"
	ReasonKnowledge     Reason = "knowledge_unavailable"
	ReasonOrders        Reason = "orders_unavailable"
	ReasonUnreadable    Reason = "unreadable_message"
	ReasonSendFailed    Reason = "send_failed"
	ReasonInternal      Reason = "internal_error"
	ReasonTakenOver     Reason = "taken_over"
	ReasonWindow        Reason = "window_closed"
	// ReasonMedia: the customer sent a file that no model reads.
	ReasonMedia Reason = "media"
	// ReasonIdentity: the question is about an order and the person behind the
	// identity may have changed.
	ReasonIdentity Reason = "identity_changed"
	// ReasonAgent: an agent took the conversation without being asked.
	ReasonAgent Reason = "agent_took"
	// ReasonUnavailable: the message can be seen in the phone app only.
	ReasonUnavailable Reason = "unavailable_message"
	// ReasonSuggest: no answer goes out without a person, because nothing says how good
	// the answers are; the packet holds the draft.
	ReasonSuggest Reason = "suggest_only"
	// ReasonReceipt: the shop's system did not say in time what became of a command.
	ReasonReceipt Reason = "receipt_missing"
	// ReasonRefused: the shop's system did not do what the customer had confirmed.
	ReasonRefused Reason = "action_refused"
	// ReasonAction: the customer wants something done that Recado can't do by itself.
	ReasonAction Reason = "action_wanted"
	// ReasonData: the customer wants what is known of them deleted.
	ReasonData Reason = "data_request"
	// ReasonRepeat: the same question came again and again.
	ReasonRepeat Reason = "repeated"
	// ReasonOffTopic: the customer goes on about what is not the shop's business.
	ReasonOffTopic Reason = "off_topic"
)

// Handoff is a conversation's stay with people. A conversation has at most one
// open handoff.
type Handoff struct {
	ID             string
	ConversationID string
	Contact        Identity
	Name           string
	Reason         Reason
	State          HandoffState
	// Agent is who has claimed it.
	Agent     string
	Packet    Packet
	CreatedAt time.Time
	UpdatedAt time.Time
}

// PhoneAppAgent is the agent of a handoff that a person answers from the phone app.
// Any agent may take it over.
const PhoneAppAgent = phoneAppAgent

// Packet is everything an agent needs so that the customer never repeats
// themselves. It is written when the handoff opens and does not change.
type Packet struct {
	// Wants is what the customer asked, in their words.
	Wants    string `json:"wants"`
	Language string `json:"language"`
	// Orders are the orders that were looked at, as the answer saw them.
	Orders json.RawMessage `json:"orders,omitempty"`
	// Tried are the passages that were considered, by title.
	Tried []string `json:"tried,omitempty"`
	// Promised is what the bot told the customer last.
	Promised string `json:"promised,omitempty"`
	// Draft is an answer that was not sent, for the agent to use or discard.
	Draft string `json:"draft,omitempty"`
	// Why says in a sentence for the agent which rule handed off, in the
	// customer's language.
	Why string `json:"why"`
	// Confidence and Threshold are set when the score decided.
	Confidence float64 `json:"confidence,omitempty"`
	Threshold  float64 `json:"threshold,omitempty"`
	TurnID     string  `json:"turn_id,omitempty"`
}

// ActionKind is what an agent does with a handoff.
type ActionKind string

// The actions of an agent.
const (
	// ActionClaim takes the handoff over.
	ActionClaim ActionKind = "claim"
	// ActionReply sends a message; it claims a queued handoff first.
	ActionReply ActionKind = "reply"
	// ActionReturn gives the conversation back to the bot.
	ActionReturn ActionKind = "return"
	// ActionResolve closes the conversation until the customer writes again.
	ActionResolve ActionKind = "resolve"
	// ActionTake takes over a conversation that the bot has, or that is closed: it
	// opens a handoff that is claimed already. An open handoff is claimed instead.
	ActionTake ActionKind = "take"
	// ActionVerify says that the agent has made sure who the customer is: the doubt
	// after a change of identity ends. It needs a handoff that is the agent's.
	ActionVerify ActionKind = "verify"
)

// Action is one deed of one agent, a value that a store applies in one step.
type Action struct {
	HandoffID string
	// ConversationID is set instead of HandoffID for ActionTake.
	ConversationID string
	Kind           ActionKind
	// Agent is the agent's name, never empty.
	Agent string
	// Text is the reply for ActionReply: 1 to 4096 characters, or 1 to 1024 with
	// buttons; it may be empty where Content says it all.
	Text string
	// Content is what the reply holds beside its text, or nil. Only a template may be
	// sent outside of the service window.
	Content *Content
	// QuoteID is the provider id of the message that is answered, or empty.
	QuoteID string
	// OutgoingID is the id of the message, to make a repeated reply one; empty makes
	// a new one.
	OutgoingID string
	At         time.Time
}

// Agent is a person who answers customers.
type Agent struct {
	// Name is what the agent signs in with: 1 to 64 characters.
	Name string
	// PasswordHash is an encoded argon2id hash.
	PasswordHash string
	CreatedAt    time.Time
}

// Session is a signed-in browser.
type Session struct {
	// TokenHash is the SHA-256 of the cookie's value, in hex; the value itself is
	// not kept.
	TokenHash string
	Agent     string
	ExpiresAt time.Time
}

// SendFailure is the handoff for a message that never reached the customer: it
// was rejected, or a status said later that it failed. A store opens it in the
// same step unless the conversation is with a person already.
func SendFailure(c Conversation, text string, why *SendError, now time.Time) Handoff {
	reason := ReasonSendFailed
	if why != nil && why.Class == ErrorWindow {
		reason = ReasonWindow
	}
	return Handoff{
		ID: NewID(), ConversationID: c.ID, Contact: c.Contact, Name: c.Name,
		Reason: reason, State: HandoffQueued, CreatedAt: now, UpdatedAt: now,
		Packet: Packet{Language: c.Language, Draft: text, Why: agentReasons(c.Language)[reason]},
	}
}

// IdentityDoubt is the handoff for answers that were still to be sent when the channel
// told that the person behind the identity may have changed: they are not sent, and an
// agent has to make sure who is there.
func IdentityDoubt(c Conversation, now time.Time) Handoff {
	h := SendFailure(c, "", nil, now)
	h.Reason, h.Packet.Why = ReasonIdentity, agentReasons(c.Language)[ReasonIdentity]
	return h
}
