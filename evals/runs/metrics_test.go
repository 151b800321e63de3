package runs_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/recado/recado/evals/runs"
	"github.com/recado/recado/evals/suite"
)

func check(name string, ok bool) runs.Check {
	c := runs.Check{Name: name, OK: ok}
	if ok {
		c.Score = 1
	}
	return c
}

// shop is a run worked by hand: eight turns in both languages.
func shop() []runs.Result {
	turn := func(id, language, decision string, expected []string, s runs.Step, tags ...string) runs.Result {
		s.Decision, s.Expected = decision, expected
		r := runs.Result{ID: id + "/" + language, Try: 1, Group: id, Pair: id, Language: language, Tags: tags, Intent: "policy", Risk: "money", Passed: true}
		for _, c := range s.Checks {
			r.Passed = r.Passed && c.OK
		}
		r.Passed = r.Passed && slices.Contains(expected, decision)
		r.Steps = []runs.Step{s}
		return r
	}
	answer, person := []string{"reply"}, []string{"handoff"}
	ms := func(n int) runs.Step { return runs.Step{Took: time.Duration(n) * time.Millisecond} }
	right := runs.Step{
		Checks: []runs.Check{check("says", true), check("never", true), check("language", true)}, Scored: true, DraftRight: true, Confidence: 0.9,
		Found: []string{"a", "b"}, Relevant: []string{"a"}, Used: []string{"b", "a"},
		Took: 10 * time.Millisecond, Stages: map[string]time.Duration{"retrieve": 4 * time.Millisecond},
		Usage: runs.Usage{Calls: 1, InputTokens: 100, OutputTokens: 10, CostMicros: 5},
	}
	half := right
	half.Checks = []runs.Check{{Name: "says", Score: 0.5}, check("never", false), check("language", true)}
	half.DraftRight, half.Confidence, half.Found = false, 0.6, []string{"b", "a"}
	return []runs.Result{
		turn("one", "es", "reply", answer, right),
		turn("one", "en", "reply", answer, half),
		turn("two", "es", "handoff", answer, ms(20)),
		turn("two", "en", "handoff", answer, ms(30)),
		turn("three", "es", "handoff", person, ms(40), "hostile"),
		turn("three", "en", "reply", person, ms(50), "hostile"),
		turn("four", "es", "clarify", []string{"clarify", "reply"}, ms(60)),
		turn("four", "en", "reply", []string{"clarify", "reply"}, ms(70)),
	}
}

func TestMeasureByHand(t *testing.T) {
	t.Parallel()
	away := runs.Result{ID: "five/es", Group: "five", Language: "es", Outage: "The model was away.", Steps: []runs.Step{{Expected: []string{"reply"}}}}
	got := runs.Measure(append(shop(), away), runs.Costs{Wrong: 10, Handoff: 1, Clarify: 0.5})
	want := map[string]float64{
		runs.Passed: 4. / 8, runs.Answered: 4. / 8, runs.AnsweredWrong: 2. / 8, runs.Coverage: 2. / 6,
		runs.HandoffRecall: 1. / 2, runs.NeedlessHandoff: 2. / 6, runs.DecisionAccuracy: 5. / 8,
		runs.Cost:    100 * (10*2./8 + 3./8 + 0.5/8),
		runs.Safety:  1. / 2,
		runs.AUROC:   1,
		runs.AURC:    1. / 4,
		"e_aurc":     0,
		runs.Brier:   (0.01 + 0.36) / 2,
		runs.NDCG:    (1 + 1/math.Log2(3)) / 2,
		runs.Recall1: 1. / 2, runs.Recall5: 1, runs.Recall10: 1, runs.MRR: 3. / 4,
		runs.ContextPrecision: 1. / 2, runs.FactRecall: 3. / 4, runs.Forbidden: 1. / 2, runs.Language: 1,
		runs.ParityGap:         3. / 4,
		runs.LatencyP50:        30,
		runs.LatencyP95:        70,
		"latency_p50/retrieve": 4,
		runs.TokensIn:          200. / 8, runs.TokensOut: 20. / 8, runs.Calls: 2. / 8, runs.CostMicros: 10. / 8,
		"coverage@risk5": 1. / 2,
	}
	for name, value := range want {
		e, ok := got[name]
		if !ok || math.Abs(e.Value-value) > 1e-9 {
			t.Errorf("%s is %+v, want %v", name, e, value)
		}
	}
	for name, e := range got {
		if !(e.Low <= e.Value && e.Value <= e.High) || e.N < 1 || e.N > 4 {
			t.Errorf("%s: %+v", name, e)
		}
	}
	if len(got) != 38 {
		t.Errorf("%d metrics: %v", len(got), slices.Sorted(maps.Keys(got)))
	}
}

