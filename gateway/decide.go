package gateway

import (
	"errors"
	"time"

	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/guard"
)

// maxAttempts is how often a turn is tried before a person gets it without
// another try. Eight, so that a customer who supersedes several answers in a row
// is not taken for a failure.
const maxAttempts = 8

// Situation is everything a decision rests on.
type Situation struct {
	// Mode is the conversation's mode when the turn began.
	Mode  Mode
	Burst Burst
	// Fallbacks counts the "I can't read this" replies so far.
	Fallbacks int
	// Clarified is true when the last reply asked the customer back.
	Clarified bool
	// Memory is what the conversation knows beside that, before the turn.
	Memory Memory
	// At is the moment of the turn.
	At time.Time
	// Doubted is true while it is in doubt who the customer is.
	Doubted bool
	// Asked is true when the last thing that the customer was told is the proposal of
	// Memory: then a word is an answer to it.
	Asked bool
	// Aside is true when it was a person who told the customer something last.
	Aside bool
	// Stated is true when the last thing that the customer was told asks nothing, so that a
	// no is none to a question of ours; Offered when it ends with the offer of a person.
	Stated, Offered bool
	// Repeats is how often the burst's question has come in a row, with this time.
	Repeats int
	// Writable tells whether the shop's system can be told to do something, and Codable
	// whether it can send one-time codes.
	Writable, Codable bool
	// WindowOpen tells whether a reply can reach the customer at all.
	WindowOpen bool
	// Attempt counts the tries of this turn, from 1.
	Attempt int
	// Answer is what rag made of it, and AnswerErr why it could not. Both are
	// zero when an earlier rule made the question needless.
	Answer    rag.Answer
	AnswerErr error
	// Step is what was found out about a write.
	Step Step
	// unsettled is true when Preempt has found nothing to decide, so that Decide need not ask
	// it again: its rules read the whole burst.
	unsettled bool
}

// Preempt gives the decision that needs no answer, if there is one: rules come
// first and are never scored. They hold with the model down, too.
func Preempt(s Situation) (Decision, bool) {
	switch {
	case s.Burst.Echo && s.Mode != ModeAgent:
		return Decision{Kind: DecideHandoff, Reason: ReasonTakenOver, Rule: "echo"}, true
	case s.Mode == ModeQueued || s.Mode == ModeAgent:
		return Decision{Kind: DecideQuiet, Rule: ruleHumanOwns}, true
	case !s.WindowOpen:
		return Decision{Kind: DecideHandoff, Reason: ReasonWindow, Rule: "service_window"}, true
	case s.Attempt > maxAttempts:
		return Decision{Kind: DecideHandoff, Reason: ReasonInternal, Rule: "attempts"}, true
	}
	if s.Burst.asksWho() {
		if s.Repeats < maxWho {
			return Decision{Kind: DecideReply, Rule: ruleWho}, true
		}
		return Decision{Kind: DecideHandoff, Reason: ReasonAskedForHuman, Rule: ruleWho}, true
	}
	if reason, ok := guard.Triage(s.Burst.Text()); ok {
		return Decision{Kind: DecideHandoff, Reason: triageReason(reason), Rule: "triage"}, true
	}
	switch {
	case s.Burst.Elsewhere > 0:
		return Decision{Kind: DecideHandoff, Reason: ReasonUnavailable, Rule: "phone_app_only"}, true
	case s.Burst.Lost > 0 && s.Burst.Unseen+s.Burst.Asked+s.Fallbacks == 0:
		return Decision{Kind: DecideClarify, Rule: ruleFileLost}, true
	case s.Burst.Unseen+s.Burst.Lost > 0:
		// A caption alone is not the question: what it is about is on the file.
		return Decision{Kind: DecideHandoff, Reason: ReasonMedia, Rule: ruleMedia}, true
	case len(s.Burst.Texts) == 0:
		return unreadable(s), true
	}
	return control(s)
}

// maxWho is from which time on who asks whether a person writes wants one.
const maxWho = 2

// ruleHumanOwns leaves the conversation to the person who has it.
const ruleHumanOwns = "human_owns"

// ruleFileLost asks the customer to send a file again, once.
const ruleFileLost = "file_lost"

// ruleMedia gives a file that nobody has heard or seen to a person.
const ruleMedia = "media"

