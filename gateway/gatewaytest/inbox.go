package gatewaytest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/recado/recado/gateway"
)

func inboxTests() []test {
	return []test{
		{"AcceptSaysWhatIsFresh", testFresh},
		{"AcceptKeepsEverything", testKeeps},
		{"ClaimPutsPoisonAside", testPoison},
		{"ClaimFindsNoWork", testNoWork},
		{"ClaimGivesTheEvents", testEvents},
		{"ClaimWaitsForTheBurst", testBurst},
		{"ClaimEndsALongBurst", testLongBurst},
		{"ClaimTakesTheLongestDue", testLongestDue},
		{"ClaimTakesAnEchoAtOnce", testEchoAtOnce},
		{"ClaimGivesTheHistory", testHistory},
		{"ClaimLeases", testLease},
		{"ClaimReopens", testReopens},
		{"AbandonMakesDueAgain", testAbandon},
		{"AbandonOfALostLease", testAbandonLost},
	}
}

func testFresh(b *bundle) {
	one, two, three := b.message(ana(), "uno"), b.message(ana(), "dos"), b.message(ben(), "three")
	b.same("fresh", b.accept(one, two, one), []string{one.Key, two.Key})
	three.AnswerAfter = three.AnswerAfter.Add(time.Second)
	other := two
	other.Message = &gateway.Message{ProviderID: "another", Type: "text", Text: "not this"}
	b.same("fresh of both", b.accept(other, three, three), []string{three.Key})
	b.same("fresh of seen ones", b.accept(one, two, three), []string(nil))
	b.same("fresh of nothing", b.accept(), []string(nil))
	fresh, err := b.store.Accept(b.Context(), []gateway.Event{b.message(ana(), "cuatro")})
	if err != nil || len(fresh) != 1 || fresh[0].Message.Text != "cuatro" {
		b.Errorf("fresh events are not given back whole: %v, %v", fresh, err)
	}
	b.advance(quiet)
	c := b.claim()
	b.same("texts", burst(c), []string{"uno", "dos", "cuatro"})
	b.commit(c, b.turn(c))
	b.same("fresh after the turn", b.accept(one, two), []string(nil))
	b.advance(time.Second)
	c = b.claim()
	b.same("texts", burst(c), []string{"three"})
	b.commit(c, b.turn(c))
	b.idle()
}

func burst(c *gateway.Claim) []string {
	_, burst := c.Conversation.Receive(c.Events)
	return burst.Texts
}

// testKeeps takes in what a provider may send one day: a store that chokes on it
// would have the provider send it again for ever.
func testKeeps(b *bundle) {
	unreadable := b.event(gateway.EventUnreadable, gateway.Identity{})
	unreadable.Raw = []byte("\xff\x00 not JSON {")
	notice := b.event(gateway.EventNotice, gateway.Identity{})
	notice.Channel, notice.Raw = "", nil
	nobody := b.message(gateway.Identity{}, "from nobody")
	foreign := b.status(gateway.Status{ProviderID: "wamid.never-sent", State: gateway.DeliveryRead})
	unknown := b.status(gateway.Status{ProviderID: "wamid.never-sent"})
	strange := b.message(ana(), "Niña 👩‍👧 'x' \\ {\"a\"}\n\t$1 ? %s")
	strange.Name = "'; drop table events; --"
	strange.Raw = []byte(`{ "text":"a\u0000b" , "n":1e400 }`)
	silent := b.message(ana(), "")
	silent.Message.Type = "something new"
	null := b.message(ben(), "a\x00b")
	null.AnswerAfter = null.AnswerAfter.Add(time.Millisecond)
	all := []gateway.Event{unreadable, notice, nobody, foreign, unknown, strange, silent, null}
	b.same("fresh", b.accept(all...), keys(all))
	b.same("fresh again", b.accept(all...), []string(nil))
	b.advance(quiet)
	c := b.claim()
	b.same("events", c.Events, withoutRaw(strange, silent))
	b.same("name", c.Conversation.Name, strange.Name)
	b.commit(c, b.turn(c))
	b.advance(time.Millisecond)
	b.same("key of the other", keys(b.claim().Events), []string{null.Key})
	b.idle()
}

// withoutRaw are events as a claim gives them.
func withoutRaw(events ...gateway.Event) []gateway.Event {
	for i := range events {
		events[i].Raw, events[i].Body, events[i].BodyFrom, events[i].BodyTo = nil, nil, 0, 0
	}
	return events
}

