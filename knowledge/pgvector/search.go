package pgvector

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"

	"github.com/recado/recado/knowledge"
)

// attempts is how often a search begins again because another process changed the
// index in the middle. The last time it goes without what has vanished.
const attempts = 4

// Search implements knowledge.Index. It takes four round trips in one snapshot: the
// generation, by which the process learns of changes, the nearest, what is ranked by
// of those that only have the words, and the passages of what is left. The words are
// scored in the process while the database looks for the nearest.
func (x *Index) Search(ctx context.Context, q knowledge.Query) (hits []knowledge.Hit, err error) {
	if q.Vector != nil && len(q.Vector) != x.identity.Dim {
		return nil, fmt.Errorf("question: %w: %d, not %d", knowledge.ErrDimension, len(q.Vector), x.identity.Dim)
	}
	whole := false
	for try := 1; !whole && err == nil; try++ {
		hits, whole, err = x.try(ctx, q, try == attempts)
	}
	if err != nil {
		return nil, fmt.Errorf("search: %w", x.mine(ctx, err))
	}
	return hits, nil
}

// try searches in a snapshot. It is not whole when the process has come further than
// the snapshot meanwhile and a chunk is not there yet.
func (x *Index) try(ctx context.Context, q knowledge.Query, last bool) (hits []knowledge.Hit, whole bool, err error) {
	conn, err := x.pool.Acquire(ctx)
	if err != nil {
		return nil, false, err
	}
	// A connection that is given back inside a transaction is closed by the pool: what
	// does not come to its end needs no rollback here.
	defer conn.Release()
	now, documents, err := x.begin(ctx, conn, q.Documents)
	if err != nil {
		return nil, false, err
	}
	all := make(found, 2*knowledge.Depth)
	f := x.words.filterFor(q, documents)
	near := x.sendDense(ctx, conn, q, f, all) // which takes the database a while
	lexical, missing := x.words.find(q, f)
	if err := near.Close(); err != nil {
		return nil, false, fmt.Errorf("find the nearest: %w", err)
	}
	sure, err := x.settle(ctx, conn, now, q, f, lexical, missing)
	if err != nil || sure == nil && !last {
		return nil, false, err
	}
	whole, err = x.join(ctx, conn, q, f, sure, all)
	if err != nil || !whole && !last {
		return nil, false, err
	}
	hits, err = fetch(ctx, conn, x.in(fetchHits), knowledge.Rank(q, all.list()))
	return hits, true, err
}

// asker is a connection or a transaction.
type asker interface {
	Query(ctx context.Context, query string, args ...any) (pgx.Rows, error)
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

// With 100 candidates recall at 10 is above .96, see docs/adr/0019. Iterating goes on
// when the filter leaves too few of them. The plans don't depend on the values.
const beginSearch = `
select generation, folded, set_config('hnsw.ef_search', '100', true), set_config('hnsw.iterative_scan', 'relaxed_order', true),
	set_config('plan_cache_mode', 'force_generic_plan', true), set_config('jit', 'off', true)
from knowledge_spaces where id = @`

// begin opens the snapshot and brings the process up to it. The numbers are those of
// the documents, nil when there is no list.
func (x *Index) begin(ctx context.Context, conn asker, ids []string) (now moment, numbers map[int32]bool, err error) {
	batch := &pgx.Batch{}
	batch.Queue(`begin isolation level repeatable read read only`)
	batch.Queue(x.in(beginSearch)).QueryRow(func(row pgx.Row) error {
		var settings [4]string
		return row.Scan(&now.generation, &now.folded, &settings[0], &settings[1], &settings[2], &settings[3])
	})
	if ids != nil {
		numbers = map[int32]bool{}
		batch.Queue(x.in(`select no from knowledge_@_documents where id = any($1)`), ids).Query(func(rows pgx.Rows) error {
			var no int32
			_, err := pgx.ForEachRow(rows, []any{&no}, func() error {
				numbers[no] = true
				return nil
			})
			return err
		})
	}
	err = conn.SendBatch(ctx, batch).Close()
	if errors.Is(err, pgx.ErrNoRows) {
		return now, nil, knowledge.ErrIdentity
	}
	if err != nil {
		return now, nil, fmt.Errorf("begin: %w", err)
	}
	return now, numbers, x.catchUp(ctx, conn, now)
}

// filterFor decides what a query may find.
func (w *words) filterFor(q knowledge.Query, documents map[int32]bool) filter {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.filter(q, documents)
}

// find finds the best chunks by words, unless terms are missing.
func (w *words) find(q knowledge.Query, f filter) (*best, []wanted) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.score(q, f, knowledge.Depth)
}

