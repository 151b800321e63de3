package gatewaytest

import (
	"time"

	"github.com/recado/recado/gateway"
)

func identityTests() []test {
	return []test{
		{"ContactIsFoundByEitherKey", testEitherKey},
		{"ContactIsWhoWroteLast", testWroteLast},
		{"ContactsAreMerged", testMerged},
		{"MergeKeepsThePerson", testMergeOwned},
		{"MergeLosesNoWork", testMergeWork},
		{"PhoneOfAnotherUser", testPhoneMoves},
		{"ChannelsAreApart", testChannels},
		{"ContactFilter", testContactFilter},
	}
}

func both() gateway.Identity {
	return gateway.Identity{UserID: ben().UserID, Phone: ana().Phone}
}

// testEitherKey is a customer whose phone number comes with a user id one day and
// is missing the next.
func testEitherKey(b *bundle) {
	ids := map[string]bool{}
	for i, who := range []gateway.Identity{ana(), both(), ben(), ana()} {
		c := b.say(who, "hola")
		ids[c.Conversation.ID] = true
		// What a message leaves out is known from those before.
		want := []gateway.Identity{ana(), both(), both(), both()}[i]
		b.same("the identity that wrote last", c.Conversation.Contact, want)
		b.commit(c, b.turn(c, "sí"))
		b.same("who is answered", b.send(b.name("wamid.")).To, want)
	}
	b.same("conversations", len(ids), 1)
	b.same("conversations", len(b.conversations("")), 1)
}

// testWroteLast has messages come late: what they say of who wrote is older than what
// is known.
func testWroteLast(b *bundle) {
	c := b.say(both(), "hola")
	b.commit(c, b.turn(c))
	early := b.now
	b.advance(time.Minute)
	renamed := b.message(gateway.Identity{UserID: ben().UserID, Phone: "34600555555"}, "tengo otro número")
	renamed.Name = "Ana María"
	b.accept(renamed)
	late := b.message(both(), "antes escribí esto")
	late.Name, late.At = "Ana", early
	b.accept(late)
	b.advance(quiet)
	c = b.claim()
	b.same("texts", burst(c), []string{"antes escribí esto", "tengo otro número"})
	b.same("contact", c.Conversation.Contact, renamed.From)
	b.same("name", c.Conversation.Name, "Ana María")
	b.same("time", c.Conversation.LastCustomerAt, renamed.At)
	t := b.turn(c, "anotado")
	b.commit(c, t)
	b.same("who is answered", b.send("wamid.1").To, renamed.From)
	// The user id alone: the number is the one that they wrote from last.
	c = b.say(ben(), "gracias")
	b.same("contact", c.Conversation.Contact, renamed.From)
	b.commit(c, b.turn(c))
	// A number that somebody else has by now is not filled in.
	other := b.say(gateway.Identity{UserID: "ES.Other", Phone: renamed.From.Phone}, "hola")
	b.commit(other, b.turn(other))
	b.same("contact", b.say(ben(), "sigo aquí").Conversation.Contact, both())
}

// testMerged is a customer who was taken for two until one webhook named both.
func testMerged(b *bundle) {
	b.answer(ana(), "al teléfono")
	b.advance(time.Second)
	b.answer(ben(), "al usuario")
	b.same("conversations", len(b.conversations("")), 2)
	one := b.say(both(), "soy uno")
	b.commit(one, b.turn(one))
	for _, who := range []gateway.Identity{ana(), ben()} {
		c := b.say(who, "¿y ahora?")
		b.same("conversation", c.Conversation.ID, one.Conversation.ID)
		b.commit(c, b.turn(c))
	}
	b.same("conversations", len(b.conversations("")), 1)
	b.same("messages", texts(b.messages(one.Conversation.ID)), []string{
		"customer: hola", "bot: al teléfono", "customer: hola", "bot: al usuario",
		"customer: soy uno", "customer: ¿y ahora?", "customer: ¿y ahora?",
	})
	b.same("records", len(b.records(one.Conversation.ID)), 5)
	b.send("wamid.1")
	b.send("wamid.2")
}

