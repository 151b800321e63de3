// Package guard holds the rules that stand before and behind a language model.
//
// Triage reads a customer's message before anything else and says whether it
// has to go to a person whatever the documents say: the customer asks for one,
// speaks of lawyers, may be in danger, or reports fraud. What a draft states is held
// against its sources by rag/receipts.
//
// The rules are patterns for Spanish and English over folded text. They are pure
// functions, know no types of the other packages, and decide nothing but what
// they are named after: tone, topic and language are not their business.
package guard

import "github.com/recado/recado/rag/phrases"

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
	grave, isGrave := graveReason(folded, meantWords(folded))
	for _, rule := range triageRules {
		if isGrave && rule.reason == grave || rule.pattern.MatchString(folded) {
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
	pattern *phrases.Set
}{
	{ReasonSafety, phrases.Words(
		`suicid\w*`, `(quiero|voy a|me quiero|me voy a|prefiero|deseo|ganas de|quisiera)( \w+)? (morir|morirme|matarme|suicidarme|matar|desaparecer para siempre)`, `(voy a|quiero|pienso) quitarme (la vida|de en medio)`, `no (quiero|puedo) (seguir viviendo|vivir (mas|asi))`, `no tengo (ganas|razones|motivos) (de|para) (seguir viviendo|vivir)`, `no vale la pena (vivir|seguir viviendo)`, `mejor (muert[oa]|estar muert[oa])`, `(me corto|cortarme|me cortare) (las venas)`, `(tomarme|me tome|me voy a tomar) (todas las |un bote de )?(pastillas|pildoras)`, `(unaliv\w+|kms)`, `(better off|rather be|wish i (was|were)) dead`, `no reason to live`, `(cant|can t|cannot|can not) go on living`, `take my (own )?life`, `end it all`, `kill (him|her)`, `(overdose|overdosed|overdosing)`, `hang myself`, `suicid\w+`, `no quiero (seguir )?existir`, `quitarme la vida`, `acabar con mi vida`,
		`hacerme dano`, `no quiero (seguir )?(vivir|viviendo)`, `autolesi\w*`, `(kill|hurt|harm|cut) myself`, `end my life`, `want to die`, `self ?harm\w*`,
		`(don ?t|do not) want to live`, `me (estan|esta|han|ha) (amenazando|amenazado|acosando|acosado|pegado|pegando|agredid\w+)`, `(os|te|le|les|lo|la) (voy a|vamos a) (matar|pegar|partir\w*|reventar|quemar|romper (la cara|las piernas))`, `(voy a|vamos a) (quemar|reventar|destrozar|poner una bomba)( \w+){0,4} (tienda|local|oficina|almacen|repartidor|casa)`, `se (donde|en donde) (vives|vivis|viven|trabajas|trabajais)`, `(poner|pongo|pondre|hay) una bomba`, `(i will|i ll|i am going to|i m going to|gonna) (kill|hurt|shoot|stab|burn) (you|him|her|them|your)`, `i know where you (live|work)`, `(bomb|shoot|burn down)( \w+){0,3} (shop|store|office|building|place|you)`, `being (threatened|followed|stalked|abused)`, `(threatened|threatening|attacked|assaulted) me`, `call (the )?(police|ambulance|112|911|999)`, `llam\w+ (a )?(la policia|una ambulancia|112|911)`, `(medical|an|my) emergency`, `emergencia medica`, `(alergic[oa]|allergic) reaction`, `reaccion alergica`, `(intoxicad[oa]|intoxicacion|envenenad[oa]|poisoned|poisoning)`, `(can t|cannot) breathe`, `no puedo respirar`, `(echa|echando|echado|echo|echaba|sale|salia|salio|saliendo|suelta|solto|soltado|soltando|desprende) (mucho )?(humo|chispas)`, `(smoke|smoking|sparks|sparking) (coming|came|from|everywhere|when)`, `(gas leak|fuga de gas|huele a gas|smells? of gas|smell gas)`, `me he cortado`, `(swallowed|se trago|se ha tragado) (a |the |una |un |la |el |parte )+\w+`, `(acab\w+|estoy|estuve|ido|fui|fuimos) (en|a|al)( el| la)? (hospital|urgencias)`, `(ended up|went|rushed|am|was) (in|to)( the)? (hospital|emergency room|er)`, `caught light`, `blew up`, `overheat\w* and (burn\w*|melt\w*)`, `estoy en peligro`, `(i am|i m) in danger`,
		`(se ha|se) incendi\w+`, `(caught|on) fire`, `(me|le|nos|les|os) (ha dado|han dado|dio|da|dan) (una descarga|calambre|calambres|la corriente|un chispazo)`, `electric shock`, `exploded`, `explo(to|taron|tado)`, `me he (quemado|electrocutado)`, `me queme`, `me quemo (la|las|el|los|con|al|toda|todo|un|una)( \w+)?`, `burn(ed|t) (me|my \w+|myself)`,
	)},
	{ReasonLegal, phrases.Words(
		`(mi|mis|un|una|el|la|nuestro|nuestra|al|con) abogad[oa]s?`, `abogad[oa]s?`, `(os|les|te|la|lo|le) (voy a|vamos a) (denunciar|demandar)`,
		`denunciar(os|te|les|lo|la|le)?`, `denuncia`, `denuncio`, `demandar(os|te|les|lo|la|le)?`, `demanda (judicial|civil|legal|contra)`,
		`(poner|pondre|interponer|presentar|presentare) (una |la )?(denuncia|demanda|querella|reclamacion formal)`, `querella\w*`, `(voy|vamos|ire|iremos|nos vemos|acudire|acudir|llevar\w*|llevo) (a|en|ante|a la|al)( \w+)? ?(juzgado|tribunales|juicio|policia|guardia civil|comisaria|juez)`, `(pondre|poner|puesto|pongo|interpongo|presento)( \w+)? (una )?(denuncia|demanda|reclamacion (oficial|formal)|queja formal|hoja de reclamaciones)`, `(condusef|indecopi|sernac|consumidor\w* (en accion|financiero)|defensa del consumidor|defensor del (pueblo|consumidor|cliente)|omic|arbitraje de consumo|junta arbitral)`, `(asesor|representante|equipo|departamento) legal`, `por lo legal`, `(incumplimiento|ruptura) de contrato`, `(medidas|vias|consecuencias|proceso) (legales|judiciales|legal|judicial)`, `danos y perjuicios`, `(voy|ire|acudire|llamar\w*|cont\w+|ir) (a|en|con|al|todo a) (la prensa|los periodicos|un periodista|la television)`, `derechos? (como|de|del) consumidor`, `ley de (consumidores|proteccion de datos)`,
		`carta (legal|de (vuestro|un|su) abogado)`, `legal (letter|notice|claim)`, `os vais a enterar`, `(os|se) (vais|van) a arrepentir`, `os arrepentireis`, `you (will|ll|are going to) regret`,
		`(hoja|hojas) de reclamacion(es)?`, `acciones legales`, `(os|les) demand(o|amos|are|aremos)`, `(meter|meto|metere|poner|pongo) (una|la) (demanda|denuncia)`, `via judicial`, `tribunal(es)?`, `juzgado`, `juicio`, `burofax`, `facua`, `ocu`,
		`oficina (municipal )?(de|del) (atencion al )?consumidor`, `(organizacion|asociacion) de consumidores`, `agencia de proteccion de datos`, `aepd`, `profeco`,
		`lawyers?`, `attorneys?`, `solicitors?`, `(will|to|gonna|ll|can|could|may|might|shall|let s) sue`, `sue (you|your|the|this|them)`, `suing`, `(legal|court) (action|proceedings|case|claim|steps)`, `(take|taking|see|see you) (you |this |them )?(to|in) court`,
		`lawsuits?`, `(my|our|a|the) (legal team|legal counsel|counsel|barrister|legal representative|legal department)`, `legal(ly)? (advice|rights|counsel|recourse|remedies|consequences|responsible|obliged)`, `(breach|violation) of (contract|consumer\w*|gdpr|warranty law)`, `(consumer (rights|protection|act|law)|statutory rights)`, `(pressing|press|file|filing) charges`, `(report|reporting) (you|this|your company|the company|the shop)( \w+)? to`, `(ftc|bbb|cfpb|attorney general|citizens advice)`, `class action`, `(tell|contact|call|go to|going to|inform) (the|a|some|your local) (journalists?|newspapers?|press)`, `(letter before action|cease and desist|subpoena|arbitration|damages and costs)`, `(going|go|take (it|this|you)|see you) to (a )?(court|tribunal|judge|the police)`, `small claims`, `trading standards`, `consumer (protection|rights) (agency|office|authority)`, `ombudsman`, `(file|lodge|make) (a|an) (formal|official) complaint`,
		`(data protection|supervisory) authority`, `better business bureau`,
	)},
	{ReasonFraud, phrases.Words(
		`fraud\w*`, `fraude\w*`, `estafa\w*`, `(me|nos) (han|habeis|estais|estan|habeis) (estafa|timado|robado|enganado)\w*`, `timo`,
		`(no|nunca) (lo |la |los )?(reconozco|autorice|he autorizado|he hecho)( \w+){0,4} (cargo|cobro|pago|compra|pedido)s?`,
		`(cargo|cobro|pago|compra|pedido)s?( \w+){0,4} (que )?no (reconozco|he hecho|hice|autorice|he autorizado|es mio|es mia|he realizado|realice)`,
		`(cargo|cobro)s? (no autorizado|no reconocido|desconocido|fraudulento)s?`, `(suplantacion|robo) de identidad`, `contracargos?`, `phishing`, `(pagina|web|tienda|correo|mensaje|sms|email|llamada) (fals[oa]|fraudulent[oa])`, `(se (hace|hacen|hizo|hicieron) pasar|haciendose pasar)( \w+)? por`, `(han|ha|alguien|me han|estan) (\w+ )?(usado|usando|utilizado|utilizando|robado|clonado|hackeado|pedido|comprado)( \w+){0,3} (con |a )?(mi|nuestra) (tarjeta|cuenta|nombre|identidad|dni|datos)`, `(mi|nuestra) (tarjeta|cuenta|identidad)( \w+){0,2} (robada|clonada|hackeada|usada)`, `sin mi (permiso|consentimiento|autorizacion)`, `(yo )?no (he )?(pedi|pedido|compre|comprado|autorice|autorizado|hice|hecho) (eso|esto|ese|este|esa|esta|nada de (eso|esto))( (pedido|compra|cargo|pago))?`, `(hackead\w+|hackeo|hacker)`, `(tarjeta|identidad) (robada|clonada|duplicada)`, `blanqueo de (dinero|capitales)`, `ladrones`, `me (estais|estan) (robando|timando|enganando)`, `cobro (duplicado )?que no (es mio|hice)`, `(robo|robado|robaron)( \w+){0,2} (datos|tarjeta|cuenta|identidad)`,
		`(han|alguien ha|me han) (usado|hackeado|robado|clonado) (mi|la) (tarjeta|cuenta)`, `me han (hackeado|clonado)( \w+){0,3}`,
		`scam\w*`, `phish\w*`, `(con|rip) ?offs?`, `rip(ped|ping)? (me |us )?off`, `(counterfeit|fake) (website|site|shop|email|sms|text|message|call|order)s?`, `(pretending|pretended|claiming|claimed) to be (you|your|from)`, `(someone|somebody|a stranger|they|he|she|anyone) (\w+ )?(used|using|is using|has used|stole|took|charged|ordered)( \w+){0,3} (my|our) (card|account|name|identity|details|paypal|credit card)`, `(my|our) (card|account|details|identity|paypal|credit card)( \w+){0,3} (been |being |got |was |were )(used by|stolen|hacked|cloned|compromised)`, `(with|in|under) my (name|card|details|account) (without|and it was ?n t me|but)`, `without my (permission|consent|authori[sz]ation|knowledge)`, `(wasn ?t|was not|not) me who (ordered|bought|paid|placed)`, `(i|we) (did ?n t|did not|never) (buy|bought|order|ordered|authori[sz]ed?|approved?) (this|that|it|any of this|those|these)`, `hack(ed|ers?|ing)`, `(money|cash) laundering`, `stolen (card|credit card|identity)`, `charge ?backs?`, `(dispute|disputing|reverse) (the |this |a |my |that )?(charge|payment|transaction)`, `unauthori[sz]ed( \w+)? (charge|payment|transaction|purchase|order|access)s?`,
		`(don ?t|do not|didn ?t|did not|never) (recogni[sz]e|authori[sz]ed?|make|made|place|placed)( \w+){0,4} (charge|payment|transaction|purchase|order)s?`,
		`(charge|payment|transaction|purchase|order)s?( \w+){0,3} (i|we) (don ?t|do not|didn ?t|did not|never) (recogni[sz]e|authori[sz]ed?|make|made|place|placed)`,
		`(alguien|otra persona) (\w+ )?(entro|entrado|accedio|accedido)( \w+)? (en|a) mi cuenta`, `(someone|somebody|a stranger) (\w+ )?(got|gotten|broke|broken|logged|hacked|is) (in|into|in to) my account`,
		`identity theft`, `(stole|stolen|cloned|hacked)( \w+)? my (card|account|identity)`, `my (card|account) (was|has been|got|is) (stolen|hacked|cloned|compromised)`,
	)},
}
