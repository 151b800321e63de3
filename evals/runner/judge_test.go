package runner_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/evals/judge"
	"github.com/recado/recado/evals/runner"
	"github.com/recado/recado/evals/runs"
	"github.com/recado/recado/evals/suite"
	"github.com/recado/recado/gateway"
	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/action"
)

// listening is a judge that keeps what it is asked, and finds all of it true, or is away.
type listening struct {
	claims []judge.Claim
	err    error
}

func (*listening) Name() string { return "listening" }

func (l *listening) Judge(_ context.Context, c judge.Claim) (judge.Verdict, error) {
	l.claims = append(l.claims, c)
	return judge.Verdict{Yes: 2, Split: 1, Votes: 3, Reason: "So it is.", Spent: judge.Spent{Calls: 6, Usage: rag.Usage{InputTokens: 60, OutputTokens: 12, CostMicros: 9}}}, l.err
}

func asking(c runner.Config) runner.Config {
	c.Suite = one(suite.Expect{})
	c.Suite.Cases[0].Steps = []suite.Step{
		{Say: []string{"Hola"}, Line: 4}, {Say: []string{"¿Cuánto tarda?", "El reembolso"}, Line: 5, Expect: suite.Expect{Judge: []string{"Es amable.", "Dice un plazo."}}},
	}
	return c
}

// Who judges hears the conversation before, and says why.
func TestAJudgeHearsTheConversation(t *testing.T) {
	t.Parallel()
	l := &listening{}
	run, err := runner.Run(t.Context(), asking(runner.Config{Judge: l, System: &scripted{do: func(suite.Case, suite.Step) (runner.Outcome, error) {
		return replied("De 5 a 10 días hábiles."), nil
	}}}))
	if err != nil {
		t.Fatal(err)
	}
	want := []judge.Claim{
		{Language: "es", Earlier: []string{"customer: Hola", "shop: De 5 a 10 días hábiles."}, Question: "¿Cuánto tarda?\nEl reembolso", Reply: "De 5 a 10 días hábiles.", Statement: "Es amable."},
		{Language: "es", Earlier: []string{"customer: Hola", "shop: De 5 a 10 días hábiles."}, Question: "¿Cuánto tarda?\nEl reembolso", Reply: "De 5 a 10 días hábiles.", Statement: "Dice un plazo."},
	}
	if diff := cmp.Diff(want, l.claims); diff != "" {
		t.Error(diff)
	}
	last := run.Results[0].Steps[1]
	check := last.Checks[len(last.Checks)-1]
	if run.Judge != "listening" || check.Got != "2 of 3 votes, 1 undecided: So it is." || check.Score != 2.5/3 || !check.OK || last.Unjudged != 0 {
		t.Errorf("%q, %+v", run.Judge, check)
	}
	// Two statements.
	if want := (runs.Usage{Calls: 12, InputTokens: 120, OutputTokens: 24, CostMicros: 18}); last.JudgeUsage != want || last.Usage != (runs.Usage{}) {
		t.Errorf("judging took %+v, and answering %+v", last.JudgeUsage, last.Usage)
	}
}

func TestStatementsWithoutAJudgeOrAReply(t *testing.T) {
	t.Parallel()
	run, err := runner.Run(t.Context(), asking(runner.Config{System: &scripted{do: func(suite.Case, suite.Step) (runner.Outcome, error) {
		return replied("De 5 a 10 días hábiles."), nil
	}}}))
	if err != nil || run.Judge != "" || run.Results[0].Steps[0].Unjudged != 0 || run.Results[0].Steps[1].Unjudged != 2 {
		t.Errorf("%+v, %v", run.Results[0].Steps, err)
	}
	l := &listening{}
	run, err = runner.Run(t.Context(), asking(runner.Config{Judge: l, System: &scripted{do: func(suite.Case, suite.Step) (runner.Outcome, error) {
		return runner.Outcome{}, nil
	}}}))
	if err != nil || run.Results[0].Passed || len(l.claims) != 0 {
		t.Errorf("nothing was said, and it was judged: %+v, %v", run.Results[0], err)
	}
	l.err = errors.New("no connection")
	run, err = runner.Run(t.Context(), asking(runner.Config{Judge: l, System: &scripted{do: func(suite.Case, suite.Step) (runner.Outcome, error) {
		return replied("De 5 a 10 días hábiles."), nil
	}}}))
	if err != nil || !strings.Contains(run.Results[0].Outage, "the judge: no connection") {
		t.Errorf("%q, %v", run.Results[0].Outage, err)
	}
}

// Look-ups are actions where a suite expects some, and no change of an order where it does not.
func TestLookUpsAreActions(t *testing.T) {
	t.Parallel()
	looked := replied("Llega el martes.")
	looked.Records[0].Receipts = []action.Receipt{
		{Kind: action.Tracking, Order: "#1042", Outcome: action.Done},
		{Kind: action.Invoice, Order: "#1042", Outcome: action.Refused, Reason: action.RuleLevel},
		{Kind: action.Cancel, Order: "#1042", Outcome: action.Done, CommandID: "c1"},
	}
	looked.Actions = runner.Reads(looked.Records[0])
	for name, c := range map[string]struct {
		want []suite.Action
		fail bool
	}{
		"nothing":      {[]suite.Action{}, false},
		"both":         {[]suite.Action{{Kind: "tracking", Order: "#1042", Outcome: "read"}, {Kind: "invoice", Order: "#1042", Outcome: "refused"}}, false},
		"any outcome":  {[]suite.Action{{Kind: "tracking"}, {Kind: "invoice"}}, false},
		"one of both":  {[]suite.Action{{Kind: "tracking", Order: "#1042", Outcome: "read"}}, true},
		"another":      {[]suite.Action{{Kind: "tracking", Order: "#1043", Outcome: "read"}, {Kind: "invoice"}}, true},
		"a change too": {[]suite.Action{{Kind: "cancel_order", Order: "#1042", Outcome: "sent"}}, true},
	} {
		got, r := failed(t, one(suite.Expect{Actions: c.want}), &scripted{do: func(suite.Case, suite.Step) (runner.Outcome, error) { return looked, nil }})
		if len(r.Steps[0].Actions) != 2 || (len(got) > 0) != c.fail || c.fail && got[0] != "actions" {
			t.Errorf("%s: %v of %+v", name, got, r.Steps[0].Actions)
		}
	}
	if list := runner.Reads(gateway.Record{}); len(list) != 0 {
		t.Errorf("%+v", list)
	}
}
