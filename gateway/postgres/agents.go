package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/recado/recado/gateway"
)

// PutAgent implements gateway.Agents.
func (s *Store) PutAgent(ctx context.Context, a gateway.Agent) error {
	batch := &pgx.Batch{}
	batch.Queue(`insert into gateway_agents (name, password_hash, created_at) values ($1, $2, $3)
		on conflict (name) do update set password_hash = excluded.password_hash, created_at = excluded.created_at`,
		escape(a.Name), escape(a.PasswordHash), stamp(a.CreatedAt))
	batch.Queue(signOut, escape(a.Name))
	if err := send(ctx, s.pool, batch); err != nil {
		return fmt.Errorf("put an agent: %w", err)
	}
	return nil
}

// signOut ends the sessions of an agent.
const signOut = `delete from gateway_sessions where agent = $1`

// RemoveAgent implements gateway.Agents.
func (s *Store) RemoveAgent(ctx context.Context, name string) error {
	var removed int64
	batch := &pgx.Batch{}
	batch.Queue(`delete from gateway_agents where name = $1`, escape(name)).Exec(func(done pgconn.CommandTag) error {
		removed = done.RowsAffected()
		return nil
	})
	batch.Queue(signOut, escape(name))
	err := send(ctx, s.pool, batch)
	if err == nil && removed == 0 {
		err = gateway.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("remove an agent: %w", err)
	}
	return nil
}

// Agent implements gateway.Agents.
func (s *Store) Agent(ctx context.Context, name string) (gateway.Agent, error) {
	var a gateway.Agent
	err := s.pool.QueryRow(ctx, `select name, password_hash, created_at from gateway_agents where name = $1`, escape(name)).
		Scan(scan(&a.Name), scan(&a.PasswordHash), when(&a.CreatedAt))
	if err != nil {
		return gateway.Agent{}, fmt.Errorf("read an agent: %w", missing(err))
	}
	return a, nil
}

// PutSession implements gateway.Agents.
func (s *Store) PutSession(ctx context.Context, session gateway.Session, now time.Time) error {
	batch := &pgx.Batch{}
	batch.Queue(`delete from gateway_sessions where expires_at <= $1`, stamp(now))
	batch.Queue(`insert into gateway_sessions (token_hash, agent, expires_at) values ($1, $2, $3)
		on conflict (token_hash) do update set agent = excluded.agent, expires_at = excluded.expires_at`,
		escape(session.TokenHash), escape(session.Agent), present(session.ExpiresAt))
	if err := send(ctx, s.pool, batch); err != nil {
		return fmt.Errorf("put a session: %w", err)
	}
	return nil
}

// Session implements gateway.Agents.
func (s *Store) Session(ctx context.Context, tokenHash string, now time.Time) (gateway.Session, error) {
	var session gateway.Session
	err := s.pool.QueryRow(ctx, `select token_hash, agent, expires_at from gateway_sessions
		where token_hash = $1 and expires_at > $2`, escape(tokenHash), stamp(now)).
		Scan(scan(&session.TokenHash), scan(&session.Agent), when(&session.ExpiresAt))
	if err != nil {
		return gateway.Session{}, fmt.Errorf("read a session: %w", missing(err))
	}
	return session, nil
}

// DropSession implements gateway.Agents.
func (s *Store) DropSession(ctx context.Context, tokenHash string) error {
	if _, err := s.pool.Exec(ctx, `delete from gateway_sessions where token_hash = $1`, escape(tokenHash)); err != nil {
		return fmt.Errorf("drop a session: %w", err)
	}
	return nil
}
