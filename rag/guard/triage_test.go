package guard_test

import (
	"strings"
	"testing"

	"github.com/recado/recado/internal/demoshop"
	"github.com/recado/recado/rag/guard"
)

func TestTriage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		want guard.Reason
	}{
		// Spanish.
		{"quiero hablar con una persona", guard.ReasonAskedForHuman},
		{"PÁSAME CON UN AGENTE YA", guard.ReasonAskedForHuman},
		{"agente", guard.ReasonAskedForHuman},
		{"persona por favor", guard.ReasonAskedForHuman},
		{"mi abogado os llamará", guard.ReasonLegal},
		{"os voy a denunciar", guard.ReasonLegal},
		{"quiero la hoja de reclamaciones", guard.ReasonLegal},
		{"esto es una estafa", guard.ReasonFraud},
		{"no reconozco ese cargo", guard.ReasonFraud},
		{"el cargador ha explotado", guard.ReasonSafety},
		{"quiero morir", guard.ReasonSafety},
		// English.
		{"my lawyer will call you", guard.ReasonLegal},
		{"I want to talk to a real person", guard.ReasonAskedForHuman},
		{"can someone call me", guard.ReasonAskedForHuman},
		{"Agent!", guard.ReasonAskedForHuman},
		{"I never authorised that payment", guard.ReasonFraud},
		{"the toaster caught fire", guard.ReasonSafety},
		{"see you in court", guard.ReasonLegal},
		// The gravest reason wins.
		{"quiero un agente o llamo a mi abogado", guard.ReasonLegal},
		{"it caught fire, my lawyer will call you", guard.ReasonSafety},
		{"I'll come to your shop and smash it up", guard.ReasonSafety},
		{"I know where your driver lives, he'd better watch out", guard.ReasonSafety},
		{"someone is going to get hurt", guard.ReasonSafety},
		{"sabemos dónde aparca vuestro repartidor", guard.ReasonSafety},
		{"el aspirador ha echado humo", guard.ReasonSafety},
		{"a mi hijo le ha dado calambre el cargador", guard.ReasonSafety},
		{"me quemé con la plancha", guard.ReasonSafety},
		// Words in other meanings.
		{"me quemo de calor, ¿tenéis ventiladores?", ""},
		{"I'll come to your shop and return it", ""},
		{"¿se puede echar hielo?", ""},
		{"I know where the parcel is", ""},
		{"¿hay que tener cuidado al lavar la sartén?", ""},
		{"¿puede recoger el paquete otra persona?", ""},
		{"can someone else collect my parcel", ""},
		{"el agente de transporte no vino", ""},
		{"the delivery person left it at the door", ""},
		{"¿cuánto tardan los reembolsos?", ""},
		{"where is my order #W2024117?", ""},
		{"hola", ""},
		{"", ""},
		{"👍", ""},
	} {
		got, found := guard.Triage(c.text)
		if got != c.want || found != (c.want != "") {
			t.Errorf("%q: %q, want %q", c.text, got, c.want)
		}
	}
}

// Case, accents and punctuation are how people write, not what they mean.
func TestTriageIgnoresHowItIsWritten(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"quiero hablar con una persona", "my lawyer will call you", "esto es una estafa"} {
		want, _ := guard.Triage(text)
		for _, variant := range []string{strings.ToUpper(text), text + "!!!", "¡" + text + "?", "  " + text + "\n", strings.ReplaceAll(text, "a", "á")} {
			if got, _ := guard.Triage(variant); got != want {
				t.Errorf("%q: %q, want %q", variant, got, want)
			}
		}
	}
}

// All questions of the demo shop that ask for a person or threaten are found, and
// of the questions that have an answer hardly any.
func TestTriageOnTheDemoShop(t *testing.T) {
	t.Parallel()
	questions, err := demoshop.Questions()
	if err != nil {
		t.Fatal(err)
	}
	answerable, needless := 0, 0
	for _, q := range questions {
		reason, found := guard.Triage(q.Text)
		switch {
		case q.Kind == demoshop.KindHuman && !found:
			t.Errorf("%s is missed: %q", q.ID, q.Text)
		case q.Decision == demoshop.DecisionReply:
			answerable++
			if found {
				needless++
				t.Logf("%s is taken for %s: %q", q.ID, reason, q.Text)
			}
		}
	}
	if needless*100 > answerable {
		t.Errorf("%d of %d answerable questions go to a person", needless, answerable)
	}
}

// Messages of our own, one a line after the reason, which is "-" for what only sounds
// alike.
func TestTriagePhrasings(t *testing.T) {
	t.Parallel()
	for _, line := range readPhrasings(t, "triage.txt") {
		want, text, found := strings.Cut(line, "\t")
		if !found {
			t.Fatalf("no reason: %q", line)
		}
		if got, _ := guard.Triage(text); string(got) != strings.TrimPrefix(want, "-") {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestTriageBoundsItsText(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("hola ", 100_000)
	if _, found := guard.Triage(long + " quiero un abogado"); found {
		t.Error("text beyond the bound is read")
	}
	if reason, _ := guard.Triage("quiero un abogado " + long); reason != guard.ReasonLegal {
		t.Errorf("reason %q", reason)
	}
}

func FuzzTriage(f *testing.F) {
	f.Add("quiero hablar con una persona")
	f.Add("\xff\xfe my lawyer ñ")
	f.Fuzz(func(t *testing.T, text string) {
		reason, found := guard.Triage(text)
		if found != (reason != "") {
			t.Errorf("found %v with reason %q", found, reason)
		}
		// What is sent to a person stays so when more is written behind it.
		if found && len(text) < 1000 {
			if _, still := guard.Triage(text + "\nhola"); !still {
				t.Errorf("%q is no longer found with more text", text)
			}
		}
	})
}
