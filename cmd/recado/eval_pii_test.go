package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestEvalPII(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	data, out := filepath.Join(folder, "examples.jsonl"), filepath.Join(folder, "figures.json")
	line := `{"text":"mi móvil: 612 345 678","spans":[{"start":10,"end":21,"type":"PHONE_NUMBER"}]}` + "\n"
	if err := os.WriteFile(data, []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	holds(t, "the table", told(t, nil, "eval", "pii", "--data", data, "--json", out), "1 texts, 1 marks", "PHONE", "100.0 %")
	figures, err := os.ReadFile(out)
	if err != nil || !strings.Contains(string(figures), `"by_kind"`) {
		t.Errorf("the figures are %s, %v", figures, err)
	}
	holds(t, "standard output", told(t, nil, "eval", "pii", "--data", data, "--json", "-"), `"recall"`)
	for _, wrong := range [][]string{nil, {"--data", data, "more"}, {"--data", filepath.Join(folder, "none")}} {
		if code, _, errs := tell(t, nil, append([]string{"eval", "pii"}, wrong...)...); code != exitUsage {
			t.Errorf("%q ends with %d: %s", wrong, code, errs)
		}
	}
}
