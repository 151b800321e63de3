package guard

import (
	"strings"

	"github.com/recado/recado/rag/phrases"
)

// AsksForPerson tells whether a customer wants to be with a person: asks for one
// by any name or for the people of a department, wants to be called, does not
// want to talk to a machine, or says that the conversation leads nowhere.
// Customer service alone is not a person: who asks for its hours or its number
// gets an answer, and who also says "agent" or "somebody" gets a person.
// A wish that is taken back ("no need to transfer me") counts as well.
func AsksForPerson(text string) bool { return asksForPerson(fold(text)) }

// asksForPerson looks at folded text. Words that mean somebody else's staff or
// whoever takes the parcel are left out first.
func asksForPerson(folded string) bool {
	said := serviceDesk.ReplaceAllString(repair(withoutPauses(folded)), " servicedesk ")
	said = strings.Join(strings.Fields(notAsked.ReplaceAllString(said, " ")), " ")
	for sentence := range strings.SplitSeq(said, " .") {
		if barePerson.MatchString(strings.TrimSpace(sentence)) || personNearby(sentence) {
			return true
		}
	}
	return asksTeam.MatchString(said) || wantsPersonEN.MatchString(said) || wantsPersonES.MatchString(said)
}

// The parts of the patterns. Modifiers stand between the verb and the person:
// articles, "real", "your", and what people put there when they are angry.
const (
	modifierEN = `((a|an|the|your|our|some|any|another|one of (your|the)|real|actual|live|human|proper|different|more|senior|bank|store|shop|bloody|damn|goddamn|fucking|freaking|servicedesk|billing|sales|support|technical|virtual or) ){0,5}`
	personEN   = `(person|persons|people|human|humans|human being|being|operator|agent|agents|representative|rep|reps|assistant|advisor|adviser|manager|supervisor|boss|owner|colleague|employee|worker|clerk|member of (the |your )?(staff|team)|staff|guy|lady|someone|somebody|anyone|anybody|real one|whoever)`
	// strictEN are those that are asked for by name; "someone" wants a verb.
	strictEN = `(person|human|human being|operator|agent|representative|rep|advisor|adviser|manager|supervisor|assistant|someone (else|real|human)|somebody (else|real|human)|real one)`
	// departmentEN are places where people sit.
	departmentEN = `((\w+ )?(team|department|dept|desk)|reception|front desk|concierge|restaurant|kitchen|bar|spa|pool|gym|housekeeping|room service|billing|returns|sales|accounts|accounting|shipping|warehouse|logistics|store|shop|branch|bank|office|management|headquarters)`
	helpsEN      = `(call|calls|phone|ring|help|assist|contact|answer|reply|respond|explain|speak|talk|chat|get (in touch|back)|look|take (a look|over|care)|review|check (this|my|it|on|if|the|what|why)|see|deal|handle|sort|confirm)`

	modifierES = `((un|una|el|la|los|las|al|algun|alguna|otro|otra|tu|su|vuestro|vuestra|mi|algo|ese|esa|el propio|verdadero|verdadera|puto|puta|maldito|dichoso|mismo) ){0,3}`
	personES   = `(persona|personas|humano|humana|humanos|ser humano|operador|operadora|agente|asesor|asesora|representante|ejecutivo|ejecutiva|teleoperador\w*|companero|companera|encargad[oa]|responsable|supervisora?|gerente|superior|jef[ea]|duen[oa]|vendedora?|dependient[ea]|emplead[oa]|trabajadora?|alguien|comercial|tecnic[oa]|gente)`
	strictES   = `(persona|human|humano|humana|ser humano|operador|operadora|agente|asesor|asesora|representante|teleoperador\w*|supervisora?|encargad[oa]|responsable|gerente|ejecutiv[oa]|alguien)`
	// departmentES are places where people sit.
	departmentES = `((departamento|area|seccion|equipo|depto)( de)?( \w+)?|ventas|facturacion|devoluciones|envios|reembolsos|contabilidad|recepcion|administracion|logistica|almacen|central|soporte (humano|tecnico)|vosotros|ustedes|(la )?tienda)`
	asksES       = `(atienda\w*|llame\w*|conteste\w*|responda\w*|ayude\w*|hable|vea|revise|mire|explique|escriba|aclare|resuelva|gestione|ponga)`
)

