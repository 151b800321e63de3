package stats_test

import (
	"flag"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/recado/recado/evals/stats"
)

// draws multiplies how often each world is drawn, for the table of docs/statistics.md:
//
//	go test ./evals/stats -run Simulated -v -args -draws 10
var draws = flag.Int("draws", 1, "how many times more worlds to draw")

// times is how many worlds a test draws.
func times(n int) int {
	if testing.Short() {
		return n / 8
	}
	return n * *draws / 2
}

// covered draws worlds and tells in how many the interval holds the truth. It has to be in
// 93 to 97 %, give or take three standard errors of the draws themselves; least and most
// are for what is known to lie elsewhere.
func covered(t *testing.T, what string, n int, truth, least, most float64, draw func(r *rand.Rand) (stats.Estimate, bool)) {
	t.Helper()
	held, width, n := 0, 0.0, times(n)
	for i := range n {
		e, ok := draw(rand.New(rand.NewPCG(uint64(i), 11)))
		if !ok || math.IsNaN(e.Value) {
			t.Fatalf("%s: world %d has no figure", what, i)
		}
		if e.Low <= truth && truth <= e.High {
			held++
		}
		width += (e.High - e.Low) / float64(n)
	}
	share, chance := float64(held)/float64(n), 3*math.Sqrt(.05*.95/float64(n))
	t.Logf("%-44s covers %.1f %% of %d, width %.4f", what, 100*share, n, width)
	if share < least-chance || share > most+chance {
		t.Errorf("%s: covers %.3f of %d, want %.2f to %.2f", what, share, n, least, most)
	}
}

// gamma draws by Marsaglia and Tsang, "A simple method for generating gamma variables"
// (2000).
func gamma(r *rand.Rand, a float64) float64 {
	if a < 1 {
		return gamma(r, a+1) * math.Pow(r.Float64(), 1/a)
	}
	d := a - 1./3
	c := 1 / math.Sqrt(9*d)
	for {
		x := r.NormFloat64()
		v := math.Pow(max(0, 1+c*x), 3)
		if v > 0 && math.Log(r.Float64()) < x*x/2+d-d*v+d*math.Log(v) {
			return d * v
		}
	}
}

// beta draws a group's share around p; alike is the correlation inside of a group.
func beta(r *rand.Rand, p, alike float64) float64 {
	if alike == 0 {
		return p
	}
	size := 1/alike - 1
	x, y := gamma(r, p*size), gamma(r, (1-p)*size)
	return x / (x + y)
}

// passes draws rows of 0 and 1 in groups of 1 to most.
func passes(r *rand.Rand, groups, most int, p, alike float64) []stats.Row {
	var rows []stats.Row
	for g := range groups {
		share := beta(r, p, alike)
		for range 1 + r.IntN(most) {
			row := stats.Row{Group: strconv.Itoa(g), Bottom: 1}
			if r.Float64() < share {
				row.Top = 1
			}
			rows = append(rows, row)
		}
	}
	return rows
}

func TestSimulatedShares(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		groups, most, n int
		p, alike        float64
	}{
		{30, 1, 2000, .8, 0},
		{30, 6, 2000, .8, .3},
		{30, 6, 2000, .8, .7},
		{30, 6, 2000, .5, .3},
		{100, 1, 1000, .9, 0},
		{100, 6, 1000, .9, .3},
		{100, 6, 1000, .9, .7},
		{100, 6, 1000, .95, .3},
		{400, 6, 300, .95, .3},
		{400, 6, 300, .98, .3},
		{1000, 6, 200, .9, .7},
		{1000, 6, 200, .98, .3},
	} {
		what := "share " + strconv.FormatFloat(c.p, 'g', 2, 64) + ", " + strconv.Itoa(c.groups) + " groups, alike " + strconv.FormatFloat(c.alike, 'g', 1, 64)
		covered(t, what, c.n, c.p, .93, .97, func(r *rand.Rand) (stats.Estimate, bool) {
			return stats.Proportion(passes(r, c.groups, c.most, c.p, c.alike))
		})
	}
}

