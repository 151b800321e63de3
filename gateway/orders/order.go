package orders

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/rag"
)

// maxOrder is the largest order document in bytes.
const maxOrder = 256 << 10

// order is what Recado reads of an order's document. The document itself is kept
// as it came, with every key that is not here.
type order struct {
	Number   string `json:"number"`
	Customer struct {
		Phone  string `json:"phone"`
		UserID string `json:"user_id"`
		Email  string `json:"email"`
	} `json:"customer"`
	Status   string `json:"status"`
	PlacedAt string `json:"placed_at"`
	ETA      string `json:"eta"`
	Items    []item `json:"items"`
	Shipping struct {
		Carrier     string        `json:"carrier"`
		TrackingURL string        `json:"tracking_url"`
		Address     postal        `json:"address"`
		ProofURL    loose[string] `json:"proof_url"`
		ShippedAt   loose[string] `json:"shipped_at"`
		DeliveredAt loose[string] `json:"delivered_at"`
	} `json:"shipping"`
	InvoiceURL loose[string]     `json:"invoice_url"`
	Payment    loose[payment]    `json:"payment"`
	Refund     loose[refund]     `json:"refund"`
	Returns    loose[[]returned] `json:"returns"`
	History    []entry           `json:"history"`
}

type item struct {
	SKU  loose[string] `json:"sku"`
	Name string        `json:"name"`
	// Final is true for what can't be returned.
	Final loose[bool] `json:"final"`
	// Quantity is one piece where it is missing.
	Quantity *int    `json:"quantity"`
	Price    decimal `json:"price"`
	Currency string  `json:"currency"`
}

func (it item) pieces() int {
	if it.Quantity == nil {
		return 1
	}
	return *it.Quantity
}

type entry struct {
	At     string `json:"at"`
	Status string `json:"status"`
	Note   string `json:"note"`
}

// decimal is an amount that came as a JSON number or as a string; it is kept in
// its digits, so that no cent is lost to a float. What it holds after reading may
// be anything: check says whether it is an amount.
type decimal string

// UnmarshalJSON implements json.Unmarshaler.
func (d *decimal) UnmarshalJSON(b []byte) error {
	switch text := string(b); {
	case text == "null":
	case text[0] == '"':
		return json.Unmarshal(b, (*string)(d))
	default:
		*d = decimal(text)
	}
	return nil
}

// amounts are written with a point and up to 18 digits before it and 6 after.
var amounts = regexp.MustCompile(`^-?\d{1,18}(\.\d{1,6})?$`)

// ok tells an amount, or none at all, from anything else.
func (d decimal) ok() bool { return d == "" || amounts.MatchString(string(d)) }

// minor is the amount in the currency's minor units, rounded half away from
// zero. Amounts too large for any shop give 0.
func (d decimal) minor(currency string) int64 {
	amount, ok := new(big.Rat).SetString(string(d))
	if !ok {
		return 0
	}
	if rag.MinorDigits(currency) == 2 {
		amount.Mul(amount, big.NewRat(100, 1))
	}
	half := big.NewRat(int64(cmp.Or(amount.Sign(), 1)), 2)
	amount.Add(amount, half)
	whole := new(big.Int).Quo(amount.Num(), amount.Denom())
	if !whole.IsInt64() {
		return 0
	}
	return whole.Int64()
}

// parseOrder reads and checks one document. The error says which field is wrong
// and never repeats what is in it.
func parseOrder(doc json.RawMessage) (order, error) {
	var o order
	if len(doc) > maxOrder {
		return o, fmt.Errorf("the order is larger than %d KB", maxOrder>>10)
	}
	if doc = bytes.TrimSpace(doc); len(doc) == 0 || doc[0] != '{' {
		return o, errors.New("an order must be a JSON object")
	}
	if !utf8.Valid(doc) {
		return o, errors.New("the order is not written in UTF-8")
	}
	if err := json.Unmarshal(doc, &o); err != nil {
		return o, unreadable(err)
	}
	return o, o.check()
}

