package rag

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/recado/recado/internal/recent"
	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/rag/guard"
)

// leastSlip is how many letters a word has in which a slip of the finger is looked for.
const leastSlip = 4

// textsKept is of how many titles, headings and texts the words are kept.
const textsKept = 1024

// asksWith are words that questions are made of and documents are not.
const asksWith = "cuanto cuantos cuanta cuantas cuando donde como hasta tengo puedo podeis puede teneis quiero cuesta tarda tardan dias " +
	"what when where which until much many long does have days time take cost"

// letters matches a word without figures.
var letters = regexp.MustCompile(`[\p{L}\p{M}]+`)

// Lexical is a model that knows words of a shop: what somebody mistypes may be one of them,
// although it stands in nothing that was found.
type Lexical interface {
	// Words are those of a language, in small letters and without accents.
	Words(locale string) []string
}

// speller knows the words that are no slips. It is safe for concurrent use.
type speller struct {
	// stems are the common ones by language, words what else may be meant.
	stems func() map[string]map[string]bool
	words func(locale string) []string
	// heard are the words of a text that was found, folded: the same ones are found again
	// and again.
	heard *recent.Cache[string, []string]
}

func newSpeller(m Model) speller {
	s := speller{
		stems: sync.OnceValue(func() map[string]map[string]bool {
			return map[string]map[string]bool{spanish: knowledge.CommonWords(spanish), english: knowledge.CommonWords(english)}
		}),
		words: func(string) []string { return nil },
		heard: recent.New(textsKept, foldedWords),
	}
	if lexical, ok := m.(Lexical); ok {
		s.words = lexical.Words
	}
	return s
}

// slips finds the words of a question that nobody knows and that lie one slip of the finger
// from one that stands in what was found, and gives the word that was meant for each. The
// search has its own way with such words; what reads the question afterwards has not.
func (s speller) slips(locale, question string, hits []knowledge.Hit) map[string]string {
	var found map[string]string
	var vocabulary []string
	for _, word := range letters.FindAllString(question, -1) {
		folded := foldWord(word)
		if utf8.RuneCountInString(folded) < leastSlip || s.known(locale, folded) {
			continue
		}
		if vocabulary == nil {
			vocabulary = append(s.vocabularyOf(hits), s.words(locale)...)
		}
		if meant := guard.Respell(folded, vocabulary); meant != folded {
			if found == nil {
				found = map[string]string{}
			}
			found[word] = meant
		}
	}
	return found
}

// listed are slips in the order of their words, so that a turn that is replayed gives the
// same record.
func listed(slips map[string]string) []Slip {
	var list []Slip
	for _, word := range slices.Sorted(maps.Keys(slips)) {
		list = append(list, Slip{Word: word, Meant: slips[word]})
	}
	return list
}

// known tells whether a word is a common one of the language, in any of its forms, or as
// it stands one of the other language.
func (s speller) known(locale, folded string) bool {
	own := s.stems()[supported(locale)]
	if own[folded] || s.stems()[otherLanguage(supported(locale))][folded] {
		return true
	}
	return slices.ContainsFunc(knowledge.Tokens(locale, folded), func(stem string) bool { return own[stem] })
}

// vocabularyOf are the words of what was found, the best passage first, behind those that
// questions are made of. What several say stands there as often.
func (s speller) vocabularyOf(hits []knowledge.Hit) []string {
	list := strings.Fields(asksWith)
	for _, h := range hits {
		for _, text := range [...]string{h.Document.Title, h.Chunk.Heading, h.Chunk.Question, h.Chunk.Text} {
			list = append(list, s.heard.Get(text)...)
		}
	}
	return list
}

// foldedWords are the words of a text in which a slip is looked for, each once.
func foldedWords(text string) []string {
	var list []string
	seen := map[string]bool{}
	for _, word := range letters.FindAllString(text, -1) {
		if folded := foldWord(word); utf8.RuneCountInString(folded) >= leastSlip && !seen[folded] {
			seen[folded] = true
			list = append(list, folded)
		}
	}
	return list
}

// mended is a text with what was meant in the place of what slipped.
func mended(text string, slips map[string]string) string {
	if len(slips) == 0 {
		return text
	}
	return letters.ReplaceAllStringFunc(text, func(word string) string {
		if meant, ok := slips[word]; ok {
			return meant
		}
		return word
	})
}

// foldWord is a word in small letters without accents.
func foldWord(word string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKD.String(word))
}
