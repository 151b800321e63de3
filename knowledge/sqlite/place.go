package sqlite

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/recado/recado/knowledge"
)

// placeName is the file that all indexes of a folder share.
const placeName = "knowledge-place.db"

// row is an index as the place lists it.
type row struct {
	knowledge.Identity
	number int64
	inUse  bool
}

// file is the name of the index's file: the identity, so that a person can tell two
// apart, and a number that is never given again.
func (r row) file() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %d %q", r.Embedder, r.Dim, r.Splitter))
	return fmt.Sprintf("knowledge-%s-%d.db", hex.EncodeToString(sum[:4]), r.number)
}

// choose finds or makes the index that is meant.
func (x *Index) choose(ctx context.Context, id knowledge.Identity, as knowledge.Opening) (r row, err error) {
	err = write(ctx, x.place, func(tx *sql.Tx) error {
		rows, err := list(ctx, tx)
		if err != nil {
			return err
		}
		if as == knowledge.OpenBeside {
			r, err = beside(ctx, tx, rows, id)
		} else {
			r, err = x.inUse(ctx, tx, rows, id, as)
		}
		return err
	})
	return r, err
}

// querier is what both a file and a transaction can do.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func list(ctx context.Context, from querier) ([]row, error) {
	rows, err := from.QueryContext(ctx, `select number, embedder, dim, splitter, in_use from indexes order by number`)
	if err != nil {
		return nil, fmt.Errorf("list the indexes: %w", err)
	}
	defer rows.Close() // rows.Err tells what matters
	var all []row
	for rows.Next() {
		var r row
		if err := rows.Scan(&r.number, &r.Embedder, &r.Dim, &r.Splitter, &r.inUse); err != nil {
			return nil, fmt.Errorf("scan an index: %w", err)
		}
		all = append(all, r)
	}
	return all, rows.Err()
}

// inUse gives the index in use, or takes one of the identity into use where none holds
// documents.
func (x *Index) inUse(ctx context.Context, tx *sql.Tx, rows []row, id knowledge.Identity, as knowledge.Opening) (row, error) {
	for _, r := range rows {
		if !r.inUse {
			continue
		}
		if r.Identity == id || as == knowledge.OpenAny {
			return r, nil
		}
		if err := x.dropEmpty(ctx, tx, r); err != nil {
			return row{}, err
		}
	}
	r, err := find(ctx, tx, rows, id)
	if err != nil {
		return row{}, err
	}
	r.inUse = true
	_, err = tx.ExecContext(ctx, `update indexes set in_use = 1 where number = ?`, r.number)
	if err != nil {
		return row{}, fmt.Errorf("take the index into use: %w", err)
	}
	return r, nil
}

// dropEmpty takes an index without documents off the list. It holds the write lock of its
// file meanwhile: who writes into it does so before and is counted, or comes later
// and finds it gone.
func (x *Index) dropEmpty(ctx context.Context, tx *sql.Tx, r row) error {
	db, err := openFile(ctx, filepath.Join(x.dir, r.file()), indexFile)
	if err != nil {
		return err
	}
	err = write(ctx, db, func(old *sql.Tx) error {
		var documents bool
		if err := old.QueryRowContext(ctx, `select exists (select 1 from documents)`).Scan(&documents); err != nil {
			return fmt.Errorf("look for documents: %w", err)
		}
		if documents {
			return fmt.Errorf("%w: %s with %d dimensions, splitter %s", knowledge.ErrIdentity, r.Embedder, r.Dim, r.Splitter)
		}
		_, err := tx.ExecContext(ctx, `delete from indexes where number = ?`, r.number)
		return err
	})
	return errors.Join(err, db.Close())
}

// beside gives the index of the identity and drops those of third ones.
func beside(ctx context.Context, tx *sql.Tx, rows []row, id knowledge.Identity) (row, error) {
	_, err := tx.ExecContext(ctx, `delete from indexes where not in_use and (embedder, dim, splitter) <> (?, ?, ?)`,
		id.Embedder, id.Dim, id.Splitter)
	if err != nil {
		return row{}, fmt.Errorf("drop what was left of another index: %w", err)
	}
	return find(ctx, tx, rows, id)
}

