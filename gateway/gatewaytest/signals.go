package gatewaytest

import (
	"time"

	"github.com/recado/recado/gateway"
)

func signalTests() []test {
	return []test{
		{"SignalsWantNoTurn", testSignal},
		{"SignalsOfStrangers", testSignalFirst},
		{"SignalsLeaveTheTurnAlone", testSignalDuringTurn},
		{"RevokeBeforeTheTurn", testRevokeBefore},
		{"RevokeDuringTheTurn", testRevokeDuring},
		{"RevokeAfterTheTurn", testRevokeAfter},
		{"RevokeAfterAnEdit", testRevokeEdited},
		{"EditAtAnyTime", testEdit},
		{"EditsOfNothing", testEditOthers},
	}
}

// signal makes an event that wants no turn.
func (b *bundle) signal(from gateway.Identity, kind, text string) gateway.Event {
	e := b.message(from, text)
	e.Kind, e.Message.Type = gateway.EventSignal, kind
	return e
}

// revoke is the customer withdrawing a message, and edit their changing it.
func (b *bundle) revoke(target gateway.Event) gateway.Event { return b.edit(target, "revoke", "") }

func (b *bundle) edit(target gateway.Event, kind, text string) gateway.Event {
	e := b.signal(target.From, kind, text)
	e.About, e.Message.QuotedID = target.Key, target.Message.ProviderID
	return e
}

// only gives the one conversation of a contact.
func (b *bundle) only(contact string) gateway.Conversation {
	b.Helper()
	list := b.conversations(contact)
	if len(list) != 1 {
		b.Fatalf("a contact has %d conversations; want one", len(list))
	}
	return list[0]
}

// filed takes events in, files them and checks that no turn is due.
func (b *bundle) filed(events ...gateway.Event) {
	b.Helper()
	b.same("fresh", b.accept(events...), keys(events))
	b.idle()
}

func testSignal(b *bundle) {
	h := b.queue(ana())
	b.act(h, gateway.ActionResolve, "marta", "")
	before := b.conversation(h.ConversationID)
	revision := b.revision()
	b.advance(time.Hour)
	e := b.signal(ana(), "request_welcome", "Ha abierto el chat")
	b.filed(e)
	b.advance(time.Hour)
	b.idle()
	b.crash()
	after := b.conversation(h.ConversationID)
	b.same("mode", after.Mode, gateway.ModeClosed)
	b.same("epoch", after.Epoch, before.Epoch)
	b.same("customer's time", after.LastCustomerAt, before.LastCustomerAt)
	b.same("doubt", after.DoubtedAt, time.Time{})
	list := b.messages(h.ConversationID)
	got := list[len(list)-1]
	b.same("signal", got, gateway.MessageView{
		ID: got.ID, ProviderID: e.Message.ProviderID, Direction: "in", Author: gateway.AuthorCustomer, Type: "request_welcome",
		Text: "Ha abierto el chat", At: got.At, Status: "received", Payload: rawOf(e.Key), Message: e.Message,
	})
	if b.revision() <= revision {
		b.Error("the revision doesn't grow with a signal")
	}
	b.same("fresh", b.accept(e), []string(nil))
	b.idle()
	b.same("messages", len(b.messages(h.ConversationID)), len(list))
	// It is a part of the conversation, and none of the messages that a turn looks
	// back at: nobody has said it.
	c := b.say(ana(), "hola")
	b.same("history", texts(c.History), []string{"customer: quiero hablar con mi abogado"})
}

// testSignalFirst has a chat opened that nobody has written in.
func testSignalFirst(b *bundle) {
	b.filed(b.signal(ana(), "request_welcome", ""))
	made := b.only(ana().Phone)
	b.same("customer's time", made.LastCustomerAt, time.Time{})
	b.same("mode", made.Mode, gateway.ModeBot)
	b.same("messages", len(b.messages(made.ID)), 1)
	c := b.say(ana(), "hola")
	b.same("conversation", c.Conversation.ID, made.ID)
	b.same("events", len(c.Events), 1)
}

// testSignalDuringTurn has one come in while the answer is made, filed by somebody
// else's claim and not: the turn is made again, by whoever knows what the signal told.
func testSignalDuringTurn(b *bundle) {
	for _, filed := range []bool{false, true} {
		c := b.say(ana(), "hola")
		e := b.signal(ana(), "system", "algo ha cambiado")
		b.accept(e)
		if filed {
			b.idle()
		}
		refused := map[bool]error{false: gateway.ErrSuperseded, true: gateway.ErrHumanOwns}[filed]
		b.fails("commit", b.store.Commit(b.Context(), c, b.turn(c, "no")), refused)
		b.ok("abandon", b.store.Abandon(b.Context(), c, b.turn(c).Record, b.now))
		c = b.claim()
		b.same("doubt", c.Conversation.DoubtedAt, e.At)
		b.commit(c, b.turn(c, "sí"))
		b.same("sent", b.send(b.name("wamid.")).Text, "sí")
	}
	c := b.say(ana(), "¿y?")
	b.same("doubt of the turn", c.Conversation.DoubtedAt.IsZero(), false)
}

