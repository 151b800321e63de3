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

import "regexp"

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
