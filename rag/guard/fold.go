package guard

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// fold lower-cases, drops accents and turns everything but letters and digits
// into single spaces; the end of a sentence or line becomes " .".
func fold(text string) string {
	if len(text) > maxTriage {
		text = text[:maxTriage]
	}
	var out strings.Builder
	space := true
	for _, r := range norm.NFKD.String(strings.ToValidUTF8(text, " ")) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			out.WriteRune(unicode.ToLower(r))
			space = false
		case r == '.' || r == '!' || r == '?' || r == '\n' || r == ';':
			if !space {
				out.WriteByte(' ')
			}
			// A line that ends in a space ends as well, several marks end once.
			if text := out.String(); text != "" && !strings.HasSuffix(text, ". ") {
				out.WriteString(". ")
			}
			space = true
		default:
			if !space {
				out.WriteByte(' ')
				space = true
			}
		}
	}
	return strings.TrimSpace(out.String())
}
