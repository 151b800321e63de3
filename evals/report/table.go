package report

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"github.com/recado/recado/evals/runs"
)

// minWidth is the narrowest terminal that is written for, and mostShown how many failed
// cases a terminal gets: the others are in the files.
const (
	minWidth  = 40
	mostShown = 10
)

// WriteTable writes a run for a terminal of that many columns; 0 means 100.
func WriteTable(w io.Writer, run runs.Run, width int) error {
	if width == 0 {
		width = 100
	}
	t := table{run: run, width: max(width, minWidth)}
	t.headline()
	t.gates()
	t.figures()
	t.confusion()
	t.stages()
	t.slices()
	t.unjudged()
	t.causes()
	t.failed()
	return write(w, "table", t.b.Bytes())
}

// table is a report for a terminal that is being written.
type table struct {
	b     bytes.Buffer
	run   runs.Run
	width int
}

func (t *table) headline() {
	t.wrap("", "", identity("en", t.run))
	t.wrap("", "", verdict("en", t.run))
	for _, remark := range remarks("en", t.run) {
		t.wrap("", "", remark)
	}
}

func (t *table) gates() {
	if len(t.run.Gates) == 0 {
		return
	}
	t.title("Thresholds")
	for _, g := range t.run.Gates {
		word := "failed"
		if g.OK {
			word = "ok    "
		}
		f, got := figureOf(g.Metric), "not measured"
		if g.Estimate != nil {
			got = fmt.Sprintf("%s of %d", f.estimate("en", *g.Estimate), g.Estimate.N)
		}
		t.wrap("  "+word+"  ", "          ", fmt.Sprintf("%s %s: %s", where(g), bound("en", g), got))
		if g.Note != "" {
			t.wrap("          ", "          ", g.Note)
		}
		if !g.OK && g.File != "" {
			t.wrap("          ", "          ", fmt.Sprintf("%s:%d", g.File, g.Line))
		}
	}
}

// where is what a gate measured: "answered_wrong, tag hostile,".
func where(g runs.Gate) string {
	if g.Where == "" {
		return g.Metric
	}
	return g.Metric + ", " + g.Where + ","
}

func (t *table) figures() {
	groups := themed(t.run.Metrics)
	for _, theme := range themes {
		if len(groups[theme]) == 0 {
			continue
		}
		t.title(phrase("en", "theme_"+theme))
		t.columns(func(w io.Writer) {
			for _, m := range groups[theme] {
				fmt.Fprintf(w, "  %s\t%s\t%s\tn %d\n", clean(m.name), m.unit.one("en", m.Value), m.interval("en", m.Estimate), m.N)
			}
		})
	}
}

// confusion counts turns by what was expected and what was decided.
func (t *table) confusion() {
	c := runs.Confuse(t.run.Results)
	if len(c.Counts) == 0 {
		return
	}
	t.title("Decisions: expected by row, taken by column")
	t.columns(func(w io.Writer) {
		fmt.Fprintf(w, "  \t%s\n", strings.Join(cleaned(c.Decisions), "\t"))
		for i, row := range c.Counts {
			fmt.Fprintf(w, "  %s\t%s\n", clean(c.Decisions[i]), strings.Join(written(row), "\t"))
		}
	})
}

func cleaned(texts []string) []string {
	list := make([]string, 0, len(texts))
	for _, text := range texts {
		list = append(list, clean(text))
	}
	return list
}

// written are counts as text.
func written(counts []int) []string {
	list := make([]string, 0, len(counts))
	for _, n := range counts {
		list = append(list, fmt.Sprint(n))
	}
	return list
}

// stages are the times of the parts of a turn.
func (t *table) stages() {
	list := stages(t.run)
	if len(list) < 2 {
		return
	}
	t.title("Time by stage: half, 19 of 20")
	t.columns(func(w io.Writer) {
		for _, s := range list {
			fmt.Fprintf(w, "  %s\t%s\t%s\tn %d\n", clean(cmp.Or(s.Name, "all")), millis.one("en", s.P50), millis.one("en", s.P95), s.N)
		}
	})
}

// mostSlices is how many slices of a kind a terminal gets.
const mostSlices = 12

func (t *table) slices() {
	by := map[string][]runs.Slice{}
	var kinds []string
	for _, s := range t.run.Slices {
		if by[s.By] == nil {
			kinds = append(kinds, s.By)
		}
		by[s.By] = append(by[s.By], s)
	}
	for _, kind := range kinds {
		list, title := by[kind], "By "+kind
		if len(list) > mostSlices {
			title += fmt.Sprintf(", the %d worst of %d", mostSlices, len(list))
			slices.SortStableFunc(list, func(a, b runs.Slice) int { return cmp.Compare(passRate(a), passRate(b)) })
			list = list[:mostSlices]
		}
		t.title(title)
		t.columns(func(w io.Writer) {
			for _, one := range list {
				fmt.Fprintf(w, "  %s\t%d of %d passed\t%s\n", clean(one.Name), one.Passed, one.Cases, sliceShare("en", one))
			}
		})
	}
}

