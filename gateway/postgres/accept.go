package postgres

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/recado/recado/gateway"
)

// acceptQuery inserts in the order it is given, which is that of the digests: two
// calls that bring the same keys wait for each other in turn and never in a circle.
// One number is drawn for the call; the places in it keep the order of the list, and
// leave room for more items than fit into a webhook.
const acceptQuery = `
insert into gateway_events (digest, no, id, key, kind, channel, user_id, phone, name,
	happened_at, received_at, answer_after, answer_by, provider_id, message, status, raw)
select i.digest, call.no * 1000000 + i.place, i.id, i.key, i.kind, i.channel, i.user_id, i.phone, i.name,
	i.happened_at, i.received_at, i.answer_after, i.answer_by, i.provider_id, i.message::json, i.status::json, i.raw
from (select nextval('gateway_event_no') as no) call, unnest($1::bytea[], $2::int[], $3::text[], $4::text[], $5::text[],
	$6::text[], $7::text[], $8::text[], $9::text[], $10::timestamptz[], $11::timestamptz[], $12::timestamptz[],
	$13::timestamptz[], $14::text[], $15::text[], $16::text[], $17::bytea[])
	as i (digest, place, id, key, kind, channel, user_id, phone, name,
		happened_at, received_at, answer_after, answer_by, provider_id, message, status, raw)
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

// columns are events as one array for each column, in the order of their digests.
type columns struct {
	digests                                          [][]byte
	places                                           []int32
	ids, keys, kinds, channels, users, phones, names []string
	at, received, after, by                          []pgtype.Timestamptz
	providers, messages, statuses                    []*string
	raws                                             [][]byte
}

// eventArrays are events as acceptQuery wants them. The ids sort in the order of the
// list.
func eventArrays(events []gateway.Event) ([]any, error) {
	order, digests, ids := make([]int, len(events)), make([]digest, len(events)), make([]string, len(events))
	for i, e := range events {
		order[i], digests[i], ids[i] = i, digestOf(e.Key), gateway.NewID()
	}
	slices.SortFunc(order, func(a, b int) int { return bytes.Compare(digests[a][:], digests[b][:]) })
	var c columns
	for _, i := range order {
		if err := c.add(events[i]); err != nil {
			return nil, err
		}
		c.digests, c.places, c.ids = append(c.digests, digests[i][:]), append(c.places, int32(i)), append(c.ids, ids[i])
	}
	return []any{
		c.digests, c.places, c.ids, c.keys, c.kinds, c.channels, c.users, c.phones, c.names,
		c.at, c.received, c.after, c.by, c.providers, c.messages, c.statuses, c.raws,
	}, nil
}

func (c *columns) add(e gateway.Event) error {
	message, err := document(e.Message)
	if err != nil {
		return fmt.Errorf("encode a message: %w", err)
	}
	status, err := document(e.Status)
	if err != nil {
		return fmt.Errorf("encode a status: %w", err)
	}
	var provider *string
	if id := providerID(e); id != "" {
		provider = new(escape(id))
	}
	c.messages, c.statuses, c.providers = append(c.messages, message), append(c.statuses, status), append(c.providers, provider)
	c.keys, c.kinds, c.channels = append(c.keys, escape(e.Key)), append(c.kinds, escape(string(e.Kind))), append(c.channels, escape(e.Channel))
	c.users, c.phones, c.names = append(c.users, escape(e.From.UserID)), append(c.phones, escape(e.From.Phone)), append(c.names, escape(e.Name))
	c.at, c.received = append(c.at, stamp(e.At)), append(c.received, present(e.ReceivedAt))
	c.after, c.by = append(c.after, stamp(e.AnswerAfter)), append(c.by, stamp(e.AnswerBy))
	c.raws = append(c.raws, e.Raw)
	return nil
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
