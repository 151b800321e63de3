package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/recado/recado/gateway"
)

// Why a file can't be had from the beginning, or any more.
const (
	fileUnnamed   = "The channel gave no file"
	fileWithdrawn = "The customer withdrew the message"
)

const (
	fileSelect = `select f.id, e.conversation_id, e.channel, c.language, e.happened_at, f.attempt, f.lease, e.message, ` + fileColumns
	fileFrom   = ` f join gateway_events e on e.digest = f.event left join gateway_conversations c on c.id = e.conversation_id`
)

// nextFileQuery leases the file that has been due longest. The end of the lease makes
// it due again. With nothing to fetch nothing is written.
const nextFileQuery = `
with next as materialized (
	select id from gateway_files where due_at <= $1
	order by due_at, id limit 1 for no key update skip locked
), leased as (
	update gateway_files g set attempt = g.attempt + 1, lease = $2, due_at = $3
	from next where g.id = next.id returning g.*
)
` + fileSelect + ` from leased` + fileFrom

func scanFile(row pgx.CollectableRow) (gateway.File, error) {
	var f gateway.File
	var message *gateway.Message
	var a attachment
	err := row.Scan(append([]any{
		scan(&f.ID), scan(&f.ConversationID), scan(&f.Channel), scan(&f.Language), when(&f.At), &f.Attempt, scan(&f.Lease), &message,
	}, a.places()...)...)
	if message != nil {
		f.Message, f.Caption = message.Type, message.Text
		if message.Media != nil {
			f.Media = *message.Media
		}
	}
	a.fill(&f.Media)
	return f, err
}

// NextFile implements gateway.Files.
func (s *Store) NextFile(ctx context.Context, now time.Time, lease time.Duration) (*gateway.File, error) {
	f, err := s.oneFile(ctx, nextFileQuery, stamp(now), gateway.NewID(), stamp(now.Add(lease)))
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, gateway.ErrNoWork
	}
	if err != nil {
		return nil, fmt.Errorf("lease a file: %w", err)
	}
	return &f, nil
}

// File implements gateway.Files.
func (s *Store) File(ctx context.Context, id string) (gateway.File, error) {
	f, err := s.oneFile(ctx, fileSelect+` from gateway_files`+fileFrom+` where f.id = $1`, escape(id))
	if err != nil {
		return gateway.File{}, fmt.Errorf("read a file: %w", missing(err))
	}
	f.Attempt, f.Lease = 0, ""
	return f, nil
}

func (s *Store) oneFile(ctx context.Context, query string, args ...any) (gateway.File, error) {
	found, err := s.pool.Query(ctx, query, args...)
	if err != nil {
		return gateway.File{}, err
	}
	return pgx.CollectExactlyOneRow(found, scanFile)
}

// settleFileQuery writes the result of an attempt to fetch a file that is still
// wanted, and releaseFileQuery gives one back that was withdrawn: it is done with when
// its content is gone, and due again when content came after all or could not be removed.
const (
	settleFileQuery = `update gateway_files set state = $3, due_at = case when $3 = 'waiting' then $4::timestamptz end,
			lease = null, type = $5, size = $6, sha256 = $7, words = $8, error = $9::text::json
		where id = $1 and lease = $2 and state = 'waiting'`
	releaseFileQuery = `update gateway_files set lease = null,
			due_at = case $3 when 'stored' then timestamptz 'epoch' when 'waiting' then $4::timestamptz end
		where id = $1 and lease = $2 and state <> 'waiting'`
)

// SettleFile implements gateway.Files.
func (s *Store) SettleFile(ctx context.Context, f *gateway.File, r gateway.FileResult) error {
	reason, err := document(r.Error)
	if err != nil {
		return fmt.Errorf("settle a file: %w", err)
	}
	args := []any{
		escape(f.ID), escape(f.Lease), escape(string(r.State)), stamp(r.RetryAt), escape(r.Type), r.Size, escape(r.SHA256),
		escape(r.Words), reason,
	}
	var held int64
	err = s.transact(ctx, func(tx pgx.Tx) (err error) {
		held, err = settleFile(ctx, tx, args)
		return err
	})
	if err == nil && held == 0 {
		err = gateway.ErrLeaseLost
	}
	if err != nil {
		return fmt.Errorf("settle a file: %w", err)
	}
	return nil
}

// settleFile locks the conversation, which goes first, and times its burst anew: unless
// it is due by something else than the burst, which is an attempt to be repeated.
func settleFile(ctx context.Context, tx pgx.Tx, args []any) (held int64, err error) {
	const burst = `(` + burstDue + ` and e.conversation_id = c.id)`
	var timed []string
	count := func(done pgconn.CommandTag) error { held += done.RowsAffected(); return nil }
	batch := &pgx.Batch{}
	batch.Queue(`select c.id from gateway_conversations c where c.id = (select e.conversation_id
		from gateway_files f join gateway_events e on e.digest = f.event where f.id = $1) for no key update`, args[0])
	batch.Queue(`select c.id from gateway_conversations c where c.id = (select e.conversation_id
			from gateway_files f join gateway_events e on e.digest = f.event where f.id = $1)
		and c.due_at is not distinct from `+burst, args[0]).
		Query(func(rows pgx.Rows) (err error) {
			timed, err = pgx.CollectRows(rows, pgx.RowTo[string])
			return err
		})
	batch.Queue(releaseFileQuery, args[:4]...).Exec(count)
	batch.Queue(settleFileQuery, args...).Exec(count)
	if err := send(ctx, tx, batch); err != nil || held == 0 {
		return held, err
	}
	batch = &pgx.Batch{}
	batch.Queue(`update gateway_conversations c set due_at = `+burst+` where c.id = any($1)`, timed)
	batch.Queue(bump)
	return held, send(ctx, tx, batch)
}

// queueFiles adds a row for each file of the events to a batch. One without a name at
// the channel can't be fetched.
func (f *filing) queueFiles(batch *pgx.Batch) error {
	unnamed, err := document(&gateway.SendError{Title: fileUnnamed})
	if err != nil {
		return err
	}
	var ids, states []string
	var events [][]byte
	var errs []*string
	var dues, waits []pgtype.Timestamptz
	for i := range f.events {
		e := &f.events[i]
		if e.file == nil || e.conversation == "" || !e.waits() {
			continue
		}
		state, due, reason := gateway.FileWaiting, stamp(earlier(e.ReceivedAt, f.now)), (*string)(nil)
		if !*e.file {
			state, due, reason = gateway.FileFailed, pgtype.Timestamptz{}, unnamed
		}
		d := digestOf(e.Key)
		ids, events, states = append(ids, gateway.NewID()), append(events, d[:]), append(states, string(state))
		dues, waits, errs = append(dues, due), append(waits, present(e.ReceivedAt.Add(gateway.FileWait))), append(errs, reason)
	}
	if len(ids) > 0 {
		batch.Queue(`insert into gateway_files (id, event, state, due_at, wait_until, error)
			select i.id, i.event, i.state, i.due_at, i.wait_until, i.error::json
			from unnest($1::text[], $2::bytea[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::text[])
				as i (id, event, state, due_at, wait_until, error)`, ids, events, states, dues, waits, errs)
	}
	return nil
}

// earlier is the earlier of two times.
func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
