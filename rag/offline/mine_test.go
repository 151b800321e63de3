package offline_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/action"
)

// priced are lucia's orders with what things cost, and a refund.
func priced() []rag.Order {
	list := lucia()
	list[0].Items[0].PriceMinor, list[0].Items[0].Currency = 21900, "EUR"
	list[0].Items[1].PriceMinor, list[0].Items[1].Currency = 2490, "EUR"
	list[1].Items[0].PriceMinor, list[1].Items[0].Currency = 3495, "EUR"
	list[2].Refund = "129.00 EUR, in progress, ordered 2026-11-22, expected by 2026-12-04"
	return list
}

var shipped = []rag.Utterance{{Role: rag.RoleCustomer, Text: "#W2024117"}, {Role: rag.RoleBot, Text: "Tu pedido #W2024117 está enviado."}}

// TestQuestionsAboutOrdersThatNameNone: what can only be about an order of the customer's
// is, by its words or by what was said before, and the shop's rules stay the shop's.
func TestQuestionsAboutOrdersThatNameNone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		locale, text string
		history      []rag.Utterance
		orders       []string
		says         string
	}{
		{"es", "¿cuándo me llega?", nil, []string{"#W2024117"}, "27 de noviembre"},
		{"en", "When will I receive it?", nil, []string{"#W2024117"}, "27 November"},
		{"es", "¿Cuándo llega?", shipped, []string{"#W2024117"}, "27 de noviembre"},
		{"en", "will it come on Friday?", shipped, []string{"#W2024117"}, "27 November"},
		{"es", "¿quién lo trae?", shipped, []string{"#W2024117"}, "Mensajería Alcor"},
		{"en", "who is the carrier?", shipped, []string{"#W2024117"}, "Mensajería Alcor"},
		{"es", "¿y el otro?", shipped, []string{"#W2023988", "#W2023561"}, "#W2023988"},
		{"en", "and the other one?", shipped, []string{"#W2023988", "#W2023561"}, "#W2023988"},
		{"es", "mis pedidos", nil, []string{"#W2024117", "#W2023988", "#W2023561"}, "#W2023561"},
		{"en", "what orders do I have?", nil, []string{"#W2024117", "#W2023988", "#W2023561"}, "#W2023561"},
		{"es", "¿cuánto me devolvéis?", nil, []string{"#W2023561"}, "129,00 EUR"},
		{"en", "how much am I getting back?", nil, []string{"#W2023561"}, "129.00 EUR"},
		{"es", "¿Cuánto me vais a devolver del #W2023561?", nil, []string{"#W2023561"}, "129,00 EUR"},
		{"en", "How much are you refunding for #W2023561?", nil, []string{"#W2023561"}, "129.00 EUR"},
		{"es", "¿Me ha llegado el reembolso?", nil, []string{"#W2023561"}, "129,00 EUR"},
		{"es", "el reembolso q me ibais a hacer no me sale en la cuenta", nil, []string{"#W2023561"}, "129,00 EUR"},
		{"en", "still haven't got my money back", nil, []string{"#W2023561"}, "129.00 EUR"},
		{"en", "you still owe me the money for the headphones", nil, []string{"#W2023561"}, "129.00 EUR"},
		{"en", "when is the vacuum getting here", nil, []string{"#W2024117"}, "27 November"},
		{"en", "my vacuum still isnt here", nil, []string{"#W2024117"}, "27 November"},
		{"en", "has my refund come through?", nil, []string{"#W2023561"}, "129.00 EUR"},
		{"es", "¿por qué no se puede tener el reembolso en otra cuenta?", nil, nil, ""},
		{"es", "dnd esta mi pedido", nil, []string{"#W2024117"}, "27 de noviembre"},
		{"en", "wheres my order", nil, []string{"#W2024117"}, "27 November"},
		{"es", "a que hora viene el repartidor", nil, []string{"#W2024117"}, "27 de noviembre"},
		{"en", "what time is the driver coming today", nil, []string{"#W2024117"}, "27 November"},
		{"es", "¿cuándo viene el transportista a recogerlo?", nil, nil, ""},
		{"es", "q he pedido?", nil, []string{"#W2024117", "#W2023988", "#W2023561"}, "#W2023561"},
		{"en", "what did i order again", nil, []string{"#W2024117", "#W2023988", "#W2023561"}, "#W2023561"},
		{"es", "¿por qué me habéis cobrado 34,95?", nil, []string{"#W2023988"}, "34,95 EUR"},
		{"en", "what is this charge of €34.95?", nil, []string{"#W2023988"}, "34.95 EUR"},
		{"es", "me habéis cobrado 268,80 €, ¿de qué?", nil, []string{"#W2024117"}, "24,90 EUR cada unidad"},
		{"es", "¿por qué me habéis cobrado 77,30?", nil, nil, ""},
		{"es", "¿cuánto tarda el envío?", nil, nil, ""},
		{"es", "¿cuándo me llega la factura?", nil, nil, ""},
		{"es", "¿cuánto me devolvéis si devuelvo el pedido completo?", nil, nil, ""},
		{"es", "¿cuándo llega un pedido exprés?", nil, nil, ""},
	} {
		got := draft(t, rag.Request{Locale: c.locale, Question: c.text, Query: c.text, History: c.history, Orders: rag.OrderFacts{Orders: priced()}})
		if diff := cmp.Diff(c.orders, got.Orders); diff != "" || !strings.Contains(got.Answer, c.says) {
			t.Errorf("%q: %q %s", c.text, got.Answer, diff)
		}
	}
}

