package evals_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/recado/recado/evals"
	"github.com/recado/recado/gateway"
	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/assure"
)

// script answers each text with what is written for it.
type script map[string]rag.Answer

func (script) Fingerprint() string { return "script" }

func (s script) Answer(_ context.Context, q rag.Question) (rag.Answer, error) {
	a, ok := s[q.Text]
	if !ok {
		return rag.Answer{}, rag.ErrModel
	}
	a.Text, a.Locale, a.Threshold = a.Draft.Answer, q.Locale, 0.5
	return a, nil
}

// noOrders knows one customer's order and that another number is not theirs.
type noOrders struct{}

func (noOrders) Facts(_ context.Context, who gateway.Identity, _ assure.Pass, text string) rag.OrderFacts {
	if who.Phone == "" {
		return rag.OrderFacts{}
	}
	return rag.OrderFacts{Orders: []rag.Order{{Number: "#W1"}}, Asked: []string{"W2"}, NotFound: []string{"W2"}}
}

func policy(text, doc string, confidence float64) rag.Answer {
	return rag.Answer{
		Draft: rag.Draft{Answer: text, Citations: []string{"c"}}, Confidence: confidence,
		Passages:   []rag.Passage{{ID: "c", DocumentID: doc}},
		Cited:      []rag.Passage{{ID: "c", DocumentID: doc, Title: "T"}},
		Candidates: []rag.Candidate{{DocumentID: "faq/faq.csv@es"}, {DocumentID: "other.md"}, {DocumentID: "other.md"}, {DocumentID: doc}},
	}
}

func order(numbers ...string) rag.Answer {
	return rag.Answer{Draft: rag.Draft{Answer: "El pedido " + strings.Join(numbers, " "), Orders: numbers}, Confidence: 0.9}
}

func runScript(t *testing.T, cases string, s script) evals.Report {
	t.Helper()
	list, err := evals.ReadCases(strings.NewReader(cases))
	if err != nil {
		t.Fatal(err)
	}
	done := 0
	report, err := evals.Run(context.Background(), evals.Config{
		Answerer: s, Orders: noOrders{}, Cases: list, Progress: func(n int) { done = n },
	})
	if err != nil {
		t.Fatal(err)
	}
	if done != len(list) {
		t.Errorf("progress told of %d of %d cases", done, len(list))
	}
	return report
}

const scriptCases = `
{"id":"right","locale":"es","kind":"policy","text":"a","decision":"reply","docs":["01-returns"],"facts":["30 DÍAS",["gratis","sin coste"]]}
{"id":"table","locale":"es","kind":"policy","text":"b","decision":"reply","docs":["01-returns"],"facts":["30 días"]}
{"id":"no fact","locale":"es","kind":"policy","text":"c","decision":"reply","docs":["01-returns"],"facts":["30 días"]}
{"id":"other document","locale":"es","kind":"policy","text":"d","decision":"reply","docs":["01-returns"],"facts":["30 días"]}
{"id":"held back","locale":"es","kind":"policy","text":"e","decision":"reply","docs":["01-returns"],"facts":["30 días"]}

{"id":"invented","locale":"en","kind":"uncovered","text":"f","decision":"handoff"}
{"id":"failed","locale":"en","kind":"uncovered","text":"g","decision":"handoff"}
{"id":"failed answer","locale":"en","kind":"policy","text":"h","decision":"reply","docs":["01-returns"]}
{"id":"foreign","locale":"es","kind":"order","text":"i","decision":"handoff","customer":"+34600550101","order":"W2","foreign":true}
{"id":"foreign told","locale":"es","kind":"order","text":"j","decision":"handoff","customer":"+34600550101","order":"W2","foreign":true}
{"id":"human","locale":"es","kind":"human","text":"quiero hablar con una persona","decision":"handoff"}
`

