package cassette_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/evals/cassette"
	"github.com/recado/recado/rag"
)

// server answers with the number of the call, so that nothing but a recording could say
// the same twice.
type server struct {
	mu    sync.Mutex
	calls int
	fail  error
	texts []string
}

func (*server) Name() string { return "scripted" }

func (*server) Dim() int { return 2 }

func (s *server) Complete(_ context.Context, r rag.Request) (rag.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	if s.fail != nil {
		return rag.Response{}, s.fail
	}
	return rag.Response{Draft: rag.Draft{Answer: fmt.Sprintf("%s, for the %dth time", r.Question, s.calls)}, Model: "scripted"}, nil
}

func (s *server) Embed(_ context.Context, texts []string) ([][]float32, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	s.texts = append(s.texts, texts...)
	list := make([][]float32, len(texts))
	for i, text := range texts {
		list[i] = []float32{float32(len(text)), float32(s.calls)}
	}
	return list, nil
}

func (s *server) Rerank(_ context.Context, _ string, passages []string) ([]float64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	scores := make([]float64, len(passages))
	for i := range scores {
		scores[i] = float64((i + s.calls) % len(passages))
	}
	return scores, nil
}

func asked(text string) rag.Request {
	return rag.Request{
		Locale: "es", Question: text, Query: text, At: time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC), Conversation: "counted by",
		Passages: []rag.Passage{{ID: "p1", Text: "5 días"}},
		Messages: []rag.PromptMessage{{Role: "system", Content: "Sé breve."}, {Role: "user", Content: text}},
	}
}

// play asks the same of a model in three sessions at once, twice each.
func play(t *testing.T, m rag.Model) string {
	t.Helper()
	said := make([]string, 3)
	var group sync.WaitGroup
	for i := range said {
		group.Go(func() {
			ctx := cassette.Session(t.Context(), fmt.Sprintf("case-%d#1", i))
			for range 2 {
				r, err := m.Complete(ctx, asked("¿Cuánto tarda?"))
				said[i] += fmt.Sprintf("%d: %s %v\n", i, r.Draft.Answer, err)
			}
		})
	}
	group.Wait()
	return strings.Join(said, "")
}

