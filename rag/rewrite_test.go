package rag

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestCourtesiesAreNotSearched(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{"hola\ntengo una duda\n¿cuánto cuesta el envío a Canarias?", "¿cuánto cuesta el envío a Canarias?"},
		{"hola buenas, una pregunta: cuanto tardan los reembolsos?", "cuanto tardan los reembolsos?"},
		{"¡Buenos días! Me gustaría saber si enviáis a Ceuta, por favor. Gracias", "enviáis a Ceuta"},
		{"Oye, perdona, quería saber qué cubre la garantía", "qué cubre la garantía"},
		{"¿Me podríais decir cuánto dura la garantía?", "cuánto dura la garantía?"},
		{"¿Enviáis a Ceuta? Muchas gracias!!", "¿Enviáis a Ceuta?"},
		{"hi, quick question: how long do refunds take? thanks", "how long do refunds take?"},
		{"Good morning! I have a question. Could you tell me if you ship to Portugal, please?", "you ship to Portugal"},
		{"hello\nhow much is shipping\nthank you so much", "how much is shipping"},
		{"Hi\nA question\nHow many days do I have to return a product?", "How many days do I have to return a product?"},
		// What only looks like a courtesy stays.
		{"perdido mi paquete, qué hago", "perdido mi paquete, qué hago"},
		{"hidden costs?", "hidden costs?"},
		{"cuanto tarda un envío en buenas condiciones", "cuanto tarda un envío en buenas condiciones"},
		// A message that holds nothing else is not touched.
		{"Hola, buenas tardes", "Hola, buenas tardes"},
		{" muchas gracias ", "muchas gracias"},
		{"hola, tengo una duda", "hola, tengo una duda"},
		{"Hi! Quick question", "Hi! Quick question"},
		{"", ""},
		{"?", "?"},
	} {
		if got := rewrite(Question{Text: c.text}); got != c.want {
			t.Errorf("%q is searched as %q, not %q", c.text, got, c.want)
		}
	}
}

func TestCourtesiesOfTheTurnBeforeAreNotSearched(t *testing.T) {
	t.Parallel()
	got := rewrite(Question{
		Text: "gracias, ¿y a Canarias?", Locale: "es",
		History: []Utterance{{Role: RoleCustomer, Text: "hola, cuánto cuesta el envío?"}, {Role: RoleBot, Text: "4,99 €."}},
	})
	if want := "cuánto cuesta el envío?\n¿y a Canarias?"; got != want {
		t.Errorf("searched as %q, not %q", got, want)
	}
}

// Whatever courtesies stand before and behind a question, it is searched alone,
// and what was cut down once is not cut down further.
func TestPointOfAnyCourtesies(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		before := rapid.SliceOfN(rapid.SampledFrom([]string{
			"hola", "Buenas tardes", "perdona", "una pregunta", "tengo una duda", "quería saber", "hi", "good evening", "I have a question", "please",
		}), 0, 4).Draw(t, "before")
		after := rapid.SliceOfN(rapid.SampledFrom([]string{"por favor", "gracias", "Thanks", "please", "un saludo"}), 0, 3).Draw(t, "after")
		mark := rapid.SampledFrom([]string{", ", "\n", ". ", "! ", " - "}).Draw(t, "mark")
		question := rapid.SampledFrom([]string{"cuánto tardan los reembolsos", "do you ship to Portugal", "mi robot no se enciende"}).Draw(t, "question")
		text := strings.Join(append(append(before, question), after...), mark)
		if got := point(text); got != question {
			t.Fatalf("%q is searched as %q", text, got)
		}
	})
}

func FuzzPoint(f *testing.F) {
	f.Add("hola, tengo una duda\n¿cuánto cuesta?")
	f.Add("please please, thanks\x00\xff")
	f.Fuzz(func(t *testing.T, text string) {
		got := point(text)
		if (got == "") != (strings.TrimSpace(text) == "") || len(got) > len(text) {
			t.Errorf("%q is searched as %q", text, got)
		}
	})
}

// TestClosingWords: no text has a closing without a word that is looked for beforehand.
func TestClosingWords(t *testing.T) {
	t.Parallel()
	texts := rapid.StringMatching(closing.String())
	rapid.Check(t, func(t *rapid.T) {
		if text := texts.Draw(t, "text"); closing.MatchString(text) && !closes(text) {
			t.Errorf("%q has a closing and is not looked at", text)
		}
	})
}
