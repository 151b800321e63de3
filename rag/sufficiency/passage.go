package sufficiency

import (
	"slices"
	"sync"
)

// texts are those of a passage, with the language of the question: its words are read as
// words of that one.
type texts struct{ locale, title, heading, question, text string }

// passage is what is read of the texts of a passage. Nothing changes it.
type passage struct {
	sentences [][]word
	// said are the stems of each sentence, stems those of the passage with its titles.
	said  []map[string]bool
	words []word
	stems map[string]bool
	// What stands side by side, and the runs of letters, are wanted of the passage alone
	// that has the best sentence.
	pairs, triples, subjectPairs func() map[string]bool
	letters                      func() map[[4]rune]bool
	stance                       func() stance
}

func (t texts) read() *passage {
	r := newReader(t.locale)
	p := &passage{sentences: r.sentences(t.text)}
	for _, s := range p.sentences {
		p.words = append(p.words, s...)
		p.said = append(p.said, stemSet(s))
	}
	p.stems = stemSet(slices.Concat(r.words(t.title+"\n"+t.heading+"\n"+t.question), p.words))
	p.pairs = sync.OnceValue(func() map[string]bool { return runSet(stems(p.words), 2) })
	p.triples = sync.OnceValue(func() map[string]bool { return runSet(stems(p.words), 3) })
	p.subjectPairs = sync.OnceValue(func() map[string]bool { return runSet(contentStems(p.words), 2) })
	p.letters = sync.OnceValue(func() map[[4]rune]bool { return fourLetters(p.words) })
	p.stance = sync.OnceValue(func() stance { return stanceOf(p.words) })
	return p
}

// sentence gives the words of a sentence by its place, none for -1.
func (p *passage) sentence(place int) []word {
	if place < 0 {
		return nil
	}
	return p.sentences[place]
}
