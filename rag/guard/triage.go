// Package guard holds the rules that stand before and behind a language model.
//
// Triage reads a customer's message before anything else and says whether it
// has to go to a person whatever the documents say: the customer asks for one,
// speaks of lawyers, may be in danger, or reports fraud. Unsupported and Claims
// read a draft: which of its numbers, dates, links and order numbers stand in no
// source, and which of its sentences say that something was done.
//
// The rules are patterns for Spanish and English over folded text. They are pure
// functions, know no types of the other packages, and decide nothing but what
// they are named after: tone, topic and language are not their business.
package guard

import (
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Reason says why a message needs a person. The values are those of the
// gateway's handoff reasons.
type Reason string

// The reasons of Triage, the gravest first.
const (
	// ReasonSafety: the customer speaks of harming themselves or of danger.
	ReasonSafety Reason = "safety"
	// ReasonLegal: lawyers, courts, official complaints, threats of them.
	ReasonLegal Reason = "legal"
	// ReasonFraud: fraud, identity theft, a charge that is disputed.
	ReasonFraud Reason = "fraud"
	// ReasonAskedForHuman: the customer asks for a person.
	ReasonAskedForHuman Reason = "asked_for_human"
)

// maxTriage bounds the text that is looked at, in bytes. WhatsApp's longest
// message has 4096 characters.
const maxTriage = 32 << 10

// Triage tells whether a message has to go to a person, and why. With several
// reasons the gravest is returned. Accents, case and punctuation do not matter.
// The rules prefer a needless handoff to a customer who asked for a person in
// vain, but leave alone the words "person" and "agent" in other meanings.
func Triage(text string) (Reason, bool) {
	folded := fold(text)
	for _, rule := range triageRules {
		if rule.pattern.MatchString(folded) {
			return rule.reason, true
		}
	}
	if asksForPerson(folded) {
		return ReasonAskedForHuman, true
	}
	return "", false
}

// triageRules are tried in order. They match folded text: lower case, no
// accents, words separated by single spaces, sentences by " . ".
var triageRules = []struct {
	reason  Reason
	pattern *regexp.Regexp
}{
	{ReasonSafety, words(
		`suicid\w*`, `(quiero|voy a|me quiero|prefiero) (morir|morirme|matarme)`, `quitarme la vida`, `acabar con mi vida`,
		`hacerme dano`, `no quiero (seguir )?(vivir|viviendo)`, `autolesi\w*`, `(kill|hurt|harm|cut) myself`, `end my life`, `want to die`, `self ?harm\w*`,
		`(don ?t|do not) want to live`, `me (estan|esta) amenazando`, `estoy en peligro`, `(i am|i m) in danger`,
		`(se ha|se) incendi\w+`, `(caught|on) fire`, `(me ha dado|me dio) (una descarga|calambre|la corriente)`, `electric shock`, `exploded`, `explo(to|taron|tado)`, `me he (quemado|electrocutado)`, `me quem[eo]`, `burn(ed|t) (me|my \w+|myself)`,
	)},
	{ReasonLegal, words(
		`(mi|mis|un|una|el|la|nuestro|nuestra|al|con) abogad[oa]s?`, `abogad[oa]s?`, `(os|les|te|la|lo|le) (voy a|vamos a) (denunciar|demandar)`,
		`denunciar(os|te|les|lo|la|le)?`, `denuncia`, `denuncio`, `demandar(os|te|les|lo|la|le)?`, `demanda (judicial|civil|legal|contra)`,
		`(poner|pondre|interponer|presentar|presentare) (una |la )?(denuncia|demanda|querella|reclamacion formal)`, `querella`,
		`carta (legal|de (vuestro|un|su) abogado)`, `legal (letter|notice|claim)`, `os vais a enterar`, `(os|se) (vais|van) a arrepentir`, `os arrepentireis`, `you (will|ll|are going to) regret`,
		`(hoja|hojas) de reclamacion(es)?`, `acciones legales`, `via judicial`, `tribunal(es)?`, `juzgado`, `juicio`, `burofax`, `facua`, `ocu`,
		`oficina (municipal )?(de|del) (atencion al )?consumidor`, `(organizacion|asociacion) de consumidores`, `agencia de proteccion de datos`, `aepd`, `profeco`,
		`lawyers?`, `attorneys?`, `solicitors?`, `(will|to|gonna|ll|can|could|may|might|shall|let s) sue`, `sue (you|your|the|this|them)`, `suing`, `(legal|court) (action|proceedings|case|claim|steps)`, `(take|taking|see|see you) (you |this |them )?(to|in) court`,
		`lawsuit`, `small claims`, `trading standards`, `consumer (protection|rights) (agency|office|authority)`, `ombudsman`, `(file|lodge|make) (a|an) (formal|official) complaint`,
		`(data protection|supervisory) authority`, `better business bureau`,
	)},
	{ReasonFraud, words(
		`fraud\w*`, `fraude\w*`, `estafa\w*`, `(me|nos) (han|habeis|estais|estan|habeis) (estafa|timado|robado|enganado)\w*`, `timo`,
		`(no|nunca) (lo |la |los )?(reconozco|autorice|he autorizado|he hecho)( \w+){0,4} (cargo|cobro|pago|compra|pedido)s?`,
		`(cargo|cobro|pago|compra|pedido)s?( \w+){0,4} (que )?no (reconozco|he hecho|hice|autorice|he autorizado|es mio|es mia|he realizado|realice)`,
		`(cargo|cobro)s? (no autorizado|no reconocido|desconocido|fraudulento)s?`, `(suplantacion|robo) de identidad`, `contracargo`,
		`(han|alguien ha|me han) (usado|hackeado|robado|clonado) (mi|la) (tarjeta|cuenta)`, `me han (hackeado|clonado)( \w+){0,3}`,
		`scam\w*`, `charge ?backs?`, `(dispute|disputing|reverse) (the |this |a |my |that )?(charge|payment|transaction)`, `unauthori[sz]ed( \w+)? (charge|payment|transaction|purchase|order|access)s?`,
		`(don ?t|do not|didn ?t|did not|never) (recogni[sz]e|authori[sz]ed?|make|made|place|placed)( \w+){0,4} (charge|payment|transaction|purchase|order)s?`,
		`(charge|payment|transaction|purchase|order)s?( \w+){0,3} (i|we) (don ?t|do not|didn ?t|did not|never) (recogni[sz]e|authori[sz]ed?|make|made|place|placed)`,
		`(alguien|otra persona) (\w+ )?(entro|entrado|accedio|accedido)( \w+)? (en|a) mi cuenta`, `(someone|somebody|a stranger) (\w+ )?(got|gotten|broke|broken|logged|hacked|is) (in|into|in to) my account`,
		`identity theft`, `(stole|stolen|cloned|hacked|used)( \w+)? my (card|account|identity)`, `my (card|account) (was|has been|got|is) (stolen|hacked|cloned|compromised)`,
	)},
}

// person is who the customer may ask for. The bare words "agente", "agent" and
// "representative" count only in the patterns of asksForPerson.
const (
	personES = `(persona|humano|humana|ser humano|operador|operadora|agente|asesor|asesora|teleoperador\w*|companer[oa]|encargad[oa]|responsable|supervisora?|gerente|alguien|comercial|tecnico|atencion al cliente|servicio al cliente)`
	personEN = `(person|human|human being|operator|agent|representative|rep|someone|somebody|advisor|adviser|manager|supervisor|real one|colleague|customer (service|support|care)|support team|member of staff|staff)`
)

var (
	// wantsPerson matches a wish for a person in a longer message.
	wantsPerson = words(
		// Spanish: a verb of speaking or passing on, then a person.
		`(hablar|hable|hablo|chatear|comunicar\w*|contactar|conversar|charlar|escribir)( \w+)? (con|a|directamente con) (un |una |el |la |algun |alguna |tu |su |vuestro |vuestra |otra |otro )?`+personES,
		`(pasa\w*|pasen|pase|paseis|ponme|pongame|ponedme|conecta\w*|comunica\w*|comunique\w*|transfier\w*|transferir\w*|deriva\w*)( \w+)? (con|a) (un |una |el |la |algun |alguna |tu |su |vuestro |otra )?`+personES,
		`(quiero|quisiera|necesito|dame|deme|prefiero|exijo|busco|pido|solicito)( \w+)? (a |hablar con )?(un |una |algun |alguna )?(persona|humano|humana|ser humano|operador|operadora|agente|asesor|asesora|teleoperador\w*|supervisora?|encargad[oa])( (real|humana|humano|de verdad|fisica|por favor|de la tienda|de soporte|ya))*( \.|$)`,
		`(que )?(me |nos )?(atienda|atiende|atendais|atiendan|llame|llamen|llameis|conteste|contesta|contesten|responda|ayude|hable)( \w+)? (una persona|un humano|un agente|un operador|una operadora|alguien|un asesor|una asesora|un tecnico|un encargado)`,
		`(persona|agente|operador|operadora|asesor|asesora) (real|humana|humano|de verdad|de carne y hueso)`, `ser humano`, `alguien (real|humano|de verdad|de carne y hueso)`,
		`(hay|no hay|habra)( \w+){0,2} (alguien|nadie|alguna persona|algun humano)( \w+){0,2} (con quien|que)( \w+)? (hablar|atienda|atender|ayude|ayudar|responda|conteste)`,
		`atencion (humana|personal)( \.|$)`, `(no|sin) (quiero )?(hablar con )?(un |mas |el )?(bot|robot|maquina|contestador)s?`,
		`telefono de atencion( al cliente)?`, `(puedo|podria|quiero|como) hablar con (vosotros|ustedes|la tienda|atencion)`,
		// English.
		`(talk|speak|speaking|talking|chat|chatting|get|connect|connected|transfer|transferred|put|pass|escalate|forward|switch)( \w+){0,3} (to|with|through to|on to|over to|hold of) (a |an |the |your |some |another |one of your )?(real |actual |live |human |different |proper )*`+personEN,
		`(want|need|prefer|give me|get me|i d like|i would like|like|require|request|demand)( to (talk|speak|chat) (to|with))? (a |an |some )?(real |actual |live |human )*(person|human|human being|agent|representative|operator|advisor|manager|supervisor)( (please|now|here|asap|instead|to help( me)?|to talk to|to speak to))*( \.|$)`,
		`(real|actual|live) (person|human|human being|agent|representative|operator|advisor|people)`, `human (agent|being|operator|representative|help|support|assistance|please)`,
		`(can|could|may|will|would|is there|let|have)( \w+)? (someone|somebody|anyone|anybody|a person|a human|an agent|a representative)( \w+)? (call|help|contact|assist|phone|ring|answer|speak|talk|reply)( \w+)?`,
		`(need|want|would like) (someone|somebody|anyone|a person|an agent|a human) to (call|help|contact|assist|phone|ring|answer|speak|talk|reply)`,
		`is there (someone|somebody|anyone|anybody|a person|a human)( \w+){0,3} (to|i can|who|that)`, `(not|no|stop|hate|instead of)( \w+){0,4} (bot|robot|chatbot|machine)s?`,
		`customer (service|support|care) (number|agent|rep|representative|person|phone)`,
	)
	// barePerson matches a sentence that is nothing but the word, with politeness
	// around it: in a burst the word comes as a message of its own.
	barePerson = regexp.MustCompile(`^(?:(?:hola|buenas|hello|hi|hey|ok|vale|no|si|yes|un|una|a|an|the|por favor|porfa|please|pls|ya|now|quiero|i want|con|to|gracias|thanks|real|\.) )*` +
		`(?:persona|personas|humano|humana|agente|agentes|operador|operadora|operadores|asesor|asesora|persona real|persona humana|agente humano|representante|atencion al cliente|soporte humano|hablar|hablar con alguien|alguien|person|human|agent|operator|representative|rep|real person|human agent|live agent|customer service|customer support|advisor|live chat|speak to someone|support)` +
		`(?: (?:por favor|porfa|please|pls|ya|now|gracias|thanks|ahora|real|humano|humana|\.|asap))*$`)
	// notAsked matches questions that only sound like a wish for a person: about
	// a carrier's staff, about naming somebody else for a delivery.
	notAsked = words(
		`(agente|persona|operador) (de|del) (transporte|reparto|la agencia|aduanas|mensajeria|entrega)`, `operador logistico`, `agente comercial colegiado`,
		`(delivery|shipping|customs|carrier|courier) (agent|person|operator)`,
		`(recoger|recoja|recogerlo|recibir|reciba|entreg\w+|dej\w+|firm\w+)( \w+){0,4} (otra |una |tercera )?(persona|alguien)`,
		`(someone|somebody|another person|anyone|a person)( else)?( \w+){0,2} (collect|pick|sign|receive|accept|take)( \w+)?`,
	)
)

// asksForPerson tells whether folded text asks for a person. A sentence that
// matches notAsked is looked at without the words that matched.
func asksForPerson(folded string) bool {
	for sentence := range strings.SplitSeq(folded, " .") {
		if barePerson.MatchString(strings.TrimSpace(sentence)) {
			return true
		}
	}
	return wantsPerson.MatchString(notAsked.ReplaceAllString(folded, " "))
}

// words compiles patterns that match at word boundaries of folded text.
func words(patterns ...string) *regexp.Regexp {
	return regexp.MustCompile(`(?:^|[ ])(?:` + strings.Join(patterns, "|") + `)(?:[ ]|$)`)
}

// fold lower-cases, drops accents and turns everything but letters and digits
// into single spaces; the end of a sentence or line becomes " .".
func fold(text string) string {
	if len(text) > maxTriage {
		text = text[:maxTriage]
	}
	var out strings.Builder
	space := true
	for _, r := range norm.NFKD.String(strings.ToValidUTF8(text, " ")) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			out.WriteRune(unicode.ToLower(r))
			space = false
		case r == '.' || r == '!' || r == '?' || r == '\n' || r == ';':
			if !space {
				out.WriteByte(' ')
			}
			// A line that ends in a space ends as well, several marks end once.
			if text := out.String(); text != "" && !strings.HasSuffix(text, ". ") {
				out.WriteString(". ")
			}
			space = true
		default:
			if !space {
				out.WriteByte(' ')
				space = true
			}
		}
	}
	return strings.TrimSpace(out.String())
}
