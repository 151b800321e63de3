package guard

import (
	"slices"
	"strings"

	"github.com/recado/recado/rag/phrases"
)

// Control is a command that a customer gives by a message which holds nothing
// else. Code carries it out, with or without a model.
type Control string

// The controls. What Yes and No answer is for the caller to know: without an
// open question they are words like any other.
const (
	// ControlHuman: a person, please.
	ControlHuman Control = "human"
	// ControlStop: no more messages that nobody asked for.
	ControlStop Control = "stop"
	// ControlRepeat: the last answer again.
	ControlRepeat Control = "repeat"
	// ControlLanguage: another language, without a word on which one.
	ControlLanguage Control = "language"
	// ControlSpanish and ControlEnglish: this language from now on.
	ControlSpanish Control = "language_es"
	ControlEnglish Control = "language_en"
	// ControlDeleteData: what is known about me has to be deleted.
	ControlDeleteData Control = "delete_data"
	// ControlYes and ControlNo answer the question that is open.
	ControlYes Control = "yes"
	ControlNo  Control = "no"
)

// maxControl bounds a message that can be a control, in words.
const maxControl = 14

// ControlOf tells whether a whole message is a control, and which one. Case,
// accents, punctuation, greetings, thanks and slips of the finger do not matter;
// one more word that means something does: "stop" is a control and "stop my
// order" is none. A wish for a person in other words is for AsksForPerson.
func ControlOf(text string) (Control, bool) {
	if wantsErased(fold(text)) {
		return ControlDeleteData, true
	}
	said := controlWords(text)
	if len(said) == 0 || len(said) > maxControl {
		return "", false
	}
	if control, ok := controlOf[strings.Join(said, " ")]; ok {
		return control, true
	}
	if asksErasure.MatchString(strings.Join(said, " ")) {
		return ControlDeleteData, true
	}
	if control, ok := nearControl(said); ok {
		return control, true
	}
	if refusesAds.MatchString(strings.Join(said, " ")) && !strings.Contains(text, "?") {
		return ControlStop, true
	}
	return "", false
}

// advertising are the words for it.
const (
	advertisingES = `(publicidad|promocion\w*|promos?|anuncios|ofertas|newsletters?|boletin\w*|spam|propaganda|marketing)`
	advertisingEN = `(ads?|adverts?|advertising|advertisements?|promos?|promotions?|(promotional |marketing )(messages|e ?mails|texts)|offers|newsletters?|spam|marketing)`
	afterES       = `( (mas|vuestra|vuestras|suya|tuya|de vosotros|por whatsapp|por aqui|por este chat|nunca mas))*$`
	afterEN       = `( (any ?more|again|from you|here|by whatsapp|on whatsapp|ever))*$`
)

// refusesAds matches a whole message that wants no advertising, in whatever words.
var refusesAds = phrases.Bare(
	`^(no( \w+){0,2} (quier\w*|dese\w*|mand(e|es|eis|en)|envi(e|es|eis|en)|escrib\w+|recibir|interesa\w*)|(dej(a|ad|e|en)|par(a|ad|e|en)) de (mandar|enviar|escribir)\w*|basta( ya)? de|no mas|(ni una|ni) \w*)( \w+){0,4} `+advertisingES+afterES,
	`^(i |we |please )?((stop|quit)( \w+)? (send|text|writ|messag|email|mail|bother|spam)\w*|(don t|dont|do not) (\w+ ){0,2}(send|want|need|text|email|write)|no more|enough( of)?|stop( with)?)( \w+){0,5} `+advertisingEN+afterEN,
	`^(remove|take|get) me (from|off|out of) (the|your|this|that|all|any|all your)( \w+){0,2} lists?$`, `^(sacadme|quitadme|borradme|sacame|quitame|borrame|eliminame|eliminadme|quiteme|saqueme|borreme) de (la|vuestra|su|tu|esta)( \w+){0,2} listas?( \w+){0,2}$`,
)

