package llm

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestBreakerLetsOneTry(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	var b breaker
	for range breakerLimit {
		if !b.allow(now) {
			t.Fatal("it opens too early")
		}
		b.report(down, now)
	}
	if b.allow(now.Add(breakerPause-1)) || !b.open(now.Add(breakerPause-1)) {
		t.Error("it does not wait for its pause")
	}
	now = now.Add(breakerPause)
	for _, who := range []string{"the first", "one after a caller who gave up"} {
		if !b.allow(now) || b.allow(now.Add(time.Hour)) {
			t.Errorf("not exactly one may try: %s", who)
		}
		b.report(unknown, now)
	}
	b.allow(now)
	b.report(down, now)
	if b.allow(now) {
		t.Error("it does not rest after a failed try")
	}
	now = now.Add(breakerPause)
	b.allow(now)
	b.report(alive, now)
	for range 2 {
		if !b.allow(now) || b.open(now) {
			t.Error("it does not close")
		}
	}
}

// TestBreakerAlwaysOpensAgain: whatever was reported, after a pause somebody may
// ask, so that no server is given up for ever.
func TestBreakerAlwaysOpensAgain(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
		var b breaker
		for range rapid.IntRange(0, 40).Draw(t, "attempts") {
			now = now.Add(time.Duration(rapid.IntRange(0, 12).Draw(t, "seconds")) * time.Second)
			if b.allow(now) {
				b.report(rapid.SampledFrom([]health{unknown, alive, down}).Draw(t, "health"), now)
			}
		}
		if !b.allow(now.Add(breakerPause)) {
			t.Fatalf("nobody may ask: %+v", b.failures)
		}
	})
}
