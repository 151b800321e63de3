package receipts_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/rag/receipts"
)

// evidence is a shop with two rules and a customer with two orders.
func evidence() receipts.Evidence {
	return receipts.Evidence{
		Now: time.Date(2026, 11, 26, 10, 0, 0, 0, time.UTC),
		Passages: []receipts.Passage{
			{ID: "es/devoluciones#1", Title: "Devoluciones", Text: "Puedes devolver tu pedido en un plazo de 30 días desde la entrega. El reembolso se abona en 14 días, por el mismo medio de pago. La recogida a domicilio cuesta 4,90 €. Te enviaremos una etiqueta de devolución por correo."},
			{ID: "es/envios#1", Title: "Envíos", Text: "El envío estándar cuesta 3,95 € y tarda de 2 a 5 días. Es gratis a partir de 50 €. Escribe a ayuda@tienda.example o mira https://tienda.example/envios antes del 3 de enero."},
			{ID: "en/returns#1", Title: "Returns", Text: "You can return your order within 30 days of delivery. Refunds take 14 days. Collection from home costs 4.90 €."},
		},
		Orders: []receipts.Order{
			{
				Number: "RC-1002", Status: "shipped", PlacedAt: "2026-11-20", ETA: "2026-12-01", Carrier: "Correos", TrackingURL: "https://correos.example/RC1002",
				LastNote: "Salió del almacén", LastAt: "2026-11-25", Items: []receipts.Item{{Name: "Aspiradora Brisa", Quantity: 1, Price: "219.00", Currency: "EUR"}, {Name: "Filtro", Quantity: 3, Price: "12.50", Currency: "EUR"}},
			},
			{Number: "RC-1003", Status: "delivered", PlacedAt: "2026-10-02", LastAt: "2026-10-07", LastNote: "Entregado"},
		},
		Asked: []string{"RC-9999"},
	}
}

