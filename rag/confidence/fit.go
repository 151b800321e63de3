package confidence

import (
	"errors"
	"fmt"
	"math"
)

// Sample is one labelled answer.
type Sample struct {
	// Features are the numbers known when the answer was made, by name. One that
	// is missing is 0.
	Features map[string]float64
	// Right is the label: the answer was correct.
	Right bool
}

const (
	// maxSteps bounds Newton's method, which converges in under 10 on anything
	// sensible; the ridge keeps separable data from running away.
	maxSteps = 50
	// converged is the largest change of a weight that counts as none.
	converged = 1e-9
)

// Fit learns the weights of the named features from labelled answers: logistic
// regression with an L2 penalty of lambda/2 times the squared standardised
// weights, the intercept free, by iteratively reweighted least squares (Newton's
// method; Hastie, Tibshirani and Friedman, "The Elements of Statistical
// Learning", 2nd ed., 4.4.1 with the ridge of 3.4.1). A feature that never varies
// gets the weight 0. Both labels have to occur. The result has no threshold yet:
// it is 1, which sends nothing.
func Fit(names []string, samples []Sample, lambda float64) (*Calibration, error) {
	right := 0
	for _, s := range samples {
		if s.Right {
			right++
		}
	}
	switch {
	case len(names) == 0:
		return nil, errors.New("fit: no features")
	case lambda <= 0:
		return nil, fmt.Errorf("fit: lambda is %v, not more than 0", lambda)
	case right == 0 || right == len(samples):
		return nil, fmt.Errorf("fit: %d right answers of %d: both labels have to occur", right, len(samples))
	}
	c := &Calibration{Features: names, N: len(samples), Threshold: 1}
	c.Means, c.SDs = moments(names, samples)
	weights, err := newton(c.design(samples), samples, lambda)
	if err != nil {
		return nil, err
	}
	c.Intercept, c.Weights = weights[0], weights[1:]
	return c, nil
}

// moments gives mean and standard deviation of each feature, 1 in the place of a
// standard deviation of 0.
func moments(names []string, samples []Sample) (means, sds []float64) {
	n := float64(len(samples))
	for _, name := range names {
		var sum, squares float64
		for _, s := range samples {
			sum += s.Features[name]
		}
		mean := sum / n
		for _, s := range samples {
			d := s.Features[name] - mean
			squares += d * d
		}
		sd := math.Sqrt(squares / n)
		if sd < 1e-12 {
			sd = 1
		}
		means, sds = append(means, mean), append(sds, sd)
	}
	return means, sds
}

// design gives one row for each sample: 1 for the intercept, then the
// standardised features.
func (c *Calibration) design(samples []Sample) [][]float64 {
	rows := make([][]float64, len(samples))
	for i, s := range samples {
		row := make([]float64, 1, len(c.Features)+1)
		row[0] = 1
		for j, name := range c.Features {
			row = append(row, (s.Features[name]-c.Means[j])/c.SDs[j])
		}
		rows[i] = row
	}
	return rows
}

// newton iterates w <- w - (Z'RZ + lambda*I)^-1 (Z'(p-y) + lambda*w).
func newton(rows [][]float64, samples []Sample, lambda float64) ([]float64, error) {
	weights := make([]float64, len(rows[0]))
	for range maxSteps {
		hessian, gradient := derivatives(rows, samples, weights, lambda)
		step, err := solve(hessian, gradient)
		if err != nil {
			return nil, fmt.Errorf("fit: %w", err)
		}
		largest := 0.0
		for j := range weights {
			weights[j] -= step[j]
			largest = max(largest, math.Abs(step[j]))
		}
		if largest < converged {
			return weights, nil
		}
	}
	return nil, fmt.Errorf("fit: no convergence in %d steps", maxSteps)
}

func derivatives(rows [][]float64, samples []Sample, weights []float64, lambda float64) (hessian [][]float64, gradient []float64) {
	d := len(weights)
	gradient = make([]float64, d)
	hessian = make([][]float64, d)
	for j := range hessian {
		hessian[j] = make([]float64, d)
	}
	for i, row := range rows {
		p := sigmoid(dot(row, weights))
		residual := p
		if samples[i].Right {
			residual = p - 1
		}
		curvature := p * (1 - p)
		for j := range row {
			gradient[j] += residual * row[j]
			for k := range row {
				hessian[j][k] += curvature * row[j] * row[k]
			}
		}
	}
	for j := 1; j < d; j++ {
		gradient[j] += lambda * weights[j]
		hessian[j][j] += lambda
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
