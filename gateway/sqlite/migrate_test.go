package sqlite_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pressly/goose/v3"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/sqlite"
)

// before are the rows of a file that was made before the second migration: a
// conversation with a question, an answer, an echo and a handoff, a message that could
// not be filed, one that still has to be, and the status of a reply that was not
// settled.
const before = `
insert into identities values ('phone:34600111222', 'contact');
insert into conversations (id, contact_id, channel, user_id, phone, name, mode, epoch, language, last_customer_at, agent,
	fallbacks, clarified, created_at, updated_at)
	values ('c1', 'contact', 'ch', '', '34600111222', 'Ana', 'queued', 3, 'es', 1000, '', 1, 0, 500, 2000);
insert into events (key, kind, channel, user_id, phone, name, at, received_at, answer_after, answer_by, body, raw, conversation_id)
	values
	('k1', 'message', 'ch', '', '34600111222', 'Ana', 1000, 1000, 1000, 1000,
		'{"provider_id":"wamid.1","type":"text","text":"¿Tenéis velas?"}', x'7b7d', 'c1'),
	('k2', 'echo', 'ch', '', '34600111222', '', 1500, 1500, 1500, 1500,
		'{"provider_id":"wamid.2","type":"text","text":"Desde el teléfono."}', x'7b7d', 'c1'),
	('k3', 'message', 'ch', '', '34600111222', 'Ana', 1600, 1600, 1600, 1600, '{"provider_id":', x'7b', null),
	('k4', 'message', 'ch', '', '34600111222', 'Ana', 2000, 2000, 2000, 2000,
		'{"provider_id":"wamid.4","type":"image","text":"mira","quoted_id":"wamid.1","media":{"provider_id":"m4"}}', x'7b7d', null);
insert into aside values (3);
update meta set filed = 3, revision = 7 where id = 1;
insert into outgoing (id, conversation_id, channel, user_id, phone, author, agent, text, turn_id, created_at, expires_at, state, due_at,
	provider_id)
	values ('o1', 'c1', 'ch', '', '34600111222', 'bot', '', 'Sí, muchas.', 't1', 1100, 0, 'delivered', null, 'wamid.o1'),
	('o2', 'c1', 'ch', '', '34600111222', 'bot', '', 'Y rojas.', 't1', 1200, 0, 'queued', 1200, '');
insert into early_statuses values ('wamid.o2', 'failed', '{"code":131026,"title":"Message undeliverable"}', 1300);
insert into handoffs values ('h1', 'c1', '', '34600111222', 'Ana', 'legal', 'queued', '', '{"wants":"un abogado","language":"es","why":"x"}',
	1400, 1400);
insert into turns (conversation_id, record) values ('c1', '{"id":"t1"}');
`

// old makes a file as the first migration left it.
func old(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "recado.db")
	db := raw(t, path)
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, os.DirFS("migrations"), goose.WithTableName("gateway_goose_version"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.UpTo(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), before); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestMigrate opens a file of before: everything is there, and what was under way goes
// on.
func TestMigrate(t *testing.T) {
	t.Parallel()
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: old(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	now := time.Unix(0, 1_000_000).UTC()
	c, err := s.Conversation(t.Context(), "c1")
	if err != nil || c.Mode != gateway.ModeQueued || !c.DoubtedAt.IsZero() || c.Unreachable != nil || c.Marketing != "" {
		t.Errorf("conversation %+v, %v", c, err)
	}
	claim, err := s.Claim(t.Context(), now, time.Minute)
	if !errors.Is(err, gateway.ErrNoWork) {
		t.Errorf("claimed %+v, %v before the file of the message was had", claim, err)
	}
	claim, err = s.Claim(t.Context(), now.Add(gateway.FileWait), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	want := &gateway.Quote{Author: gateway.AuthorCustomer, Type: "text", Text: "¿Tenéis velas?"}
	if diff := cmp.Diff(want, claim.Events[0].Message.Quoted); diff != "" || claim.Events[0].Key != "k4" {
		t.Errorf("what a message of before quotes (-want +got):\n%s", diff)
	}
	var texts []string
	for _, m := range claim.History {
		texts = append(texts, fmt.Sprint(m.Author, ": ", m.Type, ": ", m.Text))
	}
	if diff := cmp.Diff([]string{
		"customer: text: ¿Tenéis velas?", "bot: text: Sí, muchas.", "bot: text: Y rojas.", "agent: text: Desde el teléfono.",
	}, texts); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
	f, err := s.NextFile(t.Context(), now, time.Minute)
	if err != nil || f.Media.ProviderID != "m4" || f.Language != "es" || f.ConversationID != "c1" {
		t.Errorf("file %+v, %v", f, err)
	}
	settleEarly(t, s, now)
	checkOldRaw(t, s)
}

// settleEarly sends the reply whose status came before the migration.
func settleEarly(t *testing.T, s *sqlite.Store, now time.Time) {
	t.Helper()
	o, err := s.NextOutgoing(t.Context(), now, time.Minute)
	if err != nil || o.ID != "o2" || o.Content != nil || o.QuoteID != "" {
		t.Fatalf("outgoing %+v, %v", o, err)
	}
	if err := s.Settle(t.Context(), o, gateway.SendResult{Outcome: gateway.SendAccepted, ProviderID: "wamid.o2"}); err != nil {
		t.Fatal(err)
	}
	list, _, err := s.Messages(t.Context(), "c1", gateway.Page{})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range list {
		if m.ID == o.ID && (m.Status != string(gateway.DeliveryFailed) || m.Error == nil || m.Error.Code != 131026) {
			t.Errorf("the early status is not merged: %s, %v", m.Status, m.Error)
		}
	}
}

// checkOldRaw reads what was kept beside the events of before, and drops it.
func checkOldRaw(t *testing.T, s *sqlite.Store) {
	t.Helper()
	for _, want := range []json.RawMessage{json.RawMessage(`{}`), nil} {
		list, _, err := s.Messages(t.Context(), "c1", gateway.Page{Limit: 1})
		if err != nil || string(list[0].Payload) != string(want) {
			t.Errorf("payload %q, %v, want %q", list[0].Payload, err, want)
		}
		if n, err := s.Purge(t.Context(), time.Unix(0, 1001)); err != nil || n != 0 {
			t.Errorf("purge: %d, %v", n, err)
		}
	}
	if _, err := s.Webhook(t.Context(), "in-1"); !errors.Is(err, gateway.ErrNotFound) {
		t.Errorf("webhook of before: %v", err)
	}
}

// TestMigrateTogether has several processes open a file of before at once.
func TestMigrateTogether(t *testing.T) {
	t.Parallel()
	path := old(t)
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			s, err := sqlite.Open(t.Context(), sqlite.Config{Path: path})
			if err != nil {
				t.Error(err)
				return
			}
			if err := errors.Join(s.Ping(t.Context()), s.Close()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	h, err := sqlite.Inspect(t.Context(), path)
	if err != nil || h.Schema != h.Newest {
		t.Errorf("%+v, %v", h, err)
	}
}
