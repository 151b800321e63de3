package gatewaytest

import (
	"errors"
	"fmt"
	"time"

	"github.com/recado/recado/gateway"
)

func outboxTests() []test {
	return []test{
		{"NextOutgoingIsWhole", testNextWhole},
		{"NextOutgoingKeepsTheOrder", testNextOrder},
		{"NextOutgoingAfterALostLease", testNextLost},
		{"SettleAccepted", testAccepted},
		{"SettleRetry", testRetry},
		{"SettleUnknown", testUnknown},
		{"SettleRejected", testRejected},
		{"SettleOpensOneHandoff", testRejectedOwned},
		{"SettleOfALostLease", testSettleLost},
		{"Postpone", testPostpone},
		{"CanceledByAnAgent", testCanceled},
		{"CanceledByAnEcho", testCanceledByEcho},
		{"CanceledWhileUnderWay", testCanceledUnderWay},
	}
}

func sendError() *gateway.SendError {
	return &gateway.SendError{Code: 131047, Title: "Re-engagement message"}
}

func testNextWhole(b *bundle) {
	b.nothing()
	want := b.answer(ana(), "¡Hola! 👋").Outgoing[0]
	got := b.next()
	if got.Lease == "" {
		b.Error("no lease")
	}
	want.Attempt, want.Lease = 1, got.Lease
	b.same("outgoing", *got, want)
	b.same("status", b.out(want.ConversationID, want.ID).Status, string(gateway.DeliverySending))
	b.nothing()
}

// testNextOrder has two conversations: within one the messages go out one after
// the other, and neither holds up the other.
func testNextOrder(b *bundle) {
	b.answer(ana(), "a1", "a2")
	b.answer(ben(), "b1")
	a1, b1 := b.next(), b.next()
	b.same("oldest of each", []string{a1.Text, b1.Text}, []string{"a1", "b1"})
	b.nothing()
	b.settle(a1, gateway.SendResult{Outcome: gateway.SendAccepted, ProviderID: "wamid.a1"})
	a2 := b.next()
	b.same("next", a2.Text, "a2")
	b.settle(a2, gateway.SendResult{Outcome: gateway.SendRetry, RetryAt: b.now.Add(10 * time.Second), Error: sendError()})
	b.answer(ana(), "a3")
	b.nothing()
	b.settle(b1, gateway.SendResult{Outcome: gateway.SendUnknown, RetryAt: b.now.Add(time.Minute), Error: sendError()})
	b.answer(ben(), "b2")
	b.nothing()
	b.advance(10 * time.Second)
	b.same("tried again", b.send("wamid.a2").Text, "a2")
	b.same("after it", b.send("wamid.a3").Text, "a3")
	b.nothing()
	b.advance(time.Minute)
	o := b.next()
	b.same("reconciled", o.Text, "b1")
	b.settle(o, gateway.SendResult{Outcome: gateway.SendRejected, Error: sendError()})
	b.same("after a rejected one", b.send("wamid.b2").Text, "b2")
	b.nothing()
}

func testNextLost(b *bundle) {
	b.answer(ana(), "uno", "dos")
	first := b.next()
	b.advance(lease)
	b.nothing()
	b.advance(gateway.ReconcileAfter - time.Millisecond)
	b.nothing()
	b.advance(time.Millisecond)
	second := b.next()
	b.same("message", second.ID, first.ID)
	b.same("attempt", second.Attempt, 2)
	if first.Lease == second.Lease {
		b.Error("two leases with one token")
	}
	b.settle(second, gateway.SendResult{Outcome: gateway.SendAccepted, ProviderID: "wamid.1"})
	b.same("after it", b.next().Text, "dos")
}

