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
		gates = append(gates, gateOf(t, measured[t.Where], leftOut(Take(results, t.Where))))
	}
	if p := s.Parity; p.Margin > 0 {
		margin := p.Margin
		t := suite.Threshold{Metric: ParityGap, Max: &margin, Bound: boundHigh, File: p.File, Line: p.Line}
		gap, _ := Parity(results)
		some := map[string]stats.Estimate{}
		if gap.N > 0 {
			some[ParityGap] = gap
		}
		gates = append(gates, gateOf(t, some, leftOut(results)))
	}
	return gates
}

// Reached tells whether all gates were.
func Reached(gates []Gate) bool {
	return !slices.ContainsFunc(gates, func(g Gate) bool { return !g.OK })
}

// mostAway is the share of results that may find a provider away: with more, those that were judged
// are not the suite.
const mostAway = 0.1

// Away tells whether so many results found a provider away that the others can't say whether the suite
// passes, or whether all that was missed could not be measured for that.
func (r Run) Away() bool {
	if float64(r.Outages) > mostAway*float64(r.Cases+r.Outages) {
		return true
	}
	missed := slices.DeleteFunc(slices.Clone(r.Gates), func(g Gate) bool { return g.OK })
	return r.Outages > 0 && len(missed) > 0 && !slices.ContainsFunc(missed, func(g Gate) bool { return g.Estimate != nil })
}

// The words of Gate.Bound.
const (
	boundValue = "value"
	boundLow   = "low"
	boundHigh  = "high"
)

// regate holds the figures that people's marks make against their thresholds anew. Thresholds of a
// slice stay as they were in runs of versions that did not keep which cases it takes.
func (r *Run) regate() {
	for i, g := range r.Gates {
		if g.Where != g.Slice.String() || !ofPeople(g.Metric) {
			continue
		}
		t := suite.Threshold{Metric: g.Metric, Where: g.Slice, Min: g.Min, Max: g.Max, Bound: g.Bound, Cases: g.Cases, File: g.File, Line: g.Line}
		taken := Take(r.Results, g.Slice)
		r.Gates[i] = gateOf(t, Measure(taken, r.Costs), leftOut(taken))
	}
}

// ofPeople tells whether a figure is made by people's marks.
func ofPeople(metric string) bool {
	return strings.HasSuffix(metric, Corrected) || strings.HasSuffix(metric, Agreement) || strings.HasSuffix(metric, Kappa)
}

// left is what was not judged: statements, for want of a judge, and cases whose provider was away.
type left struct{ statements, away int }

func leftOut(results []Result) left {
	l := left{statements: unjudged(Judged(results))}
	for _, r := range results {
		if r.Outage != "" {
			l.away++
		}
	}
	return l
}

func gateOf(t suite.Threshold, measured map[string]stats.Estimate, left left) Gate {
	g := Gate{
		Metric: t.Metric, Where: t.Where.String(), Slice: t.Where, Bound: cmp.Or(t.Bound, boundValue), Min: t.Min, Max: t.Max, Cases: t.Cases, File: t.File, Line: t.Line,
	}
	e, known := measured[t.Metric]
	if known {
		g.Estimate = &e
	}
	note := func(language string) string {
		switch {
		case !known:
			return missing(language, t.Metric, g.Where, measured, left)
		case e.N < t.Cases:
			return fewer(language, e.N, t.Cases, g.Where)
		}
		return g.missed(language, e)
	}
	g.Note, g.NoteES = note("en"), note(spanish)
	g.OK = g.Note == ""
	return g
}

// Scarce tells whether a threshold was missed for want of cases alone: there is no figure, it
// rests on fewer cases than it has to, or it is reached by its value and not by the end of its
// interval.
func (g Gate) Scarce() bool {
	switch e := g.Estimate; {
	case g.OK:
		return false
	case e == nil || e.N < g.Cases:
		return true
	default:
		return (g.Min == nil || e.Value >= *g.Min) && (g.Max == nil || e.Value <= *g.Max)
	}
}

// NoteIn is the note in Spanish or else in English.
func (g Gate) NoteIn(language string) string {
	if language == spanish && g.NoteES != "" {
		return g.NoteES
	}
	return g.Note
}

