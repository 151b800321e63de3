package knowledge

import (
	"cmp"
	"math"
	"slices"
)

// scorer adds up the lexical scores of one search. It is used again by later ones:
// scores holds a place for every slot and is zero between two searches.
type scorer struct {
	saturations
	scores  []float64
	touched []int32
}

// reset makes room for n slots.
func (s *scorer) reset(n int) {
	for _, slot := range s.touched {
		s.scores[slot] = 0
	}
	s.touched = s.touched[:0]
	if len(s.scores) < n {
		s.scores = make([]float64, n+n/4)
	}
}

// weighted is a term of a plan with its chunks.
type weighted struct {
	*postings
	weight float64
	bound  float64 // the most that it adds to a score
}

// longest is the longest chunk, in words, whose saturation is looked up; that of others
// is computed.
const longest = 1024

// rounding is by how much of itself a score may seem lower than another that it equals:
// sums of the same terms in another order differ, and scores compare as float32.
const rounding = 1e-6

// often is how many repetitions of a term in a chunk are looked up likewise.
const often = 4

// saturations are the values of Saturation that come up all the time.
type saturations struct {
	mean  float64
	table [often][longest]float64
}

func (s *saturations) prepare(mean float64) {
	if s.mean == mean {
		return
	}
	s.mean = mean
	for tf := range often {
		for words := range longest {
			s.table[tf][words] = Saturation(tf+1, words, mean)
		}
	}
}

func (s *saturations) of(tf uint16, words int32) float64 {
	if tf-1 < often && words < longest {
		return s.table[tf-1][words]
	}
	return Saturation(int(tf), int(words), s.mean)
}

// lexical offers the shard's chunks that hold terms of the plan and that the mask
// allows. The result is exact.
//
// The terms are taken in the order of what they can add. As soon as all that is left could
// not lift a chunk without the former terms above the Depth-th best so far, the rest
// is only looked up for chunks that have some (Turtle and Flood, "Query
// Evaluation: Strategies and Optimizations", 1995): the words that most chunks
// hold cost little.
func (sh *shard) lexical(plan Plan, allowed *mask, s *scorer, best *top) {
	s.reset(len(sh.lengths))
	s.prepare(plan.Mean)
	terms, left, total := sh.weigh(plan)
	if total > probing*len(terms)*allowed.count {
		s.onlyAllowed(sh, terms, allowed)
	} else {
		s.byImportance(sh, terms, left, allowed)
	}
	for _, slot := range s.touched {
		if score := s.scores[slot]; score > 0 && best.wants(score) && allowed.has(slot) {
			best.offer(scored{shard: sh, slot: slot, score: score, self: plan.Self})
		}
	}
}

// byImportance adds up the terms until the rest need only be looked up.
func (s *scorer) byImportance(sh *shard, terms []weighted, left float64, allowed *mask) {
	for i, term := range terms {
		// To look for the threshold costs about as much as half as many chunks of a term.
		if 2*len(term.slots) > len(s.touched) && left < (1-rounding)*s.threshold(allowed, left) {
			s.probe(sh, terms[i:], left, allowed)
			return
		}
		s.add(sh, term)
		left -= term.bound
	}
}

// onlyAllowed looks all terms up for the few chunks that are allowed.
func (s *scorer) onlyAllowed(sh *shard, terms []weighted, allowed *mask) {
	for slot := range allowed.all {
		s.touched = append(s.touched, slot)
	}
	for _, term := range terms {
		s.lookUp(sh, term)
	}
}

// probing is how many chunks are read in the time that one is looked up in.
const probing = 4

