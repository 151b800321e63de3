package offline

import (
	"regexp"
	"slices"
	"strings"

	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/rag"
)

// maxStated is how many orders one reply states when the customer named none.
const maxStated = 2

var (
	// asksState matches questions about how things stand, in folded text.
	asksState = phrases(
		`(por )?donde (esta|estan|anda|andan|va|van|viene|para|queda)`, `(como|que tal) (va|van|esta|sigue|anda)`, `estado (de|del)`, `(el|su) estado`, `situacion (de|del)`,
		`(cuando|que dia|a que hora|para cuando) ((me|nos|os|lo|la|se) )*(llega|llegan|llegara|llegaran|viene|vienen|sale|salen|recibo|recibire|traeis|traen|entregais|entregan|entrega|envian|enviais|mandais|tendre)`,
		`(ha|han|habeis) (llegado|salido|recibido|entregado|enviado|mandado|cancelado)( \w+)?`, `se (ha|han) (\w+ )?(entregado|enviado|cancelado|devuelto|perdido|reembolsado|retrasado)`,
		`(esta|estan) (ya )?(list[oa]s?|enviad[oa]s?|entregad[oa]s?|en camino|en reparto|cancelad[oa]s?|de camino)`, `(sabeis|saben|sabes|se sabe|teneis|hay) (algo|noticias|novedades|alguna noticia|alguna novedad)( \w+)?`,
		`(llega|llegan|viene|vienen|traen|traeis|sale|salen) (ya|hoy|manana)`, `(aun|todavia) no (\w+ )?(ha llegado|llega|recibo|he recibido)`, `que (ha )?(pasado|paso|pasa|ocurre) con`, `(por que|porque|x que|xq) (esta|sigue|estan) (retenid[oa]|parad[oa]|bloquead[oa])`,
		`(pasa|pasas|pasais|pasame|mandame|mandas|mandais|enviame|envias|enviais|dame|das|dais|dime)( \w+){0,3} (seguimiento|tracking|estado)`,
		`where (is|s|are|re)`, `(when|what day|what time) (will|is|are|does|do|s|can|should)( \w+){1,6} (arrive|arriving|come|coming|get here|getting here|delivered|ship|shipped|land|get|receive)`, `(when|what day|what time) (are|will|do|can) (you|they) (bring|bringing|be bringing|deliver|delivering|be delivering|ship|shipping|send|sending)( \w+)?`, `(is|are) (the|my|our)( \w+){1,3} (coming|arriving)( \w+)?`, `how (is|s) (my|the)`, `status (of|on|for)`, `(the|its|it s) status`,
		`(has|have|was|were|is|did|hasn t|haven t|isn t)( \w+| #\w+){1,4} (shipped|delivered|cancelled|canceled|arrived|arrive|dispatched|sent|left|refunded|ready|received)`, `(any|got) (news|update|updates)( \w+)?`,
		`(have|did) (you|u|they) (get|got|receive|received)`, `(what|whats|what s) (has )?(is |s )?(happened|happening|going on|up) (with|to)`, `why is( \w+| #\w+){1,4} (on hold|held|stuck|late|delayed)`,
		`(was|were|is) (\w+ ){0,2}(coming|due|supposed to|meant to)( \w+)*`, `(send|give|get|tell|share)( \w+){0,4} (tracking|status)`, `not (arrived|received|here|delivered) yet`, `(isn t|is not|aren t|still not|hasn t|has not) (here|come|arrived)( \w+)?`, `still waiting`,
	)
	// ownThing matches what can only be the customer's own order.
	ownThing = phrases(`(mi|mis|el|los|nuestro|este|ese) (ultimo )?(pedido|pedidos|paquete|paquetes|encargo)`, `(mi|mis|la|una) (compra|devolucion|entrega|orden)`, `lo mio`, `lo que (pedi|he pedido|os pedi)`, `cancel mine`, `mi (envio|reembolso|dinero)`,
		`(my|the|our|this) (last |latest )?(order|orders|parcel|parcels|package|packages|delivery|shipment)`, `my (refund|return|money|stuff|purchase)`)
	// asksAction matches a wish to have something done or to know what order
	// facts do not hold.
	asksAction = phrases(`(cancelar|cancelad|cancela|anular|cancelo|anulo)(lo|la|me|melo)?`, `(cambiar|cambiad|modificar|corregir|anadir|quitar)(lo|la|me|melo|le)?`, `(devolver|devuelvo|descambiar)(lo|la)?`, `(factura|facturas|tique|ticket)`,
		`(direccion|telefono|correo)`, `(reclamar|reclamacion|queja)`, `(cancel|change|modify|amend|return|exchange|swap|edit|add|remove) `, `(address|invoice|receipt|phone number|complain|complaint)`)
	// aboutRefund matches questions about money or goods on their way back.
	aboutRefund = phrases(`(mi|el|del|un|la|de la|mi) (reembolso|devolucion|abono|dinero)`, `(refund|refunded|refunding|refunds|return|returned|money back|sent back)`, `me (vais a |van a |vas a )?(devolver|devolveis|devuelven|devolvereis|reembolsais|reembolsan|reembolsar|abonais|abonar|abonan)`, `(getting|get|pay|paying|give|giving)( me)? (it |that |the money )?back`)
	// asksMoneyBack matches questions about money that comes back, which are none for a deed.
	asksMoneyBack = phrases(`(cuanto|cuando|que importe|que dia)( dinero)?( me| nos) (vais a |van a |vas a )?(devolver|devolveis|devuelven|devolvereis|reembols\w+|abon\w+)`, `(how much|when)( \w+){0,4} (refund|refunding|refunded|get back|getting back)`)
	// asksCost matches questions what something costs, which no refund tells.
	asksCost = phrases(`(cuanto|que) (me |nos )?(cuesta|cuestan|costaria|cobrais|cobran|cobrareis)`, `(how much|what) (does|do|would|will) (\w+ ){1,3}(cost|charge)`)
	// supposes matches questions about what would be.
	supposes = phrases(`(si|cuando|en caso de) (lo |la |los |las |yo |te |os )?(devuelvo|devolviera|cancelo|anulo|devolver|cancelar|pago|compro)`, `(if|when|in case) i (return|cancel|send|pay|buy)`)
	// wantsTracking matches who wants to be given the tracking of what they wait for: nobody
	// asks that of a shop in general.
	wantsTracking = phrases(`(me|nos) (pasa|pasas|pasais|mandas|mandais|envias|enviais|das|dais)( \w+){0,3} (seguimiento|tracking|rastreo)`, `(pasame|mandame|enviame|dame|pasadme|mandadme|enviadme|dadme)( \w+){0,3} (seguimiento|tracking|rastreo)`,
		`(can|could|will|would) you (please )?(send|give|share|text)( me| us)? (the|its|my) tracking( \w+)?`, `(send|give) (me|us) (the|its|my) tracking( \w+)?`)
	// byDriver matches who waits for the one who brings what they ordered, fetches who speaks
	// of what is taken along.
	byDriver = phrases(`(el|vuestro|mi) (repartidor|mensajero|transportista|camion)`, `(the|your|my) (driver|courier|delivery (man|guy|driver|person))`)
	fetches  = phrases(`(recog\w+|retir\w+|devol\w+)`, `(collect\w*|pick\w*|return\w*|take away)`)
	// hasTrouble matches who tells that a thing does not do what it should.
	hasTrouble = phrases(`(no|ni|apenas) (me |se |le )?(funciona|enciende|carga|arranca|conecta|calienta|enfria|aspira|suena)( \w+)?`, `(averiad|defectuos|estropead|rayad|abollad|quemad|agrietad)[oa]s?`, `(pierde|pierden|gotea|chorrea) (agua|aceite|aire|bateria)`, `(gotea|falla|fallan)`, `hace(n)? (un |mucho )?ruido( \w+)?`, `se (apaga|calienta|bloquea|cuelga|desconecta)n?( \w+)?`, `huele( \w+){0,2} (mal|quemado)`,
		`(is|s|are|keeps?|it|started) (leaking|leaks|overheating|faulty|defective|scratched|dented|making( \w+){0,2} noise|switching off|turning off)`, `(leaks|leaking)`, `(doesn t|does not|won t|will not|isn t|not) (work|working|turn on|switch on|charge|charging|start|connect|connecting|heat|heating)( \w+)?`, `stopped working`)
	// meansOther matches who means another order than the one they named.
	meansOther = phrases(`(el|la|mi|del|al) otr[oa]( pedido| orden| compra)?`, `(the|my) other (order|one|purchase)`)
	digits     = regexp.MustCompile(`\d{5,}`)
)

