package orders_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/orders"
	"github.com/recado/recado/internal/demoshop"
	"github.com/recado/recado/internal/testservices"
	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/assure"
)

var start = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

func connect(t testing.TB, addr string) *redis.Client {
	t.Helper()
	options, err := redis.ParseURL(addr)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
	return client
}

func book(t testing.TB, addr string, c orders.Config) *orders.Book {
	t.Helper()
	c.Client = connect(t, addr)
	if c.Now == nil {
		c.Now = func() time.Time { return start }
	}
	if c.Timeout == 0 {
		// A busy machine is no reason to find Redis away.
		c.Timeout = 20 * time.Second
	}
	b, err := orders.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// everywhere runs a test on the in-process Redis and on a real one.
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

// doc is an order with these fields and what is needed beside them.
func doc(number, phone string, extra ...string) json.RawMessage {
	fields := append([]string{
		fmt.Sprintf(`"number":%q,"customer":{"phone":%q},"status":"shipped"`, number, phone),
	}, extra...)
	return json.RawMessage("{" + strings.Join(fields, ",") + "}")
}

func put(t testing.TB, b *orders.Book, docs ...json.RawMessage) {
	t.Helper()
	if n, err := b.Put(t.Context(), docs); err != nil || n != len(docs) {
		t.Fatalf("%d orders of %d were put: %v", n, len(docs), err)
	}
}

func phone(number string) gateway.Identity { return gateway.Identity{Phone: number} }

func facts(t testing.TB, b *orders.Book, who gateway.Identity, text string) rag.OrderFacts {
	t.Helper()
	f := b.Facts(t.Context(), who, assure.Grant(assure.Number), text)
	if f.Unavailable {
		t.Fatal("the orders are unavailable")
	}
	return f
}

func numbers(f rag.OrderFacts) []string {
	list := []string{}
	for _, o := range f.Orders {
		list = append(list, o.Number)
	}
	return list
}

func equal(t testing.TB, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

func TestFactsSayWhatAnAnswerMaySay(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, addr string) {
		b := book(t, addr, orders.Config{})
		put(t, b, json.RawMessage(`{
			"number": "#W2024117", "status": "shipped", "placed_at": "2026-02-27", "eta": "2026-03-04T18:00:00+01:00",
			"customer": {"phone": "+34 600-550.101", "name": "Lucía Herrera", "email": "lucia@example.com"},
			"items": [{"sku": "A", "name": "Robot", "quantity": 2, "price": 219.0, "currency": "eur"},
				{"name": "Cable", "price": "4.995", "currency": "EUR"}, {"name": "Taza", "quantity": 1, "price": 4990, "currency": "CLP"},
				{"name": "Cupón", "price": "-0.1", "currency": "EUR"}, {"name": "Gratis", "price": null}],
			"shipping": {"carrier": "Alcor", "tracking_url": "https://seguimiento.example.com/1", "address": "Calle Mayor 1"},
			"payment": {"method": "card", "card": "4111"}, "returns": [], "gift": true,
			"history": [{"at": "2026-02-28T09:00:00Z", "status": "packed", "note": "Empaquetado"},
				{"at": "2026-02-28T09:30:00+01:00", "status": "paid", "note": "Pagado"}]
		}`))
		want := rag.OrderFacts{Level: assure.Number, Asked: []string{"#W2024117"}, Orders: []rag.Order{{
			Number: "#W2024117", Status: "shipped", PlacedAt: "2026-02-27", ETA: "2026-03-04T18:00:00+01:00",
			Carrier: "Alcor", TrackingURL: "https://seguimiento.example.com/1",
			LastNote: "Empaquetado", LastAt: "2026-02-28T09:00:00Z",
			Items: []rag.OrderItem{
				{Name: "Robot", Quantity: 2, PriceMinor: 21900, Currency: "EUR"},
				{Name: "Cable", Quantity: 1, PriceMinor: 500, Currency: "EUR"},
				{Name: "Taza", Quantity: 1, PriceMinor: 4990, Currency: "CLP"},
				{Name: "Cupón", Quantity: 1, PriceMinor: -10, Currency: "EUR"},
				{Name: "Gratis", Quantity: 1},
			},
		}}}
		equal(t, want, facts(t, b, phone("34600550101"), "¿Dónde está mi pedido w2024117?"))
	})
}

