// Package pgvector is the knowledge index for production: documents, chunks and
// vectors in Postgres with the pgvector extension, 0.8 or newer.
//
// Both halves of a search run in the database over one snapshot: the nearest
// vectors by an HNSW index, and BM25 over a table of postings whose frequencies
// each change keeps exact. The two lists are fused by knowledge.Fuse, as in the
// embedded index, so that both give the same ranking; only the approximation of
// HNSW can make them differ, on large collections.
//
// The package does not split, embed or tokenise anything itself.
package pgvector

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/recado/recado/knowledge"
)

//go:embed migrations/*.sql
var migrations embed.FS

// lockID is the advisory lock that migrating and noting the embedding model hold.
// It differs from that of other schemas in the same database.
const lockID = 0x7265636b6e6f77 // "recknow"

// Config says which database to open, and for which embedding model. One of
// Pool and DSN is required.
type Config struct {
	// Pool is used and stays open when the index is closed.
	Pool *pgxpool.Pool
	// DSN opens a pool of the index's own.
	DSN string
	// Embedder is the name of the embedding model, knowledge.Embedder.Name.
	// Required.
	Embedder string
	// Dim is the length of its vectors, from 1 to 16,000. Up to 2,000 the index
	// over them holds single precision, up to 4,000 half precision; longer
	// vectors are compared one by one.
	Dim int
	// Rebuild empties an index that was built with another embedding model
	// instead of refusing it with knowledge.ErrEmbedder.
	Rebuild bool
}

// Index implements knowledge.Index over Postgres.
type Index struct {
	config Config
	pool   *pgxpool.Pool
	// dense is the statement for the nearest vectors; its cast depends on the
	// dimension.
	dense string
}

var _ knowledge.Index = (*Index)(nil)

// Open migrates the database and notes the embedding model in it. An index that
// holds documents of another model, or of another dimension, gives
// knowledge.ErrEmbedder.
func Open(ctx context.Context, c Config) (*Index, error) {
	switch {
	case (c.Pool == nil) == (c.DSN == ""):
		return nil, errors.New("pgvector.Config: exactly one of Pool and DSN is needed")
	case c.Embedder == "":
		return nil, errors.New("pgvector.Config.Embedder: missing")
	case c.Dim <= 0 || c.Dim > 16000:
		return nil, fmt.Errorf("pgvector.Config.Dim: %d is not from 1 to 16000", c.Dim)
	}
	x := &Index{config: c, pool: c.Pool, dense: denseQuery(c.Dim)}
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

// Close closes the pool if the index opened it.
func (x *Index) Close() error {
	if x.config.Pool == nil {
		x.pool.Close()
	}
	return nil
}

func (x *Index) prepare(ctx context.Context) error {
	if err := migrate(ctx, x.pool); err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, x.pool, func(tx pgx.Tx) error { return x.adopt(ctx, tx) })
}

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

// adopt compares the embedding model of the index with the configured one. An
// index without documents, or one to be rebuilt, is given to the configured one:
// the column gets the dimension and a fresh index.
func (x *Index) adopt(ctx context.Context, tx pgx.Tx) error {
	if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock($1)`, int64(lockID)); err != nil {
		return fmt.Errorf("lock the index: %w", err)
	}
	var embedder string
	var dim int
	var filled bool
	const query = `select embedder, dim, exists (select from knowledge_documents) from knowledge_meta where id = 1`
	err := tx.QueryRow(ctx, query).Scan(&embedder, &dim, &filled)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("read the embedding model: %w", err)
	}
	if embedder == x.config.Embedder && dim == x.config.Dim {
		return nil
	}
	if filled && !x.config.Rebuild {
		return fmt.Errorf("%w: %s with %d dimensions, not %s with %d",
			knowledge.ErrEmbedder, embedder, dim, x.config.Embedder, x.config.Dim)
	}
	for _, statement := range adoptStatements(x.config.Dim) {
		if _, err := tx.Exec(ctx, statement); err != nil {
			return fmt.Errorf("set up %d dimensions: %w", x.config.Dim, err)
		}
	}
	const note = `insert into knowledge_meta (id, embedder, dim) values (1, $1, $2)
		on conflict (id) do update set embedder = excluded.embedder, dim = excluded.dim`
	if _, err := tx.Exec(ctx, note, x.config.Embedder, x.config.Dim); err != nil {
		return fmt.Errorf("note the embedding model: %w", err)
	}
	return nil
}

// adoptStatements empty the index and set the dimension. DDL takes no
// parameters; the dimension is a checked number.
func adoptStatements(dim int) []string {
	statements := []string{
		`truncate knowledge_documents, knowledge_chunks, knowledge_postings, knowledge_terms, knowledge_stats`,
		`drop index if exists knowledge_chunks_embedding`,
		fmt.Sprintf(`alter table knowledge_chunks alter column embedding type vector(%d)`, dim),
	}
	expression, kind := indexed(dim)
	if kind == "" {
		return statements
	}
	return append(statements, fmt.Sprintf(
		`create index knowledge_chunks_embedding on knowledge_chunks using hnsw ((%s) %s_cosine_ops)`, expression, kind))
}

// indexed is the expression that the HNSW index is over, and its type. pgvector
// indexes at most 2,000 dimensions in single and 4,000 in half precision; beyond
// there is no index and no type.
func indexed(dim int) (expression, kind string) {
	switch {
	case dim <= 2000:
		return "embedding", "vector"
	case dim <= 4000:
		return fmt.Sprintf("embedding::halfvec(%d)", dim), "halfvec"
	}
	return "embedding", ""
}
