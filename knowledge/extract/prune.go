package extract

import (
	"math"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// dropped elements hold nothing that a reader of the page reads, or nothing of this
// page.
var dropped = []atom.Atom{
	atom.Script, atom.Style, atom.Noscript, atom.Template, atom.Svg, atom.Canvas, atom.Iframe, atom.Object, atom.Embed,
	atom.Audio, atom.Video, atom.Map, atom.Input, atom.Select, atom.Textarea, atom.Progress, atom.Meter, atom.Datalist,
	atom.Link, atom.Meta, atom.Title, atom.Base, atom.Frameset,
}

// around are the landmarks around the content of a page, by element and by role.
var (
	around      = []atom.Atom{atom.Nav, atom.Menu, atom.Dialog, atom.Search}
	aroundRoles = []string{"navigation", "search", "dialog", "alertdialog", "menu", "menubar", "toolbar", "tablist"}
	// outerRoles are around the content only where they stand outside of it.
	outerRoles = []string{"banner", "contentinfo", "complementary"}
)

// consent matches the banners of consent managers, by what these call themselves and
// by what shops call their own. The page about cookies has cookies in its name, too,
// but is no bar.
var consent = regexp.MustCompile(`(?i)onetrust|optanon|cookiebot|didomi|usercentrics|iubenda|osano|tarteaucitron|qc-cmp2|truste|` +
	`cmplz|complianz|klaro|moove_gdpr|cky-consent|shopify-pc__banner|` +
	`(cookies?|consent|gdpr|rgpd|lgpd)[-_]?(law|policy)?[-_]?(banner|bar|notice|popup|pop-up|modal|dialog|overlay|alert|consent|message|warning|aviso|info-bar)|` +
	`(banner|bar|notice|popup|modal|aviso)[-_]?(cookies?|consent|gdpr|rgpd|lgpd)`)

// chromeName matches what templates without landmarks call theirs.
var chromeName = regexp.MustCompile(`(?i)^(site-?|main-?|page-?|global-?|top-?)?(nav|navbar|navigation|menu|header|footer|sidebar|topbar)$|` +
	`^breadcrumbs?$|^(mega|mobile|dropdown)-?(menu|nav)$|^skip-?(link|to-content|nav)$|^(social|share|sharing)-?(share|buttons|links|icons|bar|media)?$`)

// mainContent takes away what is around the content and returns the part of the tree
// that has it.
func mainContent(doc *html.Node) *html.Node {
	body := find(doc, func(n *html.Node) bool { return n.DataAtom == atom.Body })
	if body == nil {
		return doc
	}
	dropHidden(body)
	heading := find(body, func(n *html.Node) bool { return n.DataAtom == atom.H1 })
	prune(body, newContent(body))
	best := largest(body, func(n *html.Node) bool { return n.DataAtom == atom.Main || attr(n, "role") == "main" })
	if best == nil {
		best = largest(body, func(n *html.Node) bool { return n.DataAtom == atom.Article })
	}
	// A template can have them for something else: they must hold most of the text.
	if best == nil || len(textOf(best))*2 < len(textOf(body)) {
		best = body
	}
	// The title of a page often stands in the header that was dropped, or above the
	// article.
	if heading != nil && find(best, func(n *html.Node) bool { return n.DataAtom == atom.H1 }) == nil {
		moveInto(best, heading)
	}
	return best
}

// moveInto puts a heading in front of the content, unless the content is inside of it,
// as it is where the end of the heading is missing.
func moveInto(content, heading *html.Node) {
	for parent := range content.Ancestors() {
		if parent == heading {
			return
		}
	}
	if content == heading || textOf(heading) == "" {
		return
	}
	if heading.Parent != nil {
		heading.Parent.RemoveChild(heading)
	}
	content.InsertBefore(heading, content.FirstChild)
}

// dropHidden removes what no reader reads, wherever it stands. What is only folded
// up, such as the answers of an accordion, has the attribute hidden and stays.
func dropHidden(root *html.Node) {
	walk(root, func(n *html.Node) bool {
		switch {
		case n.Type == html.CommentNode || slices.Contains(dropped, n.DataAtom):
			become(n, "")
		case n.DataAtom == atom.Button && !saysSomething(n):
			become(n, "")
		}
		return true
	})
}

// prune removes what is around the content.
func prune(n *html.Node, c content) {
	for child := n.FirstChild; child != nil; {
		next := child.NextSibling
		if child.Type == html.ElementNode {
			if c.isAround(child) {
				n.RemoveChild(child)
			} else {
				prune(child, c)
			}
		}
		child = next
	}
}

// content is what is known of a page before anything is removed.
type content struct {
	size int // of its text
	// block is the element that has the text of the page: what is in there belongs to
	// the text, whatever it is called, unless it is there to be clicked.
	block *html.Node
	// among are the elements that are known to have paragraphs side by side, or not.
	among map[*html.Node]bool
}

// containers are the elements that templates put a page's text into.
var containers = []atom.Atom{atom.Body, atom.Div, atom.Section, atom.Main, atom.Article, atom.Form, atom.Center, atom.Table, atom.Tbody, atom.Tr, atom.Td}

// paragraphs are the elements that only a text has side by side.
var paragraphs = []atom.Atom{atom.P, atom.H2, atom.H3, atom.H4, atom.Blockquote, atom.Dl, atom.Details, atom.Pre}

func newContent(body *html.Node) content {
	c := content{size: len(textOf(body)), block: body, among: map[*html.Node]bool{}}
	for inner := body; inner != nil; {
		c.block, inner = inner, nil
		most := ownText(c.block)
		for child := range c.block.ChildNodes() {
			if slices.Contains(containers, child.DataAtom) && ownText(child)*5 > most*3 {
				inner = child
			}
		}
	}
	return c
}

// within says that an element is part of the text: it is in the block that has it, or
// stands between its paragraphs.
func (c content) within(n *html.Node) bool {
	for parent := range n.Ancestors() {
		if parent == c.block {
			return true
		}
	}
	if inside(n, atom.Main, atom.Article) {
		return true
	}
	if _, known := c.among[n.Parent]; !known {
		c.among[n.Parent] = hasParagraphs(n.Parent)
	}
	return c.among[n.Parent]
}

func hasParagraphs(n *html.Node) bool {
	for child := range n.ChildNodes() {
		if slices.Contains(paragraphs, child.DataAtom) && ownText(child) > 0 {
			return true
		}
	}
	return false
}

// isAround decides about one element. Whatever it is called, what has the page's
// content in it stays.
func (c content) isAround(n *html.Node) bool {
	role := strings.ToLower(attr(n, "role"))
	name := attr(n, "id") + " " + attr(n, "class")
	within := inside(n, atom.Main, atom.Article)
	switch {
	case slices.Contains(around, n.DataAtom) || n.DataAtom == atom.Footer && !within:
		return !holdsContent(n, math.MaxInt/2)
	case slices.Contains(aroundRoles, role):
	case attr(n, "aria-modal") == "true":
	case consent.MatchString(name):
	case n.DataAtom == atom.Form:
		// Some systems wrap the whole page in a form.
		return len(textOf(n)) < 600 && !holdsContent(n, c.size) && (!c.within(n) || !tellsSomething(n))
	case within:
		return false
	case n.DataAtom == atom.Header || n.DataAtom == atom.Aside || slices.Contains(outerRoles, role) ||
		slices.ContainsFunc(strings.Fields(name), chromeName.MatchString):
		if c.within(n) && tellsSomething(n) {
			return false
		}
	case !isLinks(n):
		return false
	}
	return !holdsContent(n, c.size)
}

// tellsSomething says that an element in the text has more than links and controls in
// it.
func tellsSomething(n *html.Node) bool { return ownText(n)*2 > len(textOf(n)) }

// ownText is how much text of an element is neither a link nor belongs to a control or to
// what is around the page.
func ownText(n *html.Node) int {
	size := 0
	walk(n, func(c *html.Node) bool {
		switch c.DataAtom {
		case atom.A, atom.Button, atom.Label, atom.Legend, atom.Option, atom.Nav, atom.Footer, atom.Menu, atom.Dialog, atom.Search:
			return false
		default:
		}
		if c.Type == html.TextNode {
			size += len(strings.TrimSpace(c.Data))
		}
		return true
	})
	return size
}

// holdsContent says that an element has the content in it, or most of the text.
func holdsContent(n *html.Node, size int) bool {
	if n.DataAtom == atom.Main || n.DataAtom == atom.Article || n.DataAtom == atom.Body {
		return true
	}
	if find(n, func(c *html.Node) bool {
		return c.DataAtom == atom.Main || c.DataAtom == atom.Article && len(textOf(c)) > 500
	}) != nil {
		return true
	}
	return len(textOf(n))*2 > size && linkShare(n) < 0.5
}

// isLinks tells a list of links to elsewhere, which templates have without any sign
// that they are a menu.
func isLinks(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Ul, atom.Ol, atom.Div, atom.Section, atom.Table, atom.Dl:
	default:
		return false
	}
	links := 0
	for c := range n.Descendants() {
		if c.DataAtom == atom.A {
			links++
		}
	}
	return links >= 5 && linkShare(n) > 0.7
}

