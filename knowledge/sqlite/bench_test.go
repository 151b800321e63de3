package sqlite_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/knowledge/sqlite"
)

// BenchmarkOpen loads 100,000 passages of 512 dimensions, and asks them by words and by
// meaning. It reports what the process then holds.
func BenchmarkOpen(b *testing.B) {
	const documents, parts, dim = 10_000, 10, 512
	random := rand.New(rand.NewPCG(1, 2))
	c := sqlite.Config{Dir: b.TempDir(), Identity: knowledge.Identity{Embedder: "e", Dim: dim, Splitter: "1"}, LoadLater: true}
	index := open(b, c)
	text := textOf(random)
	for n := range documents {
		d := knowledge.Document{Meta: knowledge.Meta{ID: fmt.Sprintf("%05d", n), Title: "Política", Locale: "es"}}
		chunks := make([]knowledge.Chunk, parts)
		for i := range chunks {
			id := fmt.Sprintf("%s#%d", d.ID, i)
			chunks[i] = knowledge.Chunk{ID: id, Seq: i, Hash: id, Text: text(100), Vector: unit(random, dim)}
		}
		if err := index.Replace(b.Context(), d, chunks); err != nil {
			b.Fatal(err)
		}
	}
	c.LoadLater = false
	b.Run("load", func(b *testing.B) {
		for b.Loop() {
			index, err := sqlite.Open(b.Context(), c)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(heapMB(), "heap-MB")
			if err := index.Close(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("search", func(b *testing.B) { search(b, open(b, c), text, random) })
}

func search(b *testing.B, index *sqlite.Index, text func(int) string, random *rand.Rand) {
	b.Helper()
	var times []time.Duration
	for b.Loop() {
		b.StopTimer()
		q := knowledge.Query{Text: text(8), Vector: unit(random, index.Identity().Dim), Locale: "es"}
		b.StartTimer()
		began := time.Now()
		if hits, err := index.Search(b.Context(), q); err != nil || len(hits) != 8 {
			b.Fatalf("%d hits, %v", len(hits), err)
		}
		times = append(times, time.Since(began))
	}
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(times[len(times)*99/100].Microseconds())/1000, "p99-ms")
}

func heapMB() float64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc) / 1e6
}

// textOf draws words so that few are common and many rare, as in a language.
func textOf(random *rand.Rand) func(n int) string {
	zipf := rand.NewZipf(random, 1.2, 4, 50_000)
	return func(n int) string {
		list := make([]string, n)
		for i := range list {
			list[i] = fmt.Sprintf("palabra%d", zipf.Uint64())
		}
		return strings.Join(list, " ")
	}
}

func unit(random *rand.Rand, dim int) []float32 {
	v, sum := make([]float32, dim), 0.0
	for i := range v {
		v[i] = float32(random.NormFloat64())
		sum += float64(v[i]) * float64(v[i])
	}
	for i := range v {
		v[i] /= float32(math.Sqrt(sum))
	}
	return v
}
