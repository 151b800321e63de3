package guard

import (
	"slices"
	"strings"

	"github.com/recado/recado/rag/phrases"
)

// graveRules widen triageRules by meaning. They are read twice: as somebody wrote, and
// once more without the words that people fill pauses with and with slips mended, for
// a life should not hang on a letter.
var graveRules = []struct {
	reason  Reason
	pattern *phrases.Set
}{
	{ReasonSafety, phrases.Words(slices.Concat(despairWords, threatWords, []string{
		`(end|ending|ended|take|taking|finish|finishing) my (own |whole )?life`,
		`(took|taken|take|taking|swallow|swallowed|swallowing|downed) (all|too many|a lot|loads|lots|a handful|every one|(a|the|half a|half the)( whole| entire)? (bottle|box|pack|packet))( of)?( the| my| his| her| these| those)?( sleeping| pain)? (pills|tablets|medication|painkillers|paracetamol|ibuprofen|antidepressants)`,
		`(can ?t|cannot|can not|don ?t (want to|wanna)|do not want to|no longer want to) (go on|carry on|keep|keep on|continue|continue to) (living|live|being alive)`,
		`(don ?t|do not|no longer|never) (want to|wanna) (live|exist|be alive|wake up)( any ?more| any longer| again)`,
		`(don ?t (want to|wanna)|do not want to|no longer want to) (be alive|be in this world|exist)`,
		`(better off|rather be|wish i was|wish i were|better if i (was|were)) dead`, `better off without me( around)?`,
		`(think|thinking|thought|thoughts) (only )?(about|of) (ending (it|it all|everything|my life)|dying|killing myself)`,
		`(nothing|no reason|no point) (left )?(to live for|to live|in living)`, `life (is|s) (not|no longer|n t) worth living`, `(isn t|not) worth living( any ?more)?`,
		`(tired|sick) of (living|being alive)( any ?more)?( \.|$)`, `(don ?t|do not) deserve to live`, `wish i (had never been|was never|d never been) born`, `want to be dead`, `killing myself`,
		`(jump|jumping|throw myself|throwing myself) (off|from|in front of|under)( \w+){0,2} (bridge|roof|balcony|train)`, `(slit|slitting|cut|cutting) my (wrists|veins)`,
		`(acabar|acabo|acabare|acabando|terminar|termino|terminando|poner fin|ponerle fin) (con|a) mi( propia)? vida`,
		`(quitarme|quitandome|me quito|me quitare|me voy a quitar|me quiero quitar|arrancarme|sacarme) (la vida|de en medio|del medio)`,
		`(me he tomado|me he tragado|he tomado|he tragado|me tome|me trague|me tomo|me tomare|me voy a tomar|voy a tomarme|tomarme|me acabo de tomar|acabo de tomarme|me zampe|ingeri|he ingerido) (todas|demasiadas|muchas|un monton|un punado|toda la caja|todo el (bote|frasco|blister)|(un|el|medio) (bote|frasco|blister)( entero)?|una caja( entera)?)( de)?( las| mis| los)? (pastillas|pildoras|somniferos|ansioliticos|medicamentos|tranquilizantes|medicinas)`,
		`sobredosis`, `no (puedo|aguanto|soporto|merezco) (mas )?(seguir viviendo|vivir (mas|asi))`, `(no merezco|dejar de|no deseo) (vivir|existir)`, `no (deseo|quisiera|quiero) (seguir )?(viviendo|existiendo)`,
		`(no|sin) (tengo|encuentro|veo|hay|le veo|me quedan|quedan|ninguna|mas)( \w+)? ?(ganas|razon|razones|motivo|motivos|sentido|por que|nada por lo que)( de| para| a| por)? (vivir|seguir viviendo|seguir viv[oa])`, `(perdi|he perdido|sin) (las )?ganas de vivir`,
		`(cansad[oa]|hart[oa]) de (vivir|estar viv[oa]|seguir viv[oa])( asi| ya)?( \.|$)`, `(mi vida|la vida|vivir) ya no (tiene sentido|vale la pena|merece la pena)`, `(no merece la pena|no tiene sentido) (vivir|seguir viviendo)`,
		`(estaria|estarian|estariais|estareis|estaran|estarias)( \w+)? mejor sin mi( \.|$)`, `mejor (morirme|si (me muero|no existiera|me muriera|estuviera muert[oa]))`, `ojala (me muera|me muriera|estuviera muert[oa]|no despertara|no hubiera nacido)`,
		`(tirarme|lanzarme|arrojarme|me tiro|me voy a tirar|me lanzo)( \w+){0,2} (balcon|ventana|puente|tren|azotea|metro)`, `(ahorcarme|pegarme un tiro|matarme)( \.|$)`, `(seguir|estar|vivir) en este mundo`,
		`(pienso|pensando|pensar|pensado) (solo |mucho |siempre )?en (morir|morirme|matarme|quitarme|acabar con (todo|mi vida))`,
		`(prefiero|quiero|quisiera|desearia) estar muert[oa]`, `(took|taken|swallowed|tome|tomado|tragado|trague) [1-9]\d (of )?(\w+ )?(pills|tablets|painkillers|paracetamol|ibuprofen|pastillas|pildoras|somniferos|paracetamoles)`, `(nobody|no one) (would|will|d) miss me`, `nadie me (echaria de menos|echara de menos|extranaria|extranara)`,
		`no quiero (despertar|despertarme)( \.|$| manana| nunca| mas)`, `(don ?t|do not) want to wake up( tomorrow| ever)?( \.|$)`, `(puente|azotea|tejado|bridge|roof|ledge)( \w+){0,5} (saltar|tirarme|lanzarme|jump)( \.|$| now| ya)`, `(mejor|mas facil|easier|better)( \w+){0,3} (si( yo)? no (existiera|existiese|(estuviera|estuviese)( aqui| viv[oa]| en este mundo)?( \.|$))|if i (didn t exist|(weren t|wasn t|were not|was not)( here| around| alive| born)?( \.|$)))`,
		`(tomado|tragado|tome|trague|took|taken|swallowed) (diez|doce|quince|veinte|treinta|cuarenta|cincuenta|ten|twelve|fifteen|twenty|thirty|forty|fifty)( de| of)?( \w+)? (pastillas|pills|ibuprofen\w*|paracetamol\w*|tablets|pildoras|somniferos|painkillers)`, `(carta|nota) de despedida( \.|$)`, `(goodbye|suicide|farewell) (note|letter)( \.|$)`,
		`(mi vida|la vida|vivir) no (vale|sirve)( para)? nada`, `my life (is|isn t|s)( \w+)? (worth nothing|worthless|worth anything)`, `(leave|leaving|out of) this (world|life)( \.|$| for good| forever| behind)`, `me (estoy cortando|he cortado|corto)( \w+)? (otra vez|de nuevo|los brazos|las munecas|los muslos)`, `(started|begun|been|keep|kept)( \w+)? cutting (again|my (arms|wrists|legs|skin|thighs))`,
		`(what s|what is|whats) the point (of|in) (staying alive|being alive|living( \.|$| like this| anymore| any more| any longer))`, `(para que|de que sirve|que sentido tiene) (seguir )?(viv[oa]|viviendo|vivir)( \.|$| asi| mas)`,
		`se (quiere|queria|quieren|querian|va a|iba a) (matar|suicidar|ahorcar|quitar la vida)`, `se (quiere|queria|quieren|querian) morir`, `(hij[oa]s?|bebe|nin[oa]s?|madre|padre|mama|papa|herman[oa]|mujer|marido|esposa|abuel[oa]|amig[oa]|novi[oa]|pareja|alguien|persona|gente)( \w+){0,3} se (va|van|iba|iban|esta|estan) (a morir|muriendo)`, `(que|porque|y|ya|casi) se (va|iba) a morir( \.|$| si| porque| por)`, `(son|daughter|baby|child|kid|mother|father|mum|mom|dad|brother|sister|wife|husband|grandm\w+|grandf\w+|friend|partner|someone|somebody|people|he|she|they)( \w+){0,2} (is|s|are|re|was|were|might|could|will|ll) (dying|die|going to die|gonna die|about to die)( \.|$| if| because| soon| without| of)`, `((me|se) (voy|va|quiero|quiere|vamos)( a)? ahorcar|ahorcarse)( |$)`, `(kill|harm|hurt|hang) (herself|himself|themselves)`, `(cutting|harming|hurting|burning|hanging) (myself|herself|himself)`,
		`(i ll|ill|i will|gonna|going to|i d|want to|wanna|about to|feel like|thinking of|thought of) (jump|jumping) (out of|off|from|in front of)( \w+){0,2} (window|bridge|roof|balcony|building|train)`, `(hope|wish)( \w+){0,3} (never|don t|won t|wouldn t|didn t) wake up`,
	})...)},
	{ReasonLegal, phrases.Words(slices.Concat(legalWords, []string{
		`(my|our|a|the) (lawyers?|attorneys?)`, `abogad[oa]s?`, `(os|les|te|lo|la|le) (voy a|vamos a) (denunciar|demandar)`, `(a|al|en el) juzgado`,
	})...)},
	{ReasonFraud, phrases.Words(slices.Concat(fraudWords, []string{
		`(charge|payment|transaction|purchase|order|debit|withdrawal)s?( \w+){0,8} (that|which) (i|we) (don ?t|do not|didn ?t|did not|never|have not|haven ?t) (recogni[sz]ed?|authori[sz]ed?|make|made|place|placed|approved?)`,
		`(don ?t|do not|didn ?t|did not|never|can ?t|cannot) recogni[sz]e( \w+){0,3} (charge|payment|transaction|purchase|order|debit|withdrawal)s?`,
		`(charge|payment|transaction|purchase|order|debit|withdrawal)s? (i|we) (have not|haven ?t) (recogni[sz]ed|authori[sz]ed|made|placed|approved)`,
		`(cargo|cobro|pago|compra|pedido|movimiento|adeudo|transaccion|transferencia|orden)(s|es)?( \w+){0,8} que (yo )?(no|nunca|jamas) (reconozco|reconocemos|he hecho|hemos hecho|hice|hicimos|autorice|he autorizado|hemos autorizado|he realizado|realice|me consta)`,
		`(no|nunca|jamas) (reconozco|reconocemos|autorice|he autorizado)( \w+){0,4} (cargo|cobro|pago|compra|pedido|movimiento|adeudo|transaccion|transferencia)(s|es)?`,
		`(charge|payment|transaction|purchase|order)s?( \w+)? (on|in) my (account|card|statement) (that|which) (are|is|aren|isn|were|was) ?(n t|not|t) mine`, `(someone|somebody) (has |had )?(bought|ordered|purchased)( \w+){0,3} (using|with|through|on|in|from) my (account|card)`, `charged( \w+)? for (something|things|stuff) (that )?(i|we) (never|didn ?t|did not) (buy|bought|order|ordered)`,
		`(cargo|cobro|pago|compra|pedido|movimiento)s?( \w+)? en mi (cuenta|tarjeta) que no (son|es) (mi[oa]s?|nuestr[oa]s?)`, `(cobrado|cargado|cobraron|cargaron|cobrasteis)( \w+)? (algo|cosas) que( yo)? (no|nunca) (compre|pedi|he comprado|he pedido)`,
	})...)},
}

