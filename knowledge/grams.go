package knowledge

import (
	"cmp"
	"slices"
	"strings"
	"sync"
)

// gramIndex finds the terms of a vocabulary that look like a word: those that share
// pieces of three letters with it. Terms are compared by a key, which is the term itself
// or its skeleton. What it answers depends on the terms it holds alone, not on those
// that it once held.
type gramIndex struct {
	key   func(string) string
	ids   map[string]int32
	terms []string
	// pieces is how many distinct pieces each term's key has, and holds whether the term
	// is one of the vocabulary now.
	pieces []uint8
	holds  []bool
	gone   int // how many of them it is not
	grams  map[uint32][]int32
}

func newGramIndex(key func(string) string) *gramIndex {
	return &gramIndex{key: key, ids: map[string]int32{}, grams: map[uint32][]int32{}}
}

// add makes a term known. Numbers and codes look like nothing else.
func (x *gramIndex) add(term string) {
	if hasDigit(term) {
		return
	}
	if id, known := x.ids[term]; known {
		if !x.holds[id] {
			x.holds[id] = true
			x.gone--
		}
		return
	}
	id := int32(len(x.terms))
	x.ids[term] = id
	grams := gramsOf(nil, x.key(term))
	x.terms, x.pieces, x.holds = append(x.terms, term), append(x.pieces, uint8(len(grams))), append(x.holds, true)
	for _, g := range grams {
		x.grams[g] = append(x.grams[g], id)
	}
}

// remove forgets a term. Its place stays until most places are of such terms: many that
// go come back.
func (x *gramIndex) remove(term string) {
	id, known := x.ids[term]
	if !known || !x.holds[id] {
		return
	}
	x.holds[id] = false
	if x.gone++; x.gone > 1024 && 2*x.gone > len(x.terms) {
		x.compact()
	}
}

func (x *gramIndex) compact() {
	smaller := newGramIndex(x.key)
	for id, term := range x.terms {
		if x.holds[id] {
			smaller.add(term)
		}
	}
	*x = *smaller
}

// alike is a term with how much it looks like a word, in [0, 1].
type alike struct {
	term string
	// dice is the overlap of both words' pieces (Dice's coefficient).
	dice float64
}

// scratch is what a search for similar terms works with, kept over the words of one
// question.
type scratch struct {
	shared  []uint8 // by term, all 0 between two searches
	touched []int32
	grams   []uint32
}

// near lists the terms whose overlap with the word is least or more, in no order. The
// word itself is none of them.
func (x *gramIndex) near(word string, least float64, s *scratch) []alike {
	s.grams = gramsOf(s.grams[:0], x.key(word))
	if len(s.shared) < len(x.terms) {
		s.shared = make([]uint8, len(x.terms))
	}
	s.touched = s.touched[:0]
	for _, g := range s.grams {
		for _, id := range x.grams[g] {
			if s.shared[id] == 0 {
				s.touched = append(s.touched, id)
			}
			s.shared[id]++
		}
	}
	var found []alike
	for _, id := range s.touched {
		dice := 2 * float64(s.shared[id]) / float64(len(s.grams)+int(x.pieces[id]))
		s.shared[id] = 0
		if dice >= least && x.holds[id] && x.terms[id] != word {
			found = append(found, alike{x.terms[id], dice})
		}
	}
	return found
}

// maxGrams bounds the pieces of a word: terms have 64 bytes at most, and what is behind
// them tells nothing more.
const maxGrams = 64

// gramsOf appends the distinct pieces of three bytes of a word, of which its two ends are
// part, as numbers in sorted order.
func gramsOf(into []uint32, word string) []uint32 {
	a, b := byte('^'), byte('^')
	if len(word) > 0 {
		b = word[0]
	}
	for i := 1; i <= len(word) && len(into) < maxGrams; i++ {
		c := byte('$')
		if i < len(word) {
			c = word[i]
		}
		into = append(into, uint32(a)<<16|uint32(b)<<8|uint32(c))
		a, b = b, c
	}
	slices.Sort(into)
	return slices.Compact(into)
}

func hasDigit(s string) bool { return strings.ContainsAny(s, "0123456789") }

// maxEdited is the longest word, in bytes, whose letters are compared one by one.
const maxEdited = 32

// editSimilarity is 1 less the share of letters that have to be added, dropped, changed
// or swapped with their neighbour to make one word the other. Words of more than
// maxEdited bytes are not compared.
func editSimilarity(a, b string) float64 {
	if len(a) > maxEdited || len(b) > maxEdited || a == "" || b == "" {
		return 0
	}
	return 1 - float64(editDistance(a, b))/float64(max(len(a), len(b)))
}

// editDistance counts these letters (the optimal string alignment distance of Damerau
// and Levenshtein) between two words of at most maxEdited bytes.
func editDistance(a, b string) int {
	var rows [3][maxEdited + 1]int
	before, last, row := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+differs(a[i-1], b[j-1]))
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}

func differs(a, b byte) int {
	if a == b {
		return 0
	}
	return 1
}

// meant is a term that may be meant by a word, and how likely.
type meant struct {
	term       string
	similarity float64
}

// best gives the most similar terms, ties by term.
func best(list []meant, least float64, keep int) []meant {
	list = slices.DeleteFunc(list, func(m meant) bool { return m.similarity < least })
	slices.SortFunc(list, func(a, b meant) int {
		return cmp.Or(cmp.Compare(b.similarity, a.similarity), cmp.Compare(a.term, b.term))
	})
	return list[:min(len(list), keep)]
}

// maxMemo bounds the words of a memo.
const maxMemo = 1 << 14

// memo remembers what was found for a word: customers ask with the same words again and
// again.
type memo struct {
	mu    sync.Mutex
	found map[string][]meant
}

// of gives what find finds for the word.
func (m *memo) of(word string, find func(word string) []meant) []meant {
	m.mu.Lock()
	list, known := m.found[word]
	m.mu.Unlock()
	if known {
		return list
	}
	list = find(word)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.found == nil || len(m.found) >= maxMemo {
		m.found = map[string][]meant{}
	}
	m.found[word] = list
	return list
}

// forget has to be called when the terms that can be found change, and not beside of.
func (m *memo) forget() { clear(m.found) }
