package knowledge_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/recado/recado/knowledge"
)

// TestDryRun tells what would change, changes nothing and embeds nothing, and the run
// after it does just that.
func TestDryRun(t *testing.T) {
	t.Parallel()
	s := newShop(t, policies())
	cache := newVectorCache()
	s.config.Cache = cache
	s.ingest(report{Added: 5, Embedded: 6})
	s.write(map[string]string{
		"es/envios.md": "# Envíos\n\n## Plazos\n\nTres días.\n\n## Precios\n\nGratis desde 50 euros.\n\n## Islas\n\nCinco días.\n",
		"es/nuevo.md":  "Nuevo.", "es/blank.md": "",
	})
	s.remove("en")
	want, kept := s.ids(), len(cache.vectors)
	got, err := s.run(t.Context(), s.list(s.folder), knowledge.Options{DryRun: true})
	s.same("error", err, nil)
	short := s.short(got)
	s.same("report", short, report{Added: 1, Changed: 1, Unchanged: 3, Removed: 1, Broken: []string{"es/blank.md: the document is empty"}})
	change := func(id, file string, kind knowledge.ChangeKind, fresh, gone, same, embed int) knowledge.Change {
		return knowledge.Change{DocumentID: id, Source: s.path(file), Kind: kind, New: fresh, Gone: gone, Kept: same, ToEmbed: embed}
	}
	s.same("changes", got.Changes, []knowledge.Change{
		change("policies/en/shipping.md", "en/shipping.md", knowledge.ChangeRemoved, 0, 1, 0, 0),
		change("policies/es/devoluciones.md", "es/devoluciones.md", knowledge.ChangeUnchanged, 0, 0, 1, 0),
		change("policies/es/envios.md", "es/envios.md", knowledge.ChangeChanged, 2, 1, 1, 2),
		change("policies/es/nuevo.md", "es/nuevo.md", knowledge.ChangeAdded, 1, 0, 0, 1),
		change("policies/faq.csv@en", "faq.csv", knowledge.ChangeUnchanged, 0, 0, 1, 0),
		change("policies/faq.csv@es", "faq.csv", knowledge.ChangeUnchanged, 0, 0, 1, 0),
	})
	s.same("documents", s.ids(), want)
	s.same("kept vectors", len(cache.vectors), kept)
	s.same("passages", s.finds("días"), []string{"Dos días.", "Treinta días."})
	short.Embedded = 3
	s.ingest(short)
}

// content is all that an index holds, without times.
func (s *shop) content(index knowledge.Index) map[string]string {
	s.Helper()
	documents, err := index.Documents(s.Context(), "")
	if err != nil {
		s.Fatal(err)
	}
	all := map[string]string{}
	for _, listed := range documents {
		d, chunks, err := index.Document(s.Context(), listed.ID)
		if err != nil {
			s.Fatal(err)
		}
		all[d.ID] = fmt.Sprintf("%v %s %s %s %s %q %d", d.Meta, d.Source, d.Collection, d.Version, d.Format, d.Body, d.Passages)
		for _, c := range chunks {
			all[c.ID] = fmt.Sprintf("%+v", c)
		}
	}
	return all
}

// TestIngestLikeFresh edits a folder at random and ingests it from time to time, also
// with broken files and with runs that are stopped: once all files are right, the index
// is what it would be had nothing been there before.
func TestIngestLikeFresh(t *testing.T) {
	t.Parallel()
	folders := 0
	s := newShop(t, nil)
	names := []string{"es/a.md", "es/b.md", "en/a.md", "faq.csv", "es/help.export", "es/deep/c.md"}
	bodies := map[string][]string{
		".md": {
			"Uno.", "# Dos\n\nDos.\n\n# Tres\n\nTres.", "---\nid: own\n---\nCuatro.", "---\nid: own2\naudience: agent\n---\nCinco.",
			"---\ntitle: Seis\nmarkets: ES, MX\n---\nSeis.", "\xff", "",
		},
		".csv":    {"question,answer,locale\n¿A?,B.,es\n", "question,answer,locale\n¿A?,B.,es\nC?,D.,en\n", "question,answer,locale\nC?,E.,en\n", "question\n"},
		".export": {"=== 1\nUno.\n=== 2 https://x.example/2\nDos.\n", "=== 2 https://x.example/2\nDos.\n", "=== 1\n---\nid: own\n---\nUno.\n", "=== 1\n\xff\n=== 2\nDos.\n"},
	}
	rapid.Check(t, func(r *rapid.T) {
		folders++
		s.folder = filepath.Join(filepath.Dir(s.folder), fmt.Sprint(folders), "policies")
		if err := os.MkdirAll(s.folder, 0o755); err != nil {
			r.Fatal(err)
		}
		s.index = s.emptyIndex()
		s.config.Index = s.index
		for range rapid.IntRange(1, 12).Draw(r, "edits") {
			name := rapid.SampledFrom(names).Draw(r, "name")
			switch rapid.SampledFrom([]string{"write", "write", "remove", "ingest", "stop"}).Draw(r, "edit") {
			case "write":
				s.write(map[string]string{name: rapid.SampledFrom(bodies[filepath.Ext(name)]).Draw(r, "text")})
			case "remove":
				s.remove(name)
			case "ingest":
				s.random(r, false)
			case "stop":
				s.random(r, true)
			}
		}
		s.settle(r, names, bodies)
	})
}

// random ingests the folder, with an embedder that refuses a word or is down.
func (s *shop) random(r *rapid.T, down bool) {
	words := []string{rapid.SampledFrom([]string{"Dos", "Tres", "~"}).Draw(r, "refused")}
	if down {
		words = append(words, "hola")
	}
	s.config.Embedder = s.refusing(words...)
	if _, err := s.run(s.Context(), s.list(s.folder), knowledge.Options{}); err != nil && !down {
		r.Fatal(err)
	}
	s.config.Embedder = s.embedder
}

// settle makes all files right, ingests them twice and compares with a fresh index.
func (s *shop) settle(r *rapid.T, names []string, bodies map[string][]string) {
	for _, at := range s.list(s.folder).Sources {
		name := at.Name[len("policies/"):]
		if !slices.Contains(names, name) {
			r.Fatal(name)
		}
		s.write(map[string]string{name: rapid.SampledFrom(bodies[filepath.Ext(name)][:2]).Draw(r, "right text")})
	}
	for run := range 2 {
		got, err := s.run(s.Context(), s.list(s.folder), knowledge.Options{})
		if err != nil || len(got.Broken) > 0 || run == 1 && got.Added+got.Changed+got.Removed+got.Embedded > 0 {
			r.Fatalf("run %d: %+v, %v", run, got, err)
		}
	}
	fresh := s.emptyIndex()
	s.config.Index = fresh
	if _, err := s.run(s.Context(), s.list(s.folder), knowledge.Options{}); err != nil {
		r.Fatal(err)
	}
	if got, want := s.content(s.index), s.content(fresh); !maps.Equal(got, want) {
		r.Fatalf("the index differs from a fresh one:\n%v\n%v", got, want)
	}
}
