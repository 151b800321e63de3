package suite

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Known is what a suite is held against: the shop that it is about, and the figures that
// a run gives. What is nil is not looked at.
type Known struct {
	// Documents are those of the knowledge base, with or without folder and extension.
	Documents []string
	// Customers are the phone numbers that the shop has orders of.
	Customers []string
	// Orders are the numbers of its orders.
	Orders []string
	// Metrics are the names that a threshold may use.
	Metrics []string
}

// Check looks for what a suite names and the shop does not have: documents, customers,
// orders and figures. All of it comes back, each a Problem with its line.
func Check(s Suite, known Known) []error {
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
		if known.Metrics != nil && !slices.Contains(known.Metrics, t.Metric) {
			c.fault(t.File, t.Line, "a run has no figure `%s`%s", t.Metric, suggest(t.Metric, known.Metrics))
		}
	}
	for _, one := range s.Cases {
		c.oneCase(one)
	}
	var list []error
	for _, p := range c.problems.sorted() {
		list = append(list, p)
	}
	return list
}

// DocumentName is how suites name a document: without folder and extension.
func DocumentName(name string) string {
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	return strings.TrimSuffix(name, path.Ext(name))
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
	for number := range e.Orders {
		c.order(file, e.Line, number)
	}
}

func (c *shopCheck) order(file string, line int, number string) {
	if number != "" && c.known.Orders != nil && !slices.Contains(c.orders, orderKey(number)) {
		c.fault(file, line, "the shop has no order `%s`%s", number, suggest(number, c.known.Orders))
	}
}
