package rag

import (
	"regexp"
	"strings"
	"time"

	"github.com/recado/recado/rag/phrases"
	"github.com/recado/recado/rag/understand"
)

// dayNamed is the day that a question speaks of, where it names one: a policy of a season
// holds on the days of that season, whenever it is asked about. Of several days none is
// meant, and of a span its middle. It is empty where nothing is named.
func dayNamed(q Question, zone *time.Location) string {
	var days []string
	for _, d := range understand.Dates(q.Locale, q.Text, q.At, zone) {
		if d.Or != "" {
			return ""
		}
		days = append(days, middle(d.From, d.To))
	}
	if len(days) == 0 {
		return feastNamed(q, zone)
	}
	for _, d := range days[1:] {
		if d != days[0] {
			return ""
		}
	}
	return days[0]
}

// middle is the day in the middle of a span.
func middle(from, to string) string {
	first, err := time.Parse(time.DateOnly, from)
	last, err2 := time.Parse(time.DateOnly, to)
	if err != nil || err2 != nil {
		return ""
	}
	return first.AddDate(0, 0, int(last.Sub(first).Hours()/24)/2).Format(time.DateOnly)
}

// feasts are days with a name in small letters, by month and day.
var feasts = []struct {
	said       *phrases.Set
	month, day int
}{
	{phrases.Bare(`\b(nochebuena|christmas eve)\b`), 12, 24},
	{phrases.Bare(`\b(nochevieja|fin de año|new year'?s eve)\b`), 12, 31},
	{phrases.Bare(`\b(año nuevo|new year'?s?( day)?)\b`), 1, 1},
	{phrases.Bare(`\b(reyes|epiphany|three kings)\b`), 1, 5},
	{phrases.Bare(`\b(navidad|navidades|navideñ[oa]s?|christmas|xmas)\b`), 12, 20},
	{phrases.Bare(`\b(san valent[ií]n|valentine'?s?( day)?)\b`), 2, 14},
}

var (
	yearNamed = regexp.MustCompile(`\b(20\d\d)\b`)
	lastOne   = regexp.MustCompile(`(?i)\b(pasad[oa]s?|últim[oa]s?|anterior(es)?|last|previous)\b`)
)

// feastNamed is the day of the feast that a question names: the next one, or the last one
// where it says so, or that of the year that it names.
func feastNamed(q Question, zone *time.Location) string {
	today, text := q.At.In(zone), strings.ToLower(q.Text)
	for _, f := range feasts {
		if !f.said.MatchString(text) {
			continue
		}
		on := func(year int) time.Time { return time.Date(year, time.Month(f.month), f.day, 0, 0, 0, 0, time.UTC) }
		day := on(today.Year())
		switch year := yearNamed.FindString(q.Text); {
		case year != "":
			if y, err := time.Parse("2006", year); err == nil {
				day = on(y.Year())
			}
		case lastOne.MatchString(q.Text) && !strings.Contains(text, "last day"):
			if day.Format(time.DateOnly) >= today.Format(time.DateOnly) {
				day = on(today.Year() - 1)
			}
		case day.Format(time.DateOnly) < today.Format(time.DateOnly):
			day = on(today.Year() + 1)
		}
		return day.Format(time.DateOnly)
	}
	return ""
}
