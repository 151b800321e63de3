package understand

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Amount is a sum of money that a text names.
type Amount struct {
	// Start and End are where it stands, in bytes.
	Start, End int
	Text       string
	// Minor is the sum in the currency's minor units: cents, or whole units where there
	// are none.
	Minor int64
	// Currency is an ISO 4217 code. It is empty where the text does not tell it: "$" and
	// "pesos" are those of several countries, and Minor is in hundredths then.
	Currency string
}

// mostMinor bounds a sum: nobody writes of more to a shop.
const mostMinor = 1_000_000_000_00

// signs are written before or behind a sum. Longer ones come first.
var signs = []struct{ sign, currency string }{
	{"US$", "USD"},
	{"U$S", "USD"},
	{"U$D", "USD"},
	{"MX$", "MXN"},
	{"AR$", "ARS"},
	{"CLP$", "CLP"},
	{"COP$", "COP"},
	{"CA$", "CAD"},
	{"AU$", "AUD"},
	{"R$", "BRL"},
	{"S/.", "PEN"},
	{"S/", "PEN"},
	{"$", ""},
	{"€", "EUR"},
	{"£", "GBP"},
	{"¥", "JPY"},
}

// named are the words for currencies, and what they make of a number: a currency, or a
// hundredth of one.
var named = map[string]struct {
	currency string
	cents    bool
}{
	"eur": {"EUR", false}, "euro": {"EUR", false}, "euros": {"EUR", false}, "euritos": {"EUR", false},
	"usd": {"USD", false}, "dolar": {"USD", false}, "dolares": {"USD", false}, "dollar": {"USD", false}, "dollars": {"USD", false}, "bucks": {"USD", false},
	"gbp": {"GBP", false}, "libras": {"GBP", false}, "pounds": {"GBP", false}, "pound": {"GBP", false}, "quid": {"GBP", false},
	"mxn": {"MXN", false}, "mxp": {"MXN", false}, "ars": {"ARS", false}, "clp": {"CLP", false}, "cop": {"COP", false}, "pen": {"PEN", false},
	"soles": {"PEN", false}, "uyu": {"UYU", false}, "brl": {"BRL", false}, "reales": {"BRL", false}, "jpy": {"JPY", false}, "pyg": {"PYG", false},
	"guaranies": {"PYG", false}, "peso": {"", false}, "pesos": {"", false}, "pesitos": {"", false}, "varos": {"MXN", false}, "mangos": {"ARS", false},
	"centimo": {"EUR", true}, "centimos": {"EUR", true}, "centavo": {"", true}, "centavos": {"", true}, "cents": {"", true}, "cent": {"", true}, "pence": {"GBP", true},
}

// ofCountry makes pesos those of a country.
var ofCountry = map[string]string{
	"mexicano": "MXN", "mexicanos": "MXN", "argentino": "ARS", "argentinos": "ARS", "chileno": "CLP", "chilenos": "CLP",
	"colombiano": "COP", "colombianos": "COP", "uruguayo": "UYU", "uruguayos": "UYU", "mexican": "MXN",
}

// Amounts finds the sums of money in a text, in their order. A number is one only with
// its currency: a sign, a code or a word.
func Amounts(text string) []Amount {
	list := words(text)
	var found []Amount
	for i := 0; i < len(list); {
		a, next := amountAt(text, list, i)
		if next <= i {
			i++
			continue
		}
		found = append(found, a)
		i = next
	}
	return found
}

// Figures finds what Amounts does and, without their currency, numbers that are written
// with cents, for texts that speak of money: "why did you charge me 49.90?".
func Figures(text string) []Amount {
	found, list := Amounts(text), words(text)
	for i := 0; i < len(list); i++ {
		n, next := figure(text, list, i)
		if next == i || n.digits != 2 || list[i].kind != digits {
			continue
		}
		start, end := list[i].start, list[next-1].end
		if !slices.ContainsFunc(found, func(a Amount) bool { return a.Start < end && start < a.End }) {
			found = append(found, Amount{Start: start, End: end, Text: text[start:end], Minor: n.hundredths()})
		}
		i = next - 1
	}
	slices.SortFunc(found, func(a, b Amount) int { return cmp.Compare(a.Start, b.Start) })
	return found
}

