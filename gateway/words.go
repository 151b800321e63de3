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

// wholly is an expression for messages that say one thing, in plain words: what people may
// begin with, any number of times, one of the ways to say it, and what they may end with.
func wholly(begins string, says []string, ends string) string {
	return `^(?:(?:` + begins + `) )*(?:` + strings.Join(says, "|") + `)(?: (?:` + ends + `))*$`
}

// takesBack matches a whole message, in plain words, that declines what was just proposed.
var takesBack = regexp.MustCompile(wholly(
	`no|ay|uy|espera|un momento|ok|vale|pues|perdona|perdon|gracias|mejor|al final|por favor|porfa|pensandolo bien|`+
		`wait|oh|ah|sorry|thanks|please|actually|hold on`,
	[]string{
		// No, and no, do not.
		`no`, `mejor no`, `al final no`, `prefiero (que no|no hacerlo|no)`,
		`(no|mejor no) (me |te )?((lo|la|los|las) )?(canceles|canceleis|cancele|cancelen|anules|anuleis|devuelvas|devolvais|devuelvo|devuelva|cambies|cambieis|cambie|hagas|hagais|haga|pases|paseis|mandes)( nada)?`,
		`ya no( quiero)?( (cancelar|devolver|cambiar)(lo|la|los|las)?)?`,
		`(don t|do not|dont) (cancel|return|change|do|send|bother)( it| that| them| anything)?`, `(i d )?rather not`,
		`(i )?no longer want to (cancel|return|change|do)( it| that| them)?`,
		// It stays, or is wanted after all.
		`(me )?((lo|la|los|las) )?quedo( con (el|ella|ellos|ellas|todo))?`, `(i ll|i will|i m going to) keep (it|them)`, `keep it`,
		`(no|espera) (que )?si (que )?(lo|la|los|las) quiero`, `(no|wait|hold on) i do want (it|them)`,
		// Another mind.
		`(he cambiado|cambie) de (idea|opinion)`, `me lo he pensado mejor`, `(i |i ve |i have )?changed my mind`, `on second thoughts?`,
		// Let it be.
		`(mejor )?(dejalo|dejadlo|dejelo|dejarlo)( asi| como esta| estar)?`, `olvidalo|olvidadlo|olvidelo`,
		`leave it( as it is| like that| alone)?`, `forget (it|about it)`, `never ?mind`,
	},
	`no|gracias|por favor|porfa|mejor|perdona|perdon|dejalo|dejadlo|asi|al final|`+
		`thanks|thank you|please|sorry|anyway|then|leave it|forget it|after all`,
))

// doesNotKeep matches what only a comma tells from "no, me lo quedo".
var doesNotKeep = regexp.MustCompile(`(?i)\bno (?:me )?(?:l[oa]s? )?quedo\b`)

// declines tells whether a message wants nothing of what was just proposed.
func declines(text string) bool {
	return takesBack.MatchString(strings.Join(plainWords(text), " ")) && !doesNotKeep.MatchString(text)
}

// Who may write, in the words of those who ask.
const (
	personES  = `(una? )?(persona|human[oa]|ser humano)( real| de verdad| human[oa]| fisica)?`
	machineES = `(una? )?(robot|bot|chatbot|maquina|ia|inteligencia artificial|programa)`
	whoES     = `(` + personES + `|` + machineES + `|alguien)( real| de verdad)?`
	orES      = ` o (eres |es |con )?` + whoES
	whoEN     = `(an? )?((real|live|actual) )?(person|human|human being|bot|robot|chatbot|machine|computer|ai|program)`
)

// asksWhoWrites matches a whole message, in plain words, that asks whether a person writes.
// "¿Me atiende una persona?" rather wants one.
var asksWhoWrites = regexp.MustCompile(wholly(
	`hola|buenas|oye|perdona|pero|y|una pregunta|hi|hello|hey|so|wait|sorry|and|but|just wondering`,
	[]string{
		`(eres|sois|es usted|esto es|estoy hablando con|hablo con) ` + whoES + `(` + orES + `)?`,
		`(me responde|me contesta|me atiende) (` + machineES + `( real| de verdad)?(` + orES + `)?|` + whoES + orES + `)`,
		`(are you|r u|are u|is this|am i (talking|chatting|speaking|writing) (to|with)) ((really|actually|even) )?(` + whoEN + `|real)( or (just |am i talking to )?` + whoEN + `)?`,
	},
	`de verdad|verdad|no|o que|here|there|or what|right|now`,
))

// asksWho tells whether a burst asks only whether a person writes. Asked again, it is a wish
// for one.
func (b Burst) asksWho() bool {
	return len(b.Texts) > 0 && asksWhoWrites.MatchString(strings.Join(plainWords(b.Text()), " "))
}
