package orders

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/action"
	"github.com/recado/recado/rag/assure"
)

// sheet is all that may ever be said of an order, each part with the level that it needs.
// It is the only way from a document to a prompt: what has no place here never gets there,
// and what has one is opened by a Pass alone.
type sheet struct {
	number, status, placedAt, eta assure.Field[string]
	items                         assure.Field[[]rag.OrderItem]
	carrier, trackingURL          assure.Field[string]
	lastNote, lastAt, refund      assure.Field[string]

	address, invoiceURL, proofURL assure.Field[string]
}

// sheet declares the level of each part. What the customer sees on their own parcel needs
// their number; what tells where somebody lives, or is a document with their name, needs
// more.
func (o order) sheet() sheet {
	note, at := o.last()
	number := func(text string) assure.Field[string] { return assure.Need(assure.Number, text) }
	code := func(text string) assure.Field[string] { return assure.Need(assure.Code, text) }
	return sheet{
		number: number(o.Number), status: number(o.Status), placedAt: number(o.PlacedAt), eta: number(o.ETA),
		items:   assure.Need(assure.Number, o.lines()),
		carrier: number(o.Shipping.Carrier), trackingURL: number(o.Shipping.TrackingURL),
		lastNote: number(note), lastAt: number(at), refund: number(o.refund()),

		address: code(string(o.Shipping.Address)), invoiceURL: code(o.InvoiceURL.value), proofURL: code(o.Shipping.ProofURL.value),
	}
}

// facts is what may be said of the order to who has reached that level. It is false where
// that is nothing.
func (s sheet) facts(p assure.Pass) (o rag.Order, ok bool) {
	if _, ok = s.number.For(p); !ok {
		return o, false
	}
	for _, f := range []struct {
		from assure.Field[string]
		to   *string
	}{
		{s.number, &o.Number},
		{s.status, &o.Status},
		{s.placedAt, &o.PlacedAt},
		{s.eta, &o.ETA},
		{s.carrier, &o.Carrier},
		{s.trackingURL, &o.TrackingURL},
		{s.lastNote, &o.LastNote},
		{s.lastAt, &o.LastAt},
		{s.refund, &o.Refund},
		{s.address, &o.Address},
		{s.invoiceURL, &o.InvoiceURL},
		{s.proofURL, &o.ProofURL},
	} {
		*f.to, _ = f.from.For(p)
	}
	o.Items, _ = s.items.For(p)
	return o, true
}

func (o order) lines() []rag.OrderItem {
	var list []rag.OrderItem
	for _, it := range o.Items {
		currency := strings.ToUpper(it.Currency)
		list = append(list, rag.OrderItem{
			Name: it.Name, Quantity: it.pieces(), PriceMinor: it.Price.minor(currency), Currency: currency,
		})
	}
	return list
}

// refund says how the newest refund stands: a text of the shop as it is, and otherwise the
// amount, the state and the days, without the way of payment.
func (o order) refund() string {
	r := o.Refund.value
	if list := o.Returns.value; r == (refund{}) && len(list) > 0 {
		r = list[len(list)-1].Refund.value
	}
	if r.Text != "" {
		return r.Text
	}
	var parts []string
	if r.Amount != "" && r.Amount.ok() {
		parts = append(parts, Amount(r.Amount.minor(strings.ToUpper(r.Currency)), r.Currency))
	}
	if r.Status != "" {
		parts = append(parts, strings.ReplaceAll(r.Status, "_", " "))
	}
	for _, day := range []struct{ name, at string }{{"ordered", r.OrderedAt}, {"expected by", r.ExpectedBy}} {
		if at, err := moment(day.at); err == nil && !at.IsZero() {
			parts = append(parts, day.name+" "+at.Format(time.DateOnly))
		}
	}
	return strings.Join(parts, ", ")
}

// Amount writes an amount with its currency: "219.00 EUR".
func Amount(minor int64, currency string) string {
	currency = strings.ToUpper(currency)
	return strings.TrimSpace(rag.OrderItem{PriceMinor: minor, Currency: currency}.Price() + " " + currency)
}

