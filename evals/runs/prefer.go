package runs

import (
	"fmt"
	"strings"

	"github.com/recado/recado/evals/stats"
)

// Pair is what a customer got in two runs for the same message, which comes first in its case at
// which they got another: what follows it is no longer the same conversation.
type Pair struct {
	ID       string
	Try      int
	Group    string
	Language string
	Earlier  []string
	Question string
	// Before is the reply of the base and Now that of the new run.
	Before, Now string
}

// Key names the pair for a recording.
func (p Pair) Key() string { return caseTry{p.ID, p.Try}.String() + ", compared" }

// Same tells that the customer got the same, so that there is nothing to prefer.
func (p Pair) Same() bool { return spaced(p.Before) == spaced(p.Now) }

// Pairs are the cases that both runs judged, in the order of the base: each at the first message to
// which the replies differ, or at its first one. Cases in which nobody wrote, or nothing was
// replied in either, are left out.
func Pairs(base, candidate Run) []Pair {
	m := match(base.Results, candidate.Results)
	var list []Pair
	for i, b := range m.base {
		if p, ok := pairOf(b, m.candidate[i]); ok {
			list = append(list, p)
		}
	}
	return list
}

func pairOf(b, n Result) (first Pair, ok bool) {
	p := Pair{ID: b.ID, Try: b.Try, Group: b.groupOf(), Language: b.Language}
	var talk []string
	for i := range min(len(b.Steps), len(n.Steps)) {
		p.Question, p.Before, p.Now = strings.Join(b.Steps[i].Said, "\n"), b.Steps[i].told(), n.Steps[i].told()
		p.Earlier = append([]string(nil), talk...)
		if p.Question == "" && p.Same() {
			continue
		}
		if p.Before != "" || p.Now != "" {
			if !p.Same() {
				return p, true
			}
			if !ok {
				first, ok = p, true
			}
		}
		for _, text := range b.Steps[i].Said {
			talk = append(talk, "customer: "+text)
		}
		if p.Before != "" {
			talk = append(talk, "shop: "+p.Before)
		}
	}
	return first, ok
}

// told is what the customer got in a step.
func (s Step) told() string {
	texts := make([]string, 0, len(s.Replies))
	for _, r := range s.Replies {
		texts = append(texts, r.Text)
	}
	return strings.Join(texts, "\n")
}

// Preference is what a judge says of a pair.
type Preference struct {
	Pair
	// Asked is false where the replies are the same.
	Asked bool
	// Score is 1 where all votes are for the new reply, -1 where all are for the old one.
	Score  float64
	Reason string
	// Usage is what judging took.
	Usage Usage
}

// Preferred is which replies a judge finds better, over the cases of two runs.
type Preferred struct {
	// Judge says who judged, and how.
	Judge string `json:"judge"`
	// Asked counts the pairs that were judged, Same those with the same replies, which are
	// ties.
	Asked int `json:"asked"`
	Same  int `json:"same"`
	// Usage is what judging took.
	Usage Usage `json:"usage"`
	// Wins, Ties and Losses are shares of the pairs, and Net is wins less losses; its Base and
	// New are the losses and the wins.
	Wins   stats.Estimate   `json:"wins"`
	Ties   stats.Estimate   `json:"ties"`
	Losses stats.Estimate   `json:"losses"`
	Net    stats.Difference `json:"net"`
	// Verdict is one of a Comparison's.
	Verdict string `json:"verdict"`
	// Cases are the pairs that are no ties, losses first.
	Cases []Verdict `json:"cases,omitempty"`
}

// Verdict is a judge's on one pair.
type Verdict struct {
	ID     string  `json:"id"`
	Try    int     `json:"try"`
	Score  float64 `json:"score"`
	Reason string  `json:"reason,omitempty"`
}

// Prefer adds what a judge says of the pairs to the comparison. A pair is won or lost where most
// votes are, and the shares are by groups as all others.
func (c *Comparison) Prefer(judge string, pairs []Preference) {
	if len(pairs) == 0 {
		return
	}
	p := Preferred{Judge: judge, Verdict: NoDifference}
	var wins, ties, losses []stats.Row
	for _, one := range pairs {
		row := func(yes bool) stats.Row { return stats.Row{Group: one.Group, Top: indicator(yes), Bottom: 1} }
		wins, ties, losses = append(wins, row(one.Score > 0)), append(ties, row(one.Score == 0)), append(losses, row(one.Score < 0))
		if one.Asked {
			p.Asked++
			p.Usage.Add(one.Usage)
		} else {
			p.Same++
		}
	}
	p.Wins, _ = stats.Proportion(wins)
	p.Ties, _ = stats.Proportion(ties)
	p.Losses, _ = stats.Proportion(losses)
	p.Net, _ = stats.CompareProportions(losses, wins, source(len(pairs)))
	if p.Net.P <= 1-stats.Level {
		p.Verdict = Worse
		if p.Net.Value > 0 {
			p.Verdict = BetterNow
		}
	}
	for _, worse := range [...]bool{true, false} {
		for _, one := range pairs {
			if one.Score != 0 && (one.Score < 0) == worse {
				p.Cases = append(p.Cases, Verdict{ID: one.ID, Try: one.Try, Score: one.Score, Reason: one.Reason})
			}
		}
	}
	c.Preferred = &p
}

// JudgeIn is who judged, and by how many votes, in Spanish or else as it is kept.
func JudgeIn(language, judge string) string {
	if language == spanish {
		return strings.NewReplacer(" votes", " votos", " vote", " voto").Replace(judge)
	}
	return judge
}

// took says what judging took, where anybody was asked.
func (p Preferred) took(language string) string {
	if p.Usage == (Usage{}) {
		return ""
	}
	text := fmt.Sprintf(say(language, " Juzgar costó %d llamadas, %d tokens leídos y %d escritos", " Judging took %d calls, %d tokens read and %d written"),
		p.Usage.Calls, p.Usage.InputTokens, p.Usage.OutputTokens)
	if p.Usage.CostMicros > 0 {
		text += say(language, ", y en dinero ", ", and in money ") + number(language, "%.5f", float64(p.Usage.CostMicros)/1e6)
	}
	return text + "."
}

// Sentence says it for people, in Spanish or else in English.
func (p Preferred) Sentence(language string) string {
	of := func(e stats.Estimate) string {
		return number(language, "%.1f %%", 100*e.Value) + " [" + number(language, "%.1f", 100*e.Low) + say(language, "; ", ", ") + number(language, "%.1f", 100*e.High) + "]"
	}
	net := number(language, "%+.1f", 100*p.Net.Value) + " [" + number(language, "%+.1f", 100*p.Net.Low) + say(language, "; ", ", ") + number(language, "%+.1f", 100*p.Net.High) + "]"
	return fmt.Sprintf(say(language,
		"Respuestas comparadas por %s: la nueva es mejor en el %s, peor en el %s y ninguna es mejor en el %s; una diferencia de %s puntos, p %s (pares juzgados: %d; con la misma respuesta: %d).%s",
		"Replies compared by %s: the new one is better in %s, worse in %s, neither in %s; a difference of %s points, p %s (%d pairs judged, %d with the same reply).%s"),
		JudgeIn(language, p.Judge), of(p.Wins), of(p.Losses), of(p.Ties), net, number(language, "%.3f", p.Net.P), p.Asked, p.Same, p.took(language))
}
