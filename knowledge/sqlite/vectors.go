package sqlite

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"
)

// Vectors implements knowledge.VectorCache.
func (x *Index) Vectors(ctx context.Context, model string, at time.Time, hashes []string) (map[string][]float32, error) {
	found, stale := map[string][]float32{}, []int64(nil)
	statement, err := x.place.PrepareContext(ctx, `select v.number, v.used, v.vector from vectors v
		join models m on m.number = v.model where m.name = ? and v.hash = ?`)
	if err != nil {
		return nil, fmt.Errorf("read kept vectors: %w", err)
	}
	defer statement.Close() // it only reads
	for _, hash := range hashes {
		var number, used int64
		var vector []byte
		err := statement.QueryRowContext(ctx, model, hash).Scan(&number, &used, &vector)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read a kept vector: %w", err)
		}
		found[hash] = decode(vector)
		if !at.IsZero() && at.Sub(time.Unix(used, 0)) >= 24*time.Hour {
			stale = append(stale, number)
		}
	}
	return found, x.noteUse(ctx, at, stale)
}

// noteUse keeps vectors from being forgotten.
func (x *Index) noteUse(ctx context.Context, at time.Time, numbers []int64) error {
	if len(numbers) == 0 {
		return nil
	}
	err := write(ctx, x.place, func(tx *sql.Tx) error {
		for _, number := range numbers {
			if _, err := tx.ExecContext(ctx, `update vectors set used = max(used, ?) where number = ?`, at.Unix(), number); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("note the use of kept vectors: %w", err)
	}
	return nil
}

// KeepVectors implements knowledge.VectorCache.
func (x *Index) KeepVectors(ctx context.Context, model string, at time.Time, vectors map[string][]float32) error {
	if len(vectors) == 0 {
		return nil
	}
	err := write(ctx, x.place, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `insert into models (name) values (?) on conflict do nothing`, model); err != nil {
			return err
		}
		statement, err := tx.PrepareContext(ctx, `insert into vectors (model, hash, used, vector)
			values ((select number from models where name = ?), ?, ?, ?) on conflict do nothing`)
		if err != nil {
			return err
		}
		defer statement.Close() // the transaction ends with or without it
		for hash, vector := range vectors {
			if _, err := statement.ExecContext(ctx, model, hash, at.Unix(), encode(vector)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("keep vectors: %w", err)
	}
	return nil
}

// ForgetVectors implements knowledge.VectorCache.
func (x *Index) ForgetVectors(ctx context.Context, before time.Time) (int, error) {
	result, err := x.place.ExecContext(ctx, `delete from vectors where used < ?`, before.Unix())
	if err != nil {
		return 0, fmt.Errorf("forget vectors: %w", err)
	}
	n, err := result.RowsAffected()
	return int(n), err
}

// encode writes a vector as the cache keeps it.
func encode(v []float32) []byte {
	blob := make([]byte, 0, 4*len(v))
	for _, f := range v {
		blob = binary.LittleEndian.AppendUint32(blob, math.Float32bits(f))
	}
	return blob
}

func decode(blob []byte) []float32 {
	v := make([]float32, len(blob)/4)
	for i := range v {
		v[i] = math.Float32frombits(binary.LittleEndian.Uint32(blob[4*i:]))
	}
	return v
}
