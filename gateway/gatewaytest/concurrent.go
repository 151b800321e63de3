package gatewaytest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/recado/recado/gateway"
)

// TestConcurrent runs the contract with many callers at once, through two handles
// of each place, as two processes would.
func TestConcurrent(t *testing.T, place func(testing.TB) Open) {
	t.Helper()
	run(t, place, []test{
		{"AcceptOfTheSameKeys", testAcceptRace},
		{"ClaimOfManyConversations", testClaimRace},
		{"OneConversationForAContact", testContactRace},
		{"OneAgentClaims", testActRace},
		{"OneSenderForAMessage", testSendRace},
		{"ActAgainstCommit", testActCommitRace},
		{"MessageAgainstCommit", testMessageCommitRace},
		{"OneFetcherForAFile", testFileRace},
		{"OneAgentTakes", testTakeRace},
		{"OneAlertOfAMatter", testAlertRace},
		{"OneBodyOfAWebhook", testWebhookRace},
		{"OneWorkerForACommand", testCommandRace},
		{"ReceiptAgainstExpiry", testEndRace},
	})
}

// together runs n calls at once, on two handles by turns, and waits for all.
func (b *bundle) together(n int, call func(i int, s gateway.Store) error) {
	b.Helper()
	stores := []gateway.Store{b.store, b.reopen()}
	failures := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { failures[i] = call(i, stores[i%2]) })
	}
	wg.Wait()
	b.ok("calls at once", errors.Join(failures...))
}

func testAcceptRace(b *bundle) {
	const callers, size = 16, 20
	events := make([]gateway.Event, size)
	for i := range events {
		events[i] = b.message(gateway.Identity{Phone: fmt.Sprint(i)}, "hola")
	}
	var mu sync.Mutex
	fresh := map[string]int{}
	b.together(callers, func(i int, s gateway.Store) error {
		// Each begins somewhere else in the list.
		mine := append(append([]gateway.Event(nil), events[i:]...), events[:i]...)
		list, err := s.Accept(b.Context(), mine)
		mu.Lock()
		defer mu.Unlock()
		for _, e := range list {
			fresh[e.Key]++
		}
		return err
	})
	for _, e := range events {
		if fresh[e.Key] != 1 {
			b.Errorf("an event was fresh %d times", fresh[e.Key])
		}
	}
	b.advance(quiet)
	for range size {
		b.same("events", len(b.claim().Events), 1)
	}
	b.idle()
}

func testClaimRace(b *bundle) {
	const conversations, workers = 30, 8
	for i := range conversations {
		b.accept(b.message(gateway.Identity{Phone: fmt.Sprint(i)}, "hola"))
	}
	b.advance(quiet)
	var mu sync.Mutex
	leased := map[string]int{}
	b.together(workers, func(_ int, s gateway.Store) error {
		for {
			c, err := s.Claim(b.Context(), b.now, lease)
			if errors.Is(err, gateway.ErrNoWork) {
				return nil
			}
			if err != nil {
				return err
			}
			mu.Lock()
			leased[c.Conversation.ID]++
			mu.Unlock()
			if err := s.Commit(b.Context(), c, b.turn(c, "respuesta")); err != nil {
				return err
			}
		}
	})
	b.same("conversations", len(leased), conversations)
	for _, n := range leased {
		b.same("leases", n, 1)
	}
	for range conversations {
		b.same("text", b.next().Text, "respuesta")
	}
	b.nothing()
}

// testContactRace has many handles file the first messages of one contact, by
// either key, on two channels.
func testContactRace(b *bundle) {
	b.together(16, func(i int, s gateway.Store) error {
		who := []gateway.Identity{both(), ben(), ana(), both()}[i%4]
		e := gateway.Event{
			Key: fmt.Sprint("race ", i), Kind: gateway.EventMessage, Channel: fmt.Sprint("channel ", i/4%2), From: who,
			At: b.now, ReceivedAt: b.now, AnswerAfter: b.now.Add(quiet), AnswerBy: b.now.Add(maxBurst),
			Message: &gateway.Message{ProviderID: fmt.Sprint("wamid.", i), Type: "text", Text: "hola"},
		}
		if _, err := s.Accept(b.Context(), []gateway.Event{e}); err != nil {
			return err
		}
		if _, err := s.Claim(b.Context(), b.now, lease); !errors.Is(err, gateway.ErrNoWork) {
			return fmt.Errorf("claim: %w", err)
		}
		return nil
	})
	b.idle()
	b.same("conversations", len(b.conversations("")), 2)
	b.advance(quiet)
	first, second := b.claim(), b.claim()
	b.same("events", len(first.Events)+len(second.Events), 16)
	b.same("contact", first.Conversation.ContactID, second.Conversation.ContactID)
	b.idle()
}

