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
// leave room for more items than fit into a webhook. Webhooks are kept of which an
// event is fresh.
const acceptQuery = `
with call as materialized (select nextval('gateway_event_no') * 1000000 as no), fresh as (
	insert into gateway_events (digest, no, id, key, kind, channel, user_id, phone, name,
		happened_at, received_at, answer_after, answer_by, provider_id, message, status, raw,
		about, about_digest, quoted_id, file, preference, alert, webhook, body_from, body_to)
	select i.digest, call.no + i.place, i.id, i.key, i.kind, i.channel, i.user_id, i.phone, i.name,
		i.happened_at, i.received_at, i.answer_after, i.answer_by, i.provider_id, i.message::json, i.status::json, i.raw,
		i.about, i.about_digest, i.quoted_id, i.file, i.preference::json, i.alert::json, call.no + i.webhook, i.body_from, i.body_to
	from call, unnest($1::bytea[], $2::int[], $3::text[], $4::text[], $5::text[],
		$6::text[], $7::text[], $8::text[], $9::text[], $10::timestamptz[], $11::timestamptz[], $12::timestamptz[],
		$13::timestamptz[], $14::text[], $15::text[], $16::text[], $17::bytea[], $18::text[], $19::bytea[], $20::text[],
		$21::bool[], $22::text[], $23::text[], $24::int[], $25::int[], $26::int[])
		as i (digest, place, id, key, kind, channel, user_id, phone, name,
			happened_at, received_at, answer_after, answer_by, provider_id, message, status, raw,
			about, about_digest, quoted_id, file, preference, alert, webhook, body_from, body_to)
	on conflict (digest) do nothing
	returning digest, webhook
), kept as (
	insert into gateway_webhooks (id, received_at, body)
	select call.no + b.place, b.received_at, b.body
	from call, unnest($27::int[], $28::timestamptz[], $29::bytea[]) as b (place, received_at, body)
	where call.no + b.place in (select webhook from fresh)
)
select digest from fresh`

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

// columns are events as one array for each column, in the order of their digests,
// and the webhooks that they came in.
type columns struct {
	digests                                          [][]byte
	places                                           []int32
	ids, keys, kinds, channels, users, phones, names []string
	at, received, after, by                          []pgtype.Timestamptz
	providers, messages, statuses                    []*string
	raws                                             [][]byte
	abouts                                           []*string
	aboutDigests                                     [][]byte
	quoted                                           []*string
	files                                            []*bool
	preferences, alerts                              []*string
	webhooks, from, to                               []*int32

	bodyPlaces   []int32
	bodyReceived []pgtype.Timestamptz
	bodies       [][]byte
	// seen are the places of the bodies, and shared how many events came in each.
	seen   map[string]int32
	shared map[string]int
}

// eventArrays are events as acceptQuery wants them. The ids sort in the order of the
// list.
func eventArrays(events []gateway.Event) ([]any, error) {
	order, digests, ids := make([]int, len(events)), make([]digest, len(events)), make([]string, len(events))
	for i, e := range events {
		order[i], digests[i], ids[i] = i, digestOf(e.Key), gateway.NewID()
	}
	slices.SortFunc(order, func(a, b int) int { return bytes.Compare(digests[a][:], digests[b][:]) })
	c := columns{seen: map[string]int32{}, shared: sharing(events)}
	for _, i := range order {
		if err := c.add(events[i]); err != nil {
			return nil, err
		}
		c.digests, c.places, c.ids = append(c.digests, digests[i][:]), append(c.places, int32(i)), append(c.ids, ids[i])
	}
	return []any{
		c.digests, c.places, c.ids, c.keys, c.kinds, c.channels, c.users, c.phones, c.names,
		c.at, c.received, c.after, c.by, c.providers, c.messages, c.statuses, c.raws,
		c.abouts, c.aboutDigests, c.quoted, c.files, c.preferences, c.alerts, c.webhooks, c.from, c.to,
		c.bodyPlaces, c.bodyReceived, c.bodies,
	}, nil
}

func (c *columns) add(e gateway.Event) error {
	c.keys, c.kinds, c.channels = append(c.keys, escape(e.Key)), append(c.kinds, escape(string(e.Kind))), append(c.channels, escape(e.Channel))
	c.users, c.phones, c.names = append(c.users, escape(e.From.UserID)), append(c.phones, escape(e.From.Phone)), append(c.names, escape(e.Name))
	c.at, c.received = append(c.at, stamp(e.At)), append(c.received, present(e.ReceivedAt))
	c.after, c.by = append(c.after, stamp(e.AnswerAfter)), append(c.by, stamp(e.AnswerBy))
	c.providers = append(c.providers, optional(providerID(e)))
	c.addReferences(e)
	c.addRaw(e)
	return c.addDocuments(e)
}

