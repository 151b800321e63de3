package runs

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// The ends of the names of a run's file and of the journal of one that is not complete.
const (
	extension  = ".json"
	unfinished = ".journal"
)

// Name is what a run is called: when it started, and a hash of what answered what. Runs of
// one second that differ in that do not overwrite each other.
func (r Run) Name() string {
	sum := sha256.New()
	for _, part := range r.identity() {
		fmt.Fprintf(sum, "%d:%s", len(part), part)
	}
	sum.Write([]byte(r.Judge))
	return r.Started.UTC().Format("20060102T150405Z") + "-" + hex.EncodeToString(sum.Sum(nil))[:8]
}

// identity is what has to be the same for results to belong to one run.
func (r Run) identity() []string {
	return []string{r.Suite, r.Revision, r.Config, r.System, r.Model, fmt.Sprint(r.Repeat)}
}

// Encode writes a run as one line of JSON. The same run gives the same bytes.
func Encode(w io.Writer, r Run) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(r); err != nil {
		return fmt.Errorf("write run: %w", err)
	}
	return nil
}

// Keep writes a run into a folder, which it makes where there is none, and gives the path.
// A run without an ID gets its name. The file is there whole or not at all, and for its
// owner alone: customers' words are in it, if masked.
func Keep(dir string, r Run) (string, error) {
	if r.ID == "" {
		r.ID = r.Name()
	}
	path, err := pathOf(dir, r.ID, extension)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	if err := Encode(&b, r); err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make the folder of runs: %w", err)
	}
	if err := replace(path, b.Bytes()); err != nil {
		return "", fmt.Errorf("keep run %s: %w", r.ID, err)
	}
	return path, nil
}

// replace writes beside and renames.
func replace(path string, content []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), ".writing-*")
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	err = errors.Join(err, file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}

func pathOf(dir, id, end string) (string, error) {
	if id == "" || id != filepath.Base(id) || strings.HasPrefix(id, ".") {
		return "", fmt.Errorf("%q is no name of a run: take one that the list of runs shows", id)
	}
	return filepath.Join(dir, id+end), nil
}

// Open reads a run of a folder by its ID.
func Open(dir, id string) (Run, error) {
	path, err := pathOf(dir, id, extension)
	if err != nil {
		return Run{}, err
	}
	return Read(path)
}

// Read reads a run from a file.
func Read(path string) (Run, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return Run{}, fmt.Errorf("read run: %w", err)
	}
	var r Run
	if err := json.Unmarshal(content, &r); err != nil {
		return Run{}, fmt.Errorf("read run: %s is no run: %w", path, err)
	}
	if r.Metrics == nil && r.Results == nil && r.ID == "" {
		return Run{}, fmt.Errorf("read run: %s holds no run, which has an id, metrics and results", path)
	}
	return r, nil
}

// List gives the runs of a folder without their results, newest first. A folder that is
// not there has none; a file that is no run is named in the error, and the others are
// listed all the same.
func List(dir string) ([]Run, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list runs: %w", err)
	}
	var list []Run
	var failed error
	for _, e := range entries {
		if e.IsDir() || filepath.Ext(e.Name()) != extension || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		r, err := head(filepath.Join(dir, e.Name()))
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("list runs: %s is no run: %w", e.Name(), err))
			continue
		}
		list = append(list, r)
	}
	slices.SortStableFunc(list, func(a, b Run) int {
		if order := b.Started.Compare(a.Started); order != 0 {
			return order
		}
		return strings.Compare(a.ID, b.ID)
	})
	return list, failed
}

// head reads a run up to its results, which come last and are nearly all of a file.
func head(path string) (Run, error) {
	file, err := os.Open(path)
	if err != nil {
		return Run{}, err
	}
	defer file.Close()
	decoder := json.NewDecoder(file)
	if first, err := decoder.Token(); err != nil || first != json.Delim('{') {
		return Run{}, errors.Join(errors.New("it does not begin with an object"), err)
	}
	fields := map[string]json.RawMessage{}
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return Run{}, err
		}
		if key == "results" {
			break
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return Run{}, err
		}
		fields[fmt.Sprint(key)] = value
	}
	var r Run
	content, err := json.Marshal(fields)
	if err == nil {
		err = json.Unmarshal(content, &r)
	}
	if err == nil && r.ID == "" {
		err = errors.New("it has no id")
	}
	return r, err
}

// Unfinished gives the runs of a folder that were interrupted, by their journals, newest
// first.
func Unfinished(dir string) ([]Run, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*"+unfinished))
	if err != nil {
		return nil, fmt.Errorf("list interrupted runs: %w", err)
	}
	var list []Run
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("list interrupted runs: %w", err)
		}
		if r, results, _ := readJournal(content); r.ID != "" {
			r.Results = results
			list = append(list, r)
		}
	}
	slices.SortStableFunc(list, func(a, b Run) int { return b.Started.Compare(a.Started) })
	return list, nil
}
