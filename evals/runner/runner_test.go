package runner_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/evals/judge"
	"github.com/recado/recado/evals/runner"
	"github.com/recado/recado/evals/runs"
	"github.com/recado/recado/evals/suite"
	"github.com/recado/recado/gateway"
	"github.com/recado/recado/rag"
)

// scripted is a system that says what a test wants, by case.
type scripted struct {
	mu    sync.Mutex
	begun []string
	do    func(c suite.Case, s suite.Step) (runner.Outcome, error)
	order map[string]string
}

func (*scripted) Name() string        { return "scripted" }
func (*scripted) Model() string       { return "none" }
func (*scripted) Fingerprint() string { return "f1" }

func (s *scripted) Begin(_ context.Context, c suite.Case) (runner.Talk, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begun = append(s.begun, c.ID)
	return talk{s, c}, nil
}

type talk struct {
	*scripted
	c suite.Case
}

func (t talk) Do(_ context.Context, s suite.Step) (runner.Outcome, error) { return t.do(t.c, s) }

func (t talk) Order(context.Context, string) (map[string]string, bool, error) {
	if t.order == nil {
		return nil, false, runner.ErrCannot
	}
	return t.order, true, nil
}

func (talk) End() error { return nil }

// replied is a reply that was sure enough.
func replied(text string) runner.Outcome {
	return runner.Outcome{
		Replies: []runs.Reply{{Text: text}},
		Records: []gateway.Record{{
			ID: "0195f3c2-7d1c-7a3e-9f64-5b1d2c3e4f50", Outcome: gateway.OutcomeCommitted, Calibration: "c",
			Decision: gateway.Decision{Kind: gateway.DecideReply, Rule: "confidence"}, Confidence: .9, Threshold: .5,
			Draft:      rag.Draft{Answer: text, Citations: []string{"policies/es/refunds.md#1"}},
			Passages:   []rag.Passage{{ID: "policies/es/refunds.md#1", DocumentID: "policies/es/refunds.md"}},
			Candidates: []rag.Candidate{{DocumentID: "policies/es/refunds.md"}},
			Checks:     []rag.Check{{Name: "numbers", OK: true}}, Stages: []rag.Stage{{Name: "turn", Took: time.Second}},
		}},
		Took: time.Second,
	}
}

// one is a suite of a single question.
func one(e suite.Expect) suite.Suite {
	return suite.Suite{Name: "one", Cases: []suite.Case{{
		ID: "q/es", Group: "q", Language: "es", File: "one.yaml", Line: 3,
		Steps: []suite.Step{{Say: []string{"¿Cuánto tarda el reembolso?"}, Line: 4, Expect: e}},
	}}}
}

// failed are the checks of a run that did not hold, by name.
func failed(t *testing.T, s suite.Suite, system runner.System) (names []string, r runs.Result) {
	t.Helper()
	run, err := runner.Run(t.Context(), runner.Config{Suite: s, System: system})
	if err != nil || len(run.Results) != 1 {
		t.Fatalf("%d results, %v", len(run.Results), err)
	}
	r = run.Results[0]
	for _, step := range r.Steps {
		for _, c := range step.Checks {
			if !c.OK {
				names = append(names, c.Name)
			}
		}
	}
	if r.Passed != (len(names) == 0) {
		t.Errorf("passed %v with %v", r.Passed, names)
	}
	return names, r
}

func TestChecks(t *testing.T) {
	t.Parallel()
	zero := 0
	refund := "El reembolso tarda de 5 a 10 días hábiles."
	tests := map[string]struct {
		expect suite.Expect
		say    string
		want   []string
	}{
		"right":           {suite.Expect{Decision: []string{"reply"}, Says: []suite.Fact{{"5 a 10 dias"}}, Sources: []string{"refunds"}}, refund, nil},
		"one wording":     {suite.Expect{Says: []suite.Fact{{"una semana", "5 a 10 días"}}}, refund, nil},
		"missing fact":    {suite.Expect{Says: []suite.Fact{{"tarjeta"}}}, refund, []string{"says"}},
		"longer number":   {suite.Expect{Says: []suite.Fact{{"5 días"}}}, "Tarda 15 días en llegar a tu cuenta.", []string{"says"}},
		"forbidden":       {suite.Expect{Never: []suite.Fact{{"10 días"}}}, refund, []string{"never"}},
		"decision":        {suite.Expect{Decision: []string{"handoff", "clarify"}}, refund, []string{"decision"}},
		"reason":          {suite.Expect{Reason: []string{"legal"}}, refund, []string{"reason"}},
		"language":        {suite.Expect{}, "The refund takes from 5 to 10 working days to arrive.", []string{"language"}},
		"wanted language": {suite.Expect{Language: "en"}, "The refund takes from 5 to 10 working days to arrive.", nil},
		"sources":         {suite.Expect{Sources: []string{"shipping"}}, refund, []string{"sources"}},
		"length":          {suite.Expect{Length: 10}, refund, []string{"length"}},
		"replies":         {suite.Expect{Replies: &zero}, refund, []string{"replies"}},
		"actions":         {suite.Expect{Actions: []suite.Action{{Kind: "cancel_order"}}}, refund, []string{"actions"}},
		"no actions":      {suite.Expect{Actions: []suite.Action{}}, refund, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, _ := failed(t, one(test.expect), &scripted{do: func(suite.Case, suite.Step) (runner.Outcome, error) { return replied(test.say), nil }})
			if !cmp.Equal(got, test.want) {
				t.Errorf("%v failed, want %v", got, test.want)
			}
		})
	}
}

