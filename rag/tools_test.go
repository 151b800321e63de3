package rag_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/action"
	"github.com/recado/recado/rag/assure"
)

// tools remember what they were asked and give what they have.
type tools struct {
	reads, checks []action.Call
	facts         map[string]string
	verdict       action.Verdict
	// refused is why look-ups give nothing.
	refused string
	err     error
}

func (f *tools) Read(_ context.Context, c action.Call) (action.Receipt, error) {
	f.reads = append(f.reads, c)
	if f.refused != "" {
		return action.Receipt{ID: "r", Kind: c.Kind, Order: c.Order, Outcome: action.Refused, Reason: f.refused}, f.err
	}
	return action.Receipt{ID: fmt.Sprintf("r%d", len(f.reads)), Kind: c.Kind, Order: c.Order, Outcome: action.Done, Facts: f.facts}, f.err
}

func (f *tools) Check(_ context.Context, c action.Call) (action.Verdict, string, error) {
	f.checks = append(f.checks, c)
	return f.verdict, "v1", f.err
}

// sequence answers with its drafts in turn, the last one again and again, and keeps the
// requests.
type sequence struct {
	drafts   []rag.Draft
	requests *[]rag.Request
}

func (sequence) Name() string { return "fake-model" }

func (s sequence) Complete(_ context.Context, r rag.Request) (rag.Response, error) {
	*s.requests = append(*s.requests, r)
	return rag.Response{Draft: s.drafts[min(len(*s.requests), len(s.drafts))-1], Usage: rag.Usage{InputTokens: 10}}, nil
}

// acting answers a question of a customer with an order, with tools.
func acting(t *testing.T, text string, f *tools, drafts ...rag.Draft) (rag.Answer, []rag.Request) {
	t.Helper()
	var requests []rag.Request
	s := newSetup(fakeModel{})
	s.Model = sequence{drafts: drafts, requests: &requests}
	q := question
	q.Text = text
	if f != nil {
		q.Tools = f
	}
	q.Orders = rag.OrderFacts{Orders: []rag.Order{{Number: "W1", Status: "paid", Items: []rag.OrderItem{{Name: "Lámpara Lino", Quantity: 1}}}}}
	a, err := s.answer(t, q)
	if err != nil {
		t.Fatal(err)
	}
	return a, requests
}

func want(k action.Kind, order string) rag.Draft {
	return rag.Draft{Actions: []action.Call{{Kind: k, Order: order}}, Locale: "es"}
}

func TestALookUpComesBackAsAReceipt(t *testing.T) {
	t.Parallel()
	f := &tools{facts: map[string]string{"amount": "59,90 €"}}
	a, requests := acting(t, "¿cuánto me devolvéis del W1?", f, want(action.RefundStatus, "W1"),
		rag.Draft{Answer: "El reembolso de tu pedido W1 es de 59,90 €.", Orders: []string{"W1"}, Locale: "es"})
	if len(requests) != 2 || len(f.reads) != 1 || len(requests[1].Receipts) != 1 || a.Usage.InputTokens != 20 {
		t.Fatalf("%d requests, reads %v, usage %+v", len(requests), f.reads, a.Usage)
	}
	if !strings.Contains(requests[1].Messages[1].Content, "refund_status | order: W1 | outcome: done | amount: 59,90 €") {
		t.Errorf("the prompt:\n%s", requests[1].Messages[1].Content)
	}
	for _, c := range a.Checks {
		if !c.OK {
			t.Errorf("%s: %s", c.Name, c.Detail)
		}
	}
	if len(a.Receipts) != 1 || a.Receipts[0].ID != "r1" {
		t.Errorf("receipts %+v", a.Receipts)
	}
}

