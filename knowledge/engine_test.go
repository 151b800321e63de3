package knowledge_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/recado/recado/knowledge"
)

func sqrt(x float64) float64 { return math.Sqrt(x) }

// fill puts documents into an index and, unless it is nil, into the definition.
func fill(tb testing.TB, s *stock, memory *knowledge.Memory, want *kept, from, to int) {
	tb.Helper()
	for n := from; n < to; n++ {
		d, chunks := s.document(n)
		if err := memory.Replace(tb.Context(), d, chunks); err != nil {
			tb.Fatal(err)
		}
		if want != nil {
			want.put(d, chunks)
		}
	}
}

// TestMemoryOfManyPassages is large enough for approximate search, for terms that are
// only looked up and for gaps that are closed. Words are found exactly, meaning almost.
func TestMemoryOfManyPassages(t *testing.T) {
	t.Parallel()
	const documents = 250
	questions := 40
	if testing.Short() {
		questions = 8 // the definition takes its time for each
	}
	s, memory, want := newStock(1, 64), newMemory(t, 64), newKept()
	fill(t, s, memory, &want, 0, documents)
	fill(t, s, memory, &want, 40, 220) // in the place of the former ones
	for n := range 50 {
		id := fmt.Sprintf("%05d", 3*n)
		delete(want.documents, id)
		if err := memory.Remove(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	few := []string{"00001", "00007", "00200", "00249"}
	for i := range questions {
		q := knowledge.Query{Text: s.text(1 + i%10), Locale: "es", Limit: 100}
		if i%3 == 1 {
			q.Documents = few
		}
		got, err := memory.Search(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		compare(t, want.search(q), got)
	}
	if recall := recallOf(t, memory, want, questions, s.vector); recall < .98 {
		t.Errorf("recall@10 is %.3f", recall)
	}
}

// TestWordsOfManyPassages asks for words of all frequencies together: the common ones are
// only looked up where rare ones decide, and that must not change a thing.
func TestWordsOfManyPassages(t *testing.T) {
	if testing.Short() {
		t.Skip("compares with the definition over many passages")
	}
	t.Parallel()
	const passages, vocabulary = 1500, 12
	random, memory, want := rand.New(rand.NewPCG(5, 6)), newMemory(t, 1), newKept()
	memory.Narrow("es", 256)
	for n := range passages {
		var text []string
		for word := range vocabulary {
			// The first word is in nearly all, the last in one of sixteen.
			for range 3 {
				if random.Float64() < 1.4/float64(word+2) {
					text = append(text, fmt.Sprintf("palabra%d", word))
				}
			}
		}
		d := knowledge.Document{Meta: knowledge.Meta{ID: fmt.Sprintf("%04d", n), Title: "x", Locale: "es"}, Passages: 1}
		c := knowledge.Chunk{ID: d.ID, DocumentID: d.ID, Text: strings.Join(text, " "), Vector: []float32{1}}
		if err := memory.Replace(t.Context(), d, []knowledge.Chunk{c}); err != nil {
			t.Fatal(err)
		}
		want.put(d, []knowledge.Chunk{c})
	}
	for range 60 {
		var asked []string
		for _, word := range random.Perm(vocabulary)[:2+random.IntN(6)] {
			asked = append(asked, fmt.Sprintf("palabra%d", word))
		}
		q := knowledge.Query{Text: strings.Join(asked, " "), Limit: 100}
		got, err := memory.Search(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		compare(t, want.search(q), got)
	}
}

// TestSkewedWordsLikeTheDefinition draws how rare words are, how often passages repeat
// them and how long those are. Many passages hold one word alone, as much of it as any, so
// that what a word can add at most is what it does add: a search that leaves out terms or
// passages a little too early does not find what the definition finds.
func TestSkewedWordsLikeTheDefinition(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		memory, want, passages := newMemory(t, 1), newKept(), rapid.IntRange(2, 6).Draw(t, "times Depth")*knowledge.Depth
		memory.Narrow("es", 64*rapid.IntRange(1, 3).Draw(t, "window"))
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 9))
		kinds := rapid.SliceOfN(rapid.Custom(drawKind), 2, 6).Draw(t, "kinds")
		d := knowledge.Document{Meta: knowledge.Meta{ID: "a", Title: "x", Locale: "es"}, Passages: passages}
		chunks := make([]knowledge.Chunk, passages)
		for i := range chunks {
			chunks[i] = knowledge.Chunk{
				ID: fmt.Sprintf("%04d", i), DocumentID: d.ID, Seq: i, Text: skewed(random, kinds), Vector: []float32{1},
			}
		}
		if err := memory.Replace(context.Background(), d, chunks); err != nil {
			t.Fatal(err)
		}
		want.put(d, chunks)
		q := knowledge.Query{Text: spell(len(kinds), counting()), Limit: 100}
		got, err := memory.Search(context.Background(), q)
		if err != nil {
			t.Fatal(err)
		}
		compare(t, want.search(q), got)
	})
}

// kind is how passages that are about a word use it.
type kind struct {
	share, times, others int
}

func drawKind(t *rapid.T) kind {
	return kind{
		share:  rapid.SampledFrom([]int{1, 3, 10, 30}).Draw(t, "share"),
		times:  rapid.SampledFrom([]int{1, 2, 5, 40}).Draw(t, "times"),
		others: rapid.SampledFrom([]int{0, 5, 50, 200}).Draw(t, "others"),
	}
}

