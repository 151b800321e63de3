// Package demoshop is the invented shop that ships with Recado: Tienda Nogal,
// which sells electronics and home goods in Spain and delivers to the European
// Union and the United Kingdom. The demo serves it, tests and evals measure
// against it.
//
// The model is four embedded sets that agree with each other: policy documents,
// each in Spanish and English with the same slug and the same figures; a FAQ
// table; orders of fictional customers, dated relative to the day they are read
// so that the demo is always fresh; and labelled questions that name the
// document or the order which answers them, or say that nothing does.
//
// The package only hands the data out. It does not ingest, store or answer, and
// it knows no type of the packages that do. All people, phone numbers and
// addresses in it are made up: the numbers lie in ranges kept for fiction or
// in one pattern that is used here alone, the e-mail addresses below
// example.com and example.es.
package demoshop

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// The customer whose phone the demo shows. Three orders are theirs: one on its
// way, one delivered, and one whose refund is under way.
const (
	// DemoPhone is the customer's number in E.164 form.
	DemoPhone = "+34600550101"
	// DemoName is the name that the customer's WhatsApp profile shows.
	DemoName = "Lucía Herrera"
	// DemoShippedOrder is on its way and arrives in two days.
	DemoShippedOrder = "#W2024117"
	// DemoDeliveredOrder was delivered five days ago.
	DemoDeliveredOrder = "#W2023988"
	// DemoRefundOrder came back to the warehouse; its refund to a card was
	// ordered three days ago and has not arrived yet.
	DemoRefundOrder = "#W2023561"
)

//go:embed policies
var policies embed.FS

//go:embed faq.csv
var faq []byte

//go:embed orders.json
var orders []byte

//go:embed questions.jsonl
var questions []byte

// Policies returns the policy documents as a file system whose root holds one
// directory per locale ("es", "en"), each with the same files NN-slug.md:
// Markdown with a front matter that states title and locale.
func Policies() fs.FS {
	root, err := fs.Sub(policies, "policies")
	if err != nil {
		// fs.Sub fails on an invalid path alone, and the path is a constant.
		panic(fmt.Sprintf("demoshop: open embedded policies: %v", err))
	}
	return root
}

// FAQ returns the table of frequent questions: CSV in UTF-8 with the header
// question,answer,locale. The caller may change the returned bytes.
func FAQ() []byte { return slices.Clone(faq) }

// relative matches a member whose value is an offset such as "-3d" or "-0d2h":
// a sign, days, and optionally hours, from the moment of reading.
var relative = regexp.MustCompile(`"(\w+)": "([+-])(\d{1,3})d(?:(\d{1,2})h)?"`)

// dateMembers are the members that hold a day; other times are instants.
var dateMembers = []string{"eta", "expected_by", "collect_by", "pay_by"}

// Orders returns the shop's orders in the shape that PUT /api/v1/orders takes,
// with all times counted from now: instants in RFC 3339, in UTC to the second,
// and the days eta, expected_by, collect_by and pay_by as YYYY-MM-DD in the
// location of now. An order that was cancelled has no eta. The order of the
// result is that of the file and does not change.
func Orders(now time.Time) ([]json.RawMessage, error) {
	dated := relative.ReplaceAllFunc(orders, func(member []byte) []byte {
		return date(member, now)
	})
	var list []json.RawMessage
	if err := json.Unmarshal(dated, &list); err != nil {
		return nil, fmt.Errorf("decode embedded orders: %w", err)
	}
	return list, nil
}

// date replaces the offset of one member by the time it stands for. Days are
// calendar days, so that "+2d" is the day after tomorrow on the night of a
// clock change too.
func date(member []byte, now time.Time) []byte {
	m := relative.FindSubmatch(member)
	sign := 1
	if m[2][0] == '-' {
		sign = -1
	}
	at := now.AddDate(0, 0, sign*number(m[3])).Add(time.Duration(sign*number(m[4])) * time.Hour)
	value := at.UTC().Truncate(time.Second).Format(time.RFC3339)
	if slices.Contains(dateMembers, string(m[1])) {
		value = at.Format(time.DateOnly)
	}
	return fmt.Appendf(nil, "%q: %q", m[1], value)
}

