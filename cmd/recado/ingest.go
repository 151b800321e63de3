package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/knowledge/extract"
	"github.com/recado/recado/knowledge/sources"
)

func runIngest(ctx context.Context, c console, args []string) (err error) {
	var dryRun bool
	var stdin, as string
	s, places, err := loadSettings(c, "ingest", args, func(set *flag.FlagSet) {
		set.BoolVar(&dryRun, "dry-run", false, "say what would change, and change nothing")
		set.StringVar(&stdin, "name", "stdin.md", "file name of what comes by standard input (-): it tells the format, and the language as in stdin.es.md")
		set.StringVar(&as, "as", "", "name of what is ingested, wherever it lies: it takes the place of what had the name before")
	})
	if err != nil {
		return err
	}
	// An ingest makes much and keeps little: collecting twice as often costs a tenth of the
	// time and a quarter less memory (BenchmarkIngest).
	debug.SetGCPercent(50)
	if len(places) == 0 {
		return usagef("ingest needs at least one PATH: a folder, a file, a zip, a git checkout, the URL of a page or a sitemap, or - for standard input")
	}
	log := quietLog(c)
	embedder, err := openEmbedder(s, log)
	if err != nil {
		return err
	}
	x, behind, err := openForIngest(ctx, c, s, embedder, dryRun)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, x.Close()) }()
	in := &intake{stdin: c.in, stdinName: stdin, as: as, looks: dryRun, log: log}
	defer func() { err = errors.Join(err, in.Close()) }()
	if err := in.open(s, x, embedder); err != nil {
		return err
	}
	bar := newBar(c.err)
	report, err := in.run(ctx, places, knowledge.Options{DryRun: dryRun, Progress: bar.show})
	bar.end()
	printReport(c.out, report, dryRun)
	if err != nil {
		return err
	}
	if n := len(report.Broken); n > 0 {
		return fmt.Errorf("%s did not go in, for the reasons above", counted(n, "source", "sources"))
	}
	return takeIntoUse(ctx, c, s, x, behind)
}

// takeIntoUse makes a rebuilt index the one in use when none of the documents that could
// not come over is missing in it. Those that left the old index meanwhile are not.
func takeIntoUse(ctx context.Context, c console, s settings, x knowledge.Space, behind []knowledge.Document) (err error) {
	if behind == nil {
		return nil // it is in use already
	}
	old, err := openSpace(ctx, s, x.Identity(), knowledge.OpenAny, quietLog(c))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, old.Close()) }()
	check := func(ctx context.Context) error { return allThere(ctx, c.out, x, old, behind) }
	if checked, ok := x.(knowledge.Checked); ok { // what comes into the old one meanwhile is not lost
		return checked.ActivateChecked(ctx, check)
	}
	if err := check(ctx); err != nil {
		return err
	}
	return x.Activate(ctx)
}

// allThere is an error when a document of the old index that stayed behind is still
// missing in the new one.
func allThere(ctx context.Context, w io.Writer, x, old knowledge.Index, behind []knowledge.Document) error {
	missing := 0
	for _, d := range behind {
		there, err := has(ctx, x, d.ID)
		if err == nil && !there {
			there, err = has(ctx, old, d.ID)
			there = !there
		}
		if err != nil {
			return err
		}
		if !there {
			missing++
			fmt.Fprintf(w, "not brought over: %s, from %s\n", harmless(d.ID), harmless(d.Source))
		}
	}
	if missing > 0 {
		return fmt.Errorf("%s did not come over, so the old index stays in use; ingest %s again together with the rest, by one `recado ingest PATH…`, or `recado knowledge remove` what is gone",
			counted(missing, "document", "documents"), worded(missing, "it", "them"))
	}
	return nil
}

// has tells whether an index has a document.
func has(ctx context.Context, x knowledge.Index, id string) (bool, error) {
	_, _, err := x.Document(ctx, id)
	if err != nil && !errors.Is(err, knowledge.ErrNotFound) {
		return false, fmt.Errorf("the knowledge index can't be read: %w", err)
	}
	return err == nil, nil
}

// openForIngest opens the index in use. One of another embedding model, or of another
// version's splitter, is brought over first; the documents that stay behind are to be
// ingested before the new index is taken into use. They are nil when it is already.
func openForIngest(ctx context.Context, c console, s settings, e knowledge.Embedder, dryRun bool) (x knowledge.Space, behind []knowledge.Document, err error) {
	id := knowledge.IdentityOf(e)
	if dryRun {
		x, err = openForPlan(ctx, c, s, id)
		return x, nil, err
	}
	x, err = openSpace(ctx, s, id, knowledge.OpenInUse, quietLog(c))
	if !errors.Is(err, knowledge.ErrIdentity) {
		return x, nil, err
	}
	fmt.Fprintln(c.err, "The index was built with another embedding model or by another version: its documents are brought over first.")
	x, report, err := rebuild(ctx, c, s, e, quietLog(c))
	if err != nil {
		return nil, nil, err
	}
	printReport(c.out, report, false)
	if len(report.Broken) == 0 {
		return x, nil, nil
	}
	if behind, err = leftBehind(ctx, c, s, x); err != nil {
		return nil, nil, errors.Join(err, x.Close())
	}
	return x, behind, nil
}

