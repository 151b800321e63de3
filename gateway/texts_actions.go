package gateway

import (
	"fmt"
	"strconv"
	"strings"
	"time"

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
	return strings.Join(append(lines, receiptFacts(language, r)...), "\n")
}

// receiptFacts are the facts of a receipt that have words here, in a fixed order.
func receiptFacts(language string, r action.Receipt) []string {
	var lines []string
	for _, row := range []struct{ fact, en, es string }{
		{"amount", "Amount: ", "Importe: "},
		{"by", "No later than ", "Como muy tarde, el "},
		{"url", "", ""},
	} {
		value := oneLine(r.Facts[row.fact])
		if value == "" {
			continue
		}
		if row.fact == "by" {
			value = dayText(language, value)
		}
		lines = append(lines, pick(language, row.en, row.es)+value)
	}
	return lines
}

// oneLine keeps a value of another system to a line of bounded length.
func oneLine(value string) string {
	runes := []rune(strings.Join(strings.Fields(value), " "))
	return string(runes[:min(len(runes), 300)])
}

// refusedText tells that the shop did not do it, and that a person looks at it.
func refusedText(language string, c action.Call, reason string) string {
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
