package gatewaytest

import (
	"fmt"
	"time"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/rag/assure"
)

func changeTests() []test {
	return []test{
		{"NumberChanges", testNumberChanges},
		{"NumberOfAStrangerChanges", testUnknownChanges},
		{"NumberChangesToAKnownOne", testChangesToKnown},
		{"UserIDChanges", testUserChanges},
		{"ChangeKeepsThePerson", testChangeOwned},
		{"ChangeLosesNoWork", testChangeWork},
		{"OldNumberIsSomebodyElses", testOldNumber},
		{"DoubtOfAllConversations", testDoubtAll},
		{"DoubtWithoutAChange", testDoubtAlone},
		{"VerifyEndsTheDoubt", testVerify},
	}
}

// change tells that who was one is the other now.
func (b *bundle) change(was, is gateway.Identity) gateway.Event {
	e := b.signal(is, "system", "Ha cambiado de número")
	e.Message.Was = &was
	return e
}

// eva is a number that customers change to.
func eva() gateway.Identity { return gateway.Identity{Phone: "34600777777"} }

func testNumberChanges(b *bundle) {
	t := b.answer(ana(), "sí")
	b.send("wamid.1")
	b.advance(time.Hour)
	e := b.change(ana(), eva())
	b.filed(e)
	b.crash()
	got := b.only(eva().Phone)
	b.same("conversation", got.ID, t.Conversation.ID)
	b.same("contact", got.Contact, eva())
	b.same("doubt", got.DoubtedAt, e.At)
	b.same("customer's time", got.LastCustomerAt, t.Conversation.LastCustomerAt)
	b.same("conversations of the old number", len(b.conversations(ana().Phone)), 0)
	b.same("change", b.in(got.ID, e).Message, e.Message)
	c := b.say(eva(), "soy yo")
	b.same("conversation", c.Conversation.ID, t.Conversation.ID)
	b.same("doubt of the turn", c.Conversation.DoubtedAt, e.At)
	b.same("history", texts(c.History), []string{"customer: hola", "bot: sí"})
	b.commit(c, b.turn(c, "hola"))
	b.same("who is answered", b.send("wamid.2").To, eva())
	b.same("doubt after the turn", b.conversation(got.ID).DoubtedAt, e.At)
}

func testUnknownChanges(b *bundle) {
	e := b.change(ana(), eva())
	b.filed(e)
	got := b.only(eva().Phone)
	b.same("contact", got.Contact, eva())
	b.same("doubt", got.DoubtedAt, e.At)
	b.same("conversations", len(b.conversations("")), 1)
	c := b.say(eva(), "hola")
	b.same("conversation", c.Conversation.ID, got.ID)
	b.commit(c, b.turn(c))
	// One that is known already, and whose old number nobody had.
	b.answer(ben())
	e = b.change(gateway.Identity{Phone: "34600000009"}, ben())
	b.filed(e)
	b.same("doubt", b.only(ben().UserID).DoubtedAt, e.At)
	b.same("conversations", len(b.conversations("")), 2)
}

// testChangesToKnown has both numbers known, each with a conversation: they become
// one, whichever is the older.
func testChangesToKnown(b *bundle) {
	for i := range 2 {
		was, is := gateway.Identity{Phone: fmt.Sprint("1", i)}, gateway.Identity{Phone: fmt.Sprint("2", i)}
		order := []gateway.Identity{was, is}
		for _, who := range []gateway.Identity{order[i], order[1-i]} {
			c := b.say(who, "soy "+who.Phone)
			b.commit(c, b.turn(c))
		}
		e := b.change(was, is)
		b.filed(e)
		got := b.only(is.Phone)
		b.same("doubt", got.DoubtedAt, e.At)
		b.same("contact", got.Contact, is)
		b.same("messages", texts(b.messages(got.ID)), []string{
			"customer: soy " + order[i].Phone, "customer: soy " + order[1-i].Phone, "customer: Ha cambiado de número",
		})
		b.same("records", len(b.records(got.ID)), 2)
		b.same("conversations", len(b.conversations("")), i+1)
		c := b.say(is, "¿y?")
		b.same("conversation", c.Conversation.ID, got.ID)
		b.commit(c, b.turn(c))
	}
}

