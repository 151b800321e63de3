package receipts

import (
	"bytes"
	_ "embed"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/rag/confidence"
)

// The names of the features. Shares are of the response.
const (
	featWords      = "words"       // words that stand in the contexts
	featPairs      = "pairs"       // pairs of words that stand there side by side
	featTriples    = "triples"     // the same of three words
	featOrder      = "order"       // longest common subsequence
	featWorst      = "worst_words" // words, of the sentence with the least
	featWorstPairs = "worst_pairs"
	featWeak       = "weak"      // how many sentences have less than half of their words there
	featLoose      = "loose"     // how many have less than a quarter of their pairs there
	featNovel      = "novel"     // log of the number of words that stand nowhere
	featFigures    = "figures"   // log of the number of figures that stand nowhere
	featNames      = "names"     // log of the number of names that stand nowhere
	featDensity    = "density"   // words that stand in one sentence of the contexts
	featTogether   = "together"  // question's words beside the response, in the contexts
	featEcho       = "echo"      // question's words in the response
	featFits       = "fits"      // 1 if the response is of the kind that the question asks for, -1 if not
	featLength     = "length"    // log of the number of words
	featSentences  = "sentences" // log of the number of sentences
)

// FeatureNames are the features of a response, in the order of calibrations.
func FeatureNames() []string {
	return []string{
		featWords, featPairs, featTriples, featOrder, featWorst, featWorstPairs, featWeak, featLoose, featNovel,
		featFigures, featNames, featDensity, featTogether, featEcho, featFits, featLength, featSentences,
	}
}

// Support gives the probability that contexts support a response.
type Support struct{ calibration *confidence.Calibration }

//go:embed default.json
var embedded []byte

// Shipped is the support that comes with Recado. It was fitted on sentences of the demo
// shop's documents, as they stand there, reworded, and altered.
func Shipped() (*Support, error) {
	c, err := confidence.Read(bytes.NewReader(embedded))
	if err != nil {
		return nil, fmt.Errorf("receipts: embedded weights: %w", err)
	}
	return NewSupport(c), nil
}

// NewSupport makes a Support of weights over features of FeatureNames.
func NewSupport(c *confidence.Calibration) *Support { return &Support{calibration: c} }

// Threshold is the least probability that counts as supported.
func (s *Support) Threshold() float64 { return s.calibration.Threshold }

// Probability is that of a response with these features to be supported.
func (s *Support) Probability(features map[string]float64) float64 {
	return s.calibration.Probability(features)
}

// maxWords bounds what the subsequence is made of; it takes the product of both.
const (
	maxWords   = 150
	maxContext = 900
)

// Features says in numbers how much of a response stands in the contexts. The question is
// what it answers; it may be empty. Figures are compared as Check does.
func Features(locale, response, question string, contexts []string) map[string]float64 {
	return newGround(locale, contexts).measure(response, question)
}

func (g *ground) measure(response, question string) map[string]float64 {
	words := allWords(response)
	f := map[string]float64{
		featPairs: g.share(words, 2), featTriples: g.share(words, 3), featOrder: subsequence(words, g.words),
		featLength: math.Log1p(float64(len(words))), featFigures: math.Log1p(float64(len(missingFrom(response, g.figures)))),
		featNames: math.Log1p(float64(g.unknownNames(response))),
	}
	content := knowledge.Tokens(g.locale, response)
	f[featWords], f[featNovel] = g.known(content)
	g.sentences(f, response)
	f[featDensity] = g.density(content)
	g.answers(f, response, question)
	return f
}

// ground is the contexts in the form in which responses are compared with them.
type ground struct {
	locale, text   string
	words, lines   []string
	grams, content map[string]bool
	perLine        []map[string]bool
	figures        []figure
}

// joined finds keys of records that are words written together.
var joined = regexp.MustCompile(`([a-z])([A-Z])`)

func newGround(locale string, contexts []string) *ground {
	text := strings.Join(contexts, "\n")
	figures := figuresOf(contexts)
	if strings.HasPrefix(strings.TrimSpace(text), "{") {
		text = joined.ReplaceAllString(text, "$1 $2")
	}
	g := &ground{locale: locale, text: fold(text), words: allWords(text), grams: map[string]bool{}, content: map[string]bool{}, figures: figures}
	for n := 2; n <= 3; n++ {
		for i := range len(g.words) - n + 1 {
			g.grams[strings.Join(g.words[i:i+n], " ")] = true
		}
	}
	for _, w := range knowledge.Tokens(locale, text) {
		g.content[w] = true
	}
	for _, line := range Split(text) {
		g.lines = append(g.lines, line)
		set := map[string]bool{}
		for _, w := range knowledge.Tokens(locale, line) {
			set[w] = true
		}
		g.perLine = append(g.perLine, set)
	}
	return g
}

