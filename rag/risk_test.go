package rag_test

import (
	"testing"

	"github.com/recado/recado/rag"
)

func TestRiskOf(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"El envío cuesta 4,90 € en la península.":      rag.RiskMoney,
		"Shipping is $5 to every state.":               rag.RiskMoney,
		"Son 120 pesos por paquete.":                   rag.RiskMoney,
		"Tienes 30 días para devolverlo.":              rag.RiskFigures,
		"Refunds arrive until 3 March.":                rag.RiskFigures,
		"Sí, también en las Islas Canarias.":           rag.RiskWords,
		"Yes, with the original packaging, in a shop.": rag.RiskWords,
		"": rag.RiskWords,
	} {
		if got := rag.RiskOf(text, false); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
		if got := rag.RiskOf(text, true); got != rag.RiskOrder {
			t.Errorf("%q about an order: %s", text, got)
		}
	}
}
