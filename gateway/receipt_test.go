package gateway

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/recado/recado/rag/action"
	"github.com/recado/recado/rag/assure"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// told is a conversation that waits for a receipt.
func told(change func(*Conversation)) Conversation {
	c := Conversation{
		ID: "c", Channel: "9", Contact: Identity{UserID: "ES.7"}, Mode: ModeBot, Language: "es",
		LastCustomerAt: noon.Add(-time.Minute),
		Memory:         Memory{Awaiting: 1, Level: assure.Code, LanguageFixed: true},
	}
	if change != nil {
		change(&c)
	}
	return c
}

func command(k action.Kind) Command {
	return Command{
		ID: "cmd", ConversationID: "c", Channel: "9", Customer: Identity{UserID: "ES.7"}, TurnID: "t",
		Call: action.Call{Kind: k, Order: "TA-4117", Items: []string{"Flexo Lumen"}, Address: "Calle Mayor 3"},
	}
}

func TestApplyReceipt(t *testing.T) {
	t.Parallel()
	done := action.Receipt{ID: "r", CommandID: "cmd", Outcome: action.Done, Reference: "DEV-81", Facts: map[string]string{"amount": "219,00 EUR", "by": "2026-12-01", "note": "internal"}}
	tests := []struct {
		name     string
		c        Conversation
		kind     action.Kind
		late     bool
		r        action.Receipt
		text     string
		reason   Reason
		draft    string
		awaiting int
	}{
		{"return", told(nil), action.StartReturn, false, done, "La devolución del pedido TA-4117 está abierta.\nReferencia: DEV-81\nImporte: 219,00 EUR\nEntrega el paquete como muy tarde el 1 de diciembre de 2026", "", "", 0},
		{"cancelled, in English", told(func(c *Conversation) { c.Language = "en" }), action.Cancel, false, action.Receipt{Outcome: action.Done}, "Order TA-4117 is cancelled.", "", "", 0},
		{"refused", told(nil), action.Cancel, false, action.Receipt{Outcome: action.Refused, Reason: "status"}, "El pedido TA-4117 ya no se puede cancelar: ya ha salido o está cerrado. Se lo paso a una persona del equipo. Te responderá aquí mismo.", ReasonRefused, "", 0},
		{"failed", told(nil), action.ChangeAddress, false, action.Receipt{Outcome: action.Failed}, "La tienda no ha podido hacer eso con el pedido TA-4117. Se lo paso a una persona del equipo. Te responderá aquí mismo.", ReasonRefused, "", 0},
		{"an outcome that nobody knows", told(nil), action.Cancel, false, action.Receipt{Outcome: "maybe"}, "La tienda no ha podido hacer eso con el pedido TA-4117. Se lo paso a una persona del equipo. Te responderá aquí mismo.", ReasonRefused, "", 0},
		{"late, and nobody has come yet", told(func(c *Conversation) { c.Mode, c.Memory.Awaiting = ModeQueued, 2 }), action.Cancel, true, action.Receipt{Outcome: action.Done}, "El pedido TA-4117 está cancelado.", "", "", 2},
		{"while an agent is there", told(func(c *Conversation) { c.Mode = ModeAgent }), action.Cancel, false, action.Receipt{Outcome: action.Done}, "", "", "", 0},
		{"refused while an agent is there", told(func(c *Conversation) { c.Mode = ModeAgent }), action.Cancel, false, action.Receipt{Outcome: action.Refused}, "", "", "", 0},
		{"while in doubt who it is", told(func(c *Conversation) { c.DoubtedAt = noon }), action.Cancel, false, action.Receipt{Outcome: action.Done}, "", ReasonIdentity, "", 0},
		{"after the window", told(func(c *Conversation) { c.LastCustomerAt = noon.Add(-ServiceWindow) }), action.Cancel, false, action.Receipt{Outcome: action.Done}, "", ReasonWindow, "El pedido TA-4117 está cancelado.", 0},
		{"code sent", told(nil), action.SendCode, false, action.Receipt{Outcome: action.Done}, "", "", "", 0},
		{"code not sent", told(nil), action.SendCode, false, action.Receipt{Outcome: action.Failed}, codeNotSentText("es"), ReasonRefused, "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := ApplyReceipt(tt.c, command(tt.kind), tt.late, tt.r, noon)
			if diff := cmp.Diff(tt.text, spoken(got)); diff != "" {
				t.Errorf("what is told (-want +got):\n%s", diff)
			}
			if got.Record.Reply != tt.text || got.Record.Decision.Reason != tt.reason || got.Memory.Awaiting != tt.awaiting {
				t.Errorf("record %+v, %d awaited", got.Record, got.Memory.Awaiting)
			}
			if (got.Handoff != nil) != (tt.reason != "") {
				t.Fatalf("handoff %+v", got.Handoff)
			}
			if h := got.Handoff; h != nil && (h.Reason != tt.reason || h.Packet.Draft != tt.draft || h.Packet.Wants == "" || h.Packet.Why == "") {
				t.Errorf("handoff %+v", h)
			}
		})
	}
}

