// Package pgvector is the knowledge index for production: documents, chunks and
// vectors in Postgres with the pgvector extension, 0.8 or newer.
//
// A search goes both ways at once. The nearest vectors come from an HNSW index in
// the database, or from comparing all that the filter leaves when those are few. The
// words are scored in the process: the database keeps packed postings, of which the
// process holds those that questions ask for, and a log of changes, by which it stays
// in step with other processes. Both lists are put in order by knowledge.Rank, as in
// the embedded index, so that both give the same ranking; only the approximation of
// HNSW can make them differ, on large collections.
//
// One database has room for several indexes, each with tables of its own: the one in
// use, and one of another embedding model or splitter that is being built. What was
// revoked and the vectors that are kept belong to all of them.
package pgvector

import (
	"cmp"
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strconv"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/recado/recado/knowledge"
)

//go:embed migrations/*.sql
var migrations embed.FS

// lockID is the advisory lock that migrating holds. It differs from that of other
// schemas in the same database.
const lockID = 0x7265636b6e6f77 // "recknow"

// Config says which database to open, and for which index in it. One of Pool and
// DSN is required.
type Config struct {
	// Pool is used and stays open when the index is closed.
	Pool *pgxpool.Pool
	// DSN opens a pool of the index's own.
	DSN string
	// Identity is what the index is built with. Required; the dimension is from 1 to
	// 16,000. Up to 4,000 there is an index over the vectors, in half precision; longer
	// ones are compared one by one. Similarities are always those of the full vectors.
	Identity knowledge.Identity
	// Opening says which index of the database is meant.
	Opening knowledge.Opening
	// PostingsBytes is how much memory the postings of words may take that questions
	// asked for; 0 means 64 MB. With less than a search needs, each reads from the
	// database.
	PostingsBytes int
	// CacheBytes is how much memory the vectors and the texts of passages may take that
	// questions came upon; 0 means 256 MB. With less, searches read more from the database.
	CacheBytes int
	// Logger is told what is tried again; nil is silent.
	Logger *slog.Logger
}

func (c Config) check() error {
	switch id := c.Identity; {
	case (c.Pool == nil) == (c.DSN == ""):
		return errors.New("pgvector.Config: exactly one of Pool and DSN is needed")
	case id.Embedder == "":
		return errors.New("pgvector.Config.Identity.Embedder: missing")
	case id.Dim <= 0 || id.Dim > 16000:
		return fmt.Errorf("pgvector.Config.Identity.Dim: %d is not from 1 to 16000", id.Dim)
	case c.Opening < knowledge.OpenInUse || c.Opening > knowledge.OpenAsIs:
		return fmt.Errorf("pgvector.Config.Opening: %d is unknown", c.Opening)
	case c.PostingsBytes < 0:
		return fmt.Errorf("pgvector.Config.PostingsBytes: %d is negative", c.PostingsBytes)
	case c.CacheBytes < 0:
		return fmt.Errorf("pgvector.Config.CacheBytes: %d is negative", c.CacheBytes)
	}
	return nil
}

// halfCache is what the vectors may take, and the texts.
func (c Config) halfCache() int { return cmp.Or(c.CacheBytes, defaultCacheBytes) / 2 }

// Index implements knowledge.Space over Postgres.
type Index struct {
	config   Config
	pool     *pgxpool.Pool
	space    int
	identity knowledge.Identity
	names    *strings.Replacer
	words    *words
	facts    *cache[fact]
	fresh    freshness

	// loading lets one search at a time read what the process lacks.
	loading chan struct{}
	// foldAt is the constant, but in tests.
	foldAt int
	// folding lets one goroutine of the process fold the log.
	folding sync.Mutex
}

var (
	_ knowledge.Space    = (*Index)(nil)
	_ knowledge.Checked  = (*Index)(nil)
	_ knowledge.Streamed = (*Index)(nil)
)

// Open migrates the database and finds or makes the index in it, unless it is opened as
// it is.
func Open(ctx context.Context, c Config) (*Index, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	x := &Index{config: c, pool: c.Pool, foldAt: foldAt, loading: make(chan struct{}, 1)}
	if c.Pool == nil {
		pool, err := pgxpool.New(ctx, c.DSN)
		if err != nil {
			return nil, fmt.Errorf("open knowledge index: %w", err)
		}
		x.pool = pool
	}
	if err := x.prepare(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open knowledge index: %w", err), x.Close())
	}
	return x, nil
}