func TestLatestFirstAndNamedOnTop(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, addr string) {
		b := book(t, addr, orders.Config{Keep: 3})
		var docs []json.RawMessage
		for i := range 30 {
			at := start.Add(-time.Duration(i) * 24 * time.Hour).Format(time.RFC3339)
			docs = append(docs, doc(fmt.Sprint("W", 1000+i), "34600000001", `"placed_at":"`+at+`"`))
		}
		// An order without a date counts as new, and the zone of a date counts.
		docs = append(docs, doc("W0001", "34600000001"), doc("W0002", "34600000001", `"placed_at":"2026-03-02T14:00:00+05:00"`))
		put(t, b, docs...)
		who := phone("34600000001")
		equal(t, []string{"W1000", "W0001", "W0002"}, sorted(numbers(facts(t, b, who, "hola")), "W1000", "W0001", "W0002"))
		f := facts(t, b, who, "W1020 W1001 W9999")
		equal(t, []string{"W1001", "W1020"}, numbers(f)[3:])
		equal(t, []string{"W1020", "W1001", "W9999"}, f.Asked)
		equal(t, []string{"W9999"}, f.NotFound)
		f = facts(t, b, who, "W1010 W1011 W1012 W1013 W1014 W1015 W1016 W1017 W1018")
		equal(t, 10, len(f.Orders))
		equal(t, 9, len(f.Asked))
		equal(t, 0, len(f.NotFound))
	})
}

// sorted gives the wanted list when the list holds the same: orders of the same
// moment may come in any order.
func sorted(list []string, want ...string) []string {
	if cmp.Equal(slices.Sorted(slices.Values(list)), slices.Sorted(slices.Values(want))) {
		return want
	}
	return list
}

func TestFindGivesDocumentsAsTheyCame(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, addr string) {
		b := book(t, addr, orders.Config{})
		own := `{"number":"A1","customer":{"phone":"+52 1 55 1234 5678","user_id":"MX.77","vip":true},"status":"paid",` +
			`"placed_at":"2026-01-02","total":12345678901234567890.10,"x":{"b":1,"a":[null,"\u00e9","<ñ>"]}}`
		put(t, b, json.RawMessage(strings.ReplaceAll(own, `,"`, ",\n  \"")), doc("B2", "5215512345678", `"placed_at":"2026-01-01"`))
		for _, contact := range []string{"+52 1 55 1234 5678", "5215512345678", "525512345678", "00 52 (55) 1234-5678"} {
			list, err := b.Find(t.Context(), contact)
			if err != nil || len(list) != 2 || string(list[0]) != own {
				t.Errorf("%s: %s, %v", contact, list, err)
			}
		}
		for contact, want := range map[string]int{"MX.77": 1, "mx.77": 0, "MX.5215512345678": 0, "77": 0, "": 0, "nobody": 0} {
			list, err := b.Find(t.Context(), contact)
			if err != nil || list == nil || len(list) != want {
				t.Errorf("%q: %s, %v", contact, list, err)
			}
		}
	})
}

// TestPutWritesAllOrNothing: a wrong document is named by its place, and the good
// ones before and after it are not written.
func TestPutWritesAllOrNothing(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, addr string) {
		b := book(t, addr, orders.Config{})
		for wrong, says := range badDocuments() {
			n, err := b.Put(t.Context(), []json.RawMessage{doc("A1", "34600000001"), json.RawMessage(wrong), doc("A2", "34600000001")})
			if n != 0 || !errors.Is(err, orders.ErrInvalid) || !strings.Contains(err.Error(), "order 1: "+says) {
				t.Errorf("%.60s: %d, %v; not an error that says %q", wrong, n, err, says)
			}
			if err != nil && (strings.Contains(err.Error(), "SECRET") || strings.Contains(err.Error(), "777")) {
				t.Errorf("the error repeats the document: %v", err)
			}
		}
		if keys := connect(t, addr).Keys(t.Context(), "*").Val(); len(keys) != 0 {
			t.Errorf("something was written: %v", keys)
		}
		put(t, b)
	})
}

