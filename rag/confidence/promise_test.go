package confidence_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/recado/recado/rag/confidence"
)

// The numbers of labels are those that the binomial test needs, as tables of it
// print them.
func TestLabels(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		delta, alpha float64
		want         [6]int
	}{
		{0.10, 0.10, [6]int{22, 38, 52, 65, 91, 152}},
		{0.10, 0.05, [6]int{45, 77, 105, 132, 184, 306}},
		{0.10, 0.02, [6]int{114, 194, 265, 333, 462, 768}},
		{0.05, 0.05, [6]int{59, 93, 124, 153, 208, 336}},
	} {
		for i, wrong := range []int{0, 1, 2, 3, 5, 10} {
			got := confidence.Labels(wrong, c.alpha, c.delta)
			if got != c.want[i] {
				t.Errorf("alpha %v, delta %v, %d wrong: %d labels, want %d", c.alpha, c.delta, wrong, got, c.want[i])
			}
			if confidence.UpperBound(wrong, got, c.delta) > c.alpha+1e-12 || confidence.UpperBound(wrong, got-1, c.delta) <= c.alpha {
				t.Errorf("alpha %v, %d wrong: %d labels are not the least", c.alpha, wrong, got)
			}
		}
	}
}

// In a world whose truth is known, neither promise is broken more often than delta.
func TestBothPromisesHold(t *testing.T) {
	t.Parallel()
	const delta, rounds = 0.10, 300
	for _, terms := range []confidence.Terms{
		{Promise: confidence.Marginal, Alpha: 0.05, Delta: delta},
		{Promise: confidence.Selective, Alpha: 0.10, Delta: delta},
	} {
		for _, n := range []int{200, 800} {
			random := rand.New(rand.NewPCG(5, uint64(n)))
			broken, sent := 0, 0
			for range rounds {
				choice := terms.Choose(cases(random, n))
				sent += choice.Sent
				if trueShare(terms.Promise, choice.Threshold) > terms.Alpha {
					broken++
				}
			}
			if limit := rounds*delta + 3*math.Sqrt(rounds*delta*(1-delta)); float64(broken) > limit {
				t.Errorf("%s with %d labels: broken %d times of %d", terms.Promise, n, broken, rounds)
			}
			// The surest tenth of this world has few errors; S needs many labels to see it.
			if share := float64(sent) / float64(rounds*n); share < 0.10 && terms.Promise == confidence.Marginal || sent == 0 {
				t.Errorf("%s with %d labels sends %.3f", terms.Promise, n, share)
			}
		}
	}
}

// trueShare integrates the world of cases: p = sqrt(u) has the density 2p, nine of
// ten cases have an answer, and it is wrong with 1-p.
func trueShare(promise confidence.Promise, threshold float64) float64 {
	t := min(1, threshold)
	wrong := (1 - t*t) - 2*(1-t*t*t)/3
	if promise == confidence.Selective {
		if t == 1 {
			return 0
		}
		return wrong / (1 - t*t)
	}
	return 0.9 * wrong
}

func TestSelectiveHandsTheLevelOn(t *testing.T) {
	t.Parallel()
	// All right: the walk reaches the end at the whole of delta.
	list := make([]confidence.Scored, 400)
	for i := range list {
		list[i] = confidence.Scored{Probability: 1 - float64(i)/1000, Answered: true, Right: true}
	}
	all := confidence.ChooseSelective(list, 0.10, 0.10)
	if all.Sent != 400 || !all.Certified || math.Abs(all.Bound-(1-math.Pow(0.10, 1.0/400))) > 1e-9 {
		t.Errorf("all right: %+v", all)
	}
	// The first 60 are wrong: the walk from 10 % stops, the one from 30 % begins anew and
	// still has too many errors.
	for i := range 60 {
		list[i].Right = false
	}
	if got := confidence.ChooseSelective(list, 0.10, 0.10); got.Certified || got.Sent != 0 || got.Threshold <= 1 {
		t.Errorf("the surest are wrong: %+v", got)
	}
	few := confidence.ChooseSelective(list[60:90], 0.10, 0.10)
	// (1-0.1)^38 is the first below 0.1/5.
	if few.Sent != 0 || few.Missing != 38-30 || !strings.Contains(few.Note(), "8 more labels") {
		t.Errorf("30 labels: %+v, %s", few, few.Note())
	}
}

