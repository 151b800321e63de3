package gateway

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/action"
	"github.com/recado/recado/rag/assure"
)

// broken is a model that is down.
type broken struct{}

func (broken) Answer(context.Context, rag.Question) (rag.Answer, error) {
	return rag.Answer{}, rag.ErrModel
}
func (broken) Fingerprint() string { return "broken" }

// answers is an answerer that says one thing.
type answers rag.Answer

func (a answers) Answer(context.Context, rag.Question) (rag.Answer, error) { return rag.Answer(a), nil }
func (answers) Fingerprint() string                                        { return "answers" }

// shop is the shop's system as a turn sees it.
type shop struct {
	verdict action.Verdict
	version string
	read    action.Receipt
	err     error
	// codes are what is right, newErr is why none is made, left how many tries there are.
	right  string
	newErr error
	left   int
	passes []assure.Level
}

func (s *shop) Tools(_ Identity, pass assure.Pass, _ time.Time) rag.Tools {
	s.passes = append(s.passes, pass.Level())
	return s
}

func (s *shop) Read(context.Context, action.Call) (action.Receipt, error) { return s.read, s.err }
func (s *shop) Check(context.Context, action.Call) (action.Verdict, string, error) {
	return s.verdict, s.version, s.err
}
func (s *shop) New(context.Context, Identity) (string, error) { return "123456", s.newErr }

// codes are the one-time codes of a shop.
type codes struct{ *shop }

func (c codes) Check(_ context.Context, _ Identity, code string) (bool, int, error) {
	return code == c.right, c.left, c.err
}

// wires swallow what is published.
type wires struct{}

func (wires) Publish(context.Context, Command) error { return nil }
func (wires) Receipts(ctx context.Context, _ func(context.Context, action.Receipt) error) error {
	<-ctx.Done()
	return ctx.Err()
}

// turnOf takes one turn of a customer who said something, at noon.
func turnOf(t *testing.T, config Config, c Conversation, history []MessageView, texts ...string) Turn {
	t.Helper()
	config.Store, config.Now, config.AuditShare = &turnStore{}, func() time.Time { return noon }, -1
	g, err := New(withFakes(config))
	if err != nil {
		t.Fatal(err)
	}
	claim := &Claim{Conversation: c, History: history, Attempt: 1}
	if claim.Conversation.Mode == "" {
		claim.Conversation.Mode = ModeBot
	}
	for _, text := range texts {
		e := said(noon, "text", text)
		if yes, ok := strings.CutPrefix(text, yesButton); ok {
			e.Message.Text, e.Message.Choice = "Sí", &Choice{ID: yesButton + yes, Title: "Sí"}
		}
		claim.Events = append(claim.Events, e)
	}
	return g.turn(t.Context(), claim)
}

func (s *shop) config(a rag.Answer) Config {
	return Config{Answerer: answers(a), Actions: s, Codes: codes{s}, Wire: wires{}}
}

// proposes is an answer with a write that the rules allow.
func proposes() rag.Answer {
	return rag.Answer{Proposal: &rag.Proposal{Call: action.Call{Kind: action.Cancel, Order: "TA-4117"}, Version: "v1", Summary: "Cancelar el pedido TA-4117 (219,00 EUR)."}}
}

func refuses(v action.Verdict) rag.Answer {
	return rag.Answer{Refusal: &rag.Refusal{Call: action.Call{Kind: action.Cancel, Order: "TA-4117"}, Verdict: v}}
}