// testUserChanges has the user id change, which keeps the number, and then the number,
// which keeps the user id.
func testUserChanges(b *bundle) {
	t := b.answer(both())
	now := gateway.Identity{UserID: "ES.New", Phone: both().Phone}
	e := b.change(gateway.Identity{UserID: both().UserID}, now)
	b.filed(e)
	got := b.only("ES.New")
	b.same("conversation", got.ID, t.Conversation.ID)
	b.same("contact", got.Contact, now)
	b.same("doubt", got.DoubtedAt, e.At)
	b.same("conversations of the number", b.only(both().Phone).ID, got.ID)
	other := b.say(ben(), "who am I?")
	if other.Conversation.ID == got.ID || len(other.History) > 0 || other.Conversation.DoubtedAt.IsZero() {
		b.Error("an old user id still opens the conversation of who had it")
	}
	b.commit(other, b.turn(other))
	b.filed(b.change(gateway.Identity{Phone: both().Phone}, eva()))
	for _, who := range []gateway.Identity{eva(), {UserID: "ES.New"}, {UserID: "ES.New", Phone: eva().Phone}} {
		c := b.say(who, "soy yo")
		b.same("conversation", c.Conversation.ID, got.ID)
		b.commit(c, b.turn(c))
	}
	b.same("conversations of the old number", len(b.conversations(both().Phone)), 0)
}

// testChangeOwned has an agent in the conversation of the old number, and in that of
// the new one: the agent keeps it.
func testChangeOwned(b *bundle) {
	for i := range 2 {
		was, is := gateway.Identity{Phone: fmt.Sprint("1", i)}, gateway.Identity{Phone: fmt.Sprint("2", i)}
		owned, other := []gateway.Identity{was, is}[i], []gateway.Identity{is, was}[i]
		h := b.queue(owned)
		b.act(h, gateway.ActionClaim, "marta", "")
		b.answer(other)
		b.filed(b.change(was, is))
		got := b.only(is.Phone)
		b.same("mode", got.Mode, gateway.ModeAgent)
		b.same("agent", got.Agent, "marta")
		b.same("doubt", got.DoubtedAt.IsZero(), false)
		open, err := b.store.Handoff(b.Context(), h.ID)
		b.ok("handoff", err)
		b.same("handoff's conversation", open.ConversationID, got.ID)
		b.act(open, gateway.ActionReply, "marta", "sigo aquí")
		b.same("reply to", b.send(b.name("wamid.")).To, is)
	}
}

// testChangeWork changes the number while a message waits, a file is fetched and a
// reply is being sent: all of it is still done. What the bot had not begun to send goes
// to a person.
func testChangeWork(b *bundle) {
	sent := b.answer(ana(), "se envía", "aún no").Outgoing
	o := b.next()
	photo := b.media(ana(), "image", "mira")
	b.accept(photo, b.message(eva(), "y desde aquí"))
	b.idle()
	f := b.file()
	b.filed(b.change(ana(), eva()))
	b.settleFile(f, fetched("una vela"))
	b.settle(o, gateway.SendResult{Outcome: gateway.SendAccepted, ProviderID: "wamid.1"})
	b.nothing()
	b.advance(quiet)
	c := b.claim()
	b.same("withheld", b.out(c.Conversation.ID, sent[1].ID).Status, string(gateway.DeliveryCanceled))
	b.same("mode", c.Conversation.Mode, gateway.ModeQueued)
	b.same("reason", b.handoffs(gateway.HandoffQueued)[0].Reason, gateway.ReasonIdentity)
	b.same("texts", burst(c), []string{"mira\nuna vela", "y desde aquí"})
	b.commit(c, b.turn(c))
	b.idle()
	b.same("file's conversation", b.readFile(f.ID).ConversationID, c.Conversation.ID)
	b.accept(b.status(gateway.Status{ProviderID: "wamid.1", State: gateway.DeliveryRead}))
	b.idle()
	b.same("status", b.out(c.Conversation.ID, o.ID).Status, string(gateway.DeliveryRead))
}

