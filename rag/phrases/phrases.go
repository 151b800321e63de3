// Package phrases looks for many patterns of words in a text at once.
//
// Rules in a natural language are lists of hundreds of regular expressions, and hardly
// any text holds a word of any of them. A regular expression of all of them still goes
// through each at every letter. So a Set asks every pattern beforehand which letters it
// can't do without, looks for those in one pass, and tries the few patterns whose letters
// are there. What it finds is what regexp finds, only sooner: the letters are read off the
// parsed pattern, and one that can do without any is always tried.
package phrases

import (
	"regexp"
	"strings"
)

// Set is a list of patterns. It is safe for concurrent use.
type Set struct {
	// whole matches what any of the patterns does, each is one of them by itself.
	whole *regexp.Regexp
	each  []*regexp.Regexp
	// always are the patterns that need no letters in particular.
	always []int
	// begins are the needed letters of the others by their first keySize bytes.
	begins map[[keySize]byte][]needed
	// marks has a bit for each of them, to pass over most places without a look-up.
	marks [1 << markBits / 64]uint64
}

// markBits is the size of the marks: a few bits of each byte of a key.
const markBits = 13

// mark is the bit of a key.
func mark(a, b, c byte) uint { return uint(a&31) | uint(b&31)<<5 | uint(c&7)<<10 }

// needed are letters without which a pattern does not match.
type needed struct {
	letters string
	pattern int
}

// keySize is how many bytes are looked up at each place of a text. A pattern that can do
// with fewer is always tried: so few stand in most texts.
const keySize = 3

// Words makes a Set of patterns that match whole words of a text in which single spaces
// separate words. It panics on a pattern that is none, as regexp.MustCompile does.
func Words(patterns ...string) *Set { return compile(`(?:^|[ ])`, ` `, `(?:[ ]|$)`, patterns) }

// Spaced makes a Set of patterns that match whole words of a text that has a space on
// either side as well, which are part of a match.
func Spaced(patterns ...string) *Set { return compile(` `, ` `, ` `, patterns) }

// Bare makes a Set of patterns that match as they stand.
func Bare(patterns ...string) *Set { return compile(``, ``, ``, patterns) }

// Join makes a Set that matches what any of the sets does, in one look at a text.
func Join(sets ...*Set) *Set {
	joined := &Set{begins: map[[keySize]byte][]needed{}}
	var wholes []string
	for _, s := range sets {
		first := len(joined.each)
		wholes, joined.each = append(wholes, s.String()), append(joined.each, s.each...)
		for _, i := range s.always {
			joined.always = append(joined.always, first+i)
		}
		for key, list := range s.begins {
			for _, n := range list {
				joined.begins[key] = append(joined.begins[key], needed{n.letters, first + n.pattern})
			}
		}
		for i, bits := range s.marks {
			joined.marks[i] |= bits
		}
	}
	joined.whole = regexp.MustCompile(strings.Join(wholes, "|"))
	return joined
}

// compile makes a Set of patterns between two bounds. edge is what stands in the place of
// a bound in a text that is thought to have a space on either side.
func compile(before, edge, after string, patterns []string) *Set {
	s := &Set{
		whole:  regexp.MustCompile(before + `(?:` + strings.Join(patterns, "|") + `)` + after),
		begins: map[[keySize]byte][]needed{},
	}
	for i, p := range patterns {
		s.each = append(s.each, regexp.MustCompile(before+`(?:`+p+`)`+after))
		needs := lettersOf(edge + `(?:` + p + `)` + edge)
		if len(needs) == 0 {
			s.always = append(s.always, i)
		}
		for _, letters := range needs {
			key := [keySize]byte([]byte(letters))
			s.begins[key] = append(s.begins[key], needed{letters, i})
			bit := mark(key[0], key[1], key[2])
			s.marks[bit/64] |= 1 << (bit % 64)
		}
	}
	return s
}

// String is a regular expression that matches what the Set does.
func (s *Set) String() string { return s.whole.String() }

// MatchString tells whether a pattern matches.
func (s *Set) MatchString(text string) bool {
	for _, i := range s.always {
		if s.each[i].MatchString(text) {
			return true
		}
	}
	return s.look(text, func(i int) bool { return s.each[i].MatchString(text) })
}

// ReplaceAllString replaces as regexp.Regexp does.
func (s *Set) ReplaceAllString(text, with string) string {
	if !s.MatchString(text) {
		return text
	}
	return s.whole.ReplaceAllString(text, with)
}

// FindAllString finds all matches that do not overlap.
func (s *Set) FindAllString(text string) []string {
	if !s.MatchString(text) {
		return nil
	}
	return s.whole.FindAllString(text, -1)
}

// FindStringIndex finds the first match, nil when there is none.
func (s *Set) FindStringIndex(text string) []int {
	if !s.MatchString(text) {
		return nil
	}
	return s.whole.FindStringIndex(text)
}

// look goes through a text once and tries each pattern whose letters are in it, until one
// will do.
func (s *Set) look(text string, try func(pattern int) bool) bool {
	var tried []bool
	// The text is thought to have a space on either side.
	for i := -1; i+keySize <= len(text)+1; i++ {
		a, b, c := at(text, i), at(text, i+1), at(text, i+2)
		if bit := mark(a, b, c); s.marks[bit/64]&(1<<(bit%64)) == 0 {
			continue
		}
		for _, n := range s.begins[[keySize]byte{a, b, c}] {
			if tried != nil && tried[n.pattern] || !stands(text, i, n.letters) {
				continue
			}
			if try(n.pattern) {
				return true
			}
			if tried == nil {
				tried = make([]bool, len(s.each))
			}
			tried[n.pattern] = true
		}
	}
	return false
}

func at(text string, i int) byte {
	if i < 0 || i >= len(text) {
		return ' '
	}
	return text[i]
}

// stands tells whether letters stand at a place of a text.
func stands(text string, from int, letters string) bool {
	if from+len(letters) > len(text)+1 {
		return false
	}
	for k := keySize; k < len(letters); k++ {
		if at(text, from+k) != letters[k] {
			return false
		}
	}
	return true
}
