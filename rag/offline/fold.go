package offline

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	wording "github.com/recado/recado/rag/phrases"
)

// fold lower-cases, drops accents and turns everything but letters, digits and
// "#" into single spaces, with one at either end, so that patterns can ask for
// whole words.
func fold(text string) string {
	var out strings.Builder
	out.Grow(len(text) + 2)
	out.WriteByte(' ')
	space := true
	for _, r := range norm.NFKD.String(text) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case unicode.IsLetter(r) || unicode.IsDigit(r) || r == '#':
			out.WriteRune(unicode.ToLower(r))
			space = false
		case !space:
			out.WriteByte(' ')
			space = true
		}
	}
	if !space {
		out.WriteByte(' ')
	}
	return out.String()
}

// phrases compiles alternatives that match whole words of folded text.
func phrases(alternatives ...string) *wording.Set { return wording.Spaced(alternatives...) }

// letters compiles alternatives that match wherever they stand, also within words.
func letters(alternatives ...string) *wording.Set { return wording.Bare(alternatives...) }
