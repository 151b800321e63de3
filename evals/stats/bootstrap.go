package stats

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Statistic writes its figures into a slice, for a sample in which each group counts so
// many times. One that is not defined there is NaN.
type Statistic func(counts []int, into []float64)

// blocks is into how many parts at most the groups are cut, to see how much a figure
// depends on each.
const blocks = 200

// Bootstrap gives the figures of a statistic over so many groups with their intervals: the
// BCa bootstrap (Efron, "Better bootstrap confidence intervals", 1987), widened for few
// groups as Hesterberg says ("What teachers should know about the bootstrap", 2015). It is
// for what no formula is known for, such as the area under a curve. A figure that is not
// defined has NaN as its value.
func Bootstrap(groups, figures int, random *rand.Rand, statistic Statistic) []Estimate {
	counts := slices.Repeat([]int{1}, groups)
	values := make([]float64, figures)
	statistic(counts, values)
	drawn := drawAll(groups, figures, random, statistic)
	left := leaveOut(groups, figures, statistic)
	estimates := make([]Estimate, figures)
	for i, v := range values {
		e := Estimate{Value: v, Low: v, High: v, N: groups}
		if !math.IsNaN(v) && len(drawn[i]) > 0 && groups > 1 {
			e.Low, e.High = corrected(v, drawn[i], left[i], groups)
		}
		estimates[i] = e
	}
	return estimates
}

// drawAll gives the sorted draws of each figure, those alone where it is defined.
func drawAll(groups, figures int, random *rand.Rand, statistic Statistic) [][]float64 {
	drawn := make([][]float64, figures)
	counts, values := make([]int, groups), make([]float64, figures)
	for range draws {
		clear(counts)
		for range groups {
			counts[random.IntN(groups)]++
		}
		statistic(counts, values)
		for i, v := range values {
			if !math.IsNaN(v) {
				drawn[i] = append(drawn[i], v)
			}
		}
	}
	for _, d := range drawn {
		slices.Sort(d)
	}
	return drawn
}

// leaveOut gives each figure without each part of the groups.
func leaveOut(groups, figures int, statistic Statistic) [][]float64 {
	left := make([][]float64, figures)
	counts, values := slices.Repeat([]int{1}, groups), make([]float64, figures)
	parts := min(groups, blocks)
	for part := range parts {
		for i := part; i < groups; i += parts {
			counts[i] = 0
		}
		statistic(counts, values)
		for i := part; i < groups; i += parts {
			counts[i] = 1
		}
		for i, v := range values {
			if !math.IsNaN(v) {
				left[i] = append(left[i], v)
			}
		}
	}
	return left
}

// corrected is the interval of a value by its sorted draws, corrected for their bias and
// for how the spread depends on the value.
func corrected(value float64, drawn, left []float64, groups int) (low, high float64) {
	below := 0.0
	for _, d := range drawn {
		switch {
		case d < value:
			below++
		case d == value:
			below += 0.5
		}
	}
	n := float64(len(drawn))
	bias := normalQuantile(min(1-0.5/n, max(0.5/n, below/n)))
	skew := acceleration(left)
	z := student(float64(groups-1)) * math.Sqrt(float64(groups)/float64(groups-1))
	at := func(z float64) float64 {
		return quantile(drawn, normalCDF(bias+(bias+z)/(1-skew*(bias+z))))
	}
	return min(value, at(-z)), max(value, at(z))
}

// acceleration is a sixth of the skewness of what each part of the groups changes.
func acceleration(left []float64) float64 {
	mean := 0.0
	for _, v := range left {
		mean += v / float64(len(left))
	}
	var squares, cubes float64
	for _, v := range left {
		d := mean - v
		squares += d * d
		cubes += d * d * d
	}
	if squares == 0 {
		return 0
	}
	return cubes / (6 * math.Pow(squares, 1.5))
}
