package pgvector

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"
)

// foldAt is how many chunks come and go until the log is folded: their postings
// become a segment, and a process that starts later has that much less to read.
const foldAt = 4096

// foldAfter folds the log when a write has made it long enough. One process does it;
// the others go on. The write has been done: what fails here is tried again after the next
// one.
func (x *Index) foldAfter(ctx context.Context, pending int) {
	if pending < x.foldAt || !x.folding.TryLock() {
		return
	}
	defer x.folding.Unlock()
	err := x.inTx(ctx, together, func(tx pgx.Tx) error {
		var free bool
		if err := tx.QueryRow(ctx, x.in(`select pg_try_advisory_xact_lock(0x7265636b6e6f79 + @)`)).Scan(&free); err != nil || !free {
			return err
		}
		return x.fold(ctx, tx)
	})
	if err != nil {
		x.config.Logger.WarnContext(ctx, "the words of the last changes could not be folded; the next change tries again",
			"pending", pending, "error", x.mine(ctx, err))
	}
}

// fold brings the log so far into the vocabulary and into a segment, and merges
// segments until each is longer than all that came after it together. Writers and
// searches go on meanwhile. The log keeps what was folded once longer, for processes
// that are a little behind.
func (x *Index) fold(ctx context.Context, tx pgx.Tx) error {
	var before int64
	if err := tx.QueryRow(ctx, x.in(`select folded from knowledge_spaces where id = @`)).Scan(&before); err != nil {
		return fmt.Errorf("read the last fold: %w", err)
	}
	changes, err := x.changes(ctx, tx, before)
	if err != nil || len(changes) == 0 {
		return err
	}
	sum := newFolding(changes)
	if err := x.writeFrequencies(ctx, tx, sum); err != nil {
		return err
	}
	if err := x.writeSegment(ctx, tx, sum.segment()); err != nil {
		return err
	}
	if err := x.mergeSegments(ctx, tx); err != nil {
		return err
	}
	if err := x.dropFacets(ctx, tx); err != nil {
		return err
	}
	batch := &pgx.Batch{}
	batch.Queue(x.in(`delete from knowledge_@_log where generation <= $1`), before)
	batch.Queue(x.in(`update knowledge_spaces set folded = $1, pending = greatest(0, pending - $2::int) where id = @`),
		changes[len(changes)-1].generation, sum.size)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("note the fold: %w", err)
	}
	return nil
}

// unused says of a facet that no chunk has it.
const unused = `not exists (select from knowledge_@_chunks c where c.facet = f.id)
	and not exists (select from knowledge_@_chunks c where c.facet = -f.id)`

