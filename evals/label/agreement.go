package label

import (
	"context"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"text/tabwriter"

	"github.com/recado/recado/evals/stats"
	"github.com/recado/recado/gateway"
)

// Agreement is how much those agree who looked at the same turns, in one language.
type Agreement struct {
	// Language is empty for all.
	Language string `json:"language"`
	// Turns counts those that at least two looked at.
	Turns int `json:"turns"`
	// Alpha is Krippendorff's over all people, nil where it is not defined, as when everybody
	// says the same one thing.
	Alpha *stats.Estimate `json:"alpha,omitempty"`
	Pairs []Pair          `json:"pairs,omitempty"`
}

// Pair is how much two people agree.
type Pair struct {
	A     string `json:"a"`
	B     string `json:"b"`
	Turns int    `json:"turns"`
	// Same is the share of turns of which they say the same, and Kappa Cohen's, nil where
	// it is not defined.
	Same  stats.Estimate  `json:"same"`
	Kappa *stats.Estimate `json:"kappa,omitempty"`
}

// doubled is a turn with what each person says of its answer.
type doubled struct {
	language, group string
	said            map[string]string
}

// Agree says how much people agree, over all and by language, of the answers that at least
// two of them looked at.
func Agree(ctx context.Context, s Store) ([]Agreement, error) {
	turns := map[string]*doubled{}
	err := each(func(p gateway.Page) ([]gateway.LabelView, string, error) {
		return s.Labels(ctx, gateway.LabelFilter{}, p)
	}, func(l gateway.LabelView) error {
		if l.Kind != gateway.LabelAnswer {
			return nil
		}
		if turns[l.TurnID] == nil {
			turns[l.TurnID] = &doubled{l.Record.Language, l.ConversationID, map[string]string{}}
		}
		turns[l.TurnID].said[l.By] = string(l.Verdict)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list labels: %w", err)
	}
	byLanguage := map[string][]*doubled{}
	for _, id := range slices.Sorted(maps.Keys(turns)) {
		if t := turns[id]; len(t.said) > 1 {
			byLanguage[""] = append(byLanguage[""], t)
			if t.language != "" {
				byLanguage[t.language] = append(byLanguage[t.language], t)
			}
		}
	}
	var list []Agreement
	for _, language := range slices.Sorted(maps.Keys(byLanguage)) {
		list = append(list, agreement(language, byLanguage[language]))
	}
	return list, nil
}

func agreement(language string, turns []*doubled) Agreement {
	a := Agreement{Language: language, Turns: len(turns)}
	cases := make([][]string, len(turns))
	shared := map[[2]string][]stats.Rated{}
	for i, t := range turns {
		people := slices.Sorted(maps.Keys(t.said))
		for j, one := range people {
			cases[i] = append(cases[i], t.said[one])
			for _, other := range people[j+1:] {
				pair := [2]string{one, other}
				shared[pair] = append(shared[pair], stats.Rated{Group: t.group, A: t.said[one], B: t.said[other]})
			}
		}
	}
	if e, ok := stats.Krippendorff(cases, rand.New(rand.NewPCG(20, 26))); ok {
		a.Alpha = &e
	}
	for _, pair := range slices.SortedFunc(maps.Keys(shared), func(x, y [2]string) int { return slices.Compare(x[:], y[:]) }) {
		p := Pair{A: pair[0], B: pair[1], Turns: len(shared[pair])}
		same := 0
		for _, r := range shared[pair] {
			same += int(indicator(r.A == r.B))
		}
		p.Same = stats.Share(same, p.Turns)
		if e, ok := stats.Kappa(shared[pair]); ok {
			p.Kappa = &e
		}
		a.Pairs = append(a.Pairs, p)
	}
	return a
}

// WriteAgreement writes it for a terminal.
func WriteAgreement(w io.Writer, list []Agreement) error {
	if len(list) == 0 {
		_, err := io.WriteString(w, "No turn has been looked at by two people yet: let somebody label the same sample under another --by.\n")
		return err //nolint:wrapcheck // the caller's own writer
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "language\twho\tturns\tsay the same\tagreement beyond chance")
	for _, a := range list {
		language := a.Language
		if language == "" {
			language = "all"
		}
		fmt.Fprintf(table, "%s\teverybody\t%d\t\t%s (Krippendorff's alpha)\n", language, a.Turns, interval(a.Alpha))
		for _, p := range a.Pairs {
			fmt.Fprintf(table, "%s\t%s and %s\t%d\t%.0f %% [%.0f, %.0f]\t%s (Cohen's kappa)\n",
				language, p.A, p.B, p.Turns, 100*p.Same.Value, 100*p.Same.Low, 100*p.Same.High, interval(p.Kappa))
		}
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("write the agreement: %w", err)
	}
	return nil
}

func interval(e *stats.Estimate) string {
	if e == nil {
		return "not defined"
	}
	return fmt.Sprintf("%.2f [%.2f, %.2f]", e.Value, e.Low, e.High)
}
