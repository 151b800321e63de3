package runs_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/evals/runs"
)

// TestCauseIsWhereACaseWentWrongFirst has a turn for each cause, with what a record tells of it.
func TestCauseIsWhereACaseWentWrongFirst(t *testing.T) {
	t.Parallel()
	docs := []string{"returns"}
	handed := func(s runs.Step) runs.Step {
		s.Decision, s.Expected = "handoff", []string{"reply"}
		s.Checks = []runs.Check{check("decision", false), check("says", false), check("language", true)}
		s.Relevant = docs
		return s
	}
	answered := func(s runs.Step, failed ...string) runs.Step {
		s.Decision, s.Expected, s.Relevant = "reply", []string{"reply"}, docs
		s.Found, s.Used = docs, docs
		for _, name := range failed {
			s.Checks = append(s.Checks, check(name, false))
		}
		return s
	}
	open := runs.Step{Decision: "reply", Expected: []string{"handoff"}, Checks: []runs.Check{check("decision", false), check("reason", false)}}
	for want, step := range map[runs.Cause]runs.Step{
		runs.NotFound:      handed(runs.Step{Found: []string{"other"}, Rule: "model_abstained"}),
		runs.NotRead:       handed(runs.Step{Found: []string{"other", "returns"}, Used: []string{"other"}, Scored: true}),
		runs.NoDraft:       handed(runs.Step{Found: docs, Used: docs, Rule: "model_abstained"}),
		runs.ByRule:        handed(runs.Step{Found: docs, Used: docs, Rule: "triage", Draft: "30 days."}),
		runs.HeldRight:     handed(runs.Step{Found: docs, Used: docs, Rule: "confidence", Draft: "30 days.", Scored: true, DraftRight: true}),
		runs.HeldWrong:     handed(runs.Step{Found: docs, Used: docs, Rule: "confidence", Draft: "3 days.", Scored: true}),
		runs.OtherDocument: answered(runs.Step{Cited: []string{"refunds"}}, "says", "sources"),
		runs.LeftOut:       answered(runs.Step{Cited: docs}, "says"),
		runs.NotHandedOff:  open,
		runs.OtherDecision: answered(runs.Step{}, "reason"),
		runs.ForbiddenSaid: answered(runs.Step{Cited: docs}, "says", "never"),
		runs.WrongAction:   answered(runs.Step{}, "orders", "decision"),
		runs.PoorForm:      answered(runs.Step{Cited: docs}, "length"),
		runs.PoorTalk:      answered(runs.Step{}, "ending", "actions", "orders"),
		runs.NoAnswer:      {Expected: []string{"reply"}, Checks: []runs.Check{check("endpoint", false)}},
		runs.ByJudge:       answered(runs.Step{Cited: docs}, "judge"),
	} {
		well := runs.Step{Decision: "reply", Checks: []runs.Check{check("language", true)}}
		if got := runs.CauseOf(runs.Result{Steps: []runs.Step{well, step}}); got != want {
			t.Errorf("the cause is %q, want %q", got, want)
		}
	}
}

func TestCausesAreCountedOfWhatFailed(t *testing.T) {
	t.Parallel()
	bad := func(name string) runs.Result {
		return runs.Result{Steps: []runs.Step{{Decision: "reply", Checks: []runs.Check{check(name, false)}}}}
	}
	away, skipped, well := bad("says"), bad("says"), runs.Result{Passed: true}
	away.Outage, skipped.Skipped = "the model is away", "there is no desk"
	got := runs.Causes([]runs.Result{bad("length"), bad("never"), bad("language"), away, skipped, well})
	if diff := cmp.Diff([]runs.Caused{{runs.PoorForm, 2}, {runs.ForbiddenSaid, 1}}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
