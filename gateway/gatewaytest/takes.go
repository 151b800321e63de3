package gatewaytest

import (
	"time"

	"github.com/recado/recado/gateway"
)

func takeTests() []test {
	return []test{
		{"TakeOpensAHandoff", testTake},
		{"TakeClaimsTheOpenHandoff", testTakeOpen},
		{"TakeOfAClosedConversation", testTakeClosed},
		{"TakeDuringTheTurn", testTakeDuring},
		{"TakeRefuses", testTakeRefuses},
		{"ReplyWithContent", testReplyContent},
		{"ReplyAfterTheWindow", testReplyTemplate},
	}
}

func (b *bundle) take(conversationID, agent string) (gateway.Handoff, error) {
	return b.store.Act(b.Context(), gateway.Action{ConversationID: conversationID, Kind: gateway.ActionTake, Agent: agent, At: b.now})
}

func testTake(b *bundle) {
	t := b.answer(ana(), "uno", "dos")
	b.settle(b.next(), gateway.SendResult{Outcome: gateway.SendRetry, RetryAt: b.now.Add(time.Minute), Error: sendError()})
	before, revision := b.conversation(t.Conversation.ID), b.revision()
	b.advance(time.Second)
	h, err := b.take(before.ID, "marta")
	b.ok("take", err)
	if b.revision() <= revision {
		b.Error("the revision doesn't grow when an agent takes a conversation")
	}
	b.crash()
	applied, err := gateway.Take(before, gateway.Action{Agent: "marta", At: b.now})
	b.ok("what it should be", err)
	want := applied.Handoff
	want.ID = h.ID
	b.same("handoff", h, want)
	b.same("handoffs", b.handoffs(""), []gateway.Handoff{want})
	b.same("conversation", b.conversation(before.ID), applied.Conversation)
	b.same("epoch", applied.Conversation.Epoch, before.Epoch+1)
	for _, o := range t.Outgoing {
		b.same("status", b.out(o.ConversationID, o.ID).Status, string(gateway.DeliveryCanceled))
	}
	b.advance(time.Hour)
	b.nothing()
	b.act(h, gateway.ActionReply, "marta", "Soy Marta")
	b.same("next", b.send("wamid.1").Text, "Soy Marta")
	b.act(h, gateway.ActionReturn, "marta", "")
	b.answer(ana(), "tres")
	b.same("next", b.send("wamid.2").Text, "tres")
}

// testTakeOpen takes what waits for a person already, what is one's own already, and
// what another has.
func testTakeOpen(b *bundle) {
	h := b.queue(ana())
	b.advance(time.Second)
	got, err := b.take(h.ConversationID, "marta")
	b.ok("take", err)
	h.State, h.Agent, h.UpdatedAt = gateway.HandoffClaimed, "marta", b.now
	b.same("handoff", got, h)
	before := b.conversation(h.ConversationID)
	b.same("mode", before.Mode, gateway.ModeAgent)
	b.advance(time.Second)
	got, err = b.take(h.ConversationID, "marta")
	b.ok("take again", err)
	b.same("handoff", got, h)
	_, err = b.take(h.ConversationID, "luis")
	b.fails("take another's", err, gateway.ErrTaken)
	b.same("conversation", b.conversation(h.ConversationID), before)
	b.same("handoffs", b.handoffs(""), []gateway.Handoff{h})
	// By its id, it is a claim.
	other := b.queue(ben())
	got = b.act(other, gateway.ActionTake, "marta", "")
	b.same("agent", got.Agent, "marta")
	b.same("reason", got.Reason, gateway.ReasonLegal)
}

func testTakeClosed(b *bundle) {
	h := b.queue(ana())
	b.act(h, gateway.ActionResolve, "marta", "")
	before := b.conversation(h.ConversationID)
	b.advance(48 * time.Hour)
	got, err := b.take(h.ConversationID, "luis")
	b.ok("take", err)
	b.same("reason", got.Reason, gateway.ReasonAgent)
	c := b.conversation(h.ConversationID)
	b.same("mode", c.Mode, gateway.ModeAgent)
	b.same("agent", c.Agent, "luis")
	b.same("epoch", c.Epoch, before.Epoch+1)
	b.same("handoffs", len(b.handoffs("")), 2)
	claim := b.say(ana(), "hola")
	b.same("mode of the turn", claim.Conversation.Mode, gateway.ModeAgent)
}

