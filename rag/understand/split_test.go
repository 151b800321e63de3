package understand_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/recado/recado/internal/demoshop"
	"github.com/recado/recado/rag/understand"
)

func TestSplit(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		locale, text string
		want         []string
	}{
		{"es", "¿Cuánto tardan los reembolsos? ¿Enviáis a Portugal con seguro?", []string{"¿Cuánto tardan los reembolsos?", "¿Enviáis a Portugal con seguro?"}},
		{"es", "hola\ncuanto cuesta el envio a canarias\npuedo pagar con tarjeta regalo", []string{"hola cuanto cuesta el envio a canarias", "puedo pagar con tarjeta regalo"}},
		{"es", "¿cuánto cuesta el envío y cómo devuelvo un pedido dañado?", []string{"¿cuánto cuesta el envío", "cómo devuelvo un pedido dañado?"}},
		{"es", "Compré un robot en enero. ¿Cuánto dura la garantía? ¿Dónde puedo comprar bolsas de recambio?", []string{"Compré un robot en enero. ¿Cuánto dura la garantía?", "¿Dónde puedo comprar bolsas de recambio?"}},
		{"es", "¿Hacen factura a empresas? Otra cosa: ¿tienen tienda física en Monterrey?", []string{"¿Hacen factura a empresas?", "Otra cosa: ¿tienen tienda física en Monterrey?"}},
		{"es", "¿Dónde están las tiendas, qué horario tienen y cuánto cuesta recoger?", []string{"¿Dónde están las tiendas", "qué horario tienen", "cuánto cuesta recoger?"}},
		{"es", "¿Dónde recojo el paquete y a qué hora cerráis?", []string{"¿Dónde recojo el paquete", "a qué hora cerráis?"}},
		{"es", "¿Puedo pagar con Bizum y cuánto tarda el reembolso?", []string{"¿Puedo pagar con Bizum", "cuánto tarda el reembolso?"}},
		{"en", "How long is the guarantee, how long does a repair take and can I pay in instalments?", []string{"How long is the guarantee", "how long does a repair take", "can I pay in instalments?"}},
		{"en", "How long do refunds take? Do you ship to Portugal by courier?", []string{"How long do refunds take?", "Do you ship to Portugal by courier?"}},
		{"en", "how much is shipping and when will my exchange parcel arrive", []string{"how much is shipping", "when will my exchange parcel arrive"}},
		{"en", "hi\ncan I pay with paypal\nwhere is my last order", []string{"hi can I pay with paypal", "where is my last order"}},
		{
			"en", "What does the warranty cover? Is there a shop near the airport of Madrid? Can I change the delivery address? Do you sell spare batteries? How do I close my account?",
			[]string{"What does the warranty cover?", "Is there a shop near the airport of Madrid?", "Can I change the delivery address?", "Do you sell spare batteries? How do I close my account?"},
		},
	} {
		if diff := cmp.Diff(tt.want, understand.Split(tt.locale, tt.text)); diff != "" {
			t.Errorf("%q: %s", tt.text, diff)
		}
	}
}