func scripted(t *testing.T) evals.Report {
	t.Helper()
	return runScript(t, scriptCases, script{
		"a": policy("Tienes 30 dias, sin coste", "policies/es/01-returns.md", 0.9),
		"b": policy("30 días", "faq/faq.csv@es", 0.9),
		"c": policy("31 días", "policies/es/01-returns.md", 0.9),
		"d": policy("30 días", "policies/es/02-shipping.md", 0.9),
		"e": policy("30 días", "policies/es/01-returns.md", 0.4),
		"f": policy("Yes, 5", "x.md", 0.9),
		"i": order("W2"),
		"j": order("W2", "#W1"),
	})
}

func TestJudge(t *testing.T) {
	t.Parallel()
	type verdict struct{ answered, right, sendable, draftRight bool }
	want := map[string]verdict{
		"right":          {true, true, true, true},
		"table":          {true, true, true, true},
		"no fact":        {true, false, true, false},
		"other document": {true, false, true, false},
		"held back":      {false, false, true, true},
		"invented":       {true, false, true, false},
		"failed":         {false, true, false, false},
		"failed answer":  {false, false, false, false},
		"foreign":        {true, true, true, true},
		"foreign told":   {true, false, true, false},
		"human":          {false, true, false, false},
	}
	got := map[string]verdict{}
	report := scripted(t)
	for _, r := range report.Results {
		got[r.ID] = verdict{r.Answered, r.Right, r.Sendable, r.DraftRight}
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(verdict{})); diff != "" {
		t.Error(diff)
	}
	if r := report.Results[0]; !r.Ranked || r.Rank != 2 {
		t.Errorf("the right document is at place %d, tables and repetitions aside", r.Rank)
	}
	if diff := cmp.Diff([]string{"30 días"}, report.Results[2].Missing); diff != "" {
		t.Error(diff)
	}
}

func TestReport(t *testing.T) {
	t.Parallel()
	report := scripted(t)
	total := report.Total
	for name, c := range map[string]struct {
		got  evals.Share
		k, n int
	}{
		"right": {total.Right, 5, 11}, "answered": {total.Answered, 7, 11}, "wrong": {total.Wrong, 4, 11},
		"coverage": {total.Coverage, 2, 6}, "handoff": {total.Handoff, 3, 5},
		"first place": {total.Retrieval.Recall1, 0, 6}, "five": {total.Retrieval.Recall5, 3, 6},
	} {
		if c.got.K != c.k || c.got.N != c.n {
			t.Errorf("%s: %d of %d, want %d of %d", name, c.got.K, c.got.N, c.k, c.n)
		}
	}
	// Three of six cases have the document at place 2.
	if got := total.Retrieval; math.Abs(got.MRR-0.25) > 1e-9 || math.Abs(got.NDCG-0.5/math.Log2(3)) > 1e-9 {
		t.Errorf("MRR %v, nDCG %v", got.MRR, got.NDCG)
	}
	var table, again bytes.Buffer
	if err := report.WriteTable(&table); err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"es policy", "en uncovered", "all", "36.4 % [", "Configuration script"} {
		if !strings.Contains(table.String(), s) {
			t.Errorf("%q is not in\n%s", s, table.String())
		}
	}
	if err := scripted(t).WriteTable(&again); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(table.String(), again.String()); diff != "" {
		t.Errorf("the same run reports something else: %s", diff)
	}
	var file bytes.Buffer
	if err := report.WriteJSON(&file); err != nil {
		t.Fatal(err)
	}
	var back evals.Report
	if err := json.Unmarshal(file.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(report, back); diff != "" {
		t.Errorf("JSON loses something: %s", diff)
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestReportTellsOfAFailedWrite(t *testing.T) {
	t.Parallel()
	report := scripted(t)
	if report.WriteTable(brokenWriter{}) == nil || report.WriteJSON(brokenWriter{}) == nil {
		t.Error("a failed write is no error")
	}
}

// Published Wilson intervals: 0/10, 5/10 and 81/263 (Newcombe 1998, table I).
func TestShareIntervals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		right, wrong int
		low, high    float64
	}{{0, 10, 0, 0.2775}, {5, 5, 0.2366, 0.7634}, {81, 182, 0.2553, 0.3662}} {
		list := make([]evals.Case, 0, c.right+c.wrong)
		answers := script{}
		for i := range c.right + c.wrong {
			text := strings.Repeat("x", i+1)
			list = append(list, evals.Case{ID: text, Locale: "es", Kind: "k", Text: text, Decision: "reply"})
			if i < c.right {
				answers[text] = policy("30", "a.md", 0.9)
			}
		}
		report, err := evals.Run(context.Background(), evals.Config{Answerer: answers, Orders: noOrders{}, Cases: list})
		if err != nil {
			t.Fatal(err)
		}
		got := report.Total.Right
		if math.Abs(got.Low-c.low) > 1e-4 || math.Abs(got.High-c.high) > 1e-4 {
			t.Errorf("%d of %d: [%.4f, %.4f], want [%.4f, %.4f]", c.right, c.right+c.wrong, got.Low, got.High, c.low, c.high)
		}
	}
}

