// Package understand reads out of a customer's message what code has to know of it: the
// questions that it holds (Split), the days that it names (Dates) and the amounts of money
// (Amounts, Figures), in Spanish and in English, as people type on a phone: with or without
// accents and capital letters.
//
// It asks no model and keeps nothing. What it is not sure of it leaves alone: a question
// that is not split is still answered, and a day that was misread is worse than none.
package understand

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/recado/recado/knowledge"
)

// word is a run of letters or of digits, or one other character, and where it stands.
type word struct {
	// folded is lower-case and without accents.
	folded     string
	start, end int
	kind       kind
}

// kind says what a word is made of.
type kind int

const (
	letters kind = iota
	digits
	mark
)

// words cuts a text. Spaces are between words and not in them; an apostrophe within
// letters belongs to them.
func words(text string) []word {
	var list []word
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		start := i
		switch {
		case unicode.IsSpace(r):
			i += size
			continue
		case unicode.IsLetter(r):
			i = until(text, i, inWord)
			list = append(list, word{foldWord(text[start:i]), start, i, letters})
		case r >= '0' && r <= '9':
			i = until(text, i, func(r rune) bool { return r >= '0' && r <= '9' })
			list = append(list, word{text[start:i], start, i, digits})
		default:
			i += size
			list = append(list, word{text[start:i], start, i, mark})
		}
	}
	return list
}

func until(text string, i int, in func(rune) bool) int {
	for i < len(text) {
		r, size := utf8.DecodeRuneInString(text[i:])
		if !in(r) {
			break
		}
		i += size
	}
	return i
}

func inWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.Is(unicode.Mn, r) || r == '\'' || r == '’'
}

// foldWord lower-cases and drops the accents of the two languages. A combining mark goes
// as well: some phones send letter and accent apart.
func foldWord(w string) string {
	return strings.Map(func(r rune) rune {
		switch r = unicode.ToLower(r); r {
		case 'á', 'à', 'â':
			return 'a'
		case 'é', 'è', 'ê':
			return 'e'
		case 'í', 'ì', 'ï':
			return 'i'
		case 'ó', 'ò', 'ô':
			return 'o'
		case 'ú', 'ù', 'ü':
			return 'u'
		case 'ñ':
			return 'n'
		case '’':
			return '\''
		}
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, w)
}

// isEnglish tells the two languages apart; what is not English is read as Spanish.
func isEnglish(locale string) bool { return knowledge.Language(locale) == "en" }

// at is the folded word at a place, or "".
func at(list []word, i int) string {
	if i < 0 || i >= len(list) {
		return ""
	}
	return list[i].folded
}

// follows tells whether these words stand at a place.
func follows(list []word, i int, sequence ...string) bool {
	for k, w := range sequence {
		if at(list, i+k) != w {
			return false
		}
	}
	return true
}

// among makes a set of a list of words.
func among(list string) map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq(list) {
		set[w] = true
	}
	return set
}
