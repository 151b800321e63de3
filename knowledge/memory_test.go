package knowledge_test

import (
	order "cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/knowledge/knowledgetest"
)

// kept is what a test remembers of an index: its documents with their chunks, and what
// is revoked.
type kept struct {
	documents map[string]keptDocument
	revoked   map[[2]string]bool // document and hash
}

type keptDocument struct {
	knowledge.Document
	chunks []knowledge.Chunk
	counts []map[string]int32
	words  []int
}

func newKept() kept {
	return kept{documents: map[string]keptDocument{}, revoked: map[[2]string]bool{}}
}

func (k kept) put(d knowledge.Document, chunks []knowledge.Chunk) {
	entry := keptDocument{Document: d, chunks: chunks}
	for _, c := range chunks {
		tokens := knowledge.Tokens(d.Locale, knowledge.IndexText(d, c))
		entry.counts, entry.words = append(entry.counts, knowledge.Frequencies(tokens)), append(entry.words, len(tokens))
	}
	k.documents[d.ID] = entry
}

// plans reads the question in each language, whose vocabulary is counted anew. What may
// not be found counts as well.
func (k kept) plans(q knowledge.Query) map[string]knowledge.Plan {
	lexicons, plans := map[string]*knowledge.Lexicon{}, map[string]knowledge.Plan{}
	for _, d := range k.documents {
		language := knowledge.Language(d.Locale)
		if lexicons[language] == nil {
			lexicons[language] = knowledge.NewLexicon(language)
		}
		for i := range d.chunks {
			lexicons[language].Grow(1, d.words[i])
			for term := range d.counts[i] {
				lexicons[language].Add(term, 1)
			}
		}
	}
	for language, l := range lexicons {
		plans[language] = l.Plan(q)
	}
	return plans
}

// search answers a query the slow way, by the definitions alone: it looks at every
// chunk and sorts everything.
func (k kept) search(q knowledge.Query) []knowledge.Hit {
	found, list, plans := map[string]knowledge.Hit{}, []knowledge.Candidate(nil), k.plans(q)
	for _, d := range k.documents {
		if !allowed(q, d.Document) {
			continue
		}
		for i, c := range d.chunks {
			if k.revoked[[2]string{d.ID, c.Hash}] {
				continue
			}
			candidate := knowledge.Candidate{ChunkID: c.ID, DocumentID: d.ID, Hash: c.Hash, Tokens: c.Tokens}
			if q.Vector != nil {
				candidate.ByDense, candidate.Dense = true, cosine(q.Vector, c.Vector)
			}
			if q.Text != "" {
				plan := plans[knowledge.Language(d.Locale)]
				candidate.Lexical = lexical(plan, d.counts[i], d.words[i])
				candidate.ByLexical = candidate.Lexical > 0
				candidate.Self = plan.Self
			}
			found[c.ID] = knowledge.NewHit(knowledge.Fused{}, c, d.Document)
			list = append(list, candidate)
		}
	}
	hits := []knowledge.Hit{}
	for _, f := range knowledge.Rank(q, proposed(list)) {
		hits = append(hits, knowledge.NewHit(f, found[f.ChunkID].Chunk, found[f.ChunkID].Document))
	}
	return hits
}

// allowed says it as the comments of Query do.
func allowed(q knowledge.Query, d knowledge.Document) bool {
	language := q.Locale == "" || knowledge.Language(q.Locale) == knowledge.Language(d.Locale)
	reader := d.Audience != knowledge.AudienceAgent || q.Audience == knowledge.AudienceAgent
	market := len(d.Markets) == 0 || q.Market == knowledge.AnyMarket || slices.Contains(d.Markets, q.Market)
	valid := q.Day == "" || d.ValidFrom <= q.Day && (d.ValidTo == "" || q.Day <= d.ValidTo)
	return language && reader && market && valid && (q.Documents == nil || slices.Contains(q.Documents, d.ID))
}

