package evals_test

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/recado/recado/evals"
	"github.com/recado/recado/rag/receipts"
)

// groundedPool is what the shipped judgements are fitted on, and whence it is.
const groundedPool = "development halves of RAGTruth (MIT) as sampled by FaithJudge, of BEGIN (CC BY 4.0, CDLA-Sharing-1.0), and of Spanish answers " +
	"made from XQuAD and SQuAD-es (CC BY-SA 4.0); weights alone are kept of them"

func fittedJudgements(t *testing.T) receipts.Judgements {
	t.Helper()
	var pool []evals.GroundedRow
	for _, name := range []string{"ragtruth_sample", "begin", "grounded_es_synth"} {
		rows, err := evals.ReadGrounded(os.DirFS(filepath.Join(foreignData(t, name), "dev")), "examples.jsonl")
		if err != nil {
			t.Fatal(err)
		}
		pool = append(pool, rows...)
	}
	all, err := evals.FitJudgements(pool)
	if err != nil {
		t.Fatal(err)
	}
	for setting, j := range all {
		w := j.Weights
		w.Name, w.FittedOn, w.FittedAt, w.Model, w.Embedder = string(setting), groundedPool, "2026-11-27", "none", "none"
		w.Note = "The threshold is where F1 is greatest over rows that a fit did not see, and promises nothing by itself."
	}
	return all
}

// TestShippedJudgements fits the judgements again and holds the shipped ones against them:
// they are what the public sets give, and nothing else.
func TestShippedJudgements(t *testing.T) {
	if testing.Short() {
		t.Skip("reads some thousand responses")
	}
	t.Parallel()
	fitted := fittedJudgements(t)
	if *update {
		var file bytes.Buffer
		if err := fitted.Write(&file); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join("..", "rag", "receipts", "wholes.json"), file.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	shipped, err := receipts.ShippedJudgements()
	if err != nil {
		t.Fatal(err)
	}
	near := func(a, b float64) bool { return math.Abs(a-b) < 1e-6 }
	for setting, j := range fitted {
		was := shipped[setting]
		same := was.Exact == j.Exact && near(was.Weights.Intercept, j.Weights.Intercept) && near(was.Threshold(), j.Threshold())
		for i, w := range j.Weights.Weights {
			same = same && near(w, was.Weights.Weights[i])
		}
		if !same {
			t.Errorf("%s: the shipped weights are not what a fit gives; run this test with -update", setting)
		}
	}
}
