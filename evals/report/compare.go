package report

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/recado/recado/evals/runs"
	"github.com/recado/recado/evals/stats"
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
	judged := now.Outage == "" && before.Outage == ""
	switch {
	case !found:
		p.added = append(p.added, name(now))
	case judged && before.Passed && !now.Passed:
		p.broken = append(p.broken, name(now))
	case judged && !before.Passed && now.Passed:
		p.mended = append(p.mended, name(now))
	case changed(before, now):
		p.other = append(p.other, name(now))
	default:
		p.same++
	}
}

// changed tells whether the customer got something else, or by another decision.
func changed(a, b runs.Result) bool {
	return a.Outage == "" != (b.Outage == "") || !slices.Equal(decisions(a), decisions(b)) || !slices.Equal(replies(a), replies(b)) || a.Passed != b.Passed
}

func (p pairing) sentence(language string) string {
	return fmt.Sprintf(phrase(language, "paired"), len(p.broken), len(p.mended), len(p.other), p.same)
}

// move is a figure in two runs.
type move struct {
	measured
	before stats.Estimate
}

// moved are the figures that two runs have both and that differ.
func moved(run, base runs.Run) []move {
	var list []move
	groups := themed(run.Metrics)
	for _, theme := range themes {
		for _, m := range groups[theme] {
			before, found := base.Metrics[m.name]
			if found && math.Abs(before.Value-m.Value) > 1e-9 {
				list = append(list, move{m, before})
			}
		}
	}
	return list
}

func (m move) by() float64 { return m.Value - m.before.Value }

// way is "better", "worse" or, for figures that have no good side, "".
func (m move) way() string {
	switch at := m.by() * float64(m.better); {
	case at > 0:
		return "better"
	case at < 0:
		return "worse"
	}
	return ""
}

// verdict writes the change and which way it went.
func (m move) verdict(language string) string {
	text := m.change(language, m.by())
	if way := m.way(); way != "" {
		text += " (" + phrase(language, way) + ")"
	}
	return text
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
	for i := len(a) - 1; i >= 0; i-- {
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
