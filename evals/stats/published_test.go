package stats_test

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/recado/recado/evals/stats"
)

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if !(math.Abs(got-want) <= within) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// Newcombe, "Two-sided confidence intervals for the single proportion: comparison of seven
// methods", Statistics in Medicine 17 (1998), table I: methods 3 and 5.
func TestIntervalsOfShares(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		k, n          int
		wilson, exact [2]float64
	}{
		{81, 263, [2]float64{.2553, .3662}, [2]float64{.2527, .3676}},
		{15, 148, [2]float64{.0624, .1605}, [2]float64{.0578, .1617}},
		{0, 20, [2]float64{0, .1611}, [2]float64{0, .1684}},
		{1, 29, [2]float64{.0061, .1718}, [2]float64{.0009, .1776}},
	} {
		s := stats.Share(c.k, c.n)
		low, high := stats.ClopperPearson(c.k, c.n, 0.05)
		if diff := cmp.Diff([2][2]float64{c.wilson, c.exact}, [2][2]float64{{s.Low, s.High}, {low, high}}, cmpopts.EquateApprox(0, 5.1e-5)); diff != "" {
			t.Errorf("%d of %d: %s", c.k, c.n, diff)
		}
	}
	if low, high := stats.ClopperPearson(20, 20, 0.05); high != 1 || math.Abs(low-(1-.1684)) > 5e-5 {
		t.Errorf("all of 20: %v %v", low, high)
	}
	if s := stats.Share(0, 0); s.Low != 0 || s.High != 1 {
		t.Errorf("no cases: %+v", s)
	}
}

// The bounds are where the tails, summed term by term, hold half of alpha.
func TestClopperPearsonInvertsTheBinomial(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 60).Draw(t, "n")
		k := rapid.IntRange(0, n).Draw(t, "k")
		low, high := stats.ClopperPearson(k, n, 0.05)
		tail := func(from, to int, p float64) float64 {
			sum := 0.0
			for i := from; i <= to; i++ {
				sum += choose(n, i) * math.Pow(p, float64(i)) * math.Pow(1-p, float64(n-i))
			}
			return sum
		}
		if k > 0 && math.Abs(tail(k, n, low)-0.025) > 1e-9 || k < n && math.Abs(tail(0, k, high)-0.025) > 1e-9 {
			t.Fatalf("%d of %d: %v %v", k, n, low, high)
		}
		if w := stats.Share(k, n); !(w.Low <= w.Value && w.Value <= w.High && w.Low >= 0 && w.High <= 1) {
			t.Fatalf("%+v", w)
		}
	})
}

func choose(n, k int) float64 {
	c := 1.0
	for i := range k {
		c = c * float64(n-i) / float64(i+1)
	}
	return c
}

// With each case alone the clustered interval is Wilson's to the last digit; with each
// case said several times it is that of the cases said once.
func TestProportionOfGroups(t *testing.T) {
	t.Parallel()
	var alone, said []stats.Row
	for i := range 263 {
		row := stats.Row{Group: strconv.Itoa(i), Bottom: 1}
		if i < 81 {
			row.Top = 1
		}
		alone = append(alone, row)
		said = append(said, row, row, row)
	}
	want := stats.Share(81, 263)
	for name, c := range map[string]struct {
		rows   []stats.Row
		within float64
	}{"alone": {alone, 1e-9}, "said three times": {said, 5e-4}} {
		got, ok := stats.Proportion(c.rows)
		if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0, c.within)); !ok || diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if _, ok := stats.Proportion(nil); ok {
		t.Error("no rows have a share")
	}
	all, _ := stats.Proportion(said[:30])
	if all.N != 10 || all.High != 1 || math.Abs(all.Low-stats.Share(10, 10).Low) > 1e-9 {
		t.Errorf("ten groups without a failure: %+v", all)
	}
}

// Airway hyper-responsiveness before and after stem cell transplantation, 1 and 7 pairs
// that changed: Fagerland, Lydersen and Laake (2013), BMC Medical Research Methodology 13,
// table 5: exact .0703, mid-p .0391.
func TestMcNemar(t *testing.T) {
	t.Parallel()
	exact, mid := stats.McNemar(1, 7)
	near(t, "exact", exact, .0703, 5e-5)
	near(t, "mid-p", mid, .0391, 5e-5)
	if back, _ := stats.McNemar(7, 1); back != exact {
		t.Errorf("the other way: %v", back)
	}
	if exact, mid := stats.McNemar(0, 0); exact != 1 || mid != 1 {
		t.Errorf("no change: %v %v", exact, mid)
	}
	exact, mid = stats.McNemar(2, 2)
	near(t, "even, exact", exact, 1, 1e-12)
	near(t, "even, mid-p", mid, 1-0.375/2, 1e-12)
}

