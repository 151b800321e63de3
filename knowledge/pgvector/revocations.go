package pgvector

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/recado/recado/knowledge"
)

// Revoke implements knowledge.Index. Nobody writes meanwhile: a document that comes
// in at the same time has to see the revocation.
func (x *Index) Revoke(ctx context.Context, revoked []knowledge.Revocation) error {
	ids, hashes := []string{}, []string{}
	err := x.inTx(ctx, alone, func(tx pgx.Tx) error {
		batch := &pgx.Batch{}
		for _, r := range revoked {
			batch.Queue(`insert into knowledge_revocations (document_id, hash, chunk_id, at, by, reason)
				values ($1, $2, $3, $4, $5, $6) on conflict do nothing`, r.DocumentID, r.Hash, r.ChunkID, r.At, r.By, r.Reason)
			ids, hashes = append(ids, r.DocumentID), append(hashes, r.Hash)
		}
		if err := tx.SendBatch(ctx, batch).Close(); err != nil {
			return err
		}
		return x.mark(ctx, tx, "c.facet > 0", ids, hashes)
	})
	if err != nil {
		return fmt.Errorf("revoke passages: %w", x.mine(ctx, err))
	}
	return nil
}

// Restore implements knowledge.Index.
func (x *Index) Restore(ctx context.Context, documentID string, hashes []string) error {
	err := x.inTx(ctx, alone, func(tx pgx.Tx) error {
		const gone = `delete from knowledge_revocations where document_id = $1 and hash = any($2)`
		if _, err := tx.Exec(ctx, gone, documentID, list(hashes)); err != nil {
			return err
		}
		return x.mark(ctx, tx, "c.facet < 0", slices.Repeat([]string{documentID}, len(hashes)), list(hashes))
	})
	if err != nil {
		return fmt.Errorf("restore passages of document %s: %w", documentID, x.mine(ctx, err))
	}
	return nil
}

// mark turns the facets of passages round, in every index of the place.
func (x *Index) mark(ctx context.Context, tx pgx.Tx, which string, documents, hashes []string) error {
	spaces, err := places(ctx, tx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(spaces, func(p place) bool { return p.id == x.space }) {
		return knowledge.ErrIdentity
	}
	for _, p := range spaces {
		own := &Index{space: p.id, names: strings.NewReplacer("@", fmt.Sprint(p.id))}
		if err := own.turn(ctx, tx, which, documents, hashes); err != nil {
			return err
		}
	}
	return nil
}

const turnFacets = `update knowledge_@_chunks c set facet = -c.facet
	from (select distinct * from unnest($1::text[], $2::text[])) as r (document, hash)
	join knowledge_@_documents d on d.id = r.document
	where c.document = d.no and c.hash = r.hash and `

// turn does so in one index, and notes it in the log.
func (x *Index) turn(ctx context.Context, tx pgx.Tx, which string, documents, hashes []string) error {
	rows, err := tx.Query(ctx, x.in(turnFacets)+which+` returning c.no, c.facet`, documents, hashes)
	if err != nil {
		return err
	}
	var c change
	c.facets, err = pgx.CollectRows(rows, scanFacet)
	if err != nil || len(c.facets) == 0 {
		return err
	}
	batch, pending := &pgx.Batch{}, 0
	x.queueLog(batch, c, &pending)
	return tx.SendBatch(ctx, batch).Close()
}

// Revocations implements knowledge.Index.
func (x *Index) Revocations(ctx context.Context) ([]knowledge.Revocation, error) {
	rows, err := x.pool.Query(ctx, `select document_id, chunk_id, hash, at, by, reason
		from knowledge_revocations order by at, chunk_id collate "C"`)
	if err != nil {
		return nil, fmt.Errorf("list revocations: %w", err)
	}
	revocations, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (r knowledge.Revocation, err error) {
		err = row.Scan(&r.DocumentID, &r.ChunkID, &r.Hash, &r.At, &r.By, &r.Reason)
		r.At = r.At.UTC()
		return r, err
	})
	if err != nil {
		return nil, fmt.Errorf("list revocations: %w", err)
	}
	return revocations, nil
}