func TestProposal(t *testing.T) {
	t.Parallel()
	s := &shop{verdict: action.Verdict{OK: true}, version: "v1"}
	asked := turnOf(t, s.config(proposes()), Conversation{}, nil, "Cancela mi pedido TA-4117")
	p := asked.Conversation.Memory.Pending
	if asked.Record.Decision != (Decision{DecidePropose, "", ruleProposal}) || p == nil || p.NeedsCode || !p.ExpiresAt.Equal(noon.Add(proposalFor)) || len(asked.Commands) > 0 {
		t.Fatalf("%+v, pending %+v", asked.Record.Decision, p)
	}
	o := asked.Outgoing[0]
	if len(asked.Outgoing) != 1 || !strings.Contains(o.Text, "219,00 EUR") || o.Content.Buttons[0].ID != yesButton+p.ID || CheckContent(o.Text, o.Content) != nil {
		t.Fatalf("asked by %+v", asked.Outgoing)
	}
	history := []MessageView{{Direction: "out", Author: AuthorBot, Text: o.Text, Content: o.Content}}
	for _, yes := range []string{"sí", yesButton + p.ID} {
		sent := turnOf(t, s.config(good()), asked.Conversation, history, yes)
		if sent.Record.Decision.Rule != ruleConfirmed || len(sent.Commands) != 1 || sent.Conversation.Memory.Pending != nil || sent.Conversation.Memory.Awaiting != 1 {
			t.Fatalf("%s: %+v, %+v", yes, sent.Record.Decision, sent.Conversation.Memory)
		}
		c := sent.Commands[0]
		if c.Call.Kind != action.Cancel || c.Call.Order != "TA-4117" || c.Version != "v1" || c.Level != assure.Number || !c.Deadline.Equal(noon.Add(2*time.Minute)) || c.TurnID != sent.Record.ID || c.Secret != "" {
			t.Errorf("the command is %+v", c)
		}
		if !strings.Contains(sent.Record.Reply, "Lo he pasado a la tienda") || strings.Contains(sent.Record.Reply, "cancelado") {
			t.Errorf("it says %q", sent.Record.Reply)
		}
		again := turnOf(t, s.config(good()), sent.Conversation, history, yesButton+p.ID)
		if again.Record.Decision.Rule != ruleStaleTap || len(again.Commands) > 0 {
			t.Errorf("a second tap: %+v", again.Record.Decision)
		}
	}
	no := turnOf(t, s.config(good()), asked.Conversation, history, "no")
	if no.Record.Decision.Rule != ruleDeclined || no.Conversation.Memory.Pending != nil || len(no.Commands) > 0 {
		t.Errorf("no: %+v", no.Record.Decision)
	}
	more := turnOf(t, s.config(good()), asked.Conversation, history, "¿Y la garantía?", yesButton+p.ID)
	if more.Record.Decision.Rule != ruleConfidence || len(more.Commands) > 0 || !strings.Contains(more.Outgoing[0].Text, "219,00 EUR") || more.Outgoing[0].Content.Buttons[0].ID != yesButton+p.ID {
		t.Errorf("a tap beside a question: %+v", more.Outgoing)
	}
	aside := turnOf(t, s.config(good()), asked.Conversation, append(history, MessageView{Direction: "out", Author: AuthorAgent, Text: "¿Te llamo?"}), "sí")
	if len(aside.Commands) > 0 || aside.Record.Decision.Rule != ruleConfidence {
		t.Errorf("yes to somebody else: %+v", aside.Record.Decision)
	}
}