// leftBehind are the documents of the index in use that a rebuilt one lacks.
func leftBehind(ctx context.Context, c console, s settings, x knowledge.Space) (behind []knowledge.Document, err error) {
	old, err := openSpace(ctx, s, x.Identity(), knowledge.OpenAny, quietLog(c))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, old.Close()) }()
	documents, err := old.Documents(ctx, "")
	if err != nil {
		return nil, fmt.Errorf("the knowledge index can't be read: %w", err)
	}
	behind = []knowledge.Document{}
	for _, d := range documents {
		there, err := has(ctx, x, d.ID)
		if err != nil {
			return nil, err
		}
		if !there {
			behind = append(behind, d)
		}
	}
	return behind, nil
}

// openForPlan opens the index in use to say what would change, and says that one of
// another identity would be rebuilt first.
func openForPlan(ctx context.Context, c console, s settings, id knowledge.Identity) (knowledge.Space, error) {
	x, err := openToLook(ctx, s, id, quietLog(c))
	if err != nil || x.Identity() == id {
		return x, err
	}
	documents, err := x.Documents(ctx, "")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the knowledge index can't be read: %w", err), x.Close())
	}
	passages := 0
	for _, d := range documents {
		passages += d.Passages
	}
	if len(documents) > 0 {
		fmt.Fprintf(c.err, "The index was built with another embedding model or by another version: %s with %s would be brought over first.\n",
			counted(len(documents), "document", "documents"), counted(passages, "passage", "passages"))
	}
	return broughtOver{x, id}, nil
}

// broughtOver is an index as it is after it was rebuilt, as far as a dry run looks:
// documents stay what they are, and no vector is asked for.
type broughtOver struct {
	knowledge.Space

	id knowledge.Identity
}

// Identity implements knowledge.Index.
func (b broughtOver) Identity() knowledge.Identity { return b.id }

// rebuild brings the index in use over into one of the embedder's, which it gives.
func rebuild(ctx context.Context, c console, s settings, e knowledge.Embedder, log *slog.Logger) (next knowledge.Space, r knowledge.Report, err error) {
	id := knowledge.IdentityOf(e)
	from, err := openSpace(ctx, s, id, knowledge.OpenAny, log)
	if err != nil {
		return nil, r, err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	if next, err = openSpace(ctx, s, id, knowledge.OpenBeside, log); err != nil {
		return nil, r, err
	}
	scratch, err := s.scratch()
	if err != nil {
		return nil, r, errors.Join(err, next.Close())
	}
	bar := newBar(c.err)
	r, err = knowledge.Rebuild(ctx, knowledge.RebuildConfig{
		ScratchDir: scratch, From: from, Into: next, Embedder: e, Cache: next, Logger: log, Progress: bar.show,
	})
	bar.end()
	if err != nil {
		return nil, r, errors.Join(err, next.Close())
	}
	return next, r, nil
}

// intake is what documents go in by.
type intake struct {
	extractor *extract.Extractor
	lister    *sources.Lister
	ingester  *knowledge.Ingester
	index     knowledge.Index
	// stdin is what "-" reads, under the name that stdinName says.
	stdin     io.Reader
	stdinName string
	// as is the name of what goes in, empty where its place is one.
	as string
	// looks says that nothing is to be written anywhere.
	looks bool
	log   *slog.Logger
}

// open makes the parts over an index. The PDF reader is kept compiled in the data
// folder, which is private.
func (in *intake) open(s settings, x knowledge.Space, e knowledge.Embedder) (err error) {
	in.index = x
	reader := extract.Config{CacheDir: filepath.Join(s.Data, "cache", "pdf"), InMemory: in.looks}
	if in.extractor, err = extract.New(reader); err != nil {
		return err
	}
	in.lister, err = sources.New(sources.Config{
		Accepts: in.extractor.Accepts, Stdin: in.stdin, StdinName: in.stdinName, AllowPrivate: s.CrawlPrivate, Logger: in.log,
	})
	if err != nil {
		return err
	}
	scratch := ""
	if !in.looks { // what is embedded may need it
		if scratch, err = s.scratch(); err != nil {
			return err
		}
	}
	in.ingester, err = knowledge.NewIngester(knowledge.Config{
		ScratchDir: scratch,
		Index:      x, Embedder: e, Extractor: in.extractor, Cache: x, Logger: in.log, DefaultLocale: s.Locale,
	})
	return err
}

// scratch is where large documents keep what they need for a while: the data folder has
// room, the one for temporary files may be memory.
func (s settings) scratch() (string, error) {
	dir := filepath.Join(s.Data, "cache")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", s.unusable(err)
	}
	return dir, nil
}

