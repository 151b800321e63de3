package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/recado/recado/evals"
)

// measured is the report of a command of `recado eval`.
type measured interface {
	WriteTable(w io.Writer) error
	WriteJSON(w io.Writer) error
}

// writeMeasured prints the table, and writes the figures to a file if there is one; "-" prints
// them in the place of the table.
func writeMeasured(c console, out string, report measured) error {
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

// writeScores writes what `recado eval promise` and `recado eval calibrate` read, if a file
// is wanted.
func writeScores(name string, points []evals.Point) error {
	if name == "" {
		return nil
	}
	file, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("the scores can't be written: %w", err)
	}
	return errors.Join(evals.WriteScores(file, points), file.Close())
}

// readApart reads the files of --train and --data, and refuses to learn from what is
// measured, under whatever name it comes.
func readApart(train, data string) (learnt, asked []byte, err error) {
	if asked, err = os.ReadFile(data); err != nil {
		return nil, nil, usagef("--data: there is no file %s", data)
	}
	if learnt, err = os.ReadFile(train); err != nil {
		return nil, nil, usagef("--train: there is no file %s", train)
	}
	if bytes.Equal(learnt, asked) {
		return nil, nil, usagef("--train and --data hold the same: figures over what was learnt from say nothing")
	}
	return learnt, asked, nil
}
