package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"

	"github.com/pressly/goose/v3"
)

// Health is what a file tells about the knowledge index in it.
type Health struct {
	// Schema is the migration that the index is at, 0 before the first, and Newest
	// the last one that this program brings.
	Schema, Newest int64
	// Embedder and Dim are those that the index was filled with, empty before the
	// first document.
	Embedder string
	Dim      int
	// Documents counts them by locale.
	Documents map[string]int
}

// Inspect looks at a file without changing it: unlike Open it neither makes nor
// migrates it, and loads nothing. A file that does not exist gives
// fs.ErrNotExist.
func Inspect(ctx context.Context, path string) (h Health, err error) {
	if h.Newest, err = newest(); err != nil {
		return h, err
	}
	if _, err := os.Stat(path); err != nil {
		return h, fmt.Errorf("inspect the knowledge index: %w", err)
	}
	values := url.Values{"mode": {"rw"}, "_pragma": {"busy_timeout(2000)", "query_only(1)"}}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Opaque: url.PathEscape(path), RawQuery: values.Encode()}).String())
	if err != nil {
		return h, fmt.Errorf("inspect the knowledge index: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := h.read(ctx, db); err != nil {
		return h, fmt.Errorf("inspect the knowledge index: %w", err)
	}
	return h, nil
}

func (h *Health) read(ctx context.Context, db *sql.DB) error {
	const query = `select exists (select 1 from sqlite_master where type = 'table' and name = 'knowledge_goose_version')`
	var migrated bool
	if err := db.QueryRowContext(ctx, query).Scan(&migrated); err != nil || !migrated {
		return err
	}
	const schema = `select coalesce(max(version_id), 0) from knowledge_goose_version where is_applied`
	if err := db.QueryRowContext(ctx, schema).Scan(&h.Schema); err != nil || h.Schema == 0 {
		return err
	}
	err := db.QueryRowContext(ctx, `select embedder, dim from meta where id = 1`).Scan(&h.Embedder, &h.Dim)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	return h.count(ctx, db)
}

func (h *Health) count(ctx context.Context, db *sql.DB) error {
	rows, err := db.QueryContext(ctx, `select locale, count(*) from documents group by locale`)
	if err != nil {
		return err
	}
	defer rows.Close()
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

// newest is the number of the last migration that is embedded.
func newest() (int64, error) {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return 0, err // unreachable: the pattern is well formed
	}
	return goose.NumericComponent(names[len(names)-1])
}