// graveReason reads both what somebody wrote and what they meant to write.
func graveReason(folded, meant string) (Reason, bool) {
	for i, rule := range graveRules {
		if rule.pattern.MatchString(folded) || rule.pattern.MatchString(meant) ||
			i == 0 && meant != folded && despair.MatchString(meant) {
			return rule.reason, true
		}
	}
	return "", false
}

// despair are the words of triageRules that a slip or a pause hides most often.
var despair = phrases.Words(
	`no quiero (seguir )?(vivir|viviendo)`, `(don ?t|do not) want to live`, `(quiero|voy a|quisiera|prefiero) (morir|morirme|matarme|suicidarme)`, `want to die`, `(kill|hurt|harm) myself`, `(suicidio|suicide|suicidarme)`, `(quitarme la|acabar con mi) vida`,
)

// graveVocabulary are the words that graveRules turn on.
var graveVocabulary = []string{
	"living", "myself", "suicide", "pills", "tablets", "lawyer", "lawyers", "attorney", "anymore", "vivir", "viviendo", "morir", "morirme", "matarme", "suicidarme", "quitarme", "pastillas", "quiero", "abogado", "abogada", "denunciar", "demandar", "juzgado", "recognise", "recognize", "reconozco", "autorice",
}

// graveWords are those by their first letter, graveNeighbours words of their
// own that lie one letter from them.
var (
	graveWords      = byLetter(graveVocabulary)
	graveNeighbours = set("lining loving liking livings giving layer layers piles polls pulls pilla pilas tables tablet viniendo vivienda viendo vivia vivid vivie mover motir moris quieto quiere quieres pastilla abocado abocada denuncian demandan juzgada quitarse quitarle quitarte matarse matarte recognised recognized autorices")
	graveSlang      = map[string]string{"wnt": "want", "wnat": "want", "watn": "want", "wan": "want", "dont": "don t", "dnt": "don t", "cant": "can t", "wanna": "want to", "liv": "live", "livee": "live", "lief": "life", "lfie": "life", "kil": "kill", "matr": "matar", "gona": "gonna", "kiero": "quiero", "qiero": "quiero", "bida": "vida", "vda": "vida", "bivir": "vivir", "biviendo": "viviendo", "bibir": "vivir"}
	// pauses are what people say while they look for a word.
	pauses = set("uh uhm um er erm eh ehm em hmm mmm so okay ok well mira bueno pues")
)

