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
	)},
	// Give away somebody else.
	{0.7, phrases.Words(
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
	{0.8, regexp.MustCompile(`(?i)\[/?INST\]|<\|\w+\|>|<<?/?SYS>>?|###\s*(system|instruction)|^\s*system\s*:|\{\{\s*(user|char|prompt)|\[(your|insert|prompt)[^\]]*\]`)},
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
