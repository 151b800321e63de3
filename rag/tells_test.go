package rag

import "testing"

// TestTells: an answer is in a reply where it stands there as whole sentences, and not
// where it is a part of one that says something else.
func TestTells(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text, answer string
		want         bool
	}{
		{"Tienes 30 días.", "Tienes 30 días.", true},
		{"Tienes 30 días. El envío es gratis.", "Tienes 30 días.", true},
		{"El envío es gratis. Tienes 30 días.", "Tienes 30 días.", true},
		{"El envío es gratis.\n\nTienes 30 días\n\nNo.", "Tienes 30 días", true},
		{"Son 15 €. Más el envío: 5 €.", "5 €.", true},
		{"Returns are free. You have 30 days.\n\nShipping is free.", "You have 30 days.", true},
		{"Son 15 €.", "5 €.", false},
		{"Son 1,5 €.", "5 €.", false},
		{"You have 130 days.", "30 days.", false},
		{"No hay que pagar el envío.", "No", false},
		{"You have 30 days.", "30 days.", false},
		{"Cuesta 5.50 €.", "Cuesta 5.", false},
		{"Tienes 30 días.", "", false},
		{"", "Tienes 30 días.", false},
	} {
		if got := tells(tt.text, tt.answer); got != tt.want {
			t.Errorf("%q in %q: %v", tt.answer, tt.text, got)
		}
	}
}
