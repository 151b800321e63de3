package runs

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/recado/recado/evals/stats"
)

// Comparison is what a run changed against an earlier one, by the cases that both judged.
type Comparison struct {
	Base string `json:"base"`
	New  string `json:"new"`
	// Notes say what else is not the same: suites, revisions, configurations, systems.
	// NotesES are the same in Spanish.
	Notes   []string `json:"notes,omitempty"`
	NotesES []string `json:"notes_es,omitempty"`
	// Pairs counts the cases that both judged, each try on its own, and Groups what is
	// independent among them.
	Pairs  int `json:"pairs"`
	Groups int `json:"groups"`
	// Verdict is Worse where any figure of quality fell, or else BetterNow where one rose,
	// or else NoDifference; Summary says it in a sentence, and SummaryES in Spanish.
	Verdict   string `json:"verdict"`
	Summary   string `json:"summary"`
	SummaryES string `json:"summary_es,omitempty"`
	// Broken and Fixed count the cases that passed before and fail now, and the reverse.
	// McNemar is the mid-p of the two, which takes cases for independent.
	Broken  int      `json:"broken"`
	Fixed   int      `json:"fixed"`
	McNemar float64  `json:"mcnemar"`
	Metrics []Change `json:"metrics"`
	// Cases are those that became something else, most at stake first.
	Cases []Turned `json:"cases"`
	// Missing are the cases that the base alone judged, Added those of the new run alone.
	Missing []string `json:"missing,omitempty"`
	Added   []string `json:"added,omitempty"`
	// NotWorse tells whether the share of cases that pass fell by less than the margin, for
	// sure; it is nil without a margin.
	NotWorse *bool `json:"not_worse,omitempty"`
	// Preferred is which replies a judge finds better; nil where none was asked.
	Preferred *Preferred `json:"preferred,omitempty"`
}

// The verdicts.
const (
	Worse        = "worse"
	BetterNow    = "better"
	NoDifference = "no difference seen"
)

// Change is how a figure changed, over the cases that have it in both runs.
type Change struct {
	Metric     string           `json:"metric"`
	Difference stats.Difference `json:"difference"`
	// Corrected is P, corrected by Holm for how many figures of its kind were compared:
	// those of quality, and those of time, tokens and money.
	Corrected float64 `json:"p_corrected"`
	// Detectable is the change that would have been seen with a probability of 80 %,
	// without the correction.
	Detectable float64 `json:"detectable"`
	Verdict    string  `json:"verdict"`
}

// Terms are how runs are compared.
type Terms struct {
	// Margin is by how much the share of cases that pass may fall; 0 does not ask.
	Margin float64
}

// Compare holds a run against a base, case by case. What was not judged in either is left
// out.
func Compare(base, candidate Run, t Terms) Comparison {
	p := match(base.Results, candidate.Results)
	c := Comparison{
		Base: base.ID, New: candidate.ID, Notes: notes("en", base, candidate, p), NotesES: notes(spanish, base, candidate, p), Pairs: len(p.base),
		Missing: p.missing, Added: p.added, Cases: turned(p),
	}
	for i, b := range p.base {
		switch n := p.candidate[i]; {
		case b.Passed && !n.Passed:
			c.Broken++
		case !b.Passed && n.Passed:
			c.Fixed++
		}
	}
	_, c.McNemar = stats.McNemar(c.Broken, c.Fixed)
	c.Metrics = changes(p, candidate.Costs)
	c.decide(t)
	return c
}

// matched are the results of both runs, at the same place those of the same case and try.
type matched struct {
	base, candidate []Result
	missing, added  []string
	unjudged        int
}

type caseTry struct {
	id  string
	try int
}

func match(base, candidate []Result) matched {
	var m matched
	now := map[caseTry]Result{}
	for _, r := range candidate {
		now[caseTry{r.ID, r.Try}] = r
	}
	before := map[caseTry]bool{}
	for _, b := range base {
		key := caseTry{b.ID, b.Try}
		before[key] = true
		n, known := now[key]
		switch {
		case !known:
			m.missing = append(m.missing, key.String())
		case !b.judged() || !n.judged():
			m.unjudged++
		default:
			m.base, m.candidate = append(m.base, b), append(m.candidate, n)
		}
	}
	for _, r := range candidate {
		if key := (caseTry{r.ID, r.Try}); !before[key] {
			m.added = append(m.added, key.String())
		}
	}
	return m
}

// String writes "refund/es", and "refund/es, try 2" where there are several.
func (k caseTry) String() string {
	if k.try <= 1 {
		return k.id
	}
	return fmt.Sprintf("%s, try %d", k.id, k.try)
}

// changes compares every figure that both runs have, by name, and corrects the
// probabilities.
func changes(m matched, costs Costs) []Change {
	base, candidate := gather(m.base), gather(m.candidate)
	list := append(ratios(base, candidate, costs), curves(base, candidate)...)
	list = append(list, times(base, candidate)...)
	list = slices.DeleteFunc(list, func(c Change) bool { return math.IsNaN(c.Difference.Value) })
	slices.SortFunc(list, func(a, b Change) int { return strings.Compare(a.Metric, b.Metric) })
	for _, kind := range [...]bool{false, true} {
		correct(list, kind)
	}
	for i := range list {
		list[i].judge()
	}
	return list
}

