package offline_test

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/internal/demoshop"
	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/offline"
	"github.com/recado/recado/rag/receipts"
)

var now = time.Date(2026, time.November, 25, 20, 0, 0, 0, time.UTC)

// lucia's orders: one on its way, one delivered, one whose money goes back.
func lucia() []rag.Order {
	return []rag.Order{
		{
			Number: "#W2024117", Status: "shipped", ETA: "2026-11-27", Carrier: "Mensajería Alcor",
			TrackingURL: "https://seguimiento.alcor.example.com/W2024117",
			LastNote:    "El paquete salió del almacén", LastAt: "2026-11-24T10:00:00Z",
			Items: []rag.OrderItem{{Name: "Robot aspirador Nogal R2", Quantity: 1}, {Name: "Bombilla inteligente E27", Quantity: 2}},
		},
		{
			Number: "#W2023988", Status: "delivered", ETA: "2026-11-20", LastNote: "Entregado en el domicilio", LastAt: "2026-11-20T10:00:00Z",
			Items: []rag.OrderItem{{Name: "Hervidor eléctrico 1,7 L", Quantity: 1}},
		},
		{
			Number: "#W2023561", Status: "returned", LastNote: "Devolución revisada y reembolso de 129,00 € ordenado a la tarjeta", LastAt: "2026-11-22T10:00:00Z",
			Items: []rag.OrderItem{{Name: "Auriculares de diadema Nogal Aura", Quantity: 1}},
		},
	}
}

func draft(t *testing.T, r rag.Request) rag.Draft {
	t.Helper()
	r.At = now
	response, err := offline.NewModel().Complete(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	if response.Model != offline.NewModel().Name() || response.Draft.Locale != r.Locale {
		t.Errorf("model %q, locale %q", response.Model, response.Draft.Locale)
	}
	return response.Draft
}

func TestOrderQuestions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		locale, text string
		asked        []string
		want         []string
		says         []string
	}{
		{"es", "¿Dónde está mi pedido?", nil, []string{"#W2024117"}, []string{"está enviado y en camino", "viernes 27 de noviembre", "Mensajería Alcor", "https://seguimiento.alcor.example.com/W2024117", "2 × Bombilla"}},
		{"en", "Where is my order #W2024117?", []string{"#W2024117"}, []string{"#W2024117"}, []string{"has been shipped", "Friday 27 November"}},
		{"es", "cuando me llega el robot aspirador", nil, []string{"#W2024117"}, []string{"en camino"}},
		{"en", "any news on the headphones?", nil, []string{"#W2023561"}, []string{"returned"}},
		{"es", "como va mi reembolso", nil, []string{"#W2023561"}, []string{"129,00 €", "domingo 22 de noviembre"}},
		{"es", "me pasas el enlace de seguimiento del 2024117 porfa", nil, []string{"#W2024117"}, []string{"seguimiento: https://"}},
		{"en", "was #W2023988 delivered?", []string{"#W2023988"}, []string{"#W2023988"}, []string{"delivered"}},
	} {
		got := draft(t, rag.Request{Locale: c.locale, Question: c.text, Orders: rag.OrderFacts{Orders: lucia(), Asked: c.asked}})
		if diff := cmp.Diff(c.want, got.Orders); diff != "" || got.NeedsHuman {
			t.Errorf("%q speaks of %v (human %v): %s", c.text, got.Orders, got.NeedsHuman, diff)
		}
		for _, s := range c.says {
			if !strings.Contains(got.Answer, s) {
				t.Errorf("%q: %q is not in %q", c.text, s, got.Answer)
			}
		}
	}
}

func TestAForeignNumberIsNeverTalkedAbout(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ locale, text, says string }{
		{"es", "dónde está el pedido #W2024201", "No encuentro el pedido W2024201"},
		{"en", "where is order #W2024201", "I can't find the order W2024201"},
		{"es", "quiero cancelar el #W2024201", "No encuentro el pedido W2024201"},
	} {
		got := draft(t, rag.Request{Locale: c.locale, Question: c.text, Orders: rag.OrderFacts{
			Orders: lucia(), Asked: []string{"W2024201"}, NotFound: []string{"W2024201"},
		}})
		if !strings.Contains(got.Answer, c.says) || !slices.Equal(got.Orders, []string{"W2024201"}) {
			t.Errorf("%q: %q, orders %v", c.text, got.Answer, got.Orders)
		}
		for _, own := range lucia() {
			if strings.Contains(got.Answer, own.Number) {
				t.Errorf("%q tells of %s unasked", c.text, own.Number)
			}
		}
	}
}