// badDocuments are texts that are no order, with what is said of them.
func badDocuments() map[string]string {
	rest := `,"customer":{"phone":"34600000001"},"status":"paid"}`
	return map[string]string{
		"":                                  "an order must be a JSON object",
		"[]":                                "an order must be a JSON object",
		`"SECRET"`:                          "an order must be a JSON object",
		`{"number":"SECRET`:                 "the order is no JSON",
		`{"number":"A"} SECRET`:             "the order is no JSON from byte",
		"{\"number\":\"SECRET\xe9\"" + rest: "the order is not written in UTF-8",
		`{"number":777` + rest:              "number has the wrong type: it is a number",
		`{"number":"A","items":{}` + rest:   "items has the wrong type: it is a object",
		`{"number":"A","items":[{"quantity":1.777}]` + rest:                         "items.quantity has the wrong type: it is a number",
		`{"number":"A","items":[{"quantity":-777}]` + rest:                          "items[0].quantity is negative",
		`{"number":"A","items":[{},{"price":"777 SECRET"}]` + rest:                  "items[1].price is not an amount",
		`{"number":"A","items":[{"price":"0x777"}]` + rest:                          "items[0].price is not an amount",
		`{"number":"A","items":[{"price":"777/3"}]` + rest:                          "items[0].price is not an amount",
		`{"number":"A","items":[{"price":{"a":777}}]` + rest:                        "items[0].price is not an amount",
		`{"number":"A","items":[{"price":true}]` + rest:                             "items[0].price is not an amount",
		`{"number":"A","placed_at":"777 SECRET"` + rest:                             "placed_at must be a date",
		`{"number":"A","eta":"31/12/2026"` + rest:                                   "eta must be a date",
		`{"number":" # "` + rest:                                                    "number is missing",
		`{"x":1` + rest:                                                             "number is missing",
		`{"number":"` + strings.Repeat("7", 65) + `"` + rest:                        "number is longer than 64 bytes",
		`{"number":"A\u0000B"` + rest:                                               "number holds a control character",
		`{"number":"A","customer":{"phone":"34600000001"}}`:                         "status is missing",
		`{"number":"A","status":"paid"}`:                                            "customer needs a phone",
		`{"number":"A","status":"paid","customer":{"phone":"77755"}}`:               "customer.phone must have 7 to 15 digits",
		`{"number":"A","status":"paid","customer":{"phone":"7777777777777777"}}`:    "customer.phone must have 7 to 15 digits",
		`{"number":"A","status":"paid","customer":{"phone":"n/a","user_id":"U"}}`:   "customer.phone must have 7 to 15 digits",
		`{"number":"A","status":"paid","customer":{"user_id":"U\nrecado:order:A"}}`: "customer.user_id holds a control character",
		`{"number":"A","note":"` + strings.Repeat("x", 256<<10) + `"` + rest:        "the order is larger than 256 KB",
	}
}

// recorder is a hook that keeps the names of the commands sent together.
type recorder struct {
	mu   sync.Mutex
	sent []string
}

func (r *recorder) DialHook(next redis.DialHook) redis.DialHook          { return next }
func (r *recorder) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }
func (r *recorder) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		r.mu.Lock()
		for _, c := range cmds {
			r.sent = append(r.sent, c.Name())
		}
		r.mu.Unlock()
		return next(ctx, cmds)
	}
}

// TestPutIsOneTransaction: a connection that breaks in between writes nothing.
func TestPutIsOneTransaction(t *testing.T) {
	t.Parallel()
	client, sent := connect(t, "redis://"+miniredis.RunT(t).Addr()), &recorder{}
	client.AddHook(sent)
	b, err := orders.New(orders.Config{Client: client})
	if err != nil {
		t.Fatal(err)
	}
	put(t, b, doc("A1", "34600000001"), doc("A2", "34600000001"))
	sent.mu.Lock()
	defer sent.mu.Unlock()
	// The client sends commands of its own for each new connection.
	if all := strings.Join(sent.sent, " "); !strings.Contains(all, "multi evalsha evalsha exec") {
		t.Errorf("the commands are %s", all)
	}
}

