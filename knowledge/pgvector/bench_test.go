package pgvector

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/pgvector/pgvector-go"

	"github.com/recado/recado/internal/testservices"
	"github.com/recado/recado/knowledge"
)

// The synthetic index: chunks of 40 words from a vocabulary in which few words are
// frequent and most are rare, the most frequent in one chunk of five, as it is
// without the words that say nothing; with vectors around 500 centres, as passages
// on few subjects have them. Building it takes most of the time.
const (
	benchChunks  = 20_000 // RECADO_BENCH_CHUNKS changes it
	benchDim     = 256
	benchWords   = 40
	benchCentres = 500
	perDocument  = 500
)

// corpus makes chunks and questions, the same ones in each run.
type corpus struct {
	random  *rand.Rand
	words   *rand.Zipf
	centres [][]float32
}

func newCorpus() *corpus {
	c := &corpus{random: rand.New(rand.NewPCG(1, 2))}
	c.words = rand.NewZipf(c.random, 1.1, 40, 30_000)
	for range benchCentres {
		c.centres = append(c.centres, c.near(make([]float32, benchDim), 1))
	}
	return c
}

// near moves a vector by chance.
func (c *corpus) near(v []float32, distance float64) []float32 {
	moved := slices.Clone(v)
	for i := range moved {
		moved[i] += float32(c.random.NormFloat64() * distance)
	}
	return moved
}

func (c *corpus) text(words int) string {
	list := make([]string, words)
	for i := range list {
		list[i] = fmt.Sprint("palabra", c.words.Uint64())
	}
	return strings.Join(list, " ")
}

func (c *corpus) vector() []float32 { return c.near(c.centres[c.random.IntN(benchCentres)], .6) }

func (c *corpus) document(n int) (knowledge.Document, []knowledge.Chunk) {
	d := knowledge.Document{ID: fmt.Sprintf("%06d.md", n), Source: "s", Title: "Envíos", Locale: "es", Version: "1", Collection: "c"}
	chunks := make([]knowledge.Chunk, perDocument)
	for i := range chunks {
		chunks[i] = knowledge.Chunk{
			ID: fmt.Sprintf("%s#%04d", d.ID, i), DocumentID: d.ID, Seq: i, Text: c.text(benchWords), End: 1, Vector: c.vector(),
		}
	}
	return d, chunks
}

// build fills an index, and makes its HNSW graph at the end, which takes a
// fraction of the time that growing it does.
func (c *corpus) build(b *testing.B, x *Index) {
	b.Helper()
	size := benchChunks
	if text := os.Getenv("RECADO_BENCH_CHUNKS"); text != "" {
		var err error
		if size, err = strconv.Atoi(text); err != nil {
			b.Fatalf("RECADO_BENCH_CHUNKS: %v", err)
		}
	}
	statements := adoptStatements(benchDim)
	if _, err := x.pool.Exec(b.Context(), `drop index knowledge_chunks_embedding`); err != nil {
		b.Fatal(err)
	}
	for n := range size / perDocument {
		d, chunks := c.document(n)
		if err := x.Replace(b.Context(), d, chunks); err != nil {
			b.Fatal(err)
		}
	}
	batch := &pgx.Batch{}
	batch.Queue(`select set_config('maintenance_work_mem', '256MB', false)`)
	batch.Queue(statements[len(statements)-1])
	if err := x.pool.SendBatch(b.Context(), batch).Close(); err != nil {
		b.Fatal(err)
	}
	if _, err := x.pool.Exec(b.Context(), `vacuum analyze`); err != nil {
		b.Fatal(err)
	}
}

// plain is the floor: the nearest passages by the HNSW index alone, as one
// statement with pgvector's own settings, and nothing else.
func plain(ctx context.Context, x *Index, q knowledge.Query) error {
	rows, err := x.pool.Query(ctx, `select id, body from knowledge_chunks order by embedding <=> $1::vector limit $2`,
		pgvector.NewVector(q.Vector).String(), q.Limit)
	if err != nil {
		return err
	}
	var id, body string
	_, err = pgx.ForEachRow(rows, []any{&id, &body}, func() error { return nil })
	return err
}

// BenchmarkSearch measures Search with both halves and with each alone on 20,000
// chunks, 8 hits a question, in turns with the plain vector query. ns/op is the
// median of the search, plain-ns that of the plain query, ratio the one over the
// other.
func BenchmarkSearch(b *testing.B) {
	x := openIndex(b, Config{DSN: testservices.Postgres(b), Dim: benchDim})
	c := newCorpus()
	c.build(b, x)
	questions := make([]knowledge.Query, 200)
	for i := range questions {
		questions[i] = knowledge.Query{Text: c.text(8), Vector: c.vector(), Locale: "es", Limit: 8}
	}
	for name, half := range map[string]func(*knowledge.Query){
		"hybrid": func(*knowledge.Query) {}, "dense": func(q *knowledge.Query) { q.Text = "" }, "lexical": func(q *knowledge.Query) { q.Vector = nil },
	} {
		b.Run(name, func(b *testing.B) {
			var own, floor []time.Duration
			for i := 0; b.Loop(); i++ {
				q := questions[i%len(questions)]
				began := time.Now()
				if err := plain(b.Context(), x, q); err != nil {
					b.Fatal(err)
				}
				floor = append(floor, time.Since(began))
				half(&q)
				began = time.Now()
				if hits, err := x.Search(b.Context(), q); err != nil || len(hits) != q.Limit {
					b.Fatalf("%d hits, %v", len(hits), err)
				}
				own = append(own, time.Since(began))
			}
			b.ReportMetric(median(own), "ns/op")
			b.ReportMetric(median(floor), "plain-ns")
			b.ReportMetric(median(own)/median(floor), "ratio")
		})
	}
}

func median(list []time.Duration) float64 {
	slices.Sort(list)
	return float64(list[len(list)/2])
}
