package evals

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// ReadAnswerable reads a test collection whose questions may have no answer in it: that
// of ReadDataset with `answerable` in its questions, or a file queries.jsonl or
// examples.jsonl alone whose rows have `contexts`, which become the documents that their
// question searches. drop lists ids of documents, one a line, that are left out; nil
// leaves none out. Whether a question that does not say so is answerable follows from
// whether a document that answers it is left.
func ReadAnswerable(files fs.FS, split, locale string, drop []byte) (Dataset, error) {
	d, err := readAnyDataset(files, split, locale)
	if err != nil {
		return d, err
	}
	d.group()
	if err := d.drop(drop); err != nil {
		return d, err
	}
	if err := d.spread(); err != nil {
		return d, err
	}
	return d, d.label()
}

func readAnyDataset(files fs.FS, split, locale string) (Dataset, error) {
	if exists(files, "corpus.jsonl") {
		return ReadDataset(files, split, locale)
	}
	folders := []string{split}
	if split == "" {
		folders = []string{".", "dev", "test", "heldout"}
	}
	for _, folder := range folders {
		for _, name := range []string{"examples.jsonl", "queries.jsonl"} {
			if file := path.Join(folder, name); exists(files, file) {
				d, row := Dataset{}, 0
				err := readJSONL(files, file, func(line []byte) error {
					row++ // no judgement names these questions, so any name will do
					return d.addQuery(line, locale, strconv.Itoa(row))
				})
				return d, err
			}
		}
	}
	return Dataset{}, errors.New("there is neither a corpus.jsonl nor an examples.jsonl whose rows have `contexts`")
}

// partMark is what the parts of a document, and the turns of a conversation, have behind
// their name; langMark is a language before it.
var (
	partMark = regexp.MustCompile(`(?::\d+|<::>.*)$`)
	langMark = regexp.MustCompile(`^[a-z]{2}:`)
)

// group puts questions about one article, in whatever language, and those of one
// conversation together.
func (d *Dataset) group() {
	for i := range d.Queries {
		q := &d.Queries[i]
		about := q.ContextID
		for _, doc := range slices.Sorted(maps.Keys(d.Qrels[q.ID])) {
			about = cmp.Or(about, doc)
		}
		switch {
		case len(q.History) > 0 || strings.Contains(q.ID, "<::>"):
			about = partMark.ReplaceAllString(q.ID, "")
		case partMark.MatchString(about):
			about = partMark.ReplaceAllString(about, "")
		default:
			about = q.ID // which stands alone, whatever its name looks like
		}
		q.Group = langMark.ReplaceAllString(about, "")
	}
}

// drop takes documents out, and the judgements that name them.
func (d *Dataset) drop(list []byte) error {
	out := map[string]bool{}
	for line := range bytes.Lines(list) {
		if id := strings.TrimSpace(string(line)); id != "" {
			out[id] = true
		}
	}
	unknown := len(out)
	kept := d.Docs[:0]
	for _, doc := range d.Docs {
		if out[doc.ID] {
			unknown--
			continue
		}
		kept = append(kept, doc)
	}
	if len(out) > 0 && unknown == len(out) {
		return fmt.Errorf("none of the %d documents to leave out is in corpus.jsonl", len(out))
	}
	d.Dropped, d.UnknownDrops = len(d.Docs)-len(kept), unknown
	d.Docs = kept
	for query, grades := range d.Qrels {
		for doc := range grades {
			if out[doc] {
				delete(grades, doc)
			}
		}
		if len(grades) == 0 {
			d.Qrels[query] = nil // judged, and nothing is left
		}
	}
	return nil
}

// spread makes documents of the contexts of questions. Contexts that are ids of documents
// name those.
func (d *Dataset) spread() error {
	docs := make(map[string]bool, len(d.Docs))
	for _, doc := range d.Docs {
		docs[doc.ID] = true
	}
	for i := range d.Queries {
		q := &d.Queries[i]
		for n, context := range q.Contexts {
			if docs[context] {
				q.Pool = append(q.Pool, context)
				continue
			}
			doc := DatasetDoc{ID: q.ID + "#" + strconv.Itoa(n), Lang: q.Lang, Text: context}
			if title, text, ok := strings.Cut(context, ": "); ok && len(title) <= longestTitle && !strings.ContainsAny(title, ".?!\n") {
				doc.Title, doc.Text = title, text
			}
			if docs[doc.ID] {
				return fmt.Errorf("question %s: a document has the id %s, which its context needs", q.ID, doc.ID)
			}
			d.Docs, q.Pool = append(d.Docs, doc), append(q.Pool, doc.ID)
		}
	}
	if len(d.Docs) == 0 {
		return errors.New("there are no documents: the questions have no `contexts`")
	}
	return nil
}

// longestTitle is the length in bytes up to which what stands before the first colon of a
// context is taken for its title.
const longestTitle = 80

// label says of every question whether it is answerable. One whose documents are all left
// out is not, whatever it was before.
func (d *Dataset) label() error {
	for i := range d.Queries {
		q := &d.Queries[i]
		grades, judged := d.Qrels[q.ID]
		answerable := len(grades) > 0
		switch {
		case q.Answerable != nil && judged:
			answerable = *q.Answerable && answerable
		case q.Answerable != nil:
			answerable = *q.Answerable
		case !judged:
			return fmt.Errorf("question %s says nothing of `answerable`, and no judgement names it", q.ID)
		}
		q.Answerable = &answerable
	}
	if len(d.Queries) < leastRows {
		return fmt.Errorf("there are %d questions; at least %d are needed", len(d.Queries), leastRows)
	}
	return nil
}