func testRevokeBefore(b *bundle) {
	keep, gone := b.message(ana(), "hola"), b.message(ana(), "olvida esto")
	b.accept(keep, gone)
	b.idle()
	b.filed(b.revoke(gone))
	b.crash()
	b.advance(quiet)
	c := b.claim()
	b.same("events", keys(c.Events), []string{keep.Key})
	b.commit(c, b.turn(c))
	// Alone, it leaves nothing to answer, whether both are filed at once or not.
	for _, together := range []bool{false, true} {
		gone = b.message(ana(), "olvida esto")
		b.accept(gone)
		if !together {
			b.idle()
		}
		b.filed(b.revoke(gone))
		b.advance(time.Hour)
		b.idle()
		got := b.in(c.Conversation.ID, gone)
		b.same("message", got.Message, &gateway.Message{ProviderID: gone.Message.ProviderID, Type: "text", Deleted: true})
		b.same("text", got.Text, "")
		b.same("payload", string(got.Payload), "")
	}
	b.same("records", len(b.records(c.Conversation.ID)), 1)
}

// testRevokeDuring withdraws what is being answered: the turn is refused, and not taken
// again.
func testRevokeDuring(b *bundle) {
	for _, filed := range []bool{false, true} {
		c := b.say(ana(), "olvida esto")
		b.accept(b.revoke(c.Events[0]))
		if filed {
			b.idle()
		}
		refused := map[bool]error{false: gateway.ErrSuperseded, true: gateway.ErrLeaseLost}[filed]
		b.fails("commit", b.store.Commit(b.Context(), c, b.turn(c, "no")), refused)
		b.advance(time.Hour)
		b.idle()
		b.nothing()
		c = b.say(ana(), "y esto")
		b.accept(b.revoke(c.Events[0]))
		if filed {
			b.idle()
		}
		b.ok("abandon", b.store.Abandon(b.Context(), c, b.turn(c).Record, b.now))
		b.advance(time.Hour)
		b.idle()
		c = b.say(ana(), "¿sigues ahí?")
		b.same("texts", burst(c), []string{"¿sigues ahí?"})
		for _, m := range c.History {
			if m.Text == "y esto" {
				b.Error("the history tells what was withdrawn")
			}
		}
		b.commit(c, b.turn(c))
	}
}

func testRevokeAfter(b *bundle) {
	gone := b.message(ana(), "mi secreto")
	gone.Message.Location = &gateway.Location{Latitude: 1, Longitude: 2, Name: "mi casa"}
	gone.Message.Cards = []gateway.Card{{Name: "yo"}}
	b.accept(gone)
	b.advance(quiet)
	c := b.claim()
	b.commit(c, b.turn(c, "sí"))
	before := b.revision()
	b.advance(time.Millisecond)
	b.filed(b.revoke(gone))
	if b.revision() <= before {
		b.Error("the revision doesn't grow when a message is withdrawn")
	}
	// Twice is once, and there is nothing to edit any more.
	b.filed(b.revoke(gone))
	b.filed(b.edit(gone, "edit", "otra cosa"))
	b.crash()
	got := b.in(c.Conversation.ID, gone)
	b.same("message", got.Message, &gateway.Message{ProviderID: gone.Message.ProviderID, Type: "text", Deleted: true})
	b.same("text", got.Text, "")
	b.same("payload", string(got.Payload), "")
	// The same webhook again doesn't bring it back.
	b.same("fresh", b.accept(gone), []string(nil))
	next := b.say(ana(), "gracias")
	b.same("history", next.History[0].Message.Deleted, true)
	b.same("text of the history", next.History[0].Text, "")
	b.same("history and nothing else", texts(next.History), []string{"customer: ", "bot: sí"})
	// All of it has happened in the conversation, for whoever reads on from where they
	// were.
	var kinds []string
	for _, m := range b.messages(c.Conversation.ID) {
		kinds = append(kinds, m.Direction+" "+m.Type)
	}
	b.same("messages", kinds, []string{"in text", "out text", "in revoke", "in revoke", "in edit", "in text"})
}