func TestSimulatedScores(t *testing.T) {
	t.Parallel()
	for _, groups := range []int{30, 100, 400} {
		// The share of facts said: mostly all, at times some, seldom none.
		covered(t, "mean score, "+strconv.Itoa(groups)+" groups", 40_000/groups, .8, .93, .97, func(r *rand.Rand) (stats.Estimate, bool) {
			var rows []stats.Row
			for g := range groups {
				share := beta(r, .8, .5)
				for range 1 + r.IntN(3) {
					rows = append(rows, stats.Row{Group: strconv.Itoa(g), Top: beta(r, share, .3), Bottom: 1})
				}
			}
			return stats.Proportion(rows)
		})
	}
}

// Tokens: of a case with its history, and of its languages alike.
func amounts(r *rand.Rand, groups int) []stats.Row {
	var rows []stats.Row
	for g := range groups {
		alike := r.NormFloat64()
		for range 1 + r.IntN(3) {
			rows = append(rows, stats.Row{Group: strconv.Itoa(g), Top: math.Exp(.4*alike + .3*r.NormFloat64()), Bottom: 1})
		}
	}
	return rows
}

func TestSimulatedMeans(t *testing.T) {
	t.Parallel()
	for groups, n := range map[int]int{30: 400, 100: 200, 400: 60} {
		covered(t, "mean of tokens, "+strconv.Itoa(groups)+" groups", n, math.Exp((.16+.09)/2), .93, .97, func(r *rand.Rand) (stats.Estimate, bool) {
			return stats.Mean(amounts(r, groups), r)
		})
	}
}

func TestSimulatedQuantiles(t *testing.T) {
	t.Parallel()
	for _, p := range []float64{.5, .95} {
		const z95 = 1.6448536
		truth := 1.0
		if p == .95 {
			truth = math.Exp(.5 * z95)
		}
		for groups, n := range map[int]int{100: 1000, 400: 300} {
			covered(t, "quantile "+strconv.FormatFloat(p, 'g', 2, 64)+", "+strconv.Itoa(groups)+" groups", n, truth, .93, .97, func(r *rand.Rand) (stats.Estimate, bool) {
				return stats.Quantile(amounts(r, groups), p)
			})
		}
	}
}

// A wrong answer in 3 of 100 turns costs ten times a handoff, of which there are 15.
func TestSimulatedCosts(t *testing.T) {
	t.Parallel()
	for groups, n := range map[int]int{30: 1000, 100: 500, 400: 200} {
		covered(t, "cost, "+strconv.Itoa(groups)+" groups", n, .45, .93, .97, func(r *rand.Rand) (stats.Estimate, bool) {
			var wrong, handed []stats.Row
			for g := range groups {
				fate := r.Float64()
				for range 1 + r.IntN(3) {
					w, h := stats.Row{Group: strconv.Itoa(g), Bottom: 1}, stats.Row{Group: strconv.Itoa(g), Bottom: 1}
					switch {
					case fate < .03:
						w.Top = 1
					case fate < .18:
						h.Top = 1
					}
					wrong, handed = append(wrong, w), append(handed, h)
				}
			}
			a, _ := stats.Proportion(wrong)
			b, _ := stats.Proportion(handed)
			return stats.Sum([]stats.Estimate{a, b}, []float64{10, 1})
		})
	}
}

// scores draws drafts with calibrated scores; off moves the scores away from the truth.
func scores(r *rand.Rand, groups int, off float64) []stats.Scored {
	var cases []stats.Scored
	for g := range groups {
		alike := r.NormFloat64() / 2
		for range 1 + r.IntN(3) {
			z := .8 + 1.2*(alike+r.NormFloat64())
			c := stats.Scored{Group: strconv.Itoa(g), Right: r.Float64() < 1/(1+math.Exp(-z))}
			c.Score = 1 / (1 + math.Exp(-z-off))
			cases = append(cases, c)
		}
	}
	return cases
}

