package rag

import (
	"testing"
	"time"
)

// TestTheDayThatIsSpokenOf: rules are those of the day that a question names, by its date or
// its name, and nothing is meant where several are.
func TestTheDayThatIsSpokenOf(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, time.October, 20, 10, 0, 0, 0, time.UTC)
	for _, c := range []struct{ locale, text, want string }{
		{"es", "¿Cuánto tarda el envío?", ""},
		{"es", "Lo compré el 12 de diciembre de 2025, ¿puedo devolverlo?", "2025-12-12"},
		{"en", "I bought it on 12 December 2025", "2025-12-12"},
		{"es", "¿repartís mañana?", "2026-10-21"},
		{"es", "¿abrís en Nochebuena?", "2026-12-24"},
		{"en", "do you deliver on Christmas Eve?", "2026-12-24"},
		{"es", "¿qué oferta hubo la Navidad pasada?", "2025-12-20"},
		{"en", "what was the offer last Christmas?", "2025-12-20"},
		{"es", "la campaña de Navidad de 2024", "2024-12-20"},
		{"es", "¿llega para Reyes?", "2027-01-05"},
		{"es", "¿es igual el 3 de marzo que el 5 de abril?", ""},
	} {
		if got := dayNamed(Question{Locale: c.locale, Text: c.text, At: at}, time.UTC); got != c.want {
			t.Errorf("%q: %q, want %q", c.text, got, c.want)
		}
	}
	q := Question{Locale: "es", Text: "¿Qué pasa con el #W1, que pedí el 12 de diciembre?", At: at, Orders: OrderFacts{Asked: []string{"#W1"}, Orders: []Order{{Number: "#W1", PlacedAt: "2026-03-01"}}}}
	if got := dayAsked(q, time.UTC); got != "2026-03-01" {
		t.Errorf("the day of the order is %q", got)
	}
	if got := dayAsked(Question{Locale: "es", Text: "hola", At: at}, time.UTC); got != "2026-10-20" {
		t.Errorf("today is %q", got)
	}
}
