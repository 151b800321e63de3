package receipts

import (
	"strings"

	"github.com/recado/recado/rag/guard"
	"github.com/recado/recado/rag/phrases"
)

var (
	// ourselves matches a sentence in which the shop speaks in the first person.
	ourselves = phrase(`he|hemos|acabo|acabamos|estoy|estamos|i|we|ive|weve|im|were|let me`)
	// future matches first persons that are still to do something.
	future = phrase(`voy a|vamos a|(?:i|we) (?:will|shall|am going to|are going to|can now)|(?:i|we)ll|im going to|were going to|let me|` +
		`\w+(?:aremos|eremos|iremos)|(?:te|le|os|les|lo|la|los|las|se) \w+(?:are|ere|ire)`)
	// others matches colleagues who are going to do something.
	others = phrase(`(?:(?:equipo|companer\w+|persona|agente|alguien|compañer\w+) (?:\w+ ){0,5}(?:te|le|os|les|lo|se) (?:\w+(?:ara|era|ira|aran|eran|iran)|va a|van a)(?: \w+)?)|` +
		`(?:(?:team|colleague|agent|someone|somebody|person|manager) (?:\w+ ){0,4}(?:will|is going to|are going to)(?: \w+)?)`)
	// bare matches words for a deed without a person: "Listo, cancelado", "all done".
	bare = phrase(`(?:ya esta|listo|hecho|todo listo|done|all done|all set)(?: \w+){0,3}|(?:la |tu |su |the |your )?(?:direccion|address|contrasena|password|email|correo|telefono|phone|suscripcion|subscription|factura|invoice|cambio|change|solicitud|request) (?:\w+ ){0,5}(?:has been|was|is now|ha sido|ha quedado|queda|esta|fue|hech[oa]|realizad[oa]|ya) ?\w*(?:ad[oa]|id[oa]|hech[oa]|ed|sent|done)?`)
	// courtesies match a whole sentence that states nothing.
	courtesies = phrases.Bare(`^ (?:(?:hola|buenas|buenos dias|buenas tardes|buenas noches|hello|hi|hey|good (?:morning|afternoon|evening)|gracias|muchas gracias|thanks|thank you)(?: (?:por|for) (?:\w+ ?){1,6})?|` +
		`(?:de nada|con (?:mucho )?gusto(?: te ayudo)?|un saludo|saludos|hasta (?:luego|pronto)|que tengas (?:un )?buen \w+|feliz dia|youre welcome|my pleasure|happy to help|glad to help|best regards|kind regards|have a (?:nice|great|good) day)|` +
		`(?:lo siento|lo sentimos|lamento|lamentamos|siento|sentimos|perdon|disculpa|disculpas|sorry|im sorry|we are sorry|i am sorry|were sorry|my apologies)(?: (?:mucho|much|very much|so much|las molestias|la molestia|los inconvenientes|for the (?:inconvenience|trouble)|about (?:that|this)|to hear (?:that|this)|por las molestias))*|` +
		`(?:esto )?(?:solo )?lo tengo (?:solo )?en (?:ingles|espanol)(?: solo)?|i (?:only )?have this in (?:spanish|english)(?: only)?|` +
		`(?:por favor )?(?:comprueba|revisa) (?:el|los|tu|su) numeros?(?: por favor)?(?: si quieres te atiende una persona escribe persona)?|please check the numbers?(?: if you would like a person to help write person)?|` +
		`(?:si (?:necesitas|quieres|tienes)|if (?:you need|you have|theres)|(?:dime|avisame|escribeme|let me know|just ask|tell me) (?:si|if)|(?:estoy|estamos|aqui|im|we are|i am|were)) (?:[a-z]+ ){0,8}(?:ayudarte|ayuda|algo mas|otra cosa|mas dudas|otra duda|otra pregunta|aqui|anything else|help|here|more questions|other questions|any questions|any other questions)(?: (?:you|here|dimelo|escribeme|avisame|let me know|just ask))?) $`)
	// mine matches what is of one order and no rule of the shop.
	mine = phrase(`(?:tu|su|vuestro|este|ese|your|this|that) (?:ultimo |latest |last )?(?:pedido|paquete|envio|compra|order|parcel|package|shipment|delivery|refund|reembolso|devolucion|return|transportista|carrier|seguimiento|tracking)|el paquete|the (?:parcel|package)`)
	// general matches rules: what one can do, and what happens if.
	general = phrase(`puedes|pueden|podras|podeis|puede|se puede|tienes|dispones|debes|tendras|hay que|si|cuando|cada|todos|todas|siempre|normalmente|you can|you may|you have|you could|you must|you should|can be|may be|must be|if|when|once|every|all|always|usually|any`)
	// states are the verbs with which a stage is told of something at hand.
	states = phrase(`esta|estan|ha sido|han sido|ha quedado|fue|figura|consta|se ha|se envio|se entrego|se cancelo|ha llegado|ha salido|salio|llego|is|was|has|has been|its|it is|shipped|delivered|cancelled|cancelad[oa]|entregad[oa]|enviad[oa]|reembolsad[oa]`)
	// moves are verbs of a parcel: with a day they tell of an order.
	moves = phrase(`llega|llegara|llego|salio|sale|saldra|recibiras|lo recibes|se entrego|se entregara|se envio|entregado|enviado|arrives|will arrive|arrived|was shipped|was delivered|was sent|is due|will be delivered|its due|you will receive it|lo hiciste|hiciste|you placed|placed on|contiene|contains|it holds|lleva`)
)

