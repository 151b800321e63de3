package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/recado/recado/gateway"
)

// tx is a transaction of a session with the context that it began with.
type tx struct {
	*session
	ctx context.Context
}

func (t *tx) exec(query string, args ...any) error {
	_, err := t.changed(query, args...)
	return err
}

// changed tells whether the statement changed a row.
func (t *tx) changed(query string, args ...any) (bool, error) {
	n, err := t.affected(query, args...)
	return n > 0, err
}

// affected counts the rows that the statement changed.
func (t *tx) affected(query string, args ...any) (int64, error) {
	r, err := t.run(query, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

func (t *tx) run(query string, args ...any) (sql.Result, error) {
	statement, err := t.prepared(t.ctx, query)
	if err != nil {
		return nil, err
	}
	return statement.ExecContext(t.ctx, args...)
}

// one reads the columns of one row; found is false when there is none.
func (t *tx) one(query string, args []any, into ...any) (found bool, err error) {
	statement, err := t.prepared(t.ctx, query)
	if err != nil {
		return false, err
	}
	err = statement.QueryRowContext(t.ctx, args...).Scan(into...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// row is what a scan function reads from.
type row interface{ Scan(into ...any) error }

// list reads all rows of a query.
func list[T any](t *tx, scan func(row) (T, error), query string, args ...any) ([]T, error) {
	statement, err := t.prepared(t.ctx, query)
	if err != nil {
		return nil, err
	}
	rows, err := statement.QueryContext(t.ctx, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close() // rows.Err tells what matters
	all := []T{}
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

// get reads one row by a scan function, or gives gateway.ErrNotFound.
func get[T any](t *tx, scan func(row) (T, error), query string, args ...any) (one T, err error) {
	statement, err := t.prepared(t.ctx, query)
	if err != nil {
		return one, err
	}
	one, err = scan(statement.QueryRowContext(t.ctx, args...))
	if errors.Is(err, sql.ErrNoRows) {
		return one, gateway.ErrNotFound
	}
	return one, err
}

// show raises the revision: something changed that people can see.
func (t *tx) show() error {
	return t.exec(`update meta set revision = revision + 1 where id = 1`)
}

// moment is a time in a column: nanoseconds since 1970, and 0 for the zero time.
type moment struct{ to *time.Time }

// Scan implements sql.Scanner.
func (m moment) Scan(value any) error {
	n, ok := value.(int64)
	if !ok {
		return fmt.Errorf("a time is a number, not a %T", value)
	}
	if *m.to = (time.Time{}); n != 0 {
		*m.to = time.Unix(0, n).UTC()
	}
	return nil
}

func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

// document is a value that a column holds as JSON; null is the zero value.
type document struct{ to any }

// Scan implements sql.Scanner.
func (d document) Scan(value any) error {
	switch v := value.(type) {
	case nil:
		return nil
	case string:
		return json.Unmarshal([]byte(v), d.to)
	case []byte:
		return json.Unmarshal(v, d.to)
	}
	return fmt.Errorf("a document is text, not a %T", value)
}

// encode gives the JSON of a value for a column, and null for a nil pointer.
func encode[T any](v *T) (any, error) {
	if v == nil {
		return nil, nil
	}
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode a document: %w", err)
	}
	return string(b), nil
}