// meantWords drops the pauses of folded text and mends slips in the words of graveRules.
func meantWords(folded string) string {
	var out strings.Builder
	for word := range strings.FieldsSeq(folded) {
		if pauses[word] {
			continue
		}
		if out.Len() > 0 {
			out.WriteByte(' ')
		}
		out.WriteString(mendGrave(word))
	}
	return out.String()
}

func mendGrave(word string) string {
	if known, ok := graveSlang[word]; ok {
		return known
	}
	if len(word) < 5 || len(word) > 24 || graveNeighbours[word] {
		return word
	}
	if near, ok := nearest(word, graveWords[word[0]]); ok {
		return near
	}
	return word
}

// withoutPauses is folded text without what fills its pauses.
func withoutPauses(folded string) string {
	words := strings.Fields(folded)
	kept := words[:0]
	for _, word := range words {
		if !pauses[word] {
			kept = append(kept, word)
		}
	}
	return strings.Join(kept, " ")
}

// asksTeam matches a wish to be helped by somebody of the shop, whatever they are.
var asksTeam = phrases.Words(
	`(helped|assisted|served|attended( to)?|looked after) by (someone|somebody|one of (you|your)|your (team|staff)|staff|an? (real )?(person|human|technician|specialist|expert|colleague|member|employee|adviser|advisor|agent))`,
	`(can|could|may|would|will) (a|an|any|one of your|some|another|your) (technician|technicians|specialist|expert|experts|engineer|member of (your |the )?(staff|team)|employee|adviser|advisor|staff|team member)( please)? (help|assist|call|answer|contact|advise|talk to|speak to|speak with|talk with|ring) (me|us)`,
	`(me|nos) (puede|pueden|podria|podrian) (atender|ayudar|contestar|responder|asesorar|llamar|aconsejar) `+modifierES+personES,
	`(un|una|algun|alguna) `+personES+` (me|nos) (puede|podria|pueda) (atender|ayudar|contestar|responder|asesorar|llamar|aconsejar)`,
	`(puede|podria) (un|una|algun|alguna) `+personES+` (atenderme|ayudarme|contestarme|responderme|asesorarme|llamarme|aconsejarme)`,
	`(atendid|ayudad|asesorad)[oa] por (alguien|un|una|algun|alguna|vuestro|su|tu|el) \w+`, `(atienda|ayude|asesore) (un|una|algun|alguna) (tecnic[oa]|especialista|expert[oa])`,
	`hay (algun|alguna|un|una) (companer[oa]|tecnic[oa]|especialista|emplead[oa]) que (me|nos)`, `(puede|podria) venir alguien a (ayudarme|atenderme)`, `is there (a|an|any) (colleague|technician|specialist|expert|employee) (who|that) (can|could|would|might) (help|look|assist|talk|speak|call)`,
)

