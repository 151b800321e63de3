package pgvector

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// moment is how far an index has come.
type moment struct{ generation, folded int64 }

// catchUp brings the process to a moment, or beyond when another search has been
// faster. One search reads what is needed, and the others wait for it.
func (x *Index) catchUp(ctx context.Context, conn asker, now moment) error {
	if _, there := x.words.reached(now); there {
		return nil
	}
	select {
	case x.loading <- struct{}{}:
		defer func() { <-x.loading }()
	case <-ctx.Done():
		return fmt.Errorf("wait for the index to be loaded: %w", ctx.Err())
	}
	generation, there := x.words.reached(now)
	if there {
		return nil
	}
	if generation >= 0 {
		changes, err := x.changes(ctx, conn, generation)
		if err != nil {
			return err
		}
		facets, err := x.readFacets(ctx, conn)
		if err != nil {
			return err
		}
		if x.words.apply(changes, facets, now) {
			return nil
		}
	}
	return x.load(ctx, conn, now)
}

// changes reads the log behind a generation.
func (x *Index) changes(ctx context.Context, conn asker, after int64) ([]logged, error) {
	rows, err := conn.Query(ctx, x.in(`select generation, change from knowledge_@_log where generation > $1 order by generation`), after)
	if err != nil {
		return nil, fmt.Errorf("read the log: %w", err)
	}
	changes, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (l logged, err error) {
		var packed []byte
		if err = row.Scan(&l.generation, &packed); err == nil {
			l.change, err = unpackChange(packed)
		}
		return l, err
	})
	if err != nil {
		return nil, fmt.Errorf("read the log: %w", err)
	}
	return changes, nil
}

func (x *Index) readFacets(ctx context.Context, conn asker) (map[int32]facet, error) {
	rows, err := conn.Query(ctx, x.in(`select id, language, audience, markets, valid_from, valid_to from knowledge_@_facets`))
	if err != nil {
		return nil, fmt.Errorf("read the facets: %w", err)
	}
	facets := map[int32]facet{}
	var id int32
	var f facet
	_, err = pgx.ForEachRow(rows, []any{&id, &f.language, &f.meta.Audience, &f.meta.Markets, &f.meta.ValidFrom, &f.meta.ValidTo}, func() error {
		facets[id] = f
		f.meta.Markets = nil
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the facets: %w", err)
	}
	return facets, nil
}

// load reads all that a process has to know, as of the transaction's moment: the
// state of the last fold, and the log since.
func (x *Index) load(ctx context.Context, conn asker, now moment) error {
	fresh := newWords(x.config.PostingsBytes, x.config.halfCache())
	facets, err := x.readFacets(ctx, conn)
	if err != nil {
		return err
	}
	fresh.generation, fresh.folded = now.folded, now.folded
	if err := x.loadWords(ctx, conn, fresh); err != nil {
		return err
	}
	changes, err := x.changes(ctx, conn, now.folded)
	if err != nil {
		return err
	}
	if !fresh.apply(changes, facets, now) {
		return errPacked
	}
	if err := x.loadChunks(ctx, conn, fresh); err != nil {
		return err
	}
	x.words.adopt(fresh)
	return nil
}

func (x *Index) loadWords(ctx context.Context, conn asker, into *words) error {
	rows, err := conn.Query(ctx, x.in(`select language, term, df from knowledge_@_terms`))
	if err != nil {
		return fmt.Errorf("read the vocabulary: %w", err)
	}
	var language, term string
	var df int
	_, err = pgx.ForEachRow(rows, []any{&language, &term, &df}, func() error {
		into.language(language).Add(term, df)
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the vocabulary: %w", err)
	}
	rows, err = conn.Query(ctx, x.in(`select language, chunks, words from knowledge_@_stats`))
	if err != nil {
		return fmt.Errorf("read the totals: %w", err)
	}
	var chunks, length int
	_, err = pgx.ForEachRow(rows, []any{&language, &chunks, &length}, func() error {
		into.language(language).Grow(chunks, length)
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the totals: %w", err)
	}
	return nil
}

// loadChunks notes every chunk with its facet; those of the log are there already.
func (x *Index) loadChunks(ctx context.Context, conn asker, into *words) error {
	rows, err := conn.Query(ctx, x.in(`select no, document, facet, id, tokens from knowledge_@_chunks`))
	if err != nil {
		return fmt.Errorf("read the chunks: %w", err)
	}
	var no, document, facet int32
	var id string
	var tokens int
	_, err = pgx.ForEachRow(rows, []any{&no, &document, &facet, &id, &tokens}, func() error {
		into.place(no, document, facet)
		into.name(no, id, tokens)
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the chunks: %w", err)
	}
	return nil
}

// adopt takes over what was loaded, unless something newer came in between.
func (w *words) adopt(fresh *words) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.loaded && w.generation >= fresh.generation {
		return
	}
	w.loaded, w.generation, w.folded, w.bytes = true, fresh.generation, fresh.folded, 0
	w.languages, w.facets, w.counts, w.pages, w.recent = fresh.languages, fresh.facets, fresh.counts, fresh.pages, fresh.recent
	w.passages, w.documents = fresh.passages, fresh.documents
}

// queuePostings reads those of terms from the segments.
func (x *Index) queuePostings(batch *pgx.Batch, f *fetched) {
	if len(f.postings) == 0 {
		return
	}
	var languages, texts []string
	for t := range f.postings {
		languages, texts = append(languages, t.language), append(texts, t.term)
	}
	const query = `select p.language, p.term, p.postings from unnest($1::text[], $2::text[]) as w (language, term)
		join knowledge_@_postings p on p.language = w.language and p.term = w.term order by p.segment`
	batch.Queue(x.in(query), languages, texts).Query(func(rows pgx.Rows) error {
		var t wanted
		var packed []byte
		_, err := pgx.ForEachRow(rows, []any{&t.language, &t.term, &packed}, func() (err error) {
			f.postings[t], err = unpackPostings(f.postings[t], packed)
			return err
		})
		return err
	})
}