func lexical(plan knowledge.Plan, counts map[string]int32, words int) float64 {
	sum := 0.0
	for _, term := range plan.Terms {
		if tf := counts[term.Term]; tf > 0 {
			sum += term.Weight * knowledge.Saturation(int(tf), words, plan.Mean)
		}
	}
	return sum
}

func cosine(a, b []float32) float64 {
	var sum float64
	for i, x := range a {
		sum += float64(x) * float64(b[i])
	}
	return sum
}

// proposed leaves to each search its best.
func proposed(list []knowledge.Candidate) []knowledge.Candidate {
	best := func(in func(knowledge.Candidate) bool, score func(knowledge.Candidate) float64) map[string]bool {
		ranking := slices.DeleteFunc(slices.Clone(list), func(c knowledge.Candidate) bool { return !in(c) })
		slices.SortFunc(ranking, func(a, b knowledge.Candidate) int {
			return order.Or(order.Compare(float32(score(b)), float32(score(a))), order.Compare(a.ChunkID, b.ChunkID))
		})
		kept := map[string]bool{}
		for _, c := range ranking[:min(len(ranking), knowledge.Depth)] {
			kept[c.ChunkID] = true
		}
		return kept
	}
	dense := best(func(c knowledge.Candidate) bool { return c.ByDense }, func(c knowledge.Candidate) float64 { return c.Dense })
	words := best(func(c knowledge.Candidate) bool { return c.ByLexical }, func(c knowledge.Candidate) float64 { return c.Lexical })
	var kept []knowledge.Candidate
	for _, c := range list {
		c.ByDense, c.ByLexical = dense[c.ChunkID], words[c.ChunkID]
		if !c.ByLexical {
			c.Lexical, c.Self = 0, 0
		}
		if c.ByDense || c.ByLexical {
			kept = append(kept, c)
		}
	}
	return kept
}

func newMemory(t interface{ Fatal(...any) }, dim int) *knowledge.Memory {
	m, err := knowledge.NewMemory(knowledge.Identity{Embedder: "e", Dim: dim, Splitter: "1"})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// commonWords are few, so that random texts have some in common.
func commonWords() []string {
	return []string{"plazo", "pedido", "devolución", "refund", "order", "tarjeta", "30", "AB-12", "de", "the", "ñandú"}
}

func drawText(t *rapid.T, label string) string {
	return strings.Join(rapid.SliceOfN(rapid.SampledFrom(commonWords()), 1, 8).Draw(t, label), " ")
}

// drawDocument makes a document of a few chunks.
func drawDocument(t *rapid.T, embedder *knowledgetest.Embedder) (knowledge.Document, []knowledge.Chunk) {
	d := knowledge.Document{Meta: knowledge.Meta{
		ID: drawID(t), Title: "Título", Locale: rapid.SampledFrom([]string{"es", "es-mx", "en", "pt"}).Draw(t, "locale"),
		Audience:  rapid.SampledFrom([]knowledge.Audience{knowledge.AudienceCustomer, knowledge.AudienceAgent}).Draw(t, "audience"),
		Markets:   rapid.SampledFrom([][]string{nil, {"ES"}, {"ES", "MX"}}).Draw(t, "markets"),
		ValidFrom: rapid.SampledFrom([]string{"", "2026-01-01"}).Draw(t, "from"),
		ValidTo:   rapid.SampledFrom([]string{"", "2026-06-30"}).Draw(t, "to"),
	}}
	var chunks []knowledge.Chunk
	for i := range rapid.IntRange(0, 4).Draw(t, "chunks") {
		text := drawText(t, "text")
		chunks = append(chunks, knowledge.Chunk{
			ID: fmt.Sprintf("%s#%d", d.ID, i), DocumentID: d.ID, Seq: i, Text: text, Hash: text, Tokens: len(text),
			Vector: embedder.Vector(text),
		})
	}
	d.Passages = len(chunks)
	return d, chunks
}

func drawID(t *rapid.T) string { return rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "id") }

