package replay

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// words say in English what a kind is.
func words(k Kind) string {
	return map[Kind]string{
		AnswersNow:     "handed off, now answered",
		AnswersUnasked: "asked back, now answered",
		OtherAction:    "another change of an order",
		OtherFacts:     "other facts",
		Unknown:        "not known: the record does not tell what the shop's system would have said",
		HandsOffNow:    "answered, now handed off",
		AsksNow:        "now asked back",
		SilentNow:      "now without a word",
		OtherReason:    "handed off for another reason",
		OtherPassages:  "rests on other passages",
		OtherWords:     "the same in other words",
		Same:           "unchanged",
	}[k]
}

// mostShown is how many changes a terminal and a pull request get; the others are in the
// JSON.
const mostShown = 20

// WriteTable writes a result for a terminal.
func (r Result) WriteTable(w io.Writer) error {
	var b bytes.Buffer
	r.head(&b, "")
	fmt.Fprintln(&b)
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "exact\tafter a change\t \t")
	for _, k := range append(Kinds(), Same) {
		if n, after := r.Counts[k], r.CountsAfter[k]; n+after > 0 || k == Same {
			fmt.Fprintf(table, "%d\t%d\t \t%s\n", n, after, words(k))
		}
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	changed := r.Changed()
	for i, t := range changed[:min(len(changed), mostShown)] {
		fmt.Fprintf(&b, "\n%d. %s%s\n", i+1, words(t.Kind), t.remarks())
		for _, line := range []struct{ name, text string }{{"asked", t.Question}, {"was", t.Was.told()}, {"now", t.Now.told()}} {
			fmt.Fprintf(&b, "   %-5s  %s\n", line.name, strings.ReplaceAll(line.text, "\n", "\n          "))
		}
	}
	if more := len(changed) - mostShown; more > 0 {
		fmt.Fprintf(&b, "\n%d more stand in the file of --json.\n", more)
	}
	fmt.Fprintln(&b)
	for _, line := range r.verdict() {
		fmt.Fprintln(&b, line)
	}
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	return nil
}

