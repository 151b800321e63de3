package pgvector

import (
	"cmp"
	"encoding/binary"
	"errors"
	"maps"
	"math"
	"slices"

	"github.com/recado/recado/knowledge"
)

// change is what one transaction did to the chunks, as far as searching by words is
// concerned. The log keeps it packed.
type change struct {
	removed, added section
	// facets are chunks that were revoked or restored, with what they have now.
	facets []facetOf
}

// section are chunks of one document, with their words. Its terms are sorted, and
// the chunks name them by place.
type section struct {
	language string
	document int32
	terms    []string
	chunks   []wordsOf
}

// wordsOf is how often each of its terms occurs in a chunk, by the place in the
// section's terms.
type wordsOf struct {
	no, facet int32
	// id and tokens are the chunk's own, empty for one that is gone.
	id            string
	tokens, words int
	terms         []termCount
}

type termCount struct{ term, count int }

// facetOf is the facet of a chunk; negative while it is revoked.
type facetOf struct{ no, facet int32 }

// analyse finds the words of a document's chunks. The numbers are filled in later.
func analyse(d knowledge.Document, chunks []knowledge.Chunk) section {
	s := section{language: knowledge.Language(d.Locale), chunks: make([]wordsOf, len(chunks))}
	places := map[string]int{}
	for i, c := range chunks {
		tokens := knowledge.Tokens(d.Locale, knowledge.IndexText(d, c))
		counts := knowledge.Frequencies(tokens)
		w := wordsOf{id: c.ID, tokens: c.Tokens, words: len(tokens), terms: make([]termCount, 0, len(counts))}
		for term, n := range counts {
			place, known := places[term]
			if !known {
				place = len(places)
				places[term] = place
			}
			w.terms = append(w.terms, termCount{place, int(n)})
		}
		s.chunks[i] = w
	}
	s.name(places)
	return s
}

// name gives a section its terms, sorted, instead of the places that they had so far.
func (s *section) name(places map[string]int) {
	s.terms = slices.Sorted(maps.Keys(places))
	sorted := make([]int, len(places))
	for place, term := range s.terms {
		sorted[places[term]] = place
	}
	for _, c := range s.chunks {
		for i := range c.terms {
			c.terms[i].term = sorted[c.terms[i].term]
		}
		slices.SortFunc(c.terms, func(a, b termCount) int { return cmp.Compare(a.term, b.term) })
	}
}

// size is how many chunks a change concerns.
func (c change) size() int { return len(c.removed.chunks) + len(c.added.chunks) + len(c.facets) }

// pack writes a change: numbers as varints, texts behind their length.
func (c change) pack() []byte {
	b := c.added.pack(c.removed.pack(nil))
	b = binary.AppendUvarint(b, uint64(len(c.facets)))
	for _, f := range c.facets {
		b = binary.AppendVarint(binary.AppendUvarint(b, uint64(f.no)), int64(f.facet))
	}
	return b
}

func (s section) pack(b []byte) []byte {
	b = appendText(b, s.language)
	b = binary.AppendUvarint(b, uint64(s.document))
	b = binary.AppendUvarint(b, uint64(len(s.terms)))
	for _, term := range s.terms {
		b = appendText(b, term)
	}
	b = binary.AppendUvarint(b, uint64(len(s.chunks)))
	for _, c := range s.chunks {
		b = binary.AppendVarint(binary.AppendUvarint(b, uint64(c.no)), int64(c.facet))
		b = binary.AppendUvarint(appendText(b, c.id), uint64(c.tokens))
		b = binary.AppendUvarint(binary.AppendUvarint(b, uint64(c.words)), uint64(len(c.terms)))
		for _, t := range c.terms {
			b = binary.AppendUvarint(binary.AppendUvarint(b, uint64(t.term)), uint64(t.count))
		}
	}
	return b
}

func appendText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

// errPacked says that bytes of the database are not what this program packs.
var errPacked = errors.New("the packed words in the database are damaged; rebuild the index")

// reader takes packed numbers apart. After the first mistake everything is zero.
type reader struct {
	rest   []byte
	broken bool
}

func (r *reader) signed() int64 {
	v, n := binary.Varint(r.rest)
	if n <= 0 {
		r.rest, r.broken = nil, true
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

// number reads a number from 0 to limit.
func (r *reader) number(limit int) int {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 || limit < 0 || v > uint64(limit) {
		r.rest, r.broken = nil, true
		return 0
	}
	r.rest = r.rest[n:]
	return int(v)
}

// count reads how many things follow, of which each takes at least a byte.
func (r *reader) count() int { return r.number(len(r.rest)) }

func (r *reader) facet() int32 {
	v := r.signed()
	if v < -math.MaxInt32 || v > math.MaxInt32 {
		r.rest, r.broken = nil, true
		return 0
	}
	return int32(v)
}

func (r *reader) text() string {
	n := r.count()
	if n > len(r.rest) { // the length itself took some
		r.rest, r.broken = nil, true
		return ""
	}
	text := string(r.rest[:n])
	r.rest = r.rest[n:]
	return text
}

func unpackChange(packed []byte) (c change, err error) {
	r := &reader{rest: packed}
	c.removed, c.added = r.section(), r.section()
	c.facets = make([]facetOf, r.count())
	for i := range c.facets {
		c.facets[i] = facetOf{no: int32(r.number(math.MaxInt32)), facet: r.facet()}
	}
	if r.broken || len(r.rest) > 0 {
		return change{}, errPacked
	}
	return c, nil
}

func (r *reader) section() section {
	s := section{language: r.text(), document: int32(r.number(math.MaxInt32))}
	s.terms = make([]string, r.count())
	for i := range s.terms {
		s.terms[i] = r.text()
	}
	s.chunks = make([]wordsOf, r.count())
	for i := range s.chunks {
		c := wordsOf{no: int32(r.number(math.MaxInt32)), facet: r.facet(), id: r.text(), tokens: r.number(math.MaxInt32), words: r.number(math.MaxInt32)}
		c.terms = make([]termCount, r.count())
		for j := range c.terms {
			c.terms[j] = termCount{r.number(len(s.terms) - 1), r.number(math.MaxInt32)}
		}
		s.chunks[i] = c
	}
	return s
}