// aboutOrder tells whether a question is one about the customer's own orders: it
// names one, or it asks how things stand with "my order" or with something that
// the customer ordered.
func (m *Model) aboutOrder(folded string, r rag.Request) bool {
	if hasTrouble.MatchString(folded) && !asksState.MatchString(folded) && !asksTracking.MatchString(folded) {
		return false // that it has come is known
	}
	if len(r.Orders.Asked) > 0 || len(named(folded, r.Orders)) > 0 {
		return true
	}
	if wantsTracking.MatchString(folded) && len(r.Orders.Orders) > 0 {
		return true
	}
	if len(m.meantAlone(folded, r)) > 0 || missesMoney(folded, r.Orders) || m.missesLate(folded, r) {
		return true
	}
	if d, ok := wantedDetail(folded); ok && (d.known(r.Orders.Orders) || r.Writable && len(d.fitting(r.Orders.Orders)) > 0) {
		return true
	}
	if ownThing.MatchString(folded) {
		if asksTracking.MatchString(folded) && len(r.Orders.Orders) > 0 {
			return true
		}
		if aboutRefund.MatchString(folded) && !asksCost.MatchString(folded) && !supposes.MatchString(folded) && slices.ContainsFunc(r.Orders.Orders, func(o rag.Order) bool { return o.Refund != "" }) {
			return true
		}
		for _, d := range detailsAsked(folded) {
			if _, ok := m.lookUp(folded, r, nil); ok || d.known(r.Orders.Orders) {
				return true
			}
		}
	}
	if !asksState.MatchString(folded) {
		return false
	}
	if len(r.Orders.Orders) == 0 && !r.Orders.Unavailable {
		return false
	}
	return ownThing.MatchString(folded) || byDriver.MatchString(folded) && !fetches.MatchString(folded) || len(m.withItem(r)) > 0
}

