package guard

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/recado/recado/rag/phrases"
)

// InjectionSuspected is the score from which a text is taken for one that speaks
// to the model rather than to the shop.
const InjectionSuspected = 0.5

// Injection scores, from 0 to 1, how much a text reads like orders to a language
// model: to forget its instructions, to play somebody, to give away what it
// holds, to write its answer in cipher. It is a feature and a figure for
// dashboards. Nothing may rest on it: that a text changes no action and shows no
// other customer's data has to hold for those that it misses, which are many,
// because a harmless question in the wrong place is an injection too.
func Injection(text string) float64 {
	if len(text) > maxTriage {
		text = text[:maxTriage]
	}
	folded := harmless.ReplaceAllString(fold(text), " ")
	clean := 1.0
	for _, sign := range injectionSigns {
		if sign.pattern.MatchString(folded) {
			clean *= 1 - sign.weight
		}
	}
	for range min(4, distinct(jargon.FindAllString(folded))) {
		clean *= 1 - jargonWeight
	}
	for _, sign := range injectionForms {
		if sign.pattern.MatchString(text) {
			clean *= 1 - sign.weight
		}
	}
	if repeats(folded) {
		clean *= 1 - repeatWeight
	}
	return 1 - clean*(1-foreignWeight*foreignScript(text))
}

// The weights say how sure a sign is by itself; several add up as chances do.
const (
	jargonWeight  = 0.3
	repeatWeight  = 0.6
	foreignWeight = 0.3
)

// harmless matches what customers say of passwords of their own and of
// distractions, before the signs are looked for.
var harmless = phrases.Words(
	`(reset|change|forgot|forgotten|recover|update|lost|retrieve|restore)( \w+){0,3} (password|passcode|pin|secret)s?`, `(password|passcode|pin) (reset|recovery|change|manager|policy)`, `my (\w+ )?(password|passcode|pin|instructions)`,
	`(cambiar|restablecer|recuperar|olvide|olvidado|perdi)( \w+){0,3} (contrasena|clave|pin)`, `mi (contrasena|clave)`, `delivery instructions`, `(instruction|user) manual`, `instrucciones de (entrega|uso|montaje|lavado)`,
	`instructions( \w+){0,2} (packaging|box|accessories|labels|tags)`, `(packaging|box|accessories|labels|tags)( \w+){0,3} instructions`, `instructions( that)? you (received|got) (by|with|from|in the)( \w+)?`, `orders( that)? (you|they) (received|got)`,
	`instrucciones( originales)? (del|de la|de los|de las|que vienen|que vengan|que acompanan|que trae) (producto|productos|fabricante|aparato|articulo|caja|mueble|en|al|con|el|la)`, `instrucciones del sistema de \w+`,
	`(from now on|a partir de ahora)( please| por favor)? (i|we|my|send|deliver|ship|use|email|call|yo|quiero|mi|mis|enviad\w*|mandad\w*|usad\w*|usare|preferi\w*)`,
)

