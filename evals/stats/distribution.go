package stats

import "math"

// Level is the share of intervals that hold the truth, where nothing else is said.
const Level = 0.95

// alpha is what Level leaves out, on both sides together.
const alpha = 1 - Level

// normalCDF is the probability of a standard normal value below z.
func normalCDF(z float64) float64 { return math.Erfc(-z/math.Sqrt2) / 2 }

// normalQuantile is the z below which a standard normal value falls with probability p.
func normalQuantile(p float64) float64 { return -math.Sqrt2 * math.Erfcinv(2*p) }

// studentCDF is the probability of a value of Student's t with so many degrees of freedom
// below t.
func studentCDF(t, freedom float64) float64 {
	tail := incompleteBeta(freedom/2, 0.5, freedom/(freedom+t*t)) / 2
	if t < 0 {
		return tail
	}
	return 1 - tail
}

// student is the t that a value of Student's with so many degrees of freedom exceeds, on
// either side, with the probability alpha together.
func student(freedom float64) float64 {
	const p = 1 - alpha/2
	z := normalQuantile(p)
	if freedom < 5 {
		return bisect(0, 2000, func(t float64) bool { return studentCDF(t, freedom) < p })
	}
	// The first terms of Cornish and Fisher, and three steps of Newton.
	t := z + (z*z*z+z)/(4*freedom) + (5*math.Pow(z, 5)+16*z*z*z+3*z)/(96*freedom*freedom)
	scale := math.Exp(logGamma((freedom+1)/2)-logGamma(freedom/2)) / math.Sqrt(freedom*math.Pi)
	for range 3 {
		t -= (studentCDF(t, freedom) - p) / (scale * math.Pow(1+t*t/freedom, -(freedom+1)/2))
	}
	return t
}

// bisect is where "too low" turns false between low and high.
func bisect(low, high float64, tooLow func(float64) bool) float64 {
	// 60 halvings leave an error below the precision of what is looked for here.
	for range 60 {
		if middle := (low + high) / 2; tooLow(middle) {
			low = middle
		} else {
			high = middle
		}
	}
	return (low + high) / 2
}

// binomialCDF is the probability of k or fewer events in n trials.
func binomialCDF(k, n int, p float64) float64 {
	switch {
	case k < 0:
		return 0
	case k >= n:
		return 1
	}
	return 1 - incompleteBeta(float64(k)+1, float64(n-k), p)
}

// binomial is the probability of exactly k events in n trials.
func binomial(k, n int, p float64) float64 {
	if p <= 0 || p >= 1 {
		if p <= 0 == (k == 0) && (k == 0 || k == n) {
			return 1
		}
		return 0
	}
	return math.Exp(logChoose(n, k) + float64(k)*math.Log(p) + float64(n-k)*math.Log1p(-p))
}

// logChoose is the logarithm of n over k.
func logChoose(n, k int) float64 {
	return logGamma(float64(n)+1) - logGamma(float64(k)+1) - logGamma(float64(n-k)+1)
}

func logGamma(x float64) float64 {
	value, _ := math.Lgamma(x)
	return value
}

// incompleteBeta is the regularised incomplete beta function I_x(a, b), by its continued
// fraction (Abramowitz and Stegun, "Handbook of Mathematical Functions", 26.5.8) in the
// evaluation of Lentz (1976).
func incompleteBeta(a, b, x float64) float64 {
	switch {
	case x <= 0:
		return 0
	case x >= 1:
		return 1
	case x > (a+1)/(a+b+2):
		// The fraction converges fast on this side only.
		return 1 - incompleteBeta(b, a, 1-x)
	}
	front := math.Exp(logGamma(a+b) - logGamma(a) - logGamma(b) + a*math.Log(x) + b*math.Log1p(-x))
	return front * betaFraction(a, b, x) / a
}

// Bounds of the continued fraction: its terms grow with the square root of a and b.
const (
	fractionTerms = 10_000
	fractionEnd   = 1e-15
	fractionTiny  = 1e-300
)

func betaFraction(a, b, x float64) float64 {
	away := func(v float64) float64 {
		if math.Abs(v) < fractionTiny {
			return fractionTiny
		}
		return v
	}
	c, d := 1.0, 1/away(1-(a+b)*x/(a+1))
	value := d
	for m := 1.0; m < fractionTerms; m++ {
		even := m * (b - m) * x / ((a + 2*m - 1) * (a + 2*m))
		d, c = 1/away(1+even*d), away(1+even/c)
		value *= d * c
		odd := -(a + m) * (a + b + m) * x / ((a + 2*m) * (a + 2*m + 1))
		d, c = 1/away(1+odd*d), away(1+odd/c)
		value *= d * c
		if math.Abs(d*c-1) < fractionEnd {
			break
		}
	}
	return value
}
