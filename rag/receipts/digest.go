package receipts

import (
	"math"
	"strings"
	"unicode/utf8"

	"github.com/recado/recado/knowledge"
)

// The features that summaries alone have. What a summary makes up is a word, a figure or a
// sentence that the text has nothing of; how near it keeps to the text otherwise says how
// much it leaves to chance. Words are strange of which not even the beginning stands in the
// text.
const (
	featStrange      = "strange"       // log of the number of strange words that are common in the language
	featStrangeRare  = "strange_rare"  // the same of others, which are names or the text's words put in another way
	featStrangeMost  = "strange_most"  // the same of all, of the sentence with the most of them
	featStrangeFinal = "strange_final" // and of the last sentence, in which people and models conclude
	featStrangeRun   = "strange_run"   // log of the greatest number of them in a row: a phrase of its own
	featRuns         = "runs"          // log of the length of the runs of words that stand in the text, as the word finds it
	featCopied       = "copied"        // share of all words that stand in the text
	featShortened    = "shortened"     // log of how many times as long the text is
)

// digestFeatureNames are the features of a summary, in the order of calibrations. Those of
// other responses add nothing to them, and weights for all would follow chance.
func digestFeatureNames() []string {
	return []string{featStrange, featStrangeRare, featStrangeMost, featStrangeFinal, featStrangeRun, featRuns, featCopied, featShortened, featFigures}
}

// beginning is how many letters of a word have to stand in the text: "resigned" is not
// strange where somebody's "resignation" is.
const beginning = 5

// leastSentence is how many words a sentence has at least that states something.
const leastSentence = 3

// longestOpening is how many letters the words have at most that announce a summary.
const longestOpening = 150

// unannounced is a response without the words that announce it ("Here is a summary in 40
// words:"), which state nothing about what it sums up.
func unannounced(response string) string {
	opening, rest, ok := strings.Cut(response, ":")
	if rest = strings.TrimSpace(rest); !ok || rest == "" || utf8.RuneCountInString(opening) > longestOpening || !announces.MatchString(fold(opening)) {
		return response
	}
	return rest
}

var announces = phrase(`summar(?:y|ies|i[sz]ed?)|resum(?:en|enes|ido|ida|o)`)

// digest sets the features of a summary.
func (g *ground) digest(f map[string]float64, response string, of lexicon) {
	s := g.strangers(response, of)
	logOf := func(n int) float64 { return math.Log1p(float64(n)) }
	f[featStrange], f[featStrangeRare] = logOf(len(s.common)), logOf(len(s.rare))
	f[featStrangeMost], f[featStrangeFinal], f[featStrangeRun] = logOf(s.most), logOf(s.final), logOf(s.run)
	words := allWords(response)
	f[featRuns], f[featCopied] = g.runs(words)
	f[featShortened] = math.Log(float64(len(g.words)+1) / float64(len(words)+1))
}

// strangers are the strange words of a response, and how many there are at most in a
// sentence, in the last one, and in a row.
type strangers struct {
	common, rare     map[string]bool
	most, final, run int
}

func (g *ground) strangers(response string, of lexicon) strangers {
	known, s := map[string]bool{}, strangers{common: map[string]bool{}, rare: map[string]bool{}}
	for w := range g.content {
		known[beginningOf(w)] = true
	}
	for _, sentence := range Split(response) {
		words := knowledge.Tokens(g.locale, sentence)
		if len(words) < leastSentence {
			continue
		}
		s.final = 0
		run := 0
		for _, w := range words {
			switch {
			case of.telling[w]:
			case known[beginningOf(w)]:
				run = 0
			default:
				run++
				s.meet(w, run, of.common[w])
			}
		}
		s.most = max(s.most, s.final)
	}
	return s
}

// meet counts a strange word, the last one of so many in a row.
func (s *strangers) meet(word string, run int, common bool) {
	if common {
		s.common[word] = true
	} else {
		s.rare[word] = true
	}
	s.final++
	s.run = max(s.run, run)
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
