package label

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/recado/recado/evals/stats"
)

// world is a shop's turns with what nobody knows before looking: whether each is right.
type world struct {
	name  string
	units []Unit
	wrong map[string]bool
	share float64 // of the sent ones that are wrong
}

// newWorld makes turns whose scores mean what believed says: with the score itself they are
// calibrated.
func newWorld(name string, n int, believed func(score float64) float64) world {
	random := rand.New(rand.NewPCG(7, uint64(n)))
	w := world{name: name, wrong: map[string]bool{}}
	sent := 0
	for i := range n {
		// Many sure ones and a tail, as a shop has them.
		u := Unit{ID: fmt.Sprintf("t%05d", i), Score: 1 - math.Pow(random.Float64(), 2.5)}
		u.Sent = u.Score >= 0.7
		w.units = append(w.units, u)
		w.wrong[u.ID] = random.Float64() >= believed(u.Score)
		if u.Sent {
			sent++
			if w.wrong[u.ID] {
				w.share++
			}
		}
	}
	w.share /= float64(sent)
	return w
}

func worlds() []world {
	return []world{
		newWorld("calibrated", 3000, func(s float64) float64 { return s }),
		newWorld("too sure", 3000, func(s float64) float64 { return s - 0.1*s*s }),
		newWorld("small", 400, func(s float64) float64 { return s }),
		newWorld("worthless scores", 3000, func(float64) float64 { return 0.85 }),
	}
}

// simulated is what came of drawing many samples.
type simulated struct {
	mean, covered, width, alike float64
	expected                    float64
}

func simulate(t *testing.T, w world, n, draws int) (s simulated) {
	t.Helper()
	random := rand.New(rand.NewPCG(11, 11))
	p, err := NewPlan(w.units, Design{N: n})
	if err != nil {
		t.Fatal(err)
	}
	s.expected = p.Expected
	for i := range draws {
		p.seed = uint64(i)
		e := Estimate(p.Seen(p.Draw(), func(id string) (bool, bool) { return true, w.wrong[id] }))
		s.mean += e.Value / float64(draws)
		s.width += (e.High - e.Low) / float64(draws)
		if e.Low <= w.share && w.share <= e.High {
			s.covered += 1 / float64(draws)
		}
		if i%20 == 0 {
			s.alike += alike(w, n, random) / float64(draws) * 20
		}
	}
	return s
}

// alike is how wide the interval is with as many turns drawn alike from all, of which
// those count that were sent.
func alike(w world, n int, random *rand.Rand) float64 {
	k, of := 0, 0
	for _, i := range random.Perm(len(w.units))[:n] {
		if w.units[i].Sent {
			of++
			if w.wrong[w.units[i].ID] {
				k++
			}
		}
	}
	e := stats.Share(k, of)
	return e.High - e.Low
}

// TestSampleBySimulation holds what the method promises: right on average whatever the
// scores are worth, intervals that cover as often as they say, and narrower ones than a
// sample drawn alike has where the scores are worth something.
func TestSampleBySimulation(t *testing.T) {
	t.Parallel()
	const draws = 2000
	for _, w := range worlds() {
		for _, n := range []int{60, 150} {
			t.Run(fmt.Sprintf("%s %d", w.name, n), func(t *testing.T) {
				t.Parallel()
				s := simulate(t, w, n, draws)
				t.Logf("true %.4f, mean %.4f, covered %.3f, width %.3f (expected %.3f), alike %.3f", w.share, s.mean, s.covered, s.width, s.expected, s.alike)
				// Four standard errors of a mean of so many.
				if bound := 4 * s.width / 4 / math.Sqrt(draws); math.Abs(s.mean-w.share) > bound {
					t.Errorf("the mean of the estimates is %.4f, and the truth %.4f", s.mean, w.share)
				}
				if s.covered < 0.93 || s.covered > 0.97 {
					t.Errorf("the intervals cover %.1f %%", 100*s.covered)
				}
				if s.width >= s.alike {
					t.Errorf("the intervals are %.3f wide, and with turns drawn alike %.3f", s.width, s.alike)
				}
			})
		}
	}
}

