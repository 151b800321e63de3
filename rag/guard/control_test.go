package guard_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/recado/recado/rag/guard"
)

func TestControlOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		want guard.Control
	}{
		{"humano", guard.ControlHuman},
		{"¡Humano, por favor!", guard.ControlHuman},
		{"humanooo", guard.ControlHuman},
		{"HUMNAO", guard.ControlHuman},
		{"talk to a persn", guard.ControlHuman},
		{"Agent please", guard.ControlHuman},
		{"STOP", guard.ControlStop},
		{"stop.", guard.ControlStop},
		{"Stoooop!!", guard.ControlStop},
		{"stop stop stop", guard.ControlStop},
		{"unsuscribe", guard.ControlStop},
		{"BAJA", guard.ControlStop},
		{"Hola, quiero darme de baja. Gracias", guard.ControlStop},
		{"no quiero mas mensages", guard.ControlStop},
		{"repite", guard.ControlRepeat},
		{"¿Puedes repetir, por favor?", guard.ControlRepeat},
		{"can you repaet that?", guard.ControlRepeat},
		{"Otra vez", guard.ControlRepeat},
		{"English please", guard.ControlEnglish},
		{"enlgish", guard.ControlEnglish},
		{"in english pls", guard.ControlEnglish},
		{"inglés", guard.ControlEnglish},
		{"En español, por favor", guard.ControlSpanish},
		{"espaniol", guard.ControlSpanish},
		{"do you speak spanish?", guard.ControlSpanish},
		{"idioma", guard.ControlLanguage},
		{"change langauge", guard.ControlLanguage},
		{"delete my data", guard.ControlDeleteData},
		{"Please delete all my personl data now", guard.ControlDeleteData},
		{"please delete my personl data", guard.ControlDeleteData},
		{"borra mis datos", guard.ControlDeleteData},
		{"Quiero que eliminéis mis datos.", guard.ControlDeleteData},
		{"vorrar mis datos", ""},
		{"borar mis datos", guard.ControlDeleteData},
		{"Sí", guard.ControlYes},
		{"si, gracias", guard.ControlYes},
		{"yes please", guard.ControlYes},
		{"vale", guard.ControlYes},
		{"ok", guard.ControlYes},
		{"no", guard.ControlNo},
		{"No, gracias", guard.ControlNo},
		{"mejor no", guard.ControlNo},
		{"no thanks", guard.ControlNo},
		{"no quiero publicidad", guard.ControlStop},
		{"No me mandéis más publicidad, por favor", guard.ControlStop},
		{"no me envien mas ofertas por whatsapp", guard.ControlStop},
		{"dejad de mandarme promociones", guard.ControlStop},
		{"basta de spam", guard.ControlStop},
		{"stop sending me ads", guard.ControlStop},
		{"Please don't send me any more offers", guard.ControlStop},
		{"I don't want your newsletter anymore", guard.ControlStop},
		{"remove me from the list", guard.ControlStop},
		{"quitadme de la lista", guard.ControlStop},
		{"can you say taht again?", guard.ControlRepeat},
		{"no te he entendido, repite", guard.ControlRepeat},
		{"can we switch to english", guard.ControlEnglish},
		{"¿podemos hablar en inglés?", guard.ControlEnglish},
		{"could you write in spanish please", guard.ControlSpanish},
		{"¿cómo dejo de recibir publicidad?", ""},
		{"how do I stop getting ads?", ""},
		{"no me ha llegado la newsletter con el código", ""},
		{"no encuentro las ofertas", ""},
		{"no quiero publicidad en el paquete, es un regalo", ""},
		{"no quiero publicidad. ¿Dónde está mi pedido?", ""},
		{"do you have special offers?", ""},
		{"¿hay un manual en inglés?", ""},
		// One more word that means something, and it is a message like any other.
		{"stop my order", ""},
		{"shop", ""},
		{"step", ""},
		{"para", ""},
		{"caja", ""},
		{"baja el precio", ""},
		{"is it in english?", ""},
		{"the english version", ""},
		{"¿el manual está en español?", ""},
		{"quiero repetir el pedido", ""},
		{"repeat my order", ""},
		{"delete my order", ""},
		{"borra mi pedido", ""},
		{"personas", ""},
		{"perdona", ""},
		{"personal", ""},
		{"sí, pero en azul", ""},
		{"yes but change the address", ""},
		{"no me llega el pedido", ""},
		{"hola", ""},
		{"gracias", ""},
		{"4117", ""},
		{"👍", ""},
		{"", ""},
	} {
		got, found := guard.ControlOf(c.text)
		if got != c.want || found != (c.want != "") {
			t.Errorf("%q: %q, want %q", c.text, got, c.want)
		}
	}
}

// What asks for a person in a word is a wish for a person in AsksForPerson too.
func TestControlHumanAsksForPerson(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"human_es.txt", "human_en.txt", "not_human.txt"} {
		for _, text := range readPhrasings(t, name) {
			switch c, _ := guard.ControlOf(text); {
			case c == guard.ControlHuman && !guard.AsksForPerson(text):
				t.Errorf("%q is the control and not a wish", text)
			case c != "" && c != guard.ControlHuman:
				t.Errorf("%q is taken for %s", text, c)
			}
		}
	}
}

// Politeness around a control and shouting change nothing.
func TestControlOfIgnoresManners(t *testing.T) {
	t.Parallel()
	bare := []string{"human", "stop", "repite", "english", "idioma", "borra mis datos", "delete my data", "no mas mensajes"}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SampledFrom(bare).Draw(t, "control")
		want, ok := guard.ControlOf(text)
		if !ok {
			t.Fatalf("%q is none", text)
		}
		written := rapid.SampledFrom([]string{"", "hola, ", "Hi! ", "por favor, "}).Draw(t, "before") + text + rapid.SampledFrom([]string{"", "!!", ".", " please", ", gracias", "\n"}).Draw(t, "after")
		if rapid.Bool().Draw(t, "loud") {
			written = strings.ToUpper(written)
		}
		if got, _ := guard.ControlOf(written); got != want {
			t.Errorf("%q: %q, want %q", written, got, want)
		}
	})
}

func FuzzControlOf(f *testing.F) {
	f.Add("stop")
	f.Add("\xff borra mis datos ñ")
	f.Fuzz(func(t *testing.T, text string) {
		c, found := guard.ControlOf(text)
		if found != (c != "") {
			t.Errorf("found %v with %q", found, c)
		}
		if found && utf8.RuneCountInString(text) < 200 {
			if again, ok := guard.ControlOf(text + " W2024117"); ok {
				t.Errorf("%q with an order number is %q", text, again)
			}
		}
	})
}
