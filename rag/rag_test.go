package rag

import "testing"

func TestPriceFollowsTheCurrency(t *testing.T) {
	t.Parallel()
	for want, item := range map[string]OrderItem{
		"219.00": {PriceMinor: 21900, Currency: "EUR"},
		"0.05":   {PriceMinor: 5, Currency: "USD"},
		"5000":   {PriceMinor: 5000, Currency: "CLP"},
	} {
		if got := item.Price(); got != want {
			t.Errorf("%+v is %q, not %q", item, got, want)
		}
	}
}
