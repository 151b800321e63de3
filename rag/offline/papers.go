package offline

import (
	"cmp"
	"regexp"
	"strings"

	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/action"
	wording "github.com/recado/recado/rag/phrases"
)

// detail is a fact of an order that customers ask for beside its state. Shops give some
// of them only to who has shown to be the customer; then they are not in the request.
type detail struct {
	// asks matches folded questions for it.
	asks *wording.Set
	// of gives it, or nothing.
	of func(rag.Order) string
	// es and en come before it.
	es, en string
	// kind is the look-up that gives it, fits tells whether an order may have it, and always
	// matches questions for it that begin like one for the rules.
	kind   action.Kind
	fits   func(rag.Order) bool
	always *wording.Set
}

var details = []detail{
	{
		asks: phrases(`(factura|facturas|tique|ticket|recibo)`, `(invoice|invoices|bill|receipt)`),
		of:   func(o rag.Order) string { return o.InvoiceURL },
		es:   "La factura de tu pedido %s está aquí: ", en: "The invoice for your order %s is here: ",
		kind: action.Invoice, fits: func(o rag.Order) bool { return action.Status(o.Status) != "pending_payment" },
		always: phrases(`donde esta (la|mi) factura`, `where is (the|my) invoice`),
	},
	{
		asks: phrases(`(justificante|prueba|comprobante|albaran|firma) (de (la )?entrega)`, `quien (lo |la |me lo )?(firmo|recogio|recibio)`,
			`(proof of delivery|delivery proof|delivery note|signature)`, `who (signed|received|took)`),
		of: func(o rag.Order) string { return o.ProofURL },
		es: "El justificante de entrega de tu pedido %s está aquí: ", en: "The proof of delivery of your order %s is here: ",
		kind: action.DeliveryProof, fits: func(o rag.Order) bool { return action.Status(o.Status) == "delivered" },
		always: phrases(`quien (lo |la |me lo )?(firmo|recogio|recibio)`, `who (signed|received|took)`),
	},
}

// wantsDetail matches who wants to be given such a thing, of an order that they may not name.
var wantsDetail = phrases(`(mandame|enviame|pasame|dame|reenviame|mandadme|enviadme|pasadme|dadme|mandenme|envienme)( \w+)*`, `(me|nos) (mandas|mandais|envias|enviais|pasas|pasais|das|dais|mandan|envian)( \w+)*`,
	`(puedes|puede|podeis|podrias|podriais|pueden) (mandarme|enviarme|pasarme|darme)( \w+)*`, `(me|nos) (puedes|puede|podeis|podrias|podriais|pueden) (mandar|enviar|pasar|dar)( \w+)*`,
	`(quiero|necesito|quisiera|me hace falta|me falta) (una copia de )?(la|mi|el) (factura|tique|ticket|recibo|justificante|comprobante|albaran)( \w+)*`,
	`(send|give|email|forward|show) (me|us)( \w+)*`, `(can|could|may) (you|i|we) (please )?(send|give|get|have|see|email)( \w+)*`, `(i|we) (need|want|would like|d like) (a copy of )?(the|my) (invoice|bill|receipt|proof)( \w+)*`)

// asksTracking matches folded questions for a tracking link, which the state of an order
// tells as long as it is on its way.
var asksTracking = phrases(`(seguimiento|tracking|localizador|rastreo|rastrear)`, `(track|tracking)`)

// refundWords are what orders say of a refund beside its amount and days, in Spanish.
var refundWords = map[string]string{
	"not started": "todavía sin ordenar", "in progress": "en curso", "pending": "pendiente", "requested": "solicitado", "approved": "aprobado", "ordered": "ordenado",
	"done": "hecho", "completed": "hecho", "paid": "pagado", "refunded": "hecho", "rejected": "rechazado", "failed": "fallido",
}

// refundWordsEN are those that an English customer is better told in other words.
var refundWordsEN = map[string]string{"not started": "not ordered yet"}

// refundDay matches the days of a refund.
var refundDay = regexp.MustCompile(`^(ordered|expected by) (\d{4}-\d{2}-\d{2})$`)

// refundAmount matches an amount as orders give it.
var refundAmount = regexp.MustCompile(`^\d+\.\d{2} [A-Z]{3}$`)

// refunded tells how the refund of an order stands, where the order says so: the parts that
// every shop's orders have in the customer's words, what else it says as it is.
func refunded(o rag.Order, locale string) string {
	if o.Refund == "" {
		return ""
	}
	parts := strings.Split(o.Refund, ", ")
	for i, part := range parts {
		parts[i] = refundPart(part, locale)
	}
	text := strings.TrimSuffix(strings.Join(parts, ", "), ".") + "."
	return inLanguage(locale, "Reembolso del pedido "+o.Number+": ", "Refund for order "+o.Number+": ") + text
}

func refundPart(part, locale string) string {
	if m := refundDay.FindStringSubmatch(part); m != nil {
		day, ok := parseDay(m[2])
		if !ok {
			return part
		}
		if m[1] == "ordered" {
			return inLanguage(locale, "ordenado el ", "ordered on ") + writeDay(day, locale)
		}
		return inLanguage(locale, "previsto hasta el ", "expected by ") + writeDay(day, locale)
	}
	if locale == "en" {
		return cmp.Or(refundWordsEN[part], part)
	}
	if refundAmount.MatchString(part) {
		return strings.Replace(part, ".", ",", 1)
	}
	return cmp.Or(refundWords[part], part)
}

// detailsAsked are the details that a folded question asks for.
func detailsAsked(folded string) []detail {
	var asked []detail
	for _, d := range details {
		if d.asks.MatchString(folded) {
			asked = append(asked, d)
		}
	}
	return asked
}

// known tells whether any of the orders has the detail.
func (d detail) known(orders []rag.Order) bool {
	for _, o := range orders {
		if d.of(o) != "" {
			return true
		}
	}
	return false
}

// tell says the detail of one order, or nothing when it is not there.
func (d detail) tell(o rag.Order, locale string) string {
	value := strings.TrimSpace(d.of(o))
	if value == "" {
		return ""
	}
	return d.write(o.Number, value, locale)
}

// write says a detail of the order with a number.
func (d detail) write(number, value, locale string) string {
	end := ""
	if !strings.Contains(value, "://") && !strings.HasSuffix(value, ".") {
		end = "." // a link would take it along
	}
	return strings.Replace(inLanguage(locale, d.es, d.en), "%s", number, 1) + value + end
}
