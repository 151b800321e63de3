package stats

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// Row is what one case adds above and below the line of a ratio: its value and 1 for a
// mean, both times its weight for a weighted one.
type Row struct {
	// Group ties cases that hang together, such as the languages of one case. Empty means
	// that the case stands alone.
	Group       string
	Top, Bottom float64
}

// total is the sum over the rows of a group.
type total struct{ top, bottom float64 }

// sample is rows by group.
type sample struct {
	groups []total
	all    total
	// rows is Kish's effective number of rows: their number where all weigh the same.
	rows float64
}

func sampleOf(rows []Row) sample {
	var s sample
	squares := 0.0
	places := map[string]int{}
	for _, r := range rows {
		at, known := places[r.Group]
		if !known || r.Group == "" {
			at = len(s.groups)
			s.groups = append(s.groups, total{})
			places[r.Group] = at
		}
		s.groups[at].add(r.Top, r.Bottom)
		s.all.add(r.Top, r.Bottom)
		squares += r.Bottom * r.Bottom
	}
	if squares > 0 {
		s.rows = s.all.bottom * s.all.bottom / squares
	}
	return s
}

func (t *total) add(top, bottom float64) {
	t.top += top
	t.bottom += bottom
}

func (t total) ratio() float64 { return t.top / t.bottom }

// variance of the ratio, by Taylor's linearisation over the groups (Cochran, "Sampling
// Techniques", 1977, section 6.3). It is 0 for a single group, which says nothing.
func (s sample) variance() float64 {
	n := float64(len(s.groups))
	if n < 2 {
		return 0
	}
	ratio, sum := s.all.ratio(), 0.0
	for _, g := range s.groups {
		rest := g.top - ratio*g.bottom
		sum += rest * rest
	}
	return sum * n / (n - 1) / (s.all.bottom * s.all.bottom)
}

// Proportion is a ratio that lies in [0, 1] row by row, such as a share of cases or a mean
// of scores, with the interval of Wilson for the effective number of cases: so many as
// would vary as much if they were independent (Korn and Graubard, "Confidence intervals
// for proportions with small expected number of positive counts estimated from survey
// data", 1998). Where all is 0 or all is 1 the variance is not known, and each group
// counts as one case. It is not defined without rows.
func Proportion(rows []Row) (Estimate, bool) {
	s := sampleOf(rows)
	if s.all.bottom <= 0 {
		return Estimate{}, false
	}
	e := Estimate{Value: min(1, max(0, s.all.ratio())), N: len(s.groups)}
	n := s.effective()
	e.Low, e.High = Wilson(e.Value*n, n, alpha)
	return e, true
}

// effective is the effective number of cases. The quantiles of Student correct for the
// groups from which the variance is known: with one row in each they do nothing.
func (s sample) effective() float64 {
	groups, p, variance := float64(len(s.groups)), s.all.ratio(), s.variance()
	if variance <= 0 || p <= 0 || p >= 1 || s.rows <= 1 {
		return groups
	}
	simple := p * (1 - p) / (s.rows - 1)
	correction := student(s.rows-1) / student(groups-1)
	return s.rows * simple / variance * correction * correction
}

// draws is how often a bootstrap draws.
const draws = 1000

// Mean is a ratio without bounds, such as a cost, with the studentised bootstrap interval
// over the groups (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter
// 12): it follows the skew of what costs little mostly and much sometimes. It is not
// defined without rows.
func Mean(rows []Row, random *rand.Rand) (Estimate, bool) {
	s := sampleOf(rows)
	if s.all.bottom <= 0 {
		return Estimate{}, false
	}
	e := Estimate{Value: s.all.ratio(), N: len(s.groups)}
	e.Low, e.High = s.studentised(random)
	return e, true
}

func (s sample) studentised(random *rand.Rand) (low, high float64) {
	value, deviation := s.all.ratio(), math.Sqrt(s.variance())
	if deviation == 0 {
		return value, value
	}
	drawn := sample{groups: make([]total, len(s.groups))}
	pivots := make([]float64, 0, draws)
	for range draws {
		drawn.all = total{}
		for i := range drawn.groups {
			drawn.groups[i] = s.groups[random.IntN(len(s.groups))]
			drawn.all.add(drawn.groups[i].top, drawn.groups[i].bottom)
		}
		if drawn.all.bottom <= 0 {
			continue
		}
		if spread := math.Sqrt(drawn.variance()); spread > 0 {
			pivots = append(pivots, (drawn.all.ratio()-value)/spread)
		}
	}
	if len(pivots) < draws/2 {
		// Too few groups differ from the others: Student's interval is what is left.
		t := student(float64(len(s.groups) - 1))
		return value - t*deviation, value + t*deviation
	}
	slices.Sort(pivots)
	return value - deviation*quantile(pivots, 1-alpha/2), value - deviation*quantile(pivots, alpha/2)
}

// quantile of sorted values, between the two that are nearest.
func quantile(sorted []float64, p float64) float64 {
	at := p*float64(len(sorted)+1) - 1
	below := min(len(sorted)-1, max(0, int(math.Floor(at))))
	above := min(len(sorted)-1, below+1)
	share := min(1, max(0, at-float64(below)))
	return sorted[below] + share*(sorted[above]-sorted[below])
}

// Quantile is the value below which a share p of the rows' ratios lies, such as the 95th
// percentile of times, with the interval of Woodruff ("Confidence intervals for medians
// and other position measures", 1952): the quantiles at both ends of the interval of the
// share of rows below it. Where the rows are too few for an end, it is the least or the
// greatest value. It is not defined without rows.
func Quantile(rows []Row, p float64) (Estimate, bool) {
	rows = slices.DeleteFunc(slices.Clone(rows), func(r Row) bool { return r.Bottom <= 0 })
	if len(rows) == 0 {
		return Estimate{}, false
	}
	slices.SortStableFunc(rows, func(a, b Row) int { return cmp.Compare(a.Top/a.Bottom, b.Top/b.Bottom) })
	value := func(i int) float64 {
		i = min(len(rows)-1, max(0, i))
		return rows[i].Top / rows[i].Bottom
	}
	size := float64(len(rows))
	e := Estimate{Value: value(int(math.Ceil(p*size-1e-9)) - 1)}
	below := make([]Row, len(rows))
	for i, r := range rows {
		below[i] = Row{Group: r.Group, Bottom: 1}
		if r.Top/r.Bottom <= e.Value {
			below[i].Top = 1
		}
	}
	s := sampleOf(below)
	n := s.effective()
	low, high := Wilson(p*n, n, alpha)
	// Both ends lie on a row that is surely outside.
	e.Low, e.High = min(e.Value, value(int(math.Floor(low*size))-1)), max(e.Value, value(int(math.Ceil(high*size))))
	e.N = len(s.groups)
	return e, true
}

// Sum adds figures that each count so many times, such as shares with their costs. Its
// interval joins how far theirs reach (Zou and Donner, "Construction of confidence limits
// about effect measures", 2008), so it stays honest where one of them is rare. The counts
// are 0 or more, and what the figures count excludes each other. It is not defined without
// figures.
func Sum(figures []Estimate, times []float64) (Estimate, bool) {
	var sum Estimate
	var below, above float64
	for i, f := range figures {
		sum.Value += times[i] * f.Value
		below = math.Hypot(below, times[i]*(f.Value-f.Low))
		above = math.Hypot(above, times[i]*(f.High-f.Value))
		sum.N = max(sum.N, f.N)
	}
	sum.Low, sum.High = sum.Value-below, sum.Value+above
	return sum, len(figures) > 0
}
