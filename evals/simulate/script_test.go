package simulate_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/recado/recado/evals/runs"
	"github.com/recado/recado/evals/simulate"
	"github.com/recado/recado/evals/suite"
)

// shop answers a move; nil is silence.
type shop func(turn int, m simulate.Move) []runs.Reply

// say is a message with buttons.
func say(text string, buttons ...string) []runs.Reply {
	return []runs.Reply{{Text: text, Buttons: buttons}}
}

// talk plays a customer against a shop and gives what they did, and how it ended.
func talk(s simulate.Script, answer shop) (did []string, end string) {
	var st simulate.State
	var heard simulate.Heard
	for turn := range 30 {
		var m simulate.Move
		st, m = s.Next(st, heard)
		switch {
		case m.Tap != "":
			did = append(did, "["+m.Tap+"]")
		case len(m.Say) > 0:
			did = append(did, strings.Join(m.Say, " | "))
		}
		if m.End != "" {
			return did, m.End
		}
		heard = simulate.Heard{Replies: answer(turn, m)}
	}
	return did, suite.EndLimit
}

// holdsAny tells whether a customer said one of the words at some time.
func holdsAny(did []string, words ...string) bool {
	return slices.ContainsFunc(did, func(one string) bool {
		return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(strings.ToLower(one), strings.ToLower(word)) })
	})
}

// teller is a shop that asks for the number, proposes, and does what is confirmed.
func teller(language string) shop {
	proposed, texts := false, map[string][]string{
		"es": {"Para eso necesito saber: el número de pedido.", "Cancelar el pedido #1042.\n\n¿Se lo paso a la tienda?", "Sí", "No", "Lo he pasado a la tienda (pedido #1042). En cuanto lo confirme, te lo digo aquí.\nEl pedido #1042 está cancelado.", "De acuerdo, lo dejo todo como está."},
		"en": {"To do that I need to know: the order number.", "Cancel order #1042.\n\nShall I pass this on to the shop?", "Yes", "No", "I've passed it on (order #1042).\nOrder #1042 is cancelled.", "All right, I'm leaving everything as it is."},
	}[language]
	return func(_ int, m simulate.Move) []runs.Reply {
		said := strings.ToLower(strings.Join(m.Say, " ") + m.Tap)
		switch {
		case proposed && holdsAny([]string{said}, "sí", "vale", "yes", "ok"):
			return say(texts[4])
		case proposed:
			return say(texts[5])
		case strings.Contains(said, "1042"):
			proposed = true
			return say(texts[1], texts[2], texts[3])
		}
		return say(texts[0])
	}
}

func TestScriptGetsWhatItWants(t *testing.T) {
	t.Parallel()
	for _, language := range []string{"es", "en"} {
		for seed := range uint64(40) {
			s := simulate.Script{Language: language, Seed: seed, Who: suite.Simulate{
				Wish: suite.Wish{Wants: "cancel_order", Knows: map[string]string{"order": "#1042"}}, Mood: "calm", Patience: 2,
			}}
			did, end := talk(s, teller(language))
			if end != suite.EndDone || !holdsAny(did, "cancel") || !holdsAny(did, "#1042") || len(did) > 4 {
				t.Errorf("%s %d: %s, %q", language, seed, end, did)
			}
			s.Who.Refuses = true
			did, end = talk(s, teller(language))
			if end != suite.EndDone || !holdsAny(did, "[no]", "no,") || holdsAny(did, "[sí]", "[yes]") {
				t.Errorf("%s %d, refusing: %s, %q", language, seed, end, did)
			}
		}
	}
}

func TestScriptChangesItsMind(t *testing.T) {
	t.Parallel()
	s := simulate.Script{Language: "en", Seed: 3, Who: suite.Simulate{
		Wish: suite.Wish{Wants: "cancel_order", Goal: "Cancel #1042, please", Knows: map[string]string{"order": "#1042"}}, Mood: "hurried",
		Instead: &suite.Wish{Wants: "answer", Goal: "When does it arrive?"},
	}}
	tell := teller("en")
	did, end := talk(s, func(turn int, m simulate.Move) []runs.Reply {
		if strings.Contains(strings.Join(m.Say, " "), "arrive") {
			return say("On 4 May.")
		}
		return tell(turn, m)
	})
	want := []string{"[No]", "When does it arrive?"}
	if end != suite.EndDone || len(did) != 3 || !strings.HasSuffix(did[0], "Cancel #1042, please") || !cmp.Equal(did[1:], want) {
		t.Errorf("%s, %q", end, did)
	}
}

