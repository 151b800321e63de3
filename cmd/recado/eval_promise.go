package main

import (
	"cmp"
	"context"
	"flag"
	"os"

	"github.com/recado/recado/evals"
	"github.com/recado/recado/rag/confidence"
)

// promiseFlags are those of `recado eval promise`.
type promiseFlags struct {
	scores, promise, out string
	n, draws             int
	alpha, delta         float64
}

func runPromise(_ context.Context, c console, args []string) error {
	var f promiseFlags
	_, words, err := loadSettings(c, "eval promise", args, func(set *flag.FlagSet) {
		set.StringVar(&f.scores, "scores", "", "JSONL file with a score and whether the answer was right in each line")
		set.IntVar(&f.n, "n", 200, "how many labels each calibration has")
		set.IntVar(&f.draws, "draws", 300, "how many calibrations are drawn")
		set.StringVar(&f.promise, "promise", "", "M for a share of all cases, S for a share of the answers; without it both")
		set.Float64Var(&f.alpha, "alpha", 0, "that share; without it 0.05 for M and 0.10 for S")
		set.Float64Var(&f.delta, "delta", 0.10, "how often the promise may fail")
		set.StringVar(&f.out, "json", "", "file to write the figures to as JSON; - is standard output")
	})
	if err != nil {
		return err
	}
	if f.scores == "" || len(words) > 0 {
		return usagef("eval promise: write `recado eval promise --scores FILE --n 200 --draws 300`")
	}
	terms, err := f.terms()
	if err != nil {
		return err
	}
	file, err := os.Open(f.scores)
	if err != nil {
		return usagef("--scores: there is no file %s", f.scores)
	}
	defer file.Close()
	rows, err := evals.ReadScores(file)
	if err != nil {
		return usagef("--scores %s: %v", f.scores, err)
	}
	report, err := evals.MeasurePromise(rows, terms, f.n, f.draws)
	if err != nil {
		return usagef("eval promise: %v", err)
	}
	return writeMeasured(c, f.out, report)
}

func (f promiseFlags) terms() ([]confidence.Terms, error) {
	if f.promise != "" && f.promise != "M" && f.promise != "S" {
		return nil, usagef("eval promise: --promise is M or S")
	}
	if f.n < 1 || f.draws < 1 {
		return nil, usagef("eval promise: --n and --draws are 1 or more")
	}
	var terms []confidence.Terms
	for promise, preset := range map[confidence.Promise]float64{confidence.Marginal: 0.05, confidence.Selective: 0.10} {
		if f.promise == "" || f.promise == string(promise) {
			t := confidence.Terms{Promise: promise, Alpha: cmp.Or(f.alpha, preset), Delta: f.delta}
			if t.Check() != nil {
				return nil, usagef("eval promise: --alpha and --delta are shares between 0 and 1")
			}
			terms = append(terms, t)
		}
	}
	return terms, nil
}
