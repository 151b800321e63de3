package evals

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/recado/recado/rag/confidence"
)

// Diagram holds what a reliability diagram and a risk-coverage curve show.
type Diagram struct {
	Bins  []Bin
	Error CalibrationError
	// Curve has a place for each different score, likeliest answers first.
	Curve []CurvePoint
	// Choice is marked on the curve, which is over so many Drafts.
	Choice confidence.Choice
	Drafts int
}

// CurvePoint is what happens when all from a score on are answered: the share of
// drafts answered, and the share of wrong answers among them.
type CurvePoint struct {
	Coverage, Risk float64
}

// NewDiagram draws from the scores that a threshold was chosen on. Cases without a
// draft are left out.
func NewDiagram(scored []confidence.Scored, choice confidence.Choice) Diagram {
	points := pointsOf(scored)
	return Diagram{
		Bins: Reliability(points), Error: MeasureCalibrationError(points),
		Curve: riskCoverage(points), Choice: choice, Drafts: len(points),
	}
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
			curve = append(curve, CurvePoint{Coverage: float64(i+1) / float64(len(sorted)), Risk: float64(wrong) / float64(i+1)})
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
	fmt.Fprintf(&b, "Calibration error %.3f; a perfect score would show %.3f on as many drafts.\n\n", d.Error.ECE, d.Error.Null)
	fmt.Fprintf(&b, "Risk by coverage: how many answers are wrong when so many drafts are sent\n")
	for tenth := 1; tenth <= 10; tenth++ {
		if at, ok := d.at(float64(tenth) / 10); ok {
			fmt.Fprintf(&b, "  %3.0f %%  %s  %.1f %%\n", 100*at.Coverage, bar(at.Risk, -1), 100*at.Risk)
		}
	}
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("write diagram: %w", err)
	}
	return nil
}

// at is the first place of the curve that covers at least this share.
func (d Diagram) at(coverage float64) (CurvePoint, bool) {
	i := slices.IndexFunc(d.Curve, func(p CurvePoint) bool { return p.Coverage >= coverage-1e-9 })
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

// side is the length of a plot's side in the SVG, margin what is around it.
const (
	side   = 300.0
	margin = 45.0
)

// WriteSVG draws both beside each other. It names no font and runs no script, so a
// browser shows it as it is.
func (d Diagram) WriteSVG(w io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" font-family="sans-serif" font-size="11">`+"\n", 2*(side+2*margin), side+2*margin)
	b.WriteString(`<rect width="100%" height="100%" fill="white"/>` + "\n")
	d.reliabilitySVG(&b)
	d.curveSVG(&b)
	b.WriteString("</svg>\n")
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("write diagram: %w", err)
	}
	return nil
}

func frame(b *bytes.Buffer, x float64, title, across, up string) {
	fmt.Fprintf(b, `<rect x="%.1f" y="%.1f" width="%.0f" height="%.0f" fill="none" stroke="#999"/>`+"\n", x, margin, side, side)
	fmt.Fprintf(b, `<text x="%.1f" y="%.1f" font-size="13">%s</text>`+"\n", x, margin-12, title)
	fmt.Fprintf(b, `<text x="%.1f" y="%.1f" text-anchor="middle">%s</text>`+"\n", x+side/2, margin+side+32, across)
	fmt.Fprintf(b, `<text transform="translate(%.1f %.1f) rotate(-90)" text-anchor="middle">%s</text>`+"\n", x-32, margin+side/2, up)
	for i := 0; i <= 4; i++ {
		share := float64(i) / 4
		fmt.Fprintf(b, `<text x="%.1f" y="%.1f" text-anchor="middle">%.0f %%</text>`+"\n", x+share*side, margin+side+15, 100*share)
		fmt.Fprintf(b, `<text x="%.1f" y="%.1f" text-anchor="end">%.0f %%</text>`+"\n", x-4, margin+side*(1-share)+4, 100*share)
	}
}

func (d Diagram) reliabilitySVG(b *bytes.Buffer) {
	x := margin
	frame(b, x, "Reliability", "score", "right")
	fmt.Fprintf(b, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="#999" stroke-dasharray="4 3"/>`+"\n", x, margin+side, x+side, margin)
	for _, bin := range d.Bins {
		at, up := x+bin.Mean*side, func(share float64) float64 { return margin + side*(1-share) }
		fmt.Fprintf(b, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="#69c"/>`, at, up(bin.Right.Low), at, up(bin.Right.High))
		fmt.Fprintf(b, `<circle cx="%.1f" cy="%.1f" r="4" fill="#258"/>`+"\n", at, up(bin.Right.Value()))
	}
}

func (d Diagram) curveSVG(b *bytes.Buffer) {
	x := 3*margin + side
	frame(b, x, "Risk by coverage", "drafts sent", "wrong, of those sent")
	places := make([]string, len(d.Curve))
	for i, p := range d.Curve {
		places[i] = fmt.Sprintf("%.1f,%.1f", x+p.Coverage*side, margin+side*(1-p.Risk))
	}
	fmt.Fprintf(b, `<polyline points="%s" fill="none" stroke="#258" stroke-width="1.5"/>`+"\n", strings.Join(places, " "))
	y := margin + side*(1-d.Choice.Terms.Alpha)
	fmt.Fprintf(b, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="#c63" stroke-dasharray="4 3"/>`+"\n", x, y, x+side, y)
	if sent := d.Choice.Sent; sent > 0 {
		coverage, risk := float64(sent)/float64(d.Drafts), float64(d.Choice.Wrong)/float64(sent)
		fmt.Fprintf(b, `<circle cx="%.1f" cy="%.1f" r="5" fill="none" stroke="#c63" stroke-width="2"/>`+"\n", x+coverage*side, margin+side*(1-risk))
	}
}