func testTakeDuring(b *bundle) {
	for _, end := range []gateway.ActionKind{"", gateway.ActionReturn} {
		c := b.say(ana(), "hola")
		h, err := b.take(c.Conversation.ID, "marta")
		b.ok("take", err)
		if end != "" {
			b.act(h, end, "marta", "")
		}
		t := b.handoffTurn(c)
		t.Outgoing = b.turn(c, "no").Outgoing
		b.fails("commit after "+string(end), b.store.Commit(b.Context(), c, t), gateway.ErrHumanOwns)
		b.nothing()
		b.ok("abandon", b.store.Abandon(b.Context(), c, t.Record, b.now))
		c = b.claim()
		b.same("mode", c.Conversation.Mode == gateway.ModeAgent, end == "")
		b.commit(c, b.turn(c))
		if end == "" {
			b.act(h, gateway.ActionReturn, "marta", "")
		}
	}
}

func testTakeRefuses(b *bundle) {
	c := b.answer(ana(), "uno").Conversation
	before, revision := b.conversation(c.ID), b.revision()
	_, err := b.take(c.ID, " ")
	b.fails("nobody takes", err, gateway.ErrInvalid)
	for _, id := range []string{"", "x", gateway.NewID(), "'"} {
		_, err = b.take(id, "marta")
		b.fails("take nothing", err, gateway.ErrNotFound)
	}
	b.same("conversation", b.conversation(c.ID), before)
	b.same("handoffs", b.handoffs(""), []gateway.Handoff(nil))
	b.same("revision", b.revision(), revision)
	b.same("next", b.send("wamid.1").Text, "uno")
}

// reply sends something with content as an agent.
func (b *bundle) reply(h gateway.Handoff, text string, c *gateway.Content) (string, error) {
	id := gateway.NewID()
	_, err := b.store.Act(b.Context(), gateway.Action{
		HandoffID: h.ID, Kind: gateway.ActionReply, Agent: "marta", Text: text, Content: c, OutgoingID: id, At: b.now,
	})
	return id, err
}

// captions are the texts that the contents of fullContents take.
func captions() []string {
	return []string{"texto", "texto", "texto", "", "texto", "", "", "", "texto"}
}

func testReplyContent(b *bundle) {
	h := b.queue(ana())
	for i, content := range fullContents() {
		text := captions()[i]
		id, err := b.reply(h, text, &content)
		b.ok("reply with "+string(content.Kind), err)
		o := b.send(b.name("wamid."))
		b.same("id", o.ID, id)
		b.same("text", o.Text, text)
		b.same("content", o.Content, &content)
		b.same("content in the conversation", b.out(o.ConversationID, id).Content, &content)
		b.same("expires", o.ExpiresAt.IsZero(), content.Kind == gateway.ContentTemplate)
	}
	before, revision := b.messages(h.ConversationID), b.revision()
	for name, c := range map[string]gateway.Content{
		"nothing to tap": {Kind: gateway.ContentButtons}, "no file": {Kind: gateway.ContentImage}, "what nobody knows": {Kind: "dance"},
	} {
		_, err := b.reply(h, "texto", &c)
		b.fails(name, err, gateway.ErrInvalid)
	}
	b.same("messages", b.messages(h.ConversationID), before)
	b.same("revision", b.revision(), revision)
}

// testReplyTemplate writes when the window is over: a template goes, and nothing else.
func testReplyTemplate(b *bundle) {
	h := b.queue(ana())
	b.advance(gateway.ServiceWindow)
	contents := fullContents()
	for i, content := range contents[:len(contents)-1] {
		_, err := b.reply(h, captions()[i], &content)
		b.fails("reply with "+string(content.Kind), err, gateway.ErrWindowClosed)
	}
	_, err := b.reply(h, "texto", nil)
	b.fails("reply with a text", err, gateway.ErrWindowClosed)
	got, err := b.store.Handoff(b.Context(), h.ID)
	b.ok("handoff", err)
	b.same("handoff", got, h)
	id, err := b.reply(h, "Tu pedido W1 llega el viernes.", &contents[len(contents)-1])
	b.ok("reply with a template", err)
	b.advance(48 * time.Hour)
	o := b.send("wamid.1")
	b.same("id", o.ID, id)
	b.same("expires", o.ExpiresAt, time.Time{})
	b.same("agent", b.conversation(h.ConversationID).Agent, "marta")
}
