package offline

import (
	"regexp"
	"strings"
)

const (
	greetingWords = `hola|holaa+|buenas|buenos|dias|tardes|noches|buen|dia|hey|hi|hello|hiya|good|morning|afternoon|evening|saludos|que tal|como estas|how are you|there|ola|buenass?|que hay|como va|como estais|que tal estas|holi`
	kindEmoji     = "👍🙏❤😊🙂😀😁😃😄👌💪🥰😍🎉✅💚💙🤗👏"
	thanksWords   = `gracias|muchas|muchisimas|mil|thanks|thank you|thank|thx|ty|cheers|so much|very much|a lot|many|perfecto|perfect|genial|great|vale|ok|okay|okey|de acuerdo|estupendo|entendido|got it|adios|bye|goodbye|hasta luego|see you|por todo|for everything|for your help|por tu ayuda|por la ayuda|muy amable|all good|todo bien|you re welcome|de nada|si|yes|bien|done|listo|nice|cool|super|feliz|have a nice day|that s all|eso es todo|nada mas|un saludo|un abrazo|saludo|take care|que vaya bien|buen finde|cuidate`
)

var (
	onlyGreeting = regexp.MustCompile(`^(?: (?:` + greetingWords + `))+ $`)
	onlyThanks   = regexp.MustCompile(`^(?: (?:` + thanksWords + `|` + greetingWords + `))+ $`)
)

// smallTalk answers a message that is nothing but a greeting, thanks or a
// goodbye. Of messages without words, those with a kind emoji are taken for
// thanks.
func smallTalk(text, folded, locale string) (string, bool) {
	switch {
	case onlyGreeting.MatchString(folded):
		return inLanguage(locale,
			"¡Hola! ¿En qué puedo ayudarte? Puedo informarte sobre tus pedidos, envíos, devoluciones y pagos.",
			"Hello! How can I help you? I can tell you about your orders, shipping, returns and payments."), true
	case onlyThanks.MatchString(folded) || strings.TrimSpace(folded) == "" && strings.ContainsAny(text, kindEmoji):
		return inLanguage(locale,
			"¡De nada! Si necesitas algo más, escríbeme por aquí.",
			"You're welcome! If you need anything else, just write to me here."), true
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
