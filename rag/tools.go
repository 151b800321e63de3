package rag

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/rag/action"
	"github.com/recado/recado/rag/receipts"
)

// What a model may have looked up in one turn.
const (
	maxRounds = 2
	maxReads  = 4
)

// draft asks the model, and again with the receipts of what it wanted looked up. A model
// that goes on asking is cut off: what it wrote last counts, and an empty text goes to a
// person.
func (t *turn) draft(ctx context.Context) error {
	done := map[string]bool{}
	for round := 0; ; round++ {
		d, err := t.ask(ctx)
		if err != nil {
			return err
		}
		t.take(d)
		calls := t.reads(done)
		if len(calls) == 0 || round == maxRounds {
			return nil
		}
		if err := t.read(ctx, calls); err != nil {
			return nil //nolint:nilerr // the model's word without the look-up is all there is
		}
		if t.a.Refusal != nil {
			return nil // first they have to show that it is them
		}
	}
}

// reads are the look-ups of a draft that were not made yet, as many as are left.
func (t *turn) reads(done map[string]bool) []action.Call {
	if t.q.Tools == nil || t.a.Draft.NeedsHuman {
		return nil
	}
	var calls []action.Call
	for _, c := range t.meant() {
		spec, known := action.Find(c.Kind)
		key := string(c.Kind) + "\x00" + strings.ToLower(strings.TrimPrefix(c.Order, "#"))
		if !known || spec.Write || done[key] || len(done) == maxReads {
			continue
		}
		done[key] = true
		calls = append(calls, c)
	}
	return calls
}

// read makes look-ups and puts their receipts before the model.
func (t *turn) read(ctx context.Context, calls []action.Call) error {
	for _, c := range calls {
		receipt, err := t.q.Tools.Read(ctx, c)
		if err != nil {
			return fmt.Errorf("look up %s: %w", c.Kind, err)
		}
		t.a.Receipts = append(t.a.Receipts, receipt)
		if spec, ok := action.Find(c.Kind); ok && receipt.Outcome == action.Refused && receipt.Reason == action.RuleLevel {
			t.settle(c, action.Verdict{Rule: action.RuleLevel, Level: spec.Level}, "")
		}
	}
	t.request.Receipts = t.a.Receipts
	return nil
}

// write looks at the change that a draft proposes: the first one, since a reply asks for
// one yes. Nothing is changed here. What comes of it is a proposal for the customer, the
// rule that refuses it, or a question for what is missing; all three are code's words.
func (t *turn) write(ctx context.Context) {
	meant := t.meant()
	at := slices.IndexFunc(meant, func(c action.Call) bool {
		spec, known := action.Find(c.Kind)
		return known && spec.Write && c.Kind != action.SendCode
	})
	if at < 0 || t.q.Tools == nil || t.a.Draft.NeedsHuman {
		return
	}
	call := t.own(meant[at])
	missing := lacking(call)
	if call.Order == "" {
		t.settle(call, action.Verdict{Rule: action.RuleArguments, Missing: missing}, "")
		return
	}
	// Nobody should look up an address for what is not possible anyway, so the rules are
	// asked before the rest is.
	verdict, version, err := t.q.Tools.Check(ctx, call)
	switch {
	case err != nil:
		verdict = action.Verdict{Rule: action.RuleUnavailable}
	case verdict.OK && len(missing) > 0:
		verdict = action.Verdict{Rule: action.RuleArguments, Missing: missing, Until: verdict.Until}
	}
	t.settle(call, verdict, version)
}

// settle writes down what comes of a change. What the model said around it is left out:
// it knew nothing of it.
func (t *turn) settle(call action.Call, v action.Verdict, version string) {
	t.a.Text, t.masked = "", ""
	if v.OK {
		t.a.Proposal = &Proposal{Call: call, Version: version, Summary: summary(t.a.Locale, call), More: t.more()}
		return
	}
	t.a.Refusal = &Refusal{Call: call, Verdict: v}
	if v.Rule == action.RuleArguments && len(v.Missing) > 0 && !t.q.Clarified {
		t.a.AskBack = askFor(t.a.Locale, call, v.Missing[0])
	}
}

// more tells whether the customer wants more than one change, or asks something beside it.
func (t *turn) more() bool {
	changes := 0
	for _, c := range t.meant() {
		if spec, known := action.Find(c.Kind); known && spec.Write && c.Kind != action.SendCode {
			changes++
		}
	}
	return changes > 1 || len(t.a.Parts) > 1
}

// own leaves of a call only what the customer said or what is theirs: an address or an
// item that stands in none of their messages is somebody else's idea.
func (t *turn) own(c action.Call) action.Call {
	said := map[string]bool{}
	for _, text := range t.ownWords() {
		addWords(said, text)
	}
	if !saidBy(said, c.Address) {
		c.Address = ""
	}
	for _, o := range t.a.Orders.Orders {
		if sameOrder(o.Number, c.Order) {
			c.Order = o.Number
			for _, item := range o.Items {
				addWords(said, item.Name)
			}
		}
	}
	c.Items = slices.DeleteFunc(slices.Clone(c.Items), func(item string) bool { return !saidBy(said, item) })
	c.Reason = oneLine(c.Reason)
	return c
}

// ownWords are the customer's messages of this conversation.
func (t *turn) ownWords() []string {
	texts := []string{t.q.Text}
	for _, u := range t.q.History {
		if u.Role == RoleCustomer {
			texts = append(texts, u.Text)
		}
	}
	return texts
}

func addWords(set map[string]bool, text string) {
	for _, locale := range []string{spanish, english} {
		for _, word := range slices.Concat(knowledge.Tokens(locale, text), knowledge.StopWords(locale, text)) {
			set[word] = true
		}
	}
}

// saidBy tells whether all words of a text are among those that were said.
func saidBy(said map[string]bool, text string) bool {
	words := map[string]bool{}
	addWords(words, text)
	for word := range words {
		if !said[word] {
			return false
		}
	}
	return len(words) > 0
}

// lacking are the arguments that a call needs and does not have.
func lacking(c action.Call) []string {
	spec, _ := action.Find(c.Kind)
	return slices.DeleteFunc(slices.Clone(spec.Needs), func(need string) bool {
		switch need {
		case "order":
			return c.Order != ""
		case "address":
			return c.Address != ""
		case "items":
			return len(c.Items) > 0
		}
		return true
	})
}

// askBack settles the question that a draft asks back: only where there is no answer, once
// in a row, and only when it states nothing that is not so.
func (t *turn) askBack() {
	if t.a.AskBack != "" || t.a.Proposal != nil || t.a.Refusal != nil {
		return
	}
	text := strings.TrimSpace(t.a.Draft.AskBack)
	if text == "" || t.a.Text != "" || t.q.Clarified || t.a.Draft.NeedsHuman || !t.harmless(text) {
		return
	}
	t.a.AskBack = text
}

// harmless tells whether a text only asks, in the customer's language, for what a shop
// may ask.
func (t *turn) harmless(text string) bool {
	for _, s := range t.p.checker.Check(receipts.Draft{Text: text, Locale: t.a.Locale}, t.evidence()) {
		if class := s.Class; !s.OK || class != receipts.Question && class != receipts.Courtesy && class != receipts.OrderFact {
			return false
		}
	}
	asked := t.a
	asked.Text = text
	masked := t.veil.mask(text)
	if len(t.veil.vault.Unknown(text)) > 0 || !checkLanguage(asked, masked, nil).OK || !checkLength(asked).OK {
		return false
	}
	return !slices.ContainsFunc(t.checkLeaks(text), func(c Check) bool { return !c.OK })
}
