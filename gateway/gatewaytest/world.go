package gatewaytest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/action"
	"github.com/recado/recado/rag/assure"
)

// TB is the part of testing.TB that a story needs; property tests have it, too.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// errDead is what a store says after the process that used it was killed.
var errDead = errors.New("this process was killed")

// mortal is a store that a test can take away in the middle of anything, and
// that watches the commits for replies over a person's head.
type mortal struct {
	gateway.Store
	w    *world
	dead bool
}

// Accept implements gateway.Inbox.
func (s *mortal) Accept(ctx context.Context, events []gateway.Event) ([]gateway.Event, error) {
	if s.dead {
		return nil, errDead
	}
	return s.Store.Accept(ctx, events)
}

// Commit implements gateway.Inbox.
func (s *mortal) Commit(ctx context.Context, c *gateway.Claim, t gateway.Turn) error {
	if s.dead {
		return errDead
	}
	before, readErr := s.Conversation(ctx, c.Conversation.ID)
	err := s.Store.Commit(ctx, c, t)
	owned := before.Mode == gateway.ModeQueued || before.Mode == gateway.ModeAgent
	acted := len(t.Outgoing) > 0 || t.Handoff != nil && t.Handoff.State != gateway.HandoffClaimed
	if err == nil && readErr == nil && owned && acted {
		s.w.Errorf("the bot acted while a person owned the conversation: %+v", t.Record.Decision)
	}
	return err
}

// Abandon implements gateway.Inbox.
func (s *mortal) Abandon(ctx context.Context, c *gateway.Claim, r gateway.Record, retryAt time.Time) error {
	if s.dead {
		return errDead
	}
	return s.Store.Abandon(ctx, c, r, retryAt)
}

// Settle implements gateway.Outbox.
func (s *mortal) Settle(ctx context.Context, o *gateway.Outgoing, r gateway.SendResult) error {
	if s.dead {
		return errDead
	}
	return s.Store.Settle(ctx, o, r)
}

// Published implements gateway.Commands.
func (s *mortal) Published(ctx context.Context, c *gateway.Command) error {
	if s.dead {
		return errDead
	}
	return s.Store.Published(ctx, c)
}

// Expire implements gateway.Commands.
func (s *mortal) Expire(ctx context.Context, c *gateway.Command, now time.Time) error {
	if s.dead {
		return errDead
	}
	return s.Store.Expire(ctx, c, now)
}

// Receive implements gateway.Commands.
func (s *mortal) Receive(ctx context.Context, r action.Receipt, now time.Time) error {
	if s.dead {
		return errDead
	}
	return s.Store.Receive(ctx, r, now)
}

// SettleFile implements gateway.Files.
func (s *mortal) SettleFile(ctx context.Context, f *gateway.File, r gateway.FileResult) error {
	if s.dead {
		return errDead
	}
	return s.Store.SettleFile(ctx, f, r)
}

// sent is one message as the provider saw it.
type sent struct {
	gateway.Outgoing
	providerID string
}

// hook is what happens in the middle of something, once.
type hook []func()

func (h *hook) run() {
	now := *h
	*h = nil
	for _, do := range now {
		do()
	}
}

func (h *hook) add(do func()) { *h = append(*h, do) }

// world is everything around a gateway, scripted: customers, the answers, the
// orders, the provider, the clock, and the moments at which the process dies.
type world struct {
	TB
	ctx     context.Context
	open    Open
	opened  []gateway.Store
	store   *mortal
	gateway *gateway.Gateway
	// life is the process's time: kill ends it.
	life context.Context
	kill context.CancelFunc
	now  time.Time
	// name tells the customers and events apart from those of other worlds at the
	// same place.
	name string
	made int
	// moves counts the changes of a customer's number.
	moves int

	// accepted are all events that came in, in order.
	accepted []gateway.Event
	// answer and answerErr are what the answerer says, and facts what is known of
	// the orders. duringAnswer runs once while the next answer is made.
	answer       rag.Answer
	answerErr    error
	facts        rag.OrderFacts
	duringAnswer hook
	asked        string
	media        *media
	// trade is the shop's system, and wants is true while the customer wants a write.
	trade *trade
	wants bool
	// outcome is how the next attempt to send ends, refusal what is wrong then, lost whether the provider never
	// hears of it; duringSend runs in it.
	outcome    gateway.SendOutcome
	refusal    gateway.ErrorClass
	lost       bool
	duringSend hook
	wait       time.Duration
	// took is what the provider took, attempts how often it was asked.
	took     []sent
	attempts int
	// taken counts the turns that were replayed, skipped those that can't be.
	taken, skipped int
	// seen counts the messages that a script has read.
	seen int
}

