package gateway

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/action"
)

// offered is a proposal that the customer was asked about a minute ago.
func offered(change func(*Pending)) Memory {
	p := &Pending{
		ID: "p1", ExpiresAt: noon.Add(14 * time.Minute),
		Proposal: rag.Proposal{Call: action.Call{Kind: action.Cancel, Order: "TA-4117"}, Version: "v1", Summary: "Cancelar el pedido TA-4117."},
	}
	if change != nil {
		change(p)
	}
	return Memory{Pending: p}
}

func wrote(texts ...string) Burst { return Burst{Texts: texts, Asked: len(texts)}.read() }

func (b Burst) tapping(yes bool, id string) Burst {
	text := "No"
	if yes {
		text = "Sí"
	}
	b.Texts, b.Taps = append(b.Texts, text), append(b.Taps, Tap{Yes: yes, ID: id, Text: text})
	return b.read()
}

func TestWish(t *testing.T) {
	t.Parallel()
	expired := func(p *Pending) { p.ExpiresAt = noon }
	needsCode := offered(func(p *Pending) { p.NeedsCode = true })
	needsCode.CodeUntil = noon.Add(5 * time.Minute)
	late := needsCode
	late.CodeUntil = noon
	tests := []struct {
		name  string
		m     Memory
		asked bool
		b     Burst
		want  wish
	}{
		{"yes in a word", offered(nil), true, wrote("sí"), wishYes},
		{"in two words", offered(nil), true, wrote("vale, adelante"), wishYes},
		{"in other words", offered(nil), true, wrote("no me parece mala idea"), wishNone},
		{"no in two words", offered(nil), true, wrote("mejor no, déjalo"), wishNo},
		{"no in English", offered(nil), true, wrote("actually no leave it"), wishNo},
		{"no, don't", offered(nil), true, wrote("No, don't cancel it, sorry"), wishNo},
		{"it stays", offered(nil), true, wrote("al final me lo quedo"), wishNo},
		{"it is wanted after all", offered(nil), true, wrote("espera no, que si lo quiero"), wishNo},
		{"it is wanted: what was asked", offered(nil), true, wrote("si lo quiero"), wishNone},
		{"another mind", offered(nil), true, wrote("I've changed my mind"), wishNo},
		{"no to something said since, in other words", offered(nil), false, wrote("mejor no, déjalo"), wishNone},
		{"no, but something else", offered(nil), true, wrote("no, quiero cambiar la dirección"), wishNone},
		{"yes and no", offered(nil), true, wrote("sí, no"), wishNone},
		{"yes and thanks", offered(nil), true, wrote("Sí, gracias"), wishYes},
		{"yes in two messages", offered(nil), true, wrote("sí", "vale"), wishYes},
		{"yes as a question", offered(nil), true, wrote("¿sí?"), wishNone},
		{"and, in Spanish", offered(nil), true, wrote("y"), wishNone},
		{"no in a word", offered(nil), true, wrote("mejor no"), wishNo},
		{"yes, but", offered(nil), true, wrote("sí, pero en azul"), wishNone},
		{"yes to something said since", offered(nil), false, wrote("sí"), wishUnasked},
		{"two words of it", offered(nil), false, wrote("vale, sí"), wishUnasked},
		{"no to something said since", offered(nil), false, wrote("no"), wishNone},
		{"yes to something said since, too late", offered(expired), false, wrote("sí"), wishNone},
		{"yes to something said while the code is awaited", needsCode, false, wrote("sí"), wishNone},
		{"yes to nothing", Memory{}, false, wrote("sí"), wishNone},
		{"yes too late", offered(expired), true, wrote("sí"), wishStale},
		{"no too late", offered(expired), true, wrote("no"), wishStale},
		{"a tap", offered(nil), false, Burst{}.tapping(true, "p1"), wishYes},
		{"a tap on no", offered(nil), false, Burst{}.tapping(false, "p1"), wishNo},
		{"both taps", offered(nil), false, Burst{}.tapping(true, "p1").tapping(false, "p1"), wishNo},
		{"two taps on yes", offered(nil), false, Burst{}.tapping(true, "p1").tapping(true, "p1"), wishYes},
		{"a tap and thanks", offered(nil), false, wrote("gracias").tapping(true, "p1"), wishYes},
		{"a tap and yes", offered(nil), false, wrote("confirmo").tapping(true, "p1"), wishYes},
		{"a tap and no", offered(nil), false, wrote("no, mejor no").tapping(true, "p1"), wishNo},
		{"a tap and a question", offered(nil), false, wrote("¿Cuánto tarda el reembolso?").tapping(true, "p1"), wishMore},
		{"a tap of another proposal", offered(nil), true, Burst{}.tapping(true, "p0"), wishStale},
		{"and a question", offered(nil), true, wrote("¿Cuánto tarda?").tapping(true, "p0"), wishNone},
		{"the old one and the new one", offered(nil), true, Burst{}.tapping(true, "p0").tapping(true, "p1"), wishYes},
		{"a tap on nothing", Memory{}, false, Burst{}.tapping(true, "p1"), wishStale},
		{"a tap too late", offered(expired), true, Burst{}.tapping(true, "p1"), wishStale},
		{"the code", needsCode, true, wrote("123 456"), wishCode},
		{"the code with a kind word", needsCode, false, wrote("hola", "123456"), wishCode},
		{"a code after its time", late, true, wrote("123456"), wishLate},
		{"digits while no code is awaited", offered(nil), true, wrote("123456"), wishNone},
		{"yes while the code is awaited", needsCode, true, wrote("sí"), wishAwaited},
		{"no while the code is awaited", needsCode, true, wrote("no"), wishNo},
		{"a question while the code is awaited", needsCode, true, wrote("¿Adónde lo enviáis?"), wishNone},
	}
	for _, tt := range tests {
		s := Situation{Memory: tt.m, Asked: tt.asked, Burst: tt.b, At: noon}
		if got := s.wish(); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
}

// TestYesAfterAClarification: what was asked back is what it answers.
func TestYesAfterAClarification(t *testing.T) {
	t.Parallel()
	s := Situation{Memory: offered(nil), Clarified: true, Burst: wrote("sí"), At: noon}
	if got := s.wish(); got != wishNone {
		t.Errorf("%d", got)
	}
}

// TestControlsHoldWithTheModelDown: what the customer wants in a word needs no answer.
func TestControlsHoldWithTheModelDown(t *testing.T) {
	t.Parallel()
	spoken := []MessageView{{Direction: "out", Author: AuthorBot, Text: disclosure("es") + "\n\nTarda de 3 a 5 días."}}
	for _, tt := range []struct {
		name    string
		said    []string
		history []MessageView
		rule    string
		text    string
		after   func(Turn) bool
	}{
		{"a person", []string{"humano"}, nil, "triage", "Te paso con una persona", func(t Turn) bool { return t.Conversation.Mode == ModeQueued }},
		{"stop", []string{"STOP"}, nil, ruleStop, "ya no te enviaremos publicidad", func(t Turn) bool { return t.Conversation.Marketing == "stop" }},
		{"stop, twice", []string{"stop", "stop"}, nil, ruleStop, "ya no te enviaremos publicidad", func(t Turn) bool { return t.Conversation.Marketing == "stop" }},
		{"repeat", []string{"repite, por favor"}, spoken, ruleRepeat, "Tarda de 3 a 5 días.", func(t Turn) bool { return t.Record.Reply == "Tarda de 3 a 5 días." }},
		{"repeat nothing", []string{"repite"}, nil, ruleRepeat, "Todavía no te he dicho nada", nil},
		{"English", []string{"English, please"}, spoken, ruleLanguage, "we'll go on in English", func(t Turn) bool { return t.Conversation.Language == "en" && t.Conversation.Memory.LanguageFixed }},
		{"Spanish", []string{"en español"}, spoken, ruleLanguage, "seguimos en español", func(t Turn) bool { return t.Conversation.Language == "es" && t.Conversation.Memory.LanguageFixed }},
		{"another language", []string{"cambiar idioma"}, spoken, ruleWhichLanguage, "Which language", func(t Turn) bool { return len(t.Outgoing[0].Content.Buttons) == 2 }},
		{"delete my data", []string{"borra mis datos"}, nil, ruleDeleteData, "Referencia: D-", func(t Turn) bool {
			return t.Handoff.Reason == ReasonData && strings.Contains(t.Handoff.Packet.Why, reference(*t.Handoff))
		}},
		{"delete my data, among others", []string{"¿Y mi pedido?", "borra mis datos"}, nil, ruleDeleteData, "Referencia: D-", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			turn := turnOf(t, Config{Answerer: broken{}}, Conversation{}, tt.history, tt.said...)
			if turn.Record.Decision.Rule != tt.rule || !strings.Contains(turn.Record.Reply, tt.text) {
				t.Fatalf("%+v says %q", turn.Record.Decision, turn.Record.Reply)
			}
			if tt.after != nil && !tt.after(turn) {
				t.Errorf("after it: %+v", turn)
			}
		})
	}
}

