package runs

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/recado/recado/evals/stats"
)

// Unequal is a pair of languages that did not get the same.
type Unequal struct {
	Pair string `json:"pair"`
	Try  int    `json:"try"`
	// A and B are the cases, What is a sentence.
	A    string `json:"a"`
	B    string `json:"b"`
	What string `json:"what"`
}

// Parity is the share of pairs that got another decision or other facts in one language
// than in the other, with its interval, and which they are. Its N is 0 where no case has a
// counterpart.
func Parity(results []Result) (stats.Estimate, []Unequal) {
	rows, unequal := compareLanguages(Judged(results))
	e, _ := stats.Proportion(rows)
	return e, unequal
}

func compareLanguages(judged []Result) (rows []stats.Row, unequal []Unequal) {
	type key struct {
		pair string
		try  int
	}
	first := map[key]Result{}
	for _, r := range judged {
		if r.Pair == "" {
			continue
		}
		k := key{r.Pair, r.Try}
		other, known := first[k]
		if !known {
			first[k] = r
			continue
		}
		what := differs(other, r)
		rows = append(rows, stats.Row{Group: r.groupOf(), Top: indicator(what != ""), Bottom: 1})
		if what != "" {
			unequal = append(unequal, Unequal{Pair: r.Pair, Try: r.Try, A: other.ID, B: r.ID, What: what})
		}
	}
	slices.SortStableFunc(unequal, func(a, b Unequal) int { return cmp.Or(cmp.Compare(a.Pair, b.Pair), cmp.Compare(a.Try, b.Try)) })
	return rows, unequal
}

// differs says what is not the same, or nothing.
func differs(a, b Result) string {
	if len(a.Steps) != len(b.Steps) {
		return fmt.Sprintf("%d steps in %s, %d in %s.", len(a.Steps), a.Language, len(b.Steps), b.Language)
	}
	for i := range a.Steps {
		left, right := a.Steps[i], b.Steps[i]
		if left.Decision != right.Decision {
			return fmt.Sprintf("Step %d: %s in %s, %s in %s.", i+1, cmp.Or(left.Decision, none), a.Language, cmp.Or(right.Decision, none), b.Language)
		}
		for _, name := range [...]string{checkSays, checkNever} {
			if x, y := checksOf(left)[name], checksOf(right)[name]; x.all != y.all || x.mean() != y.mean() {
				return fmt.Sprintf("Step %d: not the same facts in %s as in %s.", i+1, a.Language, b.Language)
			}
		}
	}
	return ""
}

func (h held) mean() float64 { return h.scores / float64(max(1, h.n)) }
