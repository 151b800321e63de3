package sufficiency

import (
	"regexp"
	"strings"
)

// set is the words of a list, folded.
func set(list string) map[string]bool {
	all := map[string]bool{}
	for w := range strings.FieldsSeq(list) {
		all[w] = true
	}
	return all
}

// asking are words that ask and carry no subject.
var asking = set(`que quien quienes cual cuales cuando donde como cuanto cuanta cuantos cuantas porque saber decir favor
what who whom whose which when where why how many much tell know please`)

// denying are words that turn a sentence into its contrary, or make an exception.
var denying = set(`no nunca nadie ningun ninguna ninguno sin excepto jamas tampoco nada imposible menos falta carece evita evitar rechazo
rechazar prohibe ni
not never nobody none without except cannot neither nor impossible unable didn don doesn isn wasn aren lack fail failed refuse refused`)

// counting are numbers in words.
var counting = set(`dos tres cuatro cinco seis siete ocho nueve diez cien mil millon millones medio mitad
two three four five six seven eight nine ten hundred thousand million billion half dozen`)

// kinds are nouns that name a kind of thing, of which there are many: "the county" or
// "este modelo" says which one only to who has heard it before.
var kinds = set(`country county state city town village district neighborhood region province area place location island river lake
mountain park beach stadium building bridge museum church castle airport station hotel restaurant store shop actor
actress singer player athlete artist author writer director president minister king queen governor mayor senator
judge lawyer doctor nurse teacher student scientist inventor person man woman boy girl character donor customer
employee owner founder leader candidate driver victim patient team club band group company firm business bank
agency office department ministry organization institution university school college hospital clinic court party
union army government council commission committee association foundation season show series episode movie film
song album book novel poem story game magazine newspaper article document report law bill act treaty agreement
contract policy rule form war battle event festival tournament championship match race election hurricane storm
earthquake disaster emergency disease virus drug vaccine treatment violence crime case accident project program
programme plan campaign language flag animal species bird fish tree flower plant food dish drink fruit metal
element product item model device phone computer printer machine car vehicle engine battery card account service
system app software website tool feature version subscription package order tax fee pais ciudad pueblo barrio
provincia comarca zona lugar isla rio lago montana parque playa estadio edificio puente museo iglesia castillo
aeropuerto estacion restaurante tienda actriz cantante jugador atleta artista autor autora escritor presidente
ministro rey reina gobernador alcalde juez abogado medico profesor estudiante cientifico persona hombre mujer chico
chica personaje cliente empleado dueno fundador candidato conductor paciente equipo grupo banda empresa compania
negocio banco agencia oficina departamento ministerio organizacion institucion universidad escuela colegio clinica
partido ejercito gobierno comision asociacion fundacion temporada serie episodio capitulo pelicula cancion disco
libro novela poema juego revista periodico articulo documento ley tratado acuerdo contrato guerra batalla evento
torneo campeonato carrera eleccion huracan tormenta terremoto desastre enfermedad medicamento vacuna tratamiento
proyecto programa campana idioma lengua bandera especie pajaro pez arbol flor planta comida plato bebida fruta
producto modelo aparato dispositivo telefono ordenador impresora maquina coche vehiculo motor bateria tarjeta
cuenta servicio sistema aplicacion herramienta suscripcion paquete`)

// dontKnow matches what we say when we have no answer.
var dontKnow = regexp.MustCompile(`(?i)don.?t have|(?:do|does|did) not (?:have|know)|unable to|no (?:specific )?information|` +
	`can.?not (?:answer|help|provide)|can.t (?:find|answer|provide)|not enough information|i.?m (?:sorry|afraid)|` +
	`no (?:tengo|dispongo|encuentro|lo s[eé])|lo siento`)

// leaning matches words that stand for something said before.
var leaning = regexp.MustCompile(`(?i)\b(?:it|they|them|he|she|his|her|its|their|this|that|these|those|there|one|ones|same|other|others|more|else|another|` +
	`eso|esto|ese|esa|esos|esas|este|esta|ello|ellos|ellas|otro|otra|otros|otras|mismo|misma)\b`)

// yesNo matches the folded beginning of a question that yes or no would answer.
var yesNo = regexp.MustCompile(`^(?:(?:and|but|so|then|ok|okay|also|well|yes|no|y|pero|entonces|vale|[^,.!?]{0,30}[,.!])\s+)*` +
	`(?:is|are|am|was|were|isn.?t|aren.?t|do|does|did|don.?t|doesn.?t|didn.?t|can|could|will|would|should|may|might|must|has|have|had|` +
	`es|son|esta|estan|hay|puedo|puede|pueden|puedes|podria|tiene|tienen|teneis|tengo|se puede|existe|existen|debo|fue|era|hace|haceis)\b`)

// pointed and given match what follows a word that points, or an article.
var (
	pointed = regexp.MustCompile(`(?i)\b(?:this|that|these|those|such|este|esta|estos|estas|ese|esa|esos|esas|dich[oa]s?)\s+((?:[\p{L}.’'-]+\s+){0,3}\p{L}+)`)
	given   = regexp.MustCompile(`(?i)\b(?:the|el|la|los|las|del|al)\s+((?:[\p{L}.’'-]+\s+){0,3}\p{L}+)`)
)

// answerKind is what a question asks for.
type answerKind string

// The kinds of answers.
const (
	asksWhen  answerKind = "when"
	asksCount answerKind = "count"
	asksWho   answerKind = "who"
	asksWhere answerKind = "where"
	asksWhy   answerKind = "why"
	asksHow   answerKind = "how"
	asksWhich answerKind = "which"
	asksWhat  answerKind = "what"
)

// answerKinds match the folded questions for each kind; the first that does counts.
var answerKinds = []struct {
	kind    answerKind
	matches *regexp.Regexp
}{
	{asksWhen, regexp.MustCompile(`\b(?:cuando|que (?:ano|fecha|siglo|mes|dia|decada)|when|what (?:year|date|day|month|century|decade)|which (?:year|century))\b`)},
	{asksCount, regexp.MustCompile(`\b(?:cuant[oa]s?|que (?:porcentaje|numero|cantidad|edad|altura)|how (?:many|much|long|old|tall|far|often)|what (?:percent|percentage|number|amount))\b`)},
	{asksWho, regexp.MustCompile(`\b(?:quien(?:es)?|who|whom|whose)\b`)},
	{asksWhere, regexp.MustCompile(`\b(?:donde|que (?:pais|ciudad|lugar|region|estado)|where|what (?:country|city|place|state|region)|which (?:country|city|state))\b`)},
	{asksWhy, regexp.MustCompile(`\b(?:por que|cual fue la razon|why|what (?:reason|cause))\b`)},
	{asksHow, regexp.MustCompile(`\b(?:como|how)\b`)},
	{asksWhich, regexp.MustCompile(`\b(?:cual(?:es)?|which)\b`)},
	{asksWhat, regexp.MustCompile(`\b(?:que|what)\b`)},
}

func kindOf(text string) answerKind {
	text = folded(text)
	for _, k := range answerKinds {
		if k.matches.MatchString(text) {
			return k.kind
		}
	}
	return ""
}
