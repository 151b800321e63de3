package offline

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"regexp"
	"strings"

	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/rag"
)

// The weights of an Embedder's features. Word stems carry the subject, concepts
// join synonyms and the two languages, pieces of words forgive typing errors, and stop
// words, which the lexical search leaves out, tell "does it fit" from "it fits well".
const (
	defaultDim    = 768
	minDim        = 64
	maxDim        = 4096
	wordWeight    = 1.0
	commonWeight  = 0.35
	conceptWeight = 1.1
	pieceWeight   = 0.35
	pieceLength   = 4
	stopWeight    = 0.7
	// biasWeight keeps a text without any word from having no direction.
	biasWeight = 0.01
)

// Embedder is a knowledge.Embedder that hashes words into a vector (feature
// hashing with signs: Weinberger et al., arXiv:0902.2206).
type Embedder struct {
	dim      int
	concepts concepts
}

var (
	_ knowledge.Embedder = (*Embedder)(nil)
	_ knowledge.Weighted = (*Embedder)(nil)
	_ knowledge.Cheap    = (*Embedder)(nil)
	_ rag.Expander       = (*Embedder)(nil)
)

// NewEmbedder returns an Embedder with vectors of this length: 64 to 4096, 0
// means 768.
func NewEmbedder(dim int) (*Embedder, error) {
	dim = cmp.Or(dim, defaultDim)
	if dim < minDim || dim > maxDim {
		return nil, fmt.Errorf("offline embedder: dimension %d is not %d to %d", dim, minDim, maxDim)
	}
	return &Embedder{dim: dim, concepts: newConcepts()}, nil
}

// Name carries the version of the features, which decide what vectors mean.
func (e *Embedder) Name() string { return fmt.Sprintf("offline-hash-v2-%d", e.dim) }

// Dim is the length of every vector.
func (e *Embedder) Dim() int { return e.dim }

// DenseShare is small: hashed words say little that the words themselves do not say.
func (e *Embedder) DenseShare() float64 { return 0.1 }

// Cheap says that making a vector again costs less than to keep it.
func (e *Embedder) Cheap() bool { return true }

// Embed returns a vector of unit length for each text. A text without words gets
// the same vector as every other such text. The only error is that of ctx.
func (e *Embedder) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	vectors := make([][]float32, 0, len(texts))
	for _, text := range texts {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("embed: %w", err)
		}
		vectors = append(vectors, e.embed(text))
	}
	return vectors, nil
}

// Expand gives the plainest word of each concept in the text that does not stand
// there itself: "Canarias" for Tenerife, "reembolso" for "mi dinero". A question
// for the price of shipping, or how long it takes, is put as the documents put it, too.
func (e *Embedder) Expand(locale, text string) string {
	words := e.concepts.plainest(locale, text)
	if asked := asShops(text); asked != text {
		words = append(words, asked)
	}
	words = append(words, e.concepts.ofShippingBoth(locale, text)...)
	if knowledge.Language(locale) == "es" {
		for _, verb := range toTheShop.FindAllStringSubmatch(fold(text), -1) {
			words = append(words, verb[1]+"mos")
		}
	}
	if missesIt.MatchString(fold(text)) {
		words = append(words, inLanguage(knowledge.Language(locale), "paquete tarde", "parcel late"))
	}
	if asksContact(fold(text)) {
		words = append(words, inLanguage(knowledge.Language(locale), "contacto atención cliente", "contact customer service"))
	}
	return strings.Join(words, " ")
}

// toTheShop matches folded verbs that speak to a shop; it answers in its own person: "¿vendéis
// mis datos?", "no vendemos tus datos".
var toTheShop = regexp.MustCompile(`\b([a-z]{3,}[ae])is\b`)

func (e *Embedder) embed(text string) []float32 {
	sums := make([]float64, e.dim)
	sums[0] = biasWeight
	for feature, weight := range e.features(text) {
		sums[feature%uint64(e.dim)] += sign(feature) * weight
	}
	norm := 0.0
	for _, x := range sums {
		norm += x * x
	}
	norm = math.Sqrt(norm)
	vector := make([]float32, e.dim)
	for i, x := range sums {
		vector[i] = float32(x / norm)
	}
	return vector
}

// features gives the hash of every feature with its weight: 1+ln(tf) times the
// weight of its kind (sublinear term frequency), so that a word repeated ten
// times in a policy does not drown the others.
func (e *Embedder) features(text string) map[uint64]float64 {
	locale := rag.DetectLocale(text, "")
	counts := map[uint64]float64{}
	weights := map[uint64]float64{}
	add := func(kind byte, s string, weight float64) {
		h := hash(kind, s)
		counts[h]++
		weights[h] = weight
	}
	for _, token := range knowledge.Tokens(locale, text) {
		weight := wordWeight
		if e.concepts.common[token] {
			weight = commonWeight
		}
		add('w', token, weight)
		if concept, ok := e.concepts.of(token); ok {
			add('c', concept, conceptWeight*e.concepts.weight["="+concept])
		}
		for i := 0; i+pieceLength <= len(token); i++ {
			add('p', token[i:i+pieceLength], pieceWeight*weight)
		}
	}
	for _, word := range knowledge.StopWords(locale, text) {
		add('w', word, stopWeight)
	}
	for h, n := range counts {
		weights[h] *= 1 + math.Log(n)
	}
	return weights
}

// sign takes the highest bit, which does not take part in choosing the place.
func sign(h uint64) float64 {
	if h>>63 == 1 {
		return -1
	}
	return 1
}

// hash is FNV-1a over kind and text, with the finalizer of MurmurHash3, because
// the high bits of FNV-1a vary too little for short texts.
func hash(kind byte, text string) uint64 {
	h := uint64(14695981039346656037)
	h = (h ^ uint64(kind)) * 1099511628211
	for i := range len(text) {
		h = (h ^ uint64(text[i])) * 1099511628211
	}
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	return h
}
