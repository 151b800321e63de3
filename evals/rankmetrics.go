package evals

import (
	"math"
	"math/rand/v2"
	"slices"
)

// rankDepth is how many places of a ranking count.
const rankDepth = 10

// rankScores are the figures of one ranking.
type rankScores struct {
	ndcg, recall1, recall5, recall10, mrr float64
}

// scoreRanking holds the ranked documents, best first and each once, against the
// grades, of which at least one is more than 0.
//
// nDCG@10 takes the grade as the gain and divides it by log2(1+place) (Järvelin and
// Kekäläinen, "Cumulated gain-based evaluation of IR techniques", ACM TOIS 20(4), 2002,
// in the form of trec_eval), recall@k is the share of the graded documents among the
// first k, MRR@10 is 1 over the place of the first graded one, or 0.
func scoreRanking(ranked []string, grades map[string]int) rankScores {
	var s rankScores
	found, dcg := 0, 0.0
	for i, doc := range ranked[:min(len(ranked), rankDepth)] {
		grade := grades[doc]
		if grade <= 0 {
			continue
		}
		found++
		dcg += float64(grade) / math.Log2(float64(i)+2)
		if found == 1 {
			s.mrr = 1 / float64(i+1)
		}
		share := float64(found) / float64(len(grades))
		if i < 1 {
			s.recall1 = share
		}
		if i < 5 {
			s.recall5 = share
		}
		s.recall10 = share
	}
	// Below a place without a graded document the share is that of the place before.
	s.recall5, s.recall10 = max(s.recall5, s.recall1), max(s.recall10, s.recall5)
	s.ndcg = dcg / idealGain(grades)
	return s
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
	for i, grade := range sorted[:min(len(sorted), rankDepth)] {
		ideal += float64(grade) / math.Log2(float64(i)+2)
	}
	return ideal
}

// resamples is how often a bootstrap draws.
const resamples = 1000

// interval is the 95 % percentile bootstrap interval of a mean (Efron and Tibshirani,
// "An Introduction to the Bootstrap", 1993, chapter 13). The draws are the same in every
// run.
func interval(values []float64) (low, high float64) {
	if len(values) == 0 {
		return 0, 0
	}
	random := rand.New(rand.NewPCG(1, uint64(len(values))))
	means := make([]float64, resamples)
	for i := range means {
		sum := 0.0
		for range values {
			sum += values[random.IntN(len(values))]
		}
		means[i] = sum / float64(len(values))
	}
	slices.Sort(means)
	return means[resamples*25/1000], means[resamples*975/1000-1]
}

func mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(max(1, len(values)))
}
