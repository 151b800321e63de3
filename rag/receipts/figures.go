package receipts

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/recado/recado/rag/phrases"
)

// kind is the sort of a figure.
type kind int

const (
	link kind = iota
	code
	date
	clock
	number
	relative // "tomorrow", "el martes"
)

// figure is something in a text that is compared exactly. Norm is its normal form: dates
// are "m-d" or "y-m-d", numbers have no thousands marks and a decimal point. Unit is that
// of a number, or empty.
type figure struct {
	kind      kind
	norm, raw string
	unit      string
	at        int
}

var (
	urlPattern   = regexp.MustCompile(`(?i)\b(?:https?://|www\.)[^\s<>"'()|]+`)
	emailPattern = regexp.MustCompile(`(?i)[a-z0-9._%+-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+`)
	// orderID matches what stands behind the word for an order.
	orderID = regexp.MustCompile(`(?i)\b(?:pedido|order|compra)\s+(?:n[º°o]?\.?\s*|n[uú]m(?:ero|\.)?\s*|number\s+)?#?([A-Z]{0,10}-?\d{3,}[A-Z0-9-]*)\b`)
	// codePattern matches other codes: letters and digits in one word, "#" before.
	codePattern = regexp.MustCompile(`#?\b[A-Za-z]{1,10}-?\d[A-Za-z0-9-]*\b|#\d[A-Za-z0-9-]*|\b\d+[A-Za-z][A-Za-z0-9-]*\d[A-Za-z0-9-]*\b`)
	isoDate     = regexp.MustCompile(`\b(\d{4})-(\d{2})-(\d{2})(?:T[0-9:.]+(?:Z|[+-]\d{2}:?\d{2})?)?`)
	slashDate   = regexp.MustCompile(`\b(\d{1,2})/(\d{1,2})(?:/(\d{4}|\d{2}))?\b`)
	dayMonth    = regexp.MustCompile(`(?i)\b(\d{1,2})(?:st|nd|rd|th|º)?(?:\s+de|\s+of)?\s+(` + monthNames + `)\b\.?(?:(?:\s+de|\s+del|,)?\s+(\d{4}))?`)
	monthDay    = regexp.MustCompile(`(?i)\b(` + monthNames + `)\.?\s+(\d{1,2})(?:st|nd|rd|th)?\b(?:,?\s+(\d{4}))?`)
	clockTime   = regexp.MustCompile(`(?i)\b([01]?\d|2[0-3]):([0-5]\d)(?:\s*([ap])\.?m\b\.?)?`)
	numeral     = regexp.MustCompile(`\d+(?:[.,\x{00a0}\x{202f} ]\d{3})*(?:[.,]\d+)?`)
	dayWord     = regexp.MustCompile(`(?i)\b(hoy|mañana|ayer|anteayer|today|tomorrow|yesterday|lunes|martes|miércoles|miercoles|jueves|viernes|sábado|sabado|domingo|monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b`)
)

const monthNames = `enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|setiembre|octubre|noviembre|diciembre|` +
	`january|february|march|april|may|june|july|august|september|october|november|december|` +
	`ene|feb|mar|abr|jun|jul|ago|sept|sep|oct|nov|dic|jan|apr|aug|dec`

// reader takes figures out of a text. What is taken is overwritten, so that the day in a
// date or the digits in a link do not count as numbers as well.
type reader struct {
	text  string
	rest  []byte
	found []figure
}

// extract gives the figures of a text in the order in which they stand there.
func extract(text string) []figure {
	r := &reader{text: text, rest: []byte(text)}
	if strings.Contains(text, "://") || strings.Contains(strings.ToLower(text), "www.") {
		r.take(urlPattern, linkOf)
	}
	if strings.Contains(text, "@") {
		r.take(emailPattern, linkOf)
	}
	if strings.ContainsAny(text, "0123456789") {
		r.numerals()
	}
	if spells(text) {
		r.words()
	}
	r.units()
	slices.SortStableFunc(r.found, func(a, b figure) int { return a.at - b.at })
	return r.found
}

