package extract

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/recado/recado/knowledge"
)

// object is one JSON object with the line that it begins in.
type object struct {
	raw    json.RawMessage
	fields map[string]json.RawMessage
	line   int
}

// lists are the names under which programs keep the rows of a table or the articles
// of an export in an object.
var lists = []string{"articles", "data", "faqs", "faq", "questions", "preguntas", "items", "rows", "results"}

// readJSON reads JSON and JSON lines: a FAQ table, or the articles that a help
// centre exports.
func (r pageReader) readJSON(ctx context.Context, f file, maxText int) ([]knowledge.Extracted, error) {
	text, err := decode(f.data, f.contentType)
	if err != nil {
		return nil, err
	}
	objects, err := readObjects(text)
	if err != nil {
		return nil, err
	}
	export := newExport(r, maxText)
	var rows []object
	for _, o := range objects {
		taken, err := export.take(o)
		if err != nil {
			return nil, err
		}
		if !taken {
			rows = append(rows, o)
		}
	}
	switch {
	case len(export.found) == 0 && !export.beside:
		return jsonTable(rows)
	case len(rows) > 0:
		return nil, fmt.Errorf("line %d: neither an article nor part of an export, unlike other objects of the file", rows[0].line)
	}
	return export.finish(ctx)
}

// readObjects reads all objects of a file: one after the other, in an array, or in an
// object that holds nothing but such an array.
func readObjects(text string) ([]object, error) {
	decoder := json.NewDecoder(strings.NewReader(text))
	lines := lineCounter{text: text}
	var objects []object
	for {
		start := int(decoder.InputOffset())
		var raw json.RawMessage
		err := decoder.Decode(&raw)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, jsonError(err, text, start)
		}
		at := int(decoder.InputOffset()) - len(raw)
		found, err := unfold(raw, &lines, at)
		if err != nil {
			return nil, err
		}
		objects = append(objects, found...)
	}
	if len(objects) == 0 {
		return nil, fmt.Errorf("no objects in it: %w", ErrEmpty)
	}
	return objects, nil
}

// unfold gives the objects of one value that begins at an offset of the text.
func unfold(raw json.RawMessage, lines *lineCounter, at int) ([]object, error) {
	line := lines.at(at)
	switch {
	case raw[0] == '[':
		return elements(raw, lines, at)
	case raw[0] != '{':
		return nil, fmt.Errorf("line %d: a lone value, where objects with question and answer or articles are needed", line)
	}
	o := object{raw: raw, line: line}
	if err := json.Unmarshal(raw, &o.fields); err != nil {
		return nil, fmt.Errorf("line %d: %w", line, err)
	}
	return []object{o}, nil
}

// elements are the objects of an array.
func elements(raw json.RawMessage, lines *lineCounter, at int) ([]object, error) {
	decoder := json.NewDecoder(strings.NewReader(string(raw)))
	if _, err := decoder.Token(); err != nil {
		return nil, err
	}
	var objects []object
	for decoder.More() {
		var element json.RawMessage
		if err := decoder.Decode(&element); err != nil {
			return nil, err
		}
		line := lines.at(at + int(decoder.InputOffset()) - len(element))
		o := object{raw: element, line: line}
		if element[0] != '{' {
			return nil, fmt.Errorf("line %d: a list of something else than objects with question and answer or articles", line)
		}
		if err := json.Unmarshal(element, &o.fields); err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		objects = append(objects, o)
	}
	return objects, nil
}

// lineCounter counts lines up to offsets that only grow.
type lineCounter struct {
	text   string
	offset int
	lines  int
}

func (c *lineCounter) at(offset int) int {
	offset = min(max(offset, c.offset), len(c.text))
	c.lines += strings.Count(c.text[c.offset:offset], "\n")
	c.offset = offset
	return c.lines + 1
}

