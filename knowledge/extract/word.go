package extract

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// wordBlock is a paragraph, a table or a note.
type wordBlock struct {
	text   string
	style  wordStyle
	level  int    // of a heading
	item   string // the format of a list's item, "bullet" or "decimal" for example
	number string // the list that it belongs to
	indent int
	bold   bool
	table  bool
	note   string
}

// wordParagraph is a paragraph while it is read.
type wordParagraph struct {
	block    wordBlock
	text     strings.Builder
	letters  int // of which bold are strong
	bold     int
	explicit bool // has a numbering of its own
}

// wordReader reads the body of a document, token by token.
type wordReader struct {
	d     *wordDocument
	stack []*wordParagraph // the innermost last: a text box stands in a paragraph
	cells []*wordTable
	skip  int // the depth inside of what is not read
	depth int
	text  bool // inside of an element whose characters are text
	run   wordRun
	link  string
	open  int // where the text of the link begins
	note  string
}

type wordRun struct {
	inside, bold, hidden bool
	language             string
}

// wordTable is a table while it is read.
type wordTable struct {
	rows   [][]string
	cell   []string // the paragraphs of the cell
	column int
	span   int
	merged bool
}

// notRead are elements whose text the reader of the page does not see, or sees twice.
var notRead = []string{"del", "moveFrom", "instrText", "delText", "Fallback", "delInstrText", "pPrChange", "rPrChange", "tblPrChange", "tcPrChange", "sectPr"}

func (d *wordDocument) readBody(decoder *xml.Decoder) error {
	r := &wordReader{d: d}
	return r.read(decoder)
}

// readNotes reads the notes of one kind; those that draw the lines above notes have a
// type.
func (d *wordDocument) readNotes(kind string) func(*xml.Decoder) error {
	return func(decoder *xml.Decoder) error {
		r := &wordReader{d: d, note: kind}
		return r.read(decoder)
	}
}

func (r *wordReader) read(decoder *xml.Decoder) error {
	kind := r.note
	r.note = ""
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if r.depth++; r.depth > maxDepth {
				return errTooDeep
			}
			switch {
			case r.skip > 0:
			case slices.Contains(notRead, t.Name.Local):
				r.skip = r.depth
			case kind != "" && t.Name.Local == kind:
				r.note = kind + value(t, "id")
				if value(t, "type") != "" {
					r.skip = r.depth
				}
			default:
				r.start(t)
			}
		case xml.EndElement:
			switch r.skip {
			case 0:
				r.end(t.Name.Local)
			case r.depth:
				r.skip = 0
			}
			r.depth--
		case xml.CharData:
			if r.skip == 0 && r.text {
				r.write(string(t))
			}
		}
		if r.d.size > r.d.maxText {
			return fmt.Errorf("%w: more than %d MiB", ErrTooMuch, r.d.maxText>>20)
		}
	}
}

// paragraph is the one that is being read, nil between paragraphs.
func (r *wordReader) paragraph() *wordParagraph {
	if len(r.stack) == 0 {
		return nil
	}
	return r.stack[len(r.stack)-1]
}

func (r *wordReader) table() *wordTable {
	if len(r.cells) == 0 {
		return nil
	}
	return r.cells[len(r.cells)-1]
}

// write adds text to the paragraph.
func (r *wordReader) write(text string) {
	p := r.paragraph()
	if p == nil || r.run.hidden {
		return
	}
	p.text.WriteString(text)
	r.d.size += len(text)
	if strings.TrimSpace(text) == "" {
		return
	}
	count := utf8.RuneCountInString(text)
	p.letters += count
	if r.run.bold {
		p.bold += count
	}
	r.d.languages[r.run.language] += count
}

func (r *wordReader) start(e xml.StartElement) {
	switch name := e.Name.Local; name {
	case "p":
		r.stack = append(r.stack, &wordParagraph{block: wordBlock{note: r.note}})
	case "r":
		r.run = wordRun{inside: true}
	case "t":
		r.text = true
	case "tab", "ptab":
		if r.run.inside {
			r.write("\t")
		}
	case "br", "cr":
		r.write("\n")
	case "noBreakHyphen":
		r.write("-")
	case "footnoteReference", "endnoteReference":
		r.write("[^" + strings.TrimSuffix(name, "Reference") + value(e, "id") + "]")
	case "hyperlink":
		if p := r.paragraph(); p != nil {
			r.link, r.open = r.d.links[value(e, "id")], p.text.Len()
		}
	case "tbl", "tr", "tc", "gridSpan", "vMerge":
		r.startTable(e)
	default:
		r.property(e)
	}
}

