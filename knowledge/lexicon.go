package knowledge

import (
	"cmp"
	"slices"
	"sync"
)

// What a word of a question counts for terms other than itself. The values were chosen on
// nine public data sets, one setting for all (docs/evals.md).
const (
	// A word that no chunk holds is most likely misspelt: up to unknownKeep terms stand
	// for it, each by the square of its similarity. editShare of that is the letters to
	// change, the rest the overlap of pieces, which has to be unknownOverlap at least.
	minUnknown                = 3
	unknownKeep, unknownLeast = 8, 0.5
	unknownOverlap            = 0.2
	editShare                 = 0.8
	// A word that is known finds its relatives, too, for less: "waterproof" and "water".
	minKnown              = 4
	knownShare            = 0.5
	knownKeep, knownLeast = 4, 0.35
	// alsoShare is what a word of Query.Also counts: it may stand for what was said, and
	// was not said.
	alsoShare = 0.5
)

// What bounds the work for a long question, which may be a whole page that somebody
// pasted: how many bytes of it are read, and for how many of its words, the rarest ones,
// others that look like them are searched.
const (
	maxAsked = 16 << 10
	maxAlike = 32
)

// Lexicon is the vocabulary of one language of an index: which terms there are, in
// how many chunks each is, and how long chunks are. It lives in the process, for
// both indexes, and turns a question into weighted terms; the postings live in the
// index. Its owner guards it: Plan may run several times at once, and never beside Add or
// Grow.
type Lexicon struct {
	language string
	df       map[string]int
	chunks   int
	words    int

	likeness  *gramIndex // by the terms themselves
	skeletons *gramIndex // by what they share with other languages
	// What they answered.
	similar, cognate memo
	// dictionary is read with the first question in another language: most processes
	// never need it.
	dictionary func() map[string][]string
}

// NewLexicon returns an empty vocabulary of a language such as "es".
func NewLexicon(language string) *Lexicon {
	return &Lexicon{
		language: language, df: map[string]int{},
		likeness: newGramIndex(func(term string) string { return term }), skeletons: newGramIndex(skeleton),
		dictionary: sync.OnceValue(func() map[string][]string { return readDictionary(language) }),
	}
}

// Add changes the number of chunks that hold a term by delta. A term that no chunk
// holds any more is forgotten.
func (l *Lexicon) Add(term string, delta int) {
	n := l.df[term] + delta
	if n <= 0 {
		delete(l.df, term)
		l.likeness.remove(term)
		l.skeletons.remove(term)
		l.forget()
		return
	}
	l.df[term] = n
	if n == delta { // it is new
		l.likeness.add(term)
		l.skeletons.add(term)
		l.forget()
	}
}

// forget is called when the terms change.
func (l *Lexicon) forget() {
	l.similar.forget()
	l.cognate.forget()
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
	// Self is the score of a chunk that says every word of the question over and over,
	// those included that no chunk holds. A chunk that also says what looks like them can
	// have more.
	Self float64
}

// WeightedTerm is a term of the vocabulary with what it counts.
type WeightedTerm struct {
	Term   string
	Weight float64
}

// MaxTerms bounds the terms of a plan.
const MaxTerms = 64

// Plan looks up the words of the query's Text in the vocabulary: themselves, what looks
// like them, and for a question in another language their translations and cognates;
// then the words of Also, for less. A Text without a word that counts has no terms. It is
// deterministic: equal vocabularies give equal plans.
func (l *Lexicon) Plan(q Query) Plan {
	p := planning{Lexicon: l, weights: map[string]float64{}}
	if l.chunks == 0 || !p.read(q.Text, q.TextLocale, 1) {
		return Plan{Mean: l.mean()}
	}
	self := p.self
	p.read(q.Also, q.TextLocale, alsoShare)
	p.self = self // what is missing of it is not missing in the question
	return p.plan()
}

func (l *Lexicon) mean() float64 { return max(1, float64(l.words)/float64(max(1, l.chunks))) }

// read adds what the words of a text look for, each for a share, and says whether it has
// words.
func (p *planning) read(text, locale string, share float64) bool {
	from := Language(locale)
	if from == "" {
		from = p.language
	}
	words := countTerms(from, clipTo(text, maxAsked))
	slices.SortStableFunc(words, func(a, b counted) int { return cmp.Compare(p.idf(b.term), p.idf(a.term)) })
	for i, q := range words {
		q.times *= share
		q.alike = i < maxAlike
		if from == p.language {
			p.expand(q)
		} else {
			p.translate(from, q)
		}
	}
	return len(words) > 0
}

func (l *Lexicon) idf(term string) float64 { return IDF(l.chunks, l.df[term]) }

