package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/recado/recado/knowledge"
)

// errOutdated says that a passage was replaced between the ranking and the reading of
// its text.
var errOutdated = errors.New("the index was changed during the search")

// Search implements knowledge.Index. The ranking comes from memory and the texts from
// the file, which another process can change in between: then the search
// begins anew, and after some times keeps memory and file together.
func (x *Index) Search(ctx context.Context, q knowledge.Query) ([]knowledge.Hit, error) {
	for range 3 {
		if err := x.refresh(ctx); err != nil {
			return nil, fmt.Errorf("search: %w", err)
		}
		hits, err := x.find(ctx, x.db, q)
		if !errors.Is(err, errOutdated) {
			return hits, err
		}
	}
	return x.searchAlone(ctx, q)
}

// searchAlone reads ranking and texts of one state of the file, and keeps the
// process's own changes out of memory meanwhile.
func (x *Index) searchAlone(ctx context.Context, q knowledge.Query) (hits []knowledge.Hit, err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if err := x.reloadRevocations(ctx); err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	err = read(ctx, x.db, func(tx *sql.Tx) error {
		if err := x.reloadDocuments(ctx, tx); err != nil {
			return err
		}
		hits, err = x.find(ctx, tx, q)
		return err
	})
	return hits, err
}

// find ranks and reads the texts.
func (x *Index) find(ctx context.Context, from querier, q knowledge.Query) ([]knowledge.Hit, error) {
	found, err := x.engine.Search(ctx, q)
	if err != nil || len(found) == 0 {
		return []knowledge.Hit{}, err
	}
	keys := make([]any, len(found))
	places := make(map[int64]int, len(found))
	for i, f := range found {
		keys[i], places[f.Key] = f.Key, i
	}
	marks := strings.TrimSuffix(strings.Repeat("?,", len(keys)), ",")
	rows, err := from.QueryContext(ctx, `select `+documentColumns+`, c.key, `+chunkColumns+`
		from chunks c join documents d on d.number = c.document where c.key in (`+marks+`)`, keys...)
	if err != nil {
		return nil, fmt.Errorf("read passages: %w", err)
	}
	defer rows.Close() // rows.Err tells what matters
	hits := make([]knowledge.Hit, len(found))
	read := 0
	for ; rows.Next(); read++ {
		key, hit, err := scanHit(rows)
		if err != nil {
			return nil, fmt.Errorf("scan a passage: %w", err)
		}
		hits[places[key]] = knowledge.NewHit(found[places[key]].Fused, hit.Chunk, hit.Document)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read passages: %w", err)
	}
	if read < len(found) {
		return nil, errOutdated
	}
	return slices.Clip(hits), nil
}

func scanHit(rows *sql.Rows) (key int64, hit knowledge.Hit, err error) {
	hit.Document, err = scanDocument(rows, append([]any{&key}, chunkFields(&hit.Chunk)...)...)
	hit.Chunk.DocumentID = hit.Document.ID
	return key, hit, err
}
