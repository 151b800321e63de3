package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/recado/recado/evals"
	"github.com/recado/recado/rag"
)

// evalFlags are those of `recado eval`.
type evalFlags struct {
	cases, out   string
	asJSON       bool
	alpha, delta float64
}

// evalCommands measure on a data set of their own, which --data names.
func evalCommands() map[string]func(context.Context, console, []string) error {
	return map[string]func(context.Context, console, []string) error{
		"retrieval": runRetrieval,
		"grounded":  runGrounded,
		"pii":       runPII,
		"human":     runHuman,
		"injection": runInjection,
		"intents":   runIntents,
	}
}

func runEval(ctx context.Context, c console, args []string) (err error) {
	if len(args) > 0 {
		if measure, ok := evalCommands()[args[0]]; ok {
			return measure(ctx, c, args[1:])
		}
	}
	var f evalFlags
	s, words, err := loadSettings(c, "eval", args, func(set *flag.FlagSet) {
		set.StringVar(&f.cases, "cases", "", "JSONL file of labelled questions about your own shop; without it the demo shop is asked")
		set.BoolVar(&f.asJSON, "json", false, "print the report with every case as JSON")
		set.StringVar(&f.out, "out", "calibration.json", "calibrate: file to write")
		set.Float64Var(&f.alpha, "alpha", 0.05, "calibrate: share of all cases that may be answered and wrong")
		set.Float64Var(&f.delta, "delta", 0.10, "calibrate: how often that promise may fail")
	})
	if err != nil {
		return err
	}
	if len(words) != 1 || (words[0] != "run" && words[0] != "calibrate") {
		return usagef("eval: write `recado eval run`, `recado eval calibrate`, or `recado eval` with retrieval, grounded, pii, human, injection or intents")
	}
	if !(f.alpha > 0 && f.alpha < 1 && f.delta > 0 && f.delta < 1) {
		return usagef("eval: --alpha and --delta are shares between 0 and 1")
	}
	cases, err := f.read()
	if err != nil {
		return err
	}
	a, err := openAnswering(ctx, c, s, f.cases == "")
	if err != nil {
		return err
	}
	defer func() { err = a.closers.close(err) }()
	report, err := a.measure(ctx, c, cases)
	if err != nil {
		return err
	}
	if words[0] == "calibrate" {
		return f.calibrate(c, s, a, report)
	}
	if f.asJSON {
		return report.WriteJSON(c.out)
	}
	return report.WriteTable(c.out)
}

func (f evalFlags) read() ([]evals.Case, error) {
	if f.cases == "" {
		return evals.DemoCases()
	}
	file, err := os.Open(f.cases)
	if err != nil {
		return nil, fmt.Errorf("the cases can't be opened: %w", err)
	}
	defer file.Close()
	return evals.ReadCases(file)
}

func (a *answering) measure(ctx context.Context, c console, cases []evals.Case) (evals.Report, error) {
	live := terminal(c.err)
	report, err := evals.Run(ctx, evals.Config{
		Answerer: a.pipeline, Orders: a.book, Cases: cases, Logger: quietLog(c),
		Progress: func(done int) {
			if live {
				fmt.Fprintf(c.err, "\r\x1b[2K%d/%d", done, len(cases))
			}
		},
	})
	if live {
		fmt.Fprint(c.err, "\r\x1b[2K")
	}
	return report, err
}

// calibrate fits on the judged cases, writes the file, and says what it promises.
func (f evalFlags) calibrate(c console, s settings, a *answering, report evals.Report) error {
	model, err := openModel(s, quietLog(c))
	if err != nil {
		return err
	}
	name := "demo shop"
	if f.cases != "" {
		name = "own cases"
	}
	calibration, choice, err := evals.Calibrate(report.Results, evals.Fitting{
		Name: name, FittedOn: fmt.Sprintf("%d labelled questions", len(report.Results)), FittedAt: time.Now().UTC().Format(time.DateOnly),
		Model: model.Name(), Embedder: a.embedder.Name(), Features: rag.FeatureNames(), Alpha: f.alpha, Delta: f.delta,
	})
	if err != nil {
		return err
	}
	file, err := os.Create(f.out)
	if err != nil {
		return fmt.Errorf("the calibration can't be written: %w", err)
	}
	if err := errors.Join(calibration.Write(file), file.Close()); err != nil {
		return err
	}
	fmt.Fprintf(c.out, "%s\nThe threshold is %.3f; %s was written. Use it with RECADO_CALIBRATION.\n", choice.Note(f.alpha, f.delta), calibration.Threshold, f.out)
	return nil
}
