package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/knowledge/sources"
	"github.com/recado/recado/rag/llm"
)

// library is the knowledge index of a running gateway: the one that is served, the one
// that is built when the embedding model has changed, and the sites that are read again.
type library struct {
	settings settings
	embedder knowledge.Embedder
	log      *slog.Logger
	shelf    *knowledge.Shelf

	// long lets one rebuild or recrawl run at a time. Each has an index of its own open, so
	// that the one that is served may be replaced meanwhile.
	long sync.Mutex
	// mu lets one change of the served index happen at a time. Searches may wait for it:
	// nobody holds it for longer than it takes to open an index.
	mu    sync.Mutex
	space knowledge.Space
}

// openLibrary serves the index in use, whatever it was built with.
func openLibrary(ctx context.Context, s settings, e knowledge.Embedder, log *slog.Logger) (*library, error) {
	l := &library{settings: s, embedder: e, log: log}
	var err error
	if l.space, err = openSpace(ctx, s, knowledge.IdentityOf(e), knowledge.OpenAny, log); err != nil {
		return nil, err
	}
	// The embedded index comes into memory with its first search; no customer shall wait
	// for that.
	if _, err := l.space.Search(ctx, knowledge.Query{Text: "recado"}); err != nil {
		return nil, errors.Join(fmt.Errorf("the knowledge index can't be searched: %w", err), l.space.Close())
	}
	l.shelf, err = knowledge.NewShelf(knowledge.ShelfConfig{Index: l.space, Embedder: e, Replaced: l.reopen})
	if err != nil {
		return nil, errors.Join(err, l.space.Close())
	}
	return l, nil
}

// Close closes the index that is served.
func (l *library) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.space.Close()
}

// outdated tells whether the served index was built with another embedding model or
// splitter than this program's.
func (l *library) outdated() bool { return l.shelf.Identity() != knowledge.IdentityOf(l.embedder) }

// serve puts an index in the place of the one that is served, and closes that. The
// caller holds mu.
func (l *library) serve(next knowledge.Space) error {
	l.space = next
	former, ok := l.shelf.Serve(next).(knowledge.Space)
	if !ok {
		return nil // unreachable: only spaces are served
	}
	return former.Close()
}

// reopen serves what another process has taken into use.
func (l *library) reopen() {
	l.mu.Lock()
	defer l.mu.Unlock()
	ctx := context.Background()
	next, err := openSpace(ctx, l.settings, knowledge.IdentityOf(l.embedder), knowledge.OpenAny, l.log)
	if err == nil {
		err = l.serve(next)
	}
	if err != nil {
		l.log.ErrorContext(ctx, "the knowledge index was replaced and can't be opened", "error", why(err))
	}
}

// rebuild brings the documents over into an index of this program's embedding model,
// while the old one serves, and serves that. It tries until it works.
func (l *library) rebuild(ctx context.Context) error {
	for wait := time.Minute; l.outdated(); wait = min(2*wait, time.Hour) {
		l.log.WarnContext(ctx, "the knowledge index was built with another embedding model or by another version and is rebuilt",
			"by_words_only", l.shelf.Words())
		err := l.rebuildOnce(ctx)
		if err == nil {
			continue
		}
		if ctx.Err() == nil { // the end of the program is no trouble
			l.log.ErrorContext(ctx, "the knowledge index could not be rebuilt", "error", trouble(err), "next_try", wait)
		}
		if !pause(ctx, wait) {
			return nil
		}
	}
	return nil
}

// errNotOver says that documents could not come over into the new index.
var errNotOver = errors.New("some documents can't come over; ingest them again with `recado ingest PATH…`")

func (l *library) rebuildOnce(ctx context.Context) (err error) {
	l.long.Lock()
	defer l.long.Unlock()
	if !l.outdated() {
		return nil // somebody else was faster
	}
	from, err := openSpace(ctx, l.settings, knowledge.IdentityOf(l.embedder), knowledge.OpenAny, l.log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	if from.Identity() == knowledge.IdentityOf(l.embedder) {
		l.reopen() // another process was faster
		return nil
	}
	next, err := openSpace(ctx, l.settings, knowledge.IdentityOf(l.embedder), knowledge.OpenBeside, l.log)
	if err != nil {
		return err
	}
	scratch, err := l.settings.scratch()
	if err != nil {
		return errors.Join(err, next.Close())
	}
	report, err := knowledge.Rebuild(ctx, knowledge.RebuildConfig{
		ScratchDir: scratch, From: from, Into: next, Embedder: l.embedder, Cache: next, Logger: l.log,
	})
	if err == nil && len(report.Broken) > 0 {
		l.name(ctx, report.Broken)
		err = errNotOver
	}
	if err != nil {
		return errors.Join(err, next.Close())
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.serve(next)
}

// recrawl reads the ingested sites again, every so often. It begins at a random moment
// of the first period, so that replicas do not go to a site together.
func (l *library) recrawl(ctx context.Context) error {
	every := l.settings.Recrawl
	if every == 0 {
		return nil
	}
	for wait := rand.N(every); ; wait = every {
		if !pause(ctx, wait) {
			return nil
		}
		if err := l.recrawlOnce(ctx); err != nil && ctx.Err() == nil {
			l.log.WarnContext(ctx, "the ingested sites could not be read again", "error", trouble(err))
		}
	}
}

func (l *library) recrawlOnce(ctx context.Context) (err error) {
	l.long.Lock()
	defer l.long.Unlock()
	if l.outdated() {
		return nil // what is read now would have to be read once more
	}
	x, err := openSpace(ctx, l.settings, knowledge.IdentityOf(l.embedder), knowledge.OpenInUse, l.log)
	if errors.Is(err, knowledge.ErrIdentity) {
		return nil // another process replaced it just now
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, x.Close()) }()
	known, err := x.Documents(ctx, "")
	if err != nil {
		return err
	}
	sites := sources.Recrawlable(known)
	if len(sites) == 0 {
		return nil
	}
	in := &intake{log: l.log}
	defer func() { err = errors.Join(err, in.Close()) }()
	if err := in.open(l.settings, x, l.embedder); err != nil {
		return err
	}
	report, err := in.run(ctx, sites, knowledge.Options{})
	if len(report.Broken) > 0 {
		l.log.WarnContext(ctx, "pages of the ingested sites could not be read", "pages", len(report.Broken))
		l.name(ctx, report.Broken)
	}
	return err
}

// maxNamed is how many broken documents a log names: a site that is down has thousands.
const maxNamed = 20

func (l *library) name(ctx context.Context, broken []knowledge.Broken) {
	for _, b := range broken[:min(len(broken), maxNamed)] {
		l.log.WarnContext(ctx, "a document did not go in", "source", b.Source, "error", b.Err)
	}
}

// trouble is why, but for errors that tell in fixed words what became of documents and of
// the embedding model, and can be logged as they are.
func trouble(err error) string {
	if errors.Is(err, errNotOver) || errors.Is(err, llm.ErrEmbedding) {
		return err.Error()
	}
	return why(err)
}

// pause waits, and says false when the context ends first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
