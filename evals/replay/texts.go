package replay

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/recado/recado/gateway"
)

const spanish = "es"

// say gives one of two texts, in Spanish or else in English.
func say(language, es, en string) string {
	if language == spanish {
		return es
	}
	return en
}

// kinds say what a kind is, in Spanish and in English.
var kinds = map[Kind][2]string{
	AnswersNow:     {"pasado a una persona, ahora respondido", "handed off, now answered"},
	AnswersUnasked: {"preguntaba, ahora responde", "asked back, now answered"},
	OtherAction:    {"otro cambio de un pedido", "another change of an order"},
	OtherFacts:     {"otros datos", "other facts"},
	Unknown:        {"no se sabe: el registro no dice qué habría contestado el sistema de la tienda", "not known: the record does not tell what the shop's system would have said"},
	HandsOffNow:    {"respondido, ahora pasado a una persona", "answered, now handed off"},
	AsksNow:        {"ahora pregunta", "now asked back"},
	SilentNow:      {"ahora sin una palabra", "now without a word"},
	OtherReason:    {"pasado a una persona por otro motivo", "handed off for another reason"},
	OtherPassages:  {"se apoya en otros pasajes", "rests on other passages"},
	OtherWords:     {"lo mismo con otras palabras", "the same in other words"},
	Same:           {"sin cambios", "unchanged"},
}

// In says what a kind is, in Spanish or else in English.
func (k Kind) In(language string) string { return say(language, kinds[k][0], kinds[k][1]) }

// reasons are the reasons for leaving a turn out, as the gateway says them, in Spanish.
var reasons = map[string]string{
	"the record does not tell what the shop's system said":              "el registro no dice qué contestó el sistema de la tienda",
	"nothing that a customer wrote led to it":                           "no la causó nada que escribiera un cliente",
	"a message of it is not there any more":                             "uno de sus mensajes ya no está",
	"a message of it was withdrawn or changed since":                    "uno de sus mensajes se retiró o se cambió después",
	"its customer wrote under several names, which are one contact now": "su cliente escribía con varios nombres, que ahora son un contacto",
	"a message of it is not as it was":                                  "uno de sus mensajes no es como era",
	"a person had the conversation":                                     "la conversación la llevaba una persona",
}

// Title says what was tried, in Spanish or else in English.
func (r Result) Title(language string) string {
	return cmp.Or(r.Candidate, say(language, "La configuración de hoy", "The configuration of today"))
}

// Differs says what is different in what was tried.
func (r Result) Differs(language string) string {
	return cmp.Or(strings.Join(r.Changes, "; "), say(language, "no cambia nada", "nothing is different"))
}

// Lines say what was tried on what, and what was left out and why, in Spanish or else in
// English.
func (r Result) Lines(language string) []string {
	lines := []string{
		r.Title(language) + ": " + r.Differs(language),
		fmt.Sprintf(say(language, "%s, del %s al %s: %s hasta el primer cambio, %s después de uno", "%s, %s to %s: %s exact, %s after a change"),
			conversations(language, r.Conversations), r.Since.Format(time.DateOnly), r.Until.Format(time.DateOnly), turns(language, r.Exact), turns(language, r.After)),
	}
	note := func(n int, text string) {
		if n > 0 {
			lines = append(lines, text)
		}
	}
	note(r.Unasked, fmt.Sprintf(say(language, "no se han usado: %s de clientes que no han dado permiso", "left out: %s whose customers have not agreed"), conversations(language, r.Unasked)))
	note(r.Withheld, fmt.Sprintf(say(language, "no se han usado: %s de clientes que se opusieron o quieren que se borren sus datos",
		"left out: %s whose customers objected, or want their data deleted"), conversations(language, r.Withheld)))
	for _, why := range slices.Sorted(maps.Keys(r.Skipped)) {
		known := say(language, cmp.Or(reasons[why], why), why)
		note(r.Skipped[why], fmt.Sprintf(say(language, "no repetidos: %s, porque %s", "not taken again: %s, because %s"), turns(language, r.Skipped[why]), known))
	}
	note(r.OutagesThen, fmt.Sprintf(say(language, "sin juzgar: %s en que entonces falló un proveedor", "not judged: %s that a provider failed then"), turns(language, r.OutagesThen)))
	note(r.Outages, fmt.Sprintf(say(language, "sin juzgar: %s en que falló un proveedor del candidato; mira si se puede llegar a él y vuelve a ejecutarlo",
		"not judged: %s that a provider of the candidate failed; look whether it can be reached and run again"), turns(language, r.Outages)))
	note(r.Inexact, fmt.Sprintf(say(language, "inexactos: %s con resultados de búsqueda de los que una parte ya no está, así que la confianza puede variar por eso",
		"inexact: %s with search results of which a part is not there any more, so that the score may differ by it"), turns(language, r.Inexact)))
	note(r.Labelled(), fmt.Sprintf(say(language, "de %s hay lo que dijeron personas", "of %s there is what people said"), turns(language, r.Labelled())))
	return append(lines, r.makers(language)...)
}

// Labelled counts the turns of which people said something.
func (r Result) Labelled() (n int) {
	for _, t := range r.Turns {
		if t.Label != "" || t.Handoff != "" {
			n++
		}
	}
	return n
}

// makers say which configurations other than today's made turns.
func (r Result) makers(language string) (lines []string) {
	for _, m := range r.Made {
		if !m.Today {
			lines = append(lines, fmt.Sprintf(say(language, "hechos con otra configuración que la de hoy: %s: %s, %s, %s", "made by another configuration than today's: %s: %s, %s, %s"),
				turns(language, m.Turns), cmp.Or(m.Model, say(language, "sin modelo", "no model")), cmp.Or(m.Calibration, say(language, "sin calibración", "no calibration")),
				cmp.Or(m.Config, say(language, "de una versión que no apuntaba ninguna", "of a version that noted none"))))
		}
	}
	return lines
}

