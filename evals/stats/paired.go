package stats

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// Difference is by how much a figure changed, new less base, over the groups that both
// have.
type Difference struct {
	Estimate
	// Base and New are the figure in both runs.
	Base float64 `json:"base"`
	New  float64 `json:"new"`
	// P is the probability of a change at least as great, up or down, when it does not
	// matter which of the two runs a group's results are from.
	P float64 `json:"p"`
}

// NotWorse tells whether a figure of which more is better fell by less than the margin:
// not inferior at 2.5 %, one-sided (CPMP, "Points to consider on switching between
// superiority and non-inferiority", 2000). Where less is better, turn the difference
// first.
func (d Difference) NotWorse(margin float64) bool { return d.N > 0 && d.Low > -margin }

// Turned is the difference of a figure of which less is better, so that up is better.
func (d Difference) Turned() Difference {
	d.Value, d.Low, d.High, d.Base, d.New = -d.Value, -d.High, -d.Low, -d.Base, -d.New
	return d
}

// McNemar is the test of so many pairs that changed one way and the other (McNemar, "Note
// on the sampling error of the difference between correlated proportions", 1947): the
// exact one, and the mid-p, which is as good as never above its level and sees more
// (Fagerland, Lydersen and Laake, "The McNemar test for binary matched-pairs data", 2013).
// It is for pairs that are all independent.
func McNemar(one, other int) (exact, mid float64) {
	n, least := one+other, min(one, other)
	if n == 0 {
		return 1, 1
	}
	exact = min(1, 2*binomialCDF(least, n, 0.5))
	if one == other {
		// Both tails hold the middle: half of it counts.
		return exact, 1 - binomial(least, n, 0.5)/2
	}
	return exact, 2*binomialCDF(least, n, 0.5) - binomial(least, n, 0.5)
}

// pair is what both runs have of a group.
type pair struct{ base, new total }

// pairsOf joins rows by group, in the order of the base. Groups of one side alone are left
// out.
func pairsOf(base, new []Row) []pair {
	places := map[string]int{}
	var pairs []pair
	for _, r := range base {
		at, known := places[r.Group]
		if !known {
			at = len(pairs)
			pairs = append(pairs, pair{})
			places[r.Group] = at
		}
		pairs[at].base.add(r.Top, r.Bottom)
	}
	for _, r := range new {
		if at, known := places[r.Group]; known {
			pairs[at].new.add(r.Top, r.Bottom)
		}
	}
	return slices.DeleteFunc(pairs, func(p pair) bool { return p.base.bottom <= 0 || p.new.bottom <= 0 })
}

func sumOf(pairs []pair) (all pair) {
	for _, p := range pairs {
		all.base.add(p.base.top, p.base.bottom)
		all.new.add(p.new.top, p.new.bottom)
	}
	return all
}

// CompareProportions compares what Proportion measures, by the groups that both have. The
// interval is Student's of the differences, with one pair more that changes up or down,
// each by half (Agresti and Min, "Simple improved confidence intervals for comparing
// matched proportions", 2005), so that a few pairs without a change are no proof. It is
// not defined without a group that both have.
func CompareProportions(base, new []Row, random *rand.Rand) (Difference, bool) {
	return compare(pairsOf(base, new), 1, random)
}

// CompareMeans compares what Mean measures.
func CompareMeans(base, new []Row, random *rand.Rand) (Difference, bool) {
	return compare(pairsOf(base, new), 0, random)
}

// compare adds so many groups that changed by 1.
func compare(pairs []pair, changed float64, random *rand.Rand) (Difference, bool) {
	if len(pairs) == 0 {
		return Difference{P: 1}, false
	}
	all, n := sumOf(pairs), float64(len(pairs))
	value := all.new.ratio() - all.base.ratio()
	d := Difference{
		Estimate: Estimate{Value: value, Low: value, High: value, N: len(pairs)},
		Base:     all.base.ratio(), New: all.new.ratio(), P: flipped(pairs, random),
	}
	if len(pairs) < 2 {
		if changed > 0 {
			d.Low, d.High = -1, 1
		}
		return d, true
	}
	variance := varianceOf(pairs, all)
	more := n + 2*changed
	variance = variance*n*n/(more*more) + changed/(more*more)
	spread := student(n-1) * math.Sqrt(variance)
	d.Low, d.High = min(value, value*n/more-spread), max(value, value*n/more+spread)
	if changed > 0 {
		d.Low, d.High = max(-1, d.Low), min(1, d.High)
	}
	return d, true
}

