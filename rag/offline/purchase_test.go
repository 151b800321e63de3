package offline

import "testing"

// TestPurchaseIsHeardByItsTime: what is looked for before the expression stands in whatever
// it matches.
func TestPurchaseIsHeardByItsTime(t *testing.T) {
	t.Parallel()
	told := []string{"lo compré", "Nos llegó la sartén", "i got it", "We ordered them"}
	times := []string{"hace dos días", "HACE una semana y media", "ayer", "el miércoles pasado", "el sábado", "el mes pasado", "la semana pasada", "two weeks ago", "yesterday", "last month", "last monday", "on Fridaſ", "on Tuesday"}
	for _, first := range told {
		for _, when := range times {
			text := first + " " + when + ", ¿puedo devolverlo? can I return it?"
			if got, want := withoutPurchase(text), purchase.ReplaceAllString(text, " "); got != want {
				t.Errorf("%q is %q, not %q", text, got, want)
			}
		}
	}
}
