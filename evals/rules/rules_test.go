package rules_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/evals/rules"
	"github.com/recado/recado/evals/runs"
)

func step(said, draft string, confidence float64, right bool, record string) runs.Step {
	return runs.Step{
		Said: []string{said}, Decision: "reply", Draft: draft, Scored: draft != "", DraftRight: right, Confidence: confidence, Threshold: .7,
		Cited: []string{"policy"}, Record: json.RawMessage(record),
	}
}

// One conversation: the same thing three times, two of them without an answer.
func TestRowsOf(t *testing.T) {
	t.Parallel()
	const found = `{"candidates":[{"dense":0.2,"lexical":3,"self":10},{"dense":0.4,"lexical":5,"self":10}],"draft":{"answer":"x","support":0.9}}`
	nothing := step("¿Dónde está mi pedido 10234?", "", 0, false, `{}`)
	asked := step("dónde está mi pedido 10234", "", 0, false, `{}`)
	order := step("Dónde está mi pedido 10234!", "En camino.", .95, true, "")
	order.Cited = nil
	other := step("¿Y el reembolso?", "En 5 días.", .6, false, found)
	rows, err := rules.RowsOf(runs.Run{Results: []runs.Result{
		{ID: "a/es", Group: "a", Steps: []runs.Step{nothing, {Did: "1h later"}, asked, order, other}},
		{ID: "b/es", Outage: "The model was away.", Steps: []runs.Step{order}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := []rules.Row{
		{Case: "a/es", Group: "a", Right: true, Confidence: .95, Threshold: .7, Failed: 2, Same: 3},
		{Case: "a/es", Group: "a", Confidence: .6, Threshold: .7, Rests: true, Dense: new(.4), Lexical: new(.5), Self: new(.9), Failed: 2, Same: 1},
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Error(diff)
	}
	broken := step("x", "y", .5, true, `{"candidates":3}`)
	if _, err := rules.RowsOf(runs.Run{Results: []runs.Result{{ID: "c", Steps: []runs.Step{broken}}}}); err == nil || !strings.Contains(err.Error(), "case c, step 1") {
		t.Errorf("%v", err)
	}
}

// What each rule sends of drafts that differ in one thing.
func TestRulesDecide(t *testing.T) {
	t.Parallel()
	plain := rules.Row{Right: true, Confidence: .5, Threshold: .7, Rests: true, Dense: new(.1), Lexical: new(.1), Self: new(.5), Failed: 2, Same: 3}
	for name, c := range map[string]struct {
		with func(*rules.Row)
		sent []string
	}{
		"nothing speaks for it": {func(*rules.Row) {}, nil},
		"likely right":          {func(r *rules.Row) { r.Confidence = .7 }, []string{rules.Recado}},
		"near":                  {func(r *rules.Row) { r.Dense = new(.3) }, []string{"cosine of at least 0.30"}},
		"the same words":        {func(r *rules.Row) { r.Lexical = new(.25) }, []string{"top score of at least 0.20"}},
		"boasting":              {func(r *rules.Row) { r.Self = new(.85) }, []string{"self-reported 0.85"}},
		"one failure":           {func(r *rules.Row) { r.Failed = 1 }, []string{"two failures"}},
		"asked twice":           {func(r *rules.Row) { r.Same = 2 }, []string{"same thing three times"}},
		"an order":              {func(r *rules.Row) { r.Rests, r.Dense = false, nil }, []string{"cosine of at least 0.30", "top score of at least 0.20"}},
	} {
		row := plain
		c.with(&row)
		var sent []string
		for _, o := range rules.Run([]rules.Row{row, plain}).Rules {
			if o.Sent.Value == .5 {
				sent = append(sent, o.Name)
			}
		}
		if diff := cmp.Diff(c.sent, sent); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// log draws drafts whose confidence is calibrated, and whose other scores say less.
func log(n int) []rules.Row {
	r := rand.New(rand.NewPCG(1, 1))
	rows := make([]rules.Row, n)
	for i := range rows {
		p := r.Float64()
		blur := func(by float64) *float64 { return new(min(1, max(0, p*(1-by)+by*r.Float64()))) }
		rows[i] = rules.Row{
			Case: fmt.Sprint(i), Group: fmt.Sprint(i / 2), Right: r.Float64() < p, Confidence: p, Threshold: .8, Rests: true,
			Dense: blur(.6), Lexical: blur(.8), Failed: r.IntN(3), Same: 1 + r.IntN(2),
		}
	}
	return rows
}

func TestBenchmark(t *testing.T) {
	t.Parallel()
	b := rules.Run(log(1000))
	if b.Drafts != 1000 || b.Groups != 500 || len(b.Rules) != 6 {
		t.Fatalf("%d drafts, %d groups, %d rules", b.Drafts, b.Groups, len(b.Rules))
	}
	own, cosine, self, failures := b.Rules[0], b.Rules[1], b.Rules[2], b.Rules[4]
	if own.Risk.Value > .15 || own.AURC.Value >= cosine.AURC.Value || *cosine.RiskAtSame <= own.Risk.Value || *cosine.SentAtSame >= own.Sent.Value {
		t.Errorf("own %+v cosine %+v", own.Sent, cosine.Sent)
	}
	if self.Note == "" || len(self.Curve) != 0 || self.Risk != nil {
		t.Errorf("the model said nothing of itself: %+v", self)
	}
	if failures.AURC != nil || failures.Risk == nil || failures.RiskAtSame != nil {
		t.Errorf("no score: %+v", failures)
	}
	for _, o := range b.Rules {
		if !slices.IsSortedFunc(o.Curve, func(a, b rules.Point) int { return int(1e6 * (a.Sent - b.Sent)) }) {
			t.Errorf("%s: the curve turns back", o.Name)
		}
	}
	var table, again, picture, file bytes.Buffer
	if err := errors.Join(b.WriteTable(&table), rules.Run(log(1000)).WriteTable(&again), b.WriteSVG(&picture), b.WriteJSON(&file)); err != nil {
		t.Fatal(err)
	}
	if table.String() != again.String() || !strings.Contains(table.String(), "LibreDesk") || !strings.Contains(table.String(), "Nothing in this log tells") {
		t.Error(table.String())
	}
	if n := strings.Count(picture.String(), "<polyline"); n != 3 || strings.Contains(picture.String(), "NaN") {
		t.Errorf("%d curves", n)
	}
	wellFormed(t, &picture)
}

func wellFormed(t *testing.T, r io.Reader) {
	t.Helper()
	decoder := xml.NewDecoder(r)
	for {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func TestBenchmarkOfNothing(t *testing.T) {
	t.Parallel()
	b := rules.Run(nil)
	var table, picture, file bytes.Buffer
	if err := errors.Join(b.WriteTable(&table), b.WriteSVG(&picture), b.WriteJSON(&file)); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(table.String(), "nothing to hold rules against") || strings.Contains(picture.String(), "NaN") {
		t.Errorf("%s%s", table.String(), picture.String())
	}
	wellFormed(t, &picture)
}