func (x *Index) prepare(ctx context.Context) error {
	find := x.findOrMake
	if x.config.Opening == knowledge.OpenAsIs {
		find = x.findAsIs
	}
	if err := find(ctx); err != nil {
		return err
	}
	x.names = strings.NewReplacer("@", strconv.Itoa(x.space), "DIM", strconv.Itoa(x.identity.Dim))
	half := x.config.halfCache()
	x.words, x.facts = newWords(x.config.PostingsBytes, half), newCache[fact](half)
	return nil
}

func (x *Index) findOrMake(ctx context.Context) error {
	if err := migrate(ctx, x.pool); err != nil {
		return err
	}
	return x.inTx(ctx, alone, func(tx pgx.Tx) (err error) {
		x.space, x.identity, err = choose(ctx, tx, x.config.Identity, x.config.Opening)
		return err
	})
}

// findAsIs finds the index in use in a database that it leaves as it is.
func (x *Index) findAsIs(ctx context.Context) error {
	last, err := newest()
	if err != nil {
		return err
	}
	return pgx.BeginTxFunc(ctx, x.pool, pgx.TxOptions{AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		at, err := schema(ctx, tx)
		if err == nil {
			err = knowledge.CheckSchema(at, last)
		}
		if err != nil {
			return err
		}
		list, err := places(ctx, tx)
		for _, p := range list {
			if p.inUse {
				x.space, x.identity = p.id, p.identity
				return nil
			}
		}
		return cmp.Or(err, knowledge.ErrNoIndex)
	})
}

// errAsIs says that a change was asked of an index that was opened to be looked at.
var errAsIs = errors.New("the index was opened as it is and can't be changed")

// Close closes the pool if the index opened it.
func (x *Index) Close() error {
	if x.config.Pool == nil {
		x.pool.Close()
	}
	return nil
}

// in puts the number of the index and its dimension into a statement, where @ and DIM
// stand for them.
func (x *Index) in(statement string) string { return x.names.Replace(statement) }

// Identity implements knowledge.Index.
func (x *Index) Identity() knowledge.Identity { return x.identity }

// migrate brings the schema up to date through database/sql, which goose wants.
// Processes that start together wait for each other at an advisory lock.
func migrate(ctx context.Context, pool *pgxpool.Pool) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err // unreachable: the folder is embedded
	}
	// Four tries a second, for a minute.
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockID(lockID), lock.WithLockTimeout(1, 60))
	if err != nil {
		return fmt.Errorf("make the migration lock: %w", err)
	}
	db := stdlib.OpenDBFromPool(pool)
	defer db.Close() // returns its connections; the pool stays open
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files,
		goose.WithTableName("knowledge_goose_version"), goose.WithSessionLocker(locker))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// What a transaction has to itself. Writers of documents go side by side; what
// concerns all documents or all indexes waits for them and lets none in.
const (
	together = `select pg_advisory_xact_lock_shared(0x7265636b6e6f78)`
	alone    = `select pg_advisory_xact_lock(0x7265636b6e6f78)`
)

// inTx runs f in a transaction that holds a lock, together or alone.
func (x *Index) inTx(ctx context.Context, locked string, f func(pgx.Tx) error) error {
	if x.config.Opening == knowledge.OpenAsIs {
		return errAsIs
	}
	defer x.fresh.writes.Add(1)
	return pgx.BeginFunc(ctx, x.pool, func(tx pgx.Tx) error {
		if err := knowVectors(ctx, tx.Conn()); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, locked); err != nil {
			return fmt.Errorf("wait for other writers: %w", err)
		}
		return f(tx)
	})
}

// mine tells a failure that comes from the index having been dropped, by who
// activated another one, apart from others.
func (x *Index) mine(ctx context.Context, err error) error {
	var refused *pgconn.PgError
	if !errors.As(err, &refused) || refused.Code != "42P01" { // undefined_table
		return err
	}
	var kept bool
	if x.pool.QueryRow(ctx, existsSpace, x.space).Scan(&kept) == nil && !kept {
		return knowledge.ErrIdentity
	}
	return err
}
