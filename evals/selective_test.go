package evals_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/recado/recado/evals"
	"github.com/recado/recado/rag/confidence"
)

func points(scores []float64, right string) []evals.Point {
	list := make([]evals.Point, len(scores))
	for i, s := range scores {
		list[i] = evals.Point{Score: s, Right: right[i] == '1', Positive: right[i] == '1', Lang: []string{"es", "en"}[i%2]}
	}
	return list
}

// Worked by hand: right, wrong, right, right give risks 0, 1/2, 1/3, 1/4.
func TestMeasureSelectiveByHand(t *testing.T) {
	t.Parallel()
	s := evals.MeasureSelective(points([]float64{0.9, 0.8, 0.7, 0.6}, "1011"))
	near(t, "aurc", s.AURC.Value, (0+0.5+1.0/3+0.25)/4)
	near(t, "e-aurc", s.EAURC.Value, (0.5+1.0/3)/4)
	near(t, "auroc", s.AUROCRight.Value, 1.0/3)
	near(t, "coverage at 80", s.Coverage80.Value, 0.25)
	near(t, "precision at 95", s.Precision95.Value, 0.75)
	// Equal scores are one block, in whatever order.
	tied := evals.MeasureSelective(points([]float64{0.5, 0.5, 0.5, 0.5}, "1110"))
	near(t, "tied aurc", tied.AURC.Value, 0.25)
	near(t, "tied auroc", tied.AUROCRight.Value, 0.5)
	near(t, "tied coverage", tied.Coverage80.Value, 0)
	if all := evals.MeasureSelective(points([]float64{3, 2}, "11")); all.AUROCRight != nil || all.CalibrationError != nil || all.Coverage95.Value != 1 {
		t.Errorf("all right, no probabilities: %+v", all)
	}
	if none := evals.MeasureSelective(nil); none.N != 0 {
		t.Errorf("no points: %+v", none)
	}
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-9 {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

func world(seed uint64, n int, bias float64) []evals.Point {
	random := rand.New(rand.NewPCG(seed, 1))
	list := make([]evals.Point, n)
	for i := range list {
		p := random.Float64()
		right := random.Float64() < min(1, p+bias)
		list[i] = evals.Point{Score: p, Right: right, Positive: right, Lang: "es"}
	}
	return list
}

func TestMeasureSelectiveProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		list := world(rapid.Uint64().Draw(t, "seed"), rapid.IntRange(2, 60).Draw(t, "n"), 0)
		s := evals.MeasureSelective(list)
		if s.EAURC.Value < -1e-12 || s.AURC.Value > 1 || s.Coverage95.Value > s.Coverage80.Value {
			t.Fatalf("%+v", s)
		}
		// The pairs, counted one by one.
		var pairs, won float64
		for _, a := range list {
			for _, b := range list {
				if a.Right && !b.Right {
					pairs++
					switch {
					case a.Score > b.Score:
						won++
					case a.Score == b.Score:
						won += 0.5
					}
				}
			}
		}
		if pairs > 0 && math.Abs(s.AUROCRight.Value-won/pairs) > 1e-9 {
			t.Fatalf("auroc %v, counted %v", s.AUROCRight.Value, won/pairs)
		}
	})
}

func TestCalibrationErrorIsMeasuredAgainstItsNull(t *testing.T) {
	t.Parallel()
	good := evals.MeasureCalibrationError(world(1, 1000, 0))
	if math.Abs(good.Excess) > 0.02 || good.Null < 0.015 || good.Null > 0.045 {
		t.Errorf("calibrated: %+v", good)
	}
	if bad := evals.MeasureCalibrationError(world(2, 1000, 0.2)); bad.Excess < 0.1 {
		t.Errorf("0.2 off: %+v", bad)
	}
	// A null near .089 at 100 cases and .012 at 5,000.
	if few := evals.MeasureCalibrationError(world(3, 100, 0)); few.Null < 0.06 || few.Null > 0.12 {
		t.Errorf("100 cases: %+v", few)
	}
	tied := make([]evals.Point, 100)
	for i := range tied {
		tied[i] = evals.Point{Score: 0.5, Right: i < 50}
	}
	if e := evals.MeasureCalibrationError(tied); e.ECE > 0.25 {
		t.Errorf("ties in the order of their labels: %+v", e)
	}
	if split := evals.ByLanguage(points([]float64{0.9, 0.8, 0.7, 0.6}, "1011")); split["es"].N != 2 || split["en"].N != 2 {
		t.Errorf("by language: %+v", split)
	}
}

func scoredWorld(seed uint64, n int) []confidence.Scored {
	var list []confidence.Scored
	for _, p := range world(seed, n, 0.15) {
		list = append(list, confidence.Scored{Probability: p.Score, Answered: true, Right: p.Right})
	}
	return list
}

