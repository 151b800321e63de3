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

// TestSaidOnce: a second document that has no figure beside those of the first is a second
// source, and said once.
func TestSaidOnce(t *testing.T) {
	t.Parallel()
	first := rag.Passage{ID: "a", Locale: "en", Title: "Deposits", Heading: "Deposits > Deposit back", Text: "The deposit is paid back within 21 days."}
	second := rag.Passage{ID: "b", Locale: "en", Title: "Bottles", Heading: "Bottles > Deposit back", Text: "Whoever returns crates gets the deposit back on the card in 21 days at the latest."}
	for sources, other := range map[int]rag.Passage{2: second} {
		draft := draftOf(t, rag.Request{Locale: "en", Question: "When do I get my deposit back?", Passages: []rag.Passage{first, other}})
		if strings.Count(draft.Answer, "21 days") != 1 || strings.Contains(draft.Answer, "\nNo.") || len(draft.Citations) != sources {
			t.Errorf("got %q from %q", draft.Answer, draft.Citations)
		}
	}
}

// TestSeveralSayOnce: what answers two questions of one message stands in the reply once.
func TestSeveralSayOnce(t *testing.T) {
	t.Parallel()
	p := rag.Passage{ID: "p", Locale: "en", Title: "Museum shop", Text: "The museum shop is in Leeds. It opens from Tuesday to Sunday, from 9:00 to 17:00."}
	draft := draftOf(t, rag.Request{
		Locale: "en", Question: "Where is the museum shop? What time does the museum shop open?", Passages: []rag.Passage{p},
		Parts: []string{"Where is the museum shop?", "What time does the museum shop open?"}, PartQueries: []string{"Where is the museum shop?", "What time does the museum shop open?"},
	})
	if strings.Count(draft.Answer, "9:00") != 1 || strings.Count(draft.Answer, "Leeds") != 1 {
		t.Errorf("got %q %s", draft.Answer, draft.Missing)
	}
}

// TestCostOfAReturn: what returning costs is in the rules, and not in an order that came back.
func TestCostOfAReturn(t *testing.T) {
	t.Parallel()
	back := rag.OrderFacts{Orders: []rag.Order{{Number: "#A100001", Status: "returned", Refund: "20.00 EUR, under way"}}}
	for locale, asks := range map[string]string{"es": "¿Cuánto me cobráis por la devolución?", "en": "How much does my return cost?"} {
		p := rag.Passage{ID: "p", Locale: locale, Title: "Devoluciones / Returns", Text: map[string]string{"es": "La devolución cuesta 5 €.", "en": "A return costs €5."}[locale]}
		draft := draftOf(t, rag.Request{Locale: locale, Question: asks, Orders: back, Passages: []rag.Passage{p}})
		if !strings.Contains(draft.Answer, "5") || len(draft.Orders) > 0 {
			t.Errorf("%s: %+v", asks, draft)
		}
	}
}

// TestGoesOn: a sentence that goes on with the subject of the answer belongs to it.
func TestGoesOn(t *testing.T) {
	t.Parallel()
	for locale, text := range map[string]string{
		"en": "Our workshop is in Porto. It takes no visitors. We sell lamps.",
		"es": "Nuestro taller está en Oporto. Este no recibe visitas. Vendemos lámparas.",
	} {
		asks := map[string]string{"en": "Where is your workshop?", "es": "¿Dónde está vuestro taller?"}[locale]
		draft := draftOf(t, rag.Request{Locale: locale, Question: asks, Passages: []rag.Passage{{ID: "p", Locale: locale, Title: "Taller", Text: text}}})
		if !strings.Contains(draft.Answer, "visit") {
			t.Errorf("got %q %s", draft.Answer, draft.Missing)
		}
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
