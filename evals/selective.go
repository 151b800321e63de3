package evals

import (
	"cmp"
	"math/rand/v2"
	"slices"
)

// Point is one case with its score: the higher, the sooner it is answered.
type Point struct {
	ID, Lang string
	Score    float64
	// Right tells that the answer, if one is sent, is right. Positive is what the
	// case is: answerable, or in scope.
	Right, Positive bool
}

// Selective says how well a score tells which answers to send. The intervals are
// those of 1,000 bootstrap draws of the cases.
type Selective struct {
	N int `json:"n"`
	// AUROCPositive and AUROCRight are how often a case that is positive, or
	// right, has a higher score than one that is not; nil when all are the same.
	AUROCPositive *Figure `json:"auroc_positive,omitempty"`
	AUROCRight    *Figure `json:"auroc_right,omitempty"`
	// AURC is the mean, over how many of the likeliest cases are answered, of the
	// share of wrong answers among them; EAURC is what it is above that of a score
	// that knows (Geifman, Uziel and El-Yaniv, arXiv:1805.08206).
	AURC  Figure `json:"aurc"`
	EAURC Figure `json:"e_aurc"`
	// Coverage is the greatest share that can be answered with at least a share of
	// 80, 90 or 95 % right; the key is that percentage.
	Coverage map[string]Figure `json:"coverage_at_precision"`
	// Precision95 is the share of right answers when at least 95 % are answered.
	Precision95 Figure `json:"precision_at_coverage_95"`
	// Error is the calibration error; nil when the scores are no probabilities.
	Error *CalibrationError `json:"calibration_error,omitempty"`
}

// precisions are those that Coverage is given for.
func precisions() map[string]float64 { return map[string]float64{"80": 0.80, "90": 0.90, "95": 0.95} }

