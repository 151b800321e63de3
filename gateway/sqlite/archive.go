package sqlite

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/recado/recado/gateway"
)

// purgeBatch is how many rows one transaction of Purge drops or empties, so that
// accepting never waits long for it.
const purgeBatch = 1000

// The statements of Purge: each drops or empties a batch of what was received before.
const (
	purgeBodies = `delete from webhooks where id in (
		select id from webhooks where received_at < ? order by received_at limit ?)`
	purgeWhole = `update events set raw = null where seq in (
		select seq from events where raw is not null and body_to is not null and received_at < ? order by received_at limit ?)`
	purgeRaws = `update events set raw = null where seq in (
		select seq from events where raw is not null and received_at < ? order by received_at limit ?)`
)

// Webhook implements gateway.Archive.
func (s *Store) Webhook(ctx context.Context, messageID string) (body []byte, err error) {
	digits, isIn := strings.CutPrefix(messageID, "in-")
	seq, parseErr := strconv.ParseInt(digits, 10, 64)
	if !isIn || parseErr != nil || strconv.FormatInt(seq, 10) != digits {
		return nil, fmt.Errorf("read a webhook: %w", gateway.ErrNotFound)
	}
	const query = `select coalesce(w.body, e.raw) from events e left join webhooks w on w.id = e.webhook
		where e.seq = ? and e.conversation_id is not null and (w.id is not null or e.raw is not null and e.body_to is not null)`
	err = s.read(ctx, func(t *tx) error {
		found, err := t.one(query, []any{seq}, &body)
		if err == nil && !found {
			err = gateway.ErrNotFound
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read a webhook: %w", err)
	}
	return body, nil
}

// Purge implements gateway.Archive. It drops bodies first, those apart and those beside
// their one event, and when there are no more of them all other Raw.
func (s *Store) Purge(ctx context.Context, before time.Time) (int, error) {
	apart, err := s.purge(ctx, purgeBodies, before, purgeBatch)
	if err != nil {
		return 0, fmt.Errorf("purge webhooks: %w", err)
	}
	whole, err := s.purge(ctx, purgeWhole, before, purgeBatch-apart)
	if err != nil {
		return 0, fmt.Errorf("purge webhooks of one event: %w", err)
	}
	emptied := int64(purgeBatch)
	if apart+whole == purgeBatch {
		emptied = 0 // there may be more bodies
	}
	for emptied == purgeBatch {
		if emptied, err = s.purge(ctx, purgeRaws, before, purgeBatch); err != nil {
			return 0, fmt.Errorf("purge events: %w", err)
		}
	}
	return int(apart + whole), nil
}

// purge runs one of the statements and counts what it dropped.
func (s *Store) purge(ctx context.Context, query string, before time.Time, most int64) (n int64, err error) {
	if most <= 0 {
		return 0, nil
	}
	err = s.write(ctx, func(t *tx) (err error) {
		if n, err = t.affected(query, nanos(before), most); err != nil || n == 0 {
			return err
		}
		return t.show()
	})
	return n, err
}
