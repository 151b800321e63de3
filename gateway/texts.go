package gateway

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
	}
}
