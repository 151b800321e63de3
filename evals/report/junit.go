package report

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/recado/recado/evals/runs"
)

// The elements of JUnit's XML, in the order that the schemas of Jenkins and pytest want;
// file and line are pytest's.
type (
	junitSuites struct {
		XMLName xml.Name `xml:"testsuites"`
		junitCounts
		Suites []junitSuite `xml:"testsuite"`
	}
	junitCounts struct {
		Name     string `xml:"name,attr"`
		Tests    int    `xml:"tests,attr"`
		Failures int    `xml:"failures,attr"`
		Errors   int    `xml:"errors,attr"`
		Time     string `xml:"time,attr"`
	}
	junitSuite struct {
		junitCounts
		Skipped    int             `xml:"skipped,attr"`
		Timestamp  string          `xml:"timestamp,attr,omitempty"`
		Properties []junitProperty `xml:"properties>property"`
		Cases      []junitCase     `xml:"testcase"`
		Out        string          `xml:"system-out,omitempty"`
	}
	junitProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		Time    string        `xml:"time,attr"`
		File    string        `xml:"file,attr,omitempty"`
		Line    int           `xml:"line,attr,omitempty"`
		Skipped *junitSkipped `xml:"skipped"`
		Error   *junitProblem `xml:"error"`
		Failure *junitProblem `xml:"failure"`
	}
	junitSkipped struct {
		Message string `xml:"message,attr"`
	}
	junitProblem struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
)

// WriteJUnit writes a run for a build server: one suite with a test for each case. A
// provider that was away is an error, not a failure, a case that the system can't be asked is
// skipped, and thresholds are written as text,
// because a case may fail where enough others pass.
func WriteJUnit(w io.Writer, run runs.Run) error {
	suite := junitSuite{
		junitCounts: junitCounts{Name: run.Suite, Tests: len(run.Results)}, Timestamp: run.Started.UTC().Format("2006-01-02T15:04:05"),
		Properties: junitProperties(run), Out: junitGates(run),
	}
	var all time.Duration
	for _, r := range run.Results {
		one, took := newJUnitCase(run.Suite, r)
		all += took
		if one.Failure != nil {
			suite.Failures++
		}
		if one.Error != nil {
			suite.Errors++
		}
		if one.Skipped != nil {
			suite.Skipped++
		}
		suite.Cases = append(suite.Cases, one)
	}
	suite.Time = seconds(all)
	var b bytes.Buffer
	b.WriteString(xml.Header)
	encoder := xml.NewEncoder(&b)
	encoder.Indent("", "  ")
	if err := encoder.Encode(junitSuites{junitCounts: suite.junitCounts, Suites: []junitSuite{suite}}); err != nil {
		return fmt.Errorf("write a run as JUnit: %w", err)
	}
	b.WriteByte('\n')
	return write(w, "JUnit", b.Bytes())
}

func newJUnitCase(suite string, r runs.Result) (c junitCase, took time.Duration) {
	for _, s := range r.Steps {
		took += s.Took
	}
	class := suite
	if r.Intent != "" {
		class += "." + r.Intent
	}
	c = junitCase{Name: name(r), Class: class, Time: seconds(took), File: r.File, Line: r.Line}
	switch {
	case r.Outage != "":
		c.Error = &junitProblem{Message: r.Outage, Type: "outage", Text: "\nThis case was not judged.\n"}
	case r.Skipped != "":
		c.Skipped = &junitSkipped{Message: r.Skipped}
	case !r.Passed:
		c.Failure = newJUnitFailure(r)
	}
	return c, took
}

func newJUnitFailure(r runs.Result) *junitProblem {
	var text strings.Builder
	text.WriteString("\n" + causeWords("en", r) + "\n")
	for _, s := range r.Steps {
		if len(s.Said) > 0 {
			fmt.Fprintf(&text, "customer: %s\n", strings.Join(s.Said, " / "))
		}
		for _, one := range s.Replies {
			fmt.Fprintf(&text, "reply: %s\n", one.Text)
		}
		for _, c := range s.Checks {
			if !c.OK {
				fmt.Fprintf(&text, "%s: %s: %s\n", place(r, c.Line), c.Name, says("en", c))
			}
		}
	}
	problem := &junitProblem{Message: "the case failed", Type: "case", Text: text.String()}
	if list := failedChecks(r); len(list) > 0 {
		problem.Type, problem.Message = list[0].Name, cut(list[0].Name+": "+says("en", list[0]), 300)
		if len(list) > 1 {
			problem.Message += fmt.Sprintf(" (and %d more)", len(list)-1)
		}
	}
	return problem
}

func junitProperties(r runs.Run) []junitProperty {
	list := []junitProperty{
		{"id", r.ID},
		{"revision", r.Revision},
		{"config", r.Config},
		{"system", r.System},
		{"model", r.Model},
		{"repeat", strconv.Itoa(r.Repeat)},
		{"complete", strconv.FormatBool(r.Complete)},
	}
	for _, theme := range themes {
		for _, m := range themed(r.Metrics)[theme] {
			list = append(list, junitProperty{m.name, m.estimate("en", m.Estimate)})
		}
	}
	return list
}

func junitGates(r runs.Run) string {
	var text strings.Builder
	for _, g := range r.Gates {
		word := "failed"
		if g.OK {
			word = "ok"
		}
		fmt.Fprintf(&text, "threshold %s: %s %s. %s\n", word, where(g), bound("en", g), g.Note)
	}
	for _, remark := range remarks("en", r) {
		text.WriteString(clean(remark) + "\n")
	}
	return text.String()
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 3, 64) }
