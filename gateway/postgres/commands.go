package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/rag/action"
)

// queueCommand adds a command of a turn to a batch. One with an id that is there is that
// one.
func queueCommand(batch *pgx.Batch, conversationID string, c gateway.Command) error {
	call, err := document(&c.Call)
	if err != nil {
		return fmt.Errorf("encode a command: %w", err)
	}
	batch.Queue(`insert into gateway_commands (id, conversation_id, channel, user_id, phone, call, version, level, secret, turn_id,
			created_at, deadline, due_at)
		values ($1, $2, $3, $4, $5, $6::text::json, $7, $8, $9, $10, $11, $12, $11) on conflict (id) do nothing`,
		escape(c.ID), escape(conversationID), escape(c.Channel), escape(c.Customer.UserID), escape(c.Customer.Phone), call,
		escape(c.Version), int(c.Level), escape(c.Secret), escape(c.TurnID), present(c.CreatedAt), stamp(c.Deadline))
	return nil
}

// commandColumns are what commandPlaces reads, of a table named c.
const commandColumns = `c.id, c.conversation_id, c.channel, c.user_id, c.phone, c.call, c.version, c.level, c.turn_id,
	c.created_at, c.deadline, c.attempt`

func commandPlaces(c *gateway.Command) []any {
	return []any{
		scan(&c.ID), scan(&c.ConversationID), scan(&c.Channel), scan(&c.Customer.UserID), scan(&c.Customer.Phone), &c.Call,
		scan(&c.Version), &c.Level, scan(&c.TurnID), when(&c.CreatedAt), when(&c.Deadline), &c.Attempt,
	}
}

// nextCommandQuery leases the command that has been due longest. The end of the lease
// makes it due again. With nothing to do nothing is written.
const nextCommandQuery = `
with next as materialized (
	select id from gateway_commands where due_at <= $1
	order by due_at, n limit 1 for no key update skip locked
)
update gateway_commands c set attempt = c.attempt + (c.published_at is null)::int, tried_at = $1, lease = $2, due_at = $3
from next where c.id = next.id
returning ` + commandColumns + `, c.secret, c.lease, c.published_at is not null`

