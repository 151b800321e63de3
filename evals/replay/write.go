package replay

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// mostShown is how many changes a terminal and a pull request get; the others are in the
// JSON.
const mostShown = 20

// tallied are the kinds that there are, with how many exact turns and how many after a
// change; unchanged turns are always there.
func (r Result) tallied(each func(k Kind, exact, after int)) {
	for _, k := range append(Kinds(), Same) {
		if n, after := r.Counts[k], r.CountsAfter[k]; n+after > 0 || k == Same {
			each(k, n, after)
		}
	}
}

// WriteTable writes a result for a terminal.
func (r Result) WriteTable(w io.Writer) error {
	var b bytes.Buffer
	for _, line := range r.Lines("") {
		fmt.Fprintln(&b, line)
	}
	fmt.Fprintln(&b)
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "exact\tafter a change\t \t")
	r.tallied(func(k Kind, exact, after int) { fmt.Fprintf(table, "%d\t%d\t \t%s\n", exact, after, k.In("")) })
	if err := table.Flush(); err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	changed := r.Changed()
	for i, t := range changed[:min(len(changed), mostShown)] {
		fmt.Fprintf(&b, "\n%d. %s · %s\n", i+1, t.Kind.In(""), strings.Join(t.Remarks(""), " · "))
		for _, line := range []struct{ name, text string }{{"asked", t.Question}, {"was", t.Was.told("")}, {"now", t.Now.told("")}} {
			fmt.Fprintf(&b, "   %-5s  %s\n", line.name, strings.ReplaceAll(line.text, "\n", "\n          "))
		}
	}
	if more := len(changed) - mostShown; more > 0 {
		fmt.Fprintf(&b, "\n%d more stand in the file of --json.\n", more)
	}
	fmt.Fprintln(&b)
	for _, row := range r.Rows("") {
		fmt.Fprintf(&b, "%-18s %s\n", row.Name, row.In(""))
	}
	fmt.Fprintln(&b, r.VerdictIn(""))
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	return nil
}

// told is a side in one text: what the customer got, and why.
func (s Side) told(language string) string {
	return strings.TrimSpace(s.Reply + "\n[" + string(s.Decision) + ": " + s.Why(language) + "]")
}

// WriteMarkdown writes a result for a pull request, in Spanish or else in English.
func (r Result) WriteMarkdown(w io.Writer, language string) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "## %s\n\n", say(language, "Repetición de conversaciones reales", "Replay of real conversations"))
	for _, line := range r.Lines(language) {
		fmt.Fprintf(&b, "- %s\n", line)
	}
	fmt.Fprintf(&b, "\n| | %s | %s |\n| --- | ---: | ---: |\n", say(language, "exactos", "exact"), say(language, "después de un cambio", "after a change"))
	r.tallied(func(k Kind, exact, after int) { fmt.Fprintf(&b, "| %s | %d | %d |\n", k.In(language), exact, after) })
	fmt.Fprintln(&b)
	for _, row := range r.Rows(language) {
		fmt.Fprintf(&b, "- %s: %s\n", row.Name, strings.TrimSpace(row.In(language)))
	}
	fmt.Fprintf(&b, "- %s\n", r.VerdictIn(language))
	changed := r.Changed()
	if len(changed) > 0 {
		fmt.Fprintf(&b, "\n| | %s | %s | %s |\n| --- | --- | --- | --- |\n", say(language, "preguntó", "asked"), say(language, "antes", "was"), say(language, "ahora", "now"))
	}
	for _, t := range changed[:min(len(changed), mostShown)] {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", cell(t.Kind.In(language)+" · "+strings.Join(t.Remarks(language), " · ")), cell(t.Question), cell(t.Was.told(language)), cell(t.Now.told(language)))
	}
	if more := len(changed) - mostShown; more > 0 {
		fmt.Fprintf(&b, "\n"+say(language, "Hay %d más en el archivo de `--json`.", "%d more stand in the file of `--json`.")+"\n", more)
	}
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("write the Markdown: %w", err)
	}
	return nil
}

// cell is a text as a cell of a table: what customers wrote must not become Markdown or
// HTML of its own.
func cell(text string) string {
	text = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "|", "&#124;", "`", "&#96;", "[", "&#91;", "]", "&#93;",
		"*", "&#42;", "_", "&#95;", "!", "&#33;", "@", "&#64;", "#", "&#35;", "\r", "").Replace(text)
	return strings.ReplaceAll(text, "\n", "<br>")
}
