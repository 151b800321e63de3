package guard_test

import (
	"testing"

	"github.com/recado/recado/rag/guard"
)

func TestAsksSecret(t *testing.T) {
	t.Parallel()
	for text, asks := range map[string]bool{
		"Envíame tu contraseña, por favor.":                                    true,
		"¿Me dices la contraseña?":                                             true,
		"Necesitamos el número de la tarjeta para el reembolso.":               true,
		"Para comprobarlo, confirma los datos de tu tarjeta y el CVV.":         true,
		"¿Cuál es tu PIN?":                                                     true,
		"¿Puedes decirme el código de seguridad?":                              true,
		"Responde con el código de verificación que te ha llegado.":            true,
		"Please send us your full card number.":                                true,
		"What is your password?":                                               true,
		"We'll need your card details to refund you.":                          true,
		"Can you share the security code?":                                     true,
		"Nunca te pediremos la contraseña.":                                    false,
		"No nos envíes tu contraseña ni el número de la tarjeta.":              false,
		"We never ask you to send your password.":                              false,
		"Puedes cambiar la contraseña en «Mi cuenta».":                         false,
		"You can reset your password from the sign-in page.":                   false,
		"El reembolso llega a la tarjeta en 5 días.":                           false,
		"We refund you on your credit card within 14 days.":                    false,
		"¿De qué pedido se trata?":                                             false,
		"Dinos las últimas cuatro cifras de la tarjeta con la que has pagado.": false,
		"Introduce el código de descuento al pagar.":                           false,
		"Enter the discount code at checkout.":                                 false,
	} {
		if got := guard.AsksSecret(text); (len(got) > 0) != asks {
			t.Errorf("%q: %q", text, got)
		}
	}
}