func newWorld(ctx context.Context, tb TB, open Open) *world {
	w := &world{
		TB: tb, ctx: ctx, open: open, outcome: gateway.SendAccepted,
		now: epoch,
	}
	w.answer = goodAnswer("Tarda de 3 a 5 días.")
	w.trade = newTrade()
	w.media = &media{kept: map[string][]byte{}}
	w.start()
	return w
}

// goodAnswer is one that may be sent.
func goodAnswer(text string) rag.Answer {
	return rag.Answer{
		Text: text, Confidence: .9, Threshold: .5, Model: "script",
		Passages: []rag.Passage{{ID: "p1", Title: "Envíos", Text: "…"}}, Draft: rag.Draft{Answer: text},
		Checks: []rag.Check{{Name: "numbers", OK: true}},
	}
}

// start opens the store and makes a gateway over it, as a process does.
func (w *world) start() {
	store, err := w.open()
	if err != nil {
		w.Fatalf("open: %v", err)
	}
	w.opened = append(w.opened, store)
	w.life, w.kill = context.WithCancel(w.ctx)
	w.store = &mortal{Store: store, w: w}
	w.gateway, err = gateway.New(gateway.Config{
		Store: w.store, Answerer: w, Orders: w, Sender: w, Limiter: w,
		Now: func() time.Time { return w.now }, QuietPeriod: quiet, MaxBurst: maxBurst,
		Source: w.media, Vault: w.media, Transcriber: w.media, Describer: w.media, ReopenTemplate: "reopen",
		Wire: w.trade, Actions: w.trade, Codes: w.trade,
	})
	if err != nil {
		w.Fatalf("new gateway: %v", err)
	}
}

// close closes all stores, also those of dead processes.
func (w *world) close() {
	w.kill()
	for _, s := range w.opened {
		if err := s.Close(); err != nil {
			w.Errorf("close: %v", err)
		}
	}
}

// crash kills the process. In the middle of a step, the next one is taken by the
// process that starts after it.
func (w *world) crash() {
	w.store.dead = true
	w.kill()
}

// Fingerprint implements gateway.Answerer.
func (w *world) Fingerprint() string { return "script" }

// Answer implements gateway.Answerer.
func (w *world) Answer(ctx context.Context, q rag.Question) (rag.Answer, error) {
	w.asked = strings.ReplaceAll(q.Text, "\n", " / ")
	w.duringAnswer.run()
	if w.wants && w.answerErr == nil {
		return proposing(ctx, q), nil
	}
	return w.answer, w.answerErr
}

// Facts implements gateway.Orders.
func (w *world) Facts(context.Context, gateway.Identity, assure.Pass, string) rag.OrderFacts {
	return w.facts
}

// Take implements gateway.Limiter.
func (w *world) Take(context.Context, string, string, time.Time) (time.Duration, error) {
	wait := w.wait
	w.wait = 0
	return wait, nil
}

// Send implements gateway.Sender.
func (w *world) Send(_ context.Context, o *gateway.Outgoing) (gateway.SendResult, error) {
	w.attempts++
	c, err := w.store.Conversation(w.ctx, o.ConversationID)
	if err != nil || o.Author == gateway.AuthorBot && c.Mode == gateway.ModeAgent {
		w.Errorf("the bot talks while an agent has the conversation: attempt %d, %v", o.Attempt, err)
	}
	outcome, lost := w.outcome, w.lost
	w.outcome, w.lost = gateway.SendAccepted, false
	r := gateway.SendResult{Outcome: outcome}
	if !lost && (outcome == gateway.SendAccepted || outcome == gateway.SendUnknown) {
		r.ProviderID = fmt.Sprintf("wamid.out%d.%s", w.attempts, w.name)
		w.took = append(w.took, sent{*o, r.ProviderID})
	}
	if outcome != gateway.SendAccepted {
		r.Error, r.ProviderID = &gateway.SendError{Code: 131000, Title: "Something went wrong", Class: w.refusal}, ""
		w.refusal = gateway.ErrorOther
	}
	w.duringSend.run()
	return r, nil
}

// accept has a webhook come in, with the times that Gateway.Accept sets.
func (w *world) accept(e gateway.Event) {
	w.Helper()
	e.ReceivedAt, e.AnswerAfter, e.AnswerBy = w.now, w.now.Add(quiet), w.now.Add(maxBurst)
	if e.At.IsZero() {
		e.At = w.now.Truncate(time.Second)
	}
	if e.Key == "" {
		w.made++
		e.Key = fmt.Sprintf("event%d.%s", w.made, w.name)
	}
	if e.Message != nil {
		e.Message.ProviderID = "wamid." + e.Key
		if e.Message.Media != nil {
			e.Message.Media.ProviderID = "media." + e.Key
		}
	}
	e.Channel = channel
	if _, err := w.store.Store.Accept(w.ctx, []gateway.Event{e}); err != nil {
		w.Fatalf("accept: %v", err)
	}
	w.accepted = append(w.accepted, e)
}

