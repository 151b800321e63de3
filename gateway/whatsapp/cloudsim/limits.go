package cloudsim

import (
	"cmp"
	"fmt"
	"net/http"
	"time"

	"github.com/recado/recado/internal/web"
)

// Limits are how much the shop may send, in Config and POST /control/limits. Zero
// fields are Meta's own limits; a negative one takes the limit away.
type Limits struct {
	// PairSeconds is how often, in seconds, one customer can be written to: 6 by
	// default.
	PairSeconds float64 `json:"pair_seconds"`
	// PairBurst is how many messages one customer can be sent at once before
	// that: 45 by default.
	PairBurst int `json:"pair_burst"`
	// NumberPerSecond is how many messages the number sends a second: 80 by
	// default.
	NumberPerSecond int `json:"number_per_second"`
}

// withDefaults fills what is zero.
func (l Limits) withDefaults() Limits {
	l.PairSeconds = cmp.Or(l.PairSeconds, 6)
	l.PairBurst = max(1, cmp.Or(l.PairBurst, 45))
	l.NumberPerSecond = cmp.Or(l.NumberPerSecond, 80)
	return l
}

// gate lets a burst through at once, and then one each interval: what was used of
// the burst comes back at that pace.
type gate struct {
	// next is when the gate would be empty.
	next time.Time
}

func (g *gate) pass(now time.Time, interval time.Duration, burst int) bool {
	next := g.next
	if next.Before(now) {
		next = now
	}
	if next.Sub(now) > time.Duration(burst-1)*interval {
		return false
	}
	g.next = next.Add(interval)
	return true
}

// admit holds a message against the limits of the number and of the pair. The
// lock is held.
func (s *Simulator) admit(c *chat, now time.Time) error {
	l := s.limits
	if l.NumberPerSecond > 0 && !s.gate.pass(now, time.Second/time.Duration(l.NumberPerSecond), l.NumberPerSecond) {
		e := refusal(130429, "")
		e.subcode = 2494055
		return e
	}
	if l.PairSeconds > 0 && !c.gate.pass(now, time.Duration(l.PairSeconds*float64(time.Second)), l.PairBurst) {
		return refusal(131056, "")
	}
	return nil
}

func (s *Simulator) showLimits(w http.ResponseWriter, _ *http.Request) error {
	s.mu.Lock()
	l := s.limits
	s.mu.Unlock()
	return web.WriteJSON(w, http.StatusOK, l)
}

// setLimits replaces the limits, and forgets what was sent until now.
func (s *Simulator) setLimits(w http.ResponseWriter, r *http.Request) error {
	var l Limits
	if err := web.ReadJSON(w, r, controlBody, &l); err != nil {
		return err
	}
	if l.PairSeconds > 86400 || l.PairBurst > 100_000 || l.NumberPerSecond > 1_000_000 {
		return fmt.Errorf("%w: the limits are too large", errControl)
	}
	l = l.withDefaults()
	s.mu.Lock()
	s.limits, s.gate = l, gate{}
	for _, c := range s.chats {
		c.gate = gate{}
	}
	s.mu.Unlock()
	return web.WriteJSON(w, http.StatusOK, l)
}