// wantsPersonEN matches a wish for a person in English.
var wantsPersonEN = phrases.Words(
	`(speak|speaking|talk|talking|chat|chatting|word|conversation)( (directly|now|live))?( to| with| from)? `+modifierEN+personEN,
	`(speak|speaking|talk|talking|chat|chatting)( (directly|now|live))? (to|with) `+modifierEN+departmentEN,
	`(contact|contacting|reach|reaching|hold of|through to|touch with) `+modifierEN+`(operator|agent|representative|rep|assistant|advisor|manager|supervisor|human|someone|somebody|anyone)`,
	`(contact|contacting|reach|reaching|hold of|through to|touch with) (a|an|another|any|the real|real|live) (real |live )?person`,
	`(put|pass|transfer|connect|switch|forward|direct|route|hand|escalate|patch|send|get|transferred|connected|escalated)( (me|us|this|it|call|the (call|chat|conversation)|my (call|case|chat|issue|problem)))?( (over|through|on|up|back|straight|directly))* (to|with) `+modifierEN+`(operator|agent|representative|rep|assistant|advisor|manager|supervisor|human|human being|colleague)`,
	`(put|pass|transfer|connect|switch|forward|direct|route|hand|escalate|patch|send|get|transferred|connected) (me|us|this|it|call|the (call|chat|conversation)|my (call|case|chat|issue|problem))( (over|through|on|up|back|straight|directly))* (to|with) `+modifierEN+`(`+personEN+`|`+departmentEN+`)`,
	`(get|give|find|bring|assign|have) (me|us) `+modifierEN+personEN,
	`(get|got|have) `+modifierEN+`(someone|somebody|`+strictEN+`)( else)? (on the (line|phone)|who|here|to `+helpsEN+`)`,
	`(want|want to|need|prefer|like|require|request|demand|give me|looking for|can i get|could i get|can i have|could i have|may i have|rather have|rather) `+modifierEN+strictEN+`( (\.|please|now|asap|instead|here|to|who|that|not|on|and not|for this|in charge|right|already)( .*)?)?$`,
	`(want|want to|need|prefer|require|request|demand|give me) `+modifierEN+strictEN+` (please|now|asap|instead|here|to|who|that|not|on|\.)`,
	`(put|get|have) a (person|human) on`, `(bypass|skip|get past|around) (the|this) (bot|chatbot)`, `(llego|llegar|acceder|accedo) a una persona`, `be (connected|transferred|put through|passed)( on)? (to|with) (someone|somebody|anyone)`, `(real|actual|live) (person|human|human being|people|agent|representative|operator|advisor|assistant|chat)`, `live chat with`, `(someone|somebody|anyone|anybody) (real|human|in charge)`,
	`human (agent|being|operator|representative|help|support|assistance|assistant|please|now|pls|interaction|contact)`,
	`(someone|somebody|anyone|anybody|manager|supervisor|person|human|operator|agent)( there| here)? (i|we) (can|could|may) (talk|speak|chat|contact|call|write)( to| with)?`,
	`is (there )?(someone|somebody|anyone|anybody|a person|a human|any human|anyone real|anyone human)( \w+)? (there|here|around|available|to help|to talk|to speak|who can|that can|i can)`,
	`is (someone|somebody|anyone|anybody) (there|here|real)`, `(anyone|anybody|someone|somebody) (there|around|available)( \.|$)`,
	`(can|could|may|will|would|let|have|get|ask|need|want|like|please have|please ask) (someone|somebody|anyone|anybody|a person|a human|an agent|a rep|a representative|a manager|a colleague|one of you|one of your \w+)( please)? (to )?`+helpsEN,
	`(someone|somebody) please (help|call|answer)`, `(someone|somebody) to `+helpsEN+` (me|us|with|this|my|into|at)`,
	`who(m)? (can|do|could|should|would|must) (i|we) (talk|speak|complain|chat|contact|call|turn|ring)`, `(where|who) is (your|the) (manager|supervisor|boss|owner|person in charge)`, `who is in charge`,
	`(please|pls|can you|could you|will you|would you|just) (call|phone|ring) me( \.|$| (at|on|about|asap|in|as|for|to|this))`, `(call|phone|ring) me (back|please|now|asap|today|tomorrow|later|when)`, `(call|ring|phone) me( \.|$)`, `give (me|us) a (call|ring|bell|phone call)`,
	`(want|need|like|get|request|arrange|schedule|have|for|a) (a )?(phone )?(call ?back)`, `(get|want|have|need|request) a (phone )?call( from| \.|$)`, `call (from|by) (someone|somebody|an agent|a human|a person)`,
	`(no|not|stop|hate|tired of|sick of|fed up (with|of)|enough of|than|instead of|useless|stupid|dumb|damn)( \w+){0,4} (bot|bots|chatbot|chatbots|virtual agents?|virtual assistants?)`, `(bot|chatbot|virtual (agent|assistant)) (is|s) (\w+ )?(useless|not (helping|working|helpful|useful)|stupid|rubbish|no (use|help|good)|terrible|hopeless)`,
	`(talk|talking|speak|speaking|chat|chatting|deal|dealing|details|information|time|arguing) (to|with) (a |an |the |this |your |some )?(machine|machines|robot|robots|computer|computers|bot|bots|ai)`,
	`(this|the|our) (conversation|chat)( \w+)? (is not|isn t|not|going nowhere|is going nowhere|is pointless|is useless|doesn t|does not|makes no)`, `(leading|going|getting) (us )?(nowhere|anywhere)`, `this is (really |so |very |extremely |incredibly |just )(frustrating|infuriating)`,
	`one of you( guys| lot| people| folks)?`, `anyone alive`, `(phone|call|ring) (someone|somebody)( \.|$| instead| on)`, `(someone|somebody) (picks|pick) up`, `(person|people|whoever is|who is|who s) (responsible|in charge)`, `(person|human) (please|now|asap)`, `escalate (this|it|my \w+)`, `(automated|automatic|canned|robotic|bot) (replies|reply|responses?|answers?|messages?)`, `contact me (by|on|via|per) (phone|my phone|telephone)`, `does any(one|body) work (there|here)`,
	`(are|is|aren t|isn t) there( \w+){0,2} (humans?|real people|a person|anyone|anybody|someone|somebody)( \w+)? (i can|who|that|working|there|here)`, `(do|don t) you( guys)?( \w+)? have( any)? (humans|people|staff|real people|agents) (there|here|working|i can|who|to)`, `(out of|away from|rid of) (this|the) (bot|chatbot)`, `(not you|not a bot|not a machine) a? ?`+strictEN,
	`(someone|somebody|person|people|human)( \w+){0,4} (and )?not (a|an|some|this) (machine|robot|bot|computer|program|ai)`, `(chat|chatting|talk|talking|speak|speaking|write|deal|dealing) (to|with) (a|an|the|this|some) (program|programme|algorithm|software|script)( \.|$)`, `(get|give me|send|fetch|bring) (someone|somebody) else( \.|$| please| now)`, `need (someone|somebody) (from|in|on|of) (the|your) (team|staff|shop|store|company|office)`,
	`(anybody|anyone|somebody|someone) (on|at) the other (end|side)`, `(phone|ring|call) (me|us) and (we|i)( \w+){0,2} (talk|discuss|sort|explain)`, `pass (me|us|this|it) (to|on to|over to) (a|one of|another|someone|somebody|your)( \w+){0,2} (mate|colleague|team|people|boss|manager|coworker)s?`, `(discuss|talk|sort|go over|settle) (this|it|that)( \w+)? with (someone|somebody|a person|a human)`, `(tell|talk to|ask) anyone but you`, `(someone|somebody|anyone|anybody) on duty`, `(talk|discuss|go over|go through)( \w+){0,2} (over|on|by) the (phone|telephone)`, `(to|with) one of (yours|your lot|your guys|your people)`, `not you( \.)? (somebody|someone|a person|a human)`, `(someone|somebody) who (knows|understands|can think|has a clue)`, `(attended|served|helped|dealt with)( to)? (personally|in person|by hand)`,
	`(could|can|would|will) (someone|somebody|anyone|anybody) from (the|your) \w+`, `(get|have) a (person|human|manager|supervisor|real one) (in here|on the|in|here|over)`,
	`(looked at|looked into|seen|checked|reviewed|read|handled|answered|dealt with|sorted)( out)? by (a|an|some|one of your|your) `+modifierEN+`(`+personEN+`|colleagues|agents|managers)`, `(sort|discuss|deal|talk|settle|handle|fix|solve)( \w+){0,3} with (one of )?your (colleague|coworker|manager|team|staff|boss|people)s?`,
	`(converse|conversing|correspond) with `+modifierEN+personEN, `(talk|speak|chat|write) (to|with) (you guys|you lot|you people|you folks|you directly)`, `(don t want|tired|sick|stop|instead|fed up|enough|hate)( \w+){0,6} (automated|automatic|virtual) (assistant|system|service|agent|chat)s?`, `(no|not)( (a|an|the|your|this|some|more|another|any|with|to|by|from|want|like)){0,3} (automated|automatic|virtual) (assistant|system|service|agent|chat)s?`,
	`(someone|somebody|anyone)( please)? (call|ring|phone|contact|message) (me|us)`, `(looking for|want|need|get|prefer|like)( \w+){0,2} personal (attention|assistance)`, `(want|need|like|prefer|get)( \w+){0,2} (a |some )?(lady|guy|bloke|girl|man|woman|gentleman) (from|at) (the|your) (shop|store|team|office|company)`,
	`(prefer|rather|like|better)( it)?( if)? (somebody|someone|(a|one of your|another) (person|human|colleague|coworker|mate)s?)( of yours)?( else)? (look|check|see|read|handle|answer|call|write|deal|take|phone)s?`, `(could|can|would|will) (someone|somebody|anyone) (attend|serve|tend)( to)? (me|us)`, `(enough|tired|sick|fed up|done)( \w+){0,3} (robots|machines|computers)`,
	`(tell|ask|have|get) (someone|somebody|anyone)( \w+){0,3} (to )?(write|call|ring|phone|contact|message|reply|answer)( to)? (me|us)`, `(pass|put|connect|transfer|speak|talk)( me)?( \w+)? (to|with) \w+ who (helped|attended|served|dealt with|answered) (me|us)`, `(reach|contact|get|call|talk)( \w+){0,4} without (the|this|a|your|any) (bot|robot|machine|chatbot)`,
	`let (the|a|your) (manager|supervisor|boss|person|human)( \w+)? (come|talk|speak|answer|decide|deal)`, `(talk|speak|chat) (to|with) (one|any|some) of your \w+`, `for a (person|human) to (read|see|answer|check|handle|decide|look)`, `(someone|somebody|anyone|anybody) from (\w+ ){1,2}(support|team|staff|department|service)`,
	`(somebody|anybody|someone|anyone|person)( \w+){0,4} (who|that) (can|could|will|would)( \w+)? (listen|hear|help|understand|solve|decide|answer|attend)`, `(type|typing|write|writing|continue|carry on|carrying on|go on|going on|keep on|keep going) (to|with) (a|an|the|this|your) (machine|robot|bot|computer)`, `(appreciate|mind|like|want|prefer)( \w+){0,2} (phoning|calling|ringing) (me|us)`,
	`who( \w+){0,2} (in command|runs (this|the) (place|shop|store))`, `attention (of|from) `+modifierEN+`(`+personEN+`|executive)`,
	`(receive|expect) a (phone )?call (from|by) (the|your|someone|somebody|a|an|one)`, `any (employee|worker|agent|human|staff|colleague)s?( \w+)? (available|free|there|around|working|on duty)`, `put (me|us) in (contact|touch) with`, `in touch with (an|a|the|your) (exec|executive|director|boss)`, `(treated|served|attended|answered|helped|assisted|seen)( \w+)? by (a )?(person|human|people|someone|somebody)`,
	`escalate me`, `(alert|notify|fetch|call|get) (a person|a human|someone|somebody|your (boss|manager|supervisor)|the (manager|supervisor))( \.|$| please| now| for me| in here)`,
)

