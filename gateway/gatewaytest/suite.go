// Package gatewaytest is the contract of gateway.Store in code: what its doc
// comments say, as checks that every store passes.
//
// TestStore goes through the contract sentence by sentence, TestConcurrent lets
// many do the same at once, and TestCrash opens a store anew that was left in the
// middle of everything. TestScripts plays conversations through a real
// gateway.Gateway, from the customer's message to the status of the reply: the
// stories in testdata/conversations, and random ones that are checked against the
// gateway's invariants.
package gatewaytest

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/recado/recado/gateway"
)

// Open opens the store at one place: a file or a database. It is called several
// times for a place, also while what it returned before is still open or was
// never closed.
type Open func() (gateway.Store, error)

// The times that the suite works with.
const (
	quiet    = 1500 * time.Millisecond
	maxBurst = 10 * quiet
	lease    = time.Minute
)

// epoch is when everything begins.
var epoch = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

// channel is the business number that messages come to unless a test says
// otherwise.
const channel = "106540352242922"

// bundle is what each test works with: a store, a clock and a customer.
type bundle struct {
	*testing.T
	open  Open
	store gateway.Store
	now   time.Time
	// made counts what the bundle named, so that no two things have one key.
	made int
}

type test struct {
	name string
	run  func(*bundle)
}

// run gives each test a store of its own.
func run(t *testing.T, place func(testing.TB) Open, tests []test) {
	t.Helper()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(newBundle(t, place(t)))
		})
	}
}

func newBundle(t *testing.T, open Open) *bundle {
	t.Helper()
	b := &bundle{T: t, open: open, now: epoch}
	b.store = b.reopen()
	return b
}

// TestStore runs the contract, one call at a time. place makes a fresh, empty
// place for each test.
func TestStore(t *testing.T, place func(testing.TB) Open) {
	t.Helper()
	run(t, place, slices.Concat(
		inboxTests(), identityTests(), commitTests(), outboxTests(), statusTests(), deskTests(), evidenceTests(), actTests(), agentTests(),
		contentTests(), fileTests(), signalTests(), changeTests(), reachTests(), followTests(), archiveTests(), alertTests(), takeTests(),
		commandTests(), auditTests(), labelTests(), historyTests(),
	))
}

// reopen opens the place once more, and closes it when the test ends.
func (b *bundle) reopen() gateway.Store {
	b.Helper()
	store, err := b.open()
	if err != nil {
		b.Fatalf("open: %v", err)
	}
	b.Cleanup(func() {
		if err := store.Close(); err != nil {
			b.Errorf("close: %v", err)
		}
	})
	return store
}