func drawQuery(t *rapid.T, embedder *knowledgetest.Embedder) knowledge.Query {
	question := drawText(t, "question")
	q := knowledge.Query{
		Locale:      rapid.SampledFrom([]string{"", "es", "en", "fr"}).Draw(t, "locale"),
		TextLocale:  rapid.SampledFrom([]string{"", "es", "en"}).Draw(t, "of the text"),
		Audience:    rapid.SampledFrom([]knowledge.Audience{"", knowledge.AudienceAgent}).Draw(t, "audience"),
		Market:      rapid.SampledFrom([]string{"", "ES", "MX", knowledge.AnyMarket}).Draw(t, "market"),
		Day:         rapid.SampledFrom([]string{"", "2025-12-31", "2026-06-30", "2026-07-01"}).Draw(t, "day"),
		Limit:       rapid.IntRange(0, 20).Draw(t, "limit"),
		PerDocument: rapid.IntRange(0, 2).Draw(t, "per document"),
		Distinct:    rapid.Bool().Draw(t, "distinct"),
		Budget:      rapid.SampledFrom([]int{0, 40}).Draw(t, "budget"),
	}
	if rapid.Bool().Draw(t, "by words") {
		q.Text = question
	}
	if rapid.Bool().Draw(t, "by meaning") {
		q.Vector = embedder.Vector(question)
	}
	if rapid.Bool().Draw(t, "in documents") {
		q.Documents = rapid.SliceOf(rapid.Custom(drawID)).Draw(t, "documents")
	}
	return q
}

// TestMemoryLikeTheDefinition replaces, removes, revokes and restores at random, and
// after each step asks the index and the definition the same.
func TestMemoryLikeTheDefinition(t *testing.T) {
	t.Parallel()
	embedder := knowledgetest.NewEmbedder(16)
	rapid.Check(t, func(t *rapid.T) {
		memory, want := newMemory(t, 16), newKept()
		t.Repeat(map[string]func(*rapid.T){
			"replace": func(t *rapid.T) {
				d, chunks := drawDocument(t, embedder)
				if err := memory.Replace(t.Context(), d, chunks); err != nil {
					t.Fatal(err)
				}
				want.put(d, chunks)
			},
			"remove": func(t *rapid.T) {
				id := drawID(t)
				if err := memory.Remove(t.Context(), id); err != nil {
					t.Fatal(err)
				}
				delete(want.documents, id)
			},
			"revoke": func(t *rapid.T) {
				id, hash := drawID(t), drawText(t, "hash")
				if chunks := want.documents[id].chunks; len(chunks) > 0 {
					hash = rapid.SampledFrom(chunks).Draw(t, "chunk").Hash
				}
				if err := memory.Revoke(t.Context(), []knowledge.Revocation{{DocumentID: id, Hash: hash}}); err != nil {
					t.Fatal(err)
				}
				want.revoked[[2]string{id, hash}] = true
			},
			"restore": func(t *rapid.T) {
				for of := range want.revoked {
					if err := memory.Restore(t.Context(), of[0], []string{of[1]}); err != nil {
						t.Fatal(err)
					}
					delete(want.revoked, of)
				}
			},
			"": func(t *rapid.T) {
				q := drawQuery(t, embedder)
				got, err := memory.Search(t.Context(), q)
				if err != nil {
					t.Fatal(err)
				}
				compare(t, want.search(q), got)
			},
		})
	})
}

