package guard

import (
	"strings"
	"unicode/utf8"
)

// slang holds ways of writing that are too far from the word, or too near to
// another one, for repair to find: what sounds alike, what a phone shortens.
var slang = map[string]string{
	"u": "you", "ur": "your", "pls": "please", "plz": "please", "thru": "through", "2": "to", "som1": "someone", "sum1": "someone", "some1": "someone", "any1": "anyone", "sb": "somebody",
	"tlak": "talk", "taok": "talk", "takl": "talk", "tak": "talk", "talkint": "talking", "chta": "chat", "caht": "chat", "ned": "need", "hep": "help",
	"talkto": "talk to", "speakto": "speak to", "chatwith": "chat with", "hablarcon": "hablar con", "tlk": "talk", "ablo": "hablo", "kmo": "como", "spk": "speak", "spek": "speak", "w": "with", "sm1": "someone", "prsn": "person", "c": "con", "pf": "por favor", "humn": "human", "hooman": "human", "lemme": "let me", "gimme": "give me", "wanna": "want to", "gotta": "got to", "wnat": "want", "dont": "don t", "cant": "can t", "im": "i m", "isnt": "isn t",
	"k": "que", "q": "que", "x": "por", "xfa": "porfa", "xfavor": "por favor", "cn": "con", "kon": "con", "kien": "quien", "ablar": "hablar", "abalr": "hablar", "alguein": "alguien", "spaek": "speak", "nede": "need", "habalr": "hablar", "hablr": "hablar",
	"kiero": "quiero", "qiero": "quiero", "kero": "quiero", "quieto": "quiero", "umano": "humano", "ajente": "agente", "nesesito": "necesito", "nesecito": "necesito", "algien": "alguien", "alguen": "alguien",
}

// vocabulary are the words that the rules about persons turn on. A word that
// nobody knows and that is one slip of the finger away is read as one of them.
var vocabulary = []string{
	"someone", "somebody", "person", "human", "agent", "operator", "assistant", "representative", "supervisor", "manager", "speak", "speaking", "talking", "chatting", "transfer", "connect", "contact", "callback",
	"persona", "humano", "humana", "agente", "asesor", "asesora", "operador", "operadora", "alguien", "hablar", "hablarle", "comunicame", "encargado", "responsable", "pasame", "necesito", "quiero",
}

// vocabularyByLetter are the words by their first letter, which people seldom miss.
var vocabularyByLetter = byLetter(vocabulary)

func byLetter(list []string) map[byte][]string {
	found := map[byte][]string{}
	for _, word := range list {
		found[word[0]] = append(found[word[0]], word)
	}
	return found
}

// neighbours are words of their own that lie one letter from the vocabulary.
var neighbours = set("perdona perdonad perdone perdon responsible responsibly huian avent agend humano humanas contacto contactos personal personas persons humanos humane humans agents agencia agentes asesores operadores operators operator operado speaks spear steak speaker sneak peak break manage managed manages managers connects contacts connected transfers hablas hablan hablara quieto quieres quiera walking taking stalking chattering humanas assistants assistance resident pasado pasaje pasamos alguno necesita necesite necesitas necesitamos nesesita")

func set(list string) map[string]bool {
	words := map[string]bool{}
	for word := range strings.FieldsSeq(list) {
		words[word] = true
	}
	return words
}

// repair rewrites folded text with the words of the vocabulary where somebody
// slipped: a letter too many, missing, wrong or in the wrong place, letters
// repeated for emphasis, and words that run into each other ("tosomebody").
func repair(folded string) string {
	var out strings.Builder
	for word := range strings.FieldsSeq(folded) {
		if out.Len() > 0 {
			out.WriteByte(' ')
		}
		out.WriteString(repairWord(word))
	}
	return out.String()
}

func repairWord(word string) string {
	if known, ok := slang[word]; ok {
		return known
	}
	if len(word) < 5 || len(word) > 24 || neighbours[word] {
		return word
	}
	if near, ok := nearest(word, vocabularyByLetter[word[0]]); ok {
		return near
	}
	return split(word)
}

// split takes a small word off the front or the end of a word of the vocabulary.
func split(word string) string {
	for _, known := range vocabulary {
		if head, ok := strings.CutSuffix(word, known); ok && joins[head] {
			return repairWord(head) + " " + known
		}
		if rest, ok := strings.CutPrefix(word, known); ok && joins[rest] {
			return known + " " + repairWord(rest)
		}
	}
	return word
}

// joins are the small words that run into the next or the last one.
var joins = set("talkto speakto chatwith hablarcon to a an the with con un una me i quiero con please por talk ya now real un")

// nearest gives the word of the list that is written so, or nearly so.
func nearest(word string, list []string) (string, bool) {
	for _, known := range list {
		if word == known {
			return known, true
		}
	}
	plain := squeeze(word)
	for _, known := range list {
		if plain == known || oneSlip(word, known) {
			return known, true
		}
	}
	return "", false
}

// Respell gives the word of the list that a folded word is, or is one slip of the finger
// away from, and else the word itself.
func Respell(word string, list []string) string {
	if near, ok := nearest(word, list); ok {
		return near
	}
	return word
}

// squeeze writes each run of a letter once: "humanooo" is shouted "humano".
func squeeze(word string) string {
	if !doubled(word) {
		return word
	}
	var out strings.Builder
	var last rune
	for _, r := range word {
		if r != last {
			out.WriteRune(r)
		}
		last = r
	}
	return out.String()
}

// doubled tells whether a letter may stand beside its like. One of several bytes always may.
func doubled(word string) bool {
	for i := 1; i < len(word); i++ {
		if word[i] == word[i-1] || word[i] >= utf8.RuneSelf {
			return true
		}
	}
	return false
}

// oneSlip tells whether one letter was added, dropped, changed or swapped with
// the next one. The first letter has to be right: people seldom miss it, and
// other words differ in it.
func oneSlip(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 || a == "" || a[0] != b[0] {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) < len(b) {
		return a[i:] == b[i+1:]
	}
	if i == len(a) || a[i+1:] == b[i+1:] {
		return true
	}
	return i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}
