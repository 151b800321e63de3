package offline

import (
	"slices"
	"strings"

	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/understand"
)

// asksCharge matches folded questions about money that was taken.
var asksCharge = phrases(`(me|nos) (habeis|han|has|ha) (\w+ )?(cobrado|cargado)`, `(me|nos) (cobrasteis|cobraron|cobraste|cargasteis)`, `(el|un|este|ese|otro) (cargo|cobro|recibo|pago|importe)`, `(un|uno|una) de \d+`, `(que|de que) (es|son) (este|ese|el|esos|estos|los) (cargo|cobro|pago|recibo)s?`,
	`(charged|charge|billed|debited|paid)`, `(you|they) (took|taken)`, `(a|the|this|that|another) (payment|debit)`, `one (of|for) \d+`)

// charge is an order, or a line of it, that costs what a question names.
type charge struct {
	order rag.Order
	lines []rag.OrderItem
}

// chargesNamed are the orders with the amounts that a question names: as the price of a
// line, of one piece of it, or of everything together. A figure without a currency counts
// where money is spoken of.
func chargesNamed(text string, orders []rag.Order) []charge {
	var found []charge
	for _, a := range understand.Figures(text) {
		for _, o := range orders {
			if lines := linesAt(o, a); len(lines) > 0 && !slices.ContainsFunc(found, func(c charge) bool { return c.order.Number == o.Number }) {
				found = append(found, charge{order: o, lines: lines})
			}
		}
	}
	return found
}

// linesAt are the lines of an order that make up an amount: all of them, or those that cost it.
func linesAt(o rag.Order, a understand.Amount) []rag.OrderItem {
	total := int64(0)
	var alone []rag.OrderItem
	for _, i := range o.Items {
		if i.PriceMinor <= 0 || a.Currency != "" && a.Currency != i.Currency {
			return nil
		}
		sum := i.PriceMinor * int64(max(1, i.Quantity))
		total += sum
		if i.PriceMinor == a.Minor || sum == a.Minor {
			alone = append(alone, i)
		}
	}
	if total == a.Minor {
		return o.Items
	}
	return alone
}

// aboutCharge drafts what a sum belongs to that the customer asks about: the order with
// the prices in it. A sum that is in none of their orders is for a person.
func (m *Model) aboutCharge(folded string, r rag.Request) (rag.Draft, bool) {
	if !asksCharge.MatchString(folded) || len(r.Orders.Asked) > 0 || len(named(folded, r.Orders)) > 0 || r.Orders.Unavailable {
		return rag.Draft{}, false
	}
	found := chargesNamed(r.Question, r.Orders.Orders)
	if len(found) == 0 || len(found) > maxStated {
		return rag.Draft{}, false
	}
	var draft rag.Draft
	var lines []string
	for _, c := range found {
		draft.Orders = append(draft.Orders, c.order.Number)
		lines = append(lines, c.tell(r.Locale)+" "+statement(c.order, r.Locale, r.At))
	}
	draft.Answer = strings.Join(lines, "\n\n")
	return draft, true
}

// tell says what costs that.
func (c charge) tell(locale string) string {
	var said []string
	for _, i := range c.lines {
		each := ""
		if i.Quantity > 1 {
			each = inLanguage(locale, " cada unidad", " each")
		}
		said = append(said, inLanguage(locale, "En tu pedido "+c.order.Number+", «"+i.Name+"» cuesta ", "In your order "+c.order.Number+", “"+i.Name+"” costs ")+priced(i, locale)+each+".")
	}
	return strings.Join(said, " ")
}

// priced writes a price as people read it.
func priced(i rag.OrderItem, locale string) string {
	if locale == "en" {
		return i.Price() + " " + i.Currency
	}
	return strings.Replace(i.Price(), ".", ",", 1) + " " + i.Currency
}
