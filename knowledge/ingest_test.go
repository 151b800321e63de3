package knowledge_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/knowledge/knowledgetest"
)

// dim is the dimension of the vectors in these tests.
const dim = 16

func newCanceled(t *testing.T) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx, cancel
}

// shop is an index with its ingester and a folder of sources.
type shop struct {
	*testing.T
	folder   string
	index    *knowledge.Memory
	embedder *knowledgetest.Embedder
	ingester *knowledge.Ingester
}

func newShop(t *testing.T, files map[string]string) *shop {
	t.Helper()
	s := &shop{T: t, folder: filepath.Join(t.TempDir(), "policies"), index: newMemory(t, dim), embedder: knowledgetest.NewEmbedder(dim)}
	s.ingester = s.with(s.embedder)
	if err := os.Mkdir(s.folder, 0o755); err != nil {
		t.Fatal(err)
	}
	s.write(files)
	return s
}

// with makes an ingester of the same index with another embedder.
func (s *shop) with(e knowledge.Embedder) *knowledge.Ingester {
	s.Helper()
	ingester, err := knowledge.NewIngester(knowledge.Config{Index: s.index, Embedder: e, Batch: 3, MaxFileBytes: 1000})
	if err != nil {
		s.Fatal(err)
	}
	return ingester
}

func (s *shop) path(name string) string { return filepath.Join(s.folder, filepath.FromSlash(name)) }

func (s *shop) write(files map[string]string) {
	s.Helper()
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(s.path(name)), 0o755); err != nil {
			s.Fatal(err)
		}
		if err := os.WriteFile(s.path(name), []byte(text), 0o644); err != nil {
			s.Fatal(err)
		}
	}
}

func (s *shop) remove(name string) {
	s.Helper()
	if err := os.RemoveAll(s.path(name)); err != nil {
		s.Fatal(err)
	}
}

// ingest runs over the folder or the given paths and wants this report. Broken
// sources are compared by name below the folder and reason.
func (s *shop) ingest(want report, paths ...string) {
	s.Helper()
	if len(paths) == 0 {
		paths = []string{s.folder}
	}
	got, err := s.ingester.Ingest(s.Context(), paths, nil)
	if err != nil {
		s.Fatalf("ingest: %v", err)
	}
	s.same("report", s.short(got), want)
}

// report is a knowledge.Report as tests write it.
type report struct {
	Added, Changed, Unchanged, Removed, Embedded int
	Broken                                       []string
}

func (s *shop) short(r knowledge.Report) report {
	short := report{r.Added, r.Changed, r.Unchanged, r.Removed, r.Embedded, nil}
	for _, b := range r.Broken {
		name := strings.TrimPrefix(filepath.ToSlash(b.Source), filepath.ToSlash(s.folder)+"/")
		short.Broken = append(short.Broken, name+": "+b.Err.Error())
	}
	return short
}

