package orders_test

import (
	"slices"
	"testing"

	"github.com/recado/recado/gateway/orders"
)

// TestAnotherThanTheNamed: who names an order and means the other one asks for those that
// are theirs besides.
func TestAnotherThanTheNamed(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, addr string) {
		b := book(t, addr, orders.Config{})
		put(t, b, doc("W1001", "34600000001"), doc("W1002", "34600000001"), doc("W1003", "34600000002"))
		for text, want := range map[string][]string{
			"¿Dónde está mi pedido W1001?\nel otro pedido": {"W1002"},
			"¿Dónde está mi pedido W1001?\nel otro":        {"W1002"},
			"Where is my order W1002?\nthe other one":      {"W1001"},
			"Where is W1001? The other day I called":       {"W1001"},
			"¿Está el W1001 en la otra tienda?":            {"W1001"},
		} {
			if f := facts(t, b, phone("34600000001"), text); !slices.Equal(f.Asked, want) {
				t.Errorf("%q asks for %q", text, f.Asked)
			}
		}
	})
}
