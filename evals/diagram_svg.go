package evals

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/recado/recado/rag/confidence"
)

// side is the length of a plot's side in the SVG, margin what is left of it and above,
// foot what is below, for the axis and three lines of words.
const (
	side   = 300.0
	margin = 62.0
	foot   = 95.0
)

// bandSteps is at how many places the band around the curve is computed.
const bandSteps = 120

// look is for light and for dark surroundings. Every mark has a shape of its own as
// well, so that nothing rests on colour alone.
const look = `<style>
.paper{fill:#fff}.word{fill:#222}.soft{fill:#555}.line{stroke:#999;fill:none}
.mark{fill:#1f5fa8}.trace{stroke:#1f5fa8;fill:none}.span{stroke:#6d9bd1}.band{fill:#1f5fa8;opacity:.15}
.limit{stroke:#b3470f;fill:none}.limitword{fill:#b3470f}
@media (prefers-color-scheme:dark){
.paper{fill:#15181c}.word{fill:#eee}.soft{fill:#aaa}.line{stroke:#666}
.mark{fill:#7fb4f0}.trace{stroke:#7fb4f0}.span{stroke:#4a78ac}.band{fill:#7fb4f0;opacity:.2}
.limit{stroke:#f09a5f}.limitword{fill:#f09a5f}}
</style>
`

// WriteSVG draws both beside each other, for light and dark. It names no font and runs
// no script, so a browser shows it as it is.
func (d Diagram) WriteSVG(w io.Writer) error {
	var b bytes.Buffer
	width, height := 2*(side+margin)+margin, margin+side+foot
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" font-family="sans-serif" font-size="11" role="img" aria-label="Reliability diagram and risk-coverage curve">`+"\n", width, height)
	b.WriteString(look + `<rect class="paper" width="100%" height="100%"/>` + "\n")
	d.reliabilitySVG(&b)
	d.curveSVG(&b)
	b.WriteString("</svg>\n")
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("write diagram: %w", err)
	}
	return nil
}

// plot is a square from x on, in which a share of 1 across is its right and one of top
// its upper side.
type plot struct {
	b      *bytes.Buffer
	x, top float64
}

func (p plot) place(across, up float64) (x, y float64) {
	return p.x + across*side, margin + side*(1-min(1, up/p.top))
}

func (p plot) line(class string, x1, y1, x2, y2 float64) {
	ax, ay := p.place(x1, y1)
	bx, by := p.place(x2, y2)
	fmt.Fprintf(p.b, `<line class="%s" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>`+"\n", class, ax, ay, bx, by)
}

func (p plot) dashed(class string, x1, y1, x2, y2 float64) {
	fmt.Fprint(p.b, `<g stroke-dasharray="4 3">`)
	p.line(class, x1, y1, x2, y2)
	fmt.Fprint(p.b, "</g>\n")
}

// frame draws the sides with their shares, the title above and words below.
func (p plot) frame(title, across, up string, below ...string) {
	fmt.Fprintf(p.b, `<rect class="line" x="%.1f" y="%.1f" width="%.0f" height="%.0f"/>`+"\n", p.x, margin, side, side)
	fmt.Fprintf(p.b, `<text class="word" x="%.1f" y="%.1f" font-size="14">%s</text>`+"\n", p.x, margin-14, title)
	fmt.Fprintf(p.b, `<text class="word" x="%.1f" y="%.1f" text-anchor="middle">%s</text>`+"\n", p.x+side/2, margin+side+31, across)
	fmt.Fprintf(p.b, `<text class="word" transform="translate(%.1f %.1f) rotate(-90)" text-anchor="middle">%s</text>`+"\n", p.x-36, margin+side/2, up)
	for i := range 5 {
		share := float64(i) / 4
		fmt.Fprintf(p.b, `<text class="soft" x="%.1f" y="%.1f" text-anchor="middle">%.0f %%</text>`+"\n", p.x+share*side, margin+side+15, 100*share)
		fmt.Fprintf(p.b, `<text class="soft" x="%.1f" y="%.1f" text-anchor="end">%.4g %%</text>`+"\n", p.x-5, margin+side*(1-share)+4, 100*share*p.top)
	}
	for i, line := range below {
		fmt.Fprintf(p.b, `<text class="soft" x="%.1f" y="%.1f">%s</text>`+"\n", p.x, margin+side+50+15*float64(i), line)
	}
}

