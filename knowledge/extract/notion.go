package extract

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/recado/recado/knowledge"
)

// Notion ends the name of every exported page with the page's ID, 32 hexadecimal
// digits. They keep names apart and stay in documents' IDs; nobody wants to read them
// in a title or a link.
var (
	notionName = regexp.MustCompile(`[ _-]([0-9a-f]{32})(_all)?$`)
	notionLink = regexp.MustCompile(`(?:%20| )[0-9a-f]{32}`)
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
		if !setMeta(meta, columnOf(key), strings.TrimSpace(value)) {
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

// setMeta sets the field of a column, unless the value is none that it can have.
func setMeta(meta *knowledge.Meta, column, value string) bool {
	value = valueOf(column, value)
	switch {
	case value == "":
		return column != ""
	case column == "title":
		meta.Title = value
	case column == "locale" && cleanLocale(value) != "":
		meta.Locale = cleanLocale(value)
	case column == "audience" && audienceOf(value) != "":
		meta.Audience = audienceOf(value)
	case column == "markets" && marketsOf(value) != nil:
		meta.Markets = marketsOf(value)
	case column == "valid_from" && dayOf(value) != "":
		meta.ValidFrom = dayOf(value)
	case column == "valid_to" && dayOf(value) != "":
		meta.ValidTo = dayOf(value)
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
	for _, layout := range []string{time.DateOnly, "January 2, 2006", "2006/01/02"} {
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

// cleanNotionLinks takes the IDs out of links between exported pages; links to
// anywhere else keep all their digits.
func cleanNotionLinks(text string) string {
	var out strings.Builder
	for {
		start := strings.Index(text, "](")
		if start < 0 {
			break
		}
		end := strings.IndexAny(text[start+2:], ")\n")
		if end < 0 {
			break
		}
		target := text[start+2 : start+2+end]
		if !strings.Contains(target, "://") {
			target = notionLink.ReplaceAllString(target, "")
		}
		out.WriteString(text[:start+2] + target)
		text = text[start+2+end:]
	}
	return out.String() + text
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
