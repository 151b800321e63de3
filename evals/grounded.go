package evals

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
)

// GroundedRow is a response with the contexts that it should rest on, and whether it does.
type GroundedRow struct {
	ID, Question, Response, Lang string
	Contexts                     []string
	Grounded                     bool
	// Kind says how the row came to be or what is wrong with it, and Task what the
	// response was written for. Both may be empty.
	Kind, Task string
}

// groundedLine is a line of a file of rows.
type groundedLine struct {
	ID       string   `json:"id"`
	SourceID string   `json:"source_id"`
	Question string   `json:"question"`
	Response string   `json:"response"`
	Lang     string   `json:"lang"`
	Contexts []string `json:"contexts"`
	Grounded *bool    `json:"grounded"`
	Kind     string   `json:"kind"`
	Task     string   `json:"task"`
	Label    string   `json:"label"`
	Spans    []struct {
		Type string `json:"type"`
	} `json:"spans"`
}

// leastRows is how many rows a measurement needs at least.
const leastRows = 10

// ReadGrounded reads rows with `response`, `contexts`, `grounded` and, if they have them,
// `kind`, `task`, `question` and `lang`. A row with `source_id` in the place of `contexts`
// takes them from sources.jsonl beside the file. Without `kind`, the label or the first
// type of its spans is the kind.
func ReadGrounded(files fs.FS, name string) ([]GroundedRow, error) {
	var rows []GroundedRow
	var sources map[string][]string
	err := readJSONL(files, name, func(line []byte) error {
		var l groundedLine
		if err := decodeRow(line, &l); err != nil {
			return err
		}
		if l.Grounded == nil {
			return errors.New("there is no `grounded`, true or false")
		}
		if len(l.Contexts) == 0 && l.SourceID != "" {
			if sources == nil {
				var err error
				if sources, err = readSources(files, path.Join(path.Dir(name), "sources.jsonl")); err != nil {
					return err
				}
			}
			l.Contexts = sources[l.SourceID]
		}
		if len(l.Contexts) == 0 {
			return errors.New("there are no `contexts`, and no row of sources.jsonl has them by `source_id`")
		}
		rows = append(rows, l.row())
		return nil
	})
	if err != nil {
		return nil, err
	}
	return rows, enough(rows)
}

func (l groundedLine) row() GroundedRow {
	r := GroundedRow{ID: l.ID, Question: l.Question, Response: l.Response, Lang: l.Lang, Contexts: l.Contexts, Grounded: *l.Grounded, Kind: l.Kind, Task: l.Task}
	if r.Lang == "" {
		r.Lang = "en" // that of most data sets that say nothing
	}
	if r.Kind == "" {
		r.Kind = l.Label
	}
	if r.Kind == "" && len(l.Spans) > 0 {
		r.Kind = l.Spans[0].Type
	}
	return r
}

func readSources(files fs.FS, name string) (map[string][]string, error) {
	sources := map[string][]string{}
	err := readJSONL(files, name, func(line []byte) error {
		var s struct {
			SourceID string   `json:"source_id"`
			Contexts []string `json:"contexts"`
		}
		if err := decodeRow(line, &s); err != nil {
			return err
		}
		sources[s.SourceID] = s.Contexts
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the contexts are missing: the rows name them by `source_id`, and there is no %s", name)
	}
	return sources, err
}

// enough wants rows of both labels.
func enough(rows []GroundedRow) error {
	grounded := 0
	for _, r := range rows {
		if r.Grounded {
			grounded++
		}
	}
	if len(rows) < leastRows || grounded == 0 || grounded == len(rows) {
		return fmt.Errorf("there are %d rows, %d of them grounded: at least %d rows are needed, and some of each", len(rows), grounded, leastRows)
	}
	return nil
}
