package receipts

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/recado/recado/rag/action"
	"github.com/recado/recado/rag/phrases"
)

// fold lower-cases, drops accents and apostrophes, and puts a space on either side, so
// that patterns may ask for whole words.
func fold(text string) string {
	var b strings.Builder
	b.WriteByte(' ')
	for _, r := range norm.NFD.String(text) {
		switch {
		case unicode.Is(unicode.Mn, r), r == '\'', r == '’':
		case unicode.IsLetter(r), unicode.IsDigit(r):
			b.WriteRune(unicode.ToLower(r))
		default:
			b.WriteByte(' ')
		}
	}
	return " " + strings.Join(strings.Fields(b.String()), " ") + " "
}

func phrase(pattern string) *phrases.Set { return phrases.Spaced(pattern) }

// stages are what can be said of an order, with the statuses in which it is true. The
// words are folded.
var stages = []struct {
	name     string
	said     *phrases.Set
	statuses []string
}{
	{"waiting for payment", phrase(`pendientes? de pago|(?:waiting|awaiting|pending)(?: for)? payment|payment is pending|sin pagar|unpaid`), []string{"pending_payment"}},
	{"paid", phrase(`(?:esta|estan|figura|consta|como|ya|ha sido|queda)(?: ya)? pagados?|pago recibido|is paid|been paid|payment received`), []string{
		"paid", "processing", "shipped", "in_transit", "out_for_delivery", "ready_for_pickup", "delivered", "delivery_failed", "lost", "return_requested", "return_in_transit", "returned", "refunded", "partially_refunded", "partially_shipped",
	}},
	{"being prepared", phrase(`en preparacion|preparando(?:lo|se)?|procesando(?:se)?|en proceso|being (?:prepared|processed|packed)|in preparation|processing|en el almacen`), []string{"paid", "processing", "packed"}},
	{"shipped", phrase(`(?:ha|han|ha sido|fue|esta|estan|esta ya|ya|se ha|se|figura como|ha quedado) (?:enviad[oa]s?|envio|despachad[oa]s?|expedid[oa]s?|salido)|ha salido|salio|lo (?:hemos )?envia(?:do|mos)|(?:was|is|has|been|were|already|has already|its) (?:shipped|dispatched|sent)|shipped|dispatched|left (?:the|our) warehouse`), []string{
		"shipped", "in_transit", "out_for_delivery", "ready_for_pickup", "delivered", "delivery_failed", "lost", "return_requested", "return_in_transit", "returned", "partially_shipped",
	}},
	{"on its way", phrase(`en camino|en transito|on (?:its|the) way|in transit`), []string{"shipped", "in_transit", "out_for_delivery", "return_in_transit", "partially_shipped"}},
	{"out for delivery", phrase(`en reparto|out for delivery|con el repartidor|with the (?:driver|courier)`), []string{"out_for_delivery"}},
	{"ready for pick-up", phrase(`list[oa]s? para (?:recoger|la recogida)|disponibles? para recoger|ready (?:for pick ?up|for collection|to (?:be )?(?:pick|collect)\w*)`), []string{"ready_for_pickup"}},
	{"delivered", phrase(`entregad[oa]s?|se entrego|ha llegado|llego|delivered|has arrived|arrived`), []string{
		"delivered", "return_requested", "return_in_transit", "returned",
	}},
	{"not delivered", phrase(`no se (?:ha )?pud(?:o|ido) entregar|entrega fallida|intento de entrega|could not be delivered|couldnt be delivered|delivery (?:failed|attempt)|failed delivery`), []string{"delivery_failed"}},
	{"on hold", phrase(`retenid[oa]s?|en espera|on hold|held`), []string{"on_hold"}},
	{"lost", phrase(`perdid[oa]s?|extraviad[oa]s?|lost|missing`), []string{"lost"}},
	{"cancelled", phrase(`cancelad[oa]s?|anulad[oa]s?|cancell?ed|se (?:cancelo|anulo)|cancelacion (?:hecha|realizada|confirmada|completada)|cancellation (?:is )?(?:done|confirmed|complete)`), []string{"cancelled"}},
	{"delayed", phrase(`retrasad[oa]s?|con retraso|delayed|running late`), []string{"delayed"}},
	{"return requested", phrase(`devolucion (?:ha sido |esta |queda |ya )*(?:solicitada|iniciada|abierta|registrada|requested)|return (?:was |has been |is )*(?:requested|started|opened|registered)`), []string{"return_requested", "return_in_transit", "returned", "refunded", "partially_refunded"}},
	{"returned", phrase(`devuelt[oa]s?|returned`), []string{"returned", "refunded"}},
	{"refunded in part", phrase(`reembolsad[oa]s? (?:en parte|parcialmente)|parcialmente reembolsad[oa]s?|refunded in part|partially refunded|partly refunded`), []string{"partially_refunded"}},
	{"refunded", phrase(`reembolsad[oa]s?|reembolso (?:ha sido |esta |queda |ya )*(?:hecho|emitido|realizado|abonado)|abonad[oa]s?|refunded|refund (?:was |has been |is )*(?:issued|made|paid|sent|processed)`), []string{"refunded"}},
}