// numerals takes what is written with digits.
func (r *reader) numerals() {
	if strings.Contains(r.text, "-") {
		r.take(isoDate, func(m []string) figure { return day(m[1], m[2], m[3]) })
	}
	if namesMonth(r.text) {
		r.take(dayMonth, func(m []string) figure { return day(m[3], monthNumber(m[2]), m[1]) })
		r.take(monthDay, func(m []string) figure { return day(m[3], monthNumber(m[1]), m[2]) })
	}
	if strings.Contains(r.text, "/") {
		r.take(slashDate, func(m []string) figure { return day(m[3], m[2], m[1]) })
	}
	if strings.Contains(r.text, ":") {
		r.take(clockTime, func(m []string) figure { return figure{kind: clock, norm: hour(m[1], m[3]) + ":" + m[2]} })
	}
	r.take(orderID, func(m []string) figure { return figure{kind: code, norm: normCode(m[1]), raw: m[1]} })
	r.take(codePattern, codeOf)
	r.take(numeral, func(m []string) figure { return figure{kind: number, norm: normalNumber(m[0])} })
}

// monthBegins are the first letters of the names of months.
var monthBegins = phrases.Bare(`ene`, `feb`, `mar`, `abr`, `may`, `jun`, `jul`, `ago`, `sep`, `set`, `oct`, `nov`, `dic`, `jan`, `apr`, `aug`, `dec`)

// namesMonth tells whether a text may name a month. The expressions also take the long s
// for an s.
func namesMonth(text string) bool {
	return monthBegins.MatchString(strings.ToLower(text)) || strings.Contains(text, "ſ")
}

func (r *reader) take(pattern *regexp.Regexp, make func(match []string) figure) {
	for _, at := range pattern.FindAllSubmatchIndex(r.rest, -1) {
		groups := []string{}
		for i := 0; i < len(at); i += 2 {
			group := ""
			if at[i] >= 0 {
				group = r.text[at[i]:at[i+1]]
			}
			groups = append(groups, group)
		}
		f := make(groups)
		f.at = at[0]
		if f.raw == "" {
			f.raw = strings.TrimRight(strings.TrimSpace(groups[0]), ".")
		}
		r.found = append(r.found, f)
		for i := at[0]; i < at[1]; i++ {
			r.rest[i] = '|'
		}
	}
}

func linkOf(m []string) figure {
	raw := strings.TrimRight(m[0], ".,;:!?»”)*_")
	return figure{kind: link, norm: strings.TrimRight(strings.ToLower(raw), "/"), raw: raw}
}

func codeOf(m []string) figure { return figure{kind: code, norm: normCode(m[0])} }

// codeSigns are what people leave out of a code, or put in.
var codeSigns = strings.NewReplacer("#", "", "-", "")

func normCode(raw string) string {
	return strings.ToLower(codeSigns.Replace(raw))
}

// day is a date in its normal form. Years of two digits are of this century.
func day(year, month, day string) figure {
	norm := strings.TrimLeft(month, "0") + "-" + strings.TrimLeft(day, "0")
	if len(year) == 2 {
		year = "20" + year
	}
	if year != "" {
		norm = year + "-" + norm
	}
	return figure{kind: date, norm: norm}
}

func hour(digits, half string) string {
	n, _ := strconv.Atoi(digits) // the pattern lets digits through alone
	if half = strings.ToLower(half); half != "" {
		n %= 12
	}
	if half == "p" {
		n += 12
	}
	return strconv.Itoa(n)
}