// TestOneQuestionStaysOne: what looks like several and is one.
func TestOneQuestionStaysOne(t *testing.T) {
	t.Parallel()
	for locale, texts := range map[string][]string{
		"es": {
			"¿Cuánto cuesta el envío? Es para Canarias.", "¿Cuánto cuesta el envío? ¿a Canarias?", "¿Enviáis a Ceuta? ¿Sí o no?", "¿Puedo devolverlo, verdad?",
			"Mi pedido no llega. ¿Dónde está?", "¿Dónde está mi pedido? Lo pedí hace 3 días. ¿Dónde está?", "¿Qué es y cómo funciona la garantía?",
			"¿Cómo pido la factura y dónde la descargo?", "¿Cuánto cuesta el envío y cuánto tarda?", "Quiero devolver un pedido. ¿Cómo lo hago?", "¿Qué pasa si lo devuelvo y qué pasa con eso?",
			"hola\nbuenas tardes\ntengo una duda\n¿cuanto tarda el envio?", "el envío tarda 2 días y el pago es con tarjeta", "¿¿¿Hola??? ¿Hay alguien?", "me cobraron 12.50 € de más ¿por qué?",
			"Quiero cancelar el pedido W1001. ¿Cuánto tarda el reembolso?", "¿Puedo cambiar la talla y el color?", "¿Enviáis a Canarias y Baleares?", "¿Enviáis a Mallorca y cuántos días tarda?", "¿Qué pasa si llega roto, y quién paga la devolución?", "Si compro dos, ¿me hacéis descuento?", "¿Y ahora, dónde está el #W2024201?", "pedí el robot que vende Ana y cuando llegó estaba roto",
		},
		"en": {
			"How much is shipping? It's for the Canary Islands.", "Where is my order? I ordered it last week. Where is it?", "Do you ship to Spain? How much?", "Can I return it, right?",
			"How do I get an invoice and where do I download it?", "I want to return an order. How do I do that?", "Hello?? Anybody there?", "Can I change the size and the colour?",
			"Do you know what happens when it breaks and what that costs?", "v1.2 is broken. Why?", "Do you deliver to Mallorca and how many days does it take?", "If it breaks, who pays?",
		},
	} {
		for _, text := range texts {
			if got := understand.Split(locale, text); len(got) != 1 || got[0] != text {
				t.Errorf("%q is split into %q", text, got)
			}
		}
	}
}

// TestQuestionsOfTheDemoShopStayWhole: each of its questions is one.
func TestQuestionsOfTheDemoShopStayWhole(t *testing.T) {
	t.Parallel()
	questions, err := demoshop.Questions()
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range questions {
		if got := understand.Split(q.Locale, q.Text); len(got) != 1 {
			t.Errorf("%q is split into %q", q.Text, got)
		}
	}
}

// TestTwoQuestionsOfTheDemoShopAreTwo: any two of them that share no subject, one behind
// the other.
func TestTwoQuestionsOfTheDemoShopAreTwo(t *testing.T) {
	t.Parallel()
	questions, err := demoshop.Questions()
	if err != nil {
		t.Fatal(err)
	}
	asked, split := 0, 0
	for i, q := range questions {
		other := questions[(i+41)%len(questions)]
		if q.Locale != other.Locale || !strings.HasSuffix(q.Text, "?") || !strings.HasSuffix(other.Text, "?") {
			continue
		}
		asked++
		if len(understand.Split(q.Locale, q.Text+" "+other.Text)) == 2 {
			split++
		}
	}
	t.Logf("%d of %d pairs are told apart", split, asked)
	if asked < 40 || split*100 < asked*75 {
		t.Errorf("%d of %d pairs are told apart", split, asked)
	}
}

// TestPartsHoldEverything: no word is lost or made up, whatever is split.
func TestPartsHoldEverything(t *testing.T) {
	t.Parallel()
	pieces := []string{"¿Cuánto tarda el envío a Lima?", "hola", "\n", "Mi robot está roto.", "and how do I return a parcel", "Do you sell bags?", "y", "12.50 €", "¿a Ceuta?", "gracias!"}
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 12).Draw(t, "pieces"), " ")
		locale := rapid.SampledFrom([]string{"es", "en"}).Draw(t, "locale")
		got := understand.Split(locale, text)
		if len(got) > 4 || slices.Contains(got, "") {
			t.Fatalf("%q: %q", text, got)
		}
		lost := strings.NewReplacer(" ", "", "\n", "", "y", "", "and", "", ",", "", ";", "")
		if a, b := lost.Replace(text), lost.Replace(strings.Join(got, " ")); a != b {
			t.Fatalf("%q becomes %q", a, b)
		}
	})
}

func FuzzSplit(f *testing.F) {
	f.Add("es", "¿cuánto cuesta? y cómo lo devuelvo\n¿?")
	f.Add("en", "how much\xff and where?!…")
	f.Fuzz(func(t *testing.T, locale, text string) {
		got := understand.Split(locale, text)
		if len(got) > 4 || (len(got) == 0) != (strings.TrimSpace(text) == "") {
			t.Errorf("%q: %q", text, got)
		}
	})
}
