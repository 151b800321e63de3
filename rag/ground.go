package rag

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/recado/recado/rag/guard"
)

// maxReply is the longest reply in characters that counts as one message of a
// conversation. WhatsApp itself takes 4096.
const maxReply = 1500

// The names of the checks, as they stand in records.
const (
	CheckCitations = "citations"
	CheckOrders    = "orders"
	CheckNumbers   = "numbers"
	CheckActions   = "actions"
	CheckLanguage  = "language"
	CheckLength    = "length"
	// CheckRevoked fails when a passage was taken back while the answer was made.
	CheckRevoked = "revoked"
)

// ground holds a draft against what it rests on and returns the passages it
// cites and the result of every check. A draft without a text has nothing to
// check.
func ground(a Answer) (cited []Passage, checks []Check) {
	if a.Text == "" {
		return nil, nil
	}
	cited, unknown := citations(a)
	return cited, []Check{
		checkCitations(a, cited, unknown),
		checkOrders(a),
		check(CheckNumbers, guard.Unsupported(a.Text, sources(a, cited))),
		check(CheckActions, guard.Claims(a.Text)),
		checkLanguage(a, cited),
		checkLength(a),
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
// speaks of orders or is small talk.
func checkCitations(a Answer, cited []Passage, unknown []string) Check {
	if len(unknown) == 0 && len(cited) == 0 && !a.Draft.SmallTalk && !aboutOrders(a) {
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

// sources are the texts that a number or date of the answer may come from: the
// cited passages, the orders, and the order numbers that were asked for. The
// customer's own words are none: "is it 45 days?" does not make it 45 days.
func sources(a Answer, cited []Passage) []string {
	var texts []string
	for _, p := range cited {
		texts = append(texts, p.Title, p.Heading, p.Question, p.Text)
	}
	for _, o := range a.Orders.Orders {
		texts = append(texts, o.Number, o.PlacedAt, o.ETA, o.Carrier, o.TrackingURL, o.LastNote, o.LastAt)
		for _, item := range o.Items {
			texts = append(texts, item.Name, strconv.Itoa(item.Quantity), item.Price())
		}
	}
	// How many orders there are is known too.
	return append(append(texts, strconv.Itoa(len(a.Orders.Orders))), a.Orders.Asked...)
}

// quotation matches what stands between quotation marks of either language.
var quotation = regexp.MustCompile(`(?s)«[^»]*»|“[^”]*”`)

// checkLanguage wants the customer's language. A text that speaks for neither passes,
// and what is quoted from a passage in the other language does not count.
func checkLanguage(a Answer, cited []Passage) Check {
	text := a.Text
	if slices.ContainsFunc(cited, func(p Passage) bool { return supported(p.Locale) != a.Locale }) {
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
