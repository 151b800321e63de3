package gateway

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/action"
	"github.com/recado/recado/rag/assure"
	"github.com/recado/recado/rag/confidence"
)

// leaseMargin is added to the answer's timeout for the lease of a turn: reading
// the orders, and the commit.
const leaseMargin = 30 * time.Second

// storeTimeout ends a call of the store that hangs: a database that is gone without a
// word would otherwise hold the workers for as long as TCP does.
const storeTimeout = 10 * time.Second

// errStopped says that the program stops while an answer is being made. Another
// process, or the next start, takes the turn.
var errStopped = errors.New("the program stops")

// errPanic says that making an answer broke down. The conversation still gets a
// person.
var errPanic = errors.New("the answer broke down")

// Turn claims one conversation that is due and takes its turn: it computes one
// value and commits it once. ErrNoWork says that nothing is due. A turn that was
// overtaken is not an error: it leaves its record and the conversation is due
// again.
func (g *Gateway) Turn(ctx context.Context) error {
	claim, err := g.claim(ctx)
	if err != nil {
		return err
	}
	answering, done := g.answers(ctx, claim)
	t := g.turn(answering, claim)
	overtaken := errors.Is(context.Cause(answering), errOvertaken)
	done()
	if overtaken && ctx.Err() == nil {
		t.Record.Decision = Decision{Kind: DecideQuiet, Rule: "superseded"}
		return g.abandon(context.WithoutCancel(ctx), claim, t.Record, ErrSuperseded)
	}
	if ctx.Err() != nil {
		// What was cut off by the end of the program is no answer and no failure.
		return g.abandon(context.WithoutCancel(ctx), claim, t.Record, errStopped)
	}
	// A turn that is finished is committed even while the program stops.
	ctx = context.WithoutCancel(ctx)
	began := time.Now()
	if err := g.commitTurn(ctx, claim, t); err != nil {
		return g.abandon(ctx, claim, t.Record, err)
	}
	g.Metrics.stage("commit", time.Since(began))
	g.Metrics.turn(t.Record)
	g.changes.ring()
	if len(t.Outgoing) > 0 {
		g.sends.ring()
	}
	if len(t.Commands) > 0 {
		g.writes.ring()
	}
	return nil
}

func (g *Gateway) claim(ctx context.Context) (*Claim, error) {
	// Filing what was accepted while nobody claimed may take its time.
	ctx, cancel := context.WithTimeout(ctx, 3*storeTimeout)
	defer cancel()
	claim, err := g.Store.Claim(ctx, g.Now(), g.AnswerTimeout+leaseMargin)
	if err != nil && !errors.Is(err, ErrNoWork) {
		return nil, fmt.Errorf("claim: %w", err)
	}
	return claim, err
}

func (g *Gateway) commitTurn(ctx context.Context, c *Claim, t Turn) error {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	return g.Store.Commit(ctx, c, t)
}

// turn is the way of a message, and the only place with this sequence.
func (g *Gateway) turn(ctx context.Context, c *Claim) Turn {
	now := g.Now()
	began := time.Now()
	conversation, burst := c.Conversation.Receive(c.Events)
	s := g.situation(c, conversation, burst, now)
	d, settled := Preempt(s)
	s.unsettled = !settled
	switch {
	case settled && d.Kind == DecideHandoff && d.Reason != ReasonTakenOver:
		// Whoever takes over sees the orders, although no answer needed them.
		s.Answer.Orders = g.facts(ctx, conversation, burst, now)
	case settled:
	case s.wish() == wishYes || s.wish() == wishCode:
		s.Step = g.heedAnswer(ctx, conversation, s)
	default:
		g.ask(ctx, c, conversation, &s)
	}
	d = Decide(s)
	if d.Rule == ruleCodeNeeded {
		g.newCode(ctx, conversation, &s)
		d = Decide(s)
	}
	t := compose(c, conversation, s, d, g.ReceiptWithin)
	t.Overdue = overdue(c.Events, now)
	t.Audit = g.audit(t.Record)
	t.Record.Stages = append(t.Record.Stages, rag.Stage{Name: "turn", Took: time.Since(began)})
	t.Record.Config = g.Answerer.Fingerprint()
	return t
}

