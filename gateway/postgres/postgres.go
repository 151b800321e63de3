// Package postgres is the gateway's store for production: Postgres 15 or newer
// over pgx's own pool. Any number of gateways may share one database.
//
// # How the contract is kept
//
// Accept is one statement that inserts its events and the webhooks that they came in,
// and nothing else, so that a provider is answered after one commit. A webhook is kept
// once, and its events are parts of it. Claim files what was accepted: it finds
// contacts and conversations, merges statuses, lets signals change what was there, and
// times the bursts. Filing is done by one process at a time, under an advisory lock,
// and goes by the state of each event, because numbers are given before they are
// committed: a watermark would skip an event whose transaction took longer than its
// neighbour's. An event that Postgres refuses to file is put aside, so that it stops
// nobody else's: it stays in gateway_events with the state failed.
//
// Work is leased with SKIP LOCKED, so that claims never wait for each other. A
// lease of a conversation, and filing, may be lost when the server crashes: both
// are done again, and a turn without its lease is refused. They don't wait for
// the disk. Everything else does, by the server's settings.
//
// A turn is committed in one round trip and one transaction: a function locks the
// conversation and refuses with an error of its own, which undoes the rest.
//
// Rows are locked in one order, outgoing messages, conversations, handoffs and files,
// so that transactions don't wait for each other in circles. Where a merge of two
// contacts, or a person who takes over, can't keep to it, Postgres ends one of the two
// and it is tried again.
package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/recado/recado/gateway"
)

//go:embed migrations/*.sql
var migrations embed.FS

// The advisory locks. They differ from those of other schemas in the same
// database.
const (
	migrateLock = 0x72656367617465 // "recgate"
	filingLock  = 0x72656366696c65 // "recfile"
	alertLock   = 0x72656361       // "reca"
	// providerLock is the first half of a lock whose second half is the hash of a
	// provider's message id.
	providerLock = 0x72656370 // "recp"
)

// maxConns is enough for the default workers, senders and intakes and for the
// pages beside them.
const maxConns = 16

// connectTimeout bounds how long a server that doesn't answer is waited for.
const connectTimeout = 5 * time.Second

// Config says which database to open. Exactly one of Pool and DSN is needed.
type Config struct {
	// Pool is used and stays open when the store is closed.
	Pool *pgxpool.Pool
	// DSN opens a pool of the store's own, with 16 connections and five seconds to
	// connect unless the DSN says otherwise by pool_max_conns and
	// connect_timeout.
	DSN string
	// Logger is told of events that can't be filed. It defaults to discarding
	// everything.
	Logger *slog.Logger
}

// Store implements gateway.Store over Postgres.
type Store struct {
	pool *pgxpool.Pool
	own  bool
	log  *slog.Logger
	// busy says that the last claim found something.
	busy atomic.Bool
}

var _ gateway.Store = (*Store)(nil)

// Open connects and migrates the database. Processes that start together wait for
// each other.
func Open(ctx context.Context, c Config) (*Store, error) {
	if (c.Pool == nil) == (c.DSN == "") {
		return nil, errors.New("postgres.Config: exactly one of Pool and DSN is needed")
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Store{pool: c.Pool, own: c.Pool == nil, log: c.Logger}
	if s.own {
		pool, err := connect(ctx, c.DSN)
		if err != nil {
			return nil, err
		}
		s.pool = pool
	}
	if err := migrate(ctx, s.pool); err != nil {
		return nil, errors.Join(fmt.Errorf("open store: %w", err), s.Close())
	}
	return s, nil
}

// connect makes the pool and asks for one connection. An error never repeats the
// DSN, which may hold a password.
func connect(ctx context.Context, dsn string) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, errors.New("open store: the DSN of the database can't be read")
	}
	if !strings.Contains(dsn, "pool_max_conns") {
		config.MaxConns = maxConns
	}
	if !strings.Contains(dsn, "connect_timeout") {
		config.ConnConfig.ConnectTimeout = connectTimeout
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("open store: %w", err)
	}
	return pool, nil
}

// migrate brings the schema up to date through database/sql, which goose wants.
func migrate(ctx context.Context, pool *pgxpool.Pool) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err // unreachable: the folder is embedded
	}
	// One try a second, for a minute.
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockID(migrateLock), lock.WithLockTimeout(1, 60))
	if err != nil {
		return fmt.Errorf("make the migration lock: %w", err)
	}
	db := stdlib.OpenDBFromPool(pool)
	defer db.Close() // returns its connections; the pool stays open
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files,
		goose.WithTableName("gateway_goose_version"), goose.WithSessionLocker(locker))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// Ping implements gateway.Store. A server that only reads, such as a standby, is
// not well.
func (s *Store) Ping(ctx context.Context) error {
	const query = `select pg_is_in_recovery() or current_setting('transaction_read_only')::boolean`
	var readOnly bool
	if err := s.pool.QueryRow(ctx, query).Scan(&readOnly); err != nil {
		return fmt.Errorf("ping the store: %w", err)
	}
	if readOnly {
		return errors.New("ping the store: the database can only be read")
	}
	return nil
}

// Close implements gateway.Store: it waits until every connection is given back.
// A pool that was given stays open.
func (s *Store) Close() error {
	if s.own {
		s.pool.Close()
	}
	return nil
}

// tries is how often something is run that Postgres ended in favour of another.
const tries = 5

// persist runs f, again when Postgres chose it to end a deadlock. f must be able to
// run again.
func persist(f func() error) (err error) {
	for range tries {
		err = f()
		refused, ok := errors.AsType[*pgconn.PgError](err)
		if !ok || refused.Code != "40P01" && refused.Code != "40001" {
			return err
		}
	}
	return err
}

// transact runs f in a transaction, by the rules of persist.
func (s *Store) transact(ctx context.Context, f func(pgx.Tx) error) error {
	return persist(func() error { return pgx.BeginFunc(ctx, s.pool, f) })
}

// bump raises the revision with the transaction it is part of.
const bump = `update gateway_revision set n = n + 1 where shard = pg_backend_pid() % 64`

// send runs a batch, which is one round trip and, outside a transaction, one of
// its own.
func send(ctx context.Context, db interface {
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}, b *pgx.Batch,
) error {
	return db.SendBatch(ctx, b).Close()
}