// TestARefundThatWasNotOrdered is told in the customer's words.
func TestARefundThatWasNotOrdered(t *testing.T) {
	t.Parallel()
	orders := priced()
	orders[2].Refund = "129.00 EUR, not started"
	for text, want := range map[[2]string]string{
		{"es", "¿Cuándo me devolvéis el dinero?"}: "129,00 EUR, todavía sin ordenar.",
		{"en", "Where is my refund?"}:             "129.00 EUR, not ordered yet.",
	} {
		got := draft(t, rag.Request{Locale: text[0], Question: text[1], Query: text[1], Orders: rag.OrderFacts{Orders: orders}})
		if !strings.Contains(got.Answer, want) {
			t.Errorf("%q: %q", text[1], got.Answer)
		}
	}
}

// TestPapersBehindALevel: an invoice that is not among the facts is looked up, for one order,
// and told when it came; what asks how invoices work is no look-up.
func TestPapersBehindALevel(t *testing.T) {
	t.Parallel()
	ask := func(locale, text string, r ...action.Receipt) rag.Draft {
		return draft(t, rag.Request{Locale: locale, Question: text, Writable: true, Orders: rag.OrderFacts{Orders: priced()}, Receipts: r})
	}
	for text, want := range map[string]action.Kind{
		"¿Me mandas la factura del #W2024117?": action.Invoice, "send me the invoice for #W2024117": action.Invoice,
		"¿Quién firmó la entrega de mi pedido?": action.DeliveryProof, "I want the proof of delivery of #W2023988": action.DeliveryProof,
		"¿Cómo descargo la factura de mi pedido?": "", "¿Emitís factura?": "",
	} {
		got := ask("es", text)
		if kind := kindOf(got); kind != want {
			t.Errorf("%q: %q %+v", text, kind, got)
		}
	}
	done := action.Receipt{Kind: action.Invoice, Order: "#W2024117", Outcome: action.Done, Facts: map[string]string{"url": "https://shop.example.com/1.pdf"}}
	if got := ask("en", "send me the invoice for #W2024117", done); got.Answer != "The invoice for your order #W2024117 is here: https://shop.example.com/1.pdf" || len(got.Actions) > 0 {
		t.Errorf("%+v", got)
	}
	done.Outcome, done.Facts, done.Reason = action.Refused, nil, action.RuleUnavailable
	if got := ask("en", "send me the invoice for #W2024117", done); !got.NeedsHuman || len(got.Actions) > 0 {
		t.Errorf("%+v", got)
	}
}

func kindOf(d rag.Draft) action.Kind {
	if len(d.Actions) == 0 {
		return ""
	}
	return d.Actions[0].Kind
}

// TestWhatTheShopDoesAboutALateParcel stands beside what is said of one, where the customer
// complains and a passage says it.
func TestWhatTheShopDoesAboutALateParcel(t *testing.T) {
	t.Parallel()
	o := rag.Order{Number: "#W1000001", Status: "shipped", ETA: "2026-11-20"}
	passages := []rag.Passage{
		{ID: "a", Locale: "es", Title: "Paquetes", Heading: "Mi paquete llega tarde", Text: "Si un paquete llega tarde, abrimos una reclamación con el transportista."},
		{ID: "b", Locale: "es", Title: "Pagos", Heading: "Bizum", Text: "Puedes pagar con Bizum."},
	}
	for text, help := range map[string]bool{"el #W1000001 tenía que haber llegado ya": true, "¿dónde está el #W1000001?": false} {
		got := draft(t, rag.Request{Locale: "es", Question: text, Passages: passages, Orders: rag.OrderFacts{Orders: []rag.Order{o}, Asked: []string{o.Number}}})
		if strings.Contains(got.Answer, "reclamación") != help || help != (len(got.Citations) == 1 && got.Citations[0] == "a") || !strings.Contains(got.Answer, "tenía que llegar el viernes 20 de noviembre") {
			t.Errorf("%q: %+v", text, got)
		}
	}
}

// TestYesToAPlace is said of the place that is named, and of no other one.
func TestYesToAPlace(t *testing.T) {
	t.Parallel()
	stores := []rag.Passage{
		{ID: "a", Locale: "es", Title: "Recogida en tienda", Heading: "Nuestras tiendas", Text: "Tenemos 4 tiendas: Madrid, Barcelona, Valencia y Sevilla. Abren de lunes a sábado, de 10:00 a 21:00."},
		{ID: "b", Locale: "en", Title: "Store pick-up", Heading: "Our stores", Text: "We have 4 stores: Madrid, Barcelona, Valencia and Seville. They open from Monday to Saturday, from 10:00 to 21:00."},
		{ID: "c", Locale: "es", Title: "Cambios", Heading: "Teléfono", Text: "El teléfono de contacto del pedido se puede cambiar hasta que salga a reparto."},
	}
	for _, c := range []struct {
		locale, text, begins string
	}{
		{"es", "¿Tenéis tienda en Sevilla?", "Sí. Tenemos 4 tiendas"},
		{"en", "Do you have a shop in Seville?", "Yes. We have 4 stores"},
		{"es", "¿Hay tienda en Bilbao?", "Tenemos 4 tiendas"},
		{"es", "¿Dónde están las tiendas?", "Tenemos 4 tiendas"},
		{"en", "When do your stores open?", "We have 4 stores"},
		{"es", "¿Cuál es vuestro teléfono?", ""},
	} {
		got := draft(t, rag.Request{Locale: c.locale, Question: c.text, Query: c.text, Passages: stores})
		if !strings.HasPrefix(got.Answer, c.begins) || (c.begins == "") != (got.Answer == "") {
			t.Errorf("%q: %q", c.text, got.Answer)
		}
	}
}