// situation is what is known before anybody is asked.
func (g *Gateway) situation(c *Claim, after Conversation, b Burst, now time.Time) Situation {
	last := lastSaid(c.History)
	return Situation{
		Stated: statesOnly(c.History, last), Offered: offersPerson(last),
		Mode: after.Mode, Burst: b.unspent(after, c.History), Fallbacks: after.Fallbacks, Clarified: after.Clarified, Memory: after.Memory,
		At: now, Doubted: !after.DoubtedAt.IsZero(), Asked: askedLast(c.History, after.Memory.Pending), Aside: personLast(c.History),
		Repeats:  after.Memory.repeats(b.askedHash(), now),
		Writable: g.Wire != nil && g.Actions != nil, Codable: g.Wire != nil && g.Codes != nil,
		WindowOpen: after.WindowOpen(now), Attempt: c.Attempt,
	}
}

// ask has the question answered, with what is known of the orders.
func (g *Gateway) ask(ctx context.Context, c *Claim, conversation Conversation, s *Situation) {
	facts := g.factsAside(ctx, conversation, s.Burst, s.At)
	q := question(conversation, s.Burst, c.History, s.At)
	q.Coming = func() rag.OrderFacts { return facts().OrderFacts }
	q.Tools, q.Receipts = g.tools(conversation, s.At), g.receipts(ctx, conversation, s.At)
	stopTyping := g.typing(ctx, conversation.Channel, c.Events)
	s.Answer, s.AnswerErr = g.answer(ctx, q)
	s.Answer = g.withhold(s.Answer)
	stopTyping()
	if s.AnswerErr != nil && ctx.Err() == nil {
		// The error names the server's trouble and never what was asked.
		g.Logger.WarnContext(ctx, "no answer could be made; a person takes over", "reason", string(errorReason(s.AnswerErr)), "error", s.AnswerErr)
	}
	known := facts()
	s.Answer.Orders = known.OrderFacts
	s.Answer.Stages = append([]rag.Stage{{Name: "orders", Took: known.took}}, s.Answer.Stages...)
}

// timedFacts are facts and what reading them took.
type timedFacts struct {
	rag.OrderFacts
	took time.Duration
}

// factsAside reads the facts while passages are looked for, and gives what waits for them.
// If reading breaks down, the orders are unavailable.
func (g *Gateway) factsAside(ctx context.Context, c Conversation, b Burst, now time.Time) (wait func() timedFacts) {
	facts := timedFacts{OrderFacts: rag.OrderFacts{Unavailable: true}}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if recover() != nil { // its value may quote the customer
				g.Logger.ErrorContext(ctx, "reading the orders broke down", "stack", string(debug.Stack()))
			}
		}()
		began := time.Now()
		facts.OrderFacts = g.facts(ctx, c, b, now)
		facts.took = time.Since(began)
	}()
	return func() timedFacts {
		<-done
		return facts
	}
}

// audit picks turns for a look: a share of those that were answered because the answer
// was sure enough, by a hash of their id that nobody can foresee.
func (g *Gateway) audit(r Record) *Audit {
	if r.Decision.Kind != DecideReply || r.Decision.Rule != ruleConfidence || r.Reply == "" {
		return nil
	}
	chance, picked := confidence.Audited(r.ID, g.AuditShare)
	if !picked {
		return nil
	}
	return &Audit{TurnID: r.ID, ConversationID: r.ConversationID, Chance: chance, Calibration: r.Calibration, At: r.At}
}

// receiptsFor is how long after a write its receipt may back what a reply says.
const receiptsFor = 30 * 24 * time.Hour

// receipts are those of the conversation's writes: nothing else ever backs that
// something was done. Without them an answer is made all the same.
func (g *Gateway) receipts(ctx context.Context, c Conversation, now time.Time) []action.Receipt {
	if g.Wire == nil || g.Store == nil || !c.DoubtedAt.IsZero() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	list, err := g.Store.Commands(ctx, c.ID)
	if err != nil {
		g.Logger.WarnContext(ctx, "the receipts of a conversation could not be read", "error", err)
		return nil
	}
	var receipts []action.Receipt
	for _, v := range list {
		if v.Receipt != nil && v.Command.Call.Kind != action.SendCode && now.Sub(v.Receipt.At) < receiptsFor {
			receipts = append(receipts, *v.Receipt)
		}
	}
	return receipts
}

