package runs_test

import (
	"testing"

	"github.com/recado/recado/evals/runs"
	"github.com/recado/recado/evals/stats"
)

func TestScarce(t *testing.T) {
	t.Parallel()
	half := 0.5
	for name, c := range map[string]struct {
		gate runs.Gate
		want bool
	}{
		"reached":              {runs.Gate{OK: true}, false},
		"no figure":            {runs.Gate{Min: &half}, true},
		"too few cases":        {runs.Gate{Min: &half, Cases: 10, Estimate: &stats.Estimate{Value: 0.1, N: 9}}, true},
		"too low":              {runs.Gate{Min: &half, Cases: 10, Estimate: &stats.Estimate{Value: 0.4, N: 10}}, false},
		"too high":             {runs.Gate{Max: &half, Estimate: &stats.Estimate{Value: 0.6, N: 10}}, false},
		"only its lower end":   {runs.Gate{Min: &half, Bound: "low", Estimate: &stats.Estimate{Value: 0.6, Low: 0.3, N: 10}}, true},
		"too low by its value": {runs.Gate{Min: &half, Bound: "low", Estimate: &stats.Estimate{Value: 0.4, Low: 0.3, N: 10}}, false},
	} {
		if got := c.gate.Scarce(); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