// orderDraft answers from the orders alone. Of a number that is not the
// customer's it says that it isn't found among theirs, and nothing else.
func (m *Model) orderDraft(folded string, r rag.Request) rag.Draft {
	if r.Orders.Unavailable {
		return abstain("the customer's orders, which could not be read")
	}
	asked := named(folded, r.Orders)
	if told, ok := m.tellDetails(folded, r, asked); ok {
		return told
	}
	if call, ok := m.lookUp(folded, r, asked); ok {
		return call
	}
	if ask, ok := whichOfAsked(folded, r, asked); ok {
		return ask
	}
	if ask, ok := whichOrder(folded, r); ok && len(asked) == 0 && !strange(folded, r.Orders) {
		return ask
	}
	alone := m.meantAlone(folded, r)
	if len(asked) > 0 && asksAction.MatchString(folded) && !asksState.MatchString(folded) && !asksMoneyBack.MatchString(folded) {
		return abstain("what to do with the order that the customer names")
	}
	switch {
	case len(asked) > 0 || len(r.Orders.NotFound) > 0:
	case strange(folded, r.Orders):
		return abstain("the order that the customer names, which is none of theirs")
	case len(alone) > 0:
		asked = alone
	default:
		asked = m.meant(folded, r)
	}
	aboutMoney := aboutRefund.MatchString(folded) || moneyOfThat.MatchString(folded) || missesMoney(folded, r.Orders)
	var draft rag.Draft
	var lines []string
	for _, o := range asked {
		draft.Orders = append(draft.Orders, o.Number)
		lines = append(lines, statement(o, r.Locale, r.At))
		if told := refunded(o, r.Locale); told != "" && aboutMoney {
			lines = append(lines, told)
		}
	}
	if len(asked) == 1 {
		if help, ok := m.aboutLateness(folded, r, asked[0]); ok {
			lines, draft.Citations = append(lines, help.Answer), help.Citations
		}
	}
	if missing := r.Orders.NotFound; len(missing) > 0 {
		draft.Orders = append(draft.Orders, missing...)
		lines = append(lines, notFound(missing, r.Locale))
	}
	draft.Answer = strings.Join(lines, "\n\n")
	return draft
}

// tellDetails answers a question for an invoice or a proof of delivery when an order that is
// meant has it. What is asked for besides goes the way of all questions about orders.
func (m *Model) tellDetails(folded string, r rag.Request, named []rag.Order) (rag.Draft, bool) {
	if strange(folded, r.Orders) || asksState.MatchString(folded) {
		return rag.Draft{}, false
	}
	var draft rag.Draft
	var lines []string
	for _, d := range detailsAsked(folded) {
		choice := named
		if len(choice) == 0 {
			having := r
			having.Orders.Orders = slices.DeleteFunc(slices.Clone(r.Orders.Orders), func(o rag.Order) bool { return d.of(o) == "" })
			choice = m.meant(folded, having)
		}
		if len(choice) == 0 || !d.known(choice) {
			return rag.Draft{}, false // a part of what is asked for is not known
		}
		for _, o := range choice {
			if told := d.tell(o, r.Locale); told != "" {
				draft.Orders, lines = union(draft.Orders, []string{o.Number}), append(lines, told)
			}
		}
	}
	if len(lines) == 0 {
		return rag.Draft{}, false
	}
	draft.Answer = strings.Join(lines, "\n\n")
	return draft, true
}

