package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"text/tabwriter"

	"github.com/recado/recado/rag/confidence"
)

// runCalibration shows the calibration in use.
func runCalibration(_ context.Context, c console, args []string) error {
	s, words, err := loadSettings(c, "calibration", args, nil)
	if err != nil {
		return err
	}
	if len(words) != 1 || words[0] != "show" {
		return usagef("calibration: write `recado calibration show`")
	}
	calibration, err := openCalibration(s)
	if err != nil {
		return err
	}
	if calibration == nil {
		if calibration, err = confidence.Default(); err != nil {
			return err
		}
	}
	pipeline, err := idlePipeline(c, s)
	if err != nil {
		return err
	}
	return showCalibration(c, calibration, calibration.Stale(pipeline.Setting()))
}

func showCalibration(c console, k *confidence.Calibration, stale []string) error {
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) {
		fmt.Fprintf(table, "%s\t"+format+"\n", append([]any{name}, args...)...) // Flush reports a failed write.
	}
	row("calibration", "%s", k.ID())
	row("fitted", "%s, on %s", k.FittedAt, k.FittedOn)
	row("model", "%s", k.Model)
	row("embedder", "%s", k.Embedder)
	row("prompt", "%s", k.Prompt)
	row("index", "%s", k.Index)
	row("features", "%s", k.FeatureVersion)
	row("threshold", "%s", thresholdSentence(k))
	if k.CostThreshold > 0 {
		row("costs ask for", "%.3f", k.CostThreshold)
	}
	row("promise", "%s", promiseSentence(k))
	row("labels", "%d, missing %d", k.N, k.Missing)
	row("bound", "%.4f", k.Bound)
	row("coverage", "%.1f %% of the cases, base error %.1f %% of the drafts", 100*k.Coverage, 100*k.BaseError)
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(c.out, "\n%s\n\n", k.Note)
	for i, name := range k.Features {
		fmt.Fprintf(table, "%s\t%+.3f\n", name, k.Weights[i])
	}
	for _, group := range slices.Sorted(maps.Keys(k.Offsets)) {
		fmt.Fprintf(table, "%s\t%+.3f\n", group, k.Offsets[group])
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if len(stale) == 0 {
		fmt.Fprintln(c.out, "\nIt is fresh: nothing that it depends on has changed.")
		return nil
	}
	fmt.Fprintln(c.out, "\nIt is stale, and its promise does not hold:")
	for _, reason := range stale {
		fmt.Fprintln(c.out, "  "+reason)
	}
	fmt.Fprintln(c.out, "Label answers of the shop as it is now and run `recado eval calibrate --labels FILE`.")
	return nil
}

func promiseSentence(k *confidence.Calibration) string {
	what := "of all cases, at most %.1f %% are answered and wrong, with confidence %.0f %% (M)"
	if k.Promise == confidence.Selective {
		what = "of the answers, at most %.1f %% are wrong, with confidence %.0f %% (S)"
	}
	return fmt.Sprintf(what, 100*k.Alpha, 100*(1-k.Delta))
}
