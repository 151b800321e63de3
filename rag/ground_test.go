package rag_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/rag"
)

func TestChecks(t *testing.T) {
	t.Parallel()
	own := rag.OrderFacts{
		Orders: []rag.Order{{
			Number: "#W2024117", Status: "shipped", ETA: "2026-05-03", TrackingURL: "https://a.example/W2024117",
			Items: []rag.OrderItem{{Name: "Robot", Quantity: 2, PriceMinor: 21990, Currency: "EUR"}},
		}},
		Asked: []string{"W2029999"}, NotFound: []string{"W2029999"},
	}
	cite := func(answer string) rag.Draft { return rag.Draft{Answer: answer, Citations: []string{"a"}} }
	order := func(answer string, numbers ...string) rag.Draft { return rag.Draft{Answer: answer, Orders: numbers} }
	for _, c := range []struct {
		name   string
		draft  rag.Draft
		orders rag.OrderFacts
		fails  string
	}{
		{"backed", cite("Tienes 30 días."), rag.OrderFacts{}, ""},
		{"changed number", cite("Tienes 45 días."), rag.OrderFacts{}, rag.CheckNumbers},
		{"the passage is not cited", rag.Draft{Answer: "Tienes 30 días.", Citations: []string{"z"}}, rag.OrderFacts{}, rag.CheckCitations},
		{"nothing is cited", rag.Draft{Answer: "Puedes devolver el producto."}, rag.OrderFacts{}, rag.CheckCitations},
		{"a model's word that it is small talk", rag.Draft{Answer: "Sí, siempre es gratis.", SmallTalk: true}, rag.OrderFacts{}, rag.CheckCitations},
		{"an own order", order("Tu pedido #W2024117 llega el 3 de mayo: 2 por 219,90 €, https://a.example/W2024117", "#W2024117"), own, ""},
		{"not found", order("No encuentro el pedido W2029999.", "W2029999"), own, ""},
		{"not found, in another writing", order("No encuentro el pedido #W2029999.", "#w2029999"), own, ""},
		{"somebody else's order", order("Tu pedido #W9999999 está en camino.", "#W9999999"), own, rag.CheckOrders},
		{"orders away", order("Tu pedido está en camino.", "#W2024117"), rag.OrderFacts{Unavailable: true}, rag.CheckOrders},
		{"another day", order("Llega el 4 de mayo.", "#W2024117"), own, rag.CheckNumbers},
		{"a claim", cite("He cancelado el pedido."), rag.OrderFacts{}, rag.CheckActions},
		{"another language", cite("You have 30 days to return the product."), rag.OrderFacts{}, rag.CheckLanguage},
		{"too long", cite(strings.Repeat("Puedes devolver el producto. ", 60)), rag.OrderFacts{}, rag.CheckLength},
	} {
		a, err := newSetup(fakeModel{draft: c.draft}).answer(t, rag.Question{Text: question.Text, Orders: c.orders})
		if err != nil {
			t.Fatal(err)
		}
		var failed []string
		for _, check := range a.Checks {
			if !check.OK {
				failed = append(failed, check.Name)
				if check.Detail == "" {
					t.Errorf("%s: %s fails without a detail", c.name, check.Name)
				}
			}
		}
		if c.fails == "" && len(failed) > 0 || c.fails != "" && !strings.Contains(strings.Join(failed, " "), c.fails) {
			t.Errorf("%s: failed %v, want %q", c.name, failed, c.fails)
		}
	}
}

