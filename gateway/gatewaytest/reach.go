package gatewaytest

import (
	"fmt"
	"time"

	"github.com/recado/recado/gateway"
)

func reachTests() []test {
	return []test{
		{"PreferencesAreKept", testPreference},
		{"UnreachableUntilHeardOf", testUnreachable},
		{"ErrorsOfASend", testErrorsOfSend},
		{"ErrorsOfAStatus", testErrorsOfStatus},
		{"ErrorsOfAnEarlyStatus", testErrorsEarly},
		{"OtherErrorsSayNothing", testErrorsOther},
	}
}

func (b *bundle) preference(from gateway.Identity, marketing string) gateway.Event {
	e := b.event(gateway.EventPreference, from)
	e.Preference = &gateway.Preference{Marketing: marketing, At: e.At}
	return e
}

func testPreference(b *bundle) {
	b.filed(b.preference(ana(), "stop"))
	b.crash()
	c := b.only(ana().Phone)
	b.same("marketing", c.Marketing, "stop")
	b.same("customer's time", c.LastCustomerAt, time.Time{})
	b.same("mode", c.Mode, gateway.ModeBot)
	claim := b.say(ana(), "hola")
	b.same("conversation", claim.Conversation.ID, c.ID)
	b.same("marketing of the turn", claim.Conversation.Marketing, "stop")
	b.advance(time.Minute)
	b.accept(b.preference(ana(), "resume"))
	b.commit(claim, b.turn(claim))
	b.idle()
	b.same("marketing", b.conversation(c.ID).Marketing, "resume")
	// It is for nobody else, and opens nothing again.
	b.answer(ben())
	h := b.queue(ana())
	b.act(h, gateway.ActionResolve, "marta", "")
	revision := b.revision()
	b.filed(b.preference(ana(), "stop"))
	if b.revision() <= revision {
		b.Error("the revision doesn't grow with a preference")
	}
	b.same("marketing", b.conversation(c.ID).Marketing, "stop")
	b.same("mode", b.conversation(c.ID).Mode, gateway.ModeClosed)
	b.same("marketing of another", b.only(ben().UserID).Marketing, "")
}

// classed is an error that says what it asks for.
func classed(class gateway.ErrorClass) *gateway.SendError {
	e := sendError()
	e.Class, e.Detail = class, "as the provider wrote it"
	return e
}

// testUnreachable has a customer be out of reach until they write, or until something
// arrives that was sent before.
func testUnreachable(b *bundle) {
	other := b.answer(ana(), "antes").Outgoing[0]
	b.send("wamid.other")
	for name, end := range map[string]func(){
		"a message":  func() { c := b.say(ana(), "aquí estoy"); b.commit(c, b.turn(c)) },
		"a delivery": func() { b.arrives(other, gateway.DeliveryDelivered) },
		"being read": func() { b.arrives(other, gateway.DeliveryRead) },
	} {
		b.answer(ana(), "uno")
		b.send("wamid." + name)
		failed := b.status(gateway.Status{
			ProviderID: "wamid." + name, State: gateway.DeliveryFailed, Error: classed(gateway.ErrorUnreachable),
		})
		b.filed(failed)
		b.crash()
		// What the shop says, or the channel, is no word of the customer.
		b.filed(b.signal(ana(), "request_welcome", ""))
		b.accept(b.echo(ana(), "¿estás ahí?"))
		claim := b.claim()
		b.commit(claim, b.turn(claim))
		b.arrives(other, gateway.DeliverySent)
		c := b.only(ana().Phone)
		b.same("unreachable since", c.UnreachableAt, failed.At)
		b.same("unreachable because", c.Unreachable, classed(gateway.ErrorUnreachable))
		end()
		c = b.only(ana().Phone)
		b.same("unreachable after "+name, c.Unreachable, (*gateway.SendError)(nil))
		b.same("unreachable after "+name, c.UnreachableAt, time.Time{})
		for _, h := range b.handoffs(gateway.HandoffQueued) {
			b.act(h, gateway.ActionReturn, "marta", "")
		}
		other = b.answer(ana(), "otra").Outgoing[0]
		b.send("wamid.other of " + name)
	}
}

