package gatewaytest

import (
	"errors"
	"sync"
	"time"

	"pgregory.net/rapid"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/rag/action"
)

// ends counts how a command ended, by the records that tell of it.
type ends struct{ receipts, late, overdue int }

func (b *bundle) ends(conversationID string) (e ends) {
	b.Helper()
	for _, r := range b.records(conversationID) {
		switch r.Decision.Rule {
		case "receipt":
			e.receipts++
		case "late_receipt":
			e.late++
		case "receipt_overdue":
			e.overdue++
		}
	}
	return e
}

// whole checks that the commands of a conversation have ended as their views say, each
// end once, and that what is awaited is what has not ended.
func (b *bundle) whole(conversationID string) {
	b.Helper()
	var want ends
	open := 0
	for _, v := range b.commands(conversationID) {
		switch {
		case v.Receipt == nil && v.ExpiredAt.IsZero():
			open++
		case v.ExpiredAt.IsZero():
			want.receipts++
		case v.Receipt == nil:
			want.overdue++
		default:
			want.overdue++
			want.late++
		}
	}
	if got := b.ends(conversationID); got != want {
		b.Fatalf("ends %+v, but the commands say %+v", got, want)
	}
	if got := b.conversation(conversationID).Memory.Awaiting; got != open {
		b.Fatalf("%d commands are awaited and %d have not ended", got, open)
	}
}

// testCommandsEndOnce plays random schedules of two workers, a shop's system that may
// answer at any time and as often as it likes, and a clock that jumps: whatever the
// order, each command ends once, and may be answered once more after it was given up.
func testCommandsEndOnce(b *bundle) {
	stores := []gateway.Store{b.store, b.reopen()}
	rapid.Check(b.T, func(r *rapid.T) {
		who := gateway.Identity{Phone: b.name("346")}
		var ordered []gateway.Command
		for range rapid.IntRange(1, 3).Draw(r, "commands") {
			ordered = append(ordered, b.order(who))
		}
		var leased []*gateway.Command
		deeds := map[string]func(s gateway.Store) error{
			"next": func(s gateway.Store) error {
				c, err := s.NextCommand(b.Context(), b.now, lease)
				if err == nil {
					leased = append(leased, c)
				}
				return err
			},
			"published": func(s gateway.Store) error { return s.Published(b.Context(), someOf(r, leased)) },
			"retry": func(s gateway.Store) error {
				return s.RetryCommand(b.Context(), someOf(r, leased), b.now.Add(time.Second))
			},
			"expire": func(s gateway.Store) error { return s.Expire(b.Context(), someOf(r, leased), b.now) },
			"receive": func(s gateway.Store) error {
				c := ordered[rapid.IntRange(0, len(ordered)-1).Draw(r, "receipt of")]
				return s.Receive(b.Context(), receiptOf(c, rapid.SampledFrom([]action.Outcome{action.Done, action.Refused}).Draw(r, "outcome")), b.now)
			},
			"wait": func(gateway.Store) error {
				b.advance(rapid.SampledFrom([]time.Duration{time.Second, lease, receiptAfter}).Draw(r, "wait"))
				return nil
			},
		}
		names := []string{"expire", "next", "published", "receive", "retry", "wait"}
		for range rapid.IntRange(1, 15).Draw(r, "steps") {
			err := deeds[rapid.SampledFrom(names).Draw(r, "deed")](stores[rapid.IntRange(0, 1).Draw(r, "store")])
			if err != nil && !errors.Is(err, gateway.ErrNoWork) && !errors.Is(err, gateway.ErrLeaseLost) {
				r.Fatalf("%v", err)
			}
			b.whole(ordered[0].ConversationID)
		}
		for _, c := range ordered {
			b.receive(receiptOf(c, action.Done))
		}
		b.whole(ordered[0].ConversationID)
		b.advance(time.Hour)
		b.noCommand()
	})
}

// someOf picks one of the commands that were leased; before the first there is one that
// nobody has.
func someOf(r *rapid.T, leased []*gateway.Command) *gateway.Command {
	if len(leased) == 0 {
		return &gateway.Command{ID: "nobody's"}
	}
	return leased[rapid.IntRange(0, len(leased)-1).Draw(r, "lease")]
}

func testCommandRace(b *bundle) {
	const customers = 12
	for i := range customers {
		b.order(gateway.Identity{UserID: b.name("U"), Phone: string(rune('1' + i))})
	}
	var mu sync.Mutex
	taken := map[string]int{}
	b.together(8, func(_ int, s gateway.Store) error {
		for {
			c, err := s.NextCommand(b.Context(), b.now, lease)
			if errors.Is(err, gateway.ErrNoWork) {
				return nil
			}
			if err != nil {
				return err
			}
			mu.Lock()
			taken[c.ID]++
			mu.Unlock()
			if err := s.Published(b.Context(), c); err != nil {
				return err
			}
		}
	})
	for len(taken) < customers { // a worker that found the rest leased may have stopped early
		taken[b.publish().ID]++
	}
	for id, n := range taken {
		if n != 1 {
			b.Errorf("command %s was taken %d times", id, n)
		}
	}
	b.noCommand()
}

// testEndRace has receipts race the giving up of the same commands, in one conversation.
func testEndRace(b *bundle) {
	const n = 6
	var ordered []gateway.Command
	for range n {
		ordered = append(ordered, b.order(ana()))
		b.publish()
	}
	b.advance(receiptAfter)
	late := map[string]*gateway.Command{}
	for range n {
		c := b.nextCommand()
		late[c.ID] = c
	}
	b.together(3*n, func(i int, s gateway.Store) error {
		c := ordered[i/3]
		if i%3 > 0 {
			return s.Receive(b.Context(), receiptOf(c, action.Done), b.now)
		}
		err := s.Expire(b.Context(), late[c.ID], b.now)
		if errors.Is(err, gateway.ErrLeaseLost) {
			return nil
		}
		return err
	})
	b.whole(ordered[0].ConversationID)
	b.same("awaited", b.conversation(ordered[0].ConversationID).Memory.Awaiting, 0)
	for _, v := range b.commands(ordered[0].ConversationID) {
		if v.Receipt == nil {
			b.Errorf("the receipt of %s is lost", v.Command.ID)
		}
	}
}

// testCrashPublish dies before it is noted that the shop's system has a command: it gets
// it again under the same id.
func testCrashPublish(b *bundle) {
	c := b.order(ana())
	lost := b.nextCommand()
	b.crash()
	b.noCommand()
	b.advance(lease)
	again := b.publish()
	b.same("command", again.ID, lost.ID)
	b.same("call", again.Call, c.Call)
	b.fails("late note", b.store.Published(b.Context(), lost), gateway.ErrLeaseLost)
	b.crash()
	b.receive(receiptOf(c, action.Done))
	b.whole(c.ConversationID)
}

func testCrashEnd(b *bundle) {
	one, two := b.order(ana()), b.order(ben())
	b.publish()
	b.publish()
	b.receive(receiptOf(one, action.Done))
	b.crash()
	// The shop's system did not hear that it was heard.
	b.receive(receiptOf(one, action.Done))
	b.advance(receiptAfter)
	late := b.nextCommand()
	b.same("overdue", late.ID, two.ID)
	b.ok("expire", b.store.Expire(b.Context(), late, b.now))
	b.crash()
	b.fails("expire again", b.store.Expire(b.Context(), late, b.now), gateway.ErrLeaseLost)
	b.receive(receiptOf(two, action.Done))
	b.whole(one.ConversationID)
	b.whole(two.ConversationID)
	b.advance(time.Hour)
	b.noCommand()
}
