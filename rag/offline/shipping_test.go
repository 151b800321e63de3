package offline_test

import (
	"context"
	"strings"
	"testing"

	"github.com/recado/recado/rag"
)

// What most people ask a shop first is answered with what the shop says of it, and with
// nothing that holds for one place, for bulky things or for something else.
func TestShipping(t *testing.T) {
	t.Parallel()
	pipeline := shop(t)
	for _, c := range []struct {
		text string
		want string
		// not are what other passages say to it.
		not []string
	}{
		{"¿Cuánto tarda el envío?", "2 a 4 días hábiles", []string{"2 días hábiles desde", "39 €"}},
		{"¿Cuáles son los plazos de envío?", "2 a 4 días hábiles", []string{"reclamación"}},
		{"cuanto vale el envio", "4,99 €", []string{"14,99 €", "39 €"}},
		{"¿Cuánto cobráis por el envío?", "4,99 €", []string{"14,99 €", "39 €"}},
		{"How long does delivery take?", "2 to 4 working days", []string{"refund", "PayPal"}},
		{"what are your shipping times", "2 to 4 working days", []string{"refund"}},
		{"price of express delivery", "€7.99", []string{"Portugal"}},
		{"what does shipping cost and how long does it take?", "€4.99", []string{"Cancel", "€14.99"}},
		{"How much is shipping, and how long does it take to arrive?", "2 to 4 working days", []string{"€14.99", "€39"}},
		{"¿Cuánto tarda un envío a Canarias?", "7 a 12 días hábiles", nil},
		{"How long does delivery of a fridge take?", "5 to 8 working days", nil},
	} {
		a, err := pipeline.Answer(context.Background(), rag.Question{Text: c.text, At: now})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(a.Text, c.want) {
			t.Errorf("%q: %q is not in %q", c.text, c.want, a.Text)
		}
		for _, not := range c.not {
			if strings.Contains(a.Text, not) {
				t.Errorf("%q: %q is in %q", c.text, not, a.Text)
			}
		}
	}
}

// What the shop's documents answer one half of is for a person.
func TestBothOfShippingOrNone(t *testing.T) {
	t.Parallel()
	price := rag.Passage{ID: "faq#1", Title: "FAQ", Locale: "en", Question: "How much is shipping?", Text: "Shipping costs €5."}
	express := rag.Passage{ID: "express#1", Title: "Shipping", Heading: "Express", Locale: "en", Text: "It takes 1 day and costs €9."}
	got := draft(t, rag.Request{Locale: "en", Question: "How much is shipping and how long does it take?", Parts: []string{"How much does shipping cost?", "How long does my order take to arrive?"}, Passages: []rag.Passage{price, express}})
	if !got.NeedsHuman || strings.Contains(got.Answer, "1 day") {
		t.Errorf("%+v", got)
	}
}

// Where something is made, and what goes at the same time, is said or is not.
func TestWhatNothingElseAnswers(t *testing.T) {
	t.Parallel()
	lamp := rag.Passage{ID: "lamp#1", Title: "Lamp", Locale: "en", Text: "The Nogal lamp is white. Press the button of the Nogal lamp for 5 seconds to connect it to a phone."}
	made := rag.Passage{ID: "lamp#2", Title: "Lamp", Locale: "en", Text: "The Nogal lamp is made in Valencia."}
	for _, c := range []struct {
		text     string
		passages []rag.Passage
		want     string
	}{
		{"Where is the Nogal lamp made?", []rag.Passage{lamp}, ""},
		{"In which country do you make the Nogal lamp?", []rag.Passage{lamp}, ""},
		{"Where is the Nogal lamp made?", []rag.Passage{lamp, made}, "Valencia"},
		{"Can the Nogal lamp connect to three phones at once?", []rag.Passage{lamp}, ""},
		{"Does the Nogal lamp connect to a phone and a tablet at the same time?", []rag.Passage{lamp}, ""},
		{"How do I connect the Nogal lamp to a phone?", []rag.Passage{lamp}, "Press the button"},
	} {
		got := draft(t, rag.Request{Locale: "en", Question: c.text, Passages: c.passages})
		if got.NeedsHuman != (c.want == "") || !strings.Contains(got.Answer, c.want) {
			t.Errorf("%q: %+v", c.text, got)
		}
	}
	spanish := rag.Passage{ID: "l#1", Title: "Lámpara", Locale: "es", Text: "La lámpara Nogal es blanca. Pulsa el botón de la lámpara Nogal para conectarla al móvil."}
	for _, text := range []string{"¿Dónde se fabrica la lámpara Nogal?", "¿La lámpara Nogal se conecta a dos móviles al mismo tiempo?"} {
		if got := draft(t, rag.Request{Locale: "es", Question: text, Passages: []rag.Passage{spanish}}); !got.NeedsHuman {
			t.Errorf("%q: %+v", text, got)
		}
	}
}
