package pgvector

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/recado/recado/internal/testservices"
	"github.com/recado/recado/knowledge"
)

// forms are ways to keep the words of an index in Postgres, for the decision in
// docs/adr/0019: the product has the last one. Each finds the best hundred, which is
// what the fusion wants.
type forms struct {
	pool  *pgxpool.Pool
	exact *exactWords
	// ids are the numbers of terms, by how many chunks hold them.
	ids map[string]int32
	df  map[string]int
}

const formTables = `
create table form_rows (term int, chunk int, tf smallint, words smallint);
create table form_sparse (chunk int, weights sparsevec(100000));`

const formIndexes = `
alter table form_rows add primary key (term, chunk) include (tf, words);
alter table form_sparse alter column weights set storage external;
vacuum analyze form_rows, form_sparse;`

func (f *forms) fill(b *testing.B) {
	b.Helper()
	f.exec(b, `create extension if not exists vector;`+formTables)
	mean := f.exact.lexicon.Plan(knowledge.Query{Text: f.exact.texts[0]}).Mean
	var rows, sparse [][]any
	for chunk, counts := range f.exact.counts {
		var weights []string
		for _, term := range sortedByID(counts, f.ids) {
			tf, words := counts[term], f.exact.words[chunk]
			rows = append(rows, []any{f.ids[term], int32(chunk), int16(tf), int16(words)})
			weights = append(weights, fmt.Sprintf("%d:%g", f.ids[term], knowledge.Saturation(int(tf), words, mean)))
		}
		sparse = append(sparse, []any{int32(chunk), "{" + strings.Join(weights, ",") + "}/100000"})
	}
	for at := 0; at < len(rows); at += 500_000 {
		part := rows[at:min(at+500_000, len(rows))]
		if _, err := f.pool.CopyFrom(b.Context(), pgx.Identifier{"form_rows"}, []string{"term", "chunk", "tf", "words"}, pgx.CopyFromRows(part)); err != nil {
			b.Fatal(err)
		}
	}
	f.exec(b, `create table form_texts (chunk int, weights text)`)
	if _, err := f.pool.CopyFrom(b.Context(), pgx.Identifier{"form_texts"}, []string{"chunk", "weights"}, pgx.CopyFromRows(sparse)); err != nil {
		b.Fatal(err)
	}
	f.exec(b, `insert into form_sparse select chunk, weights::sparsevec from form_texts; drop table form_texts`)
	for statement := range strings.SplitSeq(strings.TrimSpace(formIndexes), "\n") {
		f.exec(b, statement)
	}
}

func (f *forms) exec(b *testing.B, statement string) {
	b.Helper()
	if _, err := f.pool.Exec(b.Context(), statement, pgx.QueryExecModeSimpleProtocol); err != nil {
		b.Fatalf("%s: %v", statement, err)
	}
}

func sortedByID(counts, ids map[string]int32) []string {
	terms := make([]string, 0, len(counts))
	for term := range counts {
		terms = append(terms, term)
	}
	slices.SortFunc(terms, func(a, b string) int { return int(ids[a] - ids[b]) })
	return terms
}

// query is a plan with numbers for terms, the rarest first.
type query struct {
	terms   []int32
	weights []float64
	df      []int
	mean    float64
}

func (f *forms) query(text string, maxDF int) query {
	plan := f.exact.lexicon.Plan(knowledge.Query{Text: text})
	slices.SortFunc(plan.Terms, func(a, b knowledge.WeightedTerm) int { return f.df[a.Term] - f.df[b.Term] })
	q := query{mean: plan.Mean}
	for _, t := range plan.Terms {
		if df := f.df[t.Term]; maxDF == 0 || df <= maxDF {
			q.terms, q.weights, q.df = append(q.terms, f.ids[t.Term]), append(q.weights, t.Weight), append(q.df, df)
		}
	}
	return q
}

const (
	formScore = `sum(w.weight * p.tf * 3.0 / (p.tf + 2.0 * (0.5 + 0.5 * p.words / $3::float8)))`
	formWords = `unnest($1::int[], $2::float8[]) as w (term, weight)`
	formAll   = `select p.chunk, ` + formScore + ` as score from ` + formWords + ` join form_rows p on p.term = w.term
		group by p.chunk order by 2 desc, 1 limit 100`
	// The first terms propose; of the others each chunk is asked that can still win.
	formSome = `with part as materialized (
			select p.chunk, ` + formScore + ` as score from ` + formWords + ` join form_rows p on p.term = w.term group by p.chunk
		), least as (select coalesce((select score from part order by score desc offset 99 limit 1), 0) as score)
		select part.chunk, part.score + coalesce((
				select sum(w.weight * p.tf * 3.0 / (p.tf + 2.0 * (0.5 + 0.5 * p.words / $3::float8)))
				from unnest($4::int[], $5::float8[]) as w (term, weight) join form_rows p on p.term = w.term and p.chunk = part.chunk
			), 0) as score, (select score from least) from part
		where part.score >= (select score from least) - $6::float8
		order by 2 desc, 1 limit 100`
	formSparse = `select chunk, (weights <#> $1::text::sparsevec) * -1 from form_sparse
		order by weights <#> $1::text::sparsevec limit 100`
)

func (f *forms) rows(ctx context.Context, text string, maxDF int) ([]rankedChunk, error) {
	q := f.query(text, maxDF)
	rows, err := f.pool.Query(ctx, formAll, q.terms, q.weights, q.mean)
	return collectRanked(rows, err)
}

func collectRanked(rows pgx.Rows, err error) ([]rankedChunk, error) {
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (r rankedChunk, err error) {
		return r, row.Scan(&r.chunk, &r.score)
	})
}

