package report_test

import (
	"bytes"
	"encoding/xml"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/recado/recado/evals/report"
	"github.com/recado/recado/evals/runs"
)

var update = flag.Bool("update", false, "write the golden files again")

// golden compares with a file in testdata, or writes it.
func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", file)
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s is not what is written now; look at it and run with -update (-want +got):\n%s", path, diff)
	}
}

func written(t testing.TB, write func(io.Writer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestGoldenFiles(t *testing.T) {
	t.Parallel()
	run, base := sampleRun(t), earlierRun(t)
	golden(t, "table.txt", written(t, func(w io.Writer) error { return report.WriteTable(w, run, 100) }))
	golden(t, "junit.xml", written(t, func(w io.Writer) error { return report.WriteJUnit(w, run) }))
	golden(t, "report.md", written(t, func(w io.Writer) error { return report.WriteMarkdown(w, report.View{Run: run}) }))
	golden(t, "compared.es.md", written(t, func(w io.Writer) error {
		return report.WriteMarkdown(w, report.View{Run: run, Base: &base, Language: "es"})
	}))
}

func TestTableFitsTheTerminal(t *testing.T) {
	t.Parallel()
	run := sampleRun(t)
	for _, width := range []int{1, 40, 72, 100, 200} {
		for line := range strings.Lines(string(written(t, func(w io.Writer) error { return report.WriteTable(w, run, width) }))) {
			line = strings.TrimSuffix(line, "\n")
			// A word that is longer than a line stands in one of its own.
			if n := utf8.RuneCountInString(line); n > max(40, width) && strings.Contains(strings.TrimSpace(line), " ") {
				t.Errorf("on %d columns a line has %d: %s", width, n, line)
			}
		}
	}
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	no, yes := runs.Gate{Metric: "passed"}, runs.Gate{Metric: "passed", OK: true}
	away := runs.Result{ID: "a", Outage: "the model's server was away"}
	for name, c := range map[string]struct {
		run  runs.Run
		want string
	}{
		"nothing judged": {runs.Run{Complete: true}, "Failed. 0 of 0 cases passed."},
		"all passed":     {runs.Run{Complete: true, Cases: 2, Passed: 2}, "Passed. 2 of 2 cases passed."},
		"no thresholds":  {runs.Run{Complete: true, Cases: 2, Passed: 1, Failed: 1}, "Failed. 1 of 2 cases passed."},
		"enough passed":  {runs.Run{Complete: true, Cases: 2, Passed: 1, Failed: 1, Gates: []runs.Gate{yes}}, "Passed. 1 of 2 cases passed."},
		"a threshold":    {runs.Run{Complete: true, Cases: 2, Passed: 2, Gates: []runs.Gate{yes, no}}, "Failed. 2 of 2 cases passed. Thresholds not reached: 1 of 2."},
		"an outage":      {runs.Run{Complete: true, Cases: 1, Passed: 1, Results: []runs.Result{away}}, "Passed. 1 of 1 cases passed. Cases not judged because a provider was away: 1."},
		"broken off":     {runs.Run{Cases: 1, Passed: 1}, "Failed. 1 of 1 cases passed. The run came to no end: the same command with --resume goes on where it stopped."},
	} {
		var b bytes.Buffer
		if err := report.WriteTable(&b, c.run, 300); err != nil {
			t.Fatal(err)
		}
		if lines := strings.Split(b.String(), "\n"); lines[1] != c.want {
			t.Errorf("%s: %q, not %q", name, lines[1], c.want)
		}
	}
}

// TestWhatCannotBeAskedIsNoFailure: a case with a step that the system does not have is told apart
// from those that failed, in each form.
func TestWhatCannotBeAskedIsNoFailure(t *testing.T) {
	t.Parallel()
	run := runs.Run{Suite: "demo", Complete: true, Cases: 1, Passed: 1, Results: []runs.Result{
		{ID: "a/en", Passed: true, Steps: []runs.Step{{Did: "customer", Said: []string{"Hi"}, Decision: "reply"}}},
		{ID: "b/en", Skipped: "the system can't do this step: agent: take is not part of rag"},
	}}
	table := string(written(t, func(w io.Writer) error { return report.WriteTable(w, run, 100) }))
	if !strings.Contains(table, "Passed. 1 of 1 cases passed. Cases that this system can't be asked: 1.") || strings.Contains(table, "Failed, worst first") {
		t.Errorf("the table has\n%s", table)
	}
	junit := string(written(t, func(w io.Writer) error { return report.WriteJUnit(w, run) }))
	if !strings.Contains(junit, `failures="0"`) || !strings.Contains(junit, `skipped="1"`) || !strings.Contains(junit, `<skipped message="the system can&#39;t do this step`) {
		t.Errorf("JUnit has\n%s", junit)
	}
	var index struct {
		Cases []struct {
			Status string `json:"s"`
		} `json:"cases"`
	}
	block(t, page(t, report.View{Run: run}), "index", &index)
	if index.Cases[0].Status != "skipped" || index.Cases[1].Status != "passed" {
		t.Errorf("the page has %+v", index.Cases)
	}
	before := run
	before.Results = slices.Clone(run.Results)
	before.Results[1].Skipped, before.Results[1].Passed = "", true
	md := string(written(t, func(w io.Writer) error { return report.WriteMarkdown(w, report.View{Run: run, Base: &before}) }))
	if strings.Contains(md, "Fail now") {
		t.Errorf("the comparison takes it for broken:\n%s", md)
	}
}

// TestRefrainsAreLeftOutOfALine: who is writing says nothing of a case.
func TestRefrainsAreLeftOutOfALine(t *testing.T) {
	t.Parallel()
	run := runs.Run{Suite: "demo", Complete: true}
	for i := range 6 {
		run.Results = append(run.Results, runs.Result{ID: string(rune('a' + i)), Steps: []runs.Step{{
			Did: "customer", Said: []string{"?"}, Decision: "reply", Replies: []runs.Reply{{Text: "I am the shop's assistant.\n\nThirty days."}}, Checks: []runs.Check{{Name: "says", Want: "5 days"}},
		}}})
	}
	table := string(written(t, func(w io.Writer) error { return report.WriteTable(w, run, 100) }))
	if strings.Contains(table, "assistant") || !strings.Contains(table, "→ Thirty days.") || !strings.Contains(table, "says: not said: 5 days") {
		t.Errorf("the table has\n%s", table)
	}
}

// element is any XML.
type element struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Elements []element  `xml:",any"`
	Text     string     `xml:",chardata"`
}

// junitShape says of each element which attributes it must and may have and the order of
// what it holds, as the schema of Jenkins has it; file and line are what pytest adds.
var junitShape = map[string]struct{ must, may, holds []string }{
	"testsuites": {nil, []string{"name", "time", "tests", "failures", "disabled", "errors"}, []string{"testsuite"}},
	"testsuite": {
		[]string{"name", "tests"},
		[]string{"failures", "errors", "time", "disabled", "skipped", "timestamp", "hostname", "id", "package"},
		[]string{"properties", "testcase", "system-out", "system-err"},
	},
	"properties": {nil, nil, []string{"property"}},
	"property":   {[]string{"name", "value"}, nil, nil},
	"testcase": {
		[]string{"name"},
		[]string{"assertions", "time", "classname", "status", "file", "line"},
		[]string{"skipped", "error", "failure", "system-out", "system-err"},
	},
	"skipped":    {nil, []string{"type", "message"}, nil},
	"error":      {nil, []string{"type", "message"}, nil},
	"failure":    {nil, []string{"type", "message"}, nil},
	"system-out": {},
}

func (e element) check(t testing.TB) {
	t.Helper()
	shape, known := junitShape[e.XMLName.Local]
	if !known {
		t.Fatalf("<%s> is no element of JUnit", e.XMLName.Local)
	}
	var has []string
	for _, a := range e.Attrs {
		has = append(has, a.Name.Local)
		if !slices.Contains(append(shape.may, shape.must...), a.Name.Local) {
			t.Errorf("<%s> may not have %s", e.XMLName.Local, a.Name.Local)
		}
	}
	for _, one := range shape.must {
		if !slices.Contains(has, one) {
			t.Errorf("<%s> lacks %s", e.XMLName.Local, one)
		}
	}
	at := 0
	for _, child := range e.Elements {
		i := slices.Index(shape.holds, child.XMLName.Local)
		if i < at {
			t.Fatalf("<%s> may not stand there in <%s>", child.XMLName.Local, e.XMLName.Local)
		}
		at = i
		child.check(t)
	}
}

func (e element) attr(name string) string {
	for _, a := range e.Attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func TestJUnitHasTheShapeOfTheSchema(t *testing.T) {
	t.Parallel()
	var root element
	run := sampleRun(t)
	run.Results[0].Skipped = "the system can't do this step"
	if err := xml.Unmarshal(written(t, func(w io.Writer) error { return report.WriteJUnit(w, run) }), &root); err != nil {
		t.Fatal(err)
	}
	root.check(t)
	suite, counts := root.Elements[0], map[string]int{}
	for _, c := range suite.Elements {
		for _, problem := range c.Elements {
			counts[problem.XMLName.Local]++
		}
	}
	if suite.attr("tests") != "64" || suite.attr("failures") != "24" || counts["failure"] != 24 || suite.attr("errors") != "1" || counts["error"] != 1 || suite.attr("skipped") != "1" || counts["skipped"] != 1 {
		t.Errorf("the suite says %v and holds %v", suite.Attrs, counts)
	}
}

// anyRun draws a run with texts that hold anything.
func anyRun(t *rapid.T) runs.Run {
	texts := rapid.OneOf(rapid.String(), rapid.SampledFrom(hostile))
	check := rapid.Custom(func(t *rapid.T) runs.Check {
		return runs.Check{Name: texts.Draw(t, "name"), OK: rapid.Bool().Draw(t, "ok"), Want: texts.Draw(t, "want"), Got: texts.Draw(t, "got"), Line: rapid.IntRange(0, 99).Draw(t, "line")}
	})
	step := rapid.Custom(func(t *rapid.T) runs.Step {
		return runs.Step{
			Did: texts.Draw(t, "did"), Said: rapid.SliceOfN(texts, 0, 2).Draw(t, "said"), Replies: []runs.Reply{{Text: texts.Draw(t, "reply")}},
			Decision: texts.Draw(t, "decision"), Expected: rapid.SliceOfN(texts, 0, 1).Draw(t, "expected"), Draft: texts.Draw(t, "draft"),
			Scored: rapid.Bool().Draw(t, "scored"), DraftRight: rapid.Bool().Draw(t, "right"), Confidence: rapid.Float64Range(0, 1).Draw(t, "confidence"),
			Checks: rapid.SliceOfN(check, 0, 2).Draw(t, "checks"),
		}
	})
	result := rapid.Custom(func(t *rapid.T) runs.Result {
		return runs.Result{
			ID: texts.Draw(t, "id"), Language: texts.Draw(t, "language"), Intent: texts.Draw(t, "intent"), Tags: rapid.SliceOfN(texts, 0, 2).Draw(t, "tags"), Pair: texts.Draw(t, "pair"),
			File: texts.Draw(t, "file"), Passed: rapid.Bool().Draw(t, "passed"), Outage: rapid.SampledFrom([]string{"", "", hostile[0]}).Draw(t, "outage"),
			Steps: rapid.SliceOfN(step, 0, 2).Draw(t, "steps"),
		}
	})
	return runs.Run{
		Suite: texts.Draw(t, "suite"), Revision: texts.Draw(t, "revision"), System: texts.Draw(t, "system"), Model: texts.Draw(t, "model"), Complete: true,
		Results: rapid.SliceOfN(result, 0, 4).Draw(t, "results"), Gates: []runs.Gate{{Metric: texts.Draw(t, "metric"), Where: texts.Draw(t, "where"), Note: texts.Draw(t, "note")}},
		Slices: []runs.Slice{{By: "tag", Name: texts.Draw(t, "slice"), Cases: 1}},
	}
}

func anyComparison(t *rapid.T) *runs.Comparison {
	texts := rapid.OneOf(rapid.String(), rapid.SampledFrom(hostile))
	return &runs.Comparison{
		Summary: texts.Draw(t, "summary"), Notes: rapid.SliceOfN(texts, 0, 2).Draw(t, "notes"),
		Metrics: []runs.Change{{Metric: texts.Draw(t, "changed"), Verdict: runs.Worse}},
	}
}

// ours are the tags that Markdown is written with.
var ours = regexp.MustCompile(`</?(details|summary|code|pre)>`)

// fenced is what stands in <pre>.
var fenced = regexp.MustCompile(`(?s)<pre>.*?</pre>`)

// TestHostileTextsStayTexts holds of any text that XML can be read, that a terminal gets
// no signs that steer it, and that Markdown has no tags but our own and none left open.
func TestHostileTextsStayTexts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		run := anyRun(t)
		var table, junit, markdown bytes.Buffer
		if err := report.WriteTable(&table, run, 80); err != nil {
			t.Fatal(err)
		}
		if i := bytes.IndexFunc(table.Bytes(), func(r rune) bool { return r < ' ' && r != '\n' || r == 0x7f || r == 0x202e }); i >= 0 {
			t.Fatalf("the table holds %q", table.Bytes()[i])
		}
		if err := report.WriteJUnit(&junit, run); err != nil {
			t.Fatal(err)
		}
		var root element
		if err := xml.Unmarshal(junit.Bytes(), &root); err != nil {
			t.Fatal(err)
		}
		base := anyRun(t)
		if err := report.WriteMarkdown(&markdown, report.View{Run: run, Base: &base, Comparison: anyComparison(t)}); err != nil {
			t.Fatal(err)
		}
		rest := ours.ReplaceAllString(markdown.String(), "")
		if marks := fenced.ReplaceAllString(markdown.String(), ""); strings.ContainsAny(rest, "<>") || strings.ContainsAny(marks, "@`") || strings.Contains(marks, "](") {
			t.Fatalf("Markdown with more than it should have:\n%s", rest)
		}
		for _, tag := range []string{"details", "summary", "code", "pre"} {
			if a, b := strings.Count(markdown.String(), "<"+tag+">"), strings.Count(markdown.String(), "</"+tag+">"); a != b {
				t.Fatalf("%d <%s> and %d ends", a, tag, b)
			}
		}
	})
}

// TestMarkdownFitsAComment: thousands of failures are cut to what GitHub takes, and the
// rest is counted.
func TestMarkdownFitsAComment(t *testing.T) {
	t.Parallel()
	run := sampleOf(t, 1, 60)
	for i := range run.Results {
		run.Results[i].Passed = false
	}
	got := written(t, func(w io.Writer) error { return report.WriteMarkdown(w, report.View{Run: run}) })
	if len(got) > 65000 || len(got) < 40000 || !bytes.Contains(got, []byte("more that do not fit here")) {
		t.Errorf("%d bytes, ending in %s", len(got), got[max(0, len(got)-200):])
	}
	if a, b := bytes.Count(got, []byte("<details>")), bytes.Count(got, []byte("</details>")); a != b {
		t.Errorf("%d parts are opened and %d closed", a, b)
	}
}
