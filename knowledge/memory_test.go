package knowledge_test

import (
	"errors"
	"fmt"
	"math"
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

// kept is what a test remembers of an index: its documents with their chunks.
type kept map[string]struct {
	document knowledge.Document
	chunks   []knowledge.Chunk
}

// search answers a query the slow way, by the definitions alone: it looks at every
// chunk, sorts everything and counts words anew.
func (k kept) search(q knowledge.Query) []knowledge.Hit {
	language := knowledge.Language(q.Locale)
	byID, dense := map[string]knowledge.Hit{}, []knowledge.Candidate(nil)
	corpora := map[string]map[string][]string{} // language, chunk, terms
	for _, entry := range k {
		own := knowledge.Language(entry.document.Locale)
		if language != "" && own != language {
			continue
		}
		for _, c := range entry.chunks {
			byID[c.ID] = knowledge.NewHit(knowledge.Fused{}, c, entry.document)
			if corpora[own] == nil {
				corpora[own] = map[string][]string{}
			}
			corpora[own][c.ID] = knowledge.Tokens(own, knowledge.IndexText(entry.document, c))
			if q.Vector != nil {
				var sum float64
				for i, x := range q.Vector {
					sum += float64(x) * float64(c.Vector[i])
				}
				dense = append(dense, knowledge.Candidate{ChunkID: c.ID, Score: sum})
			}
		}
	}
	var lexical []knowledge.Candidate
	for own, corpus := range corpora {
		lexical = append(lexical, bm25(corpus, knowledge.QueryTerms(own, q.Text))...)
	}
	limit, depth := q.Bounds()
	hits := []knowledge.Hit{}
	for _, f := range knowledge.Fuse(knowledge.SortCandidates(dense, depth), knowledge.SortCandidates(lexical, depth), limit) {
		hits = append(hits, knowledge.NewHit(f, byID[f.ChunkID].Chunk, byID[f.ChunkID].Document))
	}
	return hits
}

func bm25(corpus map[string][]string, terms []string) []knowledge.Candidate {
	total := 0
	for _, tokens := range corpus {
		total += len(tokens)
	}
	var list []knowledge.Candidate
	for id, tokens := range corpus {
		score := 0.0
		for _, term := range terms {
			tf, df := count(tokens, term), 0
			for _, other := range corpus {
				if slices.Contains(other, term) {
					df++
				}
			}
			score += knowledge.BM25(knowledge.IDF(len(corpus), df), tf, len(tokens), float64(total)/float64(len(corpus)))
		}
		if score > 0 {
			list = append(list, knowledge.Candidate{ChunkID: id, Score: score})
		}
	}
	return list
}

func count(tokens []string, term string) int {
	n := 0
	for _, t := range tokens {
		if t == term {
			n++
		}
	}
	return n
}

func newMemory(t interface{ Fatal(...any) }, dim int) *knowledge.Memory {
	m, err := knowledge.NewMemory(dim)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestMemoryLikeTheDefinition replaces and removes documents at random, and after
// each step asks the index and the definition the same.
func TestMemoryLikeTheDefinition(t *testing.T) {
	t.Parallel()
	const dim = 16
	embedder := knowledgetest.NewEmbedder(dim)
	vocabulary := []string{"plazo", "pedido", "devolución", "refund", "order", "tarjeta", "30", "AB-12", "de", "the", "ñandú"}
	text := rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(rapid.SampledFrom(vocabulary), 1, 8).Draw(t, "words"), " ")
	})
	locale := rapid.SampledFrom([]string{"es", "es-MX", "en", "pt"})
	rapid.Check(t, func(t *rapid.T) {
		memory, want := newMemory(t, dim), kept{}
		t.Repeat(map[string]func(*rapid.T){
			"replace": func(t *rapid.T) {
				d := knowledge.Document{ID: rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "id"), Title: "Título", Locale: locale.Draw(t, "locale")}
				var chunks []knowledge.Chunk
				for i, text := range rapid.SliceOfN(text, 0, 4).Draw(t, "texts") {
					chunks = append(chunks, knowledge.Chunk{
						ID: fmt.Sprintf("%s#%d", d.ID, i), DocumentID: d.ID, Seq: i, Text: text, Vector: embedder.Vector(text),
					})
				}
				if err := memory.Replace(t.Context(), d, chunks); err != nil {
					t.Fatal(err)
				}
				entry := want[d.ID]
				entry.document, entry.chunks = d, chunks
				want[d.ID] = entry
			},
			"remove": func(t *rapid.T) {
				id := rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "id")
				if err := memory.Remove(t.Context(), id); err != nil {
					t.Fatal(err)
				}
				delete(want, id)
			},
			"": func(t *rapid.T) {
				question := text.Draw(t, "question")
				q := knowledge.Query{Text: question, Vector: embedder.Vector(question), Limit: rapid.IntRange(0, 20).Draw(t, "limit")}
				q.Locale = rapid.SampledFrom([]string{"", "es", "en", "fr"}).Draw(t, "asked")
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
func compare(t *rapid.T, want, got []knowledge.Hit) {
	near := cmpopts.EquateApprox(1e-5, 1e-5)
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
		if diff := cmp.Diff(w, h, near, cmpopts.IgnoreFields(knowledge.Hit{}, "Score", "DenseRank", "LexicalRank")); diff != "" {
			t.Fatalf("hit %d (-want +got):\n%s", i, diff)
		}
		if cmp.Equal(want[i].Dense, h.Dense, near) && want[i].LexicalRank == h.LexicalRank && want[i].DenseRank != h.DenseRank {
			t.Fatalf("hit %d has the ranks %d and %d, want %d and %d", i, h.DenseRank, h.LexicalRank, want[i].DenseRank, want[i].LexicalRank)
		}
	}
}

func TestMemoryErrors(t *testing.T) {
	t.Parallel()
	for _, dim := range []int{0, -1} {
		if _, err := knowledge.NewMemory(dim); err == nil {
			t.Errorf("a dimension of %d: no error", dim)
		}
	}
	memory := newMemory(t, 2)
	d := knowledge.Document{ID: "a", Title: "A", Locale: "es"}
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
	ctx, cancel := newCanceled(t)
	defer cancel()
	if _, err := memory.Search(ctx, knowledge.Query{Text: "plazo"}); err == nil {
		t.Error("a search whose context has ended: no error")
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
				d := knowledge.Document{ID: fmt.Sprint("d", r%2), Title: "Plazos", Locale: "es", Version: fmt.Sprint(r)}
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
	for range 2 {
		reading.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				hits, err := memory.Search(t.Context(), knowledge.Query{Text: "plazo", Vector: embedder.Vector("plazo"), Locale: "es", Limit: 100})
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

// BenchmarkMemorySearch asks an index of 10,000 chunks with vectors of 384
// dimensions. The floor is the bare scan: the inner products and nothing else.
func BenchmarkMemorySearch(b *testing.B) {
	const chunks, dim = 10_000, 384
	memory, random := newMemory(b, dim), rand.New(rand.NewPCG(1, 2))
	vectors := make([][]float32, chunks)
	for i := range chunks {
		vectors[i] = randomUnit(random, dim)
		d := knowledge.Document{ID: fmt.Sprintf("%05d", i), Title: "Política", Locale: "es"}
		c := knowledge.Chunk{ID: d.ID + "#0", Text: randomText(random, 120), Vector: vectors[i]}
		if err := memory.Replace(b.Context(), d, []knowledge.Chunk{c}); err != nil {
			b.Fatal(err)
		}
	}
	question, asked := randomUnit(random, dim), randomText(random, 8)
	search := func(q knowledge.Query) func(*testing.B) {
		return func(b *testing.B) {
			for b.Loop() {
				if hits, err := memory.Search(b.Context(), q); err != nil || len(hits) == 0 {
					b.Fatalf("%d hits, %v", len(hits), err)
				}
			}
		}
	}
	b.Run("hybrid", search(knowledge.Query{Text: asked, Vector: question, Locale: "es"}))
	b.Run("dense", search(knowledge.Query{Vector: question, Locale: "es"}))
	b.Run("lexical", search(knowledge.Query{Text: asked, Locale: "es"}))
	b.Run("floor", func(b *testing.B) {
		for b.Loop() {
			best := float32(-2)
			for _, v := range vectors {
				best = max(best, inner(question, v))
			}
			if best < -1 {
				b.Fatal("no vector was looked at")
			}
		}
	})
}

// inner is the inner product in four sums, as a processor likes it.
func inner(a, b []float32) float32 {
	var s0, s1, s2, s3 float32
	for i := 0; i+4 <= len(a); i += 4 {
		x, y := a[i:i+4:i+4], b[i:i+4:i+4]
		s0 += x[0] * y[0]
		s1 += x[1] * y[1]
		s2 += x[2] * y[2]
		s3 += x[3] * y[3]
	}
	return s0 + s1 + s2 + s3
}

func randomUnit(random *rand.Rand, dim int) []float32 {
	v, sum := make([]float32, dim), float32(0)
	for i := range v {
		v[i] = float32(random.NormFloat64())
		sum += v[i] * v[i]
	}
	for i := range v {
		v[i] /= float32(math.Sqrt(float64(sum)))
	}
	return v
}

// randomText draws words so that few are common and many rare, as in a language.
func randomText(random *rand.Rand, n int) string {
	list := make([]string, n)
	zipf := rand.NewZipf(random, 1.2, 4, 5000)
	for i := range list {
		list[i] = fmt.Sprintf("palabra%d", zipf.Uint64())
	}
	return strings.Join(list, " ")
}