// allWords are the words of a text with those that carry no subject, cut to their stems in
// the plainest way: it has to work for both languages at once.
func allWords(text string) []string {
	words := strings.Fields(fold(text))
	for i, w := range words {
		for _, ending := range [...]string{"ing", "ed", "es", "s"} {
			if len(w) > 4 && strings.HasSuffix(w, ending) {
				words[i] = strings.TrimSuffix(w, ending)
				break
			}
		}
	}
	return words
}

// share is the share of the runs of n words that stand in the contexts.
func (g *ground) share(words []string, n int) float64 {
	total, found := 0, 0
	for i := range max(0, len(words)-n+1) {
		total++
		if g.grams[strings.Join(words[i:i+n], " ")] {
			found++
		}
	}
	return float64(found) / float64(max(1, total))
}

// known is the share of words in the contexts, and the log of how many are not.
func (g *ground) known(content []string) (share, novel float64) {
	found, new := 0, map[string]bool{}
	for _, w := range content {
		if g.content[w] {
			found++
		} else {
			new[w] = true
		}
	}
	return float64(found) / float64(max(1, len(content))), math.Log1p(float64(len(new)))
}

// sentences sets the features that look at the worst sentence.
func (g *ground) sentences(f map[string]float64, response string) {
	f[featWorst], f[featWorstPairs] = 1, 1
	n := 0
	for _, s := range Split(response) {
		words := allWords(s)
		if len(words) < 3 {
			continue
		}
		n++
		known, _ := g.known(knowledge.Tokens(g.locale, s))
		pairs := g.share(words, 2)
		f[featWorst], f[featWorstPairs] = min(f[featWorst], known), min(f[featWorstPairs], pairs)
		if known < 0.5 {
			f[featWeak]++
		}
		if pairs < 0.25 {
			f[featLoose]++
		}
	}
	if n == 0 {
		f[featWorst], f[featWorstPairs] = f[featWords], f[featPairs]
	}
	f[featWeak], f[featLoose], f[featSentences] = math.Log1p(f[featWeak]), math.Log1p(f[featLoose]), math.Log1p(float64(n))
}

// density is the greatest share of the words that stand in one line of the contexts.
func (g *ground) density(content []string) float64 {
	best := 0
	for _, line := range g.perLine {
		n := 0
		for _, w := range content {
			if line[w] {
				n++
			}
		}
		best = max(best, n)
	}
	return float64(best) / float64(max(1, len(content)))
}

// subsequence is the longest common subsequence as a share of the first words.
func subsequence(words, context []string) float64 {
	words, context = words[:min(len(words), maxWords)], context[:min(len(context), maxContext)]
	return float64(knowledge.Subsequence(words, context)) / float64(max(1, len(words)))
}

// Missing are the figures of a response that no context has, as they stand in it.
func Missing(response string, contexts []string) []string {
	return missingFrom(response, figuresOf(contexts))
}

func figuresOf(contexts []string) []figure {
	var known []figure
	for _, c := range contexts {
		known = append(known, extract(c)...)
	}
	return known
}

func missingFrom(response string, known []figure) []string {
	var open []string
	for _, s := range Split(response) {
		for _, f := range extract(s) {
			if !slices.ContainsFunc(known, f.same) && !slices.Contains(open, f.raw) {
				open = append(open, f.raw)
			}
		}
	}
	return open
}

// capital matches words with a capital within a sentence.
var capital = regexp.MustCompile(`(?:[\p{L}\d,;] )(\p{Lu}[\p{L}&'’-]{2,})`)

// calendar matches the names of months and days, which are figures.
var calendar = regexp.MustCompile(`(?i)^(?:` + monthNames + `)$|` + dayWord.String())

func names(text string) []string {
	var found []string
	for _, m := range capital.FindAllStringSubmatch(text, -1) {
		if !calendar.MatchString(m[1]) {
			found = append(found, m[1])
		}
	}
	return found
}

func (g *ground) unknownNames(response string) int {
	n := 0
	for _, name := range names(response) {
		if !strings.Contains(g.text, fold(name)) {
			n++
		}
	}
	return n
}