// TestAmountsAreWrittenAsTheCustomerReads: the shop's system writes amounts with a point,
// and what is no amount is told as it came.
func TestAmountsAreWrittenAsTheCustomerReads(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ amount, es, en string }{
		{"74.85 EUR", "Importe: 74,85 EUR", "Amount: 74.85 EUR"},
		{"1299.00 EUR", "Importe: 1299,00 EUR", "Amount: 1299.00 EUR"},
		{"29.9 EUR", "Importe: 29,90 EUR", "Amount: 29.90 EUR"},
		{"30 EUR", "Importe: 30,00 EUR", "Amount: 30.00 EUR"},
		{"1990 CLP", "Importe: 1990 CLP", "Amount: 1990 CLP"},
		{"219,00 EUR", "Importe: 219,00 EUR", "Amount: 219,00 EUR"},
		{"1.299 EUR", "Importe: 1.299 EUR", "Amount: 1.299 EUR"},
		{"see v1.20 EUR", "Importe: see v1.20 EUR", "Amount: see v1.20 EUR"},
	} {
		for language, want := range map[string]string{"es": tt.es, "en": tt.en} {
			c := told(func(c *Conversation) { c.Language = language })
			r := action.Receipt{ID: "r", CommandID: "cmd", Outcome: action.Done, Facts: map[string]string{"amount": tt.amount}}
			if lines := strings.Split(spoken(ApplyReceipt(c, command(action.Cancel), false, r, noon)), "\n"); !slices.Contains(lines, want) {
				t.Errorf("%s, %s: %q", language, tt.amount, lines)
			}
		}
	}
}

// spoken is what an effect tells the customer.
func spoken(e Effect) string {
	var texts []string
	for _, o := range e.Outgoing {
		texts = append(texts, o.Text)
	}
	return strings.Join(texts, "|")
}

func TestApplyOverdue(t *testing.T) {
	t.Parallel()
	pending := &Pending{ID: "p"}
	waiting := told(func(c *Conversation) { c.Memory.Pending, c.Memory.CodeUntil = pending, noon.Add(time.Minute) })
	got := ApplyOverdue(waiting, command(action.Cancel), noon)
	if spoken(got) != overdueText("es", command(action.Cancel).Call) || got.Handoff == nil || got.Handoff.Reason != ReasonReceipt || got.Memory.Awaiting != 0 || got.Memory.Pending != pending {
		t.Errorf("%+v", got)
	}
	got = ApplyOverdue(waiting, command(action.SendCode), noon)
	if got.Memory.Pending != nil || !got.Memory.CodeUntil.IsZero() || got.Handoff == nil || !strings.Contains(spoken(got), "código") {
		t.Errorf("a code that never went out: %+v", got)
	}
}

// TestOnlyAReceiptTellsThatItIsDone: whatever the state, "done" is told by nothing but a
// receipt that says so, nobody is talked over, and the end of a command is never silent
// unless an agent is there to see it or it was a code.
func TestOnlyAReceiptTellsThatItIsDone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := told(func(c *Conversation) {
			c.Mode = rapid.SampledFrom([]Mode{ModeBot, ModeQueued, ModeAgent, ModeClosed}).Draw(t, "mode")
			c.Language = rapid.SampledFrom([]string{"es", "en", ""}).Draw(t, "language")
			c.Memory.Awaiting = rapid.IntRange(0, 2).Draw(t, "awaiting")
			c.LastCustomerAt = noon.Add(-time.Duration(rapid.IntRange(0, 30).Draw(t, "hours")) * time.Hour)
			if rapid.Bool().Draw(t, "doubt") {
				c.DoubtedAt = noon
			}
		})
		cmd := command(rapid.SampledFrom(action.Specs()).Draw(t, "spec").Kind)
		r := action.Receipt{Outcome: rapid.SampledFrom([]action.Outcome{action.Done, action.Refused, action.Failed, "?"}).Draw(t, "outcome")}
		overdue, late := rapid.Bool().Draw(t, "overdue"), rapid.Bool().Draw(t, "late")
		e := ApplyReceipt(c, cmd, late, r, noon)
		if overdue {
			e = ApplyOverdue(c, cmd, noon)
		}
		saysDone := e.Record.Decision.Kind == DecideNotify
		silent := len(e.Outgoing) == 0 && e.Handoff == nil
		code := cmd.Call.Kind == action.SendCode && r.Outcome == action.Done && !overdue
		switch {
		case saysDone && (overdue || r.Outcome != action.Done):
			t.Fatalf("done without a receipt that says so: %q", spoken(e))
		case len(e.Outgoing) > 0 && (c.Mode == ModeAgent || !c.DoubtedAt.IsZero() || !c.WindowOpen(noon)):
			t.Fatalf("told to nobody's use: %q", spoken(e))
		case silent != (c.Mode == ModeAgent || code):
			t.Fatalf("silent: %v, %+v", silent, e)
		case e.Memory.Awaiting < 0:
			t.Fatalf("%d commands awaited", e.Memory.Awaiting)
		case (e.Record.Decision.Kind == DecideHandoff) != (e.Handoff != nil), (e.Record.Decision.Reason != "") != (e.Handoff != nil):
			t.Fatalf("record %+v and handoff %+v", e.Record.Decision, e.Handoff)
		case e.Record.Decision.Rule == "" || e.Record.Outcome != OutcomeCommitted || e.Record.ConversationID != c.ID:
			t.Fatalf("record %+v", e.Record)
		}
		again := ApplyReceipt(c, cmd, late, r, noon)
		if !overdue && (again.Record.ID != e.Record.ID || len(again.Outgoing) == 1 && again.Outgoing[0].ID != e.Outgoing[0].ID) {
			t.Fatal("the same end twice has two ids")
		}
	})
}

