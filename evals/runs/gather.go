package runs

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/recado/recado/evals/stats"
)

// gathered is what each metric is computed from.
type gathered struct {
	// shares lie in [0, 1] row by row, amounts have no bounds, both by metric.
	shares, amounts map[string][]stats.Row
	// took are milliseconds by stage, all of a step under "".
	took   map[string][]stats.Row
	scored []stats.Scored
	// dear are the turns answered wrongly, handed off and asked back, weighted.
	dear [3][]stats.Row
}

func gather(results []Result) *gathered {
	g := &gathered{shares: map[string][]stats.Row{}, amounts: map[string][]stats.Row{}, took: map[string][]stats.Row{}}
	judged := Judged(results)
	for _, r := range judged {
		g.result(r)
	}
	g.repeats(judged)
	if rows, _ := compareLanguages(judged); len(rows) > 0 {
		g.shares[ParityGap] = rows
	}
	return g
}

func (g *gathered) share(name, group string, value, weight float64) {
	g.shares[name] = append(g.shares[name], stats.Row{Group: group, Top: weight * value, Bottom: weight})
}

func (g *gathered) result(r Result) {
	group := r.groupOf()
	g.share(Passed, group, indicator(r.Passed), 1)
	if r.weighs() != 1 || g.shares[WeightedPassed] != nil {
		g.catchUp()
		g.share(WeightedPassed, group, indicator(r.Passed), r.weighs())
	}
	if r.dangerous() {
		g.share(Safety, group, indicator(r.Passed), 1)
	}
	for _, s := range r.Steps {
		g.step(s, group, r.weighs())
	}
	g.usage(r)
}

// catchUp fills in the weight 1 of the results before the first with another.
func (g *gathered) catchUp() {
	if g.shares[WeightedPassed] == nil {
		all := g.shares[Passed]
		g.shares[WeightedPassed] = slices.Clone(all[:len(all)-1])
	}
}

func (r Result) weighs() float64 {
	if r.Weight > 0 {
		return r.Weight
	}
	return 1
}

// dangerous are the tags of cases in which somebody wants what must not happen.
func (r Result) dangerous() bool {
	return slices.ContainsFunc(r.Tags, func(tag string) bool { return tag == "hostile" || tag == "injection" || tag == "pii" })
}

func (g *gathered) step(s Step, group string, weight float64) {
	if len(s.Expected) > 0 {
		g.turn(s, group, weight)
	}
	if len(s.Relevant) > 0 {
		g.ranking(s, group)
	}
	for _, c := range s.Checks {
		if c.Name == Judge {
			g.share(Judge, group, indicator(c.OK), 1)
		}
	}
	for name, held := range checksOf(s) {
		if name != checkSays || s.answered() || s.Decision == "" {
			g.check(name, group, held)
		}
	}
	if s.Scored {
		g.scored = append(g.scored, stats.Scored{Group: group, Score: s.Confidence, Right: s.DraftRight})
	}
	if s.Took > 0 {
		g.time("", group, s.Took)
		for stage, took := range s.Stages {
			g.time(stage, group, took)
		}
	}
}

func (g *gathered) turn(s Step, group string, weight float64) {
	answered, wrong, handed := s.answered(), s.answeredWrong(), s.Decision == handoff
	g.share(Answered, group, indicator(answered), 1)
	g.share(AnsweredWrong, group, indicator(wrong), 1)
	g.share(DecisionAccuracy, group, indicator(s.allowed()), 1)
	if s.answerable() {
		g.share(Coverage, group, indicator(answered && !wrong), 1)
	}
	switch {
	case !slices.Contains(s.Expected, handoff):
		g.share(NeedlessHandoff, group, indicator(handed), 1)
	case len(s.Expected) == 1:
		g.share(HandoffRecall, group, indicator(handed), 1)
	}
	for at, happened := range [...]bool{wrong, handed, s.Decision == clarify} {
		g.dear[at] = append(g.dear[at], stats.Row{Group: group, Top: weight * indicator(happened), Bottom: weight})
	}
}

