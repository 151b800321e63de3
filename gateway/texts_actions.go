package gateway

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/action"
)

// callTitle names an action in a few words, for agents.
func callTitle(language string, c action.Call) string {
	switch c.Kind {
	case action.Cancel:
		return pick(language, "Cancel order ", "Cancelar el pedido ") + c.Order
	case action.ChangeAddress:
		return fmt.Sprintf(pick(language, "Send order %s to: %s", "Enviar el pedido %s a: %s"), c.Order, c.Address)
	case action.StartReturn:
		return fmt.Sprintf(pick(language, "Return from order %s: %s", "Devolución del pedido %s: %s"), c.Order, strings.Join(c.Items, ", "))
	case action.SendCode:
		return pick(language, "Send a one-time code", "Enviar un código de un solo uso")
	case action.OrderStatus, action.Tracking, action.RefundStatus, action.DeliveryProof, action.Invoice:
	}
	return strings.TrimSpace(string(c.Kind) + " " + c.Order)
}

// doneText tells that something was done. Only a receipt leads here.
func doneText(language string, c action.Call, r action.Receipt) string {
	lines := []string{fmt.Sprintf(pick(language, "It's done, order %s.", "Ya está hecho, pedido %s."), c.Order)}
	switch c.Kind {
	case action.Cancel:
		lines[0] = fmt.Sprintf(pick(language, "Order %s is cancelled.", "El pedido %s está cancelado."), c.Order)
	case action.ChangeAddress:
		lines[0] = fmt.Sprintf(pick(language, "The delivery address of order %s is changed.", "La dirección de entrega del pedido %s está cambiada."), c.Order)
	case action.StartReturn:
		lines[0] = fmt.Sprintf(pick(language, "The return from order %s is open.", "La devolución del pedido %s está abierta."), c.Order)
	case action.OrderStatus, action.Tracking, action.RefundStatus, action.DeliveryProof, action.Invoice, action.SendCode:
	}
	if r.Reference != "" {
		lines = append(lines, pick(language, "Reference: ", "Referencia: ")+oneLine(r.Reference))
	}
	return strings.Join(append(lines, receiptFacts(language, c.Kind, r)...), "\n")
}

// receiptFacts are the facts of a receipt that have words here, in a fixed order.
func receiptFacts(language string, k action.Kind, r action.Receipt) []string {
	var lines []string
	byEN, byES := "No later than ", "Como muy tarde, el "
	if k == action.StartReturn {
		byEN, byES = "Hand the parcel in by ", "Entrega el paquete como muy tarde el "
	}
	for _, row := range []struct{ fact, en, es string }{
		{"amount", "Amount: ", "Importe: "},
		{"by", byEN, byES},
		{"url", "", ""},
	} {
		value := oneLine(r.Facts[row.fact])
		if value == "" {
			continue
		}
		switch row.fact {
		case "by":
			value = dayText(language, value)
		case "amount":
			value = AmountText(language, value)
		}
		lines = append(lines, pick(language, row.en, row.es)+value)
	}
	return lines
}

// pointed matches an amount as shops' systems give it, with a point before the cents and
// with none, one or both of their figures.
var pointed = regexp.MustCompile(`^(\d+)(?:\.(\d{1,2}))? ([A-Z]{3})$`)

// AmountText writes an amount that a shop's system gave as people read it, with all of its
// cents, and leaves what is none as it is.
func AmountText(language, value string) string {
	m := pointed.FindStringSubmatch(value)
	if m == nil || m[2] == "" && rag.MinorDigits(m[3]) == 0 {
		return value
	}
	return m[1] + pick(language, ".", ",") + (m[2] + "00")[:2] + " " + m[3]
}

// oneLine keeps a value of another system to a line of bounded length.
func oneLine(value string) string {
	runes := []rune(strings.Join(strings.Fields(value), " "))
	return string(runes[:min(len(runes), 300)])
}