// early lets as many rare terms propose as are needed for what the others could add
// to be less than what the hundredth has.
func (f *forms) early(ctx context.Context, text string) ([]rankedChunk, error) {
	q := f.query(text, 0)
	for first := 1; ; first++ {
		budget := 0
		for _, df := range q.df[:first] {
			budget += df
		}
		if first < len(q.terms) && budget < 1000 {
			continue
		}
		rest := 0.
		for _, weight := range q.weights[first:] {
			rest += weight * (knowledge.BM25K1 + 1)
		}
		rows, err := f.pool.Query(ctx, formSome, q.terms[:first], q.weights[:first], q.mean, q.terms[first:], q.weights[first:], rest)
		if err != nil {
			return nil, err
		}
		least := 0.
		list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (r rankedChunk, err error) {
			return r, row.Scan(&r.chunk, &r.score, &least)
		})
		if err != nil || first == len(q.terms) || least > rest {
			return list, err
		}
	}
}

func (f *forms) sparse(ctx context.Context, text string) ([]rankedChunk, error) {
	q := f.query(text, 0)
	weights := make([]string, len(q.terms))
	for i := range q.terms {
		weights[i] = fmt.Sprintf("%d:%g", q.terms[i], q.weights[i])
	}
	rows, err := f.pool.Query(ctx, formSparse, "{"+strings.Join(weights, ",")+"}/100000")
	return collectRanked(rows, err)
}

func newForms(b *testing.B, exact *exactWords, pool *pgxpool.Pool) *forms {
	b.Helper()
	f := &forms{pool: pool, exact: exact, ids: map[string]int32{}, df: map[string]int{}}
	for _, counts := range exact.counts {
		for term := range counts {
			if f.df[term]++; f.ids[term] == 0 {
				f.ids[term] = int32(len(f.ids) + 1)
			}
		}
	}
	f.fill(b)
	return f
}

// BenchmarkForms compares the forms: how long a question takes alone and with eight
// in flight, the share of questions whose best ten are those of exact BM25, and the
// space on disk.
func BenchmarkForms(b *testing.B) {
	dsn := testservices.Postgres(b)
	x := open(b, Config{DSN: dsn + "&pool_max_conns=8", Identity: identity(benchDim)})
	c := newCorpus()
	c.wordsOnly = true
	c.build(b, x)
	pool, err := pgxpool.New(b.Context(), dsn+"&pool_max_conns=8&options=-c%20jit%3Doff%20-c%20work_mem%3D64MB")
	if err != nil {
		b.Fatal(err)
	}
	defer pool.Close()
	exact := newExact(c.texts)
	f := newForms(b, exact, pool)
	questions := make([]knowledge.Query, 200)
	for i := range questions {
		questions[i] = knowledge.Query{Text: c.text(8), Locale: "es", Limit: 100}
	}
	packed := func(x *Index) func(context.Context, string) ([]rankedChunk, error) {
		return func(ctx context.Context, text string) ([]rankedChunk, error) {
			hits, err := x.Search(ctx, knowledge.Query{Text: text, Locale: "es", Limit: 100})
			list := make([]rankedChunk, len(hits))
			for i, h := range hits {
				var document int
				if _, err := fmt.Sscanf(h.Chunk.ID, "%d.md#%d", &document, &list[i].chunk); err != nil {
					return nil, err
				}
				list[i].chunk, list[i].score = list[i].chunk+document*perDocument, h.Lexical
			}
			return list, err
		}
	}
	cold := open(b, Config{DSN: dsn + "&pool_max_conns=8", Identity: identity(benchDim), PostingsBytes: 1})
	for _, form := range []struct {
		name, tables string
		ask          func(context.Context, string) ([]rankedChunk, error)
	}{
		{"rows", "form_rows", func(ctx context.Context, text string) ([]rankedChunk, error) { return f.rows(ctx, text, 0) }},
		{"rows-early-stop", "form_rows", f.early},
		{"rows-capped-df", "form_rows", func(ctx context.Context, text string) ([]rankedChunk, error) { return f.rows(ctx, text, 3000) }},
		{"sparsevec", "form_sparse", f.sparse},
		{"packed-not-held", x.in("knowledge_@_postings"), packed(cold)},
		{"packed", x.in("knowledge_@_postings"), packed(x)},
	} {
		b.Run(form.name, func(b *testing.B) { f.measure(b, form.tables, questions, form.ask) })
	}
}

func (f *forms) measure(b *testing.B, tables string, questions []knowledge.Query, ask func(context.Context, string) ([]rankedChunk, error)) {
	equal := 0
	for _, q := range questions {
		list, err := ask(b.Context(), q.Text)
		if err != nil {
			b.Fatal(err)
		}
		if slices.Equal(top10(list), f.exact.top(q.Text)) {
			equal++
		}
	}
	var took [2][]time.Duration
	for b.Loop() {
		for i, atOnce := range []int{1, 8} {
			took[i] = append(took[i], timed(b, questions, atOnce, func(q knowledge.Query) error {
				_, err := ask(b.Context(), q.Text)
				return err
			})...)
		}
	}
	var size int64
	if err := f.pool.QueryRow(b.Context(), `select pg_total_relation_size($1::text::regclass)`, tables).Scan(&size); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(size)/1e6, "MB")
	b.ReportMetric(float64(equal)/float64(len(questions)), "exact-bm25-share")
	for i, name := range []string{"", "-at-8"} {
		b.ReportMetric(quantile(took[i], .5), "p50-ms"+name)
		b.ReportMetric(quantile(took[i], .99), "p99-ms"+name)
	}
	b.ReportMetric(0, "ns/op")
}
