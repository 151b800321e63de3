package gatewaytest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/recado/recado/gateway"
)

func historyTests() []test {
	return []test{
		{"PastIsListedByChange", testPast},
		{"HeardIsAsItCame", testHeard},
		{"WhatWasWithdrawnIsNotHeard", testHeardWithdrawn},
		{"AgreementOfTheContact", testAgreement},
		{"AgreementsAreJoined", testAgreementsJoined},
		{"PastIsReadWhole", testReadPast},
		{"TurnsAreFoundByName", testTurnsNamed},
	}
}

func (b *bundle) past(since time.Time) (ids []string) {
	b.Helper()
	all := pages(b, func(p gateway.Page) ([]gateway.PastConversation, string, error) {
		return b.store.Past(b.Context(), since, p)
	})
	for _, c := range all {
		ids = append(ids, c.ID)
	}
	return ids
}

func (b *bundle) heard(conversationID string) []gateway.Event {
	b.Helper()
	return pages(b, func(p gateway.Page) ([]gateway.Event, string, error) {
		return b.store.Heard(b.Context(), conversationID, p)
	})
}

func (b *bundle) agree(conversationID string, consent gateway.Consent, by string) gateway.Agreement {
	b.Helper()
	a := gateway.Agreement{Consent: consent, By: by, At: b.now}
	b.ok("agree", b.store.Agree(b.Context(), conversationID, a))
	return a
}

func (b *bundle) agreement(conversationID string) gateway.Agreement {
	b.Helper()
	a, err := b.store.Agreement(b.Context(), conversationID)
	b.ok("agreement", err)
	return a
}

func testTurnsNamed(b *bundle) {
	named := func(ids ...string) []gateway.Record {
		b.Helper()
		list, err := b.store.TurnsNamed(b.Context(), ids)
		b.ok("look for turns", err)
		slices.SortFunc(list, func(x, y gateway.Record) int { return strings.Compare(x.ID, y.ID) })
		return list
	}
	b.same("none", len(named()), 0)
	b.same("of nobody", len(named("x", "", "\x00")), 0)
	one, two, three := b.answer(ana(), "hola"), b.answer(ben(), "hola"), b.answer(ana(), "otra")
	b.crash()
	want := []gateway.Record{b.records(one.Conversation.ID)[0], b.records(two.Conversation.ID)[0]}
	slices.SortFunc(want, func(x, y gateway.Record) int { return strings.Compare(x.ID, y.ID) })
	b.same("two of three", named(one.Record.ID, "x", two.Record.ID, one.Record.ID), want)
	b.same("the third", named(three.Record.ID), b.records(one.Conversation.ID)[1:])
}

func testPast(b *bundle) {
	b.same("none", b.past(time.Time{}), []string(nil))
	var ids []string
	for i := range 5 {
		b.advance(time.Hour)
		ids = append(ids, b.answer(gateway.Identity{Phone: fmt.Sprintf("3460000%d", i)}, "sí").Record.ConversationID)
	}
	middle := b.now.Add(-150 * time.Minute)
	b.same("all", b.past(time.Time{}), ids)
	b.same("since", b.past(middle), ids[2:])
	b.same("since later", b.past(b.now.Add(time.Second)), []string(nil))
	// Who writes again comes last.
	b.advance(time.Hour)
	b.answer(gateway.Identity{Phone: "34600000"}, "otra vez")
	ids = append(ids[1:], ids[0])
	b.same("all", b.past(time.Time{}), ids)
	b.crash()
	b.same("after a crash", b.past(time.Time{}), ids)
	_, cursor, err := b.store.Past(b.Context(), time.Time{}, gateway.Page{Limit: 2})
	b.ok("past", err)
	for _, after := range []string{"x", cursor[1:]} {
		_, _, err = b.store.Past(b.Context(), time.Time{}, gateway.Page{After: after})
		b.fails("a cursor that no page gave", err, gateway.ErrInvalid)
	}
	_, _, err = b.store.Heard(b.Context(), ids[0], gateway.Page{After: cursor})
	b.fails("the cursor of the other list", err, gateway.ErrInvalid)
}

// plain is an event without what only the way of a webhook needs.
func plain(e gateway.Event) gateway.Event {
	e.Raw, e.Body, e.BodyFrom, e.BodyTo = nil, nil, 0, 0
	return e
}

func testHeard(b *bundle) {
	_, _, err := b.store.Heard(b.Context(), gateway.NewID(), gateway.Page{})
	b.fails("heard of nobody", err, gateway.ErrNotFound)
	var want []gateway.Event
	var id string
	for i := range 5 {
		b.advance(time.Minute)
		e := b.message(ana(), fmt.Sprintf("mensaje %d\x00", i))
		if i == 3 {
			e = b.echo(ana(), "desde el teléfono")
		}
		b.accept(e)
		b.advance(quiet)
		c := b.claim()
		id = c.Conversation.ID
		b.commit(c, b.turn(c, "respuesta"))
		want = append(want, plain(e))
	}
	b.accept(b.signal(ana(), "system", ""))
	b.answer(ben(), "de otro")
	b.same("heard", b.heard(id), want)
	b.crash()
	b.same("heard after a crash", b.heard(id), want)
}