// injectionSigns match folded text in English, Spanish and Portuguese, a few in
// French, German and Italian.
var injectionSigns = []struct {
	weight  float64
	pattern *phrases.Set
}{
	// Forget what you were told.
	{0.9, phrases.Words(
		`(ignor\w*|disregard\w*|forget|override|bypass|omit|skip|neglect|violate|leave behind)( \w+){0,4} (instructions?|prompts?|rules|guidelines|directions|directives|programming|training|told|commands?|constraints|filters?|safeguards)`,
		`(ignor\w*|disregard\w*|forget) (all |everything |any |the |what )*(above|previous|prior|earlier|preceding|before|said)`, `regardless of (\w+ )?(previous|prior|earlier) (tasks|instructions)`, `(previous|prior|above|initial|original|hidden) (instructions|prompt|directives)`,
		`(ignor[ae]\w*|olvid[ae]\w*|omit[ae]|desatiende|descarta|pasa por alto|haz caso omiso)( \w+){0,5} (instruccion\w*|reglas|indicaciones|ordenes|directrices|anterior(es)?|dicho|prompt|programacion)`, `(instrucciones|tareas|ordenes) (anteriores|previas)`,
		`(ignor[ae]\w*|esqueca|esquece|desconsider[ae]\w*)( \w+){0,5} (instruco\w*|regras|ordens|anterior(es)?|disse|tarefas)`, `tarefas anteriores`, `(ignorez|oubliez|oublie|ignoriere|vergiss|ignora|dimentica)( \w+){0,4} (instructions|anweisungen|istruzioni|precedent\w*|vorherig\w*)`,
	)},
	// Give away what you hold.
	{0.8, phrases.Words(
		`(what|what s|tell|share|reveal|print|show|confirm|give|repeat|output|disclose|say|list|spell|decode|write|need|know|provide|leak|encode)( \w+){0,6} (the|your|our|system|s|secret|admin|root) (\w+ ){0,2}(passwords?|passcode|passphrase|secrets?|secret key|system prompt|prompt|database|api key|confidential (string|information)|social security numbers?)`,
		`(system|your|admin) (password|passcode|passphrase|prompt|secret key)`, `passcode phrase`, `(your|the) (exact |initial |full )?(system )?(prompt|instructions)( verbatim| word for word| above)`, `secret key`, `print your (database|instructions)`,
		`(sharing|share|confirm|ours|for) (your |the |our )?passwords?`, `passwords?( \w+){0,4} confirm ours`,
		`(cual es|dime|revela\w*|muestra\w*|confirma\w*|escrib\w*|imprim\w*|comparte\w*|compartir|repite|da(me)?|necesito)( \w+){0,6} (la|tu|su|nuestra|del) (\w+ )?(contrasena|clave secreta|frase de contrasena|prompt|base de datos)`, `(contrasena|clave|prompt) (del|de nuestro|de su) (sistema|administrador)`, `clave secreta`,
		`(qual e|diga|revel\w*|mostr\w*|confirm\w*|escrev\w*|imprim\w*|compartilh\w*|repit\w*)( \w+){0,6} (senha|chave secreta|frase secreta|prompt|banco de dados)`, `senha do( nosso)? sistema`, `chave secreta`,
		`(mot de passe|passwort|parola d ordine)`,
		`(escrib\w*|muestr\w*|muestrame|copia\w*|pega\w*|dime|di|repite|imprim\w*|ensena\w*|lista|traduc\w*|codifica\w*|resum\w*)( \w+){0,4} (instrucciones|reglas|ordenes|directrices|normas)( \w+){0,2} (que te (dieron|han dado|dio|dijeron|pusieron|han puesto)|internas?|iniciales|originales|ocultas?|secretas?|del? sistema)`,
		`(que|cuales|cual)( son| es)?( las| tus)? (reglas|instrucciones|ordenes|normas)( \w+)? te (han|dieron|pusieron|dio)`, `tus? (configuracion|instrucciones|reglas|directrices)( \w+)? (inicial|iniciales|complet[oa]s?|internas?|ocultas?|originales?|secretas?)`, `(texto|mensaje|todo lo|lo)( \w+){0,4} (encima|arriba|antes) de (este|mi) mensaje`,
		`(write|show|copy|paste|tell|repeat|print|list|translate|encode|summari[sz]e|give)( \w+){0,5} (instructions|rules|orders|guidelines|directives)( that)? (you were|you ve been|you have been|they|given to you|you got|you received)`, `your( \w+)? (internal|initial|hidden|original|secret)( \w+)? (instructions|rules|configuration|prompt|guidelines)`, `your (full|entire|complete) (initial )?(configuration|prompt|instructions)`,
		`(which|what) (rules|instructions|orders|guidelines) (were you|have you been|did they) (given|give|told|tell)`, `(text|everything|words|lines|message) above this (message|text|line|one)`,
	)},
	// Do what no rule lets you.
	{0.7, phrases.Words(
		`(no (hagas caso|sigas|respetes|cumplas)|desobedece|saltate|pasa)( \w+){0,3} (ordenes|normas|reglas|instrucciones|politicas?)`, `(disobey|don t follow|do not follow|stop following|don t obey)( \w+){0,3} (orders|rules|instructions|policy|policies|guidelines)`, `(saltate|salta|saltese|omite|desactiva|elude) (la |el |las |los )?(verificacion|comprobacion|comprobaciones|autenticacion|seguridad|controles)`,
		`(skip|bypass|disable|turn off|circumvent) (the |any |all |your |this )?(verification|identity check|authentication|security checks?|checks|safety)`, `(finge|pretende|simula|haz como|actua como|haz) (que|como si|si)( \w+){0,2} (la|el|eres|fueras|no|tienes|politica|sistema)`, `(^|and |please |now |\. )pretend (the|that|this|our|there)`, `(act|acting|behave)( like)? you (have no|don t have|are not bound)`,
		`(desde este momento|de ahora en adelante|desde ahora|from this moment|from now onwards?|henceforth)( \w+){0,3} (contesta\w*|responde\w*|di|answer|reply|say|confirma\w*|confirm|approve|aprueba\w*|eres|debes|must)`, `(tu|your) (nueva |nuevo |new )(tarea|mision|objetivo|instruccion|rol|papel|task|mission|goal|instruction|job|role)`,
		`(hidden|secret|ocult[oa]s?) (instructions?|instrucciones|ordenes|orders|commands?)`, `(delete|erase|forget|drop|lift|borra|elimina|olvida|quitate|levanta)( \w+)? (your|tus|las|tu) (rules|restrictions|limits|filters|reglas|restricciones|limites|filtros)`, `(don t|do not|no) (obey|obedezcas)( \w+){0,2}`, `(you|tu) (work|trabajas|obeys?|obedeces) (only )?(for|para|a) (me|mi) (and not|now|y no|solo)`,
		`(if|si) (you|estas|eres)( \w+){0,4} (as|como|a|una|un) (an )?(ai|ia|llm|language model|modelo de lenguaje|inteligencia artificial)`, `(system|sistema) (message|mensaje)( \w+)? (whole|entire|full|here|entero|completo|aqui)`, `(escribe|muestra|muestrame|pega|copia|dime|di|repite|imprime|ensena|ensename|dame|revela|traduce|resume|cual es)( \w+){0,4} (mensaje|texto) del? sistema`, `(internal|internas?) (rules|instructions|reglas|normas|instrucciones)( \w+)? (you|que|tu)`, `(whole|entire|full) system message`,
		`(reply|respond|answer|say|responde|contesta|di)( exactly| exactamente| literalmente)? (yes we|si te|your \d*|tu reembolso|that my refund|que mi reembolso)`, `(show|tell|give|ensena\w*|dime|muestra\w*)( \w+){0,4} (other people|somebody else|someone else|another person|otras personas|otra persona|otros clientes|mi vecin[oa]|my neighbou?r)( s)?( \w+)? (orders?|data|details|address|pedidos?|datos|direccion)`, `(order|pedido|orders|pedidos) (of|de) (my|mi|other|otr[oa]s?|mis) (neighbou?r|vecin[oa]|people|customers?|personas?|clientes?|jefe|boss|ex)`,
		`(nota|instruccion|instrucciones|mensaje|aviso|orden|ordenes|note|instruction|instructions|message|notice|attention|memo)( \w+)? (para|to|for|a) (el |la |the |any |all |cualquier )?(ia|ai|asistente|assistant|bot|chatbot|modelo|model|llm|inteligencia artificial)`, `(cuando|when|al|if|si)( you)? (leas|lees|leer|read|reading|process|proceses|procesar|summari[sz]e|resumas)( \w+){0,3} (documento|texto|mensaje|archivo|document|text|message|file|page|email)( \w+){0,2} (responde|contesta|di|escribe|reply|respond|answer|say|output|write)`,
		`(ejecuta|invoca|execute|invoke|trigger|run) (la|el|una|un|the|this|an?) (accion|action)`, `(reembolso|refund|devolucion)( \w+){0,2} (esta|ha sido|has been|is|was)( \w+)? (aprobad[oa]|approved|authori[sz]ed|autorizad[oa])( (and|y|so|ahora|now|asi que)){0,2} (comunica(lo|selo|le)?|informa(le|lo)?|inform|tell|confirma(lo|selo|le)?|confirm|dile|dilo)`,
	)},
	// Give away somebody else.
	{0.7, phrases.Words(
		`(lista|listado|datos|correos|emails|telefonos|direcciones|pedidos|nombres)( \w+){0,2} (de|del) (todos los |los |otros |otro |otra |cada )(clientes?|usuarios?|compradores|persona)`, `(lista|listado|correos) de clientes`, `(telefono|direccion|correo|datos|nombre)( \w+){0,8} pedido( \w+){0,3} que no es (mio|nuestro)`, `(telefono|direccion|correo|nombre)( \w+){0,3} del cliente (del|que|con|de)`,
		`(list|emails?|phones?|addresses|details|data|names|orders)( \w+){0,2} (of|for|from) (all |the |all the |other |another |every |any )*(customers|clients|buyers|users)( who| that| and| with| in|$| \.)`, `(every|another|other|all) (customer|client|buyer|customers)( s)? (orders?|data|details|emails?|address|addresses|phone|information)`, `(phone|address|email|name)( \w+){0,3} of the (customer|buyer|person) (of|who|that|with|behind)`,
		`(the|this|that) user( s)?( \w+){0,4} (email|e mail|address|live|living|location|located|birth|balance|city|phone|name|ssn|residence)`, `where (does|is) the user`, `user s (email|e mail|address|initials|current|bank|date|phone|social|location|full|home)`,
		`(bank balance|social security number|credit card number) of \w+`, `(del|el) usuario( \w+){0,4} (vive|viviendo|correo|direccion|saldo|nacimiento|ubicacion|ciudad|telefono)`, `(correo electronico|direccion|saldo|ubicacion|ciudad|telefono|iniciales|saldo bancario)( \w+){0,3} (del|de el|de la) usuari\w*`, `saldo bancario de \w+`,
		`(do|o) usuario( \w+){0,4} (vive|mora|email|endereco|saldo|nascimento|localizacao)`, `(e mail|email|endereco|saldo|localizacao|nascimento|iniciais|cidade)( \w+){0,3} (do|da) usuari\w*`, `(give|tell) me \w+ s (email|address|phone|password)`,
	)},
	// Be somebody else.
	{0.8, phrases.Words(
		`(act|behave|respond|answer|reply|speak|talk) (as|like)( \w+){0,8} (ai|dan|chatbot|bot|gpt|chatgpt|model|assistant|character|hacker|terminal|machine|human|god|lecturer|expert)`, `(act|acting) as (if )?(an? |my |the )?\w+`, `(pretend|roleplay|role play|role playing|imagine|simulate|emulate|assume)( \w+){0,3} (you|to be|that you|being|as)( \w+)?`,
		`you are now \w+`, `you (are|re|will be|will act as|must act|have to act|will play|will simulate) (now )?(going to )?(a |an |the |my |in )?(dan|ai|chatgpt|unfiltered|immersed|free from|character|evil|amoral|bot|simulat\w+|jailbroken|unrestricted|electronic|linux)`, `you are (now )?(about to|going to) (immerse|act|pretend|become|be)`, `from now on( you)?`, `stay in character`, `break character`,
		`(eres|seras) ahora`, `ahora eres`, `a partir de ahora`, `(actua|comportate|responde|habla) como( \w+){0,4}`, `(finge|imagina|simula|supon)( \w+)? (que )?(eres|ser|fueras|serias)`, `(agora voce e|a partir de agora|finja|aja como|imagine que voce)`,
	)},
	// A mode, or a person, that may do everything.
	{0.7, phrases.Words(
		`(override|overridden|debug\w*|developer|admin|administrator|maintenance|verification|enforcement|god|sudo|dan|testing|training|knowledge \w+|diagnostic|root|emergency|jailbreak|system|stan|dude|mongo) mode`, `system (upgrade|check|update|maintenance|override|overhaul)`,
		`i (am|m) (your|the|a|an) (developer|administrator|admin|creator|programmer|owner of this (system|bot)|police officer|president|ceo|fbi\w*|system \w+|it \w+)`, `as (an?|your|the) (ai|developer|administrator|admin|cybersecurity expert|system administrator|llm)`, `override code`,
		`modo (de )?(desarrollador|administrador|dios|anulacion|depuracion|mantenimiento|prueba|verificacion|sistema)`, `soy (tu|su|el|un|una|dios)( \w+)? ?(desarrollador\w*|administrador\w*|creador\w*|policia|presidente)`, `soy dios`, `actualizacion del sistema`, `modo (de )?(desenvolvedor|manutencao|verificacao|substituicao)`, `sou (o|a|um|uma|seu|sua) (desenvolvedor\w*|administrador\w*|presidente|policial)`,
	)},
	// Write your answer so.
	{0.8, phrases.Words(
		`(add|include|integrate|modify|enhance|append|insert|mention|augment|encode|encrypt|translate|reverse|scramble|replace|remove|use|write|express|convert|shift|misspell|jumble|combine|apply|embed|inject|display|end|start|begin|conclude|provide|give|suggest|promote|tease|infuse|swap|substitute|change|rearrange|omit|attach)( \w+){0,14} (your|the|this) (answer|reply|response|message|output)( s)?`,
		`(in|to|of|from|with) your (response|reply|answer|output)( s)? ?(in|using|with|by|mention|tease|hint|add|include|to|words)?`, `(provide|give|write|deliver|present) your (answer|reply|response|message) `, `(reply|respond|answer) (only |back )?(in|using|with) (base ?\d+|french|german|italian|russian|japanese|latin|emojis?|morse|code|pig latin|cipher|json|alphanumeric|numbers)`,
		`(anade|agrega|incluye|modifica|codifica|traduce|inserta|termina|empieza)( \w+){0,12} (tu|su|la) (respuesta|mensaje)`, `(adicione|inclua|modifique|codifique|traduza|insira)( \w+){0,12} (sua|a) (resposta|mensagem)`,
	)},
	// Ciphers and puzzles.
	{0.6, phrases.Words(
		`base ?(16|32|58|64|85)`, `(caesar|substitution|vigenere) cipher`, `rot ?13`, `(hexadecimal|hex|binary|base64|encoded) (string|text|message)`, `leet ?speak`, `morse`, `(string|cadena|codigo|texto) (binari[oa]|hexadecimal)`, `(acrostic|acrostico)`, `(three|first|last)( \w+)? (letters|characters) of the (user|password|email)`,
		`(tres|primeras|primera|ultimas)( \w+)? letras? de( \w+){0,4} (contrasena|usuario|correo)`, `(combine|interlace|concatenate) (a |part )`, `write down the string`,
	)},
	{0.3, phrases.Words(`translate (the|this|your|following)( \w+){0,3} (to|into|in)`, `(traduce|traducir|traduzir)( \w+){0,6} (al?|para|en) (espanol|ingles|frances|espanhol)`, `repeat( \w+){0,8} (times|forever)`, `(repite|repita)( \w+){0,8} veces`, `hello world`, `hola mundo`)},
}

