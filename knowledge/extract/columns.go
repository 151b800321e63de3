package extract

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/recado/recado/knowledge"
)

// columns are the names that a FAQ table has in Extracted.Body, in their order:
// the pair, its language and the fields of knowledge.Meta.
var columns = []string{
	"question", "answer", "locale", "title", "id", "audience", "markets", "valid_from", "valid_to", "approver", "tags",
}

// pairNames are what people call the columns of the pair; what the others are called
// knowledge.MetaKey knows.
var pairNames = map[string]string{
	"question": "question", "questions": "question", "pregunta": "question", "preguntas": "question", "consulta": "question",
	"q": "question", "faq": "question",
	"answer": "answer", "answers": "answer", "respuesta": "answer", "respuestas": "answer", "a": "answer",
}

// columnOf is the known column that a person means by a header, and "" for one of
// their own.
func columnOf(header string) string {
	if pair := pairNames[strings.ToLower(strings.Trim(header, " _-:?¿."))]; pair != "" {
		return pair
	}
	return knowledge.MetaKey(header)
}

// languageNames are what people call the languages in tables.
var languageNames = map[string]string{
	"español": "es", "espanol": "es", "castellano": "es", "spanish": "es", "inglés": "en", "ingles": "en", "english": "en",
}

// valueOf writes a field as knowledge.Parse reads it. What it does not know it
// leaves as it is, so that Parse can say what is wrong.
func valueOf(column, value string) string {
	value = strings.TrimSpace(value)
	switch column {
	case "locale":
		return cmp.Or(languageNames[strings.ToLower(norm.NFC.String(value))], value)
	case "audience":
		return cmp.Or(string(audienceOf(value)), value)
	case "question", "title":
		return oneLine(value)
	}
	return value
}

// header maps the places of a table's columns to the known ones.
type header struct {
	at    map[string]int
	names []string
	// used are the known columns that the table has, in the order of columns.
	used []string
}

// readHeader finds the columns. place says where the header is, for the error.
func readHeader(names []string, place string) (header, error) {
	h := header{at: map[string]int{}, names: names}
	for i, name := range names {
		column := columnOf(name)
		if column == "" {
			if err := knowledge.Mistyped(name); err != nil {
				return h, fmt.Errorf("%s, column %d: %w", place, i+1, err)
			}
			continue
		}
		if first, twice := h.at[column]; twice {
			return h, fmt.Errorf("%s, column %d: %q and %q of column %d both mean %s; keep one of them",
				place, i+1, strings.TrimSpace(name), strings.TrimSpace(names[first]), first+1, column)
		}
		h.at[column] = i
	}
	for _, needed := range []string{"question", "answer"} {
		if _, ok := h.at[needed]; !ok {
			return h, fmt.Errorf("%s: no column %s among %s; a FAQ table needs the columns question and answer (pregunta, respuesta), "+
				"and can have locale (idioma) and %s", place, needed, quoted(names), strings.Join(columns[3:], ", "))
		}
	}
	h.used = slices.DeleteFunc(slices.Clone(columns), func(c string) bool { _, ok := h.at[c]; return !ok })
	return h, nil
}

// row takes the known fields out of a record. A pair that lacks a half is an error:
// half a table must not take the place of a whole one.
func (h header) row(record []string, place string) ([]string, error) {
	for i := len(h.names); i < len(record); i++ {
		if strings.TrimSpace(record[i]) != "" {
			return nil, fmt.Errorf("%s: %d columns, where the header has %d; put a text that holds the separator between double quotes",
				place, len(record), len(h.names))
		}
	}
	row := make([]string, 0, len(h.at))
	for _, column := range h.used {
		at, value := h.at[column], ""
		if at < len(record) {
			value = valueOf(column, record[at])
		}
		if value == "" && (column == "question" || column == "answer") {
			return nil, fmt.Errorf("%s, column %d: the %s is empty", place, at+1, column)
		}
		row = append(row, value)
	}
	return row, nil
}

// quoted lists names for a person, the first ones of very many.
func quoted(names []string) string {
	list := make([]string, 0, len(names))
	for _, name := range names[:min(len(names), 12)] {
		if name = oneLine(clean(name)); len(name) > 40 {
			name = strings.ToValidUTF8(name[:40], "") + "…"
		}
		list = append(list, fmt.Sprintf("%q", name))
	}
	if len(names) > len(list) {
		list = append(list, "…")
	}
	return strings.Join(list, ", ")
}
