package knowledge_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/recado/recado/knowledge"
)

// TestSaturation computes one small corpus by hand. Three passages of 3, 2 and 4 words,
// 3 on average; the word is twice in the first and once in the second.
//
//	idf    = ln(1 + (3-2+0.5)/(2+0.5))               = ln 1.6 = 0.470003629
//	first  = 2*3 / (2 + 2*(0.5+0.5*3/3))             = 6/4
//	second = 1*3 / (1 + 2*(0.5+0.5*2/3))             = 3/2.6666667
func TestSaturation(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ got, want float64 }{
		"idf":        {knowledge.IDF(3, 2), 0.470003629},
		"first":      {knowledge.Saturation(2, 3, 3), 1.5},
		"second":     {knowledge.Saturation(1, 2, 3), 1.125},
		"everywhere": {knowledge.IDF(3, 3), 0.133531393}, // ln(1 + 0.5/3.5)
		"nowhere":    {knowledge.IDF(3, 0), 2.079441542}, // ln 8
	} {
		if math.Abs(c.got-c.want) > 1e-8 {
			t.Errorf("%s: %.9f, want %.9f", name, c.got, c.want)
		}
	}
}

// rankable is a candidate of both searches, of a document of its own unless its name has
// one before a slash.
func rankable(id string, dense, lexical float64) knowledge.Candidate {
	document := id[:1]
	return knowledge.Candidate{
		ChunkID: id, DocumentID: document, Hash: id, Tokens: 10, Dense: dense, Lexical: lexical, Self: 10,
		ByDense: dense > 0, ByLexical: lexical > 0,
	}
}

func ranked(list []knowledge.Fused) []string {
	var ids []string
	for _, f := range list {
		ids = append(ids, f.ChunkID)
	}
	return ids
}

// TestRank weighs meaning and words by the query's share, each as a part of its best.
func TestRank(t *testing.T) {
	t.Parallel()
	list := []knowledge.Candidate{rankable("a", .8, 1), rankable("b", .4, 4), rankable("c", 0, 2), rankable("d", .8, 0)}
	for share, want := range map[float64][]string{
		.1: {"b", "c", "a", "d"}, 1: {"a", "d", "b", "c"}, 0: {"b", "a", "d", "c"}, // 0 is the default of a half
	} {
		got := knowledge.Rank(knowledge.Query{DenseShare: share}, list)
		if diff := cmp.Diff(want, ranked(got)); diff != "" {
			t.Errorf("share %v (-want +got):\n%s", share, diff)
		}
	}
	got := knowledge.Rank(knowledge.Query{DenseShare: .25}, list)
	if b := got[0]; b.ChunkID != "b" || math.Abs(b.Score-(.25*.5+.75*1)) > 1e-9 || b.DenseRank != 3 || b.LexicalRank != 1 {
		t.Errorf("the best is %+v", b)
	}
	if d := got[3]; d.ChunkID != "d" || d.DenseRank != 2 || d.LexicalRank != 0 {
		t.Errorf("the last is %+v; ties in a list go by name", d)
	}
}

// TestRankSupports lifts a document that speaks of the question twice.
func TestRankSupports(t *testing.T) {
	t.Parallel()
	list := []knowledge.Candidate{rankable("a1", 0, 10), rankable("b1", 0, 9.5), rankable("b2", 0, 9), rankable("b3", 0, 1)}
	got := knowledge.Rank(knowledge.Query{}, list)
	if diff := cmp.Diff([]string{"b1", "a1", "b2", "b3"}, ranked(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if want := .5 * (.95 + .2*.9); math.Abs(got[0].Score-want) > 1e-9 {
		t.Errorf("the lifted score is %f, want %f", got[0].Score, want)
	}
}

// TestRankKeeps applies the limits of a query.
func TestRankKeeps(t *testing.T) {
	t.Parallel()
	list := []knowledge.Candidate{rankable("a1", 0, 9), rankable("a2", 0, 8), rankable("b1", 0, 3), rankable("c1", 0, 2)}
	list[2].Hash, list[1].Tokens = "a1", 100
	for name, c := range map[string]struct {
		q    knowledge.Query
		want []string
	}{
		"all":           {knowledge.Query{}, []string{"a1", "a2", "b1", "c1"}},
		"limit":         {knowledge.Query{Limit: 2}, []string{"a1", "a2"}},
		"one each":      {knowledge.Query{PerDocument: 1}, []string{"a1", "b1", "c1"}},
		"distinct":      {knowledge.Query{Distinct: true}, []string{"a1", "a2", "c1"}},
		"budget":        {knowledge.Query{Budget: 25}, []string{"a1", "b1"}},
		"tiny budget":   {knowledge.Query{Budget: 1}, []string{"a1"}},
		"all the above": {knowledge.Query{Limit: 3, PerDocument: 1, Distinct: true, Budget: 25}, []string{"a1", "c1"}},
	} {
		if diff := cmp.Diff(c.want, ranked(knowledge.Rank(c.q, list))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestRankIsTheSame whatever the order of the candidates, and the better in both lists is
// before the worse when both stand alone in their documents.
func TestRankIsTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 12).Draw(t, "n")
		list := make([]knowledge.Candidate, n)
		for i := range list {
			c := rankable(fmt.Sprint(i), float64(rapid.IntRange(0, 4).Draw(t, "dense"))/4, float64(rapid.IntRange(0, 4).Draw(t, "lexical")))
			c.DocumentID = c.ChunkID
			list[i] = c
		}
		q := knowledge.Query{Limit: 50, DenseShare: rapid.Float64Range(.05, .95).Draw(t, "share")}
		got := knowledge.Rank(q, list)
		shuffled := rapid.Permutation(list).Draw(t, "shuffled")
		if diff := cmp.Diff(ranked(got), ranked(knowledge.Rank(q, shuffled))); diff != "" {
			t.Fatalf("another order of candidates gives another ranking:\n%s", diff)
		}
		for i, a := range got {
			for _, b := range got[i+1:] {
				if b.Dense > a.Dense && b.Lexical >= a.Lexical || b.Dense >= a.Dense && b.Lexical > a.Lexical {
					t.Fatalf("%+v is before %+v, which is better", a, b)
				}
			}
		}
	})
}
