package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/pressly/goose/v3"
)

// Health is what a folder tells about the knowledge index in it.
type Health struct {
	// Schema is the migration that the index in use is at, 0 when there is none, and
	// Newest the last one that this program brings.
	Schema, Newest int64
	// Embedder, Dim and Splitter are those that the index was filled with.
	Embedder string
	Dim      int
	Splitter string
	// Documents counts them by locale.
	Documents map[string]int
}

// Inspect looks at a folder without changing it: unlike Open it neither makes nor
// migrates anything, and loads nothing. A folder without an index gives
// fs.ErrNotExist.
func Inspect(ctx context.Context, dir string) (h Health, err error) {
	if h.Newest, err = newest(indexFile); err != nil {
		return h, err
	}
	var r row
	err = inspect(filepath.Join(dir, placeName), func(db *sql.DB) (err error) {
		r, err = rowInUse(ctx, db)
		return err
	})
	if err == nil && r.number > 0 {
		h.Embedder, h.Dim, h.Splitter = r.Embedder, r.Dim, r.Splitter
		err = inspect(filepath.Join(dir, r.file()), func(db *sql.DB) error { return h.read(ctx, db) })
	}
	if err != nil {
		return h, fmt.Errorf("inspect the knowledge index: %w", err)
	}
	return h, nil
}

// inspect opens a file that exists for reading.
func inspect(path string, look func(*sql.DB) error) error {
	db, err := openAsIs(path)
	if err != nil {
		return err
	}
	return errors.Join(look(db), db.Close())
}

// rowInUse gives the index in use, or none.
func rowInUse(ctx context.Context, db *sql.DB) (row, error) {
	if n, err := schema(ctx, db); err != nil || n == 0 {
		return row{}, err
	}
	rows, err := list(ctx, db)
	for _, r := range rows {
		if r.inUse {
			return r, err
		}
	}
	return row{}, err
}

// schema is the migration that a file is at, 0 before the first.
func schema(ctx context.Context, db *sql.DB) (n int64, err error) {
	var migrated bool
	const there = `select exists (select 1 from sqlite_master where type = 'table' and name = 'knowledge_goose_version')`
	if err := db.QueryRowContext(ctx, there).Scan(&migrated); err != nil || !migrated {
		return 0, err
	}
	const query = `select coalesce(max(version_id), 0) from knowledge_goose_version where is_applied`
	return n, db.QueryRowContext(ctx, query).Scan(&n)
}

func (h *Health) read(ctx context.Context, db *sql.DB) (err error) {
	if h.Schema, err = schema(ctx, db); err != nil || h.Schema == 0 {
		return err
	}
	rows, err := db.QueryContext(ctx, `select locale, count(*) from documents group by locale`)
	if err != nil {
		return err
	}
	defer rows.Close() // rows.Err tells what matters
	h.Documents = map[string]int{}
	for rows.Next() {
		var locale string
		var n int
		if err := rows.Scan(&locale, &n); err != nil {
			return err
		}
		h.Documents[locale] = n
	}
	return rows.Err()
}

// newest is the number of the last migration of a kind of file that is embedded.
func newest(kind string) (int64, error) {
	names, err := fs.Glob(migrations, "migrations/"+kind+"/*.sql")
	if err != nil {
		return 0, err // unreachable: the pattern is well formed
	}
	return goose.NumericComponent(names[len(names)-1])
}
