package knowledge_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/recado/recado/knowledge"
)

// site is a list of pages on a server that answers conditional requests.
type site struct {
	pages  map[string]string // name, text
	tags   map[string]string // name, validator
	moved  map[string]string // name, address behind a redirect
	metas  map[string]knowledge.Meta
	mu     sync.Mutex // guards read: sources are read side by side
	read   []string   // names that were read in full
	failed map[string]bool
	gone   map[string]bool
	same   map[string]bool
}

func (w *site) list(names ...string) knowledge.Listing {
	l := knowledge.Listing{Complete: map[string]bool{"https://shop.example/sitemap.xml": true}}
	for _, name := range names {
		l.Sources = append(l.Sources, knowledge.Source{
			Name: name, Place: "https://" + name, Collection: "https://shop.example/sitemap.xml", Meta: w.metas[name],
			Read: func(_ context.Context, known []knowledge.Document, _ int64) (knowledge.File, error) {
				if w.gone[name] {
					return knowledge.File{}, fmt.Errorf("the server: %w", knowledge.ErrGone)
				}
				if w.same[name] {
					return knowledge.File{}, knowledge.ErrSame
				}
				if w.failed[name] {
					return knowledge.File{}, errors.New("the server answered 500")
				}
				for _, d := range known {
					if d.Validator != "" && d.Validator == w.tags[name] {
						return knowledge.File{}, knowledge.ErrNotModified
					}
				}
				w.mu.Lock()
				w.read = append(w.read, name)
				w.mu.Unlock()
				return knowledge.File{Data: []byte(w.pages[name]), Validator: w.tags[name], Place: w.moved[name]}, nil
			},
		})
	}
	return l
}

// TestIngestSame: a page that leads to another one of the list gives nothing, and what
// it gave before goes, without a complaint.
func TestIngestSame(t *testing.T) {
	t.Parallel()
	const a, b = "shop.example/es/a.md", "shop.example/es/b.md"
	s := newShop(t, nil)
	w := &site{pages: map[string]string{a: "Uno.", b: "Dos."}}
	s.ingestList(report{Added: 2, Embedded: 2}, w.list(a, b))
	w.same = map[string]bool{a: true}
	s.ingestList(report{Removed: 1, Unchanged: 1}, w.list(a, b))
	s.ingestList(report{Unchanged: 1}, w.list(a, b))
}

// TestIngestSite: pages that were not modified are not read again, unless the manifest
// changed; those behind a redirect or with an ID of their own are known again, too, and
// those that fail stay.
func TestIngestSite(t *testing.T) {
	t.Parallel()
	const a, b, c = "shop.example/es/a.md", "shop.example/es/b.md", "shop.example/es/c.md"
	s := newShop(t, nil)
	s.config.Workers = 1
	w := &site{
		pages: map[string]string{a: "Uno.", b: "Dos.", c: "---\nid: tres\n---\nTres."},
		tags:  map[string]string{a: `"a1"`, b: `"b1"`, c: `"c1"`},
		moved: map[string]string{b: "https://www.shop.example/nuevo/b"},
	}
	s.ingestList(report{Added: 3, Embedded: 3}, w.list(a, b, c))
	w.read = nil
	s.ingestList(report{Unchanged: 3}, w.list(a, b, c))
	s.same("read again", w.read, []string(nil))

	w.pages[a], w.tags[a] = "Uno y medio.", `"a2"`
	s.ingestList(report{Changed: 1, Unchanged: 2, Embedded: 1}, w.list(a, b, c))
	s.same("read again", w.read, []string{a})

	w.read, w.metas = nil, map[string]knowledge.Meta{a: {Audience: knowledge.AudienceAgent}, b: {Title: "Dos"}}
	s.ingestList(report{Changed: 2, Unchanged: 1, Embedded: 2}, w.list(a, b, c))
	s.same("read again", w.read, []string{a, b})
	w.read = nil
	s.ingestList(report{Unchanged: 3}, w.list(a, b, c))
	s.same("read again", w.read, []string(nil))

	w.failed = map[string]bool{b: true}
	broken := "https://" + b + ": the server answered 500"
	s.ingestList(report{Unchanged: 2, Broken: []string{broken}}, w.list(a, b, c))
	s.same("documents", s.ids(), []string{a, b, "tres"})
	s.ingestList(report{Unchanged: 1, Broken: []string{broken}, Removed: 1}, w.list(b, c))
	s.same("documents", s.ids(), []string{b, "tres"})
}

