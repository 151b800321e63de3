package extract

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// folding is what templates call the buttons of an accordion.
var folding = regexp.MustCompile(`(?i)acc(ordion|ordeon)?([-_ ]|$)|acordeon|collaps|toggle|faq|question|pregunta`)

// blocks are the elements that a button can unfold.
var blocks = []atom.Atom{
	atom.Div, atom.P, atom.Section, atom.Article, atom.Ul, atom.Ol, atom.Dl, atom.Table, atom.Blockquote, atom.Dd, atom.Details,
}

// saysSomething tells a button whose words are for readers from one that only does
// something: it is a heading or has a question on it, it stands above what it unfolds, or
// it has a whole sentence on it.
func saysSomething(n *html.Node) bool {
	return attr(n, "aria-expanded") != "" || attr(n, "aria-controls") != "" || isHeading(n) || asks(n) || unfolded(n) != nil ||
		countWords(textOf(n), 6) == 6
}

// asks says that a question stands on a button.
func asks(n *html.Node) bool {
	text := textOf(n)
	return strings.HasSuffix(text, "?") || strings.HasPrefix(text, "¿")
}

// isHeading says that the button is in an element that has its words as a heading.
func isHeading(n *html.Node) bool {
	return inside(n, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Dt, atom.Summary)
}

// unfolded is the block right behind a button, or behind what has nothing but the button
// in it.
func unfolded(n *html.Node) *html.Node {
	for own := textOf(n); n != nil && textOf(n) == own; n = n.Parent {
		next := n.NextSibling
		for next != nil && next.Type != html.ElementNode && strings.TrimSpace(next.Data) == "" {
			next = next.NextSibling
		}
		if next == nil {
			continue
		}
		if slices.Contains(blocks, next.DataAtom) && countWords(textOf(next), 1) > 0 {
			return next
		}
		return nil
	}
	return nil
}

// prepareButton makes of a button that unfolds an answer the heading of that answer, and
// plain text of every other one. level is that of the last heading.
func prepareButton(n *html.Node, level int) {
	block := unfolded(n)
	switch {
	case isHeading(n) || inside(n, atom.A, atom.Span, atom.Td, atom.Th, atom.Label):
		rename(n, "span")
	case block == nil:
		rename(n, "p")
	case inside(n, atom.Li) || !asks(n) && !folds(n, block):
		wrap(n)
		rename(n, "p")
	default:
		rename(n, fmt.Sprintf("h%d", min(level+1, 6)))
	}
}

// folds says that a button without a question on it was made to unfold the block behind.
func folds(n, block *html.Node) bool {
	return attr(n, "aria-expanded") != "" || attr(n, "aria-controls") != "" ||
		folding.MatchString(attr(n, "class")+" "+attr(block, "class"))
}
