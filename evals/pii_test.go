package evals

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const piiLines = `{"id":"1","text":"ñandú: 612 345 678","spans":[{"start":7,"end":18,"type":"PHONE_NUMBER","text":"612 345 678"}]}

{"id":"2","text":"Ana, nací el 3/5/1980, vivo en Madrid","spans":[{"start":0,"end":3,"type":"PERSON"},{"start":13,"end":21,"type":"FECHAS"},{"start":31,"end":37,"type":"TERRITORIO"}]}
{"id":"3","text":"ana@correo.es","spans":[{"start":0,"end":3,"type":"EMAIL_ADDRESS"}]}
{"id":"4","text":"visita https://tienda.es","spans":[]}
`

func TestMeasurePII(t *testing.T) {
	t.Parallel()
	examples, err := ReadPII(strings.NewReader(piiLines))
	if err != nil {
		t.Fatal(err)
	}
	r := MeasurePII(examples)
	type counts struct{ n, recall, touched, covered, right, found, personal int }
	got := map[string]counts{}
	for kind, f := range r.ByKind {
		got[kind] = counts{f.N, f.Recall.K, f.Touched.K, f.Covered.K, f.Precision.K, f.Precision.N, f.Personal.K}
	}
	want := map[string]counts{
		"PHONE":      {1, 1, 1, 1, 1, 1, 1},
		"NAME":       {n: 1},
		"DATE":       {n: 1, recall: 1, touched: 1, covered: 1},
		"BIRTH":      {right: 1, found: 1, personal: 1},
		"TERRITORIO": {n: 1},
		"EMAIL":      {1, 1, 1, 1, 1, 1, 1},
		"URL":        {found: 1},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(counts{})); diff != "" {
		t.Errorf("by kind (-want +got):\n%s", diff)
	}
	if r.N != 4 || r.Spans != 5 || r.Overall.Recall.K != 3 || r.Reachable.N != 4 || r.ByType["FECHAS"].Recall.K != 1 {
		t.Errorf("the report is %+v", r)
	}
	var table, figures bytes.Buffer
	if err := r.WriteTable(&table); err != nil || !strings.Contains(table.String(), "PHONE") || !strings.Contains(table.String(), "100.0 %") {
		t.Errorf("the table is %q, %v", table.String(), err)
	}
	var back PIIReport
	if err := r.WriteJSON(&figures); err != nil || json.Unmarshal(figures.Bytes(), &back) != nil {
		t.Fatalf("the figures are no JSON: %v", err)
	}
	if diff := cmp.Diff(r, back); diff != "" {
		t.Errorf("read again (-want +got):\n%s", diff)
	}
}

func TestReadPIIRefuses(t *testing.T) {
	t.Parallel()
	for lines, want := range map[string]string{
		"":                     "no line",
		"text":                 "line 1",
		`{"text":"a"}` + "\n{": "line 2",
		`{"text":"año","spans":[{"start":0,"end":4,"type":"DATE"}]}`:                            "does not lie",
		`{"text":"año","spans":[{"start":2,"end":2,"type":"DATE"}]}`:                            "does not lie",
		`{"text":"añito 612345678","spans":[{"start":7,"end":15,"type":"PHONE","text":"612"}]}`: "characters, not bytes",
	} {
		if _, err := ReadPII(strings.NewReader(lines)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is read with %v, which should say %q", lines, err, want)
		}
	}
}

// TestPIIOnForeignData holds the kinds with a form that can be checked against the
// recall of plain patterns on the same sets.
func TestPIIOnForeignData(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("one goroutine computes for long")
	}
	for set, floors := range map[string]map[string]float64{
		"pii_en_presidio": {"EMAIL": 1, "IBAN": 1, "CARD": .968, "PHONE": .83, "IP": 1, "URL": 1},
		"pii_es_meddocan": {"EMAIL": .99, "PHONE": .885},
	} {
		folder := filepath.Join("..", "..", "shared", "data", set, "dev")
		file, err := os.Open(filepath.Join(folder, "examples.jsonl"))
		if err != nil {
			t.Skipf("the data set %s does not lie beside the repository", set)
		}
		examples, err := ReadPII(file)
		if err != nil || file.Close() != nil {
			t.Fatal(err)
		}
		r := MeasurePII(examples)
		for kind, floor := range floors {
			if got := r.ByKind[kind].Recall; got.N == 0 || got.Value() < floor {
				t.Errorf("%s: recall of %s is %s, below %.3f", set, kind, got, floor)
			}
		}
	}
}
