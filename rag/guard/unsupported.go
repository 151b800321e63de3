package guard

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var (
	urlPattern   = regexp.MustCompile(`(?i)\b(?:https?://|www\.)[^\s<>"'()]+`)
	emailPattern = regexp.MustCompile(`(?i)[a-z0-9._%+-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+`)
	// codePattern matches order numbers and other codes: letters and digits in
	// one word, with hyphens inside, "#" before.
	codePattern = regexp.MustCompile(`#?\b[A-Za-z]{1,10}-?\d[A-Za-z0-9-]*\b|#\d[A-Za-z0-9-]*|\b\d+[A-Za-z][A-Za-z0-9-]*\d[A-Za-z0-9-]*\b`)
	isoDate     = regexp.MustCompile(`\b(\d{4})-(\d{2})-(\d{2})(?:T[0-9:.]+(?:Z|[+-]\d{2}:?\d{2})?)?`)
	slashDate   = regexp.MustCompile(`\b(\d{1,2})/(\d{1,2})(?:/(\d{4}|\d{2}))?\b`)
	dayMonth    = regexp.MustCompile(`(?i)\b(\d{1,2})(?:st|nd|rd|th|º)?(?:\s+de|\s+of)?\s+(` + monthNames + `)\b\.?(?:(?:\s+de|\s+del|,)?\s+(\d{4}))?`)
	monthDay    = regexp.MustCompile(`(?i)\b(` + monthNames + `)\.?\s+(\d{1,2})(?:st|nd|rd|th)?\b(?:,?\s+(\d{4}))?`)
	number      = regexp.MustCompile(`\d+(?:[.,\x{00a0}\x{202f} ]\d{3})*(?:[.,]\d+)?`)
	wordNumber  = regexp.MustCompile(`(?i)\b(` + numberWords() + `)\b`)
)

const monthNames = `enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|setiembre|octubre|noviembre|diciembre|` +
	`january|february|march|april|may|june|july|august|september|october|november|december|` +
	`ene|feb|mar|abr|jun|jul|ago|sept|sep|oct|nov|dic|jan|apr|aug|dec`

// facts are the checkable things of a text by kind and normal form. Dates are
// "m-d" or "y-m-d", numbers have no thousands marks and a decimal point.
type facts struct {
	links, codes, dates, numbers []fact
}

type fact struct{ norm, raw string }

// Unsupported returns what a draft states and no source does: numbers, amounts,
// dates, order numbers and codes, links and e-mail addresses, as they stand in
// the draft, each once, in the order of these kinds. 1.234,50 € and 1234.50 are
// the same amount, "3 de mayo" and "2026-05-03" the same day (the year may be
// left out, not changed). Numbers up to twelve written as a word in a source back
// the digits; a number word in the draft is not checked.
func Unsupported(draft string, sources []string) []string {
	if draft == "" {
		return nil
	}
	backing := facts{}
	for _, s := range sources {
		backing.add(extract(s))
		backing.numbers = append(backing.numbers, spelled(s)...)
	}
	claims := extract(draft)
	var missing []string
	collect := func(claims []fact, backed func(fact) bool) {
		for _, c := range claims {
			if !backed(c) && !slices.Contains(missing, c.raw) {
				missing = append(missing, c.raw)
			}
		}
	}
	collect(claims.links, among(backing.links))
	collect(claims.codes, among(backing.codes))
	collect(claims.dates, func(d fact) bool { return slices.ContainsFunc(backing.dates, sameDay(d)) })
	collect(claims.numbers, among(backing.numbers))
	return missing
}

func (f *facts) add(g facts) {
	f.links = append(f.links, g.links...)
	f.codes = append(f.codes, g.codes...)
	f.dates = append(f.dates, g.dates...)
	f.numbers = append(f.numbers, g.numbers...)
}

func among(list []fact) func(fact) bool {
	known := make(map[string]bool, len(list))
	for _, f := range list {
		known[f.norm] = true
	}
	return func(f fact) bool { return known[f.norm] }
}

// sameDay compares by day and month, and by year when both have one.
func sameDay(a fact) func(fact) bool {
	year, day := splitYear(a.norm)
	return func(b fact) bool {
		otherYear, otherDay := splitYear(b.norm)
		return day == otherDay && (year == "" || otherYear == "" || year == otherYear)
	}
}

func splitYear(norm string) (year, day string) {
	if strings.Count(norm, "-") == 2 {
		year, day, _ = strings.Cut(norm, "-")
		return year, day
	}
	return "", norm
}

