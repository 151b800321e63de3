package knowledge

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/blevesearch/snowballstem"
	"github.com/blevesearch/snowballstem/english"
	"github.com/blevesearch/snowballstem/spanish"
	"golang.org/x/text/unicode/norm"
)

// maxTokenBytes cuts absurd words (encoded data in a document) so that no
// database index row grows with them.
const maxTokenBytes = 64

// Language is the part of a locale that chooses stemmer and stop words and that
// a search filters by: "es-MX" and "es" are both "es". It is lower case.
func Language(locale string) string {
	language, _, _ := strings.Cut(strings.ReplaceAll(locale, "_", "-"), "-")
	return strings.ToLower(language)
}

// Tokens turns a text into the terms that the lexical part indexes and looks
// up, in order, repetitions included. Letters are lower-cased and lose their
// accents, because customers leave them out; stop words go; words are stemmed
// by the Snowball algorithm of the locale's language (Spanish and English;
// words of other languages stay as they are). Order numbers, codes, prices and
// dates are kept whole and are never stemmed: "AB-12.3" gives "ab123" besides
// its parts, so that every way of writing it finds it.
func Tokens(locale, text string) []string {
	tokens, _ := analyse(Language(locale), text)
	return tokens
}

// Subsequence is the length of the longest common subsequence of two lists of words: how
// many of them stand in both, in the same order. It takes the product of their lengths.
func Subsequence(a, b []string) int {
	row := make([]int, len(b)+1)
	for _, w := range a {
		diagonal := 0
		for j, c := range b {
			above := row[j+1]
			if w == c {
				row[j+1] = diagonal + 1
			} else {
				row[j+1] = max(row[j+1], row[j])
			}
			diagonal = above
		}
	}
	return row[len(b)]
}

// StopWords are the words that Tokens leaves out, folded, in order, repetitions
// included. They carry no subject, and yet a question and its answer often share them.
func StopWords(locale, text string) []string {
	_, stops := analyse(Language(locale), text)
	return stops
}

func analyse(language, text string) (tokens, stops []string) {
	stop := stopWords[language]
	folded := fold(text)
	env := snowballstem.NewEnv("")
	for len(folded) > 0 {
		start := strings.IndexFunc(folded, isWordRune)
		if start < 0 {
			break
		}
		folded = folded[start:]
		word, code := nextWord(folded)
		folded = folded[len(word):]
		switch {
		case code:
			tokens = appendCode(tokens, word)
		case stop[word]:
			stops = append(stops, word)
		default:
			tokens = append(tokens, stem(env, language, clip(word)))
		}
	}
	return tokens, stops
}

// fold decomposes, drops the combining marks and lower-cases. The compatibility
// form also opens ligatures and full-width letters.
func fold(text string) string {
	if isASCII(text) {
		return strings.ToLower(text)
	}
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKD.String(text))
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func isWordRune(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r)
}

// nextWord returns the word that the text begins with. It is a code when it
// holds separators that belong to it.
func nextWord(text string) (word string, code bool) {
	end := wordEnd(text)
	for {
		size := joins(text[:end], text[end:])
		if size == 0 {
			return text[:end], code
		}
		code = true
		end += size
		end += wordEnd(text[end:])
	}
}

func wordEnd(text string) int {
	if end := strings.IndexFunc(text, func(r rune) bool { return !isWordRune(r) }); end >= 0 {
		return end
	}
	return len(text)
}

// joins says how many bytes of separator at the start of rest belong to the
// word before it: a point or comma between digits (19.99), a hyphen, slash or
// underscore in a code that has both letters and digits (AB-123). A range such
// as "10-15" is two numbers, a compound such as "wi-fi" two words.
func joins(before, rest string) int {
	if len(rest) < 2 {
		return 0
	}
	last, _ := utf8.DecodeLastRuneInString(before)
	next, _ := utf8.DecodeRuneInString(rest[1:])
	switch rest[0] {
	case '.', ',':
		if unicode.IsDigit(last) && unicode.IsDigit(next) {
			return 1
		}
	case '-', '/', '_':
		if !isWordRune(next) {
			return 0
		}
		whole := before + rest[1:1+wordEnd(rest[1:])]
		if strings.IndexFunc(whole, unicode.IsDigit) >= 0 && strings.IndexFunc(whole, unicode.IsLetter) >= 0 {
			return 1
		}
	}
	return 0
}

// appendCode adds the code without its separators, and its parts.
func appendCode(tokens []string, code string) []string {
	parts := strings.FieldsFunc(code, func(r rune) bool { return !isWordRune(r) })
	tokens = append(tokens, clip(strings.Join(parts, "")))
	for _, part := range parts {
		tokens = append(tokens, clip(part))
	}
	return tokens
}

// clip shortens a word to maxTokenBytes at a rune boundary.
func clip(word string) string { return clipTo(word, maxTokenBytes) }

func clipTo(text string, most int) string {
	if len(text) <= most {
		return text
	}
	end := most
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}

// stem applies the language's Snowball stemmer to a folded word. The Spanish
// algorithm wants the accent of "-ión", which folding took: it is put back, or
// "devolución" and "devoluciones" would not meet. What env held before is gone.
func stem(env *snowballstem.Env, language, word string) string {
	if strings.IndexFunc(word, unicode.IsDigit) >= 0 {
		return word
	}
	switch language {
	case "es":
		if base, ok := strings.CutSuffix(word, "ion"); ok {
			word = base + "ión"
		}
		env.SetCurrent(word)
		spanish.Stem(env)
		return fold(env.Current())
	case "en":
		env.SetCurrent(word)
		english.Stem(env)
		return env.Current()
	}
	return word
}

// stopWords are the words that carry no subject, folded, by language. Negations
// ("no", "not", "sin") stay: they turn the meaning of a policy round.
var stopWords = map[string]map[string]bool{
	"es": wordSet(`a al algo ante antes aqui asi aun aunque cada como con cual cuales cuando cuanto de del desde donde dos e
		el ella ellas ellos en entre era eran es esa esas ese eso esos esta estaba estan estar estas este esto estos estoy
		fue fueron ha habia han has hasta hay he la las le les lo los mas me mi mis mucho muy nos nosotros o os otra otro
		para pero por porque pues que quien quienes se sea ser si sido sobre son soy su sus tal tambien tan te tenia ti
		tiene tienen tu tus u un una unas uno unos usted ustedes va vas voy y ya yo`),
	"en": wordSet(`a about am an and are as at be been being but by can could did do does doing for from had has have
		having he her hers him his how i if in into is it its itself just me my of on or our ours she should so some such
		than that the their theirs them then there these they this those to too up us very was we were what when where
		which while who whom whose why will with would you your yours`),
}

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for word := range strings.FieldsSeq(words) {
		set[word] = true
	}
	return set
}
