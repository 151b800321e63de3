package pgvector

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/recado/recado/internal/testservices"
	"github.com/recado/recado/knowledge"
)

// The synthetic index: chunks of 80 words from a vocabulary in which few words are
// frequent and most are rare, with vectors around 1,000 centres, as passages on few
// subjects have them: each spreads in the directions of its subject, and a little in
// all others.
const (
	benchChunks  = 100_000 // RECADO_BENCH_CHUNKS changes it
	benchDim     = 512
	benchWords   = 80
	benchCentres = 1000
	benchSpread  = 12
	perDocument  = 100
)

// corpus makes chunks and questions, the same ones in each run.
type corpus struct {
	random  *rand.Rand
	words   *rand.Zipf
	centres [][]float32
	spread  [][][]float32
	// texts and vectors are those of the chunks that were made.
	texts   []string
	vectors [][]float32
	// wordsOnly gives all chunks one vector and makes no index over them.
	wordsOnly bool
}

func newCorpus() *corpus {
	c := &corpus{random: rand.New(rand.NewPCG(1, 2))}
	c.words = rand.NewZipf(c.random, 1.1, 40, 50_000)
	for range benchCentres {
		c.centres = append(c.centres, c.direction())
		spread := make([][]float32, benchSpread)
		for i := range spread {
			spread[i] = c.direction()
		}
		c.spread = append(c.spread, spread)
	}
	return c
}

func (c *corpus) direction() []float32 {
	v := make([]float32, benchDim)
	for i := range v {
		v[i] = float32(c.random.NormFloat64())
	}
	return v
}

func (c *corpus) vector() []float32 {
	if c.wordsOnly {
		return c.centres[0]
	}
	subject := c.random.IntN(benchCentres)
	v := slices.Clone(c.centres[subject])
	for _, way := range c.spread[subject] {
		by := float32(c.random.NormFloat64() * .4)
		for i := range v {
			v[i] += by * way[i]
		}
	}
	sum := 0.
	for i := range v {
		v[i] += float32(c.random.NormFloat64() * .1)
		sum += float64(v[i]) * float64(v[i])
	}
	return scaled(v, sum)
}

func (c *corpus) text(words int) string {
	list := make([]string, words)
	for i := range list {
		list[i] = fmt.Sprint("palabra", c.words.Uint64())
	}
	return strings.Join(list, " ")
}

// document makes one of a subject of its own; the first word of every chunk is the
// title's.
func (c *corpus) document(n int) (knowledge.Document, []knowledge.Chunk) {
	d := knowledge.Document{
		Meta:   knowledge.Meta{ID: fmt.Sprintf("%06d.md", n), Title: "Envíos", Locale: "es", Audience: knowledge.AudienceCustomer},
		Source: "s", Version: "1", Collection: "c", Format: knowledge.FormatMarkdown,
	}
	chunks := make([]knowledge.Chunk, perDocument)
	for i := range chunks {
		chunks[i] = knowledge.Chunk{
			ID: fmt.Sprintf("%s#%04d", d.ID, i), DocumentID: d.ID, Seq: i, Text: c.text(benchWords), End: 1, Vector: c.vector(), Tokens: 100,
		}
		chunks[i].Hash = knowledge.ContentHash(d, chunks[i])
		c.texts, c.vectors = append(c.texts, knowledge.IndexText(d, chunks[i])), append(c.vectors, chunks[i].Vector)
	}
	return d, chunks
}

func benchSize(b *testing.B) int {
	b.Helper()
	text := os.Getenv("RECADO_BENCH_CHUNKS")
	if text == "" {
		return benchChunks
	}
	size, err := strconv.Atoi(text)
	if err != nil {
		b.Fatalf("RECADO_BENCH_CHUNKS: %v", err)
	}
	return size
}

// build fills an index, and makes its HNSW graph at the end, which takes a fraction
// of the time that growing it does.
func (c *corpus) build(b *testing.B, x *Index) {
	b.Helper()
	var there int
	if err := x.pool.QueryRow(b.Context(), x.in(`select count(*) from knowledge_@_chunks`)).Scan(&there); err != nil {
		b.Fatal(err)
	}
	if there == benchSize(b) {
		for n := range there / perDocument {
			c.document(n)
		}
		return
	}
	if _, err := x.pool.Exec(b.Context(), x.in(`drop index knowledge_@_chunks_near`)); err != nil {
		b.Fatal(err)
	}
	for n := range benchSize(b) / perDocument {
		d, chunks := c.document(n)
		if err := x.Replace(b.Context(), d, chunks); err != nil {
			b.Fatal(err)
		}
	}
	batch := &pgx.Batch{}
	// The graph has to fit, or making it takes many times as long.
	batch.Queue(`select set_config('maintenance_work_mem', $1, false)`, fmt.Sprint(max(512, 4*benchSize(b)/1000), "MB"))
	if !c.wordsOnly {
		batch.Queue(nearIndex(x.space, benchDim))
	}
	if err := x.pool.SendBatch(b.Context(), batch).Close(); err != nil {
		b.Fatal(err)
	}
	if _, err := x.pool.Exec(b.Context(), `vacuum analyze`); err != nil {
		b.Fatal(err)
	}
}

