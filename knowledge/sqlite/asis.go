package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"github.com/recado/recado/knowledge"
)

// findAsIs opens the files of the index in use in a folder that it leaves as it is.
func (x *Index) findAsIs(ctx context.Context, c Config) (err error) {
	if x.place, err = openSchema(ctx, filepath.Join(c.Dir, placeName), placeFile); err != nil {
		return err
	}
	if x.row, err = rowInUse(ctx, x.place); err != nil {
		return err
	}
	if !x.row.inUse {
		return knowledge.ErrNoIndex
	}
	x.db, err = openSchema(ctx, filepath.Join(c.Dir, x.row.file()), indexFile)
	return err
}

// openSchema opens a file of a kind as it is, if its schema is the newest.
func openSchema(ctx context.Context, path, kind string) (*sql.DB, error) {
	db, err := openAsIs(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, knowledge.ErrNoIndex
	}
	if err != nil {
		return nil, err
	}
	last, err := newest(kind)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	at, err := schema(ctx, db)
	if err == nil {
		err = knowledge.CheckSchema(at, last)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// openAsIs opens a file that exists, to be read. What a process that ended at once left
// beside the file stays there: a connection that may write would bring it into the file
// in the end. Without it one that may write is better, as it removes what it has put
// beside the file itself.
func openAsIs(path string) (*sql.DB, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	mode := "rw"
	if _, err := os.Stat(path + "-wal"); err == nil {
		mode = "ro"
	}
	values := url.Values{"mode": {mode}, "_pragma": {"busy_timeout(2000)", "query_only(1)"}}
	return sql.Open("sqlite", (&url.URL{Scheme: "file", Opaque: url.PathEscape(path), RawQuery: values.Encode()}).String())
}
