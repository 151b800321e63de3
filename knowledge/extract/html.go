package extract

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"path"
	"strconv"
	"strings"
	"unicode"

	"github.com/JohannesKaufmann/html-to-markdown/v2/converter"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/base"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/commonmark"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/table"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/net/html/charset"

	"github.com/recado/recado/knowledge"
)

// Reasons for which a page gives no text.
var (
	errScripts = errors.New("the page has no text; it is probably drawn by JavaScript, so save it from a browser or ingest its export")
	errNoText  = errors.New("the page has no text besides menus, forms and footers")
)

// pageReader makes Markdown of HTML.
type pageReader struct{ markdown *converter.Converter }

// newPageReader sets how HTML is written: tables with no more padding than they need,
// and no backslashes, which would tear product codes such as A_12_B apart.
func newPageReader() pageReader {
	return pageReader{markdown: converter.NewConverter(
		converter.WithEscapeMode(converter.EscapeModeDisabled),
		converter.WithPlugins(
			base.NewBasePlugin(),
			commonmark.NewCommonmarkPlugin(),
			table.NewTablePlugin(
				table.WithHeaderPromotion(true),
				table.WithSkipEmptyRows(true),
				table.WithSpanCellBehavior(table.SpanBehaviorMirror),
				table.WithCellPaddingBehavior(table.CellPaddingBehaviorMinimal),
				table.WithNewlineBehavior(table.NewlineBehaviorPreserve),
			),
		),
	)}
}

// read takes the main content of a page, and what the page says of itself.
func (r pageReader) read(f file) ([]knowledge.Extracted, error) {
	declared := ""
	if _, name, certain := charset.DetermineEncoding(f.data, f.contentType); certain {
		declared = name
	}
	text, err := decode(f.data, f.contentType, declared)
	if err != nil {
		return nil, err
	}
	doc, err := parse(text)
	if err != nil {
		return nil, err
	}
	about := aboutPage(doc, f.place)
	scripts := find(doc, func(n *html.Node) bool { return n.DataAtom == atom.Script }) != nil
	var meta knowledge.Meta
	if notionID(f.name) != "" {
		takeProperties(doc, &meta)
	}
	content := mainContent(doc)
	if about.meta.Title = pageTitle(content, about); about.meta.Title == "" && notionID(f.name) != "" {
		about.meta.Title = notionTitle(f.name)
	}
	body, err := r.render(content, about.base, notionID(f.name) != "")
	if err != nil {
		return nil, err
	}
	// What a page shows until its scripts have run is a word or two.
	switch words := countWords(body, 4); {
	case words < 4 && scripts:
		return nil, errScripts
	case words == 0:
		return nil, errNoText
	}
	return []knowledge.Extracted{{Place: about.canonical, Meta: meta, Aside: about.meta, Body: body, Format: knowledge.FormatMarkdown}}, nil
}

// fragment makes Markdown of the HTML of an article that has no page around it.
func (r pageReader) fragment(text, place string) (string, error) {
	doc, err := parse(clean(text))
	if err != nil {
		return "", err
	}
	dropHidden(doc)
	address, err := url.Parse(place)
	if err != nil || address.Host == "" {
		address = nil
	}
	return r.render(doc, address, false)
}

// parse reads HTML. The library refuses what is nested deeper than 512 elements.
func parse(text string) (*html.Node, error) {
	doc, err := html.Parse(strings.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("the HTML can't be read: %s", strings.TrimPrefix(err.Error(), "html: "))
	}
	return doc, nil
}

// render writes a tree as Markdown, with absolute links where the address is known.
func (r pageReader) render(content *html.Node, address *url.URL, notion bool) (string, error) {
	prepare(content, address)
	text, err := r.markdown.ConvertNode(content)
	if err != nil {
		return "", fmt.Errorf("the HTML can't be written as text: %w", err)
	}
	body := plainSigns.Replace(string(bytes.TrimSpace(text)))
	if notion {
		body = cleanNotionLinks(body)
	}
	return body + "\n", nil
}

