package runner

import (
	"context"
	"fmt"
	"strings"

	"github.com/recado/recado/evals/runs"
	"github.com/recado/recado/evals/suite"
)

// Claim is a statement about a reply.
type Claim struct {
	Language  string
	Question  string
	Reply     string
	Statement string
}

// Verdict is how a judge voted: Yes of Votes found the statement true.
type Verdict struct{ Yes, Votes int }

// Judge finds statements about replies true or false, as a model that is asked several
// times does.
type Judge interface {
	Judge(ctx context.Context, c Claim) (Verdict, error)
}

// judged are the checks that a judge makes. The majority decides; the share is the score.
func (s *state) judged(ctx context.Context, c suite.Case, step suite.Step, o Outcome) ([]runs.Check, error) {
	if s.Judge == nil || len(o.Replies) == 0 {
		return nil, nil
	}
	var list []runs.Check
	for _, statement := range step.Expect.Judge {
		v, err := s.Judge.Judge(ctx, Claim{Language: c.Language, Question: joined(step.Say), Reply: texts(o.Replies), Statement: statement})
		if err != nil {
			return nil, fmt.Errorf("%w: the judge: %w", ErrOutage, err)
		}
		list = append(list, runs.Check{
			Name: "judge", OK: 2*v.Yes > v.Votes, Want: statement, Got: fmt.Sprintf("%d of %d votes", v.Yes, v.Votes),
			Score: float64(v.Yes) / float64(max(1, v.Votes)),
		})
	}
	return list, nil
}

func joined(texts []string) string { return strings.Join(texts, "\n") }
