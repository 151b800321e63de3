package offline

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/recado/recado/knowledge"
	wording "github.com/recado/recado/rag/phrases"
)

// How documents put what shipping costs, and how long it takes.
const (
	costES, costEN = "cuánto cuesta el envío", "how much does shipping cost"
	// returnES and returnEN are how long something can go back.
	returnES, returnEN = "cuántos días tengo para devolver un producto", "how many days do I have to return a product"
	timeES, timeEN     = "cuánto tarda en llegar mi pedido", "how long does my order take to arrive"
)

// englishShipping tells in which language a question about shipping is.
var englishShipping = regexp.MustCompile(`(?i)shipping|delivery|deliveries|postage`)

// shippingPrice matches the ways to ask for the price of shipping without asking
// what it costs.
var shippingPrice = regexp.MustCompile(`(?i)^[\s¿]*(?:(?:cu[aá]nto (?:es|son|cuestan|valen)|cu[aá]l(?:es)? (?:es|son)|qu[eé]|what(?: is| are|'s|s)?|how much (?:is|are)) )?(?:(?:el|la|los|las|the|your) )?` +
	`(?:(?:gastos?|precios?|tarifas?|costes?|coste|importe|portes) (?:de los |del? |por )?env[ií]os?|(?:express )?(?:shipping|delivery|postage) (?:costs?|prices?|fees?|charges?|rates?)|(?:costs?|prices?|fees?|rates?) (?:of|for) (?:express )?(?:shipping|delivery|postage)|` +
	`cu[aá]nto (?:vale|valen|sale|salen|cobr[aá]is(?: por| de)?|cobran(?: por| de)?|se paga(?: por| de)?) (?:el |los |un )?env[ií]os?|(?:how much|what) do you charge for (?:express )?(?:shipping|delivery|postage))`)

// deliveryTime matches the ways to ask how long shipping takes without asking when an order
// arrives.
var deliveryTime = regexp.MustCompile(`(?i)^[\s¿]*(?:cu[aá]nto (?:tiempo )?(?:tarda|tardan|tard[aá]is|demora|demoran)(?: en llegar| en hacer)? (?:el |los |la |las |un |una )?(?:env[ií]os?|entregas?)|` +
	`(?:(?:cu[aá]l(?:es)? (?:es|son)|qu[eé]) )?(?:el |los |vuestros? )?(?:plazos?|tiempos?) (?:de |del )(?:los |la )?(?:env[ií]os?|entregas?)|` +
	`how (?:long|many days) (?:does|do|is|are|will) (?:the |your )?(?:shipping|delivery|deliveries|postage)(?: take)?|` +
	`(?:what(?: is| are|'s|s)? )?(?:the |your )?(?:shipping|delivery) times?)`)

// sending are the letters of one of which shippingPrice and deliveryTime have a match. They
// also take the long s for an s.
var sending = letters(`env[ií]o`, `entrega`, `shipping`, `deliver`, `postage`)

// What a question holds that asks both what shipping costs and how long it takes.
var (
	namesShipping = regexp.MustCompile(`(?i)\b(?:env[ií]os?|shipping|delivery|postage)\b`)
	costAsked     = regexp.MustCompile(`(?i)\bcu[aá]nto (?:me )?(?:cuestan?|valen?|salen?|es)\b|\bhow much\b|\bcosts?\b`)
	timeAsked     = regexp.MustCompile(`(?i)\bcu[aá]nto (?:tiempo )?(?:tardan?|tardar[aá]|demora)\b|\bhow (?:long|many days)\b`)
)

// ofShippingBoth gives the two questions of one for what shipping costs and how long it takes,
// which no passage answers together, and nothing for every other one.
func (c concepts) ofShippingBoth(locale, text string) []string {
	if !namesShipping.MatchString(text) || !costAsked.MatchString(text) || !timeAsked.MatchString(text) {
		return nil
	}
	for f, w := range c.features(locale, text) {
		if w > faintWeight && f != "=shipping" && f != "=deliver" && f != "=time" && f != "=price" {
			return nil
		}
	}
	return []string{
		inLanguage(locale, "¿Cuánto cuesta el envío?", "How much does shipping cost?"),
		inLanguage(locale, "¿Cuánto tarda en llegar mi pedido?", "How long does my order take to arrive?"),
	}
}

