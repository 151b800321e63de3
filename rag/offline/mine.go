package offline

import (
	"regexp"
	"slices"
	"strings"

	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/action"
)

// Questions that name neither a number nor an order and are about one all the same.
var (
	// myOrders matches who wants to hear of all their orders.
	myOrders = bare(`(y )?(dime |ver |mostrar |ensename |quiero ver )?(mis|nuestros|todos mis) pedidos`, `(y )?(que|cuales|cuantos) (\w+ )?pedidos (tengo|he hecho|hay|son los mios)( \w+)?`,
		`(y |hola |me puedes decir |puedes decirme |dime |recuerdame )*(que|lo que) (he pedido|pedi|os he pedido|os pedi|he comprado|compre|tengo pedido|tengo en camino)( \w+){0,2}`, `(and |hi |hello |can you tell me |tell me |remind me )*what (did i|have i|i) (order|ordered|buy|bought|ordered from you)( again| so far| exactly| from you)?`, `(and )?(show me |list |see |let me see )?(all )?(my|our) orders`, `(and )?(what|which|how many) orders (do i have|have i made|are mine|did i make)`)
	// comesToMe matches who waits for what can only be theirs: the sentence ends with the
	// verb, and speaks of no other thing.
	comesToMe = bare(`(y )?(hola )?(cuando|que dia|a que hora|para cuando) (me|nos) (lo |la |los |las )?(llega|llegan|llegara|llegaran|viene|vienen|traeis|traen|entregais|entregan|enviais|mandais)( ya| por fin| hoy| exactamente)?`,
		`(y )?(me|nos) (llega|llegara|lo traen|lo traeis)( ya| hoy| manana| pronto| el \w+)?`, `(and )?when (do|will|can) i (get|receive|have) (it|them|mine)( please)?`)
	// ofThat matches a follow-up on the order that was just spoken of.
	ofThat = bare(`(y )?(cuando|que dia|a que hora|para cuando) (lo |la )?(llega|llegara|viene|sale|entregan|traen|entregais)( ya| exactamente)?`, `(y )?(llega|llegara|viene|sale)( ya| hoy| manana| pronto| el \w+| este \w+)?`, `(y )?(quien|que (empresa|transportista|mensajeria|agencia)) (lo|la|me lo|nos lo) (trae|lleva|reparte|entrega|envia)`,
		`(y )?(donde|por donde) (esta|anda|va|viene)( ahora| ya)?`, `(y )?(que|cual) es (el|su) (estado|seguimiento)`, `(y )?(que lleva|que contiene|que hay en el)( el pedido)?`,
		`(and )?(when|what day|what time) (does|will|is) it (arrive|arriving|come|coming|get here|be here|be delivered|leave)( exactly)?`, `(and )?(will|does|is) it (come|coming|arrive|arriving|be here|get here) (today|tomorrow|soon|on \w+|this \w+|by \w+)`, `(and )?who (is|s) (the carrier|bringing it|delivering it|the courier)`, `(and )?(who|which (carrier|courier|company)) (brings|delivers|carries|is delivering|is bringing) it`,
		`(and )?where is it( now)?`, `(and )?what (is|s) (the|its) (status|tracking)`, `(and )?what (is|s) in it`)
	// moneyOfThat matches a follow-up on a refund that was just spoken of, or that can only
	// be the customer's.
	moneyOfThat = bare(`(y )?(cuanto|que (cantidad|importe))( dinero)?( me| nos)?( vais a| van a)?( (devolveis|devuelven|devolvereis|devolveran|devolver|reembolsais|reembolsan|abonais|abonan|toca))?`, `(y )?(cuando|para cuando|que dia)( me)? (llega|llegara|recibo|tendre|devolveis|devuelven|abonais|abonan) (el|mi) (dinero|reembolso|abono)`, `(y )?cuando me (devolveis|devuelven|abonais|reembolsais)( el dinero)?`,
		`(and )?how much( money)?( (am i|will i|do i|are you)( be)? (getting|get|refunding|refunded|giving|paying))?( me)?( back)?`, `(and )?when (do|will|am) i (get|getting|receive|have|see) (the|my) (money|refund)( back)?`, `(and )?when (do|will|are) you (refund|pay|refunding|paying)( me)?( back)?`)
	// theOther matches a follow-up on the orders that were not spoken of.
	theOther = bare(`(y )?(el otro|la otra|los otros|el otro pedido|los demas|del otro|con el otro)`, `(and |what about )?(the )?(other|others|other one|other order|other ones|other orders)`)
)

