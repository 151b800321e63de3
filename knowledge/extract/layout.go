package extract

import (
	"cmp"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/klippa-app/go-pdfium/responses"

	"github.com/recado/recado/knowledge"
)

// pdfDocument is the text of a PDF as lines, of which the size and the place say
// what they are: a PDF knows neither headings nor paragraphs.
type pdfDocument struct {
	meta  knowledge.Meta
	pages [][]pdfLine
	size  int
}

// pdfLine is one line on a page.
type pdfLine struct {
	text        string
	cells       []pdfCell
	size        float64 // of most of its letters, in half points
	bold        bool
	left, right float64
	top, bottom float64 // the top is the higher one
	hyphen      bool
}

// pdfCell is a part of a line with a wide gap before it.
type pdfCell struct {
	text string
	left float64
}

// add takes a page's characters apart into lines.
func (d *pdfDocument) add(chars []*responses.GetPageTextStructuredChar) {
	var lines []pdfLine
	builder := lineBuilder{}
	for _, char := range chars {
		switch char.Text {
		case "\n":
			lines = builder.end(lines)
		case "\r", "\x00", "":
		default:
			builder.add(char)
		}
		d.size += len(char.Text)
	}
	d.pages = append(d.pages, builder.end(lines))
}

// lineBuilder gathers the characters of a line.
type lineBuilder struct {
	line  pdfLine
	text  strings.Builder
	cell  strings.Builder
	sizes map[float64]int
	bold  int
	count int
}

// hyphen is how PDFium marks the hyphen of a divided word.
const hyphen = "\uFFFE"

func (b *lineBuilder) add(char *responses.GetPageTextStructuredChar) {
	if b.sizes == nil {
		b.sizes = map[float64]int{}
		b.line = pdfLine{left: math.Inf(1), right: math.Inf(-1), top: math.Inf(-1), bottom: math.Inf(1)}
	}
	text := char.Text
	b.line.hyphen = text == hyphen || text == "\x02"
	if b.line.hyphen {
		text = "-"
	}
	at := char.PointPosition
	if strings.TrimSpace(text) != "" && at.Right > at.Left {
		size := 0.0
		if font := char.FontInformation; font != nil {
			size = math.Round(cmp.Or(font.RenderedSize, font.Size)*2) / 2
			if font.Weight >= 600 || boldName.MatchString(font.Name) {
				b.bold++
			}
		}
		b.sizes[size]++
		b.count++
		if gap := at.Left - b.line.right; b.text.Len() > 0 && gap > 0.9*max(size, 4) {
			b.endCell()
		}
		if b.cell.Len() == 0 {
			b.line.cells = append(b.line.cells, pdfCell{left: at.Left})
		}
		b.line.left, b.line.right = min(b.line.left, at.Left), max(b.line.right, at.Right)
		b.line.top, b.line.bottom = max(b.line.top, at.Top), min(b.line.bottom, at.Bottom)
	}
	b.text.WriteString(text)
	if len(b.line.cells) > 0 {
		b.cell.WriteString(text)
	}
}

// boldName matches the names of strong fonts: their weight is often not said.
var boldName = regexp.MustCompile(`(?i)bold|black|heavy|negrita`)

func (b *lineBuilder) endCell() {
	if n := len(b.line.cells); n > 0 {
		b.line.cells[n-1].text = oneLine(clean(b.cell.String()))
	}
	b.cell.Reset()
}

// end finishes the line; one without letters is none.
func (b *lineBuilder) end(lines []pdfLine) []pdfLine {
	b.endCell()
	line := b.line
	if line.text = oneLine(clean(b.text.String())); line.text != "" && b.count > 0 {
		line.size = slices.MaxFunc(slices.Sorted(maps.Keys(b.sizes)), func(x, y float64) int { return cmp.Compare(b.sizes[x], b.sizes[y]) })
		line.bold = b.bold*10 > b.count*8
		lines = append(lines, line)
	}
	*b = lineBuilder{}
	return lines
}

// markdown writes the document: headings by their size, lists by their signs, tables
// by what stands below each other, and everything else in paragraphs.
func (d *pdfDocument) markdown() string {
	d.dropRunning()
	w := pdfWriter{body: d.bodySize()}
	w.levels = d.headingSizes(w.body)
	for _, lines := range d.pages {
		w.edges = rightEdges(lines)
		for i := 0; i < len(lines); {
			if rows := tableRows(lines[i:]); rows > 0 {
				w.table(lines[i : i+rows])
				i += rows
				continue
			}
			w.line(lines[i])
			i++
		}
		w.page()
	}
	w.flush()
	return w.out.String()
}