// MeasureSelective measures the points. Cases with the same score are one block:
// they are answered together or not at all.
func MeasureSelective(points []Point) Selective {
	s := Selective{N: len(points), Coverage: map[string]Figure{}}
	if len(points) == 0 {
		return s
	}
	sorted := slices.SortedStableFunc(slices.Values(points), func(a, b Point) int { return cmp.Compare(b.Score, a.Score) })
	figures := bootstrap(sorted)
	s.AURC, s.EAURC, s.Precision95 = figures["aurc"], figures["e_aurc"], figures["precision"]
	for name := range precisions() {
		s.Coverage[name] = figures["coverage "+name]
	}
	if f, ok := figures["auroc positive"]; ok {
		s.AUROCPositive = &f
	}
	if f, ok := figures["auroc right"]; ok {
		s.AUROCRight = &f
	}
	if areProbabilities(points) {
		e := MeasureCalibrationError(points)
		s.Error = &e
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

// bootstrap gives the figures of the points, which are sorted, with their intervals.
// A draw is how often each point was drawn, so nothing is sorted again.
func bootstrap(sorted []Point) map[string]Figure {
	n := len(sorted)
	counts := slices.Repeat([]int{1}, n)
	values := selectiveValues(sorted, counts)
	random := rand.New(rand.NewPCG(1, uint64(n)))
	draws := map[string][]float64{}
	for range resamples {
		clear(counts)
		for range n {
			counts[random.IntN(n)]++
		}
		for name, v := range selectiveValues(sorted, counts) {
			draws[name] = append(draws[name], v)
		}
	}
	figures := map[string]Figure{}
	for name, v := range values {
		f := Figure{Value: v, Low: v, High: v}
		// A draw without both kinds of cases has no AUROC.
		if d := draws[name]; len(d) > 0 {
			slices.Sort(d)
			f.Low, f.High = d[len(d)*25/1000], d[max(0, len(d)*975/1000-1)]
		}
		figures[name] = f
	}
	return figures
}

// selectiveValues computes every figure in one walk from the highest score down.
func selectiveValues(sorted []Point, counts []int) map[string]float64 {
	total := 0
	for _, count := range counts {
		total += count
	}
	var positive, right ranking
	values := map[string]float64{"aurc": 0, "precision": 0}
	for name := range precisions() {
		values["coverage "+name] = 0
	}
	seen, wrong := 0, 0
	for start := 0; start < len(sorted); {
		end, block := start, 0
		for ; end < len(sorted) && sorted[end].Score == sorted[start].Score; end++ {
			block += counts[end]
			positive.add(sorted[end].Positive, counts[end])
			right.add(sorted[end].Right, counts[end])
			if !sorted[end].Right {
				wrong += counts[end]
			}
		}
		start = end
		positive.close()
		right.close()
		if block == 0 {
			continue
		}
		before := seen
		seen += block
		coverage, risk := float64(seen)/float64(total), float64(wrong)/float64(seen)
		values["aurc"] += risk * float64(block) / float64(total)
		for name, precision := range precisions() {
			if 1-risk >= precision {
				values["coverage "+name] = coverage
			}
		}
		if float64(before) < 0.95*float64(total) && coverage >= 0.95 {
			values["precision"] = 1 - risk
		}
	}
	values["e_aurc"] = values["aurc"] - oracleAURC(total, wrong)
	positive.put(values, "auroc positive")
	right.put(values, "auroc right")
	return values
}

// oracleAURC is the AURC of a score that puts all right answers first.
func oracleAURC(n, wrong int) float64 {
	sum := 0.0
	for k := n - wrong + 1; k <= n; k++ {
		sum += float64(k-(n-wrong)) / float64(k)
	}
	return sum / float64(n)
}

// ranking counts pairs in the right order, those with the same score by half.
type ranking struct {
	yes, no, blockYes, blockNo, pairs float64
}

func (r *ranking) add(yes bool, count int) {
	if yes {
		r.blockYes += float64(count)
	} else {
		r.blockNo += float64(count)
	}
}

// close ends a block of equal scores.
func (r *ranking) close() {
	r.pairs += r.blockNo * (r.yes + r.blockYes/2)
	r.yes, r.no = r.yes+r.blockYes, r.no+r.blockNo
	r.blockYes, r.blockNo = 0, 0
}

func (r *ranking) put(values map[string]float64, name string) {
	if r.yes > 0 && r.no > 0 {
		values[name] = r.pairs / (r.yes * r.no)
	}
}

// CalibrationError is the expected calibration error over ten bins of as many cases
// each. A score that is perfectly calibrated does not reach 0 on a finite number of
// cases: Null is what it would reach here, and Excess what is above that.
type CalibrationError struct {
	Value  float64 `json:"ece"`
	Null   float64 `json:"null"`
	Excess float64 `json:"excess"`
}

// nullDraws is how often the null of the calibration error is simulated.
const nullDraws = 200

// MeasureCalibrationError measures scores that are probabilities of being right. Its
// null draws each label with the case's own probability.
func MeasureCalibrationError(points []Point) CalibrationError {
	var e CalibrationError
	if len(points) == 0 {
		return e
	}
	e.Value = calibrationError(Reliability(points))
	random := rand.New(rand.NewPCG(2, uint64(len(points))))
	drawn := slices.Clone(points)
	for range nullDraws {
		for i := range drawn {
			drawn[i].Right = random.Float64() < drawn[i].Score
		}
		e.Null += calibrationError(Reliability(drawn)) / nullDraws
	}
	e.Excess = e.Value - e.Null
	return e
}

func calibrationError(bins []Bin) float64 {
	sum, n := 0.0, 0
	for _, b := range bins {
		sum += float64(b.Right.N) * abs(b.Right.Value()-b.Mean)
		n += b.Right.N
	}
	return sum / float64(max(1, n))
}

func abs(x float64) float64 { return max(x, -x) }

// Bin is a part of the cases with similar scores: their mean score, and how many of
// them are right.
type Bin struct {
	Mean  float64 `json:"mean"`
	Right Share   `json:"right"`
}

// reliabilityBins is into how many bins Reliability cuts.
const reliabilityBins = 10

// Reliability cuts the points into ten bins of as many cases each, lowest scores
// first. Cases with the same score come in a random order, the same in every run:
// sorted by label they would look worse than they are.
func Reliability(points []Point) []Bin {
	sorted := slices.Clone(points)
	random := rand.New(rand.NewPCG(3, uint64(len(points))))
	random.Shuffle(len(sorted), func(i, j int) { sorted[i], sorted[j] = sorted[j], sorted[i] })
	slices.SortStableFunc(sorted, func(a, b Point) int { return cmp.Compare(a.Score, b.Score) })
	var bins []Bin
	for i := range reliabilityBins {
		part := sorted[i*len(sorted)/reliabilityBins : (i+1)*len(sorted)/reliabilityBins]
		if len(part) == 0 {
			continue
		}
		sum, right := 0.0, 0
		for _, p := range part {
			sum += p.Score
			if p.Right {
				right++
			}
		}
		bins = append(bins, Bin{Mean: sum / float64(len(part)), Right: newShare(right, len(part))})
	}
	return bins
}

func areProbabilities(points []Point) bool {
	return !slices.ContainsFunc(points, func(p Point) bool { return !(p.Score >= 0 && p.Score <= 1) })
}
