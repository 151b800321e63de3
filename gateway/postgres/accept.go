package postgres

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/recado/recado/gateway"
)

// acceptQuery inserts in the order of the digests, whatever the order of the list:
// two calls that bring the same keys wait for each other in turn and never in a
// circle. The numbers follow the list.
const acceptQuery = `
with item as materialized (
	select nextval('gateway_event_no') as no, i.*
	from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
		$8::timestamptz[], $9::timestamptz[], $10::timestamptz[], $11::timestamptz[],
		$12::text[], $13::text[], $14::text[], $15::bytea[], $16::bytea[]) with ordinality
		as i (id, key, kind, channel, user_id, phone, name,
			happened_at, received_at, answer_after, answer_by,
			provider_id, message, status, raw, digest, place)
	order by i.place
)
insert into gateway_events (digest, no, id, key, kind, channel, user_id, phone, name,
	happened_at, received_at, answer_after, answer_by, provider_id, message, status, raw)
select digest, no, id, key, kind, channel, user_id, phone, name,
	happened_at, received_at, answer_after, answer_by, nullif(provider_id, ''), message::json, status::json, raw
from item order by digest
on conflict (digest) do nothing
returning digest`

// digest is what events with the same key have in common.
type digest [16]byte

func digestOf(key string) digest {
	sum := sha256.Sum256([]byte(key))
	return digest(sum[:16])
}

// Accept implements gateway.Inbox: one statement, whatever the number of events.
func (s *Store) Accept(ctx context.Context, events []gateway.Event) ([]gateway.Event, error) {
	if len(events) == 0 {
		return nil, nil
	}
	distinct, digests := make([]gateway.Event, 0, len(events)), make([]digest, 0, len(events))
	kept := make(map[digest]bool, len(events))
	for _, e := range events {
		d := digestOf(e.Key)
		if _, again := kept[d]; !again {
			kept[d] = false
			distinct, digests = append(distinct, e), append(digests, d)
		}
	}
	args, err := eventArrays(distinct)
	if err != nil {
		return nil, fmt.Errorf("accept events: %w", err)
	}
	found, err := s.pool.Query(ctx, acceptQuery, args...)
	if err != nil {
		return nil, fmt.Errorf("accept events: %w", err)
	}
	var d []byte
	if _, err := pgx.ForEachRow(found, []any{&d}, func() error { kept[digest(d)] = true; return nil }); err != nil {
		return nil, fmt.Errorf("accept events: %w", err)
	}
	var fresh []gateway.Event
	for i, e := range distinct {
		if kept[digests[i]] {
			fresh = append(fresh, e)
		}
	}
	return fresh, nil
}

// eventArrays are events as one array for each column. The ids sort in the order
// of the list.
func eventArrays(events []gateway.Event) ([]any, error) {
	n := len(events)
	ids, keys, kinds, channels := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	users, phones, names, providers := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	messages, statuses, raws := make([]*string, n), make([]*string, n), make([][]byte, n)
	at, received := make([]pgtype.Timestamptz, n), make([]pgtype.Timestamptz, n)
	after, by := make([]pgtype.Timestamptz, n), make([]pgtype.Timestamptz, n)
	digests := make([][]byte, n)
	for i, e := range events {
		var err error
		if messages[i], err = document(e.Message); err != nil {
			return nil, fmt.Errorf("encode a message: %w", err)
		}
		if statuses[i], err = document(e.Status); err != nil {
			return nil, fmt.Errorf("encode a status: %w", err)
		}
		ids[i], keys[i], kinds[i], channels[i] = gateway.NewID(), escape(e.Key), escape(string(e.Kind)), escape(e.Channel)
		users[i], phones[i], names[i] = escape(e.From.UserID), escape(e.From.Phone), escape(e.Name)
		d := digestOf(e.Key)
		digests[i] = d[:]
		providers[i], raws[i] = escape(providerID(e)), e.Raw
		at[i], received[i], after[i], by[i] = stamp(e.At), present(e.ReceivedAt), stamp(e.AnswerAfter), stamp(e.AnswerBy)
	}
	return []any{
		ids, keys, kinds, channels, users, phones, names, at, received, after, by, providers, messages, statuses, raws, digests,
	}, nil
}

// providerID is the channel's id of the message that an event is or is about.
func providerID(e gateway.Event) string {
	switch {
	case e.Message != nil:
		return e.Message.ProviderID
	case e.Status != nil:
		return e.Status.ProviderID
	}
	return ""
}

// document is a value as JSON for a json column, null for nil. JSON escapes the
// character zero and is always UTF-8.
func document[T any](v *T) (*string, error) {
	if v == nil {
		return nil, nil
	}
	data, err := json.Marshal(v)
	return new(string(data)), err
}

// entry is an accepted event with its place in the store.
type entry struct {
	gateway.Event
	no int64
	// contact and conversation are found by filing.
	contact, conversation string
	seq                   int64
}

// What scanEntry reads. Nobody needs how an event came, and filing does without what
// was said: either may be megabytes for each event.
const (
	headColumns   = `no, key, kind, channel, user_id, phone, name, happened_at, received_at, answer_after, answer_by`
	turnColumns   = headColumns + `, message, null::json`
	filingColumns = headColumns + `, null::json, status`
)

func scanEntry(row pgx.CollectableRow) (entry, error) {
	var e entry
	err := row.Scan(&e.no, scan(&e.Key), scan(&e.Kind), scan(&e.Channel), scan(&e.From.UserID), scan(&e.From.Phone), scan(&e.Name),
		when(&e.At), when(&e.ReceivedAt), when(&e.AnswerAfter), when(&e.AnswerBy), &e.Message, &e.Status)
	return e, err
}

// later is the later of two times.
func later[T interface{ Compare(T) int }](a, b T) T {
	if a.Compare(b) < 0 {
		return b
	}
	return a
}

// atLeast is the state of the two that says more of a message.
func atLeast(a, b gateway.DeliveryState) gateway.DeliveryState {
	if cmp.Less(a.Rank(), b.Rank()) {
		return b
	}
	return a
}
