package sqlite_test

import (
	"path/filepath"
	"testing"

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
