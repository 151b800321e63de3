package main

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/internal/demoshop"
	"github.com/recado/recado/internal/testservices"
)

// write puts the demo shop's documents and orders into a folder, as a shop would
// have them.
func write(t *testing.T) (folder, orders string) {
	t.Helper()
	folder = filepath.Join(t.TempDir(), "policies")
	if err := os.CopyFS(folder, demoshop.Policies()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "faq.csv"), demoshop.FAQ(), 0o600); err != nil {
		t.Fatal(err)
	}
	docs, err := demoshop.Orders(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(docs)
	if err != nil {
		t.Fatal(err)
	}
	orders = filepath.Join(t.TempDir(), "orders.json")
	if err := os.WriteFile(orders, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return folder, orders
}

// TestIngestAskAndOrders walks through the commands that a shop begins with, on
// each mix of index and Redis.
func TestIngestAskAndOrders(t *testing.T) {
	t.Parallel()
	for _, mix := range []string{"embedded", "servers"} {
		t.Run(mix, func(t *testing.T) {
			t.Parallel()
			env := map[string]string{"RECADO_DATA": t.TempDir()}
			if mix == "servers" {
				env["DATABASE_URL"], env["REDIS_URL"] = testservices.Postgres(t), testservices.Redis(t)
			}
			folder, orders := write(t)
			ingestTwice(t, env, folder)
			if code, out, errs := tell(t, env, "orders", "import", orders); code != exitOK || !strings.Contains(out, "orders imported") {
				t.Fatalf("import: %d, %s%s", code, out, errs)
			}
			askBoth(t, env)
		})
	}
}

// ingestTwice: the second run embeds nothing, a change is replaced, what is gone is
// removed, and what is broken is named while the rest goes in.
func ingestTwice(t *testing.T, env map[string]string, folder string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(folder, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(d.Name(), ".md") {
			files++
		}
		return err
	})
	if err != nil || files == 0 {
		t.Fatalf("%d files, %v", files, err)
	}
	if code, out, errs := tell(t, env, "ingest", folder); code != exitOK || strings.HasPrefix(out, "0 added") {
		t.Fatalf("ingest: %d, %s%s", code, out, errs)
	}
	if code, out, _ := tell(t, env, "ingest", folder); code != exitOK || !strings.Contains(out, "0 added, 0 changed") || !strings.Contains(out, "; 0 passages embedded") {
		t.Errorf("a second ingest: %d, %s", code, out)
	}
	gone := filepath.Join(folder, "es", "24-price-match.md")
	if err := os.Remove(gone); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "broken.csv"), []byte("only,two\n1,2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errs := tell(t, env, "ingest", folder)
	if code != exitFailed || !strings.Contains(out, "broken.csv") || !strings.Contains(out, "1 removed") || !strings.Contains(errs, "1 source did not go in") {
		t.Errorf("an ingest with a broken table: %d, %s%s", code, out, errs)
	}
}

// askBoth asks about a policy and about an order, the second as its owner and as
// somebody else.
func askBoth(t *testing.T, env map[string]string) {
	t.Helper()
	if code, out, errs := tell(t, env, "ask", "¿Cuánto tardan los reembolsos?"); code != exitOK || !strings.Contains(out, "Fuente") || !strings.Contains(out, "stage") {
		t.Errorf("ask: %d, %s%s", code, out, errs)
	}
	question := "Where is my order " + demoshop.DemoShippedOrder + "?"
	record := func(customer string) gateway.Record {
		code, out, errs := tell(t, env, "ask", "--json", "--customer", customer, question)
		var r gateway.Record
		if err := json.Unmarshal([]byte(out), &r); code != exitOK || err != nil {
			t.Fatalf("ask --json: %d, %v, %s", code, err, errs)
		}
		return r
	}
	if own := record(demoshop.DemoPhone); own.Decision.Kind != gateway.DecideReply || len(own.Orders.Orders) != 3 {
		t.Errorf("the owner: %+v, %d orders", own.Decision, len(own.Orders.Orders))
	}
	if other := record("+34600550199"); len(other.Orders.Orders) != 0 || len(other.Orders.NotFound) != 1 {
		t.Errorf("somebody else sees %+v", other.Orders)
	}
}

func TestAsker(t *testing.T) {
	t.Parallel()
	for customer, want := range map[string]gateway.Identity{
		"":                  {},
		"+34 600-55 01 01":  {Phone: "34600550101"},
		"34600550101":       {Phone: "34600550101"},
		"james_li_5688":     {UserID: "james_li_5688"},
		"US.13491208655302": {UserID: "US.13491208655302"},
	} {
		if got := asker(customer); got != want {
			t.Errorf("%q is %+v", customer, got)
		}
	}
}

// TestAskDemo needs nothing at all.
func TestAskDemo(t *testing.T) {
	t.Parallel()
	code, out, errs := tell(t, nil, "ask", "--demo", "¿Cuánto tardan los reembolsos?")
	if code != exitOK || !strings.Contains(out, "Fuente") {
		t.Errorf("%d, %s%s", code, out, errs)
	}
}

// TestImportedOrdersReachARunningGateway: with the in-process Redis the file in the
// data folder is what two processes share.
func TestImportedOrdersReachARunningGateway(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	s := serve(t, map[string]string{"RECADO_DATA": data})
	_, orders := write(t)
	env := map[string]string{"RECADO_DATA": data}
	if code, out, errs := tell(t, env, "orders", "import", orders); code != exitOK {
		t.Fatalf("import: %d, %s%s", code, out, errs)
	}
	s.eventually("the imported orders", func() bool {
		var page struct{ Orders []json.RawMessage }
		s.call("GET", "/orders?contact=%2B34600550101", nil, &page)
		return len(page.Orders) == 3
	})
}

func TestUserAddAndMigrate(t *testing.T) {
	t.Parallel()
	env := map[string]string{"RECADO_DATA": t.TempDir()}
	if code, out, errs := tell(t, env, "migrate"); code != exitOK {
		t.Fatalf("migrate: %d, %s%s", code, out, errs)
	}
	var out strings.Builder
	c := console{in: strings.NewReader("a long enough password\n"), out: &out, err: &out, env: func(k string) string { return env[k] }}
	if code := run(t.Context(), c, []string{"user", "add", "ana"}); code != exitOK {
		t.Fatalf("user add: %d, %s", code, out.String())
	}
	c.in = strings.NewReader("short\n")
	if code := run(t.Context(), c, []string{"user", "add", "ana"}); code != exitUsage {
		t.Errorf("a short password: %d", code)
	}
	store, err := openStore(t.Context(), settings{Data: env["RECADO_DATA"]}, discard())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	agent, err := store.Agent(t.Context(), "ana")
	if err != nil || !strings.HasPrefix(agent.PasswordHash, "$argon2id$") {
		t.Errorf("the agent is %q, %v", agent.PasswordHash, err)
	}
	if code, _, errs := tell(t, env, "user", "remove", "ana"); code != exitOK {
		t.Errorf("user remove: %d, %s", code, errs)
	}
	if code, _, errs := tell(t, env, "user", "remove", "ana"); code != exitFailed || !strings.Contains(errs, "no agent ana") {
		t.Errorf("user remove again: %d, %s", code, errs)
	}
}