func TestPersonalDataInARecordFails(t *testing.T) {
	t.Parallel()
	s := one(suite.Expect{})
	s.Cases[0].Steps[0].Say = []string{"Mi tarjeta es 4111 1111 1111 1111, ¿cuánto tarda el reembolso?"}
	for kept, want := range map[string][]string{"[[CARD_1]]": nil, "4111 1111 1111 1111": {"masked"}} {
		got, _ := failed(t, s, &scripted{do: func(suite.Case, suite.Step) (runner.Outcome, error) {
			o := replied("El reembolso tarda de 5 a 10 días hábiles.")
			o.Records[0].Messages = []string{kept}
			return o, nil
		}})
		if !cmp.Equal(got, want) {
			t.Errorf("with %q kept, %v failed", kept, got)
		}
	}
}

func TestAQuestionAskedTwiceFails(t *testing.T) {
	t.Parallel()
	s := one(suite.Expect{})
	s.Cases[0].Steps = append(s.Cases[0].Steps, s.Cases[0].Steps[0])
	got, _ := failed(t, s, &scripted{do: func(suite.Case, suite.Step) (runner.Outcome, error) {
		return replied("Claro que sí. ¿De qué pedido hablas?"), nil
	}})
	if !cmp.Equal(got, []string{"asked_twice"}) {
		t.Errorf("%v failed", got)
	}
}

func TestOrdersAfterwards(t *testing.T) {
	t.Parallel()
	s := one(suite.Expect{Orders: map[string]map[string]string{"#1": {"status": "cancelled"}}})
	say := func(suite.Case, suite.Step) (runner.Outcome, error) {
		return replied("El pedido está cancelado."), nil
	}
	tests := []struct {
		order map[string]string
		want  []string
	}{
		{map[string]string{"status": "cancelled"}, nil},
		{map[string]string{"status": "paid"}, []string{"orders"}},
		// What a system can't show is not its failure.
		{nil, nil},
	}
	for _, test := range tests {
		if got, _ := failed(t, s, &scripted{do: say, order: test.order}); !cmp.Equal(got, test.want) {
			t.Errorf("%v: %v failed", test.order, got)
		}
	}
}

func TestWhatIsNotJudged(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		err             error
		skipped, outage bool
	}{{runner.ErrCannot, true, false}, {runner.ErrOutage, false, true}} {
		run, err := runner.Run(t.Context(), runner.Config{
			Suite:  one(suite.Expect{}),
			System: &scripted{do: func(suite.Case, suite.Step) (runner.Outcome, error) { return runner.Outcome{}, test.err }},
		})
		r := run.Results[0]
		if err != nil || run.Cases+run.Passed+run.Failed != 0 || (r.Skipped != "") != test.skipped || (r.Outage != "") != test.outage {
			t.Errorf("%v: %+v, %v", test.err, run, err)
		}
	}
}

// many is a suite of n questions, every third of which fails.
func many(n int) suite.Suite {
	s := suite.Suite{Name: "many", Clock: time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)}
	for i := range n {
		c := one(suite.Expect{Decision: []string{map[bool]string{true: "handoff", false: "reply"}[i%3 == 0]}}).Cases[0]
		c.ID = fmt.Sprintf("q%03d/es", i)
		s.Cases = append(s.Cases, c)
	}
	return s
}

func TestTheOrderAndTheBytesDoNotDependOnWhoIsFirst(t *testing.T) {
	t.Parallel()
	var first []byte
	for _, parallel := range []int{1, 2, 8} {
		run, err := runner.Run(t.Context(), runner.Config{
			Suite: many(40), Parallel: parallel, Repeat: 2, Untimed: true, Started: many(1).Clock,
			System: &scripted{do: func(suite.Case, suite.Step) (runner.Outcome, error) {
				return replied("De 5 a 10 días hábiles tarda el reembolso."), nil
			}},
		})
		if err != nil || run.Cases != 80 || run.Passed != 52 || !run.Complete {
			t.Fatalf("%d of %d passed, %v", run.Passed, run.Cases, err)
		}
		data, err := json.Marshal(run)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = data
		}
		if string(data) != string(first) {
			t.Errorf("with %d at once the run is another: %s", parallel, cmp.Diff(string(first), string(data)))
		}
	}
}

