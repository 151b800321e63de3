package confidence

import (
	"cmp"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"slices"
	"strconv"
)

// Sample is one labelled answer.
type Sample struct {
	// Features are the numbers known when the answer was made, by name. One that
	// is not there, or not finite, is missing.
	Features map[string]float64
	// Right is the label: the answer was correct.
	Right bool
	// Group ties samples that belong together, such as those of a conversation:
	// cross-fitting keeps them on one side. Empty means that it stands alone.
	Group string
	// Locale and Risk are the groups with offsets of their own; empty is none.
	Locale, Risk string
	// Weight is how many answers it stands for, such as 1/q when it was picked
	// with the probability q. 0 means 1.
	Weight float64
}

func (s Sample) weight() float64 { return cmp.Or(s.Weight, 1) }

// Fitting says how to fit.
type Fitting struct {
	// Names are the features to use. Required.
	Names []string
	// Lambda is the ridge on the standardised weights, more than 0.
	Lambda float64
	// Tau is how far the log odds of a locale or of a risk class may lie from the
	// average: the standard deviation of a normal prior. 0 means no offsets.
	Tau float64
	// Taus are candidates for Tau: the fit takes the one with the least log loss on
	// samples that a fit did not see, the smallest where there is no telling. Nil
	// means that Tau holds.
	Taus []float64
}

const (
	// maxSteps bounds Newton's method, which converges in under 10 on anything
	// sensible; the ridge keeps separable data from running away.
	maxSteps = 50
	// converged is the largest change of a weight that counts as none.
	converged = 1e-9
	// tauFolds is into how many parts the samples are split to choose among Taus.
	tauFolds = 5
)

// Fit is a Fitting without groups.
func Fit(names []string, samples []Sample, lambda float64) (*Calibration, error) {
	return Fitting{Names: names, Lambda: lambda}.Fit(samples)
}

// Fit learns the weights of the named features from labelled answers: logistic
// regression with an L2 penalty of lambda/2 times the squared standardised
// weights, the intercept free, by iteratively reweighted least squares (Newton's
// method; Hastie, Tibshirani and Friedman, "The Elements of Statistical
// Learning", 2nd ed., 4.4.1 with the ridge of 3.4.1). The offset b of a group has
// the penalty b²/(2 tau²), which is a normal prior: a group with few labels stays
// near the average. A feature that never varies gets the weight 0; one that is
// missing in some samples gets an indicator. Both labels have to occur. The result
// has no threshold yet: it is 1, which sends nothing.
func (f Fitting) Fit(samples []Sample) (*Calibration, error) {
	if err := f.validate(samples); err != nil {
		return nil, err
	}
	f = f.settle(samples)
	c := &Calibration{Features: withIndicators(f.Names, samples), N: len(samples), Threshold: 1}
	c.Means, c.SDs = moments(c.Features, samples)
	groups := f.groups(samples)
	penalties := slices.Concat([]float64{0}, slices.Repeat([]float64{f.Lambda}, len(c.Features)))
	if len(groups) > 0 {
		penalties = append(penalties, slices.Repeat([]float64{1 / (f.Tau * f.Tau)}, len(groups))...)
	}
	weights, err := newton(c.design(samples, groups), samples, penalties)
	if err != nil {
		return nil, err
	}
	c.Intercept, c.Weights = weights[0], weights[1:1+len(c.Features)]
	for i, group := range groups {
		if c.Offsets == nil {
			c.Offsets = map[string]float64{}
		}
		c.Offsets[group] = weights[1+len(c.Features)+i]
	}
	return c, nil
}

// settle chooses Tau. CrossFit settles it in every fold anew, so that what it scores
// has no part in the choice.
func (f Fitting) settle(samples []Sample) Fitting {
	candidates := slices.Sorted(slices.Values(f.Taus))
	f.Taus = nil
	least := math.Inf(1)
	for i, tau := range candidates {
		one := f
		one.Tau = tau
		loss := math.Inf(1)
		if probabilities, err := one.CrossFit(samples, tauFolds); err == nil {
			loss = logLoss(probabilities, samples)
		}
		if i == 0 || loss < least {
			least, f.Tau = loss, tau
		}
	}
	return f
}

func logLoss(probabilities []float64, samples []Sample) float64 {
	sum := 0.0
	for i, s := range samples {
		p := probabilities[i]
		if !s.Right {
			p = 1 - p
		}
		sum -= s.weight() * math.Log(max(p, math.SmallestNonzeroFloat64))
	}
	return sum
}

