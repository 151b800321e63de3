package sqlite_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/knowledge/knowledgetest"
	"github.com/recado/recado/knowledge/sqlite"
)

// markdown takes every file as it is.
type markdown struct{}

func (markdown) Accepts(string) bool { return true }

func (markdown) Extract(_ context.Context, _ string, f knowledge.File) ([]knowledge.Extracted, error) {
	return []knowledge.Extracted{{Body: string(f.Data), Format: knowledge.FormatMarkdown}}, nil
}

// listed is a source that is in memory.
func listed(name, body string) knowledge.Source {
	read := func(context.Context, []knowledge.Document, int64) (knowledge.File, error) {
		return knowledge.File{Data: []byte(body)}, nil
	}
	return knowledge.Source{Name: name, Place: name, Collection: "shop", Read: read}
}

// TestIngestReopened: a second process that ingests the same sources over the same
// index embeds nothing.
func TestIngestReopened(t *testing.T) {
	t.Parallel()
	dir, embedder := t.TempDir(), knowledgetest.NewEmbedder(8)
	list := knowledge.Listing{Complete: map[string]bool{"shop": true}, Sources: []knowledge.Source{
		listed("shop/es/a.md", "# Envíos\n\nDos días.\n"), listed("shop/en/a.md", "# Shipping\n\nTwo days.\n"),
	}}
	for _, want := range []knowledge.Report{{Added: 2, Embedded: 2}, {Unchanged: 2}} {
		index, err := sqlite.Open(t.Context(), sqlite.Config{Dir: dir, Identity: knowledge.IdentityOf(embedder)})
		if err != nil {
			t.Fatal(err)
		}
		ingester, err := knowledge.NewIngester(knowledge.Config{Index: index, Embedder: embedder, Extractor: markdown{}})
		if err != nil {
			t.Fatal(err)
		}
		got, err := ingester.Ingest(t.Context(), list, knowledge.Options{})
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
