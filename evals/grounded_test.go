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
)

// groundedRows are n rows of which every second says something else than its context.
func groundedRows(from, n int) []evals.GroundedRow {
	var rows []evals.GroundedRow
	for i := from; i < from+n; i++ {
		r := evals.GroundedRow{
			ID: fmt.Sprint(i), Lang: "en", Grounded: true, Contexts: []string{fmt.Sprintf("Parcel %d weighs %d kg and goes by train to the coast.", 1000+i, 3+i)},
		}
		r.Response = fmt.Sprintf("It weighs %d kg and goes by train.", 3+i)
		if i%2 == 1 {
			r.Grounded, r.Kind, r.Response = false, "number", fmt.Sprintf("It weighs %d kg and goes by train.", 4+i)
		}
		if i%4 == 3 {
			r.Kind, r.Response = "words", "Elephants paint wonderful pictures at night."
		}
		rows = append(rows, r)
	}
	return rows
}

func TestMeasureGrounded(t *testing.T) {
	t.Parallel()
	report, err := evals.MeasureGrounded(evals.GroundedConfig{Rows: groundedRows(0, 80), Train: groundedRows(200, 80)})
	if err != nil {
		t.Fatal(err)
	}
	f := report.Overall
	if f.N != 80 || f.NotGrounded != 40 || f.AUROC == nil || f.AUROC.Value != 1 || f.F1.Value != 1 || report.Trained != 80 {
		t.Errorf("figures %+v", f)
	}
	for _, kind := range []string{"number", "words"} {
		if got := f.ByKind[kind]; got.N != 20 || got.Recall != 1 || got.At95[0] < 0.8 || got.At95[0] >= 1 || got.AUROC == nil || got.AUROC.Value != 1 {
			t.Errorf("%s: %+v", kind, got)
		}
	}
	shipped, err := evals.MeasureGrounded(evals.GroundedConfig{Rows: groundedRows(0, 80)})
	if err != nil {
		t.Fatal(err)
	}
	if got := shipped.Overall.ByKind["number"]; got.Recall != 1 {
		t.Errorf("with the shipped weights %+v of the changed numbers are found", got)
	}
	if _, err := evals.MeasureGrounded(evals.GroundedConfig{Rows: groundedRows(0, 80), Train: groundedRows(40, 80)}); err == nil || !strings.Contains(err.Error(), "40 rows") {
		t.Errorf("rows that are in both: %v", err)
	}
}

// Rows of one label have no AUROC, which JSON writes as null.
func TestGroundedReportOfOneLabel(t *testing.T) {
	t.Parallel()
	var wrong []evals.GroundedRow
	for _, r := range groundedRows(0, 40) {
		if !r.Grounded {
			wrong = append(wrong, r)
		}
	}
	report, err := evals.MeasureGrounded(evals.GroundedConfig{Rows: wrong})
	if err != nil {
		t.Fatal(err)
	}
	var out, table bytes.Buffer
	if err := report.WriteJSON(&out); err != nil {
		t.Fatal(err)
	}
	var back map[string]any
	if err := json.Unmarshal(out.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	if area, there := back["auroc"]; area != nil || !there || back["n"] != 20.0 {
		t.Errorf("JSON %s", out.String())
	}
	if err := report.WriteTable(&table); err != nil || !strings.Contains(table.String(), "the shipped weights") {
		t.Errorf("%v, %s", err, table.String())
	}
}

func TestReadGrounded(t *testing.T) {
	t.Parallel()
	line := func(i int) string {
		return fmt.Sprintf(`{"id":"%d","response":"a","source_id":"s","grounded":%t,"spans":[{"type":"Conflict"}]}`, i, i%2 == 0)
	}
	var lines []string
	for i := range 10 {
		lines = append(lines, line(i))
	}
	rows := strings.Join(lines, "\n")
	files := fstest.MapFS{
		"d/rows.jsonl": {Data: []byte(rows)}, "d/sources.jsonl": {Data: []byte(`{"source_id":"s","contexts":["b"]}`)},
		"alone/rows.jsonl": {Data: []byte(rows)}, "few.jsonl": {Data: []byte(`{"response":"a","contexts":["b"],"grounded":true}`)},
		"unlabelled.jsonl": {Data: []byte(`{"response":"a","contexts":["b"]}`)},
	}
	got, err := evals.ReadGrounded(files, "d/rows.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	want := evals.GroundedRow{ID: "0", Response: "a", Lang: "en", Contexts: []string{"b"}, Grounded: true, Kind: "Conflict"}
	if diff := cmp.Diff(want, got[0]); diff != "" || len(got) != 10 {
		t.Errorf("%d rows, %s", len(got), diff)
	}
	for name, want := range map[string]string{
		"alone/rows.jsonl": "there is no alone/sources.jsonl", "few.jsonl": "at least 10 rows", "unlabelled.jsonl": "line 1: there is no `grounded`", "none.jsonl": "none.jsonl",
	} {
		if _, err := evals.ReadGrounded(files, name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Every altered number of Spanish answers that nobody here wrote is flagged, with the
// shipped weights.
func TestAlteredNumbersOfOthers(t *testing.T) {
	if testing.Short() {
		t.Skip("reads some hundred answers")
	}
	t.Parallel()
	folder := foreignData(t, "grounded_es_synth")
	rows, err := evals.ReadGrounded(os.DirFS(filepath.Join(folder, "dev")), "examples.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var some []evals.GroundedRow
	for i, r := range rows {
		if r.Kind == "changed-number" || i%20 == 0 {
			some = append(some, r)
		}
	}
	report, err := evals.MeasureGrounded(evals.GroundedConfig{Rows: some})
	if err != nil {
		t.Fatal(err)
	}
	if got := report.Overall.ByKind["changed-number"]; got.N < 100 || got.Recall != 1 {
		t.Errorf("of the changed numbers %+v are flagged", got)
	}
}
