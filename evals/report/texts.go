package report

import (
	"fmt"
	"strings"

	"github.com/recado/recado/evals/runs"
)

// text is one phrase in both languages.
type text struct{ es, en string }

func (t text) in(language string) string {
	if language == "es" {
		return t.es
	}
	return t.en
}

// lookup gives a phrase, or "" when there is none of that key.
func lookup(language, key string) string { return phrases[key].in(language) }

// phrase gives a phrase that has to exist; a test holds that all do that are asked for.
func phrase(language, key string) string {
	if s := lookup(language, key); s != "" {
		return s
	}
	return "[" + key + "]"
}

// identity says which run it is: "demo, rag with offline, revision 3f2c1ab, ...".
func identity(language string, r runs.Run) string {
	system := r.System
	if r.Model != "" {
		system += " " + phrase(language, "with") + " " + r.Model
	}
	parts := []string{r.Suite, system}
	if r.Revision != "" {
		parts = append(parts, phrase(language, "revision")+" "+r.Revision)
	}
	if r.Config != "" {
		parts = append(parts, phrase(language, "config")+" "+r.Config)
	}
	if !r.Started.IsZero() {
		parts = append(parts, r.Started.UTC().Format("2006-01-02 15:04 UTC"))
	}
	return strings.Join(parts, ", ")
}

// verdict says in a sentence or two how the run went.
func verdict(language string, r runs.Run) string {
	say := func(key string, args ...any) string { return fmt.Sprintf(phrase(language, key), args...) }
	parts := []string{say("verdict_failed")}
	if passed(r) {
		parts[0] = say("verdict_passed")
	}
	parts = append(parts, say("verdict_cases", r.Passed, r.Cases))
	failed := 0
	for _, g := range r.Gates {
		if !g.OK {
			failed++
		}
	}
	if failed > 0 {
		parts = append(parts, say("verdict_gates", failed, len(r.Gates)))
	}
	if n := outages(r); n > 0 {
		parts = append(parts, say("verdict_outages", n))
	}
	if !r.Complete {
		parts = append(parts, say("verdict_incomplete"))
	}
	return strings.Join(parts, " ")
}

// says writes what a check wanted and what it got.
func says(language string, c runs.Check) string {
	var parts []string
	if c.Want != "" {
		parts = append(parts, phrase(language, "wanted")+" "+c.Want)
	}
	if c.Got != "" {
		parts = append(parts, phrase(language, "got")+" "+c.Got)
	}
	if len(parts) == 0 {
		return phrase(language, "did_not_hold")
	}
	return strings.Join(parts, "; ")
}

// phrases are all words of the reports besides the names of figures.
var phrases = map[string]text{
	"verdict_passed":     {"Superado.", "Passed."},
	"verdict_failed":     {"No superado.", "Failed."},
	"verdict_cases":      {"%d de %d casos bien.", "%d of %d cases passed."},
	"verdict_gates":      {"Umbrales no alcanzados: %d de %d.", "Thresholds not reached: %d of %d."},
	"verdict_outages":    {"Casos sin juzgar porque un proveedor no respondía: %d.", "Cases not judged because a provider was away: %d."},
	"verdict_incomplete": {"La ejecución se interrumpió: repite la orden y seguirá donde quedó.", "The run was interrupted: give the command again and it goes on where it stopped."},

	"with":         {"con", "with"},
	"revision":     {"revisión", "revision"},
	"config":       {"configuración", "config"},
	"also":         {"también", "also"},
	"wanted":       {"se esperaba", "wanted"},
	"got":          {"fue", "got"},
	"did_not_hold": {"no se cumple", "did not hold"},
	"points":       {"puntos", "points"},
	"bound_low":    {"extremo inferior", "low end"},
	"bound_high":   {"extremo superior", "high end"},

	"against":      {"Comparado con", "Compared with"},
	"gates":        {"Umbrales", "Thresholds"},
	"gate":         {"Qué", "What"},
	"limit":        {"Umbral", "Threshold"},
	"measured":     {"Medido", "Measured"},
	"not_measured": {"sin medir", "not measured"},
	"note":         {"Nota", "Note"},
	"ok":           {"bien", "ok"},
	"failed":       {"mal", "failed"},
	"changes":      {"Qué ha cambiado", "What changed"},
	"paired":       {"De los casos que están en las dos: ahora fallan %d, ahora van bien %d, otra respuesta con el mismo resultado %d, sin cambios %d.", "Of the cases that both have: %d fail now, %d pass now, %d got another answer with the same verdict, %d did not change."},
	"figure":       {"Cifra", "Figure"},
	"figures":      {"Cifras", "Figures"},
	"before":       {"Antes", "Before"},
	"now":          {"Ahora", "Now"},
	"change":       {"Cambio", "Change"},
	"better":       {"mejor", "better"},
	"worse":        {"peor", "worse"},
	"now_failed":   {"Ahora fallan", "Fail now"},
	"now_passed":   {"Ahora van bien", "Pass now"},
	"gone":         {"Ya no están", "No longer there"},
	"added":        {"Nuevos", "New"},
	"failed_cases": {"Casos que fallan", "Failed cases"},
	"and_more":     {"Y %d más, que no caben aquí: están en el informe HTML.", "And %d more that do not fit here: the HTML report has them."},
	"customer":     {"cliente", "customer"},
	"reply":        {"respuesta", "reply"},

	"theme_whole":     {"En conjunto", "Overall"},
	"theme_decision":  {"Decisión", "Decision"},
	"theme_answer":    {"Respuesta", "Answer"},
	"theme_retrieval": {"Búsqueda", "Retrieval"},
	"theme_actions":   {"Gestiones", "Actions"},
	"theme_safety":    {"Seguridad", "Safety"},
	"theme_parity":    {"Paridad entre idiomas", "Parity of languages"},
	"theme_judge":     {"Modelo que juzga", "Model as judge"},
	"theme_time":      {"Tiempo", "Time"},
	"theme_cost":      {"Consumo", "Usage"},
	"theme_other":     {"Otras", "Other"},
}

// figures are the metrics that reports know, in the order they are shown.
var figures = []figure{
	{"passed", "whole", share, higher, text{"Casos bien", "Cases passed"}},
}
