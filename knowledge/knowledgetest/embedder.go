// Package knowledgetest is the contract of knowledge.Index in code: TestIndex
// proves an implementation against it, durability and concurrency included.
// It ships the embedder that the suite works with, which other tests may use as
// well.
//
// Every index has to rank like knowledge.Memory, so that all of them rank alike.
package knowledgetest

import (
	"context"
	"hash/fnv"
	"math"
	"strings"
	"sync/atomic"
	"unicode"

	"github.com/recado/recado/knowledge"
)

// Embedder turns a text into the sum of one pseudo-random direction for each of
// its words. Texts with common words are near each other, nothing else means
// anything, and equal texts always get equal vectors. A text without words gets
// zeros.
type Embedder struct {
	dim   int
	texts atomic.Int64
	calls atomic.Int64
}

var _ knowledge.Embedder = (*Embedder)(nil)

// NewEmbedder returns an embedder with vectors of the length.
func NewEmbedder(dim int) *Embedder { return &Embedder{dim: dim} }

// Name implements knowledge.Embedder.
func (e *Embedder) Name() string { return "knowledgetest" }

// Dim implements knowledge.Embedder.
func (e *Embedder) Dim() int { return e.dim }

// Embed implements knowledge.Embedder. It fails only when the context has ended.
func (e *Embedder) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(texts) > 0 {
		e.calls.Add(1)
	}
	e.texts.Add(int64(len(texts)))
	vectors := make([][]float32, len(texts))
	for i, text := range texts {
		vectors[i] = e.Vector(text)
	}
	return vectors, nil
}

// Texts says how many texts were embedded so far.
func (e *Embedder) Texts() int { return int(e.texts.Load()) }

// Calls says how often Embed was called with texts so far.
func (e *Embedder) Calls() int { return int(e.calls.Load()) }

// Vector is the embedding of one text.
func (e *Embedder) Vector(text string) []float32 {
	sum := make([]float64, e.dim)
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for _, word := range words {
		hash := fnv.New64a()
		hash.Write([]byte(word)) // a hash never returns an error
		state := hash.Sum64()
		for i := range sum {
			sum[i] += direction(&state)
		}
	}
	var length float64
	for _, x := range sum {
		length += x * x
	}
	vector := make([]float32, e.dim)
	for i, x := range sum {
		if length > 0 {
			vector[i] = float32(x / math.Sqrt(length))
		}
	}
	return vector
}

// direction is one step of SplitMix64 (Steele, Lea, Flood 2014), as a number in
// [-1, 1).
func direction(state *uint64) float64 {
	*state += 0x9e3779b97f4a7c15
	z := *state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	z ^= z >> 31
	return float64(z>>11)/(1<<52) - 1
}
