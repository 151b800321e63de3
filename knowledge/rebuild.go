package knowledge

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

var (
	errNoBody = errors.New("the index has passages of it but not its text, as earlier versions kept it; ingest it again")
	errUnread = errors.New("the text that the index has gives no document of this language; ingest it again")
)

// rebuildPasses bounds how often Rebuild looks for documents that changed while it ran.
// Each pass has only what the one before left time for.
const rebuildPasses = 8

// RebuildConfig says what Rebuild works with.
type RebuildConfig struct {
	// From is the index in use. It serves and may change in the meantime. Required.
	From Index
	// Into is opened with OpenBeside for the embedder's identity. Required.
	Into Space
	// Embedder is the one that Into was opened for. Required.
	Embedder Embedder
	// Cache, Logger, Now, Batch, Calls and Workers are those of Config.
	Cache                 VectorCache
	Logger                *slog.Logger
	Now                   func() time.Time
	Batch, Calls, Workers int
	// Partial takes the new index into use although documents did not come over, which
	// nobody finds from then on until they are ingested again.
	Partial bool
	// ScratchDir is that of Config.
	ScratchDir string
	// Progress is called after each document of the first pass, and while a large one is
	// on its way, by one goroutine at a time. Nil is allowed.
	Progress func(Progress)
}

// Rebuild brings all documents of the index in use over into one of another embedding
// model or splitter, from the texts that the index keeps, and takes that one into use.
// No source is read.
//
// A run that was interrupted goes on where it was. What changes in the old index while
// it runs is caught up before the new one takes over, to the last change if Into is
// Checked; when there is no end to the changes, that is an error and the old one stays. Revocations come along: a passage
// that has any text of a revoked one is revoked, too, however it is split now.
//
// Documents that can't come over are named in the report as broken, and then the new
// index is not taken into use unless Partial says so: it waits for an Ingest of those
// and for Activate.
func Rebuild(ctx context.Context, c RebuildConfig) (Report, error) {
	switch {
	case c.From == nil:
		return Report{}, errors.New("knowledge.RebuildConfig.From: missing")
	case c.Into == nil:
		return Report{}, errors.New("knowledge.RebuildConfig.Into: missing")
	case c.Embedder == nil:
		return Report{}, errors.New("knowledge.RebuildConfig.Embedder: missing")
	case c.Into.Identity() != IdentityOf(c.Embedder):
		return Report{}, fmt.Errorf("knowledge.RebuildConfig.Into: %w", ErrIdentity)
	}
	if c.Progress == nil {
		c.Progress = func(Progress) {}
	}
	r := &rebuilding{RebuildConfig: c, broken: map[string]string{}, config: Config{
		Index: c.Into, Embedder: c.Embedder, Cache: c.Cache, Logger: c.Logger, Now: c.Now, Batch: c.Batch, Calls: c.Calls, Workers: c.Workers,
		ScratchDir: c.ScratchDir,
	}.filled()}
	r.cache = newCached(c.Cache, c.Embedder, r.config.Now, r.config.Logger)
	err := r.work(ctx)
	r.report.Embedded = int(r.embedded.Load())
	slices.SortFunc(r.report.Broken, func(a, b Broken) int { return cmp.Compare(a.Source, b.Source) })
	if err != nil {
		return r.report, fmt.Errorf("rebuild the index: %w", err)
	}
	r.config.Logger.InfoContext(ctx, "index rebuilt", "added", r.report.Added, "changed", r.report.Changed,
		"unchanged", r.report.Unchanged, "removed", r.report.Removed, "broken", len(r.report.Broken), "embedded", r.report.Embedded)
	return r.report, nil
}

// rebuilding is one call of Rebuild.
type rebuilding struct {
	RebuildConfig

	config   Config
	cache    *cached
	embedded atomic.Int64

	mu     sync.Mutex
	report Report
	// broken are the documents that could not come over, with their version: they are
	// not tried again in each pass.
	broken map[string]string
	// revoked is what was carried, true for what is revoked in the index in use itself.
	revoked map[revocationKey]bool
}

