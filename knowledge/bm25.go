package knowledge

import "math"

// The constants of BM25 (Robertson & Zaragoza, "The Probabilistic Relevance Framework:
// BM25 and Beyond", 2009, section 3.2), which both indexes use.
const (
	// BM25K1 says how fast repetitions of a word stop to count, and BM25B how much a
	// long passage is held against it. Lucene has 1.2 and 0.75; with passages of about one
	// length, and with words that stand for each other, repetitions tell more and the
	// length less (docs/evals.md).
	BM25K1 = 2.0
	BM25B  = 0.5
)

// IDF is the inverse document frequency of a word that occurs in df of n
// passages: ln(1 + (n-df+0.5)/(df+0.5)), the form of Lucene, which is never
// negative.
func IDF(n, df int) float64 {
	return math.Log(1 + (float64(n-df)+0.5)/(float64(df)+0.5))
}

// Saturation is what the repetitions of a term in a chunk count, less in a long one:
// tf*(k1+1) / (tf + k1*(1-b+b*words/mean)). tf is how often the term occurs in the
// chunk, words the chunk's length and mean the mean length of all chunks of its
// language, both in tokens, mean more than 0.
func Saturation(tf, words int, mean float64) float64 {
	return saturation(float64(tf), lengthPart(words, mean))
}

func saturation(tf, lengthPart float64) float64 { return tf * (BM25K1 + 1) / (tf + lengthPart) }

// lengthPart is what a chunk's length does.
func lengthPart(words int, mean float64) float64 {
	return BM25K1 * (1 - BM25B + BM25B*float64(words)/mean)
}

// longest is the longest chunk, in words, whose part in Saturation is looked up; that of
// others is computed.
const longest = 1024

// Saturations gives Saturation for chunks of one mean length, faster and the same to the
// last bit.
type Saturations struct {
	mean    float64
	lengths [longest]float64
}

// Prepare is called before Of, and whenever the mean is another.
func (s *Saturations) Prepare(mean float64) {
	if s.mean == mean {
		return
	}
	s.mean = mean
	for words := range longest {
		s.lengths[words] = lengthPart(words, mean)
	}
}

// Of is Saturation.
func (s *Saturations) Of(tf uint16, words int32) float64 {
	if uint32(words) < longest {
		return saturation(float64(tf), s.lengths[words])
	}
	return Saturation(int(tf), int(words), s.mean)
}
