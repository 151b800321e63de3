package orders_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/orders"
	"github.com/recado/recado/internal/demoshop"
	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/action"
	"github.com/recado/recado/rag/assure"
)

// full is an order that has something at every level.
const full = `{
	"number": "#W2024117", "status": "Entregado", "placed_at": "2026-02-20", "eta": "2026-02-27",
	"customer": {"phone": "+34600000001", "name": "NEVER-name", "email": "NEVER@example.com"},
	"items": [{"sku": "A-1", "name": "Robot aspirador", "quantity": 2, "price": "219.00", "currency": "EUR"},
		{"sku": "F-1", "name": "Cepillo", "price": 9, "currency": "EUR", "final": true}],
	"shipping": {"carrier": "Alcor", "tracking_url": "https://t.example.com/1",
		"address": {"street": "CODE-street 7", "number": 7, "city": {"name": "Madrid", "codes": ["28005"]}, "note": null},
		"proof_url": "https://CODE-proof.example.com/1"},
	"invoice_url": "https://CODE-invoice.example.com/1",
	"payment": {"method": "card", "card": "NEVER-4111", "amount": 447, "currency": "EUR"},
	"returns": [{"refund": {"amount": 1, "currency": "EUR"}}, {"refund": {"amount": "219", "currency": "eur", "method": "NEVER-card",
		"status": "in_progress", "ordered_at": "2026-03-01T10:00:00Z", "expected_by": "2026-03-15"}}],
	"history": [{"at": "2026-02-22T09:00:00Z", "status": "enviado", "note": "Salió"},
		{"at": "2026-02-25T09:00:00Z", "status": "entregado", "note": "Entregado"}],
	"secret": "NEVER-own"
}`

func at(t testing.TB, b *orders.Book, l assure.Level) rag.OrderFacts {
	t.Helper()
	return b.Facts(t.Context(), phone("34600000001"), assure.Grant(l), "¿mi pedido #W2024117?")
}

// TestFactsByLevel: each level opens its own parts of an order and no others.
func TestFactsByLevel(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, addr string) {
		b := book(t, addr, orders.Config{})
		put(t, b, json.RawMessage(full))
		number := rag.Order{
			Number: "#W2024117", Status: "Entregado", PlacedAt: "2026-02-20", ETA: "2026-02-27", Carrier: "Alcor",
			TrackingURL: "https://t.example.com/1", LastNote: "Entregado", LastAt: "2026-02-25T09:00:00Z",
			Refund: "219.00 EUR, in progress, ordered 2026-03-01, expected by 2026-03-15",
			Items: []rag.OrderItem{
				{Name: "Robot aspirador", Quantity: 2, PriceMinor: 21900, Currency: "EUR"}, {Name: "Cepillo", Quantity: 1, PriceMinor: 900, Currency: "EUR"},
			},
		}
		code := number
		code.Address, code.InvoiceURL = "CODE-street 7, 7, Madrid, 28005", "https://CODE-invoice.example.com/1"
		code.ProofURL = "https://CODE-proof.example.com/1"
		asked := []string{"#W2024117"}
		equal(t, rag.OrderFacts{Asked: []string{"W2024117"}, Unavailable: true, Withheld: true}, at(t, b, assure.Unknown))
		equal(t, rag.OrderFacts{Asked: asked, Orders: []rag.Order{number}, Level: assure.Number}, at(t, b, assure.Number))
		equal(t, rag.OrderFacts{Asked: asked, Orders: []rag.Order{code}, Level: assure.Code}, at(t, b, assure.Code))
		equal(t, rag.OrderFacts{Asked: asked, Orders: []rag.Order{code}, Level: assure.Verified}, at(t, b, assure.Verified))
	})
}