// Swapping the two runs of a case is what McNemar's exact test enumerates.
func TestPermutationIsMcNemarForSharesOfCases(t *testing.T) {
	t.Parallel()
	var base, candidate []stats.Row
	for i := range 40 {
		b, c := 1.0, 1.0
		switch {
		case i < 1:
			b = 0
		case i < 8:
			c = 0
		}
		base = append(base, stats.Row{Group: strconv.Itoa(i), Top: b, Bottom: 1})
		candidate = append(candidate, stats.Row{Group: strconv.Itoa(i), Top: c, Bottom: 1})
	}
	d, ok := stats.CompareProportions(base, candidate, rand.New(rand.NewPCG(1, 1)))
	if !ok || d.N != 40 {
		t.Fatalf("%+v", d)
	}
	near(t, "p", d.P, 18./256, 1e-12)
	near(t, "difference", d.Value, -6./40, 1e-12)
	if d.Low >= d.Value || d.High <= d.Value || d.NotWorse(0.2) || !d.NotWorse(0.3) || !d.Turned().NotWorse(0.01) {
		t.Errorf("%+v", d)
	}
	// Fifteen that changed are drawn, not enumerated.
	for i := range 30 {
		candidate[i].Top = 1 - base[i].Top
	}
	d, _ = stats.CompareProportions(base, candidate, rand.New(rand.NewPCG(1, 1)))
	if exact, _ := stats.McNemar(1, 29); d.P > 0.001 || exact > 0.001 {
		t.Errorf("%+v, %v", d, exact)
	}
	if none, ok := stats.CompareProportions(base, nil, nil); ok || none.P != 1 {
		t.Errorf("nothing in common: %+v", none)
	}
}

// The example of the R function p.adjust and of most textbooks.
func TestHolm(t *testing.T) {
	t.Parallel()
	got := stats.Holm([]float64{.01, .04, .03, .005})
	if diff := cmp.Diff([]float64{.03, .06, .06, .02}, got, cmpopts.EquateApprox(0, 1e-12)); diff != "" {
		t.Error(diff)
	}
	if got := stats.Holm([]float64{.9, .8}); got[0] != 1 || got[1] != 1 {
		t.Errorf("%v", got)
	}
}

// All ways to draw k of n tries, one by one.
func TestPassAllIsTheShareOfAllDraws(t *testing.T) {
	t.Parallel()
	for n := 1; n <= 6; n++ {
		for passed := range n + 1 {
			for k := 1; k <= n+1; k++ {
				draws, good := 0, 0
				for set := range 1 << n {
					count, failed := 0, false
					for i := range n {
						if set>>i&1 == 1 {
							count++
							failed = failed || i >= passed
						}
					}
					if count == k {
						draws++
						if !failed {
							good++
						}
					}
				}
				near(t, "pass^k", stats.PassAll(passed, n, k), float64(good)/float64(max(1, draws)), 1e-12)
			}
		}
	}
}

// power.prop.test of R says in its examples: 76.7 in each group for .50 against .75 at a
// power of 90 %. For pairs the formula is worked by hand.
func TestSizes(t *testing.T) {
	t.Parallel()
	if got := stats.UnpairedCases(.50, .75, .90); got != 77 {
		t.Errorf("%d in each", got)
	}
	// (1.959964 sqrt(.10) + .841621 sqrt(.10 - .0025))^2 / .0025 = 311.6.
	if got := stats.PairedCases(.05, .10, .80); got != 312 {
		t.Errorf("%d pairs", got)
	}
	for _, c := range [][3]float64{{0, .1, .8}, {.2, .1, .8}} {
		if got := stats.PairedCases(c[0], c[1], c[2]); got != 0 {
			t.Errorf("%v: %d", c, got)
		}
	}
	if got := stats.UnpairedCases(.5, .5, .8); got != 0 {
		t.Errorf("no difference: %d", got)
	}
	near(t, "power of what it takes", stats.PairedPower(312, .05, .10), .80, .02)
	least := stats.Detectable(400, .10, .80)
	near(t, "power of what is detectable", stats.PairedPower(400, least, .10), .80, .005)
	if got := stats.Detectable(5, .10, .80); got != 1 {
		t.Errorf("five pairs show %v", got)
	}
}