// TestTheRestHasToWait: who wants two things is told that one comes after the other.
func TestTheRestHasToWait(t *testing.T) {
	t.Parallel()
	for language, want := range map[string]string{"es": "pídeme lo demás", "en": "ask me for the rest"} {
		for _, more := range []bool{true, false} {
			s := Situation{Answer: rag.Answer{Proposal: &rag.Proposal{Summary: "X.", More: more}}}
			p := speech{c: Conversation{Language: language}, s: s, d: Decision{Kind: DecidePropose, Rule: ruleProposal}}
			if got := p.proposal(); strings.Contains(got, want) != more {
				t.Errorf("%s, more %v: %s", language, more, got)
			}
		}
	}
}

// TestOffers: who is offered a person takes it with a yes and leaves it with a no, and "I
// see" is neither.
func TestOffers(t *testing.T) {
	t.Parallel()
	offers := []MessageView{{Direction: "out", Author: AuthorBot, Text: "Ese pedido ya ha salido. " + offerText("es")}}
	asks := []MessageView{{Direction: "out", Author: AuthorBot, Text: "¿De qué pedido se trata?"}}
	tells := []MessageView{{Direction: "out", Author: AuthorBot, Text: disclosure("es") + "\n\nTarda de 3 a 5 días."}}
	person := []MessageView{{Direction: "out", Author: AuthorAgent, Text: "Lo miro."}}
	for _, tt := range []struct {
		name, said string
		history    []MessageView
		rule       string
	}{
		{"yes to it", "sí, por favor", offers, ruleOfferTaken},
		{"yes in English", "Yes please", offers, ruleOfferTaken},
		{"I see", "vale", offers, ruleConfidence},
		{"yes to a question", "sí", asks, ruleConfidence},
		{"yes to an answer", "sí", tells, ruleConfidence},
		{"no to it", "no", offers, ruleLeftAlone},
		{"no, thank you", "No, gracias.", tells, ruleLeftAlone},
		{"no to a question", "no", asks, ruleConfidence},
		{"no to a person", "no", person, ruleConfidence},
		{"no first", "no", nil, ruleConfidence},
		{"a wish", "cancela", tells, ruleConfidence},
	} {
		turn := turnOf(t, Config{}, Conversation{}, tt.history, tt.said)
		if got := turn.Record.Decision.Rule; got != tt.rule {
			t.Errorf("%s: %s, not %s", tt.name, got, tt.rule)
		}
	}
}

