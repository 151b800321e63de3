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
	err = s.pool.QueryRow(ctx, `select coalesce(w.body, e.raw) from gateway_events e left join gateway_webhooks w on w.id = e.webhook
		where e.id = $1 and e.conversation_id is not null and (w.id is not null or e.raw is not null and e.body_to is not null)`, escape(messageID)).Scan(&body)
	if err != nil {
		return nil, fmt.Errorf("read a webhook: %w", missing(err))
	}
	return body, nil
}

// The statements of Purge: each drops or empties a batch of what was received before.
const (
	purgeBodies = `delete from gateway_webhooks where id in (select id from gateway_webhooks
		where received_at < $1 order by received_at limit $2 for update skip locked)`
	purgeWhole = `update gateway_events set raw = null where digest in (select digest from gateway_events
		where raw is not null and body_to is not null and received_at < $1 order by received_at limit $2 for update skip locked)`
	purgeRaws = `update gateway_events set raw = null where digest in (select digest from gateway_events
		where raw is not null and received_at < $1 order by received_at limit $2 for update skip locked)`
)

// Purge drops bodies first, those apart and those beside their one event, and when
// there are no more of them all other Raw.
func (s *Store) Purge(ctx context.Context, before time.Time) (int, error) {
	apart, err := s.purge(ctx, purgeBodies, before, purgeBatch)
	if err != nil {
		return 0, fmt.Errorf("purge webhooks: %w", err)
	}
	whole, err := s.purge(ctx, purgeWhole, before, purgeBatch-apart)
	if err != nil {
		return 0, fmt.Errorf("purge webhooks of one event: %w", err)
	}
	changed := apart + whole
	for more := changed < purgeBatch; more; {
		emptied, err := s.purge(ctx, purgeRaws, before, purgeBatch)
		if err != nil {
			return 0, fmt.Errorf("purge events: %w", err)
		}
		more = emptied == purgeBatch
		changed += emptied
	}
	if changed > 0 {
		if _, err := s.pool.Exec(ctx, bump); err != nil {
			return 0, fmt.Errorf("raise the revision: %w", err)
		}
	}
	return apart + whole, nil
}

// purge runs one of the statements and counts what it dropped.
func (s *Store) purge(ctx context.Context, query string, before time.Time, most int) (int, error) {
	if most <= 0 {
		return 0, nil
	}
	done, err := s.pool.Exec(ctx, query, stamp(before), most)
	return int(done.RowsAffected()), err
}
