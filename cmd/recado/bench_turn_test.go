package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/internal/demoshop"
	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/assure"
)

type noAnswers struct{}

func (noAnswers) Answer(context.Context, rag.Question) (rag.Answer, error) {
	return rag.Answer{}, errors.New("nobody answers here")
}
func (noAnswers) Fingerprint() string { return "none" }

type noOrders struct{}

func (noOrders) Facts(context.Context, gateway.Identity, assure.Pass, string) rag.OrderFacts {
	return rag.OrderFacts{}
}

type noSender struct{}

func (noSender) Send(context.Context, *gateway.Outgoing) (gateway.SendResult, error) {
	return gateway.SendResult{Outcome: gateway.SendAccepted, ProviderID: "wamid.bench"}, nil
}

type noLimiter struct{}

func (noLimiter) Take(context.Context, string, string, time.Time) (time.Duration, error) {
	return 0, nil
}

// BenchmarkTurn measures a whole turn with the offline model and without WhatsApp:
// claim, orders from Redis, rewrite, retrieve, draft, ground, score, decide,
// compose, commit. The questions are those of the demo shop, each from a customer
// of its own. The floor, measured in the same run, is the answer alone, without
// store and orders; "ratio" is the rate of turns over the rate of answers.
func BenchmarkTurn(b *testing.B) {
	for _, backend := range []struct {
		name string
		open func(*testing.B) (gateway.Store, floor)
	}{{"sqlite", benchSQLite}, {"postgres", benchPostgres}} {
		for _, inFlight := range []int{1, 32} {
			b.Run(fmt.Sprintf("%s/in_flight=%d", backend.name, inFlight), func(b *testing.B) {
				store, _ := backend.open(b)
				benchTurn(b, store, inFlight)
			})
		}
	}
}

func benchTurn(b *testing.B, store gateway.Store, inFlight int) {
	questions, err := demoshop.Questions()
	if err != nil {
		b.Fatal(err)
	}
	pipeline, book := benchShop(b)
	g, err := gateway.New(gateway.Config{
		Store: store, Answerer: pipeline, Orders: book, Sender: noSender{}, Limiter: noLimiter{}, QuietPeriod: -1,
	})
	if err != nil {
		b.Fatal(err)
	}
	for i := 0; i < b.N; i += 500 {
		if _, err := store.Accept(b.Context(), benchEvents(questions, i, min(i+500, b.N))); err != nil {
			b.Fatal(err)
		}
	}
	b.ResetTimer()
	took, latencies := repeat(b, b.N, inFlight, func(int) error { return g.Turn(context.Background()) })
	b.StopTimer()
	floorTook, _ := repeat(b, b.N, inFlight, func(i int) error {
		_, err := pipeline.Answer(context.Background(), rag.Question{Text: questions[i%len(questions)].Text, At: time.Now()})
		return err
	})
	b.ReportMetric(float64(b.N)/took.Seconds(), "turns/s")
	b.ReportMetric(float64(b.N)/floorTook.Seconds(), "answers/s")
	b.ReportMetric(floorTook.Seconds()/took.Seconds(), "ratio")
	reportLatencies(b, latencies)
}

func benchEvents(questions []demoshop.Question, from, to int) []gateway.Event {
	now := time.Now()
	var events []gateway.Event
	for i := from; i < to; i++ {
		events = append(events, gateway.Event{
			Key: fmt.Sprintf("message:bench-%d", i), Kind: gateway.EventMessage, Channel: "1",
			From: gateway.Identity{Phone: fmt.Sprint(34700000000 + i)}, At: now, ReceivedAt: now,
			AnswerAfter: now, AnswerBy: now,
			Message: &gateway.Message{ProviderID: fmt.Sprintf("wamid.%d", i), Type: "text", Text: questions[i%len(questions)].Text},
			Raw:     []byte(`{}`),
		})
	}
	return events
}

// repeat runs f n times, so many at once.
func repeat(b *testing.B, n, inFlight int, f func(i int) error) (time.Duration, []time.Duration) {
	latencies := make([]time.Duration, n)
	var next atomic.Int64
	var group sync.WaitGroup
	began := time.Now()
	for range inFlight {
		group.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				at := time.Now()
				if err := f(i); err != nil {
					b.Error(err)
					return
				}
				latencies[i] = time.Since(at)
			}
		})
	}
	group.Wait()
	return time.Since(began), latencies
}

// benchShop is the demo shop's pipeline and orders, without keys or servers.
func benchShop(b *testing.B) (*rag.Pipeline, *orderBook) {
	b.Helper()
	s := settings{Data: b.TempDir()}
	log := discard()
	book, err := openOrders(b.Context(), s, log)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { book.Close() })
	embedder, err := openEmbedder(s, log)
	if err != nil {
		b.Fatal(err)
	}
	x, err := openIndex(b.Context(), s, embedder, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { x.Close() })
	if err := stock(b.Context(), x, embedder, book); err != nil {
		b.Fatal(err)
	}
	pipeline, err := openPipeline(s, x, embedder, nil, log)
	if err != nil {
		b.Fatal(err)
	}
	return pipeline, book
}
