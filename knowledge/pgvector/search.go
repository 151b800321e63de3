package pgvector

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/recado/recado/knowledge"
)

// attempts is how often a search begins again because another process changed the
// index in the middle. The last time it goes without what has vanished.
const attempts = 4

// Search implements knowledge.Index. When the process is up to date and has come upon
// the passages before, it takes one round trip, which asks for the numbers of the nearest
// while the process scores the words.
func (x *Index) Search(ctx context.Context, q knowledge.Query) (hits []knowledge.Hit, err error) {
	if q.Vector != nil && len(q.Vector) != x.identity.Dim {
		return nil, fmt.Errorf("question: %w: %d, not %d", knowledge.ErrDimension, len(q.Vector), x.identity.Dim)
	}
	q = q.Directed()
	if hits := x.remembered(q); hits != nil {
		return hits, nil
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

// try is not whole when a chunk vanished meanwhile, or is not there yet.
func (x *Index) try(ctx context.Context, q knowledge.Query, last bool) (hits []knowledge.Hit, whole bool, err error) {
	conn, err := x.pool.Acquire(ctx)
	if err != nil {
		return nil, false, err
	}
	// A connection that is given back inside a transaction is closed by the pool: what
	// does not come to its end needs no rollback here.
	defer conn.Release()
	if err := knowVectors(ctx, conn.Conn()); err != nil {
		return nil, false, err
	}
	p := proposals{q: q}
	usable, err := x.guess(ctx, conn, &p)
	if err != nil {
		return nil, false, err
	}
	switch {
	case usable && p.hits != nil:
		return p.hits, true, nil
	case usable:
		return x.finish(ctx, conn, p, last)
	}
	return x.look(ctx, conn, p, last)
}

// proposals are what both searches propose for a query.
type proposals struct {
	q knowledge.Query
	// generation is that of the index at which the nearest were found, 0 while they are not.
	generation int64
	near       []neighbour
	// scanned says that they were compared one by one, by their full vectors, and few are
	// those that the process is to compare, with their vectors, nil where one is not there.
	scanned bool
	few     []one
	vectors []*fact
	// iterated says that the index was gone through until there were enough.
	iterated bool
	lexical  []scored
	// facts are what was compared of the chunks that only the words propose.
	facts map[int32]compared
	// hits are what a search gives for which nothing had to be read but the generation.
	hits []knowledge.Hit
}

// neighbour is a chunk with its similarity, and its content if that is wanted.
type neighbour struct {
	no    int32
	hash  string
	dense float64
}

// guess asks the database for the nearest and, while it looks for them, the process for the
// best by words. They are usable when both have the same state of the index: the database
// tells its generation behind the nearest and the postings, so that nothing changed in
// between.
func (x *Index) guess(ctx context.Context, conn asker, p *proposals) (usable bool, err error) {
	r := x.words.ready(p.q)
	if !r.ready {
		return false, nil
	}
	aside := &aside{pool: x.pool, wanted: p.wantsNear(r.filter)}
	defer aside.release()
	asks := x.fresh.asks()
	together := !aside.spare() && x.words.prepare(p.q, &r) && len(r.fetched.postings) > 0
	asked := x.ask(ctx, conn, &r, p, together)
	if !together {
		err = x.byWords(ctx, aside, p, &r)
	}
	if p.known() { // then all can be done while the database answers
		p.nearest()
		p.hits = x.kept(p)
	}
	if err := errors.Join(found(asked.Close()), err); err != nil {
		return false, err
	}
	p.nearest()
	if p.tooFew(r.filter) {
		p.iterated = true
		if err := found(x.ask(ctx, conn, &r, p, false).Close()); err != nil {
			return false, err
		}
	}
	x.fresh.hears(asks, p.generation)
	if p.generation != r.generation { // then the filter is of no use, nor is what it left
		p.generation, p.near, p.lexical, p.hits = 0, nil, nil, nil
		return false, nil
	}
	if together && x.words.hold(r) {
		p.lexical = x.words.find(r)
	}
	return p.lexical != nil, nil
}

// readiness is what the process knows for a query, as of a generation.
type readiness struct {
	ready      bool
	generation int64
	filter     filter
	// few are all chunks that may be found, where the process compares them.
	few []one
	// planned says that the words are looked up, see prepare.
	planned bool
	plans   []planned
	// fetched has a place for the postings of every term that is missing.
	fetched fetched
}

// ready says what a query may find, unless the database has to be asked first.
func (w *words) ready(q knowledge.Query) readiness {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if !w.loaded || q.Documents != nil {
		return readiness{}
	}
	f := w.filter(q, nil)
	return readiness{ready: true, generation: w.generation, filter: f, few: w.few(q, f)}
}

// prepared prepares a query for a list of documents, if any.
func (w *words) prepared(q knowledge.Query, documents map[int32]bool) readiness {
	w.mu.RLock()
	defer w.mu.RUnlock()
	f := w.filter(q, documents)
	r := readiness{ready: true, generation: w.generation, filter: f, few: w.few(q, f)}
	w.lookUp(q, &r)
	return r
}

// prepare looks the words of a query up, unless that was done or the index has changed
// since. It takes a while: the database can look for the nearest meanwhile. Until the log is
// folded for the first time, its changes have all postings there are, and none is to be fetched.
func (w *words) prepare(q knowledge.Query, r *readiness) bool {
	w.mu.RLock()
	if !r.planned && w.generation == r.generation {
		w.lookUp(q, r)
	}
	folded := w.folded
	w.mu.RUnlock()
	if folded == 0 && len(r.fetched.postings) > 0 && w.hold(*r) {
		clear(r.fetched.postings)
	}
	return r.planned
}

// lookUp is called with the lock held.
func (w *words) lookUp(q knowledge.Query, r *readiness) {
	r.planned, r.plans = true, w.plan(q)
	r.fetched = fetched{folded: w.folded, postings: map[wanted][]posting{}}
	for _, term := range w.missing(r.plans) {
		r.fetched.postings[term] = nil
	}
}

const current = `select generation from knowledge_spaces where id = @`

// ask asks for the nearest, and for the missing postings unless others do, in one round
// trip, which is one transaction. Whoever closes the results waits for them.
func (x *Index) ask(ctx context.Context, conn asker, r *readiness, p *proposals, postings bool) pgx.BatchResults {
	batch := &pgx.Batch{}
	x.queueNearest(batch, r, p)
	if postings {
		x.queuePostings(batch, &r.fetched)
	}
	batch.Queue(x.in(current)).QueryRow(func(row pgx.Row) error { return row.Scan(&p.generation) })
	return conn.SendBatch(ctx, batch)
}

// wantsNear says whether there are nearest to look for.
func (p *proposals) wantsNear(f filter) bool { return p.q.Vector != nil && f.matching > 0 }

// tooFew says that the index has more of the nearest than were found: it was not gone
// through to the end.
func (p *proposals) tooFew(f filter) bool {
	return p.wantsNear(f) && !p.scanned && !p.iterated && len(p.near) < min(knowledge.Depth, f.matching)
}

// found says what a failure to find candidates means.
func found(err error) error {
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return knowledge.ErrIdentity
	case err != nil:
		return fmt.Errorf("find candidates: %w", err)
	}
	return nil
}

// look searches step by step in a snapshot, and brings the process up to it.
func (x *Index) look(ctx context.Context, conn asker, p proposals, last bool) (hits []knowledge.Hit, whole bool, err error) {
	now, documents, err := x.begin(ctx, conn, p.q)
	if err != nil {
		return nil, false, err
	}
	if err := x.catchUp(ctx, conn, now); err != nil {
		return nil, false, err
	}
	r := x.words.prepared(p.q, documents)
	batch := &pgx.Batch{}
	x.queuePostings(batch, &r.fetched)
	if p.generation != now.generation && p.wantsNear(r.filter) {
		// How many of the candidates are still there is not known: better once for sure.
		p.iterated = true
		x.queueNearest(batch, &r, &p)
	}
	if batch.Len() > 0 {
		if err := found(conn.SendBatch(ctx, batch).Close()); err != nil {
			return nil, false, err
		}
	}
	p.nearest()
	r.fetched.folded = now.folded
	if len(r.fetched.postings) == 0 || x.words.hold(r) {
		p.lexical = x.words.find(r)
	}
	if p.lexical == nil && !last {
		return nil, false, nil
	}
	p.generation = now.generation
	if hits, whole, err = x.finish(ctx, conn, p, last); err != nil || !whole {
		return nil, false, err
	}
	_, err = conn.Exec(ctx, `commit`)
	return hits, true, err
}

// asker is a connection or a transaction.
type asker interface {
	Exec(ctx context.Context, query string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, query string, args ...any) (pgx.Rows, error)
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

// With 100 candidates recall at 10 is above .96, see docs/adr/0019. Iterating goes on
// when the filter leaves too few of them; being ready for that costs a tenth. The plans
// don't depend on the values. Without sequential scans the planner does not compare
// everything, which it takes for cheaper at ten thousand passages, where that takes four
// times as long.
const settings = `
select set_config('hnsw.ef_search', '100', true), set_config('hnsw.iterative_scan', $2, true),
	set_config('plan_cache_mode', 'force_generic_plan', true), set_config('jit', 'off', true), set_config('enable_seqscan', $1, true)`

// begin opens the snapshot. The numbers are those of the documents, nil when there is no
// list.
func (x *Index) begin(ctx context.Context, conn asker, q knowledge.Query) (now moment, numbers map[int32]bool, err error) {
	batch := &pgx.Batch{}
	batch.Queue(`begin isolation level repeatable read read only`)
	const state = `select generation, folded from knowledge_spaces where id = @`
	batch.Queue(x.in(state)).QueryRow(func(row pgx.Row) error { return row.Scan(&now.generation, &now.folded) })
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
	return now, numbers, found(conn.SendBatch(ctx, batch).Close())
}

// find finds the best chunks by words, none of which is missing. It is nil when the index
// has changed since the query was prepared, or does not hold all postings any more.
func (w *words) find(r readiness) []scored {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.generation != r.generation || len(w.missing(r.plans)) > 0 {
		return nil
	}
	return w.chosen(w.score(r.plans, r.filter, knowledge.Depth))
}

const (
	// The nearest by the index, in half precision: that is to the fifth digit of a
	// similarity. Plus 0 keeps the planner from another index. The conversion is in a
	// query of its own, or it would be done for each row.
	// The hash is only wanted to tell repetitions.
	near = `
		select no, case when $4 then hash else '' end, (embedding <#> (select $1::vector::halfvec(DIM))) * -1
		from knowledge_@_chunks
		where facet + 0 = any($2::int[])
		order by embedding <#> (select $1::vector::halfvec(DIM))
		limit $3`
	// The nearest of all that the filter leaves. Twice as many as are wanted are chosen
	// in half precision, and the full vectors decide.
	exact = `
		select c.no, c.hash, (v.embedding <#> (select $1::vector)) * -1
		from (
			select no, id, hash from knowledge_@_chunks
			where facet = any($2::int[]) and ($4::int[] is null or document = any($4::int[]))
			order by (embedding <#> (select $1::vector::halfvec(DIM))) + 0, id
			limit 2 * $3
		) c join knowledge_@_vectors v on v.no = c.no
		order by ((v.embedding <#> (select $1::vector)) * -1)::real desc, c.id
		limit $3`
)

// exactBelow is where comparing all that the filter leaves costs as much as going
// through the index, which has to look at the more, the less the filter leaves: the
// square of what it leaves over what there is. Measured, see docs/adr/0019.
const exactBelow = 2500

// scans says whether to compare all that the query may find.
func (x *Index) scans(f filter) bool {
	return x.identity.Dim > maxIndexed || f.documents != nil || f.matching*f.matching < exactBelow*f.all
}

// queueNearest asks for what the nearest are found by, if there are any.
func (x *Index) queueNearest(batch *pgx.Batch, r *readiness, p *proposals) {
	switch {
	case !p.wantsNear(r.filter):
	case r.few != nil:
		x.queueFew(batch, r.few, p)
	default:
		x.queueNear(batch, r.filter, p)
	}
}

// queueNear asks for the nearest. Where the filter leaves three quarters, a hundred
// candidates are nearly always enough without iterating.
func (x *Index) queueNear(batch *pgx.Batch, f filter, p *proposals) {
	statement, last, sequential, iterating := near, any(p.q.Distinct), "off", "off"
	p.scanned = x.scans(f)
	p.iterated = p.iterated || 4*f.matching < 3*f.all
	switch {
	case p.scanned:
		statement, last, sequential = exact, f.numbers(), "on"
	case p.iterated:
		iterating = "relaxed_order"
	}
	batch.Queue(settings, sequential, iterating)
	batch.Queue(x.in(statement), packed(p.q.Vector), f.list(), knowledge.Depth, last).Query(func(rows pgx.Rows) error {
		p.near = make([]neighbour, 0, knowledge.Depth)
		var n neighbour
		_, err := pgx.ForEachRow(rows, []any{&n.no, &n.hash, &n.dense}, func() error {
			if math.IsNaN(n.dense) {
				n.dense = 0
			}
			p.near = append(p.near, n)
			return nil
		})
		return err
	})
}

// finish ranks what is proposed and gives the passages. It is not whole when a chunk is
// not there, unless that is no matter at the last try.
func (x *Index) finish(ctx context.Context, conn asker, p proposals, last bool) (hits []knowledge.Hit, whole bool, err error) {
	if missing, known := x.recall(&p, p.near); len(missing) > 0 {
		if err := x.compare(ctx, conn, &p, missing, known); err != nil {
			return nil, false, err
		}
	}
	ranking, numbers, whole := x.rank(p)
	if !whole && !last {
		return nil, false, nil
	}
	passages, err := x.passages(ctx, conn, p.generation, numbers)
	if err != nil {
		return nil, false, err
	}
	hits, all := show(ranking, passages)
	return hits, whole && all || last, nil
}

// kept gives the hits for which nothing has to be read, nil where something has.
func (x *Index) kept(p *proposals) []knowledge.Hit {
	if p.lexical == nil {
		return nil
	}
	if missing, _ := x.recall(p, p.near); len(missing) > 0 {
		return nil
	}
	ranking, numbers, whole := x.rank(*p)
	if s := x.words.shownOf(numbers); whole && len(s.missing) == 0 {
		hits, _ := show(ranking, s.passages)
		return hits
	}
	return nil
}

// rank puts what is proposed in order, with the numbers of the chunks. It is not whole when
// one is not there.
func (x *Index) rank(p proposals) (ranking []knowledge.Fused, numbers []int32, whole bool) {
	list, named, whole := x.words.candidates(p)
	ranking = knowledge.Rank(p.q, list)
	numbers = make([]int32, len(ranking))
	for i, f := range ranking {
		numbers[i] = named[f.ChunkID]
	}
	return ranking, numbers, whole
}

// show makes hits of passages in their order, and says whether all are there.
func show(ranking []knowledge.Fused, passages []*kept) (hits []knowledge.Hit, all bool) {
	hits, all = make([]knowledge.Hit, 0, len(ranking)), true
	for i, k := range passages {
		if k == nil {
			all = false
			continue
		}
		d := *k.document
		d.Markets, d.Tags = slices.Clone(d.Markets), slices.Clone(d.Tags) // the caller's own
		hits = append(hits, knowledge.NewHit(ranking[i], k.chunk, d))
	}
	return hits, all
}
