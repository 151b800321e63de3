package gateway

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/action"
	"github.com/recado/recado/rag/assure"
)

// ReplayConfig is what a Replay is made of.
type ReplayConfig struct {
	// Answer answers the question of a turn, of which the record tells what was known
	// then. Required.
	Answer func(ctx context.Context, was Record, q rag.Question) (rag.Answer, error)
	// Fingerprint identifies everything that determines the answers.
	Fingerprint string
	// Writable tells whether the shop's system can be told to do something.
	Writable bool
	// Logger defaults to discarding everything.
	Logger *slog.Logger
}

// Replay takes the turns of a past conversation once more. Each is taken from the state
// that the record left and with the history that the customer saw, at the time of the
// record, with its orders and with what the shop's system said then. Nothing is stored or
// sent. It is for one goroutine.
type Replay struct {
	config ReplayConfig
	past   Past
	state  Conversation
	// events are what was heard, by the hash of its key; turnOf is the turn that each is of.
	events map[string]Event
	turnOf map[string]int
	// views are the messages that can be history, with the hash of the key of those that
	// came in.
	views []seenMessage
	// joined tells that the conversation was several before: what each knew is not told.
	joined bool
	at     int
}

type seenMessage struct {
	MessageView
	key string
}

// Replayed is a turn beside what it becomes now.
type Replayed struct {
	Was Record
	Now Record
	// Skipped says in plain words why the turn was not taken again, or is empty.
	Skipped string
	// Beyond tells that the new turn asked the shop's system for something that the record
	// does not tell, so that what came of it is not known.
	Beyond bool
}

// keyHash is how a record names an event.
func keyHash(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:8])
}

