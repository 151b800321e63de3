package guard_test

import (
	"strings"
	"testing"

	"github.com/recado/recado/rag/guard"
)

// BenchmarkTriage reads a message of the usual length and the longest that WhatsApp
// carries, neither of which has anything to find.
func BenchmarkTriage(b *testing.B) {
	short := "Hola, ayer hice un pedido y todavía no me ha llegado nada, ¿cuándo llega?"
	for name, text := range map[string]string{"usual": short, "longest": strings.Repeat(short+" ", 4096/len(short))} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, found := guard.Triage(text); found {
					b.Fatal("found")
				}
			}
		})
	}
}
