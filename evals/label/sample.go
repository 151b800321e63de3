package label

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"text/tabwriter"

	"github.com/recado/recado/evals/stats"
)

// Figure is what a sample is drawn for.
type Figure string

// The figures.
const (
	// Risk is the share of sent answers that are wrong.
	Risk Figure = "risk"
	// Accuracy is the share of all drafts that are right.
	Accuracy Figure = "accuracy"
)

// Unit is a turn that can be drawn.
type Unit struct {
	ID string
	// Score is the probability that the draft is right, as it was scored.
	Score float64
	// Sent tells that the customer got it.
	Sent bool
}

// Design says how a sample is drawn.
type Design struct {
	// N is how many turns are drawn; 0 means 50.
	N int
	// Audit is the share of them that is drawn alike from all turns, whatever their score;
	// negative means none and 0 means 0.2.
	Audit float64
	// Figure is what the rest is drawn for; empty means Risk, or Accuracy when nothing
	// was sent.
	Figure Figure
	// Strata is into how many parts the turns of the figure are cut by their score; 0 means 8.
	Strata int
	// Seed makes the draw: the same seed draws the same turns.
	Seed uint64
}

func (d Design) withDefaults(units []Unit) Design {
	d.N, d.Strata, d.Audit = cmp.Or(d.N, 50), cmp.Or(d.Strata, 8), cmp.Or(d.Audit, 0.2)
	d.Audit = max(0, d.Audit)
	if d.Figure == "" {
		d.Figure = Accuracy
		if slices.ContainsFunc(units, func(u Unit) bool { return u.Sent }) {
			d.Figure = Risk
		}
	}
	return d
}

// Stratum is a part of the turns from which each is drawn with the same chance.
type Stratum struct {
	// Counts tells that its turns are of the figure.
	Counts bool `json:"counts"`
	// Low and High are the least and the greatest score in it.
	Low  float64 `json:"low"`
	High float64 `json:"high"`
	// Size is how many turns are in it and Draw how many of them are drawn, of which
	// Audit would have been whatever the score.
	Size  int `json:"size"`
	Draw  int `json:"draw"`
	Audit int `json:"audit"`
	// Wrong is the share of wrong drafts that the scores foretell.
	Wrong float64 `json:"wrong"`

	units []Unit
}

// Plan is a sample before it is drawn.
type Plan struct {
	Figure Figure    `json:"figure"`
	Strata []Stratum `json:"strata"`
	// Expected is how wide the interval of the figure will be, if the scores are right,
	// and Alike how wide with as many turns that are drawn alike from all.
	Expected float64 `json:"expected"`
	Alike    float64 `json:"alike"`
	seed     uint64
}

// Picked is a turn that was drawn.
type Picked struct {
	Unit
	// Chance is the probability with which it was.
	Chance float64
	// Stratum is its place in the plan, and Audit tells that it belongs to those that are
	// drawn alike from all.
	Stratum int
	Audit   bool
}

// leastError keeps a score that is too sure of itself from leaving its turns out.
const leastError = 0.02

// expectedError is the probability that a draft is wrong, as far as its score tells.
func expectedError(score float64) float64 {
	if math.IsNaN(score) {
		return 0.5
	}
	return min(1-leastError, max(leastError, 1-score))
}

// spread is the standard deviation of whether a draft is right.
func spread(wrong float64) float64 { return math.Sqrt(wrong * (1 - wrong)) }

// NewPlan cuts the turns by their score and says how many to draw from each part.
//
// The turns of the figure are cut where equal parts of the standard deviation lie (the
// cumulative root rule of Dalenius and Hodges, 1959), and drawn in proportion to size times
// standard deviation, which makes the variance of the figure least (Neyman, "On the two
// different aspects of the representative method", 1934). The audit is drawn in proportion
// to size alone, from all turns: so every turn has a chance, and a score that is wrong
// costs width and never truth.
func NewPlan(units []Unit, d Design) (Plan, error) {
	d = d.withDefaults(units)
	switch {
	case d.N < 1 || d.Strata < 1 || d.Audit > 1:
		return Plan{}, errors.New("a sample has 1 turn or more, 1 stratum or more, and an audit of 0 to 1 of it")
	case d.Figure != Risk && d.Figure != Accuracy:
		return Plan{}, fmt.Errorf("a sample is drawn for %s or %s, not for %q", Risk, Accuracy, d.Figure)
	case len(units) == 0:
		return Plan{}, errors.New("there is no turn to draw from")
	}
	p := Plan{Figure: d.Figure, seed: d.Seed, Strata: strata(units, d)}
	if !slices.ContainsFunc(p.Strata, func(s Stratum) bool { return s.Counts }) {
		return Plan{}, errors.New("no answer was sent: draw for the accuracy of the drafts")
	}
	p.allocate(min(d.N, len(units)), d.Audit)
	p.Expected = p.width(func(s Stratum) float64 { return float64(s.Draw) })
	p.Alike = p.width(func(s Stratum) float64 { return float64(min(d.N, len(units))) * float64(s.Size) / float64(len(units)) })
	return p, nil
}

