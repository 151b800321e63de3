package knowledge

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path"
	"slices"
	"strings"
)

var (
	errNotFinite  = errors.New("a value of the vector is not finite")
	errZeroVector = errors.New("the embedding model finds nothing in it: its vector is zero")
	errTooLarge   = errors.New("the file is too large")
	errKind       = errors.New("not a document: only .md, .markdown and .csv files are read")
)

// Config says what an Ingester works with.
type Config struct {
	// Index receives the documents. Required.
	Index Index
	// Embedder gives the chunks their vectors; it must be the one that the
	// index was opened for. Required.
	Embedder Embedder
	// Logger gets one line for each run. Nil logs nothing.
	Logger *slog.Logger
	// DefaultLocale is the locale of sources that name none, "es" for example.
	// Empty makes such a source a broken one.
	DefaultLocale string
	// Batch is how many texts go to the embedder in one call; 0 means 64.
	Batch int
	// MaxFileBytes bounds one source file; 0 means 4 MiB.
	MaxFileBytes int64
}

// Ingester keeps an index in step with files. It is safe for concurrent use as
// far as the runs concern different collections.
type Ingester struct {
	config Config
}

// Outcome is what became of one source file.
type Outcome string

// The outcomes of a source file. A file with several documents counts as
// Indexed when any of them was new or changed.
const (
	Indexed   Outcome = "indexed"
	Unchanged Outcome = "unchanged"
	Failed    Outcome = "failed"
)

// Progress tells that one more source file is settled.
type Progress struct {
	// Done of Total files are settled. Total does not change during a run.
	Done, Total int
	// Source is the file's path.
	Source  string
	Outcome Outcome
}

// Broken is a source that is not in the index, or is there in its former
// state, and why. The error's text is meant for the person who ingests.
type Broken struct {
	Source string
	Err    error
}

// Report counts what a run did. Added, Changed, Unchanged and Removed count
// documents; Embedded counts the texts that went to the embedder, which is 0 for a
// second run over unchanged files.
type Report struct {
	Added, Changed, Unchanged, Removed int
	Embedded                           int
	Broken                             []Broken
}

// NewIngester checks the configuration. A missing index or embedder, a default
// locale that is none and a negative size are errors that name the field.
func NewIngester(c Config) (*Ingester, error) {
	switch {
	case c.Index == nil:
		return nil, errors.New("knowledge.Config.Index: missing")
	case c.Embedder == nil:
		return nil, errors.New("knowledge.Config.Embedder: missing")
	case c.Batch < 0:
		return nil, fmt.Errorf("knowledge.Config.Batch: %d is negative", c.Batch)
	case c.MaxFileBytes < 0:
		return nil, fmt.Errorf("knowledge.Config.MaxFileBytes: %d is negative", c.MaxFileBytes)
	}
	if c.DefaultLocale != "" {
		locale, err := cleanLocale(c.DefaultLocale)
		if err != nil {
			return nil, fmt.Errorf("knowledge.Config.DefaultLocale: %w", err)
		}
		c.DefaultLocale = locale
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	c.Batch = cmp.Or(c.Batch, 64)
	c.MaxFileBytes = cmp.Or(c.MaxFileBytes, 4<<20)
	return &Ingester{config: c}, nil
}

// run is one call of Ingest.
type run struct {
	config   Config
	progress func(Progress)
	report   Report
	done     int
	total    int
	// indexed is what the index holds, by ID, kept up to date during the run.
	indexed map[string]Document
	// produced are the IDs that this run found, with their source, and settled
	// what became of each source.
	produced map[string]string
	settled  map[string]Outcome
	pending  [][]prepared // by source: a source goes in as a whole or not at all
	texts    int          // of all pending documents
}

// prepared is a parsed document that waits for its vectors.
type prepared struct {
	document Document
	chunks   []Chunk
}

// ingest brings the index in step with the sources. Documents of the complete
// collections whose source is not listed are removed.
func (g *Ingester) ingest(ctx context.Context, list listing, progress func(Progress)) (Report, error) {
	if progress == nil {
		progress = func(Progress) {}
	}
	r := &run{
		config: g.config, progress: progress, total: len(list.sources) + len(list.broken),
		indexed: map[string]Document{}, produced: map[string]string{}, settled: map[string]Outcome{},
	}
	documents, err := g.config.Index.Documents(ctx, "")
	if err != nil {
		return r.report, fmt.Errorf("list the index: %w", err)
	}
	for _, d := range documents {
		r.indexed[d.ID] = d
	}
	if err := r.work(ctx, list, documents); err != nil {
		return r.report, err
	}
	g.config.Logger.InfoContext(ctx, "documents ingested", "added", r.report.Added, "changed", r.report.Changed,
		"unchanged", r.report.Unchanged, "removed", r.report.Removed, "broken", len(r.report.Broken), "embedded", r.report.Embedded)
	return r.report, nil
}

func (r *run) work(ctx context.Context, list listing, before []Document) error {
	for _, b := range list.broken {
		r.fail(b.Source, b.Err)
	}
	for _, s := range list.sources {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("ingest %s: %w", s.source, err)
		}
		if err := r.take(ctx, s); err != nil {
			return err
		}
	}
	if err := r.flush(ctx); err != nil {
		return err
	}
	return r.sweep(ctx, list, before)
}

