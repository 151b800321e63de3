package orders

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// The ways to mean an order of one's own without its number.
var (
	// ending is the end of a number: "el 4117", "the one ending in 988".
	ending = regexp.MustCompile(`(?i)(?:^|[^\pL\d])(?:el|del|al|la|the|one|acabad[oa] en|acaba en|termina(?:d[oa])? en|terminación|ending (?:in|with)|ends (?:in|with)|` +
		`pedidos?|[oó]rden(?:es)?|compras?|orders?|purchases?)[\s:.,#]*(\d{3,8})`)
	// newest is the one that was placed last.
	newest = regexp.MustCompile(`(?i)(?:^|[^\pL])(?:(?:[uú]ltim[oa]|last|latest|newest|most recent)\s+(?:pedido|orden|compra|order|purchase)|` +
		`(?:pedido|orden|compra|order|purchase)\s+m[aá]s\s+(?:reciente|nuev[oa]))(?:$|[^\pL])`)
	// other is another one than the one that is named.
	other = regexp.MustCompile(`(?i)(?:^|[^\pL])(?:(?:el|la|mi|del|al)\s+otr[oa](?:\s+(?:pedido|orden|compra)|\s*(?:$|[.,;?!\n]))|` +
		`(?:the|my)\s+other\s+(?:order|purchase|one))(?:$|[^\pL])`)
	// bought says that the text is about something one has or waits for, and not about
	// something that one might buy.
	bought = regexp.MustCompile(`(?i)pedid|pedí|compr[eéóa]|encarg|order|bought|purchas|lleg|arriv|entreg|deliver|env[ií][oóaé]|shipp|sent|devolv|devoluc|devuel|return|` +
		`cancel|anul|reembols|refund|factura|invoice|d[oó]nde|where|track|seguim|rot[oa]|broken|defect|funciona|working|damaged|dañad`)
	// thing is what follows a word that means something known: "la aspiradora", "my kettle".
	thing = regexp.MustCompile(`(?i)(?:^|[^\pL])(?:mis?|my|el|la|l[oa]s|the|est[eao]s?|th(?:is|ese|at))\s+(\pL+)(?:\s+(\pL+))?(?:\s+(\pL+))?`)
)

// leastLetters is how long a word is that may name a thing.
const leastLetters = 4

// references are what a text says to mean orders: their numbers, and what may be the end
// of a number, the last order, or words for things in it.
type references struct {
	numbers, ends, words []string
	newest, other        bool
}

func refer(text string) references {
	said := references{numbers: Numbers(text), newest: newest.MatchString(text), other: other.MatchString(text)}
	for _, m := range ending.FindAllStringSubmatchIndex(text, -1) {
		if digits := text[m[2]:m[3]]; isNumber(digits, text[m[3]:]) && !slices.Contains(said.numbers, digits) {
			said.ends = append(said.ends, digits)
		}
	}
	if !bought.MatchString(text) {
		return said
	}
	for at := 0; at < len(text); {
		m := thing.FindStringSubmatchIndex(text[at:])
		if m == nil {
			break
		}
		for i := 2; i < len(m); i += 2 {
			if m[i] >= 0 {
				said.words = append(said.words, text[at+m[i]:at+m[i+1]])
			}
		}
		at += m[3] // the words after the first may begin another
	}
	return said
}

// endings are the customer's orders whose number ends as the text says. A number that is
// theirs in full is no ending.
func (r references) endings(own owned) []dated {
	var found []dated
	for _, end := range slices.Concat(r.numbers, r.ends) {
		if holds(own.asked, end) {
			continue
		}
		for _, d := range own.latest {
			if endsIn(d.number, end) && !holds(own.asked, d.number) && !holds(found, d.number) {
				found = append(found, d)
			}
		}
	}
	return found[:min(len(found), maxFacts)]
}

func endsIn(number, end string) bool {
	return len(end) < len(number) && strings.HasSuffix(number, end) && len(notDigits.ReplaceAllString(end, "")) >= leastDigits
}

// resolve gives the numbers that the text asks for, in the shop's form where they are the
// customer's, and those that are not. Several orders with one ending are all asked for, so
// that the customer can be asked which. The last order and the things are looked for only
// where nothing is named by a number.
func (r references) resolve(list []held) (asked, missing []string) {
	add := func(numbers ...string) {
		for _, n := range numbers {
			if !slices.Contains(asked, n) {
				asked = append(asked, n)
			}
		}
	}
	for _, n := range r.numbers {
		found := called(list, n)
		if len(found) == 0 {
			add(n)
			missing = append(missing, n)
		}
		add(found...)
	}
	for _, end := range r.ends {
		add(called(list, end)...)
	}
	defer func() {
		if r.other && len(missing) == 0 {
			asked = otherThan(list, asked)
		}
	}()
	if len(asked) > 0 || len(list) == 0 {
		return asked, missing
	}
	if r.newest {
		add(list[0].order.Number)
		return asked, missing
	}
	for _, w := range r.words {
		if with := having(list, w); len(with) == 1 {
			add(with...)
		}
	}
	return asked, missing
}

// otherThan are the numbers of a customer's other orders, where they named one of them and
// have others.
func otherThan(list []held, asked []string) []string {
	if len(asked) != 1 || len(list) < 2 {
		return asked
	}
	var others []string
	for _, h := range list {
		if h.order.Number != asked[0] {
			others = append(others, h.order.Number)
		}
	}
	return others
}

// called are the numbers of the orders that have this number, or else end in it.
func called(list []held, number string) []string {
	var found []string
	for _, h := range list {
		if h.number == number {
			return []string{h.order.Number}
		}
		if endsIn(h.number, number) {
			found = append(found, h.order.Number)
		}
	}
	return found
}

// having are the numbers of the orders that hold a thing of this name.
func having(list []held, word string) []string {
	var found []string
	for _, h := range list {
		if slices.ContainsFunc(h.order.Items, func(i item) bool {
			return slices.ContainsFunc(strings.FieldsFunc(i.Name, notLetter), func(w string) bool { return sameWord(w, word) })
		}) {
			found = append(found, h.order.Number)
		}
	}
	return found
}

func notLetter(r rune) bool { return !unicode.IsLetter(r) }

// unaccented writes the vowels of Spanish without accents.
var unaccented = strings.NewReplacer("á", "a", "é", "e", "í", "i", "ó", "o", "ú", "u", "ü", "u")

// sameWord tells whether two words are one, in another gender or number: "aspirador" and
// "aspiradora", "kettle" and "kettles".
func sameWord(a, b string) bool {
	a, b = unaccented.Replace(strings.ToLower(a)), unaccented.Replace(strings.ToLower(b))
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(a) < leastLetters {
		return false
	}
	if len(a) == len(b) && a != b {
		return a[:len(a)-1] == b[:len(b)-1] && strings.ContainsAny(a[len(a)-1:], "ao") && strings.ContainsAny(b[len(b)-1:], "ao")
	}
	return strings.HasPrefix(b, a) && slices.Contains([]string{"", "a", "s", "es", "as"}, b[len(a):])
}
