package simulate

import (
	"regexp"
	"slices"
	"strings"

	"github.com/recado/recado/evals/runs"
)

// sense is what a customer makes of the shop's messages.
type sense struct {
	// silent tells that there was none.
	silent bool
	// person tells that somebody of the team takes over, done that what was wanted is done,
	// passed that it is on its way, and refused that it can't be.
	person, done, passed, refused bool
	// confirm tells that a yes is wanted, with the titles of yes and no where there are
	// buttons for them.
	confirm bool
	yes, no string
	// text is all of it, without what offers a person.
	text string
	// asks are the things that the shop wants to know, by the names of what customers know.
	asks []string
}

// The words by which shops say these things. A shop that says them in others gets a customer
// who insists, as people do who do not understand.
var (
	wordsPerson = regexp.MustCompile(`(?i)(una persona (del equipo|te|lo|se)|(a|con|por|atiende|verlo|mirar|mirará) una persona|una compañera|un compañero|un agente|a person on our team|to a (person|colleague|human|agent)|needs a person|a person has to|passing (you|your|this|it) (on )?to|human agent|transfer(red|ring) you)`)
	// What offers a person does not call one.
	wordsOffer   = regexp.MustCompile(`(?i)([^.\n!]*(escribe|write|type|reply) [«“"'‘]?(persona|person|human|agente?)[»”"'’]?[^.\n!]*[.\n!]?)`)
	wordsDone    = regexp.MustCompile(`(?i)(ya está hecho|it's done|está cancelado|is cancelled|has been cancelled|se ha cancelado|está cambiada|is changed|has been (changed|updated)|está abierta|return .{0,40}is open|devolución .{0,40}(creada|iniciada)|return .{0,40}(created|started))`)
	wordsPassed  = regexp.MustCompile(`(?i)(lo he pasado a la tienda|i've passed it on|en cuanto lo confirme|as soon as the shop confirms)`)
	wordsRefused = regexp.MustCompile(`(?i)(ya no se puede|no se puede|no es posible|no encuentro|no ha podido|no admite|plazo .{0,60}(terminó|ha terminado)|solo se puede|antes tenemos que comprobar|can't be|cannot be|can't find|isn't possible|not possible|couldn't do|time for returning .{0,60}over|only once)`)
	wordsConfirm = regexp.MustCompile(`(?i)(¿se lo paso|¿lo confirmas|¿confirmas|¿quieres que (lo|la) (haga|cancele|pida|cambie)|¿sigo adelante|shall i (pass|go|proceed)|do you confirm|please confirm|would you like (me )?to (proceed|go ahead)|is that (right|correct)\?)`)
	// A postcode is no code.
	wordsZip = regexp.MustCompile(`(?i)(código postal|zip ?code|post ?code|postal code)`)
	titleYes = regexp.MustCompile(`(?i)^(sí|si|yes|ok|vale|adelante|go ahead|confirm)`)
	titleNo  = regexp.MustCompile(`(?i)^(no\b|cancel|dejarlo|mejor no|leave)`)
)

// questions are the words by which a shop wants to know something, by the names that
// knows has for it. The first that is found in a message is answered first.
var questions = []struct {
	name  string
	words *regexp.Regexp
}{
	{"code", regexp.MustCompile(`(?i)(6 cifras del código|6 digits of the code|(escribe|dime|enter|write|send|need) [^.\n]{0,40}\b(código|code)\b|el código que te|the code that)`)},
	{"order", regexp.MustCompile(`(?i)(número de(l| tu)? pedido|order number|number of (the|your) order|order id|¿(de )?(qué|cuál) (de tus )?pedidos?|¿a (qué|cuál) pedido|which (of your )?orders?\b[^.]*\?|which one do you mean|¿cuál (es|de ellos|quieres))`)},
	{"items", regexp.MustCompile(`(?i)(qué artículos?|which items?|what items?|qué producto|which product)`)},
	{"address", regexp.MustCompile(`(?i)(nueva dirección|new address|¿(a|cuál es|qué) (la )?dirección|what address|which address)`)},
	{"reason", regexp.MustCompile(`(?i)(el motivo|the reason|¿por qué (quieres|motivo)|why (do you|would you))`)},
	{"email", regexp.MustCompile(`(?i)((tu|el|un) (correo|e-?mail)[^.]*\?|(dime|indica|escribe) (tu|el) (correo|e-?mail)|your e-?mail|e-?mail address)`)},
	{"name", regexp.MustCompile(`(?i)(tu nombre|cómo te llamas|your name|full name)`)},
	{"zip", regexp.MustCompile(`(?i)(código postal|zip ?code|postcode|postal code)`)},
}

// papers are what somebody wants to be sent: an answer without a link is none.
var papers = map[string]*regexp.Regexp{
	"invoice":        regexp.MustCompile(`(?is)(factura|invoice).*://`),
	"tracking":       regexp.MustCompile(`://`),
	"delivery_proof": regexp.MustCompile(`(?is)(prueba|comprobante|justificante|proof).*://`),
}

// helps tells whether an answer is what somebody wants to hear.
func (s sense) helps(wants string) bool {
	if paper, ok := papers[wants]; ok {
		return paper.MatchString(s.text)
	}
	return wants == "answer" || !s.refused && wants != "person" && !writes(wants)
}

// understand reads messages as a customer does.
func understand(replies []runs.Reply) sense {
	var texts []string
	s := sense{silent: len(replies) == 0}
	for _, r := range replies {
		texts = append(texts, r.Text)
		for _, title := range r.Buttons {
			switch {
			case titleYes.MatchString(title) && s.yes == "":
				s.yes = title
			case titleNo.MatchString(title) && s.no == "":
				s.no = title
			}
		}
	}
	plain := wordsOffer.ReplaceAllString(strings.Join(texts, "\n"), "")
	s.text = plain
	s.person, s.done = wordsPerson.MatchString(plain), wordsDone.MatchString(plain)
	s.passed, s.refused = wordsPassed.MatchString(plain), wordsRefused.MatchString(plain)
	s.confirm = s.yes != "" && s.no != "" || wordsConfirm.MatchString(plain)
	for _, q := range questions {
		text := plain
		if q.name == "code" {
			text = wordsZip.ReplaceAllString(text, "")
		}
		if q.words.MatchString(text) {
			s.asks = append(s.asks, q.name)
		}
	}
	// A code that is wanted comes before what it is for.
	if slices.Contains(s.asks, "code") {
		s.asks, s.confirm = []string{"code"}, false
	}
	return s
}
