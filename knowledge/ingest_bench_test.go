package knowledge_test

import (
	"cmp"
	"context"
	"fmt"
	"runtime/metrics"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/knowledge/knowledgetest"
)

// ledger is an index on a disk far away: it keeps the list of its documents in memory,
// and nothing of their passages.
type ledger struct {
	knowledge.Index

	id        knowledge.Identity
	mu        sync.Mutex
	documents map[string]knowledge.Document
	chunks    int
	replaced  func()
}

func newLedger(e knowledge.Embedder) *ledger {
	return &ledger{id: knowledge.IdentityOf(e), documents: map[string]knowledge.Document{}, replaced: func() {}}
}

func (x *ledger) Identity() knowledge.Identity { return x.id }

func (x *ledger) Replace(_ context.Context, d knowledge.Document, chunks []knowledge.Chunk) error {
	x.replaced()
	d.Body, d.Passages = "", len(chunks)
	x.mu.Lock()
	defer x.mu.Unlock()
	x.documents[d.ID] = d
	x.chunks += len(chunks)
	return nil
}

func (x *ledger) Documents(context.Context, string) ([]knowledge.Document, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	list := make([]knowledge.Document, 0, len(x.documents))
	for _, d := range x.documents {
		list = append(list, d)
	}
	slices.SortFunc(list, func(a, b knowledge.Document) int { return cmp.Compare(a.ID, b.ID) })
	return list, nil
}

func (*ledger) Revocations(context.Context) ([]knowledge.Revocation, error) { return nil, nil }

// shelfful lists n documents of ten passages each, whose text is made when it is read.
func shelfful(n int, read func()) knowledge.Listing {
	list := knowledge.Listing{Complete: map[string]bool{"shop": true}}
	sentence := "Puede devolver cualquier producto sin usar en un plazo de treinta días naturales desde la entrega del pedido. "
	for i := range n {
		list.Sources = append(list.Sources, knowledge.Source{
			Name: fmt.Sprintf("shop/es/%06d.md", i), Place: fmt.Sprintf("/shop/es/%06d.md", i), Collection: "shop",
			Read: func(context.Context, []knowledge.Document, int64) (knowledge.File, error) {
				read()
				var text strings.Builder
				for part := range 10 {
					fmt.Fprintf(&text, "# Apartado %d de %d\n\n%s\n\n", part, i, strings.Repeat(sentence, 8))
				}
				return knowledge.File{Data: []byte(text.String())}, nil
			},
		})
	}
	return list
}

// TestIngestIsBounded: however slow the index is, only so much is on its way to it.
func TestIngestIsBounded(t *testing.T) {
	t.Parallel()
	var under, most atomic.Int64
	embedder := knowledgetest.NewEmbedder(dim)
	index := newLedger(embedder)
	index.replaced = func() {
		timer := time.NewTimer(time.Millisecond)
		<-timer.C
		under.Add(-1)
	}
	list := shelfful(300, func() {
		if n := under.Add(1); n > most.Load() {
			most.Store(n) // nearly: two at once may lose one
		}
	})
	ingester, err := knowledge.NewIngester(knowledge.Config{
		Index: index, Embedder: embedder, Extractor: plainText{}, Workers: 2, InFlight: 200_000,
	})
	if err != nil {
		t.Fatal(err)
	}
	// A document is about 24 kB on its way: 9 fill the bound, 8 more are begun already.
	if got, err := ingester.Ingest(t.Context(), list, knowledge.Options{}); err != nil || got.Added != 300 || most.Load() > 25 {
		t.Errorf("%+v, %v, with %d documents on their way at a time; want about 20", got, err, most.Load())
	}
}

// hashes is a local embedder of the usual speed: it costs a pass over the text.
type hashes struct{ size int }

func (hashes) Name() string { return "hashes" }
func (h hashes) Dim() int   { return h.size }

func (h hashes) Embed(_ context.Context, texts []string) ([][]float32, error) {
	vectors := make([][]float32, len(texts))
	for i, text := range texts {
		vectors[i] = make([]float32, h.size)
		for j := range len(text) - 3 {
			vectors[i][(int(text[j])*31+int(text[j+1])*7+int(text[j+2]))%h.size]++
		}
	}
	return vectors, nil
}

// inUse is the memory that the process has from the system, in MB.
func inUse() float64 {
	sample := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(sample)
	return float64(sample[0].Value.Uint64()-sample[1].Value.Uint64()) / 1e6
}

// BenchmarkIngest ingests documents of ten passages with vectors of 512 dimensions into
// an index that keeps none of it in memory, and then once more with nothing changed. The
// memory has to stay the same for ten times the documents, apart from their list.
func BenchmarkIngest(b *testing.B) {
	ingest := func(b *testing.B, index knowledge.Index, n int) knowledge.Report {
		ingester, err := knowledge.NewIngester(knowledge.Config{Index: index, Embedder: hashes{512}, Extractor: plainText{}})
		if err != nil {
			b.Fatal(err)
		}
		got, err := ingester.Ingest(b.Context(), shelfful(n, func() {}), knowledge.Options{})
		if err != nil || len(got.Broken) > 0 {
			b.Fatalf("%+v, %v", got, err)
		}
		return got
	}
	for _, n := range []int{1_000, 10_000} {
		b.Run(fmt.Sprintf("new/%d", 10*n), func(b *testing.B) {
			var peak float64
			for b.Loop() {
				index, done := newLedger(hashes{512}), atomic.Int64{}
				index.replaced = func() {
					if done.Add(1)%100 == 0 {
						index.mu.Lock()
						peak = max(peak, inUse())
						index.mu.Unlock()
					}
				}
				if ingest(b, index, n); index.chunks != 10*n {
					b.Fatalf("%d passages, want %d", index.chunks, 10*n)
				}
			}
			if peak > 300 {
				b.Errorf("%.0f MB are in use, want less than 300", peak)
			}
			b.ReportMetric(peak, "peak-MB")
			b.ReportMetric(float64(b.N*10*n)/b.Elapsed().Seconds(), "passages/s")
		})
	}
	b.Run("unchanged/100000", func(b *testing.B) {
		index := newLedger(hashes{512})
		ingest(b, index, 10_000)
		for b.Loop() {
			if r := ingest(b, index, 10_000); r.Unchanged != 10_000 || r.Embedded != 0 {
				b.Fatalf("%+v", r)
			}
		}
		b.ReportMetric(float64(b.N*10_000)/b.Elapsed().Seconds(), "documents/s")
	})
}
