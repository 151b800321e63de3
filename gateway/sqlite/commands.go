package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/rag/action"
)

// order writes a command of a turn. One with an id that is there is that one.
func (t *tx) order(conversationID string, c gateway.Command) error {
	call, err := encode(&c.Call)
	if err != nil {
		return err
	}
	const query = `insert into commands (id, conversation_id, channel, user_id, phone, call, version, level, secret, turn_id,
		created_at, deadline, due_at) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?11) on conflict (id) do nothing`
	err = t.exec(query, c.ID, conversationID, c.Channel, c.Customer.UserID, c.Customer.Phone, call, c.Version, int(c.Level),
		c.Secret, c.TurnID, nanos(c.CreatedAt), nanos(c.Deadline))
	if err != nil {
		return fmt.Errorf("write a command: %w", err)
	}
	return nil
}

// dueCommand finds the command that has been due longest.
const dueCommand = `select n from commands where due_at is not null and due_at <= ?1 order by due_at, n limit 1`

// commandColumns are what command reads.
const commandColumns = `id, conversation_id, channel, user_id, phone, call, version, level, turn_id, created_at, deadline`

func command(c *gateway.Command) []any {
	return []any{
		&c.ID, &c.ConversationID, &c.Channel, &c.Customer.UserID, &c.Customer.Phone,
		document{&c.Call},
		&c.Version, &c.Level,
		&c.TurnID,
		moment{&c.CreatedAt},
		moment{&c.Deadline},
	}
}

// NextCommand implements gateway.Commands. With nothing to do it only reads.
func (s *Store) NextCommand(ctx context.Context, now time.Time, lease time.Duration) (*gateway.Command, error) {
	var n int64
	var found bool
	err := s.read(ctx, func(t *tx) (err error) {
		found, err = t.one(dueCommand, []any{nanos(now)}, &n)
		return err
	})
	c := &gateway.Command{}
	if err == nil && found {
		const query = `update commands set attempt = attempt + (published_at = 0), tried_at = ?1, lease = ?2, due_at = ?3
			where n = (` + dueCommand + `) returning ` + commandColumns + `, secret, attempt, lease, published_at <> 0`
		err = s.write(ctx, func(t *tx) (err error) {
			args := []any{nanos(now), gateway.NewID(), nanos(now.Add(lease))}
			found, err = t.one(query, args, append(command(c), &c.Secret, &c.Attempt, &c.Lease, &c.Overdue)...)
			return err
		})
	}
	if err != nil {
		return nil, fmt.Errorf("next command: %w", err)
	}
	if !found {
		return nil, gateway.ErrNoWork
	}
	return c, nil
}

