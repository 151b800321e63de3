// Package knowledge turns a shop's documents into passages that can be found
// again: it splits documents into chunks, embeds them, keeps an index in step
// with the places they came from, and holds the lexical scores and the fusion
// that both indexes share.
//
// The model is small. A Document is a policy, an article or a FAQ table in one
// locale, with the Meta that says for whom and when it holds, and a version, which
// is a hash of all that was said in it. It becomes Chunks, each with the heading
// path that leads to it. An Index keeps them and answers a Query with Hits, found by
// meaning (dense) and by words (lexical), fused by Rank.
//
// The way of a document is Ingester.Ingest: list -> read -> extract -> Parse ->
// Split -> embed -> Index.Replace. The way of a question is Index.Search:
// Lexicon.Plan -> candidates of both kinds -> Rank -> the passages.
//
// The package knows nothing of conversations, customers or language models, of
// file formats other than Markdown and FAQ tables, and of networks. The two indexes
// live beside it in knowledge/sqlite and knowledge/pgvector and pass the one suite in
// knowledge/knowledgetest; knowledge/extract reads formats, knowledge/sources lists
// folders, archives and sites.
package knowledge

import (
	"context"
	"errors"
	"time"
)

var (
	// ErrDimension says that a vector does not have the dimension that the index or
	// the embedder promised. An index never mixes vectors of two embedders.
	ErrDimension = errors.New("vector has the wrong dimension")

	// ErrIdentity says that the index in use was built with another embedding model
	// or another splitter than the one it was opened with. Rebuild brings its
	// documents over.
	ErrIdentity = errors.New("index was built with another embedding model or splitter")

	// ErrNotFound says that the index does not have the document or passage.
	ErrNotFound = errors.New("not in the index")
)

// Identity is what the content of an index depends on besides its documents. Two
// identities never share an index: the one is built beside the other.
type Identity struct {
	// Embedder is the name of the embedding model, Embedder.Name.
	Embedder string
	// Dim is the length of its vectors, more than 0.
	Dim int
	// Splitter is the version of splitting and of the analysis of words,
	// SplitterVersion.
	Splitter string
}

// IdentityOf is the identity of an index that is filled with the embedder by this
// program.
func IdentityOf(e Embedder) Identity {
	return Identity{Embedder: e.Name(), Dim: e.Dim(), Splitter: SplitterVersion}
}

// Audience says who may read a document.
type Audience string

// The audiences.
const (
	// AudienceCustomer is everybody; a document without an audience has this one.
	AudienceCustomer Audience = "customer"
	// AudienceAgent is the shop's own people: such a passage never reaches a prompt
	// whose answer a customer reads.
	AudienceAgent Audience = "agent"
)

// Meta is what front matter, a manifest or an export says about a document. Zero
// fields say nothing.
type Meta struct {
	// ID replaces the document's name, see Document.ID.
	ID    string
	Title string
	// Locale is a lower-case language tag such as "es", "en" or "es-mx".
	Locale   string
	Audience Audience
	// Markets are ISO 3166 country codes in upper case, sorted; none means all markets.
	Markets []string
	// ValidFrom and ValidTo are the first and the last day on which the document
	// holds, as 2006-01-02; empty is open.
	ValidFrom, ValidTo string
	// Approver is who answers for the content.
	Approver string
	// Tags are lower-case words, sorted.
	Tags []string
}

// Document is one source text in one language.
type Document struct {
	// Meta with nothing left open: ID, Title, Locale and Audience are never empty.
	// ID names the document for ever: for files it is the path below the ingested
	// root with the locale where the path does not carry it. At most 512 bytes. Title
	// is what a reply cites; without one in the document it is the file's name.
	Meta
	// Source is where a person finds the document: a path or a URL.
	Source string
	// Collection is the ingested root that the document came from. Ingesting the
	// same root again removes the collection's documents that are gone.
	Collection string
	// Version is a hash over Meta and Body: an equal version in an index of the same
	// identity means that there is nothing to do.
	Version string
	// Body is the text that the chunks were cut from and that their offsets count in:
	// Markdown, or a FAQ table as CSV. Body and Format together are enough to split
	// the document again. Index.Documents leaves it out, Index.Document gives it.
	Body   string
	Format Format
	// Validator is what the source's server calls this state (an ETag or the time of
	// the last change), to ask for changes only. Empty for files.
	Validator string
	// IndexedAt is when the document came into the index in this version.
	IndexedAt time.Time
	// Passages counts the document's chunks. Index.Documents and Index.Document fill
	// it, Replace ignores it.
	Passages int
}