func TestSimulatedCurves(t *testing.T) {
	t.Parallel()
	many := stats.LikeliestFirst(scores(rand.New(rand.NewPCG(5, 5)), 150_000, 0))
	truth := stats.Walk(many, slices.Repeat([]int{1}, len(many)))
	for groups, n := range map[int]int{30: 400, 100: 200, 400: 20} {
		measured := map[int]stats.Selective{}
		measure := func(r *rand.Rand, world int) stats.Selective {
			s, ok := measured[world]
			if !ok {
				s, _ = stats.MeasureSelective(scores(r, groups, 0), r)
				measured[world] = s
			}
			return s
		}
		for _, f := range []struct {
			name  string
			truth float64
			most  float64
			of    func(stats.Selective) stats.Estimate
		}{
			{"AUROC", truth.AUROC, .97, func(s stats.Selective) stats.Estimate { return s.AUROC }},
			{"AURC", truth.AURC, .97, func(s stats.Selective) stats.Estimate { return s.AURC }},
			{"E-AURC", truth.EAURC, .97, func(s stats.Selective) stats.Estimate { return s.EAURC }},
			// The interval of a greatest share errs to the safe side.
			{"coverage at 20 %", truth.Coverage[0], 1, func(s stats.Selective) stats.Estimate { return s.Coverage[0] }},
			{"coverage at 10 %", truth.Coverage[1], 1, func(s stats.Selective) stats.Estimate { return s.Coverage[1] }},
		} {
			world := 0
			covered(t, f.name+", "+strconv.Itoa(groups)+" groups", n, f.truth, .93, f.most, func(r *rand.Rand) (stats.Estimate, bool) {
				world++
				return f.of(measure(r, world)), true
			})
		}
	}
}

func TestSimulatedCalibrationErrors(t *testing.T) {
	t.Parallel()
	for _, off := range []float64{.7, 1.5} {
		many := stats.LeastLikelyFirst(scores(rand.New(rand.NewPCG(5, 5)), 150_000, off), rand.New(rand.NewPCG(1, 1)))
		truth := stats.CalibrationError(stats.Reliability(many))
		for groups, n := range map[int]int{100: 200, 400: 60} {
			covered(t, "calibration error "+strconv.FormatFloat(truth, 'f', 2, 64)+", "+strconv.Itoa(groups)+" groups", n, truth, .93, 1, func(r *rand.Rand) (stats.Estimate, bool) {
				return stats.MeasureCalibration(scores(r, groups, off), r)
			})
		}
	}
}

// Two runs of the same cases; so many change, and of these more for the worse by drop.
func twoRuns(r *rand.Rand, groups, most int, drop, discordant float64) (base, candidate []stats.Row) {
	for g := range groups {
		id := strconv.Itoa(g)
		worse, better := (discordant+drop)/2, (discordant-drop)/2
		fate, ease := r.Float64(), r.Float64()
		for range 1 + r.IntN(most) {
			b, c := stats.Row{Group: id, Bottom: 1}, stats.Row{Group: id, Bottom: 1}
			// What changes in a group changes in half of its cases.
			changes := most == 1 || r.Float64() < .5
			switch {
			case fate < worse && changes:
				b.Top = 1
			case fate >= worse && fate < worse+better && changes:
				c.Top = 1
			case ease < .8:
				b.Top, c.Top = 1, 1
			}
			base, candidate = append(base, b), append(candidate, c)
		}
	}
	return base, candidate
}

func TestSimulatedDifferences(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		groups, n  int
		drop, most float64
	}{{30, 500, .10, .985}, {100, 400, .05, .975}, {400, 300, .05, .97}, {400, 300, 0, .97}} {
		covered(t, "difference "+strconv.FormatFloat(c.drop, 'g', 2, 64)+", "+strconv.Itoa(c.groups)+" pairs", c.n, -c.drop, .93, c.most, func(r *rand.Rand) (stats.Estimate, bool) {
			base, candidate := twoRuns(r, c.groups, 1, c.drop, .2)
			d, ok := stats.CompareProportions(base, candidate, r)
			return d.Estimate, ok
		})
	}
	covered(t, "no difference, 200 groups of 1 to 6", 400, 0, .93, .975, func(r *rand.Rand) (stats.Estimate, bool) {
		base, candidate := twoRuns(r, 200, 6, 0, .2)
		d, ok := stats.CompareProportions(base, candidate, r)
		return d.Estimate, ok
	})
}

