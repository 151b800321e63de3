package knowledge

import (
	"bytes"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// Sizes of a chunk in tokens, as CountTokens estimates them. About 320, 240 words,
// answer one question and leave room for several passages in a prompt; with fewer, the
// words of a question fall into different chunks of the document that answers it.
const (
	targetTokens = 320
	// wholeTokens is how long a paragraph may be before it is cut: cutting off its last
	// sentence alone would help nobody.
	wholeTokens = targetTokens * 4 / 3
	// maxTokens is the cap on everything that a prompt says of a chunk, PromptText.
	maxTokens = 512
	// maxTitle is how long a heading may be. Whoever writes a longer one has marked a
	// paragraph as a heading; it is read as a paragraph.
	maxTitle = 40
	// maxRepeated is how long the header of a table or the introduction of a list may be
	// to stand in front of every piece of it.
	maxRepeated = 96
	// maxHeadingBytes bounds what is read as the markup of a heading.
	maxHeadingBytes = 2000
)

// SplitterVersion is part of the index's identity. It changes with the splitter and
// with the analysis of words.
const SplitterVersion = "3"

// span is a half-open range of byte offsets.
type span struct{ start, end int }

// block is a top-level piece of a Markdown document. Blocks follow each other
// without gaps, so that no text between them is lost.
type block struct {
	span
	level int    // of a heading, else 0
	title string // of a heading
	whole bool   // lists, tables and code lose their sense when they are cut
	// parts are the places where the items of a list and the rows of a table begin, in
	// order: if it must be cut, then there.
	parts []int
	// header is the range of a table's header, delimiter line included.
	header span
}

// Split cuts a Markdown text into chunks by its headings. Within a section, paragraphs
// are gathered up to about 320 tokens, and under a heading that is a question up to the
// cap, so that a question stays with its answer; the question is in Heading alone, which
// is indexed and shown, and not in Question, where it would be a second time. Lists,
// tables and code stay whole up to the cap of 512 tokens for Heading and Text together.
// Longer ones are cut between items, rows or lines, long paragraphs between sentences.
// A line that introduces a list stays with it.
//
// Start and End are byte offsets in the text. The ranges do not overlap, follow
// each other in order and cover every rune that is not white space. Text is the range
// without the heading lines at its start and without surrounding white space; a heading
// without any text below it is a chunk of its own. The second and later pieces of a
// table repeat its header, those of a list its introduction, as the first lines of Text:
// these lines are not part of the piece's range. Heading holds the path of headings, Seq
// counts from 0. A text without anything but white space has no chunks.
func Split(markdown string) []Chunk {
	chunks, _ := split(markdown)
	return chunks
}

// split also returns the first heading of level 1, as a title.
func split(markdown string) (chunks []Chunk, title string) {
	s := newSplitter(markdown, 0, false)
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
	s.flush("")
	s.flushHeadings()
	return s.chunks, title
}

// splitAnswer cuts an answer that is too long to stand behind its question in one
// piece. Its headings are text like the rest, because the question is what leads to it.
func splitAnswer(question, answer string) []Chunk {
	s := newSplitter(answer, countHundredths(question), true)
	for _, b := range blocks(answer) {
		s.add(b)
	}
	s.flush("")
	return s.chunks
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
// longer than any person writes, and one without markup, is taken as it stands.
func headingTitle(n *ast.Heading, source []byte) string {
	var raw strings.Builder
	for _, line := range n.Lines().Sliced(0, n.Lines().Len()) {
		raw.Write(line.Value(source))
		raw.WriteByte(' ')
	}
	title := strings.Join(strings.Fields(raw.String()), " ")
	if len(title) <= maxHeadingBytes && strings.ContainsAny(title, "\\`*_[]<>&!~#") {
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
		if title := headingTitle(n, source); CountTokens(title) <= maxTitle {
			b.level, b.title = n.Level, title
		}
	case *ast.List:
		b.whole, b.parts = true, partsOf(n, start, source)
	case *east.Table:
		b.whole, b.parts = true, partsOf(n, start, source)
		b.header = headerOf(n, start, source)
	case *ast.FencedCodeBlock, *ast.CodeBlock:
		b.whole = true
	}
	return b
}

// partsOf are the starts of the lines on which the node's children begin, from the
// second one on.
func partsOf(node ast.Node, start int, source []byte) []int {
	var parts []int
	for child := node.FirstChild(); child != nil; child = child.NextSibling() {
		at, ok := firstOffset(child)
		if !ok || at > len(source) {
			continue
		}
		if at = bytes.LastIndexByte(source[:at], '\n') + 1; at > start {
			parts, start = append(parts, at), at
		}
	}
	return parts
}

// headerOf is the range of the two lines above a table's first row.
func headerOf(table *east.Table, start int, source []byte) span {
	row := table.FirstChild().NextSibling()
	if row == nil || row.Pos() < 0 || row.Pos() > len(source) {
		return span{}
	}
	end := bytes.LastIndexByte(source[:row.Pos()], '\n') + 1
	at := end
	for range 2 {
		if at = bytes.LastIndexByte(source[:max(at-1, 0)], '\n') + 1; at < start {
			return span{}
		}
	}
	return span{at, end}
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