func testAccepted(b *bundle) {
	o := b.answer(ana(), "uno").Outgoing[0]
	payload := []byte(`{"to" : "1",  "text":{"body":"uno"}}`)
	b.settle(b.next(), gateway.SendResult{Outcome: gateway.SendAccepted, ProviderID: "wamid.1", Payload: payload})
	got := b.out(o.ConversationID, o.ID)
	b.same("message", got, gateway.MessageView{
		ID: o.ID, ProviderID: "wamid.1", Direction: "out", Author: gateway.AuthorBot, Type: "text", Text: "uno",
		At: o.CreatedAt, Status: string(gateway.DeliverySent), Payload: payload,
	})
	b.advance(time.Hour)
	b.nothing()
}

func testRetry(b *bundle) {
	o := b.answer(ana(), "uno").Outgoing[0]
	for attempt := 1; attempt <= 3; attempt++ {
		next := b.next()
		b.same("attempt", next.Attempt, attempt)
		b.settle(next, gateway.SendResult{Outcome: gateway.SendRetry, RetryAt: b.now.Add(4 * time.Second), Error: sendError()})
		b.same("status", b.out(o.ConversationID, o.ID).Status, string(gateway.DeliveryQueued))
		b.advance(4*time.Second - time.Millisecond)
		b.nothing()
		b.advance(time.Millisecond)
	}
	b.send("wamid.1")
	if got := b.out(o.ConversationID, o.ID); got.Error != nil {
		b.Errorf("a message that was sent after all has the error %v", got.Error)
	}
}

func testUnknown(b *bundle) {
	o := b.answer(ana(), "uno").Outgoing[0]
	b.settle(b.next(), gateway.SendResult{Outcome: gateway.SendUnknown, RetryAt: b.now.Add(time.Minute), Error: sendError()})
	b.same("status", b.out(o.ConversationID, o.ID).Status, string(gateway.DeliveryUnknown))
	b.advance(time.Minute - time.Millisecond)
	b.nothing()
	b.advance(time.Millisecond)
	b.same("attempt", b.next().Attempt, 2)
}

func testRejected(b *bundle) {
	o := b.answer(ana(), "uno", "dos").Outgoing[0]
	c := b.conversation(o.ConversationID)
	h := gateway.SendFailure(c, "uno", nil, b.now)
	b.settle(b.next(), gateway.SendResult{Outcome: gateway.SendRejected, Error: sendError(), Handoff: &h})
	got := b.out(o.ConversationID, o.ID)
	b.same("status", got.Status, string(gateway.DeliveryFailed))
	b.same("error", got.Error, sendError())
	b.same("handoffs", b.handoffs(""), []gateway.Handoff{h})
	queued := b.conversation(c.ID)
	b.same("mode", queued.Mode, gateway.ModeQueued)
	if queued.Epoch <= c.Epoch {
		b.Errorf("epoch %d after %d: the conversation changed hands", queued.Epoch, c.Epoch)
	}
	// The second one doesn't open a second handoff.
	again := gateway.SendFailure(c, "dos", nil, b.now)
	b.settle(b.next(), gateway.SendResult{Outcome: gateway.SendRejected, Error: sendError(), Handoff: &again})
	b.same("handoffs", b.handoffs(""), []gateway.Handoff{h})
	b.same("epoch", b.conversation(c.ID).Epoch, queued.Epoch)
}

func testRejectedOwned(b *bundle) {
	h := b.queue(ana())
	b.act(h, gateway.ActionReply, "marta", "hola")
	o := b.next()
	failure := gateway.SendFailure(b.conversation(h.ConversationID), "hola", nil, b.now)
	b.settle(o, gateway.SendResult{Outcome: gateway.SendRejected, Error: sendError(), Handoff: &failure})
	b.same("handoffs", len(b.handoffs("")), 1)
	c := b.conversation(h.ConversationID)
	b.same("mode", c.Mode, gateway.ModeAgent)
	b.same("agent", c.Agent, "marta")
	b.same("status", b.out(c.ID, o.ID).Status, string(gateway.DeliveryFailed))
	// A closed conversation has nobody: it is queued again.
	b.act(h, gateway.ActionReply, "marta", "adiós")
	b.act(h, gateway.ActionResolve, "marta", "")
	failure = gateway.SendFailure(b.conversation(h.ConversationID), "adiós", nil, b.now)
	b.settle(b.next(), gateway.SendResult{Outcome: gateway.SendRejected, Error: sendError(), Handoff: &failure})
	b.same("mode", b.conversation(c.ID).Mode, gateway.ModeQueued)
	b.same("open handoffs", b.handoffs(gateway.HandoffQueued), []gateway.Handoff{failure})
}

