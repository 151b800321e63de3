package receipts

import (
	"math"
	"slices"

	"github.com/recado/recado/knowledge"
)

const (
	// longestPlaced is the number of words from which on a response stands in no one place.
	longestPlaced = 40
	// lineGap is how many words the end of a line counts for.
	lineGap = 4
)

// lead tells whether the question asks for the place in the contexts where the response
// stands: how much of the question's words stands near it, rare words and near ones
// counting more, as a share of what the best place has. An answer to another question about
// the same passage has little.
func (g *ground) lead(response, question string) float64 {
	own := knowledge.Tokens(g.locale, response)
	if question == "" || len(own) == 0 || len(own) > longestPlaced {
		return 0
	}
	p := g.placed()
	worth := p.worth(g, question, own)
	if top := slices.Max(append(worth, 0)); top > 0 {
		return p.best(worth, own) / top
	}
	return 0
}

// places are the words of the contexts in their order, each with how far it is from the
// beginning, ends of lines counted.
type places struct {
	words []string
	at    []int
}

func (g *ground) placed() places {
	var p places
	at := 0
	for _, line := range g.lines {
		for _, word := range knowledge.Tokens(g.locale, line) {
			p.words, p.at = append(p.words, word), append(p.at, at)
			at++
		}
		at += lineGap
	}
	return p
}

// worth is how much of the question stands near each place.
func (p places) worth(g *ground, question string, own []string) []float64 {
	sum := make([]float64, len(p.words))
	seen := map[string]bool{}
	for _, word := range knowledge.Tokens(g.locale, question) {
		if seen[word] || slices.Contains(own, word) {
			continue
		}
		seen[word] = true
		lines := 0
		for _, line := range g.perLine {
			if line[word] {
				lines++
			}
		}
		if lines > 0 {
			p.near(sum, word, math.Log(float64(len(g.perLine)+1)/(float64(lines)+0.3)))
		}
	}
	return sum
}

// near adds the weight of a word to every place, the less the farther the word is.
func (p places) near(sum []float64, word string, weight float64) {
	nearest, last := make([]float64, len(p.words)), math.Inf(-1)
	for i, w := range p.words {
		if w == word {
			last = float64(p.at[i])
		}
		nearest[i] = float64(p.at[i]) - last
	}
	last = math.Inf(1)
	for i := len(p.words) - 1; i >= 0; i-- {
		if p.words[i] == word {
			last = float64(p.at[i])
		}
		sum[i] += weight / (1 + min(nearest[i], last-float64(p.at[i]))/reach)
	}
}

// best is the worth of the best place where the response stands: as it is, or word by word.
func (p places) best(worth []float64, own []string) float64 {
	best, whole := 0.0, false
	for i := range max(0, len(p.words)-len(own)+1) {
		if slices.Equal(p.words[i:i+len(own)], own) {
			best, whole = max(best, slices.Max(worth[i:i+len(own)])), true
		}
	}
	if whole {
		return best
	}
	for i, w := range p.words {
		if slices.Contains(own, w) {
			best = max(best, worth[i])
		}
	}
	return best
}
