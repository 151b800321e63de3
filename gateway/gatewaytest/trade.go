package gatewaytest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/action"
	"github.com/recado/recado/rag/assure"
)

// order is the number of the one order that there is in stories.
const order = "TA-4117"

// rightCode is the one-time code that the shop's system sends.
const rightCode = "246810"

// codeTries is how often a code may be wrong.
const codeTries = 3

// errAway says that the shop's system can't be reached.
var errAway = errors.New("the shop's system is away")

// trade is the shop's system as a gateway sees it: it takes commands and gives receipts,
// knows what the rules allow, and sends one-time codes.
type trade struct {
	// version is that of the order, verdict what the rules say of a write, and level what
	// a customer has to have reached for it.
	version int
	verdict action.Verdict
	level   assure.Level
	away    bool
	// got are the commands that were published, each once, in order.
	got []gateway.Command
	// done are those that were carried out, by id.
	done map[string]bool
	// receipts are those that were given, in order.
	receipts []action.Receipt
	// tries is how often the code may be tried yet; 0 means that there is none.
	tries int
	// often is true when the customer had too many codes.
	often bool
}

func newTrade() *trade {
	return &trade{version: 1, verdict: action.Verdict{OK: true}, level: assure.Number, done: map[string]bool{}}
}

// Publish implements gateway.Wire.
func (d *trade) Publish(_ context.Context, c gateway.Command) error {
	if d.away {
		return errAway
	}
	for _, before := range d.got {
		if before.ID == c.ID {
			return nil
		}
	}
	d.got = append(d.got, c)
	return nil
}

// Receipts implements gateway.Wire. Stories give receipts themselves.
func (*trade) Receipts(ctx context.Context, _ func(context.Context, action.Receipt) error) error {
	<-ctx.Done()
	return ctx.Err()
}

// receipt is the word on the newest write that was published.
func (d *trade) receipt(outcome action.Outcome, note string) (action.Receipt, bool) {
	for _, c := range slices.Backward(d.got) {
		if c.Call.Kind == action.SendCode {
			continue
		}
		return d.end(c, outcome, note), true
	}
	return action.Receipt{}, false
}

// end gives the receipt of one command.
func (d *trade) end(c gateway.Command, outcome action.Outcome, note string) action.Receipt {
	r := action.Receipt{ID: "receipt-" + c.ID, CommandID: c.ID, Kind: c.Call.Kind, Order: c.Call.Order, Outcome: outcome, At: c.CreatedAt}
	if r.Reason = note; outcome == action.Done {
		r.Reference, r.Reason, d.done[c.ID] = note, "", true
	}
	d.receipts = append(d.receipts, r)
	return r
}

// New implements gateway.Codes.
func (d *trade) New(context.Context, gateway.Identity) (string, error) {
	if d.often {
		return "", gateway.ErrTooOften
	}
	d.tries = codeTries
	return rightCode, nil
}

// Check implements gateway.Codes.
func (d *trade) Check(_ context.Context, _ gateway.Identity, code string) (bool, int, error) {
	if d.tries == 0 {
		return false, 0, nil
	}
	if code == rightCode {
		d.tries = 0
		return true, 0, nil
	}
	d.tries--
	return false, d.tries, nil
}

// Tools implements gateway.Actions.
func (d *trade) Tools(_ gateway.Identity, pass assure.Pass, _ time.Time) rag.Tools {
	return tools{d, pass}
}

// tools are the trade's for one customer.
type tools struct {
	*trade
	pass assure.Pass
}

// Read implements rag.Tools.
func (t tools) Read(_ context.Context, c action.Call) (action.Receipt, error) {
	return action.Receipt{Kind: c.Kind, Order: c.Order, Outcome: action.Done}, nil
}

// Check implements rag.Tools.
func (t tools) Check(context.Context, action.Call) (action.Verdict, string, error) {
	v := t.verdict
	if v.OK && !t.pass.Reaches(t.level) {
		v = action.Verdict{Rule: "level", Level: t.level}
	}
	return v, fmt.Sprint("v", t.version), nil
}

// proposing is what the answerer says while the customer wants a write: as the rules
// have it, a proposal or a refusal.
func proposing(ctx context.Context, q rag.Question) rag.Answer {
	call := action.Call{Kind: action.Cancel, Order: order}
	a := rag.Answer{Model: "script", Draft: rag.Draft{Actions: []action.Call{call}}}
	if q.Tools == nil {
		a.Draft.NeedsHuman = true
		return a
	}
	v, version, err := q.Tools.Check(ctx, call)
	switch {
	case err != nil:
		a.Draft.NeedsHuman = true
	case v.OK:
		a.Proposal = &rag.Proposal{Call: call, Version: version, Summary: "Cancelar el pedido " + order + "."}
	default:
		a.Refusal = &rag.Refusal{Call: call, Verdict: v}
	}
	return a
}

// taps has the customer tap yes or no below the newest proposal, or the first one.
func (w *world) taps(who gateway.Identity, yes, first bool) bool {
	at := 0
	if !yes {
		at = 1
	}
	var button *gateway.Button
	for _, m := range w.took {
		if m.Content == nil || len(m.Content.Buttons) != 2 || m.To.Key() != who.Key() || !strings.HasPrefix(m.Content.Buttons[0].ID, "yes:") {
			continue
		}
		if button == nil || !first {
			button = &m.Content.Buttons[at]
		}
	}
	if button == nil {
		return false
	}
	w.accept(gateway.Event{Kind: gateway.EventMessage, From: who, Message: &gateway.Message{
		Type: "interactive", Text: button.Title, Choice: &gateway.Choice{ID: button.ID, Title: button.Title},
	}})
	return true
}

// gives has the shop's system give a receipt.
func (w *world) gives(r action.Receipt) {
	w.Helper()
	if err := w.gateway.TakeReceipt(w.ctx, r); err != nil && !w.store.dead {
		w.Fatalf("receipt: %v", err)
	}
}

// commandsHold: every command has come to an end, each was confirmed by the customer, and
// that something is done was told by nothing but a receipt.
func (w *world) commandsHold(who gateway.Identity) {
	w.Helper()
	c := w.conversation(who)
	list, err := w.store.Commands(w.ctx, c.ID)
	if err != nil {
		w.Fatalf("commands: %v", err)
	}
	writes, done := 0, 0
	for _, v := range list {
		if v.Receipt == nil && v.ExpiredAt.IsZero() {
			w.Errorf("a command has no end: %+v", v)
		}
		if v.Command.Call.Kind != action.SendCode {
			writes++
			if v.Receipt != nil && v.Receipt.Outcome == action.Done {
				done++
			}
		}
	}
	rules := map[string]int{}
	for _, r := range w.records(c.ID) {
		if r.Outcome == gateway.OutcomeCommitted {
			rules[r.Decision.Rule]++
		}
	}
	if proposed := rules["proposal"] + rules["order_changed"] + rules["code_right"]; writes != rules["confirmed"] || writes > proposed {
		w.Errorf("%d writes, confirmed %d times, proposed %d times", writes, rules["confirmed"], proposed)
	}
	if c.Memory.Awaiting != 0 {
		w.Errorf("%d commands are still awaited", c.Memory.Awaiting)
	}
	told := 0
	for _, m := range w.messages(c.ID) {
		if m.Author == gateway.AuthorBot && strings.Contains(m.Text, "está cancelado") {
			told++
		}
	}
	if told > done {
		w.Errorf("it was told %d times that something is done, and %d receipts say so", told, done)
	}
}
