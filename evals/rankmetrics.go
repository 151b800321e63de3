package evals

import (
	"math/rand/v2"
	"slices"
)

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
