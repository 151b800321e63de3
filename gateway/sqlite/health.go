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

// Health is what a file tells about itself.
type Health struct {
	// Version is SQLite's, which is part of this program.
	Version string
	// Schema is the migration that the file is at, 0 before the first, and Newest
	// the last one that this program brings.
	Schema, Newest int64
}

// Inspect looks at a file without changing it: unlike Open it neither makes nor
// migrates it. A file that does not exist gives fs.ErrNotExist.
func Inspect(ctx context.Context, path string) (h Health, err error) {
	if h.Newest, err = newest(); err != nil {
		return h, err
	}
	if _, err := os.Stat(path); err != nil {
		return h, fmt.Errorf("inspect the store: %w", err)
	}
	values := url.Values{"mode": {"rw"}, "_pragma": {"busy_timeout(2000)", "query_only(1)"}}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Opaque: url.PathEscape(path), RawQuery: values.Encode()}).String())
	if err != nil {
		return h, fmt.Errorf("inspect the store: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := h.read(ctx, db); err != nil {
		return h, fmt.Errorf("inspect the store: %w", err)
	}
	return h, nil
}

func (h *Health) read(ctx context.Context, db *sql.DB) error {
	const query = `select sqlite_version(),
		exists (select 1 from sqlite_master where type = 'table' and name = 'gateway_goose_version')`
	var migrated bool
	if err := db.QueryRowContext(ctx, query).Scan(&h.Version, &migrated); err != nil || !migrated {
		return err
	}
	const schema = `select coalesce(max(version_id), 0) from gateway_goose_version where is_applied`
	return db.QueryRowContext(ctx, schema).Scan(&h.Schema)
}

// newest is the number of the last migration that is embedded.
func newest() (int64, error) {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return 0, err // unreachable: the pattern is well formed
	}
	return goose.NumericComponent(names[len(names)-1])
}