// bodySize is the size that most of the text has.
func (d *pdfDocument) bodySize() float64 {
	sizes := map[float64]int{}
	for _, lines := range d.pages {
		for _, line := range lines {
			sizes[line.size] += len(line.text)
		}
	}
	best := 0.0
	for _, size := range slices.Sorted(maps.Keys(sizes)) {
		if sizes[size] > sizes[best] {
			best = size
		}
	}
	return best
}

// headingSizes gives the sizes above that of the text their levels, 1 to 4.
func (d *pdfDocument) headingSizes(body float64) map[float64]int {
	var sizes []float64
	for _, lines := range d.pages {
		for _, line := range lines {
			if line.size >= body*1.12 && utf8.RuneCountInString(line.text) <= maxHeading {
				sizes = append(sizes, line.size)
			}
		}
	}
	slices.Sort(sizes)
	sizes = slices.Compact(sizes)
	slices.Reverse(sizes)
	levels := map[float64]int{}
	for i, size := range sizes {
		levels[size] = min(i+1, 4)
	}
	return levels
}

// maxHeading is the length of the longest line that can be a heading.
const maxHeading = 160

// digits of a running title are those of the page.
var digits = regexp.MustCompile(`\d+`)

// dropRunning takes away titles and page numbers that stand in the first or last
// lines of most pages.
func (d *pdfDocument) dropRunning() {
	if len(d.pages) < 3 {
		return
	}
	seen := map[string]int{}
	key := func(line pdfLine) string { return digits.ReplaceAllString(line.text, "#") }
	for _, lines := range d.pages {
		keys := map[string]bool{}
		for _, i := range edges(len(lines)) {
			keys[key(lines[i])] = true
		}
		for k := range keys {
			seen[k]++
		}
	}
	for p, lines := range d.pages {
		gone := map[int]bool{}
		for _, i := range edges(len(lines)) {
			gone[i] = len(lines[i].text) < 200 && seen[key(lines[i])]*10 > len(d.pages)*6 && seen[key(lines[i])] >= 3
		}
		var kept []pdfLine
		for i, line := range lines {
			if !gone[i] {
				kept = append(kept, line)
			}
		}
		d.pages[p] = kept
	}
}

// edges are the first and last two lines of a page.
func edges(lines int) []int {
	var list []int
	for _, i := range []int{0, 1, lines - 2, lines - 1} {
		if i >= 0 && i < lines && !slices.Contains(list, i) {
			list = append(list, i)
		}
	}
	return list
}

// tableRows counts the lines from the first one that are rows of one table: as many
// cells in each, below each other.
func tableRows(lines []pdfLine) int {
	rows := 1
	for rows < len(lines) && sameColumns(lines[0], lines[rows]) {
		rows++
	}
	if rows < 2 {
		return 0
	}
	return rows
}

func sameColumns(a, b pdfLine) bool {
	if len(a.cells) < 2 || len(a.cells) != len(b.cells) || listSign.MatchString(a.text) {
		return false
	}
	aligned := 0
	for i := range a.cells {
		if math.Abs(a.cells[i].left-b.cells[i].left) <= max(a.size, 6) {
			aligned++
		}
	}
	return aligned*2 > len(a.cells)
}

// pdfWriter writes lines as Markdown.
type pdfWriter struct {
	out       strings.Builder
	paragraph strings.Builder
	levels    map[float64]int
	body      float64
	before    *pdfLine
	heading   int // the level of the heading that is being gathered
	list      bool
	turned    bool // a page ended since the last line, inside of a paragraph
	edges     []pdfEdge
}

// pdfEdge is where the lines that begin at a place on the page end.
type pdfEdge struct{ left, right float64 }

// rightEdges finds how far to the right the text of a page goes, for every place
// that lines begin at: columns of text end where four of five of their lines do, what
// stands alone can go as far as anything.
func rightEdges(lines []pdfLine) []pdfEdge {
	var edges []pdfEdge
	widest := 0.0
	for _, line := range lines {
		widest = max(widest, line.right)
	}
	for _, line := range lines {
		var rights []float64
		for _, other := range lines {
			if math.Abs(other.left-line.left) <= line.size {
				rights = append(rights, other.right)
			}
		}
		edge := pdfEdge{line.left, widest}
		if len(rights) > 4 {
			slices.Sort(rights)
			edge.right = rights[len(rights)*4/5]
		}
		if !slices.Contains(edges, edge) {
			edges = append(edges, edge)
		}
	}
	return edges
}

// endsShort says that the first word of a line would have had its place in the line
// before: that one ended a paragraph.
func (w *pdfWriter) endsShort(line pdfLine) bool {
	if w.turned {
		first, _ := utf8.DecodeRuneInString(line.text)
		return !unicode.IsLower(first)
	}
	word, _, _ := strings.Cut(line.text, " ")
	width := (line.right - line.left) / float64(max(utf8.RuneCountInString(line.text), 1)) * float64(utf8.RuneCountInString(word)+2)
	for _, edge := range w.edges {
		if edge.left == w.before.left {
			return w.before.right+width < edge.right-line.size
		}
	}
	return false
}

