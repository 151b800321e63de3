package gateway

import "strings"

// agentReasons says to an agent, in the customer's language, why a conversation
// is in front of them.
func agentReasons(language string) map[Reason]string {
	if language == "en" {
		return map[Reason]string{
			ReasonAskedForHuman: "The customer asked for a person.",
			ReasonLegal:         "The customer speaks of lawyers, complaints or claims.",
			ReasonSafety:        "The customer may be in danger or mentions harm.",
			ReasonFraud:         "The customer reports fraud or a charge they do not recognise.",
			ReasonLowConfidence: "The answer was not sure enough to be sent.",
			ReasonNotCovered:    "The shop's documents do not answer this question.",
			ReasonUnsupported:   "The draft said something that no document or order backs.",
			ReasonModelError:    "The language model gave no usable answer.",
			ReasonKnowledge:     "The shop's documents could not be searched.",
			ReasonOrders:        "The question is about an order and the orders could not be read.",
			ReasonUnreadable:    "The customer sent something that can't be read automatically.",
			ReasonSendFailed:    "A message to the customer could not be delivered.",
			ReasonInternal:      "Something went wrong while the answer was made.",
			ReasonTakenOver:     "A person answered from the phone app.",
			ReasonWindow:        "The service window closed before the answer; only a template can reach the customer.",
			ReasonMedia:         "The customer sent a file that only a person can look at.",
			ReasonIdentity:      "The customer's number or account has changed: check who is writing before you speak of orders.",
			ReasonAgent:         "You took this conversation over from the assistant.",
			ReasonUnavailable:   "The customer's message can only be seen in the phone app.",
			ReasonSuggest:       "The assistant only suggests for now: check the draft and send it.",
			ReasonReceipt:       "The shop's system has not said whether it did what the customer confirmed: look it up and tell them.",
			ReasonRefused:       "The shop's system did not do what the customer confirmed.",
			ReasonAction:        "The customer wants something done with an order that the assistant can't do.",
			ReasonData:          "The customer wants their personal data deleted. The law gives one month to answer.",
			ReasonRepeat:        "The customer has asked the same thing several times: the answers did not help.",
			ReasonOffTopic:      "The customer goes on writing about things that are not the shop's business.",
		}
	}
	return map[Reason]string{
		ReasonAskedForHuman: "El cliente ha pedido hablar con una persona.",
		ReasonLegal:         "El cliente habla de abogados, denuncias o reclamaciones.",
		ReasonSafety:        "El cliente puede estar en peligro o habla de hacerse daño.",
		ReasonFraud:         "El cliente denuncia un fraude o un cargo que no reconoce.",
		ReasonLowConfidence: "La respuesta no era lo bastante segura para enviarla.",
		ReasonNotCovered:    "Los documentos de la tienda no responden a esta pregunta.",
		ReasonUnsupported:   "El borrador decía algo que ningún documento ni pedido respalda.",
		ReasonModelError:    "El modelo de lenguaje no ha dado una respuesta válida.",
		ReasonKnowledge:     "No se ha podido buscar en los documentos de la tienda.",
		ReasonOrders:        "La pregunta es sobre un pedido y los pedidos no se han podido leer.",
		ReasonUnreadable:    "El cliente ha enviado algo que no se puede leer automáticamente.",
		ReasonSendFailed:    "No se ha podido entregar un mensaje al cliente.",
		ReasonInternal:      "Algo ha fallado mientras se preparaba la respuesta.",
		ReasonTakenOver:     "Una persona ha contestado desde la aplicación del teléfono.",
		ReasonWindow:        "La ventana de atención se cerró antes de responder; solo una plantilla puede llegar al cliente.",
		ReasonMedia:         "El cliente ha enviado un archivo que tiene que mirar una persona.",
		ReasonIdentity:      "El número o la cuenta del cliente ha cambiado: comprueba quién escribe antes de hablar de pedidos.",
		ReasonAgent:         "Has tomado esta conversación del asistente.",
		ReasonUnavailable:   "El mensaje del cliente solo se puede ver en la aplicación del teléfono.",
		ReasonSuggest:       "Por ahora el asistente solo propone: revisa el borrador y envíalo.",
		ReasonReceipt:       "El sistema de la tienda no ha dicho si ha hecho lo que el cliente confirmó: compruébalo y díselo.",
		ReasonRefused:       "El sistema de la tienda no ha hecho lo que el cliente confirmó.",
		ReasonAction:        "El cliente quiere algo con un pedido que el asistente no puede hacer.",
		ReasonData:          "El cliente quiere que se borren sus datos personales. La ley da un mes para responder.",
		ReasonRepeat:        "El cliente ha preguntado lo mismo varias veces: las respuestas no le han servido.",
		ReasonOffTopic:      "El cliente sigue escribiendo sobre cosas que no son de la tienda.",
	}
}

