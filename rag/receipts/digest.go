package receipts

import (
	"math"

	"github.com/recado/recado/knowledge"
)

// The features that summaries alone have. What a summary makes up is a word, a figure or a
// sentence that the text has nothing of; how near it keeps to the text otherwise says how
// much it leaves to chance.
const (
	featStrange      = "strange"       // log of the number of words of which not even the beginning stands anywhere
	featStrangeMost  = "strange_most"  // the same of the sentence with the most of them
	featStrangeFinal = "strange_final" // and of the last sentence, in which people and models conclude
	featRuns         = "runs"          // log of the length of the runs of words that stand in the text, as the word finds it
	featCopied       = "copied"        // share of all words that stand in the text
	featShortened    = "shortened"     // log of how many times as long the text is
)

// digestFeatureNames are the features of a summary, in the order of calibrations. Those of
// other responses add nothing to them, and weights for all would follow chance.
func digestFeatureNames() []string {
	return []string{featStrange, featStrangeMost, featStrangeFinal, featRuns, featCopied, featShortened, featFigures}
}

// beginning is how many letters of a word have to stand in the text: "resigned" is not
// strange where somebody's "resignation" is.
const beginning = 5

// leastSentence is how many words a sentence has at least that states something.
const leastSentence = 3

// digest sets the features of a summary.
func (g *ground) digest(f map[string]float64, response string) {
	known := map[string]bool{}
	for w := range g.content {
		known[beginningOf(w)] = true
	}
	all, most, final := map[string]bool{}, 0, 0
	for _, sentence := range Split(response) {
		words := knowledge.Tokens(g.locale, sentence)
		if len(words) < leastSentence {
			continue
		}
		final = 0
		for _, w := range words {
			if !known[beginningOf(w)] {
				all[w] = true
				final++
			}
		}
		most = max(most, final)
	}
	f[featStrange], f[featStrangeMost], f[featStrangeFinal] = math.Log1p(float64(len(all))), math.Log1p(float64(most)), math.Log1p(float64(final))
	words := allWords(response)
	f[featRuns], f[featCopied] = g.runs(words)
	f[featShortened] = math.Log(float64(len(g.words)+1) / float64(len(words)+1))
}

func beginningOf(word string) string {
	letters := []rune(word)
	return string(letters[:min(len(letters), beginning)])
}

// runs cuts words into the longest runs that stand in the contexts, from the left, and
// gives the log of their length, weighed by it, and the share of the words that are in any
// (the density and coverage of Grusky, Naaman and Artzi 2018).
func (g *ground) runs(words []string) (length, share float64) {
	places := map[string][]int{}
	for i, w := range g.words {
		places[w] = append(places[w], i)
	}
	squares, covered := 0, 0
	for i := 0; i < len(words); {
		longest := 0
		for _, at := range places[words[i]] {
			n := 0
			for i+n < len(words) && at+n < len(g.words) && words[i+n] == g.words[at+n] {
				n++
			}
			longest = max(longest, n)
		}
		squares, covered = squares+longest*longest, covered+longest
		i += max(1, longest)
	}
	total := float64(max(1, len(words)))
	return math.Log1p(float64(squares) / total), float64(covered) / total
}
