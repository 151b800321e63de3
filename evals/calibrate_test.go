package evals_test

import (
	"bytes"
	"flag"
	"math"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/recado/recado/evals"
	"github.com/recado/recado/rag/confidence"
)

var update = flag.Bool("update", false, "write rag/confidence/default.json")

// checkEmbeddedCalibration holds the calibration that ships to what the demo
// shop's questions give: who changes the offline model, the embedder or the
// features refits it with go test ./evals -run DemoShop -update.
func checkEmbeddedCalibration(t *testing.T, report evals.Report) {
	t.Helper()
	setting := demoPipeline(t).Setting()
	day := time.Now().UTC().Format(time.DateOnly)
	got, choice, err := evals.Calibrate(report.Results, evals.DemoFitting(setting, day))
	if err != nil {
		t.Fatal(err)
	}
	if !choice.Certified || choice.Bound > 0.05 {
		t.Errorf("the promise is not kept: %+v", choice)
	}
	if *update {
		var out bytes.Buffer
		if err := got.Write(&out); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile("../rag/confidence/default.json", out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := confidence.Default()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-4), cmpopts.IgnoreFields(confidence.Calibration{}, "FittedAt")); diff != "" {
		t.Errorf("the embedded calibration is not what the questions give (-embedded +fitted):\n%s", diff)
	}
	if reasons := want.Stale(setting); len(reasons) > 0 {
		t.Errorf("the embedded calibration is stale: %q", reasons)
	}
}

// results are judged drafts with one feature: higher is likelier right.
func results(n int, right func(i int) bool) []evals.Result {
	list := make([]evals.Result, n)
	for i := range list {
		x := float64(i%20) / 20
		list[i] = evals.Result{
			ID: string(rune('a'+i%26)) + time.Duration(i).String(), Sendable: true, DraftRight: right(i),
			Features: map[string]float64{"x": x},
		}
	}
	return list
}

func fitting() evals.Fitting {
	return evals.Fitting{Name: "test", Features: []string{"x"}, Alpha: 0.05, Delta: 0.1, Folds: 5}
}

func TestCalibrate(t *testing.T) {
	t.Parallel()
	// Wrong below 0.4 of the feature, right above.
	list := results(400, func(i int) bool { return i%20 >= 8 })
	c, choice, err := evals.Calibrate(list, fitting())
	if err != nil {
		t.Fatal(err)
	}
	if !choice.Certified || choice.Wrong > 20 || choice.Sent < 240 {
		t.Errorf("choice %+v", choice)
	}
	low, high := c.Probability(map[string]float64{"x": 0.1}), c.Probability(map[string]float64{"x": 0.9})
	if low >= c.Threshold || high < c.Threshold {
		t.Errorf("threshold %v does not separate %v and %v", c.Threshold, low, high)
	}
	if c.N != 400 || c.Alpha != 0.05 || c.Delta != 0.1 || math.Abs(c.Bound-choice.Bound) > 0 || c.Note == "" {
		t.Errorf("calibration %+v", c)
	}
}

func TestCalibrateLeavesOutWhatRulesDecide(t *testing.T) {
	t.Parallel()
	list := results(200, func(i int) bool { return i%20 >= 8 })
	for i := range 30 {
		list = append(list, evals.Result{ID: "fixed" + time.Duration(i).String(), Sendable: true, Fixed: true, DraftRight: false})
	}
	_, choice, err := evals.Calibrate(list, fitting())
	if err != nil {
		t.Fatal(err)
	}
	if choice.N != 200 || choice.Sent == 0 || choice.Feasibility.BaseError != 0.4 {
		t.Errorf("choice %+v counts what no confidence decides", choice)
	}
	if _, _, err := evals.Calibrate(list[200:], fitting()); err == nil {
		t.Error("only such, no error")
	}
}

func TestCalibrateRefuses(t *testing.T) {
	t.Parallel()
	good := results(100, func(i int) bool { return i%20 >= 8 })
	one := fitting()
	one.Folds = 1
	for name, c := range map[string]struct {
		results []evals.Result
		fitting evals.Fitting
	}{
		"no cases":      {nil, fitting()},
		"one fold":      {good, one},
		"one label":     {results(100, func(int) bool { return true }), fitting()},
		"nothing sent":  {make([]evals.Result, 50), fitting()},
		"one fold full": {results(1, func(int) bool { return true }), fitting()},
	} {
		if _, _, err := evals.Calibrate(c.results, c.fitting); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestTooFewLabelsToFitAreNamed: where nothing can be fitted, the error says how many there
// are and how many a promise lacks, and nothing of folds.
func TestTooFewLabelsToFitAreNamed(t *testing.T) {
	t.Parallel()
	few := []evals.Label{
		{ID: "a", Right: true, Answered: true, Features: map[string]float64{"coverage": .9}},
		{ID: "b", Answered: true, Features: map[string]float64{"coverage": .2}},
		{ID: "c", Right: true, Answered: true, Features: map[string]float64{"coverage": .8}},
	}
	_, _, _, err := evals.CalibrateLabels(few, evals.Fitting{})
	const want = "calibrate: nothing can be fitted on these 3 labels, 2 of them right: label more answers of several conversations, right ones and wrong ones; a promise needs at least 42 more"
	if err == nil || err.Error() != want {
		t.Errorf("%v, not %s", err, want)
	}
}
