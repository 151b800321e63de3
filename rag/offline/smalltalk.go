package offline

import "github.com/recado/recado/rag/guard"

// smallTalk answers a message that is nothing but a courtesy.
func smallTalk(text, locale string) (string, bool) {
	switch guard.Courteous(text) {
	case guard.Greeting:
		return inLanguage(locale,
			"¡Hola! ¿En qué puedo ayudarte? Puedo informarte sobre tus pedidos, envíos, devoluciones y pagos.",
			"Hello! How can I help you? I can tell you about your orders, shipping, returns and payments."), true
	case guard.Thanks:
		return inLanguage(locale,
			"¡De nada! Si necesitas algo más, escríbeme por aquí.",
			"You're welcome! If you need anything else, just write to me here."), true
	case guard.Who:
		return inLanguage(locale,
			"Soy un programa, no una persona. Puedo informarte sobre tus pedidos, envíos, devoluciones y pagos. Si prefieres hablar con alguien, escribe «persona».",
			"I'm a program, not a person. I can tell you about your orders, shipping, returns and payments. If you would like to talk to someone, write “person”."), true
	case guard.Laughter:
		return inLanguage(locale, "¿Te ayudo con algo más?", "Is there anything else I can help you with?"), true
	}
	return "", false
}

// inLanguage gives the English text for "en" and the Spanish one for everything
// else.
func inLanguage(locale, es, en string) string {
	if locale == "en" {
		return en
	}
	return es
}
