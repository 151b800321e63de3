package report

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/recado/recado/evals/runs"
	"github.com/recado/recado/evals/stats"
)

// unit says how a figure is written.
type unit int

const (
	plain  unit = iota // 0.934
	share              // 93.4 %
	millis             // 12.3 ms
	amount             // 1234
	money              // 0.0123, of millionths
)

// figure is what is known of a metric besides its name.
type figure struct {
	name, theme string
	unit        unit
	text        text
}

// themes are the groups of figures, in the order they are shown.
var themes = []string{"whole", "decision", "answer", "retrieval", "actions", "safety", "parity", "judge", "time", "cost", "other"}

// figureOf finds what is known of a metric. One that is not in the table is shown under
// its own name.
func figureOf(metric string) figure {
	at := placeOf(metric)
	if at == len(figures) {
		if f, ok := byPeople(metric); ok {
			return f
		}
		return figure{name: metric, theme: "other", text: text{metric, metric}}
	}
	f := figures[at]
	rest := strings.TrimPrefix(metric, f.name)
	if stage, ok := strings.CutPrefix(rest, "/"); ok {
		f.text.es += ": " + cmp.Or(lookup("es", "stage_"+stage), stage)
		f.text.en += ": " + cmp.Or(lookup("en", "stage_"+stage), stage)
	} else if rest != "" {
		f.text.es += " " + rest
		f.text.en += " " + rest
	}
	f.name = metric
	return f
}

// byPeople finds what is known of a figure that people's marks make of another one.
func byPeople(metric string) (figure, bool) {
	name, language, _ := strings.Cut(metric, "/")
	for _, end := range []string{runs.Corrected, runs.Agreement, runs.Kappa} {
		of, found := strings.CutSuffix(name, end)
		if !found || of == "" {
			continue
		}
		f := figureOf(of)
		f.name, f.theme, f.unit = metric, "judge", share
		if end == runs.Kappa {
			f.unit = plain
		}
		if language != "" {
			language = " " + language
		}
		f.text.es += phrase("es", "with"+end) + language
		f.text.en += phrase("en", "with"+end) + language
		return f, true
	}
	return figure{}, false
}

// placeOf is the place in the table of a metric, or of the longest beginning of its name
// that may go on.
func placeOf(metric string) int {
	best, length := len(figures), 0
	for i, f := range figures {
		open := strings.HasSuffix(f.name, "@") || strings.HasSuffix(f.name, "^") || f.name == "coverage@risk" || strings.HasPrefix(metric, f.name+"/")
		if f.name == metric || open && strings.HasPrefix(metric, f.name) && len(f.name) > length {
			best, length = i, len(f.name)
		}
		if f.name == metric {
			return i
		}
	}
	return best
}

// measured is a metric of a run with what is known of it.
type measured struct {
	figure
	stats.Estimate
}

// themed sorts metrics into their themes, each in the order of the table. Those of the
// stages of a turn have a table of their own.
func themed(metrics map[string]stats.Estimate) map[string][]measured {
	list := map[string][]measured{}
	for _, metric := range ordered(slices.Collect(maps.Keys(metrics))) {
		if f := figureOf(metric); f.theme != "time" || !strings.Contains(metric, "/") {
			list[f.theme] = append(list[f.theme], measured{f, metrics[metric]})
		}
	}
	return list
}

// ordered sorts the names of metrics by the table, those that are not in it last, and
// numbers in names by how large they are.
func ordered(names []string) []string {
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(placeOf(a), placeOf(b)), cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
	})
	return names
}

// one writes a value in its unit, with a comma for the fraction in Spanish.
func (u unit) one(language string, v float64) string { return u.bare(language, v) + u.sign() }

func (u unit) bare(language string, v float64) string {
	switch u {
	case share:
		return decimal(language, 100*v, 1)
	case millis:
		return decimal(language, v, digits(v))
	case amount:
		if v == math.Trunc(v) {
			return decimal(language, v, 0)
		}
		return decimal(language, v, digits(v))
	case money:
		return decimal(language, v/1e6, 5)
	case plain:
	}
	return decimal(language, v, 3)
}

func (u unit) sign() string {
	switch u {
	case share:
		return " %"
	case millis:
		return " ms"
	case plain, amount, money:
	}
	return ""
}

// digits shows more of what is small.
func digits(v float64) int {
	switch {
	case v < 0:
		return digits(-v)
	case v < 10:
		return 2
	case v < 100:
		return 1
	}
	return 0
}

// decimal writes a number with so many digits behind the point or comma.
func decimal(language string, v float64, behind int) string {
	s := strconv.FormatFloat(v, 'f', behind, 64)
	if language == "es" {
		s = strings.Replace(s, ".", ",", 1)
	}
	return s
}

// estimate writes "93.4 % [90.1, 95.9]".
func (f figure) estimate(language string, e stats.Estimate) string {
	return fmt.Sprintf("%s %s", f.unit.one(language, e.Value), f.interval(language, e))
}

// interval writes "[90.1, 95.9]", with a semicolon where commas stand for the point.
func (f figure) interval(language string, e stats.Estimate) string {
	between := ", "
	if language == "es" {
		between = "; "
	}
	return "[" + f.unit.bare(language, e.Low) + between + f.unit.bare(language, e.High) + "]"
}

// bound writes what a gate asks for: "low end ≥ 90.0 %".
func bound(language string, g runs.Gate) string {
	f, list := figureOf(g.Metric), []string(nil)
	if g.Min != nil {
		list = append(list, "≥ "+f.unit.one(language, *g.Min))
	}
	if g.Max != nil {
		list = append(list, "≤ "+f.unit.one(language, *g.Max))
	}
	limits := strings.Join(list, ", ")
	if end := lookup(language, "bound_"+g.Bound); end != "" && limits != "" {
		return end + " " + limits
	}
	return limits
}
