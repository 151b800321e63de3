// Package receipts holds every sentence of a drafted reply against what backs it.
//
// A draft is split into sentences, each is classified (a fact of the shop's policies, a
// fact of an order, something done, a promise, courtesy, a question), and each class has
// its own kind of source: policies rest on one cited passage, order facts on that order
// alone, and "I have cancelled it" on a receipt of the system that did it. Numbers,
// amounts, dates, times, order numbers, links and addresses are compared exactly, in
// whatever way they are written; that a passage supports the words of a sentence is a
// probability, from features weighed by a rag/confidence calibration.
//
// The package reads Spanish and English, knows no model and no channel, and decides
// nothing: it says for each sentence whether it is backed, by what, or what is missing.
package receipts

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/recado/recado/internal/recent"
)

// Class says what a sentence does, and so what may back it.
type Class string

// The classes of sentences.
const (
	// Policy is a statement about the shop. It is also what a sentence is that fits no
	// other class: it needs a passage then.
	Policy Class = "policy"
	// OrderFact is a statement about an order of the customer.
	OrderFact Class = "order"
	// Done says that something was done for the customer just now.
	Done Class = "done"
	// Promise says that the shop or somebody of it will do something.
	Promise Class = "promise"
	// Courtesy is a greeting, thanks or an offer of help, and states nothing.
	Courtesy Class = "courtesy"
	// Question asks the customer something.
	Question Class = "question"
)

// Draft is what is checked.
type Draft struct {
	Text string
	// Locale is the language of the text, "es" or "en". Empty means "es".
	Locale string
	// Orders are the numbers of the orders that it says it is about. A sentence without a
	// number is about the only one.
	Orders []string
}

// Evidence is what may back a draft.
type Evidence struct {
	// Passages are those that the draft cites, and no others.
	Passages []Passage
	// Orders are the customer's own.
	Orders []Order
	// Asked are order numbers that the customer named and that are not among Orders. A
	// draft may repeat them only to say that they are not to be found.
	Asked []string
	// Receipts are those of this conversation that the customer was not told of yet.
	Receipts []Receipt
	// Now is the moment of the reply in the shop's zone. Without it nothing backs
	// "today", "tomorrow" and days of the week.
	Now time.Time
}

// Passage is a piece of a document.
type Passage struct {
	ID, Title, Heading, Question, Text string
}

// Order is an order as far as a reply may tell of it. Days are YYYY-MM-DD or RFC 3339.
type Order struct {
	Number, Status, PlacedAt, ETA, Carrier, TrackingURL, LastNote, LastAt string
	Refund, Address, InvoiceURL, ProofURL                                 string
	Items                                                                 []Item
}

// Item is a line of an order. Price is that of one piece as digits with a point.
type Item struct {
	Name     string
	Quantity int
	Price    string
	Currency string
}

// Receipt is the word of the shop's system that something was done, or was not.
type Receipt struct {
	// ID names the receipt in records.
	ID string
	// Kind is the action: "cancel_order", "change_address", "start_return", "refund" or
	// another name that Deeds knows.
	Kind string
	// Order is the number of the order it was done to.
	Order string
	// Done is true when it was done. A refusal backs nothing.
	Done bool
	// Reference and Facts are texts that a reply may repeat.
	Reference string
	Facts     map[string]string
}

// Sentence is a sentence of the draft and what backs it.
type Sentence struct {
	Text  string `json:"text"`
	Class Class  `json:"class"`
	// Backing are the ids of passages and receipts and the numbers of orders.
	Backing []string `json:"backing,omitempty"`
	// Support is the probability that the passage supports the words, where that counts.
	Support float64 `json:"support,omitempty"`
	OK      bool    `json:"ok"`
	// Detail says what is missing.
	Detail string `json:"detail,omitempty"`
}

// Checker holds drafts against evidence. It is made by New and may be used by many at once.
type Checker struct {
	support *Support
	// passages are those that were read last: shops have few, and the same ones are cited
	// again and again.
	passages *recent.Cache[cited, *read]
}

