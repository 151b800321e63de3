package label

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/recado/recado/gateway"
)

// Said is one row of a file of verdicts that were made elsewhere.
type Said struct {
	// Line is where it stands in the file.
	Line int
	// ID is the turn, By who says so where the file knows it, Note a remark.
	ID, By, Note string
	Verdict      gateway.Verdict
	// Chance is the probability with which the turn was drawn, 0 when the file does not
	// know it.
	Chance float64
	// At is when it was said; the zero time where the file does not know it.
	At time.Time
}

// FileError is what is wrong with a file of verdicts, a sentence with its line for each.
type FileError struct{ Problems []string }

// Error implements error.
func (e *FileError) Error() string {
	const most = 20
	shown := e.Problems[:min(most, len(e.Problems))]
	text := strings.Join(shown, "\n")
	if rest := len(e.Problems) - len(shown); rest > 0 {
		text += fmt.Sprintf("\nand %d more", rest)
	}
	return text
}

// verdicts are the words for a verdict, in both languages.
var verdicts = map[string]gateway.Verdict{
	"true": gateway.VerdictRight, "1": gateway.VerdictRight, "yes": gateway.VerdictRight, "y": gateway.VerdictRight, "right": gateway.VerdictRight,
	"sí": gateway.VerdictRight, "si": gateway.VerdictRight, "s": gateway.VerdictRight, "correcta": gateway.VerdictRight, "verdadero": gateway.VerdictRight,
	"false": gateway.VerdictWrong, "0": gateway.VerdictWrong, "no": gateway.VerdictWrong, "n": gateway.VerdictWrong, "wrong": gateway.VerdictWrong,
	"incorrecta": gateway.VerdictWrong, "falso": gateway.VerdictWrong,
	"unsure": gateway.VerdictUnsure, "?": gateway.VerdictUnsure, "dudosa": gateway.VerdictUnsure,
}

// Verdict reads a word for a verdict. Nothing is no verdict and no error.
func Verdict(word string) (gateway.Verdict, error) {
	word = strings.ToLower(strings.TrimSpace(word))
	if word == "" {
		return "", nil
	}
	if v, ok := verdicts[word]; ok {
		return v, nil
	}
	return "", fmt.Errorf("%.20q is no verdict: write yes, no, unsure, or nothing", word)
}

// row is one row of a file as its columns say.
type row map[string]string

// said reads a row; a row without a verdict has none, and is no error.
func (r row) said(line int) (s Said, err error) {
	s = Said{Line: line, ID: strings.TrimSpace(r["id"]), By: strings.TrimSpace(r["by"]), Note: strings.TrimSpace(r["note"])}
	if s.Verdict, err = Verdict(r["right"]); err != nil {
		return s, err
	}
	if text := strings.TrimSpace(r["chance"]); text != "" {
		if s.Chance, err = strconv.ParseFloat(text, 64); err != nil || !(s.Chance > 0 && s.Chance <= 1) {
			return s, fmt.Errorf("the chance %.20q is not above 0 and at most 1: leave it as `recado eval label sample` wrote it, or empty", text)
		}
	}
	if text := strings.TrimSpace(r["at"]); text != "" {
		if s.At, err = time.Parse(time.RFC3339, text); err != nil {
			return s, fmt.Errorf("the time %.40q is not one such as 2026-03-02T09:40:00Z: write it so, or leave it empty", text)
		}
	}
	switch {
	case s.ID == "":
		return s, errors.New("the id is missing: it is that of the turn")
	case utf8.RuneCountInString(s.Note) > maxNote:
		return s, fmt.Errorf("the note has more than %d characters: shorten it", maxNote)
	}
	return s, nil
}

// maxNote is how many characters a note may have.
const maxNote = 500

// ReadSaid reads a file of verdicts: CSV with a header, or lines of JSON when asJSON.
// skipped counts the rows without a verdict. All that is wrong is said at once, as a
// FileError.
func ReadSaid(r io.Reader, asJSON bool) (list []Said, skipped int, err error) {
	var problems []string
	read := readTable
	if asJSON {
		read = readLines
	}
	firsts := map[string]int{}
	err = read(r, func(line int, columns row, err error) {
		var s Said
		if err == nil {
			s, err = columns.said(line)
		}
		who := s.ID + "\x00" + s.By
		switch first := firsts[who]; {
		case err != nil:
			problems = append(problems, fmt.Sprintf("line %d: %v", line, err))
		case s.Verdict == "":
			skipped++
		case first > 0:
			problems = append(problems, fmt.Sprintf("line %d: the turn has a verdict of the same person in line %d: keep one of them", line, first))
		default:
			firsts[who] = line
			list = append(list, s)
		}
	})
	switch {
	case err != nil:
		return nil, skipped, err
	case len(problems) > 0:
		return nil, skipped, &FileError{problems}
	case len(list) == 0:
		return nil, skipped, &FileError{[]string{"there is no verdict in it: the column right says yes, no or unsure"}}
	}
	return list, skipped, nil
}