// denied matches what says before a stage that it is not reached, and conditional what
// leaves that open.
var (
	denied      = regexp.MustCompile(` (?:no|not|nunca|never|sin|hasnt|isnt|wasnt|havent|werent|ni|nor|neither|yet to be|pendientes? de ser)(?: \w+){0,4} $`)
	conditional = regexp.MustCompile(` (?:before|antes de|cuando|when|once|si|if|until|hasta|unless|salvo|could|podria|puede|can)(?: \w+){0,5} $`)
)

// told are the words that people use for the moment at which an order came to a status.
var told = map[string]string{
	"shipped":    "envió enviado enviamos salió despachado shipped sent dispatched left",
	"in_transit": "envió enviado salió camino shipped sent transit way",
	"delivered":  "entregó entregado llegó recibiste delivered arrived received",
	"cancelled":  "canceló cancelado anuló anulado cancelled canceled",
	"returned":   "devolvió devuelto devolución returned return",
	"refunded":   "reembolsó reembolsado reembolso abonado refunded refund",
}

// statusWords are the words for a status, for the lines of an order.
func statusWords(status string) string {
	return strings.ReplaceAll(status, "_", " ") + " " + told[action.Status(status)]
}

// said are the names of the stages that a sentence asserts and those that it denies.
func said(sentence string) (asserted, refused []string) {
	folded := fold(sentence)
	for _, s := range stages {
		at := s.said.FindStringIndex(folded)
		if at == nil {
			continue
		}
		switch before := folded[:at[0]+1]; {
		case conditional.MatchString(before):
		case s.name != "not delivered" && denied.MatchString(before):
			refused = append(refused, s.name)
		default:
			asserted = append(asserted, s.name)
		}
		folded = folded[:at[0]] + " x " + folded[at[1]:]
	}
	return asserted, refused
}

// stageHolds tells whether an order in the status is at the stage, or past it. A shop's
// own status holds where the words name it.
func stageHolds(name, status string) bool {
	status = action.Status(status)
	for _, s := range stages {
		if s.name != name {
			continue
		}
		own := !known(status) && s.said.MatchString(fold(statusWords(status)))
		return own || slices.Contains(s.statuses, status)
	}
	return false
}

func known(status string) bool {
	for _, s := range stages {
		if slices.Contains(s.statuses, status) {
			return true
		}
	}
	return false
}

// wrongStages are the stages that a sentence names and the order contradicts. What the
// shop's last note says of it counts too.
func (o Order) wrongStages(sentence string) []string {
	asserted, refused := said(sentence)
	noted, _ := said(o.LastNote)
	var wrong []string
	for _, name := range asserted {
		if !stageHolds(name, o.Status) && (!slices.Contains(noted, name) || settled[name]) {
			wrong = append(wrong, name)
		}
	}
	for _, name := range refused {
		if stageHolds(name, o.Status) {
			wrong = append(wrong, "not "+name)
		}
	}
	return wrong
}

// settled are the stages that only the status itself shows: a note may speak of them
// before they are so.
var settled = map[string]bool{"cancelled": true, "refunded": true, "refunded in part": true, "delivered": true, "returned": true}