// Of 200 cases the surest 20 could all be right and would still promise nothing. The first
// walk begins where it can: with 38 right it is still going at the 60 of the second, to
// which it hands its level on.
func TestSelectiveLosesNoLevelWhereNothingCanBeShown(t *testing.T) {
	t.Parallel()
	sentWith := func(wrong ...int) confidence.Choice {
		list := make([]confidence.Scored, 200)
		for i := range list {
			list[i] = confidence.Scored{Probability: 1 - float64(i)/1000, Answered: true, Right: i < 65 && !slices.Contains(wrong, i)}
		}
		return confidence.ChooseSelective(list, 0.10, 0.10)
	}
	// P(X <= 3 of 65) is .0997 at 10 %: below delta, and above the four fifths that the
	// second walk has of its own.
	if got := sentWith(62, 63, 64); got.Sent != 65 || got.Wrong != 3 || got.Bound > 0.10 {
		t.Errorf("none wrong of 60: %+v", got)
	}
	// An error among the first 38 ends the first walk, and the second begins with less.
	if got := sentWith(20, 63, 64); got.Sent != 64 || got.Wrong != 2 || got.Bound > 0.10 {
		t.Errorf("one wrong of 60: %+v", got)
	}
}

// A score that knows nothing, where a little more than alpha is wrong: whatever S sends breaks its
// promise, with any number of labels.
func TestSelectiveKeepsItsPromiseAtTheWorst(t *testing.T) {
	t.Parallel()
	const alpha, delta, rounds = 0.10, 0.10, 300
	for _, n := range []int{50, 200, 800} {
		random := rand.New(rand.NewPCG(9, uint64(n)))
		broken := 0
		for range rounds {
			list := make([]confidence.Scored, n)
			for i := range list {
				list[i] = confidence.Scored{Probability: random.Float64(), Answered: true, Right: random.Float64() > alpha+1e-9}
			}
			if confidence.ChooseSelective(list, alpha, delta).Sent > 0 {
				broken++
			}
		}
		if limit := rounds*delta + 3*math.Sqrt(rounds*delta*(1-delta)); float64(broken) > limit {
			t.Errorf("with %d labels broken %d times of %d", n, broken, rounds)
		}
	}
}

func TestTheLargerThresholdWins(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 9))
		list := cases(random, rapid.IntRange(50, 600).Draw(t, "n"))
		terms := confidence.Terms{Promise: rapid.SampledFrom([]confidence.Promise{"M", "S"}).Draw(t, "promise"), Alpha: 0.10, Delta: 0.10}
		loose := terms.Choose(list)
		terms.Floor = rapid.Float64Range(0, 1).Draw(t, "floor")
		got := terms.Choose(list)
		if got.Threshold < loose.Threshold || got.Sent > 0 && got.Threshold < terms.Floor {
			t.Fatalf("threshold %v, promised from %v, floor %v", got.Threshold, loose.Threshold, terms.Floor)
		}
		if got.Sent > 0 && (!got.Certified || got.Bound > terms.Alpha+1e-9) {
			t.Fatalf("sends without a promise: %+v", got)
		}
		if terms.Floor <= loose.Threshold && got.Sent != loose.Sent {
			t.Fatalf("a floor below the promise changes it: %+v, %+v", loose, got)
		}
	})
}

func TestFeasible(t *testing.T) {
	t.Parallel()
	list := make([]confidence.Scored, 100)
	for i := range list {
		list[i] = confidence.Scored{Probability: 0.5, Answered: true, Right: i >= 12}
	}
	selective := confidence.Terms{Promise: confidence.Selective, Alpha: 0.05, Delta: 0.1}
	if f := selective.Feasible(list); math.Abs(f.Coverage-0.88/0.95) > 1e-12 || f.BaseError != 0.12 ||
		f.String() != "No threshold can send everything: base error 12 %, at most 93 % coverage." {
		t.Errorf("%+v: %s", f, f)
	}
	if f := (confidence.Terms{Alpha: 0.05, Delta: 0.1}).Feasible(list); math.Abs(f.Coverage-0.93) > 1e-12 {
		t.Errorf("of all cases: %+v", f)
	}
	if f := selective.Feasible(list[12:]); f.Coverage != 1 || !strings.Contains(f.String(), "every draft") {
		t.Errorf("no error: %s", f)
	}
	if f := selective.Feasible(nil); f.Coverage != 1 {
		t.Errorf("no cases: %+v", f)
	}
	for _, c := range []struct{ wrong, handoff, want float64 }{{10, 1, 0.9}, {1, 2, 0}, {0, 1, 0}, {5, 0, 0}} {
		if got := confidence.CostThreshold(c.wrong, c.handoff); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("costs %v and %v: %v", c.wrong, c.handoff, got)
		}
	}
}

