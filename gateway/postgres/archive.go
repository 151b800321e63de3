package postgres

import (
	"context"
	"fmt"
	"time"
)

// purgeBatch is how many rows one statement of Purge drops or empties.
const purgeBatch = 1000

// Webhook implements gateway.Archive.
func (s *Store) Webhook(ctx context.Context, messageID string) (body []byte, err error) {
	err = s.pool.QueryRow(ctx, `select w.body from gateway_events e join gateway_webhooks w on w.id = e.webhook
		where e.id = $1 and e.conversation_id is not null`, escape(messageID)).Scan(&body)
	if err != nil {
		return nil, fmt.Errorf("read a webhook: %w", missing(err))
	}
	return body, nil
}

// Purge drops bodies first, and then the Raw of events that is kept beside them, all
// that there is by then.
func (s *Store) Purge(ctx context.Context, before time.Time) (int, error) {
	const bodies = `delete from gateway_webhooks where id in (select id from gateway_webhooks
			where received_at < $1 order by received_at limit $2 for update skip locked)`
	const raws = `update gateway_events set raw = null where digest in (select digest from gateway_events
			where raw is not null and received_at < $1 order by received_at limit $2 for update skip locked)`
	dropped, err := s.pool.Exec(ctx, bodies, stamp(before), purgeBatch)
	if err != nil {
		return 0, fmt.Errorf("purge webhooks: %w", err)
	}
	changed := dropped.RowsAffected() > 0
	for more := true; more; {
		emptied, err := s.pool.Exec(ctx, raws, stamp(before), purgeBatch)
		if err != nil {
			return 0, fmt.Errorf("purge events: %w", err)
		}
		more = emptied.RowsAffected() == purgeBatch
		changed = changed || emptied.RowsAffected() > 0
	}
	if changed {
		if _, err := s.pool.Exec(ctx, bump); err != nil {
			return 0, fmt.Errorf("raise the revision: %w", err)
		}
	}
	return int(dropped.RowsAffected()), nil
}
