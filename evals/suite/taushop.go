package suite

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// TauShop is the shop that tau-bench's tasks are about, as Recado reads shops.
type TauShop struct {
	// Orders is a file of orders, Policy the text of what the shop's people go by, or nil.
	Orders, Policy []byte
	// phones are the numbers of its customers, and owners whose an order is.
	phones, owners map[string]string
}

// tauClock is when its tasks happen; orders were placed and delivered shortly before.
const (
	tauClock     = "2024-05-15T15:00:00-05:00"
	tauPlaced    = "2024-05-09T10:00:00-05:00"
	tauDelivered = "2024-05-13T10:00:00-05:00"
)

// tauOrder and tauUser are rows of its database.
type (
	tauOrder struct {
		Number  string     `json:"order_id"`
		User    string     `json:"user_id"`
		Status  string     `json:"status"`
		Address tauAddress `json:"address"`
		Items   []struct {
			ID    string  `json:"item_id"`
			Name  string  `json:"name"`
			Price float64 `json:"price"`
		} `json:"items"`
	}
	tauUser struct {
		Key   string `json:"key"`
		Email string `json:"email"`
		Name  struct {
			First string `json:"first_name"`
			Last  string `json:"last_name"`
		} `json:"name"`
	}
	tauAddress struct {
		Line1 string `json:"address1"`
		Line2 string `json:"address2"`
		City  string `json:"city"`
		State string `json:"state"`
		Zip   string `json:"zip"`
		Land  string `json:"country"`
	}
)

// line is an address as people write it.
func (a tauAddress) line() string {
	parts := []string{a.Line1, a.Line2, a.City, strings.TrimSpace(a.State + " " + a.Zip), a.Land}
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), ", ")
}

// OpenTauShop reads the database that lies beside a file of tasks, in a folder db there or
// above. Without one the error wraps fs.ErrNotExist. Customers get phone numbers that are
// kept for fiction, because tau-bench has none.
func OpenTauShop(files fs.FS, tasks string) (*TauShop, error) {
	for dir := path.Dir(tasks); ; dir = path.Dir(dir) {
		s, err := openTauShop(files, dir)
		if !errors.Is(err, fs.ErrNotExist) || dir == "." {
			return s, err
		}
	}
}

func openTauShop(files fs.FS, dir string) (*TauShop, error) {
	users, s := map[string]tauUser{}, &TauShop{phones: map[string]string{}, owners: map[string]string{}}
	err := eachLine(files, path.Join(dir, "db", "users.jsonl"), func(_ int, line []byte) error {
		var u tauUser
		if err := json.Unmarshal(line, &u); err != nil {
			return errors.New("this is not a JSON object of a user")
		}
		users[u.Key], s.phones[u.Key] = u, fmt.Sprintf("1202555%04d", len(users))
		return nil
	})
	if err != nil {
		return nil, err
	}
	var list []map[string]any
	err = eachLine(files, path.Join(dir, "db", "orders.jsonl"), func(_ int, line []byte) error {
		var o tauOrder
		if err := json.Unmarshal(line, &o); err != nil {
			return errors.New("this is not a JSON object of an order")
		}
		s.owners[o.Number] = o.User
		list = append(list, o.shaped(users[o.User], s.phones[o.User]))
		return nil
	})
	if err != nil {
		return nil, err
	}
	if s.Orders, err = json.Marshal(list); err != nil {
		return nil, fmt.Errorf("import the orders of tau-bench: %w", err)
	}
	if s.Policy, err = fs.ReadFile(files, path.Join(dir, "policy.md")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("import the policy of tau-bench: %w", err)
	}
	return s, nil
}

// tauStates are states of orders in Recado's words.
var tauStates = map[string]string{"processed": "shipped"}

// shaped is an order as Recado's orders are.
func (o tauOrder) shaped(u tauUser, phone string) map[string]any {
	items, sum := []map[string]any{}, 0.0
	for _, i := range o.Items {
		items, sum = append(items, map[string]any{"sku": i.ID, "name": i.Name, "quantity": 1, "price": i.Price, "currency": "USD"}), sum+i.Price
	}
	status := o.Status
	if other, ok := tauStates[status]; ok {
		status = other
	}
	shipping := map[string]any{"address": o.Address.line()}
	if status == "delivered" {
		shipping["delivered_at"] = tauDelivered
	}
	return map[string]any{
		"number": o.Number, "status": status, "placed_at": tauPlaced, "items": items, "shipping": shipping,
		"customer": map[string]any{"phone": "+" + phone, "name": strings.TrimSpace(u.Name.First + " " + u.Name.Last), "email": u.Email},
		"payment":  map[string]any{"amount": float64(int(sum*100+.5)) / 100, "currency": "USD"},
	}
}

// Give gives the customers of imported tasks the numbers that their orders have, and the
// suite its moment. A task that names no order of the shop keeps a customer whom it does
// not know.
func (s *TauShop) Give(one *Suite) error {
	at, err := time.Parse(time.RFC3339, tauClock)
	if err != nil {
		return fmt.Errorf("import tau-bench: %w", err)
	}
	one.Clock = at
	for i := range one.Cases {
		c := &one.Cases[i]
		c.Clock = one.Clock
		if user := s.userOf(c); user != "" {
			c.Customer.Phone = s.phones[user]
		}
	}
	return nil
}

// userOf is whose task it is: the owner of an order that it names.
func (s *TauShop) userOf(c *Case) string {
	if c.Simulate == nil {
		return ""
	}
	for _, word := range strings.FieldsFunc(c.Simulate.Names(), func(r rune) bool { return strings.ContainsRune(" ,.;:'\"(){}", r) }) {
		if user := s.owners[word]; user != "" {
			return user
		}
	}
	return ""
}
