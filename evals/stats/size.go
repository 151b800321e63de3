package stats

import "math"

// Power is the probability with which a difference is to be seen, where nothing else is
// said.
const Power = 0.80

// Every number of cases here is one of independent cases. Where cases hang together,
// DesignEffect says how many count as one.

// PairedCases is how many cases, each in both runs, it takes to see a difference of shares
// with a power, at the level of 5 %, when the share discordant of them changes one way or
// the other (Connor, "Sample size for testing differences in proportions for the
// paired-sample design", 1987). It is 0 where no number does: a difference of 0, or one
// greater than what changes.
func PairedCases(difference, discordant, power float64) int {
	d := math.Abs(difference)
	if d == 0 || d > discordant || discordant > 1 {
		return 0
	}
	a, b := normalQuantile(1-alpha/2), normalQuantile(power)
	root := a*math.Sqrt(discordant) + b*math.Sqrt(max(0, discordant-d*d))
	return int(math.Ceil(root * root / (d * d)))
}

// PairedPower is the probability that the mid-p test of McNemar sees a difference of
// shares on so many cases of which the share discordant changes. It is exact: it goes
// through how many change, and which way.
func PairedPower(cases int, difference, discordant float64) float64 {
	d := math.Abs(difference)
	if d > discordant || discordant > 1 || discordant <= 0 {
		return 0
	}
	worse := (discordant + d) / (2 * discordant)
	mean, deviation := float64(cases)*discordant, math.Sqrt(float64(cases)*discordant*(1-discordant))
	// What is further away than this has no weight.
	from, to := max(0, int(mean-8*deviation-1)), min(cases, int(mean+8*deviation+1))
	power := 0.0
	for changed := from; changed <= to; changed++ {
		most := significant(changed)
		seen := binomialCDF(most, changed, worse) + binomialCDF(most, changed, 1-worse)
		power += binomial(changed, cases, discordant) * min(1, seen)
	}
	return power
}

// significant is how many of so many changes may go the rarer way for the mid-p to lie at
// 5 % or below; -1 where none may.
func significant(changed int) int {
	low, high := -1, changed/2
	for low < high {
		middle := (low + high + 1) / 2
		if _, mid := McNemar(middle, changed-middle); mid <= alpha {
			low = middle
		} else {
			high = middle - 1
		}
	}
	return low
}

// UnpairedCases is how many cases each of two runs on different cases needs to see the
// shares base and new apart with a power, at the level of 5 % (Fleiss, "Statistical
// Methods for Rates and Proportions", 1981, without a correction for continuity). It is 0
// where they are the same.
func UnpairedCases(base, new, power float64) int {
	if base == new {
		return 0
	}
	middle := (base + new) / 2
	root := normalQuantile(1-alpha/2)*math.Sqrt(2*middle*(1-middle)) +
		normalQuantile(power)*math.Sqrt(base*(1-base)+new*(1-new))
	return int(math.Ceil(root * root / ((base - new) * (base - new))))
}

// Detectable is the least difference of shares that so many paired cases show with a
// power, when the share discordant of them changes. It is at most discordant, and 1 where
// no difference would be seen.
func Detectable(cases int, discordant, power float64) float64 {
	return detectable(discordant, power, func(d float64) float64 { return PairedPower(cases, d, discordant) })
}

func detectable(most, power float64, of func(difference float64) float64) float64 {
	if of(most) < power {
		return 1
	}
	return bisectTo(0, most, 1e-4, func(d float64) bool { return of(d) < power })
}

// bisectTo is bisect to a precision.
func bisectTo(low, high, precision float64, tooLow func(float64) bool) float64 {
	for high-low > precision {
		if middle := (low + high) / 2; tooLow(middle) {
			low = middle
		} else {
			high = middle
		}
	}
	return high
}

// DesignEffect is how many rows count as one independent case, at least 1.
func DesignEffect(rows []Row) float64 {
	s := sampleOf(rows)
	if s.all.bottom <= 0 {
		return 1
	}
	return max(1, s.rows/s.effective())
}
