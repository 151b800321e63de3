package rag

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/recado/recado/rag/guard"
	"github.com/recado/recado/rag/understand"
)

// followUpStart matches the openings that lean on what was said before: "¿y a
// Canarias?", "pero cuánto cuesta", "and how much is it", "what about returns".
var followUpStart = regexp.MustCompile(`(?i)^[\s¿¡]*(y|e|o|pero|entonces|and|but|or|so|then|also|tambien|también|what about|how about|qué hay de|que hay de|what if)\b`)

// opening matches what people write before they come to the point, up to the
// mark or the space behind it: a greeting, an excuse, a word that a question comes.
var opening = regexp.MustCompile(`(?i)^[\s¿¡,.;:!…-]*(?:` +
	`ho+la+s?|ola|holi|muy buenas|buen[oa]s(?: (?:d[ií]as|tardes|noches))?|buen d[ií]a|hey|saludos|qu[eé] tal|` +
	`well|a ver|pues|bueno|mir(?:a|ad|e|en)|oye|oiga|oid|perd[oó]n(?:a|e|ad)?|disculp(?:a|e|ad)|por favor|porfa(?:vor)?|gracias|muchas gracias|` +
	`(?:(?:tengo|tenía|tenia|os hago|te hago) )?una (?:duda|pregunta|consulta|preguntita|cosa)(?: r[aá]pida)?|una (?:duda|pregunta) que tengo|` +
	`(?:(?:me gustar[ií]a|quer[ií]a|quisiera|quiero|necesito) (?:saber|preguntar(?:os|te)?|consultar(?:os)?)|` +
	`(?:me )?(?:pod(?:r[ií]a|r[ií]as|r[ií]ais|[eé]is)|puedes?) (?:decir(?:me)?|indicar(?:me)?)|(?:vos )?sab[eé]i?s)(?: si)?|che|espera(?:d|me)?|wait|hold on|` +
	`hi(?: there)?|hello(?: there)?|hiya|good (?:morning|afternoon|evening)|excuse me|sorry|please|thanks|thank you|` +
	`no s[eé] si (?:es|este es|esto es) (?:aqu[ií]|el (?:sitio|lugar|canal))(?: para (?:preguntar|esto))?|i do(?:n['’]?t| not) know if this is the (?:right )?(?:place|chat|channel)(?: to ask)?|` +
	`(?:just )?(?:a |one )?quick question|(?:just )?(?:a|one) question|(?:i have|i've got|i had|got|just) (?:a|one) (?:quick )?question|` +
	`(?:(?:could|can|would) you (?:please )?(?:tell me|let me know)|i(?:'d| would) like to know|i(?: was|'m| am) wondering|i want(?:ed)? to (?:know|ask))(?: if| whether)?` +
	`)(?:[\s,.;:!…-]+|$)`)

// hesitation matches what people say, and voice notes hold, while they look for words.
var hesitation = regexp.MustCompile(`(?i)(^|[\s,.…¿¡])(?:u+h+m*|u+m+|er+m+|hm+|mm+|eh+m*)(?:[\s,.…]+|$)`)

// closing matches the courtesies behind a question.
var closing = regexp.MustCompile(`(?i)(^|[\s,.;:!?…-])[\s,.;:!…-]*(?:por favor|porfa(?:vor)?|(?:muchas |mil )?gracias|(?:un )?saludos?|please|pls|(?:many )?thanks|thank you|thx|cheers)[\s,.!?…]*$`)

// closes tells whether a text holds a word that closing matches.
func closes(text string) bool {
	low := strings.ReplaceAll(strings.ToLower(text), "ſ", "s") // as an expression without cases takes it
	return slices.ContainsFunc(closingWords, func(word string) bool { return strings.Contains(low, word) })
}

// closingWords are what no closing can do without. Looking for them takes a hundredth of
// the time of trying the expression.
var closingWords = []string{"favor", "porfa", "gracias", "saludo", "please", "pls", "thank", "thx", "cheers"}

// rewrite gives the text to search for: the question without its courtesies,
// which say nothing of its subject and cost it in every comparison. A follow-up
// is put behind what it leans on, because alone it names no subject. It is
// deterministic, so that a turn can be replayed.
func rewrite(q Question) string {
	text := understand.Plain(q.Locale, point(q.Text))
	if !followUp(q.Locale, text) {
		return text
	}
	if before := leansOn(q.Locale, text, q.History, maxLeans); before != "" {
		return before + "\n" + text
	}
	return text
}

// point is a message without its openings, courtesies and thanks, line by line. A
// message that holds nothing else stays as it is.
func point(text string) string {
	text = strings.TrimSpace(text)
	if guard.Courteous(text) != "" {
		return text
	}
	var kept []string
	for line := range strings.Lines(text) {
		if line = pointOfLine(line); line != "" {
			kept = append(kept, line)
		}
	}
	if len(kept) == 0 {
		return text
	}
	return strings.Join(kept, "\n")
}

// pointOfLine takes courtesies off both ends of a line until none is left. It is
// empty when nothing that can be read remains.
func pointOfLine(line string) string {
	line = strings.TrimSpace(line)
	if guard.Courteous(line) != "" {
		return ""
	}
	for {
		shorter := strings.TrimSpace(opening.ReplaceAllString(hesitation.ReplaceAllString(line, "$1"), ""))
		if closes(shorter) && closing.MatchString(shorter) {
			// A question mark is part of the question, commas and stops are not.
			shorter = strings.TrimRight(closing.ReplaceAllString(shorter, "$1"), " ,.;:!…-")
		}
		if shorter == line {
			break
		}
		line = shorter
	}
	if strings.IndexFunc(line, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) < 0 {
		return ""
	}
	return line
}