// TestEveryEndHasItsOwnID: a command can be given up and end by a late receipt, and both
// are told.
func TestEveryEndHasItsOwnID(t *testing.T) {
	t.Parallel()
	c, cmd := told(nil), command(action.Cancel)
	r := action.Receipt{Outcome: action.Done}
	ids := []string{
		ApplyReceipt(c, cmd, false, r, noon).Outgoing[0].ID, ApplyReceipt(c, cmd, true, r, noon).Outgoing[0].ID,
		ApplyOverdue(c, cmd, noon).Outgoing[0].ID,
	}
	slices.Sort(ids)
	if len(slices.Compact(ids)) != 3 {
		t.Errorf("ids %v", ids)
	}
}

// TestAFailureIsNoTroubleOfLooking: who said yes hears that it was not done, and not that
// their order can't be seen.
func TestAFailureIsNoTroubleOfLooking(t *testing.T) {
	t.Parallel()
	c := action.Call{Kind: action.Cancel, Order: "TA-4117"}
	for language, want := range map[string]string{"es": "La tienda no ha podido hacer eso", "en": "The shop couldn't do that"} {
		if got := refusedText(language, c, action.RuleUnavailable); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s", language, got)
		}
	}
}

// TestRulesHaveWords: every rule that can refuse an action says something of its own, in
// both languages, with the order's number.
func TestRulesHaveWords(t *testing.T) {
	t.Parallel()
	for _, language := range []string{"es", "en"} {
		seen := map[string]string{}
		for _, k := range []action.Kind{action.Cancel, action.ChangeAddress, action.StartReturn} {
			for _, rule := range []string{"status", "return_days", "level", "arguments", "amount", "final", "not_found", "unavailable"} {
				text := ruleText(language, action.Call{Kind: k, Order: "TA-4117"}, action.Verdict{Rule: rule, Until: "2026-09-30"})
				if !strings.Contains(text, "TA-4117") || strings.Contains(text, "%") {
					t.Errorf("%s: %q", rule, text)
				}
				if before, ok := seen[text]; ok && before != rule {
					t.Errorf("%s and %s say the same: %q", before, rule, text)
				}
				seen[text] = rule
			}
		}
	}
	if got := ruleText("en", action.Call{Order: "7"}, action.Verdict{Rule: "return_days", Until: "2026-09-30"}); !strings.Contains(got, "30 September 2026") {
		t.Errorf("without its day: %q", got)
	}
	if got := ruleText("es", action.Call{Order: "7"}, action.Verdict{Rule: "return_days", Until: "2026-09-30"}); !strings.Contains(got, "30 de septiembre de 2026") {
		t.Errorf("without its day: %q", got)
	}
}

// TestEveryReasonHasWords: an agent and a customer read a text for each reason.
func TestEveryReasonHasWords(t *testing.T) {
	t.Parallel()
	if len(agentReasons("es")) != len(agentReasons("en")) {
		t.Fatal("the languages differ")
	}
	for r, why := range agentReasons("en") {
		if why == "" || AgentReason("es", r) == "" || AgentReason("es", r) == why {
			t.Errorf("%s: %q, %q", r, why, AgentReason("es", r))
		}
		if es, en := handoffText("es", r), handoffText("en", r); es == "" || es == en {
			t.Errorf("%s: %q, %q", r, es, en)
		}
	}
}