func (w *world) says(who gateway.Identity, kind, text string) {
	w.Helper()
	m := &gateway.Message{Type: kind, Text: text}
	if hasFile(kind) {
		m.Media = &gateway.Media{MIME: kind + "/x", Voice: kind == "audio"}
	}
	w.accept(gateway.Event{Kind: gateway.EventMessage, From: who, Message: m})
}

func (w *world) echoes(to gateway.Identity, text string) {
	w.Helper()
	w.accept(gateway.Event{Kind: gateway.EventEcho, From: to, Message: &gateway.Message{Type: "text", Text: text}})
}

// again delivers one of the webhooks that came before once more.
func (w *world) again(i int) {
	w.Helper()
	if fresh, err := w.store.Store.Accept(w.ctx, []gateway.Event{w.accepted[i]}); err != nil || len(fresh) > 0 {
		w.Errorf("a webhook that came again was fresh: %v", err)
	}
}

// reports has the provider tell what became of a message.
func (w *world) reports(m sent, state gateway.DeliveryState, class gateway.ErrorClass) {
	w.Helper()
	s := gateway.Status{ProviderID: m.providerID, OutgoingID: m.ID, State: state}
	if state == gateway.DeliveryFailed {
		s.Error = &gateway.SendError{Code: 131026, Title: "Message undeliverable", Class: class}
	}
	w.accept(gateway.Event{Kind: gateway.EventStatus, From: m.To, Status: &s})
}

// work does all that is due now: turns and sends, and a new process's when one
// dies in the middle.
func (w *world) work() {
	w.Helper()
	for range 500 {
		if w.store.dead {
			w.start()
		}
		turn := w.step("turn", w.gateway.Turn)
		if w.store.dead {
			continue
		}
		send := w.step("deliver", w.gateway.Deliver)
		if w.store.dead {
			continue
		}
		if carry := w.step("carry", w.gateway.Carry); !turn && !send && !carry && !w.store.dead {
			return
		}
	}
	w.Fatalf("the work has no end")
}

// step takes one step of a worker and says whether there was work.
func (w *world) step(name string, do func(context.Context) error) bool {
	w.Helper()
	err := do(w.life)
	switch {
	case err == nil:
		return true
	case errors.Is(err, gateway.ErrNoWork):
		return false
	case errors.Is(err, errDead) && w.store.dead:
		return true
	}
	w.Fatalf("%s: %v", name, err)
	return false
}

// advance lets time pass and does what is due then.
func (w *world) advance(d time.Duration) {
	w.Helper()
	w.now = w.now.Add(d)
	w.work()
}

// conversation gives the customer's conversation.
func (w *world) conversation(who gateway.Identity) gateway.Conversation {
	w.Helper()
	contact := who.UserID
	if contact == "" {
		contact = who.Phone
	}
	list, _, err := w.store.Conversations(w.ctx, gateway.ConversationFilter{Contact: contact}, gateway.Page{})
	if err != nil || len(list) != 1 {
		w.Fatalf("a customer has %d conversations, %v; want one", len(list), err)
	}
	return list[0]
}

func (w *world) records(id string) []gateway.Record {
	w.Helper()
	var all []gateway.Record
	for after := ""; ; {
		list, next, err := w.store.Turns(w.ctx, id, gateway.Page{After: after, Limit: 200})
		if err != nil {
			w.Fatalf("turns: %v", err)
		}
		if all = append(all, list...); next == "" {
			return all
		}
		after = next
	}
}

// handoffs lists those of one conversation, oldest first.
func (w *world) handoffs(id string) []gateway.Handoff {
	w.Helper()
	var all []gateway.Handoff
	for after := ""; ; {
		list, next, err := w.store.Handoffs(w.ctx, "", gateway.Page{After: after, Limit: 200})
		if err != nil {
			w.Fatalf("handoffs: %v", err)
		}
		for _, h := range list {
			if h.ConversationID == id {
				all = append(all, h)
			}
		}
		if next == "" {
			return all
		}
		after = next
	}
}

func (w *world) act(h gateway.Handoff, kind gateway.ActionKind, agent, text string) error {
	_, err := w.store.Act(w.ctx, gateway.Action{HandoffID: h.ID, Kind: kind, Agent: agent, Text: text, At: w.now})
	w.gateway.Changed()
	return err
}

var _ TB = (*testing.T)(nil)
