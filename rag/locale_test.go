package rag_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/recado/recado/rag"
)

func TestKeepLocale(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, prior, want string }{
		// What does not leave the customer's language.
		{"refund", "es", "es"},
		{"ok thanks", "es", "es"},
		{"thanks", "es", "es"},
		{"please", "es", "es"},
		{"envíos", "en", "en"},
		{"gracias", "en", "en"},
		{"W2024117", "en", "en"},
		{"#W2024117 for Madrid-1", "es", "es"},
		{"https://shop.example.com/where-is-my-order/track-the-order", "es", "es"},
		{"me sale \"your payment was declined by the bank\"", "es", "es"},
		{"pone «where is my order»", "es", "es"},
		{"> where is my order and when will it arrive\nsí", "es", "es"},
		{"write to where.is@the-order.com", "es", "es"},
		{"👍", "en", "en"},
		{"", "en", "en"},
		// What does.
		{"where is my order", "es", "en"},
		{"dónde está mi pedido", "en", "es"},
		{"donde esta mi pedido W2024117", "en", "es"},
		{"¿y el envío?", "en", "es"},
		{"el tracking no funciona", "en", "es"},
		{"\"Pago rechazado\" is what it says when I pay", "es", "en"},
		// Without a language so far, a word is enough.
		{"refund", "", "en"},
		{"envíos", "", "es"},
		{"fr", "fr", "es"},
	} {
		if got := rag.KeepLocale(c.text, c.prior); got != c.want {
			t.Errorf("%q after %q: %s, want %s", c.text, c.prior, got, c.want)
		}
	}
}

// TestOneWordNeverSwitches: whatever it is, and whatever stands around it that is not said
// in a language.
func TestOneWordNeverSwitches(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.SampledFrom(strings.Fields("refund order the envío pedido hola thanks ñandú gracias shipping devolución")).Draw(t, "word")
		around := rapid.SampledFrom([]string{"", " W1001", " https://shop.example.com/the/order", " 12,50 €", "?", " «where is my order»", " \"dónde está mi pedido\""}).Draw(t, "around")
		prior := rapid.SampledFrom([]string{"es", "en"}).Draw(t, "prior")
		if got := rag.KeepLocale(word+around, prior); got != prior {
			t.Fatalf("%q after %q: %s", word+around, prior, got)
		}
	})
}

func FuzzKeepLocale(f *testing.F) {
	f.Add("¿where \"is\" mi > pedido?", "es")
	f.Fuzz(func(t *testing.T, text, prior string) {
		if got := rag.KeepLocale(text, prior); got != "es" && got != "en" {
			t.Errorf("%q after %q: %q", text, prior, got)
		}
	})
}
