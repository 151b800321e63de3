// Package sqlite is the embedded knowledge index: documents, chunks and vectors
// in one SQLite file of its own, searched in memory.
//
// The file is the truth and survives a crash at any moment; a knowledge.Memory
// beside it is loaded when the index is opened, changed after each commit, and
// answers every search. Several processes may share the file: each change
// raises a generation number, which a search reads first (about 20 µs), and
// documents that another process changed are loaded again one by one.
//
// The package does not split, embed or score anything itself.
package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the database/sql driver "sqlite"

	"github.com/recado/recado/knowledge"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Config says which file to open, and for which embedding model.
type Config struct {
	// Path is the database file. It and its folder are made when they do not
	// exist. Required.
	Path string
	// Embedder is the name of the embedding model, knowledge.Embedder.Name.
	// Required.
	Embedder string
	// Dim is the length of its vectors. Required.
	Dim int
	// Rebuild empties an index that was built with another embedding model
	// instead of refusing it with knowledge.ErrEmbedder.
	Rebuild bool
}

// Index implements knowledge.Index over a file.
type Index struct {
	config Config
	db     *sql.DB
	memory *knowledge.Memory

	// mu makes writers and reloads of this process wait for each other, so that
	// memory follows the file in the order of the commits. Searches never wait
	// for it.
	mu sync.Mutex
	// generations are those of the documents in memory, guarded by mu.
	generations map[string]int64
	// seen is the generation of the file that memory shows.
	seen atomic.Int64
}

var _ knowledge.Index = (*Index)(nil)

// Open opens or makes the index and loads it into memory. A file that was
// built with another embedding model, or for another dimension, gives
// knowledge.ErrEmbedder as long as it holds documents.
func Open(ctx context.Context, c Config) (*Index, error) {
	switch {
	case c.Path == "":
		return nil, errors.New("sqlite.Config.Path: missing")
	case c.Embedder == "":
		return nil, errors.New("sqlite.Config.Embedder: missing")
	}
	memory, err := knowledge.NewMemory(c.Dim)
	if err != nil {
		return nil, fmt.Errorf("sqlite.Config.Dim: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(c.Path), 0o700); err != nil {
		return nil, fmt.Errorf("open knowledge index: %w", err)
	}
	db, err := sql.Open("sqlite", dsn(c.Path))
	if err != nil {
		return nil, fmt.Errorf("open knowledge index %s: %w", c.Path, err)
	}
	x := &Index{config: c, db: db, memory: memory, generations: map[string]int64{}}
	if err := x.prepare(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open knowledge index %s: %w", c.Path, err), db.Close())
	}
	return x, nil
}

// dsn sets what every connection needs. A write transaction takes its lock at
// the start (immediate), because one that begins with reading could not wait
// for another writer any more. NORMAL with WAL can lose the last commits when
// the machine itself goes down, never the file; an ingest is repeatable.
func dsn(path string) string {
	values := url.Values{"_txlock": {"immediate"}, "_pragma": {
		"busy_timeout(10000)", "journal_mode(wal)", "synchronous(normal)", "foreign_keys(1)",
	}}
	return (&url.URL{Scheme: "file", Opaque: url.PathEscape(path), RawQuery: values.Encode()}).String()
}

func (x *Index) prepare(ctx context.Context) error {
	if err := migrate(ctx, x.db); err != nil {
		return err
	}
	if err := x.adopt(ctx); err != nil {
		return err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.reload(ctx)
}

// migrate brings the file to the newest schema. Another process that opens the
// same new file makes one of the two fail; the statements can be repeated, so the
// loser tries again and finds them done.
func migrate(ctx context.Context, db *sql.DB) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err // unreachable: the folder is embedded
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithTableName("knowledge_goose_version"))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	for attempt := 1; ; attempt++ {
		if _, err = provider.Up(ctx); err == nil {
			return nil
		}
		if attempt == 5 || ctx.Err() != nil {
			return fmt.Errorf("migrate: %w", err)
		}
	}
}

// adopt compares the file's embedding model with the configured one, and notes it
// in an index without documents.
func (x *Index) adopt(ctx context.Context) error {
	return x.write(ctx, func(tx *sql.Tx) error {
		var embedder string
		var dim, documents int
		const query = `select embedder, dim, (select count(*) from documents) from meta where id = 1`
		err := tx.QueryRowContext(ctx, query).Scan(&embedder, &dim, &documents)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("read the embedding model: %w", err)
		}
		if embedder == x.config.Embedder && dim == x.config.Dim {
			return nil
		}
		if documents > 0 && !x.config.Rebuild {
			return fmt.Errorf("%w: %s with %d dimensions, not %s with %d",
				knowledge.ErrEmbedder, embedder, dim, x.config.Embedder, x.config.Dim)
		}
		if _, err := tx.ExecContext(ctx, `delete from documents`); err != nil {
			return fmt.Errorf("empty the index: %w", err)
		}
		const note = `insert into meta (id, embedder, dim) values (1, ?, ?)
			on conflict (id) do update set embedder = excluded.embedder, dim = excluded.dim, generation = generation + 1`
		if _, err := tx.ExecContext(ctx, note, x.config.Embedder, x.config.Dim); err != nil {
			return fmt.Errorf("note the embedding model: %w", err)
		}
		return nil
	})
}

// write runs a function in a transaction that holds the write lock.
func (x *Index) write(ctx context.Context, change func(*sql.Tx) error) error {
	tx, err := x.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	// After a commit, or when the context ended, there is nothing to roll back.
	defer func() { _ = tx.Rollback() }()
	if err := change(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// Close closes the file. Searches and changes after it fail.
func (x *Index) Close() error {
	if err := x.db.Close(); err != nil {
		return fmt.Errorf("close knowledge index %s: %w", x.config.Path, err)
	}
	return nil
}