func TestMeasureNothing(t *testing.T) {
	t.Parallel()
	for name, results := range map[string][]runs.Result{
		"no results": nil, "outages": {{ID: "a", Outage: "The model was away."}},
	} {
		if got := runs.Measure(results, runs.Costs{Wrong: 1}); len(got) != 0 {
			t.Errorf("%s: %v", name, got)
		}
	}
	// A case without expectations has what can be said of it, and no more.
	got := runs.Measure([]runs.Result{{ID: "a", Passed: true, Steps: []runs.Step{{Did: "customer"}}}}, runs.Costs{Wrong: 1})
	if diff := cmp.Diff([]string{runs.Passed}, slices.Sorted(maps.Keys(got))); diff != "" {
		t.Error(diff)
	}
}

// Whatever a run holds, every figure is a number inside its interval, and the order of the
// results does not change what was found.
func TestMeasureProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		results := random(rapid.Uint64().Draw(t, "seed"), rapid.IntRange(0, 40).Draw(t, "cases"), 0.7)
		costs := runs.Costs{Wrong: 10, Handoff: 1}
		first := runs.Measure(results, costs)
		for name, e := range first {
			if !(e.Low <= e.Value && e.Value <= e.High) {
				t.Fatalf("%s: %+v", name, e)
			}
		}
		if diff := cmp.Diff(first, runs.Measure(results, costs)); diff != "" {
			t.Fatal(diff)
		}
		slices.Reverse(results)
		for name, e := range runs.Measure(results, costs) {
			if math.Abs(e.Value-first[name].Value) > 1e-9 && !strings.HasPrefix(name, "ece") {
				t.Fatalf("%s is %v, and %v in another order", name, first[name].Value, e.Value)
			}
		}
	})
}

// random makes results of cases in two languages, of which so many pass.
func random(seed uint64, cases int, right float64) []runs.Result {
	r := rand.New(rand.NewPCG(seed, 7))
	decisions := []string{"reply", "handoff", "clarify", "propose", ""}
	var results []runs.Result
	for i := range cases {
		group := fmt.Sprintf("case-%03d", i)
		ease := r.Float64()
		for _, language := range []string{"es", "en"} {
			confidence := r.Float64()
			passed := r.Float64() < right+(ease-0.5)/4
			results = append(results, runs.Result{
				ID: group + "/" + language, Try: 1, Group: group, Pair: group, Language: language, Passed: passed, Weight: float64(i % 3),
				Risk: []string{"", "money"}[i%2], Steps: []runs.Step{{
					Decision: decisions[r.IntN(len(decisions))], Expected: decisions[:1+r.IntN(3)], Checks: []runs.Check{check("says", passed)},
					Scored: true, Confidence: confidence, DraftRight: r.Float64() < confidence, Took: time.Duration(1 + r.IntN(1e9)),
				}},
			})
		}
	}
	return results
}

func TestConfuse(t *testing.T) {
	t.Parallel()
	want := runs.Confusion{
		Decisions: []string{"reply", "clarify", "handoff"},
		Counts:    [][]int{{3, 0, 2}, {0, 1, 0}, {1, 0, 1}},
	}
	if diff := cmp.Diff(want, runs.Confuse(shop())); diff != "" {
		t.Error(diff)
	}
	nothing := runs.Confuse([]runs.Result{{Steps: []runs.Step{{Expected: []string{"reply"}}}}})
	if diff := cmp.Diff([]string{"reply", "none"}, nothing.Decisions); diff != "" {
		t.Error(diff)
	}
}

func TestParity(t *testing.T) {
	t.Parallel()
	gap, unequal := runs.Parity(shop())
	if gap.N != 4 || gap.Value != 0.75 || len(unequal) != 3 {
		t.Fatalf("%+v %+v", gap, unequal)
	}
	want := runs.Unequal{Pair: "four", Try: 1, A: "four/es", B: "four/en", What: "Step 1: clarify in es, reply in en."}
	if diff := cmp.Diff(want, unequal[0]); diff != "" {
		t.Error(diff)
	}
	if unequal[1].What != "Step 1: not the same facts in es as in en." {
		t.Errorf("%+v", unequal[1])
	}
	if none, _ := runs.Parity([]runs.Result{{ID: "a"}}); none.N != 0 {
		t.Errorf("no pairs: %+v", none)
	}
}

func TestPassAll(t *testing.T) {
	t.Parallel()
	var results []runs.Result
	for i, passed := range []bool{true, true, true, false} {
		results = append(results, runs.Result{ID: "a", Try: i + 1, Passed: passed})
		results = append(results, runs.Result{ID: "b", Try: i + 1, Passed: true})
	}
	got := runs.Measure(results, runs.Costs{})
	for name, want := range map[string]float64{"pass^1": 7. / 8, "pass^2": (0.5 + 1) / 2, "pass^3": (0.25 + 1) / 2, "pass^4": 1. / 2} {
		if e := got[name]; math.Abs(e.Value-want) > 1e-9 || e.N != 2 {
			t.Errorf("%s: %+v, want %v", name, e, want)
		}
	}
}

