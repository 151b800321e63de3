package evals

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"text/tabwriter"
)

// GroundedFigures say how well responses that are not grounded were found.
type GroundedFigures struct {
	N           int `json:"n"`
	NotGrounded int `json:"not_grounded"`
	// AUROC is null when all rows have one label.
	AUROC *Figure `json:"auroc"`
	F1    Figure  `json:"f1"`
	// Precision and Recall are those of the flag.
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	// AlwaysFlag is the F1 of flagging everything: an F1 is worth what it is above that.
	AlwaysFlag float64 `json:"f1_always_flag"`
	Brier      float64 `json:"brier"`
	// ByKind is how many of the rows of a kind that are not grounded were flagged.
	ByKind map[string]KindRecall `json:"recall_by_kind"`
	// Intervals holds low and high of each figure by its name, at 95 %.
	Intervals map[string][2]float64 `json:"intervals"`
}

// KindRecall is the share of the rows of a kind that were flagged, with its interval.
type KindRecall struct {
	N      int        `json:"n"`
	Recall float64    `json:"recall"`
	At95   [2]float64 `json:"interval"`
	// AUROC is the chance that a row of the kind is more doubtful than one that is grounded.
	// It is null where none is.
	AUROC *Figure `json:"auroc"`
}

// GroundedReport says how well responses that are not grounded are told from those that
// are.
type GroundedReport struct {
	GroundedFigures
	Overall    GroundedFigures            `json:"overall"`
	ByLanguage map[string]GroundedFigures `json:"by_language"`
	ByTask     map[string]GroundedFigures `json:"by_task,omitempty"`
	// Trained is on how many rows the weights were fitted; 0 means the shipped ones.
	Trained int `json:"trained"`
	// Thresholds are the doubts from which on responses are flagged, by task, or by
	// setting with the shipped weights.
	Thresholds map[string]float64 `json:"threshold"`
}

func newGroundedReport(scores []groundedScore, trained int, all groundedJudges) GroundedReport {
	report := GroundedReport{Overall: groundedFigures(scores), Trained: trained, Thresholds: map[string]float64{}}
	report.GroundedFigures = report.Overall
	report.ByLanguage = groundedBy(scores, func(s groundedScore) string { return s.Lang })
	report.ByTask = groundedBy(scores, func(s groundedScore) string { return s.Task })
	delete(report.ByTask, "")
	for part, one := range all.named {
		if part == "" {
			part = "all"
		}
		report.Thresholds[part] = one.Threshold()
	}
	return report
}

func groundedBy(scores []groundedScore, name func(groundedScore) string) map[string]GroundedFigures {
	parts := map[string][]groundedScore{}
	for _, s := range scores {
		parts[name(s)] = append(parts[name(s)], s)
	}
	figures := map[string]GroundedFigures{}
	for key, part := range parts {
		figures[key] = groundedFigures(part)
	}
	return figures
}

func groundedFigures(scores []groundedScore) GroundedFigures {
	f := GroundedFigures{N: len(scores), ByKind: map[string]KindRecall{}, Intervals: map[string][2]float64{}}
	flagged, hit, kinds := 0, 0, map[string][2]int{}
	for _, s := range scores {
		f.Brier += brier(s) / float64(len(scores))
		if s.flagged {
			flagged++
		}
		if s.Grounded {
			continue
		}
		f.NotGrounded++
		count := kinds[s.Kind]
		count[1]++
		if s.flagged {
			hit++
			count[0]++
		}
		kinds[s.Kind] = count
	}
	f.Precision, f.Recall = float64(hit)/float64(max(1, flagged)), float64(hit)/float64(max(1, f.NotGrounded))
	f.AlwaysFlag = 2 * float64(f.NotGrounded) / float64(f.N+f.NotGrounded)
	for kind, count := range kinds {
		share := newShare(count[0], count[1])
		f.ByKind[cmp.Or(kind, "not named")] = KindRecall{
			N: share.N, Recall: share.Value(), At95: [2]float64{share.Low, share.High}, AUROC: kindAUROC(scores, kind),
		}
	}
	f.resample(scores)
	return f
}