// asShops puts what customers ask in words of their own as the shop's documents do: what
// shipping costs as "how much does shipping cost", and who would pay the driver as who pays
// on delivery. Every other question it leaves alone.
func asShops(text string) string {
	inWords := func(pattern *regexp.Regexp, es, en string) {
		text = pattern.ReplaceAllStringFunc(text, func(asked string) string {
			switch {
			case !englishShipping.MatchString(asked):
				return es
			case strings.Contains(strings.ToLower(asked), "express"):
				return strings.Replace(en, "shipping", "express shipping", 1)
			}
			return en
		})
	}
	if sending.MatchString(strings.ToLower(text)) || strings.Contains(text, "ſ") {
		inWords(shippingPrice, costES, costEN)
		inWords(deliveryTime, timeES, timeEN)
	}
	return asHeaded(text)
}

// Rephrase gives a question as a shop's documents put it, or as the questions that it holds
// and no document answers together. It gives nothing for one that it has no other words for.
func (e *Embedder) Rephrase(locale, text string) []string {
	if both := e.concepts.ofShippingBoth(locale, text); both != nil {
		return both
	}
	if places := e.concepts.places(locale, text); len(places) == 1 && e.concepts.ofShippingTo(locale, text) {
		return []string{inLanguage(knowledge.Language(locale), "plazo y precio del envío a ", "time and price of shipping to ") + placeIn(locale, text, places[0])}
	}
	told := withoutPurchase(text)
	if told != text && mayReturn.MatchString(fold(told)) {
		return []string{inLanguage(knowledge.Language(locale), returnES, returnEN)}
	}
	if asked := asShops(told); asked != told && e.concepts.allAsHeaded(locale, asked) {
		return []string{asked}
	}
	return nil
}

// shippingTo matches folded questions for what shipping costs or how long it takes.
var shippingTo = phrases(`(cuanto|que|cual|cuales|plazo|plazos|precio|gastos|coste)( \w+){0,5}`, `(how (much|long|many)|what|whats|price|cost|time|times)( \w+){0,5}`)

// ofShippingTo tells whether a question about a place asks what shipping there costs or how
// long it takes, and nothing else.
func (c concepts) ofShippingTo(locale, text string) bool {
	if !shippingTo.MatchString(fold(text)) {
		return false
	}
	measured := false
	for f, w := range c.features(locale, asShops(text)) {
		switch {
		case w == placeWeight, w <= faintWeight, f == "=shipping", f == "=deliver", f == "=parcel":
		case f == "=time", f == "=price":
			measured = true
		default:
			return false
		}
	}
	return measured || namesShipping.MatchString(text)
}

// placeIn is the word of a text for a place, as it stands there.
func placeIn(locale, text, stem string) string {
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return !unicode.IsLetter(r) }) {
		if slices.Contains(knowledge.Tokens(locale, word), stem) {
			return word
		}
	}
	return stem
}

// purchase matches what is told of when something was bought, which no document speaks of.
var purchase = regexp.MustCompile(`(?i)\b(?:(?:(?:me |nos )?(?:l[oa]s? )?(?:compr[eé]|compramos|recib[ií]|recibimos|ped[ií]|pedimos|lleg[oó]|llegaron|tengo|(?:he|hemos|ha|han) (?:comprado|recibido|pedido|llegado))(?: \S+){0,3}? ` +
	`(?:hace (?:ya |como |casi |unos |unas |m[aá]s de )*(?:una?|dos|tres|cuatro|cinco|seis|\d+|varias|varios|pocas?|pocos?)? ?(?:d[ií]as?|semanas?|mes(?:es)?)(?: y (?:pico|medio|media))?|ayer|anteayer|el (?:lunes|martes|mi[eé]rcoles|jueves|viernes|s[aá]bado|domingo|mes)(?: pasado)?|la semana pasada))|` +
	`(?:(?:i |we )?(?:bought|got|ordered|received|had)(?: \S+){0,3}? (?:(?:about|over|like|around|nearly|almost|more than|just) )*` +
	`(?:(?:an?|one|two|three|four|five|six|\d+|a few|a couple of|some) (?:days?|weeks?|months?) ago|yesterday|last (?:week|month|\w+day)|on (?:mon|tues|wednes|thurs|fri|satur|sun)day)))[\s,.;]*(?:y |and |so )?`)

// withoutPurchase leaves out what is told of when something was bought. Hardly any question
// tells it, and none without a word for a time; the expression also takes the long s for
// an s.
func withoutPurchase(text string) string {
	if !purchaseTimes.MatchString(strings.ToLower(text)) && !strings.Contains(text, "ſ") {
		return text
	}
	return purchase.ReplaceAllString(text, " ")
}

