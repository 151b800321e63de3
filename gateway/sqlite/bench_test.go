package sqlite_test

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/sqlite"
)

// webhook is a message as large as those of the provider, in a webhook of its own.
func webhook(i int, at time.Time) gateway.Event {
	key := fmt.Sprintf("wamid.HBgLMzQ2MDAxMTEyMjIVAgASGBQzQTdCNUZGM0U4%08X", i)
	raw := fmt.Sprintf(`{"from":"34600%06d","id":%q,"timestamp":"1772445600","text":{"body":"¿Tarda mucho el envío a Canarias?"},"type":"text"}`, i%5000, key)
	head := `{"object":"whatsapp_business_account","entry":[{"id":"102290129340398","changes":[{"value":{` +
		`"messaging_product":"whatsapp","metadata":{"display_phone_number":"34600123456","phone_number_id":"106540352242922"},` +
		`"contacts":[{"profile":{"name":"Ana"},"wa_id":"34600111222"}],"messages":[`
	return gateway.Event{
		Key: "message:" + key, Kind: gateway.EventMessage, Channel: "106540352242922",
		From: gateway.Identity{Phone: fmt.Sprintf("34600%06d", i%5000)}, Name: "Ana",
		At: at, ReceivedAt: at, AnswerAfter: at, AnswerBy: at, Raw: []byte(raw),
		Message: &gateway.Message{ProviderID: key, Type: "text", Text: "¿Tarda mucho el envío a Canarias?"},
		Body:    []byte(head + raw + `]},"field":"messages"}]}]}`), BodyFrom: len(head), BodyTo: len(head) + len(raw),
	}
}

func open(b *testing.B) *sqlite.Store {
	b.Helper()
	s, err := sqlite.Open(b.Context(), sqlite.Config{Path: filepath.Join(b.TempDir(), "recado.db")})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	return s
}

// BenchmarkAccept keeps events durably, some in each call. The figure to compare
// it with is BenchmarkBareInsert for as many rows.
func BenchmarkAccept(b *testing.B) {
	for _, size := range []int{1, 32, 128} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			s, at := open(b), time.Now()
			events, n := make([]gateway.Event, size), 0
			b.ReportAllocs()
			for b.Loop() {
				for i := range events {
					events[i] = webhook(n, at)
					n++
				}
				if _, err := s.Accept(b.Context(), events); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// BenchmarkBareInsert is the floor: the webhook's bytes and a key, as many rows to
// a statement and a synced commit.
func BenchmarkBareInsert(b *testing.B) {
	for _, size := range []int{1, 32, 128} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "bare.db")
			db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(wal)&_pragma=synchronous(full)")
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { db.Close() })
			db.SetMaxOpenConns(1)
			if _, err := db.ExecContext(b.Context(), `create table bare (key text primary key, raw blob)`); err != nil {
				b.Fatal(err)
			}
			query := `insert into bare values (?, ?)` + strings.Repeat(`, (?, ?)`, size-1) + ` on conflict do nothing`
			at, n := time.Now(), 0
			for b.Loop() {
				args := make([]any, 0, 2*size)
				for range size {
					e := webhook(n, at)
					args = append(args, e.Key, e.Body)
					n++
				}
				if _, err := db.ExecContext(b.Context(), query, args...); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// BenchmarkTurn claims a conversation and commits its turn with a reply.
func BenchmarkTurn(b *testing.B) {
	s, at, n := open(b), time.Now(), 0
	b.ReportAllocs()
	for b.Loop() {
		if n%1000 == 0 {
			b.StopTimer()
			var events []gateway.Event
			for i := range 1000 {
				e := webhook(n+i, at)
				e.From.Phone = fmt.Sprint(n + i)
				events = append(events, e)
			}
			if _, err := s.Accept(b.Context(), events); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
		}
		n++
		c, err := s.Claim(b.Context(), at, time.Minute)
		if err != nil {
			b.Fatal(err)
		}
		o := gateway.Outgoing{
			ID: gateway.NewID(), ConversationID: c.Conversation.ID, Channel: c.Conversation.Channel, To: c.Conversation.Contact,
			Author: gateway.AuthorBot, Text: "Tarda de 3 a 5 días.", CreatedAt: at, ExpiresAt: at,
		}
		turn := gateway.Turn{Conversation: c.Conversation, Outgoing: []gateway.Outgoing{o}, Record: gateway.Record{ID: o.ID, At: at}}
		if err := s.Commit(b.Context(), c, turn); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkIdleClaim asks for work when there is none, as idle workers do.
func BenchmarkIdleClaim(b *testing.B) {
	s, at := open(b), time.Now()
	for b.Loop() {
		if _, err := s.Claim(b.Context(), at, time.Minute); !errors.Is(err, gateway.ErrNoWork) {
			b.Fatal(err)
		}
	}
}
