package gateway

import (
	"context"
	"errors"
	"time"

	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/action"
	"github.com/recado/recado/rag/assure"
)

// How long things around a write hold.
const (
	// proposalFor is how long a customer has for their yes.
	proposalFor = 15 * time.Minute
	// codeFor is how long a one-time code is good, and codeLevelFor how long what it
	// showed holds.
	codeFor      = 10 * time.Minute
	codeLevelFor = 30 * time.Minute
	// maxSummary is the longest description of a write that goes above buttons with all
	// that may stand beside it, in characters.
	maxSummary = 500
)

// The rules of writes.
const (
	ruleProposal     = "proposal"
	ruleOrderChanged = "order_changed"
	ruleConfirmed    = "confirmed"
	ruleRefusal      = "refusal"
	ruleArguments    = "arguments"
	ruleCodeNeeded   = "code_needed"
	ruleCodeWrong    = "code_wrong"
	ruleCodeSpent    = "code_spent"
	ruleCodeRight    = "code_right"
	ruleCodeTooOften = "code_too_often"
	ruleNoCode       = "no_code"
	ruleRead         = "read"
	ruleNotWritable  = "not_writable"
)

// Step is what was found out about the write that a turn is about, before it decides.
type Step struct {
	// Verdict says whether the write that the customer confirmed is possible now, for
	// that Version of the order.
	Verdict action.Verdict
	Version string
	// Read is what was read, where that is what needed the code.
	Read *action.Receipt
	// Err says that none of it could be found out.
	Err error
	// Wrong is true when the code was not the one, and Left is how many tries are left.
	Wrong bool
	Left  int
	// Code is a new one-time code, or CodeErr says why there is none.
	Code    string
	CodeErr error
}

// errNotConfigured says that a write came up and nothing can do it.
var errNotConfigured = errors.New("no system of the shop is connected")

// tools are those of one customer at one moment: none while it is in doubt who they are.
func (g *Gateway) tools(c Conversation, now time.Time) rag.Tools {
	if g.Actions == nil || g.Wire == nil || !c.DoubtedAt.IsZero() {
		return nil
	}
	return g.Actions.Tools(c.Contact, c.Pass(now), now)
}

// heedAnswer finds out what the customer's yes, or their code, leads to. Nothing is
// changed by it but the count of the code's tries: a right code is used up, so that a
// turn that is lost after this asks for another one.
func (g *Gateway) heedAnswer(ctx context.Context, c Conversation, s Situation) (step Step) {
	ctx, cancel := context.WithTimeout(ctx, g.AnswerTimeout)
	defer cancel()
	if s.wish() == wishCode {
		if g.Codes == nil {
			return Step{Err: errNotConfigured}
		}
		ok, left, err := g.Codes.Check(ctx, c.Contact, s.Burst.code())
		if err != nil || !ok {
			return Step{Err: err, Wrong: !ok, Left: left}
		}
		c.Memory = c.Memory.shown(s.At)
	}
	tools, call := g.tools(c, s.At), s.Memory.Pending.Proposal.Call
	if tools == nil {
		return Step{Err: errNotConfigured}
	}
	if spec, ok := action.Find(call.Kind); ok && !spec.Write {
		r, err := tools.Read(ctx, call)
		return Step{Read: &r, Err: err}
	}
	step.Verdict, step.Version, step.Err = tools.Check(ctx, call)
	return step
}

// shown is the memory after a right code.
func (m Memory) shown(at time.Time) Memory {
	m.Level, m.LevelUntil, m.CodeUntil = assure.Code, at.Add(codeLevelFor), time.Time{}
	return m
}

// newCode makes the one-time code that a decision asks for.
func (g *Gateway) newCode(ctx context.Context, c Conversation, s *Situation) {
	ctx, cancel := context.WithTimeout(ctx, g.AnswerTimeout)
	defer cancel()
	s.Step.Code, s.Step.CodeErr = g.Codes.New(ctx, c.Contact)
	if s.Step.CodeErr != nil && !errors.Is(s.Step.CodeErr, ErrTooOften) {
		g.Logger.WarnContext(ctx, "no one-time code could be made; a person takes over", "error", s.Step.CodeErr)
	}
}

// decideStep judges what came of the customer's yes or of their code.
func decideStep(s Situation) Decision {
	code, step := s.wish() == wishCode, s.Step
	switch {
	case step.Err != nil:
		return handOff(ReasonOrders, ruleOrdersAway)
	case step.Wrong && step.Left > 0:
		return Decision{Kind: DecideReply, Rule: ruleCodeWrong}
	case step.Wrong:
		return handOff(ReasonAction, ruleCodeSpent)
	case step.Read != nil && step.Read.Outcome == action.Done:
		return Decision{Kind: DecideReply, Rule: ruleRead}
	case step.Read != nil:
		return decideRefusal(s, action.Verdict{Rule: step.Read.Reason})
	case !step.Verdict.OK:
		return decideRefusal(s, step.Verdict)
	case code:
		return Decision{Kind: DecidePropose, Rule: ruleCodeRight}
	case step.Version != s.Memory.Pending.Proposal.Version:
		return Decision{Kind: DecidePropose, Rule: ruleOrderChanged}
	}
	return Decision{Kind: DecideReply, Rule: ruleConfirmed}
}

