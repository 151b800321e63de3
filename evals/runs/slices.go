package runs

import (
	"cmp"
	"maps"
	"slices"

	"github.com/recado/recado/evals/suite"
)

// by are the ways to slice.
var by = [...]string{"suite", "language", "intent", "tag", "risk", "variant"}

// values are those of a result, several for tags.
func (r Result) values(by string) []string {
	switch by {
	case "suite":
		return nonEmpty(r.Suite)
	case "language":
		return nonEmpty(r.Language)
	case "intent":
		return nonEmpty(r.Intent)
	case "risk":
		return nonEmpty(r.Risk)
	case "tag":
		return r.Tags
	}
	if r.Variant == "" {
		return []string{suite.Written}
	}
	return []string{r.Variant}
}

func nonEmpty(value string) []string {
	if value == "" {
		return nil
	}
	return []string{value}
}

// Slices measures the results of each suite of several, each language, intent, tag, risk and variant, in this
// order and by name. Variants are told where there is more than the cases as written.
func Slices(results []Result, costs Costs) []Slice {
	var all []Slice
	judged := Judged(results)
	for _, one := range by {
		parts := map[string][]Result{}
		for _, r := range judged {
			for _, value := range r.values(one) {
				parts[value] = append(parts[value], r)
			}
		}
		if one == "variant" && len(parts) < 2 {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(parts)) {
			s := Slice{By: one, Name: name, Cases: len(parts[name]), Passed: passedOf(parts[name]), Metrics: Measure(parts[name], costs)}
			all = append(all, s)
		}
	}
	return all
}

func passedOf(results []Result) int {
	n := 0
	for _, r := range results {
		if r.Passed {
			n++
		}
	}
	return n
}

// Take gives the results that have all that is named.
func Take(results []Result, w suite.Where) []Result {
	var taken []Result
	for _, r := range results {
		variant := r.Variant
		if w.Variant == suite.Written {
			variant = cmp.Or(variant, suite.Written)
		}
		if fits(w.Suite, r.Suite) && fits(w.Language, r.Language) && fits(w.Intent, r.Intent) && fits(w.Risk, r.Risk) && fits(w.Variant, variant) &&
			(w.Tag == "" || slices.Contains(r.Tags, w.Tag)) {
			taken = append(taken, r)
		}
	}
	return taken
}

func fits(want, has string) bool { return want == "" || want == has }

// Summarise counts and measures the results, and holds them against the thresholds.
func (r *Run) Summarise(s suite.Suite) {
	judged := Judged(r.Results)
	r.Cases, r.Passed, r.Outages = len(judged), passedOf(judged), 0
	r.Failed = r.Cases - r.Passed
	for _, one := range r.Results {
		if one.Outage != "" {
			r.Outages++
		}
	}
	r.Costs = Costs(s.Costs)
	r.Measure()
	r.Gates = Gates(s, r.Results)
}

// Measure measures the results anew, as after people's marks were put to them, and holds the figures
// that these make against their thresholds.
func (r *Run) Measure() {
	r.Unjudged, r.Marked = unjudged(Judged(r.Results)), countMarks(r.Results)
	r.Metrics = Measure(r.Results, r.Costs)
	r.Slices = Slices(r.Results, r.Costs)
	r.Confusion = nil
	if c := Confuse(r.Results); len(c.Counts) > 0 {
		r.Confusion = &c
	}
	r.regate()
}

// unjudged counts the statements about replies that nobody judged.
func unjudged(results []Result) int {
	n := 0
	for _, r := range results {
		for _, s := range r.Steps {
			n += s.Unjudged
		}
	}
	return n
}
