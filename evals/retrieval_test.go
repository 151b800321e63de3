package evals

import (
	"math"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/rag/offline"
)

// TestScoreRanking computes rankings by hand. With the grades a=2 and b=1 the ideal
// DCG is 2/log2(2) + 1/log2(3) = 2.6309298.
func TestScoreRanking(t *testing.T) {
	t.Parallel()
	grades := map[string]int{"a": 2, "b": 1}
	for name, c := range map[string]struct {
		ranked []string
		want   rankScores
	}{
		"ideal":    {[]string{"a", "b"}, rankScores{1, .5, 1, 1, 1}},
		"swapped":  {[]string{"b", "a"}, rankScores{(1 + 2/math.Log2(3)) / 2.6309298, .5, 1, 1, 1}},
		"third":    {[]string{"x", "y", "a"}, rankScores{1 / 2.6309298, 0, .5, .5, 1. / 3}},
		"tenth":    {strings.Split("1 2 3 4 5 6 7 8 9 b", " "), rankScores{1 / math.Log2(11) / 2.6309298, 0, 0, .5, .1}},
		"eleventh": {strings.Split("1 2 3 4 5 6 7 8 9 10 a", " "), rankScores{}},
		"nothing":  {nil, rankScores{}},
	} {
		got := scoreRanking(c.ranked, grades)
		if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(rankScores{}), cmpopts.EquateApprox(0, 1e-6)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestScoreRankingNeverFalls moves a graded document up and finds no figure lower.
func TestScoreRankingNeverFalls(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ranked := rapid.Permutation([]string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"}).Draw(t, "ranked")
		grades := map[string]int{"a": rapid.IntRange(1, 3).Draw(t, "a"), "b": rapid.IntRange(1, 3).Draw(t, "b")}
		at := rapid.IntRange(1, len(ranked)-1).Draw(t, "at")
		before := scoreRanking(ranked, grades)
		if grades[ranked[at]] < grades[ranked[at-1]] {
			return
		}
		ranked[at-1], ranked[at] = ranked[at], ranked[at-1]
		after := scoreRanking(ranked, grades)
		if after.ndcg < before.ndcg-1e-12 || after.mrr < before.mrr || after.recall5 < before.recall5 || after.ndcg > 1+1e-12 {
			t.Fatalf("%+v fell to %+v", before, after)
		}
	})
}

// TestInterval holds the bootstrap against the normal interval of many values.
func TestInterval(t *testing.T) {
	t.Parallel()
	values := make([]float64, 400)
	for i := range values {
		values[i] = float64(i % 2) // mean .5, standard error .025
	}
	low, high := interval(values)
	if math.Abs(low-.451) > .01 || math.Abs(high-.549) > .01 {
		t.Errorf("[%.3f, %.3f], want about [.451, .549]", low, high)
	}
	if low, high := interval([]float64{.7, .7}); low != high || math.Abs(low-.7) > 1e-12 {
		t.Errorf("equal values give [%f, %f]", low, high)
	}
}

const (
	corpusLines = `{"id":"d1","lang":"es","text":"Los reembolsos tardan cinco días"}
{"id":"d2","lang":"en","title":"Refunds","text":"Refunds take five days"}
{"id":"d3","lang":"es","text":"El envío es gratis"}`
	queryLines = `{"id":"q1","lang":"es","text":"¿Cuánto tardan los reembolsos?","noisy":"cuanto tardan reembolsos"}

{"id":"q2","lang":"es","text":"¿Hay gastos de envío?","pool":["d1","d3"],"history":[{"role":"user","text":"Hola"}],"answerable":true}`
)

func file(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }

func TestReadDataset(t *testing.T) {
	t.Parallel()
	qrels := file("query_id\tdoc_id\tgrade\nq1\td1\t2\nq2\td3\t1\nq2\td1\t0\n")
	for name, c := range map[string]struct {
		files fstest.MapFS
		split string
	}{
		"beside": {fstest.MapFS{"corpus.jsonl": file(corpusLines), "queries.jsonl": file(queryLines), "qrels.tsv": qrels}, ""},
		"dev":    {fstest.MapFS{"corpus.jsonl": file(corpusLines), "dev/queries.jsonl": file(queryLines), "dev/qrels.tsv": qrels}, ""},
		"named":  {fstest.MapFS{"corpus.jsonl": file(corpusLines), "x/queries.jsonl": file(queryLines), "x/qrels.tsv": qrels}, "x"},
		"BEIR": {fstest.MapFS{
			"corpus.jsonl":   file(strings.ReplaceAll(corpusLines, `"id"`, `"_id"`)),
			"queries.jsonl":  file(strings.ReplaceAll(queryLines, `"id"`, `"_id"`)),
			"qrels/test.tsv": file("query-id\tcorpus-id\tscore\nq1\td1\t2\nq2\td3\t1\n"),
		}, ""},
		"BEIR, trec columns": {fstest.MapFS{
			"corpus.jsonl": file(corpusLines), "queries.jsonl": file(queryLines), "qrels/dev.tsv": file("q1\t0\td1\t2\nq2\t0\td3\t1\n"),
		}, "dev"},
	} {
		d, err := ReadDataset(c.files, c.split, "es")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want := map[string]map[string]int{"q1": {"d1": 2}, "q2": {"d3": 1}}
		if diff := cmp.Diff(want, d.Qrels); diff != "" || len(d.Docs) != 3 || len(d.Queries) != 2 {
			t.Errorf("%s: %d documents, %d questions, judgements (-want +got):\n%s", name, len(d.Docs), len(d.Queries), diff)
		}
		if d.Queries[0].Noisy == "" || len(d.Queries[1].Pool) != 2 || d.Queries[1].History[0].Text != "Hola" || !*d.Queries[1].Answerable {
			t.Errorf("%s: questions %+v", name, d.Queries)
		}
	}
}

func TestReadDatasetMistakes(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(fstest.MapFS){
		"corpus.jsonl":          func(f fstest.MapFS) { delete(f, "corpus.jsonl") },
		"no queries.jsonl":      func(f fstest.MapFS) { delete(f, "queries.jsonl") },
		"corpus.jsonl, line 2":  func(f fstest.MapFS) { f["corpus.jsonl"] = file(strings.SplitN(corpusLines, "\n", 2)[0] + "\n{") },
		"no id":                 func(f fstest.MapFS) { f["corpus.jsonl"] = file(`{"text":"x"}`) },
		"two documents":         func(f fstest.MapFS) { f["corpus.jsonl"] = file(corpusLines + "\n" + corpusLines) },
		"two questions":         func(f fstest.MapFS) { f["queries.jsonl"] = file(queryLines + "\n" + queryLines) },
		"queries.jsonl, line 1": func(f fstest.MapFS) { f["queries.jsonl"] = file(`{"id":"q"}`) },
		"names the document":    func(f fstest.MapFS) { f["qrels.tsv"] = file("q1\tnone\t1") },
		"qrels.tsv, line 2":     func(f fstest.MapFS) { f["qrels.tsv"] = file("q1\td1\t1\nq1\td1\tgood") },
		"with tabs between":     func(f fstest.MapFS) { f["qrels.tsv"] = file("q1 d1 1") },
		"0 questions":           func(f fstest.MapFS) { f["queries.jsonl"] = file("") },
	} {
		files := fstest.MapFS{"corpus.jsonl": file(corpusLines), "queries.jsonl": file(queryLines), "qrels.tsv": file("q1\td1\t2\n")}
		change(files)
		if _, err := ReadDataset(files, "", "es"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// TestMeasureRetrievalAcross searches the one other language, and refuses to put scores of
// several searches in one order.
func TestMeasureRetrievalAcross(t *testing.T) {
	t.Parallel()
	embedder, err := offline.NewEmbedder(0)
	if err != nil {
		t.Fatal(err)
	}
	data := Dataset{
		Docs: []DatasetDoc{
			{ID: "d1", Lang: "es", Text: "El cargador universal cuesta diez euros"},
			{ID: "d2", Lang: "en-gb", Text: "The universal charger costs ten euros"},
			{ID: "d3", Lang: "en", Text: "Refunds take five days"},
		},
		Queries: []DatasetQuery{{ID: "q1", Lang: "es-mx", Text: "¿Cuánto cuesta el cargador universal?"}},
		Cross:   map[string]map[string]int{"q1": {"d2": 1}},
	}
	measure := func() (RetrievalReport, error) {
		index, err := knowledge.NewMemory(knowledge.IdentityOf(embedder))
		if err != nil {
			t.Fatal(err)
		}
		return MeasureRetrieval(t.Context(), RetrievalConfig{Index: index, Embedder: embedder, Dataset: data, Cross: true})
	}
	if report, err := measure(); err != nil || report.Overall.Recall1.Value != 1 {
		t.Errorf("%+v, %v", report.Overall, err)
	}
	data.Docs = append(data.Docs, DatasetDoc{ID: "d4", Lang: "fr", Text: "Le chargeur universel"})
	if _, err := measure(); err == nil || !strings.Contains(err.Error(), "question q1 is in es-mx and the documents are in en, es, fr") {
		t.Errorf("three languages: %v", err)
	}
}