// NewReplay begins a conversation from its first turn.
func NewReplay(c ReplayConfig, p Past) (*Replay, error) {
	if c.Answer == nil {
		return nil, errors.New("gateway: a replay needs Answer")
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	r := &Replay{config: c, past: p, events: map[string]Event{}, turnOf: map[string]int{}}
	r.state = Conversation{ID: p.ID, ContactID: p.ContactID, Channel: p.Channel, Contact: p.Contact, Mode: ModeBot, CreatedAt: p.CreatedAt}
	for i, t := range p.Turns {
		for _, key := range t.EventKeys {
			r.turnOf[key] = i
		}
	}
	r.look(p)
	var names []Identity
	for _, e := range p.Heard {
		if !slices.Contains(names, e.From) {
			names = append(names, e.From)
		}
	}
	for _, one := range names {
		r.joined = r.joined || slices.ContainsFunc(names, func(other Identity) bool { return !one.shares(other) })
	}
	return r, nil
}

// shares tells whether two identities have a part in common.
func (id Identity) shares(other Identity) bool {
	return id.UserID != "" && id.UserID == other.UserID || id.Phone != "" && id.Phone == other.Phone
}

// look finds out which of the messages came in by which event.
func (r *Replay) look(p Past) {
	type place struct {
		id string
		at int64
	}
	came := map[place]string{}
	for _, e := range p.Heard {
		hash := keyHash(e.Key)
		r.events[hash] = e
		if e.Message != nil {
			came[place{e.Message.ProviderID, e.ReceivedAt.UnixMicro()}] = hash
		}
	}
	for _, m := range p.Messages {
		key, heard := came[place{m.ProviderID, m.At.UnixMicro()}]
		if m.Message == nil {
			key = ""
		} else if !heard {
			continue // a signal, which nobody said
		}
		r.views = append(r.views, seenMessage{m, key})
	}
}

// Next takes the next turn again; false says that there is none any more. The state that
// the turn after it begins with is that of the record, whatever the new turn decided.
func (r *Replay) Next(ctx context.Context) (Replayed, bool) {
	if r.at == len(r.past.Turns) {
		return Replayed{}, false
	}
	was := r.past.Turns[r.at]
	out := Replayed{Was: was}
	claim, skipped := r.claim(was)
	if out.Skipped = skipped; skipped == "" {
		then := &then{config: r.config, was: was}
		out.Now = then.gateway().turn(ctx, claim).Record
		out.Beyond = then.beyond
		if then.beyond && !then.asked {
			out.Skipped = "the record does not tell what the shop's system said"
		}
		if r := out.Now.Decision.Rule; r == ruleDeleteData && r == was.Decision.Rule {
			out.Now.Reply = was.Reply // it names its own handoff
		}
	}
	r.settle(claim, was, skipped == "")
	r.at++
	return out, true
}

// claim is what the worker had that took the turn, or says why that can't be known.
func (r *Replay) claim(was Record) (*Claim, string) {
	c := &Claim{Conversation: r.before(was), Attempt: max(was.Attempt, 1)}
	if len(was.EventKeys) == 0 {
		return c, "nothing that a customer wrote led to it"
	}
	skipped := ""
	for _, key := range was.EventKeys {
		e, known := r.events[key]
		switch {
		case !known:
			skipped = "a message of it is not there any more"
			continue
		case e.Message != nil && (e.Message.Deleted || e.Message.Edited):
			skipped = "a message of it was withdrawn or changed since"
		}
		c.Events = append(c.Events, e)
	}
	slices.SortStableFunc(c.Events, func(a, b Event) int { return a.At.Compare(b.At) })
	c.History = r.history(was)
	switch {
	case skipped != "":
	case r.joined:
		skipped = "its customer wrote under several names, which are one contact now"
	case !r.restore(c, was):
		skipped = "a message of it is not as it was"
	}
	return c, skipped
}

// restore makes the messages what the record says that they were: a file may have been
// heard or seen after the turn. It tells whether they are.
func (r *Replay) restore(c *Claim, was Record) bool {
	same := func(events []Event) bool {
		after, burst := c.Conversation.Receive(events)
		s := (&then{config: r.config, was: was}).gateway().situation(c, after, burst, was.At)
		return slices.Equal(s.masked(was.Language), was.Messages)
	}
	if was.Decision.Rule == ruleMedia {
		// Whether the file came to nothing was not known when it was waited for.
		c.Events = withMedia(c.Events, func(m *Media) { m.State, m.Error = FileWaiting, nil })
	}
	if same(c.Events) {
		return true
	}
	c.Events = withMedia(c.Events, func(m *Media) { m.Words = "" })
	return same(c.Events)
}

// withMedia gives events with a change to their files.
func withMedia(events []Event, change func(*Media)) []Event {
	events = slices.Clone(events)
	for i, e := range events {
		if e.Message == nil || e.Message.Media == nil {
			continue
		}
		m, media := *e.Message, *e.Message.Media
		change(&media)
		m.Media = &media
		events[i].Message = &m
	}
	return events
}

// before is the state that a turn began with: what turns before it left, and what its
// record shows of what agents and the channel changed meanwhile.
func (r *Replay) before(was Record) Conversation {
	c := r.state
	c.Mode, c.Agent = ModeBot, ""
	if was.Decision.Rule == ruleHumanOwns {
		c.Mode = ModeAgent
	}
	c.Memory.Level, c.Memory.LevelUntil = assure.Unknown, time.Time{}
	if was.Orders.Level > assure.Number {
		c.Memory.Level = was.Orders.Level
	}
	c.DoubtedAt = time.Time{}
	if was.Orders.Withheld || was.Decision.Rule == ruleIdentity {
		c.DoubtedAt = r.past.DoubtedAt
		if c.DoubtedAt.IsZero() || c.DoubtedAt.After(was.At) {
			c.DoubtedAt = was.At
		}
		// What the turn before it left was taken away by the doubt.
		c.Memory = c.Memory.Doubted()
	}
	if was.Decision.Rule == ruleStaleTap && r.tapsPending(was) {
		// Only a doubt closes a question before its time without a turn that says so.
		c.Memory = c.Memory.Doubted()
	}
	return c
}

// tapsPending tells whether a button of the proposal was tapped that, as far as the turns
// before tell, is still open.
func (r *Replay) tapsPending(was Record) bool {
	p := r.state.Memory.Pending
	return p != nil && slices.ContainsFunc(was.EventKeys, func(key string) bool {
		tap, ok := tapOf(r.events[key].Message)
		return ok && tap.ID == p.ID
	})
}

// history are the last messages before a turn. What waited for a later turn is no part of
// it, and what the turn itself said has its time.
func (r *Replay) history(was Record) []MessageView {
	var list []MessageView
	// Stores may keep times to the microsecond.
	from := was.At.Truncate(time.Microsecond)
	for _, m := range r.views {
		of, waited := r.turnOf[m.key]
		if m.key != "" && waited && of >= r.at || (m.key == "" || !waited) && !m.At.Before(from) {
			continue
		}
		list = append(list, m.MessageView)
	}
	return list[max(0, len(list)-maxHistory):]
}

// settle makes the state what it was after the recorded turn. Where its messages are not
// whole any more, those of the record stand for them.
func (r *Replay) settle(c *Claim, was Record, whole bool) {
	after, burst := c.Conversation.Receive(c.Events)
	after.Language = cmp.Or(was.Language, after.Language)
	if !whole {
		burst.Texts = was.Messages
		burst = burst.read()
	}
	s := (&then{config: r.config, was: was}).gateway().situation(c, after, burst, was.At)
	s.Answer, s.Step = rag.Answer{Proposal: was.Proposal, Refusal: was.Refusal}, Step{Wrong: codeRefused(was.Decision.Rule)}
	if was.Decision.Rule == ruleOrdersAway {
		s.Step.Err = errNotConfigured
	}
	if len(c.Events) > 0 {
		after = remember(after, s, was.Decision)
	}
	if strings.Contains(was.Reply, secretText(after.Language)) {
		after.Memory.WarnedSecret = true
	}
	if was.Decision.Kind == DecideClarify && !after.Clarified {
		after.Fallbacks++
	}
	if p := after.Memory.Pending; p != nil && p != r.state.Memory.Pending {
		p.ID = cmp.Or(r.offered(was), p.ID)
	}
	r.state = after
}

// offered is the id that the buttons of a turn's proposal carry, so that a tap of one is
// found to be an answer to it.
func (r *Replay) offered(was Record) string {
	until := time.Time{}
	if r.at+1 < len(r.past.Turns) {
		until = r.past.Turns[r.at+1].At
	}
	for _, m := range r.views {
		if m.key != "" || m.Content == nil || m.At.Before(was.At.Truncate(time.Microsecond)) || !until.IsZero() && !m.At.Before(until) {
			continue
		}
		for _, b := range m.Content.Buttons {
			if id, yes := strings.CutPrefix(b.ID, yesButton); yes {
				return id
			}
		}
	}
	return ""
}

// then is what stood around one turn: it answers for the clock, the orders, the shop's
// system and the codes with what the record tells.
type then struct {
	config ReplayConfig
	was    Record
	// asked tells that there was a question to answer, beyond that the record was not
	// enough.
	asked, beyond bool
}

// gateway is one that can do nothing but take turns.
func (t *then) gateway() *Gateway {
	g := &Gateway{Config: Config{
		Answerer: t, Orders: t, Codes: thenCodes{t}, Logger: t.config.Logger, Now: func() time.Time { return t.was.At },
		AnswerTimeout: answerTimeout, ReceiptWithin: receiptWithin,
	}}
	if t.config.Writable {
		g.Actions, g.Wire = t, nowhere{}
	}
	return g
}

// Fingerprint implements Answerer.
func (t *then) Fingerprint() string { return t.config.Fingerprint }

// Answer implements Answerer. What was done until then backs what is said, and while the
// calibration is that of the record, so is whether its promise was found to be kept.
func (t *then) Answer(ctx context.Context, q rag.Question) (rag.Answer, error) {
	t.asked, q.Receipts = true, nil
	for _, r := range t.was.Receipts {
		if r.CommandID != "" {
			q.Receipts = append(q.Receipts, r)
		}
	}
	a, err := t.config.Answer(ctx, t.was, q)
	if a.Calibration == t.was.Calibration {
		a.Suggest, a.Stale, a.Promise = t.was.Suggest, t.was.Stale, t.was.Promise
	}
	return a, err
}

// Facts implements Orders.
func (t *then) Facts(context.Context, Identity, assure.Pass, string) rag.OrderFacts {
	return t.was.Orders
}

// Tools implements Actions.
func (t *then) Tools(Identity, assure.Pass, time.Time) rag.Tools { return t }

// errBeyond says that the record does not tell what would have come of it.
var errBeyond = errors.New("the record does not tell")

// Read implements rag.Tools.
func (t *then) Read(_ context.Context, c action.Call) (action.Receipt, error) {
	for _, r := range t.was.Receipts {
		if r.CommandID == "" && r.Kind == c.Kind && (r.Order == c.Order || action.SameNumber(r.Order, c.Order)) {
			return r, nil
		}
	}
	t.beyond = true
	return action.Receipt{}, errBeyond
}

// Check implements rag.Tools. The rules said the same of whatever the order would have
// been changed to.
func (t *then) Check(_ context.Context, c action.Call) (action.Verdict, string, error) {
	same := func(other action.Call) bool {
		return other.Kind == c.Kind && (other.Order == c.Order || action.SameNumber(other.Order, c.Order))
	}
	switch {
	case t.was.Proposal != nil && same(t.was.Proposal.Call):
		return action.Verdict{OK: true}, t.was.Proposal.Version, nil
	case t.was.Refusal != nil && same(t.was.Refusal.Call):
		return t.was.Refusal.Verdict, "", nil
	case t.was.Decision.Rule == ruleOrdersAway:
		return action.Verdict{}, "", errNotConfigured
	}
	t.beyond = true
	return action.Verdict{}, "", errBeyond
}

// thenCodes are the one-time codes of a turn, as the record tells of them.
type thenCodes struct{ *then }

// New implements Codes. The code itself was told to nobody but the customer.
func (t thenCodes) New(context.Context, Identity) (string, error) {
	switch t.was.Decision.Rule {
	case ruleCodeTooOften:
		return "", ErrTooOften
	case ruleNoCode:
		return "", errNotConfigured
	case ruleCodeNeeded:
		return "000000", nil
	}
	t.beyond = true
	return "", errBeyond
}

// Check implements Codes.
func (t thenCodes) Check(context.Context, Identity, string) (ok bool, left int, err error) {
	switch rule := t.was.Decision.Rule; {
	case rule == ruleOrdersAway:
		return false, 0, errNotConfigured
	case !codeRefused(rule):
		return true, 0, nil
	case rule == ruleCodeSpent:
		return false, 0, nil
	}
	for left = 1; left < mostTries; left++ {
		if strings.Contains(t.was.Reply, codeWrongText(t.was.Language, left)) {
			break
		}
	}
	return false, left, nil
}

// mostTries is more than the tries that a code has.
const mostTries = 10

func codeRefused(rule string) bool { return rule == ruleCodeWrong || rule == ruleCodeSpent }