// NextCommand implements gateway.Commands.
func (s *Store) NextCommand(ctx context.Context, now time.Time, lease time.Duration) (*gateway.Command, error) {
	c := &gateway.Command{}
	err := persist(func() error {
		row := s.pool.QueryRow(ctx, nextCommandQuery, stamp(now), gateway.NewID(), stamp(now.Add(lease)))
		return row.Scan(append(commandPlaces(c), scan(&c.Secret), scan(&c.Lease), &c.Overdue)...)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, gateway.ErrNoWork
	}
	if err != nil {
		return nil, fmt.Errorf("lease a command: %w", err)
	}
	return c, nil
}

// publishedQuery says whether the lease was held, and else whether a receipt ended the
// command.
const publishedQuery = `
with held as (
	update gateway_commands set published_at = coalesce(published_at, tried_at), secret = '', lease = null, due_at = deadline
	where id = $1 and lease = $2 returning id
), seen as (
	update gateway_revision set n = n + 1 where shard = pg_backend_pid() % 64 and exists (select from held)
)
select exists (select from held) or exists (select from gateway_commands where id = $1 and receipt is not null)`

// Published implements gateway.Commands.
func (s *Store) Published(ctx context.Context, c *gateway.Command) error {
	var noted bool
	err := persist(func() error {
		return s.pool.QueryRow(ctx, publishedQuery, escape(c.ID), escape(c.Lease)).Scan(&noted)
	})
	if err == nil && !noted {
		err = gateway.ErrLeaseLost
	}
	if err != nil {
		return fmt.Errorf("note a published command: %w", err)
	}
	return nil
}

// RetryCommand implements gateway.Commands.
func (s *Store) RetryCommand(ctx context.Context, c *gateway.Command, at time.Time) error {
	done, err := s.pool.Exec(ctx, `update gateway_commands set lease = null, due_at = $3 where id = $1 and lease = $2`,
		escape(c.ID), escape(c.Lease), present(at))
	if err == nil && done.RowsAffected() == 0 {
		err = gateway.ErrLeaseLost
	}
	if err != nil {
		return fmt.Errorf("retry a command: %w", err)
	}
	return nil
}

const viewedColumns = commandColumns + `, c.published_at, c.receipt, c.expired_at`

// scanCommand reads a command without its secret, which nobody needs to see.
func scanCommand(row pgx.CollectableRow) (gateway.CommandView, error) {
	var v gateway.CommandView
	return v, row.Scan(viewPlaces(&v)...)
}

func viewPlaces(v *gateway.CommandView) []any {
	return append(commandPlaces(&v.Command), when(&v.PublishedAt), &v.Receipt, when(&v.ExpiredAt))
}

// ending is a command that is about to end, locked with its conversation.
type ending struct {
	gateway.CommandView
	lease        string
	conversation gateway.Conversation
}

// errMoved says that a merge of contacts moved a command while it was being locked.
var errMoved = errors.New("the command belongs to another conversation now")

// lockCommand locks a command and its conversation, which goes first.
func lockCommand(ctx context.Context, tx pgx.Tx, id string) (e ending, err error) {
	found, err := tx.Query(ctx, `select `+conversationColumns+` from gateway_conversations c
		where c.id = (select conversation_id from gateway_commands where id = $1) for no key update`, escape(id))
	if err != nil {
		return e, err
	}
	list, err := pgx.CollectRows(found, scanConversation)
	if err != nil {
		return e, err
	}
	row := tx.QueryRow(ctx, `select `+viewedColumns+`, c.lease from gateway_commands c where c.id = $1 for no key update`, escape(id))
	if err := row.Scan(append(viewPlaces(&e.CommandView), scan(&e.lease))...); err != nil {
		return e, missing(err)
	}
	if len(list) == 0 || list[0].ID != e.Command.ConversationID {
		return e, errMoved
	}
	e.conversation = list[0].Conversation
	return e, nil
}

// end ends a command in one transaction, once more when it was moved meanwhile.
func (s *Store) end(ctx context.Context, id string, do func(pgx.Tx, ending) error) error {
	var err error
	for range tries {
		err = s.transact(ctx, func(tx pgx.Tx) error {
			e, err := lockCommand(ctx, tx, id)
			if err != nil {
				return err
			}
			return do(tx, e)
		})
		if !errors.Is(err, errMoved) {
			return err
		}
	}
	return err
}

// Expire implements gateway.Commands.
func (s *Store) Expire(ctx context.Context, c *gateway.Command, now time.Time) error {
	err := s.end(ctx, c.ID, func(tx pgx.Tx, e ending) error {
		if e.lease == "" || e.lease != c.Lease {
			return gateway.ErrLeaseLost
		}
		e.Command.Overdue = !e.PublishedAt.IsZero()
		batch := &pgx.Batch{}
		batch.Queue(`update gateway_commands set expired_at = $2, secret = '', lease = null, due_at = null where id = $1`,
			escape(c.ID), present(now))
		if err := queueEffect(batch, e.conversation, gateway.ApplyOverdue(e.conversation, e.Command, now), now); err != nil {
			return err
		}
		return send(ctx, tx, batch)
	})
	if errors.Is(err, gateway.ErrNotFound) {
		err = gateway.ErrLeaseLost
	}
	if err != nil {
		return fmt.Errorf("expire a command: %w", err)
	}
	return nil
}

// Receive implements gateway.Commands. Whoever answers has read the command.
func (s *Store) Receive(ctx context.Context, r action.Receipt, now time.Time) error {
	err := s.end(ctx, r.CommandID, func(tx pgx.Tx, e ending) error {
		if e.Receipt != nil {
			return nil
		}
		receipt, err := document(&r)
		if err != nil {
			return fmt.Errorf("encode a receipt: %w", err)
		}
		batch := &pgx.Batch{}
		batch.Queue(`update gateway_commands set receipt = $2::text::json, published_at = coalesce(published_at, $3), secret = '',
			lease = null, due_at = null where id = $1`, escape(r.CommandID), receipt, present(now))
		effect := gateway.ApplyReceipt(e.conversation, e.Command, !e.ExpiredAt.IsZero(), r, now)
		if err := queueEffect(batch, e.conversation, effect, now); err != nil {
			return err
		}
		return send(ctx, tx, batch)
	})
	if err != nil {
		return fmt.Errorf("take a receipt: %w", err)
	}
	return nil
}

// queueEffect adds to a batch what the end of a command changes in its conversation,
// which is locked. A turn under way knows nothing of this and is refused.
func queueEffect(batch *pgx.Batch, c gateway.Conversation, e gateway.Effect, now time.Time) error {
	changed := &conversation{Conversation: c}
	changed.Memory, changed.UpdatedAt = e.Memory, later(c.UpdatedAt, now)
	changed.Epoch++
	for _, o := range e.Outgoing {
		if err := queueFollow(batch, c.ID, o); err != nil {
			return err
		}
	}
	if e.Handoff != nil && !changed.withPerson() {
		changed.queue(*e.Handoff)
		if err := queueHandoff(batch, c.ID, *e.Handoff); err != nil {
			return err
		}
	}
	if err := queueOwner(batch, changed.Conversation); err != nil {
		return err
	}
	if changed.Mode == gateway.ModeAgent {
		queueCancel(batch, c.ID)
	}
	if e.Record != nil {
		if err := queueRecord(batch, c.ID, *e.Record); err != nil {
			return err
		}
	}
	batch.Queue(bump)
	return nil
}

// Commands implements gateway.Commands.
func (s *Store) Commands(ctx context.Context, conversationID string) (list []gateway.CommandView, err error) {
	var exists bool
	batch := &pgx.Batch{}
	batch.Queue(`select exists (select from gateway_conversations where id = $1)`, escape(conversationID)).
		QueryRow(func(row pgx.Row) error { return row.Scan(&exists) })
	batch.Queue(`select `+viewedColumns+` from gateway_commands c where c.conversation_id = $1 order by c.n`, escape(conversationID)).
		Query(func(rows pgx.Rows) (err error) {
			list, err = pgx.CollectRows(rows, scanCommand)
			return err
		})
	if err = send(ctx, s.pool, batch); err == nil && !exists {
		err = gateway.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("list commands: %w", err)
	}
	return list, nil
}