// The customer's own words back nothing.
func TestAQuestionIsNoSource(t *testing.T) {
	t.Parallel()
	draft := rag.Draft{Answer: "Sí, son 45 días.", Citations: []string{"a"}}
	a, err := newSetup(fakeModel{draft: draft}).answer(t, rag.Question{Text: "¿Son 45 días?"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range a.Checks {
		if c.Name == rag.CheckNumbers && c.OK {
			t.Error("a number of the question passes as backed")
		}
	}
}

func TestFeatures(t *testing.T) {
	t.Parallel()
	answer := func(d rag.Draft, q rag.Question) map[string]float64 {
		a, err := newSetup(fakeModel{draft: d}).answer(t, q)
		if err != nil {
			t.Fatal(err)
		}
		return a.Features
	}
	policy := answer(good(), question)
	for name, want := range map[string]float64{"order": 0, "small_talk": 0, "dense": 0.8, "agree": 1, "support": 0.9, "checks": 1} {
		if policy[name] != want {
			t.Errorf("%s is %v, want %v", name, policy[name], want)
		}
	}
	if m := policy["dense_margin"]; m < 0.39 || m > 0.41 {
		t.Errorf("dense_margin is %v", m)
	}
	odd := question
	odd.Text = "¿Cuántos decibelios hace el ventilador?"
	if known, unknown := policy["unknown"], answer(good(), odd)["unknown"]; known >= unknown || unknown < 0.5 {
		t.Errorf("unknown is %v for a covered and %v for another question", known, unknown)
	}
	orders := rag.OrderFacts{Orders: []rag.Order{{Number: "#W1"}}, Asked: []string{"#W1"}}
	order := answer(rag.Draft{Answer: "Tu pedido #W1", Orders: []string{"#W1"}}, rag.Question{Text: "#W1", Orders: orders})
	if order["order"] != 1 || order["asked"] != 1 || order["dense"] != 0 {
		t.Errorf("order features %v", order)
	}
	silent := good()
	silent.Support = 0
	if got := answer(silent, question); got["support"] != got["coverage"] || got["support"] == 0 {
		t.Errorf("without the model's word support is %v, coverage %v", got["support"], got["coverage"])
	}
	wild := good()
	wild.Support = 17
	if got := answer(wild, question)["support"]; got != 1 {
		t.Errorf("support is %v", got)
	}
}

func TestDetectLocale(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, prior, want string }{
		{"¿Dónde está mi pedido?", "", "es"},
		{"donde esta mi pedido", "en", "es"},
		{"where is my order", "es", "en"},
		{"I've been waiting", "", "en"},
		{"el tracking no funciona", "en", "es"},
		{"#W2024117", "en", "en"},
		{"#W2024117", "", "es"},
		{"👍", "en-GB", "en"},
		{"ok", "fr", "es"},
		{"refund", "", "en"},
		{"", "", "es"},
	} {
		if got := rag.DetectLocale(c.text, c.prior); got != c.want {
			t.Errorf("%q after %q: %s, want %s", c.text, c.prior, got, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		got := rag.DetectLocale(rapid.String().Draw(t, "text"), rapid.String().Draw(t, "prior"))
		if got != "es" && got != "en" {
			t.Fatalf("locale %q", got)
		}
	})
}

// TestSmallTalkNeedsNoSource where the customer only greets.
func TestSmallTalkNeedsNoSource(t *testing.T) {
	t.Parallel()
	draft := rag.Draft{Answer: "¡Hola!", SmallTalk: true}
	a, err := newSetup(fakeModel{draft: draft}).answer(t, rag.Question{Text: "¡Buenos días!"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range a.Checks {
		if !c.OK {
			t.Errorf("%s: %s", c.Name, c.Detail)
		}
	}
	if !a.Draft.SmallTalk {
		t.Error("it is no small talk any more")
	}
}

// TestSmallTalkStatesNothing: a kind word is no cover for a deed that nobody did.
func TestSmallTalkStatesNothing(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{"¡De nada! Ya queda anulado, un saludo.", "¡De nada! El dinero ya está en tu cuenta.", "¡De nada! Está todo solucionado."} {
		a, err := newSetup(fakeModel{draft: rag.Draft{Answer: answer, SmallTalk: true}}).answer(t, rag.Question{Text: "gracias"})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(a.Checks, func(c rag.Check) bool { return !c.OK }) {
			t.Errorf("%q passes every check", answer)
		}
	}
}

// TestQuotedLanguage takes a quotation in the other language for what it is only when a
// passage in that language is cited.
func TestQuotedLanguage(t *testing.T) {
	t.Parallel()
	const quoted = "Esto solo lo tengo en inglés:\n«You can return your shoes within 30 days of the delivery.»"
	for name, c := range map[string]struct {
		locale, answer string
		ok             bool
	}{
		"of an English passage":     {"en", quoted, true},
		"of a Spanish passage":      {"es", quoted, false},
		"in English, without marks": {"en", "You can return your shoes within 30 days of the delivery.", false},
	} {
		s := newSetup(fakeModel{draft: rag.Draft{Answer: c.answer, Citations: []string{"a"}, Locale: "es"}})
		found := hit("a", .9, 3, 1, 1)
		found.Document.Locale = c.locale
		s.index.hits["es"] = []knowledge.Hit{found}
		a, err := s.answer(t, rag.Question{Text: question.Text, Locale: "es"})
		if err != nil {
			t.Fatal(err)
		}
		for _, check := range a.Checks {
			if check.Name == rag.CheckLanguage && check.OK != c.ok {
				t.Errorf("%s: %+v", name, check)
			}
		}
	}
}
