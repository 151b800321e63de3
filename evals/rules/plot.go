package rules

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"math"
)

// The plot's sides, and what is left of it, above, right for the names, and below.
const (
	width, height = 420.0, 320.0
	left, top     = 62.0, 40.0
	right, foot   = 260.0, 62.0
)

// look is for light and for dark surroundings. Each rule has a colour, a broken line and a
// mark of its own, so that nothing rests on colour alone.
const look = `<style>
.paper{fill:#fff}.word{fill:#222}.soft{fill:#555}.line{stroke:#999;fill:none}.grid{stroke:#ddd}
.r0{stroke:#1f5fa8}.r1{stroke:#b3470f}.r2{stroke:#2e7d32}.r3{stroke:#7b3fa0}.r4{stroke:#8a6d00}.r5{stroke:#555}
@media (prefers-color-scheme:dark){
.paper{fill:#15181c}.word{fill:#eee}.soft{fill:#aaa}.line{stroke:#666}.grid{stroke:#2c3138}
.r0{stroke:#7fb4f0}.r1{stroke:#f09a5f}.r2{stroke:#81c784}.r3{stroke:#c79be8}.r4{stroke:#e0c060}.r5{stroke:#bbb}}
</style>
`

// dashes and marks are those of each rule in turn.
var (
	dashes = []string{"", "7 3", "2 3", "9 3 2 3", "", ""}
	marks  = []string{
		"M-6 0A6 6 0 1 0 6 0A6 6 0 1 0-6 0Z", "M-5-5H5V5H-5Z", "M0-6L6 5H-6Z", "M0-6L6 0L0 6L-6 0Z", "M-5-5L5 5M-5 5L5-5", "M0-6V6M-6 0H6",
	}
)

// chart is a plot in which top is the risk at its upper side.
type chart struct {
	bytes.Buffer
	most float64
}

// WriteSVG draws the curves of all rules and where each rule stands, for light and dark.
// It names no font and runs no script, so a browser shows it as it is.
func (b Benchmark) WriteSVG(w io.Writer) error {
	c := &chart{most: b.most()}
	fmt.Fprintf(c, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" font-family="sans-serif" font-size="11" role="img" aria-label="Risk by coverage of handoff rules">`+"\n",
		left+width+right, top+height+foot)
	c.WriteString(look + `<rect class="paper" width="100%" height="100%"/>` + "\n")
	c.frame(b)
	for i, o := range b.Rules {
		c.rule(i, o)
		c.name(i, o)
	}
	c.WriteString("</svg>\n")
	if _, err := w.Write(c.Bytes()); err != nil {
		return fmt.Errorf("write the plot: %w", err)
	}
	return nil
}

// most is the risk at the upper side: a little more than any point or curve shows beyond
// its first tenth, where few drafts make any risk.
func (b Benchmark) most() float64 {
	most := b.Wrong.Value
	for _, o := range b.Rules {
		if o.Risk != nil {
			most = max(most, o.Risk.Value)
		}
		for _, p := range o.Curve {
			if p.Sent >= 0.1 {
				most = max(most, p.Risk)
			}
		}
	}
	return min(1, max(0.05, math.Ceil(most*22)/20))
}

func (c *chart) at(sent, risk float64) (x, y float64) {
	return left + sent*width, top + height*(1-min(1, risk/c.most))
}

func (c *chart) text(class string, x, y float64, anchor, words string) {
	fmt.Fprintf(c, `<text class="%s" x="%.1f" y="%.1f" text-anchor="%s">`, class, x, y, anchor)
	// The words are the project's own, and escaped all the same.
	_ = xml.EscapeText(c, []byte(words))
	c.WriteString("</text>\n")
}

// step is the distance of the lines across, in whole per cents that a reader counts in.
func (c *chart) step() float64 {
	for _, step := range []float64{0.01, 0.02, 0.05, 0.1} {
		if c.most/step <= 6 {
			return step
		}
	}
	return 0.2
}

func (c *chart) frame(b Benchmark) {
	for i := range 5 {
		x, _ := c.at(float64(i)/4, 0)
		fmt.Fprintf(c, `<path class="grid" d="M%.1f %.1fV%.1f"/>`+"\n", x, top, top+height)
		c.text("soft", x, top+height+16, "middle", fmt.Sprintf("%d %%", 25*i))
	}
	step := c.step()
	for i := 0; float64(i)*step <= c.most+1e-9; i++ {
		_, y := c.at(0, float64(i)*step)
		fmt.Fprintf(c, `<path class="grid" d="M%.1f %.1fH%.1f"/>`+"\n", left, y, left+width)
		c.text("soft", left-6, y+4, "end", fmt.Sprintf("%.0f %%", 100*float64(i)*step))
	}
	fmt.Fprintf(c, `<rect class="line" x="%.1f" y="%.1f" width="%.1f" height="%.1f"/>`+"\n", left, top, width, height)
	c.text("word", left, top-14, "start", fmt.Sprintf("Risk by coverage of handoff rules on the same %d drafts", b.Drafts))
	c.text("word", left+width/2, top+height+34, "middle", "drafts sent")
	fmt.Fprintf(c, `<text class="word" transform="translate(%.1f %.1f) rotate(-90)" text-anchor="middle">wrong, of those sent</text>`+"\n", left-44, top+height/2)
	c.text("soft", left, top+height+52, "start", "A mark is where the rule stands as its makers set it, with its interval at 95 %; a line is what its score could do.")
}

func (c *chart) rule(i int, o Outcome) {
	if len(o.Curve) > 0 {
		fmt.Fprintf(c, `<polyline class="r%d" fill="none" stroke-width="1.6" stroke-dasharray="%s" points="`, i, dashes[i%len(dashes)])
		for _, p := range o.Curve {
			x, y := c.at(p.Sent, p.Risk)
			fmt.Fprintf(c, "%.1f,%.1f ", x, y)
		}
		c.WriteString(`"/>` + "\n")
	}
	if o.Risk != nil {
		x, y := c.at(o.Sent.Value, o.Risk.Value)
		_, low := c.at(0, o.Risk.Low)
		_, high := c.at(0, o.Risk.High)
		fmt.Fprintf(c, `<path class="r%d" d="M%.1f %.1fV%.1f"/>`+"\n", i, x, low, high)
		c.mark(i, x, y)
	}
}

func (c *chart) mark(i int, x, y float64) {
	fmt.Fprintf(c, `<path class="r%d" fill="none" stroke-width="2" transform="translate(%.1f %.1f)" d="%s"/>`+"\n", i, x, y, marks[i%len(marks)])
}

func (c *chart) name(i int, o Outcome) {
	y := top + 12 + 44*float64(i)
	x := left + width + 24
	fmt.Fprintf(c, `<path class="r%d" stroke-width="1.6" stroke-dasharray="%s" d="M%.1f %.1fh24"/>`+"\n", i, dashes[i%len(dashes)], x-12, y-4)
	c.mark(i, x, y-4)
	c.text("word", x+20, y, "start", o.Name)
	words := "not in this log"
	if o.Note == "" {
		words = fmt.Sprintf("sends %.0f %%, none of them wrong", 100*o.Sent.Value)
		if o.Risk == nil {
			words = "sends nothing"
		} else if o.Risk.Value > 0 {
			words = fmt.Sprintf("sends %.0f %%, %.1f %% of those wrong", 100*o.Sent.Value, 100*o.Risk.Value)
		}
	}
	c.text("soft", x+20, y+15, "start", words)
}