// TestMovedOrder: an order that changes hands leaves nothing with its old owner.
func TestMovedOrder(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, addr string) {
		b := book(t, addr, orders.Config{})
		put(t, b, json.RawMessage(`{"number":"#A1","customer":{"phone":"34600000001","user_id":"ES.1"},"status":"paid"}`))
		put(t, b, doc("a1", "34600000002"))
		for _, who := range []gateway.Identity{phone("34600000001"), {UserID: "ES.1"}} {
			f := facts(t, b, who, "#A1 pedido")
			equal(t, rag.OrderFacts{Level: assure.Number}, f)
		}
		equal(t, []string{"a1"}, numbers(facts(t, b, phone("34600000002"), "")))
		keys := connect(t, addr).Keys(t.Context(), "*").Val()
		slices.Sort(keys)
		equal(t, []string{"recado:customer:phone:34600000002", "recado:order:A1"}, keys)
		put(t, b, json.RawMessage(`{"number":"A1","customer":{"email":"a@example.com"},"status":"paid"}`))
		equal(t, rag.OrderFacts{Level: assure.Number}, facts(t, b, phone("34600000002"), ""))
	})
}

// TestConcurrentMoves: whoever writes last, the order has one owner.
func TestConcurrentMoves(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, addr string) {
		b := book(t, addr, orders.Config{})
		var group sync.WaitGroup
		for i := range 8 {
			group.Go(func() {
				for range 20 {
					if _, err := b.Put(t.Context(), []json.RawMessage{doc("A1", fmt.Sprint("3460000000", i))}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		owners := 0
		for i := range 8 {
			list, err := b.Find(t.Context(), fmt.Sprint("3460000000", i))
			if err != nil {
				t.Fatal(err)
			}
			owners += len(list)
		}
		if owners != 1 {
			t.Errorf("the order has %d owners", owners)
		}
	})
}

// TestNobodySeesTheOrderOfAnother: random writes and moves, with phones in their
// many forms; then everybody asks for every number.
func TestNobodySeesTheOrderOfAnother(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, addr string) {
		round := 0
		shop := connect(t, addr)
		// Each person with the ways their number is written.
		people := [][]string{
			{"34600000001", "+34 600 000 001", "0034600000001"},
			{"34600000002"},
			{"5215512345678", "+52 55 1234 5678"},
			{"5511987654321", "551187654321"},
			{"5493511234567", "54 351 123-4567"},
			{"551133334444"},
			{"5511933334444"},
			{"4915112345678"},
		}
		rapid.Check(t, func(rt *rapid.T) {
			round++
			b, err := orders.New(orders.Config{Client: shop, Prefix: fmt.Sprint("p", round, ":"), Timeout: 20 * time.Second, Keep: 10})
			if err != nil {
				rt.Fatal(err)
			}
			owner := map[string]int{}
			for range rapid.IntRange(1, 12).Draw(rt, "writes") {
				number := fmt.Sprint("W", 1000+rapid.IntRange(0, 6).Draw(rt, "order"))
				who := rapid.IntRange(0, len(people)-1).Draw(rt, "owner")
				owner[number] = who
				put(t, b, doc(number, rapid.SampledFrom(people[who]).Draw(rt, "writing")))
			}
			for who, writings := range people {
				f := b.Facts(t.Context(), phone(rapid.SampledFrom(writings).Draw(rt, "asks")), assure.Grant(assure.Number), "W1000 W1001 W1002 W1003 W1004 W1005 W1006")
				var own, others []string
				for i := range 7 {
					number := fmt.Sprint("W", 1000+i)
					if o, ok := owner[number]; ok && o == who {
						own = append(own, number)
					} else {
						others = append(others, number)
					}
				}
				got := numbers(f)
				slices.Sort(got)
				if f.Unavailable || !slices.Equal(got, own) || !slices.Equal(f.NotFound, others) || len(f.Asked) != 7 {
					rt.Fatalf("person %d has %v and sees %+v", who, own, f)
				}
			}
		})
	})
}

// TestForeignAndMissingLookTheSame: a customer can't find out which numbers exist.
func TestForeignAndMissingLookTheSame(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, addr string) {
		b := book(t, addr, orders.Config{})
		put(t, b, doc("W1111", "34600000001"), doc("W2222", "34600000002"))
		foreign := facts(t, b, phone("34600000001"), "pedido W2222")
		missing := facts(t, b, phone("34600000001"), "pedido W3333")
		foreign.Asked, foreign.NotFound = missing.Asked, missing.NotFound
		equal(t, missing, foreign)
		// Nobody's identity, and a set that lies about whose an order is.
		equal(t, rag.OrderFacts{Level: assure.Number, Asked: []string{"W2222"}, NotFound: []string{"W2222"}}, facts(t, b, gateway.Identity{}, "W2222"))
		if err := connect(t, addr).ZAdd(t.Context(), "recado:customer:phone:34600000001", redis.Z{Score: 9e9, Member: "W2222"}).Err(); err != nil {
			t.Fatal(err)
		}
		equal(t, missing, func() rag.OrderFacts {
			f := facts(t, b, phone("34600000001"), "pedido W2222")
			f.Asked, f.NotFound = missing.Asked, missing.NotFound
			return f
		}())
		list, err := b.Find(t.Context(), "34600000001")
		if err != nil || len(list) != 1 {
			t.Errorf("%s, %v", list, err)
		}
	})
}

