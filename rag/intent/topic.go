package intent

import (
	_ "embed"
	"strings"
	"sync"
)

// What people ask of shops, and what they ask of anything that answers.
var (
	//go:embed shop.txt
	shopTexts string
	//go:embed elsewhere.txt
	elsewhereTexts string
)

// leastElsewhere is the share from which on a text is about something else. It was chosen
// so that not one of the questions of the demo shop, nor of customers' messages of three
// other businesses, counts as that; docs/evals.md says what it finds.
const leastElsewhere = 0.5

// fewestWords is the length from which on a text can be told to be about something else:
// a word or two answer a question, or name a product.
const fewestWords = 3

// Topic tells whether a text has anything to do with a shop. It leans to yes: what it does
// not know may be the name of a product. It is safe for use by several goroutines.
type Topic struct{ learnt func() (*Classifier, error) }

// NewTopic gives a Topic that learns the examples that ship when they are first needed:
// for most turns they never are.
func NewTopic() *Topic { return &Topic{sync.OnceValues(learnTopic)} }

func learnTopic() (*Classifier, error) {
	var examples []Example
	for i, text := range strings.Split(strings.TrimSpace(shopTexts), "\n") {
		// The classifier wants two intents to tell apart; which of them a text has is of no
		// interest here.
		examples = append(examples, Example{Text: text, Intent: [...]string{"one", "two"}[i%2]})
	}
	for text := range strings.SplitSeq(strings.TrimSpace(elsewhereTexts), "\n") {
		examples = append(examples, Example{Text: text, OutOfScope: true})
	}
	return Train(examples, Config{Epochs: 4})
}

// Elsewhere gives the words by which a text, in Spanish or English, is about something that
// no shop has to do with: the weather, a match, a poem. It is "" for every other text, and
// for one with a word of trade. The shop's own documents may know those words all the same.
func (t *Topic) Elsewhere(text string) string {
	words := fold(text)
	folded := " " + strings.Join(words, " ") + " "
	if len(words) < fewestWords || trade.MatchString(folded) {
		return ""
	}
	told := strings.TrimSpace(elsewhere.FindString(folded))
	if told == "" {
		return ""
	}
	classifier, err := t.learnt()
	if err != nil || classifier.Classify(text).Outside < leastElsewhere {
		return "" // nobody is sent away for want of examples
	}
	return told
}
