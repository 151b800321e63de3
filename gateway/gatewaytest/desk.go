package gatewaytest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/recado/recado/gateway"
)

func deskTests() []test {
	return []test{
		{"ListsOfNothing", testNothingListed},
		{"ConversationsNewestFirst", testConversations},
		{"MessagesOldestFirst", testMessages},
		{"MessagesAreLimited", testLimits},
		{"TurnsOldestFirst", testTurns},
		{"HandoffsOldestFirst", testHandoffs},
		{"ReplyOfOneIDIsOne", testReplyOnce},
		{"CursorsAreChecked", testCursors},
		{"RevisionGrows", testRevision},
	}
}

func actTests() []test {
	return []test{
		{"ActClaims", testActClaim},
		{"ActReplies", testActReply},
		{"ActReturnsAndResolves", testActEnd},
		{"ActRefuses", testActRefuses},
	}
}

// pages reads a list page by page, two rows at a time, and checks that only the
// last page has no cursor.
func pages[T any](b *bundle, list func(gateway.Page) ([]T, string, error)) []T {
	b.Helper()
	var all []T
	for after := ""; ; {
		rows, next, err := list(gateway.Page{After: after, Limit: 2})
		b.ok("page", err)
		all = append(all, rows...)
		if next == "" {
			return all
		}
		if len(rows) != 2 || next == after || len(all) > 100 {
			b.Fatalf("a page that is not the last has %d rows and the cursor %q after %q", len(rows), next, after)
		}
		after = next
	}
}

func testNothingListed(b *bundle) {
	b.same("conversations", b.conversations(""), []gateway.Conversation(nil))
	b.same("handoffs", b.handoffs(""), []gateway.Handoff(nil))
	for _, id := range []string{"", "x", gateway.NewID(), "'"} {
		_, err := b.store.Conversation(b.Context(), id)
		b.fails("conversation", err, gateway.ErrNotFound)
		_, _, err = b.store.Messages(b.Context(), id, gateway.Page{})
		b.fails("messages", err, gateway.ErrNotFound)
		_, _, err = b.store.Turns(b.Context(), id, gateway.Page{})
		b.fails("turns", err, gateway.ErrNotFound)
		_, err = b.store.Handoff(b.Context(), id)
		b.fails("handoff", err, gateway.ErrNotFound)
	}
}

func testConversations(b *bundle) {
	var want []string
	for i := range 6 {
		b.advance(time.Second)
		t := b.answer(gateway.Identity{Phone: fmt.Sprint(100 + i)})
		want = append(want, t.Conversation.ID)
	}
	b.advance(time.Second)
	b.answer(gateway.Identity{Phone: "102"})
	again := want[2]
	want = append(slices.Delete(want, 2, 3), again)
	slices.Reverse(want)
	var got []string
	list := func(p gateway.Page) ([]gateway.Conversation, string, error) {
		return b.store.Conversations(b.Context(), gateway.ConversationFilter{}, p)
	}
	for _, c := range pages(b, list) {
		got = append(got, c.ID)
		b.same("conversation", b.conversation(c.ID), c)
	}
	b.same("conversations", got, want)
}

// testMessages mixes both sides, with messages that the provider delivered late.
func testMessages(b *bundle) {
	first := b.message(ana(), "uno")
	late := b.message(ana(), "dos")
	late.At = first.At.Add(-time.Hour)
	b.accept(first)
	b.advance(time.Second)
	late.ReceivedAt = b.now
	b.accept(late)
	b.advance(quiet)
	c := b.claim()
	b.commit(c, b.turn(c, "tres", "cuatro"))
	b.advance(time.Second)
	c = b.say(ana(), "cinco")
	b.commit(c, b.turn(c, "seis"))
	list := func(p gateway.Page) ([]gateway.MessageView, string, error) {
		return b.store.Messages(b.Context(), c.Conversation.ID, p)
	}
	got := pages(b, list)
	b.same("messages", texts(got), []string{
		"customer: uno", "customer: dos", "bot: tres", "bot: cuatro", "customer: cinco", "bot: seis",
	})
	ids := map[string]bool{}
	for _, m := range got {
		ids[m.ID] = true
	}
	b.same("different ids", len(ids), len(got))
}

func testLimits(b *bundle) {
	var events []gateway.Event
	for i := range 210 {
		events = append(events, b.message(ana(), fmt.Sprint("mensaje ", i)))
	}
	b.accept(events...)
	b.advance(quiet)
	c := b.claim()
	b.same("events", len(c.Events), 210)
	b.commit(c, b.turn(c))
	for limit, want := range map[int]int{0: 50, 1: 1, 50: 50, 200: 200, 201: 200, 1 << 40: 200} {
		list, next, err := b.store.Messages(b.Context(), c.Conversation.ID, gateway.Page{Limit: limit})
		b.ok("messages", err)
		b.same(fmt.Sprint("messages for ", limit), len(list), want)
		rest, _, err := b.store.Messages(b.Context(), c.Conversation.ID, gateway.Page{After: next, Limit: 1})
		b.ok("messages", err)
		b.same("next", texts(rest), []string{fmt.Sprint("customer: mensaje ", want)})
	}
	next := b.say(ana(), "otra")
	b.same("history", len(next.History), 20)
	b.same("newest of the history", next.History[19].Text, "mensaje 209")
}