// Format says how a Body is read.
type Format string

// The formats that Parse knows. Everything else is made one of them by an Extractor.
const (
	FormatMarkdown Format = "markdown"
	FormatFAQ      Format = "faq"
)

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
	// Start and End are byte offsets of the chunk in Document.Body, so that
	// Body[Start:End] covers Text. For a FAQ pair they cover its row.
	Start, End int
	// Tokens is the estimated number of tokens of Heading, Question and Text in a
	// prompt, CountTokens of PromptText.
	Tokens int
	// Hash identifies the chunk's content, whatever its place: ContentHash. Passages
	// with one hash are repetitions of each other, vectors are cached by it, and a
	// revocation holds for it.
	Hash string
	// Vector is the chunk's embedding, of the index's dimension and of unit
	// length. Search and Chunks do not return it.
	Vector []float32
	// Revoked says that the passage is never found. Chunks fills it; Replace ignores it
	// and goes by the revocations that the index has.
	Revoked bool
}

// Query asks an index for passages. Every filter is applied inside the index: what
// it leaves out takes no place among the candidates.
type Query struct {
	// Text is the question in the customer's words, for the lexical part. An
	// empty text leaves the lexical part out.
	Text string
	// Also are words that documents may have for those of Text, synonyms of the shop for
	// example. They count for less. Without a Text they are not looked for.
	Also string
	// TextLocale is the language of Text and Also; empty means that of the documents. A question
	// in another language than the documents finds them by translated words and
	// cognates.
	TextLocale string
	// Vector is the question's embedding, for the dense part. A nil vector
	// leaves the dense part out.
	Vector []float32
	// DenseShare is how much the dense part counts in the fusion, in [0, 1]; 0 means
	// DefaultDenseShare. An embedder that says how much it deserves is a Weighted.
	DenseShare float64
	// Locale restricts the search to documents of that language; empty means
	// all languages.
	Locale string
	// Audience is who reads the answer. Empty means customers: agents' documents are
	// not found. AudienceAgent finds both.
	Audience Audience
	// Market is an ISO 3166 code: documents for it and those for all markets are found.
	// Empty finds only those for all markets, AnyMarket every one.
	Market string
	// Day is the day asked about, 2006-01-02: only what is valid on it is found. Empty
	// asks for no day and finds what is expired, too; only tools leave it empty.
	Day string
	// Documents restricts the search to documents with these IDs; nil does not
	// restrict, an empty list finds nothing.
	Documents []string
	// Limit is the number of hits wanted; 0 means 8, more than Depth means Depth.
	Limit int
	// PerDocument is how many passages of one document there may be; 0 means no limit
	// of its own.
	PerDocument int
	// Distinct leaves out a passage whose content a better hit has already.
	Distinct bool
	// Budget is how many tokens the hits may have together; 0 means no limit. The best
	// hit comes whatever its length; behind it, what does not fit is passed over.
	Budget int
	// Age is how long ago the state of the index that is searched may have been the current
	// one; 0 means that whatever was changed before the search is found. What the same
	// process changed through the same Index is always found.
	Age time.Duration
}

// AnyMarket is the Query.Market that finds documents of every market.
const AnyMarket = "*"