// jargon are words from the talk about models. One is a topic, several are a
// recipe.
var jargon = phrases.Words(
	`jailbreak\w*|jailbroken`, `do anything now`, `unfiltered`, `uncensored`, `amoral`, `immoral`, `unethical`, `(ethical|moral|legal) (guidelines|constraints|restrictions|boundaries|concerns|limitations|standards|rules)`, `openai\w*`, `open ai`, `chat ?gpt\w*`, `gpt ?\d?`, `llm`, `language model`, `content (policy|policies|guidelines)`,
	`without (any )?(restrictions?|filters?|limits|limitations|censorship|warnings?|disclaimers?)`, `no (restrictions|limits|filters|limitations|rules|morals|warnings)`, `nsfw`, `role ?play\w*`, `in character`, `fictional`, `hypothetical\w*`, `always (answers?|responds?|compl\w+|obeys?)`, `never (refus\w+|declin\w+|say no|says no)`,
	`(cannot|can t|never|not) (refuse|decline|reject)`, `illegal`, `as an ai`, `artificial intelligence`, `persona`, `my next (prompt|message|question)`, `first (prompt|request|question|command)`, `your (responses?|answers?|replies|reply)`, `disclaimers?`, `anthropic`, `filters?`, `compl(y|ies) with`, `tokens?`, `prompts?`,
)

