package desk

import (
	"errors"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// How sign-ins that fail slow down the next ones for the same name from the same
// address: the first few not at all, then each twice as long as the one before.
// Nobody is locked out: whoever knows the password gets in after the delay.
const (
	freeFailures  = 3
	firstDelay    = 500 * time.Millisecond
	longestDelay  = 16 * time.Second
	failureMemory = 15 * time.Minute
	// maxDelayed is how many sign-ins wait out a delay at once. Guessing in
	// parallel is no faster than these allow, eight in a second.
	maxDelayed   = 128
	maxAttempts  = 10_000
	maxNameBytes = 256
)

// errBusy says that a sign-in was not looked at because too many others are under
// way.
var errBusy = errors.New("too many sign-ins at once")

// attempts remembers sign-ins that failed. It is in memory: it slows guessing down
// on each replica, and forgets when the program restarts.
type attempts struct {
	mu      sync.Mutex
	seen    map[string]tries
	delayed int
}

// tries are what one name did from one address: failures, and attempts under way
// that count as if they had failed until it is known, so that many at once can't
// slip through.
type tries struct {
	failed, open int
	until        time.Time
}

// attempt is one sign-in under way; wait is how long it has to be held back.
type attempt struct {
	key  string
	wait time.Duration
}

func newAttempts() *attempts { return &attempts{seen: map[string]tries{}} }

// begin notes an attempt, which has to be given to end. With errBusy nothing was
// noted.
func (a *attempts) begin(name, address string, now time.Time) (attempt, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.shrink(now)
	this := attempt{key: attemptKey(name, address)}
	t := a.seen[this.key]
	if !now.Before(t.until) {
		t.failed = 0
	}
	this.wait = delay(t.failed + t.open)
	if this.wait > 0 {
		if a.delayed >= maxDelayed {
			return attempt{}, errBusy
		}
		a.delayed++
	}
	t.open++
	a.seen[this.key] = t
	return this, nil
}

// end notes how an attempt ended: right, wrong, or, with an error, neither.
func (a *attempts) end(this attempt, right bool, err error, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if this.wait > 0 {
		a.delayed--
	}
	t := a.seen[this.key]
	t.open--
	switch {
	case err != nil:
	case right:
		t.failed = 0
	default:
		t.failed, t.until = t.failed+1, now.Add(failureMemory)
	}
	a.seen[this.key] = t
	if t.failed == 0 && t.open == 0 {
		delete(a.seen, this.key)
	}
}

// delay is how long the next sign-in is held back after so many failures.
func delay(failures int) time.Duration {
	if failures < freeFailures {
		return 0
	}
	return min(firstDelay<<min(failures-freeFailures, 8), longestDelay)
}

// attemptKey keeps little of what a stranger sends as a name: no agent's is longer.
func attemptKey(name, address string) string {
	return strings.ToLower(name[:min(len(name), maxNameBytes)]) + "\n" + address
}

// shrink keeps the memory bounded: what is over goes first, and then any that is
// not under way. There are never more than begin has admitted.
func (a *attempts) shrink(now time.Time) {
	if len(a.seen) < maxAttempts {
		return
	}
	maps.DeleteFunc(a.seen, func(_ string, t tries) bool { return t.open == 0 && !now.Before(t.until) })
	for key, t := range a.seen {
		if len(a.seen) < maxAttempts {
			return
		}
		if t.open == 0 {
			delete(a.seen, key)
		}
	}
}

// address is the client's, without its port, and for IPv6 the network that one
// subscriber has to themselves; it is never logged.
func address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is6() {
		if network, err := ip.Prefix(64); err == nil {
			return network.String()
		}
	}
	return ip.String()
}
