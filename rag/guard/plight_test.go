package guard_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/recado/recado/rag/guard"
)

// What is grave is found by what it means, and what a shop reads every day is left alone.
func TestTriageByMeaning(t *testing.T) {
	t.Parallel()
	for text, want := range markedPhrasings(t, "grave.txt") {
		if got, _ := guard.Triage(text); string(got) != strings.TrimPrefix(want, "-") {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// markedPhrasings are the lines of a file with the mark before each.
func markedPhrasings(t *testing.T, name string) map[string]string {
	t.Helper()
	marks := map[string]string{}
	for _, line := range readPhrasings(t, name) {
		mark, text, found := strings.Cut(line, "\t")
		if !found {
			t.Fatalf("%s: no mark: %q", name, line)
		}
		marks[text] = mark
	}
	return marks
}

// Orders to a model are suspected, whatever they are after, and what customers say in
// the same words is not.
func TestInjection(t *testing.T) {
	t.Parallel()
	for text, want := range markedPhrasings(t, "injection.txt") {
		if score := guard.Injection(text); (score >= guard.InjectionSuspected) != (want == "yes") {
			t.Errorf("%q scores %.2f, want %s", text, score, want)
		}
	}
}

// A pause between any two words hides nothing.
func TestTriageHearsThroughPauses(t *testing.T) {
	t.Parallel()
	said := map[string]guard.Reason{
		"no quiero seguir viviendo": guard.ReasonSafety, "i took all the pills": guard.ReasonSafety, "i want to end my life": guard.ReasonSafety,
		"hay un cargo que no reconozco": guard.ReasonFraud, "my lawyer will call you": guard.ReasonLegal,
		"quiero hablar con una persona": guard.ReasonAskedForHuman, "i want to talk to a person": guard.ReasonAskedForHuman,
	}
	texts := []string{"no quiero seguir viviendo", "i took all the pills", "i want to end my life", "hay un cargo que no reconozco", "my lawyer will call you", "quiero hablar con una persona", "i want to talk to a person"}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SampledFrom(texts).Draw(t, "text")
		words := strings.Fields(text)
		at := rapid.IntRange(0, len(words)).Draw(t, "at")
		pause := rapid.SampledFrom([]string{"uh", "so", "okay", "mira", "bueno", "pues", "er"}).Draw(t, "pause")
		heard := strings.Join(words[:at], " ") + " " + pause + " " + strings.Join(words[at:], " ")
		if got, _ := guard.Triage(heard); got != said[text] {
			t.Errorf("%q: %q, want %q", heard, got, said[text])
		}
	})
}

// Who exercises the right gives a command, who asks about it gets an answer.
func TestControlOfErasure(t *testing.T) {
	t.Parallel()
	for want, texts := range map[guard.Control][]string{
		guard.ControlDeleteData: {
			"Por favor, quiero ejercer mi derecho de supresión de datos", "quiero ejercer mi derecho al olvido", "ejerzo mi derecho de supresión", "me gustaría ejercer el derecho a la supresión de mis datos",
			"Hola, quisiera usar mi derecho de borrado de datos", "deseo ejercer mi derecho de cancelación de datos personales", "solicito la supresión de mis datos", "pido la eliminación de todos mis datos", "exijo el borrado de mis datos personales",
			"quiero la supresión de mis datos", "solicito que eliminen mis datos", "me gustaría que borraseis mis datos", "exijo que se borren todos mis datos", "pido que suprimáis mis datos personales", "vengo a ejercer mi derecho al olvido",
			"Please, I would like to use my right to have my data erased", "I want to exercise my right to erasure", "I'd like to exercise my right to be forgotten", "I wish to invoke my right to deletion", "exercise my right to erasure under GDPR",
			"I am writing to exercise my GDPR right to erasure", "I want to have my data deleted", "I would like my personal data removed", "I demand my data be erased", "I need my information deleted", "I request the erasure of my data",
			"I hereby request the deletion of all my personal data", "I ask you to delete my data", "I'd like you to erase all my data", "I request that you delete my personal information", "please erase everything you hold on me", "delete me from your database",
		},
		"": {
			"how do I delete my account?", "how long does it take to erase my data?", "do I have a right to erasure?", "what is the right to be forgotten", "can I have my data deleted?", "what data do you keep about me", "who can erase my data",
			"I want my data plan", "I would like my information", "why was my data deleted", "my data was erased from the phone I bought", "I want to use my right of withdrawal", "I want to exercise my right to return it", "I want to delete my order", "does deleting the app erase my data",
			"¿cómo borro mi cuenta?", "¿tengo derecho de supresión?", "¿qué es el derecho al olvido?", "¿cuánto tarda la supresión de mis datos?", "¿puedo ejercer mi derecho de supresión por teléfono?", "¿qué datos guardáis?", "quiero ejercer mi derecho de desistimiento",
			"quiero usar mi derecho a devolución", "quiero mis datos de acceso", "solicito mis datos de facturación", "¿quién borra mis datos?", "quiero que cambiéis mis datos", "pido la eliminación del pedido", "se borraron mis datos del móvil", "¿cómo ejerzo mi derecho de supresión?",
		},
	} {
		for _, text := range texts {
			if got, _ := guard.ControlOf(text); got != want {
				t.Errorf("%q: %q, want %q", text, got, want)
			}
		}
	}
}

// A wish to have one's data erased is heard in a message of any length, and whoever speaks
// of erasing something else, or asks about it, has erased nothing.
func TestWishesForErasure(t *testing.T) {
	t.Parallel()
	for _, text := range readPhrasings(t, "erasure.txt") {
		for _, written := range []string{text, strings.ToUpper(text), "Hola, buenas. " + text, text + "\nGracias por todo lo demás, habéis sido muy amables conmigo desde que compré la cafetera"} {
			if got, _ := guard.ControlOf(written); got != guard.ControlDeleteData {
				t.Errorf("%q: %q", written, got)
			}
		}
	}
	for _, text := range []string{
		"quiero borrar mi cuenta, cómo se hace", "i want to delete my account", "¿Cómo borro los datos de mi móvil antes de repararlo?", "how do I erase my data from the phone before the repair?", "no borréis mis datos", "please don't delete my data",
		"quita mi número del pedido", "remove my number from the parcel label", "borrad el segundo artículo de mi pedido", "I'd like to make some changes to my personal information.", "quiero quitar la sartén", "¿cuánto tiempo guardáis mis datos?", "borrad todo lo que sabéis del pedido W2024117",
	} {
		if got, _ := guard.ControlOf(text); got == guard.ControlDeleteData {
			t.Errorf("%q has data erased", text)
		}
	}
}