// Checked is a Space that lets nobody change anything in its place while it is taken into
// use, neither documents nor revocations.
type Checked interface {
	// ActivateChecked is Activate if check, which may read all indexes of the place, gives no
	// error while all writers wait.
	ActivateChecked(ctx context.Context, check func(ctx context.Context) error) error
}

var (
	errBehind = errors.New("the index in use changed in the meantime")
	errNoRest = errors.New("documents change in the index in use faster than they come over; end what ingests into it and rebuild again")
)

func (r *rebuilding) work(ctx context.Context) error {
	for pass := range rebuildPasses {
		p, err := r.plan(ctx, pass == 0)
		if err != nil {
			return err
		}
		if err := p.run(ctx); err != nil {
			return err
		}
		if p.steps > 0 {
			continue
		}
		if err := r.carryRevocations(ctx); err != nil {
			return err
		}
		r.cache.forget(ctx)
		if len(r.report.Broken) > 0 && !r.Partial {
			return nil
		}
		err = r.activate(ctx)
		if err == nil {
			return nil
		}
		if !errors.Is(err, errBehind) {
			return fmt.Errorf("take it into use: %w", err)
		}
	}
	return errNoRest
}

// activate takes the new index into use unless it is behind.
func (r *rebuilding) activate(ctx context.Context) error {
	if checked, ok := r.Into.(Checked); ok {
		return checked.ActivateChecked(ctx, r.level)
	}
	if err := r.level(ctx); err != nil {
		return err
	}
	return r.Into.Activate(ctx)
}

// level says errBehind unless the new index has all that the one in use has.
func (r *rebuilding) level(ctx context.Context) error {
	from, err := r.From.Documents(ctx, "")
	if err != nil {
		return fmt.Errorf("list the index in use: %w", err)
	}
	into, err := r.Into.Documents(ctx, "")
	if err != nil {
		return fmt.Errorf("list the new index: %w", err)
	}
	there := make(map[string]Document, len(into))
	for _, d := range into {
		there[d.ID] = d
	}
	for _, d := range from {
		known, ok := there[d.ID]
		delete(there, d.ID)
		if version, tried := r.broken[d.ID]; tried && version == d.Version {
			continue
		}
		if !ok || known.Version != d.Version || !samePlace(known, d) {
			return errBehind
		}
	}
	if len(there) > 0 {
		return errBehind
	}
	return r.levelRevocations(ctx)
}

// samePlace says that there is nothing to Touch.
func samePlace(a, b Document) bool {
	return a.Source == b.Source && a.Collection == b.Collection && a.Validator == b.Validator
}

// revocationKey is what a revocation holds for.
type revocationKey struct{ document, hash string }

// levelRevocations says errBehind when somebody revoked or restored since they were
// carried.
func (r *rebuilding) levelRevocations(ctx context.Context) error {
	now, err := r.From.Revocations(ctx)
	if err != nil {
		return fmt.Errorf("list revoked passages: %w", err)
	}
	left := maps.Clone(r.revoked)
	for _, one := range now {
		key := revocationKey{one.DocumentID, one.Hash}
		if _, carried := r.revoked[key]; !carried {
			return errBehind
		}
		delete(left, key)
	}
	for _, own := range left {
		if own {
			return errBehind
		}
	}
	return nil
}

// pass is what has to be done to bring the new index in step with the old one.
type pass struct {
	*rebuilding

	todo  []Document
	there map[string]Document // what the new index has
	first bool
	began time.Time
	done  int
	steps int
}

