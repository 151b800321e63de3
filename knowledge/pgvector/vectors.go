package pgvector

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	vector "github.com/pgvector/pgvector-go"

	"github.com/recado/recado/knowledge"
)

// noteUse notes it once a day, and not at all while another process notes the same.
const noteUse = `update knowledge_vectors set used_at = $3 where (model, hash) in (
		select model, hash from knowledge_vectors
		where model = $1 and hash = any($2) and used_at < $3::timestamptz - interval '1 day' for update skip locked
	)`

// Vectors implements knowledge.VectorCache.
func (x *Index) Vectors(ctx context.Context, model string, at time.Time, hashes []string) (map[string][]float32, error) {
	batch, found := &pgx.Batch{}, map[string][]float32{}
	batch.Queue(`select hash, vector from knowledge_vectors where model = $1 and hash = any($2)`, model, list(hashes)).
		Query(func(rows pgx.Rows) error {
			var hash string
			var vector []float32
			_, err := pgx.ForEachRow(rows, []any{&hash, &vector}, func() error {
				found[hash], vector = vector, nil
				return nil
			})
			return err
		})
	if !at.IsZero() {
		batch.Queue(noteUse, model, list(hashes), at)
	}
	if err := x.pool.SendBatch(ctx, batch).Close(); err != nil {
		return nil, fmt.Errorf("read kept vectors: %w", err)
	}
	return found, nil
}

// KeepVectors implements knowledge.VectorCache.
func (x *Index) KeepVectors(ctx context.Context, model string, at time.Time, vectors map[string][]float32) error {
	if x.config.Opening == knowledge.OpenAsIs {
		return errAsIs
	}
	batch := &pgx.Batch{}
	// In one order, or two processes could wait for each other.
	for _, hash := range slices.Sorted(maps.Keys(vectors)) {
		batch.Queue(`insert into knowledge_vectors (model, hash, vector, used_at) values ($1, $2, $3, $4) on conflict do nothing`,
			model, hash, vectors[hash], at)
	}
	if err := x.pool.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("keep vectors: %w", err)
	}
	return nil
}

// ForgetVectors implements knowledge.VectorCache.
func (x *Index) ForgetVectors(ctx context.Context, before time.Time) (int, error) {
	if x.config.Opening == knowledge.OpenAsIs {
		return 0, errAsIs
	}
	tag, err := x.pool.Exec(ctx, `delete from knowledge_vectors where used_at < $1`, before)
	if err != nil {
		return 0, fmt.Errorf("forget vectors: %w", err)
	}
	return int(tag.RowsAffected()), nil
}

// knowVectors lets a connection send vectors in their binary form. It asks the database
// once for each connection what the type's number is.
func knowVectors(ctx context.Context, conn *pgx.Conn) error {
	if _, known := conn.TypeMap().TypeForName("vector"); known {
		return nil
	}
	var oid uint32
	if err := conn.QueryRow(ctx, `select 'vector'::regtype::oid`).Scan(&oid); err != nil {
		return fmt.Errorf("look for the type of vectors: %w", err)
	}
	conn.TypeMap().RegisterType(&pgtype.Type{Name: "vector", OID: oid, Codec: pgtype.ByteaCodec{}})
	return nil
}

// packed is a vector as the extension reads it, for connections that know the type.
func packed(v []float32) []byte {
	if v == nil {
		return nil
	}
	b, _ := vector.NewVector(v).EncodeBinary(nil) // it never fails
	return b
}
