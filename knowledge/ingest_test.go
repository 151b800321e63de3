package knowledge_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/knowledge/knowledgetest"
)

// dim is the dimension of the vectors in these tests.
const dim = 16

// shop is an index with its ingester and a folder of sources.
type shop struct {
	*testing.T
	folder   string
	index    *knowledge.Memory
	embedder *knowledgetest.Embedder
	config   knowledge.Config
}

func newShop(t *testing.T, files map[string]string) *shop {
	t.Helper()
	s := &shop{T: t, folder: filepath.Join(t.TempDir(), "policies"), embedder: knowledgetest.NewEmbedder(dim)}
	s.index = s.emptyIndex()
	s.config = knowledge.Config{
		Index: s.index, Embedder: s.embedder, Extractor: plainText{}, Batch: 3, MaxFileBytes: 1000,
		Backoff: time.Millisecond, Now: func() time.Time { return now },
	}
	if err := os.Mkdir(s.folder, 0o755); err != nil {
		t.Fatal(err)
	}
	s.write(files)
	return s
}

// now is when the tests ingest.
var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func (s *shop) emptyIndex() *knowledge.Memory {
	s.Helper()
	index, err := knowledge.NewMemory(knowledge.IdentityOf(s.embedder))
	if err != nil {
		s.Fatal(err)
	}
	return index
}

// plainText reads Markdown, tables, and files with several texts, each below a line
// "=== name place".
type plainText struct{}

func (plainText) Accepts(string) bool { return true }

func (plainText) Extract(_ context.Context, name string, f knowledge.File) ([]knowledge.Extracted, error) {
	switch path.Ext(name) {
	case ".csv":
		return []knowledge.Extracted{{Body: string(f.Data), Format: knowledge.FormatFAQ}}, nil
	case ".md":
		return []knowledge.Extracted{{Body: string(f.Data), Format: knowledge.FormatMarkdown}}, nil
	case ".export":
		var texts []knowledge.Extracted
		for part := range strings.SplitSeq(string(f.Data), "=== ") {
			if head, body, ok := strings.Cut(part, "\n"); ok {
				name, place, _ := strings.Cut(head, " ")
				texts = append(texts, knowledge.Extracted{Name: name, Place: place, Body: body, Format: knowledge.FormatMarkdown})
			}
		}
		return texts, nil
	}
	return nil, errors.New("a format that nobody reads")
}

// list is the listing of folders, as an ingest of the folder makes it.
func (s *shop) list(folders ...string) knowledge.Listing {
	s.Helper()
	l := knowledge.Listing{Complete: map[string]bool{}}
	for _, folder := range slices.Sorted(slices.Values(folders)) {
		l.Complete[folder] = true
		err := filepath.WalkDir(folder, func(at string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			below, err := filepath.Rel(filepath.Dir(folder), at)
			l.Sources = append(l.Sources, knowledge.Source{
				Name: filepath.ToSlash(below), Place: at, Collection: folder, Read: readFile(at),
			})
			return err
		})
		if err != nil {
			l.Broken, l.Complete[folder] = append(l.Broken, knowledge.Broken{Source: folder, Err: errors.New("cannot be listed")}), false
		}
	}
	return l
}

func readFile(at string) func(context.Context, []knowledge.Document, int64) (knowledge.File, error) {
	return func(context.Context, []knowledge.Document, int64) (knowledge.File, error) {
		data, err := os.ReadFile(at)
		return knowledge.File{Data: data}, err
	}
}

// run ingests with the shop's configuration.
func (s *shop) run(ctx context.Context, list knowledge.Listing, o knowledge.Options) (knowledge.Report, error) {
	s.Helper()
	ingester, err := knowledge.NewIngester(s.config)
	if err != nil {
		s.Fatal(err)
	}
	return ingester.Ingest(ctx, list, o)
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

// ingest runs over the folder or the given ones and wants this report. Broken
// sources are compared by name below the folder and reason.
func (s *shop) ingest(want report, folders ...string) {
	s.Helper()
	if len(folders) == 0 {
		folders = []string{s.folder}
	}
	s.ingestList(want, s.list(folders...))
}

func (s *shop) ingestList(want report, list knowledge.Listing) {
	s.Helper()
	got, err := s.run(s.Context(), list, knowledge.Options{})
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
	hits, err := s.index.Search(s.Context(), knowledge.Query{Text: word, Limit: 100, Market: knowledge.AnyMarket, Audience: knowledge.AudienceAgent})
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
	s.config.Embedder = embedderFunc(func(_ context.Context, texts []string) ([][]float32, error) {
		vectors, err := s.embedder.Embed(t.Context(), texts)
		for i, text := range texts {
			if strings.Contains(text, "¿Uno?") {
				vectors[i] = make([]float32, dim)
			}
		}
		return vectors, err
	})
	s.ingest(report{Embedded: 2, Broken: []string{
		"faq.csv: passage 1: the embedding model finds nothing in it: its vector is zero",
	}})
	s.same("documents", s.ids(), []string(nil))

	other := newShop(t, map[string]string{"faq.csv": "question,answer,locale\n¿Uno?,Uno.,es\nOne?,One.,en\n", "x.md": "x"})
	taken := knowledge.Document{Meta: knowledge.Meta{ID: "policies/faq.csv@es", Title: "x", Locale: "es"}, Source: other.path("x.md"), Collection: filepath.Dir(other.folder)}
	if err := other.index.Replace(t.Context(), taken, nil); err != nil {
		t.Fatal(err)
	}
	list := other.list(other.folder)
	list.Sources = list.Sources[:1]
	other.ingestList(report{Broken: []string{
		"faq.csv: " + other.path("x.md") + " already has the name policies/faq.csv@es in the index",
	}}, list)
	other.same("documents", other.ids(), []string{"policies/faq.csv@es"})
}

// embedderFunc is an embedder whose answers a test chooses.
type embedderFunc func(ctx context.Context, texts []string) ([][]float32, error)

func (embedderFunc) Name() string { return "knowledgetest" }
func (embedderFunc) Dim() int     { return dim }
func (e embedderFunc) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	return e(ctx, texts)
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
		"down":          {func([]string) ([][]float32, error) { return nil, down }, "embed 3 texts, the first of policies/en/shipping.md: connection refused"},
		"fewer vectors": {func(t []string) ([][]float32, error) { return whole(t[1:], 1), nil }, "embed 3 texts, the first of policies/en/shipping.md: the embedding model gave another number of vectors: 2"},
		"more vectors":  {func(t []string) ([][]float32, error) { return whole(append(t, ""), 1), nil }, "embed 3 texts, the first of policies/en/shipping.md: the embedding model gave another number of vectors: 4"},
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
			s.config.Calls = 1
			s.config.Embedder = embedderFunc(func(_ context.Context, texts []string) ([][]float32, error) { return test.embed(texts) })
			_, err := s.run(t.Context(), s.list(s.folder), knowledge.Options{})
			s.config.Embedder = s.embedder
			if err == nil || !strings.HasSuffix(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
			s.same("documents", s.ids(), []string{"policies/es/old.md"})
			s.ingest(report{Added: 5, Removed: 1, Embedded: 6})
		})
	}
}

