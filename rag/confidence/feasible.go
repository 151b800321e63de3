package confidence

import (
	"cmp"
	"fmt"
)

// Feasibility says what any threshold, and any other rule, could reach.
type Feasibility struct {
	// BaseError is the share of drafts that are wrong, Alpha what may be.
	BaseError, Alpha float64
	// Coverage is the greatest share of drafts that can be sent within Alpha by a
	// rule that knows which are right.
	Coverage float64
}

// Feasible tells how much can be sent at most: of the drafts with the base error mu,
// (1-mu)/(1-alpha) when alpha is a share of the answers (arXiv:2606.29054), and
// 1-mu+alpha when it is one of all cases.
func (t Terms) Feasible(cases []Scored) Feasibility {
	drafts, wrong := 0, 0
	for _, c := range cases {
		if c.Answered {
			drafts++
			if !c.Right {
				wrong++
			}
		}
	}
	f := Feasibility{Alpha: t.Alpha, Coverage: 1}
	if drafts == 0 {
		return f
	}
	f.BaseError = float64(wrong) / float64(drafts)
	if cmp.Or(t.Promise, Marginal) == Selective {
		f.Coverage = min(1, (1-f.BaseError)/(1-t.Alpha))
		return f
	}
	// The share alpha is one of all cases, of which some have no draft.
	f.Coverage = min(1, 1-f.BaseError+t.Alpha*float64(len(cases))/float64(drafts))
	return f
}

// String says it in a sentence.
func (f Feasibility) String() string {
	if f.Coverage >= 1 {
		return fmt.Sprintf("Base error %.0f %%: at %.0f %% every draft could be sent.", 100*f.BaseError, 100*f.Alpha)
	}
	return fmt.Sprintf("No threshold can send everything: base error %.0f %%, at most %.0f %% coverage.", 100*f.BaseError, 100*f.Coverage)
}

// CostThreshold is the probability from which on sending is cheaper than a person,
// when a wrong answer costs wrong and a handoff costs handoff (Chow, "On optimum
// recognition error and reject tradeoff", 1970). It is 0 when a handoff costs more
// than a wrong answer.
func CostThreshold(wrong, handoff float64) float64 {
	if !(wrong > 0) || !(handoff > 0) {
		return 0
	}
	return max(0, 1-handoff/wrong)
}
