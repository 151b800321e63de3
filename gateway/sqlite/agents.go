package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/recado/recado/gateway"
)

// PutAgent implements gateway.Agents.
func (s *Store) PutAgent(ctx context.Context, a gateway.Agent) error {
	const query = `insert or replace into agents (name, password_hash, created_at) values (?, ?, ?)`
	err := s.write(ctx, func(t *tx) error {
		return errors.Join(t.exec(query, a.Name, a.PasswordHash, nanos(a.CreatedAt)), t.signOut(a.Name))
	})
	if err != nil {
		return fmt.Errorf("put an agent: %w", err)
	}
	return nil
}

// RemoveAgent implements gateway.Agents.
func (s *Store) RemoveAgent(ctx context.Context, name string) error {
	err := s.write(ctx, func(t *tx) error {
		found, err := t.changed(`delete from agents where name = ?`, name)
		if err == nil && !found {
			err = gateway.ErrNotFound
		}
		return errors.Join(err, t.signOut(name))
	})
	if err != nil {
		return fmt.Errorf("remove an agent: %w", err)
	}
	return nil
}

// signOut ends the sessions of an agent.
func (t *tx) signOut(name string) error {
	return t.exec(`delete from sessions where agent = ?`, name)
}

// Agent implements gateway.Agents.
func (s *Store) Agent(ctx context.Context, name string) (a gateway.Agent, err error) {
	err = s.read(ctx, func(t *tx) (err error) {
		a, err = get(t, func(r row) (a gateway.Agent, err error) {
			err = r.Scan(&a.Name, &a.PasswordHash, moment{&a.CreatedAt})
			return a, err
		}, `select name, password_hash, created_at from agents where name = ?`, name)
		return err
	})
	if err != nil {
		return a, fmt.Errorf("read an agent: %w", err)
	}
	return a, nil
}

// PutSession implements gateway.Agents.
func (s *Store) PutSession(ctx context.Context, session gateway.Session, now time.Time) error {
	err := s.write(ctx, func(t *tx) error {
		if err := t.exec(`delete from sessions where expires_at <= ?`, nanos(now)); err != nil {
			return err
		}
		const query = `insert or replace into sessions (token_hash, agent, expires_at) values (?, ?, ?)`
		return t.exec(query, session.TokenHash, session.Agent, nanos(session.ExpiresAt))
	})
	if err != nil {
		return fmt.Errorf("put a session: %w", err)
	}
	return nil
}

// Session implements gateway.Agents.
func (s *Store) Session(ctx context.Context, tokenHash string, now time.Time) (session gateway.Session, err error) {
	err = s.read(ctx, func(t *tx) (err error) {
		session, err = get(t, func(r row) (s gateway.Session, err error) {
			err = r.Scan(&s.TokenHash, &s.Agent, moment{&s.ExpiresAt})
			return s, err
		}, `select token_hash, agent, expires_at from sessions where token_hash = ? and expires_at > ?`, tokenHash, nanos(now))
		return err
	})
	if err != nil {
		return session, fmt.Errorf("read a session: %w", err)
	}
	return session, nil
}

// DropSession implements gateway.Agents.
func (s *Store) DropSession(ctx context.Context, tokenHash string) error {
	err := s.write(ctx, func(t *tx) error { return t.exec(`delete from sessions where token_hash = ?`, tokenHash) })
	if err != nil {
		return fmt.Errorf("drop a session: %w", err)
	}
	return nil
}
