package rag

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/recado/recado/knowledge"
)

// The languages that Recado answers in.
const (
	spanish = "es"
	english = "en"
)

// supported reduces a locale to a language that Recado has texts for. Everything
// that is not English is answered in Spanish.
func supported(locale string) string {
	if knowledge.Language(locale) == english {
		return english
	}
	return spanish
}

// DetectLocale says whether a text is Spanish ("es") or English ("en"). It
// counts words that only one of the two languages uses, letters and word endings
// that only one of them has, and needs neither accents nor capital letters. When
// nothing speaks for either, or both sides weigh the same, the answer is prior,
// the customer's language so far; without a prior it is "es".
func DetectLocale(text, prior string) string {
	es, en := weigh(text)
	switch {
	case es.weight > en.weight:
		return spanish
	case en.weight > es.weight:
		return english
	case prior != "":
		return supported(prior)
	}
	return spanish
}

// leastWords is how many words have to speak for another language than the customer's
// before it is taken: one short word, such as "ok" or "refund", is said in both.
const leastWords = 2

// notTheirs matches what a text holds and does not say in its writer's language: links,
// addresses, codes with digits, and what stands between quotation marks or behind the
// mark of a quoted line.
var notTheirs = regexp.MustCompile(`(?s)(?i:https?://|www\.)\S+|\S+@\S+\.\S+|[#\p{L}]*\d[\p{L}\d-]*|«[^»]*»|“[^”]*”|"[^"]*"|(?m:^>[^\n]*$)`)

// KeepLocale is the language of a customer's message after a conversation in prior, or ""
// for none. It is DetectLocale over the customer's own words, and leaves prior only when
// two of them speak for the other language.
func KeepLocale(text, prior string) string {
	if prior == "" {
		return DetectLocale(text, prior)
	}
	own := notTheirs.ReplaceAllString(text, " ")
	es, en := weigh(own)
	switch {
	case es.weight > en.weight && es.words >= leastWords:
		return spanish
	case en.weight > es.weight && en.words >= leastWords:
		return english
	}
	return supported(prior)
}

// speaks is what speaks for a language, and in how many words.
type speaks struct{ weight, words int }

// weigh looks at every word. Letters and marks that only Spanish has weigh as a word.
func weigh(text string) (es, en speaks) {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && r != '\'' && r != '’'
	})
	for _, word := range words {
		s, e := wordLanguage(word)
		s += 3 * strings.Count(strings.Map(spanishLetter, word), "ñ")
		es, en = es.add(s), en.add(e)
	}
	es.weight += 3 * (strings.Count(text, "¿") + strings.Count(text, "¡"))
	return es, en
}

// spanishLetter makes one letter of those that only Spanish has.
func spanishLetter(r rune) rune {
	if strings.ContainsRune("ñáéíóú", r) {
		return 'ñ'
	}
	return -1
}

func (e speaks) add(weight int) speaks {
	if weight > 0 {
		e.weight, e.words = e.weight+weight, e.words+1
	}
	return e
}

// wordLanguage weighs one lower-case word. A known word counts 3, an ending 1,
// so that a Spanish sentence about a "tracking" stays Spanish.
func wordLanguage(word string) (es, en int) {
	switch {
	case spanishWords[word]:
		return 3, 0
	case englishWords[word]:
		return 0, 3
	}
	// A contraction such as "where's" or "i’ve" is English whatever its stem.
	if strings.ContainsAny(word, "'’") {
		return 0, 2
	}
	if len(word) < 5 {
		return 0, 0
	}
	for _, ending := range spanishEndings {
		if strings.HasSuffix(word, ending) {
			return 1, 0
		}
	}
	for _, ending := range englishEndings {
		if strings.HasSuffix(word, ending) {
			return 0, 1
		}
	}
	return 0, 0
}