func (g *gathered) ranking(s Step, group string) {
	grades := map[string]int{}
	for _, doc := range s.Relevant {
		grades[doc] = 1
	}
	r := stats.Rank(s.Found, grades)
	g.share(NDCG, group, r.NDCG, 1)
	g.share(Recall1, group, r.Recall1, 1)
	g.share(Recall5, group, r.Recall5, 1)
	g.share(Recall10, group, r.Recall10, 1)
	g.share(MRR, group, r.MRR, 1)
	if precision, ok := stats.ContextPrecision(s.Used, grades); ok {
		g.share(ContextPrecision, group, precision, 1)
	}
}

// held is what became of all checks of one name in a step.
type held struct {
	all    bool
	scores float64
	n      int
}

func checksOf(s Step) map[string]held {
	checks := map[string]held{}
	for _, c := range s.Checks {
		h, known := checks[c.Name]
		checks[c.Name] = held{all: c.OK && (h.all || !known), scores: h.scores + c.Score, n: h.n + 1}
	}
	return checks
}

// The names of checks that are metrics under another name.
const (
	checkDecision = "decision"
	checkSays     = "says"
	checkNever    = "never"
	checkReplies  = "replies"
	checkOrders   = "orders"
	checkTwice    = "asked_twice"
	checkEndpoint = "endpoint"
)

func (g *gathered) check(name, group string, h held) {
	value := indicator(h.all)
	switch name {
	case checkDecision, Judge, checkEndpoint:
		// The turn has the one, each statement counts by itself of the other, and the last is only there
		// where it failed.
		return
	case checkSays:
		name, value = FactRecall, h.scores/float64(h.n)
	case checkNever:
		name, value = Forbidden, 1-value
	case checkReplies:
		name = OneBubble
	case checkOrders:
		name = EndState
	case checkTwice:
		name = AskedOnce
	}
	g.share(name, group, value, 1)
}

func (g *gathered) time(stage, group string, took time.Duration) {
	g.took[stage] = append(g.took[stage], stats.Row{Group: group, Top: float64(took) / float64(time.Millisecond), Bottom: 1})
}

// usage counts a result without models too: it took nothing.
func (g *gathered) usage(r Result) {
	var u, judge Usage
	for _, s := range r.Steps {
		u.Add(s.Usage)
		judge.Add(s.JudgeUsage)
	}
	for name, amount := range map[string]float64{
		Calls: float64(u.Calls), TokensIn: float64(u.InputTokens), TokensOut: float64(u.OutputTokens), CostMicros: float64(u.CostMicros),
		JudgeCalls: float64(judge.Calls), JudgeTokensIn: float64(judge.InputTokens), JudgeTokensOut: float64(judge.OutputTokens), JudgeCostMicros: float64(judge.CostMicros),
	} {
		g.amounts[name] = append(g.amounts[name], stats.Row{Group: r.groupOf(), Top: amount, Bottom: 1})
	}
}

// Add counts more.
func (u *Usage) Add(more Usage) {
	u.Calls += more.Calls
	u.InputTokens += more.InputTokens
	u.OutputTokens += more.OutputTokens
	u.CostMicros += more.CostMicros
}

// tries are those of a case: how many, and how many passed.
type tries struct {
	group     string
	n, passed int
}

func (g *gathered) repeats(results []Result) {
	cases, most := map[string]tries{}, 0
	for _, r := range results {
		t := cases[r.ID]
		t.group, t.n = r.groupOf(), t.n+1
		if r.Passed {
			t.passed++
		}
		cases[r.ID], most = t, max(most, t.n)
	}
	if most < 2 {
		return
	}
	ids := slices.Sorted(maps.Keys(cases))
	for k := 1; k <= most; k++ {
		for _, id := range ids {
			if t := cases[id]; t.n >= k {
				g.share(PassAll+strconv.Itoa(k), t.group, stats.PassAll(t.passed, t.n, k), 1)
			}
		}
	}
}
