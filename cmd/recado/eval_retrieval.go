package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/recado/recado/evals"
	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/knowledge/pgvector"
	knowledgesqlite "github.com/recado/recado/knowledge/sqlite"
)

// retrievalFlags are those of `recado eval retrieval`.
type retrievalFlags struct {
	data, split, backend, embedder, out string
	noisy, cross                        bool
}

func runRetrieval(ctx context.Context, c console, args []string) (err error) {
	var f retrievalFlags
	s, words, err := loadSettings(c, "eval retrieval", args, func(set *flag.FlagSet) {
		set.StringVar(&f.data, "data", "", "folder with corpus.jsonl, queries.jsonl and qrels.tsv, or a BEIR data set")
		set.StringVar(&f.split, "split", "", "folder of the questions in it, such as dev; without it they lie beside the corpus or in dev, test or heldout")
		set.StringVar(&f.backend, "backend", "sqlite", "index to search: sqlite, or postgres in a schema of its own at DATABASE_URL")
		set.StringVar(&f.embedder, "embedder", "offline", "offline, or openai for the model of RECADO_EMBEDDING_MODEL")
		set.BoolVar(&f.noisy, "noisy", false, "ask the questions as somebody types them on a phone")
		set.BoolVar(&f.cross, "cross", false, "search the documents of the other language")
		set.StringVar(&f.out, "json", "", "file to write the figures to as JSON; - is standard output")
	})
	if err != nil {
		return err
	}
	if f.data == "" || len(words) > 0 {
		return usagef("eval retrieval: write `recado eval retrieval --data DIR`")
	}
	report, err := f.measure(ctx, c, s)
	if err != nil {
		return err
	}
	return writeMeasured(c, f.out, report)
}

func (f retrievalFlags) measure(ctx context.Context, c console, s settings) (report evals.RetrievalReport, err error) {
	locale := s.Locale
	if locale == "" {
		locale = "en" // that of most data sets that say nothing
	}
	if info, err := os.Stat(f.data); err != nil || !info.IsDir() {
		return report, usagef("--data: there is no folder %s", f.data)
	}
	data, err := evals.ReadDataset(os.DirFS(f.data), f.split, locale)
	if err != nil {
		return report, fmt.Errorf("%s: %w", f.data, err)
	}
	embedder, err := f.openEmbedder(c, s)
	if err != nil {
		return report, err
	}
	x, drop, err := f.openIndex(ctx, c, s, embedder)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, x.Close(), drop(context.WithoutCancel(ctx))) }()
	glossary, err := openGlossary(s)
	if err != nil {
		return report, err
	}
	live, shown := terminal(c.err), 0
	report, err = evals.MeasureRetrieval(ctx, evals.RetrievalConfig{
		Index: x, Embedder: embedder, Glossary: glossary, Dataset: data, Noisy: f.noisy, Cross: f.cross,
		Progress: func(what string, done, total int) {
			if shown++; live && shown%25 == 0 {
				fmt.Fprintf(c.err, "\r\x1b[2K%s: %d of %d", what, done, total)
			}
		},
	})
	if live {
		fmt.Fprint(c.err, "\r\x1b[2K")
	}
	return report, err
}

func (f retrievalFlags) openEmbedder(c console, s settings) (knowledge.Embedder, error) {
	switch f.embedder {
	case "offline":
		s.EmbedModel = "offline"
	case "openai":
		if !s.online() {
			return nil, usagef("--embedder openai: there is no model server; set OPENAI_API_KEY or OPENAI_BASE_URL")
		}
	default:
		return nil, usagef("--embedder is neither offline nor openai")
	}
	return openEmbedder(s, quietLog(c))
}

// openIndex makes an empty index in a place of its own, and gives what drops it.
func (f retrievalFlags) openIndex(ctx context.Context, c console, s settings, e knowledge.Embedder) (knowledge.Space, func(context.Context) error, error) {
	id := knowledge.IdentityOf(e)
	switch f.backend {
	case "sqlite":
		folder, remove, err := temporaryFolder()
		if err != nil {
			return nil, nil, err
		}
		x, err := knowledgesqlite.Open(ctx, knowledgesqlite.Config{Dir: filepath.Join(folder, "knowledge"), Identity: id})
		if err != nil {
			return nil, nil, errors.Join(err, remove())
		}
		return x, func(context.Context) error { return remove() }, nil
	case "postgres":
		if s.DatabaseURL == "" {
			return nil, nil, usagef("--backend postgres: DATABASE_URL is missing")
		}
		place, drop, err := pgvector.Scratch(ctx, s.DatabaseURL)
		if err != nil {
			return nil, nil, s.unusable(err)
		}
		x, err := pgvector.Open(ctx, pgvector.Config{DSN: place, Identity: id, Logger: quietLog(c)})
		if err != nil {
			return nil, nil, errors.Join(err, drop(ctx))
		}
		return x, drop, nil
	}
	return nil, nil, usagef("--backend is neither sqlite nor postgres")
}
