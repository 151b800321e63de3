package suite

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// FromQuestions reads labelled questions as lines of JSON, the form of `recado eval run
// --cases`: id, locale, text, kind, decision, docs, facts, customer, foreign.
func FromQuestions(files fs.FS, name string) (Suite, []Note, error) {
	im := &importer{file: name}
	err := eachLine(files, name, func(number int, line []byte) error {
		var q struct {
			ID, Group, Locale, Text, Kind, Decision, Customer, Order string
			Docs                                                     []string
			Facts                                                    []wordings
			Foreign                                                  bool
		}
		if err := json.Unmarshal(line, &q); err != nil {
			return errors.New("this is not a JSON object of a labelled question")
		}
		e := Expect{Line: number, Sources: q.Docs}
		if q.Decision != "" {
			e.Decision = []string{q.Decision}
		}
		if q.Foreign {
			// That it is not among theirs is a right answer too.
			e.Decision = []string{"handoff", "reply"}
		}
		if len(e.Decision) > 0 && silent(e.Decision) {
			e.Sources, e.Relevant = nil, q.Docs
		}
		for _, f := range q.Facts {
			e.Says = append(e.Says, Fact(f))
		}
		group := cmp.Or(q.Group, strings.TrimPrefix(q.ID, q.Locale+"-"))
		c := Case{Language: q.Locale, Customer: Customer{Phone: digits(q.Customer)}}
		if q.Kind != "" {
			c.Tags = []string{q.Kind}
		}
		im.add(number, group, c, []string{q.Text}, e)
		return nil
	})
	if err != nil {
		return Suite{}, im.notes, err
	}
	return im.finished(name)
}

// finished is the suite, or an error where nothing is in it.
func (im *importer) finished(name string) (Suite, []Note, error) {
	s := im.suite(base(name))
	if len(s.Cases) == 0 {
		return Suite{}, im.notes, fmt.Errorf("import %s: there is no question in it that could be taken", name)
	}
	return s, im.notes, nil
}

// wordings is a fact as a text or a list of texts.
type wordings []string

// UnmarshalJSON accepts both.
func (w *wordings) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*w = wordings{one}
		return nil
	}
	var several []string
	err := json.Unmarshal(data, &several)
	*w = several
	return err
}

// columns are the names that a column of a table may have, in either language.
var columns = map[string][]string{
	"id":       {"id"},
	"group":    {"group", "grupo"},
	"question": {"question", "pregunta", "text", "texto", "message", "mensaje", "say"},
	"says":     {"says", "facts", "answer", "expected", "hechos", "respuesta", "dice"},
	"never":    {"never", "nunca"},
	"language": {"language", "lang", "locale", "idioma"},
	"sources":  {"sources", "source", "docs", "document", "fuente", "fuentes", "documento"},
	"decision": {"decision", "decisión"},
	"reason":   {"reason", "motivo", "razón"},
	"customer": {"customer", "phone", "cliente", "teléfono", "telefono"},
	"tags":     {"tags", "tag", "etiquetas", "etiqueta", "kind"},
	"intent":   {"intent", "intención", "intencion"},
	"risk":     {"risk", "riesgo"},
}

// FromTable reads labelled questions from a CSV or a TSV with a header. Several facts,
// sources or tags are parted by ";", and wordings of one fact by "|". Rows with the same
// group are one case in several languages.
func FromTable(files fs.FS, name string) (Suite, []Note, error) {
	data, err := readAll(files, name)
	if err != nil {
		return Suite{}, nil, err
	}
	im := &importer{file: name}
	reader := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(data), "\ufeff")))
	reader.FieldsPerRecord, reader.LazyQuotes = -1, true
	if path.Ext(name) == ".tsv" {
		reader.Comma = '\t'
	} else if header, _, _ := strings.Cut(string(data), "\n"); strings.Count(header, ";") > strings.Count(header, ",") {
		reader.Comma = ';' // what Spanish spreadsheets write
	}
	header, err := reader.Read()
	if err != nil {
		return Suite{}, nil, fmt.Errorf("import %s: the first line has to name the columns: %w", name, err)
	}
	places := im.header(header)
	if _, ok := places["question"]; !ok {
		return Suite{}, im.notes, fmt.Errorf("import %s:1: no column is the question; name one of them question", name)
	}
	for {
		row, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return im.finished(name)
		}
		if err != nil {
			return Suite{}, im.notes, fmt.Errorf("import %s: %w", name, err)
		}
		line, _ := reader.FieldPos(0)
		im.row(line, func(column string) string {
			at, ok := places[column]
			if !ok || at >= len(row) {
				return ""
			}
			return strings.TrimSpace(row[at])
		})
	}
}

