package offline

import (
	"regexp"
	"strings"

	"github.com/recado/recado/rag"
)

// detail is a fact of an order that customers ask for beside its state. Shops give some
// of them only to who has shown to be the customer; then they are not in the request.
type detail struct {
	// asks matches folded questions for it.
	asks *regexp.Regexp
	// of gives it, or nothing.
	of func(rag.Order) string
	// es and en come before it.
	es, en string
}

var details = []detail{
	{
		asks: phrases(`(factura|facturas|tique|ticket|recibo)`, `(invoice|invoices|bill|receipt)`),
		of:   func(o rag.Order) string { return o.InvoiceURL },
		es:   "La factura de tu pedido %s está aquí: ", en: "The invoice for your order %s is here: ",
	},
	{
		asks: phrases(`(justificante|prueba|comprobante|albaran|firma) (de (la )?entrega)`, `quien (lo |la |me lo )?(firmo|recogio|recibio)`,
			`(proof of delivery|delivery proof|delivery note|signature)`, `who (signed|received|took)`),
		of: func(o rag.Order) string { return o.ProofURL },
		es: "El justificante de entrega de tu pedido %s está aquí: ", en: "The proof of delivery of your order %s is here: ",
	},
	{
		asks: aboutRefund,
		of:   func(o rag.Order) string { return o.Refund },
		es:   "Reembolso de tu pedido %s: ", en: "Refund of your order %s: ",
	},
	{
		asks: phrases(`(seguimiento|tracking|localizador|rastreo|rastrear)`, `(track|tracking)`),
		of:   func(o rag.Order) string { return o.TrackingURL },
		es:   "Seguimiento de tu pedido %s: ", en: "Tracking of your order %s: ",
	},
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
	end := ""
	if !strings.Contains(value, "://") && !strings.HasSuffix(value, ".") {
		end = "." // a link would take it along
	}
	return strings.Replace(inLanguage(locale, d.es, d.en), "%s", o.Number, 1) + value + end
}
