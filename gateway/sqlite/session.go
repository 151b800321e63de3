package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// errClosed says that the store was closed.
var errClosed = errors.New("the store is closed")

// session is one connection with the statements that it has prepared. Preparing
// costs more than most statements do, and there are about a hundred of them in all,
// so each connection keeps its own for good.
type session struct {
	conn       *sql.Conn
	begin      string
	statements map[string]*sql.Stmt
}

// fill opens as many sessions as the pool holds.
func fill(ctx context.Context, pool chan *session, db *sql.DB, begin string) error {
	for range cap(pool) {
		conn, err := db.Conn(ctx)
		if err != nil {
			return fmt.Errorf("connect: %w", err)
		}
		pool <- &session{conn: conn, begin: begin, statements: map[string]*sql.Stmt{}}
	}
	return nil
}

// empty waits for all sessions of a pool and closes them.
func empty(pool chan *session) error {
	var failures []error
	for range cap(pool) {
		s := <-pool
		for _, statement := range s.statements {
			failures = append(failures, statement.Close())
		}
		failures = append(failures, s.conn.Close())
	}
	return errors.Join(failures...)
}

// statement is a prepared one that its session closes.
type statement interface {
	ExecContext(ctx context.Context, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, args ...any) *sql.Row
}

// prepared gives the statement of a query, prepared on its first use.
func (s *session) prepared(ctx context.Context, query string) (statement, error) {
	if statement, ok := s.statements[query]; ok {
		return statement, nil
	}
	statement, err := s.conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	s.statements[query] = statement
	return statement, nil
}

// read runs a function that sees one state of the file.
func (s *Store) read(ctx context.Context, look func(*tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case <-s.closed:
		return errClosed
	default:
	}
	select {
	case <-s.closed:
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	case session := <-s.readers:
		defer func() { s.readers <- session }()
		return session.transaction(ctx, look)
	}
}

func (s *session) transaction(ctx context.Context, do func(*tx) error) (err error) {
	t := &tx{s, ctx}
	if err := t.exec(s.begin); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	committed := false
	defer func() {
		if !committed {
			// Also when the context is over or do panicked: the session must not
			// be left within a transaction. After a failed commit there may be none
			// any more.
			undo := &tx{s, context.WithoutCancel(ctx)}
			_ = undo.exec(`rollback`)
		}
	}()
	if err := do(t); err != nil {
		return err
	}
	if err := t.exec(`commit`); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	committed = true
	return nil
}
