package knowledge

import (
	"encoding/binary"
	"errors"
	"maps"
	"math"
	"slices"
	"strings"
)

// errDamaged says that packed terms cannot be read.
var errDamaged = errors.New("the packed terms of a passage are damaged")

// Frequencies counts how often each term occurs.
func Frequencies(tokens []string) map[string]int32 {
	counts := make(map[string]int32, len(tokens))
	for _, t := range tokens {
		counts[t]++
	}
	return counts
}

// PackTerms writes the terms of a chunk and how often each occurs as bytes that an
// Engine takes: sorted, each term without what it shares with the one before it. An
// index that keeps them need not analyse its texts again.
func PackTerms(counts map[string]int32) []byte {
	packed, before := make([]byte, 0, 8*len(counts)), ""
	for _, term := range slices.Sorted(maps.Keys(counts)) {
		shared := 0
		for shared < min(len(before), len(term)) && before[shared] == term[shared] {
			shared++
		}
		packed = binary.AppendUvarint(packed, uint64(shared))
		packed = binary.AppendUvarint(packed, uint64(len(term)-shared))
		packed = append(packed, term[shared:]...)
		packed = binary.AppendUvarint(packed, uint64(counts[term]))
		before = term
	}
	return packed
}

// readTerms calls each with every term of what PackTerms wrote. The term's bytes
// change with the next call.
func readTerms(packed []byte, each func(term []byte, tf uint16)) error {
	term := make([]byte, 0, maxTokenBytes)
	for len(packed) > 0 {
		shared, a := binary.Uvarint(packed)
		rest, b := binary.Uvarint(packed[max(a, 0):])
		from := a + b
		if a <= 0 || b <= 0 || shared > uint64(len(term)) || rest > uint64(len(packed)-from) {
			return errDamaged
		}
		to := from + int(rest)
		term = append(term[:shared], packed[from:to]...)
		tf, c := binary.Uvarint(packed[to:])
		if c <= 0 {
			return errDamaged
		}
		each(term, uint16(min(tf, math.MaxUint16)))
		packed = packed[to+c:]
	}
	return nil
}

// postings are the chunks that hold a term, by ascending slot, and how often each
// does: six bytes a chunk. Those of removed chunks stay until the next compaction.
type postings struct {
	slots []int32
	tfs   []uint16
	most  uint16 // the highest of tfs
	// shortest is the length of the shortest chunk, in words, also of one that was removed.
	shortest int32
	grown    int32 // how many came since flush
}

// vocabulary is the inverted index of one language.
type vocabulary struct {
	*Lexicon
	ids   map[string]uint32
	terms []string
	lists []postings
	// grown are the terms that got chunks of which the Lexicon does not know yet.
	grown []uint32
}

func newVocabulary(language string) *vocabulary {
	return &vocabulary{Lexicon: NewLexicon(language), ids: map[string]uint32{}}
}

// add notes that the chunk of a slot, higher than all before it, and of a length holds
// a term, and returns the term's number.
func (v *vocabulary) add(term []byte, slot int32, tf uint16, words int) uint32 {
	id, known := v.ids[string(term)]
	if !known {
		id = uint32(len(v.terms))
		text := string(term)
		v.ids[text] = id
		v.terms = append(v.terms, text)
		v.lists = append(v.lists, postings{shortest: math.MaxInt32})
	}
	list := &v.lists[id]
	list.slots = append(list.slots, slot)
	list.tfs = append(list.tfs, tf)
	list.most, list.shortest = max(list.most, tf), min(list.shortest, int32(words))
	if list.grown == 0 {
		v.grown = append(v.grown, id)
	}
	list.grown++
	return id
}

// flush tells the Lexicon of what was added: once for a term of a document or of a whole
// index.
func (v *vocabulary) flush() {
	for _, id := range v.grown {
		v.Add(v.terms[id], int(v.lists[id].grown))
		v.lists[id].grown = 0
	}
	v.grown = v.grown[:0]
}

// list gives a term's chunks.
func (v *vocabulary) list(term string) *postings {
	if id, known := v.ids[term]; known {
		return &v.lists[id]
	}
	return &postings{}
}

// compact renumbers all chunks; moved gives the new slot of each, -1 for one that was
// removed. Terms without a chunk stay: most of them come back.
func (v *vocabulary) compact(moved []int32) {
	for i := range v.lists {
		list, n := &v.lists[i], 0
		list.most = 0
		for j, slot := range list.slots {
			if to := moved[slot]; to >= 0 {
				list.slots[n], list.tfs[n] = to, list.tfs[j]
				list.most = max(list.most, list.tfs[j])
				n++
			}
		}
		list.slots, list.tfs = list.slots[:n], list.tfs[:n]
	}
}

// termNumbers are the numbers of a chunk's distinct terms in few bytes: sorted, each
// as the distance from the one before it. What a removed chunk leaves in the
// statistics is found by them.
type termNumbers string

func packNumbers(numbers []uint32) termNumbers {
	slices.Sort(numbers)
	packed, before := make([]byte, 0, 2*len(numbers)), uint32(0)
	for _, n := range numbers {
		packed = binary.AppendUvarint(packed, uint64(n-before))
		before = n
	}
	return termNumbers(packed)
}

func (t termNumbers) each(f func(number uint32)) {
	number, rest := uint32(0), strings.NewReader(string(t))
	for rest.Len() > 0 {
		step, err := binary.ReadUvarint(rest)
		if err != nil {
			return // unreachable: packNumbers wrote it
		}
		number += uint32(step)
		f(number)
	}
}