// TestSomebodyUnknownCostsRedisNothing: without a level Redis is not even asked.
func TestSomebodyUnknownCostsRedisNothing(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	b := book(t, "redis://"+server.Addr(), orders.Config{})
	before := server.CommandCount()
	f := b.Facts(t.Context(), phone("34600000001"), assure.Pass{}, "W1111")
	r, err := b.Tools(phone("34600000001"), assure.Pass{}, start).Read(t.Context(), action.Call{Kind: action.OrderStatus, Order: "W1111"})
	v, _, failed := b.Tools(phone("34600000001"), assure.Pass{}, start).Check(t.Context(), action.Call{Kind: action.Cancel, Order: "W1111"})
	if server.CommandCount() != before || !f.Withheld || r.Reason != "level" || v.Rule != "level" || err != nil || failed != nil {
		t.Errorf("%d commands, %+v, %+v, %+v, %v, %v", server.CommandCount()-before, f, r, v, err, failed)
	}
}

// TestOddDocumentsAreTaken: keys that an answer reads only if they are as documented are
// no reason to refuse an order where they are not.
func TestOddDocumentsAreTaken(t *testing.T) {
	t.Parallel()
	b := book(t, "redis://"+miniredis.RunT(t).Addr(), orders.Config{})
	for _, extra := range []string{
		`"payment":"card"`, `"payment":{"amount":{}}`, `"payment":null`, `"returns":"none"`, `"returns":[7]`, `"returns":[{"refund":[]}]`,
		`"refund":7`, `"refund":null`, `"refund":{"amount":"x"}`, `"invoice_url":{}`, `"shipping":{"address":[[1,[2]],{"a":{"b":"c"}}],"proof_url":7}`,
		`"shipping":{"address":null}`, `"items":[{"sku":7,"name":"x","final":"yes"}]`,
	} {
		put(t, b, doc("W1111", "34600000001", extra))
		f := b.Facts(t.Context(), phone("34600000001"), assure.Grant(assure.Code), "")
		if len(f.Orders) != 1 || f.Orders[0].Refund != "" || f.Orders[0].InvoiceURL != "" || f.Orders[0].ProofURL != "" {
			t.Errorf("%s: %+v", extra, f.Orders)
		}
	}
	put(t, b, doc("W1111", "34600000001", `"refund":"El reembolso sale mañana"`, `"shipping":{"address":" Calle Mayor 1 "}`))
	f := b.Facts(t.Context(), phone("34600000001"), assure.Grant(assure.Code), "")
	equal(t, []string{"El reembolso sale mañana", "Calle Mayor 1"}, []string{f.Orders[0].Refund, f.Orders[0].Address})
}

func TestSnapshotOf(t *testing.T) {
	t.Parallel()
	got, err := orders.SnapshotOf(json.RawMessage(full))
	want := action.Snapshot{
		Number: "#W2024117", Status: "Entregado", PlacedAt: time.Date(2026, 2, 20, 12, 0, 0, 0, time.UTC),
		ShippedAt: time.Date(2026, 2, 22, 9, 0, 0, 0, time.UTC), DeliveredAt: time.Date(2026, 2, 25, 9, 0, 0, 0, time.UTC),
		TotalMinor: 44700, Currency: "EUR", Version: got.Version,
		Items: []action.Item{{ID: "A-1", Name: "Robot aspirador", Quantity: 2, PriceMinor: 21900}, {ID: "F-1", Name: "Cepillo", Quantity: 1, PriceMinor: 900, Final: true}},
	}
	equal(t, want, got)
	if err != nil || len(got.Version) != 16 {
		t.Errorf("%v, %q", err, got.Version)
	}
	said, err := orders.SnapshotOf(doc("W1", "34600000001", `"items":[{"name":"a","quantity":3,"price":"1.50","currency":"eur"}]`,
		`"shipping":{"delivered_at":"2026-03-01","shipped_at":"x"}`, `"history":[{"at":"2026-01-01T00:00:00Z","status":"delivered"}]`))
	if err != nil || said.TotalMinor != 450 || said.Currency != "EUR" || !said.DeliveredAt.Equal(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)) || !said.ShippedAt.IsZero() {
		t.Errorf("%+v, %v", said, err)
	}
	mixed, err := orders.SnapshotOf(doc("W1", "34600000001", `"items":[{"name":"a","price":1,"currency":"EUR"},{"name":"b","price":1,"currency":"GBP"}]`))
	if err != nil || mixed.TotalMinor != 0 || mixed.Currency != "" {
		t.Errorf("%+v, %v", mixed, err)
	}
	if _, err := orders.SnapshotOf(json.RawMessage(`{"number":"SECRET"}`)); !errors.Is(err, orders.ErrInvalid) || strings.Contains(err.Error(), "SECRET") {
		t.Error(err)
	}
}

