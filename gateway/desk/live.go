package desk

import (
	"cmp"
	"net/http"
	"time"

	"github.com/recado/recado/internal/web"
)

const (
	// keepAlive is how often a silent stream says that it is there. The session is
	// looked at as often, so that a stream does not outlive it for long.
	keepAlive = 20 * time.Second
	// liveGap is the least time between two messages on a stream: a busy gateway
	// changes more often than a person can see.
	liveGap = 250 * time.Millisecond
)

// events tells an open page whenever something changed. It sends states and no
// content: the page fetches itself again, so that what may be seen is decided in
// one place. ?since= or Last-Event-ID is the revision the page has; an older one
// is answered at once.
func (d *Desk) events(w http.ResponseWriter, r *http.Request, _ string) error {
	s, err := web.NewStream(w, r)
	if err != nil {
		return err
	}
	seen := cmp.Or(s.LastID, r.URL.Query().Get("since"))
	alive := d.config.Now()
	for {
		// Asked for before reading, so that no change falls between the two.
		changed := d.config.Changes()
		revision, err := d.config.Desk.Revision(r.Context())
		if err != nil {
			// The answer has begun; the browser comes back by itself.
			d.config.Logger.WarnContext(r.Context(), "live stream ended", "error", err)
			return nil
		}
		id, err := d.state(r.Context(), revision)
		if err != nil {
			d.config.Logger.WarnContext(r.Context(), "live stream ended", "error", err)
			return nil
		}
		if id != seen && gone(s.Send(id, "change", id)) {
			return nil
		}
		seen = id
		if d.config.Now().Sub(alive) >= keepAlive {
			alive = d.config.Now()
			if !d.stillSigned(r) || gone(s.KeepAlive()) {
				return nil
			}
		}
		if !d.pause(r, nil, liveGap) || !d.pause(r, changed, min(d.config.Poll, keepAlive)) {
			return nil
		}
	}
}

// gone tells from how a write ended that the browser is not there any more.
func gone(err error) bool { return err != nil }

// stillSigned tells whether the session is there. When that can't be known the
// stream ends, and the browser asks again.
func (d *Desk) stillSigned(r *http.Request) bool {
	_, err := d.agent(r)
	return err == nil
}

// pause waits for the change or the time, and says whether to go on.
func (d *Desk) pause(r *http.Request, changed <-chan struct{}, most time.Duration) bool {
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-r.Context().Done():
		return false
	case <-d.ended:
		return false
	case <-changed:
	case <-timer.C:
	}
	return true
}
