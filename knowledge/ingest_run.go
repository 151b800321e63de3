package knowledge

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// run is one call of Ingest.
type run struct {
	config  Config
	options Options
	list    Listing
	began   time.Time
	cache   *cached
	origins origins
	// indexed is what the index held at the beginning, by ID.
	indexed map[string]*Document
	before  []Document
	// revoked is what was taken back before the run.
	revoked revoked
	// embedded is Report.Embedded while the run is at work.
	embedded atomic.Int64

	mu     sync.Mutex
	report Report
	done   int
	total  int
	// produced are the documents that this run found, by ID, with the parcel or place
	// that has them, and states what became of each source.
	produced map[string]claim
	states   []state
	// suspect are the sites of which nothing is removed.
	suspect map[string]bool
}

// claim is a text's hold on a document's ID.
type claim struct {
	at    int // in Listing.Sources
	label string
}

// state is what became of one source so far.
type state struct {
	open    int // parcels that are not settled
	outcome Outcome
	settled bool
	// whole says that the source could not be read, or is not modified: what the index
	// has of it stays.
	whole bool
	// gone says that the source does not exist any more.
	gone bool
	// failed are the bases of the parcels that could not go in.
	failed map[string]bool
}

func newRun(c Config, list Listing, o Options, before []Document) *run {
	list.Sources = distinct(list.Sources)
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	used := c.Now
	if o.DryRun {
		used = func() time.Time { return time.Time{} } // looking is no use
	}
	r := &run{
		config: c, options: o, list: list, began: c.Now(), before: before,
		cache: newCached(c.Cache, c.Embedder, used, c.Logger), indexed: make(map[string]*Document, len(before)),
		total: len(list.Sources) + len(list.Broken), produced: map[string]claim{}, states: make([]state, len(list.Sources)),
	}
	for i := range before {
		r.indexed[before[i].ID] = &before[i]
	}
	r.origins = newOrigins(list, before)
	return r
}

// distinct leaves out places that are listed again under the same name.
func distinct(sources []Source) []Source {
	type key struct{ name, place string }
	seen := make(map[key]bool, len(sources))
	return slices.DeleteFunc(slices.Clone(sources), func(s Source) bool {
		again := seen[key{s.Name, s.Place}]
		seen[key{s.Name, s.Place}] = true
		return again
	})
}

func (r *run) work(ctx context.Context) error {
	for _, b := range r.list.Broken {
		r.broken(b.Source, b.Err)
		r.tell(b.Source, Failed)
	}
	if err := r.readRevoked(ctx); err != nil {
		return err
	}
	s := &stages{config: r.config, gate: newGate(r.config.InFlight), read: r.read, admit: r.admit, tell: r.advance}
	s.write = func(ctx context.Context, p *parcel) error { return r.write(ctx, s, p) }
	if r.options.DryRun {
		s.write = r.compare
	} else {
		s.embed = embedding{embedder: r.config.Embedder, cache: r.cache, backoff: r.config.Backoff, embedded: &r.embedded}
	}
	if err := s.run(ctx, len(r.list.Sources)); err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("ingest stopped: %w", ctx.Err())
		}
		return err
	}
	if err := r.sweep(ctx); err != nil {
		return err
	}
	if err := r.countRevoked(ctx); err != nil {
		return err
	}
	if !r.options.DryRun {
		r.cache.forget(ctx)
	}
	return nil
}

// finish makes the report the same whichever worker was first.
func (r *run) finish() {
	r.report.Embedded = int(r.embedded.Load())
	slices.SortFunc(r.report.Broken, func(a, b Broken) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Err.Error(), b.Err.Error()))
	})
	slices.SortFunc(r.report.Changes, func(a, b Change) int { return cmp.Compare(a.DocumentID, b.DocumentID) })
}

// read gets one source. One that is broken ends nothing.
func (r *run) read(ctx context.Context, at int) (reading, error) {
	parcels, err := r.unpack(ctx, at)
	return reading{parcels: parcels, err: err}, nil
}

// unpack reads, extracts and parses a source.
func (r *run) unpack(ctx context.Context, at int) ([]*parcel, error) {
	s := r.list.Sources[at]
	file, err := s.Read(ctx, r.known(at), r.config.MaxFileBytes)
	if err != nil {
		return nil, err
	}
	if int64(len(file.Data)) > r.config.MaxFileBytes {
		return nil, fmt.Errorf("%w: more than %d bytes", errTooLarge, r.config.MaxFileBytes)
	}
	texts, err := r.config.Extractor.Extract(ctx, s.Name, file)
	if err != nil {
		return nil, err
	}
	var parcels []*parcel
	for _, text := range texts {
		p := r.parse(s, file, text)
		p.at = at
		parcels = append(parcels, p)
	}
	return parcels, nil
}

