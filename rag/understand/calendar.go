package understand

import (
	"strconv"
	"strings"
	"time"
)

// numeric reads 12/03, 12/03/2026, 12-03-26, 12.03.2026 and 2026-03-12.
func (r reader) numeric(i int) (span, int) {
	n, mark, next := r.digitsAndMarks(i)
	switch {
	case len(n) == 3 && len(n[0]) == 4 && mark != ".":
		y, ok := year4(word{folded: n[0], kind: digits})
		if !ok {
			return span{}, i
		}
		return day(exact(y, time.Month(small2(n[1])), small2(n[2]))), next
	case len(n) == 3:
		y, ok := r.yearOf(n[2])
		if !ok {
			return span{}, i
		}
		return r.either(n[0], n[1], func(m time.Month, d int) time.Time { return exact(y, m, d) }), next
	case len(n) == 2 && mark == "/" && !r.isFraction(n, i):
		past := r.past(i)
		return r.either(n[0], n[1], func(m time.Month, d int) time.Time { return r.nearest(m, d, past) }), next
	}
	return span{}, i
}

// digitsAndMarks reads two or three numbers with the same mark between them, that belong
// to nothing longer.
func (r reader) digitsAndMarks(i int) (n []string, mark string, next int) {
	if r.list[i].kind != digits || glued(r.text, r.list[i].start) || i > 0 && r.touches(i-1) && strings.Contains("/-.,:#_+", r.list[i-1].folded) {
		return nil, "", i
	}
	n, next = []string{r.list[i].folded}, i+1
	for next+1 < len(r.list) && r.touches(next-1) && r.touches(next) && r.list[next+1].kind == digits {
		m := r.list[next].folded
		if m != "/" && m != "-" && m != "." || mark != "" && m != mark {
			return nil, "", i
		}
		mark = m
		n, next = append(n, r.list[next+1].folded), next+2
	}
	if next < len(r.list) && r.touches(next-1) && (r.list[next].kind != markKind || r.list[next].folded == "%" || r.list[next].folded == "€") {
		return nil, "", i
	}
	return n, mark, next
}

// markKind is mark, under a name that a field does not hide.
const markKind = mark

// touches tells whether nothing stands between a word and the next.
func (r reader) touches(i int) bool {
	return i+1 < len(r.list) && r.list[i].end == r.list[i+1].start
}

// either reads two numbers as day and month, in the order of the language. In English
// without a country both orders are meant by somebody.
func (r reader) either(a, b string, make func(time.Month, int) time.Time) span {
	first, second := small2(a), small2(b)
	var dayFirst, monthFirst time.Time
	if second >= 1 && second <= 12 && first >= 1 {
		dayFirst = make(time.Month(second), first)
	}
	if first >= 1 && first <= 12 && second >= 1 {
		monthFirst = make(time.Month(first), second)
	}
	switch {
	case !r.english:
		return day(dayFirst)
	case monthFirst.IsZero():
		return day(dayFirst)
	case dayFirst.IsZero() || r.american:
		return day(monthFirst)
	}
	return span{from: dayFirst, to: dayFirst, or: monthFirst}
}

// small2 is a number of at most two digits, or 0.
func small2(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || len(s) > 2 {
		return 0
	}
	return n
}

// yearOf reads a year of four digits or of two.
func (r reader) yearOf(s string) (int, bool) {
	if len(s) == 2 {
		return 2000 + small2(s), true
	}
	return year4(word{folded: s, kind: digits})
}

// isFraction tells what looks like a date and mostly is none: 1/2, 3/4, 24/7, unless a
// word before it says that a day follows.
func (r reader) isFraction(n []string, i int) bool {
	switch at(r.list, i-1) {
	case "el", "del", "al", "dia", "on", "since", "desde", "fecha", "date":
		return false
	}
	pair := n[0] + "/" + n[1]
	return pair == "1/2" || pair == "1/3" || pair == "1/4" || pair == "2/3" || pair == "3/4" || pair == "24/7"
}

// named reads a day of the month with its number: "el 5", "5 de diciembre de 2026", "del
// 5 al 8 de diciembre", "December 5th", "the 5th of December", "on the 5th".
func (r reader) named(i int) (span, int) {
	if r.english {
		return r.namedEnglish(i)
	}
	return r.namedSpanish(i)
}

