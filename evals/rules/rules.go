// Package rules is a benchmark of rules that choose between an answer and a person. On the
// log of one run it holds Recado's calibrated rule against the rules of the field, written
// again from what their makers say of them: which share of the drafts each sends, how many
// of those are wrong, and for rules with a score the whole curve.
package rules

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/recado/recado/evals/runs"
)

// Row is one draft that a rule may send.
type Row struct {
	// Case names it, Group ties what hangs together.
	Case, Group string
	// Right tells whether the draft is right.
	Right bool
	// Confidence is Recado's calibrated probability, Threshold what it is held against.
	Confidence, Threshold float64
	// Rests tells whether the draft rests on passages. One about an order does not, and a
	// floor under passages does not hold it back.
	Rests bool
	// Dense is the best cosine of a passage that was found, Lexical the best share of the
	// question's words; nil where nothing was searched for.
	Dense, Lexical *float64
	// Self is how sure the model says it is; nil where it does not say.
	Self *float64
	// Failed is how many turns of the conversation before had nothing to answer with, or
	// asked back. Same is how many turns in a row, this one with them, asked the same.
	Failed, Same int
}

// record is what is read of gateway.Record.
type record struct {
	Candidates []struct {
		Dense, Lexical, Self float64
	}
	Draft struct {
		Answer  string
		AskBack string `json:"ask_back"`
		Support float64
	}
}

// RowsOf are the drafts of a run about which its confidence decides, in the order of its
// results. What rules of the house decide, such as a wish for a person, is the same for
// everybody and takes no part.
func RowsOf(r runs.Run) ([]Row, error) {
	var rows []Row
	for _, result := range runs.Judged(r.Results) {
		failed, same, before := 0, 0, ""
		for i, s := range result.Steps {
			if len(s.Said) == 0 && s.Decision == "" {
				continue
			}
			var rec record
			if len(s.Record) > 0 {
				if err := json.Unmarshal(s.Record, &rec); err != nil {
					return nil, fmt.Errorf("case %s, step %d: read the decision record: %w", result.ID, i+1, err)
				}
			}
			said := strings.Join(s.Said, " ")
			if same++; !alike(before, said) {
				same = 1
			}
			before = said
			if s.Scored {
				rows = append(rows, rowOf(result, s, rec, failed, same))
			}
			if s.Draft == "" || s.Decision == "clarify" {
				failed++
			}
		}
	}
	return rows, nil
}

func rowOf(result runs.Result, s runs.Step, rec record, failed, same int) Row {
	group := result.Group
	if group == "" {
		group = result.ID
	}
	row := Row{
		Case: result.ID, Group: group, Right: s.DraftRight, Confidence: s.Confidence, Threshold: s.Threshold,
		Rests: len(s.Cited) > 0, Failed: failed, Same: same,
	}
	for _, c := range rec.Candidates {
		row.Dense = greater(row.Dense, c.Dense)
		if c.Self > 0 {
			row.Lexical = greater(row.Lexical, c.Lexical/c.Self)
		}
	}
	if len(rec.Candidates) == 0 {
		row.Dense, row.Lexical = feature(s, "dense"), feature(s, "lexical_share")
	}
	if rec.Draft.Support > 0 {
		row.Self = &rec.Draft.Support
	}
	return row
}

func feature(s runs.Step, name string) *float64 {
	if v, ok := s.Features[name]; ok {
		return &v
	}
	return nil
}

func greater(best *float64, v float64) *float64 {
	if best == nil || v > *best {
		return &v
	}
	return best
}

// alike tells whether two turns ask the same: two thirds of the words of the longer are in
// the other.
func alike(a, b string) bool {
	words := map[string]bool{}
	for w := range strings.FieldsSeq(strings.ToLower(a)) {
		words[strings.Trim(w, "¿?¡!.,")] = true
	}
	shared, total := 0, 0
	for w := range strings.FieldsSeq(strings.ToLower(b)) {
		total++
		if words[strings.Trim(w, "¿?¡!.,")] {
			shared++
		}
	}
	longer := max(total, len(words))
	return longer > 0 && 3*shared >= 2*longer
}

// Rule is one way to decide.
type Rule struct {
	// Name is for tables, Origin says who decides so and where it is written.
	Name   string `json:"name"`
	Origin string `json:"origin"`
	// A draft is sent where its score is at least at. A rule without a score has sends.
	score func(Row) *float64
	sends func(Row) bool
	at    func(Row) float64
}

// The numbers of the field. Nobody states the error rate behind them.
const (
	cosineFloor    = 0.30
	selfReported   = 0.85
	failures       = 2
	sameTurns      = 3
	hybridFloor    = 0.20
	hybridKeywords = 0.70
)

// Recado is the name of the rule of this project.
const Recado = "calibrated confidence"

// All are the rules, Recado's first.
func All() []Rule {
	fixed := func(v float64) func(Row) float64 { return func(Row) float64 { return v } }
	return []Rule{
		{
			Name: Recado, Origin: "Recado: a probability fitted on labels, from a threshold that keeps a promised error",
			score: func(r Row) *float64 { return &r.Confidence }, at: func(r Row) float64 { return r.Threshold },
		},
		{
			Name: "cosine of at least 0.30", Origin: "LibreDesk, internal/aiagent/tools.go: a floor under the best passage",
			score: func(r Row) *float64 { return floored(r, r.Dense) }, at: fixed(cosineFloor),
		},
		{
			Name: "self-reported 0.85", Origin: "ChatterMate, min_confidence_to_auto_resolve: the model says how sure it is",
			score: func(r Row) *float64 { return r.Self }, at: fixed(selfReported),
		},
		{
			Name: "top score of at least 0.20", Origin: "RAGFlow: 0.7 of the words and 0.3 of the cosine of the best passage",
			score: hybrid, at: fixed(hybridFloor),
		},
		{
			Name: "two failures", Origin: "Agentforce, Agent Script: a person after failed_attempts > 1",
			sends: func(r Row) bool { return r.Failed < failures },
		},
		{
			Name: "same thing three times", Origin: "Intercom Fin: a person when the same is asked over three turns",
			sends: func(r Row) bool { return r.Same < sameTurns },
		},
	}
}

func hybrid(r Row) *float64 {
	if r.Dense == nil || r.Lexical == nil {
		return floored(r, nil)
	}
	v := hybridKeywords**r.Lexical + (1-hybridKeywords)**r.Dense
	return floored(r, &v)
}

// above is over every score: what no floor is under is sent first. below is under every
// score: what is not known is sent last.
const (
	above = 1e9
	below = -1e9
)

func floored(r Row, score *float64) *float64 {
	if !r.Rests {
		return new(above)
	}
	return score
}
