package label

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/recado/recado/evals/stats"
	"github.com/recado/recado/gateway"
)

// Known is what the labels that there are say of a figure, over turns since a time: the
// share that is wrong for Risk, and that is right for Accuracy. Only labels of turns that
// chance has brought count. It is not known with none.
//
// The interval is Wilson's for Kish's effective number of labels.
func Known(ctx context.Context, s Store, f Figure, since time.Time) (stats.Estimate, bool, error) {
	said, err := opinions(ctx, s, Wanted{Audits: true})
	if err != nil {
		return stats.Estimate{}, false, err
	}
	chances, err := auditChances(ctx, s)
	if err != nil {
		return stats.Estimate{}, false, err
	}
	var total, squares, hits float64
	n := 0
	for turn, weight := range weigh(said, chances) {
		r := said[turn][0].Record
		right, sure := majority(said[turn])
		if !sure || r.At.Before(since) || !Drafted(r) || f == Risk && !sent(r) {
			continue
		}
		n++
		total += weight
		squares += weight * weight
		hits += weight * indicator(right == (f == Accuracy))
	}
	if n == 0 {
		return stats.Estimate{}, false, nil
	}
	e := stats.Estimate{Value: hits / total, N: n}
	alike := total * total / squares
	e.Low, e.High = stats.Wilson(e.Value*alike, alike, 0.05)
	return e, true, nil
}

// Together is about how wide an interval is that rests on two samples, from how wide each
// one's is: their variances are put together by how much each says.
func Together(one, other float64) float64 {
	if one <= 0 || other <= 0 {
		return 0
	}
	return 1 / math.Sqrt(1/(one*one)+1/(other*other))
}

// WriteSample writes the turns that were drawn as a table for people: personal data in the
// texts is masked, and the column right is empty.
func WriteSample(w io.Writer, picked []Picked, records map[string]gateway.Record) error {
	table := csv.NewWriter(w)
	rows := [][]string{{"id", "language", "question", "draft", "rests_on", "right", "note", "chance", "stratum", "why", "sent"}}
	for _, p := range picked {
		c := CaseOf(records[p.ID], p.Chance)
		var sources []string
		for _, s := range c.Cited {
			sources = append(sources, s.Title)
		}
		why := "interval"
		if p.Audit {
			why = "audit"
		}
		rows = append(rows, []string{
			p.ID, c.Language, cell(strings.Join(c.Said, "\n")), cell(c.Draft), cell(strings.Join(append(sources, c.Orders...), "; ")), "", "",
			number(p.Chance), strconv.Itoa(p.Stratum + 1), why, strconv.FormatBool(c.Sent),
		})
	}
	if err := table.WriteAll(rows); err != nil {
		return fmt.Errorf("write the sample: %w", err)
	}
	return nil
}

// Chances reads the ids of a sample in their order, with the chance of each.
func Chances(r io.Reader) (ids []string, chances map[string]float64, err error) {
	chances = map[string]float64{}
	var problems []string
	err = readTable(r, func(line int, columns row, err error) {
		if err == nil {
			columns["right"] = "" // what is said already is in the store, or is imported
			var s Said
			if s, err = columns.said(line); err == nil && !slices.Contains(ids, s.ID) {
				ids, chances[s.ID] = append(ids, s.ID), s.Chance
				return
			}
		}
		if err != nil {
			problems = append(problems, fmt.Sprintf("line %d: %v", line, err))
		}
	})
	switch {
	case err != nil:
		return nil, nil, err
	case len(problems) > 0:
		return nil, nil, &FileError{problems}
	case len(ids) == 0:
		return nil, nil, &FileError{[]string{"there is no turn in it"}}
	}
	return ids, chances, nil
}

// CasesIn are the cases of a sample, in its order; those that are not in the store are an
// error.
func CasesIn(ctx context.Context, s Store, ids []string, chances map[string]float64) ([]Case, error) {
	records := map[string]gateway.Record{}
	err := named(ctx, s, ids, func(r gateway.Record) {
		if r.Draft.Answer != "" {
			records[r.ID] = r
		}
	})
	if err != nil {
		return nil, err
	}
	var cases []Case
	missing := 0
	for _, id := range ids {
		if r, ok := records[id]; ok {
			cases = append(cases, CaseOf(r, chances[id]))
		} else {
			missing++
		}
	}
	if missing > 0 {
		return nil, fmt.Errorf("%d of the %d turns are not in this store: was the sample drawn from another one?", missing, len(ids))
	}
	return cases, nil
}