// testMergeOwned merges a conversation that a person owns with one that the bot
// answers, both ways round: the person keeps it.
func testMergeOwned(b *bundle) {
	for i, owned := range []gateway.Identity{{Phone: "11"}, {UserID: "U2"}} {
		other := []gateway.Identity{{UserID: "U1"}, {Phone: "22"}}[i]
		h := b.queue(owned)
		b.act(h, gateway.ActionClaim, "marta", "")
		b.advance(time.Second)
		b.answer(other, "hola")
		b.send(b.name("wamid."))
		late := b.answer(other, "que no salga").Outgoing[0]
		one := b.say(gateway.Identity{Phone: owned.Phone + other.Phone, UserID: owned.UserID + other.UserID}, "soy uno")
		b.same("mode", one.Conversation.Mode, gateway.ModeAgent)
		b.same("agent", one.Conversation.Agent, "marta")
		b.same("what the bot still had to say", b.out(one.Conversation.ID, late.ID).Status, string(gateway.DeliveryCanceled))
		b.commit(one, b.turn(one))
		open, err := b.store.Handoff(b.Context(), h.ID)
		b.ok("handoff", err)
		b.same("handoff's conversation", open.ConversationID, one.Conversation.ID)
		b.act(open, gateway.ActionReply, "marta", "sigo aquí")
		b.same("reply to", b.send(b.name("wamid.")).ConversationID, one.Conversation.ID)
	}
}

// testMergeWork merges while a message waits, a turn is under way and a reply is
// being sent.
func testMergeWork(b *bundle) {
	sent := b.answer(ben(), "se envía").Outgoing[0]
	o := b.next()
	mine := b.say(ben(), "para el usuario")
	b.accept(b.message(ana(), "para el teléfono"), b.message(both(), "soy uno"))
	b.advance(quiet)
	b.idle2(mine)
	b.settle(o, gateway.SendResult{Outcome: gateway.SendAccepted, ProviderID: "wamid.1"})
	// The turn under way can't be committed any more, whoever has the lease now.
	if err := b.store.Commit(b.Context(), mine, b.turn(mine, "no")); err == nil {
		b.Error("a turn was committed although a newer message came")
	}
	b.ok("abandon", b.store.Abandon(b.Context(), mine, b.turn(mine).Record, b.now))
	b.advance(lease)
	c := b.claim()
	b.same("texts", burst(c), []string{"para el usuario", "para el teléfono", "soy uno"})
	b.commit(c, b.turn(c, "sí"))
	b.same("status", b.out(c.Conversation.ID, sent.ID).Status, string(gateway.DeliverySent))
	b.idle()
}

// idle2 files what was accepted. The merged conversation may be claimed by that or
// may still be leased; a claim is given back.
func (b *bundle) idle2(mine *gateway.Claim) {
	b.Helper()
	c, err := b.store.Claim(b.Context(), b.now, lease)
	if err != nil {
		b.fails("claim", err, gateway.ErrNoWork)
		return
	}
	if c.Lease == mine.Lease {
		b.Error("two claims with one lease")
	}
	b.ok("abandon", b.store.Abandon(b.Context(), c, b.turn(c).Record, b.now))
}

// testPhoneMoves gives a phone number to somebody else: who has another user id is
// another person and must not see the first one's conversation.
func testPhoneMoves(b *bundle) {
	before := b.say(both(), "mi secreto")
	b.commit(before, b.turn(before))
	other := b.say(gateway.Identity{UserID: "ES.Other", Phone: both().Phone}, "hola")
	if other.Conversation.ID == before.Conversation.ID || len(other.History) > 0 {
		b.Error("a phone number's new owner sees the conversation of the one before")
	}
	b.commit(other, b.turn(other))
	again := b.say(ben(), "sigo aquí")
	b.same("conversation of the user", again.Conversation.ID, before.Conversation.ID)
	b.commit(again, b.turn(again))
	b.same("conversation of the number", b.say(ana(), "y yo").Conversation.ID, other.Conversation.ID)
}

func testChannels(b *bundle) {
	first := b.say(ana(), "hola")
	other := b.message(ana(), "hola")
	other.Channel = "another"
	b.accept(other)
	b.advance(quiet)
	second := b.claim()
	b.same("channel", second.Conversation.Channel, "another")
	b.same("contact", second.Conversation.ContactID, first.Conversation.ContactID)
	if second.Conversation.ID == first.Conversation.ID {
		b.Error("two channels share a conversation")
	}
	b.commit(first, b.turn(first))
	b.commit(second, b.turn(second))
	b.same("conversations", len(b.conversations(ana().Phone)), 2)
}

func testContactFilter(b *bundle) {
	c := b.say(both(), "hola")
	b.answer(gateway.Identity{Phone: "34600999888"}, "otra")
	for contact, want := range map[string]int{
		"": 2, ana().Phone: 1, "+" + ana().Phone: 1, ben().UserID: 1, "es.aB12cdEF34": 0, "3460011122": 0, "%": 0,
	} {
		list := b.conversations(contact)
		b.same("conversations of "+contact, len(list), want)
		if want == 1 && len(list) == 1 {
			b.same("conversation", list[0].ID, c.Conversation.ID)
		}
	}
}
