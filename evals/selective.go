package evals

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/recado/recado/evals/stats"
)

// Point is one case with its score: the higher, the sooner it is answered.
type Point struct {
	ID, Lang string
	// Group ties cases that are alike, such as those of a conversation: the bootstrap
	// draws all of them or none. Empty means that the case stands alone.
	Group string
	Score float64
	// Right tells that the answer, if one is sent, is right. Positive is what the
	// case is: answerable, or in scope.
	Right, Positive bool
}

// Selective says how well a score tells which answers to send. The intervals are
// those of 1,000 bootstrap draws of the cases, or of their groups.
type Selective struct {
	N int `json:"n"`
	// AUROCPositive and AUROCRight are how often a case that is positive, or
	// right, has a higher score than one that is not; nil when all are the same.
	AUROCPositive *Figure `json:"auroc_positive,omitempty"`
	AUROCRight    *Figure `json:"auroc_correct"`
	// AURC is the mean, over how many of the likeliest cases are answered, of the
	// share of wrong answers among them; EAURC is what it is above that of a score
	// that knows (Geifman, Uziel and El-Yaniv, arXiv:1805.08206).
	AURC  Figure `json:"aurc"`
	EAURC Figure `json:"e_aurc"`
	// Coverage80, 90 and 95 are the greatest shares that can be answered with at
	// least so many percent right.
	Coverage80 Figure `json:"coverage@80"`
	Coverage90 Figure `json:"coverage@90"`
	Coverage95 Figure `json:"coverage@95"`
	// Precision95 is the share of right answers when at least 95 % are answered.
	Precision95 Figure `json:"precision_at_coverage_95"`
	// CalibrationError is nil when the scores are no probabilities.
	*CalibrationError
	// Intervals holds low and high of each figure by its name.
	Intervals map[string][2]float64 `json:"intervals"`
}

// The places of a selectiveCurve, and its names in JSON.
const (
	atAURC = iota
	atEAURC
	atCoverage80
	atCoverage90
	atCoverage95
	atPrecision95
	atPositive
	atRight
	selectivePlaces
)

var selectiveNames = [selectivePlaces]string{
	"aurc", "e_aurc", "coverage@80", "coverage@90", "coverage@95", "precision_at_coverage_95", "auroc_positive", "auroc_correct",
}

// selectiveCurve holds a value for each place, NaN for one that is not defined.
type selectiveCurve [selectivePlaces]float64

// MeasureSelective measures the points. Cases with the same score are one block:
// they are answered together or not at all.
func MeasureSelective(points []Point) Selective {
	s := Selective{N: len(points), Intervals: map[string][2]float64{}}
	if len(points) == 0 {
		return s
	}
	figures := bootstrap(points)
	for place, f := range figures {
		if f != nil {
			s.Intervals[selectiveNames[place]] = [2]float64{f.Low, f.High}
		}
	}
	s.AURC, s.EAURC, s.Precision95 = *figures[atAURC], *figures[atEAURC], *figures[atPrecision95]
	s.Coverage80, s.Coverage90, s.Coverage95 = *figures[atCoverage80], *figures[atCoverage90], *figures[atCoverage95]
	s.AUROCPositive, s.AUROCRight = figures[atPositive], figures[atRight]
	if areProbabilities(points) {
		e := MeasureCalibrationError(points)
		s.CalibrationError = &e
	}
	return s
}

// ByLanguage measures the points of each language.
func ByLanguage(points []Point) map[string]Selective {
	parts := map[string][]Point{}
	for _, p := range points {
		parts[p.Lang] = append(parts[p.Lang], p)
	}
	measured := map[string]Selective{}
	for lang, part := range parts {
		measured[lang] = MeasureSelective(part)
	}
	return measured
}

// bootstrap gives the figures with their intervals, nil for one that is not defined. A
// draw is how often each point was drawn, so nothing is sorted again.
func bootstrap(points []Point) [selectivePlaces]*Figure {
	sorted := likeliestFirst(points)
	groups := groupsOf(sorted)
	right, positive := scoredRight(sorted), scoredPositive(sorted)
	counts := slices.Repeat([]int{1}, len(sorted))
	values := curveOf(right, positive, counts)
	random := rand.New(rand.NewPCG(1, uint64(len(sorted))))
	var draws [selectivePlaces][]float64
	for range resamples {
		clear(counts)
		for range groups {
			for _, i := range groups[random.IntN(len(groups))] {
				counts[i]++
			}
		}
		for place, v := range curveOf(right, positive, counts) {
			// A draw without both kinds of cases has no AUROC.
			if !math.IsNaN(v) {
				draws[place] = append(draws[place], v)
			}
		}
	}
	var figures [selectivePlaces]*Figure
	for place, v := range values {
		if math.IsNaN(v) {
			continue
		}
		figures[place] = &Figure{Value: v, Low: v, High: v}
		if d := draws[place]; len(d) > 0 {
			slices.Sort(d)
			figures[place].Low, figures[place].High = d[len(d)*25/1000], d[max(0, len(d)*975/1000-1)]
		}
	}
	return figures
}