func testHeardWithdrawn(b *bundle) {
	gone, changed := b.message(ana(), "mi clave"), b.message(ana(), "el jueves")
	b.accept(gone, changed)
	b.advance(quiet)
	c := b.claim()
	b.commit(c, b.turn(c, "vale"))
	b.filed(b.revoke(gone), b.edit(changed, "edit", "el viernes"))
	heard := b.heard(c.Conversation.ID)
	if len(heard) != 2 || !heard[0].Message.Deleted || heard[0].Message.Text != "" {
		b.Fatalf("what was withdrawn is heard: %+v", heard)
	}
	if !heard[1].Message.Edited || heard[1].Message.Text != "el viernes" {
		b.Errorf("what was changed is heard as it was: %+v", heard[1].Message)
	}
}

func testAgreement(b *bundle) {
	id, other := b.answer(ana(), "sí").Record.ConversationID, b.answer(ben(), "no").Record.ConversationID
	b.same("at first", b.agreement(id), gateway.Agreement{})
	revision := b.revision()
	given := b.agree(id, gateway.ConsentGiven, "marta\x00")
	if b.revision() <= revision {
		b.Error("the revision doesn't grow with an agreement")
	}
	b.same("given", b.agreement(id), given)
	b.same("of somebody else", b.agreement(other), gateway.Agreement{})
	// It is the contact's: it holds on the other channels that there are, and will be.
	e := b.message(ana(), "por otro número")
	e.Channel = "999"
	b.accept(e)
	b.advance(quiet)
	c := b.claim()
	b.commit(c, b.turn(c, "hola"))
	b.same("on another channel", b.agreement(c.Conversation.ID), given)
	b.advance(time.Minute)
	withheld := b.agree(c.Conversation.ID, gateway.ConsentWithheld, "luis")
	b.crash()
	b.same("the newest word", b.agreement(id), withheld)
	list, _, err := b.store.Past(b.Context(), time.Time{}, gateway.Page{})
	b.ok("past", err)
	for _, past := range list {
		want := withheld
		if past.ID == other {
			want = gateway.Agreement{}
		}
		b.same("in the list", past.Agreement, want)
	}
	revision = b.revision()
	for _, unknown := range []string{"", "x", gateway.NewID(), "'"} {
		b.fails("agree", b.store.Agree(b.Context(), unknown, given), gateway.ErrNotFound)
		_, err := b.store.Agreement(b.Context(), unknown)
		b.fails("agreement", err, gateway.ErrNotFound)
	}
	b.fails("agree", b.store.Agree(b.Context(), id, gateway.Agreement{Consent: "maybe", At: b.now}), gateway.ErrInvalid)
	b.same("revision", b.revision(), revision)
	b.same("unchanged", b.agreement(id), withheld)
}

func testAgreementsJoined(b *bundle) {
	for i, test := range []struct{ phone, user, want gateway.Consent }{
		{gateway.ConsentGiven, gateway.ConsentWithheld, gateway.ConsentWithheld},
		{gateway.ConsentWithheld, gateway.ConsentGiven, gateway.ConsentWithheld},
		{gateway.ConsentGiven, gateway.ConsentUnset, gateway.ConsentGiven},
		{gateway.ConsentUnset, gateway.ConsentGiven, gateway.ConsentGiven},
	} {
		phone, user := gateway.Identity{Phone: fmt.Sprintf("3461%d", i)}, gateway.Identity{UserID: fmt.Sprintf("ES.%d", i)}
		for who, consent := range map[gateway.Identity]gateway.Consent{phone: test.phone, user: test.user} {
			id := b.answer(who, "hola").Record.ConversationID
			if consent != gateway.ConsentUnset {
				b.agree(id, consent, "marta")
			}
		}
		b.advance(time.Second)
		c := b.say(gateway.Identity{Phone: phone.Phone, UserID: user.UserID}, "soy uno")
		b.same(fmt.Sprintf("%q and %q", test.phone, test.user), b.agreement(c.Conversation.ID).Consent, test.want)
		b.commit(c, b.turn(c, "hola"))
	}
}

func testReadPast(b *bundle) {
	c := b.say(ana(), "¿Cuándo llega?")
	first := b.turn(c, "El viernes.")
	b.commit(c, first)
	c = b.say(ana(), "¿Y el otro?")
	lost := b.turn(c, "nunca")
	lost.Record.Outcome = gateway.OutcomeSuperseded
	b.ok("abandon", b.store.Abandon(b.Context(), c, lost.Record, b.now))
	b.advance(time.Minute)
	c = b.claim()
	second := b.turn(c, "El lunes.")
	b.commit(c, second)
	b.crash()
	list, _, err := b.store.Past(b.Context(), time.Time{}, gateway.Page{})
	b.ok("past", err)
	past, err := gateway.ReadPast(b.Context(), b.store, list[0])
	b.ok("read", err)
	var turns []string
	for _, r := range past.Turns {
		turns = append(turns, r.ID)
	}
	b.same("turns", turns, []string{first.Record.ID, second.Record.ID})
	b.same("heard", len(past.Heard), 2)
	b.same("messages", len(past.Messages), 4)
}
