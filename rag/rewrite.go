package rag

import (
	"regexp"
	"strings"

	"github.com/recado/recado/knowledge"
)

// maxFollowUpWords bounds what can be a follow-up: a longer question carries its
// own subject.
const maxFollowUpWords = 8

// followUpStart matches the openings that lean on what was said before: "¿y a
// Canarias?", "pero cuánto cuesta", "and how much is it", "what about returns".
var followUpStart = regexp.MustCompile(`(?i)^[\s¿¡]*(y|e|o|pero|entonces|and|but|or|so|then|also|tambien|también|what about|how about|qué hay de|que hay de|what if)\b`)

// followUpPronoun matches words that stand for something said before, in a short
// question.
var followUpPronoun = regexp.MustCompile(`(?i)\b(eso|esto|ese|esa|lo|la mía|el mío|it|that|this|those|them|one|same|mismo|misma)\b`)

// rewrite gives the text to search for. A follow-up is put behind the customer's
// turn before it, because alone it names no subject; everything else is searched
// as it was written. It is deterministic, so that a turn can be replayed.
func rewrite(q Question) string {
	text := strings.TrimSpace(q.Text)
	previous := lastCustomerTurn(q.History)
	if previous == "" || !followUp(q.Locale, text) {
		return text
	}
	return previous + "\n" + text
}

// followUp tells whether a question leans on the one before it. A question that
// brings three words of its own subject stands alone even if it starts with "y".
func followUp(locale, text string) bool {
	words := len(strings.Fields(text))
	if words == 0 || words > maxFollowUpWords {
		return false
	}
	subject := len(knowledge.Tokens(locale, text))
	if followUpStart.MatchString(text) {
		return subject <= 3
	}
	return subject <= 1 && followUpPronoun.MatchString(text)
}

// lastCustomerTurn joins what the customer said in one go before the question:
// the newest utterances of the customer with nothing of ours in between.
func lastCustomerTurn(history []Utterance) string {
	end := len(history)
	for end > 0 && history[end-1].Role != RoleCustomer {
		end--
	}
	start := end
	for start > 0 && history[start-1].Role == RoleCustomer {
		start--
	}
	var texts []string
	for _, u := range history[start:end] {
		texts = append(texts, strings.TrimSpace(u.Text))
	}
	return strings.TrimSpace(strings.Join(texts, "\n"))
}
