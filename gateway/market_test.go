package gateway

import "testing"

func TestMarket(t *testing.T) {
	t.Parallel()
	for phone, want := range map[string]string{
		"34600111222": "ES", "+5215512345678": "MX", "593991234567": "EC", "18095551234": "DO",
		"14155550123": "", // the United States and Canada share it
		"78005553535": "", // so do Russia and Kazakhstan
		"":            "", "3": "", "447700900123": "GB", "61491570156": "AU",
		"4740612345": "NO", "212612345678": "MA", "358401234567": "FI",
	} {
		if got := market(phone); got != want {
			t.Errorf("%s is of %q, want %q", phone, got, want)
		}
	}
	for code, country := range callingCodes {
		if len(country) != 2 || market(code+"00000000") != country {
			t.Errorf("%s leads to %q, want %q", code, market(code+"00000000"), country)
		}
	}
}
