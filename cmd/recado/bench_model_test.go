package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/internal/demoshop"
	"github.com/recado/recado/internal/testservices"
	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/llm"
	"github.com/recado/recado/rag/llm/llmtest"
)

// BenchmarkModelTurn measures what a turn adds to the model call in it, on Postgres and
// Redis: claim, orders, rewrite, retrieve, prompt, checks, score, decide, commit. The
// model is behind HTTP and answers each prompt after a fixed time with a passage of it.
// "over" is a turn's time without that of the model's call as the pipeline saw it.
func BenchmarkModelTurn(b *testing.B) {
	for _, c := range []struct {
		latency  time.Duration
		inFlight int
	}{{50 * time.Millisecond, 1}, {50 * time.Millisecond, 32}, {time.Second, 32}} {
		b.Run(fmt.Sprintf("latency=%v/in_flight=%d", c.latency, c.inFlight), func(b *testing.B) { benchModelTurn(b, c.latency, c.inFlight) })
	}
}

func benchModelTurn(b *testing.B, latency time.Duration, inFlight int) {
	questions, err := demoshop.Questions()
	if err != nil {
		b.Fatal(err)
	}
	store, _ := benchPostgres(b)
	server := llmtest.New(b, llmtest.After(latency, quoting()))
	model, err := llm.NewModel(llm.Config{BaseURL: server.URL(), Model: "m", Concurrency: inFlight})
	if err != nil {
		b.Fatal(err)
	}
	pipeline, book, timed := benchOnlineShop(b, model)
	g, err := gateway.New(gateway.Config{Store: store, Answerer: pipeline, Orders: book, Sender: noSender{}, Limiter: noLimiter{}, QuietPeriod: -1})
	if err != nil {
		b.Fatal(err)
	}
	// The first turns prepare statements and read the index's words.
	warm := 2 * inFlight
	for i := 0; i < b.N+warm; i += 500 {
		if _, err := store.Accept(b.Context(), benchEvents(questions, i, min(i+500, b.N+warm))); err != nil {
			b.Fatal(err)
		}
	}
	repeat(b, warm, inFlight, func(int) error { return g.Turn(context.Background()) })
	over, asked := make([]time.Duration, b.N), make([]bool, b.N)
	b.ReportAllocs()
	b.ResetTimer()
	took, _ := repeat(b, b.N, inFlight, func(i int) error {
		if i < inFlight { // customers do not write all at once
			<-time.After(latency * time.Duration(i) / time.Duration(inFlight))
		}
		var call atomic.Int64
		began := time.Now()
		err := g.Turn(context.WithValue(context.Background(), modelCall{}, &call))
		over[i], asked[i] = time.Since(began)-time.Duration(call.Load()), call.Load() > 0
		return err
	})
	b.StopTimer()
	answered := timed.answered.Load()
	if answered*2 < int64(b.N) {
		b.Errorf("the model drafted %d of %d answers", answered, b.N)
	}
	kept := over[:0]
	for i, d := range over {
		if asked[i] {
			kept = append(kept, d)
		}
	}
	slices.Sort(kept)
	b.ReportMetric(float64(b.N)/took.Seconds(), "turns/s")
	b.ReportMetric(float64(kept[len(kept)/2].Microseconds())/1000, "over_p50_ms")
	b.ReportMetric(float64(kept[len(kept)*99/100].Microseconds())/1000, "over_p99_ms")
}

// modelCall is the key under which a turn's model notes how long it took.
type modelCall struct{}

// timedModel notes how long the calls of a turn took.
type timedModel struct {
	rag.Model
	answered atomic.Int64
}

func (m *timedModel) Complete(ctx context.Context, r rag.Request) (rag.Response, error) {
	began := time.Now()
	response, err := m.Model.Complete(ctx, r)
	if call, ok := ctx.Value(modelCall{}).(*atomic.Int64); ok {
		call.Add(int64(time.Since(began)))
	}
	if err == nil && response.Draft.Answer != "" {
		m.answered.Add(1)
	}
	return response, err
}

// benchOnlineShop is the demo shop with a model behind HTTP, and its orders in Redis.
func benchOnlineShop(b *testing.B, model rag.Model) (*rag.Pipeline, *orderBook, *timedModel) {
	b.Helper()
	s, log := settings{Data: b.TempDir(), RedisURL: testservices.Redis(b)}, discard()
	book, err := openOrders(b.Context(), s, log)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { book.Close() })
	embedder, err := openEmbedder(s, log)
	if err != nil {
		b.Fatal(err)
	}
	s.DatabaseURL = testservices.Postgres(b)
	x, err := openIndex(b.Context(), s, embedder, log)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { x.Close() })
	if err := stock(b.Context(), x, embedder, book); err != nil {
		b.Fatal(err)
	}
	timed := &timedModel{Model: model}
	pipeline, err := rag.New(rag.Config{Index: x, Embedder: embedder, Model: timed})
	if err != nil {
		b.Fatal(err)
	}
	return pipeline, book, timed
}

// passageOf finds the first passage of a prompt.
var passageOf = regexp.MustCompile(`(?s)\nid: (\S+)\n.*?\nlanguage: (\w\w)\n.*?text:\n(.*?)\n---`)

// quoting answers with the first passage of the prompt, as it stands there.
func quoting() llmtest.Step {
	return func(w http.ResponseWriter, r *http.Request) {
		draft := map[string]any{"answer": "", "citations": []string{}, "orders": []string{}, "language": "es", "needs_human": true, "missing": "", "small_talk": false}
		if m := passageOf.FindStringSubmatch(prompted(llmtest.Read(r))); m != nil {
			answer, _, _ := strings.Cut(m[3], "\n")
			draft["answer"], draft["citations"], draft["language"], draft["needs_human"] = answer, []string{m[1]}, m[2], false
		}
		text, err := json.Marshal(draft)
		if err != nil {
			panic(err)
		}
		llmtest.Say(string(text))(w, r)
	}
}

// prompted is all that a prompt says.
func prompted(r llmtest.Request) string {
	var all strings.Builder
	messages, _ := r.Body["messages"].([]any)
	for _, m := range messages {
		if message, ok := m.(map[string]any); ok {
			fmt.Fprintln(&all, message["content"])
		}
	}
	return all.String()
}