// TestIngestRedirectToAnotherPage: a page that leads to another one of the site is known
// again as itself.
func TestIngestRedirectToAnotherPage(t *testing.T) {
	t.Parallel()
	const a, old = "shop.example/es/a.md", "shop.example/es/old.md"
	for name, tags := range map[string]map[string]string{"without validators": {}, "with validators": {a: `"a1"`, old: `"a1"`}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, nil)
			s.config.Workers = 1
			w := &site{pages: map[string]string{a: "Uno.", old: "Uno."}, tags: tags, moved: map[string]string{old: "https://" + a}}
			s.ingestList(report{Added: 2, Embedded: 2}, w.list(a, old))
			s.ingestList(report{Unchanged: 2}, w.list(a, old))
		})
	}
}

// TestIngestGone: a page that a sitemap still lists and that is not there any more is
// named, and what came from it goes, also what has a name or an address of its own.
func TestIngestGone(t *testing.T) {
	t.Parallel()
	const a, b, c = "shop.example/es/a.md", "shop.example/es/b.md", "shop.example/es/c.md"
	s := newShop(t, nil)
	w := &site{
		pages: map[string]string{a: "Uno.", b: "---\nid: dos\n---\nDos.", c: "Tres."},
		moved: map[string]string{b: "https://shop.example/nuevo/b"},
		gone:  map[string]bool{a: true},
	}
	broken := "https://" + a + ": the server: it is not there any more"
	s.ingestList(report{Added: 2, Embedded: 2, Broken: []string{broken}}, w.list(a, b, c))
	w.gone = nil
	s.ingestList(report{Added: 1, Unchanged: 2, Embedded: 1}, w.list(a, b, c))

	w.gone = map[string]bool{a: true}
	plan, err := s.run(t.Context(), w.list(a, b, c), knowledge.Options{DryRun: true})
	if err != nil || plan.Removed != 1 || len(s.ids()) != 3 {
		t.Errorf("a dry run: %+v, %v", plan, err)
	}
	s.ingestList(report{Unchanged: 2, Removed: 1, Broken: []string{broken}}, w.list(a, b, c))
	s.same("documents", s.ids(), []string{"dos", c})
	w.failed = map[string]bool{b: true}
	s.ingestList(report{Unchanged: 1, Broken: []string{broken, "https://" + b + ": the server answered 500"}}, w.list(a, b, c))
	s.same("documents", s.ids(), []string{"dos", c})
}

// TestIngestSameInAnotherState: a new validator alone is noted, and nothing embedded.
func TestIngestSameInAnotherState(t *testing.T) {
	t.Parallel()
	const a = "shop.example/es/a.md"
	s := newShop(t, nil)
	w := &site{pages: map[string]string{a: "Uno."}, tags: map[string]string{a: "1"}}
	s.ingestList(report{Added: 1, Embedded: 1}, w.list(a))
	w.tags[a] = "2"
	s.ingestList(report{Unchanged: 1}, w.list(a))
	d, _, err := s.index.Document(t.Context(), a)
	if err != nil || d.Validator != "2" || !d.IndexedAt.Equal(now) {
		t.Errorf("%+v, %v; want the new validator and the old time", d, err)
	}
}

const export = "=== articles/1 https://help.example/1\nUno.\n=== articles/2 https://help.example/2\nDos.\n" +
	"=== articles/3\n---\nid: tres\nlocale: en\n---\nThree.\n"

// TestIngestExport: the texts of one file go in one by one, keep their own addresses
// and are removed when they leave it.
func TestIngestExport(t *testing.T) {
	t.Parallel()
	s := newShop(t, map[string]string{"es/help.export": export})
	s.ingest(report{Added: 3, Embedded: 3})
	s.same("documents", s.ids(), []string{"policies/es/help.export#articles/1", "policies/es/help.export#articles/2", "tres"})
	d, _, err := s.index.Document(t.Context(), "policies/es/help.export#articles/1")
	s.same("error", err, nil)
	s.same("place", d.Source, "https://help.example/1")

	s.write(map[string]string{"es/help.export": strings.ReplaceAll(export, "Uno.", "\xff")})
	wrong := "es/help.export#articles/1: line 1: not valid UTF-8; save the file as UTF-8"
	s.ingest(report{Unchanged: 2, Broken: []string{wrong}})
	// One broken text keeps its own former state, and no other's.
	_, rest, _ := strings.Cut(export, "=== articles/3")
	s.write(map[string]string{"es/help.export": "=== articles/1\n\xff\n=== articles/3" + rest})
	s.ingest(report{Unchanged: 1, Removed: 1, Broken: []string{wrong}})
	s.same("documents", s.ids(), []string{"policies/es/help.export#articles/1", "tres"})
	// A file that can't be read keeps all of them.
	s.write(map[string]string{"es/help.export": strings.Repeat("x", 1001)})
	s.ingest(report{Broken: []string{"es/help.export: the file is too large: more than 1000 bytes"}})
	s.same("documents", s.ids(), []string{"policies/es/help.export#articles/1", "tres"})
	s.remove("es/help.export")
	s.ingest(report{Removed: 2})
}

