package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/recado/recado/gateway"
)

// seenFor is how long an alert that somebody has seen may repeat itself unseen.
const seenFor = 24 * time.Hour

// lockAlerts makes whoever raises alerts or changes templates wait for the other.
const lockAlerts = `select pg_advisory_xact_lock($1)`

// Raise implements gateway.Channel.
func (s *Store) Raise(ctx context.Context, a gateway.Alert) error {
	err := s.transact(ctx, func(tx pgx.Tx) error { return raise(ctx, tx, []gateway.Alert{a}) })
	if err != nil {
		return fmt.Errorf("raise an alert: %w", err)
	}
	return nil
}

// raiseAlerts raises the alerts among the events.
func (f *filing) raiseAlerts(ctx context.Context) error {
	var list []gateway.Alert
	for _, e := range f.events {
		if e.Kind == gateway.EventAlert && e.Alert != nil {
			a := *e.Alert
			if a.At.IsZero() {
				a.At = e.At
			}
			list = append(list, a)
		}
	}
	if len(list) == 0 {
		return nil
	}
	return raise(ctx, f.tx, list)
}

// raise keeps alerts in their order.
func raise(ctx context.Context, tx pgx.Tx, list []gateway.Alert) error {
	if _, err := tx.Exec(ctx, lockAlerts, int64(alertLock)); err != nil {
		return fmt.Errorf("wait for alerts: %w", err)
	}
	for _, a := range list {
		if err := raiseOne(ctx, tx, a); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, bump); err != nil {
		return fmt.Errorf("raise the revision: %w", err)
	}
	return nil
}

func raiseOne(ctx context.Context, tx pgx.Tx, a gateway.Alert) error {
	newest, err := newestAlert(ctx, tx, a)
	if err != nil {
		return err
	}
	if newest.ID != "" && newest.State == a.State && newest.Level == a.Level {
		if !newest.SeenAt.IsZero() && a.At.Sub(newest.SeenAt) > seenFor {
			newest.SeenBy, newest.SeenAt = "", time.Time{}
		}
		_, err = tx.Exec(ctx, `update gateway_alerts set at = greatest(at, $2), seen_by = $3, seen_at = $4 where id = $1`,
			escape(newest.ID), present(a.At), escape(newest.SeenBy), stamp(newest.SeenAt))
	} else {
		err = insertAlert(ctx, tx, a)
	}
	if err != nil {
		return fmt.Errorf("keep an alert: %w", err)
	}
	// What is older than what is known of the matter says nothing of how it stands.
	if a.Template == nil || a.At.Before(newest.At) {
		return nil
	}
	return changeTemplates(ctx, tx, *a.Template)
}

// newestAlert gives the newest alert of the same matter, the zero one if there is
// none.
func newestAlert(ctx context.Context, tx pgx.Tx, a gateway.Alert) (newest gateway.Alert, err error) {
	found, err := tx.Query(ctx, `select `+alertColumns+` from gateway_alerts where kind = $1 and subject = $2
		order by at desc, id desc limit 1`, escape(a.Kind), escape(a.Subject))
	if err != nil {
		return newest, fmt.Errorf("read the newest alert: %w", err)
	}
	newest, err = pgx.CollectExactlyOneRow(found, scanAlert)
	if errors.Is(err, pgx.ErrNoRows) {
		return gateway.Alert{}, nil
	}
	return newest, err
}

func insertAlert(ctx context.Context, tx pgx.Tx, a gateway.Alert) error {
	template, err := document(a.Template)
	if err != nil {
		return fmt.Errorf("encode a template: %w", err)
	}
	_, err = tx.Exec(ctx, `insert into gateway_alerts (id, kind, subject, state, level, detail, at, seen_by, seen_at, template)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::text::json)`,
		escape(cmp.Or(a.ID, gateway.NewID())), escape(a.Kind), escape(a.Subject), escape(a.State), escape(string(a.Level)),
		escape(a.Detail), present(a.At), escape(a.SeenBy), stamp(a.SeenAt), template)
	return err
}

const alertColumns = `id, kind, subject, state, level, detail, at, seen_by, seen_at, template`

func scanAlert(row pgx.CollectableRow) (gateway.Alert, error) {
	var a gateway.Alert
	return a, row.Scan(scan(&a.ID), scan(&a.Kind), scan(&a.Subject), scan(&a.State), scan(&a.Level), scan(&a.Detail),
		when(&a.At), scan(&a.SeenBy), when(&a.SeenAt), &a.Template)
}