// All outcomes of seven pairs, each changed for the worse, for the better or not.
func TestPairedPowerByEnumeration(t *testing.T) {
	t.Parallel()
	const n, difference, discordant = 7, 0.5, 0.8
	better, worse := (discordant-difference)/2, (discordant+difference)/2
	want := 0.0
	for b := range n + 1 {
		for c := range n + 1 - b {
			if _, mid := stats.McNemar(b, c); mid <= 0.05 {
				want += choose(n, b) * choose(n-b, c) * math.Pow(better, float64(b)) * math.Pow(worse, float64(c)) * math.Pow(1-discordant, float64(n-b-c))
			}
		}
	}
	near(t, "power", stats.PairedPower(n, difference, discordant), want, 1e-9)
}

// 20, 5, 10 and 15 of 50: the agreement is .70, that by chance .50, so kappa is .40. The
// standard error is that of Fleiss, Cohen and Everitt, "Large sample standard errors of
// kappa and weighted kappa" (1969), equation 13, worked here from the table.
func TestKappa(t *testing.T) {
	t.Parallel()
	table := [2][2]float64{{20, 5}, {10, 15}}
	var cases []stats.Rated
	for a, row := range table {
		for b, count := range row {
			for range int(count) {
				cases = append(cases, stats.Rated{A: strconv.Itoa(a), B: strconv.Itoa(b)})
			}
		}
	}
	got, ok := stats.Kappa(cases)
	if !ok || got.N != 50 {
		t.Fatalf("%+v", got)
	}
	near(t, "kappa", got.Value, .40, 1e-12)
	rows, columns := [2]float64{.5, .5}, [2]float64{.6, .4}
	const kappa, chance = .40, .50
	first, second := 0.0, 0.0
	for a := range 2 {
		for b := range 2 {
			p := table[a][b] / 50
			if a == b {
				rest := 1 - (rows[a]+columns[a])*(1-kappa)
				first += p * rest * rest
			} else {
				second += p * (columns[a] + rows[b]) * (columns[a] + rows[b])
			}
		}
	}
	third := kappa - chance*(1-kappa)
	deviation := math.Sqrt(first+(1-kappa)*(1-kappa)*second-third*third) / (1 - chance) / math.Sqrt(49)
	const t49 = 2.009575
	near(t, "low", got.Low, .40-t49*deviation, 1e-6)
	near(t, "high", got.High, .40+t49*deviation, 1e-6)
	if _, ok := stats.Kappa([]stats.Rated{{A: "x", B: "x"}}); ok {
		t.Error("one word for everything is no agreement")
	}
	all, ok := stats.Kappa([]stats.Rated{{A: "x", B: "x"}, {A: "y", B: "y"}})
	if !ok || all.Value != 1 || all.High != 1 || all.Low > 0.5 {
		t.Errorf("two cases: %+v", all)
	}
}

// Krippendorff (2011), sections A and C: two observers of ten cases, .095; four who did
// not see all of twelve, .743.
func TestKrippendorff(t *testing.T) {
	t.Parallel()
	for want, observers := range map[float64][]string{
		.095: {"0100000010", "1110010000"},
		.743: {"123321412...", "1233224125.3", ".3332342251.", "12332441251."},
	} {
		cases := make([][]string, len(observers[0]))
		for _, said := range observers {
			for i, mark := range said {
				name := string(mark)
				if mark == '.' {
					name = ""
				}
				cases[i] = append(cases[i], name)
			}
		}
		got, ok := stats.Krippendorff(cases, rand.New(rand.NewPCG(1, 1)))
		if !ok || math.Abs(got.Value-want) > 5e-4 || got.Low > got.Value || got.High < got.Value {
			t.Errorf("%+v, want %v", got, want)
		}
	}
	if _, ok := stats.Krippendorff([][]string{{"a", ""}}, nil); ok {
		t.Error("one observer agrees with nobody")
	}
}

// Worked by hand: right, wrong, right, right give risks 0, 1/2, 1/3, 1/4.
func TestWalk(t *testing.T) {
	t.Parallel()
	cases := []stats.Scored{{Score: .9, Right: true}, {Score: .8}, {Score: .7, Right: true}, {Score: .6, Right: true}}
	c := stats.Walk(cases, []int{1, 1, 1, 1})
	near(t, "aurc", c.AURC, (0+.5+1./3+.25)/4, 1e-12)
	near(t, "e-aurc", c.EAURC, (.5+1./3)/4, 1e-12)
	near(t, "auroc", c.AUROC, 1./3, 1e-12)
	near(t, "coverage at a risk of 20 %", c.Coverage[0], .25, 1e-12)
	if twice := stats.Walk(cases, []int{2, 2, 2, 2}); math.Abs(twice.AUROC-c.AUROC) > 1e-12 || twice.Coverage != c.Coverage {
		t.Errorf("all twice: %+v", twice)
	}
	s, ok := stats.MeasureSelective(cases[2:], rand.New(rand.NewPCG(1, 1)))
	if !ok || !math.IsNaN(s.AUROC.Value) || s.AURC.Value != 0 {
		t.Errorf("all right: %+v", s)
	}
}