// SnapshotOf gives what rules look at in a shop's document. The error (ErrInvalid) says
// what is wrong with a document that is no order.
func SnapshotOf(doc json.RawMessage) (action.Snapshot, error) {
	o, err := parseOrder(doc)
	if err != nil {
		return action.Snapshot{}, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return o.snapshot(doc), nil
}

// Owns tells whether a shop's document is an order of this customer, by the rules of Facts.
func Owns(who gateway.Identity, doc json.RawMessage) bool {
	_, ok := theirs(string(doc), who)
	return ok
}

func (o order) snapshot(doc []byte) action.Snapshot {
	s := action.Snapshot{
		Number: o.Number, Status: o.Status, PlacedAt: ruleDay(o.PlacedAt),
		ShippedAt:   o.reached(o.Shipping.ShippedAt.value, "shipped"),
		DeliveredAt: o.reached(o.Shipping.DeliveredAt.value, "delivered"),
		Version:     version(doc),
	}
	for _, it := range o.Items {
		s.Items = append(s.Items, action.Item{
			ID: it.SKU.value, Name: it.Name, Quantity: it.pieces(), PriceMinor: it.Price.minor(strings.ToUpper(it.Currency)), Final: it.Final.value,
		})
	}
	s.TotalMinor, s.Currency = o.total()
	return s
}

// reached is when the order came to a status: as the document says, or by the latest entry
// of its history.
func (o order) reached(said, status string) time.Time {
	latest := ruleDay(said)
	if !latest.IsZero() {
		return latest
	}
	for _, e := range o.History {
		if at := ruleDay(e.At); action.Status(e.Status) == status && at.After(latest) {
			latest = at
		}
	}
	return latest
}

// ruleDay reads a date or a time, and gives noon for a date, which is that day in the zone
// of any shop. What can't be read is the zero time.
func ruleDay(text string) time.Time {
	t, err := moment(text)
	if err != nil {
		return time.Time{}
	}
	if len(text) == len(time.DateOnly) {
		t = t.Add(12 * time.Hour)
	}
	return t
}

// total is what was paid, or the sum of the lines where that is not said. Lines in several
// currencies have no sum.
func (o order) total() (minor int64, currency string) {
	if p := o.Payment.value; p.Amount != "" && p.Amount.ok() {
		currency = strings.ToUpper(p.Currency)
		return p.Amount.minor(currency), currency
	}
	for _, it := range o.lines() {
		if currency = cmp.Or(currency, it.Currency); it.Currency != currency {
			return 0, ""
		}
		minor += it.PriceMinor * int64(it.Quantity)
	}
	return minor, currency
}

// version identifies what a document says, however its parts are spaced.
func version(doc []byte) string {
	var compact bytes.Buffer
	if json.Compact(&compact, doc) != nil {
		compact.Reset()
		compact.Write(doc)
	}
	sum := sha256.Sum256(compact.Bytes())
	return hex.EncodeToString(sum[:8])
}

// loose is a part of a document that shops write in many ways: one of another type counts
// as missing, and the order is taken.
type loose[T any] struct{ value T }

// UnmarshalJSON implements json.Unmarshaler and never fails.
func (l *loose[T]) UnmarshalJSON(b []byte) error {
	var value T
	if json.Unmarshal(b, &value) == nil {
		l.value = value
	}
	return nil
}

type payment struct {
	Amount   decimal `json:"amount"`
	Currency string  `json:"currency"`
}

type returned struct {
	Refund loose[refund] `json:"refund"`
}

// refund is an object, or the shop's own text.
type refund struct {
	Text       string  `json:"-"`
	Amount     decimal `json:"amount"`
	Currency   string  `json:"currency"`
	Status     string  `json:"status"`
	OrderedAt  string  `json:"ordered_at"`
	ExpectedBy string  `json:"expected_by"`
}

// UnmarshalJSON implements json.Unmarshaler.
func (r *refund) UnmarshalJSON(b []byte) error {
	if b[0] == '"' {
		return json.Unmarshal(b, &r.Text)
	}
	type object refund // without this method
	return json.Unmarshal(b, (*object)(r))
}

// postal is an address: a text, or the parts of an object or a list, in their order.
type postal string

// UnmarshalJSON implements json.Unmarshaler and never fails.
func (a *postal) UnmarshalJSON(b []byte) error {
	var parts []string
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	// In an object every other token of its own depth is a key.
	keys, object := map[int]bool{}, map[int]bool{}
	token, err := dec.Token()
	for depth := 0; err == nil; token, err = dec.Token() {
		isKey := object[depth] && keys[depth]
		switch t := token.(type) {
		case json.Delim:
			if t == '{' || t == '[' {
				keys[depth] = true
				depth++
				object[depth], keys[depth] = t == '{', t == '{'
			} else {
				depth--
			}
			continue
		case string:
			if !isKey {
				parts = append(parts, strings.TrimSpace(t))
			}
		case json.Number:
			parts = append(parts, t.String())
		}
		keys[depth] = !isKey
	}
	*a = postal(joined(parts))
	return nil
}

func joined(parts []string) string {
	var said []string
	for _, p := range parts {
		if p != "" {
			said = append(said, p)
		}
	}
	return strings.Join(said, ", ")
}