func (s *shop) same(what string, got, want any) {
	s.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		s.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// ids are the documents in the index.
func (s *shop) ids() []string {
	s.Helper()
	documents, err := s.index.Documents(s.Context(), "")
	if err != nil {
		s.Fatal(err)
	}
	var list []string
	for _, d := range documents {
		list = append(list, d.ID)
	}
	return list
}

// finds are the texts of the passages that hold a word.
func (s *shop) finds(word string) []string {
	s.Helper()
	hits, err := s.index.Search(s.Context(), knowledge.Query{Text: word})
	if err != nil {
		s.Fatal(err)
	}
	var list []string
	for _, h := range hits {
		list = append(list, h.Chunk.Text)
	}
	slices.Sort(list)
	return list
}

func policies() map[string]string {
	return map[string]string{
		"es/envios.md":       "# Envíos\n\n## Plazos\n\nDos días.\n\n## Precios\n\nGratis desde 50 euros.\n",
		"es/devoluciones.md": "# Devoluciones\n\nTreinta días.\n",
		"en/shipping.md":     "# Shipping\n\nTwo days.\n",
		"faq.csv":            "question,answer,locale\n¿Factura?,En su cuenta.,es\nInvoice?,In your account.,en\n",
	}
}

func TestIngest(t *testing.T) {
	t.Parallel()
	s := newShop(t, policies())
	s.ingest(report{Added: 5, Embedded: 6})
	s.same("documents", s.ids(), []string{
		"policies/en/shipping.md", "policies/es/devoluciones.md", "policies/es/envios.md", "policies/faq.csv@en", "policies/faq.csv@es",
	})
	s.same("passages", s.finds("días"), []string{"Dos días.", "Treinta días."})

	s.ingest(report{Unchanged: 5})
	s.same("texts embedded so far", s.embedder.Texts(), 6)

	s.write(map[string]string{"es/devoluciones.md": "# Devoluciones\n\nCatorce días.\n"})
	s.ingest(report{Changed: 1, Unchanged: 4, Embedded: 1})
	s.same("passages", s.finds("días"), []string{"Catorce días.", "Dos días."})

	s.remove("en")
	s.write(map[string]string{"faq.csv": "question,answer,locale\n¿Factura?,En su cuenta.,es\n"})
	s.ingest(report{Unchanged: 3, Removed: 2})
	s.same("documents", s.ids(), []string{"policies/es/devoluciones.md", "policies/es/envios.md", "policies/faq.csv@es"})
	s.same("passages of what is gone", s.finds("account days"), []string(nil))
}

// TestIngestBroken: what is broken is named, the rest goes in, and what was there
// of a broken source stays.
func TestIngestBroken(t *testing.T) {
	t.Parallel()
	s := newShop(t, policies())
	s.ingest(report{Added: 5, Embedded: 6})
	s.write(map[string]string{
		"es/envios.md": "\xff", "faq.csv": "question,answer,locale\n¿Factura?,,es\n", "es/nuevo.md": "Nuevo.", "es/blank.md": " ",
		"es/long.md": strings.Repeat("largo ", 200), "nowhere.md": "x",
	})
	s.ingest(report{Added: 1, Unchanged: 2, Embedded: 1, Broken: []string{
		"es/blank.md: the document is empty",
		"es/envios.md: line 1: not valid UTF-8; save the file as UTF-8",
		"es/long.md: the file is too large: more than 1000 bytes",
		"faq.csv: line 2, column 2: the answer is empty",
		`nowhere.md: no language: put "locale: es" (or en) in the front matter, the file in a folder es or en, or give it a name such as returns.es.md`,
	}})
	s.same("passages", s.finds("días factura nuevo"), []string{"Dos días.", "En su cuenta.", "Nuevo.", "Treinta días."})
}

// TestIngestPaths: what cannot be read is named once, and single files keep their
// place in the folder they belong to.
func TestIngestPaths(t *testing.T) {
	t.Parallel()
	s := newShop(t, map[string]string{"es/a.md": "Uno.", "es/b.txt": "x", "es/.secret.md": "x", ".git/es/x.md": "x", "es/deep/er/c.MD": "Tres."})
	gone := s.path("gone.md")
	s.ingest(report{Broken: []string{
		"es/b.txt: not a document: only .md, .markdown and .csv files are read", "gone.md: no such file or directory",
	}}, gone, s.path("es/b.txt"), gone)
	// A file inside a folder that is named too, and a folder named twice.
	s.ingest(report{Added: 2, Embedded: 2}, s.path("es/a.md"), s.folder, s.path("es"), s.folder)
	s.same("documents", s.ids(), []string{"policies/es/a.md", "policies/es/deep/er/c.MD"})
	s.write(map[string]string{"es/a.md": "Uno y medio."})
	s.ingest(report{Changed: 1, Embedded: 1}, s.path("es/a.md"))
	s.ingest(report{Unchanged: 2})
	// One file alone does not say that the others are gone.
	s.same("documents", s.ids(), []string{"policies/es/a.md", "policies/es/deep/er/c.MD"})
}

// TestIngestLinks: a link to a file is a source, as in a mounted configuration.
func TestIngestLinks(t *testing.T) {
	t.Parallel()
	s := newShop(t, map[string]string{"..data/a.md": "Uno."})
	if err := os.MkdirAll(s.path("es"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"es/a.md": "../..data/a.md", "es/gone.md": "../nothing.md", "es/round.md": "round.md", "es/folder.md": "../..data"} {
		if err := os.Symlink(target, s.path(name)); err != nil {
			t.Skip("links cannot be made here:", err)
		}
	}
	got, err := s.ingester.Ingest(t.Context(), []string{s.folder}, nil)
	if err != nil || got.Added != 1 || len(got.Broken) != 2 {
		t.Errorf("report %+v, %v; want the link read and two broken ones named", got, err)
	}
	s.same("documents", s.ids(), []string{"policies/es/a.md"})
}

func TestIngestSameName(t *testing.T) {
	t.Parallel()
	s := newShop(t, map[string]string{"es/a.md": "Uno.", "other/policies/es/a.md": "Nueve.", "other/policies/es/b.md": "Tres."})
	other := s.path("other/policies")
	s.ingest(report{Added: 1, Embedded: 1}, s.path("es"))
	s.same("documents", s.ids(), []string{"es/a.md"})
	s.ingest(report{Added: 1, Embedded: 1, Broken: []string{
		"other/policies/es/a.md: " + s.path("es/a.md") + " already has the name es/a.md in the index",
	}}, filepath.Join(other, "es"))
	// Once the first is gone, the name is free.
	s.remove("es")
	s.ingest(report{Changed: 1, Unchanged: 1, Embedded: 1}, filepath.Join(other, "es"))
	s.same("passages", s.finds("uno nueve tres"), []string{"Nueve.", "Tres."})
}

// TestIngestSameNameAtOnce: of two new files with one name the first one has it,
// in every run.
func TestIngestSameNameAtOnce(t *testing.T) {
	t.Parallel()
	s := newShop(t, map[string]string{"a/es/a.md": "Uno.", "b/es/a.md": "Nueve."})
	taken := "b/es/a.md: " + s.path("a/es/a.md") + " already has the name es/a.md in the index"
	s.ingest(report{Added: 1, Embedded: 1, Broken: []string{taken}}, s.path("a/es"), s.path("b/es"))
	s.ingest(report{Unchanged: 1, Broken: []string{taken}}, s.path("b/es"), s.path("a/es"))
}

// TestIngestTableIsAllOrNothing: one language of a table cannot go in when another
// cannot.
func TestIngestTableIsAllOrNothing(t *testing.T) {
	t.Parallel()
	s := newShop(t, map[string]string{"faq.csv": "question,answer,locale\n¿Uno?,Uno.,es\nOne?,One.,en\n"})
	s.ingester = s.with(embedderFunc{embed: func(texts []string) ([][]float32, error) {
		vectors, err := s.embedder.Embed(t.Context(), texts)
		for i, text := range texts {
			if strings.Contains(text, "¿Uno?") {
				vectors[i] = make([]float32, dim)
			}
		}
		return vectors, err
	}})
	s.ingest(report{Embedded: 2, Broken: []string{
		"faq.csv: passage 1: the embedding model finds nothing in it: its vector is zero",
	}})
	s.same("documents", s.ids(), []string(nil))

	other := newShop(t, map[string]string{"faq.csv": "question,answer,locale\n¿Uno?,Uno.,es\nOne?,One.,en\n", "faq.csv@es/x.md": "x"})
	taken := knowledge.Document{ID: "policies/faq.csv@es", Title: "x", Locale: "es", Source: other.folder}
	if err := other.index.Replace(t.Context(), taken, nil); err != nil {
		t.Fatal(err)
	}
	other.ingest(report{Broken: []string{"faq.csv: " + other.folder + " already has the name policies/faq.csv@es in the index"}}, other.path("faq.csv"))
	other.same("documents", other.ids(), []string{"policies/faq.csv@es"})
}

// embedderFunc is an embedder whose answers a test chooses.
type embedderFunc struct {
	embed func(texts []string) ([][]float32, error)
}

func (embedderFunc) Name() string { return "chosen" }
func (embedderFunc) Dim() int     { return dim }
func (e embedderFunc) Embed(_ context.Context, texts []string) ([][]float32, error) {
	return e.embed(texts)
}

// TestIngestEmbedderFails: an embedder that is wrong ends the run, nothing is
// removed, and the next run goes on.
func TestIngestEmbedderFails(t *testing.T) {
	t.Parallel()
	down := errors.New("connection refused")
	whole := func(texts []string, value float32) [][]float32 {
		vectors := make([][]float32, len(texts))
		for i := range vectors {
			vectors[i] = slices.Repeat([]float32{value}, dim)
		}
		return vectors
	}
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	tests := map[string]struct {
		embed func([]string) ([][]float32, error)
		want  string
	}{
		"down":          {func([]string) ([][]float32, error) { return nil, down }, "embed 3 texts: connection refused"},
		"fewer vectors": {func(t []string) ([][]float32, error) { return whole(t[1:], 1), nil }, "embed 3 texts: the model gave 2 vectors"},
		"more vectors":  {func(t []string) ([][]float32, error) { return whole(append(t, ""), 1), nil }, "embed 3 texts: the model gave 4 vectors"},
		"not a number":  {func(t []string) ([][]float32, error) { return whole(t, nan), nil }, "passage 1: a value of the vector is not finite"},
		"infinite":      {func(t []string) ([][]float32, error) { return whole(t, inf), nil }, "passage 1: a value of the vector is not finite"},
		"short vectors": {
			func(t []string) ([][]float32, error) { return slices.Repeat([][]float32{{1}}, len(t)), nil },
			"passage 1: vector has the wrong dimension: 1, not 16",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, map[string]string{"es/old.md": "Antiguo."})
			s.ingest(report{Added: 1, Embedded: 1})
			s.remove("es/old.md")
			s.write(policies())
			_, err := s.with(embedderFunc{test.embed}).Ingest(t.Context(), []string{s.folder}, nil)
			if err == nil || !strings.HasSuffix(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
			s.same("documents", s.ids(), []string{"policies/es/old.md"})
			s.ingest(report{Added: 5, Removed: 1, Embedded: 6})
		})
	}
}

// TestIngestOtherEmbedder: another model, by name, embeds everything anew.
func TestIngestOtherEmbedder(t *testing.T) {
	t.Parallel()
	s := newShop(t, policies())
	s.ingest(report{Added: 5, Embedded: 6})
	s.ingester = s.with(embedderFunc{func(texts []string) ([][]float32, error) { return s.embedder.Embed(t.Context(), texts) }})
	s.ingest(report{Changed: 5, Embedded: 6})
	s.ingest(report{Unchanged: 5})
}

// TestIngestStops: a run whose context ends keeps what it did, and says so.
func TestIngestStops(t *testing.T) {
	t.Parallel()
	s := newShop(t, policies())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	got, err := s.ingester.Ingest(ctx, []string{s.folder}, func(p knowledge.Progress) {
		if p.Outcome == knowledge.Indexed {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that the context ended", err)
	}
	if n := len(s.ids()); n == 0 || n == 5 || got.Added != n {
		t.Errorf("%d documents are kept, %d reported; want some", n, got.Added)
	}
}

// failing is an index that refuses one kind of change.
type failing struct {
	*knowledge.Memory
	documents, replace, remove error
}

func (f failing) Documents(ctx context.Context, c string) ([]knowledge.Document, error) {
	if f.documents != nil {
		return nil, f.documents
	}
	return f.Memory.Documents(ctx, c)
}

func (f failing) Replace(ctx context.Context, d knowledge.Document, c []knowledge.Chunk) error {
	return cmpOr(f.replace, func() error { return f.Memory.Replace(ctx, d, c) })
}

func (f failing) Remove(ctx context.Context, id string) error {
	return cmpOr(f.remove, func() error { return f.Memory.Remove(ctx, id) })
}

func cmpOr(err error, otherwise func() error) error {
	if err != nil {
		return err
	}
	return otherwise()
}

func TestIngestIndexFails(t *testing.T) {
	t.Parallel()
	full := errors.New("disk full")
	for want, index := range map[string]failing{
		"list the index: disk full":               {documents: full},
		"index policies/es/a.md: disk full":       {replace: full},
		"remove policies/es/former.md: disk full": {remove: full},
	} {
		s := newShop(t, map[string]string{"es/a.md": "Uno.", "es/former.md": "Antes."})
		index.Memory = s.index
		if index.remove != nil {
			s.ingest(report{Added: 2, Embedded: 2})
			s.remove("es/former.md")
		}
		ingester, err := knowledge.NewIngester(knowledge.Config{Index: index, Embedder: s.embedder})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ingester.Ingest(t.Context(), []string{s.folder}, nil); !errors.Is(err, full) || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

// TestIngestProgress: every source is told once, and the count ends at the total.
func TestIngestProgress(t *testing.T) {
	t.Parallel()
	s := newShop(t, policies())
	s.write(map[string]string{"es/blank.md": ""})
	gone := s.path("gone.md")
	var told []string
	var last knowledge.Progress
	for range 2 {
		last = knowledge.Progress{}
		_, err := s.ingester.Ingest(t.Context(), []string{s.folder, gone, gone}, func(p knowledge.Progress) {
			if p.Done != last.Done+1 {
				t.Errorf("%d is told after %d", p.Done, last.Done)
			}
			last = p
			told = append(told, fmt.Sprint(filepath.Base(p.Source), " ", p.Outcome))
		})
		if err != nil {
			t.Fatal(err)
		}
		if last.Done != last.Total || last.Total != 6 {
			t.Errorf("the last progress is %d of %d, want 6 of 6", last.Done, last.Total)
		}
	}
	slices.Sort(told)
	s.same("progress", told, []string{
		"blank.md failed", "blank.md failed", "devoluciones.md indexed", "devoluciones.md unchanged", "envios.md indexed", "envios.md unchanged",
		"faq.csv indexed", "faq.csv unchanged", "gone.md failed", "gone.md failed", "shipping.md indexed", "shipping.md unchanged",
	})
}

func TestIngestFSAndFile(t *testing.T) {
	t.Parallel()
	s := newShop(t, nil)
	files := fstest.MapFS{"es/a.md": {Data: []byte("Uno.")}, "en/a.md": {Data: []byte("One.")}, "README.txt": {Data: []byte("x")}}
	got, err := s.ingester.IngestFS(t.Context(), "demo", files, nil)
	s.same("report", s.short(got), report{Added: 2, Embedded: 2})
	s.same("error", err, nil)
	delete(files, "en/a.md")
	got, err = s.ingester.IngestFS(t.Context(), "demo", files, nil)
	s.same("report", s.short(got), report{Unchanged: 1, Removed: 1})
	s.same("error", err, nil)
	got, err = s.ingester.IngestFile(t.Context(), "demo faq", "faq.csv", []byte("question,answer,locale\n¿Dos?,Dos.,es\n"), nil)
	s.same("report", s.short(got), report{Added: 1, Embedded: 1})
	s.same("error", err, nil)
	s.same("documents", s.ids(), []string{"demo faq/faq.csv@es", "demo/es/a.md"})
	for name, call := range map[string]func() error{
		"no collection":  func() error { _, err := s.ingester.IngestFS(t.Context(), "", files, nil); return err },
		"no collection ": func() error { _, err := s.ingester.IngestFile(t.Context(), "", "a.md", nil, nil); return err },
		"wrong kind":     func() error { _, err := s.ingester.IngestFile(t.Context(), "c", "a.pdf", nil, nil); return err },
	} {
		if call() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestNewIngesterNamesTheField(t *testing.T) {
	t.Parallel()
	index, embedder := newMemory(t, dim), knowledgetest.NewEmbedder(dim)
	for want, c := range map[string]knowledge.Config{
		"knowledge.Config.Index: missing":                                        {Embedder: embedder},
		"knowledge.Config.Embedder: missing":                                     {Index: index},
		"knowledge.Config.Batch: -1 is negative":                                 {Index: index, Embedder: embedder, Batch: -1},
		"knowledge.Config.MaxFileBytes: -1 is negative":                          {Index: index, Embedder: embedder, MaxFileBytes: -1},
		`knowledge.Config.DefaultLocale: "x" is not a language such as es or en`: {Index: index, Embedder: embedder, DefaultLocale: "x"},
	} {
		if _, err := knowledge.NewIngester(c); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// TestIngestLogsNoText: the one line of a run counts, and quotes nothing.
func TestIngestLogsNoText(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s := newShop(t, map[string]string{"es/secreto.md": "Secreto."})
	ingester, err := knowledge.NewIngester(knowledge.Config{
		Index: s.index, Embedder: s.embedder, Logger: slog.New(slog.NewTextHandler(&log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ingester.Ingest(t.Context(), []string{s.folder}, nil); err != nil {
		t.Fatal(err)
	}
	if line := log.String(); strings.Count(line, "\n") != 1 || !strings.Contains(line, "added=1") || strings.Contains(strings.ToLower(line), "secreto") {
		t.Errorf("log: %q", line)
	}
}

// BenchmarkIngest reads 200 policies of about 1,500 words each into a fresh index,
// and then once more with nothing changed.
func BenchmarkIngest(b *testing.B) {
	files := fstest.MapFS{}
	paragraph := "Puede devolver cualquier producto sin usar en un plazo de treinta días naturales desde la entrega del pedido, con su factura. "
	for i := range 200 {
		var text strings.Builder
		for part := range 8 {
			fmt.Fprintf(&text, "## Apartado %d de %d\n\n%s\n\n", part, i, strings.Repeat(paragraph, 9))
		}
		files[fmt.Sprintf("es/%03d.md", i)] = &fstest.MapFile{Data: []byte(text.String())}
	}
	ingest := func(b *testing.B, index knowledge.Index) knowledge.Report {
		ingester, err := knowledge.NewIngester(knowledge.Config{Index: index, Embedder: knowledgetest.NewEmbedder(64)})
		if err != nil {
			b.Fatal(err)
		}
		report, err := ingester.IngestFS(b.Context(), "shop", files, nil)
		if err != nil || len(report.Broken) > 0 {
			b.Fatalf("%+v, %v", report, err)
		}
		return report
	}
	b.Run("new", func(b *testing.B) {
		for b.Loop() {
			if r := ingest(b, newMemory(b, 64)); r.Added != len(files) {
				b.Fatalf("%+v", r)
			}
		}
		b.ReportMetric(float64(b.N*len(files))/b.Elapsed().Seconds(), "documents/s")
	})
	b.Run("unchanged", func(b *testing.B) {
		index := newMemory(b, 64)
		ingest(b, index)
		for b.Loop() {
			if r := ingest(b, index); r.Unchanged != len(files) || r.Embedded != 0 {
				b.Fatalf("%+v", r)
			}
		}
		b.ReportMetric(float64(b.N*len(files))/b.Elapsed().Seconds(), "documents/s")
	})
}
