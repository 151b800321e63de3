package guard

import (
	"strings"

	"github.com/recado/recado/rag/phrases"
)

// erases matches a sentence that has something of the customer's own erased, whatever
// stands around it. An account alone is none: how that is closed is in the documents.
var erases = phrases.Words(
	eraseES+`( \w+){0,5} `+ownES, ownES+`( \w+){0,4} (sea|sean|este|esten|quede|queden)? ?(borrad|eliminad|suprimid|destruid)(o|a|os|as)`, `que (se )?(borren|eliminen|supriman|desaparezcan|quiten)( \w+){0,4} `+ownES, `(derecho) (de|a|al) (la )?(supresion|olvido|borrado|cancelacion)`,
	`no (quiero|deseo) que (\w+ )?(guard|ten|conserv|almacen|sep)\w+( \w+){0,2} (nada (de mi|mio)|`+ownES+`)`, `que no quede( \w+){0,2} (rastro|nada)( \w+){0,2} (de )?`+ownES, `(retiro|revoco|retirar|revocar)( \w+)? mi consentimiento`,
	`(elimin|borr|quit|sac|suprim)(adme|enme|ame|arme|eme|idme)( \w+){0,4} (base de datos|bases de datos|sistema|sistemas|ficheros|registros|archivos)`, `(olvid)(aos|ate|ense|ese|arse|aros) de mi( \.|$| y)`,
	eraseEN+`( \w+){0,5} `+ownEN, ownEN+`( (to|be|is|are|all|get|completely|fully|now|please|must|should)){0,4} (erased|deleted|removed|wiped|destroyed|gone|disappear|purged|scrubbed)`, `right (to|of) (erasure|be forgotten|deletion)`, `(don t|dont|do not) want you( \w+){0,3} (keep|keeping|have|having|store|storing|hold|holding)( \w+){0,2} (anything (about|on|of) me|`+ownEN+`)`,
	`(dejen de|fuera de)( \w+){0,4} (vuestras|sus|tus) manos`, ownEN+`( \w+)? out of your hands`, `no (autorizo|permito|doy permiso|consiento)( \w+){0,4} (teng|ten|tien|guard|us)\w+( \w+){0,2} `+ownES, `no (longer|more)( \w+){0,3} (permission|consent|right|allowed) to (keep|have|hold|store|use)( \w+)? `+ownEN,
	`(leave|keep|no) (no )?trace of `+ownEN, `(withdraw|withdrawing|revoke|revoking)( \w+)? my consent`, `(take|get|remove|delete|erase|wipe) me (out|off|from)( \w+){0,4} (database|databases|system|systems|files|records)`, `forget (me|about me|all about me)( \.|$| and| take)`,
)

// The parts of these sentences.
const (
	eraseES = `(borr(a|ad|ar|en|e|eis|aras|areis)|(la |una )?cancelacion de|borar|bora|elimin(a|ad|ar|en|e|eis)|suprim(e|id|ir|an|a|ais)|supresion|eliminacion|borrado|destru(ye|id|ir|yan)|quit(a|ad|ar|en)|desaparezcan?|olvid(a|ad|en)|limpi(a|ad|ar|en)|borrdme|borradme|fuera)`
	ownES   = `((mis|todos mis|los) (\w+ )?(dattos|datos)( personales)?( \.|$| \w+)|(mi|toda mi) (informacion|ficha|historial|numero|telefono)|mis (conversaciones|mensajes|chats)|todo lo (que (\w+ )?(teng|guard|sab|hay)\w+( \w+){0,3} )?(mio|de mi)|todo lo que( \w+){0,2} (mio|de mi)|(la|toda la) (informacion|info) (que|q)( \w+){0,2} (teng|ten|tien|guard|sab)\w+( \w+){0,3}|lo que (teng|guard|sab)\w+( \w+)?)`
	eraseEN = `(delete|deleting|deletion of|delet|delte|erase|erasing|erasure of|remove|removal of|wipe|wiping|destroy|purge|scrub|get rid of|clear|erasse|eras)`
	ownEN   = `((all |any of )?(of )?my (whole |entire |full |personal |customer )?(data|dta|information|info|details|records|record|chats|conversations|messages|profile|number|phone number|history)|(everything|all|anything|what|whatever|the (information|info|data))( \w+)? you( ve| have)?( got)?( \w+)?( (on|about) me)?)`
)

// aboutErasure matches what makes a sentence a question about it, a condition, the
// opposite, or one about a thing that holds data of its own.
var aboutErasure = phrases.Bare(
	`^((y|and|pero|but|so|entonces|oye|hey|hola|hi|hello) )*(how|what|who|which|where|when|why|can i|could i|may i|do i|is it|do you|does|are|if|after|before|como|cuanto|que (pasa|ocurre|datos|es)|quien|donde|cuando|puedo|podria|se puede|es posible|borrais|elimin(ais|an)|tengo derecho|hay que|si|antes|despues) `,
	`(^| )(\w*\d{4,}|(don t|do not|never|no) (\w+ )?(delete|erase|remove|wipe|borr\w+|elimin\w+|suprim\w+|quit\w+))( |$)`, `(^| )(order|parcel|package|basket|cart|item|invoice|review|wishlist|pedido|paquete|carrito|articulo|factura|resena|movil|laptop|portatil|tablet|tableta|router|device|ordenador|disco|repair|repara\w+)( |$)`, `(on|from|of|de|del|en) (my|the|mi|el) (phone|telefono)( (before|antes|y|and|to|para)|$)`,
)

// longestErasure is the longest sentence that is read so, in words.
const longestErasure = 20

// wantsErased tells whether a sentence of a message has the customer's data erased.
func wantsErased(folded string) bool {
	for sentence := range strings.SplitSeq(folded, " .") {
		sentence = strings.TrimSpace(sentence)
		if len(strings.Fields(sentence)) > longestErasure || !erases.MatchString(sentence) {
			continue
		}
		if !aboutErasure.MatchString(sentence) {
			return true
		}
	}
	return false
}