// AgentReason is the same sentence for pages that speak the agent's language: "en"
// or, for everything else, Spanish. A reason that is not known gives "".
func AgentReason(language string, r Reason) string { return agentReasons(language)[r] }

// handoffText is what a customer hears when a person takes over, by reason. It
// promises no time, because none is known.
func handoffText(language string, r Reason) string {
	en, es := "I'd rather not guess, so I'm passing your question to a colleague. They will answer you here.",
		"Prefiero no adivinar, así que paso tu pregunta a una persona del equipo. Te responderá aquí mismo."
	switch r {
	case ReasonAskedForHuman:
		en, es = "Of course. I'm passing you to a person on our team. They will answer you here.",
			"Claro. Te paso con una persona del equipo. Te responderá aquí mismo."
	case ReasonLegal, ReasonFraud:
		en, es = "This needs a person. I'm passing it to our team right now. They will answer you here.",
			"Esto debe verlo una persona. Se lo paso ahora mismo al equipo. Te responderá aquí mismo."
	case ReasonSafety:
		en, es = "I'm passing you to a person right now. If you are in danger, please call 112.",
			"Te paso con una persona ahora mismo. Si estás en peligro, llama al 112, por favor."
	case ReasonModelError, ReasonKnowledge, ReasonInternal:
		en, es = "I can't answer right now because of a technical problem. A person on our team will answer you here.",
			"Ahora mismo no puedo responder por un problema técnico. Una persona del equipo te responderá aquí mismo."
	case ReasonOrders:
		en, es = "I can't look up your orders right now. A person on our team will check and answer you here.",
			"Ahora mismo no puedo consultar tus pedidos. Una persona del equipo lo mirará y te responderá aquí mismo."
	case ReasonLowConfidence, ReasonNotCovered, ReasonUnsupported, ReasonSendFailed, ReasonTakenOver, ReasonWindow, ReasonAgent:
		// The text above is right: there is an answer that nobody is sure of, or
		// nothing is said at all.
	case ReasonMedia:
		en, es = "Thank you, I've received it. A person on our team will look at it and answer you here.",
			"Gracias, lo he recibido. Lo mirará una persona del equipo y te responderá aquí mismo."
	case ReasonIdentity:
		en, es = "Your number or account on WhatsApp has changed, so before we speak of orders a person on our team has to check that it's you. They will answer you here.",
			"Tu número o tu cuenta de WhatsApp ha cambiado, así que antes de hablar de pedidos una persona del equipo tiene que comprobar que eres tú. Te responderá aquí mismo."
	case ReasonSuggest:
		en, es = "Thank you for your message. A person on our team will answer you here.",
			"Gracias por tu mensaje. Una persona del equipo te responderá aquí mismo."
	case ReasonReceipt, ReasonRefused, ReasonAction:
		en, es = "A person on our team has to look at this. I'm passing it to them, and they will answer you here.",
			"Esto lo tiene que mirar una persona del equipo. Se lo paso y te responderá aquí mismo."
	case ReasonData:
		en, es = "I've passed on that you want your data deleted. A person on our team takes care of it and will answer you here, within a month at the latest.",
			"He pasado tu petición de que borremos tus datos. La atiende una persona del equipo y te responderá aquí mismo, en un mes como máximo."
	case ReasonRepeat:
		en, es = "I see that my answers don't help you. I'm passing your question to a person on our team. They will answer you here.",
			"Veo que mis respuestas no te sirven. Paso tu pregunta a una persona del equipo. Te responderá aquí mismo."
	case ReasonOffTopic:
		en, es = "I can only help with the shop. A person on our team will answer you here.",
			"Solo puedo ayudarte con cosas de la tienda. Una persona del equipo te responderá aquí mismo."
	case ReasonUnreadable, ReasonUnavailable:
		en, es = "I can't open what you sent, so a person on our team will look at it and answer you here.",
			"No puedo abrir lo que has enviado, así que lo verá una persona del equipo y te responderá aquí mismo."
	}
	return pick(language, en, es)
}

// fallbackText is the one polite request for words after a message that can't be
// read.
func fallbackText(language string) string {
	return pick(language,
		"I can only read text for now. Could you write your question? If you prefer a person, write “person”.",
		"De momento solo puedo leer texto. ¿Puedes escribir tu pregunta? Si prefieres hablar con alguien, escribe «persona».")
}