// TestStopBesideAQuestion: both are heard.
func TestStopBesideAQuestion(t *testing.T) {
	t.Parallel()
	turn := turnOf(t, Config{}, Conversation{}, nil, "¿Qué garantía tiene?", "no quiero más publicidad")
	if turn.Conversation.Marketing != "stop" || !strings.Contains(turn.Record.Reply, "publicidad") || !strings.Contains(turn.Record.Reply, "Tres años.") {
		t.Errorf("%+v", turn.Record)
	}
}

// TestAChosenLanguageStays, whatever language the customer writes in later.
func TestAChosenLanguageStays(t *testing.T) {
	t.Parallel()
	c := Conversation{Language: "en", Memory: Memory{LanguageFixed: true}}
	if got, _ := c.Receive([]Event{said(noon, "text", "¿Dónde está mi pedido, por favor?")}); got.Language != "en" {
		t.Errorf("it is %s", got.Language)
	}
	if got, _ := c.Receive([]Event{said(noon, "text", "español")}); got.Language != "es" || !got.Memory.LanguageFixed {
		t.Errorf("it is %s", got.Language)
	}
	if got, _ := c.Receive([]Event{said(noon, "text", "español"), said(noon, "text", "no, English")}); got.Language != "es" {
		t.Errorf("it is %s", got.Language)
	}
}

