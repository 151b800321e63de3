package sufficiency

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/recado/recado/knowledge"
)

// word is a word of a text in the forms in which it is compared.
type word struct {
	// form is the word folded, stem what a search looks for; a word that carries no
	// subject has its form for its stem.
	form, stem string
	// content tells that it carries a subject, name that it has a capital within a
	// sentence, figure that it has a digit.
	content, name, figure bool
}

// reader turns texts of one language into words. It remembers stems, since a question
// and its passages share most words. It is not safe for concurrent use.
type reader struct {
	locale string
	known  map[string]word
}

func newReader(locale string) *reader { return &reader{locale: locale, known: map[string]word{}} }

// sentences gives the words of each sentence of a text. A sentence ends at a mark that
// white space follows, and at the end of a line.
func (r *reader) sentences(text string) [][]word {
	var all [][]word
	var current []word
	end := func() {
		if len(current) > 0 {
			all = append(all, current)
		}
		current = nil
	}
	for len(text) > 0 {
		start := strings.IndexFunc(text, isLetter)
		if start < 0 {
			break
		}
		if endsSentence(text[:start]) {
			end()
		}
		text = text[start:]
		size := strings.IndexFunc(text, func(c rune) bool { return !isLetter(c) })
		if size < 0 {
			size = len(text)
		}
		current = append(current, r.word(text[:size], len(current) == 0))
		text = text[size:]
	}
	end()
	return all
}

// words are those of all sentences.
func (r *reader) words(text string) []word {
	var all []word
	for _, s := range r.sentences(text) {
		all = append(all, s...)
	}
	return all
}

func isLetter(c rune) bool {
	return unicode.IsLetter(c) || unicode.IsDigit(c) || unicode.Is(unicode.Mn, c)
}

// endsSentence tells whether what stands between two words ends a sentence.
func endsSentence(between string) bool {
	if strings.Contains(between, "\n") {
		return true
	}
	mark := strings.LastIndexAny(between, ".!?;:")
	return mark >= 0 && (mark+1 == len(between) || strings.ContainsAny(between[mark:], " \t¿¡\u00a0")) && (mark+1 < len(between))
}

// word reads one word; the first of a sentence is no name for its capital.
func (r *reader) word(raw string, first bool) word {
	w, ok := r.known[raw]
	if !ok {
		w = word{form: folded(raw), figure: strings.ContainsFunc(raw, unicode.IsDigit)}
		w.stem = w.form
		if tokens := knowledge.Tokens(r.locale, raw); len(tokens) > 0 {
			w.stem, w.content = tokens[0], !asking[w.form]
		}
		w.name = w.content && !w.figure && strings.IndexFunc(raw, unicode.IsUpper) == 0 && len(w.form) > 1
		r.known[raw] = w
	}
	w.name = w.name && !first
	return w
}

// folded is a text in small letters and without accents.
func folded(text string) string {
	if strings.IndexFunc(text, func(c rune) bool { return c > unicode.MaxASCII }) < 0 {
		return strings.ToLower(text)
	}
	return strings.Map(func(c rune) rune {
		if unicode.Is(unicode.Mn, c) {
			return -1
		}
		return unicode.ToLower(c)
	}, norm.NFKD.String(text))
}