// TestIngestOwnIDs: of two texts with one ID the first has it, also within a file, and
// an ID can pass from one file to another.
func TestIngestOwnIDs(t *testing.T) {
	t.Parallel()
	mine := func(text string) string { return "---\nid: envios\n---\n" + text }
	s := newShop(t, map[string]string{
		"es/a.md": mine("Lunes."), "es/b.md": mine("Martes."), "es/c.export": "=== 1\n" + mine("Tres.") + "=== 2\nCuatro.\n",
	})
	taken := s.path("es/a.md") + " already has the name envios in the index"
	s.ingest(report{Added: 2, Embedded: 2, Broken: []string{"es/b.md: " + taken, "es/c.export#1: " + taken}})
	s.write(map[string]string{"es/a.md": "Lunes.", "es/c.export": "=== 2\nCuatro.\n"})
	s.ingest(report{Added: 1, Changed: 1, Unchanged: 1, Embedded: 2})
	s.same("documents", s.ids(), []string{"envios", "policies/es/a.md", "policies/es/c.export#2"})
	s.same("passages", s.finds("lunes martes"), []string{"Lunes.", "Martes."})
	// A broken file keeps its ID.
	s.write(map[string]string{"es/b.md": "\xff", "es/a.md": mine("Lunes.")})
	got, err := s.run(t.Context(), s.list(s.folder), knowledge.Options{})
	if err != nil || len(got.Broken) != 1 || got.Changed != 1 {
		t.Errorf("%+v, %v; want that the first file has the ID", got, err)
	}
	s.same("documents", s.ids(), []string{"envios", "policies/es/c.export#2"})
}

// TestIngestMovedFolder: a folder at another place keeps its documents, and nothing is
// embedded.
func TestIngestMovedFolder(t *testing.T) {
	t.Parallel()
	s := newShop(t, policies())
	s.ingest(report{Added: 5, Embedded: 6})
	moved := s.path("../other/policies")
	for _, err := range []error{os.Mkdir(s.path("../other"), 0o755), os.Rename(s.folder, moved)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	s.ingest(report{Unchanged: 5}, moved)
	documents, err := s.index.Documents(t.Context(), moved)
	s.same("error", err, nil)
	s.same("documents of the folder", len(documents), 5)
	for _, d := range documents {
		s.same("place of "+d.ID, strings.HasPrefix(d.Source, moved+"/"), true)
	}
	s.write(map[string]string{"es/envios.md": "Otra."})
	s.ingest(report{Broken: []string{"es/envios.md: " + moved + "/es/envios.md already has the name policies/es/envios.md in the index"}})
}

// TestIngestArchive: an archive that is still there keeps the names of its entries, and
// one that is gone does not.
func TestIngestArchive(t *testing.T) {
	t.Parallel()
	s := newShop(t, map[string]string{"../old.zip": "PK", "es/a.md": "Uno."})
	inside := s.path("../old.zip/policies/es/a.md")
	d := knowledge.Document{
		Meta: knowledge.Meta{ID: "policies/es/a.md", Title: "a", Locale: "es"}, Source: inside, Collection: s.path("../old.zip"),
	}
	s.same("error", s.index.Replace(t.Context(), d, nil), nil)
	s.ingest(report{Broken: []string{"es/a.md: " + inside + " already has the name policies/es/a.md in the index"}})
	s.remove("../old.zip")
	s.ingest(report{Changed: 1, Embedded: 1})
}

// TestIngestRevoked: what somebody revoked comes back revoked, and is counted.
func TestIngestRevoked(t *testing.T) {
	t.Parallel()
	s := newShop(t, policies())
	s.ingest(report{Added: 5, Embedded: 6})
	_, chunks, err := s.index.Document(t.Context(), "policies/es/envios.md")
	s.same("error", err, nil)
	err = s.index.Revoke(t.Context(), []knowledge.Revocation{{DocumentID: "policies/es/envios.md", ChunkID: chunks[0].ID, Hash: chunks[0].Hash, At: now}})
	s.same("error", err, nil)
	for _, text := range []string{"Gratis desde 60 euros.", "Gratis."} {
		s.write(map[string]string{"es/envios.md": "# Envíos\n\n## Plazos\n\nDos días.\n\n## Precios\n\n" + text + "\n"})
		got, err := s.run(t.Context(), s.list(s.folder), knowledge.Options{})
		if err != nil || got.Revoked != 1 || got.Changed != 1 {
			t.Errorf("%+v, %v; want one passage that is still revoked", got, err)
		}
	}
	s.write(map[string]string{"es/envios.md": "# Envíos\n\n## Plazos\n\nTres días.\n"})
	got, err := s.run(t.Context(), s.list(s.folder), knowledge.Options{})
	if err != nil || got.Revoked != 0 {
		t.Errorf("%+v, %v; want that the corrected passage is not revoked", got, err)
	}
}
