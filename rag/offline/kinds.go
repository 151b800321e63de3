package offline

import "regexp"

// kind is a sort of thing that a question asks for: a time span, an amount.
type kind struct {
	// question matches the folded question, answer the sentence as it stands.
	question, answer *regexp.Regexp
}

var kinds = []kind{
	{
		question: phrases(`cuanto (tiempo )?(\w+ ){0,3}(tarda|tardan|tardais|tardara|dura|duran|demora)`, `(cuantos|cuantas) (dias|horas|semanas|meses|anos)`, `(cuando|plazo|plazos)`, `(cuanto|que) tiempo`, `en cuanto`, `cuanto tarda\w*`,
			`how (long|soon|many (days|hours|weeks|months|years))`, `when`, `how much time`, `until when`, `deadline`),
		answer: regexp.MustCompile(`(?i)\d+ (días?|horas?|minutos|semanas?|mes(es)?|años?|(working |calendar )?days?|hours?|minutes|weeks?|months?|years?|de [a-z]+|january|december)|inmediato|instant|siguiente|next working`),
	},
	{
		question: phrases(`(cuanto|que) (\w+ ){0,2}(cuesta|cuestan|vale|valen|cobrais|cobran|pago|es)`, `(precio|precios|gastos|coste|tarifa|importe)`, `cuanto (es|sale|seria)`, `gratis`,
			`how much`, `(price|cost|costs|fee|charge|free|minimum|limit)`),
		answer: regexp.MustCompile(`(?i)\d ?€|€ ?\d|\d ?%|gratis|sin coste|\bfree\b`),
	},
	{
		question: phrases(`(a )?(que|q) hora`, `horario`, `what time`, `hours`, `opening times`),
		answer:   regexp.MustCompile(`\d{1,2}:\d{2}`),
	},
	{
		question: phrases(`como (lo |la |se |puedo |hago |hacer |pido )*\w+`, `que tengo que hacer`, `how (do|can|should) (i|we|you)`, `how to`, `what (should|do) i (have to )?do`),
		answer:   regexp.MustCompile(`^\d+\. |«|“|"|(?i)mantén|hold down`),
	},
	{
		question: phrases(`(correo|email|mail|telefono)`, `(email|mail|phone number)`),
		answer:   regexp.MustCompile(`@|\+\d{2}`),
	},
}

// kindsOf are the kinds that a folded question asks for.
func kindsOf(folded string) []kind {
	var found []kind
	for _, k := range kinds {
		if k.question.MatchString(folded) {
			found = append(found, k)
		}
	}
	return found
}

// in tells whether a sentence holds a thing of this kind.
func (k kind) in(sentence string) bool { return k.answer.MatchString(sentence) }
