package evals

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"text/tabwriter"

	"github.com/recado/recado/rag/confidence"
)

// PromiseFigures say how a promise fared over many calibrations.
type PromiseFigures struct {
	Alpha float64 `json:"alpha"`
	Delta float64 `json:"delta"`
	// Violations is the share of the calibrations whose threshold breaks the
	// promise among all rows; it is to be at most Delta. Broken holds its count and
	// interval.
	Violations float64 `json:"violations"`
	Broken     Share   `json:"broken"`
	// Coverage is the mean share of all rows that are answered, Certified the
	// share of the calibrations that promised anything.
	Coverage  float64 `json:"coverage"`
	Certified float64 `json:"certified"`
}

// PromiseReport is what MeasurePromise found, for each promise.
type PromiseReport struct {
	N     int             `json:"n"`
	Draws int             `json:"draws"`
	Rows  int             `json:"rows"`
	M     *PromiseFigures `json:"M,omitempty"`
	S     *PromiseFigures `json:"S,omitempty"`
	// BaseError is the share of all rows that are wrong.
	BaseError float64 `json:"base_error"`
}

// ReadScores reads rows of "score" and "right".
func ReadScores(r io.Reader) ([]confidence.Scored, error) {
	var rows []confidence.Scored
	err := eachLine(r, func(line []byte) error {
		var row struct {
			Score *float64 `json:"score"`
			Right *truth   `json:"right"`
		}
		if err := decodeRow(line, &row); err != nil {
			return err
		}
		if row.Score == nil || row.Right == nil {
			return errors.New(`a row has a "score" and a "right"`)
		}
		rows = append(rows, confidence.Scored{Probability: *row.Score, Answered: true, Right: bool(*row.Right)})
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, errors.New("there is no score in it")
	}
	return rows, nil
}

// WriteScores writes points as ReadScores and ReadLabels take them.
func WriteScores(w io.Writer, points []Point) error {
	encoder := json.NewEncoder(w)
	for _, p := range points {
		row := struct {
			ID     string  `json:"id,omitempty"`
			Group  string  `json:"group,omitempty"`
			Locale string  `json:"locale,omitempty"`
			Score  float64 `json:"score"`
			Right  bool    `json:"right"`
		}{p.ID, p.Group, p.Lang, p.Score, p.Right}
		if err := encoder.Encode(row); err != nil {
			return fmt.Errorf("write scores: %w", err)
		}
	}
	return nil
}

// MeasurePromise takes the rows for the whole world: it draws n of them with
// replacement, chooses a threshold on those, looks whether the promise holds among all
// rows, and does so draws times. The draws are the same in every run.
func MeasurePromise(rows []confidence.Scored, terms []confidence.Terms, n, draws int) (PromiseReport, error) {
	report := PromiseReport{N: n, Draws: draws, Rows: len(rows)}
	if len(rows) == 0 || n < 1 || draws < 1 {
		return report, fmt.Errorf("promise: %d rows, %d of them in each of %d draws: each has to be 1 or more", len(rows), n, draws)
	}
	for _, row := range rows {
		if !row.Right {
			report.BaseError += 1 / float64(len(rows))
		}
	}
	for _, t := range terms {
		if err := t.Check(); err != nil {
			return report, fmt.Errorf("promise: %w", err)
		}
		t.Promise = cmp.Or(t.Promise, confidence.Marginal)
		figures := measureTerms(rows, t, n, draws)
		if t.Promise == confidence.Selective {
			report.S = &figures
		} else {
			report.M = &figures
		}
	}
	return report, nil
}

func measureTerms(rows []confidence.Scored, t confidence.Terms, n, draws int) PromiseFigures {
	f := PromiseFigures{Alpha: t.Alpha, Delta: t.Delta}
	random := rand.New(rand.NewPCG(20, 26))
	drawn := make([]confidence.Scored, n)
	broken := 0
	for range draws {
		for i := range drawn {
			drawn[i] = rows[random.IntN(len(rows))]
		}
		choice := t.Choose(drawn)
		sent, wrong := 0, 0
		for _, row := range rows {
			if row.Answered && row.Probability >= choice.Threshold {
				sent++
				if !row.Right {
					wrong++
				}
			}
		}
		of := len(rows)
		if t.Promise == confidence.Selective {
			of = sent
		}
		// Without rounding errors in alpha*of.
		if float64(wrong) > t.Alpha*float64(of)+1e-9 {
			broken++
		}
		if choice.Sent > 0 {
			f.Certified += 1 / float64(draws)
		}
		f.Coverage += float64(sent) / float64(len(rows)) / float64(draws)
	}
	f.Broken = newShare(broken, draws)
	f.Violations = f.Broken.Value()
	return f
}

// WriteTable writes the report for a terminal.
func (r PromiseReport) WriteTable(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "promise\talpha\tbroken, of calibrations\tmay be\tcoverage\tcertified something")
	for _, row := range []struct {
		name    string
		figures *PromiseFigures
	}{{"M: answered and wrong, of all cases", r.M}, {"S: wrong, of the answers", r.S}} {
		if f := row.figures; f != nil {
			fmt.Fprintf(table, "%s\t%.3g\t%s\t%.1f %%\t%.3f\t%.3f\n", row.name, f.Alpha, f.Broken, 100*f.Delta, f.Coverage, f.Certified)
		}
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("write promise: %w", err)
	}
	if _, err := fmt.Fprintf(w, "\n%d calibrations of %d rows, drawn with replacement from %d of which %.1f %% are wrong. Intervals are Wilson's at 95 %%.\n", r.Draws, r.N, r.Rows, 100*r.BaseError); err != nil {
		return fmt.Errorf("write promise: %w", err)
	}
	return nil
}

// WriteJSON writes the report as indented JSON.
func (r PromiseReport) WriteJSON(w io.Writer) error { return writeJSON(w, r) }