// property reads what is said of a run or a paragraph.
func (r *wordReader) property(e xml.StartElement) {
	p := r.paragraph()
	if r.run.inside {
		switch e.Name.Local {
		case "b":
			r.run.bold = on(e)
		case "vanish":
			r.run.hidden = on(e)
		case "lang":
			r.run.language = cleanLocale(value(e, "val"))
		}
		return
	}
	if p == nil {
		return
	}
	switch e.Name.Local {
	case "pStyle":
		p.block.style = r.d.style(value(e, "val"))
		if !p.explicit {
			p.block.number = p.block.style.number
		}
	case "outlineLvl":
		p.block.style.heading = level1to6(value(e, "val"), 1)
	case "ilvl":
		p.block.indent = level1to6(value(e, "val"), 0)
	case "numId":
		p.block.number, p.explicit = value(e, "val"), true
	}
}

func (r *wordReader) startTable(e xml.StartElement) {
	t := r.table()
	switch e.Name.Local {
	case "tbl":
		r.cells = append(r.cells, &wordTable{})
	case "tr":
		if t != nil {
			t.rows, t.column = append(t.rows, nil), 0
		}
	case "tc":
		if t != nil {
			t.cell, t.span, t.merged = nil, 1, false
		}
	case "gridSpan":
		if span, err := strconv.Atoi(value(e, "val")); t != nil && err == nil && span > 0 {
			t.span = min(span, maxColumns)
		}
	case "vMerge":
		if t != nil && value(e, "val") != "restart" {
			t.merged = true
		}
	}
}

func (r *wordReader) end(name string) {
	switch name {
	case "p":
		r.endParagraph()
	case "r":
		r.run = wordRun{}
	case "t":
		r.text = false
	case "hyperlink":
		r.endLink()
	case "tc":
		r.endCell()
	case "tbl":
		r.endTable()
	case "footnote", "endnote":
		r.note = ""
	}
}

// endLink puts the address behind the text of a link.
func (r *wordReader) endLink() {
	p := r.paragraph()
	if p == nil || r.link == "" || r.open > p.text.Len() {
		r.link = ""
		return
	}
	text := p.text.String()
	label := strings.TrimSpace(text[r.open:])
	if label != "" && label != r.link {
		p.text.Reset()
		p.text.WriteString(text[:r.open] + "[" + oneLine(label) + "](" + r.link + ")")
	}
	r.link = ""
}

// paragraphCost is what a paragraph counts besides its text: it takes memory and time
// with a single letter, too, and a small file can hold millions.
const paragraphCost = 64

func (r *wordReader) endParagraph() {
	p := r.paragraph()
	if p == nil {
		return
	}
	r.stack = r.stack[:len(r.stack)-1]
	r.d.size += paragraphCost
	block := p.block
	block.text = strings.TrimSpace(p.text.String())
	if block.text == "" {
		return
	}
	block.bold = p.bold > 0 && p.bold == p.letters
	block.level = block.style.heading
	if block.style.title {
		block.level = 1
	}
	if format, ok := r.d.levels[r.d.numbers[block.number]+"/"+strconv.Itoa(block.indent)]; ok && block.level == 0 {
		block.item = format
	}
	if t := r.table(); t != nil {
		if block.item != "" && block.item != "none" {
			block.text = "• " + block.text
		}
		t.cell = append(t.cell, block.text)
		return
	}
	r.d.blocks = append(r.d.blocks, block)
}

// endCell puts a cell into its row. Below a cell that spans rows stands the same
// again, for a row must be understood alone.
func (r *wordReader) endCell() {
	t := r.table()
	if t == nil || len(t.rows) == 0 {
		return
	}
	row := len(t.rows) - 1
	text := strings.Join(t.cell, "\n")
	if t.merged && row > 0 && t.column < len(t.rows[row-1]) && text == "" {
		text = t.rows[row-1][t.column]
		r.d.size += len(text)
	}
	t.rows[row] = append(t.rows[row], text)
	for range t.span - 1 {
		t.rows[row] = append(t.rows[row], "")
	}
	t.column += t.span
	t.cell = nil
}

