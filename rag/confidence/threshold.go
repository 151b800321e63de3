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

// Promise names what a threshold promises.
type Promise string

// The promises. Both hold with confidence 1-delta over the labels drawn.
const (
	// Marginal: of all cases, at most alpha are answered and wrong.
	Marginal Promise = "M"
	// Selective: of the answers sent, at most alpha are wrong. It needs several
	// times the labels.
	Selective Promise = "S"
)

func (p Promise) known() bool { return p == Marginal || p == Selective }

// start is a coverage at which Selective begins to test, at a share of delta.
type start struct{ coverage, share float64 }

// starts are fixed before any label is seen, and their shares are together 1. Most of delta
// goes where a score that is worth something has few errors and a few hundred labels are
// enough to show it; the rest is for scores that only know their surest tenth.
var starts = [...]start{{0.10, 0.2}, {0.30, 0.8}}

// Terms are what a threshold is chosen by.
type Terms struct {
	// Promise is Marginal or Selective; empty means Marginal.
	Promise Promise
	// Alpha and Delta are shares between 0 and 1, of errors and of failures of
	// the promise.
	Alpha, Delta float64
	// Floor is a threshold that costs ask for, such as CostThreshold gives; the
	// larger of it and the promised one wins.
	Floor float64
}

// Choice is a threshold with what the labels say about it.
type Choice struct {
	// Terms are what it was chosen by.
	Terms Terms
	// Threshold is the least probability at which an answer may be sent. It is
	// above 1 when nothing may be sent.
	Threshold float64
	// Clarify is the least probability, below the threshold, from which on a question
	// back makes sense; 0 means never.
	Clarify float64
	// N is the number of cases, Sent of them reach the threshold, Wrong of those
	// are wrong.
	N, Sent, Wrong int
	// Bound is an upper bound of the promised share at this threshold; it fails
	// with probability delta at most.
	Bound float64
	// Certified tells that the promise holds at this threshold. Without it
	// nothing may be sent.
	Certified bool
	// Missing is how many more labels the promise needs at least, 0 when their
	// number is not what is in the way.
	Missing int
	// Feasibility is what any rule could reach on these cases.
	Feasibility Feasibility
}

// Check says what is wrong with the terms.
func (t Terms) Check() error {
	switch {
	case t.Promise != "" && !t.Promise.known():
		return fmt.Errorf("the promise %q is neither M nor S", t.Promise)
	case !(t.Alpha > 0 && t.Alpha < 1) || !(t.Delta > 0 && t.Delta < 1):
		return fmt.Errorf("alpha is %v and delta %v, not shares between 0 and 1", t.Alpha, t.Delta)
	case !(t.Floor >= 0 && t.Floor <= 1):
		return fmt.Errorf("the threshold of the costs is %v, not 0 to 1", t.Floor)
	}
	return nil
}

// Choose finds the loosest threshold at or above the floor that keeps the promise.
// The cases must not have been used to fit the probabilities, and both ways treat
// cases with the same probability as one block: they are sent together or not.
//
// Marginal is a risk controlling prediction set (Bates et al., arXiv:2101.02703):
// the loosest t such that the Clopper-Pearson bound of "answered and wrong" holds at
// t and at every stricter threshold. The loss is monotone in t, so no correction for
// many thresholds is due.
//
// Selective is fixed-sequence testing (Angelopoulos et al., arXiv:2110.01052): from
// coverages of 10 and 30 %, at a fifth and at four fifths of delta, it walks to looser
// thresholds while the binomial test rejects an error above alpha among the answers. With
// few labels a walk begins later, where that many answers without an error would be enough
// and the walk before it has begun: before, no test could reject, whatever the answers are
// like, and its level would be lost. A walk that is still going where the next begins
// hands its level on (the fallback procedure of Wiens and Dmitrienko, "The fallback
// procedure for evaluating a single family of hypotheses", 2005), which certifies at
// least what separate walks do.
//
// Where the labels certify nothing, the choice sends nothing.
func (t Terms) Choose(cases []Scored) Choice {
	t.Promise = cmp.Or(t.Promise, Marginal)
	blocks := blocksOf(cases)
	n := len(cases)
	best := Choice{
		Terms: t, Threshold: nothing, N: n, Bound: 1,
		Missing: max(0, t.needed()-n), Feasibility: t.Feasible(cases),
	}
	if t.Promise == Marginal {
		best.Bound = UpperBound(0, n, t.Delta)
		best.Certified = best.Bound <= t.Alpha
	}
	for i, level := range t.certify(blocks, n) {
		b := blocks[i]
		if level == 0 || b.probability < t.Floor {
			continue
		}
		best.Threshold, best.Sent, best.Wrong, best.Certified = b.probability, b.sent, b.wrong, true
		best.Bound = t.bound(b, n, level)
	}
	if best.Sent > 0 {
		best.Clarify = t.clarify(cases, best.Threshold)
	}
	return best
}

// offTarget is the share of drafts in the band of questions back that may be wrong: a
// question that offers what the draft is about has to fit more often than not.
const offTarget = 0.5

// clarify is where a band below the threshold ends in which, with confidence 1-delta,
// more drafts are right than wrong. A question back asserts nothing, so it takes no part
// in the promise; what is drafted after it is a case of its own.
func (t Terms) clarify(cases []Scored, threshold float64) float64 {
	least := 0.0
	below := slices.DeleteFunc(slices.Clone(cases), func(c Scored) bool { return c.Probability >= threshold })
	for _, b := range blocksOf(below) {
		if b.probability > 0 && atMost(b.wrong, b.sent, offTarget, t.Delta) {
			least = b.probability
		}
	}
	return least
}

