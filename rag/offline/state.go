package offline

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/action"
	"github.com/recado/recado/rag/receipts"
)

// state is what a reply says of an order in one status.
type state struct {
	name string
	// es and en continue "Tu pedido #1 ..." and "Your order #1 ...".
	es, en string
	// due says that the expected day is told, track that the link is, note that
	// the shop's last note is.
	due, track, note bool
}

// states tell of the statuses of action.Statuses. A shop's own is told as it is written.
var states = []state{
	{name: "pending_payment", es: "está pendiente de pago: todavía no consta el pago", en: "is waiting for payment: the payment does not show yet", note: true},
	{name: "pending", es: "está recibido y pendiente de prepararse", en: "has been received and is waiting to be prepared", due: true, note: true},
	{name: "confirmed", es: "está confirmado", en: "is confirmed", due: true, note: true},
	{name: "paid", es: "está pagado y espera su turno en el almacén", en: "is paid and is waiting for its turn in the warehouse", due: true},
	{name: "processing", es: "está en preparación en el almacén", en: "is being prepared in the warehouse", due: true},
	{name: "packed", es: "está empaquetado y a punto de salir", en: "is packed and about to leave", due: true},
	{name: "backordered", es: "espera a que vuelva a haber existencias", en: "is waiting for an item to be back in stock", due: true, note: true},
	{name: "shipped", es: "está enviado y en camino", en: "has been shipped and is on its way", due: true, track: true, note: true},
	{name: "partially_shipped", es: "está enviado en parte", en: "has been shipped in part", due: true, track: true, note: true},
	{name: "in_transit", es: "está en camino", en: "is on its way", due: true, track: true, note: true},
	{name: "out_for_delivery", es: "está en reparto", en: "is out for delivery", due: true, track: true, note: true},
	{name: "ready_for_pickup", es: "está listo para recoger", en: "is ready for pick-up", track: true, note: true},
	{name: "delivered", es: "figura como entregado", en: "is marked as delivered", note: true},
	{name: "delivery_failed", es: "no se pudo entregar", en: "could not be delivered", due: true, track: true, note: true},
	{name: "on_hold", es: "está retenido: falta comprobar un dato", en: "is on hold: a detail has to be checked", note: true},
	{name: "delayed", es: "va con retraso", en: "is delayed", due: true, track: true, note: true},
	{name: "lost", es: "figura como perdido por el transportista", en: "is recorded as lost by the carrier", note: true},
	{name: "cancelled", es: "está cancelado", en: "is cancelled", note: true},
	{name: "return_requested", es: "tiene una devolución solicitada", en: "has a return that was requested", note: true},
	{name: "return_in_transit", es: "está en camino de vuelta: la devolución va hacia el almacén", en: "is on its way back: the return is going to the warehouse", note: true},
	{name: "returned", es: "está devuelto: la devolución llegó al almacén", en: "is returned: the return has reached the warehouse", note: true},
	{name: "refunded", es: "figura como reembolsado", en: "is recorded as refunded", note: true},
	{name: "partially_refunded", es: "figura como reembolsado en parte", en: "is recorded as refunded in part", note: true},
}

// closed tells whether nothing more is to come of an order in this status.
func closed(status string) bool {
	return slices.Contains([]string{"delivered", "cancelled", "returned", "refunded", "partially_refunded"}, action.Status(status))
}

// goingBack tells whether goods or money of such an order go back.
func goingBack(status string) bool {
	return slices.Contains([]string{"return_requested", "return_in_transit", "returned", "refunded", "partially_refunded", "cancelled"}, action.Status(status))
}

func stateOf(status string) state {
	name := action.Status(status)
	if at := slices.IndexFunc(states, func(s state) bool { return s.name == name }); at >= 0 {
		return states[at]
	}
	plain := strings.ReplaceAll(cmp.Or(status, "?"), "_", " ")
	return state{es: "figura con el estado «" + plain + "»", en: "has the status “" + plain + "”", due: true, track: true, note: true}
}

// statement says how things stand with one order: its number, the state in words,
// what is in it, the day, the carrier with the link, the shop's last note.
func statement(o rag.Order, locale string, now time.Time) string {
	s := stateOf(o.Status)
	parts := []string{inLanguage(locale, "Tu pedido "+o.Number+" "+s.es+".", "Your order "+o.Number+" "+s.en+".")}
	if things := items(o.Items, locale); things != "" {
		parts = append(parts, inLanguage(locale, "Contiene: ", "It holds: ")+things+".")
	}
	if s.due {
		parts = append(parts, due(o.ETA, locale, now))
	}
	if s.track {
		parts = append(parts, carrier(o, locale))
	}
	if s.note {
		parts = append(parts, note(o, locale))
	}
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), " ")
}