// strata are the parts: those of the figure by score, and the rest as one.
func strata(units []Unit, d Design) (list []Stratum) {
	var counted, rest []Unit
	for _, u := range units {
		if d.Figure == Accuracy || u.Sent {
			counted = append(counted, u)
		} else {
			rest = append(rest, u)
		}
	}
	slices.SortStableFunc(counted, func(a, b Unit) int { return cmp.Or(cmp.Compare(a.Score, b.Score), cmp.Compare(a.ID, b.ID)) })
	total := 0.0
	for _, u := range counted {
		total += spread(expectedError(u.Score))
	}
	// Few enough that each has some of the turns that are drawn: of two its error is not known.
	parts := max(1, min(d.Strata, d.N/drawnEach, len(counted)/4))
	begin, sum := 0, 0.0
	for i, u := range counted {
		sum += spread(expectedError(u.Score))
		last := i+1 == len(counted)
		if full := sum >= total*float64(len(list)+1)/float64(parts) && i+1-begin >= 2 && len(counted)-i-1 >= 2; full || last {
			list = append(list, stratum(counted[begin:i+1], true))
			begin = i + 1
		}
	}
	if len(rest) > 0 {
		list = append(list, stratum(rest, false))
	}
	return list
}

// drawnEach is how many turns a stratum should have of those that are drawn, on average.
const drawnEach = 10

func stratum(units []Unit, counts bool) Stratum {
	s := Stratum{Counts: counts, Size: len(units), units: units, Low: units[0].Score, High: units[0].Score}
	for _, u := range units {
		s.Low, s.High = min(s.Low, u.Score), max(s.High, u.Score)
		s.Wrong += expectedError(u.Score) / float64(len(units))
	}
	return s
}

// allocate says how many to draw from each stratum.
func (p *Plan) allocate(n int, audit float64) {
	sizes, pay, caps := make([]float64, len(p.Strata)), make([]float64, len(p.Strata)), make([]int, len(p.Strata))
	for i, s := range p.Strata {
		sizes[i], caps[i] = float64(s.Size), s.Size
		if s.Counts {
			pay[i] = float64(s.Size) * spread(s.Wrong)
		}
	}
	audits := apportion(int(math.Round(audit*float64(n))), sizes, caps)
	left := n
	for _, drawn := range audits {
		left -= drawn
	}
	for i := range p.Strata {
		s := &p.Strata[i]
		s.Audit = audits[i]
		s.Draw = s.Audit
		// A share is known with its error from two on, where the audit leaves any.
		if s.Counts && n >= 2*len(p.Strata) {
			more := min(max(0, min(2, s.Size)-s.Draw), left)
			s.Draw, left = s.Draw+more, left-more
		}
		caps[i] -= s.Draw
	}
	// Neyman's numbers are of the whole sample: what a stratum has already counts.
	more := apportion(max(0, left), topUp(pay, p.Strata, left), caps)
	for i := range p.Strata {
		p.Strata[i].Draw += more[i]
		caps[i] -= more[i]
		left -= more[i]
	}
	// All of the figure are drawn: what is left goes to the others.
	for i, more := range apportion(max(0, left), sizes, caps) {
		p.Strata[i].Draw += more
	}
}

// topUp is what each stratum lacks of its share of all that is drawn for the figure.
func topUp(pay []float64, list []Stratum, left int) []float64 {
	total, drawn := 0.0, max(0, left)
	for i, s := range list {
		total += pay[i]
		if s.Counts {
			drawn += s.Draw
		}
	}
	lack := make([]float64, len(pay))
	for i, s := range list {
		lack[i] = max(pay[i]*1e-6, pay[i]/total*float64(drawn)-float64(s.Draw))
	}
	return lack
}

// apportion parts n by weights, none more than its cap, by largest remainders. What the
// weights have no room for goes where there is room.
func apportion(n int, weights []float64, caps []int) []int {
	given := make([]int, len(weights))
	for n > 0 {
		total := 0.0
		for i, w := range weights {
			if given[i] < caps[i] {
				total += w
			}
		}
		if total <= 0 {
			return given
		}
		type rest struct {
			place int
			share float64
		}
		var rests []rest
		spent := 0
		for i, w := range weights {
			if given[i] >= caps[i] || w == 0 {
				continue
			}
			share := float64(n) * w / total
			whole := min(int(share), caps[i]-given[i])
			given[i] += whole
			spent += whole
			rests = append(rests, rest{i, share - float64(whole)})
		}
		slices.SortStableFunc(rests, func(a, b rest) int { return cmp.Compare(b.share, a.share) })
		n -= spent
		for _, r := range rests {
			if n > 0 && spent < len(rests)+1 && given[r.place] < caps[r.place] {
				given[r.place]++
				n--
			}
		}
		if spent == 0 && len(rests) == 0 {
			return given
		}
	}
	return given
}

