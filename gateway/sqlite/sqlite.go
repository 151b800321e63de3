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
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"sync"

	"github.com/pressly/goose/v3"

	"github.com/recado/recado/gateway"
)

//go:embed migrations/*.sql
var migrations embed.FS

// maxReaders is how many reads may run beside the writer.
const maxReaders = 4

// Config says which file to open.
type Config struct {
	// Path is the database file. It and its folder are made when they do not
	// exist. Required.
	Path string
	// Logger is told of events that can't be filed. It defaults to discarding
	// everything.
	Logger *slog.Logger
}

// Store implements gateway.Store over a file.
type Store struct {
	path string
	log  *slog.Logger
	// databases are what the sessions are connections of.
	databases []*sql.DB
	// writer holds the one session that writes, readers those that read, while
	// nobody uses them.
	writer, readers chan *session
	// changes are those that wait for the writer.
	changes chan *change
	// closed is closed when Close begins.
	closed chan struct{}
	once   sync.Once
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
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Store{
		path: c.Path, log: c.Logger, closed: make(chan struct{}),
		changes: make(chan *change, maxWaiting),
		writer:  make(chan *session, 1), readers: make(chan *session, maxReaders),
	}
	if err := s.connect(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open store %s: %w", c.Path, err), s.Close())
	}
	return s, nil
}

// connect migrates the file and opens all sessions.
func (s *Store) connect(ctx context.Context) error {
	writer, err := s.database("immediate", "cache_size(-8192)", "wal_autocheckpoint(4000)")
	if err != nil {
		return err
	}
	if err := migrate(ctx, writer); err != nil {
		return err
	}
	reader, err := s.database("deferred", "query_only(1)")
	if err != nil {
		return err
	}
	if err := fill(ctx, s.writer, writer, "begin immediate"); err != nil {
		return err
	}
	return fill(ctx, s.readers, reader, "begin")
}

func (s *Store) database(lock string, pragmas ...string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", dsn(s.path, lock, pragmas))
	if err == nil {
		s.databases = append(s.databases, db)
	}
	return db, err
}

// dsn sets what every connection needs. A write transaction takes its lock at the
// start (immediate), because one that begins with reading could not wait for
// another process any more. FULL with WAL syncs every commit: an accepted message
// must survive the machine's going down, because the provider will not send it
// again.
func dsn(path, lock string, pragmas []string) string {
	pragmas = append([]string{"busy_timeout(10000)", "journal_mode(wal)", "synchronous(full)"}, pragmas...)
	values := url.Values{"_txlock": {lock}, "_pragma": pragmas}
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

// Ping implements gateway.Store. It takes the write lock and changes nothing.
func (s *Store) Ping(ctx context.Context) error {
	err := s.write(ctx, func(t *tx) error { return t.exec(`update meta set filed = filed where id = 1`) })
	if err != nil {
		return fmt.Errorf("ping: %w", err)
	}
	return nil
}

// Close implements gateway.Store. It takes the sessions out of use one by one, so
// that what is under way ends first.
func (s *Store) Close() error {
	var failures []error
	s.once.Do(func() {
		close(s.closed)
		if len(s.databases) == 2 {
			failures = append(failures, empty(s.writer), empty(s.readers))
		}
		for _, db := range s.databases {
			failures = append(failures, db.Close())
		}
	})
	if err := errors.Join(failures...); err != nil {
		return fmt.Errorf("close store %s: %w", s.path, err)
	}
	return nil
}
