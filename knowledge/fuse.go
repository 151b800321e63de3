package knowledge

import (
	"cmp"
	"slices"
)

// fuseK damps the weight of the first places. 60 is the value of Cormack, Clarke
// and Büttcher, "Reciprocal Rank Fusion outperforms Condorcet and individual
// Rank Learning Methods" (SIGIR 2009).
const fuseK = 60

// DefaultDenseShare is what the dense part counts when the embedder does not say.
const DefaultDenseShare = 0.5

// Depth is how many candidates each of the two searches has to provide before they
// are fused. Both indexes use the same depth, or their rankings would differ.
const Depth = 50

// Candidate is a chunk that at least one of the two searches proposes, with all that
// Rank needs.
type Candidate struct {
	ChunkID, DocumentID, Hash string
	Tokens                    int
	// Dense is the cosine similarity, known for every candidate when the query has a
	// vector, also for those that only the lexical search proposes.
	Dense float64
	// Lexical is the lexical score and Self the highest that was possible in the
	// chunk's language; both 0 for one that the lexical search does not propose.
	Lexical, Self float64
	// ByDense and ByLexical say which search proposes it.
	ByDense, ByLexical bool
}

// Fused is a candidate with its place in the ranking. The fields mean what they mean
// in Hit.
type Fused struct {
	Candidate
	Score                  float64
	DenseRank, LexicalRank int
}

// Rank fuses the candidates of both searches and keeps what the query asks for: at
// most Limit, of each document PerDocument, together at most Budget tokens, and if
// Distinct of each content one. The order is by score as float32, ties by chunk ID: sums of the
// same terms in another order differ in the last bits, and two indexes have to
// agree. The list is not changed.
func Rank(q Query, candidates []Candidate) []Fused {
	fused := make([]Fused, len(candidates))
	for i, c := range candidates {
		fused[i].Candidate = c
	}
	place(fused, func(f *Fused) bool { return f.ByDense }, func(f *Fused) float64 { return f.Dense },
		func(f *Fused, rank int) { f.DenseRank = rank })
	place(fused, func(f *Fused) bool { return f.ByLexical }, func(f *Fused) float64 { return f.Lexical },
		func(f *Fused, rank int) { f.LexicalRank = rank })
	for i := range fused {
		fused[i].Score = reciprocal(fused[i].DenseRank) + reciprocal(fused[i].LexicalRank)
	}
	slices.SortFunc(fused, func(a, b Fused) int { return compareScores(a.Score, b.Score, a.ChunkID, b.ChunkID) })
	return keep(q, fused)
}

// compareScores is negative when a is better than b.
func compareScores(a, b float64, aID, bID string) int {
	return cmp.Or(cmp.Compare(float32(b), float32(a)), cmp.Compare(aID, bID))
}

// place numbers the candidates of one search from 1.
func place(fused []Fused, in func(*Fused) bool, score func(*Fused) float64, set func(*Fused, int)) {
	var list []*Fused
	for i := range fused {
		if in(&fused[i]) {
			list = append(list, &fused[i])
		}
	}
	slices.SortFunc(list, func(a, b *Fused) int { return compareScores(score(a), score(b), a.ChunkID, b.ChunkID) })
	for i, f := range list {
		set(f, i+1)
	}
}

func reciprocal(rank int) float64 {
	if rank == 0 {
		return 0
	}
	return 1 / float64(fuseK+rank)
}

// keep applies the limits of the query to a ranking.
func keep(q Query, ranking []Fused) []Fused {
	limit := q.limit()
	kept := make([]Fused, 0, min(limit, len(ranking)))
	contents, documents, tokens := map[string]bool{}, map[string]int{}, 0
	for _, f := range ranking {
		switch {
		case len(kept) == limit:
			return kept
		case q.Distinct && contents[f.Hash]:
		case q.PerDocument > 0 && documents[f.DocumentID] >= q.PerDocument:
		case q.Budget > 0 && len(kept) > 0 && tokens+f.Tokens > q.Budget:
		default:
			contents[f.Hash] = true
			documents[f.DocumentID]++
			tokens += f.Tokens
			kept = append(kept, f)
		}
	}
	return kept
}

// limit is the number of hits the query asks for, with the default and the maximum
// applied.
func (q Query) limit() int {
	if q.Limit <= 0 {
		return 8
	}
	return min(q.Limit, 100)
}
