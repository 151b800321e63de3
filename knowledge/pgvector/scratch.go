package pgvector

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Scratch makes a schema of its own in a database, for an index that is measured and
// thrown away: a shop's index in the same database is neither seen nor touched. It
// gives the DSN of an empty place in it and what drops it with all that it holds.
func Scratch(ctx context.Context, dsn string) (place string, drop func(context.Context) error, err error) {
	schema := "recado_scratch_" + strings.ToLower(rand.Text()[:12])
	u, err := url.Parse(dsn)
	if err != nil || u.Host == "" {
		return "", nil, errors.New("scratch index: the DSN is no URL")
	}
	// The extension is made first where others find it, or it would go with the schema.
	run := func(ctx context.Context, statements ...string) error {
		conn, err := pgx.Connect(ctx, dsn)
		if err != nil {
			return fmt.Errorf("scratch index: %w", err)
		}
		for _, statement := range statements {
			if _, failed := conn.Exec(ctx, statement); failed != nil {
				err = fmt.Errorf("scratch index: %w", failed)
				break
			}
		}
		return errors.Join(err, conn.Close(ctx))
	}
	if err := run(ctx, `create extension if not exists vector`, `create schema `+schema); err != nil {
		return "", nil, err
	}
	values := u.Query()
	values.Set("search_path", schema+",public")
	u.RawQuery = values.Encode()
	return u.String(), func(ctx context.Context) error {
		return run(ctx, `drop schema `+schema+` cascade`)
	}, nil
}