func TestTermsCheck(t *testing.T) {
	t.Parallel()
	good := confidence.Terms{Alpha: 0.05, Delta: 0.1}
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*confidence.Terms){
		"promise": func(t *confidence.Terms) { t.Promise = "E" }, "alpha": func(t *confidence.Terms) { t.Alpha = math.NaN() },
		"delta": func(t *confidence.Terms) { t.Delta = 1 }, "floor": func(t *confidence.Terms) { t.Floor = 1.5 },
	} {
		bad := good
		change(&bad)
		if bad.Check() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// What is missing means the same when fitting and when scoring: with an indicator,
// the fit finds the rate of the cases that lack the feature.
func TestMissingMeansTheSameTwice(t *testing.T) {
	t.Parallel()
	samples := append(table(10, 40, 30, 40), make([]confidence.Sample, 50)...)
	for i := range 45 {
		samples[80+i].Right = true
	}
	samples[80].Features = map[string]float64{"x": math.NaN()}
	c, err := confidence.Fit([]string{"x"}, samples, 1e-6)
	if err != nil {
		t.Fatal(err)
	}
	for want, features := range map[float64]map[string]float64{0.25: {"x": 0}, 0.75: {"x": 1}, 0.9: nil} {
		if got := c.Probability(features); math.Abs(got-want) > 1e-4 {
			t.Errorf("%v: %v, want %v", features, got, want)
		}
	}
	if c.Means[0] != 0.5 {
		t.Errorf("the mean of what is known is %v", c.Means[0])
	}
}

func TestGroupsAreShrunk(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(4, 4))
	var samples []confidence.Sample
	add := func(locale, risk string, n int, p float64) {
		for range n {
			samples = append(samples, confidence.Sample{
				Features: map[string]float64{"x": random.Float64()}, Locale: locale, Risk: risk, Right: random.Float64() < p,
			})
		}
	}
	add("es", "low", 2000, 0.9)
	add("en", "low", 2000, 0.6)
	add("pt", "money", 4, 0)
	f := confidence.Fitting{Names: []string{"x"}, Lambda: 1, Tau: 0.5}
	c, err := f.Fit(samples)
	if err != nil {
		t.Fatal(err)
	}
	of := func(locale, risk string) float64 {
		return c.ProbabilityOf(confidence.Sample{Features: map[string]float64{"x": 0.5}, Locale: locale, Risk: risk})
	}
	if math.Abs(of("es", "low")-0.9) > 0.03 || math.Abs(of("en", "low")-0.6) > 0.04 {
		t.Errorf("es %v, en %v", of("es", "low"), of("en", "low"))
	}
	if p := of("pt", "low"); p < 0.2 {
		t.Errorf("four labels move a locale to %v", p)
	}
	if of("fr", "low") > of("en", "low") || of("es", "") > of("es", "low") || of("es", "") > of("es", "money")+1e-12 {
		t.Error("a group that was not seen counts for more than one that was")
	}
	f.Tau = 0
	plain, err := f.Fit(samples)
	if err != nil || plain.Offsets != nil {
		t.Errorf("without tau: %v, %v", plain.Offsets, err)
	}
}

// A weight counts as that many copies.
func TestWeights(t *testing.T) {
	t.Parallel()
	heavy, copies := table(3, 10, 7, 10), table(3, 10, 7, 10)
	heavy[0].Weight = 3
	copies = append(copies, copies[0], copies[0])
	a, errA := confidence.Fit([]string{"x"}, heavy, 1)
	b, errB := confidence.Fit([]string{"x"}, copies, 1)
	if errA != nil || errB != nil || math.Abs(a.Weights[0]-b.Weights[0]) > 1e-9 || math.Abs(a.Intercept-b.Intercept) > 1e-9 {
		t.Errorf("%v and %v; %v, %v", a, b, errA, errB)
	}
	heavy[0].Weight = -1
	if _, err := confidence.Fit([]string{"x"}, heavy, 1); err == nil {
		t.Error("a negative weight is taken")
	}
}

// The label of a sample never reaches its own score, nor do those of its group.
func TestCrossFitLooksAtNoneOfTheGroup(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		samples := make([]confidence.Sample, 120)
		for i := range samples {
			samples[i] = confidence.Sample{Features: map[string]float64{"x": random.Float64()}, Right: random.Float64() < 0.7, Group: fmt.Sprint("g", i/3)}
		}
		f := confidence.Fitting{Names: []string{"x"}, Lambda: 1}
		before, err := f.CrossFit(samples, 5)
		if err != nil {
			t.Skip("a fold has one label only")
		}
		g := rapid.IntRange(0, 39).Draw(t, "group")
		for i := 3 * g; i < 3*g+3; i++ {
			samples[i].Right = !samples[i].Right
		}
		after, err := f.CrossFit(samples, 5)
		if err != nil {
			t.Skip("a fold has one label only")
		}
		for i := 3 * g; i < 3*g+3; i++ {
			if before[i] != after[i] {
				t.Fatalf("sample %d of the group: %v, then %v", i, before[i], after[i])
			}
		}
	})
	if _, err := (confidence.Fitting{Names: []string{"x"}, Lambda: 1}).CrossFit(table(3, 10, 7, 10), 1); err == nil {
		t.Error("one fold is taken")
	}
}