// purchaseTimes are what no purchase is without.
var purchaseTimes = letters(`hace `, `ayer`, `lunes`, `martes`, `rcoles`, `jueves`, `viernes`, `bado`, `domingo`, `el mes`, `semana`, ` ago`, `yesterday`, `last `, `day`)

// mayReturn matches what remains of a question for leave to return what was bought some time
// ago.
var mayReturn = bare(`(y |pero )*(lo |la )?(puedo|podria|se puede|podemos|se podria) (devolver|descambiar)(lo|la|los|las)?( aun| todavia)?`, `(and |but |so )*(can|could|may) (i|we) (still )?(return|send)( it| this| them| that)?( back)?( still)?`)

// allAsHeaded tells whether a question says nothing of a subject but what documents have a
// heading for.
func (c concepts) allAsHeaded(locale, text string) bool {
	headed := map[string]float64{}
	for _, s := range sayings {
		maps.Copy(headed, c.features(locale, inLanguage(knowledge.Language(locale), s.es, s.en)))
	}
	maps.Copy(headed, c.features(locale, inLanguage(knowledge.Language(locale), costES+" "+timeES, costEN+" "+timeEN)))
	for f, w := range c.features(locale, text) {
		if w > faintWeight && headed[f] == 0 {
			return false
		}
	}
	return true
}

// said is a way to ask, with the one that documents have for it.
type said struct {
	// asks matches it in folded text.
	asks   *wording.Set
	es, en string
}

