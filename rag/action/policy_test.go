package action_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/recado/recado/rag/action"
	"github.com/recado/recado/rag/assure"
)

var madrid = time.FixedZone("Madrid", 3600)

func on(day string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04", day+" 12:00", madrid)
	if err != nil {
		panic(err)
	}
	return t
}

// delivered is an order of two lines that arrived on 2 March.
func delivered() action.Snapshot {
	return action.Snapshot{
		Number: "#W1", Status: "Entregado", Currency: "EUR", TotalMinor: 24390,
		PlacedAt: on("2026-02-25"), ShippedAt: on("2026-02-27"), DeliveredAt: on("2026-03-02"),
		Items: []action.Item{
			{ID: "A-1", Name: "Robot aspirador Nogal R2", Quantity: 1},
			{ID: "B-2", Name: "Bombilla inteligente", Quantity: 2},
			{ID: "B-3", Name: "Bombilla clásica", Quantity: 1},
			{ID: "G-1", Name: "Tarjeta regalo", Quantity: 1},
			{ID: "F-1", Name: "Cepillo eléctrico", Quantity: 1, Final: true},
		},
	}
}

func with(s action.Snapshot, change func(*action.Snapshot)) action.Snapshot {
	change(&s)
	return s
}

func call(k action.Kind, items ...string) action.Call {
	return action.Call{Kind: k, Order: "w1", Items: items, Address: "Calle Mayor 1"}
}

