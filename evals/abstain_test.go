package evals_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/recado/recado/evals"
	"github.com/recado/recado/rag/offline"
)

// things are what a small shop knows of: each has a document and a question about it.
var things = []string{
	"kettle", "lamp", "carpet", "printer", "bicycle", "mattress", "camera", "guitar", "umbrella", "blender",
	"heater", "telescope", "backpack", "hammock", "keyboard", "scooter", "aquarium", "ladder", "toaster", "speaker",
}

// smallShop is a data set over some of the things: the documents of the others are not there.
func smallShop(prefix string, from, to int) fstest.MapFS {
	var corpus, queries, qrels strings.Builder
	for i, thing := range things {
		fmt.Fprintf(&corpus, `{"id":"%s:0","lang":"en","text":"The %s has a warranty of %d months. It weighs %d kilograms and comes in a green box."}`+"\n", thing, thing, i+12, i+2)
		if i < from || i >= to {
			continue
		}
		for n, text := range []string{"How many months of warranty does the %s have?", "How many kilograms does the %s weigh?"} {
			fmt.Fprintf(&queries, `{"id":"%s%d-%d","lang":"en","text":%q}`+"\n", prefix, i, n, fmt.Sprintf(text, thing))
			fmt.Fprintf(&qrels, "%s%d-%d\t%s:0\t1\n", prefix, i, n, thing)
		}
	}
	return fstest.MapFS{"corpus.jsonl": written(corpus.String()), "queries.jsonl": written(queries.String()), "qrels.tsv": written(qrels.String())}
}

func written(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }

// removed is every second thing, as a file for ReadAnswerable.
func removed() []byte {
	var list strings.Builder
	for i, thing := range things {
		if i%2 == 1 {
			list.WriteString(thing + ":0\n")
		}
	}
	return []byte(list.String())
}

func readShop(t *testing.T, prefix string, from, to int) evals.Dataset {
	t.Helper()
	d, err := evals.ReadAnswerable(smallShop(prefix, from, to), "", "en", removed())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func measureAbstain(t *testing.T, c evals.AbstainConfig) evals.AbstainReport {
	t.Helper()
	var err error
	if c.Embedder, err = offline.NewEmbedder(64); err != nil {
		t.Fatal(err)
	}
	report, err := evals.MeasureAbstain(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestMeasureAbstain(t *testing.T) {
	t.Parallel()
	data := readShop(t, "q", 0, 10)
	for name, train := range map[string]*evals.Dataset{"shipped": nil, "trained": new(readShop(t, "t", 10, 20))} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := measureAbstain(t, evals.AbstainConfig{Data: data, Train: train})
			f := r.Overall
			if f.N != 20 || f.NAnswerable != 10 {
				t.Fatalf("%d questions, %d of them answerable", f.N, f.NAnswerable)
			}
			if f.AUROCAnswerable == nil || *f.AUROCAnswerable < 0.95 || f.EAURC > 0.05 {
				t.Errorf("AUROC %.3f and E-AURC %v where half of the documents are not there", *f.AUROCAnswerable, f.EAURC)
			}
			if (train == nil) != (r.Fitted == "shipped") {
				t.Errorf("the report says %q", r.Fitted)
			}
		})
	}
}

// Where nothing is answerable there is no AUROC, and JSON knows no NaN.
func TestMeasureAbstainWithoutAnswers(t *testing.T) {
	t.Parallel()
	var rows strings.Builder
	for i, thing := range things {
		fmt.Fprintf(&rows, `{"id":"n%d","lang":"en","text":"Who invented the %s?","answerable":false,"contexts":["Boxes: They are green.","%s: It has a warranty."]}`+"\n", i, thing, thing)
	}
	d, err := evals.ReadAnswerable(fstest.MapFS{"dev/examples.jsonl": written(rows.String())}, "", "en", nil)
	if err != nil {
		t.Fatal(err)
	}
	report := measureAbstain(t, evals.AbstainConfig{Data: d})
	var encoded, table bytes.Buffer
	if err := report.WriteJSON(&encoded); err != nil {
		t.Fatal(err)
	}
	if err := report.WriteTable(&table); err != nil {
		t.Fatal(err)
	}
	var figures struct {
		Overall    map[string]any            `json:"overall"`
		ByLanguage map[string]map[string]any `json:"by_language"`
	}
	if err := json.Unmarshal(encoded.Bytes(), &figures); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"n", "auroc_answerable", "auroc_correct", "aurc", "e_aurc", "coverage@95", "precision@95", "ece", "ece_null", "false_answers"} {
		if _, ok := figures.ByLanguage["en"][name]; !ok {
			t.Errorf("by_language has no %q", name)
		}
	}
	if v := figures.Overall["auroc_answerable"]; v != nil {
		t.Errorf("auroc_answerable is %v where nothing is answerable", v)
	}
	if v := figures.Overall["e_aurc"]; v != 0.0 {
		t.Errorf("e_aurc is %v where no order is better than another", v)
	}
	if !strings.Contains(table.String(), "false answers") || strings.Contains(table.String(), "NaN") {
		t.Errorf("the table:\n%s", table.String())
	}
}

