package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/recado/recado/evals"
	"github.com/recado/recado/rag/guard"
)

// detection is one of the commands that run a rule over labelled texts.
type detection struct {
	name, label string
	detector    evals.Detector
}

// runHuman measures who asks for a person.
func runHuman(_ context.Context, c console, args []string) error {
	return detection{name: "human", label: "handoff", detector: evals.Detector{At: 1, Score: func(text string) float64 {
		if guard.AsksForPerson(text) {
			return 1
		}
		return 0
	}}}.run(c, args)
}

// runInjection measures what is taken for orders to a model.
func runInjection(_ context.Context, c console, args []string) error {
	return detection{name: "injection", label: "attack", detector: evals.Detector{At: guard.InjectionSuspected, Score: guard.Injection}}.run(c, args)
}

func (d detection) run(c console, args []string) error {
	var data, out string
	_, words, err := loadSettings(c, "eval "+d.name, args, func(set *flag.FlagSet) {
		set.StringVar(&data, "data", "", fmt.Sprintf("JSONL file with `text` and %s (true or false) in each line; id, lang and kind are optional", d.label))
		set.StringVar(&out, "json", "", "file to write the figures to as JSON; - is standard output")
	})
	if err != nil {
		return err
	}
	if data == "" || len(words) > 0 {
		return usagef("eval %s: write `recado eval %s --data FILE`", d.name, d.name)
	}
	if info, err := os.Stat(data); err != nil || info.IsDir() {
		return usagef("--data: there is no file %s", data)
	}
	rows, err := evals.ReadLabelled(os.DirFS(filepath.Dir(data)), filepath.Base(data), d.label)
	if err != nil {
		return usagef("--data: %v", err)
	}
	return writeMeasured(c, out, evals.Detect(rows, d.detector))
}