// plain is the floor: the nearest ten by the HNSW index alone, as one statement, with
// the settings of Search made once for the connection.
func plain(ctx context.Context, pool *pgxpool.Pool, x *Index, q knowledge.Query) ([]string, error) {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Release()
	if err := knowVectors(ctx, conn.Conn()); err != nil {
		return nil, err
	}
	const query = `select id from knowledge_@_chunks order by embedding <#> (select $1::vector::halfvec(DIM)) limit 10`
	rows, err := conn.Query(ctx, x.in(query), packed(q.Vector))
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// timed asks all questions, some at a time, and gives how long each took.
func timed(b *testing.B, questions []knowledge.Query, atOnce int, ask func(knowledge.Query) error) []time.Duration {
	b.Helper()
	took := make([]time.Duration, len(questions))
	var group sync.WaitGroup
	for w := range atOnce {
		group.Go(func() {
			for i := w; i < len(questions); i += atOnce {
				began := time.Now()
				if err := ask(questions[i]); err != nil {
					b.Error(err)
					return
				}
				took[i] = time.Since(began)
			}
		})
	}
	group.Wait()
	return took
}

// quantile is in milliseconds.
func quantile(list []time.Duration, q float64) float64 {
	slices.Sort(list)
	return list[int(q*float64(len(list)-1))].Seconds() * 1e3
}

// BenchmarkSearch measures Search on 100,000 chunks in turns with the plain vector
// query, alone and with eight in flight, and how good both halves are.
//
// RECADO_BENCH_DATABASE_URL names a database that keeps the index from run to run: making
// it takes minutes.
func BenchmarkSearch(b *testing.B) {
	dsn := os.Getenv("RECADO_BENCH_DATABASE_URL")
	if dsn == "" {
		dsn = testservices.Postgres(b)
	}
	x := open(b, Config{DSN: dsn + "&pool_max_conns=8", Identity: identity(benchDim)})
	c := newCorpus()
	c.build(b, x)
	c.measure(b, x, dsn)
}

// measure asks the questions.
func (c *corpus) measure(b *testing.B, x *Index, dsn string) {
	b.Helper()
	floor, err := pgxpool.New(b.Context(), dsn+"&pool_max_conns=8&options=-c%20hnsw.ef_search%3D100%20-c%20plan_cache_mode%3Dforce_generic_plan%20-c%20jit%3Doff")
	if err != nil {
		b.Fatal(err)
	}
	defer floor.Close()
	questions := make([]knowledge.Query, 2400)
	for i := range questions {
		questions[i] = knowledge.Query{Text: c.text(8), Vector: c.vector(), Locale: "es", Limit: 10}
	}
	b.Run("quality", func(b *testing.B) { c.quality(b, x, questions[:200]) })
	ways := map[string]func(knowledge.Query) error{
		"plain": func(q knowledge.Query) error {
			list, err := plain(b.Context(), floor, x, q)
			return checked(len(list), err)
		},
		"dense": func(q knowledge.Query) error {
			q.Text = ""
			hits, err := x.Search(b.Context(), q)
			return checked(len(hits), err)
		},
		"lexical": func(q knowledge.Query) error {
			q.Vector = nil
			hits, err := x.Search(b.Context(), q)
			return checked(len(hits), err)
		},
		"hybrid": func(q knowledge.Query) error {
			hits, err := x.Search(b.Context(), q)
			return checked(len(hits), err)
		},
	}
	// Others on the same subjects were asked before, as in a process that serves. The second
	// time their vectors are kept.
	for range 2 {
		timed(b, questions[:800], 1, ways["hybrid"])
	}
	for i, atOnce := range []int{1, 8} {
		took := firstTime(b, questions[800*(i+1):][:800], atOnce, ways)
		b.Run(fmt.Sprint("first-time/in-flight=", atOnce), func(b *testing.B) { report(b, took) })
	}
	for _, atOnce := range []int{1, 8} {
		b.Run(fmt.Sprint("in-flight=", atOnce), func(b *testing.B) {
			took := map[string][]time.Duration{}
			rounds := 0
			for b.Loop() {
				for _, way := range []string{"plain", "hybrid", "dense", "lexical"} {
					part := questions[rounds%4*200:][:200]
					took[way] = append(took[way], timed(b, part, atOnce, ways[way])...)
				}
				rounds++
			}
			report(b, took)
		})
	}
}

// firstTime asks questions that nobody asked before, half of them by the plain query and
// half by Search, in turns.
func firstTime(b *testing.B, questions []knowledge.Query, atOnce int, ways map[string]func(knowledge.Query) error) map[string][]time.Duration {
	b.Helper()
	took := map[string][]time.Duration{}
	for i, part := range slices.Collect(slices.Chunk(questions, 50)) {
		way := []string{"plain", "hybrid"}[i%2]
		took[way] = append(took[way], timed(b, part, atOnce, ways[way])...)
	}
	return took
}

func report(b *testing.B, took map[string][]time.Duration) {
	b.Helper()
	for way, list := range took {
		b.ReportMetric(quantile(list, .5), way+"-p50-ms")
		b.ReportMetric(quantile(list, .99), way+"-p99-ms")
	}
	b.ReportMetric(quantile(took["hybrid"], .5)/quantile(took["plain"], .5), "p50-ratio")
	b.ReportMetric(quantile(took["hybrid"], .99)/quantile(took["plain"], .99), "p99-ratio")
	b.ReportMetric(0, "ns/op")
}

func checked(hits int, err error) error {
	if err == nil && hits != 10 {
		return fmt.Errorf("%d hits", hits)
	}
	return err
}

// quality compares both halves with what is exact.
func (c *corpus) quality(b *testing.B, x *Index, questions []knowledge.Query) {
	exact := newExact(c.texts)
	near, equal := 0, 0
	for b.Loop() {
		near, equal = 0, 0
		for _, q := range questions {
			want := c.nearest(q.Vector)
			hits, err := x.Search(b.Context(), knowledge.Query{Vector: q.Vector, Locale: "es", Limit: knowledge.Depth})
			if err != nil {
				b.Fatal(err)
			}
			for _, h := range hits {
				if h.DenseRank <= 10 && slices.Contains(want, h.Chunk.ID) {
					near++
				}
			}
			hits, err = x.Search(b.Context(), knowledge.Query{Text: q.Text, Locale: "es", Limit: knowledge.Depth})
			if err != nil {
				b.Fatal(err)
			}
			// The order of hits also depends on what else their documents say.
			slices.SortFunc(hits, func(a, b knowledge.Hit) int { return cmp.Compare(a.LexicalRank, b.LexicalRank) })
			ids := []string{}
			for _, h := range hits[:min(10, len(hits))] {
				ids = append(ids, h.Chunk.ID)
			}
			if slices.Equal(ids, exact.top(q.Text)) {
				equal++
			}
		}
	}
	b.ReportMetric(float64(near)/float64(10*len(questions)), "recall@10")
	b.ReportMetric(float64(equal)/float64(len(questions)), "exact-bm25-share")
	b.ReportMetric(0, "ns/op")
}

func chunkID(i int) string { return fmt.Sprintf("%06d.md#%04d", i/perDocument, i%perDocument) }

type rankedChunk struct {
	chunk int
	score float64
}

// top10 are the IDs of the best.
func top10(list []rankedChunk) []string {
	slices.SortFunc(list, func(a, b rankedChunk) int {
		return cmp.Or(cmp.Compare(float32(b.score), float32(a.score)), cmp.Compare(a.chunk, b.chunk))
	})
	ids := []string{}
	for _, r := range list[:min(10, len(list))] {
		ids = append(ids, chunkID(r.chunk))
	}
	return ids
}

func (c *corpus) nearest(to []float32) []string {
	list := make([]rankedChunk, len(c.vectors))
	for i, v := range c.vectors {
		sum := float32(0)
		for j, x := range v {
			sum += x * to[j]
		}
		list[i] = rankedChunk{i, float64(sum)}
	}
	return top10(list)
}

// exactWords scores every chunk by the words of the plan.
type exactWords struct {
	texts   []string
	lexicon *knowledge.Lexicon
	counts  []map[string]int32
	words   []int
}

func newExact(texts []string) *exactWords {
	e := &exactWords{texts: texts, lexicon: knowledge.NewLexicon("es")}
	for _, text := range texts {
		tokens := knowledge.Tokens("es", text)
		counts := knowledge.Frequencies(tokens)
		for term := range counts {
			e.lexicon.Add(term, 1)
		}
		e.lexicon.Grow(1, len(tokens))
		e.counts, e.words = append(e.counts, counts), append(e.words, len(tokens))
	}
	return e
}

func (e *exactWords) top(text string) []string {
	plan := e.lexicon.Plan(knowledge.Query{Text: text})
	var list []rankedChunk
	for i, counts := range e.counts {
		score := 0.
		for _, t := range plan.Terms {
			if tf := counts[t.Term]; tf > 0 {
				score += t.Weight * knowledge.Saturation(int(tf), e.words[i], plan.Mean)
			}
		}
		if score > 0 {
			list = append(list, rankedChunk{i, score})
		}
	}
	return top10(list)
}

// BenchmarkIngest brings documents of 100 chunks in, with HNSW growing, from four
// writers as the ingester has them.
func BenchmarkIngest(b *testing.B) {
	x := open(b, Config{DSN: testservices.Postgres(b), Identity: identity(benchDim)})
	c := newCorpus()
	began, n := time.Now(), 0
	for b.Loop() {
		var group sync.WaitGroup
		for range 4 {
			d, chunks := c.document(n)
			n++
			group.Go(func() {
				if err := x.Replace(b.Context(), d, chunks); err != nil {
					b.Error(err)
				}
			})
		}
		group.Wait()
	}
	b.ReportMetric(float64(n*perDocument)/time.Since(began).Seconds(), "chunks/s")
}