// endTable writes a table. One inside of another's cell becomes lines of it, and one
// that is a mere frame becomes paragraphs.
func (r *wordReader) endTable() {
	t := r.table()
	if t == nil {
		return
	}
	r.cells = r.cells[:len(r.cells)-1]
	rows, width := fullRows(t.rows)
	outer := r.table()
	switch {
	case len(rows) == 0:
	case outer != nil:
		for _, row := range rows {
			outer.cell = append(outer.cell, strings.Join(slices.DeleteFunc(slices.Clone(row), func(c string) bool { return c == "" }), ", "))
		}
	case width == 1:
		for _, row := range rows {
			r.d.blocks = append(r.d.blocks, wordBlock{text: row[0], note: r.note})
		}
	default:
		r.d.blocks = append(r.d.blocks, wordBlock{text: markdownTable(rows, width), table: true, note: r.note})
	}
}

const maxColumns = 63

// fullRows leaves out rows without text and says how wide the widest is.
func fullRows(rows [][]string) (full [][]string, width int) {
	for _, row := range rows {
		// Word has no more columns than 63; what a broken file has beyond stays in the last.
		if len(row) > maxColumns {
			row[maxColumns-1] = strings.TrimSpace(strings.Join(row[maxColumns-1:], " "))
			row = row[:maxColumns]
		}
		if strings.TrimSpace(strings.Join(row, "")) != "" {
			full, width = append(full, row), max(width, len(row))
		}
	}
	return full, width
}

// markdownTable writes rows, the first one as the header.
func markdownTable(rows [][]string, width int) string {
	var out strings.Builder
	for i, row := range rows {
		for column := range width {
			text := ""
			if column < len(row) {
				text = cellText(row[column])
			}
			out.WriteString("| " + text + " ")
		}
		out.WriteString("|\n")
		if i == 0 {
			out.WriteString(strings.Repeat("| --- ", width) + "|\n")
		}
	}
	return strings.TrimSuffix(out.String(), "\n")
}

// cellText fits a text into the one line that a row is.
func cellText(text string) string {
	text = strings.ReplaceAll(strings.TrimSpace(text), "|", `\|`)
	return strings.ReplaceAll(strings.ReplaceAll(text, "\t", " "), "\n", "<br>")
}

// markdown writes all blocks. In a document that has no headings by style, short
// strong paragraphs are meant as such.
func (d *wordDocument) markdown() string {
	styled := slices.ContainsFunc(d.blocks, func(b wordBlock) bool { return b.level > 0 && !b.style.title })
	counters := map[string]int{}
	var out strings.Builder
	before := wordBlock{}
	for _, block := range d.blocks {
		text := block.text
		if !styled && block.level == 0 && block.bold && block.item == "" && !block.table && utf8.RuneCountInString(text) <= 100 && !strings.HasSuffix(text, ".") {
			block.level = 2
		}
		switch {
		case block.level > 0:
			text = strings.Repeat("#", block.level) + " " + oneLine(text)
		case block.item != "" && block.item != "none":
			text = itemText(block, counters)
		case block.note != "" && block.note != before.note:
			text = "[^" + block.note + "]: " + text
		case block.table:
		default:
			text = strings.ReplaceAll(text, "\t", " ")
		}
		switch {
		case out.Len() == 0:
		case block.item != "" && before.item != "" && block.level == 0 && before.level == 0:
			out.WriteByte('\n')
		default:
			out.WriteString("\n\n")
		}
		out.WriteString(text)
		before = block
	}
	return out.String() + "\n"
}

// itemText writes an item of a list with the number that Word shows.
func itemText(block wordBlock, counters map[string]int) string {
	indent := strings.Repeat("   ", block.indent)
	text := strings.ReplaceAll(block.text, "\n", "\n   "+indent)
	key := fmt.Sprintf("%s/%d", block.number, block.indent)
	for deeper := block.indent + 1; deeper < 9; deeper++ {
		delete(counters, fmt.Sprintf("%s/%d", block.number, deeper))
	}
	if block.item == "bullet" {
		return indent + "- " + text
	}
	counters[key]++
	return fmt.Sprintf("%s%d. %s", indent, counters[key], text)
}