// resendText asks for a file that did not arrive.
func resendText(language string) string {
	return pick(language,
		"The file you sent didn't arrive. Could you send it again? If you prefer a person, write “person”.",
		"El archivo que has enviado no ha llegado. ¿Puedes enviarlo otra vez? Si prefieres hablar con alguien, escribe «persona».")
}

// photoText says that something was seen and not written.
func photoText(language, seen string) string {
	return pick(language, "Attached photo: ", "Foto adjunta: ") + seen
}

// disclosure goes before the bot's first words in a conversation: the customer
// is told that no person is writing, and how to get one.
func disclosure(language string) string {
	return pick(language,
		"I'm the shop's automatic assistant. Write “person” whenever you'd like to talk to someone.",
		"Soy el asistente automático de la tienda. Escribe «persona» cuando quieras hablar con alguien.")
}

// whoText answers whether a person writes, and tells how one can be had.
func whoText(language string) string {
	return pick(language,
		"I'm the shop's automatic assistant, not a person. I can tell you about orders, shipping, returns and payments. If you'd like a person to answer, write “person”.",
		"Soy el asistente automático de la tienda, no una persona. Puedo informarte sobre pedidos, envíos, devoluciones y pagos. Si quieres que te responda una persona, escribe «persona».")
}

// sourceLine names the documents that a reply rests on.
func sourceLine(language string, titles []string) string {
	if len(titles) == 1 {
		return pick(language, "Source: ", "Fuente: ") + titles[0]
	}
	return pick(language, "Sources: ", "Fuentes: ") + strings.Join(titles, " · ")
}

// faqTitle is what a reply calls the shop's table of questions and answers.
func faqTitle(language string) string {
	return pick(language, "Frequently asked questions", "Preguntas frecuentes")
}

// stopText confirms that no advertising is sent any more.
func stopText(language string) string {
	return pick(language,
		"Done: you won't get any more advertising from us. When you write to us, we'll still answer you here.",
		"Hecho: ya no te enviaremos publicidad. Si nos escribes, te seguiremos respondiendo aquí.")
}

// languageText confirms the language that the customer chose.
func languageText(language string) string {
	return pick(language, "All right, we'll go on in English. How can I help you?", "De acuerdo, seguimos en español. ¿En qué te ayudo?")
}

// whichLanguageText asks for the language, in both.
func whichLanguageText(language string) string {
	return pick(language, "Which language do you prefer? / ¿Qué idioma prefieres?", "¿Qué idioma prefieres? / Which language do you prefer?")
}

// nothingSaidText answers who wants to hear again what nobody has said.
func nothingSaidText(language string) string {
	return pick(language, "I haven't told you anything yet. What would you like to know?", "Todavía no te he dicho nada. ¿Qué quieres saber?")
}

// offTopicText says what the shop's assistant is for.
func offTopicText(language string) string {
	return pick(language,
		"I can only help with the shop: orders, deliveries, returns and products. If you prefer a person, write “person”.",
		"Solo puedo ayudarte con la tienda: pedidos, envíos, devoluciones y productos. Si prefieres hablar con alguien, escribe «persona».")
}

// secretText asks not to send what nobody should.
func secretText(language string) string {
	return pick(language,
		"Please don't send passwords, card numbers or codes that we didn't ask for by this chat: we never need them here.",
		"Por favor, no envíes por este chat contraseñas, números de tarjeta ni códigos que no te hayamos pedido: aquí nunca los necesitamos.")
}

// referenceText goes before a reference.
func referenceText(language string) string { return pick(language, "Reference: ", "Referencia: ") }

// reference is a short name of a handoff, for people to say.
func reference(h Handoff) string {
	id := strings.ToUpper(strings.ReplaceAll(h.ID, "-", ""))
	return "D-" + id[max(len(id)-8, 0):]
}

// whyText says to an agent why a conversation is in front of them, with what else they
// have to know.
func whyText(language string, s Situation, d Decision, h Handoff) string {
	why := agentReasons(language)[d.Reason]
	switch {
	case d.Reason == ReasonData:
		why += " " + referenceText(language) + reference(h)
	case d.Reason == ReasonSuggest && len(s.Answer.Stale) > 0:
		why += " " + pick(language, "Because: ", "Motivo: ") + strings.Join(s.Answer.Stale, "; ")
	}
	return why
}

// pick gives the English text for "en" and the Spanish one for everything else.
func pick(language, en, es string) string {
	if language == "en" {
		return en
	}
	return es
}