// TestVersionIsOfWhatTheDocumentSays: white space makes no new version, everything else does.
func TestVersionIsOfWhatTheDocumentSays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		note := rapid.StringMatching(`[a-zñ ]{0,20}`).Draw(rt, "note")
		one := doc("W1", "34600000001", fmt.Sprintf(`"note":%q`, note))
		spaced, err := json.MarshalIndent(one, " ", "\t")
		if err != nil {
			rt.Fatal(err)
		}
		a, err1 := orders.SnapshotOf(one)
		b, err2 := orders.SnapshotOf(spaced)
		c, err3 := orders.SnapshotOf(doc("W1", "34600000001", fmt.Sprintf(`"note":%q`, note+"x")))
		if a.Version != b.Version || a.Version == c.Version || errors.Join(err1, err2, err3) != nil {
			rt.Fatalf("%s, %s, %s", a.Version, b.Version, c.Version)
		}
	})
}

// shopOf puts a customer's orders, newest first, and one of somebody else's.
func shopOf(t testing.TB, b *orders.Book) {
	t.Helper()
	item := func(name string) string { return fmt.Sprintf(`"items":[{"name":%q}]`, name) }
	put(t, b,
		doc("#W2024117", "34600000001", `"placed_at":"2026-02-27"`, item("Robot aspirador Nogal R2")),
		doc("#W2023988", "34600000001", `"placed_at":"2026-02-20"`, item("Electric kettle")),
		doc("#W2013988", "34600000001", `"placed_at":"2026-02-10"`, item("Bombilla inteligente")),
		doc("#W2023561", "34600000001", `"placed_at":"2026-02-01"`, item("Bombilla clásica")),
		doc("#W7770042", "34600000002", `"placed_at":"2026-03-01"`, item("Cafetera")))
}

func TestReferencesMeanOneOwnOrder(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, addr string) {
		b := book(t, addr, orders.Config{})
		shopOf(t, b)
		for text, want := range map[string][2][]string{
			"¿Y el 4117?":                                  {{"#W2024117"}},
			"mi pedido 4117":                               {{"#W2024117"}},
			"the one ending in 561, please":                {{"#W2023561"}},
			"¿dónde está el acabado en 117?":               {{"#W2024117"}},
			"el 3988":                                      {{"#W2023988", "#W2013988"}},
			"pedido 3988":                                  {{"#W2023988", "#W2013988"}},
			"pedido W2023988 y el 4117":                    {{"#W2023988", "#W2024117"}},
			"el 0042 es mío":                               {},
			"mi pedido 0042":                               {{"0042"}, {"0042"}},
			"W7770042":                                     {{"W7770042"}, {"W7770042"}},
			"¿Dónde está mi último pedido?":                {{"#W2024117"}},
			"has my last order shipped":                    {{"#W2024117"}},
			"la compra más reciente":                       {{"#W2024117"}},
			"what about my most recent purchase":           {{"#W2024117"}},
			"¿Cuándo llega la aspiradora?":                 {{"#W2024117"}},
			"I want to return the kettles":                 {{"#W2023988"}},
			"quiero devolver mi bombilla":                  {},
			"quiero devolver mi bombilla clásica":          {{"#W2023561"}},
			"¿cuánto cuesta la aspiradora?":                {},
			"quiero comprar una aspiradora":                {},
			"mi último pedido, el W2023988":                {{"#W2023988"}},
			"¿llegó la cafetera?":                          {},
			"cuesta 117 € y el 4117 euros no":              {},
			"el 17":                                        {},
			"llega el 4117/12":                             {},
			"where is the parcel with the robot aspirador": {{"#W2024117"}},
		} {
			f := facts(t, b, phone("34600000001"), text)
			if diff := cmp.Diff(want, [2][]string{f.Asked, f.NotFound}); diff != "" {
				t.Errorf("%q: %s", text, diff)
			}
		}
		f := facts(t, b, phone("34600000003"), "mi último pedido")
		equal(t, rag.OrderFacts{Level: assure.Number}, f)
	})
}