// Close ends the PDF reader.
func (in *intake) Close() error {
	if in.extractor == nil {
		return nil
	}
	return in.extractor.Close()
}

// run lists the places and brings the index in step with them.
func (in *intake) run(ctx context.Context, places []string, o knowledge.Options) (knowledge.Report, error) {
	known, err := in.index.Documents(ctx, "")
	if err != nil {
		return knowledge.Report{}, fmt.Errorf("the knowledge index can't be read: %w", err)
	}
	list, err := in.list(ctx, places, known)
	if err != nil {
		return knowledge.Report{}, err
	}
	return in.ingester.Ingest(ctx, list, o)
}

// list lists the places, under the name that was given them.
func (in *intake) list(ctx context.Context, places []string, known []knowledge.Document) (knowledge.Listing, error) {
	if in.as != "" {
		return in.lister.ListAs(ctx, in.as, places, known)
	}
	return in.lister.List(ctx, places, known)
}

// printReport says what became of the documents, and names what is broken.
func printReport(w io.Writer, r knowledge.Report, dryRun bool) {
	for _, change := range r.Changes {
		if change.Kind != knowledge.ChangeUnchanged {
			fmt.Fprintf(w, "%-9s %s: %s new, %d gone, %d kept; %d to embed\n",
				change.Kind, harmless(change.DocumentID), counted(change.New, "passage", "passages"), change.Gone, change.Kept, change.ToEmbed)
		}
	}
	for _, b := range r.Broken {
		fmt.Fprintf(w, "not ingested: %s\n", harmless(b.Source+": "+b.Err.Error()))
	}
	would, embedded := "", fmt.Sprintf("; %s embedded", counted(r.Embedded, "passage", "passages"))
	if dryRun {
		would, embedded = "would be: ", ""
	}
	fmt.Fprintf(w, "%s%d added, %d changed, %d unchanged, %d removed%s\n", would, r.Added, r.Changed, r.Unchanged, r.Removed, embedded)
	if r.Revoked > 0 {
		fmt.Fprintf(w, "%s not found; `recado knowledge list --revoked` names what is revoked\n",
			counted(r.Revoked, "passage is revoked and is", "passages are revoked and are"))
	}
}

// bar shows progress: a line that is written anew on a terminal, and a plain line every
// ten seconds elsewhere.
type bar struct {
	out   io.Writer
	live  bool
	shown time.Duration
}

const (
	barWidth   = 24
	plainEvery = 10 * time.Second
)

func newBar(out io.Writer) *bar { return &bar{out: out, live: terminal(out)} }

func (b *bar) show(at knowledge.Progress) {
	if at.Total == 0 {
		return
	}
	if !b.live {
		if at.Elapsed-b.shown >= plainEvery {
			b.shown = at.Elapsed
			fmt.Fprintf(b.out, "%d of %s%s%s\n", at.Done, counted(at.Total, "source", "sources"), within(at), pace(at))
		}
		return
	}
	full := barWidth * at.Done / at.Total
	name := harmless(at.Source)
	if r := []rune(name); len(r) > 40 {
		name = "…" + string(r[len(r)-39:])
	}
	fmt.Fprintf(b.out, "\r\x1b[2K[%s%s] %d/%d%s %s",
		strings.Repeat("█", full), strings.Repeat("·", barWidth-full), at.Done, at.Total, within(at)+pace(at), name)
}

// within tells how far a large source has come.
func within(at knowledge.Progress) string {
	switch {
	case at.Passages == 0:
		return ""
	case at.Prepared < at.Passages:
		return fmt.Sprintf(", of the next %d of %s embedded", at.Prepared, counted(at.Passages, "passage", "passages"))
	}
	return fmt.Sprintf(", of the next %d of %s written", at.Written, counted(at.Passages, "passage", "passages"))
}

// pace is the rate and the time that is left, once there is something to judge by.
func pace(at knowledge.Progress) string {
	if at.Done == 0 || at.Elapsed < time.Second {
		return ""
	}
	rate := float64(at.Done) / at.Elapsed.Seconds()
	left := time.Duration(float64(at.Total-at.Done) / rate * float64(time.Second)).Round(time.Second)
	return fmt.Sprintf(", %.1f a second, %v left", rate, left)
}

func (b *bar) end() {
	if b.live {
		fmt.Fprint(b.out, "\r\x1b[2K")
	}
}
