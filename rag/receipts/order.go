package receipts

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/recado/recado/rag/phrases"
)

// deeds are the actions by the words that claim them. The words are folded.
var deeds = []struct {
	kind string
	said *phrases.Set
}{
	{"cancel_order", phrase(`cancelad[oa]s?|cancelar\w*|anulad[oa]s?|anular\w*|cancell?ed|cancell?ing|cancel|cancelo|anulo|cancelando\w*|cancelacion|cancellation`)},
	{"change_address", phrase(`direccion|domicilio|address`)},
	{"start_return", phrase(`devolucion|devoluciones|return|returns|returned|devuelt[oa]s?|recogida|pick ?up|collection`)},
	{"refund", phrase(`reembols\w+|abonad[oa]s?|abonar\w*|refund\w*|credited|devuelto el dinero`)},
	{"invoice", phrase(`factura\w*|invoices?`)},
	{"delivery_proof", phrase(`(?:prueba|justificante|comprobante) de entrega|proof of delivery`)},
	{"send_code", phrase(`codigos?|codes?`)},
}

// Deeds gives the kinds of actions that a sentence says were done, in the names of
// receipts. A deed that is none of them has no receipt and is never backed.
func Deeds(sentence string) []string {
	folded := fold(sentence)
	var kinds []string
	for _, d := range deeds {
		if d.said.MatchString(folded) {
			kinds = append(kinds, d.kind)
		}
	}
	return kinds
}

// holdDone wants for each deed a receipt that says it was done, to the order that the
// sentence names, and every figure in it.
func (r *run) holdDone(s *Sentence) {
	kinds := Deeds(s.Text)
	if len(kinds) == 0 {
		s.Detail = "no receipt says that this was done"
		return
	}
	for _, kind := range kinds {
		i := r.receiptFor(kind, s.Text)
		if i < 0 {
			s.Backing, s.Detail = nil, "no receipt of "+kind+" says that this was done"
			return
		}
		s.Backing = append(s.Backing, r.evidence.Receipts[i].ID)
	}
	s.OK = true
}

// receiptFor finds a receipt that backs all of a sentence, or -1. A sentence that names no
// order is backed when the receipts of that deed are all of one.
func (r *run) receiptFor(kind, sentence string) int {
	found := -1
	for i, one := range r.evidence.Receipts {
		if !one.Done || one.Kind != kind {
			continue
		}
		if found >= 0 && normCode(one.Order) != normCode(r.evidence.Receipts[found].Order) && len(codes(sentence)) == 0 {
			return -1
		}
		days, meant := days(sentence, r.evidence.Now)
		if r.allIn(r.receipts[i](), extract(sentence)) && len(r.daysOpen(r.receipts[i](), days, meant)) == 0 {
			found = i
		}
	}
	return found
}

func (r *run) allIn(src source, figures []figure) bool {
	return !slices.ContainsFunc(figures, func(f figure) bool { return !src.has(f) })
}

func codes(sentence string) []figure {
	return slices.DeleteFunc(extract(sentence), func(f figure) bool { return f.kind != code })
}

// named are the places of the customer's orders that a sentence names.
func (r *run) named(sentence string) []int {
	var found []int
	if len(r.evidence.Orders) == 0 {
		return nil
	}
	for _, f := range extract(sentence) {
		for i, o := range r.evidence.Orders {
			if (f.kind == code || f.kind == number && f.unit == "") && f.norm == normCode(o.Number) {
				found = append(found, i)
			}
		}
	}
	return found
}

// holdOrder wants one order that has all of the sentence: the named one, or the one that
// the sentences before spoke of, or any when none was named. A part that tells a rule of
// the shop may rest on a passage instead.
func (r *run) holdOrder(s *Sentence) {
	if r.notFound(s) {
		return
	}
	candidates := r.candidates(s.Text)
	if len(candidates) == 0 {
		s.Detail = "no order of the customer is known that this could be about"
	}
	for _, i := range candidates {
		detail := r.orderSays(i, s)
		if detail == "" {
			s.OK, s.Detail, r.about = true, "", i
			return
		}
		s.Detail = detail
	}
	if named := r.named(s.Text); len(named) > 0 {
		r.about = named[0]
	}
}

// candidates are the orders that a sentence may be about.
func (r *run) candidates(sentence string) []int {
	if named := r.named(sentence); len(named) > 0 {
		return named[:1]
	}
	if orderID.MatchString(sentence) {
		return nil // another number than those of the customer
	}
	if r.about >= 0 {
		return []int{r.about}
	}
	var all []int
	for i := range r.evidence.Orders {
		all = append(all, i)
	}
	return all
}

