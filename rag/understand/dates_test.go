package understand_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/recado/recado/rag/understand"
)

// thursday is the day of the tests: Thursday, 26 November 2026, late in the evening in
// Madrid, where it is already Friday in no zone that matters.
func thursday() time.Time { return time.Date(2026, 11, 26, 17, 30, 0, 0, time.UTC) }

// days are the dates of a text, each as "text: from..to|or".
func days(locale, text string) (list []string) {
	for _, d := range understand.Dates(locale, text, thursday(), nil) {
		s := d.Text + ": " + d.From
		if d.To != d.From {
			s += ".." + d.To
		}
		if d.Or != "" {
			s += "|" + d.Or
		}
		list = append(list, s)
	}
	return list
}

func TestDatesInSpanish(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"¿llega el martes?":                  "martes: 2026-12-01",
		"¿Llega mañana?":                     "mañana: 2026-11-27",
		"lo pedí hace tres días":             "hace tres días: 2026-11-23",
		"lo pedi hace 2 semanas y nada":      "hace 2 semanas: 2026-11-12",
		"hace un mes":                        "hace un mes: 2026-10-26",
		"hace un par de días":                "hace un par de días: 2026-11-24",
		"compré el martes":                   "martes: 2026-11-24",
		"El jueves pasado recibí otro":       "jueves pasado: 2026-11-19",
		"el jueves":                          "jueves: 2026-12-03",
		"desde el lunes espero":              "lunes: 2026-11-23",
		"el próximo viernes":                 "próximo viernes: 2026-11-27",
		"el viernes que viene":               "viernes que viene: 2026-11-27",
		"el viernes de la semana que viene":  "viernes de la semana que viene: 2026-12-04",
		"pasado mañana":                      "pasado mañana: 2026-11-28",
		"mañana por la mañana":               "mañana por la mañana: 2026-11-27",
		"anteayer":                           "anteayer: 2026-11-24",
		"antier me llamaron":                 "antier: 2026-11-24",
		"antes de ayer":                      "antes de ayer: 2026-11-24",
		"hoy no ha llegado":                  "hoy: 2026-11-26",
		"la semana que viene":                "semana que viene: 2026-11-30..2026-12-06",
		"la semana pasada":                   "semana pasada: 2026-11-16..2026-11-22",
		"este fin de semana":                 "este fin de semana: 2026-11-28..2026-11-29",
		"el mes pasado":                      "mes pasado: 2026-10-01..2026-10-31",
		"el próximo mes":                     "el próximo mes: 2026-12-01..2026-12-31",
		"dentro de 5 días":                   "dentro de 5 días: 2026-12-01",
		"en dos semanas":                     "en dos semanas: 2026-12-10",
		"12/03":                              "12/03: 2027-03-12",
		"lo compré el 12/03":                 "12/03: 2026-03-12",
		"el 12/03/2025":                      "12/03/2025: 2025-03-12",
		"1-2-26":                             "1-2-26: 2026-02-01",
		"2026-12-24":                         "2026-12-24: 2026-12-24",
		"el 5 de diciembre":                  "el 5 de diciembre: 2026-12-05",
		"para el 5 de dic":                   "el 5 de dic: 2026-12-05",
		"el 20 de enero de 2027":             "el 20 de enero de 2027: 2027-01-20",
		"pedí el 20 de enero":                "el 20 de enero: 2026-01-20",
		"el día 5":                           "el día 5: 2026-12-05",
		"me cobraron el 5":                   "el 5: 2026-11-05",
		"el 30 me voy":                       "el 30: 2026-11-30",
		"del 5 al 8 de diciembre":            "del 5 al 8 de diciembre: 2026-12-05..2026-12-08",
		"del 28 al 30":                       "del 28 al 30: 2026-11-28..2026-11-30",
		"llegó ayer, y el lunes lo devuelvo": "ayer: 2026-11-25; lunes: 2026-11-23",
		"Llegó ayer. El lunes lo devuelvo":   "ayer: 2026-11-25; lunes: 2026-11-30",
		"hace 3 dias atras":                  "hace 3 dias: 2026-11-23",
		"a primera hora de la mañana":        "",
		"por la mañana estoy en casa":        "",
		"el 5 por ciento":                    "",
		"el 2 x 1":                           "",
		"servicio 24/7":                      "",
		"1/2 kilo":                           "",
		"el pedido 12-03":                    "",
		"pedido W12/03":                      "",
		"ref 12.03.99.1":                     "",
		"el 31 de febrero":                   "",
		"el 45":                              "",
		"el 5 unidades":                      "",
		"me lo dejaron en la planta 5, el 3º piso B": "",
	} {
		if got := strings.Join(days("es", text), "; "); got != want {
			t.Errorf("%q: %q, not %q", text, got, want)
		}
	}
}

