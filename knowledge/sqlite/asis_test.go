package sqlite_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/knowledge/sqlite"
)

// TestOpenAsIsNothing: where there is no index none is made, nor a folder.
func TestOpenAsIsNothing(t *testing.T) {
	t.Parallel()
	empty := t.TempDir()
	unused := t.TempDir()
	if err := os.WriteFile(filepath.Join(unused, "knowledge-place.db"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{filepath.Join(empty, "none"), empty, unused} {
		before := contents(t, filepath.Dir(dir))
		_, err := sqlite.Open(t.Context(), sqlite.Config{Dir: dir, Identity: identity(), Opening: knowledge.OpenAsIs})
		if !errors.Is(err, knowledge.ErrNoIndex) {
			t.Errorf("%s: %v", dir, err)
		}
		if diff := cmp.Diff(before, contents(t, filepath.Dir(dir))); diff != "" {
			t.Errorf("%s changed (-before +after):\n%s", dir, diff)
		}
	}
}

// TestOpenAsIsAfterACrash: what a process that ended at once left beside the files is read
// and stays there.
func TestOpenAsIsAfterACrash(t *testing.T) {
	t.Parallel()
	dir, left := t.TempDir(), filepath.Join(t.TempDir(), "left")
	x := open(t, sqlite.Config{Dir: dir, Identity: identity()})
	put(t, x, "a", "es", "x")
	if err := os.CopyFS(left, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	before := contents(t, left)
	if before["knowledge-place.db-wal"] == "" {
		t.Fatal("nothing is left beside the files")
	}
	y, err := sqlite.Open(t.Context(), sqlite.Config{Dir: left, Identity: identity(), Opening: knowledge.OpenAsIs})
	if err != nil {
		t.Fatal(err)
	}
	list, err := y.Documents(t.Context(), "")
	if err != nil || len(list) != 1 {
		t.Errorf("%d documents, %v", len(list), err)
	}
	if err := y.Close(); err != nil {
		t.Error(err)
	}
	after := contents(t, left)
	for name := range before { // what readers share in memory is theirs
		if filepath.Ext(name) == ".db-shm" {
			delete(before, name)
			delete(after, name)
		}
	}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("looking changed (-before +after):\n%s", diff)
	}
}

// contents are the files below a folder.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			found[path] = "folder"
			return err
		}
		text, err := os.ReadFile(filepath.Join(dir, path))
		found[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
