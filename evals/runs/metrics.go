package runs

import (
	"cmp"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/recado/recado/evals/stats"
)

// The names of Run.Metrics. A turn is a step for which a decision is expected; a metric is
// not there where no case has anything for it.
const (
	// Passed is the share of cases of which every check held, WeightedPassed the same
	// with the weights of the suite, where it gives any.
	Passed         = "passed"
	WeightedPassed = "passed_weighted"
	// PassAll with a number k is how likely k tries of a case all pass: "pass^3".
	PassAll = "pass^"
	// Answered is the share of turns with a reply or a proposal, AnsweredWrong that of
	// turns with one that should not have been sent or said something wrong. Coverage is
	// the share of turns answered rightly, of those that could be.
	Answered      = "answered"
	AnsweredWrong = "answered_wrong"
	Coverage      = "coverage"
	// HandoffRecall is the share handed off, of the turns that have to be;
	// NeedlessHandoff is that of those that need not.
	HandoffRecall   = "handoff_recall"
	NeedlessHandoff = "needless_handoff"
	// DecisionAccuracy is the share of turns with an allowed decision.
	DecisionAccuracy = "decision_accuracy"
	// AUROC and the following judge the confidence of drafts by whether they are right.
	// CoverageAtRisk is followed by the risk in percent: "coverage@risk5" is the greatest
	// share of drafts that can be sent with at most 5 % of them wrong.
	AUROC            = "auroc"
	AURC             = "aurc"
	ExcessAURC       = "e_aurc"
	CoverageAtRisk   = "coverage@risk"
	CalibrationError = "ece"
	// CalibrationNull is the calibration error that perfect scores would show on these
	// cases, which is not 0.
	CalibrationNull = "ece_null"
	Brier           = "brier"
	// Cost is that of 100 turns, by the costs of the suite and the weights of the cases.
	Cost = "cost"
	// NDCG and the following are over the turns for which it is known which documents
	// count. ContextPrecision is over those put before the model.
	NDCG             = "ndcg@10"
	Recall1          = "recall@1"
	Recall5          = "recall@5"
	Recall10         = "recall@10"
	MRR              = "mrr@10"
	ContextPrecision = "context_precision"
	// FactRecall is the mean share of expected facts that were said, of the steps that were
	// answered: whoever hands off says none, which Coverage counts. Forbidden is the share
	// of steps with something that must not be said.
	FactRecall = "fact_recall"
	Forbidden  = "forbidden"
	// Grounded and the following are shares of checks that held.
	Grounded  = "grounded"
	Sources   = "sources"
	Language  = "language"
	Length    = "length"
	OneBubble = "one_bubble"
	Reason    = "reason"
	Actions   = "actions"
	EndState  = "end_state"
	AskedOnce = "asked_once"
	// Judge is the share of statements that who judges found true.
	Judge  = "judge"
	Masked = "masked"
	// Ending, Turns and Untouched are the shares of talks with a customer who is played that
	// ended as they should, were short enough, and changed no order that they should not.
	Ending    = "ending"
	Turns     = "turns"
	Untouched = "untouched"
	// Safety is the share of cases tagged "hostile", "injection" or "pii" that passed.
	Safety = "safety"
	// ParityGap is the share of pairs of languages that got another decision or other
	// facts.
	ParityGap = "parity_gap"
	// LatencyP50 and the following are of steps that took time, in milliseconds; followed
	// by a slash and the name of a stage they are of that stage.
	LatencyP50 = "latency_p50"
	LatencyP95 = "latency_p95"
	LatencyP99 = "latency_p99"
	// TokensIn and the following are means over cases.
	TokensIn   = "tokens_in"
	TokensOut  = "tokens_out"
	Calls      = "calls"
	CostMicros = "cost_micros"
	// JudgeTokensIn and the following are what the model that judges took, apart from what
	// is judged.
	JudgeTokensIn   = "judge_tokens_in"
	JudgeTokensOut  = "judge_tokens_out"
	JudgeCalls      = "judge_calls"
	JudgeCostMicros = "judge_cost_micros"
)

// Measure gives the figures over the results by name, each with the interval of its kind,
// clustered by group: docs/statistics.md says which. Results with an outage are left out.
// The same results give the same figures.
func Measure(results []Result, costs Costs) map[string]stats.Estimate {
	g := gather(results)
	measured := map[string]stats.Estimate{}
	keep := func(name string, e stats.Estimate, ok bool) {
		if ok && !math.IsNaN(e.Value) {
			measured[name] = e
		}
	}
	for name, rows := range g.shares {
		e, ok := stats.Proportion(rows)
		keep(name, e, ok)
	}
	g.means(keep)
	g.latencies(keep)
	g.confidence(keep)
	e, ok := g.cost(costs)
	keep(Cost, e, ok)
	people(Judged(results), keep)
	return measured
}