// head says what was tried on what.
func (r Result) head(b *bytes.Buffer, bullet string) {
	fmt.Fprintf(b, "%s%s: %s\n", bullet, cmp.Or(r.Candidate, "The configuration of today"), cmp.Or(strings.Join(r.Changes, "; "), "nothing is different"))
	fmt.Fprintf(b, "%s%s, %s to %s: %s exact, %s after a change\n", bullet, counted(r.Conversations, "conversation", "conversations"),
		r.Since.Format(time.DateOnly), r.Until.Format(time.DateOnly), counted(r.Exact, "turn", "turns"), counted(r.After, "turn", "turns"))
	say := func(n int, text string) {
		if n > 0 {
			fmt.Fprintf(b, "%s%s\n", bullet, fmt.Sprintf(text, counted(n, "turn", "turns")))
		}
	}
	out := func(n int, why string) {
		if n > 0 {
			fmt.Fprintf(b, "%sleft out: %s whose customers %s\n", bullet, counted(n, "conversation", "conversations"), why)
		}
	}
	out(r.Unasked, "have not agreed")
	out(r.Withheld, "objected, or want their data deleted")
	for _, why := range slices.Sorted(maps.Keys(r.Skipped)) {
		say(r.Skipped[why], "not taken again: %s, because "+why)
	}
	say(r.OutagesThen, "not judged: %s that a provider failed then")
	say(r.Outages, "not judged: %s that a provider of the candidate failed; look whether it can be reached and run again")
	say(r.Inexact, "inexact: %s with search results of which a part is not there any more, so that the score may differ by it")
	for _, m := range r.Made {
		if !m.Today {
			fmt.Fprintf(b, "%s%s made by another configuration than today's: %s, %s, %s\n", bullet, counted(m.Turns, "turn was", "turns were"),
				cmp.Or(m.Model, "no model"), cmp.Or(m.Calibration, "no calibration"), cmp.Or(m.Config, "of a version that noted none"))
		}
	}
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// remarks are where a turn is and what is to be known of it.
func (t Turn) remarks() string {
	text := fmt.Sprintf(" · conversation %s, turn %d", t.Conversation, t.Number)
	if t.After {
		text += " · after a change"
	}
	if t.Inexact {
		text += " · inexact"
	}
	if t.Label != "" {
		text += " · people said that the answer of then was " + t.Label
	}
	return text
}

// told is a side in one text: what the customer got, and why.
func (s Side) told() string {
	why := s.Rule
	if s.Reason != "" {
		why = string(s.Reason)
	}
	if s.Threshold > 0 && (s.Rule == "confidence" || s.Confidence > 0) {
		why += fmt.Sprintf(", confidence %.2f of %.2f", s.Confidence, s.Threshold)
	}
	return strings.TrimSpace(s.Reply + "\n[" + string(s.Decision) + ": " + why + "]")
}

// verdict says in sentences what the gate found.
func (r Result) verdict() []string {
	g := r.Gate
	if g == nil {
		return nil
	}
	lines := []string{
		fmt.Sprintf("answered           %s", share(g.Answered.Base, g.Answered.New, g.Answered.Value, g.Answered.Low, g.Answered.High, g.Margins.Answered)),
		fmt.Sprintf("nothing unchecked  %s", share(g.Held.Base, g.Held.New, g.Held.Value, g.Held.Low, g.Held.High, g.Margins.Held)),
	}
	switch g.Verdict {
	case SameAsNow:
		return append(lines, "Nothing changed: the candidate is the configuration that made these turns.")
	case NotWorse:
		return append(lines, "Passed: both shares were shown to fall by less than their margins.")
	case Worse:
		return append(lines, "Failed: it was shown that a share falls by more than its margin.")
	case Unjudged:
		return []string{"Not judged: " + map[bool]string{true: "a provider of the candidate was away.", false: "there are no exact turns."}[r.Outages > 0]}
	case Undecided:
	}
	switch {
	case g.MoreThan:
		return append(lines, fmt.Sprintf("Not shown: it takes more than %d conversations more, or a wider margin.", g.More))
	case g.More > 0:
		return append(lines, fmt.Sprintf("Not shown: about %d more conversations like these would show it.", g.More))
	}
	return append(lines, "Not shown: a share fell by its margin or more, and no number of conversations like these would show the opposite.")
}

func share(was, now, difference, low, high, margin float64) string {
	return fmt.Sprintf("%5.1f %% → %5.1f %%  (%+.1f, 95 %% from %+.1f to %+.1f; may fall by %.1f)", 100*was, 100*now, 100*difference, 100*low, 100*high, 100*margin)
}

// WriteMarkdown writes a result for a pull request.
func (r Result) WriteMarkdown(w io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "## Replay of real conversations\n\n")
	r.head(&b, "- ")
	fmt.Fprintf(&b, "\n| | exact | after a change |\n| --- | ---: | ---: |\n")
	for _, k := range append(Kinds(), Same) {
		if n, after := r.Counts[k], r.CountsAfter[k]; n+after > 0 || k == Same {
			fmt.Fprintf(&b, "| %s | %d | %d |\n", words(k), n, after)
		}
	}
	fmt.Fprintln(&b)
	for _, line := range r.verdict() {
		fmt.Fprintf(&b, "- %s\n", line)
	}
	changed := r.Changed()
	if len(changed) > 0 {
		fmt.Fprintf(&b, "\n| | asked | was | now |\n| --- | --- | --- | --- |\n")
	}
	for _, t := range changed[:min(len(changed), mostShown)] {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", cell(words(t.Kind)+t.remarks()), cell(t.Question), cell(t.Was.told()), cell(t.Now.told()))
	}
	if more := len(changed) - mostShown; more > 0 {
		fmt.Fprintf(&b, "\n%d more stand in the file of `--json`.\n", more)
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
