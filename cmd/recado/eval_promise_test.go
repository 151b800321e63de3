package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/recado/recado/evals"
	"github.com/recado/recado/rag/confidence"
)

// writeLines writes what each line gives into a file and returns its name.
func writeLines(t *testing.T, n int, line func(i int, random *rand.Rand) string) string {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	var text strings.Builder
	for i := range n {
		text.WriteString(line(i, random) + "\n")
	}
	name := filepath.Join(t.TempDir(), "lines.jsonl")
	if err := os.WriteFile(name, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func scoreLine(_ int, random *rand.Rand) string {
	p := random.Float64()
	return fmt.Sprintf(`{"score":%.6f,"right":%v}`, p, random.Float64() < p+0.2)
}

func TestEvalPromise(t *testing.T) {
	t.Parallel()
	env := map[string]string{"RECADO_DATA": t.TempDir()}
	scores := writeLines(t, 1000, scoreLine)
	out := filepath.Join(t.TempDir(), "promise.json")
	table := told(t, env, "eval", "promise", "--scores", scores, "--n", "200", "--draws", "100", "--json", out)
	holds(t, "the table", table, "M: answered and wrong", "S: wrong, of the answers", "100 calibrations of 200 rows")
	file, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var report evals.PromiseReport
	if err := json.Unmarshal(file, &report); err != nil || report.M.Coverage < 0.2 || report.S.Alpha != 0.10 || report.M.Alpha != 0.05 {
		t.Errorf("%v: %s", err, file)
	}
	if one := told(t, env, "eval", "promise", "--scores", scores, "--draws", "5", "--promise", "S", "--alpha", "0.2", "--json", "-"); strings.Contains(one, `"M"`) || !strings.Contains(one, `"alpha": 0.2`) {
		t.Errorf("S alone: %s", one)
	}
	for _, wrong := range [][]string{nil, {"--scores", scores, "--n", "0"}, {"--scores", scores, "--promise", "E"}, {"--scores", scores, "--delta", "2"}} {
		if code, _, errs := tell(t, env, append([]string{"eval", "promise"}, wrong...)...); code != exitUsage {
			t.Errorf("%q: status %d, %s", wrong, code, errs)
		}
	}
	if code, _, _ := tell(t, env, "eval", "promise", "--scores", "/nowhere"); code != exitUsage {
		t.Errorf("a file that is not there: status %d", code)
	}
}

func TestEvalCalibrateOnLabels(t *testing.T) {
	t.Parallel()
	env := map[string]string{"RECADO_DATA": t.TempDir()}
	labels := writeLines(t, 600, func(i int, random *rand.Rand) string {
		p := random.Float64()
		return fmt.Sprintf(`{"id":"%d","locale":"%s","features":{"coverage":%.4f},"right":%v}`, i, []string{"es", "en"}[i%2], p, random.Float64() < p+0.3)
	})
	out := filepath.Join(t.TempDir(), "own.json")
	text := told(t, env, "eval", "calibrate", "--labels", labels, "--out", out, "--wrong-cost", "10", "--json", out+".figures")
	figures, err := os.ReadFile(out + ".figures")
	if err != nil {
		t.Fatal(err)
	}
	holds(t, "the figures", string(figures), `"promise": "M"`, `"alpha": 0.05`, `"threshold": `, `"ece": `, `"ece_null": `, `"reliability": [`, `"risk_coverage": [`, `"by_language": {`)
	holds(t, "the report", text, "base error", "With confidence 90 %", "Reliability", "Risk by coverage", "own.svg")
	if info, err := os.Stat(strings.TrimSuffix(out, ".json") + ".svg"); err != nil || info.Size() < 1000 {
		t.Errorf("the picture: %v", err)
	}
	env["RECADO_CALIBRATION"] = out
	shown := told(t, env, "calibration", "show")
	holds(t, "the calibration", shown, "own labels@", "600, missing 0", "costs ask for", "locale:es", "It is fresh")
	env["RECADO_CALIBRATION"] = ""
	few := writeLines(t, 30, func(i int, _ *rand.Rand) string {
		return fmt.Sprintf(`{"id":"%d","features":{"coverage":%.2f},"right":%v}`, i, float64(i)/30, i%4 != 0)
	})
	holds(t, "30 labels", told(t, env, "eval", "calibrate", "--labels", few, "--out", out), "no guarantee is claimed", "15 more labels", "No answer reaches the threshold")
}

// What is only suggested because a calibration is stale is told with what has changed.
func TestAskSaysWhyItOnlySuggests(t *testing.T) {
	t.Parallel()
	calibration, err := confidence.Default()
	if err != nil {
		t.Fatal(err)
	}
	calibration.Prompt = "another"
	var file bytes.Buffer
	if err := calibration.Write(&file); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"RECADO_CALIBRATION": filepath.Join(folderOf(t, "old.json", file.String()), "old.json")}
	holds(t, "the record", told(t, env, "ask", "--demo", "¿Cuánto tardan los reembolsos?"), "suggest_only", "What has changed since the fit is the prompt", "draft ")
}

func TestACalibrationOnAForeignScoreIsRefused(t *testing.T) {
	t.Parallel()
	env := map[string]string{"RECADO_DATA": t.TempDir()}
	out := filepath.Join(t.TempDir(), "score.json")
	text := told(t, env, "eval", "calibrate", "--labels", writeLines(t, 300, scoreLine), "--promise", "S", "--alpha", "0.1", "--out", out)
	holds(t, "labels with a score", text, "a score instead of features")
	env["RECADO_CALIBRATION"] = out
	if code, _, errs := tell(t, env, "calibration", "show"); code != exitUsage || !strings.Contains(errs, "does not measure") {
		t.Errorf("status %d, %s", code, errs)
	}
	env["RECADO_CALIBRATION"] = ""
	if code, _, _ := tell(t, env, "eval", "calibrate", "--promise", "X"); code != exitUsage {
		t.Errorf("promise X: status %d", code)
	}
	if code, _, _ := tell(t, env, "calibration"); code != exitUsage {
		t.Errorf("calibration: status %d", code)
	}
}

func TestTheShippedCalibrationIsFresh(t *testing.T) {
	t.Parallel()
	env := map[string]string{"RECADO_DATA": t.TempDir()}
	holds(t, "the calibration", told(t, env, "calibration", "show"), "demo shop@", "It is fresh", "(M)")
	env["RECADO_EMBEDDING_DIM"] = "512"
	holds(t, "another embedder", told(t, env, "calibration", "show"), "It is stale", "the embedder")
}