// known is what the index has of a source, with the validators that a Read may ask by.
func (r *run) known(at int) []Document {
	var list []Document
	for _, d := range r.origins.documents[at] {
		document := *d
		var same bool
		document.Validator, same = strings.CutSuffix(d.Validator, r.stamp(at))
		// Under another manifest an unmodified source gives other documents.
		if !same || strings.Contains(document.Validator, stampMark) {
			document.Validator = ""
		}
		list = append(list, document)
	}
	return list
}

// stampMark begins what stamp adds.
const stampMark = " meta="

// stamp is added to a validator when the listing says something about the source's
// documents or the extractor has a version, so that a change of the manifest or of what
// is made of a file is not mistaken for no change.
func (r *run) stamp(at int) string {
	meta, version := r.list.Sources[at].Meta, ""
	if v, ok := r.config.Extractor.(Versioned); ok {
		version = v.Version()
	}
	hash := hashOf(append(metaTexts(meta), r.config.DefaultLocale, version))
	if hash == hashOf(append(metaTexts(Meta{}), "", "")) {
		return ""
	}
	return stampMark + hash[:8]
}

// parse makes a parcel of one text.
func (r *run) parse(s Source, file File, text Extracted) *parcel {
	p := &parcel{base: s.Name, label: s.Place}
	if text.Name != "" {
		p.base, p.label = s.Name+"#"+text.Name, s.Place+"#"+text.Name
	}
	parsed, err := Parse(s.Name, text, s.Meta, r.config.DefaultLocale)
	if err != nil {
		p.err = err
		return p
	}
	for _, one := range parsed {
		d := Document{
			Meta: one.Meta, Source: cmp.Or(text.Place, file.Place, s.Place), Collection: s.Collection,
			Body: one.Body, Format: one.Format, Validator: file.Validator,
		}
		d.ID = documentID(p.base, one)
		d.Version = version(d)
		next := prepared{document: d, chunks: one.Chunks}
		if old := r.indexed[d.ID]; old == nil || old.Version != d.Version {
			next.name()
		}
		p.documents = append(p.documents, next)
	}
	return p
}

// documentID names a document: by what it says itself, or by its source.
func documentID(base string, p Parsed) string {
	id := cmp.Or(p.ID, base) + p.Suffix
	if len(id) > 512 {
		// Only absurdly deep folders come here; the hash keeps the name unique.
		sum := sha256.Sum256([]byte(id))
		id = hex.EncodeToString(sum[:]) + "/" + path.Base(base)
		id = strings.ToValidUTF8(id[:min(len(id), 512)], "")
	}
	return id
}

// name fills in what chunks have from their document and their content.
func (p prepared) name() {
	for i := range p.chunks {
		c := &p.chunks[i]
		c.DocumentID, c.ID = p.document.ID, fmt.Sprintf("%s#%04d", p.document.ID, c.Seq)
		c.Hash, c.Tokens = ContentHash(p.document, *c), CountTokens(PromptText(*c))
	}
}

// version hashes everything that was said in a document.
func version(d Document) string {
	return hashOf(append(metaTexts(d.Meta), string(d.Format), d.Body))
}

// metaTexts lists a Meta so that no two give the same texts.
func metaTexts(m Meta) []string {
	texts := []string{m.ID, m.Title, m.Locale, string(m.Audience), m.ValidFrom, m.ValidTo, m.Approver}
	for _, list := range [][]string{m.Markets, m.Tags} {
		texts = append(texts, fmt.Sprint(len(list)))
		texts = append(texts, list...)
	}
	return texts
}

// hashOf hashes lengths before texts, so that no two lists give the same bytes.
func hashOf(texts []string) string {
	h := sha256.New()
	for _, t := range texts {
		h.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(t)))) // a hash never returns an error
		h.Write([]byte(t))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// admit decides what has to be done for a source that was read. Sources come in their