// planning is one call of Plan.
type planning struct {
	*Lexicon
	scratch
	weights map[string]float64
	self    float64
}

// expand adds the word itself if some chunk holds it, and what looks like it. What stands
// for a known word counts for no more than the word itself does.
func (p *planning) expand(q counted) {
	idf := p.idf(q.term)
	if p.df[q.term] > 0 {
		p.weights[q.term] += q.times * idf
		p.self += q.times * idf
		for _, m := range p.relatives(q) {
			p.weights[m.term] += q.times * knownShare * m.similarity * m.similarity * min(idf, p.idf(m.term))
		}
		return
	}
	likeliest := 0.0
	for _, m := range p.misspelt(q) {
		weight := q.times * m.similarity * m.similarity * p.idf(m.term)
		p.weights[m.term] += weight
		likeliest = max(likeliest, weight)
	}
	if likeliest == 0 {
		likeliest = q.times * idf // nothing stands for it: it is missing
	}
	p.self += likeliest
}

// relatives are the terms that share much of a known word.
func (p *planning) relatives(q counted) []meant {
	if len(q.term) < minKnown || hasDigit(q.term) || !q.alike {
		return nil
	}
	return p.similar.of(q.term, func(word string) []meant {
		var list []meant
		for _, a := range p.likeness.near(word, knownLeast, &p.scratch) {
			list = append(list, meant{a.term, a.dice})
		}
		return best(list, knownLeast, knownKeep)
	})
}

// misspelt are the terms that an unknown word may have been meant to be.
func (p *planning) misspelt(q counted) []meant {
	if len(q.term) < minUnknown || hasDigit(q.term) || !q.alike {
		return nil
	}
	return p.similar.of(q.term, func(word string) []meant {
		return best(judge(p.likeness.near(word, unknownOverlap, &p.scratch), word, p.likeness.key), unknownLeast, unknownKeep)
	})
}

// judge turns overlaps into similarities by the letters.
func judge(found []alike, word string, key func(string) string) []meant {
	list := make([]meant, len(found))
	for i, a := range found {
		list[i] = meant{a.term, editShare*editSimilarity(key(word), key(a.term)) + (1-editShare)*a.dice}
	}
	return list
}

// plan keeps the terms that count most, ties by term.
func (p *planning) plan() Plan {
	terms := make([]WeightedTerm, 0, len(p.weights))
	for term, weight := range p.weights {
		terms = append(terms, WeightedTerm{Term: term, Weight: weight})
	}
	slices.SortFunc(terms, func(a, b WeightedTerm) int {
		return cmp.Or(cmp.Compare(b.Weight, a.Weight), cmp.Compare(a.Term, b.Term))
	})
	terms = terms[:min(MaxTerms, len(terms))]
	slices.SortFunc(terms, func(a, b WeightedTerm) int { return cmp.Compare(a.Term, b.Term) })
	return Plan{Terms: terms, Mean: p.mean(), Self: p.self * (BM25K1 + 1)}
}

// counted is a term of a question with how often it is said, and whether what looks like
// it is searched.
type counted struct {
	term  string
	times float64
	alike bool
}

// countTerms gives the distinct terms of a question in sorted order, so that sums over
// them are the same each time. What a customer says again counts again: a long question
// is about what it repeats.
func countTerms(locale, text string) []counted {
	chat := chatWords[Language(locale)]
	terms := slices.DeleteFunc(Tokens(locale, text), func(term string) bool {
		return chat[term] || len(term) == 1 && !hasDigit(term)
	})
	slices.Sort(terms)
	var list []counted
	for _, term := range terms {
		if n := len(list); n == 0 || list[n-1].term != term {
			list = append(list, counted{term: term})
		}
		list[len(list)-1].times++
	}
	return list
}

// chatWords are how stop words are written in a hurry, as terms. Only questions are in
// one; documents keep these letters, which name things there, and without this table
// they would count as the rarest words of a question. Digits ("2" for "to") are not in
// it: they are numbers more often.
var chatWords = map[string]map[string]bool{
	"es": wordSet(`bn bno cn cm cmo cnd cdo cto dl dnd dsd grax hst kn ke kien kn mch mxo nd ns ntnc pa pk plis pls pos pq pro prq ps
		ql qn sta stoy tb tbn tmb tmbn toy tngo vds xa xfa xfavor xfis xk xq xro xp xs`),
	"en": wordSet(`abt bc bcuz bcz bt bw cn coz cos cuz cud da dat dem dey dis dnt fr gonna gotta gr8 hav hw hv idk im ive lemme gimme msg ne pls
		plz rn shud tht thr thx tho thru tmr ur wanna wat wats wen wer wht whn wot wud w8 wd wif wt ya ye`),
}
