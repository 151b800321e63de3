package knowledge_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/recado/recado/knowledge"
)

// TestBM25 computes one small corpus by hand. Three passages of 3, 2 and 4 words,
// 3 on average; the word is twice in the first and once in the second.
//
//	idf    = ln(1 + (3-2+0.5)/(2+0.5))                  = ln 1.6 = 0.470003629
//	first  = idf * 2*2.2 / (2 + 1.2*(0.25+0.75*3/3))    = idf * 4.4/3.2
//	second = idf * 1*2.2 / (1 + 1.2*(0.25+0.75*2/3))    = idf * 2.2/1.9
func TestBM25(t *testing.T) {
	t.Parallel()
	idf := knowledge.IDF(3, 2)
	for name, c := range map[string]struct{ got, want float64 }{
		"idf":        {idf, 0.470003629},
		"first":      {knowledge.BM25(idf, 2, 3, 3), 0.646254990},
		"second":     {knowledge.BM25(idf, 1, 2, 3), 0.544214729},
		"everywhere": {knowledge.IDF(3, 3), 0.133531393}, // ln(1 + 0.5/3.5)
		"nowhere":    {knowledge.IDF(3, 0), 2.079441542}, // ln 8
	} {
		if math.Abs(c.got-c.want) > 1e-8 {
			t.Errorf("%s: %.9f, want %.9f", name, c.got, c.want)
		}
	}
}

// TestMemoryScoresByBM25 finds the hand-computed scores in an index. The title is
// part of the indexed text, so it is a stop word here.
func TestMemoryScoresByBM25(t *testing.T) {
	t.Parallel()
	memory, err := knowledge.NewMemory(1)
	if err != nil {
		t.Fatal(err)
	}
	var chunks []knowledge.Chunk
	for i, text := range []string{"lamp lamp cable", "lamp chair", "table shelf desk door"} {
		chunks = append(chunks, knowledge.Chunk{ID: fmt.Sprint(i), Seq: i, Text: text, Vector: []float32{1}})
	}
	d := knowledge.Document{ID: "d", Title: "The", Locale: "en"}
	if err := memory.Replace(t.Context(), d, chunks); err != nil {
		t.Fatal(err)
	}
	hits, err := memory.Search(t.Context(), knowledge.Query{Text: "lamps", Locale: "en"})
	if err != nil || len(hits) != 2 {
		t.Fatalf("%d hits, %v; want 2", len(hits), err)
	}
	for i, want := range []float64{0.646254990, 0.544214729} {
		if math.Abs(hits[i].Lexical-want) > 1e-8 || hits[i].LexicalRank != i+1 || hits[i].DenseRank != 0 {
			t.Errorf("hit %d: %+v, want the score %.9f", i, hits[i], want)
		}
	}
}

func TestFuse(t *testing.T) {
	t.Parallel()
	dense := []knowledge.Candidate{{ChunkID: "a", Score: .9}, {ChunkID: "b", Score: .8}}
	lexical := []knowledge.Candidate{{ChunkID: "b", Score: 7}, {ChunkID: "c", Score: 3}}
	want := []knowledge.Fused{
		{ChunkID: "b", Score: 1.0/62 + 1.0/61, Dense: .8, Lexical: 7, DenseRank: 2, LexicalRank: 1},
		{ChunkID: "a", Score: 1.0 / 61, Dense: .9, DenseRank: 1},
		{ChunkID: "c", Score: 1.0 / 62, Lexical: 3, LexicalRank: 2},
	}
	for limit, n := range map[int]int{-1: 0, 0: 0, 1: 1, 3: 3, 9: 3} {
		if diff := cmp.Diff(want[:n], knowledge.Fuse(dense, lexical, limit), cmpopts.EquateApprox(0, 1e-12)); diff != "" {
			t.Errorf("limit %d (-want +got):\n%s", limit, diff)
		}
	}
	tie := knowledge.Fuse([]knowledge.Candidate{{ChunkID: "z"}}, []knowledge.Candidate{{ChunkID: "a"}}, 2)
	if tie[0].ChunkID != "a" || tie[1].ChunkID != "z" {
		t.Errorf("a tie is not broken by ID: %v", tie)
	}
}

// candidates draws a list without repetitions.
func candidates(t *rapid.T, label string) []knowledge.Candidate {
	ids := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-f]{1,2}`), 0, 12, rapid.ID[string]).Draw(t, label)
	list := make([]knowledge.Candidate, len(ids))
	for i, id := range ids {
		list[i] = knowledge.Candidate{ChunkID: id, Score: 1 / float64(i+1)}
	}
	return list
}

// TestFuseKeepsOrder: every proposed chunk comes once, best first; one that is
// before another in both lists is before it in the result; the two lists count
// alike.
func TestFuseKeepsOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		dense, lexical := candidates(t, "dense"), candidates(t, "lexical")
		fused := knowledge.Fuse(dense, lexical, 100)
		distinct := map[string]bool{}
		for _, c := range slices.Concat(dense, lexical) {
			distinct[c.ChunkID] = true
		}
		if len(fused) != len(distinct) {
			t.Fatalf("%d results of %d chunks", len(fused), len(distinct))
		}
		for i, a := range fused {
			for _, b := range fused[i+1:] {
				if a.Score < b.Score || (a.Score == b.Score && a.ChunkID > b.ChunkID) {
					t.Fatalf("%v is before %v", a, b)
				}
				if worse(a.DenseRank, b.DenseRank) && worse(a.LexicalRank, b.LexicalRank) {
					t.Fatalf("%v is before %v, which is better in both lists", a, b)
				}
			}
		}
		for i, swapped := range knowledge.Fuse(lexical, dense, 100) {
			if swapped.ChunkID != fused[i].ChunkID {
				t.Fatalf("the lists do not count alike: %v and %v", swapped, fused[i])
			}
		}
	})
}

// worse says that rank a is behind rank b; 0 is behind all.
func worse(a, b int) bool { return b != 0 && (a == 0 || a > b) }

func TestSortCandidates(t *testing.T) {
	t.Parallel()
	list := []knowledge.Candidate{
		{ChunkID: "c", Score: 1}, {ChunkID: "b", Score: 1 + 1e-12}, {ChunkID: "a", Score: 2}, {ChunkID: "d", Score: 1 - 1e-12},
	}
	sorted := knowledge.SortCandidates(slices.Clone(list), 3)
	var ids []string
	for _, c := range sorted {
		ids = append(ids, c.ChunkID)
	}
	// The last bits of the scores do not count.
	if diff := cmp.Diff([]string{"a", "b", "c"}, ids); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

func TestBounds(t *testing.T) {
	t.Parallel()
	for asked, want := range map[int][2]int{-1: {8, 50}, 0: {8, 50}, 1: {1, 50}, 30: {30, 60}, 100: {100, 200}, 5000: {100, 200}} {
		limit, depth := knowledge.Query{Limit: asked}.Bounds()
		if got := [2]int{limit, depth}; got != want {
			t.Errorf("Limit %d gives %v, want %v", asked, got, want)
		}
	}
}