// refusedText tells that the shop did not do it, and that a person looks at it.
func refusedText(language string, c action.Call, reason string) string {
	if reason == action.RuleUnavailable {
		reason = "" // the shop could look, and could not do it
	}
	return ruleText(language, c, action.Verdict{Rule: reason}) + " " +
		pick(language, "I'm passing it to a person on our team. They will answer you here.",
			"Se lo paso a una persona del equipo. Te responderá aquí mismo.")
}

// overdueText tells that nobody knows yet whether it was done.
func overdueText(language string, c action.Call) string {
	if c.Kind == action.SendCode {
		return pick(language, "Sending the code takes longer than it should. A person on our team will look into it and answer you here.",
			"El envío del código tarda más de lo normal. Una persona del equipo lo mirará y te responderá aquí mismo.")
	}
	return fmt.Sprintf(pick(language,
		"What you asked for order %s takes longer than it should, and I don't know yet whether it went through. A person on our team will look into it and answer you here.",
		"Lo que has pedido para el pedido %s tarda más de lo normal, y todavía no sé si ha salido bien. Una persona del equipo lo mirará y te responderá aquí mismo."), c.Order)
}

// codeNotSentText tells that no one-time code went out.
func codeNotSentText(language string) string {
	return pick(language, "I couldn't have the code sent to you, so a person on our team will help you with this. They will answer you here.",
		"No he podido hacer que te llegue el código, así que te ayudará una persona del equipo. Te responderá aquí mismo.")
}

// ruleText says in plain words which rule of the shop stands against an action.
func ruleText(language string, c action.Call, v action.Verdict) string {
	en, es := "The shop couldn't do that for order %s.", "La tienda no ha podido hacer eso con el pedido %s."
	switch v.Rule {
	case "status":
		en, es = statusRule(c.Kind)
	case "return_days":
		en, es = "The time for returning order %s is over.", "El plazo para devolver el pedido %s ha terminado."
		if v.Until != "" {
			en = "The time for returning order %s was over on " + dayText("en", v.Until) + "."
			es = "El plazo para devolver el pedido %s terminó el " + dayText("es", v.Until) + "."
		}
	case "final":
		en, es = "Something you want to return from order %s can't be returned.", "Algo de lo que quieres devolver del pedido %s no admite devolución."
	case "amount":
		en, es = "Because of its amount, a person has to look at order %s.", "Por su importe, el pedido %s tiene que verlo una persona."
	case "level":
		en, es = "For that, we have to make sure first that order %s is yours.", "Para eso, antes tenemos que comprobar que el pedido %s es tuyo."
	case "arguments":
		en, es = "I'm missing something I need to know for order %s.", "Me falta algún dato para el pedido %s."
	case "not_found":
		en, es = "I can't find order %s among yours.", "No encuentro el pedido %s entre los tuyos."
	case "unavailable":
		en, es = "I can't look at order %s right now.", "Ahora mismo no puedo consultar el pedido %s."
	}
	return fmt.Sprintf(pick(language, en, es), c.Order)
}

// statusRule is what the state of an order stands against.
func statusRule(k action.Kind) (en, es string) {
	switch k {
	case action.Cancel:
		return "Order %s can't be cancelled any more: it has shipped already or is closed.",
			"El pedido %s ya no se puede cancelar: ya ha salido o está cerrado."
	case action.ChangeAddress:
		return "The address of order %s can't be changed any more: it has shipped already or is closed.",
			"La dirección del pedido %s ya no se puede cambiar: ya ha salido o está cerrado."
	case action.StartReturn:
		return "Order %s can be returned only once it has been delivered.",
			"El pedido %s solo se puede devolver cuando conste como entregado."
	case action.OrderStatus, action.Tracking, action.RefundStatus, action.DeliveryProof, action.Invoice, action.SendCode:
	}
	return "That isn't possible for order %s as it stands now.", "Eso no es posible con el pedido %s tal como está ahora."
}

