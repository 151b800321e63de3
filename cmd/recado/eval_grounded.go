package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/recado/recado/evals"
)

// groundedFlags are those of `recado eval grounded`.
type groundedFlags struct{ data, train, out string }

func runGrounded(_ context.Context, c console, args []string) error {
	var f groundedFlags
	_, words, err := loadSettings(c, "eval grounded", args, func(set *flag.FlagSet) {
		set.StringVar(&f.data, "data", "", "JSONL file with `response`, `contexts` and `grounded` in each line; contexts may lie in sources.jsonl beside it")
		set.StringVar(&f.train, "train", "", "such a file to fit the weights on; without it the shipped weights are measured")
		set.StringVar(&f.out, "json", "", "file to write the figures to as JSON; - is standard output")
	})
	if err != nil {
		return err
	}
	if f.data == "" || len(words) > 0 {
		return usagef("eval grounded: write `recado eval grounded --data FILE`")
	}
	rows, err := f.read("--data", f.data)
	if err != nil {
		return err
	}
	var train []evals.GroundedRow
	if f.train != "" {
		if _, _, err := readApart(f.train, f.data); err != nil {
			return err
		}
		if train, err = f.read("--train", f.train); err != nil {
			return err
		}
	}
	report, err := measureGrounded(c, rows, train)
	if err != nil {
		return usagef("eval grounded: %v", err)
	}
	return writeMeasured(c, f.out, report)
}

func (f groundedFlags) read(name, file string) ([]evals.GroundedRow, error) {
	rows, err := evals.ReadGrounded(os.DirFS(filepath.Dir(file)), filepath.Base(file))
	if err != nil {
		return nil, usagef("%s %s: %v", name, file, err)
	}
	return rows, nil
}

func measureGrounded(c console, rows, train []evals.GroundedRow) (evals.GroundedReport, error) {
	live, shown := terminal(c.err), 0
	report, err := evals.MeasureGrounded(evals.GroundedConfig{
		Rows: rows, Train: train,
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
