package evals_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/recado/recado/evals"
)

func TestSaid(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text, wording string
		want          bool
	}{
		{"El envío cuesta 4,99 €.", "4,99€", true},
		{"EL ENVÍO es gratis", "envio es  GRATIS", true},
		{"within 5 days", "5 days", true},
		{"within 15 days", "5 days", false},
		{"within 15 days or 5 days", "5 days", true},
		{"It costs €30.50", "€30", false},
		{"It costs €30.", "€30", true},
		{"It costs €30, 50 for two", "€30", true},
		{"It costs 1.30 €", "30 €", false},
		{"It costs 1,030 €", "30 €", false},
		{"Calle Mayor 5 28004 Madrid", "28004", true},
		{"15 000 €", "15", false},
		{"15 000 €", "15 000 €", true},
		{"15 000 €", "000 €", false},
		{"llama al 900 123 456", "900123456", true},
		{"llama al 900 123 456", "123", false},
		{"el 24.12. y el 6.1.", "24.12.", true},
		{"9.9% TAE", "9.9%", true},
		{"ÉCOLE ß", "école ß", true},
		{"anything", "", true},
		{"", "a", false},
	} {
		if got := evals.NewSaid(test.text).Holds(test.wording); got != test.want {
			t.Errorf("%q holds %q: %v, want %v", test.text, test.wording, got, test.want)
		}
	}
}

// TestSaidAmongWords finds any wording that stands between words, and whatever it finds is
// in the folded text.
func TestSaidAmongWords(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		wording := rapid.StringMatching(`[a-zé0-9.,€ ]{1,12}`).Draw(t, "wording")
		if !evals.NewSaid("antes " + wording + " después").Holds(wording) {
			t.Fatalf("%q is not found between words", wording)
		}
		text := rapid.String().Draw(t, "text")
		if other := rapid.StringN(1, 2, -1).Draw(t, "other"); evals.NewSaid(text).Holds(other) && !strings.Contains(evals.Fold(text), evals.Fold(other)) {
			t.Fatalf("%q is found in %q", other, text)
		}
	})
}
