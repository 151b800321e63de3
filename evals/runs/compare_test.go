package runs_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/evals/runs"
)

func runOf(results []runs.Result) runs.Run {
	return runs.Run{
		ID: "now", Suite: "demo", Revision: "abc", Config: "c1", System: "rag", Repeat: 1, Started: time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC),
		Complete: true, Costs: runs.Costs{Wrong: 10, Handoff: 1}, Results: results,
	}
}

// answers makes a run of so many questions in both languages, nine of ten answered rightly.
func answers(seed uint64, cases int, spoil func(r *rand.Rand, result *runs.Result)) []runs.Result {
	ease := rand.New(rand.NewPCG(3, 3))
	r := rand.New(rand.NewPCG(seed, 5))
	var results []runs.Result
	for i := range cases {
		group := fmt.Sprintf("case-%03d", i)
		for _, language := range []string{"es", "en"} {
			hard := ease.Float64() < .1
			step := runs.Step{Decision: "reply", Expected: []string{"reply"}, Used: []string{"policy"}, Checks: []runs.Check{{Name: "says", Want: "5 days", OK: !hard, Score: 1}}}
			result := runs.Result{ID: group + "/" + language, Try: 1, Group: group, Pair: group, Language: language, Weight: 1, Risk: []string{"low", "money"}[i%2], Passed: !hard, Steps: []runs.Step{step}}
			spoil(r, &result)
			results = append(results, result)
		}
	}
	return results
}

func same(*rand.Rand, *runs.Result) {}

func fail(result *runs.Result) {
	result.Passed = false
	result.Steps[0].Checks = []runs.Check{{Name: "says", Want: "5 days"}}
}

func changeOf(t *testing.T, c runs.Comparison, metric string) runs.Change {
	t.Helper()
	at := slices.IndexFunc(c.Metrics, func(m runs.Change) bool { return m.Metric == metric })
	if at < 0 {
		t.Fatalf("%s was not compared", metric)
	}
	return c.Metrics[at]
}

// What a team breaks without wanting to, and what a report has to say of it.
func TestCompareFindsPlantedRegressions(t *testing.T) {
	t.Parallel()
	base := runOf(answers(1, 200, same))
	for name, c := range map[string]struct {
		spoil  func(r *rand.Rand, result *runs.Result)
		metric string
		kind   string
	}{
		"a policy was dropped": {func(_ *rand.Rand, result *runs.Result) {
			if strings.HasPrefix(result.Group, "case-00") {
				fail(result)
				result.Steps[0].Decision, result.Steps[0].Used = "handoff", nil
			}
		}, runs.Coverage, runs.KindNowHandedOff},
		"units were swapped": {func(r *rand.Rand, result *runs.Result) {
			if r.Float64() < .06 {
				fail(result)
			}
		}, runs.Passed, runs.KindFacts},
		"the Spanish prompt broke": {func(r *rand.Rand, result *runs.Result) {
			if result.Language == "es" && r.Float64() < .2 {
				fail(result)
			}
		}, runs.ParityGap, runs.KindBroken},
	} {
		got := runs.Compare(base, runOf(answers(1, 200, c.spoil)), runs.Terms{Margin: .02})
		if got.Verdict != runs.Worse || changeOf(t, got, c.metric).Verdict != runs.Worse || *got.NotWorse {
			t.Errorf("%s: %s, %+v", name, got.Summary, changeOf(t, got, c.metric))
		}
		if len(got.Cases) != got.Broken || !slices.Contains(got.Cases[0].Kinds, c.kind) || got.Cases[0].Risk != "money" || !strings.Contains(got.Summary, c.metric) {
			t.Errorf("%s: %d broken, %+v\n%s", name, got.Broken, got.Cases[0], got.Summary)
		}
		// The other way round it is an improvement.
		if back := runs.Compare(runOf(answers(1, 200, c.spoil)), base, runs.Terms{Margin: .02}); back.Verdict != runs.BetterNow || !*back.NotWorse || back.Fixed != got.Broken {
			t.Errorf("%s, repaired: %s", name, back.Summary)
		}
	}
}

func TestCompareWithItself(t *testing.T) {
	t.Parallel()
	run := runOf(random(1, 60, .8))
	got := runs.Compare(run, run, runs.Terms{Margin: .05})
	if got.Verdict != runs.NoDifference || len(got.Cases) != 0 || got.McNemar != 1 || len(got.Notes) != 0 || got.Pairs != 120 || got.Groups != 60 || !*got.NotWorse {
		t.Errorf("%+v", got)
	}
	if !strings.Contains(got.Summary, "No difference seen; a drop of more than ") || !strings.Contains(got.Summary, "within the margin of 5.0") {
		t.Error(got.Summary)
	}
	for _, m := range got.Metrics {
		if m.Difference.Value != 0 || m.Difference.P != 1 || m.Verdict != runs.NoDifference {
			t.Errorf("%+v", m)
		}
	}
}

