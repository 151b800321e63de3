package backoffice_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/redis/go-redis/v9"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/orders"
	"github.com/recado/recado/gateway/orders/backoffice"
	"github.com/recado/recado/internal/testservices"
	"github.com/recado/recado/rag/action"
	"github.com/recado/recado/rag/assure"
)

var now = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

const owner = "34600000001"

// shop is a Redis with a book, both ends of the wire, and what the office delivered.
type shop struct {
	client *redis.Client
	book   *orders.Book
	wire   *orders.Wire
	office *backoffice.Office
}

func open(t testing.TB, addr string, c backoffice.Config) *shop {
	t.Helper()
	options, err := redis.ParseURL(addr)
	must(t, err)
	s := &shop{client: redis.NewClient(options)}
	t.Cleanup(func() { must(t, s.client.Close()) })
	s.book, err = orders.New(orders.Config{Client: s.client, Timeout: 20 * time.Second, Now: clock})
	must(t, err)
	s.wire, err = orders.NewWire(orders.WireConfig{Client: s.client, Block: 10 * time.Millisecond, Again: 50 * time.Millisecond, Retry: 10 * time.Millisecond})
	must(t, err)
	c.Client, c.Now = s.client, clock
	c.Block, c.Again, c.Retry = 10*time.Millisecond, 50*time.Millisecond, 10*time.Millisecond
	if c.Book == nil {
		c.Book = s.book
	}
	s.office, err = backoffice.New(c)
	must(t, err)
	return s
}

func clock() time.Time { return now }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func everywhere(t *testing.T, test func(t *testing.T, addr string)) {
	t.Run("miniredis", func(t *testing.T) {
		t.Parallel()
		test(t, "redis://"+miniredis.RunT(t).Addr())
	})
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		test(t, testservices.Redis(t))
	})
}

// put keeps an order of the owner and gives its version.
func (s *shop) put(t testing.TB, number, status string, extra ...string) string {
	t.Helper()
	doc := json.RawMessage(fmt.Sprintf(`{"number":%q,"customer":{"phone":%q,"name":"Ana"},"status":%q,"big":12345678901234567890.10,
		"items":[{"sku":"A","name":"Robot","quantity":2,"price":"10.50","currency":"EUR"},{"name":"Taza","price":"5","currency":"EUR"}],
		"shipping":{"carrier":"Alcor","address":"Calle Vieja 1"}%s}`, number, owner, status, strings.Join(append([]string{""}, extra...), ",")))
	if _, err := s.book.Put(t.Context(), []json.RawMessage{doc}); err != nil {
		t.Fatal(err)
	}
	return s.snapshot(t, number).Version
}

func (s *shop) doc(t testing.TB, number string) json.RawMessage {
	t.Helper()
	docs, err := s.book.Find(t.Context(), owner)
	must(t, err)
	for _, doc := range docs {
		if one, err := orders.SnapshotOf(doc); err == nil && one.Number == number {
			return doc
		}
	}
	t.Fatalf("there is no order %s", number)
	return nil
}

func (s *shop) snapshot(t testing.TB, number string) action.Snapshot {
	t.Helper()
	one, err := orders.SnapshotOf(s.doc(t, number))
	must(t, err)
	return one
}

func command(id string, k action.Kind, number, version string) gateway.Command {
	return gateway.Command{
		ID: id, Customer: gateway.Identity{Phone: owner}, Version: version, Level: assure.Code,
		Call: action.Call{Kind: k, Order: number, Items: []string{"robot"}, Address: "Calle Nueva 2", Reason: "roto"},
	}
}

