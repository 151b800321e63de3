package understand

import (
	"cmp"
	"slices"
	"strconv"
	"time"
)

// Date is a day, or a range of days, that a text names.
type Date struct {
	// Start and End are where it stands, in bytes.
	Start, End int
	Text       string
	// From and To are the first and the last day, as 2006-01-02; one day has the same
	// twice.
	From, To string
	// Or is the day that it could also be, where people disagree: 03/12 in English, and
	// "next Friday" on a Monday. It is empty for all others.
	Or string
}

// Dates finds the days that a text names, in their order, as they are on the day of now
// where the shop is. A bare weekday or day of the month lies ahead, unless its sentence
// tells of what has happened. A nil zone is UTC.
func Dates(locale, text string, now time.Time, zone *time.Location) []Date {
	r := reader{text: text, list: words(text), today: midnight(now.In(cmp.Or(zone, time.UTC))), english: isEnglish(locale), american: american(locale)}
	r.sayings = inSpanish
	if r.english {
		r.sayings = inEnglish
	}
	var found []Date
	for i := 0; i < len(r.list); {
		d, next := r.dateAt(i)
		if next <= i {
			i++
			continue
		}
		found = append(found, d)
		i = next
	}
	return found
}

// midnight is the day alone. Days are counted in UTC, where each has 24 hours.
func midnight(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}

// american tells whether the month comes first. English alone does not tell it.
func american(locale string) bool { return locale == "en-US" || locale == "en_US" }

// reader reads the dates of one text.
type reader struct {
	text              string
	list              []word
	today             time.Time
	english, american bool
	sayings           grammar
}

// saying is a fixed way of naming days: its words, where "#" is a number and "@" the name
// of a weekday, and the days that it means.
type saying struct {
	words []string
	days  func(r reader, n int, past bool) span
}

// span is the first and the last day, and the day that it could also be.
type span struct{ from, to, or time.Time }

// day is a span of one day.
func day(t time.Time) span { return span{from: t, to: t} }

// dateAt reads the longest date that begins at a word, and gives the word behind it.
func (r reader) dateAt(i int) (Date, int) {
	best, behind := span{}, i
	take := func(s span, next int) {
		if next > behind && !s.from.IsZero() {
			best, behind = s, next
		}
	}
	take(r.numeric(i))
	take(r.named(i))
	take(r.said(i))
	if behind == i {
		return Date{}, i
	}
	start, end := r.list[i].start, r.list[behind-1].end
	d := Date{Start: start, End: end, Text: r.text[start:end], From: best.from.Format(time.DateOnly), To: best.to.Format(time.DateOnly)}
	if !best.or.IsZero() && !best.or.Equal(best.from) {
		d.Or = best.or.Format(time.DateOnly)
	}
	return d, behind
}

// said reads a saying.
func (r reader) said(i int) (best span, behind int) {
	for _, first := range [...]string{at(r.list, i), "#", "@"} {
		for _, s := range r.sayings[first] {
			n, next := r.match(s.words, i)
			if next > behind {
				if got := s.days(r, n, r.past(i)); !got.from.IsZero() {
					best, behind = got, next
				}
			}
		}
	}
	if behind > 0 && r.isMorning(i, behind) {
		return span{}, i
	}
	return best, behind
}

// match tells whether a saying begins at a word: the number or the weekday in it, and the
// word behind it, or 0.
func (r reader) match(saying []string, i int) (n, next int) {
	for _, w := range saying {
		switch w {
		case "#":
			number, took := r.number(i)
			if took == 0 {
				return 0, 0
			}
			n, i = number, i+took
			continue
		case "@":
			d, ok := weekdays[at(r.list, i)]
			if !ok {
				return 0, 0
			}
			n = int(d)
		default:
			if at(r.list, i) != w {
				return 0, 0
			}
		}
		i++
	}
	return n, i
}

// mostDays bounds how far a number of days, weeks or months leads.
const mostDays = 400

// number reads how many days, weeks or months.
func (r reader) number(i int) (n, took int) {
	switch {
	case follows(r.list, i, "un", "par", "de"), follows(r.list, i, "a", "couple", "of"):
		return 2, 3
	case follows(r.list, i, "couple", "of"), follows(r.list, i, "par", "de"):
		return 2, 2
	}
	value, took := count(r.list, i)
	if took == 0 || value > mostDays {
		return 0, 0
	}
	return int(value), took
}

// isMorning tells "mañana" of the morning from that of tomorrow.
func (r reader) isMorning(i, behind int) bool {
	if r.english || behind != i+1 || at(r.list, i) != "manana" {
		return false
	}
	switch at(r.list, i-1) {
	case "la", "una", "cada", "media", "toda":
		return true
	}
	return false
}

// sentenceWords is how far back a verb is looked for that tells of the past.
const sentenceWords = 8

// past tells whether what stands around a date has happened: a verb in the past before it
// in the same sentence, or a verb that follows at once.
func (r reader) past(i int) bool {
	for k := i - 1; k >= 0 && k >= i-sentenceWords; k-- {
		switch w := r.list[k]; {
		case w.kind == mark && (w.folded == "." || w.folded == "?" || w.folded == "!" || w.folded == ";" || w.folded == "¿"):
			return false
		case w.kind == letters && r.happened(w):
			return true
		}
	}
	for k := i + 1; k < len(r.list) && k <= i+4; k++ {
		if w := r.list[k]; w.kind == letters && r.happened(w) {
			return true
		} else if w.kind == mark {
			break
		}
	}
	return false
}

