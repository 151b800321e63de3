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

// Search implements knowledge.Index. Usually it takes two round trips in one snapshot:
// the candidates, with the generation that tells whether what the process knows is
// up to date, and the passages of those that are left.
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
	all, g := make(found, 2*knowledge.Depth), x.words.guess(q)
	now, documents, err := x.begin(ctx, conn, q, g, all)
	if err != nil {
		return nil, false, err
	}
	if g == nil || g.generation < now.generation {
		clear(all)
		if g, err = x.look(ctx, conn, now, q, documents, all); err != nil || g == nil && !last {
			return nil, false, err
		}
	}
	if whole = all.propose(g); !whole && !last {
		return nil, false, nil
	}
	hits, err = fetch(ctx, conn, x.in(fetchHits), knowledge.Rank(q, all.list()))
	return hits, true, err
}

// guess is what the process finds without the database: what the query may find,
// and the best by words.
type guess struct {
	generation int64
	filter     filter
	lexical    []scored
}

// guess is nil when the database has to be asked first.
func (w *words) guess(q knowledge.Query) *guess {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if !w.loaded || q.Documents != nil {
		return nil
	}
	g := &guess{generation: w.generation, filter: w.filter(q, nil)}
	b, missing := w.score(q, g.filter, knowledge.Depth)
	sure, tied := b.tied()
	if len(missing) > 0 || len(tied) > 0 {
		return nil
	}
	g.lexical = sure
	return g
}

// look brings the process up to the snapshot and finds the candidates step by step.
// It is nil when the process knows a later fold than the snapshot.
func (x *Index) look(ctx context.Context, conn asker, now moment, q knowledge.Query, documents map[int32]bool, all found) (*guess, error) {
	if err := x.catchUp(ctx, conn, now); err != nil {
		return nil, err
	}
	g := &guess{filter: x.words.filterFor(q, documents)}
	b, missing := x.words.find(q, g.filter)
	var err error
	if g.lexical, err = x.settle(ctx, conn, now, q, g.filter, b, missing); err != nil || g.lexical == nil {
		return nil, err
	}
	batch := &pgx.Batch{}
	x.queueCandidates(batch, q, g, all)
	if err := conn.SendBatch(ctx, batch).Close(); err != nil {
		return nil, fmt.Errorf("find candidates: %w", err)
	}
	return g, nil
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

// begin opens the snapshot, with the candidates of a guess. The numbers are those of
// the documents, nil when there is no list.
func (x *Index) begin(ctx context.Context, conn asker, q knowledge.Query, g *guess, all found) (now moment, numbers map[int32]bool, err error) {
	batch := &pgx.Batch{}
	batch.Queue(`begin isolation level repeatable read read only`)
	batch.Queue(x.in(beginSearch)).QueryRow(func(row pgx.Row) error {
		var settings [4]string
		return row.Scan(&now.generation, &now.folded, &settings[0], &settings[1], &settings[2], &settings[3])
	})
	if q.Documents != nil {
		numbers = map[int32]bool{}
		batch.Queue(x.in(`select no from knowledge_@_documents where id = any($1)`), q.Documents).Query(func(rows pgx.Rows) error {
			var no int32
			_, err := pgx.ForEachRow(rows, []any{&no}, func() error {
				numbers[no] = true
				return nil
			})
			return err
		})
	}
	if g != nil {
		x.queueCandidates(batch, q, g, all)
	}
	err = conn.SendBatch(ctx, batch).Close()
	if errors.Is(err, pgx.ErrNoRows) {
		return now, nil, knowledge.ErrIdentity
	}
	if err != nil {
		return now, nil, fmt.Errorf("find candidates: %w", err)
	}
	return now, numbers, nil
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

// propose marks the best by words, and says whether all of them are there.
func (f found) propose(g *guess) (whole bool) {
	if g == nil {
		return false
	}
	whole = true
	for _, s := range g.lexical {
		if c := f[s.no]; c != nil {
			c.ByLexical, c.Lexical, c.Self = true, s.score, s.self
		} else {
			whole = false
		}
	}
	return whole
}

// exactBelow is where comparing all that the filter leaves costs as much as going
// through the index, which has to look at the more, the less the filter leaves: the
// square of what it leaves over what there is. Measured, see docs/adr/0019.
const exactBelow = 2500

// scans says whether to compare all that the query may find.
func (x *Index) scans(f filter) bool {
	return x.identity.Dim > maxIndexed || f.documents != nil || f.matching*f.matching < exactBelow*f.all
}

// queueCandidates asks for the nearest, if the query has a vector, and for what the
// best by words are ranked by.
func (x *Index) queueCandidates(batch *pgx.Batch, q knowledge.Query, g *guess, all found) {
	scans := x.scans(g.filter)
	switch {
	case q.Vector == nil || g.filter.matching == 0:
	case scans:
		batch.Queue(x.in(exact), q.Vector, g.filter.list(), knowledge.Depth, g.filter.numbers()).Query(all.collect(true))
	default:
		batch.Queue(x.in(near), q.Vector, g.filter.list(), knowledge.Depth, q.Distinct).Query(all.collect(true))
	}
	numbers := make([]int32, len(g.lexical))
	for i, s := range g.lexical {
		numbers[i] = s.no
	}
	switch {
	case len(numbers) == 0:
	case q.Vector == nil:
		batch.Queue(x.in(unranked), numbers).Query(all.collect(false))
	case scans:
		batch.Queue(x.in(exactOf), q.Vector, numbers).Query(all.collect(false))
	default:
		batch.Queue(x.in(nearOf), q.Vector, numbers, q.Distinct).Query(all.collect(false))
	}
}

// collect reads candidates.
func (f found) collect(dense bool) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		read := make([]knowledge.Candidate, 0, knowledge.Depth) // one piece of memory for all
		var no, document int32
		c := knowledge.Candidate{ByDense: dense}
		_, err := pgx.ForEachRow(rows, []any{&no, &c.ChunkID, &document, &c.Hash, &c.Tokens, &c.Dense}, func() error {
			if f[no] != nil { // among the nearest already
				return nil
			}
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
