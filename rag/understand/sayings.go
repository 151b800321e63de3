package understand

import (
	"strings"
	"time"
)

// say makes a saying of its words.
func say(sequence string, days func(r reader, n int, past bool) span) saying {
	return saying{strings.Fields(sequence), days}
}

// fixed is a number of days from today.
func fixed(sequence string, n int) saying {
	return say(sequence, func(r reader, _ int, _ bool) span { return r.days(n) })
}

// spanOf is a saying without a number.
func spanOf(sequence string, days func(reader) span) saying {
	return say(sequence, func(r reader, _ int, _ bool) span { return days(r) })
}

// grammar has the sayings by their first words, since few begin at any word of a text.
type grammar map[string][]saying

var (
	inSpanish = grammarOf("es")
	inEnglish = grammarOf("en")
)

func grammarOf(locale string) grammar {
	list := spanishSayings()
	if isEnglish(locale) {
		list = englishSayings()
	}
	g := grammar{}
	for _, s := range list {
		g[s.words[0]] = append(g[s.words[0]], s)
	}
	return g
}

// spanishSayings are those of Spain and of Latin America.
func spanishSayings() []saying {
	list := []saying{
		fixed("hoy", 0), fixed("esta manana", 0), fixed("esta tarde", 0), fixed("esta noche", 0), fixed("ayer", -1), fixed("anoche", -1),
		fixed("ayer por la tarde", -1), fixed("anteayer", -2), fixed("antier", -2), fixed("antes de ayer", -2), fixed("antes de anoche", -2), fixed("anteanoche", -2),
		fixed("manana", 1), fixed("manana por la manana", 1), fixed("manana en la manana", 1), fixed("pasado manana", 2),
		say("# dias atras", ago(0, -1)), say("# semanas atras", ago(0, -7)), say("# meses atras", ago(-1, 0)),
		spanOf("fin de semana", func(r reader) span { return r.weekend(0) }),
		spanOf("este fin de semana", func(r reader) span { return r.weekend(0) }),
		spanOf("este finde", func(r reader) span { return r.weekend(0) }),
	}
	for unit, step := range map[string][2]int{"dias": {0, 1}, "dia": {0, 1}, "semanas": {0, 7}, "semana": {0, 7}, "meses": {1, 0}, "mes": {1, 0}, "anos": {12, 0}, "ano": {12, 0}} {
		list = append(list, say("hace # "+unit, ago(-step[0], -step[1])), say("hace ya # "+unit, ago(-step[0], -step[1])), say("hace como # "+unit, ago(-step[0], -step[1])),
			say("hara # "+unit, ago(-step[0], -step[1])), say("en # "+unit, ago(step[0], step[1])), say("dentro de # "+unit, ago(step[0], step[1])))
	}
	for _, unit := range []struct {
		name string
		span func(reader, int) span
	}{{"semana", reader.week}, {"mes", reader.month}, {"ano", reader.year}, {"fin de semana", reader.weekend}, {"finde", reader.weekend}} {
		for form, n := range map[string]int{"esta ": 0, "este ": 0, "la proxima ": 1, "el proximo ": 1, "proxima ": 1, "proximo ": 1} {
			list = append(list, spanOf(form+unit.name, func(r reader) span { return unit.span(r, n) }))
		}
		for form, n := range map[string]int{" pasada": -1, " pasado": -1, " que viene": 1, " que entra": 1, " proxima": 1, " proximo": 1, " siguiente": 1, " anterior": -1} {
			list = append(list, spanOf(unit.name+form, func(r reader) span { return unit.span(r, n) }))
		}
	}
	return append(list, spanishWeekdays()...)
}

func spanishWeekdays() []saying {
	bare := func(r reader, d int, past bool) span {
		if past {
			return day(r.behind(time.Weekday(d)))
		}
		return day(r.ahead(time.Weekday(d)))
	}
	next := func(r reader, d int, _ bool) span { return day(r.ahead(time.Weekday(d))) }
	last := func(r reader, d int, _ bool) span { return day(r.behind(time.Weekday(d))) }
	return []saying{
		say("@", bare), say("este @", bare), say("proximo @", next), say("@ que viene", next), say("@ proximo", next), say("@ que entra", next),
		say("@ pasado", last), say("pasado @", last), say("ultimo @", last), say("@ de la semana pasada", inWeek(-1)), say("@ de esta semana", inWeek(0)),
		say("@ de la semana que viene", inWeek(1)), say("@ de la proxima semana", inWeek(1)),
	}
}

