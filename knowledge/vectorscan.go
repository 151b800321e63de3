package knowledge

import (
	"math/bits"
	"slices"
)

// scanner is what one search needs to compare signs. It is used again by later ones.
type scanner struct {
	code      []uint64
	rotated   []float32
	distances []uint16
	counts    []int32
	tables    []float32
	proposed  []proposal
}

// proposal is a slot with what its signs say.
type proposal struct {
	slot  int32
	score float32
}

// nearest gives the slots that are allowed and whose signs speak most for them: of those
// that differ in the fewest signs from the question, many of which differ in equally many,
// the ones that differ least where it matters.
func (s *scanner) nearest(g *signs, question []float32, allowed *mask) []proposal {
	s.prepare(g, question)
	s.scan(g, allowed)
	limit, within, wanted := 0, 0, scaled(similar, g.encoded)
	for ; limit < len(s.counts)-1 && within < wanted; limit++ {
		within += int(s.counts[limit])
	}
	s.proposed = s.proposed[:0]
	for slot, distance := range s.distances {
		if int(distance) < limit && allowed.has(int32(slot)) {
			s.proposed = append(s.proposed, proposal{int32(slot), weigh(s.tables, g.at(int32(slot)))})
		}
	}
	return bestProposals(s.proposed, scaled(measured, g.encoded))
}

// bestProposals are the n of the highest scores, in no order: Hoare's selection, which
// takes a fraction of what sorting does.
func bestProposals(list []proposal, n int) []proposal {
	if len(list) <= n {
		return list
	}
	low, high := 0, len(list)-1
	for low < high {
		pivot, i, j := list[(low+high)/2].score, low, high
		for i <= j {
			for list[i].score > pivot {
				i++
			}
			for list[j].score < pivot {
				j--
			}
			if i <= j {
				list[i], list[j] = list[j], list[i]
				i++
				j--
			}
		}
		switch {
		case n <= j:
			high = j
		case n >= i:
			low = i
		default:
			return list[:n]
		}
	}
	return list[:n]
}

func (s *scanner) prepare(g *signs, question []float32) {
	s.rotated = slices.Grow(s.rotated[:0], g.bits)[:g.bits]
	clear(s.rotated)
	copy(s.rotated, question)
	for i, c := range g.center {
		s.rotated[i] -= c
	}
	s.code = slices.Grow(s.code[:0], g.words())[:g.words()]
	g.encode(s.code, s.rotated)
	s.tables = slices.Grow(s.tables[:0], 32*g.bits)[:32*g.bits]
	g.tables(s.tables, s.rotated)
	s.distances = slices.Grow(s.distances[:0], g.encoded)[:g.encoded]
	s.counts = slices.Grow(s.counts[:0], g.bits+2)[:g.bits+2]
	clear(s.counts)
}

// scan fills in the distance of every slot near one that is allowed, and counts
// how often each occurs among those.
func (s *scanner) scan(g *signs, allowed *mask) {
	for i, word := range allowed.words {
		if word == 0 {
			continue
		}
		from, to := 64*i, min(64*i+64, g.encoded)
		near := s.distances[from:to]
		block := g.blocks[from/slotsPerBlock][from%slotsPerBlock*g.words():]
		distances(near, block, s.code)
		if word == ^uint64(0) {
			for _, d := range near {
				s.counts[d]++
			}
			continue
		}
		for ; word != 0; word &= word - 1 {
			s.counts[near[bits.TrailingZeros64(word)]]++
		}
	}
}
