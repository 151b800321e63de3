package runs

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// shownCases is how many changed cases a table lists.
const shownCases = 20

// WriteTable writes the comparison for a terminal: what is sure, the figures that moved or
// could have, and the cases that became something else, most at stake first.
func (c Comparison) WriteTable(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%d cases in both, %d independent; %d passed before and fail now, %d the reverse (McNemar's mid-p %.3f).\n",
		c.Summary, c.Pairs, c.Groups, c.Broken, c.Fixed, c.McNemar)
	if c.Preferred != nil {
		b.WriteString(c.Preferred.Sentence("en") + "\n")
	}
	for _, note := range c.Notes {
		fmt.Fprintf(&b, "Note: %s\n", note)
	}
	b.WriteString("\n")
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "figure\tbefore\tnow\tdifference\tp, corrected\twould be seen from\t") // Flush reports a failed write.
	for _, m := range c.Metrics {
		d := m.Difference
		fmt.Fprintf(table, "%s\t%.3f\t%.3f\t%+.3f [%+.3f, %+.3f]\t%.3f\t%.3f\t%s\n", m.Metric, d.Base, d.New, d.Value, d.Low, d.High, m.Corrected, m.Detectable, m.Verdict)
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("write the comparison: %w", err)
	}
	c.writeCases(&b)
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write the comparison: %w", err)
	}
	return nil
}

func (c Comparison) writeCases(b *strings.Builder) {
	for i, one := range c.Cases {
		if i == shownCases {
			fmt.Fprintf(b, "\nand %d more.\n", len(c.Cases)-i)
			return
		}
		fmt.Fprintf(b, "\n%s  %s:%d  %s\n", one.ID, one.File, one.Line, strings.Join(one.Kinds, ", "))
		for _, what := range one.What {
			fmt.Fprintf(b, "  %s\n", what)
		}
	}
}
