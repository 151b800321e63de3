package rag

import "slices"

// meanwhile is what a turn needs of the question and of what was found alone. It is worked
// out while the model writes, which takes far longer.
type meanwhile struct {
	// asked are the words of the question, and unknown is the share of them that is nowhere
	// in what was found.
	asked   map[string]bool
	unknown float64
	// means are other words for some of them, where the embedder knows any.
	means map[string]map[string]bool
	// holds are the features of whether the answer is in what was found.
	holds map[string]float64
	// grave tells that somebody has to see the question, and elsewhere that its words have
	// nothing to do with a shop.
	grave, elsewhere bool
}

// aside does something beside and gives what waits for it. If that breaks down, it does so
// for who waits.
func aside[T any](do func() T) (wait func() T) {
	var made T
	var broken any
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { broken = recover() }()
		made = do()
	}()
	return func() T {
		<-done
		if broken != nil {
			panic(broken)
		}
		return made
	}
}

// workAside begins with it. The draft is not there yet, and nothing of it is read.
func (t *turn) workAside() (wait func() meanwhile) {
	q, hits, query := t.q, t.hits, mended(t.a.Query, t.slips)
	topics := t.aboutWhat()
	return aside(func() meanwhile {
		asked := terms(q.Locale, query)
		means := t.p.meaning(t.veil, q.Locale, query)
		return meanwhile{
			asked: asked, means: means, unknown: 1 - shareMeant(asked, means, candidateTerms(t.p.words, hits)...),
			holds: t.p.holds(q, query, hits),
			grave: grave(q.Text),
			elsewhere: covered(hits) < surelyCovered && !slices.ContainsFunc(topics, func(text string) bool {
				told := t.p.topic.Elsewhere(text)
				return told == "" || known(q.Locale, told, hits)
			}),
		}
	})
}