// TestAnEndingIsOneOfOwnOrders: whatever stands in the shop, an ending never leads to an
// order of somebody else.
func TestAnEndingIsOneOfOwnOrders(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	round := 0
	rapid.Check(t, func(rt *rapid.T) {
		round++
		b := book(t, "redis://"+server.Addr(), orders.Config{Prefix: fmt.Sprint(round, ":"), Keep: 2})
		mine := rapid.SliceOfNDistinct(rapid.StringMatching(`W[12]{5}`), 0, 6, rapid.ID).Draw(rt, "mine")
		other := rapid.SliceOfNDistinct(rapid.StringMatching(`X[12]{5}`), 0, 6, rapid.ID).Draw(rt, "other")
		var docs []json.RawMessage
		for _, n := range mine {
			docs = append(docs, doc(n, "34600000001"))
		}
		for _, n := range other {
			docs = append(docs, doc(n, "34600000002"))
		}
		if _, err := b.Put(t.Context(), docs); err != nil {
			rt.Fatal(err)
		}
		end := rapid.StringMatching(`[12]{3,5}`).Draw(rt, "end")
		f := facts(t, b, phone("34600000001"), "el "+end)
		for _, n := range f.Asked {
			if !slices.Contains(mine, n) || !strings.HasSuffix(n, end) {
				rt.Fatalf("%s leads to %s, and own are %v", end, n, mine)
			}
		}
		r, err := b.Tools(phone("34600000001"), assure.Grant(assure.Number), start).Read(t.Context(), action.Call{Kind: action.OrderStatus, Order: end})
		if one := len(f.Asked) == 1; err != nil || one != (r.Outcome == action.Done) || !one && r.Reason != "not_found" {
			rt.Fatalf("%s of %v: %+v, %v", end, mine, r, err)
		}
	})
}

// do runs a read of the demo's customer at a level.
func do(t *testing.T, b *orders.Book, l assure.Level, k action.Kind, number string) action.Receipt {
	t.Helper()
	r, err := b.Tools(phone("34600000001"), assure.Grant(l), start).Read(t.Context(), action.Call{Kind: k, Order: number})
	if err != nil {
		t.Fatal(err)
	}
	if !r.At.Equal(start) || r.Kind != k || !strings.HasPrefix(r.ID, "read-") || (r.Outcome == action.Done) != (r.Reason == "") {
		t.Errorf("%+v", r)
	}
	return r
}