// linkShare is how much of a text is links.
func linkShare(n *html.Node) float64 {
	links := 0
	walk(n, func(c *html.Node) bool {
		if c.DataAtom == atom.A {
			links += len(textOf(c))
			return false
		}
		return true
	})
	return float64(links) / float64(max(len(textOf(n)), 1))
}

// largest is the element with most text among those that match, not inside of
// another one.
func largest(root *html.Node, match func(*html.Node) bool) *html.Node {
	var best *html.Node
	size := 0
	walk(root, func(n *html.Node) bool {
		if n == root || !match(n) {
			return true
		}
		if length := len(textOf(n)); best == nil || length > size {
			best, size = n, length
		}
		return false
	})
	return best
}

// walk calls visit for every node, parents first; false leaves out what is below.
// visit may change the node and what is below.
func walk(n *html.Node, visit func(*html.Node) bool) {
	if !visit(n) {
		return
	}
	for child := n.FirstChild; child != nil; {
		next := child.NextSibling
		walk(child, visit)
		child = next
	}
}

// find is the first node that matches.
func find(root *html.Node, match func(*html.Node) bool) *html.Node {
	for n := range root.Descendants() {
		if match(n) {
			return n
		}
	}
	return nil
}

// inside says that one of the elements is above the node.
func inside(n *html.Node, elements ...atom.Atom) bool {
	for parent := range n.Ancestors() {
		if slices.Contains(elements, parent.DataAtom) {
			return true
		}
	}
	return false
}

