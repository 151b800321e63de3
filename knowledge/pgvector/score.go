package pgvector

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/recado/recado/knowledge"
)

// scored is a chunk with its score, and the highest score that was possible.
type scored struct {
	no    int32
	score float64
	self  float64
}

// planned is what a query looks for in one language.
type planned struct {
	language string
	knowledge.Plan
}

// plan looks the query's words up in each language that it may find something in. The
// caller holds the lock.
func (w *words) plan(q knowledge.Query) []planned {
	var plans []planned
	for _, language := range w.sorted() {
		if l := knowledge.Language(q.Locale); l == "" || l == language {
			plans = append(plans, planned{language, w.languages[language].Plan(q)})
		}
	}
	return plans
}

// missing are the terms of the plans whose postings have to be fetched first. The caller
// holds the lock.
func (w *words) missing(plans []planned) (list []wanted) {
	for _, p := range plans {
		v := w.languages[p.language]
		for _, t := range p.Terms {
			if v.held[t.Term] == nil {
				list = append(list, wanted{p.language, t.Term})
			}
		}
	}
	return list
}

// score finds the best chunks by the words of plans, of which no term is missing. The
// caller holds the lock.
func (w *words) score(plans []planned, f filter, depth int) *best {
	b := &best{depth: depth, list: make([]scored, 0, depth), heights: make([]float32, 0, depth)}
	for _, p := range plans {
		v := w.languages[p.language]
		lists := make([][]posting, len(p.Terms))
		for i, t := range p.Terms {
			h := v.held[t.Term]
			h.used.Store(w.clock.Add(1))
			lists[i] = h.postings
		}
		w.sum(p.Plan, lists, f, b)
	}
	return b
}

// sum adds up the scores page by page, so that the sums stay in the nearest cache.
// Every chunk's terms come in the order of the plan, as in every index: sums in
// another order differ in their last bits. A chunk that has none of the terms that
// could bring it among the best is not looked at.
func (w *words) sum(plan knowledge.Plan, lists [][]posting, f filter, b *best) {
	s := sums{}
	s.Prepare(plan.Mean)
	rank := byWeight(plan.Terms)
	for at, p := range w.pages {
		first, any := int32(at)*pageSize, false
		propose := b.proposing(plan.Terms, rank)
		for i, list := range lists {
			if propose[i] {
				any = s.touch(list, first) || any
			}
			lists[i] = s.add(list, first, plan.Terms[i].Weight)
		}
		if any && p != nil {
			s.offer(p, at, plan.Self, f, b)
		}
		if len(lists) > 0 {
			clear(s.scores[:])
			clear(s.touched[:])
		}
	}
}

// byWeight are the places of terms, the one with the least weight first.
func byWeight(terms []knowledge.WeightedTerm) []int {
	places := make([]int, len(terms))
	for i := range places {
		places[i] = i
	}
	slices.SortFunc(places, func(a, b int) int { return cmp.Compare(terms[a].Weight, terms[b].Weight) })
	return places
}

// proposing says of which terms a chunk must have one to be among the best: all but
// those of little weight that together don't reach the least of them.
func (b *best) proposing(terms []knowledge.WeightedTerm, byWeight []int) []bool {
	propose := make([]bool, len(terms))
	most := 0.
	for _, i := range byWeight {
		most += terms[i].Weight * (knowledge.BM25K1 + 1)
		propose[i] = b.wants(most)
	}
	return propose
}

// sums are the scores of the chunks of a page, of those that were touched.
type sums struct {
	knowledge.Saturations
	scores  [pageSize]float64
	touched [pageSize / 64]uint64
}

// touch marks the chunks of a list that are on the page, and says whether there are
// any.
func (s *sums) touch(list []posting, first int32) bool {
	for i, p := range list {
		slot := uint32(p.no - first)
		if slot >= pageSize {
			return i > 0
		}
		s.touched[slot/64] |= 1 << (slot % 64)
	}
	return len(list) > 0
}

// add adds to the chunks of the page, whether or not they are marked: that is faster
// than to ask. It gives the list from the next page on.
func (s *sums) add(list []posting, first int32, weight float64) []posting {
	for i, p := range list {
		slot := uint32(p.no - first)
		if slot >= pageSize {
			return list[i:]
		}
		s.scores[slot] += weight * s.Of(p.tf, int32(p.words))
	}
	return nil
}

// offer gives the marked chunks of a page to the best.
func (s *sums) offer(p *page, at int, self float64, f filter, b *best) {
	for i, set := range s.touched {
		for ; set != 0; set &= set - 1 {
			slot := i*64 + bits.TrailingZeros64(set)
			if score := s.scores[slot]; b.wants(score) && f.finds(p.facets[slot], p.documents[slot]) {
				b.add(scored{int32(at*pageSize + slot), score, self})
			}
		}
	}
}

// best keeps the chunks with the highest scores as float32. As many as depth are
// wanted; those that equal the last of them stay as well, until their IDs decide.
type best struct {
	depth int
	list  []scored
	// heights is a heap of the highest scores, the least first.
	heights []float32
}

func (b *best) wants(score float64) bool {
	if len(b.heights) < b.depth {
		return score > 0
	}
	return float32(score) >= b.heights[0]
}

// add takes a chunk that is wanted.
func (b *best) add(s scored) {
	b.list = append(b.list, s)
	switch score := float32(s.score); {
	case len(b.heights) < b.depth:
		b.heights = append(b.heights, score)
		for i := len(b.heights) - 1; i > 0 && b.heights[i] < b.heights[(i-1)/2]; i = (i - 1) / 2 {
			b.heights[i], b.heights[(i-1)/2] = b.heights[(i-1)/2], b.heights[i]
		}
	case score > b.heights[0]:
		b.sink(score)
	}
}

// sink puts a score in the place of the least.
func (b *best) sink(score float32) {
	i := 0
	for {
		child := 2*i + 1
		if child+1 < len(b.heights) && b.heights[child+1] < b.heights[child] {
			child++
		}
		if child >= len(b.heights) || b.heights[child] >= score {
			break
		}
		b.heights[i] = b.heights[child]
		i = child
	}
	b.heights[i] = score
}

// tied divides the best into those that are sure and those of which only some have
// a place.
func (b *best) tied() (sure, tied []scored) {
	if len(b.heights) < b.depth {
		return b.list, nil
	}
	for _, s := range b.list {
		switch score := float32(s.score); {
		case score > b.heights[0]:
			sure = append(sure, s)
		case score == b.heights[0]:
			tied = append(tied, s)
		}
	}
	if len(sure)+len(tied) == b.depth {
		return append(sure, tied...), nil
	}
	return sure, tied
}

// chosen are the best, and of those that equal the last of them the ones whose IDs come
// first. The caller holds the lock.
func (w *words) chosen(b *best) []scored {
	sure, tied := b.tied()
	n := b.depth - len(sure)
	first := make([]scored, 0, min(n, len(tied))+1)
	byID := func(a, b scored) int { return cmp.Compare(w.idOf(a.no), w.idOf(b.no)) }
	for _, s := range tied {
		if len(first) == n && byID(s, first[n-1]) >= 0 {
			continue
		}
		at, _ := slices.BinarySearchFunc(first, s, byID)
		first = slices.Insert(first, at, s)
		first = first[:min(n, len(first))]
	}
	return append(append([]scored{}, sure...), first...) // never nil
}

func (w *words) idOf(no int32) string { return w.pages[no/pageSize].ids[no%pageSize] }