func (r reader) namedSpanish(i int) (span, int) {
	start, article := i, false
	switch at(r.list, i) {
	case "el", "al", "del", "dia":
		article = true
		i++
		if at(r.list, i) == "dia" {
			i++
		}
	}
	d, i := r.dayNumber(i)
	if d == 0 {
		return span{}, start
	}
	past := r.past(start)
	if at(r.list, start) == "del" || at(r.list, start) == "entre" {
		if s, next := r.rangeSpanish(d, i, past); next > i {
			return s, next
		}
	}
	if t, next := r.monthAndYear(d, i, past); next > i {
		return day(t), next
	}
	if !article || r.counts(i) {
		return span{}, start
	}
	return day(r.ofMonth(d, past)), i
}

// rangeSpanish reads the rest of "del 5 al 8 de diciembre".
func (r reader) rangeSpanish(from, i int, past bool) (span, int) {
	if at(r.list, i) != "al" {
		return span{}, i
	}
	to, next := r.dayNumber(i + 1)
	if to < from {
		return span{}, i
	}
	if last, behind := r.monthAndYear(to, next, past); behind > next && !last.IsZero() {
		return span{from: last.AddDate(0, 0, from-to), to: last}, behind
	}
	last := r.ofMonth(to, past)
	if last.IsZero() || r.counts(next) {
		return span{}, i
	}
	return span{from: last.AddDate(0, 0, from-to), to: last}, next
}

// monthAndYear reads "de diciembre", "dic", "de diciembre de 2026" behind a day.
func (r reader) monthAndYear(d, i int, past bool) (time.Time, int) {
	next := i
	if at(r.list, next) == "de" || at(r.list, next) == "of" {
		next++
	}
	m, ok := months[at(r.list, next)]
	if !ok {
		return time.Time{}, i
	}
	next++
	behind := next
	if at(r.list, behind) == "de" || at(r.list, behind) == "del" || at(r.list, behind) == "," {
		behind++
	}
	if behind < len(r.list) {
		if y, ok := year4(r.list[behind]); ok {
			return exact(y, m, d), behind + 1
		}
	}
	return r.nearest(m, d, past), next
}

// dayNumber reads 1 to 31, also 5th and 1º, "uno" and "primero", and gives the word
// behind it.
func (r reader) dayNumber(i int) (d, next int) {
	if i >= len(r.list) {
		return 0, i
	}
	if at(r.list, i) == "primero" || at(r.list, i) == "first" {
		return 1, i + 1
	}
	if r.list[i].kind != digits || glued(r.text, r.list[i].start) {
		return 0, i
	}
	d = small2(r.list[i].folded)
	if d < 1 || d > 31 {
		return 0, i
	}
	next = i + 1
	if next < len(r.list) && r.touches(i) {
		switch r.list[next].folded {
		case "st", "nd", "rd", "th", "º", "°":
			return d, next + 1
		case "/", "-", "%", "€", ":", "$":
			return 0, i
		}
		if r.list[next].kind == letters || next+1 < len(r.list) && r.touches(next) && r.list[next+1].kind == digits {
			return 0, i
		}
	}
	return d, next
}

// counts tells whether what follows makes a number of things, a share or a price of what
// looked like a day: "el 5 por ciento", "el 2 x 1", "el 3 unidades".
func (r reader) counts(i int) bool {
	if i >= len(r.list) || r.list[i].kind == markKind && r.list[i].folded != "%" && r.list[i].folded != "€" && r.list[i].folded != "$" {
		return false
	}
	switch r.list[i].folded {
	case "y", "e", "o", "me", "se", "no", "que", "lo", "la", "le", "nos", "os", "te", "a", "en", "ya", "pero", "por", "para", "hice", "pedi", "compre", "recibi", "hay", "tengo",
		"and", "or", "i", "it", "at", "but", "for", "please", "because", "so", "we", "you", "when", "is", "was", "would", "will", "can", "did", "works", "has", "have":
		return follows(r.list, i, "por", "ciento")
	}
	return true
}

func (r reader) namedEnglish(i int) (span, int) {
	start := i
	past := r.past(start)
	if m, ok := months[at(r.list, i)]; ok {
		d, next := r.dayNumber(i + 1)
		if d == 0 {
			return span{}, start
		}
		behind := next
		if at(r.list, behind) == "," {
			behind++
		}
		if behind < len(r.list) {
			if y, ok := year4(r.list[behind]); ok {
				return day(exact(y, m, d)), behind + 1
			}
		}
		return day(r.nearest(m, d, past)), next
	}
	article := at(r.list, i) == "the"
	if article {
		i++
	}
	d, next := r.dayNumber(i)
	if d == 0 {
		return span{}, start
	}
	if t, behind := r.monthAndYear(d, next, past); behind > next {
		return day(t), behind
	}
	ordinal := next > i+1 || at(r.list, i) == "first"
	if !article || !ordinal || at(r.list, i) == "first" || r.counts(next) {
		return span{}, start
	}
	return day(r.ofMonth(d, past)), next
}