// moneyOfMine matches who misses money that can only be theirs.
var moneyOfMine = phrases(`me (debeis|deben|debes|falta)( \w+){0,4} (dinero|reembolso|abono)`, `(owe|owes|owed) me( \w+){0,2} (money|refund)`, `me (ha|han|habeis|has)( \w+){0,2} (llegado|devuelto|reembolsado|abonado|ingresado|dado|pagado|hecho)( \w+){0,3} (reembolso|dinero|abono|devolucion)`, `(reembolso|dinero|abono)( \w+){0,7} (no|aun|todavia|ya)( \w+){0,2} (sale|salido|llega|llegado|aparece|aparecido|veo|visto|tengo|recibido|consta)`,
	`(no|aun|todavia|ya|sin)( \w+){0,4} (llega|llegado|llego|veo|visto|sale|salido|aparece|recibido|recibir|recibo|devuelto|devolvisteis|devolveis|dado|disteis|abonado|reembolsado|ingresado)( \w+){0,3} (reembolso|dinero|abono)`, `cuando (me )?(vais a |van a )?(devolveis|devuelven|devolver|devolvereis|reembolsais|abonais)( \w+){0,1} (lo|el dinero|el importe) (de|del)( \w+){1,3}`,
	`(haven t|have not|hasn t|has not|didn t|did not|never|still|not|no)( \w+){0,5} (refund|refunded|money back|my money)`, `(has|did|is|was|where is|where s|when (do|will|am) i|have (i|you))( \w+){0,3} (my|the|me|my full|been) (refund|refunded|money|money back)( \w+){0,3}`)

// missesMoney tells whether somebody asks where their money is that goes back, and whose
// orders tell: a question about the rules, or about what would be, is none.
func missesMoney(folded string, f rag.OrderFacts) bool {
	return moneyOfMine.MatchString(folded) && !asksCost.MatchString(folded) && !supposes.MatchString(folded) && slices.ContainsFunc(f.Orders, func(o rag.Order) bool { return o.Refund != "" })
}

// bare compiles alternatives that are all of folded text.
func bare(alternatives ...string) *regexp.Regexp {
	return regexp.MustCompile(`^ (?:` + strings.Join(alternatives, "|") + `) $`)
}

// meantAlone are the orders that a question means which names none of them, by its words
// and by what was said before; none when it is not about an order.
func (m *Model) meantAlone(folded string, r rag.Request) []rag.Order {
	if len(r.Orders.Orders) == 0 || strange(folded, r.Orders) {
		return nil
	}
	spoken := spokenOf(r)
	open := slices.DeleteFunc(slices.Clone(r.Orders.Orders), func(o rag.Order) bool { return closed(o.Status) })
	switch {
	case myOrders.MatchString(folded):
		return r.Orders.Orders[:min(maxListed, len(r.Orders.Orders))]
	case theOther.MatchString(folded) && spoken != nil:
		return others(r.Orders.Orders, *spoken)
	case moneyOfThat.MatchString(folded):
		return m.refundMeant(r, spoken)
	case ofThat.MatchString(folded) && spoken != nil:
		return []rag.Order{*spoken}
	case (comesToMe.MatchString(folded) || ofThat.MatchString(folded)) && len(open) > 0 && (spoken == nil || closed(spoken.Status)):
		return open[:min(maxStated, len(open))]
	case comesToMe.MatchString(folded) && spoken != nil:
		return []rag.Order{*spoken}
	}
	return nil
}

// maxListed is how many orders a list of them has.
const maxListed = 4

// others are the orders beside one, the open ones if there are any.
func others(all []rag.Order, one rag.Order) []rag.Order {
	rest := slices.DeleteFunc(slices.Clone(all), func(o rag.Order) bool { return o.Number == one.Number })
	open := slices.DeleteFunc(slices.Clone(rest), func(o rag.Order) bool { return closed(o.Status) })
	if len(open) > 0 {
		rest = open
	}
	return rest[:min(maxStated, len(rest))]
}

