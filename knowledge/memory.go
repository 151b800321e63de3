package knowledge

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// Memory is an Index that lives in the process and keeps nothing when it ends:
// an exact scan over all vectors for the dense part, postings lists for the
// lexical part. The embedded index in knowledge/sqlite searches with it, and so do
// tests. The time of a search grows with the number of chunks: some 10 ms for
// 10,000 of them with 384 dimensions (BenchmarkMemorySearch).
//
// One lock guards it. A writer holds it only while it changes memory, so a
// search waits at most for that.
type Memory struct {
	dim int

	mu        sync.RWMutex
	documents map[string]*memoryDocument
	// languages are indexed apart from each other: a word's rarity in Spanish
	// says nothing about English, and a locale filter costs nothing.
	languages map[string]*lexicon
	slots     []*memoryChunk // by slot; nil where free
	free      []int32
}

type memoryDocument struct {
	Document
	language string
	slots    []int32
}

type memoryChunk struct {
	Chunk
	document *memoryDocument
	words    int
}

// lexicon is the inverted index of one language.
type lexicon struct {
	postings map[string][]posting
	chunks   int
	words    int // over all chunks
}

// posting says how often a term occurs in the chunk of a slot.
type posting struct{ slot, tf int32 }

var _ Index = (*Memory)(nil)

// NewMemory returns an empty index for vectors of the dimension, which must be
// more than 0.
func NewMemory(dim int) (*Memory, error) {
	if dim <= 0 {
		return nil, fmt.Errorf("knowledge.NewMemory: dimension %d is not more than 0", dim)
	}
	return &Memory{dim: dim, documents: map[string]*memoryDocument{}, languages: map[string]*lexicon{}}, nil
}

// Replace implements Index.
func (m *Memory) Replace(_ context.Context, d Document, chunks []Chunk) error {
	if err := CheckChunks(d, chunks, m.dim); err != nil {
		return err
	}
	document := &memoryDocument{Document: d, language: Language(d.Locale)}
	// Analysing words is the slow part; it needs no lock.
	counts := make([]map[string]int32, len(chunks))
	entries := make([]*memoryChunk, len(chunks))
	for i, c := range chunks {
		c.DocumentID = d.ID
		tokens := Tokens(d.Locale, IndexText(d, c))
		counts[i] = Frequencies(tokens)
		entries[i] = &memoryChunk{Chunk: c, document: document, words: len(tokens)}
	}
	old := m.terms(d.ID)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.remove(d.ID, old)
	m.documents[d.ID] = document
	for i, entry := range entries {
		m.insert(entry, counts[i])
	}
	return nil
}

// Frequencies counts how often each term occurs.
func Frequencies(tokens []string) map[string]int32 {
	counts := make(map[string]int32, len(tokens))
	for _, t := range tokens {
		counts[t]++
	}
	return counts
}

func (m *Memory) insert(entry *memoryChunk, counts map[string]int32) {
	var slot int32
	if last := len(m.free) - 1; last >= 0 {
		slot, m.free = m.free[last], m.free[:last]
		m.slots[slot] = entry
	} else {
		slot = int32(len(m.slots))
		m.slots = append(m.slots, entry)
	}
	entry.document.slots = append(entry.document.slots, slot)
	words := m.languages[entry.document.language]
	if words == nil {
		words = &lexicon{postings: map[string][]posting{}}
		m.languages[entry.document.language] = words
	}
	words.chunks++
	words.words += entry.words
	for term, tf := range counts {
		list, known := words.postings[term]
		if !known {
			// The term is a part of the folded text, which must not stay in
			// memory as a whole.
			term = strings.Clone(term)
		}
		words.postings[term] = append(list, posting{slot, tf})
	}
}

// Remove implements Index.
func (m *Memory) Remove(_ context.Context, documentID string) error {
	old := m.terms(documentID)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.remove(documentID, old)
	return nil
}

// documentTerms are the distinct terms of a document as it was.
type documentTerms struct {
	document *memoryDocument
	terms    map[string]bool
}

// terms reads a document's words again, which takes less memory than to keep
// them and, under the read lock, holds up no search.
func (m *Memory) terms(documentID string) documentTerms {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.readTerms(documentID)
}

func (m *Memory) readTerms(documentID string) documentTerms {
	old := documentTerms{document: m.documents[documentID], terms: map[string]bool{}}
	if old.document == nil {
		return old
	}
	for _, slot := range old.document.slots {
		for _, term := range Tokens(old.document.Locale, IndexText(old.document.Document, m.slots[slot].Chunk)) {
			old.terms[term] = true
		}
	}
	return old
}

func (m *Memory) remove(documentID string, old documentTerms) {
	document := m.documents[documentID]
	if document == nil {
		return
	}
	if document != old.document { // another writer was here in between
		old = m.readTerms(documentID)
	}
	words, gone := m.languages[document.language], map[int32]bool{}
	for _, slot := range document.slots {
		words.chunks--
		words.words -= m.slots[slot].words
		m.slots[slot] = nil
		gone[slot] = true
	}
	for term := range old.terms {
		words.postings[term] = slices.DeleteFunc(words.postings[term], func(p posting) bool { return gone[p.slot] })
		if len(words.postings[term]) == 0 {
			delete(words.postings, term)
		}
	}
	m.free = append(m.free, document.slots...)
	delete(m.documents, documentID)
}

