package sqlite_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/knowledge/knowledgetest"
	"github.com/recado/recado/knowledge/sqlite"
)

// identity is what most tests build their index with.
func identity() knowledge.Identity {
	return knowledge.Identity{Embedder: "e", Dim: 4, Splitter: "1"}
}

// open opens the index in use of a folder, and closes it when the test ends.
func open(t testing.TB, c sqlite.Config) *sqlite.Index {
	t.Helper()
	index, err := sqlite.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := index.Close(); err != nil {
			t.Error(err)
		}
	})
	return index
}

func TestIndex(t *testing.T) {
	t.Parallel()
	knowledgetest.TestIndex(t, func(t testing.TB) knowledgetest.Open {
		dir := filepath.Join(t.TempDir(), "carpeta con % y ?")
		return func(id knowledge.Identity, as knowledge.Opening) (knowledge.Space, error) {
			return sqlite.Open(t.Context(), sqlite.Config{Dir: dir, Identity: id, Opening: as})
		}
	})
}

// TestIndexLoadedLater: the contract holds as well when memory waits for the first
// search.
func TestIndexLoadedLater(t *testing.T) {
	t.Parallel()
	knowledgetest.TestIndex(t, func(t testing.TB) knowledgetest.Open {
		dir := t.TempDir()
		return func(id knowledge.Identity, as knowledge.Opening) (knowledge.Space, error) {
			return sqlite.Open(t.Context(), sqlite.Config{Dir: dir, Identity: id, Opening: as, LoadLater: true})
		}
	})
}

func TestOpenNamesTheField(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]sqlite.Config{
		"sqlite.Config.Dir: missing":                             {Identity: identity()},
		"sqlite.Config.Identity: no embedder":                    {Dir: "p", Identity: knowledge.Identity{Dim: 1}},
		"sqlite.Config.Identity: dimension 0 is not more than 0": {Dir: "p", Identity: knowledge.Identity{Embedder: "e"}},
		"sqlite.Config.Opening: 4 is unknown":                    {Dir: "p", Identity: identity(), Opening: 4},
	} {
		if _, err := sqlite.Open(t.Context(), c); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// TestOpenRefusesWhatIsNoIndex: a file that is something else is an error that
// names it, and stays as it was.
func TestOpenRefusesWhatIsNoIndex(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "knowledge-place.db")
	text := strings.Repeat("This is no database. ", 300)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := sqlite.Open(t.Context(), sqlite.Config{Dir: dir, Identity: identity()})
	if err == nil || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "knowledge-place.db") {
		t.Errorf("error %v, want one that names the file", err)
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != text {
		t.Errorf("the file was changed, or is gone: %v", err)
	}
}

// TestOpenAtOnce opens one new folder several times at the same moment, as several
// processes would.
func TestOpenAtOnce(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new")
	var wait sync.WaitGroup
	for range 6 {
		wait.Go(func() {
			index, err := sqlite.Open(t.Context(), sqlite.Config{Dir: dir, Identity: identity()})
			if err != nil {
				t.Errorf("open: %v", err)
				return
			}
			if err := index.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		})
	}
	wait.Wait()
}
