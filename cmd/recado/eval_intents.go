package main

import (
	"bytes"
	"context"
	"flag"

	"github.com/recado/recado/evals"
)

// intentsFlags are those of `recado eval intents`.
type intentsFlags struct{ train, data, out, scores string }

// runIntents trains on one file and measures on another.
func runIntents(_ context.Context, c console, args []string) error {
	var f intentsFlags
	_, words, err := loadSettings(c, "eval intents", args, func(set *flag.FlagSet) {
		set.StringVar(&f.train, "train", "", "JSONL file of examples to learn from: `text` and intent in each line; in_scope, domain and lang are optional")
		set.StringVar(&f.data, "data", "", "JSONL file of examples to measure, other ones")
		set.StringVar(&f.scores, "scores", "", "file to write the score of each text to and whether its intent was right, for recado eval promise")
		set.StringVar(&f.out, "json", "", "file to write the figures to as JSON; - is standard output")
	})
	if err != nil {
		return err
	}
	if f.train == "" || f.data == "" || len(words) > 0 {
		return usagef("eval intents: write `recado eval intents --train FILE --data FILE`")
	}
	train, data, err := f.read()
	if err != nil {
		return err
	}
	report, err := evals.MeasureIntents(train, data)
	if err != nil {
		return usagef("eval intents: %v", err)
	}
	if err := writeScores(f.scores, report.Points()); err != nil {
		return err
	}
	return writeMeasured(c, f.out, report)
}

func (f intentsFlags) read() (train, data []evals.IntentExample, err error) {
	learnt, asked, err := readApart(f.train, f.data)
	if err != nil {
		return nil, nil, err
	}
	if train, err = evals.ReadIntents(bytes.NewReader(learnt)); err != nil {
		return nil, nil, usagef("--train: %v", err)
	}
	if data, err = evals.ReadIntents(bytes.NewReader(asked)); err != nil {
		return nil, nil, usagef("--data: %v", err)
	}
	return train, data, nil
}
