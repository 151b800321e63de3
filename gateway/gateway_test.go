package gateway

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/assure"
)

type fakeAnswerer struct{}

func (fakeAnswerer) Answer(context.Context, rag.Question) (rag.Answer, error) { return good(), nil }
func (fakeAnswerer) Fingerprint() string                                      { return "fake" }

type fakeOrders struct{}

func (fakeOrders) Facts(context.Context, Identity, assure.Pass, string) rag.OrderFacts {
	return rag.OrderFacts{}
}

type fakeSender func(*Outgoing) (SendResult, error)

func (f fakeSender) Send(_ context.Context, o *Outgoing) (SendResult, error) { return f(o) }

type fakeLimiter time.Duration

func (f fakeLimiter) Take(context.Context, string, string, time.Time) (time.Duration, error) {
	return time.Duration(f), nil
}

// withFakes fills the parts that a test does not care about.
func withFakes(c Config) Config {
	if c.Answerer == nil {
		c.Answerer = fakeAnswerer{}
	}
	if c.Orders == nil {
		c.Orders = fakeOrders{}
	}
	if c.Sender == nil {
		c.Sender = fakeSender(func(*Outgoing) (SendResult, error) { return SendResult{Outcome: SendAccepted}, nil })
	}
	if c.Limiter == nil {
		c.Limiter = fakeLimiter(0)
	}
	return c
}

func TestNewNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	full := withFakes(Config{Store: &intakeStore{}})
	if _, err := New(full); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]Config{
		"Store":    {Answerer: full.Answerer, Orders: full.Orders, Sender: full.Sender, Limiter: full.Limiter},
		"Answerer": {Store: full.Store, Orders: full.Orders, Sender: full.Sender, Limiter: full.Limiter},
		"Orders":   {Store: full.Store, Answerer: full.Answerer, Sender: full.Sender, Limiter: full.Limiter},
		"Sender":   {Store: full.Store, Answerer: full.Answerer, Orders: full.Orders, Limiter: full.Limiter},
		"Limiter":  {Store: full.Store, Answerer: full.Answerer, Orders: full.Orders, Sender: full.Sender},
	} {
		if _, err := New(c); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("without %s: %v", name, err)
		}
	}
}

// TestWorkerPollsAlone: of many idle workers one polls, and all wake by the bell.
func TestWorkerPollsAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		steps := make(chan struct{}, 10000)
		b := newBell()
		w := worker{
			step: func(context.Context) error { steps <- struct{}{}; return ErrNoWork },
			bell: b, poll: time.Second, token: make(chan struct{}, 1),
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 8)
		for range 8 {
			go func() { done <- w.run(ctx) }()
		}
		synctest.Wait()
		first := len(steps)
		time.Sleep(10*time.Second + time.Millisecond) // the bubble's clock
		synctest.Wait()
		if polls := len(steps) - first; polls != 10 {
			t.Errorf("%d polls in 10 s by 8 idle workers", polls)
		}
		before := len(steps)
		b.ring()
		synctest.Wait()
		if woken := len(steps) - before; woken < 8 {
			t.Errorf("the bell woke %d of 8", woken)
		}
		cancel()
		for range 8 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	})
}

// outboxStore is a store with one message to send.
type outboxStore struct {
	Store
	next      *Outgoing
	settled   []SendResult
	postponed []time.Time
	// lost is what Postpone gives.
	lost error
}

func (s *outboxStore) NextOutgoing(context.Context, time.Time, time.Duration) (*Outgoing, error) {
	if s.next == nil {
		return nil, ErrNoWork
	}
	o := s.next
	s.next = nil
	return o, nil
}

func (s *outboxStore) Settle(_ context.Context, _ *Outgoing, r SendResult) error {
	s.settled = append(s.settled, r)
	return nil
}

func (s *outboxStore) Postpone(_ context.Context, _ *Outgoing, until time.Time) error {
	s.postponed = append(s.postponed, until)
	return s.lost
}

func (s *outboxStore) Conversation(context.Context, string) (Conversation, error) {
	return Conversation{ID: "c", Mode: ModeBot, Language: "es"}, nil
}

