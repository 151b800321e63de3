package pgvector

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/recado/recado/internal/testservices"
	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/knowledge/knowledgetest"
)

func TestIndex(t *testing.T) {
	t.Parallel()
	knowledgetest.TestIndex(t, func(tb testing.TB) knowledgetest.Open {
		dsn := testservices.Postgres(tb)
		return func(id knowledge.Identity, as knowledge.Opening) (knowledge.Space, error) {
			return Open(tb.Context(), Config{DSN: dsn, Identity: id, Opening: as})
		}
	})
}

// TestIndexThatFolds runs the suite once more with a log that is folded, and segments
// that are merged, all the time.
func TestIndexThatFolds(t *testing.T) {
	t.Parallel()
	knowledgetest.TestIndex(t, func(tb testing.TB) knowledgetest.Open {
		dsn := testservices.Postgres(tb)
		return func(id knowledge.Identity, as knowledge.Opening) (knowledge.Space, error) {
			x, err := Open(tb.Context(), Config{DSN: dsn, Identity: id, Opening: as, PostingsBytes: 100})
			if err != nil {
				return nil, err
			}
			x.foldAt = 3
			return x, nil
		}
	})
}

func TestOpenNamesTheField(t *testing.T) {
	t.Parallel()
	pool := &pgxpool.Pool{}
	for want, c := range map[string]Config{
		"exactly one of Pool and DSN":           {Identity: identity(1)},
		"exactly one of Pool and DSN is needed": {Pool: pool, DSN: "postgres:", Identity: identity(1)},
		"Identity.Embedder: missing":            {Pool: pool, Identity: knowledge.Identity{Dim: 1}},
		"Identity.Dim: 0 is not from 1":         {Pool: pool, Identity: identity(0)},
		"Identity.Dim: 16001 is not from 1":     {Pool: pool, Identity: identity(16001)},
		"Identity.Dim: -1 is not from 1":        {Pool: pool, Identity: identity(-1)},
		"Opening: 4 is unknown":                 {Pool: pool, Identity: identity(1), Opening: 4},
		"PostingsBytes: -1 is negative":         {Pool: pool, Identity: identity(1), PostingsBytes: -1},
	} {
		if _, err := Open(t.Context(), c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestOpenWithoutAServer(t *testing.T) {
	t.Parallel()
	for name, dsn := range map[string]string{
		"unreachable": "postgres://nobody@127.0.0.1:1/none?sslmode=disable&connect_timeout=2", "unreadable": "postgres://[::bad",
	} {
		if _, err := Open(t.Context(), Config{DSN: dsn, Identity: identity(1)}); err == nil {
			t.Errorf("%s: opened", name)
		}
	}
}

func identity(dim int) knowledge.Identity {
	return knowledge.Identity{Embedder: "knowledgetest", Dim: dim, Splitter: "1"}
}

// open opens an index and closes it when the test ends.
func open(tb testing.TB, c Config) *Index {
	tb.Helper()
	x, err := Open(tb.Context(), c)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := x.Close(); err != nil {
			tb.Error(err)
		}
	})
	return x
}

// document makes one with a passage for each text.
func document(dim int, id, locale string, texts ...string) (knowledge.Document, []knowledge.Chunk) {
	embedder := knowledgetest.NewEmbedder(dim)
	d := knowledge.Document{
		Meta:   knowledge.Meta{ID: id, Title: id, Locale: locale, Audience: knowledge.AudienceCustomer},
		Source: id, Version: "1", Collection: "c", Format: knowledge.FormatMarkdown,
	}
	chunks := make([]knowledge.Chunk, len(texts))
	for i, text := range texts {
		chunks[i] = knowledge.Chunk{
			ID: fmt.Sprintf("%s#%04d", id, i), DocumentID: id, Seq: i, Text: text, End: len(text), Vector: embedder.Vector(text),
		}
		chunks[i].Hash = knowledge.ContentHash(d, chunks[i])
	}
	return d, chunks
}

func fill(tb testing.TB, x knowledge.Index, id, locale string, texts ...string) {
	tb.Helper()
	d, chunks := document(x.Identity().Dim, id, locale, texts...)
	if err := x.Replace(tb.Context(), d, chunks); err != nil {
		tb.Fatal(err)
	}
}

// scaled is a vector of length 1, given the sum of its squares.
func scaled(v []float32, sum float64) []float32 {
	for i := range v {
		v[i] = float32(float64(v[i]) / math.Sqrt(sum))
	}
	return v
}

// TestDimensions opens indexes with and without HNSW, and each finds what is nearest
// with the similarity of the full vector.
func TestDimensions(t *testing.T) {
	t.Parallel()
	for dim, index := range map[int]string{2001: "halfvec_ip_ops", 4000: "halfvec_ip_ops", 4001: ""} {
		t.Run(fmt.Sprint(dim), func(t *testing.T) {
			t.Parallel()
			x := open(t, Config{DSN: testservices.Postgres(t), Identity: identity(dim)})
			var definition string
			const query = `select coalesce(max(indexdef), '') from pg_indexes where indexname like '%_near'`
			if err := x.pool.QueryRow(t.Context(), query).Scan(&definition); err != nil {
				t.Fatal(err)
			}
			if index == "" && definition != "" || !strings.Contains(definition, index) {
				t.Errorf("the index is %q, want one over %q", definition, index)
			}
			fill(t, x, "a.md", "es", "devolver en treinta días", "pagar con tarjeta", "envío a las islas")
			vector := knowledgetest.NewEmbedder(dim).Vector("pagar con tarjeta")
			hits, err := x.Search(t.Context(), knowledge.Query{Vector: vector, Locale: "es"})
			if err != nil || len(hits) == 0 || hits[0].Chunk.Text != "pagar con tarjeta" || hits[0].Dense < .9999 {
				t.Errorf("nearest: %+v, %v", hits, err)
			}
			if _, err := x.Search(t.Context(), knowledge.Query{Vector: vector[1:]}); !errors.Is(err, knowledge.ErrDimension) {
				t.Errorf("a vector that is too short: %v", err)
			}
		})
	}
}

// TestPoolIsTheCallers: an index over a given pool leaves it open, and a search that
// fails half-way gives its connection back unusable to nobody.
func TestPoolIsTheCallers(t *testing.T) {
	t.Parallel()
	pool, err := pgxpool.New(t.Context(), testservices.Postgres(t)+"&pool_max_conns=1")
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	x := open(t, Config{Pool: pool, Identity: identity(4)})
	fill(t, x, "a.md", "es", "plazo")
	if _, err := pool.Exec(t.Context(), x.in(`alter table knowledge_@_passages rename to hidden`)); err != nil {
		t.Fatal(err)
	}
	q := knowledge.Query{Text: "plazo", Locale: "es"}
	if _, err := x.Search(t.Context(), q); err == nil || errors.Is(err, knowledge.ErrIdentity) {
		t.Errorf("a search without its table: %v", err)
	}
	if _, err := pool.Exec(t.Context(), x.in(`alter table hidden rename to knowledge_@_passages`)); err != nil {
		t.Fatalf("the only connection is spoilt: %v", err)
	}
	if hits, err := x.Search(t.Context(), q); err != nil || len(hits) != 1 {
		t.Errorf("then %v, %v", hits, err)
	}
	if err := x.Close(); err != nil {
		t.Error(err)
	}
	if err := pool.Ping(t.Context()); err != nil {
		t.Errorf("closing the index closed the pool: %v", err)
	}
}

// TestFormerProcess: an index that gave way to another one refuses every call of the
// process that still has it open.
func TestFormerProcess(t *testing.T) {
	t.Parallel()
	dsn := testservices.Postgres(t)
	old := open(t, Config{DSN: dsn, Identity: identity(4)})
	fill(t, old, "a.md", "es", "plazo")
	next := open(t, Config{DSN: dsn, Identity: identity(8), Opening: knowledge.OpenBeside})
	if err := next.Activate(t.Context()); err != nil {
		t.Fatal(err)
	}
	d, chunks := document(4, "b.md", "es", "otro")
	for call, err := range map[string]error{
		"replace":  old.Replace(t.Context(), d, chunks),
		"remove":   old.Remove(t.Context(), "a.md"),
		"touch":    old.Touch(t.Context(), d),
		"revoke":   old.Revoke(t.Context(), []knowledge.Revocation{{DocumentID: "a.md", Hash: "h", At: time.Unix(0, 0)}}),
		"restore":  old.Restore(t.Context(), "a.md", []string{"h"}),
		"activate": old.Activate(t.Context()),
		"search":   second(old.Search(t.Context(), knowledge.Query{Text: "plazo"})),
		"list":     second(old.Documents(t.Context(), "")),
		"show": func() error {
			_, _, err := old.Document(t.Context(), "a.md")
			return err
		}(),
	} {
		if !errors.Is(err, knowledge.ErrIdentity) {
			t.Errorf("%s: %v", call, err)
		}
	}
	if revocations, err := next.Revocations(t.Context()); err != nil || len(revocations) != 0 {
		t.Errorf("what was refused left %v, %v", revocations, err)
	}
	var tables int
	const query = `select count(*) from pg_tables where tablename like 'knowledge\_%\_chunks'`
	if err := next.pool.QueryRow(t.Context(), query).Scan(&tables); err != nil || tables != 1 {
		t.Errorf("%d indexes are left (%v)", tables, err)
	}
}

func second[T any](_ T, err error) error { return err }

// TestOpenAtOnce starts several processes on an empty database.
func TestOpenAtOnce(t *testing.T) {
	t.Parallel()
	dsn := testservices.Postgres(t) + "&pool_max_conns=2"
	var group sync.WaitGroup
	for range 5 {
		group.Go(func() { open(t, Config{DSN: dsn, Identity: identity(4)}) })
	}
	group.Wait()
	x := open(t, Config{DSN: dsn, Identity: identity(4)})
	var spaces int
	if err := x.pool.QueryRow(t.Context(), `select count(*) from knowledge_spaces`).Scan(&spaces); err != nil || spaces != 1 {
		t.Errorf("there are %d indexes (%v)", spaces, err)
	}
}

// loads counts how often the vocabulary is read.
type loads struct{ vocabulary atomic.Int64 }

func (l *loads) TraceQueryStart(ctx context.Context, _ *pgx.Conn, d pgx.TraceQueryStartData) context.Context {
	if strings.Contains(d.SQL, "select language, term, df") {
		l.vocabulary.Add(1)
	}
	return ctx
}

func (*loads) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// TestFirstSearchesLoadOnce: searches that come at once to a process that has nothing yet
// wait for the one that loads, or give up with their context.
func TestFirstSearchesLoadOnce(t *testing.T) {
	t.Parallel()
	config, err := pgxpool.ParseConfig(testservices.Postgres(t) + "&pool_max_conns=8")
	if err != nil {
		t.Fatal(err)
	}
	var l loads
	config.ConnConfig.Tracer = &l
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	x := open(t, Config{Pool: pool, Identity: identity(4)})
	fill(t, x, "a", "es", "plazo")
	search := func(ctx context.Context) error {
		hits, err := x.Search(ctx, knowledge.Query{Text: "plazo", Locale: "es"})
		if err == nil && len(hits) != 1 {
			t.Errorf("%d hits", len(hits))
		}
		return err
	}
	x.loading <- struct{}{} // another search is at it
	impatient, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := search(impatient); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("waiting: %v", err)
	}
	<-x.loading
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			if err := search(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	if group.Wait(); l.vocabulary.Load() != 1 {
		t.Errorf("loaded %d times", l.vocabulary.Load())
	}
}

// TestFailedFold: a document is in when its words can't be folded, and the next change
// folds them.
func TestFailedFold(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	x := open(t, Config{DSN: testservices.Postgres(t), Identity: identity(4), Logger: slog.New(slog.NewTextHandler(&log, nil))})
	x.foldAt = 2
	if _, err := x.pool.Exec(t.Context(), x.in(`alter table knowledge_@_segments rename to hidden`)); err != nil {
		t.Fatal(err)
	}
	fill(t, x, "a", "es", "plazo", "pago")
	if err := x.Remove(t.Context(), "a"); err != nil {
		t.Error(err)
	}
	if !strings.Contains(log.String(), "could not be folded") {
		t.Errorf("the log says %q", log.String())
	}
	if _, err := x.pool.Exec(t.Context(), x.in(`alter table hidden rename to knowledge_@_segments`)); err != nil {
		t.Fatal(err)
	}
	fill(t, x, "b", "es", "plazo")
	var folded, generation int64
	err := x.pool.QueryRow(t.Context(), x.in(`select folded, generation from knowledge_spaces where id = @`)).Scan(&folded, &generation)
	if err != nil || folded != generation {
		t.Errorf("folded %d of %d, %v", folded, generation, err)
	}
}

// TestFacetsGo: combinations that no passage has any more are forgotten by the database
// and by every process, and come back with a document.
func TestFacetsGo(t *testing.T) {
	t.Parallel()
	dsn := testservices.Postgres(t)
	x, other := open(t, Config{DSN: dsn, Identity: identity(4)}), open(t, Config{DSN: dsn, Identity: identity(4)})
	x.foldAt = 1
	q := knowledge.Query{Text: "plazo", Locale: "es", Day: "2026-01-15"}
	for day := range 20 {
		d, chunks := document(4, "a", "es", "plazo")
		d.ValidFrom = fmt.Sprintf("2026-01-%02d", day%10+1)
		if err := x.Replace(t.Context(), d, chunks); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if hits, err := other.Search(t.Context(), q); err != nil || len(hits) != 1 {
				t.Fatalf("day %d: %d hits, %v", day, len(hits), err)
			}
		}
	}
	var n int
	if err := x.pool.QueryRow(t.Context(), x.in(`select count(*) from knowledge_@_facets`)).Scan(&n); err != nil || n != 1 {
		t.Errorf("%d facets, %v", n, err)
	}
	if len(other.words.facets) != 1 || len(other.words.counts) > 2 { // of the chunk, and of those that are gone
		t.Errorf("in memory %d facets, and %d counts", len(other.words.facets), len(other.words.counts))
	}
}

// TestFacetsOfWritersStay: dropping those without chunks at the same time as others write
// leaves no passage without its facet.
func TestFacetsOfWritersStay(t *testing.T) {
	t.Parallel()
	x := open(t, Config{DSN: testservices.Postgres(t), Identity: identity(4)})
	x.foldAt = 1
	var group sync.WaitGroup
	for writer := range 4 {
		group.Go(func() {
			for i := range 25 {
				d, chunks := document(4, fmt.Sprint("d", writer), "es", "plazo")
				d.ValidFrom = fmt.Sprintf("2026-01-%02d", (writer+i)%3+1)
				if err := x.Replace(t.Context(), d, chunks); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	var lost int
	const query = `select count(*) from knowledge_@_chunks c where not exists (select from knowledge_@_facets f where f.id = c.facet)`
	if err := x.pool.QueryRow(t.Context(), x.in(query)).Scan(&lost); err != nil || lost != 0 {
		t.Errorf("%d passages are lost, %v", lost, err)
	}
}
