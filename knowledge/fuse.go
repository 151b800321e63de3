package knowledge

import (
	"cmp"
	"slices"
)

// fuseK damps the weight of the first places. 60 is the value of Cormack, Clarke
// and Büttcher, "Reciprocal Rank Fusion outperforms Condorcet and individual
// Rank Learning Methods" (SIGIR 2009).
const fuseK = 60

// Candidate is a chunk that one of the two searches proposes, with its score
// there: the cosine similarity or BM25.
type Candidate struct {
	ChunkID string
	Score   float64
}

// Fused is a chunk with its places in both lists. The fields mean what they mean
// in Hit.
type Fused struct {
	ChunkID                string
	Score                  float64
	Dense, Lexical         float64
	DenseRank, LexicalRank int
}

// SortCandidates orders best first, ties by chunk ID, and keeps at most limit.
// It sorts in place. Scores are compared as float32: sums of the same terms in
// another order differ in the last bits, and two indexes have to agree on ties.
func SortCandidates(list []Candidate, limit int) []Candidate {
	slices.SortFunc(list, func(a, b Candidate) int {
		if c := cmp.Compare(float32(b.Score), float32(a.Score)); c != 0 {
			return c
		}
		return cmp.Compare(a.ChunkID, b.ChunkID)
	})
	return list[:min(limit, len(list))]
}

// Fuse merges two lists, each best first and without repetitions, by reciprocal
// rank: a chunk scores 1/(60+rank) for each list that holds it, rank counted from
// 1. It returns at most limit chunks, best first, ties by chunk ID; the lists are
// not changed. A limit below 1 gives nothing.
func Fuse(dense, lexical []Candidate, limit int) []Fused {
	places := make(map[string]int, len(dense)+len(lexical))
	fused := make([]Fused, 0, len(dense)+len(lexical))
	place := func(id string) *Fused {
		at, ok := places[id]
		if !ok {
			at = len(fused)
			places[id] = at
			fused = append(fused, Fused{ChunkID: id})
		}
		return &fused[at]
	}
	for i, c := range dense {
		f := place(c.ChunkID)
		f.Dense, f.DenseRank = c.Score, i+1
	}
	for i, c := range lexical {
		f := place(c.ChunkID)
		f.Lexical, f.LexicalRank = c.Score, i+1
	}
	for i := range fused {
		fused[i].Score = reciprocal(fused[i].DenseRank) + reciprocal(fused[i].LexicalRank)
	}
	slices.SortFunc(fused, func(a, b Fused) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.ChunkID, b.ChunkID))
	})
	return fused[:max(0, min(limit, len(fused)))]
}

func reciprocal(rank int) float64 {
	if rank == 0 {
		return 0
	}
	return 1 / float64(fuseK+rank)
}

// Bounds gives the number of hits the query asks for, with the default and the
// maximum applied, and the depth: how many candidates each of the two lists has
// to provide before they are fused. Both indexes use the same depth, or their
// rankings would differ.
func (q Query) Bounds() (limit, depth int) {
	limit = q.Limit
	if limit <= 0 {
		limit = 8
	}
	limit = min(limit, 100)
	return limit, max(50, 2*limit)
}
