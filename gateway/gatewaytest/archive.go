package gatewaytest

import (
	"context"
	"fmt"
	"time"

	"github.com/recado/recado/gateway"
)

func archiveTests() []test {
	return []test{
		{"WebhookIsKeptOnce", testWebhookOnce},
		{"WebhookOfFreshEvents", testWebhookFresh},
		{"PayloadIsAPartOfTheBody", testPayload},
		{"PurgeGoesInSteps", testPurge},
		{"PurgeSparesWhatIsYounger", testPurgeYounger},
		{"AcceptOfAThousand", testThousand},
		{"AcceptOfAllOrNothing", testAllOrNothing},
	}
}

// webhook puts events into one body, as the provider does.
func webhook(events ...gateway.Event) []gateway.Event {
	body := []byte(`{"entry": [`)
	for i, e := range events {
		if i > 0 {
			body = append(body, ',', ' ')
		}
		events[i].BodyFrom = len(body)
		body = append(body, e.Raw...)
		events[i].BodyTo = len(body)
	}
	body = append(body, "], \"more\":\xff\x00}"...)
	for i := range events {
		events[i].Body = body
	}
	return events
}

// body is the webhook of a message, or "" when it is not kept.
func (b *bundle) body(conversationID string, e gateway.Event) string {
	b.Helper()
	got, err := b.store.Webhook(b.Context(), b.in(conversationID, e).ID)
	if err != nil {
		b.fails("webhook", err, gateway.ErrNotFound)
		return ""
	}
	return string(got)
}

// purge drops everything that was received up to now and gives how much that was.
func (b *bundle) purge() int {
	b.Helper()
	n, err := b.store.Purge(b.Context(), b.now.Add(time.Millisecond))
	b.ok("purge", err)
	return n
}

func testWebhookOnce(b *bundle) {
	events := webhook(b.message(ana(), "uno"), b.message(ana(), "dos"), b.signal(ana(), "request_welcome", ""), b.status(gateway.Status{ProviderID: "x"}))
	other := webhook(b.message(ana(), "tres"))
	b.accept(append(events, other...)...)
	b.idle()
	b.crash()
	id := b.only(ana().Phone).ID
	for _, e := range append(events[:3:3], other...) {
		b.same("body", b.body(id, e), string(e.Body))
	}
	b.advance(quiet)
	c := b.claim()
	b.same("events", c.Events, withoutRaw(events[0], events[1], other[0]))
	t := b.turn(c, "sí")
	b.commit(c, t)
	for _, id := range []string{t.Outgoing[0].ID, "", "x", gateway.NewID(), "'"} {
		_, err := b.store.Webhook(b.Context(), id)
		b.fails("webhook of "+id, err, gateway.ErrNotFound)
	}
	b.same("bodies", b.purge(), 2)
	b.same("bodies left", b.purge(), 0)
}

// testWebhookFresh has the provider send events again, together with others and not.
func testWebhookFresh(b *bundle) {
	one, two := b.message(ana(), "uno"), b.message(ana(), "dos")
	first := webhook(one)
	b.same("fresh", b.accept(first...), []string{one.Key})
	second := webhook(one, two)
	b.same("fresh of the next", b.accept(second...), []string{two.Key})
	b.same("fresh of both again", b.accept(webhook(one, two)...), []string(nil))
	notice := b.event(gateway.EventNotice, gateway.Identity{})
	b.same("fresh of the second, with more", b.accept(webhook(two, notice)...), []string{notice.Key})
	b.idle()
	id := b.only(ana().Phone).ID
	b.same("body of the first", b.body(id, one), string(first[0].Body))
	b.same("body of the second", b.body(id, two), string(second[1].Body))
	b.same("payload of the second", string(b.in(id, two).Payload), string(two.Raw))
	b.same("bodies", b.purge(), 3)
}