// passagesKept is how many passages stay read.
const passagesKept = 512

// Config is what New makes a Checker of.
type Config struct {
	// Support judges whether passages support a sentence. Nil means the shipped one.
	Support *Support
}

// New makes a Checker.
func New(c Config) (*Checker, error) {
	if c.Support == nil {
		shipped, err := Shipped()
		if err != nil {
			return nil, err
		}
		c.Support = shipped
	}
	return &Checker{support: c.Support, passages: recent.New(passagesKept, cited.read)}, nil
}

// Check gives every sentence of the draft with its class and what backs it. A draft is
// backed when all its sentences are; an empty one has none.
func (c *Checker) Check(d Draft, e Evidence) []Sentence {
	run := c.newRun(d, e)
	var all []Sentence
	for _, text := range Split(d.Text) {
		s := Sentence{Text: text, Class: run.classify(text)}
		run.hold(&s)
		all = append(all, s)
	}
	return all
}

// Unbacked gives the sentences that nothing backs.
func Unbacked(all []Sentence) []Sentence {
	var open []Sentence
	for _, s := range all {
		if !s.OK {
			open = append(open, s)
		}
	}
	return open
}

// run is one check: the evidence in the form in which it is compared, made where it is
// needed.
type run struct {
	support  *Support
	locale   string
	evidence Evidence
	passages []*read
	orders   []func() source
	receipts []func() source
	// notes are texts that quotations may be of, besides the passages.
	notes []string
	// about is the order that the sentences before spoke of, as an index, or -1.
	about int
}

func (c *Checker) newRun(d Draft, e Evidence) *run {
	r := &run{support: c.support, locale: d.Locale, evidence: e, about: -1}
	if r.locale == "" {
		r.locale = "es"
	}
	later := func(id string, lines []string) func() source {
		return sync.OnceValue(func() source { return newSource(r.locale, id, lines...) })
	}
	for _, p := range e.Passages {
		r.passages = append(r.passages, c.passages.Get(cited{r.locale, p}))
	}
	for _, o := range e.Orders {
		lines := o.lines()
		for _, one := range e.Receipts {
			if normCode(one.Order) == normCode(o.Number) {
				lines = append(lines, one.lines()...) // what was read of an order is of that order
			}
		}
		r.orders = append(r.orders, later(o.Number, lines))
		r.notes = append(r.notes, fold(o.LastNote))
	}
	for _, one := range e.Receipts {
		r.receipts = append(r.receipts, later(one.ID, one.lines()))
	}
	if len(d.Orders) == 1 {
		r.about = slices.IndexFunc(e.Orders, func(o Order) bool { return normCode(o.Number) == normCode(d.Orders[0]) })
	}
	return r
}

// cited is a passage with the language in which it is read.
type cited struct {
	locale string
	Passage
}

// read is a passage in the forms in which drafts are compared with it, each made where it
// is needed. Nothing changes them.
type read struct {
	source   func() source
	ground   func() *ground
	document document
}

func (c cited) read() *read {
	return &read{
		source:   sync.OnceValue(func() source { return newSource(c.locale, c.ID, c.lines()...) }),
		ground:   sync.OnceValue(func() *ground { return newGround(c.locale, []string{c.full()}) }),
		document: newDocument(c.Passage),
	}
}

func (r *run) hold(s *Sentence) {
	if quotable(s) && r.verbatim(s) {
		return
	}
	switch s.Class {
	case Courtesy:
		s.OK = true
	case Question:
		r.holdQuestion(s)
	case Done:
		r.holdDone(s)
	case OrderFact:
		r.holdOrder(s)
	case Policy, Promise:
		r.holdPolicy(s)
	}
}

