package receipts

import "strings"

// action are the deeds that a shop does and that a reply must not claim, as
// participles and infinitives without accents.
const (
	doneES = `(cancelad|anulad|reembolsad|devuelt|abonad|cambiad|modificad|actualizad|enviad|reenviad|solicitad|tramitad|gestionad|abiert|registrad|creado|creada|pasad|avisad|escalad|reservad|aplicad|emitid|iniciad|procesad|corregid|eliminad|borrad|mandad|notificad|anotad|hecho|arreglad|resuelt|programad|pedid)(o|a|os|as)?`
	doES   = `(cancelar|anular|reembolsar|devolver|abonar|cambiar|modificar|actualizar|enviar|reenviar|solicitar|tramitar|gestionar|abrir|registrar|crear|pasar|avisar|escalar|reservar|aplicar|emitir|iniciar|procesar|corregir|eliminar|borrar|mandar|notificar|hacer|arreglar|resolver|programar|encargar|llamar)(te|le|os|les|lo|la|los|las|me|nos|telo|selo)?`
	doneEN = `(cancell?ed|refunded|returned|changed|updated|modified|sent|resent|requested|processed|opened|registered|created|passed|notified|escalated|reserved|applied|issued|initiated|started|fixed|corrected|deleted|removed|arranged|scheduled|credited|booked|submitted|placed|replaced|forwarded|contacted|reported|filed|added|extended|approved)`
	doEN   = `(cancel|refund|return|change|update|modify|send|resend|request|process|open|register|create|pass|notify|escalate|reserve|apply|issue|initiate|start|fix|correct|delete|remove|arrange|schedule|credit|book|submit|place|replace|forward|contact|report|file|add|extend|call|take care)`
)

// claimed matches a folded sentence in which the shop, in the first person, says
// that it did, is doing or will do something.
var claimed = phrase(`(he|hemos)( \w+)? ` + doneES + `|` +
	`(te|le|os|les) (he|hemos)( \w+){0,2} ` + doneES + `|` +
	`(te|le|os|les) (he|hemos) \w+(ado|ido)` + `|` +
	`(voy|vamos) a ` + doES + `|` +
	`(te|le|os|les|lo|la) (voy|vamos) a \w+` + `|` +
	`(estoy|estamos) \w+(ando|iendo)(te|lo|la)?` + `|` +
	`(acabo|acabamos) de ` + doES + `|` +
	`ya (lo|la|los|las)? ?(he|hemos) \w+` + `|` +
	`(cancelare|cancelaremos|reembolsare|reembolsaremos|devolveremos|devolvere|abonaremos|cambiaremos|cambiare|enviaremos|enviare|tramitaremos|tramitare|gestionaremos|gestionare|llamaremos|llamare|avisaremos|avisare|procesaremos|procesare)` + `|` +
	`(tu|su|vuestro) (pedido|reembolso|devolucion|solicitud|cambio|direccion) (ya )?(ha sido|ha quedado|queda|esta ya|acaba de ser) ` + doneES + `|` +
	`(i|we) (have|ve|just|already|have just|have already|ve just|ve already|now|have now|ve now|did|went ahead and) ?` + doneEN + `|` +
	`(i|we) ` + doneEN + `|` +
	`(i|we) (will|ll|am going to|are going to|m going to|re going to|can now|shall)( \w+)? ` + doEN + `|` +
	`(i|we) (am|m|are|re)( \w+)? \w+ing (your|the|this|that|it|you)` + `|` +
	`let me ` + doEN + `|` +
	`your (order|refund|return|request|address|subscription|payment) (has|have) (now |just |already )?been ` + doneEN)

// apart lets the two words of "I've" stand apart.
var apart = strings.NewReplacer("'", " ", "’", " ")

// Claims tells whether the shop says in a text that it did something or will do it. A
// state that an order record gives ("it was shipped", "se envió ayer") and what the
// customer can do are no claims.
func Claims(text string) bool {
	for _, sentence := range Split(text) {
		if claimed.MatchString(fold(apart.Replace(sentence))) {
			return true
		}
	}
	return false
}