// TestRepeatedQuestions go to a person the third time, unless they are courtesies, or
// an hour lies between them.
func TestRepeatedQuestions(t *testing.T) {
	t.Parallel()
	ask := func(m Memory, at time.Time, text string) (Memory, Decision) {
		s := Situation{Mode: ModeBot, Burst: wrote(text), Memory: m, At: at, WindowOpen: true, Answer: good()}
		s.Repeats = m.repeats(s.Burst.askedHash(), at)
		d := Decide(s)
		return remember(Conversation{Memory: m}, s, d).Memory, d
	}
	for _, tt := range []struct {
		name  string
		texts []string
		every time.Duration
		want  string
	}{
		{"three times", []string{"¿Dónde está?", "donde está", "¿DÓNDE ESTÁ?"}, time.Minute, ruleConfidence},
		{"the same words", []string{"¿Dónde está?", "dónde está", "¿DÓNDE ESTÁ?!"}, time.Minute, ruleRepeated},
		{"in between another", []string{"¿Dónde está?", "¿Y el otro?", "¿Dónde está?", "¿Dónde está?"}, time.Minute, ruleConfidence},
		{"every day", []string{"¿Dónde está?", "¿Dónde está?", "¿Dónde está?", "¿Dónde está?"}, 24 * time.Hour, ruleConfidence},
		{"thanks", []string{"gracias", "gracias", "gracias"}, time.Minute, ruleConfidence},
		{"after a person was called, it begins anew", []string{"¿Ya?", "¿Ya?", "¿Ya?", "¿Ya?"}, time.Minute, ruleConfidence},
	} {
		m, at := Memory{}, noon
		var d Decision
		for _, text := range tt.texts {
			m, d = ask(m, at, text)
			at = at.Add(tt.every)
		}
		if d.Rule != tt.want {
			t.Errorf("%s: %+v", tt.name, d)
		}
	}
}

// TestSecretsAreMaskedAndWarnedOfOnce.
func TestSecretsAreMaskedAndWarnedOfOnce(t *testing.T) {
	t.Parallel()
	first := turnOf(t, Config{}, Conversation{}, nil, "Mi tarjeta es 4111 1111 1111 1111, ¿me devolvéis el dinero?")
	if !strings.Contains(first.Record.Reply, secretText("es")) || !first.Conversation.Memory.WarnedSecret {
		t.Errorf("not warned: %q", first.Record.Reply)
	}
	if got := strings.Join(first.Record.Messages, ""); strings.Contains(got, "4111") || !strings.Contains(got, "¿me devolvéis el dinero?") {
		t.Errorf("the record keeps %q", got)
	}
	again := turnOf(t, Config{Answerer: broken{}}, first.Conversation, nil, "La contraseña es: perro123!")
	if strings.Contains(again.Record.Reply, secretText("es")) || strings.Contains(again.Handoff.Packet.Wants, "perro") {
		t.Errorf("warned again or kept: %q, %q", again.Record.Reply, again.Handoff.Packet.Wants)
	}
	if none := turnOf(t, Config{}, Conversation{}, nil, "Mi pedido es el TA-4117, ana@example.com"); none.Conversation.Memory.WarnedSecret || none.Record.Messages[0] != "Mi pedido es el TA-4117, ana@example.com" {
		t.Errorf("warned of nothing: %+v", none.Record.Messages)
	}
}

// TestWishNeedsAnOpenQuestion: whatever is written, nothing is confirmed without a
// proposal that is open, and no text with other words in it confirms one.
func TestWishNeedsAnOpenQuestion(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := Memory{}
		if rapid.Bool().Draw(t, "pending") {
			m = offered(func(p *Pending) {
				p.ExpiresAt = noon.Add(time.Duration(rapid.IntRange(-5, 5).Draw(t, "left")) * time.Minute)
				p.NeedsCode = rapid.Bool().Draw(t, "needs code")
			})
		}
		if rapid.Bool().Draw(t, "code awaited") {
			m.CodeUntil = noon.Add(time.Duration(rapid.IntRange(-5, 5).Draw(t, "code left")) * time.Minute)
		}
		b := wrote(rapid.SliceOfN(rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"sí", "no", "123456", "gracias", "¿y?"})), 0, 3).Draw(t, "texts")...)
		for range rapid.IntRange(0, 2).Draw(t, "taps") {
			b = b.tapping(rapid.Bool().Draw(t, "yes"), rapid.SampledFrom([]string{"p0", "p1"}).Draw(t, "id"))
		}
		s := Situation{Memory: m, Burst: b, At: noon, Asked: rapid.Bool().Draw(t, "asked")}
		open := m.Pending != nil && noon.Before(m.Pending.ExpiresAt)
		switch w := s.wish(); {
		case (w == wishYes || w == wishNo || w == wishMore || w == wishCode || w == wishAwaited || w == wishUnasked) && !open:
			t.Fatalf("%d to nothing: %+v", w, b)
		case w == wishYes && (m.Pending.NeedsCode && len(b.Taps) == 0 || len(b.Taps) == 0 && !s.Asked):
			t.Fatalf("yes unasked: %+v", b)
		case w == wishYes && strings.Contains(b.Text(), "¿y?"):
			t.Fatalf("yes with more: %+v", b)
		case w == wishCode && !noon.Before(m.CodeUntil):
			t.Fatalf("a code after its time: %+v", b)
		}
	})
}