// decideWrite judges a write that the customer wants. What a person has to send, because
// nothing says how good the answers are, is no write of ours either.
func decideWrite(s Situation) Decision {
	switch {
	case !s.Writable:
		return handOff(ReasonAction, ruleNotWritable)
	case s.Answer.Suggest:
		return handOff(ReasonSuggest, ruleSuggest)
	case s.Answer.Refusal != nil && s.Answer.Proposal == nil:
		return decideRefusal(s, s.Answer.Refusal.Verdict)
	case len([]rune(s.Answer.Proposal.Summary)) > maxSummary:
		return handOff(ReasonAction, ruleProposal)
	}
	return Decision{Kind: DecidePropose, Rule: ruleProposal}
}

// decideRefusal judges what the shop's rules stand against: the customer hears which
// rule, is asked for what is missing, or shows that it is them.
func decideRefusal(s Situation, v action.Verdict) Decision {
	switch v.Rule {
	case "status", "return_days", "final", "not_found":
		return Decision{Kind: DecideReply, Rule: ruleRefusal}
	case "unavailable":
		return handOff(ReasonOrders, ruleOrdersAway)
	case "arguments":
		if !s.Clarified {
			return Decision{Kind: DecideClarify, Rule: ruleArguments}
		}
	case "level":
		return decideCode(s, v)
	}
	return handOff(ReasonAction, ruleRefusal)
}

// decideCode has a one-time code sent where one is enough. Before it is made, the
// decision stands as if it were.
func decideCode(s Situation, v action.Verdict) Decision {
	switch {
	case errors.Is(s.Step.CodeErr, ErrTooOften):
		return handOff(ReasonAction, ruleCodeTooOften)
	case s.Step.CodeErr != nil, !s.Codable, v.Level > assure.Code, s.wish() == wishCode:
		return handOff(ReasonAction, ruleNoCode)
	}
	return Decision{Kind: DecidePropose, Rule: ruleCodeNeeded}
}

// wanted is the proposal that a turn is about.
func (s Situation) wanted() rag.Proposal {
	switch {
	case s.Answer.Proposal != nil:
		return *s.Answer.Proposal
	case s.Answer.Refusal != nil:
		return rag.Proposal{Call: s.Answer.Refusal.Call}
	case s.Memory.Pending != nil:
		p := s.Memory.Pending.Proposal
		p.Version = s.Step.Version
		return p
	}
	return rag.Proposal{}
}

// verdict is what the rules said of it.
func (s Situation) verdict() action.Verdict {
	switch {
	case s.Answer.Refusal != nil:
		return s.Answer.Refusal.Verdict
	case s.Step.Read != nil:
		return action.Verdict{Rule: s.Step.Read.Reason}
	}
	return s.Step.Verdict
}

// remember is the state after a decision: what the conversation knows from now on. It
// never asks anybody.
func remember(c Conversation, s Situation, d Decision) Conversation {
	m := c.Memory
	if hash := s.Burst.askedHash(); hash != "" {
		m.Repeats, m.AskedHash, m.AskedAt = s.Repeats, hash, s.At
	}
	if m.Pending != nil && !s.At.Before(m.Pending.ExpiresAt) {
		m.Pending = nil
	}
	if !s.At.Before(m.CodeUntil) {
		m.CodeUntil = time.Time{}
	}
	if d.Kind == DecideHandoff {
		// What people talk of meanwhile is theirs to settle.
		m.Pending, m.CodeUntil, m.OffTopic, m.Repeats = nil, time.Time{}, 0, 0
	}
	if d.Kind != DecideQuiet {
		c.Clarified = d.Rule == ruleAskBack || d.Rule == ruleArguments
	}
	c.Memory = m.after(s, d)
	return c
}

// after is the memory after a rule.
func (m Memory) after(s Situation, d Decision) Memory {
	if s.wish() == wishCode && s.Step.Err == nil && !s.Step.Wrong {
		m = m.shown(s.At)
	}
	pending := func(p rag.Proposal, needsCode bool) *Pending {
		return &Pending{ID: NewID(), Proposal: p, ExpiresAt: s.At.Add(proposalFor), NeedsCode: needsCode}
	}
	switch d.Rule {
	case ruleOffTopic:
		if d.Kind == DecideReply {
			m.OffTopic++
		}
	case ruleConfidence, ruleSmallTalk, ruleAskBack:
		m.OffTopic = 0
	case ruleProposal, ruleOrderChanged, ruleCodeRight:
		if d.Kind == DecidePropose {
			m.Pending, m.OffTopic, m.CodeUntil = pending(s.wanted(), false), 0, time.Time{}
		}
	case ruleCodeNeeded:
		m.Pending, m.OffTopic, m.CodeUntil = pending(s.wanted(), true), 0, s.At.Add(codeFor)
		m.Awaiting++
	case ruleConfirmed:
		m.Pending = nil
		m.Awaiting++
	case ruleDeclined, ruleRead, ruleRefusal, ruleArguments, ruleCodeLate:
		m.Pending, m.CodeUntil, m.OffTopic = nil, time.Time{}, 0
	}
	return m
}

// commands are the writes that a decision sends to the shop's system.
func commands(after Conversation, s Situation, d Decision, turnID string, within time.Duration) []Command {
	c := Command{
		ID: NewID(), ConversationID: after.ID, Channel: after.Channel, Customer: after.Contact, TurnID: turnID,
		Level: after.Pass(s.At).Level(), CreatedAt: s.At, Deadline: s.At.Add(within),
	}
	switch d.Rule {
	case ruleConfirmed:
		c.Call, c.Version = s.Memory.Pending.Proposal.Call, s.Step.Version
	case ruleCodeNeeded:
		c.Call, c.Secret = action.Call{Kind: action.SendCode, Order: s.wanted().Call.Order}, s.Step.Code
	default:
		return nil
	}
	return []Command{c}
}