// sayings are what customers say whose words stand under no heading.
var sayings = []said{
	{
		asks: wording.Spaced(`por que (me |nos )?(habeis|han|ha|has) (cancelado|anulado)( (el|mi|la) (pedido|compra))?`),
		es:   "si cancelamos nosotros",
	},
	{
		asks: wording.Spaced(`why (did|have|has|was|were|is)( you| my| the| it| order| purchase){1,3} (cancel|cancelled|canceled)( my order| the order| it)?`),
		en:   "if we cancel",
	},
	{
		asks: wording.Spaced(`cuanto (me |nos |te )?(sale|salen|saldria|saldrian|valdria)( a pagar)?`),
		es:   "cuánto cuesta",
	},
	{
		asks: wording.Spaced(`(no|nunca|ni)( \w+){0,3} (llega|llegado|llego|recibido|recibi|recibo|encuentro|veo|mandado|enviado)( \w+){0,3} (enlace|link)( de seguimiento)?( por ningun lado| todavia| aun)?`),
		es:   "si no recibes el enlace de seguimiento",
	},
	{
		asks: wording.Spaced(`(i |we )?(never|not|haven t|have not|didn t|did not|can t find|no)( \w+){0,3}( got| get| received| receive| have| seen| see)?( \w+){0,2} (tracking )?link( anywhere| yet)?`),
		en:   "if the tracking link does not arrive",
	},
	{
		asks: wording.Spaced(`(me )?(lo|la|los|las) (recogeis|recogen|recogeriais|venis a buscar|vienen a buscar)( \w+){0,1} (en|a) (mi |la )?(casa|domicilio)`, `(podeis|puede|pueden) (venir a )?recoger(lo|la|los|las)( \w+){0,1} (en|a) (mi )?(casa|domicilio)`),
		es:   "recogida de la devolución en tu domicilio",
	},
	{
		asks: wording.Spaced(`(can|could|do|will) (you|they|someone|the courier) (collect|pick)( it| them| this)?( up)? (from|at) (my )?(home|house|place|door|flat)`),
		en:   "collection of the return from your home",
	},
	{
		asks: wording.Spaced(`(buscais|buscan|necesitais|contratais|cogeis|quereis)( \w+){0,1} (personal|gente|empleados|dependientes|trabajadores)( para trabajar)?`, `(trabajar|curro|empleo) (con|en|para) (vosotros|la tienda|vuestra tienda)`),
		es:   "empleo vacante",
	},
	{
		asks: wording.Spaced(`no (me |le |nos |se )?(va|vale|tira|chuta|deja usar|deja usarlo)( nada)?`),
		es:   "no funciona",
	},
	{
		asks: wording.Spaced(`(se puede |puedo |podria |podemos |quiero |me dejais )?(pagar|pago|pagarlo|pagarle|abonar|abonarlo)( \w+){0,3} (al (repartidor|mensajero|transportista|cartero)|cuando (\w+ )?(llegue|llega|llegan|reciba|recibo|traigan|traen|traiga|trae|entreguen|venga)( \w+ casa)?|al (recibir|recibirlo|entregar|entregarlo)|a la (entrega|puerta)|en (la puerta|destino|mano))`),
		es:   "puedo pagar contra reembolso",
	},
	{
		asks: wording.Spaced(`(can i |could i |may i |do you let me |want to |is it possible to )?pay( \w+){0,3} (to )?(the (driver|courier|postman|delivery (man|guy|person))|when (it|they|the \w+|you) (arrives?|comes?|gets? here|(is|are) delivered|deliver|brings?)|(on|at) (delivery|arrival|the door)|at my door)`),
		en:   "can i pay cash on delivery",
	},
	{
		asks: wording.Spaced(`(no (me )?(acuerdo|recuerdo|se)( de)?|he perdido|perdi|olvide|me olvide de|se me (ha )?(olvidado|olvido)|quiero cambiar|como (cambio|recupero)|recuperar) (cual es |la |mi )*(contrasena|clave)( de la web| de mi cuenta)?`),
		es:   "he olvidado mi contraseña",
	},
	{
		asks: wording.Spaced(`(i |we )?(don t remember|can t remember|lost|forgot|forgotten|can i reset|how do i (reset|change|recover)|need to reset) (what is )?(my|the) password`),
		en:   "I forgot my password",
	},
	{
		asks: wording.Spaced(`(me )?(ha|han|habeis|he)? ?(llegado|llego|mandado|mandasteis|enviado|enviasteis|recibido|recibi|venido|vino)( \w+){0,3} (otro producto|otra cosa|otro articulo|algo que no (pedi|he pedido|es mio)|(un|el) (\w+ )?que no (es el mio|es mio|pedi|he pedido)|(un|una) (\w+ )?(equivocad[oa]|distint[oa])|lo que no (es|era)|cosa equivocada)( que pedi)?`),
		es:   "recibí otro producto",
	},
	{
		asks: wording.Spaced(`(you |they )?(sent|send|got|received|delivered|gave|shipped)( me)? ((the|a) (wrong|different) (\w+)|something else|something i didn t order|someone else s (\w+)|not what i ordered)`),
		en:   "I received another product",
	},
	{
		asks: wording.Spaced(`(estoy a tiempo de|aun puedo|todavia puedo|puedo aun|puedo todavia|tengo tiempo de|da tiempo a|me da tiempo a|es tarde para|llego tarde para) (devolver|descambiar)(lo|la|los|las)?`, `puedo (devolver|descambiar)(lo|la|los|las)? (aun|todavia)`),
		es:   returnES,
	},
	{
		asks: wording.Spaced(`(can|could|may) i still (return|send)( it| this| them| that)?( back)?`, `(is it |am i )?(too late|still in time|still time|in time) to (return|send)( it| this| them| that)?( back)?`),
		en:   returnEN,
	},
	{
		asks: wording.Spaced(`(me |nos )?(ha|han|habeis) (\w+ )?(cobrado|cargado)( \w+){0,3} (dos|2) veces( \w+ pedido)?`, `(me |nos )?(ha|han|habeis) (\w+ )?(cobrado|cargado)( \w+){0,2} por duplicado`, `(hay |tengo |veo )?(un |dos )?(cargos?|cobros?) (dobles?|duplicados?|iguales|repetidos?)`),
		es:   "me han cobrado 2 veces",
	},
	{
		asks: wording.Spaced(`(i |you |i ve |have |was |been )*(charged|billed|debited)( \w+){0,3} (twice|two times|2 times|double)( for \w+ \w+)?`, `(a |there is a )?(double|duplicate) charge`),
		en:   "I was charged 2 times",
	},
}

// anySaid matches folded text in which one of the sayings stands; few do.
var anySaid = joined(sayings)

func joined(list []said) *wording.Set {
	var sets []*wording.Set
	for _, s := range list {
		sets = append(sets, s.asks)
	}
	return wording.Join(sets...)
}

// asHeaded puts what customers say as the heading or the question under which it stands.
func asHeaded(text string) string {
	folded := fold(text)
	if !anySaid.MatchString(folded) {
		return text
	}
	for _, s := range sayings {
		folded = s.asks.ReplaceAllString(folded, " "+s.es+s.en+" ")
	}
	return strings.TrimSpace(folded)
}
