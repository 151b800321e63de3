package knowledge

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// Sizes of a chunk. About 180 words answer one question and leave room for
// several passages in a prompt; the cap in runes bounds what a text without
// paragraphs, sentences or spaces can become.
const (
	targetWords = 180
	// wholeWords is how long a paragraph may be before it is cut: cutting off
	// its last sentence alone would help nobody.
	wholeWords = targetWords * 4 / 3
	maxRunes   = 2000
)

// SplitterVersion is part of the index's identity. It changes with the splitter and
// with the analysis of words.
const SplitterVersion = "2"

// span is a half-open range of byte offsets.
type span struct{ start, end int }

// block is a top-level piece of a Markdown document. Blocks follow each other
// without gaps, so that no text between them is lost.
type block struct {
	span
	level int    // of a heading, else 0
	title string // of a heading
	whole bool   // lists and tables lose their sense when they are cut
}

// Split cuts a Markdown text into chunks by its headings. Within a section,
// paragraphs are gathered up to about 180 words; lists and tables stay whole up to
// the cap of 2,000 runes, longer ones are cut between lines, long paragraphs
// between sentences.
//
// Start and End are byte offsets in the text. The ranges do not overlap, follow
// each other in order and cover every rune that is not white space. Text is
// the range without the heading lines at its start and without surrounding white
// space; a heading without any text below it is a chunk of its own. Heading
// holds the path of headings, Seq counts from 0. A text without anything but
// white space has no chunks.
func Split(markdown string) []Chunk {
	chunks, _ := split(markdown)
	return chunks
}

// split also returns the first heading of level 1, as a title.
func split(markdown string) (chunks []Chunk, title string) {
	s := splitter{text: markdown}
	for _, b := range blocks(markdown) {
		if b.level == 0 {
			s.add(b)
			continue
		}
		if b.level == 1 && title == "" {
			title = b.title
		}
		s.enter(b)
	}
	s.flush()
	s.flushHeadings()
	return s.chunks, title
}

// blocks lists the document's top-level blocks in order. Each reaches to the
// start of the next one.
func blocks(markdown string) []block {
	source := []byte(markdown)
	document := blockParser().Parse(text.NewReader(source))
	list := []block{{}} // what comes before the first block, usually nothing
	for node := document.FirstChild(); node != nil; node = node.NextSibling() {
		start, ok := firstOffset(node)
		last := &list[len(list)-1]
		// A node without a place, or one that seems to begin before its
		// predecessor, stays part of the block before it.
		if !ok || start < last.start || start > len(markdown) {
			continue
		}
		start = strings.LastIndexByte(markdown[:start], '\n') + 1
		if start < last.start {
			continue
		}
		last.end = start
		list = append(list, describe(node, start, source))
	}
	list[len(list)-1].end = len(markdown)
	return list
}

// blockParser finds blocks and leaves what is inside them alone: only headings
// are read further, and reading the rest costs most of the time, for some texts
// with the square of their length.
func blockParser() parser.Parser {
	blocks := parser.NewParser(parser.WithBlockParsers(parser.DefaultBlockParsers()...))
	return goldmark.New(goldmark.WithParser(blocks), goldmark.WithExtensions(extension.Table)).Parser()
}

// headingTitle is what a heading says, without its markup, on one line. A heading
// longer than any person writes is taken as it stands.
func headingTitle(n *ast.Heading, source []byte) string {
	var raw strings.Builder
	for _, line := range n.Lines().Sliced(0, n.Lines().Len()) {
		raw.Write(line.Value(source))
		raw.WriteByte(' ')
	}
	title := strings.Join(strings.Fields(raw.String()), " ")
	if len(title) <= maxRunes {
		// Behind the marks of a heading nothing else can be a heading.
		line := []byte("# " + title)
		title = plainText(goldmark.DefaultParser().Parse(text.NewReader(line)), line)
	}
	return strings.Join(strings.Fields(title), " ")
}

func describe(node ast.Node, start int, source []byte) block {
	b := block{span: span{start: start}}
	switch n := node.(type) {
	case *ast.Heading:
		b.level = n.Level
		b.title = headingTitle(n, source)
	case *ast.List, *east.Table, *ast.FencedCodeBlock:
		b.whole = true
	}
	return b
}

// firstOffset is the smallest offset that the node or something inside it
// names. Containers such as lists know no place of their own.
func firstOffset(node ast.Node) (int, bool) {
	first := -1
	note := func(at int) {
		if at >= 0 && (first < 0 || at < first) {
			first = at
		}
	}
	note(node.Pos())
	if node.Type() == ast.TypeBlock && node.Lines() != nil && node.Lines().Len() > 0 {
		note(node.Lines().At(0).Start)
	}
	if child := node.FirstChild(); child != nil && child.Type() == ast.TypeBlock {
		if at, ok := firstOffset(child); ok {
			note(at)
		}
	}
	return first, first >= 0
}

// plainText is what a heading says without its markup.
func plainText(node ast.Node, source []byte) string {
	var b strings.Builder
	for child := node.FirstChild(); child != nil; child = child.NextSibling() {
		switch n := child.(type) {
		case *ast.Text:
			b.Write(n.Value(source))
		case *ast.String:
			b.Write(n.Value)
		case *ast.AutoLink:
			b.Write(n.Label(source))
		default:
			b.WriteString(plainText(child, source))
		}
	}
	return b.String()
}

