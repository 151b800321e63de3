package guard

import "strings"

// People rarely ask in the words of a pattern. Beside the patterns stands a
// looser rule: a word for a person close to a word for speaking, wanting or
// being passed on is a wish for a person. How close depends on how clear the
// word is: "agent" means nothing else in a chat with a shop, "somebody" may be
// the neighbour who takes the parcel.

// role says what a word is for that rule.
type role uint8

const (
	strong  role = 1 << iota // a person by what they are here for
	weak                     // anybody
	contact                  // speaking, answering
	pass                     // passing on, which is done to money and parcels too
	want                     // wishing
	sole                     // a person whom nobody speaks of but to ask for one
)

// How many words may lie between the person and the other word.
const (
	strongContact = 6
	strongWant    = 4
	weakBefore    = 4 // "speak with one of your people"
	weakAfter     = 3 // "somebody from the shop answer"
)

var roles = rolesOf(map[role]string{
	strong: "human humans agent agents representative representatives rep reps operator operators supervisor manager executive assistant staff colleague colleagues " +
		"humano humanos humana agente agentes asesor asesora asesores ejecutivo ejecutiva supervisora encargado encargada gerente operador operadora representante jefe jefa companero companera companeros teleoperador teleoperadora",
	weak: "person people someone somebody anyone anybody boss owner persona personas alguien gente",
	contact: "speak speaking talk talking chat chatting reply answer respond contact touch complain hear reach deal dealing handled asked comfortable explain explaining complaint discuss " +
		"hablar hablarlo hablare hable contestar conteste contestar contestara responda responder respondera atender atienda atendera atenderia atenderme atiende contacte contacten contactar comunicar comunicarme comunicame comunicas chatear tratar trato comentarlo comentarselo telefonear explicar explicarlo explicarselo explicartelo contarlo contarselo escuchar escuche escucharme queja gestione asesorar asesorara respuesta preguntar atencion ablar",
	pass: "connect connected connecting transfer transferred escalate put pass hablo pasar pasame pasas paseme pasen pasenme transferir transferirme poner ponme poneis pongame denme",
	sole: "human humans agent agents representative humano humanos agente agentes asesor asesora asesores",
	want: "needs want need prefer demand require get give wanna quiero quisiera queria necesito prefiero exijo dame deme denme solicito pido",
})

func rolesOf(lists map[role]string) map[string]role {
	found := map[string]role{}
	for r, list := range lists {
		for word := range strings.FieldsSeq(list) {
			found[word] |= r
		}
	}
	return found
}

// personNearby tells whether a sentence of folded text has a person close to
// what one wants of them.
func personNearby(sentence string) bool {
	tokens := strings.Fields(sentence)
	for i, word := range tokens {
		switch r := roles[word]; {
		case r&sole != 0:
			return true
		case r&strong != 0 && (has(tokens, i-strongContact, i+strongContact, contact|pass) || has(tokens, i-strongWant, i, want)):
			return true
		case one(tokens, i):
			return true
		case r&weak != 0 && has(tokens, i-weakBefore, i+weakAfter, contact):
			return true
		}
	}
	return false
}

// one tells whether the word at i is "a person" as such, and not what something is
// for or who somebody gives it to.
func one(tokens []string, i int) bool {
	if (tokens[i] != "person" && tokens[i] != "persona") || i == 0 || !articles[tokens[i-1]] {
		return false
	}
	return i == 1 || !belongings[tokens[i-2]]
}

var (
	articles   = set("a una 1")
	belongings = set("for para of de per a to by por en on como as than que such each in is es era was at only solo")
)

// has tells whether one of the tokens from low to high has the role.
func has(tokens []string, low, high int, r role) bool {
	for _, word := range tokens[max(0, low):min(len(tokens), high+1)] {
		if roles[word]&r != 0 {
			return true
		}
	}
	return false
}
