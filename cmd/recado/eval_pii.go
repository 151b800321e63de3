package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/recado/recado/evals"
)

// runPII is `recado eval pii`: how much of the personal data of marked texts is found.
func runPII(_ context.Context, c console, args []string) error {
	var data, out string
	_, words, err := loadSettings(c, "eval pii", args, func(set *flag.FlagSet) {
		set.StringVar(&data, "data", "", "JSONL file of texts with the personal data in them marked: text, and spans with start, end and type, counted in characters")
		set.StringVar(&out, "json", "", "file to write the figures to as JSON; - is standard output")
	})
	if err != nil {
		return err
	}
	if data == "" || len(words) > 0 {
		return usagef("eval pii: write `recado eval pii --data FILE`")
	}
	examples, err := readPII(data)
	if err != nil {
		return err
	}
	return writePII(c, evals.MeasurePII(examples), out)
}

func readPII(name string) ([]evals.PIIExample, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("the marked texts can't be opened: %w", err)
	}
	defer file.Close()
	examples, err := evals.ReadPII(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return examples, nil
}

func writePII(c console, report evals.PIIReport, out string) error {
	if out == "-" {
		return report.WriteJSON(c.out)
	}
	if err := report.WriteTable(c.out); err != nil || out == "" {
		return err
	}
	file, err := os.Create(out)
	if err != nil {
		return fmt.Errorf("the figures can't be written: %w", err)
	}
	return errors.Join(report.WriteJSON(file), file.Close())
}
