package pgvector

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"
)

// posting says how often a term occurs in a chunk, and how long that is. Beyond
// 65,535 both stand still: no more of either changes a score that can be told.
type posting struct {
	no        int32
	tf, words uint16
}

func newPosting(c wordsOf, count int) posting {
	return posting{no: c.no, tf: uint16(min(count, math.MaxUint16)), words: uint16(min(c.words, math.MaxUint16))}
}

// packPostings writes postings in the order of their numbers, as differences.
func packPostings(list []posting) []byte {
	b := make([]byte, 0, 4*len(list))
	last := int32(0)
	for _, p := range list {
		b = binary.AppendUvarint(b, uint64(p.no-last))
		b = binary.AppendUvarint(binary.AppendUvarint(b, uint64(p.tf)), uint64(p.words))
		last = p.no
	}
	return b
}

// unpackPostings appends what packPostings wrote.
func unpackPostings(list []posting, packed []byte) ([]posting, error) {
	r := &reader{rest: packed}
	for last := 0; len(r.rest) > 0; {
		last += r.number(math.MaxInt32 - last)
		list = append(list, posting{no: int32(last), tf: uint16(r.number(math.MaxUint16)), words: uint16(r.number(math.MaxUint16))})
	}
	if r.broken {
		return nil, errPacked
	}
	return list, nil
}

// merged sorts postings by number and keeps one of each.
func merged(list []posting) []posting {
	byNumber := func(a, b posting) int { return cmp.Compare(a.no, b.no) }
	if !slices.IsSortedFunc(list, byNumber) {
		slices.SortFunc(list, byNumber)
	}
	return slices.CompactFunc(list, func(a, b posting) bool { return a.no == b.no })
}
