package offline

import "testing"

// TestPurchaseIsHeardByItsTime: what is looked for before the expression stands in whatever
// it matches.
func TestPurchaseIsHeardByItsTime(t *testing.T) {
	t.Parallel()
	told := []string{"lo compré", "Nos llegó la sartén", "i got it", "We ordered them"}
	times := []string{"hace dos días", "HACE una semana y media", "ayer", "el miércoles pasado", "el sábado", "el mes pasado", "la semana pasada", "two weeks ago", "yesterday", "last month", "last monday", "on Wedneſday", "on Tuesday"}
	heard := 0
	for _, first := range told {
		for _, when := range times {
			text := first + " " + when + ", ¿puedo devolverlo? can I return it?"
			got, want := withoutPurchase(text), purchase.ReplaceAllString(text, " ")
			if got != want {
				t.Errorf("%q is %q, not %q", text, got, want)
			}
			if want != text {
				heard++
			}
		}
	}
	if heard < 2*len(times) {
		t.Errorf("only %d of them tell of a purchase", heard)
	}
}