// inWeek is a weekday of a week.
func inWeek(weeks int) func(reader, int, bool) span {
	return func(r reader, d int, _ bool) span { return day(r.monday(weeks).AddDate(0, 0, (d+6)%7)) }
}

// ago is a number of months or days from today.
func ago(months, days int) func(reader, int, bool) span {
	return func(r reader, n int, _ bool) span {
		if months != 0 {
			return r.shift(n * months)
		}
		return r.days(n * days)
	}
}

// englishSayings are those of both sides of the ocean.
func englishSayings() []saying {
	list := []saying{
		fixed("today", 0), fixed("this morning", 0), fixed("this afternoon", 0), fixed("this evening", 0), fixed("tonight", 0), fixed("yesterday", -1), fixed("last night", -1),
		fixed("day before yesterday", -2), fixed("tomorrow", 1), fixed("day after tomorrow", 2), fixed("tmrw", 1), fixed("tmr", 1),
		spanOf("this weekend", func(r reader) span { return r.weekend(0) }), spanOf("the weekend", func(r reader) span { return r.weekend(0) }),
	}
	for unit, step := range map[string][2]int{"days": {0, 1}, "day": {0, 1}, "weeks": {0, 7}, "week": {0, 7}, "months": {1, 0}, "month": {1, 0}, "years": {12, 0}, "year": {12, 0}} {
		list = append(list, say("# "+unit+" ago", ago(-step[0], -step[1])), say("# "+unit+" back", ago(-step[0], -step[1])),
			say("in # "+unit, ago(step[0], step[1])), say("# "+unit+" from now", ago(step[0], step[1])))
	}
	for _, unit := range []struct {
		name string
		span func(reader, int) span
	}{{"week", reader.week}, {"month", reader.month}, {"year", reader.year}, {"weekend", reader.weekend}} {
		for form, n := range map[string]int{"this ": 0, "next ": 1, "the next ": 1, "the coming ": 1, "last ": -1, "the previous ": -1, "the past ": -1} {
			list = append(list, spanOf(form+unit.name, func(r reader) span { return unit.span(r, n) }))
		}
	}
	return append(list, englishWeekdays()...)
}

func englishWeekdays() []saying {
	ahead := func(r reader, d int, _ bool) span { return day(r.ahead(time.Weekday(d))) }
	last := func(r reader, d int, _ bool) span { return day(r.behind(time.Weekday(d))) }
	bare := func(r reader, d int, past bool) span {
		if past {
			return last(r, d, past)
		}
		return ahead(r, d, past)
	}
	// For some the next Friday is the first that comes, for others that of next week.
	next := func(r reader, d int, past bool) span {
		s := ahead(r, d, past)
		s.or = inWeek(1)(r, d, past).from
		return s
	}
	return []saying{
		say("@", bare), say("this @", bare), say("this coming @", ahead), say("coming @", ahead), say("next @", next), say("last @", last), say("past @", last),
		say("@ last week", inWeek(-1)), say("@ next week", inWeek(1)), say("@ this week", inWeek(0)),
	}
}

// happened tells whether a word is a verb that tells of the past.
func (r reader) happened(w word) bool {
	if r.english {
		return englishPast[w.folded] || len(w.folded) > 4 && strings.HasSuffix(w.folded, "ed") && w.folded != "need"
	}
	if spanishPast[w.folded] {
		return true
	}
	written := strings.ToLower(r.text[w.start:w.end])
	for _, ending := range []string{"aron", "ieron", "aste", "iste", "amos hecho"} {
		if strings.HasSuffix(written, ending) {
			return true
		}
	}
	return len(w.folded) > 3 && (strings.HasSuffix(written, "ó") || strings.HasSuffix(written, "í") && !strings.HasSuffix(written, "quí") && !strings.HasSuffix(written, "llí"))
}

// The verbs that tell of the past without an ending that says so, or without its accent.
var (
	spanishPast = among(`hice hizo hicimos pedi compre pague recibi devolvi envie mande llame escribi cancele reclame anule fue fui era estuve estuvo tuve tuvo vino vine
		pude quise puse dije dijo trajo puso hicieron desde compré pagué envié mandé llamé cancelé llevo habia pedido comprado recibido`)
	englishPast = among(`was were did had got came went bought made sent paid said told took gave left since ordered received arrived spoke wrote broke placed`)
)
