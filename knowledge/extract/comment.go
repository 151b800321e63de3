package extract

import (
	"regexp"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// comment is what authors hide in a page. Nobody who reads it sees it, so that no
// customer may be told it.
var comment = regexp.MustCompile(`(?s)<!--.*?-->`)

// withoutComments leaves out the comments of Markdown. Those in code are shown to
// readers, and stay, as does what a comment without an end hides.
func withoutComments(body string) string {
	if !strings.Contains(body, "<!--") {
		return body
	}
	source := []byte(body)
	var spans []text.Segment
	// Walk gives the error of its function, which has none.
	_ = ast.Walk(commentParser().Parse(text.NewReader(source)), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			spans = append(spans, rawHTML(n)...)
		}
		return ast.WalkContinue, nil
	})
	slices.SortFunc(spans, func(a, b text.Segment) int { return a.Start - b.Start })
	var out strings.Builder
	done := 0
	for _, span := range spans {
		for _, at := range comment.FindAllIndex(span.Value(source), -1) {
			out.Write(source[done : span.Start+at[0]])
			done = span.Start + at[1]
		}
	}
	return out.String() + body[done:]
}

// commentParser tells HTML from code and reads nothing else inside of blocks: emphasis
// costs, for some texts, the square of their length.
func commentParser() parser.Parser {
	return parser.NewParser(
		parser.WithBlockParsers(parser.DefaultBlockParsers()...),
		parser.WithInlineParsers(util.Prioritized(parser.NewCodeSpanParser(), 100), util.Prioritized(parser.NewRawHTMLParser(), 400)),
	)
}

// rawHTML is where a node holds HTML as it was written.
func rawHTML(n ast.Node) []text.Segment {
	var parts []text.Segment
	switch n := n.(type) {
	case *ast.RawHTML:
		parts = n.Segments.Sliced(0, n.Segments.Len())
	case *ast.HTMLBlock:
		parts = n.Lines().Sliced(0, n.Lines().Len())
		if n.HasClosure() {
			parts = append(slices.Clone(parts), n.ClosureLine)
		}
	}
	if len(parts) == 0 {
		return nil
	}
	return []text.Segment{text.NewSegment(parts[0].Start, parts[len(parts)-1].Stop)}
}