// testRevokeEdited withdraws what was edited before: its content is that of the edit,
// and is shown nowhere any more.
func testRevokeEdited(b *bundle) {
	for _, together := range []bool{true, false} {
		e := b.message(ana(), "mi otro secreto")
		b.accept(e)
		b.advance(quiet)
		c := b.claim()
		b.commit(c, b.turn(c))
		edit := b.edit(e, "edit", "mi secreto")
		b.accept(edit)
		if !together {
			b.idle()
		}
		b.filed(b.revoke(e))
		for _, m := range b.messages(c.Conversation.ID) {
			if m.Text != "" || m.Message.Text != "" || m.Message.Quoted != nil && m.Message.Quoted.Text != "" {
				b.Errorf("a message of type %s shows what was withdrawn: %q", m.Type, m.Text)
			}
			if m.ProviderID == edit.Message.ProviderID {
				b.same("payload of the edit", string(m.Payload), "")
			}
		}
		c = b.say(ana(), "")
		for _, m := range c.History {
			b.same("text of the history", m.Text, "")
		}
		b.commit(c, b.turn(c))
	}
}

func testEdit(b *bundle) {
	e := b.message(ana(), "¿Tenéis belas?")
	b.accept(e)
	b.idle()
	b.filed(b.edit(e, "edit", "¿Tenéis velas?"))
	b.advance(quiet)
	c := b.claim()
	b.same("texts", burst(c), []string{"¿Tenéis velas?"})
	b.same("edited", c.Events[0].Message.Edited, true)
	// During the turn and after it.
	b.accept(b.edit(e, "edit", "¿Tenéis velas rojas?"))
	again := b.claim()
	b.same("texts after an edit", burst(again), []string{"¿Tenéis velas rojas?"})
	b.fails("commit of what was edited", b.store.Commit(b.Context(), c, b.turn(c, "no")), gateway.ErrLeaseLost)
	b.commit(again, b.turn(again, "sí"))
	b.advance(time.Hour)
	b.idle()
	b.same("text", b.in(c.Conversation.ID, e).Text, "¿Tenéis velas rojas?")
	before := b.revision()
	b.filed(b.edit(e, "edit", "¿Tenéis velas\x00 verdes?"))
	if b.revision() <= before {
		b.Error("the revision doesn't grow when a message is edited")
	}
	b.crash()
	got := b.in(c.Conversation.ID, e)
	want := *e.Message
	want.Text, want.Edited = "¿Tenéis velas\x00 verdes?", true
	b.same("message", got.Message, &want)
	b.same("text", got.Text, want.Text)
	next := b.say(ana(), "¿y?")
	b.same("text of the history", next.History[0].Text, want.Text)
	b.same("quoted", b.quotedAfter(next, e), &gateway.Quote{Author: gateway.AuthorCustomer, Type: "text", Text: want.Text})
}

// quotedAfter is what a quote of an event shows, after a turn that is under way.
func (b *bundle) quotedAfter(c *gateway.Claim, e gateway.Event) *gateway.Quote {
	b.Helper()
	b.commit(c, b.turn(c))
	return b.quoted(b.quoting(e.From, "eso", e.Message.ProviderID, e.Key))
}

// testEditOthers changes and withdraws what is not there, or is not this customer's
// or not on this number: nothing happens to it.
func testEditOthers(b *bundle) {
	own := b.message(ana(), "en otro número")
	own.Channel = "another"
	theirs := b.message(ben(), "not yours")
	b.accept(own, theirs)
	b.advance(quiet)
	var conversations []string
	for range 2 {
		c := b.claim()
		conversations = append(conversations, c.Conversation.ID)
		b.commit(c, b.turn(c))
	}
	unknown := b.message(ana(), "nunca llegó")
	b.answer(ana(), "sí")
	for _, target := range []gateway.Event{own, theirs, unknown} {
		for _, kind := range []string{"revoke", "edit"} {
			e := b.edit(target, kind, "cambiado")
			e.From, e.Channel = ana(), channel
			b.filed(e)
		}
	}
	nothing := b.signal(ana(), "revoke", "")
	b.filed(nothing)
	b.same("texts", []string{b.text(conversations, own), b.text(conversations, theirs)}, []string{"en otro número", "not yours"})
	c := b.say(ana(), "hola")
	b.same("text", c.History[0].Text, "hola")
	b.same("signals", len(b.messages(c.Conversation.ID)), 2+7+1)
}

// text is what an event says in whichever of some conversations it is.
func (b *bundle) text(conversations []string, e gateway.Event) string {
	b.Helper()
	for _, id := range conversations {
		for _, m := range b.messages(id) {
			if m.ProviderID == e.Message.ProviderID {
				return m.Text
			}
		}
	}
	return "it is nowhere"
}
