package rag

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/recado/recado/rag/action"
	"github.com/recado/recado/rag/guard"
	"github.com/recado/recado/rag/pii"
	"github.com/recado/recado/rag/receipts"
)

// maxReply is the longest reply in characters that counts as one message of a
// conversation. WhatsApp itself takes 4096.
const maxReply = 1500

// The names of the checks, as they stand in records.
const (
	CheckCitations = "citations"
	CheckOrders    = "orders"
	// CheckNumbers fails when a figure stands in no source of its sentence.
	CheckNumbers = "numbers"
	// CheckActions fails when something is claimed as done without a receipt, or promised
	// without a passage that does.
	CheckActions = "actions"
	// CheckSupport fails when no source says what a sentence says.
	CheckSupport  = "support"
	CheckLanguage = "language"
	CheckLength   = "length"
	// CheckSecrets fails when the customer is asked for a password or a card.
	CheckSecrets = "secrets"
	// CheckPrompt fails when the reply repeats the rules that the model was given.
	CheckPrompt = "prompt"
	// CheckMasked fails when the model made up a placeholder of personal data.
	CheckMasked = "masked"
	// CheckRevoked fails when a passage was taken back while the answer was made.
	CheckRevoked = "revoked"
)

// ground holds the draft of a turn against what it rests on: the passages it cites, the
// sentences with what backs each, and the result of every check. A draft without a text
// has nothing to check.
func (t *turn) ground() {
	a := &t.a
	a.Cited, a.Sentences, a.Checks = nil, nil, nil
	if a.Text == "" {
		return
	}
	cited, unknown := citations(*a)
	a.Cited = cited
	a.Sentences = t.sentences(a.Text)
	a.Checks = slices.Concat(
		[]Check{checkCitations(*a, cited, unknown), checkOrders(*a)},
		sentenceChecks(a.Sentences),
		[]Check{checkLanguage(*a, t.masked, cited), checkLength(*a)},
		t.checkLeaks(a.Text),
	)
}

// sentences holds every sentence of a text against its own kind of source.
func (t *turn) sentences(text string) []Sentence {
	var list []Sentence
	for _, s := range t.p.checker.Check(receipts.Draft{Text: text, Locale: t.a.Locale, Orders: t.a.Draft.Orders}, t.evidence()) {
		one := Sentence{Text: s.Text, Class: string(s.Class), Backing: s.Backing, Support: s.Support, OK: s.OK, Detail: s.Detail}
		if t.a.Draft.SmallTalk && s.Class == receipts.Policy && receipts.Idle(s.Text) {
			one.OK, one.Detail = true, "" // a courtesy of the shop's own, which states nothing
		}
		list = append(list, one)
	}
	return list
}

// evidence is what the sentences of the draft may rest on. The customer's own words are
// none: "is it 45 days?" does not make it 45 days.
func (t *turn) evidence() receipts.Evidence {
	e := receipts.Evidence{Asked: t.a.Orders.NotFound, Now: t.q.At.In(t.p.searcher.Zone)}
	for _, p := range t.a.Cited {
		e.Passages = append(e.Passages, receipts.Passage{ID: p.ID, Title: p.Title, Heading: p.Heading, Question: p.Question, Text: p.Text})
	}
	for _, o := range t.a.Orders.Orders {
		e.Orders = append(e.Orders, backingOrder(o))
	}
	for _, r := range t.a.Receipts {
		e.Receipts = append(e.Receipts, receipts.Receipt{
			ID: r.ID, Kind: string(r.Kind), Order: r.Order, Done: r.Outcome == action.Done && writes(r.Kind),
			Reference: r.Reference, Facts: r.Facts,
		})
	}
	return e
}

// writes tells whether an action changes something: a look-up has a receipt too, and
// backs no deed.
func writes(k action.Kind) bool {
	spec, known := action.Find(k)
	return !known || spec.Write
}

func backingOrder(o Order) receipts.Order {
	b := receipts.Order{
		Number: o.Number, Status: o.Status, PlacedAt: o.PlacedAt, ETA: o.ETA, Carrier: o.Carrier, TrackingURL: o.TrackingURL, LastNote: o.LastNote, LastAt: o.LastAt,
		Refund: o.Refund, Address: o.Address, InvoiceURL: o.InvoiceURL, ProofURL: o.ProofURL,
	}
	for _, i := range o.Items {
		b.Items = append(b.Items, receipts.Item{Name: i.Name, Quantity: i.Quantity, Price: i.Price(), Currency: i.Currency})
	}
	return b
}

