package label

import (
	"encoding/json"
	"fmt"

	"github.com/recado/recado/evals"
	"github.com/recado/recado/evals/runs"
	"github.com/recado/recado/gateway"
	"github.com/recado/recado/rag/pii"
)

// FromRun makes lines of what a run of a suite found: whether the draft of each step was
// right is what the checks of the case say. A step without a draft that could have been
// sent is a line that is not answered, and one that a rule decided is left out. texts adds
// the question and the draft, masked.
//
// They speak of cases like those of the suite, which somebody wrote and nobody drew.
func FromRun(run runs.Run, texts bool) ([]Line, error) {
	var lines []Line
	for _, result := range run.Results {
		if result.Skipped != "" || result.Outage != "" {
			continue
		}
		for i, step := range result.Steps {
			if len(step.Record) == 0 || len(step.Expected) == 0 {
				continue // no turn, or nobody said what should have come of it
			}
			var r gateway.Record
			if err := json.Unmarshal(step.Record, &r); err != nil {
				return nil, fmt.Errorf("case %s: the record of step %d can't be read: %w", result.ID, i+1, err)
			}
			if evals.Fixed(r) {
				continue
			}
			lines = append(lines, suiteLine(run, result, i, r, texts))
		}
	}
	return lines, nil
}

func suiteLine(run runs.Run, result runs.Result, i int, r gateway.Record, texts bool) Line {
	step := result.Steps[i]
	l := recordLine(r)
	l.ID, l.Group, l.Locale = fmt.Sprintf("%s#%d.%d", result.ID, result.Try, i+1), result.Group, result.Language
	l.Source, l.At, l.Right = "suite "+run.Suite, run.Started, step.Scored && step.DraftRight
	l.Answered = step.Scored
	if texts {
		vault := pii.NewVault(nil)
		l.Question, l.Draft = masked(vault, r.Asked()), masked(vault, r.Draft.Answer)
	}
	return l
}
