package confidence_test

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/recado/recado/rag/confidence"
)

// promising promises 5 % of all cases, of which half are answered.
func promising() *confidence.Calibration {
	return &confidence.Calibration{Promise: confidence.Marginal, Alpha: 0.05, Delta: 0.1, Coverage: 0.5, Threshold: 0.8}
}

func TestWatch(t *testing.T) {
	t.Parallel()
	looks := func(n, every int) []confidence.Look {
		list := make([]confidence.Look, n)
		for i := range list {
			list[i] = confidence.Look{Wrong: i%every == 0, Chance: 0.03}
		}
		return list
	}
	for name, c := range map[string]struct {
		looks  []confidence.Look
		raised bool
	}{
		"nothing":        {nil, false},
		"as promised":    {looks(400, 10), false},
		"far beyond":     {looks(100, 3), true},
		"not yet enough": {looks(3, 1)[:1], false},
	} {
		a, err := promising().Watch(0.03, c.looks)
		if err != nil || a.Raised != c.raised || a.Alpha != 0.1 || a.Delta != 0.1 {
			t.Errorf("%s: %+v, %v", name, a, err)
		}
	}
}

// Looks count as they do one by one, and an answer that was picked with a higher chance
// counts less.
func TestWatchWeighs(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		wrong := rapid.SliceOfN(rapid.Bool(), 1, 40).Draw(t, "wrong")
		chance := rapid.Float64Range(0.02, 1).Draw(t, "chance")
		often := confidence.Alarm{Alpha: 0.1, Delta: 0.1}
		for _, w := range wrong {
			loss := 0.0
			if w {
				loss = 1
			}
			if _, _, err := often.Add(loss, 0.02/chance); err != nil {
				t.Fatal(err)
			}
		}
		looks := make([]confidence.Look, len(wrong))
		for i, w := range wrong {
			looks[i] = confidence.Look{Wrong: w, Chance: chance}
		}
		a, err := promising().Watch(0.02, looks)
		if err != nil || a.Evidence != often.Evidence {
			t.Fatalf("evidence %v, one by one %v: %v", a.Evidence, often.Evidence, err)
		}
		one, err := promising().Watch(0.02, []confidence.Look{{Wrong: true, Chance: chance}})
		if err != nil {
			t.Fatal(err)
		}
		if full, err := promising().Watch(0.02, []confidence.Look{{Wrong: true, Chance: 0.02}}); err != nil || one.Evidence > full.Evidence {
			t.Fatalf("picked with %v a wrong answer counts %v, with 0.02 %v: %v", chance, one.Evidence, full.Evidence, err)
		}
	})
}

func TestWatchRefuses(t *testing.T) {
	t.Parallel()
	look := []confidence.Look{{Chance: 0.01}}
	if _, err := promising().Watch(0.02, look); err == nil {
		t.Error("a look with less than the least chance is taken")
	}
	if _, err := promising().Watch(0.02, []confidence.Look{{}}); err == nil {
		t.Error("a look without a chance is taken")
	}
	few := promising()
	few.Missing = 12
	if _, err := few.Watch(0.02, nil); !errors.Is(err, confidence.ErrNoPromise) {
		t.Errorf("too few labels: %v", err)
	}
	rare := promising()
	rare.Coverage = 0.04
	if a, err := rare.Watch(0.02, []confidence.Look{{Wrong: true, Chance: 0.02}}); err != nil || a.Raised {
		t.Errorf("a promise that can't be broken: %+v, %v", a, err)
	}
}
