package pgvector

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/recado/recado/knowledge"
)

//go:embed space.sql
var spaceSQL string

// existsSpace says whether an index is still there.
const existsSpace = `select exists (select from knowledge_spaces where id = $1)`

// named puts the number of a space into a statement.
func named(statement string, space int) string {
	return strings.ReplaceAll(statement, "@", strconv.Itoa(space))
}

// place is what a database holds.
type place struct {
	id       int
	identity knowledge.Identity
	inUse    bool
}

// choose finds or makes the index that an opening asks for. The caller is alone.
func choose(ctx context.Context, tx pgx.Tx, want knowledge.Identity, as knowledge.Opening) (int, knowledge.Identity, error) {
	list, err := places(ctx, tx)
	if err != nil {
		return 0, want, err
	}
	used, own := place{}, place{}
	for _, p := range list {
		if p.inUse {
			used = p
		}
		if p.identity == want {
			own = p
		}
	}
	switch {
	case as == knowledge.OpenAny && used.id != 0:
		return used.id, used.identity, nil
	case as == knowledge.OpenBeside:
		own, err = beside(ctx, tx, list, own, want)
	case used.id != 0 && used.identity != want:
		own, err = replaceEmpty(ctx, tx, used, own, want)
	case used.id == 0:
		own, err = takeIntoUse(ctx, tx, own, want)
	}
	return own.id, want, err
}

// places lists the indexes of a database.
func places(ctx context.Context, tx pgx.Tx) ([]place, error) {
	rows, err := tx.Query(ctx, `select id, embedder, dim, splitter, in_use from knowledge_spaces order by id`)
	if err != nil {
		return nil, fmt.Errorf("list the indexes: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (p place, err error) {
		err = row.Scan(&p.id, &p.identity.Embedder, &p.identity.Dim, &p.identity.Splitter, &p.inUse)
		return p, err
	})
	if err != nil {
		return nil, fmt.Errorf("list the indexes: %w", err)
	}
	return list, nil
}

// beside makes the index if it is missing, and drops third ones.
func beside(ctx context.Context, tx pgx.Tx, list []place, own place, want knowledge.Identity) (place, error) {
	for _, p := range list {
		if !p.inUse && p.id != own.id {
			if err := drop(ctx, tx, p.id); err != nil {
				return own, err
			}
		}
	}
	if own.id != 0 {
		return own, nil
	}
	return create(ctx, tx, want)
}

// replaceEmpty takes an index into use in the place of another one, which has to be
// without documents.
func replaceEmpty(ctx context.Context, tx pgx.Tx, used, own place, want knowledge.Identity) (place, error) {
	var filled bool
	query := named(`select exists (select from knowledge_@_documents)`, used.id)
	if err := tx.QueryRow(ctx, query).Scan(&filled); err != nil {
		return own, fmt.Errorf("look for documents: %w", err)
	}
	if filled {
		return own, fmt.Errorf("%w: %s with %d dimensions and splitter %s, not %s with %d and %s", knowledge.ErrIdentity,
			used.identity.Embedder, used.identity.Dim, used.identity.Splitter, want.Embedder, want.Dim, want.Splitter)
	}
	return takeIntoUse(ctx, tx, own, want)
}

// takeIntoUse makes the index if it is missing, and drops all others.
func takeIntoUse(ctx context.Context, tx pgx.Tx, own place, want knowledge.Identity) (place, error) {
	if own.id == 0 {
		created, err := create(ctx, tx, want)
		if err != nil {
			return own, err
		}
		own = created
	}
	return own, activate(ctx, tx, own.id)
}

func activate(ctx context.Context, tx pgx.Tx, id int) error {
	list, err := places(ctx, tx)
	if err != nil {
		return err
	}
	found := false
	for _, p := range list {
		if p.id == id {
			found = true
		} else if err := drop(ctx, tx, p.id); err != nil {
			return err
		}
	}
	if !found {
		return knowledge.ErrIdentity
	}
	if _, err := tx.Exec(ctx, `update knowledge_spaces set in_use = true where id = $1`, id); err != nil {
		return fmt.Errorf("take the index into use: %w", err)
	}
	return nil
}

// Activate implements knowledge.Space.
func (x *Index) Activate(ctx context.Context) error {
	return x.ActivateChecked(ctx, func(context.Context) error { return nil })
}

// ActivateChecked implements knowledge.Checked.
func (x *Index) ActivateChecked(ctx context.Context, check func(context.Context) error) error {
	err := x.inTx(ctx, alone, func(tx pgx.Tx) error {
		if err := check(ctx); err != nil {
			return err
		}
		return activate(ctx, tx, x.space)
	})
	if err != nil {
		return fmt.Errorf("activate the index: %w", err)
	}
	return nil
}

// create makes an index without documents. DDL takes no parameters; both numbers
// are checked ones.
func create(ctx context.Context, tx pgx.Tx, id knowledge.Identity) (place, error) {
	p := place{identity: id}
	const note = `insert into knowledge_spaces (embedder, dim, splitter, in_use) values ($1, $2, $3, false) returning id`
	if err := tx.QueryRow(ctx, note, id.Embedder, id.Dim, id.Splitter).Scan(&p.id); err != nil {
		return p, fmt.Errorf("note the index: %w", err)
	}
	tables := strings.ReplaceAll(named(spaceSQL, p.id), "DIM", strconv.Itoa(id.Dim))
	if _, err := tx.Exec(ctx, tables+nearIndex(p.id, id.Dim)); err != nil {
		return p, fmt.Errorf("make the tables of the index: %w", err)
	}
	return p, nil
}

// maxIndexed is the highest dimension that pgvector indexes in half precision.
const maxIndexed = 4000

// nearIndex is the statement that makes the index over the vectors, if there can be
// one. Half precision takes half the space and less time, at the same recall.
func nearIndex(space, dim int) string {
	if dim > maxIndexed {
		return ""
	}
	return named(`create index knowledge_@_chunks_near on knowledge_@_chunks using hnsw (embedding halfvec_ip_ops)`, space)
}

// drop forgets an index with all its tables. Searches that go on in it are waited
// for.
func drop(ctx context.Context, tx pgx.Tx, id int) error {
	tables := []string{"documents", "facets", "chunks", "vectors", "passages", "log", "terms", "stats", "segments", "postings"}
	for i, name := range tables {
		tables[i] = named("knowledge_@_", id) + name
	}
	_, err := tx.Exec(ctx, `delete from knowledge_spaces where id = $1`, id)
	_, dropErr := tx.Exec(ctx, `drop table `+strings.Join(tables, ", "))
	if err := errors.Join(err, dropErr); err != nil {
		return fmt.Errorf("drop index %d: %w", id, err)
	}
	return nil
}