// spent tells of a figure of time, tokens or money; the others are of quality.
func spent(metric string) bool {
	name, _, _ := strings.Cut(metric, "/")
	return slices.Contains([]string{
		LatencyP50, LatencyP95, LatencyP99, TokensIn, TokensOut, Calls, CostMicros, JudgeTokensIn, JudgeTokensOut, JudgeCalls, JudgeCostMicros,
	}, name)
}

func correct(list []Change, kind bool) {
	var places []int
	var p []float64
	for i, c := range list {
		if spent(c.Metric) == kind && Better(c.Metric) != 0 {
			places, p = append(places, i), append(p, c.Difference.P)
		} else if Better(c.Metric) == 0 {
			list[i].Corrected = c.Difference.P
		}
	}
	for i, corrected := range stats.Holm(p) {
		list[places[i]].Corrected = corrected
	}
}

// toSee is how much farther than half an interval a difference has to lie to be seen with
// a probability of 80 %: (1.96 + 0.84) / 1.96.
const toSee = 1.43

func (c *Change) judge() {
	c.Detectable = toSee * (c.Difference.High - c.Difference.Low) / 2
	c.Verdict = NoDifference
	if c.Corrected > 1-stats.Level {
		return
	}
	switch up := c.Difference.Value * float64(Better(c.Metric)); {
	case up < 0:
		c.Verdict = Worse
	case up > 0:
		c.Verdict = BetterNow
	}
}

func ratios(base, candidate *gathered, costs Costs) []Change {
	var list []Change
	add := func(name string, d stats.Difference, ok bool) {
		if ok {
			list = append(list, Change{Metric: name, Difference: d})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(base.shares)) {
		rows := base.shares[name]
		d, ok := stats.CompareProportions(rows, candidate.shares[name], source(len(rows)))
		add(name, d, ok)
	}
	if rows := base.brier(); areProbabilities(base.scored) && areProbabilities(candidate.scored) {
		d, ok := stats.CompareProportions(rows, candidate.brier(), source(len(rows)))
		add(Brier, d, ok)
	}
	for _, name := range slices.Sorted(maps.Keys(base.amounts)) {
		rows := base.amounts[name]
		d, ok := stats.CompareMeans(rows, candidate.amounts[name], source(len(rows)))
		add(name, d, ok && (d.Base != 0 || d.New != 0))
	}
	if rows := base.costs(costs); costs != (Costs{}) {
		d, ok := stats.CompareMeans(rows, candidate.costs(costs), source(len(rows)))
		add(Cost, d, ok)
	}
	return list
}

// costs has what each turn cost, times 100.
func (g *gathered) costs(c Costs) []stats.Row {
	rows := slices.Clone(g.dear[0])
	for i := range rows {
		rows[i].Top = 100 * (c.Wrong*g.dear[0][i].Top + c.Handoff*g.dear[1][i].Top + c.Clarify*g.dear[2][i].Top)
	}
	return rows
}

func curves(base, candidate *gathered) []Change {
	var list []Change
	names := []string{AUROC, AURC, ExcessAURC}
	for _, risk := range stats.Risks {
		names = append(names, coverageAt(risk))
	}
	n := len(base.scored)
	for i, d := range stats.CompareSelective(base.scored, candidate.scored, source(n)) {
		list = append(list, Change{Metric: names[i], Difference: d})
	}
	if areProbabilities(base.scored) && areProbabilities(candidate.scored) {
		if d, ok := stats.CompareCalibration(base.scored, candidate.scored, source(n)); ok {
			list = append(list, Change{Metric: CalibrationError, Difference: d})
		}
	}
	return list
}

func times(base, candidate *gathered) []Change {
	var list []Change
	names := [...]string{LatencyP50, LatencyP95, LatencyP99}
	for _, stage := range slices.Sorted(maps.Keys(base.took)) {
		rows := base.took[stage]
		for i, d := range stats.CompareQuantiles(rows, candidate.took[stage], []float64{0.50, 0.95, 0.99}, source(len(rows))) {
			name := names[i]
			if stage != "" {
				name += "/" + stage
			}
			list = append(list, Change{Metric: name, Difference: d})
		}
	}
	return list
}

// decide gives the verdict of all figures of quality.
func (c *Comparison) decide(t Terms) {
	var passed *Change
	c.Verdict = NoDifference
	for i, m := range c.Metrics {
		switch {
		case m.Metric == Passed:
			passed = &c.Metrics[i]
		case spent(m.Metric):
			continue
		}
		if m.Verdict == Worse || m.Verdict == BetterNow && c.Verdict == NoDifference {
			c.Verdict = m.Verdict
		}
	}
	if passed == nil {
		c.Verdict = NoDifference
	} else {
		c.Groups = passed.Difference.N
		if t.Margin > 0 {
			enough := passed.Difference.NotWorse(t.Margin)
			c.NotWorse = &enough
		}
	}
	c.Summary, c.SummaryES = c.summary("en", passed, t), c.summary(spanish, passed, t)
}
