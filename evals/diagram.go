package evals

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/recado/recado/rag/confidence"
)

// Diagram holds what a reliability diagram and a risk-coverage curve show.
type Diagram struct {
	Bins []Bin
	// Error is the calibration error of all drafts, ByLanguage that of each language.
	Error      CalibrationError
	ByLanguage map[string]CalibrationError
	// Curve has a place for each different score, likeliest answers first.
	Curve []CurvePoint
	// Choice is marked on the curve, which is over so many Drafts.
	Choice confidence.Choice
	Drafts int
}

// CurvePoint is what happens when all from a score on are answered: how many are Sent,
// and how many of those are Wrong.
type CurvePoint struct {
	Sent, Wrong int
}

// NewDiagram draws from the drafts with the scores that a threshold was chosen on.
func NewDiagram(points []Point, choice confidence.Choice) Diagram {
	d := Diagram{
		Bins: Reliability(points), Error: MeasureCalibrationError(points), ByLanguage: map[string]CalibrationError{},
		Curve: riskCoverage(points), Choice: choice, Drafts: len(points),
	}
	parts := map[string][]Point{}
	for _, p := range points {
		parts[p.Lang] = append(parts[p.Lang], p)
	}
	for lang, part := range parts {
		if lang != "" {
			d.ByLanguage[lang] = MeasureCalibrationError(part)
		}
	}
	return d
}

func riskCoverage(points []Point) []CurvePoint {
	sorted := slices.SortedStableFunc(slices.Values(points), func(a, b Point) int { return cmp.Compare(b.Score, a.Score) })
	var curve []CurvePoint
	wrong := 0
	for i, p := range sorted {
		if !p.Right {
			wrong++
		}
		if i+1 == len(sorted) || sorted[i+1].Score != p.Score {
			curve = append(curve, CurvePoint{Sent: i + 1, Wrong: wrong})
		}
	}
	return curve
}

// WriteText draws both for a terminal.
func (d Diagram) WriteText(w io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "Reliability: how many are right, of drafts with a similar score (| is the score)\n")
	for _, bin := range d.Bins {
		fmt.Fprintf(&b, "  %.2f  %s  %s\n", bin.Mean, bar(bin.Right.Value(), bin.Mean), bin.Right)
	}
	sentence := func(of string, e CalibrationError) {
		fmt.Fprintf(&b, "Calibration error%s %.3f; a perfect score would show %.3f on as many drafts.\n", of, e.ECE, e.Null)
	}
	sentence("", d.Error)
	for _, lang := range slices.Sorted(maps.Keys(d.ByLanguage)) {
		sentence(" in "+lang, d.ByLanguage[lang])
	}
	fmt.Fprintf(&b, "\nRisk by coverage: how many answers are wrong when so many drafts are sent\n")
	for tenth := 1; tenth <= 10; tenth++ {
		if at, ok := d.at(float64(tenth) / 10); ok {
			fmt.Fprintf(&b, "  %3.0f %%  %s  %s\n", 100*d.coverage(at), bar(at.risk(), -1), newShare(at.Wrong, at.Sent))
		}
	}
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("write diagram: %w", err)
	}
	return nil
}

// diagramFile is a Diagram as JSON.
type diagramFile struct {
	N         int                `json:"n"`
	Drafts    int                `json:"drafts"`
	Promise   confidence.Promise `json:"promise"`
	Alpha     float64            `json:"alpha"`
	Delta     float64            `json:"delta"`
	Certified bool               `json:"certified"`
	Missing   int                `json:"labels_missing"`
	Threshold float64            `json:"threshold"`
	Bound     float64            `json:"bound"`
	// Coverage is the share of the cases that is sent, Wrong the share that is sent and
	// wrong.
	Coverage  Share   `json:"coverage"`
	Wrong     Share   `json:"answered_and_wrong"`
	BaseError float64 `json:"base_error"`
	// Feasible is the greatest coverage that any rule could have.
	Feasible float64 `json:"feasible_coverage"`
	Note     string  `json:"note"`
	CalibrationError
	ByLanguage  map[string]CalibrationError `json:"by_language"`
	Reliability []Bin                       `json:"reliability"`
	// RiskCoverage has a place for each tenth of the drafts.
	RiskCoverage []riskAt `json:"risk_coverage"`
}

// riskAt is the share of wrong answers when so many drafts are sent.
type riskAt struct {
	Coverage float64 `json:"coverage"`
	Wrong    Share   `json:"wrong"`
}

// WriteJSON writes the figures with their intervals, and what was chosen.
func (d Diagram) WriteJSON(w io.Writer) error {
	c := d.Choice
	file := diagramFile{
		N: c.N, Drafts: d.Drafts, Promise: cmp.Or(c.Terms.Promise, confidence.Marginal), Alpha: c.Terms.Alpha, Delta: c.Terms.Delta,
		Certified: c.Certified, Missing: c.Missing, Threshold: c.Threshold, Bound: c.Bound,
		Coverage: newShare(c.Sent, c.N), Wrong: newShare(c.Wrong, c.N),
		BaseError: c.Feasibility.BaseError, Feasible: c.Feasibility.Coverage, Note: c.Note(),
		CalibrationError: d.Error, ByLanguage: d.ByLanguage, Reliability: d.Bins,
	}
	for tenth := 1; tenth <= 10; tenth++ {
		if at, ok := d.at(float64(tenth) / 10); ok {
			file.RiskCoverage = append(file.RiskCoverage, riskAt{Coverage: d.coverage(at), Wrong: newShare(at.Wrong, at.Sent)})
		}
	}
	return writeJSON(w, file)
}

func (p CurvePoint) risk() float64 { return float64(p.Wrong) / float64(p.Sent) }

func (d Diagram) coverage(p CurvePoint) float64 { return float64(p.Sent) / float64(d.Drafts) }

// at is the first place of the curve that covers at least this share.
func (d Diagram) at(coverage float64) (CurvePoint, bool) {
	i := slices.IndexFunc(d.Curve, func(p CurvePoint) bool { return d.coverage(p) >= coverage-1e-9 })
	if i < 0 {
		return CurvePoint{}, false
	}
	return d.Curve[i], true
}

// barWidth is how many characters stand for 100 %.
const barWidth = 40

func bar(share, mark float64) string {
	cells := []rune(strings.Repeat("#", int(share*barWidth+0.5)) + strings.Repeat(".", barWidth-int(share*barWidth+0.5)))
	if mark >= 0 {
		cells[min(barWidth-1, int(mark*barWidth))] = '|'
	}
	return string(cells)
}