func jsonError(err error, text string, start int) error {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		line, column := lineAt(text, int(syntax.Offset)-1)
		return fmt.Errorf("line %d, column %d: no valid JSON: %w", line, column, err)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		line, _ := lineAt(text, start+len(text[start:])-len(strings.TrimLeft(text[start:], " \t\n")))
		return fmt.Errorf("line %d: no valid JSON: what begins here does not end", line)
	}
	return fmt.Errorf("no valid JSON: %w", err)
}

// jsonTable makes a FAQ table of objects. A file that is one object around a list of
// rows is read as the list.
func jsonTable(rows []object) ([]knowledge.Extracted, error) {
	if len(rows) == 1 {
		inner, err := innerRows(rows[0])
		if err != nil {
			return nil, err
		}
		if inner != nil {
			rows = inner
		}
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("no rows in it: %w", ErrEmpty)
	}
	oneName(rows)
	names := columnsOfRows(rows)
	head, err := readHeader(names, fmt.Sprintf("line %d", rows[0].line))
	if err != nil {
		return nil, err
	}
	out := &tableWriter{line: 1}
	out.write(1, head.used)
	for _, row := range rows {
		place := fmt.Sprintf("line %d", row.line)
		record := make([]string, len(names))
		for i, name := range names {
			if record[i], err = plainValue(row.fields[name]); err != nil {
				return nil, fmt.Errorf("%s, %q: %w", place, name, err)
			}
		}
		fields, err := head.row(record, place)
		if err != nil {
			return nil, err
		}
		out.write(0, fields)
	}
	return []knowledge.Extracted{{Body: out.text.String(), Format: knowledge.FormatFAQ}}, nil
}

// innerRows are those of the list inside an object, nil when it has none.
func innerRows(o object) ([]object, error) {
	for _, name := range lists {
		raw := o.fields[name]
		if len(raw) > 0 && raw[0] == '[' {
			lines := lineCounter{text: string(raw), lines: o.line - 1}
			return elements(raw, &lines, 0)
		}
	}
	return nil, nil
}

// oneName gives fields of one meaning the name that the first row has for it: files that
// were put together say question in one row and pregunta in the next. A row that has two
// of them keeps both, which is an error.
func oneName(rows []object) {
	first := map[string]string{}
	for _, row := range rows {
		for _, name := range slices.Sorted(maps.Keys(row.fields)) {
			column := columnOf(name)
			if _, known := first[column]; column == "" || !known {
				first[column] = name
				continue
			}
			if _, both := row.fields[first[column]]; !both {
				row.fields[first[column]] = row.fields[name]
				delete(row.fields, name)
			}
		}
	}
}

// columnsOfRows are the names of all rows' fields, those of the first row in front.
// Rows may leave fields out.
func columnsOfRows(rows []object) []string {
	var names []string
	seen := map[string]bool{}
	for _, row := range rows {
		for _, name := range slices.Sorted(maps.Keys(row.fields)) {
			if !seen[name] && (columnOf(name) != "" || len(names) < 64) {
				seen[name] = true
				names = append(names, name)
			}
		}
	}
	return names
}

var errNested = errors.New("an object or a list of lists, where a text is needed")

// plainValue writes a value as a field: texts, numbers, and lists of them with
// commas.
func plainValue(raw json.RawMessage) (string, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return "", nil
	}
	switch raw[0] {
	case '"':
		var text string
		err := json.Unmarshal(raw, &text)
		return text, err
	case '{':
		return "", errNested
	case '[':
		var list []json.RawMessage
		if err := json.Unmarshal(raw, &list); err != nil {
			return "", err
		}
		parts := make([]string, 0, len(list))
		for _, element := range list {
			if element[0] == '[' || element[0] == '{' {
				return "", errNested
			}
			part, err := plainValue(element)
			if err != nil {
				return "", err
			}
			parts = append(parts, part)
		}
		return strings.Join(parts, ","), nil
	}
	return string(raw), nil
}