func TestToolsRead(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, addr string) {
		b := book(t, addr, orders.Config{})
		put(t, b, json.RawMessage(full), doc("W1111", "34600000001", `"status":"paid"`), doc("W2222", "34600000002"))
		for _, tt := range []struct {
			level  assure.Level
			kind   action.Kind
			number string
			facts  map[string]string
			reason string
		}{
			{assure.Number, action.OrderStatus, "w2024117", map[string]string{"status": "Entregado", "placed": "2026-02-20", "eta": "2026-02-27", "note": "Entregado"}, ""},
			{assure.Number, action.Tracking, "#W2024117", map[string]string{"url": "https://t.example.com/1", "carrier": "Alcor", "eta": "2026-02-27"}, ""},
			{assure.Number, action.RefundStatus, "4117", map[string]string{"refund": "219.00 EUR, in progress, ordered 2026-03-01, expected by 2026-03-15"}, ""},
			{assure.Number, action.Invoice, "W2024117", nil, "level"},
			{assure.Number, action.DeliveryProof, "W2024117", nil, "level"},
			{assure.Code, action.Invoice, "W2024117", map[string]string{"url": "https://CODE-invoice.example.com/1"}, ""},
			{assure.Verified, action.DeliveryProof, "W2024117", map[string]string{"url": "https://CODE-proof.example.com/1"}, ""},
			{assure.Code, action.Invoice, "W1111", nil, "unavailable"},
			{assure.Number, action.Tracking, "W1111", nil, "unavailable"},
			{assure.Number, action.RefundStatus, "W1111", nil, "unavailable"},
			{assure.Verified, action.OrderStatus, "W2222", nil, "not_found"},
			{assure.Verified, action.OrderStatus, "W9999", nil, "not_found"},
			{assure.Verified, action.Invoice, "W2222", nil, "not_found"},
			{assure.Verified, action.OrderStatus, "", nil, "not_found"},
			{assure.Verified, action.Cancel, "W1111", nil, "unavailable"},
			{assure.Verified, "x", "W1111", nil, "unavailable"},
		} {
			r := do(t, b, tt.level, tt.kind, tt.number)
			equal(t, tt.facts, r.Facts)
			equal(t, tt.reason, r.Reason)
		}
		if a, b := do(t, b, assure.Number, action.OrderStatus, "W2024117"), do(t, b, assure.Number, action.OrderStatus, "4117"); a.ID != b.ID {
			t.Error("the same read has two ids")
		}
		mine, foreign := do(t, b, assure.Number, action.OrderStatus, "W9999"), do(t, b, assure.Number, action.OrderStatus, "W2222")
		mine.ID, mine.Order = foreign.ID, foreign.Order
		equal(t, mine, foreign)
	})
}

func TestToolsCheck(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, addr string) {
		policy := action.DefaultPolicy()
		policy.Cancel = append(policy.Cancel, "mi estado")
		b := book(t, addr, orders.Config{Policy: &policy})
		put(t, b, json.RawMessage(full), doc("W1111", "34600000001"), doc("W2222", "34600000002", `"status":"paid"`),
			json.RawMessage(`{"number":"W3333","customer":{"phone":"34600000001"},"status":"Mi estado"}`))
		own, err := orders.SnapshotOf(json.RawMessage(full))
		if err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct {
			call    action.Call
			want    action.Verdict
			version bool
		}{
			{action.Call{Kind: action.StartReturn, Order: "w2024117", Items: []string{"robot"}}, action.Verdict{OK: true, Until: "2026-03-27"}, true},
			{action.Call{Kind: action.StartReturn, Order: "4117", Items: []string{"robot"}}, action.Verdict{Rule: "arguments", Missing: []string{"order"}}, false},
			{action.Call{Kind: action.StartReturn, Order: "W2024117", Items: []string{"Cepillo"}}, action.Verdict{Rule: "final", Until: "2026-03-27"}, true},
			{action.Call{Kind: action.Cancel, Order: "W2024117"}, action.Verdict{Rule: "status"}, true},
			{action.Call{Kind: action.Cancel, Order: "W2222"}, action.Verdict{Rule: "not_found"}, false},
			{action.Call{Kind: action.Cancel, Order: "W9999"}, action.Verdict{Rule: "not_found"}, false},
			{action.Call{Kind: action.Cancel}, action.Verdict{Rule: "arguments", Missing: []string{"order"}}, false},
			{action.Call{Kind: action.SendCode}, action.Verdict{OK: true}, false},
			{action.Call{Kind: "x", Order: "W2024117"}, action.Verdict{Rule: "unavailable"}, false},
			{action.Call{Kind: action.ChangeAddress, Order: "W3333", Address: "x"}, action.Verdict{Rule: "status"}, false},
		} {
			v, version, err := b.Tools(phone("34600000001"), assure.Grant(assure.Number), start).Check(t.Context(), tt.call)
			if err != nil || tt.version && version != own.Version || tt.want.Rule == "not_found" && version != "" {
				t.Errorf("%+v: version %q, %v", tt.call, version, err)
			}
			equal(t, tt.want, v)
		}
		v, _, err := b.Tools(phone("34600000001"), assure.Grant(assure.Number), start).Check(t.Context(), action.Call{Kind: action.Cancel, Order: "W3333"})
		if !v.OK || err != nil {
			t.Errorf("a shop's own status: %+v, %v", v, err)
		}
	})
}