// A perfect score shows .089 at 100 cases and .028 at 1,000.
// Thirty drafts of which none is wrong do not prove that none ever is.
func TestCurvesWithoutAWrongDraft(t *testing.T) {
	t.Parallel()
	cases := make([]stats.Scored, 30)
	for i := range cases {
		cases[i] = stats.Scored{Group: strconv.Itoa(i), Score: float64(i), Right: true}
	}
	s, ok := stats.MeasureSelective(cases, rand.New(rand.NewPCG(1, 1)))
	_, most := stats.Wilson(0, 30, .05)
	if !ok || s.AURC.Value != 0 || s.AURC.High != most || s.EAURC.High != most || !math.IsNaN(s.AUROC.Value) {
		t.Errorf("%+v", s)
	}
}

func TestCalibrationNull(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 1))
	for n, want := range map[int]float64{100: .089, 1000: .028} {
		cases := make([]stats.Scored, n)
		for i := range cases {
			cases[i].Score = random.Float64()
		}
		null := stats.CalibrationNull(stats.LeastLikelyFirst(cases, random), random)
		near(t, "null", null.Value, want, want/5)
		if !(null.Low < null.Value && null.Value < null.High) {
			t.Errorf("%+v", null)
		}
	}
	if _, ok := stats.MeasureCalibration(nil, random); ok {
		t.Error("no cases have a calibration error")
	}
}

// However few and sure the cases are, the average of the null is in its interval, which holds
// 95 % of the draws: a case of .99 shows .01 nearly always and .99 once in a hundred times.
func TestCalibrationNullOfFew(t *testing.T) {
	t.Parallel()
	for _, scores := range [][]float64{{.5}, {.99}, {.999}, {.01}, {.98, .99}, {.5, .5}, {0}, {1}} {
		var cases []stats.Scored
		want := 0.0 // of a bin for each case
		for _, score := range scores {
			cases = append(cases, stats.Scored{Score: score})
			want += 2 * score * (1 - score) / float64(len(scores))
		}
		for seed := range uint64(20) {
			null := stats.CalibrationNull(cases, rand.New(rand.NewPCG(seed, 1)))
			if !(null.Low <= null.Value && null.Value <= null.High) {
				t.Errorf("%v, seed %d: %+v", scores, seed, null)
			}
			near(t, "null", null.Value, want, .05)
		}
	}
}

// People mark what the model marks and a tenth more: the estimate is the model's mean and
// a tenth, as sure as the model's mean is. A model that says nothing changes nothing.
func TestCorrected(t *testing.T) {
	t.Parallel()
	var cases, blind []stats.Marked
	for i := range 1000 {
		model := float64(i%100) / 200
		c := stats.Marked{Model: model}
		b := stats.Marked{Model: .5}
		if i%10 == 3 {
			person := model + .1
			c.Person, b.Person = &person, &person
		}
		cases, blind = append(cases, c), append(blind, b)
	}
	got, ok := stats.Corrected(cases)
	people, _ := stats.Corrected(blind)
	if !ok || got.N != 100 || people.High-people.Low < 2*(got.High-got.Low) {
		t.Errorf("%+v, people alone %+v", got, people)
	}
	near(t, "corrected", got.Value, .2475+.1, 1e-9)
	if _, ok := stats.Corrected([]stats.Marked{{Model: 1}}); ok {
		t.Error("nobody marked, and it was corrected")
	}
}

// Who never says anything else agrees by chance alone, and few cases do not prove that.
func TestKappaOfWhoSaysOneThing(t *testing.T) {
	t.Parallel()
	var cases []stats.Rated
	for i := range 40 {
		cases = append(cases, stats.Rated{A: "no", B: []string{"no", "yes", "no"}[i%3]})
	}
	if e, ok := stats.Kappa(cases); !ok || math.Abs(e.Value) > 1e-12 || e.Low > -.1 || e.High != 1 {
		t.Errorf("%+v", e)
	}
}

// Two who always agree have an interval that tells how few cases that was, whatever sixths and
// sevenths add up to.
func TestKappaOfThoseWhoAlwaysAgree(t *testing.T) {
	t.Parallel()
	for n := 3; n < 200; n++ {
		cases := make([]stats.Rated, n)
		for i := range cases {
			word := strconv.FormatBool(i%3 == 0)
			cases[i] = stats.Rated{A: word, B: word}
		}
		if e, ok := stats.Kappa(cases); !ok || math.Abs(e.Value-1) > 1e-12 || e.Low > 1-1/float64(n) || e.High != 1 {
			t.Fatalf("%d cases: %+v", n, e)
		}
	}
}