// injectionForms match the text as it is written.
var injectionForms = []struct {
	weight  float64
	pattern *regexp.Regexp
}{
	{0.8, regexp.MustCompile(`(?i)\[/?INST\]|<\|\w+\|>|<<?/?SYS>>?|###\s*(system|instruction)|^\s*(?:system|sistema)\s*:|</(?:context|contexto|documents?|documentos?|passages?|system|sistema|instructions?|user|customer|order)>|\{\{\s*(user|char|prompt)|\[(your|insert|prompt)[^\]]*\]`)},
	{0.6, regexp.MustCompile(`(?is)\b[QP]\s?:.*\b[AR]\s?:.*\b[QP]\s?:`)},
	{0.6, regexp.MustCompile(`(?i)\b[a-z]\s*=\s*["'“].*\b[a-z]\s*=\s*["'“]`)},
	{0.5, regexp.MustCompile(`(?:[01]{8}\s){4}|(?:[0-9a-fA-F]{2}\s){10}|[A-Za-z0-9+/]{60,}`)},
	{0.5, regexp.MustCompile("```")},
}

func distinct(list []string) int {
	seen := map[string]bool{}
	for _, one := range list {
		seen[strings.TrimSpace(one)] = true
	}
	return len(seen)
}

// repeats tells whether a text says the same few words over and over.
func repeats(folded string) bool {
	tokens := strings.Fields(strings.ReplaceAll(folded, ".", ""))
	return len(tokens) >= 10 && distinct(tokens)*5 < len(tokens)*2 && len(tokens) < 600
}

// foreignScript is the share of letters that are not Latin ones.
func foreignScript(text string) float64 {
	letters, foreign := 0, 0
	for _, r := range text {
		if unicode.IsLetter(r) {
			letters++
			if !unicode.Is(unicode.Latin, r) {
				foreign++
			}
		}
	}
	return float64(foreign) / float64(max(1, letters))
}