// facts are what may be told of the customer's orders: nothing, while the person
// behind the identity may have changed. The question is looked at all the same, to
// know whether it is about an order.
func (g *Gateway) facts(ctx context.Context, c Conversation, b Burst, now time.Time) rag.OrderFacts {
	if c.DoubtedAt.IsZero() {
		return g.Orders.Facts(ctx, c.Contact, c.Pass(now), b.meant(c.Language))
	}
	facts := g.Orders.Facts(ctx, Identity{}, assure.Pass{}, b.meant(c.Language))
	return rag.OrderFacts{Asked: facts.Asked, Unavailable: true, Withheld: true}
}

// overdue tells whether the burst has waited as long as one may: then it is answered
// although the customer goes on writing, so that nobody writes in vain for ever.
func overdue(events []Event, now time.Time) bool {
	by := time.Time{}
	for _, e := range events {
		if e.Kind == EventMessage && (by.IsZero() || e.AnswerBy.Before(by)) {
			by = e.AnswerBy
		}
	}
	return !by.IsZero() && !now.Before(by)
}

// answer asks for an answer within its time, and turns a panic into an error, so
// that the customer still gets a person.
func (g *Gateway) answer(ctx context.Context, q rag.Question) (a rag.Answer, err error) {
	ctx, cancel := context.WithTimeout(ctx, g.AnswerTimeout)
	defer cancel()
	defer func() {
		if r := recover(); r != nil {
			// The value of a panic may quote the customer; the stack does not.
			g.Logger.ErrorContext(ctx, "answer broke down", "stack", string(debug.Stack()))
			err = errPanic
		}
	}()
	return g.Answerer.Answer(ctx, q)
}

// question is what the answerer is asked, with the conversation before it. While it is
// in doubt who writes, what was said before the doubt is nobody's to hear again.
func question(c Conversation, b Burst, history []MessageView, at time.Time) rag.Question {
	q := rag.Question{
		Text: b.meant(c.Language), Locale: c.Language, Market: market(c.Contact.Phone), At: at,
		Clarified: c.Clarified, Conversation: opaque(c.ID),
	}
	codes := SaidCodes(history, false)
	for i, m := range history {
		text := m.words()
		if codes[i] {
			text = codeMask(c.Language)
		}
		if text != "" && m.Type != "reaction" && m.At.After(c.DoubtedAt) {
			q.History = append(q.History, rag.Utterance{Role: rag.Role(m.Author), Text: text, At: m.At})
		}
	}
	return q
}

// opaque is an id by which something can be counted and not found.
func opaque(id string) string {
	sum := sha256.Sum256([]byte("conversation " + id))
	return hex.EncodeToString(sum[:8])
}

// abandon gives a turn up that could not be committed and keeps its record. A
// turn that was overtaken is due again at once, one that failed after a pause.
func (g *Gateway) abandon(ctx context.Context, c *Claim, r Record, cause error) error {
	retryAt := g.Now()
	switch {
	case errors.Is(cause, ErrLeaseLost):
		g.Metrics.Abandoned.WithLabelValues("lease_lost").Inc()
		return nil
	case errors.Is(cause, ErrSuperseded):
		r.Outcome = OutcomeSuperseded
		// The newer message brings its own quiet period.
		retryAt = retryAt.Add(g.QuietPeriod)
	case errors.Is(cause, ErrHumanOwns):
		r.Outcome = OutcomeHumanOwns
	case errors.Is(cause, errStopped):
		r.Outcome, r.Error, r.Decision = OutcomeFailed, "the program was stopped", Decision{Kind: DecideQuiet, Rule: "stopped"}
	default:
		r.Outcome, r.Error = OutcomeFailed, "the turn could not be committed"
		retryAt = retryAt.Add(time.Duration(c.Attempt) * time.Second)
	}
	r.Reply = ""
	g.Metrics.Abandoned.WithLabelValues(string(r.Outcome)).Inc()
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	if err := g.Store.Abandon(ctx, c, r, retryAt); err != nil {
		return fmt.Errorf("abandon after %s: %w", r.Outcome, err)
	}
	if r.Outcome == OutcomeFailed && !errors.Is(cause, errStopped) {
		return fmt.Errorf("commit: %w", cause)
	}
	return nil
}
