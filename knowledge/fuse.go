package knowledge

import (
	"cmp"
	"slices"
)

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
	// Lexical is the lexical score and Self that of Plan.Self in the chunk's language;
	// both 0 for one that the lexical search does not propose.
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
	setScores(fused, q.denseShare())
	support(fused)
	slices.SortFunc(fused, func(a, b Fused) int { return compareScores(a.Score, b.Score, a.ChunkID, b.ChunkID) })
	return keep(q, fused)
}

// compareScores is negative when a is better than b.
func compareScores(a, b float64, aID, bID string) int {
	if c := cmp.Compare(float32(b), float32(a)); c != 0 {
		return c
	}
	return cmp.Compare(aID, bID)
}

// place numbers the candidates of one search from 1.
func place(fused []Fused, in func(*Fused) bool, score func(*Fused) float64, set func(*Fused, int)) {
	list := make([]*Fused, 0, len(fused))
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

// setScores sets the scores: a weighted sum of both parts, each divided by its best (Bruch,
// Gai and Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval", TOIS 2023).
// Where one part proposes nothing the other decides alone. Lexical scores of several
// languages compare by what each language made possible.
func setScores(fused []Fused, share float64) {
	bestDense, bestLexical := 0.0, 0.0
	for _, f := range fused {
		bestDense = max(bestDense, f.Dense)
		bestLexical = max(bestLexical, f.relative())
	}
	for i := range fused {
		f := &fused[i]
		f.Score = 0
		if bestDense > 0 {
			f.Score += share * max(0, f.Dense) / bestDense
		}
		if bestLexical > 0 {
			f.Score += (1 - share) * f.relative() / bestLexical
		}
	}
}

// secondShare is what a document's second passage adds to its best one.
const secondShare = 0.2

// support lifts the best passage of each document by a share of the document's second
// one: a document that speaks of the question twice is more likely about it. Without it,
// cutting documents into chunks costs several points on long ones.
func support(fused []Fused) {
	first, second := make(map[string]int, len(fused)), make(map[string]float64, len(fused))
	for i := range fused {
		f := &fused[i]
		best, seen := first[f.DocumentID]
		switch {
		case !seen:
			first[f.DocumentID] = i
		case compareScores(f.Score, fused[best].Score, f.ChunkID, fused[best].ChunkID) < 0:
			first[f.DocumentID], second[f.DocumentID] = i, fused[best].Score
		default:
			second[f.DocumentID] = max(second[f.DocumentID], f.Score)
		}
	}
	for document, i := range first {
		fused[i].Score += secondShare * second[document]
	}
}

// relative is the lexical score as a share of what was possible.
func (c Candidate) relative() float64 {
	if c.Self <= 0 {
		return 0
	}
	return c.Lexical / c.Self
}

// Directed gives the query without a Vector that is all zeros: it points nowhere, and all
// passages would be equally near.
func (q Query) Directed() Query {
	if !slices.ContainsFunc(q.Vector, func(x float32) bool { return x != 0 }) {
		q.Vector = nil
	}
	return q
}

// denseShare is the share that the query asks for, with the default applied.
func (q Query) denseShare() float64 {
	if q.DenseShare <= 0 {
		return DefaultDenseShare
	}
	return min(q.DenseShare, 1)
}

// keep applies the limits of the query to a ranking.
func keep(q Query, ranking []Fused) []Fused {
	limit := q.limit()
	kept := make([]Fused, 0, min(limit, len(ranking)))
	contents, documents, tokens := make(map[string]bool, limit), make(map[string]int, limit), 0
	for _, f := range ranking {
		switch {
		case len(kept) == limit:
			return kept
		case q.Distinct && f.Hash != "" && contents[f.Hash]:
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
	return min(q.Limit, Depth)
}
