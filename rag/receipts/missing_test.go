package receipts_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/recado/recado/rag/receipts"
)

func TestMissing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, draft string
		sources     []string
		want        []string
	}{
		{"nothing said", "", []string{"30 días"}, nil},
		{"no facts", "Puedes devolverlo gratis.", nil, nil},
		{"a period", "Tienes 30 días.", []string{"Tienes 30 días naturales"}, nil},
		{"a changed period", "Tienes 45 días.", []string{"Tienes 30 días naturales"}, []string{"45"}},
		{"no source", "It takes 5 days.", nil, []string{"5"}},
		{"amount, other marks", "Cuesta 1.234,50 €.", []string{"price: 1234.50"}, nil},
		{"amount, English marks", "It costs €1,234.50.", []string{"1.234,5 €"}, nil},
		{"whole amount", "Cuesta 49,00 €.", []string{"49 €"}, nil},
		{"changed cents", "Cuesta 4,95 €.", []string{"4,99 €"}, []string{"4,95"}},
		{"below one", "A fee of 0.125", []string{"0,125"}, nil},
		{"date in words", "Llega el 3 de mayo.", []string{"2026-05-03"}, nil},
		{"date in English", "It arrives on May 3rd, 2026.", []string{"2026-05-03T10:00:00Z"}, nil},
		{"another year", "It arrives on 3 May 2027.", []string{"2026-05-03"}, []string{"3 May 2027"}},
		{"another day", "Llega el 4 de mayo.", []string{"2026-05-03"}, []string{"4 de mayo"}},
		{"slash date", "Llega el 3/5.", []string{"3 de mayo de 2026"}, nil},
		{"short month", "On 3 Dec.", []string{"3 de diciembre"}, nil},
		{"a digit of a date is no number", "Son 3 euros.", []string{"2026-05-03"}, []string{"3"}},
		{"order number", "Tu pedido #W2024117", []string{"w2024117"}, nil},
		{"another order", "Tu pedido #W2024118", []string{"#W2024117"}, []string{"W2024118"}},
		{"link", "Mira https://a.example/x.", []string{"https://A.example/x/"}, nil},
		{"another link", "Mira https://b.example/x", []string{"https://a.example/x"}, []string{"https://b.example/x"}},
		{"address", "Write to help@a.example", []string{"help@a.example"}, nil},
		{"another address", "Write to me@b.example", []string{"help@a.example"}, []string{"me@b.example"}},
		{"a word backs a digit", "Tarda 2 días.", []string{"Tarda dos días"}, nil},
		{"twelve", "Up to 12 months", []string{"twelve months"}, nil},
		{"an article backs nothing", "Dura 1 año.", []string{"Dura una eternidad"}, []string{"1"}},
		{"each once", "5 y 5 y 6", nil, []string{"5", "6"}},
		{"several sources", "5 y 6", []string{"5", "6"}, nil},
	} {
		if diff := cmp.Diff(c.want, receipts.Missing(c.draft, c.sources)); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

// A text backs itself, and an added number is always noticed.
func TestMissingProperties(t *testing.T) {
	t.Parallel()
	word := rapid.SampledFrom([]string{"hola", "30", "4,99 €", "#W2024117", "3 de mayo", "2026-05-03", "https://a.example/x", "días", ".", "\n"})
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOf(word).Draw(t, "text"), " ")
		if missing := receipts.Missing(text, []string{text}); len(missing) > 0 {
			t.Fatalf("%q does not back itself: %q", text, missing)
		}
		if missing := receipts.Missing(text+" y 777777", []string{text}); len(missing) != 1 {
			t.Fatalf("%q: an added number is not noticed: %q", text, missing)
		}
	})
}

func FuzzUnsupported(f *testing.F) {
	f.Add("Llega el 3 de mayo por 1.234,50 €", "2026-05-03")
	f.Add("\xff#W-1 0,0.0,", "12/31/99")
	f.Fuzz(func(t *testing.T, draft, source string) {
		for _, m := range receipts.Missing(draft, []string{source}) {
			if !strings.Contains(draft, m) {
				t.Errorf("%q does not stand in the draft %q", m, draft)
			}
		}
		receipts.Claims(draft)
	})
}

func TestClaims(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		draft string
		want  bool
	}{
		{"He cancelado tu pedido.", true},
		{"Hola. Te he enviado la factura. Un saludo", true},
		{"Vamos a reembolsarte el importe", true},
		{"Te llamaremos mañana.", true},
		{"I've cancelled your order.", true},
		{"We will refund you today", true},
		{"Your order has been cancelled!", true},
		{"We are processing your refund.", true},
		{"Puedes cancelar gratis.", false},
		{"El pedido se envió ayer.", false},
		{"Te enviamos un enlace cuando sale del almacén.", false},
		{"You can return it within 30 days.", false},
		{"Your order is on its way.", false},
		{"", false},
	} {
		if got := receipts.Claims(c.draft); got != c.want {
			t.Errorf("%q claims a deed: %v", c.draft, got)
		}
	}
}
