package sqlite

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/recado/recado/gateway"
)

// eventColumns are what Accept writes, in this order.
const eventColumns = `key, kind, channel, user_id, phone, name, at, received_at, answer_after, answer_by, body, raw`

// eventWidth is how many they are.
const eventWidth = 12

// inserts are the statements that append rows, by how many they append. There are
// few, so that each is prepared once: a call uses as many as it takes.
var inserts = []struct {
	rows  int
	query string
}{{64, insert(64)}, {32, insert(32)}, {16, insert(16)}, {8, insert(8)}, {4, insert(4)}, {2, insert(2)}, {1, insert(1)}}

func insert(rows int) string {
	row := "(" + strings.Repeat("?,", eventWidth-1) + "?)"
	return `insert into events (` + eventColumns + `) values ` + strings.Repeat(row+",", rows-1) + row +
		` on conflict (key) do nothing`
}

// Accept implements gateway.Inbox.
func (s *Store) Accept(ctx context.Context, events []gateway.Event) (fresh []gateway.Event, err error) {
	if len(events) == 0 {
		return nil, nil
	}
	distinct, args := make([]gateway.Event, 0, len(events)), make([]any, 0, eventWidth*len(events))
	seen := make(map[string]bool, len(events))
	for _, e := range events {
		if seen[e.Key] {
			continue
		}
		seen[e.Key] = true
		distinct = append(distinct, e)
		if args, err = appendEvent(args, &e); err != nil {
			return nil, fmt.Errorf("accept: %w", err)
		}
	}
	var kept []string
	err = s.write(ctx, func(t *tx) error {
		n, err := t.insertEvents(args)
		if err == nil && n < int64(len(distinct)) {
			kept, err = t.newestKeys(n)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("accept: %w", err)
	}
	if kept == nil {
		return distinct, nil
	}
	for _, e := range distinct {
		if slices.Contains(kept, e.Key) {
			fresh = append(fresh, e)
		}
	}
	return fresh, nil
}

func appendEvent(args []any, e *gateway.Event) ([]any, error) {
	body, err := encode(e.Message)
	if e.Message == nil {
		body, err = encode(e.Status)
	}
	if err != nil {
		return nil, err
	}
	var raw []byte
	if e.Raw != nil {
		raw = e.Raw
	}
	return append(args, e.Key, string(e.Kind), e.Channel, e.From.UserID, e.From.Phone, e.Name,
		nanos(e.At), nanos(e.ReceivedAt), nanos(e.AnswerAfter), nanos(e.AnswerBy), body, raw), nil
}

// insertEvents appends rows and says how many were not there.
func (t *tx) insertEvents(args []any) (n int64, err error) {
	for _, insert := range inserts {
		for width := insert.rows * eventWidth; len(args) >= width; args = args[width:] {
			appended, err := t.affected(insert.query, args[:width]...)
			if err != nil {
				return n, fmt.Errorf("insert events: %w", err)
			}
			n += appended
		}
	}
	return n, nil
}

// newestKeys gives the keys of the last rows. Rows have numbers without gaps, and
// within the transaction that appended them nobody appends others.
func (t *tx) newestKeys(n int64) ([]string, error) {
	keys, err := list(t, scanKey, `select key from events where seq > (select max(seq) from events) - ?`, n)
	if err != nil {
		return nil, fmt.Errorf("read what is fresh: %w", err)
	}
	return keys, nil
}

func scanKey(r row) (key string, err error) {
	err = r.Scan(&key)
	return key, err
}

// readColumns are what scanEvent reads. Nobody needs how an event came.
const readColumns = `seq, key, kind, channel, user_id, phone, name, at, received_at, answer_after, answer_by, body`

// scanEvent reads readColumns. A body that can't be read is noted and no error, so
// that it doesn't cost the other rows.
func scanEvent(r row) (filing, error) {
	f := filing{}
	e := &f.Event
	var text *string
	err := r.Scan(&f.seq, &e.Key, &e.Kind, &e.Channel, &e.From.UserID, &e.From.Phone, &e.Name,
		moment{&e.At}, moment{&e.ReceivedAt}, moment{&e.AnswerAfter}, moment{&e.AnswerBy}, &text)
	if err != nil {
		return f, fmt.Errorf("read an event: %w", err)
	}
	if text == nil {
		return f, nil
	}
	if e.Kind == gateway.EventStatus {
		e.Status = &gateway.Status{}
		f.broken = document{e.Status}.Scan(*text)
		return f, nil
	}
	e.Message = &gateway.Message{}
	f.broken = document{e.Message}.Scan(*text)
	return f, nil
}
