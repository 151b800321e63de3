package gateway

import (
	"strings"
	"time"

	"github.com/recado/recado/rag/action"
)

// The rules that decide what the end of a command changes.
const (
	ruleReceipt     = "receipt"
	ruleLateReceipt = "late_receipt"
	ruleOverdue     = "receipt_overdue"
)

// ApplyReceipt decides what the shop's system's word on a command changes in its
// conversation: the customer is told that it is done, or why not, and then a person takes
// over. It is pure, and nothing but a receipt ever says that something is done. late says
// that the command was given up before and a person was called.
//
// What was done is also told while a person is wanted and none has come yet. Once one has,
// the bot is silent and the agent sees the receipt. While it is in doubt who writes,
// nothing is told, and an agent makes sure who is there.
func ApplyReceipt(c Conversation, cmd Command, late bool, r action.Receipt, now time.Time) Effect {
	e := ending{c: c, cmd: cmd, memory: c.Memory, at: now, rule: ruleReceipt, kind: DecideNotify}
	if late {
		e.rule = ruleLateReceipt
	} else {
		e.memory.Awaiting = max(e.memory.Awaiting-1, 0)
	}
	switch {
	case cmd.Call.Kind == action.SendCode && r.Outcome == action.Done:
		// That it is on its way was said when it was asked for.
		e.kind = DecideQuiet
	case cmd.Call.Kind == action.SendCode:
		e.memory.Pending, e.memory.CodeUntil = nil, time.Time{}
		e.reason, e.text = ReasonRefused, codeNotSentText(c.Language)
	case r.Outcome == action.Done:
		e.text = doneText(c.Language, cmd.Call, r)
	default:
		e.reason, e.text = ReasonRefused, refusedText(c.Language, cmd.Call, r.Reason)
	}
	return e.effect()
}

// ApplyOverdue decides what changes when no receipt came in time: the customer is told
// that it takes longer, without a word on whether it was done, and a person looks.
func ApplyOverdue(c Conversation, cmd Command, now time.Time) Effect {
	e := ending{
		c: c, cmd: cmd, memory: c.Memory, at: now, rule: ruleOverdue, kind: DecideNotify,
		reason: ReasonReceipt, text: overdueText(c.Language, cmd.Call),
	}
	e.memory.Awaiting = max(e.memory.Awaiting-1, 0)
	if cmd.Call.Kind == action.SendCode {
		e.memory.Pending, e.memory.CodeUntil = nil, time.Time{}
	}
	return e.effect()
}

// ending is the end of a command on its way to an Effect.
type ending struct {
	c      Conversation
	cmd    Command
	memory Memory
	at     time.Time
	rule   string
	kind   DecisionKind
	// reason is why a person is wanted, or empty.
	reason Reason
	// text is what the customer is told, if they can be told.
	text string
}

// effect holds what was found against who has the conversation and whether the customer
// can be told at all.
func (e ending) effect() Effect {
	draft := ""
	switch {
	case e.text == "":
	case e.c.Mode == ModeAgent:
		e.kind, e.reason, e.text = DecideQuiet, "", ""
	case !e.c.DoubtedAt.IsZero():
		e.kind, e.reason, e.text = DecideQuiet, ReasonIdentity, ""
	case !e.c.WindowOpen(e.at):
		if e.reason == "" {
			e.reason = ReasonWindow
		}
		e.kind, draft, e.text = DecideQuiet, e.text, ""
	}
	if e.reason != "" {
		e.kind = DecideHandoff
	}
	f := Effect{Memory: e.memory, Record: e.record()}
	if e.text != "" {
		o := botMessage(e.c, f.Record.ID, e.text, e.at)
		o.ID = OnceID(e.cmd.ID, e.rule, "message")
		f.Outgoing = []Outgoing{o}
	}
	if e.reason != "" {
		f.Handoff = e.handoff(f.Record.ID, draft)
	}
	return f
}

// record is the decision record of the end. Its id is made of the command's, as is that
// of the message: the same end twice is one.
func (e ending) record() *Record {
	return &Record{
		ID: OnceID(e.cmd.ID, e.rule), ConversationID: e.c.ID, At: e.at, Attempt: 1, Outcome: OutcomeCommitted,
		Decision:  Decision{Kind: e.kind, Reason: e.reason, Rule: e.rule},
		EventKeys: []string{}, Messages: []string{}, Language: e.c.Language, Reply: e.text,
	}
}

func (e ending) handoff(turnID, draft string) *Handoff {
	why := agentReasons(e.c.Language)[e.reason]
	return &Handoff{
		ID: OnceID(e.cmd.ID, e.rule, "handoff"), ConversationID: e.c.ID, Contact: e.c.Contact, Name: e.c.Name,
		Reason: e.reason, State: HandoffQueued, CreatedAt: e.at, UpdatedAt: e.at,
		Packet: Packet{
			Wants: strings.TrimSpace(callTitle(e.c.Language, e.cmd.Call)), Language: e.c.Language,
			Promised: e.text, Draft: draft, Why: why, TurnID: turnID,
		},
	}
}