// find gives the listed index of the identity or lists a new one.
func find(ctx context.Context, tx *sql.Tx, rows []row, id knowledge.Identity) (row, error) {
	for _, r := range rows {
		if r.Identity == id {
			return r, nil
		}
	}
	r := row{Identity: id}
	err := tx.QueryRowContext(ctx, `insert into indexes (embedder, dim, splitter) values (?, ?, ?) returning number`,
		id.Embedder, id.Dim, id.Splitter).Scan(&r.number)
	if err != nil {
		return row{}, fmt.Errorf("list the new index: %w", err)
	}
	return r, nil
}

// indexName matches the file of an index, and what SQLite puts beside it.
var indexName = regexp.MustCompile(`^(knowledge-[0-9a-f]{8}-[0-9]+\.db)(-wal|-shm|-journal)?$`)

// sweep removes the files of indexes that are not listed any more, also those that an
// earlier process did not come to remove.
func (x *Index) sweep(ctx context.Context) error {
	// The files first: one that is made now is listed before it exists.
	files, err := os.ReadDir(x.dir)
	if err != nil {
		return fmt.Errorf("look for old files: %w", err)
	}
	rows, err := list(ctx, x.place)
	if err != nil {
		return err
	}
	listed := map[string]bool{}
	for _, r := range rows {
		listed[r.file()] = true
	}
	for _, file := range files {
		if name := indexName.FindStringSubmatch(file.Name()); name != nil && !listed[name[1]] {
			// Where an open file can't be removed it goes next time.
			_ = os.Remove(filepath.Join(x.dir, file.Name()))
		}
	}
	return nil
}

// Activate implements knowledge.Space.
func (x *Index) Activate(ctx context.Context) error {
	return x.ActivateChecked(ctx, func(context.Context) error { return nil })
}

// ActivateChecked implements knowledge.Checked. It holds the write locks of the place and
// of the index in use until the place says what is in use: who writes into the former one
// later finds it gone.
func (x *Index) ActivateChecked(ctx context.Context, check func(context.Context) error) error {
	release := func() error { return nil }
	err := write(ctx, x.place, func(tx *sql.Tx) (err error) {
		if _, err := x.changes(ctx, tx); err != nil {
			return err
		}
		if release, err = x.holdOther(ctx, tx); err != nil {
			return err
		}
		if err := check(ctx); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `delete from indexes where number <> ?`, x.row.number); err != nil {
			return fmt.Errorf("drop the other indexes: %w", err)
		}
		_, err = tx.ExecContext(ctx, `update indexes set in_use = 1 where number = ?`, x.row.number)
		return err
	})
	if err := errors.Join(err, release()); err != nil {
		return fmt.Errorf("take the index into use: %w", err)
	}
	return x.sweep(ctx)
}

// holdOther takes the write lock of another index that is in use, until release.
func (x *Index) holdOther(ctx context.Context, tx *sql.Tx) (release func() error, err error) {
	release = func() error { return nil }
	rows, err := list(ctx, tx)
	if err != nil {
		return release, err
	}
	at := slices.IndexFunc(rows, func(r row) bool { return r.inUse && r.number != x.row.number })
	if at < 0 {
		return release, nil
	}
	db, err := openFile(ctx, filepath.Join(x.dir, rows[at].file()), indexFile)
	if err != nil {
		return release, err
	}
	held, err := db.BeginTx(ctx, nil)
	if err != nil {
		return release, errors.Join(fmt.Errorf("wait for who writes into the former index: %w", err), db.Close())
	}
	return func() error {
		_ = held.Rollback() // nothing was written
		return db.Close()
	}, nil
}

// rower is what both a file and a transaction can do.
type rower interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// changes gives the number of changes of the revocations, of a place that still lists
// this index.
func (x *Index) changes(ctx context.Context, from rower) (int64, error) {
	var now int64
	const query = `select revocations from changes where exists (select 1 from indexes where number = ?)`
	err := from.QueryRowContext(ctx, query, x.row.number).Scan(&now)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, knowledge.ErrIdentity
	}
	if err != nil {
		return 0, fmt.Errorf("read the place: %w", err)
	}
	return now, nil
}
