package cloudsim_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/recado/recado/gateway/whatsapp/cloudsim"
)

// sendTo sends a text and gives the code that it was refused with.
func (w *world) sendTo(phone string) int {
	w.t.Helper()
	_, answer := w.post(sendURL, fmt.Sprintf(`{"messaging_product":"whatsapp","to":%q,"text":{"body":"x"}}`, phone))
	return code(w.t, answer)
}

func TestOneCustomerIsWrittenToEverySixSeconds(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_790_000_000, 0)
	w := newWorld(t, func(c *cloudsim.Config) { c.Now = func() time.Time { return now } })
	w.say(lucia, "hola")
	w.say(tom, "hello")
	for i := range 45 {
		if got := w.sendTo(lucia); got != 0 {
			t.Fatalf("message %d of the burst gives %d", i+1, got)
		}
	}
	_, answer := w.post(sendURL, `{"messaging_product":"whatsapp","to":"`+lucia+`","text":{"body":"x"}}`)
	for _, want := range []string{`"code":131056`, "(#131056) (Business Account, Consumer Account) pair rate limit hit", "same phone number"} {
		if !strings.Contains(answer, want) {
			t.Errorf("%s is not in %s", want, answer)
		}
	}
	if got := w.sendTo(tom); got != 0 {
		t.Errorf("another customer gets %d", got)
	}
	for step, want := range map[time.Duration]int{5999 * time.Millisecond: 131056} {
		now = now.Add(step)
		if got := w.sendTo(lucia); got != want {
			t.Errorf("after %v: %d", step, got)
		}
	}
	now = now.Add(time.Millisecond)
	if first, second := w.sendTo(lucia), w.sendTo(lucia); first != 0 || second != 131056 {
		t.Errorf("after 6 s: %d and %d", first, second)
	}
	now = now.Add(10 * time.Minute)
	for range 45 {
		if got := w.sendTo(lucia); got != 0 {
			t.Fatalf("after a rest: %d", got)
		}
	}
}

func TestTheNumberHasItsPace(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_790_000_000, 0)
	w := newWorld(t, func(c *cloudsim.Config) {
		c.Now, c.Limits.PairSeconds = func() time.Time { return now }, -1
	})
	w.say(lucia, "hola")
	for i := range 80 {
		if got := w.sendTo(lucia); got != 0 {
			t.Fatalf("message %d gives %d", i+1, got)
		}
	}
	_, answer := w.post(sendURL, `{"messaging_product":"whatsapp","to":"`+lucia+`","text":{"body":"x"}}`)
	if !strings.Contains(answer, `"message":"(#130429) Rate limit hit"`) || !strings.Contains(answer, `"error_subcode":2494055`) {
		t.Errorf("got %s", answer)
	}
	now = now.Add(time.Second)
	for range 80 {
		if got := w.sendTo(lucia); got != 0 {
			t.Fatalf("a second later: %d", got)
		}
	}
	if w.control("/control/limits", `{"pair_seconds":2,"pair_burst":1,"number_per_second":1000}`)["pair_burst"] != 1.0 {
		t.Error("the limits were not taken")
	}
	if first, second := w.sendTo(lucia), w.sendTo(lucia); first != 0 || second != 131056 {
		t.Errorf("with other limits: %d and %d", first, second)
	}
	if status, _ := w.post("/control/limits", `{"pair_burst":1000000}`); status != 400 {
		t.Errorf("absurd limits give %d", status)
	}
	if got := w.control("/control/limits", "")["pair_seconds"]; got != 2.0 {
		t.Errorf("the limits are %v", got)
	}
}

// Whatever the times are, no stretch of them lets more through than a burst and
// the pace.
func TestNoStretchOfTimeExceedsTheLimit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		now := time.Unix(1_790_000_000, 0)
		burst := rapid.IntRange(1, 5).Draw(r, "burst")
		w := newWorld(t, func(c *cloudsim.Config) {
			c.Now, c.Limits = func() time.Time { return now }, cloudsim.Limits{PairSeconds: 6, PairBurst: burst, NumberPerSecond: -1}
		})
		w.say(lucia, "hola")
		var taken []time.Time
		for _, ms := range rapid.SliceOfN(rapid.IntRange(0, 9000), 1, 40).Draw(r, "pauses") {
			now = now.Add(time.Duration(ms) * time.Millisecond)
			if w.sendTo(lucia) == 0 {
				taken = append(taken, now)
			}
		}
		for i := range taken {
			for j := i; j < len(taken); j++ {
				if most := burst + int(taken[j].Sub(taken[i])/(6*time.Second)); j-i+1 > most {
					r.Fatalf("%d messages in %v, at most %d", j-i+1, taken[j].Sub(taken[i]), most)
				}
			}
		}
	})
}
