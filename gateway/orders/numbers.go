package orders

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The ways an order number is written in a text: with a #, with letters in front
// of at least four digits, or as digits after a word that announces one.
var (
	marked   = regexp.MustCompile(`#\s?([A-Za-z]{0,4}-?\d[\dA-Za-z-]{2,30})`)
	lettered = regexp.MustCompile(`([A-Za-z]{1,4})-?\d{4,20}`)
	// announced ends before the number: "pedido número", "my order is".
	announced = regexp.MustCompile(`(?i)(?:^|[^\pL\d])(?:pedidos?|[oó]rden(?:es)?|compras?|orders?|purchases?|` +
		`referencias?|references?|ref)[\s:.,]*` +
		`(?:(?:con|number|n[uú]mero|n[uú]m|n[oº°]|es|is|was|era|el|la|the)?[\s:.,#]*){0,3}`)
	// bare announces one without saying of what.
	bare = regexp.MustCompile(`(?i)(?:(\pL+)\s+)?\b(?:n[uú]mero|number)\s*(?:es|is|:|el|the)?\s*(?:es|is|:|el|the)?\s*`)
	// figures is a number without letters, another what stands before another one of
	// a list.
	figures   = regexp.MustCompile(`^\d{4,15}`)
	another   = regexp.MustCompile(`(?i)^\s*(?:,|;|/|&|y|e|o|and|or)\s*(?:y|and|o|or)?\s*(?:el|the)?\s*#?`)
	notDigits = regexp.MustCompile(`\D`)
	// priced follows an amount of money, and more what is longer than a number:
	// a date, a time, an amount with cents.
	priced = regexp.MustCompile(`(?i)^\s?(?:[€$£]|(?:eur|euros?|usd|gbp|mxn|ars|cop|clp|d[oó]lares|dollars?|pesos|pounds?|libras)\b)`)
	more   = regexp.MustCompile(`^(?:[-/.,:]\d|[\pL\d_@])`)
)

// noOrder are letters before digits that announce something else: money, phone
// numbers, postcodes, months.
var noOrder = []string{
	"EUR", "USD", "GBP", "MXN", "ARS", "COP", "CLP", "PEN", "BRL", "US", "TEL", "TLF", "TFNO", "FAX", "CP", "ZIP", "EN", "DE", "DEL",
	"ENE", "JAN", "FEB", "MAR", "ABR", "APR", "MAY", "JUN", "JUL", "AGO", "AUG", "SEP", "SEPT", "OCT", "NOV", "DIC", "DEC",
}

// askers are the words before a bare "number" that leave it one of an order.
var askers = []string{"", "mi", "my", "el", "the", "es", "is", "su", "con", "with", "a", "al", "por", "for", "y", "and"}

// leastDigits is how many digits a number has that is announced by a # alone.
const leastDigits = 3

// maxBare is how long a number is that nothing but "number" announces: a longer
// one is a phone.
const maxBare = 8

// maxNumbers is how many order numbers one question can name.
const maxNumbers = 10

// mention is a number at its place in a text.
type mention struct {
	at     int
	number string
}

// Numbers finds the order numbers that a text names, in the order of the text and
// in the form they are compared in: upper case, without #. Phone numbers, prices
// and dates are not taken for one. Each is given once, and at most ten are.
func Numbers(text string) []string {
	found := slices.Concat(withMark(text), withLetters(text), withWords(text), withoutWords(text))
	slices.SortStableFunc(found, func(a, b mention) int { return cmp.Compare(a.at, b.at) })
	var list []string
	for _, m := range found {
		if len(list) < maxNumbers && !slices.Contains(list, m.number) {
			list = append(list, m.number)
		}
	}
	return list
}

func withMark(text string) []mention {
	var found []mention
	for _, m := range marked.FindAllStringSubmatchIndex(text, -1) {
		number := strings.TrimRight(text[m[2]:m[3]], "-")
		if len(notDigits.ReplaceAllString(number, "")) >= leastDigits {
			found = append(found, mention{m[2], normalize(number)})
		}
	}
	return found
}

func withLetters(text string) []mention {
	var found []mention
	for _, m := range lettered.FindAllStringSubmatchIndex(text, -1) {
		before, _ := utf8.DecodeLastRuneInString(text[:m[0]])
		inside := m[0] > 0 && (unicode.IsLetter(before) || unicode.IsDigit(before) || strings.ContainsRune("-_/@#.$€=&", before))
		if inside || more.MatchString(text[m[1]:]) || slices.Contains(noOrder, strings.ToUpper(text[m[2]:m[3]])) {
			continue
		}
		found = append(found, mention{m[0], normalize(text[m[0]:m[1]])})
	}
	return found
}

// withWords reads the number after a word such as "order", and those that follow
// it in a list.
func withWords(text string) []mention {
	var found []mention
	for _, m := range announced.FindAllStringIndex(text, -1) {
		for at := m[1]; ; {
			number := figures.FindString(text[at:])
			end := at + len(number)
			if !isNumber(number, text[end:]) {
				break
			}
			found = append(found, mention{at, number})
			at = end + len(another.FindString(text[end:]))
		}
	}
	return found
}

// withoutWords reads the number after a "number" that is not said to be of
// something else.
func withoutWords(text string) []mention {
	var found []mention
	for _, m := range bare.FindAllStringSubmatchIndex(text, -1) {
		before := ""
		if m[2] >= 0 {
			before = strings.ToLower(text[m[2]:m[3]])
		}
		number := figures.FindString(text[m[1]:])
		if len(number) <= maxBare && slices.Contains(askers, before) && isNumber(number, text[m[1]+len(number):]) {
			found = append(found, mention{m[1], number})
		}
	}
	return found
}

// isNumber tells whether the digits stand alone: what follows them makes them no
// longer number, no amount and no date.
func isNumber(number, rest string) bool {
	return number != "" && !more.MatchString(rest) && !priced.MatchString(rest)
}

// normalize is the form of an order number that is compared: upper case, without
// a leading # and without spaces.
func normalize(number string) string {
	return strings.ToUpper(strings.TrimLeft(strings.Join(strings.Fields(number), ""), "#"))
}
