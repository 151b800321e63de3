package ratelimit_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"github.com/recado/recado/gateway/ratelimit"
	"github.com/recado/recado/internal/testservices"
)

var start = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

func limiter(t testing.TB, addr string, c ratelimit.Config) *ratelimit.Limiter {
	t.Helper()
	options, err := redis.ParseURL(addr)
	if err != nil {
		t.Fatal(err)
	}
	options.MaxRetries = -1
	client := redis.NewClient(options)
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
	c.Client = client
	l, err := ratelimit.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// everywhere runs a test on the in-process Redis, on a real one, and without any.
func everywhere(t *testing.T, test func(t *testing.T, addr string)) {
	t.Run("miniredis", func(t *testing.T) {
		t.Parallel()
		test(t, "redis://"+miniredis.RunT(t).Addr())
	})
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		test(t, testservices.Redis(t))
	})
	t.Run("away", func(t *testing.T) {
		t.Parallel()
		gone := miniredis.RunT(t)
		addr := gone.Addr()
		gone.Close()
		test(t, "redis://"+addr)
	})
}

func take(t testing.TB, l *ratelimit.Limiter, to string, now time.Time) time.Duration {
	t.Helper()
	wait, err := l.Take(t.Context(), "number", to, now)
	if err != nil {
		t.Fatal(err)
	}
	return wait
}

// wide is a limit of the number that does not stand in the way of a pair's.
func wide() ratelimit.Limit { return ratelimit.Limit{Every: time.Millisecond, Burst: 1000} }

func TestPairBurstAndRefill(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, addr string) {
		l := limiter(t, addr, ratelimit.Config{PerNumber: wide()})
		for i := range 44 {
			if wait := take(t, l, "a", start); wait != 0 {
				t.Fatalf("message %d of the burst waits %v", i+1, wait)
			}
		}
		if wait := take(t, l, "a", start); wait != 6*time.Second {
			t.Errorf("after the burst the wait is %v", wait)
		}
		if wait := take(t, l, "b", start); wait != 0 {
			t.Errorf("another customer waits %v", wait)
		}
		if wait := take(t, l, "a", start.Add(6*time.Second)); wait != 0 {
			t.Errorf("six seconds later the wait is %v", wait)
		}
		if wait := take(t, l, "a", start.Add(6*time.Second)); wait != 6*time.Second {
			t.Errorf("then %v", wait)
		}
	})
}

// TestRefusalTakesNothing: what the pair refuses does not cost the number.
func TestRefusalTakesNothing(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, addr string) {
		l := limiter(t, addr, ratelimit.Config{
			PerNumber: ratelimit.Limit{Every: time.Second, Burst: 3}, PerPair: ratelimit.Limit{Every: time.Minute, Burst: 1},
		})
		take(t, l, "a", start)
		for range 10 {
			if take(t, l, "a", start) == 0 {
				t.Fatal("the pair's limit does not hold")
			}
		}
		if take(t, l, "b", start) != 0 || take(t, l, "c", start) != 0 {
			t.Error("refused messages used up the number's tokens")
		}
		if take(t, l, "d", start) == 0 {
			t.Error("the number's limit does not hold")
		}
	})
}

// TestNeverMoreThanTheLimit: whatever the moments of asking, no window holds more
// than its burst and what came back meanwhile, and a wait that is kept is enough.
func TestNeverMoreThanTheLimit(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		limit := ratelimit.Limit{
			Every: time.Duration(rapid.IntRange(1, 5000).Draw(rt, "every")) * time.Millisecond,
			Burst: rapid.IntRange(1, 5).Draw(rt, "burst"),
		}
		l := limiter(t, "redis://"+server.Addr(), ratelimit.Config{
			Prefix: fmt.Sprint(n, ":"), PerPair: limit, PerNumber: ratelimit.Limit{Every: time.Microsecond, Burst: 1000},
		})
		now, taken := start, []time.Time(nil)
		for range rapid.IntRange(1, 40).Draw(rt, "asks") {
			now = now.Add(time.Duration(rapid.IntRange(0, 3000).Draw(rt, "pause")) * time.Millisecond)
			wait := take(t, l, "a", now)
			if wait > 0 {
				now = now.Add(wait)
				if take(t, l, "a", now) != 0 {
					rt.Fatal("the wait was not enough")
				}
			}
			taken = append(taken, now)
		}
		for i := range taken {
			for j := i; j < len(taken); j++ {
				allowed := limit.Burst + int(taken[j].Sub(taken[i])/limit.Every)
				if j-i+1 > allowed {
					rt.Fatalf("%d messages in %v, %d allowed", j-i+1, taken[j].Sub(taken[i]), allowed)
				}
			}
		}
	})
}

func TestConcurrentTakersShareTheBucket(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, addr string) {
		// A slow machine must not take a late answer for a Redis that is away.
		l := limiter(t, addr, ratelimit.Config{Timeout: time.Minute, PerNumber: wide()})
		var mu sync.Mutex
		got := 0
		var wg sync.WaitGroup
		for range 200 {
			wg.Go(func() {
				wait, err := l.Take(t.Context(), "number", "a", start)
				mu.Lock()
				defer mu.Unlock()
				if err == nil && wait == 0 {
					got++
				}
			})
		}
		wg.Wait()
		if got != 44 {
			t.Errorf("%d of 200 got a permit at once", got)
		}
	})
}

func TestRecoversWhenRedisComesBack(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	l := limiter(t, "redis://"+server.Addr(), ratelimit.Config{PerPair: ratelimit.Limit{Every: time.Hour, Burst: 1}})
	server.SetError("LOADING")
	if take(t, l, "a", start) != 0 {
		t.Fatal("without Redis nothing is sent")
	}
	if take(t, l, "a", start) == 0 {
		t.Fatal("without Redis there is no limit")
	}
	server.SetError("")
	if take(t, l, "b", start.Add(2*time.Second)) != 0 || len(server.Keys()) == 0 {
		t.Error("Redis is not asked again")
	}
	for _, key := range server.Keys() {
		if strings.Contains(key, ":b") && !strings.Contains(key, "{") {
			t.Errorf("the key %s shows who is meant", key)
		}
	}
}

func BenchmarkTake(b *testing.B) {
	l := limiter(b, "redis://"+miniredis.RunT(b).Addr(), ratelimit.Config{PerNumber: ratelimit.Limit{Every: 1000, Burst: 1 << 30}})
	b.ReportAllocs()
	for i := range b.N {
		if _, err := l.Take(b.Context(), "number", fmt.Sprint(i), start); err != nil {
			b.Fatal(err)
		}
	}
}
