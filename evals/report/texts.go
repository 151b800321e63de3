package report

import (
	"encoding/json"
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

// MarshalJSON writes both, Spanish first, for the script of a report.
func (t text) MarshalJSON() ([]byte, error) { return json.Marshal([2]string{t.es, t.en}) }

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
	switch {
	case r.Away():
		parts[0] = say("verdict_away")
	case passed(r):
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
	if n := skipped(r); n > 0 {
		parts = append(parts, say("verdict_skipped", n))
	}
	if !r.Complete {
		parts = append(parts, say("verdict_incomplete"))
	}
	return strings.Join(parts, " ")
}

// causeWords say where a case that failed went wrong.
func causeWords(language string, r runs.Result) string {
	return phrase(language, "cause_"+string(runs.CauseOf(r)))
}

// says writes what a check wanted and what it got. What was said is not written again: it
// stands above.
func says(language string, c runs.Check) string {
	switch c.Name {
	case "says":
		return phrase(language, "not_said") + ": " + c.Want
	case "never":
		return phrase(language, "was_said") + ": " + strings.TrimPrefix(c.Want, "not: ")
	}
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
	"verdict_away":       {"Sin juzgar.", "Not judged."},
	"verdict_cases":      {"%d de %d casos bien.", "%d of %d cases passed."},
	"verdict_gates":      {"Umbrales no alcanzados: %d de %d.", "Thresholds not reached: %d of %d."},
	"verdict_outages":    {"Casos sin juzgar porque un proveedor no respondía: %d.", "Cases not judged because a provider was away: %d."},
	"verdict_incomplete": {"La ejecución no ha llegado al final: la misma orden con --resume sigue donde se quedó.", "The run came to no end: the same command with --resume goes on where it stopped."},

	"verdict_skipped": {"Casos que este sistema no admite: %d.", "Cases that this system can't be asked: %d."},

	"judged_by": {"Las respuestas las ha juzgado %s.", "Replies were judged by %s."},
	"unjudged": {
		"Afirmaciones sobre respuestas que nadie ha juzgado: %d; con RECADO_JUDGE_MODEL o --judge=MODELO las juzga un modelo.",
		"Statements about replies that nobody judged: %d; with RECADO_JUDGE_MODEL or --judge=MODEL a model does.",
	},
	"marked": {
		"Marcas de personas sobre %s: %d, en %d casos independientes; la cifra corregida está al lado.",
		"People's marks of %s: %d, in %d independent cases; the corrected figure is beside it.",
	},
	"marked_wide": {
		"Marcas de personas sobre %s: %d, en %d casos independientes; con %d casos más, el intervalo de la cifra corregida llegaría a 10 puntos a cada lado.",
		"People's marks of %s: %d, in %d independent cases; %d cases more would bring the interval of the corrected figure to 10 points on each side.",
	},
	"marked_few": {
		"Marcas de personas sobre %s: %d, en %d casos independientes; para corregir la cifra hacen falta %d: marca %d más, elegidos al azar (--judge-sheet).",
		"People's marks of %s: %d, in %d independent cases; to correct the figure it takes %d: mark %d more, picked by chance (--judge-sheet).",
	},
	"marked_few_language": {
		"El acuerdo sobre %s no se muestra: hay marcas de %d casos independientes y hacen falta %d; marca %d más.",
		"The agreement on %s is not shown: there are marks of %d independent cases, and it takes %d; mark %d more.",
	},
	"with_corrected": {", corregido por personas", ", corrected by people"},
	"with_agreement": {", y las personas dicen lo mismo", ", and people say the same"},
	"with_kappa":     {", acuerdo con personas (kappa)", ", agreement with people (kappa)"},

	"with":                       {"con", "with"},
	"revision":                   {"revisión", "revision"},
	"config":                     {"configuración", "config"},
	"also":                       {"también", "also"},
	"wanted":                     {"se esperaba", "wanted"},
	"got":                        {"fue", "got"},
	"did_not_hold":               {"no se cumple", "did not hold"},
	"or":                         {"o", "or"},
	"at_most":                    {"como mucho", "at most"},
	"characters":                 {"caracteres", "characters"},
	"want_no question twice":     {"ninguna pregunta dos veces", "no question twice"},
	"want_every sentence backed": {"todas las frases con respaldo", "every sentence backed"},
	"not_said":                   {"no se dijo", "not said"},
	"was_said":                   {"se dijo", "was said"},
	"points":                     {"puntos", "points"},
	"bound_low":                  {"extremo inferior", "low end"},
	"bound_high":                 {"extremo superior", "high end"},

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
	"unsure":       {"sin diferencia clara", "no difference seen"},
	"p_head":       {"p corregida", "corrected p"},
	"changes_lead": {"Cada cifra compara los mismos casos; p está corregida por cuántas se miran.", "Each figure compares the same cases; p is corrected for how many are looked at."},
	"no_steps":     {"De este caso no se guardó ningún paso.", "No step of this case was kept."},
	"now_failed":   {"Ahora fallan", "Fail now"},
	"now_passed":   {"Ahora van bien", "Pass now"},
	"gone":         {"Ya no están", "No longer there"},
	"added":        {"Nuevos", "New"},
	"failed_cases": {"Casos que fallan", "Failed cases"},
	"and_more":     {"Y %d más, que no caben aquí: están en el informe HTML.", "And %d more that do not fit here: the HTML report has them."},
	"customer":     {"cliente", "customer"},
	"reply":        {"respuesta", "reply"},

	"causes":      {"Por qué fallan", "Why cases failed"},
	"causes_lead": {"Dónde se torció primero cada caso que falla, según su registro. Pulsa uno para ver sus casos.", "Where each failed case went wrong first, as its record tells. Press one to see its cases."},
	"cause":       {"Causa", "Cause"},
	"mend":        {"Qué mirar", "What to look at"},

	"cause_not_found":      {"El documento debido no se encontró", "The right document was not found"},
	"mend_not_found":       {"La búsqueda: las palabras del documento, el glosario, cómo se divide.", "The search: the document's words, the glossary, how it is split."},
	"cause_not_read":       {"El documento debido se encontró, pero no llegó al modelo", "The right document was found, and did not reach the model"},
	"mend_not_read":        {"El orden de los pasajes: una línea en las preguntas frecuentes, o un modelo que los reordene.", "The order of passages: a line in the FAQ, or a model that reranks them."},
	"cause_no_draft":       {"El modelo tenía lo que hacía falta y no respondió", "The model had what it took and gave no answer"},
	"mend_no_draft":        {"El modelo y sus instrucciones: cómo está escrita la pregunta y si el pasaje lo dice con esas palabras.", "The model and its prompt: how the question is written, and whether the passage says it in such words."},
	"cause_by_rule":        {"Una regla o una comprobación la pasó a una persona", "A rule or a check handed it off"},
	"mend_by_rule":         {"La regla que se nombra en el paso, y las frases que la comprobación rechazó.", "The rule named in the step, and the sentences that the check refused."},
	"cause_held_wrong":     {"El borrador estaba mal y la confianza no lo envió", "The draft was wrong, and the confidence held it back"},
	"mend_held_wrong":      {"El borrador: no se dijo nada falso, pero faltó la respuesta debida.", "The draft: nothing false was said, but the right answer is missing."},
	"cause_held_right":     {"El borrador estaba bien y la confianza no lo envió", "The draft was right, and the confidence held it back"},
	"mend_held_right":      {"La calibración: más etiquetas de casos así (recado eval calibrate).", "The calibration: more labels of cases like these (recado eval calibrate)."},
	"cause_other_document": {"Se respondió con otro documento", "It was answered from another document"},
	"mend_other_document":  {"Respuestas equivocadas que se enviaron: la elección del pasaje.", "Wrong answers that were sent: the choice of the passage."},
	"cause_left_out":       {"Se respondió, pero faltó algo que había que decir", "It was answered, and something that had to be said is missing"},
	"mend_left_out":        {"Respuestas incompletas que se enviaron: preguntas con varias partes y frases que se quitaron.", "Incomplete answers that were sent: questions in several parts, and sentences that were dropped."},
	"cause_not_handed_off": {"Hacía falta una persona y se respondió", "A person was wanted, and it was answered"},
	"mend_not_handed_off":  {"Lo más grave: por qué se tuvo por respondida.", "The gravest: why it was taken for answered."},
	"cause_other_decision": {"Se decidió otra cosa", "Something else was decided"},
	"mend_other_decision":  {"La regla que se nombra en el paso.", "The rule named in the step."},
	"cause_forbidden":      {"Se dijo o se guardó algo que no se debía", "Something was said or kept that must not be"},
	"mend_forbidden":       {"Lo más grave: de dónde salió esa frase.", "The gravest: where that sentence came from."},
	"cause_wrong_action":   {"Con un pedido se hizo otra cosa", "Something else was done with an order"},
	"mend_wrong_action":    {"Las gestiones del paso y las reglas de la tienda.", "The actions of the step, and the shop's rules."},
	"cause_poor_form":      {"La respuesta es larga, repite, o va en otro idioma", "The reply is long, repeats itself, or is in another language"},
	"mend_poor_form":       {"La forma: la longitud, el idioma, los mensajes, lo que se pregunta dos veces.", "The form: length, language, messages, what is asked twice."},
	"cause_poor_talk":      {"La charla se alargó o acabó de otra forma", "The talk took too long, or ended in another way"},
	"mend_poor_talk":       {"En qué mensaje dejó el cliente de avanzar.", "The message at which the customer got no further."},
	"cause_no_answer":      {"El sistema no dio una respuesta que se pudiera leer", "The system gave no answer that could be read"},
	"mend_no_answer":       {"Lo que devuelve la dirección de --system: el paso dice qué le falta.", "What the address of --system gives back: the step says what it lacks."},
	"cause_by_judge":       {"Una frase sin respaldo, o no convenció al juez", "A sentence without backing, or the judge was not convinced"},
	"mend_by_judge":        {"El motivo del juez, y qué frase quedó sin respaldo.", "The judge's reason, and which sentence has no backing."},

	"found_in":      {"Documentos encontrados, por orden", "Documents found, in order"},
	"right_one":     {"el debido", "the right one"},
	"read_one":      {"leído", "read"},
	"cited_one":     {"citado", "cited"},
	"not_among":     {"Entre los encontrados no está el debido:", "The right one is not among those found:"},
	"checks_held":   {"comprobaciones se cumplen", "checks hold"},
	"previous":      {"Anterior", "Previous"},
	"next":          {"Siguiente", "Next"},
	"link":          {"Enlace a este caso", "Link to this case"},
	"linked":        {"Enlace copiado", "Link copied"},
	"clear":         {"Quitar filtros", "Clear filters"},
	"keys":          {"Teclas", "Keys"},
	"key_move":      {"al caso siguiente y al anterior", "to the next case and the previous one"},
	"key_open":      {"abrir y cerrar el caso", "open and close the case"},
	"key_walk":      {"abrir el siguiente o el anterior y cerrar este", "open the next or the previous one and close this"},
	"key_search":    {"buscar", "search"},
	"key_failed":    {"solo los que fallan, o todos", "only those that failed, or all"},
	"key_print":     {"Al imprimir salen las cifras, los gráficos y los casos que se ven en la lista.", "Printed are the figures, the pictures and the cases that the list shows."},
	"sent_at":       {"se envía desde", "sent from"},
	"more_slices":   {"grupos", "slices"},
	"home":          {"Todas las ejecuciones", "All runs"},
	"rule_head":     {"regla", "rule"},
	"reason_head":   {"motivo", "reason"},
	"with_previous": {"Comparar con la anterior", "Compare with the one before"},

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

	"replay_gate":         {"Lo que no puede empeorar", "What must not get worse"},
	"replay_gate_lead":    {"De los turnos anteriores al primer cambio de su conversación, por conversaciones. «Nada sin revisar»: al cliente no se le dice nada que nadie haya visto que es correcto.", "Of the turns before the first change of their conversation, by conversations. “Nothing unchecked”: the customer is told nothing that nobody has seen to be right."},
	"replay_counts":       {"En qué cambia", "What would be different"},
	"replay_counts_lead":  {"Lo más arriesgado primero. Tras el primer cambio el cliente quizá habría escrito otra cosa: esos turnos se cuentan aparte y no deciden.", "The riskiest first. After the first change the customer might have written something else: such turns are counted apart and do not decide."},
	"replay_what":         {"Cambio", "Change"},
	"replay_exact":        {"exactos", "exact"},
	"replay_after":        {"después de un cambio", "after a change"},
	"replay_risky":        {"nadie lo ha revisado", "nobody has checked it"},
	"replay_changes":      {"Cambios", "Changes"},
	"replay_changes_lead": {"Cada turno, como fue y como sería. Los nombres, números y direcciones de los clientes están ocultos.", "Each turn as it was and as it would be. Customers' names, numbers and addresses are masked."},
	"replay_more":         {"Solo los más arriesgados llevan aquí su registro; todos están en el archivo de --json.", "Only the riskiest have their record here; all are in the file of --json."},
	"replay_silent":       {"El cliente no recibe nada.", "The customer gets nothing."},
	"replay_query":        {"Se buscó", "Searched for"},
	"replay_missing":      {"Le faltaba al modelo", "The model lacked"},
	"replay_failed":       {"No se sostiene", "Did not hold"},
	"replay_orders":       {"Pedidos mirados", "Orders looked at"},
	"replay_draft":        {"Borrador", "Draft"},
	"replay_cited":        {"citado", "cited"},

	"noscript":          {"Para ver los casos hace falta JavaScript, que aquí solo lee este archivo.", "The cases need JavaScript, which reads nothing but this file."},
	"contents":          {"Contenido", "Contents"},
	"suite":             {"Suite", "Suite"},
	"system":            {"Sistema", "System"},
	"revision_head":     {"Revisión", "Revision"},
	"config_head":       {"Configuración", "Config"},
	"started":           {"Empezó", "Started"},
	"repeat":            {"Intentos por caso", "Tries of each case"},
	"state":             {"Estado", "State"},
	"value":             {"Valor", "Value"},
	"interval":          {"Intervalo del 95 %", "95 % interval"},
	"figures_lead":      {"Cada cifra lleva su intervalo del 95 % y de cuántos casos independientes sale.", "Each figure has its 95 % interval and how many independent cases it rests on."},
	"pictures":          {"Gráficos", "Pictures"},
	"no_drafts":         {"Ningún borrador se puntuó, así que no hay curvas de confianza.", "No draft was scored, so there are no curves of the confidence."},
	"reliability":       {"Fiabilidad", "Reliability"},
	"reliability_words": {"Cada punto es un décimo de los borradores, con su intervalo exacto del 95 % y cuántos están bien. Una confianza perfecta los tendría en la diagonal.", "Each dot is a tenth of the drafts, with its exact 95 % interval and how many are right. Perfect scores would have them on the diagonal."},
	"score":             {"confianza", "confidence"},
	"right":             {"borradores correctos", "drafts that are right"},
	"bin":               {"Confianza media %s: %d de %d bien", "Mean confidence %s: %d of %d right"},
	"risk_coverage":     {"Riesgo por cobertura", "Risk by coverage"},
	"sent":              {"borradores enviados", "drafts sent"},
	"sent_wrong":        {"mal, de los enviados", "wrong, of those sent"},
	"no_threshold":      {"Con este umbral no se enviaría ninguno.", "With this threshold none would be sent."},
	"ring":              {"El anillo es el umbral %s: se envían %d de %d borradores y %d están mal.", "The ring is the threshold %s: %d of %d drafts are sent, and %d are wrong."},
	"band_words":        {"La banda es el intervalo exacto del 95 % en cada punto, como si cada borrador fuera independiente.", "The band is the exact 95 % interval of each place, as if every draft were independent."},
	"confusion":         {"Decisiones", "Decisions"},
	"expected":          {"esperada", "expected"},
	"decided":           {"tomada", "decided"},
	"confusion_words":   {"Turnos por la decisión esperada y la tomada. Lo que está fuera de la diagonal no debió pasar.", "Turns by the decision that was expected and the one taken. What is off the diagonal should not have happened."},
	"latency":           {"Tiempo por etapa", "Time by stage"},
	"stage":             {"Etapa", "Stage"},
	"whole_step":        {"hasta la respuesta", "until the reply"},
	"latency_words":     {"La parte viva llega a la mitad de las veces (p50); la pálida, a 19 de cada 20 (p95).", "The strong part reaches to half of the times (p50), the pale one to 19 of 20 (p95)."},
	"usage":             {"Tokens y coste", "Tokens and cost"},
	"what":              {"Qué", "What"},
	"in_all":            {"En total", "In all"},
	"per_case":          {"Por caso", "Per case"},
	"use_calls":         {"Llamadas a modelos", "Model calls"},
	"use_read":          {"Tokens leídos", "Tokens read"},
	"use_written":       {"Tokens escritos", "Tokens written"},
	"use_cost":          {"Dinero", "Money"},
	"judge_use_calls":   {"Llamadas al modelo que juzga", "Calls of the judge"},
	"judge_use_read":    {"Tokens leídos por el modelo que juzga", "Tokens read by the judge"},
	"judge_use_written": {"Tokens escritos por el modelo que juzga", "Tokens written by the judge"},
	"judge_use_cost":    {"Dinero del modelo que juzga", "Money of the judge"},
	"usage_words":       {"El dinero va en la moneda de los precios configurados.", "Money is in the currency of the configured prices."},
	"slices":            {"Por grupos", "Slices"},
	"slices_lead":       {"Pulsa el título de una columna para ordenar, o un grupo para ver sus casos.", "Press a column's title to sort by it, or a slice to see its cases."},
	"failed_head":       {"Mal", "Failed"},
	"by":                {"Según", "By"},
	"slice":             {"Grupo", "Slice"},
	"cases":             {"Casos", "Cases"},
	"passed":            {"Bien", "Passed"},
	"by_language":       {"idioma", "language"},
	"by_intent":         {"intención", "intent"},
	"by_tag":            {"etiqueta", "tag"},
	"by_risk":           {"riesgo", "risk"},
	"by_variant":        {"variante", "variant"},
	"by_suite":          {"suite", "suite"},
	"parity":            {"Paridad entre idiomas", "Parity of languages"},
	"parity_lead":       {"Pares de la misma pregunta en los dos idiomas que no recibieron la misma decisión o los mismos datos:", "Pairs of the same question in both languages that did not get the same decision or facts:"},
	"unequal":           {"Pares desiguales", "Unequal pairs"},
	"pair":              {"Par", "Pair"},
	"case":              {"Caso", "Case"},

	"decision_reply":   {"responder", "reply"},
	"decision_clarify": {"preguntar", "clarify"},
	"decision_handoff": {"pasar a una persona", "hand off"},
	"decision_quiet":   {"callar", "stay quiet"},
	"decision_propose": {"proponer", "propose"},
	"decision_notify":  {"avisar", "notify"},
	"decision_none":    {"ninguna", "none"},
	"stage_orders":     {"pedidos", "orders"},
	"stage_rewrite":    {"reformular", "rewrite"},
	"stage_retrieve":   {"buscar", "retrieve"},
	"stage_prompt":     {"instrucciones", "prompt"},
	"stage_complete":   {"redactar", "complete"},
	"stage_ground":     {"comprobar", "ground"},
	"stage_score":      {"puntuar", "score"},
	"stage_repair":     {"corregir", "repair"},
	"stage_turn":       {"todo el turno", "whole turn"},

	"check_decision":       {"decisión", "decision"},
	"check_reason":         {"motivo", "reason"},
	"check_language":       {"idioma", "language"},
	"check_says":           {"dice", "says"},
	"check_never":          {"nunca dice", "never says"},
	"check_sources":        {"fuentes", "sources"},
	"check_grounded":       {"con respaldo", "grounded"},
	"check_actions":        {"gestiones", "actions"},
	"check_orders":         {"pedidos después", "orders afterwards"},
	"check_length":         {"longitud", "length"},
	"check_replies":        {"mensajes", "messages"},
	"check_asked_twice":    {"no pregunta dos veces", "asks nothing twice"},
	"check_judge":          {"según el juez", "in the judge's eyes"},
	"check_masked":         {"datos ocultos", "masked"},
	"check_untouched":      {"otros pedidos intactos", "other orders untouched"},
	"check_ending":         {"cómo acaba", "how it ends"},
	"check_turns":          {"turnos", "turns"},
	"did_customer":         {"cliente", "customer"},
	"did_customer, spoken": {"cliente, de viva voz", "customer, spoken"},

	"status":         {"Estado", "State"},
	"status_passed":  {"bien", "passed"},
	"status_failed":  {"mal", "failed"},
	"status_outage":  {"sin juzgar", "not judged"},
	"status_skipped": {"no se admite", "can't be asked"},
	"change_any":     {"con cambios", "changed"},
	"change_broken":  {"ahora falla", "fails now"},
	"change_mended":  {"ahora va bien", "passes now"},
	"change_other":   {"otra respuesta", "another answer"},
	"change_added":   {"nuevo", "new"},
	"all":            {"cualquiera", "any"},
	"language":       {"Idioma", "Language"},
	"tag":            {"Etiqueta", "Tag"},
	"intent":         {"Intención", "Intent"},
	"variant":        {"Variante", "Variant"},
	"written":        {"como está escrito", "as written"},
	"decision":       {"Decisión", "Decision"},
	"search":         {"Buscar en casos, preguntas y respuestas", "Search cases, questions and replies"},
	"shown":          {"casos", "cases"},
	"of":             {"de", "of"},
	"more":           {"Mostrar más", "Show more"},
	"nothing_found":  {"Ningún caso es así. Quita un filtro.", "No case is like that. Take a filter away."},
	"unpack_failed":  {"No se ha podido abrir este caso: el navegador es demasiado antiguo o el archivo está incompleto.", "This case could not be opened: the browser is too old, or the file is not complete."},
	"risk":           {"Riesgo", "Risk"},
	"side_by_side":   {"Antes y ahora", "Before and now"},
	"same_replies":   {"El cliente recibió lo mismo.", "The customer got the same."},
	"differences":    {"Diferencias en lo que recibió el cliente", "What differs in what the customer got"},
	"step":           {"Paso", "Step"},
	"said":           {"Dijo el cliente", "The customer said"},
	"told":           {"Recibió", "Got"},
	"silent":         {"No recibió nada.", "Nothing was sent."},
	"checks":         {"Comprobaciones", "Checks"},
	"check":          {"Qué", "What"},
	"line":           {"Línea", "Line"},
	"confidence":     {"Confianza", "Confidence"},
	"threshold":      {"umbral", "threshold"},
	"draft":          {"Borrador", "Draft"},
	"draft_right":    {"correcto", "right"},
	"draft_wrong":    {"incorrecto", "wrong"},
	"documents":      {"Documentos", "Documents"},
	"found":          {"encontrados", "found"},
	"relevant":       {"los debidos", "relevant"},
	"used":           {"leídos", "used"},
	"cited":          {"citados", "cited"},
	"actions":        {"Gestiones", "Actions"},
	"stages":         {"Tiempos", "Times"},
	"features":       {"De qué sale la confianza", "What the score is made of"},
	"record":         {"Registro de la decisión", "Decision record"},
	"candidates":     {"Pasajes encontrados", "Passages found"},
	"passages":       {"Pasajes leídos", "Passages used"},
	"meaning":        {"significado", "meaning"},
	"lexical":        {"palabras", "words"},
	"fused":          {"juntas", "fused"},
	"ranks":          {"puestos", "ranks"},
	"order_facts":    {"Lo que se sabía de los pedidos", "What was known of the orders"},
	"sentences":      {"Frases y su respaldo", "Sentences and what backs them"},
	"own_checks":     {"Comprobaciones del borrador", "Checks of the draft"},
	"query":          {"Se buscó", "Searched for"},
	"raw":            {"Todo, tal como se guardó", "All of it, as it was kept"},
	"tokens":         {"tokens", "tokens"},
	"broken_off":     {"interrumpida", "interrupted"},
	"unfinished":     {"Sin terminar", "Unfinished"},
	"unfinished_lead": {
		"Se interrumpieron, o siguen en marcha. Lo que encontraron está guardado: con la orden siguen donde se quedaron, con la misma suite, revisión y configuración.",
		"They were interrupted, or still go on. What they found is kept: the command goes on where they stopped, with the same suite, revision and configuration.",
	},
	"came_to":          {"Llegó a", "Came to"},
	"go_on":            {"Para seguir", "To go on"},
	"compare":          {"Comparar las dos", "Compare the two"},
	"no_runs":          {"Todavía no hay ninguna. «recado eval run» guarda las suyas.", "There are none yet. “recado eval run” keeps its runs."},
	"trend":            {"Evolución", "Trend"},
	"trend_passed":     {"casos bien", "cases passed"},
	"trend_wrong":      {"respondidos mal", "answered wrongly"},
	"browse_back":      {"Ver todas las ejecuciones", "See all runs"},
	"browse_host":      {"Esta página es solo para este ordenador: ábrela como «localhost» o arráncala para toda la red.", "This page is for this computer alone: open it as “localhost”, or start it for the whole network."},
	"browse_address":   {"Esa dirección no nombra ninguna ejecución: elige una de la lista.", "That address names no run: choose one from the list."},
	"browse_not_found": {"Esa ejecución no está o se ha borrado: elige otra de la lista.", "That run is not there, or was deleted: choose another one from the list."},
	"browse_some":      {"Algunos archivos de la carpeta no se han podido leer: el registro del programa dice cuáles.", "Some files of the folder could not be read: the program's log says which."},
	"browse_failed":    {"No se ha podido leer la ejecución: el registro del programa dice por qué.", "The run could not be read: the program's log says why."},
	"runs_title":       {"Ejecuciones", "Runs"},
}