var (
	spanishEndings = []string{
		"cion", "ciones", "ado", "ada", "ados", "adas", "ido", "ida", "idos", "idas", "ando", "iendo",
		"mente", "dad", "dades", "arlo", "erlo", "irlo", "arme", "erme", "irme", "arla", "ucho", "eria", "amos", "emos", "aron", "ieron",
	}
	englishEndings = []string{"ing", "tion", "tions", "ment", "ness", "ght", "ould", "ally", "ck", "sh", "th", "ly", "ed", "ery"}

	// Words that both languages write alike ("no", "me", "a", "he", "real",
	// "email") are in neither list.
	spanishWords = languageWords(`de la que el en y los del se las por un para con una su al lo como mas pero sus le ya o este si
		sí porque esta entre cuando muy sin sobre ser tiene tambien hay donde quien desde todo nos durante todos uno les ni contra
		otros ese eso ante ellos e esto mi antes algunos unos yo otro otras otra tanto esa estos mucho quienes nada muchos cual
		poco ella estar estas algunas algo nosotros mis tu te ti tus ellas es son fue era esta están estan estoy tengo tienes
		quiero quisiera puedo puede pueden podria podrian podeis necesito hacer hago hace hacia cuanto cuánto cuantos cuanta
		cuantas cuales qué cómo dónde cuándo cual cuál hola holaa buenas buenos dias tardes noches gracias adios vale favor
		porfa porfavor ayuda pedido pedidos paquete envio envios envío envíos llega llegado llegar llegara llegó llego tarda
		tardan dinero reembolso reembolsos devolucion devoluciones devolver devuelvo factura facturas pago pagos pagar precio
		cuesta cuestan cuenta contraseña direccion cambiar cambio cancelar anular garantia compra comprar compre compré tienda
		tiendas talla tallas persona humano humana hablar alguien abogado denuncia roto rota mal bien ahora hoy ayer mañana
		semana semanas mes meses año años euros telefono correo datos tarjeta recibir recibido recoger enviar enviado mandar
		mandado nunca siempre todavia todavía aun aún aqui ahi alli perdon disculpa oye oiga perfecto genial claro bueno
		vosotros ustedes usted sois somos va van voy vais ir sido sabe saber sé dime decir decirme pasa pasado pedí pedi
		puedes hacéis haceis teneis tenéis tenemos tienen esta está nadie cosa cosas dos tres eres soy vivo vende venden
		vendeis vendéis abren abre horario cerca atencion numero número producto productos articulo articulos regalo tarjetas
		quien quién queria quería hablo hablas solo sólo nuevo nueva gracias muchas muchisimas cuál deja dejado dejo dejó
		funciona funcionan sirve falta faltan urgente reclamar reclamacion queja estafa borrar olvidado clave aduanas islas españa`)
	englishWords = languageWords(`the of and to in is it you that was for on are with as his they be at this have from or had by hot
		but what some we can out other were all there when your how said an each she which do their if will way about many then
		them would like so these her him has more could go come did my than who its now people been call where why i i'm im
		i've ive i'd i'll it's its isn't isnt don't dont didn't didnt doesn't doesnt can't cant won't wont haven't havent hasn't what's
		whats where's wheres how's hello hi hey thanks thank thx please pls good morning afternoon evening bye goodbye yes
		yeah yep help order orders package parcel delivery deliver delivered shipping ship shipped ships arrive arrived arrives
		arriving refund refunds refunded return returns returned returning exchange invoice receipt payment pay paid price cost costs
		much long take takes account password address change cancel cancelled canceled warranty buy bought purchase store
		shop size sizes person human someone somebody speak talk lawyer sue broken damaged wrong lost missing late today
		yesterday tomorrow week weeks month months year years days day phone card money get got getting receive received
		still not never always here sorry okay great perfect want need know tell any anyone anything nothing every also does
		may should might must let us new old back after before until while number item items product products gift
		track status where's update customs duty free open opening hours near sell sells delete data agent
		representative real between into only over under again once`)
)

func languageWords(list string) map[string]bool {
	words := map[string]bool{}
	for w := range strings.FieldsSeq(list) {
		words[w] = true
	}
	return words
}