func passRate(s runs.Slice) float64 { return float64(s.Passed) / float64(max(1, s.Cases)) }

// sliceShare is the share of a slice that passed, with its interval where it was taken.
func sliceShare(language string, s runs.Slice) string {
	if e, ok := s.Metrics["passed"]; ok {
		return figureOf("passed").estimate(language, e)
	}
	return share.one(language, passRate(s))
}

// unjudged says which providers were away, and what the system cannot be asked, with one case of
// each.
func (t *table) unjudged() {
	counts, first := map[string]int{}, map[string]runs.Result{}
	var reasons []string
	for _, r := range t.run.Results {
		why := cmp.Or(r.Outage, r.Skipped)
		if why == "" {
			continue
		}
		// The place of a step comes before the reason, and is another in each case.
		if rest, found := strings.CutPrefix(why, r.File+":"); found {
			_, why, _ = strings.Cut(rest, ": ")
		}
		if counts[why] == 0 {
			reasons, first[why] = append(reasons, why), r
		}
		counts[why]++
	}
	if len(reasons) == 0 {
		return
	}
	t.title("Not judged")
	slices.SortStableFunc(reasons, func(a, b string) int { return cmp.Compare(counts[b], counts[a]) })
	for _, why := range reasons[:min(len(reasons), mostShown)] {
		t.wrap("  ", "    ", fmt.Sprintf("%d: %s (%s)", counts[why], cut(why, 300), name(first[why])))
	}
}

// causes counts the failed cases by where they went wrong.
func (t *table) causes() {
	list := runs.Causes(t.run.Results)
	if len(list) == 0 {
		return
	}
	t.title(phrase("en", "causes"))
	for _, c := range list {
		t.wrap(fmt.Sprintf("  %4d  ", c.Cases), "        ", phrase("en", "cause_"+string(c.Cause)))
	}
}

// failed lists the worst case of each group, and the names of the others of it: a case
// mostly fails in all its variants, for one reason.
func (t *table) failed() {
	groups := grouped(failures(t.run))
	if len(groups) == 0 {
		return
	}
	t.title("Failed, worst first")
	often := refrains(t.run)
	for _, group := range groups[:min(len(groups), mostShown)] {
		t.failure(group, often)
	}
	if more := len(groups) - mostShown; more > 0 {
		t.wrap("  ", "  ", fmt.Sprintf("and %d more: --html and --junit have all of them.", more))
	}
}

func (t *table) failure(group []runs.Result, often map[string]bool) {
	r := group[0]
	t.wrap("  ", "    ", name(r)+"  "+place(r, 0))
	t.wrap("    ", "      ", "“"+cut(asked(r), 120)+"”")
	if list := replies(r); len(list) > 0 {
		t.wrap("    → ", "      ", cut(gist(list[len(list)-1], often), 160))
	}
	t.wrap("    ", "      ", causeWords("en", r))
	for _, c := range failedChecks(r) {
		t.wrap("    ", "      ", fmt.Sprintf("%s: %s", c.Name, cut(says("en", c), 300)))
	}
	if also := others(group); also != "" {
		t.wrap("    ", "      ", cut("also "+also, 300))
	}
}

// clean leaves out what would steer a terminal: customers write what they like.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return ' '
		}
		return r
	}, text)
}

func (t *table) title(text string) { fmt.Fprintf(&t.b, "\n%s\n", cut(clean(text), t.width)) }

// columns aligns what is written with tabs; a terminal that is too narrow cuts it.
func (t *table) columns(rows func(io.Writer)) {
	var b bytes.Buffer
	w := tabwriter.NewWriter(&b, 0, 8, 2, ' ', 0)
	rows(w)
	w.Flush()
	for line := range strings.Lines(b.String()) {
		line = strings.TrimRight(line, " \n")
		if letters := []rune(line); len(letters) > t.width {
			line = string(letters[:t.width-1]) + "…"
		}
		t.b.WriteString(line + "\n")
	}
}

// wrap writes a text in as many lines as it takes; the first begins with lead, the others
// with indent.
func (t *table) wrap(lead, indent, text string) {
	line := lead
	for i, word := range strings.Fields(clean(text)) {
		if i > 0 && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > t.width {
			t.b.WriteString(line + "\n")
			line = indent + word
			continue
		}
		if i > 0 {
			line += " "
		}
		line += word
	}
	t.b.WriteString(line + "\n")
}
