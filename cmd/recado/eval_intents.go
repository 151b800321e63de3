package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/recado/recado/evals"
)

// intentsFlags are those of `recado eval intents`.
type intentsFlags struct{ train, data, out string }

// runIntents trains on one file and measures on another.
func runIntents(_ context.Context, c console, args []string) error {
	var f intentsFlags
	_, words, err := loadSettings(c, "eval intents", args, func(set *flag.FlagSet) {
		set.StringVar(&f.train, "train", "", "JSONL file of examples to learn from: `text` and intent in each line; in_scope, domain and lang are optional")
		set.StringVar(&f.data, "data", "", "JSONL file of examples to measure, other ones")
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
		return err
	}
	return f.write(c, report)
}

// read reads both files, and refuses the same one twice: what is learnt by heart
// says nothing about other texts.
func (f intentsFlags) read() (train, data []evals.IntentExample, err error) {
	learnt, err := os.ReadFile(f.train)
	if err != nil {
		return nil, nil, fmt.Errorf("--train: %w", err)
	}
	asked, err := os.ReadFile(f.data)
	if err != nil {
		return nil, nil, fmt.Errorf("--data: %w", err)
	}
	if bytes.Equal(learnt, asked) {
		return nil, nil, usagef("eval intents: --train and --data hold the same examples; measure on others")
	}
	if train, err = evals.ReadIntents(bytes.NewReader(learnt)); err != nil {
		return nil, nil, fmt.Errorf("--train: %w", err)
	}
	if data, err = evals.ReadIntents(bytes.NewReader(asked)); err != nil {
		return nil, nil, fmt.Errorf("--data: %w", err)
	}
	return train, data, nil
}

func (f intentsFlags) write(c console, report evals.IntentReport) error {
	if f.out == "-" {
		return report.WriteJSON(c.out)
	}
	if err := report.WriteTable(c.out); err != nil || f.out == "" {
		return err
	}
	file, err := os.Create(f.out)
	if err != nil {
		return fmt.Errorf("the figures can't be written: %w", err)
	}
	return errors.Join(report.WriteJSON(file), file.Close())
}
