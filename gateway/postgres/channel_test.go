package postgres

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/internal/testservices"
)

// firstData is what a gateway of the first schema left: a conversation with a message
// that was answered and quoted, a customer whose id looks like an escape, one who waits,
// one who was accepted last, and a message to send.
const firstData = `
insert into gateway_contacts values ('c1', '2026-03-01Z');
insert into gateway_identities values ('phone:1', 'c1');
insert into gateway_conversations (id, contact_id, channel, user_id, phone, name, mode, epoch, language, last_customer_at,
	agent, fallbacks, clarified, created_at, updated_at, filed, due_at)
values ('v1', 'c1', 'channel', '', '1', 'Ana', 'bot', 3, 'es', '2026-03-02 09:00Z', '', 0, false, '2026-03-01Z', '2026-03-01Z', 4,
	'2026-03-02 09:00:05Z');
insert into gateway_events (digest, key, no, id, kind, channel, user_id, phone, name, happened_at, received_at, answer_after,
	answer_by, provider_id, message, raw, state, conversation_id, seq)
select decode(md5(key), 'hex'), key, no, 'e' || no, 'message', 'channel', '', '1', 'Ana', at::timestamptz, at::timestamptz, at::timestamptz,
	at::timestamptz, 'wamid.' || key, message::json, '{"as": "it came"}', state, conversation, seq
from (values
	('a', 1, '2026-03-02 08:00Z', '{"provider_id":"wamid.a","type":"text","text":"hola"}', 'done', 'v1', 1),
	('b', 2, '2026-03-02 08:02Z', '{"provider_id":"wamid.b","type":"text","text":"sí","quoted_id":"wamid.out"}', 'done', 'v1', 2),
	('z', 3, '2026-03-02 08:03Z', '{"provider_id":"wamid.z","type":"text","text":"\u0000","quoted_id":"wamid.out"}', 'done', 'v1', 3),
	('w', 4, '2026-03-02 09:00Z', '{"provider_id":"wamid.w","type":"audio"}', 'waiting', 'v1', 4),
	('n', 5, '2026-03-02 09:00:01Z', '{"provider_id":"wamid.n","type":"text","text":"¿y?"}', 'accepted', null, null)
) as d (key, no, at, message, state, conversation, seq);
select setval('gateway_event_no', 5);
insert into gateway_outgoing (id, conversation_id, channel, user_id, phone, author, agent, body, turn_id, created_at, state,
	due_at, provider_id)
values ('o1', 'v1', 'channel', '', '1', 'bot', '', '¿Es todo?', 't', '2026-03-02 08:01Z', 'sent', null, 'wamid.out'),
	('o2', 'v1', 'channel', '', '1', 'bot', '', 'Llega hoy.', 't', '2026-03-02 08:05Z', 'queued', '2026-03-02 08:05Z', null)`