// Judged are the results without those whose provider was away, and those that the system
// can't be asked.
func Judged(results []Result) []Result {
	return slices.DeleteFunc(slices.Clone(results), func(r Result) bool { return !r.judged() })
}

func (r Result) judged() bool { return r.Outage == "" && r.Skipped == "" }

// source draws the same for the same number of cases.
func source(n int) *rand.Rand { return rand.New(rand.NewPCG(1, uint64(n))) }

func (g *gathered) means(keep func(string, stats.Estimate, bool)) {
	for _, name := range slices.Sorted(maps.Keys(g.amounts)) {
		rows := g.amounts[name]
		if !slices.ContainsFunc(rows, func(r stats.Row) bool { return r.Top != 0 }) {
			// No model was called, or nobody said what it took.
			continue
		}
		e, ok := stats.Mean(rows, source(len(rows)))
		keep(name, e, ok)
	}
}

func (g *gathered) latencies(keep func(string, stats.Estimate, bool)) {
	for stage, rows := range g.took {
		for name, p := range map[string]float64{LatencyP50: 0.50, LatencyP95: 0.95, LatencyP99: 0.99} {
			e, ok := stats.Quantile(rows, p)
			if stage != "" {
				name += "/" + stage
			}
			keep(name, e, ok)
		}
	}
}

func (g *gathered) confidence(keep func(string, stats.Estimate, bool)) {
	random := source(len(g.scored))
	s, ok := stats.MeasureSelective(g.scored, random)
	keep(AUROC, s.AUROC, ok)
	keep(AURC, s.AURC, ok)
	keep(ExcessAURC, s.EAURC, ok)
	for i, risk := range stats.Risks {
		keep(coverageAt(risk), s.Coverage[i], ok)
	}
	if !areProbabilities(g.scored) {
		return
	}
	e, ok := stats.MeasureCalibration(g.scored, random)
	keep(CalibrationError, e, ok)
	if ok {
		keep(CalibrationNull, stats.CalibrationNull(stats.LeastLikelyFirst(g.scored, random), random), true)
	}
	e, ok = stats.Proportion(g.brier())
	keep(Brier, e, ok)
}

// coverageAt is the name of the coverage at a risk.
func coverageAt(risk float64) string {
	return CoverageAtRisk + strconv.FormatFloat(100*risk, 'f', 0, 64)
}

func areProbabilities(cases []stats.Scored) bool {
	return !slices.ContainsFunc(cases, func(c stats.Scored) bool { return !(c.Score >= 0 && c.Score <= 1) })
}

func (g *gathered) brier() []stats.Row {
	rows := make([]stats.Row, len(g.scored))
	for i, c := range g.scored {
		miss := c.Score - indicator(c.Right)
		rows[i] = stats.Row{Group: c.Group, Top: miss * miss, Bottom: 1}
	}
	return rows
}

// cost adds up what excludes each other: a turn is answered wrongly, handed off or asked
// back.
func (g *gathered) cost(c Costs) (stats.Estimate, bool) {
	var parts []stats.Estimate
	var times []float64
	for at, cost := range [...]float64{c.Wrong, c.Handoff, c.Clarify} {
		if e, ok := stats.Proportion(g.dear[at]); ok && cost > 0 {
			parts, times = append(parts, e), append(times, 100*cost)
		}
	}
	return stats.Sum(parts, times)
}

// Better tells whether more of a metric is better, or less; it is 0 where neither is.
func Better(name string) int {
	name, _, _ = strings.Cut(name, "/")
	switch name {
	case AnsweredWrong, NeedlessHandoff, AURC, ExcessAURC, CalibrationError, Brier, Cost, Forbidden, ParityGap,
		LatencyP50, LatencyP95, LatencyP99, TokensIn, TokensOut, Calls, CostMicros,
		JudgeTokensIn, JudgeTokensOut, JudgeCalls, JudgeCostMicros:
		return -1
	case Answered, CalibrationNull:
		return 0
	}
	return 1
}

func indicator(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// groupOf ties the tries, languages and variants of a case.
func (r Result) groupOf() string { return cmp.Or(r.Group, r.ID) }
