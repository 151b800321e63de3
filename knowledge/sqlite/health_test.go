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

// put replaces a document with one passage of each text.
func put(t testing.TB, x knowledge.Index, id, locale string, texts ...string) {
	t.Helper()
	d := knowledge.Document{Meta: knowledge.Meta{ID: id, Title: "T", Locale: locale}, Body: strings.Join(texts, "\n")}
	chunks := make([]knowledge.Chunk, len(texts))
	for i, text := range texts {
		chunks[i] = knowledge.Chunk{ID: id + string(rune('0'+i)), Seq: i, Hash: text, Text: text, Vector: []float32{1, 0, 0, 0}}
	}
	if err := x.Replace(t.Context(), d, chunks); err != nil {
		t.Fatal(err)
	}
}

func TestInspect(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "carpeta con % y ?")
	if _, err := sqlite.Inspect(t.Context(), dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
	x := open(t, sqlite.Config{Dir: dir, Identity: identity()})
	for id, locale := range map[string]string{"a": "es", "b": "es", "c": "en"} {
		put(t, x, id, locale, "x")
	}
	got, err := sqlite.Inspect(t.Context(), dir)
	want := sqlite.Health{
		Schema: got.Newest, Newest: got.Newest, Embedder: "e", Dim: 4, Splitter: "1", Documents: map[string]int{"es": 2, "en": 1},
	}
	if diff := cmp.Diff(want, got); err != nil || got.Newest < 1 || diff != "" {
		t.Errorf("%v, health (-want +got):\n%s", err, diff)
	}
}

func TestInspectWhatIsNoIndex(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "knowledge-place.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if h, err := sqlite.Inspect(t.Context(), dir); err != nil || h.Schema != 0 || h.Documents != nil {
		t.Errorf("an empty file: %+v, %v", h, err)
	}
	if err := os.WriteFile(path, []byte(strings.Repeat("This is no database. ", 300)), 0o600); err != nil {
		t.Fatal(err)
	}
	if h, err := sqlite.Inspect(t.Context(), dir); err == nil {
		t.Errorf("what is no database is %+v", h)
	}
}
