package main

import (
	"io"
	"io/fs"
	"testing"
	"testing/fstest"
	"time"

	"github.com/recado/recado/evals/runner"
	"github.com/recado/recado/evals/runs"
	"github.com/recado/recado/evals/suite"
	"github.com/recado/recado/internal/demoshop"
)

// stageClock is when the cases of these tests begin.
func stageClock() time.Time { return time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC) }

// staged is a suite of the demo shop whose customer is the demo's.
func staged(cases ...suite.Case) suite.Suite {
	s := suite.Suite{Name: "stage"}
	for _, c := range cases {
		c.Language, c.Clock, c.Group, c.File = "es", stageClock(), c.ID, "stage.yaml"
		c.Customer = suite.Customer{Phone: demoshop.DemoPhone, Name: demoshop.DemoName}
		s.Cases = append(s.Cases, c)
	}
	return s
}

// oneFile is a suite of one file.
func oneFile(text string) fs.FS { return fstest.MapFS{"s.yaml": {Data: []byte(text)}} }

// playSuite runs the suite through the whole gateway and gives the results by case.
func playSuite(t *testing.T, s suite.Suite) map[string]runs.Result {
	t.Helper()
	return playOn(t, "gateway", s)
}

// playOn runs the suite through a system.
func playOn(t *testing.T, system string, s suite.Suite) map[string]runs.Result {
	t.Helper()
	e, err := openEvalShop(t.Context(), console{out: io.Discard, err: io.Discard, env: func(string) string { return "" }}, settings{Zone: time.UTC, Locale: "es"}, suite.Shop{}, ".", false, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.closers.close(nil); err != nil {
			t.Error(err)
		}
	})
	st, err := runFlags{system: system, parallel: 2}.open(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	run, err := runner.Run(t.Context(), runner.Config{Suite: s, System: st})
	if err != nil {
		t.Fatal(err)
	}
	results := map[string]runs.Result{}
	for _, r := range run.Results {
		results[r.ID] = r
	}
	return results
}

func TestTheStage(t *testing.T) {
	t.Parallel()
	one := 1
	none := 0
	order := demoshop.DemoShippedOrder
	cases := []suite.Case{
		{ID: "question", Steps: []suite.Step{{
			Say:    []string{"¿Cuánto tardan los reembolsos?"},
			Expect: suite.Expect{Decision: []string{"reply"}, Says: []suite.Fact{{"días hábiles"}}, Replies: &one},
		}}},
		{ID: "burst", Steps: []suite.Step{{
			Say:    []string{"Hola", "¿Dónde está mi pedido " + order + "?"},
			Expect: suite.Expect{Decision: []string{"reply"}, Says: []suite.Fact{{"Alcor"}}, Replies: &one},
		}, {
			Again:  3,
			Expect: suite.Expect{Replies: &none},
		}}},
		{ID: "person", Steps: []suite.Step{
			{Say: []string{"Quiero hablar con una persona"}, Expect: suite.Expect{Decision: []string{"handoff"}, Reason: []string{"asked_for_human"}}},
			{Agent: "take"},
			{Agent: "say", Text: "Hola, soy Eva.", Expect: suite.Expect{Says: []suite.Fact{{"soy Eva"}}, Replies: &one}},
			{Say: []string{"¿Cuánto tardan los reembolsos?"}, Expect: suite.Expect{Replies: &none}},
			{Agent: "resolve"},
			{Say: []string{"¿Cuánto tardan los reembolsos?"}, Expect: suite.Expect{Decision: []string{"reply"}}},
		}},
		{ID: "return", Steps: []suite.Step{
			{Say: []string{"Quiero devolver el hervidor"}, Expect: suite.Expect{
				Decision: []string{"propose"}, Actions: []suite.Action{{Kind: "start_return", Outcome: "proposed"}},
			}},
			{Tap: "1", Expect: suite.Expect{Actions: []suite.Action{{Kind: "start_return", Outcome: "done"}}}},
		}},
		{ID: "down", Steps: []suite.Step{
			{Down: "model"},
			{Say: []string{"¿Cuánto tardan los reembolsos?"}, Expect: suite.Expect{Decision: []string{"handoff"}, Reason: []string{"model_unavailable"}}},
			{Up: "model"},
		}},
		{ID: "wrong", Steps: []suite.Step{{
			Say: []string{"¿Cuánto tardan los reembolsos?"}, Expect: suite.Expect{Decision: []string{"handoff"}},
		}}},
	}
	results := playSuite(t, staged(cases...))
	for _, c := range cases {
		r := results[c.ID]
		if want := c.ID != "wrong"; r.Passed != want || r.Skipped != "" || r.Outage != "" {
			t.Errorf("%s: passed %v, skipped %q, outage %q", c.ID, r.Passed, r.Skipped, r.Outage)
			for _, s := range r.Steps {
				t.Logf("%s %q -> %s %s %v %v", s.Did, s.Said, s.Decision, s.Reason, s.Replies, s.Actions)
				for _, check := range s.Checks {
					if !check.OK {
						t.Logf("   %s: want %s, got %s", check.Name, check.Want, check.Got)
					}
				}
			}
		}
	}
}