// testPoison takes in what no index takes, among good ones: everything is kept, and
// the good ones get their turn.
func testPoison(b *bundle) {
	long := noise(4000)
	poison := []gateway.Event{
		b.message(gateway.Identity{UserID: "ES." + long}, "a long user id"),
		b.message(gateway.Identity{Phone: long}, "a long phone"),
		b.message(gateway.Identity{UserID: long, Phone: long}, "both"),
		b.echo(gateway.Identity{UserID: "echo" + long}, "an echo"),
		b.message(ben(), "a long channel"), b.message(ben(), "a long key"), b.message(ben(), "a long id"),
		b.status(gateway.Status{ProviderID: long, State: gateway.DeliverySent}),
		b.status(gateway.Status{ProviderID: "wamid.x", OutgoingID: long, State: gateway.DeliveryFailed}),
	}
	poison[4].Channel, poison[5].Key, poison[6].Message.ProviderID = long, long, long
	for i, bad := range poison {
		before, after := b.message(gateway.Identity{Phone: fmt.Sprint(i)}, "antes"), b.message(gateway.Identity{Phone: fmt.Sprint(i)}, "después")
		list := []gateway.Event{before, bad, after}
		b.same("fresh", b.accept(list...), keys(list))
		b.same("fresh again", b.accept(list...), []string(nil))
		b.advance(quiet)
		good := 0
		for {
			c, err := b.store.Claim(b.Context(), b.now, lease)
			if errors.Is(err, gateway.ErrNoWork) {
				break
			}
			b.ok(fmt.Sprint("claim after poison ", i), err)
			if c.Conversation.Contact.Phone == before.From.Phone {
				b.same("texts", burst(c), []string{"antes", "después"})
				good++
			}
			b.commit(c, b.turn(c, "sí"))
		}
		b.same(fmt.Sprint("turns beside poison ", i), good, 1)
	}
	o := b.next()
	b.settle(o, gateway.SendResult{Outcome: gateway.SendAccepted, ProviderID: long})
	b.same("status", b.out(o.ConversationID, o.ID).Status, string(gateway.DeliverySent))
}

// noise is a text that doesn't get shorter by compression.
func noise(length int) string {
	var s strings.Builder
	for i := 0; s.Len() < length; i++ {
		fmt.Fprintf(&s, "%x", sha256.Sum256(fmt.Append(nil, i)))
	}
	return s.String()[:length]
}

func testNoWork(b *bundle) {
	b.idle()
	b.accept(b.status(gateway.Status{ProviderID: "wamid.x", State: gateway.DeliverySent}))
	b.advance(time.Hour)
	b.idle()
	b.same("conversations", b.conversations(""), []gateway.Conversation{})
}

func testEvents(b *bundle) {
	first := b.message(ana(), "¿Dónde está")
	first.Name, first.Message.QuotedID = "Ana 🌻", "wamid.quoted"
	b.advance(2 * time.Second)
	late := b.message(ana(), "mi pedido?")
	b.advance(time.Second)
	image := b.message(ana(), "")
	image.Message.Type = "image"
	// The provider delivers the last two the wrong way round.
	b.accept(first, image, late)
	b.advance(quiet)
	c := b.claim()
	b.same("events in the order they happened", c.Events, withoutRaw(first, late, image))
	b.same("history", c.History, []gateway.MessageView(nil))
	b.same("attempt", c.Attempt, 1)
	b.same("leased until", c.LeasedUntil, b.now.Add(lease))
	if c.Lease == "" || c.Conversation.ID == "" || c.Conversation.ContactID == "" || c.Conversation.CreatedAt.IsZero() {
		b.Errorf("the claim lacks a lease or its conversation an id, contact or time: %+v", c)
	}
	got := c.Conversation
	b.same("conversation", got, gateway.Conversation{
		ID: got.ID, ContactID: got.ContactID, Channel: channel, Contact: ana(), Name: "Ana 🌻",
		Mode: gateway.ModeBot, Epoch: got.Epoch, LastCustomerAt: image.At,
		CreatedAt: got.CreatedAt, UpdatedAt: got.UpdatedAt,
	})
	b.same("the same conversation", b.conversation(got.ID), got)
}

func testBurst(b *bundle) {
	b.accept(b.message(ana(), "hola"))
	b.advance(quiet - time.Millisecond)
	b.idle()
	b.accept(b.message(ana(), "una pregunta"))
	b.advance(time.Millisecond)
	b.idle()
	b.advance(quiet - 2*time.Millisecond)
	b.idle()
	b.advance(time.Millisecond)
	b.same("texts", burst(b.claim()), []string{"hola", "una pregunta"})
}

// testLongBurst keeps writing: the answer comes ten quiet periods after the first
// message, and takes all that came until then.
func testLongBurst(b *bundle) {
	var want []string
	began := b.now
	for i := range 15 {
		want = append(want, fmt.Sprint("línea ", i))
		b.accept(b.message(ana(), want[i]))
		b.idle()
		b.advance(quiet - 500*time.Millisecond)
	}
	b.now = began.Add(maxBurst - time.Millisecond)
	b.idle()
	b.advance(time.Millisecond)
	b.same("texts", burst(b.claim()), want)
}