// wantsPersonES matches a wish for a person in Spanish.
var wantsPersonES = phrases.Words(
	`(hablar\w*|chatear|charlar|conversar|platicar|tratar\w*|comunicar\w*|contactar\w*|entenderme|dialogar)( \w+){0,2} (con|a|directamente con) `+modifierES+`(`+personES+`|`+departmentES+`)`,
	`(hablo|contacto|comunico|chateo) (con|a) `+modifierES+`(persona|humano|humana|ser humano|agente|operadora?|asesora?|representante|encargad[oa]|responsable)`,
	`(pasa|pasas|pasame|pasenme|paseme|pasadme|pasar|pasarme|pasan|pase|pasen|paseis|pasais|poner|ponme|pone|pones|poneis|pongame|ponganme|ponedme|ponerme|conecta\w*|conecte\w*|comunica\w*|comunique\w*|transfier\w*|transferir\w*|deriv\w*|mandame|mandeme|manda|mande|mandar|dame|deme|enlaza\w*|dejame|dejeme)( \w+){0,2} con `+modifierES+`(`+personES+`|`+departmentES+`)`,
	`me (pasas|pasais|pasan|pasa) a `+modifierES+`(encargad[oa]|responsable|supervisora?|gerente|superior|jef[ea]|duen[oa]|companer[oa]|agente|persona)`, `chat con `+modifierES+personES,
	`(pasame|paseme|transfier\w*|transferir\w*|deriva\w*|escala\w*|transfer\w*)( (la llamada|esto|el chat|mi caso|me|por favor))? (a|al) `+modifierES+personES,
	`(quiero|quisiera|querria|necesito|dame|deme|prefiero|exijo|busco|pido|solicito|urge|ponme|mandame|envieme|tratar con)( ya| tambien| solo| mejor)? (a )?(hablar con |habla con )?`+modifierES+strictES+`( (real|humana|humano|de verdad|fisica|por|porfa|de la tienda|de soporte|ya|ahora|que|para|y no|no|en vivo|pero|hoy|urgente|aqui)( .*)?| \.|$)`,
	`(quiero|necesito|prefiero|exijo|dame|quisiera) (a )?`+modifierES+strictES+` (\.|que|y no|no|para|por favor|porfa|ya|real)`,
	`(que|si) (me |nos |lo |la |se )*`+asksES+`( \w+)? `+modifierES+personES, `(que|con) `+modifierES+personES+` (me |nos |lo |la |le |se )+`+asksES, `que `+modifierES+personES+` (real )?(me )?(`+asksES+`|llamara|ayudara|atendiera)`,
	`(que )?(me|nos) (atendiera|atiende|atienden|contesta|responde|llama|llamara|ayuda|ayudara|lo explica|explica)( \w+)? `+modifierES+personES, `(me|nos) (lo|la) (explique|mire|revise|resuelva|aclare)( \w+)? `+modifierES+personES,
	`(puede|podria|pueden) (mirarlo|verlo|revisarlo|ayudarme|atenderme|llamarme|contestarme|responderme|explicarmelo) `+modifierES+personES,
	`(persona|agente|operadora?|asesora?|alguien|gente|humano) (real|humana|humano|de verdad|de carne y hueso|en vivo|fisica)`, `carne y hueso`, `ser humano`, `(quiero|prefiero) (a )?(gente|persona|personas)`,
	`(hay|habra)( \w+)? (alguien|nadie|alguna persona|algun humano|alguna humana|ninguna persona|ningun humano|ningun agente|una persona|un humano)( \.|$| ahi| alli| aqui| disponible| real| que (me|nos|pueda)| con (quien|el que|la que)| para (hablar|ayud\w+|atender\w*))`,
	`(hay )?(algun telefono|algun numero|telefono|numero)( \w+){0,3} (que|donde)( \w+){0,2} (atienda|conteste|hablar|hable)( \w+){0,2} `+personES,
	`(como|donde) hablo con (alguien|gente)`, `(a|con) quien (pueda|puedo|podria) (preguntar|preguntarle|consultar)`, `con quien (puedo|podria|tengo que|debo|hay que|podemos) (hablar|tratar|contactar|comunicarme)`,
	`(llamadme|llamenme|llameme|llamame|marquenme|marcadme|marcame)`, `(podeis|puedes|pueden|puede|podrian|podriais|podrias|podes|podria) (llamarme|marcarme|llamarnos)`, `me (podeis|pueden|puedes|puede|podrian|podriais|podrias|podria) (llamar|marcar)`,
	`que (me|nos) (llamen|llameis|llames|marquen|llame|devuelvan la llamada)`, `me llam[ao]s?( \.|$)`, `me (llamais|llaman)( por telefono)?( \.|$)`, `(devolvedme|devuelvanme|devolverme) la llamada`,
	`(ayuda|atencion|soporte|trato|asistencia) human[oa]`, `(ayuda|asistencia) de (una persona|un humano|alguien)`, `atencion (personal|personalizada)( \.|$| por favor)`,
	`(no|sin|deja\w*|harto|harta|cansad[oa]|odio|basta|menos|mierda)( \w+){0,6} (bot|bots|chatbot|contestador|contestadora)`, `(bot|chatbot) (no|es|de) (me |sirve|ayuda|mierda|inutil|entiende|una mierda|un desastre)`,
	`(no|harto|harta|cansad[oa]|odio|basta)( \w+){0,4} (con|a|de) (un|una|el|la|este|esta|tu|vuestro) (robot|maquina|ia|asistente virtual)( \.|$| y| que| quiero)`, `(no sea|que no) (un|una) (robot|maquina|bot|ia)`,
	`(esta|este|la|el) (conversacion|chat) no (\w+ )?(funciona|sirve|ayuda|va|lleva|vale)`, `no (vamos|llegamos|llego|va)( \w+)? a ning\w+ (lado|sitio|parte)`, `(es|esto es|que) (muy |tan |realmente |super )?(frustrante|desesperante)`,
	`(respuestas?|mensajes?|contestaciones) automatic\w+`, `que (me|nos) contact(en|eis|es|e)`, `(contacten|contactad|contacte|contactar|comunicarse|comuniquense|pongase en contacto|ponganse en contacto|poneos en contacto) conmigo`, `me (devolveis|devuelven|podeis devolver|pueden devolver) la llamada`,
	`(esta|estais|hay) (alguien|nadie) (por ahi|ahi|alli|aqui|al otro lado)`, `(alguien|me|nos) (me |nos )?(puede|podria|pueden) (ayudar|atender|contestar|responder|echar una mano)( \w+)? alguien`, `alguien (que )?(me|nos|lo|la) (puede|podria|pueda|ayude|ayuda|mire|eche)`, `(teneis|tienen|tendreis) a (alguien|una persona)`, `no (hablo|trato|quiero hablar) con (robots|maquinas|bots)`, `contest\w+ (vosotros|ustedes)`,
	`(poner|ponme|pongan|pon) a (alguien|una persona)( \w+){0,2} (telefono|habla|linea)`, `(soporte|ayuda) de (una persona|un humano|alguien)`, `(quiero|queria|hablar)( \w+){0,3} servicio tecnico( \.|$)`, `uno de (tus|sus|vuestros) (companeros|agentes|empleados)`,
	`(alguien|gente|persona)( \w+){0,3} (y )?no (un|una) (maquina|robot|programa|ordenador|contestador|ia)`, `(con|a) (un|una|este|el) (programa|maquina|ordenador|algoritmo|contestador)( \.|$)`, `(pasame|pasadme|paseme|ponme|ponedme|dejame|hablo|hablar) con quien (mand\w+|decid\w+|sep\w+|este al cargo)`, `(que venga|traedme|quiero|dame|mandame) (a )?otr[oa]( \.|$)`, `no me sirves( \.|$)`,
	`hay (algun|alguna|un|una) (emplead[oa]|trabajador\w*|compi|compan\w+|person\w*|agente|comercial)( \w+)? (con|al?) (el|la)? ?que`, `(me pasas|pasame|ponme|pasadme|me pones|me pasais) (a|con) (un|una|otr[oa]|tu|algun|vuestr[oa]) (compi|colega|compa|companer[oa])`, `(lo hablo|hablarlo|lo trato|tratarlo|lo comento|comentarlo|lo discuto) (mejor )?con (alguien|una persona|vosotros|un responsable)`,
	`con (un|una) (operador|operadora|agente|persona|humano|asesor|asesora|encargad[oa])( plis| porfa| por favor| ya)?( \.|$)`, `(tu|vos|usted) no( \.)? (alguien|quiero a alguien|otra persona|una persona)`, `(cuento|digo|explico) a (quien|cualquiera)( \w+){0,3} (pero )?no a ti`, `alguno de guardia`, `(alguien|somebody|someone|anyone) (con (dos dedos|un dedo) de frente|with (half )?a brain|but you)`, `de viva voz`, `(uno|una|alguno|alguna) de (los |las )?(vuestros|vuestras|tuyos|suyos)`, `alguien que (sepa|entienda|pueda|decida|tenga idea)`, `(que|si) (me|nos) (atiendan|contesten|respondan|llamen) (personalmente|en persona|de verdad)`,
	`(contacto|telefono|numero|correo|extension) de (un|una|tu|vuestr[oa]|su|algun|alguna) (encargad[oa]|responsable|supervisora?|gerente|superior|jef[ea]|agente|asesora?)`, `(no (quiero|quisiera|queria|soporto|aguanto|acepto)|hart[oa]|cansad[oa]|deja\w*|basta|odio)( \w+){0,6} (asistente|contestador|sistema|servicio|agente) (automatic[oa]|virtual|automatizad[oa])`, `(no|sin)( (me|con|a|al|un|una|el|la|este|ese|vuestro|tu|ningun|mas|otro|del?|por|sirve|vale|gusta|hablar|tratar)){0,5} (asistente|contestador|sistema|servicio|agente) (automatic[oa]|virtual|automatizad[oa])`, `(ayuda|atencion|respuesta|contestacion)( \w+){0,2} de (una persona|un humano|alguien)`,
	`que (me|nos) (atienda|ayude|llame|conteste|hable|escriba) (un|una|el|la) (chic[oa]|senora?|mujer|hombre|vendedora?|muchach[oa])`, `(alguien|nadie|gente) (viv[oa]|despiert[oa])( \.|$| ahi| ahi fuera| por ahi| al otro lado)`, `que (una persona|alguien|un humano) (me|nos) (lea|mire|escuche|haga caso|vea|entienda)`, `(contact\w+|vincul\w+|comunic\w+)(me|nos)? con `+modifierES+personES, `(derivame|derivadme|deriveme|derivenme|escalame|escaladme|transfiereme|transferidme|transfierame|transfieranme)`,
	`(un|una|algun|alguna) (tecnic[oa]|asesora?|agente|compan\w+|encargad[oa]|comercial|responsable)( \w+)? (puede|podria|pueda|podra) (hablar|llamar|atender|ayudar|contestar|escribir)\w*`, `(avisa|avise|avisad|avisen|avisar|llama|llamad|llame|trae|traed|busca|buscad)( ya)? (a )?(alguien|una persona|un humano|(tu|vuestr[oa]|su) (jef[ea]|encargad[oa]|superior|responsable)|un encargad[oa]|el encargad[oa]|un companer[oa]|un responsable)( \.|$| por favor| porfa| ya| de la tienda)`,
	`(dile|decidle|digale|diganle|avisa|avisad|avise) a (alguien|una persona|un companer[oa]|un humano)( \w+){0,4} que (me|nos)`, `(pasas?|pasame|ponme|pones|comunicas?|hablar|hablo)( \w+)? con \w+( \w+)? que me (atendio|ayudo|llevo|contesto)`, `que (intervenga|medie|actue|participe) `+modifierES+personES,
	`(alguien|persona|nadie)( \w+){0,4} que (me |nos )?(pueda|puede|podria|sepa|quiera)( \w+)? ?(escuchar|ayudar|atender|entender|resolver|decidir|contestar)\w*`, `(seguir|escribir|escribiendo|escribirle|continuar|siguiendo)( \w+)? (con|a) (un|una|el|la|este|esta) (robot|maquina|bot|ordenador)`, `(que|si) (me|nos) (telefone\w+|llamarais|llamaran|llamaseis)`, `que (me|nos) devuelv\w+ la llamada`, `quien( \w+){0,2} (al mando|manda (ahi|alli|aqui))`,
	`(pase|paseme|pasame|pasadme|pasenme|ponme|pongame|ponganme)( \w+)? al (departamento|equipo|area|encargad[oa]|responsable|supervisor|jefe)`, `(pon|poned|ponga|pongan|poner) a (una persona|alguien|un humano)`, `atencion de (un|una|algun|alguna|el|la|vuestr[oa]) `+personES,
	`(recibir|quiero|queria|necesito|gustaria|espero|solicito)( \w+)? una llamada( \.|$| vuestra| por favor| de (la tienda|alguien|un|una|vosotros|vuestr[oa]))`, `(algun|alguna|hay un|hay una) (trabajadora?|emplead[oa]|agente|operadora?|compan\w+)( \w+)? (disponible|libre|ahi|trabajando|de guardia)`,
	`(exijo|quiero|necesito|prefiero|pido|gustaria)( un| una| mas)? (trato|atencion) (personal|personalizad[oa]|human[oa])`,
	`con quien (lleve|lleva|se encargue|se encarga|gestione|gestiona|sepa)`, `hay quien (atienda|conteste|responda)`, `(persona|humano) (por favor|porfa|ya)`, `que se ponga `+modifierES+personES,
)