// plan compares the two indexes, and does what needs no vectors.
func (r *rebuilding) plan(ctx context.Context, first bool) (*pass, error) {
	from, err := r.From.Documents(ctx, "")
	if err != nil {
		return nil, fmt.Errorf("list the index in use: %w", err)
	}
	into, err := r.Into.Documents(ctx, "")
	if err != nil {
		return nil, fmt.Errorf("list the new index: %w", err)
	}
	p := &pass{rebuilding: r, there: map[string]Document{}, first: first, began: r.config.Now()}
	for _, d := range into {
		p.there[d.ID] = d
	}
	wanted := make(map[string]bool, len(from))
	for _, d := range from {
		wanted[d.ID] = true
		if err := p.consider(ctx, d); err != nil {
			return nil, err
		}
	}
	for _, d := range into {
		if wanted[d.ID] {
			continue
		}
		if err := r.Into.Remove(ctx, d.ID); err != nil {
			return nil, fmt.Errorf("remove %s: %w", d.ID, err)
		}
		p.steps++
		r.report.Removed++
	}
	p.steps += len(p.todo)
	return p, nil
}

// consider decides what one document of the index in use needs.
func (p *pass) consider(ctx context.Context, d Document) error {
	there, known := p.there[d.ID]
	if version, tried := p.broken[d.ID]; tried && version == d.Version {
		return nil
	}
	if !known || there.Version != d.Version {
		p.todo = append(p.todo, d)
		return nil
	}
	if p.first {
		p.report.Unchanged++
	}
	if samePlace(there, d) {
		return nil
	}
	p.steps++
	if err := p.Into.Touch(ctx, d); err != nil {
		return fmt.Errorf("note the place of %s: %w", d.ID, err)
	}
	return nil
}

func (p *pass) run(ctx context.Context) error {
	s := &stages{
		config: p.config, gate: newGate(p.config.InFlight), read: p.read, admit: p.admit, tell: p.advance,
		embed: embedding{embedder: p.Embedder, cache: p.cache, backoff: p.config.Backoff, embedded: &p.embedded},
	}
	s.write = func(ctx context.Context, one *parcel) error { return p.write(ctx, s, one) }
	return s.run(ctx, len(p.todo))
}

// read splits a document of the index in use anew.
func (p *pass) read(ctx context.Context, at int) (reading, error) {
	d, _, err := p.From.Document(ctx, p.todo[at].ID)
	if errors.Is(err, ErrNotFound) {
		return reading{}, nil // gone since; the next pass sees to it
	}
	if err != nil {
		return reading{}, fmt.Errorf("read %s: %w", p.todo[at].ID, err)
	}
	one := &parcel{at: at, base: d.ID, label: d.Source, documents: []prepared{{document: d}}}
	one.documents[0].chunks, one.err = resplit(&one.documents[0].document)
	return reading{parcels: []*parcel{one}}, nil
}

// resplit cuts a document from its stored text.
func resplit(d *Document) ([]Chunk, error) {
	if d.Body == "" {
		return nil, errNoBody
	}
	parsed, err := Parse(d.ID, Extracted{Meta: d.Meta, Body: d.Body, Format: d.Format}, Meta{}, d.Locale)
	if err != nil {
		return nil, err
	}
	for _, one := range parsed {
		if len(parsed) > 1 && one.Locale != d.Locale {
			continue
		}
		// The version stays: whatever was said in it before is said in it now.
		d.Body = one.Body
		again := prepared{document: *d, chunks: one.Chunks}
		again.name()
		return again.chunks, nil
	}
	return nil, errUnread
}

func (p *pass) admit(at int, read reading) []*parcel {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, one := range read.parcels {
		if err := one.failure(); err != nil {
			p.fail(one, err)
			return nil
		}
	}
	if len(read.parcels) == 0 {
		p.tell(p.todo[at].Source, Unchanged)
	}
	return read.parcels
}

