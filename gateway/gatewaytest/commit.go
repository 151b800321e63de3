package gatewaytest

import (
	"time"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/rag"
)

func commitTests() []test {
	return []test{
		{"CommitTakesEffect", testCommit},
		{"CommitOpensTheHandoff", testCommitHandoff},
		{"CommitKeepsTheOpenHandoff", testCommitOpen},
		{"CommitOnce", testCommitOnce},
		{"CommitIsSuperseded", testSuperseded},
		{"CommitIsSupersededByAnEcho", testSupersededByEcho},
		{"CommitIsNotSupersededByOthers", testNotSuperseded},
		{"CommitOfAnOverdueTurn", testOverdue},
		{"CommitIsRefusedWhenAPersonOwns", testHumanOwns},
		{"CommitRaisesTheEpoch", testEpoch},
	}
}

func testCommit(b *bundle) {
	c := b.say(ana(), "Where is my order?")
	t := b.turn(c, "On its way.", "It comes on Friday.")
	t.Conversation.Fallbacks, t.Conversation.Clarified = 1, true
	t.Record = fullRecord(t.Record)
	b.commit(c, t)
	got := b.conversation(c.Conversation.ID)
	want := t.Conversation
	want.UpdatedAt = got.UpdatedAt
	b.same("conversation", got, want)
	b.same("records", b.records(got.ID), []gateway.Record{t.Record})
	b.same("handoffs", b.handoffs(""), []gateway.Handoff(nil))
	list := b.messages(got.ID)
	b.same("messages", texts(list), []string{"customer: Where is my order?", "bot: On its way.", "bot: It comes on Friday."})
	b.same("message in", list[0], gateway.MessageView{
		ID: list[0].ID, ProviderID: c.Events[0].Message.ProviderID, Direction: "in", Author: gateway.AuthorCustomer,
		Type: "text", Text: "Where is my order?", At: list[0].At, Status: "received", Payload: rawOf(c.Events[0].Key),
		Message: c.Events[0].Message,
	})
	b.same("message out", list[1], gateway.MessageView{
		ID: t.Outgoing[0].ID, Direction: "out", Author: gateway.AuthorBot,
		Type: "text", Text: "On its way.", At: b.now, Status: string(gateway.DeliveryQueued),
	})
	b.idle()
	b.advance(time.Hour)
	b.idle()
}

// fullRecord fills a record, so that a store that forgets a field is found out.
func fullRecord(r gateway.Record) gateway.Record {
	r.EventKeys, r.Messages, r.Query = []string{"a1", "b2"}, []string{"¿Dónde está\x00?", "🎁"}, "order"
	r.Candidates = []rag.Candidate{{ChunkID: "c", DocumentID: "d", Version: "v", Dense: .1, Lexical: 1e-9, Score: .3, DenseRank: 1, Used: true}}
	r.Passages = []rag.Passage{{ID: "c", DocumentID: "d", Title: "Envíos", Locale: "es", Version: "v", Text: "…", Score: .3}}
	r.Orders = rag.OrderFacts{Orders: []rag.Order{{Number: "W1", Items: []rag.OrderItem{{Name: "x", PriceMinor: 100}}}}, Asked: []string{"W1"}}
	r.Draft = rag.Draft{Answer: "On its way.", Citations: []string{"c"}, Locale: "en"}
	r.Checks = []rag.Check{{Name: "numbers", OK: true, Detail: "2"}}
	r.Confidence, r.Threshold, r.Features = .123456789012345, .5, map[string]float64{"dense": .1}
	r.Calibration, r.Model, r.Usage = "cal", "offline", rag.Usage{InputTokens: 10, OutputTokens: 3}
	r.Reply, r.Error, r.Config = "On its way.", "none", "hash"
	r.Stages = []rag.Stage{{Name: "turn", Took: 1234567}}
	return r
}