// order, so that of two with one name the first has it in every run.
func (r *run) admit(at int, read reading) []*parcel {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case errors.Is(read.err, ErrNotModified):
		return r.admitUnmodified(at)
	case errors.Is(read.err, ErrSame):
		r.states[at].whole, r.states[at].outcome = false, Unchanged
		r.settle(at)
		return nil
	case read.err != nil:
		// What is gone was listed all the same: it is named, and the sweep removes it.
		gone := errors.Is(read.err, ErrGone)
		r.states[at].gone, r.states[at].whole, r.states[at].outcome = gone, !gone, Failed
		r.broken(r.list.Sources[at].Place, read.err)
		r.settle(at)
		return nil
	}
	r.states[at].outcome = Unchanged
	var admitted []*parcel
	for _, p := range read.parcels {
		err := p.failure()
		if err == nil {
			err = r.claim(p)
		}
		if err != nil {
			r.fail(p, err)
			continue
		}
		if r.sift(p); len(p.documents) > 0 {
			admitted = append(admitted, p)
		}
	}
	r.states[at].open = len(admitted)
	r.settle(at)
	return admitted
}

// admitUnmodified counts what the index has of the source, and notes when it belongs to
// another collection now.
func (r *run) admitUnmodified(at int) []*parcel {
	s := r.list.Sources[at]
	r.states[at].whole, r.states[at].outcome = true, Unchanged
	p := &parcel{at: at, base: s.Name, label: s.Place}
	for _, d := range r.origins.documents[at] {
		if _, taken := r.produced[d.ID]; taken {
			continue
		}
		r.produced[d.ID] = claim{at, s.Place}
		r.unchanged(*d, d.Passages)
		if d.Collection != s.Collection && !r.options.DryRun {
			moved := *d
			moved.Collection = s.Collection
			p.documents = append(p.documents, prepared{document: moved, touch: true})
		}
	}
	if len(p.documents) == 0 {
		r.settle(at)
		return nil
	}
	r.states[at].open = 1
	return []*parcel{p}
}

// claim takes the IDs of a parcel's documents, all or none.
func (r *run) claim(p *parcel) error {
	own := map[string]bool{}
	for _, d := range p.documents {
		id := d.document.ID
		if own[id] {
			return fmt.Errorf("two documents in it have the name %s; give each its own id", id)
		}
		own[id] = true
		if owner := r.owner(p.at, id); owner != "" {
			return fmt.Errorf("%s already has the name %s in the index", owner, id)
		}
	}
	for id := range own {
		r.produced[id] = claim{p.at, p.label}
	}
	return nil
}

// owner is another text that has the ID: one of this run, or the source of the indexed
// document as long as that is still there. A folder that was moved does not block its
// own documents.
func (r *run) owner(at int, id string) string {
	if c, ok := r.produced[id]; ok {
		return c.label
	}
	d, ok := r.indexed[id]
	if !ok {
		return ""
	}
	switch origin := r.origins.of(d); {
	case origin == at:
		return ""
	case origin >= 0:
		if r.states[origin].keeps(r.list.Sources[origin].Name, d) {
			return d.Source
		}
		return "" // it gives the document up, or comes later in the list
	case r.list.Complete[d.Collection]:
		return ""
	case present(d.Source):
		return d.Source
	}
	return ""
}

// sift leaves in a parcel what has to be written: all that is new or changed, and what
// is the same in another place.
func (r *run) sift(p *parcel) {
	stamp := r.stamp(p.at)
	rest := p.documents[:0]
	for _, one := range p.documents {
		d := &one.document
		d.Validator, d.IndexedAt = stamped(d.Validator, stamp), r.config.Now()
		old := r.indexed[d.ID]
		if old == nil || old.Version != d.Version {
			rest = append(rest, one)
			continue
		}
		r.unchanged(*d, len(one.chunks))
		if !r.options.DryRun && (old.Source != d.Source || old.Collection != d.Collection || old.Validator != d.Validator) {
			one.touch, one.chunks = true, nil
			rest = append(rest, one)
		}
	}
	p.documents = rest
}

// stamped adds what the listing says to a validator, if there is one.
func stamped(validator, stamp string) string {
	if validator == "" {
		return ""
	}
	return validator + stamp
}

// unchanged counts a document that stays as it is.
func (r *run) unchanged(d Document, passages int) {
	r.report.Unchanged++
	if r.options.DryRun {
		r.report.Changes = append(r.report.Changes, Change{DocumentID: d.ID, Source: d.Source, Kind: ChangeUnchanged, Kept: passages})
	}
}

