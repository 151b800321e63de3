package main

import (
	"context"
	"flag"
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
	return writeMeasured(c, out, evals.MeasurePII(examples))
}

func readPII(name string) ([]evals.PIIExample, error) {
	file, err := os.Open(name)
	if info, statErr := os.Stat(name); err != nil || statErr != nil || info.IsDir() {
		return nil, usagef("--data: there is no file %s", name)
	}
	defer file.Close()
	examples, err := evals.ReadPII(file)
	if err != nil {
		return nil, usagef("--data: %v", err)
	}
	return examples, nil
}