// plainSigns undoes what the library does to keep text from being HTML again.
var plainSigns = strings.NewReplacer("&lt;", "<", "&gt;", ">")

// page is what a page says of itself.
type page struct {
	meta      knowledge.Meta
	canonical string
	base      *url.URL
	// head is the title element, shared the title for other sites.
	head, shared string
}

// aboutPage reads the head of a page: its language, address and titles.
func aboutPage(doc *html.Node, place string) page {
	about := page{}
	about.base, _ = url.Parse(webURL(place))
	walk(doc, func(n *html.Node) bool {
		switch n.DataAtom {
		case atom.Html:
			about.meta.Locale = cleanLocale(firstText(attr(n, "lang"), attr(n, "xml:lang")))
		case atom.Base:
			about.base = resolve(about.base, attr(n, "href"))
		case atom.Title:
			about.head = firstText(about.head, oneLine(textOf(n)))
		case atom.Link:
			if strings.EqualFold(attr(n, "rel"), "canonical") && about.canonical == "" {
				about.canonical = attr(n, "href")
			}
		case atom.Meta:
			about.readMeta(n)
		default:
		}
		return n.DataAtom != atom.Svg // which has titles, too
	})
	if found := resolve(about.base, about.canonical); found != nil {
		about.canonical = webURL(found.String())
	}
	if about.base == nil || about.base.Host == "" {
		about.base, _ = url.Parse(about.canonical)
	}
	if about.base != nil && about.base.Host == "" {
		about.base = nil
	}
	return about
}

func (p *page) readMeta(n *html.Node) {
	content := strings.TrimSpace(attr(n, "content"))
	switch strings.ToLower(firstText(attr(n, "property"), attr(n, "name"), attr(n, "http-equiv"))) {
	case "og:title":
		p.shared = oneLine(content)
	case "og:url":
		if p.canonical == "" {
			p.canonical = content
		}
	case "og:locale", "content-language":
		if p.meta.Locale == "" {
			p.meta.Locale = cleanLocale(content)
		}
	}
}

// pageTitle is the only first heading, the title for other sites, or the title of the
// window without the site's name, which follows the last of a few usual signs.
func pageTitle(content *html.Node, about page) string {
	first, more := "", false
	walk(content, func(n *html.Node) bool {
		if n.DataAtom == atom.H1 {
			more = more || first != ""
			first = firstText(first, oneLine(textOf(n)))
		}
		return true
	})
	if first != "" && !more && len(first) <= 200 {
		return first
	}
	title := about.head
	for _, sign := range []string{" | ", " – ", " — ", " · "} {
		if at := strings.LastIndex(title, sign); at > 0 && about.shared == "" {
			title = title[:at]
			break
		}
	}
	return firstText(about.shared, title)
}

// webURL is an address that a person can open, or nothing.
func webURL(address string) string {
	parsed, err := url.Parse(strings.TrimSpace(address))
	if err != nil || parsed.Host == "" || parsed.Scheme != "http" && parsed.Scheme != "https" {
		return ""
	}
	parsed.User = nil
	return parsed.String()
}

// resolve makes a reference absolute as far as the address is known.
func resolve(address *url.URL, reference string) *url.URL {
	parsed, err := url.Parse(strings.TrimSpace(reference))
	if err != nil || address == nil {
		return parsed
	}
	return address.ResolveReference(parsed)
}

