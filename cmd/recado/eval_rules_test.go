package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/recado/recado/evals/runs"
)

func TestEvalRules(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	env := map[string]string{"RECADO_DATA": dir}
	step := runs.Step{Said: []string{"¿Y el reembolso?"}, Decision: "reply", Draft: "En 5 días.", Scored: true, Confidence: .9, Threshold: .8, DraftRight: true}
	name, err := runs.Keep(dir, runs.Run{Suite: "demo", Results: []runs.Result{{ID: "a", Steps: []runs.Step{step}}, {ID: "b", Steps: []runs.Step{step}}}})
	if err != nil {
		t.Fatal(err)
	}
	picture, curves := filepath.Join(dir, "rules.svg"), filepath.Join(dir, "rules.json.out")
	holds(t, "the table", told(t, env, "eval", "rules", name, "--svg", picture, "--json", curves), "2 drafts of 2 independent cases", "calibrated confidence", "LibreDesk")
	for file, want := range map[string]string{picture: "<svg", curves: `"risk_at_same_coverage"`} {
		if content, err := os.ReadFile(file); err != nil || !strings.Contains(string(content), want) {
			t.Errorf("%s: %v %.200s", file, err, content)
		}
	}
	holds(t, "the latest run that was kept", told(t, env, "eval", "rules", "latest", "--runs", dir), "2 drafts of 2 independent cases")
	if code, _, _ := tell(t, env, "eval", "rules"); code != exitUsage {
		t.Errorf("no run: status %d", code)
	}
	if code, _, errs := tell(t, env, "eval", "rules", picture); code != exitUsage || !strings.Contains(errs, "is not a run") {
		t.Errorf("no run in it: status %d, %s", code, errs)
	}
}
