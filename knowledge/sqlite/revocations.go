package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/recado/recado/knowledge"
)

// revocationKey names what is revoked: a content of a document.
type revocationKey struct{ documentID, hash string }

// Revoke implements knowledge.Index.
func (x *Index) Revoke(ctx context.Context, revoked []knowledge.Revocation) error {
	err := x.changeRevocations(ctx, func(tx *sql.Tx) error {
		for _, r := range revoked {
			_, err := tx.ExecContext(ctx, `insert into revocations (document_id, hash, chunk_id, at, revoked_by, reason)
				values (?, ?, ?, ?, ?, ?) on conflict do nothing`, r.DocumentID, r.Hash, r.ChunkID, r.At.UnixMicro(), r.By, r.Reason)
			if err != nil {
				return fmt.Errorf("chunk %s: %w", r.ChunkID, err)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("revoke: %w", err)
	}
	return nil
}

// Restore implements knowledge.Index.
func (x *Index) Restore(ctx context.Context, documentID string, hashes []string) error {
	err := x.changeRevocations(ctx, func(tx *sql.Tx) error {
		for _, hash := range hashes {
			if _, err := tx.ExecContext(ctx, `delete from revocations where document_id = ? and hash = ?`, documentID, hash); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("restore passages of %s: %w", documentID, err)
	}
	return nil
}

// changeRevocations writes to the place, counts the change, and follows it in memory.
func (x *Index) changeRevocations(ctx context.Context, do func(*sql.Tx) error) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	err := write(ctx, x.place, func(tx *sql.Tx) error {
		if _, err := x.changes(ctx, tx); err != nil {
			return err
		}
		if err := do(tx); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `update changes set revocations = revocations + 1`)
		return err
	})
	if err != nil || !x.loaded {
		return err
	}
	return x.reloadRevocations(ctx)
}

// reloadRevocations brings memory in step with the revocations. The caller holds mu.
func (x *Index) reloadRevocations(ctx context.Context) error {
	return read(ctx, x.place, func(tx *sql.Tx) error {
		now, err := x.changes(ctx, tx)
		if err != nil || now == x.seenRevocations.Load() {
			return err
		}
		list, err := listRevocations(ctx, tx)
		if err != nil {
			return err
		}
		x.revoked = keysOf(list)
		x.engine.Revoke(func(documentID, hash string) bool { return x.revoked[revocationKey{documentID, hash}] })
		x.seenRevocations.Store(now)
		return nil
	})
}

func keysOf(list []knowledge.Revocation) map[revocationKey]bool {
	keys := make(map[revocationKey]bool, len(list))
	for _, r := range list {
		keys[revocationKey{r.DocumentID, r.Hash}] = true
	}
	return keys
}

func (x *Index) revokedKeys(ctx context.Context) (map[revocationKey]bool, error) {
	list, err := listRevocations(ctx, x.place)
	return keysOf(list), err
}

// Revocations implements knowledge.Index.
func (x *Index) Revocations(ctx context.Context) ([]knowledge.Revocation, error) {
	if _, err := x.changes(ctx, x.place); err != nil {
		return nil, fmt.Errorf("list revocations: %w", err)
	}
	return listRevocations(ctx, x.place)
}

func listRevocations(ctx context.Context, from querier) ([]knowledge.Revocation, error) {
	rows, err := from.QueryContext(ctx, `select document_id, hash, chunk_id, at, revoked_by, reason from revocations order by at, chunk_id`)
	if err != nil {
		return nil, fmt.Errorf("list revocations: %w", err)
	}
	defer rows.Close() // rows.Err tells what matters
	list := []knowledge.Revocation{}
	for rows.Next() {
		var r knowledge.Revocation
		var at int64
		if err := rows.Scan(&r.DocumentID, &r.Hash, &r.ChunkID, &at, &r.By, &r.Reason); err != nil {
			return nil, fmt.Errorf("scan a revocation: %w", err)
		}
		r.At = time.UnixMicro(at).UTC()
		list = append(list, r)
	}
	return list, rows.Err()
}