// testSettleLost settles attempts whose lease another has or had.
func testSettleLost(b *bundle) {
	o := b.answer(ana(), "uno").Outgoing[0]
	first := b.next()
	b.advance(lease + gateway.ReconcileAfter)
	b.nothing2(first)
	b.advance(lease + gateway.ReconcileAfter)
	second := b.next()
	failure := gateway.SendFailure(b.conversation(o.ConversationID), "uno", nil, b.now)
	for _, r := range []gateway.SendResult{
		{Outcome: gateway.SendRetry, RetryAt: b.now},
		{Outcome: gateway.SendUnknown, RetryAt: b.now},
		{Outcome: gateway.SendRejected, Error: sendError(), Handoff: &failure},
	} {
		b.fails(string(r.Outcome), b.store.Settle(b.Context(), first, r), gateway.ErrLeaseLost)
	}
	b.same("handoffs", b.handoffs(""), []gateway.Handoff(nil))
	b.nothing()
	// What the provider took is sent, whoever says so.
	err := b.store.Settle(b.Context(), first, gateway.SendResult{Outcome: gateway.SendAccepted, ProviderID: "wamid.late"})
	if err != nil && !errors.Is(err, gateway.ErrLeaseLost) {
		b.Errorf("accepted late: %v", err)
	}
	b.same("provider's id", b.out(o.ConversationID, o.ID).ProviderID, "wamid.late")
	b.same("status", b.out(o.ConversationID, o.ID).Status, string(gateway.DeliverySent))
	b.advance(time.Hour)
	b.nothing()
	if err := b.store.Settle(b.Context(), second, gateway.SendResult{Outcome: gateway.SendRetry, RetryAt: b.now}); err != nil {
		b.fails("retry of what was sent", err, gateway.ErrLeaseLost)
	}
	b.advance(time.Hour)
	b.nothing()
	b.accept(b.status(gateway.Status{ProviderID: "wamid.late", State: gateway.DeliveryRead}))
	b.idle()
	b.same("status", b.out(o.ConversationID, o.ID).Status, string(gateway.DeliveryRead))
}

// nothing2 takes the message of a lost lease once more and lets that be lost, too.
func (b *bundle) nothing2(first *gateway.Outgoing) {
	b.Helper()
	o := b.next()
	b.same("message", o.ID, first.ID)
	b.nothing()
}

func testPostpone(b *bundle) {
	o := b.answer(ana(), "uno", "dos").Outgoing[0]
	for range 3 {
		next := b.next()
		b.same("attempt", next.Attempt, 1)
		b.same("text", next.Text, "uno")
		b.ok("postpone", b.store.Postpone(b.Context(), next, b.now.Add(6*time.Second)))
		b.same("status", b.out(o.ConversationID, o.ID).Status, string(gateway.DeliveryQueued))
		b.advance(6*time.Second - time.Millisecond)
		b.nothing()
		b.advance(time.Millisecond)
	}
	b.send("wamid.1")
	b.same("next", b.next().Text, "dos")
}

