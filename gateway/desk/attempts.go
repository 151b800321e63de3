package desk

import (
	"maps"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// How many sign-ins may fail within a window: for one name, and from one address.
// Behind a proxy all agents share an address, so that bound is wide.
const (
	attemptWindow   = 5 * time.Minute
	namePasses      = 8
	addressPasses   = 60
	attemptsAtATime = 10_000
	maxNameBytes    = 256
)

// attempts counts sign-ins that were tried. It is in memory: it slows guessing
// down on each replica, and forgets when the program restarts.
type attempts struct {
	mu   sync.Mutex
	seen map[string]tries
}

type tries struct {
	count int
	until time.Time
}

func newAttempts() *attempts { return &attempts{seen: map[string]tries{}} }

// take counts one attempt, before it is known how it ends, so that attempts at
// once can't slip through. It gives how long to wait; 0 means go on.
func (a *attempts) take(name, address string, now time.Time) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.shrink(now)
	return max(a.count(nameKey(name), namePasses, now), a.count("address:"+address, addressPasses, now))
}

// nameKey keeps little of what a stranger sends as a name: no agent's is longer.
func nameKey(name string) string {
	return "name:" + strings.ToLower(name[:min(len(name), maxNameBytes)])
}

func (a *attempts) count(key string, passes int, now time.Time) time.Duration {
	t := a.seen[key]
	if !now.Before(t.until) {
		t = tries{until: now.Add(attemptWindow)}
	}
	t.count++
	a.seen[key] = t
	if t.count > passes {
		return t.until.Sub(now)
	}
	return 0
}

// forgive forgets a name's attempts after the right password.
func (a *attempts) forgive(name string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.seen, nameKey(name))
}

// shrink keeps the memory bounded: what is over goes first, and everything if
// that is not enough.
func (a *attempts) shrink(now time.Time) {
	if len(a.seen) < attemptsAtATime {
		return
	}
	maps.DeleteFunc(a.seen, func(_ string, t tries) bool { return !now.Before(t.until) })
	if len(a.seen) >= attemptsAtATime {
		clear(a.seen)
	}
}

// address is the client's, without its port; it is never logged.
func address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
