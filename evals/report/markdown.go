package report

import (
	"bytes"
	"cmp"
	"fmt"
	"html"
	"io"
	"strings"

	"github.com/recado/recado/evals/runs"
)

// maxMarkdown is what a comment may have on GitHub, 65,536 characters, with some room;
// bytes are counted, which are never fewer. maxText is what one text may take of it.
const (
	maxMarkdown = 64000
	maxText     = 600
)

// WriteMarkdown writes a run for a pull request: the verdict first, then the thresholds,
// what changed against the base, and the failed cases folded away, as many as fit.
func WriteMarkdown(w io.Writer, v View) error {
	m := markdown{View: v.compared()}
	m.verdict()
	m.gates()
	if v.Base != nil {
		m.changes()
	}
	m.figures()
	m.failed()
	return write(w, "Markdown", m.b.Bytes())
}

// markdown is a report that is being written.
type markdown struct {
	View
	b bytes.Buffer
}

func (m *markdown) say(format string, args ...any) { fmt.Fprintf(&m.b, format+"\n", args...) }

func (m *markdown) t(key string) string { return phrase(m.Language, key) }

func (m *markdown) verdict() {
	m.say("## %s", inline(verdict(m.Language, m.Run)))
	m.say("\n%s", code(identity(m.Language, m.Run)))
	for _, remark := range remarks(m.Language, m.Run) {
		m.say("\n%s", inline(remark))
	}
	if m.Base != nil {
		m.say("\n%s %s", m.t("against"), code(identity(m.Language, *m.Base)))
	}
}

func (m *markdown) gates() {
	if len(m.Run.Gates) == 0 {
		return
	}
	m.say("\n### %s\n\n| | %s | %s | %s | %s |\n| --- | --- | --- | --- | --- |", m.t("gates"), m.t("gate"), m.t("limit"), m.t("measured"), m.t("note"))
	for _, g := range m.Run.Gates {
		got := m.t("not_measured")
		if g.Estimate != nil {
			got = fmt.Sprintf("%s, n %d", figureOf(g.Metric).estimate(m.Language, *g.Estimate), g.Estimate.N)
		}
		note := inline(g.NoteIn(m.Language))
		if !g.OK && g.File != "" {
			note += " " + code(fmt.Sprintf("%s:%d", g.File, g.Line))
		}
		m.say("| %s | %s | %s | %s | %s |", m.word(g.OK), code(strings.TrimSuffix(where(g), ",")), bound(m.Language, g), got, note)
	}
}

func (m *markdown) word(ok bool) string {
	if ok {
		return "✓ " + m.t("ok")
	}
	return "**✗ " + m.t("failed") + "**"
}

// changes lists what differs from the base: figures, and the cases that fail now or pass
// now.
func (m *markdown) changes() {
	m.say("\n### %s\n", m.t("changes"))
	pairs := matched(m.Run, m.Base)
	m.say("%s", pairs.sentence(m.Language))
	m.say("\n%s", inline(m.Comparison.SummaryIn(m.Language)))
	for _, note := range m.Comparison.NotesIn(m.Language) {
		m.say("\n%s", inline(note))
	}
	if p := m.Comparison.Preferred; p != nil {
		m.say("\n%s", inline(p.Sentence(m.Language)))
	}
	if rows := moved(*m.Comparison); len(rows) > 0 {
		m.say("\n| %s | %s | %s | %s | p |\n| --- | --- | --- | --- | --- |", m.t("figure"), m.t("before"), m.t("now"), m.t("change"))
		for _, r := range rows {
			m.say("| %s | %s | %s | %s: %s | %s |", code(r.Metric), r.unit.one(m.Language, r.Difference.Base), r.unit.one(m.Language, r.Difference.New),
				m.t(r.way()), r.amount(m.Language), decimal(m.Language, r.Corrected, 3))
		}
	}
	for _, part := range []struct {
		key  string
		list []string
	}{{"now_failed", pairs.broken}, {"now_passed", pairs.mended}, {"gone", pairs.gone}, {"added", pairs.added}} {
		if len(part.list) > 0 {
			m.say("\n<details><summary>%s: %d</summary>\n\n%s\n\n</details>", m.t(part.key), len(part.list), codes(part.list, 100))
		}
	}
}

// codes lists names, at most so many.
func codes(list []string, most int) string {
	parts := make([]string, 0, len(list))
	for _, one := range list[:min(most, len(list))] {
		parts = append(parts, code(one))
	}
	text := strings.Join(parts, ", ")
	if more := len(list) - most; more > 0 {
		text += fmt.Sprintf(" (+%d)", more)
	}
	return text
}