// header finds the columns.
func (im *importer) header(names []string) map[string]int {
	places := map[string]int{}
	for i, name := range names {
		word := strings.ToLower(strings.TrimSpace(name))
		known := ""
		for column, names := range columns {
			if slices.Contains(names, word) {
				known = column
			}
		}
		_, twice := places[known]
		switch {
		case known == "" && word != "":
			im.note(1, "the column `%s` has no counterpart in a suite; not taken", name)
		case twice:
			im.note(1, "the column `%s` is there under another name already; not taken", name)
		case known != "":
			places[known] = i
		}
	}
	return places
}

func (im *importer) row(line int, cell func(string) string) {
	e := Expect{Line: line, Sources: parted(cell("sources"), ";"), Decision: im.words(line, "decision", cell("decision")), Reason: im.words(line, "reason", cell("reason"))}
	for i, name := range e.Sources {
		e.Sources[i] = DocumentName(name)
	}
	for _, fact := range parted(cell("says"), ";") {
		e.Says = append(e.Says, parted(fact, "|"))
	}
	for _, fact := range parted(cell("never"), ";") {
		e.Never = append(e.Never, parted(fact, "|"))
	}
	if len(e.Reason) > 0 && !slices.Contains(e.Decision, "handoff") {
		e.Decision = append(e.Decision, "handoff")
	}
	if len(e.Decision) > 0 && silent(e.Decision) {
		e.Sources, e.Relevant = nil, e.Sources
	}
	c := Case{Language: cell("language"), Tags: im.plainWords(line, parted(cell("tags"), ";")), Customer: Customer{Phone: digits(cell("customer"))}}
	if words := im.plainWords(line, []string{cell("intent")}); len(words) == 1 {
		c.Intent = words[0]
	}
	if words := im.plainWords(line, []string{cell("risk")}); len(words) == 1 {
		c.Risk = words[0]
	}
	im.add(line, cmp.Or(cell("group"), cell("id"), cell("question")), c, []string{cell("question")}, e)
}

// parted takes a cell apart.
func parted(cell, by string) []string {
	return slices.DeleteFunc(trimmed(strings.Split(cell, by)), func(s string) bool { return s == "" })
}

// words are those of a cell that a suite knows for a key.
func (im *importer) words(line int, key, cell string) []string {
	known := enum(key + "word")
	return slices.DeleteFunc(parted(strings.ToLower(cell), ";"), func(word string) bool {
		if slices.Contains(known, word) {
			return false
		}
		im.note(line, "`%s` is no word for `%s`%s", word, key, suggest(word, known))
		return true
	})
}

// enum are the words of a definition of the schema.
func enum(def string) []string {
	var file struct {
		Defs map[string]struct {
			Enum []string `json:"enum"`
		} `json:"$defs"`
	}
	if json.Unmarshal(schemaFile, &file) != nil {
		return nil // a test reads it
	}
	return file.Defs[def].Enum
}

// plainWords leaves out what can't be a tag.
func (im *importer) plainWords(line int, words []string) []string {
	return slices.DeleteFunc(words, func(word string) bool {
		if word == "" {
			return true
		}
		if !tagWord.MatchString(word) {
			im.note(line, "`%s` can't be a tag, an intent or a risk; not taken", word)
			return true
		}
		return false
	})
}
