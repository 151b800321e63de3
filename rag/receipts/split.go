package receipts

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// listMark begins an item of a list.
var listMark = regexp.MustCompile(`^\s*(?:[-*•·–]|\d{1,2}[.)])\s+`)

// short are abbreviations whose point ends no sentence.
var short = regexp.MustCompile(`(?i)(?:^|[\s(])(?:art|av|avda|apdo|aprox|c|cía|d|dª|dr|dra|ej|etc|máx|mín|n|no|núm|nº|p|pág|pza|sr|sra|st|tel|ud|uds|vs|approx|dept|inc|ltd|max|min|mr|mrs|ms|e\.g|i\.e|[ap]\.m|[A-Z])\.$`)

// Split gives the sentences of a text, in order and without the white space around them.
// Lines and items of lists are sentences of their own; a point inside a number, a link or
// an abbreviation ends none. Nothing but white space and the marks of lists is left out.
func Split(text string) []string {
	var all []string
	for line := range strings.Lines(text) {
		line = listMark.ReplaceAllString(strings.TrimRight(line, "\r\n"), "")
		for line != "" {
			end := sentenceEnd(line)
			if s := strings.TrimSpace(line[:end]); s != "" {
				all = append(all, s)
			}
			line = line[end:]
		}
	}
	return all
}

// sentenceEnd is the length of the first sentence of a line.
func sentenceEnd(line string) int {
	link := linkEnd(line)
	for i := 0; i < len(line); i++ {
		if i == link {
			return i
		}
		if !strings.ContainsRune(".!?", rune(line[i])) && !strings.HasPrefix(line[i:], "…") {
			continue
		}
		end := i + len(line[i:]) - len(strings.TrimLeft(line[i:], ".!?…"))
		closed := end + len(line[end:]) - len(strings.TrimLeft(line[end:], `"'”»)]*_`))
		if closes(line, end, closed) {
			return closed
		}
		i = end - 1
	}
	return len(line)
}

// linkThen matches a link with a word behind it that begins a sentence.
var linkThen = regexp.MustCompile(`https?://\S+( +)\p{Lu}`)

// linkEnd is where a link ends a sentence without a point, which would be taken for a part
// of it, or -1.
func linkEnd(line string) int {
	if !strings.Contains(line, "://") {
		return -1
	}
	at := linkThen.FindStringSubmatchIndex(line)
	if at == nil {
		return -1
	}
	return at[2]
}

// closes tells whether marks that end at end, or at closed with what shuts quotations,
// close a sentence.
func closes(line string, end, closed int) bool {
	rest := line[closed:]
	if rest == "" {
		return true
	}
	next, _ := utf8.DecodeRuneInString(rest)
	if !unicode.IsSpace(next) && next != '¿' && next != '¡' {
		return false
	}
	if line[end-1] != '.' {
		return true
	}
	return !short.MatchString(lastWord(line[:end]))
}

// lastWord is the end of a text from what short needs to see on: abbreviations hold no
// white space and no bracket.
func lastWord(text string) string {
	at := strings.LastIndexFunc(text, func(r rune) bool { return unicode.IsSpace(r) || r == '(' })
	return text[max(0, at):]
}
