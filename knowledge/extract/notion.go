package extract

import (
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/recado/recado/knowledge"
)

// Notion ends the name of every exported page with the page's ID, 32 hexadecimal
// digits. They keep names apart and stay in documents' IDs; nobody wants to read them
// in a title or a link.
var (
	notionName = regexp.MustCompile(`[ _-]([0-9a-f]{32})(_all)?$`)
	notionLink = regexp.MustCompile(`(!?)\[([^\[\]\n]*)\]\(((?:[^()\n]|\([^()\n]*\))*)\)`)
)

// notionID is the page's ID of an exported file, and "" for any other file.
func notionID(name string) string {
	found := notionName.FindStringSubmatch(strings.TrimSuffix(path.Base(name), path.Ext(name)))
	if found == nil {
		return ""
	}
	return found[1]
}

// notionTitle is the name of an exported page as its author wrote it.
func notionTitle(name string) string {
	return notionName.ReplaceAllString(strings.TrimSuffix(path.Base(name), path.Ext(name)), "")
}

// notionPage reads a page: its title, the lines "Property: value" below it, which say
// what knowledge.Meta asks for, and the text.
func notionPage(name, text string) knowledge.Extracted {
	page := knowledge.Extracted{Format: knowledge.FormatMarkdown, Aside: knowledge.Meta{Title: notionTitle(name)}}
	lines := strings.Split(text, "\n")
	if title, ok := strings.CutPrefix(lines[0], "# "); ok {
		page.Aside.Title = title
		kept, rest := notionProperties(lines[1:], &page.Meta)
		lines = append(append([]string{lines[0]}, kept...), rest...)
	}
	page.Body = cleanNotionLinks(strings.Join(lines, "\n"))
	return page
}

// notionProperties takes known properties into the meta and keeps the lines of all
// others. They are the block right below the title; a text of its own that merely
// begins with a colon in its first line has no second one.
func notionProperties(lines []string, meta *knowledge.Meta) (kept, rest []string) {
	at := 0
	for at < len(lines) && strings.TrimSpace(lines[at]) == "" {
		at++
	}
	start := at
	for at < len(lines) && propertyLine(lines[at]) {
		at++
	}
	if at == start || at < len(lines) && strings.TrimSpace(lines[at]) != "" {
		return nil, lines
	}
	for _, line := range lines[start:at] {
		key, value, _ := strings.Cut(line, ":")
		switch column := columnOf(key); {
		case column == "answer": // of a question that has a page of its own
			kept = append(kept, strings.TrimSpace(value))
		case !setMeta(meta, column, strings.TrimSpace(value)):
			kept = append(kept, line)
		}
	}
	if len(kept) > 0 {
		kept = append([]string{""}, kept...)
	}
	return kept, lines[at:]
}

func propertyLine(line string) bool {
	key, value, ok := strings.Cut(line, ":")
	return ok && len(key) <= 60 && strings.TrimSpace(key) == key && key != "" &&
		(value == "" || strings.HasPrefix(value, " ")) && !strings.ContainsAny(key, ".!?[*#|`>")
}

// setMeta sets the field of a column, unless the value is none that it can have. What says
// for whom, where and when a page holds is set in any case: knowledge.Parse refuses what
// it does not understand.
func setMeta(meta *knowledge.Meta, column, value string) bool {
	value = valueOf(column, value)
	switch {
	case value == "":
		return column != ""
	case column == "title":
		meta.Title = value
	case column == "locale" && cleanLocale(value) != "":
		meta.Locale = cleanLocale(value)
	case column == "audience":
		meta.Audience = cmp.Or(audienceOf(value), knowledge.Audience(value))
	case column == "markets":
		if meta.Markets = marketsOf(value); meta.Markets == nil {
			meta.Markets = []string{value}
		}
	case column == "valid_from":
		meta.ValidFrom = cmp.Or(dayOf(value), value)
	case column == "valid_to":
		meta.ValidTo = cmp.Or(dayOf(value), value)
	case column == "approver":
		meta.Approver = value
	case column == "tags":
		meta.Tags = tagsOf(strings.Split(value, ","))
	default:
		return false
	}
	return true
}

// audienceOf reads for whom a page is, and gives "" when that is not known.
func audienceOf(value string) knowledge.Audience {
	meta, err := knowledge.Meta{Audience: knowledge.Audience(value)}.Check()
	if err != nil {
		return ""
	}
	return meta.Audience
}

// marketsOf reads a list of country codes, and gives nil when it is none.
func marketsOf(value string) []string {
	var markets []string
	for market := range strings.SplitSeq(value, ",") {
		market = strings.ToUpper(strings.TrimSpace(market))
		if len(market) != 2 || strings.Trim(market, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
			return nil
		}
		markets = append(markets, market)
	}
	slices.Sort(markets)
	return slices.Compact(markets)
}