// weekdays by their names and the abbreviations that are no other word.
var weekdays = map[string]time.Weekday{
	"lunes": time.Monday, "martes": time.Tuesday, "miercoles": time.Wednesday, "jueves": time.Thursday, "viernes": time.Friday, "sabado": time.Saturday, "domingo": time.Sunday,
	"monday": time.Monday, "tuesday": time.Tuesday, "wednesday": time.Wednesday, "thursday": time.Thursday, "friday": time.Friday, "saturday": time.Saturday, "sunday": time.Sunday,
	"tues": time.Tuesday, "thurs": time.Thursday, "fri": time.Friday,
}

// ahead is the next such weekday after today, and behind the last one before it.
func (r reader) ahead(d time.Weekday) time.Time {
	return r.today.AddDate(0, 0, (int(d)-int(r.today.Weekday())+6)%7+1)
}

func (r reader) behind(d time.Weekday) time.Time {
	return r.ahead(d).AddDate(0, 0, -7-boolInt(r.today.Weekday() == d)*7)
}

// monday is the first day of a week, so many weeks from this one.
func (r reader) monday(weeks int) time.Time {
	return r.today.AddDate(0, 0, -(int(r.today.Weekday())+6)%7+7*weeks)
}

func (r reader) week(weeks int) span {
	from := r.monday(weeks)
	return span{from: from, to: from.AddDate(0, 0, 6)}
}

func (r reader) weekend(weeks int) span {
	from := r.monday(weeks).AddDate(0, 0, 5)
	return span{from: from, to: from.AddDate(0, 0, 1)}
}

func (r reader) month(months int) span {
	from := time.Date(r.today.Year(), r.today.Month()+time.Month(months), 1, 0, 0, 0, 0, time.UTC)
	return span{from: from, to: from.AddDate(0, 1, -1)}
}

func (r reader) year(years int) span {
	from := time.Date(r.today.Year()+years, 1, 1, 0, 0, 0, 0, time.UTC)
	return span{from: from, to: from.AddDate(1, 0, -1)}
}

// shift is a day so many months from today; one that a month lacks is its last.
func (r reader) shift(months int) span {
	first := time.Date(r.today.Year(), r.today.Month()+time.Month(months), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return day(first.AddDate(0, 0, min(r.today.Day(), last)-1))
}

func (r reader) days(n int) span { return day(r.today.AddDate(0, 0, n)) }

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// months by their names and usual abbreviations.
var months = map[string]time.Month{
	"enero": 1, "febrero": 2, "marzo": 3, "abril": 4, "mayo": 5, "junio": 6, "julio": 7, "agosto": 8, "septiembre": 9, "setiembre": 9, "octubre": 10, "noviembre": 11, "diciembre": 12,
	"january": 1, "february": 2, "march": 3, "april": 4, "may": 5, "june": 6, "july": 7, "august": 8, "september": 9, "october": 10, "november": 11, "december": 12,
	"ene": 1, "feb": 2, "mar": 3, "abr": 4, "jun": 6, "jul": 7, "ago": 8, "sep": 9, "sept": 9, "oct": 10, "nov": 11, "dic": 12,
	"jan": 1, "apr": 4, "aug": 8, "dec": 12,
}

// year4 reads a year at a place: four digits, or two behind a mark of a date.
func year4(w word) (int, bool) {
	if w.kind != digits || len(w.folded) != 4 {
		return 0, false
	}
	y, err := strconv.Atoi(w.folded)
	return y, err == nil && y >= 2000 && y < 2100
}

// exact is a day of the calendar, or zero where there is no such day.
func exact(y int, m time.Month, d int) time.Time {
	t := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	if t.Day() != d || t.Month() != m {
		return time.Time{}
	}
	return t
}

// nearest is the day of a month without a year: the last one before today when it is
// told of in the past, and otherwise the nearest of all.
func (r reader) nearest(m time.Month, d int, past bool) time.Time {
	var all []time.Time
	for y := r.today.Year() - 1; y <= r.today.Year()+1; y++ {
		if t := exact(y, m, d); !t.IsZero() && (!past || !t.After(r.today)) {
			all = append(all, t)
		}
	}
	if len(all) == 0 {
		return time.Time{}
	}
	return slices.MinFunc(all, func(a, b time.Time) int {
		return cmp.Compare(a.Sub(r.today).Abs(), b.Sub(r.today).Abs())
	})
}

// ofMonth is a day of the month without a month: the next one from today on, or the last
// one up to today when it is told of in the past.
func (r reader) ofMonth(d int, past bool) time.Time {
	for k := range 12 {
		month := r.today.Month() + time.Month(k)
		if past {
			month = r.today.Month() - time.Month(k)
		}
		first := time.Date(r.today.Year(), month, 1, 0, 0, 0, 0, time.UTC)
		t := exact(first.Year(), first.Month(), d)
		if !t.IsZero() && (past && !t.After(r.today) || !past && !t.Before(r.today)) {
			return t
		}
	}
	return time.Time{}
}
