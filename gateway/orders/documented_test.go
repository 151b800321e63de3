package orders_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/recado/recado/gateway/orders"
	"github.com/recado/recado/rag/action"
)

// blocks are the examples of docs/orders.md in one language, in their order.
func blocks(t *testing.T, language string) []string {
	t.Helper()
	page, err := os.ReadFile("../../docs/orders.md")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, part := range strings.Split(string(page), "```"+language+"\n")[1:] {
		block, _, ok := strings.Cut(part, "```")
		if !ok {
			t.Fatal("an example does not end")
		}
		found = append(found, block)
	}
	return found
}

// TestDocumentedWire: the command and the receipt of docs/orders.md are what Recado writes
// and reads.
func TestDocumentedWire(t *testing.T) {
	t.Parallel()
	examples := blocks(t, "json")
	if len(examples) != 3 {
		t.Fatalf("the page has %d examples", len(examples))
	}
	c, err := orders.DecodeCommand(map[string]any{"command": examples[1]})
	if err != nil || c.ID == "" || c.Call.Kind != action.StartReturn || len(c.Call.Items) != 1 || c.Customer.Phone == "" || c.Deadline.IsZero() {
		t.Errorf("%+v, %v", c, err)
	}
	r, err := orders.DecodeReceipt(map[string]any{"receipt": examples[2]})
	if err != nil || r.CommandID != c.ID || r.Outcome != action.Done || r.Facts["amount"] != "34.95 EUR" {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestDocumentedPolicy: the file of the page is one, and says that the defaults are what
// they are.
func TestDocumentedPolicy(t *testing.T) {
	t.Parallel()
	files := blocks(t, "yaml")
	if len(files) != 1 {
		t.Fatalf("the page has %d files", len(files))
	}
	got, err := action.ReadPolicy(strings.NewReader(files[0]))
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Seasons) != 1 || got.PersonAbove["EUR"] != 30000 || len(got.Final) != 2 || len(got.Levels) != 1 {
		t.Errorf("%+v", got)
	}
	got.Seasons, got.PersonAbove, got.Final, got.Levels = nil, nil, nil, nil
	if diff := cmp.Diff(action.DefaultPolicy(), got, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

// TestDocumentedRules: the page names every action with its level.
func TestDocumentedRules(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/orders.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range action.Specs() {
		if s.Kind != action.SendCode && !named(string(page), string(s.Kind), action.LevelName(s.Level)) {
			t.Errorf("the page has no row for %s at level %s", s.Kind, action.LevelName(s.Level))
		}
	}
}

func named(page, kind, level string) bool {
	for line := range strings.Lines(page) {
		if strings.HasPrefix(line, "| `") && strings.Contains(line, "`"+kind+"`") && strings.Contains(line, "| "+level+" |") {
			return true
		}
	}
	return false
}
