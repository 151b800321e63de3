// Package sqlite is the embedded knowledge index: documents, passages and vectors in
// SQLite files of a folder, searched in memory.
//
// Each index has a file of its own, knowledge-IDENTITY-NUMBER.db. Beside them
// knowledge-place.db says which indexes there are and which one is in use, and keeps what
// all of them share: revocations and the cache of vectors.
//
// The files are the truth and survive a crash at any moment; a knowledge.Engine beside
// them is loaded when the index is opened, changed after each commit, and ranks the
// passages of every search, whose texts are then read from the file. Several processes
// may share the folder: each change raises a generation number, which a search reads
// first, and documents that another process changed are loaded again one by one.
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

//go:embed migrations
var migrations embed.FS

// The kinds of files, by the folder of their migrations.
const (
	placeFile = "place"
	indexFile = "index"
)

// Config says which index of which folder to open.
type Config struct {
	// Dir is the folder. It is made when it does not exist. Required.
	Dir string
	// Identity is what the index is built with. Required.
	Identity knowledge.Identity
	// Opening says which index is meant.
	Opening knowledge.Opening
	// LoadLater leaves memory empty until the first search, for a process that only
	// changes the index: an ingest then needs no memory for what the index holds.
	LoadLater bool
}

// Index implements knowledge.Space in a folder.
type Index struct {
	dir    string
	row    row
	place  *sql.DB
	db     *sql.DB
	engine *knowledge.Engine

	// mu makes writers and reloads of this process wait for each other, so that
	// memory follows the file in the order of the commits. Searches never wait
	// for it.
	mu sync.Mutex
	// generations are those of the documents in memory, guarded by mu.
	generations map[string]int64
	// revoked are the passages that memory knows as revoked, guarded by mu.
	revoked map[revocationKey]bool
	// loaded says that memory follows the file, guarded by mu.
	loaded bool
	// seen and seenRevocations are the numbers of the changes that memory shows, -1 before it
	// is loaded.
	seen, seenRevocations atomic.Int64
}

var (
	_ knowledge.Space    = (*Index)(nil)
	_ knowledge.Checked  = (*Index)(nil)
	_ knowledge.Streamed = (*Index)(nil)
)

// Open opens or makes the index that is meant and loads it into memory, 100,000
// passages of 512 dimensions in some seconds (BenchmarkOpen).
func Open(ctx context.Context, c Config) (*Index, error) {
	switch {
	case c.Dir == "":
		return nil, errors.New("sqlite.Config.Dir: missing")
	case c.Identity.Embedder == "":
		return nil, errors.New("sqlite.Config.Identity: no embedder")
	case c.Identity.Dim <= 0:
		return nil, fmt.Errorf("sqlite.Config.Identity: dimension %d is not more than 0", c.Identity.Dim)
	case c.Opening < knowledge.OpenInUse || c.Opening > knowledge.OpenAsIs:
		return nil, fmt.Errorf("sqlite.Config.Opening: %d is unknown", c.Opening)
	}
	x := &Index{dir: c.Dir, generations: map[string]int64{}}
	if err := x.open(ctx, c); err != nil {
		return nil, errors.Join(fmt.Errorf("open knowledge index in %s: %w", c.Dir, err), x.Close())
	}
	return x, nil
}

func (x *Index) open(ctx context.Context, c Config) (err error) {
	x.seen.Store(-1)
	x.seenRevocations.Store(-1)
	find := x.findOrMake
	if c.Opening == knowledge.OpenAsIs {
		find = x.findAsIs
	}
	if err := find(ctx, c); err != nil {
		return err
	}
	if x.engine, err = knowledge.NewEngine(x.row.Dim); err != nil {
		return err
	}
	if c.LoadLater {
		return nil
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.reload(ctx)
}

// findOrMake opens the files of the index that is meant.
func (x *Index) findOrMake(ctx context.Context, c Config) (err error) {
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return err
	}
	if x.place, err = openFile(ctx, filepath.Join(c.Dir, placeName), placeFile); err != nil {
		return err
	}
	if x.row, err = x.choose(ctx, c.Identity, c.Opening); err != nil {
		return err
	}
	if x.db, err = openFile(ctx, filepath.Join(c.Dir, x.row.file()), indexFile); err != nil {
		return err
	}
	return x.sweep(ctx)
}

// openFile opens a file of a kind, makes it when it is missing, and brings it to the
// newest schema.
func openFile(ctx context.Context, path, kind string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", dsn(path))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	if err := migrate(ctx, db, kind); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", filepath.Base(path), err), db.Close())
	}
	return db, nil
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

// migrate brings the file to the newest schema. Another process that opens the
// same new file makes one of the two fail; the statements can be repeated, so the
// loser tries again and finds them done.
func migrate(ctx context.Context, db *sql.DB, kind string) error {
	files, err := fs.Sub(migrations, "migrations/"+kind)
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

// Identity implements knowledge.Index.
func (x *Index) Identity() knowledge.Identity { return x.row.Identity }

// write runs a function in a transaction that holds the write lock.
func write(ctx context.Context, db *sql.DB, change func(*sql.Tx) error) error {
	return within(ctx, db, nil, change)
}

// read runs a function in a transaction that sees one state of the file, and waits for
// no writer.
func read(ctx context.Context, db *sql.DB, look func(*sql.Tx) error) error {
	return within(ctx, db, &sql.TxOptions{ReadOnly: true}, look)
}

func within(ctx context.Context, db *sql.DB, as *sql.TxOptions, do func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, as)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	// After a commit, or when the context ended, there is nothing to roll back.
	defer func() { _ = tx.Rollback() }()
	if err := do(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// Close closes the files. Searches and changes after it fail.
func (x *Index) Close() error {
	var err error
	for _, db := range []*sql.DB{x.db, x.place} {
		if db != nil {
			err = errors.Join(err, db.Close())
		}
	}
	if err != nil {
		return fmt.Errorf("close knowledge index in %s: %w", x.dir, err)
	}
	return nil
}
