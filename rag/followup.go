package rag

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/rag/guard"
)

// The bounds of a follow-up.
const (
	// maxFollowUpWords bounds what can be a follow-up by its opening or its brevity: a
	// longer question carries its own subject. One that names its subject by a pronoun
	// may be longer.
	maxFollowUpWords = 8
	maxPronounWords  = 14
	// maxPronounSubject is how much it may say besides.
	maxPronounSubject = 4
	// maxFragmentWords bounds what is no sentence: "the blue one", "to Ceuta".
	maxFragmentWords = 3
	// maxLeans is how many turns back a subject is looked for, when the turns between
	// lean on each other.
	maxLeans = 3
	// maxNames is how many names are carried over from our own answer.
	maxNames = 6
)

// followUpPronoun matches words that stand for something said before, in a short
// question.
var followUpPronoun = regexp.MustCompile(`(?i)\b(eso|esto|ese|esa|lo|la mía|el mío|it|that|this|those|them|one|same|mismo|misma)\b`)

// nounless matches words that stand for a thing or for people, and are no more than that
// in a sentence that names neither before.
var nounless = regexp.MustCompile(`(?i)(?:\b(?:it|its|they|them|their|theirs|he|she|him|his|eso|esto|ello|ellos|ellas)\b|` +
	`\b(?:this|that|these|those)\s*(?:$|[?.,!])|\p{L}+(?:ar|er|ir|ando|iendo|ándo|iéndo)(?:me|te|se|nos)?(?:lo|la|los|las)\b)`)

// followUp tells whether a question leans on what was said before it: it speaks of a thing
// by a pronoun that stands before any noun, is a fragment, or opens like one. A question
// that brings three words of its own subject stands alone even if it starts with "y". What
// was tried is in docs/evals.md.
func followUp(locale, text string) bool {
	words := len(strings.Fields(text))
	if words == 0 || words > maxPronounWords || guard.Courteous(text) != "" {
		return false
	}
	subject := len(knowledge.Tokens(locale, text))
	if at := nounless.FindStringIndex(text); at != nil && subject <= maxPronounSubject && len(knowledge.Tokens(locale, text[:at[0]])) <= 1 {
		return true
	}
	switch {
	case words > maxFollowUpWords:
		return false
	case words <= maxFragmentWords && subject > 0 && subject <= 2 && !strings.Contains(text, "?"):
		return true
	}
	if followUpStart.MatchString(text) {
		return subject <= 3
	}
	return subject <= 1 && followUpPronoun.MatchString(text)
}

// leansOn is what a follow-up leans on: the customer's turn before it, behind what that
// one leans on itself, and the names of our own answer where the turn names nothing. A turn
// that the follow-up takes the place of is left out: who asks "and to Mallorca?" has done
// with "and to the Canaries?".
func leansOn(locale, text string, history []Utterance, steps int) string {
	turn, before := lastCustomerTurn(history)
	turn = point(turn)
	switch {
	case turn == "" || steps == 0:
		return ""
	case guard.Courteous(turn) != "": // thanks, or a greeting, in between
		return leansOn(locale, text, history[:before], steps-1)
	}
	var parts []string
	if followUp(locale, turn) {
		earlier := leansOn(locale, turn, history[:before], steps-1)
		if earlier != "" && insteadOf(locale, text, turn) {
			return earlier
		}
		if earlier != "" {
			parts = append(parts, earlier)
		}
	}
	parts = append(parts, turn)
	if len(knowledge.Tokens(locale, turn)) <= 1 {
		if names := names(lastAnswer(history), turn); names != "" {
			parts = append(parts, names)
		}
	}
	return strings.Join(parts, "\n")
}

// insteadOf tells whether a follow-up takes the place of the one before it: both begin alike
// and name one thing.
func insteadOf(locale, text, before string) bool {
	one := func(t string) bool { return followUpStart.MatchString(t) && len(knowledge.Tokens(locale, t)) == 1 }
	return one(text) && one(before)
}

// lastAnswer is what we said last.
func lastAnswer(history []Utterance) string {
	for _, u := range slices.Backward(history) {
		if u.Role != RoleCustomer {
			return u.Text
		}
	}
	return ""
}

// names are the words of a text that are written as names, each once: with a capital
// letter or a digit, and not at the beginning of a sentence.
func names(text, without string) string {
	var found []string
	begins := true
	for field := range strings.FieldsSeq(text) {
		word := strings.TrimFunc(field, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		first := strings.IndexFunc(word, func(r rune) bool { return unicode.IsUpper(r) || unicode.IsDigit(r) })
		if word != "" && first >= 0 && !begins && !slices.Contains(found, word) && !strings.Contains(without, word) {
			found = append(found, word)
		}
		begins = strings.ContainsAny(field[len(field)-1:], ".!?:")
		if len(found) == maxNames {
			break
		}
	}
	return strings.Join(found, " ")
}

// lastCustomerTurn joins what the customer said in one go before the question:
// the newest utterances of the customer with nothing of ours in between. It gives where
// they begin as well.
func lastCustomerTurn(history []Utterance) (text string, start int) {
	end := len(history)
	for end > 0 && history[end-1].Role != RoleCustomer {
		end--
	}
	start = end
	for start > 0 && history[start-1].Role == RoleCustomer {
		start--
	}
	var texts []string
	for _, u := range history[start:end] {
		texts = append(texts, strings.TrimSpace(u.Text))
	}
	return strings.TrimSpace(strings.Join(texts, "\n")), start
}