func TestAnInterruptedRunGoesOn(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	kept := map[string]runs.Result{}
	say := func(suite.Case, suite.Step) (runner.Outcome, error) {
		return replied("De 5 a 10 días hábiles tarda el reembolso."), nil
	}
	system := &scripted{do: say}
	config := runner.Config{Suite: many(30), System: system, Keep: func(r runs.Result) error {
		kept[runner.Key(r.ID, r.Try)] = r
		if len(kept) == 10 {
			cancel()
		}
		return nil
	}}
	run, err := runner.Run(ctx, config)
	if !errors.Is(err, context.Canceled) || run.Complete || len(run.Results) != len(kept) {
		t.Fatalf("%d results with %d kept, complete %v, %v", len(run.Results), len(kept), run.Complete, err)
	}
	again := &scripted{do: say}
	config.System, config.Done, config.Keep = again, kept, nil
	before := len(kept)
	run, err = runner.Run(t.Context(), config)
	if err != nil || !run.Complete || run.Cases != 30 || run.Passed != 20 || len(again.begun) != 30-before {
		t.Errorf("%d of %d passed, %d were run again, %v", run.Passed, run.Cases, len(again.begun), err)
	}
	for id := range kept {
		if slices.Contains(again.begun, strings.TrimSuffix(id, "#1")) {
			t.Errorf("%s was run a second time", id)
		}
	}
}

func TestAProviderThatStaysAwayEndsTheRun(t *testing.T) {
	t.Parallel()
	system := &scripted{do: func(suite.Case, suite.Step) (runner.Outcome, error) { return runner.Outcome{}, runner.ErrOutage }}
	run, err := runner.Run(t.Context(), runner.Config{Suite: many(200), System: system, Parallel: 1})
	if !errors.Is(err, runner.ErrProviderAway) || run.Complete || len(system.begun) > 40 {
		t.Errorf("%d cases were begun, %v", len(system.begun), err)
	}
}

// votes is a judge that finds a statement true so many times out of three.
type votes int

func (votes) Name() string { return "scripted, 3 votes" }

func (v votes) Judge(context.Context, judge.Claim) (judge.Verdict, error) {
	return judge.Verdict{Yes: int(v), Votes: 3}, nil
}

func TestAJudge(t *testing.T) {
	t.Parallel()
	for yes, want := range map[votes]bool{0: false, 1: false, 2: true, 3: true} {
		run, err := runner.Run(t.Context(), runner.Config{
			Suite: one(suite.Expect{Judge: []string{"Es amable."}}), Judge: yes,
			System: &scripted{do: func(suite.Case, suite.Step) (runner.Outcome, error) {
				return replied("Claro, tarda de 5 a 10 días hábiles."), nil
			}},
		})
		if err != nil || run.Results[0].Passed != want {
			t.Errorf("%d of 3: passed %v, %v", yes, run.Results[0].Passed, err)
		}
	}
}

func TestAnEndpoint(t *testing.T) {
	t.Parallel()
	answer := `{"replies":[{"text":"El reembolso tarda de 5 a 10 días hábiles."}],"decision":"reply","confidence":0.8,"threshold":0.5,"sources":["refunds.es.md"],"found":["refunds","returns"]}`
	var asked map[string]any
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer secret" {
			t.Error("no token was sent")
		}
		if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
			t.Error(err)
		}
		fmt.Fprint(w, answer)
	}))
	defer server.Close()
	system, err := runner.NewEndpoint(runner.EndpointConfig{URL: server.URL, Token: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	s := one(suite.Expect{Decision: []string{"reply"}, Says: []suite.Fact{{"5 a 10 días"}}, Sources: []string{"refunds"}})
	got, r := failed(t, s, system)
	step := r.Steps[0]
	if len(got) > 0 || !step.Scored || !step.DraftRight || step.Confidence != .8 || !cmp.Equal(step.Found, []string{"refunds", "returns"}) {
		t.Errorf("%v failed: %+v", got, step)
	}
	if asked["language"] != "es" || asked["case"] != "q/es" {
		t.Errorf("asked %v", asked)
	}
	if _, err := runner.NewEndpoint(runner.EndpointConfig{URL: "gatway"}); err == nil {
		t.Error("a word was taken for an address")
	}
}
