package report

import (
	"fmt"
	"html"
	"html/template"
	"slices"
	"strings"

	"github.com/recado/recado/evals/runs"
	"github.com/recado/recado/evals/stats"
)

// side is the length of a plot's side, margin what is left of it, above and below what is
// there.
const (
	side   = 300.0
	margin = 52.0
	above  = 20.0
	below  = 42.0
)

// bandSteps is at how many places the band around a curve is computed.
const bandSteps = 100

// plot is a square in which a share of 1 across is its right and one of top its upper
// side. Colours are classes of the style sheet, for light and dark; every mark has a shape
// of its own as well.
type plot struct {
	b        strings.Builder
	language string
	top      float64
}

func newPlot(language, title, across, up string, top float64) *plot {
	p := &plot{language: language, top: top}
	p.add(`<svg class="plot" viewBox="0 0 %.0f %.0f" role="img" aria-label="%s">`, side+margin+28, side+above+below, html.EscapeString(title))
	p.add(`<rect class="frame" x="%.1f" y="%.1f" width="%.0f" height="%.0f"/>`, margin, above, side, side)
	p.add(`<text class="word" x="%.1f" y="%.1f" text-anchor="middle">%s</text>`, margin+side/2, above+side+34, html.EscapeString(across))
	p.add(`<text class="word" transform="translate(12 %.1f) rotate(-90)" text-anchor="middle">%s</text>`, above+side/2, html.EscapeString(up))
	for i := range 5 {
		part := float64(i) / 4
		x, y := p.place(part, part*top)
		p.add(`<line class="grid" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>`, margin, y, margin+side, y)
		p.add(`<text class="soft" x="%.1f" y="%.1f" text-anchor="middle">%.0f %%</text>`, x, above+side+16, 100*part)
		p.add(`<text class="soft" x="%.1f" y="%.1f" text-anchor="end">%s %%</text>`, margin-6, y+4, trimmed(language, 100*part*top))
	}
	return p
}

// trimmed writes a number without zeros behind the point.
func trimmed(language string, v float64) string {
	return decimal(language, v, min(1, len(strings.TrimRight(fmt.Sprintf("%.1f", v-float64(int(v)))[2:], "0"))))
}

func (p *plot) add(format string, args ...any) { fmt.Fprintf(&p.b, format, args...) }

func (p *plot) place(across, up float64) (x, y float64) {
	return margin + across*side, above + side*(1-min(1, up/p.top))
}

func (p *plot) line(class string, x1, y1, x2, y2 float64) {
	ax, ay := p.place(x1, y1)
	bx, by := p.place(x2, y2)
	p.add(`<line class="%s" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>`, class, ax, ay, bx, by)
}

// svg is the finished picture. All words in it were escaped.
func (p *plot) svg() template.HTML { return template.HTML(p.b.String() + "</svg>") }

// scored are the drafts of the judged results that the confidence decided on.
func scored(r runs.Run) []stats.Scored {
	var list []stats.Scored
	for _, one := range runs.Judged(r.Results) {
		for _, s := range one.Steps {
			if s.Scored {
				list = append(list, stats.Scored{Group: one.Group, Score: s.Confidence, Right: s.DraftRight})
			}
		}
	}
	return list
}

// threshold is the confidence from which the system answered: the run's, or else that of
// most turns.
func threshold(r runs.Run) float64 {
	if r.Threshold > 0 {
		return r.Threshold
	}
	counts, best := map[float64]int{}, 0.0
	for _, one := range r.Results {
		for _, s := range one.Steps {
			if s.Scored {
				counts[s.Threshold]++
			}
			if n := counts[s.Threshold]; s.Scored && (n > counts[best] || n == counts[best] && s.Threshold < best) {
				best = s.Threshold
			}
		}
	}
	return best
}

