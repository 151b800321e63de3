package evals

import (
	"math"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/rag/offline"
)

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
