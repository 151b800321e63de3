package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/recado/recado/knowledge"
)

func runIngest(ctx context.Context, c console, args []string) (err error) {
	var locale string
	var rebuild bool
	s, paths, err := loadSettings(c, "ingest", args, func(set *flag.FlagSet) {
		set.StringVar(&locale, "locale", "", "language of documents that name none, such as es")
		set.BoolVar(&rebuild, "rebuild", false, "empty an index that was built with another embedding model")
	})
	if err != nil {
		return err
	}
	if len(paths) == 0 {
		return usagef("ingest needs at least one PATH: a folder, a Markdown file or a CSV table with question, answer and locale")
	}
	log := slog.New(slog.NewTextHandler(c.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	embedder, err := openEmbedder(s, log)
	if err != nil {
		return err
	}
	x, err := openIndex(ctx, s, embedder, rebuild)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, x.Close()) }()
	ingester, err := knowledge.NewIngester(knowledge.Config{Index: x, Embedder: embedder, DefaultLocale: locale})
	if err != nil {
		return usagef("--locale: %v", err)
	}
	bar := progress{out: c.err, live: terminal(c.err)}
	report, err := ingester.Ingest(ctx, paths, bar.show)
	bar.end()
	printReport(c.out, report)
	if err != nil {
		return err
	}
	if n := len(report.Broken); n > 0 {
		return fmt.Errorf("%d sources did not go in, for the reasons above", n)
	}
	return nil
}

// printReport says what became of the documents, and names what is broken.
func printReport(w io.Writer, r knowledge.Report) {
	for _, b := range r.Broken {
		fmt.Fprintf(w, "not ingested: %s: %v\n", b.Source, b.Err)
	}
	fmt.Fprintf(w, "%d added, %d changed, %d unchanged, %d removed; %d passages embedded\n",
		r.Added, r.Changed, r.Unchanged, r.Removed, r.Embedded)
}

// progress is a bar on a terminal, and nothing elsewhere: a log of an automatic run
// wants the report alone.
type progress struct {
	out  io.Writer
	live bool
}

const barWidth = 24

func (p progress) show(at knowledge.Progress) {
	if !p.live || at.Total == 0 {
		return
	}
	full := barWidth * at.Done / at.Total
	name := at.Source
	if r := []rune(name); len(r) > 40 {
		name = "…" + string(r[len(r)-39:])
	}
	fmt.Fprintf(p.out, "\r\x1b[2K[%s%s] %d/%d %s", strings.Repeat("█", full), strings.Repeat("·", barWidth-full), at.Done, at.Total, name)
}

func (p progress) end() {
	if p.live {
		fmt.Fprint(p.out, "\r\x1b[2K")
	}
}
