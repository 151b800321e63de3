package gateway

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// intakeStore counts commits; it fails as it is told to. Its other methods are
// never called.
type intakeStore struct {
	Store
	commits atomic.Int64
	delay   time.Duration
	poison  string
	down    atomic.Bool
	mu      sync.Mutex
	kept    map[string]bool
}

func (s *intakeStore) Accept(ctx context.Context, events []Event) ([]Event, error) {
	s.commits.Add(1)
	if s.delay > 0 {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(s.delay):
		}
	}
	if s.down.Load() {
		return nil, errors.New("down")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var fresh []Event
	for _, e := range events {
		if e.Key == s.poison {
			return nil, errors.New("poison")
		}
		if !s.kept[e.Key] {
			fresh = append(fresh, e)
		}
	}
	for _, e := range fresh {
		s.kept[e.Key] = true
	}
	return fresh, nil
}

func (s *intakeStore) NextCommand(context.Context, time.Time, time.Duration) (*Command, error) {
	return nil, ErrNoWork
}

func (s *intakeStore) Ping(context.Context) error {
	if s.down.Load() {
		return errors.New("down")
	}
	return nil
}

// has tells whether the event was kept.
func (s *intakeStore) has(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kept[key]
}

// intakeOnly runs the intake of a gateway over the store, inside the bubble.
func intakeOnly(t *testing.T, s *intakeStore) *Gateway {
	t.Helper()
	s.kept = map[string]bool{}
	c := Config{Store: s, Workers: -1, Senders: -1, Fetchers: -1, Retention: -1, QuietPeriod: time.Second, Intakes: 1}
	g, err := New(withFakes(c))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- g.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return g
}

func event(key string) Event {
	return Event{Key: key, Kind: EventMessage, Message: &Message{Type: "text", Text: "hola"}}
}

// acceptAll accepts one event each, all at once, and gives the errors by key.
func acceptAll(t *testing.T, g *Gateway, keys ...string) map[string]error {
	t.Helper()
	var mu sync.Mutex
	errs := map[string]error{}
	var wg sync.WaitGroup
	for _, k := range keys {
		wg.Go(func() {
			err := g.Accept(t.Context(), []Event{event(k)})
			mu.Lock()
			defer mu.Unlock()
			errs[k] = err
		})
	}
	wg.Wait()
	return errs
}

func TestAcceptSharesCommits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &intakeStore{delay: 10 * time.Millisecond}
		g := intakeOnly(t, s)
		var keys []string
		for i := range 100 {
			keys = append(keys, fmt.Sprint(i))
		}
		for k, err := range acceptAll(t, g, keys...) {
			if err != nil || !s.has(k) {
				t.Fatalf("%s: %v, kept %v", k, err, s.has(k))
			}
		}
		// The first is alone, or with a few; the rest waited together.
		if n := s.commits.Load(); n > 4 {
			t.Errorf("100 webhooks took %d commits", n)
		}
	})
}

func TestAcceptIsolatesPoison(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &intakeStore{delay: time.Millisecond, poison: "bad"}
		g := intakeOnly(t, s)
		errs := acceptAll(t, g, "a", "b", "bad", "c", "d")
		for k, err := range errs {
			if (err != nil) != (k == "bad") {
				t.Errorf("%s: %v", k, err)
			}
		}
	})
}

func TestAcceptSaysWhenTheStoreIsDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &intakeStore{delay: time.Millisecond}
		s.down.Store(true)
		g := intakeOnly(t, s)
		for k, err := range acceptAll(t, g, "a", "b", "c") {
			if err == nil || s.has(k) {
				t.Errorf("%s: %v, kept %v", k, err, s.has(k))
			}
		}
		// A batch is not tried one by one against a store that is away.
		if n := s.commits.Load(); n > 3 {
			t.Errorf("%d commits against a store that is down", n)
		}
		s.down.Store(false)
		if err := g.Accept(t.Context(), []Event{event("a")}); err != nil {
			t.Errorf("after it came back: %v", err)
		}
	})
}

func TestAcceptEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &intakeStore{delay: time.Second}
		g := intakeOnly(t, s)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if err := g.Accept(ctx, []Event{event("a")}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		synctest.Wait()
		time.Sleep(2 * time.Second) // the bubble's clock: lets the commit end
		if !s.has("a") {
			t.Error("a commit under way was torn off")
		}
	})
}
