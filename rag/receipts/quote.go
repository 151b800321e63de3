package receipts

import (
	"regexp"
	"slices"
	"strings"
)

// document is a passage as it stands there: its sentences, and all of it, folded.
type document struct {
	id, text string
	units    map[string]bool
}

func newDocument(p Passage) document {
	d := document{id: p.ID, text: fold(p.full()), units: map[string]bool{}}
	for _, line := range p.lines() {
		for _, s := range Split(line) {
			d.units[fold(s)] = true
		}
	}
	return d
}

// leastQuoted is how many words in a row are a quotation. Fewer stand anywhere.
const leastQuoted = 4

// quotable tells whether the words of a passage back a sentence of that class: not what
// was done for this customer, in the first person, nor what will be.
func quotable(s *Sentence) bool {
	switch s.Class {
	case Promise:
		return false
	case Done:
		return !ourselves.MatchString(fold(s.Text))
	case Policy, OrderFact, Courtesy, Question:
	}
	return true
}

// verbatim lets pass what a passage says in these very words: a whole sentence or item of
// a list, or a run of words within one.
func (r *run) verbatim(s *Sentence) bool {
	said := fold(s.Text)
	if len(said) < 3 {
		return false
	}
	for _, p := range r.passages {
		d := p.document
		if d.units[said] || strings.Count(said, " ") > leastQuoted && strings.Contains(d.text, said) {
			s.OK, s.Backing, s.Support = true, []string{d.id}, 1
			return true
		}
	}
	return false
}

// quotation matches what stands between quotation marks.
var quotation = regexp.MustCompile(`«[^»]*»|“[^”]*”`)

// unquoted is a sentence without what it quotes of an order's note or of a passage: that
// "the parcel was sent back" stands in a note is no claim of the reply.
func (r *run) unquoted(sentence string) string {
	return quotation.ReplaceAllStringFunc(sentence, func(quoted string) string {
		words := fold(quoted)
		of := func(text string) bool { return strings.Contains(text, words) }
		if slices.ContainsFunc(r.notes, of) || slices.ContainsFunc(r.passages, func(p *read) bool { return of(p.document.text) }) {
			return ""
		}
		return quoted
	})
}

const (
	// leastShared is the share of a sentence's words that the order has to know when its
	// figures and names are those of the order, leastSharedAlone when it has none.
	leastShared      = 0.5
	leastSharedAlone = 0.8
)

// orderWords are what sentences about an order are made of besides what is in it.
const orderWords = "contiene incluye artículos productos contains holds includes items lleva transportista carrier courier seguimiento tracking enlace link " +
	"última anotación nota latest last note update reembolso refund factura invoice dirección address prueba entrega proof delivery aquí here puedes seguirlo track follow"

// calendarWords are the words of days, which are compared as such.
var calendarWords = regexp.MustCompile(`(?i)\b(?:` + monthNames + `)\b|` + dayWord.String())

// holdMore holds a sentence that no passage says against the order that the sentences
// before spoke of, or the only one there is: "It holds a lamp.".
func (r *run) holdMore(s *Sentence) {
	i := r.about
	if i < 0 && len(r.orders) == 1 {
		i = 0
	}
	if i < 0 {
		return
	}
	plain := *s
	plain.Text = r.unquoted(s.Text)
	if detail := r.orderSays(i, &plain); detail != "" || !r.alikeOrder(i, plain.Text) {
		return
	}
	s.OK, s.Detail, s.Backing = true, "", []string{r.evidence.Orders[i].Number}
}

// alikeOrder tells whether the words of a sentence are those of an order.
func (r *run) alikeOrder(i int, sentence string) bool {
	own := wordSet(r.locale, strings.Join(append(r.evidence.Orders[i].lines(), orderWords), " "))
	for _, src := range r.orders[i]().clauses {
		for word := range src.words {
			own[word] = true
		}
	}
	words := wordSet(r.locale, calendarWords.ReplaceAllString(sentence, " "))
	needed := leastSharedAlone
	if found, _ := days(sentence, r.evidence.Now); len(extract(sentence))+len(found) > 0 {
		needed = leastShared
	}
	return float64(shared(words, own)) >= needed*float64(len(words))
}