func TestStale(t *testing.T) {
	t.Parallel()
	now := confidence.Setting{Model: "m", Embedder: "e", Prompt: "p", Index: "i", FeatureVersion: "f"}
	c := &confidence.Calibration{Setting: now}
	if reasons := c.Stale(now); len(reasons) != 0 {
		t.Errorf("fresh: %q", reasons)
	}
	for what, change := range map[string]func(*confidence.Setting){
		"the model": func(s *confidence.Setting) { s.Model = "other" }, "the embedder": func(s *confidence.Setting) { s.Embedder = "other" },
		"the prompt": func(s *confidence.Setting) { s.Prompt = "other" }, "the index": func(s *confidence.Setting) { s.Index = "other" },
		"the version of the features": func(s *confidence.Setting) { s.FeatureVersion = "other" },
	} {
		changed := now
		change(&changed)
		if reasons := c.Stale(changed); len(reasons) != 1 || !strings.Contains(reasons[0], what) || !strings.Contains(reasons[0], `"other"`) {
			t.Errorf("%s: %q", what, reasons)
		}
	}
	if reasons := (&confidence.Calibration{}).Stale(now); len(reasons) != 5 {
		t.Errorf("a file that says nothing: %q", reasons)
	}
}

func TestAuditedPicksItsShare(t *testing.T) {
	t.Parallel()
	picked := 0
	for i := range 20_000 {
		q, yes := confidence.Audited(fmt.Sprint("turn-", i), 0.04)
		if again, same := confidence.Audited(fmt.Sprint("turn-", i), 0.04); again != q || same != yes || q != 0.04 {
			t.Fatal("the choice is not the same twice")
		}
		if yes {
			picked++
			if _, more := confidence.Audited(fmt.Sprint("turn-", i), 0.05); !more {
				t.Fatal("a larger share leaves one out")
			}
		}
	}
	if picked < 700 || picked > 900 {
		t.Errorf("%d of 20000 picked at 4 %%", picked)
	}
	if _, yes := confidence.Audited("x", 0); yes {
		t.Error("one is picked at 0")
	}
	if _, yes := confidence.Audited("x", 1); !yes {
		t.Error("one is left out at 1")
	}
}

// Looked at after every answer, the alarm is false in at most delta of the runs while
// the promise holds, also when audits change their share; and it comes when it is
// broken.
func TestAlarm(t *testing.T) {
	t.Parallel()
	const rounds, answers, delta = 400, 1500, 0.05
	count := func(seed uint64, rate float64) int {
		random := rand.New(rand.NewPCG(seed, 8))
		raised := 0
		for range rounds {
			a := confidence.Alarm{Alpha: 0.05, Delta: delta}
			for i := range answers {
				loss, weight := 0.0, 1.0
				if random.Float64() < rate {
					loss = 1
				}
				if i%3 == 0 {
					weight = 0.4
				}
				if _, _, err := a.Add(loss, weight); err != nil {
					t.Fatal(err)
				}
			}
			if a.Raised {
				raised++
			}
		}
		return raised
	}
	if n := count(1, 0.05); float64(n) > rounds*delta+3*math.Sqrt(rounds*delta*(1-delta)) {
		t.Errorf("false alarms in %d of %d", n, rounds)
	}
	if n := count(2, 0.12); n < rounds*99/100 {
		t.Errorf("found in %d of %d", n, rounds)
	}
	a := confidence.Alarm{Alpha: 0.05, Delta: 0.05}
	for _, wrong := range [][2]float64{{-1, 1}, {2, 1}, {0, 0}, {0, 2}, {math.NaN(), 1}} {
		if _, _, err := a.Add(wrong[0], wrong[1]); err == nil {
			t.Errorf("%v is taken", wrong)
		}
	}
	if _, _, err := (&confidence.Alarm{}).Add(0, 1); err == nil {
		t.Error("an alarm without terms is taken")
	}
}

func TestAlarmRate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		promise        confidence.Promise
		coverage, want float64
	}{{"M", 0.5, 0.1}, {"", 0.5, 0.1}, {"S", 0.5, 0.05}, {"M", 0, 1}, {"M", 0.01, 1}} {
		k := confidence.Calibration{Promise: c.promise, Alpha: 0.05, Coverage: c.coverage}
		if got := k.AlarmRate(); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%+v: %v", c, got)
		}
	}
}
