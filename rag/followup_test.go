package rag

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// said makes a history: the customer first, then we, in turns.
func said(texts ...string) (history []Utterance) {
	for i, text := range texts {
		role := RoleCustomer
		if i%2 == 1 {
			role = RoleBot
		}
		history = append(history, Utterance{Role: role, Text: text})
	}
	return history
}

func TestFollowUpsCarryTheirSubject(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		locale  string
		history []Utterance
		text    string
		want    string
	}{
		{"es", said("¿cuánto cuesta el envío?", "4,99 €."), "¿y a Canarias?", "¿cuánto cuesta el envío?\n¿y a Canarias?"},
		{"es", said("¿cuánto cuesta el envío?", "4,99 €.", "¿y a Canarias?", "14,99 € en 12 días."), "¿y a Mallorca?", "¿cuánto cuesta el envío?\n¿y a Mallorca?"},
		{"en", said("how long is delivery?", "4 days.", "and to Malta?", "9 days to Malta."), "and express?", "how long is delivery?\nand express?"},
		{"es", said("¿qué garantía tiene el robot R2?", "Tres años."), "¿puedo devolverlo sin la caja?", "¿qué garantía tiene el robot R2?\n¿puedo devolverlo sin la caja?"},
		{"en", said("How long does the warranty of the R2 last?", "Three years."), "does it cover the battery as well?", "How long does the warranty of the R2 last?\ndoes it cover the battery as well?"},
		{"en", said("Do you sell bags?", "Yes, for the R2 and the R3."), "the blue ones", "Do you sell bags?\nthe blue ones"},
		// A chain of them leads back to the one that names the subject.
		{
			"en", said("When was the Madrid shop opened?", "In 2019.", "and why does it close on Sunday?", "It is the law."), "is it open today?",
			"When was the Madrid shop opened?\nand why does it close on Sunday?\nis it open today?",
		},
		// A turn that names nothing lends the names of our answer.
		{"en", said("which one?", "We have the Conga R2 and the Mopa X, both in stock."), "how much does it cost?", "which one?\nConga R2 Mopa X\nhow much does it cost?"},
		// Thanks in between are passed over.
		{"es", said("¿hacéis envíos a Ceuta?", "Sí.", "gracias", "A usted."), "¿y a Melilla?", "¿hacéis envíos a Ceuta?\n¿y a Melilla?"},
		// What stands alone is left alone.
		{"es", said("¿cuánto cuesta el envío?", "4,99 €."), "¿Cómo puedo pedir una factura de mi compra?", "¿Cómo puedo pedir una factura de mi compra?"},
		{"en", said("How much is shipping?", "4.99."), "My vacuum R2 makes a noise when it charges", "My vacuum R2 makes a noise when it charges"},
		{"es", said("¿cuánto cuesta el envío?", "4,99 €."), "gracias", "gracias"},
		{"es", nil, "¿y a Canarias?", "¿y a Canarias?"},
		{"es", said("gracias", "A usted."), "¿y a Canarias?", "¿y a Canarias?"},
	} {
		if got := rewrite(Question{Locale: c.locale, Text: c.text, History: c.history}); got != c.want {
			t.Errorf("%q is searched as %q, not %q", c.text, got, c.want)
		}
	}
}

// TestRewriteKeepsTheQuestion: whatever was said before, the question stands at the end,
// and nothing is added that nobody said.
func TestRewriteKeepsTheQuestion(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOfN(rapid.SampledFrom([]string{"¿y eso?", "hola", "¿Cuánto tarda el envío a Lima?", "gracias", "it is", "the R2 of Ana", "", "¿puedo devolverlo?"}), 0, 9).Draw(t, "history")
		text := rapid.SampledFrom([]string{"¿y a Ceuta?", "is it new?", "devolverla", "¿Qué cubre la garantía del robot?"}).Draw(t, "text")
		got := rewrite(Question{Locale: rapid.SampledFrom([]string{"es", "en"}).Draw(t, "locale"), Text: text, History: said(texts...)})
		before, ok := strings.CutSuffix(got, text)
		if !ok || strings.Count(got, "\n") > 2*maxLeans {
			t.Fatalf("%q after %q is searched as %q", text, texts, got)
		}
		everything := strings.Join(texts, " ")
		for w := range strings.FieldsSeq(before) {
			if !strings.Contains(everything, w) {
				t.Fatalf("%q was said by nobody", w)
			}
		}
	})
}

func FuzzFollowUp(f *testing.F) {
	f.Add("es", "hola\xff", "The Conga. R2", "¿y eso?")
	f.Fuzz(func(t *testing.T, locale, first, answer, text string) {
		got := rewrite(Question{Locale: locale, Text: text, History: said(first, answer)})
		if !strings.HasSuffix(got, point(text)) {
			t.Errorf("%q is searched as %q", text, got)
		}
	})
}
