package gateway

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/action"
	"github.com/recado/recado/rag/confidence"
)

// cardNumber is the test number that payment providers give.
const cardNumber = "4111 1111 1111 1111"

// fullAnswer is an answer with something in every field that a record keeps.
func fullAnswer() rag.Answer {
	call := action.Call{Kind: action.Cancel, Order: "W1", Reason: "mi tarjeta es " + cardNumber}
	return rag.Answer{
		Text: "Tarda 3 días.", Query: "cuánto tarda, mi tarjeta es " + cardNumber,
		Parts:     []rag.Part{{Text: "cuánto tarda", Covered: true}, {Text: "mi tarjeta es " + cardNumber}},
		Draft:     rag.Draft{Answer: "Tarda 3 días. Tu tarjeta " + cardNumber + " vale.", Actions: []action.Call{call}},
		Sentences: []rag.Sentence{{Text: "Tarda 3 días.", Class: "policy", Backing: []string{"p1"}, Support: .9, OK: true}, {Text: "Tu tarjeta " + cardNumber + " vale.", Class: "policy", Detail: cardNumber}},
		Checks:    []rag.Check{{Name: "numbers", Detail: cardNumber}},
		Receipts:  []action.Receipt{{ID: "r1", Kind: action.Cancel, Order: "W1", Outcome: action.Done, At: composeAt}},
		Proposal:  &rag.Proposal{Call: call, Version: "v1", Summary: "Cancelar W1"},
		AskBack:   "¿Para qué país?", Repaired: true, Masked: map[string]int{"CARD": 1}, Clarify: .2,
		Promise: confidence.Marginal, Suggest: true, Stale: []string{"the index was split in another way"},
	}
}

// TestRecordTellsWhatTheTurnRestsOn: sentences with their backing, the questions of the
// burst, the write, and why the calibration promises nothing, also for a turn that failed.
func TestRecordTellsWhatTheTurnRestsOn(t *testing.T) {
	t.Parallel()
	a := fullAnswer()
	for name, failed := range map[string]error{"answered": nil, "failed": errors.New("away")} {
		r := record(&Claim{Attempt: 1}, Conversation{ID: "c", Language: "es"}, Situation{Answer: a, AnswerErr: failed}, Decision{Kind: DecideReply, Rule: ruleConfidence})
		got := []any{
			r.Sentences[0], r.Parts[0], r.Receipts, r.AskBack, r.Repaired, r.Masked, r.Clarify, r.Promise, r.Suggest, r.Stale,
			r.Proposal.Call.Kind, r.Proposal.Version, r.Refusal == nil,
		}
		want := []any{
			a.Sentences[0], a.Parts[0], a.Receipts, a.AskBack, true, a.Masked, .2, confidence.Marginal, true, a.Stale,
			action.Cancel, "v1", true,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestRecordHoldsNoSecret looks for a card in all of a record, which was in the burst, the
// query, the draft and what was made of it; the answer itself stays as it is.
func TestRecordHoldsNoSecret(t *testing.T) {
	t.Parallel()
	a := fullAnswer()
	s := Situation{Answer: a, Burst: Burst{Texts: []string{"mi tarjeta es " + cardNumber}}}
	r := record(&Claim{}, Conversation{}, s, Decision{})
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "1111") {
		t.Errorf("the record repeats a card: %s", text)
	}
	if diff := cmp.Diff(fullAnswer(), a); diff != "" {
		t.Errorf("the answer was changed: %s", diff)
	}
}

// TestRecordOfAYes names the write that the customer confirmed, or why it is not possible
// any more.
func TestRecordOfAYes(t *testing.T) {
	t.Parallel()
	pending := &Pending{ID: "p", Proposal: rag.Proposal{Call: action.Call{Kind: action.Cancel, Order: "W1"}, Version: "v1"}, ExpiresAt: composeAt.Add(proposalFor)}
	s := Situation{
		At: composeAt, Memory: Memory{Pending: pending}, Asked: true,
		Burst: Burst{Texts: []string{"Sí"}, Asked: 1, Taps: []Tap{{ID: "p", Yes: true, Text: "Sí"}}},
		Step:  Step{Verdict: action.Verdict{OK: true}, Version: "v1"},
	}
	if s.wish() != wishYes {
		t.Fatalf("the wish is %v", s.wish())
	}
	proposal, refusal := s.considered()
	if refusal != nil || proposal == nil || proposal.Call.Order != "W1" || proposal.Version != "v1" {
		t.Errorf("got %+v, %+v", proposal, refusal)
	}
	s.Step.Verdict = action.Verdict{Rule: action.RuleStatus}
	proposal, refusal = s.considered()
	if proposal != nil || refusal == nil || refusal.Verdict.Rule != action.RuleStatus {
		t.Errorf("got %+v, %+v", proposal, refusal)
	}
	if proposal, refusal := (Situation{}).considered(); proposal != nil || refusal != nil {
		t.Errorf("a turn about nothing has %+v, %+v", proposal, refusal)
	}
}
