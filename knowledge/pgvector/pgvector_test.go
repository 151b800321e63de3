package pgvector

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/recado/recado/internal/testservices"
	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/knowledge/knowledgetest"
)

func TestIndex(t *testing.T) {
	t.Parallel()
	knowledgetest.TestIndex(t, func(tb testing.TB) knowledgetest.Open {
		dsn := testservices.Postgres(tb)
		return func(embedder string, dim int, rebuild bool) (knowledgetest.Index, error) {
			return Open(tb.Context(), Config{DSN: dsn, Embedder: embedder, Dim: dim, Rebuild: rebuild})
		}
	})
}

func TestOpenNamesTheField(t *testing.T) {
	t.Parallel()
	pool := &pgxpool.Pool{}
	for want, c := range map[string]Config{
		"exactly one of Pool and DSN":           {Embedder: "e", Dim: 1},
		"exactly one of Pool and DSN is needed": {Pool: pool, DSN: "postgres:", Embedder: "e", Dim: 1},
		"Config.Embedder: missing":              {Pool: pool, Dim: 1},
		"Config.Dim: 0 is not from 1":           {Pool: pool, Embedder: "e"},
		"Config.Dim: 16001 is not from 1":       {Pool: pool, Embedder: "e", Dim: 16001},
		"Config.Dim: -1 is not from 1":          {Pool: pool, Embedder: "e", Dim: -1},
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
		if _, err := Open(t.Context(), Config{DSN: dsn, Embedder: "e", Dim: 1}); err == nil {
			t.Errorf("%s: opened", name)
		}
	}
}

