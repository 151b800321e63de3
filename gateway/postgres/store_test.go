package postgres

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/internal/testservices"
)

var start = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

// say is a message that wants its answer a second later.
func say(key, phone, text string, at time.Time) gateway.Event {
	return gateway.Event{
		Key: key, Kind: gateway.EventMessage, Channel: "channel", From: gateway.Identity{Phone: phone},
		At: at, ReceivedAt: at, AnswerAfter: at.Add(time.Second), AnswerBy: at.Add(10 * time.Second),
		Message: &gateway.Message{ProviderID: "wamid." + key, Type: "text", Text: text},
	}
}

func accept(tb testing.TB, s *Store, events ...gateway.Event) []gateway.Event {
	tb.Helper()
	fresh, err := s.Accept(tb.Context(), events)
	if err != nil {
		tb.Fatal(err)
	}
	return fresh
}

func claim(tb testing.TB, s *Store, now time.Time) *gateway.Claim {
	tb.Helper()
	c, err := s.Claim(tb.Context(), now, time.Minute)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// reply is a turn with one message to send.
func reply(c *gateway.Claim, text string, at time.Time) gateway.Turn {
	after, _ := c.Conversation.Receive(c.Events)
	id := gateway.NewID()
	return gateway.Turn{
		Conversation: after,
		Outgoing: []gateway.Outgoing{{
			ID: gateway.NewID(), ConversationID: after.ID, Channel: after.Channel, To: after.Contact,
			Author: gateway.AuthorBot, Text: text, TurnID: id, CreatedAt: at,
		}},
		Record: gateway.Record{ID: id, ConversationID: after.ID, At: at, Outcome: gateway.OutcomeCommitted},
	}
}

func texts(c *gateway.Claim) []string {
	_, burst := c.Conversation.Receive(c.Events)
	return burst.Texts
}

// TestLateCommitIsFiled: numbers are given before they are committed. An event
// that becomes visible after one with a higher number was filed, and even claimed,
// is filed next, and supersedes the turn.
func TestLateCommitIsFiled(t *testing.T) {
	t.Parallel()
	s := openStore(t, Config{DSN: testservices.Postgres(t)})
	slow, err := s.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := slow.Rollback(t.Context()); err != nil && !errors.Is(err, pgx.ErrTxClosed) {
			t.Error(err)
		}
	}()
	args, err := eventArrays([]gateway.Event{say("slow", "1", "primero", start)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := slow.Exec(t.Context(), acceptQuery, args...); err != nil {
		t.Fatal(err)
	}
	accept(t, s, say("fast", "1", "segundo", start))
	c := claim(t, s, start.Add(time.Second))
	if got := texts(c); !slices.Equal(got, []string{"segundo"}) {
		t.Fatalf("claimed %q before the other was committed", got)
	}
	if err := slow.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	turn := reply(c, "solo a uno", start)
	if err := s.Commit(t.Context(), c, turn); !errors.Is(err, gateway.ErrSuperseded) {
		t.Errorf("commit: %v", err)
	}
	if err := s.Abandon(t.Context(), c, turn.Record, start); err != nil {
		t.Fatal(err)
	}
	if got := texts(claim(t, s, start.Add(time.Second))); !slices.Equal(got, []string{"primero", "segundo"}) {
		t.Errorf("then claimed %q", got)
	}
}

// TestLockedRowsAreSkipped: work that somebody holds is passed over without
// waiting.
func TestLockedRowsAreSkipped(t *testing.T) {
	t.Parallel()
	s := openStore(t, Config{DSN: testservices.Postgres(t)})
	accept(t, s, say("a", "1", "una", start), say("b", "2", "otra", start))
	for range 2 {
		c := claim(t, s, start.Add(time.Minute))
		if err := s.Commit(t.Context(), c, reply(c, "hola "+c.Conversation.Contact.Phone, start)); err != nil {
			t.Fatal(err)
		}
	}
	accept(t, s, say("c", "1", "una", start), say("d", "2", "otra", start))
	if _, err := s.Claim(t.Context(), start, time.Minute); !errors.Is(err, gateway.ErrNoWork) {
		t.Fatalf("filing: %v", err)
	}
	holder, err := s.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := holder.Exec(t.Context(), `select from gateway_conversations where phone = '1' for update`); err != nil {
		t.Fatal(err)
	}
	if _, err := holder.Exec(t.Context(), `select from gateway_outgoing where phone = '1' for update`); err != nil {
		t.Fatal(err)
	}
	if got := claim(t, s, start.Add(time.Minute)).Conversation.Contact.Phone; got != "2" {
		t.Errorf("claimed the conversation with %s, which is locked", got)
	}
	o, err := s.NextOutgoing(t.Context(), start, time.Minute)
	if err != nil || o.To.Phone != "2" {
		t.Errorf("next message: %v, %v", o, err)
	}
	for _, err := range []error{
		func() error { _, err := s.Claim(t.Context(), start.Add(time.Minute), time.Minute); return err }(),
		func() error { _, err := s.NextOutgoing(t.Context(), start, time.Minute); return err }(),
	} {
		if !errors.Is(err, gateway.ErrNoWork) {
			t.Errorf("with the rest locked: %v", err)
		}
	}
	if err := holder.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := claim(t, s, start.Add(time.Minute)).Conversation.Contact.Phone; got != "1" {
		t.Errorf("then claimed the conversation with %s", got)
	}
}

// TestPoisonIsKept: texts that Postgres refuses and times that it can't write
// neither fail nor cost their neighbours, and come back as they were.
func TestPoisonIsKept(t *testing.T) {
	t.Parallel()
	s := openStore(t, Config{DSN: testservices.Postgres(t)})
	poison := say("key\x00\xff", "1\x00", "texto\x00con\x1bcero", start)
	poison.Name, poison.Channel, poison.From.UserID = "A\xffna\x00", "chan\x00nel", "ES.\x00"
	poison.Message.ProviderID, poison.Message.Type, poison.Message.QuotedID = "wamid.\x00", "te\x00xt", "\x00"
	poison.Raw = []byte("\x00\xff{")
	distant := say("distant", "2", "¿cuándo?", start)
	distant.At = time.Unix(1<<50, 0)
	status := gateway.Event{
		Key: "status\x00", Kind: gateway.EventStatus, At: start, ReceivedAt: start,
		Status: &gateway.Status{ProviderID: "w\x00\xff", OutgoingID: "o\x00", State: "re\x00ad", Error: &gateway.SendError{Title: "\x00"}},
	}
	kind := gateway.Event{Key: "", Kind: "ki\x00nd", At: start, ReceivedAt: start}
	plain := say("plain", "3", "hola", start)
	all := []gateway.Event{poison, distant, status, kind, plain}
	if diff := cmp.Diff(all, accept(t, s, all...)); diff != "" {
		t.Errorf("fresh (-want +got):\n%s", diff)
	}
	if again := accept(t, s, all...); len(again) != 0 {
		t.Errorf("fresh again: %v", again)
	}
	now := start.Add(time.Minute)
	c := claim(t, s, now)
	poison.Raw = nil
	if diff := cmp.Diff([]gateway.Event{poison}, c.Events); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	turn := reply(c, "sí\x00\xff", start)
	turn.Record.Query, turn.Record.Reply = "q\x00", "sí\x00"
	turn.Conversation.Language = "e\x00"
	turn.Handoff = new(gateway.SendFailure(c.Conversation, "borrador\x00", nil, start))
	if err := s.Commit(t.Context(), c, turn); err != nil {
		t.Fatal(err)
	}
	o, err := s.NextOutgoing(t.Context(), now, time.Minute)
	if err != nil || o.Text != "sí\x00\xff" || o.To != poison.From {
		t.Errorf("outgoing: %+v, %v", o, err)
	}
	result := gateway.SendResult{Outcome: gateway.SendAccepted, ProviderID: "p\x00", Payload: []byte("\x00")}
	if err := s.Settle(t.Context(), o, result); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		claim(t, s, now)
	}
	list, _, err := s.Conversations(t.Context(), gateway.ConversationFilter{Contact: "1\x00"}, gateway.Page{})
	if err != nil || len(list) != 1 || list[0].Name != poison.Name || list[0].Language != "e\x00" {
		t.Errorf("conversations: %v, %v", list, err)
	}
	for _, id := range []string{"\x00", "\xff"} {
		if _, err := s.Conversation(t.Context(), id); !errors.Is(err, gateway.ErrNotFound) {
			t.Errorf("conversation %q: %v", id, err)
		}
	}
}

// TestPutAside: what can't be filed is put aside once, and the log has its number and
// the server's code alone.
func TestPutAside(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s := openStore(t, Config{DSN: testservices.Postgres(t), Logger: slog.New(slog.NewTextHandler(&log, nil))})
	const rule = `alter table gateway_conversations add constraint secret check (phone <> 'secret')`
	if _, err := s.pool.Exec(t.Context(), rule); err != nil {
		t.Fatal(err)
	}
	accept(t, s, say("a", "1", "una", start), say("b", "secret", "mala", start), say("c", "2", "otra", start))
	now := start.Add(time.Minute)
	for _, want := range []string{"1", "2"} {
		if got := claim(t, s, now).Conversation.Contact.Phone; got != want {
			t.Errorf("claimed the conversation with %s, want %s", got, want)
		}
	}
	if _, err := s.Claim(t.Context(), now, time.Minute); !errors.Is(err, gateway.ErrNoWork) {
		t.Errorf("then: %v", err)
	}
	var state, text string
	err := s.pool.QueryRow(t.Context(), `select state, message->>'text' from gateway_events where key = 'b'`).Scan(&state, &text)
	if err != nil || state != "failed" || text != "mala" {
		t.Errorf("the event is %q, %q (%v)", state, text, err)
	}
	if said := log.String(); strings.Count(said, "sqlstate=23514") != 1 || strings.Contains(said, "secret") {
		t.Errorf("the log says: %s", said)
	}
}

// TestAcceptsThatOverlap bring the same events at once in different orders: nobody
// waits in a circle, and each event is fresh for exactly one.
func TestAcceptsThatOverlap(t *testing.T) {
	t.Parallel()
	s := openStore(t, Config{DSN: testservices.Postgres(t)})
	const calls, size = 6, 40
	for round := range 5 {
		events := make([]gateway.Event, size)
		for i := range events {
			events[i] = say(fmt.Sprint(round, "-", i), fmt.Sprint(i%7), "hola", start)
		}
		var mu sync.Mutex
		fresh := map[string]int{}
		var group sync.WaitGroup
		for call := range calls {
			group.Go(func() {
				mine := slices.Concat(events[call*5:], events[:call*5])
				if call%2 == 1 {
					slices.Reverse(mine)
				}
				got, err := s.Accept(t.Context(), mine)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				for _, e := range got {
					fresh[e.Key]++
				}
			})
		}
		group.Wait()
		for _, e := range events {
			if fresh[e.Key] != 1 {
				t.Errorf("%s was fresh %d times", e.Key, fresh[e.Key])
			}
		}
	}
}

// TestStatusMeetsSettlement files a status that knows only the provider's id at the
// moment at which that id is noted: one of the two sees the other.
func TestStatusMeetsSettlement(t *testing.T) {
	t.Parallel()
	s := openStore(t, Config{DSN: testservices.Postgres(t)})
	for i := range 20 {
		now := start.Add(time.Duration(i) * time.Hour)
		accept(t, s, say(fmt.Sprint("m", i), "1", "hola", now))
		c := claim(t, s, now.Add(time.Minute))
		if err := s.Commit(t.Context(), c, reply(c, "sí", now)); err != nil {
			t.Fatal(err)
		}
		o, err := s.NextOutgoing(t.Context(), now, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		provider := fmt.Sprint("wamid.out", i)
		accept(t, s, gateway.Event{
			Key: fmt.Sprint("s", i), Kind: gateway.EventStatus, At: now, ReceivedAt: now,
			Status: &gateway.Status{ProviderID: provider, State: gateway.DeliveryRead},
		})
		var group sync.WaitGroup
		group.Go(func() {
			if err := s.Settle(t.Context(), o, gateway.SendResult{Outcome: gateway.SendAccepted, ProviderID: provider}); err != nil {
				t.Error(err)
			}
		})
		group.Go(func() {
			if _, err := s.Claim(t.Context(), now, time.Minute); !errors.Is(err, gateway.ErrNoWork) {
				t.Error(err)
			}
		})
		group.Wait()
		var state gateway.DeliveryState
		if err := s.pool.QueryRow(t.Context(), `select state from gateway_outgoing where id = $1`, o.ID).Scan(&state); err != nil || state != gateway.DeliveryRead {
			t.Fatalf("round %d ended as %q (%v)", i, state, err)
		}
	}
}

// TestBounceBeforeSettlement is the bounce that comes before its settlement: the customer
// was told nothing, so a person is.
func TestBounceBeforeSettlement(t *testing.T) {
	t.Parallel()
	s := openStore(t, Config{DSN: testservices.Postgres(t)})
	accept(t, s, say("m", "1", "hola", start))
	c := claim(t, s, start.Add(time.Minute))
	turn := reply(c, "sí", start)
	if err := s.Commit(t.Context(), c, turn); err != nil {
		t.Fatal(err)
	}
	o, err := s.NextOutgoing(t.Context(), start, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	accept(t, s, gateway.Event{
		Key: "s", Kind: gateway.EventStatus, At: start, ReceivedAt: start.Add(time.Second),
		Status: &gateway.Status{ProviderID: "wamid.out", State: gateway.DeliveryFailed, Error: &gateway.SendError{Code: 131026}},
	})
	if _, err := s.Claim(t.Context(), start, time.Minute); !errors.Is(err, gateway.ErrNoWork) {
		t.Fatal(err)
	}
	if err := s.Settle(t.Context(), o, gateway.SendResult{Outcome: gateway.SendAccepted, ProviderID: "wamid.out"}); err != nil {
		t.Fatal(err)
	}
	list, _, err := s.Handoffs(t.Context(), gateway.HandoffQueued, gateway.Page{})
	if err != nil || len(list) != 1 {
		t.Fatalf("handoffs: %v, %v", list, err)
	}
	want := gateway.SendFailure(turn.Conversation, "sí", nil, start.Add(time.Second))
	want.ID = list[0].ID
	if diff := cmp.Diff(want, list[0]); diff != "" {
		t.Errorf("handoff (-want +got):\n%s", diff)
	}
}

// TestManyAreFiled files more than one transaction takes.
func TestManyAreFiled(t *testing.T) {
	t.Parallel()
	s := openStore(t, Config{DSN: testservices.Postgres(t)})
	events := make([]gateway.Event, 2*filingBatch+1)
	for i := range events {
		events[i] = say(fmt.Sprint(i), fmt.Sprint(i%10), fmt.Sprint(i), start)
	}
	accept(t, s, events...)
	n := 0
	for range 10 {
		n += len(claim(t, s, start.Add(time.Minute)).Events)
	}
	if n != len(events) {
		t.Errorf("%d of %d events were claimed", n, len(events))
	}
}

// TestDeadlockIsTriedAgain: what Postgres ends in favour of another is run again,
// and what fails otherwise is not.
func TestDeadlockIsTriedAgain(t *testing.T) {
	t.Parallel()
	s := openStore(t, Config{DSN: testservices.Postgres(t)})
	for code, want := range map[string]int{"40P01": tries, "40001": tries, "22012": 1} {
		runs := 0
		err := s.transact(t.Context(), func(tx pgx.Tx) error {
			runs++
			_, err := tx.Exec(t.Context(), fmt.Sprintf(`do $$ begin raise exception 'x' using errcode = '%s'; end $$`, code))
			return err
		})
		if err == nil || runs != want {
			t.Errorf("%s: %d runs, %v", code, runs, err)
		}
	}
}
