package gatewaytest

import (
	"time"

	"github.com/recado/recado/gateway"
)

func followTests() []test {
	return []test{
		{"FollowIsQueued", testFollow},
		{"FollowIsQueuedOnce", testFollowOnce},
		{"FollowWhileAnAgentHasIt", testFollowOwned},
		{"FollowOnlyWhenRejected", testFollowOthers},
		{"FollowNotWhenItArrived", testFollowArrived},
		{"FollowAfterAStatus", testFollowStatus},
	}
}

// follow is a template that is sent in place of a message.
func (b *bundle) follow(o *gateway.Outgoing) *gateway.Outgoing {
	return &gateway.Outgoing{
		ID: gateway.NewID(), ConversationID: o.ConversationID, Channel: o.Channel, To: o.To, Author: gateway.AuthorBot,
		Text: "¿Seguimos?", CreatedAt: b.now,
		Content: &gateway.Content{Kind: gateway.ContentTemplate, Template: &gateway.TemplateUse{Name: "reopen", Language: "es"}},
	}
}

// rejected is the result of a send that came too late.
func (b *bundle) rejected(o, follow *gateway.Outgoing) gateway.SendResult {
	b.Helper()
	h := gateway.SendFailure(b.conversation(o.ConversationID), o.Text, classed(gateway.ErrorWindow), b.now)
	return gateway.SendResult{Outcome: gateway.SendRejected, Error: classed(gateway.ErrorWindow), Handoff: &h, Follow: follow}
}

func testFollow(b *bundle) {
	b.answer(ana(), "uno")
	o := b.next()
	want := *b.follow(o)
	b.settle(o, b.rejected(o, &want))
	b.crash()
	b.same("mode", b.conversation(o.ConversationID).Mode, gateway.ModeQueued)
	b.same("status", b.out(o.ConversationID, o.ID).Status, string(gateway.DeliveryFailed))
	list := b.messages(o.ConversationID)
	b.same("messages", texts(list), []string{"customer: hola", "bot: uno", "bot: ¿Seguimos?"})
	b.same("type", list[len(list)-1].Type, "template")
	b.advance(24 * time.Hour)
	got := b.next()
	want.Attempt, want.Lease = 1, got.Lease
	b.same("follow", *got, want)
	b.nothing()
}

// testFollowOnce has two messages come too late, which ask for the same.
func testFollowOnce(b *bundle) {
	b.answer(ana(), "uno", "dos")
	o := b.next()
	follow := b.follow(o)
	b.settle(o, b.rejected(o, follow))
	o = b.next()
	b.same("next", o.Text, "dos")
	again := *follow
	again.CreatedAt = b.now.Add(time.Minute)
	b.settle(o, b.rejected(o, &again))
	b.same("status", b.out(o.ConversationID, o.ID).Status, string(gateway.DeliveryFailed))
	b.same("follow", b.send("wamid.1").ID, follow.ID)
	// After it was sent, too.
	c := b.say(ana(), "hola")
	b.commit(c, b.turn(c, "tres"))
	o = b.next()
	b.settle(o, b.rejected(o, follow))
	b.advance(time.Hour)
	b.nothing()
	b.same("status", b.out(o.ConversationID, follow.ID).Status, string(gateway.DeliverySent))
	b.same("handoffs", len(b.handoffs("")), 1)
}

func testFollowOwned(b *bundle) {
	h := b.queue(ana())
	b.act(h, gateway.ActionReply, "marta", "hola")
	o := b.next()
	follow := b.follow(o)
	follow.Author, follow.Agent = gateway.AuthorAgent, "marta"
	b.settle(o, b.rejected(o, follow))
	b.same("follow", b.send("wamid.1").ID, follow.ID)
	b.same("mode", b.conversation(h.ConversationID).Mode, gateway.ModeAgent)
	b.same("handoffs", len(b.handoffs("")), 1)
}

// testFollowOthers settles attempts that are no rejection, or not the caller's.
func testFollowOthers(b *bundle) {
	o := b.answer(ana(), "uno").Outgoing[0]
	first := b.next()
	b.advance(lease + gateway.ReconcileAfter)
	b.nothing2(first)
	b.fails("settle", b.store.Settle(b.Context(), first, b.rejected(first, b.follow(first))), gateway.ErrLeaseLost)
	b.advance(lease + gateway.ReconcileAfter)
	next := b.next()
	r := b.rejected(next, b.follow(next))
	r.Outcome, r.RetryAt, r.Handoff = gateway.SendRetry, b.now.Add(time.Second), nil
	b.settle(next, r)
	b.same("messages", len(b.messages(o.ConversationID)), 2)
	b.advance(time.Second)
	b.same("next", b.send("wamid.1").ID, o.ID)
	b.nothing()
}

func testFollowArrived(b *bundle) {
	b.answer(ana(), "uno")
	o := b.next()
	b.filed(b.status(gateway.Status{ProviderID: "wamid.1", OutgoingID: o.ID, State: gateway.DeliveryDelivered}))
	b.settle(o, b.rejected(o, b.follow(o)))
	b.same("messages", len(b.messages(o.ConversationID)), 2)
	b.same("handoffs", b.handoffs(""), []gateway.Handoff(nil))
	b.advance(time.Hour)
	b.nothing()
}

// testFollowStatus has the channel take a message and say later that the window was
// closed: a person gets it for that reason, and what follows is queued once.
func testFollowStatus(b *bundle) {
	want := b.answer(ana(), "uno").Outgoing[0]
	b.send("wamid.1")
	late := gateway.Status{ProviderID: "wamid.1", OutgoingID: want.ID, State: gateway.DeliveryFailed, Error: classed(gateway.ErrorWindow)}
	b.accept(b.status(late))
	b.idle()
	b.same("reason", b.handoffs(gateway.HandoffQueued)[0].Reason, gateway.ReasonWindow)
	b.crash()
	got, err := b.store.Sent(b.Context(), want.ID)
	b.ok("sent", err)
	b.same("sent", got, want)
	for _, id := range []string{"", "nobody's", "\x00"} {
		_, err := b.store.Sent(b.Context(), id)
		b.fails("sent "+id, err, gateway.ErrNotFound)
	}
	follow := *b.follow(&got)
	before := b.revision()
	for range 2 {
		b.ok("follow", b.store.Follow(b.Context(), follow))
	}
	if b.revision() <= before {
		b.Error("the revision doesn't grow when a message is queued")
	}
	b.crash()
	o := b.next()
	b.same("content", o.Content, follow.Content)
	b.settle(o, gateway.SendResult{Outcome: gateway.SendAccepted, ProviderID: "wamid.2"})
	b.nothing()
}