func testTurns(b *bundle) {
	var want []gateway.Record
	for i := range 5 {
		c := b.say(ana(), fmt.Sprint("pregunta ", i))
		t := b.turn(c)
		t.Record.Query = fmt.Sprint("consulta ", i)
		if i%2 == 1 {
			t.Record.Outcome = gateway.OutcomeFailed
			b.ok("abandon", b.store.Abandon(b.Context(), c, t.Record, b.now.Add(time.Second)))
		} else {
			b.commit(c, t)
		}
		want = append(want, t.Record)
	}
	c := b.conversations("")[0]
	got := pages(b, func(p gateway.Page) ([]gateway.Record, string, error) { return b.store.Turns(b.Context(), c.ID, p) })
	b.same("records", got, want)
}

func testHandoffs(b *bundle) {
	var want []gateway.Handoff
	for i := range 5 {
		b.advance(time.Second)
		want = append(want, b.queue(gateway.Identity{Phone: fmt.Sprint(100 + i)}))
	}
	all := func(state gateway.HandoffState) []gateway.Handoff {
		return pages(b, func(p gateway.Page) ([]gateway.Handoff, string, error) {
			return b.store.Handoffs(b.Context(), state, p)
		})
	}
	b.same("all", all(""), want)
	b.advance(time.Second)
	want[1] = b.act(want[1], gateway.ActionClaim, "marta", "")
	want[3] = b.act(want[3], gateway.ActionResolve, "marta", "")
	b.same("all", all(""), want)
	b.same("queued", all(gateway.HandoffQueued), []gateway.Handoff{want[0], want[2], want[4]})
	b.same("claimed", all(gateway.HandoffClaimed), want[1:2])
	b.same("resolved", all(gateway.HandoffResolved), want[3:4])
	b.same("returned", all(gateway.HandoffReturned), []gateway.Handoff(nil))
}

func testCursors(b *bundle) {
	id := b.queue(ana()).ConversationID
	for _, cursor := range []string{"x", "0", "-1", "===", "bm9uc2Vuc2U", "' or 1=1 --", strings.Repeat("9", 5000), "\x00"} {
		p := gateway.Page{After: cursor}
		_, _, err := b.store.Conversations(b.Context(), gateway.ConversationFilter{}, p)
		b.fails("conversations after "+cursor, err, gateway.ErrInvalid)
		_, _, err = b.store.Messages(b.Context(), id, p)
		b.fails("messages after "+cursor, err, gateway.ErrInvalid)
		_, _, err = b.store.Turns(b.Context(), id, p)
		b.fails("turns after "+cursor, err, gateway.ErrInvalid)
		_, _, err = b.store.Handoffs(b.Context(), "", p)
		b.fails("handoffs after "+cursor, err, gateway.ErrInvalid)
	}
}

func testRevision(b *bundle) {
	last := b.revision()
	grows := func(after string) {
		b.Helper()
		now := b.revision()
		if now <= last {
			b.Errorf("revision %d after %d: %s is not seen", now, last, after)
		}
		last = now
	}
	c := b.say(ana(), "hola")
	grows("a message")
	t := b.handoffTurn(c)
	t.Outgoing = b.turn(c, "uno").Outgoing
	b.commit(c, t)
	grows("a turn")
	o := b.next()
	grows("a message on its way")
	b.settle(o, gateway.SendResult{Outcome: gateway.SendAccepted, ProviderID: "wamid.1"})
	grows("a sent message")
	b.accept(b.status(gateway.Status{ProviderID: "wamid.1", State: gateway.DeliveryRead}))
	b.idle()
	grows("a status")
	for _, kind := range []gateway.ActionKind{gateway.ActionClaim, gateway.ActionReply, gateway.ActionReturn} {
		b.act(*t.Handoff, kind, "marta", "hola")
		grows(string(kind))
	}
	b.idle()
	b.same("revision after nothing", b.revision(), last)
}

func testActClaim(b *bundle) {
	h := b.queue(ana())
	before := b.conversation(h.ConversationID)
	b.advance(time.Second)
	want := h
	want.State, want.Agent, want.UpdatedAt = gateway.HandoffClaimed, "marta", b.now
	b.same("handoff", b.act(h, gateway.ActionClaim, "marta", ""), want)
	c := b.conversation(h.ConversationID)
	b.same("mode", c.Mode, gateway.ModeAgent)
	b.same("agent", c.Agent, "marta")
	b.same("epoch", c.Epoch, before.Epoch+1)
	b.advance(time.Second)
	b.same("handoff claimed again", b.act(h, gateway.ActionClaim, "marta", ""), want)
	b.same("conversation", b.conversation(h.ConversationID), c)
	_, err := b.try(h, gateway.ActionClaim, "luis", "")
	b.fails("claim by another", err, gateway.ErrTaken)
	_, err = b.try(h, gateway.ActionReply, "luis", "hola")
	b.fails("reply by another", err, gateway.ErrTaken)
	got, err := b.store.Handoff(b.Context(), h.ID)
	b.ok("handoff", err)
	b.same("handoff", got, want)
	b.nothing()
}