// same tells whether a source's figure backs this one: the same day, the year left out or
// equal; the same number, with the same unit where both have one.
func (f figure) same(b figure) bool {
	switch {
	case f.kind == date && b.kind == date:
		year, day := splitYear(f.norm)
		otherYear, otherDay := splitYear(b.norm)
		return day == otherDay && (year == "" || otherYear == "" || year == otherYear)
	case f.kind == number && b.kind == number:
		return f.norm == b.norm && (f.unit == b.unit || f.unit == "" || b.unit == "")
	case f.kind == number && b.kind == code, f.kind == code && b.kind == number:
		// An order number of digits alone is a code after "order" and a number elsewhere.
		return f.norm == b.norm && f.unit == "" && b.unit == ""
	}
	return f.kind == b.kind && f.norm == b.norm
}

func splitYear(norm string) (year, day string) {
	if strings.Count(norm, "-") == 2 {
		year, day, _ = strings.Cut(norm, "-")
		return year, day
	}
	return "", norm
}

// days gives the words for a day in a text as dates, seen from now: a day of the week is
// any of the six days before and after.
func days(text string, now time.Time) (found []figure, meant [][]time.Time) {
	for _, at := range dayWord.FindAllStringIndex(text, -1) {
		raw := text[at[0]:at[1]]
		if strings.HasSuffix(strings.ToLower(strings.TrimRightFunc(text[:at[0]], unicode.IsSpace)), " la") {
			continue // "por la mañana" is no day
		}
		found = append(found, figure{kind: relative, norm: strings.ToLower(raw), raw: raw, at: at[0]})
		if dated := datedBy(raw, text[at[1]:], now); len(dated) > 0 {
			meant = append(meant, dated)
			continue
		}
		meant = append(meant, daysMeant(raw, now))
	}
	return found, meant
}

// dayOffsets are the words for days near now. weekdays are those of the week by their first
// letters in Spanish and English, Sunday first.
var (
	dayOffsets = map[string]int{"hoy": 0, "today": 0, "mañana": 1, "tomorrow": 1, "ayer": -1, "yesterday": -1, "anteayer": -2}
	weekdays   = [...][2]string{{"dom", "sun"}, {"lun", "mon"}, {"mar", "tue"}, {"mi", "wed"}, {"jue", "thu"}, {"vie", "fri"}, {"s", "sat"}}
)

// datedBy gives the days that a word for a day means when its date follows it: "Saturday
// 5 December", of the years around now in which that is a Saturday.
func datedBy(raw, rest string, now time.Time) []time.Time {
	rest = strings.TrimLeft(rest, " ,(")
	for _, pattern := range []*regexp.Regexp{dayMonth, monthDay} {
		m := pattern.FindStringSubmatchIndex(rest)
		if m == nil || m[0] != 0 {
			continue
		}
		number, name := rest[m[2]:m[3]], rest[m[4]:m[5]]
		if pattern == monthDay {
			number, name = name, number
		}
		return fitting(raw, monthNumber(name), number, now)
	}
	return nil
}

func fitting(raw, month, number string, now time.Time) []time.Time {
	m, _ := strconv.Atoi(month) // the patterns let digits through alone
	d, _ := strconv.Atoi(number)
	var fit []time.Time
	for year := now.Year() - 1; year <= now.Year()+1; year++ {
		day := time.Date(year, time.Month(m), d, 0, 0, 0, 0, now.Location())
		if of := weekdays[day.Weekday()]; day.Day() == d && (strings.HasPrefix(strings.ToLower(raw), of[0]) || strings.HasPrefix(strings.ToLower(raw), of[1])) {
			fit = append(fit, day)
		}
	}
	return fit
}

func daysMeant(raw string, now time.Time) []time.Time {
	word := strings.ToLower(raw)
	if now.IsZero() {
		return nil
	}
	if offset, ok := dayOffsets[word]; ok {
		return []time.Time{now.AddDate(0, 0, offset)}
	}
	var all []time.Time
	for offset := -6; offset <= 6; offset++ {
		d := now.AddDate(0, 0, offset)
		names := weekdays[d.Weekday()]
		if strings.HasPrefix(word, names[1]) || strings.HasPrefix(word, names[0]) && !strings.HasPrefix(word, "sun") {
			all = append(all, d)
		}
	}
	return all
}