// skewed is a passage about one of the words, and every third time about another as well.
func skewed(random *rand.Rand, kinds []kind) string {
	text := ""
	for range 1 + random.IntN(3)/2 {
		n := pick(random, kinds)
		text += strings.Repeat(word(uint64(n))+" ", kinds[n].times) + strings.Repeat("relleno ", kinds[n].others)
	}
	return text
}

// pick draws one of the kinds by its share.
func pick(random *rand.Rand, kinds []kind) int {
	sum := 0
	for _, k := range kinds {
		sum += k.share
	}
	left := random.IntN(sum)
	for i, k := range kinds {
		if left -= k.share; left < 0 {
			return i
		}
	}
	return 0 // unreachable: left is below the sum
}

// counting gives 0, 1, 2 and so on.
func counting() func() uint64 {
	next := uint64(0)
	return func() uint64 {
		next++
		return next - 1
	}
}

// TestEqualPassagesComeByID: where nothing else tells passages apart, their IDs decide
// which of them are among the candidates.
func TestEqualPassagesComeByID(t *testing.T) {
	t.Parallel()
	memory, want := newMemory(t, 1), []string(nil)
	for _, n := range rand.New(rand.NewPCG(7, 8)).Perm(3 * knowledge.Depth) {
		d := knowledge.Document{Meta: knowledge.Meta{ID: fmt.Sprintf("%04d", n), Title: "x", Locale: "es"}}
		c := knowledge.Chunk{ID: d.ID, Text: "plazo", Vector: []float32{1}}
		if err := memory.Replace(t.Context(), d, []knowledge.Chunk{c}); err != nil {
			t.Fatal(err)
		}
	}
	for n := range knowledge.Depth {
		want = append(want, fmt.Sprintf("%04d", n))
	}
	for _, q := range []knowledge.Query{{Text: "plazo", Limit: 100}, {Vector: []float32{1}, Limit: 100}} {
		hits, err := memory.Search(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, h := range hits {
			got = append(got, h.Chunk.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("by words %v: %v", q.Text != "", got)
		}
	}
}

// recallOf is the share of the ten nearest passages that the index has among its first
// ten by meaning.
func recallOf(tb testing.TB, memory *knowledge.Memory, want kept, questions int, question func() []float32) float64 {
	tb.Helper()
	found := 0
	for range questions {
		q := knowledge.Query{Vector: question(), Locale: "es", Limit: 100}
		hits, err := memory.Search(tb.Context(), q)
		if err != nil {
			tb.Fatal(err)
		}
		for _, h := range nearest(want, q.Vector, 10) {
			if slices.ContainsFunc(hits, func(hit knowledge.Hit) bool { return hit.Chunk.ID == h && hit.DenseRank <= 10 }) {
				found++
			}
		}
	}
	return float64(found) / float64(10*questions)
}

// nearest are the chunks of the highest cosines.
func nearest(k kept, question []float32, n int) []string {
	type near struct {
		id     string
		cosine float64
	}
	var all []near
	for _, d := range k.documents {
		for _, c := range d.chunks {
			all = append(all, near{c.ID, cosine(question, c.Vector)})
		}
	}
	slices.SortFunc(all, func(a, b near) int { return cmp.Compare(b.cosine, a.cosine) })
	ids := make([]string, n)
	for i := range ids {
		ids[i] = all[i].id
	}
	return ids
}

// TestEngineRefuses what is damaged, and a search whose time has ended.
func TestEngineRefuses(t *testing.T) {
	t.Parallel()
	engine, err := knowledge.NewEngine(2)
	if err != nil {
		t.Fatal(err)
	}
	d := knowledge.Document{Meta: knowledge.Meta{ID: "a", Locale: "es"}}
	vector := knowledge.PackVector([]float32{1, 0})
	for name, p := range map[string]knowledge.Passage{
		"a short vector": {Vector: vector[:4]},
		"no vector":      {},
		"cut terms":      {Vector: vector, Terms: []byte{0, 5, 'a'}},
		"endless terms":  {Vector: vector, Terms: []byte{255, 255, 255}},
		"no count":       {Vector: vector, Terms: []byte{0, 1, 'a'}},
		"no length":      {Vector: vector, Words: -1},
	} {
		if err := engine.Put(d, []knowledge.Passage{p}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := engine.Search(ctx, knowledge.Query{Text: "a"}); !errors.Is(err, context.Canceled) {
		t.Errorf("a search whose context has ended: %v", err)
	}
}

// FuzzEngineTerms feeds terms that were not packed by PackTerms: an index file may be
// damaged.
func FuzzEngineTerms(f *testing.F) {
	f.Add([]byte{})
	f.Add(knowledge.PackTerms(map[string]int32{"plazo": 1, "plazos": 300}))
	f.Add([]byte{0, 255, 255, 255, 255, 255, 255, 255, 255, 1, 'a', 1})
	f.Fuzz(func(t *testing.T, terms []byte) {
		engine, err := knowledge.NewEngine(1)
		if err != nil {
			t.Fatal(err)
		}
		d := knowledge.Document{Meta: knowledge.Meta{ID: "a", Locale: "es"}}
		err = engine.Put(d, []knowledge.Passage{{ID: "a", Words: 1, Terms: terms, Vector: knowledge.PackVector([]float32{1})}})
		found, wrong := engine.Search(t.Context(), knowledge.Query{Vector: []float32{1}})
		if wrong != nil || (len(found) == 1) != (err == nil) {
			t.Errorf("Put: %v, but then %d passages, %v", err, len(found), wrong)
		}
	})
}