// answers publishes commands, runs both ends, and gives the receipts until there are n; then
// it waits a moment for more.
func (s *shop) answers(t testing.TB, n int, list ...gateway.Command) []action.Receipt {
	t.Helper()
	for _, c := range list {
		must(t, s.wire.Publish(t.Context(), c))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var all sync.WaitGroup
	all.Go(func() { must(t, s.office.Run(ctx)) })
	var got []action.Receipt
	all.Go(func() {
		must(t, s.wire.Receipts(ctx, func(_ context.Context, r action.Receipt) error {
			if got = append(got, r); len(got) == n {
				time.AfterFunc(150*time.Millisecond, cancel)
			}
			return nil
		}))
	})
	all.Wait()
	if len(got) != n {
		t.Fatalf("%d receipts, not %d: %+v", len(got), n, got)
	}
	return got
}

func same(t testing.TB, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

func TestACancelledOrder(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, addr string) {
		s := open(t, addr, backoffice.Config{})
		version := s.put(t, "#W1", "paid", `"history":[{"at":"2026-03-01T10:00:00Z","status":"paid","note":"Pagado"}]`)
		r := s.answers(t, 1, command("c1", action.Cancel, "w1", version))[0]
		same(t, action.Receipt{
			ID: "r-c1", CommandID: "c1", Kind: action.Cancel, Order: "#W1", Outcome: action.Done, Reference: r.Reference,
			Facts: map[string]string{"amount": "26.00 EUR"}, At: now,
		}, r)
		f := s.book.Facts(t.Context(), gateway.Identity{Phone: owner}, assure.Grant(assure.Number), "")
		same(t, []string{"cancelled", "Cancelado a petición del cliente", "26.00 EUR, ordered, ordered 2026-03-02"},
			[]string{f.Orders[0].Status, f.Orders[0].LastNote, f.Orders[0].Refund})
		if doc := string(s.doc(t, "#W1")); !strings.Contains(doc, "12345678901234567890.10") || !strings.Contains(doc, "Pagado") || !strings.HasPrefix(r.Reference, "C-") {
			t.Errorf("%s, %s", r.Reference, doc)
		}
	})
}

func TestANewAddress(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, addr string) {
		s := open(t, addr, backoffice.Config{})
		r := s.answers(t, 1, command("c1", action.ChangeAddress, "#W1", s.put(t, "#W1", "paid")))[0]
		f := s.book.Facts(t.Context(), gateway.Identity{Phone: owner}, assure.Grant(assure.Code), "").Orders[0]
		same(t, []string{"done", "Calle Nueva 2", "Alcor", "paid"}, []string{string(r.Outcome), f.Address, f.Carrier, f.Status})
	})
}

func TestAReturn(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, addr string) {
		s := open(t, addr, backoffice.Config{})
		version := s.put(t, "#W1", "delivered", `"history":[{"at":"2026-03-01T10:00:00Z","status":"delivered"}]`, `"returns":[]`)
		r := s.answers(t, 1, command("c1", action.StartReturn, "#W1", version))[0]
		same(t, map[string]string{"amount": "21.00 EUR", "by": "2026-03-16"}, r.Facts)
		var doc struct {
			Status  string
			Returns []struct {
				ID, Reason string
				Items      []string
			}
		}
		must(t, json.Unmarshal(s.doc(t, "#W1"), &doc))
		if len(doc.Returns) != 1 || doc.Returns[0].ID != r.Reference || doc.Returns[0].Reason != "roto" || doc.Returns[0].Items[0] != "A" || doc.Status != "return_requested" {
			t.Errorf("%+v", doc)
		}
	})
}