func testCommitHandoff(b *bundle) {
	c := b.say(ana(), "quiero hablar con mi abogado")
	t := b.handoffTurn(c)
	b.commit(c, t)
	b.same("mode", b.conversation(c.Conversation.ID).Mode, gateway.ModeQueued)
	got, err := b.store.Handoff(b.Context(), t.Handoff.ID)
	b.ok("handoff", err)
	b.same("handoff", got, *t.Handoff)
	b.same("handoffs", b.handoffs(gateway.HandoffQueued), []gateway.Handoff{*t.Handoff})
	b.nothing()
	// One that is claimed from the start, as after an echo.
	c = b.say(ben(), "hello")
	t = b.handoffTurn(c)
	t.Conversation.Mode, t.Conversation.Agent = gateway.ModeAgent, "phone app"
	t.Handoff.State, t.Handoff.Agent = gateway.HandoffClaimed, "phone app"
	b.commit(c, t)
	b.same("agent", b.conversation(c.Conversation.ID).Agent, "phone app")
	b.same("handoffs", b.handoffs(gateway.HandoffClaimed), []gateway.Handoff{*t.Handoff})
}

// testCommitOpen commits turns with a handoff while one is open: a person who writes
// from the phone app claims that one, and nothing opens a second.
func testCommitOpen(b *bundle) {
	open := b.queue(ana())
	c := b.say(ana(), "¿hay alguien?")
	b.commit(c, b.handoffTurn(c))
	b.same("handoffs", b.handoffs(""), []gateway.Handoff{open})
	b.advance(time.Second)
	b.accept(b.echo(ana(), "Soy Marta"))
	c = b.claim()
	t := b.handoffTurn(c)
	t.Conversation.Mode, t.Conversation.Agent = gateway.ModeAgent, "phone app"
	t.Handoff.State, t.Handoff.Agent, t.Handoff.Reason = gateway.HandoffClaimed, "phone app", gateway.ReasonTakenOver
	b.commit(c, t)
	open.State, open.Agent, open.UpdatedAt = gateway.HandoffClaimed, "phone app", b.now
	b.same("handoffs", b.handoffs(""), []gateway.Handoff{open})
	got := b.conversation(open.ConversationID)
	b.same("mode", got.Mode, gateway.ModeAgent)
	b.same("agent", got.Agent, "phone app")
	// An agent at the desk relieves whoever wrote from the phone.
	b.advance(time.Second)
	b.same("agent", b.act(open, gateway.ActionClaim, "marta", "").Agent, "marta")
	b.same("agent", b.conversation(open.ConversationID).Agent, "marta")
	b.act(open, gateway.ActionReturn, "marta", "")
	c = b.say(ana(), "mi abogado")
	t = b.handoffTurn(c)
	b.commit(c, t)
	b.same("queued handoffs", b.handoffs(gateway.HandoffQueued), []gateway.Handoff{*t.Handoff})
}

func testCommitOnce(b *bundle) {
	c := b.say(ana(), "hola")
	b.commit(c, b.turn(c, "uno"))
	b.fails("second commit", b.store.Commit(b.Context(), c, b.turn(c, "dos")), gateway.ErrLeaseLost)
	b.same("messages", len(b.messages(c.Conversation.ID)), 2)
	b.same("records", len(b.records(c.Conversation.ID)), 1)
	b.idle()
}

// testSuperseded has a message come in during the answer, filed by somebody else's
// claim and not.
func testSuperseded(b *bundle) {
	for _, filed := range []bool{false, true} {
		c := b.say(ana(), "hola")
		before := b.conversation(c.Conversation.ID)
		b.accept(b.message(ana(), "espera, otra cosa"))
		if filed {
			b.idle()
		}
		t := b.handoffTurn(c)
		t.Outgoing = b.turn(c, "no").Outgoing
		b.fails("commit", b.store.Commit(b.Context(), c, t), gateway.ErrSuperseded)
		after := b.conversation(c.Conversation.ID)
		after.LastCustomerAt, after.UpdatedAt = before.LastCustomerAt, before.UpdatedAt
		b.same("conversation", after, before)
		b.same("handoffs", b.handoffs(""), []gateway.Handoff(nil))
		b.nothing()
		b.ok("abandon", b.store.Abandon(b.Context(), c, t.Record, b.now.Add(quiet)))
		b.advance(quiet)
		c = b.claim()
		b.same("texts", burst(c), []string{"hola", "espera, otra cosa"})
		b.same("attempt", c.Attempt, 2)
		b.commit(c, b.turn(c, "las dos"))
		b.send(b.name("wamid."))
	}
}