func TestPolicyCheck(t *testing.T) {
	t.Parallel()
	shop := action.DefaultPolicy()
	shop.Final = []string{"tarjeta regalo"}
	rich := shop
	rich.PersonAbove = map[string]int64{"EUR": 24389}
	strict := shop
	strict.Levels = map[action.Kind]assure.Level{action.Cancel: assure.Code, action.ChangeAddress: assure.Number}
	festive := shop
	festive.Seasons = []action.Season{{From: "11-15", To: "12-31", Until: "01-31"}}
	forever := shop
	forever.ReturnDays = 0
	paid := with(delivered(), func(s *action.Snapshot) { s.Status = "paid" })
	christmas := with(delivered(), func(s *action.Snapshot) { s.PlacedAt, s.DeliveredAt = on("2026-11-20"), on("2026-11-22") })
	undated := with(delivered(), func(s *action.Snapshot) { s.DeliveredAt = time.Time{} })
	for name, tt := range map[string]struct {
		policy action.Policy
		call   action.Call
		order  action.Snapshot
		level  assure.Level
		day    string
		want   action.Verdict
	}{
		"a return in time":              {shop, call(action.StartReturn, "a-1"), delivered(), assure.Number, "2026-04-01", action.Verdict{OK: true, Until: "2026-04-01"}},
		"a return a day late":           {shop, call(action.StartReturn, "A-1"), delivered(), assure.Number, "2026-04-02", action.Verdict{Rule: "return_days", Until: "2026-04-01"}},
		"a return of years":             {forever, call(action.StartReturn, "A-1"), delivered(), assure.Number, "2029-04-02", action.Verdict{OK: true}},
		"a return by words":             {shop, call(action.StartReturn, "el robot", "aspirador"), delivered(), assure.Number, "2026-03-10", action.Verdict{Rule: "arguments", Missing: []string{"items"}, Until: "2026-04-01"}},
		"a return by a word":            {shop, call(action.StartReturn, "Aspirador"), delivered(), assure.Number, "2026-03-10", action.Verdict{OK: true, Until: "2026-04-01"}},
		"a return of one of two":        {shop, call(action.StartReturn, "bombilla"), delivered(), assure.Number, "2026-03-10", action.Verdict{Rule: "arguments", Missing: []string{"items"}, Until: "2026-04-01"}},
		"a return of nothing":           {shop, call(action.StartReturn), delivered(), assure.Number, "2026-03-10", action.Verdict{Rule: "arguments", Missing: []string{"items"}, Until: "2026-04-01"}},
		"a return of an empty name":     {shop, call(action.StartReturn, " "), delivered(), assure.Number, "2026-03-10", action.Verdict{Rule: "arguments", Missing: []string{"items"}, Until: "2026-04-01"}},
		"a return of a gift card":       {shop, call(action.StartReturn, "G-1", "A-1"), delivered(), assure.Number, "2026-03-10", action.Verdict{Rule: "final", Until: "2026-04-01"}},
		"a return of a final line":      {shop, call(action.StartReturn, "F-1"), delivered(), assure.Number, "2026-03-10", action.Verdict{Rule: "final", Until: "2026-04-01"}},
		"a return of what is not there": {shop, call(action.StartReturn, "A-1"), paid, assure.Number, "2026-03-10", action.Verdict{Rule: "status"}},
		"a return after Christmas":      {festive, call(action.StartReturn, "A-1"), christmas, assure.Number, "2027-01-31", action.Verdict{OK: true, Until: "2027-01-31"}},
		"a return in February":          {festive, call(action.StartReturn, "A-1"), christmas, assure.Number, "2027-02-01", action.Verdict{Rule: "return_days", Until: "2027-01-31"}},
		"an unknown delivery in time":   {shop, call(action.StartReturn, "A-1"), undated, assure.Number, "2026-03-28", action.Verdict{OK: true}},
		"an unknown delivery later":     {shop, call(action.StartReturn, "A-1"), undated, assure.Number, "2026-04-01", action.Verdict{Rule: "unavailable"}},
		"nothing is known":              {shop, call(action.StartReturn, "A-1"), action.Snapshot{Number: "W1", Status: "delivered"}, assure.Number, "2026-04-01", action.Verdict{Rule: "unavailable"}},
		"cancel what is paid":           {shop, call(action.Cancel), paid, assure.Number, "2026-03-10", action.Verdict{OK: true}},
		"cancel what is delivered":      {shop, call(action.Cancel), delivered(), assure.Verified, "2026-03-10", action.Verdict{Rule: "status"}},
		"cancel as nobody":              {shop, call(action.Cancel), paid, assure.Unknown, "2026-03-10", action.Verdict{Rule: "level", Level: assure.Number}},
		"cancel where a code is needed": {strict, call(action.Cancel), paid, assure.Number, "2026-03-10", action.Verdict{Rule: "level", Level: assure.Code}},
		"cancel with a code":            {strict, call(action.Cancel), paid, assure.Code, "2026-03-10", action.Verdict{OK: true}},
		"no code for the impossible":    {strict, call(action.Cancel), delivered(), assure.Number, "2026-03-10", action.Verdict{Rule: "status"}},
		"cancel a dear one":             {rich, call(action.Cancel), paid, assure.Number, "2026-03-10", action.Verdict{Rule: "amount"}},
		"cancel in another currency":    {rich, call(action.Cancel), with(paid, func(s *action.Snapshot) { s.Currency = "GBP" }), assure.Number, "2026-03-10", action.Verdict{Rule: "amount"}},
		"cancel at an unknown price":    {rich, call(action.Cancel), with(paid, func(s *action.Snapshot) { s.TotalMinor = 0 }), assure.Number, "2026-03-10", action.Verdict{Rule: "amount"}},
		"cancel a cheaper one":          {rich, call(action.Cancel), with(paid, func(s *action.Snapshot) { s.TotalMinor = 24389 }), assure.Number, "2026-03-10", action.Verdict{OK: true}},
		"cancel another order":          {shop, action.Call{Kind: action.Cancel, Order: "W2"}, paid, assure.Verified, "2026-03-10", action.Verdict{Rule: "not_found"}},
		"cancel no order":               {shop, action.Call{Kind: action.Cancel}, paid, assure.Verified, "2026-03-10", action.Verdict{Rule: "arguments", Missing: []string{"order"}}},
		"nothing was found":             {shop, call(action.Cancel), action.Snapshot{}, assure.Verified, "2026-03-10", action.Verdict{Rule: "not_found"}},
		"an address with a code":        {shop, call(action.ChangeAddress), paid, assure.Code, "2026-03-10", action.Verdict{OK: true}},
		"an address without a code":     {shop, call(action.ChangeAddress), paid, assure.Number, "2026-03-10", action.Verdict{Rule: "level", Level: assure.Code}},
		"a shop can't lower a level":    {strict, call(action.ChangeAddress), paid, assure.Number, "2026-03-10", action.Verdict{Rule: "level", Level: assure.Code}},
		"an address that is empty":      {shop, action.Call{Kind: action.ChangeAddress, Order: "W1", Address: " "}, paid, assure.Code, "2026-03-10", action.Verdict{Rule: "arguments", Missing: []string{"address"}}},
		"an address after shipping":     {shop, call(action.ChangeAddress), with(paid, func(s *action.Snapshot) { s.Status = "En tránsito" }), assure.Code, "2026-03-10", action.Verdict{Rule: "status"}},
		"a status":                      {shop, call(action.OrderStatus), delivered(), assure.Number, "2026-03-10", action.Verdict{OK: true}},
		"an invoice without a code":     {shop, call(action.Invoice), delivered(), assure.Number, "2026-03-10", action.Verdict{Rule: "level", Level: assure.Code}},
		"a code needs no order":         {shop, action.Call{Kind: action.SendCode}, action.Snapshot{}, assure.Number, "2026-03-10", action.Verdict{OK: true}},
		"what is no action":             {shop, call("transfer_money"), paid, assure.Verified, "2026-03-10", action.Verdict{Rule: "unavailable"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := tt.policy.Check(tt.call, tt.order, assure.Grant(tt.level), on(tt.day))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestTheLastDayIsThatOfTheShop: a return at 00:30 in Madrid on the day after the last one
// is late, though it is still the last day in UTC.
func TestTheLastDayIsThatOfTheShop(t *testing.T) {
	t.Parallel()
	p, c := action.DefaultPolicy(), call(action.StartReturn, "A-1")
	late := time.Date(2026, 4, 2, 0, 30, 0, 0, madrid)
	if v := p.Check(c, delivered(), assure.Grant(assure.Number), late); v.OK {
		t.Errorf("%+v", v)
	}
	if v := p.Check(c, delivered(), assure.Grant(assure.Number), late.UTC()); !v.OK {
		t.Errorf("%+v", v)
	}
}

func TestSeasonsOverTheTurnOfTheYear(t *testing.T) {
	t.Parallel()
	p := action.DefaultPolicy()
	p.Seasons = []action.Season{{From: "12-15", To: "01-06", Until: "02-15"}}
	for placed, want := range map[string]string{
		"2026-12-20": "2027-02-15", "2027-01-05": "2027-02-15", "2027-01-07": "2027-02-08", "2026-12-14": "2027-01-15",
	} {
		order := with(delivered(), func(s *action.Snapshot) { s.PlacedAt = on(placed); s.DeliveredAt = on(placed).AddDate(0, 0, 2) })
		if v := p.Check(call(action.StartReturn, "A-1"), order, assure.Grant(assure.Number), on(placed)); v.Until != want || !v.OK {
			t.Errorf("placed on %s: %+v, not until %s", placed, v, want)
		}
	}
}

// TestLinesThatAreAlike: one word means one of them, and the word twice means two.
func TestLinesThatAreAlike(t *testing.T) {
	t.Parallel()
	taza := action.Item{ID: "T", Name: "Taza", Quantity: 1}
	s := action.Snapshot{Items: []action.Item{{ID: "A", Name: "Robot"}, taza, taza, {ID: "U", Name: "Taza"}}}
	for _, tt := range []struct {
		meant []string
		lines int
		ok    bool
	}{
		{[]string{"T"}, 1, true},
		{[]string{"t", "T"}, 2, true},
		{[]string{"T", "T", "T"}, 2, true},
		{[]string{"robot", "A"}, 1, true},
		{[]string{"taza"}, 0, false},
		{[]string{"T", "x"}, 0, false},
		{nil, 0, false},
	} {
		if lines, ok := s.Lines(tt.meant); ok != tt.ok || len(lines) != tt.lines {
			t.Errorf("%v: %v, %v", tt.meant, lines, ok)
		}
	}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	for name, words := range map[string][]string{
		"shipped":          {"shipped", "Shipped", "ENVIADO", "enviada", "Enviados", "enviadas", "dispatched", "despachado"},
		"in_transit":       {"in transit", "In-Transit", "en tránsito", "en camino"},
		"delivered":        {"delivered", "Entregado", "entregada", "completed"},
		"cancelled":        {"cancelled", "canceled", "Cancelada", "anulado"},
		"returned":         {"devuelto", "devuelta", "returned"},
		"processing":       {"en preparación", "preparando", "Preparing", "en_proceso"},
		"pending":          {"pending", "Pendiente", "new"},
		"pending_payment":  {"pendiente de pago", "awaiting payment"},
		"confirmed":        {"confirmado", "Confirmed"},
		"processed":        {"processed"},
		"esperando_a_luna": {"Esperando a Luna"},
		"":                 {"", " "},
	} {
		for _, word := range words {
			if got := action.Status(word); got != name {
				t.Errorf("%q is %q, not %q", word, got, name)
			}
		}
	}
}

// TestStatusHasOneNameForAWord: no word is in the table twice, because its name would
// then depend on chance; and a name is its own name.
func TestStatusHasOneNameForAWord(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := action.DefaultPolicy()
		words := slices.Concat(p.Cancel, p.Address, p.Return, []string{"enviado", "entregada", "devuelto", "partial", "perdida", "processed"})
		word := rapid.SampledFrom(words).Draw(t, "word")
		name := action.Status(word)
		for range 20 {
			if again := action.Status(word); again != name || action.Status(again) != name {
				t.Fatalf("%q is %q and %q", word, name, again)
			}
		}
	})
}

var statusWords = []string{"pending", "pagado", "processing", "shipped", "Entregado", "delivered", "cancelled", "returned", "own word", ""}

// TestCheckHoldsEverywhere: whatever the order and the call, what is allowed is of the
// catalog, of this order, reached and complete; more assurance never allows less; and
// nobody unknown learns anything of an order.
func TestCheckHoldsEverywhere(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		p := action.DefaultPolicy()
		p.ReturnDays = rapid.IntRange(0, 60).Draw(rt, "days")
		p.Levels = map[action.Kind]assure.Level{action.Cancel: assure.Level(rapid.IntRange(0, 3).Draw(rt, "raised"))}
		s := with(delivered(), func(s *action.Snapshot) { s.Status = rapid.SampledFrom(statusWords).Draw(rt, "status") })
		c := action.Call{
			Kind:    rapid.SampledFrom([]action.Kind{action.OrderStatus, action.Invoice, action.Cancel, action.ChangeAddress, action.StartReturn, "x"}).Draw(rt, "kind"),
			Order:   rapid.SampledFrom([]string{"W1", "#w1", "W2", ""}).Draw(rt, "order"),
			Items:   rapid.SliceOfN(rapid.SampledFrom([]string{"A-1", "F-1", "bombilla", "", "robot"}), 0, 3).Draw(rt, "items"),
			Address: rapid.SampledFrom([]string{"", "Calle Mayor 1"}).Draw(rt, "address"),
		}
		now := delivered().DeliveredAt.AddDate(0, 0, rapid.IntRange(0, 90).Draw(rt, "after"))
		low, high := rapid.IntRange(0, 3).Draw(rt, "low"), rapid.IntRange(0, 3).Draw(rt, "high")
		v, more := p.Check(c, s, assure.Grant(assure.Level(low)), now), p.Check(c, s, assure.Grant(assure.Level(max(low, high))), now)
		holds(rt, p, c, v, assure.Level(low))
		if v.OK && !more.OK {
			rt.Fatalf("level %d is allowed what level %d is not", low, max(low, high))
		}
		if other := p.Check(c, action.Snapshot{}, assure.Pass{}, now); !cmp.Equal(other, p.Check(c, s, assure.Pass{}, now)) {
			rt.Fatal("somebody unknown can tell an order from none")
		}
	})
}

func holds(t *rapid.T, p action.Policy, c action.Call, v action.Verdict, level assure.Level) {
	spec, known := action.Find(c.Kind)
	if v.OK != (v.Rule == "") {
		t.Fatalf("%+v", v)
	}
	if !v.OK {
		return
	}
	if !known || level < spec.Level || level < p.Levels[c.Kind] || c.Order == "W2" || c.Order == "" {
		t.Fatalf("%+v is allowed at level %d", c, level)
	}
	if slices.Contains(spec.Needs, "address") && c.Address == "" || slices.Contains(spec.Needs, "items") && len(c.Items) == 0 {
		t.Fatalf("%+v is allowed and not complete", c)
	}
	if slices.Contains(c.Items, "F-1") && c.Kind == action.StartReturn {
		t.Fatalf("%+v is final", c)
	}
}