func testActRace(b *bundle) {
	h := b.queue(ana())
	var mu sync.Mutex
	winners := map[string]bool{}
	b.together(12, func(i int, s gateway.Store) error {
		agent := fmt.Sprint("agent ", i)
		_, err := s.Act(b.Context(), gateway.Action{HandoffID: h.ID, Kind: gateway.ActionClaim, Agent: agent, At: b.now})
		if errors.Is(err, gateway.ErrTaken) {
			return nil
		}
		mu.Lock()
		defer mu.Unlock()
		winners[agent] = true
		return err
	})
	b.same("winners", len(winners), 1)
	c := b.conversation(h.ConversationID)
	if !winners[c.Agent] {
		b.Error("the conversation is not with the agent who was told so")
	}
}

func testSendRace(b *bundle) {
	const customers = 20
	for i := range customers {
		b.answer(gateway.Identity{Phone: fmt.Sprint(i)}, "uno", "dos")
	}
	var mu sync.Mutex
	sent := map[string]int{}
	b.together(8, func(_ int, s gateway.Store) error {
		for {
			o, err := s.NextOutgoing(b.Context(), b.now, lease)
			if errors.Is(err, gateway.ErrNoWork) {
				return nil
			}
			if err != nil {
				return err
			}
			mu.Lock()
			sent[o.ID]++
			mu.Unlock()
			r := gateway.SendResult{Outcome: gateway.SendAccepted, ProviderID: "wamid." + o.ID}
			if err := s.Settle(b.Context(), o, r); err != nil {
				return err
			}
		}
	})
	// A worker that found the rest leased may have stopped early; what is left is
	// there for the next.
	for len(sent) < 2*customers {
		o := b.send(b.name("wamid."))
		sent[o.ID]++
	}
	for _, n := range sent {
		b.same("sends", n, 1)
	}
	b.nothing()
}

// testActCommitRace has an agent act at the moment of a commit: either the turn
// came first, or it is refused.
func testActCommitRace(b *bundle) {
	for i := range 15 {
		h := b.queue(ana())
		b.act(h, gateway.ActionReturn, "marta", "")
		c := b.say(ana(), "hola")
		again := gateway.SendFailure(c.Conversation, "", nil, b.now)
		var committed error
		b.together(2, func(i int, s gateway.Store) error {
			if i == 0 {
				t := b.turn(c, "respuesta")
				t.Conversation.Mode, t.Handoff = gateway.ModeQueued, &again
				committed = s.Commit(b.Context(), c, t)
				return nil
			}
			_, err := s.Act(b.Context(), gateway.Action{HandoffID: h.ID, Kind: gateway.ActionClaim, Agent: "marta", At: b.now})
			if !errors.Is(err, gateway.ErrClosed) {
				return fmt.Errorf("claim of a returned handoff: %w", err)
			}
			return nil
		})
		b.ok(fmt.Sprint("commit ", i), committed)
		b.send(b.name("wamid."))
		var replied error
		c = b.say(ana(), "¿sigue ahí?")
		b.together(2, func(i int, s gateway.Store) error {
			if i == 0 {
				committed = s.Commit(b.Context(), c, b.turn(c, "la máquina"))
				return nil
			}
			_, replied = s.Act(b.Context(), gateway.Action{HandoffID: again.ID, Kind: gateway.ActionReply, Agent: "marta", Text: "yo", At: b.now})
			return replied
		})
		list := texts(b.messages(c.Conversation.ID))
		if committed != nil {
			b.fails("commit", committed, gateway.ErrHumanOwns)
			b.same("last message", list[len(list)-1], "agent: yo")
			b.ok("abandon", b.store.Abandon(b.Context(), c, b.turn(c).Record, b.now))
			c = b.claim()
			b.commit(c, b.turn(c))
		}
		b.drain()
		b.act(again, gateway.ActionReturn, "marta", "")
	}
}

// drain sends everything that waits, at whatever time it is due.
func (b *bundle) drain() {
	b.Helper()
	b.advance(lease + gateway.ReconcileAfter)
	for {
		o, err := b.store.NextOutgoing(b.Context(), b.now, lease)
		if errors.Is(err, gateway.ErrNoWork) {
			return
		}
		b.ok("next outgoing", err)
		b.settle(o, gateway.SendResult{Outcome: gateway.SendAccepted, ProviderID: "wamid." + o.ID})
	}
}

// testMessageCommitRace has a message come in at the moment of a commit: it either
// supersedes the turn or gets a turn of its own, and is never lost between.
func testMessageCommitRace(b *bundle) {
	for i := range 25 {
		c := b.say(ana(), fmt.Sprint("pregunta ", i))
		late := b.message(ana(), "espera")
		var committed error
		b.together(2, func(i int, s gateway.Store) error {
			if i == 0 {
				committed = s.Commit(b.Context(), c, b.turn(c, "respuesta"))
				return nil
			}
			_, err := s.Accept(b.Context(), []gateway.Event{late})
			return err
		})
		want := []string{"espera"}
		if committed != nil {
			b.fails("commit", committed, gateway.ErrSuperseded)
			b.ok("abandon", b.store.Abandon(b.Context(), c, b.turn(c).Record, b.now))
			want = []string{fmt.Sprint("pregunta ", i), "espera"}
		}
		b.advance(quiet + time.Second)
		c = b.claim()
		b.same("texts", burst(c), want)
		b.commit(c, b.turn(c, "respuesta"))
		b.drain()
	}
}
