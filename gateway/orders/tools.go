package orders

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/action"
	"github.com/recado/recado/rag/assure"
)

// Tools implements gateway.Actions: what this customer may have read and done with their
// own orders.
func (b *Book) Tools(who gateway.Identity, pass assure.Pass, at time.Time) rag.Tools {
	return tools{book: b, who: who, pass: pass, at: at.In(b.config.Zone)}
}

// tools are bound to one customer and one moment.
type tools struct {
	book *Book
	who  gateway.Identity
	pass assure.Pass
	at   time.Time
}

// Read implements rag.Tools.
func (t tools) Read(ctx context.Context, c action.Call) (action.Receipt, error) {
	spec, ok := action.Find(c.Kind)
	if !ok || spec.Write {
		return t.receipt(c, "", nil, action.RuleUnavailable), nil
	}
	if !t.pass.Reaches(assure.Number) {
		return t.receipt(c, "", nil, action.RuleLevel), nil
	}
	one, ok, err := t.find(ctx, c.Order)
	if err != nil {
		return action.Receipt{}, fmt.Errorf("read the order: %w", err)
	}
	if !ok {
		return t.receipt(c, "", nil, action.RuleNotFound), nil
	}
	c.Order = one.order.Number
	s := one.order.snapshot(one.doc)
	if v := t.book.config.Policy.Check(c, s, t.pass, t.at); !v.OK {
		return t.receipt(c, s.Version, nil, v.Rule), nil
	}
	o, _ := one.order.sheet().facts(t.pass)
	facts := told(c.Kind, o)
	if len(facts) == 0 {
		return t.receipt(c, s.Version, nil, action.RuleUnavailable), nil
	}
	return t.receipt(c, s.Version, facts, ""), nil
}

// Check implements rag.Tools.
func (t tools) Check(ctx context.Context, c action.Call) (v action.Verdict, version string, err error) {
	spec, ok := action.Find(c.Kind)
	if !ok || !spec.Write || !slices.Contains(spec.Needs, "order") || !t.pass.Reaches(assure.Number) {
		return t.book.config.Policy.Check(c, action.Snapshot{}, t.pass, t.at), "", nil
	}
	if strings.TrimSpace(c.Order) == "" {
		return action.Verdict{Rule: action.RuleArguments, Missing: []string{"order"}}, "", nil
	}
	one, ok, err := t.find(ctx, c.Order)
	switch {
	case err != nil:
		return action.Verdict{}, "", fmt.Errorf("check the order: %w", err)
	case !ok:
		return action.Verdict{Rule: action.RuleNotFound}, "", nil
	case !action.SameNumber(one.order.Number, c.Order):
		// A command has to name its order in full: the shop's system knows no endings.
		return action.Verdict{Rule: action.RuleArguments, Missing: []string{"order"}}, "", nil
	}
	s := one.order.snapshot(one.doc)
	return t.book.config.Policy.Check(c, s, t.pass, t.at), s.Version, nil
}

// find reads an order of this customer by its number, or by the end of it where only one
// of theirs has that. One of somebody else's and one that does not exist are both not
// found.
func (t tools) find(ctx context.Context, number string) (one held, ok bool, err error) {
	said := references{numbers: []string{normalize(number)}}
	list, err := within(ctx, t.book, func(ctx context.Context) ([]held, error) {
		own, err := t.book.owned(ctx, said.numbers, t.who)
		if err != nil {
			return nil, err
		}
		return t.book.theirs(ctx, t.who, append(own.asked, said.endings(own)...))
	})
	if err != nil {
		return held{}, false, err
	}
	found := called(list, said.numbers[0])
	if len(found) != 1 {
		return held{}, false, nil
	}
	at := slices.IndexFunc(list, func(h held) bool { return h.order.Number == found[0] })
	return list[at], true, nil
}

// told are the texts that a read gives, of what the customer may see of the order.
func told(k action.Kind, o rag.Order) map[string]string {
	facts := map[string]string{}
	add := func(name, text string) {
		if text != "" {
			facts[name] = text
		}
	}
	switch k {
	case action.OrderStatus:
		add("status", o.Status)
		add("placed", o.PlacedAt)
		add("eta", o.ETA)
		add("note", o.LastNote)
	case action.Tracking:
		if o.TrackingURL != "" {
			add("url", o.TrackingURL)
			add("carrier", o.Carrier)
			add("eta", o.ETA)
		}
	case action.RefundStatus:
		add("refund", o.Refund)
	case action.DeliveryProof:
		add("url", o.ProofURL)
	case action.Invoice:
		add("url", o.InvoiceURL)
	case action.ChangeAddress, action.Cancel, action.StartReturn, action.SendCode: // no reads
	}
	return facts
}

// receipt says what a read gave, or by which rule it gave nothing. The same read of the
// same order has the same id.
func (t tools) receipt(c action.Call, version string, facts map[string]string, rule string) action.Receipt {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%s\x00%s", c.Kind, normalize(c.Order), version, rule))
	r := action.Receipt{
		ID: "read-" + hex.EncodeToString(sum[:6]), Kind: c.Kind, Order: c.Order,
		Outcome: action.Done, Facts: facts, Reason: rule, At: t.at.UTC(),
	}
	if rule != "" {
		r.Outcome = action.Refused
	}
	return r
}