// reliability shows how many are right of drafts with a similar score: a perfect score has
// its dots on the diagonal. Under each is the number of drafts.
func reliability(language string, drafts []stats.Scored) template.HTML {
	p := newPlot(language, phrase(language, "reliability"), phrase(language, "score"), phrase(language, "right"), 1)
	p.line("guide", 0, 0, 1, 1)
	sorted := slices.Clone(drafts)
	slices.SortStableFunc(sorted, byScore)
	bins := stats.Reliability(sorted)
	taken := make([]spotted, 0, 2*len(bins))
	for _, bin := range bins {
		x, y := p.place(bin.Mean, float64(bin.Right)/float64(bin.N))
		taken = append(taken, spotted{x - 4, x + 4, y - 4, y + 4})
	}
	for _, bin := range bins {
		low, high := stats.ClopperPearson(bin.Right, bin.N, 0.05)
		p.line("span", bin.Mean, low, bin.Mean, high)
		x, y := p.place(bin.Mean, float64(bin.Right)/float64(bin.N))
		p.add(`<circle class="mark" cx="%.1f" cy="%.1f" r="5"><title>%s</title></circle>`, x, y,
			html.EscapeString(fmt.Sprintf(phrase(language, "bin"), decimal(language, bin.Mean, 2), bin.Right, bin.N)))
		taken = p.count(x, y, bin, taken)
	}
	return p.svg()
}

// spotted is what a dot or a number covers.
type spotted struct{ left, right, top, bottom float64 }

func (s spotted) meets(o spotted) bool {
	return s.left < o.right && o.left < s.right && s.top < o.bottom && o.top < s.bottom
}

// count writes how many drafts a dot stands for, where there is room beside it: to its right or
// its left, a little above or below. Where there is none, its title tells.
func (p *plot) count(x, y float64, bin stats.Bin, taken []spotted) []spotted {
	text := fmt.Sprintf("%d/%d", bin.Right, bin.N)
	wide := 6 * float64(len(text))
	for _, try := range []struct {
		anchor string
		left   float64
		down   float64
	}{{"start", x + 8, -6}, {"end", x - 8 - wide, -6}, {"start", x + 8, 13}, {"end", x - 8 - wide, 13}} {
		area := spotted{try.left, try.left + wide, y + try.down - 9, y + try.down + 1}
		if area.left < margin || area.right > margin+side+26 || slices.ContainsFunc(taken, area.meets) {
			continue
		}
		at := area.left
		if try.anchor == "end" {
			at = area.right
		}
		p.add(`<text class="soft" x="%.1f" y="%.1f" text-anchor="%s">%s</text>`, at, y+try.down, try.anchor, text)
		return append(taken, area)
	}
	return taken
}

func byScore(a, b stats.Scored) int {
	switch {
	case a.Score < b.Score:
		return -1
	case a.Score > b.Score:
		return 1
	}
	return 0
}

// spot is a place of a curve: so many drafts sent, and so many of them wrong.
type spot struct{ sent, wrong int }

func (s spot) risk() float64 { return float64(s.wrong) / float64(s.sent) }

// walk has a place for each different score, likeliest drafts first, and how many are sent
// from the threshold on.
func walk(drafts []stats.Scored, threshold float64) (curve []spot, chosen spot) {
	sorted := stats.LikeliestFirst(drafts)
	wrong := 0
	for i, d := range sorted {
		if !d.Right {
			wrong++
		}
		if i+1 < len(sorted) && sorted[i+1].Score == d.Score {
			continue
		}
		curve = append(curve, spot{i + 1, wrong})
		if d.Score >= threshold {
			chosen = curve[len(curve)-1]
		}
	}
	return curve, chosen
}

// coverage shows how many of the answers are wrong when so many drafts are sent, with the
// interval of each place by itself, and the threshold as a ring.
func coverage(language string, drafts []stats.Scored, threshold float64) (picture template.HTML, words string) {
	curve, chosen := walk(drafts, threshold)
	all := float64(len(drafts))
	p := newPlot(language, phrase(language, "risk_coverage"), phrase(language, "sent"), phrase(language, "sent_wrong"), ceiling(curve))
	var lower, upper, trace []string
	for k := range bandSteps + 1 {
		i := slices.IndexFunc(curve, func(s spot) bool { return float64(s.sent)/all >= float64(k)/bandSteps-1e-9 })
		low, high := stats.ClopperPearson(curve[i].wrong, curve[i].sent, 0.05)
		across := float64(curve[i].sent) / all
		lower, upper = append(lower, p.point(across, low)), append(upper, p.point(across, high))
	}
	slices.Reverse(upper)
	for _, s := range curve {
		trace = append(trace, p.point(float64(s.sent)/all, s.risk()))
	}
	p.add(`<polygon class="band" points="%s %s"/>`, strings.Join(lower, " "), strings.Join(upper, " "))
	p.add(`<polyline class="trace" points="%s"/>`, strings.Join(trace, " "))
	words = phrase(language, "no_threshold")
	if threshold > 0 && chosen.sent > 0 {
		x, y := p.place(float64(chosen.sent)/all, chosen.risk())
		p.add(`<line class="limit" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/><circle class="ring" cx="%.1f" cy="%.1f" r="7"/>`, x, above, x, above+side, x, y)
		words = fmt.Sprintf(phrase(language, "ring"), decimal(language, threshold, 3), chosen.sent, len(drafts), chosen.wrong)
	}
	return p.svg(), words
}