// A change that does nothing is called one in at most 5 % of runs, also where cases hang
// together; a drop of 5 points in 400 cases is seen as often as PairedPower foretells.
func TestSimulatedGates(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		most             int
		drop, discordant float64
		want             float64
	}{
		"no change":                    {1, 0, .10, -1},
		"no change, groups of 1 to 6":  {6, 0, .20, -1},
		"5 points less of 400":         {1, .05, .10, stats.PairedPower(400, .05, .10)},
		"5 points less, more changing": {1, .05, .20, stats.PairedPower(400, .05, .20)},
	} {
		called, n := 0, times(1000)
		for i := range n {
			r := rand.New(rand.NewPCG(uint64(i), 13))
			base, candidate := twoRuns(r, 400, c.most, c.drop, c.discordant)
			if d, _ := stats.CompareProportions(base, candidate, r); d.P <= .05 {
				called++
			}
		}
		share, deviation := float64(called)/float64(n), math.Sqrt(.25/float64(n))
		t.Logf("%-32s called %.1f %% of %d, foretold %.3f", name, 100*share, n, c.want)
		switch {
		case c.want < 0 && share > .05+3*math.Sqrt(.05*.95/float64(n)):
			t.Errorf("%s: called in %.3f of %d", name, share, n)
		// The permutation test is exact, so it sees a little less than the mid-p.
		case c.want >= 0 && (share < c.want-.04-3*deviation || share > c.want+3*deviation):
			t.Errorf("%s: seen in %.3f, foretold %.3f", name, share, c.want)
		}
	}
}

// The level holds for the curves, too: both runs score the same cases, neither better. So does the
// interval of the difference, which holds 0 but in 5 of 100 worlds.
func TestSimulatedCurvesWithoutChange(t *testing.T) {
	t.Parallel()
	names := []string{"AUROC", "AURC", "E-AURC", "coverage at 20 %", "coverage at 10 %", "coverage at 5 %", "calibration error"}
	called, held := make([]int, len(names)), make([]int, len(names))
	n := times(160)
	for i := range n {
		r := rand.New(rand.NewPCG(uint64(i), 17))
		base := scores(r, 50, 0)
		candidate := slices.Clone(base)
		for k := range base {
			base[k].Score = within(base[k].Score + r.NormFloat64()/10)
			candidate[k].Score = within(candidate[k].Score + r.NormFloat64()/10)
		}
		list := stats.CompareSelective(base, candidate, r)
		d, _ := stats.CompareCalibration(base, candidate, r)
		for k, d := range append(list, d) {
			if d.P <= .05 {
				called[k]++
			}
			if d.Low <= 0 && 0 <= d.High {
				held[k]++
			}
			if !(d.Low <= d.Value && d.Value <= d.High) {
				t.Errorf("%+v", d)
			}
		}
	}
	chance := 3 * math.Sqrt(.05*.95*float64(n))
	for k, name := range names {
		t.Logf("%s: called in %.1f %%, 0 within the interval in %.1f %% of %d", name, 100*float64(called[k])/float64(n), 100*float64(held[k])/float64(n), n)
		if float64(called[k]) > .05*float64(n)+chance || float64(held[k]) < .93*float64(n)-chance {
			t.Errorf("%s: called %d, held %d of %d", name, called[k], held[k], n)
		}
	}
}

// within is a probability.
func within(p float64) float64 { return min(1, max(0, p)) }

func TestSimulatedPasses(t *testing.T) {
	t.Parallel()
	// With a share of passing that is uniform over cases, three tries pass in a quarter.
	covered(t, "pass^3 of 5 tries, 100 groups", 1000, .25, .93, .97, func(r *rand.Rand) (stats.Estimate, bool) {
		var rows []stats.Row
		for g := range 100 {
			share, passed := r.Float64(), 0
			for range 5 {
				if r.Float64() < share {
					passed++
				}
			}
			rows = append(rows, stats.Row{Group: strconv.Itoa(g), Top: stats.PassAll(passed, 5, 3), Bottom: 1})
		}
		return stats.Proportion(rows)
	})
}

