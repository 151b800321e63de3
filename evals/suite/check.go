package suite

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Known is what a suite is held against: the shop that it is about, and the figures that
// a run gives. What is nil is not looked at.
type Known struct {
	// Documents are those of the knowledge base, with or without folder, extension and language.
	Documents []string
	// Customers are the phone numbers that the shop has orders of.
	Customers []string
	// Orders are the numbers of its orders.
	Orders []string
	// Metrics are the names that a threshold may use, and Shares those of them that lie
	// between 0 and 1.
	Metrics, Shares []string
}

// Check looks for what a suite names and the shop does not have: documents, customers,
// orders and figures. All of it comes back, each with its line.
func Check(s Suite, known Known) Problems {
	c := &shopCheck{known: known}
	for i := range c.known.Customers {
		c.phones = append(c.phones, digits(c.known.Customers[i]))
	}
	for _, name := range known.Documents {
		c.documents = append(c.documents, DocumentName(name))
	}
	slices.Sort(c.documents)
	c.documents = slices.Compact(c.documents)
	for _, number := range known.Orders {
		c.orders = append(c.orders, orderKey(number))
	}
	for _, t := range s.Thresholds {
		c.threshold(t)
	}
	for _, one := range s.Cases {
		c.oneCase(one)
	}
	return c.problems.Sorted()
}

// ofHalves ends the names of the halves of a file in both languages, ofFiles are the endings that files
// of documents have, and ofLanguages what may stand before those.
var (
	ofHalves    = regexp.MustCompile(`@(es|en)$`)
	ofFiles     = regexp.MustCompile(`(?i)\.(md|markdown|txt|x?html?|pdf|docx|csv|tsv|jsonl?|ndjson)$`)
	ofLanguages = regexp.MustCompile(`(?i)\.(es|en)$`)
)

// DocumentName is how suites name a document: without folder, extension and language, so that
// `returns` is returns.es.md and en/returns.md. A row of a table goes by the table.
func DocumentName(name string) string {
	name, _, _ = strings.Cut(path.Base(strings.ReplaceAll(name, `\`, "/")), "#")
	for _, ending := range []*regexp.Regexp{ofHalves, ofFiles, ofLanguages} {
		if short := ending.ReplaceAllString(name, ""); short != "" {
			name = short
		}
	}
	return name
}

// orderKey is an order's number as customers may write it too.
func orderKey(number string) string {
	return strings.ToLower(strings.TrimLeft(strings.ReplaceAll(number, " ", ""), "#"))
}

type shopCheck struct {
	known                     Known
	phones, documents, orders []string
	problems                  Problems
}

func (c *shopCheck) fault(file string, line int, format string, args ...any) {
	c.problems = append(c.problems, Problem{File: file, Line: line, Text: fmt.Sprintf(format, args...)})
}

func (c *shopCheck) threshold(t Threshold) {
	if c.known.Metrics != nil && !slices.Contains(c.known.Metrics, t.Metric) {
		c.fault(t.File, t.Line, "a run has no figure `%s`%s", t.Metric, suggest(t.Metric, c.known.Metrics))
		return
	}
	for _, bound := range []*float64{t.Min, t.Max} {
		if bound == nil || *bound >= 0 && *bound <= 1 || !slices.Contains(c.known.Shares, t.Metric) {
			continue
		}
		hint := ""
		if *bound > 1 && *bound <= 100 {
			hint = fmt.Sprintf("; for %g %% write %g", *bound, *bound/100)
		}
		c.fault(t.File, t.Line, "`%s` lies between 0 and 1, so that it never reaches %g%s", t.Metric, *bound, hint)
	}
}

func (c *shopCheck) oneCase(one Case) {
	if phone := digits(one.Customer.Phone); phone != "" && c.known.Customers != nil && !slices.Contains(c.phones, phone) {
		// The number itself is nobody's business who reads the message.
		c.fault(one.File, one.Line, "the shop has no orders of the customer's phone number; take another, or leave `phone` out for somebody whom the shop does not know")
	}
	for _, s := range one.Steps {
		c.order(one.File, s.Line, s.Order)
		c.expect(one.File, s.Expect)
	}
	if one.Simulate != nil {
		// What the customer knows may be wrong: that is a case of its own.
		c.expect(one.File, one.Simulate.Expect)
	}
}

func (c *shopCheck) expect(file string, e Expect) {
	for _, name := range slices.Concat(e.Sources, e.Relevant) {
		if c.known.Documents != nil && !slices.Contains(c.documents, name) {
			c.fault(file, e.Line, "the shop has no document `%s`%s", name, suggest(name, c.documents))
		}
	}
	for _, a := range e.Actions {
		// What is refused may well be about an order that does not exist.
		if a.Outcome != "refused" {
			c.order(file, e.Line, a.Order)
		}
	}
	for _, number := range slices.AppendSeq(slices.Clone(e.MayChange), maps.Keys(e.Orders)) {
		c.order(file, e.Line, number)
	}
}

func (c *shopCheck) order(file string, line int, number string) {
	if number != "" && c.known.Orders != nil && !slices.Contains(c.orders, orderKey(number)) {
		c.fault(file, line, "the shop has no order `%s`%s", number, suggest(number, c.known.Orders))
	}
}