func TestRunRefuses(t *testing.T) {
	t.Parallel()
	one := []evals.Case{{ID: "a", Text: "a"}}
	for field, c := range map[string]evals.Config{
		"Answerer": {Orders: noOrders{}, Cases: one},
		"Orders":   {Answerer: script{}, Cases: one},
		"Cases":    {Answerer: script{}, Orders: noOrders{}},
	} {
		if _, err := evals.Run(context.Background(), c); err == nil || !strings.Contains(err.Error(), "Config."+field) {
			t.Errorf("%s: %v", field, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := evals.Run(ctx, evals.Config{Answerer: script{}, Orders: noOrders{}, Cases: one}); !errors.Is(err, context.Canceled) {
		t.Errorf("a run that was stopped: %v", err)
	}
}

func TestReadCasesRefuses(t *testing.T) {
	t.Parallel()
	good := `{"id":"a","locale":"es","kind":"k","text":"t","decision":"reply"}`
	for name, c := range map[string]struct{ file, says string }{
		"no JSON":       {"x", "line 1"},
		"unknown field": {good[:len(good)-1] + `,"answer":"x"}`, "answer"},
		"no text":       {`{"id":"a","locale":"es","kind":"k","decision":"reply"}`, "needed"},
		"decision":      {strings.Replace(good, "reply", "maybe", 1), "decision"},
		"twice":         {good + "\n\n" + good, "line 3"},
		"long line":     {good + "\n" + strings.Repeat("x", 70<<10), "line 2"},
	} {
		if _, err := evals.ReadCases(strings.NewReader(c.file)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		cases, err := evals.ReadCases(strings.NewReader(rapid.String().Draw(t, "file")))
		if err == nil && len(cases) > 0 && cases[0].ID == "" {
			t.Fatal("a case without an id")
		}
	})
}

// What the demo promises, measured on its own questions with what ships.
func TestDemoShop(t *testing.T) {
	if testing.Short() {
		t.Skip("answers some hundred questions")
	}
	report := demoReport(t)
	t.Run("calibration", func(t *testing.T) { checkEmbeddedCalibration(t, report) })
	var table bytes.Buffer
	if err := report.WriteTable(&table); err != nil {
		t.Fatal(err)
	}
	t.Logf("\n%s", table.String())
	if w := report.Total.Wrong; w.Value() > 0.05 {
		t.Errorf("answered and wrong: %s", w)
	}
	for _, g := range report.Groups {
		switch g.Kind {
		case "human", "smalltalk", "order":
			if g.Right.K != g.N {
				t.Errorf("%s %s: %s right", g.Locale, g.Kind, g.Right)
			}
		case "policy":
			if g.Coverage.Value() < 0.65 || g.Retrieval.Recall5.Value() < 0.9 {
				t.Errorf("%s policy: coverage %s, recall@5 %s", g.Locale, g.Coverage, g.Retrieval.Recall5)
			}
		case "uncovered":
			if g.Handoff.Value() < 0.9 {
				t.Errorf("%s uncovered: %s reach a person", g.Locale, g.Handoff)
			}
		}
	}
}
