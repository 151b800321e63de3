package offline

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/recado/recado/rag/receipts"
)

// unit is a piece of a passage that can stand in an answer: a sentence, an item
// of a list, all steps of a numbered one, or a row of a table.
type unit struct {
	text string
	// sense is what it is compared by, when that is more than its text.
	sense string
	// before is the sentence before it in its paragraph, which may name what this one is about.
	before string
	// line says that the unit takes a line of its own.
	line bool
}

// meaning is the text that the unit is compared by.
func (u unit) meaning() string { return cmp.Or(u.sense, u.text) }

// announces tells whether the unit ends with a colon: it says nothing without the
// lines behind it.
func (u unit) announces() bool { return !u.line && strings.HasSuffix(u.text, ":") }

var (
	tableRule  = regexp.MustCompile(`^\s*\|?[\s:|-]+\|?\s*$`)
	listMark   = regexp.MustCompile(`^\s*[-*+]\s+`)
	stepMark   = regexp.MustCompile(`^\s*\d+[.)]\s+`)
	emphasis   = regexp.MustCompile("[*`]+|__")
	inlineLink = regexp.MustCompile(`\[([^\]]*)\]\([^)\s]*\)`)
)

// units cuts a passage in Markdown. Sentences in which the shop says that it did
// something or will do it are left out: nobody has done it for this customer.
func units(text string) []unit {
	var list []unit
	var header []string
	inSteps := false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		step := stepMark.MatchString(line)
		inSteps = inSteps && step
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
			header = nil
		case strings.HasPrefix(line, "|") && tableRule.MatchString(line):
		case strings.HasPrefix(line, "|"):
			cells := tableCells(line)
			if header == nil {
				header = cells
				continue
			}
			list = append(list, unit{text: row(header, cells), sense: sense(header, cells), line: true})
		case inSteps:
			// Steps are of use together only.
			list[len(list)-1].text += "\n" + plain(line)
		case step:
			list = append(list, unit{text: plain(line), line: true})
			inSteps = true
		case listMark.MatchString(line):
			list = append(list, unit{text: "• " + plain(listMark.ReplaceAllString(line, "")), line: true})
		default:
			before := ""
			for _, s := range sentences(plain(line)) {
				list = append(list, unit{text: s, before: before})
				before = s
			}
		}
	}
	list = slices.DeleteFunc(list, func(u unit) bool { return receipts.Claims(u.text) })
	kept := list[:0]
	for i, u := range list {
		if !u.announces() || i+1 < len(list) && list[i+1].line {
			kept = append(kept, u)
		}
	}
	return kept
}

func plain(text string) string {
	return strings.TrimSpace(emphasis.ReplaceAllString(inlineLink.ReplaceAllString(text, "$1"), ""))
}

func tableCells(line string) []string {
	cells := strings.Split(strings.Trim(line, "|"), "|")
	for i, c := range cells {
		cells[i] = plain(c)
	}
	return cells
}

// plainValue matches values that are written small behind a colon.
var plainValue = regexp.MustCompile(`^(?:Inmediat|Instant|Immediate|Nunca|Never|Gratis|Free|Día|Next|Sin|Sí|Yes|No)`)

// row writes a row of a table as a line: "Tarjeta regalo: inmediato" when there
// is one value, else every value behind the name of its column.
func row(header, cells []string) string {
	if len(cells) == 2 && cells[0] != "" && cells[1] != "" {
		value := cells[1]
		if first, size := utf8.DecodeRuneInString(value); plainValue.MatchString(value) {
			value = string(unicode.ToLower(first)) + value[size:]
		}
		return "• " + cells[0] + ": " + value
	}
	return "• " + sense(header, cells)
}

// sense is a row with the names of its columns: the first cell as it is, the
// others behind theirs.
func sense(header, cells []string) string {
	parts := []string{}
	for i, c := range cells {
		if i > 0 && i < len(header) && header[i] != "" {
			c = header[i] + ": " + c
		}
		if c != "" {
			parts = append(parts, c)
		}
	}
	return strings.Join(parts, "; ")
}

// sentences splits at the end of a sentence: a mark, a space, and a capital
// letter or an opening mark.
func sentences(text string) []string {
	var list []string
	runes := []rune(text)
	start := 0
	for i := 0; i+2 < len(runes); i++ {
		if !strings.ContainsRune(".!?", runes[i]) || runes[i+1] != ' ' {
			continue
		}
		if next := runes[i+2]; unicode.IsUpper(next) || strings.ContainsRune("¿¡«\"“", next) {
			list = append(list, string(runes[start:i+1]))
			start = i + 2
		}
	}
	if start < len(runes) {
		list = append(list, string(runes[start:]))
	}
	return list
}

// join writes the taken units in their order.
func join(list []unit, taken map[int]bool) string {
	var out strings.Builder
	previous := unit{}
	for i, u := range list {
		if !taken[i] {
			continue
		}
		switch {
		case out.Len() == 0:
		case u.line || previous.line:
			out.WriteByte('\n')
		default:
			out.WriteByte(' ')
		}
		out.WriteString(u.text)
		previous = u
	}
	return out.String()
}
