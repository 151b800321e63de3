package knowledge

import (
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// maxQuestion is how many tokens a question may have, so that it can stand in front of
// every piece of a long answer.
const maxQuestion = maxTokens / 2

// faqTable is a table while it is read.
type faqTable struct {
	setting
	text   string
	reader *csv.Reader
	// header is the text of the header line, lines where every line of text begins.
	header string
	lines  []int
	// question and answer are columns from 0, meta those that say something of the
	// document.
	question, answer int
	meta             []metaColumn
	rows             []faqRow
	seen             map[string]bool // rows, by a hash of what they say
}

type metaColumn struct {
	at  int
	key string
}

// faqRow is a pair with its place in the table.
type faqRow struct {
	span
	line             int
	question, answer string
	// at is where the answer begins in the text, behind its quote if it is quoted.
	at     int
	quoted bool
	own    Meta
}

// parseFAQ reads a table with a header that names question and answer, in English or
// Spanish, in any order and case. Columns with the names of front matter say of a row
// what front matter says of a text; an id is the row's number in most tables and is
// ignored, as are all other columns. The separator is a comma, or a semicolon where the
// header has no comma, as spreadsheets in Spanish write it.
//
// One wrong row makes the whole table an error: half a table would remove answers that
// were there before.
func parseFAQ(s setting, text string) ([]Parsed, error) {
	t := &faqTable{setting: s, text: text, question: -1, answer: -1, seen: map[string]bool{}}
	if err := t.readHeader(); err != nil {
		return nil, err
	}
	for {
		err := t.readRow()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	if len(t.rows) == 0 {
		return nil, fmt.Errorf("no rows below the header: %w", errEmpty)
	}
	if err := t.settleLocales(); err != nil {
		return nil, err
	}
	return t.documents()
}

func (t *faqTable) readHeader() error {
	t.reader = csv.NewReader(strings.NewReader(t.text))
	t.reader.FieldsPerRecord = -1
	t.reader.TrimLeadingSpace = true
	first, _, _ := strings.Cut(strings.TrimLeft(t.text, "\n"), "\n")
	if !strings.Contains(first, ",") && strings.Contains(first, ";") {
		t.reader.Comma = ';'
	}
	names, err := t.reader.Read()
	if err != nil {
		return fmt.Errorf("header: %w", err)
	}
	t.header = strings.Trim(t.text[:t.reader.InputOffset()], "\n") + "\n"
	t.lines = []int{0}
	for i := range len(t.text) {
		if t.text[i] == '\n' {
			t.lines = append(t.lines, i+1)
		}
	}
	return t.findColumns(names)
}

func (t *faqTable) findColumns(names []string) error {
	seen := map[string]bool{}
	for i, name := range names {
		key := MetaKey(name)
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "question", "pregunta":
			key, t.question = "question", i
		case "answer", "respuesta":
			key, t.answer = "answer", i
		}
		if key == "" || key == "id" {
			continue
		}
		if seen[key] {
			return fmt.Errorf("line 1, column %d: the header names %q twice", i+1, strings.TrimSpace(name))
		}
		seen[key] = true
		if i != t.question && i != t.answer {
			t.meta = append(t.meta, metaColumn{i, key})
		}
	}
	for _, name := range []string{"question", "answer"} {
		if !seen[name] {
			return fmt.Errorf("line 1: the header has no column %q; it must name question, answer and locale", name)
		}
	}
	return nil
}

// readRow reads the next record as a question with its answer.
func (t *faqTable) readRow() error {
	start := int(t.reader.InputOffset())
	record, err := t.reader.Read()
	if err != nil {
		return err // a csv.ParseError names line and column itself
	}
	line, _ := t.reader.FieldPos(0)
	row := faqRow{span: trim(t.text, span{start, int(t.reader.InputOffset())}), line: line}
	if err := t.readPair(&row, record); err != nil {
		return fmt.Errorf("line %d, %w", line, err)
	}
	for _, column := range t.meta {
		if column.at >= len(record) {
			continue
		}
		if err := row.own.set(column.key, record[column.at]); err != nil {
			// The error says which field it is; the column may be another one in the file.
			return fmt.Errorf("line %d: %w", line, err)
		}
	}
	// A pair that was pasted twice would be two passages, of which one takes the place of
	// another text before a model.
	same := hashOf(append(metaTexts(row.own), row.question, row.answer))
	if !t.seen[same] {
		t.seen[same] = true
		t.rows = append(t.rows, row)
	}
	return nil
}

func (t *faqTable) readPair(row *faqRow, record []string) error {
	field := func(at int) string {
		if at >= len(record) {
			return ""
		}
		return record[at]
	}
	row.question = strings.TrimSpace(field(t.question))
	row.answer = strings.TrimSpace(field(t.answer))
	switch {
	case row.question == "":
		return fmt.Errorf("column %d: the question is empty", t.question+1)
	case row.answer == "":
		return fmt.Errorf("column %d: the answer is empty", t.answer+1)
	case CountTokens(row.question) > maxQuestion:
		return fmt.Errorf("column %d: the question is too long; ask it in a sentence and put the rest into the answer", t.question+1)
	}
	line, column := t.reader.FieldPos(t.answer)
	row.at = t.lines[line-1] + column - 1
	if row.quoted = t.text[row.at] == '"'; row.quoted {
		row.at++
	}
	// Quotes are no white space, so that what was trimmed has its length in the table.
	row.at += strings.Index(field(t.answer), row.answer)
	return nil
}

// settleLocales gives a locale to the rows that name none.
func (t *faqTable) settleLocales() error {
	var sample strings.Builder
	for _, row := range t.rows {
		if row.own.Locale == "" && sample.Len() < guessWords*16 {
			sample.WriteString(row.question + "\n" + row.answer + "\n")
		}
	}
	locale, err := t.locale("", sample.String())
	if err != nil {
		return err
	}
	for i := range t.rows {
		if row := &t.rows[i]; row.own.Locale == "" {
			if locale == "" {
				return t.noLocale(row.line)
			}
			row.own.Locale = locale
		}
	}
	return nil
}

func (t *faqTable) noLocale(line int) error {
	for _, column := range t.meta {
		if column.key == "locale" {
			return fmt.Errorf("line %d: the locale is empty", line)
		}
	}
	return errors.New("no language: add a column locale with es or en, put the file in a folder es or en, " +
		"or give it a name such as faq.es.csv")
}

// documents groups the rows by what they say of their document.
func (t *faqTable) documents() ([]Parsed, error) {
	groups := map[string][]faqRow{}
	for _, row := range t.rows {
		suffix := t.rowSuffix(row.own)
		groups[suffix] = append(groups[suffix], row)
	}
	var list []Parsed
	for suffix, rows := range groups {
		meta, err := t.finish(rows[0].own, "")
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", rows[0].line, err)
		}
		doc := Parsed{Meta: meta, Suffix: suffix, Format: FormatFAQ}
		t.fill(&doc, rows)
		list = append(list, doc)
	}
	slices.SortFunc(list, func(a, b Parsed) int { return strings.Compare(a.Suffix, b.Suffix) })
	return list, nil
}

