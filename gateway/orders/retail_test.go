package orders_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/orders"
	"github.com/recado/recado/rag"
)

// retailOrder is an order of tau-bench's retail shop, in its own form.
type retailOrder struct {
	ID     string `json:"order_id"`
	User   string `json:"user_id"`
	Status string `json:"status"`
	Items  []struct {
		Name  string      `json:"name"`
		Price json.Number `json:"price"`
	} `json:"items"`
}

// retail reads the shop's orders, or skips the test where the data set is not
// beside the repository.
func retail(t *testing.T) []retailOrder {
	t.Helper()
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; ; root = filepath.Dir(root) {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			break
		}
		if root == filepath.Dir(root) {
			t.Fatal("there is no go.mod above this package")
		}
	}
	file, err := os.Open(filepath.Join(root, "..", "shared", "data", "tau_retail", "db", "orders.jsonl"))
	if err != nil {
		t.Skip("the tau_retail data set is not beside the repository")
	}
	defer file.Close()
	var list []retailOrder
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var o retailOrder
		if err := json.Unmarshal(lines.Bytes(), &o); err != nil {
			t.Fatal(err)
		}
		list = append(list, o)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

// ours is the order in our form; every second customer has a phone, the others a
// user id.
func (o retailOrder) ours(who gateway.Identity) map[string]any {
	customer := map[string]any{"name": o.User}
	if who.Phone != "" {
		customer["phone"] = "+" + who.Phone
	} else {
		customer["user_id"] = who.UserID
	}
	var items []any
	for _, i := range o.Items {
		items = append(items, map[string]any{"name": i.Name, "price": i.Price, "currency": "USD"})
	}
	return map[string]any{"number": o.ID, "status": o.Status, "customer": customer, "items": items}
}

// TestRetailShop: a thousand orders of five hundred customers. Each sees all of
// their own and none of the others', though they ask for them.
func TestRetailShop(t *testing.T) {
	t.Parallel()
	shop := retail(t)
	people, own := map[string]gateway.Identity{}, map[string][]string{}
	var file bytes.Buffer
	write := json.NewEncoder(&file)
	for _, o := range shop {
		if _, ok := people[o.User]; !ok {
			people[o.User] = gateway.Identity{UserID: "US." + o.User}
			if n := len(people); n%2 == 0 {
				people[o.User] = gateway.Identity{Phone: fmt.Sprint(15550100000 + n)}
			}
		}
		own[o.User] = append(own[o.User], o.ID)
		if err := write.Encode(o.ours(people[o.User])); err != nil {
			t.Fatal(err)
		}
	}
	everywhere(t, func(t *testing.T, addr string) {
		b := book(t, addr, orders.Config{Keep: 10})
		if n, err := orders.Import(t.Context(), b, bytes.NewReader(file.Bytes()), nil); n != len(shop) || err != nil {
			t.Fatalf("%d of %d orders went in: %v", n, len(shop), err)
		}
		for i, o := range shop {
			foreign := shop[(i+7*i%501+1)%len(shop)]
			text := "Where are my orders " + o.ID + " and " + foreign.ID + "?"
			f := facts(t, b, people[o.User], text)
			checkOwn(t, f, own[o.User], o, foreign)
		}
	})
}

func checkOwn(t *testing.T, f rag.OrderFacts, own []string, mine, foreign retailOrder) {
	t.Helper()
	got, want := slices.Sorted(slices.Values(numbers(f))), slices.Sorted(slices.Values(own))
	if len(want) <= 10 && !slices.Equal(got, want) {
		t.Errorf("%s has %v and sees %v", mine.User, want, got)
	}
	for _, n := range got {
		if !slices.Contains(own, n) {
			t.Errorf("%s sees %s of somebody else", mine.User, n)
		}
	}
	if !slices.Contains(got, mine.ID) || !slices.Contains(f.Asked, mine.ID) {
		t.Errorf("%s asks for %s and gets %+v", mine.User, mine.ID, f)
	}
	if (foreign.User != mine.User) != (len(f.NotFound) == 1) {
		t.Errorf("%s asks for %s and is told that %v are not theirs", mine.User, foreign.ID, f.NotFound)
	}
}