// A customer who is played hears what the shop says as people hear it.
func TestScriptUnderstands(t *testing.T) {
	t.Parallel()
	who := func(wants string) suite.Simulate {
		return suite.Simulate{Mood: "hurried", Patience: 1, Wish: suite.Wish{Wants: wants, Goal: "Quiero algo", Knows: map[string]string{
			"order": "#1042", "address": "Calle Mayor 5", "items": "la tetera", "reason": "no la necesito", "code": suite.CodeSent, "email": "ana@example.com",
		}}}
	}
	for name, c := range map[string]struct {
		wants string
		reply []runs.Reply
		want  string
		end   string
	}{
		"a person":          {"answer", say("Claro. Te paso con una persona del equipo."), "", suite.EndPerson},
		"an offer is none":  {"answer", say("Tarda 5 días. Si prefieres hablar con alguien, escribe «persona»."), "", suite.EndDone},
		"the disclosure":    {"answer", say("I'm the shop's automatic assistant. Write “person” whenever you'd like to talk to someone.\n\nIt takes 5 days."), "", suite.EndDone},
		"the number":        {"cancel_order", say("¿Qué pedido quieres cancelar?"), "#1042", ""},
		"the address":       {"change_address", say("What is the full new address? Please write street, number, postcode and town."), "Calle Mayor 5", ""},
		"what to return":    {"start_return", say("¿Qué artículos del pedido #1042 quieres devolver?"), "tetera", ""},
		"a code":            {"invoice", say("Antes tengo que comprobar que eres tú. Escribe aquí las 6 cifras del código."), "{code}", ""},
		"two things":        {"start_return", say("Para eso necesito saber: de qué artículos se trata, el motivo."), "no la necesito", ""},
		"an e-mail address": {"invoice", say("Could you tell me your e-mail address?"), "ana@example.com", ""},
		"an invoice":        {"invoice", say("La factura del pedido #1042:\nhttps://example.com/1042.pdf"), "", suite.EndDone},
		"no invoice":        {"invoice", say("La factura está en tu cuenta."), "algo", ""},
		"no such order":     {"order_status", say("No encuentro el pedido #1042 entre los tuyos."), "algo", ""},
		"a no is an answer": {"answer", say("No se puede devolver."), "", suite.EndDone},
		"an answer is no":   {"cancel_order", say("Los pedidos se cancelan en «Mis pedidos»."), "algo", ""},
		"silence":           {"answer", nil, "?", ""},
		"what nobody asked": {"order_status", say("¿Se lo paso a la tienda?", "Sí", "No"), "no", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := simulate.Script{Who: who(c.wants), Language: "es", Seed: 1}
			st, _ := s.Next(simulate.State{}, simulate.Heard{})
			_, m := s.Next(st, simulate.Heard{Replies: c.reply})
			did := strings.ToLower(strings.Join(m.Say, " ") + m.Tap)
			if m.End != c.end || !strings.Contains(did, strings.ToLower(c.want)) || c.want == "" && did != "" {
				t.Errorf("%q, ends %q; want %q, ends %q", did, m.End, c.want, c.end)
			}
		})
	}
}

func TestScriptWithoutACode(t *testing.T) {
	t.Parallel()
	for gives, want := range map[string]string{"leave": suite.EndGaveUp, "person": suite.EndPerson} {
		s := simulate.Script{Language: "en", Seed: 5, Who: suite.Simulate{
			Wish: suite.Wish{Wants: "invoice"}, Mood: "hurried", Patience: 1, GivesUp: gives,
		}}
		did, end := talk(s, func(_ int, m simulate.Move) []runs.Reply {
			if holdsAny(m.Say, "person") {
				return say("Of course. I'm passing you to a person on our team.")
			}
			return say("Write the 6 digits of the code here.")
		})
		if end != want || !holdsAny(did, "code") || holdsAny(did, "{code}") {
			t.Errorf("%s: %s, %q", gives, end, did)
		}
	}
}

// anything is a shop that says what it likes.
func anything() *rapid.Generator[[]runs.Reply] {
	text := rapid.SampledFrom([]string{
		"Tu pedido #1042 está en camino.", "¿Qué pedido?", "What is the new address?", "¿Se lo paso a la tienda?", "Escribe aquí las 6 cifras del código.",
		"No se puede.", "De acuerdo, lo dejo todo como está.", "Lo he pasado a la tienda.", "Which items?", "", "No sé.", "https://example.com",
	})
	reply := rapid.Custom(func(t *rapid.T) runs.Reply {
		return runs.Reply{Text: text.Draw(t, "text"), Buttons: rapid.SampledFrom([][]string{nil, {"Sí", "No"}, {"Yes", "No"}, {"Otra cosa"}}).Draw(t, "buttons")}
	})
	return rapid.SliceOfN(reply, 0, 3)
}

