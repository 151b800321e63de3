package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/recado/recado/evals/runs"
)

// pairing holds what became of each case between two runs.
type pairing struct {
	// base are the results of the earlier run by name.
	base map[string]runs.Result
	// broken, mended, other, gone and added are names: passed before and failed now, the
	// reverse, the same verdict by another way, only before, and only now.
	broken, mended, other, gone, added []string
	same                               int
}

// matched pairs the cases of two runs by their names. What a provider's absence kept
// from being judged, in either, counts as neither better nor worse.
func matched(run runs.Run, base *runs.Run) pairing {
	p := pairing{base: map[string]runs.Result{}}
	if base == nil {
		return p
	}
	for _, r := range base.Results {
		p.base[name(r)] = r
	}
	now := map[string]bool{}
	for _, r := range run.Results {
		now[name(r)] = true
		before, found := p.base[name(r)]
		p.sort(r, before, found)
	}
	for _, r := range base.Results {
		if !now[name(r)] {
			p.gone = append(p.gone, name(r))
		}
	}
	return p
}

func (p *pairing) sort(now, before runs.Result, found bool) {
	both := judged(now) && judged(before)
	switch {
	case !found:
		p.added = append(p.added, name(now))
	case both && before.Passed && !now.Passed:
		p.broken = append(p.broken, name(now))
	case both && !before.Passed && now.Passed:
		p.mended = append(p.mended, name(now))
	case changed(before, now):
		p.other = append(p.other, name(now))
	default:
		p.same++
	}
}

// changed tells whether the customer got something else, or by another decision.
func changed(a, b runs.Result) bool {
	return judged(a) != judged(b) || !slices.Equal(decisions(a), decisions(b)) || !slices.Equal(replies(a), replies(b)) || a.Passed != b.Passed
}

func (p pairing) sentence(language string) string {
	return fmt.Sprintf(phrase(language, "paired"), len(p.broken), len(p.mended), len(p.other), p.same)
}

// move is a figure in two runs, as far as their cases are the same.
type move struct {
	figure
	runs.Change
}

// moved are the figures that changed, or that the comparison has something to say of.
// Those of stages are told where they are worse or better for sure.
func moved(c runs.Comparison) []move {
	var list []move
	for _, m := range c.Metrics {
		if m.Verdict == runs.NoDifference && (math.Abs(m.Difference.Value) < 1e-9 || strings.Contains(m.Metric, "/")) {
			continue
		}
		list = append(list, move{figureOf(m.Metric), m})
	}
	slices.SortStableFunc(list, func(a, b move) int { return cmp.Compare(a.rank(), b.rank()) })
	return list
}

// rank puts what is sure before what is not, and then follows the table of figures.
func (m move) rank() int {
	if m.Verdict == runs.NoDifference {
		return placeOf(m.Metric) + len(figures) + 1
	}
	return placeOf(m.Metric)
}

// way is "better", "worse" or "unsure".
func (m move) way() string {
	switch m.Verdict {
	case runs.BetterNow:
		return "better"
	case runs.Worse:
		return "worse"
	}
	return "unsure"
}

func (m move) metric() string { return m.Metric }

// amount writes by how much it moved with the interval: "+1.6 [-0.4, 3.7] points".
func (m move) amount(language string) string {
	signed := func(v float64) string {
		s := m.unit.bare(language, v)
		switch {
		case strings.Trim(s, "-0.,") == "":
			return "0"
		case v > 0:
			return "+" + s
		}
		return s
	}
	between, sign := ", ", m.unit.sign()
	if language == "es" {
		between = "; "
	}
	if m.unit == share {
		sign = " " + phrase(language, "points")
	}
	d := m.Difference
	return signed(d.Value) + " [" + signed(d.Low) + between + signed(d.High) + "]" + sign
}

// piece is a part of a text that was kept (""), added ("+") or taken away ("-").
type piece struct {
	Op   string `json:"o,omitempty"`
	Text string `json:"t"`
}

// maxDiff is how many words two texts may have together to be compared word by word;
// longer ones are shown one after the other.
const maxDiff = 1200

// differ compares two texts word by word, by their longest common subsequence.
func differ(before, after string) []piece {
	a, b := words(before), words(after)
	if len(a)+len(b) > maxDiff {
		return join(nil, piece{"-", before}, piece{"+", after})
	}
	lengths := subsequences(a, b)
	var list []piece
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			list = join(list, piece{"", a[i]})
			i, j = i+1, j+1
		case i < len(a) && (j == len(b) || lengths[i+1][j] >= lengths[i][j+1]):
			list = join(list, piece{"-", a[i]})
			i++
		default:
			list = join(list, piece{"+", b[j]})
			j++
		}
	}
	return readable(list, before, after)
}

// readable joins changes with nothing but white space between them, what was taken away
// before what was added. Of texts that have little in common it leaves the two wholes.
func readable(list []piece, before, after string) []piece {
	var joined []piece
	var gone, come string
	kept := 0
	flush := func() {
		joined = join(joined, piece{"-", gone}, piece{"+", come})
		gone, come = "", ""
	}
	for i, p := range list {
		switch {
		case p.Op == "-":
			gone += p.Text
		case p.Op == "+":
			come += p.Text
		case i > 0 && i+1 < len(list) && strings.TrimSpace(p.Text) == "":
			gone, come = gone+p.Text, come+p.Text
		default:
			flush()
			joined = join(joined, p)
			kept += len(p.Text)
		}
	}
	flush()
	if 3*kept < min(len(before), len(after)) {
		return join(nil, piece{"-", before}, piece{"+", after})
	}
	return joined
}

// subsequences has the length of the longest common subsequence of a[i:] and b[j:].
func subsequences(a, b []string) [][]int {
	lengths := make([][]int, len(a)+1)
	for i := range lengths {
		lengths[i] = make([]int, len(b)+1)
	}
	for i := range slices.Backward(a) {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				lengths[i][j] = lengths[i+1][j+1] + 1
				continue
			}
			lengths[i][j] = max(lengths[i+1][j], lengths[i][j+1])
		}
	}
	return lengths
}

// join appends pieces, each to the last one where it is of the same kind.
func join(list []piece, more ...piece) []piece {
	for _, p := range more {
		if n := len(list); n > 0 && list[n-1].Op == p.Op {
			list[n-1].Text += p.Text
			continue
		}
		if p.Text != "" {
			list = append(list, p)
		}
	}
	return list
}

// words cuts a text between words and white space, so that joined they are the text.
func words(text string) []string {
	var list []string
	rest := text
	for rest != "" {
		first, _ := utf8.DecodeRuneInString(rest)
		space := unicode.IsSpace(first)
		i := strings.IndexFunc(rest, func(r rune) bool { return unicode.IsSpace(r) != space })
		if i < 0 {
			i = len(rest)
		}
		list, rest = append(list, rest[:i]), rest[i:]
	}
	return list
}
