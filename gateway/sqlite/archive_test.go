package sqlite_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/sqlite"
)

// count reads one number from the file.
func count(t *testing.T, path, query string) (n int64) {
	t.Helper()
	if err := raw(t, path).QueryRowContext(t.Context(), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestPurgeOfMany drops more than one transaction does: the webhooks in steps, those of
// several events and those of one, and in the end all that events kept for themselves.
func TestPurgeOfMany(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "recado.db")
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	at := time.Now()
	var events []gateway.Event
	for i := range 5000 {
		e := webhook(i, at.Add(time.Duration(i)))
		switch i % 4 {
		case 1:
			e.Body, e.BodyFrom, e.BodyTo = nil, 0, 0
		case 3: // came together with the one before
			e.Body, e.BodyFrom, e.BodyTo = events[i-1].Body, events[i-1].BodyFrom, events[i-1].BodyTo
		}
		events = append(events, e)
	}
	if _, err := s.Accept(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	if n := count(t, path, `select count(*) from events where (raw is null) <> (webhook is not null)`); n != 0 {
		t.Errorf("%d events are kept twice or not at all", n)
	}
	before := at.Add(4000)
	for _, want := range []int{1000, 1000, 0} {
		if n, err := s.Purge(t.Context(), before); err != nil || n != want {
			t.Errorf("purged %d, %v, want %d", n, err, want)
		}
	}
	if n := count(t, path, `select count(*) from events where raw is not null`); n != 500 {
		t.Errorf("%d events keep how they came, want the 500 that are younger", n)
	}
	if n := count(t, path, `select count(*) from webhooks`); n != 250 {
		t.Errorf("%d webhooks are left, want the 250 that are younger", n)
	}
}

// TestWebhooksKeepTheirNumber drops the newest webhook: the one after it is not taken
// for that of an older message.
func TestWebhooksKeepTheirNumber(t *testing.T) {
	t.Parallel()
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: filepath.Join(t.TempDir(), "recado.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	at := time.Now()
	for i := range 3 {
		e := webhook(i, at)
		e.From.Phone = "1"
		beside := gateway.Event{
			Key: e.Key + " beside", Kind: gateway.EventNotice, At: at, ReceivedAt: at,
			Body: e.Body, BodyFrom: e.BodyFrom, BodyTo: e.BodyTo,
		}
		if _, err := s.Accept(t.Context(), []gateway.Event{e, beside}); err != nil {
			t.Fatal(err)
		}
		if i == 2 {
			break
		}
		if n, err := s.Purge(t.Context(), at.Add(1)); err != nil || n != 1 {
			t.Fatalf("purged %d, %v", n, err)
		}
	}
	c, err := s.Claim(t.Context(), at, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	list, _, err := s.Messages(t.Context(), c.Conversation.ID, gateway.Page{})
	if err != nil || len(list) != 3 {
		t.Fatalf("%d messages, %v", len(list), err)
	}
	for i, m := range list {
		body, err := s.Webhook(t.Context(), m.ID)
		if kept := i == 2; (err == nil) != kept || kept != strings.Contains(string(body), fmt.Sprintf("%08X", i)) || (m.Payload != nil) != kept {
			t.Errorf("message %d has the webhook %q, %v, and the payload %q", i, body, err, m.Payload)
		}
	}
}
