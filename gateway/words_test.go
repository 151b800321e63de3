package gateway

import "testing"

// TestDeclines holds which messages say no to what was just proposed, and which only look
// like it.
func TestDeclines(t *testing.T) {
	t.Parallel()
	for want, texts := range map[bool][]string{
		true: {
			"no", "No, gracias", "ok, no", "vale, mejor no", "al final no, perdona", "uy no no", "no, pensándolo bien, no", "¡Espera! No", "prefiero que no", "prefiero no hacerlo, gracias",
			"no lo canceles", "mejor no me lo devuelvas", "No, no la cambies", "no hagáis nada", "no me mandes nada, gracias", "ya no", "ya no quiero cancelarlo",
			"me lo quedo", "al final me las quedo", "No, me lo quedo", "mejor me quedo con todo", "espera no, que sí lo quiero", "no, sí la quiero",
			"he cambiado de idea", "cambié de opinión, perdón", "me lo he pensado mejor", "déjalo así, por favor", "mejor dejadlo estar", "pues olvídalo", "olvídelo, gracias",
			"no thanks", "please don't cancel it", "Do not return them, sorry", "actually, don't do anything", "dont bother", "I'd rather not", "rather not, thanks", "no longer want to cancel it", "I no longer want to return them",
			"I'll keep it", "sorry, I will keep them", "I'm going to keep it after all", "keep it then", "no wait, I do want it", "I've changed my mind", "on second thought", "on second thoughts, leave it",
			"leave it as it is", "Forget about it.", "nevermind", "never mind, thanks",
		},
		false: {
			"", "sí", "claro que no tardes", "no llega", "no quiero cancelarlo todo", "no, cancela el otro", "no, cambia la dirección", "no me lo canceles hasta mañana", "no lo quiero", "ya no lo quiero",
			"No me lo quedo", "no la quedo", "bueno, no me lo quedo", "no me quedo con ella", "si lo quiero", "no sé", "no importa cuándo", "¿no?¿por qué?", "me quedo sin dinero", "déjalo en la puerta",
			"no longer want to keep it", "no longer want to wait", "cancel it", "don't cancel the other one", "do not send it to my old address", "keep it cold", "leave it at the door", "I changed my address", "I never mind waiting", "forget the discount", "no, it is broken",
		},
	} {
		for _, text := range texts {
			if declines(text) != want {
				t.Errorf("%q declines: %v", text, !want)
			}
		}
	}
}

// TestAsksWho holds which messages only ask whether a person writes. Who wants one, or asks
// something else, does not.
func TestAsksWho(t *testing.T) {
	t.Parallel()
	for want, texts := range map[bool][]string{
		true: {
			"¿Eres una persona?", "eres humano?", "hola, ¿eres un robot o una persona real?", "oye, esto es un bot?", "¿Es usted una persona de verdad?", "¿Estoy hablando con una máquina?", "¿hablo con alguien real?", "perdona, ¿hablo con una inteligencia artificial?",
			"¿me responde un robot?", "me contesta una ia o una persona?", "¿Me atiende una persona o una máquina?", "eres una persona física?", "sois un programa, no?",
			"are you a person?", "r u human", "Are you actually a real person or just a bot?", "is this a bot?", "hi, am I talking to a human here?", "Am I chatting with an AI or a person?", "are you real", "wait, is this a real person right now?", "so are you a robot or what",
		},
		false: {
			"", "persona", "quiero una persona", "¿me atiende alguien?", "¿Me atiende una persona?", "me atiende un humano, por favor", "me contesta alguien de una vez", "¿me responde una persona real?", "hablo con una persona por favor",
			"eres un ladrón", "esto es un robot aspirador?", "¿eres una persona o puedo preguntar por mi pedido?", "esto es una estafa", "hablo con mi banco",
			"can I talk to a person?", "am I speaking with a human please", "is this a real discount?", "are you open?", "is this real leather?", "are you there?", "is this a robot vacuum?", "are you a shop in Madrid?",
		},
	} {
		for _, text := range texts {
			if got := (Burst{Texts: []string{text}}).asksWho(); got != want {
				t.Errorf("%q asks who writes: %v", text, got)
			}
		}
	}
}
