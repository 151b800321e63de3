package evals

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"

	"github.com/recado/recado/rag/intent"
)

// IntentExample is a text whose intent is known. In a file it is one line of JSON.
type IntentExample struct {
	Text   string `json:"text"`
	Intent string `json:"intent"`
	// InScope is false of a text that belongs to no intent; a line that does not
	// say is in scope.
	InScope *bool  `json:"in_scope"`
	Domain  string `json:"domain"`
	Lang    string `json:"lang"`
}

func (e IntentExample) inScope() bool { return e.InScope == nil || *e.InScope }

// ReadIntents decodes a file of examples, a JSON object on each line; empty lines
// are skipped. An error names the line and never its text.
func ReadIntents(r io.Reader) ([]IntentExample, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 4<<10), maxCase)
	var list []IntentExample
	number := 0
	for lines.Scan() {
		number++
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		var e IntentExample
		if err := json.Unmarshal(line, &e); err != nil {
			return nil, fmt.Errorf("line %d is no JSON object with a text and an intent", number)
		}
		if e.Intent == "" && e.inScope() {
			return nil, fmt.Errorf("line %d has no intent; write \"in_scope\": false if the text belongs to none", number)
		}
		list = append(list, e)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("line %d: %w", number+1, err)
	}
	return list, nil
}

// IntentFigures say how well intents are told, and how well the scores know.
type IntentFigures struct {
	NInScope int `json:"n_in_scope"`
	// Accuracy is the share of the texts in scope whose intent is right.
	Accuracy *Figure `json:"accuracy_in_scope"`
	// AUROCInScope is that of the in-scope score; nil when all texts are the same.
	AUROCInScope *Figure `json:"auroc_in_scope"`
	// Selective is that of the confidence. A text out of scope is wrong whatever its
	// guess is.
	Selective
}

// IntentReport holds the figures over all texts, by language and by domain.
type IntentReport struct {
	// Apart tells that each domain had a classifier of its own.
	Apart      bool                     `json:"domains_apart"`
	Overall    IntentFigures            `json:"overall"`
	ByLanguage map[string]IntentFigures `json:"by_language"`
	ByDomain   map[string]IntentFigures `json:"by_domain,omitempty"`

	all []told
}

// MeasureIntents trains on the one examples and asks for the others. When the same
// intent is taught in several domains, these are shops of their own: each has its
// own classifier. Otherwise the domains are groups of intents, and one knows all.
func MeasureIntents(train, data []IntentExample) (IntentReport, error) {
	if len(data) == 0 {
		return IntentReport{}, errors.New("there is no example to ask for")
	}
	report := IntentReport{Apart: domainsApart(train), ByLanguage: map[string]IntentFigures{}}
	classifiers, err := trainIntents(train, report.Apart)
	if err != nil {
		return report, err
	}
	var all []told
	languages, domains := map[string][]told{}, map[string][]told{}
	for _, e := range data {
		classifier, ok := classifiers[place(e, report.Apart)]
		if !ok {
			return report, fmt.Errorf("the domain %q has no training examples", e.Domain)
		}
		t := told{example: e, guess: classifier.Classify(e.Text)}
		all = append(all, t)
		languages[e.Lang] = append(languages[e.Lang], t)
		domains[e.Domain] = append(domains[e.Domain], t)
	}
	report.Overall, report.all = intentFigures(all), all
	for lang, part := range languages {
		report.ByLanguage[lang] = intentFigures(part)
	}
	if len(domains) > 1 {
		report.ByDomain = map[string]IntentFigures{}
	}
	for domain, part := range domains {
		if len(domains) > 1 {
			report.ByDomain[domain] = intentFigures(part)
		}
	}
	return report, nil
}

// domainsApart looks at what is taught alone: the texts that are asked for must
// not decide how they are asked.
func domainsApart(train []IntentExample) bool {
	domain := map[string]string{}
	for _, e := range train {
		if !e.inScope() {
			continue
		}
		if before, ok := domain[e.Intent]; ok && before != e.Domain {
			return true
		}
		domain[e.Intent] = e.Domain
	}
	return false
}

func place(e IntentExample, apart bool) string {
	if apart {
		return e.Domain
	}
	return ""
}

func trainIntents(train []IntentExample, apart bool) (map[string]*intent.Classifier, error) {
	parts := map[string][]intent.Example{}
	for _, e := range train {
		to := place(e, apart)
		parts[to] = append(parts[to], intent.Example{Text: e.Text, Intent: e.Intent, OutOfScope: !e.inScope()})
	}
	classifiers := map[string]*intent.Classifier{}
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		classifier, err := intent.Train(parts[name], intent.Config{})
		if err != nil {
			return nil, fmt.Errorf("domain %q: %w", name, err)
		}
		classifiers[name] = classifier
	}
	return classifiers, nil
}

// told is an example with what it is taken for.
type told struct {
	example IntentExample
	guess   intent.Guess
}

func (t told) right() bool { return t.example.inScope() && t.guess.Intent == t.example.Intent }

func intentFigures(list []told) IntentFigures {
	var scope, sure []Point
	right := 0
	var f IntentFigures
	for _, t := range list {
		if t.example.inScope() {
			f.NInScope++
		}
		if t.right() {
			right++
		}
		scope = append(scope, Point{Score: t.guess.InScope, Positive: t.example.inScope()})
		sure = append(sure, Point{Score: t.guess.Confidence, Right: t.right(), Positive: t.right()})
	}
	f.Selective = MeasureSelective(sure)
	if f.AUROCInScope = MeasureSelective(scope).AUROCPositive; f.AUROCInScope != nil {
		f.Intervals["auroc_in_scope"] = [2]float64{f.AUROCInScope.Low, f.AUROCInScope.High}
	}
	if f.NInScope > 0 {
		low, high := wilson(right, f.NInScope)
		f.Accuracy = &Figure{Value: float64(right) / float64(f.NInScope), Low: low, High: high}
		f.Intervals["accuracy_in_scope"] = [2]float64{low, high}
	}
	return f
}

// WriteJSON writes the figures with their intervals.
func (r IntentReport) WriteJSON(w io.Writer) error { return writeJSON(w, r) }

// Points are the texts with the confidence in their intents, in the order they were asked
// in.
func (r IntentReport) Points() []Point {
	points := make([]Point, len(r.all))
	for i, t := range r.all {
		points[i] = Point{Lang: t.example.Lang, Score: t.guess.Confidence, Right: t.right(), Positive: t.example.inScope()}
	}
	return points
}

// WriteTable writes the figures for people.
func (r IntentReport) WriteTable(w io.Writer) error {
	if r.Apart {
		fmt.Fprint(w, "Each domain has a classifier of its own, because they share names of intents.\n\n")
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\tn\tin scope\taccuracy\tAUROC scope\tAUROC right\tAURC\tE-AURC\tcoverage at 80 %\t90 %\t95 %")
	row := func(name string, f IntentFigures) {
		fmt.Fprintf(table, "%s\t%d\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", name, f.N, f.NInScope,
			orNone(f.Accuracy), orNone(f.AUROCInScope), orNone(f.AUROCRight), f.AURC, f.EAURC, f.Coverage80, f.Coverage90, f.Coverage95)
	}
	for _, domain := range slices.Sorted(maps.Keys(r.ByDomain)) {
		row(domain, r.ByDomain[domain])
	}
	for _, lang := range slices.Sorted(maps.Keys(r.ByLanguage)) {
		row(lang, r.ByLanguage[lang])
	}
	row("all", r.Overall)
	return table.Flush()
}

func orNone(f *Figure) string {
	if f == nil {
		return "-"
	}
	return f.String()
}