// unreadable answers a burst without words: reactions want nothing, and
// everything else gets one polite request for text, then a person.
func unreadable(s Situation) Decision {
	switch {
	case s.Burst.Unreadable == 0:
		return Decision{Kind: DecideQuiet, Rule: "reaction"}
	case s.Fallbacks == 0:
		return Decision{Kind: DecideClarify, Rule: "unreadable"}
	}
	return Decision{Kind: DecideHandoff, Reason: ReasonUnreadable, Rule: "unreadable_again"}
}

// Decide chooses what a turn does. It is pure and total: whatever the situation,
// there is a decision, and an error is a handoff, never silence.
func Decide(s Situation) Decision {
	if !s.unsettled {
		if d, ok := Preempt(s); ok {
			return d
		}
	}
	if w := s.wish(); w == wishYes || w == wishCode {
		return decideStep(s)
	}
	if s.AnswerErr != nil {
		return Decision{Kind: DecideHandoff, Reason: errorReason(s.AnswerErr), Rule: "answer_error"}
	}
	return decideAnswer(s)
}

// The rules of answers.
const (
	ruleConfidence = "confidence"
	ruleSmallTalk  = "small_talk"
	ruleOffTopic   = "off_topic"
	ruleAskBack    = "ask_back"
	ruleSuggest    = "suggest_only"
	ruleIdentity   = "identity"
	ruleOrdersAway = "orders_unavailable"
)

// maxOffTopic is how often in a row a customer hears that something is not the shop's
// business.
const maxOffTopic = 2

// decideAnswer judges a draft. The order matters: what the draft itself says
// comes before what the checks say of it, and the score comes last.
func decideAnswer(s Situation) Decision {
	a := s.Answer
	switch {
	case a.Orders.Withheld && (aboutOrders(a) || a.Draft.NeedsHuman):
		return handOff(ReasonIdentity, ruleIdentity)
	case a.Orders.Unavailable && (len(a.Orders.Asked) > 0 || a.Draft.NeedsHuman):
		return handOff(ReasonOrders, ruleOrdersAway)
	case a.Proposal != nil || a.Refusal != nil:
		return decideWrite(s)
	case a.OffTopic && s.Memory.OffTopic >= maxOffTopic:
		return handOff(ReasonOffTopic, ruleOffTopic)
	case a.OffTopic:
		return Decision{Kind: DecideReply, Rule: ruleOffTopic}
	case askable(s) && a.Suggest:
		return handOff(ReasonSuggest, ruleSuggest)
	case askable(s):
		return Decision{Kind: DecideClarify, Rule: ruleAskBack}
	case a.Draft.NeedsHuman || a.Text == "":
		return handOff(ReasonNotCovered, "model_abstained")
	case !allOK(a.Checks):
		return handOff(ReasonUnsupported, "checks")
	case a.Draft.SmallTalk:
		return Decision{Kind: DecideReply, Rule: ruleSmallTalk}
	case a.Confidence < a.Threshold:
		return handOff(ReasonLowConfidence, ruleConfidence)
	case a.Suggest:
		return handOff(ReasonSuggest, ruleSuggest)
	}
	return Decision{Kind: DecideReply, Rule: ruleConfidence}
}

func handOff(r Reason, rule string) Decision {
	return Decision{Kind: DecideHandoff, Reason: r, Rule: rule}
}

// aboutOrders tells whether an answer speaks of an order.
func aboutOrders(a rag.Answer) bool {
	return len(a.Orders.Asked) > 0 || len(a.Draft.Orders) > 0 || a.Proposal != nil || a.Refusal != nil
}

// askable tells whether one question to the customer may make the answer sure enough: a
// score in the band below the threshold says so, and a draft that has nothing to say but
// the question. It is asked once: who was asked already gets a person.
func askable(s Situation) bool {
	a := s.Answer
	unsure := a.Clarify > 0 && a.Clarify <= a.Confidence && a.Confidence < a.Threshold
	return a.AskBack != "" && !s.Clarified && !a.Draft.NeedsHuman && (a.Text == "" || unsure)
}

func allOK(checks []rag.Check) bool {
	for _, c := range checks {
		if !c.OK {
			return false
		}
	}
	return true
}

func errorReason(err error) Reason {
	switch {
	case errors.Is(err, rag.ErrModel):
		return ReasonModelError
	case errors.Is(err, rag.ErrRetrieval):
		return ReasonKnowledge
	}
	return ReasonInternal
}

// triageReason takes the guard's reason as ours: the values are the same, and a
// test holds them so.
func triageReason(r guard.Reason) Reason { return Reason(r) }
