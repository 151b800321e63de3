package desk_test

import (
	"bufio"
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/desk"
	"github.com/recado/recado/gateway/desk/desktest"
)

// stream is an open /desk/events.
type stream struct {
	t     *testing.T
	lines chan string
	// late tells that the test gave up waiting.
	late func() bool
}

// listen opens the stream of a browser that has seen a revision.
func (b *bundle) listen(since string) *stream {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), 20*time.Second)
	b.t.Cleanup(cancel)
	r := b.request("GET", "/desk/events?since="+since, nil).WithContext(ctx)
	response, err := b.browser.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { response.Body.Close() })
	if got := response.Header.Get("Content-Type"); response.StatusCode != http.StatusOK || !strings.HasPrefix(got, "text/event-stream") {
		b.t.Fatalf("status %d, %q", response.StatusCode, got)
	}
	s := &stream{t: b.t, lines: make(chan string, 100), late: func() bool { return ctx.Err() != nil }}
	go func() {
		defer close(s.lines)
		for in := bufio.NewScanner(response.Body); in.Scan(); {
			s.lines <- in.Text()
		}
	}()
	return s
}

// next gives the revision of the next change, or "" when the stream ended.
func (s *stream) next() string {
	for line := range s.lines {
		if id, ok := strings.CutPrefix(line, "data: "); ok {
			return id
		}
	}
	return ""
}

func TestEventAfterAChange(t *testing.T) {
	t.Parallel()
	b := setup(t, "ana")
	now, err := b.store.Revision(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s := b.listen(digits(now))
	b.store.Say(desktest.Tom, desktest.In("t9", "Hello?", morning))
	if got := s.next(); got != digits(now+1) {
		t.Errorf("revision %q, want %d", got, now+1)
	}
	// What agents do is a change too.
	b.post("/desk/handoffs/"+desktest.TomHandoff+"/claim", nil)
	if got := s.next(); got != digits(now+2) {
		t.Errorf("revision %q, want %d", got, now+2)
	}
}

func TestEventAtOnceForWhoIsBehind(t *testing.T) {
	t.Parallel()
	b := setup(t, "ana")
	now, err := b.store.Revision(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := b.listen("3").next(); got != digits(now) {
		t.Errorf("revision %q, want %d", got, now)
	}
}

// TestEventWithoutAnnouncement holds that changes of another process are found.
func TestEventWithoutAnnouncement(t *testing.T) {
	t.Parallel()
	b := setup(t, "ana")
	d, err := desk.New(desk.Config{Desk: b.store, Agents: b.store, GuestAgent: "ana", Poll: 10 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.EndStreams)
	b.server.Config.Handler = d
	now, err := b.store.Revision(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s := b.listen(digits(now))
	b.store.Put(gateway.Conversation{ID: "new"})
	if got := s.next(); got != digits(now+1) {
		t.Errorf("revision %q, want %d", got, now+1)
	}
}

func TestStreamsEnd(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*bundle){
		"with the server": func(b *bundle) { b.desk.EndStreams(); b.desk.EndStreams() },
		"when the store fails": func(b *bundle) {
			b.store.Fail(errors.New("away"))
			b.store.Put(gateway.Conversation{ID: "new"})
		},
		"with the session": func(b *bundle) {
			b.clock.advance(13 * time.Hour)
			b.store.Put(gateway.Conversation{ID: "new"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, "")
			b.addAgent("ana")
			b.browser = b.signIn("ana")
			s := b.listen("0")
			if s.next() == "" {
				t.Fatal("the stream did not begin")
			}
			end(b)
			for s.next() != "" {
			}
			if s.late() {
				t.Error("the stream did not end")
			}
		})
	}
}

func TestNothingForAStrangerToHear(t *testing.T) {
	t.Parallel()
	b := setup(t, "")
	b.get("/desk/events?since=0", "es").says(t, http.StatusUnauthorized)
}
