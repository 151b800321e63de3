package postgres

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/pressly/goose/v3"
)

// Health is what a database tells about itself.
type Health struct {
	// Version is the server's, such as "17.5".
	Version string
	// ReadOnly is true for a server that takes no changes, such as a standby.
	ReadOnly bool
	// Schema is the migration that the database is at, 0 before the first, and
	// Newest the last one that this program brings.
	Schema, Newest int64
	// Skew is how far the clock of this machine is ahead of the database's.
	Skew time.Duration
}

// Inspect looks at a database without changing it: unlike Open it migrates
// nothing. now is the clock of this machine. An error never repeats the DSN.
func Inspect(ctx context.Context, dsn string, now func() time.Time) (h Health, err error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return h, errors.New("inspect the database: the DSN can't be read")
	}
	if h.Newest, err = newest(); err != nil {
		return h, err
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return h, fmt.Errorf("inspect the database: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	if err := h.read(ctx, conn, now); err != nil {
		return h, fmt.Errorf("inspect the database: %w", err)
	}
	return h, nil
}

func (h *Health) read(ctx context.Context, conn *pgx.Conn, now func() time.Time) error {
	const query = `select current_setting('server_version_num')::int,
		pg_is_in_recovery() or current_setting('transaction_read_only')::boolean,
		clock_timestamp(), to_regclass('gateway_goose_version') is not null`
	var version int
	var theirs time.Time
	var migrated bool
	asked := now()
	if err := conn.QueryRow(ctx, query).Scan(&version, &h.ReadOnly, &theirs, &migrated); err != nil {
		return err
	}
	h.Skew = asked.Add(now().Sub(asked) / 2).Sub(theirs)
	h.Version = fmt.Sprintf("%d.%d", version/10000, version%10000)
	if !migrated {
		return nil
	}
	const schema = `select coalesce(max(version_id), 0) from gateway_goose_version where is_applied`
	return conn.QueryRow(ctx, schema).Scan(&h.Schema)
}

// newest is the number of the last migration that is embedded.
func newest() (int64, error) {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return 0, err // unreachable: the pattern is well formed
	}
	return goose.NumericComponent(names[len(names)-1])
}

// Reason says in a few fixed words why a server refused a connection or a query,
// and nothing when the server said nothing.
func Reason(err error) string {
	refused, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return ""
	}
	switch refused.Code {
	case "28P01", "28000":
		return "the user, the password or the host is not let in"
	case "3D000":
		return "the database does not exist"
	case "53300":
		return "it takes no more connections"
	case "57P03":
		return "it is starting or stopping"
	case "42501":
		return "the user may not do what is needed"
	case "0A000", "58P01":
		return "it lacks something that is needed, most likely the extension vector (pgvector)"
	}
	return "it answers with SQLSTATE " + refused.Code
}
