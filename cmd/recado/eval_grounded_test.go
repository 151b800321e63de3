package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// groundedFile writes rows of which every second gives another number than its context.
func groundedFile(t *testing.T, name string, from int) string {
	t.Helper()
	var lines strings.Builder
	for i := from; i < from+40; i++ {
		fmt.Fprintf(&lines, `{"id":"%d","lang":"es","contexts":["El paquete %d pesa %d kg y sale en tren."],"response":"El paquete pesa %d kg.","grounded":%t,"kind":"changed"}`+"\n",
			i, i+1000, i+3, i+3+i%2, i%2 == 0)
	}
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(lines.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestEvalGrounded(t *testing.T) {
	t.Parallel()
	env := map[string]string{"RECADO_DATA": t.TempDir()}
	data, train := groundedFile(t, "data.jsonl", 0), groundedFile(t, "train.jsonl", 500)
	out := filepath.Join(t.TempDir(), "figures.json")
	code, text, errs := tell(t, env, "eval", "grounded", "--data", data, "--train", train, "--json", out)
	if code != exitOK || !strings.Contains(text, "weights fitted on 40 rows") {
		t.Fatalf("%d, %s%s", code, text, errs)
	}
	written, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var figures struct {
		N      int
		AUROC  float64
		F1     float64
		ByKind map[string]struct{ Recall float64 } `json:"recall_by_kind"`
	}
	if err := json.Unmarshal(written, &figures); err != nil {
		t.Fatal(err)
	}
	if figures.N != 40 || figures.AUROC != 1 || figures.F1 != 1 || figures.ByKind["changed"].Recall != 1 {
		t.Errorf("figures %+v", figures)
	}
	if code, text, errs := tell(t, env, "eval", "grounded", "--data", data, "--json", "-"); code != exitOK || !json.Valid([]byte(text)) {
		t.Errorf("%d, %s%s", code, text, errs)
	}
	same := groundedFile(t, "copy.jsonl", 0)
	for want, args := range map[string][]string{
		"--data FILE":               {},
		"hold the same":             {"--data", data, "--train", same},
		"none.jsonl":                {"--data", filepath.Join(t.TempDir(), "none.jsonl")},
		"--train: there is no file": {"--data", data, "--train", data + ".gone"},
	} {
		if code, _, errs := tell(t, env, append([]string{"eval", "grounded"}, args...)...); code != exitUsage || !strings.Contains(errs, want) {
			t.Errorf("%v: %d, %s", args, code, errs)
		}
	}
}
