package pgvector

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/pressly/goose/v3"
)

// Health is what a database tells about the knowledge index in it.
type Health struct {
	// Extension is the version of pgvector in the database, or empty, and
	// Available the one that could be installed.
	Extension, Available string
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

// Inspect looks at the index without changing it: unlike Open it migrates nothing
// and adopts no embedding model. An error never repeats the DSN.
func Inspect(ctx context.Context, dsn string) (h Health, err error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return h, errors.New("inspect the knowledge index: the DSN can't be read")
	}
	if h.Newest, err = newest(); err != nil {
		return h, err
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return h, fmt.Errorf("inspect the knowledge index: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	if err := h.read(ctx, conn); err != nil {
		return h, fmt.Errorf("inspect the knowledge index: %w", err)
	}
	return h, nil
}

func (h *Health) read(ctx context.Context, conn *pgx.Conn) error {
	const query = `select coalesce((select extversion from pg_extension where extname = 'vector'), ''),
		coalesce((select default_version from pg_available_extensions where name = 'vector'), '')`
	if err := conn.QueryRow(ctx, query).Scan(&h.Extension, &h.Available); err != nil {
		return err
	}
	var err error
	if h.Schema, err = schema(ctx, conn); err != nil || h.Schema == 0 {
		return err
	}
	var space int
	const used = `select id, embedder, dim from knowledge_spaces where in_use`
	err = conn.QueryRow(ctx, used).Scan(&space, &h.Embedder, &h.Dim)
	if errors.Is(err, pgx.ErrNoRows) {
		h.Documents = map[string]int{}
		return nil
	}
	if err != nil {
		return err
	}
	return h.count(ctx, conn, named(`select locale, count(*) from knowledge_@_documents group by locale`, space))
}

// schema is the migration that a database is at, 0 before the first.
func schema(ctx context.Context, conn interface {
	QueryRow(ctx context.Context, query string, args ...any) pgx.Row
},
) (at int64, err error) {
	var migrated bool
	const there = `select to_regclass('knowledge_goose_version') is not null`
	if err := conn.QueryRow(ctx, there).Scan(&migrated); err != nil || !migrated {
		return 0, err
	}
	const last = `select coalesce(max(version_id), 0) from knowledge_goose_version where is_applied`
	return at, conn.QueryRow(ctx, last).Scan(&at)
}

func (h *Health) count(ctx context.Context, conn *pgx.Conn, query string) error {
	rows, err := conn.Query(ctx, query)
	if err != nil {
		return err
	}
	h.Documents = map[string]int{}
	var locale string
	var n int
	_, err = pgx.ForEachRow(rows, []any{&locale, &n}, func() error {
		h.Documents[locale] = n
		return nil
	})
	return err
}

// newest is the number of the last migration that is embedded.
func newest() (int64, error) {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return 0, err // unreachable: the pattern is well formed
	}
	return goose.NumericComponent(names[len(names)-1])
}
