package understand_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/recado/recado/rag/understand"
)

// sum is an amount without its place.
type sum struct {
	text     string
	minor    int64
	currency string
}

func sums(text string) (list []sum) {
	for _, a := range understand.Amounts(text) {
		list = append(list, sum{a.Text, a.Minor, a.Currency})
	}
	return list
}

func TestAmounts(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]sum{
		"Me cobraron 12,50 €":              {{"12,50 €", 1250, "EUR"}},
		"me cobraron 12.50€ de más":        {{"12.50€", 1250, "EUR"}},
		"it was $30":                       {{"$30", 3000, ""}},
		"$ 30.5 please":                    {{"$ 30.5", 3050, ""}},
		"son treinta euros":                {{"treinta euros", 3000, "EUR"}},
		"MXN 1,200.50 en total":            {{"MXN 1,200.50", 120050, "MXN"}},
		"1.200,50 EUR":                     {{"1.200,50 EUR", 120050, "EUR"}},
		"1 200,50 €":                       {{"1 200,50 €", 120050, "EUR"}},
		"1.200 €":                          {{"1.200 €", 120000, "EUR"}},
		"1,200 USD":                        {{"1,200 USD", 120000, "USD"}},
		"US$ 15 y AR$ 20.000":              {{"US$ 15", 1500, "USD"}, {"AR$ 20.000", 2000000, "ARS"}},
		"$1.500 pesos mexicanos":           {{"$1.500 pesos mexicanos", 150000, "MXN"}},
		"15 mil pesos":                     {{"15 mil pesos", 1500000, ""}},
		"15k pesos":                        {{"15k pesos", 1500000, ""}},
		"me salió 5 lucas":                 {{"5 lucas", 500000, ""}},
		"CLP 19.990":                       {{"CLP 19.990", 19990, "CLP"}},
		"19.990 pesos chilenos":            {{"19.990 pesos chilenos", 19990, "CLP"}},
		"treinta y cinco dólares":          {{"treinta y cinco dólares", 3500, "USD"}},
		"mil doscientos pesos":             {{"mil doscientos pesos", 120000, ""}},
		"a hundred and twenty dollars":     {{"a hundred and twenty dollars", 12000, "USD"}},
		"two thousand five hundred pounds": {{"two thousand five hundred pounds", 250000, "GBP"}},
		"50 céntimos":                      {{"50 céntimos", 50, "EUR"}},
		"12 euros con 50":                  {{"12 euros con 50", 1250, "EUR"}},
		"12 euros y 50 céntimos":           {{"12 euros y 50 céntimos", 1250, "EUR"}},
		"5 dollars and 20 cents":           {{"5 dollars and 20 cents", 520, "USD"}},
		"£9.99, not €9.99":                 {{"£9.99", 999, "GBP"}, {"€9.99", 999, "EUR"}},
		"entre 20 y 30 euros":              {{"30 euros", 3000, "EUR"}},
		"un euro":                          {{"un euro", 100, "EUR"}},
		"300 varos":                        {{"300 varos", 30000, "MXN"}},
		"S/ 45.90":                         {{"S/ 45.90", 4590, "PEN"}},

		"dos mil quinientos cuarenta y tres euros": {{"dos mil quinientos cuarenta y tres euros", 254300, "EUR"}},

		"":                                   nil,
		"pedido 4117":                        nil,
		"el pedido W1001 lleva 3 días":       nil,
		"tengo 2 pedidos":                    nil,
		"version 1.2.3 €":                    nil,
		"a euro-based price":                 nil,
		"soles de verano":                    nil,
		"ref. AB-120 €":                      nil,
		"99999999999999999999 €":             nil,
		"CLP 12,50":                          nil,
		"me dijo que uno y dos":              nil,
		"600 123 456":                        nil,
		"one of them":                        nil,
		"pagué con tarjeta el 12 de octubre": nil,
	} {
		if diff := cmp.Diff(want, sums(text), cmp.AllowUnexported(sum{})); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}

// TestAmountsAsPeopleWriteThem: every way of writing a sum gives the sum, wherever it
// stands.
func TestAmountsAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		whole, cents := rapid.Int64Range(1, 999_999).Draw(t, "whole"), rapid.Int64Range(0, 99).Draw(t, "cents")
		point := rapid.SampledFrom([]string{".", ","}).Draw(t, "point")
		group := map[string]string{".": ",", ",": "."}[point]
		if rapid.Bool().Draw(t, "plain") {
			group = ""
		}
		number := fmt.Sprint(whole)
		if whole >= 1000 {
			number = fmt.Sprintf("%d%s%03d", whole/1000, group, whole%1000)
		}
		want := whole * 100
		if rapid.Bool().Draw(t, "fraction") {
			number, want = fmt.Sprintf("%s%s%02d", number, point, cents), want+cents
		}
		form := rapid.SampledFrom([]struct{ before, behind, currency string }{
			{"", " €", "EUR"}, {"", "€", "EUR"}, {"€", "", "EUR"}, {"$", "", ""}, {"US$", "", "USD"}, {"MXN ", "", "MXN"}, {"", " pesos argentinos", "ARS"}, {"", " euros", "EUR"},
		}).Draw(t, "form")
		written := form.before + number + form.behind
		text := rapid.SampledFrom([]string{"", "pagué ", "Total: ", "(", "¿por qué "}).Draw(t, "before") + written +
			rapid.SampledFrom([]string{"", ".", " por el pedido W1001", "?", ", gracias"}).Draw(t, "after")
		if diff := cmp.Diff([]sum{{written, want, form.currency}}, sums(text), cmp.AllowUnexported(sum{})); diff != "" {
			t.Fatalf("%q: %s", text, diff)
		}
	})
}

func FuzzAmounts(f *testing.F) {
	f.Add("me cobraron 12,50 € y $ 1.200,5 MXN; treinta y cinco euros con 20")
	f.Add("S/. 3\xff US$")
	f.Fuzz(func(t *testing.T, text string) {
		end := 0
		for _, a := range understand.Amounts(text) {
			if a.Start < end || a.End <= a.Start || text[a.Start:a.End] != a.Text || a.Minor < 0 {
				t.Fatalf("%q: %+v", text, a)
			}
			end = a.End
		}
	})
}

// TestFigures: a number with cents is a sum where money is spoken of, and nothing else is
// without its currency.
func TestFigures(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]sum{
		"¿por qué me habéis cobrado 49,90?":  {{"49,90", 4990, ""}},
		"why 49.90 and then 12 €?":           {{"49.90", 4990, ""}, {"12 €", 1200, "EUR"}},
		"49,90 € el día 12":                  {{"49,90 €", 4990, "EUR"}},
		"pedido W2024117, 3 unidades, v1.20": nil,
		"hace 24 horas":                      nil,
	} {
		var got []sum
		for _, a := range understand.Figures(text) {
			got = append(got, sum{a.Text, a.Minor, a.Currency})
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}
