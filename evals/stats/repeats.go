package stats

// PassAll is how likely all of k tries pass, by so many that passed of n: the unbiased
// estimate C(passed, k)/C(n, k) of tau-bench (arXiv:2406.12045). It is 0 for k over n.
func PassAll(passed, n, k int) float64 {
	if k > n || k > passed {
		return 0
	}
	p := 1.0
	for i := range k {
		p *= float64(passed-i) / float64(n-i)
	}
	return p
}
