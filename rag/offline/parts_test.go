package offline_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/rag"
)

func shelf() []rag.Passage {
	return []rag.Passage{
		{ID: "r", DocumentID: "es/returns", Locale: "es", Title: "Devoluciones", Text: "Tienes 30 días para devolver un producto.", Dense: 0.5},
		{ID: "s", DocumentID: "es/shipping", Locale: "es", Title: "Envíos", Text: "El envío a la península cuesta 4,90 €.", Dense: 0.5},
	}
}

func TestSeveralQuestions(t *testing.T) {
	t.Parallel()
	const returns, shipping = "¿Cuántos días tengo para devolver un producto?", "¿Cuánto cuesta el envío a la península?"
	for _, c := range []struct {
		name      string
		parts     []string
		says      []string
		citations []string
		orders    []string
		human     bool
	}{
		{"both from documents", []string{returns, shipping}, []string{"30 días", "4,90 €"}, []string{"r", "s"}, nil, false},
		{"the same twice is told once", []string{returns, returns}, []string{"30 días"}, []string{"r"}, nil, false},
		{"an order and a document", []string{"¿Dónde está mi pedido #W2024117?", returns}, []string{"está enviado", "30 días"}, []string{"r"}, []string{"#W2024117"}, false},
		{"a greeting is no question", []string{"Hola", returns}, []string{"30 días"}, []string{"r"}, nil, false},
		{"one of them is not known", []string{returns, "¿Vendéis entradas para el zoológico?"}, []string{"30 días"}, []string{"r"}, nil, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := rag.Request{Locale: "es", Question: strings.Join(c.parts, "\n"), Parts: c.parts, Passages: shelf(), Orders: rag.OrderFacts{Orders: lucia()}}
			if len(c.orders) > 0 {
				r.Orders.Asked = c.orders
			}
			got := draft(t, r)
			for _, want := range c.says {
				if strings.Count(got.Answer, want) != 1 {
					t.Errorf("%q is not once in %q", want, got.Answer)
				}
			}
			if diff := cmp.Diff(c.citations, got.Citations); diff != "" {
				t.Errorf("citations (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.orders, got.Orders); diff != "" {
				t.Errorf("orders (-want +got):\n%s", diff)
			}
			if got.NeedsHuman != c.human || (got.Missing != "") != c.human {
				t.Errorf("needs a person: %v, missing %q", got.NeedsHuman, got.Missing)
			}
		})
	}
}

func TestOrderDetails(t *testing.T) {
	t.Parallel()
	orders := lucia()
	orders[1].InvoiceURL, orders[1].ProofURL = "https://alcor.example.com/f/988.pdf", "https://alcor.example.com/p/988.pdf"
	orders[2].Refund = "129.00 EUR, in progress, ordered 2026-11-22, expected by 2026-12-04"
	for _, c := range []struct {
		locale, text string
		asked        []string
		says         string
		orders       []string
	}{
		{"es", "¿Me mandáis la factura de mi pedido?", nil, "La factura de tu pedido #W2023988 está aquí: https://alcor.example.com/f/988.pdf", []string{"#W2023988"}},
		{"en", "Can I have the invoice for my order #W2023988?", []string{"#W2023988"}, "invoice for your order #W2023988 is here: https://alcor.example.com/f/988.pdf", []string{"#W2023988"}},
		{"es", "necesito el justificante de entrega de mi pedido", nil, "https://alcor.example.com/p/988.pdf", []string{"#W2023988"}},
		{"en", "Who signed for my parcel?", nil, "The proof of delivery of your order #W2023988", []string{"#W2023988"}},
		{"es", "¿Cómo va mi reembolso?", nil, "Reembolso del pedido #W2023561: 129,00 EUR, en curso, ordenado el domingo 22 de noviembre, previsto hasta el viernes 4 de diciembre.", []string{"#W2023561"}},
		{"en", "How is my refund going?", nil, "Refund for order #W2023561: 129.00 EUR, in progress, ordered on Sunday 22 November, expected by Friday 4 December.", []string{"#W2023561"}},
		{"en", "tracking link of my order please", nil, "https://seguimiento.alcor.example.com/W2024117", []string{"#W2024117"}},
	} {
		t.Run(c.text, func(t *testing.T) {
			t.Parallel()
			got := draft(t, rag.Request{Locale: c.locale, Question: c.text, Orders: rag.OrderFacts{Orders: orders, Asked: c.asked}})
			if !strings.Contains(got.Answer, c.says) || got.NeedsHuman {
				t.Errorf("%q is not in %q (needs a person: %v)", c.says, got.Answer, got.NeedsHuman)
			}
			if diff := cmp.Diff(c.orders, got.Orders); diff != "" {
				t.Errorf("orders (-want +got):\n%s", diff)
			}
		})
	}
}

// What the shop has not said, or not to this customer, goes to a person.
func TestOrderDetailsThatAreNotThere(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"¿Me mandáis la factura de mi pedido #W2023988?", "Quiero el justificante de entrega del #W2023988"} {
		got := draft(t, rag.Request{Locale: "es", Question: text, Orders: rag.OrderFacts{Orders: lucia(), Asked: []string{"#W2023988"}}})
		if strings.Contains(got.Answer, "://") || strings.Contains(got.Answer, "está aquí") {
			t.Errorf("%q was answered with %q", text, got.Answer)
		}
	}
}

func TestOwnLanguageComesFirst(t *testing.T) {
	t.Parallel()
	passages := []rag.Passage{
		{ID: "en", DocumentID: "en/returns", Locale: "en", Title: "Returns", Text: "You have 30 days to return a product.", Dense: 0.6},
		{ID: "es", DocumentID: "es/returns", Locale: "es", Title: "Devoluciones", Text: "Tienes 30 días para devolver un producto.", Dense: 0.5},
	}
	got := draft(t, rag.Request{Locale: "es", Question: "¿Cuántos días hay para devolver un producto?", Passages: passages})
	if !strings.Contains(got.Answer, "Tienes 30 días") || strings.Contains(got.Answer, "inglés") {
		t.Errorf("the answer is %q", got.Answer)
	}
}