// Hit is a passage that was found, with the scores that speak for it.
type Hit struct {
	Chunk    Chunk
	Document Document // without Body
	// Score is the fused score, higher is better. It orders the hits of one query
	// and means nothing across queries.
	Score float64
	// Dense is the cosine similarity of question and chunk in [-1, 1]; 0 without a
	// vector in the query.
	Dense float64
	// Lexical is the BM25 score, 0 when no word of the question is in the chunk
	// or the chunk was not among the lexical candidates.
	Lexical float64
	// Self is the BM25 score of a passage that says every word of the question over and
	// over, see Plan.Self: Lexical/Self compares across questions. It passes 1 only for a
	// passage that also says what looks like those words.
	Self float64
	// DenseRank and LexicalRank are places in the two lists of candidates, from 1; 0
	// means that the list does not hold the chunk.
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

// Weighted is an Embedder that says how much its vectors deserve to count against
// words, in (0, 1]. One that does not say counts DefaultDenseShare.
type Weighted interface {
	DenseShare() float64
}

// Revocation takes a passage out of every search until it is restored. It holds for
// the content: a passage that comes back unchanged, with another ingest or another
// embedding model, is still revoked, and one that was corrected is not.
type Revocation struct {
	DocumentID string
	// ChunkID is the passage's ID when it was revoked.
	ChunkID string
	// Hash is that of the passage, Chunk.Hash.
	Hash string
	At   time.Time
	// By and Reason are what the person said who revoked it.
	By, Reason string
}

// Index keeps documents and finds their passages. Implementations are safe for
// concurrent use, and see the changes of other processes that share the same
// database at the latest with the second search after the change.
type Index interface {
	// Identity is what the index was built with.
	Identity() Identity
	// Replace puts the document and exactly these chunks in the place of
	// whatever the index had of that document: a search sees all of the old
	// chunks or all of the new ones. Chunks with a vector of another dimension
	// give ErrDimension and change nothing. An empty list of chunks keeps the
	// document without passages.
	Replace(ctx context.Context, d Document, chunks []Chunk) error
	// Touch notes another Source, Collection and Validator of a document that is
	// otherwise the same. ErrNotFound says that the index does not have it.
	Touch(ctx context.Context, d Document) error
	// Remove takes the document and its chunks away. A document that the index
	// does not have is no error.
	Remove(ctx context.Context, documentID string) error
	// Documents lists what the index holds, by ID, without bodies. A collection
	// restricts the list; empty means all.
	Documents(ctx context.Context, collection string) ([]Document, error)
	// Document gives one document with its body and its chunks by Seq, without
	// vectors. ErrNotFound says that the index does not have it.
	Document(ctx context.Context, documentID string) (Document, []Chunk, error)
	// Search returns at most q.Limit hits in the order of Rank. A query with neither
	// text nor vector, and an empty index, give no hits and no error. A vector of
	// another dimension gives ErrDimension.
	Search(ctx context.Context, q Query) ([]Hit, error)
	// Revoke takes passages out of every search, also those with the same hash in the
	// same document that come later. Revoking again keeps the first one.
	Revoke(ctx context.Context, revoked []Revocation) error
	// Restore lets passages be found again; what is not revoked is no error.
	Restore(ctx context.Context, documentID string, hashes []string) error
	// Revocations lists all that holds, by time and then by chunk ID.
	Revocations(ctx context.Context) ([]Revocation, error)
}

// VectorCache keeps vectors by model and content, so that a text is embedded once
// even when an ingest ends in the middle, a document moves or a model comes back.
// It is shared by all identities of one place.
type VectorCache interface {
	// Vectors gives those it has of the model, by content hash; none is no error. at is
	// now; with the zero time nothing is noted about their use.
	Vectors(ctx context.Context, model string, at time.Time, hashes []string) (map[string][]float32, error)
	// KeepVectors adds vectors by content hash. Those it has stay as they are.
	KeepVectors(ctx context.Context, model string, at time.Time, vectors map[string][]float32) error
	// ForgetVectors drops what was neither kept nor given since the moment and says how
	// many those were. Whether a vector was given is noted at most once a day.
	ForgetVectors(ctx context.Context, before time.Time) (int, error)
}