// varianceOf the difference of the ratios, by Taylor's linearisation over the groups.
func varianceOf(pairs []pair, all pair) float64 {
	n, sum := float64(len(pairs)), 0.0
	for _, p := range pairs {
		rest := (p.new.top-all.new.ratio()*p.new.bottom)/all.new.bottom - (p.base.top-all.base.ratio()*p.base.bottom)/all.base.bottom
		sum += rest * rest
	}
	return sum * n / (n - 1)
}

// permutations is how often runs are swapped at random, enumerated up to how many groups
// every swap is.
const (
	permutations = 2000
	enumerated   = 11
)

// flipped is the permutation test over groups of the difference of the ratios. A group in
// which nothing changed takes no part.
func flipped(pairs []pair, random *rand.Rand) float64 {
	all := sumOf(pairs)
	var differ []pair
	for _, p := range pairs {
		if p.base != p.new {
			differ = append(differ, p)
		}
	}
	return permute(len(differ), 1, random, func(swapped []bool, into []float64) {
		sum := all
		for i, yes := range swapped {
			if p := differ[i]; yes {
				sum.base.add(p.new.top-p.base.top, p.new.bottom-p.base.bottom)
				sum.new.add(p.base.top-p.new.top, p.base.bottom-p.new.bottom)
			}
		}
		into[0] = sum.new.ratio() - sum.base.ratio()
	})[0]
}

// permute is the share of swaps after which the difference is at least as great as without
// any. With few groups it goes through all; otherwise the swap that was seen counts as
// one of those drawn, which keeps the level (Phipson and Smyth, "Permutation p-values
// should never be zero", 2010).
func permute(groups, figures int, random *rand.Rand, differences func(swapped []bool, into []float64)) []float64 {
	swapped, values := make([]bool, groups), make([]float64, figures)
	differences(swapped, values)
	least := make([]float64, figures)
	for i, v := range values {
		// Sums in another order differ in their last digits.
		least[i] = math.Abs(v) - 1e-12*(1+math.Abs(v))
	}
	all, seen := permutations, 1
	if groups <= enumerated {
		all, seen = 1<<groups, 0
	}
	p := slices.Repeat([]float64{float64(seen)}, figures)
	for draw := range all {
		bits := uint64(draw)
		for i := range swapped {
			if groups > enumerated && i%64 == 0 {
				bits = random.Uint64()
			}
			swapped[i] = bits>>(i%64)&1 == 1
		}
		differences(swapped, values)
		for i, v := range values {
			if !(math.Abs(v) < least[i]) {
				p[i]++
			}
		}
	}
	for i := range p {
		p[i] /= float64(all + seen)
	}
	return p
}

// pooled holds the cases of two runs in one order, so that each draw walks and none sorts.
type pooled struct {
	cases  []Scored
	group  []int
	isNew  []bool
	groups int
	counts [2][]int
}

