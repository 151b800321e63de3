package pii

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// sight is what a glance at a text shows: whether it can hold what a pattern looks for
// at all. Patterns with many alternatives take a millisecond on a message; most messages
// hold none of their words, and looking for these takes microseconds.
type sight struct {
	text string
	// low is the text in small letters.
	low    string
	digits int
}

func newSight(text string) sight {
	s := sight{text: text, low: strings.ToLower(text)}
	for i := range len(text) {
		if isDigit(text[i]) {
			s.digits++
		}
	}
	return s
}

// has tells whether one of the words stands anywhere, also within others.
func (s sight) has(words ...string) bool {
	for _, w := range words {
		if strings.Contains(s.low, w) {
			return true
		}
	}
	return false
}

// opens tells whether a word begins with one of those.
func (s sight) opens(words ...string) bool {
	return s.at(words, func(before, _ byte) bool { return !asciiWord(before) })
}

// says tells whether one of the words stands there by itself.
func (s sight) says(words ...string) bool {
	return s.at(words, func(before, after byte) bool { return !asciiWord(before) && !asciiWord(after) })
}

// at tells whether a word stands where what is around it fits. Beyond the text is 0.
func (s sight) at(words []string, fits func(before, after byte) bool) bool {
	for _, w := range words {
		for from := 0; ; {
			i := strings.Index(s.low[from:], w)
			if i < 0 {
				break
			}
			start, end := from+i, from+i+len(w)
			var before, after byte
			if start > 0 {
				before = s.low[start-1]
			}
			if end < len(s.low) {
				after = s.low[end]
			}
			if fits(before, after) {
				return true
			}
			from = start + 1
		}
	}
	return false
}

// near is how many bytes may stand between a month and its day or year.
const near = 8

// beside tells whether one of the words stands near figures.
func (s sight) beside(words []string) bool {
	for _, w := range words {
		for from := 0; ; {
			i := strings.Index(s.low[from:], w)
			if i < 0 {
				break
			}
			start, end := from+i, from+i+len(w)
			if strings.ContainsAny(s.low[max(0, start-near):start], "0123456789") || strings.ContainsAny(s.low[end:min(len(s.low), end+near)], "0123456789") {
				return true
			}
			from = end
		}
	}
	return false
}

// written tells whether one of the words stands in the text with these very capitals.
func (s sight) written(words ...string) bool {
	for _, w := range words {
		if strings.Contains(s.text, w) {
			return true
		}
	}
	return false
}

// pointed tells whether a full stop stands within a word.
func (s sight) pointed() bool {
	for i := 1; i+1 < len(s.text); i++ {
		if s.text[i] == '.' && (asciiWord(s.text[i+1]) || s.text[i+1] == '-' || s.text[i+1] >= utf8.RuneSelf) {
			return true
		}
	}
	return false
}

// joints counts the marks of a set that stand between two digits.
func (s sight) joints(marks string) int {
	n := 0
	for i := 1; i+1 < len(s.text); i++ {
		if strings.IndexByte(marks, s.text[i]) >= 0 && isDigit(s.text[i-1]) && isDigit(s.text[i+1]) {
			n++
		}
	}
	return n
}

// run tells whether there are n digits or more in one go.
func (s sight) run(n int) bool {
	length := 0
	for i := range len(s.text) {
		if !isDigit(s.text[i]) {
			length = 0
			continue
		}
		if length++; length >= n {
			return true
		}
	}
	return false
}

// long tells whether a piece without white space has n bytes or more.
func (s sight) long(n int) bool {
	for word := range strings.FieldsSeq(s.text) {
		if len(word) >= n {
			return true
		}
	}
	return false
}

// numbered tells whether a word with one of the endings stands before a number.
func (s sight) numbered(endings ...string) bool {
	for i := 2; i < len(s.low); i++ {
		if !isDigit(s.low[i]) || s.low[i-1] != ' ' {
			continue
		}
		word := strings.TrimSuffix(s.low[:i-1], ".")
		for _, ending := range endings {
			if strings.HasSuffix(word, ending) {
				return true
			}
		}
	}
	return false
}

// street tells whether a word of streets is set off as patterns want it.
func (s sight) street(words ...string) bool {
	return s.at(words, func(before, after byte) bool {
		return strings.IndexByte("\x00 \t\n\r\f.,;:(>", before) >= 0 && strings.IndexByte(" \t\n\r\f.,", after) >= 0
	})
}

// coded tells whether two letters stand before two digits, where a word begins, a space
// between them or none.
func (s sight) coded() bool {
	for i := 0; i+3 < len(s.low); i++ {
		if !asciiLetter(s.low[i]) || !asciiLetter(s.low[i+1]) || i > 0 && asciiWord(s.low[i-1]) {
			continue
		}
		if rest := strings.TrimPrefix(s.low[i+2:], " "); len(rest) > 1 && isDigit(rest[0]) && isDigit(rest[1]) {
			return true
		}
	}
	return false
}

// inward tells whether there is a space, a digit and two letters, as behind the space of
// a British postcode.
func (s sight) inward() bool {
	for i := 0; i+3 < len(s.low); i++ {
		if s.low[i] == ' ' && isDigit(s.low[i+1]) && asciiLetter(s.low[i+2]) && asciiLetter(s.low[i+3]) {
			return true
		}
	}
	return false
}

func isDigit(b byte) bool     { return b >= '0' && b <= '9' }
func asciiLetter(b byte) bool { return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' }
func asciiWord(b byte) bool   { return asciiLetter(b) || isDigit(b) || b == '_' }

// cued is a pattern with what a text has to show before it is worth looking for.
type cued struct {
	shows   func(s sight) bool
	pattern *regexp.Regexp
}

// spans gives what the patterns find that the text can hold.
func spans(s sight, kind Kind, patterns []cued, check func(string) bool) []Span {
	var found []Span
	for _, p := range patterns {
		if p.shows(s) {
			found = append(found, groups(s.text, kind, p.pattern, check)...)
		}
	}
	return found
}
