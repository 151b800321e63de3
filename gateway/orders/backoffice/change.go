package backoffice

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/orders"
	"github.com/recado/recado/rag/action"
)

// refused is the receipt of what was not done.
func (o *Office) refused(c gateway.Command, rule string) action.Receipt {
	return action.Receipt{
		ID: "r-" + c.ID, CommandID: c.ID, Kind: c.Call.Kind, Order: c.Call.Order, Outcome: action.Refused, Reason: rule, At: o.now().UTC(),
	}
}

// letters begin the shop's own number for what was done.
var letters = map[action.Kind]string{action.Cancel: "C", action.ChangeAddress: "A", action.StartReturn: "R"}

// done is the receipt of what was done. Its reference comes from the command alone.
func (o *Office) done(c gateway.Command) action.Receipt {
	r := o.refused(c, "")
	r.Outcome = action.Done
	if letter := letters[c.Call.Kind]; letter != "" {
		sum := sha256.Sum256([]byte(c.ID))
		r.Reference = letter + "-" + strings.ToUpper(hex.EncodeToString(sum[:4]))
	}
	return r
}

// entry is what a command leaves in the history of its order.
type entry struct {
	At      time.Time       `json:"at"`
	Status  string          `json:"status"`
	Note    string          `json:"note"`
	Command string          `json:"command"`
	Receipt *action.Receipt `json:"receipt"`
}

// doneBefore looks in the history for the command.
func doneBefore(doc json.RawMessage, id string) (action.Receipt, bool) {
	var d struct {
		History []json.RawMessage `json:"history"`
	}
	if json.Unmarshal(doc, &d) != nil {
		return action.Receipt{}, false
	}
	for _, one := range d.History {
		var e entry
		if json.Unmarshal(one, &e) == nil && e.Command == id && e.Receipt != nil {
			return *e.Receipt, true
		}
	}
	return action.Receipt{}, false
}

// carryOut gives the document as it is after the command, and puts into the receipt what the
// customer may be told. What it does not change stays as the shop wrote it.
func (o *Office) carryOut(doc json.RawMessage, c gateway.Command, s action.Snapshot, r *action.Receipt) (json.RawMessage, error) {
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(doc, &fields); err != nil {
		return nil, err
	}
	e := entry{At: r.At, Status: s.Status, Command: c.ID, Receipt: r}
	changes := map[string]any{}
	switch c.Call.Kind {
	case action.Cancel:
		e.Status, e.Note = "cancelled", "Cancelado a petición del cliente"
		if action.Status(s.Status) != "pending_payment" && s.TotalMinor > 0 {
			r.Facts = map[string]string{"amount": orders.Amount(s.TotalMinor, s.Currency)}
			changes["refund"] = refund(s.TotalMinor, s.Currency, "ordered", r.At)
		}
	case action.ChangeAddress:
		e.Note = "Dirección de entrega cambiada a petición del cliente"
		changes["shipping"] = set(fields["shipping"], "address", c.Call.Address)
	case action.StartReturn:
		e.Status, e.Note = "return_requested", "Devolución pedida por el cliente; etiqueta enviada"
		changes["returns"] = add(fields["returns"], o.returning(c, s, r))
	default:
	}
	if e.Status != s.Status {
		changes["status"] = e.Status
	}
	changes["history"] = add(fields["history"], e)
	for key, value := range changes {
		written, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		fields[key] = written
	}
	return json.Marshal(fields)
}

// returning is the shop's record of a return.
func (o *Office) returning(c gateway.Command, s action.Snapshot, r *action.Receipt) map[string]any {
	// The rules have found the lines before.
	lines, _ := s.Lines(c.Call.Items)
	var ids []string
	amount := int64(0)
	for _, line := range lines {
		amount += line.PriceMinor * int64(line.Quantity)
		if line.ID != "" {
			ids = append(ids, line.ID)
		} else {
			ids = append(ids, line.Name)
		}
	}
	r.Facts = map[string]string{"by": o.now().AddDate(0, 0, o.config.LabelDays).Format(time.DateOnly)}
	if amount > 0 {
		r.Facts["amount"] = orders.Amount(amount, s.Currency)
	}
	return map[string]any{
		"id": r.Reference, "status": "label_sent", "requested_at": r.At, "items": ids, "reason": c.Call.Reason,
		"refund": refund(amount, s.Currency, "not_started", time.Time{}),
	}
}

// refund is the shop's record of money that goes back.
func refund(minor int64, currency, status string, ordered time.Time) map[string]any {
	amount, _, _ := strings.Cut(orders.Amount(minor, currency), " ")
	r := map[string]any{"amount": amount, "currency": currency, "status": status}
	if !ordered.IsZero() {
		r["ordered_at"] = ordered
	}
	return r
}

// add puts an element at the end of a list. What was no list becomes one.
func add(list json.RawMessage, element any) []any {
	var old []json.RawMessage
	if json.Unmarshal(list, &old) != nil {
		old = nil
	}
	var all []any
	for _, one := range old {
		all = append(all, one)
	}
	return append(all, element)
}

// set gives an object with one of its keys changed. What was no object becomes one.
func set(object json.RawMessage, key string, value any) map[string]any {
	var old map[string]json.RawMessage
	if json.Unmarshal(object, &old) != nil {
		old = nil
	}
	all := map[string]any{key: value}
	for k, v := range old {
		if k != key {
			all[k] = v
		}
	}
	return all
}