// settle reads the postings that are missing, and lets the IDs decide between chunks
// of equal score. The list is nil when the process knows a later fold than the
// snapshot, which the postings are from.
func (x *Index) settle(ctx context.Context, conn asker, now moment, q knowledge.Query, f filter, b *best, missing []wanted) ([]scored, error) {
	if len(missing) > 0 {
		fetched, err := x.postings(ctx, conn, now, missing)
		if err != nil {
			return nil, err
		}
		if b = x.words.findWith(q, f, fetched); b == nil {
			return nil, nil
		}
	}
	sure, tied := b.tied()
	if len(tied) == 0 {
		return append([]scored{}, sure...), nil
	}
	chosen, err := x.first(ctx, conn, tied, knowledge.Depth-len(sure))
	return append(slices.Clone(sure), chosen...), err
}

// findWith keeps fetched postings and finds with them; nil when they are too old.
func (w *words) findWith(q knowledge.Query, f filter, postings fetched) *best {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.hold(postings) {
		return nil
	}
	b, missing := w.score(q, f, knowledge.Depth)
	w.evict()
	if len(missing) > 0 { // the vocabulary changed since
		return nil
	}
	return b
}

// first are those of chunks with equal scores whose IDs come first.
func (x *Index) first(ctx context.Context, conn asker, tied []scored, n int) ([]scored, error) {
	numbers := make([]int32, len(tied))
	for i, s := range tied {
		numbers[i] = s.no
	}
	rows, err := conn.Query(ctx, x.in(`select no from knowledge_@_chunks where no = any($1) order by id limit $2`), numbers, n)
	if err != nil {
		return nil, fmt.Errorf("order equal chunks: %w", err)
	}
	chosen, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (scored, error) {
		var no int32
		err := row.Scan(&no)
		return tied[slices.Index(numbers, no)], err
	})
	if err != nil {
		return nil, fmt.Errorf("order equal chunks: %w", err)
	}
	return chosen, nil
}

// found are candidates by their numbers.
type found map[int32]*knowledge.Candidate

func (f found) list() []knowledge.Candidate {
	list := make([]knowledge.Candidate, 0, len(f))
	for _, c := range f {
		list = append(list, *c)
	}
	return list
}

const (
	// The nearest by the index, in half precision: that is to the fifth digit of a
	// similarity. Plus 0 keeps the planner from another index. The conversion is in a
	// query of its own, or it would be done for each row.
	// The hash is only wanted to tell repetitions.
	near = `
		select no, id, document, case when $4 then hash else '' end, tokens, (embedding <#> (select $1::real[]::halfvec(DIM))) * -1
		from knowledge_@_chunks
		where facet + 0 = any($2::int[])
		order by embedding <#> (select $1::real[]::halfvec(DIM))
		limit $3`
	nearOf = `
		select no, id, document, case when $3 then hash else '' end, tokens, (embedding <#> (select $1::real[]::halfvec(DIM))) * -1
		from knowledge_@_chunks where no = any($2::int[])`
	// The nearest of all that the filter leaves. Twice as many as are wanted are chosen
	// in half precision, and the full vectors decide.
	exact = `
		select c.no, c.id, c.document, c.hash, c.tokens, (v.embedding <#> (select $1::real[]::vector)) * -1
		from (
			select no, id, document, hash, tokens from knowledge_@_chunks
			where facet = any($2::int[]) and ($4::int[] is null or document = any($4::int[]))
			order by (embedding <#> (select $1::real[]::halfvec(DIM))) + 0, id
			limit 2 * $3
		) c join knowledge_@_vectors v on v.no = c.no
		order by ((v.embedding <#> (select $1::real[]::vector)) * -1)::real desc, c.id
		limit $3`
	exactOf = `
		select c.no, c.id, c.document, c.hash, c.tokens, (v.embedding <#> (select $1::real[]::vector)) * -1
		from knowledge_@_chunks c join knowledge_@_vectors v on v.no = c.no where c.no = any($2::int[])`
	unranked = `select no, id, document, hash, tokens, 0::float8 from knowledge_@_chunks where no = any($1::int[])`
)