func of(language, where string) string {
	if where == "" {
		return ""
	}
	return say(language, " con ", " with ") + where
}

func fewer(language string, has, wants int, where string) string {
	return fmt.Sprintf(say(language,
		"Se apoya en %d casos independientes y tiene que apoyarse en %d: escribe %d más%s (los idiomas, las variantes y los intentos de un caso cuentan una vez), o pide menos.",
		"It rests on %d independent cases and has to rest on %d: write %d more%s (languages, variants and tries of a case count once), or ask for fewer."),
		has, wants, wants-has, of(language, where))
}

func missing(language, metric, where string, measured map[string]stats.Estimate, left left) string {
	switch {
	case left.statements > 0 && strings.HasPrefix(metric, Judge):
		return fmt.Sprintf(say(language,
			"Nadie ha juzgado las afirmaciones sobre respuestas (%d): nombra un modelo con RECADO_JUDGE_MODEL o --judge=MODELO, o quita el umbral.",
			"Nobody judged the statements about replies (%d): name a model with RECADO_JUDGE_MODEL or --judge=MODEL, or take the threshold out."), left.statements)
	case ofPeople(metric):
		return fmt.Sprintf(say(language,
			"Las marcas de personas no bastan para %q: pásalas con --judge-labels, de %d casos independientes como mínimo.",
			"There are not enough marks of people for %q: give them with --judge-labels, of %d independent cases at least."), metric, LeastMarked)
	case left.away > 0:
		return fmt.Sprintf(say(language,
			"No se ha medido: a %d casos les faltó un proveedor, que no respondía. Mira cuál, y sigue con --resume.",
			"It was not measured: %d cases found a provider away. See which, and go on with --resume."), left.away)
	case len(measured) == 0:
		return fmt.Sprintf(say(language, "No se ha juzgado ningún caso%s: escribe alguno, o quita el umbral.", "No case%s was judged: write some, or take the threshold out."), of(language, where))
	}
	// Those of single stages would be most of the list.
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(measured)), func(name string) bool { return strings.Contains(name, "/") })
	return fmt.Sprintf(say(language, "Ningún caso%s tiene nada para %q: espéralo en algún caso, o elige otra cifra de %s.",
		"No case%s has anything for %q: expect it in a case, or take another of %s."), of(language, where), metric, strings.Join(names, ", "))
}

// missed says by how much the bound misses what it has to reach, or nothing.
func (g Gate) missed(language string, e stats.Estimate) string {
	bound, name := e.Value, say(language, "El valor", "The value")
	switch g.Bound {
	case boundLow:
		bound, name = e.Low, say(language, "El extremo inferior del intervalo", "The lower end of the interval")
	case boundHigh:
		bound, name = e.High, say(language, "El extremo superior del intervalo", "The upper end of the interval")
	}
	figure := func(v float64) string { return number(language, "%.4g", v) }
	switch {
	case g.Min != nil && bound < *g.Min:
		return fmt.Sprintf(say(language, "%s es %s, menos de %s.%s", "%s is %s, below %s.%s"), name, figure(bound), figure(*g.Min), moreCases(language, e, bound, *g.Min, e.Value > *g.Min))
	case g.Max != nil && bound > *g.Max:
		return fmt.Sprintf(say(language, "%s es %s, más de %s.%s", "%s is %s, above %s.%s"), name, figure(bound), figure(*g.Max), moreCases(language, e, bound, *g.Max, e.Value < *g.Max))
	}
	return ""
}

// moreCases says how many cases would do, where only the width of the interval is in the
// way: it narrows with their square root.
func moreCases(language string, e stats.Estimate, bound, limit float64, reached bool) string {
	if !reached {
		return ""
	}
	ratio := (bound - e.Value) / (limit - e.Value)
	return fmt.Sprintf(say(language,
		" El valor en sí bastaría; unos %d casos independientes como estos estrecharían el intervalo lo suficiente, y hay %d.",
		" The value itself would do; about %d independent cases like these would narrow the interval enough, there are %d."),
		int(math.Ceil(float64(e.N)*ratio*ratio)), e.N)
}
