package gateway

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/recado/recado/rag"
)

// turnStore has one conversation to answer and notes what became of it.
type turnStore struct {
	Store
	claim     *Claim
	committed []Turn
	abandoned []Record
}

func (s *turnStore) Claim(context.Context, time.Time, time.Duration) (*Claim, error) {
	if s.claim == nil {
		return nil, ErrNoWork
	}
	c := s.claim
	s.claim = nil
	return c, nil
}

func (s *turnStore) Commit(_ context.Context, _ *Claim, t Turn) error {
	s.committed = append(s.committed, t)
	return nil
}

func (s *turnStore) Abandon(_ context.Context, _ *Claim, r Record, _ time.Time) error {
	s.abandoned = append(s.abandoned, r)
	return nil
}

func (s *turnStore) Commands(context.Context, string) ([]CommandView, error) { return nil, nil }

func asked(at time.Time) *Claim {
	return &Claim{
		Conversation: Conversation{ID: "c", Mode: ModeBot, LastCustomerAt: at},
		Events: []Event{{
			Key: "k", Kind: EventMessage, At: at, AnswerBy: at.Add(15 * time.Second),
			Message: &Message{Type: "text", Text: "¿Cuánto cuesta el envío?"},
		}},
		Attempt: 1,
	}
}

// cutOff is a model that waits until somebody gives up.
type cutOff struct{ stop func() }

func (c cutOff) Answer(ctx context.Context, _ rag.Question) (rag.Answer, error) {
	c.stop()
	<-ctx.Done()
	return rag.Answer{}, rag.ErrModel
}
func (cutOff) Fingerprint() string { return "cut off" }

// TestTurnIsLeftToOthersWhenTheProgramStops: a shutdown is no failure of the model,
// and nobody is handed over for it.
func TestTurnIsLeftToOthersWhenTheProgramStops(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	ctx, stop := context.WithCancel(t.Context())
	s := &turnStore{claim: asked(now)}
	g, err := New(withFakes(Config{Store: s, Answerer: cutOff{stop}, Now: func() time.Time { return now }}))
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Turn(ctx); err != nil {
		t.Fatal(err)
	}
	if len(s.committed) != 0 || len(s.abandoned) != 1 || s.abandoned[0].Outcome != OutcomeFailed || s.abandoned[0].Decision.Rule != "stopped" {
		t.Errorf("committed %d, abandoned %+v", len(s.committed), s.abandoned)
	}
}

// TestTurnSaysWhenABurstIsOverdue, so that a customer who never stops writing is
// answered all the same.
func TestTurnSaysWhenABurstIsOverdue(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	for after, want := range map[time.Duration]bool{2 * time.Second: false, 15 * time.Second: true} {
		s := &turnStore{claim: asked(began)}
		g, err := New(withFakes(Config{Store: s, Now: func() time.Time { return began.Add(after) }}))
		if err != nil {
			t.Fatal(err)
		}
		if err := g.Turn(t.Context()); err != nil {
			t.Fatal(err)
		}
		if s.committed[0].Overdue != want {
			t.Errorf("after %v: overdue %t", after, s.committed[0].Overdue)
		}
	}
}

// away is an outbox whose Settle fails so many times.
type away struct {
	outboxStore
	failures int
	handed   int
}

func (s *away) NextOutgoing(ctx context.Context, now time.Time, lease time.Duration) (*Outgoing, error) {
	s.handed++
	return s.outboxStore.NextOutgoing(ctx, now, lease)
}

func (s *away) Settle(ctx context.Context, o *Outgoing, r SendResult) error {
	if s.failures > 0 {
		s.failures--
		return errors.New("the store is away")
	}
	return s.outboxStore.Settle(ctx, o, r)
}

// TestDeliverHoldsOnToAResult: while the store can't take it, nothing else is sent.
func TestDeliverHoldsOnToAResult(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &away{outboxStore: outboxStore{next: &Outgoing{ID: "o", Attempt: 1}}, failures: 5}
		sends := 0
		g, err := New(withFakes(Config{Store: s, Sender: fakeSender(func(*Outgoing) (SendResult, error) {
			sends++
			return SendResult{Outcome: SendAccepted, ProviderID: "p"}, nil
		})}))
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- g.Deliver(t.Context()) }()
		synctest.Wait()
		if err := g.Deliver(t.Context()); !errors.Is(err, ErrNoWork) || s.handed != 1 {
			t.Errorf("meanwhile: %v, asked %d times", err, s.handed)
		}
		if err := <-done; err != nil || sends != 1 || len(s.settled) != 1 || s.settled[0].ProviderID != "p" {
			t.Errorf("%v, sent %d times, settled %+v", err, sends, s.settled)
		}
	})
}

// TestDeliverFinishesWhatItBegan: the end of the program does not cut a send off.
func TestDeliverFinishesWhatItBegan(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	s := &outboxStore{next: &Outgoing{ID: "o", Attempt: 1}}
	g, err := New(withFakes(Config{Store: s, Sender: stopping{stop}}))
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Deliver(ctx); err != nil {
		t.Fatal(err)
	}
	if len(s.settled) != 1 || s.settled[0].Outcome != SendAccepted {
		t.Errorf("settled %+v", s.settled)
	}
}

// stopping stops the program while it sends.
type stopping struct{ stop func() }

func (s stopping) Send(ctx context.Context, _ *Outgoing) (SendResult, error) {
	s.stop()
	if err := ctx.Err(); err != nil {
		return SendResult{}, err
	}
	return SendResult{Outcome: SendAccepted, ProviderID: "p"}, nil
}
