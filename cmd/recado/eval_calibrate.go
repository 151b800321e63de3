package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/recado/recado/evals"
	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/confidence"
)

// calibrateFlags are those of `recado eval calibrate`.
type calibrateFlags struct {
	labels, out, promise   string
	figures                string
	alpha, delta           float64
	wrongCost, handoffCost float64
}

func (f *calibrateFlags) register(set *flag.FlagSet) {
	set.StringVar(&f.labels, "labels", "", "calibrate: JSONL file of answers that were called right or wrong; without it the cases are asked")
	set.StringVar(&f.out, "out", "calibration.json", "calibrate: file to write; the diagrams go beside it as SVG")
	set.StringVar(&f.promise, "promise", "M", "calibrate: M for a share of all cases, S for a share of the answers")
	set.Float64Var(&f.alpha, "alpha", 0.05, "calibrate: that share, of which may be answered and wrong at most")
	set.Float64Var(&f.delta, "delta", 0.10, "calibrate: how often that promise may fail")
	set.Float64Var(&f.wrongCost, "wrong-cost", 0, "calibrate: what a wrong answer costs you, in any unit; the larger of the two thresholds wins")
	set.Float64Var(&f.handoffCost, "handoff-cost", 1, "calibrate: what a handoff costs you, in the same unit")
}

func (f calibrateFlags) check() error {
	terms := confidence.Terms{Promise: confidence.Promise(f.promise), Alpha: f.alpha, Delta: f.delta}
	switch {
	case f.promise != "M" && f.promise != "S":
		return usagef("eval: --promise is M, for a share of all cases, or S, for a share of the answers")
	case terms.Check() != nil:
		return usagef("eval: --alpha and --delta are shares between 0 and 1")
	case !(f.wrongCost >= 0 && f.handoffCost >= 0):
		return usagef("eval: --wrong-cost and --handoff-cost are not less than 0")
	}
	return nil
}

// fitting is what the flags ask for.
func (f calibrateFlags) fitting(name, on string, setting confidence.Setting) evals.Fitting {
	return evals.Fitting{
		Name: name, FittedOn: on, FittedAt: time.Now().UTC().Format(time.DateOnly), Setting: setting,
		Promise: confidence.Promise(f.promise), Alpha: f.alpha, Delta: f.delta, WrongCost: f.wrongCost, HandoffCost: f.handoffCost,
	}
}

// calibrateCases fits on cases that were asked and judged.
func (f calibrateFlags) calibrateCases(c console, a *answering, report evals.Report, demo bool) error {
	name := "own cases"
	if demo {
		name = "demo shop"
	}
	fitting := f.fitting(name, fmt.Sprintf("%d labelled questions", len(report.Results)), a.pipeline.Setting())
	return f.fit(c, evals.LabelsOf(report.Results), fitting)
}

// calibrateLabels fits on a file of labels, for answers of the models that are set.
func (f calibrateFlags) calibrateLabels(c console, s settings) error {
	file, err := os.Open(f.labels)
	if err != nil {
		return usagef("--labels: there is no file %s", f.labels)
	}
	defer file.Close()
	labels, err := evals.ReadLabels(file)
	if err != nil {
		return usagef("--labels %s: %v", f.labels, err)
	}
	s.Calibration = "" // the one in use has no part in a new one
	pipeline, err := idlePipeline(c, s)
	if err != nil {
		return err
	}
	fitting := f.fitting("own labels", fmt.Sprintf("%d labelled answers", len(labels)), pipeline.Setting())
	fitting.Features = evals.FeaturesOf(labels)
	if slices.Contains(fitting.Features, evals.ScoreFeature) {
		// The score is not one that the pipeline computes.
		fitting.Setting.FeatureVersion = evals.ScoreFeature
		fmt.Fprintln(c.out, "These labels have a score instead of features: the file shows what it is worth, and Recado can't answer with it.")
	}
	return f.fit(c, labels, fitting)
}

// fit says first what is feasible, then fits, writes and shows.
func (f calibrateFlags) fit(c console, labels []evals.Label, fitting evals.Fitting) error {
	calibration, choice, points, err := evals.CalibrateLabels(labels, fitting)
	if err != nil {
		return err
	}
	if note := decidingNote(labels, choice.N); note != "" {
		fmt.Fprintln(c.out, note)
	}
	fmt.Fprintln(c.out, choice.Feasibility)
	fmt.Fprintln(c.out, choice.Note())
	file, err := os.Create(f.out)
	if err != nil {
		return fmt.Errorf("the calibration can't be written: %w", err)
	}
	if err := errors.Join(calibration.Write(file), file.Close()); err != nil {
		return err
	}
	diagram := evals.NewDiagram(points, choice)
	picture := strings.TrimSuffix(f.out, filepath.Ext(f.out)) + ".svg"
	if file, err = os.Create(picture); err != nil {
		return fmt.Errorf("the diagrams can't be written: %w", err)
	}
	if err := errors.Join(diagram.WriteSVG(file), file.Close()); err != nil {
		return err
	}
	if err := f.writeFigures(c, diagram); err != nil {
		return err
	}
	fmt.Fprintln(c.out)
	if err := diagram.WriteText(c.out); err != nil {
		return err
	}
	fmt.Fprintf(c.out, "\n%s; %s and %s were written.", thresholdSentence(calibration), f.out, picture)
	if fitting.Setting.FeatureVersion != evals.ScoreFeature {
		fmt.Fprint(c.out, " Use it with RECADO_CALIBRATION.")
	}
	fmt.Fprintln(c.out)
	return nil
}

// writeFigures writes what the diagrams show for programs, if a file is wanted.
func (f calibrateFlags) writeFigures(c console, diagram evals.Diagram) error {
	switch f.figures {
	case "":
		return nil
	case "-":
		return diagram.WriteJSON(c.out)
	}
	file, err := os.Create(f.figures)
	if err != nil {
		return fmt.Errorf("the figures can't be written: %w", err)
	}
	return errors.Join(diagram.WriteJSON(file), file.Close())
}

// decidingNote says how many labels decide the threshold where not all do.
func decidingNote(labels []evals.Label, deciding int) string {
	fixed, biased := 0, 0
	for _, l := range labels {
		if l.Fixed {
			fixed++
		} else if l.Biased {
			biased++
		}
	}
	rest := len(labels) - fixed - biased - deciding
	if biased == 0 && rest == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d labels decide the threshold. %d were not drawn by chance, such as those of agents: they only help to fit. %d are of cases that others speak of too, or stand for fewer cases than the rest.",
		deciding, len(labels)-fixed, biased, rest)
}

func thresholdSentence(c *confidence.Calibration) string {
	if c.Threshold > 1 {
		return "No answer reaches the threshold"
	}
	if c.Clarify == 0 {
		return fmt.Sprintf("The threshold is %.3f", c.Threshold)
	}
	return fmt.Sprintf("The threshold is %.3f, and from %.3f on one question back comes before a person", c.Threshold, c.Clarify)
}

// idlePipeline is a pipeline with nothing in its index, to ask what it would answer
// with.
func idlePipeline(c console, s settings) (*rag.Pipeline, error) {
	embedder, err := openEmbedder(s, quietLog(c))
	if err != nil {
		return nil, err
	}
	empty, err := knowledge.NewMemory(knowledge.IdentityOf(embedder))
	if err != nil {
		return nil, err
	}
	return openPipeline(s, empty, embedder, nil, quietLog(c))
}