// textOf is the text of a node, with a space where blocks may end.
func textOf(n *html.Node) string {
	var text strings.Builder
	walk(n, func(c *html.Node) bool {
		if c.Type == html.TextNode {
			if data := strings.TrimSpace(c.Data); data != "" {
				text.WriteString(data)
				text.WriteByte(' ')
			}
		}
		return true
	})
	return strings.TrimSpace(text.String())
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func setAttr(n *html.Node, name, value string) {
	for i := range n.Attr {
		if n.Attr[i].Key == name {
			n.Attr[i].Val = value
		}
	}
}

// become makes a text of an element.
func become(n *html.Node, text string) {
	for n.FirstChild != nil {
		n.RemoveChild(n.FirstChild)
	}
	n.Type, n.Data, n.DataAtom, n.Attr = html.TextNode, text, 0, nil
}

// rename makes an element another one.
func rename(n *html.Node, name string) {
	n.Data, n.DataAtom = name, atom.Lookup([]byte(name))
}

// wrap makes the content of an element strong.
func wrap(n *html.Node) {
	strong := &html.Node{Type: html.ElementNode, Data: "strong", DataAtom: atom.Strong}
	for n.FirstChild != nil {
		child := n.FirstChild
		n.RemoveChild(child)
		strong.AppendChild(child)
	}
	n.AppendChild(strong)
}