// FuzzCodeIn: a code is six digits, whatever stands around it.
func FuzzCodeIn(f *testing.F) {
	for _, seed := range []string{"123456", "mi código es 12-34-56", "pedido 123456", "１２３４５６"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		code := codeIn(text)
		if code != "" && (len(code) != codeDigits || strings.Trim(code, "0123456789") != "") {
			t.Errorf("%q gives %q", text, code)
		}
		if again := codeIn(code); again != code {
			t.Errorf("%q gives %q", code, again)
		}
	})
}

// TestMaskedCode: a one-time code is in no record and no packet, and in no question
// later.
func TestMaskedCode(t *testing.T) {
	t.Parallel()
	asks := codeSentText("es")
	history := []MessageView{
		{Direction: "out", Author: AuthorBot, Text: asks, At: noon},
		{Author: AuthorCustomer, Type: "text", Text: "123456", At: noon},
		{Direction: "out", Author: AuthorBot, Text: "Gracias.", At: noon},
		{Author: AuthorCustomer, Type: "text", Text: "654321", At: noon},
	}
	q := question(Conversation{Language: "es"}, Burst{}, history, noon)
	var texts []string
	for _, u := range q.History {
		texts = append(texts, u.Text)
	}
	if diff := cmp.Diff([]string{asks, "[código de un solo uso]", "Gracias.", "654321"}, texts); diff != "" {
		t.Error(diff)
	}
}

// TestCommandsAmongLinks: a command behind "and" or "ok" is one.
func TestCommandsAmongLinks(t *testing.T) {
	t.Parallel()
	spoken := []MessageView{{Direction: "out", Author: AuthorBot, Text: disclosure("es") + "\n\nTarda de 3 a 5 días."}}
	for said, rule := range map[string]string{
		"and in english please": ruleLanguage, "¿Y en español?": ruleLanguage, "pues repite": ruleRepeat, "so, stop": ruleStop, "oh, a person": ruleHuman,
		"y el español que vendéis?": ruleConfidence, "and the stop button?": ruleConfidence,
	} {
		if got := turnOf(t, Config{}, Conversation{}, spoken, said).Record.Decision.Rule; got != rule && (rule != ruleHuman || got != "triage") {
			t.Errorf("%q: %s, not %s", said, got, rule)
		}
	}
}

// TestWhoWrites: who asks whether a person writes is told, with the model down too, and gets
// one when they ask again or want one.
func TestWhoWrites(t *testing.T) {
	t.Parallel()
	down := Config{Answerer: broken{}}
	for _, c := range []struct{ said, language, want string }{
		{"are you a person?", "en", "automatic assistant, not a person"},
		{"Am I talking to a real human or a bot??", "en", "not a person"},
		{"eres un robot o una persona?", "es", "no una persona"},
		{"¿Estoy hablando con una máquina?", "es", "escribe «persona»"},
	} {
		turn := turnOf(t, down, Conversation{Language: c.language}, nil, c.said)
		if d := turn.Record.Decision; d.Kind != DecideReply || d.Rule != ruleWho || !strings.Contains(turn.Record.Reply, c.want) || strings.Contains(turn.Record.Reply, disclosure(c.language)) {
			t.Errorf("%q: %+v %q", c.said, d, turn.Record.Reply)
		}
		again := turnOf(t, down, turn.Conversation, nil, c.said)
		if again.Record.Decision.Kind != DecideHandoff {
			t.Errorf("%q again: %+v", c.said, again.Record.Decision)
		}
	}
	for _, wants := range []string{"quiero una persona", "are you there? I want a human", "I need to talk to a person"} {
		if d := turnOf(t, down, Conversation{}, nil, wants).Record.Decision; d.Kind != DecideHandoff || d.Reason != ReasonAskedForHuman {
			t.Errorf("%q: %+v", wants, d)
		}
	}
}