// prepare makes of a tree what Markdown can say: links that lead somewhere, words for
// pictures, headings for the questions of an accordion.
func prepare(content *html.Node, address *url.URL) {
	level := 1
	flatten(content, 0)
	walk(content, func(n *html.Node) bool {
		if n.Type == html.TextNode && strings.Contains(n.Data, "|") && inside(n, atom.Td, atom.Th) {
			n.Data = strings.ReplaceAll(n.Data, "|", `\|`)
		}
		switch n.DataAtom {
		case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
			level = int(n.Data[1] - '0')
		case atom.A:
			prepareLink(n, address)
		case atom.Table:
			boundTable(n)
		case atom.Img:
			become(n, attr(n, "alt"))
		case atom.Summary:
			rename(n, fmt.Sprintf("h%d", min(level+1, 6)))
		case atom.Dt:
			wrap(n)
			rename(n, "p")
		case atom.Dd:
			rename(n, "div")
		case atom.Button:
			prepareButton(n, level)
		case atom.Center, atom.Font, atom.Label:
			rename(n, "span")
		default:
		}
		return true
	})
}

// maxNested is how deep lists, quotes, tables and signs of emphasis may stand in each
// other. Every level makes every line of it longer.
const maxNested = 8

// flatten makes plain blocks of what is nested deeper.
func flatten(n *html.Node, depth int) {
	switch n.DataAtom {
	case atom.Ul, atom.Ol, atom.Blockquote, atom.Table, atom.Pre, atom.B, atom.Strong, atom.I, atom.Em, atom.Code, atom.Del, atom.S, atom.A:
		depth++
	default:
	}
	if depth > maxNested {
		switch n.DataAtom {
		case atom.Ul, atom.Ol, atom.Li, atom.Blockquote, atom.Table, atom.Thead, atom.Tbody, atom.Tfoot, atom.Tr, atom.Td, atom.Th, atom.Pre:
			rename(n, "div")
		case atom.B, atom.Strong, atom.I, atom.Em, atom.Code, atom.Del, atom.S, atom.A:
			rename(n, "span")
		default:
		}
	}
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		flatten(child, depth)
	}
}

// maxSpan is how many columns or rows a cell may take. Browsers allow 1000, which a
// small page can make a text of any size of.
const maxSpan = 24

// boundTable takes the spans out of hand, and makes lines of a table whose rows are so
// uneven that filling them up would be most of the text.
func boundTable(n *html.Node) {
	rows, cells, width, column := 0, 0, 0, 0
	walk(n, func(c *html.Node) bool {
		switch c.DataAtom {
		case atom.Tr:
			rows++
			column = 0
		case atom.Td, atom.Th:
			cells++
			span := 1
			for _, name := range []string{"colspan", "rowspan"} {
				if count, err := strconv.Atoi(strings.TrimSpace(attr(c, name))); err != nil || count > maxSpan {
					setAttr(c, name, "1")
				} else {
					span *= max(count, 1)
				}
			}
			column += span
			width = max(width, column)
		default:
		}
		return true
	})
	if rows*width <= 16*cells+1024 {
		return
	}
	walk(n, func(c *html.Node) bool {
		switch c.DataAtom {
		case atom.Table, atom.Tbody, atom.Thead, atom.Tfoot, atom.Tr, atom.Caption, atom.Td, atom.Th:
			rename(c, "div")
		default:
		}
		return true
	})
}

// prepareLink keeps addresses that can be followed from elsewhere.
func prepareLink(n *html.Node, address *url.URL) {
	target := strings.TrimSpace(attr(n, "href"))
	if found := resolve(address, target); found != nil && target != "" && target[0] != '#' {
		switch found.Scheme {
		case "http", "https", "mailto", "tel":
			setAttr(n, "href", found.String())
			return
		case "":
			if path.Ext(found.Path) != "" || strings.Contains(found.Path, "/") {
				return
			}
		}
	}
	rename(n, "span")
	n.Attr = nil
}

// countWords counts up to a limit.
func countWords(text string, limit int) int {
	count, inside := 0, false
	for _, r := range text {
		word := unicode.IsLetter(r) || unicode.IsDigit(r)
		if word && !inside {
			if count++; count == limit {
				return count
			}
		}
		inside = word
	}
	return count
}
