package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/recado/recado/knowledge"
)

// follow brings memory to the generation of the process's own change. When another
// process changed the file before, its changes are loaded first. The caller holds mu.
func (x *Index) follow(ctx context.Context, now int64, change func() error) error {
	switch {
	case !x.loaded:
		return nil // the first search loads it all
	case x.seen.Load() != now-1:
		return x.reload(ctx)
	}
	if err := change(); err != nil {
		return err // unreachable: what was prepared here fits
	}
	x.seen.Store(now)
	return nil
}

// current says whether memory shows what the files say.
func (x *Index) current(ctx context.Context) (bool, error) {
	revocations, err := x.changes(ctx, x.place)
	if err != nil {
		return false, err
	}
	now, err := generation(ctx, x.db)
	return now == x.seen.Load() && revocations == x.seenRevocations.Load(), err
}

func generation(ctx context.Context, from rower) (now int64, err error) {
	if err = from.QueryRowContext(ctx, `select generation from state`).Scan(&now); err != nil {
		return 0, fmt.Errorf("read the generation: %w", err)
	}
	return now, nil
}

// refresh brings memory in step when another process changed the files. While a
// writer or another search is at work on that, the search goes on with what memory
// has, once it has something: the contract allows it one search.
func (x *Index) refresh(ctx context.Context) error {
	current, err := x.current(ctx)
	if err != nil || current {
		return err
	}
	if x.seen.Load() < 0 {
		x.mu.Lock()
	} else if !x.mu.TryLock() {
		return nil
	}
	defer x.mu.Unlock()
	return x.reload(ctx)
}

// reload brings memory in step with the files. The caller holds mu.
func (x *Index) reload(ctx context.Context) error {
	if err := x.reloadRevocations(ctx); err != nil {
		return err
	}
	err := read(ctx, x.db, func(tx *sql.Tx) error {
		now, err := generation(ctx, tx)
		if err != nil || now == x.seen.Load() {
			return err
		}
		if err := x.reloadDocuments(ctx, tx); err != nil {
			return err
		}
		x.seen.Store(now)
		return nil
	})
	x.loaded = x.loaded || err == nil
	return err
}

// reloadDocuments loads the documents that were changed since the generation in memory,
// or with one statement what an empty memory lacks, and forgets those that are gone.
func (x *Index) reloadDocuments(ctx context.Context, tx *sql.Tx) error {
	if len(x.generations) == 0 {
		if err := x.load(ctx, tx, "order by c.document, c.seq"); err != nil {
			return err
		}
	}
	changed, err := listChanged(ctx, tx, x.seen.Load())
	if err != nil {
		return err
	}
	for id, generation := range changed {
		if x.generations[id] == generation {
			continue
		}
		if err := x.load(ctx, tx, "where d.id = ? order by c.seq", id); err != nil {
			return fmt.Errorf("load document %s: %w", id, err)
		}
		if x.generations[id] != generation { // it has no passages any more
			x.forget(id)
			x.generations[id] = generation
		}
	}
	return x.forgetGone(ctx, tx)
}

// What a change of another process makes a search read has to be in the indices alone:
// a row of a document holds its text.
const (
	changedSince   = `select id, generation from documents where generation > ?`
	countDocuments = `select count(*) from documents`
	listDocuments  = `select id from documents`
)

func listChanged(ctx context.Context, tx *sql.Tx, since int64) (map[string]int64, error) {
	rows, err := tx.QueryContext(ctx, changedSince, since)
	if err != nil {
		return nil, fmt.Errorf("list changed documents: %w", err)
	}
	defer rows.Close() // rows.Err tells what matters
	list := map[string]int64{}
	for rows.Next() {
		var id string
		var generation int64
		if err := rows.Scan(&id, &generation); err != nil {
			return nil, fmt.Errorf("scan a generation: %w", err)
		}
		list[id] = generation
	}
	return list, rows.Err()
}

// forgetGone forgets the documents that the file has no more. When all that changed is
// loaded, their number tells whether there are any.
func (x *Index) forgetGone(ctx context.Context, tx *sql.Tx) error {
	var n int
	if err := tx.QueryRowContext(ctx, countDocuments).Scan(&n); err != nil {
		return fmt.Errorf("count documents: %w", err)
	}
	if n == len(x.generations) {
		return nil
	}
	rows, err := tx.QueryContext(ctx, listDocuments)
	if err != nil {
		return fmt.Errorf("list documents: %w", err)
	}
	defer rows.Close() // rows.Err tells what matters
	there := make(map[string]bool, n)
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return fmt.Errorf("scan a document: %w", err)
		}
		there[id] = true
	}
	for id := range x.generations {
		if !there[id] && rows.Err() == nil {
			x.forget(id)
		}
	}
	return rows.Err()
}

// load puts documents into memory, of which the passages come one behind the other.
func (x *Index) load(ctx context.Context, tx *sql.Tx, which string, args ...any) error {
	rows, err := tx.QueryContext(ctx, `select d.id, d.locale, d.audience, d.markets, d.valid_from, d.valid_to, d.generation,
			c.key, c.id, c.hash, c.tokens, c.words, c.terms, c.vector
		from chunks c join documents d on d.number = c.document `+which, args...)
	if err != nil {
		return err
	}
	defer rows.Close() // rows.Err tells what matters
	return x.engine.Fill(func(put func(knowledge.Document, []knowledge.Passage) error) error {
		var of loaded
		for rows.Next() {
			next, p, err := scanLoaded(rows)
			if err != nil {
				return err
			}
			if next.ID != of.ID {
				if err := x.take(of, put); err != nil {
					return err
				}
				next.passages = of.passages[:0]
				of = next
			}
			of.passages = append(of.passages, p)
		}
		if err := rows.Err(); err != nil {
			return err
		}
		return x.take(of, put)
	})
}

// loaded is as much of a document as memory holds.
type loaded struct {
	knowledge.Document
	markets    string
	generation int64
	passages   []knowledge.Passage
}

func scanLoaded(rows *sql.Rows) (d loaded, p knowledge.Passage, err error) {
	err = rows.Scan(&d.ID, &d.Locale, &d.Audience, &d.markets, &d.ValidFrom, &d.ValidTo, &d.generation,
		&p.Key, &p.ID, &p.Hash, &p.Tokens, &p.Words, &p.Terms, &p.Vector)
	return d, p, err
}

// take gives the engine a document, unless there is none yet. The caller holds mu.
func (x *Index) take(d loaded, put func(knowledge.Document, []knowledge.Passage) error) error {
	if len(d.passages) == 0 {
		return nil
	}
	if err := json.Unmarshal([]byte(d.markets), &d.Markets); err != nil {
		return fmt.Errorf("document %s: markets: %w", d.ID, err)
	}
	for i := range d.passages {
		d.passages[i].Revoked = x.revoked[revocationKey{d.ID, d.passages[i].Hash}]
	}
	if err := put(d.Document, d.passages); err != nil {
		return err
	}
	x.generations[d.ID] = d.generation
	return nil
}