// Published implements gateway.Commands.
func (s *Store) Published(ctx context.Context, c *gateway.Command) error {
	err := s.write(ctx, func(t *tx) error {
		const query = `update commands set published_at = iif(published_at = 0, tried_at, published_at), secret = '', lease = '',
			due_at = nullif(deadline, 0) where id = ? and lease = ? and lease <> ''`
		held, err := t.changed(query, c.ID, c.Lease)
		if err != nil {
			return err
		}
		if held {
			return t.show()
		}
		var ended bool
		if _, err := t.one(`select receipt is not null from commands where id = ?`, []any{c.ID}, &ended); err != nil {
			return err
		}
		if !ended {
			return gateway.ErrLeaseLost
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("note a published command: %w", err)
	}
	return nil
}

// RetryCommand implements gateway.Commands.
func (s *Store) RetryCommand(ctx context.Context, c *gateway.Command, at time.Time) error {
	err := s.write(ctx, func(t *tx) error {
		held, err := t.changed(`update commands set lease = '', due_at = ? where id = ? and lease = ? and lease <> ''`,
			nanos(at), c.ID, c.Lease)
		if err == nil && !held {
			return gateway.ErrLeaseLost
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("retry a command: %w", err)
	}
	return nil
}

const selectCommand = `select ` + commandColumns + `, attempt, published_at, receipt, expired_at from commands`

// scanCommand reads a command without its secret, which nobody needs to see.
func scanCommand(r row) (v gateway.CommandView, err error) {
	err = r.Scan(append(command(&v.Command), &v.Command.Attempt, moment{&v.PublishedAt}, document{&v.Receipt},
		moment{&v.ExpiredAt})...)
	return v, err
}

// Expire implements gateway.Commands.
func (s *Store) Expire(ctx context.Context, c *gateway.Command, now time.Time) error {
	err := s.write(ctx, func(t *tx) error {
		const query = selectCommand + ` where id = ? and lease = ? and lease <> ''`
		v, err := get(t, scanCommand, query, c.ID, c.Lease)
		if errors.Is(err, gateway.ErrNotFound) {
			return gateway.ErrLeaseLost
		}
		if err != nil {
			return err
		}
		const end = `update commands set expired_at = ?, secret = '', lease = '', due_at = null where id = ?`
		if err := t.exec(end, nanos(now), c.ID); err != nil {
			return err
		}
		v.Command.Overdue = !v.PublishedAt.IsZero()
		return t.affect(v.Command.ConversationID, now, func(c gateway.Conversation) gateway.Effect {
			return gateway.ApplyOverdue(c, v.Command, now)
		})
	})
	if err != nil {
		return fmt.Errorf("expire a command: %w", err)
	}
	return nil
}

// Receive implements gateway.Commands.
func (s *Store) Receive(ctx context.Context, r action.Receipt, now time.Time) error {
	err := s.write(ctx, func(t *tx) error {
		v, err := get(t, scanCommand, selectCommand+` where id = ?`, r.CommandID)
		if err != nil || v.Receipt != nil {
			return err
		}
		receipt, err := encode(&r)
		if err != nil {
			return err
		}
		// Whoever answers has read it.
		const end = `update commands set receipt = ?, published_at = iif(published_at = 0, ?, published_at), secret = '', lease = '',
			due_at = null where id = ?`
		if err := t.exec(end, receipt, nanos(now), r.CommandID); err != nil {
			return err
		}
		return t.affect(v.Command.ConversationID, now, func(c gateway.Conversation) gateway.Effect {
			return gateway.ApplyReceipt(c, v.Command, !v.ExpiredAt.IsZero(), r, now)
		})
	})
	if err != nil {
		return fmt.Errorf("take a receipt: %w", err)
	}
	return nil
}

// affect writes what the end of a command changes in its conversation. A turn under way
// knows nothing of this and is refused.
func (t *tx) affect(conversationID string, now time.Time, effect func(gateway.Conversation) gateway.Effect) error {
	c, err := get(t, scanConversation, selectConversation+` where id = ?`, conversationID)
	if err != nil {
		return fmt.Errorf("read the conversation of a command: %w", err)
	}
	e := effect(c)
	memory, err := encode(&e.Memory)
	if err != nil {
		return err
	}
	const query = `update conversations set memory = ?, epoch = epoch + 1, updated_at = max(updated_at, ?) where id = ?`
	if err := t.exec(query, memory, nanos(now), c.ID); err != nil {
		return fmt.Errorf("write the conversation of a command: %w", err)
	}
	for _, o := range e.Outgoing {
		if err := t.follow(c.ID, o); err != nil {
			return err
		}
	}
	if e.Handoff != nil {
		if err := t.fallTo(c.ID, func(gateway.Conversation) gateway.Handoff { return *e.Handoff }); err != nil {
			return err
		}
	}
	if e.Record != nil {
		if err := t.keep(c.ID, *e.Record); err != nil {
			return err
		}
	}
	return errors.Join(t.cancelOwned(c.ID), t.show())
}

// Commands implements gateway.Commands.
func (s *Store) Commands(ctx context.Context, conversationID string) (all []gateway.CommandView, err error) {
	err = s.readOf(ctx, conversationID, func(t *tx) (err error) {
		all, err = list(t, scanCommand, selectCommand+` where conversation_id = ? order by n`, conversationID)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list commands: %w", err)
	}
	return all, nil
}