// testSupersededByEcho has a person of the shop answer from the phone app while
// the answer is being made: it must not be sent after theirs.
func testSupersededByEcho(b *bundle) {
	c := b.say(ana(), "hola")
	b.accept(b.echo(ana(), "Hola, soy Marta"))
	b.fails("commit", b.store.Commit(b.Context(), c, b.turn(c, "no")), gateway.ErrSuperseded)
	b.nothing()
	b.ok("abandon", b.store.Abandon(b.Context(), c, b.turn(c).Record, b.now.Add(quiet)))
	b.advance(quiet)
	b.same("events", len(b.claim().Events), 2)
}

func testNotSuperseded(b *bundle) {
	b.answer(ana(), "uno")
	o := b.send("wamid.1")
	c := b.say(ana(), "hola")
	b.accept(
		b.message(ben(), "another customer"),
		b.status(gateway.Status{ProviderID: "wamid.1", OutgoingID: o.ID, State: gateway.DeliveryRead}),
		b.event(gateway.EventNotice, gateway.Identity{}), c.Events[0],
	)
	b.commit(c, b.turn(c, "dos"))
	b.advance(quiet)
	b.same("other customer", burst(b.claim()), []string{"another customer"})
}

// testOverdue has a customer write on while the answer is made that has been due too
// long already, filed by somebody else's claim and not: it is given, and what came
// since is the next burst.
func testOverdue(b *bundle) {
	for _, filed := range []bool{false, true} {
		c := b.say(ana(), "hola")
		b.accept(b.message(ana(), "¿hay alguien?"))
		if filed {
			b.idle()
		}
		t := b.turn(c, "sí")
		b.fails("commit of one that is not overdue", b.store.Commit(b.Context(), c, t), gateway.ErrSuperseded)
		t.Overdue = true
		b.commit(c, t)
		b.same("sent", b.send(b.name("wamid.")).Text, "sí")
		b.idle()
		b.advance(quiet)
		c = b.claim()
		b.same("texts", burst(c), []string{"¿hay alguien?"})
		b.same("attempt", c.Attempt, 1)
		b.commit(c, b.turn(c))
		b.idle()
		// A person who wrote from the phone app is not talked over.
		c = b.say(ana(), "hola")
		b.accept(b.echo(ana(), "Soy Marta"))
		if filed {
			b.idle()
		}
		t = b.turn(c, "no")
		t.Overdue = true
		b.fails("commit after an echo", b.store.Commit(b.Context(), c, t), gateway.ErrSuperseded)
		b.ok("abandon", b.store.Abandon(b.Context(), c, t.Record, b.now))
		c = b.claim()
		b.same("events", len(c.Events), 2)
		b.commit(c, b.turn(c))
		b.nothing()
	}
}

func testHumanOwns(b *bundle) {
	for _, end := range []gateway.ActionKind{"", gateway.ActionReturn, gateway.ActionResolve} {
		h := b.queue(ana())
		c := b.say(ana(), "¿hay alguien?")
		b.act(h, gateway.ActionClaim, "marta", "")
		if end != "" {
			b.act(h, end, "marta", "")
		}
		before := b.conversation(h.ConversationID)
		b.fails("commit after "+string(end), b.store.Commit(b.Context(), c, b.turn(c, "no")), gateway.ErrHumanOwns)
		b.same("conversation", b.conversation(h.ConversationID), before)
		b.nothing()
		b.ok("abandon", b.store.Abandon(b.Context(), c, b.turn(c).Record, b.now))
		c = b.claim()
		b.same("mode", c.Conversation.Mode == gateway.ModeAgent, end == "")
		b.commit(c, b.turn(c))
		if end == "" {
			b.act(h, gateway.ActionReturn, "otro", "")
		}
	}
}

func testEpoch(b *bundle) {
	c := b.say(ana(), "hola")
	t := b.turn(c)
	t.Conversation.Language, t.Conversation.Fallbacks = "en", 1
	b.commit(c, t)
	b.same("epoch of the same owner", b.conversation(c.Conversation.ID).Epoch, c.Conversation.Epoch)
	c = b.say(ana(), "mi abogado")
	b.same("language", c.Conversation.Language, "en")
	b.same("fallbacks", c.Conversation.Fallbacks, 1)
	b.commit(c, b.handoffTurn(c))
	queued := b.conversation(c.Conversation.ID)
	if queued.Epoch <= c.Conversation.Epoch {
		b.Errorf("epoch %d after %d: the conversation changed hands", queued.Epoch, c.Conversation.Epoch)
	}
}
