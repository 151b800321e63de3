package runs_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/evals/runs"
)

func told(said, reply string) runs.Step {
	s := runs.Step{Decision: "reply"}
	if said != "" {
		s.Said = []string{said}
	}
	if reply != "" {
		s.Replies = []runs.Reply{{Text: reply}}
	}
	return s
}

// What is compared is the first reply that is another: what follows answers another conversation.
func TestPairsAreTheFirstThatDiffer(t *testing.T) {
	t.Parallel()
	result := func(id string, steps ...runs.Step) runs.Result {
		return runs.Result{ID: id, Try: 1, Group: id, Language: "es", Steps: steps}
	}
	base := runOf([]runs.Result{
		result("same", told("Hola", "Hola.")),
		result("second", told("Hola", "Hola."), told("", ""), told("¿Cuánto?", "5 días."), told("¿Y?", "x")),
		result("silent", told("", "")),
		result("away", told("Hola", "a")),
	})
	candidate := runOf([]runs.Result{
		result("same", told("Hola", "Hola. ")),
		result("second", told("Hola", "Hola."), told("", ""), told("¿Cuánto?", "6 días."), told("¿Y?", "y")),
		result("silent", told("", "")),
		result("away", told("Hola", "b")),
	})
	candidate.Results[3].Outage = "away"
	want := []runs.Pair{
		{ID: "same", Try: 1, Group: "same", Language: "es", Question: "Hola", Before: "Hola.", Now: "Hola. "},
		{ID: "second", Try: 1, Group: "second", Language: "es", Earlier: []string{"customer: Hola", "shop: Hola."}, Question: "¿Cuánto?", Before: "5 días.", Now: "6 días."},
	}
	got := runs.Pairs(base, candidate)
	if diff := cmp.Diff(want, got); diff != "" || !got[0].Same() || got[1].Same() || got[0].Key() == got[1].Key() {
		t.Error(diff)
	}
}

func TestPreferences(t *testing.T) {
	t.Parallel()
	pairs := func(wins, losses, ties, same int) []runs.Preference {
		var list []runs.Preference
		for i, n := range []int{wins, losses, ties, same} {
			for range n {
				id := "case-" + string(rune('a'+len(list)%26)) + string(rune('a'+len(list)/26))
				list = append(list, runs.Preference{Pair: runs.Pair{ID: id, Try: 1, Group: id}, Asked: i < 3, Score: []float64{1. / 3, -1, 0, 0}[i], Reason: "because"})
			}
		}
		return list
	}
	for _, c := range []struct {
		wins, losses int
		want         string
	}{{20, 2, runs.BetterNow}, {2, 20, runs.Worse}, {10, 11, runs.NoDifference}, {0, 0, runs.NoDifference}} {
		var got runs.Comparison
		got.Prefer("other, 3 votes", pairs(c.wins, c.losses, 10, 20))
		p := got.Preferred
		n := float64(c.wins + c.losses + 30)
		if p.Verdict != c.want || p.Asked != c.wins+c.losses+10 || p.Same != 20 || p.Wins.Value != float64(c.wins)/n || p.Losses.Value != float64(c.losses)/n ||
			p.Net.New != p.Wins.Value || p.Net.Low > p.Net.Value || p.Net.High < p.Net.Value || len(p.Cases) != c.wins+c.losses {
			t.Errorf("%+v: %+v", c, p)
		}
		if !slices.IsSortedFunc(p.Cases, func(a, b runs.Verdict) int { return int(b.Score*-10) - int(a.Score*-10) }) {
			t.Errorf("losses do not come first: %+v", p.Cases)
		}
		if es := p.Sentence("es"); !strings.Contains(es, "Respuestas comparadas por other, 3 votos") || strings.Contains(es, ".0 %") || !strings.Contains(p.Sentence("en"), "20 with the same reply") {
			t.Errorf("%s\n%s", es, p.Sentence("en"))
		}
	}
	var none runs.Comparison
	if none.Prefer("x", nil); none.Preferred != nil {
		t.Error("nothing was preferred")
	}
}

// Everything that a report says of its own accord is there in Spanish too.
func TestComparisonsInSpanish(t *testing.T) {
	t.Parallel()
	base, candidate := runOf(answers(1, 200, same)), runOf(answers(1, 200, same))
	for i := range candidate.Results {
		if i%9 == 0 {
			fail(&candidate.Results[i])
		}
	}
	candidate.Judge, candidate.Model = "other, 3 votes", "large"
	got := runs.Compare(base, candidate, runs.Terms{Margin: .02})
	es := got.SummaryIn("es")
	if !strings.HasPrefix(es, "Peor: ") || !strings.Contains(es, "passed (0,") || !strings.Contains(es, "más que el margen de 2,0") || got.SummaryIn("en") != got.Summary {
		t.Error(es)
	}
	want := []string{"El modelo era desconocido y es «large».", "Quien juzga era desconocido y es «other, 3 votes»."}
	if diff := cmp.Diff(want, got.NotesIn("es")); diff != "" {
		t.Error(diff)
	}
	if back := runs.Compare(candidate, base, runs.Terms{Margin: .02}).SummaryIn("es"); !strings.HasPrefix(back, "Mejor: ") || !strings.Contains(back, "dentro del margen") {
		t.Error(back)
	}
	if nothing := runs.Compare(runs.Run{}, base, runs.Terms{}).SummaryIn("es"); !strings.Contains(nothing, "ningún caso en común") {
		t.Error(nothing)
	}
	// A comparison that somebody else made has one language.
	if one := (runs.Comparison{Summary: "Worse.", Notes: []string{"a"}}); one.SummaryIn("es") != "Worse." || len(one.NotesIn("es")) != 1 {
		t.Error("a text is missing")
	}
}
