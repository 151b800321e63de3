package main

import (
	"bytes"
	"cmp"
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"

	"github.com/recado/recado/evals"
	"github.com/recado/recado/rag/llm"
)

// abstainFlags are those of `recado eval abstain`.
type abstainFlags struct {
	data, train, drop, split, trainSplit, out, scores string
	model                                             bool
}

func runAbstain(ctx context.Context, c console, args []string) error {
	var f abstainFlags
	s, words, err := loadSettings(c, "eval abstain", args, func(set *flag.FlagSet) {
		set.StringVar(&f.data, "data", "", "folder with corpus.jsonl, queries.jsonl and qrels.tsv, or with examples.jsonl whose rows have `contexts`")
		set.StringVar(&f.train, "train", "", "such a folder with other questions to fit the score on; without it the shipped weights are measured")
		set.StringVar(&f.drop, "drop", "", "file with ids of documents, one a line, that are left out of the index")
		set.StringVar(&f.split, "split", "", "folder of the questions in --data, such as dev; without it they lie beside the corpus or in dev, test or heldout")
		set.StringVar(&f.trainSplit, "train-split", "", "the same for --train")
		set.BoolVar(&f.model, "model", false, "ask the chat model that is set whether the passages hold the answer: one call for each question of --data and --train")
		set.StringVar(&f.scores, "scores", "", "file to write the probability of each question to and whether its answer was right, for recado eval promise")
		set.StringVar(&f.out, "json", "", "file to write the figures to as JSON; - is standard output")
	})
	if err != nil {
		return err
	}
	if f.data == "" || len(words) > 0 {
		return usagef("eval abstain: write `recado eval abstain --data DIR`")
	}
	report, err := f.measure(ctx, c, s)
	if err != nil {
		return err
	}
	if err := writeScores(f.scores, report.Points()); err != nil {
		return err
	}
	return writeMeasured(c, f.out, report)
}

func (f abstainFlags) measure(ctx context.Context, c console, s settings) (report evals.AbstainReport, err error) {
	var out []byte
	if f.drop != "" {
		if out, err = os.ReadFile(f.drop); err != nil {
			return report, usagef("--drop: there is no file %s", f.drop)
		}
		if len(bytes.TrimSpace(out)) == 0 {
			return report, usagef("--drop: %s is empty", f.drop)
		}
	}
	config := evals.AbstainConfig{}
	if config.Data, err = readAnswerable(s, "--data", f.data, f.split, out); err != nil {
		return report, err
	}
	if f.train != "" {
		train, err := readAnswerable(s, "--train", f.train, f.trainSplit, out)
		if err != nil {
			return report, err
		}
		config.Train = &train
	}
	s.EmbedModel = "offline"
	if config.Embedder, err = openEmbedder(s, quietLog(c)); err != nil {
		return report, err
	}
	if f.model {
		if config.Judge, err = openJudge(s, quietLog(c)); err != nil {
			return report, err
		}
	}
	live, shown := terminal(c.err), 0
	config.Progress = func(what string, done, total int) {
		if shown++; live && shown%25 == 0 {
			fmt.Fprintf(c.err, "\r\x1b[2K%s: %d of %d", what, done, total)
		}
	}
	report, err = evals.MeasureAbstain(ctx, config)
	if live {
		fmt.Fprint(c.err, "\r\x1b[2K")
	}
	if err != nil {
		return report, usagef("eval abstain: %v", err)
	}
	return report, nil
}

// openJudge gives the chat model of the settings as a judge.
func openJudge(s settings, log *slog.Logger) (*llm.Judge, error) {
	if !s.online() {
		return nil, usagef("--model: there is no model server; set OPENAI_API_KEY or OPENAI_BASE_URL")
	}
	judge, err := llm.NewJudge(llm.Config{APIKey: s.OpenAIKey, BaseURL: s.OpenAIBaseURL, Model: s.ChatModel, Logger: log})
	if err != nil {
		return nil, usagef("--model: %v", err)
	}
	return judge, nil
}

func readAnswerable(s settings, name, folder, split string, drop []byte) (evals.Dataset, error) {
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return evals.Dataset{}, usagef("%s: there is no folder %s", name, folder)
	}
	// English is the language of most data sets that name none.
	data, err := evals.ReadAnswerable(os.DirFS(folder), split, cmp.Or(s.Locale, "en"), drop)
	if err != nil {
		return data, usagef("%s %s: %v", name, folder, err)
	}
	return data, nil
}