func likeliestFirst(points []Point) []Point {
	return slices.SortedStableFunc(slices.Values(points), func(a, b Point) int { return cmp.Compare(b.Score, a.Score) })
}

// groupsOf are the places of the points of each group, in the order of their first.
func groupsOf(points []Point) [][]int {
	var groups [][]int
	known := map[string]int{}
	for i, p := range points {
		at, ok := known[p.Group]
		if !ok || p.Group == "" {
			at = len(groups)
			groups = append(groups, nil)
			known[p.Group] = at
		}
		groups[at] = append(groups[at], i)
	}
	return groups
}

// aurocOf is how often a positive case has a higher score than one that is not. It is
// not defined without both.
func aurocOf(points []Point) (area float64, ok bool) {
	area = stats.Walk(scoredPositive(likeliestFirst(points)), slices.Repeat([]int{1}, len(points))).AUROC
	return area, !math.IsNaN(area)
}

func scoredRight(points []Point) []stats.Scored {
	return scored(points, func(p Point) bool { return p.Right })
}

func scoredPositive(points []Point) []stats.Scored {
	return scored(points, func(p Point) bool { return p.Positive })
}

func scored(points []Point, is func(Point) bool) []stats.Scored {
	list := make([]stats.Scored, len(points))
	for i, p := range points {
		list[i] = stats.Scored{Group: p.Group, Score: p.Score, Right: is(p)}
	}
	return list
}

// curveOf walks from the highest score down.
func curveOf(right, positive []stats.Scored, counts []int) selectiveCurve {
	c := stats.Walk(right, counts)
	var curve selectiveCurve
	curve[atAURC], curve[atEAURC], curve[atPrecision95] = c.AURC, c.EAURC, c.Precision95
	copy(curve[atCoverage80:], c.Coverage[:])
	curve[atPositive], curve[atRight] = stats.Walk(positive, counts).AUROC, c.AUROC
	return curve
}

// CalibrationError is the expected calibration error over ten bins of as many cases
// each. A score that is perfectly calibrated does not reach 0 on a finite number of
// cases: Null is what it would reach here, and Excess what is above that.
type CalibrationError struct {
	ECE    float64 `json:"ece"`
	Null   float64 `json:"ece_null"`
	Excess float64 `json:"ece_excess"`
	// NullRange is where a perfect score lies on these cases in 95 % of draws.
	NullRange [2]float64 `json:"ece_null_range"`
}

// MeasureCalibrationError measures scores that are probabilities of being right. Its
// null draws each label with the case's own probability.
func MeasureCalibrationError(points []Point) CalibrationError {
	var e CalibrationError
	if len(points) == 0 {
		return e
	}
	sorted := leastLikelyFirst(points)
	e.ECE = stats.CalibrationError(stats.Reliability(sorted))
	null := stats.CalibrationNull(sorted, rand.New(rand.NewPCG(2, uint64(len(points)))))
	e.Null, e.NullRange = null.Value, [2]float64{null.Low, null.High}
	e.Excess = e.ECE - e.Null
	return e
}

// Bin is a part of the cases with similar scores: their mean score, and how many of
// them are right.
type Bin struct {
	Mean  float64 `json:"mean"`
	Right Share   `json:"right"`
}

// Reliability cuts the points into ten bins of as many cases each, lowest scores
// first. Cases with the same score come in a random order, the same in every run.
func Reliability(points []Point) []Bin {
	var bins []Bin
	for _, b := range stats.Reliability(leastLikelyFirst(points)) {
		bins = append(bins, Bin{Mean: b.Mean, Right: newShare(b.Right, b.N)})
	}
	return bins
}

func leastLikelyFirst(points []Point) []stats.Scored {
	return stats.LeastLikelyFirst(scoredRight(points), rand.New(rand.NewPCG(3, uint64(len(points)))))
}

func areProbabilities(points []Point) bool {
	return !slices.ContainsFunc(points, func(p Point) bool { return !(p.Score >= 0 && p.Score <= 1) })
}