// dayOf reads a day as Notion writes it, or as Meta has it.
func dayOf(value string) string {
	for _, layout := range []string{time.DateOnly, "January 2, 2006", "2006/01/02", "January 2, 2006 3:04 PM", "2006/01/02 15:04"} {
		if day, err := time.Parse(layout, value); err == nil {
			return day.Format(time.DateOnly)
		}
	}
	return ""
}

// tagsOf makes the sorted lower-case words that Meta.Tags are.
func tagsOf(given []string) []string {
	var tags []string
	for _, tag := range given {
		if tag = strings.ToLower(oneLine(clean(tag))); tag != "" {
			tags = append(tags, tag)
		}
	}
	slices.Sort(tags)
	return slices.Compact(tags)
}

// localeForm is a language with optional script, country and variant.
var localeForm = regexp.MustCompile(`^[a-z]{2,3}(-[a-z0-9]{1,8})*$`)

// cleanLocale writes a language tag as Meta.Locale has it, and "" for anything else.
func cleanLocale(given string) string {
	locale := strings.ToLower(strings.ReplaceAll(strings.TrimSpace(given), "_", "-"))
	if !localeForm.MatchString(locale) || locale == "und" || locale == "zxx" {
		return ""
	}
	return locale
}

// cleanNotionLinks leaves of links between exported files what they are called, for no
// customer can follow them, and of their pictures nothing. Links to anywhere else stay.
func cleanNotionLinks(text string) string {
	return notionLink.ReplaceAllStringFunc(text, func(link string) string {
		parts := notionLink.FindStringSubmatch(link)
		target, _, _ := strings.Cut(parts[3], " ") // what follows is a title
		address, err := url.Parse(target)
		switch {
		case err == nil && (address.Scheme != "" || address.Host != "" || address.Path == ""):
			return link
		case parts[1] != "":
			return ""
		}
		return parts[2]
	})
}

// takeProperties takes the known properties of a page out of an export as HTML, as
// notionProperties does.
func takeProperties(doc *html.Node, meta *knowledge.Meta) {
	properties := find(doc, func(n *html.Node) bool {
		return n.DataAtom == atom.Table && slices.Contains(strings.Fields(attr(n, "class")), "properties")
	})
	if properties == nil {
		return
	}
	var taken []*html.Node
	left := 0
	walk(properties, func(n *html.Node) bool {
		if n.DataAtom != atom.Tr {
			return true
		}
		key, value := cell(n, atom.Th), cell(n, atom.Td)
		switch column := columnOf(oneLine(textOf(key))); {
		case column == "answer" && value.FirstChild != nil:
			answer := &html.Node{Type: html.ElementNode, DataAtom: atom.Div, Data: "div"}
			for value.FirstChild != nil {
				child := value.FirstChild
				value.RemoveChild(child)
				answer.AppendChild(child)
			}
			properties.Parent.InsertBefore(answer, properties.NextSibling)
			taken = append(taken, n)
		case setMeta(meta, column, propertyText(value)):
			taken = append(taken, n)
		default:
			left++
		}
		return false
	})
	if left == 0 {
		taken = []*html.Node{properties}
	}
	for _, n := range taken {
		n.Parent.RemoveChild(n)
	}
}

// cell is the first cell of a kind in a row, an empty one when it has none.
func cell(row *html.Node, kind atom.Atom) *html.Node {
	if found := find(row, func(n *html.Node) bool { return n.DataAtom == kind }); found != nil {
		return found
	}
	return &html.Node{}
}

// propertyText is a property's value, several with commas.
func propertyText(cell *html.Node) string {
	var values []string
	for child := cell.FirstChild; child != nil; child = child.NextSibling {
		if value := strings.TrimPrefix(oneLine(textOf(child)), "@"); value != "" {
			values = append(values, value)
		}
	}
	return strings.Join(values, ",")
}

// notionTable makes Markdown of a database that is no FAQ: its rows are the
// properties of pages, a section each.
func notionTable(name string, names []string, reader *csv.Reader, skipped int) ([]knowledge.Extracted, error) {
	title := notionTitle(name)
	out := strings.Builder{}
	out.WriteString("# " + title + "\n")
	for {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, tableError(err, skipped)
		}
		for i, value := range record {
			value = strings.TrimSpace(value)
			switch {
			case value == "":
			case i == 0:
				out.WriteString("\n## " + oneLine(value) + "\n\n")
			case i < len(names):
				fmt.Fprintf(&out, "- %s: %s\n", oneLine(names[i]), strings.ReplaceAll(value, "\n", "\n  "))
			default:
				out.WriteString("- " + oneLine(value) + "\n")
			}
		}
	}
	return []knowledge.Extracted{{Body: out.String(), Format: knowledge.FormatMarkdown, Aside: knowledge.Meta{Title: title}}}, nil
}
