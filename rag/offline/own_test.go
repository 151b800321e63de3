package offline_test

import (
	"context"
	"strings"
	"testing"

	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/offline"
)

func draftOf(t *testing.T, r rag.Request) rag.Draft {
	t.Helper()
	response, err := offline.NewModel().Complete(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	return response.Draft
}

// TestListUnderDenial: an item of a list that its heading denies is told with the heading.
func TestListUnderDenial(t *testing.T) {
	t.Parallel()
	draft := draftOf(t, rag.Request{Locale: "en", Question: "Can you ship perfume abroad?", Passages: []rag.Passage{{
		ID: "p", Locale: "en", Title: "Shipping", Heading: "Shipping > What we do not ship abroad", Text: "- Perfume and sprays.\n- Plants.",
	}}})
	if want := "What we do not ship abroad:\n• Perfume"; !strings.HasPrefix(draft.Answer, want) {
		t.Errorf("got %q", draft.Answer)
	}
}

// TestOtherPlace: what holds elsewhere is no answer to who asks about a place.
func TestOtherPlace(t *testing.T) {
	t.Parallel()
	passages := []rag.Passage{{ID: "p", Locale: "es", Title: "Envíos", Heading: "Envíos > Plazos", Text: "A la Península, el envío tarda 3 días hábiles."}}
	if draft := draftOf(t, rag.Request{Locale: "es", Question: "¿Cuánto tarda el envío a Fuerteventura?", Passages: passages}); !draft.NeedsHuman {
		t.Errorf("got %q", draft.Answer)
	}
	if draft := draftOf(t, rag.Request{Locale: "es", Question: "¿Cuánto tarda el envío a Burgos?", Passages: passages}); draft.NeedsHuman {
		t.Errorf("nothing for a town on the mainland: %s", draft.Missing)
	}
}

// TestWhichOrder: who wants the invoice of an order is asked which one, where several have
// one, and the answer to that is read with the wish.
func TestWhichOrder(t *testing.T) {
	t.Parallel()
	two := rag.OrderFacts{Orders: []rag.Order{{Number: "#A100001", Status: "shipped"}, {Number: "#A100002", Status: "delivered"}}}
	for locale, said := range map[string]string{"es": "¿Me podéis pasar el tique de compra?", "en": "Please send me the receipt"} {
		r := rag.Request{Locale: locale, Question: said, Orders: two, Writable: true}
		draft := draftOf(t, r)
		if !strings.Contains(draft.AskBack, "#A100001") || !strings.Contains(draft.AskBack, "#A100002") {
			t.Errorf("%q: asked back %q", said, draft.AskBack)
		}
		r.History, r.Clarified = []rag.Utterance{{Role: rag.RoleCustomer, Text: said}, {Role: rag.RoleAgent, Text: draft.AskBack}}, true
		r.Question, r.Orders.Asked = "#A100002", []string{"#A100002"}
		if draft = draftOf(t, r); len(draft.Actions) != 1 || draft.Actions[0].Order != "#A100002" {
			t.Errorf("after the number: %+v", draft)
		}
	}
}

// TestOtherOrders: who means another order than the one they named gets those that it can
// be, and is asked which where they are many.
func TestOtherOrders(t *testing.T) {
	t.Parallel()
	f := rag.OrderFacts{Asked: []string{"#A100002", "#A100003"}, Orders: []rag.Order{
		{Number: "#A100001", Status: "shipped"}, {Number: "#A100002", Status: "delivered"}, {Number: "#A100003", Status: "shipped"}, {Number: "#A100004", Status: "shipped"},
	}}
	r := rag.Request{Locale: "en", Question: "Where is my order #A100001?\nthe other one", Orders: f}
	if draft := draftOf(t, r); !strings.Contains(draft.Answer, "#A100002") || !strings.Contains(draft.Answer, "#A100003") || strings.Contains(draft.Answer, "#A100001") {
		t.Errorf("got %+v", draft)
	}
	r.Orders.Asked = append(r.Orders.Asked, "#A100004")
	if draft := draftOf(t, r); draft.Answer != "" || draft.AskBack != "For which order, #A100002, #A100003 or #A100004?" {
		t.Errorf("got %+v", draft)
	}
	r.Clarified = true
	if draft := draftOf(t, r); draft.AskBack != "" {
		t.Errorf("asked twice: %+v", draft)
	}
}

// TestVerbsToTheShop: the shop is spoken to in one person and answers in another.
func TestVerbsToTheShop(t *testing.T) {
	t.Parallel()
	draft := draftOf(t, rag.Request{Locale: "es", Question: "¿Alquiláis proyectores?", Passages: []rag.Passage{
		{ID: "p", Locale: "es", Title: "Alquiler", Text: "No alquilamos proyectores."}, {ID: "q", Locale: "es", Title: "Venta", Text: "Los proyectores se venden con mando."},
	}})
	if !strings.HasPrefix(draft.Answer, "No alquilamos") {
		t.Errorf("got %q %s", draft.Answer, draft.Missing)
	}
}

// TestWordOfTheOtherLanguage: a word of the other language is read as what it is here.
func TestWordOfTheOtherLanguage(t *testing.T) {
	t.Parallel()
	draft := draftOf(t, rag.Request{Locale: "es", Question: "¿Cuánto dura la warranty?", Passages: []rag.Passage{{ID: "p", Locale: "es", Title: "Garantía", Text: "La garantía dura 3 años."}}})
	if !strings.Contains(draft.Answer, "3 años") {
		t.Errorf("got %q %s", draft.Answer, draft.Missing)
	}
}