// owned is an order of a person with a user id, a phone, or both.
func owned(number, phone, user, placed string) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"number":%q,"customer":{"phone":%q,"user_id":%q},"status":"paid","placed_at":%q}`,
		number, phone, user, placed))
}

// TestRecycledPhone: who has a phone number after somebody else sees nothing of
// what the other ordered, and is not kept from their own orders by it.
func TestRecycledPhone(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, addr string) {
		b := book(t, addr, orders.Config{Keep: 3})
		const number = "34600000001"
		put(t, b, owned("W1001", number, "", "2026-01-01"), owned("W1002", "", "ES.2", "2026-01-02"), owned("W1003", number, "ES.2", "2026-01-03"))
		for i := range 20 {
			put(t, b, owned(fmt.Sprint("W", 2000+i), number, "ES.1", fmt.Sprintf("2026-02-%02d", i+1)))
		}
		for _, tt := range []struct {
			who  gateway.Identity
			text string
			want []string
		}{
			{gateway.Identity{Phone: number, UserID: "ES.2"}, "", []string{"W1003", "W1002", "W1001"}},
			{gateway.Identity{Phone: number, UserID: "ES.2"}, "W2019 W1001 W2018", []string{"W1003", "W1002", "W1001"}},
			{gateway.Identity{Phone: number, UserID: "ES.3"}, "W2019", []string{"W1001"}},
			{gateway.Identity{UserID: "ES.2"}, "W1001 W2019", []string{"W1003", "W1002"}},
			{gateway.Identity{Phone: number, UserID: "ES.1"}, "W1003", []string{"W2019", "W2018", "W2017"}},
			{gateway.Identity{Phone: number}, "W1003", []string{"W2019", "W2018", "W2017", "W1003"}},
		} {
			f := facts(t, b, tt.who, tt.text)
			equal(t, tt.want, numbers(f))
			for _, n := range f.Asked {
				if slices.Contains(f.NotFound, n) == slices.Contains(tt.want, n) {
					t.Errorf("%q asked %q: not found are %v", tt.who.UserID, tt.text, f.NotFound)
				}
			}
		}
		for contact, want := range map[string]int{number: 22, "ES.1": 20, "ES.2": 2, "ES.3": 0} {
			list, err := b.Find(t.Context(), contact)
			if err != nil || len(list) != want {
				t.Errorf("%s has %d orders, %v", contact, len(list), err)
			}
		}
	})
}

// TestErrorBehindAMissingValue: what can't be read is not taken for missing.
func TestErrorBehindAMissingValue(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, addr string) {
		b := book(t, addr, orders.Config{})
		client := connect(t, addr)
		put(t, b, doc("W1111", "34600000001"), doc("W2222", "34600000001", `"placed_at":"2020-01-01"`))
		if err := client.Del(t.Context(), "recado:order:W1111").Err(); err != nil {
			t.Fatal(err)
		}
		if err := client.Set(t.Context(), "recado:order:W2222", "x", 0).Err(); err != nil {
			t.Fatal(err)
		}
		put(t, b, doc("W3333", "34600000002"))
		equal(t, rag.OrderFacts{Level: assure.Number, Unavailable: true}, b.Facts(t.Context(), phone("34600000001"), assure.Grant(assure.Number), ""))
		// It is that customer's trouble alone.
		equal(t, []string{"W3333"}, numbers(facts(t, b, phone("34600000002"), "")))
		if _, err := b.Find(t.Context(), "34600000001"); err == nil {
			t.Error("no error")
		}
	})
}

// clock is a time that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// TestRedisAwayAndBack: it is said and not an error; then Redis rests for two
// seconds, and after that it is asked again.
func TestRedisAwayAndBack(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	time := &clock{now: start}
	logged := &bytes.Buffer{}
	b := book(t, "redis://"+server.Addr()+"?max_retries=-1", orders.Config{
		Now: time.Now, Logger: slog.New(slog.NewJSONHandler(logged, nil)),
	})
	put(t, b, doc("W1111", "34600000001"))
	server.Close()
	away := rag.OrderFacts{Level: assure.Number, Asked: []string{"W1111"}, Unavailable: true}
	equal(t, away, b.Facts(t.Context(), phone("34600000001"), assure.Grant(assure.Number), "W1111?"))
	if _, err := b.Put(t.Context(), []json.RawMessage{doc("A", "34600000001")}); err == nil || errors.Is(err, orders.ErrInvalid) {
		t.Errorf("writing gives %v", err)
	}
	if err := server.Restart(); err != nil {
		t.Fatal(err)
	}
	time.advance(1999e6)
	equal(t, away, b.Facts(t.Context(), phone("34600000001"), assure.Grant(assure.Number), "W1111?"))
	time.advance(1e6)
	equal(t, []string{"W1111"}, numbers(facts(t, b, phone("34600000001"), "W1111?")))
	if text := logged.String(); strings.Count(text, "could not be read") != 1 || strings.Contains(text, "34600") || strings.Contains(text, "W1111") {
		t.Errorf("the log is %s", text)
	}
}

// TestRedisThatRefuses: an error that Redis answers with is that question's alone,
// and of its text only the code is logged.
func TestRedisThatRefuses(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	logged := &bytes.Buffer{}
	b := book(t, "redis://"+server.Addr()+"?max_retries=-1", orders.Config{Logger: slog.New(slog.NewJSONHandler(logged, nil))})
	put(t, b, doc("W1111", "34600000001"))
	server.SetError("ERR no such thing: recado:customer:phone:34600000001 W1111")
	equal(t, rag.OrderFacts{Level: assure.Number, Asked: []string{"W1111"}, Unavailable: true}, b.Facts(t.Context(), phone("34600000001"), assure.Grant(assure.Number), "W1111?"))
	server.SetError("")
	equal(t, []string{"W1111"}, numbers(facts(t, b, phone("34600000001"), "W1111?")))
	if text := logged.String(); !strings.Contains(text, `"code":"ERR"`) || strings.Contains(text, "34600") || strings.Contains(text, "W1111") {
		t.Errorf("the log is %s", text)
	}
}

// TestDeadAndHangingRedisCostLittle: Facts keeps its time though the client would
// wait for seconds.
func TestDeadAndHangingRedisCostLittle(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	gone := miniredis.RunT(t)
	dead := gone.Addr()
	gone.Close()
	for name, addr := range map[string]string{"dead": dead, "hanging": listener.Addr().String()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := book(t, "redis://"+addr, orders.Config{Timeout: 100 * time.Millisecond})
			began := time.Now()
			equal(t, rag.OrderFacts{Level: assure.Number, Asked: []string{"W1111"}, Unavailable: true}, b.Facts(t.Context(), phone("34600000001"), assure.Grant(assure.Number), "W1111"))
			if took := time.Since(began); took > 3*time.Second {
				t.Errorf("the first question took %v", took)
			}
			began = time.Now()
			for range 1000 {
				b.Facts(t.Context(), phone("34600000001"), assure.Grant(assure.Number), "W1111")
			}
			if took := time.Since(began); took > 2*time.Second {
				t.Errorf("a thousand more took %v", took)
			}
		})
	}
}

// TestCallerWhoGivesUp says nothing about Redis.
func TestCallerWhoGivesUp(t *testing.T) {
	t.Parallel()
	b := book(t, "redis://"+miniredis.RunT(t).Addr(), orders.Config{})
	put(t, b, doc("W1111", "34600000001"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	b.Facts(ctx, phone("34600000001"), assure.Grant(assure.Number), "")
	equal(t, []string{"W1111"}, numbers(facts(t, b, phone("34600000001"), "")))
}

// TestDemoShop: every order of the demo goes in, and each customer sees their own.
func TestDemoShop(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, addr string) {
		b := book(t, addr, orders.Config{})
		docs, err := demoshop.Orders(start)
		if err != nil {
			t.Fatal(err)
		}
		put(t, b, docs...)
		f := facts(t, b, phone("34600550101"), "")
		equal(t, []string{demoshop.DemoShippedOrder, demoshop.DemoDeliveredOrder, demoshop.DemoRefundOrder}, numbers(f))
	})
}

// TestDocumentedOrder: the example of docs/orders.md is an order, and of it a
// customer is told what that page says.
func TestDocumentedOrder(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/orders.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := strings.Cut(string(page), "```json\n")
	example, _, ok := strings.Cut(example, "```")
	if !ok {
		t.Fatal("the page has no example")
	}
	b := book(t, "redis://"+miniredis.RunT(t).Addr(), orders.Config{})
	put(t, b, json.RawMessage(example))
	want := []rag.Order{{
		Number: "#W2024117", Status: "shipped", PlacedAt: "2026-02-27", ETA: "2026-03-04T18:00:00+01:00",
		Items:   []rag.OrderItem{{Name: "Robot aspirador", Quantity: 1, PriceMinor: 21900, Currency: "EUR"}},
		Carrier: "Mensajería Alcor", TrackingURL: "https://seguimiento.example.com/W2024117",
		LastNote: "Empaquetado", LastAt: "2026-02-28T09:00:00Z",
	}}
	equal(t, want, facts(t, b, phone("34600550101"), "").Orders)
	equal(t, want, facts(t, b, gateway.Identity{UserID: "ES.13491208655302"}, "").Orders)
}

