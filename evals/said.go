package evals

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Said is a text in which wordings are looked for, without regard to case, accents and white
// space.
type Said struct {
	text string
	// gaps tells of each byte whether white space stood before it.
	gaps []bool
}

// NewSaid prepares a text.
func NewSaid(text string) Said {
	var s Said
	var b strings.Builder
	gap := false
	for _, r := range norm.NFKD.String(text) {
		switch {
		case unicode.IsSpace(r):
			gap = true
		case !unicode.Is(unicode.Mn, r):
			r = unicode.ToLower(r)
			b.WriteRune(r)
			s.gaps = append(s.gaps, gap)
			s.gaps = append(s.gaps, make([]bool, utf8.RuneLen(r)-1)...)
			gap = false
		}
	}
	s.text = b.String()
	return s
}

// Fold takes case, accents and all white space away, so that "4,99 €" and "4,99€"
// are the same.
func Fold(text string) string { return NewSaid(text).text }

// Holds tells whether the text holds a wording, and not as a part of another number: "5 days"
// is not in "15 days", "30 €" not in "1.30 €" and "€30" not in "€30.50". An empty wording is in
// every text.
func (s Said) Holds(wording string) bool {
	wording = Fold(wording)
	for from := 0; ; {
		i := strings.Index(s.text[from:], wording)
		if i < 0 {
			return false
		}
		begin, end := from+i, from+i+len(wording)
		if !s.inNumber(begin) && !s.inNumber(end) {
			return true
		}
		_, size := utf8.DecodeRuneInString(s.text[begin:])
		from = begin + size
	}
}

// inNumber tells whether a place is within a number: between its figures, with a point or a
// comma of it before or behind, or between its groups of three.
func (s Said) inNumber(at int) bool {
	switch {
	case s.figure(at-1) && s.figure(at):
		return !s.gaps[at] || s.three(at)
	case s.figure(at-1) && s.mark(at):
		return !s.gaps[at] && s.figure(at+1) && !s.gaps[at+1]
	case s.mark(at-1) && s.figure(at):
		return !s.gaps[at] && s.figure(at-2) && !s.gaps[at-1]
	}
	return false
}

// three tells whether three figures stand at a place, and no more.
func (s Said) three(at int) bool {
	n := 0
	for s.figure(at+n) && (n == 0 || !s.gaps[at+n]) {
		n++
	}
	return n == 3
}

func (s Said) figure(i int) bool {
	return i >= 0 && i < len(s.text) && s.text[i] >= '0' && s.text[i] <= '9'
}

func (s Said) mark(i int) bool {
	return i >= 0 && i < len(s.text) && (s.text[i] == '.' || s.text[i] == ',')
}