func someone() *rapid.Generator[simulate.Script] {
	return rapid.Custom(func(t *rapid.T) simulate.Script {
		wants := rapid.SampledFrom([]string{
			"order_status", "tracking", "refund_status", "delivery_proof", "invoice", "change_address", "cancel_order", "start_return", "person",
		})
		s := simulate.Script{Language: rapid.SampledFrom([]string{"es", "en"}).Draw(t, "language"), Seed: rapid.Uint64().Draw(t, "seed")}
		s.Who = suite.Simulate{
			Wish: suite.Wish{Wants: wants.Draw(t, "wants"), Refuses: rapid.Bool().Draw(t, "refuses")},
			Mood: rapid.SampledFrom([]string{"calm", "polite", "hurried", "angry", "confused"}).Draw(t, "mood"), Patience: rapid.IntRange(0, 3).Draw(t, "patience"),
			GivesUp: rapid.SampledFrom([]string{"leave", "person"}).Draw(t, "gives up"),
			Habits:  rapid.SampledFrom([][]string{nil, {"typos"}, {"no_accents", "split_bubbles"}, {"code_switch"}, {"voice"}}).Draw(t, "habits"),
		}
		if rapid.Bool().Draw(t, "knows") {
			s.Who.Knows = map[string]string{"order": "#W2024117", "address": "Calle Mayor 5"}
		}
		return s
	})
}

// TestScriptHolds holds what is true of every customer against every shop: the same talk
// again for the same seed, something said or an end at each move, no number that they do
// not know, and only buttons that were there.
func TestScriptHolds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := someone().Draw(t, "someone")
		var st simulate.State
		var heard simulate.Heard
		for turn := range 12 {
			next, m := s.Next(st, heard)
			if _, again := s.Next(st, heard); !cmp.Equal(m, again) {
				t.Fatalf("turn %d: %+v, then %+v", turn, m, again)
			}
			said := strings.Join(m.Say, " ")
			if strings.Contains(said, "#") && (s.Who.Knows == nil || !strings.Contains(said, "#W2024117")) || strings.Contains(said, "%") {
				t.Fatalf("turn %d: %q", turn, said)
			}
			if m.Empty() && m.End == "" || slices.Contains(m.Say, "") {
				t.Fatalf("turn %d: nothing happens: %+v", turn, m)
			}
			if m.Tap != "" && !slices.ContainsFunc(heard.Replies, func(r runs.Reply) bool { return slices.Contains(r.Buttons, m.Tap) }) {
				t.Fatalf("turn %d: taps %q, which was not there", turn, m.Tap)
			}
			if m.End != "" {
				return
			}
			st, heard = next, simulate.Heard{Replies: anything().Draw(t, "replies")}
		}
	})
}

// Nobody insists for ever: a shop that says nothing that helps loses them.
func TestScriptHasAnEnd(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := someone().Draw(t, "someone")
		reply := rapid.SampledFrom([][]runs.Reply{nil, say("No se puede."), say("Escribe aquí las 6 cifras del código."), say("¿Qué pedido?")}).Draw(t, "reply")
		if did, end := talk(s, func(int, simulate.Move) []runs.Reply { return reply }); end == suite.EndLimit {
			t.Fatalf("%q", did)
		}
	})
}

func TestScriptedCast(t *testing.T) {
	t.Parallel()
	c := suite.Case{ID: "a/es", Group: "a", Language: "es", Simulate: &suite.Simulate{Wish: suite.Wish{Wants: "order_status"}, Mood: "calm"}}
	said := map[string]bool{}
	for try := range 20 {
		for range 2 {
			who, err := simulate.Scripted{}.Play(c, try)
			if err != nil {
				t.Fatal(err)
			}
			m, err := who.Next(t.Context(), simulate.Heard{})
			if err != nil || len(m.Say) != 1 {
				t.Fatalf("%+v, %v", m, err)
			}
			said[fmt.Sprint(try, m.Say)] = true
		}
	}
	if len(said) != 20 {
		t.Errorf("the same try says different things: %v", said)
	}
	if _, err := (simulate.Scripted{}).Play(suite.Case{}, 1); err == nil {
		t.Error("nobody was played")
	}
}
