package sqlite

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/recado/recado/gateway"
)

// selectPast are the conversations after a place in the order of their changes, by the
// index of that order.
const selectPast = selectConversation + ` where (updated_at, id) > (?1, ?2) and updated_at >= ?3 order by updated_at, id limit ?4`

// Past implements gateway.History.
func (s *Store) Past(ctx context.Context, since time.Time, p gateway.Page) ([]gateway.PastConversation, string, error) {
	after := cursor{at: -1 << 62}
	if p.After != "" {
		var err error
		if after, err = parseCursor("past", p.After); err != nil {
			return nil, "", err
		}
	}
	n := limit(p)
	var all []gateway.PastConversation
	err := s.read(ctx, func(t *tx) error {
		found, err := list(t, scanConversation, selectPast, after.at, after.id, nanos(since), n+1)
		if err != nil {
			return err
		}
		for _, c := range found {
			a, err := t.agreement(c.ContactID)
			if err != nil {
				return err
			}
			all = append(all, gateway.PastConversation{Conversation: c, Agreement: a})
		}
		return nil
	})
	if err != nil {
		return nil, "", fmt.Errorf("list past conversations: %w", err)
	}
	all, next := page("past", all, n, func(c gateway.PastConversation) cursor { return cursor{at: nanos(c.UpdatedAt), id: c.ID} })
	return all, next, nil
}

// selectHeard are the messages and echoes of a conversation after a place, by its index.
const selectHeard = `select ` + readColumns + ` from events where conversation_id = ?1 and kind in ('message', 'echo')
	and (received_at, seq) > (?2, ?3) order by received_at, seq limit ?4`

// Heard implements gateway.History.
func (s *Store) Heard(ctx context.Context, conversationID string, p gateway.Page) ([]gateway.Event, string, error) {
	after := cursor{at: -1 << 62, id: "0"}
	if p.After != "" {
		var err error
		if after, err = parseCursor("heard", p.After); err != nil {
			return nil, "", err
		}
	}
	last, err := strconv.ParseInt(after.id, 10, 64)
	if err != nil {
		return nil, "", fmt.Errorf("%w: not a cursor of this list", gateway.ErrInvalid)
	}
	n := limit(p)
	var found []filing
	err = s.readOf(ctx, conversationID, func(t *tx) (err error) {
		if found, err = list(t, scanEvent, selectHeard, conversationID, after.at, last, n+1); err != nil {
			return err
		}
		for _, e := range found {
			if e.Message == nil {
				continue
			}
			if err := t.complete(e.Message, e.seq, conversationID, e.About); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, "", fmt.Errorf("list what was heard: %w", err)
	}
	found, next := page("heard", found, n, func(e filing) cursor {
		return cursor{at: nanos(e.ReceivedAt), id: strconv.FormatInt(e.seq, 10)}
	})
	events := make([]gateway.Event, len(found))
	for i, e := range found {
		events[i] = e.Event
	}
	return events, next, nil
}

// agreement is what a contact agreed to, zero when that was never noted.
func (t *tx) agreement(contact string) (a gateway.Agreement, err error) {
	_, err = t.one(`select consent, by, at from agreements where contact_id = ?`, []any{contact}, &a.Consent, &a.By, moment{&a.At})
	return a, err
}

func (t *tx) agree(contact string, a gateway.Agreement) error {
	const query = `insert into agreements (contact_id, consent, by, at) values (?, ?, ?, ?)
		on conflict (contact_id) do update set consent = excluded.consent, by = excluded.by, at = excluded.at`
	return t.exec(query, contact, string(a.Consent), a.By, nanos(a.At))
}

// joinAgreements gives what one contact agreed to to the one that they became.
func (t *tx) joinAgreements(from, into string) error {
	theirs, err := t.agreement(from)
	if err != nil || theirs == (gateway.Agreement{}) {
		return err
	}
	mine, err := t.agreement(into)
	if err != nil {
		return err
	}
	if err := t.agree(into, theirs.Stricter(mine)); err != nil {
		return err
	}
	return t.exec(`delete from agreements where contact_id = ?`, from)
}

// TurnsNamed implements gateway.History.
func (s *Store) TurnsNamed(ctx context.Context, ids []string) ([]gateway.Record, error) {
	var records []gateway.Record
	err := s.read(ctx, func(t *tx) error {
		seen := map[string]bool{}
		for _, id := range ids {
			if seen[id] {
				continue
			}
			seen[id] = true
			found, err := list(t, scanRecord, `select n, conversation_id, record from turns where json_extract(record, '$.id') = ?`, id)
			if err != nil {
				return err
			}
			for _, one := range found {
				records = append(records, one.Record)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look for turns: %w", err)
	}
	return records, nil
}

// Agreement implements gateway.Agreements.
func (s *Store) Agreement(ctx context.Context, conversationID string) (a gateway.Agreement, err error) {
	err = s.read(ctx, func(t *tx) error {
		c, err := get(t, scanConversation, selectConversation+` where id = ?`, conversationID)
		if err == nil {
			a, err = t.agreement(c.ContactID)
		}
		return err
	})
	if err != nil {
		return a, fmt.Errorf("read an agreement: %w", err)
	}
	return a, nil
}

// Agree implements gateway.Agreements.
func (s *Store) Agree(ctx context.Context, conversationID string, a gateway.Agreement) error {
	if !a.Consent.Valid() {
		return fmt.Errorf("note an agreement: %w: unknown consent", gateway.ErrInvalid)
	}
	err := s.write(ctx, func(t *tx) error {
		c, err := get(t, scanConversation, selectConversation+` where id = ?`, conversationID)
		if err != nil {
			return err
		}
		if err := t.agree(c.ContactID, a); err != nil {
			return err
		}
		return t.show()
	})
	if err != nil {
		return fmt.Errorf("note an agreement: %w", err)
	}
	return nil
}
