package knowledge

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

var (
	// keyLine is a line of YAML or TOML, or one that was meant to be one.
	keyLine = regexp.MustCompile(`^[-*\s]*["'*_` + "`" + `]*([\pL\pN][\pL\pN _-]{0,40}?)["'*_` + "`" + `]*\s*[:=](.*)$`)
	// ruleLine is a line that people and programs take for the end or the start of
	// something.
	ruleLine = regexp.MustCompile("^(?:[-+=*_~#\u2010-\u2015 ]+|(?:```|~~~)[a-z]*)$")
)

// opening is where a document begins, behind blank lines and comments.
func opening(text string) int {
	text = text[:min(len(text), maxFrontMatter)]
	rest := text
	for {
		rest = strings.TrimLeftFunc(rest, unicode.IsSpace)
		_, after, closed := strings.Cut(rest, "-->")
		if !strings.HasPrefix(rest, "<!--") || !closed {
			return len(text) - len(rest)
		}
		rest = after
	}
}

// isFence says that a line is one of hyphens alone. A space behind them or a hyphen too
// many is nothing that an author sees.
func isFence(line string) bool {
	line = strings.TrimSpace(line)
	return len(line) >= 3 && strings.Trim(line, "-") == ""
}

// fenced finds what is between two lines of hyphens at the start, and the body behind
// them; body is 0 without them or when no line between them can be a key.
func fenced(text string) (start, end, body int) {
	at, keys := opening(text), false
	limit := min(len(text), at+maxFrontMatter)
	for line := range strings.Lines(text[at:limit]) {
		trimmed := strings.TrimSpace(line)
		switch {
		case start == 0 && !isFence(line):
			return 0, 0, 0
		case start == 0:
			start = at + len(line)
		case (isFence(line) || trimmed == "...") && keys:
			return start, at, at + len(line)
		case isFence(line) || trimmed == "...":
			return 0, 0, 0
		}
		at += len(line)
		keys = keys || !strings.HasPrefix(trimmed, "#") && strings.Contains(trimmed, ":")
	}
	return 0, 0, 0
}

// unfenced is an error about the first line of a document without front matter that was
// meant to be part of one: a key that keeps the document from somebody, or any key right
// below hyphens. Whoever wrote it believes that it is followed.
func unfenced(text string) error {
	at := opening(text)
	number := strings.Count(text[:at], "\n")
	begun, ruled, titled := false, false, false
	for line := range strings.Lines(text[at:min(len(text), at+maxFrontMatter)]) {
		number++
		trimmed := strings.TrimSpace(line)
		pair := keyLine.FindStringSubmatch(trimmed)
		switch {
		case trimmed == "":
		case ruleLine.MatchString(trimmed):
			begun, ruled = begun || number == 1+strings.Count(text[:at], "\n") && isFence(line), true
		case strings.HasPrefix(trimmed, "#"):
			titled = true // the title of a text, or a comment in YAML
		case pair == nil && !continues(line):
			return nil
		case pair == nil:
		case begun && (MetaKey(pair[1]) != "" || Mistyped(pair[1]) != nil):
			return fmt.Errorf("line %d: it does not end; write a line --- below its last key", number)
		case restricts(pair[1], pair[2], ruled, titled && !ruled):
			return fmt.Errorf("line %d: %q does not stand between two lines ---; write one above and one below, "+
				"or put it otherwise if it is part of the text", number, pair[1])
		}
	}
	return nil
}

// continues says that a line belongs to the value of the key above.
func continues(line string) bool {
	return strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t") || strings.HasPrefix(line, "- ")
}

// restricts says that a line was meant to keep a document from somebody. A text may well
// begin with a list of countries, but below a rule that is none; and below its title only
// the plainest case is certain.
func restricts(key, value string, ruled, titled bool) bool {
	field := MetaKey(key)
	if !slices.Contains([]string{"audience", "markets", "valid_from", "valid_to"}, field) {
		return ruled && Mistyped(key) != nil
	}
	value = strings.Trim(value, " \t[]*_`\"'")
	var m Meta
	understood := m.set(field, value) == nil && value != ""
	if titled {
		return understood && m.Audience == AudienceAgent
	}
	return ruled || understood
}
