package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
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
// Redis: claim, orders, rewrite, retrieve, prompt, reading the draft, checks, score,
// decide, commit. The model is a server behind HTTP that quotes a passage of its prompt.
//
// "added" is the time of a turn without the one of its model: from where the request is
// handed to the HTTP transport to where the last byte of the answer is read. What encodes
// the request and reads the draft counts as Recado's, and so does all waiting for a
// connection of the database.
//
// There are always as many turns in flight as it says. The model takes between half and
// one and a half of its latency, and the first turns begin spread over one: customers
// don't write all at once, and turns that begin together would wait for each other in
// waves that no shop sees. The first turns are not counted: they prepare statements and
// read the index.
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
	opened, bare := benchPostgres(b)
	store := &timedStore{Store: opened, steps: map[string][]time.Duration{}}
	pipeline, book := benchOnlineShop(b, benchModel(b, latency, inFlight))
	g, err := gateway.New(gateway.Config{Store: store, Answerer: pipeline, Orders: book, Sender: noSender{}, Limiter: noLimiter{}, QuietPeriod: -1})
	if err != nil {
		b.Fatal(err)
	}
	warm := 2 * inFlight
	for i := 0; i < b.N+warm; i += 500 {
		if _, err := store.Accept(b.Context(), benchEvents(questions, i, min(i+500, b.N+warm))); err != nil {
			b.Fatal(err)
		}
	}
	repeat(b, warm, inFlight, func(int) error { return g.Turn(context.Background()) })
	store.reset()
	added, calls := make([]time.Duration, b.N), make([]modelCalls, b.N)
	b.ReportAllocs()
	b.ResetTimer()
	took, _ := repeat(b, b.N, inFlight, func(i int) error {
		if i < inFlight {
			<-time.After(latency * time.Duration(i) / time.Duration(inFlight))
		}
		began := time.Now()
		err := g.Turn(context.WithValue(context.Background(), modelCalls{}, &calls[i]))
		added[i] = time.Since(began) - calls[i].took
		return err
	})
	b.StopTimer()
	b.ReportMetric(float64(b.N)/took.Seconds(), "turns/s")
	p50 := reportAdded(b, added, calls)
	store.report(b)
	floor := floorOfTurn(b, opened, bare, latency, inFlight)
	b.ReportMetric(floor, "floor_p50_ms")
	b.ReportMetric(p50/floor, "ratio")
}

// floorOfTurn is the median, in milliseconds, of what no turn can do without, in the same run
// and at the same pace: two questions to Postgres that do nothing, in the place of a claim and
// of the look at what was taken back, and the insert of one row on disk, of 10 KB of prose
// where a record has 14.
func floorOfTurn(b *testing.B, store gateway.Store, bare floor, latency time.Duration, inFlight int) float64 {
	b.Helper()
	body, trips := demoshop.FAQ(), make([]time.Duration, 10*inFlight)
	repeat(b, len(trips), inFlight, func(i int) error {
		<-time.After(latency/2 + rand.N(latency))
		began := time.Now()
		err := errors.Join(store.Ping(b.Context()), store.Ping(b.Context()), bare.insertRows([]string{"turn:" + strconv.Itoa(i)}, [][]byte{body}))
		trips[i] = time.Since(began)
		return err
	})
	slices.Sort(trips)
	return float64(trips[len(trips)/2].Microseconds()) / 1000
}

// reportAdded tells what was added to the turns that asked the model, and gives the median in
// milliseconds.
func reportAdded(b *testing.B, added []time.Duration, calls []modelCalls) (p50 float64) {
	var asked []time.Duration
	answered := 0
	for i, c := range calls {
		if c.count > 0 {
			asked = append(asked, added[i])
		}
		if c.count > 0 && !c.failed {
			answered++
		}
	}
	if answered*2 < len(calls) {
		b.Fatalf("the model drafted %d of %d answers", answered, len(calls))
	}
	slices.Sort(asked)
	p50 = float64(asked[len(asked)/2].Microseconds()) / 1000
	b.ReportMetric(p50, "added_p50_ms")
	b.ReportMetric(float64(asked[len(asked)*99/100].Microseconds())/1000, "added_p99_ms")
	return p50
}

// modelCalls are those of one turn, and the key under which its context has them.
type modelCalls struct {
	took   time.Duration
	count  int
	failed bool
}

// timedTransport notes in the turn's context how long the model took.
type timedTransport struct{ http.RoundTripper }

func (t timedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	calls, ok := r.Context().Value(modelCalls{}).(*modelCalls)
	if !ok {
		return t.RoundTripper.RoundTrip(r)
	}
	began := time.Now()
	calls.count++
	response, err := t.RoundTripper.RoundTrip(r)
	if err != nil || response.StatusCode != http.StatusOK {
		calls.took, calls.failed = calls.took+time.Since(began), true
		return response, err
	}
	response.Body = &timedBody{ReadCloser: response.Body, ended: func() { calls.took += time.Since(began) }}
	return response, nil
}

