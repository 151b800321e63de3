package offline

import (
	"regexp"
	"slices"

	wording "github.com/recado/recado/rag/phrases"
)

// money matches a figure with a currency or as a share.
const money = `[€$£]\s?\d|\d\s?[€$£%]|\d\s?(?:euros?|c[eé]ntimos|d[oó]lares|pesos?|soles|libras|cents|dollars?|pounds?|eur|usd|mxn|gbp)\b`

// amount matches what answers "how much".
var amount = regexp.MustCompile(`(?i)` + money + `|gratis|sin coste|\bfree\b`)

// price is stricter with "free": 50 cm free on each side are no price.
var price = regexp.MustCompile(`(?i)` + money + `|gratis|sin coste|gratuit|\b(?:is|are|for|it|them|and|also|always) free\b|: free\b|\bfree (?:of|from|and|in|for|if|when|until|within|return|shipping)|^free\b`)

// asksPrice matches folded questions for the price of something.
var asksPrice = regexp.MustCompile(`^ (?:el |la |the )?(?:precio|precios|coste|tarifa|tarifas|price|prices|cost) (?:de|del|of|for) |` +
	` (?:cuanto (?:\w+ ){0,2}(?:cuesta|cuestan|costaria|vale|valen|cobrais|cobran)|(?:que|cual es el) (?:precio|coste)|how much (?:is|are|s|does|do|for)) `)

// kind is a sort of thing that a question asks for: a time span, an amount.
type kind struct {
	// question matches the folded question, answer the sentence as it stands.
	question *wording.Set
	answer   *regexp.Regexp
	// clock is true for an hour of the day, which is no span of time.
	clock bool
	// needed matches questions for nothing but such a thing: what lacks it is no answer.
	needed *wording.Set
}

var kinds = []kind{
	{
		question: phrases(`cuanto (tiempo )?(\w+ ){0,3}(tarda|tardan|tardais|tardara|dura|duran|demora)`, `(cuantos|cuantas) (dias|horas|semanas|meses|anos)`, `(cuando|plazo|plazos)`, `(cuanto|que) tiempo`, `en cuanto`, `cuanto tarda\w*`,
			`how (long|soon|many (days|hours|weeks|months|years))`, `when`, `how much time`, `until when`, `deadline`),
		answer: regexp.MustCompile(`(?i)\d+ (días?|horas?|minutos|semanas?|mes(es)?|años?|(working |calendar )?days?|hours?|minutes|weeks?|months?|years?|de [a-z]+|january|december)|inmediato|instant|siguiente|next working`),
	},
	{
		question: phrases(`(cuanto|que) (\w+ ){0,2}(cuesta|cuestan|vale|valen|cobrais|cobran|pago|es)`, `(precio|precios|gasto|gastos|coste|tarifa|importe)`, `cuanto (es|sale|seria)`, `gratis`,
			`how much`, `(price|cost|costs|fee|charge|free|minimum|limit)`),
		answer: amount,
	},
	{
		question: phrases(`(a )?(que|q) hora`, `horario`, `horarios`, `cuando (abris|abren|abre|cerrais|cierran|cierra)`, `what time`, `hours`, `opening (times|hours)`, `when (\w+ ){0,3}(open|close|closed)`),
		answer:   regexp.MustCompile(`\d{1,2}:\d{2}`), clock: true,
	},
	{
		question: phrases(`donde (esta|estan|teneis|tienen|hay|queda|quedan) (\w+ ){0,2}(tienda|tiendas|local|locales|sede|almacen|taller)`, `(en )?(que|cuales) (ciudad|ciudades) (\w+ ){0,2}(tienda|tiendas|estais|hay)`, `where (is|are|s) (\w+ ){0,2}(store|stores|shop|shops|warehouse|workshop)`, `where do you have (\w+ ){0,1}(stores|shops)`),
		answer:   regexp.MustCompile(`: \p{Lu}\p{L}+(?:, | y | and |\.)|(?i:\b(?:calle|avenida|plaza|street|road)\b)|(?:está|están|is|are) in? ?(?:en )?\p{Lu}\p{L}+`),
	},
	{
		question: phrases(`como (lo |la |se |puedo |hago |hacer |pido )*\w+`, `que tengo que hacer`, `how (do|can|should) (i|we|you)`, `how to`, `what (should|do) i (have to )?do`),
		answer:   regexp.MustCompile(`^\d+\. |«|“|"|(?i)mantén|hold down`),
	},
	{
		question: phrases(`(que|cual es (el|la)) (\w+ ){0,1}(tae|iva|descuento|porcentaje|tipo de interes|interes)`, `(what|what s|whats) (is |s )?(the |your )?(apr|vat|vat rate|interest( rate)?|discount|percentage)`),
		answer:   regexp.MustCompile(`\d\s?%`),
	},
	{
		question: phrases(`(correo|email|mail|telefono)`, `(email|mail|phone number)`),
		answer:   regexp.MustCompile(`@|\+\d{2}`),
	},
	{
		question: phrases(`(vuestro|vuestros|el|un|su|que|cual es el) (numero de )?(telefono|correo|email|mail)( de (contacto|atencion( al cliente)?|la tienda))?`, `(your|a|the|what) (\w+ )?(phone number|phone|telephone( number)?|email( address)?|e mail( address)?)( number)?`),
		answer:   regexp.MustCompile(`@|\+\d{2}`), needed: phrases(`(cual es|dame|dime|decidme|que|teneis|hay|cual seria) (\w+ ){0,2}(telefono|correo|email|mail)`, `(what|what s|whats|give me|do you have|is there|tell me) (\w+ ){0,3}(phone number|telephone|email|e mail|phone)( \w+)?`),
	},
	{
		question: asksOrigin, needed: asksOrigin,
		answer: regexp.MustCompile(`(?i)\bfabric|\bhech[oa]s? en\b|\bmade in\b|\bmanufactur|\bproduc(?:ed|id[oa]s?)\b`),
	},
	{
		question: asksTogether, needed: asksTogether,
		answer: regexp.MustCompile(`(?i)\ba la vez\b|\bal mismo tiempo\b|\bsimult|\bat the same time\b|\bat once\b`),
	},
}