// nearControl allows one slip in each word of five letters and more, and of four where
// others stand around it, but for a word that is another one: "shop" is not "stop".
func nearControl(said []string) (Control, bool) {
	plain := make([]string, len(said))
	for i, word := range said {
		plain[i] = squeeze(word)
	}
	least := 5
	if len(said) > 3 {
		least = 4
	}
	for _, p := range controlPhrases[len(said)] {
		near := true
		for i := 0; near && i < len(said); i++ {
			near = sameWord(said[i], plain[i], p.words[i], least)
		}
		if near {
			return p.control, true
		}
	}
	return "", false
}

func sameWord(said, plain, known string, least int) bool {
	switch {
	case said == known || plain == known:
		return true
	case len(known) < least || len(said) < 4 || said[0] != known[0] || controlNeighbours[said]:
		return false
	}
	return oneSlip(said, known)
}

// controlWords are the words of a message without what is only polite, each run
// of the same word once.
func controlWords(text string) []string {
	folded := strings.ReplaceAll(" "+strings.Join(strings.Fields(fold(text)), "  ")+" ", " . ", " ")
	for _, phrase := range spacedCourtesies {
		folded = strings.ReplaceAll(folded, phrase, " ")
	}
	said := strings.Fields(folded)
	if len(said) == 0 { // nothing but courtesy, and "ok" may be an answer
		said = strings.Fields(strings.ReplaceAll(fold(text), ".", ""))
	}
	return slices.Compact(said)
}

// courtesies are left out wherever they stand; the longer ones come first.
var courtesies = []string{
	"muchas gracias", "buenas tardes", "buenos dias", "buenas noches", "por favor", "thank you", "good morning", "good afternoon",
	"hola", "buenas", "porfa", "porfavor", "xfa", "gracias", "hello", "hi", "hey", "please", "pls", "plz", "thanks", "thx", "ya", "now", "ahora", "oye", "just",
}

// spacedCourtesies are those with a space on either side and two between their words.
var spacedCourtesies = spaced(courtesies)

func spaced(list []string) []string {
	all := make([]string, len(list))
	for i, phrase := range list {
		all[i] = " " + strings.ReplaceAll(phrase, " ", "  ") + " "
	}
	return all
}

// controlNeighbours are words of their own that lie one letter from a control.
var controlNeighbours = set("perdona personas personal agents agentes humans humanas inglesa inglesas espanola espanolas repeats repetido claros dates dados")

// controlOf are the controls by their phrases, controlPhrases the phrases by the number of
// their words, in the order of the controls.
var (
	controlOf      = byPhrase(controls)
	controlPhrases = byLength(controls)
)

// controlPhrase is a phrase of a control.
type controlPhrase struct {
	control Control
	words   []string
}

func byPhrase(rows []controlRow) map[string]Control {
	found := map[string]Control{}
	for _, row := range rows {
		for _, phrase := range row.phrases {
			if _, twice := found[phrase]; !twice {
				found[phrase] = row.control
			}
		}
	}
	return found
}

func byLength(rows []controlRow) map[int][]controlPhrase {
	found := map[int][]controlPhrase{}
	for _, row := range rows {
		for _, phrase := range row.phrases {
			words := strings.Fields(phrase)
			found[len(words)] = append(found[len(words)], controlPhrase{row.control, words})
		}
	}
	return found
}

// controlRow is a control with its phrases, folded.
type controlRow struct {
	control Control
	phrases []string
}

