package confidence_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/recado/recado/rag/confidence"
)

// One-sided bounds: those for k = 0 are 1-delta^(1/n); the others are the upper
// ends of the two-sided 95 % and 90 % intervals as published with Clopper and
// Pearson's method (0.975 and 0.95 quantiles of Beta(k+1, n-k)).
func TestUpperBound(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		k, n  int
		delta float64
		want  float64
	}{
		{0, 10, 0.05, 0.258866},
		{0, 10, 0.025, 0.308497},
		{1, 10, 0.025, 0.445016},
		{5, 10, 0.025, 0.812914},
		{2, 20, 0.025, 0.316983},
		{10, 100, 0.025, 0.176223},
		{0, 45, 0.10, 1 - math.Pow(0.1, 1.0/45)},
		{0, 0, 0.1, 1},
		{7, 7, 0.1, 1},
		{9, 7, 0.1, 1},
	} {
		if got := confidence.UpperBound(c.k, c.n, c.delta); math.Abs(got-c.want) > 1e-5 {
			t.Errorf("%d of %d at %v: %.6f, want %.6f", c.k, c.n, c.delta, got, c.want)
		}
	}
}

func TestUpperBoundProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 2000).Draw(t, "n")
		k := rapid.IntRange(0, n-1).Draw(t, "k")
		delta := rapid.Float64Range(0.01, 0.5).Draw(t, "delta")
		bound := confidence.UpperBound(k, n, delta)
		switch {
		case bound < float64(k)/float64(n) || bound > 1:
			t.Fatalf("%d of %d: bound %v", k, n, bound)
		case confidence.UpperBound(k+1, n, delta) < bound-1e-12:
			t.Fatalf("%d of %d: one more error lowers the bound", k, n)
		case confidence.UpperBound(k, n, delta/2) < bound-1e-12:
			t.Fatalf("%d of %d: more confidence lowers the bound", k, n)
		}
	})
}

// cases are drawn from a world where the probability is right: a case is right
// with its own probability.
func cases(random *rand.Rand, n int) []confidence.Scored {
	list := make([]confidence.Scored, n)
	for i := range list {
		p := math.Sqrt(random.Float64())
		list[i] = confidence.Scored{Probability: p, Answered: random.Float64() < 0.9, Right: random.Float64() < p}
	}
	return list
}

// The promise: over many calibrations the true share of answered and wrong cases
// is above alpha in at most delta of them.
func TestChooseKeepsItsPromise(t *testing.T) {
	t.Parallel()
	const alpha, delta, rounds = 0.05, 0.10, 200
	random := rand.New(rand.NewPCG(7, 11))
	world := cases(random, 30_000)
	broken, sent := 0, 0
	for range rounds {
		choice := confidence.ChooseMarginal(cases(random, 300), alpha, delta)
		if !choice.Certified {
			t.Fatalf("300 cases certify nothing: %+v", choice)
		}
		sent += choice.Sent
		wrong := 0
		for _, c := range world {
			if c.Answered && !c.Right && c.Probability >= choice.Threshold {
				wrong++
			}
		}
		if float64(wrong) > alpha*float64(len(world)) {
			broken++
		}
	}
	// Three standard errors above delta of 200.
	if limit := rounds*delta + 3*math.Sqrt(rounds*delta*(1-delta)); float64(broken) > limit {
		t.Errorf("the promise is broken %d times of %d", broken, rounds)
	}
	if sent < rounds*60 {
		t.Errorf("only %d cases of %d are sent", sent, rounds*300)
	}
}

func TestChoose(t *testing.T) {
	t.Parallel()
	// 100 right cases at 0.9, then 50 of which every second is wrong at 0.5.
	var list []confidence.Scored
	for i := range 150 {
		c := confidence.Scored{Probability: 0.9, Answered: true, Right: true}
		if i >= 100 {
			c.Probability, c.Right = 0.5, i%2 == 0
		}
		list = append(list, c)
	}
	got := confidence.ChooseMarginal(list, 0.05, 0.1)
	if got.Threshold != 0.9 || got.Sent != 100 || got.Wrong != 0 || !got.Certified || got.N != 150 {
		t.Errorf("choice %+v", got)
	}
	if note := got.Note(); !strings.Contains(note, "With confidence 90 %") {
		t.Errorf("note %q", note)
	}

	few := confidence.ChooseMarginal(list[:20], 0.05, 0.1)
	if few.Certified || few.Threshold <= 1 || few.Sent != 0 || few.Missing != 25 {
		t.Errorf("20 cases: %+v", few)
	}
	// (1-0.05)^45 < 0.1, so 25 more are needed.
	if note := few.Note(); !strings.Contains(note, "25 more labels") || !strings.Contains(note, "no guarantee") {
		t.Errorf("note %q", note)
	}

	if none := confidence.ChooseMarginal(nil, 0.05, 0.1); none.Certified || none.Threshold <= 1 || none.Bound != 1 {
		t.Errorf("no cases: %+v", none)
	}
	wrong := make([]confidence.Scored, 200)
	for i := range wrong {
		wrong[i] = confidence.Scored{Probability: 1, Answered: true}
	}
	if got := confidence.ChooseMarginal(wrong, 0.05, 0.1); got.Sent != 0 || got.Threshold <= 1 {
		t.Errorf("all wrong: %+v", got)
	}
}

func TestChooseProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 3))
		list := cases(random, rapid.IntRange(0, 400).Draw(t, "n"))
		got := confidence.ChooseMarginal(list, 0.05, 0.1)
		if got.Certified && got.Bound > 0.05 {
			t.Fatalf("certified with the bound %v", got.Bound)
		}
		sent, wrong := 0, 0
		for _, c := range list {
			if c.Answered && c.Probability >= got.Threshold {
				sent++
				if !c.Right {
					wrong++
				}
			}
		}
		if sent != got.Sent || wrong != got.Wrong {
			t.Fatalf("%+v, but %d are sent and %d wrong", got, sent, wrong)
		}
		random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		if again := confidence.ChooseMarginal(list, 0.05, 0.1); again != got {
			t.Fatalf("the order of cases matters: %+v, %+v", got, again)
		}
	})
}
