package whatsapp

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

var (
	// verbatim is code, which is left as it is; WhatsApp writes it the same way.
	verbatim = regexp.MustCompile("(?s)```.*?```|`[^`\n]+`")
	heading  = regexp.MustCompile(`(?m)^ {0,3}#{1,6}[ \t]+(.*?)[ \t]*#*[ \t]*$`)
	both     = regexp.MustCompile(`\*\*\*([^\s*](?:[^*\n]*[^\s*])?)\*\*\*`)
	bold     = regexp.MustCompile(`\*\*([^\s*](?:[^*\n]*[^\s*])?)\*\*`)
	strike   = regexp.MustCompile(`~~([^\s~](?:[^~\n]*[^\s~])?)~~`)
	// link is a link or a picture. Its address may hold one pair of brackets.
	link = regexp.MustCompile(`!?\[([^\]\n]+)\]\(<?((?:[^()\s<>]|\([^()\s]*\))+)>?(?:[ \t]+"[^"\n]*")?\)`)
	// address is what a customer's phone can open.
	address = regexp.MustCompile(`^(?:https?://|mailto:|tel:)`)
	website = regexp.MustCompile(`https?://[^\s/]`)
)

// marks turns light Markdown, as language models write it, into the marks that
// WhatsApp knows: **bold** into *bold*, ~~struck~~ into ~struck~, a heading into a
// bold line, and a link into its text and address. A single asterisk or underline
// is left alone: it is a mark of WhatsApp already. The text never grows.
func marks(text string) string {
	var b strings.Builder
	from := 0
	for _, code := range verbatim.FindAllStringIndex(text, -1) {
		b.WriteString(markProse(text[from:code[0]]))
		b.WriteString(text[code[0]:code[1]])
		from = code[1]
	}
	b.WriteString(markProse(text[from:]))
	return b.String()
}

func markProse(text string) string {
	text = link.ReplaceAllStringFunc(text, markLink)
	text = heading.ReplaceAllStringFunc(text, markHeading)
	text = both.ReplaceAllString(text, "*_${1}_*")
	text = bold.ReplaceAllString(text, "*${1}*")
	return strike.ReplaceAllString(text, "~${1}~")
}

// markLink drops addresses that lead nowhere from a phone, such as those from one
// document to another.
func markLink(found string) string {
	parts := link.FindStringSubmatch(found)
	label, to := strings.TrimSpace(parts[1]), parts[2]
	if !address.MatchString(to) {
		return label
	}
	to = strings.TrimPrefix(strings.TrimPrefix(to, "mailto:"), "tel:")
	if label == "" || label == to {
		return to
	}
	return label + ": " + to
}

func markHeading(found string) string {
	title := strings.TrimSpace(strings.ReplaceAll(heading.FindStringSubmatch(found)[1], "*", ""))
	if title == "" {
		return ""
	}
	return "*" + title + "*"
}

// clip shortens a text to so many characters, at the end of a word when there is one
// near, and shows that something is missing.
func clip(text string, most int) string {
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	runes = runes[:most-1]
	for i := len(runes) - 1; i > len(runes)-200 && i > 0; i-- {
		if unicode.IsSpace(runes[i]) {
			runes = runes[:i]
			break
		}
	}
	return strings.TrimRightFunc(string(runes), unicode.IsSpace) + "…"
}

// shorten cuts a title or a name to so many characters, the last of which shows it.
func shorten(s string, most int) string {
	if len(s) <= most || utf8.RuneCountInString(s) <= most {
		return s
	}
	return strings.TrimRightFunc(string([]rune(s)[:most-1]), unicode.IsSpace) + "…"
}

// oneLine is a text without breaks and without space that isn't seen.
func oneLine(s string) string {
	return strings.Join(strings.Fields(strings.ToValidUTF8(s, "\uFFFD")), " ")
}
