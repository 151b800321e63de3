package runs_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/recado/recado/evals/runs"
	"github.com/recado/recado/evals/suite"
)

func TestKeepListOpen(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "runs")
	if list, err := runs.List(dir); err != nil || len(list) != 0 {
		t.Fatalf("no folder: %v %v", list, err)
	}
	old := runOf(shop())
	old.ID, old.Results[0].Steps[0].Record = "", json.RawMessage(`{"reply":"¿Sí & no?"}`)
	old.Summarise(suite.Suite{})
	newer := old
	newer.Started = old.Started.Add(time.Hour)
	path, err := runs.Keep(dir, old)
	if err != nil {
		t.Fatal(err)
	}
	if name := filepath.Base(path); !strings.HasPrefix(name, "20261126T120000Z-") || len(name) != len("20261126T120000Z-12345678.json") {
		t.Errorf("name %s", name)
	}
	if _, err := runs.Keep(dir, newer); err != nil {
		t.Fatal(err)
	}
	list, err := runs.List(dir)
	if err != nil || len(list) != 2 || list[1].ID != old.Name() || list[0].Passed != 4 || list[0].Results != nil || len(list[0].Metrics) == 0 {
		t.Fatalf("%+v %v", list, err)
	}
	got, err := runs.Open(dir, old.Name())
	old.ID = old.Name()
	if diff := cmp.Diff(old, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("customers' words are for everybody: %v %v", info.Mode(), err)
	}
	// Nothing is left beside.
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 2 {
		t.Errorf("%v %v", entries, err)
	}
}

func TestStoreRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, id := range []string{"", "../secret", ".hidden", "a/b"} {
		if _, err := runs.Open(dir, id); err == nil || !strings.Contains(err.Error(), "list of runs") {
			t.Errorf("%q: %v", id, err)
		}
	}
	if _, err := runs.Keep(dir, runs.Run{ID: "../x"}); err == nil {
		t.Error("kept outside of the folder")
	}
	for name, content := range map[string]string{"list.json": "[]", "torn.json": `{"suite":"x"`, "other.json": `{"a":1}`} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := runs.Read(filepath.Join(dir, name)); err == nil {
			t.Errorf("%s is a run", name)
		}
	}
	if _, err := runs.Keep(dir, runOf(nil)); err != nil {
		t.Fatal(err)
	}
	list, err := runs.List(dir)
	if len(list) != 1 || err == nil || !strings.Contains(err.Error(), "torn.json is no run") || !strings.Contains(err.Error(), "other.json") {
		t.Errorf("%v %v", list, err)
	}
}

// The same results give the same bytes, and what is read back gives them again.
func TestEncodeIsDeterministic(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		run := runOf(random(rapid.Uint64().Draw(t, "seed"), rapid.IntRange(0, 8).Draw(t, "cases"), .5))
		run.Summarise(suite.Suite{})
		var first, second, third bytes.Buffer
		if err := runs.Encode(&first, run); err != nil {
			t.Fatal(err)
		}
		run.Summarise(suite.Suite{})
		if err := runs.Encode(&second, run); err != nil || !bytes.Equal(first.Bytes(), second.Bytes()) {
			t.Fatalf("%v\n%s%s", err, first.Bytes(), second.Bytes())
		}
		var back runs.Run
		if err := json.Unmarshal(first.Bytes(), &back); err != nil {
			t.Fatal(err)
		}
		if err := runs.Encode(&third, back); err != nil || !bytes.Equal(first.Bytes(), third.Bytes()) {
			t.Fatalf("%v\n%s%s", err, first.Bytes(), third.Bytes())
		}
	})
}

func TestJournalResumes(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "runs")
	run, results := runOf(nil), shop()
	j, done, err := runs.Begin(dir, run)
	if err != nil || len(done) != 0 {
		t.Fatalf("%v %v", done, err)
	}
	for _, r := range results[:3] {
		if err := j.Append(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	// The power went while the third was written.
	path := filepath.Join(dir, "now.journal")
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content[:len(content)-9], 0o600); err != nil {
		t.Fatal(err)
	}
	if list, err := runs.Unfinished(dir); err != nil || len(list) != 1 || list[0].ID != "now" || len(list[0].Results) != 2 {
		t.Errorf("%+v %v", list, err)
	}
	other := run
	other.Config = "c2"
	if _, _, err := runs.Begin(dir, other); err == nil || !strings.Contains(err.Error(), `another configuration ("c1", now "c2"): take it up with that one`) {
		t.Errorf("%v", err)
	}
	j, done, err = runs.Begin(dir, run)
	if diff := cmp.Diff(results[:2], done); err != nil || diff != "" {
		t.Fatalf("%v %s", err, diff)
	}
	for _, r := range append([]runs.Result{{ID: "away/es", Outage: "The model was away."}}, results[2:]...) {
		if err := j.Append(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j, done, err = runs.Begin(dir, run)
	if diff := cmp.Diff(results, done); err != nil || diff != "" {
		t.Fatalf("%v %s", err, diff)
	}
	if err := j.Finish(); err != nil {
		t.Fatal(err)
	}
	if list, err := runs.Unfinished(dir); err != nil || len(list) != 0 {
		t.Errorf("%v %v", list, err)
	}
	if _, _, err := runs.Begin(dir, runs.Run{}); err == nil {
		t.Error("a journal without a name")
	}
}

// Wherever a journal was torn, what is taken up is a beginning of what was written.
func FuzzJournal(f *testing.F) {
	f.Add(40, byte('x'))
	f.Add(1, byte('\n'))
	f.Add(900, byte('{'))
	f.Fuzz(func(t *testing.T, at int, with byte) {
		dir := t.TempDir()
		run, results := runOf(nil), shop()
		j, _, err := runs.Begin(dir, run)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range results {
			if err := j.Append(r); err != nil {
				t.Fatal(err)
			}
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "now.journal")
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if at < 0 || at >= len(content) {
			return
		}
		if err := os.WriteFile(path, append(content[:at], with), 0o600); err != nil {
			t.Fatal(err)
		}
		j, done, err := runs.Begin(dir, run)
		if err != nil {
			t.Fatal(err)
		}
		defer j.Close()
		if len(done) > len(results) || cmp.Diff(results[:len(done)], done, cmpopts.EquateEmpty()) != "" {
			t.Errorf("%d of %d", len(done), len(results))
		}
		if err := j.Append(results[0]); err != nil {
			t.Error(err)
		}
	})
}
