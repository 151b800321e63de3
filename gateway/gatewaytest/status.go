package gatewaytest

import (
	"fmt"
	"slices"
	"time"

	"github.com/recado/recado/gateway"
)

func statusTests() []test {
	return []test{
		{"StatusesInAnyOrder", testAnyOrder},
		{"StatusBeforeSettlement", testStatusFirst},
		{"StatusSettlesAnUnknownSend", testReconcile},
		{"StatusBeatsTheOutcome", testStatusBeats},
		{"StatusFailedOpensAHandoff", testFailed},
		{"StatusFailedOfAnOwnedConversation", testFailedOwned},
		{"StatusOfOthers", testStatusOfOthers},
	}
}

// testAnyOrder delivers all statuses in every order: the one that says most
// stays, and a failure that a delivery followed or preceded is none.
func testAnyOrder(b *bundle) {
	states := []gateway.DeliveryState{gateway.DeliverySent, gateway.DeliveryFailed, gateway.DeliveryDelivered, gateway.DeliveryRead, ""}
	for i := range 24 {
		order := permutation(states, i*5)
		who := gateway.Identity{Phone: fmt.Sprint(1000 + i)}
		o := b.answer(who, "uno").Outgoing[0]
		b.send("wamid." + o.ID)
		best := gateway.DeliverySent
		for _, state := range order[:1+i%5] {
			b.accept(b.status(gateway.Status{ProviderID: "wamid." + o.ID, State: state}))
			b.idle()
			if state.Rank() > best.Rank() {
				best = state
			}
			b.same(fmt.Sprint("status after ", order), b.out(o.ConversationID, o.ID).Status, string(best))
		}
	}
}

// permutation gives the nth order of a list.
func permutation(states []gateway.DeliveryState, n int) []gateway.DeliveryState {
	var order []gateway.DeliveryState
	rest := slices.Clone(states)
	for len(rest) > 0 {
		i := n % len(rest)
		n /= len(rest)
		order = append(order, rest[i])
		rest = slices.Delete(rest, i, i+1)
	}
	return order
}

// testStatusFirst has the statuses overtake the answer of the provider.
func testStatusFirst(b *bundle) {
	for _, byOurs := range []bool{true, false} {
		o := b.answer(ana(), "uno").Outgoing[0]
		next := b.next()
		s := gateway.Status{ProviderID: "wamid." + o.ID, State: gateway.DeliveryDelivered}
		if byOurs {
			s.OutgoingID = o.ID
		}
		b.accept(b.status(s))
		b.idle()
		if byOurs {
			b.same("status", b.out(o.ConversationID, o.ID).Status, string(gateway.DeliveryDelivered))
		}
		b.settle(next, gateway.SendResult{Outcome: gateway.SendAccepted, ProviderID: "wamid." + o.ID})
		got := b.out(o.ConversationID, o.ID)
		b.same("status", got.Status, string(gateway.DeliveryDelivered))
		b.same("provider's id", got.ProviderID, "wamid."+o.ID)
		b.advance(time.Hour)
		b.nothing()
	}
	// A failure that waited for the settlement opens the handoff with it.
	o := b.answer(ana(), "dos").Outgoing[0]
	next := b.next()
	b.accept(b.status(gateway.Status{ProviderID: "wamid.two", State: gateway.DeliveryFailed, Error: sendError()}))
	b.idle()
	b.settle(next, gateway.SendResult{Outcome: gateway.SendAccepted, ProviderID: "wamid.two"})
	b.same("status", b.out(o.ConversationID, o.ID).Status, string(gateway.DeliveryFailed))
	b.same("handoffs", len(b.handoffs(gateway.HandoffQueued)), 1)
}

// testReconcile has a status tell that a send with an unknown outcome went well.
func testReconcile(b *bundle) {
	for i, lost := range []bool{true, false} {
		o := b.answer(ana(), "uno", "dos").Outgoing[0]
		next := b.next()
		if lost {
			b.advance(lease)
			b.nothing()
		} else {
			b.settle(next, gateway.SendResult{Outcome: gateway.SendUnknown, RetryAt: b.now.Add(time.Minute), Error: sendError()})
		}
		id := fmt.Sprint("wamid.", i)
		b.accept(b.status(gateway.Status{ProviderID: id, OutgoingID: o.ID, State: gateway.DeliverySent}))
		b.idle()
		got := b.out(o.ConversationID, o.ID)
		b.same("status", got.Status, string(gateway.DeliverySent))
		b.same("provider's id", got.ProviderID, id)
		b.same("after it", b.send(id+".two").Text, "dos")
		b.accept(b.status(gateway.Status{ProviderID: id, State: gateway.DeliveryRead}))
		b.idle()
		b.same("status", b.out(o.ConversationID, o.ID).Status, string(gateway.DeliveryRead))
		b.advance(time.Hour)
		b.nothing()
	}
}