func TestNewChecksTheConfig(t *testing.T) {
	t.Parallel()
	client := connect(t, "redis://"+miniredis.RunT(t).Addr())
	for _, c := range []orders.Config{{}, {Client: client, Keep: -1}, {Client: client, Keep: 11}, {Client: client, Timeout: -1}} {
		if b, err := orders.New(c); err == nil || b != nil {
			t.Errorf("%+v is taken", c)
		}
	}
}

// BenchmarkFacts: a customer with 20 orders who asks for one of theirs and for one
// of somebody else.
func BenchmarkFacts(b *testing.B) {
	for name, addr := range map[string]func() string{
		"miniredis": func() string { return "redis://" + miniredis.RunT(b).Addr() },
		"redis":     func() string { return testservices.Redis(b) },
	} {
		b.Run(name, func(b *testing.B) {
			shop := book(b, addr(), orders.Config{})
			docs, err := demoshop.Orders(start)
			if err != nil {
				b.Fatal(err)
			}
			for i := range 20 {
				docs = append(docs, doc(fmt.Sprint("W", 1000+i), "34600000001", `"items":[{"name":"Robot","price":"219.90","currency":"EUR"}]`))
			}
			put(b, shop, docs...)
			b.ReportAllocs()
			for b.Loop() {
				if f := shop.Facts(b.Context(), phone("34600000001"), assure.Grant(assure.Number), "W1003, #W2024117?"); len(f.Orders) < 5 || len(f.NotFound) != 1 {
					b.Fatalf("%+v", f)
				}
			}
		})
	}
}