func TestWhatOrdersCannotAnswerGoesToAPerson(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]rag.Request{
		"orders are away":     {Locale: "es", Question: "¿dónde está mi pedido?", Orders: rag.OrderFacts{Unavailable: true}},
		"named, away":         {Locale: "en", Question: "where is #W1", Orders: rag.OrderFacts{Unavailable: true, Asked: []string{"W1"}}},
		"an action":           {Locale: "es", Question: "quiero cancelar el W2024117", Orders: rag.OrderFacts{Orders: lucia(), Asked: []string{"#W2024117"}}},
		"an address":          {Locale: "en", Question: "what is the address on #W2024117", Orders: rag.OrderFacts{Orders: lucia(), Asked: []string{"#W2024117"}}},
		"a product, no state": {Locale: "es", Question: "el robot aspirador es compatible con Alexa?", Orders: rag.OrderFacts{Orders: lucia()}},
	} {
		if got := draft(t, r); !got.NeedsHuman || got.Answer != "" || got.Missing == "" {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// Every order of the demo shop can be stated in both languages, and what is said
// rests on the order: nothing for the guard to object to.
func TestEveryOrderIsStatedFromItsFacts(t *testing.T) {
	t.Parallel()
	for _, o := range demoOrders(t) {
		for locale, question := range map[string]string{"es": "estado del " + o.Number, "en": "status of " + o.Number} {
			got := draft(t, rag.Request{Locale: locale, Question: question, Orders: rag.OrderFacts{Orders: []rag.Order{o}, Asked: []string{o.Number}}})
			sources := []string{o.Number, o.PlacedAt, o.ETA, o.Carrier, o.TrackingURL, o.LastNote, o.LastAt}
			for _, item := range o.Items {
				sources = append(sources, item.Name, string(rune('0'+item.Quantity)))
			}
			if made := receipts.Missing(got.Answer, sources); len(made) > 0 {
				t.Errorf("%s %s: not from the order: %q in %q", o.Number, locale, made, got.Answer)
			}
			if receipts.Claims(got.Answer) {
				t.Errorf("%s %s: got.Answer %q", o.Number, locale, got.Answer)
			}
			if is := rag.DetectLocale(quoted.ReplaceAllString(got.Answer, " "), locale); is != locale {
				t.Errorf("%s: %q reads as %s, not %s", o.Number, got.Answer, is, locale)
			}
			if strings.Contains(got.Answer, "_") || strings.Contains(got.Answer, o.ETA) && o.ETA != "" {
				t.Errorf("%s: %q is not written for people", o.Number, got.Answer)
			}
		}
	}
}

func demoOrders(t *testing.T) []rag.Order {
	t.Helper()
	docs, err := demoshop.Orders(now)
	if err != nil {
		t.Fatal(err)
	}
	var list []rag.Order
	for _, doc := range docs {
		var o struct {
			Number, Status string
			ETA            string
			PlacedAt       string `json:"placed_at"`
			Items          []struct {
				Name     string
				Quantity int
			}
			Shipping struct {
				Carrier     string
				TrackingURL string `json:"tracking_url"`
			}
			History []struct{ At, Note string }
		}
		if err := json.Unmarshal(doc, &o); err != nil {
			t.Fatal(err)
		}
		last := o.History[len(o.History)-1]
		facts := rag.Order{
			Number: o.Number, Status: o.Status, ETA: o.ETA, PlacedAt: o.PlacedAt, Carrier: o.Shipping.Carrier,
			TrackingURL: o.Shipping.TrackingURL, LastNote: last.Note, LastAt: last.At,
		}
		for _, item := range o.Items {
			facts.Items = append(facts.Items, rag.OrderItem{Name: item.Name, Quantity: item.Quantity})
		}
		list = append(list, facts)
	}
	return list
}

func TestStatesAndDays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, locale string
		order        rag.Order
		says         string
	}{
		{"unknown status", "es", rag.Order{Status: "customs_check"}, "figura con el estado «customs check»"},
		{"unknown status", "en", rag.Order{Status: "customs_check"}, "has the status “customs check”"},
		{"today", "es", rag.Order{Status: "out_for_delivery", ETA: "2026-11-25"}, "prevista para hoy, miércoles 25 de noviembre"},
		{"late", "en", rag.Order{Status: "shipped", ETA: "2026-11-21"}, "was expected on Saturday 21 November and is late"},
		{"no day", "es", rag.Order{Status: "paid", ETA: "mañana"}, "está pagado"},
		{"a time", "es", rag.Order{Status: "paid", ETA: "2026-12-01T10:00:00+01:00"}, "martes 1 de diciembre"},
		{"many items", "es", rag.Order{Status: "paid", Items: make([]rag.OrderItem, 5)}, " y más."},
	} {
		c.order.Number = "#A1234567"
		got := draft(t, rag.Request{Locale: c.locale, Question: "#A1234567", Orders: rag.OrderFacts{Orders: []rag.Order{c.order}, Asked: []string{"#A1234567"}}})
		if !strings.Contains(got.Answer, c.says) {
			t.Errorf("%s %s: %q is not in %q", c.name, c.locale, c.says, got.Answer)
		}
	}
}

