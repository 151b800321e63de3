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
	identity Identity

	mu        sync.RWMutex
	revoked   []Revocation
	byID      map[string]*memoryChunk
	documents map[string]*memoryDocument
	// languages are indexed apart from each other: a word's rarity in Spanish
	// says nothing about English, and a locale filter costs nothing.
	languages map[string]*vocabulary
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

// vocabulary is the inverted index of one language.
type vocabulary struct {
	*Lexicon
	postings map[string][]posting
}

// posting says how often a term occurs in the chunk of a slot.
type posting struct{ slot, tf int32 }

var _ Index = (*Memory)(nil)

// NewMemory returns an empty index of the identity, whose dimension must be more than
// 0.
func NewMemory(id Identity) (*Memory, error) {
	if id.Dim <= 0 {
		return nil, fmt.Errorf("knowledge.NewMemory: dimension %d is not more than 0", id.Dim)
	}
	return &Memory{
		identity: id, byID: map[string]*memoryChunk{},
		documents: map[string]*memoryDocument{}, languages: map[string]*vocabulary{},
	}, nil
}

// Identity implements Index.
func (m *Memory) Identity() Identity { return m.identity }

// Replace implements Index.
func (m *Memory) Replace(_ context.Context, d Document, chunks []Chunk) error {
	if err := CheckChunks(d, chunks, m.identity.Dim); err != nil {
		return err
	}
	document := &memoryDocument{Document: d, language: Language(d.Locale)}
	// Analysing words is the slow part; it needs no lock.
	counts := make([]map[string]int32, len(chunks))
	entries := make([]*memoryChunk, len(chunks))
	for i, c := range chunks {
		c.DocumentID, c.Revoked = d.ID, false
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
		entry.Revoked = m.isRevoked(d.ID, entry.Hash)
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
		words = &vocabulary{NewLexicon(entry.document.language), map[string][]posting{}}
		m.languages[entry.document.language] = words
	}
	words.Grow(1, entry.words)
	m.byID[entry.ID] = entry
	for term, tf := range counts {
		list, known := words.postings[term]
		if !known {
			// The term is a part of the folded text, which must not stay in
			// memory as a whole.
			term = strings.Clone(term)
		}
		words.postings[term] = append(list, posting{slot, tf})
		words.Add(term, 1)
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
		words.Grow(-1, -m.slots[slot].words)
		delete(m.byID, m.slots[slot].ID)
		m.slots[slot] = nil
		gone[slot] = true
	}
	for term := range old.terms {
		before := len(words.postings[term])
		words.postings[term] = slices.DeleteFunc(words.postings[term], func(p posting) bool { return gone[p.slot] })
		words.Add(term, len(words.postings[term])-before)
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
			list = append(list, d.listed())
		}
	}
	slices.SortFunc(list, func(a, b Document) int { return cmp.Compare(a.ID, b.ID) })
	return list, nil
}

func (d *memoryDocument) listed() Document {
	listed := d.Document
	listed.Body, listed.Passages = "", len(d.slots)
	return listed
}

// Document implements Index.
func (m *Memory) Document(_ context.Context, id string) (Document, []Chunk, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	d := m.documents[id]
	if d == nil {
		return Document{}, nil, fmt.Errorf("document %s: %w", id, ErrNotFound)
	}
	document := d.Document
	document.Passages = len(d.slots)
	chunks := make([]Chunk, len(d.slots))
	for i, slot := range d.slots {
		chunks[i] = m.slots[slot].Chunk
		chunks[i].Vector = nil
	}
	return document, chunks, nil
}

// Touch implements Index.
func (m *Memory) Touch(_ context.Context, d Document) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	known := m.documents[d.ID]
	if known == nil {
		return fmt.Errorf("document %s: %w", d.ID, ErrNotFound)
	}
	known.Source, known.Collection, known.Validator = d.Source, d.Collection, d.Validator
	return nil
}

// Revoke implements Index.
func (m *Memory) Revoke(_ context.Context, revoked []Revocation) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range revoked {
		if !m.isRevoked(r.DocumentID, r.Hash) {
			m.revoked = append(m.revoked, r)
		}
	}
	m.mark()
	return nil
}

func (m *Memory) isRevoked(documentID, hash string) bool {
	return slices.ContainsFunc(m.revoked, func(r Revocation) bool { return r.DocumentID == documentID && r.Hash == hash })
}

// mark brings the chunks in step with the revocations.
func (m *Memory) mark() {
	for _, c := range m.byID {
		c.Revoked = m.isRevoked(c.DocumentID, c.Hash)
	}
}