// controls are the phrases of each control.
var controls = []controlRow{
	{ControlHuman, []string{
		"humano", "humana", "persona", "una persona", "un humano", "agente", "un agente", "asesor", "un asesor", "asesora", "operador", "operadora", "persona real", "una persona real", "agente humano",
		"hablar con una persona", "hablar con un humano", "hablar con un agente", "hablar con alguien", "quiero una persona", "quiero un humano", "quiero hablar con una persona", "quiero hablar con un humano", "quiero hablar con alguien", "quiero hablar con un agente",
		"human", "a human", "person", "a person", "agent", "an agent", "real person", "a real person", "live agent", "operator", "representative", "human agent",
		"talk to a person", "talk to a human", "talk to human", "talk to an agent", "talk to someone", "speak to a person", "speak to a human", "speak to an agent", "speak to someone", "i want a human", "i want a person",
		"i want to talk to a person", "i want to talk to a human", "i want to talk to someone", "i want to speak to a person", "i want to speak to a human", "i want to speak to someone",
	}},
	{ControlStop, []string{
		"stop", "stpo", "sotp", "stop it", "stop messages", "stop messaging me", "stop writing to me", "stop sending me messages", "stop texting me", "don t write to me", "do not write to me", "don t message me", "do not message me", "unsubscribe", "unsubscribe me", "opt out", "no more messages", "no more ads", "i don t want more messages", "remove me from your list", "take me off your list",
		"baja", "dar de baja", "darme de baja", "dame de baja", "dadme de baja", "deme de baja", "denme de baja", "quiero darme de baja", "quiero la baja", "no mas mensajes", "no mas publicidad", "no quiero mas mensajes", "no quiero recibir mas mensajes", "no quiero mas publicidad", "no quiero recibir publicidad",
		"no me escribas mas", "no me escribais mas", "no me escriban mas", "no me mandes mas mensajes", "no me mandeis mas mensajes", "no me manden mas mensajes", "no me envien mas mensajes", "no me envieis mas mensajes", "deja de escribirme", "dejad de escribirme", "dejen de escribirme", "deja de mandarme mensajes", "dejad de mandarme mensajes", "dejen de mandarme mensajes", "cancelar suscripcion", "desuscribir", "desuscribirme",
	}},
	{ControlRepeat, []string{
		"repeat", "repeat that", "repeat it", "repeat the last message", "repeat your answer", "can you repeat", "can you repeat that", "could you repeat that", "could you repeat", "say that again", "say it again", "can you say that again", "could you say that again", "i didn t get that say it again", "i don t understand repeat", "can you repeat it", "could you repeat it", "please repeat it", "say it once more", "once more", "what did you say", "come again",
		"repite", "repita", "repetir", "repitelo", "repitamelo", "repitemelo", "repeti", "repetilo", "otra vez", "repite eso", "puedes repetir", "puedes repetirlo", "puede repetir", "puede repetirlo", "podrias repetir", "podrias repetirlo", "me lo repites", "me lo puedes repetir", "me lo puede repetir", "dimelo otra vez", "dilo otra vez", "que has dicho", "que dijiste", "repite la respuesta", "repite el ultimo mensaje", "mandalo otra vez", "no te he entendido repite", "no he entendido repite", "no entiendo repite", "como dices", "puedes decirlo otra vez", "me lo dices otra vez", "repitemelo por favor",
	}},
	{ControlSpanish, []string{
		"espanol", "castellano", "spanish", "en espanol", "en castellano", "in spanish", "habla espanol", "habla en espanol", "hablame en espanol", "hable espanol", "hable en espanol", "speak spanish", "spanish language", "idioma espanol", "cambia a espanol", "cambiar a espanol", "cambia el idioma a espanol", "cambiar idioma a espanol", "quiero hablar en espanol", "prefiero espanol", "prefiero en espanol", "puedes hablar en espanol", "puedes hablar espanol", "puede ser en espanol", "hablas espanol", "hablais espanol", "hablan espanol", "se habla espanol", "contesta en espanol", "responde en espanol", "switch to spanish", "change to spanish", "change language to spanish", "can we speak spanish", "can you speak spanish", "do you speak spanish", "reply in spanish", "answer in spanish", "write in spanish", "can you write in spanish", "could you write in spanish", "can we switch to spanish", "can we talk in spanish", "podemos hablar en espanol", "podemos seguir en espanol", "seguimos en espanol", "escribe en espanol", "i prefer spanish", "i want spanish", "no hablo ingles", "no entiendo ingles",
	}},
	{ControlEnglish, []string{
		"english", "ingles", "in english", "en ingles", "speak english", "speak in english", "habla ingles", "habla en ingles", "english language", "idioma ingles", "switch to english", "change to english", "change language to english", "change the language to english", "can we speak english", "can you speak english", "do you speak english", "can we talk in english", "i prefer english", "i want english", "reply in english", "answer in english", "write in english", "can you write in english", "could you write in english", "could you speak english", "can we switch to english", "could we switch to english", "can we continue in english", "podemos hablar en ingles", "podemos seguir en ingles", "seguimos en ingles", "escribe en ingles", "hablame en ingles", "puede ser en ingles", "cambia a ingles", "cambiar a ingles", "cambia el idioma a ingles", "cambiar idioma a ingles", "hablas ingles", "quiero hablar en ingles", "prefiero ingles", "puedes hablar en ingles", "contesta en ingles", "responde en ingles", "i don t speak spanish", "i do not speak spanish", "i don t understand spanish", "no hablo espanol", "no spanish",
	}},
	{ControlLanguage, []string{
		"idioma", "idiomas", "cambiar idioma", "cambiar el idioma", "cambia el idioma", "cambiar de idioma", "cambia de idioma", "otro idioma", "language", "languages", "change language", "change the language", "switch language", "another language", "other language",
	}},
	{ControlDeleteData, []string{
		"delete my data", "delete my personal data", "delete all my data", "delete all my personal data", "delete my information", "delete all my information", "delete my personal information", "erase my data", "erase my personal data", "remove my data", "remove my personal data", "remove my information", "forget me", "forget my data", "i want you to delete my data", "i want to delete my data", "i want my data deleted", "i want my data erased", "delete everything about me", "delete everything you have on me", "delete everything you know about me", "right to be forgotten", "right to erasure", "gdpr delete", "delete my chat", "delete this chat", "delete my conversation", "delete this conversation",
		"borrar mis datos", "borra mis datos", "borre mis datos", "borrad mis datos", "borren mis datos", "borra todos mis datos", "borrar todos mis datos", "borrad todos mis datos", "eliminar mis datos", "elimina mis datos", "elimine mis datos", "eliminad mis datos", "eliminen mis datos", "eliminar todos mis datos", "elimina todos mis datos", "eliminen todos mis datos", "borrar mis datos personales", "borra mis datos personales", "elimina mis datos personales", "eliminar mis datos personales", "eliminen mis datos personales", "suprimir mis datos", "supriman mis datos", "quiero borrar mis datos", "quiero eliminar mis datos", "quiero que borres mis datos", "quiero que borreis mis datos", "quiero que borren mis datos", "quiero que elimines mis datos", "quiero que elimineis mis datos", "quiero que eliminen mis datos", "borra todo lo que sabes de mi", "borra todo lo mio", "olvida mis datos", "derecho al olvido", "derecho de supresion", "borra esta conversacion", "borrar esta conversacion", "borra este chat", "borrar este chat", "elimina esta conversacion",
	}},
	{ControlYes, []string{
		"si", "sii", "sip", "si si", "si quiero", "si confirmo", "si hazlo", "si adelante", "si de acuerdo", "si vale", "si claro", "si correcto", "si es correcto", "si eso es", "vale", "vale si", "ok", "okey", "okay", "oki", "ok si", "ok vale", "de acuerdo", "claro", "claro que si", "por supuesto", "confirmo", "confirmado", "confirmar", "adelante", "hazlo", "hagalo", "dale", "correcto", "es correcto", "eso es", "perfecto", "me parece bien",
		"yes", "yep", "yeah", "yup", "ya", "y", "sure", "of course", "yes do it", "yes go ahead", "yes confirm", "yes i confirm", "yes that s right", "yes correct", "yes ok", "confirm", "confirmed", "i confirm", "go ahead", "do it", "correct", "that s right", "that is right", "sounds good", "absolutely", "ok do it", "ok go ahead", "ok yes", "okay yes", "yes sure", "sure yes",
	}},
	{ControlNo, []string{
		"no", "espera no", "no espera", "wait no", "no wait", "bueno no", "no mejor dejalo", "nop", "nope", "nah", "n", "no no", "no quiero", "no lo hagas", "no lo haga", "mejor no", "no mejor no", "que no", "para nada", "dejalo", "dejelo", "dejalo asi", "no dejalo", "no hace falta", "cancela", "cancelalo", "no cancela", "incorrecto", "no es correcto", "no confirmo",
		"no don t", "don t", "do not", "don t do it", "do not do it", "no don t do it", "never mind", "nevermind", "no never mind", "no way", "not now", "forget it", "leave it", "no leave it", "no stop", "wrong", "that s wrong", "incorrect", "no cancel",
	}},
}