// An audit that is all of the sample leaves nothing for the strata that it has missed.
func TestAnAuditOfAllDrawsNoMore(t *testing.T) {
	t.Parallel()
	units := make([]Unit, 5)
	for i := range units {
		units[i] = Unit{ID: fmt.Sprint(i), Score: 1, Sent: i == 0}
	}
	p, err := NewPlan(units, Design{N: 4, Audit: 1, Strata: 1, Figure: Risk})
	if err != nil {
		t.Fatal(err)
	}
	if picked := p.Draw(); len(picked) != 4 {
		t.Errorf("%d of 4 are drawn: %+v", len(picked), p.Strata)
	}
}

// TestPlanHoldsTogether holds for any turns: all are in one stratum, so many are drawn as
// were asked for, each once, and each had a chance that is more than none.
func TestPlanHoldsTogether(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		scores := rapid.SliceOfN(rapid.Float64Range(0, 1), 1, 200).Draw(t, "scores")
		units := make([]Unit, len(scores))
		for i, s := range scores {
			units[i] = Unit{ID: fmt.Sprint(i), Score: s, Sent: rapid.Bool().Draw(t, "sent")}
		}
		d := Design{
			N: rapid.IntRange(1, 120).Draw(t, "n"), Audit: rapid.Float64Range(0.01, 1).Draw(t, "audit"),
			Strata: rapid.IntRange(1, 12).Draw(t, "strata"), Figure: Accuracy, Seed: rapid.Uint64().Draw(t, "seed"),
		}
		units[0].Sent = true
		if rapid.Bool().Draw(t, "risk") {
			d.Figure = Risk
		}
		p, err := NewPlan(units, d)
		if err != nil {
			t.Fatal(err)
		}
		size, draw := 0, 0
		for _, s := range p.Strata {
			size, draw = size+s.Size, draw+s.Draw
			if s.Draw > s.Size || s.Audit > s.Draw {
				t.Fatalf("stratum %+v", s)
			}
		}
		picked := p.Draw()
		if size != len(units) || draw != min(d.N, len(units)) || len(picked) != draw {
			t.Fatalf("%d of %d turns in strata, %d and %d of %d drawn", size, len(units), draw, len(picked), d.N)
		}
		seen, stands := map[string]bool{}, 0.0
		for _, one := range picked {
			if seen[one.ID] || one.Chance <= 0 || one.Chance > 1 {
				t.Fatalf("drawn twice or by no chance: %+v", one)
			}
			seen[one.ID] = true
			stands += 1 / one.Chance
		}
		// The weights of a sample stand for all turns of the strata that were drawn from.
		for _, s := range p.Strata {
			if s.Draw == 0 {
				stands += float64(s.Size)
			}
		}
		if math.Abs(stands-float64(len(units))) > 1e-6 {
			t.Fatalf("the sample stands for %v of %d turns", stands, len(units))
		}
	})
}

func TestPlanSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	some := []Unit{{ID: "a", Score: .5}}
	for name, c := range map[string]struct {
		units []Unit
		d     Design
	}{
		"no turns": {nil, Design{}}, "no number": {some, Design{N: -1}}, "too much audit": {some, Design{Audit: 2}},
		"odd figure": {some, Design{Figure: "odd"}}, "nothing sent": {some, Design{Figure: Risk}},
	} {
		if _, err := NewPlan(c.units, c.d); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if p, err := NewPlan(some, Design{}); err != nil || p.Figure != Accuracy || len(p.Draw()) != 1 {
		t.Errorf("one draft: %+v, %v", p, err)
	}
}

func TestEstimateOfAllIsExact(t *testing.T) {
	t.Parallel()
	e := Estimate([]Counted{{Size: 10, N: 10, Wrong: 2, Expected: .5}, {Size: 30, N: 30, Wrong: 3, Expected: .1}})
	if e.Value != 0.125 || e.Low != e.Value || e.High != e.Value || e.N != 40 {
		t.Errorf("%+v", e)
	}
	half := Estimate([]Counted{{Size: 10, Expected: .5}, {Size: 10, N: 5, Wrong: 0, Expected: .1}})
	if half.Value != .25 || half.High-half.Low < .3 {
		t.Errorf("half of it unseen: %+v", half)
	}
}