func TestWhatBecomesOfAYes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		shop  shop
		c     Conversation
		want  Decision
		text  string
		still bool
	}{
		{"the order has changed", shop{verdict: action.Verdict{OK: true}, version: "v2"}, Conversation{}, Decision{DecidePropose, "", ruleOrderChanged}, "Tu pedido ha cambiado", true},
		{"it has shipped since", shop{verdict: action.Verdict{Rule: "status"}}, Conversation{}, Decision{DecideReply, "", ruleRefusal}, "ya no se puede cancelar", false},
		{"the orders are away", shop{err: errors.New("away")}, Conversation{}, Decision{DecideHandoff, ReasonOrders, "orders_unavailable"}, "no puedo consultar tus pedidos", false},
		{"in doubt who it is", shop{verdict: action.Verdict{OK: true}, version: "v1"}, Conversation{DoubtedAt: noon}, Decision{DecideHandoff, ReasonIdentity, "identity"}, "comprobar que eres tú", false},
		{"a person has it", shop{verdict: action.Verdict{OK: true}, version: "v1"}, Conversation{Mode: ModeAgent}, Decision{DecideQuiet, "", "human_owns"}, "", true},
		{"a rule that nobody knows", shop{verdict: action.Verdict{Rule: "moon"}}, Conversation{}, Decision{DecideHandoff, ReasonAction, ruleRefusal}, "mirar una persona", false},
		{"a higher level by now", shop{verdict: action.Verdict{Rule: "level", Level: assure.Code}}, Conversation{}, Decision{DecidePropose, "", ruleCodeNeeded}, codeLine("es"), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.c.Memory = offered(nil)
			got := turnOf(t, tt.shop.config(good()), tt.c, nil, yesButton+"p1")
			if got.Record.Decision != tt.want || !strings.Contains(got.Record.Reply, tt.text) || (got.Conversation.Memory.Pending != nil) != tt.still {
				t.Errorf("%+v says %q, pending %+v", got.Record.Decision, got.Record.Reply, got.Conversation.Memory.Pending)
			}
			for _, c := range got.Commands {
				if c.Call.Kind != action.SendCode {
					t.Errorf("it went out: %+v", c)
				}
			}
		})
	}
}

func TestOneTimeCode(t *testing.T) {
	t.Parallel()
	s := &shop{verdict: action.Verdict{OK: true}, version: "v7", right: "123456", left: 2}
	level := refuses(action.Verdict{Rule: "level", Level: assure.Code})
	asked := turnOf(t, s.config(level), Conversation{}, nil, "Cambia la dirección del TA-4117")
	if len(asked.Commands) != 1 || asked.Commands[0].Call.Kind != action.SendCode || asked.Commands[0].Secret != "123456" || strings.Contains(asked.Record.Reply, "123456") || asked.Conversation.Memory.Awaiting != 1 {
		t.Fatalf("%+v, %+v", asked.Record.Decision, asked.Commands)
	}
	history := []MessageView{{Direction: "out", Author: AuthorBot, Text: asked.Record.Reply}}
	wrong := turnOf(t, s.config(good()), asked.Conversation, history, "000000")
	if wrong.Record.Decision.Rule != ruleCodeWrong || !strings.Contains(wrong.Record.Reply, "2 intentos") || wrong.Conversation.Memory.Pending == nil || wrong.Conversation.Pass(noon).Level() != assure.Number {
		t.Errorf("wrong: %+v", wrong.Record)
	}
	right := turnOf(t, s.config(good()), wrong.Conversation, history, "123 456")
	p := right.Conversation.Memory.Pending
	if right.Record.Decision != (Decision{DecidePropose, "", ruleCodeRight}) || right.Conversation.Pass(noon).Level() != assure.Code || p.NeedsCode || p.Proposal.Version != "v7" || right.Outgoing[0].Content == nil || !right.Conversation.Memory.CodeUntil.IsZero() {
		t.Errorf("right: %+v, %+v", right.Record, right.Conversation.Memory)
	}
	if right.Record.Messages[0] != codeMask("es") || s.passes[len(s.passes)-1] != assure.Code {
		t.Errorf("kept %q, checked at %v", right.Record.Messages, s.passes)
	}
	if right.Conversation.Pass(noon.Add(codeLevelFor)).Level() != assure.Number {
		t.Error("the level never ends")
	}
	sent := turnOf(t, s.config(good()), right.Conversation, nil, yesButton+p.ID)
	if len(sent.Commands) != 1 || sent.Commands[0].Level != assure.Code || sent.Commands[0].Version != "v7" {
		t.Errorf("sent %+v", sent.Commands)
	}
}

