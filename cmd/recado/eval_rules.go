package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/recado/recado/evals/rules"
)

// runRules is `recado eval rules RUN`: what other rules would have sent of a run's
// drafts.
func runRules(_ context.Context, c console, args []string) error {
	var out, picture string
	list, err := loadPast(c, "eval rules", args, 1, func(set *flag.FlagSet) {
		set.StringVar(&out, "json", "", "file to write the curves to as JSON; - is standard output")
		set.StringVar(&picture, "svg", "", "file to draw the curves in")
	})
	if err != nil {
		return err
	}
	rows, err := rules.RowsOf(list[0])
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