// splitter gathers blocks into chunks, section by section.
type splitter struct {
	text   string
	chunks []Chunk
	path   []block // headings that lead here, outermost first
	// headings is the range of heading lines that no chunk has yet. They go to
	// the next text of their section.
	headings span
	body     span // text gathered for the next chunk
	words    int
}

// enter begins a section: headings of the same or a deeper level end.
func (s *splitter) enter(heading block) {
	s.flush()
	if last := len(s.path) - 1; last >= 0 && s.path[last].level >= heading.level {
		// The section before had nothing but its heading.
		s.flushHeadings()
	}
	for len(s.path) > 0 && s.path[len(s.path)-1].level >= heading.level {
		s.path = s.path[:len(s.path)-1]
	}
	s.path = append(s.path, heading)
	if s.headings.start == s.headings.end {
		s.headings = heading.span
	}
	s.headings.end = heading.end
}

// add puts a block into the current chunk or starts the next one with it.
func (s *splitter) add(b block) {
	content := s.text[b.start:b.end]
	words, runes := len(strings.Fields(content)), utf8.RuneCountInString(content)
	if words == 0 {
		return
	}
	gathered := utf8.RuneCountInString(s.text[s.body.start:s.body.end])
	if s.words > 0 && (s.words+words > targetWords || gathered+runes > maxRunes) {
		s.flush()
	}
	if runes <= maxRunes && (b.whole || words <= wholeWords) {
		s.gather(b.span, words)
		return
	}
	for _, piece := range cut(s.text, b.span, b.whole) {
		s.gather(piece, 1)
		s.flush()
	}
}

func (s *splitter) gather(piece span, words int) {
	if s.words == 0 {
		s.body.start = piece.start
	}
	s.body.end = piece.end
	s.words += words
}

// flush makes a chunk of what was gathered, heading lines included in its range.
func (s *splitter) flush() {
	if s.words == 0 {
		return
	}
	whole := s.body
	if s.headings.start < s.headings.end {
		whole.start = s.headings.start
	}
	s.emit(whole, s.text[s.body.start:s.body.end])
	s.headings, s.words = span{}, 0
}

// flushHeadings keeps headings that no text follows.
func (s *splitter) flushHeadings() {
	lines := s.text[s.headings.start:s.headings.end]
	if strings.TrimSpace(lines) != "" {
		// A heading can be longer than any chunk; nobody writes that, and yet
		// nothing may be lost.
		for _, piece := range cut(s.text, s.headings, true) {
			s.emit(piece, s.text[piece.start:piece.end])
		}
	}
	s.headings = span{}
}

func (s *splitter) emit(place span, text string) {
	raw := s.text[place.start:place.end]
	start := place.start + len(raw) - len(strings.TrimLeftFunc(raw, unicode.IsSpace))
	end := place.start + len(strings.TrimRightFunc(raw, unicode.IsSpace))
	s.chunks = append(s.chunks, Chunk{
		Seq: len(s.chunks), Heading: s.headingPath(), Text: strings.TrimSpace(text), Start: start, End: end,
	})
}

func (s *splitter) headingPath() string {
	titles := make([]string, 0, len(s.path))
	for _, heading := range s.path {
		if heading.title != "" {
			titles = append(titles, heading.title)
		}
	}
	return strings.Join(titles, " > ")
}

// cut divides a range into pieces that respect the sizes, at the best places it
// finds: paragraphs, lines, sentences, spaces, or anywhere. Lists and tables
// (lines) may fill the cap, running text ends near the target.
func cut(text string, whole span, lines bool) []span {
	var pieces []span
	for whole.start < whole.end {
		limit := within(text[whole.start:whole.end], lines)
		if limit < whole.end-whole.start {
			limit = boundary(text[whole.start:whole.start+limit], lines)
		}
		next := span{whole.start, whole.start + limit}
		if strings.TrimSpace(text[next.start:next.end]) != "" {
			pieces = append(pieces, next)
		}
		whole.start = next.end
	}
	return pieces
}

// within is how many bytes of the text fit into one chunk.
func within(text string, lines bool) int {
	words, runes, inWord := 0, 0, false
	for at, r := range text {
		space := unicode.IsSpace(r)
		if !space && !inWord {
			words++
		}
		inWord = !space
		if runes >= maxRunes || (!lines && words > wholeWords) {
			return at
		}
		runes++
	}
	return len(text)
}

// boundary is the best place to end a chunk that must not be longer than the
// text. Places in the first half are refused: they would make crumbs.
func boundary(text string, lines bool) int {
	ends := []string{"\n\n", "\n", ". ", "? ", "! ", "; "}
	if !lines {
		// In running text a line end is where an editor wrapped it.
		ends = []string{"\n\n", ". ", ".\n", "? ", "?\n", "! ", "!\n", "\n"}
	}
	for _, end := range ends {
		if at := strings.LastIndex(text, end); at+len(end) > len(text)/2 && at >= 0 {
			return at + len(end)
		}
	}
	if at := strings.LastIndexFunc(text, unicode.IsSpace); at > len(text)/2 {
		_, size := utf8.DecodeRuneInString(text[at:])
		return at + size
	}
	return len(text)
}
