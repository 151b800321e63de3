package rules

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"text/tabwriter"

	"github.com/recado/recado/evals/stats"
)

// Benchmark is what each rule does on the same drafts.
type Benchmark struct {
	// Drafts are how many there are, Groups how many of them are independent, and Wrong is
	// the share that is wrong: the risk of sending all.
	Drafts int            `json:"drafts"`
	Groups int            `json:"groups"`
	Wrong  stats.Estimate `json:"wrong"`
	Rules  []Outcome      `json:"rules"`
}

// Outcome is what one rule does.
type Outcome struct {
	Rule
	// Sent is the share of drafts that are sent, Risk the share of those that is wrong,
	// nil where none is sent.
	Sent stats.Estimate  `json:"sent"`
	Risk *stats.Estimate `json:"risk,omitempty"`
	// RiskAtSame is the risk where the rule sends as many as Recado's, by its score, and
	// SentAtSame the share it can send at the risk of Recado's; nil without a score.
	RiskAtSame *float64 `json:"risk_at_same_coverage,omitempty"`
	SentAtSame *float64 `json:"sent_at_same_risk,omitempty"`
	// AURC and AUROC judge the score, whatever is held against it; nil without one.
	AURC  *stats.Estimate `json:"aurc,omitempty"`
	AUROC *stats.Estimate `json:"auroc,omitempty"`
	Curve []Point         `json:"curve,omitempty"`
	// Note says why there is nothing to tell.
	Note string `json:"note,omitempty"`
}

// Point is what happens when all drafts from a score on are sent.
type Point struct {
	Sent float64 `json:"sent"`
	Risk float64 `json:"risk"`
}

// Run takes the drafts through every rule. A draft of which a rule knows nothing is not
// sent by it.
func Run(rows []Row) Benchmark {
	b := Benchmark{Drafts: len(rows)}
	var wrong []stats.Row
	for _, r := range rows {
		wrong = append(wrong, mark(r, !r.Right))
	}
	b.Wrong, _ = stats.Proportion(wrong)
	b.Groups = b.Wrong.N
	for _, rule := range All() {
		b.Rules = append(b.Rules, outcome(rule, rows))
	}
	if len(rows) > 0 {
		b.same()
	}
	return b
}

func mark(r Row, yes bool) stats.Row {
	row := stats.Row{Group: r.Group, Bottom: 1}
	if yes {
		row.Top = 1
	}
	return row
}

func outcome(rule Rule, rows []Row) Outcome {
	o := Outcome{Rule: rule}
	var sent, wrong []stats.Row
	var scored []stats.Scored
	known := rule.sends != nil
	for _, r := range rows {
		s := stats.Scored{Group: r.Group, Right: r.Right, Score: below}
		send := rule.sends != nil && rule.sends(r)
		if rule.score != nil {
			if v := rule.score(r); v != nil {
				known, s.Score = known || *v < above, *v
				send = *v >= rule.at(r)
			}
		}
		scored = append(scored, s)
		sent = append(sent, mark(r, send))
		if send {
			wrong = append(wrong, mark(r, !r.Right))
		}
	}
	if !known {
		o.Note = "Nothing in this log tells: no draft has the score that this rule looks at."
		return o
	}
	o.Sent, _ = stats.Proportion(sent)
	if risk, ok := stats.Proportion(wrong); ok {
		o.Risk = &risk
	}
	if rule.score != nil {
		o.curve(scored)
	}
	return o
}

func (o *Outcome) curve(scored []stats.Scored) {
	s, ok := stats.MeasureSelective(scored, rand.New(rand.NewPCG(1, uint64(len(scored)))))
	if !ok {
		return
	}
	o.AURC = &s.AURC
	if s.AUROC.Low <= s.AUROC.High {
		o.AUROC = &s.AUROC
	}
	sorted := stats.LikeliestFirst(scored)
	wrong := 0
	for i, c := range sorted {
		if !c.Right {
			wrong++
		}
		if c.Score > below && (i+1 == len(sorted) || sorted[i+1].Score != c.Score) {
			o.Curve = append(o.Curve, Point{Sent: float64(i+1) / float64(len(sorted)), Risk: float64(wrong) / float64(i+1)})
		}
	}
}

// same holds the curves against the point of Recado's rule.
func (b *Benchmark) same() {
	own := b.Rules[0]
	if own.Risk == nil {
		return
	}
	for i := range b.Rules {
		o := &b.Rules[i]
		for _, p := range o.Curve {
			if o.RiskAtSame == nil && p.Sent >= own.Sent.Value-1e-9 {
				o.RiskAtSame = &p.Risk
			}
			if p.Risk <= own.Risk.Value+1e-9 {
				o.SentAtSame = &p.Sent
			}
		}
		if len(o.Curve) > 0 && o.SentAtSame == nil {
			o.SentAtSame = new(float64)
		}
	}
}

// WriteJSON writes the benchmark with all curves as JSON.
func (b Benchmark) WriteJSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(b); err != nil {
		return fmt.Errorf("write the benchmark: %w", err)
	}
	return nil
}

// WriteTable writes the benchmark for people.
func (b Benchmark) WriteTable(w io.Writer) error {
	var text bytes.Buffer
	if b.Drafts == 0 {
		text.WriteString("The run has no draft about which a confidence decides, so there is nothing to hold rules against.\n")
	} else {
		fmt.Fprintf(&text, "%d drafts of %d independent cases, %s %% of them wrong. Intervals are at 95 %%, by case.\n\n", b.Drafts, b.Groups, interval(b.Wrong))
		t := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
		fmt.Fprintln(t, "rule\tsent, %\twrong, % of those\tat Recado's coverage\tsent at Recado's risk\tAURC")
		for _, o := range b.Rules {
			fmt.Fprintln(t, o.line())
		}
		if err := t.Flush(); err != nil {
			return fmt.Errorf("write the benchmark: %w", err)
		}
		text.WriteString("\n")
		for _, o := range b.Rules {
			fmt.Fprintf(&text, "%s. %s.\n", o.Name, o.Origin)
		}
	}
	if _, err := w.Write(text.Bytes()); err != nil {
		return fmt.Errorf("write the benchmark: %w", err)
	}
	return nil
}

func (o Outcome) line() string {
	if o.Note != "" {
		return o.Name + "\t" + o.Note
	}
	risk, area := "-", "-"
	if o.Risk != nil {
		risk = interval(*o.Risk)
	}
	if o.AURC != nil {
		area = strconv.FormatFloat(o.AURC.Value, 'f', 3, 64)
	}
	return o.Name + "\t" + interval(o.Sent) + "\t" + risk + "\t" + percent(o.RiskAtSame) + "\t" + percent(o.SentAtSame) + "\t" + area
}

func interval(e stats.Estimate) string {
	return fmt.Sprintf("%.1f [%.1f, %.1f]", 100*e.Value, 100*e.Low, 100*e.High)
}

func percent(v *float64) string {
	if v == nil {
		return "-"
	}
	return fmt.Sprintf("%.1f %%", 100**v)
}