// TestIngestStops: a run whose context ends keeps what it did, and says so.
func TestIngestStops(t *testing.T) {
	t.Parallel()
	s := newShop(t, policies())
	s.config.Workers, s.config.Calls, s.config.Batch = 1, 1, 1
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	got, err := s.run(ctx, s.list(s.folder), knowledge.Options{Progress: func(p knowledge.Progress) {
		if p.Outcome == knowledge.Indexed {
			cancel()
		}
	}})
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
		s.config.Index, s.config.Batch, s.config.Calls, s.config.Workers = index, 1, 1, 1
		if _, err := s.run(t.Context(), s.list(s.folder), knowledge.Options{}); !errors.Is(err, full) || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

// TestIngestProgress: every source is told once, and the count ends at the total.
func TestIngestProgress(t *testing.T) {
	t.Parallel()
	s := newShop(t, policies())
	s.write(map[string]string{"es/blank.md": ""})
	list := s.list(s.folder)
	list.Broken = append(list.Broken, knowledge.Broken{Source: s.path("gone.md"), Err: errors.New("no such file")})
	list.Sources = append(list.Sources, list.Sources[0])
	clock := now
	s.config.Now = func() time.Time { return clock }
	var told []string
	for range 2 {
		last := knowledge.Progress{}
		_, err := s.run(t.Context(), list, knowledge.Options{Progress: func(p knowledge.Progress) {
			if p.Done != last.Done+1 || p.Elapsed != time.Duration(p.Done)*time.Second-time.Second {
				t.Errorf("%d is told after %d, %v after the beginning", p.Done, last.Done, p.Elapsed)
			}
			last, clock = p, clock.Add(time.Second)
			told = append(told, fmt.Sprint(filepath.Base(p.Source), " ", p.Outcome))
		}})
		if err != nil {
			t.Fatal(err)
		}
		if last.Done != last.Total || last.Total != 6 || last.Embedded != s.embedder.Texts() {
			t.Errorf("the last progress is %d of %d with %d embedded, want 6 of 6", last.Done, last.Total, last.Embedded)
		}
		s.embedder = knowledgetest.NewEmbedder(dim)
		s.config.Embedder = s.embedder
	}
	slices.Sort(told)
	s.same("progress", told, []string{
		"blank.md failed", "blank.md failed", "devoluciones.md indexed", "devoluciones.md unchanged", "envios.md indexed", "envios.md unchanged",
		"faq.csv indexed", "faq.csv unchanged", "gone.md failed", "gone.md failed", "shipping.md indexed", "shipping.md unchanged",
	})
}

func TestNewIngesterNamesTheField(t *testing.T) {
	t.Parallel()
	s := newShop(t, nil)
	for want, edit := range map[string]func(*knowledge.Config){
		"knowledge.Config.Index: missing":                                        func(c *knowledge.Config) { c.Index = nil },
		"knowledge.Config.Embedder: missing":                                     func(c *knowledge.Config) { c.Embedder = nil },
		"knowledge.Config.Extractor: missing":                                    func(c *knowledge.Config) { c.Extractor = nil },
		"knowledge.Config.Batch: -1 is negative":                                 func(c *knowledge.Config) { c.Batch = -1 },
		"knowledge.Config.Workers: -2 is negative":                               func(c *knowledge.Config) { c.Workers = -2 },
		"knowledge.Config.MaxFileBytes: -1 is negative":                          func(c *knowledge.Config) { c.MaxFileBytes = -1 },
		"knowledge.Config.Index: " + knowledge.ErrIdentity.Error():               func(c *knowledge.Config) { c.Embedder = renamed{Embedder: s.embedder} },
		`knowledge.Config.DefaultLocale: "x" is not a language such as es or en`: func(c *knowledge.Config) { c.DefaultLocale = "x" },
	} {
		c := s.config
		edit(&c)
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
	s.config.Logger = slog.New(slog.NewTextHandler(&log, nil))
	s.ingest(report{Added: 1, Embedded: 1})
	if line := log.String(); strings.Count(line, "\n") != 1 || !strings.Contains(line, "added=1") || strings.Contains(strings.ToLower(line), "secreto") {
		t.Errorf("log: %q", line)
	}
}