// take parses one source and queues what changed.
func (r *run) take(ctx context.Context, s source) error {
	parsed, err := r.parse(s)
	if err != nil {
		r.fail(s.source, err)
		return nil
	}
	var changed []prepared
	texts := 0
	for _, p := range parsed {
		document, chunks := r.prepare(s, p)
		if owner := r.owner(document); owner != "" {
			r.fail(s.source, fmt.Errorf("%s already has the name %s in the index", owner, document.ID))
			return nil
		}
		r.produced[document.ID] = s.source
		if r.indexed[document.ID].Version == document.Version {
			r.report.Unchanged++
			continue
		}
		changed = append(changed, prepared{document, chunks})
		texts += len(chunks)
	}
	if len(changed) == 0 {
		r.settle(s.source, Unchanged)
		return nil
	}
	r.pending, r.texts = append(r.pending, changed), r.texts+texts
	if r.texts < r.config.Batch {
		return nil
	}
	return r.flush(ctx)
}

// owner is another source that has the document's name: one of this run, or the
// file that the indexed document came from as long as that is still there. A
// folder that was moved does not block its own documents.
func (r *run) owner(d Document) string {
	if source, ok := r.produced[d.ID]; ok && source != d.Source {
		return source
	}
	old, known := r.indexed[d.ID]
	if !known || old.Source == d.Source {
		return ""
	}
	if _, ok := r.settled[old.Source]; ok {
		return old.Source
	}
	if _, err := os.Stat(old.Source); err == nil {
		return old.Source
	}
	return ""
}

func (r *run) parse(s source) ([]Parsed, error) {
	data, err := s.read(r.config.MaxFileBytes)
	if err != nil {
		return nil, err
	}
	text, err := decode(data)
	if err != nil {
		return nil, err
	}
	e := Extracted{Body: text, Format: FormatMarkdown}
	if strings.EqualFold(path.Ext(s.name), ".csv") {
		e.Format = FormatFAQ
	}
	return Parse(s.name, e, Meta{}, r.config.DefaultLocale)
}

// prepare names the document and its chunks and computes its version.
func (r *run) prepare(s source, p Parsed) (Document, []Chunk) {
	id := cmp.Or(p.ID, s.name) + p.Suffix
	if len(id) > 512 {
		// Only absurdly deep folders come here; the hash keeps the name unique.
		sum := sha256.Sum256([]byte(id))
		id = hex.EncodeToString(sum[:]) + "/" + path.Base(s.name)
		id = id[:min(len(id), 512)]
	}
	d := Document{Meta: Meta{ID: id, Title: p.Title, Locale: p.Locale, Audience: AudienceCustomer}, Source: s.source, Collection: s.collection}
	for i := range p.Chunks {
		p.Chunks[i].DocumentID = id
		p.Chunks[i].ID = fmt.Sprintf("%s#%04d", id, p.Chunks[i].Seq)
		p.Chunks[i].Hash = ContentHash(d, p.Chunks[i])
		p.Chunks[i].Tokens = CountTokens(PromptText(p.Chunks[i]))
	}
	d.Version = version(r.config.Embedder, d, p.Chunks)
	return d, p.Chunks
}

