package stats

import (
	"math"
	"slices"
)

// RankDepth is how many places of a ranking count.
const RankDepth = 10

// Ranking are the figures of one list of documents.
type Ranking struct {
	NDCG, Recall1, Recall5, Recall10, MRR float64
}

// Rank holds the ranked documents, best first and each once, against the grades, of which
// at least one is more than 0.
//
// nDCG@10 takes the grade as the gain and divides it by log2(1+place) (Järvelin and
// Kekäläinen, "Cumulated gain-based evaluation of IR techniques", ACM TOIS 20(4), 2002,
// in the form of trec_eval), recall@k is the share of the graded documents among the
// first k, MRR@10 is 1 over the place of the first graded one, or 0.
func Rank(ranked []string, grades map[string]int) Ranking {
	var r Ranking
	found, dcg := 0, 0.0
	for i, doc := range ranked[:min(len(ranked), RankDepth)] {
		grade := grades[doc]
		if grade <= 0 {
			continue
		}
		found++
		dcg += float64(grade) / math.Log2(float64(i)+2)
		if found == 1 {
			r.MRR = 1 / float64(i+1)
		}
		share := float64(found) / float64(len(grades))
		if i < 1 {
			r.Recall1 = share
		}
		if i < 5 {
			r.Recall5 = share
		}
		r.Recall10 = share
	}
	// Below a place without a graded document the share is that of the place before.
	r.Recall5, r.Recall10 = max(r.Recall5, r.Recall1), max(r.Recall10, r.Recall5)
	r.NDCG = dcg / idealGain(grades)
	return r
}

// idealGain is the DCG@10 of the best possible ranking.
func idealGain(grades map[string]int) float64 {
	sorted := make([]int, 0, len(grades))
	for _, grade := range grades {
		sorted = append(sorted, grade)
	}
	slices.Sort(sorted)
	slices.Reverse(sorted)
	ideal := 0.0
	for i, grade := range sorted[:min(len(sorted), RankDepth)] {
		ideal += float64(grade) / math.Log2(float64(i)+2)
	}
	return ideal
}

// ContextPrecision is the mean, over the places with a document that counts, of the share
// of such documents down to there (the average precision of what was put before a model).
// It is 0 where none counts, and not defined for nothing.
func ContextPrecision(used []string, relevant map[string]int) (float64, bool) {
	sum, found := 0.0, 0
	for i, doc := range used {
		if relevant[doc] > 0 {
			found++
			sum += float64(found) / float64(i+1)
		}
	}
	return sum / float64(max(1, found)), len(used) > 0
}