var (
	// asksOrigin matches folded questions for where something is made.
	asksOrigin = phrases(`(donde|en que pais) (se |estan |son |lo |los |las )*(\w+ ){0,1}(fabrica|fabrican|fabricais|fabricado|fabricada|fabricados|fabricadas|hecho|hecha|hechos|hechas|producen|producis)`,
		`(where|in (what|which) country) (is|are|do you) (\w+ ){0,5}(made|make|manufactured|manufacture|produced|produce)`)
	// asksTogether matches folded questions whether several things go together.
	asksTogether = phrases(`(a la vez|al mismo tiempo|simultaneamente)`, `(at the same time|simultaneously)`, `(two|three|four|several|both|many|\d+) (\w+ ){0,3}at once`)
)

// asksContact tells whether a folded question is for how the shop is reached.
func asksContact(folded string) bool {
	return slices.ContainsFunc(kinds, func(k kind) bool { return k.needed != nil && k.needed.MatchString(folded) })
}

// kindsOf are the kinds that a folded question asks for.
func kindsOf(folded string) []kind {
	var found []kind
	for _, k := range kinds {
		if k.question.MatchString(folded) {
			found = append(found, k)
		}
	}
	if slices.ContainsFunc(found, func(k kind) bool { return k.clock }) {
		found = slices.DeleteFunc(found, func(k kind) bool { return !k.clock })
	}
	return found
}

// neededIn tells whether one of the sentences holds all that nothing else would answer.
func neededIn(folded string, units []unit) bool {
	for _, k := range kinds {
		if k.needed != nil && k.needed.MatchString(folded) && !slices.ContainsFunc(units, func(u unit) bool { return k.in(u.text) }) {
			return false
		}
	}
	return true
}

// in tells whether a sentence holds a thing of this kind.
func (k kind) in(sentence string) bool { return k.answer.MatchString(sentence) }