// Classify tells what a sentence does. What is unclear is the class that asks for more: a
// sentence about nothing in particular is Policy and needs a passage.
func Classify(sentence string) Class {
	folded := fold(sentence)
	figures := extract(sentence)
	asks := strings.HasSuffix(strings.TrimRight(sentence, ` "'”»)*_`), "?")
	switch {
	case Claims(sentence) || others.MatchString(folded) && !asks:
		return claim(folded)
	case asks:
		return Question
	case len(figures) == 0 && courteous(sentence, folded):
		return Courtesy
	case bare.MatchString(folded) && !general.MatchString(folded) && !ofOrder(sentence, folded, figures):
		return deed(folded)
	case ofOrder(sentence, folded, figures):
		return OrderFact
	}
	return Policy
}

// claim sorts what Claims is true of.
func claim(folded string) Class {
	switch {
	case future.MatchString(folded) || others.MatchString(folded):
		return Promise
	case ourselves.MatchString(folded):
		return Done
	}
	return deed(folded)
}

// deed is OrderFact where the words name a stage of orders, which the order's status or a
// receipt backs, and Done elsewhere.
func deed(folded string) Class {
	if asserted, _ := said(folded); len(asserted) > 0 {
		return OrderFact
	}
	return Done
}

var (
	// dealtWith matches that something is dealt with, whatever it is.
	dealtWith = phrase(`(?:esta|estan|queda|quedan|quedo|ha quedado|fue|ha sido|is|are|its|was|has been|have been|will be|get)(?: \w+){0,2} (?:` + doneES + `|` + doneEN + `|resuelt[oa]s?|solucionad[oa]s?|confirmad[oa]s?|resolved|solved|sorted|settled|confirmed)`)
	// bears matches what is worth money, and what the shop does for somebody.
	bears = phrase(`dinero|gratis|gratuit[oa]s?|descuentos?|regalos?|sin coste|abonos?|anulacion|cancelacion|money|free|discounts?|gifts?|at no cost|voucher|cancellation|(?:te|le|os|les) (?:lo |la |los |las )?(?:cancel|anul|devolv|devuelv|reembols|abon|cambi|envi|mand|llam|regal|cobr)\w+`)
)

// Idle tells whether a sentence states nothing that somebody may rely on: no stage of an
// order, nothing done or promised, no figure and no money. That is what small talk may
// hold without a source.
func Idle(sentence string) bool {
	folded := fold(sentence)
	asserted, refused := said(sentence)
	return len(asserted)+len(refused)+len(extract(sentence)) == 0 && !Claims(sentence) &&
		!bare.MatchString(folded) && !others.MatchString(folded) && !dealtWith.MatchString(folded) && !bears.MatchString(folded)
}

func courteous(sentence, folded string) bool {
	if guard.Courteous(sentence) != "" || folded == "  " || strings.TrimSpace(folded) == "" {
		return true
	}
	return courtesies.MatchString(folded)
}

// ofOrder tells whether a sentence speaks of one order of the customer.
func ofOrder(sentence, folded string, figures []figure) bool {
	if orderID.MatchString(sentence) {
		return true
	}
	if general.MatchString(folded) {
		return false
	}
	asserted, refused := said(sentence)
	staged := len(asserted)+len(refused) > 0
	return mine.MatchString(folded) && (staged || len(figures) > 0 || dayWord.MatchString(sentence)) || staged && states.MatchString(folded) ||
		moves.MatchString(folded) && (dayWord.MatchString(sentence) || dated(figures))
}

func dated(figures []figure) bool {
	for _, f := range figures {
		if f.kind == date {
			return true
		}
	}
	return false
}

// classify is Classify with what the evidence adds: the number of an order of the customer
// makes a sentence one about that order, unless it is more.
func (r *run) classify(sentence string) Class {
	class := Classify(r.unquoted(sentence))
	if class == Policy && len(r.named(sentence)) > 0 {
		return OrderFact
	}
	return class
}
