package runs

import (
	"fmt"
	"strings"

	"github.com/recado/recado/evals/stats"
)

// spanish is the language of the second text of everything that a report says of its own accord.
const spanish = "es"

// say picks the words of a language.
func say(language, es, en string) string {
	if language == spanish {
		return es
	}
	return en
}

// number writes a figure, with a comma for the fraction in Spanish.
func number(language, format string, v float64) string {
	text := fmt.Sprintf(format, v)
	if language == spanish {
		text = strings.Replace(text, ".", ",", 1)
	}
	return text
}

// SummaryIn is the summary in Spanish or else in English.
func (c Comparison) SummaryIn(language string) string {
	if language == spanish && c.SummaryES != "" {
		return c.SummaryES
	}
	return c.Summary
}

// NotesIn are the notes in Spanish or else in English.
func (c Comparison) NotesIn(language string) []string {
	if language == spanish && len(c.NotesES) == len(c.Notes) {
		return c.NotesES
	}
	return c.Notes
}

// notes say what else is not the same in two runs.
func notes(language string, base, candidate Run, m matched) []string {
	var list []string
	for _, one := range [...]struct{ es, en, base, candidate string }{
		{"La suite", "The suite", base.Suite, candidate.Suite},
		{"El sistema", "The system", base.System, candidate.System},
		{"El modelo", "The model", base.Model, candidate.Model},
		{"La revisión", "The revision", base.Revision, candidate.Revision},
		{"La configuración", "The configuration", base.Config, candidate.Config},
		{"Quien juzga", "The judge", base.Judge, candidate.Judge},
	} {
		if one.base != one.candidate {
			list = append(list, fmt.Sprintf(say(language, "%s era %s y es %s.", "%s was %s and is %s."),
				say(language, one.es, one.en), quotedIn(language, one.base), quotedIn(language, one.candidate)))
		}
	}
	if base.Costs != candidate.Costs {
		list = append(list, say(language, "Los costes de la suite no son los mismos; las dos ejecuciones se pesan con los nuevos.",
			"The costs of the suite are not the same; both runs are weighed by the new ones."))
	}
	for _, one := range [...]struct {
		n      int
		es, en string
	}{
		{len(m.missing), "Casos de la base que no están en la nueva: %d.", "%d cases of the base are not in the new run."},
		{len(m.added), "Casos que solo están en la nueva: %d.", "%d cases are only in the new run."},
		{
			m.unjudged, "Casos que no se han podido comparar, porque un proveedor no respondía o al sistema no se le puede preguntar algo así: %d.",
			"%d cases could not be compared, because a provider was away or the system cannot be asked such a thing.",
		},
	} {
		if one.n > 0 {
			list = append(list, fmt.Sprintf(say(language, one.es, one.en), one.n))
		}
	}
	return list
}

func quoted(value string) string { return quotedIn("", value) }

func quotedIn(language, value string) string {
	switch {
	case value == "" && language == spanish:
		return "desconocido"
	case value == "":
		return "not known"
	case language == spanish:
		return "«" + value + "»"
	}
	return fmt.Sprintf("%q", value)
}

// summary says the verdict; passed is the change of the cases that pass, or nil.
func (c Comparison) summary(language string, passed *Change, t Terms) string {
	if passed == nil {
		return say(language, "Las ejecuciones no tienen ningún caso en común que las dos hayan juzgado: compara ejecuciones de una misma suite.",
			"The runs have no case in common that both judged: compare runs of one suite.")
	}
	var text string
	switch c.Verdict {
	case Worse:
		text = say(language, "Peor: ", "Worse: ") + c.moved(language, Worse)
	case BetterNow:
		text = say(language, "Mejor: ", "Better: ") + c.moved(language, BetterNow)
	default:
		text = fmt.Sprintf(say(language, "No se ve ninguna diferencia; una caída de más de %s puntos en los casos que van bien se habría visto cuatro veces de cinco.",
			"No difference seen; a drop of more than %s points in cases passed would have been seen, four times of five."), number(language, "%.1f", 100*passed.Detectable))
	}
	if c.NotWorse != nil {
		text += " " + margin(language, *c.NotWorse, passed.Difference, t.Margin)
	}
	return text
}

// moved lists the figures of quality with a verdict.
func (c Comparison) moved(language, verdict string) string {
	var list []string
	for _, m := range c.Metrics {
		if !spent(m.Metric) && m.Verdict == verdict {
			list = append(list, fmt.Sprintf(say(language, "%s (%s, era %s)", "%s (%s, was %s)"),
				m.Metric, number(language, "%.4g", m.Difference.New), number(language, "%.4g", m.Difference.Base)))
		}
	}
	return strings.Join(list, say(language, "; ", ", ")) + "."
}

func margin(language string, enough bool, d stats.Difference, most float64) string {
	fell, limit := number(language, "%.1f", max(0, -100*d.Low)), number(language, "%.1f", 100*most)
	if enough {
		return fmt.Sprintf(say(language, "La parte que va bien ha caído en %s puntos como mucho, dentro del margen de %s.",
			"The share that passes fell by at most %s points, within the margin of %s."), fell, limit)
	}
	return fmt.Sprintf(say(language, "La parte que va bien puede haber caído en %s puntos, más que el margen de %s: más casos lo aclararían, o el cambio no es bastante bueno.",
		"The share that passes may have fallen by %s points, more than the margin of %s: more cases would tell, or the change is not good enough."), fell, limit)
}
