package sqlite

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/recado/recado/knowledge"
)

func openBoth(t *testing.T, dir string) (mine, theirs *Index) {
	t.Helper()
	open := func() *Index {
		x, err := Open(t.Context(), Config{Dir: dir, Identity: knowledge.Identity{Embedder: "e", Dim: 1, Splitter: "1"}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := x.Close(); err != nil {
				t.Error(err)
			}
		})
		return x
	}
	return open(), open()
}

// TestReloadReadsNoDocuments: after a change of another process a search reads the indices
// of the documents and not their rows, which hold the texts.
func TestReloadReadsNoDocuments(t *testing.T) {
	t.Parallel()
	x, _ := openBoth(t, t.TempDir())
	for _, query := range []string{changedSince, countDocuments, listDocuments} {
		var a, b, c int
		var plan string
		row := x.db.QueryRowContext(t.Context(), "explain query plan "+query, make([]any, strings.Count(query, "?"))...)
		if err := row.Scan(&a, &b, &c, &plan); err != nil || !strings.Contains(plan, "COVERING INDEX") {
			t.Errorf("%s: %s, %v", query, plan, err)
		}
		if strings.Contains(query, "?") != strings.HasPrefix(plan, "SEARCH") {
			t.Errorf("%s: %s", query, plan)
		}
	}
}

// TestReloadFollows: memory has what other processes left of the documents, whatever they
// did in between.
func TestReloadFollows(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		mine, theirs := openBoth(t, t.TempDir())
		want := map[string]int{}
		for step := range rapid.IntRange(1, 12).Draw(rt, "steps") {
			x := rapid.SampledFrom([]*Index{mine, theirs, theirs}).Draw(rt, "who")
			id := rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(rt, "document")
			n := rapid.IntRange(-1, 2).Draw(rt, "passages")
			delete(want, id)
			if n < 0 {
				if err := x.Remove(t.Context(), id); err != nil {
					rt.Fatal(err)
				}
			} else {
				putSome(rt, x, id, step, n)
				want[id] = n
			}
			if rapid.Bool().Draw(rt, "look") {
				follows(rt, mine, want)
			}
		}
		follows(rt, mine, want)
		follows(rt, theirs, want)
	})
}

func putSome(t *rapid.T, x *Index, id string, step, n int) {
	d := knowledge.Document{Meta: knowledge.Meta{ID: id, Title: "T", Locale: "es"}}
	chunks := make([]knowledge.Chunk, n)
	for i := range chunks {
		text := fmt.Sprint("plazo ", step, i)
		chunks[i] = knowledge.Chunk{ID: fmt.Sprint(id, i), Seq: i, Hash: text, Text: text, Vector: []float32{1}}
	}
	if err := x.Replace(t.Context(), d, chunks); err != nil {
		t.Fatal(err)
	}
}

// follows holds what a search finds, and what memory notes, against the documents.
func follows(t *rapid.T, x *Index, want map[string]int) {
	var hits []knowledge.Hit
	for range 2 { // the contract allows one search to be behind
		var err error
		if hits, err = x.Search(t.Context(), knowledge.Query{Text: "plazo", Locale: "es", Limit: 20}); err != nil {
			t.Fatal(err)
		}
	}
	found := map[string]int{}
	for id := range want {
		found[id] = 0
	}
	for _, h := range hits {
		found[h.Document.ID]++
	}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(x.generations))); diff != "" {
		t.Fatalf("in memory (-want +got):\n%s", diff)
	}
}