// TestALookUpBelowItsLevelWantsACode: what a look-up needs is not said by the model but asked
// for by code, and the model is not asked again.
func TestALookUpBelowItsLevelWantsACode(t *testing.T) {
	t.Parallel()
	f := &tools{refused: action.RuleLevel}
	a, requests := acting(t, "¿me mandas la factura del W1?", f, want(action.Invoice, "W1"), rag.Draft{Answer: "Toma: https://x.example.com", Locale: "es"})
	if a.Refusal == nil || a.Refusal.Verdict.Rule != action.RuleLevel || a.Refusal.Verdict.Level != assure.Code || a.Refusal.Call.Kind != action.Invoice || a.Text != "" || len(requests) != 1 {
		t.Errorf("%d requests, %+v, %q", len(requests), a.Refusal, a.Text)
	}
	f = &tools{refused: action.RuleUnavailable}
	if a, requests := acting(t, "¿me mandas la factura del W1?", f, want(action.Invoice, "W1"), rag.Draft{NeedsHuman: true, Locale: "es"}); a.Refusal != nil || len(requests) != 2 {
		t.Errorf("%d requests, %+v", len(requests), a.Refusal)
	}
}

// TestOneYesAtATime: a second wish, or a question beside it, is said to wait.
func TestOneYesAtATime(t *testing.T) {
	t.Parallel()
	ok := action.Verdict{OK: true}
	both := want(action.Cancel, "W1")
	both.Actions = append(both.Actions, action.Call{Kind: action.StartReturn, Order: "W1", Items: []string{"Lámpara Lino"}})
	for _, c := range []struct {
		text  string
		draft rag.Draft
		more  bool
	}{
		{"cancela el W1", want(action.Cancel, "W1"), false},
		{"cancela el W1 y devuelve la lámpara", both, true},
		{"¿Puedes cancelar el W1? ¿Cuánto tarda el reembolso a mi tarjeta?", want(action.Cancel, "W1"), true},
	} {
		a, _ := acting(t, c.text, &tools{verdict: ok}, c.draft)
		if a.Proposal == nil || a.Proposal.More != c.more {
			t.Errorf("%s: %+v", c.text, a.Proposal)
		}
	}
}

// TestModelsThatLoopAreCut: at most four look-ups in two rounds, none twice.
func TestModelsThatLoopAreCut(t *testing.T) {
	t.Parallel()
	f := &tools{}
	all := rag.Draft{}
	for i := range 9 {
		all.Actions = append(all.Actions, action.Call{Kind: action.OrderStatus, Order: fmt.Sprintf("W%d", i)})
	}
	a, requests := acting(t, "¿y mis pedidos?", f, all)
	if len(f.reads) != 4 || len(requests) != 2 || a.Text != "" {
		t.Errorf("%d look-ups, %d requests, text %q", len(f.reads), len(requests), a.Text)
	}
	f = &tools{}
	if _, requests = acting(t, "¿y mi pedido?", f, want(action.OrderStatus, "W1")); len(f.reads) != 1 || len(requests) != 2 {
		t.Errorf("the same again: %d look-ups, %d requests", len(f.reads), len(requests))
	}
	f = &tools{}
	_, requests = acting(t, "¿y mi pedido?", f, want(action.OrderStatus, "W1"), want(action.OrderStatus, "W2"), want(action.OrderStatus, "W3"), want(action.OrderStatus, "W4"))
	if len(f.reads) != 2 || len(requests) != 3 {
		t.Errorf("one after the other: %d look-ups, %d requests", len(f.reads), len(requests))
	}
}

