package runs

import (
	"fmt"
	"slices"
	"strings"

	"github.com/recado/recado/evals/stats"
)

// Names are those that a threshold may use: each metric, and of those that come in several
// kinds the usual ones.
func Names() []string {
	list := []string{
		Passed, WeightedPassed, Answered, AnsweredWrong, Coverage, HandoffRecall, NeedlessHandoff, DecisionAccuracy,
		AUROC, AURC, ExcessAURC, CalibrationError, CalibrationNull, Brier, Cost, NDCG, Recall1, Recall5, Recall10, MRR,
		ContextPrecision, FactRecall, Forbidden, Grounded, Sources, Language, Length, OneBubble, Reason, Actions, EndState,
		AskedOnce, Ending, Turns, Untouched, Judge, Masked, Safety, ParityGap, LatencyP50, LatencyP95, LatencyP99, TokensIn, TokensOut, Calls, CostMicros,
		JudgeTokensIn, JudgeTokensOut, JudgeCalls, JudgeCostMicros,
	}
	for _, name := range []string{Passed, Judge} {
		list = append(list, name+Corrected, name+Agreement, name+Kappa)
	}
	for _, risk := range stats.Risks {
		list = append(list, CoverageAtRisk+fmt.Sprintf("%.0f", 100*risk))
	}
	for k := 2; k <= 10; k++ {
		list = append(list, PassAll+fmt.Sprint(k))
	}
	return list
}

// Shares are the names of figures between 0 and 1, for a threshold that asks for 90 in place of 0.9.
func Shares() []string {
	return slices.DeleteFunc(Names(), func(name string) bool {
		switch name {
		case Cost, LatencyP50, LatencyP95, LatencyP99, TokensIn, TokensOut, Calls, CostMicros:
			return true
		}
		return strings.HasSuffix(name, Kappa)
	})
}