// amountAt reads an amount that begins at a word, and gives the word behind it.
func amountAt(text string, list []word, i int) (Amount, int) {
	start := list[i].start
	currency, from := leading(text, list, i)
	n, next := figure(text, list, from)
	if next == from {
		return Amount{}, i
	}
	money := from > i || strings.HasPrefix(list[next-1].folded, "luca")
	behind, cents, after := trailing(text, list, next)
	switch {
	case after == next && !money:
		return Amount{}, i
	case after > next && cents && !money:
		return amount(text, start, list[after-1].end, n.whole, behind, after)
	case after > next && !cents && (!money || currency == "" || behind == "" || behind == currency):
		currency, next = cmp.Or(behind, currency), after
	}
	a, next := amount(text, start, list[next-1].end, n.minor(currency), currency, next)
	return withCents(text, list, a, next, n)
}

func amount(text string, start, end int, minor int64, currency string, next int) (Amount, int) {
	if minor < 0 || minor > mostMinor {
		return Amount{}, -1
	}
	return Amount{Start: start, End: end, Text: text[start:end], Minor: minor, Currency: currency}, next
}

// withCents adds what is said behind a whole sum: "12 euros con 50", "5 dollars and 20
// cents".
func withCents(text string, list []word, a Amount, next int, n number) (Amount, int) {
	if next < 0 || n.digits > 0 || minorDigits(a.Currency) == 0 {
		return a, next
	}
	switch at(list, next) {
	case "con", "y", "and":
	default:
		return a, next
	}
	cents, took := count(list, next+1)
	if took == 0 || cents < 1 || cents > 99 {
		return a, next
	}
	end := next + 1 + took
	switch said := named[at(list, end)]; {
	case said.cents:
		end++
	case at(list, next) != "con":
		return a, next
	}
	a.Minor, a.End = a.Minor+cents, list[end-1].end
	a.Text = text[a.Start:a.End]
	return a, end
}

// leading reads a sign or a code before a number.
func leading(text string, list []word, i int) (currency string, next int) {
	for _, s := range signs {
		if !begins(text[list[i].start:], s.sign) || glued(text, list[i].start) {
			continue
		}
		end := list[i].start + len(s.sign)
		next := i
		for next < len(list) && list[next].start < end {
			next++
		}
		return s.currency, next
	}
	if w := list[i]; w.kind == letters && len(w.folded) == 3 && text[w.start:w.end] == strings.ToUpper(w.folded) {
		if said, ok := named[w.folded]; ok && !said.cents && said.currency == strings.ToUpper(w.folded) {
			return said.currency, i + 1
		}
	}
	return "", i
}

// begins tells whether a text begins with a sign, in capital letters or not.
func begins(text, sign string) bool {
	return len(text) >= len(sign) && strings.EqualFold(text[:len(sign)], sign)
}

// glued tells whether a letter stands right before: the sign belongs to something else.
func glued(text string, at int) bool {
	r, _ := utf8.DecodeLastRuneInString(text[:at])
	return at > 0 && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

// trailing reads a sign, a code or a word behind a number, and the country of pesos.
func trailing(text string, list []word, i int) (currency string, cents bool, next int) {
	if i >= len(list) {
		return "", false, i
	}
	if follows(list, i, "de") || follows(list, i, "of") {
		return "", false, i
	}
	for _, s := range signs {
		if begins(text[list[i].start:], s.sign) {
			end, next := list[i].start+len(s.sign), i
			for next < len(list) && list[next].start < end {
				next++
			}
			return s.currency, false, next
		}
	}
	said, ok := named[list[i].folded]
	if !ok {
		return "", false, i
	}
	next = i + 1
	if country, ok := ofCountry[at(list, next)]; ok && (said.currency == "" || said.currency == country) {
		return country, said.cents, next + 1
	}
	return said.currency, said.cents, next
}

// minorDigits is how many digits the minor units of a currency have.
func minorDigits(currency string) int {
	switch currency {
	case "CLP", "JPY", "KRW", "PYG", "VND":
		return 0
	}
	return 2
}
