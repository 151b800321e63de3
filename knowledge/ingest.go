package knowledge

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

var (
	errNotFinite  = errors.New("a value of the vector is not finite")
	errZeroVector = errors.New("the embedding model finds nothing in it: its vector is zero")
	errTooLarge   = errors.New("the file is too large")
)

// Config says what an Ingester works with.
type Config struct {
	// Index receives the documents. Required.
	Index Index
	// Embedder gives the chunks their vectors; it must be the one that the
	// index was opened for. Required.
	Embedder Embedder
	// Extractor reads the files. Required.
	Extractor Extractor
	// Cache keeps vectors, so that no text is embedded twice. Nil keeps none, and so
	// does an Embedder that is Cheap.
	Cache VectorCache
	// Logger gets one line for each run. Nil logs nothing.
	Logger *slog.Logger
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// DefaultLocale is the locale of sources that name none and whose text does not tell
	// it, "es" for example. Empty makes such a source a broken one.
	DefaultLocale string
	// Batch and BatchTokens are how many texts, and how many tokens of them, go to the
	// embedder in one call; 0 means 64 and 16,384. A text that is longer goes alone.
	Batch, BatchTokens int
	// Calls is how many calls of the embedder are under way at a time; 0 means 3.
	Calls int
	// Backoff is about how long to wait before a call that failed is tried once more;
	// 0 means a second. An embedder that tries again by itself did so before.
	Backoff time.Duration
	// Workers is how many sources are read, and how many documents written, at a time;
	// 0 means 4.
	Workers int
	// MaxFileBytes bounds one source; 0 means 16 MiB.
	MaxFileBytes int64
	// InFlight is about how many bytes of documents and vectors are on their way from
	// the sources to the index at a time; 0 means 16 MiB. One document that is larger
	// goes through alone.
	InFlight int64
	// ScratchDir is where the vectors of a document wait that takes half of that by
	// itself, if the index is Streamed. They are removed in the end. Empty means the
	// system's folder for temporary files.
	ScratchDir string
}

// Ingester keeps an index in step with sources. It is safe for concurrent use as
// far as the runs concern different collections.
type Ingester struct {
	config Config
}

// Outcome is what became of one source.
type Outcome string

// The outcomes of a source. One with several documents counts as Failed when any of
// them could not go in, and otherwise as Indexed when any was new or changed.
const (
	Indexed   Outcome = "indexed"
	Unchanged Outcome = "unchanged"
	Failed    Outcome = "failed"
)

// Progress tells that one more source is settled, or, with Passages, how far a large one
// has come. Done of Total in Elapsed gives the rate and the time that is left.
type Progress struct {
	// Done of Total sources are settled. Total does not change during a run.
	Done, Total int
	// Source is the place.
	Source  string
	Outcome Outcome
	// Of a large source that is on its way: how many Passages it has to be embedded for, how
	// many of them are Prepared, that is have their vectors, and how many are Written. There
	// is no Outcome yet. 0 when a source is settled.
	Passages, Prepared, Written int
	// Embedded counts the texts that the run has embedded so far.
	Embedded int
	// Elapsed is the time since the run began.
	Elapsed time.Duration
}

// Broken is a source, or a text in it as "export.json#articles/4711", that is not in
// the index, or is there in its former state, and why. The error's text is meant for
// the person who ingests.
type Broken struct {
	Source string
	Err    error
}

// ChangeKind says what a run would do to a document.
type ChangeKind string

// The kinds of a Change.
const (
	ChangeAdded     ChangeKind = "added"
	ChangeChanged   ChangeKind = "changed"
	ChangeUnchanged ChangeKind = "unchanged"
	ChangeRemoved   ChangeKind = "removed"
)

// Change is what a run would do to one document.
type Change struct {
	DocumentID string
	Source     string
	Kind       ChangeKind
	// New, Gone and Kept count passages by their content: what the document gets, what
	// it loses and what it has before and after.
	New, Gone, Kept int
	// ToEmbed counts the passages whose vector would have to be computed.
	ToEmbed int
}