// Alerts implements gateway.Channel.
func (s *Store) Alerts(ctx context.Context, p gateway.Page) ([]gateway.Alert, string, error) {
	after, err := cursorOf(listAlerts, p.After)
	if err != nil {
		return nil, "", fmt.Errorf("list alerts: %w", err)
	}
	at, id := after.args()
	found, err := s.pool.Query(ctx, `select `+alertColumns+` from gateway_alerts
		where ($1::timestamptz is null or (at, id) < ($1, $2)) order by at desc, id desc limit $3`, at, id, rows(p)+1)
	if err != nil {
		return nil, "", fmt.Errorf("list alerts: %w", err)
	}
	list, err := pgx.CollectRows(found, scanAlert)
	if err != nil {
		return nil, "", fmt.Errorf("list alerts: %w", err)
	}
	list, next := cut(list, p, listAlerts, func(a gateway.Alert) cursor { return cursor{a.At, a.ID} })
	return list, next, nil
}

// SeeAlert implements gateway.Channel.
func (s *Store) SeeAlert(ctx context.Context, id, agent string, at time.Time) error {
	const query = `
with seen as (
	update gateway_alerts set seen_by = $2, seen_at = $3 where id = $1 and seen_at is null returning id
), changed as (
	update gateway_revision set n = n + 1 where shard = pg_backend_pid() % 64 and exists (select from seen)
)
select exists (select from gateway_alerts where id = $1)`
	var exists bool
	err := s.pool.QueryRow(ctx, query, escape(id), escape(agent), present(at)).Scan(&exists)
	if err == nil && !exists {
		err = gateway.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("see an alert: %w", err)
	}
	return nil
}

// changeTemplates takes over what an alert says of templates that there are.
func changeTemplates(ctx context.Context, tx pgx.Tx, change gateway.Template) error {
	found, err := tx.Query(ctx, `select template from gateway_templates where name = $1 and ($2 = '' or language = $2)`,
		escape(change.Name), escape(change.Language))
	if err != nil {
		return fmt.Errorf("read templates: %w", err)
	}
	list, err := pgx.CollectRows(found, pgx.RowTo[gateway.Template])
	if err != nil {
		return fmt.Errorf("read templates: %w", err)
	}
	for i := range list {
		t := &list[i]
		t.Status, t.Quality = cmp.Or(change.Status, t.Status), cmp.Or(change.Quality, t.Quality)
		t.Category = cmp.Or(change.Category, t.Category)
	}
	return putTemplates(ctx, tx, list)
}

// putTemplates writes templates, new and changed.
func putTemplates(ctx context.Context, tx pgx.Tx, list []gateway.Template) error {
	batch := &pgx.Batch{}
	for _, t := range list {
		data, err := document(&t)
		if err != nil {
			return fmt.Errorf("encode a template: %w", err)
		}
		batch.Queue(`insert into gateway_templates (name, language, template) values ($1, $2, $3::text::json)
			on conflict (name, language) do update set template = excluded.template`, escape(t.Name), escape(t.Language), data)
	}
	if err := send(ctx, tx, batch); err != nil {
		return fmt.Errorf("write templates: %w", err)
	}
	return nil
}

// PutTemplates implements gateway.Channel.
func (s *Store) PutTemplates(ctx context.Context, list []gateway.Template) error {
	err := s.transact(ctx, func(tx pgx.Tx) error {
		batch := &pgx.Batch{}
		batch.Queue(lockAlerts, int64(alertLock))
		batch.Queue(`delete from gateway_templates`)
		batch.Queue(bump)
		if err := send(ctx, tx, batch); err != nil {
			return err
		}
		return putTemplates(ctx, tx, list)
	})
	if err != nil {
		return fmt.Errorf("put templates: %w", err)
	}
	return nil
}

// Templates implements gateway.Channel.
func (s *Store) Templates(ctx context.Context) ([]gateway.Template, error) {
	found, err := s.pool.Query(ctx, `select template from gateway_templates`)
	if err != nil {
		return nil, fmt.Errorf("list templates: %w", err)
	}
	list, err := pgx.CollectRows(found, pgx.RowTo[gateway.Template])
	if err != nil {
		return nil, fmt.Errorf("list templates: %w", err)
	}
	slices.SortFunc(list, func(a, b gateway.Template) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Language, b.Language))
	})
	return list, nil
}
