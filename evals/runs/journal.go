package runs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
)

// Journal holds the results of a run that goes on, one line each, so that one that was
// interrupted need not ask again what it asked already. It is safe for concurrent use.
type Journal struct {
	mu   sync.Mutex
	file *os.File
}

// Begin opens the journal of a run in a folder, and gives the results that it holds
// already. A last line that was torn is dropped, and its case has to be asked again, as has
// one whose provider was away. It refuses the journal of a run with another suite, revision, configuration, system, model
// or repeat: results of two are no run. The run has to have an ID.
func Begin(dir string, r Run) (*Journal, []Result, error) {
	path, err := pathOf(dir, r.ID, unfinished)
	if err != nil {
		return nil, nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, nil, fmt.Errorf("make the folder of runs: %w", err)
	}
	content, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("read the journal of run %s: %w", r.ID, err)
	}
	was, results, whole := readJournal(content)
	if was.ID != "" {
		if err := sameRun(was, r); err != nil {
			return nil, nil, err
		}
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("open the journal of run %s: %w", r.ID, err)
	}
	j := &Journal{file: file}
	err = j.from(whole)
	if err == nil && was.ID == "" {
		r.Results, r.Metrics, r.Slices, r.Gates, r.Marked = nil, nil, nil, nil, nil
		err = j.line(r)
	}
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("begin the journal of run %s: %w", r.ID, err), file.Close())
	}
	return j, slices.DeleteFunc(results, func(r Result) bool { return r.Outage != "" }), nil
}

func sameRun(was, r Run) error {
	names := [...]string{"suite", "revision", "configuration", "system", "model", "number of tries"}
	now := r.identity()
	for i, before := range was.identity() {
		if before != now[i] {
			return fmt.Errorf("run %s was interrupted with another %s (%s, now %s): take it up with that one, or start a new run", r.ID, names[i], quoted(before), quoted(now[i]))
		}
	}
	if was.Judge != r.Judge {
		return fmt.Errorf("run %s was interrupted with another judge (%s, now %s): take it up with that one, or start a new run", r.ID, quoted(was.Judge), quoted(r.Judge))
	}
	return nil
}

// from drops what follows the whole lines.
func (j *Journal) from(whole int64) error {
	if err := j.file.Truncate(whole); err != nil {
		return err
	}
	_, err := j.file.Seek(whole, 0)
	return err
}

// readJournal gives the run of the first line, the results of the others, and how many
// bytes of whole lines there are. What follows a line that cannot be read is not trusted.
func readJournal(content []byte) (r Run, results []Result, whole int64) {
	for len(content) > int(whole) {
		line, _, ended := bytes.Cut(content[whole:], []byte{'\n'})
		if !ended {
			break
		}
		if whole == 0 {
			if json.Unmarshal(line, &r) != nil || r.ID == "" {
				return Run{}, nil, 0
			}
		} else {
			var one Result
			if json.Unmarshal(line, &one) != nil || one.ID == "" {
				break
			}
			results = append(results, one)
		}
		whole += int64(len(line)) + 1
	}
	return r, results, whole
}

// Append adds a result. The line is written at once, but not forced to the disk: what a
// power cut takes is asked again.
func (j *Journal) Append(r Result) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.line(r); err != nil {
		return fmt.Errorf("write to the journal: %w", err)
	}
	return nil
}

func (j *Journal) line(value any) error {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return err
	}
	_, err := j.file.Write(b.Bytes())
	return err
}

// Close leaves the journal for the run to be taken up again.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.file.Close(); err != nil {
		return fmt.Errorf("close the journal: %w", err)
	}
	return nil
}

// Finish closes the journal and removes it, after Keep has the whole run.
func (j *Journal) Finish() error {
	if err := j.Close(); err != nil {
		return err
	}
	if err := os.Remove(j.file.Name()); err != nil {
		return fmt.Errorf("remove the journal: %w", err)
	}
	return nil
}
