package runs

import (
	"encoding/csv"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"
)

// sheetHeader are the columns of a sheet, of which ReadMarks reads those it knows.
var sheetHeader = []string{"case", "try", "language", "statement", "metric", "question", "reply", "verdict"}

// WriteSheet writes a table for people to mark: so many replies of a run, drawn at random, each
// with a statement that was judged, or, where nobody judges, with the question whether it passes. A
// figure can only be corrected by replies that chance has picked. The same run gives the same sheet.
func WriteSheet(w io.Writer, r Run, most int) error {
	rows := sheetRows(r)
	h := fnv.New64a()
	h.Write([]byte(r.ID))
	random := rand.New(rand.NewPCG(h.Sum64(), 1))
	random.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	table := csv.NewWriter(w)
	if err := table.Write(sheetHeader); err != nil {
		return fmt.Errorf("write the sheet: %w", err)
	}
	for _, row := range rows[:min(most, len(rows))] {
		if err := table.Write(row); err != nil {
			return fmt.Errorf("write the sheet: %w", err)
		}
	}
	table.Flush()
	if err := table.Error(); err != nil {
		return fmt.Errorf("write the sheet: %w", err)
	}
	return nil
}

func sheetRows(r Run) [][]string {
	var judged, passed [][]string
	for _, one := range Judged(r.Results) {
		row := func(s Step, statement, metric string) []string {
			return []string{one.ID, strconv.Itoa(one.Try), one.Language, statement, metric, cell(strings.Join(s.Said, "\n")), cell(s.told()), ""}
		}
		for _, s := range one.Steps {
			if s.told() == "" {
				continue
			}
			for _, c := range s.Checks {
				if c.Name == Judge {
					judged = append(judged, row(s, c.Want, ""))
				}
			}
		}
		if last := one.lastTold(); last != nil {
			passed = append(passed, row(*last, "", Passed))
		}
	}
	if len(judged) > 0 {
		return judged
	}
	return passed
}

// lastTold is the last step in which the customer got something, or nil.
func (r Result) lastTold() *Step {
	for i := len(r.Steps) - 1; i >= 0; i-- {
		if r.Steps[i].told() != "" {
			return &r.Steps[i]
		}
	}
	return nil
}

// cell is a text that no spreadsheet takes for a formula.
func cell(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}