func TestOneTimeCodeEnds(t *testing.T) {
	t.Parallel()
	waiting := Conversation{Memory: offered(func(p *Pending) { p.NeedsCode = true })}
	waiting.Memory.CodeUntil = noon.Add(time.Minute)
	spent := turnOf(t, (&shop{right: "123456"}).config(good()), waiting, nil, "000000")
	if spent.Record.Decision != (Decision{DecideHandoff, ReasonAction, ruleCodeSpent}) || spent.Conversation.Memory.Pending != nil || !strings.Contains(spent.Record.Reply, "no quedan intentos") {
		t.Errorf("spent: %+v", spent.Record)
	}
	away := turnOf(t, (&shop{right: "123456", err: errors.New("away")}).config(good()), waiting, nil, "123456")
	if away.Record.Decision.Reason != ReasonOrders || away.Conversation.Pass(noon).Level() != assure.Number {
		t.Errorf("away: %+v", away.Record.Decision)
	}
	waiting.Memory.CodeUntil = noon
	late := turnOf(t, (&shop{right: "123456"}).config(good()), waiting, nil, "123456")
	if late.Record.Decision.Rule != ruleCodeLate || late.Conversation.Memory.Pending != nil || late.Record.Messages[0] != codeMask("es") {
		t.Errorf("late: %+v", late.Record)
	}
	level := refuses(action.Verdict{Rule: "level", Level: assure.Code})
	for name, tt := range map[string]struct {
		config Config
		rule   string
	}{
		"too often":  {(&shop{newErr: ErrTooOften}).config(level), ruleCodeTooOften},
		"no codes":   {Config{Answerer: answers(level), Actions: &shop{}, Wire: wires{}}, ruleNoCode},
		"codes away": {(&shop{newErr: errors.New("away")}).config(level), ruleNoCode},
		"verified":   {(&shop{}).config(refuses(action.Verdict{Rule: "level", Level: assure.Verified})), ruleNoCode},
	} {
		got := turnOf(t, tt.config, Conversation{}, nil, "Cambia la dirección")
		if got.Record.Decision != (Decision{DecideHandoff, ReasonAction, tt.rule}) || len(got.Commands) > 0 || got.Conversation.Memory.Pending != nil {
			t.Errorf("%s: %+v", name, got.Record.Decision)
		}
	}
}

// TestAReadThatNeededTheCode is done once the code came.
func TestAReadThatNeededTheCode(t *testing.T) {
	t.Parallel()
	c := Conversation{Memory: offered(func(p *Pending) { p.NeedsCode, p.Proposal.Call.Kind = true, action.Invoice })}
	c.Memory.CodeUntil = noon.Add(time.Minute)
	s := &shop{right: "123456", read: action.Receipt{Outcome: action.Done, Facts: map[string]string{"url": "https://shop.example/i/4117"}}}
	got := turnOf(t, s.config(good()), c, nil, "123456")
	if got.Record.Decision.Rule != ruleRead || !strings.Contains(got.Record.Reply, "https://shop.example/i/4117") || got.Conversation.Memory.Pending != nil || got.Conversation.Pass(noon).Level() != assure.Code {
		t.Errorf("%+v", got.Record)
	}
}

// TestWritesThatAreHandedOff: without a shop's system, and while a person sends the
// drafts, nothing is proposed.
func TestWritesThatAreHandedOff(t *testing.T) {
	t.Parallel()
	suggest := proposes()
	suggest.Suggest, suggest.Stale = true, []string{"another model"}
	for name, tt := range map[string]struct {
		config Config
		want   Decision
	}{
		"nothing to do it": {Config{Answerer: answers(proposes())}, Decision{DecideHandoff, ReasonAction, ruleNotWritable}},
		"suggest only":     {(&shop{}).config(suggest), Decision{DecideHandoff, ReasonSuggest, ruleSuggest}},
	} {
		got := turnOf(t, tt.config, Conversation{}, nil, "Cancela el TA-4117")
		if got.Record.Decision != tt.want || len(got.Commands) > 0 || got.Conversation.Memory.Pending != nil || !strings.Contains(got.Handoff.Packet.Draft, "Cancelar el pedido TA-4117") {
			t.Errorf("%s: %+v, %+v", name, got.Record.Decision, got.Handoff)
		}
	}
}

