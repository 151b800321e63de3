package runner

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/recado/recado/evals/judge"
	"github.com/recado/recado/evals/runs"
	"github.com/recado/recado/evals/suite"
)

// Judge finds statements about replies true or false; judge.Panel is one.
type Judge interface {
	// Name says who judges, and how.
	Name() string
	Judge(ctx context.Context, c judge.Claim) (judge.Verdict, error)
}

// judgement is what became of the statements about a reply: the checks that a judge made, how many
// nobody judged, and what judging took.
type judgement struct {
	checks []runs.Check
	left   int
	spent  runs.Usage
}

// Spent is what a judge took, as runs keep it.
func Spent(s judge.Spent) runs.Usage {
	return runs.Usage{Calls: s.Calls, InputTokens: s.Usage.InputTokens, OutputTokens: s.Usage.OutputTokens, CostMicros: s.Usage.CostMicros}
}

// judged has the statements about a step judged. More than half of the votes decide, and their
// share is the score. Where a statement is expected to hold and nothing was said, it does not.
func (s *state) judged(ctx context.Context, c suite.Case, step suite.Step, o Outcome, seen *heard) (j judgement, err error) {
	if s.Judge == nil {
		return judgement{left: len(step.Expect.Judge)}, nil
	}
	var spent judge.Spent
	for _, statement := range step.Expect.Judge {
		if len(o.Replies) == 0 {
			j.checks = append(j.checks, runs.Check{Name: "judge", Want: statement, Got: "no reply"})
			continue
		}
		v, err := s.Judge.Judge(ctx, judge.Claim{
			Language: c.Language, Earlier: slices.Clone(seen.talk), Question: joined(step.Say), Reply: texts(o.Replies), Statement: statement,
		})
		if err != nil {
			return judgement{}, fmt.Errorf("%w: the judge: %w", ErrOutage, err)
		}
		spent.Add(v.Spent)
		j.checks = append(j.checks, runs.Check{Name: "judge", OK: v.Holds(), Want: statement, Got: votes(v), Score: v.Score()})
	}
	j.spent = Spent(spent)
	return j, nil
}

// votes writes how the votes fell, and why: "2 of 3 votes, 1 undecided: The reply names a date.".
func votes(v judge.Verdict) string {
	text := fmt.Sprintf("%d of %d votes", v.Yes, v.Votes)
	if v.Split > 0 {
		text += fmt.Sprintf(", %d undecided", v.Split)
	}
	if v.Reason != "" {
		text += ": " + v.Reason
	}
	return text
}

// hear keeps what was said in a step, for what is judged later.
func (h *heard) hear(step suite.Step, o Outcome) {
	for _, text := range step.Say {
		h.talk = append(h.talk, "customer: "+text)
	}
	for _, r := range o.Replies {
		h.talk = append(h.talk, "shop: "+r.Text)
	}
}

func joined(texts []string) string { return strings.Join(texts, "\n") }
