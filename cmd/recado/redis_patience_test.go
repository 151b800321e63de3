package main

import (
	"testing"
	"time"
)

// TestPatienceWithRedis: another machine's Redis has what the shop says, and that of the
// process as long as a busy machine takes.
func TestPatienceWithRedis(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		url       string
		set, want time.Duration
	}{
		{"redis://10.0.0.1:6379/0", 300 * time.Millisecond, 300 * time.Millisecond},
		{"redis://10.0.0.1:6379/0", 8 * time.Second, 8 * time.Second},
		{"", 300 * time.Millisecond, ownPatience},
		{"", 8 * time.Second, 8 * time.Second},
		{"", 0, ownPatience},
	} {
		if got := (&orderBook{}).patience(settings{RedisURL: c.url, OrdersTimeout: c.set}); got != c.want {
			t.Errorf("%q with %v: %v, want %v", c.url, c.set, got, c.want)
		}
	}
}