func TestDeliver(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	tests := []struct {
		name    string
		o       Outgoing
		r       SendResult
		err     error
		want    SendOutcome
		retryAt time.Time
		handoff bool
	}{
		{name: "accepted", o: Outgoing{Attempt: 1}, r: SendResult{Outcome: SendAccepted}, want: SendAccepted},
		{name: "refused for now", o: Outgoing{Attempt: 2}, r: SendResult{Outcome: SendRetry}, want: SendRetry, retryAt: now.Add(4 * time.Second)},
		{name: "told when", o: Outgoing{Attempt: 1}, r: SendResult{Outcome: SendRetry, RetryAt: now.Add(time.Hour)}, want: SendRetry, retryAt: now.Add(time.Hour)},
		{name: "unknown waits for its status", o: Outgoing{Attempt: 1}, r: SendResult{Outcome: SendUnknown, RetryAt: now}, want: SendUnknown, retryAt: now.Add(ReconcileAfter)},
		{name: "error is unknown", o: Outgoing{Attempt: 1}, err: errors.New("x"), want: SendUnknown, retryAt: now.Add(ReconcileAfter)},
		{name: "rejected", o: Outgoing{Attempt: 1}, r: SendResult{Outcome: SendRejected}, want: SendRejected, handoff: true},
		{name: "unknown again", o: Outgoing{Attempt: maxUnknown, Doubtful: true}, r: SendResult{Outcome: SendUnknown}, want: SendUnknown, retryAt: now.Add(ReconcileAfter)},
		{name: "nobody knows of the last", o: Outgoing{Attempt: maxUnknown + 1, Doubtful: true}, r: SendResult{Outcome: SendAccepted}, want: SendRejected, handoff: true},
		{name: "refused as often, and known to be", o: Outgoing{Attempt: maxUnknown + 1}, r: SendResult{Outcome: SendAccepted}, want: SendAccepted},
		{name: "tried often enough", o: Outgoing{Attempt: maxSends}, r: SendResult{Outcome: SendRetry}, want: SendRejected, handoff: true},
		{name: "expired", o: Outgoing{Attempt: 1, ExpiresAt: now.Add(-time.Second)}, r: SendResult{Outcome: SendAccepted}, want: SendRejected, handoff: true},
	}
	for _, tt := range tests {
		s := &outboxStore{next: &tt.o}
		g, err := New(withFakes(Config{
			Store: s, Now: func() time.Time { return now },
			Sender: fakeSender(func(*Outgoing) (SendResult, error) { return tt.r, tt.err }),
		}))
		if err != nil {
			t.Fatal(err)
		}
		if err := g.Deliver(t.Context()); err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		got := s.settled[0]
		if got.Outcome != tt.want || !got.RetryAt.Equal(tt.retryAt) || (got.Handoff != nil) != tt.handoff {
			t.Errorf("%s: %+v", tt.name, got)
		}
		if err := g.Deliver(t.Context()); !errors.Is(err, ErrNoWork) {
			t.Errorf("%s: then %v", tt.name, err)
		}
	}
}

func TestDeliverKeepsTheLimits(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	s := &outboxStore{next: &Outgoing{Attempt: 1}, lost: ErrLeaseLost}
	g, err := New(withFakes(Config{
		Store: s, Now: func() time.Time { return now }, Limiter: fakeLimiter(6 * time.Second),
		Sender: fakeSender(func(*Outgoing) (SendResult, error) { t.Error("sent over the limit"); return SendResult{}, nil }),
	}))
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Deliver(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(s.settled) != 0 || len(s.postponed) != 1 || !s.postponed[0].Equal(now.Add(6*time.Second)) {
		t.Errorf("settled %v, postponed %v", s.settled, s.postponed)
	}
}

// TestDeliveryRanks: of any two states the merge keeps the one that says more.
func TestDeliveryRanks(t *testing.T) {
	t.Parallel()
	order := []DeliveryState{
		DeliveryQueued, DeliverySending, DeliveryUnknown, DeliveryCanceled, DeliverySent, DeliveryFailed, DeliveryDelivered, DeliveryRead,
	}
	for i, s := range order {
		if s.Rank() != i {
			t.Errorf("%s has rank %d", s, s.Rank())
		}
	}
	if DeliveryState("played twice").Rank() != -1 {
		t.Error("an unknown state has a rank")
	}
}