func conversations(language string, n int) string {
	return counted(n, say(language, "conversación", "conversation"), say(language, "conversaciones", "conversations"))
}

func turns(language string, n int) string {
	return counted(n, say(language, "turno", "turn"), say(language, "turnos", "turns"))
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// said are what people said of turns, in Spanish and in English.
var said = map[string][2]string{
	"right":                       {"las personas dieron por bueno el borrador de entonces", "people said that the draft of then was right"},
	"wrong":                       {"las personas dieron por malo el borrador de entonces", "people said that the draft of then was wrong"},
	string(gateway.VerdictNeeded): {"dijeron que hacía falta una persona", "people said that a person was needed"},
	string(gateway.VerdictEarly):  {"dijeron que no hacía falta una persona", "people said that no person was needed"},
	string(gateway.VerdictLate):   {"dijeron que la persona llegó tarde", "people said that the person came too late"},
}

// Remarks are where a turn is and what is to be known of it, in Spanish or else in English.
func (t Turn) Remarks(language string) []string {
	list := []string{fmt.Sprintf(say(language, "conversación %s, turno %d", "conversation %s, turn %d"), t.Conversation, t.Number)}
	if t.After {
		list = append(list, say(language, "después de un cambio", "after a change"))
	}
	if t.Inexact {
		list = append(list, say(language, "inexacto", "inexact"))
	}
	for _, word := range []string{t.Label, t.Handoff} {
		if word != "" {
			list = append(list, say(language, said[word][0], said[word][1]))
		}
	}
	if t.Seen {
		list = append(list, say(language, "sale lo que dieron por bueno, palabra por palabra", "what they found right goes out word for word"))
	}
	return list
}

// VerdictIn says in a sentence what the gate found, in Spanish or else in English.
func (r Result) VerdictIn(language string) string {
	g := r.Gate
	if g == nil {
		return ""
	}
	switch g.Verdict {
	case SameAsNow:
		return say(language, "No cambia nada: el candidato es la configuración que hizo estos turnos.", "Nothing changed: the candidate is the configuration that made these turns.")
	case NotWorse:
		return say(language, "Pasa: se ha demostrado que las dos proporciones bajan menos que su margen.", "Passed: both shares were shown to fall by less than their margins.")
	case Worse:
		return say(language, "No pasa: se ha demostrado que una proporción baja más que su margen.", "Failed: it was shown that a share falls by more than its margin.")
	case Unjudged:
		if r.Outages > 0 {
			return say(language, "Sin juzgar: no se pudo llegar a un proveedor del candidato.", "Not judged: a provider of the candidate was away.")
		}
		return say(language, "Sin juzgar: no hay turnos exactos.", "Not judged: there are no exact turns.")
	case Undecided:
	}
	switch {
	case g.MoreThan:
		return fmt.Sprintf(say(language, "No demostrado: harían falta más de %d conversaciones más, o un margen mayor.", "Not shown: it takes more than %d conversations more, or a wider margin."), g.More)
	case g.More > 0:
		return fmt.Sprintf(say(language, "No demostrado: con unas %d conversaciones más como estas se vería.", "Not shown: about %d more conversations like these would show it."), g.More)
	}
	return say(language, "No demostrado: una proporción bajó tanto como su margen o más, y ningún número de conversaciones como estas demostraría lo contrario.",
		"Not shown: a share fell by its margin or more, and no number of conversations like these would show the opposite.")
}

// Row is a share of the gate, as reports show it.
type Row struct {
	Name   string
	Share  Share
	Margin float64
	OK     bool
}

// Rows are the shares of the gate, none where nothing was judged.
func (r Result) Rows(language string) []Row {
	g := r.Gate
	if g == nil || g.Verdict == Unjudged {
		return nil
	}
	return []Row{
		{say(language, "respondidos", "answered"), g.Answered, g.Margins.Answered, g.AnsweredOK},
		{say(language, "nada sin revisar", "nothing unchecked"), g.Held, g.Margins.Held, g.HeldOK},
	}
}

// In writes the row: "90.0 % → 88.0 %  (-2.0, 95 % from -3.1 to -0.9; may fall by 2.0)".
func (r Row) In(language string) string {
	s := r.Share
	text := fmt.Sprintf(say(language, "%5.1f %% → %5.1f %%  (%+.1f, 95 %% de %+.1f a %+.1f; puede bajar %.1f)", "%5.1f %% → %5.1f %%  (%+.1f, 95 %% from %+.1f to %+.1f; may fall by %.1f)"),
		100*s.Base, 100*s.New, 100*s.Value, 100*s.Low, 100*s.High, 100*r.Margin)
	if language == spanish {
		return strings.NewReplacer(".", ",").Replace(text)
	}
	return text
}

// Why is by which rule a side was decided, and how sure it was.
func (s Side) Why(language string) string {
	why := s.Rule
	if s.Reason != "" {
		why = string(s.Reason)
	}
	if s.Threshold <= 0 || s.Rule != "confidence" && s.Confidence <= 0 {
		return why
	}
	sure := fmt.Sprintf(say(language, "confianza %.2f de %.2f", "confidence %.2f of %.2f"), s.Confidence, s.Threshold)
	if language == spanish {
		sure = strings.ReplaceAll(sure, ".", ",")
	}
	if why == "confidence" {
		return sure
	}
	return why + ", " + sure
}
