package offline_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/action"
)

// ownOrders are those of the customer in these tests.
func ownOrders() rag.OrderFacts {
	return rag.OrderFacts{Orders: []rag.Order{
		{Number: "#W2024300", Status: "processing", Items: []rag.OrderItem{{Name: "Lámpara de mesa Lino", Quantity: 1}}},
		{Number: "#W2023988", Status: "delivered", Items: []rag.OrderItem{{Name: "Hervidor eléctrico 1,7 L", Quantity: 1}, {Name: "Sartén de hierro 28 cm", Quantity: 1}}},
	}}
}

// TestWishes: what a customer wants done with an order becomes a proposal, and nothing of
// it is made up.
func TestWishes(t *testing.T) {
	t.Parallel()
	const kettle, pan = "Hervidor eléctrico 1,7 L", "Sartén de hierro 28 cm"
	for text, want := range map[string]action.Call{
		"Quiero cancelar el pedido #W2024300":                                    {Kind: action.Cancel, Order: "#W2024300"},
		"cancela mi pedido por favor":                                            {Kind: action.Cancel, Order: "#W2024300"},
		"Por favor, cancelad el pedido de la lámpara":                            {Kind: action.Cancel, Order: "#W2024300"},
		"cancela lo mio":                                                         {Kind: action.Cancel, Order: "#W2024300"},
		"Please cancel my order":                                                 {Kind: action.Cancel, Order: "#W2024300"},
		"Could you cancel order #W2024300?":                                      {Kind: action.Cancel, Order: "#W2024300"},
		"¿Puedo cancelar el #W2024300?":                                          {Kind: action.Cancel, Order: "#W2024300"},
		"Quiero devolver el hervidor":                                            {Kind: action.StartReturn, Order: "#W2023988", Items: []string{kettle}},
		"quiero devolver todo el pedido #W2023988":                               {Kind: action.StartReturn, Order: "#W2023988", Items: []string{kettle, pan}},
		"Me gustaría devolver mi pedido":                                         {Kind: action.StartReturn, Order: "#W2023988"},
		"I want to return the sartén from #W2023988":                             {Kind: action.StartReturn, Order: "#W2023988", Items: []string{pan}},
		"Quieo cancelar el pedido #W2024300":                                     {Kind: action.Cancel, Order: "#W2024300"},
		"Quiero devolcer el hervidor":                                            {Kind: action.StartReturn, Order: "#W2023988", Items: []string{kettle}},
		"I want to rdturn the kettel":                                            {Kind: action.StartReturn, Order: "#W2023988", Items: []string{kettle}},
		"Cambiad la dirección del pedido #W2024300":                              {Kind: action.ChangeAddress, Order: "#W2024300"},
		"Quiero canbiar la direccion de mi pedido a [[ADDRESS_1]], Madrid":       {Kind: action.ChangeAddress, Order: "#W2024300", Address: "[[ADDRESS_1]], Madrid"},
		"Please change the address of my order to [[ADDRESS_1]]":                 {Kind: action.ChangeAddress, Order: "#W2024300", Address: "[[ADDRESS_1]]"},
		"quiero devolver la sartén pero el hervidor me lo quedo":                 {Kind: action.StartReturn, Order: "#W2023988", Items: []string{pan}},
		"Quiero devolver el hervidor, la sartén no":                              {Kind: action.StartReturn, Order: "#W2023988", Items: []string{kettle}},
		"Quiero devolver el hervidor y la sartén, no me los quedo":               {Kind: action.StartReturn, Order: "#W2023988", Items: []string{kettle, pan}},
		"Quiero devolver todo el #W2023988 menos el hervidor":                    {Kind: action.StartReturn, Order: "#W2023988", Items: []string{pan}},
		"I want to return the pan but keeping the kettle":                        {Kind: action.StartReturn, Order: "#W2023988", Items: []string{pan}},
		"I'd like to return everything in #W2023988 except the pan":              {Kind: action.StartReturn, Order: "#W2023988", Items: []string{kettle}},
		"me he equivocado de direccion, la lámpara tiene que ir a [[ADDRESS_1]]": {Kind: action.ChangeAddress, Order: "#W2024300", Address: "[[ADDRESS_1]]"},
		"wrong address!! should be [[ADDRESS_1]], Madrid":                        {Kind: action.ChangeAddress, Order: "#W2024300", Address: "[[ADDRESS_1]], Madrid"},
		"Cambia la dirección a [[ADDRESS_1]], Madrid, por favor. Mi pedido":      {Kind: action.ChangeAddress, Order: "#W2024300", Address: "[[ADDRESS_1]], Madrid"},
	} {
		got := draft(t, rag.Request{Locale: rag.DetectLocale(text, "es"), Question: text, Query: text, Orders: ownOrders(), Writable: true})
		if diff := cmp.Diff([]action.Call{want}, got.Actions); diff != "" || got.Answer != "" || got.NeedsHuman {
			t.Errorf("%s: %+v\n%s", text, got, diff)
		}
	}
}

