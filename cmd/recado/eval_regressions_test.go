package main

import (
	"bytes"
	"context"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/recado/recado/evals/runner"
	"github.com/recado/recado/evals/runs"
	"github.com/recado/recado/evals/suite"
	"github.com/recado/recado/evals/suites"
	"github.com/recado/recado/internal/demoshop"
	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/offline"
)

// policyFiles are those of the demo shop's suite that ask about its documents.
var policyFiles = []string{"account.yaml", "care.yaml", "delivery.yaml", "payments.yaml", "returns.yaml", "shipping.yaml"}

// candidate is a change that a team could make to a shop.
type candidate struct {
	// document gives what becomes of a document, nil where it is dropped.
	document func(name string, text []byte) []byte
	// rules are what the prompt tells the model besides.
	rules string
}

// unchanged is the shop as it is.
func unchanged(_ string, text []byte) []byte { return text }

// write writes the shop and its suite into a folder.
func (one candidate) write(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	put := func(name string, text []byte) {
		place := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(place), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(place, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	documents := func(name string, text []byte) {
		if text = one.document(name, text); text != nil {
			put("docs/"+name, text)
		}
	}
	err := fs.WalkDir(demoshop.Policies(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(demoshop.Policies(), name)
		documents("policies/"+name, text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	documents("faq.csv", demoshop.FAQ())
	put("suite/suite.yaml", []byte("suite: shop\nshop: {knowledge: [../docs/policies, ../docs/faq.csv]}\nclock: 2026-10-20T10:00:00+02:00\ncosts: {wrong: 10, handoff: 1, clarify: 0.2}\ncases: []\n"))
	for _, name := range policyFiles {
		text, err := fs.ReadFile(suites.Demo(), name)
		if err != nil {
			t.Fatal(err)
		}
		put("suite/"+name, text)
	}
	return filepath.Join(root, "suite")
}

// run takes the suite through the pipeline, with a model that does what its prompt says.
func (one candidate) run(t *testing.T) runs.Run {
	t.Helper()
	c := console{in: strings.NewReader(""), out: &bytes.Buffer{}, err: &bytes.Buffer{}, env: func(string) string { return "" }}
	s, _, err := loadSettings(c, "eval run", []string{"--data", t.TempDir()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	asked, root, err := readSuite([]string{one.write(t)})
	if err != nil {
		t.Fatal(err)
	}
	asked.Cases = slices.DeleteFunc(asked.Cases, func(c suite.Case) bool { return c.Variant != "" })
	shop, err := openEvalShop(t.Context(), c, s, asked.Shop, root, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := shop.closers.close(nil); err != nil {
			t.Error(err)
		}
	}()
	shop.pipeline, err = rag.New(rag.Config{Index: shop.index, Embedder: shop.embedder, Model: obedient{offline.NewModel()}, Rules: one.rules, Zone: s.Zone})
	if err != nil {
		t.Fatal(err)
	}
	run, err := runner.Run(t.Context(), runner.Config{
		Suite: asked, Parallel: 2, Untimed: true, System: &rehearsals{evalShop: shop, log: slog.New(slog.DiscardHandler)},
	})
	if err != nil {
		t.Fatal(err)
	}
	run.Summarise(asked)
	return run
}

// broken is a rule of a shop that nobody wanted to have this effect.
const broken = "Contesta a los clientes en español solo con una frase amable en inglés."

// obedient is the offline model with an ear for one rule of the shop, as a model that reads its
// prompt has: where it finds it, it answers customers in Spanish as the rule says.
type obedient struct{ rag.Model }

// Complete implements rag.Model.
func (o obedient) Complete(ctx context.Context, r rag.Request) (rag.Response, error) {
	response, err := o.Model.Complete(ctx, r)
	told := slices.ContainsFunc(r.Messages, func(m rag.PromptMessage) bool { return strings.Contains(m.Content, broken) })
	if err == nil && told && r.Locale == "es" && response.Draft.Answer != "" {
		response.Draft.Answer = "Thank you for your message. Everything about this is on our website."
	}
	return response, err
}

// TestSeededRegressionsAreFound: what teams break without wanting to is found by the cases that ship,
// and a change that does nothing is not.
func TestSeededRegressionsAreFound(t *testing.T) {
	t.Parallel()
	if testing.Short() || racing {
		t.Skip("five runs of a suite take half a minute, and minutes under the race detector")
	}
	began := time.Now()
	base := candidate{document: unchanged}.run(t)
	for name, c := range map[string]struct {
		candidate
		// metrics are figures of which each has to be worse for sure, and touched is a word in
		// the names of the documents of most cases that broke.
		metrics []string
		touched string
	}{
		"a policy was dropped": {candidate{document: func(name string, text []byte) []byte {
			if strings.Contains(name, "02-international-shipping") {
				return nil
			}
			return text
			// Recall falls by 6 points as well, at a p of .002; corrected for the number of figures that
			// is .054, so that the ranking is what has to tell.
		}}, []string{runs.NDCG}, "02-international-shipping"},
		"units were swapped": {candidate{document: func(_ string, text []byte) []byte {
			for _, unit := range [][2]string{{"días hábiles", "semanas"}, {"business days", "weeks"}, {"días naturales", "semanas"}, {"calendar days", "weeks"}} {
				text = bytes.ReplaceAll(text, []byte(unit[0]), []byte(unit[1]))
			}
			return text
		}}, []string{runs.Passed, runs.FactRecall, runs.AnsweredWrong}, ""},
		"the Spanish prompt broke": {candidate{document: unchanged, rules: broken}, []string{runs.Passed, runs.ParityGap, runs.Coverage}, ""},
	} {
		run := c.run(t)
		got := runs.Compare(base, run, runs.Terms{})
		t.Logf("%s: %d of %d pass, %d before: %s", name, run.Passed, run.Cases, base.Passed, got.Summary)
		if got.Verdict != runs.Worse {
			t.Errorf("%s was not found: %s", name, got.Summary)
		}
		for _, metric := range c.metrics {
			if !slices.ContainsFunc(got.Metrics, func(m runs.Change) bool { return m.Metric == metric && m.Verdict == runs.Worse }) {
				t.Errorf("%s: %s is not worse", name, metric)
			}
		}
		if c.touched != "" {
			relevant := 0
			for _, r := range run.Results {
				if slices.ContainsFunc(got.Cases, func(one runs.Turned) bool { return one.ID == r.ID && one.Kinds[0] == runs.KindBroken }) &&
					slices.ContainsFunc(r.Steps, func(s runs.Step) bool { return slices.Contains(s.Relevant, c.touched) }) {
					relevant++
				}
			}
			if 2*relevant < got.Broken {
				t.Errorf("%s: %d of %d cases that broke are about it", name, relevant, got.Broken)
			}
		}
	}
	again := candidate{document: unchanged, rules: "Sé amable."}.run(t)
	if got := runs.Compare(base, again, runs.Terms{}); got.Verdict != runs.NoDifference || got.Broken > 0 {
		t.Errorf("a change that does nothing: %s", got.Summary)
	}
	if took := time.Since(began); took > 3*time.Minute {
		t.Errorf("it took %v", took)
	}
}
