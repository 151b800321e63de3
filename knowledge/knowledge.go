// Package knowledge turns a shop's documents into passages that can be found
// again: it splits documents into chunks, embeds them, keeps an index in step
// with the files it came from, and holds the lexical scores and the fusion
// that both indexes share.
//
// The model is small. A Document is a policy or a FAQ table row group with one
// locale and a version, which is a hash of all that was indexed from it. It
// becomes Chunks, each with the heading path that leads to it. An Index keeps
// them and answers a Query with Hits, found by meaning (dense) and by words
// (lexical) and fused by rank.
//
// The package knows nothing of conversations, customers or language models. The
// two indexes live beside it in knowledge/sqlite and knowledge/pgvector and pass
// the one suite in knowledge/knowledgetest.
package knowledge

import (
	"context"
	"errors"
)

// ErrDimension says that a vector does not have the dimension that the index or
// the embedder promised. An index never mixes vectors of two embedders.
var ErrDimension = errors.New("vector has the wrong dimension")

// ErrEmbedder says that an index was built with another embedding model than
// the one it was opened with. The documents have to be ingested again.
var ErrEmbedder = errors.New("index was built with another embedding model")

// Document is one source text in one language, as far as an index keeps it.
type Document struct {
	// ID names the document for ever: for files it is the path below the
	// ingested root with the locale where the path does not carry it, for FAQ
	// tables the table's path. At most 512 bytes, never empty.
	ID string
	// Source is where a person finds the document: a path or a URL.
	Source string
	// Title is what a reply cites. It is never empty: without a title in the
	// document it is the file's name.
	Title string
	// Locale is a lower-case language tag such as "es" or "en".
	Locale string
	// Version is a hash over everything that determines the chunks: content,
	// front matter, splitter and embedder. An equal version means that there is
	// nothing to do.
	Version string
	// Collection is the ingested root the document came from. Ingesting the
	// same root again removes the collection's documents that are gone.
	Collection string
}

// Chunk is a passage of a document, small enough to put into a prompt.
type Chunk struct {
	// ID is unique in the index and stable for equal content: it is derived
	// from the document's ID and the chunk's place in it.
	ID string
	// DocumentID names the document that the chunk belongs to.
	DocumentID string
	// Seq is the chunk's place in its document, from 0.
	Seq int
	// Heading is the path of headings that leads to the chunk, outermost
	// first, joined by " > ". It can be empty.
	Heading string
	// Text is what is shown and put into a prompt. For a FAQ pair it is the
	// answer.
	Text string
	// Question is the question of a FAQ pair, and empty otherwise. It is
	// indexed together with Text.
	Question string
	// Start and End are byte offsets of the chunk in the source text, so that
	// source[Start:End] covers Text. Both are 0 for a FAQ pair.
	Start, End int
	// Vector is the chunk's embedding, of the index's dimension and of unit
	// length. Search does not return it.
	Vector []float32
}

// Query asks an index for passages.
type Query struct {
	// Text is the question in the customer's words, for the lexical part. An
	// empty text leaves the lexical part out.
	Text string
	// Vector is the question's embedding, for the dense part. A nil vector
	// leaves the dense part out.
	Vector []float32
	// Locale restricts the search to documents of that language; empty means
	// all languages.
	Locale string
	// Limit is the number of hits wanted; 0 means 8, more than 100 means 100.
	Limit int
}

// Hit is a passage that was found, with the scores that speak for it.
type Hit struct {
	Chunk    Chunk
	Document Document
	// Score is the fused score (reciprocal rank fusion), higher is better. It
	// orders the hits of one query and means nothing across queries.
	Score float64
	// Dense is the cosine similarity of question and chunk in [-1, 1], or 0
	// when the chunk was not among the dense candidates.
	Dense float64
	// Lexical is the BM25 score, 0 when no word of the question is in the chunk
	// or the chunk was not among the lexical candidates.
	Lexical float64
	// DenseRank and LexicalRank are places in the two lists, from 1; 0 means
	// that the list does not hold the chunk.
	DenseRank, LexicalRank int
}

// Embedder turns texts into vectors of unit length.
//
// Embed returns one vector for each text, in order; an empty list gives an empty
// result and no call. A result of another length, with another dimension or with
// a value that is not finite is an error of the embedder, never passed on.
// Implementations are safe for concurrent use.
type Embedder interface {
	// Name identifies the model and its settings. Vectors of two names are
	// never compared.
	Name() string
	// Dim is the length of every vector, more than 0.
	Dim() int
	Embed(ctx context.Context, texts []string) ([][]float32, error)
}

// Index keeps documents and finds their passages. Implementations are safe for
// concurrent use, and see the changes of other processes that share the same
// database at the latest with the second search after the change.
type Index interface {
	// Replace puts the document and exactly these chunks in the place of
	// whatever the index had of that document: a search sees all of the old
	// chunks or all of the new ones. Chunks with a vector of another dimension
	// give ErrDimension and change nothing. An empty list of chunks keeps the
	// document without passages.
	Replace(ctx context.Context, d Document, chunks []Chunk) error
	// Remove takes the document and its chunks away. A document that the index
	// does not have is no error.
	Remove(ctx context.Context, documentID string) error
	// Documents lists what the index holds, by ID. A collection restricts the
	// list; empty means all.
	Documents(ctx context.Context, collection string) ([]Document, error)
	// Search returns at most q.Limit hits, best first, ties by chunk ID. A query
	// with neither text nor vector, and an empty index, give no hits and no
	// error. A vector of another dimension gives ErrDimension.
	Search(ctx context.Context, q Query) ([]Hit, error)
}