func testPayload(b *bundle) {
	inside := webhook(b.message(ana(), "uno"), b.message(ana(), "dos"))
	apart := webhook(b.message(ana(), "tres"))
	apart[0].BodyFrom, apart[0].BodyTo = 0, 0
	without := b.message(ana(), "cuatro")
	all := append(append(inside, apart...), without)
	b.accept(all...)
	b.idle()
	b.crash()
	id := b.only(ana().Phone).ID
	for _, e := range all {
		b.same("payload of "+e.Message.Text, string(b.in(id, e).Payload), string(e.Raw))
	}
	b.same("body", b.body(id, apart[0]), string(apart[0].Body))
	b.same("body of none", b.body(id, without), "")
	b.purge()
	b.crash()
	for _, e := range append(inside[:2:2], apart...) {
		b.same("payload after the purge", string(b.in(id, e).Payload), "")
		b.same("body after the purge", b.body(id, e), "")
		b.same("message after the purge", b.in(id, e).Message, e.Message)
	}
	b.advance(quiet)
	b.same("texts", burst(b.claim()), []string{"uno", "dos", "tres", "cuatro"})
	// What comes again after it is still known.
	b.same("fresh", b.accept(all...), []string(nil))
	b.same("bodies", b.purge(), 0)
}

func testPurge(b *bundle) {
	var all []gateway.Event
	for i := range 2300 {
		e := b.event(gateway.EventNotice, gateway.Identity{})
		if i%100 == 0 {
			e = b.message(ana(), fmt.Sprint(i))
		}
		all = append(all, webhook(e)...)
	}
	b.same("fresh", len(b.accept(all...)), len(all))
	b.idle()
	id := b.only(ana().Phone).ID
	for _, want := range []int{1000, 1000, 300, 0, 0} {
		b.same("bodies", b.purge(), want)
	}
	list := b.messages(id)
	b.same("messages", len(list), 23)
	for _, m := range list {
		b.same("payload", string(m.Payload), "")
		_, err := b.store.Webhook(b.Context(), m.ID)
		b.fails("webhook", err, gateway.ErrNotFound)
	}
}

func testPurgeYounger(b *bundle) {
	old := webhook(b.message(ana(), "viejo"))
	b.accept(old...)
	b.advance(time.Hour)
	young := webhook(b.message(ana(), "nuevo"))
	b.accept(young...)
	b.idle2(&gateway.Claim{})
	id := b.only(ana().Phone).ID
	for _, want := range []int{1, 0} {
		n, err := b.store.Purge(b.Context(), b.now)
		b.ok("purge", err)
		b.same("bodies", n, want)
	}
	b.same("body of the old one", b.body(id, old[0]), "")
	b.same("payload of the old one", string(b.in(id, old[0]).Payload), "")
	b.same("body of the young one", b.body(id, young[0]), string(young[0].Body))
	b.same("payload of the young one", string(b.in(id, young[0]).Payload), string(young[0].Raw))
}

// testThousand takes in a webhook of the largest size, with one item that can't be
// filed in the middle of it: all are kept, in order, and nobody else pays for it.
func testThousand(b *bundle) {
	const customers = 50
	want := map[string][]string{}
	var events []gateway.Event
	for i := range 999 {
		who := gateway.Identity{Phone: fmt.Sprint(100 + i%customers)}
		e := b.message(who, fmt.Sprint("mensaje ", i))
		want[who.Phone] = append(want[who.Phone], e.Message.Text)
		if events = append(events, e); i == 500 {
			events = append(events, b.message(gateway.Identity{UserID: "ES." + noise(4000)}, "veneno"))
		}
	}
	events = webhook(events...)
	b.same("fresh", b.accept(events...), keys(events))
	b.same("fresh again", b.accept(events...), []string(nil))
	b.crash()
	b.advance(quiet)
	for len(want) > 0 {
		c := b.claim()
		if who := c.Conversation.Contact.Phone; who != "" {
			b.same("texts", burst(c), want[who])
			delete(want, who)
		}
		b.commit(c, b.turn(c))
	}
	b.same("bodies", b.purge(), 1)
}

// testAllOrNothing gives up in the middle: none is kept, and all are fresh next time.
func testAllOrNothing(b *bundle) {
	var events []gateway.Event
	for i := range 1000 {
		events = append(events, b.message(gateway.Identity{Phone: fmt.Sprint(i)}, "hola"))
	}
	events = webhook(events...)
	ctx, cancel := context.WithCancel(b.Context())
	cancel()
	if _, err := b.store.Accept(ctx, events); err == nil {
		b.Error("accepted for a context that is over")
	}
	b.crash()
	b.idle()
	b.same("bodies", b.purge(), 0)
	b.same("fresh", len(b.accept(events...)), len(events))
}