// dayText writes a day (2006-01-02) as people say it; what is no day stays as it is.
func dayText(language, day string) string {
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return day
	}
	if language == "en" {
		return at.Format("2 January 2006")
	}
	months := [...]string{
		"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre",
	}
	return strconv.Itoa(at.Day()) + " de " + months[at.Month()-1] + " de " + strconv.Itoa(at.Year())
}

// summaryText says what would be done, for a proposal that does not say it itself.
func summaryText(language string, c action.Call) string {
	switch c.Kind {
	case action.Cancel:
		return fmt.Sprintf(pick(language, "Cancel order %s.", "Cancelar el pedido %s."), c.Order)
	case action.ChangeAddress:
		return fmt.Sprintf(pick(language, "Send order %s to this address: %s", "Enviar el pedido %s a esta dirección: %s"), c.Order, oneLine(c.Address))
	case action.StartReturn:
		return fmt.Sprintf(pick(language, "Return from order %s: %s.", "Devolver del pedido %s: %s."), c.Order, oneLine(strings.Join(c.Items, ", ")))
	case action.OrderStatus, action.Tracking, action.RefundStatus, action.DeliveryProof, action.Invoice, action.SendCode:
	}
	return strings.TrimSpace(string(c.Kind) + " " + c.Order)
}

// oneAtATimeText says that what else was wanted has to wait.
func oneAtATimeText(language string) string {
	return pick(language, "I go one step at a time: ask me for the rest once we're done with this.", "Voy paso a paso: pídeme lo demás cuando acabemos con esto.")
}

// proposalText asks for a yes.
func proposalText(language, summary string) string {
	return summary + "\n\n" + pick(language, "Shall I pass this on to the shop?", "¿Se lo paso a la tienda?")
}

// confirmedText says that a write is on its way, and never that it is done.
func confirmedText(language string, c action.Call) string {
	return fmt.Sprintf(pick(language,
		"I've passed it on (order %s). As soon as the shop confirms it, I'll tell you here.",
		"Lo he pasado a la tienda (pedido %s). En cuanto lo confirme, te lo digo aquí."), c.Order)
}

// declinedText answers a no.
func declinedText(language string) string {
	return pick(language, "All right, I'm leaving everything as it is.", "De acuerdo, lo dejo todo como está.")
}

// leftAloneText answers a no to what nobody asked.
func leftAloneText(language string) string {
	return pick(language, "All right. If you need anything else, just write to me here.", "De acuerdo. Si necesitas algo más, escríbeme por aquí.")
}

// staleText answers a yes or no to what is not open any more.
func staleText(language string) string {
	return pick(language,
		"That question isn't open any more, so I haven't done anything now. If you still want it, ask me again.",
		"Esa pregunta ya no está abierta, así que ahora no he hecho nada. Si todavía lo quieres, pídemelo otra vez.")
}

// orderChangedText goes before a proposal that is put once more.
func orderChangedText(language string) string {
	return pick(language,
		"Your order has changed since I asked you, so I haven't passed anything on yet.",
		"Tu pedido ha cambiado desde que te pregunté, así que todavía no he pasado nada.")
}

// offerText offers a person.
func offerText(language string) string {
	return pick(language, "If you'd like a person to look at it, write “person”.", "Si quieres que lo mire una persona, escribe «persona».")
}

// argumentsText asks for what is missing.
func argumentsText(language string, c action.Call, missing []string) string {
	var need []string
	for _, argument := range missing {
		switch argument {
		case "order":
			need = append(need, pick(language, "the order number", "el número de pedido"))
		case "address":
			need = append(need, pick(language, "the new address in full", "la nueva dirección completa"))
		case "items":
			need = append(need, pick(language, "which items it is about", "de qué artículos se trata"))
		case "reason":
			need = append(need, pick(language, "the reason", "el motivo"))
		}
	}
	if len(need) == 0 {
		return ruleText(language, c, action.Verdict{Rule: "arguments"})
	}
	return pick(language, "To do that I need to know: ", "Para eso necesito saber: ") + strings.Join(need, ", ") + "."
}

