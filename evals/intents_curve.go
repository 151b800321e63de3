package evals

import (
	"cmp"
	"math/rand/v2"
	"slices"
)

// scoredText is a text in the order of its score; yes is what the score should know.
type scoredText struct {
	score float64
	yes   bool
}

// intentDraws is how many bootstrap draws an interval is taken from.
const intentDraws = 500

// curveFigures computes auroc, aurc, e_aurc and the coverages, with intervals. The
// draws count each text, so that nothing is sorted again.
func curveFigures(texts []scoredText) map[string]Figure {
	sorted := slices.SortedStableFunc(slices.Values(texts), func(a, b scoredText) int { return cmp.Compare(b.score, a.score) })
	counts := slices.Repeat([]int{1}, len(sorted))
	values := curveValues(sorted, counts)
	draws := map[string][]float64{}
	random := rand.New(rand.NewPCG(1, uint64(len(sorted))))
	for range intentDraws {
		clear(counts)
		for range sorted {
			counts[random.IntN(len(sorted))]++
		}
		for name, v := range curveValues(sorted, counts) {
			draws[name] = append(draws[name], v)
		}
	}
	figures := map[string]Figure{}
	for name, v := range values {
		f := Figure{Value: v, Low: v, High: v}
		if d := draws[name]; len(d) > 0 {
			slices.Sort(d)
			f.Low, f.High = d[len(d)*25/1000], d[max(0, len(d)*975/1000-1)]
		}
		figures[name] = f
	}
	return figures
}

// curveValues walks from the highest score down. Texts with the same score are
// taken together or not at all. There is no auroc when all texts are alike.
func curveValues(sorted []scoredText, counts []int) map[string]float64 {
	values := map[string]float64{"aurc": 0, "coverage@80": 0, "coverage@90": 0, "coverage@95": 0}
	total := 0
	for _, n := range counts {
		total += n
	}
	right, wrong, pairs := 0, 0, 0.0
	for start, end := 0, 0; start < len(sorted); start = end {
		yes, no := 0, 0
		for ; end < len(sorted) && sorted[end].score == sorted[start].score; end++ {
			if sorted[end].yes {
				yes += counts[end]
			} else {
				no += counts[end]
			}
		}
		pairs += float64(no) * (float64(right) + float64(yes)/2)
		right, wrong = right+yes, wrong+no
		if yes+no == 0 {
			continue
		}
		cover(values, right, wrong, yes+no, total)
	}
	values["e_aurc"] = values["aurc"] - leastAURC(right, wrong)
	if right > 0 && wrong > 0 {
		values["auroc"] = pairs / (float64(right) * float64(wrong))
	}
	return values
}

// cover adds a block of texts to the curve and keeps the coverage that is right
// often enough.
func cover(values map[string]float64, right, wrong, block, total int) {
	precision := float64(right) / float64(right+wrong)
	values["aurc"] += (1 - precision) * float64(block) / float64(total)
	for name, least := range map[string]float64{"coverage@80": 0.80, "coverage@90": 0.90, "coverage@95": 0.95} {
		if precision >= least {
			values[name] = float64(right+wrong) / float64(total)
		}
	}
}

// leastAURC is that of a score that puts all that is right first.
func leastAURC(right, wrong int) float64 {
	sum := 0.0
	for k := 1; k <= wrong; k++ {
		sum += float64(k) / float64(right+k)
	}
	return sum / float64(right+wrong)
}
