package gateway

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/recado/recado/rag/guard"
)

// controlIn finds the command in a message. People put one in the middle of what they say:
// "y en español?" is the command behind a link, "mejor no, déjalo" the same one twice.
func controlIn(text string) (guard.Control, bool) {
	if c, ok := guard.ControlOf(text); ok {
		return c, true
	}
	var found guard.Control
	for piece := range strings.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune(",;.!?¡¿\n", r) }) {
		words := plainWords(piece)
		for len(words) > 0 && slices.Contains(strings.Fields(linkWords), words[0]) {
			words = words[1:]
		}
		if len(words) == 0 {
			continue
		}
		c, ok := guard.ControlOf(strings.Join(words, " "))
		if !ok || found != "" && c != found {
			return "", false
		}
		found = c
	}
	return found, found != ""
}

// linkWords are what people begin with and say nothing by.
const linkWords = "y e pues bueno entonces ah oh mira perdona perdon and so well actually then but pero sorry hmm"

// plainWords are the words of a text in small letters and without accents.
func plainWords(text string) []string {
	plain := strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Mn, r):
			return -1
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return ' '
	}, norm.NFKD.String(text))
	return strings.Fields(plain)
}

// takesBack matches a whole message, in plain words, that declines what was just proposed.
var takesBack = regexp.MustCompile(`^(?:(?:no|ay|uy|espera|wait|oh|ah|ok|vale|pues|perdona|perdon|sorry|gracias|thanks|mejor|al final|please|por favor|porfa|pensandolo bien|actually|hold on|un momento) )*` +
	`(?:no|mejor no|al final no|(?:no|mejor no) (?:me |te )?(?:lo |la |los |las )?(?:canceles|canceleis|cancele|cancelen|anules|anuleis|devuelvas|devolvais|devuelvo|devuelva|cambies|cambieis|cambie|hagas|hagais|haga|pases|paseis|mandes)(?: nada)?|` +
	`(?:no )?(?:me )?(?:lo |la |los |las )?quedo(?: con (?:el|ella|ellos|ellas|todo))?|he cambiado de (?:idea|opinion)|cambie de (?:idea|opinion)|me lo he pensado mejor|prefiero (?:que no|no hacerlo|no)|(?:mejor )?(?:dejalo|dejadlo|dejelo|dejarlo)(?: asi| como esta| estar)?|olvidalo|olvidadlo|olvidelo|ya no(?: quiero)?(?: cancelar| devolver| cambiar)?(?:lo|la|los|las)?|` +
	`(?:don t|do not|dont) (?:cancel|return|change|do|send|bother)(?: it| that| them| anything)?|i(?: ve| have)? changed my mind|on second thoughts?|i ll keep (?:it|them)|i(?: will|m going to) keep (?:it|them)|keep it|leave it(?: as it is| like that| alone)?|forget (?:it|about it)|never ?mind|rather not|i d rather not|(?:no|espera) (?:que )?si (?:que )?(?:lo|la|los|las) quiero|(?:no|wait|hold on) i do want (?:it|them)|no longer want to(?: \w+){0,2})` +
	`(?: (?:no|gracias|thanks|thank you|please|por favor|porfa|mejor|perdona|perdon|sorry|dejalo|dejadlo|asi|anyway|then|leave it|forget it|al final|after all))*$`)

// declines tells whether a message wants nothing of what was just proposed.
func declines(text string) bool {
	words := strings.Join(plainWords(text), " ")
	return takesBack.MatchString(words)
}

// asksWhoWrites matches a whole message, in plain words, that asks whether a person writes.
var asksWhoWrites = regexp.MustCompile(`^(?:(?:hola|buenas|oye|perdona|pero|y|una pregunta|hi|hello|hey|so|wait|sorry|and|but|just wondering) )*` +
	`(?:(?:eres|sois|es usted|esto es|estoy hablando con|hablo con|me responde|me contesta|me atiende) (?:una? )?(?:persona|human[oa]|ser humano|robot|bot|chatbot|maquina|ia|inteligencia artificial|programa|alguien)(?: real| de verdad| human[oa]| fisica)?(?: o (?:eres |es |con )?(?:una? )?(?:persona|human[oa]|robot|bot|chatbot|maquina|ia|programa)(?: real| de verdad)?)?|` +
	`(?:are you|r u|are u|is this|am i (?:talking|chatting|speaking|writing) (?:to|with)) (?:really |actually |even )?(?:an? )?(?:real |live |actual )?(?:person|human|human being|bot|robot|chatbot|machine|computer|ai|real)(?: or (?:just |am i talking to )?(?:an? )?(?:real |live )?(?:person|human|human being|bot|robot|chatbot|machine|computer|ai|program))?)` +
	`(?: (?:de verdad|verdad|no|o que|here|there|or what|right|now|please|por favor))*$`)

// asksWho tells whether a burst asks only whether a person writes. Asked again, it is a wish
// for one.
func (b Burst) asksWho() bool {
	return len(b.Texts) > 0 && asksWhoWrites.MatchString(strings.Join(plainWords(b.Text()), " "))
}
