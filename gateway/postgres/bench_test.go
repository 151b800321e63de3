package postgres

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/internal/testservices"
)

// burst makes events that no other call made, of a thousand customers.
func burst(made *atomic.Int64, n int, now time.Time) []gateway.Event {
	events := make([]gateway.Event, n)
	for i := range events {
		number := made.Add(1)
		events[i] = say(fmt.Sprintf("wamid.HBgLMzQ2MDAxMTEyMjIVAgASGBQzQTg%020d", number), fmt.Sprint(34600000000+number%1000),
			"¿Dónde está mi pedido? Lo compré el lunes y no sé nada.", now)
		events[i].Raw = []byte(`{"from":"34600111222","id":"wamid.HBgLMzQ2MDAxMTEyMjIVAgASGBQzQTg","timestamp":"1772445600",` +
			`"type":"text","text":{"body":"¿Dónde está mi pedido? Lo compré el lunes y no sé nada."}}`)
	}
	return events
}

// wrap puts each event into a webhook of its own, as most come.
func wrap(made *atomic.Int64, events []gateway.Event) []gateway.Event {
	for i := range events {
		e := &events[i]
		head := fmt.Sprintf(`{"object":"whatsapp_business_account","entry":[{"id":"%020d","changes":[{"value":{"messaging_product":"whatsapp",`+
			`"metadata":{"display_phone_number":"34900123456","phone_number_id":"106540352242922"},`+
			`"contacts":[{"profile":{"name":"Ana"},"wa_id":"34600111222"}],"messages":[`, made.Add(1))
		e.Body = fmt.Appendf(nil, `%s%s]},"field":"messages"}]}]}`, head, e.Raw)
		e.BodyFrom, e.BodyTo = len(head), len(head)+len(e.Raw)
	}
	return events
}

// bareTable is the least that a durable, deduplicated intake can be: the floor
// that Accept is measured against in the same run.
const (
	bareTable  = `create table bare (key text primary key, raw bytea not null)`
	bareInsert = `insert into bare select * from unnest($1::text[], $2::bytea[]) on conflict do nothing returning key`
)

// BenchmarkAccept takes events in, 1 and 128 a call, from 8 callers at once, each
// call a commit on disk: by themselves, and each with its webhook. ratio is the
// store's events a second over those of the floor before it.
func BenchmarkAccept(b *testing.B) {
	for _, size := range []int{1, 128} {
		s := openStore(b, Config{DSN: testservices.Postgres(b)})
		if _, err := s.pool.Exec(b.Context(), bareTable); err != nil {
			b.Fatal(err)
		}
		var made atomic.Int64
		var floor float64
		measure := func(b *testing.B, call func([]gateway.Event) error) float64 {
			b.SetParallelism(4)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := call(burst(&made, size, start)); err != nil {
						b.Error(err)
					}
				}
			})
			speed := float64(b.N*size) / b.Elapsed().Seconds()
			b.ReportMetric(speed, "events/s")
			return speed
		}
		b.Run(fmt.Sprintf("bare/%d", size), func(b *testing.B) {
			floor = measure(b, func(events []gateway.Event) error {
				keys, raws := make([]string, len(events)), make([][]byte, len(events))
				for i, e := range events {
					keys[i], raws[i] = e.Key, e.Raw
				}
				_, err := s.pool.Exec(b.Context(), bareInsert, keys, raws)
				return err
			})
		})
		b.Run(fmt.Sprintf("store/%d", size), func(b *testing.B) {
			speed := measure(b, func(events []gateway.Event) error {
				_, err := s.Accept(b.Context(), events)
				return err
			})
			if floor > 0 {
				b.ReportMetric(speed/floor, "ratio")
			}
		})
		b.Run(fmt.Sprintf("webhooks/%d", size), func(b *testing.B) {
			speed := measure(b, func(events []gateway.Event) error {
				_, err := s.Accept(b.Context(), wrap(&made, events))
				return err
			})
			if floor > 0 {
				b.ReportMetric(speed/floor, "ratio")
			}
		})
	}
}

// BenchmarkTurn claims and commits, with 8 workers at once and a thousand
// conversations waiting. Filing is part of it.
func BenchmarkTurn(b *testing.B) {
	s := openStore(b, Config{DSN: testservices.Postgres(b)})
	var made, turns atomic.Int64
	// One event for each turn: enough conversations, filed by the first claims.
	const round = 1000
	b.ResetTimer()
	for turns.Load() < int64(b.N) {
		b.StopTimer()
		accept(b, s, burst(&made, round, start)...)
		left := min(round, int64(b.N)-turns.Load())
		b.StartTimer()
		var begun atomic.Int64
		work(b, 8, func() error {
			if begun.Add(1) > left {
				return gateway.ErrNoWork
			}
			c, err := s.Claim(b.Context(), start.Add(time.Hour), time.Hour)
			if err != nil {
				return err
			}
			turns.Add(1)
			return s.Commit(b.Context(), c, reply(c, "Llega el viernes.", start))
		})
	}
	b.ReportMetric(float64(turns.Load())/b.Elapsed().Seconds(), "turns/s")
}

// BenchmarkIdleClaim is the poll of a worker that has nothing to do.
func BenchmarkIdleClaim(b *testing.B) {
	s := openStore(b, Config{DSN: testservices.Postgres(b)})
	for b.Loop() {
		if _, err := s.Claim(b.Context(), start, time.Minute); !errors.Is(err, gateway.ErrNoWork) {
			b.Fatal(err)
		}
	}
}

// work runs f by several workers until each was told that there is no more.
func work(b *testing.B, workers int, f func() error) {
	b.Helper()
	done := make(chan error, workers)
	for range workers {
		go func() {
			for {
				if err := f(); err != nil {
					done <- err
					return
				}
			}
		}()
	}
	for range workers {
		if err := <-done; !errors.Is(err, gateway.ErrNoWork) {
			b.Error(err)
		}
	}
}
