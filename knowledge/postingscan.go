package knowledge

import (
	"cmp"
	"slices"
)

// windowSlots is how many slots are scored at a time: their scores stay in the memory that
// is nearest to the processor. It is a multiple of 64.
const windowSlots = 1024

// scorer adds up the lexical scores of one window after the other. It is used again by
// later searches.
type scorer struct {
	Saturations
	scores []float64
	held   slots
	here   [MaxTerms]*weighted
}

// weighted is a term of a plan with its chunks.
type weighted struct {
	*postings
	weight   float64
	bound    float64 // the most that it adds to a score
	from, to int     // its chunks of the window
}

// rounding is by how much of itself a score may seem lower than another that it equals:
// sums of the same terms in another order differ, and scores compare as float32.
const rounding = 1e-6

// lexical offers the shard's chunks that hold terms of the plan and that the mask
// allows. The result is exact.
//
// In each window the terms that it has are taken in the order of what they can add. As soon
// as all that is left could not lift a chunk above the Depth-th best so far, chunks without
// one of the former terms are out (Turtle and Flood, "Query Evaluation: Strategies and
// Optimizations", 1995, by windows), and a window without a rare word costs next to nothing.
// To look the rest up chunk by chunk, as one does with lists on a disk, takes longer here than
// to add them all.
func (sh *shard) lexical(plan Plan, allowed *mask, s *scorer, best *top) {
	s.Prepare(plan.Mean)
	terms := sh.weigh(plan)
	for from := 0; from < len(sh.lengths); from += sh.window {
		w := s.view(sh, from, allowed)
		needed := w.enter(terms, best.least())
		if needed == 0 || !w.hold(needed) {
			continue
		}
		w.add()
		for at := range w.held.all {
			if score := w.scores[at]; best.wants(score) {
				best.offer(scored{shard: sh, slot: w.first + at, score: score, self: plan.Self})
			}
		}
		w.clear()
	}
}

// weigh gives the terms of the plan, most important first.
func (sh *shard) weigh(plan Plan) []weighted {
	terms := make([]weighted, 0, len(plan.Terms))
	for _, t := range plan.Terms {
		list := sh.words.list(t.Term)
		bound := t.Weight * Saturation(int(list.most), int(list.shortest), plan.Mean)
		terms = append(terms, weighted{postings: list, weight: t.Weight, bound: bound})
	}
	slices.SortStableFunc(terms, func(a, b weighted) int { return cmp.Compare(b.bound, a.bound) })
	return terms
}

// view is a window of a shard.
type view struct {
	first   int32
	lengths []int32
	allowed slots
	*Saturations
	scores []float64 // zero between two windows
	held   slots     // the chunks that have a score, likewise
	terms  []*weighted
}

func (s *scorer) view(sh *shard, from int, allowed *mask) view {
	to := min(from+sh.window, len(sh.lengths))
	words := (to - from + 63) / 64
	if len(s.scores) < sh.window {
		s.scores, s.held = make([]float64, sh.window), make(slots, sh.window/64)
	}
	return view{
		first: int32(from), lengths: sh.lengths[from:to], allowed: allowed.words[from/64:][:words],
		Saturations: &s.Saturations, scores: s.scores[:to-from], held: s.held[:words], terms: s.here[:0],
	}
}

// enter finds the terms that the window has, and says how many of them, the most
// important ones, a chunk has to hold one of.
func (w *view) enter(terms []weighted, least float64) int {
	for i := range terms {
		t := &terms[i]
		t.from = t.to
		if t.to = gallop(t.slots, t.from, w.first+int32(len(w.lengths))); t.to > t.from {
			w.terms = append(w.terms, t)
		}
	}
	rest := 0.0
	for i, t := range slices.Backward(w.terms) {
		if rest += t.bound; rest >= least {
			return i + 1
		}
	}
	return 0
}

// hold notes the chunks that hold one of the first terms and are allowed, and says whether
// there are any.
func (w *view) hold(needed int) bool {
	for _, t := range w.terms[:needed] {
		word, set := uint32(0), uint64(0)
		for _, slot := range t.slots[t.from:t.to] {
			// Many bits of one word in turn: memory is too slow for each.
			at := uint32(slot - w.first)
			if at/64 != word {
				w.held[word] |= set
				word, set = at/64, 0
			}
			set |= 1 << (at % 64)
		}
		w.held[word] |= set
	}
	any := uint64(0)
	for i, allowed := range w.allowed {
		w.held[i] &= allowed
		any |= w.held[i]
	}
	return any != 0
}

// add adds the terms to the scores of the chunks that hold them.
func (w *view) add() {
	for _, t := range w.terms {
		tfs, weight := t.tfs[t.from:t.to], t.weight
		for i, slot := range t.slots[t.from:t.to] {
			at := uint32(slot - w.first)
			w.scores[at] += weight * w.Of(tfs[i], w.lengths[at])
		}
	}
}

func (w *view) clear() {
	clear(w.scores)
	clear(w.held)
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
