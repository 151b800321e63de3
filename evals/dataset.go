package evals

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// maxDatasetLine bounds one line of a data set.
const maxDatasetLine = 16 << 20

// Dataset is a test collection: documents, questions and judgements of which
// document answers which question.
type Dataset struct {
	Docs    []DatasetDoc
	Queries []DatasetQuery
	// Qrels and Cross are the grades, more than 0, of documents by query: Qrels of those
	// in the query's own language, Cross of those in another.
	Qrels, Cross map[string]map[string]int
	// Dropped is how many documents ReadAnswerable has left out, UnknownDrops how many ids
	// of its list name none.
	Dropped, UnknownDrops int
}

// DatasetDoc is a document of a Dataset.
type DatasetDoc struct {
	ID    string `json:"id"`
	Lang  string `json:"lang"`
	Title string `json:"title"`
	Text  string `json:"text"`
}

// DatasetQuery is a question of a Dataset.
type DatasetQuery struct {
	ID   string `json:"id"`
	Lang string `json:"lang"`
	Text string `json:"text"`
	// Noisy is the question as somebody types it on a phone.
	Noisy string `json:"noisy"`
	// Pool restricts the search to these documents.
	Pool []string `json:"pool"`
	// History is the conversation before the question, oldest first.
	History []DatasetTurn `json:"history"`
	// Answerable says whether the documents answer it; nil says nothing.
	Answerable *bool `json:"answerable"`
	// Contexts are the passages that there are for it, where no search is to be made.
	Contexts []string `json:"contexts"`
	// ContextID is the document that it was written about, whether that answers it or not.
	ContextID string `json:"context_id"`
	// Group ties questions that are alike, such as those about one article: weights and
	// thresholds are not tried on what they were fitted on. ReadAnswerable sets it.
	Group string `json:"-"`
}

// DatasetTurn is what somebody said before the question.
type DatasetTurn struct {
	Role string `json:"role"`
	Text string `json:"text"`
}

// ReadDataset reads corpus.jsonl, queries.jsonl and qrels.tsv, and qrels_crosslingual.tsv
// where it is. The questions lie beside the corpus or in the folder named by split,
// such as "dev". A BEIR folder has the same files with other names for its fields, and
// its judgements in qrels/<split>.tsv ("test" where split says nothing). locale is the language of texts that
// name none. An error names the file and the line.
func ReadDataset(files fs.FS, split, locale string) (Dataset, error) {
	d := Dataset{}
	place, err := datasetPlace(files, split)
	if err != nil {
		return d, err
	}
	if err := readJSONL(files, "corpus.jsonl", func(line []byte) error { return d.addDoc(line, locale) }); err != nil {
		return d, err
	}
	if err := readJSONL(files, path.Join(place.queries, "queries.jsonl"), func(line []byte) error { return d.addQuery(line, locale, "") }); err != nil {
		return d, err
	}
	if d.Qrels, err = readQrels(files, place.qrels); err != nil {
		return d, err
	}
	if d.Cross, err = readQrels(files, path.Join(place.queries, "qrels_crosslingual.tsv")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return d, err
	}
	if len(d.Docs) == 0 || len(d.Queries) == 0 {
		return d, fmt.Errorf("the data set has %d documents and %d questions; it needs some of both", len(d.Docs), len(d.Queries))
	}
	return d, d.check()
}

// datasetFiles are the places of a data set's files.
type datasetFiles struct{ queries, qrels string }

// datasetPlace finds the questions and judgements.
func datasetPlace(files fs.FS, split string) (datasetFiles, error) {
	folders := []string{split}
	if split == "" {
		folders = []string{".", "dev", "test", "heldout"}
	}
	for _, folder := range folders {
		if exists(files, path.Join(folder, "queries.jsonl")) {
			qrels := path.Join(folder, "qrels.tsv")
			if beir := path.Join("qrels", "test.tsv"); folder == "." && !exists(files, qrels) && exists(files, beir) {
				qrels = beir
			}
			return datasetFiles{folder, qrels}, nil
		}
	}
	if beir := path.Join("qrels", split+".tsv"); exists(files, "queries.jsonl") && exists(files, beir) {
		return datasetFiles{".", beir}, nil
	}
	return datasetFiles{}, fmt.Errorf("there is no queries.jsonl in the folder or in its %s; --split names another one",
		strings.Join(folders[min(1, len(folders)-1):], ", "))
}