// holdQuestion lets a question pass whose figures any source has: it states them.
func (r *run) holdQuestion(s *Sentence) {
	all := slices.Concat(r.orders, r.receipts)
	for _, p := range r.passages {
		all = append(all, p.source)
	}
	for _, f := range extract(s.Text) {
		at := slices.IndexFunc(all, func(src func() source) bool { return src().has(f) })
		if at < 0 && !r.asked(f) {
			s.Detail = missing([]figure{f})
			return
		}
	}
	s.OK = true
}

func (r *run) asked(f figure) bool {
	return slices.ContainsFunc(r.evidence.Asked, func(id string) bool { return normCode(id) == f.norm })
}

// near is the least share of a promise's words that stand in the passage it quotes.
const near = 0.9

// holdPolicy wants one passage that has all the figures of the sentence and supports its
// words. A promise has to be the passage's own, nearly word for word. What follows a
// sentence about an order may go on about it.
func (r *run) holdPolicy(s *Sentence) {
	s.Detail = "no passage says so"
	if r.holdPassage(s); !s.OK && s.Class == Policy {
		r.holdMore(s)
	}
}

func (r *run) holdPassage(s *Sentence) {
	for i := range r.passages {
		src := r.passages[i].source()
		open := src.unbacked(r.locale, s.Text)
		features := r.passages[i].ground().measure(s.Text, "")
		p := r.support.Probability(features)
		s.Support = max(s.Support, p)
		switch {
		case len(open) > 0:
			s.Detail = missing(open)
		case s.Class == Promise && features[featWords] < near:
			s.Detail = "no passage promises this"
		case p >= r.support.Threshold():
			s.OK, s.Detail, s.Backing, s.Support = true, "", []string{src.id}, p
			return
		}
	}
	if s.Class == Promise && len(r.passages) == 0 {
		s.Detail = "no passage promises this"
	}
}

// NotInSource begins the detail of a sentence whose figures stand nowhere.
const NotInSource = "not in the source: "

// missing names figures, each once.
func missing(open []figure) string {
	var raw []string
	for _, f := range open {
		if !slices.Contains(raw, f.raw) {
			raw = append(raw, f.raw)
		}
	}
	return NotInSource + strings.Join(raw, ", ")
}

func (p Passage) lines() []string { return []string{p.Title, p.Heading, p.Question, p.Text} }

func (p Passage) full() string { return strings.Join(p.lines(), "\n") }

// lines writes an order as sentences of both languages, so that the words around a figure
// tell which of its days or amounts is meant. Each begins with the order itself, or "your
// order" would be more like the line of what was ordered.
func (o Order) lines() []string {
	self := "pedido order " + o.Number + " "
	lines := []string{self, o.LastNote, o.TrackingURL, self + refundWords.Replace(o.Refund), o.Address, o.InvoiceURL, o.ProofURL}
	if o.PlacedAt != "" {
		lines = append(lines, self+"hiciste realizaste realizado compraste compra placed ordered made bought "+o.PlacedAt)
	}
	if o.ETA != "" {
		lines = append(lines, self+"llega llegará llegada entrega prevista previsto esperada recibirás arrives arrive arrival expected estimated delivery due "+o.ETA)
	}
	if o.LastAt != "" {
		lines = append(lines, self+o.LastNote+" "+o.LastAt+" "+statusWords(o.Status))
	}
	for _, i := range o.Items {
		lines = append(lines, strings.Join([]string{i.Name, strconv.Itoa(i.Quantity), "unidades units", ";", i.Name, "precio cuesta price costs", i.Price, i.Currency}, " "))
	}
	return append(lines, o.Carrier)
}

// refundWords puts beside what an order says of its refund how people say it in Spanish.
var refundWords = strings.NewReplacer("ordered ", "reembolso refund ordered ordenado ordenó pedido ", "expected by ", "reembolso refund expected by previsto prevista hasta llega llegará arrives ")

func (r Receipt) lines() []string {
	lines := []string{r.Order, r.Reference}
	for name, fact := range r.Facts {
		lines = append(lines, name+" "+fact)
	}
	slices.Sort(lines)
	return lines
}
