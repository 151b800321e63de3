package knowledge

import (
	"slices"
)

// Lexicon is the vocabulary of one language of an index: which terms there are, in
// how many chunks each is, and how long chunks are. It lives in the process, for
// both indexes, and turns a question into weighted terms; the postings live in the
// index. It is not safe for concurrent use by a writer: its owner guards it.
type Lexicon struct {
	language string
	df       map[string]int
	chunks   int
	words    int
}

// NewLexicon returns an empty vocabulary of a language such as "es".
func NewLexicon(language string) *Lexicon {
	return &Lexicon{language: language, df: map[string]int{}}
}

// Add changes the number of chunks that hold a term by delta. A term that no chunk
// holds any more is forgotten.
func (l *Lexicon) Add(term string, delta int) {
	if n := l.df[term] + delta; n > 0 {
		l.df[term] = n
	} else {
		delete(l.df, term)
	}
}

// Grow changes the number of chunks and of their words, repetitions included.
func (l *Lexicon) Grow(chunks, words int) {
	l.chunks += chunks
	l.words += words
}

// Plan is what a question looks for in one language: the lexical score of a chunk is
// the sum over Terms of Weight * Saturation(tf, words, Mean).
type Plan struct {
	// Terms are distinct, in order of their text, at most MaxTerms.
	Terms []WeightedTerm
	// Mean is the mean length of chunks, in words, for Saturation.
	Mean float64
	// Self is the highest score that any chunk could have.
	Self float64
}

// WeightedTerm is a term of the vocabulary with what it counts.
type WeightedTerm struct {
	Term   string
	Weight float64
}

// MaxTerms bounds the terms of a plan.
const MaxTerms = 64

// Plan looks up the question's words in the vocabulary. It is deterministic: equal
// vocabularies give equal plans. textLanguage is the language of the text, empty for
// that of the vocabulary.
func (l *Lexicon) Plan(text, textLanguage string) Plan {
	p := Plan{Mean: 1}
	if l.chunks == 0 {
		return p
	}
	p.Mean = max(1, float64(l.words)/float64(l.chunks))
	for _, term := range QueryTerms(l.language, text) {
		if df := l.df[term]; df > 0 {
			weight := IDF(l.chunks, df)
			p.Terms = append(p.Terms, WeightedTerm{Term: term, Weight: weight})
			p.Self += weight * (BM25K1 + 1)
		}
	}
	return p
}

// QueryTerms are the distinct terms of a question in sorted order: a word that
// the customer repeats counts once, and every index adds up in the same order.
func QueryTerms(locale, text string) []string {
	terms := Tokens(locale, text)
	slices.Sort(terms)
	return slices.Compact(terms)
}
