package offline_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/offline"
)

// TestRephrase: what customers say in words of their own is put as documents put it, and a
// question that says more than that stays as it is.
func TestRephrase(t *testing.T) {
	t.Parallel()
	embedder, err := offline.NewEmbedder(0)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		locale, text string
		want         []string
	}{
		{"es", "plazos de entrega", []string{"cuánto tarda en llegar mi pedido"}},
		{"es", "cuanto vale el envio y cuanto tarda?", []string{"¿Cuánto cuesta el envío?", "¿Cuánto tarda en llegar mi pedido?"}},
		{"es", "lo compré hace tres semanas, ¿puedo devolverlo?", []string{"cuántos días tengo para devolver un producto"}},
		{"en", "I got it about a month ago, can I still send it back?", []string{"how many days do I have to return a product"}},
		{"es", "¿puedo pagarle al mensajero?", []string{"puedo pagar contra reembolso"}},
		{"en", "I can't remember my password", []string{"I forgot my password"}},
		{"en", "you delivered the wrong item", []string{"I received another product"}},
		{"es", "me han cargado el importe dos veces", []string{"me han cobrado 2 veces"}},
		{"es", "¿puedo devolver los auriculares?", nil},
		{"es", "¿cuánto tarda un frigorífico?", nil},
		{"es", "puedo pagar al mensajero con bizum", nil},
		{"es", "cuanto cuesta y cuanto tarda el envio a Ceuta", []string{"plazo y precio del envío a Ceuta"}},
		{"en", "how long does delivery to France take?", []string{"time and price of shipping to France"}},
		{"en", "do you have a shop in Madrid?", nil},
		{"es", "¿hacéis cambios en Portugal?", nil},
		{"en", "can I still return earphones that I opened?", nil},
	} {
		if got := embedder.Rephrase(c.locale, c.text); !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, want %q", c.text, got, c.want)
		}
	}
}

// TestInTheirWords: questions as they are typed on a phone are answered from the section that
// they are about, and with nothing of another one.
func TestInTheirWords(t *testing.T) {
	t.Parallel()
	pipeline := shop(t)
	for _, c := range []struct{ locale, text, says, not string }{
		{"es", "cuanto cuesta el envio y cuanto tarda", "2 a 4 días hábiles", "39 €"},
		{"es", "cuanto cuesta el envio y cuanto tarda a francia", "11,99 €", "4,99 €"},
		{"es", "plazos de entrega", "2 a 4 días hábiles", "PayPal"},
		{"es", "se puede pagar cuando lo traen a casa?", "No aceptamos pago contra reembolso", "30 días"},
		{"es", "me han cobrado dos veces el pedido", "7 días naturales", "TAE"},
		{"es", "he visto el mismo robot mas barato en otra web, me lo igualais?", "igualamos el precio", "wifi"},
		{"en", "my promo code doesnt work", "minimum amount", ""},
		{"en", "forgot my password", "link is valid for 30 minutes", "police"},
		{"en", "my card keeps getting declined", "lack of funds", ""},
		{"en", "how much is shipping to london n how long does it take", "€19.99", "€4.99"},
	} {
		a, err := pipeline.Answer(context.Background(), rag.Question{Text: c.text, Locale: c.locale, At: now})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(a.Text, c.says) || c.not != "" && strings.Contains(a.Text, c.not) {
			t.Errorf("%q: %q", c.text, a.Text)
		}
		if a.Confidence < a.Threshold {
			t.Errorf("%q: %.2f is too unsure to be sent", c.text, a.Confidence)
		}
	}
}

// TestNotOurBusiness: what no document speaks of, and what a person has to do, is not answered
// with a sentence that has a word of it.
func TestNotOurBusiness(t *testing.T) {
	t.Parallel()
	pipeline := shop(t)
	for locale, texts := range map[string][]string{
		"en": {"do you sell the ps5?", "I'd like to make a complaint", "That's not what I'm asking"},
		"es": {"quiero poner una reclamacion", "no me has contestado", "mi tarjeta es 4539 1488 0343 6467, ¿podéis cobrarla otra vez?"},
	} {
		for _, text := range texts {
			a, err := pipeline.Answer(context.Background(), rag.Question{Text: text, Locale: locale, At: now})
			if err != nil || a.Confidence >= a.Threshold {
				t.Errorf("%q: %q, %v", text, a.Text, err)
			}
		}
	}
}
