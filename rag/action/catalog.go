// Package action is the catalog of what can be done with an order: which actions there
// are, what they need, what the shop's rules allow, and the receipts that say that they
// were done. It does nothing itself and knows no channel.
package action

import (
	"slices"
	"time"

	"github.com/recado/recado/rag/assure"
)

// Kind names an action as models and records write it.
type Kind string

// The actions. The first five read, the others write.
const (
	OrderStatus   Kind = "order_status"
	Tracking      Kind = "tracking"
	RefundStatus  Kind = "refund_status"
	DeliveryProof Kind = "delivery_proof"
	Invoice       Kind = "invoice"
	ChangeAddress Kind = "change_address"
	Cancel        Kind = "cancel_order"
	StartReturn   Kind = "start_return"
	// SendCode has the shop's system send a one-time code to the customer by another
	// way. No model may ask for it.
	SendCode Kind = "send_code"
)

// Spec is a row of the catalog.
type Spec struct {
	Kind Kind
	// Write is true for what changes something.
	Write bool
	// Level is what the customer has to have reached. A shop may raise it, never lower it.
	Level assure.Level
	// Needs are the arguments that have to be there: "order", "address", "items".
	Needs []string
}

// Specs gives the catalog, in a fixed order.
func Specs() []Spec {
	order := []string{"order"}
	return []Spec{
		{Kind: OrderStatus, Level: assure.Number, Needs: order},
		{Kind: Tracking, Level: assure.Number, Needs: order},
		{Kind: RefundStatus, Level: assure.Number, Needs: order},
		{Kind: DeliveryProof, Level: assure.Code, Needs: order},
		{Kind: Invoice, Level: assure.Code, Needs: order},
		{Kind: ChangeAddress, Write: true, Level: assure.Code, Needs: []string{"order", "address"}},
		{Kind: Cancel, Write: true, Level: assure.Number, Needs: order},
		{Kind: StartReturn, Write: true, Level: assure.Number, Needs: []string{"order", "items"}},
		{Kind: SendCode, Write: true, Level: assure.Number},
	}
}

// Find gives the row of one kind, and false for what is not in the catalog.
func Find(k Kind) (Spec, bool) {
	specs := Specs()
	at := slices.IndexFunc(specs, func(s Spec) bool { return s.Kind == k })
	if at < 0 {
		return Spec{}, false
	}
	return specs[at], true
}

// Call is an action with its arguments, as a model proposes it. Order is a number in the
// shop's form; Items are names or ids of its lines.
type Call struct {
	Kind    Kind     `json:"name"`
	Order   string   `json:"order"`
	Items   []string `json:"items,omitempty"`
	Address string   `json:"address,omitempty"`
	Reason  string   `json:"reason,omitempty"`
}

// Snapshot is what the rules look at: one order as it is now. It never reaches a prompt.
type Snapshot struct {
	Number, Status                   string
	PlacedAt, ShippedAt, DeliveredAt time.Time
	// TotalMinor is what was paid, in the currency's minor units; 0 when not known.
	TotalMinor int64
	Currency   string
	Items      []Item
	// Version is a hash of the document: a proposal holds for it alone.
	Version string
}

// Item is one line of an order.
type Item struct {
	ID, Name string
	Quantity int
	// PriceMinor is what one piece cost, in the currency's minor units.
	PriceMinor int64
	// Final is true for what can't be returned.
	Final bool
}

// Verdict is what the rules say of a call.
type Verdict struct {
	OK bool `json:"ok"`
	// Rule names the rule that refused: "status", "return_days", "level", "arguments",
	// "amount", "final", "not_found" or "unavailable".
	Rule string `json:"rule,omitempty"`
	// Missing are the arguments to ask for, when Rule is "arguments".
	Missing []string `json:"missing,omitempty"`
	// Level is what has to be reached, when Rule is "level".
	Level assure.Level `json:"level,omitempty"`
	// Until is the last day on which it is or was possible, as 2006-01-02, if there is one.
	Until string `json:"until,omitempty"`
}

// Outcome is how an action ended.
type Outcome string

// The outcomes.
const (
	Done    Outcome = "done"
	Refused Outcome = "refused"
	Failed  Outcome = "failed"
)

// Receipt is the shop's system's word for what became of a command, or what a read gave.
type Receipt struct {
	ID string `json:"id"`
	// CommandID is the idempotency key of the command; empty for a read.
	CommandID string  `json:"command_id,omitempty"`
	Kind      Kind    `json:"kind"`
	Order     string  `json:"order"`
	Outcome   Outcome `json:"outcome"`
	// Reference is the shop's own number for it, such as that of a return.
	Reference string `json:"reference,omitempty"`
	// Facts are texts that a reply may repeat, by name: "amount": "219.00 EUR",
	// "url": "https://...", "by": "2026-12-01".
	Facts map[string]string `json:"facts,omitempty"`
	// Reason says why it was refused or failed, as a word of the catalog's rules.
	Reason string    `json:"reason,omitempty"`
	At     time.Time `json:"at"`
}
