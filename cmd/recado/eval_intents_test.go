package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestEvalIntents(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	train, data := filepath.Join(folder, "train.jsonl"), filepath.Join(folder, "data.jsonl")
	for name, text := range map[string]string{
		train: `{"text":"where is my order","intent":"status"}` + "\n" + `{"text":"quiero devolver los zapatos","intent":"return","lang":"es"}` + "\n",
		data:  `{"text":"wheres my ordr","intent":"status","lang":"en"}` + "\n" + `{"text":"devolver","intent":"return","lang":"es"}` + "\n" + `{"text":"sing","in_scope":false,"lang":"en"}` + "\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	env := map[string]string{"RECADO_DATA": folder}
	code, out, errs := tell(t, env, "eval", "intents", "--train", train, "--data", data, "--json", "-")
	if code != exitOK || !strings.Contains(out, `"accuracy_in_scope": 1,`) || !strings.Contains(out, `"auroc_in_scope": 1,`) || !strings.Contains(out, `"es"`) {
		t.Errorf("%d\n%s%s", code, out, errs)
	}
	// Every figure of the table has its interval.
	code, out, errs = tell(t, env, "eval", "intents", "--train", train, "--data", data)
	if code != exitOK || !strings.Contains(out, "1.000 [0.342, 1.000]") || !strings.Contains(out, "0.000 [0.000, 0.000]") {
		t.Errorf("%d\n%s%s", code, out, errs)
	}
	for name, args := range map[string][]string{
		"nothing given": {"eval", "intents"},
		"same file":     {"eval", "intents", "--train", data, "--data", data},
	} {
		if code, _, errs := tell(t, env, args...); code != exitUsage || !strings.Contains(errs, "--train") {
			t.Errorf("%s: %d, %s", name, code, errs)
		}
	}
}
