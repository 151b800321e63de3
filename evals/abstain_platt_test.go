package evals

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/recado/recado/rag/confidence"
)

// A ridge that is too strong leaves the order as it is and makes every probability timid.
// The step gives it its spread back, on samples that no fit has seen.
func TestPlattUndoesTheRidge(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(4, 2))
	samples := make([]confidence.Sample, 600)
	for i := range samples {
		x := random.NormFloat64()
		samples[i] = confidence.Sample{Features: map[string]float64{"x": x}, Right: random.Float64() < 1/(1+math.Exp(-3*x)), Group: strconv.Itoa(i)}
	}
	p, err := crossPlatt(confidence.Fitting{Names: []string{"x"}, Lambda: 300}, samples[:400])
	if err != nil {
		t.Fatal(err)
	}
	if err := p.fit(samples[:400]); err != nil {
		t.Fatal(err)
	}
	var timid, steadied []Point
	for _, s := range samples[400:] {
		timid = append(timid, Point{Score: p.first.ProbabilityOf(s), Right: s.Right})
		steadied = append(steadied, Point{Score: p.probability(s), Right: s.Right})
	}
	before, after := MeasureCalibrationError(timid), MeasureCalibrationError(steadied)
	if before.Excess < 0.1 || after.Excess > 0.02 {
		t.Errorf("the calibration error above its null is %.3f before the step and %.3f after", before.Excess, after.Excess)
	}
	if len(p.unseen) != 400 || math.IsInf(p.loss, 0) {
		t.Errorf("%d unseen probabilities, loss %v", len(p.unseen), p.loss)
	}
	sure := overFirst(samples[0], 1).Features[featureFirst]
	if math.IsInf(sure, 0) || math.IsNaN(sure) {
		t.Errorf("log odds of what is certain: %v", sure)
	}
}
