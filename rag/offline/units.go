package offline

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/recado/recado/rag/guard"
)

// unit is a piece of a passage that can stand in an answer: a sentence, an item
// of a list, all steps of a numbered one, or a row of a table.
type unit struct {
	text string
	// line says that the unit takes a line of its own.
	line bool
}

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
			list = append(list, unit{text: row(header, cells), line: true})
		case inSteps:
			// Steps are of use together only.
			list[len(list)-1].text += "\n" + plain(line)
		case step:
			list = append(list, unit{text: plain(line), line: true})
			inSteps = true
		case listMark.MatchString(line):
			list = append(list, unit{text: "• " + plain(listMark.ReplaceAllString(line, "")), line: true})
		default:
			for _, s := range sentences(plain(line)) {
				list = append(list, unit{text: s})
			}
		}
	}
	kept := list[:0]
	for _, u := range list {
		if len(guard.Claims(u.text)) == 0 {
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

// row writes a row of a table as a line: the first cells as they are, the others
// behind the name of their column.
func row(header, cells []string) string {
	parts := []string{}
	for i, c := range cells {
		if i > 0 && i < len(header) && header[i] != "" {
			c = header[i] + ": " + c
		}
		if c != "" {
			parts = append(parts, c)
		}
	}
	return "• " + strings.Join(parts, "; ")
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