// number reads at most three digits; an absent group counts as 0.
func number(digits []byte) int {
	n, err := strconv.Atoi(string(digits))
	if err != nil {
		return 0
	}
	return n
}

// Suggestions returns the three messages that a demo proposes to try as the
// demo's customer: one that a policy answers, one about an order on its way, and
// one that nothing answers, so that a person takes over.
func Suggestions() []string {
	return []string{
		"¿Cuánto tardan los reembolsos?",
		"Where is my order " + DemoShippedOrder + "?",
		"¿Venden bicicletas de carga?",
	}
}

// The kinds of a labelled question.
const (
	// KindPolicy is answered by a policy document.
	KindPolicy = "policy"
	// KindOrder is answered from the orders of the customer who asks.
	KindOrder = "order"
	// KindUncovered sounds like a customer's question, often close to the
	// policies, but nothing in the shop's documents answers it.
	KindUncovered = "uncovered"
	// KindHuman asks for a person, or must be left to one: threats, legal
	// steps, fraud.
	KindHuman = "human"
	// KindSmalltalk is a greeting, thanks or a farewell.
	KindSmalltalk = "smalltalk"
)

// What should become of a labelled question.
const (
	// DecisionReply expects an answer by the bot.
	DecisionReply = "reply"
	// DecisionHandoff expects that a person takes over.
	DecisionHandoff = "handoff"
)

// Question is a labelled message of a customer. The labels were set by hand
// against the policies and orders of this package.
type Question struct {
	// ID is unique, such as "es-policy-001".
	ID string `json:"id"`
	// Locale is the language of Text: "es" or "en".
	Locale string `json:"locale"`
	// Text is what the customer types, mistakes included.
	Text string `json:"text"`
	// Kind is one of the Kind constants.
	Kind string `json:"kind"`
	// Docs are the documents, without locale and extension, of which any one
	// answers the question, the best one first. Only policy questions have
	// them, and they have at least one.
	Docs []string `json:"docs,omitempty"`
	// Facts are what a right answer contains: of each group at least one
	// string, compared without regard to case and accents. Those of a policy
	// question occur in its documents. Those of an order question are the
	// order's number. A group is never empty; there may be no group.
	Facts []Fact `json:"facts,omitempty"`
	// Decision is DecisionReply or DecisionHandoff.
	Decision string `json:"decision"`
	// Customer is the number of the customer who asks, of order questions only.
	Customer string `json:"customer,omitempty"`
	// Order is the number of the order that is meant, of order questions only.
	// It is also set when the customer does not state it.
	Order string `json:"order,omitempty"`
	// Foreign says that Order belongs to somebody else or does not exist. The
	// decision is then a handoff, and a reply that the order was not found among
	// the customer's is right too; showing anything of the order never is.
	Foreign bool `json:"foreign,omitempty"`
	// OffTopic says that the question has nothing to do with a shop: the decision is a
	// handoff, and the line that says what the shop's assistant is for is right too.
	OffTopic bool `json:"off_topic,omitempty"`
}

// Fact is a group of alternative wordings of one fact. In JSON a group of one
// is a plain string.
type Fact []string

// UnmarshalJSON accepts a string or an array of strings.
func (f *Fact) UnmarshalJSON(data []byte) error {
	var one string
	if err := json.Unmarshal(data, &one); err == nil {
		*f = Fact{one}
		return nil
	}
	var several []string
	if err := json.Unmarshal(data, &several); err != nil {
		return fmt.Errorf("fact is neither a string nor an array of strings: %w", err)
	}
	*f = several
	return nil
}

// Questions returns the labelled questions in the order of the file: all of
// one locale and kind together. An error means that the embedded file is
// broken.
func Questions() ([]Question, error) {
	var list []Question
	for line := range bytes.Lines(questions) {
		dec := json.NewDecoder(bytes.NewReader(line))
		dec.DisallowUnknownFields()
		var q Question
		if err := dec.Decode(&q); err != nil {
			return nil, fmt.Errorf("decode embedded question %d: %w", len(list)+1, err)
		}
		list = append(list, q)
	}
	return list, nil
}
