package runs

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/recado/recado/evals/stats"
	"github.com/recado/recado/evals/suite"
)

// Gates holds the results against the thresholds of the suite, in their order, and the gap
// between languages against its margin.
func Gates(s suite.Suite, results []Result) []Gate {
	var gates []Gate
	measured := map[suite.Where]map[string]stats.Estimate{}
	for _, t := range s.Thresholds {
		if measured[t.Where] == nil {
			measured[t.Where] = Measure(Take(results, t.Where), Costs(s.Costs))
		}
		gates = append(gates, gateOf(t, measured[t.Where]))
	}
	if p := s.Parity; p.Margin > 0 {
		margin := p.Margin
		t := suite.Threshold{Metric: ParityGap, Max: &margin, Bound: boundHigh, Line: p.Line}
		gap, _ := Parity(results)
		some := map[string]stats.Estimate{}
		if gap.N > 0 {
			some[ParityGap] = gap
		}
		gates = append(gates, gateOf(t, some))
	}
	return gates
}

// Reached tells whether all gates were.
func Reached(gates []Gate) bool {
	return !slices.ContainsFunc(gates, func(g Gate) bool { return !g.OK })
}

// The words of Gate.Bound.
const (
	boundValue = "value"
	boundLow   = "low"
	boundHigh  = "high"
)

func gateOf(t suite.Threshold, measured map[string]stats.Estimate) Gate {
	g := Gate{Metric: t.Metric, Where: t.Where.String(), Bound: cmp.Or(t.Bound, boundValue), Min: t.Min, Max: t.Max, Line: t.Line}
	e, known := measured[t.Metric]
	if !known {
		g.Note = missing(t.Metric, g.Where, measured)
		return g
	}
	g.Estimate = &e
	if e.N < t.Cases {
		g.Note = fmt.Sprintf("It rests on %d independent cases and has to rest on %d: write %d more%s (languages, variants and tries of a case count once), or ask for fewer.",
			e.N, t.Cases, t.Cases-e.N, of(g.Where))
		return g
	}
	g.Note = g.missed(e)
	g.OK = g.Note == ""
	return g
}

func of(where string) string {
	if where == "" {
		return ""
	}
	return " with " + where
}

func missing(metric, where string, measured map[string]stats.Estimate) string {
	if len(measured) == 0 {
		return fmt.Sprintf("No case%s was judged: write some, or take the threshold out.", of(where))
	}
	return fmt.Sprintf("No case%s has anything for %q: expect it in a case, or take another of %s.", of(where), metric, strings.Join(slices.Sorted(maps.Keys(measured)), ", "))
}

// missed says by how much the bound misses what it has to reach, or nothing.
func (g Gate) missed(e stats.Estimate) string {
	bound, name := e.Value, "The value"
	switch g.Bound {
	case boundLow:
		bound, name = e.Low, "The lower end of the interval"
	case boundHigh:
		bound, name = e.High, "The upper end of the interval"
	}
	switch {
	case g.Min != nil && bound < *g.Min:
		return fmt.Sprintf("%s is %.4g, below %.4g.%s", name, bound, *g.Min, moreCases(e, bound, *g.Min, e.Value > *g.Min))
	case g.Max != nil && bound > *g.Max:
		return fmt.Sprintf("%s is %.4g, above %.4g.%s", name, bound, *g.Max, moreCases(e, bound, *g.Max, e.Value < *g.Max))
	}
	return ""
}

// moreCases says how many cases would do, where only the width of the interval is in the
// way: it narrows with their square root.
func moreCases(e stats.Estimate, bound, limit float64, reached bool) string {
	if !reached {
		return ""
	}
	ratio := (bound - e.Value) / (limit - e.Value)
	return fmt.Sprintf(" The value itself would do; about %d independent cases like these would narrow the interval enough, there are %d.",
		int(math.Ceil(float64(e.N)*ratio*ratio)), e.N)
}
