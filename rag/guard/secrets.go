package guard

import (
	"regexp"
	"strings"

	"github.com/recado/recado/rag/phrases"
)

// sentenceEnd splits a text into sentences; a point inside a number or a link ends
// nothing.
var sentenceEnd = regexp.MustCompile(`[.!?]+(\s+|$)|\n+`)

// secretWords are what no shop needs from its customers, in folded text.
const secretWords = `(contrasenas?|claves? (de acceso|personal|secreta)|pin|cvv2?|cvc2?|codigos? de (seguridad|un solo uso|verificacion|acceso)|(numero|numeros|datos) (completos? )?de (la |tu |su |tus )?(tarjeta|cuenta bancaria)|tarjeta completa|caducidad de (la |tu )?tarjeta` +
	`|passwords?|passcode|pin( code| number)?|security code|one time (code|password)|verification code|otp|(full |complete |whole )?(credit |debit |bank )?card (number|details|data)|(credit|debit) card|card s (number|expiry|cvv))`

var (
	// asksSecret matches who wants to be told one.
	asksSecret = phrases.Words(
		`(envia|envie|manda|mande|escribe|escriba|di|diga|dinos|danos|da|facilita|facilite|indica|indique|comparte|comparta|pasa|pase|confirma|confirme|responde con|contesta con|introduce aqui|proporciona|proporcione)(me|nos)?( \w+){0,6} `+secretWords,
		`(me|nos) (dices|das|envias|mandas|pasas|confirmas|indicas|escribes|facilitas|dais|decis|puedes dar)( \w+){0,6} `+secretWords, `(necesito|necesitamos|nos hace falta|me hace falta|falta|faltaria)( \w+){0,6} `+secretWords, `(cual|que) es( \w+){0,3} `+secretWords, `(puedes|podrias|puede|podria)( \w+){0,2} (enviar|mandar|decir|dar|indicar|facilitar|confirmar|compartir|pasar|escribir)(me|nos)?( \w+){0,6} `+secretWords,
		`(send|tell|give|share|provide|write|type|confirm|reply with|answer with|message|text|let us know|let me know)( \w+){0,6} `+secretWords,
		`(i|we)( will| would| ll)?( also| just| still)? (need|require)( \w+){0,6} `+secretWords, `what (is|s|are)( \w+){0,3} `+secretWords,
	)
	// warnsSecret matches who warns of it, tells a part that is none, or how the customer
	// changes one.
	warnsSecret = phrases.Words(`(no|nunca|jamas|never|not|don t|do not|won t|without|sin)( \w+){0,9} `+secretWords, `(ultim[oa]s|last) (cuatro|4|four)`, `(cuatro|4) ultim[oa]s`,
		`(cambiar|restablecer|recuperar|olvidado|reset|change|recover|forgot|forgotten|nueva contrasena|new password)`)
)

// AsksSecret returns the sentences of a reply in which the customer is asked for a
// password, a PIN, a code or the number of a card.
func AsksSecret(text string) []string {
	var found []string
	for _, sentence := range sentenceEnd.Split(text, -1) {
		folded := fold(sentence)
		if asksSecret.MatchString(folded) && !warnsSecret.MatchString(folded) {
			found = append(found, strings.TrimSpace(sentence))
		}
	}
	return found
}