// refundMeant are the orders whose refund is meant: that of the order that was spoken of,
// or the only one there is.
func (m *Model) refundMeant(r rag.Request, spoken *rag.Order) []rag.Order {
	if spoken != nil {
		if spoken.Refund == "" {
			return nil
		}
		return []rag.Order{*spoken}
	}
	with := slices.DeleteFunc(slices.Clone(r.Orders.Orders), func(o rag.Order) bool { return o.Refund == "" || !goingBack(o.Status) })
	if len(with) != 1 {
		return nil
	}
	return with
}

// wantedDetail is the one detail that somebody wants to be given, and does not ask about.
func wantedDetail(folded string) (detail, bool) {
	asked := detailsAsked(folded)
	if len(asked) != 1 || !wantsDetail.MatchString(folded) || asksHow.MatchString(folded) || asksState.MatchString(folded) {
		return detail{}, false
	}
	return asked[0], true
}

// fitting are the orders that may have a detail.
func (d detail) fitting(orders []rag.Order) []rag.Order {
	return slices.DeleteFunc(slices.Clone(orders), func(o rag.Order) bool { return !d.fits(o) })
}

// whichOrder asks back of which order somebody wants a detail that several may have.
func whichOrder(folded string, r rag.Request) (rag.Draft, bool) {
	d, ok := wantedDetail(folded)
	if !ok || !r.Writable || r.Clarified {
		return rag.Draft{}, false
	}
	fitting := d.fitting(r.Orders.Orders)
	if len(fitting) < 2 {
		return rag.Draft{}, false
	}
	return askWhich(fitting, r.Locale), true
}

// whichOfAsked asks back which order is meant, where the customer meant one without its
// number and more are possible than one reply states: "the other one".
func whichOfAsked(folded string, r rag.Request, asked []rag.Order) (rag.Draft, bool) {
	numbers := numbersIn(folded)
	possible := slices.DeleteFunc(slices.Clone(asked), func(o rag.Order) bool {
		return slices.ContainsFunc(numbers, func(w written) bool { return w.of(o.Number) })
	})
	if len(possible) <= maxStated || r.Clarified {
		return rag.Draft{}, false
	}
	return askWhich(possible, r.Locale), true
}

// askWhich asks which of several orders is meant.
func askWhich(orders []rag.Order, locale string) rag.Draft {
	var numbers []string
	for _, o := range orders[:min(maxListed, len(orders))] {
		numbers = append(numbers, o.Number)
	}
	last := len(numbers) - 1
	return rag.Draft{AskBack: inLanguage(locale, "¿De qué pedido, ", "For which order, ") + strings.Join(numbers[:last], ", ") + inLanguage(locale, " o ", " or ") + numbers[last] + "?"}
}

// withAskedDetail puts the wish for a detail before the answer to which order it is of.
func withAskedDetail(r rag.Request) rag.Request {
	if !r.Clarified || len(detailsAsked(fold(r.Question))) > 0 {
		return r
	}
	for _, u := range slices.Backward(r.History) {
		if u.Role == rag.RoleCustomer {
			if _, ok := wantedDetail(fold(u.Text)); ok {
				r.Question = u.Text + "\n" + r.Question
			}
			break
		}
	}
	return r
}

// lookUp asks for a detail of one order that is not among its facts: the shop gives it only
// to who has shown to be the customer, and how that is done is code's business.
func (m *Model) lookUp(folded string, r rag.Request, named []rag.Order) (rag.Draft, bool) {
	asked := detailsAsked(folded)
	if !r.Writable || len(asked) != 1 || asksState.MatchString(folded) || asksHow.MatchString(folded) && !asked[0].always.MatchString(folded) {
		return rag.Draft{}, false
	}
	d, choice := asked[0], named
	if len(choice) == 0 {
		choice = d.fitting(r.Orders.Orders)
	}
	if len(choice) != 1 {
		return rag.Draft{}, false
	}
	o := choice[0]
	for _, receipt := range r.Receipts {
		if receipt.Kind == d.kind && action.SameNumber(receipt.Order, o.Number) {
			if receipt.Outcome != action.Done || receipt.Facts["url"] == "" {
				return abstain("the " + string(d.kind) + " of the order, which there is none of"), true
			}
			return rag.Draft{Answer: d.write(o.Number, receipt.Facts["url"], r.Locale), Orders: []string{o.Number}}, true
		}
	}
	return rag.Draft{Actions: []action.Call{{Kind: d.kind, Order: o.Number}}, Orders: []string{o.Number}}, true
}
