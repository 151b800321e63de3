package orders

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

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
		Carrier     string `json:"carrier"`
		TrackingURL string `json:"tracking_url"`
	} `json:"shipping"`
	History []entry `json:"history"`
}

type item struct {
	Name     string  `json:"name"`
	Quantity int     `json:"quantity"`
	Price    decimal `json:"price"`
	Currency string  `json:"currency"`
}

type entry struct {
	At     string `json:"at"`
	Status string `json:"status"`
	Note   string `json:"note"`
}

// decimal is an amount that came as a JSON number or as a string; it is kept in
// its digits, so that no cent is lost to a float.
type decimal string

// UnmarshalJSON implements json.Unmarshaler.
func (d *decimal) UnmarshalJSON(b []byte) error {
	text := strings.Trim(string(b), `"`)
	if text == "null" || text == "" {
		return nil
	}
	if len(text) > 32 || strings.ContainsAny(text, "/eExXpP_") {
		return errors.New("is not an amount such as 49.90")
	}
	if _, ok := new(big.Rat).SetString(text); !ok {
		return errors.New("is not an amount such as 49.90")
	}
	*d = decimal(text)
	return nil
}

// minor is the amount in the currency's minor units, rounded half away from
// zero. Amounts too large for any shop give 0.
func (d decimal) minor(currency string) int64 {
	amount, ok := new(big.Rat).SetString(string(d))
	if !ok {
		return 0
	}
	if !slices.Contains([]string{"JPY", "KRW", "CLP", "PYG", "VND"}, strings.ToUpper(currency)) {
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
	if err := json.Unmarshal(doc, &o); err != nil {
		var kind *json.UnmarshalTypeError
		if errors.As(err, &kind) {
			return o, fmt.Errorf("%s has the wrong type: it is a %s", cmp.Or(kind.Field, "a field"), kind.Value)
		}
		return o, fmt.Errorf("the order can't be read: %w", err)
	}
	return o, o.check()
}

func (o order) check() error {
	switch {
	case normalize(o.Number) == "":
		return errors.New("number is missing")
	case len(o.Number) > 64:
		return errors.New("number is longer than 64 characters")
	case Digits(o.Customer.Phone) == "" && o.Customer.UserID == "" && o.Customer.Email == "":
		return errors.New("customer needs a phone, a user_id or an email")
	case o.Status == "":
		return errors.New("status is missing")
	}
	for name, value := range map[string]string{"placed_at": o.PlacedAt, "eta": o.ETA} {
		if _, err := moment(value); err != nil {
			return fmt.Errorf("%s must be a date (2026-03-02) or a time (2026-03-02T10:00:00Z)", name)
		}
	}
	for i, it := range o.Items {
		if it.Quantity < 0 {
			return fmt.Errorf("items[%d].quantity is negative", i)
		}
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

// belongsTo tells whether the order is this person's.
func (o order) belongsTo(who gateway.Identity) bool {
	return slices.ContainsFunc(identityKeys(who), func(k string) bool { return slices.Contains(o.owners(), k) })
}

// facts is what an answer may say about the order.
func (o order) facts() rag.Order {
	f := rag.Order{
		Number: o.Number, Status: o.Status, PlacedAt: o.PlacedAt, ETA: o.ETA,
		Carrier: o.Shipping.Carrier, TrackingURL: o.Shipping.TrackingURL,
	}
	for _, it := range o.Items {
		f.Items = append(f.Items, rag.OrderItem{
			Name: it.Name, Quantity: it.Quantity, PriceMinor: it.Price.minor(it.Currency), Currency: it.Currency,
		})
	}
	if len(o.History) > 0 {
		last := slices.MaxFunc(o.History, func(a, b entry) int { return cmp.Compare(a.At, b.At) })
		f.LastNote, f.LastAt = last.Note, last.At
	}
	return f
}