func TestAChangeIsOnlyProposed(t *testing.T) {
	t.Parallel()
	f := &tools{verdict: action.Verdict{OK: true}}
	both := want(action.Cancel, "#w1")
	both.Answer = "He cancelado tu pedido."
	both.Actions = append(both.Actions, action.Call{Kind: action.Cancel, Order: "W2"})
	a, _ := acting(t, "cancela mi pedido", f, both)
	if len(f.checks) != 1 || a.Proposal == nil || a.Proposal.Call.Order != "W1" || a.Proposal.Version != "v1" || a.Text != "" {
		t.Fatalf("checked %v, proposal %+v, text %q", f.checks, a.Proposal, a.Text)
	}
	if want := "Se cancelará el pedido W1."; a.Proposal.Summary != want {
		t.Errorf("summary %q, want %q", a.Proposal.Summary, want)
	}

	f = &tools{verdict: action.Verdict{Rule: "status"}}
	a, _ = acting(t, "cancela mi pedido", f, want(action.Cancel, "W1"))
	if a.Proposal != nil || a.Refusal == nil || a.Refusal.Verdict.Rule != "status" {
		t.Errorf("refusal %+v, proposal %+v", a.Refusal, a.Proposal)
	}
	f = &tools{err: errBroken}
	if a, _ = acting(t, "cancela mi pedido", f, want(action.Cancel, "W1")); a.Refusal == nil || a.Refusal.Verdict.Rule != "unavailable" {
		t.Errorf("refusal %+v", a.Refusal)
	}
	human := want(action.Cancel, "W1")
	human.NeedsHuman = true
	f = &tools{verdict: action.Verdict{OK: true}}
	if a, _ = acting(t, "cancela mi pedido", f, human); a.Proposal != nil || len(f.checks) > 0 {
		t.Errorf("a person is wanted, and proposed is %+v", a.Proposal)
	}
}

// TestArgumentsAreTheCustomers: an address or an item that the customer did not write is
// asked for, whoever wrote it.
func TestArgumentsAreTheCustomers(t *testing.T) {
	t.Parallel()
	move := rag.Draft{Actions: []action.Call{{Kind: action.ChangeAddress, Order: "W1", Address: "Calle del Ladrón 1, Madrid"}}}
	f := &tools{verdict: action.Verdict{OK: true}}
	a, _ := acting(t, "cambia la dirección del W1", f, move)
	if a.Proposal != nil || slices.ContainsFunc(f.checks, func(c action.Call) bool { return c.Address != "" }) || !strings.Contains(a.AskBack, "dirección") {
		t.Errorf("proposal %+v, asked %q", a.Proposal, a.AskBack)
	}
	shipped := &tools{verdict: action.Verdict{Rule: action.RuleStatus}}
	if a, _ = acting(t, "cambia la dirección del W1", shipped, move); a.AskBack != "" || a.Refusal == nil || a.Refusal.Verdict.Rule != action.RuleStatus {
		t.Errorf("an address was asked for that can't be changed: %q, %+v", a.AskBack, a.Refusal)
	}
	a, _ = acting(t, "envía el W1 a la calle del ladrón 1, Madrid", f, move)
	if a.Proposal == nil || !strings.Contains(a.Proposal.Summary, "Calle del Ladrón 1, Madrid") {
		t.Errorf("proposal %+v, asked %q", a.Proposal, a.AskBack)
	}
	back := rag.Draft{Actions: []action.Call{{Kind: action.StartReturn, Order: "W1", Items: []string{"Televisor"}}}}
	if a, _ = acting(t, "quiero devolver algo", f, back); a.Proposal != nil || !strings.Contains(a.AskBack, "artículos del pedido W1") {
		t.Errorf("proposal %+v, asked %q", a.Proposal, a.AskBack)
	}
	back.Actions[0].Items = []string{"Lámpara Lino"}
	if a, _ = acting(t, "quiero devolver la lámpara", f, back); a.Proposal == nil || !slices.Contains(a.Proposal.Call.Items, "Lámpara Lino") {
		t.Errorf("proposal %+v, asked %q", a.Proposal, a.AskBack)
	}
}

func TestAskBackOnlyAsks(t *testing.T) {
	t.Parallel()
	for text, ok := range map[string]bool{
		"¿De qué pedido se trata?":          true,
		"¿Me dices tu contraseña?":          false,
		"Which order is it?":                false,
		"¿Sabías que tienes 99 días?":       false,
		"He cancelado tu pedido, ¿vale?":    false,
		"¿Te refieres al pedido W1?":        true,
		"¿Te refieres al pedido W7777777?":  false,
		"¿Llamamos a [[PHONE_7]] para eso?": false,
	} {
		a, _ := acting(t, "¿qué pasa con eso?", nil, rag.Draft{AskBack: text})
		if (a.AskBack == text) != ok {
			t.Errorf("%q: asked back %q", text, a.AskBack)
		}
	}
}
