package stats

import "math"

// Share is k of n with the interval of Wilson, for cases that are all independent. For no
// cases it is nothing between 0 and 1.
func Share(k, n int) Estimate {
	if n <= 0 {
		return Estimate{High: 1}
	}
	e := Estimate{Value: float64(k) / float64(n), N: n}
	e.Low, e.High = Wilson(float64(k), float64(n), alpha)
	return e
}

// Wilson is the score interval (Wilson, "Probable inference, the law of succession, and
// statistical inference", 1927): the probabilities that k of n does not reject at the
// level alpha. Both may be broken numbers, such as an effective number of cases.
func Wilson(k, n, alpha float64) (low, high float64) {
	if n <= 0 {
		return 0, 1
	}
	z := normalQuantile(1 - alpha/2)
	p := k / n
	middle := p + z*z/(2*n)
	spread := z * math.Sqrt(max(0, p*(1-p)/n+z*z/(4*n*n)))
	scale := 1 + z*z/n
	low, high = max(0, (middle-spread)/scale), min(1, (middle+spread)/scale)
	// Rounding must not leave out what was seen.
	return min(low, p), max(high, p)
}

// ClopperPearson is the exact interval (Clopper and Pearson, "The use of confidence or
// fiducial limits illustrated in the case of the binomial", 1934). It holds the truth in
// at least 1-alpha of all cases, mostly in more: it is for promises, not for figures.
func ClopperPearson(k, n int, alpha float64) (low, high float64) {
	low, high = 0, 1
	if n <= 0 {
		return low, high
	}
	if k > 0 {
		low = bisect(0, float64(k)/float64(n), func(p float64) bool {
			return incompleteBeta(float64(k), float64(n-k)+1, p) < alpha/2
		})
	}
	if k < n {
		high = bisect(float64(k)/float64(n), 1, func(p float64) bool { return binomialCDF(k, n, p) > alpha/2 })
	}
	return low, high
}