func exists(files fs.FS, name string) bool {
	_, err := fs.Stat(files, name)
	return err == nil
}

// readJSONL calls add for each line that is not empty.
func readJSONL(files fs.FS, name string, add func([]byte) error) error {
	file, err := files.Open(name)
	if err != nil {
		return fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	defer file.Close() // only read from: nothing can be lost
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, maxDatasetLine)
	n := 0
	for lines.Scan() {
		n++
		if line := bytes.TrimSpace(lines.Bytes()); len(line) > 0 {
			if err := add(line); err != nil {
				return fmt.Errorf("%s, line %d: %w", name, n, err)
			}
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%s, line %d: %w", name, n+1, err)
	}
	return nil
}

// beirID is the name that BEIR has for an id.
type beirID struct {
	ID string `json:"_id"`
}

func (d *Dataset) addDoc(line []byte, locale string) error {
	var doc DatasetDoc
	var beir beirID
	if err := cmp.Or(decodeRow(line, &doc), decodeRow(line, &beir)); err != nil {
		return fmt.Errorf("the document can't be read: %w", err)
	}
	if doc.ID == "" {
		doc.ID = beir.ID
	}
	if doc.ID == "" {
		return errors.New("the document has no id")
	}
	if doc.Lang == "" {
		doc.Lang = locale
	}
	d.Docs = append(d.Docs, doc)
	return nil
}

// addQuery adds a question. One that has no id gets that of unnamed.
func (d *Dataset) addQuery(line []byte, locale, unnamed string) error {
	var q DatasetQuery
	var beir beirID
	if err := cmp.Or(decodeRow(line, &q), decodeRow(line, &beir)); err != nil {
		return fmt.Errorf("the question can't be read: %w", err)
	}
	q.ID = cmp.Or(q.ID, beir.ID, unnamed)
	if q.ID == "" || q.Text == "" {
		return errors.New("the question has no id or no text")
	}
	if q.Lang == "" {
		q.Lang = locale
	}
	d.Queries = append(d.Queries, q)
	return nil
}

// readQrels reads query, document and grade with tabs between, with or without a
// header. Grades of 0 and less say that a document does not answer.
func readQrels(files fs.FS, name string) (map[string]map[string]int, error) {
	qrels, first := map[string]map[string]int{}, true
	err := readJSONL(files, name, func(line []byte) error {
		fields := strings.Split(string(line), "\t")
		header := first
		first = false
		if len(fields) < 3 {
			return errors.New("not a query, a document and a grade with tabs between")
		}
		grade, err := strconv.Atoi(strings.TrimSpace(fields[len(fields)-1]))
		if err != nil {
			if header {
				return nil
			}
			return fmt.Errorf("the grade %q is no whole number", fields[len(fields)-1])
		}
		query, doc := fields[0], fields[len(fields)-2]
		if grade <= 0 {
			return nil
		}
		if qrels[query] == nil {
			qrels[query] = map[string]int{}
		}
		qrels[query][doc] = grade
		return nil
	})
	return qrels, err
}

// check finds what would make figures wrong without a word.
func (d *Dataset) check() error {
	docs := make(map[string]bool, len(d.Docs))
	for _, doc := range d.Docs {
		if docs[doc.ID] {
			return fmt.Errorf("corpus.jsonl has two documents with the id %q", doc.ID)
		}
		docs[doc.ID] = true
	}
	queries := make(map[string]bool, len(d.Queries))
	for _, q := range d.Queries {
		if queries[q.ID] {
			return fmt.Errorf("queries.jsonl has two questions with the id %q", q.ID)
		}
		queries[q.ID] = true
	}
	for _, qrels := range []map[string]map[string]int{d.Qrels, d.Cross} {
		for _, grades := range qrels {
			for doc := range grades {
				if !docs[doc] {
					return fmt.Errorf("a judgement names the document %q, which corpus.jsonl does not have", doc)
				}
			}
		}
	}
	return nil
}