// Documents implements Index.
func (m *Memory) Documents(_ context.Context, collection string) ([]Document, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	list := []Document{}
	for _, d := range m.documents {
		if collection == "" || d.Collection == collection {
			list = append(list, d.Document)
		}
	}
	slices.SortFunc(list, func(a, b Document) int { return cmp.Compare(a.ID, b.ID) })
	return list, nil
}

// Search implements Index.
func (m *Memory) Search(ctx context.Context, q Query) ([]Hit, error) {
	if q.Vector != nil && len(q.Vector) != m.dim {
		return nil, fmt.Errorf("question: %w: %d, not %d", ErrDimension, len(q.Vector), m.dim)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	limit, depth := q.Bounds()
	m.mu.RLock()
	defer m.mu.RUnlock()
	dense := m.dense(q, depth)
	lexical := m.lexical(q, depth)
	found := make(map[string]*memoryChunk, len(dense)+len(lexical))
	fused := Fuse(m.named(dense, found), m.named(lexical, found), limit)
	hits := make([]Hit, len(fused))
	for i, f := range fused {
		entry := found[f.ChunkID]
		hits[i] = NewHit(f, entry.Chunk, entry.document.Document)
	}
	return hits, nil
}

// NewHit puts a fused candidate together with its chunk, whose vector it leaves
// out, and its document.
func NewHit(f Fused, c Chunk, d Document) Hit {
	c.Vector = nil
	return Hit{
		Chunk: c, Document: d, Score: f.Score,
		Dense: f.Dense, Lexical: f.Lexical, DenseRank: f.DenseRank, LexicalRank: f.LexicalRank,
	}
}

// scored is a slot with its score. Chunk IDs come in only for the few that are
// left.
type scored struct {
	slot  int32
	score float64
}

// named turns slots into candidates and notes their chunks.
func (m *Memory) named(list []scored, found map[string]*memoryChunk) []Candidate {
	candidates := make([]Candidate, len(list))
	for i, s := range list {
		entry := m.slots[s.slot]
		found[entry.ID] = entry
		candidates[i] = Candidate{ChunkID: entry.ID, Score: s.score}
	}
	return candidates
}

// dense scans every vector of the language.
func (m *Memory) dense(q Query, depth int) []scored {
	if q.Vector == nil {
		return nil
	}
	best := newTop(m, depth)
	language := Language(q.Locale)
	for slot, entry := range m.slots {
		if entry == nil || (language != "" && entry.document.language != language) {
			continue
		}
		best.offer(int32(slot), float64(dot(q.Vector, entry.Vector)))
	}
	return best.sorted()
}

// dot is the inner product of two vectors of equal length. Four sums let the
// processor work on several products at once.
func dot(a, b []float32) float32 {
	b = b[:len(a)]
	var s0, s1, s2, s3 float32
	i := 0
	for ; i+4 <= len(a); i += 4 {
		x, y := a[i:i+4:i+4], b[i:i+4:i+4]
		s0 += x[0] * y[0]
		s1 += x[1] * y[1]
		s2 += x[2] * y[2]
		s3 += x[3] * y[3]
	}
	for ; i < len(a); i++ {
		s0 += a[i] * b[i]
	}
	return s0 + s1 + s2 + s3
}

// lexical scores the chunks that hold words of the question. Without a locale
// the question is read once in every language of the index.
func (m *Memory) lexical(q Query, depth int) []scored {
	languages := []string{Language(q.Locale)}
	if q.Locale == "" {
		languages = slices.Sorted(maps.Keys(m.languages))
	}
	// By slot: languages share no chunk, and an array is several times faster
	// than a map of those that are found.
	scores := make([]float64, len(m.slots))
	for _, language := range languages {
		if words := m.languages[language]; words != nil && words.words > 0 {
			words.score(m, QueryTerms(language, q.Text), scores)
		}
	}
	best := newTop(m, depth)
	for slot, score := range scores {
		if score > 0 {
			best.offer(int32(slot), score)
		}
	}
	return best.sorted()
}

// QueryTerms are the distinct terms of a question in sorted order: a word that
// the customer repeats counts once, and every index adds up in the same order.
func QueryTerms(locale, text string) []string {
	terms := Tokens(locale, text)
	slices.Sort(terms)
	return slices.Compact(terms)
}

// score adds to the score of each slot what the terms contribute.
func (l *lexicon) score(m *Memory, terms []string, scores []float64) {
	mean := float64(l.words) / float64(l.chunks)
	for _, term := range terms {
		list := l.postings[term]
		idf := IDF(l.chunks, len(list))
		for _, p := range list {
			scores[p.slot] += BM25(idf, int(p.tf), m.slots[p.slot].words, mean)
		}
	}
}