// written is a cassette as a file.
func written(t *testing.T, c *cassette.Cassette) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := cassette.Write(&b, c.Entries()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(t *testing.T, data []byte) []cassette.Entry {
	t.Helper()
	entries, err := cassette.Read(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

func TestReplaysAreTheSame(t *testing.T) {
	t.Parallel()
	s := &server{}
	tape := cassette.New(cassette.Record, nil)
	want := play(t, tape.Model(s))
	file := written(t, tape)
	calls := s.calls
	for range 100 {
		again := cassette.New(cassette.Replay, read(t, file))
		if got := play(t, again.Model(s)); got != want {
			t.Fatalf("a replay said\n%s\nand the recording\n%s", got, want)
		}
		if got := written(t, again); !bytes.Equal(got, file) {
			t.Fatalf("a replay's entries are others: %s", cmp.Diff(string(file), string(got)))
		}
	}
	if s.calls != calls {
		t.Errorf("the replays asked the provider %d times", s.calls-calls)
	}
}

func TestAMissSaysWhatChanged(t *testing.T) {
	t.Parallel()
	tape := cassette.New(cassette.Record, nil)
	ctx := cassette.Session(t.Context(), "case#1")
	if _, err := tape.Model(&server{}).Complete(ctx, asked("¿Cuánto tarda?")); err != nil {
		t.Fatal(err)
	}
	other := func(change func(*rag.Request)) rag.Request {
		r := asked("¿Cuánto tarda?")
		change(&r)
		return r
	}
	tests := map[string]struct {
		request rag.Request
		want    string
	}{
		"question": {other(func(r *rag.Request) { r.Question = "¿Cuánto cuesta?" }), `question is "¿Cuánto cuesta?" and was "¿Cuánto tarda?"`},
		"passage":  {other(func(r *rag.Request) { r.Passages = []rag.Passage{{ID: "p1", Text: "6 días"}} }), `passage 1 is "p1 `},
		"more":     {other(func(r *rag.Request) { r.Passages = append(r.Passages, rag.Passage{ID: "p2"}) }), "passage 2 is new"},
		"fewer":    {other(func(r *rag.Request) { r.Passages = nil }), "passage 1 is gone"},
		"prompt":   {other(func(r *rag.Request) { r.Messages[0].Content = "Sé largo." }), "message 1 (system) is"},
		"day":      {other(func(r *rag.Request) { r.At = r.At.AddDate(0, 0, 1) }), `day is "2026-11-21"`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			replay := cassette.New(cassette.Replay, tape.Entries())
			_, err := replay.Model(&server{}).Complete(ctx, test.request)
			if !errors.Is(err, cassette.ErrMiss) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v\nlacks %s", err, test.want)
			}
		})
	}
	replay := cassette.New(cassette.Replay, tape.Entries())
	for n := range 2 {
		_, err := replay.Model(&server{}).Complete(ctx, asked("¿Cuánto tarda?"))
		if (err != nil) != (n == 1) {
			t.Errorf("asked %d times: %v", n+1, err)
		}
	}
}

func TestWhatIsMadeAnewIsNoDifference(t *testing.T) {
	t.Parallel()
	tape := cassette.New(cassette.Record, nil)
	first := asked("Pedido 0195f3c2-7d1c-7a3e-9f64-5b1d2c3e4f50")
	if _, err := tape.Model(&server{}).Complete(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	second := asked("Pedido 0195f3c2-ffff-7a3e-9f64-5b1d2c3e4f51")
	second.Conversation = "another"
	if _, err := cassette.New(cassette.Replay, tape.Entries()).Model(&server{}).Complete(t.Context(), second); err != nil {
		t.Error(err)
	}
}

func TestVectorsAreSharedAndAskedForOnce(t *testing.T) {
	t.Parallel()
	s := &server{}
	tape := cassette.New(cassette.Record, nil)
	e := tape.Embedder(s)
	want, err := e.Embed(t.Context(), []string{"a", "bb", "a"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Embed(cassette.Session(t.Context(), "case#1"), []string{"bb", "ccc"}); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(s.texts, " "); got != "a bb a ccc" {
		t.Errorf("asked for %q", got)
	}
	got, err := cassette.New(cassette.Replay, read(t, written(t, tape))).Embedder(&server{}).Embed(t.Context(), []string{"a", "bb", "a"})
	if err != nil || !cmp.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
}

func TestRefreshSaysWhatTheProviderChanged(t *testing.T) {
	t.Parallel()
	tape, s := cassette.New(cassette.Record, nil), &server{}
	use := func(c *cassette.Cassette) error {
		ctx := cassette.Session(t.Context(), "case#1")
		_, err := c.Model(s).Complete(ctx, asked("¿Cuánto tarda?"))
		_, again := c.Reranker(s).Rerank(ctx, "¿Cuánto tarda?", []string{"a", "b", "c"})
		_, vectors := c.Embedder(s).Embed(ctx, []string{"text"})
		return errors.Join(err, again, vectors)
	}
	if err := use(tape); err != nil {
		t.Fatal(err)
	}
	refreshed := cassette.New(cassette.Refresh, tape.Entries())
	if err := use(refreshed); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := refreshed.WriteDrift(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"2 of 3 answers differ", "model (scripted): another text", "cosine"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%s\nlacks %q", b.String(), want)
		}
	}
	s.fail = errors.New("overloaded")
	failing := cassette.New(cassette.Refresh, tape.Entries())
	if err := use(failing); err == nil {
		t.Error("a failure was no error")
	}
	if d := failing.Drifts(); len(d) == 0 || !strings.Contains(fmt.Sprint(d), "fails now") {
		t.Errorf("%v", d)
	}
}

func TestAFailureIsReplayed(t *testing.T) {
	t.Parallel()
	tape := cassette.New(cassette.Record, nil)
	_, err := tape.Model(&server{fail: errors.New("overloaded")}).Complete(t.Context(), asked("x"))
	if !errors.Is(err, rag.ErrModel) {
		t.Errorf("recorded: %v", err)
	}
	_, err = cassette.New(cassette.Replay, tape.Entries()).Model(&server{}).Complete(t.Context(), asked("x"))
	if !errors.Is(err, rag.ErrModel) || errors.Is(err, cassette.ErrMiss) {
		t.Errorf("replayed: %v", err)
	}
}

func TestADamagedFileIsNamedByItsLine(t *testing.T) {
	t.Parallel()
	tape := cassette.New(cassette.Record, nil)
	if _, err := tape.Model(&server{}).Complete(t.Context(), asked("x")); err != nil {
		t.Fatal(err)
	}
	good := string(written(t, tape))
	tests := map[string]string{
		good + "{": "line 2",
		strings.Replace(good, `"value":"x"`, `"value":"y"`, 1): "line 1: the key is not that of the parts",
		strings.Replace(good, `"kind"`, `"kin"`, 1):            "line 1",
	}
	for file, want := range tests {
		if _, err := cassette.Read(strings.NewReader(file)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
