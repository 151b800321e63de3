package stats

import (
	"cmp"
	"math"
	"slices"
)

// Holm corrects probabilities for how many there are: whichever lies below a level does so
// by chance in at most that share of all families together (Holm, "A simple sequentially
// rejective multiple test procedure", 1979).
func Holm(p []float64) []float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p[a], p[b]) })
	corrected, greatest := make([]float64, len(p)), 0.0
	for rank, i := range order {
		greatest = max(greatest, min(1, float64(len(p)-rank)*p[i]))
		corrected[i] = greatest
	}
	return corrected
}

// Watch is an interval for the mean of independent values in [0, 1] that may be looked at
// after each of them, and stopped whenever one likes: all its intervals together hold the
// mean with a probability of at least 95 %. It is the hedged capital of Waudby-Smith and
// Ramdas ("Estimating means of bounded random variables by betting", 2024,
// arXiv:2010.09686): a mean is out when betting against it has won 20 times the stake.
//
// It was chosen over the spending of a level (Lan and DeMets, 1983) because nobody knows
// beforehand how often a team will look. Looking once, it is wider than Proportion's.
type Watch struct {
	n, sum, squares float64
	// up and down are the logarithms of what was won against each mean of the grid; those
	// from first to last are still in.
	up, down    [watchGrid + 1]float64
	first, last int
}

// watchGrid is into how many parts the means are cut.
const watchGrid = 500

// NewWatch has seen nothing.
func NewWatch() *Watch { return &Watch{last: watchGrid} }

// Add sees a value, which is cut to [0, 1].
func (w *Watch) Add(value float64) {
	value = min(1, max(0, value))
	stake := w.stake()
	// A mean that is out stays out.
	for i := w.first; i <= w.last; i++ {
		mean := float64(i) / watchGrid
		// No more than half may be lost at once.
		w.up[i] += math.Log1p(min(stake, 0.5/max(mean, 1e-9)) * (value - mean))
		w.down[i] += math.Log1p(-min(stake, 0.5/max(1-mean, 1e-9)) * (value - mean))
	}
	w.n++
	w.sum += value
	rest := value - w.mean()
	w.squares += rest * rest
	w.narrow()
}

// mean is drawn to the middle by half a value, as the variance is.
func (w *Watch) mean() float64 { return (0.5 + w.sum) / (1 + w.n) }

// stake is set before the value is seen.
func (w *Watch) stake() float64 {
	variance := (0.25 + w.squares) / (1 + w.n)
	t := w.n + 1
	return math.Sqrt(2 * math.Log(2/alpha) / (variance * t * math.Log(1+t)))
}

func (w *Watch) narrow() {
	limit := math.Log(2 / alpha)
	out := func(i int) bool { return max(w.up[i], w.down[i]) >= limit }
	for w.first < w.last && out(w.first) {
		w.first++
	}
	for w.last > w.first && out(w.last) {
		w.last--
	}
}

// Estimate is what is known so far.
func (w *Watch) Estimate() Estimate {
	e := Estimate{Value: 0.5, N: int(w.n)}
	if w.n > 0 {
		e.Value = w.sum / w.n
	}
	// Between two means of the grid nothing is known.
	e.Low = min(e.Value, max(0, float64(w.first)-1)/watchGrid)
	e.High = max(e.Value, min(watchGrid, float64(w.last)+1)/watchGrid)
	return e
}
