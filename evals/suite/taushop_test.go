package suite_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/recado/recado/evals/suite"
)

func tauFiles() fstest.MapFS {
	return fstest.MapFS{
		"retail/policy.md": {Data: []byte("# Retail policy\n")},
		"retail/db/users.jsonl": {Data: []byte(`{"key":"ana_lopez_12","email":"ana@example.com","name":{"first_name":"Ana","last_name":"Lopez"}}
{"key":"eva_ruiz_3","email":"eva@example.com","name":{"first_name":"Eva","last_name":"Ruiz"}}
`)},
		"retail/db/orders.jsonl": {Data: []byte(`{"order_id":"#W1","user_id":"eva_ruiz_3","status":"processed","address":{"address1":"1 Elm Street","address2":"","city":"Austin","state":"TX","zip":"78701","country":"USA"},"items":[{"item_id":"7","name":"Lamp","price":10.1},{"item_id":"8","name":"Desk","price":0.2}]}
{"order_id":"#W2","user_id":"ana_lopez_12","status":"delivered","items":[]}
`)},
		"retail/dev/tasks.jsonl": {Data: []byte(`{"id":"1","instruction":"You want to cancel #W1.","actions":[{"name":"cancel_pending_order","kwargs":{"order_id":"#W1"}}]}
{"id":"2","instruction":"You want to talk.","handoff":true,"actions":[]}
`)},
	}
}

func TestTauShop(t *testing.T) {
	t.Parallel()
	files := tauFiles()
	shop, err := suite.OpenTauShop(files, "retail/dev/tasks.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var list []struct {
		Number, Status string
		Customer       struct{ Phone, Name, Email string }
		Shipping       struct {
			Address     string `json:"address"`
			DeliveredAt string `json:"delivered_at"`
		}
		Payment struct {
			Amount   float64
			Currency string
		}
	}
	if err := json.Unmarshal(shop.Orders, &list); err != nil || len(list) != 2 {
		t.Fatalf("%v in %s", err, shop.Orders)
	}
	first, second := list[0], list[1]
	if first.Status != "shipped" || first.Customer.Name != "Eva Ruiz" || first.Customer.Phone != "+12025550001" || first.Customer.Email != "eva@example.com" ||
		first.Shipping.Address != "1 Elm Street, Austin, TX 78701, USA" || first.Payment.Amount != 10.3 || first.Payment.Currency != "USD" || first.Shipping.DeliveredAt != "" {
		t.Errorf("%+v", first)
	}
	if second.Status != "delivered" || second.Shipping.DeliveredAt == "" || string(shop.Policy) != "# Retail policy\n" {
		t.Errorf("%+v", second)
	}
	s, _, err := suite.FromTau(files, "retail/dev/tasks.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	if err := shop.Give(&s); err != nil || s.Cases[0].Customer.Phone != "12025550001" || s.Cases[1].Customer.Phone != "" || s.Clock.IsZero() || !s.Cases[1].Clock.Equal(s.Clock) {
		t.Errorf("%v %+v", err, s)
	}
}

func TestTauShopFails(t *testing.T) {
	t.Parallel()
	for name, broken := range map[string]string{"retail/db/users.jsonl": "[]\n", "retail/db/orders.jsonl": "{\n"} {
		files := tauFiles()
		files[name] = &fstest.MapFile{Data: []byte(broken)}
		if _, err := suite.OpenTauShop(files, "retail/dev/tasks.jsonl"); err == nil || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := suite.OpenTauShop(fstest.MapFS{}, "tasks.jsonl"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a shop: %v", err)
	}
	files := tauFiles()
	delete(files, "retail/policy.md")
	if shop, err := suite.OpenTauShop(files, "retail/dev/tasks.jsonl"); err != nil || shop.Policy != nil {
		t.Errorf("without a policy: %v", err)
	}
}

// The whole of tau-bench's shop, where it is beside the repository.
func TestTauShopWhole(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..", "..", "shared", "data")
	if _, err := os.Stat(filepath.Join(root, "tau_retail")); err != nil {
		t.Skip("the data sets of others are not beside the repository")
	}
	shop, err := suite.OpenTauShop(os.DirFS(root), "tau_retail/tau2_tasks.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	s, _, err := suite.FromTau(os.DirFS(root), "tau_retail/tau2_tasks.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	if err := shop.Give(&s); err != nil {
		t.Fatal(err)
	}
	known := 0
	for _, c := range s.Cases {
		if c.Customer.Phone != "" {
			known++
		}
	}
	if known < 60 {
		t.Errorf("the shop knows %d of %d customers", known, len(s.Cases))
	}
}
