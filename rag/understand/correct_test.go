package understand

import "testing"

// TestCorrected: what somebody takes back is not asked, and what they meant is.
func TestCorrected(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ locale, text, want string }{
		{"es", "¿Cuánto tarda el envío a Mallorca?\nno, perdona, a Canarias", "¿Cuánto tarda el envío a Canarias?"},
		{"es", "¿Cuánto tarda el envío?\nNo, perdón, a Ceuta", "¿Cuánto tarda el envío a Ceuta?"},
		{"es", "¿Cuánto tarda el envío?\na Canarias, digo", "¿Cuánto tarda el envío a Canarias?"},
		{"es", "¿Cuándo llega la tetera?\nperdona, quería decir la aspiradora", "¿Cuándo llega la aspiradora?"},
		{"es", "¿Dónde está mi pedido W2024117? No, espera, el W2023988", "¿Dónde está mi pedido W2023988?"},
		{"es", "¿Dónde está el pedido 2024117?\nuy, me he equivocado de número: 2023988", "¿Dónde está el pedido 2023988?"},
		{"es", "Hola\nquiero cancelar el pedido\nno perdona, quiero devolver el pedido", "Hola\nquiero devolver el pedido"},
		{"es", "¿Cuánto cuesta el envío?\nPerdona, no, ¿qué garantía tienen las lámparas?", "¿qué garantía tienen las lámparas?"},
		{"es", "¿Dónde está mi pedido W2024117?\nno, perdona, el otro pedido", "¿Dónde está mi pedido W2024117?\nel otro pedido"},
		{"es", "¿Dónde está el TA-4117?\nperdona, quería decir el W2023988", "¿Dónde está el W2023988?"},
		{"en", "How much is shipping?\nsorry, I meant returns", "How much is returns?"},
		{"en", "Is the kettle in stock?\nSorry, I meant the blue one", "Is the blue kettle in stock?"},
		{"en", "Can I return the black kettle?\nsorry, I meant the blue one", "Can I return the blue kettle?"},
		{"es", "¿Tenéis la lámpara grande?\nno, perdona, la pequeña", "¿Tenéis la lámpara pequeña?"},
		{"es", "¿Cuándo llega la lámpara?\nquería decir la azul", "¿Cuándo llega la lámpara azul?"},
		{"en", "When does the kettle arrive? No sorry, the lamp", "When does the lamp arrive?"},
		{"en", "Do you ship to Ibiza?\nwait, no, to Ceuta", "Do you ship to Ceuta?"},
		{"en", "Where is order W2024117?\nscratch that, how long is the warranty?", "how long is the warranty?"},
		{"en", "Where is order W2024117?\noops, wrong number: W2023988", "Where is order W2023988?"},
		{"en", "Where is my order W2024117?\nNo, sorry, my other order", "Where is my order W2024117?\nmy other order"},

		// None of these takes anything back.
		{"es", "¿Cuánto tarda el envío?\nperdona, ¿y tenéis tienda?", ""},
		{"es", "No, perdona, el pedido no ha llegado", ""},
		{"es", "La app se cierra\nperdona, no funciona nada", ""},
		{"es", "¿Tenéis tienda?\nno, perdona, no me has entendido", ""},
		{"es", "Quería decir que el pedido llegó roto", ""},
		{"en", "I meant to ask about shipping", ""},
		{"en", "My order is late\nsorry, no idea where the number is", ""},
		{"en", "How long is the warranty?\nthanks, sorry to bother you", ""},
		{"en", "It is broken. I mean it does not even turn on", ""},
	} {
		want := tt.want
		if want == "" {
			want = tt.text
		}
		if got := Corrected(tt.locale, tt.text); got != want {
			t.Errorf("%q is read as %q", tt.text, got)
		}
	}
}

// FuzzCorrected: whatever is written, something is meant.
func FuzzCorrected(f *testing.F) {
	f.Add("¿Cuánto tarda el envío?\nno, perdona, a Canarias")
	f.Add("a, digo\nb, digo")
	f.Fuzz(func(t *testing.T, text string) {
		if got := Corrected("es", text); text != "" && got == "" {
			t.Errorf("%q is read as nothing", text)
		}
	})
}
