package sqlite_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

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

// TestIngestLarge: a document that takes more than its room goes in as any other does,
// its vectors wait in no memory, and its passages are counted on the way.
func TestIngestLarge(t *testing.T) {
	t.Parallel()
	const rows = 1200
	var table strings.Builder
	table.WriteString("question,answer\n")
	for i := range rows {
		fmt.Fprintf(&table, "¿Cuánto cuesta el artículo %d?,Cuesta %d euros.\n", i, i+7)
	}
	embedder := knowledgetest.NewEmbedder(8)
	var found [2][]knowledge.Hit
	for at, room := range []int64{0, 1 << 10} {
		index := open(t, sqlite.Config{Dir: t.TempDir(), Identity: knowledge.IdentityOf(embedder), LoadLater: true})
		streamed := &vectorless{Index: index}
		scratch := t.TempDir()
		ingester, err := knowledge.NewIngester(knowledge.Config{
			Index: streamed, Embedder: embedder, Extractor: tables{}, InFlight: room, ScratchDir: scratch,
		})
		if err != nil {
			t.Fatal(err)
		}
		var steps []knowledge.Progress
		list := knowledge.Listing{Sources: []knowledge.Source{listed("faq.es.csv", table.String())}}
		got, err := ingester.Ingest(t.Context(), list, knowledge.Options{Progress: func(p knowledge.Progress) { steps = append(steps, p) }})
		if err != nil || got.Added != 1 || got.Embedded != rows {
			t.Fatalf("report %+v, error %v", got, err)
		}
		if large := room > 0; large != (streamed.rows == rows) || large != (len(steps) > 4) {
			t.Errorf("room %d: %d passages went in without their vectors, progress was told %d times", room, streamed.rows, len(steps))
		}
		for _, p := range steps[:len(steps)-1] {
			if p.Passages != rows || p.Done != 0 || p.Prepared == 0 || p.Source != "faq.es.csv" {
				t.Errorf("progress %+v", p)
			}
		}
		if left, err := os.ReadDir(scratch); err != nil || len(left) > 0 {
			t.Errorf("%d files are left, error %v", len(left), err)
		}
		const asked = "¿Cuánto cuesta el artículo 1100?"
		found[at], err = index.Search(t.Context(), knowledge.Query{Text: asked, Vector: embedder.Vector(asked), Locale: "es"})
		if err != nil || len(found[at]) == 0 || found[at][0].Chunk.Question != asked {
			t.Errorf("%d hits, error %v", len(found[at]), err)
		}
	}
	if diff := cmp.Diff(found[0], found[1], cmpopts.IgnoreFields(knowledge.Document{}, "IndexedAt")); diff != "" {
		t.Errorf("hits of the large document (-in memory +in a file):\n%s", diff)
	}
}

// vectorless counts the chunks that come without their vectors.
type vectorless struct {
	*sqlite.Index
	rows int
}

func (v *vectorless) ReplaceStreamed(ctx context.Context, d knowledge.Document, chunks []knowledge.Chunk, vector func(int) ([]float32, error)) error {
	for _, c := range chunks {
		if c.Vector == nil {
			v.rows++
		}
	}
	return v.Index.ReplaceStreamed(ctx, d, chunks, vector)
}

// tables takes every file for a table.
type tables struct{ markdown }

func (tables) Extract(_ context.Context, _ string, f knowledge.File) ([]knowledge.Extracted, error) {
	return []knowledge.Extracted{{Body: string(f.Data), Format: knowledge.FormatFAQ}}, nil
}