// A build that changes nothing but chance must not be blocked in more than 5 of 100.
func TestCompareBlocksAChangeThatDoesNothingSeldom(t *testing.T) {
	t.Parallel()
	blocked, n := 0, 400
	if testing.Short() {
		n = 60
	}
	for i := range n {
		flip := func(r *rand.Rand, result *runs.Result) {
			if r.Float64() < .1 {
				fail(result)
			}
		}
		got := runs.Compare(runOf(answers(uint64(2*i), 40, flip)), runOf(answers(uint64(2*i+1), 40, flip)), runs.Terms{})
		if got.Verdict == runs.Worse {
			blocked++
		}
	}
	t.Logf("blocked %d of %d", blocked, n)
	// Worse is one side of the test: 2.5 %, and three standard errors.
	if float64(blocked) > .05*float64(n) {
		t.Errorf("blocked %d of %d", blocked, n)
	}
}

func TestCompareSaysWhatElseChanged(t *testing.T) {
	t.Parallel()
	base, candidate := runOf(shop()), runOf(shop())
	candidate.Config, candidate.Model, candidate.Costs = "c2", "large", runs.Costs{}
	candidate.Results = append(candidate.Results[1:], runs.Result{ID: "new/es", Try: 2})
	candidate.Results[0].Outage = "The model was away."
	got := runs.Compare(base, candidate, runs.Terms{})
	want := []string{
		`The model was not known and is "large".`, `The configuration was "c1" and is "c2".`,
		"The costs of the suite are not the same; both runs are weighed by the new ones.",
		"1 cases of the base are not in the new run.", "1 cases are only in the new run.", "1 cases could not be compared, because a provider was away or the system cannot be asked such a thing.",
	}
	if diff := cmp.Diff(want, got.Notes); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([][]string{{"one/es"}, {"new/es, try 2"}}, [][]string{got.Missing, got.Added}); diff != "" {
		t.Error(diff)
	}
	nothing := runs.Compare(runs.Run{}, candidate, runs.Terms{Margin: .1})
	if nothing.Verdict != runs.NoDifference || !strings.Contains(nothing.Summary, "no case in common") {
		t.Errorf("%+v", nothing)
	}
}

func TestCompareCasesByWhatIsAtStake(t *testing.T) {
	t.Parallel()
	one := func(id, risk string, weight float64, passed bool, s runs.Step) runs.Result {
		return runs.Result{ID: id, Try: 1, Risk: risk, Weight: weight, Passed: passed, Steps: []runs.Step{s}}
	}
	reply, person := runs.Step{Decision: "reply"}, runs.Step{Decision: "handoff", Reason: "not_covered"}
	acts, waits := runs.Step{Checks: []runs.Check{check("orders", true)}}, runs.Step{Checks: []runs.Check{{Name: "orders", Want: "cancelled"}}}
	base := []runs.Result{
		one("a", "low", 1, true, reply), one("b", "money", 1, true, reply), one("c", "money", 3, true, acts),
		one("d", "safety", 1, true, person), one("e", "", 9, false, reply), one("f", "", 1, true, reply),
	}
	candidate := []runs.Result{
		one("a", "low", 1, false, person), one("b", "money", 1, false, reply), one("c", "money", 3, false, waits),
		one("d", "safety", 1, true, reply), one("e", "", 9, true, runs.Step{Decision: "reply", Used: []string{"x"}}), one("f", "", 1, true, reply),
	}
	var got []string
	for _, c := range runs.Compare(runOf(base), runOf(candidate), runs.Terms{}).Cases {
		got = append(got, c.ID+": "+strings.Join(c.Kinds, "; ")+": "+strings.Join(c.What, " "))
	}
	want := []string{
		`c: passed, fails now; other actions: Step 1: "orders" fails: cancelled, was held.`,
		"b: passed, fails now: ",
		"a: passed, fails now; answered, is handed off now: Step 1: handoff (not_covered), was reply.",
		"d: handed off, is answered now: Step 1: reply, was handoff (not_covered).",
		"e: other passages; failed, passes now: Step 1: rests on x, was nothing.",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestPower(t *testing.T) {
	t.Parallel()
	results := answers(1, 200, same)
	for _, r := range answers(9, 200, func(r *rand.Rand, result *runs.Result) {
		if r.Float64() < .05 {
			fail(result)
		}
	}) {
		r.Try = 2
		results = append(results, r)
	}
	p := runs.Power(runOf(results), -.05)
	if p.Difference != .05 || p.Cases != 800 || p.Independent > 800 || !p.Paired[0].Seen || p.Paired[0].Discordant < .02 || p.Paired[0].Discordant > .07 || len(p.Paired) != 5 {
		t.Errorf("%+v", p)
	}
	for _, n := range p.Paired[1:] {
		if n.Discordant >= .05 && (n.Cases == 0 || n.Detectable > n.Discordant || (n.Power >= .8) != (n.Detectable <= .05)) || n.Discordant < .05 && n.Cases != 0 {
			t.Errorf("%+v", n)
		}
	}
	var b bytes.Buffer
	if err := p.WriteTable(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"cases pass", "To see a difference of 5.0 points", "(as between tries)", "more would have to change", "would need"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
	b.Reset()
	if err := runs.Power(runs.Run{}, .05).WriteTable(&b); err != nil || !strings.Contains(b.String(), "no case") {
		t.Errorf("%q %v", b.String(), err)
	}
}
