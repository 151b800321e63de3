package suite

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// eachLine calls take with every line of a file of JSON that is not empty.
func eachLine(files fs.FS, name string, take func(number int, line []byte) error) error {
	data, err := readAll(files, name)
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, maxImport)
	for number := 1; lines.Scan(); number++ {
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		if err := take(number, line); err != nil {
			return fmt.Errorf("import %s:%d: %w", name, number, err)
		}
	}
	return lines.Err()
}

// FromBEIR reads a folder of the BEIR form: queries.jsonl, and the judgements of
// qrels.tsv or qrels/test.tsv. A question becomes a case whose relevant documents are
// those with a grade above 0.
func FromBEIR(files fs.FS, folder string) (Suite, []Note, error) {
	im := &importer{file: path.Join(folder, "queries.jsonl")}
	relevant, err := judgements(files, folder)
	if err != nil {
		return Suite{}, nil, err
	}
	err = eachLine(files, im.file, func(number int, line []byte) error {
		var q struct {
			ID, Lang, Language, Text string
			Old                      string `json:"_id"`
			Answerable               *bool
		}
		if err := json.Unmarshal(line, &q); err != nil {
			return errors.New("this is not a JSON object with a text")
		}
		id := cmp.Or(q.Old, q.ID)
		e := Expect{Line: number, Relevant: relevant[id]}
		if q.Answerable != nil && !*q.Answerable {
			e.Decision = []string{"handoff"}
		}
		im.add(number, id, Case{Language: cmp.Or(q.Lang, q.Language)}, []string{q.Text}, e)
		return nil
	})
	if err != nil {
		return Suite{}, im.notes, err
	}
	s := im.suite(path.Base(path.Clean(folder)))
	if len(s.Cases) == 0 {
		return Suite{}, im.notes, fmt.Errorf("import %s: no question in it has a judgement", folder)
	}
	return s, im.notes, nil
}

// BEIRDocument is a document of a folder of the BEIR form, as a file of the knowledge base.
type BEIRDocument struct {
	// Name is that of the file, in a folder of its language, and Text its content, with the language at its beginning.
	Name, Text string
}

// BEIRDocuments reads corpus.jsonl in the folder or, where questions are split, above it. The notes name what can't be a file; without a corpus the error
// wraps fs.ErrNotExist.
func BEIRDocuments(files fs.FS, folder string) (list []BEIRDocument, notes []Note, err error) {
	im := &importer{file: path.Join(folder, "corpus.jsonl")}
	if _, err := fs.Stat(files, im.file); errors.Is(err, fs.ErrNotExist) {
		im.file = path.Join(path.Dir(folder), "corpus.jsonl")
	}
	seen := map[string]bool{}
	err = eachLine(files, im.file, func(number int, line []byte) error {
		var d struct {
			ID, Lang, Language, Locale, Title, Text string
			Old                                     string `json:"_id"`
		}
		if err := json.Unmarshal(line, &d); err != nil {
			return errors.New("this is not a JSON object with a text")
		}
		name, language := DocumentName(cmp.Or(d.Old, d.ID)), languageOf(cmp.Or(d.Lang, d.Language, d.Locale, guess(d.Title+" "+d.Text)))
		switch {
		case language == "":
			im.note(number, "the language is neither Spanish nor English; left out")
		case strings.TrimSpace(d.Text) == "":
			im.note(number, "the document is empty; left out")
		case !fs.ValidPath(name) || seen[language+"/"+name]:
			im.note(number, "the id can't be the name of a file of its own; left out")
		default:
			seen[language+"/"+name] = true
			list = append(list, BEIRDocument{Name: language + "/" + name + ".md", Text: fmt.Sprintf("---\nlocale: %s\ntitle: %q\n---\n%s\n", language, cmp.Or(d.Title, name), d.Text)})
		}
		return nil
	})
	return list, im.notes, err
}

// judgements reads the relevant documents of each question.
func judgements(files fs.FS, folder string) (map[string][]string, error) {
	var data []byte
	err := fs.ErrNotExist
	var name string
	for _, name = range []string{"qrels.tsv", "qrels/test.tsv", "qrels/dev.tsv", "qrels/train.tsv"} {
		if data, err = readAll(files, path.Join(folder, name)); err == nil || !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if err != nil {
		return nil, fmt.Errorf("import %s: this is no folder of the BEIR form: neither qrels.tsv nor qrels/test.tsv, dev.tsv or train.tsv is in it", folder)
	}
	relevant := map[string][]string{}
	number := 0
	for line := range strings.Lines(string(data)) {
		number++
		parts := strings.Fields(line)
		if len(parts) == 0 || number == 1 && strings.HasPrefix(parts[0], "query") {
			continue
		}
		// Three columns, or four with TREC's 0 in the second.
		grade, err := strconv.Atoi(parts[len(parts)-1])
		if len(parts) < 3 || len(parts) > 4 || err != nil {
			return nil, fmt.Errorf("import %s:%d: a judgement is a question, a document and a grade", path.Join(folder, name), number)
		}
		if grade > 0 {
			relevant[parts[0]] = append(relevant[parts[0]], DocumentName(parts[len(parts)-2]))
		}
	}
	return relevant, nil
}
