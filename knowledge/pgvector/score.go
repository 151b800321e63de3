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

// score finds the best chunks by words. missing are terms whose postings have to be
// fetched first; then there is no result. The caller holds the lock.
func (w *words) score(q knowledge.Query, f filter, depth int) (b *best, missing []wanted) {
	b = &best{depth: depth}
	for _, language := range w.sorted() {
		if l := knowledge.Language(q.Locale); l != "" && l != language {
			continue
		}
		v := w.languages[language]
		plan := v.Plan(q.Text, q.TextLocale)
		lists := make([][]posting, len(plan.Terms))
		for i, t := range plan.Terms {
			if h := v.held[t.Term]; h != nil {
				h.used.Store(w.clock.Add(1))
				lists[i] = h.postings
			} else {
				missing = append(missing, wanted{language, t.Term})
			}
		}
		if len(missing) == 0 {
			w.sum(plan, lists, f, b)
		}
	}
	return b, missing
}

// sum adds up the scores page by page, so that the sums stay in the nearest cache.
// Every chunk's terms come in the order of the plan, as in every index: sums in
// another order differ in their last bits.
func (w *words) sum(plan knowledge.Plan, lists [][]posting, f filter, b *best) {
	table := newSaturations(plan.Mean)
	var sums [pageSize]float64
	var touched [pageSize / 64]uint64
	for at, p := range w.pages {
		for i, list := range lists {
			lists[i] = table.add(list, int32(at)*pageSize, plan.Terms[i].Weight, &sums, &touched)
		}
		for i, set := range touched {
			for ; set != 0; set &= set - 1 {
				slot := i*64 + bits.TrailingZeros64(set)
				score := sums[slot]
				sums[slot] = 0
				if p != nil && b.wants(score) && f.finds(p.facets[slot], p.documents[slot]) {
					b.add(scored{int32(at*pageSize + slot), score, plan.Self})
				}
			}
			touched[i] = 0
		}
	}
}

// saturations are knowledge.Saturation for the lengths and counts that are usual.
type saturations struct {
	mean  float64
	table [tableCounts][tableWords]float64
}

const (
	tableCounts = 4
	tableWords  = 256
)

func newSaturations(mean float64) *saturations {
	return &saturations{mean: mean}
}

// of fills the table as it goes: 0 is no value that a count of at least 1 has.
func (s *saturations) of(p posting) float64 {
	if p.tf >= tableCounts || p.words >= tableWords {
		return knowledge.Saturation(int(p.tf), int(p.words), s.mean)
	}
	v := &s.table[p.tf][p.words]
	if *v == 0 {
		*v = knowledge.Saturation(int(p.tf), int(p.words), s.mean)
	}
	return *v
}

// add adds the postings of one page to its sums, and gives the rest of the list.
func (s *saturations) add(list []posting, first int32, weight float64, sums *[pageSize]float64, touched *[pageSize / 64]uint64) []posting {
	for i, p := range list {
		slot := uint32(p.no - first)
		if slot >= pageSize {
			return list[i:]
		}
		sums[slot] += weight * s.of(p)
		touched[slot/64] |= 1 << (slot % 64)
	}
	return nil
}

// best keeps the chunks with the highest scores as float32. As many as depth are
// wanted; those that equal the last of them stay as well, until their IDs decide.
type best struct {
	depth int
	list  []scored
	// least is what a chunk needs to be among them.
	least float32
	next  int
}

func (b *best) wants(score float64) bool { return float32(score) >= b.least && score > 0 }

func (b *best) add(s scored) {
	b.list = append(b.list, s)
	if len(b.list) >= max(b.next, 4*b.depth) {
		b.prune()
		b.next = 2 * len(b.list)
	}
}

// prune drops what can't be among the best any more.
func (b *best) prune() {
	if len(b.list) <= b.depth {
		return
	}
	slices.SortFunc(b.list, func(x, y scored) int {
		return cmp.Or(cmp.Compare(float32(y.score), float32(x.score)), cmp.Compare(x.no, y.no))
	})
	b.least = float32(b.list[b.depth-1].score)
	end := b.depth
	for end < len(b.list) && float32(b.list[end].score) == b.least {
		end++
	}
	b.list = b.list[:end]
}

// tied divides the best into those that are sure and those of which only some have
// a place.
func (b *best) tied() (sure, tied []scored) {
	b.prune()
	if len(b.list) <= b.depth {
		return b.list, nil
	}
	first := slices.IndexFunc(b.list, func(s scored) bool { return float32(s.score) == b.least })
	return b.list[:first], b.list[first:]
}