// sentenceChecks sums the sentences up: figures that stand nowhere, deeds without a
// receipt, and what no source says.
func sentenceChecks(list []Sentence) []Check {
	var figures, deeds, said []string
	for _, s := range list {
		objection := fmt.Sprintf("%q: %s", s.Text, s.Detail)
		switch {
		case s.OK:
		case s.Class == string(receipts.Done), s.Class == string(receipts.Promise):
			deeds = append(deeds, objection)
		case strings.HasPrefix(s.Detail, receipts.NotInSource):
			figures = append(figures, objection)
		default:
			said = append(said, objection)
		}
	}
	return []Check{check(CheckNumbers, figures), check(CheckActions, deeds), check(CheckSupport, said)}
}

// checkLeaks looks for what no reply may hold, whatever backs it.
func (t *turn) checkLeaks(text string) []Check {
	var rules []string
	if run := t.p.model.prompt.leaked(text); run != "" {
		rules = []string{strconv.Quote(run)}
	}
	return []Check{
		check(CheckSecrets, guard.AsksSecret(text)),
		check(CheckPrompt, rules),
		check(CheckMasked, t.veil.vault.Unknown(t.masked)),
	}
}

// check passes when nothing was found to object to.
func check(name string, objections []string) Check {
	return Check{Name: name, OK: len(objections) == 0, Detail: strings.Join(objections, "; ")}
}

// citations resolves the draft's citations, each once, in their order.
func citations(a Answer) (cited []Passage, unknown []string) {
	for i, id := range a.Draft.Citations {
		if slices.Contains(a.Draft.Citations[:i], id) {
			continue
		}
		at := slices.IndexFunc(a.Passages, func(p Passage) bool { return p.ID == id })
		if at < 0 {
			unknown = append(unknown, strconv.Quote(id))
			continue
		}
		cited = append(cited, a.Passages[at])
	}
	return cited, unknown
}

// checkCitations wants known passages only, and at least one unless the answer
// speaks of orders, tells of a receipt, or is small talk.
func checkCitations(a Answer, cited []Passage, unknown []string) Check {
	if len(unknown) == 0 && len(cited) == 0 && !a.Draft.SmallTalk && !aboutOrders(a) && len(a.Receipts) == 0 {
		unknown = []string{"no passage is cited"}
	}
	return check(CheckCitations, unknown)
}

// checkOrders wants the numbers of the customer's own orders, or those they asked
// for, which the answer may say are not to be found.
func checkOrders(a Answer) Check {
	var foreign []string
	for _, number := range a.Draft.Orders {
		asked := slices.ContainsFunc(a.Orders.NotFound, func(n string) bool { return sameOrder(n, number) })
		if !ownOrder(a.Orders, number) && !asked {
			foreign = append(foreign, strconv.Quote(number))
		}
	}
	if aboutOrders(a) && a.Orders.Unavailable {
		foreign = append(foreign, "the orders could not be read")
	}
	return check(CheckOrders, foreign)
}

func ownOrder(f OrderFacts, number string) bool {
	return slices.ContainsFunc(f.Orders, func(o Order) bool { return sameOrder(o.Number, number) })
}

// sameOrder compares order numbers as people write them: with or without "#", in any
// case.
func sameOrder(a, b string) bool {
	return strings.EqualFold(strings.TrimPrefix(a, "#"), strings.TrimPrefix(b, "#"))
}

func aboutOrders(a Answer) bool { return len(a.Draft.Orders) > 0 }

// quotation matches what stands between quotation marks of either language.
var quotation = regexp.MustCompile(`(?s)«[^»]*»|“[^”]*”`)

// checkLanguage wants the customer's language. A text that speaks for neither passes,
// and what is quoted from a passage or an order in the other language does not count, nor what the
// model did not see: the name of a street.
func checkLanguage(a Answer, masked string, cited []Passage) Check {
	text := pii.Blank(masked)
	foreign := func(p Passage) bool { return supported(p.Locale) != a.Locale }
	noted := func(o Order) bool { return o.LastNote != "" && DetectLocale(o.LastNote, a.Locale) != a.Locale }
	if slices.ContainsFunc(cited, foreign) || aboutOrders(a) && slices.ContainsFunc(a.Orders.Orders, noted) {
		text = quotation.ReplaceAllString(text, " ")
	}
	if got := DetectLocale(text, a.Locale); got != a.Locale {
		return Check{Name: CheckLanguage, Detail: "written in " + got}
	}
	return Check{Name: CheckLanguage, OK: true}
}

func checkLength(a Answer) Check {
	if n := utf8.RuneCountInString(a.Text); n > maxReply {
		return Check{Name: CheckLength, Detail: fmt.Sprintf("%d characters", n)}
	}
	return Check{Name: CheckLength, OK: true}
}
