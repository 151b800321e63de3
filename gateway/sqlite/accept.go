package sqlite

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/recado/recado/gateway"
)

// eventColumns are what Accept writes, in this order.
const eventColumns = `key, kind, channel, user_id, phone, name, at, received_at, answer_after, answer_by, body, raw,
	about, body_from, body_to, webhook`

// eventWidth is how many they are, and bodyWidth how many a webhook has.
const (
	eventWidth = 16
	bodyWidth  = 2
)

// insertion is a statement that appends rows.
type insertion struct {
	rows  int
	query string
}

// The statements that append rows, by how many they append. There are few, so that
// each is prepared once: a call uses as many as it takes.
var (
	eventInsertions = insertions(`events (`+eventColumns+`)`, eventWidth, ` on conflict (key) do nothing`)
	bodyInsertions  = insertions(`webhooks (received_at, body)`, bodyWidth, ``)
)

func insertions(into string, width int, end string) (all []insertion) {
	row := "(" + strings.Repeat("?,", width-1) + "?)"
	for rows := 64; rows > 0; rows /= 2 {
		values := strings.Repeat(row+",", rows-1) + row
		all = append(all, insertion{rows, `insert into ` + into + ` values ` + values + end})
	}
	return all
}

// insert appends rows and says how many it did append and the number of the last.
func (t *tx) insert(with []insertion, width int, args []any) (n, last int64, err error) {
	for _, one := range with {
		for size := one.rows * width; len(args) >= size; args = args[size:] {
			done, err := t.run(one.query, args[:size]...)
			if err != nil {
				return n, last, err
			}
			appended, err := done.RowsAffected()
			if err != nil {
				return n, last, err
			}
			if last, err = done.LastInsertId(); err != nil {
				return n, last, err
			}
			n += appended
		}
	}
	return n, last, nil
}

