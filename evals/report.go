package evals

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/recado/recado/evals/stats"
)

// Report is what a run measured.
type Report struct {
	// Config identifies the configuration that was measured.
	Config string `json:"config"`
	// Total counts all cases, Groups each locale with each kind.
	Total  Group   `json:"total"`
	Groups []Group `json:"groups"`
	// Results are the single cases in the order they were asked.
	Results []Result `json:"results"`
}

// Group is what was measured on some of the cases.
type Group struct {
	Locale string `json:"locale,omitempty"`
	Kind   string `json:"kind,omitempty"`
	N      int    `json:"n"`
	// Right is the share of cases that ended as their label wants.
	Right Share `json:"right"`
	// Answered is the share of cases in which the customer got an answer, Wrong
	// the share of all cases that were answered and wrong.
	Answered Share `json:"answered"`
	Wrong    Share `json:"answered_wrong"`
	// Coverage is the share, of the cases that should be answered, that were
	// answered right.
	Coverage Share `json:"coverage"`
	// Handoff is the share, of the cases that belong to a person, that reached
	// one, or were told that the order is not theirs where that is right too.
	Handoff Share `json:"handoff_recall"`
	// Retrieval is measured on the cases that name documents.
	Retrieval Retrieval `json:"retrieval"`
}

// Retrieval is how well the right documents were found. A document counts once,
// at its best passage.
type Retrieval struct {
	N int `json:"n"`
	// Recall1 and Recall5 are the shares with a right document at place 1 and
	// among the first 5.
	Recall1 Share `json:"recall_at_1"`
	Recall5 Share `json:"recall_at_5"`
	// MRR is the mean of 1/place of the first right document, NDCG that of
	// 1/log2(1+place); beyond place 10 both count 0.
	MRR  float64 `json:"mrr_at_10"`
	NDCG float64 `json:"ndcg_at_10"`
}

// Share is K of N with the 95 % interval of Wilson (1927).
type Share struct {
	K    int     `json:"k"`
	N    int     `json:"n"`
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

func newShare(k, n int) Share {
	s := Share{K: k, N: n, High: 1}
	if n > 0 {
		s.Low, s.High = wilson(k, n)
	}
	return s
}

// Value is K/N, 0 for no cases.
func (s Share) Value() float64 {
	if s.N == 0 {
		return 0
	}
	return float64(s.K) / float64(s.N)
}

// String writes "91.5 % [86.8, 94.6]", or a dash for no cases.
func (s Share) String() string {
	if s.N == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f %% [%.1f, %.1f]", 100*s.Value(), 100*s.Low, 100*s.High)
}

// wilson is the score interval of all independent cases at 95 %.
func wilson(k, n int) (low, high float64) {
	s := stats.Share(k, n)
	return s.Low, s.High
}

func newReport(config string, results []Result) Report {
	r := Report{Config: config, Total: newGroup("", "", results), Results: results}
	type key struct{ locale, kind string }
	parts := map[key][]Result{}
	var keys []key
	for _, one := range results {
		k := key{one.Locale, one.Kind}
		if parts[k] == nil {
			keys = append(keys, k)
		}
		parts[k] = append(parts[k], one)
	}
	slices.SortStableFunc(keys, func(a, b key) int { return -cmp.Compare(a.locale, b.locale) })
	for _, k := range keys {
		r.Groups = append(r.Groups, newGroup(k.locale, k.kind, parts[k]))
	}
	return r
}

func newGroup(locale, kind string, results []Result) Group {
	count := func(keep func(Result) bool) int {
		n := 0
		for _, r := range results {
			if keep(r) {
				n++
			}
		}
		return n
	}
	n := len(results)
	answerable := count(func(r Result) bool { return r.Expected == decisionReply })
	return Group{
		Locale: locale, Kind: kind, N: n,
		Right:     newShare(count(func(r Result) bool { return r.Right }), n),
		Answered:  newShare(count(func(r Result) bool { return r.Answered }), n),
		Wrong:     newShare(count(func(r Result) bool { return r.Answered && !r.Right }), n),
		Coverage:  newShare(count(func(r Result) bool { return r.Expected == decisionReply && r.Answered && r.Right }), answerable),
		Handoff:   newShare(count(func(r Result) bool { return r.Expected == decisionHandoff && r.Right }), n-answerable),
		Retrieval: newRetrieval(results),
	}
}

func newRetrieval(results []Result) Retrieval {
	var r Retrieval
	first, five := 0, 0
	for _, one := range results {
		if !one.Ranked {
			continue
		}
		r.N++
		if one.Rank == 0 {
			continue
		}
		r.MRR += 1 / float64(one.Rank)
		r.NDCG += 1 / math.Log2(1+float64(one.Rank))
		if one.Rank == 1 {
			first++
		}
		if one.Rank <= 5 {
			five++
		}
	}
	r.MRR /= float64(max(1, r.N))
	r.NDCG /= float64(max(1, r.N))
	r.Recall1, r.Recall5 = newShare(first, r.N), newShare(five, r.N)
	return r
}

// WriteTable writes the report as a table for a terminal, without the single
// cases.
func (r Report) WriteTable(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	write := func(cells ...any) {
		format := "%v" + strings.Repeat("\t%v", len(cells)-1) + "\n"
		fmt.Fprintf(table, format, cells...) // Flush reports a failed write.
	}
	write("cases", "n", "right", "answered right, of answerable", "answered wrong, of all", "reached a person, of those who should")
	for _, g := range append(slices.Clone(r.Groups), r.Total) {
		write(g.name(), g.N, g.Right, g.Coverage, g.Wrong, g.Handoff)
	}
	write("", "", "", "", "", "")
	write("documents found", "n", "at place 1", "among the first 5", "MRR@10", "nDCG@10")
	for _, g := range append(slices.Clone(r.Groups), r.Total) {
		if d := g.Retrieval; d.N > 0 {
			write(g.name(), d.N, d.Recall1, d.Recall5, fmt.Sprintf("%.3f", d.MRR), fmt.Sprintf("%.3f", d.NDCG))
		}
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	_, err := fmt.Fprintf(w, "\nIntervals are Wilson's at 95 %%. Configuration %s.\n", r.Config)
	if err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

func (g Group) name() string {
	if g.Locale == "" {
		return "all"
	}
	return g.Locale + " " + g.Kind
}

// WriteJSON writes the report with every case as indented JSON.
func (r Report) WriteJSON(w io.Writer) error { return writeJSON(w, r) }

// writeJSON writes a report for programs, so that people can read it as well.
func writeJSON(w io.Writer, report any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(report); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}