func (p *pass) write(ctx context.Context, s *stages, one *parcel) error {
	if err := one.failure(); err != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.fail(one, err)
		return nil
	}
	d := one.documents[0]
	if err := s.replace(ctx, one, 0); err != nil {
		return fmt.Errorf("index %s: %w", d.document.ID, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, known := p.there[d.document.ID]; known {
		p.report.Changed++
	} else {
		p.report.Added++
	}
	p.tell(one.label, Indexed)
	return nil
}

// fail reports a document that does not come over. The caller holds mu.
func (p *pass) fail(one *parcel, err error) {
	d := one.documents[0].document
	p.broken[d.ID] = d.Version
	p.report.Broken = append(p.report.Broken, Broken{Source: one.label, Err: err})
	p.tell(one.label, Failed)
}

// advance tells how far a large document has come.
func (p *pass) advance(source string, passages, prepared, written int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.first {
		p.Progress(Progress{
			Done: p.done, Total: len(p.todo), Source: source, Passages: passages, Prepared: prepared, Written: written,
			Embedded: int(p.embedded.Load()), Elapsed: p.config.Now().Sub(p.began),
		})
	}
}

// tell reports the progress of the first pass; the others are short.
func (p *pass) tell(source string, outcome Outcome) {
	if !p.first {
		return
	}
	p.done++
	p.Progress(Progress{
		Done: p.done, Total: len(p.todo), Source: source, Outcome: outcome,
		Embedded: int(p.embedded.Load()), Elapsed: p.config.Now().Sub(p.began),
	})
}

// carryRevocations revokes in the new index what is revoked in the old one, and no more.
func (r *rebuilding) carryRevocations(ctx context.Context) error {
	from, err := r.From.Revocations(ctx)
	if err != nil {
		return fmt.Errorf("list revoked passages: %w", err)
	}
	carried := slices.Clone(from)
	documents := map[string][]Revocation{}
	for _, one := range from {
		documents[one.DocumentID] = append(documents[one.DocumentID], one)
	}
	for id, revoked := range documents {
		overlapping, err := r.overlapping(ctx, id, revoked)
		if err != nil {
			return err
		}
		carried = append(carried, overlapping...)
	}
	r.revoked = make(map[revocationKey]bool, len(carried))
	for i, one := range carried {
		key := revocationKey{one.DocumentID, one.Hash}
		r.revoked[key] = r.revoked[key] || i < len(from)
	}
	if err := r.Into.Revoke(ctx, carried); err != nil {
		return fmt.Errorf("revoke passages: %w", err)
	}
	return r.restoreOthers(ctx)
}

// overlapping are the passages of the new index that have text of revoked ones.
func (r *rebuilding) overlapping(ctx context.Context, id string, revoked []Revocation) ([]Revocation, error) {
	_, before, err := r.From.Document(ctx, id)
	if err == nil {
		var after []Chunk
		if _, after, err = r.Into.Document(ctx, id); err == nil {
			return overlap(before, after, revoked), nil
		}
	}
	if errors.Is(err, ErrNotFound) {
		return nil, nil // it may come back: the revocations hold for its content
	}
	return nil, fmt.Errorf("read %s: %w", id, err)
}

// overlap finds the chunks that share text with a revoked one. Both lists count in the
// same body.
func overlap(before, after []Chunk, revoked []Revocation) []Revocation {
	byHash := make(map[string]Revocation, len(revoked))
	for _, one := range revoked {
		byHash[one.Hash] = one
	}
	var list []Revocation
	for _, old := range before {
		reason, ok := byHash[old.Hash]
		for _, c := range after {
			if ok && c.Start < old.End && old.Start < c.End {
				reason.ChunkID, reason.Hash = c.ID, c.Hash
				list = append(list, reason)
			}
		}
	}
	return list
}

// restoreOthers lets be found what an earlier attempt revoked and somebody restored in
// the index in use since.
func (r *rebuilding) restoreOthers(ctx context.Context) error {
	there, err := r.Into.Revocations(ctx)
	if err != nil {
		return fmt.Errorf("list revoked passages: %w", err)
	}
	restored := map[string][]string{}
	for _, one := range there {
		if _, carried := r.revoked[revocationKey{one.DocumentID, one.Hash}]; !carried {
			restored[one.DocumentID] = append(restored[one.DocumentID], one.Hash)
		}
	}
	for id, hashes := range restored {
		if err := r.Into.Restore(ctx, id, hashes); err != nil {
			return fmt.Errorf("restore passages of %s: %w", id, err)
		}
	}
	return nil
}