// rowSuffix names what the row says of its document, by a hash if it is more than the
// locale: it stays the same while the row says the same.
func (t *faqTable) rowSuffix(own Meta) string {
	suffix := t.suffix(own.Locale)
	if t.known.ID != "" {
		suffix = "@" + own.Locale
	}
	said := slices.Concat([]string{own.Title, string(own.Audience), own.ValidFrom, own.ValidTo, own.Approver}, own.Markets, own.Tags)
	if strings.Join(said, "") == "" {
		return suffix
	}
	// Markets are in capitals and tags are not, so that the order tells them apart.
	sum := sha256.Sum256(fmt.Appendf(nil, "%q", said))
	return suffix + "~" + hex.EncodeToString(sum[:5])
}

// fill gives the document its body, the table with its own rows alone, and the chunks.
func (t *faqTable) fill(doc *Parsed, rows []faqRow) {
	var body strings.Builder
	body.WriteString(t.header)
	for _, row := range rows {
		shift := body.Len() - row.start
		for _, chunk := range t.pieces(row) {
			chunk.Seq = len(doc.Chunks)
			chunk.Start += shift
			chunk.End += shift
			doc.Chunks = append(doc.Chunks, chunk)
		}
		body.WriteString(t.text[row.start:row.end])
		body.WriteByte('\n')
	}
	doc.Body = body.String()
}

// pieces are the chunks of a row: one, or if the answer is too long several with the
// question in each. Their ranges share the row out.
func (t *faqTable) pieces(row faqRow) []Chunk {
	whole := Chunk{Question: row.question, Text: row.answer, Start: row.start, End: row.end}
	if CountTokens(PromptText(whole)) <= maxTokens {
		return []Chunk{whole}
	}
	pieces := splitAnswer(row.question, row.answer)
	raw, at := row.at, 0
	for i := range pieces {
		if i > 0 {
			raw, at = t.advance(row, raw, at, pieces[i].Start), pieces[i].Start
			pieces[i-1].End = trim(t.text, span{pieces[i-1].Start, raw}).end
		}
		pieces[i].Question = row.question
		pieces[i].Start = raw
	}
	pieces[0].Start = row.start
	pieces[len(pieces)-1].End = row.end
	return pieces
}

// advance is the place in the table of the answer's byte to, when its byte from is at
// raw: within quotes a quote is written twice.
func (t *faqTable) advance(row faqRow, raw, from, to int) int {
	if row.quoted {
		return raw + to - from + strings.Count(row.answer[from:to], `"`)
	}
	return raw + to - from
}