// TestRefusalsSayTheRule, and offer a person.
func TestRefusalsSayTheRule(t *testing.T) {
	t.Parallel()
	for rule, want := range map[string]struct {
		d    Decision
		text string
	}{
		"status":      {Decision{DecideReply, "", ruleRefusal}, "ya ha salido"},
		"return_days": {Decision{DecideReply, "", ruleRefusal}, "terminó el 30 de septiembre de 2026"},
		"final":       {Decision{DecideReply, "", ruleRefusal}, "no admite devolución"},
		"not_found":   {Decision{DecideReply, "", ruleRefusal}, "No encuentro el pedido TA-4117"},
		"arguments":   {Decision{DecideClarify, "", ruleArguments}, "la nueva dirección completa"},
		"amount":      {Decision{DecideHandoff, ReasonAction, ruleRefusal}, "Por su importe"},
		"unavailable": {Decision{DecideHandoff, ReasonOrders, "orders_unavailable"}, "no puedo consultar"},
	} {
		v := action.Verdict{Rule: rule, Until: "2026-09-30", Missing: []string{"address"}}
		got := turnOf(t, (&shop{}).config(refuses(v)), Conversation{}, nil, "Cancela el TA-4117")
		if got.Record.Decision != want.d || !strings.Contains(got.Record.Reply, want.text) {
			t.Errorf("%s: %+v says %q", rule, got.Record.Decision, got.Record.Reply)
		}
		if want.d.Kind == DecideReply && !strings.Contains(got.Record.Reply, "«persona»") {
			t.Errorf("%s: no person is offered", rule)
		}
		if rule == "arguments" {
			again := turnOf(t, (&shop{}).config(refuses(v)), got.Conversation, nil, "No sé")
			if again.Record.Decision != (Decision{DecideHandoff, ReasonAction, ruleRefusal}) || !got.Conversation.Clarified || got.Conversation.Fallbacks != 0 {
				t.Errorf("asked twice: %+v", again.Record.Decision)
			}
		}
	}
}

// reading keeps what it is asked.
type reading struct {
	Answerer
	texts *[]string
}

func (a reading) Answer(_ context.Context, q rag.Question) (rag.Answer, error) {
	for _, u := range q.History {
		*a.texts = append(*a.texts, u.Text)
	}
	*a.texts = append(*a.texts, q.Text)
	return rag.Answer{}, nil
}

// TestACodeThatWasSpentIsNotReadAgain: who sends it twice shows it to no model, and it is
// kept nowhere; a number that was no code is still read.
func TestACodeThatWasSpentIsNotReadAgain(t *testing.T) {
	t.Parallel()
	s := &shop{right: "123456"}
	history := []MessageView{
		{Direction: "out", Author: AuthorBot, Text: codeSentText("es")},
		{Direction: "in", Author: AuthorCustomer, Text: "123456"},
		{Direction: "out", Author: AuthorBot, Text: "Gracias, ya sé que eres tú."},
		{Direction: "in", Author: AuthorCustomer, Text: "es el 123 456"},
		{Direction: "out", Author: AuthorBot, Text: "Te responderá una persona."},
	}
	for text, shown := range map[string]bool{"123456": false, "el código es 123-456": false, "654321": true} {
		var texts []string
		config := s.config(good())
		config.Answerer = reading{config.Answerer, &texts}
		turn := turnOf(t, config, Conversation{Language: "es"}, history, text)
		all := strings.Join(slices.Concat(texts, turn.Record.Messages), "\n")
		if digits := strings.NewReplacer(" ", "", "-", "").Replace(all); strings.Contains(digits, "123456") || strings.Contains(digits, "654321") != shown || len(texts) == 0 {
			t.Errorf("%q: read and kept\n%s", text, all)
		}
	}
}
