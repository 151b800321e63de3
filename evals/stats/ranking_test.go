package stats

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// TestRank computes rankings by hand. With the grades a=2 and b=1 the ideal
// DCG is 2/log2(2) + 1/log2(3) = 2.6309298.
func TestRank(t *testing.T) {
	t.Parallel()
	grades := map[string]int{"a": 2, "b": 1}
	for name, c := range map[string]struct {
		ranked []string
		want   Ranking
	}{
		"ideal":    {[]string{"a", "b"}, Ranking{1, .5, 1, 1, 1}},
		"swapped":  {[]string{"b", "a"}, Ranking{(1 + 2/math.Log2(3)) / 2.6309298, .5, 1, 1, 1}},
		"third":    {[]string{"x", "y", "a"}, Ranking{1 / 2.6309298, 0, .5, .5, 1. / 3}},
		"tenth":    {strings.Split("1 2 3 4 5 6 7 8 9 b", " "), Ranking{1 / math.Log2(11) / 2.6309298, 0, 0, .5, .1}},
		"eleventh": {strings.Split("1 2 3 4 5 6 7 8 9 10 a", " "), Ranking{}},
		"nothing":  {nil, Ranking{}},
	} {
		got := Rank(c.ranked, grades)
		if diff := cmp.Diff(c.want, got, cmpopts.EquateApprox(0, 1e-6)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestRankNeverFalls moves a graded document up and finds no figure lower.
func TestRankNeverFalls(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ranked := rapid.Permutation([]string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"}).Draw(t, "ranked")
		grades := map[string]int{"a": rapid.IntRange(1, 3).Draw(t, "a"), "b": rapid.IntRange(1, 3).Draw(t, "b")}
		at := rapid.IntRange(1, len(ranked)-1).Draw(t, "at")
		before := Rank(ranked, grades)
		if grades[ranked[at]] < grades[ranked[at-1]] {
			return
		}
		ranked[at-1], ranked[at] = ranked[at], ranked[at-1]
		after := Rank(ranked, grades)
		if after.NDCG < before.NDCG-1e-12 || after.MRR < before.MRR || after.Recall5 < before.Recall5 || after.NDCG > 1+1e-12 {
			t.Fatalf("%+v fell to %+v", before, after)
		}
	})
}

// The documents that count are at the places 1 and 3: (1/1 + 2/3) / 2.
func TestContextPrecision(t *testing.T) {
	t.Parallel()
	relevant := map[string]int{"a": 1, "b": 1}
	for want, used := range map[float64][]string{5. / 6: {"a", "x", "b"}, 0: {"x"}, 1: {"b"}} {
		if got, ok := ContextPrecision(used, relevant); !ok || math.Abs(got-want) > 1e-12 {
			t.Errorf("%v: %v, want %v", used, got, want)
		}
	}
	if _, ok := ContextPrecision(nil, relevant); ok {
		t.Error("nothing was put before a model, and has a precision")
	}
}
