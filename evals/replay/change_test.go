package replay_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/recado/recado/evals/replay"
	"github.com/recado/recado/gateway"
	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/action"
)

// decided is a record of a decision with what the customer got.
func decided(kind gateway.DecisionKind, reply string) gateway.Record {
	return gateway.Record{Outcome: gateway.OutcomeCommitted, Decision: gateway.Decision{Kind: kind, Rule: "confidence"}, Reply: reply}
}

func because(reason gateway.Reason) gateway.Record {
	r := decided(gateway.DecideHandoff, "Se lo paso a una persona.")
	r.Decision.Reason = reason
	return r
}

func proposing(kind action.Kind, order string, items ...string) gateway.Record {
	r := decided(gateway.DecidePropose, "¿Lo hago?")
	r.Proposal = &rag.Proposal{Call: action.Call{Kind: kind, Order: order, Items: items}}
	return r
}

func resting(on ...string) gateway.Record {
	r := decided(gateway.DecideReply, "Son 3 días.")
	for _, id := range on {
		r.Passages = append(r.Passages, rag.Passage{ID: id, DocumentID: "d", Hash: "of " + id})
		r.Draft.Citations = append(r.Draft.Citations, id)
	}
	return r
}

func refusing(rule string) gateway.Record {
	r := decided(gateway.DecideReply, "No se puede.")
	r.Refusal = &rag.Refusal{Call: action.Call{Kind: action.Cancel, Order: "W1"}, Verdict: action.Verdict{Rule: rule}}
	return r
}

func TestKindOf(t *testing.T) {
	t.Parallel()
	reply := func(text string) gateway.Record { return decided(gateway.DecideReply, text) }
	asks, quiet := decided(gateway.DecideClarify, "¿Qué pedido?"), decided(gateway.DecideQuiet, "")
	hands := because(gateway.ReasonNotCovered)
	for name, test := range map[string]struct {
		was, now gateway.Record
		want     replay.Kind
	}{
		"nothing":                 {reply("Son 3 días."), reply("Son 3 días."), replay.Same},
		"answers now":             {hands, reply("Son 3 días."), replay.AnswersNow},
		"speaks where it did not": {quiet, reply("Son 3 días."), replay.AnswersNow},
		"answers unasked":         {asks, reply("Son 3 días."), replay.AnswersUnasked},
		"proposes unasked":        {asks, proposing(action.Cancel, "W1"), replay.AnswersUnasked},
		"hands off":               {reply("Son 3 días."), hands, replay.HandsOffNow},
		"hands off what it asked": {asks, hands, replay.HandsOffNow},
		"asks":                    {reply("Son 3 días."), asks, replay.AsksNow},
		"asks in place of people": {hands, asks, replay.AsksNow},
		"is silent":               {reply("Son 3 días."), quiet, replay.SilentNow},
		"another reason":          {hands, because(gateway.ReasonLowConfidence), replay.OtherReason},
		"another number":          {reply("Son 3 días."), reply("Son 5 días."), replay.OtherFacts},
		"a number more":           {reply("Pronto."), reply("En 5 días."), replay.OtherFacts},
		"a number less":           {reply("En 5 días."), reply("Pronto."), replay.OtherFacts},
		"another amount":          {reply("Cuesta 4,99 €."), reply("Cuesta 4,90 €."), replay.OtherFacts},
		"the same amount":         {reply("Cuesta 4,99 €."), reply("Vale 4,99 €."), replay.OtherWords},
		"another day":             {reply("Llega el 3 de marzo."), reply("Llega el 4 de marzo."), replay.OtherFacts},
		"another page":            {reply("Mira https://a.example/x"), reply("Mira https://a.example/y"), replay.OtherFacts},
		"the opposite":            {reply("You can return it."), reply("You cannot return it."), replay.OtherFacts},
		"el contrario":            {reply("Sí, se puede."), reply("No, no se puede."), replay.OtherFacts},
		"other words":             {reply("Son 3 días."), reply("Tarda 3 días."), replay.OtherWords},
		"other passages":          {resting("a"), resting("b"), replay.OtherPassages},
		"passages in any order":   {resting("a", "b"), resting("b", "a"), replay.Same},
		"another action":          {proposing(action.Cancel, "W1"), proposing(action.StartReturn, "W1", "lamp"), replay.OtherAction},
		"another order":           {proposing(action.Cancel, "W1"), proposing(action.Cancel, "W2"), replay.OtherAction},
		"other items":             {proposing(action.StartReturn, "W1", "lamp"), proposing(action.StartReturn, "W1", "lamp", "bulb"), replay.OtherAction},
		"words for an action":     {proposing(action.Cancel, "W1"), reply("¿Lo hago?"), replay.OtherAction},
		"another rule":            {refusing("status"), refusing("final"), replay.OtherAction},
	} {
		got := replay.KindOf(gateway.Replayed{Was: test.was, Now: test.now})
		if got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
		if got := replay.KindOf(gateway.Replayed{Was: test.was, Now: test.now, Beyond: true}); got != replay.Unknown {
			t.Errorf("%s, beyond the record: %q", name, got)
		}
	}
}

// TestKindsAreOrdered: what changes nothing is the same both ways, and what is risky comes
// before what is not.
func TestKindsAreOrdered(t *testing.T) {
	t.Parallel()
	safe := false
	for _, k := range replay.Kinds() {
		if k.Risky() && safe {
			t.Errorf("%s is risky and comes after what is not", k)
		}
		safe = safe || !k.Risky()
	}
	if replay.Same.Visible() || replay.OtherPassages.Visible() || !replay.OtherWords.Visible() {
		t.Error("customers notice what they can't, or not what they can")
	}
	rapid.Check(t, func(t *rapid.T) {
		records := []gateway.Record{
			decided(gateway.DecideReply, "Son 3 días."), decided(gateway.DecideReply, "No."), decided(gateway.DecideClarify, "¿Qué pedido?"), decided(gateway.DecideQuiet, ""),
			because(gateway.ReasonNotCovered), because(gateway.ReasonModelError), proposing(action.Cancel, "W1"), resting("a"), resting("a", "b"), refusing("final"),
		}
		a, b := rapid.IntRange(0, len(records)-1).Draw(t, "was"), rapid.IntRange(0, len(records)-1).Draw(t, "now")
		there := replay.KindOf(gateway.Replayed{Was: records[a], Now: records[b]})
		back := replay.KindOf(gateway.Replayed{Was: records[b], Now: records[a]})
		if (there == replay.Same) != (back == replay.Same) || a == b && there != replay.Same {
			t.Fatalf("%q there and %q back", there, back)
		}
	})
}