// version hashes everything that what the index keeps depends on. Lengths are
// hashed before texts, so that no two documents give the same bytes.
func version(e Embedder, d Document, chunks []Chunk) string {
	h := sha256.New()
	text := func(values ...string) {
		for _, v := range values {
			h.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(v)))) // a hash never returns an error
			h.Write([]byte(v))
		}
	}
	number := func(values ...int) {
		for _, v := range values {
			h.Write(binary.LittleEndian.AppendUint64(nil, uint64(v)))
		}
	}
	text(SplitterVersion, e.Name(), d.Title, d.Locale)
	number(e.Dim(), len(chunks))
	for _, c := range chunks {
		text(c.Heading, c.Question, c.Text)
		number(c.Start, c.End)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// flush embeds and stores what is pending.
func (r *run) flush(ctx context.Context) error {
	pending := r.pending
	r.pending, r.texts = nil, 0
	if err := r.embed(ctx, slices.Concat(pending...)); err != nil {
		return err
	}
	for _, documents := range pending {
		if err := r.store(ctx, documents); err != nil {
			return err
		}
	}
	return nil
}

// embed fills in the vectors of all pending chunks, in batches across documents.
func (r *run) embed(ctx context.Context, pending []prepared) error {
	var texts []string
	var chunks []*Chunk
	for _, p := range pending {
		for i := range p.chunks {
			texts = append(texts, IndexText(p.document, p.chunks[i]))
			chunks = append(chunks, &p.chunks[i])
		}
	}
	for start := 0; start < len(texts); start += r.config.Batch {
		batch := texts[start:min(start+r.config.Batch, len(texts))]
		vectors, err := r.config.Embedder.Embed(ctx, batch)
		if err != nil {
			return fmt.Errorf("embed %d texts: %w", len(batch), err)
		}
		if len(vectors) != len(batch) {
			return fmt.Errorf("embed %d texts: the model gave %d vectors", len(batch), len(vectors))
		}
		r.report.Embedded += len(batch)
		for i, v := range vectors {
			chunks[start+i].Vector = v
		}
	}
	return nil
}

// store puts the documents of one source into the index. A vector without
// direction concerns this source alone; one with another dimension or with NaN
// means that the embedder is wrong, and ends the run.
func (r *run) store(ctx context.Context, documents []prepared) error {
	for _, p := range documents {
		err := r.scale(p)
		if errors.Is(err, errZeroVector) {
			r.fail(p.document.Source, err)
			return nil
		}
		if err != nil {
			return fmt.Errorf("embed %s, %w", p.document.ID, err)
		}
	}
	for _, p := range documents {
		if err := r.config.Index.Replace(ctx, p.document, p.chunks); err != nil {
			return fmt.Errorf("index %s: %w", p.document.ID, err)
		}
		if _, known := r.indexed[p.document.ID]; known {
			r.report.Changed++
		} else {
			r.report.Added++
		}
		r.indexed[p.document.ID] = p.document
	}
	r.settle(documents[0].document.Source, Indexed)
	return nil
}

// scale checks the vectors of a document and brings them to length 1.
func (r *run) scale(p prepared) error {
	for i, c := range p.chunks {
		vector, err := unit(c.Vector, r.config.Embedder.Dim())
		if err != nil {
			return fmt.Errorf("passage %d: %w", c.Seq+1, err)
		}
		p.chunks[i].Vector = vector
	}
	return nil
}

// sweep removes what is gone: documents of a complete collection without a
// source, and documents that a source no longer gives (a locale that left a
// table, or a name from another collection). What a broken source gave before
// stays.
func (r *run) sweep(ctx context.Context, list listing, before []Document) error {
	for _, d := range before {
		outcome, seen := r.settled[d.Source]
		gone := !seen && list.complete[d.Collection]
		_, produced := r.produced[d.ID]
		left := seen && outcome != Failed && !produced
		if !gone && !left {
			continue
		}
		// The document may have been taken over by another source since.
		if r.indexed[d.ID].Source != d.Source {
			continue
		}
		if err := r.config.Index.Remove(ctx, d.ID); err != nil {
			return fmt.Errorf("remove %s: %w", d.ID, err)
		}
		r.report.Removed++
	}
	return nil
}

func (r *run) fail(source string, err error) {
	r.report.Broken = append(r.report.Broken, Broken{Source: source, Err: err})
	r.settle(source, Failed)
}

// settle reports a source once; a failure after a success overrides it.
func (r *run) settle(source string, outcome Outcome) {
	before, again := r.settled[source]
	if before != Failed {
		r.settled[source] = outcome
	}
	if again {
		return
	}
	r.done++
	r.progress(Progress{Done: r.done, Total: r.total, Source: source, Outcome: r.settled[source]})
}