// barePerson matches a sentence that is nothing but the word, with politeness
// around it: in a burst the word comes as a message of its own.
var barePerson = phrases.Bare(`^(?:(?:hola|buenas|hello|hi|hey|ok|vale|no|si|yes|not a bot|un|una|a|an|the|your|por favor|porfa|please|can i|ya|now|just|need|quiero|i want|con|to|gracias|thanks|real|live|algo|otra|otro|another|more|servicedesk|\.) )*` +
	`(?:persona|personas|humano|humana|agente|agentes|operador|operadora|operadores|asesor|asesora|asesores|persona real|persona humana|agente humano|agente en vivo|chat en vivo|representante|soporte humano|hablar|encargad[oa]|supervisor|supervisora|gerente|` +
	`hablar (?:con )?(?:un |una )?(?:alguien|persona|agente|humano|asesor|operador)|alguien|person|people|human|humans|human being|agent|agents|operator|assistant|representative|rep|real person|human agent|live agent|advisor|manager|supervisor|live chat|live person|someone|somebody|` +
	`(?:speak|talk|chat|speaking|talking)(?: to| with)?(?: a| an)?(?: real| live| human)? (?:someone|somebody|person|human|agent|sales|accounts|billing|returns)|escalate|(?:\w+ )?(?:spa|reception|support|sales|billing|returns|concierge|housekeeping) team)` +
	`(?: (?:por favor|porfa|please|ya|now|gracias|thanks|ahora|real|humano|humana|help|here|\.|asap|quiero|and not a bot|not a bot))*$`)

