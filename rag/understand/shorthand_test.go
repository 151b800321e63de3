package understand_test

import (
	"testing"

	"github.com/recado/recado/rag/understand"
)

// TestWritten: what is shortened on a phone is written out, and nothing else is touched.
func TestWritten(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ locale, text, want string }{
		{"es", "dnd esta mi pedido", "donde esta mi pedido"},
		{"es", "xq no llega? y q hago", "por que no llega? y que hago"},
		{"es", "¿Q pasa x la tarde?", "¿que pasa por la tarde?"},
		{"es", "un pack 2 x 1 de 5 x 3", "un pack 2 x 1 de 5 x 3"},
		{"es", "el router D-Link y el cable x-flex", "el router D-Link y el cable x-flex"},
		{"es", "¿Dónde está mi pedido?", "¿Dónde está mi pedido?"},
		{"en", "wheres my order n when does it come", "where is my order and when does it come"},
		{"en", "It doesnt work, can u help?", "It doesn't work, can you help?"},
		{"en", "R2 and R 2, I'm well", "R2 and R 2, I'm well"},
		{"en", "", ""},
	} {
		if got := understand.Written(c.locale, c.text); got != c.want {
			t.Errorf("%q: got %q, want %q", c.text, got, c.want)
		}
	}
}

// TestPlain: what English always shortens is written out as well.
func TestPlain(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ locale, text, want string }{
		{"en", "My code doesn't work and I can't pay", "My code does not work and I can not pay"},
		{"en", "wheres my order, it hasnt come", "where is my order, it has not come"},
		{"en", "What's in the customer's parcel?", "what is in the customer's parcel?"},
		{"en", "I’ve paid, I'm waiting", "i have paid, i am waiting"},
		{"es", "l'Hospitalet", "l'Hospitalet"},
	} {
		if got := understand.Plain(c.locale, c.text); got != c.want {
			t.Errorf("%q: got %q, want %q", c.text, got, c.want)
		}
	}
}