// TestNoWishes: who asks how it is done wants to be told, and where nothing can be written
// nothing is proposed.
func TestNoWishes(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"¿Cómo cancelo un pedido?", "¿Cuánto tiempo tengo para devolver un producto?", "How do I return an item?", "Can I return a product?",
		"¿Puedo cancelar un pedido?", "Quiero devolver un producto", "¿Dónde está mi pedido #W2024300?", "When was my order cancelled?", "Quieo devolcer un producto", "¿Se ha cancelado bien el #W2024300?", "gracias, no quiero nada más",
		"vivo en [[ADDRESS_1]], ¿llega mañana?",
	} {
		if got := draft(t, rag.Request{Locale: "es", Question: text, Query: text, Orders: ownOrders(), Writable: true}); len(got.Actions) > 0 {
			t.Errorf("%s: %+v", text, got.Actions)
		}
	}
	const wish = "Quiero cancelar el pedido #W2024300"
	away := ownOrders()
	away.Unavailable = true
	for _, r := range []rag.Request{
		{Locale: "es", Question: wish, Query: wish, Orders: ownOrders()},
		{Locale: "es", Question: wish, Query: wish, Orders: away, Writable: true},
	} {
		if got := draft(t, r); len(got.Actions) > 0 {
			t.Errorf("proposed although it can't be done: %+v", got.Actions)
		}
	}
}

// TestAWishGoesOnAfterAQuestionBack: the address alone is the rest of the wish, and only
// where the last reply asked for it.
func TestAWishGoesOnAfterAQuestionBack(t *testing.T) {
	t.Parallel()
	r := rag.Request{
		Locale: "es", Question: "[[ADDRESS_1]], 28010 Madrid", Query: "28010 Madrid", Orders: ownOrders(), Writable: true, Clarified: true,
		History: []rag.Utterance{
			{Role: rag.RoleCustomer, Text: "Cambiad la dirección de mi pedido"},
			{Role: rag.RoleBot, Text: "¿A qué dirección lo enviamos?"},
		},
	}
	want := []action.Call{{Kind: action.ChangeAddress, Order: "#W2024300", Address: "[[ADDRESS_1]], 28010 Madrid"}}
	if diff := cmp.Diff(want, draft(t, r).Actions); diff != "" {
		t.Error(diff)
	}
	other := r
	other.Question = "Mejor cancelad el pedido #W2024300"
	if diff := cmp.Diff([]action.Call{{Kind: action.Cancel, Order: "#W2024300"}}, draft(t, other).Actions); diff != "" {
		t.Errorf("another wish instead of an answer:\n%s", diff)
	}
	r.Clarified = false
	if got := draft(t, r); len(got.Actions) > 0 {
		t.Errorf("an address alone: %+v", got.Actions)
	}
}

// TestAWishAmongQuestions: beside a greeting it is put before the customer, and beside a
// question a person sees both.
func TestAWishAmongQuestions(t *testing.T) {
	t.Parallel()
	r := rag.Request{Locale: "es", Orders: ownOrders(), Writable: true, Parts: []string{"Hola", "Quiero devolver el hervidor"}}
	r.Question = "Hola\nQuiero devolver el hervidor"
	if got := draft(t, r); len(got.Actions) != 1 || got.NeedsHuman {
		t.Errorf("beside a greeting: %+v", got)
	}
	r.Parts = []string{"¿Dónde está el pedido #W2024300?", "Quiero devolver el hervidor"}
	r.Question = "¿Dónde está el pedido #W2024300?\nQuiero devolver el hervidor"
	if got := draft(t, r); len(got.Actions) != 0 || !got.NeedsHuman || got.Answer == "" {
		t.Errorf("beside a question: %+v", got)
	}
}

// TestNumberOfNobodysHere: a number that is named and not the customer's never means
// another order of theirs, however alone that is or like the number.
func TestNumberOfNobodysHere(t *testing.T) {
	t.Parallel()
	own := rag.OrderFacts{Orders: []rag.Order{{Number: "#W2024201", Status: "out_for_delivery", Items: []rag.OrderItem{{Name: "Altavoz portátil Nogal Roca", Quantity: 1}}}}}
	for _, c := range []struct {
		text     string
		notFound []string
	}{
		{"Cancela el pedido #W2024212", []string{"W2024212"}},
		{"Please cancel my order #W2024212", []string{"W2024212"}},
		{"Cancela mi pedido #A2024201", []string{"A2024201"}},
		{"Cancela mi pedido, el 2024212", nil},
		{"Cancela el pedido del altavoz, el #W2024212", []string{"W2024212"}},
		{"¿Dónde está mi paquete 2024212?", nil},
		{"¿Dónde está mi altavoz, el #A2024201?", []string{"A2024201"}},
	} {
		facts := own
		facts.Asked, facts.NotFound = c.notFound, c.notFound
		got := draft(t, rag.Request{Locale: rag.DetectLocale(c.text, "es"), Question: c.text, Query: c.text, Orders: facts, Writable: true})
		if strings.Contains(got.Answer, "#W2024201") || slices.Contains(got.Orders, "#W2024201") ||
			slices.ContainsFunc(got.Actions, func(a action.Call) bool { return a.Order != c.notFound[0] }) {
			t.Errorf("%s: %+v", c.text, got)
		}
	}
}