func (f Fitting) validate(samples []Sample) error {
	right := 0
	for _, s := range samples {
		if s.Right {
			right++
		}
		if !(s.weight() > 0) || math.IsInf(s.Weight, 0) {
			return fmt.Errorf("fit: a sample weighs %v", s.Weight)
		}
	}
	switch {
	case len(f.Names) == 0:
		return errors.New("fit: no features")
	case !(f.Lambda > 0):
		return fmt.Errorf("fit: lambda is %v, not more than 0", f.Lambda)
	case !(f.Tau >= 0) || slices.ContainsFunc(f.Taus, func(tau float64) bool { return !(tau >= 0) }):
		return fmt.Errorf("fit: tau is %v and one of %v, not 0 or more", f.Tau, f.Taus)
	case right == 0 || right == len(samples):
		return fmt.Errorf("fit: %d right answers of %d: %w", right, len(samples), ErrOneLabel)
	}
	return nil
}

// ErrOneLabel says that of the samples of a fit all are right or all are wrong.
var ErrOneLabel = errors.New("both labels have to occur")

// CrossFit gives each sample the probability that a fit on the other folds gives
// it. The samples of a group are in one fold, whatever their order. The error is ErrOneLabel
// where one fold has all samples of a label.
func (f Fitting) CrossFit(samples []Sample, folds int) ([]float64, error) {
	if folds < 2 {
		return nil, fmt.Errorf("cross-fit: %d folds, not 2 or more", folds)
	}
	place := make([]int, len(samples))
	for i, s := range samples {
		place[i] = Fold(cmp.Or(s.Group, strconv.Itoa(i)), folds)
	}
	probabilities := make([]float64, len(samples))
	for k := range folds {
		if !slices.Contains(place, k) {
			continue
		}
		var others []Sample
		for i, s := range samples {
			if place[i] != k {
				others = append(others, s)
			}
		}
		fitted, err := f.Fit(others)
		if err != nil {
			return nil, fmt.Errorf("fold %d: %w", k, err)
		}
		for i, s := range samples {
			if place[i] == k {
				probabilities[i] = fitted.ProbabilityOf(s)
			}
		}
	}
	return probabilities, nil
}

// Fold is the fold, from 0 on, of all that belongs to a group: the same whatever else
// there is.
func Fold(group string, folds int) int {
	hash := fnv.New32a()
	hash.Write([]byte(group)) // a hash never fails to write
	return int(hash.Sum32() % uint32(folds))
}

// withIndicators adds "missing:x" for each feature that some samples lack and
// others have. Features that are missing together share the indicator of the first.
func withIndicators(names []string, samples []Sample) []string {
	list := slices.Clone(names)
	seen := map[string]bool{}
	for _, name := range names {
		pattern := make([]byte, len(samples))
		missing := 0
		for i, s := range samples {
			if _, known := value(s.Features, name); !known {
				pattern[i] = 1
				missing++
			}
		}
		if missing > 0 && missing < len(samples) && !seen[string(pattern)] {
			seen[string(pattern)] = true
			list = append(list, MissingPrefix+name)
		}
	}
	return list
}