// testCanceled has an agent take over, by either deed, while the bot's messages wait:
// they are not sent any more, and the agent's doesn't wait behind them.
func testCanceled(b *bundle) {
	for i, kind := range []gateway.ActionKind{gateway.ActionClaim, gateway.ActionReply} {
		who := gateway.Identity{Phone: fmt.Sprint(100 + i)}
		waiting := b.answer(who, "uno", "dos").Outgoing
		b.settle(b.next(), gateway.SendResult{Outcome: gateway.SendRetry, RetryAt: b.now.Add(time.Minute), Error: sendError()})
		other := b.answer(ben(), "a otra").Outgoing[0]
		h := b.queue(who)
		b.act(h, kind, "marta", "Soy Marta")
		for _, o := range waiting {
			b.same("status", b.out(o.ConversationID, o.ID).Status, string(gateway.DeliveryCanceled))
		}
		b.same("of another conversation", b.send(b.name("wamid.")).ID, other.ID)
		if kind == gateway.ActionClaim {
			b.nothing()
			b.act(h, gateway.ActionReply, "marta", "Soy Marta")
		}
		b.same("next", b.send(b.name("wamid.")).Text, "Soy Marta")
		b.advance(time.Hour)
		b.nothing()
		// Back with the bot, it is heard again, and the rest stays canceled.
		b.act(h, gateway.ActionReturn, "marta", "")
		b.answer(who, "tres")
		b.same("next", b.send(b.name("wamid.")).Text, "tres")
		b.nothing()
	}
}

func testCanceledByEcho(b *bundle) {
	o := b.answer(ana(), "uno").Outgoing[0]
	b.accept(b.echo(ana(), "Soy Marta"))
	c := b.claim()
	t := b.handoffTurn(c)
	t.Conversation.Mode, t.Conversation.Agent = gateway.ModeAgent, "phone app"
	t.Handoff.State, t.Handoff.Agent = gateway.HandoffClaimed, "phone app"
	b.commit(c, t)
	b.same("status", b.out(o.ConversationID, o.ID).Status, string(gateway.DeliveryCanceled))
	b.advance(time.Hour)
	b.nothing()
}

// testCanceledUnderWay has an agent take over while a message is being sent. What is
// not sent after all is canceled with its result; what may have been sent waits for
// its status and is not sent again.
func testCanceledUnderWay(b *bundle) {
	ends := map[string]func(*gateway.Outgoing){
		"retry": func(o *gateway.Outgoing) {
			b.settle(o, gateway.SendResult{Outcome: gateway.SendRetry, RetryAt: b.now.Add(time.Second), Error: sendError()})
		},
		"postpone": func(o *gateway.Outgoing) { b.ok("postpone", b.store.Postpone(b.Context(), o, b.now.Add(time.Second))) },
		"unknown": func(o *gateway.Outgoing) {
			b.settle(o, gateway.SendResult{Outcome: gateway.SendUnknown, RetryAt: b.now.Add(time.Minute), Error: sendError()})
			b.same("status", b.out(o.ConversationID, o.ID).Status, string(gateway.DeliveryUnknown))
			b.advance(time.Minute)
			b.nothing()
		},
		"lost": func(*gateway.Outgoing) {
			b.advance(lease + gateway.ReconcileAfter)
			b.nothing()
		},
	}
	for name, end := range ends {
		who := gateway.Identity{UserID: name}
		h := b.queue(who)
		b.act(h, gateway.ActionReturn, "marta", "")
		c := b.say(who, "hola")
		t := b.handoffTurn(c)
		t.Outgoing = b.turn(c, "te responderá una persona").Outgoing
		b.commit(c, t)
		o := b.next()
		b.act(*t.Handoff, gateway.ActionClaim, "marta", "")
		b.same("status of "+name, b.out(o.ConversationID, o.ID).Status, string(gateway.DeliverySending))
		end(o)
		b.same("status after "+name, b.out(o.ConversationID, o.ID).Status, string(gateway.DeliveryCanceled))
		b.act(*t.Handoff, gateway.ActionReply, "marta", "Soy Marta")
		b.same("next", b.send(b.name("wamid.")).Text, "Soy Marta")
		// The provider's word for it counts.
		b.accept(b.status(gateway.Status{ProviderID: "wamid." + name, OutgoingID: o.ID, State: gateway.DeliveryDelivered}))
		b.idle()
		b.same("status", b.out(o.ConversationID, o.ID).Status, string(gateway.DeliveryDelivered))
		b.advance(time.Hour)
		b.nothing()
	}
}