// items names at most three lines of an order, with quantities above one.
func items(list []rag.OrderItem, locale string) string {
	var names []string
	for i, item := range list {
		if i == 3 {
			return strings.Join(names, ", ") + inLanguage(locale, " y más", " and more")
		}
		name := item.Name
		if item.Quantity > 1 {
			name = fmt.Sprintf("%d × %s", item.Quantity, name)
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

// due tells the expected day, and owns up to one that has passed.
func due(eta, locale string, now time.Time) string {
	day, ok := parseDay(eta)
	if !ok {
		return ""
	}
	text := writeDay(day, locale)
	switch today := dayOf(now); {
	case now.IsZero():
	case day.Equal(today):
		return inLanguage(locale, "La entrega está prevista para hoy, "+text+".", "Delivery is expected today, "+text+".")
	case day.Before(today):
		return inLanguage(locale, "Tu pedido tenía que llegar el "+text+" y todavía no consta como entregado.", "Delivery was expected on "+text+" and is late.")
	}
	return inLanguage(locale, "La entrega está prevista para el "+text+".", "Delivery is expected on "+text+".")
}

func carrier(o rag.Order, locale string) string {
	switch {
	case o.TrackingURL != "" && o.Carrier != "":
		return inLanguage(locale, "Lo lleva "+o.Carrier+"; seguimiento: "+o.TrackingURL, "Carrier: "+o.Carrier+"; tracking: "+o.TrackingURL)
	case o.TrackingURL != "":
		return inLanguage(locale, "Seguimiento: "+o.TrackingURL, "Tracking: "+o.TrackingURL)
	}
	return ""
}

// note quotes the shop's last entry with its day. One that promises something stays out,
// and one in another language says so.
func note(o rag.Order, locale string) string {
	text := strings.TrimSuffix(strings.TrimSpace(o.LastNote), ".")
	if text == "" || receipts.Claims(text) {
		return ""
	}
	when := ""
	if day, ok := parseDay(o.LastAt); ok {
		when = " (" + writeDay(day, locale) + ")"
	}
	if rag.DetectLocale(text, locale) != locale {
		return inLanguage(locale, "Última anotación del pedido "+o.Number+", en el idioma de la tienda"+when+": «"+text+"».", "Latest note on order "+o.Number+", in the shop's language"+when+": “"+text+"”.")
	}
	return inLanguage(locale, "Última anotación"+when+": «"+text+"».", "Latest note"+when+": “"+text+"”.")
}

func notFound(numbers []string, locale string) string {
	list := strings.Join(numbers, ", ")
	if len(numbers) == 1 {
		return inLanguage(locale,
			"No encuentro el pedido "+list+" entre tus pedidos. Comprueba el número, por favor; si quieres, te atiende una persona: escribe «persona».",
			"I can't find the order "+list+" among your orders. Please check the number; if you would like a person to help, write “person”.")
	}
	return inLanguage(locale,
		"No encuentro los pedidos "+list+" entre tus pedidos. Comprueba los números, por favor; si quieres, te atiende una persona: escribe «persona».",
		"I can't find the orders "+list+" among your orders. Please check the numbers; if you would like a person to help, write “person”.")
}

// parseDay reads the day of a date or a time as it is written, in whatever zone.
func parseDay(text string) (time.Time, bool) {
	if len(text) < len(time.DateOnly) {
		return time.Time{}, false
	}
	day, err := time.Parse(time.DateOnly, text[:len(time.DateOnly)])
	return day, err == nil
}

// dayOf is the calendar day of a moment in its own zone.
func dayOf(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}

var (
	weekdaysES = [...]string{"domingo", "lunes", "martes", "miércoles", "jueves", "viernes", "sábado"}
	monthsES   = [...]string{
		"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre",
	}
)

// writeDay writes a day as people do: "jueves 27 de noviembre", "Thursday 27
// November".
func writeDay(day time.Time, locale string) string {
	return inLanguage(locale,
		fmt.Sprintf("%s %d de %s", weekdaysES[day.Weekday()], day.Day(), monthsES[day.Month()-1]),
		fmt.Sprintf("%s %d %s", day.Weekday(), day.Day(), day.Month()))
}