// quoted is what stands between quotation marks.
var quoted = regexp.MustCompile(`«[^»]*»|“[^”]*”`)

func TestANoteThatPromisesStaysOutAndOneInAnotherLanguageSaysSo(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ locale, note, says string }{
		{"en", "El paquete salió del almacén", "in the shop's language: “El paquete salió del almacén”"},
		{"es", "We need the flat number of the address", "en el idioma de la tienda: «We need the flat number of the address»"},
		{"es", "Comprobamos la dirección con la clienta", "Última anotación: «Comprobamos"},
		{"es", "Hemos cancelado el pedido", ""},
	} {
		o := rag.Order{Number: "#A1234567", Status: "on_hold", LastNote: c.note}
		got := draft(t, rag.Request{Locale: c.locale, Question: "#A1234567", Orders: rag.OrderFacts{Orders: []rag.Order{o}, Asked: []string{o.Number}}})
		if c.says == "" && strings.Contains(got.Answer, c.note) || !strings.Contains(got.Answer, c.says) {
			t.Errorf("%s: %q of %q", c.locale, got.Answer, c.note)
		}
	}
}

// TestOrdersByWhatIsSpokenOf: an order is meant by a thing in it, by any name of that, and by
// what was said just before.
func TestOrdersByWhatIsSpokenOf(t *testing.T) {
	t.Parallel()
	facts := rag.OrderFacts{Orders: []rag.Order{
		{Number: "#A10001", Status: "shipped", TrackingURL: "https://t.example.com/1", Items: []rag.OrderItem{{Name: "Lavadora 9 kg Bruma"}}},
		{Number: "#A10002", Status: "shipped", TrackingURL: "https://t.example.com/2", Items: []rag.OrderItem{{Name: "Frigorífico combi 340 L"}}},
		{Number: "#A10003", Status: "shipped", TrackingURL: "https://t.example.com/3", Items: []rag.OrderItem{{Name: "Auriculares Nogal Buds"}}},
	}}
	history := []rag.Utterance{{Role: rag.RoleCustomer, Text: "¿Dónde está el #A10002?"}}
	for _, c := range []struct {
		text, want string
		history    []rag.Utterance
	}{
		{"¿Viene hoy el frigorífico?", "#A10002", nil},
		{"Is the fridge coming today?", "#A10002", nil},
		{"What day are you bringing the washing machine?", "#A10001", nil},
		{"¿Cuándo llegan mis audífonos?", "#A10003", nil},
		{"¿Y me pasas el enlace de seguimiento?", "#A10002", history},
		{"And can you send me the tracking link?", "#A10002", history},
	} {
		got := draft(t, rag.Request{Locale: rag.DetectLocale(c.text, "es"), Question: c.text, Query: c.text, Orders: facts, History: c.history})
		if len(got.Orders) != 1 || got.Orders[0] != c.want || !strings.Contains(got.Answer, "https://t.example.com/") {
			t.Errorf("%s: %+v", c.text, got)
		}
	}
}

// TestTroubleIsNoStatus: who tells that a thing of theirs is broken is not told that it came.
func TestTroubleIsNoStatus(t *testing.T) {
	t.Parallel()
	facts := rag.OrderFacts{Asked: []string{"#W2023995"}, Orders: []rag.Order{{Number: "#W2023995", Status: "delivered", Items: []rag.OrderItem{{Name: "Cafetera superautomática Arabela", Quantity: 1}}}}}
	for _, c := range []struct {
		locale, text string
		status       bool
	}{
		{"es", "la cafetera pierde agua por abajo", false},
		{"es", "Mi cafetera no calienta", false},
		{"en", "my coffee machine is leaking", false},
		{"en", "The coffee machine doesn't turn on", false},
		{"es", "¿Dónde está la cafetera?", true},
		{"en", "Has my coffee machine been delivered?", true},
	} {
		got := draft(t, rag.Request{Locale: c.locale, Question: c.text, Query: c.text, Orders: facts})
		if (len(got.Orders) > 0) != c.status {
			t.Errorf("%q: %+v", c.text, got)
		}
	}
}