// firstSchema makes a database as the first schema had it, with data in it.
func firstSchema(t *testing.T) (dsn string) {
	t.Helper()
	dsn = testservices.Postgres(t)
	pool, err := pgxpool.New(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	db := stdlib.OpenDBFromPool(pool)
	defer db.Close()
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithTableName("gateway_goose_version"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.UpTo(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(t.Context(), firstData); err != nil {
		t.Fatal(err)
	}
	return dsn
}

// TestOpenFirstSchema goes on with what a gateway of the first schema left.
func TestOpenFirstSchema(t *testing.T) {
	t.Parallel()
	s := openStore(t, Config{DSN: firstSchema(t)})
	now := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	list, _, err := s.Messages(t.Context(), "v1", gateway.Page{})
	if err != nil || len(list) != 6 {
		t.Fatalf("messages: %v, %v", list, err)
	}
	quote := &gateway.Quote{Author: gateway.AuthorBot, Type: "text", Text: "¿Es todo?"}
	for i, want := range map[int]*gateway.Quote{0: nil, 2: quote, 3: nil} {
		if diff := cmp.Diff(want, list[i].Message.Quoted); diff != "" {
			t.Errorf("message %d quotes (-want +got):\n%s", i, diff)
		}
	}
	if got := string(list[0].Payload); got != `{"as": "it came"}` {
		t.Errorf("payload: %s", got)
	}
	c := claim(t, s, now)
	if len(c.Events) != 2 || c.Events[0].Key != "w" || c.Events[1].Key != "n" || c.Conversation.Epoch != 3 || c.Conversation.Marketing != "" {
		t.Errorf("claim: %+v", c)
	}
	if err := s.Commit(t.Context(), c, reply(c, "dime", now)); err != nil {
		t.Error(err)
	}
	if o, err := s.NextOutgoing(t.Context(), now, time.Minute); err != nil || o.ID != "o2" || o.Content != nil || o.QuoteID != "" {
		t.Errorf("next message: %+v, %v", o, err)
	}
	if _, err := s.Webhook(t.Context(), "e1"); !errors.Is(err, gateway.ErrNotFound) {
		t.Errorf("webhook: %v", err)
	}
	if n, err := s.Purge(t.Context(), now); n != 0 || err != nil {
		t.Errorf("purge: %d, %v", n, err)
	}
	if list, _, err = s.Messages(t.Context(), "v1", gateway.Page{}); err != nil || list[0].Payload != nil || list[0].Text != "hola" {
		t.Errorf("messages after the purge: %v, %v", list, err)
	}
}

// TestWithdrawnAmongOthers files a withdrawal together with whatever else is about the
// same message, from its own conversation and from another.
func TestWithdrawnAmongOthers(t *testing.T) {
	t.Parallel()
	s := openStore(t, Config{DSN: testservices.Postgres(t)})
	about := func(key, phone, kind string) gateway.Event {
		e := say(key, phone, "sobre "+key, start)
		e.About, e.Message.Type = "gone", kind
		if kind != "text" {
			e.Kind = gateway.EventSignal
		}
		return e
	}
	accept(t, s, say("gone", "1", "secreto", start), say("other", "2", "hola", start))
	if _, err := s.Claim(t.Context(), start, time.Minute); !errors.Is(err, gateway.ErrNoWork) {
		t.Fatal(err)
	}
	accept(t, s, about("theirs", "2", "edit"), about("reply", "1", "text"), about("edit", "1", "edit"), about("revoke", "1", "revoke"))
	got := map[string]string{}
	for range 2 {
		c := claim(t, s, start.Add(time.Minute))
		list, _, err := s.Messages(t.Context(), c.Conversation.ID, gateway.Page{})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range list {
			got[m.ProviderID] = fmt.Sprintf("%s %v", m.Text, m.Message.Deleted)
			if q := m.Message.Quoted; q != nil && q.Text != "" {
				t.Errorf("%s quotes %q", m.ProviderID, q.Text)
			}
		}
	}
	want := map[string]string{
		"wamid.gone": " true", "wamid.other": "hola false", "wamid.theirs": "sobre theirs false", "wamid.reply": "sobre reply false",
		"wamid.edit": " true", "wamid.revoke": "sobre revoke false",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
}

// voice is a message with a file.
func voice(key, phone string, at time.Time) gateway.Event {
	e := say(key, phone, "", at)
	e.Message.Type, e.Message.Media = "audio", &gateway.Media{ProviderID: "media." + key, MIME: "audio/ogg", Voice: true}
	return e
}

// TestReplicasFetchFiles fetch at once: each file goes to one, and nobody waits for a
// file that another is about to take.
func TestReplicasFetchFiles(t *testing.T) {
	t.Parallel()
	dsn := testservices.Postgres(t)
	replicas := []*Store{openStore(t, Config{DSN: dsn}), openStore(t, Config{DSN: dsn}), openStore(t, Config{DSN: dsn})}
	const files = 30
	for i := range files {
		accept(t, replicas[0], voice(fmt.Sprint(i), fmt.Sprint(i%5), start))
	}
	if _, err := replicas[0].Claim(t.Context(), start, time.Minute); !errors.Is(err, gateway.ErrNoWork) {
		t.Fatal(err)
	}
	holder, err := replicas[0].pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var held string
	const first = `select id from gateway_files order by due_at, id limit 1 for update`
	if err := holder.QueryRow(t.Context(), first).Scan(&held); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	fetched := map[string]int{}
	var group sync.WaitGroup
	for _, s := range replicas {
		group.Go(func() {
			for {
				f, err := s.NextFile(t.Context(), start, time.Minute)
				if errors.Is(err, gateway.ErrNoWork) {
					return
				}
				if err == nil {
					err = s.SettleFile(t.Context(), f, gateway.FileResult{State: gateway.FileStored, Type: "audio/ogg", Size: 1, Words: "hola"})
				}
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				fetched[f.ID]++
				mu.Unlock()
			}
		})
	}
	group.Wait()
	if err := holder.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(fetched) != files-1 || fetched[held] != 0 {
		t.Errorf("%d files were fetched; the held one %d times", len(fetched), fetched[held])
	}
	for id, n := range fetched {
		if n != 1 {
			t.Errorf("file %s was fetched %d times", id, n)
		}
	}
	if f, err := replicas[2].NextFile(t.Context(), start, time.Minute); err != nil || f.ID != held {
		t.Errorf("then: %v, %v", f, err)
	}
}

// TestIdleFetchOnlyReads: with no file to fetch the poll writes nothing.
func TestIdleFetchOnlyReads(t *testing.T) {
	t.Parallel()
	s := openStore(t, Config{DSN: testservices.Postgres(t)})
	var before, after *int64
	const assigned = `select pg_current_xact_id_if_assigned()::text::bigint`
	tx, err := s.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context()) //nolint:errcheck // nothing is written
	if err := tx.QueryRow(t.Context(), assigned).Scan(&before); err != nil {
		t.Fatal(err)
	}
	rows, err := tx.Query(t.Context(), nextFileQuery, stamp(start), "lease", stamp(start))
	if err != nil {
		t.Fatal(err)
	}
	rows.Close()
	if err := tx.QueryRow(t.Context(), assigned).Scan(&after); err != nil || before != nil || after != nil {
		t.Errorf("the poll wrote: %v, %v (%v)", before, after, err)
	}
}

// TestSettledFileKeepsTheRetry: a turn that is to be tried again later is not due at
// once because a file came.
func TestSettledFileKeepsTheRetry(t *testing.T) {
	t.Parallel()
	s := openStore(t, Config{DSN: testservices.Postgres(t)})
	accept(t, s, voice("a", "1", start))
	now := start.Add(gateway.FileWait)
	c := claim(t, s, now)
	if err := s.Abandon(t.Context(), c, reply(c, "", now).Record, now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	f, err := s.NextFile(t.Context(), now, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SettleFile(t.Context(), f, gateway.FileResult{State: gateway.FileFailed}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Claim(t.Context(), now, time.Minute); !errors.Is(err, gateway.ErrNoWork) {
		t.Errorf("claim before the retry: %v", err)
	}
	if got := claim(t, s, now.Add(time.Hour)); len(got.Events) != 1 || got.Attempt != 2 {
		t.Errorf("claim at the retry: %+v", got)
	}
}

// archived are messages of one webhook, whose bytes no text column takes.
func archived(n int, at time.Time) (events []gateway.Event, body []byte) {
	body = []byte("\x00\xff[")
	for i := range n {
		e := say(fmt.Sprint(at.Unix(), "-", i), "1", "hola", at)
		e.BodyFrom = len(body)
		body = fmt.Appendf(body, `{"n":%d}`, i)
		e.BodyTo = len(body)
		e.Raw = bytes.Clone(body[e.BodyFrom:])
		body = append(body, ',')
		events = append(events, e)
	}
	for i := range events {
		events[i].Body = body
	}
	return events, body
}

// TestWebhookIsKeptOnce: its events are a part of it, and are not kept a second time.
func TestWebhookIsKeptOnce(t *testing.T) {
	t.Parallel()
	s := openStore(t, Config{DSN: testservices.Postgres(t)})
	events, body := archived(3, start)
	beside := say("beside", "1", "adiós", start)
	beside.Body, beside.Raw = body, []byte(`"beside"`)
	events = append(events, beside)
	accept(t, s, events...)
	accept(t, s, events...)
	c := claim(t, s, start.Add(time.Minute))
	var bodies, raws int
	const count = `select (select count(*) from gateway_webhooks), (select count(*) from gateway_events where raw is not null)`
	if err := s.pool.QueryRow(t.Context(), count).Scan(&bodies, &raws); err != nil || bodies != 1 || raws != 1 {
		t.Errorf("%d bodies and %d raws are kept (%v)", bodies, raws, err)
	}
	list, _, err := s.Messages(t.Context(), c.Conversation.ID, gateway.Page{})
	if err != nil || len(list) != len(events) {
		t.Fatalf("messages: %v, %v", list, err)
	}
	for i, m := range list {
		if !bytes.Equal(m.Payload, events[i].Raw) {
			t.Errorf("payload %d: %q, want %q", i, m.Payload, events[i].Raw)
		}
		if got, err := s.Webhook(t.Context(), m.ID); err != nil || !bytes.Equal(got, body) {
			t.Errorf("webhook %d: %q, %v", i, got, err)
		}
	}
}

// TestPurgeGoesOn until nothing is left, and leaves what came later.
func TestPurgeGoesOn(t *testing.T) {
	t.Parallel()
	s := openStore(t, Config{DSN: testservices.Postgres(t)})
	events, _ := archived(1, start.Add(time.Second))
	for i := range purgeBatch + 1 {
		e := say(fmt.Sprint(i), "1", "hola", start)
		e.Raw, e.Body = []byte("{}"), fmt.Append(nil, i)
		if i%2 == 1 { // this body is kept beside its event
			e.Raw, e.BodyTo = e.Body, len(e.Body)
		}
		events = append(events, e)
	}
	accept(t, s, events...)
	for _, want := range []int{purgeBatch, 1, 0} {
		if n, err := s.Purge(t.Context(), start.Add(time.Second)); err != nil || n != want {
			t.Errorf("purged %d, want %d (%v)", n, want, err)
		}
	}
	var bodies, raws int
	const count = `select (select count(*) from gateway_webhooks), (select count(*) from gateway_events where raw is not null)`
	if err := s.pool.QueryRow(t.Context(), count).Scan(&bodies, &raws); err != nil || bodies != 0 || raws != 1 {
		t.Errorf("%d bodies and %d raws are left (%v)", bodies, raws, err)
	}
}