// dropFacets drops those that no chunk has any more: they come with every day on which a
// document begins or ends to be valid. A writer holds the facet that it takes, so those
// that are held stay, and what came in before they could be locked is seen by asking again.
func (x *Index) dropFacets(ctx context.Context, tx pgx.Tx) error {
	rows, err := tx.Query(ctx, x.in(`select id from knowledge_@_facets f where `+unused+` for update skip locked`))
	if err != nil {
		return fmt.Errorf("look for facets without chunks: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int32])
	if err != nil || len(ids) == 0 {
		return err
	}
	if _, err := tx.Exec(ctx, x.in(`delete from knowledge_@_facets f where id = any($1) and `+unused), ids); err != nil {
		return fmt.Errorf("drop facets without chunks: %w", err)
	}
	return nil
}

// folding is what several changes come to.
type folding struct {
	size  int
	added map[int32]bool
	// df and totals are differences by language.
	df       map[wanted]int
	totals   map[string][2]int
	postings map[wanted][]posting
}

func newFolding(changes []logged) *folding {
	f := &folding{added: map[int32]bool{}, df: map[wanted]int{}, totals: map[string][2]int{}, postings: map[wanted][]posting{}}
	for _, c := range changes {
		f.size += c.size()
		for _, gone := range c.removed.chunks {
			delete(f.added, gone.no)
		}
		for _, came := range c.added.chunks {
			f.added[came.no] = true
		}
		f.count(c.removed, -1)
		f.count(c.added, 1)
	}
	for _, c := range changes {
		f.collect(c.added)
	}
	return f
}

func (f *folding) count(s section, sign int) {
	total := f.totals[s.language]
	for _, c := range s.chunks {
		total[0] += sign
		total[1] += sign * c.words
		for _, t := range c.terms {
			f.df[wanted{s.language, s.terms[t.term]}] += sign
		}
	}
	f.totals[s.language] = total
}

// collect adds the postings of chunks that are still there.
func (f *folding) collect(s section) {
	for _, c := range s.chunks {
		if !f.added[c.no] {
			continue
		}
		for _, t := range c.terms {
			term := wanted{s.language, s.terms[t.term]}
			f.postings[term] = append(f.postings[term], newPosting(c, t.count))
		}
	}
}

// segment are postings of a number of chunks, packed and in the order of their
// terms.
type segment struct {
	chunks int
	rows   []packedRow
}

type packedRow struct {
	wanted
	packed []byte
}

func (f *folding) segment() segment {
	s := segment{chunks: len(f.added)}
	for _, term := range slices.SortedFunc(maps.Keys(f.postings), compareTerms) {
		s.rows = append(s.rows, packedRow{term, packPostings(merged(f.postings[term]))})
	}
	return s
}

const (
	foldTerms = `insert into knowledge_@_terms (language, term, df) select * from unnest($1::text[], $2::text[], $3::int[])
		on conflict (language, term) do update set df = knowledge_@_terms.df + excluded.df`
	foldStats = `insert into knowledge_@_stats (language, chunks, words) values ($1, $2, $3)
		on conflict (language) do update set chunks = knowledge_@_stats.chunks + excluded.chunks,
			words = knowledge_@_stats.words + excluded.words`
)

// writeFrequencies changes the vocabulary. Only who folds does, so that no writer of a
// document waits for another one over a frequent word.
func (x *Index) writeFrequencies(ctx context.Context, tx pgx.Tx, f *folding) error {
	var languages, terms []string
	var changed []int
	for _, term := range slices.SortedFunc(maps.Keys(f.df), compareTerms) {
		if n := f.df[term]; n != 0 {
			languages, terms, changed = append(languages, term.language), append(terms, term.term), append(changed, n)
		}
	}
	batch := &pgx.Batch{}
	batch.Queue(x.in(foldTerms), languages, terms, changed)
	batch.Queue(x.in(`delete from knowledge_@_terms where df <= 0`))
	for language, total := range f.totals {
		if total != [2]int{} {
			batch.Queue(x.in(foldStats), language, total[0], total[1])
		}
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("fold the vocabulary: %w", err)
	}
	return nil
}

// writeSegment adds a segment.
func (x *Index) writeSegment(ctx context.Context, tx pgx.Tx, s segment) error {
	if s.chunks == 0 {
		return nil
	}
	var id int32
	if err := tx.QueryRow(ctx, x.in(`insert into knowledge_@_segments (chunks) values ($1) returning id`), s.chunks).Scan(&id); err != nil {
		return fmt.Errorf("note a segment: %w", err)
	}
	return x.copyRows(ctx, tx, id, s.rows)
}

func (x *Index) copyRows(ctx context.Context, tx pgx.Tx, id int32, rows []packedRow) error {
	table := pgx.Identifier{x.in("knowledge_@_postings")}
	source := pgx.CopyFromSlice(len(rows), func(i int) ([]any, error) {
		return []any{rows[i].language, rows[i].term, id, rows[i].packed}, nil
	})
	if _, err := tx.CopyFrom(ctx, table, []string{"language", "term", "segment", "postings"}, source); err != nil {
		return fmt.Errorf("write postings: %w", err)
	}
	return nil
}

// mergeSegments makes one of the last segments, so that a term is in few rows. What
// is gone from the index is left out, so that the postings stay in proportion.
func (x *Index) mergeSegments(ctx context.Context, tx pgx.Tx) error {
	rows, err := tx.Query(ctx, x.in(`select id, chunks from knowledge_@_segments order by id desc`))
	if err != nil {
		return fmt.Errorf("list the segments: %w", err)
	}
	type size struct{ ID, Chunks int32 }
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[size])
	if err != nil {
		return fmt.Errorf("list the segments: %w", err)
	}
	var ids []int32
	total := int32(0)
	for _, s := range list {
		if len(ids) > 0 && s.Chunks > total {
			break
		}
		ids, total = append(ids, s.ID), total+s.Chunks
	}
	if len(ids) < 2 {
		return nil
	}
	return x.merge(ctx, tx, ids)
}

// mergeTerms is how many rows of postings are merged at a time, which bounds memory.
const mergeTerms = 20_000

// merge writes the first of the segments anew, with the postings of all.
func (x *Index) merge(ctx context.Context, tx pgx.Tx, ids []int32) error {
	there, err := x.numbersThere(ctx, tx)
	if err != nil {
		return err
	}
	var into int32
	const note = `insert into knowledge_@_segments (chunks) values (0) returning id`
	if err := tx.QueryRow(ctx, x.in(note)).Scan(&into); err != nil {
		return fmt.Errorf("note a segment: %w", err)
	}
	chunks := map[int32]bool{}
	for after := (wanted{}); ; {
		rows, last, err := x.mergeSome(ctx, tx, ids, after, there, chunks)
		if err != nil {
			return err
		}
		if err := x.copyRows(ctx, tx, into, rows); err != nil {
			return err
		}
		if last == after {
			break
		}
		after = last
	}
	batch := &pgx.Batch{}
	batch.Queue(x.in(`delete from knowledge_@_postings where segment = any($1)`), ids)
	batch.Queue(x.in(`delete from knowledge_@_segments where id = any($1)`), ids)
	batch.Queue(x.in(`update knowledge_@_segments set chunks = $2 where id = $1`), into, len(chunks))
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("drop merged segments: %w", err)
	}
	return nil
}

