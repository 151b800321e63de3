package runs

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/recado/recado/evals/stats"
)

// LeastMarked is how many independent cases people have to mark before a figure is corrected by
// them: with fewer its interval would not hold the truth as often as it says.
const LeastMarked = 30

// wanted is how far the interval of a corrected figure should reach to each side: with more, it
// says little.
const wanted = 0.10

// Mark is what a person says of a reply.
type Mark struct {
	// Case names a case, and Try its try; 0 stands for all tries.
	Case string
	Try  int
	// Statement is one that a suite makes about the reply, or else Metric names a check, or
	// "passed": whether it holds in all of the case.
	Statement string
	Metric    string
	Holds     bool
	// Reply is the reply that the person saw, where it is known: of another one the mark says
	// nothing.
	Reply string
	// Line is the line of the file.
	Line int
}

// Marked counts people's marks of a figure.
type Marked struct {
	// Metric is "judge", "passed" or the name of a check, Language empty for all of them.
	Metric   string `json:"metric"`
	Language string `json:"language,omitempty"`
	// Marks counts them, Cases the independent cases that have one.
	Marks int `json:"marks"`
	Cases int `json:"cases"`
	// More is how many independent cases more would do: for a corrected figure at all, or for
	// one whose interval reaches 10 points to each side. Enough tells that there are as many as
	// the first needs.
	More   int  `json:"more,omitempty"`
	Enough bool `json:"enough"`
}

// ReadMarks reads people's marks: lines of JSON, or a table with a header, comma or semicolon
// between its fields. The names are case, try, statement, metric, verdict and reply; others do not
// matter. A row without a verdict was not marked. Every problem is named by its line.
func ReadMarks(r io.Reader) ([]Mark, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read the marks: %w", err)
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if start := bytes.TrimSpace(text); len(start) > 0 && start[0] == '{' {
		return readLines(text)
	}
	return readTable(text)
}

func readLines(text []byte) ([]Mark, error) {
	var marks []Mark
	var problems []error
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 1<<20)
	for line := 1; lines.Scan(); line++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		var row map[string]any
		if json.Unmarshal(lines.Bytes(), &row) != nil {
			problems = append(problems, fmt.Errorf(`line %d is no JSON object such as {"case":"refund/es","statement":"The reply is polite.","verdict":true}`, line))
			continue
		}
		get := func(name string) string {
			if value, ok := row[name]; ok && value != nil {
				return fmt.Sprint(value)
			}
			return ""
		}
		marks, problems = addMark(marks, problems, line, get)
	}
	if err := lines.Err(); err != nil {
		problems = append(problems, err)
	}
	return marks, errors.Join(problems...)
}

func readTable(text []byte) ([]Mark, error) {
	first, _, _ := bytes.Cut(text, []byte{'\n'})
	table := csv.NewReader(bytes.NewReader(text))
	table.FieldsPerRecord = -1
	if bytes.Count(first, []byte{';'}) > bytes.Count(first, []byte{','}) {
		table.Comma = ';'
	}
	header, err := table.Read()
	if err != nil {
		return nil, errors.New("there are no marks: write lines of JSON, or a table whose header has case, statement or metric, and verdict")
	}
	places := map[string]int{}
	for i, name := range header {
		places[strings.ToLower(strings.TrimSpace(name))] = i
	}
	for _, name := range []string{"case", "verdict"} {
		if _, ok := places[name]; !ok {
			return nil, fmt.Errorf("line 1: the header has no column %q: it needs case, statement or metric, and verdict", name)
		}
	}
	var marks []Mark
	var problems []error
	for {
		row, err := table.Read()
		if errors.Is(err, io.EOF) {
			return marks, errors.Join(problems...)
		}
		if err != nil {
			return marks, errors.Join(append(problems, err)...)
		}
		line, _ := table.FieldPos(0)
		marks, problems = addMark(marks, problems, line, func(name string) string {
			if at, ok := places[name]; ok && at < len(row) {
				return row[at]
			}
			return ""
		})
	}
}

// addMark reads a row.
func addMark(marks []Mark, problems []error, line int, get func(string) string) ([]Mark, []error) {
	m := Mark{Case: strings.TrimSpace(get("case")), Statement: strings.TrimSpace(get("statement")), Metric: strings.TrimSpace(get("metric")), Reply: strings.TrimPrefix(get("reply"), "'"), Line: line}
	verdict := strings.TrimSpace(get("verdict"))
	if verdict == "" {
		return marks, problems
	}
	holds, ok := verdictOf(verdict)
	try, err := strconv.Atoi(cmp.Or(strings.TrimSpace(get("try")), "0"))
	switch {
	case m.Case == "":
		return marks, append(problems, fmt.Errorf("line %d names no case", line))
	case !ok:
		return marks, append(problems, fmt.Errorf("line %d: the verdict is neither yes nor no", line))
	case err != nil || try < 0:
		return marks, append(problems, fmt.Errorf("line %d: try is a number from 1", line))
	case m.Statement == "" && m.Metric == "":
		m.Metric = Judge
	}
	m.Holds, m.Try = holds, try
	return append(marks, m), problems
}

