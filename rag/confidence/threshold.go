package confidence

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// nothing is the threshold at which nothing is sent: above every probability, and
// still a number that a file can hold.
var nothing = math.Nextafter(1, 2)

// Scored is a labelled case with its probability. A case in which there was no
// answer to send has Answered false; it counts among the cases, because the
// promise is about all of them.
type Scored struct {
	Probability float64
	Answered    bool
	Right       bool
}

// Choice is a threshold with what the labels say about it.
type Choice struct {
	// Threshold is the least probability at which an answer may be sent. It is
	// above 1 when nothing may be sent.
	Threshold float64
	// N is the number of cases, Sent of them reach the threshold, Wrong of those
	// are wrong.
	N, Sent, Wrong int
	// Bound is an upper bound of the share of all cases that are answered and
	// wrong at this threshold; it fails with probability delta at most.
	Bound float64
	// Certified tells that Bound is at most the alpha that was asked for, at
	// this threshold and all stricter ones.
	Certified bool
}

// Choose finds the loosest threshold at which the share of cases answered and
// wrong is at most alpha, with confidence 1-delta: the loosest t such that the
// Clopper-Pearson bound holds at t and at every stricter threshold (risk
// controlling prediction sets: Bates et al., arXiv:2101.02703; the loss is
// monotone in t, so no correction for many thresholds is due). The cases must not
// have been used to fit the probabilities.
//
// When even sending nothing can't be certified, because there are too few cases,
// the choice is the loosest threshold whose observed share is at most alpha, and
// Certified is false: it promises nothing.
func Choose(cases []Scored, alpha, delta float64) Choice {
	sorted := slices.DeleteFunc(slices.Clone(cases), func(c Scored) bool { return !c.Answered })
	slices.SortStableFunc(sorted, func(a, b Scored) int { return cmp.Compare(b.Probability, a.Probability) })
	n := len(cases)
	certifiable := n > 0 && UpperBound(0, n, delta) <= alpha
	best := Choice{Threshold: nothing, N: n, Bound: UpperBound(0, n, delta), Certified: certifiable}
	wrong := 0
	for i, c := range sorted {
		if !c.Right {
			wrong++
		}
		// Cases with the same probability are sent together or not at all.
		if i+1 < len(sorted) && sorted[i+1].Probability == c.Probability {
			continue
		}
		bound := UpperBound(wrong, n, delta)
		if certifiable && bound > alpha {
			break
		}
		if !certifiable && float64(wrong) > alpha*float64(n) {
			break
		}
		best = Choice{Threshold: c.Probability, N: n, Sent: i + 1, Wrong: wrong, Bound: bound, Certified: certifiable}
	}
	return best
}

// Note says in a sentence what the choice promises.
func (c Choice) Note(alpha, delta float64) string {
	if c.Certified {
		return fmt.Sprintf("On %d labelled cases %d of %d sent answers were wrong. With confidence %.0f %%, at most %.1f %% of cases like these are answered and wrong (bound %.2f %%).",
			c.N, c.Wrong, c.Sent, 100*(1-delta), 100*alpha, 100*c.Bound)
	}
	return fmt.Sprintf("On %d labelled cases %d of %d sent answers were wrong. No guarantee is claimed: %d more labels are needed before a share of %.1f %% can be promised with confidence %.0f %%.",
		c.N, c.Wrong, c.Sent, max(1, needed(alpha, delta)-c.N), 100*alpha, 100*(1-delta))
}

// needed is the number of cases without any error from which on alpha can be
// certified at all: (1-alpha)^n <= delta.
func needed(alpha, delta float64) int {
	return int(math.Ceil(math.Log(delta) / math.Log(1-alpha)))
}

// UpperBound is the exact upper confidence bound of Clopper and Pearson (1934)
// for the probability behind k events in n trials: the p at which k or fewer
// events have the probability delta. It is 1 for n = 0 and for k = n.
func UpperBound(k, n int, delta float64) float64 {
	if n <= 0 || k >= n {
		return 1
	}
	low, high := float64(k)/float64(n), 1.0
	// 60 halvings leave an error below the precision of a float64.
	for range 60 {
		middle := (low + high) / 2
		if binomialCDF(k, n, middle) > delta {
			low = middle
		} else {
			high = middle
		}
	}
	return high
}

// binomialCDF is the probability of k or fewer events in n trials, summed in
// logarithms so that nothing underflows.
func binomialCDF(k, n int, p float64) float64 {
	if p <= 0 {
		return 1
	}
	if p >= 1 {
		return 0
	}
	logFactorial := func(m int) float64 { v, _ := math.Lgamma(float64(m + 1)); return v }
	sum := 0.0
	for i := range k + 1 {
		sum += math.Exp(logFactorial(n) - logFactorial(i) - logFactorial(n-i) +
			float64(i)*math.Log(p) + float64(n-i)*math.Log1p(-p))
	}
	return min(1, sum)
}