// Draw draws the sample: from each stratum so many without replacement. The order is that
// of chance, so that whoever stops early has seen all kinds.
func (p Plan) Draw() []Picked {
	random := rand.New(rand.NewPCG(p.seed, 2026))
	var list []Picked
	for i, s := range p.Strata {
		units := slices.Clone(s.units)
		random.Shuffle(len(units), func(a, b int) { units[a], units[b] = units[b], units[a] })
		for j, u := range units[:s.Draw] {
			list = append(list, Picked{Unit: u, Stratum: i, Audit: j < s.Audit, Chance: float64(s.Draw) / float64(s.Size)})
		}
	}
	random.Shuffle(len(list), func(a, b int) { list[a], list[b] = list[b], list[a] })
	return list
}

// Counted is what was seen of one stratum.
type Counted struct {
	// Size is how many turns it has, N how many were looked at, and Wrong how many of
	// those were wrong.
	Size, N, Wrong int
	// Expected is the share of wrong ones that the scores foretell.
	Expected float64
}

// share is the part that was wrong, or what the scores foretell where nobody looked.
func (c Counted) share() float64 {
	if c.N == 0 {
		return c.Expected
	}
	return float64(c.Wrong) / float64(c.N)
}

// priorWeight is how many labels what was expected is worth in the variance of a stratum:
// half of it what its scores foretell and half what was seen over all, in case the scores
// are worth nothing. Without it, a stratum in which none was seen wrong would be taken for
// known.
const priorWeight = 2

// Estimate is the share of wrong drafts over all strata from what was seen in each: the
// Horvitz-Thompson estimate (1952), which is right on average whatever the scores are
// worth, with Wilson's interval for as many labels as would be drawn alike for the same
// variance (the effective number of Kish, "Survey Sampling", 1965; Dean and Pagano,
// "Evaluating confidence interval methods for binomial proportions in clustered surveys",
// 2015). A stratum that nobody looked at is taken for what its scores foretell.
func Estimate(list []Counted) stats.Estimate {
	size, n := 0, 0
	for _, c := range list {
		size += c.Size
		n += c.N
	}
	value := 0.0
	for _, c := range list {
		value += float64(c.Size) / float64(max(1, size)) * c.share()
	}
	var smooth, variance float64
	for _, c := range list {
		if c.Size == 0 {
			continue
		}
		part := float64(c.Size) / float64(size)
		near := (float64(c.Wrong) + priorWeight*(c.Expected+value)/2) / (float64(c.N) + priorWeight)
		smooth += part * near
		if c.N == 0 {
			variance += part * part * near * (1 - near)
			continue
		}
		variance += part * part * (1 - float64(c.N)/float64(c.Size)) * near * (1 - near) / float64(c.N)
	}
	e := stats.Estimate{Value: value, N: n, Low: value, High: value}
	if variance > 0 {
		alike := smooth * (1 - smooth) / variance
		e.Low, e.High = stats.Wilson(value*alike, alike, 0.05)
	}
	return e
}

// width is how wide the interval will be with so many labels of each stratum, if the
// scores are right.
func (p Plan) width(labels func(Stratum) float64) float64 {
	var size, value, variance float64
	for _, s := range p.Strata {
		if s.Counts {
			size += float64(s.Size)
		}
	}
	for _, s := range p.Strata {
		if !s.Counts {
			continue
		}
		part := float64(s.Size) / size
		value += part * s.Wrong
		n := max(0.5, labels(s))
		variance += part * part * max(0, 1-n/float64(s.Size)) * s.Wrong * (1 - s.Wrong) / n
	}
	if variance <= 0 {
		return 0
	}
	alike := value * (1 - value) / variance
	low, high := stats.Wilson(value*alike, alike, 0.05)
	return high - low
}

// Seen counts, by stratum, what was said of the turns that were drawn: wrong tells whether
// somebody looked at a turn and whether it was wrong. The strata that are not of the
// figure are left out.
func (p Plan) Seen(picked []Picked, wrong func(id string) (looked, wrong bool)) []Counted {
	all := make([]Counted, len(p.Strata))
	for i, s := range p.Strata {
		all[i] = Counted{Size: s.Size, Expected: s.Wrong}
	}
	for _, one := range picked {
		looked, bad := wrong(one.ID)
		if looked {
			all[one.Stratum].N++
		}
		if looked && bad {
			all[one.Stratum].Wrong++
		}
	}
	var list []Counted
	for i, s := range p.Strata {
		if s.Counts {
			list = append(list, all[i])
		}
	}
	return list
}

// WriteTable writes the strata for a terminal.
func (p Plan) WriteTable(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "stratum\tscores\tturns\tto label\tof them audit\twrong, as the scores foretell")
	for i, s := range p.Strata {
		about := ""
		if !s.Counts {
			about = " (held back)"
		}
		fmt.Fprintf(table, "%d\t%.3f to %.3f%s\t%d\t%d\t%d\t%.1f %%\n", i+1, s.Low, s.High, about, s.Size, s.Draw, s.Audit, 100*s.Wrong)
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("write the strata: %w", err)
	}
	return nil
}
