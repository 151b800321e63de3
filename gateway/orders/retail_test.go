package orders_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/orders"
	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/action"
	"github.com/recado/recado/rag/assure"
)

// retailOrder is an order of tau-bench's retail shop, in its own form.
type retailOrder struct {
	ID     string `json:"order_id"`
	User   string `json:"user_id"`
	Status string `json:"status"`
	Items  []struct {
		ID    string      `json:"item_id"`
		Name  string      `json:"name"`
		Price json.Number `json:"price"`
	} `json:"items"`
}

// retail reads the shop's orders, or skips the test where the data set is not
// beside the repository.
func retail(t *testing.T) []retailOrder {
	t.Helper()
	return retailRows[retailOrder](t, "db", "orders.jsonl")
}

func retailRows[T any](t *testing.T, name ...string) []T {
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
	file, err := os.Open(filepath.Join(append([]string{root, "..", "shared", "data", "tau_retail"}, name...)...))
	if err != nil {
		t.Skip("the tau_retail data set is not beside the repository")
	}
	defer file.Close()
	var list []T
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var row T
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		list = append(list, row)
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
		items = append(items, map[string]any{"sku": i.ID, "name": i.Name, "price": i.Price, "currency": "USD"})
	}
	return map[string]any{"number": o.ID, "status": o.Status, "customer": customer, "items": items}
}

// customers gives the people of the shop, the numbers of their orders, and the file to import.
func customers(t *testing.T, shop []retailOrder) (people map[string]gateway.Identity, own map[string][]string, file []byte) {
	t.Helper()
	people, own = map[string]gateway.Identity{}, map[string][]string{}
	var lines bytes.Buffer
	write := json.NewEncoder(&lines)
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
	return people, own, lines.Bytes()
}

// retailTask is what an agent of that shop had to do for a customer.
type retailTask struct {
	ID      string `json:"id"`
	User    string `json:"user_id"`
	Actions []struct {
		Name   string `json:"name"`
		Kwargs struct {
			Order   string   `json:"order_id"`
			Items   []string `json:"item_ids"`
			Address string   `json:"address1"`
			Reason  string   `json:"reason"`
		} `json:"kwargs"`
	} `json:"actions"`
}

// calls are the task's actions that are in the catalog.
func (task retailTask) calls() []action.Call {
	kinds := map[string]action.Kind{
		"cancel_pending_order": action.Cancel, "modify_pending_order_address": action.ChangeAddress, "return_delivered_order_items": action.StartReturn,
	}
	var list []action.Call
	for _, a := range task.Actions {
		if k, ok := kinds[a.Name]; ok {
			list = append(list, action.Call{Kind: k, Order: a.Kwargs.Order, Items: a.Kwargs.Items, Address: a.Kwargs.Address, Reason: a.Kwargs.Reason})
		}
	}
	return list
}

// retailPolicy is that shop's policy in the form of ours.
const retailPolicy = `
return_days: 0
return_when: [delivered]
cancel_while: [pending]
change_address_while: [pending]
`

// TestRetailActions: with the rules of that shop, every cancellation, change of address and
// return that its agents were right to make is possible for the customer, and for nobody
// else; and none of them on an order in another status.
func TestRetailActions(t *testing.T) {
	t.Parallel()
	shop, tasks := retail(t), retailRows[retailTask](t, "dev", "tasks.jsonl")
	policy, err := action.ReadPolicy(strings.NewReader(retailPolicy))
	if err != nil {
		t.Fatal(err)
	}
	people, _, file := customers(t, shop)
	b := book(t, "redis://"+miniredis.RunT(t).Addr(), orders.Config{Policy: &policy})
	if _, err := orders.Import(t.Context(), b, bytes.NewReader(file), nil); err != nil {
		t.Fatal(err)
	}
	right := map[action.Kind]int{}
	for i, task := range tasks {
		for _, c := range task.calls() {
			if v := checkAs(t, b, people[task.User], c); !v.OK {
				t.Errorf("%s: %+v is right and refused by %s", task.ID, c, v.Rule)
			}
			right[c.Kind]++
			stranger := shop[i*7%len(shop)].User
			if v := checkAs(t, b, people[stranger], c); stranger != task.User && (v.OK || v.Rule != action.RuleNotFound) {
				t.Errorf("%s: %+v of somebody else: %+v", task.ID, c, v)
			}
		}
	}
	if right[action.Cancel] < 80 || right[action.ChangeAddress] < 30 || right[action.StartReturn] < 90 {
		t.Errorf("only %v were looked at", right)
	}
	for _, o := range shop {
		call := action.Call{Order: o.ID, Items: []string{o.Items[0].ID}, Address: "x"}
		for k, status := range map[action.Kind]string{action.Cancel: "pending", action.ChangeAddress: "pending", action.StartReturn: "delivered"} {
			call.Kind = k
			if v := checkAs(t, b, people[o.User], call); v.OK != (o.Status == status) || !v.OK && v.Rule != action.RuleStatus {
				t.Errorf("%s of %s, which is %s: %+v", k, o.ID, o.Status, v)
			}
		}
	}
}

func checkAs(t *testing.T, b *orders.Book, who gateway.Identity, c action.Call) action.Verdict {
	t.Helper()
	v, _, err := b.Tools(who, assure.Grant(assure.Code), start).Check(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestRetailShop: a thousand orders of five hundred customers. Each sees all of
// their own and none of the others', though they ask for them.
func TestRetailShop(t *testing.T) {
	t.Parallel()
	shop := retail(t)
	people, own, file := customers(t, shop)
	everywhere(t, func(t *testing.T, addr string) {
		b := book(t, addr, orders.Config{Keep: 10})
		if n, err := orders.Import(t.Context(), b, bytes.NewReader(file), nil); n != len(shop) || err != nil {
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
