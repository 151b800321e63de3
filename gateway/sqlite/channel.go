package sqlite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/recado/recado/gateway"
)

// seenFor is how long an alert that somebody has seen may repeat itself unseen.
const seenFor = 24 * time.Hour

const selectAlert = `select id, kind, subject, state, level, detail, at, seen_by, seen_at, template from alerts`

// selectNewestAlert finds the newest of a matter.
const selectNewestAlert = selectAlert + ` where kind = ? and subject = ? order by at desc, id desc limit 1`

func scanAlert(r row) (a gateway.Alert, err error) {
	err = r.Scan(&a.ID, &a.Kind, &a.Subject, &a.State, &a.Level, &a.Detail, moment{&a.At}, &a.SeenBy, moment{&a.SeenAt},
		document{&a.Template})
	return a, err
}

// Raise implements gateway.Channel.
func (s *Store) Raise(ctx context.Context, a gateway.Alert) error {
	err := s.write(ctx, func(t *tx) error { return errors.Join(t.raise(a), t.show()) })
	if err != nil {
		return fmt.Errorf("raise an alert: %w", err)
	}
	return nil
}

// raise keeps an alert, or what it repeats of the newest of its matter, and takes over
// what it says of a template. What is older than the newest says nothing of how the
// matter stands.
func (t *tx) raise(a gateway.Alert) error {
	newest, err := get(t, scanAlert, selectNewestAlert, a.Kind, a.Subject)
	if ignore(err, gateway.ErrNotFound) != nil {
		return fmt.Errorf("read the newest alert: %w", err)
	}
	if err == nil && newest.State == a.State && newest.Level == a.Level {
		err = t.repeatAlert(newest, a.At)
	} else {
		err = t.addAlert(a)
	}
	if err != nil {
		return fmt.Errorf("keep an alert: %w", err)
	}
	if a.Template == nil || a.At.Before(newest.At) {
		return nil
	}
	return t.changeTemplates(*a.Template)
}

func (t *tx) repeatAlert(a gateway.Alert, at time.Time) error {
	if !a.SeenAt.IsZero() && at.Sub(a.SeenAt) > seenFor {
		a.SeenBy, a.SeenAt = "", time.Time{}
	}
	const query = `update alerts set at = max(at, ?), seen_by = ?, seen_at = ? where id = ?`
	return t.exec(query, nanos(at), a.SeenBy, nanos(a.SeenAt), a.ID)
}

func (t *tx) addAlert(a gateway.Alert) error {
	template, err := encode(a.Template)
	if err != nil {
		return err
	}
	const query = `insert into alerts (id, kind, subject, state, level, detail, at, seen_by, seen_at, template)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	return t.exec(query, cmp.Or(a.ID, gateway.NewID()), a.Kind, a.Subject, a.State, string(a.Level), a.Detail, nanos(a.At),
		a.SeenBy, nanos(a.SeenAt), template)
}

// Alerts implements gateway.Channel.
func (s *Store) Alerts(ctx context.Context, p gateway.Page) ([]gateway.Alert, string, error) {
	n := limit(p)
	query, args := selectAlert, []any{}
	if p.After != "" {
		after, err := parseCursor("alerts", p.After)
		if err != nil {
			return nil, "", err
		}
		query, args = query+` where (at, id) < (?, ?)`, []any{after.at, after.id}
	}
	query += ` order by at desc, id desc limit ?`
	var all []gateway.Alert
	err := s.read(ctx, func(t *tx) (err error) {
		all, err = list(t, scanAlert, query, append(args, n+1)...)
		return err
	})
	if err != nil {
		return nil, "", fmt.Errorf("list alerts: %w", err)
	}
	all, next := page("alerts", all, n, func(a gateway.Alert) cursor { return cursor{at: nanos(a.At), id: a.ID} })
	return all, next, nil
}

// SeeAlert implements gateway.Channel.
func (s *Store) SeeAlert(ctx context.Context, id, agent string, at time.Time) error {
	err := s.write(ctx, func(t *tx) error {
		a, err := get(t, scanAlert, selectAlert+` where id = ?`, id)
		if err != nil || a.SeenBy != "" || !a.SeenAt.IsZero() {
			return err
		}
		const query = `update alerts set seen_by = ?, seen_at = ? where id = ?`
		return errors.Join(t.exec(query, agent, nanos(at), id), t.show())
	})
	if err != nil {
		return fmt.Errorf("see an alert: %w", err)
	}
	return nil
}

func scanTemplate(r row) (v gateway.Template, err error) {
	err = r.Scan(document{&v})
	return v, err
}

// changeTemplates takes over what an alert says of templates that there are.
func (t *tx) changeTemplates(change gateway.Template) error {
	query, args := `select template from templates where name = ?`, []any{change.Name}
	if change.Language != "" {
		query, args = query+` and language = ?`, append(args, change.Language)
	}
	all, err := list(t, scanTemplate, query, args...)
	if err != nil {
		return fmt.Errorf("read templates: %w", err)
	}
	for _, v := range all {
		v.Status, v.Quality = cmp.Or(change.Status, v.Status), cmp.Or(change.Quality, v.Quality)
		v.Category = cmp.Or(change.Category, v.Category)
		if err := t.putTemplate(v); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) putTemplate(v gateway.Template) error {
	template, err := encode(&v)
	if err != nil {
		return err
	}
	const query = `insert into templates (name, language, template) values (?, ?, ?)
		on conflict (name, language) do update set template = excluded.template`
	if err := t.exec(query, v.Name, v.Language, template); err != nil {
		return fmt.Errorf("write a template: %w", err)
	}
	return nil
}

// PutTemplates implements gateway.Channel.
func (s *Store) PutTemplates(ctx context.Context, all []gateway.Template) error {
	err := s.write(ctx, func(t *tx) error {
		if err := t.exec(`delete from templates`); err != nil {
			return err
		}
		for _, v := range all {
			if err := t.putTemplate(v); err != nil {
				return err
			}
		}
		return t.show()
	})
	if err != nil {
		return fmt.Errorf("put templates: %w", err)
	}
	return nil
}

// Templates implements gateway.Channel.
func (s *Store) Templates(ctx context.Context) (all []gateway.Template, err error) {
	err = s.read(ctx, func(t *tx) (err error) {
		all, err = list(t, scanTemplate, `select template from templates order by name, language`)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list templates: %w", err)
	}
	return all, nil
}