// TestTheShopDecidesAgain: whatever Recado asks for, its own rules hold, and the order stays
// as it is.
func TestTheShopDecidesAgain(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, addr string) {
		s := open(t, addr, backoffice.Config{})
		shipped, paid := s.put(t, "#W1", "shipped"), s.put(t, "#W2", "paid")
		foreign := command("c3", action.Cancel, "#W2", paid)
		foreign.Customer = gateway.Identity{Phone: "34600000009", UserID: "ES.9"}
		low := command("c5", action.ChangeAddress, "#W2", paid)
		low.Level = assure.Number
		nobody := command("c7", action.Cancel, "#W2", paid)
		nobody.Level = assure.Unknown
		want := map[string]string{"c1": "status", "c2": "not_found", "c3": "not_found", "c4": "unavailable", "c5": "level", "c6": "return_days", "c7": "level", "c8": "unavailable"}
		old := s.put(t, "#W3", "delivered", `"history":[{"at":"2025-03-01T10:00:00Z","status":"delivered"}]`)
		list := s.answers(t, len(want),
			command("c1", action.Cancel, "#W1", shipped), command("c2", action.Cancel, "#W9", paid), foreign,
			command("c4", action.Cancel, "#W2", "another version"), low, command("c6", action.StartReturn, "#W3", old), nobody,
			command("c8", action.SendCode, "", ""))
		for _, r := range list {
			if r.Reason != want[r.CommandID] || r.Outcome != action.Refused || r.Reference != "" || len(r.Facts) > 0 {
				t.Errorf("%+v, not %s", r, want[r.CommandID])
			}
		}
		same(t, []string{shipped, paid, old}, []string{s.snapshot(t, "#W1").Version, s.snapshot(t, "#W2").Version, s.snapshot(t, "#W3").Version})
	})
}

// TestACommandIsDoneOnce: however often it comes, also after the office forgot the receipt,
// it changes the order once and has one receipt.
func TestACommandIsDoneOnce(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, addr string) {
		s := open(t, addr, backoffice.Config{})
		c := command("c1", action.StartReturn, "#W1", s.put(t, "#W1", "delivered", `"history":[{"at":"2026-03-01T10:00:00Z","status":"delivered"}]`))
		first := s.answers(t, 1, c)[0]
		done := s.snapshot(t, "#W1").Version
		for _, forget := range []bool{false, true} {
			if forget {
				must(t, s.client.Del(t.Context(), "recado:shop:receipt:c1").Err())
			}
			body, err := orders.EncodeCommand(c)
			must(t, err)
			for range 2 {
				must(t, s.client.XAdd(t.Context(), &redis.XAddArgs{Stream: "recado:commands", Values: map[string]any{"command": body}}).Err())
			}
			same(t, []action.Receipt{first, first}, s.answers(t, 2))
		}
		same(t, done, s.snapshot(t, "#W1").Version)
	})
}

// brokenBook fails on demand, before or after it has done its work.
type brokenBook struct {
	*orders.Book
	mu            sync.Mutex
	before, after int
}

func (b *brokenBook) Put(ctx context.Context, docs []json.RawMessage) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.before > 0 {
		b.before--
		return 0, errors.New("the disk is full")
	}
	n, err := b.Book.Put(ctx, docs)
	if b.after > 0 && err == nil {
		b.after--
		return n, errors.New("the connection broke")
	}
	return n, err
}

// TestACrashBetweenDeedAndReceipt: the command comes again, and neither the deed nor the
// receipt is lost or doubled.
func TestACrashBetweenDeedAndReceipt(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, addr string) {
		for i, b := range []*brokenBook{{before: 2}, {after: 2}, {before: 1, after: 1}} {
			s := open(t, addr, backoffice.Config{})
			b.Book = s.book
			s = open(t, addr, backoffice.Config{Book: b})
			number := fmt.Sprint("#W", i)
			c := command(fmt.Sprint("c", i), action.Cancel, number, s.put(t, number, "paid"))
			r := s.answers(t, 1, c)[0]
			if r.Outcome != action.Done || strings.Count(string(s.doc(t, number)), `"command"`) != 1 {
				t.Errorf("%+v, %s", r, s.doc(t, number))
			}
		}
	})
}