// write puts a parcel into the index, document by document.
func (r *run) write(ctx context.Context, s *stages, p *parcel) error {
	if err := p.failure(); err != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.fail(p, err)
		r.close(p.at)
		return nil
	}
	for at, one := range p.documents {
		if one.touch {
			if err := r.config.Index.Touch(ctx, one.document); err != nil {
				return fmt.Errorf("note the place of %s: %w", one.document.ID, err)
			}
			continue
		}
		if err := r.carry(ctx, one); err != nil {
			return err
		}
		if err := s.replace(ctx, p, at); err != nil {
			return fmt.Errorf("index %s: %w", one.document.ID, err)
		}
		r.count(p.at, one.document.ID)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.close(p.at)
	return nil
}

func (r *run) count(at int, id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.indexed[id] != nil {
		r.report.Changed++
	} else {
		r.report.Added++
	}
	if r.states[at].outcome != Failed {
		r.states[at].outcome = Indexed
	}
}

// sweep removes what is gone: documents of a complete collection that no source gives,
// and documents that a source no longer gives (a locale that left a table, or a name
// from another collection). What a broken source gave before stays.
func (r *run) sweep(ctx context.Context) error {
	r.keepSites()
	for i := range r.before {
		d := &r.before[i]
		if _, found := r.produced[d.ID]; found || !r.gone(d) {
			continue
		}
		r.report.Removed++
		if r.options.DryRun {
			r.report.Changes = append(r.report.Changes, Change{DocumentID: d.ID, Source: d.Source, Kind: ChangeRemoved, Gone: d.Passages})
			continue
		}
		if err := r.config.Index.Remove(ctx, d.ID); err != nil {
			r.report.Removed--
			return fmt.Errorf("remove %s: %w", d.ID, err)
		}
	}
	return nil
}

// gone says whether no source can be behind a document that this run did not find.
func (r *run) gone(d *Document) bool {
	origin := r.origins.of(d)
	if origin >= 0 {
		return !r.states[origin].keeps(r.list.Sources[origin].Name, d)
	}
	return r.list.Complete[d.Collection] && !r.suspect[d.Collection] && (r.origins.named(d) || !r.uncertain(d.Collection))
}

// uncertain says that a source of the collection may have documents that can't be told
// to be its own, because they have an ID and a place of their own.
func (r *run) uncertain(collection string) bool {
	for at, s := range r.list.Sources {
		if s.Collection == collection && (r.states[at].whole || len(r.states[at].failed) > 0) {
			return true
		}
	}
	return false
}

// keeps says whether a document that the source did not give may still be its own.
func (s *state) keeps(name string, d *Document) bool {
	if s.whole || len(s.failed) == 0 {
		return s.whole
	}
	base := untagged(d.ID)
	if s.failed[base] || s.failed[d.ID] {
		return true
	}
	// A document of another text of the same file is not concerned. One with an ID of
	// its own may be of any.
	return base != name && d.ID != name && !strings.HasPrefix(base, name+"#")
}

// fail reports a text that does not go in. The caller holds mu.
func (r *run) fail(p *parcel, err error) {
	s := &r.states[p.at]
	if s.failed == nil {
		s.failed = map[string]bool{}
	}
	s.failed[p.base], s.outcome = true, Failed
	r.broken(p.label, err)
}

func (r *run) broken(source string, err error) {
	r.report.Broken = append(r.report.Broken, Broken{Source: source, Err: err})
}

// close notes that a parcel of the source is finished. The caller holds mu.
func (r *run) close(at int) {
	r.states[at].open--
	r.settle(at)
}

// settle tells of a source once, when nothing of it is on its way any more. The caller
// holds mu.
func (r *run) settle(at int) {
	s := &r.states[at]
	if s.open > 0 || s.settled {
		return
	}
	s.settled = true
	r.tell(r.list.Sources[at].Place, s.outcome)
}

// advance tells how far a large source has come that is not settled yet.
func (r *run) advance(source string, passages, prepared, written int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.options.Progress(Progress{
		Done: r.done, Total: r.total, Source: source, Passages: passages, Prepared: prepared, Written: written,
		Embedded: int(r.embedded.Load()), Elapsed: r.config.Now().Sub(r.began),
	})
}

func (r *run) tell(source string, outcome Outcome) {
	r.done++
	r.options.Progress(Progress{
		Done: r.done, Total: r.total, Source: source, Outcome: outcome,
		Embedded: int(r.embedded.Load()), Elapsed: r.config.Now().Sub(r.began),
	})
}