// addDocuments adds what the event holds.
func (c *columns) addDocuments(e gateway.Event) error {
	message, err := document(e.Message)
	if err != nil {
		return fmt.Errorf("encode a message: %w", err)
	}
	status, err := document(e.Status)
	if err != nil {
		return fmt.Errorf("encode a status: %w", err)
	}
	preference, err := document(e.Preference)
	if err != nil {
		return fmt.Errorf("encode a preference: %w", err)
	}
	alert, err := document(e.Alert)
	if err != nil {
		return fmt.Errorf("encode an alert: %w", err)
	}
	c.messages, c.statuses = append(c.messages, message), append(c.statuses, status)
	c.preferences, c.alerts = append(c.preferences, preference), append(c.alerts, alert)
	return nil
}

// addReferences adds what the event is about and whether there is a file to fetch.
func (c *columns) addReferences(e gateway.Event) {
	var about []byte
	if e.About != "" {
		d := digestOf(e.About)
		about = d[:]
	}
	c.abouts, c.aboutDigests = append(c.abouts, optional(e.About)), append(c.aboutDigests, about)
	var quoted *string
	var file *bool
	if e.Message != nil {
		quoted = optional(e.Message.QuotedID)
		if e.Message.Media != nil {
			file = new(e.Message.Media.ProviderID != "")
		}
	}
	c.quoted, c.files = append(c.quoted, quoted), append(c.files, file)
}

// sharing counts the events of each webhook.
func sharing(events []gateway.Event) map[string]int {
	shared := make(map[string]int, len(events))
	for _, e := range events {
		if e.Body != nil {
			shared[string(e.Body)]++
		}
	}
	return shared
}

// addRaw adds the event as it came: as a place in its webhook where it has one, and
// by itself otherwise. Most webhooks bring one event: then the body is kept with it.
func (c *columns) addRaw(e gateway.Event) {
	var webhook, from, to *int32
	raw := []byte(e.Raw)
	inside := 0 <= e.BodyFrom && e.BodyFrom < e.BodyTo && e.BodyTo <= len(e.Body)
	if inside {
		raw, from, to = nil, new(int32(e.BodyFrom)), new(int32(e.BodyTo))
	}
	switch {
	case e.Body == nil:
	case inside && c.shared[string(e.Body)] == 1:
		raw = e.Body
	default:
		webhook = new(c.place(e))
	}
	c.raws, c.webhooks, c.from, c.to = append(c.raws, raw), append(c.webhooks, webhook), append(c.from, from), append(c.to, to)
}

// place gives the number of the event's webhook in the call.
func (c *columns) place(e gateway.Event) int32 {
	place, ok := c.seen[string(e.Body)]
	if !ok {
		place = int32(len(c.bodies))
		c.seen[string(e.Body)] = place
		c.bodyPlaces, c.bodyReceived = append(c.bodyPlaces, place), append(c.bodyReceived, present(e.ReceivedAt))
		c.bodies = append(c.bodies, e.Body)
	}
	return place
}

// optional is a string as a parameter; the empty one is null.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return new(escape(s))
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
	// file tells whether there is a file to fetch, nil without one.
	file *bool
	// contact and conversation are found by filing.
	contact, conversation string
	seq                   int64
	// takes tells that who it is from has a number now that was another's.
	takes bool
	// sentIn is the conversation of the message that a status is about, bounced and
	// reached what it says of the customer.
	sentIn           string
	bounced, reached bool
}

// headColumns are what both filing and a turn read of an event. Nobody needs how an
// event came, and filing does without what was said, but for signals: either may be
// megabytes for each event.
const (
	headColumns   = `e.no, e.key, e.kind, e.channel, e.user_id, e.phone, e.name, e.happened_at, e.received_at, e.answer_after, e.answer_by, e.about`
	filingColumns = headColumns + `, e.file, case when e.kind = 'signal' then e.message end, e.status, e.preference, e.alert`
)

// head are the places of headColumns.
func (e *entry) head() []any {
	return []any{
		&e.no, scan(&e.Key), scan(&e.Kind), scan(&e.Channel), scan(&e.From.UserID), scan(&e.From.Phone), scan(&e.Name),
		when(&e.At), when(&e.ReceivedAt), when(&e.AnswerAfter), when(&e.AnswerBy), scan(&e.About),
	}
}

func scanEntry(row pgx.CollectableRow) (entry, error) {
	var e entry
	return e, row.Scan(append(e.head(), &e.file, &e.Message, &e.Status, &e.Preference, &e.Alert)...)
}

// scanWaiting reads an event for a turn.
func scanWaiting(row pgx.CollectableRow) (gateway.Event, error) {
	var e entry
	var t told
	err := row.Scan(append(e.head(), t.places()...)...)
	e.Message = t.whole()
	return e.Event, err
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
