package sqlite_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/knowledge/knowledgetest"
	"github.com/recado/recado/knowledge/sqlite"
)

func TestIndex(t *testing.T) {
	t.Parallel()
	knowledgetest.TestIndex(t, func(t testing.TB) knowledgetest.Open {
		path := filepath.Join(t.TempDir(), "carpeta con % y ?", "knowledge.db")
		return func(embedder string, dim int, rebuild bool) (knowledgetest.Index, error) {
			return sqlite.Open(t.Context(), sqlite.Config{Path: path, Embedder: embedder, Dim: dim, Rebuild: rebuild})
		}
	})
}

func TestOpenNamesTheField(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]sqlite.Config{
		"sqlite.Config.Path: missing":                                            {Embedder: "e", Dim: 1},
		"sqlite.Config.Embedder: missing":                                        {Path: "p", Dim: 1},
		"sqlite.Config.Dim: knowledge.NewMemory: dimension 0 is not more than 0": {Path: "p", Embedder: "e"},
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
	path := filepath.Join(t.TempDir(), "knowledge.db")
	text := strings.Repeat("This is no database. ", 300)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := sqlite.Open(t.Context(), sqlite.Config{Path: path, Embedder: "e", Dim: 1})
	if err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("error %v, want one that names the file", err)
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != text {
		t.Errorf("the file was changed, or is gone: %v", err)
	}
}

// TestOpenAtOnce opens one new file several times at the same moment, as several
// processes would.
func TestOpenAtOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new", "knowledge.db")
	var wait sync.WaitGroup
	for range 6 {
		wait.Go(func() {
			index, err := sqlite.Open(t.Context(), sqlite.Config{Path: path, Embedder: "e", Dim: 1})
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

// TestIngestReopened: a second process that ingests the same files over the same
// index embeds nothing.
func TestIngestReopened(t *testing.T) {
	t.Parallel()
	path, files := filepath.Join(t.TempDir(), "knowledge.db"), fstest.MapFS{
		"es/a.md": {Data: []byte("# Envíos\n\nDos días.\n")}, "en/a.md": {Data: []byte("# Shipping\n\nTwo days.\n")},
	}
	embedder := knowledgetest.NewEmbedder(8)
	for _, want := range []knowledge.Report{{Added: 2, Embedded: 2}, {Unchanged: 2}} {
		index, err := sqlite.Open(t.Context(), sqlite.Config{Path: path, Embedder: embedder.Name(), Dim: 8})
		if err != nil {
			t.Fatal(err)
		}
		ingester, err := knowledge.NewIngester(knowledge.Config{Index: index, Embedder: embedder})
		if err != nil {
			t.Fatal(err)
		}
		got, err := ingester.IngestFS(t.Context(), "shop", files, nil)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("error %v, report (-want +got):\n%s", err, diff)
		}
		if err := index.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := index.Search(t.Context(), knowledge.Query{Text: "días"}); err == nil {
			t.Error("a search after Close: no error")
		}
	}
}