// The rows can be answered to 45 % with one answer in ten wrong, as hard as a set of
// questions to a bank of which the intents of some are not taught. There the promises
// were measured to cover what is wanted here.
func TestMeasurePromise(t *testing.T) {
	t.Parallel()
	rows := scoredWorld(5, 2000)
	terms := []confidence.Terms{{Promise: "M", Alpha: 0.05, Delta: 0.1}, {Promise: "S", Alpha: 0.1, Delta: 0.1}}
	var report evals.PromiseReport
	for _, c := range []struct {
		n    int
		m, s float64
	}{{200, 0.381, 0.037}, {800, 0.433, 0.318}} {
		r, err := evals.MeasurePromise(rows, terms, c.n, 300)
		if err != nil {
			t.Fatal(err)
		}
		for least, f := range map[float64]*evals.PromiseFigures{c.m: r.M, c.s: r.S} {
			if f.Violations > 0.1 || f.Coverage < least {
				t.Errorf("%d labels: %+v, want the coverage %v", c.n, f, least)
			}
		}
		again, err := evals.MeasurePromise(rows, terms, c.n, 300)
		if err != nil || *again.M != *r.M {
			t.Errorf("not the same twice: %+v, %+v, %v", r.M, again.M, err)
		}
		report = r
	}
	var table, file bytes.Buffer
	if err := errors.Join(report.WriteTable(&table), report.WriteJSON(&file)); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(table.String(), "300 calibrations of 800") || !strings.Contains(file.String(), `"violations"`) {
		t.Errorf("%s%s", table.String(), file.String())
	}
	for _, c := range []struct{ n, draws int }{{0, 1}, {1, 0}} {
		if _, err := evals.MeasurePromise(rows, terms, c.n, c.draws); err == nil {
			t.Errorf("%+v: no error", c)
		}
	}
	if _, err := evals.MeasurePromise(rows, []confidence.Terms{{}}, 1, 1); err == nil {
		t.Error("no terms, no error")
	}
}

func TestReadScores(t *testing.T) {
	t.Parallel()
	rows, err := evals.ReadScores(strings.NewReader("{\"score\":0.5,\"right\":1}\n\n{\"score\":-2,\"right\":false}\n"))
	if err != nil || len(rows) != 2 || !rows[0].Right || rows[1].Right || rows[1].Probability != -2 {
		t.Errorf("%+v, %v", rows, err)
	}
	for _, bad := range []string{"", "{", `{"score":1}`, `{"right":true}`, `{"score":1,"right":"yes"}`, `{"score":1,"right":2}`} {
		if _, err := evals.ReadScores(strings.NewReader(bad)); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}

func FuzzReadLabels(f *testing.F) {
	f.Add(`{"id":"1","right":true,"features":{"x":1},"locale":"es"}`)
	f.Add(`{"score":0.3,"right":0}`)
	f.Add(`{"sendable":true,"draft_right":false,"right":true,"features":{"x":2}}`)
	f.Fuzz(func(t *testing.T, file string) {
		labels, err := evals.ReadLabels(strings.NewReader(file))
		if err == nil && len(labels) == 0 {
			t.Error("no labels, no error")
		}
	})
}

func TestReadLabels(t *testing.T) {
	t.Parallel()
	labels, err := evals.ReadLabels(strings.NewReader(`{"right":true,"features":{"x":1},"locale":"es","risk":"money","group":"g"}
{"right":1,"score":0.3}
{"right":false,"answered":false}
{"sendable":true,"draft_right":false,"right":true,"features":{"x":2}}`))
	if err != nil {
		t.Fatal(err)
	}
	if l := labels[0]; !l.Right || !l.Answered || l.Locale != "es" || l.Risk != "money" || l.Group != "g" {
		t.Errorf("%+v", l)
	}
	if labels[1].Features[evals.ScoreFeature] != 0.3 || labels[2].Answered || labels[3].Right {
		t.Errorf("%+v", labels)
	}
	for want, bad := range map[string]string{
		"line 2": "{\"right\":true,\"score\":1}\n{", "no \"right\"": `{"score":1}`, "neither": `{"right":true}`, "weight": `{"right":true,"score":1,"weight":-1}`, "no label": "",
	} {
		if _, err := evals.ReadLabels(strings.NewReader(bad)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", bad, err, want)
		}
	}
}

func TestDiagram(t *testing.T) {
	t.Parallel()
	scored := scoredWorld(6, 400)
	choice := confidence.ChooseMarginal(scored, 0.05, 0.1)
	d := evals.NewDiagram(world(6, 400, 0.15), choice)
	var text, picture bytes.Buffer
	if err := errors.Join(d.WriteText(&text), d.WriteSVG(&picture)); err != nil {
		t.Fatal(err)
	}
	if len(d.Bins) != 10 || !strings.Contains(text.String(), "100 %") || strings.Count(text.String(), "\n") < 22 {
		t.Errorf("%d bins\n%s", len(d.Bins), text.String())
	}
	if strings.Count(picture.String(), "<circle") != 11 || strings.Contains(picture.String(), "NaN") {
		t.Errorf("picture: %s", picture.String())
	}
	decoder := xml.NewDecoder(&picture)
	for {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	var none bytes.Buffer
	if err := evals.NewDiagram(nil, confidence.ChooseMarginal(nil, 0.05, 0.1)).WriteSVG(&none); err != nil || strings.Contains(none.String(), "NaN") {
		t.Errorf("no cases: %v %s", err, none.String())
	}
}
