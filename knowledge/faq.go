package knowledge

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// faqColumns are the places of the known columns in a FAQ table, -1 for none.
type faqColumns struct{ question, answer, locale int }

// parseFAQ reads a table with a header that names question, answer and locale
// in any order and case; other columns are ignored, and the locale column may
// be missing when the path or the default tells the language. The separator is
// a comma, or a semicolon where the header has no comma, as spreadsheets in
// Spanish write it.
func parseFAQ(name, text, defaultLocale string) ([]Parsed, error) {
	reader := csv.NewReader(strings.NewReader(text))
	reader.FieldsPerRecord = -1
	reader.TrimLeadingSpace = true
	header, _, _ := strings.Cut(text, "\n")
	if !strings.Contains(header, ",") && strings.Contains(header, ";") {
		reader.Comma = ';'
	}
	names, err := reader.Read()
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	columns, err := findColumns(names)
	if err != nil {
		return nil, err
	}
	fallback, fromPath := pathLocale(name)
	if !fromPath {
		fallback = defaultLocale
	}
	tables, err := readRows(reader, columns, fallback)
	if err != nil {
		return nil, err
	}
	for i := range tables {
		tables[i].Title = baseName(name)
		tables[i].Tagged = !fromPath || tables[i].Locale != fallback
	}
	return tables, nil
}

func findColumns(names []string) (faqColumns, error) {
	columns := faqColumns{question: -1, answer: -1, locale: -1}
	known := map[string]*int{"question": &columns.question, "answer": &columns.answer, "locale": &columns.locale}
	for i, name := range names {
		at := known[strings.ToLower(strings.TrimSpace(name))]
		if at == nil {
			continue
		}
		if *at >= 0 {
			return columns, fmt.Errorf("line 1, column %d: the header names %q twice", i+1, strings.TrimSpace(name))
		}
		*at = i
	}
	for _, name := range []string{"question", "answer"} {
		if *known[name] < 0 {
			return columns, fmt.Errorf("line 1: the header has no column %q; it must name question, answer and locale", name)
		}
	}
	return columns, nil
}

// readRows groups the pairs by locale. One wrong row makes the whole table an
// error: half a table would remove answers that were there before.
func readRows(reader *csv.Reader, columns faqColumns, fallback string) ([]Parsed, error) {
	var tables []Parsed
	for {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err // a csv.ParseError names line and column itself
		}
		line, _ := reader.FieldPos(0)
		chunk, locale, err := columns.pair(record, fallback)
		if err != nil {
			return nil, fmt.Errorf("line %d, %w", line, err)
		}
		at := slices.IndexFunc(tables, func(p Parsed) bool { return p.Locale == locale })
		if at < 0 {
			at = len(tables)
			tables = append(tables, Parsed{Locale: locale})
		}
		chunk.Seq = len(tables[at].Chunks)
		tables[at].Chunks = append(tables[at].Chunks, chunk)
	}
	if len(tables) == 0 {
		return nil, fmt.Errorf("no rows below the header: %w", errEmpty)
	}
	slices.SortFunc(tables, func(a, b Parsed) int { return strings.Compare(a.Locale, b.Locale) })
	return tables, nil
}

// pair reads one record as a question with its answer.
func (c faqColumns) pair(record []string, fallback string) (Chunk, string, error) {
	field := func(at int) string {
		if at < 0 || at >= len(record) {
			return ""
		}
		return strings.TrimSpace(record[at])
	}
	chunk := Chunk{Question: field(c.question), Text: field(c.answer)}
	if chunk.Question == "" {
		return chunk, "", fmt.Errorf("column %d: the question is empty", c.question+1)
	}
	if chunk.Text == "" {
		return chunk, "", fmt.Errorf("column %d: the answer is empty", c.answer+1)
	}
	given := field(c.locale)
	if given == "" {
		given = fallback
	}
	if given == "" {
		return chunk, "", fmt.Errorf("column %d: the locale is empty", max(c.locale, 0)+1)
	}
	locale, err := cleanLocale(given)
	if err != nil {
		return chunk, "", fmt.Errorf("column %d: %w", c.locale+1, err)
	}
	return chunk, locale, nil
}