// timedBody says once when it has been read, or is closed.
type timedBody struct {
	io.ReadCloser
	once  sync.Once
	ended func()
}

func (t *timedBody) Read(p []byte) (int, error) {
	n, err := t.ReadCloser.Read(p)
	if err != nil || bytes.Contains(p[:n], []byte("[DONE]")) {
		t.once.Do(t.ended)
	}
	return n, err
}

func (t *timedBody) Close() error {
	t.once.Do(t.ended)
	return t.ReadCloser.Close()
}

// timedStore notes how long the steps of committed turns took.
type timedStore struct {
	gateway.Store
	mu    sync.Mutex
	steps map[string][]time.Duration
}

func (s *timedStore) note(step string, took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.steps[step] = append(s.steps[step], took)
}

func (s *timedStore) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.steps = map[string][]time.Duration{}
}

func (s *timedStore) Claim(ctx context.Context, now time.Time, lease time.Duration) (*gateway.Claim, error) {
	began := time.Now()
	c, err := s.Store.Claim(ctx, now, lease)
	s.note("claim", time.Since(began))
	return c, err
}

func (s *timedStore) Commit(ctx context.Context, c *gateway.Claim, t gateway.Turn) error {
	began := time.Now()
	err := s.Store.Commit(ctx, c, t)
	s.note("commit", time.Since(began))
	calls, asked := ctx.Value(modelCalls{}).(*modelCalls)
	if !asked {
		return err
	}
	steps := map[string]time.Duration{}
	for _, stage := range t.Record.Stages {
		steps[stage.Name] = stage.Took
	}
	// What asks the model is told without the model's time, and so is the turn without its steps.
	steps["complete"] += steps["repair"] - calls.took
	delete(steps, "repair")
	rest := steps["turn"] - calls.took
	delete(steps, "turn")
	for name, took := range steps {
		s.note(name, took)
		if name != "orders" { // they are read while passages are looked for
			rest -= took
		}
	}
	s.note("rest", rest)
	return err
}

// report logs the steps.
func (s *timedStore) report(b *testing.B) {
	if b.N == 1 {
		return // the first try, from which testing learns nothing with -benchtime 640x
	}
	var table strings.Builder
	for _, step := range slices.Sorted(maps.Keys(s.steps)) {
		took := s.steps[step]
		slices.Sort(took)
		fmt.Fprintf(&table, "; %s %.2f %.2f", step, took[len(took)/2].Seconds()*1000, took[len(took)*99/100].Seconds()*1000)
	}
	b.Logf("ms, p50 and p99%s", table.String())
}

// benchModel is a model behind HTTP that quotes after its latency.
func benchModel(b *testing.B, latency time.Duration, inFlight int) rag.Model {
	b.Helper()
	server := llmtest.New(b, quoting(latency))
	transport := &http.Transport{MaxIdleConnsPerHost: inFlight, MaxIdleConns: inFlight} // as the model's own
	model, err := llm.NewModel(llm.Config{
		BaseURL: server.URL(), Model: "m", Concurrency: inFlight, HTTP: &http.Client{Transport: timedTransport{transport}},
	})
	if err != nil {
		b.Fatal(err)
	}
	return model
}

// benchOnlineShop is the demo shop with a model behind HTTP, and its orders in Redis.
func benchOnlineShop(b *testing.B, model rag.Model) (*rag.Pipeline, *orderBook) {
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
	pipeline, err := rag.New(rag.Config{Index: x, Embedder: embedder, Model: model})
	if err != nil {
		b.Fatal(err)
	}
	return pipeline, book
}

// passageOf finds the first passage of a prompt.
var passageOf = regexp.MustCompile(`(?s)\nid: (\S+)\n.*?\nlanguage: (\w\w)\n.*?text:\n(.*?)\n---`)

// quoting answers with the first passage of the prompt, as it stands there, after half to
// one and a half of the latency.
func quoting(latency time.Duration) llmtest.Step {
	return func(w http.ResponseWriter, r *http.Request) {
		due := time.After(latency/2 + rand.N(latency))
		draft := map[string]any{"answer": "", "citations": []string{}, "orders": []string{}, "language": "es", "needs_human": true, "missing": "", "small_talk": false}
		if m := passageOf.FindStringSubmatch(prompted(llmtest.Read(r))); m != nil {
			answer, _, _ := strings.Cut(m[3], "\n")
			draft["answer"], draft["citations"], draft["language"], draft["needs_human"] = answer, []string{m[1]}, m[2], false
		}
		text, err := json.Marshal(draft)
		if err != nil {
			panic(err)
		}
		<-due
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