func TestDatesInEnglish(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"next Friday":                            "next Friday: 2026-11-27|2026-12-04",
		"on Friday":                              "Friday: 2026-11-27",
		"I ordered it on Friday":                 "Friday: 2026-11-20",
		"last Friday":                            "last Friday: 2026-11-20",
		"Thursday":                               "Thursday: 2026-12-03",
		"does it arrive on the 5th?":             "the 5th: 2026-12-05",
		"I paid on the 5th":                      "the 5th: 2026-11-05",
		"the 5th of December":                    "the 5th of December: 2026-12-05",
		"December 5":                             "December 5: 2026-12-05",
		"Dec 5th, 2027":                          "Dec 5th, 2027: 2027-12-05",
		"5 December 2026":                        "5 December 2026: 2026-12-05",
		"three days ago":                         "three days ago: 2026-11-23",
		"a week ago":                             "a week ago: 2026-11-19",
		"a couple of weeks ago":                  "a couple of weeks ago: 2026-11-12",
		"in two days":                            "in two days: 2026-11-28",
		"the day after tomorrow":                 "day after tomorrow: 2026-11-28",
		"yesterday":                              "yesterday: 2026-11-25",
		"last week":                              "last week: 2026-11-16..2026-11-22",
		"next month":                             "next month: 2026-12-01..2026-12-31",
		"12/03/2026":                             "12/03/2026: 2026-03-12|2026-12-03",
		"13/12":                                  "13/12: 2026-12-13",
		"12/13":                                  "12/13: 2026-12-13",
		"it may take 5 days":                     "",
		"the 2nd floor":                          "",
		"the first time":                         "",
		"the 5th element":                        "",
		"24/7 support":                           "",
		"I need it by tomorrow, not next Monday": "tomorrow: 2026-11-27; next Monday: 2026-11-30",
		"I want to return what I bought in 2 orders": "",
	} {
		if got := strings.Join(days("en", text), "; "); got != want {
			t.Errorf("%q: %q, not %q", text, got, want)
		}
	}
	if got := days("en-US", "12/03/2026"); len(got) != 1 || got[0] != "12/03/2026: 2026-12-03" {
		t.Errorf("in the United States: %v", got)
	}
}

// TestDatesBeginWithTheShop: the same moment is another day elsewhere.
func TestDatesBeginWithTheShop(t *testing.T) {
	t.Parallel()
	late := time.Date(2026, 12, 31, 23, 30, 0, 0, time.UTC)
	for zone, want := range map[string]string{"Europe/Madrid": "2027-01-01", "America/Mexico_City": "2026-12-31", "UTC": "2026-12-31"} {
		place, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		if got := understand.Dates("es", "hoy", late, place); len(got) != 1 || got[0].From != want {
			t.Errorf("%s: %v", zone, got)
		}
	}
}

// TestDatesAsPeopleWriteThem: a day of this year, in every form, is found as that day.
func TestDatesAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	spanish := strings.Fields("enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre")
	rapid.Check(t, func(t *rapid.T) {
		when := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 364).Draw(t, "day"))
		locale, form := "es", rapid.SampledFrom([]string{"2/1/2006", "02-01-2006", "02.01.2006", "2006-01-02", "words", "English", "British"}).Draw(t, "form")
		written := when.Format(form)
		switch form {
		case "words":
			written = fmt.Sprintf("%d de %s de %d", when.Day(), spanish[when.Month()-1], when.Year())
		case "English":
			locale, written = "en", when.Format("January 2, 2006")
		case "British":
			locale, written = "en", when.Format("2 January 2006")
		}
		text := rapid.SampledFrom([]string{"", "¿llega ", "(", "W1001 "}).Draw(t, "before") + written + rapid.SampledFrom([]string{"", "?", ", vale", " a las 12"}).Draw(t, "after")
		got := understand.Dates(locale, text, thursday(), nil)
		if len(got) != 1 || got[0].From != when.Format(time.DateOnly) || got[0].To != got[0].From || got[0].Text != written {
			t.Fatalf("%q: %+v", text, got)
		}
	})
}

// TestWeekdaysOfEveryDay: whatever today is, the next such day is one to seven days
// ahead, and the last one as many behind.
func TestWeekdaysOfEveryDay(t *testing.T) {
	t.Parallel()
	names := strings.Fields("domingo lunes martes miércoles jueves viernes sábado")
	rapid.Check(t, func(t *rapid.T) {
		now := thursday().AddDate(0, 0, rapid.IntRange(-800, 800).Draw(t, "now"))
		d := rapid.IntRange(0, 6).Draw(t, "weekday")
		for text, ahead := range map[string]bool{"el " + names[d]: true, "próximo " + names[d]: true, "el " + names[d] + " pasado": false, "lo compré el " + names[d]: false} {
			got := understand.Dates("es", text, now, nil)
			if len(got) != 1 {
				t.Fatalf("%q: %+v", text, got)
			}
			when, err := time.Parse(time.DateOnly, got[0].From)
			if err != nil {
				t.Fatal(err)
			}
			away := int(when.Sub(now.Truncate(24*time.Hour)).Hours() / 24)
			if int(when.Weekday()) != d || ahead && (away < 1 || away > 7) || !ahead && (away > -1 || away < -7) {
				t.Fatalf("%q on %s is %s", text, now.Format(time.DateOnly), got[0].From)
			}
		}
	})
}

func FuzzDates(f *testing.F) {
	f.Add("es", "lo pedí el 12/03 y mañana es el 5 de dic. hace 3 semanas")
	f.Add("en", "on the 5th of May, 2026; next Friday\xff 1/2")
	f.Fuzz(func(t *testing.T, locale, text string) {
		end := 0
		for _, d := range understand.Dates(locale, text, thursday(), nil) {
			from, err := time.Parse(time.DateOnly, d.From)
			if err != nil {
				t.Fatalf("%q: %v", text, err)
			}
			to, err := time.Parse(time.DateOnly, d.To)
			if err != nil || to.Before(from) || d.Start < end || text[d.Start:d.End] != d.Text {
				t.Fatalf("%q: %+v", text, d)
			}
			end = d.End
		}
	})
}

// TestNothingInNothing: no dates, no amounts and no questions.
func TestNothingInNothing(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "  \n", "👍", "W1001"} {
		if diff := cmp.Diff([]string(nil), append(days("es", text), days("en", text)...)); diff != "" {
			t.Error(diff)
		}
	}
}

func BenchmarkDates(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		understand.Dates("es", "Hola, pedí el robot el 12/03 y me dijeron que llegaba el martes que viene, pero hace tres días que no sé nada", thursday(), nil)
	}
}
