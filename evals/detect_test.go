package evals_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/evals"
	"github.com/recado/recado/rag/guard"
)

func labelledFile(lines ...string) fstest.MapFS {
	return fstest.MapFS{"rows.jsonl": {Data: []byte(strings.Join(lines, "\n") + "\n")}}
}

// ten are five positives that score 9, 8, 7, 1, 5 and five others that score 5, 4, 3, 2, 8.
func ten() []string {
	var lines []string
	for i, score := range []int{9, 8, 7, 1, 5, 5, 4, 3, 2, 8} {
		lang := `"lang":"es",`
		if i%2 == 1 {
			lang = ""
		}
		lines = append(lines, fmt.Sprintf(`{"id":"r%d",%s"kind":"k%d","text":"%d","attack":%t}`, i, lang, i/5, score, i < 5))
	}
	return lines
}

func byDigit(text string) float64 { return float64(text[0] - '0') }

func TestDetect(t *testing.T) {
	t.Parallel()
	rows, err := evals.ReadLabelled(labelledFile(ten()...), "rows.jsonl", "attack")
	if err != nil {
		t.Fatal(err)
	}
	report := evals.Detect(rows, evals.Detector{Score: byDigit, At: 5})
	if *report.Overall.Recall != 0.8 || *report.Overall.FalseAlarms != 0.4 {
		t.Errorf("recall %v, false alarms %v", *report.Overall.Recall, *report.Overall.FalseAlarms)
	}
	// Of 25 pairs 9 wins 5, 8 wins 4 and half, 7 wins 4, 1 none, 5 wins 3 and half.
	if *report.Overall.AUROC != 17.0/25 {
		t.Errorf("AUROC %v", *report.Overall.AUROC)
	}
	if diff := cmp.Diff([]string{"r3"}, report.Missed) + cmp.Diff([]string{"r5", "r9"}, report.Alarms); diff != "" {
		t.Error(diff)
	}
	if es := report.ByLanguage["es"]; es.N != 5 || es.Positives != 3 || *es.Recall != 1 || *es.FalseAlarms != 0 {
		t.Errorf("es: %+v", es)
	}
	if rest := report.ByLanguage["unstated"]; rest.N != 5 || *rest.Recall != 0.5 {
		t.Errorf("unstated: %+v", rest)
	}
	if only := report.ByKind["k0"]; only.FalseAlarms != nil || only.AUROC != nil || only.Positives != 5 {
		t.Errorf("a kind of positives only: %+v", only)
	}
}

func TestDetectionReportIsWritten(t *testing.T) {
	t.Parallel()
	rows, err := evals.ReadLabelled(labelledFile(ten()...), "rows.jsonl", "attack")
	if err != nil {
		t.Fatal(err)
	}
	report := evals.Detect(rows, evals.Detector{Score: byDigit, At: 5})
	var table, data bytes.Buffer
	if err := report.WriteTable(&table); err != nil || !strings.Contains(table.String(), "80.0 % [37.6, 96.4]") || !strings.Contains(table.String(), "Missed: 1. False alarms: 2.") {
		t.Errorf("%v\n%s", err, table.String())
	}
	var back struct {
		Overall map[string]any `json:"overall"`
		Missed  []string       `json:"missed"`
	}
	if err := report.WriteJSON(&data); err != nil || json.Unmarshal(data.Bytes(), &back) != nil || back.Overall["recall"] != 0.8 || len(back.Missed) != 1 {
		t.Errorf("%v\n%s", err, data.String())
	}
}

func TestReadLabelledRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		files fstest.MapFS
		want  string
	}{
		"no file":      {fstest.MapFS{}, "rows.jsonl"},
		"few":          {labelledFile(ten()[:9]...), "at least 10"},
		"nothing":      {labelledFile(ten()[5:]...), "at least 10"},
		"no positives": {labelledFile(append(ten()[5:], ten()[5:]...)...), `no text has "attack" true`},
		"no text":      {labelledFile(`{"attack":true}`), `line 1: there is no "text"`},
		"no label":     {labelledFile(ten()[0], `{"text":"x","handoff":true}`), `line 2: "attack" is neither true nor false`},
		"not JSON":     {labelledFile(`{`), "line 1"},
	} {
		if _, err := evals.ReadLabelled(c.files, "rows.jsonl", "attack"); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// What the rules about persons and injections reach on public sets, when those lie
// beside the repository.
func TestDetectionOnForeignData(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("one goroutine computes for long")
	}
	person := evals.Detector{At: 1, Score: func(text string) float64 {
		if guard.AsksForPerson(text) {
			return 1
		}
		return 0
	}}
	injection := evals.Detector{Score: guard.Injection, At: guard.InjectionSuspected}
	for _, c := range []struct {
		set, label     string
		detector       evals.Detector
		recall, alarms float64
	}{
		{"bitext_support", "handoff", person, 0.995, 0.02},
		{"nlupp", "handoff", person, 0.995, 0.02},
		{"injection_mix", "attack", injection, 0.65, 0.02},
	} {
		t.Run(c.set, func(t *testing.T) {
			t.Parallel()
			rows, err := evals.ReadLabelled(os.DirFS(filepath.Join(foreignData(t, c.set), "dev")), "examples.jsonl", c.label)
			if err != nil {
				t.Fatal(err)
			}
			got := evals.Detect(rows, c.detector)
			if *got.Overall.Recall < c.recall || *got.Overall.FalseAlarms >= c.alarms {
				t.Errorf("recall %.3f, want %.3f; false alarms %.4f, want less than %.3f; missed %v", *got.Overall.Recall, c.recall, *got.Overall.FalseAlarms, c.alarms, got.Missed)
			}
		})
	}
}
