package offline

import (
	"regexp"
	"slices"
	"strings"

	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/action"
)

// Patterns of folded text that tell a wish to have something done from a question about
// how it is done.
var (
	wishesToCancel = phrases(
		`(quiero|quisiera|querria|necesito|deseo|gustaria|puedes|puede|podeis|podrias|podriais|pueden|podrian) (que )?(\w+ ){0,2}(cancelar|anular|canceleis|cancelen|anuleis|anulen)(lo|la|me|melo|mela)?`,
		`(cancelad|cancelen|cancele|cancelame|cancelamelo|cancelenme|cancelalo|anulad|anulen|anule|anulame|anulalo)`, `(cancela|anula) (el|mi|este|ese|la|mi ultimo|#\w+|\w\d+)( \w+| #\w+)?`,
		`(cancela|cancelad|cancelame|anula|anulad|anulame) (lo mio|todo lo mio|lo que (pedi|he pedido))`, `ya no (lo|la) quiero`, `ya no quiero (el|mi|este|ese) (pedido|paquete)`,
		`(want|like|need|wish|you|could|please|pls) (to )?(\w+ ){0,2}cancel`, `cancel (it|mine|my|the|this|that|order|#\w+|\w\d+)`,
	)
	wishesToReturn = phrases(
		`(quiero|quisiera|querria|necesito|deseo|gustaria|puedes|puede|podeis|podrias|podriais) (\w+ ){0,2}(devolver)(lo|la|los|las|te|os|selo)?`, `(voy a|vamos a) devolver(lo|la|los|las)?`,
		`(quiero|quisiera|necesito|gustaria) (hacer|iniciar|tramitar|empezar|solicitar|pedir) (una|la) devolucion`, `(tramitad|tramita|tramitame|iniciad|inicia|empieza|gestiona|gestionad) (una|la|mi) devolucion`,
		`(want|like|need|wish|you|could|please|pls) (to )?(\w+ ){0,1}(return|send back)`, `(want|like|need|please) (to )?(start|make|begin|open|request) (a|the) return`, `(start|open|begin) (a|the|my) return`,
		`(want|like|need) (to )?send (it|them|the \w+|my \w+) back`,
	)
	wishesToReaddress = phrases(
		`(cambiar|cambiad|cambia|cambie|cambien|cambiame|cambiadme|modificar|modifica|modificad|corregir|corregid|corrige|actualizar|actualiza|actualizad)(me|la|le|nos)? (\w+ ){0,3}(direccion|domicilio)`,
		`(enviad|enviadlo|enviadmelo|mandadlo|mandad|enviamelo|mandamelo|enviarlo|mandarlo|entregadlo|entregarlo) (\w+ ){0,2}(a|en) (otra|esta|la siguiente) direccion`,
		`(change|update|correct|modify|edit) (\w+ ){0,4}address`, `(ship|send|deliver) (it|them|my order|the order|this) to (another|a different|this|a new|the following) address`,
	)
	// movedTo matches who says that an address is not the right one, or which one is.
	movedTo = phrases(
		`(equivocad\w+|equivoque|incorrect\w+|erronea|mal|antigua|vieja|otra|nueva|cambiado)( \w+){0,4} (direccion|domicilio|calle|piso)`, `(direccion|domicilio|calle|piso)( \w+){0,4} (equivocad\w+|incorrect\w+|erronea|mal|antigua|vieja|no es)`,
		`me he mudado`, `nos hemos mudado`, `(tiene|tendria|debe|deberia) (que )?(ir|llegar|entregarse|enviarse) (a|en)( .*)?`, `(wrong|old|incorrect|new|different|mistake)( \w+){0,4} address`, `address( \w+){0,4} (wrong|incorrect|old|mistake)`, `(should|has to|needs to|must) (be|go|come)( to)?( .*)?`, `(i|we)( ve| have| just)? moved`,
	)
	// asksHow matches what asks for the rules, and not for the deed.
	asksHow = phrases(
		`(como|cuanto|cuantos|cuanta|cuantas|cuando|que plazo|que pasa|donde|es posible|se puede|se pueden|sabeis|quien|cual|por que)`,
		`(how|what|when|where|who|which|why|is it possible|do you|does it|what happens|am i|would it)`,
	)
	// mayI matches a question for leave: of a named order it is a wish, of any it asks for
	// the rules.
	mayI = phrases(`(puedo|podria|podemos) (\w+ ){0,1}(cancelar|anular|devolver)(lo|la|los|las)?`, `(can|could|may) i (\w+ ){0,1}(cancel|return)`, `(puedo|podria|podemos|can i|could i|may i) (cambiar|modificar|change|update) (\w+ ){0,4}(direccion|address)`)
	// someThing matches a wish about what the customer has and does not name.
	someThing    = phrases(`(devolver|cancelar|anular)(os|te)? (una cosa|unas cosas|algo|una compra)( \w+)?`, `(return|send back|cancel) (something|a thing|some things|a purchase|one thing)( \w+)?`)
	everything   = phrases(`(todo|todos|todas|entero|entera|completo|completa|everything|whole|all|both|ambos|ambas)`)
	placeholder  = regexp.MustCompile(`\[\[[A-Z_]+\d+\]\]`)
	addressIn    = regexp.MustCompile(`\[\[ADDRESS_\d+\]\][^\n.?!;]*`)
	afterAddress = regexp.MustCompile(`(?i),?\s+(?:por favor|porfa|gracias|please|thanks|thank you|si es posible|if possible)\b.*$`)
)