// weigh gives the terms, most important first, what they can add together, and how many
// chunks they have.
func (sh *shard) weigh(plan Plan) (terms []weighted, sum float64, total int) {
	terms = make([]weighted, 0, len(plan.Terms))
	for _, t := range plan.Terms {
		list := sh.words.list(t.Term)
		bound := t.Weight * Saturation(int(list.most), int(list.shortest), plan.Mean)
		terms = append(terms, weighted{list, t.Weight, bound})
		sum, total = sum+bound, total+len(list.slots)
	}
	slices.SortStableFunc(terms, func(a, b weighted) int { return cmp.Compare(b.bound, a.bound) })
	return terms, sum, total
}

// add adds a term to the scores of the chunks that hold it. Whether a chunk is touched for
// the first time is nothing that a processor could foresee, so the slot is written in
// any case, and stays where it is the first time.
func (s *scorer) add(sh *shard, term weighted) {
	n, scores, lengths, tfs := len(s.touched), s.scores, sh.lengths, term.tfs[:len(term.slots)]
	touched := slices.Grow(s.touched, len(term.slots))[:n+len(term.slots)]
	for i, slot := range term.slots {
		before := scores[slot]
		touched[n] = slot
		if math.Float64bits(before) == 0 {
			n++
		}
		scores[slot] = before + term.weight*s.of(tfs[i], lengths[slot])
	}
	s.touched = touched[:n]
}

// addTouched adds a term to the scores of the chunks that have one.
func (s *scorer) addTouched(sh *shard, term weighted) {
	tfs := term.tfs[:len(term.slots)]
	for i, slot := range term.slots {
		if s.scores[slot] != 0 {
			s.scores[slot] += term.weight * s.of(tfs[i], sh.lengths[slot])
		}
	}
}

// threshold is the Depth-th best score so far among the chunks that are allowed, and 0
// when there are fewer. What is above least only matters.
func (s *scorer) threshold(allowed *mask, least float64) float64 {
	best := make([]float64, 0, Depth+1)
	for _, slot := range s.touched {
		score := s.scores[slot]
		if score <= least || !allowed.has(slot) {
			continue
		}
		at, _ := slices.BinarySearch(best, score)
		if best = slices.Insert(best, at, score); len(best) > Depth {
			best = best[1:]
			least = best[0]
		}
	}
	if len(best) < Depth {
		return 0
	}
	return best[0]
}

// probe looks the remaining terms up for the chunks that are scored already and can
// still come among the best.
func (s *scorer) probe(sh *shard, terms []weighted, left float64, allowed *mask) {
	least := (1 - rounding) * s.threshold(allowed, 0)
	s.keep(func(slot int32) bool { return allowed.has(slot) && s.scores[slot] >= least-left })
	slices.Sort(s.touched)
	for _, term := range terms {
		if len(term.slots) < probing*len(s.touched) {
			s.addTouched(sh, term)
		} else {
			s.lookUp(sh, term)
		}
		left -= term.bound
		s.keep(func(slot int32) bool { return s.scores[slot] >= least-left })
	}
}

// keep forgets the other touched chunks.
func (s *scorer) keep(good func(slot int32) bool) {
	kept := s.touched[:0]
	for _, slot := range s.touched {
		if good(slot) {
			kept = append(kept, slot)
		} else {
			s.scores[slot] = 0
		}
	}
	s.touched = kept
}

// lookUp adds a term to the scores of the touched chunks, which are in order.
func (s *scorer) lookUp(sh *shard, term weighted) {
	from := 0
	for _, slot := range s.touched {
		if from = gallop(term.slots, from, slot); from == len(term.slots) {
			return
		}
		if term.slots[from] == slot {
			s.scores[slot] += term.weight * s.of(term.tfs[from], sh.lengths[slot])
		}
	}
}

// gallop is the first place from a place on whose slot is not below the wanted one: in
// steps that double, and then by halves.
func gallop(slots []int32, from int, wanted int32) int {
	step := 1
	for from+step < len(slots) && slots[from+step] < wanted {
		from += step
		step *= 2
	}
	at, _ := slices.BinarySearch(slots[from:min(from+step+1, len(slots))], wanted)
	return from + at
}