// Restore implements Index.
func (m *Memory) Restore(_ context.Context, documentID string, hashes []string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.revoked = slices.DeleteFunc(m.revoked, func(r Revocation) bool {
		return r.DocumentID == documentID && slices.Contains(hashes, r.Hash)
	})
	m.mark()
	return nil
}

// Revocations implements Index.
func (m *Memory) Revocations(context.Context) ([]Revocation, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	list := slices.Clone(m.revoked)
	slices.SortFunc(list, func(a, b Revocation) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ChunkID, b.ChunkID)) })
	return list, nil
}

// Search implements Index.
func (m *Memory) Search(ctx context.Context, q Query) ([]Hit, error) {
	if q.Vector != nil && len(q.Vector) != m.identity.Dim {
		return nil, fmt.Errorf("question: %w: %d, not %d", ErrDimension, len(q.Vector), m.identity.Dim)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	ranking := Rank(q, m.candidates(q))
	hits := make([]Hit, len(ranking))
	for i, f := range ranking {
		entry := m.byID[f.ChunkID]
		hits[i] = NewHit(f, entry.Chunk, entry.document.Document)
	}
	return hits, nil
}

// candidates are the best of both searches.
func (m *Memory) candidates(q Query) []Candidate {
	found := map[int32]*Candidate{}
	at := func(slot int32) *Candidate {
		if found[slot] == nil {
			entry := m.slots[slot]
			found[slot] = &Candidate{ChunkID: entry.ID, DocumentID: entry.DocumentID, Hash: entry.Hash, Tokens: entry.Tokens}
			if q.Vector != nil {
				found[slot].Dense = float64(dot(q.Vector, entry.Vector))
			}
		}
		return found[slot]
	}
	for _, s := range m.dense(q, Depth) {
		at(s.slot).ByDense = true
	}
	for _, s := range m.lexical(q, Depth) {
		c := at(s.slot)
		c.ByLexical, c.Lexical, c.Self = true, s.score, s.self
	}
	list := make([]Candidate, 0, len(found))
	for _, c := range found {
		list = append(list, *c)
	}
	return list
}

// allows says whether the query may find the chunk.
func (q Query) allows(entry *memoryChunk) bool {
	d := &entry.document.Document
	switch language := Language(q.Locale); {
	case entry.Revoked, language != "" && entry.document.language != language:
		return false
	case d.Audience == AudienceAgent && q.Audience != AudienceAgent:
		return false
	case q.Market != AnyMarket && len(d.Markets) > 0 && !slices.Contains(d.Markets, q.Market):
		return false
	case q.Day != "" && (d.ValidFrom > q.Day || d.ValidTo != "" && d.ValidTo < q.Day):
		return false
	}
	return q.Documents == nil || slices.Contains(q.Documents, d.ID)
}

// NewHit puts a fused candidate together with its chunk, whose vector it leaves
// out, and its document.
func NewHit(f Fused, c Chunk, d Document) Hit {
	c.Vector, d.Body = nil, ""
	return Hit{
		Chunk: c, Document: d, Score: f.Score, Dense: f.Dense, Lexical: f.Lexical, Self: f.Self,
		DenseRank: f.DenseRank, LexicalRank: f.LexicalRank,
	}
}

// scored is a slot with its score, and the highest score that was possible.
type scored struct {
	slot  int32
	score float64
	self  float64
}

// dense scans every vector that the query may find.
func (m *Memory) dense(q Query, depth int) []scored {
	if q.Vector == nil {
		return nil
	}
	best := newTop(m, depth)
	for slot, entry := range m.slots {
		if entry == nil || !q.allows(entry) {
			continue
		}
		best.offer(scored{slot: int32(slot), score: float64(dot(q.Vector, entry.Vector))})
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
	best := newTop(m, depth)
	for _, language := range slices.Sorted(maps.Keys(m.languages)) {
		if l := Language(q.Locale); l != "" && l != language {
			continue
		}
		words := m.languages[language]
		plan := words.Plan(q.Text, q.TextLocale)
		for slot, score := range words.score(m, plan) {
			if q.allows(m.slots[slot]) {
				best.offer(scored{slot, score, plan.Self})
			}
		}
	}
	return best.sorted()
}

// score adds up what the terms of the plan contribute to each slot.
func (l *vocabulary) score(m *Memory, plan Plan) map[int32]float64 {
	scores := map[int32]float64{}
	for _, term := range plan.Terms {
		for _, p := range l.postings[term.Term] {
			scores[p.slot] += term.Weight * Saturation(int(p.tf), m.slots[p.slot].words, plan.Mean)
		}
	}
	return scores
}