// named are the customer's orders whose number stands in the question, with or
// without its letters. Who means the other one has named the one that they do not mean.
func named(folded string, f rag.OrderFacts) []rag.Order {
	var found []rag.Order
	numbers := numbersIn(folded)
	if len(f.Asked) > 0 && meansOther.MatchString(folded) {
		numbers = nil
	}
	for _, o := range f.Orders {
		if slices.Contains(f.Asked, o.Number) || slices.ContainsFunc(numbers, func(n written) bool { return n.of(o.Number) }) {
			found = append(found, o)
		}
	}
	return found
}

// written is an order number as it stands in a question: its digits, and the letters
// before them where there are any.
type written struct{ letters, digits string }

// writtenNumber matches a word that holds an order number.
var writtenNumber = regexp.MustCompile(`([a-z]*)(\d{5,})`)

// announcers are letters that are no part of the number behind them: "no2024117".
var announcers = []string{"", "n", "no", "nr", "nro", "num", "numero", "number", "pedido", "order"}

func numbersIn(folded string) []written {
	var list []written
	for _, m := range writtenNumber.FindAllStringSubmatch(folded, -1) {
		list = append(list, written{m[1], m[2]})
	}
	return list
}

// of tells whether this is the number of an order. Other letters before the same digits
// make it the number of another one.
func (w written) of(number string) bool {
	own := writtenNumber.FindStringSubmatch(fold(number))
	return own != nil && own[2] == w.digits && (own[1] == w.letters || slices.Contains(announcers, w.letters))
}

// leastStrange is how many digits without letters are taken for an order number that is
// nobody's here: postcodes have five.
const leastStrange = 6

// strange tells whether the question names an order that is none of the customer's. Then
// no other one is meant, however alone it is or like it.
func strange(folded string, f rag.OrderFacts) bool {
	if len(f.NotFound) > 0 {
		return true
	}
	return slices.ContainsFunc(numbersIn(folded), func(w written) bool {
		return len(w.digits) >= leastStrange && !slices.ContainsFunc(f.Orders, func(o rag.Order) bool { return w.of(o.Number) })
	})
}

// withItem are the customer's orders that hold what the question speaks of: of
// all orders, those with the most of its words in an item's name.
func (m *Model) withItem(r rag.Request) []rag.Order {
	asked := m.concepts.features(r.Locale, r.Question)
	var found []rag.Order
	most := 0
	for _, o := range r.Orders.Orders {
		n := 0
		for _, item := range o.Items {
			n = max(n, m.sharedThings(asked, item.Name))
		}
		switch {
		case n > most:
			most, found = n, []rag.Order{o}
		case n == most && n > 0:
			found = append(found, o)
		}
	}
	return found
}

// sharedThings counts the words of an item's name that the question has, common
// ones aside. Items are named in the shop's language, so both are looked at.
func (m *Model) sharedThings(asked map[string]float64, name string) int {
	shared := map[string]bool{}
	for _, locale := range []string{"es", "en"} {
		for _, stem := range knowledge.Tokens(locale, name) {
			f := m.concepts.feature(stem)
			if asked[f] > faintWeight {
				shared[f] = true
			}
		}
	}
	return len(shared)
}

// meant chooses the orders to state when none is named: those with the thing
// that is asked about, for refunds those that came back, else the open ones; the
// newest when all are closed.
func (m *Model) meant(folded string, r rag.Request) []rag.Order {
	choice := r.Orders.Orders
	if wantsTracking.MatchString(folded) {
		if last := spokenOf(r); last != nil {
			return []rag.Order{*last}
		}
	}
	if things := m.withItem(r); len(things) > 0 {
		choice = things
	}
	prefer := func(o rag.Order) bool { return !closed(o.Status) }
	if aboutRefund.MatchString(folded) || missesMoney(folded, r.Orders) {
		prefer = func(o rag.Order) bool { return goingBack(o.Status) }
	}
	if preferred := slices.DeleteFunc(slices.Clone(choice), func(o rag.Order) bool { return !prefer(o) }); len(preferred) > 0 {
		return preferred[:min(maxStated, len(preferred))]
	}
	return choice[:min(1, len(choice))]
}

// spokenOf is the order that the conversation spoke of last, where its last words name
// exactly one.
func spokenOf(r rag.Request) *rag.Order {
	for _, u := range slices.Backward(r.History) {
		if list := named(fold(u.Text), rag.OrderFacts{Orders: r.Orders.Orders}); len(list) > 0 {
			return only(list)
		}
	}
	return nil
}