// numbersThere are the chunks that the index has.
func (x *Index) numbersThere(ctx context.Context, tx pgx.Tx) (map[int32]bool, error) {
	rows, err := tx.Query(ctx, x.in(`select no from knowledge_@_chunks`))
	if err != nil {
		return nil, fmt.Errorf("list the chunks: %w", err)
	}
	there := map[int32]bool{}
	var no int32
	_, err = pgx.ForEachRow(rows, []any{&no}, func() error {
		there[no] = true
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list the chunks: %w", err)
	}
	return there, nil
}

// Whole terms: those up to the one at which the limit is.
const mergeQuery = `
with part as (
	select distinct language, term from knowledge_@_postings
	where segment = any($1) and (language, term) > ($2, $3) order by language, term limit $4
)
select p.language, p.term, p.postings from part s
join knowledge_@_postings p on p.language = s.language and p.term = s.term
where p.segment = any($1) order by p.language, p.term, p.segment`

// mergeSome merges the postings of the terms after one. It gives the last of them,
// or the same one when there are no more.
func (x *Index) mergeSome(ctx context.Context, tx pgx.Tx, ids []int32, after wanted, there, chunks map[int32]bool,
) (merging []packedRow, last wanted, err error) {
	rows, err := tx.Query(ctx, x.in(mergeQuery), ids, after.language, after.term, mergeTerms)
	if err != nil {
		return nil, after, fmt.Errorf("read segments: %w", err)
	}
	var list []posting
	last = after
	flush := func() {
		list = slices.DeleteFunc(merged(list), func(p posting) bool { return !there[p.no] })
		for _, p := range list {
			chunks[p.no] = true
		}
		if len(list) > 0 {
			merging = append(merging, packedRow{last, packPostings(list)})
		}
		list = list[:0]
	}
	var next wanted
	var packed []byte
	_, err = pgx.ForEachRow(rows, []any{&next.language, &next.term, &packed}, func() (err error) {
		if next != last {
			flush()
			last = next
		}
		list, err = unpackPostings(list, packed)
		return err
	})
	if err != nil {
		return nil, after, fmt.Errorf("read segments: %w", err)
	}
	flush()
	return merging, last, nil
}

func compareTerms(a, b wanted) int {
	return cmp.Or(cmp.Compare(a.language, b.language), cmp.Compare(a.term, b.term))
}