func testLongestDue(b *bundle) {
	slow := b.message(gateway.Identity{Phone: "1"}, "first here, last due")
	slow.AnswerAfter = b.now.Add(10 * time.Second)
	b.accept(slow, b.message(gateway.Identity{Phone: "2"}, "second"))
	b.advance(time.Second)
	b.accept(b.message(gateway.Identity{Phone: "3"}, "third"))
	b.advance(time.Minute)
	for _, want := range []string{"2", "3", "1"} {
		c := b.claim()
		b.same("contact", c.Conversation.Contact.Phone, want)
	}
	b.idle()
}

func testEchoAtOnce(b *bundle) {
	b.accept(b.echo(ana(), "Soy Marta, de la tienda"))
	c := b.claim()
	b.same("kind", c.Events[0].Kind, gateway.EventEcho)
	b.same("text", c.Events[0].Message.Text, "Soy Marta, de la tienda")
	b.same("customer's time", c.Conversation.LastCustomerAt, time.Time{})
	b.commit(c, b.turn(c))
	list := b.messages(c.Conversation.ID)
	b.same("messages", texts(list), []string{"agent: Soy Marta, de la tienda"})
	b.same("direction", list[0].Direction, "out")
	// With a waiting message it takes that along.
	b.accept(b.message(ana(), "gracias"))
	b.accept(b.echo(ana(), "a ti"))
	b.same("events", len(b.claim().Events), 2)
}

func testHistory(b *bundle) {
	for i := range 12 {
		c := b.say(ana(), fmt.Sprint("pregunta ", i))
		b.commit(c, b.turn(c, fmt.Sprint("respuesta ", i)))
		b.send(b.name("wamid.out"))
	}
	c := b.say(ana(), "y otra", "más")
	var want []string
	for i := 2; i < 12; i++ {
		want = append(want, fmt.Sprint("customer: pregunta ", i), fmt.Sprint("bot: respuesta ", i))
	}
	b.same("history", texts(c.History), want)
	b.same("events", burst(c), []string{"y otra", "más"})
}

func testLease(b *bundle) {
	first := b.say(ana(), "hola")
	b.idle()
	b.advance(lease - time.Millisecond)
	b.idle()
	b.advance(time.Millisecond)
	second := b.claim()
	b.same("attempt", second.Attempt, 2)
	b.same("events", second.Events, first.Events)
	if first.Lease == second.Lease {
		b.Error("two leases with one token")
	}
	b.fails("commit of the first", b.store.Commit(b.Context(), first, b.turn(first, "uno")), gateway.ErrLeaseLost)
	b.same("messages", len(b.messages(first.Conversation.ID)), 1)
	b.commit(second, b.turn(second, "dos"))
	b.same("messages", texts(b.messages(first.Conversation.ID)), []string{"customer: hola", "bot: dos"})
	// An expired lease that nobody else took is still good.
	third := b.say(ana(), "¿y?")
	b.same("attempt of other events", third.Attempt, 1)
	b.advance(2 * lease)
	b.commit(third, b.turn(third))
	b.idle()
}

func testReopens(b *bundle) {
	h := b.queue(ana())
	b.act(h, gateway.ActionResolve, "marta", "")
	closed := b.conversation(h.ConversationID)
	b.same("mode", closed.Mode, gateway.ModeClosed)
	c := b.say(ana(), "otra cosa")
	b.same("conversation", c.Conversation.ID, h.ConversationID)
	b.same("mode", c.Conversation.Mode, gateway.ModeBot)
	if c.Conversation.Epoch <= closed.Epoch {
		b.Errorf("epoch %d after %d: the conversation changed hands", c.Conversation.Epoch, closed.Epoch)
	}
	b.commit(c, b.turn(c, "dime"))
}

func testAbandon(b *bundle) {
	c := b.say(ana(), "hola")
	r := b.turn(c).Record
	r.Outcome, r.Error = gateway.OutcomeFailed, "the turn could not be committed"
	b.ok("abandon", b.store.Abandon(b.Context(), c, r, b.now.Add(5*time.Second)))
	b.same("records", b.records(c.Conversation.ID), []gateway.Record{r})
	b.fails("commit", b.store.Commit(b.Context(), c, b.turn(c, "no")), gateway.ErrLeaseLost)
	b.advance(5*time.Second - time.Millisecond)
	b.idle()
	b.advance(time.Millisecond)
	again := b.claim()
	b.same("attempt", again.Attempt, 2)
	b.same("events", again.Events, c.Events)
	b.commit(again, b.turn(again, "sí"))
	b.same("records", len(b.records(c.Conversation.ID)), 2)
}

func testAbandonLost(b *bundle) {
	first := b.say(ana(), "hola")
	b.advance(lease)
	second := b.claim()
	b.ok("abandon", b.store.Abandon(b.Context(), first, b.turn(first).Record, b.now))
	b.idle()
	b.commit(second, b.turn(second, "sí"))
	b.ok("abandon", b.store.Abandon(b.Context(), second, b.turn(second).Record, b.now))
	b.advance(time.Hour)
	b.idle()
}
