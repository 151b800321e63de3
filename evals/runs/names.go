package runs

import (
	"fmt"

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