// TestToolsSayThatTheyCouldNotRead: an error is no refusal.
func TestToolsSayThatTheyCouldNotRead(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	b := book(t, "redis://"+server.Addr()+"?max_retries=-1", orders.Config{})
	server.SetError("ERR SECRET")
	tools := b.Tools(phone("34600000001"), assure.Grant(assure.Code), start)
	_, err := tools.Read(t.Context(), action.Call{Kind: action.OrderStatus, Order: "W1"})
	_, _, failed := tools.Check(t.Context(), action.Call{Kind: action.Cancel, Order: "W1"})
	if err == nil || failed == nil {
		t.Error("Redis fails, and the tools do not say so")
	}
	server.SetError("")
	if _, _, err := tools.Check(t.Context(), action.Call{Kind: action.Cancel, Order: "W1"}); err != nil {
		t.Errorf("the next one: %v", err)
	}
}

// TestDemoShopActions: the default rules say of the demo's orders what its pages say.
func TestDemoShopActions(t *testing.T) {
	t.Parallel()
	b := book(t, "redis://"+miniredis.RunT(t).Addr(), orders.Config{})
	docs, err := demoshop.Orders(start)
	if err != nil {
		t.Fatal(err)
	}
	put(t, b, docs...)
	ways := map[string]bool{}
	for _, d := range docs {
		s, err := orders.SnapshotOf(d)
		if err != nil {
			t.Fatal(err)
		}
		var one struct {
			Customer struct{ Phone string }
			Items    []struct {
				SKU   string
				Final bool `json:"final"`
			}
		}
		if err := json.Unmarshal(d, &one); err != nil {
			t.Fatal(err)
		}
		check := func(k action.Kind) action.Verdict {
			v, version, err := b.Tools(phone(orders.Digits(one.Customer.Phone)), assure.Grant(assure.Code), start).Check(t.Context(),
				action.Call{Kind: k, Order: s.Number, Items: []string{one.Items[0].SKU}, Address: "Calle Mayor 1"})
			if err != nil || version != s.Version {
				t.Fatalf("%s: %v", s.Number, err)
			}
			ways[fmt.Sprint(k, v.OK, v.Rule)] = true
			return v
		}
		warehouse := slices.Contains([]string{"pending_payment", "paid", "processing", "on_hold"}, s.Status)
		if c, a := check(action.Cancel), check(action.ChangeAddress); c.OK != warehouse || a.OK != warehouse {
			t.Errorf("%s is %s: %+v, %+v", s.Number, s.Status, c, a)
		}
		days := int(start.Sub(s.DeliveredAt).Hours() / 24)
		if r := check(action.StartReturn); r.OK != (s.Status == "delivered" && days <= 30 && !one.Items[0].Final) {
			t.Errorf("%s is %s since %d days: %+v", s.Number, s.Status, days, r)
		}
	}
	for _, way := range []string{"cancel_ordertrue", "cancel_orderfalsestatus", "start_returntrue", "start_returnfalsestatus", "start_returnfalsereturn_days"} {
		if !ways[way] {
			t.Errorf("no order of the demo shows %s", way)
		}
	}
}

var _ gateway.Actions = (*orders.Book)(nil)