// extract takes the kinds out of the text one after the other, so that the day
// in a date or the digits in a link do not count as numbers as well.
func extract(text string) facts {
	var f facts
	take := func(pattern *regexp.Regexp, keep func(match []string)) {
		text = pattern.ReplaceAllStringFunc(text, func(raw string) string {
			keep(pattern.FindStringSubmatch(raw))
			return " | "
		})
	}
	link := func(m []string) {
		raw := strings.TrimRight(m[0], ".,;:!?»”)")
		f.links = append(f.links, fact{strings.TrimRight(strings.ToLower(raw), "/"), raw})
	}
	take(urlPattern, link)
	take(emailPattern, link)
	take(isoDate, func(m []string) { f.date(m[0], m[1], m[2], m[3]) })
	take(dayMonth, func(m []string) { f.date(m[0], m[3], MonthNumber(m[2]), m[1]) })
	take(monthDay, func(m []string) { f.date(m[0], m[3], MonthNumber(m[1]), m[2]) })
	take(slashDate, func(m []string) { f.date(m[0], m[3], m[2], m[1]) })
	take(codePattern, func(m []string) {
		norm := strings.ToLower(strings.NewReplacer("#", "", "-", "").Replace(m[0]))
		f.codes = append(f.codes, fact{norm, m[0]})
	})
	take(number, func(m []string) { f.numbers = append(f.numbers, fact{NormalNumber(m[0]), m[0]}) })
	return f
}

// date keeps a date in its normal form. Years of two digits are of this century.
func (f *facts) date(raw, year, month, day string) {
	norm := strings.TrimLeft(month, "0") + "-" + strings.TrimLeft(day, "0")
	if len(year) == 2 {
		year = "20" + year
	}
	if year != "" {
		norm = year + "-" + norm
	}
	f.dates = append(f.dates, fact{norm, strings.TrimRight(strings.TrimSpace(raw), ".")})
}

// MonthNumber is the number, from 1 to 12, of a month by its name in Spanish or English or the
// beginning of it; "0" for anything else.
func MonthNumber(name string) string {
	name = strings.ToLower(name)
	for i, prefixes := range [...][2]string{
		{"ene", "jan"},
		{"feb", "feb"},
		{"mar", "mar"},
		{"abr", "apr"},
		{"may", "may"},
		{"jun", "jun"},
		{"jul", "jul"},
		{"ago", "aug"},
		{"se", "se"},
		{"oct", "oct"},
		{"nov", "nov"},
		{"dic", "dec"},
	} {
		if strings.HasPrefix(name, prefixes[0]) || strings.HasPrefix(name, prefixes[1]) {
			return strconv.Itoa(i + 1)
		}
	}
	return "0"
}

// NormalNumber writes 1.234,50 and 1,234.50 and 1234.5 alike: as 1234.5. A mark
// followed by exactly three digits separates thousands, unless it is the only
// one after a leading 0; any other last mark is the decimal one.
func NormalNumber(raw string) string {
	digits := strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "").Replace(raw)
	whole, fraction := digits, ""
	if at := strings.LastIndexAny(digits, ".,"); at >= 0 {
		tail := digits[at+1:]
		if len(tail) != 3 || digits[:at] == "0" {
			whole, fraction = digits[:at], strings.TrimRight(tail, "0")
		}
	}
	whole = strings.NewReplacer(".", "", ",", "").Replace(whole)
	if whole = strings.TrimLeft(whole, "0"); whole == "" {
		whole = "0"
	}
	if fraction == "" {
		return whole
	}
	return whole + "." + fraction
}

// spelled finds the numbers that a source writes as words, "fourteen" aside:
// policies say "dos días" where a reply says "2 días".
func spelled(text string) []fact {
	var found []fact
	for _, word := range wordNumber.FindAllString(text, -1) {
		for i, names := range spelledNumbers {
			if slices.Contains(names[:], strings.ToLower(word)) {
				found = append(found, fact{strconv.Itoa(i + 1), word})
			}
		}
	}
	return found
}

// spelledNumbers are 1 to 12 in Spanish and English. "un" and "una" are left out:
// as articles they would back any 1.
var spelledNumbers = [...][2]string{
	{"uno", "one"},
	{"dos", "two"},
	{"tres", "three"},
	{"cuatro", "four"},
	{"cinco", "five"},
	{"seis", "six"},
	{"siete", "seven"},
	{"ocho", "eight"},
	{"nueve", "nine"},
	{"diez", "ten"},
	{"once", "eleven"},
	{"doce", "twelve"},
}

func numberWords() string {
	var all []string
	for _, names := range spelledNumbers {
		all = append(all, names[0], names[1])
	}
	return strings.Join(all, "|")
}