// verdictOf reads a yes or a no as people write it.
func verdictOf(word string) (yes, ok bool) {
	switch strings.ToLower(word) {
	case "true", "yes", "y", "1", "right", "pass", "passed", "holds", "sí", "si", "s", "bien", "cierto", "verdadero":
		return true, true
	case "false", "no", "n", "0", "wrong", "fail", "failed", "mal", "falso":
		return false, true
	}
	return false, false
}

// Take puts people's marks to what they are of, and gives a sentence for each that fits nothing.
// Figures are to be measured anew afterwards.
func (r *Run) Take(marks []Mark) (strays []string) {
	places := map[string][]int{}
	for i, one := range r.Results {
		places[one.ID] = append(places[one.ID], i)
	}
	for _, m := range marks {
		if stray := r.take(m, places[m.Case]); stray != "" {
			strays = append(strays, fmt.Sprintf("line %d: %s; the mark does not count", m.Line, stray))
		}
	}
	return strays
}

func (r *Run) take(m Mark, places []int) string {
	taken, known, stale := false, false, false
	for _, at := range places {
		one := &r.Results[at]
		if m.Try > 0 && one.Try != m.Try || !one.judged() {
			continue
		}
		known = true
		if m.Reply != "" && !one.said(m.Reply) {
			stale = true
			continue
		}
		taken = one.take(m) || taken
	}
	switch {
	case taken:
		return ""
	case len(places) == 0:
		return fmt.Sprintf("the run has no case %q", m.Case)
	case !known:
		return fmt.Sprintf("the run has not judged %q, or has no such try of it", m.Case)
	case stale:
		return fmt.Sprintf("%q gets another reply now than the one that was marked", m.Case)
	case m.Statement != "":
		return fmt.Sprintf("%q has no statement %q that was judged", m.Case, m.Statement)
	case m.Metric == Judge:
		return fmt.Sprintf("%q has not exactly one statement that was judged: name the one that is meant", m.Case)
	}
	return fmt.Sprintf("%q has no check %q; the checks of a run are those of its JSON, and passed", m.Case, m.Metric)
}

// said tells whether the customer got this reply, in whatever spacing.
func (r Result) said(reply string) bool {
	for _, s := range r.Steps {
		var texts []string
		for _, one := range s.Replies {
			texts = append(texts, one.Text)
		}
		if spaced(strings.Join(texts, "\n")) == spaced(reply) {
			return true
		}
	}
	return false
}

func spaced(text string) string { return strings.Join(strings.Fields(text), " ") }

func (r *Result) take(m Mark) bool {
	if m.Statement == "" && m.Metric != Judge {
		if m.Metric != Passed && !slices.ContainsFunc(r.Steps, func(s Step) bool { return checksOf(s)[m.Metric].n > 0 }) {
			return false
		}
		if r.People == nil {
			r.People = map[string]bool{}
		}
		r.People[m.Metric] = m.Holds
		return true
	}
	var meant []*Check
	for i := range r.Steps {
		for j := range r.Steps[i].Checks {
			c := &r.Steps[i].Checks[j]
			if c.Name == Judge && (m.Statement == "" || strings.EqualFold(spaced(c.Want), spaced(m.Statement))) {
				meant = append(meant, c)
			}
		}
	}
	if len(meant) == 0 || m.Statement == "" && len(meant) > 1 {
		return false
	}
	for _, c := range meant {
		holds := m.Holds
		c.Person = &holds
	}
	return true
}

// The ends of the names of figures that people's marks make: what they would say of all cases, how
// often they say the same as the program, and how much of that is not chance (Cohen's kappa). The
// last two come by language too, behind a slash: "judge_kappa/es".
const (
	Corrected = "_corrected"
	Agreement = "_agreement"
	Kappa     = "_kappa"
)

// opinion is what the program says of something, and maybe a person.
type opinion struct {
	group, language string
	score           float64
	holds           bool
	person          *bool
}