// compare wants the same scores in the same order. Chunks whose vectors point the
// same way but for the last bits may change places.
func compare(t interface{ Fatalf(string, ...any) }, want, got []knowledge.Hit) {
	near := cmpopts.EquateApprox(0, 1e-4)
	if len(want) != len(got) {
		t.Fatalf("%d hits, want %d", len(got), len(want))
	}
	byID := map[string]knowledge.Hit{}
	for _, h := range want {
		byID[h.Chunk.ID] = h
	}
	for i, h := range got {
		w, known := byID[h.Chunk.ID]
		if !known {
			if !cmp.Equal(want[i].Score, h.Score, cmpopts.EquateApprox(0, 1e-3)) {
				t.Fatalf("hit %d is %s, which the definition does not give", i, h.Chunk.ID)
			}
			continue
		}
		ranks := cmpopts.IgnoreFields(knowledge.Hit{}, "Score", "DenseRank", "LexicalRank")
		if diff := cmp.Diff(w, h, near, ranks, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("hit %d (-want +got):\n%s", i, diff)
		}
		if !cmp.Equal(want[i].Score, h.Score, cmpopts.EquateApprox(0, 1e-3)) {
			t.Fatalf("hit %d has the score %v, want %v", i, h.Score, want[i].Score)
		}
	}
}

func TestMemoryErrors(t *testing.T) {
	t.Parallel()
	for _, dim := range []int{0, -1} {
		if _, err := knowledge.NewMemory(knowledge.Identity{Embedder: "e", Dim: dim}); err == nil {
			t.Errorf("a dimension of %d: no error", dim)
		}
	}
	memory := newMemory(t, 2)
	d := knowledge.Document{Meta: knowledge.Meta{ID: "a", Title: "A", Locale: "es"}}
	good := []knowledge.Chunk{{ID: "a#0", Text: "plazo", Vector: []float32{1, 0}}}
	if err := memory.Replace(t.Context(), d, good); err != nil {
		t.Fatal(err)
	}
	if err := memory.Replace(t.Context(), d, []knowledge.Chunk{{ID: "a#0", Vector: []float32{1}}}); !errors.Is(err, knowledge.ErrDimension) {
		t.Errorf("a short vector: %v", err)
	}
	if _, err := memory.Search(t.Context(), knowledge.Query{Vector: []float32{1, 2, 3}}); !errors.Is(err, knowledge.ErrDimension) {
		t.Errorf("a long question: %v", err)
	}
	hits, err := memory.Search(t.Context(), knowledge.Query{Text: "plazo"})
	if err != nil || len(hits) != 1 || hits[0].Chunk.DocumentID != "a" || hits[0].Chunk.Vector != nil {
		t.Errorf("after what was refused: %+v, %v", hits, err)
	}
	if _, _, err := memory.Document(t.Context(), "b"); !errors.Is(err, knowledge.ErrNotFound) {
		t.Errorf("an unknown document: %v", err)
	}
	if err := memory.Touch(t.Context(), knowledge.Document{Meta: knowledge.Meta{ID: "b"}}); !errors.Is(err, knowledge.ErrNotFound) {
		t.Errorf("touch an unknown document: %v", err)
	}
}

