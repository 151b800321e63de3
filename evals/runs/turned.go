package runs

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Turned is a case that became something else.
type Turned struct {
	ID   string `json:"id"`
	Try  int    `json:"try"`
	Risk string `json:"risk,omitempty"`
	// Weight is that of the case.
	Weight float64 `json:"weight"`
	// Kinds are what changed, of the words below.
	Kinds []string `json:"kinds"`
	// What says it, step by step.
	What []string `json:"what"`
	File string   `json:"file,omitempty"`
	Line int      `json:"line,omitempty"`
}

// The words of Turned.Kinds, most at stake first.
const (
	KindBroken       = "passed, fails now"
	KindNowAnswered  = "handed off, is answered now"
	KindNowHandedOff = "answered, is handed off now"
	KindDecision     = "another decision"
	KindFacts        = "other facts"
	KindActions      = "other actions"
	KindPassages     = "other passages"
	KindFixed        = "failed, passes now"
)

var kinds = []string{
	KindBroken, KindActions, KindNowAnswered, KindFacts, KindNowHandedOff, KindDecision, KindPassages, KindFixed,
}

// risks are the words of suites for what is at stake, most first; another lies between
// those that are known and low.
var risks = []string{"safety", "privacy", "legal", "money"}

// Stake orders what is at stake: the less, the more.
func Stake(risk string) int {
	if at := slices.Index(risks, risk); at >= 0 {
		return at
	}
	switch risk {
	case "low":
		return len(risks) + 1
	case "":
		return len(risks) + 2
	}
	return len(risks)
}

// turned are the cases that changed: those that broke first, then by what is at stake,
// weight and kind.
func turned(m matched) []Turned {
	var list []Turned
	for i, b := range m.base {
		n := m.candidate[i]
		t := Turned{ID: n.ID, Try: n.Try, Risk: n.Risk, Weight: n.weighs(), File: n.File, Line: n.Line}
		t.Kinds, t.What = changed(b, n)
		if len(t.Kinds) > 0 {
			list = append(list, t)
		}
	}
	broke := func(t Turned) int { return -int(indicator(t.Kinds[0] == KindBroken)) }
	slices.SortStableFunc(list, func(a, b Turned) int {
		return cmp.Or(
			cmp.Compare(broke(a), broke(b)), cmp.Compare(Stake(a.Risk), Stake(b.Risk)), cmp.Compare(b.Weight, a.Weight),
			cmp.Compare(slices.Index(kinds, a.Kinds[0]), slices.Index(kinds, b.Kinds[0])), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Try, b.Try),
		)
	})
	return list
}

// changed says what is not the same in both.
func changed(b, n Result) (some, what []string) {
	seen := map[string]bool{}
	note := func(kind, sentence string) {
		seen[kind] = true
		if sentence != "" {
			what = append(what, sentence)
		}
	}
	switch {
	case b.Passed && !n.Passed:
		note(KindBroken, "")
	case !b.Passed && n.Passed:
		note(KindFixed, "")
	}
	if len(b.Steps) != len(n.Steps) {
		note(KindDecision, fmt.Sprintf("There were %d steps and are %d.", len(b.Steps), len(n.Steps)))
	}
	for i := range min(len(b.Steps), len(n.Steps)) {
		b.Steps[i].changed(n.Steps[i], func(kind, sentence string) { note(kind, fmt.Sprintf("Step %d: %s", i+1, sentence)) })
	}
	for _, kind := range kinds {
		if seen[kind] {
			some = append(some, kind)
		}
	}
	return some, what
}

func (s Step) changed(n Step, note func(kind, sentence string)) {
	if s.Decision != n.Decision {
		kind := KindDecision
		switch {
		case s.Decision == handoff && n.answered():
			kind = KindNowAnswered
		case s.answered() && n.Decision == handoff:
			kind = KindNowHandedOff
		}
		note(kind, fmt.Sprintf("%s, was %s.", how(n), how(s)))
	}
	for _, name := range checkNames(s, n) {
		kind := KindFacts
		if name == Actions || name == checkOrders {
			kind = KindActions
		}
		if failed, before := failures(n, name), failures(s, name); failed != before && name != checkDecision {
			note(kind, fmt.Sprintf("%q %s, was %s.", name, cmp.Or(failed, "holds"), cmp.Or(before, "held")))
		}
	}
	if !slices.Equal(s.Used, n.Used) && (len(s.Used) > 0 || len(n.Used) > 0) {
		note(KindPassages, fmt.Sprintf("rests on %s, was %s.", listed(n.Used), listed(s.Used)))
	}
}

func how(s Step) string {
	words := cmp.Or(s.Decision, none)
	if s.Reason != "" {
		words += " (" + s.Reason + ")"
	}
	return words
}

// checkNames are those of both, in the order of the first.
func checkNames(a, b Step) []string {
	var names []string
	for _, checks := range [...][]Check{a.Checks, b.Checks} {
		for _, c := range checks {
			if !slices.Contains(names, c.Name) {
				names = append(names, c.Name)
			}
		}
	}
	return names
}

// failures says which checks of a name fail, by what they want.
func failures(s Step, name string) string {
	var wants []string
	for _, c := range s.Checks {
		if c.Name == name && !c.OK {
			wants = append(wants, cmp.Or(c.Want, name))
		}
	}
	if len(wants) == 0 {
		return ""
	}
	return "fails: " + strings.Join(wants, "; ")
}

func listed(documents []string) string {
	if len(documents) == 0 {
		return "nothing"
	}
	return strings.Join(documents, ", ")
}
