package rag_test

import (
	"strings"
	"testing"

	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/action"
	"github.com/recado/recado/rag/offline"
)

// TestReturnOfSomething: who wants to return something, and does not say what, is asked for
// a yes where only one order can go back, for what is missing where there is more than one
// thing, and for the order where several or none can; nothing is proposed that they did not mean.
func TestReturnOfSomething(t *testing.T) {
	t.Parallel()
	order := func(number, status string, items ...string) rag.Order {
		o := rag.Order{Number: number, Status: status}
		for _, name := range items {
			o.Items = append(o.Items, rag.OrderItem{Name: name, Quantity: 1})
		}
		return o
	}
	lamp, kettle, shipped := order("#W2023988", "delivered", "Lámpara Lino"), order("#W2023702", "delivered", "Hervidor"), order("#W2024117", "shipped", "Tostadora")
	for _, c := range []struct {
		name     string
		orders   []rag.Order
		proposed string
		asks     map[string]string
	}{
		{"one", []rag.Order{lamp}, "#W2023988", nil},
		{"one that came, and one on its way", []rag.Order{shipped, lamp}, "#W2023988", nil},
		{"one with two things", []rag.Order{order("#W2023988", "delivered", "Lámpara Lino", "Hervidor")}, "", map[string]string{"es": "¿Qué artículos del pedido #W2023988", "en": "Which items of order #W2023988"}},
		{"several", []rag.Order{lamp, kettle}, "", map[string]string{"es": "¿De qué pedido", "en": "Which order"}},
		{"none that came", []rag.Order{shipped}, "", map[string]string{"es": "¿De qué pedido", "en": "Which order"}},
		{"no order", nil, "", map[string]string{"es": "¿De qué pedido", "en": "Which order"}},
	} {
		for locale, said := range map[string]string{"es": "Quiero devolver una cosa", "en": "I want to return something"} {
			t.Run(c.name+", "+locale, func(t *testing.T) {
				t.Parallel()
				s := newSetup(offline.NewModel())
				a, err := s.answer(t, rag.Question{Text: said, Locale: locale, At: question.At, Orders: rag.OrderFacts{Orders: c.orders}, Tools: &tools{verdict: action.Verdict{OK: true}}})
				if err != nil || a.Text != "" {
					t.Fatalf("said %q, %v", a.Text, err)
				}
				if p := a.Proposal; (p == nil) != (c.proposed == "") || p != nil && (p.Call.Kind != action.StartReturn || p.Call.Order != c.proposed || len(p.Call.Items) != 1) {
					t.Errorf("proposed %+v", p)
				}
				if want := c.asks[locale]; want == "" && a.AskBack != "" || !strings.HasPrefix(a.AskBack, want) {
					t.Errorf("asked back %q", a.AskBack)
				}
			})
		}
	}
}