// arrives tells what became of a message.
func (b *bundle) arrives(o gateway.Outgoing, state gateway.DeliveryState) {
	b.Helper()
	m := b.out(o.ConversationID, o.ID)
	b.filed(b.status(gateway.Status{ProviderID: m.ProviderID, OutgoingID: o.ID, State: state}))
}

// told checks what an error of a class has left in a customer's conversation.
func (b *bundle) told(who gateway.Identity, class gateway.ErrorClass) {
	b.Helper()
	c := b.only(who.UserID + who.Phone)
	marketing := map[gateway.ErrorClass]string{gateway.ErrorOptedOut: "stop"}[class]
	b.same("marketing after "+string(class), c.Marketing, marketing)
	b.same("doubt after "+string(class), !c.DoubtedAt.IsZero(), class == gateway.ErrorIdentity)
	b.same("unreachable after "+string(class), !c.UnreachableAt.IsZero(), class == gateway.ErrorUnreachable)
	var why *gateway.SendError
	if class == gateway.ErrorUnreachable {
		why = classed(class)
	}
	b.same("why", c.Unreachable, why)
}

// classes are those that say something of the customer.
func classes() []gateway.ErrorClass {
	return []gateway.ErrorClass{gateway.ErrorUnreachable, gateway.ErrorOptedOut, gateway.ErrorIdentity}
}

func testErrorsOfSend(b *bundle) {
	for i, class := range classes() {
		who := gateway.Identity{Phone: fmt.Sprint(100 + i)}
		b.answer(who, "uno")
		b.settle(b.next(), gateway.SendResult{Outcome: gateway.SendRejected, Error: classed(class)})
		b.crash()
		b.told(who, class)
	}
}

func testErrorsOfStatus(b *bundle) {
	for i, class := range classes() {
		who := gateway.Identity{Phone: fmt.Sprint(100 + i)}
		b.answer(who, "uno")
		id := b.name("wamid.")
		b.send(id)
		e := b.status(gateway.Status{ProviderID: id, State: gateway.DeliveryFailed, Error: classed(class)})
		e.From = who
		b.filed(e)
		b.crash()
		b.told(who, class)
	}
}

// testErrorsEarly has the failure overtake the answer of the provider.
func testErrorsEarly(b *bundle) {
	for i, class := range classes() {
		who := gateway.Identity{Phone: fmt.Sprint(100 + i)}
		b.answer(who, "uno")
		id := b.name("wamid.")
		o := b.next()
		e := b.status(gateway.Status{ProviderID: id, State: gateway.DeliveryFailed, Error: classed(class)})
		e.From = who
		b.filed(e)
		b.settle(o, gateway.SendResult{Outcome: gateway.SendAccepted, ProviderID: id})
		b.told(who, class)
	}
}

// testErrorsOther has errors that say nothing of the customer, and outcomes that are
// no end.
func testErrorsOther(b *bundle) {
	for i, class := range []gateway.ErrorClass{
		gateway.ErrorOther, gateway.ErrorFile, gateway.ErrorElsewhere, gateway.ErrorTransient, gateway.ErrorRate, gateway.ErrorQuality, gateway.ErrorWindow,
		gateway.ErrorRequest, gateway.ErrorTemplate, gateway.ErrorAccount,
	} {
		who := gateway.Identity{Phone: fmt.Sprint(100 + i)}
		o := b.answer(who, "uno").Outgoing[0]
		b.settle(b.next(), gateway.SendResult{Outcome: gateway.SendRejected, Error: classed(class)})
		b.told(who, class)
		b.same("error", b.out(o.ConversationID, o.ID).Error, classed(class))
	}
	who := gateway.Identity{Phone: "200"}
	b.answer(who, "uno")
	b.settle(b.next(), gateway.SendResult{
		Outcome: gateway.SendRetry, RetryAt: b.now.Add(time.Minute), Error: classed(gateway.ErrorUnreachable),
	})
	b.told(who, gateway.ErrorTransient)
}