func (b *bundle) same(what string, got, want any) {
	b.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		b.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// fails checks that an error is the one that callers branch on.
func (b *bundle) fails(what string, got, want error) {
	b.Helper()
	if !errors.Is(got, want) {
		b.Errorf("%s: got error %v, want %v", what, got, want)
	}
}

// ok ends the test with an error that should not be.
func (b *bundle) ok(what string, err error) {
	b.Helper()
	if err != nil {
		b.Fatalf("%s: %v", what, err)
	}
}

func (b *bundle) advance(d time.Duration) { b.now = b.now.Add(d) }

// name makes a name that was not used before.
func (b *bundle) name(prefix string) string {
	b.made++
	return fmt.Sprintf("%s%04d", prefix, b.made)
}

// ana is a customer with a phone number and nothing else.
func ana() gateway.Identity { return gateway.Identity{Phone: "34600111222"} }

// ben is another one, with a user id and nothing else.
func ben() gateway.Identity { return gateway.Identity{UserID: "ES.Ab12cdEF34"} }

// event makes an event that comes in now, timed as the gateway does it.
func (b *bundle) event(kind gateway.EventKind, from gateway.Identity) gateway.Event {
	key := b.name("key")
	return gateway.Event{
		Key: key, Kind: kind, Channel: channel, From: from,
		At: b.now.Truncate(time.Second), ReceivedAt: b.now,
		AnswerAfter: b.now.Add(quiet), AnswerBy: b.now.Add(maxBurst),
		Raw: rawOf(key),
	}
}

// rawOf is what came over the wire for an event with this key.
func rawOf(key string) []byte { return fmt.Appendf(nil, `{"key": %q,  "n": 1.50}`, key) }

func (b *bundle) message(from gateway.Identity, text string) gateway.Event {
	e := b.event(gateway.EventMessage, from)
	e.Message = &gateway.Message{ProviderID: "wamid." + e.Key, Type: "text", Text: text}
	return e
}

func (b *bundle) echo(to gateway.Identity, text string) gateway.Event {
	e := b.message(to, text)
	e.Kind = gateway.EventEcho
	return e
}

func (b *bundle) status(s gateway.Status) gateway.Event {
	e := b.event(gateway.EventStatus, ana())
	e.Status = &s
	return e
}

// accept takes events in and gives the keys of the fresh ones.
func (b *bundle) accept(events ...gateway.Event) []string {
	b.Helper()
	fresh, err := b.store.Accept(b.Context(), events)
	b.ok("accept", err)
	return keys(fresh)
}

func keys(events []gateway.Event) []string {
	var list []string
	for _, e := range events {
		list = append(list, e.Key)
	}
	return list
}

func (b *bundle) claim() *gateway.Claim {
	b.Helper()
	c, err := b.store.Claim(b.Context(), b.now, lease)
	b.ok("claim", err)
	return c
}

// idle checks that no turn is due. Everything accepted is filed then.
func (b *bundle) idle() {
	b.Helper()
	if c, err := b.store.Claim(b.Context(), b.now, lease); !errors.Is(err, gateway.ErrNoWork) {
		b.Errorf("claim: got %v, %v; want ErrNoWork", c, err)
	}
}

// turn is a turn that changes nothing but makes a record and, with texts, replies.
func (b *bundle) turn(c *gateway.Claim, texts ...string) gateway.Turn {
	after, _ := c.Conversation.Receive(c.Events)
	id := gateway.NewID()
	t := gateway.Turn{Conversation: after, Record: gateway.Record{
		ID: id, ConversationID: after.ID, At: b.now, Attempt: c.Attempt, Outcome: gateway.OutcomeCommitted,
		Decision: gateway.Decision{Kind: gateway.DecideReply, Rule: "confidence"}, Language: after.Language,
	}}
	for _, text := range texts {
		t.Outgoing = append(t.Outgoing, gateway.Outgoing{
			ID: gateway.NewID(), ConversationID: after.ID, Channel: after.Channel, To: after.Contact,
			Author: gateway.AuthorBot, Text: text, TurnID: id, CreatedAt: b.now, ExpiresAt: after.WindowEnds(),
		})
	}
	return t
}

// handoffTurn is a turn that queues the conversation for a person.
func (b *bundle) handoffTurn(c *gateway.Claim) gateway.Turn {
	t := b.turn(c)
	t.Conversation.Mode = gateway.ModeQueued
	t.Record.Decision = gateway.Decision{Kind: gateway.DecideHandoff, Reason: gateway.ReasonLegal, Rule: "triage"}
	t.Handoff = &gateway.Handoff{
		ID: gateway.NewID(), ConversationID: c.Conversation.ID, Contact: c.Conversation.Contact,
		Name: c.Conversation.Name, Reason: gateway.ReasonLegal, State: gateway.HandoffQueued,
		CreatedAt: b.now, UpdatedAt: b.now,
		Packet: gateway.Packet{
			Wants: "¿Quién es mi abogado?", Language: "es", Orders: []byte(`[{"number":"W1"}]`), Tried: []string{"Envíos"},
			Promised: "Te responderá.", Draft: "…", Why: "Habla de abogados.", Confidence: .25, Threshold: .5, TurnID: t.Record.ID,
		},
	}
	return t
}

func (b *bundle) commit(c *gateway.Claim, t gateway.Turn) {
	b.Helper()
	b.ok("commit", b.store.Commit(b.Context(), c, t))
}

// say lets a customer write and claims the conversation when the burst is over.
func (b *bundle) say(from gateway.Identity, texts ...string) *gateway.Claim {
	b.Helper()
	b.advance(time.Millisecond) // after whatever was said before
	for _, text := range texts {
		b.accept(b.message(from, text))
	}
	b.advance(quiet)
	return b.claim()
}

// answer lets a customer write and the bot answer: one message out for each text.
func (b *bundle) answer(from gateway.Identity, texts ...string) gateway.Turn {
	b.Helper()
	c := b.say(from, "hola")
	t := b.turn(c, texts...)
	b.commit(c, t)
	return t
}

// queue lets a customer write and hands the conversation off.
func (b *bundle) queue(from gateway.Identity) gateway.Handoff {
	b.Helper()
	c := b.say(from, "quiero hablar con mi abogado")
	t := b.handoffTurn(c)
	b.commit(c, t)
	return *t.Handoff
}

func (b *bundle) act(h gateway.Handoff, kind gateway.ActionKind, agent, text string) gateway.Handoff {
	b.Helper()
	h, err := b.try(h, kind, agent, text)
	b.ok(string(kind), err)
	return h
}

func (b *bundle) try(h gateway.Handoff, kind gateway.ActionKind, agent, text string) (gateway.Handoff, error) {
	return b.store.Act(b.Context(), gateway.Action{HandoffID: h.ID, Kind: kind, Agent: agent, Text: text, At: b.now})
}

func (b *bundle) next() *gateway.Outgoing {
	b.Helper()
	o, err := b.store.NextOutgoing(b.Context(), b.now, lease)
	b.ok("next outgoing", err)
	return o
}

// nothing checks that no message may be sent now.
func (b *bundle) nothing() {
	b.Helper()
	if o, err := b.store.NextOutgoing(b.Context(), b.now, lease); !errors.Is(err, gateway.ErrNoWork) {
		b.Errorf("next outgoing: got %v, %v; want ErrNoWork", o, err)
	}
}

func (b *bundle) settle(o *gateway.Outgoing, r gateway.SendResult) {
	b.Helper()
	b.ok("settle", b.store.Settle(b.Context(), o, r))
}

// send takes the next message and has the provider accept it.
func (b *bundle) send(providerID string) *gateway.Outgoing {
	b.Helper()
	o := b.next()
	b.settle(o, gateway.SendResult{Outcome: gateway.SendAccepted, ProviderID: providerID})
	return o
}

func (b *bundle) conversation(id string) gateway.Conversation {
	b.Helper()
	c, err := b.store.Conversation(b.Context(), id)
	b.ok("conversation", err)
	return c
}

// conversations lists all of them, or those of one contact.
func (b *bundle) conversations(contact string) []gateway.Conversation {
	b.Helper()
	list, _, err := b.store.Conversations(b.Context(), gateway.ConversationFilter{Contact: contact}, gateway.Page{Limit: 200})
	b.ok("conversations", err)
	return list
}

func (b *bundle) messages(id string) []gateway.MessageView {
	b.Helper()
	list, _, err := b.store.Messages(b.Context(), id, gateway.Page{Limit: 200})
	b.ok("messages", err)
	return list
}

// out gives the one message of a conversation that has this id.
func (b *bundle) out(conversationID, id string) gateway.MessageView {
	b.Helper()
	for _, m := range b.messages(conversationID) {
		if m.ID == id {
			return m
		}
	}
	b.Fatalf("no message with the id %s", id)
	return gateway.MessageView{}
}

func (b *bundle) records(id string) []gateway.Record {
	b.Helper()
	list, _, err := b.store.Turns(b.Context(), id, gateway.Page{Limit: 200})
	b.ok("turns", err)
	return list
}

func (b *bundle) handoffs(state gateway.HandoffState) []gateway.Handoff {
	b.Helper()
	list, _, err := b.store.Handoffs(b.Context(), state, gateway.Page{Limit: 200})
	b.ok("handoffs", err)
	return list
}

func (b *bundle) revision() int64 {
	b.Helper()
	n, err := b.store.Revision(b.Context())
	b.ok("revision", err)
	return n
}

// texts are the texts of messages, each with who wrote it.
func texts(list []gateway.MessageView) []string {
	var all []string
	for _, m := range list {
		all = append(all, string(m.Author)+": "+m.Text)
	}
	return all
}