// readText tells what was read once the customer had shown that it is them.
func readText(language string, c action.Call, r action.Receipt) string {
	en, es := "Thank you, now I know it's you. About order %s:", "Gracias, ya sé que eres tú. Sobre el pedido %s:"
	switch c.Kind {
	case action.Invoice:
		en, es = "Thank you, now I know it's you. The invoice of order %s:", "Gracias, ya sé que eres tú. La factura del pedido %s:"
	case action.DeliveryProof:
		en, es = "Thank you, now I know it's you. The proof of delivery of order %s:", "Gracias, ya sé que eres tú. La prueba de entrega del pedido %s:"
	case action.OrderStatus, action.Tracking, action.RefundStatus, action.ChangeAddress, action.Cancel, action.StartReturn, action.SendCode:
	}
	facts := receiptFacts(language, c.Kind, r)
	if len(facts) == 0 {
		return pick(language, "Thank you, now I know it's you. Ask me again, please.", "Gracias, ya sé que eres tú. Pregúntame otra vez, por favor.")
	}
	return strings.Join(append([]string{fmt.Sprintf(pick(language, en, es), c.Order)}, facts...), "\n")
}

// codeLine stands in every text that asks for the one-time code: by it, the answer to it
// is known as one.
func codeLine(language string) string {
	return pick(language, "Write the 6 digits of the code here.", "Escribe aquí las 6 cifras del código.")
}

// asksForCode tells whether a text asks for the one-time code.
func asksForCode(text string) bool {
	return strings.Contains(text, codeLine("es")) || strings.Contains(text, codeLine("en"))
}

// codeMask stands where a one-time code was.
func codeMask(language string) string {
	return pick(language, "[one-time code]", "[código de un solo uso]")
}

// codeSentText tells that a code is on its way. It may not have gone out yet, and the
// shop knows where it goes.
func codeSentText(language string) string {
	return pick(language,
		"Before that, I have to make sure that it's you. The shop is sending you a code by another way, such as e-mail or SMS. ",
		"Antes tengo que comprobar que eres tú. La tienda te envía un código por otra vía, como el correo o un SMS. ") + codeLine(language)
}

// codeAwaitedText reminds of the code.
func codeAwaitedText(language string) string {
	return pick(language, "First I need the code that the shop sent you. ", "Primero necesito el código que te ha enviado la tienda. ") + codeLine(language)
}

// codeWrongText tells how many tries are left.
func codeWrongText(language string, left int) string {
	tries := fmt.Sprintf(pick(language, "That isn't the code. You have %d tries left. ", "Ese no es el código. Te quedan %d intentos. "), left)
	if left == 1 {
		tries = pick(language, "That isn't the code. You have one try left. ", "Ese no es el código. Te queda un intento. ")
	}
	return tries + codeLine(language)
}

// codeRightText goes before the proposal that needed the code.
func codeRightText(language string) string {
	return pick(language, "Thank you, now I know it's you.", "Gracias, ya sé que eres tú.")
}

// codeLateText answers a code that is not waited for any more.
func codeLateText(language string) string {
	return pick(language,
		"That code isn't valid any more. Tell me again what you want and I'll have a new one sent to you.",
		"Ese código ya no vale. Dime otra vez qué quieres y haré que te envíen uno nuevo.")
}

// codeSpentText goes before the words that a person takes over.
func codeSpentText(language string) string {
	return pick(language, "That isn't the code, and there are no tries left.", "Ese no es el código y ya no quedan intentos.")
}

// codeTooOftenText goes before them, too.
func codeTooOftenText(language string) string {
	return pick(language, "You've had several codes already, and I can't send more right now.", "Ya te han llegado varios códigos y ahora no puedo enviar más.")
}
