package pii

import (
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"
)

// People dictate: "cuatro cinco, treinta y nueve", "double oh seven". A heard text is
// what they said with figures in the place of the words, and of the figures of other
// scripts, so that the patterns for figures find in it what they find in any text.
type heard struct {
	text strings.Builder
	// from and to are where each byte of the text stands in what was said, and written
	// says that the byte stands there as it is.
	from, to []int
	written  []bool
}

// leastDictated is how many numbers in a row are dictated. Two are sizes and amounts.
const leastDictated = 3

// hear gives what a text says in figures, and whether it says any in other ways.
func hear(text string) (*heard, bool) {
	foreign := foreignDigits(text)
	var words []spokenWord
	if dictates(text) {
		words = wordsOf(text)
	} else if !foreign {
		return nil, false
	}
	h, at, changed := &heard{}, 0, foreign
	for i := 0; i < len(words); {
		run := dictation(text, words[i:])
		if len(run) < leastDictated {
			i++
			continue
		}
		changed = true
		h.copy(text, at, run[0].start)
		for _, n := range run {
			h.write(n.digits, n.start, n.end)
			i += n.words
		}
		at = run[len(run)-1].end
	}
	if !changed {
		return nil, false
	}
	h.copy(text, at, len(text))
	return h, true
}

// copy takes text[start:end] as it is, but for figures of other scripts.
func (h *heard) copy(text string, start, end int) {
	for at := start; at < end; {
		r, size := utf8.DecodeRuneInString(text[at:end])
		if r > unicode.MaxASCII && unicode.IsDigit(r) {
			h.write(string('0'+digitOf(r)), at, at+size)
		} else {
			for i := range size {
				h.text.WriteByte(text[at+i])
				h.from, h.to, h.written = append(h.from, at+i), append(h.to, at+i+1), append(h.written, true)
			}
		}
		at += size
	}
}

func (h *heard) write(digits string, start, end int) {
	h.text.WriteString(digits)
	for range digits {
		h.from, h.to, h.written = append(h.from, start), append(h.to, end), append(h.written, false)
	}
}

// spans gives what was found in the heard text as it stands in what was said, if some of
// it was said in other ways than figures.
func (h *heard) spans() []Span {
	var found []Span
	for _, s := range look(h.text.String()) {
		dictated := false
		for at := s.Start; at < s.End; at++ {
			dictated = dictated || !h.written[at]
		}
		if dictated && s.Kind != Date {
			found = append(found, Span{Start: h.from[s.Start], End: h.to[s.End-1], Kind: s.Kind})
		}
	}
	return found
}

// foreignDigits tells whether a text has figures of another script.
func foreignDigits(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII && unicode.IsDigit(r) })
}

// The figures of mathematics are five rows of ten, one behind the other: bold, double-struck
// and so on, which people put on for looks.
const firstStyled, lastStyled = '𝟎', '𝟿'

// digitOf is the value of a figure: those of a script stand in a row.
func digitOf(r rune) rune {
	if r >= firstStyled && r <= lastStyled {
		return (r - firstStyled) % 10
	}
	n := rune(0)
	for n < 9 && unicode.IsDigit(r-n-1) {
		n++
	}
	return n
}

// spokenWord is a word of a text where it stands, in small letters.
type spokenWord struct {
	start, end int
	low        string
}

func wordsOf(text string) []spokenWord {
	var words []spokenWord
	for word := range spokenWords(text) {
		words = append(words, word)
	}
	return words
}

// dictates tells whether a text has the words for it at all. Most have not.
func dictates(text string) bool {
	n := 0
	for word := range spokenWords(text) {
		if n += numberWords[word.low]; n >= leastDictated {
			return true
		}
	}
	return false
}

func spokenWords(text string) iter.Seq[spokenWord] {
	return func(yield func(spokenWord) bool) {
		start := -1
		for at, r := range text {
			switch letter := unicode.IsLetter(r) || unicode.IsDigit(r); {
			case letter && start < 0:
				start = at
			case !letter && start >= 0:
				if !yield(spokenWord{start, at, strings.ToLower(text[start:at])}) {
					return
				}
				start = -1
			}
		}
		if start >= 0 {
			yield(spokenWord{start, len(text), strings.ToLower(text[start:])})
		}
	}
}

// dictated is a number that was said in words, as many as that.
type dictated struct {
	digits     string
	start, end int
	words      int
}

// dictation gives the numbers with which words begin, one beside the other: between them
// stand marks, or one word that people say there.
func dictation(text string, words []spokenWord) []dictated {
	var run []dictated
	i := 0
	for i < len(words) {
		skipped := 0
		if len(run) > 0 {
			if pause(text[words[i-1].end:words[i].start]) && betweenNumbers[words[i].low] {
				skipped = 1
			}
			if i+skipped >= len(words) || !pause(text[words[i+skipped-1].end:words[i+skipped].start]) {
				break
			}
		}
		digits, n := spokenNumber(words[i+skipped:])
		if n == 0 {
			break
		}
		first, last := words[i+skipped], words[i+skipped+n-1]
		run = append(run, dictated{digits, first.start, last.end, skipped + n})
		i += skipped + n
	}
	return run
}

// betweenNumbers are words that people say between two numbers that they dictate.
var betweenNumbers = map[string]bool{
	"y": true, "luego": true, "despues": true, "después": true, "guion": true, "guión": true, "espacio": true, "and": true, "then": true, "dash": true, "hyphen": true, "space": true,
}

// longestPause is how many bytes of marks stand between two numbers at most.
const longestPause = 4

func pause(between string) bool {
	return len(between) <= longestPause && strings.Trim(between, " ,.-–/:\n") == ""
}