func (d Diagram) reliabilitySVG(b *bytes.Buffer) {
	p := plot{b: b, x: margin, top: 1}
	p.frame("Reliability", "score", "right",
		fmt.Sprintf("Calibration error %.3f; perfect scores would show %.3f.", d.Error.ECE, d.Error.Null),
		"Each dot is a tenth of the drafts, with its interval at 95 %.")
	p.dashed("line", 0, 0, 1, 1)
	for _, bin := range d.Bins {
		p.line("span", bin.Mean, bin.Right.Low, bin.Mean, bin.Right.High)
		x, y := p.place(bin.Mean, bin.Right.Value())
		fmt.Fprintf(b, `<circle class="mark" cx="%.1f" cy="%.1f" r="4"/>`+"\n", x, y)
	}
}

func (d Diagram) curveSVG(b *bytes.Buffer) {
	p := plot{b: b, x: 2*margin + side, top: d.top()}
	words := "No threshold can be promised, so nothing is sent."
	if sent := d.Choice.Sent; sent > 0 {
		words = fmt.Sprintf("Ring: threshold %.3f; %d of %d drafts sent, %d wrong.", d.Choice.Threshold, sent, d.Drafts, d.Choice.Wrong)
	}
	p.frame("Risk by coverage", "drafts sent", "wrong, of those sent", append([]string{words}, d.limits()...)...)
	fmt.Fprintf(b, `<polygon class="band" points="%s"/>`+"\n", d.band(p))
	fmt.Fprintf(b, `<polyline class="trace" stroke-width="1.5" points="%s"/>`+"\n", places(p, d.Curve, func(c CurvePoint) (float64, float64) {
		return d.coverage(c), c.risk()
	}))
	fmt.Fprintf(b, `<polyline class="limit" stroke-dasharray="4 3" points="%s"/>`+"\n", places(p, steps(1, 100), func(k int) (float64, float64) {
		return float64(k) / 100, d.allowed(float64(k) / 100)
	}))
	if most := d.Choice.Feasibility.Coverage; most < 1 {
		p.dashed("limit", most, 0, most, p.top)
	}
	if sent := d.Choice.Sent; sent > 0 {
		x, y := p.place(float64(sent)/float64(d.Drafts), float64(d.Choice.Wrong)/float64(sent))
		fmt.Fprintf(b, `<circle class="limit" cx="%.1f" cy="%.1f" r="6" stroke-width="2"/>`+"\n", x, y)
	}
}

// limits say what the broken lines are.
func (d Diagram) limits() []string {
	of := "all cases"
	if d.Choice.Terms.Promise == confidence.Selective {
		of = "the answers"
	}
	words := []string{fmt.Sprintf("Broken line across: %.3g %% of %s wrong.", 100*d.Choice.Terms.Alpha, of)}
	if most := d.Choice.Feasibility.Coverage; most < 1 {
		words = append(words, fmt.Sprintf("Broken line upwards: no rule can send more than %.0f %%.", 100*most))
	}
	return words
}

// allowed is the share of wrong answers that is promised at a coverage of the drafts.
func (d Diagram) allowed(coverage float64) float64 {
	t := d.Choice.Terms
	if t.Promise == confidence.Selective || d.Drafts == 0 {
		return t.Alpha
	}
	return t.Alpha * float64(d.Choice.N) / (coverage * float64(d.Drafts))
}

// top is the share at the upper side: enough for sending everything, and for what is
// promised there.
func (d Diagram) top() float64 {
	need := 2 * d.Choice.Terms.Alpha
	if n := len(d.Curve); n > 0 {
		need = max(need, 1.3*d.Curve[n-1].risk())
	}
	for _, top := range []float64{0.1, 0.2, 0.4, 0.6, 0.8} {
		if need <= top {
			return top
		}
	}
	return 1
}

// band is the exact interval of the risk at 95 % (Clopper and Pearson), place by place:
// the lower side from left to right, and the upper one back.
func (d Diagram) band(p plot) string {
	var some []CurvePoint
	for k := range bandSteps + 1 {
		if at, ok := d.at(float64(k) / bandSteps); ok {
			some = append(some, at)
		}
	}
	lower := places(p, some, func(c CurvePoint) (float64, float64) {
		return d.coverage(c), 1 - confidence.UpperBound(c.Sent-c.Wrong, c.Sent, 0.025)
	})
	back := make([]CurvePoint, len(some))
	for i, c := range some {
		back[len(some)-1-i] = c
	}
	return lower + " " + places(p, back, func(c CurvePoint) (float64, float64) {
		return d.coverage(c), confidence.UpperBound(c.Wrong, c.Sent, 0.025)
	})
}

func places[T any](p plot, list []T, of func(T) (across, up float64)) string {
	texts := make([]string, len(list))
	for i, one := range list {
		x, y := p.place(of(one))
		texts[i] = fmt.Sprintf("%.1f,%.1f", x, y)
	}
	return strings.Join(texts, " ")
}

func steps(from, to int) []int {
	var list []int
	for k := from; k <= to; k++ {
		list = append(list, k)
	}
	return list
}