// pool takes the cases of groups that both have.
func pool(base, new []Scored) pooled {
	has := [2]map[string]bool{{}, {}}
	for side, cases := range [2][]Scored{base, new} {
		for _, c := range cases {
			has[side][c.Group] = true
		}
	}
	type tagged struct {
		Scored
		isNew bool
	}
	var all []tagged
	for side, cases := range [2][]Scored{base, new} {
		for _, c := range cases {
			if has[1-side][c.Group] {
				all = append(all, tagged{c, side == 1})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b tagged) int { return cmp.Compare(b.Score, a.Score) })
	p := pooled{counts: [2][]int{make([]int, len(all)), make([]int, len(all))}}
	for _, c := range all {
		p.cases, p.isNew = append(p.cases, c.Scored), append(p.isNew, c.isNew)
	}
	p.group, p.groups = groupsOf(p.cases)
	return p
}

// set counts each case of a group so many times, on the other side where the group is
// swapped.
func (p pooled) set(times func(group int) int, swapped func(group int) bool) {
	for i, g := range p.group {
		side := 0
		if p.isNew[i] != swapped(g) {
			side = 1
		}
		p.counts[side][i], p.counts[1-side][i] = times(g), 0
	}
}

func (p pooled) differences(figures func(sorted []Scored, counts []int, into []float64), into []float64) {
	before := make([]float64, len(into))
	figures(p.cases, p.counts[0], before)
	figures(p.cases, p.counts[1], into)
	for i := range into {
		into[i] -= before[i]
	}
}

// compare gives the differences of figures over scored cases, by draws of groups and by
// swapping.
func (p pooled) compare(n int, random *rand.Rand, figures func(sorted []Scored, counts []int, into []float64)) []Difference {
	if p.groups == 0 {
		return nil
	}
	drawn := drawAll(p.groups, n, random, func(counts []int, into []float64) {
		p.set(func(g int) int { return counts[g] }, func(int) bool { return false })
		p.differences(figures, into)
	})
	chances := permute(p.groups, n, random, func(swapped []bool, into []float64) {
		p.set(func(int) int { return 1 }, func(g int) bool { return swapped[g] })
		p.differences(figures, into)
	})
	list, values := make([]Difference, n), [2][]float64{make([]float64, n), make([]float64, n)}
	p.set(func(int) int { return 1 }, func(int) bool { return false })
	for side, counts := range p.counts {
		figures(p.cases, counts, values[side])
	}
	for i := range list {
		e := Estimate{Value: values[1][i] - values[0][i], N: p.groups}
		e.Low, e.High = spread(e.Value, drawn[i], p.groups)
		list[i] = Difference{Estimate: e, Base: values[0][i], New: values[1][i], P: chances[i]}
	}
	return list
}

// spread is Student's interval with the deviation of the draws. Differences near 0 have draws that
// lie about them evenly; what BCa corrects of them is mostly chance, and it held the truth in as
// little as 80 of 100 worlds.
func spread(value float64, drawn []float64, groups int) (low, high float64) {
	if math.IsNaN(value) || len(drawn) < 2 || groups < 2 {
		return value, value
	}
	mean, squares := meanOf(drawn), 0.0
	for _, d := range drawn {
		squares += (d - mean) * (d - mean)
	}
	n := float64(groups)
	half := student(n-1) * math.Sqrt(squares/float64(len(drawn)-1)*n/(n-1))
	return value - half, value + half
}

// CompareSelective compares AUROC, AURC, E-AURC and the coverage at each of Risks, in this order,
// over the groups that both runs have; nil where there is none. One that is not defined has NaN as
// its value.
func CompareSelective(base, new []Scored, random *rand.Rand) []Difference {
	return pool(base, new).compare(3+len(Risks), random, func(sorted []Scored, counts []int, into []float64) {
		c := Walk(sorted, counts)
		into[0], into[1], into[2] = c.AUROC, c.AURC, c.EAURC
		copy(into[3:], c.Coverage[:])
	})
}

// CompareCalibration compares the calibration error over the groups that both runs have. It is not
// defined without one. Where both have too much of it by chance alone, that is the same on both sides.
func CompareCalibration(base, new []Scored, random *rand.Rand) (Difference, bool) {
	list := pool(base, new).compare(1, random, func(sorted []Scored, counts []int, into []float64) {
		into[0] = countedError(sorted, counts)
	})
	if len(list) == 0 {
		return Difference{P: 1}, false
	}
	return list[0], true
}

// CompareQuantiles compares the values below which the shares p of the rows' ratios lie,
// over the groups that both runs have; nil where there is none.
func CompareQuantiles(base, new []Row, p []float64, random *rand.Rand) []Difference {
	return pool(asScored(base), asScored(new)).compare(len(p), random, func(sorted []Scored, counts []int, into []float64) {
		total := 0
		for _, n := range counts {
			total += n
		}
		for i := range into {
			into[i] = math.NaN()
			// The greatest come first.
			above := int((1 - p[i]) * float64(total))
			for at, seen := 0, 0; at < len(sorted) && total > 0; at++ {
				if seen += counts[at]; seen > above {
					into[i] = sorted[at].Score
					break
				}
			}
		}
	})
}

func asScored(rows []Row) []Scored {
	var cases []Scored
	for _, r := range rows {
		if r.Bottom > 0 {
			cases = append(cases, Scored{Group: r.Group, Score: r.Top / r.Bottom})
		}
	}
	return cases
}