func (p *plot) point(across, up float64) string {
	x, y := p.place(across, up)
	return fmt.Sprintf("%.1f,%.1f", x, y)
}

// ceiling is the share at the upper side: enough for the curve, not for all of its band.
func ceiling(curve []spot) float64 {
	most := 0.0
	for _, s := range curve[len(curve)/10:] {
		most = max(most, s.risk())
	}
	for _, top := range []float64{0.1, 0.2, 0.4, 0.6, 0.8} {
		if 1.4*most <= top {
			return top
		}
	}
	return 1
}

// span draws a share with its interval on a line from 0 to 1.
func span(e stats.Estimate) template.HTML {
	at := func(v float64) float64 { return 100 * min(1, max(0, v)) }
	return template.HTML(fmt.Sprintf(`<svg class="range" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect class="rail" y="3" width="100" height="4"/>`+
		`<rect class="reach" x="%.1f" y="3" width="%.1f" height="4"/><rect class="here" x="%.1f" width="1.6" height="10"/></svg>`,
		at(e.Low), max(0.5, at(e.High)-at(e.Low)), min(98.4, max(0, at(e.Value)-0.8))))
}

// bar draws how long something took beside the longest: half of the times, and 19 of 20.
func bar(p50, p95, most float64) template.HTML {
	at := func(v float64) float64 { return 100 * v / max(most, 1e-9) }
	return template.HTML(fmt.Sprintf(`<svg class="range" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">`+
		`<rect class="reach" y="1" width="%.1f" height="8"/><rect class="here" y="1" width="%.1f" height="8"/></svg>`, at(p95), at(p50)))
}

// trend draws how runs went, oldest first: the share that passed, and the share that was answered
// wrongly. Each dot goes to its run.
func trend(language, title string, list []runs.Run) template.HTML {
	var b strings.Builder
	const width, height = 640.0, 120.0
	fmt.Fprintf(&b, `<svg class="plot trend" viewBox="0 0 %.0f %.0f" role="img" aria-label="%s">`, width+52, height+36, html.EscapeString(title))
	for i := range 3 {
		y := 10 + height*float64(i)/2
		fmt.Fprintf(&b, `<line class="grid" x1="46" y1="%.1f" x2="%.1f" y2="%.1f"/><text class="soft" x="40" y="%.1f" text-anchor="end">%d %%</text>`, y, 46+width, y, y+4, 100-50*i)
	}
	for n, value := range []func(runs.Run) float64{func(r runs.Run) float64 { return rate(r).Value }, func(r runs.Run) float64 { return r.Metrics[runs.AnsweredWrong].Value }} {
		var points []string
		var dots strings.Builder
		for i, r := range list {
			v := value(r)
			x, y := 46+width*(float64(i)+0.5)/float64(len(list)), 10+height*(1-min(1, max(0, v)))
			points = append(points, fmt.Sprintf("%.1f,%.1f", x, y))
			fmt.Fprintf(&dots, `<a href="/runs/%s"><circle class="mark s%d" cx="%.1f" cy="%.1f" r="4"><title>%s: %s</title></circle></a>`,
				html.EscapeString(r.ID), n, x, y, r.Started.UTC().Format("2006-01-02 15:04"), share.one(language, v))
		}
		fmt.Fprintf(&b, `<polyline class="trace s%d" points="%s"/>%s`, n, strings.Join(points, " "), dots.String())
	}
	for i, r := range []runs.Run{list[0], list[len(list)-1]} {
		fmt.Fprintf(&b, `<text class="soft" x="%.1f" y="%.1f" text-anchor="%s">%s</text>`, 46+width*float64(i), height+28, []string{"start", "end"}[i], r.Started.UTC().Format("2006-01-02"))
	}
	b.WriteString("</svg>")
	return template.HTML(b.String())
}