func readTable(r io.Reader, what func(line int, columns row, err error)) error {
	all, err := io.ReadAll(r)
	if err != nil {
		return fmt.Errorf("read verdicts: %w", err)
	}
	all = bytes.TrimPrefix(all, []byte("\ufeff")) // spreadsheets put it before everything
	table := csv.NewReader(bytes.NewReader(all))
	table.FieldsPerRecord, table.Comma = -1, comma(all)
	header, err := table.Read()
	for i := range header {
		header[i] = strings.ToLower(strings.TrimSpace(header[i]))
	}
	if err != nil || !slices.Contains(header, "id") || !slices.Contains(header, "right") {
		return &FileError{[]string{"line 1: the header needs the columns id and right, and may have note, chance, by and at"}}
	}
	for {
		fields, err := table.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if broken := (*csv.ParseError)(nil); errors.As(err, &broken) {
			what(broken.Line, nil, fmt.Errorf("the row can't be read, a quote may be missing: %w", broken.Err))
			return nil
		}
		if err != nil {
			return fmt.Errorf("read verdicts: %w", err)
		}
		line, _ := table.FieldPos(0)
		columns := row{}
		for i, field := range fields {
			if i < len(header) {
				columns[header[i]] = field
			}
		}
		what(line, columns, nil)
	}
}

// comma is what parts the columns: a spreadsheet in Spanish writes semicolons.
func comma(table []byte) rune {
	header, _, _ := bytes.Cut(table, []byte("\n"))
	for _, c := range []rune{';', '\t'} {
		if bytes.ContainsRune(header, c) && !bytes.ContainsRune(header, ',') {
			return c
		}
	}
	return ','
}

func readLines(r io.Reader, what func(line int, columns row, err error)) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 4<<20)
	for n := 1; lines.Scan(); n++ {
		text := bytes.TrimSpace(lines.Bytes())
		if len(text) == 0 {
			continue
		}
		var fields map[string]any
		if err := json.Unmarshal(text, &fields); err != nil {
			what(n, nil, errors.New("it is not a line of JSON"))
			continue
		}
		columns := row{}
		for _, name := range []string{"id", "right", "note", "chance", "by", "at"} {
			switch value := fields[name].(type) {
			case string:
				columns[name] = value
			case bool, float64:
				columns[name] = fmt.Sprint(value)
			}
		}
		what(n, columns, nil)
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read verdicts: %w", err)
	}
	return nil
}

// Import writes verdicts into the store, all of them or none. by is who says so where a row
// does not, and now when. Rows whose turn is not there, or made no draft, are a FileError.
func Import(ctx context.Context, s Store, list []Said, by string, now time.Time) error {
	wanted, ids := map[string]*gateway.Record{}, make([]string, len(list))
	for i, one := range list {
		ids[i] = one.ID
	}
	err := named(ctx, s, ids, func(r gateway.Record) {
		wanted[r.ID] = &gateway.Record{ID: r.ID, ConversationID: r.ConversationID, Draft: r.Draft}
	})
	if err != nil {
		return err
	}
	var problems []string
	labels := make([]gateway.Label, len(list))
	for i, one := range list {
		r := wanted[one.ID]
		switch {
		case r == nil:
			problems = append(problems, fmt.Sprintf("line %d: there is no turn %.40q in this store: was it exported from another one?", one.Line, one.ID))
			continue
		case r.Draft.Answer == "":
			problems = append(problems, fmt.Sprintf("line %d: the turn %.40q made no draft, so nothing can be right or wrong: take the row out", one.Line, one.ID))
			continue
		}
		labels[i] = gateway.Label{
			Kind: gateway.LabelAnswer, TurnID: one.ID, ConversationID: r.ConversationID, By: one.By, Source: gateway.LabelFromImport,
			Verdict: one.Verdict, Chance: one.Chance, Note: one.Note, At: one.At,
		}
		if one.By == "" {
			labels[i].By = by
		}
		if one.At.IsZero() {
			labels[i].At = now
		}
	}
	if len(problems) > 0 {
		return &FileError{problems}
	}
	if err := s.PutLabels(ctx, labels); err != nil {
		return fmt.Errorf("write the verdicts: %w", err)
	}
	return nil
}
