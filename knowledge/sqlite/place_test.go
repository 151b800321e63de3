package sqlite_test

import (
	"bufio"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/knowledge/sqlite"
)

func next() knowledge.Identity {
	return knowledge.Identity{Embedder: "next", Dim: 4, Splitter: "1"}
}

// files are the names in a folder.
func files(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// TestActivateLeavesOneIndex: the files of the former index go, those of others stay, the
// one of the first release among them.
func TestActivateLeavesOneIndex(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	others := []string{"knowledge.db", "knowledge-notes-2.txt", "knowledge-shop-1.db", "recado.db"}
	for _, name := range append(others, "knowledge-0badcafe-7.db", "knowledge-0badcafe-7.db-wal") {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	former := open(t, sqlite.Config{Dir: dir, Identity: identity()})
	put(t, former, "a", "es", "plazo")
	beside := open(t, sqlite.Config{Dir: dir, Identity: next(), Opening: knowledge.OpenBeside})
	if got := indexes(t, dir); len(got) != 2 {
		t.Errorf("while one is built beside the other: %q", got)
	}
	if err := beside.Activate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := indexes(t, dir); len(got) != 1 {
		t.Errorf("afterwards: %q", got)
	}
	for _, name := range others {
		if data, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(data) != name {
			t.Errorf("%s holds %q, %v", name, data, err)
		}
	}
}

// indexes are the files of indexes.
func indexes(t *testing.T, dir string) []string {
	t.Helper()
	return slices.DeleteFunc(files(t, dir), func(name string) bool {
		return !strings.HasSuffix(name, ".db") || strings.Count(name, "-") != 2 || name == "knowledge-shop-1.db"
	})
}

// TestDroppedIndexRefusesEverything: who still has a dropped index open is told so by
// each of its methods, and changes nothing of the new one.
func TestDroppedIndexRefusesEverything(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	old := open(t, sqlite.Config{Dir: dir, Identity: identity()})
	put(t, old, "a", "es", "plazo")
	beside := open(t, sqlite.Config{Dir: dir, Identity: next(), Opening: knowledge.OpenBeside})
	if err := beside.Activate(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, d := t.Context(), knowledge.Document{Meta: knowledge.Meta{ID: "a", Title: "T", Locale: "es"}}
	for name, call := range map[string]func() error{
		"Replace":     func() error { return old.Replace(ctx, d, nil) },
		"Touch":       func() error { return old.Touch(ctx, d) },
		"Remove":      func() error { return old.Remove(ctx, "a") },
		"Documents":   func() error { _, err := old.Documents(ctx, ""); return err },
		"Document":    func() error { _, _, err := old.Document(ctx, "a"); return err },
		"Search":      func() error { _, err := old.Search(ctx, knowledge.Query{Text: "plazo"}); return err },
		"Revoke":      func() error { return old.Revoke(ctx, []knowledge.Revocation{{DocumentID: "a", Hash: "plazo"}}) },
		"Restore":     func() error { return old.Restore(ctx, "a", []string{"plazo"}) },
		"Revocations": func() error { _, err := old.Revocations(ctx); return err },
		"Activate":    func() error { return old.Activate(ctx) },
	} {
		if err := call(); !errors.Is(err, knowledge.ErrIdentity) {
			t.Errorf("%s: %v, want ErrIdentity", name, err)
		}
	}
	if list, err := beside.Revocations(ctx); err != nil || len(list) != 0 {
		t.Errorf("revocations of the new one: %v, %v", list, err)
	}
}

// TestDamagedPassage: what can't be loaded is an error that names the passage.
func TestDamagedPassage(t *testing.T) {
	t.Parallel()
	for column, value := range map[string]any{"vector": []byte{1}, "terms": []byte{0, 9}} {
		dir := t.TempDir()
		x := open(t, sqlite.Config{Dir: dir, Identity: identity()})
		put(t, open(t, sqlite.Config{Dir: dir, Identity: identity()}), "a", "es", "plazo")
		db, err := sql.Open("sqlite", filepath.Join(dir, indexes(t, dir)[0]))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.ExecContext(t.Context(), `update chunks set `+column+` = ?`, value); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		for _, time := range []string{"the first search", "the second"} {
			_, err := x.Search(t.Context(), knowledge.Query{Text: "plazo", Locale: "es"})
			if err == nil || !strings.Contains(err.Error(), "passage a0") {
				t.Errorf("%s, %s: %v, want an error that names the passage", column, time, err)
			}
		}
		_, err = sqlite.Open(t.Context(), sqlite.Config{Dir: dir, Identity: identity()})
		if err == nil || !strings.Contains(err.Error(), "passage a0") {
			t.Errorf("%s: %v, want an error that names the passage", column, err)
		}
	}
}

// killedDir tells the test's own program, started once more, which index to write to
// until it is killed.
const killedDir = "KNOWLEDGE_KILLED_DIR"

// TestKilled kills a process in the middle of its changes, several times over one
// folder: every document is there as it was or as it became.
func TestKilled(t *testing.T) {
	t.Parallel()
	const passages = 20
	if dir := os.Getenv(killedDir); dir != "" {
		writeUntilKilled(t, dir, passages)
	}
	dir := t.TempDir()
	for round := range 3 {
		kill(t, dir, 5+7*round)
		index := open(t, sqlite.Config{Dir: dir, Identity: identity()})
		documents, err := index.Documents(t.Context(), "")
		if err != nil || len(documents) == 0 {
			t.Fatalf("%d documents, %v", len(documents), err)
		}
		for _, d := range documents {
			_, chunks, err := index.Document(t.Context(), d.ID)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range chunks {
				if c.Heading != d.Version {
					t.Errorf("a passage of %s at version %s is of version %s", d.ID, d.Version, c.Heading)
				}
			}
			hits, err := index.Search(t.Context(), knowledge.Query{Text: "plazo", Documents: []string{d.ID}, Limit: 100})
			if err != nil || len(chunks) != passages || len(hits) != passages {
				t.Errorf("%s has %d passages, of which %d are found, %v; want %d", d.ID, len(chunks), len(hits), err, passages)
			}
		}
	}
}

// writeUntilKilled replaces three documents over and over, and says so after each.
func writeUntilKilled(t *testing.T, dir string, passages int) {
	t.Helper()
	index := open(t, sqlite.Config{Dir: dir, Identity: identity()})
	for n := 0; ; n++ {
		version := fmt.Sprint(os.Getpid(), "-", n)
		d := knowledge.Document{Meta: knowledge.Meta{ID: fmt.Sprint("d", n%3), Title: "T", Locale: "es"}, Version: version}
		chunks := make([]knowledge.Chunk, passages)
		for i := range chunks {
			chunks[i] = knowledge.Chunk{ID: fmt.Sprint(d.ID, "#", i), Seq: i, Heading: version, Text: "plazo", Vector: []float32{1, 0, 0, 0}}
		}
		if err := index.Replace(t.Context(), d, chunks); err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Fprintln(os.Stdout, "replaced"); err != nil {
			t.Fatal(err)
		}
	}
}

// kill starts a writer and kills it after some changes.
func kill(t *testing.T, dir string, changes int) {
	t.Helper()
	writer := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilled$")
	writer.Env = append(os.Environ(), killedDir+"="+dir)
	writer.WaitDelay = time.Second
	output, err := writer.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := writer.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(output)
	for range changes {
		if !lines.Scan() {
			t.Fatalf("the writer ended by itself: %v", lines.Err())
		}
	}
	if err := writer.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := writer.Wait(); err == nil {
		t.Fatal("the writer was not killed")
	}
}

// TestLoadLater: an index that is loaded later and one that is loaded at
// once find the same.
func TestLoadLater(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	later := open(t, sqlite.Config{Dir: dir, Identity: identity(), LoadLater: true})
	put(t, later, "a", "es", "plazo de pago", "plazo de entrega")
	put(t, later, "b", "en", "refund")
	if err := later.Revoke(t.Context(), []knowledge.Revocation{{DocumentID: "a", Hash: "plazo de pago"}}); err != nil {
		t.Fatal(err)
	}
	if err := later.Remove(t.Context(), "b"); err != nil {
		t.Fatal(err)
	}
	now := open(t, sqlite.Config{Dir: dir, Identity: identity()})
	q := knowledge.Query{Text: "plazo refund", Vector: []float32{0, 1, 0, 0}}
	want, err := now.Search(t.Context(), q)
	if err != nil || len(want) != 1 || want[0].Chunk.Text != "plazo de entrega" {
		t.Fatalf("%v, %v", want, err)
	}
	got, err := later.Search(t.Context(), q)
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); err != nil || diff != "" {
		t.Errorf("%v, hits (-want +got):\n%s", err, diff)
	}
}
