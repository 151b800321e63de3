package runs

import (
	"cmp"
	"slices"
)

// The words of gateway.DecisionKind that metrics know.
const (
	reply   = "reply"
	propose = "propose"
	clarify = "clarify"
	handoff = "handoff"
	// none stands for no decision.
	none = "none"
)

// answered tells whether the customer got an answer, or a proposal to say yes to.
func (s Step) answered() bool { return s.Decision == reply || s.Decision == propose }

// answerable tells whether an answer may be given.
func (s Step) answerable() bool {
	return slices.Contains(s.Expected, reply) || slices.Contains(s.Expected, propose)
}

// allowed tells whether the decision is one of those expected.
func (s Step) allowed() bool { return slices.Contains(s.Expected, s.Decision) }

// substance are the checks without which an answer is wrong; the others are about its
// form.
var substance = []string{checkDecision, checkSays, checkNever, Sources, Grounded, Actions, checkOrders, Judge}

// answeredWrong tells whether an answer should not have been given, or says or does
// something wrong.
func (s Step) answeredWrong() bool {
	if !s.answered() {
		return false
	}
	return !s.allowed() || slices.ContainsFunc(s.Checks, func(c Check) bool { return !c.OK && slices.Contains(substance, c.Name) })
}

// Confusion counts turns by what was expected and what was decided.
type Confusion struct {
	// Decisions are the rows and columns, in a fixed order.
	Decisions []string `json:"decisions"`
	// Counts has a row for what was expected, a column for what was decided. A turn with
	// several allowed decisions stands in the row of the one that was taken, or else of
	// the first.
	Counts [][]int `json:"counts"`
}

// order is that of rows and columns; what else there is follows by name.
var order = []string{reply, propose, clarify, handoff, "quiet", "notify"}

// Confuse counts the turns of the results that were judged.
func Confuse(results []Result) Confusion {
	counts := map[[2]string]int{}
	seen := map[string]bool{}
	for _, r := range Judged(results) {
		for _, s := range r.Steps {
			if len(s.Expected) == 0 {
				continue
			}
			decided := cmp.Or(s.Decision, none)
			expected := s.Expected[0]
			if s.allowed() {
				expected = decided
			}
			counts[[2]string{expected, decided}]++
			seen[expected], seen[decided] = true, true
		}
	}
	c := Confusion{Decisions: inOrder(seen)}
	for _, expected := range c.Decisions {
		row := make([]int, len(c.Decisions))
		for i, decided := range c.Decisions {
			row[i] = counts[[2]string{expected, decided}]
		}
		c.Counts = append(c.Counts, row)
	}
	return c
}

func inOrder(seen map[string]bool) []string {
	var names []string
	for name := range seen {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(place(a), place(b)), cmp.Compare(a, b)) })
	return names
}

func place(decision string) int {
	if at := slices.Index(order, decision); at >= 0 {
		return at
	}
	return len(order)
}
