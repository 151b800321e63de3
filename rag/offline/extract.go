package offline

import (
	"cmp"
	"slices"
	"strings"

	"github.com/recado/recado/rag"
)

const (
	// leastSupport is the share of the question, by weight, that an answer has to
	// touch; below it the model has nothing to say.
	leastSupport = 0.4
	// wanted is the length in bytes up to which an answer takes more sentences.
	wanted = 480
)

// reading is a passage held against the question.
type reading struct {
	passage rag.Passage
	units   []unit
	// support is the share of the question that the passage with its headings
	// touches, likeness how much its FAQ question is the one that is asked.
	support, likeness float64
}

// extract answers with sentences of the passage that touches most of the
// question. A FAQ pair whose question is the one asked goes first.
func (m *Model) extract(r rag.Request) rag.Draft {
	question := m.concepts.features(r.Locale, cmp.Or(r.Query, r.Question))
	if weight(question) < usualWeight {
		return abstain("a question with a subject")
	}
	var best *reading
	for _, p := range r.Passages {
		candidate := m.read(question, p)
		if best == nil || candidate.rank() > best.rank() {
			best = &candidate
		}
	}
	if best == nil || best.support < leastSupport {
		return abstain("a passage that speaks of what is asked")
	}
	answer := best.compose(question, m.concepts)
	if answer == "" {
		return abstain("a passage that can be quoted")
	}
	return rag.Draft{Answer: answer, Citations: []string{best.passage.ID}, Support: best.support}
}

func (m *Model) read(question map[string]float64, p rag.Passage) reading {
	r := reading{passage: p, units: units(p.Text)}
	own := m.concepts.features(p.Locale, strings.Join([]string{p.Title, p.Heading, p.Question, p.Text}, "\n"))
	r.support = touched(question, own)
	if p.Question != "" {
		r.likeness = likeness(question, m.concepts.features(p.Locale, p.Question))
	}
	return r
}

func (r reading) rank() float64 { return r.support + 0.5*r.likeness }

// touched is the share of the wanted features, by weight, that the others have.
func touched(wanted, others map[string]float64) float64 {
	shared := 0.0
	for f, w := range wanted {
		if others[f] > 0 {
			shared += w
		}
	}
	if total := weight(wanted); total > 0 {
		return shared / total
	}
	return 0
}

// likeness is the overlap of Dice by weight.
func likeness(a, b map[string]float64) float64 {
	shared := 0.0
	for f, w := range a {
		if b[f] > 0 {
			shared += w + b[f]
		}
	}
	if total := weight(a) + weight(b); total > 0 {
		return shared / total
	}
	return 0
}

func weight(features map[string]float64) float64 {
	sum := 0.0
	for _, w := range features {
		sum += w
	}
	return sum
}

// compose joins the passage's units: all of them when they are few, else the
// ones that touch the question most, in their order.
func (r reading) compose(question map[string]float64, c concepts) string {
	order := make([]int, len(r.units))
	scores := make([]float64, len(r.units))
	for i, u := range r.units {
		order[i] = i
		scores[i] = touched(question, c.features(r.passage.Locale, u.text))
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
	taken := map[int]bool{}
	length := 0
	for _, i := range order {
		if size := len(r.units[i].text); length == 0 || length+size <= wanted {
			taken[i] = true
			length += size
		}
	}
	return join(r.units, taken)
}