func TestReadAnswerable(t *testing.T) {
	t.Parallel()
	d := readShop(t, "q", 0, 10)
	if len(d.Docs) != 10 {
		t.Errorf("%d documents are left of %d", len(d.Docs), len(things))
	}
	for i, q := range d.Queries {
		if want := i/2%2 == 0; *q.Answerable != want {
			t.Errorf("%s %q: answerable is %v", q.ID, q.Text, *q.Answerable)
		}
		if q.Group != things[i/2] {
			t.Errorf("%s is of the group %q, not %q", q.ID, q.Group, things[i/2])
		}
	}
}

// A question that no document groups stands alone, though its name looks like a part of one.
func TestReadAnswerableGroups(t *testing.T) {
	t.Parallel()
	var rows strings.Builder
	for i := range 20 {
		fmt.Fprintf(&rows, `{"id":"en:%d","lang":"en","text":"Which thing weighs %d?","answerable":false,"contexts":["A thing weighs 1."]}`+"\n", i, i)
	}
	d, err := evals.ReadAnswerable(fstest.MapFS{"examples.jsonl": written(rows.String())}, "", "en", nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, q := range d.Queries {
		if q.Group != fmt.Sprint(i) {
			t.Errorf("%s is of the group %q", q.ID, q.Group)
		}
	}
}

func TestReadAnswerableContexts(t *testing.T) {
	t.Parallel()
	row := `{"id":"a%d","text":"Who?","answerable":true,"contexts":["Boxes: They are green.","What is this: a question? Yes."]}` + "\n"
	var rows strings.Builder
	for i := range 10 {
		fmt.Fprintf(&rows, row, i)
	}
	d, err := evals.ReadAnswerable(fstest.MapFS{"examples.jsonl": written(rows.String())}, "", "en", nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Docs) != 20 || len(d.Queries[3].Pool) != 2 || d.Queries[3].Pool[1] != "a3#1" {
		t.Fatalf("%d documents, and a3 searches %v", len(d.Docs), d.Queries[3].Pool)
	}
	if d.Docs[0].Title != "Boxes" || d.Docs[0].Text != "They are green." {
		t.Errorf("the context with a title became %+v", d.Docs[0])
	}
}

func TestReadAnswerableMistakes(t *testing.T) {
	t.Parallel()
	ten := func(row string) string {
		var rows strings.Builder
		for i := range 10 {
			fmt.Fprintf(&rows, row+"\n", i)
		}
		return rows.String()
	}
	corpus := written(`{"id":"d","text":"a text"}`)
	for name, c := range map[string]struct {
		files fstest.MapFS
		drop  string
		want  string
	}{
		"nothing there":     {fstest.MapFS{}, "", "corpus.jsonl"},
		"no contexts":       {fstest.MapFS{"examples.jsonl": written(ten(`{"id":"a%d","text":"Who?","answerable":true}`))}, "", "contexts"},
		"nothing labelled":  {fstest.MapFS{"examples.jsonl": written(ten(`{"id":"a%d","text":"Who?","contexts":["x"]}`))}, "", "answerable"},
		"too few":           {fstest.MapFS{"examples.jsonl": written(`{"id":"a","text":"Who?","answerable":true,"contexts":["x"]}`)}, "", "at least 10"},
		"a stranger's list": {fstest.MapFS{"corpus.jsonl": corpus, "queries.jsonl": written(ten(`{"id":"a%d","text":"Who?"}`)), "qrels.tsv": written("a0\td\t1")}, "other", "none of the 1"},
		"not JSON":          {fstest.MapFS{"examples.jsonl": written(`{`)}, "", "line 1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := evals.ReadAnswerable(c.files, "", "en", []byte(c.drop))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the error is %v, without %q", err, c.want)
			}
		})
	}
}

func TestMeasureAbstainRefusesWhatItLearntFrom(t *testing.T) {
	t.Parallel()
	e, err := offline.NewEmbedder(64)
	if err != nil {
		t.Fatal(err)
	}
	d := readShop(t, "q", 0, 10)
	if _, err := evals.MeasureAbstain(context.Background(), evals.AbstainConfig{Embedder: e, Data: d, Train: &d}); err == nil || !strings.Contains(err.Error(), "20 questions") {
		t.Errorf("trained on what is measured: %v", err)
	}
}

// knowing is a judge that knows which questions have an answer, and fails on some.
type knowing struct {
	lock  sync.Mutex
	heard []string
	fails string
}