// TestMemoryConcurrently lets writers and readers of the same documents work at
// once. A search sees all passages of a document in one state.
func TestMemoryConcurrently(t *testing.T) {
	t.Parallel()
	const dim, writers, rounds, parts = 8, 3, 60, 5
	memory, embedder := newMemory(t, dim), knowledgetest.NewEmbedder(dim)
	var writing, reading sync.WaitGroup
	stop := make(chan struct{})
	for range writers {
		writing.Go(func() {
			for r := range rounds {
				d := knowledge.Document{Meta: knowledge.Meta{ID: fmt.Sprint("d", r%2), Title: "Plazos", Locale: "es"}, Version: fmt.Sprint(r)}
				chunks := make([]knowledge.Chunk, parts)
				for i := range chunks {
					text := fmt.Sprintf("plazo %d palabra%d", i, r)
					chunks[i] = knowledge.Chunk{ID: fmt.Sprint(d.ID, "#", i), Seq: i, Text: text, Vector: embedder.Vector(text)}
				}
				if err := memory.Replace(t.Context(), d, chunks); err != nil {
					t.Error(err)
				}
				if r%7 == 0 {
					if err := memory.Remove(t.Context(), d.ID); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	for range 4 {
		reading.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				q := knowledge.Query{Text: "plazo", Vector: embedder.Vector("plazo"), Locale: "es", Limit: 100}
				hits, err := memory.Search(t.Context(), q)
				if err != nil {
					t.Error(err)
					return
				}
				versions := map[string]int{}
				for _, h := range hits {
					versions[h.Document.ID+" "+h.Document.Version]++
				}
				for version, n := range versions {
					if n != parts {
						t.Errorf("%d passages of %s, want %d: %v", n, version, parts, versions)
						return
					}
				}
			}
		})
	}
	writing.Wait()
	close(stop)
	reading.Wait()
	for _, id := range []string{"d0", "d1"} {
		if err := memory.Remove(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	hits, err := memory.Search(t.Context(), knowledge.Query{Text: "plazo", Vector: embedder.Vector("plazo")})
	if err != nil || len(hits) != 0 {
		t.Errorf("an emptied index finds %d passages, %v", len(hits), err)
	}
}

// stock is an index with many passages: words as in a language, few of them common and many
// rare, and vectors in clusters.
type stock struct {
	random  *rand.Rand
	zipf    *rand.Zipf
	centers [][]float32
}

func newStock(seed uint64, dim int) *stock {
	random := rand.New(rand.NewPCG(seed, 2))
	s := &stock{random: random, zipf: rand.NewZipf(random, 1.2, 4, 50_000)}
	for range 200 {
		s.centers = append(s.centers, s.noise(make([]float32, dim)))
	}
	return s
}

func (s *stock) noise(v []float32) []float32 {
	for i := range v {
		v[i] += float32(s.random.NormFloat64())
	}
	return v
}

// vector is near one of the centers, and of unit length.
func (s *stock) vector() []float32 {
	v := s.noise(slices.Clone(s.centers[s.random.IntN(len(s.centers))]))
	length := float32(1 / sqrt(cosine(v, v)))
	for i := range v {
		v[i] *= length
	}
	return v
}

// text is n words as a language draws them.
func (s *stock) text(n int) string { return spell(n, s.zipf.Uint64) }

// common is n words that many passages share.
func (s *stock) common(n int) string {
	return spell(n, func() uint64 { return s.random.Uint64N(100) })
}

// rare is n words of which most are in few passages or in none.
func (s *stock) rare(n int) string {
	return spell(n, func() uint64 { return s.random.Uint64N(50_000) })
}

func spell(n int, draw func() uint64) string {
	list := make([]string, n)
	for i := range list {
		list[i] = word(draw())
	}
	return strings.Join(list, " ")
}

// word spells a number in syllables. Words of near numbers look unlike each other.
func word(n uint64) string {
	const consonants, vowels = "bcdfglmnprstvz", "aeio"
	var spelt []byte
	for n = (n + 1) * 0x9e3779b97f4a7c15 >> 40; n > 0; n /= uint64(len(consonants) * len(vowels)) {
		spelt = append(spelt, consonants[n%uint64(len(consonants))], vowels[n/uint64(len(consonants))%uint64(len(vowels))])
	}
	return string(spelt)
}

// document has ten passages.
func (s *stock) document(n int) (knowledge.Document, []knowledge.Chunk) {
	d := knowledge.Document{Meta: knowledge.Meta{ID: fmt.Sprintf("%05d", n), Title: "Política", Locale: "es"}, Passages: 10}
	chunks := make([]knowledge.Chunk, d.Passages)
	for i := range chunks {
		id := fmt.Sprintf("%s#%d", d.ID, i)
		text := s.text(40 + s.random.IntN(120))
		chunks[i] = knowledge.Chunk{ID: id, DocumentID: d.ID, Seq: i, Hash: id, Text: text, Tokens: len(text) / 4, Vector: s.vector()}
	}
	return d, chunks
}
