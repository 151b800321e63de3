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
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// FromQuestions reads labelled questions as lines of JSON, the form of `recado eval
// questions --cases`: id, locale, text, kind, decision, docs, facts, customer, foreign.
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

// columns are the names that a column of a table may have, in either language, without accents.
var columns = map[string][]string{
	"id":       {"id", "question id", "numero", "n"},
	"group":    {"group", "grupo"},
	"question": {"question", "pregunta", "text", "texto", "message", "mensaje", "say", "consulta", "query", "user", "cliente dice", "input"},
	"says":     {"says", "facts", "answer", "expected", "expected answer", "ground truth", "reference", "hechos", "respuesta", "respuesta esperada", "dice", "debe decir"},
	"never":    {"never", "nunca", "must not say", "no debe decir"},
	"language": {"language", "lang", "locale", "idioma", "lengua"},
	"sources":  {"sources", "source", "docs", "document", "documents", "fuente", "fuentes", "documento", "documentos"},
	"decision": {"decision", "expected decision"},
	"reason":   {"reason", "motivo", "razon"},
	"customer": {"customer", "phone", "cliente", "telefono", "movil"},
	"tags":     {"tags", "tag", "etiquetas", "etiqueta", "kind", "category", "categoria", "topic", "tema"},
	"intent":   {"intent", "intencion"},
	"risk":     {"risk", "riesgo"},
}

// inSpanish are words for decisions that Spanish tables have.
var inSpanish = map[string]string{
	"responder": "reply", "responde": "reply", "aclarar": "clarify", "preguntar": "clarify", "persona": "handoff", "derivar": "handoff", "agente": "handoff",
	"callar": "quiet", "proponer": "propose",
}

// plainWord is the name of a column as columns have it.
func plainWord(name string) string {
	name = strings.NewReplacer("á", "a", "é", "e", "í", "i", "ó", "o", "ú", "u", "ñ", "n", "º", "", "°", "", "_", " ", "-", " ", ".", " ").Replace(strings.ToLower(name))
	return strings.Join(strings.Fields(name), " ")
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
	reader := spreadsheet(name, data)
	header, err := reader.Read()
	if errors.Is(err, io.EOF) {
		return Suite{}, nil, fmt.Errorf("import %s: the file is empty; its first line has to name the columns", name)
	}
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
		if strings.TrimSpace(strings.Join(row, "")) == "" {
			continue
		}
		im.row(line, func(column string) string {
			at, ok := places[column]
			if !ok || at >= len(row) {
				return ""
			}
			return strings.TrimSpace(row[at])
		})
	}
}

// spreadsheet reads what spreadsheets write: with a mark of the encoding or without, with commas, or
// semicolons where those are decimal signs, in UTF-8 or in Windows' own letters.
func spreadsheet(name string, data []byte) *csv.Reader {
	text := strings.TrimPrefix(string(data), "\ufeff")
	if !utf8.ValidString(text) {
		if decoded, err := charmap.Windows1252.NewDecoder().String(text); err == nil {
			text = decoded
		}
	}
	reader := csv.NewReader(strings.NewReader(text))
	reader.FieldsPerRecord, reader.LazyQuotes = -1, true
	header, _, _ := strings.Cut(text, "\n")
	switch {
	case strings.EqualFold(path.Ext(name), ".tsv"), strings.Count(header, "\t") > strings.Count(header, ",")+strings.Count(header, ";"):
		reader.Comma = '\t'
	case strings.Count(header, ";") > strings.Count(header, ","):
		reader.Comma = ';'
	}
	return reader
}

// header finds the columns.
func (im *importer) header(names []string) map[string]int {
	places := map[string]int{}
	for i, name := range names {
		word := plainWord(name)
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
		im.sentence(line, fact)
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

// longFact is how long a fact may be before it is likely a sentence.
const longFact = 60

// sentence notes a fact that hardly any answer says word by word.
func (im *importer) sentence(line int, fact string) {
	if n := utf8.RuneCountInString(fact); n > longFact && !strings.Contains(fact, "|") {
		im.note(line, "the fact has %d characters, and an answer has to hold all of them; leave the figures and words that count, or make a statement for `judge` of it", n)
	}
}

// parted takes a cell apart.
func parted(cell, by string) []string {
	return slices.DeleteFunc(trimmed(strings.Split(cell, by)), func(s string) bool { return s == "" })
}

// words are those of a cell that a suite knows for a key.
func (im *importer) words(line int, key, cell string) []string {
	known := enum(key + "word")
	list := parted(strings.ToLower(cell), ";")
	for i, word := range list {
		if known, ok := inSpanish[word]; ok && key == "decision" {
			list[i] = known
		}
	}
	return slices.DeleteFunc(list, func(word string) bool {
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

// Decisions are the words for what is decided.
func Decisions() []string { return enum("decisionword") }

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
