package orders_test

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"pgregory.net/rapid"

	"github.com/recado/recado/gateway/orders"
)

func TestNumbersInTexts(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		// With a mark.
		"Where is #W2024117?":                {"W2024117"},
		"¿Y el # 1001?":                      {"1001"},
		"#w2024117, #W2024117":               {"W2024117"},
		"(#AB-12345)":                        {"AB-12345"},
		"#0012 y #A0000":                     {"0012", "A0000"},
		"#1001-A y #1002-":                   {"1001-A", "1002"},
		"#3 y #12 son mis favoritos":         nil,
		"#verano #ofertas2026 #blackfriday":  nil,
		"pedido #W2024117 y pedido #W202399": {"W2024117", "W202399"},
		// With letters.
		"W2611340":                                 {"W2611340"},
		"w2611340 W2611341 W2611342":               {"W2611340", "W2611341", "W2611342"},
		"mi pedido es AB-123456.":                  {"AB-123456"},
		"¿W2611340?¡W2611341!":                     {"W2611340", "W2611341"},
		"W2611340,W2611341;W2611342\nW26":          {"W2611340", "W2611341", "W2611342"},
		"pedidoW2611340":                           nil,
		"foo@W2611340.com https://x.es/W2611340":   nil,
		"EUR1200, USD 1500, CP28005, tel600123456": nil,
		"la del mar-2026 o ABR2025":                nil,
		"W2611340ABC W26113.40":                    nil,
		// With a word.
		"mi pedido 12345 no llega":           {"12345"},
		"Mi pedido número 12345":             {"12345"},
		"el número de mi pedido es el 12345": {"12345"},
		"PEDIDO Nº 12345":                    {"12345"},
		"pedido n° 12345, gracias":           {"12345"},
		"pedido con número: 12345":           {"12345"},
		"my order number is 12345.":          {"12345"},
		"order no. 12345":                    {"12345"},
		"orders 12345, 12346 and 12347":      {"12345", "12346", "12347"},
		"los pedidos 12345 y el 12346":       {"12345", "12346"},
		"la orden 12345/12346":               nil,
		"Order:12345":                        {"12345"},
		"referencia 12345 / ref. 12346":      {"12345", "12346"},
		"es el número 12345":                 {"12345"},
		"number 12345":                       {"12345"},
		"12345":                              nil,
		// What else is written in digits.
		"mi número es 600123456":                  nil,
		"mi número de teléfono es 600123456":      nil,
		"my phone number is 5550123":              nil,
		"tracking number 12345678":                nil,
		"hice la compra de 1200 euros":            nil,
		"una compra 1200€ y otra compra 1300 EUR": nil,
		"the order 1,200.50 dollars":              nil,
		"pedido 1200.50":                          nil,
		"el pedido 2026-03-02 llegó":              nil,
		"el pedido del 02/03/2026 a las 10:30":    nil,
		"order 1234567890123456":                  nil,
		"reordenar 12345, desorden 12345":         nil,
		"":                                        nil,
	} {
		if got := orders.Numbers(text); !slices.Equal(got, want) {
			t.Errorf("%q names %q, not %q", text, got, want)
		}
	}
}

func TestNumbersAreAtMostTen(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("W1000 W1001 W1002 W1003 W1004 W1005 W1006 W1007 W1008 W1009 W1010 W1011 ", 100)
	if got := orders.Numbers(text); len(got) != 10 || got[9] != "W1009" {
		t.Error(got)
	}
}

// TestNumbersAreFoundInAnySentence: a number with letters, in whatever stands
// around it.
func TestNumbersAreFoundInAnySentence(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.StringMatching(`[WXZ]{1,4}-?[0-9]{4,12}`).Draw(t, "number")
		words := rapid.StringMatching(`([a-zñáé]{1,7}[,.!]? ){0,6}`)
		mark := rapid.SampledFrom([]string{"", "#", "(", "¿", "\""}).Draw(t, "mark")
		written := number
		if rapid.Bool().Draw(t, "lower") {
			written = strings.ToLower(number)
		}
		text := words.Draw(t, "before") + mark + written + rapid.SampledFrom([]string{"", "?", ".", ", ", ")", "!"}).Draw(t, "end")
		text += " " + words.Draw(t, "after")
		if got := orders.Numbers(text); !slices.Equal(got, []string{number}) {
			t.Fatalf("%q names %q", text, got)
		}
	})
}

func FuzzNumbers(f *testing.F) {
	for _, seed := range []string{
		"#W2024117", "pedido nº 12345 y 12346", "W1234, W1235", "número 123456", "EUR1200", "# 1-2-3-", "\xff#123\x00", "order #\u0661\u0662\u0663",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		text = text[:min(len(text), 64<<10)]
		began := time.Now()
		list := orders.Numbers(text)
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("reading took %v", took)
		}
		if len(list) > 10 {
			t.Errorf("%d numbers", len(list))
		}
		for i, n := range list {
			odd := strings.ContainsFunc(n, func(r rune) bool { return r > unicode.MaxASCII || unicode.IsSpace(r) || unicode.IsControl(r) })
			if odd || n == "" || len(n) > 40 || n != strings.ToUpper(n) || n[0] == '#' || slices.Contains(list[:i], n) {
				t.Errorf("%q is a number of %q", n, text)
			}
			if !strings.Contains(strings.ToUpper(text), n) {
				t.Errorf("%q does not stand in %q", n, text)
			}
			if again := orders.Numbers("#" + n); !slices.Equal(again, []string{n}) {
				t.Errorf("%q is read again as %q", n, again)
			}
		}
	})
}

func TestDigits(t *testing.T) {
	t.Parallel()
	for phone, want := range map[string]string{
		"+34 600 550 101": "34600550101", "0034-600.550.101": "34600550101", "(+34) 600\u00a0550\u00a0101": "34600550101",
		"34600550101": "34600550101", "": "", "n/a": "", "tel:+1 (555) 010-0000": "15550100000",
	} {
		if got := orders.Digits(phone); got != want {
			t.Errorf("%q has the digits %q, not %q", phone, got, want)
		}
	}
}

// TestWritingsOfOnePhone: the digits that come and go between the channel and a
// shop make no two people, and those that don't make two.
func TestWritingsOfOnePhone(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, addr string) {
		b := book(t, addr, orders.Config{})
		for _, tt := range []struct {
			shop, channel string
			same          bool
		}{
			{"+34 600 550 101", "34600550101", true},
			{"+52 55 1234 5678", "5215512345678", true},
			{"5215512345678", "525512345678", true},
			{"+55 11 8765-4321", "5511987654321", true},
			{"+55 11 98765-4321", "551187654321", true},
			{"+54 11 2345-6789", "5491123456789", true},
			{"+54 9 11 2345-6789", "541123456789", true},
			// A landline in Brazil never got a ninth digit.
			{"+55 11 3333-4444", "5511933334444", false},
			{"+55 11 93333-4444", "551133334444", false},
			{"600550101", "34600550101", false},
			{"+1 555 010 0000", "521555010000", false},
			{"+34 600 550 101", "346005501010", false},
		} {
			put(t, b, doc("W1111", tt.shop))
			f := facts(t, b, phone(tt.channel), "W1111")
			if (len(f.Orders) == 1) != tt.same || (len(f.NotFound) == 0) != tt.same {
				t.Errorf("%s and %s: %+v", tt.shop, tt.channel, f)
			}
		}
	})
}