func TestFaultsOnDemand(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, addr string) {
		s := open(t, addr, backoffice.Config{Fault: func(c gateway.Command) backoffice.Fault {
			return map[string]backoffice.Fault{
				"slow": {Slow: 200 * time.Millisecond}, "refuse": {Refuse: true}, "lose": {Lose: true}, "duplicate": {Duplicate: true},
			}[c.ID]
		}})
		began := time.Now()
		var list []gateway.Command
		for _, id := range []string{"lose", "refuse", "duplicate", "slow"} {
			list = append(list, command(id, action.Cancel, "#W"+id, s.put(t, "#W"+id, "paid")))
		}
		var got []string
		for _, r := range s.answers(t, 4, list...) {
			got = append(got, r.CommandID+" "+string(r.Outcome))
		}
		same(t, []string{"refuse refused", "duplicate done", "duplicate done", "slow done"}, got)
		if time.Since(began) < 200*time.Millisecond {
			t.Error("it was not slow")
		}
		same(t, []string{"cancelled", "paid"}, []string{s.snapshot(t, "#Wlose").Status, s.snapshot(t, "#Wrefuse").Status})
		if b, err := s.wire.Backlog(t.Context()); err != nil || b.Commands != 1 {
			t.Errorf("%+v, %v", b, err)
		}
	})
}

// TestCodesAreDelivered by whoever was given for that, and to the customer.
func TestCodesAreDelivered(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, addr string) {
		var sent []string
		s := open(t, addr, backoffice.Config{Deliver: func(_ context.Context, to gateway.Identity, code string) error {
			if sent = append(sent, to.Phone+" "+code); code == "000000" {
				return errors.New("no address")
			}
			return nil
		}})
		var list []gateway.Command
		for id, code := range map[string]string{"a": "123456", "b": "000000", "c": ""} {
			c := command(id, action.SendCode, "", "")
			c.Secret, c.Level = code, assure.Number
			list = append(list, c)
		}
		got := map[string]action.Outcome{}
		for _, r := range s.answers(t, 3, list...) {
			got[r.CommandID] = r.Outcome
			if strings.Contains(fmt.Sprint(r), "123456") {
				t.Errorf("the receipt holds the code: %+v", r)
			}
		}
		same(t, map[string]action.Outcome{"a": action.Done, "b": action.Failed, "c": action.Refused}, got)
		if len(sent) != 2 {
			t.Errorf("%v was sent", sent)
		}
		if left := s.client.XLen(t.Context(), "recado:commands").Val(); left != 0 {
			t.Errorf("%d codes stay on the stream", left)
		}
	})
}

// TestWhatIsNoCommandIsLeftOut: and does not hold up the next, and tells nothing to the log.
func TestWhatIsNoCommandIsLeftOut(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, addr string) {
		var log bytes.Buffer
		s := open(t, addr, backoffice.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		for _, text := range []string{"SECRET", `{"id":"SECRET","kind":"pay","level":"code"}`, `{"id":"x","kind":"cancel_order","level":"SECRET"}`} {
			must(t, s.client.XAdd(t.Context(), &redis.XAddArgs{Stream: "recado:commands", Values: map[string]any{"command": text}}).Err())
		}
		s.answers(t, 1, command("good", action.Cancel, "#W1", s.put(t, "#W1", "paid")))
		pending := s.client.XPending(t.Context(), "recado:commands", "shop").Val()
		if strings.Count(log.String(), "can't be read") != 3 || strings.Contains(log.String(), "SECRET") || pending.Count != 0 {
			t.Errorf("%d pending, %s", pending.Count, log.String())
		}
	})
}

func TestNewChecksTheConfig(t *testing.T) {
	t.Parallel()
	s := open(t, "redis://"+miniredis.RunT(t).Addr(), backoffice.Config{})
	for _, c := range []backoffice.Config{{}, {Client: s.client}, {Book: s.book}, {Client: s.client, Book: s.book, Block: -1}} {
		if o, err := backoffice.New(c); err == nil || o != nil {
			t.Errorf("%+v is taken", c)
		}
	}
}
