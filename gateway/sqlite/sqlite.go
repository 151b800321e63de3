// Package sqlite is the embedded store of the gateway: conversations, events,
// outgoing messages, handoffs and decision records in one SQLite file.
//
// What a call has returned from is on the disk. One connection writes, in
// transactions that take the lock at their start; others read beside it without
// waiting. Accept appends rows and nothing else: the order of acceptance is the
// row number, and the next Claim files everything above the mark of the last one
// filed. Several processes may share the file.
//
// The package decides nothing itself: what an agent's action changes is
// gateway.Apply's, what a turn changes is in the turn.
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

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the database/sql driver "sqlite"

	"github.com/recado/recado/gateway"
)

//go:embed migrations/*.sql
var migrations embed.FS

// readers is how many reads may run beside the writer.
const readers = 4

// Config says which file to open.
type Config struct {
	// Path is the database file. It and its folder are made when they do not
	// exist. Required.
	Path string
}

// Store implements gateway.Store over a file.
type Store struct {
	path   string
	writer *sql.DB
	reader *sql.DB

	// open is held for reading by every call, so that Close waits for them.
	open sync.RWMutex
}

var _ gateway.Store = (*Store)(nil)

// Open opens or makes the file and brings it to the newest schema.
func Open(ctx context.Context, c Config) (*Store, error) {
	if c.Path == "" {
		return nil, errors.New("sqlite.Config.Path: missing")
	}
	if err := os.MkdirAll(filepath.Dir(c.Path), 0o700); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	s := &Store{path: c.Path}
	var err error
	if s.writer, err = sql.Open("sqlite", dsn(c.Path, "immediate", "cache_size(-8192)")); err != nil {
		return nil, fmt.Errorf("open store %s: %w", c.Path, err)
	}
	s.writer.SetMaxOpenConns(1)
	if s.reader, err = sql.Open("sqlite", dsn(c.Path, "deferred", "query_only(1)")); err != nil {
		return nil, errors.Join(fmt.Errorf("open store %s: %w", c.Path, err), s.writer.Close())
	}
	s.reader.SetMaxOpenConns(readers)
	s.reader.SetMaxIdleConns(readers)
	if err := migrate(ctx, s.writer); err != nil {
		return nil, errors.Join(fmt.Errorf("open store %s: %w", c.Path, err), s.Close())
	}
	return s, nil
}

// dsn sets what every connection needs. A write transaction takes its lock at the
// start (immediate), because one that begins with reading could not wait for
// another process any more. FULL with WAL syncs every commit: an accepted message
// must survive the machine's going down, because the provider will not send it
// again.
func dsn(path, lock, pragma string) string {
	values := url.Values{"_txlock": {lock}, "_pragma": {
		"busy_timeout(10000)", "journal_mode(wal)", "synchronous(full)", pragma,
	}}
	return (&url.URL{Scheme: "file", Opaque: url.PathEscape(path), RawQuery: values.Encode()}).String()
}

// migrate brings the file to the newest schema. Another process that opens the
// same new file makes one of the two fail; the statements can be repeated, so the
// loser tries again and finds them done.
func migrate(ctx context.Context, db *sql.DB) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err // unreachable: the folder is embedded
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithTableName("gateway_goose_version"))
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

// write runs a function in a transaction that holds the write lock. What the
// function returns as an error undoes everything.
func (s *Store) write(ctx context.Context, change func(*tx) error) error {
	s.open.RLock()
	defer s.open.RUnlock()
	t, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	// After a commit, or when the context ended, there is nothing to roll back.
	defer t.Rollback()
	if err := change(&tx{t, ctx}); err != nil {
		return err
	}
	if err := t.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// read runs a function that sees one state of the file.
func (s *Store) read(ctx context.Context, look func(*tx) error) error {
	s.open.RLock()
	defer s.open.RUnlock()
	t, err := s.reader.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin to read: %w", err)
	}
	defer t.Rollback() // it only reads
	return look(&tx{t, ctx})
}

// Ping implements gateway.Store. It takes the write lock and changes nothing.
func (s *Store) Ping(ctx context.Context) error {
	err := s.write(ctx, func(t *tx) error { return t.exec(`update meta set filed = filed where id = 1`) })
	if err != nil {
		return fmt.Errorf("ping: %w", err)
	}
	return nil
}

// Close implements gateway.Store.
func (s *Store) Close() error {
	s.open.Lock()
	defer s.open.Unlock()
	if err := errors.Join(s.reader.Close(), s.writer.Close()); err != nil {
		return fmt.Errorf("close store %s: %w", s.path, err)
	}
	return nil
}
