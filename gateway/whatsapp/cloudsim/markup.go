package cloudsim

import (
	"html/template"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Beginnings of lines that stand for more than text.
var (
	bullet  = regexp.MustCompile(`^[-*•] +`)
	ordered = regexp.MustCompile(`^[0-9]{1,3}[.)] +`)
	quote   = regexp.MustCompile(`^> ?`)
	source  = regexp.MustCompile(`^(Fuentes?|Sources?): `)
	address = regexp.MustCompile(`^https?://[^\s<>"\x60]+`)
)

// elements are what the marks within a line become.
var elements = map[rune]string{'*': "strong", '_': "em", '~': "s", '`': "code"}

// render makes HTML of a text with WhatsApp's marks: *bold*, _italic_, ~struck~,
// `code`, quotes, lists and links. Everything else of the text is escaped, and a
// mark that isn't closed stays what it is. The last line of a reply that names its
// sources stands apart.
func render(text string) template.HTML {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(strings.ReplaceAll(text, "\r\n", "\n"), "\uFFFD"))
	var b strings.Builder
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		renderParagraph(&b, strings.Split(strings.Trim(paragraph, "\n"), "\n"))
	}
	//nolint:gosec // all text went through escape
	return template.HTML(b.String())
}

// block is the kind of element that a line belongs into, and the line without the
// sign for it.
func block(line string) (element, rest string) {
	for _, kind := range []struct {
		element string
		begins  *regexp.Regexp
	}{{"ul", bullet}, {"ol", ordered}, {"blockquote", quote}} {
		if sign := kind.begins.FindString(line); sign != "" {
			return kind.element, line[len(sign):]
		}
	}
	if source.MatchString(line) {
		return "cite", line
	}
	return "p", line
}

// renderParagraph groups lines of one kind.
func renderParagraph(b *strings.Builder, lines []string) {
	for len(lines) > 0 {
		element, _ := block(lines[0])
		end := slices.IndexFunc(lines, func(l string) bool { e, _ := block(l); return e != element })
		if end < 0 {
			end = len(lines)
		}
		renderBlock(b, element, lines[:end])
		lines = lines[end:]
	}
}

func renderBlock(b *strings.Builder, element string, lines []string) {
	if strings.TrimSpace(strings.Join(lines, "")) == "" {
		return
	}
	b.WriteString("<" + element + ">")
	for i, line := range lines {
		_, line = block(line)
		switch {
		case element == "ul":
			b.WriteString("<li>" + inline(line) + "</li>")
		case element == "ol":
			// The number is the writer's: lists can begin anywhere.
			sign := ordered.FindString(lines[i])
			b.WriteString("<li><span>" + template.HTMLEscapeString(sign) + "</span>" + inline(line) + "</li>")
		case i > 0:
			b.WriteString("<br/>" + inline(line))
		default:
			b.WriteString(inline(line))
		}
	}
	b.WriteString("</" + element + ">")
}

// inline renders the marks and links of one line.
func inline(line string) string {
	var b strings.Builder
	before, plain := ' ', 0
	for i := 0; i < len(line); {
		r, size := utf8.DecodeRuneInString(line[i:])
		made, length := "", 0
		if !wordly(before) {
			if made, length = link(line[i:]); length == 0 {
				made, length = marked(line[i:], r)
			}
		}
		if length == 0 {
			i, before = i+size, r
			continue
		}
		b.WriteString(template.HTMLEscapeString(line[plain:i]) + made)
		i += length
		plain, before = i, ' '
	}
	return b.String() + template.HTMLEscapeString(line[plain:])
}

// link renders an address that the text begins with. Punctuation at its end
// belongs to the sentence.
func link(text string) (made string, length int) {
	found := strings.TrimRight(address.FindString(text), `.,;:!?)]}'*_~`)
	target, err := url.Parse(found)
	if found == "" || err != nil || target.Host == "" {
		return "", 0
	}
	escaped := template.HTMLEscapeString(found)
	return `<a href="` + escaped + `" target="_blank" rel="noopener noreferrer">` + escaped + `</a>`, len(found)
}

// marked renders a pair of marks that the text begins with.
func marked(text string, mark rune) (made string, length int) {
	element, ok := elements[mark]
	if !ok {
		return "", 0
	}
	inner := text[1:]
	for from := 0; ; {
		at := strings.IndexRune(inner[from:], mark)
		if at < 0 {
			return "", 0
		}
		end := from + at
		if closes(inner, end, mark) {
			content := inner[:end]
			if mark == '`' {
				content = template.HTMLEscapeString(content)
			} else {
				content = inline(content)
			}
			return "<" + element + ">" + content + "</" + element + ">", end + 2
		}
		from = end + 1
	}
}

// closes tells whether the mark at this place ends what began before: something
// is between, without spaces or more of the mark at its ends, and no word goes on
// after it.
func closes(inner string, end int, mark rune) bool {
	first, _ := utf8.DecodeRuneInString(inner)
	last, _ := utf8.DecodeLastRuneInString(inner[:end])
	after, _ := utf8.DecodeRuneInString(inner[end+1:])
	for _, r := range []rune{first, last} {
		if r == mark || unicode.IsSpace(r) {
			return false
		}
	}
	return end > 0 && (end+1 == len(inner) || !wordly(after))
}

// wordly tells which characters make words: within one, marks are none.
func wordly(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
