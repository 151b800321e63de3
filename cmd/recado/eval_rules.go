package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/recado/recado/evals/rules"
	"github.com/recado/recado/evals/runs"
)

// runRules is `recado eval rules RUN.json`: what other rules would have sent of a run's
// drafts.
func runRules(_ context.Context, c console, args []string) error {
	var out, picture string
	_, names, err := loadSettings(c, "eval rules", args, func(set *flag.FlagSet) {
		set.StringVar(&out, "json", "", "file to write the curves to as JSON; - is standard output")
		set.StringVar(&picture, "svg", "", "file to draw the curves in")
	})
	if err != nil {
		return err
	}
	if len(names) != 1 {
		return usagef("eval rules: write `recado eval rules RUN.json`, with the file of `recado eval run --json RUN.json`")
	}
	run, err := runs.Read(names[0])
	if err != nil {
		return err
	}
	rows, err := rules.RowsOf(run)
	if err != nil {
		return err
	}
	b := rules.Run(rows)
	if err := writeMeasured(c, out, b); err != nil || picture == "" {
		return err
	}
	file, err := os.Create(picture)
	if err != nil {
		return fmt.Errorf("the picture can't be written: %w", err)
	}
	return errors.Join(b.WriteSVG(file), file.Close())
}