func TestSlices(t *testing.T) {
	t.Parallel()
	results := shop()
	results[0].Variant = "typos"
	var names []string
	for _, s := range runs.Slices(results, runs.Costs{}) {
		names = append(names, fmt.Sprintf("%s %s %d %d %d", s.By, s.Name, s.Cases, s.Passed, len(runs.Take(results, whereOf(s)))))
	}
	want := []string{
		"language en 4 1 4", "language es 4 3 4", "intent policy 8 4 8", "tag hostile 2 1 2", "risk money 8 4 8",
		"variant typos 1 1 1", "variant written 7 3 7",
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
}

func whereOf(s runs.Slice) suite.Where {
	switch s.By {
	case "language":
		return suite.Where{Language: s.Name}
	case "intent":
		return suite.Where{Intent: s.Name}
	case "tag":
		return suite.Where{Tag: s.Name}
	case "risk":
		return suite.Where{Risk: s.Name}
	}
	return suite.Where{Variant: s.Name}
}

func TestGates(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		threshold suite.Threshold
		note      string
	}{
		"reached":     {suite.Threshold{Metric: runs.Passed, Min: new(0.5)}, ""},
		"both":        {suite.Threshold{Metric: runs.Passed, Min: new(0.4), Max: new(0.6), Cases: 4}, ""},
		"below":       {suite.Threshold{Metric: runs.Passed, Min: new(0.9)}, "The value is 0.5, below 0.9."},
		"above":       {suite.Threshold{Metric: runs.AnsweredWrong, Max: new(0.1)}, "The value is 0.25, above 0.1."},
		"lower end":   {suite.Threshold{Metric: runs.Passed, Min: new(0.45), Bound: "low"}, "independent cases like these would narrow the interval enough, there are 4."},
		"upper end":   {suite.Threshold{Metric: runs.AnsweredWrong, Max: new(0.2), Bound: "high"}, "The upper end of the interval is"},
		"too few":     {suite.Threshold{Metric: runs.Safety, Where: suite.Where{Tag: "hostile"}, Min: new(0.1), Cases: 30}, "rests on 1 independent cases and has to rest on 30: write 29 more with tag hostile"},
		"no metric":   {suite.Threshold{Metric: runs.Actions, Min: new(1.0)}, `anything for "actions": expect it in a case, or take another of answered,`},
		"empty slice": {suite.Threshold{Metric: runs.Passed, Where: suite.Where{Tag: "x", Language: "es"}, Min: new(1.0)}, "No case with tag x, language es was judged"},
	} {
		got := runs.Gates(suite.Suite{Thresholds: []suite.Threshold{c.threshold}}, shop())[0]
		if got.OK != (c.note == "") || !strings.Contains(got.Note, c.note) || runs.Reached([]runs.Gate{got}) != got.OK {
			t.Errorf("%s: %+v, want %q", name, got, c.note)
		}
	}
	for margin, ok := range map[float64]bool{0.5: false, 0.99: true} {
		got := runs.Gates(suite.Suite{Parity: suite.Parity{Margin: margin, Line: 7}}, shop())
		if len(got) != 1 || got[0].OK != ok || got[0].Line != 7 || got[0].Metric != runs.ParityGap {
			t.Errorf("margin %v: %+v", margin, got)
		}
	}
	if got := runs.Gates(suite.Suite{Parity: suite.Parity{Margin: 0.1}}, nil); got[0].OK || got[0].Note == "" {
		t.Errorf("no pairs: %+v", got)
	}
}

func TestSummarise(t *testing.T) {
	t.Parallel()
	r := runs.Run{Results: append(shop(), runs.Result{ID: "five/es", Outage: "The model was away."})}
	r.Summarise(suite.Suite{Costs: suite.Costs{Wrong: 10, Handoff: 1}, Thresholds: []suite.Threshold{{Metric: runs.Passed, Min: new(0.9)}}})
	if r.Cases != 8 || r.Passed != 4 || r.Failed != 4 || r.Outages != 1 || len(r.Gates) != 1 || len(r.Slices) != 5 || r.Metrics[runs.Cost].Value == 0 {
		t.Errorf("%+v", r)
	}
	if _, err := json.Marshal(r); err != nil {
		t.Error(err)
	}
}

func TestBetter(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]int{runs.Passed: 1, "coverage@risk5": 1, runs.Forbidden: -1, "latency_p95/draft": -1, runs.Answered: 0} {
		if got := runs.Better(name); got != want {
			t.Errorf("%s: %d, want %d", name, got, want)
		}
	}
}

// What a suite of 5,000 cases needs must be a small part of its two minutes.
func BenchmarkSummarise(b *testing.B) {
	r := runs.Run{Results: random(1, 2500, 0.9)}
	for b.Loop() {
		r.Summarise(suite.Suite{})
	}
}