// openIndex opens an index for the suite's embedder in a database.
func openIndex(tb testing.TB, c Config) *Index {
	tb.Helper()
	c.Embedder = "knowledgetest"
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

// fill puts one document with a passage for each text into the index.
func fill(tb testing.TB, x *Index, id, locale string, texts ...string) {
	tb.Helper()
	embedder := knowledgetest.NewEmbedder(x.config.Dim)
	d := knowledge.Document{ID: id, Source: id, Title: id, Locale: locale, Version: "1", Collection: "c"}
	chunks := make([]knowledge.Chunk, len(texts))
	for i, text := range texts {
		chunks[i] = knowledge.Chunk{
			ID: fmt.Sprintf("%s#%04d", id, i), DocumentID: id, Seq: i, Text: text, End: len(text), Vector: embedder.Vector(text),
		}
	}
	if err := x.Replace(tb.Context(), d, chunks); err != nil {
		tb.Fatal(err)
	}
}

// TestDimensions opens an index of every kind: single precision, half precision
// and none, and each finds what is nearest with the distance of the full vector.
func TestDimensions(t *testing.T) {
	t.Parallel()
	for dim, index := range map[int]string{2000: "vector_cosine_ops", 2001: "halfvec_cosine_ops", 4000: "halfvec_cosine_ops", 4001: ""} {
		t.Run(fmt.Sprint(dim), func(t *testing.T) {
			t.Parallel()
			x := openIndex(t, Config{DSN: testservices.Postgres(t), Dim: dim})
			var definition string
			const query = `select coalesce(max(indexdef), '') from pg_indexes where indexname = 'knowledge_chunks_embedding'`
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

// TestDenseUsesTheIndex reads the plan: an order by anything but the indexed
// expression would compare every vector and say nothing.
func TestDenseUsesTheIndex(t *testing.T) {
	t.Parallel()
	for _, dim := range []int{8, 2001} {
		x := openIndex(t, Config{DSN: testservices.Postgres(t), Dim: dim})
		tx, err := x.pool.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		// Of an empty table everything else costs less.
		if _, err := tx.Exec(t.Context(), `set local enable_seqscan = off; set local enable_sort = off`); err != nil {
			t.Fatal(err)
		}
		vector := "[1" + strings.Repeat(",0", dim-1) + "]"
		rows, err := tx.Query(t.Context(), "explain "+x.dense, vector, "", 8)
		if err != nil {
			t.Fatal(err)
		}
		var plan strings.Builder
		for rows.Next() {
			var line string
			if err := rows.Scan(&line); err != nil {
				t.Fatal(err)
			}
			plan.WriteString(line + "\n")
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(plan.String(), "Index Scan using knowledge_chunks_embedding") {
			t.Errorf("with %d dimensions:\n%s", dim, plan.String())
		}
		if err := tx.Rollback(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// TestPoolIsTheCallers: an index over a given pool leaves it open, and a search
// that fails half-way gives its connection back unusable to nobody.
func TestPoolIsTheCallers(t *testing.T) {
	t.Parallel()
	pool, err := pgxpool.New(t.Context(), testservices.Postgres(t)+"&pool_max_conns=1")
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	x := openIndex(t, Config{Pool: pool, Dim: 4})
	fill(t, x, "a.md", "es", "plazo")
	if _, err := pool.Exec(t.Context(), `alter table knowledge_postings rename to hidden`); err != nil {
		t.Fatal(err)
	}
	q := knowledge.Query{Text: "plazo", Locale: "es"}
	if _, err := x.Search(t.Context(), q); err == nil {
		t.Error("a search without its table found something")
	}
	if _, err := pool.Exec(t.Context(), `alter table hidden rename to knowledge_postings`); err != nil {
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

// TestWriterOfAFormerModel: an index that was rebuilt for another model refuses
// the process that still embeds with the one before.
func TestWriterOfAFormerModel(t *testing.T) {
	t.Parallel()
	dsn := testservices.Postgres(t)
	old := openIndex(t, Config{DSN: dsn, Dim: 4})
	fill(t, old, "a.md", "es", "plazo")
	rebuilt, err := Open(t.Context(), Config{DSN: dsn, Embedder: "another", Dim: 4, Rebuild: true})
	if err != nil {
		t.Fatal(err)
	}
	defer rebuilt.Close()
	d := knowledge.Document{ID: "b.md", Title: "b", Locale: "es"}
	if err := old.Replace(t.Context(), d, nil); !errors.Is(err, knowledge.ErrEmbedder) {
		t.Errorf("replace: %v", err)
	}
	if err := old.Remove(t.Context(), "a.md"); !errors.Is(err, knowledge.ErrEmbedder) {
		t.Errorf("remove: %v", err)
	}
	if list, err := rebuilt.Documents(t.Context(), ""); err != nil || len(list) != 0 {
		t.Errorf("after rebuilding: %v, %v", list, err)
	}
}

// TestOpenAtOnce starts several processes on an empty database.
func TestOpenAtOnce(t *testing.T) {
	t.Parallel()
	dsn := testservices.Postgres(t) + "&pool_max_conns=2"
	var group sync.WaitGroup
	for range 5 {
		group.Go(func() { openIndex(t, Config{DSN: dsn, Dim: 4}) })
	}
	group.Wait()
	x := openIndex(t, Config{DSN: dsn, Dim: 4})
	var notes int
	if err := x.pool.QueryRow(t.Context(), `select count(*) from knowledge_meta`).Scan(&notes); err != nil || notes != 1 {
		t.Errorf("%d models are noted (%v)", notes, err)
	}
}

// TestFrequenciesStayExact: what BM25 counts with is what is in the index, after
// any changes.
func TestFrequenciesStayExact(t *testing.T) {
	t.Parallel()
	x := openIndex(t, Config{DSN: testservices.Postgres(t), Dim: 4})
	fill(t, x, "a.md", "es", "plazo plazo", "tarjeta plazo")
	fill(t, x, "b.md", "en", "refund period")
	fill(t, x, "a.md", "es", "plazo", "garantía", "tarjeta tarjeta")
	fill(t, x, "a.md", "en", "period")
	fill(t, x, "c.md", "es", "plazo")
	if err := x.Remove(t.Context(), "b.md"); err != nil {
		t.Fatal(err)
	}
	const wrong = `
		select (select count(*) from knowledge_terms t where t.df <>
			(select count(*) from knowledge_postings p where p.language = t.language and p.term = t.term))
		+ (select count(*) from knowledge_stats s where (s.chunks, s.words) <>
			(select count(*), coalesce(sum(c.words), 0) from knowledge_chunks c where c.language = s.language))
		+ (select count(*) from knowledge_postings p where not exists (select from knowledge_chunks c where c.no = p.chunk))`
	var n int
	if err := x.pool.QueryRow(t.Context(), wrong).Scan(&n); err != nil || n != 0 {
		t.Errorf("%d counts are wrong (%v)", n, err)
	}
}
