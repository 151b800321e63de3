package evals

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"text/tabwriter"
)

// leastDetections is how many texts a figure is measured on at the least.
const leastDetections = 10

// unstated stands for the language of texts that name none.
const unstated = "unstated"

// Labelled is a text of which somebody said whether a detector has to find it.
type Labelled struct {
	ID   string
	Lang string
	// Kind is what the set calls it: the intent, the kind of attack.
	Kind string
	Text string
	// Positive says that it has to be found.
	Positive bool
}

// ReadLabelled reads a JSONL file with a text and, under the name of label, true or
// false in each line; `id`, `lang`, and `kind` or `intent` are optional. An error names
// the line.
func ReadLabelled(files fs.FS, name, label string) ([]Labelled, error) {
	var rows []Labelled
	positive := 0
	err := readJSONL(files, name, func(line []byte) error {
		row, err := readLabelled(line, label)
		if row.ID == "" {
			row.ID = strconv.Itoa(len(rows) + 1)
		}
		if row.Positive {
			positive++
		}
		rows = append(rows, row)
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case len(rows) < leastDetections:
		return nil, fmt.Errorf("%s holds %d texts; at least %d are needed", name, len(rows), leastDetections)
	case positive == 0:
		return nil, fmt.Errorf("%s: no text has %q true, so that there is nothing to find", name, label)
	}
	return rows, nil
}

func readLabelled(line []byte, label string) (Labelled, error) {
	var fields map[string]json.RawMessage
	if err := decodeRow(line, &fields); err != nil {
		return Labelled{}, err
	}
	var row struct{ ID, Lang, Kind, Intent, Text string }
	if err := decodeRow(line, &row); err != nil {
		return Labelled{}, err
	}
	found := Labelled{ID: row.ID, Lang: cmp.Or(row.Lang, unstated), Kind: cmp.Or(row.Kind, row.Intent), Text: row.Text}
	if row.Text == "" {
		return found, errors.New(`there is no "text"`)
	}
	if fields[label] == nil || json.Unmarshal(fields[label], &found.Positive) != nil {
		return found, fmt.Errorf("%q is neither true nor false", label)
	}
	return found, nil
}

// Detector scores a text. What scores At and more is found.
type Detector struct {
	Score func(text string) float64
	At    float64
}

// DetectionFigures are those of a detector over some of the texts. Recall is the share
// of the positives that was found, FalseAlarms that of the others; AUROC is the chance
// that a positive scores above another, or nil without both.
type DetectionFigures struct {
	N           int      `json:"n"`
	Positives   int      `json:"n_positive"`
	Recall      *float64 `json:"recall"`
	FalseAlarms *float64 `json:"false_alarms"`
	AUROC       *float64 `json:"auroc,omitempty"`
	// Intervals holds low and high by the name of the figure, by Wilson at 95 %.
	Intervals map[string][2]float64 `json:"intervals"`

	recall, alarms Share
}

// DetectionReport says what a detector finds.
type DetectionReport struct {
	Overall    DetectionFigures            `json:"overall"`
	ByLanguage map[string]DetectionFigures `json:"by_language"`
	ByKind     map[string]DetectionFigures `json:"by_kind,omitempty"`
	// Missed are the ids of positives that were not found, Alarms those of the others
	// that were.
	Missed []string `json:"missed"`
	Alarms []string `json:"false_alarm_ids"`
}

// Detect runs a detector over the texts.
func Detect(rows []Labelled, d Detector) DetectionReport {
	report := DetectionReport{ByLanguage: map[string]DetectionFigures{}, ByKind: map[string]DetectionFigures{}, Missed: []string{}, Alarms: []string{}}
	scores := make([]float64, len(rows))
	all := make([]int, len(rows))
	languages, kinds := map[string][]int{}, map[string][]int{}
	for i, row := range rows {
		scores[i], all[i] = d.Score(row.Text), i
		languages[row.Lang] = append(languages[row.Lang], i)
		if row.Kind != "" {
			kinds[row.Kind] = append(kinds[row.Kind], i)
		}
		switch found := scores[i] >= d.At; {
		case row.Positive && !found:
			report.Missed = append(report.Missed, row.ID)
		case !row.Positive && found:
			report.Alarms = append(report.Alarms, row.ID)
		}
	}
	report.Overall = d.figures(rows, scores, all)
	for lang, some := range languages {
		report.ByLanguage[lang] = d.figures(rows, scores, some)
	}
	for kind, some := range kinds {
		report.ByKind[kind] = d.figures(rows, scores, some)
	}
	return report
}

func (d Detector) figures(rows []Labelled, scores []float64, some []int) DetectionFigures {
	found, alarms, positives := 0, 0, 0
	for _, i := range some {
		hit := scores[i] >= d.At
		switch {
		case rows[i].Positive:
			positives++
			if hit {
				found++
			}
		case hit:
			alarms++
		}
	}
	f := DetectionFigures{N: len(some), Positives: positives, Intervals: map[string][2]float64{}}
	f.recall, f.alarms = newShare(found, positives), newShare(alarms, len(some)-positives)
	f.Recall = f.note("recall", f.recall)
	f.FalseAlarms = f.note("false_alarms", f.alarms)
	f.AUROC = rankAbove(rows, scores, some)
	return f
}

// note keeps the interval of a share and gives its value, nil for no cases.
func (f DetectionFigures) note(name string, s Share) *float64 {
	if s.N == 0 {
		return nil
	}
	f.Intervals[name] = [2]float64{s.Low, s.High}
	value := s.Value()
	return &value
}

// rankAbove is the chance that a positive scores above another text, ties counting
// half (Mann and Whitney 1947).
func rankAbove(rows []Labelled, scores []float64, some []int) *float64 {
	points := make([]Point, len(some))
	for i, row := range some {
		points[i] = Point{Score: scores[row], Positive: rows[row].Positive}
	}
	if area, ok := aurocOf(points); ok {
		return &area
	}
	return nil
}

// WriteJSON writes the report as JSON.
func (r DetectionReport) WriteJSON(w io.Writer) error { return writeJSON(w, r) }

// WriteTable writes the figures for people, by language and by kind.
func (r DetectionReport) WriteTable(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(name string, f DetectionFigures) {
		fmt.Fprintf(table, "%s\t%d\t%d\t%s\t%s\n", name, f.N, f.Positives, f.recall, f.alarms)
	}
	fmt.Fprintln(table, "\tn\tto be found\tfound\tfalse alarms")
	for _, lang := range slices.Sorted(maps.Keys(r.ByLanguage)) {
		row(lang, r.ByLanguage[lang])
	}
	row("all", r.Overall)
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\nMissed: %d. False alarms: %d. Intervals are Wilson's at 95 %%.\n", len(r.Missed), len(r.Alarms))
	return err
}