func checker(t testing.TB) *receipts.Checker {
	t.Helper()
	c, err := receipts.New(receipts.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// objections writes what is wrong with a draft, or "".
func objections(c *receipts.Checker, locale, text string, e receipts.Evidence) string {
	var all []string
	for _, s := range receipts.Unbacked(c.Check(receipts.Draft{Text: text, Locale: locale}, e)) {
		all = append(all, fmt.Sprintf("%s [%s] %s", s.Text, s.Class, s.Detail))
	}
	return strings.Join(all, "; ")
}

// truths are sentences that the evidence backs.
var truths = []struct{ locale, text string }{
	{"es", "Puedes devolver tu pedido en un plazo de 30 días desde la entrega."},
	{"es", "Puedes devolverlo en treinta días desde la entrega."},
	{"es", "El reembolso se abona en 14 días por el mismo medio de pago."},
	{"es", "El envío estándar cuesta 3,95 € y tarda de 2 a 5 días."},
	{"es", "El envío es gratis a partir de 50,00 €."},
	{"es", "La recogida a domicilio cuesta 4.90 €."},
	{"es", "Te enviaremos una etiqueta de devolución por correo."},
	{"es", "Escribe a ayuda@tienda.example antes del 3 de enero."},
	{"en", "You can return your order within 30 days of delivery."},
	{"en", "Refunds take 14 days."},
	{"es", "Tu pedido RC-1002 se envió el 25 de noviembre y llega el 1 de diciembre."},
	{"es", "Tu pedido #RC-1002 está en camino con Correos."},
	{"es", "Llega el martes 1 de diciembre."},
	{"es", "Tu pedido RC-1002 contiene una Aspiradora Brisa por 219,00 €."},
	{"en", "Your order RC-1002 was shipped on 25 November and arrives on 1 December."},
	{"en", "Your order RC-1003 was delivered on October 7."},
	{"en", "Your order RC-1002 has not been delivered yet."},
	{"es", "Puedes seguirlo en https://correos.example/RC1002 con el pedido RC-1002."},
	{"es", "No encuentro ningún pedido RC-9999."},
	{"es", "¿Quieres que miremos el pedido RC-1002?"},
	{"es", "¡Hola! Gracias por escribirnos."},
	{"en", "Hello! Let me know if you need anything else."},
}

// lies are sentences that nothing backs.
var lies = []struct{ locale, text string }{
	{"es", "He cancelado tu pedido RC-1002."},
	{"es", "Ya he cambiado la dirección."},
	{"es", "Tu pedido RC-1002 ha sido cancelado."},
	{"es", "Listo, cancelado."},
	{"es", "Hecho."},
	{"es", "Tu pedido RC-1002 está cancelado."},
	{"es", "La dirección ha quedado actualizada."},
	{"es", "Te llamaremos mañana."},
	{"es", "Un compañero te llamará en breve."},
	{"es", "Voy a reembolsarte el importe."},
	{"en", "I have cancelled it."},
	{"en", "I've cancelled your order RC-1002."},
	{"en", "We have refunded your order."},
	{"en", "Your order RC-1002 has been refunded."},
	{"en", "Done, it is cancelled."},
	{"en", "Your address has been updated."},
	{"en", "A colleague will call you shortly."},
	{"en", "We will send you a voucher."},
	{"es", "Tu pedido RC-1002 ha sido entregado."},
	{"es", "Tu pedido RC-1003 no se ha enviado todavía."},
	{"en", "Your order RC-1002 is out for delivery."},
	{"es", "Tu pedido RC-1002 llega mañana."},
	{"es", "Tu pedido RC-1002 está en camino con Seur."},
	{"es", "El reembolso se abona en 30 días."},
	{"es", "Puedes devolver tu pedido en un plazo de 14 días desde la entrega."},
	{"es", "El envío es gratis a partir de 3,95 €."},
	{"es", "El reembolso se abona en 14 semanas."},
	{"es", "El envío estándar tarda de 5 a 5 días."},
	{"en", "Refunds take 30 days."},
	{"es", "Tu pedido RC-1002 llega el 20 de noviembre."},
	{"es", "Tu pedido RC-9999 está en camino."},
	{"es", "Tu pedido RC-7777 está en camino."},
	{"es", "Abrimos los domingos y regalamos un peluche."},
	{"en", "Our products carry a lifetime warranty."},
	{"es", "¿Sabías que el envío es gratis desde 10 €?"},
	{"es", "Mira https://otra.example/envios para el envío estándar."},
}

func TestCheck(t *testing.T) {
	t.Parallel()
	c, e := checker(t), evidence()
	for _, s := range truths {
		if got := objections(c, s.locale, s.text, e); got != "" {
			t.Errorf("true, and refused: %s", got)
		}
	}
	for _, s := range lies {
		if got := objections(c, s.locale, s.text, e); got == "" {
			t.Errorf("nothing backs it, and it passes: %s", s.text)
		}
	}
}

// A deed is backed by a receipt of the same deed for the same order, and by no other.
func TestDoneNeedsItsReceipt(t *testing.T) {
	t.Parallel()
	c := checker(t)
	cancelled := receipts.Receipt{ID: "r1", Kind: "cancel_order", Order: "RC-1002", Done: true, Reference: "A-77", Facts: map[string]string{"amount": "219,00 EUR"}}
	refused, other, moved := cancelled, cancelled, cancelled
	refused.Done, other.Order, moved.Kind = false, "RC-1003", "change_address"
	for _, text := range []string{
		"He cancelado tu pedido RC-1002.", "Hemos cancelado el pedido RC-1002 y la referencia es A-77.", "Tu pedido RC-1002 ha sido cancelado.",
		"I have cancelled your order RC-1002.", "Your order RC-1002 has been cancelled.",
	} {
		for name, row := range map[string]struct {
			list []receipts.Receipt
			ok   bool
		}{
			"its own": {[]receipts.Receipt{cancelled}, true}, "none": {nil, false}, "refused": {[]receipts.Receipt{refused}, false},
			"another order": {[]receipts.Receipt{other}, false}, "another deed": {[]receipts.Receipt{moved}, false},
		} {
			e := evidence()
			e.Receipts = row.list
			if got := objections(c, "es", text, e); (got == "") != row.ok {
				t.Errorf("%s with a receipt of %s: %q", text, name, got)
			}
		}
	}
	e := evidence()
	e.Receipts = []receipts.Receipt{cancelled}
	for _, text := range []string{"He cancelado tu pedido y la referencia es A-78.", "I have cancelled it and refunded it.", "He cancelado tu pedido y te he devuelto 218,00 €."} {
		if objections(c, "es", text, e) == "" {
			t.Errorf("the receipt does not say it: %s", text)
		}
	}
}

func TestClassify(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]receipts.Class{
		"Puedes devolver tu pedido en 30 días.":       receipts.Policy,
		"Refunds take 14 days.":                       receipts.Policy,
		"Tu pedido RC-1002 está en camino.":           receipts.OrderFact,
		"Your order was shipped yesterday.":           receipts.OrderFact,
		"Llega el martes.":                            receipts.OrderFact,
		"He cancelado tu pedido.":                     receipts.Done,
		"We have changed your address.":               receipts.Done,
		"Te avisaremos cuando llegue.":                receipts.Promise,
		"Someone from our team will get back to you.": receipts.Promise,
		"¡Muchas gracias!":                            receipts.Courtesy,
		"Have a nice day!":                            receipts.Courtesy,
		"¿Cuál es el número de tu pedido?":            receipts.Question,
		"Is it the vacuum cleaner?":                   receipts.Question,
	} {
		if got := receipts.Classify(text); got != want {
			t.Errorf("%s is %s, not %s", text, got, want)
		}
	}
}

// TestIdle: what is only kind states nothing of an order, a deed or money.
func TestIdle(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"¡De nada!": true,
		"¡Hola, Lucía! ¿En qué te puedo ayudar?":                            true,
		"Puedo informarte sobre tus pedidos, envíos, devoluciones y pagos.": true,
		"Me alegro de haberte ayudado.":                                     true,
		"Que disfrutes de tu compra.":                                       true,
		"Enjoy your new lamp!":                                              true,
		"I can tell you about your orders, shipping, returns and payments.": true,
		"Ya queda anulado, un saludo.":                                      false,
		"Todo listo, cancelado.":                                            false,
		"It is cancelled now, have a nice day!":                             false,
		"Ya está solucionado.":                                              false,
		"Your issue is resolved.":                                           false,
		"El dinero ya está en tu cuenta.":                                   false,
		"You'll get your money back.":                                       false,
		"Te devolvemos todo sin problema.":                                  false,
		"El próximo envío te sale gratis.":                                  false,
		"Shipping is free for you.":                                         false,
		"Your address is updated.":                                          false,
		"Nos encargamos de la anulación.":                                   false,
		"I've cancelled it.":                                                false,
	} {
		if got := receipts.Idle(text); got != want {
			t.Errorf("%s is idle: %v", text, got)
		}
	}
}

func TestSplit(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"":                                    nil,
		"Hola. ¿Qué tal?":                     {"Hola.", "¿Qué tal?"},
		"Cuesta 3.95 € aprox. por caja.":      {"Cuesta 3.95 € aprox. por caja."},
		"Mira https://a.example/b.c hoy. Fin": {"Mira https://a.example/b.c hoy.", "Fin"},
		"- uno\n- dos\n\n1. tres":             {"uno", "dos", "tres"},
		"Dijo «vale.» Y ya...":                {"Dijo «vale.»", "Y ya..."},
	} {
		if diff := cmp.Diff(want, receipts.Split(text)); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}