// groups are the groups of the samples that get an offset, sorted.
func (f Fitting) groups(samples []Sample) []string {
	var list []string
	if f.Tau == 0 {
		return nil
	}
	for _, s := range samples {
		if s.Locale != "" {
			list = append(list, localeGroup+s.Locale)
		}
		if s.Risk != "" {
			list = append(list, riskGroup+s.Risk)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// moments gives mean and standard deviation of each feature where it is known, 1
// in the place of a standard deviation of 0.
func moments(names []string, samples []Sample) (means, sds []float64) {
	for _, name := range names {
		var n, sum, squares float64
		for _, s := range samples {
			if x, known := value(s.Features, name); known {
				n += s.weight()
				sum += s.weight() * x
			}
		}
		mean := sum / max(n, math.SmallestNonzeroFloat64)
		for _, s := range samples {
			if x, known := value(s.Features, name); known {
				squares += s.weight() * (x - mean) * (x - mean)
			}
		}
		sd := math.Sqrt(squares / max(n, math.SmallestNonzeroFloat64))
		if sd < 1e-12 {
			sd = 1
		}
		means, sds = append(means, mean), append(sds, sd)
	}
	return means, sds
}

// design gives one row for each sample: 1 for the intercept, the standardised
// features, then 1 for each group that it belongs to.
func (c *Calibration) design(samples []Sample, groups []string) [][]float64 {
	rows := make([][]float64, len(samples))
	for i, s := range samples {
		row := make([]float64, 1, 1+len(c.Features)+len(groups))
		row[0] = 1
		for j, name := range c.Features {
			row = append(row, c.standardised(j, name, s.Features))
		}
		for _, group := range groups {
			member := 0.0
			if group == localeGroup+s.Locale || group == riskGroup+s.Risk {
				member = 1
			}
			row = append(row, member)
		}
		rows[i] = row
	}
	return rows
}

// newton iterates w <- w - (Z'RZ + L)^-1 (Z'(p-y) + Lw), L the diagonal of penalties.
func newton(rows [][]float64, samples []Sample, penalties []float64) ([]float64, error) {
	weights := make([]float64, len(rows[0]))
	for range maxSteps {
		hessian, gradient := derivatives(rows, samples, weights, penalties)
		step, err := solve(hessian, gradient)
		if err != nil {
			return nil, fmt.Errorf("fit: %w", err)
		}
		next, largest := descend(rows, samples, weights, step, penalties)
		if weights = next; largest < converged {
			return weights, nil
		}
	}
	return nil, fmt.Errorf("fit: no convergence in %d steps", maxSteps)
}

// descend takes the step, halved until it leads down: a full one can lead past the least
// where probabilities are near 0 and 1. It also tells the largest change of a weight.
func descend(rows [][]float64, samples []Sample, weights, step, penalties []float64) (next []float64, largest float64) {
	before := objective(rows, samples, weights, penalties)
	next = make([]float64, len(weights))
	for scale := 1.0; ; scale /= 2 {
		largest = 0
		for j := range weights {
			next[j] = weights[j] - scale*step[j]
			largest = max(largest, math.Abs(scale*step[j]))
		}
		// A step too small to count leads nowhere worse.
		if largest < converged || objective(rows, samples, next, penalties) <= before+1e-9*math.Abs(before) {
			return next, largest
		}
	}
}

// objective is what the fit makes least: the log loss with the penalties.
func objective(rows [][]float64, samples []Sample, weights, penalties []float64) float64 {
	sum := 0.0
	for j, penalty := range penalties {
		sum += penalty / 2 * weights[j] * weights[j]
	}
	for i, row := range rows {
		z := dot(row, weights)
		if samples[i].Right {
			z = -z
		}
		// log(1+exp(z)) without overflow.
		sum += samples[i].weight() * (max(z, 0) + math.Log1p(math.Exp(-math.Abs(z))))
	}
	return sum
}

func derivatives(rows [][]float64, samples []Sample, weights, penalties []float64) (hessian [][]float64, gradient []float64) {
	d := len(weights)
	gradient = make([]float64, d)
	hessian = make([][]float64, d)
	for j := range hessian {
		hessian[j] = make([]float64, d)
	}
	for i, row := range rows {
		p := sigmoid(dot(row, weights))
		residual := samples[i].weight() * p
		if samples[i].Right {
			residual = samples[i].weight() * (p - 1)
		}
		curvature := samples[i].weight() * p * (1 - p)
		for j := range row {
			gradient[j] += residual * row[j]
			for k := range row {
				hessian[j][k] += curvature * row[j] * row[k]
			}
		}
	}
	for j, penalty := range penalties {
		gradient[j] += penalty * weights[j]
		hessian[j][j] += penalty
	}
	return hessian, gradient
}

func dot(a, b []float64) float64 {
	sum := 0.0
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

// solve finds x with a*x = b by Gaussian elimination with row pivots. It
// overwrites both arguments.
func solve(a [][]float64, b []float64) ([]float64, error) {
	n := len(b)
	for col := range n {
		pivot := col
		for row := col + 1; row < n; row++ {
			if math.Abs(a[row][col]) > math.Abs(a[pivot][col]) {
				pivot = row
			}
		}
		if math.Abs(a[pivot][col]) < 1e-12 {
			return nil, errors.New("the features are linearly dependent")
		}
		a[col], a[pivot] = a[pivot], a[col]
		b[col], b[pivot] = b[pivot], b[col]
		for row := col + 1; row < n; row++ {
			factor := a[row][col] / a[col][col]
			for k := col; k < n; k++ {
				a[row][k] -= factor * a[col][k]
			}
			b[row] -= factor * b[col]
		}
	}
	x := make([]float64, n)
	for row := n - 1; row >= 0; row-- {
		x[row] = (b[row] - dot(a[row][row+1:], x[row+1:])) / a[row][row]
	}
	return x, nil
}