// Report counts what a run did. Added, Changed, Unchanged and Removed count
// documents; Embedded counts the texts that the embedder gave a vector, which is 0 for
// a second run over unchanged sources. Lists are sorted.
type Report struct {
	Added, Changed, Unchanged, Removed int
	Embedded                           int
	// Revoked counts passages that the run found in its sources and that are never
	// found in a search, because somebody revoked them.
	Revoked int
	Broken  []Broken
	// Changes tell all documents of a dry run, by ID. Other runs leave it empty.
	Changes []Change
}

// Options are the choices of one run.
type Options struct {
	// DryRun reads and parses everything, embeds and writes nothing, and tells in
	// Report.Changes what a run would do.
	DryRun bool
	// Progress is called after each source, by one goroutine at a time. Nil is allowed.
	Progress func(Progress)
}

// NewIngester checks the configuration. What is missing, a default locale that is none
// and a negative size are errors that name the field. An index that was built with
// another embedding model or splitter gives ErrIdentity: nothing of the two is mixed.
func NewIngester(c Config) (*Ingester, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if c.DefaultLocale != "" {
		locale, err := cleanLocale(c.DefaultLocale)
		if err != nil {
			return nil, fmt.Errorf("knowledge.Config.DefaultLocale: %w", err)
		}
		c.DefaultLocale = locale
	}
	return &Ingester{config: c.filled()}, nil
}

// filled puts the defaults in.
func (c Config) filled() Config {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	c.Batch, c.BatchTokens = cmp.Or(c.Batch, 64), cmp.Or(c.BatchTokens, 16_384)
	c.Calls, c.Workers = cmp.Or(c.Calls, 3), cmp.Or(c.Workers, 4)
	c.Backoff = cmp.Or(c.Backoff, time.Second)
	c.MaxFileBytes, c.InFlight = cmp.Or(c.MaxFileBytes, 16<<20), cmp.Or(c.InFlight, 16<<20)
	return c
}

func (c Config) check() error {
	for _, part := range []struct {
		name    string
		missing bool
	}{{"Index", c.Index == nil}, {"Embedder", c.Embedder == nil}, {"Extractor", c.Extractor == nil}} {
		if part.missing {
			return fmt.Errorf("knowledge.Config.%s: missing", part.name)
		}
	}
	if c.Index.Identity() != IdentityOf(c.Embedder) {
		return fmt.Errorf("knowledge.Config.Index: %w", ErrIdentity)
	}
	for _, size := range []struct {
		name  string
		value int64
	}{
		{"Batch", int64(c.Batch)},
		{"BatchTokens", int64(c.BatchTokens)},
		{"Calls", int64(c.Calls)},
		{"Backoff", int64(c.Backoff)},
		{"Workers", int64(c.Workers)},
		{"MaxFileBytes", c.MaxFileBytes},
		{"InFlight", c.InFlight},
	} {
		if size.value < 0 {
			return fmt.Errorf("knowledge.Config.%s: %d is negative", size.name, size.value)
		}
	}
	return nil
}

// Ingest brings the index in step with the listed sources. Documents of the complete
// collections that no source gives any more are removed, at the very end.
//
// Unchanged documents cost neither an embedding nor a write, changed ones are
// replaced one by one, each as a whole. A source that cannot be read or parsed is named
// in the report with its reason and leaves the index as it was, the others go in. One
// that says ErrGone is named, too, and its documents are removed. Of two sources that give a document of one ID the first in the list has it, and the
// other is broken.
//
// The error is not nil when the run could not be finished: the context ended, or
// the index or the embedder failed. What was done until then is kept and counted
// in the report, nothing is removed, and the next run goes on from there.
func (g *Ingester) Ingest(ctx context.Context, list Listing, o Options) (Report, error) {
	documents, err := g.config.Index.Documents(ctx, "")
	if err != nil {
		return Report{}, fmt.Errorf("list the index: %w", err)
	}
	r := newRun(g.config, list, o, documents)
	err = r.work(ctx)
	r.finish()
	if err != nil {
		return r.report, err
	}
	g.config.Logger.InfoContext(ctx, "documents ingested", "added", r.report.Added, "changed", r.report.Changed,
		"unchanged", r.report.Unchanged, "removed", r.report.Removed, "broken", len(r.report.Broken),
		"embedded", r.report.Embedded, "revoked", r.report.Revoked, "dry_run", o.DryRun)
	return r.report, nil
}