// Accept implements gateway.Inbox.
func (s *Store) Accept(ctx context.Context, events []gateway.Event) (fresh []gateway.Event, err error) {
	if len(events) == 0 {
		return nil, nil
	}
	a, err := newArrival(events)
	if err != nil {
		return nil, fmt.Errorf("accept: %w", err)
	}
	var kept map[string]bool
	err = s.write(ctx, func(t *tx) (err error) {
		kept, err = t.accept(a)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("accept: %w", err)
	}
	if kept == nil {
		return a.events, nil
	}
	for _, e := range a.events {
		if kept[e.Key] {
			fresh = append(fresh, e)
		}
	}
	return fresh, nil
}

// arrival is what one call accepts.
type arrival struct {
	// events are those of the call, each key once, and args their columns.
	events []gateway.Event
	args   []any
	// webhooks are where each event stands among the bodies, -1 without one, and
	// bodies the columns of those.
	webhooks []int
	bodies   []any
}

func newArrival(events []gateway.Event) (*arrival, error) {
	a := &arrival{
		events: make([]gateway.Event, 0, len(events)), args: make([]any, 0, eventWidth*len(events)),
		webhooks: make([]int, 0, len(events)),
	}
	seen, bodies, shared := make(map[string]bool, len(events)), map[string]int{}, sharing(events)
	for _, e := range events {
		if seen[e.Key] {
			continue
		}
		seen[e.Key] = true
		a.events = append(a.events, e)
		place, raw := -1, []byte(e.Raw)
		switch {
		case inBody(&e) && shared[string(e.Body)] == 1:
			// Most webhooks bring one event: the body is kept with it.
			raw = e.Body
		case len(e.Body) > 0:
			place = a.place(bodies, e.Body, e.ReceivedAt)
		}
		a.webhooks = append(a.webhooks, place)
		if err := a.add(&e, raw, place); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// sharing counts the events of each webhook.
func sharing(events []gateway.Event) map[string]int {
	shared := make(map[string]int, len(events))
	for _, e := range events {
		if len(e.Body) > 0 {
			shared[string(e.Body)]++
		}
	}
	return shared
}

// inBody tells whether the event stands in its webhook as it is.
func inBody(e *gateway.Event) bool {
	return 0 <= e.BodyFrom && e.BodyFrom < e.BodyTo && e.BodyTo <= len(e.Body)
}

// place finds a webhook among the bodies or adds it, and gives where it is.
func (a *arrival) place(bodies map[string]int, body []byte, at time.Time) int {
	place, known := bodies[string(body)]
	if !known {
		place = len(bodies)
		bodies[string(body)] = place
		a.bodies = append(a.bodies, nanos(at), body)
	}
	return place
}

// add adds the columns of an event: raw is its own bytes, or its whole webhook. The
// number of a webhook that stands apart is not known yet.
func (a *arrival) add(e *gateway.Event, raw []byte, place int) error {
	body, err := encodeSaid(e)
	if err != nil {
		return err
	}
	var from, to any
	if inBody(e) {
		from, to = e.BodyFrom, e.BodyTo
		if place >= 0 {
			raw = nil
		}
	}
	a.args = append(a.args, e.Key, string(e.Kind), e.Channel, e.From.UserID, e.From.Phone, e.Name,
		nanos(e.At), nanos(e.ReceivedAt), nanos(e.AnswerAfter), nanos(e.AnswerBy), body, raw, e.About, from, to, nil)
	return nil
}

// encodeSaid gives what an event says as JSON: it says one thing, by its kind.
func encodeSaid(e *gateway.Event) (any, error) {
	switch {
	case e.Message != nil:
		return encode(e.Message)
	case e.Status != nil:
		return encode(e.Status)
	case e.Preference != nil:
		return encode(e.Preference)
	}
	return encode(e.Alert)
}

// accept writes an arrival and gives the keys that were not there before, or nil when
// that is all of them.
func (t *tx) accept(a *arrival) (kept map[string]bool, err error) {
	first, err := t.insertBodies(a.bodies)
	if err != nil {
		return nil, err
	}
	for i, place := range a.webhooks {
		if place >= 0 {
			a.args[(i+1)*eventWidth-1] = first + int64(place)
		}
	}
	n, _, err := t.insert(eventInsertions, eventWidth, a.args)
	if err != nil {
		return nil, fmt.Errorf("insert events: %w", err)
	}
	if n == int64(len(a.events)) {
		return nil, nil
	}
	if kept, err = t.newestKeys(n); err != nil {
		return nil, err
	}
	return kept, t.dropUnused(a, first, kept)
}

// insertBodies appends webhooks and gives the number of the first; the others follow.
func (t *tx) insertBodies(bodies []any) (first int64, err error) {
	n, last, err := t.insert(bodyInsertions, bodyWidth, bodies)
	if err != nil {
		return 0, fmt.Errorf("insert webhooks: %w", err)
	}
	return last - n + 1, nil
}

// dropUnused takes the webhooks back of which no event is fresh.
func (t *tx) dropUnused(a *arrival, first int64, kept map[string]bool) error {
	used := make([]bool, len(a.bodies)/bodyWidth)
	for i, e := range a.events {
		if place := a.webhooks[i]; place >= 0 && kept[e.Key] {
			used[place] = true
		}
	}
	for place, used := range used {
		if used {
			continue
		}
		if err := t.exec(`delete from webhooks where id = ?`, first+int64(place)); err != nil {
			return fmt.Errorf("drop a webhook that came again: %w", err)
		}
	}
	return nil
}

// newestKeys gives the keys of the last rows. Rows have numbers without gaps, and
// within the transaction that appended them nobody appends others.
func (t *tx) newestKeys(n int64) (map[string]bool, error) {
	keys, err := list(t, scanText, `select key from events where seq > (select max(seq) from events) - ?`, n)
	if err != nil {
		return nil, fmt.Errorf("read what is fresh: %w", err)
	}
	kept := make(map[string]bool, len(keys))
	for _, key := range keys {
		kept[key] = true
	}
	return kept, nil
}

func scanText(r row) (text string, err error) {
	err = r.Scan(&text)
	return text, err
}

// readColumns are what scanEvent reads. Nobody needs how an event came.
const readColumns = `seq, key, kind, channel, user_id, phone, name, at, received_at, answer_after, answer_by, about, body`

// scanEvent reads readColumns. A body that can't be read is noted and no error, so
// that it doesn't cost the other rows.
func scanEvent(r row) (filing, error) {
	f := filing{}
	e := &f.Event
	var text *string
	err := r.Scan(&f.seq, &e.Key, &e.Kind, &e.Channel, &e.From.UserID, &e.From.Phone, &e.Name,
		moment{&e.At}, moment{&e.ReceivedAt}, moment{&e.AnswerAfter}, moment{&e.AnswerBy}, &e.About, &text)
	if err != nil {
		return f, fmt.Errorf("read an event: %w", err)
	}
	if text != nil {
		f.broken = decodeSaid(e, *text)
	}
	return f, nil
}

// decodeSaid reads what encodeSaid gave.
func decodeSaid(e *gateway.Event, text string) error {
	switch e.Kind {
	case gateway.EventStatus:
		e.Status = &gateway.Status{}
		return document{e.Status}.Scan(text)
	case gateway.EventPreference:
		e.Preference = &gateway.Preference{}
		return document{e.Preference}.Scan(text)
	case gateway.EventAlert:
		e.Alert = &gateway.Alert{}
		return document{e.Alert}.Scan(text)
	default:
		e.Message = &gateway.Message{}
		return document{e.Message}.Scan(text)
	}
}