// unreadable says where the reading of a document ended, in words that hold
// nothing of it.
func unreadable(err error) error {
	var (
		kind   *json.UnmarshalTypeError
		syntax *json.SyntaxError
	)
	switch {
	case errors.As(err, &kind):
		// The value of a number that does not fit follows its type.
		name, _, _ := strings.Cut(kind.Value, " ")
		return fmt.Errorf("%s has the wrong type: it is a %s", cmp.Or(kind.Field, "a field"), name)
	case errors.As(err, &syntax):
		return fmt.Errorf("the order is no JSON from byte %d on", syntax.Offset)
	}
	return errors.New("the order is no JSON")
}

// The limits of what identifies an order and its owner. A phone number has at
// most 15 digits with its country code (ITU-T E.164).
const (
	maxNumber = 64
	maxUserID = 256
	minPhone  = 7
	maxPhone  = 15
)

func (o order) check() error {
	if err := o.checkNames(); err != nil {
		return err
	}
	if o.Status == "" {
		return errors.New("status is missing")
	}
	for _, f := range []struct{ name, value string }{{"placed_at", o.PlacedAt}, {"eta", o.ETA}} {
		if _, err := moment(f.value); err != nil {
			return fmt.Errorf("%s must be a date (2026-03-02) or a time (2026-03-02T10:00:00Z)", f.name)
		}
	}
	for i, it := range o.Items {
		if it.pieces() < 0 {
			return fmt.Errorf("items[%d].quantity is negative", i)
		}
		if !it.Price.ok() {
			return fmt.Errorf("items[%d].price is not an amount such as 49.90", i)
		}
	}
	return nil
}

// checkNames checks what keys are made of.
func (o order) checkNames() error {
	digits := Digits(o.Customer.Phone)
	switch {
	case normalize(o.Number) == "":
		return errors.New("number is missing")
	case len(o.Number) > maxNumber:
		return fmt.Errorf("number is longer than %d bytes", maxNumber)
	case strings.ContainsFunc(o.Number, unicode.IsControl):
		return errors.New("number holds a control character")
	case digits == "" && o.Customer.UserID == "" && o.Customer.Email == "":
		return errors.New("customer needs a phone, a user_id or an email")
	case o.Customer.Phone != "" && (len(digits) < minPhone || len(digits) > maxPhone):
		return fmt.Errorf("customer.phone must have %d to %d digits, with the country code", minPhone, maxPhone)
	case len(o.Customer.UserID) > maxUserID:
		return fmt.Errorf("customer.user_id is longer than %d bytes", maxUserID)
	case strings.ContainsFunc(o.Customer.UserID, unicode.IsControl):
		return errors.New("customer.user_id holds a control character")
	}
	return nil
}

// moment reads a date or a time; the empty text is the zero time.
func moment(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.DateOnly, text); err == nil {
		return t, nil
	}
	return time.Parse(time.RFC3339, text)
}

// owners are the keys of the identities that the order belongs to. An e-mail
// address is no proof on this channel and owns nothing.
func (o order) owners() []string {
	var keys []string
	if digits := Digits(o.Customer.Phone); digits != "" {
		keys = append(keys, "phone:"+digits)
	}
	if o.Customer.UserID != "" {
		keys = append(keys, "user:"+o.Customer.UserID)
	}
	return keys
}

// belongsTo tells whether the order is this person's. Where both name a user id it
// alone decides: a phone number is given to somebody else when it has been free
// for a while, and the new holder must not see the orders of the old one. The
// phone counts only when one of the two has no user id.
func (o order) belongsTo(who gateway.Identity) bool {
	if o.Customer.UserID != "" && who.UserID != "" {
		return o.Customer.UserID == who.UserID
	}
	return slices.ContainsFunc(identityKeys(who), func(k string) bool { return slices.Contains(o.owners(), k) })
}

// last is the newest entry of the history: its note and its time. Of entries of
// the same time, and of those without one, the later in the list is newer.
func (o order) last() (note, at string) {
	var newest time.Time
	for _, e := range o.History {
		when, err := moment(e.At)
		if err != nil {
			when, e.At = time.Time{}, ""
		}
		if !when.Before(newest) {
			newest, note, at = when, e.Note, e.At
		}
	}
	return note, at
}