func (k *knowing) Sufficient(_ context.Context, question string, passages []string) (float64, error) {
	k.lock.Lock()
	defer k.lock.Unlock()
	k.heard = append(k.heard, question)
	switch {
	case len(passages) == 0 || len(passages) > 5:
		return 0, fmt.Errorf("%d passages", len(passages))
	case k.fails != "" && strings.Contains(question, k.fails):
		return 0, errors.New("no answer")
	case strings.Contains(question, "kilograms"):
		return 0.9, nil
	}
	return 0.1, nil
}

// Each passage is about its question. Only the judge knows that it speaks of the weight alone.
func TestMeasureAbstainAsksAJudge(t *testing.T) {
	t.Parallel()
	read := func(prefix string, from, to int) evals.Dataset {
		var rows strings.Builder
		for i, thing := range things[from:to] {
			for n, text := range []string{"How heavy in kilograms is the %s of ana@example.com?", "How heavy in pounds is the %s of ana@example.com?"} {
				fmt.Fprintf(&rows, `{"id":"%s%d-%d","lang":"en","text":%q,"answerable":%v,"contexts":["%s: It is heavy."]}`+"\n",
					prefix, i, n, fmt.Sprintf(text, thing), n == 0, thing)
			}
		}
		d, err := evals.ReadAnswerable(fstest.MapFS{"dev/examples.jsonl": written(rows.String())}, "", "en", nil)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	data := read("q", 0, 10)
	for name, train := range map[string]*evals.Dataset{"shipped": nil, "trained": new(read("t", 10, 20))} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			judge := &knowing{}
			report := measureAbstain(t, evals.AbstainConfig{Data: data, Train: train, Judge: judge})
			if *report.Overall.AUROCAnswerable < 0.95 || report.Unjudged == nil || *report.Unjudged != 0 {
				t.Errorf("AUROC %.3f with a judge that knows, which failed on %v", *report.Overall.AUROCAnswerable, report.Unjudged)
			}
			for _, question := range judge.heard {
				if strings.Contains(question, "ana@example.com") {
					t.Fatalf("the judge was told %q", question)
				}
			}
			failing := measureAbstain(t, evals.AbstainConfig{Data: data, Train: train, Judge: &knowing{fails: "pounds"}})
			if *failing.Unjudged != 10 || failing.Overall.N != 20 {
				t.Errorf("of %d questions the judge failed on %d", failing.Overall.N, *failing.Unjudged)
			}
			var table bytes.Buffer
			if err := failing.WriteTable(&table); err != nil || !strings.Contains(table.String(), "no judgement on 10") {
				t.Errorf("%v, %s", err, table.String())
			}
		})
	}
}

func TestAbstainTakesRowsWithoutIDs(t *testing.T) {
	t.Parallel()
	var rows strings.Builder
	for i, thing := range things {
		fmt.Fprintf(&rows, `{"text":"How much does the %s weigh?","contexts":["The %s weighs %d kilograms."],"answerable":%v}`+"\n", thing, thing, i+2, i%2 == 0)
	}
	d, err := evals.ReadAnswerable(fstest.MapFS{"heldout/examples.jsonl": written(rows.String())}, "", "en", nil)
	if err != nil || len(d.Queries) != len(things) || d.Queries[0].ID == d.Queries[1].ID || len(d.Docs) != len(things) {
		t.Errorf("%v, %d questions, %d documents", err, len(d.Queries), len(d.Docs))
	}
}

func TestAbstainSaysWhichDocumentsAreUnknown(t *testing.T) {
	t.Parallel()
	d, err := evals.ReadAnswerable(smallShop("q", 0, 20), "", "en", append(removed(), "no such:0\n"...))
	if err != nil || d.Dropped != 10 || d.UnknownDrops != 1 {
		t.Errorf("%v, %d left out, %d unknown", err, d.Dropped, d.UnknownDrops)
	}
}

func TestAbstainIntervalsHaveTheNamesOfTheirFigures(t *testing.T) {
	t.Parallel()
	e, err := offline.NewEmbedder(0)
	if err != nil {
		t.Fatal(err)
	}
	report, err := evals.MeasureAbstain(context.Background(), evals.AbstainConfig{Embedder: e, Data: readShop(t, "q", 0, 20)})
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := report.WriteJSON(&file); err != nil {
		t.Fatal(err)
	}
	var figures struct {
		Overall map[string]json.RawMessage `json:"overall"`
	}
	if err := json.Unmarshal(file.Bytes(), &figures); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"auroc_answerable", "auroc_correct", "aurc", "e_aurc", "coverage@95", "precision@95", "ece_null", "false_answers"} {
		if _, ok := report.Overall.Intervals[name]; !ok || figures.Overall[name] == nil {
			t.Errorf("%s has no figure or no interval: %v", name, report.Overall.Intervals)
		}
	}
	for name := range report.Overall.Intervals {
		if figures.Overall[name] == nil {
			t.Errorf("there is an interval of %s, and no such figure", name)
		}
	}
}