// absent matches that an order is not there.
var absent = phrase(`no (?:\w+ ){0,3}(?:encuentr\w+|encontr\w+|aparece|consta|figura|veo|localiz\w+)|(?:cant|cannot|can not|could not|couldnt|dont|do not) (?:find|see|locate)|not (?:find|found|listed)`)

// notFound lets pass that an order which the customer asked about is not to be found.
func (r *run) notFound(s *Sentence) bool {
	asserted, refused := said(s.Text)
	figures := extract(s.Text)
	if !absent.MatchString(fold(s.Text)) || len(asserted)+len(refused) > 0 || len(figures) == 0 {
		return false
	}
	for _, f := range figures {
		if !r.asked(f) {
			return false
		}
	}
	s.OK, s.Backing = true, r.evidence.Asked
	return true
}

// orderSays holds a sentence against one order and gives what is missing, or "".
func (r *run) orderSays(i int, s *Sentence) string {
	order, src := r.evidence.Orders[i], r.orders[i]()
	s.Backing = []string{order.Number}
	open := src.unbacked(r.locale, s.Text)
	open = slices.DeleteFunc(open, func(f figure) bool { return f.kind == link && strings.EqualFold(f.raw, order.TrackingURL) })
	if open = r.ruled(s, open); len(open) > 0 {
		return missing(open)
	}
	found, meant := days(s.Text, r.evidence.Now)
	if open := r.daysOpen(src, found, meant); len(open) > 0 {
		return missing(open)
	}
	if wrong := r.unreceipted(order, s); len(wrong) > 0 {
		return "the order is not: " + strings.Join(wrong, ", ")
	}
	return r.strangers(i, s.Text)
}

// ruled takes out of the open figures those of a part of the sentence that tells a rule,
// when one passage has them all.
func (r *run) ruled(s *Sentence, open []figure) []figure {
	if len(open) == 0 {
		return nil
	}
	var rest []figure
	for _, c := range parts(s.Text) {
		inside := slices.DeleteFunc(slices.Clone(open), func(f figure) bool { return f.at < c.at || f.at >= c.at+len(c.text) })
		if len(inside) == 0 {
			continue
		}
		part := Sentence{Text: c.text, Class: Policy}
		if general.MatchString(fold(c.text)) {
			r.holdPassage(&part)
		}
		if !part.OK {
			rest = append(rest, inside...)
			continue
		}
		s.Backing = append(s.Backing, part.Backing...)
	}
	return rest
}

// part is a piece of a sentence that could stand alone.
type part struct {
	text string
	at   int
}

// partEnd leads to a rule within a sentence about an order.
var partEnd = regexp.MustCompile(`(?i)[;,]\s+(?:(?:y|pero|and|but|so|así que)\s+)?|\s(?:y|pero|and|but)\s`)

func parts(sentence string) []part {
	var all []part
	start := 0
	for _, at := range partEnd.FindAllStringIndex(sentence, -1) {
		if general.MatchString(fold(sentence[at[1]:])) {
			all = append(all, part{sentence[start:at[0]], start})
			start = at[1]
		}
	}
	return append(all, part{sentence[start:], start})
}

// daysOpen gives the words for days of which no date of the source is meant.
func (r *run) daysOpen(src source, found []figure, meant [][]time.Time) []figure {
	var open []figure
	for i, f := range found {
		ok := slices.ContainsFunc(meant[i], func(d time.Time) bool {
			return src.has(day(d.Format("2006"), d.Format("01"), d.Format("02")))
		})
		if !ok {
			open = append(open, f)
		}
	}
	return open
}

// unreceipted are the stages that neither the order nor a receipt for it shows.
func (r *run) unreceipted(o Order, s *Sentence) []string {
	return slices.DeleteFunc(o.wrongStages(s.Text), func(stage string) bool {
		kind := map[string]string{"cancelled": "cancel_order", "refunded": "refund", "return requested": "start_return"}[stage]
		at := slices.IndexFunc(r.evidence.Receipts, func(one Receipt) bool {
			return kind != "" && one.Done && one.Kind == kind && normCode(one.Order) == normCode(o.Number)
		})
		if at >= 0 {
			s.Backing = append(s.Backing, r.evidence.Receipts[at].ID)
		}
		return at >= 0
	})
}

// strangers names carriers and other names in a sentence about an order that the order
// does not know.
func (r *run) strangers(i int, sentence string) string {
	texts := r.evidence.Orders[i].lines()
	for _, p := range r.evidence.Passages {
		texts = append(texts, p.full())
	}
	known := fold(strings.Join(texts, " "))
	var strange []string
	for _, name := range names(sentence) {
		if !strings.Contains(known, fold(name)) {
			strange = append(strange, name)
		}
	}
	if len(strange) == 0 {
		return ""
	}
	return "not in the order: " + strings.Join(strange, ", ")
}
