package stats

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// Bin is a part of the cases with similar scores: their mean score, and how many of them
// are right.
type Bin struct {
	Mean  float64 `json:"mean"`
	Right int     `json:"right"`
	N     int     `json:"n"`
}

// Bins is into how many bins scores are cut.
const Bins = 10

// LeastLikelyFirst sorts a copy. Cases with the same score come in a random order: sorted
// by label they would look worse than they are.
func LeastLikelyFirst(cases []Scored, random *rand.Rand) []Scored {
	sorted := slices.Clone(cases)
	random.Shuffle(len(sorted), func(i, j int) { sorted[i], sorted[j] = sorted[j], sorted[i] })
	slices.SortStableFunc(sorted, func(a, b Scored) int { return cmp.Compare(a.Score, b.Score) })
	return sorted
}

// Reliability cuts sorted cases into bins of as many cases each.
func Reliability(sorted []Scored) []Bin {
	var bins []Bin
	for i := range Bins {
		part := sorted[i*len(sorted)/Bins : (i+1)*len(sorted)/Bins]
		if len(part) == 0 {
			continue
		}
		sum, right := 0.0, 0
		for _, c := range part {
			sum += c.Score
			if c.Right {
				right++
			}
		}
		bins = append(bins, Bin{Mean: sum / float64(len(part)), Right: right, N: len(part)})
	}
	return bins
}

// CalibrationError is the expected calibration error of bins: how far on average the share
// of right cases is from the mean score.
func CalibrationError(bins []Bin) float64 {
	sum, n := 0.0, 0
	for _, b := range bins {
		sum += math.Abs(float64(b.Right) - float64(b.N)*b.Mean)
		n += b.N
	}
	return sum / float64(max(1, n))
}

// nullDraws is how often the null of the calibration error is simulated.
const nullDraws = 200

// CalibrationNull is the calibration error that scores show on these cases when each is
// perfectly calibrated, on average and with the interval in which it lies in 95 % of draws:
// more cases have less of it, and none have 0. What is above it is an error. Of one or two
// sure cases nearly all draws show next to nothing and a few very much, and the average lies
// beside where 95 % are: there the interval reaches up or down to it and holds more of them.
func CalibrationNull(sorted []Scored, random *rand.Rand) Estimate {
	drawn, e := slices.Clone(sorted), Estimate{N: len(sorted)}
	errors := make([]float64, nullDraws)
	for i := range errors {
		for at := range drawn {
			drawn[at].Right = random.Float64() < drawn[at].Score
		}
		errors[i] = CalibrationError(Reliability(drawn))
	}
	slices.Sort(errors)
	e.Value = meanOf(errors)
	e.Low, e.High = min(e.Value, quantile(errors, alpha/2)), max(e.Value, quantile(errors, 1-alpha/2))
	return e
}

// MeasureCalibration is the calibration error with an interval for the error that more
// cases would show. What few cases show is too great, and draws from them show more still:
// so the interval reaches down as far as draws lie above the value, bias and all, and up
// as far as they lie above their own mean. Draws are of groups, with the bins as they are.
// It is not defined without cases.
func MeasureCalibration(cases []Scored, random *rand.Rand) (Estimate, bool) {
	sorted := LeastLikelyFirst(cases, random)
	if len(sorted) == 0 {
		return Estimate{}, false
	}
	group, groups := groupsOf(sorted)
	e := Estimate{Value: CalibrationError(Reliability(sorted)), N: groups}
	drawn := drawAll(groups, 1, random, func(counts []int, into []float64) { into[0] = binnedError(sorted, group, counts) })[0]
	e.Low = min(e.Value, max(0, 2*e.Value-quantile(drawn, 1-alpha/2)))
	e.High = e.Value + max(0, quantile(drawn, 1-alpha/2)-meanOf(drawn))
	return e, true
}

// binnedError is CalibrationError where each group counts so many times.
func binnedError(sorted []Scored, group, counts []int) float64 {
	sum, n := 0.0, 0
	for bin := range Bins {
		gap := 0.0
		for i := bin * len(sorted) / Bins; i < (bin+1)*len(sorted)/Bins; i++ {
			times := counts[group[i]]
			n += times
			gap -= float64(times) * sorted[i].Score
			if sorted[i].Right {
				gap += float64(times)
			}
		}
		sum += math.Abs(gap)
	}
	return sum / float64(max(1, n))
}

// countedError is the calibration error of sorted cases of which each counts so many times, in bins
// of as many counted cases each.
func countedError(sorted []Scored, counts []int) float64 {
	total := 0
	for _, n := range counts {
		total += n
	}
	sum, gap, seen, bin := 0.0, 0.0, 0, 1
	for i, c := range sorted {
		for left := counts[i]; left > 0; {
			take := min(left, bin*total/Bins-seen)
			gap += float64(take) * (indicator(c.Right) - c.Score)
			seen, left = seen+take, left-take
			for bin <= Bins && seen >= bin*total/Bins {
				sum, gap, bin = sum+math.Abs(gap), 0, bin+1
			}
		}
	}
	return sum / float64(max(1, total))
}