// kindAUROC is the AUROC of the rows of a kind and of those that are grounded alone.
func kindAUROC(scores []groundedScore, kind string) *Figure {
	var some []groundedScore
	for _, s := range scores {
		if s.Grounded || s.Kind == kind {
			some = append(some, s)
		}
	}
	return MeasureSelective(doubts(some)).AUROCPositive
}

func brier(s groundedScore) float64 {
	p := s.doubt
	if !s.Grounded {
		p = 1 - p
	}
	return p * p
}

// resample sets AUROC and F1 with their intervals, by drawing contexts with all their
// responses: those of one context are alike.
func (f *GroundedFigures) resample(scores []groundedScore) {
	points := doubts(scores)
	groups := groupsOf(points)
	random := rand.New(rand.NewPCG(1, uint64(len(scores))))
	draws := make([]float64, resamples)
	for i := range draws {
		var drawn []groundedScore
		for range groups {
			for _, place := range groups[random.IntN(len(groups))] {
				drawn = append(drawn, scores[place])
			}
		}
		draws[i] = flagF1(drawn)
	}
	slices.Sort(draws)
	f.F1 = Figure{Value: flagF1(scores), Low: draws[resamples*25/1000], High: draws[resamples*975/1000-1]}
	f.Intervals["f1"] = [2]float64{f.F1.Low, f.F1.High}
	if f.AUROC = MeasureSelective(points).AUROCPositive; f.AUROC != nil {
		f.Intervals["auroc"] = [2]float64{f.AUROC.Low, f.AUROC.High}
	}
}

// doubts are the responses as points: what is looked for is one that is not grounded, and
// its score is the doubt.
func doubts(scores []groundedScore) []Point {
	points := make([]Point, len(scores))
	for i, s := range scores {
		points[i] = Point{ID: s.ID, Group: s.Contexts[0], Score: s.doubt, Positive: !s.Grounded}
	}
	return points
}

func flagF1(scores []groundedScore) float64 {
	flagged, hit, wrong := 0, 0, 0
	for _, s := range scores {
		if s.flagged {
			flagged++
		}
		if !s.Grounded {
			wrong++
			if s.flagged {
				hit++
			}
		}
	}
	return 2 * float64(hit) / float64(max(1, flagged+wrong))
}

// WriteJSON writes the report.
func (r GroundedReport) WriteJSON(w io.Writer) error { return writeJSON(w, r) }

// WriteTable writes a row for each language and task and one for all, and the recall of
// each kind below.
func (r GroundedReport) WriteTable(w io.Writer) error {
	weights := "the shipped weights"
	if r.Trained > 0 {
		weights = fmt.Sprintf("weights fitted on %d rows", r.Trained)
	}
	fmt.Fprintf(w, "%d responses, %d of them not grounded; %s\n\n", r.Overall.N, r.Overall.NotGrounded, weights)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\tn\tAUROC\tF1\tF1 if all are flagged\tprecision\trecall\tBrier")
	row := func(name string, f GroundedFigures) {
		fmt.Fprintf(table, "%s\t%d\t%s\t%s\t%.3f\t%.3f\t%.3f\t%.3f\n", name, f.N, orDash(f.AUROC), f.F1, f.AlwaysFlag, f.Precision, f.Recall, f.Brier)
	}
	for _, part := range []map[string]GroundedFigures{r.ByLanguage, r.ByTask} {
		for _, name := range slices.Sorted(maps.Keys(part)) {
			row(name, part[name])
		}
	}
	row("all", r.Overall)
	fmt.Fprintln(table, "\nnot grounded\tn\tAUROC beside all grounded\tflagged")
	for _, kind := range slices.Sorted(maps.Keys(r.Overall.ByKind)) {
		k := r.Overall.ByKind[kind]
		fmt.Fprintf(table, "%s\t%d\t%s\t%.3f [%.3f, %.3f]\n", kind, k.N, orDash(k.AUROC), k.Recall, k.At95[0], k.At95[1])
	}
	return table.Flush()
}

func orDash(f *Figure) string {
	if f == nil {
		return "-"
	}
	return f.String()
}
