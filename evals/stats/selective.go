package stats

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// Scored is one case with its score: the higher, the sooner it is answered.
type Scored struct {
	Group string
	Score float64
	// Right tells that the answer, if one is sent, is right.
	Right bool
}

// Risks are the shares of wrong answers for which Curve.Coverage is told.
var Risks = [...]float64{0.20, 0.10, 0.05}

// Curve is what a score is worth for choosing which answers to send.
type Curve struct {
	// AUROC is how often a case that is right has a higher score than one that is not,
	// NaN when all are the same.
	AUROC float64
	// AURC is the mean, over how many of the likeliest cases are answered, of the share of
	// wrong answers among them; EAURC is what it is above that of a score that knows
	// (Geifman, Uziel and El-Yaniv, arXiv:1805.08206).
	AURC, EAURC float64
	// Coverage is the greatest share that can be answered with each of Risks.
	Coverage [len(Risks)]float64
	// Precision95 is the share of right answers when at least 95 % are answered.
	Precision95 float64
}

// LikeliestFirst sorts a copy.
func LikeliestFirst(cases []Scored) []Scored {
	return slices.SortedStableFunc(slices.Values(cases), func(a, b Scored) int { return cmp.Compare(b.Score, a.Score) })
}

// Walk measures cases that are sorted, likeliest first, of which each counts so many
// times. Cases with the same score are one block: they are answered together or not at
// all.
func Walk(sorted []Scored, counts []int) Curve {
	total := 0
	for _, count := range counts {
		total += count
	}
	var c Curve
	var r ranking
	for start, end := 0, 0; start < len(sorted); start = end {
		block := 0
		for ; end < len(sorted) && sorted[end].Score == sorted[start].Score; end++ {
			block += counts[end]
			r.add(sorted[end].Right, counts[end])
		}
		r.close()
		if block > 0 {
			c.cover(r.yes, r.no, float64(block), float64(total))
		}
	}
	c.EAURC = c.AURC - oracleAURC(total, int(r.no))
	c.AUROC = r.area()
	return c
}

// cover adds a block, the last of those that are right or wrong so far.
func (c *Curve) cover(right, wrong, block, total float64) {
	seen := right + wrong
	coverage, precision := seen/total, right/seen
	c.AURC += (1 - precision) * block / total
	for i, risk := range Risks {
		if precision >= 1-risk {
			c.Coverage[i] = coverage
		}
	}
	if seen-block < 0.95*total && coverage >= 0.95 {
		c.Precision95 = precision
	}
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

func (r *ranking) area() float64 {
	if r.yes == 0 || r.no == 0 {
		return math.NaN()
	}
	return r.pairs / (r.yes * r.no)
}

// Selective is a Curve with intervals, clustered by group. AUROC has NaN as its value when
// all cases are the same.
type Selective struct {
	AUROC, AURC, EAURC Estimate
	Coverage           [len(Risks)]Estimate
}

// MeasureSelective measures cases, the areas by Bootstrap. It is not defined without any.
func MeasureSelective(cases []Scored, random *rand.Rand) (Selective, bool) {
	if len(cases) == 0 {
		return Selective{}, false
	}
	sorted := LikeliestFirst(cases)
	group, groups := groupsOf(sorted)
	of := make([]int, len(sorted))
	e := Bootstrap(groups, 3, random, func(counts []int, into []float64) {
		for i, g := range group {
			of[i] = counts[g]
		}
		c := Walk(sorted, of)
		into[0], into[1], into[2] = c.AUROC, c.AURC, c.EAURC
	})
	s := Selective{AUROC: e[0], AURC: e[1], EAURC: e[2]}
	if !slices.ContainsFunc(cases, func(c Scored) bool { return !c.Right }) {
		// No draw has seen a wrong one. A score that knows nothing has the share of wrong answers
		// as its AURC, and that one is not surely 0.
		_, most := Wilson(0, float64(groups), alpha)
		s.AURC.High, s.EAURC.High = most, most
	}
	for i, risk := range Risks {
		s.Coverage[i] = coverageAt(sorted, groups, risk)
	}
	return s, true
}

// coverageAt is the greatest share that can be answered with a risk. The greatest of many
// noisy figures has no interval by bootstrap. This one holds the coverages at which the
// interval of the risk holds the risk, and joins what is not known of the share itself.
func coverageAt(sorted []Scored, groups int, risk float64) Estimate {
	e := Estimate{N: groups}
	n := float64(len(sorted))
	independent := 1 / designEffect(sorted)
	var low, high float64
	wrong := 0.0
	for i, c := range sorted {
		if !c.Right {
			wrong++
		}
		if i+1 < len(sorted) && sorted[i+1].Score == c.Score {
			continue
		}
		seen := float64(i + 1)
		least, most := Wilson(wrong*independent, seen*independent, alpha)
		if wrong <= risk*seen {
			e.Value = seen / n
		}
		if most <= risk {
			low = seen / n
		}
		if least <= risk {
			high = seen / n
		}
	}
	least, most := Wilson(e.Value*n*independent, n*independent, alpha)
	e.Low = max(0, e.Value-math.Hypot(e.Value-min(low, e.Value), e.Value-least))
	e.High = min(1, e.Value+math.Hypot(max(high, e.Value)-e.Value, most-e.Value))
	return e
}

// designEffect is how many cases count as one where all are answered, at least 1.
func designEffect(cases []Scored) float64 {
	rows := make([]Row, len(cases))
	for i, c := range cases {
		rows[i] = Row{Group: c.Group, Bottom: 1}
		if c.Right {
			rows[i].Top = 1
		}
	}
	s := sampleOf(rows)
	return max(1, s.rows/s.effective())
}

// groupsOf numbers the groups of the cases in the order of their first.
func groupsOf(cases []Scored) (group []int, groups int) {
	places := map[string]int{}
	group = make([]int, len(cases))
	for i, c := range cases {
		at, known := places[c.Group]
		if !known || c.Group == "" {
			at = groups
			groups++
			places[c.Group] = at
		}
		group[i] = at
	}
	return group, groups
}
