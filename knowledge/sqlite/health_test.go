package sqlite_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/knowledge/sqlite"
)

func TestInspect(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "carpeta con % y ?", "knowledge.db")
	if _, err := sqlite.Inspect(t.Context(), path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	x, err := sqlite.Open(t.Context(), sqlite.Config{Path: path, Embedder: "e", Dim: 4})
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	for id, locale := range map[string]string{"a": "es", "b": "es", "c": "en"} {
		d := knowledge.Document{ID: id, Title: "T", Locale: locale}
		if err := x.Replace(t.Context(), d, []knowledge.Chunk{{ID: id, DocumentID: id, Text: "x", Vector: []float32{1, 0, 0, 0}}}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := sqlite.Inspect(t.Context(), path)
	want := sqlite.Health{Schema: got.Newest, Newest: got.Newest, Embedder: "e", Dim: 4, Documents: map[string]int{"es": 2, "en": 1}}
	if diff := cmp.Diff(want, got); err != nil || got.Newest < 1 || diff != "" {
		t.Errorf("%v, health (-want +got):\n%s", err, diff)
	}
}

func TestInspectWhatIsNoIndex(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "knowledge.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if h, err := sqlite.Inspect(t.Context(), path); err != nil || h.Schema != 0 || h.Documents != nil {
		t.Errorf("an empty file: %+v, %v", h, err)
	}
	if err := os.WriteFile(path, []byte(strings.Repeat("This is no database. ", 300)), 0o600); err != nil {
		t.Fatal(err)
	}
	if h, err := sqlite.Inspect(t.Context(), path); err == nil {
		t.Errorf("what is no database is %+v", h)
	}
}
