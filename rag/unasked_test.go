package rag_test

import (
	"testing"

	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/action"
)

// every is a draft that wants done all that there is, with the order's own things.
func every(address string) []rag.Draft {
	var list []rag.Draft
	for _, spec := range action.Specs() {
		if spec.Kind == action.OrderStatus || spec.Kind == action.Tracking || spec.Kind == action.RefundStatus || spec.Kind == action.SendCode {
			continue
		}
		list = append(list, rag.Draft{Locale: "es", Actions: []action.Call{{Kind: spec.Kind, Order: "W1", Items: []string{"Lámpara Lino"}, Address: address}}})
	}
	return list
}

// TestWhatTheCustomerDidNotSpeakOf is not proposed, not refused, not asked about and needs no
// code: a model can have it from a passage or from a note on an order.
func TestWhatTheCustomerDidNotSpeakOf(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"¿Cuánto cuesta el grabado de nombres en tazas?", "Where is my order W1?",
	} {
		for _, d := range every("") {
			f := &tools{verdict: action.Verdict{OK: true}, refused: action.RuleLevel}
			if a, _ := acting(t, text, f, d); a.Proposal != nil || a.Refusal != nil || a.AskBack != "" || len(f.checks)+len(f.reads) > 0 {
				t.Errorf("%q and %s: proposed %+v, refused %+v, asked back %q", text, d.Actions[0].Kind, a.Proposal, a.Refusal, a.AskBack)
			}
		}
	}
}

// TestAnAnswerOutlivesWhatNobodyAskedFor: what is right beside it is said.
func TestAnAnswerOutlivesWhatNobodyAskedFor(t *testing.T) {
	t.Parallel()
	d := good()
	d.Actions = []action.Call{{Kind: action.Cancel, Order: "W1"}}
	a, _ := acting(t, question.Text, &tools{verdict: action.Verdict{OK: true}}, d)
	if a.Proposal != nil || a.Text == "" || failing(a) != "" {
		t.Errorf("proposed %+v, said %q, failed %s", a.Proposal, a.Text, failing(a))
	}
}

// TestWhatWasWishedBefore counts: the customer need not say it again.
func TestWhatWasWishedBefore(t *testing.T) {
	t.Parallel()
	f := &tools{verdict: action.Verdict{OK: true}}
	var requests []rag.Request
	s := newSetup(fakeModel{})
	s.Model = sequence{drafts: []rag.Draft{want(action.Cancel, "W1")}, requests: &requests}
	q := question
	q.Text, q.Tools = "el de la lámpara", f
	q.History = []rag.Utterance{{Role: rag.RoleCustomer, Text: "Quiero cancelar"}, {Role: rag.RoleBot, Text: "¿De qué pedido se trata?"}}
	q.Orders = rag.OrderFacts{Orders: []rag.Order{{Number: "W1", Status: "paid"}}}
	if a, err := s.answer(t, q); err != nil || a.Proposal == nil {
		t.Errorf("after what was said before: %+v, %v", a.Proposal, err)
	}
}
