package replay

import (
	"context"
	"errors"
	"sync"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/rag"
)

// recordKey is the key under which a context carries the record of the turn that is taken
// again: the pipeline's searches have to know for which turn they are.
type recordKey struct{}

// Around lets a search know of which turn it is.
func Around(ctx context.Context, was gateway.Record) context.Context {
	return context.WithValue(ctx, recordKey{}, was)
}

// Documents gives a document with its passages, such as a knowledge.Index.
type Documents interface {
	Document(ctx context.Context, documentID string) (knowledge.Document, []knowledge.Chunk, error)
}

// Passages is a rag.Retriever that finds what was found then: the candidates of the record
// with their scores, whatever is asked. Of those that the model was not shown, the record
// has no text: it is taken from the documents of today where those have the same version.
// It is safe for concurrent use.
type Passages struct {
	documents Documents

	mu    sync.Mutex
	known map[string]looked
}

// looked is a document as it is now.
type looked struct {
	document knowledge.Document
	chunks   map[string]knowledge.Chunk
}

// NewPassages makes one. Without documents, what the model was not shown has no text.
func NewPassages(d Documents) *Passages {
	return &Passages{documents: d, known: map[string]looked{}}
}

// errOutside says that a search was made for no turn.
var errOutside = errors.New("a search outside of a replayed turn")

// Search implements rag.Retriever.
func (p *Passages) Search(ctx context.Context, q knowledge.Query) ([]knowledge.Hit, error) {
	was, ok := ctx.Value(recordKey{}).(gateway.Record)
	if !ok {
		return nil, errOutside
	}
	shown := map[string]rag.Passage{}
	for _, passage := range was.Passages {
		shown[passage.ID] = passage
	}
	hits := make([]knowledge.Hit, 0, len(was.Candidates))
	for _, c := range was.Candidates {
		h := knowledge.Hit{
			Chunk: knowledge.Chunk{ID: c.ChunkID, DocumentID: c.DocumentID}, Document: knowledge.Document{Meta: knowledge.Meta{ID: c.DocumentID, Locale: q.Locale}, Version: c.Version},
			Score: c.Score, Dense: c.Dense, Lexical: c.Lexical, Self: c.Self, DenseRank: c.DenseRank, LexicalRank: c.LexicalRank,
		}
		now, err := p.look(ctx, c.DocumentID)
		if err != nil {
			return nil, err
		}
		if chunk, same := now.chunks[c.ChunkID]; same && now.document.Version == c.Version {
			h.Chunk, h.Document = chunk, now.document
		}
		if passage, ok := shown[c.ChunkID]; ok && (h.Chunk.Hash != passage.Hash || h.Chunk.Text == "") {
			h.Chunk, h.Document = restored(passage), document(passage)
		}
		hits = append(hits, h)
	}
	return hits, nil
}

// restored is a passage as it was.
func restored(p rag.Passage) knowledge.Chunk {
	c := knowledge.Chunk{ID: p.ID, DocumentID: p.DocumentID, Heading: p.Heading, Text: p.Text, Question: p.Question, Hash: p.Hash}
	c.Tokens = knowledge.CountTokens(knowledge.PromptText(c))
	return c
}

func document(p rag.Passage) knowledge.Document {
	return knowledge.Document{Meta: knowledge.Meta{ID: p.DocumentID, Title: p.Title, Locale: p.Locale}, Version: p.Version, Source: p.Source}
}

// look reads a document, once. One that is not there any more is empty.
func (p *Passages) look(ctx context.Context, id string) (looked, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if one, known := p.known[id]; known || p.documents == nil {
		return one, nil
	}
	one := looked{chunks: map[string]knowledge.Chunk{}}
	d, chunks, err := p.documents.Document(ctx, id)
	switch {
	case errors.Is(err, knowledge.ErrNotFound):
	case err != nil:
		return one, err
	default:
		d.Body = ""
		one.document = d
		for _, c := range chunks {
			one.chunks[c.ID] = c
		}
	}
	p.known[id] = one
	return one, nil
}

// Gone counts the candidates of a record whose text is not to be had any more. With any,
// what the score makes of them may differ from then.
func (p *Passages) Gone(ctx context.Context, was gateway.Record) (n int, err error) {
	hits, err := p.Search(Around(ctx, was), knowledge.Query{})
	for _, h := range hits {
		if h.Chunk.Text == "" {
			n++
		}
	}
	return n, err
}

// Revocations implements rag.Retriever: none was taken back when the passage was shown.
func (*Passages) Revocations(context.Context) ([]knowledge.Revocation, error) { return nil, nil }

// Unasked is an embedder that is asked for nothing, because no search is made: it only says
// what the searches of then were made with.
type Unasked struct{ knowledge.Embedder }

// Embed implements knowledge.Embedder.
func (u Unasked) Embed(_ context.Context, texts []string) ([][]float32, error) {
	vectors := make([][]float32, len(texts))
	for i := range vectors {
		vectors[i] = make([]float32, u.Dim())
		vectors[i][0] = 1
	}
	return vectors, nil
}

// Rephrase implements rag.Rephraser: it asks nobody, and a question is searched for as it was.
func (u Unasked) Rephrase(locale, text string) []string {
	if r, ok := u.Embedder.(rag.Rephraser); ok {
		return r.Rephrase(locale, text)
	}
	return nil
}

// DenseShare implements knowledge.Weighted.
func (u Unasked) DenseShare() float64 {
	if w, ok := u.Embedder.(knowledge.Weighted); ok {
		return w.DenseShare()
	}
	return 0
}