// asksErasure matches a whole message, without its courtesies, that exercises the right
// to have one's data erased. A question about it is answered and carries out nothing.
var asksErasure = phrases.Bare(
	`^(i (want|would like|d like|wish|need|am writing|m writing) to )?(use|exercise|invoke|claim|assert|enforce) my (legal |gdpr )?right (to|of) (erasure|deletion|be forgotten|data erasure|data deletion|(have|get) (all )?(of )?my (personal )?(data|information) (erased|deleted|removed))( of (all )?my (personal )?data)?( under (the )?gdpr)?$`,
	`^i (want|would like|d like|need|demand|request) (to have )?(all )?(of )?my (personal )?(data|information) ((to )?be )?(erased|deleted|removed|wiped)$`,
	`^i (want|would like|d like|need|ask|request|demand) (you to|that you) (delete|erase|remove|wipe) (all )?(of )?my (personal )?(data|information)$`,
	`^i (request|demand|want|ask for|hereby request) (the )?(erasure|deletion|removal) of (all )?(of )?my (personal )?(data|information)$`,
	`^((me gustaria|quiero|quisiera|querria|queria|deseo|solicito|necesito|vengo a) )?(ejercer|ejercitar|ejerzo|usar|utilizar|hacer uso de|hacer valer|invocar) (mi|el) derecho (de|a|al) (la )?(supresion|olvido|borrado|eliminacion|cancelacion)( de (todos )?(mis |los )?datos( personales)?)?$`,
	`^(solicito|pido|exijo|quiero|quisiera|deseo) (la supresion|la eliminacion|el borrado|la cancelacion) de (todos )?mis datos( personales)?$`,
	`^(me gustaria|quisiera|solicito|pido|exijo|quiero|deseo|necesito) que (se )?(borr|elimin|suprim)\w+ (todos )?mis datos( personales)?$`,
	`^(delete|erase|remove) (everything|all|all the data) (that )?you (hold|have|keep|store|know) (on|about) me$`, `^(delete|erase|remove) me from your (database|system|systems|records|files)$`,
)