// listSign is what stands before the items of a list.
var listSign = regexp.MustCompile(`^(?:[•▪◦‣●○■□·–—*-]|\x{F0B7}|(\d{1,3})[.)]|[a-zA-Z][.)])\s+`)

// line adds a line to its paragraph or begins a new one.
func (w *pdfWriter) line(line pdfLine) {
	level := w.level(line)
	sign := listSign.FindString(line.text)
	switch {
	case w.before == nil || level != w.heading:
		w.flush()
	case level > 0:
		// A heading of two lines is one; two headings have a gap between them.
		if w.gap(line) > 0.9 {
			w.flush()
		}
	case sign != "" || w.gap(line) > 0.75 || w.gap(line) < -3 || w.endsShort(line):
		w.flush()
	}
	w.heading = level
	text := line.text
	if w.paragraph.Len() == 0 && level == 0 && sign != "" {
		w.list = true
		if number := listSign.FindStringSubmatch(text); number[1] != "" {
			text = number[1] + ". " + text[len(sign):]
		} else if !asciiLetter(sign[0]) {
			text = "- " + text[len(sign):]
		}
	}
	w.join(text)
	w.before, w.turned = &line, false
}

func asciiLetter(b byte) bool { return b|0x20 >= 'a' && b|0x20 <= 'z' }

// gap is the space between a line and the one before, in sizes of its letters.
func (w *pdfWriter) gap(line pdfLine) float64 {
	if w.turned {
		return 0
	}
	return (w.before.bottom - line.top) / max(line.size, 1)
}

// level is that of a heading, 0 for text. Strong short lines with a gap are headings
// below all others.
func (w *pdfWriter) level(line pdfLine) int {
	length := utf8.RuneCountInString(line.text)
	if level := w.levels[line.size]; level > 0 && length <= maxHeading {
		return level
	}
	alone := w.before == nil || w.gap(line) > 0.5 || w.gap(line) < -3 || w.heading > 0 && w.before.bold
	if line.bold && alone && line.size >= w.body && length <= 100 && length > 2 && !strings.HasSuffix(line.text, ".") && len(line.cells) == 1 {
		return min(len(w.levels)+1, 5)
	}
	return 0
}

// join adds a line's text. A divided word becomes whole again.
func (w *pdfWriter) join(text string) {
	switch {
	case w.paragraph.Len() == 0:
	case w.before != nil && w.before.hyphen:
		whole := strings.TrimSuffix(w.paragraph.String(), "-")
		w.paragraph.Reset()
		w.paragraph.WriteString(whole)
	default:
		w.paragraph.WriteByte(' ')
	}
	w.paragraph.WriteString(text)
}

// flush ends the paragraph.
func (w *pdfWriter) flush() {
	text := strings.TrimSpace(w.paragraph.String())
	w.paragraph.Reset()
	if text == "" {
		return
	}
	switch {
	case w.heading > 0:
		w.block(strings.Repeat("#", w.heading)+" "+text, false)
	default:
		w.block(text, w.list)
	}
	w.list, w.heading = false, 0
}

// block writes a block; items of a list stand without empty lines between them.
func (w *pdfWriter) block(text string, item bool) {
	if w.out.Len() > 0 {
		if item && strings.HasPrefix(lastLine(w.out.String()), text[:1]) {
			w.out.WriteByte('\n')
		} else {
			w.out.WriteString("\n\n")
		}
	}
	w.out.WriteString(text)
}

func lastLine(text string) string { return text[strings.LastIndexByte(text, '\n')+1:] }

// page ends a page: a sentence goes on behind it, a heading does not.
func (w *pdfWriter) page() {
	text := w.paragraph.String()
	if w.heading > 0 || text == "" || strings.ContainsAny(text[len(text)-1:], ".:!?") {
		w.flush()
		w.before = nil
		return
	}
	w.turned = true
}

// table writes rows as a table, its first row as the header.
func (w *pdfWriter) table(rows []pdfLine) {
	w.flush()
	var text strings.Builder
	for i, row := range rows {
		for _, cell := range row.cells {
			text.WriteString("| " + strings.ReplaceAll(cell.text, "|", `\|`) + " ")
		}
		text.WriteString("|\n")
		if i == 0 {
			text.WriteString(strings.Repeat("| --- ", len(row.cells)) + "|\n")
		}
	}
	w.block(strings.TrimSuffix(text.String(), "\n"), false)
	w.before, w.turned = nil, false
}