// testStatusBeats has the status come during an attempt whose outcome is not known or
// looks like a refusal: the provider's word for it counts, and it is not sent again.
func testStatusBeats(b *bundle) {
	for i, outcome := range []gateway.SendOutcome{gateway.SendUnknown, gateway.SendRetry, gateway.SendRejected} {
		o := b.answer(ana(), "uno").Outgoing[0]
		next := b.next()
		b.accept(b.status(gateway.Status{
			ProviderID: fmt.Sprint("wamid.", i), OutgoingID: o.ID, State: gateway.DeliveryDelivered,
		}))
		b.idle()
		failure := gateway.SendFailure(b.conversation(o.ConversationID), o.Text, nil, b.now)
		b.settle(next, gateway.SendResult{
			Outcome: outcome, RetryAt: b.now.Add(time.Minute), Error: sendError(), Handoff: &failure,
		})
		b.same("status after "+string(outcome), b.out(o.ConversationID, o.ID).Status, string(gateway.DeliveryDelivered))
		b.advance(time.Hour)
		b.nothing()
		b.same("handoffs", b.handoffs(""), []gateway.Handoff(nil))
	}
}

func testFailed(b *bundle) {
	o := b.answer(ana(), "tu pedido llega el viernes").Outgoing[0]
	b.send("wamid.1")
	before := b.conversation(o.ConversationID)
	failed := gateway.Status{ProviderID: "wamid.1", OutgoingID: o.ID, State: gateway.DeliveryFailed, Error: sendError()}
	b.accept(b.status(failed))
	b.idle()
	got := b.out(o.ConversationID, o.ID)
	b.same("status", got.Status, string(gateway.DeliveryFailed))
	b.same("error", got.Error, sendError())
	list := b.handoffs(gateway.HandoffQueued)
	b.same("handoffs", len(list), 1)
	want := gateway.SendFailure(before, o.Text, nil, b.now)
	want.ID = list[0].ID
	b.same("handoff", list[0], want)
	queued := b.conversation(before.ID)
	b.same("mode", queued.Mode, gateway.ModeQueued)
	if queued.Epoch <= before.Epoch {
		b.Errorf("epoch %d after %d: the conversation changed hands", queued.Epoch, before.Epoch)
	}
	// Another failure of the same message is nothing new, even when a person has
	// dealt with the first.
	b.act(list[0], gateway.ActionReturn, "marta", "")
	again := b.status(failed)
	b.accept(again)
	b.idle()
	b.same("open handoffs", b.handoffs(gateway.HandoffQueued), []gateway.Handoff(nil))
	b.same("mode", b.conversation(before.ID).Mode, gateway.ModeBot)
	// A failure after the delivery is another device's.
	o = b.answer(ana(), "otra").Outgoing[0]
	b.send("wamid.2")
	for _, state := range []gateway.DeliveryState{gateway.DeliveryDelivered, gateway.DeliveryFailed} {
		b.accept(b.status(gateway.Status{ProviderID: "wamid.2", State: state}))
	}
	b.idle()
	b.same("status", b.out(o.ConversationID, o.ID).Status, string(gateway.DeliveryDelivered))
	b.same("open handoffs", b.handoffs(gateway.HandoffQueued), []gateway.Handoff(nil))
}

func testFailedOwned(b *bundle) {
	o := b.answer(ana(), "uno").Outgoing[0]
	b.send("wamid.1")
	h := b.queue(ana())
	b.act(h, gateway.ActionClaim, "marta", "")
	b.accept(b.status(gateway.Status{ProviderID: "wamid.1", State: gateway.DeliveryFailed, Error: sendError()}))
	b.idle()
	b.same("status", b.out(o.ConversationID, o.ID).Status, string(gateway.DeliveryFailed))
	b.same("handoffs", len(b.handoffs("")), 1)
	c := b.conversation(h.ConversationID)
	b.same("mode", c.Mode, gateway.ModeAgent)
	b.same("agent", c.Agent, "marta")
}

// testStatusOfOthers has statuses of messages that were never ours, among them
// ones that name a message of somebody else by our id or by nothing.
func testStatusOfOthers(b *bundle) {
	o := b.answer(ana(), "uno").Outgoing[0]
	b.send("wamid.1")
	for _, s := range []gateway.Status{
		{ProviderID: "wamid.foreign", State: gateway.DeliveryFailed},
		{ProviderID: "wamid.foreign", OutgoingID: gateway.NewID(), State: gateway.DeliveryFailed},
		{ProviderID: "wamid.foreign", OutgoingID: "not an id of ours", State: gateway.DeliveryFailed},
		{State: gateway.DeliveryFailed},
	} {
		b.accept(b.status(s))
		b.idle()
	}
	b.same("status", b.out(o.ConversationID, o.ID).Status, string(gateway.DeliverySent))
	b.same("handoffs", b.handoffs(""), []gateway.Handoff(nil))
}
