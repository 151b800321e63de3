package simulate

// lines are what a customer may say, each in several ways.
type lines map[string][]string

// spanish and english are what the script says. A line may hold %s for what is known.
var (
	spanish = lines{
		"cancel_order":   {"quiero cancelar mi pedido", "necesito cancelar un pedido", "me gustaría cancelar el pedido"},
		"start_return":   {"quiero devolver", "me gustaría devolver", "necesito devolver"},
		"change_address": {"quiero cambiar la dirección de entrega de mi pedido", "tengo que cambiar la dirección del pedido"},
		"order_status":   {"¿dónde está mi pedido?", "¿cómo va mi pedido?", "¿por dónde va mi pedido?"},
		"tracking":       {"¿me pasas el enlace de seguimiento de mi pedido?", "¿cuál es el seguimiento de mi pedido?"},
		"refund_status":  {"¿cómo va mi reembolso?", "¿cuándo me llega el reembolso?"},
		"delivery_proof": {"necesito la prueba de entrega de mi pedido", "¿me pasáis el comprobante de entrega?"},
		"invoice":        {"necesito la factura de mi pedido", "¿me podéis mandar la factura?"},
		"person":         {"quiero hablar con una persona", "¿puedo hablar con alguien del equipo?"},

		"some items":   {"algo del pedido", "una cosa que compré"},
		"order told":   {"es el pedido %s", "el número es %s"},
		"order":        {"%s", "es el %s", "el pedido %s"},
		"items":        {"%s", "es %s", "quiero devolver %s"},
		"address":      {"%s", "la nueva dirección es %s"},
		"reason":       {"porque %s", "%s"},
		"unknown":      {"no lo sé", "eso no lo tengo a mano"},
		"no code":      {"no me llega ningún código", "no me ha llegado el código"},
		"yes":          {"sí, adelante", "sí, por favor", "vale, sí"},
		"no":           {"no, mejor no", "no, déjalo"},
		"change":       {"no, espera, he cambiado de idea", "no, mejor no: he cambiado de idea"},
		"thanks":       {"gracias", "muchas gracias", "perfecto, gracias"},
		"insist":       {"pero es que %s", "no me has contestado: %s", "sigo sin saberlo: %s"},
		"insist short": {"eso no me sirve", "no es eso lo que pregunto"},
		"silent":       {"¿hola?", "¿hay alguien?"},
		"want person":  {"prefiero hablar con una persona", "quiero hablar con una persona, por favor"},
		"leave":        {"déjalo, da igual", "bueno, ya lo miraré"},
		"calm":         {"Hola, ", "Buenas, "},
		"polite":       {"Buenos días, por favor: ", "Hola, buenas tardes. Disculpa: "},
		"hurried":      {"", "Oye, "},
		"angry":        {"Estoy muy enfadado, ", "Esto no puede ser, "},
		"confused":     {"Hola, no sé si es aquí, ", "Perdona, no me aclaro, "},
	}
	english = lines{
		"cancel_order":   {"I want to cancel my order", "I need to cancel an order", "I'd like to cancel the order"},
		"start_return":   {"I want to return", "I'd like to return", "I need to return"},
		"change_address": {"I want to change the delivery address of my order", "I have to change the address of the order"},
		"order_status":   {"where is my order?", "how is my order going?", "where has my order got to?"},
		"tracking":       {"can you send me the tracking link for my order?", "what's the tracking link of my order?"},
		"refund_status":  {"how is my refund going?", "when do I get my refund?"},
		"delivery_proof": {"I need the proof of delivery of my order", "can you send me the proof of delivery?"},
		"invoice":        {"I need the invoice of my order", "can you send me the invoice?"},
		"person":         {"I want to talk to a person", "can I talk to someone on the team?"},

		"some items":   {"something from the order", "something I bought"},
		"order told":   {"it's order %s", "the number is %s"},
		"order":        {"%s", "it's %s", "order %s"},
		"items":        {"%s", "it's %s", "I want to return %s"},
		"address":      {"%s", "the new address is %s"},
		"reason":       {"because %s", "%s"},
		"unknown":      {"I don't know", "I don't have that at hand"},
		"no code":      {"I don't get any code", "the code has not arrived"},
		"yes":          {"yes, go ahead", "yes, please", "ok, yes"},
		"no":           {"no, don't", "no, leave it"},
		"change":       {"no, wait, I've changed my mind", "no, don't: I've changed my mind"},
		"thanks":       {"thanks", "thank you very much", "great, thank you"},
		"insist":       {"but %s", "you haven't answered me: %s", "I still don't know: %s"},
		"insist short": {"that doesn't help me", "that's not what I'm asking"},
		"silent":       {"hello?", "is anybody there?"},
		"want person":  {"I'd rather talk to a person", "I want to talk to a person, please"},
		"leave":        {"never mind", "well, I'll see"},
		"calm":         {"Hi, ", "Hello, "},
		"polite":       {"Good morning, please: ", "Hello, good afternoon. Excuse me: "},
		"hurried":      {"", "Hey, "},
		"angry":        {"I'm very angry, ", "This can't be, "},
		"confused":     {"Hi, I don't know if this is the place, ", "Sorry, I'm a bit lost, "},
	}
)

// linesOf are those of a language.
func linesOf(language string) lines {
	if language == "en" {
		return english
	}
	return spanish
}
