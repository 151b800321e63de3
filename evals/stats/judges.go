package stats

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
)

// Marked is a case that a model judged, and maybe a person.
type Marked struct {
	Group string
	// Model is the model's mark in [0, 1], and Person that of a person where there is one.
	Model  float64
	Person *float64
}

// Corrected is the mean mark that people would give to all cases, from what a model says
// of all and people of some that were drawn at random: the mean of the model's marks and
// the mean of what people add to them (prediction-powered inference, Angelopoulos et al.,
// arXiv:2301.09633), the model's part as large as it pays (arXiv:2311.01453). It never
// leans on the model: where that is of no use the interval is the one of people's marks.
// It is not defined with fewer than two groups with marks of people.
func Corrected(cases []Marked) (Estimate, bool) {
	var people, models, all []float64
	labelled := map[string]bool{}
	for i, c := range cases {
		all = append(all, c.Model)
		if c.Person != nil {
			people, models = append(people, *c.Person), append(models, c.Model)
			labelled[groupName(c.Group, i)] = true
		}
	}
	if len(labelled) < 2 {
		return Estimate{}, false
	}
	trust := trustIn(people, models, float64(len(models))/float64(len(all)))
	share, rest := meanOf(all), meanOf(people)-trust*meanOf(models)
	e := Estimate{Value: min(1, max(0, trust*share+rest)), N: len(labelled)}
	influence := map[string]float64{}
	for i, c := range cases {
		at := trust * (c.Model - share) / float64(len(all))
		if c.Person != nil {
			at += (*c.Person - trust*c.Model - rest) / float64(len(people))
		}
		influence[groupName(c.Group, i)] += at
	}
	n := float64(len(labelled))
	variance := 0.0
	for _, group := range slices.Sorted(maps.Keys(influence)) {
		variance += influence[group] * influence[group] * n / (n - 1)
	}
	e.Low, e.High = boundedInterval(e.Value, variance, n)
	return e, true
}

// boundedInterval is Wilson's for the effective number of cases of a value in [0, 1] with
// a variance known from so many groups.
func boundedInterval(value, variance, groups float64) (low, high float64) {
	n := groups
	if variance > 0 && value > 0 && value < 1 {
		t := normalQuantile(1-alpha/2) / student(groups-1)
		n = value * (1 - value) / variance * t * t
	}
	return Wilson(value*n, n, alpha)
}

// groupName gives a case without a group one of its own.
func groupName(group string, place int) string {
	if group != "" {
		return "g" + group
	}
	return "c" + strconv.Itoa(place)
}

// trustIn is the share of the model's marks with which the estimate varies least, when
// those that people marked are so large a part of all.
func trustIn(people, models []float64, part float64) float64 {
	var covariance, variance float64
	p, m := meanOf(people), meanOf(models)
	for i := range people {
		covariance += (people[i] - p) * (models[i] - m)
		variance += (models[i] - m) * (models[i] - m)
	}
	if variance == 0 || part >= 1 {
		return 0
	}
	return min(1, max(0, covariance/variance))
}

func meanOf(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(max(1, len(values)))
}

// Rated is what two say of one case.
type Rated struct {
	Group, A, B string
}

// Kappa is how much two agree beyond chance (Cohen, "A coefficient of agreement for
// nominal scales", 1960), with the interval of its linearisation over groups, which for
// independent cases is that of Fleiss, Cohen and Everitt (1969). Where they always agree, or one of
// them never says anything else, its lower end is that of the share of agreement and the upper one 1. It is not defined without cases, or
// where both always say the same one thing.
func Kappa(cases []Rated) (Estimate, bool) {
	n := float64(len(cases))
	agree := 0.0
	first, second := map[string]float64{}, map[string]float64{}
	for _, c := range cases {
		first[c.A]++
		second[c.B]++
		agree += indicator(c.A == c.B)
	}
	// Whole numbers are divided at the end, so that no rest of rounding stands for a variance.
	agree /= max(1, n)
	chance := 0.0
	for _, name := range slices.Sorted(maps.Keys(first)) {
		chance += first[name] * second[name] / (n * n)
	}
	for _, margin := range [...]map[string]float64{first, second} {
		for name := range margin {
			margin[name] /= n
		}
	}
	if n == 0 || chance >= 1-1e-12 {
		return Estimate{}, false
	}
	rows := make([]Row, len(cases))
	for i, c := range cases {
		by := first[c.B] + second[c.A] - 2*chance
		rest := (indicator(c.A == c.B)-agree)*(1-chance) - (1-agree)*by
		rows[i] = Row{Group: c.Group, Top: rest / ((1 - chance) * (1 - chance)), Bottom: 1}
	}
	s := sampleOf(rows)
	e := Estimate{Value: (agree - chance) / (1 - chance), N: len(s.groups)}
	// What is left of rounding is no variance: there is none where one of the two says the same
	// thing each time.
	if variance := s.variance(); variance > 1e-18 {
		t := student(float64(e.N - 1))
		e.Low, e.High = max(-1, e.Value-t*math.Sqrt(variance)), min(1, e.Value+t*math.Sqrt(variance))
		return e, true
	}
	low, _ := Wilson(agree*float64(e.N), float64(e.N), alpha)
	e.Low, e.High = max(-1, (low-chance)/(1-chance)), 1
	return e, true
}

func indicator(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// Krippendorff is how much several agree who did not all see every case (Krippendorff,
// "Computing Krippendorff's alpha-reliability", 2011), for names without an order. A case
// is what was said of it, empty for nothing; cases that fewer than two saw do not count.
// It is not defined where everybody says the same one thing.
func Krippendorff(cases [][]string, random *rand.Rand) (Estimate, bool) {
	var seen []map[string]float64
	for _, said := range cases {
		counts := map[string]float64{}
		n := 0
		for _, name := range said {
			if name != "" {
				counts[name]++
				n++
			}
		}
		if n > 1 {
			seen = append(seen, counts)
		}
	}
	if len(seen) == 0 {
		return Estimate{}, false
	}
	e := Bootstrap(len(seen), 1, random, func(counts []int, into []float64) { into[0] = agreement(seen, counts) })[0]
	return e, !math.IsNaN(e.Value)
}

func agreement(cases []map[string]float64, times []int) float64 {
	all, total := map[string]float64{}, 0.0
	differ := 0.0
	for i, counts := range cases {
		n, same := 0.0, 0.0
		for name, count := range counts {
			n += count
			same += count * (count - 1)
			all[name] += float64(times[i]) * count
		}
		total += float64(times[i]) * n
		differ += float64(times[i]) * (n*(n-1) - same) / (n - 1)
	}
	same := 0.0
	for _, count := range all {
		same += count * (count - 1)
	}
	if expected := total*(total-1) - same; expected > 0 {
		return 1 - (total-1)*differ/expected
	}
	return math.NaN()
}
