package evals_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/recado/recado/evals"
	"github.com/recado/recado/rag/offline"
	"github.com/recado/recado/rag/sufficiency"
)

// examples reads the development half of a public set.
func examples(t *testing.T, name, drop string) []sufficiency.Example {
	t.Helper()
	folder := foreignData(t, name)
	var out []byte
	if drop != "" {
		var err error
		if out, err = os.ReadFile(filepath.Join(folder, drop)); err != nil {
			t.Fatal(err)
		}
	}
	d, err := evals.ReadAnswerable(os.DirFS(folder), "dev", "en", out)
	if err != nil {
		t.Fatal(err)
	}
	e, err := offline.NewEmbedder(0)
	if err != nil {
		t.Fatal(err)
	}
	list, err := evals.AnswerableExamples(context.Background(), e, d)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestShippedSufficiency fits the weights again and holds the shipped ones against them:
// they are what public questions give, and nothing else.
func TestShippedSufficiency(t *testing.T) {
	if testing.Short() {
		t.Skip("asks some thousand questions")
	}
	x := sufficiency.Examples{
		Topic:     examples(t, "xquad", "kb_removed.txt"),
		Nothing:   examples(t, "nomiracl_unanswerable", ""),
		Holds:     examples(t, "squad_es_v2", ""),
		FollowUps: examples(t, "mtrag_un", ""),
	}
	fitted, err := sufficiency.Fit(x)
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := fitted.Write(&file); err != nil {
		t.Fatal(err)
	}
	shipped := filepath.Join("..", "rag", "sufficiency", "default.json")
	if *update {
		if err := os.WriteFile(shipped, file.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(shipped)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(file.Bytes(), want) {
		t.Error("the shipped weights are not what a fit gives; run this test with -update")
	}
}