// serviceDesk matches customer service and its like, which is an office with
// hours and a number. With a person behind it, as in "customer service agent",
// the person is what counts.
var serviceDesk = phrases.Words(
	`c[a-z]{4,9}r (service|services|support|care|assistance|relations|s[a-z]{3,5}[ct]e?|s[a-z]{2,5}ort|as[a-z]{6,9}e\w?)( (team|department|desk|line|centre|center|number|hours))?`,
	`(atencion|servicio|soporte|ayuda) (al|a|de|del) (clientes?|cliente|consumidor|usuario)`,
)

// notAsked matches what only sounds like a wish for a person: a carrier's staff,
// somebody else who takes the delivery, machines that are sold.
var notAsked = phrases.Words(
	`(una|otra|la|cualquier|alguna) persona (adulta|mayor|autorizada|distinta|diferente|menor|joven|zurda|diestra|alergica|enferma|de la familia)`, `(a|an|one|another|any|the) (adult|elderly|older|tall|short|authori[sz]ed|different|young) person`, `(person|someone|somebody|anyone) (over|under|aged) \d+`,
	`(send|deliver|ship|post|bring)( \w+){0,2} (it|them|everything|parcel|package|order|this) to (the|my|our|an|another) \w+`,
	`(agente|persona|operador) (de|del) (transporte|reparto|la agencia|aduanas|mensajeria|entrega|contacto)`, `operador logistico`, `agente comercial colegiado`,
	`(delivery|shipping|customs|carrier|courier) (agent|person|operator)`, `agent at the \w+`,
	`(recoger|recoja|recogerlo|recibir|reciba|entreg\w+|dej\w+|firm\w+)( \w+){0,4} (otra |una |tercera )?(persona|alguien)`,
	`(someone|somebody|another person|anyone|a person)( else)?( \w+){0,2} (collect|pick|sign|receive|accept|take (it|the|my))( \w+)?`,
	`human (hair|rights|resources|body|consumption|use|error|race|being s|body|sized?|capital|nature)`, `(two|three|little|small) (\w+ )?(humans|people|persons)`, `(uso|consumo|cuerpo|pelo|cabello|error) humano`, `recursos humanos`, `derechos humanos`,
	`(real estate|estate|travel|insurance|cleaning|bleaching|delivery|postal|letting|booking|ticket|border) agents?`, `agente (inmobiliario|de seguros|de viajes|limpiador|de limpieza|aduanero)`, `agentes? de (la )?(policia|transporte|aduanas)`,
	`name is \w+`, `(what|name|names|how)( \w+){0,8} call me`, `(the|my|our|a|new) contact person`, `(a )?person (sized?|of|with|over|under)`,
	`(warranty|money|card|gift card|ticket|booking|order|payment|voucher|account)( \w+){0,3} to (another|a|some)? ?(person|someone|somebody)( else)?`,
)
