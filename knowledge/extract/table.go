package extract

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/recado/recado/knowledge"
)

// separators are what the programs of different countries write between columns.
var separators = []rune{',', ';', '\t', '|'}

// readTable turns a FAQ table into CSV with the names of columns. Every row stays in
// its line, so that what is found wrong later names the line of the file. Columns
// with other names are the shop's own notes and are left out.
// A table of articles, with titles and bodies, is read as the export that it is.
func (r pageReader) readTable(ctx context.Context, f file, maxText int) ([]knowledge.Extracted, error) {
	text, err := decode(f.data, f.contentType)
	if err != nil {
		return nil, err
	}
	body, skipped, comma := separatorLine(text)
	if comma == 0 {
		comma = separatorOf(body, strings.EqualFold(path.Ext(f.name), ".tsv"))
	}
	reader := csv.NewReader(strings.NewReader(body))
	reader.Comma = comma
	reader.FieldsPerRecord = -1
	reader.TrimLeadingSpace = comma != '\t'
	reader.LazyQuotes = comma == '\t'
	names, err := reader.Read()
	if err != nil {
		return nil, tableError(err, skipped)
	}
	line, _ := reader.FieldPos(0)
	if columns := articleColumns(names); columns != nil && notionID(f.name) == "" {
		return r.articles(ctx, names, columns, reader, skipped, maxText)
	}
	head, err := readHeader(names, fmt.Sprintf("line %d", line+skipped))
	if err != nil && notionID(f.name) != "" {
		return notionTable(f.name, names, reader, skipped)
	}
	if err != nil {
		return nil, err
	}
	out := &tableWriter{line: 1}
	out.write(line+skipped, head.used)
	rows, err := copyRows(reader, head, out, skipped)
	switch {
	case err != nil:
		return nil, err
	case rows == 0:
		return nil, fmt.Errorf("no rows below the header: %w", ErrEmpty)
	}
	table := knowledge.Extracted{Body: out.text.String(), Format: knowledge.FormatFAQ}
	if notionID(f.name) != "" {
		table.Aside.Title = notionTitle(f.name)
	}
	return []knowledge.Extracted{table}, nil
}

func copyRows(reader *csv.Reader, head header, out *tableWriter, skipped int) (rows int, err error) {
	for {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return rows, tableError(err, skipped)
		}
		if blank(record) {
			continue
		}
		line, _ := reader.FieldPos(0)
		row, err := head.row(record, fmt.Sprintf("line %d", line+skipped))
		if err != nil {
			return rows, err
		}
		out.write(line+skipped, row)
		rows++
	}
}

// blank rows are what spreadsheets write below a table.
func blank(record []string) bool {
	return strings.TrimSpace(strings.Join(record, "")) == ""
}

// separatorLine reads the line "sep=;" that Excel writes and wants before a table.
func separatorLine(text string) (rest string, skipped int, comma rune) {
	first, rest, _ := strings.Cut(text, "\n")
	if value, ok := strings.CutPrefix(strings.ToLower(strings.Trim(first, "\" ")), "sep="); ok && len(value) == 1 {
		return rest, 1, rune(value[0])
	}
	return text, 0, 0
}

// separatorOf takes the separator under which the first line names most known
// columns, and of equal ones that which makes most columns.
func separatorOf(text string, tabs bool) rune {
	first, _, _ := strings.Cut(strings.TrimLeft(text, "\n \t"), "\n")
	best, top := ',', 0
	if tabs {
		best = '\t'
	}
	for _, comma := range separators {
		fields := strings.Split(first, string(comma))
		score := 0
		for _, field := range fields {
			if columnOf(strings.Trim(field, "\" ")) != "" {
				score += 1000
			}
		}
		if score += min(len(fields)-1, 999); score > top {
			best, top = comma, score
		}
	}
	return best
}

// tableError makes a sentence of what is wrong with the quotes of a table.
func tableError(err error, skipped int) error {
	var parse *csv.ParseError
	switch {
	case errors.Is(err, io.EOF):
		return ErrEmpty
	case !errors.As(err, &parse):
		return err
	case errors.Is(parse.Err, csv.ErrQuote):
		return fmt.Errorf("line %d, column %d: a text between double quotes does not end; write a quote inside of it twice",
			parse.StartLine+skipped, parse.Column)
	case errors.Is(parse.Err, csv.ErrBareQuote):
		return fmt.Errorf("line %d, column %d: a double quote inside a text; put the text between double quotes and write this one twice",
			parse.Line+skipped, parse.Column)
	}
	return fmt.Errorf("line %d: %w", parse.Line+skipped, parse.Err)
}

// tableWriter writes CSV rows at the lines that they come from.
type tableWriter struct {
	text strings.Builder
	line int // of the next row
}

// write puts a row at a line, or behind the one before where that ends later.
func (w *tableWriter) write(line int, row []string) {
	for ; w.line < line; w.line++ {
		w.text.WriteByte('\n')
	}
	for i, field := range row {
		if i > 0 {
			w.text.WriteByte(',')
		}
		w.text.WriteString(quoteField(field))
	}
	w.text.WriteByte('\n')
	w.line += strings.Count(strings.Join(row, ""), "\n") + 1
}

// quoteField quotes what has to be, as encoding/csv does.
func quoteField(field string) string {
	if !strings.ContainsAny(field, ",\"\r\n") && strings.TrimSpace(field) == field && field != `\.` && field != "" {
		return field
	}
	if field == "" {
		return ""
	}
	return `"` + strings.ReplaceAll(field, `"`, `""`) + `"`
}