// opinions are those of each figure that a person has marked something of.
func opinions(results []Result) map[string][]opinion {
	all := map[string][]opinion{}
	for _, r := range results {
		for _, s := range r.Steps {
			for _, c := range s.Checks {
				if c.Name == Judge {
					all[Judge] = append(all[Judge], opinion{r.groupOf(), r.Language, c.Score, c.OK, c.Person})
				}
			}
		}
	}
	for _, name := range peopleNames(results) {
		for _, r := range results {
			holds, known := r.holds(name)
			if !known {
				continue
			}
			o := opinion{group: r.groupOf(), language: r.Language, score: indicator(holds), holds: holds}
			if mark, ok := r.People[name]; ok {
				o.person = &mark
			}
			all[name] = append(all[name], o)
		}
	}
	for name, list := range all {
		if !slices.ContainsFunc(list, func(o opinion) bool { return o.person != nil }) {
			delete(all, name)
		}
	}
	return all
}

func peopleNames(results []Result) []string {
	var names []string
	for _, r := range results {
		for name := range r.People {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// holds tells whether a check holds in all of a case, and false where there is no such check.
func (r Result) holds(name string) (holds, known bool) {
	if name == Passed {
		return r.Passed, true
	}
	holds = true
	for _, s := range r.Steps {
		if h, ok := checksOf(s)[name]; ok {
			holds, known = holds && h.all, true
		}
	}
	return holds, known
}

// people measures what people's marks make of the figures.
func people(results []Result, keep func(string, stats.Estimate, bool)) {
	for name, list := range opinions(results) {
		if independent(list) < LeastMarked {
			continue
		}
		e, ok := correctedBy(list)
		keep(name+Corrected, e, ok)
		agreement(name, "", list, keep)
		for _, language := range languagesOf(list) {
			if part := inLanguage(list, language); independent(part) >= LeastMarked {
				agreement(name, "/"+language, part, keep)
			}
		}
	}
}

func correctedBy(list []opinion) (stats.Estimate, bool) {
	cases := make([]stats.Marked, len(list))
	for i, o := range list {
		cases[i] = stats.Marked{Group: o.group, Model: o.score}
		if o.person != nil {
			mark := indicator(*o.person)
			cases[i].Person = &mark
		}
	}
	return stats.Corrected(cases)
}

func agreement(name, language string, list []opinion, keep func(string, stats.Estimate, bool)) {
	var rows []stats.Row
	var rated []stats.Rated
	for _, o := range list {
		if o.person != nil {
			rows = append(rows, stats.Row{Group: o.group, Top: indicator(o.holds == *o.person), Bottom: 1})
			rated = append(rated, stats.Rated{Group: o.group, A: strconv.FormatBool(o.holds), B: strconv.FormatBool(*o.person)})
		}
	}
	e, ok := stats.Proportion(rows)
	keep(name+Agreement+language, e, ok)
	e, ok = stats.Kappa(rated)
	keep(name+Kappa+language, e, ok)
}

// independent counts the groups that a person has marked something of.
func independent(list []opinion) int {
	groups := map[string]bool{}
	for _, o := range list {
		if o.person != nil {
			groups[o.group] = true
		}
	}
	return len(groups)
}

func languagesOf(list []opinion) []string {
	var languages []string
	for _, o := range list {
		languages = append(languages, o.language)
	}
	slices.Sort(languages)
	return slices.DeleteFunc(slices.Compact(languages), func(l string) bool { return l == "" })
}

func inLanguage(list []opinion, language string) []opinion {
	return slices.DeleteFunc(slices.Clone(list), func(o opinion) bool { return o.language != language })
}

// countMarks says what people have marked, and how much more would do.
func countMarks(results []Result) []Marked {
	var all []Marked
	for name, list := range opinions(Judged(results)) {
		one := marked(name, "", list)
		if e, ok := correctedBy(list); one.Enough && ok {
			one.More = moreMarks(e)
		}
		all = append(all, one)
		for _, language := range languagesOf(list) {
			all = append(all, marked(name, language, inLanguage(list, language)))
		}
	}
	slices.SortFunc(all, func(a, b Marked) int {
		return cmp.Or(cmp.Compare(a.Metric, b.Metric), cmp.Compare(a.Language, b.Language))
	})
	return all
}

func marked(name, language string, list []opinion) Marked {
	m := Marked{Metric: name, Language: language, Cases: independent(list)}
	for _, o := range list {
		if o.person != nil {
			m.Marks++
		}
	}
	m.Enough, m.More = m.Cases >= LeastMarked, max(0, LeastMarked-m.Cases)
	return m
}

// moreMarks is how many cases more would narrow the interval enough: it narrows with the square
// root of their number.
func moreMarks(e stats.Estimate) int {
	ratio := (e.High - e.Low) / 2 / wanted
	return max(0, int(math.Ceil(float64(e.N)*(ratio*ratio-1))))
}