// join brings the best by words to the nearest. It is whole when all of them are
// there.
func (x *Index) join(ctx context.Context, conn asker, q knowledge.Query, f filter, lexical []scored, all found) (whole bool, err error) {
	var numbers []int32
	for _, s := range lexical {
		if all[s.no] == nil {
			numbers = append(numbers, s.no)
		}
	}
	batch := &pgx.Batch{}
	switch {
	case len(numbers) == 0:
	case q.Vector == nil:
		batch.Queue(x.in(unranked), numbers).Query(all.collect(false))
	case x.scans(f):
		batch.Queue(x.in(exactOf), q.Vector, numbers).Query(all.collect(false))
	default:
		batch.Queue(x.in(nearOf), q.Vector, numbers, q.Distinct).Query(all.collect(false))
	}
	if err := conn.SendBatch(ctx, batch).Close(); err != nil {
		return false, fmt.Errorf("find candidates: %w", err)
	}
	whole = true
	for _, s := range lexical {
		if c := all[s.no]; c != nil {
			c.ByLexical, c.Lexical, c.Self = true, s.score, s.self
		} else {
			whole = false
		}
	}
	return whole, nil
}

// exactBelow is where comparing all that the filter leaves costs as much as going
// through the index, which has to look at the more, the less the filter leaves: the
// square of what it leaves over what there is. Measured, see docs/adr/0019.
const exactBelow = 2500

// scans says whether to compare all that the query may find.
func (x *Index) scans(f filter) bool {
	return x.identity.Dim > maxIndexed || f.documents != nil || f.matching*f.matching < exactBelow*f.all
}

// sendDense asks for the nearest, if the query has a vector. What it returns has to be
// closed; only then they are in all.
func (x *Index) sendDense(ctx context.Context, conn asker, q knowledge.Query, f filter, all found) pgx.BatchResults {
	batch := &pgx.Batch{}
	switch {
	case q.Vector == nil || f.matching == 0:
	case x.scans(f):
		batch.Queue(x.in(exact), q.Vector, f.list(), knowledge.Depth, f.numbers()).Query(all.collect(true))
	default:
		batch.Queue(x.in(near), q.Vector, f.list(), knowledge.Depth, q.Distinct).Query(all.collect(true))
	}
	return conn.SendBatch(ctx, batch)
}

// collect reads candidates.
func (f found) collect(dense bool) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		read := make([]knowledge.Candidate, 0, knowledge.Depth) // one piece of memory for all
		var no, document int32
		c := knowledge.Candidate{ByDense: dense}
		_, err := pgx.ForEachRow(rows, []any{&no, &c.ChunkID, &document, &c.Hash, &c.Tokens, &c.Dense}, func() error {
			if math.IsNaN(c.Dense) {
				c.Dense = 0
			}
			// To tell documents apart their numbers do.
			c.DocumentID = strconv.Itoa(int(document))
			read = append(read, c)
			f[no] = &read[len(read)-1]
			return nil
		})
		return err
	}
}

const fetchHits = `
select ` + passage + `, ` + listed + `
from unnest($1::text[]) with ordinality as r (id, place)
join knowledge_@_chunks c on c.id = r.id join knowledge_@_passages p on p.no = c.no
join knowledge_@_documents d on d.no = c.document order by r.place`

// fetch reads the passages in the order of the ranking, and ends the snapshot.
func fetch(ctx context.Context, conn asker, query string, ranking []knowledge.Fused) ([]knowledge.Hit, error) {
	ids := make([]string, len(ranking))
	for i, f := range ranking {
		ids[i] = f.ChunkID
	}
	hits := make([]knowledge.Hit, 0, len(ids))
	batch := &pgx.Batch{}
	if len(ids) > 0 {
		batch.Queue(query, ids).Query(func(rows pgx.Rows) error {
			for rows.Next() {
				var c knowledge.Chunk
				var d knowledge.Document
				if err := rows.Scan(append(from(&c), into(&d)...)...); err != nil {
					return err
				}
				c.DocumentID, d.IndexedAt = d.ID, d.IndexedAt.UTC()
				hits = append(hits, knowledge.NewHit(ranking[len(hits)], c, d))
			}
			return rows.Err()
		})
	}
	batch.Queue(`commit`)
	if err := conn.SendBatch(ctx, batch).Close(); err != nil {
		return nil, fmt.Errorf("fetch passages: %w", err)
	}
	return hits, nil
}