// ChooseMarginal is Choose with the promise Marginal and no floor.
func ChooseMarginal(cases []Scored, alpha, delta float64) Choice {
	return Terms{Promise: Marginal, Alpha: alpha, Delta: delta}.Choose(cases)
}

// ChooseSelective is Choose with the promise Selective and no floor.
func ChooseSelective(cases []Scored, alpha, delta float64) Choice {
	return Terms{Promise: Selective, Alpha: alpha, Delta: delta}.Choose(cases)
}

// block is what is sent from a probability on.
type block struct {
	probability float64
	sent, wrong int
}

// blocksOf are the cases that have an answer, likeliest first, cut between
// different probabilities.
func blocksOf(cases []Scored) []block {
	sorted := slices.DeleteFunc(slices.Clone(cases), func(c Scored) bool { return !c.Answered || math.IsNaN(c.Probability) })
	slices.SortStableFunc(sorted, func(a, b Scored) int { return cmp.Compare(b.Probability, a.Probability) })
	var blocks []block
	wrong := 0
	for i, c := range sorted {
		if !c.Right {
			wrong++
		}
		if i+1 == len(sorted) || sorted[i+1].Probability != c.Probability {
			blocks = append(blocks, block{probability: c.Probability, sent: i + 1, wrong: wrong})
		}
	}
	return blocks
}

// certify gives each block the level at which the promise holds from there on, 0
// where it does not.
func (t Terms) certify(blocks []block, n int) []float64 {
	levels := make([]float64, len(blocks))
	if t.Promise == Marginal {
		for i, b := range blocks {
			// The same as UpperBound(b.wrong, n, t.Delta) > t.Alpha, without its search.
			if !atMost(b.wrong, n, t.Alpha, t.Delta) {
				break
			}
			levels[i] = t.Delta
		}
		return levels
	}
	level, reached := 0.0, 0
	for i, b := range blocks {
		for reached < len(starts) && float64(b.sent) >= starts[reached].coverage*float64(n) && b.sent >= t.least(starts[reached]) {
			level += starts[reached].share * t.Delta
			reached++
		}
		if level > 0 && atMost(b.wrong, b.sent, t.Alpha, level) {
			levels[i] = level
			continue
		}
		if level = 0; reached == len(starts) {
			break
		}
	}
	return levels
}

// atMost tells whether so few of n are as improbable as delta when their share is alpha.
func atMost(wrong, n int, alpha, delta float64) bool {
	// Half of the probability lies at the mean or below, so the sum can be spared.
	if delta < 0.5 && float64(wrong) >= math.Ceil(alpha*float64(n)) {
		return false
	}
	return binomialCDF(wrong, n, alpha) <= delta
}

// least is how many answers without an error let a test at this start reject.
func (t Terms) least(s start) int { return Labels(0, t.Alpha, s.share*t.Delta) }

func (t Terms) bound(b block, n int, level float64) float64 {
	if t.Promise == Selective {
		return UpperBound(b.wrong, b.sent, level)
	}
	return UpperBound(b.wrong, n, level)
}

// needed is the number of cases from which on the promise can be certified at all,
// when no answer is wrong.
func (t Terms) needed() int {
	if t.Promise == Selective {
		return t.least(starts[0])
	}
	return Labels(0, t.Alpha, t.Delta)
}

// Labels is how many labelled answers certify, with confidence 1-delta, that at
// most a share alpha is wrong when this many of them are.
func Labels(wrong int, alpha, delta float64) int {
	low, high := wrong, wrong+1
	for binomialCDF(wrong, high, alpha) > delta {
		low, high = high, 2*high
	}
	for high-low > 1 {
		middle := low + (high-low)/2
		if binomialCDF(wrong, middle, alpha) > delta {
			low = middle
		} else {
			high = middle
		}
	}
	return high
}

// Note says in a sentence or two what the choice promises.
func (c Choice) Note() string {
	t := c.Terms
	seen := fmt.Sprintf("On %d labelled cases %d of %d sent answers were wrong.", c.N, c.Wrong, c.Sent)
	share := fmt.Sprintf("%.1f %% of cases like these are answered and wrong", 100*t.Alpha)
	if t.Promise == Selective {
		share = fmt.Sprintf("%.1f %% of the answers to cases like these are wrong", 100*t.Alpha)
	}
	switch {
	case c.Sent > 0:
		return fmt.Sprintf("%s With confidence %.0f %%, at most %s (bound %.2f %%).", seen, 100*(1-t.Delta), share, 100*c.Bound)
	case c.Missing > 0:
		return fmt.Sprintf("On %d labelled cases no guarantee is claimed and no answer is sent: at least %d more labels are needed before a share of %.1f %% can be promised with confidence %.0f %%.",
			c.N, c.Missing, 100*t.Alpha, 100*(1-t.Delta))
	}
	return fmt.Sprintf("On %d labelled cases no threshold can be promised, so no answer is sent: those that seem surest hold too many errors for a share of %.1f %% with confidence %.0f %%. %s",
		c.N, 100*t.Alpha, 100*(1-t.Delta), c.Feasibility)
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
	if p <= 0 || k >= n {
		return 1
	}
	if p >= 1 {
		return 0
	}
	// Each term comes from the one before.
	term, odds := float64(n)*math.Log1p(-p), math.Log(p)-math.Log1p(-p)
	sum := 0.0
	for i := range k + 1 {
		sum += math.Exp(term)
		term += math.Log(float64(n-i)/float64(i+1)) + odds
	}
	return min(1, sum)
}
