package evals

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReadIntents(t *testing.T) {
	t.Parallel()
	list, err := ReadIntents(strings.NewReader("{\"text\":\"a\",\"intent\":\"x\"}\n\n{\"text\":\"b\",\"in_scope\":false}\n"))
	if err != nil || len(list) != 2 || !list[0].inScope() || list[1].inScope() {
		t.Errorf("got %+v, %v", list, err)
	}
	for _, file := range []string{"{\"text\":\"a secret\"}\n", "a secret\n"} {
		if _, err := ReadIntents(strings.NewReader(file)); err == nil || !strings.Contains(err.Error(), "line 1") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: error %v", file, err)
		}
	}
}

// TestDomainsApart checks that only what is taught decides: a name of an intent in
// two domains means two shops.
func TestDomainsApart(t *testing.T) {
	t.Parallel()
	out := false
	groups := []IntentExample{{Text: "sofa", Intent: "buy", Domain: "a"}, {Text: "late", Intent: "ask", Domain: "b"}, {Text: "x", Domain: "b", InScope: &out}}
	shops := append(groups[:2:2], IntentExample{Text: "vitamins", Intent: "buy", Domain: "b"}, IntentExample{Text: "where", Intent: "ask", Domain: "a"})
	for name, c := range map[string]struct {
		train []IntentExample
		apart bool
	}{"groups": {groups, false}, "shops": {shops, true}} {
		report, err := MeasureIntents(c.train, []IntentExample{{Text: "vitamins", Intent: "buy", Domain: "b"}, {Text: "zzz", Domain: "a", InScope: &out}})
		if err != nil {
			t.Fatal(err)
		}
		if report.Apart != c.apart || len(report.ByDomain) != 2 || report.Overall.NInScope != 1 {
			t.Errorf("%s: %+v", name, report)
		}
		if right := report.Overall.Accuracy.Value == 1; right != c.apart {
			t.Errorf("%s: accuracy %v", name, report.Overall.Accuracy.Value)
		}
		var out bytes.Buffer
		if err := report.WriteTable(&out); err != nil || !strings.Contains(out.String(), "E-AURC") {
			t.Errorf("%s: %v\n%s", name, err, out.String())
		}
	}
	if _, err := MeasureIntents(shops, []IntentExample{{Text: "x", Intent: "buy", Domain: "c"}}); err == nil {
		t.Error("a domain that nobody taught is measured")
	}
}

// TestForeignIntents holds the figures on a public set of shops' customers.
func TestForeignIntents(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("one goroutine computes for long")
	}
	folder := filepath.Join("..", "..", "shared", "data", "hint3")
	read := func(name string) []IntentExample {
		file, err := os.Open(filepath.Join(folder, name))
		if err != nil {
			t.Skip("the data set hint3 is not beside the repository")
		}
		defer file.Close()
		list, err := ReadIntents(file)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	report, err := MeasureIntents(read("train.jsonl"), read(filepath.Join("dev", "examples.jsonl")))
	if err != nil {
		t.Fatal(err)
	}
	f := report.Overall
	if !report.Apart || f.EAURC.Value >= 0.103 || f.Coverage80.Value <= 0.144 || math.IsNaN(f.AURC.Value) {
		t.Errorf("E-AURC %.3f, coverage at 80 %% %.3f, apart %v", f.EAURC.Value, f.Coverage80.Value, report.Apart)
	}
}
