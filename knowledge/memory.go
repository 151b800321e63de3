package knowledge

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
)

// Memory is an Index that lives in the process and keeps nothing when it ends. Tests
// and measurements work with it, and every other index has to rank like it.
//
// One lock guards what it keeps; the search itself is that of its Engine.
type Memory struct {
	identity Identity
	engine   *Engine

	mu        sync.RWMutex
	revoked   []Revocation
	chunks    map[string]Chunk // without vectors
	documents map[string]*memoryDocument
}

type memoryDocument struct {
	Document
	chunks []string
}

var _ Index = (*Memory)(nil)

// NewMemory returns an empty index of the identity, whose dimension must be more than
// 0.
func NewMemory(id Identity) (*Memory, error) {
	engine, err := NewEngine(id.Dim)
	if err != nil {
		return nil, fmt.Errorf("knowledge.NewMemory: %w", err)
	}
	return &Memory{identity: id, engine: engine, chunks: map[string]Chunk{}, documents: map[string]*memoryDocument{}}, nil
}

// Identity implements Index.
func (m *Memory) Identity() Identity { return m.identity }

// Replace implements Index.
func (m *Memory) Replace(_ context.Context, d Document, chunks []Chunk) error {
	if err := CheckChunks(d, chunks, m.identity.Dim); err != nil {
		return err
	}
	document := &memoryDocument{Document: d, chunks: make([]string, len(chunks))}
	document.Passages = len(chunks)
	passages := make([]Passage, len(chunks))
	for i, c := range chunks {
		document.chunks[i] = c.ID
		passages[i] = NewPassage(d, c)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, c := range chunks {
		passages[i].Revoked = m.isRevoked(d.ID, c.Hash)
	}
	if err := m.engine.Put(d, passages); err != nil {
		return err // unreachable: the passages were prepared here
	}
	m.forget(d.ID)
	m.documents[d.ID] = document
	for _, c := range chunks {
		c.DocumentID, c.Vector, c.Revoked = d.ID, nil, false
		m.chunks[c.ID] = c
	}
	return nil
}

func (m *Memory) forget(documentID string) {
	if d := m.documents[documentID]; d != nil {
		for _, id := range d.chunks {
			delete(m.chunks, id)
		}
		delete(m.documents, documentID)
	}
}

// Remove implements Index.
func (m *Memory) Remove(_ context.Context, documentID string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.engine.Remove(documentID)
	m.forget(documentID)
	return nil
}

// Documents implements Index.
func (m *Memory) Documents(_ context.Context, collection string) ([]Document, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	list := []Document{}
	for _, d := range m.documents {
		if collection == "" || d.Collection == collection {
			listed := d.Document
			listed.Body = ""
			list = append(list, listed)
		}
	}
	slices.SortFunc(list, func(a, b Document) int { return cmp.Compare(a.ID, b.ID) })
	return list, nil
}

// Document implements Index.
func (m *Memory) Document(_ context.Context, id string) (Document, []Chunk, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	d := m.documents[id]
	if d == nil {
		return Document{}, nil, fmt.Errorf("document %s: %w", id, ErrNotFound)
	}
	chunks := make([]Chunk, len(d.chunks))
	for i, chunk := range d.chunks {
		chunks[i] = m.chunks[chunk]
		chunks[i].Revoked = m.isRevoked(id, chunks[i].Hash)
	}
	slices.SortFunc(chunks, func(a, b Chunk) int { return cmp.Compare(a.Seq, b.Seq) })
	return d.Document, chunks, nil
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
	m.engine.Revoke(m.isRevoked)
	return nil
}

func (m *Memory) isRevoked(documentID, hash string) bool {
	return slices.ContainsFunc(m.revoked, func(r Revocation) bool { return r.DocumentID == documentID && r.Hash == hash })
}

// Restore implements Index.
func (m *Memory) Restore(_ context.Context, documentID string, hashes []string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.revoked = slices.DeleteFunc(m.revoked, func(r Revocation) bool {
		return r.DocumentID == documentID && slices.Contains(hashes, r.Hash)
	})
	m.engine.Revoke(m.isRevoked)
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

// Search implements Index. It holds the lock for reading all the while, so that every
// hit still has its chunk.
func (m *Memory) Search(ctx context.Context, q Query) ([]Hit, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	found, err := m.engine.Search(ctx, q)
	if err != nil {
		return nil, err
	}
	hits := make([]Hit, len(found))
	for i, f := range found {
		hits[i] = NewHit(f.Fused, m.chunks[f.ChunkID], m.documents[f.DocumentID].Document)
	}
	return hits, nil
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