// testOldNumber gives a number that somebody left to a stranger, who is new here.
func testOldNumber(b *bundle) {
	c := b.say(ana(), "mi secreto")
	b.commit(c, b.turn(c))
	b.filed(b.change(ana(), eva()))
	for _, stranger := range []gateway.Identity{ana(), {UserID: "ES.Stranger", Phone: ana().Phone}} {
		other := b.say(stranger, "hola")
		if other.Conversation.ID == c.Conversation.ID || other.Conversation.ContactID == c.Conversation.ContactID {
			b.Error("a number's new owner sees the conversation of the one before")
		}
		b.same("certainty", other.Conversation.DoubtedAt.IsZero(), false)
		b.commit(other, b.turn(other))
	}
	b.same("messages", texts(b.messages(c.Conversation.ID)), []string{"customer: mi secreto", "customer: Ha cambiado de número"})
}

// testDoubtAll doubts who is behind an identity on both of the shop's numbers, and
// on no other customer's.
func testDoubtAll(b *bundle) {
	b.answer(ana())
	other := b.message(ana(), "hola")
	other.Channel = "another"
	b.accept(other)
	b.advance(quiet)
	c := b.claim()
	b.commit(c, b.turn(c))
	b.answer(ben())
	e := b.change(ana(), eva())
	b.filed(e)
	list := b.conversations(eva().Phone)
	b.same("conversations", len(list), 2)
	for _, c := range list {
		b.same("doubt", c.DoubtedAt, e.At)
	}
	b.same("doubt of another", b.only(ben().UserID).DoubtedAt, time.Time{})
}

func testDoubtAlone(b *bundle) {
	b.answer(ana())
	b.filed(b.signal(ana(), "request_welcome", ""))
	b.same("doubt after another signal", b.only(ana().Phone).DoubtedAt, time.Time{})
	e := b.signal(ana(), "system", "Su código de seguridad ha cambiado")
	b.filed(e)
	b.crash()
	b.same("doubt", b.only(ana().Phone).DoubtedAt, e.At)
	b.advance(time.Hour)
	later := b.signal(ana(), "system", "Y otra vez")
	b.filed(later)
	b.same("doubt told again", b.only(ana().Phone).DoubtedAt, later.At)
}

func testVerify(b *bundle) {
	h := b.queue(ana())
	e := b.signal(ana(), "system", "")
	b.filed(e)
	_, err := b.try(h, gateway.ActionVerify, "marta", "")
	b.fails("verify what nobody has", err, gateway.ErrTaken)
	b.act(h, gateway.ActionClaim, "marta", "")
	_, err = b.try(h, gateway.ActionVerify, "luis", "")
	b.fails("verify what another has", err, gateway.ErrTaken)
	before := b.conversation(h.ConversationID)
	b.same("doubt", before.DoubtedAt, e.At)
	revision := b.revision()
	b.advance(time.Second)
	b.same("state", b.act(h, gateway.ActionVerify, "marta", "").State, gateway.HandoffClaimed)
	if b.revision() <= revision {
		b.Error("the revision doesn't grow when somebody is verified")
	}
	b.crash()
	after := b.conversation(h.ConversationID)
	before.DoubtedAt, before.UpdatedAt, before.Memory.Level = time.Time{}, b.now, assure.Verified
	b.same("conversation", after, before)
	b.nothing()
	b.act(h, gateway.ActionReturn, "marta", "")
	_, err = b.try(h, gateway.ActionVerify, "marta", "")
	b.fails("verify after the end", err, gateway.ErrClosed)
	c := b.say(ana(), "gracias")
	b.same("doubt of the turn", c.Conversation.DoubtedAt, time.Time{})
}
