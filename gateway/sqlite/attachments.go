package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/recado/recado/gateway"
)

// Why a file can't be had from the beginning, or any more.
const (
	fileUnnamed   = "The channel gave no file"
	fileWithdrawn = "The customer withdrew the message"
)

// addFile makes the file of an event that is filed wait to be fetched. One without a
// name at the channel can't be.
func (t *tx) addFile(e filing, now time.Time) error {
	due := e.ReceivedAt
	if now.Before(due) {
		due = now
	}
	const query = `insert into files (event, id, state, due_at, wait_until, error) values (?, ?, ?, ?, ?, ?)`
	args := []any{e.seq, gateway.NewID(), string(gateway.FileWaiting), nanos(due), nanos(e.ReceivedAt.Add(gateway.FileWait)), nil}
	if e.Message.Media.ProviderID == "" {
		reason, err := encode(&gateway.SendError{Title: fileUnnamed})
		if err != nil {
			return err
		}
		args[2], args[3], args[5] = string(gateway.FileFailed), nil, reason
	}
	if err := t.exec(query, args...); err != nil {
		return fmt.Errorf("add a file: %w", err)
	}
	return nil
}

// withdrawFile ends the file of a message that was withdrawn. It is due once more, so that
// its content is removed; a lease stays, so that whoever is fetching can give it back.
func (t *tx) withdrawFile(event int64) error {
	reason, err := encode(&gateway.SendError{Title: fileWithdrawn})
	if err != nil {
		return err
	}
	const query = `update files set state = 'failed',
			due_at = case when state = 'failed' or lease <> '' then due_at else 0 end, type = '', size = 0, sha256 = '', words = '', error = ?
		where event = ?`
	if err := t.exec(query, reason, event); err != nil {
		return fmt.Errorf("withdraw a file: %w", err)
	}
	return nil
}

// selectFile reads a file with what its message says of it.
const selectFile = `select e.conversation_id, e.channel, coalesce(c.language, ''), e.at, f.attempt, f.lease, e.body, ` + mediaColumns + `
	from files f join events e on e.seq = f.event left join conversations c on c.id = e.conversation_id`

func scanFile(r row) (f gateway.File, err error) {
	var message gateway.Message
	var became gateway.Media
	places := []any{&f.ConversationID, &f.Channel, &f.Language, moment{&f.At}, &f.Attempt, &f.Lease, document{&message}}
	if err := r.Scan(append(places, media(&became)...)...); err != nil {
		return f, err
	}
	f.ID, f.Message, f.Caption = became.FileID, message.Type, message.Text
	if said := message.Media; said != nil {
		f.Media = *said
	}
	m := &f.Media
	m.FileID, m.State, m.Type, m.Size = became.FileID, became.State, became.Type, became.Size
	m.Words, m.Error = became.Words, became.Error
	return f, nil
}

// fetchable finds the file that has been due longest. The end of a lease makes it due
// again.
const fetchable = `select event from files where due_at <= ? order by due_at, id limit 1`

// NextFile implements gateway.Files. With nothing to fetch it only reads.
func (s *Store) NextFile(ctx context.Context, now time.Time, lease time.Duration) (*gateway.File, error) {
	var event int64
	var found bool
	err := s.read(ctx, func(t *tx) (err error) {
		found, err = t.one(fetchable, []any{nanos(now)}, &event)
		return err
	})
	var f gateway.File
	if err == nil && found {
		err = s.write(ctx, func(t *tx) (err error) {
			f, found, err = t.takeFile(now, lease)
			return err
		})
	}
	if err != nil {
		return nil, fmt.Errorf("next file: %w", err)
	}
	if !found {
		return nil, gateway.ErrNoWork
	}
	return &f, nil
}

func (t *tx) takeFile(now time.Time, lease time.Duration) (f gateway.File, found bool, err error) {
	const take = `update files set attempt = attempt + 1, lease = ?, due_at = ? where event = (` + fetchable + `) returning event`
	var event int64
	found, err = t.one(take, []any{gateway.NewID(), nanos(now.Add(lease)), nanos(now)}, &event)
	if err != nil || !found {
		return f, false, err
	}
	f, err = get(t, scanFile, selectFile+` where f.event = ?`, event)
	return f, true, err
}

// File implements gateway.Files.
func (s *Store) File(ctx context.Context, id string) (f gateway.File, err error) {
	err = s.read(ctx, func(t *tx) (err error) {
		f, err = get(t, scanFile, selectFile+` where f.id = ?`, id)
		return err
	})
	if err != nil {
		return gateway.File{}, fmt.Errorf("read a file: %w", err)
	}
	f.Attempt, f.Lease = 0, ""
	return f, nil
}

// SettleFile implements gateway.Files.
func (s *Store) SettleFile(ctx context.Context, f *gateway.File, r gateway.FileResult) error {
	err := s.write(ctx, func(t *tx) error {
		held, err := get(t, scanFile, selectFile+` where f.id = ? and f.lease = ? and f.lease <> ''`, f.ID, f.Lease)
		if errors.Is(err, gateway.ErrNotFound) {
			return gateway.ErrLeaseLost
		}
		if err != nil {
			return err
		}
		if held.Media.State != gateway.FileWaiting {
			return t.releaseFile(f.ID, r)
		}
		if err := t.settleFile(f.ID, r); err != nil {
			return err
		}
		return errors.Join(t.fileSettled(held.ConversationID), t.show())
	})
	if err != nil {
		return fmt.Errorf("settle a file: %w", err)
	}
	return nil
}

// releaseFile gives a file back that was withdrawn: it is done with when its content is
// gone, and due again when content came after all or could not be removed.
func (t *tx) releaseFile(id string, r gateway.FileResult) error {
	var due any
	switch r.State {
	case gateway.FileStored:
		due = 0
	case gateway.FileWaiting:
		due = nanos(r.RetryAt)
	case gateway.FileFailed:
	}
	return t.exec(`update files set lease = '', due_at = ? where id = ?`, due, id)
}

func (t *tx) settleFile(id string, r gateway.FileResult) error {
	var due any
	switch r.State {
	case gateway.FileWaiting:
		due = nanos(r.RetryAt)
	case gateway.FileStored, gateway.FileFailed:
	default:
		return fmt.Errorf("%w: an unknown state of a file", gateway.ErrInvalid)
	}
	reason, err := encode(r.Error)
	if err != nil {
		return err
	}
	const query = `update files set state = ?, due_at = ?, lease = '', type = ?, size = ?, sha256 = ?, words = ?, error = ?
		where id = ?`
	return t.exec(query, string(r.State), due, r.Type, r.Size, r.SHA256, r.Words, reason, id)
}

// fileSettled times the burst of a conversation anew after what it waits for changed. A
// turn that is to be tried again is not tried sooner for it.
func (t *tx) fileSettled(conversationID string) error {
	var later bool
	const query = `select due_at > retry_at from conversations where id = ? and due_at is not null`
	if _, err := t.one(query, []any{conversationID}, &later); err != nil || !later {
		return err
	}
	return t.schedule(conversationID)
}
