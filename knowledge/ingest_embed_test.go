package knowledge_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/recado/recado/knowledge"
)

// refusing is an embedder that refuses every call with one of these words in a text.
func (s *shop) refusing(words ...string) embedderFunc {
	return func(ctx context.Context, texts []string) ([][]float32, error) {
		for _, word := range words {
			if strings.Contains(strings.Join(texts, "\n"), word) {
				return nil, errors.New("the server answered 400")
			}
		}
		return s.embedder.Embed(ctx, texts)
	}
}

// TestIngestPoisoned: a text that the model refuses keeps its own document out, and no
// other one.
func TestIngestPoisoned(t *testing.T) {
	t.Parallel()
	s := newShop(t, policies())
	s.ingest(report{Added: 5, Embedded: 6})
	files := map[string]string{"es/envios.md": "# Envíos\n\n## Plazos\n\nTres días.\n\n## Precios\n\nVeneno.\n"}
	for i := range 9 {
		files[fmt.Sprintf("es/%d.md", i)] = fmt.Sprintf("Número %d.", i)
	}
	s.write(files)
	s.config.Embedder, s.config.Batch = s.refusing("Veneno"), 4
	s.ingest(report{Added: 9, Unchanged: 4, Embedded: 10, Broken: []string{
		"es/envios.md: passage 2: the embedding model refuses it: the server answered 400",
	}})
	s.same("passages of the former state", s.finds("días gratis"), []string{"Dos días.", "Gratis desde 50 euros.", "Treinta días."})
	s.config.Embedder = s.embedder
	s.ingest(report{Changed: 1, Unchanged: 13, Embedded: 2})
}

// TestIngestAllPoisoned: when every text of a run is to blame, the model is not.
func TestIngestAllPoisoned(t *testing.T) {
	t.Parallel()
	s := newShop(t, map[string]string{"es/a.md": "Veneno uno.", "es/b.md": "Veneno dos."})
	s.config.Embedder = s.refusing("Veneno")
	refused := ": passage 1: the embedding model refuses it: the server answered 400"
	s.ingest(report{Broken: []string{"es/a.md" + refused, "es/b.md" + refused}})
}

// TestIngestTriesAgain: one failure of the embedder costs time alone.
func TestIngestTriesAgain(t *testing.T) {
	t.Parallel()
	s := newShop(t, policies())
	calls := 0
	s.config.Calls = 1
	s.config.Embedder = embedderFunc(func(ctx context.Context, texts []string) ([][]float32, error) {
		if calls++; calls%2 == 1 {
			return nil, errors.New("the connection was cut")
		}
		return s.embedder.Embed(ctx, texts)
	})
	s.ingest(report{Added: 5, Embedded: 6})
	s.same("calls", calls, 4)
}

// TestIngestEmbedderGoesDown: a model that dies while the poisoned text is looked for
// ends the run, and blames no document.
func TestIngestEmbedderGoesDown(t *testing.T) {
	t.Parallel()
	s := newShop(t, policies())
	calls := 0
	s.config.Calls = 1
	s.config.Embedder = embedderFunc(func(ctx context.Context, texts []string) ([][]float32, error) {
		if calls++; calls <= 2 || calls > 4 { // the batch twice, then the probe and a text
			return nil, errors.New("the connection was cut")
		}
		return s.embedder.Embed(ctx, texts)
	})
	got, err := s.run(t.Context(), s.list(s.folder), knowledge.Options{})
	if err == nil || !strings.HasSuffix(err.Error(), "the connection was cut") || len(got.Broken) > 0 || got.Added > 0 {
		t.Errorf("%+v, %v; want the error and nobody blamed", got, err)
	}
	s.same("calls", calls, 6)
}

// TestIngestCancelsSlowEmbedder: a run does not wait for an embedder that takes for
// ever.
func TestIngestCancelsSlowEmbedder(t *testing.T) {
	t.Parallel()
	s := newShop(t, policies())
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s.config.Embedder = embedderFunc(func(ctx context.Context, _ []string) ([][]float32, error) {
		cancel()
		<-ctx.Done()
		return nil, ctx.Err()
	})
	got, err := s.run(ctx, s.list(s.folder), knowledge.Options{})
	if !errors.Is(err, context.Canceled) || len(got.Broken) > 0 {
		t.Errorf("%+v, %v; want that the context ended", got, err)
	}
	s.same("documents", s.ids(), []string(nil))
}

// TestIngestBatches: calls are as full as the limits allow, across documents, and a text
// over the limit goes alone.
func TestIngestBatches(t *testing.T) {
	t.Parallel()
	files := map[string]string{"es/5-long.md": strings.Repeat("palabra ", 100)}
	for i := range 10 {
		files[fmt.Sprintf("es/%d.md", i)] = fmt.Sprintf("Número %d.", i)
	}
	s := newShop(t, files)
	var mu sync.Mutex
	var sizes []int
	s.config.Batch, s.config.BatchTokens, s.config.Calls = 4, 60, 1
	s.config.Embedder = embedderFunc(func(ctx context.Context, texts []string) ([][]float32, error) {
		mu.Lock()
		defer mu.Unlock()
		sizes = append(sizes, len(texts))
		return s.embedder.Embed(ctx, texts)
	})
	s.ingest(report{Added: 11, Embedded: 11})
	// Numbers 0 to 4, the long one, numbers 5 to 9.
	s.same("texts in each call", sizes, []int{4, 1, 1, 4, 1})
}

// TestIngestEmbedsOnce: a text that stands in a batch twice is embedded once.
func TestIngestEmbedsOnce(t *testing.T) {
	t.Parallel()
	same := "---\ntitle: Igual\n---\nLo mismo.\n"
	s := newShop(t, map[string]string{"es/a.md": same, "es/b.md": same, "es/c.md": same})
	s.ingest(report{Added: 3, Embedded: 1})
	s.same("passages", s.finds("mismo"), []string{"Lo mismo.", "Lo mismo.", "Lo mismo."})
}

// TestIngestInParallel: however many work at it and however little room there is, the
// report and the index are the same.
func TestIngestInParallel(t *testing.T) {
	t.Parallel()
	files := policies()
	for i := range 150 {
		files[fmt.Sprintf("es/%03d.md", i)] = fmt.Sprintf("---\nid: id-%d\n---\n# Título %d\n\nTexto %d.\n\n## Otro\n\nMás %d.", i%120, i, i, i)
	}
	var first knowledge.Report
	for i, c := range []knowledge.Config{{Workers: 1, Calls: 1}, {Workers: 8, Calls: 4}, {Workers: 3, InFlight: 1, Batch: 64}, {Batch: 1000}} {
		s := newShop(t, files)
		s.config.Workers, s.config.Calls, s.config.InFlight, s.config.Batch = c.Workers, c.Calls, c.InFlight, c.Batch
		got, err := s.run(t.Context(), s.list(s.folder), knowledge.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for j := range got.Broken {
			got.Broken[j] = knowledge.Broken{Source: strings.TrimPrefix(got.Broken[j].Source, s.folder)}
		}
		if i == 0 {
			first = got
		}
		s.same("report", got, first)
		s.same("documents that went in, and not", []int{len(s.ids()), len(got.Broken)}, []int{125, 30})
		s.same("sorted", slices.IsSortedFunc(got.Broken, func(a, b knowledge.Broken) int { return strings.Compare(a.Source, b.Source) }), true)
	}
}