// returnable is the status in which an order can go back.
const returnable = "delivered"

// wish drafts the write that the customer wants done with an order of theirs. What is
// missing of it stays empty, and code asks for it. A question about how returns work is
// no wish, and neither is one about no order in particular.
func (m *Model) wish(r rag.Request) (rag.Draft, bool) {
	if !r.Writable || r.Orders.Unavailable {
		return rag.Draft{}, false
	}
	r = withAskedBack(r)
	said, folded := r.Question, unmasked(r.Question)
	kind, asked := wished(folded)
	if kind == "" && !asksState.MatchString(folded) {
		// What is confirmed before it is done may be read with its slips mended.
		folded = m.mend(folded, r.Orders)
		kind, asked = wished(folded)
		r.Question = folded
	}
	if kind == "" {
		return rag.Draft{}, false
	}
	if !ownThing.MatchString(folded) {
		folded = m.mend(folded, r.Orders)
	}
	call := action.Call{Kind: kind}
	order, clear := m.wishedOrder(folded, r, kind)
	switch {
	case order != nil:
		call.Order = order.Number
	case len(r.Orders.NotFound) == 1 && len(named(folded, r.Orders)) == 0:
		call.Order = r.Orders.NotFound[0]
	case strange(folded, r.Orders):
		return rag.Draft{}, false
	case asked || !theirs(folded):
		// No order in particular: the shop's rules answer that.
		return rag.Draft{}, false
	}
	if asked && !clear {
		return rag.Draft{}, false
	}
	if kind == action.StartReturn && order != nil {
		call.Items = m.wishedItems(folded, r, *order)
	}
	if kind == action.ChangeAddress {
		call.Address = afterAddress.ReplaceAllString(strings.TrimSpace(addressIn.FindString(said)), "")
	}
	draft := rag.Draft{Actions: []action.Call{call}}
	if call.Order != "" {
		draft.Orders = []string{call.Order}
	}
	return draft, true
}

// withAskedBack puts the wish before the answer to what was asked back, unless the
// customer wants something else by now.
func withAskedBack(r rag.Request) rag.Request {
	if kind, _ := wished(unmasked(r.Question)); kind != "" || !r.Clarified {
		return r
	}
	for _, u := range slices.Backward(r.History) {
		if u.Role == rag.RoleCustomer {
			if kind, _ := wished(unmasked(u.Text)); kind != "" {
				r.Question = u.Text + "\n" + r.Question
			}
			break
		}
	}
	return r
}

// unmasked is a folded text without the places of personal data, whose names are words.
// An address stays as a word that nobody writes, since giving one tells a wish.
func unmasked(text string) string {
	return fold(placeholder.ReplaceAllStringFunc(text, func(p string) string {
		if strings.HasPrefix(p, "[[ADDRESS_") {
			return " " + addressGiven + " "
		}
		return " "
	}))
}

// addressGiven stands for an address.
const addressGiven = "addressgiven"

