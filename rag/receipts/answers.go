package receipts

import (
	"math"
	"strings"

	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/rag/phrases"
)

// asked are the kinds of answers that questions want, by the words that ask. The first
// that matches counts. The words are folded.
var asked = []struct {
	words *phrases.Set
	fits  func(response string) bool
}{
	{phrase(`cuant[oa]s? tiempo|cuanto (?:dura|tarda)|how long`), hasNumber},
	{phrase(`cuant[oa]s?|how (?:many|much)|que (?:porcentaje|cantidad|numero|edad|precio)|what (?:percentage|number|amount|price)`), hasNumber},
	{phrase(`cuando|en que (?:ano|fecha|dia|mes|siglo)|que (?:ano|fecha|dia|siglo)|when|(?:what|which) (?:year|date|day)`), hasNumber},
	{phrase(`quien(?:es)?|who|whom|whose`), hasName},
	{phrase(`donde|en que (?:pais|ciudad|lugar)|where`), hasName},
}

func hasNumber(response string) bool {
	if len(extract(response)) > 0 {
		return true
	}
	for w := range strings.FieldsSeq(fold(response)) {
		if _, ok := spelled[w]; ok && w != "un" && w != "una" {
			return true
		}
	}
	return strings.Contains(fold(response), " siglo ")
}

func hasName(response string) bool {
	for w := range strings.FieldsSeq(response) {
		if first := strings.TrimLeft(w, `"«¿¡(`); first != strings.ToLower(first) {
			return true
		}
	}
	return false
}

// fits tells whether a response is of the kind that the question asks for: 1, -1, and 0
// where any kind may answer.
func fits(response, question string) float64 {
	folded := fold(question)
	for _, a := range asked {
		if a.words.MatchString(folded) {
			if a.fits(response) {
				return 1
			}
			return -1
		}
	}
	return 0
}

// answers sets the features that tell whether the response answers the question: whether
// the question's words stand beside it in the contexts, nearer words counting more.
func (g *ground) answers(f map[string]float64, response, question string) {
	if question == "" {
		return
	}
	wanted := wordSet(g.locale, question)
	own := wordSet(g.locale, response)
	f[featFits] = fits(response, question)
	f[featEcho] = float64(shared(own, wanted)) / float64(max(1, len(own)))
	best := 0.0
	for i, line := range g.lines {
		if !strings.Contains(fold(line), fold(response)) && float64(shared(own, g.perLine[i])) < math.Ceil(0.6*float64(len(own))) {
			continue
		}
		best = max(best, beside(g.locale, line, response, wanted))
	}
	f[featTogether] = best
}

// reach is how many words away from the response a word of the question counts half.
const reach = 8

// beside weighs the words of the question in a line by how far they stand from the
// response there, as a share of all that are wanted.
func beside(locale, line, response string, wanted map[string]bool) float64 {
	tokens := knowledge.Tokens(locale, line)
	own := wordSet(locale, response)
	var places []int
	for i, t := range tokens {
		if own[t] && !wanted[t] {
			places = append(places, i)
		}
	}
	sum := 0.0
	for word := range wanted {
		nearest := math.Inf(1)
		for i, t := range tokens {
			if t != word {
				continue
			}
			for _, p := range places {
				nearest = min(nearest, math.Abs(float64(i-p)))
			}
			if len(places) == 0 {
				nearest = 0
			}
		}
		if !math.IsInf(nearest, 1) {
			sum += 1 / (1 + nearest/reach)
		}
	}
	return sum / float64(max(1, len(wanted)))
}