func (m *markdown) figures() {
	groups := themed(m.Run.Metrics)
	m.say("\n<details><summary>%s</summary>\n", m.t("figures"))
	for _, theme := range themes {
		if len(groups[theme]) == 0 {
			continue
		}
		m.say("\n| %s | | | n |\n| --- | ---: | --- | ---: |", m.t("theme_"+theme))
		for _, f := range groups[theme] {
			m.say("| %s | %s | %s | %d |", code(f.name), f.unit.one(m.Language, f.Value), f.interval(m.Language, f.Estimate), f.N)
		}
	}
	m.confusion()
	m.stages()
	m.say("\n</details>")
}

// confusion counts turns by what was expected and what was decided.
func (m *markdown) confusion() {
	c := runs.Confuse(m.Run.Results)
	if len(c.Counts) == 0 {
		return
	}
	words := func(decision string) string { return cmp.Or(lookup(m.Language, "decision_"+decision), decision) }
	head, line := "| "+m.t("expected")+" \\ "+m.t("decided"), "| ---"
	for _, decision := range c.Decisions {
		head, line = head+" | "+escape(words(decision)), line+" | ---:"
	}
	m.say("\n%s |\n%s |", head, line)
	for i, row := range c.Counts {
		m.say("| %s | %s |", escape(words(c.Decisions[i])), strings.Join(written(row), " | "))
	}
}

// stages are the times of the parts of a turn.
func (m *markdown) stages() {
	list := stages(m.Run)
	if len(list) < 2 {
		return
	}
	m.say("\n| %s | p50 | p95 | n |\n| --- | ---: | ---: | ---: |", m.t("latency"))
	for _, s := range list {
		name := m.t("whole_step")
		if s.Name != "" {
			name = cmp.Or(lookup(m.Language, "stage_"+s.Name), s.Name)
		}
		m.say("| %s | %s | %s | %d |", escape(name), millis.one(m.Language, s.P50), millis.one(m.Language, s.P95), s.N)
	}
}

func (m *markdown) failed() {
	list := failures(m.Run)
	if len(list) == 0 {
		return
	}
	m.causes()
	m.say("\n### %s\n", m.t("failed_cases"))
	groups := grouped(list)
	for i, group := range groups {
		// What fits is written, and what is left is counted.
		if one := m.failure(group); m.b.Len()+len(one) < maxMarkdown-200 {
			m.b.WriteString(one)
			continue
		}
		m.say("\n"+m.t("and_more"), len(groups)-i)
		return
	}
}

// causes counts the failed cases by where they went wrong.
func (m *markdown) causes() {
	m.say("\n### %s\n\n| | %s | %s |\n| ---: | --- | --- |", m.t("causes"), m.t("cause"), m.t("mend"))
	for _, c := range runs.Causes(m.Run.Results) {
		m.say("| %d | %s | %s |", c.Cases, inline(m.t("cause_"+string(c.Cause))), inline(m.t("mend_"+string(c.Cause))))
	}
}

// failure is the worst case of a group, folded, and the names of the others. Texts are in
// <pre>, where GitHub sees no names, links or marks in them.
func (m *markdown) failure(group []runs.Result) string {
	var b strings.Builder
	r := group[0]
	fmt.Fprintf(&b, "<details><summary>%s %s</summary>\n\n<pre>", code(name(r)), code(place(r, 0)))
	b.WriteString(html.EscapeString(causeWords(m.Language, r)) + "\n\n")
	line := func(who, text string) { b.WriteString(html.EscapeString(clean(who+": "+cut(text, maxText))) + "\n") }
	for _, s := range r.Steps {
		if len(s.Said) > 0 {
			line(m.t("customer"), strings.Join(s.Said, " / "))
		}
		for _, one := range s.Replies {
			line(m.t("reply"), one.Text)
		}
		for _, c := range s.Checks {
			if !c.OK {
				line("✗ "+c.Name, says(m.Language, c))
			}
		}
	}
	if also := others(group); also != "" {
		line(m.t("also"), also)
	}
	b.WriteString("</pre>\n</details>\n")
	return b.String()
}

// code is a text in the face of code, in which nothing is a mark, a name or a link.
func code(text string) string {
	return "<code>" + escape(strings.Join(strings.Fields(text), " ")) + "</code>"
}

// inline is a sentence of ours, which may hold a name that somebody chose.
func inline(text string) string { return escape(strings.Join(strings.Fields(text), " ")) }

// escape writes everything that Markdown or HTML could take for a mark as a reference,
// which both show as the character and nothing more.
func escape(text string) string {
	var b strings.Builder
	for _, r := range strings.NewReplacer("://", "\x00//", "www.", "www\x01").Replace(clean(text)) {
		switch {
		case r == 0:
			b.WriteString("&#58;") // or an address would become a link
		case r == 1:
			b.WriteString("&#46;")
		case strings.ContainsRune("&<>\"'`*_[]()#|~\\!{}@$^=", r):
			fmt.Fprintf(&b, "&#%d;", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