// wished is what a text wants done, and whether it only asks for leave.
func wished(folded string) (kind action.Kind, asked bool) {
	asked = mayI.MatchString(folded)
	if !asked && asksHow.MatchString(folded) {
		return "", false
	}
	switch {
	case wishesToReaddress.MatchString(folded), !asked && movedTo.MatchString(folded) && strings.Contains(folded, addressGiven):
		return action.ChangeAddress, asked
	case wishesToCancel.MatchString(folded) || asked && strings.Contains(folded, "cancel") || asked && strings.Contains(folded, "anular"):
		return action.Cancel, asked
	case wishesToReturn.MatchString(folded) || asked && (strings.Contains(folded, "devolver") || strings.Contains(folded, "return")):
		return action.StartReturn, asked
	}
	return "", false
}

// wishedOrder is the one order that the customer means: the one that they name, the one
// with the thing that they speak of, or the only one with which it can be done. clear
// tells that they said which. A number that is none of theirs means none of theirs.
func (m *Model) wishedOrder(folded string, r rag.Request, kind action.Kind) (order *rag.Order, clear bool) {
	if strange(folded, r.Orders) {
		return nil, true
	}
	if list := named(folded, r.Orders); len(list) > 0 {
		return only(list), true
	}
	if list := m.withItem(r); len(list) == 1 {
		return &list[0], true
	}
	if !theirs(folded) {
		return nil, false
	}
	return only(slices.DeleteFunc(slices.Clone(r.Orders.Orders), func(o rag.Order) bool {
		if kind == action.StartReturn {
			return action.Status(o.Status) != returnable
		}
		return closed(o.Status)
	})), false
}

// theirs tells whether a wish can only be about what the customer ordered. Nobody gives an
// address but for that.
func theirs(folded string) bool {
	return ownThing.MatchString(folded) || someThing.MatchString(folded) || strings.Contains(folded, addressGiven)
}

func only(list []rag.Order) *rag.Order {
	if len(list) != 1 {
		return nil
	}
	return &list[0]
}

// wishedItems are the lines of the order that go back: those that are named, all where
// everything does, and the only one there is.
func (m *Model) wishedItems(folded string, r rag.Request, o rag.Order) []string {
	asked := m.concepts.features(r.Locale, r.Question)
	var all, chosen []string
	stays := m.concepts.features(r.Locale, kept(r.Question))
	for _, item := range o.Items {
		if m.sharedThings(stays, item.Name) > 0 {
			continue
		}
		all = append(all, item.Name)
		if m.sharedThings(asked, item.Name) > 0 {
			chosen = append(chosen, item.Name)
		}
	}
	switch {
	case len(chosen) > 0:
		return chosen
	case len(all) == 1 || everything.MatchString(folded):
		return all // but what stays
	}
	return nil
}

// What a customer says of what stays with them.
var (
	clauseEnds = regexp.MustCompile(`(?i)[,.;\n]|\b(?:pero|y|but|and|while)\b|\b(?:menos|excepto|salvo|except(?: for)?|apart from|other than)\b`)
	exceptFor  = regexp.MustCompile(`(?i)^(?:menos|excepto|salvo|except(?: for)?|apart from|other than)$`)
	keepsIt    = phrases(`(me|nos) (lo|la|los|las) (quedo|quedamos|queda)`, `(quedarme|quedarnos|me quedo|nos quedamos)( con)?`, `no (el|la|los|las)`, `(no|tampoco) (quiero|quisiera) devolver`, `(ill|i ll|i will|we ll|want to|going to|gonna|am|i m|im) (keep|keeping)`, `keep(ing)? (the|my|it)`, `not the`)
	keepsNot   = phrases(`no (me|nos) (lo |la |los |las )?(quedo|quedamos)`, `no quiero quedar(me|nos)( \w+)?`, `(don t|do not|won t|not) (want to )?(keep|keeping)`)
	saysNoLast = regexp.MustCompile(` (?:no|not|stays|se queda) $`)
)

// kept is what a text says of what does not go back: "but I'll keep the kettle".
func kept(text string) string {
	var stays []string
	at, before := 0, ""
	clause := func(end int) {
		said := text[at:end]
		if folded := fold(said); exceptFor.MatchString(before) || keepsIt.MatchString(folded) && !keepsNot.MatchString(folded) || saysNoLast.MatchString(folded) {
			stays = append(stays, said)
		}
	}
	for _, end := range clauseEnds.FindAllStringIndex(text, -1) {
		clause(end[0])
		at, before = end[1], text[end[0]:end[1]]
	}
	clause(len(text))
	return strings.Join(stays, "\n")
}
