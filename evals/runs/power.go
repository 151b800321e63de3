package runs

import (
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"text/tabwriter"

	"github.com/recado/recado/evals/stats"
)

// Plan says how many cases it takes to see a difference in the share of cases that pass.
type Plan struct {
	// Difference is what is to be seen, Passed the share that passes now.
	Difference float64 `json:"difference"`
	Passed     float64 `json:"passed"`
	// Cases are those of the run, Independent how many count as independent.
	Cases       int     `json:"cases"`
	Independent float64 `json:"independent"`
	// Paired is what two runs of the same cases need, by how many cases change one way or
	// the other between them; Unpaired is what two runs of different cases need, each.
	Paired   []Need `json:"paired"`
	Unpaired int    `json:"unpaired"`
}

// Need is how many cases it takes when so many change.
type Need struct {
	// Discordant is the share of cases that change one way or the other. Where it was
	// seen, in tries of the same cases, Seen is true.
	Discordant float64 `json:"discordant"`
	Seen       bool    `json:"seen,omitempty"`
	// Cases is how many cases like those of the run the difference takes with a
	// probability of 80 %, 0 where it cannot be so great.
	Cases int `json:"cases"`
	// Detectable is what the cases of the run would show, and Power the probability with
	// which they would show the difference.
	Detectable float64 `json:"detectable"`
	Power      float64 `json:"power"`
}

// guesses are shares of cases that change between two builds, for a run without tries.
var guesses = []float64{0.02, 0.05, 0.10, 0.20}

// Power plans from a run. What changes between builds cannot be known from one run; where
// cases were repeated, what changed between tries is the least of it.
func Power(r Run, difference float64) Plan {
	g := gather(r.Results)
	rows := g.shares[Passed]
	p := Plan{Difference: math.Abs(difference), Cases: len(rows), Passed: ratio(rows)}
	effect := stats.DesignEffect(rows)
	p.Independent = float64(p.Cases) / effect
	independent := int(p.Independent)
	add := func(discordant float64, seen bool) {
		p.Paired = append(p.Paired, Need{
			Discordant: discordant, Seen: seen,
			Cases:      int(math.Ceil(effect * float64(stats.PairedCases(p.Difference, discordant, stats.Power)))),
			Detectable: stats.Detectable(independent, discordant, stats.Power),
			Power:      stats.PairedPower(independent, p.Difference, discordant),
		})
	}
	if seen, ok := flips(r.Results); ok {
		add(seen, true)
	}
	for _, guess := range guesses {
		add(guess, false)
	}
	other := p.Passed - p.Difference
	if other < 0 {
		other = p.Passed + p.Difference
	}
	p.Unpaired = int(math.Ceil(effect * float64(stats.UnpairedCases(p.Passed, min(1, other), stats.Power))))
	return p
}

func ratio(rows []stats.Row) float64 {
	var top, bottom float64
	for _, r := range rows {
		top += r.Top
		bottom += r.Bottom
	}
	if bottom == 0 {
		return 0
	}
	return top / bottom
}

// flips is the share of pairs of tries of a case of which one passed.
func flips(results []Result) (float64, bool) {
	cases := map[string]tries{}
	for _, r := range Judged(results) {
		t := cases[r.ID]
		t.n++
		if r.Passed {
			t.passed++
		}
		cases[r.ID] = t
	}
	flipped, pairs := 0, 0
	for _, id := range slices.Sorted(maps.Keys(cases)) {
		t := cases[id]
		flipped += t.passed * (t.n - t.passed)
		pairs += t.n * (t.n - 1) / 2
	}
	return float64(flipped) / float64(max(1, pairs)), flipped > 0
}

// WriteTable writes the plan for people.
func (p Plan) WriteTable(w io.Writer) error {
	if p.Cases == 0 {
		_, err := fmt.Fprintln(w, "The run judged no case, so nothing can be planned from it.")
		return err
	}
	fmt.Fprintf(w, "%.1f %% of %d cases pass; as they hang together, they count as %.0f independent ones.\n", 100*p.Passed, p.Cases, p.Independent)
	fmt.Fprintf(w, "To see a difference of %.1f points, four times of five:\n\n", 100*p.Difference)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "of 100 cases change\tcases needed\tthese cases see it\tthese cases see at least\t")
	for _, n := range p.Paired {
		fmt.Fprintf(t, "%s\t%s\t%.0f %%\t%s\t\n", n.change(), n.needed(), 100*n.Power, n.least())
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("write the plan: %w", err)
	}
	_, err := fmt.Fprintf(w, "\nTwo runs of different cases would need %d each.\n", p.Unpaired)
	return err
}

func (n Need) change() string {
	words := fmt.Sprintf("%.1f", 100*n.Discordant)
	if n.Seen {
		words += " (as between tries)"
	}
	return words
}

func (n Need) needed() string {
	if n.Cases == 0 {
		return "more would have to change"
	}
	return fmt.Sprint(n.Cases)
}

func (n Need) least() string {
	if n.Detectable >= 1 {
		return "nothing"
	}
	return fmt.Sprintf("%.1f points", 100*n.Detectable)
}