func testActReply(b *bundle) {
	h := b.queue(ana())
	b.advance(time.Second)
	claimed := b.act(h, gateway.ActionReply, "marta", " Hola, soy Marta. ")
	b.same("state", claimed.State, gateway.HandoffClaimed)
	o := b.next()
	c := b.conversation(h.ConversationID)
	b.same("outgoing", *o, gateway.Outgoing{
		ID: o.ID, ConversationID: c.ID, Channel: channel, To: ana(), Author: gateway.AuthorAgent, Agent: "marta",
		Text: "Hola, soy Marta.", CreatedAt: b.now, ExpiresAt: c.WindowEnds(), Attempt: 1, Lease: o.Lease,
	})
	m := b.out(c.ID, o.ID)
	b.same("author", m.Author, gateway.AuthorAgent)
	b.same("agent", m.Agent, "marta")
}

func testActEnd(b *bundle) {
	for kind, want := range map[gateway.ActionKind]struct {
		state gateway.HandoffState
		mode  gateway.Mode
	}{
		gateway.ActionReturn:  {gateway.HandoffReturned, gateway.ModeBot},
		gateway.ActionResolve: {gateway.HandoffResolved, gateway.ModeClosed},
	} {
		h := b.queue(gateway.Identity{Phone: "1" + fmt.Sprint(len(kind))})
		b.act(h, gateway.ActionClaim, "marta", "")
		before := b.conversation(h.ConversationID)
		b.same("state", b.act(h, kind, "luis", "").State, want.state)
		c := b.conversation(h.ConversationID)
		b.same("mode", c.Mode, want.mode)
		b.same("agent", c.Agent, "")
		b.same("epoch", c.Epoch, before.Epoch+1)
		for _, again := range []gateway.ActionKind{gateway.ActionClaim, gateway.ActionReply, gateway.ActionReturn, gateway.ActionResolve} {
			_, err := b.try(h, again, "marta", "hola")
			b.fails(string(again), err, gateway.ErrClosed)
		}
	}
}

func testActRefuses(b *bundle) {
	_, err := b.try(gateway.Handoff{ID: gateway.NewID()}, gateway.ActionClaim, "marta", "")
	b.fails("unknown handoff", err, gateway.ErrNotFound)
	_, err = b.try(gateway.Handoff{ID: "x"}, gateway.ActionClaim, "marta", "")
	b.fails("no id", err, gateway.ErrNotFound)
	h := b.queue(ana())
	before, revision := b.conversation(h.ConversationID), b.revision()
	for name, a := range map[string]gateway.Action{
		"no agent":       {Kind: gateway.ActionClaim, Agent: " "},
		"unknown action": {Kind: "dance", Agent: "marta"},
		"empty reply":    {Kind: gateway.ActionReply, Agent: "marta", Text: " \n"},
		"long reply":     {Kind: gateway.ActionReply, Agent: "marta", Text: strings.Repeat("ñ", gateway.MaxText+1)},
	} {
		a.HandoffID, a.At = h.ID, b.now
		_, err := b.store.Act(b.Context(), a)
		b.fails(name, err, gateway.ErrInvalid)
	}
	b.advance(gateway.ServiceWindow)
	_, err = b.try(h, gateway.ActionReply, "marta", "tarde")
	b.fails("reply after the window", err, gateway.ErrWindowClosed)
	b.same("conversation", b.conversation(h.ConversationID), before)
	b.same("handoffs", b.handoffs(gateway.HandoffQueued), []gateway.Handoff{h})
	b.same("revision", b.revision(), revision)
	b.nothing()
}

// testReplyOnce: of a reply that comes again with its id, however many at once, one
// message is queued, and all are told that it is done.
func testReplyOnce(b *bundle) {
	h := b.queue(ana())
	before := len(b.messages(h.ConversationID))
	a := gateway.Action{
		HandoffID: h.ID, Kind: gateway.ActionReply, Agent: "ana", Text: "Sí.", At: b.now,
		OutgoingID: gateway.OnceID("token", h.ID),
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if got, err := gateway.ActOnce(b.Context(), b.store, a); err != nil || got.Agent != "ana" {
				b.Errorf("the reply gives %q, %v", got.Agent, err)
			}
		})
	}
	group.Wait()
	list := b.messages(h.ConversationID)
	if len(list) != before+1 || list[before].ID != a.OutgoingID {
		b.Errorf("%d messages were queued", len(list)-before)
	}
	b.act(h, gateway.ActionResolve, "ana", "")
	if _, err := gateway.ActOnce(b.Context(), b.store, a); err != nil {
		b.Errorf("again after the end: %v", err)
	}
	a.Text = "No."
	if _, err := gateway.ActOnce(b.Context(), b.store, a); !errors.Is(err, gateway.ErrInvalid) {
		b.Errorf("other words with that id: %v", err)
	}
}