// A judge who is right in 85 % of 1,000 answers, and 100 of them marked by people.
func TestSimulatedCorrections(t *testing.T) {
	t.Parallel()
	for _, labelled := range []int{30, 50, 200} {
		covered(t, "judge corrected by "+strconv.Itoa(labelled)+" marks", 600, .8, .93, .97, func(r *rand.Rand) (stats.Estimate, bool) {
			var cases []stats.Marked
			for i := range 1000 {
				right := indicator(r.Float64() < .8)
				c := stats.Marked{Model: right}
				if r.Float64() < .15 {
					c.Model = 1 - right
				}
				if i < labelled {
					c.Person = &right
				}
				cases = append(cases, c)
			}
			return stats.Corrected(cases)
		})
	}
}

func indicator(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

func TestSimulatedKappas(t *testing.T) {
	t.Parallel()
	// Each says the truth in 90 %: they agree in .82 by .50 chance, so kappa is .64.
	for groups, n := range map[int]int{60: 600, 400: 200} {
		covered(t, "kappa, "+strconv.Itoa(groups)+" groups", n, .64, .93, .97, func(r *rand.Rand) (stats.Estimate, bool) {
			var cases []stats.Rated
			for g := range groups {
				for range 1 + r.IntN(2) {
					truth := r.IntN(2)
					say := func() string {
						if r.Float64() < .1 {
							return strconv.Itoa(1 - truth)
						}
						return strconv.Itoa(truth)
					}
					cases = append(cases, stats.Rated{Group: strconv.Itoa(g), A: say(), B: say()})
				}
			}
			return stats.Kappa(cases)
		})
	}
}

// Whoever looks after every case and stops at the first surprise is wrong in at most 5 %.
func TestSimulatedWatches(t *testing.T) {
	t.Parallel()
	for _, p := range []float64{.05, .5, .9} {
		wrong, n, width := 0, times(60), 0.0
		for i := range n {
			r := rand.New(rand.NewPCG(uint64(i), 19))
			w := stats.NewWatch()
			for range 400 {
				w.Add(indicator(r.Float64() < p))
				if e := w.Estimate(); p < e.Low || p > e.High {
					wrong++
					break
				}
			}
			width += w.Estimate().High - w.Estimate().Low
		}
		t.Logf("watch at %.2f: wrong at some time in %d of %d, width at the end %.3f", p, wrong, n, width/float64(n))
		if float64(wrong) > .05*float64(n)+3*math.Sqrt(.05*.95*float64(n)) {
			t.Errorf("at %v: wrong in %d of %d", p, wrong, n)
		}
		if width/float64(n) > .25 {
			t.Errorf("at %v: after 400 cases the interval is %.3f wide", p, width/float64(n))
		}
	}
	if e := stats.NewWatch().Estimate(); e.Low != 0 || e.High != 1 {
		t.Errorf("nothing seen: %+v", e)
	}
}

func TestCompareQuantilesSeesAStageThatGotSlower(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(23, 23))
	base := amounts(r, 200)
	slower := slices.Clone(base)
	for i := range slower {
		slower[i].Top *= 1.3
	}
	d := stats.CompareQuantiles(base, slower, []float64{.5, .95}, r)
	for i, want := range []float64{.3, .3 * math.Exp(.5*1.645)} {
		if !(d[i].Low <= want && want <= d[i].High) || d[i].Low <= 0 || d[i].P > .01 {
			t.Errorf("%+v, want about %.2f", d[i], want)
		}
	}
	if same := stats.CompareQuantiles(base, base, []float64{.5}, r); same[0].Value != 0 || same[0].P != 1 {
		t.Errorf("no change: %+v", same)
	}
	if none := stats.CompareQuantiles(base, nil, []float64{.5}, r); none != nil {
		t.Errorf("nothing in common: %+v", none)
	}
}
