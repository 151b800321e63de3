package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/recado/recado/rag/llm/llmtest"
)

// abstainFolder writes a data set about numbered machines; those with an odd number are
// in its removed.txt.
func abstainFolder(t *testing.T, from int) string {
	t.Helper()
	folder := t.TempDir()
	var corpus, queries, qrels, removed strings.Builder
	for i := from; i < from+20; i++ {
		fmt.Fprintf(&corpus, `{"id":"m%d:0","lang":"es","text":"La máquina Azor%d pesa %d kilos y se enchufa en la pared."}`+"\n", i, i, i)
		fmt.Fprintf(&queries, `{"id":"q%d","lang":"es","text":"¿Cuántos kilos pesa la máquina Azor%d?"}`+"\n", i, i)
		fmt.Fprintf(&qrels, "q%d\tm%d:0\t1\n", i, i)
		if i%2 == 1 {
			fmt.Fprintf(&removed, "m%d:0\n", i)
		}
	}
	for name, text := range map[string]string{"corpus.jsonl": corpus.String(), "queries.jsonl": queries.String(), "qrels.tsv": qrels.String(), "removed.txt": removed.String()} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func TestEvalAbstain(t *testing.T) {
	t.Parallel()
	env := map[string]string{"RECADO_DATA": t.TempDir()}
	data := abstainFolder(t, 100)
	drop, out := filepath.Join(data, "removed.txt"), filepath.Join(t.TempDir(), "figures.json")
	scores := filepath.Join(t.TempDir(), "scores.jsonl")
	code, text, errs := tell(t, env, "eval", "abstain", "--data", data, "--drop", drop, "--json", out, "--scores", scores)
	if code != exitOK || !strings.Contains(text, "Score: shipped") || !strings.Contains(text, "false answers") || !strings.Contains(text, "10 documents were left out; 0 ids of the list name none.") {
		t.Fatalf("%d, %s%s", code, text, errs)
	}
	written, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var figures struct {
		Overall struct {
			N     int
			AUROC float64 `json:"auroc_answerable"`
		}
		ByLanguage map[string]struct {
			Answerable int `json:"n_answerable"`
		} `json:"by_language"`
	}
	if err := json.Unmarshal(written, &figures); err != nil {
		t.Fatal(err)
	}
	if figures.Overall.N != 20 || figures.Overall.AUROC < 0.95 || figures.ByLanguage["es"].Answerable != 10 {
		t.Errorf("figures %+v", figures)
	}
	code, text, errs = tell(t, env, "eval", "promise", "--scores", scores, "--n", "10", "--draws", "20", "--json", "-")
	if code != exitOK || !strings.Contains(text, `"rows": 20`) {
		t.Errorf("the scores as recado eval promise reads them: %d, %s%s", code, text, errs)
	}
}

func TestEvalAbstainAsksAModel(t *testing.T) {
	t.Parallel()
	data := abstainFolder(t, 100)
	drop := filepath.Join(data, "removed.txt")
	server := llmtest.New(t, llmtest.Say("no 90"))
	env := map[string]string{"RECADO_DATA": t.TempDir(), "OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": server.URL()}
	code, text, errs := tell(t, env, "eval", "abstain", "--data", data, "--drop", drop, "--model")
	if code != exitOK || !strings.Contains(text, "no judgement on 0") || server.Asked() != 20 {
		t.Errorf("%d, asked %d times, %s%s", code, server.Asked(), text, errs)
	}
	offline := map[string]string{"RECADO_DATA": t.TempDir()}
	if code, _, errs = tell(t, offline, "eval", "abstain", "--data", data, "--model"); code != exitUsage || !strings.Contains(errs, "there is no model server") {
		t.Errorf("without a server: %d, %s", code, errs)
	}
}

// folderOf is a new folder with one file in it.
func folderOf(t *testing.T, name, text string) string {
	t.Helper()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return folder
}

func TestEvalAbstainMistakes(t *testing.T) {
	t.Parallel()
	env := map[string]string{"RECADO_DATA": t.TempDir()}
	data := abstainFolder(t, 100)
	drop := filepath.Join(data, "removed.txt")
	for want, args := range map[string][]string{
		"--data DIR":                 {},
		"--data: there is no folder": {"--data", data + ".gone"},
		"--drop: there is no file":   {"--data", data, "--drop", data + ".gone"},
		`line 1: the question can't be read: "contexts" can't be of the kind "number"`: {"--data", folderOf(t, "examples.jsonl", `{"text":"?","contexts":1}`)},
		"--train: there is no folder": {"--data", data, "--train", data + ".gone"},
		"stand in the training data":  {"--data", data, "--drop", drop, "--train", abstainFolder(t, 100)},
		"both labels have to occur":   {"--data", data, "--train", abstainFolder(t, 200)},
		"there is no queries.jsonl":   {"--data", data, "--split", "nowhere"},
	} {
		if code, _, errs := tell(t, env, append([]string{"eval", "abstain"}, args...)...); code != exitUsage || !strings.Contains(errs, want) {
			t.Errorf("%v: %d, %s", args, code, errs)
		}
	}
}
