package gatewaytest

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/recado/recado/gateway"
)

// testFileRace has many fetch the files of many customers while turns are claimed:
// each file is had once, and each turn gets what was heard.
func testFileRace(b *bundle) {
	const customers = 20
	for i := range customers {
		b.accept(b.media(gateway.Identity{Phone: fmt.Sprint(i)}, "audio", ""))
	}
	b.idle()
	var mu sync.Mutex
	leased := map[string]int{}
	b.together(8, func(_ int, s gateway.Store) error {
		for {
			f, err := s.NextFile(b.Context(), b.now, lease)
			if errors.Is(err, gateway.ErrNoWork) {
				return nil
			}
			if err != nil {
				return err
			}
			mu.Lock()
			leased[f.ID]++
			mu.Unlock()
			if err := s.SettleFile(b.Context(), f, fetched("oído "+f.ID)); err != nil {
				return err
			}
		}
	})
	// Who found the rest leased may have stopped early.
	for len(leased) < customers {
		f := b.file()
		leased[f.ID]++
		b.settleFile(f, fetched("oído "+f.ID))
	}
	for _, n := range leased {
		b.same("fetches", n, 1)
	}
	b.noFile()
	b.advance(quiet)
	for range customers {
		c := b.claim()
		b.same("texts", burst(c), []string{"oído " + c.Events[0].Message.Media.FileID})
		b.commit(c, b.turn(c))
	}
	b.idle()
}

// testTakeRace has many agents take one conversation: one handoff opens, and one agent
// is told that it is theirs.
func testTakeRace(b *bundle) {
	id := b.answer(ana()).Conversation.ID
	var mu sync.Mutex
	winners := map[string]bool{}
	b.together(12, func(i int, s gateway.Store) error {
		agent := fmt.Sprint("agent ", i)
		_, err := s.Act(b.Context(), gateway.Action{ConversationID: id, Kind: gateway.ActionTake, Agent: agent, At: b.now})
		if errors.Is(err, gateway.ErrTaken) {
			return nil
		}
		mu.Lock()
		defer mu.Unlock()
		winners[agent] = true
		return err
	})
	b.same("winners", len(winners), 1)
	b.same("handoffs", len(b.handoffs("")), 1)
	if agent := b.conversation(id).Agent; !winners[agent] {
		b.Errorf("the conversation is with %q, who was not told so", agent)
	}
}

// testAlertRace raises the same alert by many at once.
func testAlertRace(b *bundle) {
	raised := make([]gateway.Alert, 12)
	for i := range raised {
		raised[i] = b.alert("a", "PAUSED")
		raised[i].At = b.now.Add(time.Duration(i) * time.Second)
	}
	b.together(len(raised), func(i int, s gateway.Store) error { return s.Raise(b.Context(), raised[i]) })
	b.same("alerts", len(b.alerts()), 1)
}

// testWebhookRace has the provider send one webhook many times at once: it is kept
// once, and its events are fresh once.
func testWebhookRace(b *bundle) {
	events := webhook(b.message(ana(), "uno"), b.message(ben(), "two"), b.message(ana(), "tres"))
	var mu sync.Mutex
	var fresh []string
	b.together(12, func(_ int, s gateway.Store) error {
		list, err := s.Accept(b.Context(), events)
		mu.Lock()
		defer mu.Unlock()
		fresh = append(fresh, keys(list)...)
		return err
	})
	b.same("fresh", len(fresh), len(events))
	b.idle()
	b.same("body", b.body(b.only(ben().UserID).ID, events[1]), string(events[1].Body))
	b.same("bodies", b.purge(), 1)
}
