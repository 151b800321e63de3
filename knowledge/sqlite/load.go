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

// reloadDocuments compares the generations of all documents with those in memory and
// loads what differs: document by document, or with one statement what an empty
// memory lacks.
func (x *Index) reloadDocuments(ctx context.Context, tx *sql.Tx) error {
	if len(x.generations) == 0 {
		return x.load(ctx, tx, "order by c.document, c.seq")
	}
	current, err := listGenerations(ctx, tx)
	if err != nil {
		return err
	}
	for id := range x.generations {
		if _, ok := current[id]; !ok {
			x.forget(id)
		}
	}
	for id, generation := range current {
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
	return nil
}

func listGenerations(ctx context.Context, tx *sql.Tx) (map[string]int64, error) {
	rows, err := tx.QueryContext(ctx, `select id, generation from documents`)
	if err != nil {
		return nil, fmt.Errorf("list generations: %w", err)
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
	x.generations[d.ID] = d.generation
	return put(d.Document, d.passages)
}
