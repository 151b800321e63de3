package guard

import (
	"regexp"
	"slices"
	"strings"
)

// Courtesy is a message that wants nothing but a kind word.
type Courtesy string

// The courtesies.
const (
	// Greeting is a message that only greets.
	Greeting Courtesy = "greeting"
	// Thanks is a message that only thanks, agrees or says goodbye.
	Thanks Courtesy = "thanks"
	// Who is a message that only asks who, or what, it is written to.
	Who Courtesy = "who"
	// Laughter is a message that only laughs.
	Laughter Courtesy = "laughter"
)

const (
	greetingWords = `hola|holaa|buenas|buenos|dias|tardes|noches|buen|dia|hey|hi|hello|hiya|good|morning|afternoon|evening|saludos|que tal|como estas|how are you|there|ola|buenass|que hay|como va|como estais|que tal estas|holi`
	kindEmoji     = "👍🙏❤😊🙂😀😁😃😄👌💪🥰😍🎉✅💚💙🤗👏"
	thanksWords   = `gracias|muchas|muchisimas|mil|thanks|thank you|thank|thx|ty|cheers|so much|very much|a lot|many|perfecto|perfect|genial|great|vale|ok|okay|okey|de acuerdo|estupendo|entendido|got it|adios|bye|goodbye|hasta luego|see you|por todo|for everything|for your help|por tu ayuda|por la ayuda|muy amable|all good|todo bien|you re welcome|de nada|si|yes|bien|done|listo|nice|cool|super|feliz|have a nice day|that s all|eso es todo|nada mas|un saludo|un abrazo|saludo|take care|que vaya bien|buen finde|cuidate` +
		`|crack|maja|majo|guapa|guapo|amigo|amiga|tio|tia|jefe|jefa|campeon|campeona|figura|maquina|eres un sol|sois geniales|sois los mejores|eres genial|mate|buddy|bro|man|legend|champ|you re the best|you re great|you re a star|you guys rock|love you guys`
)

// asksWho matches a whole message that asks whether a machine answers, or what it can do.
var asksWho = regexp.MustCompile(`^(?:(?:hola|hi|hello|hey|oye|pero|but|y|and) )*(?:(?:eres|sois|es esto|esto es|es usted|hablo con|estoy hablando con) (?:un|una) (?:robot|bot|chatbot|maquina|ia|inteligencia artificial|programa)|quien eres|que eres|como te llamas|que (?:puedes|sabes) hacer|en que (?:me )?puedes ayudar(?:me)?|para que sirves|` +
	`(?:are you|is this|am i (?:talking|chatting|speaking) (?:to|with)) (?:a|an) (?:robot|bot|chatbot|machine|ai|program)|who are you|what are you|what s your name|what can you (?:do|help (?:me )?with))(?: (?:o que|verdad|no|or what))?$`)

// laughs matches a word that only laughs.
var laughs = regexp.MustCompile(`^(?:a?(?:ja){2,}j?|(?:je){2,}|(?:ji){2,}|(?:ha){2,}h?|(?:he){2,}|lol|lmao|xd+)$`)

var (
	greetings   = politeness(greetingWords)
	thanksOrAny = politeness(thanksWords + "|" + greetingWords)
)

// polite are phrases by their first word, each as its words.
type polite map[string][][]string

func politeness(list string) polite {
	p := polite{}
	for phrase := range strings.SplitSeq(list, "|") {
		words := strings.Fields(phrase)
		p[words[0]] = append(p[words[0]], words)
	}
	return p
}

// only tells whether words are nothing but such phrases, one after the other.
func (p polite) only(words []string) bool {
	if len(words) == 0 {
		return true
	}
	return slices.ContainsFunc(p[unstretched(words[0])], func(phrase []string) bool {
		n := len(phrase)
		return n <= len(words) && slices.Equal(words[1:n], phrase[1:]) && p.only(words[n:])
	})
}

// unstretched writes "holaaaa" with two letters at the end.
func unstretched(word string) string {
	if rest, ok := strings.CutPrefix(word, "holaa"); ok && strings.Trim(rest, "a") == "" {
		return "holaa"
	}
	return word
}

// Courteous tells whether a customer's message is nothing but a greeting, thanks, a
// goodbye, laughter, or the question who answers, in Spanish or English, and which. Of messages without words, those with
// a kind emoji are taken for thanks. Everything else is "".
//
// Only such a message may be answered with words that rest on nothing, whatever a
// model says of its own draft.
func Courteous(text string) Courtesy {
	words := strings.Fields(strings.ReplaceAll(fold(text), ".", " ")) // across sentences
	if len(words) == 0 {
		if strings.ContainsAny(text, kindEmoji) {
			return Thanks
		}
		return ""
	}
	switch said := seriously(words); {
	case len(said) == 0:
		return Laughter
	case greetings.only(said):
		return Greeting
	case thanksOrAny.only(said):
		return Thanks
	case asksWho.MatchString(strings.Join(said, " ")):
		return Who
	}
	return ""
}

// seriously are words without the laughter before and behind them.
func seriously(words []string) []string {
	for len(words) > 0 && laughs.MatchString(words[0]) {
		words = words[1:]
	}
	for len(words) > 0 && laughs.MatchString(words[len(words)-1]) {
		words = words[:len(words)-1]
	}
	return words
}
